"""What the folder of a framework says, read from plain files and checked as a whole.

A folder holds ``framework.toml`` (what is the same in every language), ``texts/<language>.toml``,
a folder for each scenario set below ``scenarios/`` (``tasks.toml`` and one text file for each
language) and ``pictures/*.svg``. Problems are collected, each with its file, and raised together:
whoever writes a framework mends it in one round.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from contexts.labels import framework_name, label
from issuer.task_shapes import KINDS, Area, TaskShape, has_field, needs_field, task_problems

TextTree = Mapping[str, Any]
"""Texts as in their file: tables of tables, and a text or a list of texts at the end."""

MARKS = (0, 1, 2, 3)
EU_ELEMENTS = tuple(f"M{number}" for number in range(1, 12)) + tuple(
    f"O{number}" for number in range(1, 6)
)
"""The mandatory and optional elements of the EU Recommendation on micro-credentials, Annex I."""

_BADGE_FIELDS = frozenset(
    {
        "credentialSubject.id",
        "credentialSubject.result",
        "issuer",
        "issuer.address.addressCountryCode",
        "awardedDate",
    }
)
"""What every badge of this service carries beside its achievement."""

_LEVELS = (1, 2, 3)
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_HOURS = re.compile(r"PT[1-9][0-9]*H")
_VALUE = re.compile(r"%\((\w+)\)s")


class FrameworkError(ValueError):
    """A framework that cannot be used; `problems` names every one, with its file."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Level:
    """One level: 1 to 3, lowest first."""

    number: int
    slug: str


@dataclass(frozen=True)
class Link:
    """A link to a term of a known framework, or a statement of our own at an anchor of our page."""

    type: str
    url: str = ""
    anchor: str = ""
    code: str = ""
    text: str = ""
    """Key of its name, where the bundled labels do not have one."""
    note: str = ""
    """Key of a sentence that says how the link is meant."""
    framework: str = ""
    levels: tuple[int, ...] = _LEVELS
    language: str = ""
    """The assessed language it is for; for all when empty."""


@dataclass(frozen=True)
class Skill:
    """One micro-skill, its criteria and its links."""

    id: str
    code: str
    symbol: str
    criteria: tuple[str, ...]
    by_language: bool
    """Assessed in one language, which the achievement names."""
    workload: tuple[str, ...]
    """ISO 8601 durations in hours, one for each level."""
    links: tuple[Link, ...]


@dataclass(frozen=True)
class ScenarioShape:
    """A scenario set without its words."""

    id: str
    skill: str
    level: int
    """The level it is written for: whoever does it can get this one or a lower one."""
    tasks: tuple[TaskShape, ...]


@dataclass(frozen=True)
class Carrier:
    """Where an EU element stands: in the badge, in a field of the achievement, or in a link."""

    kind: Literal["badge", "achievement", "alignment"]
    place: str


@dataclass(frozen=True)
class Contents:
    """All that a folder says, complete in every language."""

    folder: Path
    id: str
    version: str
    code: str
    languages: tuple[str, ...]
    levels: tuple[Level, ...]
    skills: Mapping[str, Skill]
    links: tuple[Link, ...]
    elements: Mapping[str, Carrier]
    scenarios: Mapping[str, ScenarioShape]
    pictures: frozenset[str]
    texts: Mapping[str, TextTree] = field(repr=False)


def read_contents(folder: Path) -> Contents:
    """Read a framework's folder and check it; raise `FrameworkError` with all that is wrong.

    1. The structure, field by field: what is missing, of a wrong kind, or unknown.
    2. The structure as a whole: levels, skills, links, EU elements, tasks, pictures.
    3. The texts of every language: all there, none too many, with the same values to fill in.

    The texts are compared only with a structure that is right: otherwise one wrong line there
    would be told again for every language.
    """
    problems: list[str] = []
    contents = _structure(folder, problems)  # 1
    problems.extend(_structure_problems(contents))  # 2
    if not problems:
        problems.extend(_text_problems(contents))  # 3
    if problems:
        raise FrameworkError(problems)
    return contents


# --- 1: field by field ------------------------------------------------------------------------


