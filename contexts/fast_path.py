"""The canonical form in one walk over the JSON, for documents in the closed profile.

Expansion and conversion to RDF are look-ups here (`contexts.term_tables`). Whatever is not
covered raises `Unusual`, and the whole processor takes the document, to accept or to refuse it by
name. What this module does give is byte for byte what the processor gives: a statement is never
left out, since each member must be a known term, and RDFC-1.0 issues labels in the order of
first-degree hashes where these differ (4.4.3, step 4); where they do not, `contexts.rdfc` tells the
nodes apart.
"""

import re
from collections.abc import Container, Iterable
from functools import cache, lru_cache
from itertools import islice
from math import isfinite
from operator import eq
from typing import Any

from contexts.closed_profile import (
    DOCUMENTS,
    ENDORSED,
    IRI,
    LANGUAGE,
    MAX_BLANK_NODES,
    MAX_MEMBERS,
    MAX_PAIRS,
    PROFILE,
    UNSAFE_SCHEMES,
)
from contexts.pinned import pinned
from contexts.rdfc import DIGESTS, Algorithm, Quad, canonicalise, escape_literal
from contexts.strict_json import MAX_INTEGER
from contexts.term_tables import (
    GRAPH,
    ID,
    LITERAL,
    REFERENCE,
    TYPE,
    UNUSUAL,
    Meaning,
    State,
    Step,
    compiled,
    live,
)
from contexts.urls import VC1, VC2

_MAX_DEPTH = 60
_RDF_TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
_XSD = "^^<http://www.w3.org/2001/XMLSchema#"
_I18N = "^^<https://www.w3.org/ns/i18n#"
_VALUE_KEYS = frozenset({"@value", "@language", "@direction"})
_EXPONENT = r"(\d)0*E\+?(-)?0*(\d)"
_UNSAFE_STARTS = frozenset("JjDdVv")
_DOCUMENTS = frozenset(f"<{iri}>" for iri in DOCUMENTS)
_ENDORSED, _PROFILE = f"<{ENDORSED}>", f"<{PROFILE}>"
_MAX_CONTEXTS = _MAX_TYPES = 10
_MAX_SCOPED = 3
_MOST_SEEN = 200
_NO_TYPES: list[str] = []
_NOTHING = Meaning(ID, "", "", False, False)
Said = dict[str, list[str]]
"""What is said of each subject: " <predicate> object", as it follows the subject in the line."""


class Unusual(Exception):
    """The document needs the whole processor."""


def canonical_fast(document: dict[str, Any], algorithm: Algorithm = "sha256") -> str:
    """Give the canonical N-Quads, or raise `Unusual`."""
    return _form(walked(document), algorithm)


def check_fast(document: dict[str, Any]) -> None:
    """Walk a document without writing its form, or raise `Unusual`."""
    walked(document)


def walked(document: dict[str, Any]) -> "Walk":
    """Walk a document with the tables that lie ready, or else with those made by PyLD."""
    try:
        return Walk(document, compiled())
    except Unusual:
        return Walk(document, live())


def _form(walk: "Walk", algorithm: Algorithm) -> str:
    labels = labels_of(walk.said, walk.links, algorithm)
    if labels is None:
        return _told_apart(walk, algorithm)
    return text_of(walk.said, walk.links, labels)


def labels_of(
    said: Said, links: Iterable[Quad], algorithm: Algorithm = "sha256"
) -> dict[str, str] | None:
    """Label the blank nodes by their first-degree hashes (4.6); None when two are equal."""
    own = {node: list(rests) for node, rests in said.items() if node[0] == "_"}
    others: dict[str, list[str]] = {}
    for subject, predicate, object_, graph in links:
        s = "_:z" if subject[0] == "_" else subject
        o = "_:z" if object_[0] == "_" else object_
        g = "" if not graph else " _:z" if graph[0] == "_" else f" {graph}"
        if s == "_:z":
            own.setdefault(subject, []).append(f" {predicate} {o}{g}")
        if o == "_:z":
            others.setdefault(object_, []).append(f"{s} {predicate} _:a{g} .\n")
        if g == " _:z":
            others.setdefault(graph, []).append(f"{s} {predicate} {o} _:a .\n")
    nodes = own.keys() | others.keys()
    if len(nodes) == 1:
        return dict.fromkeys(nodes, "_:c14n0")
    return ranked(
        {node: first_degree(own.get(node, []), others.get(node, []), algorithm) for node in nodes}
    )


def first_degree(own: list[str], others: list[str], algorithm: Algorithm = "sha256") -> bytes:
    """Hash the statements that mention a blank node (4.6.3): its own, and those of others."""
    # Its own lines stand together, since all start with "_:a" and no other does.
    lines = [*others, block("_:a", sorted(own))] if own else others
    lines.sort()
    return DIGESTS[algorithm]("".join(lines).encode()).digest()


