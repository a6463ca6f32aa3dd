"""What is read in the JSON is what was signed: every way to write it otherwise is refused.

Each attack here leaves the signed statements as they were (or is read differently by two readers),
so only the closed profile stands between it and a signature that still verifies.
"""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyoxigraph
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parties import Party

from contexts import ContextError, TooMuchWork, UnknownContext, UnsafeDocument, canonical_rdfc
from contexts.canonical import to_quads
from contexts.pinned import admit_contexts_for_conformance, load_context, pinned
from contexts.rdfc import canonicalise_nquads
from contexts.urls import DATA_INTEGRITY, DID, OB3, VC1, VC2

HOLDER = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
STATUS = {
    "id": "https://issuer.example/status/1#7",
    "type": "BitstringStatusListEntry",
    "statusPurpose": "revocation",
    "statusListIndex": "7",
    "statusListCredential": "https://issuer.example/status/1",
}
BADGE: dict[str, Any] = {
    **Party("Centre").unsigned_badge(HOLDER),
    "credentialStatus": STATUS,
    "validUntil": "2027-01-01T00:00:00Z",
}
CREDENTIAL = "https://www.w3.org/2018/credentials#"
STATUS_TERMS = "https://www.w3.org/ns/credentials/status#"


def badge() -> dict[str, Any]:
    return copy.deepcopy(BADGE)


def moved(member: str, host: str, **more: Any) -> dict[str, Any]:
    """Move a member to another object with the badge's own id."""
    made = badge()
    twin = {"id": made["id"], "type": ["VerifiableCredential", *more.pop("type", [])], **more}
    twin[member] = made.pop(member)
    made[host] = [twin]
    return made


def endorsed(member: str) -> dict[str, Any]:
    """Move a member into the subject of an endorsement of the badge itself."""
    made = badge()
    subject: dict[str, Any] = {
        "id": made["id"],
        "type": ["EndorsementSubject", "VerifiableCredential"],
        "endorsementComment": "Fine.",
    }
    subject[member] = made.pop(member)
    made["endorsement"] = [
        {
            "@context": [VC2, OB3],
            "id": "urn:uuid:0b6f2a44-7f0f-4a53-8a0a-000000000001",
            "type": ["VerifiableCredential", "EndorsementCredential"],
            "issuer": {"id": "did:web:effe.example", "type": ["Profile"], "name": "E"},
            "credentialSubject": subject,
            "validFrom": "2026-01-01T00:00:00Z",
        }
    ]
    return made


@pytest.mark.parametrize("member", ["credentialStatus", "validUntil"])
@pytest.mark.parametrize("hide", [endorsed, lambda member: moved(member, "evidence")])
def test_status_or_date_moved_to_a_twin_is_refused(
    member: str, hide: Callable[[str], dict[str, Any]]
) -> None:
    with pytest.raises(UnsafeDocument, match=f"'{member}' of the id .* stands in another object"):
        canonical_rdfc(hide(member))


def test_twin_that_holds_the_whole_badge_does_not_hide_its_status() -> None:
    made = badge()
    twin = {**badge(), "type": ["VerifiableCredential", "OpenBadgeCredential"]}
    del made["credentialStatus"], twin["@context"]
    made["evidence"] = [twin]
    with pytest.raises(UnsafeDocument, match="stands in another object"):
        canonical_rdfc(made)


def test_half_of_a_status_moved_away_is_refused() -> None:
    made = badge()
    made["credentialStatus"] = [
        {**STATUS, "statusPurpose": "revocation"},
        {"id": STATUS["id"], "type": STATUS["type"], "statusSize": 1},
    ]
    with pytest.raises(UnsafeDocument, match="statusSize"):
        canonical_rdfc(made)


@pytest.mark.parametrize(
    ("place", "written"),
    [
        (("type",), [f"{CREDENTIAL}VerifiableCredential", "VerifiableCredential"]),
        (("credentialStatus", "type"), f"{STATUS_TERMS}BitstringStatusListEntry"),
        (("credentialSubject", "type"), ["https://www.w3.org/2018/credentials#evidence"]),
        (
            ("credentialSubject", "achievement", "type"),
            ["Achievement", f"{STATUS_TERMS}statusSize"],
        ),
    ],
)
def test_type_written_as_its_iri_is_refused(place: tuple[str, ...], written: Any) -> None:
    made = badge()
    item = made
    for name in place[:-1]:
        item = item[name]
    item[place[-1]] = written
    with pytest.raises(UnsafeDocument):
        canonical_rdfc(made)


