"""Token Status List (the IETF draft): the status of tokens that are no JSON-LD credentials.

The claim `status.status_list` names a signed token with the compressed list::

    check_token_status(verified.status, issuer=verified.issuer, fetch=fetch, now=now)

Only lists as JWT are read; one as CWT is refused by name.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from credentials.formats.issuer_keys import verify_token
from credentials.formats.jose import read_jws
from credentials.report import CannotCheck, CheckFailed
from credentials.status.bits import expand_zlib
from credentials.status.looking import Looking, fetched, fresh_until
from credentials.status.result import StatusResult
from credentials.times import CLOCK_SKEW
from keys.errors import KeysError
from keys.fetching import Fetch
from keys.multibase import base64url_decode

VerifyJws = Callable[[str], tuple[Mapping[str, Any], Mapping[str, Any]]]
"""Verifies a token, or raises; gives its header and its claims."""

_TYPE = "statuslist+jwt"
_CODES = {1: "status.revoked", 2: "status.suspended"}
_MAX_INDEX = 2**53
_MAX_SECONDS = 253_402_300_800
_MAX_LIFETIME = 366 * 86_400
_BYTES = re.compile(rb"[A-Za-z0-9_.-]+")


def check_token_status(
    status: Mapping[str, Any] | None,
    *,
    issuer: str,
    fetch: Fetch | None,
    now: datetime,
    verify_jws: VerifyJws | None = None,
) -> StatusResult:
    """Look up the claim `status` of a token (Token Status List, 8.3).

    1. The reference: an index and an address.
    2. The list token, signed by `issuer`; a status issuer of another name needs a `verify_jws` of
       the caller's, who knows its keys.
    3. It is the list of that address, and current.
    4. The value: 0 is valid; one that no rule explains leaves the question open.
    """
    if status is None:
        return StatusResult(has_status=False)
    index, url = _reference(status)  # 1
    looking = Looking(issuer, fetch, now)
    header, claims = _list_token(url, looking, verify_jws)  # 2
    made, ends, lifetime = _check_claims(header, claims, url, now)  # 3
    value = _value(claims.get("status_list"), index)  # 4
    if value in _CODES:
        raise CheckFailed(_CODES[value], f"entry {index} of {url} is {value}")
    if value:
        raise CannotCheck("status.unsupported", f"entry {index} of {url} is {value}")
    return StatusResult(True, made, ends, fresh_until(now, ends, lifetime))


def _reference(status: Mapping[str, Any]) -> tuple[int, str]:
    reference = status.get("status_list")
    if not isinstance(reference, dict):
        raise CannotCheck("status.unsupported", "the status names no status_list")
    index, url = reference.get("idx"), reference.get("uri")
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < _MAX_INDEX:
        raise CheckFailed("status.bad-list", f"the status index {str(index)[:40]!r} is no number")
    if not isinstance(url, str):
        raise CheckFailed("status.bad-list", "the status names no list")
    return index, url


def _list_token(
    url: str, looking: Looking, verify_jws: VerifyJws | None
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    response = fetched(url, looking, accept=f"application/{_TYPE}")
    if "cwt" in response.headers.get("content-type", ""):
        raise CannotCheck("status.unsupported", f"{url} is a list as CWT; only JWT is read")
    token = response.body.strip()
    if not _BYTES.fullmatch(token) or token.count(b".") != 2:
        raise CannotCheck("status.unreachable", f"{url} is not a status list token")
    verify = verify_jws or (lambda text: _verified(text, looking))
    try:
        return verify(token.decode("ascii"))
    except CannotCheck as error:
        raise CannotCheck("status.unreachable", error.detail) from error
    except CheckFailed as error:
        raise CheckFailed("status.bad-list", f"{url}: {error.detail}") from error


def _verified(text: str, looking: Looking) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    token = read_jws(text)
    verify_token(
        token, looking.issuer, purpose="assertionMethod", fetch=looking.fetch, now=looking.now
    )
    claims = token.claims()
    if claims.get("iss", looking.issuer) != looking.issuer:
        raise CheckFailed("status.bad-list", "iss names another issuer")
    return token.header, claims


def _check_claims(
    header: Mapping[str, Any], claims: Mapping[str, Any], url: str, now: datetime
) -> tuple[datetime, datetime | None, timedelta | None]:
    typ = str(header.get("typ", "")).lower().removeprefix("application/")
    if typ != _TYPE:
        raise CheckFailed("status.bad-list", f"{url} is a token of the type {typ[:60]!r}")
    if claims.get("sub") != url:
        raise CheckFailed("status.bad-list", f"{url} is the list of another address")
    made, ends = _moment(claims, "iat"), _moment(claims, "exp")
    if made is None:
        raise CheckFailed("status.bad-list", f"{url} does not say when it was made")
    if made > now + CLOCK_SKEW or (ends is not None and ends < now - CLOCK_SKEW):
        # An old list says nothing about today.
        raise CannotCheck("status.unreachable", f"{url} is not valid now (until {ends})")
    ttl = claims.get("ttl")
    if ttl is None:
        return made, ends, None
    if isinstance(ttl, bool) or not isinstance(ttl, int | float) or ttl <= 0:
        raise CheckFailed("status.bad-list", f"the ttl {str(ttl)[:40]!r} is no time in seconds")
    return made, ends, timedelta(seconds=min(ttl, _MAX_LIFETIME))


def _moment(claims: Mapping[str, Any], name: str) -> datetime | None:
    value = claims.get(name)
    if value is None:
        return None
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 <= value < _MAX_SECONDS:
        raise CheckFailed("status.bad-list", f"{name} is not a time: {str(value)[:40]!r}")
    return datetime.fromtimestamp(value, UTC)


def _value(status_list: Any, index: int) -> int:
    """Give the entry at `index`: its bits count from the right of each byte (4.1)."""
    size = status_list.get("bits") if isinstance(status_list, dict) else None
    if not isinstance(size, int) or isinstance(size, bool) or size not in (1, 2, 4, 8):
        raise CheckFailed("status.bad-list", f"entries of {str(size)[:40]!r} bits")
    encoded = status_list.get("lst")
    try:
        data = base64url_decode(encoded if isinstance(encoded, str) else "=")
    except KeysError as error:
        raise CheckFailed("status.bad-list", f"lst: {error.detail}") from error
    entries = expand_zlib(data, "lst")
    byte, place = divmod(index * size, 8)
    if byte >= len(entries):
        raise CheckFailed("status.range", f"the list ends before the index {index}")
    return entries[byte] >> place & (1 << size) - 1
