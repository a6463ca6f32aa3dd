"""From a report to words: what an employer reads, prepared so that templates only print.

Names of issuers and endorsers that nobody vouches for are shown as claims, with a warning when they
look like a name of the trust list.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from credentials.report import (
    Check,
    EndorsementReport,
    Headline,
    Outcome,
    PresentationReport,
    Report,
)
from credentials.shape import issuer_id
from credentials.times import read_time
from credentials.trust import Trust
from verifier.badge_texts import BadgeTexts, texts_of
from verifier.checking import Judged
from verifier.reasons import (
    ADVICE,
    ADVICE_KEY_TAKEN_BACK,
    COLOURS,
    HEADLINES,
    KEY_TAKEN_BACK,
    NO_LONGER_VALID,
    OTHER_WORDS,
    QUESTIONS,
    REASONS,
    SHOWING,
    SUBJECTS,
    UNCONFIRMED,
    WORDS,
)
from verifier.strangers import clean, clean_name, isolated, name_warning
from verifier.vouching import can_be_vouched_for
from web.languages import format_date, format_datetime, gettext

_BASICS = frozenset({"parse", "format", "shape"})
_LONGEST_DID = 200


@dataclass(frozen=True)
class Line:
    """One check in words."""

    step: str
    question: str
    word: str
    outcome: str
    code: str
    reason: str


@dataclass(frozen=True)
class Vouch:
    """One endorsement in words."""

    name: str
    known: bool
    warning: str
    about: str
    comment: str
    counted: bool
    reason: str
    said_by: str
    standing: str
    """counted (by somebody on the list), unconfirmed (proved, but nobody knows who) or refused."""


@dataclass(frozen=True)
class Answer:
    """A headline with what goes with it."""

    id: str
    icon: str
    colour: str
    text: str
    summary: str
    advice: str
    can_be_got_again: bool = False
    """Its key was taken back, so whoever has it gets it again; the page says how."""


@dataclass(frozen=True)
class Card:
    """One badge, ready to print."""

    answer: Answer
    texts: BadgeTexts | None
    signer: str
    """Known by the trust list, or vouched for."""
    claimed_signer: str
    """What the badge says when nobody knows the signer."""
    warning: str
    signer_id: str
    recognised_by: str
    lines: tuple[Line, ...]
    basics: tuple[Line, ...]
    """The checks without which there is nothing to say, when they all passed."""
    vouches: tuple[Vouch, ...]
    to_vouch_for: str
    """The id of a badge that a household may vouch for; else ""."""


@dataclass(frozen=True)
class Source:
    """One address that was asked, and the moment of the copy that was used."""

    url: str
    moment: str


@dataclass(frozen=True)
class Page:
    """The whole answer."""

    answer: Answer
    lines: tuple[Line, ...]
    """How it was shown: the checks of the presentation itself."""
    lines_passed: bool
    cards: tuple[Card, ...]
    shown_until: str
    sources: tuple[Source, ...]


def page_of(judged: Judged, trust: Trust) -> Page:
    """Put a report into the visitor's words."""
    report = judged.report
    cards = tuple(card_of(badge, trust) for badge in report.badges)
    lines = tuple(_line(check, SHOWING) for check in report.checks)
    return Page(
        answer=_overall(report, cards),
        lines=lines,
        lines_passed=all(check.outcome is Outcome.PASSED for check in report.checks),
        cards=cards,
        shown_until=format_datetime(report.expires) if report.expires else "",
        sources=tuple(_source(url, moment) for url, moment in judged.asked.items()),
    )


def _overall(report: PresentationReport, cards: tuple[Card, ...]) -> Answer:
    """Give the worst answer: that of the showing itself, else that of a badge."""
    open_or_bad = [check for check in report.checks if check.outcome is not Outcome.PASSED]
    if open_or_bad:
        return _answer(report.headline, tuple(open_or_bad), gettext(REASONS[open_or_bad[0].code]))
    worst = next(card.answer for card in cards if card.answer.id == report.headline)
    if len(cards) == 1 or report.headline is Headline.GENUINE:
        return worst
    same = sum(card.answer.id == worst.id for card in cards)
    of_how_many = gettext("%(some)s of %(all)s badges:", some=same, all=len(cards))
    return Answer(
        worst.id,
        worst.icon,
        worst.colour,
        worst.text,
        f"{of_how_many} {worst.summary}",
        worst.advice,
        worst.can_be_got_again,
    )


def _answer(headline: Headline, checks: tuple[Check, ...], summary: str) -> Answer:
    text, icon = HEADLINES[headline], str(headline)
    if headline is Headline.NO_LONGER_VALID:
        codes = [check.code for check in _not_passed(checks)]
        text = next((NO_LONGER_VALID[code] for code in codes if code in NO_LONGER_VALID), text)
        icon = "expired" if codes[0].startswith("dates.") else "cancelled"
    advice = ADVICE.get(headline)
    return Answer(
        str(headline),
        icon,
        COLOURS[headline],
        gettext(text),
        summary,
        gettext(advice) if advice else "",
    )


