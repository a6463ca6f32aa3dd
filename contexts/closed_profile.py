"""The closed profile of JSON-LD: what is read in the JSON is what the signature covers.

JSON-LD lets one meaning be written in many ways, and a signature over RDF covers the meaning only.
Whoever may choose the writing can hide a statement from readers of the JSON while the signature
still holds: the status under its full IRI, the end date moved to another object with the same id
(threat 27). So `check_written` refuses other ways of writing before expansion, and `check_expanded`
compares what expansion made of the document with what is written. Both name the culprit.
"""

import re
from collections import deque
from collections.abc import Iterator
from functools import cache
from typing import Any

from contexts.errors import TooMuchWork, UnknownContext, UnsafeDocument
from contexts.pinned import admits_inline_contexts, load_context, pinned
from contexts.urls import VC1, VC2

MAX_MEMBERS = 12_000
"""Of objects and lists together: a presentation of some thirty full badges, half a second."""
MAX_PAIRS = 200_000
"""The processor compares the values of one list pair by pair; this takes about half a second."""

MAX_BLANK_NODES = 1_000
"""Objects without an id; honest badges have some dozens."""

_VALUE_KEYS = frozenset({"@value", "@language", "@direction"})
_TYPE_KEYS = frozenset({"type"})
IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20\x7f<>\"{}|^`\\]+")
LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
UNSAFE_SCHEMES = ("javascript:", "data:", "vbscript:")
_PICTURE = r"data:image/(?:png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/]+={0,2}"
"""The one use of data: that badges know: a picture inside (Open Badges 3.0, Image)."""
_VC = "https://www.w3.org/2018/credentials#"
_ENVELOPES = frozenset(
    {f"{_VC}EnvelopedVerifiableCredential", f"{_VC}EnvelopedVerifiablePresentation"}
)
DOCUMENTS = frozenset({f"{_VC}VerifiableCredential", f"{_VC}VerifiablePresentation"})
_OB = "https://purl.imsglobal.org/spec/vc/ob/vocab.html#"
PROFILE = f"{_OB}Profile"
ENDORSED = f"{_OB}EndorsementSubject"
_COMMENT = f"{_OB}endorsementComment"


# --- before expansion: the JSON as it is written -------------------------------------------------


def check_written(document: Any) -> None:
    """Refuse keywords, full IRIs as members, nulls, contexts that are not pinned, and bulk."""
    if not isinstance(document, dict):
        raise UnsafeDocument("the document is not a JSON object")
    if "@context" not in document:
        raise UnknownContext("the document has no @context")
    outer = _context_urls(document["@context"])
    pairs = 0
    for members, (item, path) in enumerate(_walk(document), 1):
        if isinstance(item, list):
            pairs += len(item) ** 2
        elif isinstance(item, dict):
            _check_members(item, path)
            if path and "@context" in item:
                _check_inner_context(_context_urls(item["@context"]), outer, path)
        elif item is None:
            raise UnsafeDocument(f"null at {path or '/'} would not be signed")
        if members > MAX_MEMBERS or pairs > MAX_PAIRS:
            raise TooMuchWork(
                f"the document is too large: more than {MAX_MEMBERS} members, or very long lists"
            )


def _walk(document: Any) -> Iterator[tuple[Any, str]]:
    stack: list[tuple[Any, str]] = [(document, "")]
    while stack:
        item, path = stack.pop()
        yield item, path
        if isinstance(item, list):
            stack.extend((inner, path) for inner in item)
        elif isinstance(item, dict):
            stack.extend((v, f"{path}/{k[:60]}") for k, v in item.items() if k != "@context")


def _check_members(item: dict[str, Any], path: str) -> None:
    is_value = "@value" in item
    for key in item:
        if key == "@context":
            continue
        if is_value and key not in _VALUE_KEYS:
            raise UnsafeDocument(f"the member {key[:50]!r} of a text at {path} is not used here")
        if key.startswith("@") and not is_value:
            raise UnsafeDocument(f"the keyword {key[:50]!r} at {path or '/'} is not used here")
        if ":" in key:
            raise UnsafeDocument(f"the member {key[:200]!r} at {path or '/'} is not a term")
        if not key:
            raise UnsafeDocument(f"an empty member name at {path or '/'}")
    if is_value:
        if "@context" in item or not isinstance(item["@value"], str):
            raise UnsafeDocument(f"the @value at {path} is not a text")
        _check_language(item.get("@language"), path)
        if item.get("@direction", "ltr") not in ("ltr", "rtl"):
            raise UnsafeDocument(f"the @direction at {path} is neither ltr nor rtl")


