"""The data model of any type: versions, resources, schemas; the rest is in test_musts.py."""

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from parties import NOW, Party

from contexts.pinned import pinned
from contexts.schemas import ACHIEVEMENT_SCHEMA
from contexts.urls import OB3, VC1, VC2
from credentials.any_type import (
    MAX_CREDENTIALS,
    Issuer,
    issue_credential,
    verify_credential,
    verify_presentation,
)
from credentials.model import (
    check_credential,
    check_credential_schemas,
    check_presentation,
    check_related_resources,
    holder_id,
    issuer_id,
    types_of,
)
from credentials.report import CheckFailed, CredentialError
from credentials.shape import check_shape
from keys.multibase import base64url_encode, multibase_encode

ISSUER, HOLDER = Party("Centre"), Party("Worker")
FILE = "https://issuer.example/rubric.pdf"
BYTES = b"%PDF-1.7 rubric"


def document(**members: Any) -> dict[str, Any]:
    return {
        "@context": [VC2],
        "type": ["VerifiableCredential"],
        "issuer": ISSUER.did,
        "credentialSubject": {"id": HOLDER.did},
        **members,
    }


def older(**members: Any) -> dict[str, Any]:
    return {
        **document(),
        "@context": [VC1],
        "issuanceDate": "2026-01-01T00:00:00Z",
        **members,
    }


def sri(data: bytes, name: str = "sha384") -> str:
    return f"{name}-{base64.b64encode(hashlib.new(name, data).digest()).decode()}"


# --- versions -----------------------------------------------------------------------------------


def test_version_1_needs_an_issuance_date_and_knows_no_valid_from() -> None:
    check_credential(older())
    unsigned = older()
    del unsigned["issuanceDate"]
    with pytest.raises(CredentialError, match="issuanceDate"):
        check_credential(unsigned)


@pytest.mark.parametrize("name", ["credentialStatus", "credentialSchema", "refreshService"])
def test_version_1_demands_an_id_where_version_2_does_not(name: str) -> None:
    entry = {"type": "https://issuer.example/#Type"}
    with pytest.raises(CredentialError, match=f"{name}.id"):
        check_credential(older(**{name: entry}))
    if name != "credentialSchema":
        check_credential(document(**{name: entry}))


def test_period_of_version_1_is_read_under_its_own_names() -> None:
    with pytest.raises(CredentialError, match="expirationDate is before"):
        check_credential(older(expirationDate="2025-01-01T00:00:00Z"))
    with pytest.raises(CredentialError, match="no time zone"):
        check_credential(older(expirationDate="2027-01-01T00:00:00"))


@pytest.mark.parametrize("second", [VC1, VC2])
def test_versions_are_not_mixed_up_by_order(second: str) -> None:
    first = VC1 if second == VC2 else VC2
    unsigned = document(**{"@context": [first, second]})
    if first == VC1:
        with pytest.raises(CredentialError, match="issuanceDate"):
            check_credential(unsigned)
    else:
        check_credential(unsigned)


# --- reading ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("member", "read"), [("issuer", issuer_id), ("holder", holder_id)])
def test_issuer_and_holder_stand_alone_or_in_an_object(
    member: str, read: Callable[[dict[str, Any]], str | None]
) -> None:
    assert read({member: "did:example:1"}) == "did:example:1"
    assert read({member: {"id": "did:example:1", "name": "x"}}) == "did:example:1"
    for bad in (None, {}, [], ["did:example:1"], {"id": None}, "", "name", 4):
        with pytest.raises(CredentialError):
            read({member: bad})


def test_presentation_may_name_no_holder() -> None:
    assert holder_id({}) is None


def test_types_that_are_no_texts_are_not_read_as_types() -> None:
    assert types_of({"type": ["A", 4, None, "B"]}) == ["A", "B"]
    with pytest.raises(CredentialError, match="type"):
        check_credential(document(type=["VerifiableCredential", 4]))


# --- related resources --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "digest",
    [
        {"digestSRI": sri(BYTES)},
        {"digestSRI": sri(BYTES, "sha256")},
        {"digestSRI": f"{sri(BYTES, 'sha256')} {sri(BYTES, 'sha512')}"},
        {"digestSRI": f"{sri(b'other')} {sri(BYTES)}"},
        {"digestSRI": f"{sri(b'other', 'sha256')} {sri(BYTES)}"},
        {"digestMultibase": "u" + base64url_encode(hashlib.sha256(BYTES).digest())},
        {"digestMultibase": multibase_encode(b"\x12\x20" + hashlib.sha256(BYTES).digest())},
        {"digestMultibase": "u" + base64url_encode(b"\x20\x30" + hashlib.sha384(BYTES).digest())},
    ],
)
def test_digest_in_every_form_is_compared_with_the_bytes_at_hand(digest: dict[str, str]) -> None:
    resource = document(relatedResource={"id": FILE, **digest})
    assert check_related_resources(resource, {FILE: BYTES}) == ()
    assert check_related_resources(resource) == (FILE,)
    with pytest.raises(CredentialError, match="another one"):
        check_related_resources(resource, {FILE: BYTES + b"!"})