def ranked(hashes: dict[str, bytes]) -> dict[str, str] | None:
    """Label nodes in the order of their hashes; None when two are equal."""
    if len(set(hashes.values())) != len(hashes):
        return None
    return dict(zip(sorted(hashes, key=hashes.__getitem__), _labels(len(hashes)), strict=True))


@lru_cache(maxsize=MAX_BLANK_NODES)
def _labels(number: int) -> tuple[str, ...]:
    return tuple(f"_:c14n{place}" for place in range(number))


def text_of(said: Said, links: Iterable[Quad], labels: dict[str, str]) -> str:
    """Write the statements, sorted by code point, each once; `links` are moved into `said`.

    Sorted by subject and then by the rest, they are sorted as lines: no subject starts another but
    for labels, and the space behind a subject comes before any digit.
    """
    for subject, predicate, object_, graph in links:
        tail = f" {labels.get(graph, graph)}" if graph else ""
        rest = f" {predicate} {labels.get(object_, object_)}{tail}"
        said.setdefault(subject, []).append(rest)
    named = [(labels.get(subject, subject), rests) for subject, rests in said.items()]
    named.sort()
    return "".join([block(subject, sorted(rests)) for subject, rests in named])


def block(subject: str, rests: list[str]) -> str:
    """Write what is said of one subject, in this order."""
    glue = f" .\n{subject}"
    return f"{subject}{glue.join(rests)} .\n"


def _told_apart(walk: "Walk", algorithm: Algorithm) -> str:
    # Statements without blank nodes tell none of them apart.
    opened, closed = set(walk.links), []
    for subject, rests in walk.said.items():
        if subject[0] == "_":
            parts = [rest[1:].partition(" ") for rest in rests]
            opened |= {(subject, predicate, object_, "") for predicate, _, object_ in parts}
        else:
            closed += [f"{subject}{rest} ." for rest in rests]
    closed += canonicalise(opened, algorithm=algorithm).rstrip("\n").split("\n")
    return "".join(f"{line}\n" for line in sorted(set(closed)))