def test_status_type_written_as_its_iri_names_it() -> None:
    made = badge()
    made["credentialStatus"]["type"] = f"{STATUS_TERMS}BitstringStatusListEntry"
    made["credentialStatus"] = {k: made["credentialStatus"][k] for k in ("id", "type")}
    with pytest.raises(UnsafeDocument, match="must be written as its term"):
        canonical_rdfc(made)


@pytest.mark.parametrize(
    "value",
    [
        {"@value": "2027-01-01T00:00:00Z", "@type": "http://www.w3.org/2001/XMLSchema#dateTime"},
        {"@value": "2027-01-01T00:00:00Z", "@type": "xsd:dateTime"},
        {"@list": ["2027-01-01T00:00:00Z"]},
        {"@set": ["2027-01-01T00:00:00Z"]},
        {"@value": 7},
        {"@value": None},
        {"@value": ["x"]},
        {"@value": "x", "@language": 7},
        {"@value": "x", "@language": ""},
        {"@value": "x", "@direction": "up"},
        {"@value": "x", "@index": "1"},
        {"@value": "x", "id": "urn:x"},
        {"@value": "x", "@context": VC2},
        {"@language": "en"},
    ],
)
@pytest.mark.parametrize("member", ["validUntil", "name"])
def test_second_way_to_write_a_value_is_refused(member: str, value: Any) -> None:
    with pytest.raises(ContextError):
        canonical_rdfc({**badge(), member: value})


def test_language_and_direction_of_a_text_are_signed() -> None:
    texts = [
        {"@value": "x"},
        {"@value": "x", "@language": "ar"},
        {"@value": "x", "@language": "ar", "@direction": "rtl"},
        {"@value": "x", "@language": "ar", "@direction": "ltr"},
        {"@value": "x", "@direction": "rtl"},
    ]
    forms = {canonical_rdfc({**badge(), "name": text}) for text in texts}
    assert len(forms) == len(texts)


@pytest.mark.parametrize(
    "context",
    [
        None,
        7,
        {},
        [],
        [[VC2]],
        "",
        "context",
        "/ns/credentials/v2",
        VC2 + "/",
        VC2 + "#x",
        VC2.replace("https", "http"),
        VC2.upper(),
        [VC2, None],
        [VC2, {"@base": "https://evil.example/"}],
        [VC2, {"@import": VC2}],
        [VC2, {"type": "@type", "status": STATUS_TERMS}],
        [VC2, OB3, {"@language": "xx"}],
    ],
)
def test_context_that_is_not_a_pinned_address_is_refused(context: Any) -> None:
    with pytest.raises(UnknownContext):
        canonical_rdfc({**badge(), "@context": context})
    inner = badge()
    inner["credentialSubject"]["@context"] = context
    with pytest.raises(UnknownContext):
        canonical_rdfc(inner)


def test_inner_context_that_the_document_does_not_have_is_refused() -> None:
    for url in (DID, DATA_INTEGRITY, VC1):
        made = badge()
        made["credentialSubject"]["@context"] = [url]
        with pytest.raises(ContextError):
            canonical_rdfc(made)


def test_contexts_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ContextError):
        canonical_rdfc({**badge(), "@context": [OB3, VC2]})


@pytest.mark.parametrize(
    "written", ["@foo", "@type", "@nest", "@index", "@none", "@json", "@version", "@Context"]
)
def test_keyword_or_look_alike_is_refused_by_name(written: str) -> None:
    made = badge()
    made["credentialSubject"][written] = "x"
    with pytest.raises(ContextError, match=written):
        canonical_rdfc(made)


@pytest.mark.parametrize(
    "value",
    ["", "x", "/x", "//x.example/y", "#x", "?x", "..", "http:", "a b:c", "urn:a\u00a0 b", "é:x"],
)
def test_id_that_is_not_absolute_is_refused(value: str) -> None:
    for place in ("id", "issuer"):
        with pytest.raises(UnsafeDocument):
            canonical_rdfc({**badge(), place: value})


def test_shortened_id_is_refused() -> None:
    document = {"@context": [VC1], "type": ["VerifiableCredential"], "id": "cred:secret"}
    document |= {"issuer": "did:web:a.example", "credentialSubject": {"id": "urn:x:y"}}
    with admit_contexts_for_conformance(
        {"https://x.example/p": {"@context": {"ex": "https://x.example/#"}}}
    ):
        document["@context"] = [VC1, "https://x.example/p"]
        document["id"] = "ex:secret"
        with pytest.raises(UnsafeDocument, match="shortened"):
            canonical_rdfc(document)


def test_pinned_contexts_cannot_be_replaced_and_admitted_ones_are_forgotten() -> None:
    with pytest.raises(ValueError, match="is pinned"), admit_contexts_for_conformance({VC2: {}}):
        pass
    with admit_contexts_for_conformance({"https://x.example/p": {"@context": {}}}):
        assert load_context("https://x.example/p") == {"@context": {}}
    with pytest.raises(UnknownContext):
        load_context("https://x.example/p")


