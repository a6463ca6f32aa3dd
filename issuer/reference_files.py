"""Reference files: invented work with agreed marks, by which examiners calibrate (domain B.4-3).

A folder ``reference/<skill>/`` of a framework holds ``files.toml`` (set, answers, agreed marks and
level of each file) and ``<language>.toml`` (what is written in one's own words, and why the marks
are these). A framework without it asks for no calibration. A file must not be guessed from a form
alone: each level, and none, is there.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from issuer.framework_files import MARKS, Contents, FrameworkError, Problem, ScenarioShape
from issuer.task_shapes import KINDS

FILES = 5
"""As many are marked in one calibration."""

_WORDS = "reply"
"""The kind of task whose answer is a text for each language."""
_NOT_HERE = ("speak", "photo", "checklist")
"""A recording, a photo or somebody's presence cannot stand in a text file."""
_FIELDS = ("id", "set", "level", "marks", "answers")


@dataclass(frozen=True)
class ReferenceFile:
    """One file to calibrate with, in one language."""

    id: str
    set: str
    answers: Mapping[str, Any]
    marks: Mapping[str, int]
    level: int
    why: str


References = Mapping[str, Mapping[str, tuple[ReferenceFile, ...]]]
"""By skill, then by language."""


def read_references(contents: Contents) -> References:
    """Read the reference files of a framework; raise `FrameworkError` with all that is wrong."""
    problems: list[Problem] = []
    skills = {name.split("/")[1] for name in contents.files if name.startswith("reference/")}
    found = {skill: _of_skill(contents, skill, problems) for skill in sorted(skills)}
    if problems:
        raise FrameworkError(problems)
    return found


def _of_skill(
    contents: Contents, skill: str, problems: list[Problem]
) -> dict[str, tuple[ReferenceFile, ...]]:
    place = f"reference/{skill}"
    rows = _toml(contents, f"{place}/files.toml", problems).get("file", [])
    texts = {
        language: _toml(contents, f"{place}/{language}.toml", problems)
        for language in contents.languages
    }
    before = len(problems)
    problems.extend(
        Problem(f"{place}/files.toml", (), one) for one in _problems(contents, skill, rows)
    )
    if len(problems) > before:
        return {}
    for language, sheet in texts.items():
        problems.extend(
            Problem(f"{place}/{language}.toml", (), one)
            for one in _text_problems(contents, rows, sheet)
        )
    if len(problems) > before:
        return {}
    return {
        language: tuple(_file(contents, row, sheet[row["id"]]) for row in rows)
        for language, sheet in texts.items()
    }


def _file(contents: Contents, row: Mapping[str, Any], words: Mapping[str, str]) -> ReferenceFile:
    written = {task: words[task] for task in _written(contents.scenarios[row["set"]])}
    return ReferenceFile(
        id=row["id"],
        set=row["set"],
        answers={**row["answers"], **written},
        marks=row["marks"],
        level=row["level"],
        why=words["why"],
    )


def _problems(contents: Contents, skill: str, rows: Any) -> Iterator[str]:
    if skill not in contents.skills:
        yield f"skill {skill!r} is not known"
        return
    if not isinstance(rows, list) or len(rows) < FILES:
        yield f"there must be at least {FILES} files"
        return
    for place, row in enumerate(rows, 1):
        if not isinstance(row, dict) or set(row) != set(_FIELDS):
            yield f"file {place}: it must have {', '.join(_FIELDS)}, and nothing else"
            return
    ids = [row["id"] for row in rows]
    if len(set(ids)) != len(ids):
        yield "an id stands there twice"
    for row in rows:
        yield from (f"file {row['id']}: {one}" for one in _row_problems(contents, skill, row))
    if {row["level"] for row in rows} != set(MARKS):
        yield "the agreed levels must be none, 1, 2 and 3, each at least once"


def _row_problems(contents: Contents, skill: str, row: Mapping[str, Any]) -> Iterator[str]:
    scenario = contents.scenarios.get(row["set"])
    if scenario is None or scenario.skill != skill:
        yield f"{row['set']!r} is not a set of this skill"
        return
    marks, answers = row["marks"], row["answers"]
    if not isinstance(marks, dict) or set(marks) != set(contents.skills[skill].criteria):
        yield "marks must name each criterion of the skill, and nothing else"
    elif any(type(mark) is not int or mark not in MARKS for mark in marks.values()):
        yield "a mark must be 0, 1, 2 or 3"
    elif row["level"] != min(*marks.values(), scenario.level):
        yield "the level must be the lowest mark, and not above the one of the set"
    yield from _answer_problems(scenario, answers if isinstance(answers, dict) else {})


def _answer_problems(scenario: ScenarioShape, answers: Mapping[str, Any]) -> Iterator[str]:
    chosen = {task.id: task for task in scenario.tasks if task.kind != _WORDS}
    yield from (f"task {name} has no answer" for name in chosen if name not in answers)
    yield from (f"there is no task {name} to choose in" for name in answers if name not in chosen)
    for name, task in chosen.items():
        if task.kind in _NOT_HERE:
            yield f"task {name}: {task.kind} cannot be answered in a file"
        elif name in answers and not KINDS[task.kind].fits(replace(task, best=answers[name])):
            # What could be the best answer fits the task, right or wrong.
            yield f"task {name}: the answer does not fit"


def _text_problems(
    contents: Contents, rows: Sequence[Mapping[str, Any]], sheet: Mapping[str, Any]
) -> Iterator[str]:
    wanted = {
        f"{row['id']}.{name}"
        for row in rows
        for name in ("why", *_written(contents.scenarios[row["set"]]))
    }
    given = {
        f"{file}.{name}": text
        for file, texts in sheet.items()
        for name, text in (texts.items() if isinstance(texts, dict) else [("", texts)])
    }
    yield from (f"{key} is missing" for key in sorted(wanted - set(given)))
    yield from (f"{key} is used nowhere" for key in sorted(set(given) - wanted))
    for key in sorted(wanted & set(given)):
        if not isinstance(given[key], str) or not given[key].strip():
            yield f"{key} must be a text that is not empty"


def _written(scenario: ScenarioShape) -> tuple[str, ...]:
    return tuple(task.id for task in scenario.tasks if task.kind == _WORDS)


def _toml(contents: Contents, name: str, problems: list[Problem]) -> dict[str, Any]:
    try:
        return tomllib.loads(contents.files[name].decode("utf-8"))
    except KeyError:
        problems.append(Problem(name, (), "the file is missing"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(Problem(name, (), str(error)))
    return {}
