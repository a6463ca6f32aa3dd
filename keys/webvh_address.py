"""Where a did:webvh leads (did:webvh DID Method v1.0, Method-Specific Identifier)."""

import re
from urllib.parse import quote, unquote_to_bytes

from keys.did import parse_did
from keys.did.web import did_web_url
from keys.errors import DidError

_DID = re.compile(r"did:webvh:([1-9A-HJ-NP-Za-km-z]{46}):([^:]+)((?::[^:]+)*)")
_PORT = re.compile("%3a", re.IGNORECASE)


def scid_of(did: str) -> str:
    """Give the hash in the identifier, which must lead to an https address."""
    folder_url(did)
    return _parts(did)[0]


def folder_url(did: str, *, without_path: str = "") -> str:
    """Give the https address, without a slash at its end, of what a did:webvh publishes.

    `without_path` stands for the path of an identifier that has none, e.g. "/.well-known".
    """
    _scid, host, path = _parts(did)
    # Hosts are judged as those of did:web are: no addresses, ports in range.
    origin = did_web_url(f"did:web:{host}").removesuffix("/.well-known/did.json")
    if not origin.startswith("https:"):
        raise DidError(f"{host[:100]!r} is an address, not a host name")
    return origin + ("".join(f"/{_segment(segment)}" for segment in path) or without_path)


def _parts(did: str) -> tuple[str, str, list[str]]:
    bare, _method, fragment = parse_did(did)
    found = _DID.fullmatch(bare)
    if not found or fragment:
        raise DidError(f"{did[:200]!r} is not a did:webvh: a hash, a host, a path")
    host = _PORT.sub("%3A", found[2])
    if "." not in host:
        raise DidError(f"{host[:100]!r} is not a whole domain name")
    return found[1], host.lower().replace("%3a", "%3A"), found[3].split(":")[1:]


def _segment(written: str) -> str:
    try:
        text = unquote_to_bytes(written).decode()
    except UnicodeDecodeError as error:
        raise DidError(f"the path segment {written[:60]!r} is not UTF-8") from error
    if text in (".", "..") or text != text.strip() or not text or not text.isprintable():
        raise DidError(f"the path segment {written[:60]!r} is not plain")
    if "/" in text or "\\" in text:
        raise DidError(f"the path segment {written[:60]!r} is not plain")
    return quote(text, safe="")
