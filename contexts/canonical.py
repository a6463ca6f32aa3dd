"""Canonical forms: the exact text that a signature covers.

RDFC-1.0 for JSON-LD in the closed profile of `contexts.closed_profile`: what the reader of the JSON
sees is what was signed. `contexts.fast_path` does it in one walk; documents that it leaves, and
those to be refused, go through PyLD's expansion here. JCS is RFC 8785.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, cast

from contexts.closed_profile import MAX_BLANK_NODES, check_expanded, check_written
from contexts.errors import TooMuchWork, UnsafeDocument
from contexts.fast_path import Unusual, canonical_fast, check_fast
from contexts.rdfc import Algorithm, Quad, canonicalise, escape_literal
from contexts.strict_json import check_strict, is_plain

_XSD_STRING = "http://www.w3.org/2001/XMLSchema#string"
_LANG_STRING = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"


def canonical_jcs(value: Any) -> bytes:
    """Give the JSON Canonicalization Scheme form of a value (RFC 8785)."""
    if is_plain(value):
        text = _ENCODER.encode(value)
        if "\\u0000" not in text:
            with suppress(UnicodeEncodeError):  # a lone surrogate, to be named below
                return text.encode()
    check_strict(value, control_characters=True)
    import rfc8785  # few documents need it

    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as error:
        raise UnsafeDocument(f"no canonical JSON: {error}") from error


_ENCODER = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, sort_keys=True, separators=(",", ":")
)


def canonical_rdfc(document: dict[str, Any], *, algorithm: Algorithm = "sha256") -> str:
    """Give the canonical N-Quads of a JSON-LD document (RDFC-1.0), or raise what is unsafe."""
    try:
        return canonical_fast(document, algorithm)
    except Unusual:
        return canonicalise(to_quads(document), algorithm=algorithm)


def check_words(document: dict[str, Any]) -> None:
    """Raise what `canonical_rdfc` raises for a document whose meaning is not certain."""
    try:
        check_fast(document)
    except Unusual:
        expand_checked(document)


def expand_checked(document: dict[str, Any]) -> list[Any]:
    """Expand a document in the closed profile (JSON-LD 1.1 API, 5.1), refusing any loss.

    Raises `UnknownContext` and `UnsafeDocument`, each with the name of what is wrong.
    """
    check_strict(document)
    check_written(document)
    from contexts.processor import processed

    expanded = processed("expand", _as_integers(document))
    check_expanded(document, expanded)
    return cast(list[Any], expanded)


def to_quads(document: dict[str, Any]) -> list[Quad]:
    """Give the RDF dataset of a document as quads of N-Quads terms."""
    expanded = expand_checked(document)
    _check_blank_nodes(expanded)
    from contexts.processor import processed

    dataset = processed("to_rdf", expanded)
    quads = list(_quads(dataset))
    if not quads:
        raise UnsafeDocument("the document says nothing: it has no statement")
    return quads


def _as_integers(value: Any) -> Any:
    # JSON knows one kind of number: 5.0 is the integer 5 (JSON-LD 1.1 API, 8.2.2 step 9).
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, dict):
        return {key: _as_integers(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_as_integers(inner) for inner in value]
    return value


def _check_blank_nodes(expanded: list[Any]) -> None:
    count, stack = 0, list(expanded)
    while stack:
        item = stack.pop()
        if isinstance(item, list):
            stack.extend(item)
        elif isinstance(item, dict) and "@value" not in item:
            count += "@id" not in item
            stack.extend(value for key, value in item.items() if not key.startswith("@"))
            stack.extend(item[key] for key in ("@list", "@graph") if key in item)
    if count > MAX_BLANK_NODES:
        raise TooMuchWork(f"more than {MAX_BLANK_NODES} objects without an id")


# --- from PyLD's dataset to N-Quads terms -------------------------------------------------------


def _quads(dataset: dict[str, Any]) -> Iterator[Quad]:
    for graph, triples in dataset.items():
        name = "" if graph == "@default" else _named(graph)
        for triple in triples:
            subject, predicate = triple["subject"]["value"], triple["predicate"]["value"]
            yield (_named(subject), f"<{predicate}>", _object(triple["object"]), name)


def _named(value: str) -> str:
    return value if value.startswith("_:") else f"<{value}>"


def _object(term: dict[str, Any]) -> str:
    if term["type"] != "literal":
        return _named(term["value"])
    text = f'"{escape_literal(term["value"])}"'
    if term["datatype"] == _LANG_STRING:
        return f"{text}@{term['language']}"
    if term["datatype"] == _XSD_STRING:
        return text
    return f"{text}^^<{term['datatype']}>"
