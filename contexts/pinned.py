"""The pinned table: which contexts and schemas exist for us, and the bytes they must have.

Nothing here asks the network. A file whose bytes differ from its pinned digest stops the program.
``python -m contexts.pinned`` writes `data/pinned.json` anew, the copy of the table.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple

from contexts.errors import UnknownContext

_FOLDER = os.path.join(os.path.dirname(__file__), "data")


class Pinned(NamedTuple):
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
        data = _read(self.file)
        if hashlib.sha256(data).hexdigest() != self.sha256:
            raise RuntimeError(f"{self.file} is not the file that was pinned for {self.url}")
        return data


def _read(name: str) -> bytes:
    # Without pathlib, which takes longer to load than this whole package.
    with open(os.path.join(_FOLDER, name), "rb") as file:
        return file.read()


@cache
def pinned(kind: str) -> dict[str, Pinned]:
    """Give the table of one kind, "context" or "schema", by address."""
    return {row["url"]: Pinned(**row) for row in _table()[kind]}


@cache
def _table() -> dict[str, Any]:
    """Read `pinned.toml`, or the copy that is read faster, as long as it is of these bytes."""
    written = _read("pinned.toml")
    copy: dict[str, Any] = json.loads(_read("pinned.json"))
    if copy["sha256"] == hashlib.sha256(written).hexdigest():
        return copy
    return _parsed(written)


def _parsed(written: bytes) -> dict[str, Any]:
    import tomllib  # takes longer than all that is read with it

    return tomllib.loads(written.decode())


def write_copy() -> str:
    """Give the text of the copy."""
    written = _read("pinned.toml")
    copy = {"sha256": hashlib.sha256(written).hexdigest(), **_parsed(written)}
    return json.dumps(copy, indent=1, ensure_ascii=False) + "\n"


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


if __name__ == "__main__":
    with open(os.path.join(_FOLDER, "pinned.json"), "w", encoding="utf-8") as written:
        written.write(write_copy())
