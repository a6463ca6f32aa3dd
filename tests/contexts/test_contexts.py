"""What has no certain meaning is refused by name; what has one is canonical byte for byte."""

import copy
import hashlib
import json
import threading
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from parties import NOW, Party

from contexts import (
    ContextError,
    SchemaMismatch,
    TooMuchWork,
    UnknownContext,
    UnsafeDocument,
    canonical_jcs,
    canonical_rdfc,
    check_schema,
    load_context,
    loads_strict,
)
from contexts.pinned import pinned
from contexts.rdfc import canonicalise_nquads, issued_identifiers, parse_nquads
from contexts.urls import OB3, VC2

BADGE = Party("Centre").unsigned_badge("did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK")


def changed(**members: Any) -> dict[str, Any]:
    return {**copy.deepcopy(BADGE), **members}


@pytest.mark.parametrize(
    ("document", "culprit"),
    [
        (changed(nickname="x"), "nickname"),
        (changed(type=["VerifiableCredential", "OpenBadgeCredential", "Invented"]), "Invented"),
        (changed(id="relative/id"), "relative/id"),
        (changed(id="javascript:alert(1)"), "javascript"),
        (changed(id="data:text/html,x"), "data:"),
        (changed(id="urn:with space"), "with space"),
        (changed(id="_:blank"), "_:blank"),
        (changed(**{"https://www.w3.org/2018/credentials#credentialStatus": []}), "not a term"),
        (changed(**{"@included": []}), "@included"),
        (changed(**{"@graph": []}), "@graph"),
        (changed(**{"@id": "urn:x:y"}), "@id"),
        (changed(**{"@reverse": {}}), "@reverse"),
        (changed(**{"cred:name": "x"}), "cred:name"),
        (changed(description=None), "null at /description"),
        (changed(**{"@context": [VC2, OB3, {"nickname": "https://x.example/n"}]}), "inline"),
        (changed(**{"@context": [VC2, OB3, {"@vocab": "https://x.example/"}]}), "inline"),
        (changed(**{"@context": [VC2, OB3, "https://evil.example/v1"]}), "evil.example"),
        (changed(**{"@context": [VC2, OB3, 7]}), "7"),
        (changed(**{"@context": []}), "empty"),
        ({k: v for k, v in BADGE.items() if k != "@context"}, "no @context"),
        (changed(name={"@value": "x", "@language": "not a tag!"}), "language tag"),
    ],
)
def test_document_without_certain_meaning_is_refused_by_name(
    document: dict[str, Any], culprit: str
) -> None:
    with pytest.raises((UnsafeDocument, UnknownContext), match=culprit.replace("[", r"\[")):
        canonical_rdfc(document)


def test_undefined_term_deep_inside_is_refused() -> None:
    document = copy.deepcopy(BADGE)
    document["credentialSubject"]["achievement"]["secretLevel"] = "4"
    with pytest.raises(UnsafeDocument, match="secretLevel"):
        canonical_rdfc(document)


def test_two_faces_of_one_id_are_refused() -> None:
    document = copy.deepcopy(BADGE)
    document["credentialSubject"]["achievement"]["creator"] = {
        **document["issuer"],
        "name": "Somebody else",
    }
    with pytest.raises(UnsafeDocument, match="two different 'name'"):
        canonical_rdfc(document)


def test_look_alike_nodes_end_in_a_refusal() -> None:
    document = copy.deepcopy(BADGE)
    twin = {"type": ["Result"], "alignment": [{"type": ["Alignment"]}] * 8}
    document["credentialSubject"]["result"] = [twin] * 8
    with pytest.raises(TooMuchWork):
        canonical_rdfc(document)


def test_pinned_files_have_their_digests() -> None:
    rows = [*pinned("context").values(), *pinned("schema").values()]
    assert len(rows) >= 16
    for row in rows:
        assert hashlib.sha256(row.read()).hexdigest() == row.sha256


def test_pinned_contexts_are_the_published_ones(vectors: Path) -> None:
    listed = json.loads((vectors / "contexts/contexts.json").read_text("utf-8"))["contexts"]
    published = {row["url"]: row for row in listed}
    for url, row in pinned("context").items():
        theirs = (vectors / "contexts" / published[url]["file"]).read_bytes()
        assert json.loads(row.read()) == json.loads(theirs), url
        same_bytes = row.sha256 == published[url]["sha256"]
        assert (row.equal == "bytes") == same_bytes, url
    needed = {row["url"] for row in listed if row["need"].startswith("MUST")}
    assert needed <= set(pinned("context"))


def test_pinned_schemas_are_the_published_ones(vectors: Path) -> None:
    for row in pinned("schema").values():
        name = row.url.rpartition("/")[2]
        assert row.read() == (vectors / "ob3-schema" / name).read_bytes()


