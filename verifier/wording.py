"""From a report to words: what an employer reads, prepared so that templates only print.

Names of issuers and endorsers that nobody vouches for are shown as claims. Characters that could
turn or hide a text are taken out (threats 2 and 14).
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from contexts.labels import framework_name, label, symbol
from credentials.report import (
    CODES,
    Check,
    EndorsementReport,
    Headline,
    Outcome,
    PresentationReport,
    Report,
)
from credentials.shape import issuer_id
from credentials.times import read_time
from web.languages import N_, current_language, format_date, format_datetime, gettext

_HEADLINES: dict[Headline, tuple[str, str, str]] = {
    Headline.GENUINE: ("good", "✓", N_("Genuine and valid today")),
    Headline.UNKNOWN_SIGNER: ("warn", "?", N_("Genuine, but we do not know who signed")),
    Headline.NO_LONGER_VALID: ("bad", "✗", N_("Genuine, but no longer valid")),
    Headline.FALSE: ("bad", "✗", N_("Changed or false - do not rely on it")),
    Headline.NOT_CHECKED: ("warn", "…", N_("Could not be checked now")),
}
_STEPS = {
    "parse": N_("Can it be read?"),
    "format": N_("Is it a badge?"),
    "shape": N_("Is every word in it clear?"),
    "proof": N_("Is the signature right?"),
    "dates": N_("Is it valid today?"),
    "status": N_("Is it still in force?"),
    "recognition": N_("Do we know the signer?"),
    "holder": N_("Does it belong to this person?"),
    "endorsements": N_("What do others say?"),
}
_MARKS = {
    Outcome.PASSED: ("✓", N_("yes")),
    Outcome.FAILED: ("✗", N_("no")),
    Outcome.UNKNOWN: ("?", N_("not checked")),
}
_SUBJECTS = {
    "badge": N_("About this badge"),
    "achievement": N_("About this kind of badge"),
    "issuer": N_("About the signer"),
    "other": N_("About something else"),
}
_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cs", "Cn"})
_LINK = re.compile(r"https://[^\s<>\"]+")
_MAX_TEXT = 2_000


@dataclass(frozen=True)
class Line:
    """One check in words."""

    step: str
    question: str
    mark: str
    word: str
    outcome: str
    reason: str
    detail: str = ""


@dataclass(frozen=True)
class Vouch:
    """One endorsement in words."""

    name: str
    known: bool
    about: str
    comment: str
    counted: bool
    reason: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Term:
    """One link to a framework: the name in the reader's language, and as the badge has it."""

    framework: str
    name: str
    original: str
    code: str
    url: str


@dataclass(frozen=True)
class Card:
    """One badge, ready to print."""

    headline: str
    kind: str
    icon: str
    summary: str
    name: str
    i_can: str
    language: str
    symbol: str
    stars: int
    level: str
    claimed_signer: str
    signer: str
    recognised_by: str
    awarded: str
    criteria: tuple[str, ...]
    results: tuple[tuple[str, str], ...]
    terms: tuple[Term, ...]
    lines: tuple[Line, ...]
    vouches: tuple[Vouch, ...]


@dataclass(frozen=True)
class Page:
    """The whole answer."""

    headline: str
    kind: str
    icon: str
    summary: str
    lines: tuple[Line, ...]
    cards: tuple[Card, ...]
    shown_until: str


def page_of(report: PresentationReport) -> Page:
    """Put a report into the visitor's words."""
    kind, icon, headline = _HEADLINES[report.headline]
    cards = tuple(_card(badge) for badge in report.badges)
    failed = [check for check in report.checks if check.outcome is not Outcome.PASSED]
    summary = gettext(CODES[failed[0].code]) if failed else cards[0].summary if cards else ""
    if not failed and len(cards) > 1:
        worst = next((c for c in cards if c.headline == gettext(headline)), cards[0])
        summary = worst.summary
    return Page(
        gettext(headline),
        kind,
        icon,
        summary,
        tuple(_line(check) for check in report.checks),
        cards,
        format_datetime(report.expires) if report.expires else "",
    )


def clean(value: Any) -> str:
    """Give a text from a badge without characters that hide or turn what is read."""
    text = value if isinstance(value, str) else ""
    kept = (c for c in text[:_MAX_TEXT] if c == "\n" or unicodedata.category(c) not in _INVISIBLE)
    return "".join(kept)


def _card(report: Report) -> Card:
    kind, icon, headline = _HEADLINES[report.headline]
    badge = report.document or {}
    subject = _object(badge.get("credentialSubject"))
    achievement = _object(subject.get("achievement"))
    recognition = report.check("recognition")
    values = recognition.values if recognition else {}
    claimed = clean(_object(badge.get("issuer")).get("name")) or _host(badge)
    known = recognition is not None and recognition.outcome is Outcome.PASSED
    signer = clean(values.get("issuer")) or (claimed if known else "")
    return Card(
        headline=gettext(headline),
        kind=kind,
        icon=icon,
        summary=_summary(report, signer, claimed),
        name=clean(badge.get("name")) or clean(achievement.get("name")),
        i_can=clean(achievement.get("description")),
        language=_language(achievement),
        symbol=_symbol(achievement),
        stars=_stars(subject, achievement),
        level=_level_name(subject, achievement),
        claimed_signer=claimed,
        signer=signer,
        recognised_by=clean(values.get("by")),
        awarded=_awarded(badge),
        criteria=_paragraphs(_object(achievement.get("criteria")).get("narrative")),
        results=tuple(_results(subject, achievement)),
        terms=tuple(_terms(achievement)),
        lines=tuple(_line(check) for check in report.checks),
        vouches=tuple(_vouch(one) for one in report.endorsements),
    )