def _check_language(tag: Any, path: str) -> None:
    if tag is not None and not (isinstance(tag, str) and LANGUAGE.fullmatch(tag)):
        raise UnsafeDocument(f"{str(tag)[:50]!r} at {path} is not a language tag")


def _context_urls(context: Any) -> list[str]:
    urls = context if isinstance(context, list) else [context]
    if not urls:
        raise UnknownContext("the @context is empty")
    for url in urls:
        if isinstance(url, dict):
            if admits_inline_contexts() and _only_names(url):
                continue
            raise UnknownContext(f"an inline context: {', '.join(map(str, list(url)[:5]))[:200]}")
        if not isinstance(url, str):
            raise UnknownContext(f"the context {str(url)[:100]} is not a URL")
        load_context(url)
    named = [url for url in urls if isinstance(url, str)]
    if not named:
        raise UnknownContext("the @context names no context")
    return named


def _only_names(context: dict[str, Any]) -> bool:
    if set(context) == {"@context"} and isinstance(context["@context"], dict):
        context = context["@context"]
    return all(
        isinstance(meaning, bool)
        if term == "@protected"
        else isinstance(meaning, str)
        and IRI.fullmatch(meaning)
        and (term == "@vocab" or not term.startswith("@"))
        for term, meaning in context.items()
    )


def _check_inner_context(urls: list[str], outer: list[str], path: str) -> None:
    # An inner context may start anew, as an embedded credential does, or repeat the outer ones;
    # it may not give the terms of one object another meaning.
    if urls[0] not in (VC1, VC2) and not set(urls) <= set(outer):
        raise UnknownContext(f"the context {urls[0][:200]!r} at {path} is not one of the document")


# --- after expansion: what was made of it --------------------------------------------------------


def check_expanded(document: dict[str, Any], expanded: list[Any]) -> None:
    """Refuse undefined types, ids that are not absolute, and one id with several faces."""
    if not expanded:
        raise UnsafeDocument("the document says nothing: it has no statement")
    texts, types = _written_texts(document)
    faces: dict[tuple[int, str], list[dict[str, Any]]] = {}
    seen_types: set[str] = set()
    for node, graph in _nodes(expanded):
        if "@value" in node:
            _check_value(node)
            continue
        seen_types.update(_check_types(node))
        if "@graph" in node:
            _check_graph(node["@graph"])
        if "@id" in node:
            _check_id(node, texts)
            faces.setdefault((graph, node["@id"]), []).append(node)
    for written in types:
        if ":" in written and (written not in seen_types or written in _known_iris()):
            raise UnsafeDocument(f"the type {written[:200]!r} must be written as its term")
    for (_graph, name), nodes in faces.items():
        if len(nodes) > 1:
            _check_faces(name, nodes)


def _written_texts(document: dict[str, Any]) -> tuple[set[str], set[str]]:
    texts, types = set(), set()
    for item, path in _walk(document):
        if isinstance(item, str):
            texts.add(item)
            if path.rpartition("/")[2] in _TYPE_KEYS:
                types.add(item)
    return texts, types


def _nodes(expanded: list[Any]) -> Iterator[tuple[dict[str, Any], int]]:
    # From the outermost inwards; the number tells the graphs apart.
    queue: deque[tuple[Any, int]] = deque([(expanded, 0)])
    while queue:
        item, graph = queue.popleft()
        if isinstance(item, list):
            queue.extend((inner, graph) for inner in item)
        elif isinstance(item, dict):
            if set(item) != {"@list"}:
                yield item, graph
            for key, inner in item.items():
                if key == "@graph":
                    queue.append((inner, id(item)))
                elif key not in ("@id", "@type", "@value"):
                    queue.append((inner, graph))


def _check_value(value: dict[str, Any]) -> None:
    kind = value.get("@type")
    if kind is not None and kind != "@json" and not IRI.fullmatch(str(kind)):
        raise UnsafeDocument(f"the datatype {str(kind)[:100]!r} is not defined")