def test_one_organisation_may_be_told_short_and_long() -> None:
    made = badge()
    made["credentialSubject"]["achievement"]["creator"] = {
        **made["issuer"],
        "url": "https://centre.example",
    }
    assert "https://centre.example" in canonical_rdfc(made)


def test_holder_who_endorses_own_badge_stays_readable() -> None:
    made = endorsed("name")
    subject = made["endorsement"][0]["credentialSubject"]
    made["name"] = subject.pop("name")
    subject["type"] = ["EndorsementSubject"]
    made["endorsement"][0]["issuer"]["id"] = HOLDER
    made["endorsement"].append(copy.deepcopy(made["endorsement"][0]))
    made["endorsement"][1]["id"] = "urn:uuid:0b6f2a44-7f0f-4a53-8a0a-000000000002"
    made["endorsement"][1]["credentialSubject"]["endorsementComment"] = "Very fine."
    assert "Very fine." in canonical_rdfc(made)


def test_number_with_an_empty_fraction_is_the_integer() -> None:
    whole = json.loads(json.dumps(badge()))
    whole["credentialSubject"]["achievement"]["creditsAvailable"] = 5
    fraction = json.loads(json.dumps(whole).replace(": 5", ": 5.0"))
    assert canonical_rdfc(whole) == canonical_rdfc(fraction)


@pytest.mark.parametrize(
    "bulk",
    [
        {"evidence": [{"type": ["Evidence"]}] * 2_000},
        {"evidence": [{"type": ["Evidence"], "name": str(i)} for i in range(2_000)]},
        {"evidence": [{"id": f"urn:x:{i}", "type": ["Evidence"]} for i in range(20_000)]},
        {"type": ["VerifiableCredential"] * 19_000},
        {"endorsementJwt": [f"a.b.{i}" for i in range(19_000)]},
        {"evidence": [[[[[]]]]] * 19_000},
    ],
)
def test_bulk_is_refused_before_it_is_processed(
    bulk: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contexts.processor.processed", lambda *_: pytest.fail("was processed"))
    with pytest.raises(TooMuchWork):
        canonical_rdfc({**badge(), **bulk})


@pytest.mark.parametrize(("results", "alignments"), [(2, 7), (2, 8), (30, 30), (2, 300)])
def test_identical_results_with_identical_alignments_end_early(
    results: int, alignments: int
) -> None:
    made = badge()
    made["credentialSubject"]["result"] = [
        {"type": ["Result"], "alignment": [{"type": ["Alignment"]}] * alignments}
    ] * results
    with pytest.raises(TooMuchWork, match="steps"):
        canonical_rdfc(made)


WORDS = st.sampled_from(
    [
        "id",
        "type",
        "@context",
        "name",
        "issuer",
        "credentialSubject",
        "@value",
        "achievement",
        "proof",
        "evidence",
        "jsonSchema",
        "credentialStatus",
        "endorsement",
        "@language",
        "VerifiableCredential",
        "Achievement",
        "Profile",
        "urn:x:y",
        "x",
        "en",
        "Ⅷ",
        "",
        VC2,
        OB3,
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(WORDS, VALUES, max_size=5))
def test_no_document_raises_anything_but_our_errors(members: dict[str, Any]) -> None:
    for document in ({**BADGE, **members}, {"@context": [VC2, OB3], **members}):
        try:
            text = canonical_rdfc(document)
        except ContextError:
            continue
        assert text.endswith(" .\n")


TERMS = st.sampled_from(["_:a", "_:b", "_:c", "_:d", "_:e", "<urn:s>"])
TRIPLES = st.tuples(TERMS, st.sampled_from(["<urn:p>", "<urn:q>"]), TERMS)
GRAPHS = st.lists(TRIPLES.map(lambda terms: f"{' '.join(terms)} .\n"), max_size=12).map("".join)


@settings(max_examples=200, deadline=None)
@given(GRAPHS)
def test_canonical_form_is_that_of_oxigraph(text: str) -> None:
    dataset = pyoxigraph.Dataset(pyoxigraph.parse(text, format=pyoxigraph.RdfFormat.N_QUADS))
    dataset.canonicalize(pyoxigraph.CanonicalizationAlgorithm.RDFC_1_0)
    assert canonicalise_nquads(text) == "".join(sorted(f"{quad} .\n" for quad in dataset))


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("_:a <urn:p> _:a _:g .\n", "_:c14n0 <urn:p> _:c14n0 _:c14n1 .\n"),
        (
            "_:a <urn:p> _:a <urn:g> .\n_:a <urn:p> _:b .\n",
            "_:c14n1 <urn:p> _:c14n0 .\n_:c14n1 <urn:p> _:c14n1 <urn:g> .\n",
        ),
        (
            "_:a <urn:p> _:a .\n_:a <urn:p> _:c _:g .\n"
            "_:b <urn:p> _:a _:g .\n_:c <urn:p> _:b _:g .\n",
            "_:c14n0 <urn:p> _:c14n0 .\n_:c14n0 <urn:p> _:c14n3 _:c14n1 .\n"
            "_:c14n2 <urn:p> _:c14n0 _:c14n1 .\n_:c14n3 <urn:p> _:c14n2 _:c14n1 .\n",
        ),
        (
            "_:a <urn:q> _:c .\n_:a <urn:q> _:c <urn:g> .\n"
            "_:e <urn:q> _:b <urn:g> .\n_:e <urn:q> _:d .\n",
            "_:c14n3 <urn:q> _:c14n1 .\n_:c14n3 <urn:q> _:c14n1 <urn:g> .\n"
            "_:c14n4 <urn:q> _:c14n0 <urn:g> .\n_:c14n4 <urn:q> _:c14n2 .\n",
        ),
    ],
)
def test_where_implementations_differ_we_agree_with_rdf_canonize(text: str, canonical: str) -> None:
    """PyLD or Oxigraph differ here over graph names and repeated neighbours."""
    assert canonicalise_nquads(text) == canonical


