"""Templates: a walk with marks in place of values, parted into what stays and what is written anew.

Which documents get one is `contexts.template`.
"""

import marshal
import re
import secrets
from collections.abc import Iterable
from hashlib import sha256
from json.encoder import encode_basestring
from operator import itemgetter
from typing import Any

from contexts.canonical import canonical_jcs
from contexts.fast_path import Unusual, Walk, check_iri, escaped, ranked, walked
from contexts.strict_json import MAX_DEPTH
from contexts.template import Kind

_Piece = bytes | tuple[bytes, int | str, bytes]
"""A text; or what stands before a value, its number, and what stands behind it. Labels of blank
nodes are values, too; the node stands for the number."""
_Filled = dict[int | str, bytes]
_Marks = list[tuple[str, Kind]]
"""The mark that stands for each value, in their order."""


def with_marks(left: bytes) -> tuple[dict[str, Any], _Marks]:
    """Give a document with marks in place of its values, and the marks; or raise `Unusual`."""
    marks: dict[int, tuple[str, Kind]] = {}
    document = _marked(marshal.loads(left), marks, secrets.token_hex(16), 1)  # noqa: S302 - ours
    if sorted(marks) != list(range(len(marks))):
        raise Unusual
    return document, [marks[number] for number in range(len(marks))]


def _marked(value: Any, marks: dict[int, tuple[str, Kind]], secret: str, depth: int) -> Any:
    """Put marks that no text holds, and that are ids where ids belong."""
    if depth > MAX_DEPTH:
        raise Unusual
    if type(value) is list:
        return [_marked(item, marks, secret, depth + 1) for item in value]
    if type(value) is dict:
        return {name: _marked(item, marks, secret, depth + 1) for name, item in value.items()}
    if type(value) is not tuple or len(value) < 2 or value[0] is not ...:
        return value
    number, *scheme = value[1:]
    if type(number) is not int or number in marks:
        raise Unusual
    mark = f"{secret}-{number}-"
    # The scheme stays: whether it may be used is looked up in the walk.
    marks[number] = (f"{scheme[0]}:{mark}", "id") if scheme else (mark, "text")
    return marks[number][0]


class _Marked:
    """A document with marks that was walked: its words are known, its values may change."""

    def __init__(self, walk: Walk, marks: _Marks) -> None:
        self._kinds = [kind for _mark, kind in marks]
        self._marks = {mark: number for number, (mark, _kind) in enumerate(marks)}
        names = {name[1:-1] for name in walk.names}
        self._names = names.difference(self._marks)
        self._naming = [number for mark, number in self._marks.items() if mark in names]

    def checked(self, values: list[str]) -> list[str]:
        """Give `values` as they are written in a term; raise `Unusual` for one that must not be."""
        if len(values) != len(self._kinds):
            raise Unusual
        written = []
        for kind, value in zip(self._kinds, values, strict=True):
            if kind == "id":
                check_iri(value)
            elif not value.isprintable() or '"' in value or "\\" in value:
                value = escaped(value)
            written.append(value)
        # An id that is there already would make two objects one.
        ids = {written[number] for number in self._naming}
        if len(ids) != len(self._naming) or not ids.isdisjoint(self._names):
            raise Unusual
        return written


class JcsTemplate(_Marked):
    """The JCS form, parted at the marks."""

    def __init__(self, document: dict[str, Any], marks: _Marks, without: str) -> None:
        super().__init__(walked(document), marks)
        form = canonical_jcs({name: v for name, v in document.items() if name != without})
        parts = re.split(
            "|".join([f'"({re.escape(mark)})"' for mark in self._marks] or "(?!)"), form.decode()
        )
        self._text = _Text(
            (b"", self._marks[part], b"") if part in self._marks else part.encode()
            for part in parts
            if part is not None
        )

    def form(self, values: list[str]) -> bytes:
        """Give the form with `values`; raise `Unusual` as `checked` does."""
        self.checked(values)
        return self._text.written(dict(enumerate(map(str.encode, map(encode_basestring, values)))))


