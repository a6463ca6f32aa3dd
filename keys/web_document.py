"""Documents that name their own address: of a did:web, or of a controller with an https address.

A controller need not be a DID (Controlled Identifiers 1.0, 2): its document lies at its identifier.
"""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from contexts import ContextError, loads_strict
from keys.errors import DidError
from keys.fetching import CannotFetch, Fetch, HttpRequest
from keys.freshness import fresh_for

_MAX_BYTES = 200_000
_LOOPBACK = ("localhost", "127.0.0.1")
_ACCEPT = "application/cid, application/did+json, application/ld+json, application/json"


def is_web_address(address: str) -> bool:
    """Tell an https address with a host; http is one for loopback only, as in `keys.did.web`."""
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or "@" in parts.netloc or any(character <= " " for character in address):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)


def controlled_document(identifier: str, fetch: Fetch | None) -> dict[str, Any]:
    """Fetch the document of a controller named by an https address.

    Raises `DidError` when there is none or it is not about `identifier`, `CannotFetch` when it
    could not be asked for.
    """
    if not is_web_address(identifier):
        raise DidError(
            f"{identifier[:200]!r} is neither a DID nor an https address",
            code="INVALID_VERIFICATION_METHOD_URL",
        )
    return fetched(identifier, identifier, fetch, accept=_ACCEPT)[0]


def fetched(
    identifier: str, url: str, fetch: Fetch | None, *, accept: str
) -> tuple[dict[str, Any], timedelta]:
    """Give the document at `url`, which must be about `identifier`, and how long it may be kept."""
    if fetch is None:
        raise CannotFetch(f"{identifier[:200]} lies on the web, and nothing may be fetched")
    response = fetch(HttpRequest(url, headers={"Accept": accept}))
    if response.status in (404, 410):
        raise DidError(f"there is no document at {url}", code="notFound")
    if response.status != 200:
        raise CannotFetch(f"{url} answered {response.status}")
    try:
        document = loads_strict(response.body, max_bytes=_MAX_BYTES)
    except ContextError as error:
        raise DidError(f"{url}: {error.detail}", code="invalidDidDocument") from error
    if not isinstance(document, dict) or document.get("id") != identifier:
        raise DidError(
            f"the document at {url} is not about {identifier}", code="invalidDidDocument"
        )
    return document, fresh_for(response.headers) or timedelta(0)
