"""Bitstring Status List 1.0: publish a list, and look up an entry in one.

Revocation and suspension cancel a credential; a message or a refresh says something about it and
cancels nothing (2.1, 2.2).
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from contexts.urls import VC2
from credentials.model import check_url
from credentials.report import CannotCheck, CheckFailed, CredentialError
from credentials.status.bits import (
    check_length,
    expand_gzip,
    packed,
    read_index,
    value_at,
)
from credentials.status.looking import Looking, fresh_until, signed_list
from credentials.status.result import LIST_LENGTH, StatusResult
from credentials.times import write_time
from keys.errors import KeysError
from keys.multibase import base64url_decode, base64url_encode

ENTRY = "BitstringStatusListEntry"
CANCELLING: Mapping[str, str] = {
    "revocation": "status.revoked",
    "suspension": "status.suspended",
}
"""The purposes by which a set entry cancels, and the code that says so."""

_MESSAGE, _REFRESH = "message", "refresh"
_PURPOSES = (*CANCELLING, _MESSAGE, _REFRESH)
_MAX_SIZE = 16
_LONGEST_MESSAGE = 300
_MOST_KEPT = 64_000
_MAX_LIFETIME = timedelta(days=366)


def status_entry(
    list_url: str,
    index: int,
    purpose: str = "revocation",
    *,
    messages: Sequence[str] = (),
    reference: str | None = None,
) -> dict[str, Any]:
    """Give the `credentialStatus` of a badge (Bitstring Status List 1.0, 2.1).

    For the purpose "message", `messages` says what each value means: 2, 4, 8... of them, and
    `reference` where that is explained.
    """
    entry: dict[str, Any] = {
        "id": f"{list_url}#{index}",
        "type": ENTRY,
        "statusPurpose": purpose,
        "statusListIndex": str(index),
        "statusListCredential": list_url,
    }
    if bool(messages) != (purpose == _MESSAGE):
        raise CredentialError("an entry has messages if, and only if, its purpose is 'message'")
    if messages:
        size = (len(messages) - 1).bit_length()
        if len(messages) < 2 or len(messages) != 1 << size or size > _MAX_SIZE:
            raise CredentialError(f"{len(messages)} messages do not fill a number of bits")
        entry["statusSize"] = size
        entry["statusMessage"] = [
            {"status": hex(value), "message": message} for value, message in enumerate(messages)
        ]
    if reference is not None:
        entry["statusReference"] = check_url(reference, "statusReference")
    return entry


def status_list_credential(
    *,
    list_url: str,
    issuer: str,
    purpose: str,
    revoked: Collection[int] = (),
    values: Mapping[int, int] | None = None,
    size: int = 1,
    valid_from: datetime,
    valid_until: datetime,
    ttl_ms: int,
    length: int = LIST_LENGTH,
) -> dict[str, Any]:
    """Give an unsigned BitstringStatusListCredential (2.2) with the entries of `revoked` set.

    A list with more than one bit for each entry takes `values` by index instead.
    """
    if not 1 <= size <= _MAX_SIZE:
        raise CredentialError(f"the statusSize {size} is not between 1 and {_MAX_SIZE}")
    if ttl_ms < 0:
        raise CredentialError("the time-to-live of a list is negative")
    entries = {**dict.fromkeys(revoked, 1), **(values or {})}
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
            "encodedList": "u" + base64url_encode(packed(entries, length=length, size=size)),
            "ttl": ttl_ms,
        },
    }


def look_up(entry: dict[str, Any], looking: Looking) -> StatusResult:
    """Say what the list says about one entry (Bitstring Status List 1.0, 3.2).

    1. The entry itself. 2. Its list. 3. Length and value. 4. What the value means.
    """
    purpose, url, index = _entry(entry)  # 1
    size = _size(entry)
    found = signed_list(  # 2
        url,
        looking,
        credential_type="BitstringStatusListCredential",
        list_type="BitstringStatusList",
        purpose=purpose,
    )
    lifetime = _lifetime(found.subject)
    bits = _expanded(found.subject.get("encodedList"))
    check_length(bits, size=size, shortest=looking.shortest)  # 3
    value = value_at(bits, index, size=size)
    if value and purpose in CANCELLING:  # 4
        raise CheckFailed(CANCELLING[purpose], f"entry {index} of {url} is set for {purpose}")
    return StatusResult(
        has_status=True,
        listed_at=found.valid_from,
        valid_until=found.valid_until,
        fresh_until=fresh_until(looking.now, found.valid_until, lifetime),
        messages=(_message(entry, value),) if purpose == _MESSAGE else (),
        newer=purpose == _REFRESH and bool(value),
    )


def _entry(entry: dict[str, Any]) -> tuple[str, str, int]:
    purpose, url = entry.get("statusPurpose"), entry.get("statusListCredential")
    if purpose not in _PURPOSES:
        raise CannotCheck("status.unsupported", f"the status purpose {str(purpose)[:60]!r}")
    index = read_index(entry.get("statusListIndex"))
    if not isinstance(url, str):
        raise CheckFailed("status.bad-list", "the status entry names no list")
    assert isinstance(purpose, str)
    return purpose, url, index


def _size(entry: dict[str, Any]) -> int:
    if "statusSize" not in entry:
        return 1
    size = entry["statusSize"]
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= _MAX_SIZE:
        raise CheckFailed("status.bad-list", f"the statusSize {str(size)[:40]!r} is not read")
    if size > 1 and "statusMessage" not in entry:
        raise CheckFailed("status.bad-list", "an entry of several bits does not say what they mean")
    return size


def _message(entry: dict[str, Any], value: int) -> str:
    """Give what the issuer says that `value` means; each value means one thing (2.1)."""
    listed = entry.get("statusMessage")
    means: dict[int, str] = {}
    for one in listed if isinstance(listed, list) else [listed]:
        status, message = (
            (one.get("status"), one.get("message")) if isinstance(one, dict) else (None, None)
        )
        number = _hexadecimal(status)
        if number is None or number in means or not isinstance(message, str):
            raise CheckFailed("status.bad-list", f"the statusMessage {str(one)[:80]!r} is not one")
        means[number] = message
    if value not in means:
        raise CheckFailed("status.bad-list", f"no statusMessage says what {hex(value)} means")
    return means[value][:_LONGEST_MESSAGE]


def _hexadecimal(status: Any) -> int | None:
    digits = status.removeprefix("0x") if isinstance(status, str) else ""
    if digits == status or not 1 <= len(digits) <= 4:
        return None
    return int(digits, 16) if all(one in "0123456789abcdefABCDEF" for one in digits) else None


def _lifetime(subject: dict[str, Any]) -> timedelta | None:
    ttl = subject.get("ttl")
    if ttl is None:
        return None
    if isinstance(ttl, bool) or not isinstance(ttl, int) or ttl < 0:
        raise CheckFailed("status.bad-list", f"the ttl {str(ttl)[:40]!r} is no time in ms")
    return _milliseconds(min(ttl, 1 << 40))


@lru_cache(maxsize=16)
def _milliseconds(number: int) -> timedelta:
    return min(timedelta(milliseconds=number), _MAX_LIFETIME)


def _expanded(encoded: Any) -> bytes:
    if not isinstance(encoded, str) or not encoded.startswith("u"):
        raise CheckFailed("status.bad-list", "encodedList is not multibase base64url")
    return _bits(encoded) if len(encoded) <= _MOST_KEPT else _bits.__wrapped__(encoded)


@lru_cache(maxsize=16)
def _bits(encoded: str) -> bytes:
    # Lists are few and entries are many: one and the same is expanded once.
    try:
        data = base64url_decode(encoded[1:])
    except KeysError as error:
        raise CheckFailed("status.bad-list", f"encodedList: {error.detail}") from error
    return expand_gzip(data, "encodedList")
