"""Statements of a credential, and those that JSON pointers choose (ECDSA Cryptosuites 1.0, 3.4).

Where an object has no id, the whole document and a part of it would label it differently. So
each such object gets an id for the time being, part and whole are put in canonical form by the same
way as any document, and the ids become labels again.
"""

import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from hmac import digest
from typing import Any

from contexts import ContextError, canonical_rdfc
from contexts.rdfc import Quad, issued_identifiers
from credentials.report import CredentialError

_FOR_NOW = "urn:bnid:"
"""The scheme of ids that stand for labels (3.4.8); no document that we take uses it."""
_NAME = f"<{_FOR_NOW}"
_TERM = re.compile(r'"(?:[^"\\]|\\.)*"|<urn:bnid:(\w+)>|<[^>]*>|_:(\w+)')
_STRAY = re.compile("~(?![01])")
_PLACE = re.compile("0|[1-9][0-9]{0,5}")
_ALWAYS = frozenset({"@context", "id", "type"})
"""Members of every object on the way to what a pointer chooses (3.4.11)."""
_MAX_POINTERS = 1_000
_Tree = dict[str, "_Tree"]
"""Tokens of pointers below one value; an empty tree chooses all of it."""


@dataclass(frozen=True)
class Statements:
    """All statements of a document, sorted, with labels that only the holder of a key can guess."""

    lines: tuple[str, ...]
    labels: dict[str, str]
    """Label in the signature by label for the time being."""
    _named: dict[str, Any]
    _places: dict[str, int]
    """The place in `lines` of each statement, by how it is written with ids for the time being."""

    def chosen(self, pointers: Sequence[str]) -> list[int]:
        """Give the places in `lines` that the pointers choose (3.4.15).

        Raises `CredentialError` for a pointer to nothing, or to what cannot be shown by itself.
        """
        return self._at(self._part(pointers)) if pointers else []

    def shown(self, pointers: Sequence[str]) -> tuple[list[int], dict[str, str]]:
        """Give also the label in the signature by the canonical label in the part (3.5.4)."""
        part = self._part(pointers)
        canonical = _canonical_labels(_quads(part))
        return self._at(part), {name: self.labels[label] for label, name in canonical.items()}

    def _part(self, pointers: Sequence[str]) -> list[str]:
        try:
            return _lines(canonical_rdfc(select(self._named, pointers)))
        except ContextError as error:
            raise CredentialError(f"the pointers choose no whole part: {error.detail}") from error

    def _at(self, part: list[str]) -> list[int]:
        try:
            return sorted([self._places[line] for line in part])
        except KeyError as error:
            raise CredentialError("what the pointers choose says something else alone") from error


def statements_of(document: dict[str, Any], hmac_key: bytes) -> Statements:
    """Give the statements, labelled by HMAC-SHA-256 of their canonical labels (3.4.4).

    Raises `ContextError` for a document whose meaning is not certain and `CredentialError` for one
    that has no parts to choose from: lists in order, and graphs of their own.
    """
    form = canonical_rdfc(document)
    if _FOR_NOW in form and any(found[1] for found in _TERM.finditer(form)):
        raise CredentialError(f"an id starts with {_FOR_NOW}")
    named = _with_names(document)
    text = canonical_rdfc(named)
    if "_:" in text and any(found[2] for found in _TERM.finditer(text)):
        raise CredentialError("a list in order, or a proof inside, cannot be shown in part")
    written = _lines(text)
    quads = _quads(written)
    canonical = _canonical_labels(quads)
    if "".join(sorted(_with_labels(quads, canonical))) != form:
        raise CredentialError("parts of the document cannot be told from each other")
    labels = {label: hmac_label(name, hmac_key) for label, name in canonical.items()}
    both = sorted(zip(_with_labels(quads, labels), written, strict=True))
    places = {line: place for place, (_labelled, line) in enumerate(both)}
    return Statements(tuple(labelled for labelled, _line in both), labels, named, places)


def _lines(text: str) -> list[str]:
    return text.rstrip("\n").split("\n")