def test_unknown_context_is_never_fetched() -> None:
    with pytest.raises(UnknownContext, match="evil"):
        load_context("https://evil.example/context")


def test_long_ring_of_nodes_that_look_alike_ends_in_a_refusal() -> None:
    ring = "".join(f"_:n{n} <urn:p> _:n{(n + 1) % 900} .\n" for n in range(900))
    with pytest.raises(TooMuchWork, match="look alike"):
        canonicalise_nquads(ring)


def test_rdfc10_suite(vectors: Path) -> None:
    folder = vectors / "rdfc10"
    manifest = json.loads((folder / "manifest.jsonld").read_text("utf-8"))
    counted = 0
    for entry in manifest["entries"]:
        source = (folder / entry["action"]).read_bytes().decode()
        algorithm = "sha384" if "384" in str(entry.get("hashAlgorithm", "")) else "sha256"
        counted += 1
        if entry["type"] == "rdfc:RDFC10NegativeEvalTest":
            with pytest.raises(TooMuchWork):
                canonicalise_nquads(source, algorithm=algorithm)
            continue
        wanted = (folder / entry["result"]).read_bytes().decode()
        if entry["type"] == "rdfc:RDFC10MapTest":
            found = issued_identifiers(parse_nquads(source), algorithm=algorithm)
            assert found == json.loads(wanted), entry["id"]
        else:
            assert canonicalise_nquads(source, algorithm=algorithm) == wanted, entry["id"]
    assert counted == len(manifest["entries"]) > 50


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_jcs_is_that_of_the_reference_or_a_refusal(value: Any) -> None:
    try:
        text = canonical_jcs(value)
    except ContextError:
        return
    assert text == rfc8785.dumps(value)


@pytest.mark.parametrize(
    "value",
    [
        "\x00",
        "\ud800",
        {"\ud800": 1},
        {"a": float("nan")},
        2**53,
        {1: "x"},
        {None: 1},
        {"a": {1}},
    ],
)
def test_jcs_refuses_what_is_not_strict_json(value: Any) -> None:
    with pytest.raises(ContextError):
        canonical_jcs([value])


def test_jcs_depth_is_that_of_strict_json() -> None:
    deep: Any = "x"
    for _ in range(64):
        deep = [deep]
    assert loads_strict(canonical_jcs(deep)) == deep
    for deeper in ([deep], {"a": deep}):
        with pytest.raises(ContextError):
            canonical_jcs(deeper)


def test_jcs_vectors(vectors: Path) -> None:
    sources = sorted((vectors / "jcs/input").glob("*.json"))
    assert len(sources) >= 4
    for source in sources:
        wanted = (vectors / "jcs/output" / source.name).read_bytes()
        assert canonical_jcs(json.loads(source.read_bytes())) == wanted.rstrip(b"\n"), source.name
        spelled = vectors / "jcs/outhex" / f"{source.stem}.txt"
        if spelled.exists():  # the same bytes in hexadecimal
            assert bytes.fromhex(spelled.read_text("ascii")) == wanted.rstrip(b"\n"), source.name


@pytest.mark.parametrize("value", [2**53, float("nan"), float("inf"), "\ud800", "a\0b", {1: 2}])
def test_value_without_one_json_form_has_no_canonical_json(value: Any) -> None:
    with pytest.raises(ContextError):
        canonical_jcs({"a": [value]})


@pytest.mark.parametrize("kind", ["ob", "clr"])
def test_implementation_guide_canonical_text(vectors: Path, kind: str) -> None:
    folder = vectors / "ob3-impl-guide-vector"
    document = json.loads((folder / f"signed-{kind}-7.json").read_text("utf-8"))
    proof = document.pop("proof")
    steps = folder / f"{kind}v{'3' if kind == 'ob' else '2'}p0"
    assert canonical_rdfc(document) == (steps / "document-canon.txt").read_text()
    (options,) = proof if isinstance(proof, list) else [proof]
    options.pop("proofValue")
    options["@context"] = document["@context"]
    assert canonical_rdfc(options) == (steps / "proof-canon.txt").read_text()


def test_schema_names_the_place() -> None:
    document = copy.deepcopy(BADGE)
    del document["credentialSubject"]["achievement"]["criteria"]
    with pytest.raises(SchemaMismatch, match="/credentialSubject/achievement"):
        check_schema(document, "achievement-credential")


def test_examples_are_badges(examples: dict[str, dict[str, Any]]) -> None:
    for name in ("level1", "level2", "level3", "examiner"):
        check_schema(examples[name], "achievement-credential")
    check_schema(examples["endorsement"], "endorsement-credential")


def test_threads_do_not_disturb_each_other() -> None:
    wanted = canonical_rdfc(BADGE)
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(canonical_rdfc(BADGE))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(found) == {wanted}
    assert NOW.tzinfo is not None
