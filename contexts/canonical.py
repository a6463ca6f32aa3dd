"""Canonical forms: the exact text that a signature covers.

RDFC-1.0 for JSON-LD goes through PyLD's expansion, in a closed profile: every member is a term of
a pinned context, every type is defined, every id is absolute, nothing is dropped. What the reader
of the JSON sees is then what was signed (threats 1, 3 and 27). JCS is RFC 8785.
"""

import re
import threading
from collections.abc import Iterator
from typing import Any, cast

import rfc8785
from pyld import jsonld
from pyld.context_resolver import ContextResolver

from contexts.errors import ContextError, TooMuchWork, UnknownContext, UnsafeDocument
from contexts.pinned import load_context
from contexts.rdfc import Quad, canonicalise, escape_literal
from contexts.strict_json import check_strict

_MAX_MEMBERS = 20_000
_MAX_BLANK_NODES = 2_000
_VALUE_KEYS = frozenset({"@value", "@language", "@direction", "@type"})
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\]+")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
_UNSAFE_SCHEMES = ("javascript:", "data:", "vbscript:")
_DATA_TYPES = frozenset({"EnvelopedVerifiableCredential", "EnvelopedVerifiablePresentation"})
_ENDORSEMENT_SUBJECT = "https://purl.imsglobal.org/spec/vc/ob/vocab.html#EndorsementSubject"
_XSD_STRING = "http://www.w3.org/2001/XMLSchema#string"
_LANG_STRING = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"


def canonical_jcs(value: Any) -> bytes:
    """Give the JSON Canonicalization Scheme form of a value (RFC 8785)."""
    check_strict(value)
    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as error:
        raise UnsafeDocument(f"no canonical JSON: {error}") from error


def canonical_rdfc(document: dict[str, Any]) -> str:
    """Give the canonical N-Quads of a JSON-LD document (RDFC-1.0), or raise what is unsafe."""
    return canonicalise(to_quads(document))


def expand_checked(document: dict[str, Any]) -> list[Any]:
    """Expand a document in the closed profile (JSON-LD 1.1 API, 5.1), refusing any loss.

    Raises `UnknownContext` and `UnsafeDocument`, each with the name of what is wrong.
    """
    check_strict(document)
    _check_profile(document)
    with _LOCK:
        expanded = _expand(document)
    _check_expanded(expanded)
    return expanded


def to_quads(document: dict[str, Any]) -> list[Quad]:
    """Give the RDF dataset of a document as quads of N-Quads terms."""
    expand_checked(document)
    with _LOCK:
        dataset = _processor().to_rdf(document, _options())
    quads = list(_quads(dataset))
    if not quads:
        raise UnsafeDocument("the document says nothing: it has no statement")
    blanks = {term for quad in quads for term in quad if term.startswith("_:")}
    if len(blanks) > _MAX_BLANK_NODES:
        raise TooMuchWork(f"more than {_MAX_BLANK_NODES} nodes without an id")
    return quads


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


def _processor() -> jsonld.JsonLdProcessor:
    return jsonld.JsonLdProcessor(on_property_dropped=_dropped)


def _options() -> dict[str, Any]:
    # base None: a relative id must never be completed with an invented address.
    return {
        "base": None,
        "documentLoader": _load,
        "contextResolver": ContextResolver(_RESOLVED, _load),
        "processingMode": "json-ld-1.1",
        "produceGeneralizedRdf": False,
        "extractAllScripts": False,
    }


def _expand(document: dict[str, Any]) -> list[Any]:
    try:
        return cast(list[Any], _processor().expand(document, _options()))
    except jsonld.JsonLdError as error:
        raise _translated(error) from error


def _translated(error: jsonld.JsonLdError) -> ContextError:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ContextError):
            return cause
        if isinstance(cause, jsonld.JsonLdError) and cause.cause is not None:
            cause = cause.cause
        else:
            cause = cause.__cause__
    code = error.code or "invalid JSON-LD"
    details = error.details if isinstance(error.details, dict) else {}
    name = next((str(details[k]) for k in ("term", "value", "context") if k in details), "")
    return UnsafeDocument(f"{code}: {name[:100]}" if name else str(code))


# --- the closed profile, on the JSON as it is written ------------------------------------------


def _check_profile(document: dict[str, Any]) -> None:
    if not isinstance(document, dict):
        raise UnsafeDocument("the document is not a JSON object")
    if "@context" not in document:
        raise UnknownContext("the document has no @context")
    members = 0
    stack: list[tuple[Any, str]] = [(document, "")]
    while stack:
        item, path = stack.pop()
        members += 1
        if members > _MAX_MEMBERS:
            raise TooMuchWork(f"the document has more than {_MAX_MEMBERS} members")
        if isinstance(item, list):
            stack.extend((inner, path) for inner in item)
        elif isinstance(item, dict):
            _check_object(item, path)
            stack.extend((v, f"{path}/{k}") for k, v in item.items() if k != "@context")
        elif item is None:
            raise UnsafeDocument(f"null at {path or '/'} would not be signed")