class Walk:
    """One document on its way.

    `said` has what is said of each subject, as it follows the subject in the line, " <predicate>
    object"; `links` has the statements with a blank node as object, and those in a graph.
    """

    def __init__(self, document: dict[str, Any], start: State) -> None:
        self.said: Said = {}
        self.links: list[Quad] = []
        self._blanks = self._members = self._pairs = 0
        self._outer: tuple[str, ...] = ()
        self._faces: dict[tuple[str, str], list[tuple[list[str], State, dict[str, Any]]]] = {}
        if type(document) is not dict or "@context" not in document or len(document) == 1:
            raise Unusual
        self._outer = _urls(document["@context"])
        self._object(document, start, "", 1)
        if not (self.said or self.links):
            raise Unusual
        for rests in self.said.values():  # what is said twice is one statement
            rests.sort()
            if any(map(eq, rests, islice(rests, 1, None))):
                rests[:] = dict.fromkeys(rests)
        if len(self.links) > 1:
            self.links = list(set(self.links))

    @property
    def names(self) -> set[str]:
        """The ids of its objects, as subjects."""
        return {name for _graph, name in self._faces}

    def _object(self, item: dict[str, Any], state: State, graph: str, depth: int) -> str:
        """Walk an object that stands in `graph`; give its name."""
        if depth > _MAX_DEPTH:
            raise Unusual
        if "@context" in item:
            state = self._opened(item["@context"], state)
        types, inner = _typed(item, state)
        terms, known = inner.terms, inner.steps
        if "id" in item:
            name = checked_iri(item["id"], terms)
            self._remember(name, graph, types, item, inner)
        else:
            name = self._blank()
        rests = [f" {_RDF_TYPE} {iri}" for iri in types] if types else []
        self._members += len(item)
        if self._members > MAX_MEMBERS:
            raise Unusual
        for key, written in item.items():
            kind, start, end, meaning = known.get(key) or _step(key, inner)
            if kind == LITERAL and type(written) is str:
                if not written.isprintable() or '"' in written or "\\" in written:
                    written = escaped(written)
                rests.append(f"{start}{written}{end}")
            elif kind == REFERENCE and type(written) is str and not meaning.scoped:
                rests.append(f" {meaning.iri} {checked_iri(written, terms)}")
            elif kind > TYPE:
                for value in self._values(written):
                    if type(value) is dict:
                        object_ = self._inside(value, key, meaning, inner, graph, depth)
                    else:
                        object_ = _simple(value, key, inner, meaning)
                    if object_[0] == "_":
                        self.links.append((name, meaning.iri, object_, graph))
                    else:
                        rests.append(f" {meaning.iri} {object_}")
        if graph:
            parts = [rest[1:].partition(" ") for rest in rests]
            self.links += [(name, predicate, object_, graph) for predicate, _, object_ in parts]
        elif name in self.said:
            self.said[name] += rests
        elif rests:
            self.said[name] = rests
        return name

    def _values(self, written: Any) -> Iterable[Any]:
        if type(written) is not list:
            return (written,)
        self._members += len(written)
        self._pairs += len(written) ** 2
        if self._members > MAX_MEMBERS or self._pairs > MAX_PAIRS:
            raise Unusual
        return written

    def _inside(
        self,
        value: dict[str, Any],
        key: str,
        meaning: Meaning,
        state: State,
        graph: str,
        depth: int,
    ) -> str:
        if not value:
            raise Unusual
        if "@value" in value:
            if meaning.graph:
                raise Unusual
            return _text(value)
        if len(value) == 1 and "id" in value:
            if meaning.graph or meaning.scoped or not _is(state.terms, "id", ID):
                raise Unusual
            return _iri(value["id"], state, meaning)
        inside = state.inside(key)
        if inside is None:
            raise Unusual
        if meaning.graph:
            name = self._blank()
            self._object(value, inside, name, depth + 2)
            return name
        return self._object(value, inside, graph, depth + 2)

    def _blank(self) -> str:
        self._blanks += 1
        if self._blanks > MAX_BLANK_NODES:
            raise Unusual
        return f"_:b{self._blanks}"

    def _opened(self, context: Any, state: State) -> State:
        urls = _urls(context)
        if urls[0] not in (VC1, VC2) and not set(urls) <= set(self._outer):
            raise Unusual
        opened = state.opened(urls)
        if opened is None:
            raise Unusual
        return opened

    def _remember(
        self, name: str, graph: str, types: list[str], item: dict[str, Any], inner: State
    ) -> None:
        # Equal objects of one id, Profiles that agree, and objects of other types with other
        # members are usual; `contexts.closed_profile` judges all else.
        faces = self._faces.get((graph, name))
        if faces is None:
            self._faces[graph, name] = [(types, inner, item)]
            return
        said = _said(types, item)
        if not said:
            return
        for other_types, other_state, other in faces:
            other_said = _said(other_types, other)
            if not other_said or (inner is other_state and item == other):
                continue
            if types == other_types == [_PROFILE]:
                if inner is not other_state or any(item[m] != other[m] for m in said & other_said):
                    raise Unusual
                continue
            predicates = {inner.terms[member].iri for member in said if member in inner.terms}
            if (
                not _DOCUMENTS.isdisjoint(types + other_types)
                or not set(types).isdisjoint(other_types)
                or any(
                    other_state.terms[m].iri in predicates
                    for m in other_said
                    if m in other_state.terms
                )
            ):
                raise Unusual
        faces.append((types, inner, item))


def _said(types: list[str], item: dict[str, Any]) -> set[str]:
    """Give the members by which an object says something of its own."""
    said = item.keys() - {"@context", "id", "type"}
    return set() if types == [_ENDORSED] and said == {"endorsementComment"} else said


def _step(key: str, state: State) -> Step:
    """Give what a member of an object does, ready to be written."""
    meaning = state.terms.get(key)
    if meaning is None:
        if key != "@context":
            raise Unusual
        step: Step = (ID, "", "", _NOTHING)
    elif meaning.kind == UNUSUAL or (key == "id" and meaning.kind != ID):
        raise Unusual
    else:
        kind = GRAPH if meaning.graph else meaning.kind
        step = (kind, f' {meaning.iri} "', f'"{meaning.suffix}', meaning)
    state.steps[key] = step
    return step


def _urls(context: Any) -> tuple[str, ...]:
    urls = tuple(context) if type(context) is list else (context,)
    known = pinned("context")
    if not 0 < len(urls) <= _MAX_CONTEXTS:
        raise Unusual
    for url in urls:
        if type(url) is not str or url not in known:
            raise Unusual
    return urls


def _typed(item: dict[str, Any], state: State) -> tuple[list[str], State]:
    """Give the types as IRIs and the state of the members (JSON-LD 1.1 API, 5.1.2, step 11)."""
    if "type" not in item:
        return _NO_TYPES, state
    written = item["type"]
    key = tuple(written) if type(written) is list else written
    try:
        return state.seen[key]
    except (KeyError, TypeError):
        pass
    names = list(written) if type(written) is list else [written]
    terms = state.terms
    types, scoped = [], []
    for name in names:
        meaning = terms.get(name) if type(name) is str else None
        if meaning is None or not meaning.iri or ":" in name:
            raise Unusual
        types.append(meaning.iri)
        if meaning.scoped:
            scoped.append(name)
    if not 0 < len(types) <= _MAX_TYPES or not _is(terms, "type", TYPE):
        raise Unusual
    if len(scoped) > _MAX_SCOPED:
        raise Unusual
    inner = state.typed(tuple(sorted(scoped))) if scoped else state
    if inner is None or not _is(inner.terms, "type", TYPE):
        raise Unusual
    if len(state.seen) < _MOST_SEEN:
        state.seen[key] = types, inner
    return types, inner


