"""What the files of a framework say, read and checked as a whole.

A framework is ``framework.toml`` (what is the same in every language), ``texts/<language>.toml``,
a folder for each scenario set below ``scenarios/`` (``tasks.toml`` and one text file for each
language) and ``pictures/*.svg``. Problems are collected, each with its file and its place in it,
and raised together: whoever writes a framework mends it in one round. The schemas in
``framework_schemas/`` say the same field by field to strangers; a test holds the two together.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from contexts.labels import framework_name, label
from issuer.framework_archive import Files
from issuer.framework_document import key_of
from issuer.safe_svg import UnsafePicture, check_svg
from issuer.task_shapes import KINDS, Area, TaskShape, has_field, needs_field, task_problems

TextTree = Mapping[str, Any]
"""Texts as in their file: tables of tables, and a text or a list of texts at the end."""

MARKS = (0, 1, 2, 3)
EU_ELEMENTS = tuple(f"M{number}" for number in range(1, 12)) + tuple(
    f"O{number}" for number in range(1, 6)
)
"""The mandatory and optional elements of the EU Recommendation on micro-credentials, Annex I."""

BADGE_FIELDS = frozenset(
    {
        "credentialSubject.id",
        "credentialSubject.result",
        "issuer",
        "issuer.address.addressCountryCode",
        "awardedDate",
    }
)
"""What every badge of this service carries beside its achievement."""

LISTS_OF_TEXTS = frozenset({"framework.tags"})
"""Keys of texts that are lists; all others are one text each."""

_LEVELS = (1, 2, 3)
_VERSION = re.compile(r"[0-9]+(\.[0-9]+){0,2}")
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_HOURS = re.compile(r"PT[1-9][0-9]*H")
_WHERE = re.compile(r"\(at line (\d+),")
_VALUE = re.compile(r"%\((\w+)\)s")


Place = tuple[str | int, ...]
"""Where in a file: keys of tables and places in lists, from the outside in."""
Found = tuple[Place, str]
"""A place and what is wrong there."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a framework, and where."""

    file: str
    place: Place
    message: str
    line: int = 0
    """Where it is known at once, as in a file that cannot be read at all."""

    def __str__(self) -> str:
        return f"{self.file}: {self.message}"