def _quads(lines: Iterable[str]) -> list[Quad]:
    """Give statements as they were before each object had an id; none is in a graph."""
    parted = (line.removesuffix(" .").split(" ", 2) for line in lines)
    return [(_node(s), predicate, _node(o), "") for s, predicate, o in parted]


def _node(term: str) -> str:
    return f"_:{term[len(_NAME) : -1]}" if term.startswith(_NAME) else term


def _canonical_labels(quads: Iterable[Quad]) -> dict[str, str]:
    # Statements without blank nodes tell none of them apart.
    return issued_identifiers([quad for quad in quads if "_" in (quad[0][0], quad[2][0])])


def _with_labels(quads: Iterable[Quad], labels: dict[str, str]) -> list[str]:
    nodes = {f"_:{label}": f"_:{other}" for label, other in labels.items()}
    return [f"{nodes.get(s, s)} {p} {nodes.get(o, o)} .\n" for s, p, o, _graph in quads]


def hmac_label(canonical: str, key: bytes) -> str:
    """Give the label that stands for a canonical one in the signature."""
    hashed = digest(key, canonical.encode(), "sha256")
    return "u" + urlsafe_b64encode(hashed).rstrip(b"=").decode()


def relabel(text: str, labels: dict[str, str]) -> list[str]:
    """Give the lines of canonical N-Quads with other labels, sorted; `KeyError` for one too few."""

    def written(found: re.Match[str]) -> str:
        return f"_:{labels[found[2]]}" if found[2] else found[0]

    return sorted(
        f"{_TERM.sub(written, line) if '_:' in line else line}\n"
        for line in text.split("\n")
        if line
    )


def select(document: dict[str, Any], pointers: Sequence[str]) -> dict[str, Any]:
    """Give the part that the pointers choose, in the order of the document (3.4.13)."""
    if len(pointers) > _MAX_POINTERS:
        raise CredentialError(f"more than {_MAX_POINTERS} pointers")
    tree: _Tree = {}
    for path in sorted((_path(document, pointer) for pointer in pointers), key=len):
        if not path:
            return deepcopy(document)
        branch = tree
        for token in path:
            if branch.get(token) == {}:
                break  # a shorter pointer has chosen all of it
            branch = branch.setdefault(token, {})
    part: dict[str, Any] = _part(document, tree)
    return part


def _part(value: Any, tree: _Tree) -> Any:
    if not tree:
        return deepcopy(value)
    if isinstance(value, list):
        chosen = sorted((int(place), branch) for place, branch in tree.items())
        return [_part(value[place], branch) for place, branch in chosen]
    return {
        name: deepcopy(inner) if name in _ALWAYS else _part(inner, tree[name])
        for name, inner in value.items()
        if name in _ALWAYS or name in tree
    }


def _path(document: dict[str, Any], pointer: str) -> list[str]:
    """Read a JSON pointer (RFC 6901, 3 and 4), which must lead to something in the document."""
    if not isinstance(pointer, str):
        raise CredentialError(f"{str(pointer)[:60]!r} is not a JSON pointer")
    shown = pointer[:200]
    if pointer and not pointer.startswith("/"):
        raise CredentialError(f"the JSON pointer {shown!r} does not start with /")
    if _STRAY.search(pointer):
        raise CredentialError(f"the JSON pointer {shown!r} has a ~ without 0 or 1")
    path = [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]
    value: Any = document
    for token in path:
        if isinstance(value, dict) and token in value:
            value = value[token]
        elif isinstance(value, list) and _PLACE.fullmatch(token) and int(token) < len(value):
            value = value[int(token)]
        else:
            raise CredentialError(f"the JSON pointer {shown!r} leads to nothing")
    return path


def _with_names(document: dict[str, Any]) -> dict[str, Any]:
    count = 0

    def named(value: Any) -> Any:
        nonlocal count
        if isinstance(value, list):
            return [named(inner) for inner in value]
        if not isinstance(value, dict) or "@value" in value:
            return value
        own = {}
        if "id" not in value:
            own["id"] = f"{_FOR_NOW}b{count}"
            count += 1
        return own | {
            name: inner if name == "@context" else named(inner) for name, inner in value.items()
        }

    whole: dict[str, Any] = named(document)
    return whole
