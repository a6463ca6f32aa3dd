"""Every kind of answer, attacked: what does not fit its task is refused and breaks no page."""

from pathlib import Path
from typing import Any

import pytest
from kinds_world import SET, new_kinds
from media_world import SET as MEDIA_SET
from media_world import media_framework
from werkzeug.datastructures import MultiDict

from issuer import answers
from issuer.framework import Task, frameworks
from web.errors import Refused


@pytest.fixture(scope="module")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Task]]:
    """Give tasks by kind: those that are shipped, and one of each newer kind."""
    folder: Path = tmp_path_factory.mktemp("kinds")
    shipped = frameworks()["mycred4home"]
    sets = [shipped.scenario_by_id(one, "es") for one in shipped.contents.scenarios]
    found: dict[str, list[Task]] = {}
    media = media_framework().scenario_by_id(MEDIA_SET, "es")
    for scenario in (new_kinds(folder).scenario_by_id(SET, "es"), media, *sets):
        for task in scenario.tasks:
            found.setdefault(task.kind, []).append(task)
    return found


ANYTHING: list[Any] = [
    None,
    7,
    True,
    "nothing",
    "",
    [],
    ["nothing"],
    {},
    {"nothing": "x"},
    [[]],
    [{}],
]
NO_WORDS: list[Any] = [one for one in ANYTHING if one != "nothing"]
WORDS = ("reply", "speak", "photo")
"""Kinds that words are enough for."""
DAY = {"letters": "later", "walk": "09:00", "lunch": "12:00"}
FIRST = ["bell", "coat", "tea"]