class Template(_Marked):
    """A walk with marks, parted into what stays and what is written anew."""

    def __init__(self, document: dict[str, Any], marks: _Marks) -> None:
        walk = walked(document)
        super().__init__(walk, marks)
        if any(graph for _subject, _predicate, _object, graph in walk.links):
            raise Unusual
        self._fixed: list[tuple[bytes, bytes]] = []
        """Subjects of which everything stays, with their lines."""
        self._subjects: list[tuple[_Piece, _Lines]] = []
        """The others: a blank node, or a name with a value or a label in its lines."""
        self._hashes: dict[str, bytes] = {}
        self._hashed: list[tuple[str, _Hashed]] = []
        """Blank nodes to be hashed anew."""
        subjects = walk.said.keys() | {link[0] for link in walk.links}
        for node in subjects:
            if node[0] == "_":
                self._hash(node, walk)
        self._constant = self._labels({}) if self._is_constant() else None
        for subject in subjects:
            self._part(subject, walk)
        self._whole = self._one_text()

    def form(self, values: list[str]) -> bytes:
        """Give the canonical form with `values`; raise `Unusual` where they change it otherwise."""
        filled: _Filled = dict(enumerate(map(str.encode, self.checked(values))))
        if self._whole is not None:
            return self._whole.written(filled)
        if self._constant is None:
            filled |= self._labels(filled)
        lines = self._fixed.copy()
        for name, said in self._subjects:
            lines.append((_written(name, filled), said.written(filled)))
        lines.sort()
        return b"".join([text for _name, text in lines])

    def _is_constant(self) -> bool:
        """Tell whether no value has a part in the labels; one object without id needs no hash."""
        return not self._hashed or len(self._hashes) + len(self._hashed) == 1

    def _labels(self, filled: _Filled) -> dict[int | str, bytes]:
        hashes = self._hashes.copy()
        if len(hashes) + len(self._hashed) == 1:
            return dict.fromkeys([*hashes, *(node for node, _ in self._hashed)], b"_:c14n0")
        for node, hashed in self._hashed:
            hashes[node] = hashed.digest(filled)
        labels = ranked(hashes)
        if labels is None:
            raise Unusual
        return {node: label.encode() for node, label in labels.items()}

    def _part(self, subject: str, walk: Walk) -> None:
        rests = [self._piece(rest) for rest in walk.said.get(subject, [])]
        for s, predicate, node, _graph in walk.links:
            if s == subject:
                label = self._label(node)
                start = f" {predicate} ".encode()
                rests.append(start + label if isinstance(label, bytes) else (start, *label[1:]))
        name = self._label(subject) if subject[0] == "_" else self._piece(subject)
        lines = _Lines(name, rests)
        if isinstance(name, bytes) and all(isinstance(rest, bytes) for rest in rests):
            self._fixed.append((name, lines.written({})))
        else:
            self._subjects.append((name, lines))

    def _label(self, node: str) -> _Piece:
        return (b"", node, b"") if self._constant is None else self._constant[node]

    def _one_text(self) -> "_Text | None":
        """Give all as one text where no order depends on a value."""
        if not all(isinstance(name, bytes) and lines.is_ordered for name, lines in self._subjects):
            return None
        parts: list[tuple[bytes, list[_Piece]]] = [(name, [text]) for name, text in self._fixed]
        parts += [(_start(name), lines.pieces) for name, lines in self._subjects]
        parts.sort(key=itemgetter(0))
        return _Text(piece for _name, pieces in parts for piece in pieces)

    def _hash(self, node: str, walk: Walk) -> None:
        rests = [self._piece(rest) for rest in walk.said.get(node, [])]
        out = [f" {predicate} _:z".encode() for s, predicate, *_ in walk.links if s == node]
        into = [
            self._piece(f"{'_:z' if s[0] == '_' else s} {p} _:a .\n")
            for s, p, o, _graph in walk.links
            if o == node
        ]
        hashed = _Hashed(rests, out, into)
        if all(isinstance(piece, bytes) for piece in [*rests, *into]):
            self._hashes[node] = hashed.digest({})
        else:
            self._hashed.append((node, hashed))

    def _piece(self, text: str) -> _Piece:
        for mark, number in self._marks.items():
            if mark in text:
                before, _, behind = text.partition(mark)
                return before.encode(), number, behind.encode()
        return text.encode()


