"""Implementations that we did not write verify what we sign, and we verify what they sign."""

import json
from typing import Any

import openvc
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from node_peer import CONTEXTS, documents_of, in_node
from openvc.keys import Ed25519SigningKey, P256SigningKey
from openvc.proof.data_integrity import DataIntegrityProofSuite
from openvc.proof.di_ecdsa_rdfc import EcdsaRdfcProofSuite
from openvc.proof.di_jcs import EcdsaJcsProofSuite, EddsaJcsProofSuite
from parties import NOW, Party, Web, WebParty

import demo
from credentials.report import Headline, Outcome
from credentials.times import write_time
from credentials.trust import Trust
from credentials.verify import verify_credential
from keys.material import KeyKind, PublicKey

pytestmark = pytest.mark.peer

HOLDER, BODY = Party("Worker"), Party("Body")


def node_verifies(document: dict[str, Any], party: Party) -> bool:
    answer = in_node("verify", document=document, documents=documents_of(party))
    return bool(answer["verified"])


def openvc_verifies(document: dict[str, Any], party: Party) -> bool:
    try:
        DataIntegrityProofSuite().verify(
            document, public_key_jwk=party.key.public.jwk, now=NOW, extra_contexts=CONTEXTS
        )
    except openvc.OpenvcError:
        return False
    return True


PEERS = [node_verifies, openvc_verifies]


@pytest.fixture(scope="module")
def from_the_demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Any]:
    """Give a badge as the demo issued it, and the DID document that its issuer serves."""
    made = demo.build(tmp_path_factory.mktemp("demo") / "var", (8001, 8002, 8003))
    served = made.issuer.test_client().get("/.well-known/did.json")
    return json.loads(made.state["samples"]["first"]), json.loads(served.data)


def test_badge_of_the_demo_verifies_in_node(from_the_demo: tuple[dict[str, Any], Any]) -> None:
    badge, did_document = from_the_demo
    documents = {**CONTEXTS, did_document["id"]: did_document}
    bare = in_node("verify", document=badge, documents=documents)
    assert bare["verified"], bare["error"]
    badge = {**badge, "name": "Another name"}
    assert not in_node("verify", document=badge, documents=documents)["verified"]


def test_badge_of_the_demo_verifies_in_openvc(from_the_demo: tuple[dict[str, Any], Any]) -> None:
    badge, did_document = from_the_demo
    method = did_document["verificationMethod"][0]
    jwk = PublicKey.from_multibase(method["publicKeyMultibase"]).jwk
    suite = DataIntegrityProofSuite()
    suite.verify(badge, public_key_jwk=jwk, extra_contexts=CONTEXTS)
    with pytest.raises(openvc.OpenvcError):
        suite.verify({**badge, "name": "X"}, public_key_jwk=jwk, extra_contexts=CONTEXTS)


ISSUERS = [Party("Centre"), WebParty("Centre on the web")]


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("issuer", ISSUERS, ids=["did:key", "did:web"])
def test_peer_verifies_our_badge_and_refuses_it_changed(peer: Any, issuer: Party) -> None:
    badge = issuer.badge(HOLDER.did)
    assert peer(badge, issuer)
    badge["credentialSubject"]["achievement"]["name"] = "Home cleaning - Master"
    assert not peer(badge, issuer)


def test_embedded_endorsements_do_not_disturb_the_peer_that_reads_them() -> None:
    # openvc-core refuses any embedded credential, since it carries a @context of its own; Open
    # Badges 3.0 embeds endorsements like that, so only the Node peer is asked here.
    issuer = WebParty("Centre on the web")
    badge = issuer.badge(HOLDER.did, issuer_endorsements=[BODY.endorse(issuer.did)])
    assert node_verifies(badge, issuer)
    assert not openvc_verifies(badge, issuer), "the peer has learnt it: use it above, too"


@pytest.mark.parametrize("peer", PEERS)
def test_peer_verifies_our_endorsement(peer: Any) -> None:
    assert peer(BODY.endorse("did:web:issuer.example"), BODY)


def we_verify(document: dict[str, Any]) -> bool:
    report = verify_credential(document, trust=Trust(), fetch=Web(), now=NOW)
    proof = report.check("proof")
    passed = proof is not None and proof.outcome is Outcome.PASSED
    assert passed == (report.headline is Headline.UNKNOWN_SIGNER)
    return passed


