"""What each term means in each place: the active contexts of JSON-LD, turned into tables.

A `State` is one active context, as PyLD processes it (JSON-LD 1.1 API, 4 and 5.1.2): a table of
terms, and the states that objects inside lead to. Those of our own documents lie ready in
`data/states.json`, bound to the digests of the contexts; ``python -m contexts.term_tables`` writes
it. Those of other documents are made by PyLD when they are met.
"""

import json
import os
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from typing import Any, NamedTuple

from contexts.closed_profile import IRI
from contexts.pinned import load_context, pinned
from contexts.urls import OB3, OB3_EXTENSIONS, VC2

ID, TYPE, LITERAL, REFERENCE, VOCABULARY, UNUSUAL = range(6)
"""What a term makes of its values; `UNUSUAL` is left to the whole processor."""
GRAPH = 6
"""In a `Step`: each value is a graph of its own, whatever the kind of the term."""

_FILE = os.path.join(os.path.dirname(__file__), "data", "states.json")
_ROOTS = ((VC2, OB3, OB3_EXTENSIONS), (VC2, OB3), (VC2,))
"""The contexts of our own documents; what the file holds starts from these."""
_MOST_STATES, _MOST_CONTEXTS = 2_000, 20_000
"""So that documents made to be different cannot fill the memory; beyond, the long way is taken."""
_DEFAULTS = ("@vocab", "@base", "@language", "@direction")
_DOUBLE = "http://www.w3.org/2001/XMLSchema#double"


class Meaning(NamedTuple):
    """One term in one state."""

    kind: int
    iri: str
    """In angle brackets: the predicate; for a type or a word of a vocabulary, the object."""
    suffix: str
    """What stands behind a literal: "" or "^^<datatype>"."""
    graph: bool
    """Whether each value is a graph of its own (`@container: @graph`)."""
    scoped: bool
    """Whether the term, as a type or a property, brings a context of its own."""


Step = tuple[int, str, str, Meaning]
"""What a member does: its kind, and what stands before and behind the text of a literal."""


class State:
    """One active context; None stands for a place that has no table."""

    terms: dict[str, Meaning]
    insides: "dict[str, State | None]"
    references: "dict[str, State | None]"
    types: "dict[str, State | None]"
    contexts: "dict[tuple[str, ...], State | None]"

    def __init__(self) -> None:
        self.steps: dict[str, Step] = {}
        """For the members that were met: a memory."""
        self.seen: dict[str | tuple[str, ...], tuple[list[str], State]] = {}
        """Types as they were written, with their IRIs and the state inside: a memory."""

    def inside(self, term: str) -> "State | None":
        """Give the state of an object that is a value of `term`."""
        return self.insides.get(term)

    def reference(self, term: str) -> "State | None":
        """Give the state of a word, or of an object that is only an id."""
        return self.references.get(term)

    def typed(self, types: tuple[str, ...]) -> "State | None":
        """Give the state inside an object with these `types`: sorted, each scoped."""
        return self.types.get(types[0]) if len(types) == 1 else None

    def opened(self, urls: tuple[str, ...]) -> "State | None":
        """Give the state after an object's own @context."""
        return self.contexts.get(urls)


class _Nowhere(State):
    """A state that knows no term."""

    def __init__(self) -> None:
        super().__init__()
        self.terms, self.contexts = {}, {}
        self.insides, self.references, self.types = {}, {}, {}


# --- from the file --------------------------------------------------------------------------------


@cache
def compiled() -> State:
    """Give the state before any @context; it leads nowhere when the file is for other contexts."""
    with open(_FILE, "rb") as file:
        table = json.loads(file.read())
    known = pinned("context")
    if any(url not in known or known[url].sha256 != sha for url, sha in table["contexts"].items()):
        return _Nowhere()
    states: list[State] = []
    meanings = [
        Meaning(kind, table["iris"][iri], table["suffixes"][suffix], bool(graph), bool(scoped))
        for kind, iri, suffix, graph, scoped in table["meanings"]
    ]
    for row in table["states"]:
        states.append(_CompiledState(row, table["names"][row["names"]], meanings, states))
    return states[0]


class _CompiledState(State):
    """A state of the file; its tables are made when a document first leads there."""

    def __init__(
        self, row: dict[str, Any], names: list[str], meanings: list[Meaning], states: list[State]
    ) -> None:
        super().__init__()
        self._written = row, names, meanings, states

    def __getattr__(self, name: str) -> Any:
        if name not in State.__annotations__:
            raise AttributeError(name)
        row, names, meanings, states = self._written

        def leading(row: dict[str, int]) -> dict[str, State | None]:
            return {name: None if place < 0 else states[place] for name, place in row.items()}

        self.insides = dict.fromkeys(names, states[row["inside"]]) | leading(row["insides"])
        self.references, self.types = leading(row["references"]), leading(row["types"])
        self.contexts = {tuple(key.split()): at for key, at in leading(row["contexts"]).items()}
        self.terms = {n: meanings[place] for n, place in zip(names, row["terms"], strict=True)}
        return getattr(self, name)