@dataclass
class _Sheet:
    """One table of a file, asked for its fields by name; what is wrong is noted, not raised."""

    row: Mapping[str, Any]
    where: str
    problems: list[str]
    asked: set[str] = field(default_factory=set)

    def text(self, name: str, *, needed: bool = True) -> str:
        return str(self._get(name, str, "a text", "", needed=needed))

    def number(self, name: str) -> int:
        return int(self._get(name, int, "a number", 0))

    def flag(self, name: str) -> bool:
        return bool(self._get(name, bool, "true or false", False, needed=False))

    def list_of(self, name: str, kind: type, *, needed: bool = True) -> tuple[Any, ...]:
        found = self._get(name, list, "a list", [], needed=needed)
        if any(type(one) is not kind for one in found):
            self.note(f"{name} must hold only values of one kind")
            return ()
        return tuple(found)

    def table(self, name: str, *, needed: bool = True) -> "_Sheet":
        found = self._get(name, dict, "a table", {}, needed=needed)
        return _Sheet(found, f"{self.where}: {name}", self.problems)

    def tables(self, name: str, called: str, *, needed: bool = True) -> "list[_Sheet]":
        rows = self.list_of(name, dict, needed=needed)
        return [
            _Sheet(row, f"{self.where}: {called} {row.get('id', place)}", self.problems)
            for place, row in enumerate(rows, 1)
        ]

    def texts(self) -> dict[str, str]:
        return {name: self.text(name) for name in self.row}

    def any(self, name: str) -> Any:
        self.asked.add(name)
        return self.row.get(name)

    def note(self, problem: str) -> None:
        self.problems.append(f"{self.where}: {problem}")

    def close(self) -> None:
        for name in sorted(set(self.row) - self.asked):
            self.note(f"{name} is not known here")

    def _get(self, name: str, kind: type, called: str, other: Any, *, needed: bool = True) -> Any:
        self.asked.add(name)
        if name not in self.row:
            if needed:
                self.note(f"{name} is missing")
            return other
        if type(self.row[name]) is not kind:
            self.note(f"{name} must be {called}")
            return other
        return self.row[name]


def _structure(folder: Path, problems: list[str]) -> Contents:
    sheet = _Sheet(_toml(folder, "framework.toml", problems), "framework.toml", problems)
    languages = sheet.list_of("languages", str)
    skills = [_skill(row) for row in sheet.tables("skill", "skill")]
    scenarios = [
        _scenario(folder, path.name, problems)
        for path in sorted((folder / "scenarios").glob("*"))
        if path.is_dir()
    ]
    contents = Contents(
        folder=folder,
        id=sheet.text("id"),
        version=sheet.text("version"),
        code=sheet.text("code"),
        languages=languages,
        levels=tuple(_level(row) for row in sheet.tables("level", "level")),
        skills={skill.id: skill for skill in skills},
        links=tuple(_link(row) for row in sheet.tables("link", "link")),
        elements=_elements(sheet.table("eu_elements")),
        scenarios={scenario.id: scenario for scenario in scenarios},
        pictures=frozenset(path.stem for path in (folder / "pictures").glob("*.svg")),
        texts={language: _texts(folder, language, scenarios, problems) for language in languages},
    )
    sheet.close()
    return contents


def _level(sheet: _Sheet) -> Level:
    level = Level(sheet.number("number"), sheet.text("slug"))
    sheet.close()
    return level


def _skill(sheet: _Sheet) -> Skill:
    skill = Skill(
        id=sheet.text("id"),
        code=sheet.text("code"),
        symbol=sheet.text("symbol"),
        criteria=sheet.list_of("criteria", str),
        by_language=sheet.flag("by_language"),
        workload=sheet.list_of("workload", str),
        links=tuple(_link(row) for row in sheet.tables("link", "link")),
    )
    sheet.close()
    return skill