def signed_by_node(issuer: Party, cryptosuite: str = "eddsa-rdfc-2022") -> dict[str, Any]:
    key = {
        "id": issuer.method,
        "type": "Multikey",
        "controller": issuer.did,
        "publicKeyMultibase": issuer.key.public.multibase,
        "secretKeyMultibase": issuer.key.to_multibase(),
    }
    return in_node(
        "issue",
        credential=issuer.unsigned_badge(HOLDER.did),
        key=key,
        created=write_time(NOW),
        cryptosuite=cryptosuite,
        documents=documents_of(issuer),
    )


def signed_by_openvc(issuer: Party) -> dict[str, Any]:
    secret = Ed25519PrivateKey.from_private_bytes(issuer.key.secret)
    signed: dict[str, Any] = DataIntegrityProofSuite().add_proof(
        issuer.unsigned_badge(HOLDER.did),
        signing_key=Ed25519SigningKey(secret, issuer.method),
        verification_method=issuer.method,
        created=NOW,
        extra_contexts=CONTEXTS,
    )
    return signed


@pytest.mark.parametrize("sign", [signed_by_node, signed_by_openvc])
def test_we_verify_a_peers_badge_and_refuse_it_changed(sign: Any) -> None:
    badge = sign(Party("Another centre"))
    assert we_verify(badge)
    badge["credentialSubject"]["achievement"]["name"] = "Home cleaning - Master"
    assert not we_verify(badge)


SUITES: list[tuple[str, KeyKind]] = [
    ("eddsa-jcs-2022", "Ed25519"),
    ("ecdsa-rdfc-2019", "P-256"),
    ("ecdsa-rdfc-2019", "P-384"),
    ("ecdsa-jcs-2019", "P-256"),
    ("ecdsa-jcs-2019", "P-384"),
]


@pytest.mark.parametrize(("suite", "kind"), SUITES)
def test_node_and_we_agree_over_every_suite_that_both_have(suite: str, kind: KeyKind) -> None:
    issuer = Party("Centre", kind)
    ours = issuer.sign(issuer.unsigned_badge(HOLDER.did), cryptosuite=suite)
    theirs = signed_by_node(issuer, suite)
    assert theirs["proof"]["cryptosuite"] == suite
    for badge in (ours, theirs):
        assert node_verifies(badge, issuer)
        assert we_verify(badge)
        badge["credentialSubject"]["achievement"]["name"] = "Home cleaning - Master"
        assert not node_verifies(badge, issuer)
        assert not we_verify(badge)


OPENVC_SUITES = {
    "eddsa-jcs-2022": EddsaJcsProofSuite,
    "ecdsa-rdfc-2019": EcdsaRdfcProofSuite,
    "ecdsa-jcs-2019": EcdsaJcsProofSuite,
}


@pytest.mark.parametrize(("name", "kind"), [pair for pair in SUITES if pair[1] != "P-384"])
def test_openvc_and_we_agree_over_every_suite_that_both_have(name: str, kind: KeyKind) -> None:
    issuer, suite = Party("Centre", kind), OPENVC_SUITES[name]()
    more = {"extra_contexts": CONTEXTS} if "rdfc" in name else {}
    loaded = issuer.key._loaded
    key_class = P256SigningKey if kind == "P-256" else Ed25519SigningKey
    theirs = suite.add_proof(
        issuer.unsigned_badge(HOLDER.did),
        signing_key=key_class(loaded, issuer.method),
        verification_method=issuer.method,
        created=NOW,
        **more,
    )
    ours = issuer.sign(issuer.unsigned_badge(HOLDER.did), cryptosuite=name)

    def verified(badge: dict[str, Any]) -> bool:
        try:
            suite.verify(badge, public_key_jwk=issuer.key.public.jwk, now=NOW, **more)
        except openvc.OpenvcError:
            return False
        return True

    if "jcs" in name:
        # openvc-core signs a @context in the options and leaves it out of the proof, where the
        # suites put it (EdDSA Cryptosuites 1.0, 3.3.1): nobody else can know what was signed.
        assert "@context" not in theirs["proof"]
        assert not we_verify(theirs), "the peer has learnt it: use it below, too"
        theirs = ours
    for badge in (ours, theirs):
        assert verified(badge)
        assert we_verify(badge)
    ours["credentialSubject"]["achievement"]["name"] = "Home cleaning - Master"
    theirs["credentialSubject"]["achievement"]["name"] = "Home cleaning - Master"
    for badge in (ours, theirs):
        assert not verified(badge)
        assert not we_verify(badge)