class FrameworkError(ValueError):
    """A framework that cannot be used; `problems` names every one, with its file."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
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
    """All that the files say, complete in every language."""

    files: Files = field(repr=False)
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


def read_contents(files: Files) -> Contents:
    """Read a framework's files and check them; raise `FrameworkError` with all that is wrong.

    1. The structure, field by field: what is missing, of a wrong kind, or unknown.
    2. The structure as a whole: levels, skills, links, EU elements, tasks, pictures.
    3. The texts of every language: all there, none too many, with the same values to fill in.

    The texts are compared only with a structure that is right: otherwise one wrong line there
    would be told again for every language.
    """
    problems: list[Problem] = []
    contents = _structure(files, problems)  # 1
    problems.extend(_structure_problems(contents))  # 2
    if not problems:
        problems.extend(_text_problems(contents))  # 3
    if problems:
        raise FrameworkError(problems)
    return contents


def read_structure(files: Files) -> Contents:
    """Read a framework that need not be complete, as far as it can be read: for an editor."""
    return _structure(files, [])


# --- 1: field by field ------------------------------------------------------------------------


@dataclass
class _Sheet:
    """One table of a file, asked for its fields by name; what is wrong is noted, not raised."""

    row: Mapping[str, Any]
    file: str
    problems: list[Problem]
    place: Place = ()
    called: str = ""
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
            self.note(f"{name} must hold only values of one kind", name)
            return ()
        return tuple(found)

    def table(self, name: str, *, needed: bool = True) -> "_Sheet":
        found = self._get(name, dict, "a table", {}, needed=needed)
        return self._inside(found, (name,), name)

    def tables(self, name: str, called: str, *, needed: bool = True) -> "list[_Sheet]":
        rows = self.list_of(name, dict, needed=needed)
        return [
            self._inside(row, (name, place), f"{called} {row.get('id', place + 1)}")
            for place, row in enumerate(rows)
        ]

    def texts(self) -> dict[str, str]:
        return {name: self.text(name) for name in self.row}

    def any(self, name: str) -> Any:
        self.asked.add(name)
        return self.row.get(name)

    def note(self, problem: str, name: str = "") -> None:
        place = (*self.place, name) if name else self.place
        self.problems.append(Problem(self.file, place, self.called + problem))

    def close(self) -> None:
        for name in sorted(set(self.row) - self.asked):
            self.note(f"{name} is not known here", name)

    def _inside(self, row: Mapping[str, Any], place: Place, called: str) -> "_Sheet":
        where = (*self.place, *place)
        return _Sheet(row, self.file, self.problems, where, f"{self.called}{called}: ")

    def _get(self, name: str, kind: type, called: str, other: Any, *, needed: bool = True) -> Any:
        self.asked.add(name)
        if name not in self.row:
            if needed:
                self.note(f"{name} is missing")
            return other
        if type(self.row[name]) is not kind:
            self.note(f"{name} must be {called}", name)
            return other
        return self.row[name]


def _structure(files: Files, problems: list[Problem]) -> Contents:
    sheet = _Sheet(_toml(files, "framework.toml", problems), "framework.toml", problems)
    languages = sheet.list_of("languages", str)
    skills = [_skill(row) for row in sheet.tables("skill", "skill")]
    places = [key for name in sorted(files) if (key := key_of(name))]
    scenarios = [
        _scenario(files, name, problems)
        for name in dict.fromkeys(key[1] for key in places if key[0] == "scenarios")
    ]
    contents = Contents(
        files=files,
        id=sheet.text("id"),
        version=sheet.text("version"),
        code=sheet.text("code"),
        languages=languages,
        levels=tuple(_level(row) for row in sheet.tables("level", "level")),
        skills={skill.id: skill for skill in skills},
        links=tuple(_link(row) for row in sheet.tables("link", "link")),
        elements=_elements(sheet.table("eu_elements")),
        scenarios={scenario.id: scenario for scenario in scenarios},
        pictures=frozenset(key[1] for key in places if key[0] == "pictures"),
        texts={language: _texts(files, language, scenarios, problems) for language in languages},
    )
    sheet.close()
    problems.extend(Problem("framework.toml", *found) for found in _twice("skill", skills, "id"))
    problems.extend(
        Problem(name, (), "a framework has no such file")
        for name in sorted(files)
        if key_of(name) is None
    )
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
            case {"badge": str(place)} if place in BADGE_FIELDS:
                carriers[name] = Carrier("badge", place)
            case {"achievement": str(place)}:
                carriers[name] = Carrier("achievement", place)
            case {"alignment": str(place)}:
                carriers[name] = Carrier("alignment", place)
            case _:
                sheet.note(f"EU element {name} must name a field that carries it", name)
    sheet.close()
    return carriers


def _scenario(files: Files, name: str, problems: list[Problem]) -> ScenarioShape:
    file = f"scenarios/{name}/tasks.toml"
    sheet = _Sheet(_toml(files, file, problems), file, problems)
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
        sheet.note(f"kind {kind!r} is not known", "kind")

    def names(field: str) -> tuple[str, ...]:
        if not has_field(kind, field):
            return ()
        return sheet.list_of(field, str, needed=needs_field(kind, field))

    def table(field: str) -> "_Sheet":
        if not has_field(kind, field):
            return _Sheet({}, sheet.file, sheet.problems)
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
                sheet.note(f"{name} must be four numbers: left, top, width, height", name)
    return areas


def _texts(
    files: Files, language: str, scenarios: Iterable[ScenarioShape], problems: list[Problem]
) -> TextTree:
    file = f"texts/{language}.toml"
    texts = _toml(files, file, problems)
    sets = {
        scenario.id: _toml(files, f"scenarios/{scenario.id}/{language}.toml", problems)
        for scenario in scenarios
    }
    if "scenario" in texts:
        problems.append(Problem(file, ("scenario",), "scenario texts have files of their own"))
    return {**texts, "scenario": sets}


def _toml(files: Files, name: str, problems: list[Problem]) -> dict[str, Any]:
    if name not in files:
        problems.append(Problem(name, (), "the file is missing"))
        return {}
    try:
        return tomllib.loads(files[name].decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        line = _WHERE.search(str(error))
        problems.append(Problem(name, (), str(error), int(line[1]) if line else 1))
        return {}


# --- 2: the structure as a whole --------------------------------------------------------------


def _structure_problems(contents: Contents) -> Iterator[Problem]:
    for found in (
        *_level_problems(contents),
        *_twice("skill", contents.skills.values(), "code"),
        *_skill_problems(contents),
        *_link_problems("every skill", (), contents.links, contents),
    ):
        yield Problem("framework.toml", *found)
    for scenario in contents.scenarios.values():
        file = f"scenarios/{scenario.id}/tasks.toml"
        yield from (Problem(file, *found) for found in _scenario_problems(scenario, contents))
    used = {name for scenario in contents.scenarios.values() for name in _pictures(scenario)}
    for name in sorted(contents.pictures):
        file = f"pictures/{name}.svg"
        if name not in used:
            yield Problem(file, (), "used nowhere")
        try:
            check_svg(contents.files[file])
        except UnsafePicture as error:
            yield Problem(file, (), error.reason, error.line)


def _level_problems(contents: Contents) -> Iterator[Found]:
    if tuple(level.number for level in contents.levels) != _LEVELS:
        yield ("level",), "levels must be numbered 1, 2, 3"
    for place, level in enumerate(contents.levels):
        if not _SLUG.fullmatch(level.slug):
            wrong = f"level {level.slug!r} must be small letters, digits and hyphens"
            yield ("level", place, "slug"), wrong
    if not contents.languages or len(set(contents.languages)) != len(contents.languages):
        yield ("languages",), "languages must name at least one language, each once"
    if not _SLUG.fullmatch(contents.id):
        yield ("id",), "id must be small letters, digits and hyphens"
    if not _VERSION.fullmatch(contents.version):
        yield ("version",), "version must be numbers with points, as in 1.2"
    yield from _twice("level", contents.levels, "slug")


def _skill_problems(contents: Contents) -> Iterator[Found]:
    for place, skill in enumerate(contents.skills.values()):
        at, called = ("skill", place), f"skill {skill.id}:"
        for name in (skill.id, *skill.criteria):
            if not _SLUG.fullmatch(name):
                yield at, f"{called} {name!r} must be small letters, digits and hyphens"
        if not skill.criteria or len(set(skill.criteria)) != len(skill.criteria):
            wrong = "criteria must name at least one criterion, each once"
            yield (*at, "criteria"), f"{called} {wrong}"
        if len(skill.workload) != len(_LEVELS):
            yield (*at, "workload"), f"{called} workload must have one duration for each level"
        for number, duration in enumerate(skill.workload):
            if not _HOURS.fullmatch(duration):
                wrong = f"workload {duration!r} must be whole hours, as in PT4H"
                yield (*at, "workload", number), f"{called} {wrong}"
        written_for = [one.level for one in contents.scenarios.values() if one.skill == skill.id]
        for level in _LEVELS:
            # A set for a higher level shows a lower one too.
            if level > max(written_for, default=0):
                yield at, f"{called} there is no scenario for level {level}"
        yield from _link_problems(f"skill {skill.id}", at, skill.links, contents)


def _link_problems(
    whose: str, place: Place, links: Iterable[Link], contents: Contents
) -> Iterator[Found]:
    for number, link in enumerate(links):
        at = (*place, "link", number)
        where = f"{whose}: link {link.url or link.anchor or link.type}"
        if bool(link.url) == bool(link.anchor):
            yield at, f"{where} needs either url or anchor"
        if link.url and not _is_address(link.url):
            yield (*at, "url"), f"{where} is not a web address"
        if not link.type.startswith("ext:"):
            # Open Badges 3.0 takes other values only with this prefix.
            yield (*at, "type"), f"{where} needs a type that begins with ext:"
        if not set(link.levels) <= set(_LEVELS):
            yield (*at, "levels"), f"{where} names a level that there is not"
        if link.language and link.language not in contents.languages:
            wrong = f"{where} is for {link.language}, which is not a language here"
            yield (*at, "language"), wrong
        if not link.text and label(link.url, "en", code=link.code) is None:
            yield at, f"{where} has no bundled name; give it a text"
        if link.url and not link.framework and framework_name(link.url, "en") is None:
            yield at, f"{where} needs the name of its framework"


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("https", "http") and bool(parts.hostname) and not re.search(r"\s", url)


def _scenario_problems(scenario: ScenarioShape, contents: Contents) -> Iterator[Found]:
    skill = contents.skills.get(scenario.skill)
    if skill is None:
        yield ("skill",), f"skill {scenario.skill!r} is not known"
        return
    if scenario.level not in _LEVELS:
        yield ("level",), "level must be 1, 2 or 3"
    yield from _twice("task", scenario.tasks, "id")
    for place, task in enumerate(scenario.tasks):
        at = ("task", place)
        for number, criterion in enumerate(task.criteria):
            if criterion not in skill.criteria:
                wrong = f"criterion {criterion!r} is not one of {skill.id}"
                yield (*at, "criteria", number), f"task {task.id}: {wrong}"
        if not task.criteria:
            yield (*at, "criteria"), f"task {task.id}: it shows no criterion"
        for problem in task_problems(task):
            field_name = problem.partition(" ")[0]  # where it begins with one
            yield (*at, field_name), f"task {task.id}: {problem}"
    shown = {criterion for task in scenario.tasks for criterion in task.criteria}
    for criterion in skill.criteria:
        if criterion not in shown:
            yield ("task",), f"no task shows {criterion}"
    for name in sorted(_pictures(scenario) - contents.pictures):
        users = [place for place, task in enumerate(scenario.tasks) if name in _shown_by(task)]
        yield ("task", users[0]), f"there is no pictures/{name}.svg"


def _pictures(scenario: ScenarioShape) -> set[str]:
    return {name for task in scenario.tasks for name in _shown_by(task)}


def _shown_by(task: TaskShape) -> set[str]:
    return {name for name in (task.picture, *task.option_pictures.values()) if name}


def _twice(called: str, rows: Iterable[Any], name: str) -> Iterator[Found]:
    seen: set[str] = set()
    for place, row in enumerate(rows):
        if getattr(row, name) in seen:
            yield (called, place, name), f"{called} {getattr(row, name)!r} stands there twice"
        seen.add(getattr(row, name))


# --- 3: the texts -----------------------------------------------------------------------------


def _text_problems(contents: Contents) -> Iterator[Problem]:
    sheets = {"texts": frozenset(general_keys(contents))} | {
        f"scenarios/{scenario.id}": frozenset(scenario_keys(scenario))
        for scenario in contents.scenarios.values()
    }
    for place, wanted in sheets.items():
        first = _flat(_sheet_of(contents, contents.languages[0], place))
        for language in contents.languages:
            texts = _flat(_sheet_of(contents, language, place))
            found = [f"{key} is missing" for key in sorted(wanted - set(texts))]
            found += [f"{key} is used nowhere" for key in sorted(set(texts) - wanted)]
            for key in sorted(wanted & set(texts)):
                found += _bad_text(key, texts, first)
            for problem in found:
                key = problem.partition(" ")[0]
                yield Problem(f"{place}/{language}.toml", tuple(key.split(".")), problem)
        known = {*contents.languages, "tasks"}
        for name in sorted(contents.files):
            folder, _slash, sheet = name.rpartition("/")
            if folder == place and sheet.removesuffix(".toml") not in known:
                yield Problem(name, (), "its language is not named in framework.toml")


def _bad_text(key: str, texts: Mapping[str, Any], first: Mapping[str, Any]) -> Iterator[str]:
    values = texts[key] if isinstance(texts[key], list) else [texts[key]]
    if not values or any(not isinstance(one, str) or not one.strip() for one in values):
        yield f"{key} must be a text that is not empty"
        return
    if isinstance(texts[key], list) != (key in LISTS_OF_TEXTS):
        yield f"{key} must be {'a list of texts' if key in LISTS_OF_TEXTS else 'one text'}"
        return
    expected = first.get(key)
    if isinstance(expected, str) and _values(texts[key]) != _values(expected):
        yield f"{key} does not have the same values to fill in as the first language"


def _values(text: str) -> set[str]:
    return set(_VALUE.findall(text))


def general_keys(contents: Contents) -> Iterator[str]:
    """Give the key of every text that `texts/<language>.toml` must have."""
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


def scenario_keys(scenario: ScenarioShape) -> Iterator[str]:
    """Give the key of every text that a scenario must have in each language."""
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
