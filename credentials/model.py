"""The data model of credentials and presentations of any type (VC Data Model 2.0, 4 and 5; 1.1, 4).

Refuses what a reader could take in two ways: ids that are not URLs, objects without a type, texts
with members that are no language. Which words exist is `contexts.check_words`; what a badge must
say is `credentials.shape`. Unknown members that the contexts define survive.
"""

import binascii
import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from contexts import ContextError, check_schema
from contexts.pinned import Pinned, pinned
from contexts.schemas import ACHIEVEMENT_SCHEMA, PROFILE_SCHEMA, SchemaName
from contexts.urls import VC1, VC2
from credentials.report import CheckFailed, CredentialError
from credentials.times import read_time
from keys.errors import KeysError
from keys.multibase import base64url_decode, multibase_decode

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|^`\\\x00-\x20]+")
_TYPED = ("credentialStatus", "termsOfUse", "evidence", "refreshService", "credentialSchema")
_TEXTS = ("name", "description")
_LANGUAGE_MEMBERS = frozenset({"@value", "@language", "@direction"})
_ID_REQUIRED = ("credentialSchema",)
_ID_REQUIRED_1 = ("credentialSchema", "credentialStatus", "refreshService")
"""VC Data Model 1.1, 4.9 and 5.4 to 5.5 still demanded more ids."""
_SRI = r"sha(256|384|512)-([A-Za-z0-9+/]+={0,2})(?:\?.*)?"
_MULTIHASH = {b"\x12\x20": "sha256", b"\x20\x30": "sha384", b"\x13\x40": "sha512"}
_INDEX = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)
_SCHEMAS: Mapping[str, SchemaName] = {
    ACHIEVEMENT_SCHEMA: "achievement-credential",
    PROFILE_SCHEMA: "profile",
}
_SCHEMA_TYPES = ("JsonSchema", "1EdTechJsonSchemaValidator2019")
_MAX_ENTRIES = 100
_SHORT = 200
_MAX_DIGESTS = 10


# --- reading ------------------------------------------------------------------------------------


def types_of(document: Mapping[str, Any]) -> list[str]:
    """Give the types of a document as a list of strings."""
    value = document.get("type")
    values = value if isinstance(value, list) else [value]
    return [item for item in values if isinstance(item, str)]


def entries_of(document: Mapping[str, Any], name: str) -> list[Any]:
    """Give the values of a member that may stand alone or in a list."""
    value = document.get(name, [])
    return value if isinstance(value, list) else [value]


def issuer_id(document: Mapping[str, Any]) -> str:
    """Give the id of the issuer, which may stand alone or in a profile."""
    issuer = document.get("issuer")
    value = issuer.get("id") if isinstance(issuer, dict) else issuer
    return check_url(value, "issuer.id")


def holder_id(presentation: Mapping[str, Any]) -> str | None:
    """Give the id of the holder, if one is named (VC Data Model 2.0, 4.13)."""
    if "holder" not in presentation:
        return None
    holder = presentation["holder"]
    return check_url(holder.get("id") if isinstance(holder, dict) else holder, "holder.id")


def is_version_1(document: Mapping[str, Any]) -> bool:
    """Tell whether the document follows VC Data Model 1.1."""
    value = document.get("@context")
    return value == VC1 or (isinstance(value, list) and bool(value) and value[0] == VC1)


def period(document: Mapping[str, Any]) -> tuple[datetime | None, datetime | None]:
    """Give from when and until when the document is valid (VC Data Model 2.0, 4.9)."""
    names = (
        ("issuanceDate", "expirationDate")
        if is_version_1(document)
        else ("validFrom", "validUntil")
    )
    start, end = (read_time(document[n], n) if n in document else None for n in names)
    if names[0] != "validFrom":
        start, end = _with_new_names(document, start, end)
    if start and end and end < start:
        raise CredentialError(f"{names[1]} is before {names[0]}")
    return start, end


def _with_new_names(
    document: Mapping[str, Any], start: datetime | None, end: datetime | None
) -> tuple[datetime | None, datetime | None]:
    # VC Data Model 1.1, 4.6: its context knows the names of 2.0 too. Who reads them shall not be
    # deceived: the period is the one that all of them allow.
    if "validFrom" in document:
        later = read_time(document["validFrom"], "validFrom")
        start = max(start or later, later)
    if "validUntil" in document:
        earlier = read_time(document["validUntil"], "validUntil")
        end = min(end or earlier, earlier)
    return start, end


# --- rules --------------------------------------------------------------------------------------


def check_credential(document: Mapping[str, Any]) -> None:
    """Raise `CredentialError` for a credential of any type that breaks a rule of the data model."""
    check_contexts(document)
    check_types(document, "VerifiableCredential")
    _check_id(document, "id")
    issuer_id(document)
    _check_subjects(document)
    start, _end = period(document)
    if start is None and is_version_1(document):
        raise CredentialError("the document has no issuanceDate")
    for member, where in ((document, ""), (document.get("issuer"), "issuer.")):
        if isinstance(member, dict):
            check_texts(member, where)
    check_typed(document)
    check_related_resources(document)


def check_presentation(document: Mapping[str, Any]) -> None:
    """Raise `CredentialError` for a presentation that breaks a rule of the data model (4.13).

    The credentials in it are objects; what is in them is judged apart.
    """
    check_contexts(document)
    check_types(document, "VerifiablePresentation")
    _check_id(document, "id")
    holder_id(document)
    check_typed(document, ("termsOfUse",))
    for entry in entries_of(document, "verifiableCredential"):
        if not isinstance(entry, dict) or not entry:
            raise CredentialError(
                f"an entry of verifiableCredential is not an object: {str(entry)[:100]!r}"
            )


def check_contexts(document: Mapping[str, Any]) -> None:
    """Refuse a @context that is not an ordered set starting with the base context (4.3)."""
    contexts = document.get("@context")
    if not isinstance(contexts, list):
        raise CredentialError("@context is not a list")
    if not contexts or contexts[0] not in (VC1, VC2):
        raise CredentialError("the first @context is not that of verifiable credentials")
    named = [item for item in contexts if isinstance(item, str)]
    if len(set(named)) != len(named):
        raise CredentialError("a @context stands twice")


def check_types(document: Mapping[str, Any], needed: str) -> None:
    """Refuse types that are not texts, or do not name what the document is (4.5)."""
    _typed(document, "the document")
    if needed not in types_of(document):
        raise CredentialError(f"the type {types_of(document)} is no {needed}")


def check_texts(document: Mapping[str, Any], where: str = "") -> None:
    """Refuse names and descriptions that are no text in a language (4.6 and 11.1)."""
    for name in _TEXTS:
        if name not in document or isinstance(document[name], str):
            continue
        for value in entries_of(document, name):
            if isinstance(value, str):
                continue
            if not isinstance(value, dict) or not isinstance(value.get("@value"), str):
                raise CredentialError(f"{where}{name} is not a text")
            extra = sorted(set(value) - _LANGUAGE_MEMBERS)
            if extra:
                raise CredentialError(f"{where}{name} has the member {extra[0][:60]!r}")


def check_typed(document: Mapping[str, Any], names: tuple[str, ...] = _TYPED) -> None:
    """Refuse status, terms, evidence, refresh service or schema without type or with a bad id."""
    required = _ID_REQUIRED_1 if is_version_1(document) else _ID_REQUIRED
    for name in names:
        for entry in entries_of(document, name) if name in document else ():
            if not isinstance(entry, dict):
                raise CredentialError(f"{name} has an entry that is not an object")
            _typed(entry, name)
            if "id" in entry or name in required:
                check_url(entry.get("id"), f"{name}.id")
            if name == "credentialStatus" and "BitstringStatusListEntry" in types_of(entry):
                _check_status_entry(entry)


def check_url(value: Any, name: str) -> str:
    """Give the URL that `value` is; raise `CredentialError` for anything else (4.4)."""
    if not isinstance(value, str) or not _is_url(value):
        raise CredentialError(f"{name} is not a URL: {str(value)[:200]!r}")
    return value


def _is_url(value: str) -> bool:
    return bool(_is_short_url(value) if len(value) <= _SHORT else _URL.fullmatch(value))


@lru_cache(maxsize=4_000)
def _is_short_url(value: str) -> bool:
    # Several checks ask for the same ids, and most ids come again with the next badge.
    return _URL.fullmatch(value) is not None


def _typed(entry: Mapping[str, Any], name: str) -> None:
    value = entry.get("type")
    types = value if isinstance(value, list) else [value]
    if not types or not all(types) or len(types_of(entry)) != len(types):
        raise CredentialError(f"{name} has an entry without a type")


def _check_status_entry(entry: Mapping[str, Any]) -> None:
    # Bitstring Status List 1.0, 2.1.
    url = check_url(entry.get("statusListCredential"), "credentialStatus.statusListCredential")
    if entry.get("id") == url:
        raise CredentialError("credentialStatus.id is the address of the list itself")
    if not isinstance(entry.get("statusPurpose"), str):
        raise CredentialError("credentialStatus has no statusPurpose")
    index = entry.get("statusListIndex")
    if not isinstance(index, str) or not _INDEX.fullmatch(index):
        raise CredentialError(f"the statusListIndex {str(index)[:40]!r} is no decimal number")


def _check_id(document: Mapping[str, Any], name: str) -> None:
    if name in document:
        check_url(document[name], name)


def _check_subjects(document: Mapping[str, Any]) -> None:
    subjects = entries_of(document, "credentialSubject")
    if not subjects:
        raise CredentialError("the document has no credentialSubject")
    for subject in subjects:
        if not isinstance(subject, dict) or not subject:
            raise CredentialError("credentialSubject is not an object that says something")
        if "id" in subject:
            check_url(subject["id"], "credentialSubject.id")


# --- resources and schemas ----------------------------------------------------------------------


def check_related_resources(
    document: Mapping[str, Any], given: Mapping[str, bytes] | None = None
) -> tuple[str, ...]:
    """Check the digests of `relatedResource` (VC Data Model 2.0, 5.3); give what was not at hand.

    At hand are the pinned contexts and schemas whose bytes are the published ones, and the bytes
    `given` by address. Raises `CredentialError` for a malformed entry and for a wrong digest.
    """
    if "relatedResource" not in document:
        return ()
    entries = entries_of(document, "relatedResource")
    if len(entries) > _MAX_ENTRIES:
        raise CredentialError(f"more than {_MAX_ENTRIES} related resources")
    seen: set[str] = set()
    not_checked = []
    for entry in entries:
        if not isinstance(entry, dict):
            raise CredentialError("relatedResource has an entry that is not an object")
        url = check_url(entry.get("id"), "relatedResource.id")
        if url in seen:
            raise CredentialError(f"relatedResource names {url[:200]!r} twice")
        seen.add(url)
        data = (given or {}).get(url)
        if not _check_digests(entry, url, _published(url) if data is None else data):
            not_checked.append(url)
    return tuple(not_checked)


def check_credential_schemas(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Check a credential against the schemas it names (4.11); give those that could not be checked.

    `check_credential` must have passed. Only pinned schemas are used, by the types JsonSchema
    and 1EdTechJsonSchemaValidator2019.
    """
    not_checked = []
    for entry in entries_of(document, "credentialSchema"):
        url = entry["id"]
        if url not in _SCHEMAS or not set(_SCHEMA_TYPES).intersection(types_of(entry)):
            not_checked.append(url)
            continue
        if "digestSRI" in entry or "digestMultibase" in entry:
            _check_digests(entry, url, _published(url))
        try:
            check_schema(dict(document), _SCHEMAS[url])
        except ContextError as error:
            raise CheckFailed("shape.schema", error.detail) from error
    return tuple(not_checked)


def _check_digests(entry: Mapping[str, Any], url: str, data: bytes | None) -> bool:
    found = list(_digests(entry, url))
    if not found:
        raise CredentialError(f"{url[:200]!r} has neither digestSRI nor digestMultibase")
    if data is None:
        return False
    for alternatives in found:
        if not any(hashlib.new(name, data).digest() == value for name, value in alternatives):
            raise CredentialError(f"the digest of {url[:200]!r} is another one")
    return True


def _digests(entry: Mapping[str, Any], url: str) -> Iterator[list[tuple[str, bytes]]]:
    """Give alternatives: of each member that is there, one digest must match."""
    if "digestSRI" in entry:
        value = entry["digestSRI"]
        yield _strongest([_sri(word, url) for word in value.split()] if _text(value) else [], url)
    if "digestMultibase" in entry:
        values = entries_of(entry, "digestMultibase")
        if len(values) > _MAX_DIGESTS:
            raise CredentialError(f"{url[:200]!r} has more than {_MAX_DIGESTS} digests")
        for value in values:
            yield [_multibase(value, url)]


def _strongest(found: list[tuple[str, bytes]], url: str) -> list[tuple[str, bytes]]:
    # Subresource Integrity, 3.3.4: only the strongest algorithm counts.
    if not found:
        raise CredentialError(f"the digestSRI of {url[:200]!r} is not one")
    best = max(name for name, _value in found)
    return [(name, value) for name, value in found if name == best]


def _sri(word: str, url: str) -> tuple[str, bytes]:
    match = re.fullmatch(_SRI, word)
    try:
        value = binascii.a2b_base64(match[2], strict_mode=True) if match else b""
    except binascii.Error:
        value = b""
    # Python takes padding where there is nothing to fill.
    if not match or len(match[2]) % 4 or len(value) * 8 != int(match[1]):
        raise CredentialError(f"the digestSRI of {url[:200]!r} is not one")
    return f"sha{match[1]}", value


def _multibase(value: Any, url: str) -> tuple[str, bytes]:
    try:
        text = value if _text(value) else ""
        data = base64url_decode(text[1:]) if text.startswith("u") else multibase_decode(text)
    except KeysError:
        data = b""
    name = _MULTIHASH.get(data[:2])
    if name is not None and len(data) == 2 + hashlib.new(name).digest_size:
        return name, data[2:]
    if len(data) == 32:  # some issuers leave the name of the algorithm away
        return "sha256", data
    raise CredentialError(f"the digestMultibase of {url[:200]!r} is not one")


def _text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 1_000


def _published(url: str) -> bytes | None:
    """Give the published bytes of a pinned file; None where ours are only the same JSON value."""
    for kind in ("context", "schema"):
        row = pinned(kind).get(url)
        if row is not None and row.equal == "bytes":
            return _bytes_of(row)
    return None


@cache
def _bytes_of(row: Pinned) -> bytes:
    return row.read()