def write_table() -> str:
    """Give the text of the file: every state that our contexts and single types lead to."""
    live = Live()
    outer, order = [live.start], [live.start]  # states of whole objects; all states
    for state in outer:
        within = [state, *(state.typed((n,)) for n, m in state.terms.items() if m.scoped)]
        found = [state.opened(urls) for urls in _ROOTS]
        for inner in filter(None, within):
            if inner not in order:
                order.append(inner)
            found += [inner.inside(name) for name, m in inner.terms.items() if _is_followed(m)]
        for next_ in filter(None, found):
            if next_ not in outer:
                outer.append(next_)
            if next_ not in order:
                order.append(next_)
    digests = {url: pinned("context")[url].sha256 for root in _ROOTS for url in root}
    numbers = {name: _Numbers() for name in ("iris", "suffixes", "meanings", "names")}
    for state in list(order):  # words of a vocabulary with a context of its own
        order += [
            reference
            for name, meaning in state.terms.items()
            if meaning.kind == VOCABULARY and meaning.scoped
            if (reference := state.reference(name)) is not None and reference not in order
        ]
    rows = [_row(state, state in outer, order, numbers) for state in order]
    table = {"contexts": digests, **{n: list(v) for n, v in numbers.items()}, "states": rows}
    return json.dumps(table, separators=(",", ":")) + "\n"


class _Numbers(dict[Any, int]):
    """Values with the number that each got when it came first."""

    def of(self, value: Any) -> int:
        return self.setdefault(value, len(self))


def _is_followed(meaning: Meaning) -> bool:
    # A property with a context of its own changes everything inside it: followed only where that
    # is the rule, from a presentation to what it presents.
    return meaning.kind in (LITERAL, REFERENCE, VOCABULARY) and (
        not meaning.scoped or meaning.graph
    )


def _row(
    state: State, outer: bool, order: list[State], numbers: dict[str, _Numbers]
) -> dict[str, Any]:
    names = sorted(state.terms)
    places = []
    for name in names:
        kind, iri, suffix, graph, scoped = state.terms[name]
        entry = (
            kind,
            numbers["iris"].of(iri),
            numbers["suffixes"].of(suffix),
            int(graph),
            int(scoped),
        )
        places.append(numbers["meanings"].of(entry))

    def leading(found: dict[Any, State | None]) -> dict[Any, int]:
        return {name: order.index(at) for name, at in found.items() if at in order}

    followed = [name for name in names if _is_followed(state.terms[name])]
    insides = leading({name: state.inside(name) for name in followed})
    usual = max(set(insides.values()), key=list(insides.values()).count, default=0)
    others = {name: insides.get(name, -1) for name in names if insides.get(name, -1) != usual}
    with_context = [name for name in names if state.terms[name].scoped]
    words = [name for name in with_context if state.terms[name].kind == VOCABULARY]
    opened = {" ".join(urls): state.opened(urls) for urls in _ROOTS}
    return {
        "names": numbers["names"].of(tuple(names)),
        "terms": places,
        "inside": usual,
        "insides": others,
        "references": leading({name: state.reference(name) for name in words}),
        "types": leading({name: state.typed((name,)) for name in with_context}) if outer else {},
        "contexts": leading(opened) if outer else {},
    }


# --- made by PyLD ---------------------------------------------------------------------------------


