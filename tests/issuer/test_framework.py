"""The MyCred4Home framework: complete, in words that its readers understand."""

import re
import shutil
from itertools import chain
from xml.etree import ElementTree

import pytest

from issuer import answers
from issuer.framework import FOLDER, MARKS, Framework, Scenario, frameworks

FRAMEWORK = frameworks()["mycred4home"]
SKILLS = tuple(FRAMEWORK.skills)
LANGUAGES = FRAMEWORK.languages
TASKS_AT_LEVEL = {1: (5,), 2: (6,), 3: (7, 8)}
LONGEST = 12  # words in a sentence (domain F.1, rule 2)
# Never said to a worker (domain F.1, rule 1), in the three languages.
FORBIDDEN = re.compile(
    r"\b(credential\w*|DID|JSON|keys?|tokens?|issuer|verifier|holder|proof|revoke\w*|failed|"
    r"émetteur|titulaire|jeton|preuve|révoqu\w*|échou\w*|credencial\w*|emisor|titular|prueba|"
    r"revocad\w*|suspendid\w*)\b",
    re.IGNORECASE,
)
SETS = tuple(FRAMEWORK.contents.scenarios)
EACH_SET = [(one, language) for one in SETS for language in LANGUAGES]
EACH_RUBRIC = [(skill, language) for skill in SKILLS for language in LANGUAGES]


def words_of(scenario: Scenario) -> list[str]:
    """Give every text that a candidate meets in a set."""
    tasks = chain.from_iterable(
        (
            task.prompt,
            task.spoken or "",
            task.change or "",
            task.picture_text or "",
            *task.fixed.values(),
            *(option.text for option in (*task.options, *task.left, *task.after)),
        )
        for task in scenario.tasks
    )
    return [scenario.title, scenario.intro, *filter(None, tasks)]


def candidate_words(language: str) -> list[str]:
    """Give every text of the framework that a candidate or holder meets."""
    sets = [words_of(FRAMEWORK.scenario_by_id(one, language)) for one in SETS]
    abouts = [FRAMEWORK.text(language, f"skill.{skill}.about") for skill in SKILLS]
    sentences = [FRAMEWORK.i_can(one, language) for one in FRAMEWORK.definitions()]
    return [*chain.from_iterable(sets), *abouts, *sentences]


def sentences(text: str) -> list[int]:
    """Give the length of each sentence, in words."""
    return [len(one.split()) for one in re.split(r"[.!?:;«»“”]+", text) if one.strip()]


def test_there_are_four_skills_three_levels_and_eighteen_achievements():
    assert SKILLS == (
        "technical-cleaning",
        "following-instructions",
        "simple-phrases",
        "organising-oneself",
    )
    assert [level.slug for level in FRAMEWORK.levels] == ["beginner", "confirmed", "expert"]
    codes = [one.human_code for one in FRAMEWORK.definitions()]
    assert len(set(codes)) == 18
    assert {"M4H-TEC-1", "M4H-SOF-2", "M4H-LIN-FR-3", "M4H-TRA-3"} <= set(codes)


@pytest.mark.parametrize(("scenario_id", "language"), EACH_SET)
def test_every_set_has_enough_tasks_of_enough_kinds(scenario_id, language):
    scenario = FRAMEWORK.scenario_by_id(scenario_id, language)
    tasks = scenario.tasks
    assert len(tasks) in TASKS_AT_LEVEL[scenario.level]
    assert len({task.kind for task in tasks}) >= 4


@pytest.mark.parametrize(("scenario_id", "language"), EACH_SET)
def test_every_criterion_is_shown_by_words_of_ones_own_or_by_two_tasks(scenario_id, language):
    scenario = FRAMEWORK.scenario_by_id(scenario_id, language)
    for criterion in FRAMEWORK.skills[scenario.skill].criteria:
        showing = [task for task in scenario.tasks if criterion in task.criteria]
        assert any(task.kind in ("reply", "speak") for task in showing) or len(showing) >= 2


