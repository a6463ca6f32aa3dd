"""A framework as data: skills, levels, rubric, scenarios and texts, one folder of plain files.

Frameworks are found by folder under ``issuer/frameworks/``; nothing about any sector is in code. A
framework is checked as a whole when it is loaded, and every problem is named at once.

An achievement has one id, the same in every language (``<base>/achievements/<slug>/<level>``): that
is what endorsements are about. Its language editions lie below it (``.../fr``), are listed in
`related`, and are bound to each badge by digest (VC Data Model 2.0, 5.3). The description is the
sentence that its holder can say ("I can ..."); how it was earned stands in the criteria.
"""

import base64
import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from contexts.labels import framework_name, label
from contexts.urls import OB3

FOLDER = Path(__file__).parent / "frameworks"
DEFAULT_LANGUAGE = "en"
MARKS = (0, 1, 2, 3)

TaskKind = Literal["choose", "choose_many", "order", "match", "reply"]

_ESCO_SKILL = "http://data.europa.eu/esco/skill/"
_ESCO_OCCUPATION = "http://data.europa.eu/esco/occupation/"
_ROME = "https://candidat.francetravail.fr/metierscope/fiche-metier/"
_CEFR = (
    "https://www.coe.int/en/web/common-european-framework-reference-languages/"
    "table-1-cefr-3.3-common-reference-levels-global-scale"
)


