"""How checks end: three kinds of error, and the report that collects them for people.

A leaf raises `CredentialError` (the sender must mend it), `CheckFailed` (the credential is bad) or
`CannotCheck` (we could not look: try again). The third never looks like the second.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from credentials.formats.secured import Secured

_NOTHING: Mapping[str, str] = MappingProxyType({})


class CredentialError(ValueError):
    """A document that cannot be issued or read; `detail` names what is wrong in it."""

    def __init__(self, detail: str, *, code: str = "malformed") -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code


class CheckFailed(Exception):
    """A check that says no; `code` is one of `CODES`."""

    def __init__(self, code: str, detail: str, **values: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.values = values


class ProofError(CheckFailed):
    """A proof that does not hold."""


class CannotCheck(Exception):
    """A check that could not be made: it says nothing about the credential."""

    def __init__(self, code: str, detail: str, **values: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.values = values


class Outcome(StrEnum):
    """How one check ended."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Headline(StrEnum):
    """The one answer an employer gets, from best to worst."""

    GENUINE = "genuine"
    UNKNOWN_SIGNER = "unknown-signer"
    NO_LONGER_VALID = "no-longer-valid"
    NOT_CHECKED = "not-checked"
    FALSE = "false"


class Check(NamedTuple):
    """One step of the flow: its name, how it ended, and why."""

    step: str
    outcome: Outcome
    code: str
    detail: str = ""
    values: Mapping[str, str] = _NOTHING


@cache
def passed(code: str) -> Check:
    """Give the check that passed with this code, "<step>.<how>", of which no more is to be said."""
    return Check(code.partition(".")[0], Outcome.PASSED, code)


def is_bad_token(check: Check) -> bool:
    """Tell a token that was read and does not hold from text that is none."""
    return check.outcome is Outcome.FAILED and check.code.startswith("proof.")


Subject = Literal["badge", "achievement", "issuer", "other"]
SaidBy = Literal["recognised", "unknown", "holder", "issuer"]


class EndorsementReport(NamedTuple):
    """What became of one endorsement: whether it counts, and why not."""

    issuer_id: str
    issuer_name: str
    """The name in the trust list when `said_by` is "recognised"; else what the endorser claims."""
    comment: str
    subject: Subject
    counted: bool
    """Proved, current, about this badge, achievement or issuer, and said by a third party."""
    reason_code: str
    said_by: SaidBy
    checks: tuple[Check, ...] = ()


class Report(NamedTuple):
    """What is known about one badge: a headline, and each check that led to it."""

    headline: Headline
    checks: tuple[Check, ...]
    endorsements: tuple[EndorsementReport, ...] = ()
    document: dict[str, Any] | None = None
    text: str = ""
    secured: "Secured | None" = None
    """The token out of which the document was read, if it was one."""

    @property
    def reason(self) -> str:
        """Give the code that decided the headline, e.g. "proof.withdrawn"; "" for a genuine one."""
        return _reason(self.headline, self.checks)

    def check(self, step: str) -> Check | None:
        """Give the check of a step, or None when the run stopped before it."""
        return next((check for check in self.checks if check.step == step), None)


class PresentationReport(NamedTuple):
    """What is known about a presentation and each badge in it."""

    checks: tuple[Check, ...]
    badges: tuple[Report, ...]
    holder: str | None = None
    created: datetime | None = None
    expires: datetime | None = None

    @property
    def headline(self) -> Headline:
        """The worst of the presentation's own checks and its badges."""
        order = list(Headline)
        found = [report.headline for report in self.badges] or [Headline.NOT_CHECKED]
        for check in self.checks:
            if check.outcome is Outcome.FAILED:
                unreadable = check.step == "parse" and not is_bad_token(check)
                found.append(Headline.NOT_CHECKED if unreadable else Headline.FALSE)
            elif check.outcome is Outcome.UNKNOWN:
                found.append(Headline.NOT_CHECKED)
        return max(found, key=order.index)

    @property
    def reason(self) -> str:
        """Give the code that decided the headline: of the showing itself, else of the badge."""
        own = _reason(self.headline, self.checks)
        of_badges = (one.reason for one in self.badges if one.headline is self.headline)
        return own or next(of_badges, "")

    def check(self, step: str) -> Check | None:
        """Give the presentation's own check of a step."""
        return next((check for check in self.checks if check.step == step), None)


_DECIDING = ("parse", "format", "shape", "proof", "holder", "dates", "status", "share")


