"""The JSON-LD processor beneath us: the published toRdf tests, file by file.

Our own profile is closed (docs/adr/0006): it takes none of these documents, and must give none of
them another meaning. So the processor itself is run, with the options each test asks for.
"""

import json
import warnings
from pathlib import Path
from typing import Any

import pytest
from pyld import jsonld

from contexts import ContextError, canonical_rdfc, canonicalise_nquads

BASE = "https://w3c.github.io/json-ld-api/tests/"
DIFFERENCES = {
    "#te111": "relative @vocab joined to the vocabulary: only inline contexts could do so",
    "#te112": "the same, relative to a relative one",
    "#te127": "refused with a TypeError, which contexts.canonical turns into UnsafeDocument",
    "#te075": "blank node as a predicate: generalized RDF, which N-Quads cannot write",
    "#tli12": "a relative id in a list is written, not dropped: the closed profile refuses it",
    "#twf05": "a malformed language tag is written, not dropped: the closed profile refuses it",
}


def test_processor_gives_the_published_datasets(vectors: Path) -> None:
    folder = vectors / "jsonld-toRdf"
    manifest = json.loads((folder / "toRdf-manifest.jsonld").read_text("utf-8"))
    found = {test["@id"]: _ends_as_expected(folder, test) for test in manifest["sequence"]}
    assert len(found) > 300
    assert {name for name, good in found.items() if not good} == set(DIFFERENCES)


def test_closed_profile_takes_none_of_them(vectors: Path) -> None:
    for path in (vectors / "jsonld-toRdf/toRdf").glob("*-in.jsonld"):
        document = json.loads(path.read_text("utf-8"))
        with pytest.raises(ContextError):
            canonical_rdfc(document)


def _ends_as_expected(folder: Path, test: dict[str, Any]) -> bool:
    options = test.get("option", {})
    document = json.loads((folder / test["input"]).read_text("utf-8"))

    def load(url: str, _options: Any = None) -> dict[str, Any]:
        text = (folder / url.removeprefix(BASE)).read_text("utf-8")
        return {
            "contentType": "application/ld+json",
            "contextUrl": None,
            "documentUrl": url,
            "document": json.loads(text),
        }

    given = {
        "base": options.get("base", BASE + test["input"]),
        "documentLoader": load,
        "processingMode": options.get("processingMode", "json-ld-1.1"),
        "produceGeneralizedRdf": options.get("produceGeneralizedRdf", False),
        "format": "application/n-quads",
        **{name: options[name] for name in ("rdfDirection",) if name in options},
    }
    negative = "jld:NegativeEvaluationTest" in test["@type"]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            quads = jsonld.to_rdf(document, given)
    except (jsonld.JsonLdError, TypeError, AttributeError, KeyError):
        return negative
    if negative or "expect" not in test:
        return not negative
    try:
        expected = (folder / test["expect"]).read_text("utf-8")
        return canonicalise_nquads(quads) == canonicalise_nquads(expected)
    except ContextError:
        return False
