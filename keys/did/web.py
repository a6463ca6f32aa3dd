"""did:web: the identifier is an https address (did:web Method Specification, 2.5.2).

http is used for loopback hosts only, so that the demo and tests run without certificates; the
fetcher refuses loopback unless its settings allow it.
"""

import re
from typing import Any
from urllib.parse import unquote, urlsplit

from contexts import ContextError, loads_strict
from keys.errors import DidError
from keys.fetching import CannotFetch, Fetch, HttpRequest

METHOD = "web"
_MAX_DOCUMENT_BYTES = 200_000
_HOST = re.compile(
    r"(?=.{1,253}(?:%3A|$))(?!-)[a-z0-9-]+(?:\.[a-z0-9-]+)*(?:%3A([1-9][0-9]{0,4}))?"
)
_SEGMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._~-]*")
_LOOPBACK = ("localhost", "127.0.0.1")


def did_web(base_url: str, *path: str) -> str:
    """Name the owner of an origin, e.g. "https://issuer.example" or "http://localhost:8001"."""
    parts = urlsplit(base_url)
    if not parts.hostname or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise DidError(f"{base_url!r} is not an origin")
    port = f"%3A{parts.port}" if parts.port else ""
    did = ":".join(["did:web:" + parts.hostname + port, *path])
    did_web_url(did)  # refuses what could not be resolved
    return did


def did_web_url(did: str) -> str:
    """Give the address of the document of a did:web."""
    host, *path = did.removeprefix("did:web:").split(":")
    found = _HOST.fullmatch(host)
    name = unquote(host).split(":")[0]
    if not found or (found[1] and int(found[1]) > 65535):
        raise DidError(f"{host[:200]!r} is not a host name with an optional port")
    if name not in _LOOPBACK and re.fullmatch(r"[0-9a-fx.]+", name):
        raise DidError(f"{name[:100]!r} is a number, not a host name")
    if not all(_SEGMENT.fullmatch(segment) for segment in path):
        raise DidError(f"the path of {did[:200]!r} is not plain")
    scheme = "http" if name in _LOOPBACK else "https"
    where = "/".join(path) if path else ".well-known"
    return f"{scheme}://{unquote(host)}/{where}/did.json"


def resolve(did: str, fetch: Fetch | None) -> dict[str, Any]:
    """Fetch the document; it must be about this very identifier."""
    url = did_web_url(did)
    if fetch is None:
        raise CannotFetch(f"{did} lies on the web, and nothing may be fetched")
    response = fetch(HttpRequest(url, headers={"Accept": "application/did+json, application/json"}))
    if response.status in (404, 410):
        raise DidError(f"there is no document at {url}", code="notFound")
    if response.status != 200:
        raise CannotFetch(f"{url} answered {response.status}")
    try:
        document = loads_strict(response.body, max_bytes=_MAX_DOCUMENT_BYTES)
    except ContextError as error:
        raise DidError(f"{url}: {error.detail}", code="invalidDidDocument") from error
    if not isinstance(document, dict) or document.get("id") != did:
        raise DidError(f"the document at {url} is not about {did}", code="invalidDidDocument")
    return document
