"""did:web: the identifier is an https address (did:web Method Specification, 2.5.2).

http is used for loopback hosts only, so that the demo and tests run without certificates; the
fetcher refuses loopback unless its settings allow it.
"""

import re
from urllib.parse import unquote, urlsplit

from keys.errors import DidError
from keys.lookup import Asked, Found
from keys.web_document import fetched

METHOD = "web"
_MAX_HOST = 253
_MAX_PORT = 65_535
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"({_LABEL}(?:\.{_LABEL})*)(?:%3A([1-9][0-9]{{0,4}}))?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
"""A host whose last label looks like this is an address, in any base (WHATWG URL, 3.5)."""
_SEGMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._~-]*")
_LOOPBACK = ("localhost", "127.0.0.1")


def did_web(base_url_or_host: str, *path: str) -> str:
    """Name the owner of an origin, e.g. "https://issuer.example" or "http://localhost:8001".

    A host alone, e.g. "issuer.example", stands for its https origin. An origin that the
    identifier would not lead back to (http, unless loopback) is refused.
    """
    given = base_url_or_host if "//" in base_url_or_host else f"//{base_url_or_host}"
    try:
        parts = urlsplit(given)
        host, number = parts.hostname, parts.port
    except ValueError as error:
        raise DidError(f"{base_url_or_host!r} is not an origin") from error
    if not host or parts.path not in ("", "/") or "@" in given or "?" in given or "#" in given:
        raise DidError(f"{base_url_or_host!r} is not an origin")
    port = f"%3A{number}" if number else ""
    did = ":".join([f"did:web:{host}{port}", *path])
    if parts.scheme not in ("", urlsplit(did_web_url(did)).scheme):
        raise DidError(f"{base_url_or_host!r} has another scheme than did:web resolves by")
    return did


def did_web_url(did: str) -> str:
    """Give the address of the document of a did:web."""
    if not did.startswith("did:web:"):
        raise DidError(f"{did[:200]!r} is not a did:web")
    host, *path = did.removeprefix("did:web:").split(":")
    found = _HOST.fullmatch(host)
    if not found or len(found[1]) > _MAX_HOST or int(found[2] or 1) > _MAX_PORT:
        raise DidError(f"{host[:200]!r} is not a host name with an optional port")
    name = found[1]
    if name not in _LOOPBACK and _NUMBER.fullmatch(name.rsplit(".", 1)[-1]):
        raise DidError(f"{name[:100]!r} is an address, not a host name")
    if not all(_SEGMENT.fullmatch(segment) for segment in path):
        raise DidError(f"the path of {did[:200]!r} is not plain")
    scheme = "http" if name in _LOOPBACK else "https"
    where = "/".join(path) if path else ".well-known"
    return f"{scheme}://{unquote(host)}/{where}/did.json"


def resolve(asked: Asked) -> Found:
    """Fetch the document; it must be about this very identifier."""
    document, kept = fetched(
        asked.did,
        did_web_url(asked.did),
        asked.fetch,
        accept="application/did+json, application/json",
    )
    return Found(document, fresh_for=kept)
