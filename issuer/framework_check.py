"""Everything that is wrong with a framework, each with its file and line, and what could be better.

Problems keep a framework from being used; warnings do not. The command line and the editor call the
same function::

    for finding in check(read_folder(folder)):
        print(finding)              # texts/es.toml:12: level.beginner.name is missing
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from contexts.labels import framework_name, label
from issuer.framework import FrameworkError, read_framework
from issuer.framework_archive import Files
from issuer.framework_document import Document, DocumentError, Key, key_of, read_document, rows_of
from issuer.framework_files import Place
from issuer.toml_lines import line_of, lines_of

LONGEST_SENTENCE = 12
"""Words in a sentence for candidates, on average (domain F.1, rule 2)."""

_END_OF_SENTENCE = re.compile(r"[.!?:;«»“”]+")


@dataclass(frozen=True)
class Finding:
    """One thing that the check has to say."""

    file: str
    line: int
    place: Place
    message: str
    is_warning: bool = False

    def __str__(self) -> str:
        kind = "warning: " if self.is_warning else ""
        return f"{self.file}:{self.line}: {kind}{self.message}"

    @property
    def key(self) -> Key:
        """Where it stands in the framework's document."""
        return (*(key_of(self.file) or ()), *map(str, self.place))


@dataclass(frozen=True)
class _Lines:
    """The lines of every file, found when they are asked for."""

    files: Files
    known: dict[str, dict[Place, int]] = field(default_factory=dict)

    def of(self, file: str, place: Place) -> int:
        if not file.endswith(".toml") or file not in self.files:
            return 1
        if file not in self.known:
            self.known[file] = lines_of(self.files[file].decode("utf-8"))
        return line_of(self.known[file], place)


def check(files: Files) -> list[Finding]:
    """Find all that is wrong with a framework, and all that could be better, file by file.

    1. What keeps it from being used, as its reader says.
    2. What could be better, as far as the files can be read.
    """
    lines = _Lines(files)
    findings = []
    try:
        read_framework(files)  # 1
    except FrameworkError as error:
        for one in error.problems:
            line = one.line or lines.of(one.file, one.place)
            findings.append(Finding(one.file, line, one.place, one.message))
    try:
        document = read_document(files)
    except DocumentError:
        return findings  # 1 told why
    for file, place, message in _warnings(document):  # 2
        findings.append(Finding(file, lines.of(file, place), place, message, is_warning=True))
    return findings


def problems(findings: Iterable[Finding]) -> list[Finding]:
    """Leave the warnings out."""
    return [one for one in findings if not one.is_warning]


def _warnings(document: Document) -> Iterator[tuple[str, Place, str]]:
    for place, url, code in _links(document["framework"]):
        source = framework_name(url, "en")
        if source is not None and label(url, "en", code=code) is None:
            yield "framework.toml", place, f"{url} is no bundled term of {source}"
    for file, texts in _sheets(document):
        for place, text in _strings(texts, ()):
            if _is_for_candidates(file, place) and (length := _sentence_length(text)):
                key = ".".join(map(str, place))
                said = f"{key} has {length:.0f} words in a sentence; {LONGEST_SENTENCE} are enough"
                yield file, place, said


def _links(framework: Any) -> Iterator[tuple[Place, str, str]]:
    rows: list[tuple[Place, Any]] = [((), framework)]
    rows += [(("skill", place), one) for place, one in rows_of(framework, "skill")]
    for at, row in rows:
        for place, link in rows_of(row, "link"):
            if isinstance(link.get("url"), str):
                yield (*at, "link", place, "url"), link["url"], str(link.get("code", ""))


def _sheets(document: Document) -> Iterator[tuple[str, Any]]:
    for language, texts in document["texts"].items():
        yield f"texts/{language}.toml", texts
    for name, scenario in document["scenarios"].items():
        for language, texts in scenario["texts"].items():
            yield f"scenarios/{name}/{language}.toml", texts


def _strings(value: Any, place: Place) -> Iterator[tuple[Place, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _strings(one, (*place, key))


def _is_for_candidates(file: str, place: Place) -> bool:
    """Tell a text that a candidate or a holder meets from one for examiners and employers."""
    if file.startswith("scenarios/"):
        return True
    return place[0] == "skill" and len(place) > 2 and (place[2] == "can" or place[2:] == ("about",))


def _sentence_length(text: str) -> float:
    """Give the average length of the sentences if it is too long, else 0."""
    lengths = [len(one.split()) for one in _END_OF_SENTENCE.split(text) if one.strip()]
    average = sum(lengths) / len(lengths) if lengths else 0
    return average if average > LONGEST_SENTENCE else 0
