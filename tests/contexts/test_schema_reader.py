"""The reader of our schemas and the library say the same, but where the reader is not certain."""

import json
import random
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from parties import Party

from contexts import SchemaMismatch, check_schema, schemas
from contexts.schema_reader import Uncertain, fits
from contexts.schemas import SchemaName

ODD: list[Any] = [
    None, True, False, 0, 1, 1.5, -0.0, 2**60, "", "x", "x\n", "é", "true", [], {}, [[]], [{}],
    [""],
    {"id": "urn:uuid:1"}, {"type": "Profile"}, {"type": ["Profile"]}, {"type": []}, ["Achievement"],
    {"id": "urn:uuid:1", "type": ["Achievement"]}, {"type": ["Achievement"], "name": "a"},
    "2026-11-20T09:00:00Z", "2026-11-20T09:00:00.123456Z", "2026-11-20T09:00:00.1234567Z",
    "2026-11-20t09:00:00z", "2026-11-20T09:00:00", "2026-11-20T09:00:00+14:59",
    "2026-11-20T09:00:00-19:59", "2026-11-20T09:00:00+24:00", "2026-02-30T09:00:00Z",
    "2024-02-29T23:59:59Z", "2026-11-20T24:00:00Z", "2026-12-31T23:59:60Z", "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "2026-11-20T09:00:00Z\n",
    "٢٠٢٦-11-20T09:00:00Z", "2026-11-20", "20261120", "2026-W47-5", "0000-01-01", "2026-11-31",
    "en", "fr-Latn-CH", "en\n", "EN", "ext:Own", "ext:", "xext:y", "e.f.g", "e..g", "e.f.g\n",
    "https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context.json",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json", "Certificate",
    "GradePointAverage",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.٠.3.json",
]  # fmt: skip
BADGE = Party("Centre").unsigned_badge("did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK")
NAMES: tuple[SchemaName, ...] = ("achievement-credential", "endorsement-credential", "profile")


def reader(document: Any, name: SchemaName) -> bool | None:
    try:
        return fits(document, schemas._schema(name))
    except Uncertain:
        return None


def library(document: Any, name: SchemaName) -> bool:
    return bool(schemas._validator(name).is_valid(document))


def published(vectors: Path) -> list[Any]:
    folders = ("ob3-spec-examples", "ob3-1edtech-validator", "ob3-impl-guide-vector")
    paths = [path for folder in folders for path in sorted((vectors / folder).rglob("*.json"))]
    return [json.loads(path.read_bytes()) for path in paths]


def changed(document: Any, dice: random.Random, parts: list[Any]) -> Any:
    """Change one to three places of a document."""
    document = deepcopy(document)
    for _ in range(dice.randint(1, 3)):
        places = [(box, key) for box in _boxes(document) for key in _keys(box)]
        if not places:
            break
        box, key = dice.choice(places)
        act = dice.randrange(5)
        if act == 0:
            del box[key]
        elif act == 1:
            box[key] = deepcopy(dice.choice(ODD))
        elif act == 2:
            box[key] = [box[key]] if dice.random() < 0.5 else {"a": box[key]}
        elif act == 3:
            box[key] = deepcopy(dice.choice(parts))
        elif isinstance(box, dict):
            box[dice.choice(["type", "id", "x:y", "image", "endorsement", "parentOrg"])] = box[key]
    return document


def _boxes(value: Any) -> list[Any]:
    if not isinstance(value, dict | list):
        return []
    inner = value.values() if isinstance(value, dict) else value
    return [value, *(box for one in inner for box in _boxes(one))]


def _keys(box: Any) -> list[Any]:
    return list(box) if isinstance(box, dict) else list(range(len(box)))


def test_reader_and_library_agree_on_changed_documents(vectors: Path) -> None:
    dice = random.Random(31)
    documents = [BADGE, *published(vectors)]
    parts = [box for document in documents for box in _boxes(document)]
    said: dict[bool | None, int] = {True: 0, False: 0, None: 0}
    for _ in range(3_000):
        document = changed(dice.choice(documents), dice, parts)
        for name in NAMES:
            answer = reader(document, name)
            said[answer] += 1
            if answer is not None:
                assert answer == library(document, name), json.dumps(document)
    assert said[True] > 200
    assert said[None] < 900


def test_reader_and_library_agree_on_each_odd_value_in_each_place() -> None:
    badge = deepcopy(BADGE)
    for box in _boxes(badge):
        for key in _keys(box):
            kept = box[key]
            for odd in ODD:
                box[key] = odd
                answer = reader(badge, "achievement-credential")
                assert answer in (None, library(badge, "achievement-credential")), (key, odd)
            box[key] = kept


def test_published_examples_are_certain(vectors: Path) -> None:
    for document in [BADGE, *published(vectors)]:
        if library(document, "achievement-credential"):
            assert reader(document, "achievement-credential") is True


@pytest.mark.parametrize(
    "schema",
    [
        {"maxLength": 3},
        {"type": "integer"},
        {"type": ["string", "null"]},
        {"$ref": "https://elsewhere.example/schema"},
        {"enum": [1]},
        {"format": "uri"},
    ],
)
def test_what_the_reader_does_not_know_is_uncertain(schema: dict[str, Any]) -> None:
    with pytest.raises(Uncertain):
        fits("text", schema)


def test_document_made_to_keep_the_reader_busy_is_left_to_the_library() -> None:
    value: Any = "x"
    for _ in range(5_000):
        value = [value]
    own = {"$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}, "$ref": "#/$defs/a"}
    twice = {"$defs": {"a": {"allOf": [{"items": {"$ref": "#/$defs/a"}}] * 2}}, "$ref": "#/$defs/a"}
    deep: Any = "x"
    for _ in range(30):
        deep = [deep]
    for document, schema in ((value, own), (deep, twice)):
        with pytest.raises(Uncertain):
            fits(document, schema)


def test_first_documents_and_later_ones_are_judged_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schemas, "_FEW", iter(range(2)))
    bad = {**BADGE, "validFrom": "yesterday"}
    for _ in range(3):
        check_schema(BADGE, "achievement-credential")
        with pytest.raises(SchemaMismatch, match="/validFrom"):
            check_schema(bad, "achievement-credential")