@pytest.mark.parametrize(("scenario_id", "language"), EACH_SET)
def test_every_task_can_be_answered_as_advised(scenario_id, language):
    for task in FRAMEWORK.scenario_by_id(scenario_id, language).tasks:
        if task.best is None:
            continue
        assert answers.is_best(task, answers.check(task, task.best))
        if task.kind in ("choose", "listen"):
            assert len(task.options) >= 3
        elif task.kind in ("choose_many", "spot"):
            assert len(task.best) < len(task.options)
        elif task.kind == "match":
            assert set(task.best.values()) == {option.id for option in task.options}


@pytest.mark.parametrize("scenario_id", SETS)
def test_sets_are_the_same_in_every_language_but_for_the_words(scenario_id):
    first, *others = (FRAMEWORK.scenario_by_id(scenario_id, one) for one in LANGUAGES)
    for other in others:
        assert [(t.id, t.kind, t.criteria, t.best) for t in other.tasks] == [
            (t.id, t.kind, t.criteria, t.best) for t in first.tasks
        ]
        assert not set(words_of(first)) & set(words_of(other))


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_for_candidates_are_short(language):
    lengths = {text: sentences(text) for text in candidate_words(language)}
    assert {text: found for text, found in lengths.items() if max(found) > LONGEST} == {}
    everything = list(chain.from_iterable(lengths.values()))
    assert sum(everything) / len(everything) <= LONGEST / 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_candidates_meet_no_word_of_the_trade(language):
    assert [text for text in candidate_words(language) if FORBIDDEN.search(text)] == []


@pytest.mark.parametrize(
    ("language", "start"), [("en", "I can "), ("fr", "Je sais "), ("es", "Sé ")]
)
def test_every_achievement_is_a_sentence_that_its_holder_can_say(language, start):
    said = [FRAMEWORK.i_can(one, language) for one in FRAMEWORK.definitions()]
    assert all(one.startswith(start) for one in said)
    assert len(set(said)) == 18


def test_a_language_badge_says_which_language():
    french = FRAMEWORK.achievement("simple-phrases", 2, "fr")
    assert FRAMEWORK.i_can(french, "es").endswith("en francés.")
    assert FRAMEWORK.achievement_name(french, "en") == "Simple phrases in French - Confirmed"
    assert french.slug == "simple-phrases-fr"


def test_a_language_badge_without_a_language_is_refused():
    with pytest.raises(KeyError):
        FRAMEWORK.achievement("simple-phrases", 2)
    with pytest.raises(KeyError):
        FRAMEWORK.achievement("simple-phrases", 2, "de")


@pytest.mark.parametrize("level", [-1, 0, 4])
def test_there_is_no_other_level(level):
    with pytest.raises(KeyError):
        FRAMEWORK.achievement("technical-cleaning", level)


@pytest.mark.parametrize(("skill", "language"), EACH_RUBRIC)
def test_the_rubric_says_what_each_mark_looks_like(skill, language):
    rubric = FRAMEWORK.rubric(skill, language)
    assert len(rubric) == 4
    for line in rubric:
        assert len(set(line.anchors)) == len(MARKS)


@pytest.mark.parametrize("language", ["ar", "", "xx"])
def test_readers_of_other_languages_get_the_first_one(language):
    assert FRAMEWORK.level_name(1, language) == "Beginner"
    assert FRAMEWORK.edition_language(language) == "en"


@pytest.mark.parametrize("name", sorted(FRAMEWORK.pictures))
def test_every_picture_has_a_title_and_no_script_or_link(name):
    root = ElementTree.parse(FRAMEWORK.picture(name)).getroot()
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert root[0].tag.endswith("title")
    assert root[0].text == FRAMEWORK.picture_text(name, "en")
    assert tags <= {"svg", "title", "g", "path", "rect", "circle"}


@pytest.mark.parametrize("name", ["../framework", "nothing", ""])
def test_only_pictures_of_the_framework_are_given(name):
    with pytest.raises(KeyError):
        FRAMEWORK.picture(name)


def test_a_framework_is_found_by_its_folder(tmp_path):
    folder = shutil.copytree(FOLDER / "mycred4home", tmp_path / "elderly-care")
    text = (folder / "framework.toml").read_text("utf-8")
    (folder / "framework.toml").write_text(
        text.replace('id = "mycred4home"', 'id = "elderly-care"'), "utf-8"
    )
    found = frameworks(tmp_path)
    assert list(found) == ["elderly-care"]
    assert isinstance(found["elderly-care"], Framework)
