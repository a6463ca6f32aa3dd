"""DID methods, one file each, found by folder; and the identifiers that we make ourselves.

A method's file has ``METHOD`` (its name) and ``resolve(asked)``, which gives what was found. It is
imported when the method is met.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from keys.errors import DidError
from keys.lookup import Asked, Found

if TYPE_CHECKING:
    from keys.did.jwk import did_jwk
    from keys.did.key import did_key
    from keys.did.web import did_web, did_web_url

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
_MADE_BY = {"did_jwk": "jwk", "did_key": "key", "did_web": "web", "did_web_url": "web"}

_DID = re.compile(
    r"did:([a-z0-9]+):((?:[A-Za-z0-9._:-]|%[0-9A-Fa-f]{2})*(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2}))"
)
_SPACE = re.compile(r"\s")
_MAX_CHARACTERS = 2_000
_MAX_PARAMETERS = 10


def __getattr__(name: str) -> Any:
    """Give what the file of a method makes, without importing the others (PEP 562)."""
    if name not in _MADE_BY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MADE_BY[name]}"), name)


class DidUrl(NamedTuple):
    """The parts of a DID URL that we use."""

    did: str
    method: str
    fragment: str = ""
    query: Mapping[str, str] = MappingProxyType({})


def parse_did_url(value: str) -> DidUrl:
    """Split a DID URL (DID Core 1.0, 3.1 and 3.2); one with a path is refused."""
    if not isinstance(value, str) or len(value) > _MAX_CHARACTERS:
        raise DidError("the identifier is not a DID, or too long")
    before, _, fragment = value.partition("#")
    did, mark, written = before.partition("?")
    found = _DID.fullmatch(did)
    if not found:
        raise DidError(f"{did[:200]!r} is not a DID")
    query = _query(written) if mark else {}
    if query is None or "#" in fragment or _SPACE.search(fragment + written):
        raise DidError(f"{value[:200]!r} is not a DID URL", code="invalidDidUrl")
    return DidUrl(did, found[1], fragment, query)


def _query(written: str) -> dict[str, str] | None:
    from urllib.parse import unquote  # keys are seldom named by a query

    pairs = [pair.partition("=") for pair in written.split("&")]
    query = {unquote(name): unquote(text) for name, _, text in pairs}
    is_odd = "" in query or len(query) != len(pairs) or len(pairs) > _MAX_PARAMETERS
    return None if is_odd else query


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
        self._methods = sorted(
            file.removesuffix(".py")
            for file in os.listdir(os.path.dirname(__file__))
            if file.endswith(".py") and not file.startswith("_")
        )

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