def _summary(report: Report, signer: str, claimed: str) -> str:
    recognition = report.check("recognition")
    by = clean(recognition.values.get("by")) if recognition else ""
    if report.headline is Headline.GENUINE and by:
        return gettext(
            "Genuine. Signed by %(who)s, recognised by %(by)s. Still valid today.",
            who=signer,
            by=by,
        )
    if report.headline is Headline.GENUINE:
        return gettext("Genuine. Signed by %(who)s. Still valid today.", who=signer)
    if report.headline is Headline.UNKNOWN_SIGNER:
        return gettext("Nothing was changed. It says “%(who)s” signed it.", who=claimed) + (
            " " + gettext("We do not know them.")
        )
    stopping = [
        check
        for check in report.checks
        if check.step != "recognition" and check.outcome is not Outcome.PASSED
    ]
    failed = [check for check in stopping if check.outcome is Outcome.FAILED]
    return gettext(CODES[(failed or stopping)[0].code]) if stopping else ""


def _line(check: Check) -> Line:
    mark, word = _MARKS[check.outcome]
    said = "" if check.step == "endorsements" else gettext(word)
    reason = gettext(CODES[check.code])
    if "listed" in check.values:
        reason += " " + gettext("List of %(date)s.", date=_moment(check.values["listed"]))
    if "end" in check.values:
        reason += " " + gettext("It ended on %(date)s.", date=_day(check.values["end"]))
    if "by" in check.values:
        reason += " " + clean(check.values["by"]) + "."
    step = _STEPS.get(check.step)
    return Line(
        check.step,
        gettext(step) if step else "",
        "–" if check.code == "endorsements.none" else mark,
        said,
        check.outcome,
        reason,
        clean(check.detail),
    )


def _vouch(one: EndorsementReport) -> Vouch:
    return Vouch(
        name=clean(one.issuer_name) or one.issuer_id[:60],
        known=one.said_by == "recognised",
        about=gettext(_SUBJECTS[one.subject]),
        comment=clean(one.comment),
        counted=one.counted,
        reason=gettext(CODES[one.reason_code]),
        lines=tuple(_line(check) for check in one.checks),
    )


def _terms(achievement: dict[str, Any]) -> Sequence[Term]:
    language = current_language()
    found = []
    for row in _list(achievement.get("alignment")):
        url, name = row.get("targetUrl"), clean(row.get("targetName"))
        code = clean(row.get("targetCode"))
        if not isinstance(url, str) or not name:
            continue
        known = label(url, language, code=code)
        found.append(
            Term(
                framework_name(url, language) or clean(row.get("targetFramework")),
                known or name,
                name if known and known != name else "",
                code if len(code) < 12 else "",
                url if _LINK.fullmatch(url) else "",
            )
        )
    return found


def _results(subject: dict[str, Any], achievement: dict[str, Any]) -> Sequence[tuple[str, str]]:
    names = {row.get("id"): row for row in _list(achievement.get("resultDescription"))}
    found = []
    for result in _list(subject.get("result")):
        row = names.get(result.get("resultDescription"))
        if row is not None and isinstance(result.get("value"), str):
            top = clean(row.get("valueMax"))
            value = clean(result["value"])
            found.append((clean(row.get("name")), f"{value}/{top}" if top else value))
    return found


def _achieved(subject: dict[str, Any], achievement: dict[str, Any]) -> dict[str, Any]:
    levels = {
        level.get("id"): level
        for row in _list(achievement.get("resultDescription"))
        for level in _list(row.get("rubricCriterionLevel"))
    }
    for result in _list(subject.get("result")):
        if result.get("achievedLevel") in levels:
            return levels[result["achievedLevel"]]
    return {}


def _stars(subject: dict[str, Any], achievement: dict[str, Any]) -> int:
    level = _achieved(subject, achievement).get("level")
    return int(level) if level in ("1", "2", "3") else 0


def _level_name(subject: dict[str, Any], achievement: dict[str, Any]) -> str:
    return clean(_achieved(subject, achievement).get("name"))


def _symbol(achievement: dict[str, Any]) -> str:
    for row in _list(achievement.get("alignment")):
        found = symbol(str(row.get("targetUrl")))
        if found:
            return found
    return "medal"


def _paragraphs(markdown: Any) -> tuple[str, ...]:
    """Give Markdown as plain paragraphs: emphasis marks fall away, nothing else is interpreted."""
    text = re.sub(r"\*\*([^*\n]+)\*\*", r"\1", clean(markdown))
    return tuple(part.strip() for part in re.split(r"\n\s*\n", text) if part.strip())


def _language(achievement: dict[str, Any]) -> str:
    value = clean(achievement.get("inLanguage"))
    return value if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", value) else ""


def _awarded(badge: dict[str, Any]) -> str:
    for name in ("awardedDate", "validFrom", "issuanceDate"):
        if isinstance(badge.get(name), str):
            return _day(badge[name])
    return ""


def _day(value: str) -> str:
    try:
        return format_date(read_time(value, "date"))
    except ValueError:
        return ""


def _moment(value: str) -> str:
    return format_datetime(read_time(value, "date"))


def _host(badge: dict[str, Any]) -> str:
    try:
        return clean(issuer_id(badge))[:80]
    except ValueError:
        return ""


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[dict[str, Any]]:
    values = value if isinstance(value, list) else [value]
    return [item for item in values if isinstance(item, dict)]
