"""Bitstring Status List 1.0: publish a list, and check an entry against it.

Indexes are strict ASCII decimals, lists have at least 131,072 entries, expand within a limit, and
must be signed by the badge's own issuer. A list that cannot be fetched leaves the question open.
"""

import re
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from gzip import compress
from typing import Any

from contexts import ContextError, loads_strict
from contexts.urls import VC2
from credentials.proofs import verify_proof
from credentials.report import CannotCheck, CheckFailed, CredentialError
from credentials.shape import issuer_id, period, types_of
from credentials.times import CLOCK_SKEW, write_time
from keys.errors import KeysError
from keys.fetching import CannotFetch, Fetch, HttpRequest
from keys.multibase import base64url_decode, base64url_encode

LIST_LENGTH = 131_072
"""Entries of a list: 16 KiB of bits (Bitstring Status List 1.0, 6.1)."""

_MAX_LIST_BYTES = 1_250_000
"""Ten million entries; nothing larger is expanded (threat 13)."""
_MAX_ENTRIES = 10
_INDEX = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)
_PURPOSES = {"revocation": "status.revoked", "suspension": "status.suspended"}
_MEDIA = "application/vc, application/vc+ld+json, application/ld+json, application/json"


@dataclass(frozen=True)
class StatusResult:
    """What the lists said, and how old they are."""

    has_status: bool
    listed_at: datetime | None = None
    valid_until: datetime | None = None


def status_entry(list_url: str, index: int, purpose: str = "revocation") -> dict[str, Any]:
    """Give the `credentialStatus` of a badge (Bitstring Status List 1.0, 2.1)."""
    return {
        "id": f"{list_url}#{index}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": purpose,
        "statusListIndex": str(index),
        "statusListCredential": list_url,
    }