@pytest.mark.parametrize(
    "digest",
    [
        {"digestSRI": f"{sri(BYTES, 'sha256')} {sri(b'other')}"},
        {"digestSRI": sri(BYTES), "digestMultibase": "u" + base64url_encode(b"1" * 32)},
    ],
)
def test_weaker_digest_does_not_outweigh_a_wrong_one(digest: dict[str, str]) -> None:
    resource = document(relatedResource={"id": FILE, **digest})
    with pytest.raises(CredentialError, match="another one"):
        check_related_resources(resource, {FILE: BYTES})


@pytest.mark.parametrize(
    "digest",
    [
        {},
        {"digestSRI": ""},
        {"digestSRI": 4},
        {"digestSRI": "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="},
        {"digestSRI": sri(BYTES).replace("/", "_").replace("+", "-").rstrip("=") + "_"},
        {"digestMultibase": []},
        {"digestMultibase": ["u" + "A" * 43] * 11},
        {"digestMultibase": ""},
        {"digestMultibase": "m" + base64.b64encode(BYTES).decode()},
        {"digestMultibase": "u" + "A" * 5_000},
        {"digestMultibase": "z" + "1" * 5_000},
    ],
)
def test_malformed_digest_is_refused_even_where_nothing_is_at_hand(digest: dict[str, Any]) -> None:
    with pytest.raises(CredentialError, match="digest"):
        check_related_resources(document(relatedResource={"id": FILE, **digest}))


def test_pinned_context_is_at_hand_if_its_bytes_are_the_published_ones() -> None:
    row = pinned("context")[VC2]
    right = {"id": VC2, "digestSRI": sri(row.read())}
    assert check_related_resources(document(relatedResource=right)) == ()
    same_value = next(row for row in pinned("context").values() if row.equal == "json")
    other = {"id": same_value.url, "digestSRI": sri(b"another writing")}
    assert check_related_resources(document(relatedResource=other)) == (same_value.url,)


def test_more_resources_than_anybody_needs_are_refused() -> None:
    many = [{"id": f"{FILE}#{n}", "digestSRI": sri(BYTES)} for n in range(101)]
    with pytest.raises(CredentialError, match="more than 100"):
        check_related_resources(document(relatedResource=many))


def test_badge_with_a_wrong_digest_is_refused_like_any_credential() -> None:
    entry = {"id": OB3, "digestSRI": sri(b"something else")}
    badge = ISSUER.unsigned_badge(HOLDER.did, related_resources=[entry])
    with pytest.raises(CredentialError, match="digest"):
        check_shape(badge)


# --- schemas ------------------------------------------------------------------------------------


def test_named_schema_that_is_pinned_is_applied() -> None:
    badge = ISSUER.unsigned_badge(HOLDER.did)
    badge["credentialSchema"] = [{"id": ACHIEVEMENT_SCHEMA, "type": "JsonSchema"}]
    assert check_credential_schemas(badge) == ()
    del badge["credentialSubject"]["achievement"]["name"]
    with pytest.raises(CheckFailed, match="name"):
        check_credential_schemas(badge)


def test_schema_with_another_digest_is_refused() -> None:
    badge = ISSUER.unsigned_badge(HOLDER.did)
    entry = {"id": ACHIEVEMENT_SCHEMA, "type": "JsonSchema", "digestSRI": sri(b"another")}
    with pytest.raises(CredentialError, match="digest"):
        check_credential_schemas({**badge, "credentialSchema": entry})


@pytest.mark.parametrize(
    "entry",
    [
        {"id": "https://issuer.example/schema.json", "type": "JsonSchema"},
        {"id": ACHIEVEMENT_SCHEMA, "type": "https://issuer.example/#OtherKind"},
        {"id": "file:///etc/passwd", "type": "JsonSchema"},
    ],
)
def test_unknown_schema_is_named_and_never_fetched(entry: dict[str, str]) -> None:
    assert check_credential_schemas(document(credentialSchema=entry)) == (entry["id"],)


# --- presentations ------------------------------------------------------------------------------


def test_presentation_with_too_many_credentials_is_refused() -> None:
    entry = issue_credential(document(), Issuer(ISSUER.did, ISSUER.method, ISSUER.key), now=NOW)
    shown = {
        "@context": [VC2],
        "type": ["VerifiablePresentation"],
        "verifiableCredential": [entry] * (MAX_CREDENTIALS + 1),
    }
    check_presentation(shown)
    with pytest.raises(CredentialError, match="more than"):
        verify_presentation(shown, fetch=None, now=NOW)


def test_badges_and_other_credentials_are_shown_together() -> None:
    other = issue_credential(document(), Issuer(ISSUER.did, ISSUER.method, ISSUER.key), now=NOW)
    shown = HOLDER.sign(
        {
            "@context": [VC2],
            "type": ["VerifiablePresentation"],
            "holder": {"id": HOLDER.did},
            "verifiableCredential": [ISSUER.badge(HOLDER.did), other],
        },
        purpose="authentication",
    )
    verified = verify_presentation(shown, fetch=None, now=NOW)
    assert verified.document == shown


def test_badge_is_a_credential_like_any_other() -> None:
    verified = verify_credential(ISSUER.badge(HOLDER.did), fetch=None, now=NOW)
    assert verified.not_checked == ()
