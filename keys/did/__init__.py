"""DID methods, one file each, found by folder; and the identifiers that we make ourselves.

A method's file has ``METHOD`` (its name) and ``resolve(did, fetch)``, which gives the DID document.
"""

import re
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

from keys.did.jwk import did_jwk
from keys.did.key import did_key
from keys.did.web import did_web, did_web_url
from keys.errors import DidError
from keys.fetching import Fetch

__all__ = ["DidError", "did_jwk", "did_key", "did_web", "did_web_url", "parse_did", "resolvers"]

Resolver = Callable[[str, Fetch | None], dict[str, Any]]

_DID = re.compile(
    r"did:([a-z0-9]+):((?:[A-Za-z0-9._:-]|%[0-9A-Fa-f]{2})*(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2}))"
)
_SPACE = re.compile(r"\s")
_MAX_CHARACTERS = 2_000


def parse_did(value: str) -> tuple[str, str, str]:
    """Split a DID URL into DID, method name and fragment (DID Core 1.0, 3.1 and 3.2).

    Paths and queries are refused: no key of ours is named by one.
    """
    if not isinstance(value, str) or len(value) > _MAX_CHARACTERS:
        raise DidError("the identifier is not a DID, or too long")
    did, _, fragment = value.partition("#")
    found = _DID.fullmatch(did)
    if not found:
        raise DidError(f"{did[:200]!r} is not a DID")
    if "#" in fragment or _SPACE.search(fragment):
        raise DidError(f"{value[:200]!r} is not a DID URL", code="invalidDidUrl")
    return did, found[1], fragment


@cache
def resolvers() -> MappingProxyType[str, Resolver]:
    """Give the resolver of each method, found in this folder."""
    found: dict[str, Resolver] = {}
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.stem != "__init__":
            module = import_module(f"{__name__}.{path.stem}")
            found[module.METHOD] = module.resolve
    return MappingProxyType(found)
