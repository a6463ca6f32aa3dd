"""The 54 editions of the framework as Open Badges achievements."""

import base64
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from contexts import canonical_rdfc, check_schema
from contexts.urls import OB3
from credentials.badges import achievement_credential
from issuer.framework import AchievementDefinition, frameworks

FRAMEWORK = frameworks()["mycred4home"]
BASE = "https://badges.example"
PUBLISHED = Path(__file__).parent / "framework_editions.json"
EDITIONS = [
    pytest.param(definition, lang, id=f"{definition.key}-{lang}")
    for definition in FRAMEWORK.definitions()
    for lang in FRAMEWORK.languages
]


def edition(definition: AchievementDefinition, lang: str) -> dict[str, Any]:
    """Give an edition as a badge carries it."""
    return FRAMEWORK.achievement_json(definition, base_url=BASE, lang=lang)


def badge(definition: AchievementDefinition, lang: str) -> dict[str, Any]:
    """Give an unsigned badge that carries the edition, with full marks."""
    achievement = edition(definition, lang)
    return achievement_credential(
        credential_id="urn:uuid:3c0b5b0e-6f7e-4b0a-9d51-000000000003",
        issuer={"id": "did:web:badges.example", "type": ["Profile"], "name": "Centre"},
        subject_id="did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
        achievement=achievement,
        results=[
            {
                "type": ["Result"],
                "resultDescription": one["id"],
                **(
                    {"value": one["requiredValue"]}
                    if "requiredValue" in one
                    else {"achievedLevel": one["requiredLevel"]}
                ),
            }
            for one in achievement["resultDescription"]
        ],
        awarded=datetime(2026, 11, 2, tzinfo=UTC),
        name=achievement["name"],
        description=achievement["description"],
        image=achievement["image"],
        status=None,
        related_resources=FRAMEWORK.related_resources(definition, base_url=BASE, lang=lang),
    )


def bones(value: Any) -> Any:
    """Give what must be equal in every edition: ids, numbers and addresses, without the words."""
    words = {
        "name",
        "description",
        "narrative",
        "caption",
        "targetName",
        "targetFramework",
        "targetDescription",
        "fieldOfStudy",
        "specialization",
        "tag",
        "inLanguage",
        "related",
    }
    if isinstance(value, dict):
        return {key: bones(one) for key, one in value.items() if key not in words}
    return [bones(one) for one in value] if isinstance(value, list) else value


def test_there_are_54_editions():
    assert len(EDITIONS) == 54


@pytest.mark.parametrize(("definition", "lang"), EDITIONS)
def test_edition_in_a_badge_fits_the_schema_and_loses_nothing(definition, lang):
    document = badge(definition, lang)
    check_schema(document, "achievement-credential")
    signed_text = canonical_rdfc(document)  # refuses what would be dropped
    for word in (definition.human_code, "MicroCredential", f"{BASE}/images/{definition.key}.svg"):
        assert word in signed_text


@pytest.mark.parametrize(("definition", "lang"), EDITIONS)
def test_edition_as_a_document_of_its_own_loses_nothing(definition, lang):
    document = json.loads(FRAMEWORK.edition_bytes(definition, lang, BASE))
    assert document["@context"] == OB3
    assert document["description"] in canonical_rdfc(document)


@pytest.mark.parametrize("definition", FRAMEWORK.definitions(), ids=lambda one: one.key)
def test_all_editions_have_the_same_ids_levels_criteria_and_links(definition):
    first, *others = (bones(edition(definition, lang)) for lang in FRAMEWORK.languages)
    assert all(other == first for other in others)


@pytest.mark.parametrize("definition", FRAMEWORK.definitions(), ids=lambda one: one.key)
def test_all_editions_have_the_id_that_endorsements_are_about(definition):
    address = f"{BASE}/achievements/{definition.slug}/{definition.level_slug}"
    assert {edition(definition, lang)["id"] for lang in FRAMEWORK.languages} == {address}


@pytest.mark.parametrize(("definition", "lang"), EDITIONS)
def test_every_word_of_an_edition_is_in_its_language(definition, lang):
    mine = edition(definition, lang)
    for other in set(FRAMEWORK.languages) - {lang}:
        theirs = edition(definition, other)
        for key in ("name", "description", "specialization", "fieldOfStudy"):
            assert mine[key] != theirs[key]
        assert mine["criteria"]["narrative"] != theirs["criteria"]["narrative"]
        assert mine["creator"]["name"] != theirs["creator"]["name"]


