"""StatusList2021, the older form of the bitstring list: only to be verified.

Credentials in the shape of VC 1.1 name it. The list is gzip in base64 without a multibase prefix
(StatusList2021, 3.2): issuers write either alphabet.
"""

import base64
import binascii
from typing import Any

from credentials.report import CannotCheck, CheckFailed
from credentials.status.bits import check_length, expand_gzip, read_index, value_at
from credentials.status.bitstring import CANCELLING
from credentials.status.looking import Looking, fresh_until, signed_list
from credentials.status.result import StatusResult
from keys.errors import KeysError
from keys.multibase import base64url_decode

ENTRY = "StatusList2021Entry"


def look_up(entry: dict[str, Any], looking: Looking) -> StatusResult:
    """Say what the list says about one entry (StatusList2021, 4.2)."""
    purpose, url = entry.get("statusPurpose"), entry.get("statusListCredential")
    if not isinstance(purpose, str) or purpose not in CANCELLING:
        raise CannotCheck("status.unsupported", f"the status purpose {str(purpose)[:60]!r}")
    index = read_index(entry.get("statusListIndex"))
    if not isinstance(url, str):
        raise CheckFailed("status.bad-list", "the status entry names no list")
    found = signed_list(
        url,
        looking,
        credential_type="StatusList2021Credential",
        list_type="StatusList2021",
        purpose=purpose,
    )
    bits = expand_gzip(_decoded(found.subject.get("encodedList")), "encodedList")
    check_length(bits, size=1, shortest=looking.shortest)
    if value_at(bits, index):
        raise CheckFailed(CANCELLING[purpose], f"entry {index} of {url} is set for {purpose}")
    return StatusResult(
        has_status=True,
        listed_at=found.valid_from,
        valid_until=found.valid_until,
        fresh_until=fresh_until(looking.now, found.valid_until, None),
    )


def _decoded(encoded: Any) -> bytes:
    if not isinstance(encoded, str):
        raise CheckFailed("status.bad-list", "the list has no encodedList")
    try:
        if not set("+/=").intersection(encoded):
            return base64url_decode(encoded)
        return base64.b64decode(encoded, validate=True)
    except (KeysError, binascii.Error, ValueError) as error:
        raise CheckFailed("status.bad-list", f"encodedList is not base64: {error}") from error