def _is(terms: dict[str, Meaning], alias: str, kind: int) -> bool:
    return alias in terms and terms[alias].kind == kind


@cache
def _refused() -> re.Pattern[str]:
    # To prepare this takes as long as to walk a badge, and many badges have no odd text.
    return re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def escaped(value: str) -> str:
    """Write the inside of a literal; raise `Unusual` for characters that are refused."""
    if value.isprintable() and '"' not in value and "\\" not in value:
        return value
    if _refused().search(value):
        raise Unusual
    return escape_literal(value)


def _iri(value: Any, state: State, meaning: Meaning) -> str:
    if meaning.scoped:
        raise Unusual
    return checked_iri(value, state.terms)


def checked_iri(value: Any, terms: Container[str]) -> str:
    """Give an absolute IRI in angle brackets; raise `Unusual` for anything else."""
    try:
        scheme = _SCHEMES[value]
    except (KeyError, TypeError):
        scheme = _scheme(value)
    # A scheme that is a term could be a prefix: the value would be a shortened IRI.
    if scheme in terms:
        raise Unusual
    return f"<{value}>"


def check_iri(value: str) -> None:
    """Raise `Unusual` for anything but an absolute IRI."""
    if value not in _SCHEMES:
        _scheme(value)


_SCHEMES: dict[str, str] = {}
"""Of IRIs that were looked at: a memory, since most come again."""
_MOST_SCHEMES, _LONGEST_KEPT = 4_000, 200


def _scheme(value: Any) -> str:
    if type(value) is not str or not IRI.fullmatch(value):
        raise Unusual
    if not value.isascii() and _refused().search(value):  # of ASCII, `IRI` refuses more
        raise Unusual
    scheme = value.partition(":")[0]
    if value[0] in _UNSAFE_STARTS and value.lower().startswith(UNSAFE_SCHEMES):
        raise Unusual
    if len(value) <= _LONGEST_KEPT:
        if len(_SCHEMES) >= _MOST_SCHEMES:
            _SCHEMES.clear()
        _SCHEMES[value] = scheme
    return scheme


def _simple(value: Any, key: str, state: State, meaning: Meaning) -> str:
    if type(value) is not str:
        return _number(value, meaning)
    if meaning.graph:
        raise Unusual
    if meaning.kind == LITERAL:
        return f'"{escaped(value)}"{meaning.suffix}'
    if meaning.kind == REFERENCE:
        return _iri(value, state, meaning)
    return _word(value, key, state, meaning)


def _word(value: str, key: str, state: State, meaning: Meaning) -> str:
    words = state.reference(key) if meaning.scoped else state
    if words is None:
        raise Unusual
    found = words.terms.get(value)
    if found is None:
        return checked_iri(value, words.terms)
    if not found.iri:
        raise Unusual
    return found.iri


def _text(value: dict[str, Any]) -> str:
    text, language = value["@value"], value.get("@language", "")
    if type(text) is not str or not value.keys() <= _VALUE_KEYS or type(language) is not str:
        raise Unusual
    if "@language" in value and not LANGUAGE.fullmatch(language):
        raise Unusual
    literal = f'"{escaped(text)}"'
    if "@direction" in value:
        if value["@direction"] not in ("ltr", "rtl"):
            raise Unusual
        return f"{literal}{_I18N}{language.lower()}_{value['@direction']}>"
    return f"{literal}@{language.lower()}" if language else literal


def _number(value: Any, meaning: Meaning) -> str:
    """Write a number or a truth (JSON-LD 1.1 API, 8.2.2)."""
    if meaning.kind != LITERAL or meaning.graph:
        raise Unusual
    if type(value) is bool:
        return f'"{"true" if value else "false"}"{meaning.suffix or _XSD + "boolean>"}'
    if type(value) is float and value.is_integer() and abs(value) <= MAX_INTEGER:
        value = int(value)
    if type(value) is int and abs(value) <= MAX_INTEGER:
        return f'"{value}"{meaning.suffix or _XSD + "integer>"}'
    if type(value) is float and isfinite(value):
        written = re.sub(_EXPONENT, r"\1E\2\3", f"{value:1.15E}")
        return f'"{written}"{meaning.suffix or _XSD + "double>"}'
    raise Unusual
