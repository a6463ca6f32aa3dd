"""A set with the newer kinds of tasks is refused with what is wrong in it, task by task."""

from pathlib import Path

import pytest
from kinds_world import SET, folder_with_new_kinds, new_kinds

from issuer.framework import FrameworkError, load_framework

TASKS = f"scenarios/{SET}/tasks.toml"


def problems(tmp_path: Path, old: str, new: str, *, file: str = TASKS) -> tuple[str, ...]:
    """Load the small framework with some words of a file replaced; give what is said about it."""
    folder = folder_with_new_kinds(tmp_path)
    text = (folder / file).read_text("utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new), "utf-8")
    with pytest.raises(FrameworkError) as refused:
        load_framework(folder)
    return tuple(map(str, refused.value.problems))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        # listen
        ("spoken = true\n", "", "task heard: a task of kind listen needs spoken"),
        ('best = "tomorrow"', 'best = "monday"', "task heard: best does not fit the options"),
        # spot
        ('picture = "rug"\n', "", "task look: picture is missing"),
        (", fringe = [9, 88, 80, 11.5]", "", "task look: areas must name each option, and nothing"),
        ("11.5]", "11.5], door = [0, 0, 9, 11]", "task look: areas must name each option, and"),
        ("[60, 45, 26, 15]", "[80, 45, 26, 15]", "task look: area cushion is not inside the pic"),
        ("[60, 45, 26, 15]", "[-1, 45, 26, 15]", "task look: area cushion is not inside the pic"),
        ("[60, 45, 26, 15]", "[60, 45, 26, nan]", "task look: area cushion is not inside the pic"),
        ("[60, 45, 26, 15]", "[60, 45, 7, 15]", "task look: area cushion is smaller than 8 x 10"),
        ("[60, 45, 26, 15]", "[60, 45, 26, 9]", "task look: area cushion is smaller than 8 x 10"),
        ("[60, 45, 26, 15]", "[50, 50, 26, 15]", "task look: areas cushion and fold overlap"),
        ("[60, 45, 26, 15]", "[60, 45, 26]", "task look: areas: cushion must be four numbers"),
        ("[60, 45, 26, 15]", '["60", 45, 26, 15]', "task look: areas: cushion must be four num"),
        ('best = ["fold", "fringe"]', "best = []", "task look: best does not fit the options"),
        ('["fold", "fringe"]', '["fold", "fold"]', "task look: best does not fit the options"),
        ('["fold", "fringe"]', '["fold", "door"]', "task look: best does not fit the options"),
        # timetable
        ('"09:00", "10:00"', '"9:00", "10:00"', "task day: slot '9:00' must be a time, as in 08"),
        ('"11:00", "12:00"', '"11:00", "24:00"', "task day: slot '24:00' must be a time, as in"),
        ('"11:00", "12:00"', '"12:00", "11:00"', "task day: slots must stand in the order of the"),
        ('"11:00", "12:00"', '"10:00", "12:00"', "task day: slots must stand in the order of the"),
        ('"10:00", "11:00", ', '"10:00", ', "task day: there must be more slots than jobs"),
        ('"10:00" = "doctor"', '"10:30" = "doctor"', "task day: fixed names '10:30', which is not"),
        ('lunch = "12:00"', 'lunch = "10:00"', "task day: best does not fit the options"),
        ('lunch = "12:00"', 'lunch = "09:00"', "task day: best does not fit the options"),
        (', letters = "later"', "", "task day: best does not fit the options"),
        ('["letters", "walk", "lunch"]', '["walk", "lunch", "letters"]', "task day: the options"),
        # steps
        ('after = ["cup"', 'after = ["tea"', "task visit: an option stands there twice"),
        ('"call", "wait"] }', "] }", "task visit: best does not fit the options"),
        ('["bell", "coat", "tea"]', '["bell", "coat"]', "task visit: best does not fit"),
        (', after = ["call", "wait"] }', " }", "task visit: best does not fit the options"),
        ('"call", "wait"] }', '"call", "tea"] }', "task visit: best does not fit the options"),
        ('["tea", "bell", "coat"]', '["bell", "coat", "tea"]', "task visit: the options stand in"),
        ('"photo"]', '"change"]', "task visit: change, question, situation, spoken cannot be nam"),
        # of any kind
        ('kind = "listen"', 'kind = "listen"\nslots = ["08:00"]', "task heard: slots is not known"),
        ('kind = "steps"', 'kind = "speak"', "task visit: after is not known here"),
        ("level = 1", "level = 4", "level must be 1, 2 or 3"),
        ("level = 1", "level = 0", "level must be 1, 2 or 3"),
        ("level = 1\n", "", "level is missing"),
        ('["noticing"]', '["telling"]', "no task shows noticing"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_task_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    found = problems(tmp_path, old, new)
    assert any(one.startswith(f"{TASKS}: {said}") for one in found), found


@pytest.mark.parametrize(
    ("old", "said"),
    [
        ("change =", "visit.change is missing"),
        ("doctor =", "day.doctor is missing"),
        ("photo =", "visit.photo is missing"),
    ],
)
def test_words_of_the_newer_kinds_are_there_in_every_language(
    tmp_path: Path, old: str, said: str
) -> None:
    file = f"scenarios/{SET}/fr.toml"
    assert problems(tmp_path, old, "x =", file=file)[0] == f"{file}: {said}"


def test_each_level_needs_a_set_for_it_or_for_a_higher_one(tmp_path: Path) -> None:
    file = "scenarios/a-safe-visit/tasks.toml"
    assert problems(tmp_path, "level = 3", "level = 2", file=file) == (
        "framework.toml: skill safe-visits: there is no scenario for level 3",
    )


def test_sets_of_a_level_are_those_written_for_it_else_for_the_next(tmp_path: Path) -> None:
    framework = new_kinds(tmp_path, again="another-morning")
    assert framework.sets_for("safe-visits", 1) == (SET, "another-morning")
    assert framework.sets_for("safe-visits", 2) == ("a-safe-visit",)
    assert framework.sets_for("safe-visits", 3) == ("a-safe-visit",)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("speak", ""),
        ("photo", ""),
        ("checklist", 'options = ["gloves", "window"]\n'),
    ],
)
def test_kinds_without_advice_are_read(tmp_path: Path, kind: str, fields: str) -> None:
    folder = folder_with_new_kinds(tmp_path)
    with (folder / TASKS).open("a", encoding="utf-8") as file:
        file.write(f'\n[[task]]\nid = "show"\nkind = "{kind}"\ncriteria = ["telling"]\n{fields}')
    options = 'gloves = "Puts on gloves."\nwindow = "Opens the window."\n' if fields else ""
    for language in ("en", "fr", "es"):
        with (folder / f"scenarios/{SET}/{language}.toml").open("a", encoding="utf-8") as file:
            file.write(f'\n[show]\nquestion = "Show it."\n{options}')
    task = load_framework(folder).scenario_by_id(SET, "en").tasks[-1]
    assert (task.kind, task.best) == (kind, None)
