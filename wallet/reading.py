"""A badge as people read it: a read-only view over the signed document, nothing made up.

Everything here comes from signed statements, so it may be shown; what a signer says about itself
(its name) is marked as claimed, and who is recognised is for the report to say.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from contexts.labels import LANGUAGES, framework_name, label, symbol
from credentials.report import CredentialError
from credentials.shape import issuer_id
from credentials.times import read_time

_MOST_STARS = 3
_ELEMENTS = "ext:EU"


@dataclass(frozen=True)
class Mark:
    """One line of the rubric with its result."""

    name: str
    value: str
    most: str


@dataclass(frozen=True)
class Link:
    """One term of a public framework that the badge is linked to, named in the reader's words."""

    framework: str
    name: str
    language: str


@dataclass(frozen=True)
class BadgeView:
    """What a page shows of a badge."""

    name: str
    sentence: str
    """What the person can do, in her or his own voice where the framework writes so."""
    language: str
    """The language of its words; empty where the badge does not say."""
    symbol: str
    is_appointment: bool
    """Of an examiner: it says what somebody may judge, not what they can do."""
    stars: int
    level: str
    criteria: str
    awarded: datetime | None
    ends: datetime | None
    signer_id: str
    claimed_signer: str
    signer_page: str
    """The signer's page as the badge names it: https, or on this machine; else empty."""
    marks: tuple[Mark, ...]
    links: tuple[Link, ...]
    open_names: tuple[str, ...]
    """Names or addresses that stand readable in the badge itself, as its signer wrote them."""

    @property
    def title(self) -> str:
        """The text that stands for the picture."""
        return self.name


def view_badge(document: Mapping[str, Any], language: str) -> BadgeView:
    """Read a verified badge for a reader of `language`; "" for the badge's own."""
    subject = _mapping(document.get("credentialSubject"))
    achievement = _mapping(subject.get("achievement"))
    alignments = list(_mappings(achievement.get("alignment")))
    level, stars = _level(subject, achievement)
    is_appointment = achievement.get("achievementType") == "ext:ExaminerAppointment"
    own = _text(achievement.get("inLanguage"))
    return BadgeView(
        name=_text(document.get("name")) or _text(achievement.get("name")),
        sentence=_text(achievement.get("description")) or _text(document.get("description")),
        language=own,
        symbol="examiner" if is_appointment else _symbol(alignments),
        is_appointment=is_appointment,
        stars=stars,
        level=level,
        criteria=_text(_mapping(achievement.get("criteria")).get("narrative")).replace("**", ""),
        awarded=_time(document, "awardedDate") or _time(document, "validFrom"),
        ends=_time(document, "validUntil"),
        signer_id=issuer_id(dict(document)),
        claimed_signer=_text(_mapping(document.get("issuer")).get("name")),
        signer_page=_page(_text(_mapping(document.get("issuer")).get("url"))),
        marks=tuple(_marks(subject, achievement)),
        links=tuple(_links(alignments, language or own)),
        open_names=tuple(
            _text(one.get("identityHash"))
            for one in _mappings(subject.get("identifier"))
            if one.get("hashed") is not True and one.get("identityHash")
        ),
    )


def subject_of(document: Mapping[str, Any]) -> str | None:
    """Give the key a badge was given to, or None for one that names no key."""
    value = _mapping(document.get("credentialSubject")).get("id")
    return value if isinstance(value, str) else None


def _page(address: str) -> str:
    try:
        parts = urlsplit(address)
        on_this_machine = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1")
    except ValueError:
        return ""
    return address if parts.hostname and (parts.scheme == "https" or on_this_machine) else ""


def _symbol(alignments: list[Mapping[str, Any]]) -> str:
    found = (symbol(_text(one.get("targetUrl"))) for one in alignments)
    return next((name for name in found if name), "medal")


def _level(subject: Mapping[str, Any], achievement: Mapping[str, Any]) -> tuple[str, int]:
    """Name the level that was reached, with its stars: its place among up to three levels."""
    reached = {_text(one.get("achievedLevel")) for one in _mappings(subject.get("result"))} - {""}
    for description in _mappings(achievement.get("resultDescription")):
        levels = list(_mappings(description.get("rubricCriterionLevel")))
        for place, one in enumerate(levels, 1):
            if one.get("id") in reached:
                stars = place if len(levels) == _MOST_STARS else 0
                return _text(one.get("name")), stars
    return "", 0


def _marks(subject: Mapping[str, Any], achievement: Mapping[str, Any]) -> Iterator[Mark]:
    lines = {one.get("id"): one for one in _mappings(achievement.get("resultDescription"))}
    for result in _mappings(subject.get("result")):
        line = lines.get(result.get("resultDescription"))
        if line is not None and isinstance(result.get("value"), str):
            yield Mark(_text(line.get("name")), result["value"], _text(line.get("valueMax")))


def _links(alignments: list[Mapping[str, Any]], language: str) -> Iterator[Link]:
    for one in alignments:
        if _text(one.get("targetType")).startswith(_ELEMENTS):
            continue
        url = _text(one.get("targetUrl"))
        name = label(url, language, code=_text(one.get("targetCode")) or None)
        framework = framework_name(url, language)
        if name and framework:
            yield Link(framework, name, language if language in LANGUAGES else "en")


def _time(document: Mapping[str, Any], name: str) -> datetime | None:
    try:
        return read_time(document[name], name) if name in document else None
    except CredentialError:
        return None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    values = value if isinstance(value, list) else [value]
    return (one for one in values if isinstance(one, Mapping))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
