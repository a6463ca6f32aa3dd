"""1EdTech Credential Status: a plain list of the ids of revoked credentials, only to be verified.

Nobody signs such a list (1EdTech Credential Status 1.0): what speaks for it is the https address
that the signed credential names. The result says so.
"""

from typing import Any
from urllib.parse import urlsplit

from contexts import ContextError, loads_strict
from credentials.report import CannotCheck, CheckFailed
from credentials.status.looking import Looking, fetched
from credentials.status.result import StatusResult

ENTRY = "1EdTechRevocationList"

_NAMES = ("revokedCredential", "revokedCredentials")
"""The member's name in the specification's model, and in what is published."""


def look_up(entry: dict[str, Any], looking: Looking, *, credential_id: Any) -> StatusResult:
    """Say whether the list names the credential; ids are compared character by character."""
    url = entry.get("id")
    if not isinstance(url, str) or not _is_https(url):
        raise CheckFailed("status.bad-list", "an unsigned list must be named by an https address")
    if not isinstance(credential_id, str):
        raise CheckFailed("status.bad-list", "the credential has no id that a list could name")
    body = fetched(url, looking, accept="application/json, application/ld+json").body
    try:
        document = loads_strict(body)
    except ContextError as error:
        raise CannotCheck("status.unreachable", f"{url}: {error.detail}") from error
    if not isinstance(document, dict) or not any(name in document for name in _NAMES):
        raise CannotCheck("status.unreachable", f"{url} is not a list of revoked credentials")
    if document.get("id", url) != url or _issuer(document, looking) != looking.issuer:
        raise CheckFailed("status.bad-list", f"{url} is the list of another issuer or address")
    for one in _revoked(document, url):
        if one == credential_id:
            raise CheckFailed("status.revoked", f"{url} names the credential")
    return StatusResult(has_status=True, unsigned=True)


def _revoked(document: dict[str, Any], url: str) -> list[str]:
    """Give the ids that are revoked; `revoked` may be left out, and counts as true then."""
    found = []
    for name in _NAMES:
        value = document.get(name, [])
        for one in value if isinstance(value, list) else [value]:
            identifier = one.get("id") if isinstance(one, dict) else one
            revoked = one.get("revoked", True) if isinstance(one, dict) else True
            if not isinstance(identifier, str) or not isinstance(revoked, bool):
                raise CheckFailed("status.bad-list", f"{url} has an entry that names no credential")
            if revoked:
                found.append(identifier)
    return found


def _issuer(document: dict[str, Any], looking: Looking) -> Any:
    issuer = document.get("issuer", looking.issuer)
    return issuer.get("id") if isinstance(issuer, dict) else issuer


def _is_https(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return False
