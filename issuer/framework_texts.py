"""The texts of a framework side by side: by section, one row a key, one cell a language.

A cell is there for every text that the structure asks for, written or not, and for every text that
is written although nothing asks for it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from issuer.framework_document import Document, Key, files_of, get
from issuer.framework_files import (
    LISTS_OF_TEXTS,
    Contents,
    general_keys,
    read_structure,
    scenario_keys,
)

MAX_TEXT = 2_000

FRAMEWORK, PICTURES = "framework", "pictures"
"""The sections that every framework has; the others are `skill.<id>` and `scenario.<id>`."""


@dataclass(frozen=True)
class Cell:
    """One text in one language."""

    key: Key
    language: str
    value: str
    is_missing: bool

    @property
    def name(self) -> str:
        """Its name in a form, and the anchor on the page."""
        return "/".join(self.key)


@dataclass(frozen=True)
class Row:
    """One text in every language."""

    key: str
    cells: tuple[Cell, ...]
    is_used: bool
    is_list: bool

    @property
    def lines(self) -> int:
        """How high its fields should be."""
        longest = max((len(cell.value) for cell in self.cells), default=0)
        return min(8, max(2, longest // 32 + 1))


@dataclass(frozen=True)
class Section:
    """A part of the texts that is edited on one page."""

    id: str
    rows: tuple[Row, ...]

    @property
    def missing(self) -> int:
        """How many texts are not written yet."""
        return sum(cell.is_missing for row in self.rows for cell in row.cells)

    def only(self, *, words: str = "", missing: bool = False) -> "Section":
        """Leave out the rows that do not have `words`, or where nothing is missing."""
        wanted = words.casefold()
        rows = tuple(
            row
            for row in self.rows
            if (not missing or any(cell.is_missing for cell in row.cells))
            and (
                wanted in row.key.casefold() or any(wanted in c.value.casefold() for c in row.cells)
            )
        )
        return Section(self.id, rows)


def sections(document: Document) -> list[Section]:
    """Give all texts of a document, section by section."""
    contents = read_structure(files_of(document))
    wanted: dict[str, list[str]] = {FRAMEWORK: [], PICTURES: []}
    wanted |= {f"skill.{skill}": [] for skill in contents.skills}
    written = _written(document, contents, "")
    for key in dict.fromkeys((*general_keys(contents), *written)):
        wanted.setdefault(section_of(("texts", "", *key.split("."))), []).append(key)
    used = set(general_keys(contents))
    found = [
        Section(name, tuple(_row(document, contents, "", key, key in used) for key in keys))
        for name, keys in wanted.items()
    ]
    for scenario in contents.scenarios.values():
        used = set(scenario_keys(scenario))
        keys = dict.fromkeys((*scenario_keys(scenario), *_written(document, contents, scenario.id)))
        rows = tuple(_row(document, contents, scenario.id, key, key in used) for key in keys)
        found.append(Section(f"scenario.{scenario.id}", rows))
    return [section for section in found if section.rows]


def section_of(key: Key) -> str:
    """Name the section that the text at a key belongs to."""
    if key[0] == "scenarios":
        return f"scenario.{key[1]}"
    if key[2:3] == ("skill",) and len(key) > 3:
        return f"skill.{key[3]}"
    return PICTURES if key[2:3] == ("picture",) else FRAMEWORK


def changes_of(document: Document, form: Mapping[str, str]) -> dict[Key, Any]:
    """Give the changes that a form asks for; raise `LookupError` for what has no cell."""
    cells = {
        cell.name: (cell, row)
        for section in sections(document)
        for row in section.rows
        for cell in row.cells
    }
    changes: dict[Key, Any] = {}
    for name, text in form.items():
        if name not in cells:
            raise LookupError(name)
        cell, row = cells[name]
        changes[cell.key] = _value(text, is_list=row.is_list)
    return changes


def _value(text: str, *, is_list: bool) -> Any:
    lines = [line.strip() for line in text.replace("\r\n", "\n").strip().split("\n")]
    if is_list:
        return [line for line in lines if line] or None
    return "\n".join(lines) or None


def _row(document: Document, contents: Contents, scenario: str, key: str, is_used: bool) -> Row:
    start: Key = ("scenarios", scenario, "texts") if scenario else ("texts",)
    cells = []
    for language in contents.languages:
        place = (*start, language, *key.split("."))
        found = get(document, place)
        value = "\n".join(map(str, found)) if isinstance(found, list) else str(found or "")
        cells.append(Cell(place, language, value, is_used and not value.strip()))
    return Row(key, tuple(cells), is_used, key in LISTS_OF_TEXTS)


def _written(document: Document, contents: Contents, scenario: str) -> Iterator[str]:
    start: Key = ("scenarios", scenario, "texts") if scenario else ("texts",)
    for language in contents.languages:
        yield from _leaves(get(document, (*start, language)), ())


def _leaves(value: Any, path: Key) -> Iterator[str]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _leaves(one, (*path, key))
    elif path:
        yield ".".join(path)