class FrameworkError(ValueError):
    """A framework that cannot be used; the message lists every problem with its file."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Level:
    """One level: 1 to 3, lowest first."""

    number: int
    slug: str


@dataclass(frozen=True)
class Skill:
    """One micro-skill and what it is linked to."""

    id: str
    code: str
    symbol: str
    criteria: tuple[str, ...]
    by_language: bool
    workload: tuple[str, ...]
    eqf: tuple[int, ...]
    esco: tuple[str, ...]
    esco_by_language: Mapping[str, tuple[str, ...]]
    cefr: tuple[str, ...]


@dataclass(frozen=True)
class AchievementDefinition:
    """One thing that can be achieved: a skill at a level, in a language where that matters."""

    skill: str
    slug: str
    level: int
    level_slug: str
    human_code: str
    assessed_language: str | None

    @property
    def key(self) -> str:
        """Its name in addresses and credential configurations, e.g. technical-cleaning-expert."""
        return f"{self.slug}-{self.level_slug}"


@dataclass(frozen=True)
class Option:
    """One thing to choose, to put in order, or to match."""

    id: str
    text: str


@dataclass(frozen=True)
class Task:
    """One task of a scenario, in one language."""

    id: str
    kind: TaskKind
    criteria: tuple[str, ...]
    prompt: str
    spoken: str | None
    picture: str | None
    options: tuple[Option, ...] = ()
    left: tuple[Option, ...] = ()
    best: Any = None
    """What most examiners would expect; advice for them, never a decision."""

    def option_text(self, option_id: str) -> str:
        """Give the words of an option."""
        return next((o.text for o in (*self.options, *self.left) if o.id == option_id), option_id)


@dataclass(frozen=True)
class Scenario:
    """A complete set of tasks for one micro-skill, in one language."""

    id: str
    skill: str
    language: str
    title: str
    intro: str
    tasks: tuple[Task, ...]

    def task(self, task_id: str) -> Task | None:
        """Give a task by its id."""
        return next((task for task in self.tasks if task.id == task_id), None)


@dataclass(frozen=True)
class RubricLine:
    """One criterion with what each mark means."""

    id: str
    name: str
    about: str
    anchors: tuple[str, ...]
    """What marks 0, 1, 2 and 3 look like."""


@dataclass(frozen=True)
class Framework:
    """A loaded framework; every text that it promises is there."""

    id: str
    version: str
    languages: tuple[str, ...]
    skills: Mapping[str, Skill]
    levels: tuple[Level, ...]
    folder: Path
    common: Mapping[str, str]
    scenarios: tuple[Mapping[str, Any], ...]
    texts: Mapping[str, Mapping[str, Any]] = field(repr=False)

    def text(self, language: str, key: str, /, **values: object) -> str:
        """Give a text by its dotted key, in `language` or in English where there is none."""
        found = _lookup(self.texts.get(language, {}), key)
        if found is None:
            found = _lookup(self.texts[DEFAULT_LANGUAGE], key)
        if not isinstance(found, str):
            raise KeyError(f"{self.id} has no text {key!r}")
        return found % values if values else found

    def edition_language(self, language: str) -> str:
        """Give the language of the edition that a reader of `language` gets."""
        return language if language in self.languages else DEFAULT_LANGUAGE

    def definitions(self) -> tuple[AchievementDefinition, ...]:
        """List every achievement of the framework."""
        return tuple(
            self.achievement(skill.id, level.number, language)
            for skill in self.skills.values()
            for language in (self.languages if skill.by_language else (None,))
            for level in self.levels
        )

    def achievement(
        self, skill: str, level: int, assessed_language: str | None = None
    ) -> AchievementDefinition:
        """Give the definition of a skill at a level, in a language where that matters."""
        chosen = self.skills[skill]
        one = self.levels[level - 1]
        language = assessed_language if chosen.by_language else None
        if chosen.by_language and language not in self.languages:
            raise KeyError(f"{skill} is assessed in one of {self.languages}")
        slug = f"{skill}-{language}" if language else skill
        tail = f"-{language.upper()}" if language else ""
        return AchievementDefinition(
            skill, slug, level, one.slug, f"M4H-{chosen.code}{tail}-{level}", language
        )

    def find(self, slug: str, level_slug: str) -> AchievementDefinition | None:
        """Find a definition by the two parts of its address."""
        return next(
            (d for d in self.definitions() if (d.slug, d.level_slug) == (slug, level_slug)), None
        )

    def level_name(self, level: int, language: str) -> str:
        """Name a level."""
        return self.text(language, f"level.{self.levels[level - 1].slug}.name")

    def skill_name(self, skill: str, language: str, assessed_language: str | None = None) -> str:
        """Name a skill, with the assessed language where it depends on one."""
        name = self.text(language, f"skill.{skill}.name")
        if not self.skills[skill].by_language or assessed_language is None:
            return name
        return f"{name} {self.text(language, f'skill.{skill}.languages.{assessed_language}')}"

    def achievement_name(self, definition: AchievementDefinition, language: str) -> str:
        """Name an achievement, e.g. "Home cleaning - Expert"."""
        skill = self.skill_name(definition.skill, language, definition.assessed_language)
        return f"{skill} - {self.level_name(definition.level, language)}"

    def i_can(self, definition: AchievementDefinition, language: str) -> str:
        """Give the sentence that a holder can say."""
        key = f"skill.{definition.skill}.can.{definition.level_slug}"
        if definition.assessed_language is None:
            return self.text(language, key)
        words = self.text(
            language, f"skill.{definition.skill}.languages.{definition.assessed_language}"
        )
        return self.text(language, key, language=words)

    def rubric(self, skill: str, language: str) -> tuple[RubricLine, ...]:
        """Give the rubric of a skill: its criteria with an anchor for each mark."""
        return tuple(
            RubricLine(
                criterion,
                self.text(language, f"skill.{skill}.{criterion}.name"),
                self.text(language, f"skill.{skill}.{criterion}.about"),
                (
                    self.text(language, "framework.mark0"),
                    *(
                        self.text(language, f"skill.{skill}.{criterion}.mark{mark}")
                        for mark in MARKS[1:]
                    ),
                ),
            )
            for criterion in self.skills[skill].criteria
        )

    def scenario(self, skill: str, language: str) -> Scenario:
        """Give the scenario set of a skill, in a language of the framework."""
        row = next(row for row in self.scenarios if row["skill"] == skill)
        return self._scenario(row, language)

    def scenario_by_id(self, scenario_id: str, language: str) -> Scenario:
        """Give a scenario set by its id."""
        row = next(row for row in self.scenarios if row["id"] == scenario_id)
        return self._scenario(row, language)

    def picture(self, name: str) -> Path:
        """Give the file of a picture."""
        return self.folder / "pictures" / f"{name}.svg"

    def achievement_id(self, definition: AchievementDefinition, base_url: str) -> str:
        """Give the id of an achievement, which is the address of its page."""
        return f"{base_url}/achievements/{definition.slug}/{definition.level_slug}"

    def achievement_json(
        self,
        definition: AchievementDefinition,
        *,
        base_url: str,
        lang: str,
        endorsements: Sequence[dict[str, Any]] = (),
    ) -> dict[str, Any]:
        """Write an edition as Open Badges 3.0 Achievement, with its EU elements as alignments."""
        lang = self.edition_language(lang)
        identifier = self.achievement_id(definition, base_url)
        title = self.achievement_name(definition, lang)
        edition: dict[str, Any] = {
            "id": identifier,
            "type": ["Achievement"],
            "achievementType": "MicroCredential",
            "name": title,
            "humanCode": definition.human_code,
            "inLanguage": lang,
            "version": self.version,
            "fieldOfStudy": self.text(lang, "framework.field_of_study"),
            "specialization": self.text(lang, "framework.specialization"),
            "tag": [self.skill_name(definition.skill, lang), *self._tags(lang)],
            "description": self.i_can(definition, lang),
            "criteria": {
                "id": f"{identifier}#criteria",
                "narrative": self.criteria_narrative(definition, lang),
            },
            "image": self.image(definition, base_url=base_url, lang=lang),
            "creator": {
                "id": f"{base_url}/profiles/standards-body",
                "type": ["Profile"],
                "name": self.text(lang, "framework.body"),
            },
            "alignment": list(self._alignments(definition, identifier, base_url, lang)),
            "related": [
                {
                    "id": self.edition_url(definition, base_url=base_url, lang=other),
                    "type": ["Related"],
                    "inLanguage": other,
                    "version": self.version,
                }
                for other in self.languages
                if other != lang
            ],
            "resultDescription": list(self._results(definition, identifier, base_url, lang)),
        }
        if endorsements:
            edition["endorsement"] = list(endorsements)
        return edition

    def image(
        self, definition: AchievementDefinition, *, base_url: str, lang: str
    ) -> dict[str, Any]:
        """Write the picture of an achievement (Open Badges 3.0, Image)."""
        return {
            "id": f"{base_url}/images/{definition.key}.svg",
            "type": "Image",
            "caption": f"{self.achievement_name(definition, lang)} ({definition.level}/3)",
        }

    def criteria_narrative(self, definition: AchievementDefinition, lang: str) -> str:
        """Write how an achievement is earned, in Markdown."""
        level = definition.level
        sentences = [
            self.text(lang, "framework.earned"),
            self.text(lang, "framework.line_needed", level=level),
        ]
        if level == len(self.levels):
            sentences.append(self.text(lang, "framework.second_examiner"))
        hours = _hours(self.skills[definition.skill].workload[level - 1])
        sentences.append(self.text(lang, "framework.workload", hours=hours))
        sentences.append(self.text(lang, "framework.prerequisites"))
        return " ".join(sentences)

    def edition_url(self, definition: AchievementDefinition, *, base_url: str, lang: str) -> str:
        """Give the address of a language edition."""
        return f"{self.achievement_id(definition, base_url)}/{lang}"

    def edition_bytes(self, definition: AchievementDefinition, lang: str, base_url: str) -> bytes:
        """Give the exact bytes in which an edition is published; its digest binds it to badges."""
        document = {
            "@context": OB3,
            **self.achievement_json(definition, base_url=base_url, lang=lang),
        }
        return json.dumps(document, ensure_ascii=False, indent=1).encode()

    def related_resources(
        self, definition: AchievementDefinition, *, base_url: str, lang: str
    ) -> list[dict[str, Any]]:
        """Bind the other editions by digest (VC Data Model 2.0, 5.3)."""
        return [
            {
                "id": self.edition_url(definition, base_url=base_url, lang=other),
                "digestSRI": _sri(self.edition_bytes(definition, other, base_url)),
                "mediaType": "application/ld+json",
            }
            for other in self.languages
            if other != self.edition_language(lang)
        ]

    def _scenario(self, row: Mapping[str, Any], language: str) -> Scenario:
        start = f"scenario.{row['id']}"
        return Scenario(
            row["id"],
            row["skill"],
            language,
            self.text(language, f"{start}.title"),
            self.text(language, f"{start}.intro"),
            tuple(self._task(task, f"{start}.{task['id']}", language) for task in row["task"]),
        )

    def _task(self, row: Mapping[str, Any], start: str, language: str) -> Task:
        def options(name: str) -> tuple[Option, ...]:
            return tuple(
                Option(key, self.text(language, f"{start}.{key}")) for key in row.get(name, ())
            )

        spoken = _lookup(self.texts[language], f"{start}.spoken")
        return Task(
            row["id"],
            row["kind"],
            tuple(row["criteria"]),
            self.text(language, f"{start}.prompt"),
            spoken if isinstance(spoken, str) else None,
            row.get("picture"),
            options("options"),
            options("left"),
            row.get("best"),
        )

    def _tags(self, lang: str) -> list[str]:
        tags = _lookup(self.texts[lang], "framework.tags")
        return list(tags) if isinstance(tags, list) else []

    def _alignments(
        self, definition: AchievementDefinition, identifier: str, base_url: str, lang: str
    ) -> Iterator[dict[str, Any]]:
        """Links to frameworks (domain E) and the elements of an EU micro-credential (domain D)."""
        skill, common = self.skills[definition.skill], self.common
        place = definition.level - 1
        tails = (*skill.esco_by_language.get(definition.assessed_language or "", ()), *skill.esco)
        for tail in tails:
            yield _term("ext:ESCOSkill", _ESCO_SKILL + tail, tail, lang)
        occupation = _ESCO_OCCUPATION + common["occupation"]
        yield _term("ext:ESCOOccupation", occupation, common["occupation_code"], lang)
        yield _term("ext:ROME", _ROME + common["rome"], common["rome"], lang)
        isco = f"http://data.europa.eu/esco/isco/C{common['isco']}"
        yield _term("ext:ISCO08", isco, common["isco"], lang)
        eqf = str(skill.eqf[place])
        yield _term("ext:EQF", f"http://data.europa.eu/snb/eqf/{eqf}", eqf, lang)
        if skill.cefr:
            yield _term("ext:CEFR", _CEFR, skill.cefr[place], lang)
        yield _term("ext:EUAssessmentType", common["assessment"], "assessment", lang)
        yield _term("ext:EUParticipation", common["participation"], "participation", lang)
        yield _term("ext:EULearningSetting", common["setting"], "setting", lang)
        duration = skill.workload[place]
        hours = self.text(lang, "framework.workload_name", hours=_hours(duration))
        for kind, name, code, url in (
            ("ext:EUWorkload", hours, duration, f"{identifier}#workload"),
            ("ext:EUSupervision", self.text(lang, "framework.supervision"), "supervision", ""),
            ("ext:EUQualityAssurance", self.text(lang, "framework.quality"), "quality", ""),
            (
                "ext:EUStackability",
                self.text(lang, "framework.stackability"),
                "stackable",
                f"{base_url}/achievements",
            ),
        ):
            yield {
                "type": ["Alignment"],
                "targetType": kind,
                "targetName": name,
                "targetFramework": self.text(lang, "framework.elements"),
                "targetCode": code,
                "targetUrl": url or f"{identifier}#{code}",
            }

    def _results(
        self, definition: AchievementDefinition, identifier: str, base_url: str, lang: str
    ) -> Iterator[dict[str, Any]]:
        rubric = f"{base_url}/achievements/{definition.slug}#level-"
        yield {
            "id": f"{identifier}#overall",
            "type": ["ResultDescription"],
            "name": self.text(lang, "framework.overall"),
            "resultType": "RubricCriterionLevel",
            "rubricCriterionLevel": [
                {
                    "id": f"{rubric}{level.slug}",
                    "type": ["RubricCriterionLevel"],
                    "name": self.level_name(level.number, lang),
                    "level": str(level.number),
                    "points": str(level.number),
                    "description": self.i_can(
                        self.achievement(
                            definition.skill, level.number, definition.assessed_language
                        ),
                        lang,
                    ),
                }
                for level in self.levels
            ],
            "requiredLevel": f"{rubric}{definition.level_slug}",
        }
        for line in self.rubric(definition.skill, lang):
            yield {
                "id": f"{identifier}#{line.id}",
                "type": ["ResultDescription"],
                "name": line.name,
                "resultType": "RubricScore",
                "valueMin": str(MARKS[0]),
                "valueMax": str(MARKS[-1]),
                "requiredValue": str(definition.level),
            }


@cache
def frameworks() -> Mapping[str, Framework]:
    """Load every framework that has a folder here."""
    found = [load_framework(folder) for folder in sorted(FOLDER.iterdir()) if folder.is_dir()]
    return {framework.id: framework for framework in found}


def load_framework(folder: Path) -> Framework:
    """Load a framework from its folder; raise `FrameworkError` with every problem in it."""
    structure = _read(folder / "framework.toml")
    try:
        framework = _build(folder, structure)
    except (KeyError, TypeError, ValueError) as error:
        raise FrameworkError(
            [f"framework.toml: {error!r} is missing or of a wrong kind"]
        ) from error
    problems = list(_problems(framework))
    if problems:
        raise FrameworkError(problems)
    return framework


def _build(folder: Path, structure: Mapping[str, Any]) -> Framework:
    languages = tuple(structure["languages"])
    return Framework(
        id=structure["id"],
        version=structure["version"],
        languages=languages,
        skills={row["id"]: _skill(row) for row in structure["skill"]},
        levels=tuple(Level(row["number"], row["slug"]) for row in structure["level"]),
        folder=folder,
        common=dict(structure["common"]),
        scenarios=tuple(structure["scenario"]),
        texts={language: _read(folder / "texts" / f"{language}.toml") for language in languages},
    )


def _skill(row: Mapping[str, Any]) -> Skill:
    return Skill(
        id=row["id"],
        code=row["code"],
        symbol=row["symbol"],
        criteria=tuple(row["criteria"]),
        by_language=bool(row.get("by_language", False)),
        workload=tuple(row["workload"]),
        eqf=tuple(row["eqf"]),
        esco=tuple(row["esco"]),
        esco_by_language={k: tuple(v) for k, v in row.get("esco_by_language", {}).items()},
        cefr=tuple(row.get("cefr", ())),
    )


def _problems(framework: Framework) -> Iterator[str]:
    """Say everything that keeps a framework from being used."""
    kinds = get_args(TaskKind)
    numbers = [level.number for level in framework.levels]
    if numbers != [1, 2, 3]:
        yield "framework.toml: levels must be numbered 1, 2, 3"
    if DEFAULT_LANGUAGE not in framework.languages:
        yield f"framework.toml: languages must include {DEFAULT_LANGUAGE}"
    for skill in framework.skills.values():
        if not len(skill.workload) == len(skill.eqf) == len(framework.levels):
            yield f"framework.toml: {skill.id} needs workload and eqf for each level"
        if skill.cefr and len(skill.cefr) != len(framework.levels):
            yield f"framework.toml: {skill.id} needs a cefr level for each level"
        for tail in (*skill.esco, *(t for ts in skill.esco_by_language.values() for t in ts)):
            if label(_ESCO_SKILL + tail, DEFAULT_LANGUAGE) is None:
                yield f"framework.toml: {skill.id} is linked to an unknown ESCO skill {tail}"
        if skill.id not in {row["skill"] for row in framework.scenarios}:
            yield f"framework.toml: {skill.id} has no scenario"
    for row in framework.scenarios:
        known = framework.skills.get(row["skill"])
        if known is None:
            yield f"framework.toml: scenario {row['id']} has an unknown skill {row['skill']}"
            continue
        shown: set[str] = set()
        for task in row["task"]:
            where = f"framework.toml: task {task['id']} of {row['id']}"
            shown |= set(task["criteria"])
            if task["kind"] not in kinds:
                yield f"{where} has an unknown kind {task['kind']}"
            if not set(task["criteria"]) <= set(known.criteria):
                yield f"{where} names a criterion that {known.id} does not have"
            if task.get("picture") and not framework.picture(task["picture"]).is_file():
                yield f"{where}: there is no pictures/{task['picture']}.svg"
            yield from (f"{where}: {problem}" for problem in _bad_best(task))
        for criterion in sorted(set(known.criteria) - shown):
            yield f"framework.toml: no task of {row['id']} shows {criterion}"
    wanted = set(_wanted(framework))
    for language in framework.languages:
        there = {key for key, _text in _flat(framework.texts[language])}
        yield from (f"texts/{language}.toml: {key} is missing" for key in sorted(wanted - there))
        extra = {key for key in there - wanted if not key.endswith(".spoken")}
        yield from (f"texts/{language}.toml: {key} is used nowhere" for key in sorted(extra))
        for key, text in _flat(framework.texts[language]):
            if not text:
                yield f"texts/{language}.toml: {key} is empty"


def _bad_best(task: Mapping[str, Any]) -> Iterator[str]:
    options, left, best = set(task.get("options", ())), set(task.get("left", ())), task.get("best")
    match task["kind"], best:
        case "choose", str():
            right = best in options
        case "choose_many", [*many]:
            right = set(many) <= options
        case "order", [*order]:
            right = len(order) == len(options) and set(order) == options
        case "match", {**pairs}:
            right = set(pairs) == left and set(pairs.values()) <= options
        case "reply", None:
            right = True
        case _:
            right = False
    if not right:
        yield "best does not fit the options"


def _wanted(framework: Framework) -> Iterator[str]:
    general = (
        "name body field_of_study specialization tags prerequisites earned line_needed "
        "second_examiner workload workload_name supervision quality stackability elements "
        "overall mark0"
    )
    yield from (f"framework.{name}" for name in general.split())
    yield from (f"level.{level.slug}.name" for level in framework.levels)
    for skill in framework.skills.values():
        start = f"skill.{skill.id}"
        yield from (f"{start}.{name}" for name in ("name", "about"))
        yield from (f"{start}.can.{level.slug}" for level in framework.levels)
        if skill.by_language:
            yield from (f"{start}.languages.{language}" for language in framework.languages)
        for criterion in skill.criteria:
            names = ("name", "about", "mark1", "mark2", "mark3")
            yield from (f"{start}.{criterion}.{name}" for name in names)
    for row in framework.scenarios:
        start = f"scenario.{row['id']}"
        yield from (f"{start}.title", f"{start}.intro")
        for task in row["task"]:
            yield f"{start}.{task['id']}.prompt"
            for key in (*task.get("options", ()), *task.get("left", ())):
                yield f"{start}.{task['id']}.{key}"


def _term(kind: str, url: str, code: str, lang: str) -> dict[str, Any]:
    name = label(url, lang, code=code)
    if name is None:
        raise FrameworkError([f"framework.toml: {url} has no label"])
    return {
        "type": ["Alignment"],
        "targetType": kind,
        "targetName": name,
        "targetFramework": framework_name(url, lang) or url,
        "targetCode": code,
        "targetUrl": url,
    }


def _flat(texts: Mapping[str, Any], start: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in texts.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{start}{key}.")
        else:
            yield f"{start}{key}", value


def _lookup(texts: Mapping[str, Any], key: str) -> Any:
    value: Any = texts
    for part in key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _hours(duration: str) -> str:
    return duration.removeprefix("PT").removesuffix("H")


def _sri(data: bytes) -> str:
    return "sha384-" + base64.b64encode(hashlib.sha384(data).digest()).decode()


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise FrameworkError([f"{path.name}: the file is missing"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FrameworkError([f"{path.name}: {error}"]) from error
