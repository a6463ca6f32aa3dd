"""Canonical forms: the exact text that a signature covers.

RDFC-1.0 for JSON-LD in the closed profile of `contexts.closed_profile`: what the reader of the JSON
sees is what was signed. `contexts.fast_path` does it in one walk; documents that it leaves, and
those to be refused, go through PyLD's expansion here. JCS is RFC 8785.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, cast

from contexts.closed_profile import MAX_BLANK_NODES, check_expanded, check_written
from contexts.errors import ContextError, TooMuchWork, UnsafeDocument
from contexts.fast_path import Unusual, canonical_fast, check_fast
from contexts.pinned import load_context
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
    with _LOCK:
        expanded = _processed("expand", _as_integers(document))
    check_expanded(document, expanded)
    return cast(list[Any], expanded)


def to_quads(document: dict[str, Any]) -> list[Quad]:
    """Give the RDF dataset of a document as quads of N-Quads terms."""
    expanded = expand_checked(document)
    _check_blank_nodes(expanded)
    with _LOCK:
        dataset = _processed("to_rdf", expanded)
    quads = list(_quads(dataset))
    if not quads:
        raise UnsafeDocument("the document says nothing: it has no statement")
    return quads


# --- PyLD, fenced in ----------------------------------------------------------------------------

# PyLD is not thread-safe, and its own resolver would carry one caller's contexts to another.
_LOCK = threading.Lock()
_RESOLVED: dict[str, Any] = {}


def _load(url: str, _options: Any = None) -> dict[str, Any]:
    return {
        "contentType": "application/ld+json",
        "contextUrl": None,
        "documentUrl": url,
        "document": load_context(url),
    }


def _dropped(term: str) -> None:
    raise UnsafeDocument(f"the member {str(term)[:100]!r} is not defined by the contexts")


def _processed(step: str, document: Any) -> Any:
    from pyld import jsonld
    from pyld.context_resolver import ContextResolver

    # base None: a relative id must never be completed with an invented address.
    # i18n-datatype: the direction of a text is signed, as other implementations of Data Integrity
    # sign it; without the option it would be lost.
    options = {
        "base": None,
        "documentLoader": _load,
        "contextResolver": ContextResolver(_RESOLVED, _load),
        "processingMode": "json-ld-1.1",
        "rdfDirection": "i18n-datatype",
        "produceGeneralizedRdf": False,
        "extractAllScripts": False,
    }
    processor = jsonld.JsonLdProcessor(on_property_dropped=_dropped)
    try:
        return getattr(processor, step)(document, options)
    except jsonld.JsonLdError as error:
        raise _translated(error) from error
    except (TypeError, KeyError, AttributeError, IndexError, RecursionError) as error:
        # PyLD meets values of a kind it does not expect, e.g. an object where a word should be.
        raise UnsafeDocument(f"invalid JSON-LD: {str(error)[:100]}") from error


def _translated(error: Any) -> ContextError:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ContextError):
            return cause
        cause = getattr(cause, "cause", None) or cause.__cause__ or cause.__context__
    code = error.code or "invalid JSON-LD"
    details = error.details if isinstance(error.details, dict) else {}
    name = next((str(details[k]) for k in ("term", "value", "context") if k in details), "")
    return UnsafeDocument(f"{code}: {name[:100]}" if name else str(code))


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