class _Text:
    """Pieces that follow each other, joined where nothing changes between them."""

    def __init__(self, pieces: Iterable[_Piece]) -> None:
        self._parts: list[bytes] = [b""]
        self._places: list[tuple[int, int | str]] = []
        for piece in pieces:
            if isinstance(piece, bytes):
                self._parts[-1] += piece
            else:
                before, name, behind = piece
                self._parts[-1] += before
                self._places.append((len(self._parts), name))
                self._parts += [b"", behind]

    def written(self, filled: _Filled) -> bytes:
        parts = self._parts.copy()
        for place, name in self._places:
            parts[place] = filled[name]
        return b"".join(parts)


class _Lines:
    """All lines of one subject, sorted, each once.

    Whatever values follow them, different predicates keep their order and are different
    statements; what one predicate says in several lines is a group, sorted when it is written.
    """

    def __init__(self, subject: _Piece, rests: list[_Piece]) -> None:
        by_predicate: dict[bytes, list[_Piece]] = {}
        for rest in sorted(rests, key=_start):
            by_predicate.setdefault(_predicate(rest), []).append(rest)
        self._groups: list[tuple[str, list[_Text]]] = []
        self.pieces: list[_Piece] = []
        for predicate, said in by_predicate.items():
            lines = [[subject, rest, b" .\n"] for rest in said]
            if len(said) == 1 or all(isinstance(rest, bytes) for rest in said):
                self.pieces += [piece for line in lines for piece in line]
            else:
                name = predicate.decode()  # no node is called so
                self._groups.append((name, [_Text(line) for line in lines]))
                self.pieces.append((b"", name, b""))
        self.is_ordered = not self._groups
        self._text = _Text(self.pieces)

    def written(self, filled: _Filled) -> bytes:
        for name, lines in self._groups:
            filled[name] = b"".join(sorted({line.written(filled) for line in lines}))
        return self._text.written(filled)


class _Hashed:
    """What the first-degree hash of a blank node is made of (RDFC-1.0, 4.6.3).

    Its own statements, those to it, and in mostly one order, whatever the values are.
    """

    def __init__(self, rests: list[_Piece], out: list[bytes], into: list[_Piece]) -> None:
        own = sorted([*rests, *out], key=_start)
        predicates = [_predicate(piece) for piece in own]
        lines = [[b"_:a", rest, b" .\n"] for rest in own]
        is_ordered = len(into) <= 1 and all(
            isinstance(piece, bytes) or predicates.count(predicate) == 1
            for piece, predicate in zip(own, predicates, strict=True)
        )
        self._text: _Text | None = None
        if is_ordered:
            behind = bool(into) and _start(into[0])[:1] == b"_"  # "_:z" is sorted behind "_:a"
            all_own = [piece for line in lines for piece in line]
            self._text = _Text([*all_own, *into] if behind else [*into, *all_own])
        self._said = [_Text([b"_:a", rest, b" .\n"]) for rest in rests]
        self._links = [_Text([b"_:a", rest, b" .\n"]) for rest in out] + [_Text([i]) for i in into]

    def digest(self, filled: _Filled) -> bytes:
        if self._text is not None:
            return sha256(self._text.written(filled)).digest()
        lines = [*{line.written(filled) for line in self._said}]  # what is said twice is one
        lines += [line.written(filled) for line in self._links]
        lines.sort()
        return sha256(b"".join(lines)).digest()


def _predicate(rest: _Piece) -> bytes:
    return _start(rest).split(b" ")[1]


def _start(piece: _Piece) -> bytes:
    return piece if isinstance(piece, bytes) else piece[0]


def _written(piece: _Piece, filled: _Filled) -> bytes:
    return piece if isinstance(piece, bytes) else b"".join((piece[0], filled[piece[1]], piece[2]))
