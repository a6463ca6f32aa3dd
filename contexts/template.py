"""The canonical form of a document that differs from one met before in a few values only.

Badges of one achievement say the same but for their ids, dates and results. `canonical_alike` cuts
these values out of a document; what is left, to the letter, names a `Template`, made by one walk
with marks in place of the values. Then only the statements that say a value are written anew, and
only the objects without id that they mention are hashed anew. Whatever is not certain goes the
whole way; the text is the same on both.
"""

import marshal
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any, Literal, Union

from contexts.canonical import canonical_jcs, canonical_rdfc, check_words
from contexts.errors import ContextError
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
_Piece = str | tuple[str, int | str, str]
"""A text; or what stands before a value, its number, and what stands behind it. Labels of blank
nodes are values, too; the node stands for the number."""
_Filled = dict[int | str, str]


def canonical_alike(document: dict[str, Any], slots: Slots) -> str:
    """Give what `canonical_rdfc` gives, in half the time if like documents came before.

    A template is made when a second document comes that is like a first one but in `slots`.
    """
    left, values = _parted(document, slots)
    template = _template(left) if left else None
    if template is not None:
        with suppress(Unusual):
            return template.text(values)
    return canonical_rdfc(document)


def jcs_alike(document: dict[str, Any], slots: Slots, *, without: str) -> bytes:
    """Check every word of a document, and give its JCS form without one of its members.

    What `check_words` and `canonical_jcs` do, and as quickly as `canonical_alike`.
    """
    left, values = _parted(document, slots)
    template = _jcs_template(left, without) if left else None
    if template is not None:
        with suppress(Unusual):
            return template.form(values)
    check_words(document)
    return canonical_jcs({name: value for name, value in document.items() if name != without})


def _parted(document: dict[str, Any], slots: Slots) -> tuple[bytes, list[str]]:
    """Give what is left of a document without its values, and these; empty if seen never before."""
    values: list[str] = []
    try:
        left = marshal.dumps(_cut(document, slots, values), 2)
    except ValueError:  # no JSON, or too deep: to be named
        return b"", values
    return left if len(left) <= _LARGEST and _was_seen(left) else b"", values


def _cut(value: Any, slots: Slots, values: list[str]) -> Any:
    """Copy a value with marks, which JSON does not know, for what goes to `values`."""
    if type(value) is list:
        return [_cut(item, slots, values) for item in value]
    if type(value) is not dict:
        return value
    left = value.copy()
    for name in value:  # in the order of the document, as `_marked` meets the marks
        slot = slots.get(name)
        if slot is None:
            continue
        inner = value[name]
        if not isinstance(slot, str):
            left[name] = _cut(inner, slot, values)
        elif type(inner) is str:
            values.append(inner)
            left[name] = (..., inner.partition(":")[0]) if slot == "id" else (...,)
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
    try:
        return Template(*_with_marks(left))
    except Unusual:
        return None


@lru_cache(maxsize=_MOST_TEMPLATES)
def _jcs_template(left: bytes, without: str) -> "_JcsTemplate | None":
    try:
        return _JcsTemplate(*_with_marks(left), without)
    except (Unusual, ContextError):
        return None


def _with_marks(left: bytes) -> tuple[dict[str, Any], list[tuple[str, Kind]]]:
    marks: list[tuple[str, Kind]] = []
    document = _marked(marshal.loads(left), marks, secrets.token_hex(16), 1)  # noqa: S302 - ours
    return document, marks


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


class _Marked:
    """A document with marks that was walked: its words are known, its values may change."""

    def __init__(self, walk: Walk, marks: list[tuple[str, Kind]]) -> None:
        self._kinds = [kind for _mark, kind in marks]
        self._marks = {mark: number for number, (mark, _kind) in enumerate(marks)}
        self._names = walk.names - {f"<{mark}>" for mark in self._marks}
        self._naming = [n for mark, n in self._marks.items() if f"<{mark}>" in walk.names]

    def filled(self, values: list[str]) -> _Filled:
        """Give `values` as they are written in a term; raise `Unusual` for one that must not be."""
        if len(values) != len(self._kinds):
            raise Unusual
        filled: _Filled = {}
        for number, (kind, value) in enumerate(zip(self._kinds, values, strict=True)):
            if kind == "text":
                filled[number] = escaped(value)
            else:
                checked_iri(value, ())
                filled[number] = value
        # An id that is there already would make two objects one.
        ids = {f"<{filled[number]}>" for number in self._naming}
        if len(ids) != len(self._naming) or not ids.isdisjoint(self._names):
            raise Unusual
        return filled


