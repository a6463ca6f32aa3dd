"""The kinds of tasks: what the file of each must say, and what makes it one that can be answered.

A kind is one record of `KINDS`: the fields it has beside those of every task, and the rules they
keep. How a kind is answered is told in `issuer.answers`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any, Literal

TaskKind = Literal[
    "choose",
    "choose_many",
    "order",
    "match",
    "reply",
    "listen",
    "spot",
    "timetable",
    "steps",
    "speak",
    "photo",
    "checklist",
]

LATER = "later"
"""Where a job of a timetable stands that is not done today."""

_TASK_TEXTS = {"question", "situation", "spoken", "change"}
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_SMALLEST = (8, 10)
"""Width and height of an area in percent of its picture: a finger hits it on a phone."""


@dataclass(frozen=True)
class Area:
    """A place in a picture, in percent of its width and height."""

    left: float
    top: float
    width: float
    height: float

    def overlaps(self, other: "Area") -> bool:
        """Tell whether a point lies in both."""
        return (
            self.left < other.left + other.width
            and other.left < self.left + self.width
            and self.top < other.top + other.height
            and other.top < self.top + self.height
        )


@dataclass(frozen=True)
class TaskShape:
    """A task without its words."""

    id: str
    kind: TaskKind
    criteria: tuple[str, ...]
    picture: str
    situation: bool
    spoken: bool
    options: tuple[str, ...]
    option_pictures: Mapping[str, str]
    left: tuple[str, ...]
    areas: Mapping[str, Area]
    slots: tuple[str, ...]
    fixed: Mapping[str, str]
    after: tuple[str, ...]
    best: Any

    @property
    def words(self) -> tuple[str, ...]:
        """The keys of its texts that are not the same for every task."""
        change = ("change",) if self.kind == "steps" else ()
        return (*self.options, *self.left, *self.after, *self.fixed.values(), *change)


@dataclass(frozen=True)
class KindOfTask:
    """What belongs to one kind: fields that it needs, fields that it may have, and its rules."""

    needs: tuple[str, ...]
    fits: Callable[[TaskShape], bool]
    """Tell whether the advice for examiners is an answer that can be given."""
    may: tuple[str, ...] = ()
    problems: Callable[[TaskShape], Iterator[str]] = lambda _task: iter(())
    answer: Callable[[TaskShape], list[str]] = lambda _task: []
    """Give the options in the order of the answer, where that would give it away."""


def has_field(kind: str, field: str) -> bool:
    """Tell whether tasks of a kind have a field; every field, where there is no such kind."""
    rules = KINDS.get(kind)
    return rules is None or field in (*rules.needs, *rules.may)


def needs_field(kind: str, field: str) -> bool:
    """Tell whether tasks of a kind cannot do without a field."""
    rules = KINDS.get(kind)
    return rules is not None and field in rules.needs


def task_problems(task: TaskShape) -> Iterator[str]:
    """Find what is wrong with a task."""
    ids = (*task.options, *task.left, *task.after, *set(task.fixed.values()))
    if len(set(ids)) != len(ids):
        yield "an option stands there twice"
    if set(ids) & _TASK_TEXTS:
        yield f"{', '.join(sorted(_TASK_TEXTS))} cannot be names of options"
    if not set(task.option_pictures) <= set(ids):
        yield "option_pictures names an option that there is not"
    rules = KINDS.get(task.kind)
    if rules is None:
        return  # told where the file is read
    for field in rules.needs:
        if not getattr(task, field):
            yield f"a task of kind {task.kind} needs {field}"
    yield from rules.problems(task)
    if not rules.fits(task):
        yield "best does not fit the options"
    elif (answer := rules.answer(task)) and list(task.options) == answer:
        yield "the options stand in the order of the answer"


# --- rules ------------------------------------------------------------------------------------


def _is_none(task: TaskShape) -> bool:
    return task.best is None


def _is_one(task: TaskShape) -> bool:
    return isinstance(task.best, str) and task.best in task.options


def _are_some(task: TaskShape) -> bool:
    return _some(task.best, task.options)


def _is_order(task: TaskShape) -> bool:
    return _all(task.best, task.options)


def _is_match(task: TaskShape) -> bool:
    match task.best:
        case {**pairs}:
            return set(pairs) == set(task.left) and all(one in task.options for one in _of(pairs))
    return False


def _is_timetable(task: TaskShape) -> bool:
    match task.best:
        case {**pairs}:
            times = [time for time in _of(pairs) if time != LATER]
            free = set(task.slots) - set(task.fixed)
            return set(pairs) == set(task.options) and (not times or _some(times, free))
    return False


def _are_steps(task: TaskShape) -> bool:
    match task.best:
        case {"before": before, "after": after} if len(task.best) == 2:
            return _all(before, task.options) and _some(after, task.after)
    return False


def _area_problems(task: TaskShape) -> Iterator[str]:
    if set(task.areas) != set(task.options):
        yield "areas must name each option, and nothing else"
    for name, area in task.areas.items():
        across = 0 <= area.left <= area.left + area.width <= 100
        down = 0 <= area.top <= area.top + area.height <= 100
        if not (across and down):
            yield f"area {name} is not inside the picture"
        if not (area.width >= _SMALLEST[0] and area.height >= _SMALLEST[1]):
            yield f"area {name} is smaller than {_SMALLEST[0]} x {_SMALLEST[1]} percent"
    for (one, area), (other, second) in combinations(task.areas.items(), 2):
        if area.overlaps(second):
            yield f"areas {one} and {other} overlap"


def _slot_problems(task: TaskShape) -> Iterator[str]:
    for slot in task.slots:
        if not _CLOCK.fullmatch(slot):
            yield f"slot {slot!r} must be a time, as in 08:30"
    if any(earlier >= later for earlier, later in pairwise(task.slots)):
        yield "slots must stand in the order of the day, each once"
    if len(task.slots) <= len(task.options):
        yield "there must be more slots than jobs"
    for slot in task.fixed:
        if slot not in task.slots:
            yield f"fixed names {slot!r}, which is not a slot"


def _day(task: TaskShape) -> list[str]:
    return sorted(task.options, key=lambda job: task.best[job])


def _some(values: Any, known: "set[str] | tuple[str, ...]") -> bool:
    return (
        isinstance(values, list)
        and bool(values)
        and all(isinstance(one, str) and one in known for one in values)
        and len(set(values)) == len(values)
    )


def _all(values: Any, known: tuple[str, ...]) -> bool:
    return _some(values, known) and len(values) == len(set(known))


def _of(pairs: Mapping[Any, Any]) -> list[Any]:
    return list(pairs.values())


KINDS: Mapping[str, KindOfTask] = {
    "choose": KindOfTask(("options",), _is_one, may=("option_pictures",)),
    "choose_many": KindOfTask(("options",), _are_some, may=("option_pictures",)),
    "order": KindOfTask(
        ("options",), _is_order, may=("option_pictures",), answer=lambda task: list(task.best)
    ),
    "match": KindOfTask(
        ("options", "left"),
        _is_match,
        may=("option_pictures",),
        answer=lambda task: [task.best[one] for one in task.left],
    ),
    "reply": KindOfTask((), _is_none),
    "listen": KindOfTask(("options", "spoken"), _is_one, may=("option_pictures",)),
    "spot": KindOfTask(("options", "picture", "areas"), _are_some, problems=_area_problems),
    "timetable": KindOfTask(
        ("options", "slots"), _is_timetable, may=("fixed",), problems=_slot_problems, answer=_day
    ),
    "steps": KindOfTask(
        ("options", "after"), _are_steps, answer=lambda task: list(task.best["before"])
    ),
    "speak": KindOfTask((), _is_none),
    "photo": KindOfTask((), _is_none),
    "checklist": KindOfTask(("options",), _is_none),
}