class Live:
    """States made by PyLD's own context processing; equal ones are one."""

    def __init__(self) -> None:
        import threading

        from pyld import jsonld
        from pyld.context_resolver import ContextResolver

        self._processor = jsonld.JsonLdProcessor()
        self._error = jsonld.JsonLdError
        self.value = jsonld.JsonLdProcessor.get_context_value
        self._options = {
            "base": None,
            "contextResolver": ContextResolver({}, _load),
            "processingMode": "json-ld-1.1",
            "documentLoader": _load,
        }
        self._states: dict[str, State] = {}
        self._contents: dict[int, str] = {}
        self._kept: list[Any] = []
        self._lock = threading.RLock()  # PyLD is not thread-safe
        self.start: State = _LiveState(
            self, self._processor._get_initial_context(self._options), {}
        )

    def processed(self, context: Any, local: Any, **how: bool) -> Any:
        """Give the active context after a local one (JSON-LD 1.1 API, 4.1); None when it fails."""
        if context is None or local is None:
            return None
        with self._lock:
            try:
                return self._processor._process_context(context, local, self._options, **how)
            except self._error:
                return None

    def state(self, context: Any) -> State | None:
        """Give the state of an active context."""
        if context is None:
            return None
        with self._lock:
            if len(self._kept) >= _MOST_CONTEXTS and id(context) not in self._contents:
                return None
            content = self._content(context)
            if content not in self._states:
                if len(self._states) >= _MOST_STATES:
                    return None
                self._states[content] = _LiveState(self, context, dict(self._terms(context)))
            return self._states[content]

    def term_context(self, context: Any, term: str) -> Any:
        """Give the active context for the values of a term (5.1.2, step 13.5)."""
        scoped = self.value(context, term, "@context")
        if scoped is None:
            return context
        return self.processed(context, scoped, propagate=True, override_protected=True)

    def _content(self, context: Any) -> str:
        found = self._contents.get(id(context))
        if found is None:
            mappings = sorted((name, repr(value)) for name, value in context["mappings"].items())
            others = sorted((k, str(v)) for k, v in context.items() if k in _DEFAULTS)
            before = context.get("previousContext")
            text = repr((mappings, others, self._content(before) if before else ""))
            found = self._contents[id(context)] = sha256(text.encode()).hexdigest()
            self._kept.append(context)  # so that its id stays its own
        return found

    def _terms(self, context: Any) -> Iterator[tuple[str, Meaning]]:
        if any(key in context for key in _DEFAULTS):
            return
        for name, mapping in context["mappings"].items():
            if mapping is not None:
                yield name, self._meaning(context, name, mapping)

    def _meaning(self, context: Any, name: str, mapping: Any) -> Meaning:
        iri = mapping.get("@id")
        containers = _listed(mapping.get("@container"))
        graph, scoped = "@graph" in containers, mapping.get("@context") is not None
        if (name, iri) in (("id", "@id"), ("type", "@type")):
            return Meaning(ID if name == "id" else TYPE, "", "", False, False)
        if not isinstance(iri, str) or not IRI.fullmatch(iri):
            return Meaning(UNUSUAL, "", "", False, False)
        inner = self.term_context(context, name)
        asked = ("@type", "@language", "@direction")
        kind, language, direction = (inner and self.value(inner, name, key) for key in asked)
        # A null context makes the term itself unknown to its values: objects only.
        plain = inner is not None and (name in inner["mappings"] or graph)
        odd = (
            not plain
            or not {"@set", "@graph"}.issuperset(containers)
            or language is not None
            or direction is not None
            or mapping["reverse"]
            or "@nest" in mapping
            or "@index" in mapping
            or kind in ("@json", "@none", _DOUBLE)
        )
        if odd:
            return Meaning(UNUSUAL, f"<{iri}>", "", graph, scoped)
        if kind in ("@id", "@vocab"):
            found = REFERENCE if kind == "@id" else VOCABULARY
            return Meaning(found, f"<{iri}>", "", graph, scoped)
        if kind is not None and not IRI.fullmatch(kind):
            return Meaning(UNUSUAL, f"<{iri}>", "", graph, scoped)
        return Meaning(LITERAL, f"<{iri}>", f"^^<{kind}>" if kind else "", graph, scoped)


class _LiveState(State):
    """A state that asks PyLD for what it does not know yet."""

    def __init__(self, live: Live, context: Any, terms: dict[str, Meaning]) -> None:
        super().__init__()
        self._live, self._context, self.terms = live, context, terms
        self.insides, self.references, self.types, self.contexts = {}, {}, {}, {}

    def inside(self, term: str) -> State | None:
        if term not in self.insides:
            self.insides[term] = self._value_state(term, reference=False)
        return self.insides[term]

    def reference(self, term: str) -> State | None:
        if term not in self.references:
            self.references[term] = self._value_state(term, reference=True)
        return self.references[term]

    def typed(self, types: tuple[str, ...]) -> State | None:
        # 5.1.2, step 11: each is looked up where none of them is applied yet.
        found = self._context
        for name in types:
            scoped = self._live.value(self._context, name, "@context")
            found = self._live.processed(found, scoped, propagate=False)
        return self._live.state(found)

    def opened(self, urls: tuple[str, ...]) -> State | None:
        if urls not in self.contexts:
            if len(self.contexts) >= _MOST_STATES:
                return None
            found = self._live.processed(self._context, list(urls))
            self.contexts[urls] = self._live.state(found)
        return self.contexts[urls]

    def _value_state(self, term: str, *, reference: bool) -> State | None:
        # 5.1.2, steps 7 and 8: what a type brought ends here, but for what is only an id.
        found = self._live.term_context(self._context, term)
        if found is None:
            return None
        scoped = self._live.value(found, term, "@context")
        if not reference:
            found = found.get("previousContext", found)
        if scoped is not None:
            found = self._live.processed(found, scoped, override_protected=True)
        return self._live.state(found)


@cache
def live() -> State:
    """Give the state before any @context, for documents that the file does not know."""
    return Live().start


def _load(url: str, _options: Any = None) -> dict[str, Any]:
    return {
        "contentType": "application/ld+json",
        "contextUrl": None,
        "documentUrl": url,
        "document": load_context(url),
    }


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [] if value is None else [value]


if __name__ == "__main__":
    with open(_FILE, "w", encoding="utf-8") as written:
        written.write(write_table())