def _link(sheet: _Sheet) -> Link:
    url = sheet.text("url", needed=False)
    link = Link(
        type=sheet.text("type"),
        url=url,
        anchor=sheet.text("anchor", needed=False),
        code=sheet.text("code", needed=False)
        or url.rpartition("/")[2]
        or sheet.text("anchor", needed=False),
        text=sheet.text("text", needed=False),
        note=sheet.text("note", needed=False),
        framework=sheet.text("framework", needed=False),
        levels=sheet.list_of("levels", int, needed=False) or _LEVELS,
        language=sheet.text("language", needed=False),
    )
    sheet.close()
    return link


def _elements(sheet: _Sheet) -> dict[str, Carrier]:
    carriers = {}
    for name in EU_ELEMENTS:
        if name not in sheet.row:
            sheet.note(f"EU element {name} is missing")
            sheet.asked.add(name)
            continue
        match sheet.any(name):
            case {"badge": str(place)} if place in _BADGE_FIELDS:
                carriers[name] = Carrier("badge", place)
            case {"achievement": str(place)}:
                carriers[name] = Carrier("achievement", place)
            case {"alignment": str(place)}:
                carriers[name] = Carrier("alignment", place)
            case _:
                sheet.note(f"EU element {name} must name a field that carries it")
    sheet.close()
    return carriers


def _scenario(folder: Path, name: str, problems: list[str]) -> ScenarioShape:
    file = f"scenarios/{name}/tasks.toml"
    sheet = _Sheet(_toml(folder, file, problems), file, problems)
    scenario = ScenarioShape(
        id=name,
        skill=sheet.text("skill"),
        level=sheet.number("level"),
        tasks=tuple(_task(row) for row in sheet.tables("task", "task")),
    )
    sheet.close()
    return scenario


def _task(sheet: _Sheet) -> TaskShape:
    kind = sheet.text("kind")
    if kind not in KINDS:
        sheet.note(f"kind {kind!r} is not known")

    def names(field: str) -> tuple[str, ...]:
        if not has_field(kind, field):
            return ()
        return sheet.list_of(field, str, needed=needs_field(kind, field))

    def table(field: str) -> "_Sheet":
        if not has_field(kind, field):
            return _Sheet({}, sheet.where, sheet.problems)
        return sheet.table(field, needed=needs_field(kind, field))

    task = TaskShape(
        id=sheet.text("id"),
        kind=kind,  # type: ignore[arg-type]  # noted above; such a framework is refused
        criteria=sheet.list_of("criteria", str),
        picture=sheet.text("picture", needed=needs_field(kind, "picture")),
        situation=sheet.flag("situation"),
        spoken=sheet.flag("spoken"),
        options=names("options"),
        option_pictures=table("option_pictures").texts(),
        left=names("left"),
        areas=_areas(table("areas")),
        slots=names("slots"),
        fixed=table("fixed").texts(),
        after=names("after"),
        best=sheet.any("best"),
    )
    sheet.close()
    return task


def _areas(sheet: _Sheet) -> dict[str, Area]:
    areas = {}
    for name in sheet.row:
        match sheet.any(name):
            case [int() | float(), int() | float(), int() | float(), int() | float()] as sides:
                areas[name] = Area(*sides)
            case _:
                sheet.note(f"{name} must be four numbers: left, top, width, height")
    return areas


def _texts(
    folder: Path, language: str, scenarios: Iterable[ScenarioShape], problems: list[str]
) -> TextTree:
    texts = _toml(folder, f"texts/{language}.toml", problems)
    sets = {
        scenario.id: _toml(folder, f"scenarios/{scenario.id}/{language}.toml", problems)
        for scenario in scenarios
    }
    if "scenario" in texts:
        problems.append(f"texts/{language}.toml: scenario texts have files of their own")
    return {**texts, "scenario": sets}


def _toml(folder: Path, name: str, problems: list[str]) -> dict[str, Any]:
    try:
        return tomllib.loads((folder / name).read_text("utf-8"))
    except FileNotFoundError:
        problems.append(f"{name}: the file is missing")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(f"{name}: {error}")
    return {}


# --- 2: the structure as a whole --------------------------------------------------------------


