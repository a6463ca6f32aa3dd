"""Two libraries made for badges: they judge ours, and we judge what one of them signs."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from node_peer import CONTEXTS, documents_of, in_node
from openbadgeslib.ob3.ldp import (
    OB3LdpVerifier,
    add_data_integrity_proof,
    verify_data_integrity_proof,
)
from openbadgeslib.ob3.verifier import OB3VerificationError
from parties import NOW, Party, WebParty

from credentials.proofs import verify_proof
from credentials.report import CredentialError, ProofError
from keys.did import did_web_url
from keys.fetching import HttpRequest, HttpResponse

pytestmark = pytest.mark.peer

ISSUER, WEB, HOLDER = Party("Centre"), WebParty("Centre on the web"), Party("Worker")
Badge = dict[str, Any]


def pem(party: Party) -> bytes:
    loaded = Ed25519PrivateKey.from_private_bytes(party.key.secret)
    return loaded.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def verifier_core_verifies(badge: Badge, issuer: Party) -> bool:
    """Ask @digitalcredentials/verifier-core, which verifies and signs nothing."""
    documents = documents_of(issuer)
    if isinstance(issuer, WebParty):
        documents[did_web_url(issuer.did)] = documents[issuer.did]
    told = in_node("", script="dcc.mjs", document=badge, documents=documents)
    if told["errors"]:
        assert told["errors"][0]["name"] == "invalid_signature", told
        return False
    steps = {step["id"]: step["valid"] for step in told["log"]}
    assert steps["expiration"] is True
    return bool(steps["valid_signature"])


def openbadgeslib_verifies(badge: Badge, issuer: Party) -> bool:
    """Ask openbadgeslib about the proof with the issuer's key at hand."""
    public = Ed25519PrivateKey.from_private_bytes(issuer.key.secret).public_key()
    key = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    try:
        verify_data_integrity_proof(badge, key, extra_contexts=CONTEXTS)
    except OB3VerificationError:
        return False
    return True


def changed(badge: Badge, change: Callable[[Badge], Any]) -> Badge:
    made = copy.deepcopy(badge)
    change(made)
    return made


CHANGES: list[Callable[[Badge], Any]] = [
    lambda badge: badge["credentialSubject"]["achievement"].update(name="Home cleaning - Master"),
    lambda badge: badge["credentialSubject"].update(id=Party("Thief").did),
    lambda badge: badge["proof"].update(created="2026-11-24T08:00:00Z"),
    lambda badge: badge.pop("validUntil", badge.pop("name", None)),
]
PEERS = [verifier_core_verifies, openbadgeslib_verifies]


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("issuer", [ISSUER, WEB], ids=["did:key", "did:web"])
def test_badge_library_accepts_our_badge_and_refuses_it_changed(peer: Any, issuer: Party) -> None:
    badge = issuer.badge(HOLDER.did)
    assert peer(badge, issuer)
    for change in CHANGES:
        assert not peer(changed(badge, change), issuer)


def test_openbadgeslib_reads_our_badge_by_the_whole_of_its_rules() -> None:
    badge = ISSUER.badge(HOLDER.did)
    read = OB3LdpVerifier.for_issuer_did(ISSUER.did).verify(json.dumps(badge))
    assert read.issuer.id == ISSUER.did


@pytest.mark.parametrize("issuer", [ISSUER, WEB], ids=["did:key", "did:web"])
def test_we_accept_what_openbadgeslib_signs_and_refuse_it_changed(issuer: Party) -> None:
    badge = add_data_integrity_proof(
        issuer.unsigned_badge(HOLDER.did),
        pem(issuer),
        issuer.method,
        created=NOW,
        extra_contexts=CONTEXTS,
    )

    def check(document: Badge) -> None:
        web = documents_of(issuer)
        fetch = answering(web[issuer.did])
        options = {"purpose": "assertionMethod", "controller": issuer.did}
        verify_proof(document, fetch=fetch, now=NOW, **options)

    check(badge)
    for change in CHANGES:
        with pytest.raises((ProofError, CredentialError)):
            check(changed(badge, change))


def answering(document: dict[str, Any]) -> Any:
    def fetch(request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, {}, json.dumps(document).encode(), request.url)

    return fetch
