"""The canonical form of a document that differs from one met before in a few values only.

Badges of one achievement say the same but for their ids, dates and results. `canonical_alike` cuts
these values out of a document; what is left, to the letter, names a `Template`, made by one walk
with marks in place of the values. Then only the statements that say a value are written anew, and
only the objects without id that they mention are hashed anew. Whatever is not certain goes the
whole way; the text is the same on both.
"""

import marshal
import secrets
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Literal, Union

from contexts.canonical import canonical_rdfc
from contexts.fast_path import (
    Unusual,
    Walk,
    block,
    checked_iri,
    escaped,
    first_degree,
    ranked,
    walked,
)
from contexts.strict_json import MAX_DEPTH

Kind = Literal["id", "text"]
Slots = Mapping[str, Union[Kind, "Slots"]]
"""What changes, by member: a value, or the slots of an object or of each object in a list."""

_LARGEST = 32_000
"""Bytes of what is left of a document; larger ones get no template."""
_MOST_TEMPLATES, _MOST_SEEN = 64, 4_000
_Piece = str | tuple[str, int, str]
"""A text; or what stands before a value, its number, and what stands behind it."""


def canonical_alike(document: dict[str, Any], slots: Slots) -> str:
    """Give what `canonical_rdfc` gives, in a third of the time if a like document came before.

    A template is made when a second document comes that is like a first one but in `slots`.
    """
    values: list[str] = []
    try:
        left = marshal.dumps(_cut(document, slots, values), 2)
    except ValueError:  # no JSON, or too deep: to be named
        return canonical_rdfc(document)
    if len(left) > _LARGEST or not _was_seen(left):
        return canonical_rdfc(document)
    template = _template(left)
    if template is not None:
        try:
            return template.text(values)
        except Unusual:
            pass
    return canonical_rdfc(document)


def _cut(value: Any, slots: Slots, values: list[str]) -> Any:
    """Copy a value with marks, which JSON does not know, for what goes to `values`."""
    if type(value) is list:
        return [_cut(item, slots, values) for item in value]
    if type(value) is not dict:
        return value
    left = value.copy()
    for name, slot in slots.items():
        inner = value.get(name)
        if type(inner) is str:
            if type(slot) is str:
                values.append(inner)
                left[name] = (..., inner.partition(":")[0]) if slot == "id" else (...,)
        elif inner is not None and type(slot) is not str:
            left[name] = _cut(inner, slot, values)
    return left


_SEEN: set[int] = set()


def _was_seen(left: bytes) -> bool:
    number = hash(left)
    if number in _SEEN:
        return True
    if len(_SEEN) >= _MOST_SEEN:
        _SEEN.clear()
    _SEEN.add(number)
    return False


@lru_cache(maxsize=_MOST_TEMPLATES)
def _template(left: bytes) -> "Template | None":
    """Make the template of a document by what is left of it; None if there can be none."""
    marks: list[tuple[str, Kind]] = []
    try:
        document = _marked(marshal.loads(left), marks, secrets.token_hex(16), 1)
        return Template(walked(document), marks)
    except Unusual:
        return None


def _marked(value: Any, marks: list[tuple[str, Kind]], secret: str, depth: int) -> Any:
    """Put marks that no text holds, and that are ids where ids belong."""
    if depth > MAX_DEPTH:
        raise Unusual
    if type(value) is list:
        return [_marked(item, marks, secret, depth + 1) for item in value]
    if type(value) is dict:
        return {name: _marked(item, marks, secret, depth + 1) for name, item in value.items()}
    if type(value) is not tuple or value[:1] != (...,):
        return value
    mark = f"{secret}-{len(marks)}-"
    if len(value) == 2:  # the scheme stays: whether it may be used is looked up in the walk
        marks.append((f"{value[1]}:{mark}", "id"))
    else:
        marks.append((mark, "text"))
    return marks[-1][0]


