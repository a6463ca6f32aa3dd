"""A framework's folder is refused with every problem in it, each with its file."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from issuer.framework import FOLDER, FrameworkError, load_framework

Change = Callable[[str, str, str], None]

GARDEN = """
id = "garden"
code = "GRD"
version = "1"
languages = ["es"]

[[level]]
number = 1
slug = "seed"
[[level]]
number = 2
slug = "leaf"
[[level]]
number = 3
slug = "tree"

[[skill]]
id = "watering"
code = "WAT"
symbol = "medal"
criteria = ["enough"]
workload = ["PT1H", "PT1H", "PT1H"]
link = [{ type = "ext:Garden", url = "https://garden.example/water", text = "skill.watering.name", \
framework = "Garden book" }]

[[link]]
type = "ext:EQF"
url = "http://data.europa.eu/snb/eqf/1"
[[link]]
type = "ext:EUAssessmentType"
url = "http://data.europa.eu/snb/assessment/6a4db9f11d"

[eu_elements]
M1 = { badge = "credentialSubject.id" }
M2 = { achievement = "name" }
M3 = { badge = "issuer.address.addressCountryCode" }
M4 = { badge = "issuer" }
M5 = { badge = "awardedDate" }
M6 = { achievement = "criteria.narrative" }
M7 = { alignment = "ext:EUWorkload" }
M8 = { alignment = "ext:EQF" }
M9 = { alignment = "ext:EUAssessmentType" }
M10 = { achievement = "criteria.narrative" }
M11 = { achievement = "criteria.narrative" }
O1 = { achievement = "criteria.narrative" }
O2 = { achievement = "criteria.narrative" }
O3 = { badge = "credentialSubject.result" }
O4 = { achievement = "criteria.id" }
O5 = { achievement = "criteria.id" }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the framework, to be spoilt."""
    return shutil.copytree(FOLDER / "mycred4home", tmp_path / "mycred4home")


@pytest.fixture
def change(folder: Path) -> Change:
    """Replace words in a file of the copy."""

    def replace(name: str, old: str, new: str) -> None:
        path = folder / name
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), "utf-8")

    return replace


def problems(folder: Path) -> tuple[str, ...]:
    """Load a spoilt folder and give what is said about it."""
    with pytest.raises(FrameworkError) as refused:
        load_framework(folder)
    return refused.value.problems


def test_a_text_missing_in_one_language_is_named_with_its_file(folder, change):
    change("texts/es.toml", 'name = "Inicial"', "")
    assert problems(folder) == ("texts/es.toml: level.beginner.name is missing",)


def test_a_task_text_missing_in_one_language_is_named_with_its_file(folder, change):
    change("scenarios/three-steps-once/fr.toml", "leave = ", "leaves = ")
    assert problems(folder) == (
        "scenarios/three-steps-once/fr.toml: end.leave is missing",
        "scenarios/three-steps-once/fr.toml: end.leaves is used nowhere",
    )


def test_spoken_words_missing_in_one_language_are_noticed(folder, change):
    change("scenarios/a-day-of-phrases/es.toml", "spoken = ", "# ")
    assert problems(folder) == ("scenarios/a-day-of-phrases/es.toml: where.spoken is missing",)


def test_a_missing_language_file_is_named(folder):
    (folder / "texts" / "fr.toml").unlink()
    assert problems(folder) == ("texts/fr.toml: the file is missing",)


def test_a_file_in_a_language_that_is_not_offered_is_named(folder):
    shutil.copy(folder / "texts" / "fr.toml", folder / "texts" / "de.toml")
    assert problems(folder) == ("texts/de.toml: its language is not named in framework.toml",)


def test_a_file_that_is_not_toml_is_named_with_its_line(folder, change):
    change("texts/fr.toml", "[framework]", "[framework")
    assert any(one.startswith("texts/fr.toml: ") and "line 1" in one for one in problems(folder))


def test_an_empty_text_is_not_a_text(folder, change):
    change("texts/en.toml", '"Expert"', '"  "')
    assert problems(folder) == (
        "texts/en.toml: level.expert.name must be a text that is not empty",
    )


def test_a_text_that_loses_its_value_is_noticed(folder, change):
    change("texts/fr.toml", "%(hours)s heures, pratique", "Des heures, pratique")
    assert problems(folder) == (
        "texts/fr.toml: framework.workload does not have the same values to fill in as the first "
        "language",
    )


@pytest.mark.parametrize("element", ["M1", "M7", "M11", "O4"])
def test_a_missing_eu_element_is_named(folder, change, element):
    change("framework.toml", f"\n{element} = ", f"\n# {element} = ")
    assert problems(folder) == (f"framework.toml: eu_elements: EU element {element} is missing",)


def test_an_eu_element_that_no_achievement_carries_is_named(folder, change):
    change("framework.toml", 'type = "ext:EUParticipation"', 'type = "ext:Other"')
    found = problems(folder)
    assert len(found) == 54
    assert found[0] == (
        "framework.toml: M4H-TEC-1 in en lacks EU element M10, which alignment ext:EUParticipation "
        "should carry"
    )


def test_an_eu_element_cannot_claim_a_field_that_badges_do_not_carry(folder, change):
    change("framework.toml", '{ badge = "awardedDate" }', '{ badge = "birthDate" }')
    assert problems(folder) == (
        "framework.toml: eu_elements: EU element M5 must name a field that carries it",
    )


def test_a_criterion_that_the_skill_does_not_have_is_named(folder, change):
    change("scenarios/bathroom-morning/tasks.toml", '["product", "safety"]', '["speed", "safety"]')
    assert problems(folder) == (
        "scenarios/bathroom-morning/tasks.toml: task missing: criterion 'speed' is not one of "
        "technical-cleaning",
    )


def test_a_criterion_that_no_task_shows_is_named(folder, change):
    for _ in range(2):
        change("scenarios/three-steps-once/tasks.toml", '["reporting"]', '["doing"]')
    assert problems(folder) == ("scenarios/three-steps-once/tasks.toml: no task shows reporting",)


def test_a_picture_that_is_not_there_is_named(folder):
    (folder / "pictures" / "dog.svg").unlink()
    assert problems(folder) == (
        "scenarios/a-morning-with-a-surprise/tasks.toml: there is no pictures/dog.svg",
    )


def test_a_picture_that_nobody_sees_is_named(folder):
    shutil.copy(folder / "pictures" / "dog.svg", folder / "pictures" / "cat.svg")
    assert problems(folder) == ("pictures/cat.svg: used nowhere",)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('best = "soap"', 'best = "oil"'),
        ('best = "soap"', 'best = ["soap"]'),
        ('best = "soap"', ""),
        ('best = ["window", "gloves", "high"]', "best = []"),
        ('best = ["air", "dust", "basin", "toilet", "floor"]', 'best = ["air", "dust"]'),
        ('mirror = "glass", ', ""),
    ],
)
def test_advice_that_does_not_fit_the_options_is_named(folder, change, old, new):
    change("scenarios/bathroom-morning/tasks.toml", old, new)
    assert [one for one in problems(folder) if one.endswith("best does not fit the options")]


def test_options_that_stand_in_the_order_of_the_answer_are_refused(folder, change):
    change(
        "scenarios/bathroom-morning/tasks.toml",
        'options = ["floor", "air", "basin", "toilet", "dust"]',
        'options = ["air", "dust", "basin", "toilet", "floor"]',
    )
    assert problems(folder) == (
        "scenarios/bathroom-morning/tasks.toml: task order: the options stand in the order of the "
        "answer",
    )


def test_an_unknown_kind_of_task_is_named(folder, change):
    change("scenarios/bathroom-morning/tasks.toml", 'kind = "choose"', 'kind = "guess"')
    assert (
        "scenarios/bathroom-morning/tasks.toml: task surface: kind 'guess' is not known"
        in problems(folder)
    )


def test_a_field_that_nobody_reads_is_named(folder, change):
    change("framework.toml", 'symbol = "broom"', 'symbol = "broom"\ncolour = "green"')
    assert problems(folder) == (
        "framework.toml: skill technical-cleaning: colour is not known here",
    )


def test_a_field_of_the_wrong_kind_is_named(folder, change):
    change("framework.toml", "number = 2", 'number = "2"')
    assert "framework.toml: level 2: number must be a number" in problems(folder)


def test_a_skill_without_tasks_is_named(folder):
    shutil.rmtree(folder / "scenarios" / "three-steps-once")
    for level in (1, 2, 3):
        said = (
            f"framework.toml: skill following-instructions: there is no scenario for level {level}"
        )
        assert said in problems(folder)


def test_a_link_to_a_term_without_a_name_is_named(folder, change):
    change("framework.toml", "7bb01a18-4637-4535", "00000000-0000-0000")
    assert problems(folder) == (
        "framework.toml: skill technical-cleaning: link http://data.europa.eu/esco/skill/"
        "00000000-0000-0000-ba18-258f48f705b8 has no bundled name; give it a text",
    )


def test_every_problem_is_told_at_once(folder, change):
    change("framework.toml", 'code = "TEC"', "")
    change("scenarios/bathroom-morning/tasks.toml", 'best = "soap"', 'best = "oil"')
    (folder / "pictures" / "dog.svg").unlink()
    (folder / "texts" / "fr.toml").unlink()
    files = {one.split(":")[0] for one in problems(folder)}
    assert files == {
        "framework.toml",
        "scenarios/bathroom-morning/tasks.toml",
        "scenarios/a-morning-with-a-surprise/tasks.toml",
        "texts/fr.toml",
    }


def test_an_empty_folder_is_refused_with_what_it_lacks(tmp_path):
    found = problems(tmp_path)
    assert "framework.toml: the file is missing" in found
    assert "framework.toml: languages is missing" in found


def test_another_sector_in_another_language_needs_no_code(tmp_path):
    """A garden, in Spanish alone, with a link to a framework that nobody here has heard of."""
    (tmp_path / "texts").mkdir()
    (tmp_path / "scenarios" / "roses").mkdir(parents=True)
    (tmp_path / "framework.toml").write_text(GARDEN, "utf-8")
    words = {
        "framework": "name body field_of_study level_tag caption overall earned lines "
        "second_examiner prerequisites workload workload_name quality_line supervision_line "
        "elements",
        "level.seed": "name",
        "level.leaf": "name",
        "level.tree": "name",
        "skill.watering": "name about specialization symbol",
        "skill.watering.can": "seed leaf tree",
        "skill.watering.enough": "name about mark0 mark1 mark2 mark3",
    }
    lines = []
    for table, keys in words.items():
        lines.append(f"[{table}]")
        lines += [f'{key} = "agua de {key}"' for key in keys.split()]
        lines += ['tags = ["agua"]'] if table == "framework" else []
    (tmp_path / "texts" / "es.toml").write_text("\n".join(lines), "utf-8")
    (tmp_path / "scenarios" / "roses" / "tasks.toml").write_text(
        'skill = "watering"\nlevel = 3\n'
        '[[task]]\nid = "say"\nkind = "reply"\ncriteria = ["enough"]\n',
        "utf-8",
    )
    (tmp_path / "scenarios" / "roses" / "es.toml").write_text(
        'title = "Rosas"\nintro = "Hay rosas."\n[say]\nquestion = "¿Cuánta agua?"\n', "utf-8"
    )
    garden = load_framework(tmp_path)
    edition = garden.achievement_json(
        garden.achievement("watering", 3), base_url="https://garden.example", lang="fr"
    )
    assert edition["id"] == "https://garden.example/achievements/watering/tree"
    assert edition["inLanguage"] == "es"
    assert edition["humanCode"] == "GRD-WAT-3"
    assert edition["alignment"][0]["targetName"] == "agua de name"
    assert edition["alignment"][0]["targetFramework"] == "Garden book"
