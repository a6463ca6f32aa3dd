"""Names of framework terms: complete in each language, and never taken from the badge."""

import json
from collections import Counter
from typing import Any

import pytest
from write_phrases import TABLE, texts, written

from contexts.labels import LANGUAGES, element_name, framework_name, label, phrase, symbol
from issuer.framework import FOLDER, Framework, load_framework

CEFR = (
    "https://www.coe.int/en/web/common-european-framework-reference-languages/"
    "table-1-cefr-3.3-common-reference-levels-global-scale"
)
# Named in the badge alone: an achievement of the centre's own framework has no official label.
OWN_WORDS = {"ext:PrerequisiteAchievement", "ext:ExaminerScope"}


@pytest.fixture(scope="module")
def framework() -> Framework:
    return load_framework(FOLDER / "mycred4home")


def named(row: dict[str, Any], written_in: str, language: str) -> str | None:
    known = label(row["targetUrl"], language, code=row.get("targetCode"))
    return known or phrase(row["targetName"], written_in, language)


def test_term_that_is_not_in_the_table_gets_no_name() -> None:
    assert label("https://evil.example/esco/skill/7bb01a18", "fr") is None
    assert framework_name("https://evil.example/http://data.europa.eu/esco/skill/", "fr") is None
    assert symbol("https://evil.example/7bb01a18-4637-4535-ba18-258f48f705b8") is None
    assert phrase("Certified by the European Union", "en", "fr") is None
    assert element_name("ext:Anything", "fr") is None


def test_levels_that_share_an_address_are_told_apart_by_their_code() -> None:
    names = {code: label(CEFR, "fr", code=code) for code in ("Pre-A1", "A1", "A2")}
    assert all(name and name.startswith(f"CECR {code},") for code, name in names.items())
    assert label(CEFR, "fr") is None
    assert label(CEFR, "fr", code="C2") is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_alignment_of_the_samples_has_a_name(
    examples: dict[str, dict[str, Any]], language: str
) -> None:
    for name, document in examples.items():
        achievement = document["credentialSubject"].get("achievement", {})
        for row in achievement.get("alignment", []):
            found = named(row, achievement.get("inLanguage", "en"), language)
            assert found or row["targetType"] in OWN_WORDS, (name, row["targetName"])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("written_in", LANGUAGES)
def test_every_text_of_the_framework_can_be_read_in_every_language(
    framework: Framework, written_in: str, language: str
) -> None:
    for definition in framework.definitions():
        edition = framework.achievement_json(
            definition, base_url="https://a.example", lang=language
        )
        source = framework.achievement_json(
            definition, base_url="https://a.example", lang=written_in
        )
        for text, wanted in zip(texts(source), texts(edition), strict=True):
            assert phrase(text, written_in, language) == wanted
        assert all(named(row, written_in, language) for row in source["alignment"])
        assert all(element_name(row["targetType"], language) for row in source["alignment"])


def test_table_of_phrases_is_what_the_framework_says(framework: Framework) -> None:
    assert TABLE.read_text("utf-8") == written(framework), "run: python tests/write_phrases.py"


def test_no_text_has_two_translations(framework: Framework) -> None:
    rows = json.loads(written(framework))["phrases"]
    for language in LANGUAGES:
        twice = [text for text, n in Counter(row[language] for row in rows).items() if n > 1]
        assert not twice


def test_claims_are_worded_with_care() -> None:
    assert "indicatif" in str(label("http://data.europa.eu/snb/eqf/2", "fr"))
    assert "no certificado" in str(label(CEFR, "es", code="A1"))


@pytest.mark.parametrize(
    ("tail", "picture"),
    [
        ("7bb01a18-4637-4535-ba18-258f48f705b8", "broom"),
        ("fc511e12-fe90-40a0-bec8-227abb5e4255", "ear"),
        ("bfb5f0b8-0ea0-4e44-a48d-7d876f966758", "speech"),
        ("1258cc12-37bb-4a12-b219-9c3d6b294533", "clock"),
        ("562b1180-83e7-4041-8468-2f28d03b7893", None),
    ],
)
def test_skills_have_pictures(tail: str, picture: str | None) -> None:
    assert symbol(f"http://data.europa.eu/esco/skill/{tail}") == picture