def _structure_problems(contents: Contents) -> Iterator[str]:
    for problem in (
        *_level_problems(contents),
        *_twice("skill", contents.skills.values(), "code"),
        *_skill_problems(contents),
        *_link_problems("every skill", contents.links, contents),
    ):
        yield f"framework.toml: {problem}"
    for scenario in contents.scenarios.values():
        file = f"scenarios/{scenario.id}/tasks.toml"
        yield from (f"{file}: {problem}" for problem in _scenario_problems(scenario, contents))
    used = {name for scenario in contents.scenarios.values() for name in _pictures(scenario)}
    for name in sorted(contents.pictures - used):
        yield f"pictures/{name}.svg: used nowhere"


def _level_problems(contents: Contents) -> Iterator[str]:
    if tuple(level.number for level in contents.levels) != _LEVELS:
        yield "levels must be numbered 1, 2, 3"
    for slug in (level.slug for level in contents.levels):
        if not _SLUG.fullmatch(slug):
            yield f"level {slug!r} must be small letters, digits and hyphens"
    if not contents.languages or len(set(contents.languages)) != len(contents.languages):
        yield "languages must name at least one language, each once"
    yield from _twice("level", contents.levels, "slug")


def _skill_problems(contents: Contents) -> Iterator[str]:
    for skill in contents.skills.values():
        for name in (skill.id, *skill.criteria):
            if not _SLUG.fullmatch(name):
                yield f"skill {skill.id}: {name!r} must be small letters, digits and hyphens"
        if not skill.criteria or len(set(skill.criteria)) != len(skill.criteria):
            yield f"skill {skill.id}: criteria must name at least one criterion, each once"
        if len(skill.workload) != len(_LEVELS):
            yield f"skill {skill.id}: workload must have one duration for each level"
        for duration in skill.workload:
            if not _HOURS.fullmatch(duration):
                yield f"skill {skill.id}: workload {duration!r} must be whole hours, as in PT4H"
        written_for = [one.level for one in contents.scenarios.values() if one.skill == skill.id]
        for level in _LEVELS:
            # A set for a higher level shows a lower one too.
            if level > max(written_for, default=0):
                yield f"skill {skill.id}: there is no scenario for level {level}"
        yield from _link_problems(f"skill {skill.id}", skill.links, contents)


def _link_problems(whose: str, links: Iterable[Link], contents: Contents) -> Iterator[str]:
    for link in links:
        where = f"{whose}: link {link.url or link.anchor or link.type}"
        if bool(link.url) == bool(link.anchor):
            yield f"{where} needs either url or anchor"
        if not link.type.startswith("ext:"):
            # Open Badges 3.0 takes other values only with this prefix.
            yield f"{where} needs a type that begins with ext:"
        if not set(link.levels) <= set(_LEVELS):
            yield f"{where} names a level that there is not"
        if link.language and link.language not in contents.languages:
            yield f"{where} is for {link.language}, which is not a language here"
        if not link.text and label(link.url, "en", code=link.code) is None:
            yield f"{where} has no bundled name; give it a text"
        if link.url and not link.framework and framework_name(link.url, "en") is None:
            yield f"{where} needs the name of its framework"


def _scenario_problems(scenario: ScenarioShape, contents: Contents) -> Iterator[str]:
    skill = contents.skills.get(scenario.skill)
    if skill is None:
        yield f"skill {scenario.skill!r} is not known"
        return
    if scenario.level not in _LEVELS:
        yield "level must be 1, 2 or 3"
    yield from _twice("task", scenario.tasks, "id")
    for task in scenario.tasks:
        for criterion in task.criteria:
            if criterion not in skill.criteria:
                yield f"task {task.id}: criterion {criterion!r} is not one of {skill.id}"
        if not task.criteria:
            yield f"task {task.id}: it shows no criterion"
        yield from (f"task {task.id}: {problem}" for problem in task_problems(task))
    shown = {criterion for task in scenario.tasks for criterion in task.criteria}
    for criterion in skill.criteria:
        if criterion not in shown:
            yield f"no task shows {criterion}"
    for name in sorted(_pictures(scenario) - contents.pictures):
        yield f"there is no pictures/{name}.svg"


def _pictures(scenario: ScenarioShape) -> set[str]:
    shown = {task.picture for task in scenario.tasks if task.picture}
    return shown.union(*(task.option_pictures.values() for task in scenario.tasks))