def _check_graph(items: list[dict[str, Any]]) -> None:
    # In a graph of its own (a proof, a credential in a presentation), an id or a text alone is no
    # statement: expansion keeps it, conversion to RDF loses it, and nothing of it would be signed.
    for item in items or [{}]:
        if "@value" in item or item.keys() <= {"@id"}:
            named = str(item.get("@id", item.get("@value", "")))[:100]
            raise UnsafeDocument(f"nothing is said about {named!r}, so it would not be signed")


def _check_types(node: dict[str, Any]) -> list[str]:
    kinds: list[str] = node.get("@type", [])
    for kind in kinds:
        if not isinstance(kind, str) or not IRI.fullmatch(kind):
            raise UnsafeDocument(f"the type {str(kind)[:200]!r} is not defined by the contexts")
    return kinds


def _check_id(node: dict[str, Any], texts: set[str]) -> None:
    name = node["@id"]
    if not isinstance(name, str) or name.startswith("_:") or not IRI.fullmatch(name):
        raise UnsafeDocument(f"the id {str(name)[:200]!r} is not an absolute URL")
    if name not in texts and name not in _known_iris():
        raise UnsafeDocument(f"the id {name[:200]!r} is written in a shortened way")
    is_unsafe = name.lower().startswith(UNSAFE_SCHEMES) and not re.fullmatch(_PICTURE, name)
    if is_unsafe and _ENVELOPES.isdisjoint(node.get("@type", [])):
        raise UnsafeDocument(f"the id {name[:60]!r} has a scheme that is not used here")


@cache
def _known_iris() -> frozenset[str]:
    """Give every IRI that a term of a pinned context stands for."""
    found: set[str] = set()
    stack: list[Any] = [load_context(url)["@context"] for url in pinned("context")]
    prefixes = {"xsd": "http://www.w3.org/2001/XMLSchema#"}
    while stack:
        item = stack.pop()
        if isinstance(item, list):
            stack.extend(item)
        elif isinstance(item, dict):
            for term, meaning in item.items():
                iri = meaning.get("@id") if isinstance(meaning, dict) else meaning
                if isinstance(iri, str) and ":" in iri:
                    found.add(iri)
                    if iri.endswith(("#", "/")) and not term.startswith("@"):
                        prefixes[term] = iri
            stack.extend(v for v in item.values() if isinstance(v, dict | list))
    for iri in list(found):
        prefix, _, rest = iri.partition(":")
        if prefix in prefixes and not rest.startswith("//"):
            found.add(prefixes[prefix] + rest)
    return frozenset(found)


def _check_faces(name: str, nodes: list[dict[str, Any]]) -> None:
    """Refuse objects of one id that contradict each other, or share out what is said of it.

    In RDF they are one node. A member could then be moved from the object where a check reads it
    to another, and the signature would still hold: the outermost object of a credential, or of
    one type, must say everything, the others may only repeat it. Objects of different types have
    terms of their own. Profiles of one organisation may differ in length, since nothing that
    decides stands in them; what an endorsement says about its subject is a statement of its own.
    """
    outermost: list[tuple[frozenset[str], dict[str, Any]]] = []
    everything: dict[str, Any] = {}
    for node in nodes:
        kinds = frozenset(node.get("@type", []))
        said = {k: _shallow(v) for k, v in node.items() if k not in ("@id", "@type")}
        if not said or (kinds == {ENDORSED} and set(said) == {_COMMENT}):
            continue
        for member, value in said.items():
            if everything.setdefault(member, value) != value:
                raise UnsafeDocument(f"two different {_short(member)!r} for the id {name[:200]!r}")
        for other, outer in outermost:
            apart = kinds.isdisjoint(other) and DOCUMENTS.isdisjoint(other)
            if apart or kinds == other == {PROFILE}:
                continue
            missing = sorted(
                set(said) - set(outer), key=lambda member: (member == _COMMENT, member)
            )
            if missing:
                raise UnsafeDocument(
                    f"{_short(missing[0])!r} of the id {name[:200]!r} stands in another object"
                )
        outermost.append((kinds, said))


def _shallow(value: Any) -> Any:
    if isinstance(value, list):
        return [_shallow(item) for item in value]
    if isinstance(value, dict):
        if "@id" in value and "@graph" not in value:
            return {"@id": value["@id"]}
        return {key: _shallow(inner) for key, inner in value.items()}
    return value


def _short(iri: str) -> str:
    return iri.rsplit("#", 1)[-1].rsplit("/", 1)[-1]