BAD_ANSWERS: list[tuple[str, Any]] = [
    *(
        (kind, value)
        for kind in answers.KINDS
        for value in (NO_WORDS if kind in WORDS else ANYTHING)
    ),
    ("choose", ["neutral"]),
    ("choose_many", "window"),
    ("order", ["air"]), ("order", {"air": "1"}), ("order", "air"),
    ("match", {"toilet": "nothing"}),
    ("reply", "   "), ("reply", "x" * 2001), ("reply", ["x"]),
    ("speak", {"file": "speak"}), ("photo", {"file": "photo"}),  # a file comes another way
    ("checklist", "greets"), ("checklist", {"greets": "seen"}),  # an examiner says it
    ("listen", ["tomorrow"]), ("listen", "heard"), ("listen", "tomorrow" * 1000),
    ("spot", "fold"), ("spot", ["fold", "door"]), ("spot", [["fold"]]), ("spot", {"fold": "on"}),
    ("spot", ["fold"] * 10 + ["nothing"]),
    ("timetable", {**DAY, "walk": "10:00"}),  # the doctor comes then
    ("timetable", {**DAY, "walk": "12:00"}),  # twice
    ("timetable", {**DAY, "walk": "09:30"}), ("timetable", {**DAY, "walk": ""}),
    ("timetable", {**DAY, "walk": ["09:00"]}), ("timetable", {**DAY, "walk": {}}),
    ("timetable", {**DAY, "doctor": "11:00"}), ("timetable", {"walk": "09:00"}),
    ("timetable", list(DAY.items())),
    ("steps", FIRST), ("steps", {"before": FIRST[:2]}), ("steps", {"before": FIRST[:2] * 2}),
    ("steps", {"before": [*FIRST, "call"]}), ("steps", {"before": "bell"}),
    ("steps", {"after": ["call"]}), ("steps", {"before": FIRST, "after": []}),
    ("steps", {"before": FIRST, "after": ["tea"]}),
    ("steps", {"before": FIRST, "after": ["call", "call"]}),
    ("steps", {"before": FIRST, "after": {"call": "1"}}),
    ("steps", {"before": FIRST, "after": "call"}), ("steps", {"before": FIRST, "after": None}),
    ("steps", {"before": FIRST, "after": ["call"], "change": "x"}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value"), BAD_ANSWERS)
def test_answer_that_does_not_fit_is_refused(
    tasks: dict[str, list[Task]], kind: str, value: Any
) -> None:
    for task in tasks[kind]:
        with pytest.raises(Refused) as refusal:
            answers.check(task, value)
        assert (refusal.value.code, refusal.value.status) == ("answer", 422)


@pytest.mark.parametrize("kind", sorted(set(answers.KINDS) - {"checklist"}))
def test_advice_is_an_answer_and_is_known_as_the_best(
    tasks: dict[str, list[Task]], kind: str
) -> None:
    for task in tasks[kind]:
        best = "Miro." if task.best is None else task.best
        given = answers.check(task, best)
        assert answers.is_complete(task, given)
        assert answers.lines(task, given)
        assert task.best is None or answers.is_best(task, given)
    assert not answers.is_complete(tasks[kind][0], None)
    assert not answers.is_best(tasks[kind][0], None)
    assert answers.lines(tasks[kind][0], None) == []


def form(**fields: Any) -> MultiDict[str, str]:
    return MultiDict({name.replace("_", "-"): value for name, value in fields.items()})


@pytest.mark.parametrize(
    ("kind", "sent", "read"),
    [
        ("listen", form(answer="tomorrow"), "tomorrow"),
        ("spot", form(answer=["fold", "fringe"]), ["fold", "fringe"]),
        (
            "timetable",
            form(answer_letters="later", answer_walk="09:00", answer_lunch="12:00"),
            DAY,
        ),
        ("steps", form(answer_tea="3", answer_bell="1", answer_coat="2"), {"before": FIRST}),
        ("steps", form(answer_call="1", answer_wait="2"), {"after": ["call", "wait"]}),
        ("steps", form(answer_wait="1"), {"after": ["wait"]}),
    ],
)
def test_forms_are_read(tasks: dict[str, list[Task]], kind: str, sent: Any, read: Any) -> None:
    assert answers.parse(tasks[kind][0], sent) == read


@pytest.mark.parametrize("kind", answers.KINDS)
@pytest.mark.parametrize(
    "sent",
    [
        form(),
        form(answer=["a", "b"]),
        form(answer_tea="1", answer_bell="1", answer_coat="1"),
        form(answer_tea="²", answer_bell="x", answer_coat="-1"),
        form(answer_call="2"),
        form(answer_walk="09:00", answer_lunch="09:00", answer_letters="09:00"),
    ],
)
def test_forms_that_do_not_fit_are_refused_and_not_lost(
    tasks: dict[str, list[Task]], kind: str, sent: Any
) -> None:
    if kind in WORDS and "answer" in sent:
        return
    task = tasks[kind][0]
    with pytest.raises(Refused):
        answers.check(task, answers.parse(task, sent))


def test_a_first_half_is_kept_but_is_not_complete(tasks: dict[str, list[Task]]) -> None:
    task = tasks["steps"][0]
    half = answers.check(task, {"before": FIRST})
    assert not answers.is_complete(task, half)
    assert not answers.is_best(task, half)
    assert task.change not in answers.lines(task, half)[-1]


def test_a_first_half_stays_once_given(tasks: dict[str, list[Task]]) -> None:
    task = tasks["steps"][0]
    half = {"before": ["tea", "coat", "bell"]}
    for other in ({"before": FIRST}, {"before": FIRST, "after": ["call"]}, {"before": None}):
        with pytest.raises(Refused):
            answers.check(task, other, kept=half)
    whole = answers.check(task, {"after": ["call"]}, kept=half)
    assert whole == {**half, "after": ["call"]}
    assert answers.check(task, {"after": ["wait"]}, kept=whole) == {**half, "after": ["wait"]}
    assert answers.check(task, half, kept=whole) == whole


def test_a_day_is_written_in_its_order_with_what_stands_there(
    tasks: dict[str, list[Task]],
) -> None:
    assert answers.lines(tasks["timetable"][0], DAY) == [
        "09:00 · Un paseo por el parque",
        "10:00 · Viene el médico.",
        "12:00 · Calentar su comida",
        "Not today · Leer cartas antiguas juntos",
    ]


def test_a_choice_of_several_has_no_order(tasks: dict[str, list[Task]]) -> None:
    assert answers.is_best(tasks["spot"][0], ["fringe", "fold"])
    assert answers.check(tasks["spot"][0], ["fold", "fold"]) == ["fold"]
