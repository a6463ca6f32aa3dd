"""The verify flow: from bytes to one headline, step by step.

For one badge, in this order:

0. parse: strict JSON within limits, or a token of one of the forms in `credentials.formats`
1. format: a badge, not something else
2. shape: contexts pinned, no undefined term, schema, rules of the data model
3. proof: suite accepted, the key belongs to the issuer and may be used for this; of a token, its
   signature
4. dates
5. status, with the age of the list
6. recognition: who recognises the issuer
7. holder: whose badge it is
8. endorsements: each 0 to 6 again, one level deep; the subject must be this badge, its
   achievement or its issuer

Steps 0 to 3 stop the run when they do not pass; 4 to 8 always all run. *Unknown* (it could not be
looked up) is never passed and never failed.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from contexts import ContextError, UnknownContext, check_words
from credentials.canonical import canonical_badge
from credentials.endorsements import (
    check_dates,
    embedded_endorsements,
    subjects_of,
    verify_endorsements,
)
from credentials.formats.enveloped import is_envelope
from credentials.formats.opening import Opened, open_document
from credentials.proofs import VerifiedProof, is_over_statements, verify_proof
from credentials.report import (
    CannotCheck,
    Check,
    CheckFailed,
    CredentialError,
    EndorsementReport,
    Headline,
    Outcome,
    PresentationReport,
    Report,
    is_bad_token,
    passed,
)
from credentials.shape import (
    check_documents_schema,
    check_shape,
    is_older_badge,
    issuer_id,
    kind_of,
    types_of,
)
from credentials.status import check_status
from credentials.times import CLOCK_SKEW, write_time
from credentials.trust import Trust
from keys.fetching import Fetch

if TYPE_CHECKING:
    from credentials.formats.secured import Secured

T = TypeVar("T")

MAX_BADGES = 20


class Expected(NamedTuple):
    """What a presentation must be bound to; `challenge` when the caller gave one."""

    domain: str
    challenge: str | None = None
    max_age: timedelta | None = None


def verify_credential(
    document: str | bytes | dict[str, Any],
    *,
    trust: Trust,
    fetch: Fetch | None,
    now: datetime,
    holder: str | None = None,
    endorsements: Sequence[Any] = (),
) -> Report:
    """Judge one badge; never raises for what the badge is like.

    `holder` is the key that the one who shows it has proved, `endorsements` are those that travel
    beside the badge.
    """
    checks: list[Check] = []
    text = document if isinstance(document, str) else ""
    try:
        opened = _step(checks, "parse", lambda: open_document(document))  # 0
        badge = opened.document
        _step(checks, "format", lambda: _check_format(badge))  # 1
        form = _step(checks, "shape", lambda: _check_shape(badge))  # 2
        _step(checks, "proof", lambda: _check_proof(opened, form, fetch, now))  # 3
    except _Stopped as stopped:
        return Report(_headline(checks), tuple(checks), (), stopped.document, text)
    checks.append(_outcome("dates", lambda: _check_dates(opened, now)))  # 4
    checks.append(_outcome("status", lambda: _check_status(badge, fetch, now)))  # 5
    judged = verify_endorsements(
        [*embedded_endorsements(badge), *endorsements],
        subjects=subjects_of(badge),
        holder=badge["credentialSubject"].get("id"),
        badge_issuer=issuer_id(badge),
        trust=trust,
        fetch=fetch,
        now=now,
    )
    checks.append(_recognition(badge, judged, trust))  # 6
    checks.append(_holder(badge, holder))  # 7
    checks.append(_endorsements(judged))  # 8
    return Report(_headline(checks), tuple(checks), judged, badge, text, opened.secured)


def verify_presentation(
    document: str | bytes | dict[str, Any],
    expected: Expected,
    *,
    trust: Trust,
    fetch: Fetch | None,
    now: datetime,
) -> PresentationReport:
    """Judge a presentation and every badge in it; never raises for what it is like."""
    checks: list[Check] = []
    try:
        opened = _step(checks, "parse", lambda: open_document(document))
        shown = opened.document
        _step(checks, "format", lambda: _check_presentation(shown))
        _step(checks, "shape", lambda: _check_words(_without_envelopes(shown)))
        proof = _step(checks, "proof", lambda: _presentation_proof(opened, expected, fetch, now))
    except _Stopped:
        return PresentationReport(tuple(checks), ())
    holder = opened.secured.signer if opened.secured else _holder_of(shown)
    entries = _entries(shown)
    badges = [entry for entry, kind in entries if kind == "badge"]
    about = _said_beside(badges, [entry for entry, kind in entries if kind == "endorsement"])
    reports = tuple(
        verify_credential(
            badge, trust=trust, fetch=fetch, now=now, holder=holder, endorsements=said
        )
        for badge, said in zip(badges, about, strict=True)
    )
    return PresentationReport(tuple(checks), reports, holder, proof.created, proof.expires)


def verify_anything(
    document: str | bytes | dict[str, Any],
    expected: Expected,
    *,
    trust: Trust,
    fetch: Fetch | None,
    now: datetime,
) -> PresentationReport:
    """Judge a presentation, or a bare badge, which nobody has proved to be theirs.

    The exception is a badge as SD-JWT with a key binding: it is its own presentation.
    """
    try:
        opened = open_document(document)
    except (CheckFailed, CredentialError, ContextError):
        opened = Opened({})
    if "VerifiablePresentation" in types_of(opened.document):
        return verify_presentation(document, expected, trust=trust, fetch=fetch, now=now)
    checks: list[Check] = []
    holder = None
    secured = opened.secured
    if secured and secured.is_bound:
        try:
            holder = _step(
                checks,
                "proof",
                lambda: secured.bound_holder(
                    audience=expected.domain, nonce=expected.challenge, now=now
                ),
            )
        except _Stopped:
            return PresentationReport(tuple(checks), ())
    report = verify_credential(document, trust=trust, fetch=fetch, now=now, holder=holder)
    return PresentationReport(tuple(checks), (report,), holder)


# --- steps --------------------------------------------------------------------------------------


class _Stopped(Exception):
    def __init__(self, document: dict[str, Any] | None) -> None:
        super().__init__("a step did not pass")
        self.document = document


def _step(checks: list[Check], step: str, run: Callable[[], T]) -> T:
    """Run a step that stops the flow when it does not pass."""
    result: list[T] = []
    check = _outcome(step, lambda: result.append(run()))
    checks.append(check)
    if check.outcome is not Outcome.PASSED:
        raise _Stopped(None)
    return result[0]


def _outcome(step: str, run: Callable[[], Check | None]) -> Check:
    """Run one check and say how it ended."""
    try:
        given = run()
    except CheckFailed as failure:
        return Check(step, Outcome.FAILED, failure.code, failure.detail, failure.values)
    except CannotCheck as question:
        return Check(step, Outcome.UNKNOWN, question.code, question.detail, question.values)
    except UnknownContext as error:
        return Check(step, Outcome.FAILED, "shape.unknown-context", error.detail)
    except ContextError as error:
        code = "parse.malformed" if step == "parse" else "shape.unsafe"
        return Check(step, Outcome.FAILED, code, error.detail)
    except CredentialError as error:
        return Check(step, Outcome.FAILED, "shape.malformed", error.detail)
    return given or passed(f"{step}.ok")


def _check_format(badge: dict[str, Any]) -> None:
    if kind_of(badge) == "badge":
        return
    if is_older_badge(badge):
        raise CheckFailed("format.older", "an Open Badge of version 2.0 or before")
    raise CheckFailed("format.unsupported", f"the type is {types_of(badge)}")


def _check_shape(badge: dict[str, Any]) -> bytes | None:
    """Check a badge; give its canonical form without the proof, if the proof is over that."""
    check_shape(badge)
    form = None
    if is_over_statements(badge):
        form = canonical_badge(badge)
    else:
        _check_words(badge)
    check_documents_schema(badge)
    return form


def _check_words(document: dict[str, Any]) -> None:
    # The proof is looked at in its own step; its words must be defined all the same.
    check_words(_unsecured(document))


def _unsecured(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != "proof"}


def _check_proof(opened: Opened, form: bytes | None, fetch: Fetch | None, now: datetime) -> None:
    if opened.secured:
        opened.secured.verify(fetch=fetch, now=now)
        return
    badge = opened.document
    verify_proof(
        badge,
        purpose="assertionMethod",
        controller=issuer_id(badge),
        fetch=fetch,
        now=now,
        form=form,
    )


def _check_dates(opened: Opened, now: datetime) -> None:
    if opened.secured:
        opened.secured.check_times(now=now)
    check_dates(opened.document, now=now)


def _check_status(badge: dict[str, Any], fetch: Fetch | None, now: datetime) -> Check | None:
    result = check_status(badge, fetch=fetch, now=now)
    if not result.has_status:
        return passed("status.none")
    values = {"listed": write_time(result.listed_at)} if result.listed_at else {}
    code = "status.ok"
    if result.unsigned:
        code = "status.unsigned-list"
    elif result.messages:
        code = "status.message"
    elif result.newer:
        code = "status.newer"
    if result.messages:
        values["message"] = "; ".join(result.messages)
    return Check("status", Outcome.PASSED, code, values=values)


def _recognition(badge: dict[str, Any], judged: Sequence[EndorsementReport], trust: Trust) -> Check:
    party = trust.issuer(issuer_id(badge))
    by = [
        report.issuer_name
        for report in judged
        if report.counted and report.said_by == "recognised" and report.subject == "issuer"
    ]
    values = {}
    if party:
        values["issuer"] = party.name
    if by:
        values["by"] = ", ".join(dict.fromkeys(by))
    if party:
        return Check("recognition", Outcome.PASSED, "recognition.listed", values=values)
    if by:
        return Check("recognition", Outcome.PASSED, "recognition.endorsed", values=values)
    return Check("recognition", Outcome.FAILED, "recognition.unknown")


def _holder(badge: dict[str, Any], holder: str | None) -> Check:
    subject = badge["credentialSubject"].get("id")
    if subject is None:
        return Check("holder", Outcome.UNKNOWN, "holder.bearer")
    if holder is None:
        return Check("holder", Outcome.UNKNOWN, "holder.not-shown")
    if holder != subject:
        return Check("holder", Outcome.FAILED, "holder.other-person", f"it was given to {subject}")
    return passed("holder.ok")


def _endorsements(judged: Sequence[EndorsementReport]) -> Check:
    if not judged:
        return _NO_ENDORSEMENTS
    counted = sum(report.counted for report in judged)
    values = {"counted": str(counted), "all": str(len(judged))}
    if not counted:
        return Check("endorsements", Outcome.UNKNOWN, "endorsements.none-counted", values=values)
    if not any(report.counted and report.said_by == "recognised" for report in judged):
        return Check("endorsements", Outcome.UNKNOWN, "endorsements.not-confirmed", values=values)
    return Check("endorsements", Outcome.PASSED, "endorsements.ok", values=values)


_NO_ENDORSEMENTS = Check(
    "endorsements", Outcome.PASSED, "endorsements.none", values={"counted": "0", "all": "0"}
)


def _headline(checks: Sequence[Check]) -> Headline:
    ended = {check.step: check.outcome for check in checks}
    failed = {step for step, outcome in ended.items() if outcome is Outcome.FAILED}
    unknown = {step for step, outcome in ended.items() if outcome is Outcome.UNKNOWN}
    if "parse" in failed and any(is_bad_token(check) for check in checks):
        return Headline.FALSE
    if "parse" in failed or "format" in failed:
        return Headline.NOT_CHECKED
    if "shape" in failed or "proof" in failed or "holder" in failed:
        unknown_words = any(check.code == "shape.unknown-context" for check in checks)
        return Headline.NOT_CHECKED if unknown_words else Headline.FALSE
    if "dates" in failed or "status" in failed:
        return Headline.NO_LONGER_VALID
    if unknown and not unknown.isdisjoint(("shape", "proof", "status")):
        return Headline.NOT_CHECKED
    if ended.get("recognition") is not Outcome.PASSED:
        return Headline.UNKNOWN_SIGNER
    return Headline.GENUINE


# --- presentations ------------------------------------------------------------------------------


def _check_presentation(shown: dict[str, Any]) -> None:
    if "VerifiablePresentation" not in types_of(shown):
        raise CheckFailed("format.unsupported", f"the type is {types_of(shown)}")
    entries = _entries(shown)
    if not any(kind == "badge" for _entry, kind in entries):
        raise CheckFailed("format.unsupported", "there is no badge in the presentation")
    if len(entries) > MAX_BADGES:
        raise CheckFailed("format.unsupported", f"more than {MAX_BADGES} credentials")


def _entries(shown: dict[str, Any]) -> list[tuple[dict[str, Any], str]]:
    """Give each entry as it stands, and what kind of credential is in it."""
    value = shown.get("verifiableCredential")
    entries = value if isinstance(value, list) else [value]
    found: list[tuple[dict[str, Any], str]] = [
        (entry, kind_of(open_document(entry).document))
        for entry in entries
        if isinstance(entry, dict)
    ]
    if len(found) != len(entries) or any(kind == "other" for _entry, kind in found):
        raise CheckFailed("format.unsupported", "an entry is neither a badge nor an endorsement")
    return found


def _said_beside(
    badges: Sequence[dict[str, Any]], endorsements: Sequence[dict[str, Any]]
) -> list[list[dict[str, Any]]]:
    """Give, for each badge, what came beside it: about it, or about nothing that is shown.

    The second is named as not counted; what is about another badge shown here stands with that one.
    """
    ids = [_ids_of(badge) for badge in badges]
    known = frozenset().union(*ids)
    found: list[list[dict[str, Any]]] = [[] for _ in badges]
    for endorsement in endorsements:
        subject = open_document(endorsement).document.get("credentialSubject")
        claimed = subject.get("id") if isinstance(subject, dict) else None
        claimed = claimed if isinstance(claimed, str) else ""
        for place, own in enumerate(ids):
            if claimed in own or claimed not in known:
                found[place].append(endorsement)
    return found


def _ids_of(badge: dict[str, Any]) -> frozenset[str]:
    """Give the ids that an endorsement of a badge may be about, as far as it names them."""
    document = open_document(badge).document
    subject = document.get("credentialSubject")
    achievement = subject.get("achievement") if isinstance(subject, dict) else None
    named = (document, achievement, document.get("issuer"))
    ids = [one.get("id") if isinstance(one, dict) else one for one in named]
    return frozenset(one for one in ids if isinstance(one, str))


def _without_envelopes(shown: dict[str, Any]) -> dict[str, Any]:
    """Leave out what has no words of its own, so that it may stand in an older presentation."""
    value = shown.get("verifiableCredential")
    entries = value if isinstance(value, list) else [value]
    written = [entry for entry in entries if not is_envelope(entry, "credential")]
    without = {name: v for name, v in shown.items() if name != "verifiableCredential"}
    return {**without, "verifiableCredential": written} if written else without


def _holder_of(shown: dict[str, Any]) -> str:
    holder = shown.get("holder")
    value = holder.get("id") if isinstance(holder, dict) else holder
    if not isinstance(value, str):
        raise CheckFailed("proof.other-signer", "the presentation names no holder")
    return value


def _presentation_proof(
    opened: Opened, expected: Expected, fetch: Fetch | None, now: datetime
) -> VerifiedProof:
    if opened.secured:
        proof = _token_proof(opened.secured, expected, fetch, now)
    else:
        proof = verify_proof(
            opened.document,
            purpose="authentication",
            controller=_holder_of(opened.document),
            fetch=fetch,
            now=now,
            domain=expected.domain,
            challenge=expected.challenge,
        )
    oldest = None if expected.max_age is None else now - expected.max_age - CLOCK_SKEW
    if oldest is not None and (proof.created is None or proof.created < oldest):
        raise CheckFailed("proof.expired", "the presentation is older than asked for")
    return proof


def _token_proof(
    secured: "Secured", expected: Expected, fetch: Fetch | None, now: datetime
) -> VerifiedProof:
    secured.verify(fetch=fetch, now=now)
    secured.check_audience(audience=expected.domain, nonce=expected.challenge)
    created, expires = secured.time("iat"), secured.time("exp")
    if created is not None and created > now + CLOCK_SKEW:
        raise CheckFailed("proof.not-yet", f"the token says it was made on {write_time(created)}")
    if expires is not None and expires <= now:
        raise CheckFailed("proof.expired", f"the token ran out on {write_time(expires)}")
    return VerifiedProof(
        secured.jws.kid or secured.signer,
        secured.jws.algorithm,
        created,
        expires,
        expected.domain,
        expected.challenge,
    )