class _JcsTemplate(_Marked):
    """The JCS form, parted at the marks."""

    def __init__(
        self, document: dict[str, Any], marks: list[tuple[str, Kind]], without: str
    ) -> None:
        super().__init__(walked(document), marks)
        form = canonical_jcs({name: v for name, v in document.items() if name != without})
        parts = re.split(
            "|".join([f'"({re.escape(mark)})"' for mark in self._marks] or "(?!)"), form.decode()
        )
        self._pieces = [part for part in parts if part is not None]

    def form(self, values: list[str]) -> bytes:
        """Give the form with `values`; raise `Unusual` as `filled` does."""
        self.filled(values)
        written = [
            encode_basestring(values[self._marks[piece]]) if piece in self._marks else piece
            for piece in self._pieces
        ]
        return "".join(written).encode()


class Template(_Marked):
    """A walk with marks, parted into what stays and what is written anew."""

    def __init__(self, document: dict[str, Any], marks: list[tuple[str, Kind]]) -> None:
        walk = walked(document)
        super().__init__(walk, marks)
        if any(graph for _subject, _predicate, _object, graph in walk.links):
            raise Unusual
        self._fixed: list[tuple[str, str]] = []
        """Subjects of which everything stays, with their lines."""
        self._subjects: list[tuple[_Piece, _Rests]] = []
        """The others: a blank node, or a name with a value in it; and what is said of them."""
        self._hashes: dict[str, bytes] = {}
        self._hashed: list[tuple[str, _Rests, list[str], list[_Piece]]] = []
        """Blank nodes to be hashed anew: what is said of them, what leads out and what in."""
        for subject in walk.said.keys() | {link[0] for link in walk.links}:
            self._part(subject, walk)

    def text(self, values: list[str]) -> str:
        """Give the canonical text with `values`; raise `Unusual` where they change its form."""
        filled = self.filled(values)
        labels = self._labels(filled)
        filled.update(labels.items())
        lines = self._fixed.copy()
        for piece, rests in self._subjects:
            name = labels.get(piece, piece) if type(piece) is str else f"<{filled[piece[1]]}>"
            lines.append((name, block(name, rests.written(filled))))
        lines.sort()
        return "".join([text for _name, text in lines])

    def _labels(self, filled: _Filled) -> dict[str, str]:
        hashes = self._hashes.copy()
        if len(hashes) + len(self._hashed) == 1:
            return dict.fromkeys((*hashes, *(node for node, *_ in self._hashed)), "_:c14n0")
        for node, rests, out, into in self._hashed:
            hashes[node] = first_degree(rests.written(filled) + out, _filled(into, filled))
        labels = ranked(hashes)
        if labels is None:
            raise Unusual
        return labels

    def _part(self, subject: str, walk: Walk) -> None:
        rests = [self._piece(rest) for rest in walk.said.get(subject, [])]
        links = [(f" {p} ", o, "") for s, p, o, _graph in walk.links if s == subject]
        name = self._piece(subject)
        if subject[0] == "_":
            self._subjects.append((subject, _Rests([*rests, *links])))
            self._hash(subject, rests, [f"{head}_:z" for head, _node, _ in links], walk)
        elif type(name) is str and not links and all(type(rest) is str for rest in rests):
            self._fixed.append((name, block(name, _Rests(rests).written({}))))
        else:
            self._subjects.append((name, _Rests([*rests, *links])))

    def _hash(self, node: str, rests: list[_Piece], out: list[str], walk: Walk) -> None:
        into = [
            self._piece(f"{'_:z' if s[0] == '_' else s} {p} _:a .\n")
            for s, p, o, _graph in walk.links
            if o == node
        ]
        if all(type(piece) is str for piece in [*rests, *into]):
            self._hashes[node] = first_degree(_filled(rests, {}) + out, _filled(into, {}))
        else:
            self._hashed.append((node, _Rests(rests), out, into))

    def _piece(self, text: str) -> _Piece:
        for mark, number in self._marks.items():
            if mark in text:
                before, _, after = text.partition(mark)
                return before, number, after
        return text


class _Rests:
    """What is said of one subject, in order, as it follows the subject in the line."""

    def __init__(self, pieces: list[_Piece]) -> None:
        predicates = [_start(piece).split(" ")[1] for piece in pieces]
        ordered = list(enumerate(sorted(pieces, key=_start)))
        self._fixed = [piece if type(piece) is str else "" for _place, piece in ordered]
        self._places = [(place, piece) for place, piece in ordered if not isinstance(piece, str)]
        # Whatever follows, different predicates keep their order and are different statements.
        self._is_ordered = all(
            type(piece) is str or predicates.count(predicate) == 1
            for piece, predicate in zip(pieces, predicates, strict=True)
        )

    def written(self, filled: _Filled) -> list[str]:
        """Give the rests, sorted, each once."""
        if not self._places:
            return self._fixed
        rests = self._fixed.copy()
        for place, (before, value, behind) in self._places:
            rests[place] = f"{before}{filled[value]}{behind}"
        return rests if self._is_ordered else sorted(set(rests))


def _start(piece: _Piece) -> str:
    return piece if type(piece) is str else piece[0]


def _filled(pieces: list[_Piece], filled: _Filled) -> list[str]:
    return [
        piece if type(piece) is str else f"{piece[0]}{filled[piece[1]]}{piece[2]}"
        for piece in pieces
    ]