@pytest.mark.parametrize("character", ["\t", "\n", "\r", '"', "\\", "\u2028", "\u0085", "😀"])
def test_special_characters_in_texts_are_escaped_as_the_form_demands(character: str) -> None:
    escapes = {"\t": "\\t", "\n": "\\n", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
    text = canonical_rdfc({**badge(), "name": f"a{character}b"})
    assert f'"a{escapes.get(character, character)}b"' in text
    assert len(text.split("\n")) == len(to_quads({**badge(), "name": f"a{character}b"})) + 1


def test_a_clone_alone_knows_the_canonical_text() -> None:
    """RDFC-1.0, A.1: two nodes without ids that only their neighbours tell apart."""
    text = (
        "<http://example.com/#p> <http://example.com/#q> _:e0 .\n"
        "<http://example.com/#p> <http://example.com/#q> _:e1 .\n"
        "_:e0 <http://example.com/#p> _:e2 .\n"
        "_:e1 <http://example.com/#p> _:e3 .\n"
        "_:e2 <http://example.com/#r> _:e3 .\n"
    )
    assert canonicalise_nquads(text) == (
        "<http://example.com/#p> <http://example.com/#q> _:c14n2 .\n"
        "<http://example.com/#p> <http://example.com/#q> _:c14n3 .\n"
        "_:c14n0 <http://example.com/#r> _:c14n1 .\n"
        "_:c14n2 <http://example.com/#p> _:c14n1 .\n"
        "_:c14n3 <http://example.com/#p> _:c14n0 .\n"
    )


def test_changed_file_stops_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = pinned("context")[VC2]
    (tmp_path / row.file).write_bytes(row.read() + b" ")
    monkeypatch.setattr("contexts.pinned._FOLDER", tmp_path)
    with pytest.raises(RuntimeError, match="is not the file that was pinned"):
        row.read()


def test_honest_documents_of_others_pass(vectors: Path) -> None:
    counted = 0
    for path in sorted((vectors / "vcdm2-suite").rglob("*-ok.json")):
        document = json.loads(path.read_text("utf-8"))
        contexts = document.get("@context")
        document.pop("proof", None)
        if not all(isinstance(c, str) and c in pinned("context") for c in contexts):
            continue
        counted += 1
        assert canonical_rdfc(document), path.name
    assert counted > 5


@pytest.mark.parametrize(
    "value",
    ["did:key:z6Mk#z6Mk", {"id": "urn:uuid:1"}, {}, [{}], {"@value": "x"}, [], ["urn:x:1"]],
)
@pytest.mark.parametrize("member", ["proof", "verifiableCredential"])
def test_graph_of_its_own_that_says_nothing_is_refused(member: str, value: Any) -> None:
    kind = "VerifiablePresentation" if member == "verifiableCredential" else "VerifiableCredential"
    document = {"@context": VC2, "type": kind, member: value}
    if value == []:  # as good as left out, by every processor
        assert canonical_rdfc(document) == canonical_rdfc({"@context": VC2, "type": kind})
        return
    with pytest.raises(UnsafeDocument, match=r"nothing is said about|is not defined"):
        canonical_rdfc(document)
