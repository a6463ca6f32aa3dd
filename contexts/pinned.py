"""The pinned table: which contexts and schemas exist for us, and the bytes they must have.

Nothing here asks the network. A file whose bytes differ from its pinned digest stops the program.
"""

import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from contexts.errors import UnknownContext

_FOLDER = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Pinned:
    """One pinned file: its published address, where it lies here, its digest and origin."""

    url: str
    file: str
    sha256: str
    source: str
    licence: str
    equal: str
    """How our file compares with the published one: same "bytes", or same "json" value."""

    def read(self) -> bytes:
        """Give the bytes, checked against the digest."""
        data = (_FOLDER / self.file).read_bytes()
        if hashlib.sha256(data).hexdigest() != self.sha256:
            raise RuntimeError(f"{self.file} is not the file that was pinned for {self.url}")
        return data


@cache
def pinned(kind: str) -> dict[str, Pinned]:
    """Give the table of one kind, "context" or "schema", by address."""
    table = tomllib.loads((_FOLDER / "pinned.toml").read_text("utf-8"))
    return {row["url"]: Pinned(**row) for row in table[kind]}


@cache
def _document(kind: str, url: str) -> Any:
    return json.loads(pinned(kind)[url].read())


_ADMITTED: dict[str, dict[str, Any]] = {}
_INLINE = "inline"


@contextmanager
def admit_contexts_for_conformance(
    documents: Mapping[str, dict[str, Any]], *, inline: bool = False
) -> Iterator[None]:
    """Know further contexts for a while: those of published test suites, never in the product.

    No pinned context can be replaced. `inline` admits contexts written in the document itself, as
    far as they only give new names to absolute addresses.
    """
    shadowed = sorted(set(documents) & set(pinned("context")))
    if shadowed:
        raise ValueError(f"{shadowed[0]} is pinned")
    before = dict(_ADMITTED)
    _ADMITTED.update(documents)
    if inline:
        _ADMITTED[_INLINE] = {}
    try:
        yield
    finally:
        _ADMITTED.clear()
        _ADMITTED.update(before)


def admits_inline_contexts() -> bool:
    """Tell whether a conformance run admits contexts written in the document."""
    return _INLINE in _ADMITTED


def load_context(url: str) -> dict[str, Any]:
    """Give the pinned context of `url`; raise `UnknownContext` for any other address."""
    if url in _ADMITTED and url != _INLINE:
        return _ADMITTED[url]
    if url not in pinned("context"):
        raise UnknownContext(f"the context {str(url)[:200]!r} is not one of the pinned ones")
    document: dict[str, Any] = _document("context", url)
    return document


def load_schema(url: str) -> dict[str, Any]:
    """Give the pinned JSON schema of `url`; raise `UnknownContext` for any other address."""
    if url not in pinned("schema"):
        raise UnknownContext(f"the schema {str(url)[:200]!r} is not one of the pinned ones")
    document: dict[str, Any] = _document("schema", url)
    return document
