"""RDF Dataset Canonicalization (RDFC-1.0, W3C Recommendation of 21 May 2024), with a work budget.

A dataset comes as quads of N-Quads terms; blank nodes are terms that start with "_:". Labels are
issued in the order of first-degree hashes where these differ, and by the n-degree algorithm where
they do not. Graphs made to keep that algorithm busy for hours end in `TooMuchWork`.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from hashlib import sha256, sha384
from itertools import permutations
from typing import Literal

from contexts.errors import TooMuchWork, UnsafeDocument

Quad = tuple[str, str, str, str]
"""Subject, predicate, object, graph as N-Quads terms; the default graph is the empty string."""

_BUDGET = 50_000
"""Terms looked at by the n-degree algorithm: a tenth of a second. Honest badges need few."""
Algorithm = Literal["sha256", "sha384"]
DIGESTS = {"sha256": sha256, "sha384": sha384}

_ESCAPES = {ord("\\"): "\\\\", ord('"'): '\\"', 0x7F: "\\u007F"}
_ESCAPES |= {code: f"\\u{code:04X}" for code in range(0x20)}
_ESCAPES |= {0x08: "\\b", 0x09: "\\t", 0x0A: "\\n", 0x0C: "\\f", 0x0D: "\\r"}

_IRI = r"<[^\x00-\x20<>\"{}|^`\\]*>"
_BLANK = r"_:[^\s<>\"]+"
_LITERAL = rf"\"(?:[^\"\\\n\r]|\\.)*\"(?:\^\^{_IRI}|@[A-Za-z]+(?:-[A-Za-z0-9]+)*)?"
_LINE = (
    rf"[ \t]*({_IRI}|{_BLANK})[ \t]*({_IRI})[ \t]*({_IRI}|{_BLANK}|{_LITERAL})[ \t]*"
    rf"({_IRI}|{_BLANK})?[ \t]*\.[ \t]*(?:#.*)?"
)
_UNESCAPE = r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([tbnrf\"'\\]))"
_SHORT = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}


def escape_literal(value: str) -> str:
    """Write the inside of a literal as canonical N-Quads does (RDF 1.2 N-Quads, 4)."""
    return value.translate(_ESCAPES)


def parse_nquads(text: str) -> list[Quad]:
    """Read N-Quads; raise `UnsafeDocument` with the line that is not a quad."""
    quads = []
    quad = re.compile(_LINE)  # only who reads N-Quads waits for it
    for number, line in enumerate(re.split(r"[\r\n]+", text), 1):
        if not line.strip(" \t") or line.lstrip(" \t").startswith("#"):
            continue
        found = quad.fullmatch(line)
        if not found:
            raise UnsafeDocument(f"line {number} is not a quad: {line[:100]}")
        quads.append((found[1], found[2], _canonical_literal(found[3]), found[4] or ""))
    return quads


def canonicalise_nquads(text: str, *, algorithm: Algorithm = "sha256") -> str:
    """Give the canonical form of a dataset written in N-Quads."""
    return canonicalise(parse_nquads(text), algorithm=algorithm)


def canonicalise(quads: Iterable[Quad], *, algorithm: Algorithm = "sha256") -> str:
    """Give the canonical N-Quads text of `quads` (RDFC-1.0, 4.4.3)."""
    return _Canonicaliser(quads, algorithm).text()


def issued_identifiers(quads: Iterable[Quad], *, algorithm: Algorithm = "sha256") -> dict[str, str]:
    """Give the canonical label of each blank node, without "_:" (RDFC-1.0, 4.4.4)."""
    issued = _Canonicaliser(quads, algorithm).labels()
    return {node[2:]: label[2:] for node, label in issued.items()}


class _Issuer:
    """Labels given out in order (RDFC-1.0, 4.5)."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.issued: dict[str, str] = {}

    def issue(self, node: str) -> str:
        if node not in self.issued:
            self.issued[node] = f"{self.prefix}{len(self.issued)}"
        return self.issued[node]

    def copy(self) -> "_Issuer":
        twin = _Issuer(self.prefix)
        twin.issued = dict(self.issued)
        return twin


