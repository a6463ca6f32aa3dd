"""Reference files are read with the framework, and refused with every problem in them."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from issuer import answers
from issuer.framework import FOLDER, FrameworkError, frameworks, load_framework

FILES = "reference/technical-cleaning/files.toml"
Change = Callable[..., str]


@pytest.fixture
def change(tmp_path: Path) -> Change:
    """Change a copy of the framework, and give what is then wrong with it."""
    folder = shutil.copytree(FOLDER / "mycred4home", tmp_path / "mycred4home")

    def change(old: str, new: str, file: str = FILES) -> str:
        text = (folder / file).read_text("utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1), "utf-8")
        with pytest.raises(FrameworkError) as error:
            load_framework(folder)
        return str(error.value)

    return change


@pytest.mark.parametrize("language", ["en", "fr", "es"])
def test_every_answer_of_every_file_is_one_that_a_person_could_have_sent(language: str) -> None:
    framework = frameworks()["mycred4home"]
    for skill in framework.skills:
        files = framework.references(skill, language)
        assert len(files) == 5
        assert {file.level for file in files} == {0, 1, 2, 3}
        for file in files:
            scenario = framework.scenario_by_id(file.set, language)
            assert set(file.answers) == {task.id for task in scenario.tasks}
            for task in scenario.tasks:
                assert answers.check(task, file.answers[task.id]) == file.answers[task.id]
                assert answers.is_complete(task, file.answers[task.id])


def test_a_framework_without_reference_files_has_none() -> None:
    assert frameworks()["companionship"].references("anything", "fr") == ()


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('surface = "soap"', 'surface = "water"', "file amber: task surface: the answer does not"),
        ('surface = "soap"\n', "", "file amber: task surface has no answer"),
        ('surface = "soap"', 'surface = "soap"\nstain = "soap"', "no task stain to choose in"),
        ('["air", "dust"', '["dust"', "file amber: task order: the answer does not fit"),
        ("result = 3, ", "", "file amber: marks must name each criterion"),
        ("result = 3", "result = 4", "file amber: a mark must be 0, 1, 2 or 3"),
        ("level = 2", "level = 3", "file amber: the level must be the lowest mark"),
        ('"bathroom-morning"', '"three-steps-once"', "is not a set of this skill"),
        ('id = "birch"', 'id = "amber"', "an id stands there twice"),
        ('id = "birch"', 'name = "birch"', "file 2: it must have id, set, level, marks, answers"),
        ("level = 3", "level = 2", "file cedar: the level must be the lowest mark"),
        ("[[file]]", "[[other]]", "there must be at least 5 files"),
        ("[[file]]", "[[file", FILES),
    ],
)
def test_a_wrong_file_is_named_with_what_is_wrong(
    change: Change, old: str, new: str, problem: str
) -> None:
    assert problem in change(old, new)


def test_a_missing_word_is_named_with_its_language(change: Change) -> None:
    file = "reference/technical-cleaning/fr.toml"
    assert f"{file}: birch.why is missing" in change(
        "[birch]\n", "[birch]\nx = 'y'\n[other]\n", file
    )


def test_a_set_with_a_recording_cannot_be_a_file(change: Change) -> None:
    file = "reference/organising-oneself/files.toml"
    found = change('"a-morning-with-a-surprise"', '"two-homes-and-a-doctor"', file)
    assert "task phone: speak cannot be answered in a file" in found
