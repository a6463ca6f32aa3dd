"""How each kind of task is answered: read from a form, checked, written in words, compared.

A kind is one record of `KINDS`. An answer is plain JSON, in the shape of the task's `best`; what
a form or a machine sends is checked first::

    value = parse(task, form)
    kept = check(task, value)
    lines(task, kept)
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from issuer.framework import Option, Task
from issuer.task_shapes import LATER
from web.errors import Refused
from web.languages import N_, gettext

MAX_ANSWER = 2_000


class Form(Protocol):
    """What a page sent: texts by name, some of them several times."""

    def get(self, key: str, default: str, /) -> str:
        """Give the first text of a name."""

    def getlist(self, key: str, /) -> list[str]:
        """Give all texts of a name."""


@dataclass(frozen=True)
class AnswerKind:
    """How one kind of task is answered."""

    parse: Callable[[Task, Form], Any]
    """Read a form; what does not fit is given as it is, to be shown again."""
    check: Callable[[Task, Any], Any]
    """Give the answer as it is kept, or raise `Refused` with what is missing."""
    lines: Callable[[Task, Any], Iterable[str]]
    """Write a checked answer in words, line by line."""
    is_best: Callable[[Any, Any], bool] = lambda given, best: bool(given == best)
    """Compare a checked answer with the advice for examiners."""
    is_complete: Callable[[Any], bool] = lambda _given: True
    """Tell whether a checked answer may be sent."""
    join: Callable[[Any, Any], Any] = lambda _kept, new: new
    """Put a new answer to the one that was kept before; raise `Refused` if it cannot change."""


def parse(task: Task, form: Form) -> Any:
    """Read the answer to a task from a form; it is not checked yet."""
    return KINDS[task.kind].parse(task, form)


def check(task: Task, value: Any, *, kept: Any = None) -> Any:
    """Give the answer if it fits the task, and what was `kept` of it; else raise `Refused`."""
    kind = KINDS[task.kind]
    new = value if kept is None else kind.join(kept, value)
    return kind.check(task, new)


def lines(task: Task, value: Any) -> list[str]:
    """Write an answer in words, line by line; empty when there is none."""
    return [] if value is None else list(KINDS[task.kind].lines(task, value))


def is_complete(task: Task, value: Any) -> bool:
    """Tell whether a task is answered, as far as it must be to be sent."""
    return value is not None and KINDS[task.kind].is_complete(value)


def is_best(task: Task, value: Any) -> bool:
    """Tell whether an answer is the one that most examiners would expect."""
    return value is not None and KINDS[task.kind].is_best(value, task.best)


# --- one of the options, or some ----------------------------------------------------------------


def _parse_one(_task: Task, form: Form) -> str:
    return form.get("answer", "")


def _check_one(task: Task, value: Any) -> str:
    if isinstance(value, str) and value in _ids(task.options):
        return value
    raise _refused(N_("Choose one answer."))


def _one_line(task: Task, value: str) -> list[str]:
    return [task.option_text(value)]


def _parse_some(_task: Task, form: Form) -> list[str]:
    return form.getlist("answer")


def _check_some(task: Task, value: Any) -> list[str]:
    if _are_of(value, task.options) and value:
        return list(dict.fromkeys(value))
    raise _refused(N_("Choose one answer or more."))


def _some_lines(task: Task, value: Sequence[str]) -> list[str]:
    return [task.option_text(one) for one in value]


def _same_set(given: Sequence[str], best: Sequence[str]) -> bool:
    return set(given) == set(best)


# --- an order, pairs, words of one's own --------------------------------------------------------


def _parse_order(task: Task, form: Form) -> Any:
    numbers = _numbers(task.options, form)
    return _in_order(numbers) or numbers


def _check_order(task: Task, value: Any) -> list[str]:
    if _are_of(value, task.options) and len(value) == len(set(value)) == len(task.options):
        return list(value)
    raise _refused(N_("Give each line its own number."))


def _numbered(task: Task, value: Sequence[str]) -> list[str]:
    return [f"{place}. {task.option_text(one)}" for place, one in enumerate(value, 1)]


def _parse_pairs(task: Task, form: Form) -> dict[str, str]:
    return _numbers(task.left, form)


def _check_pairs(task: Task, value: Any) -> dict[str, str]:
    if (
        isinstance(value, dict)
        and set(value) == _ids(task.left)
        and _are_of(list(value.values()), task.options)
    ):
        return {left.id: value[left.id] for left in task.left}
    raise _refused(N_("Choose something for each line."))


def _pair_lines(task: Task, value: Mapping[str, str]) -> list[str]:
    return [f"{task.option_text(one)} → {task.option_text(other)}" for one, other in value.items()]


def _check_words(_task: Task, value: Any) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not text:
        raise _refused(N_("Write a few words."))
    if len(text) > MAX_ANSWER:
        raise _refused(N_("That is too long. Write less."))
    return text


def _word_lines(_task: Task, value: Any) -> list[str]:
    return str(value).splitlines()


# --- a day ----------------------------------------------------------------------------------------


def _parse_timetable(task: Task, form: Form) -> dict[str, str]:
    return _numbers(task.options, form)


def _check_timetable(task: Task, value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or set(value) != _ids(task.options):
        raise _refused(N_("Give each job a time, or “not today”."))
    free = {slot for slot in task.slots if slot not in task.fixed}
    if any(not isinstance(time, str) or time not in free | {LATER} for time in value.values()):
        raise _refused(N_("Give each job a time, or “not today”."))
    taken = [time for time in value.values() if time != LATER]
    if len(taken) != len(set(taken)):
        raise _refused(N_("Two jobs have the same time. Give each its own."))
    return {job.id: value[job.id] for job in task.options}


def _day_lines(task: Task, value: Mapping[str, str]) -> Iterator[str]:
    at = {time: task.option_text(job) for job, time in value.items() if time != LATER}
    for time, text in sorted({**at, **task.fixed}.items()):
        yield f"{time} · {text}"
    for job, time in value.items():
        if time == LATER:
            yield f"{gettext('Not today')} · {task.option_text(job)}"


# --- steps with a change halfway ------------------------------------------------------------------


def _parse_steps(task: Task, form: Form) -> dict[str, Any]:
    """Read one half: the page shows the second only when the first is kept."""
    first = _numbers(task.options, form)
    if any(first.values()):
        return {"before": _in_order(first) or first}
    second = _numbers(task.after, form)
    chosen = {one: number for one, number in second.items() if number}
    return {"after": _in_order(chosen) or second}


def _check_steps(task: Task, value: Any) -> dict[str, list[str]]:
    if not isinstance(value, dict) or not {"before"} <= set(value) <= {"before", "after"}:
        raise _refused(N_("Give each line its own number."))
    steps = {"before": _check_order(task, value["before"])}
    if "after" in value:
        after = value["after"]
        if not (_are_of(after, task.after) and after and len(after) == len(set(after))):
            raise _refused(N_("Number what is still needed: 1, 2, 3."))
        steps["after"] = list(after)
    return steps


def _join_steps(kept: Mapping[str, Any], new: Any) -> Any:
    """Keep the first half as it is: it was given without knowing the change."""
    if not isinstance(new, dict):
        return new
    if new.get("before", kept["before"]) != kept["before"]:
        raise _refused(N_("You gave the first steps already. They stay."))
    return {**kept, **new}


def _step_lines(task: Task, value: Mapping[str, Sequence[str]]) -> Iterator[str]:
    yield from _numbered(task, value["before"])
    if "after" in value:
        yield f"… {task.change}"
        yield from _numbered(task, value["after"])


# --- all ------------------------------------------------------------------------------------------


def _ids(options: Sequence[Option]) -> set[str]:
    return {option.id for option in options}


def _are_of(values: Any, options: Sequence[Option]) -> bool:
    known = _ids(options)
    return isinstance(values, list) and all(isinstance(o, str) and o in known for o in values)


def _numbers(options: Sequence[Option], form: Form) -> dict[str, str]:
    """Read what stands beside each option: a number, a time, another option."""
    return {option.id: form.get(f"answer-{option.id}", "") for option in options}


def _in_order(numbers: Mapping[str, str]) -> list[str]:
    """Put options in the order of their numbers; empty when these are not 1, 2, 3 and so on."""
    if set(numbers.values()) != {str(place) for place in range(1, len(numbers) + 1)}:
        return []
    return sorted(numbers, key=lambda option: int(numbers[option]))


def _refused(message: str) -> Refused:
    return Refused(message, status=422, code="answer")


KINDS: Mapping[str, AnswerKind] = {
    "choose": AnswerKind(_parse_one, _check_one, _one_line),
    "choose_many": AnswerKind(_parse_some, _check_some, _some_lines, is_best=_same_set),
    "order": AnswerKind(_parse_order, _check_order, _numbered),
    "match": AnswerKind(_parse_pairs, _check_pairs, _pair_lines),
    "reply": AnswerKind(_parse_one, _check_words, _word_lines),
    "listen": AnswerKind(_parse_one, _check_one, _one_line),
    "spot": AnswerKind(_parse_some, _check_some, _some_lines, is_best=_same_set),
    "timetable": AnswerKind(_parse_timetable, _check_timetable, _day_lines),
    "steps": AnswerKind(
        _parse_steps,
        _check_steps,
        _step_lines,
        is_complete=lambda given: "after" in given,
        join=_join_steps,
    ),
}
