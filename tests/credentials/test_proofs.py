"""Proofs: published vectors are reproduced, and no change of any kind gets through."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parties import NOW, Party, Web, WebParty

from contexts import canonical_rdfc
from credentials.badges import check_before_signing
from credentials.cryptosuites import Standing, suites
from credentials.proofs import add_proof, verify_proof, verify_proof_with
from credentials.report import CannotCheck, CheckFailed, CredentialError, ProofError
from keys.errors import KeysError
from keys.material import KeyKind, PrivateKey, PublicKey

ISSUER, HOLDER = Party("Centre"), Party("Worker")
SIGNED = ISSUER.badge(HOLDER.did)


def key_in_did_key(method: str) -> PublicKey:
    return PublicKey.from_multibase(method.partition("#")[2])


def check(document: dict[str, Any], **options: Any) -> None:
    values = {"purpose": "assertionMethod", "controller": ISSUER.did, "fetch": None, "now": NOW}
    verify_proof(document, **{**values, **options})


# --- published vectors --------------------------------------------------------------------------

VERIFIED = {
    "di-eddsa/eddsa-rdfc-2022/signedDataInt.json",
    "di-eddsa/eddsa-jcs-2022/signedJCS.json",
    "di-eddsa/Ed25519Signature2020/signedEdSig.json",
    "di-eddsa/proof-set-chain/signedProofSet1.json",
    "di-eddsa/proof-set-chain/signedProofSet2.json",
    "di-eddsa/proof-set-chain/signedProofChain1.json",
    "di-eddsa/proof-set-chain/signedProofChain2.json",
    "di-ecdsa/ecdsa-rdfc-2019-p256/signedECDSAP256.json",
    "di-ecdsa/ecdsa-jcs-2019-p256/signedJCSECDSAP256.json",
    "di-ecdsa/ecdsa-rdfc-2019-p384/signedECDSAP384.json",
    "di-ecdsa/ecdsa-jcs-2019-p384/signedJCSECDSAP384.json",
}


@pytest.mark.usefixtures("suite_contexts")
@pytest.mark.parametrize("name", sorted(VERIFIED))
def test_w3c_signed_documents_verify(vectors: Path, name: str) -> None:
    document = json.loads((vectors / name).read_text("utf-8"))
    verify_proof_with(document, key_in_did_key, purpose="assertionMethod", now=NOW)


def test_every_w3c_document_is_accounted_for(vectors: Path) -> None:
    signed = {
        str(path.relative_to(vectors))
        for folder in ("di-eddsa", "di-ecdsa")
        for path in (vectors / folder).rglob("signed*.json")
    }
    assert signed == VERIFIED


@pytest.mark.usefixtures("suite_contexts")
@pytest.mark.parametrize("name", sorted(VERIFIED))
def test_no_change_of_a_w3c_document_is_accepted(vectors: Path, name: str) -> None:
    document = json.loads((vectors / name).read_text("utf-8"))
    for changed in (
        {**document, "name": "Another"},
        {**document, "validFrom": "2000-01-01T00:00:00Z"},
        {**document, "issuer": "did:web:other.example"},
    ):
        with pytest.raises(ProofError):
            verify_proof_with(changed, key_in_did_key, purpose="assertionMethod", now=NOW)
    for member in ("created", "verificationMethod", "proofPurpose", "proofValue", "type"):
        for proof in json.loads(json.dumps(as_list(document["proof"]))):
            kept = [one for one in as_list(document["proof"]) if one != proof]
            bent = {**document, "proof": [*kept, {**proof, member: "2001-01-01T00:00:00Z"}]}
            with pytest.raises((ProofError, KeysError)):
                verify_proof_with(bent, key_in_did_key, purpose="assertionMethod", now=NOW)


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.mark.usefixtures("suite_contexts")
@pytest.mark.parametrize(
    ("suite", "file"),
    [("eddsa-rdfc-2022", "signedDataInt.json"), ("eddsa-jcs-2022", "signedJCS.json")],
)
def test_w3c_eddsa_proof_values_are_reproduced(vectors: Path, suite: str, file: str) -> None:
    folder = vectors / "di-eddsa"
    pair = json.loads((folder / "keyPair.json").read_text("utf-8"))
    wanted = json.loads((folder / suite / file).read_text("utf-8"))
    unsigned = {name: value for name, value in wanted.items() if name != "proof"}
    signed = add_proof(
        unsigned,
        PrivateKey.from_multibase(pair["privateKeyMultibase"]),
        verification_method=wanted["proof"]["verificationMethod"],
        created=NOW.fromisoformat(wanted["proof"]["created"]),
        cryptosuite=suite,
    )
    assert signed["proof"]["proofValue"] == wanted["proof"]["proofValue"]


@pytest.mark.usefixtures("suite_contexts")
def test_tampered_documents_are_refused(vectors: Path) -> None:
    folder = vectors / "tampered"
    expected = json.loads((folder / "expected.json").read_text("utf-8"))
    assert len(expected) > 30
    for name, verdict in expected.items():
        document = json.loads((folder / name).read_text("utf-8"))

        def key_of(method: str) -> PublicKey:
            return PublicKey.from_multibase(method.partition("#")[0].removeprefix("did:key:"))

        if verdict["category"] == "control":
            verify_proof_with(document, key_of, purpose="assertionMethod", now=NOW)
            continue
        with pytest.raises((CheckFailed, KeysError)):
            verify_proof_with(document, key_of, purpose="assertionMethod", now=NOW)


def test_implementation_guide_badge_verifies(vectors: Path) -> None:
    folder = vectors / "ob3-impl-guide-vector"
    document = json.loads((folder / "signed-ob-7.json").read_text("utf-8"))

    def key_of(method: str) -> PublicKey:
        return PublicKey.from_multibase(method.partition("#")[2])

    verify_proof_with(document, key_of, purpose="assertionMethod", now=NOW)
    document["name"] = "Another name"
    with pytest.raises(ProofError):
        verify_proof_with(document, key_of, purpose="assertionMethod", now=NOW)


# --- attacks ------------------------------------------------------------------------------------


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from leaves(inner, (*path, place))
    else:
        yield path


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_changing_any_one_statement_is_refused(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(list(leaves(SIGNED))))
    document = copy.deepcopy(SIGNED)
    parent: Any = document
    for step in path[:-1]:
        parent = parent[step]
    parent[path[-1]] = data.draw(
        st.sampled_from(["x", "urn:x:y", "2020-01-01T00:00:00Z", parent[path[-1]] + "0"])
    )
    with pytest.raises((CheckFailed, CannotCheck, CredentialError)):
        check(document)


@settings(max_examples=30, deadline=None)
@given(st.randoms())
def test_any_order_of_members_is_accepted(random: Any) -> None:
    def shuffled(value: Any) -> Any:
        if isinstance(value, dict):
            keys = list(value)
            random.shuffle(keys)
            return {key: shuffled(value[key]) for key in keys}
        return [shuffled(item) for item in value] if isinstance(value, list) else value

    check(json.loads(json.dumps(shuffled(SIGNED), indent=random.choice([None, 2]))))


@pytest.mark.parametrize(
    ("proof", "code"),
    [
        (None, "proof.missing"),
        ([], "proof.missing"),
        ("z123", "proof.malformed"),
        ([SIGNED["proof"], None], "proof.malformed"),
        ({}, "proof.suite"),
        ({"type": "DataIntegrityProof"}, "proof.malformed"),
        ({**SIGNED["proof"], "type": "Ed25519Signature2018"}, "proof.suite"),
        ({**SIGNED["proof"], "cryptosuite": "eddsa-rdfc-2023"}, "proof.suite"),
        ({**SIGNED["proof"], "cryptosuite": "ecdsa-rdfc-2019"}, "proof.suite"),
        ({**SIGNED["proof"], "proofPurpose": "authentication"}, "proof.purpose"),
        ({**SIGNED["proof"], "created": "yesterday"}, "proof.malformed"),
        ({**SIGNED["proof"], "created": "2030-01-01T00:00:00Z"}, "proof.not-yet"),
        ({**SIGNED["proof"], "expires": "2020-01-01T00:00:00Z"}, "proof.expired"),
        ({**SIGNED["proof"], "previousProof": "urn:uuid:nowhere"}, "proof.malformed"),
        (
            {**SIGNED["proof"], "proofValue": "u" + SIGNED["proof"]["proofValue"][1:]},
            "proof.malformed",
        ),
        ({**SIGNED["proof"], "proofValue": SIGNED["proof"]["proofValue"] + "1"}, "proof.signature"),
        ({**SIGNED["proof"], "proofValue": "z" + "2" * 5000}, "proof.malformed"),
        ({**SIGNED["proof"], "note": "x"}, "shape.unsafe"),
        (
            [SIGNED["proof"], {**SIGNED["proof"], "created": "2020-01-01T00:00:00Z"}],
            "proof.signature",
        ),
        ({**SIGNED["proof"], "verificationMethod": Party("x").method}, "proof.other-signer"),
        ({**SIGNED["proof"], "verificationMethod": f"{ISSUER.did}#other"}, "proof.method"),
    ],
)
def test_bad_proof_is_refused(proof: Any, code: str) -> None:
    document = {name: value for name, value in SIGNED.items() if name != "proof"}
    if proof is not None:
        document["proof"] = proof
    with pytest.raises(ProofError) as refused:
        check(document)
    assert refused.value.code == code


def test_proof_of_another_document_is_refused() -> None:
    other = ISSUER.badge(HOLDER.did)
    with pytest.raises(ProofError, match="does not match"):
        check({**SIGNED, "proof": other["proof"]})


def test_key_of_somebody_else_is_refused_even_if_the_signature_fits() -> None:
    thief = Party("Thief")
    document = thief.sign(ISSUER.unsigned_badge(HOLDER.did))
    with pytest.raises(ProofError) as refused:
        check(document)
    assert refused.value.code == "proof.other-signer"


def test_unreachable_keys_leave_the_question_open() -> None:
    centre = WebParty("Centre")
    with pytest.raises(CannotCheck) as unknown:
        check(centre.badge(HOLDER.did), controller=centre.did, fetch=Web())
    assert unknown.value.code == "proof.unreachable"
    check(centre.badge(HOLDER.did), controller=centre.did, fetch=Web(centre))


def test_renamed_status_does_not_hide() -> None:
    # An RDF signature alone would still hold if a member were written as its full IRI (threat 27).
    centre = WebParty("Centre")
    document = centre.badge(HOLDER.did, status=centre.entry())
    hidden = document.pop("credentialStatus")
    document["https://www.w3.org/2018/credentials#credentialStatus"] = hidden
    with pytest.raises(ProofError, match="not a term"):
        check(document, controller=centre.did, fetch=Web(centre))


def test_only_one_suite_is_issued_by_default_and_the_registry_is_frozen() -> None:
    issuing = [suite.name for suite in suites().values() if suite.standing is Standing.ISSUE]
    assert issuing == ["eddsa-rdfc-2022"]
    with pytest.raises(TypeError):
        suites()["mine"] = suites()["eddsa-rdfc-2022"]  # type: ignore[index]


SUITES: list[tuple[str, KeyKind]] = [
    ("eddsa-rdfc-2022", "Ed25519"),
    ("eddsa-jcs-2022", "Ed25519"),
    ("ecdsa-rdfc-2019", "P-256"),
    ("ecdsa-rdfc-2019", "P-384"),
    ("ecdsa-jcs-2019", "P-256"),
    ("ecdsa-jcs-2019", "P-384"),
]


@pytest.mark.parametrize(("suite", "kind"), SUITES)
def test_every_suite_signs_and_verifies_with_its_own_keys_only(suite: str, kind: KeyKind) -> None:
    party = Party("Centre", kind)
    document = party.sign(party.unsigned_badge(HOLDER.did), cryptosuite=suite)
    check(document, controller=party.did)
    for other in ("Ed25519", "P-256", "P-384", "P-521"):
        if (suite, other) in SUITES:
            continue
        stranger = Party("Centre", other)
        with pytest.raises(CredentialError, match="needs a"):
            stranger.sign(stranger.unsigned_badge(HOLDER.did), cryptosuite=suite)
        bent = {**document["proof"], "verificationMethod": stranger.method}
        with pytest.raises(ProofError) as refused:
            check({**document, "proof": bent}, controller=stranger.did)
        assert refused.value.code == "proof.suite"


def test_older_proof_type_is_verified_and_never_made() -> None:
    with pytest.raises(CredentialError, match="not one we sign with"):
        ISSUER.sign(ISSUER.unsigned_badge(HOLDER.did), cryptosuite="Ed25519Signature2020")
    for bent in (
        {**SIGNED["proof"], "type": "Ed25519Signature2020"},
        {**SIGNED["proof"], "cryptosuite": "Ed25519Signature2020"},
        {**SIGNED["proof"], "type": "eddsa-rdfc-2022"},
        {**SIGNED["proof"], "type": ["DataIntegrityProof"]},
    ):
        with pytest.raises(ProofError):
            check({**SIGNED, "proof": bent})


def test_set_holds_only_as_a_whole_and_a_chain_covers_what_it_names() -> None:
    first = ISSUER.sign(ISSUER.unsigned_badge(HOLDER.did), proof_id="urn:uuid:first")
    with pytest.raises(CredentialError, match="has a proof already"):
        ISSUER.sign(first)
    both = ISSUER.sign(first, beside=True, cryptosuite="eddsa-jcs-2022")
    check(both)
    for place in (0, 1):
        proofs = json.loads(json.dumps(both["proof"]))
        proofs[place]["created"] = "2026-01-01T00:00:00Z"
        with pytest.raises(ProofError):
            check({**both, "proof": proofs})
    chain = ISSUER.sign(first, beside=True, previous_proof="urn:uuid:first")
    check(chain)
    without = {**chain, "proof": [chain["proof"][1]]}
    with pytest.raises(ProofError, match="missing"):
        check(without)
    other = ISSUER.sign(
        ISSUER.unsigned_badge(HOLDER.did), proof_id="urn:uuid:first", domain="elsewhere"
    )
    with pytest.raises(ProofError):
        check({**chain, "proof": [other["proof"], chain["proof"][1]]})
    for named in ("urn:uuid:none", ["urn:uuid:first", "urn:uuid:none"], [5]):
        with pytest.raises(CredentialError, match="missing"):
            ISSUER.sign(first, beside=True, previous_proof=named)


def test_domain_is_the_very_one_or_a_set_of_it_alone() -> None:
    unsigned = ISSUER.unsigned_badge(HOLDER.did)
    check(ISSUER.sign(unsigned, domain="https://a.example"), domain="https://a.example")
    check(ISSUER.sign(unsigned, domain=["https://a.example"]), domain="https://a.example")
    for domain in ("https://b.example", ["https://a.example", "https://b.example"], None):
        with pytest.raises(ProofError) as refused:
            check(ISSUER.sign(unsigned, domain=domain), domain="https://a.example")
        assert refused.value.code == "proof.domain"


def test_form_that_is_handed_in_is_what_is_judged() -> None:
    unsigned = {name: value for name, value in SIGNED.items() if name != "proof"}
    check(SIGNED, form=canonical_rdfc(unsigned).encode())
    with pytest.raises(ProofError):
        check(SIGNED, form=canonical_rdfc({**unsigned, "name": "Another"}).encode())


@pytest.mark.parametrize("suite", ["eddsa-jcs-2022", "ecdsa-jcs-2019"])
def test_jcs_suites_refuse_undefined_words_too(suite: str) -> None:
    party = Party("Centre", "P-256" if suite.startswith("ecdsa") else "Ed25519")
    unsigned = party.unsigned_badge(HOLDER.did) | {"nickname": "x"}
    with pytest.raises(ProofError, match="nickname"):
        check(party.sign(unsigned, cryptosuite=suite), controller=party.did)


@pytest.mark.parametrize("name", ["name", "issuer", "validFrom", "credentialSubject", "type"])
def test_what_lacks_a_member_is_not_signed(name: str) -> None:
    document = ISSUER.unsigned_badge(HOLDER.did)
    if name == "name":
        document["credentialSubject"]["achievement"].pop("name")
    else:
        document.pop(name)
    with pytest.raises(CredentialError):
        check_before_signing(document)


def test_examples_are_signed_once_their_schema_type_is_defined(
    examples: dict[str, dict[str, Any]],
) -> None:
    for name in ("level1", "level2", "level3"):
        document = examples[name]
        with pytest.raises(CredentialError, match="1EdTechJsonSchemaValidator2019"):
            check_before_signing(document)
        extension = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"
        check_before_signing({**document, "@context": [*document["@context"], extension]})
    check_before_signing(examples["examiner"])
    check_before_signing(examples["endorsement"])


def test_bytes_met_again_save_the_signature_and_nothing_else() -> None:
    centre = WebParty("Centre")
    listed = centre.status_list()
    source = json.dumps(listed).encode()

    def again(document: dict[str, Any] = listed, text: bytes = source, **options: Any) -> None:
        values = {"controller": centre.did, "fetch": Web(centre), "source": text, **options}
        check(document, **values)

    again()
    again()
    with pytest.raises(ProofError):  # other bytes
        changed = {**listed, "validUntil": "2030-01-01T00:00:00Z"}
        again(changed, json.dumps(changed).encode())
    with pytest.raises(ProofError):  # another purpose
        again(purpose="authentication")
    with pytest.raises(CannotCheck):  # keys that cannot be looked up now
        again(fetch=Web())
    old, centre.key = centre.key, PrivateKey.generate()
    with pytest.raises(ProofError):  # the method shows another key today
        again()
    centre.key = old
    again()
