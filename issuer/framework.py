"""A framework as data: skills, levels, rubric, scenario sets and texts, one folder of plain files.

Frameworks are found by folder under ``issuer/frameworks/``; nothing about any sector is in code. A
framework is checked as a whole when it is loaded, and every problem is named at once::

    framework = frameworks()["mycred4home"]
    definition = framework.achievement("simple-phrases", 2, "fr")
    framework.i_can(definition, "en")
    framework.achievement_json(definition, base_url="https://badges.example", lang="es")

Ids and editions (Open Badges 3.0, Achievement; domain C.4). An achievement has *one* id, the same
in every language edition: ``<base>/achievements/<slug>/<level>``. That is what endorsements are
about, so a verifier compares one address, whatever language a badge was signed in; the page there
serves the reader's language. Each edition has an address of its own below it (``.../en``, ``/fr``,
``/es``), listed in `related` of the others, and a badge binds by digest the editions that it was
*not* signed in (`related_resources`; VC Data Model 2.0, 5.3). An edition's bytes hold no
endorsements, so a digest never changes while `version` stays.

`description` is the sentence that the holder can say ("I can ..."), because it is the one text
that every wallet shows. How the badge is earned stands in `criteria.narrative`, in Markdown: what
each criterion looks like at this level, prerequisites, workload, supervision and quality.
"""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from contexts.labels import framework_name, label
from contexts.urls import OB3
from issuer.framework_archive import Files, read_folder
from issuer.framework_document import Document, digest, read_document
from issuer.framework_files import (
    MARKS,
    Contents,
    FrameworkError,
    Level,
    Link,
    Problem,
    ScenarioShape,
    Skill,
    TextTree,
    read_contents,
)
from issuer.reference_files import ReferenceFile, References, read_references
from issuer.task_shapes import Area, TaskKind, TaskShape

__all__ = [
    "FOLDER",
    "MARKS",
    "AchievementDefinition",
    "Framework",
    "FrameworkError",
    "Level",
    "Option",
    "Problem",
    "RubricLine",
    "Scenario",
    "Skill",
    "Task",
    "TaskKind",
    "frameworks",
    "load_framework",
    "read_framework",
]

FOLDER = Path(__file__).parent / "frameworks"

_CHECK_URL = "https://check.example"
"""Stands in for the issuer's address while a framework is checked."""


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
    picture: str | None = None
    """A picture that says the same as the text."""


@dataclass(frozen=True)
class Task:
    """One task of a scenario, in one language."""

    id: str
    kind: TaskKind
    criteria: tuple[str, ...]
    situation: str | None
    """What has happened; the question follows from it."""
    question: str
    spoken: str | None
    """What somebody says: to be heard first, and read on demand."""
    picture: str | None
    picture_text: str | None
    options: tuple[Option, ...] = ()
    left: tuple[Option, ...] = ()
    """For a match: each of these gets one of the options."""
    areas: Mapping[str, Area] = field(default_factory=dict)
    """To spot: where in the picture each option is."""
    slots: tuple[str, ...] = ()
    """For a timetable: the times of the day, as in 08:30."""
    fixed: Mapping[str, str] = field(default_factory=dict)
    """For a timetable: what already stands at some of the times, in words."""
    change: str | None = None
    """For steps: what happens halfway."""
    after: tuple[Option, ...] = ()
    """For steps: what can be done after the change."""
    best: Any = None
    """What most examiners would expect; advice for them, never a decision."""

    @property
    def prompt(self) -> str:
        """The situation and the question together."""
        return f"{self.situation} {self.question}" if self.situation else self.question

    def option_text(self, option_id: str) -> str:
        """Give the words of an option."""
        known = (*self.options, *self.left, *self.after)
        return next((one.text for one in known if one.id == option_id), option_id)