def _reason(headline: Headline, checks: Sequence[Check]) -> str:
    if headline is Headline.GENUINE:
        return ""
    if headline is Headline.UNKNOWN_SIGNER:
        return next((one.code for one in checks if one.step == "recognition"), "")
    for outcome in (Outcome.FAILED, Outcome.UNKNOWN):
        found = (one for one in checks if one.outcome is outcome and one.step in _DECIDING)
        first = next((one for one in found if (one.step, outcome) != _NOT_DECIDING), None)
        if first is not None:
            return first.code
    return ""


_NOT_DECIDING = ("holder", Outcome.UNKNOWN)
"""A badge that nobody proved to be theirs is judged all the same."""

CODES: Mapping[str, str] = MappingProxyType(
    {
        "parse.ok": "The text could be read.",
        "parse.malformed": "The text is neither strict JSON nor a token, or too large.",
        "format.ok": "It is a badge in a form we know.",
        "format.unsupported": "It is not a badge in a form we know.",
        "format.older": "It is an older kind of badge (Open Badges 2.0 or 1.x).",
        "shape.ok": "It has the shape of an Open Badge and every word in it is defined.",
        "shape.unsafe": "A member, type or id in it has no certain meaning.",
        "shape.unknown-context": "It uses a vocabulary that we do not know.",
        "shape.schema": "It does not have the shape that Open Badges demand.",
        "shape.malformed": "It breaks a rule of the data model.",
        "proof.ok": "The signature is right: nothing was changed since.",
        "proof.missing": "It is not signed.",
        "proof.malformed": "The proof is not written as its form demands.",
        "proof.suite": "It is signed in a way that we do not accept.",
        "proof.method": "The key is not one of the signer's, or not allowed for this.",
        "proof.withdrawn": "The signer took the key of this signature back: it may be stolen.",
        "proof.signature": "The signature does not fit: something was changed, or it is forged.",
        "proof.expired": "The proof itself has run out.",
        "proof.not-yet": "The proof says it was made in the future.",
        "proof.purpose": "The proof was made for another purpose.",
        "proof.domain": "The proof was made for somebody else.",
        "proof.challenge": "The proof answers another question than ours.",
        "proof.unreachable": "The signer's keys could not be looked up.",
        "proof.other-signer": "The key belongs to somebody else than the named signer.",
        "dates.ok": "It is valid today.",
        "dates.expired": "Its time has run out.",
        "dates.not-yet": "Its time has not begun.",
        "status.ok": "It is not cancelled.",
        "status.none": "It has no cancellation entry; its signer cannot cancel it.",
        "status.message": "It is not cancelled; its signer says something about it.",
        "status.newer": "It is not cancelled; its signer has a newer version of it.",
        "status.unsigned-list": "It is not on its signer's list, but nobody signed that list.",
        "status.revoked": "Its signer cancelled it.",
        "status.suspended": "Its signer has suspended it.",
        "status.unreachable": "The list of cancelled badges could not be fetched.",
        "status.bad-list": "The list of cancelled badges is not a good one.",
        "status.short-list": "The list is so short that asking for it tells whose badge is meant.",
        "status.range": "The list of cancelled badges ends before its place in it.",
        "status.unsupported": "It uses a cancellation list of a kind we do not read.",
        "recognition.listed": "The signer is on the list of signers we recognise.",
        "recognition.endorsed": "Somebody on our list vouches for the signer.",
        "recognition.unknown": "Nobody on our list knows the signer.",
        "holder.ok": "The person who shows it has the key it was given to.",
        "holder.other-person": "It was given to somebody else.",
        "holder.bearer": "It names no key: it belongs to whoever shows it.",
        "holder.not-shown": "Nobody proved that it is theirs.",
        "endorsements.none": "Nobody vouches for it.",
        "endorsements.ok": "Somebody vouches for it.",
        "endorsements.not-confirmed": "Somebody vouches for it, but nobody we know.",
        "endorsements.none-counted": "None of the endorsements in it counts.",
        "endorsement.counted": "Proved, current, and about this badge, achievement or signer.",
        "endorsement.other-subject": "It is about something else.",
        "endorsement.by-holder": "The person says it about themself.",
        "endorsement.by-issuer": "The signer says it about its own badge.",
        "endorsement.unsigned": "It is not signed.",
        "endorsement.bad-proof": "Its signature does not fit.",
        "endorsement.malformed": "It is not a proper endorsement.",
        "endorsement.expired": "Its time has run out.",
        "endorsement.not-yet": "Its time has not begun.",
        "endorsement.revoked": "It was withdrawn.",
        "endorsement.unreachable": "It could not be checked now.",
        "endorsement.too-many": "There are more endorsements than are checked.",
    }
)
"""Every code that a check or an endorsement can carry, with its meaning."""
