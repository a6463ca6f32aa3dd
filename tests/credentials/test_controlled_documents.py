"""Issuers named by an https address: the key stands in the document that lies there, or nowhere."""

import json
from typing import Any

import pytest
from parties import NOW, Party, Web, WebParty

from credentials.any_type import verify_credential as verify_any
from credentials.report import CannotCheck, CredentialError, ProofError, Report
from credentials.trust import Trust
from credentials.verify import verify_credential
from keys.controller import Method, controller_document
from keys.material import KeyKind

HOLDER = Party("Worker")
ADDRESS = "https://issuer.example/issuers/565049"
TRUST = Trust.from_json(
    json.dumps({"parties": [{"id": ADDRESS, "name": "The centre", "roles": ["issuer"]}]})
)


class AddressedParty(WebParty):
    """An organisation named by an https address."""

    @property
    def did(self) -> str:
        return ADDRESS

    def document(self, **changes: Any) -> dict[str, Any]:
        own = controller_document(ADDRESS, [Method(self.method, self.key.public)])
        return {**own, "@context": "https://www.w3.org/ns/cid/v1", **changes}

    def pages(self) -> dict[str, bytes]:
        own = {ADDRESS: json.dumps(self.document()).encode()}
        if self.kind == "Ed25519":
            own[self.list_url] = json.dumps(self.status_list()).encode()
        return own


def centre(kind: KeyKind = "Ed25519") -> AddressedParty:
    return AddressedParty("Centre", kind)


def judged(badge: dict[str, Any], web: Web | None) -> Report:
    return verify_credential(badge, trust=TRUST, fetch=web, now=NOW)


def code(badge: dict[str, Any], web: Web | None) -> str:
    found = judged(badge, web).check("proof")
    return found.code if found else "not looked at"


@pytest.mark.parametrize(
    ("kind", "suite"),
    [
        ("Ed25519", "eddsa-rdfc-2022"),
        ("Ed25519", "eddsa-jcs-2022"),
        ("P-256", "ecdsa-rdfc-2019"),
        ("P-384", "ecdsa-jcs-2019"),
    ],
)
def test_badge_of_an_issuer_with_an_https_address_is_genuine(kind: KeyKind, suite: str) -> None:
    issuer = centre(kind)
    web = Web(issuer)
    unsigned = issuer.unsigned_badge(HOLDER.did)
    badge = issuer.sign(unsigned, cryptosuite=suite)
    report = judged(badge, web)
    assert report.headline == "genuine", report.checks
    assert web.asked == [ADDRESS]
    verify_any(badge, fetch=web, now=NOW)
    assert code({**badge, "name": "Another"}, web) == "proof.signature"


def test_its_status_list_is_signed_by_the_same_key() -> None:
    issuer = centre()
    badge = issuer.badge(HOLDER.did, status=issuer.entry(7))
    assert judged(badge, Web(issuer)).headline == "genuine"
    issuer.revoked.add(7)
    assert judged(badge, Web(issuer)).reason == "status.revoked"


def test_ids_in_the_document_may_be_relative_to_it() -> None:
    issuer = centre()
    web, badge = Web(issuer), issuer.badge(HOLDER.did)
    (method,) = issuer.document()["verificationMethod"]
    relative = issuer.document(
        verificationMethod=[{**method, "id": "#key-1"}], assertionMethod=["#key-1"]
    )
    jwk = {**method, "type": "JsonWebKey", "publicKeyJwk": issuer.key.public.jwk}
    del jwk["publicKeyMultibase"]
    embedded = issuer.document(verificationMethod=[], assertionMethod=[{**jwk, "id": "#key-1"}])
    for document in (relative, embedded):
        web.pages[ADDRESS] = json.dumps(document).encode()
        assert judged(badge, web).headline == "genuine"


@pytest.mark.parametrize(
    "change",
    [
        {"id": f"{ADDRESS}/"},
        {"id": "https://issuer.example/issuers/565049#key-1"},
        {"id": "did:web:issuer.example:issuers:565049"},
        {"id": None},
        {"assertionMethod": []},
        {"assertionMethod": ["#key-2"]},
        {"verificationMethod": []},
    ],
)
def test_document_of_another_or_for_another_purpose_shows_no_key(change: dict[str, Any]) -> None:
    issuer = centre()
    web, badge = Web(issuer), issuer.badge(HOLDER.did)
    web.pages[ADDRESS] = json.dumps(issuer.document(**change)).encode()
    assert code(badge, web) == "proof.method"


@pytest.mark.parametrize("member", ["controller", "expires", "revoked"])
def test_method_of_another_controller_or_out_of_use_shows_no_key(member: str) -> None:
    issuer = centre()
    web, badge = Web(issuer), issuer.badge(HOLDER.did)
    value = "https://mallory.example" if member == "controller" else "2026-01-01T00:00:00Z"
    method = {**issuer.document()["verificationMethod"][0], member: value}
    web.pages[ADDRESS] = json.dumps(issuer.document(verificationMethod=[method])).encode()
    assert code(badge, web) in ("proof.method", "proof.withdrawn")


@pytest.mark.parametrize("page", [b"", b"[]", b"<html>", b'{"id": 1, "id": 2}'])
def test_other_page_at_the_address_shows_no_key(page: bytes) -> None:
    issuer = centre()
    web, badge = Web(issuer), issuer.badge(HOLDER.did)
    web.pages[ADDRESS] = page
    assert code(badge, web) == "proof.method"


def test_address_that_cannot_be_asked_leaves_the_question_open() -> None:
    badge = centre().badge(HOLDER.did)
    for web in (None, Web()):
        assert judged(badge, web).headline == "not-checked"
        assert code(badge, web) == "proof.unreachable"


@pytest.mark.parametrize(
    "method",
    [
        "https://mallory.example/issuers/565049#key-1",
        "https://issuer.example/issuers/565049/mallory#key-1",
        "https://issuer.example/issuers/../issuers/565049#key-1",
        "HTTPS://issuer.example/issuers/565049#key-1",
        "https://issuer.example:443/issuers/565049#key-1",
    ],
)
def test_key_beside_the_address_is_not_the_issuers(method: str) -> None:
    issuer, mallory = centre(), Party("Mallory")
    web = Web(issuer)
    other = method.partition("#")[0]
    document = controller_document(other, [Method(method, mallory.key.public)])
    web.pages[other] = json.dumps(document).encode()
    forged = mallory.sign(issuer.unsigned_badge(HOLDER.did), verification_method=method)
    assert code(forged, web) == "proof.other-signer"
    with pytest.raises((ProofError, CannotCheck)):
        verify_any(forged, fetch=web, now=NOW)


@pytest.mark.parametrize(
    "address",
    ["http://issuer.example/1", "https://centre@issuer.example/1", "https:///1", "https://[::1"],
)
def test_only_https_addresses_are_asked(address: str) -> None:
    issuer, web = centre(), Web()
    unsigned = issuer.unsigned_badge(HOLDER.did)
    unsigned["issuer"]["id"] = address
    signed = issuer.sign(unsigned, verification_method=f"{address}#key-1")
    assert judged(signed, web).headline == "false"
    assert web.asked == []


@pytest.mark.parametrize(
    "name", [f"{ADDRESS}#key-1", "https://", "http://issuer.example", "issuer.example", 4, None]
)
def test_trust_list_names_organisations_not_keys(name: Any) -> None:
    row = {"id": name, "name": "The centre", "roles": ["issuer"]}
    with pytest.raises(CredentialError, match="party 1"):
        Trust.from_json(json.dumps({"parties": [row]}))