@pytest.mark.parametrize(("definition", "lang"), EDITIONS)
def test_edition_lists_the_others_and_binds_them_by_digest(definition, lang):
    listed = [one["id"] for one in edition(definition, lang)["related"]]
    bound = FRAMEWORK.related_resources(definition, base_url=BASE, lang=lang)
    assert listed == [one["id"] for one in bound]
    assert len(listed) == 2
    for one in bound:
        other = one["id"].rpartition("/")[2]
        digest = hashlib.sha384(FRAMEWORK.edition_bytes(definition, other, BASE)).digest()
        assert one["digestSRI"] == "sha384-" + base64.b64encode(digest).decode()


@pytest.mark.parametrize(("definition", "lang"), EDITIONS)
def test_narrative_names_each_criterion_and_what_earns_it(definition, lang):
    narrative = edition(definition, lang)["criteria"]["narrative"]
    for line in FRAMEWORK.rubric(definition.skill, lang):
        assert f"**{line.name}.** {line.anchors[definition.level]}" in narrative
    for key in ("prerequisites", "supervision_line", "quality_line"):
        assert FRAMEWORK.text(lang, f"framework.{key}") in narrative
    second = FRAMEWORK.text(lang, "framework.second_examiner")
    assert (second in narrative) == (definition.level == 3)


@pytest.mark.parametrize("definition", FRAMEWORK.definitions(), ids=lambda one: one.key)
def test_links_are_those_of_the_domain(definition):
    links = {one["targetType"]: one for one in edition(definition, "en")["alignment"]}
    assert links["ext:ROME"]["targetCode"] == "K1304"
    assert links["ext:ISCO08"]["targetUrl"] == "http://data.europa.eu/esco/isco/C9111"
    eqf = "2" if definition.level == 3 else "1"
    assert links["ext:EQF"]["targetUrl"] == f"http://data.europa.eu/snb/eqf/{eqf}"
    assert "indicative" in links["ext:EQF"]["targetName"]
    assert ("ext:CEFR" in links) == (definition.skill == "simple-phrases")


@pytest.mark.parametrize(("level", "cefr"), [(1, "Pre-A1"), (2, "A1"), (3, "A2")])
def test_language_levels_are_aligned_and_never_called_certified(level, cefr):
    definition = FRAMEWORK.achievement("simple-phrases", level, "es")
    (link,) = (
        one for one in edition(definition, "en")["alignment"] if one["targetType"] == "ext:CEFR"
    )
    assert link["targetCode"] == cefr
    assert "not certified" in link["targetName"]


def test_a_language_badge_links_only_to_skills_in_that_language():
    spanish = edition(FRAMEWORK.achievement("simple-phrases", 1, "es"), "en")
    names = [one["targetName"] for one in spanish["alignment"]]
    assert "interact verbally in Spanish" in names
    assert "interact verbally in French" not in names


def test_endorsements_travel_in_the_achievement_but_not_in_its_digest():
    definition = FRAMEWORK.achievement("technical-cleaning", 1)
    before = FRAMEWORK.edition_digest(definition, "en", BASE)
    endorsed = FRAMEWORK.achievement_json(
        definition, base_url=BASE, lang="en", endorsements=[{"id": "urn:uuid:1"}]
    )
    assert endorsed["endorsement"] == [{"id": "urn:uuid:1"}]
    assert FRAMEWORK.edition_digest(definition, "en", BASE) == before


def test_shape_is_that_of_the_examples():
    shared = Path(__file__).parents[2].parent / "shared" / "examples" / "level3.json"
    if not shared.is_file():
        pytest.skip("the examples are not beside the repository")
    example = json.loads(shared.read_text("utf-8"))["credentialSubject"]["achievement"]
    ours = edition(FRAMEWORK.achievement("technical-cleaning", 3), "en")
    assert set(ours) == set(example)
    for key in ("achievementType", "name", "humanCode", "fieldOfStudy", "type"):
        assert ours[key] == example[key]
    assert set(ours["criteria"]) == set(example["criteria"])

    def links(achievement: dict[str, Any]) -> set[tuple[str, str]]:
        return {(one["targetType"], one["targetCode"]) for one in achievement["alignment"]}

    assert links(ours) == links(example)
    assert [set(one) for one in ours["resultDescription"]] == [
        set(one) for one in example["resultDescription"]
    ]


def test_a_published_edition_never_changes():
    """Badges bind editions by digest for ever (domain B.5, rule 9).

    If this fails, an edition changed after it was published: give the framework a new `version`,
    and add its digests to the file.
    """
    published = json.loads(PUBLISHED.read_text("utf-8"))
    assert published[FRAMEWORK.version] == {
        f"{one.human_code}/{lang}": FRAMEWORK.edition_digest(one, lang, BASE)
        for one in FRAMEWORK.definitions()
        for lang in FRAMEWORK.languages
    }