@dataclass(frozen=True)
class Scenario:
    """A complete set of tasks for one micro-skill, in one language."""

    id: str
    skill: str
    level: int
    """The level it is written for; nobody gets a higher one with it."""
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

    contents: Contents
    prefix: str = ""
    """Stands before the addresses of its achievements: a later version has addresses of its own."""
    reference_files: References = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The name of its folder in code and settings."""
        return self.contents.id

    @property
    def version(self) -> str:
        """Changes whenever an achievement edition changes."""
        return self.contents.version

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages it is complete in; the first is for readers of all others."""
        return self.contents.languages

    @property
    def skills(self) -> Mapping[str, Skill]:
        """Its micro-skills by id, in the order of the framework."""
        return self.contents.skills

    @property
    def levels(self) -> tuple[Level, ...]:
        """Its levels, lowest first."""
        return self.contents.levels

    @property
    def pictures(self) -> frozenset[str]:
        """The names of its pictures."""
        return self.contents.pictures

    @cached_property
    def _scenarios(self) -> dict[tuple[str, str], Scenario]:
        """What was put together before; a framework does not change."""
        return {}

    @cached_property
    def document(self) -> Document:
        """Everything that it says, to be read only."""
        return read_document(self.contents.files)

    @cached_property
    def digest(self) -> str:
        """The digest of everything that it says."""
        return digest(self.document)

    # --- texts --------------------------------------------------------------------------------

    def text(self, language: str, key: str, /, **values: object) -> str:
        """Give a text by its dotted key, in `language` or in the first one where there is none."""
        found = _lookup(self._texts(language), key)
        if not isinstance(found, str):
            raise KeyError(f"{self.id} has no text {key!r}")
        return found % values if values else found

    def edition_language(self, language: str) -> str:
        """Give the language of the edition that a reader of `language` gets."""
        return language if language in self.languages else self.languages[0]

    def level_name(self, level: int, language: str) -> str:
        """Name a level."""
        return self.text(language, f"level.{self.levels[level - 1].slug}.name")

    def skill_name(self, skill: str, language: str, assessed_language: str | None = None) -> str:
        """Name a skill, with the assessed language where it depends on one."""
        name = self.text(language, f"skill.{skill}.name")
        if not self.skills[skill].by_language or assessed_language is None:
            return name
        return f"{name} {self.text(language, f'skill.{skill}.languages.{assessed_language}')}"

    def picture(self, name: str) -> bytes:
        """Give a picture (SVG); `name` must be one of `pictures`."""
        if name not in self.pictures:
            raise KeyError(f"{self.id} has no picture {name!r}")
        return self.contents.files[f"pictures/{name}.svg"]

    def picture_text(self, name: str, language: str) -> str:
        """Say in words what a picture shows."""
        return self.text(language, f"picture.{name}")

    # --- achievements -------------------------------------------------------------------------

    @cached_property
    def _definitions(self) -> tuple[AchievementDefinition, ...]:
        return tuple(
            self.achievement(skill.id, level.number, language)
            for skill in self.skills.values()
            for language in (self.languages if skill.by_language else (None,))
            for level in self.levels
        )

    def definitions(self) -> tuple[AchievementDefinition, ...]:
        """List every achievement of the framework."""
        return self._definitions

    def achievement(
        self, skill: str, level: int, assessed_language: str | None = None
    ) -> AchievementDefinition:
        """Give the definition of a skill at a level, in a language where that matters."""
        chosen = self.skills[skill]
        one = next((one for one in self.levels if one.number == level), None)
        if one is None:
            raise KeyError(f"{self.id} has no level {level}")
        language = assessed_language if chosen.by_language else None
        if chosen.by_language and language not in self.languages:
            raise KeyError(f"{skill} is assessed in one of {self.languages}")
        slug = f"{skill}-{language}" if language else skill
        codes = (self.contents.code, chosen.code, (language or "").upper(), str(level))
        human_code = "-".join(code for code in codes if code)
        return AchievementDefinition(skill, slug, level, one.slug, human_code, language)

    def find(self, slug: str, level_slug: str) -> AchievementDefinition | None:
        """Find a definition by the two parts of its address."""
        return next(
            (d for d in self.definitions() if (d.slug, d.level_slug) == (slug, level_slug)), None
        )

    def achievement_name(self, definition: AchievementDefinition, language: str) -> str:
        """Name an achievement, e.g. "Home cleaning - Expert"."""
        skill = self.skill_name(definition.skill, language, definition.assessed_language)
        return f"{skill} - {self.level_name(definition.level, language)}"

    def i_can(self, definition: AchievementDefinition, language: str) -> str:
        """Give what a holder can say: "I can ..."."""
        key = f"skill.{definition.skill}.can.{definition.level_slug}"
        if definition.assessed_language is None:
            return self.text(language, key)
        named = f"skill.{definition.skill}.languages.{definition.assessed_language}"
        return self.text(language, key, language=self.text(language, named))

    # --- assessing ----------------------------------------------------------------------------

    def rubric(self, skill: str, lang: str) -> tuple[RubricLine, ...]:
        """Give the criteria of a skill, with what each mark looks like."""
        return tuple(
            RubricLine(
                criterion,
                self.text(lang, f"skill.{skill}.{criterion}.name"),
                self.text(lang, f"skill.{skill}.{criterion}.about"),
                tuple(self.text(lang, f"skill.{skill}.{criterion}.mark{mark}") for mark in MARKS),
            )
            for criterion in self.skills[skill].criteria
        )

    def references(self, skill: str, language: str = "") -> tuple[ReferenceFile, ...]:
        """Give the files to calibrate with; none where a framework has no such files."""
        by_language = self.reference_files.get(skill, {})
        return by_language.get(self.edition_language(language), ())

    def sets_for(self, skill: str, level: int) -> tuple[str, ...]:
        """Name the scenario sets to try for a level: those written for it, else for the next."""
        sets = [one for one in self.contents.scenarios.values() if one.skill == skill]
        nearest = min(one.level for one in sets if one.level >= level)
        return tuple(one.id for one in sets if one.level == nearest)

    def scenario_by_id(self, scenario_id: str, language: str) -> Scenario:
        """Give a scenario set by its id."""
        known = self._scenarios.get((scenario_id, language))
        if known is None:
            known = self._scenario(self.contents.scenarios[scenario_id], language)
            self._scenarios[scenario_id, language] = known
        return known

    def _scenario(self, shape: ScenarioShape, language: str) -> Scenario:
        start = f"scenario.{shape.id}"
        return Scenario(
            shape.id,
            shape.skill,
            shape.level,
            language,
            self.text(language, f"{start}.title"),
            self.text(language, f"{start}.intro"),
            tuple(self._task(task, f"{start}.{task.id}", language) for task in shape.tasks),
        )

    def _task(self, shape: TaskShape, start: str, language: str) -> Task:
        def options(names: Sequence[str]) -> tuple[Option, ...]:
            return tuple(
                Option(
                    name, self.text(language, f"{start}.{name}"), shape.option_pictures.get(name)
                )
                for name in names
            )

        return Task(
            id=shape.id,
            kind=shape.kind,
            criteria=shape.criteria,
            situation=self.text(language, f"{start}.situation") if shape.situation else None,
            question=self.text(language, f"{start}.question"),
            spoken=self.text(language, f"{start}.spoken") if shape.spoken else None,
            picture=shape.picture or None,
            picture_text=self.picture_text(shape.picture, language) if shape.picture else None,
            options=options(shape.options),
            left=options(shape.left),
            areas=shape.areas,
            slots=shape.slots,
            fixed={
                slot: self.text(language, f"{start}.{key}") for slot, key in shape.fixed.items()
            },
            change=self.text(language, f"{start}.change") if shape.kind == "steps" else None,
            after=options(shape.after),
            best=shape.best,
        )

    # --- Open Badges editions -----------------------------------------------------------------

    def achievement_id(self, definition: AchievementDefinition, base_url: str) -> str:
        """Give the id of an achievement, which is the address of its page."""
        return f"{base_url}{self.prefix}/achievements/{definition.slug}/{definition.level_slug}"

    def edition_url(self, definition: AchievementDefinition, *, base_url: str, lang: str) -> str:
        """Give the address of a language edition."""
        return f"{self.achievement_id(definition, base_url)}/{lang}"

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
        skill = f"skill.{definition.skill}"
        edition: dict[str, Any] = {
            "id": identifier,
            "type": ["Achievement"],
            "achievementType": "MicroCredential",
            "name": self.achievement_name(definition, lang),
            "humanCode": definition.human_code,
            "inLanguage": lang,
            "version": self.version,
            "fieldOfStudy": self.text(lang, "framework.field_of_study"),
            "specialization": self.text(lang, f"{skill}.specialization"),
            "tag": self._tags(definition, lang),
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
            "alignment": list(self._alignments(definition, identifier, lang)),
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
        symbol = self.text(lang, f"skill.{definition.skill}.symbol")
        return {
            "id": f"{base_url}{self.prefix}/images/{definition.key}.svg",
            "type": "Image",
            "caption": self.text(lang, "framework.caption", symbol=symbol, stars=definition.level),
        }

    def criteria_narrative(self, definition: AchievementDefinition, lang: str) -> str:
        """Write how an achievement is earned: paragraphs of Markdown, each with its bold start."""
        level = definition.level
        hours = _hours(self.skills[definition.skill].workload[level - 1])
        earned = [self.text(lang, "framework.earned")]
        if level == self.levels[-1].number:
            earned.append(self.text(lang, "framework.second_examiner"))
        lines = (
            f"**{line.name}.** {line.anchors[level]}"
            for line in self.rubric(definition.skill, lang)
        )
        return "\n\n".join(
            (
                " ".join(earned),
                self.text(lang, "framework.lines", level=level),
                *lines,
                self.text(lang, "framework.prerequisites"),
                self.text(lang, "framework.workload", hours=hours),
                self.text(lang, "framework.supervision_line"),
                self.text(lang, "framework.quality_line"),
            )
        )

    def edition_bytes(self, definition: AchievementDefinition, lang: str, base_url: str) -> bytes:
        """Give the exact bytes in which an edition is published; its digest binds it to badges."""
        document = {
            "@context": OB3,
            **self.achievement_json(definition, base_url=base_url, lang=lang),
        }
        return json.dumps(document, ensure_ascii=False, indent=1).encode()

    def edition_digest(self, definition: AchievementDefinition, lang: str, base_url: str) -> str:
        """Give the digest of an edition's bytes (Subresource Integrity, 3.5)."""
        digest = hashlib.sha384(self.edition_bytes(definition, lang, base_url)).digest()
        return "sha384-" + base64.b64encode(digest).decode()

    def related_resources(
        self, definition: AchievementDefinition, *, base_url: str, lang: str
    ) -> list[dict[str, Any]]:
        """Bind the other editions by digest (VC Data Model 2.0, 5.3)."""
        return [
            {
                "id": self.edition_url(definition, base_url=base_url, lang=other),
                "digestSRI": self.edition_digest(definition, other, base_url),
                "mediaType": "application/ld+json",
            }
            for other in self.languages
            if other != self.edition_language(lang)
        ]

    def _texts(self, language: str) -> TextTree:
        return self.contents.texts[self.edition_language(language)]

    def _tags(self, definition: AchievementDefinition, lang: str) -> list[str]:
        tags = _lookup(self._texts(lang), "framework.tags")
        skill = self.skill_name(definition.skill, lang, definition.assessed_language)
        return [skill, *tags, self.text(lang, "framework.level_tag", level=definition.level)]

    def _alignments(
        self, definition: AchievementDefinition, identifier: str, lang: str
    ) -> Iterator[dict[str, Any]]:
        """Links to frameworks (domain E) and the elements of an EU micro-credential (domain D)."""
        skill = self.skills[definition.skill]
        for link in (*skill.links, *self.contents.links):
            if definition.level not in link.levels:
                continue
            if link.language and link.language != definition.assessed_language:
                continue
            yield self._alignment(link, identifier, lang)
        duration = skill.workload[definition.level - 1]
        yield {
            "type": ["Alignment"],
            "targetType": "ext:EUWorkload",
            "targetName": self.text(lang, "framework.workload_name", hours=_hours(duration)),
            "targetFramework": self.text(lang, "framework.elements"),
            "targetCode": duration,
            "targetUrl": f"{identifier}#workload",
        }

    def _alignment(self, link: Link, identifier: str, lang: str) -> dict[str, Any]:
        name = self.text(lang, link.text) if link.text else label(link.url, lang, code=link.code)
        source = link.framework or framework_name(link.url, lang)
        alignment = {
            "type": ["Alignment"],
            "targetType": link.type,
            "targetName": name,
            "targetFramework": source or self.text(lang, "framework.elements"),
            "targetCode": link.code,
            "targetUrl": link.url or f"{identifier}#{link.anchor}",
        }
        if link.note:
            alignment["targetDescription"] = self.text(lang, link.note)
        return alignment

    def _results(
        self, definition: AchievementDefinition, identifier: str, base_url: str, lang: str
    ) -> Iterator[dict[str, Any]]:
        rubric = f"{base_url}{self.prefix}/achievements/{definition.slug}#level-"
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
def frameworks(folder: Path = FOLDER) -> Mapping[str, Framework]:
    """Load every framework that has a folder in `folder`."""
    found = [load_framework(one) for one in sorted(folder.iterdir()) if one.is_dir()]
    return {framework.id: framework for framework in found}


def load_framework(folder: Path) -> Framework:
    """Load a framework from its folder; raise `FrameworkError` with every problem in it."""
    return read_framework(read_folder(folder))


def read_framework(files: Files, *, prefix: str = "") -> Framework:
    """Read a framework from its files; raise `FrameworkError` with every problem in them."""
    contents = read_contents(files)
    framework = Framework(contents, prefix, read_references(contents))
    problems = list(_missing_elements(framework))
    if problems:
        raise FrameworkError(problems)
    return framework


def _missing_elements(framework: Framework) -> Iterator[Problem]:
    """Look for each EU element in each edition, where the framework says it is carried."""
    for definition in framework.definitions():
        for lang in framework.languages:
            edition = framework.achievement_json(definition, base_url=_CHECK_URL, lang=lang)
            linked = {alignment["targetType"] for alignment in edition["alignment"]}
            for name, carrier in framework.contents.elements.items():
                there = {
                    "badge": True,
                    "achievement": bool(_lookup(edition, carrier.place)),
                    "alignment": carrier.place in linked,
                }
                if not there[carrier.kind]:
                    yield Problem(
                        "framework.toml",
                        ("eu_elements", name),
                        f"{definition.human_code} in {lang} lacks EU element {name}, which "
                        f"{carrier.kind} {carrier.place} should carry",
                    )


def _lookup(tree: TextTree, key: str) -> Any:
    value: Any = tree
    for part in key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _hours(duration: str) -> str:
    return duration.removeprefix("PT").removesuffix("H")