def _answer_about(report: Report, summary: str) -> Answer:
    """Give the answer about a badge; a key that was taken back is not called a forgery."""
    if report.reason != "proof.withdrawn":
        return _answer(report.headline, report.checks, summary)
    return Answer(
        str(report.headline),
        "cancelled",
        COLOURS[report.headline],
        gettext(KEY_TAKEN_BACK),
        summary,
        gettext(ADVICE_KEY_TAKEN_BACK),
        can_be_got_again=True,
    )


def card_of(report: Report, trust: Trust) -> Card:
    """Put what is known of one badge into the visitor's words."""
    badge = report.document or {}
    recognition = report.check("recognition")
    values = recognition.values if recognition else {}
    known = recognition is not None and recognition.outcome is Outcome.PASSED
    name, did = _issuer(badge)
    signer = clean_name(values.get("issuer")) or (clean_name(name) if known else "")
    claimed = "" if known else clean_name(name)
    by = clean(values.get("by"))
    lines = tuple(_line(check, QUESTIONS) for check in report.checks)
    basics = tuple(line for line in lines if line.step in _BASICS)
    if any(line.outcome != Outcome.PASSED for line in basics):
        basics = ()
    return Card(
        answer=_answer_about(report, _summary(report, signer or did, claimed or did, by)),
        texts=texts_of(badge) if badge else None,
        signer=signer or (did if known else ""),
        claimed_signer=claimed,
        warning="" if known else name_warning(name, did, trust),
        signer_id=did,
        recognised_by=by,
        lines=tuple(line for line in lines if line not in basics),
        basics=basics,
        vouches=tuple(_vouch(one, trust) for one in report.endorsements),
        to_vouch_for=str(badge["id"]) if can_be_vouched_for(report) else "",
    )


def _issuer(badge: dict[str, Any]) -> tuple[str, str]:
    issuer = badge.get("issuer")
    name = issuer.get("name") if isinstance(issuer, dict) else None
    did = clean(issuer_id(badge))[:_LONGEST_DID] if badge else ""
    return name if isinstance(name, str) else "", did


def _summary(report: Report, signer: str, claimed: str, by: str) -> str:
    if report.headline is Headline.GENUINE and by:
        return gettext(
            "Genuine. Signed by %(who)s, recognised by %(by)s. Still valid today.",
            who=isolated(signer),
            by=isolated(by),
        )
    if report.headline is Headline.GENUINE:
        return gettext("Genuine. Signed by %(who)s. Still valid today.", who=isolated(signer))
    if report.headline is Headline.UNKNOWN_SIGNER:
        return gettext(
            "It says that “%(who)s” signed it. We do not know them.", who=isolated(claimed)
        )
    deciding = _not_passed(report.checks)
    return _reason(deciding[0]) if deciding else ""


def _not_passed(checks: tuple[Check, ...]) -> list[Check]:
    """Give the checks that decided against a badge, those that failed first."""
    about_it = [
        check
        for check in checks
        if check.step not in ("recognition", "endorsements") and check.outcome != Outcome.PASSED
    ]
    failed = [check for check in about_it if check.outcome is Outcome.FAILED]
    return failed or [check for check in about_it if check.step != "holder"]


def _line(check: Check, questions: Any) -> Line:
    return Line(
        step=check.step,
        question=gettext(questions[check.step]),
        word=gettext(OTHER_WORDS.get(check.code, WORDS[check.outcome])),
        outcome="none" if check.code in OTHER_WORDS else str(check.outcome),
        code=check.code,
        reason=_reason(check),
    )


def _reason(check: Check) -> str:
    values = check.values
    parts = [gettext(REASONS[check.code])]
    if "listed" in values:
        parts.append(gettext("The list is of %(date)s.", date=_moment(values["listed"])))
    if "message" in values:
        parts.append(gettext("The message: %(text)s", text=isolated(clean(values["message"]))))
    if "end" in values:
        parts.append(gettext("It ended on %(date)s.", date=_day(values["end"])))
    if "start" in values:
        parts.append(gettext("It begins on %(date)s.", date=_day(values["start"])))
    if "by" in values:
        parts.append(gettext("Recognised by: %(by)s.", by=clean(values["by"])))
    return " ".join(parts)


def _vouch(one: EndorsementReport, trust: Trust) -> Vouch:
    known = one.said_by == "recognised"
    standing = ("counted" if known else "unconfirmed") if one.counted else "refused"
    reason = UNCONFIRMED if standing == "unconfirmed" else REASONS[one.reason_code]
    return Vouch(
        name=clean_name(one.issuer_name) or clean(one.issuer_id)[:_LONGEST_DID],
        known=known,
        warning="" if known else name_warning(one.issuer_name, one.issuer_id, trust),
        about=gettext(SUBJECTS[one.subject]),
        comment=clean(one.comment),
        counted=one.counted,
        reason=gettext(reason),
        said_by=one.said_by,
        standing=standing,
    )


def _source(url: str, moment: datetime) -> Source:
    return Source(clean(url)[:_LONGEST_DID], format_datetime(moment))


def _day(value: str) -> str:
    return format_date(read_time(value, "date"))


def _moment(value: str) -> str:
    return format_datetime(read_time(value, "date"))