class Template:
    """A walk with marks, parted into what stays and what is written anew."""

    def __init__(self, walk: Walk, marks: list[tuple[str, Kind]]) -> None:
        if any(graph for _subject, _predicate, _object, graph in walk.links):
            raise Unusual
        self._kinds = [kind for _mark, kind in marks]
        self._marks = {mark: number for number, (mark, _kind) in enumerate(marks)}
        names = walk.names
        self._names = names - {f"<{mark}>" for mark, _kind in marks}
        self._naming = [n for n, (mark, _kind) in enumerate(marks) if f"<{mark}>" in names]
        self._fixed: list[tuple[str, str]] = []
        """Subjects of which everything stays, with their lines."""
        self._subjects: list[tuple[_Piece, list[str], list[_Piece], list[tuple[str, str]]]] = []
        """The others: name, rests that stay, rests that do not, and what leads to a blank node."""
        self._hashes: dict[str, bytes] = {}
        self._hashed: list[tuple[str, list[str], list[_Piece], list[str], list[_Piece]]] = []
        """Blank nodes to be hashed anew: their rests, the links from them, the links to them."""
        for subject in walk.said.keys() | {link[0] for link in walk.links}:
            self._part(subject, walk)

    def text(self, values: list[str]) -> str:
        """Give the canonical text with `values`; raise `Unusual` where they change its form."""
        if len(values) != len(self._kinds):
            raise Unusual
        filled = [
            escaped(value) if kind == "text" else checked_iri(value, ())[1:-1]
            for kind, value in zip(self._kinds, values, strict=True)
        ]
        # An id that is there already would make two objects one.
        ids = {f"<{filled[number]}>" for number in self._naming}
        if len(ids) != len(self._naming) or not ids.isdisjoint(self._names):
            raise Unusual
        hashes = self._hashes.copy()
        for node, fixed, changing, out, into in self._hashed:
            own = list(dict.fromkeys([*fixed, *_filled(changing, filled)])) + out
            hashes[node] = first_degree(own, _filled(into, filled))
        labels = ranked(hashes)
        if labels is None:
            raise Unusual
        lines = self._fixed.copy()
        for piece, fixed, changing, links in self._subjects:
            name = piece if type(piece) is str else f"<{filled[piece[1]]}>"
            name = labels.get(name, name)
            rests = fixed + [f"{head}{labels[node]}" for head, node in links]
            if changing:
                rests = list(dict.fromkeys(rests + _filled(changing, filled)))
            lines.append((name, block(name, rests)))
        lines.sort()
        return "".join([text for _name, text in lines])

    def _part(self, subject: str, walk: Walk) -> None:
        pieces = [self._piece(rest) for rest in walk.said.get(subject, [])]
        fixed = [piece for piece in pieces if type(piece) is str]
        changing = [piece for piece in pieces if type(piece) is not str]
        links = [(f" {p} ", o) for s, p, o, _graph in walk.links if s == subject]
        name = self._piece(subject)
        if type(name) is str and name[0] != "_" and not changing and not links:
            self._fixed.append((name, block(name, fixed)))
            return
        self._subjects.append((name, fixed, changing, links))
        if subject[0] != "_":
            return
        into = [
            self._piece(f"{'_:z' if s[0] == '_' else s} {p} _:a .\n")
            for s, p, o, _graph in walk.links
            if o == subject
        ]
        out = [f"{head}_:z" for head, _node in links]
        if changing or any(type(piece) is not str for piece in into):
            self._hashed.append((subject, fixed, changing, out, into))
        else:
            self._hashes[subject] = first_degree(fixed + out, _filled(into, []))

    def _piece(self, text: str) -> _Piece:
        for mark, number in self._marks.items():
            if mark in text:
                before, _, after = text.partition(mark)
                return before, number, after
        return text


def _filled(pieces: Iterable[_Piece], filled: list[str]) -> list[str]:
    return [
        piece if type(piece) is str else f"{piece[0]}{filled[piece[1]]}{piece[2]}"
        for piece in pieces
    ]
