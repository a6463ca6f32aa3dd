"""What one badge says about itself, in the reader's language where its words are known.

Everything here comes from the badge: it is what the signer says, cleaned for reading. Framework
names come from the bundled tables; the original stays beside them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from contexts.labels import LANGUAGES, element_name, framework_name, label, phrase, symbol
from credentials.times import read_time
from verifier.strangers import clean, clean_name
from web.languages import closest_language, format_date

_STARS = frozenset({"1", "2", "3"})
_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_BOLD = re.compile(r"\*\*([^*\n]+)\*\*")
_LONGEST_CODE = 12
_LONGEST_LIST = 40
_LONGEST_TERM = 300
"""A whole sentence of our own framework fits: cut, it would not be known in other languages."""
_LONGEST_URL = 500
# Names on these hosts may be links: the lists themselves, never a page that a badge chooses.
_KNOWN_HOSTS = re.compile(
    r"https://(data\.europa\.eu|candidat\.francetravail\.fr|www\.coe\.int)/[!-;=?-~]*"
)


@dataclass(frozen=True)
class Words:
    """A text in the reader's language, with the original when it was translated."""

    text: str
    language: str
    """The language of `text` as far as the badge says; "" when it does not."""
    original: str = ""
    original_language: str = ""


@dataclass(frozen=True)
class Term:
    """One link to a framework."""

    kind: Words
    name: Words
    framework: Words
    code: str
    url: str


@dataclass(frozen=True)
class BadgeTexts:
    """All that a page shows from one badge."""

    name: Words
    i_can: Words
    symbol: str
    stars: int
    level: Words
    level_number: str
    level_count: int
    criteria: tuple[Words, ...]
    results: tuple[tuple[Words, str], ...]
    terms: tuple[Term, ...]
    creator: Words
    awarded: str
    valid_until: str


def texts_of(badge: dict[str, Any]) -> BadgeTexts:
    """Read the texts of a badge whose shape was checked."""
    subject = _object(badge.get("credentialSubject"))
    achievement = _object(subject.get("achievement"))
    tag = clean(achievement.get("inLanguage") or badge.get("inLanguage"))
    language = tag if _TAG.fullmatch(tag) else ""
    level, count = _achieved(subject, achievement)
    number = clean(level.get("level"))
    return BadgeTexts(
        name=_words(clean_name(badge.get("name") or achievement.get("name")), language),
        i_can=_words(clean(achievement.get("description")), language),
        symbol=_symbol(achievement),
        stars=int(number) if number in _STARS and count == len(_STARS) else 0,
        level=_words(clean_name(level.get("name")), language),
        level_number=number if number in _STARS else "",
        level_count=count,
        criteria=tuple(_criteria(achievement, language)),
        results=tuple(_results(subject, achievement, language)),
        terms=tuple(_terms(achievement, language)),
        creator=_words(clean_name(_object(achievement.get("creator")).get("name")), language),
        awarded=_day(badge.get("awardedDate") or badge.get("validFrom")),
        valid_until=_day(badge.get("validUntil")),
    )


def _words(text: str, language: str) -> Words:
    reader = closest_language(LANGUAGES, otherwise="")
    known = phrase(text, language.split("-")[0], reader) if reader else None
    if known is None or known == text:
        return Words(text, reader if known else language)
    return Words(known, reader, text, language)


def _criteria(achievement: dict[str, Any], language: str) -> Iterator[Words]:
    """Give the narrative's paragraphs; of its Markdown only the bold marks are taken away."""
    narrative = clean(_object(achievement.get("criteria")).get("narrative"))
    for paragraph in re.split(r"\n[ \t]*\n", narrative):
        if paragraph.strip():
            found = _words(paragraph.strip(), language)
            plain, original = (_BOLD.sub(r"\1", one) for one in (found.text, found.original))
            yield Words(plain, found.language, original, found.original_language)


def _results(
    subject: dict[str, Any], achievement: dict[str, Any], language: str
) -> Iterator[tuple[Words, str]]:
    rows = {row.get("id"): row for row in _list(achievement.get("resultDescription"))}
    for result in _list(subject.get("result")):
        row = rows.get(result.get("resultDescription"))
        value = clean_name(result.get("value"))
        if row is not None and value:
            top = clean_name(row.get("valueMax"))
            shown = f"{value} / {top}" if top else value
            yield _words(clean_name(row.get("name")), language), shown


def _achieved(subject: dict[str, Any], achievement: dict[str, Any]) -> tuple[dict[str, Any], int]:
    levels = {
        level.get("id"): (level, len(_list(row.get("rubricCriterionLevel"))))
        for row in _list(achievement.get("resultDescription"))
        for level in _list(row.get("rubricCriterionLevel"))
    }
    for result in _list(subject.get("result")):
        if result.get("achievedLevel") in levels:
            return levels[result["achievedLevel"]]
    return {}, 0


def _terms(achievement: dict[str, Any], language: str) -> Iterator[Term]:
    own = language.split("-")[0]
    reader = closest_language(LANGUAGES, otherwise=own if own in LANGUAGES else "en")
    for row in _list(achievement.get("alignment")):
        url, code = clean(row.get("targetUrl"), _LONGEST_URL), clean_name(row.get("targetCode"))
        written = " ".join(clean(row.get("targetName"), _LONGEST_TERM).split())
        if not url or not written:
            continue
        known = label(url, reader, code=code)
        name = _words(written, language)
        if known is not None:
            original = (written, language) if written != known else ("", "")
            name = Words(known, reader, *original)
        framework = framework_name(url, reader)
        belongs = (
            Words(framework, reader)
            if framework
            else _words(clean_name(row.get("targetFramework")), language)
        )
        kind = element_name(clean(row.get("targetType")), reader)
        yield Term(
            kind=Words(kind, reader) if kind else belongs,
            name=name,
            framework=belongs,
            code=code if len(code) < _LONGEST_CODE and known is not None else "",
            url=_link(url),
        )


def _link(url: str) -> str:
    secure = url.replace("http://data.europa.eu/", "https://data.europa.eu/", 1)
    return secure if _KNOWN_HOSTS.fullmatch(secure) else ""


def _symbol(achievement: dict[str, Any]) -> str:
    found = (symbol(clean(row.get("targetUrl"))) for row in _list(achievement.get("alignment")))
    examiner = achievement.get("achievementType") == "ext:ExaminerAppointment"
    return "examiner" if examiner else next((one for one in found if one), "medal")


def _day(value: Any) -> str:
    try:
        return format_date(read_time(value, "date"))
    except ValueError:
        return ""


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[dict[str, Any]]:
    values = value if isinstance(value, list) else [value]
    return [item for item in values[:_LONGEST_LIST] if isinstance(item, dict)]