def _check_object(item: dict[str, Any], path: str) -> None:
    is_value = "@value" in item
    for key in item:
        if key == "@context":
            _check_context(item[key])
        elif key.startswith("@") and not (is_value and key in _VALUE_KEYS):
            raise UnsafeDocument(f"the keyword {key[:50]!r} at {path or '/'} is not used here")
        elif ":" in key:
            raise UnsafeDocument(f"the member {key[:200]!r} at {path or '/'} is not a term")
        elif not key:
            raise UnsafeDocument(f"an empty member name at {path or '/'}")
    if is_value and isinstance(item.get("@language"), str):
        _check_language(item["@language"], path)


def _check_context(context: Any) -> None:
    urls = context if isinstance(context, list) else [context]
    if not urls:
        raise UnknownContext("the @context is empty")
    for url in urls:
        if isinstance(url, dict):
            raise UnknownContext(f"an inline context: {', '.join(map(str, list(url)[:5]))}")
        if not isinstance(url, str):
            raise UnknownContext(f"the context {url!r} is not a URL")
        load_context(url)


def _check_language(tag: str, path: str) -> None:
    if not _LANGUAGE.fullmatch(tag):
        raise UnsafeDocument(f"{tag[:50]!r} at {path} is not a language tag")


# --- what expansion made of it ------------------------------------------------------------------


def _check_expanded(expanded: list[Any]) -> None:
    if not expanded:
        raise UnsafeDocument("the document says nothing: it has no statement")
    seen: dict[tuple[int, str], dict[str, Any]] = {}
    stack: list[tuple[Any, int]] = [(expanded, 0)]
    while stack:
        item, graph = stack.pop()
        if isinstance(item, list):
            stack.extend((inner, graph) for inner in item)
        elif isinstance(item, dict):
            if "@value" in item:
                _check_value(item)
                continue
            _check_node(item)
            _check_agrees(item, graph, seen)
            for key, inner in item.items():
                if key == "@graph":
                    stack.append((inner, id(item)))
                elif key not in ("@id", "@type"):
                    stack.append((inner, graph))


def _check_node(node: dict[str, Any]) -> None:
    if "@id" in node:
        _check_iri(node["@id"], "id")
        scheme = node["@id"].lower()
        if scheme.startswith(_UNSAFE_SCHEMES) and not _enveloped(node):
            raise UnsafeDocument(f"the id {node['@id'][:60]!r} has a scheme that is not used here")
    for kind in node.get("@type", []):
        _check_iri(kind, "type")
    if "@graph" in node and isinstance(node["@graph"], list) and not node["@graph"]:
        raise UnsafeDocument("an empty graph would not be signed")


def _enveloped(node: dict[str, Any]) -> bool:
    return any(str(kind).rsplit("#", 1)[-1] in _DATA_TYPES for kind in node.get("@type", []))


def _check_iri(value: Any, what: str) -> None:
    if not isinstance(value, str) or value.startswith("_:") or not _IRI.fullmatch(value):
        name = str(value)[:200]
        if what == "type":
            raise UnsafeDocument(f"the type {name!r} is not defined by the contexts")
        raise UnsafeDocument(f"the id {name!r} is not an absolute URL")


def _check_value(value: dict[str, Any]) -> None:
    kind = value.get("@type")
    if kind is not None and kind != "@json" and not _IRI.fullmatch(str(kind)):
        raise UnsafeDocument(f"the datatype {str(kind)[:100]!r} is not defined")
    if value.get("@value") is None:
        raise UnsafeDocument("a null value would not be signed")
    if "@language" in value:
        _check_language(str(value["@language"]), "a text")


def _check_agrees(
    node: dict[str, Any], graph: int, seen: dict[tuple[int, str], dict[str, Any]]
) -> None:
    # In RDF, two objects with one id are one node: contradicting members would be merged.
    if "@id" not in node or _ENDORSEMENT_SUBJECT in node.get("@type", []):
        return
    key = (graph, node["@id"])
    said = {k: v for k, v in node.items() if k not in ("@id", "@type")}
    known = seen.setdefault(key, {})
    for name, value in said.items():
        if name in known and known[name] != value:
            short = name.rsplit("#", 1)[-1].rsplit("/", 1)[-1]
            raise UnsafeDocument(f"two different {short!r} for the one id {node['@id'][:200]!r}")
        known[name] = value


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