def status_list_credential(
    *,
    list_url: str,
    issuer: str,
    purpose: str,
    revoked: Collection[int],
    valid_from: datetime,
    valid_until: datetime,
    ttl_ms: int,
    length: int = LIST_LENGTH,
) -> dict[str, Any]:
    """Give an unsigned BitstringStatusListCredential (2.2) with the bits of `revoked` set."""
    bits = bytearray(length // 8)
    for index in revoked:
        if not 0 <= index < length:
            raise CredentialError(f"the status index {index} is outside the list")
        bits[index // 8] |= 0x80 >> index % 8  # 3.1: index 0 is the left-most bit
    return {
        "@context": [VC2],
        "id": list_url,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer,
        "validFrom": write_time(valid_from),
        "validUntil": write_time(valid_until),
        "credentialSubject": {
            "id": f"{list_url}#list",
            "type": "BitstringStatusList",
            "statusPurpose": purpose,
            "encodedList": "u" + base64url_encode(compress(bytes(bits), mtime=0)),
            "ttl": ttl_ms,
        },
    }


def check_status(credential: dict[str, Any], *, fetch: Fetch | None, now: datetime) -> StatusResult:
    """Raise `CheckFailed` if any entry is set or bad, `CannotCheck` if any cannot be looked up.

    A bad answer of one entry wins over an open question of another. No entry at all passes, and
    the result says so.
    """
    value = credential.get("credentialStatus")
    entries = value if isinstance(value, list) else [] if value is None else [value]
    if len(entries) > _MAX_ENTRIES:
        raise CheckFailed("status.bad-list", f"more than {_MAX_ENTRIES} status entries")
    open_question: CannotCheck | None = None
    result = StatusResult(has_status=bool(entries))
    for entry in entries:
        try:
            result = _check_entry(entry, issuer_id(credential), fetch=fetch, now=now)
        except CannotCheck as question:
            open_question = question
    if open_question is not None:
        raise open_question
    return result


def _check_entry(entry: Any, issuer: str, *, fetch: Fetch | None, now: datetime) -> StatusResult:
    # The steps of Bitstring Status List 1.0, 3.2.
    if not isinstance(entry, dict) or "BitstringStatusListEntry" not in types_of(entry):
        kind = types_of(entry) if isinstance(entry, dict) else entry
        raise CannotCheck("status.unsupported", f"status entries of type {kind} are not read")
    purpose, url, index = (
        entry.get(name) for name in ("statusPurpose", "statusListCredential", "statusListIndex")
    )
    if purpose not in _PURPOSES:
        raise CannotCheck("status.unsupported", f"the status purpose {str(purpose)[:60]!r}")
    if not isinstance(index, str) or not _INDEX.fullmatch(index):
        raise CheckFailed("status.bad-list", f"the status index {str(index)[:40]!r} is no number")
    if not isinstance(url, str):
        raise CheckFailed("status.bad-list", "the status entry names no list")
    status_list = _fetch_list(url, fetch)
    valid_from, valid_until = _check_list(status_list, url, issuer, purpose, fetch=fetch, now=now)
    bits = _expand(status_list["credentialSubject"].get("encodedList"))
    position = int(index)
    if position >= len(bits) * 8:
        raise CheckFailed("status.bad-list", f"the list is shorter than the index {index}")
    if bits[position // 8] & (0x80 >> position % 8):
        raise CheckFailed(_PURPOSES[purpose], f"entry {index} of {url} is set for {purpose}")
    return StatusResult(has_status=True, listed_at=valid_from, valid_until=valid_until)


def _fetch_list(url: str, fetch: Fetch | None) -> dict[str, Any]:
    if fetch is None:
        raise CannotCheck("status.unreachable", f"{url} may not be fetched")
    try:
        response = fetch(HttpRequest(url, headers={"Accept": _MEDIA}))
    except CannotFetch as error:
        raise CannotCheck("status.unreachable", str(error)) from error
    if response.status != 200:
        raise CannotCheck("status.unreachable", f"{url} answered {response.status}")
    try:
        document = loads_strict(response.body)
    except ContextError as error:
        raise CannotCheck("status.unreachable", f"{url}: {error.detail}") from error
    if not isinstance(document, dict):
        raise CannotCheck("status.unreachable", f"{url} is not a status list")
    return document


def _check_list(
    document: dict[str, Any],
    url: str,
    issuer: str,
    purpose: str,
    *,
    fetch: Fetch | None,
    now: datetime,
) -> tuple[datetime | None, datetime | None]:
    subject = document.get("credentialSubject")
    try:
        right = (
            document.get("id") == url
            and "BitstringStatusListCredential" in types_of(document)
            and isinstance(subject, dict)
            and "BitstringStatusList" in types_of(subject)
        )
        if not right or not isinstance(subject, dict):
            raise CheckFailed("status.bad-list", f"{url} is not the status list it should be")
        purposes = subject.get("statusPurpose")
        if purpose not in (purposes if isinstance(purposes, list) else [purposes]):
            raise CheckFailed("status.bad-list", f"{url} is a list for {purposes!r}")
        if issuer_id(document) != issuer:
            raise CheckFailed("status.bad-list", f"{url} is the list of another issuer")
        start, end = period(document)
    except CredentialError as error:
        raise CheckFailed("status.bad-list", error.detail) from error
    try:
        verify_proof(document, purpose="assertionMethod", controller=issuer, fetch=fetch, now=now)
    except CannotCheck as error:
        raise CannotCheck("status.unreachable", error.detail) from error
    except CheckFailed as error:
        raise CheckFailed("status.bad-list", f"{url}: {error.detail}") from error
    if (start and start > now + CLOCK_SKEW) or (end and end < now - CLOCK_SKEW):
        # An old list says nothing about today.
        raise CannotCheck("status.unreachable", f"{url} is not valid now (until {end})")
    return start, end


def _expand(encoded: Any) -> bytes:
    if not isinstance(encoded, str) or not encoded.startswith("u"):
        raise CheckFailed("status.bad-list", "encodedList is not multibase base64url")
    expander = zlib.decompressobj(wbits=31)
    try:
        bits = expander.decompress(base64url_decode(encoded[1:]), _MAX_LIST_BYTES)
    except (zlib.error, KeysError) as error:
        raise CheckFailed("status.bad-list", f"encodedList does not expand: {error}") from error
    if expander.unconsumed_tail or not expander.eof:
        raise CheckFailed("status.bad-list", f"the list is larger than {_MAX_LIST_BYTES} bytes")
    if len(bits) * 8 < LIST_LENGTH:
        raise CheckFailed("status.bad-list", f"the list has fewer than {LIST_LENGTH} entries")
    return bits