def _twice(called: str, rows: Iterable[Any], name: str) -> Iterator[str]:
    seen: set[str] = set()
    for row in rows:
        if getattr(row, name) in seen:
            yield f"{called} {getattr(row, name)!r} stands there twice"
        seen.add(getattr(row, name))


# --- 3: the texts -----------------------------------------------------------------------------


def _text_problems(contents: Contents) -> Iterator[str]:
    sheets = {"texts": frozenset(_general_keys(contents))} | {
        f"scenarios/{scenario.id}": frozenset(_scenario_keys(scenario))
        for scenario in contents.scenarios.values()
    }
    for place, wanted in sheets.items():
        first = _flat(_sheet_of(contents, contents.languages[0], place))
        for language in contents.languages:
            texts = _flat(_sheet_of(contents, language, place))
            file = f"{place}/{language}.toml"
            yield from (f"{file}: {key} is missing" for key in sorted(wanted - set(texts)))
            yield from (f"{file}: {key} is used nowhere" for key in sorted(set(texts) - wanted))
            for key in sorted(wanted & set(texts)):
                yield from (f"{file}: {problem}" for problem in _bad_text(key, texts, first))
        known = {f"{language}.toml" for language in contents.languages} | {"tasks.toml"}
        for path in sorted((contents.folder / place).glob("*.toml")):
            if path.name not in known:
                yield f"{place}/{path.name}: its language is not named in framework.toml"


def _bad_text(key: str, texts: Mapping[str, Any], first: Mapping[str, Any]) -> Iterator[str]:
    values = texts[key] if isinstance(texts[key], list) else [texts[key]]
    if not values or any(not isinstance(one, str) or not one.strip() for one in values):
        yield f"{key} must be a text that is not empty"
        return
    if isinstance(texts[key], list) != (key == "framework.tags"):
        yield f"{key} must be {'a list of texts' if key == 'framework.tags' else 'one text'}"
        return
    expected = first.get(key)
    if isinstance(expected, str) and _values(texts[key]) != _values(expected):
        yield f"{key} does not have the same values to fill in as the first language"


def _values(text: str) -> set[str]:
    return set(_VALUE.findall(text))


def _general_keys(contents: Contents) -> Iterator[str]:
    general = (
        "name body field_of_study tags level_tag caption overall earned lines second_examiner "
        "prerequisites workload workload_name quality_line supervision_line elements"
    )
    yield from (f"framework.{name}" for name in general.split())
    yield from (f"level.{level.slug}.name" for level in contents.levels)
    for skill in contents.skills.values():
        start = f"skill.{skill.id}"
        yield from (f"{start}.{name}" for name in ("name", "about", "specialization", "symbol"))
        yield from (f"{start}.can.{level.slug}" for level in contents.levels)
        if skill.by_language:
            yield from (f"{start}.languages.{language}" for language in contents.languages)
        for criterion in skill.criteria:
            names = ("name", "about", *(f"mark{mark}" for mark in MARKS))
            yield from (f"{start}.{criterion}.{name}" for name in names)
    yield from (f"picture.{name}" for name in contents.pictures)
    for link in (*contents.links, *(one for s in contents.skills.values() for one in s.links)):
        yield from (key for key in (link.text, link.note) if key)


def _scenario_keys(scenario: ScenarioShape) -> Iterator[str]:
    yield from ("title", "intro")
    for task in scenario.tasks:
        yield f"{task.id}.question"
        if task.situation:
            yield f"{task.id}.situation"
        if task.spoken:
            yield f"{task.id}.spoken"
        yield from (f"{task.id}.{key}" for key in task.words)


def _sheet_of(contents: Contents, language: str, place: str) -> TextTree:
    texts = contents.texts[language]
    if place == "texts":
        return {key: value for key, value in texts.items() if key != "scenario"}
    sheet: TextTree = texts["scenario"][place.removeprefix("scenarios/")]
    return sheet


def _flat(texts: TextTree, start: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in texts.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{start}{key}.")
        else:
            found[f"{start}{key}"] = value
    return found
