"""DID methods, one file each, found by folder; and the identifiers that we make ourselves.

A method's file has ``METHOD`` (its name) and ``resolve(asked)``, which gives what was found.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from urllib.parse import unquote

from keys.did.jwk import did_jwk
from keys.did.key import did_key
from keys.did.web import did_web, did_web_url
from keys.errors import DidError
from keys.lookup import Asked, Found

__all__ = [
    "DidError",
    "DidUrl",
    "did_jwk",
    "did_key",
    "did_web",
    "did_web_url",
    "parse_did",
    "parse_did_url",
    "resolvers",
]

Resolver = Callable[[Asked], Found]

_DID = re.compile(
    r"did:([a-z0-9]+):((?:[A-Za-z0-9._:-]|%[0-9A-Fa-f]{2})*(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2}))"
)
_SPACE = re.compile(r"\s")
_MAX_CHARACTERS = 2_000
_MAX_PARAMETERS = 10


@dataclass(frozen=True)
class DidUrl:
    """The parts of a DID URL that we use."""

    did: str
    method: str
    fragment: str = ""
    query: dict[str, str] = field(default_factory=dict)


def parse_did_url(value: str) -> DidUrl:
    """Split a DID URL (DID Core 1.0, 3.1 and 3.2); one with a path is refused."""
    if not isinstance(value, str) or len(value) > _MAX_CHARACTERS:
        raise DidError("the identifier is not a DID, or too long")
    before, _, fragment = value.partition("#")
    did, mark, written = before.partition("?")
    found = _DID.fullmatch(did)
    if not found:
        raise DidError(f"{did[:200]!r} is not a DID")
    pairs = [pair.partition("=") for pair in written.split("&")] if mark else []
    query = {unquote(name): unquote(text) for name, _, text in pairs}
    is_odd = "" in query or len(query) != len(pairs) or len(pairs) > _MAX_PARAMETERS
    if is_odd or "#" in fragment or _SPACE.search(fragment + written):
        raise DidError(f"{value[:200]!r} is not a DID URL", code="invalidDidUrl")
    return DidUrl(did, found[1], fragment, query)


def parse_did(value: str) -> tuple[str, str, str]:
    """Split a DID URL into DID, method name and fragment.

    Paths and queries are refused: no key of ours is named by one.
    """
    url = parse_did_url(value)
    if url.query:
        raise DidError(f"{value[:200]!r} names a version, not a DID or a key")
    return url.did, url.method, url.fragment


class _Resolvers(Mapping[str, Resolver]):
    """The resolvers of this folder; the file of a method is imported when it is asked for."""

    def __init__(self) -> None:
        self._methods = sorted({path.stem for path in Path(__file__).parent.glob("[a-z]*.py")})

    def __getitem__(self, method: str) -> Resolver:
        if method not in self._methods:
            raise KeyError(method)
        module = import_module(f"{__name__}.{method}")
        resolver: Resolver = module.resolve
        return resolver

    def __iter__(self) -> Iterator[str]:
        return iter(self._methods)

    def __len__(self) -> int:
        return len(self._methods)


@cache
def resolvers() -> Mapping[str, Resolver]:
    """Give the resolver of each method, found in this folder."""
    return _Resolvers()