class _Canonicaliser:
    def __init__(self, quads: Iterable[Quad], algorithm: str) -> None:
        self._digest = DIGESTS[algorithm]
        self._quads = sorted(set(quads))
        self._mentions: dict[str, list[Quad]] = defaultdict(list)
        for quad in self._quads:
            for node in {term for term in (quad[0], quad[2], quad[3]) if term.startswith("_:")}:
                self._mentions[node].append(quad)
        self._canonical = _Issuer("_:c14n")
        self._first_degree: dict[str, str] = {}
        self._steps = 0

    def text(self) -> str:
        labels = self.labels()
        lines = {_line(*(labels.get(term, term) for term in quad)) for quad in self._quads}
        return "".join(sorted(lines))

    def labels(self) -> dict[str, str]:
        # 3. first-degree hash of each blank node
        by_hash: dict[str, list[str]] = defaultdict(list)
        for node in self._mentions:
            by_hash[self._hash_first_degree(node)].append(node)
        # 4. labels for those that are alone with their hash, in hash order
        shared = []
        for digest in sorted(by_hash):
            if len(by_hash[digest]) == 1:
                self._canonical.issue(by_hash[digest][0])
            else:
                shared.append(digest)
        # 5. the others, by what surrounds them
        for digest in shared:
            results = []
            for node in by_hash[digest]:
                if node in self._canonical.issued:
                    continue
                temporary = _Issuer("_:b")
                temporary.issue(node)
                try:
                    results.append(self._hash_n_degree(node, temporary))
                except RecursionError as error:
                    raise TooMuchWork("long ways lead between nodes that look alike") from error
            for _hash, issuer in sorted(results, key=lambda result: result[0]):
                for node in issuer.issued:
                    self._canonical.issue(node)
        return self._canonical.issued

    def _hash(self, text: str) -> str:
        return self._digest(text.encode("utf-8")).hexdigest()

    def _hash_first_degree(self, node: str) -> str:
        """RDFC-1.0, 4.6."""
        if node not in self._first_degree:
            lines = sorted(
                _line(_mark(s, node), p, _mark(o, node), _mark(g, node))
                for s, p, o, g in self._mentions[node]
            )
            self._first_degree[node] = self._hash("".join(lines))
        return self._first_degree[node]

    def _hash_related(self, related: str, quad: Quad, issuer: _Issuer, position: str) -> str:
        """RDFC-1.0, 4.7."""
        text = position if position == "g" else position + quad[1]
        if related in self._canonical.issued:
            return self._hash(text + self._canonical.issued[related])
        if related in issuer.issued:
            return self._hash(text + issuer.issued[related])
        return self._hash(text + self._hash_first_degree(related))

    def _hash_n_degree(self, node: str, issuer: _Issuer) -> tuple[str, _Issuer]:
        """RDFC-1.0, 4.8."""
        self._work()
        related_by_hash: dict[str, list[str]] = defaultdict(list)
        for quad in self._mentions[node]:
            for position, term in (("s", quad[0]), ("o", quad[2]), ("g", quad[3])):
                if term.startswith("_:") and term != node:
                    self._work()
                    related = self._hash_related(term, quad, issuer, position)
                    related_by_hash[related].append(term)
        data = ""
        for digest in sorted(related_by_hash):
            path, issuer = self._shortest_path(related_by_hash[digest], issuer)
            data += digest + path
        return self._hash(data), issuer

    def _shortest_path(self, nodes: list[str], issuer: _Issuer) -> tuple[str, _Issuer]:
        chosen_path, chosen_issuer = "", issuer
        for order in permutations(nodes):
            self._work(len(order) + len(issuer.issued) // 16)
            found = self._path(order, issuer.copy(), chosen_path)
            if found and (not chosen_path or found[0] < chosen_path):
                chosen_path, chosen_issuer = found
        return chosen_path, chosen_issuer

    def _path(
        self, order: tuple[str, ...], issuer: _Issuer, best: str
    ) -> tuple[str, _Issuer] | None:
        path, recursion = "", []
        for node in order:
            if node in self._canonical.issued:
                path += self._canonical.issued[node]
            else:
                if node not in issuer.issued:
                    recursion.append(node)
                path += issuer.issue(node)
            if _worse(path, best):
                return None
        for node in recursion:
            digest, after = self._hash_n_degree(node, issuer)
            path += f"{issuer.issue(node)}<{digest}>"
            issuer = after
            if _worse(path, best):
                return None
        return path, issuer

    def _work(self, terms: int = 1) -> None:
        self._steps += terms
        if self._steps > _BUDGET:
            raise TooMuchWork(
                f"many nodes without an id look alike: more than {_BUDGET} steps to tell them apart"
            )


def _worse(path: str, best: str) -> bool:
    return bool(best) and len(path) >= len(best) and path > best


def _mark(term: str, node: str) -> str:
    if not term.startswith("_:"):
        return term
    return "_:a" if term == node else "_:z"


def _line(subject: str, predicate: str, object_: str, graph: str) -> str:
    tail = f" {graph}" if graph else ""
    return f"{subject} {predicate} {object_}{tail} .\n"


def _canonical_literal(term: str) -> str:
    if not term.startswith('"'):
        return term
    end = term.rindex('"')
    inside = term[1:end]
    if "\\" in inside:
        inside = re.sub(_UNESCAPE, _unescaped, inside)
    suffix = term[end + 1 :]
    if suffix == "^^<http://www.w3.org/2001/XMLSchema#string>":
        suffix = ""
    return f'"{escape_literal(inside)}"{suffix}'


def _unescaped(found: re.Match[str]) -> str:
    if found[3]:
        return _SHORT.get(found[3], found[3])
    return chr(int(found[1] or found[2], 16))
