"""Endorsements: make one, and judge one.

An endorsement counts when its own proof holds, it is current, and its subject is exactly this
badge, its achievement or its issuer (Open Badges 3.0, EndorsementCredential; domain rule 15). What
the holder or the issuer says of their own badge is shown as that, and never counted.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from contexts import ContextError, expand_checked
from contexts.urls import OB3, VC2
from credentials.formats.opening import Opened, open_document
from credentials.proofs import verify_proof
from credentials.report import (
    CannotCheck,
    Check,
    CheckFailed,
    CredentialError,
    EndorsementReport,
    Outcome,
    SaidBy,
    Subject,
)
from credentials.shape import check_documents_schema, check_shape, issuer_id, kind_of, period
from credentials.status import check_status
from credentials.times import CLOCK_SKEW, write_time
from credentials.trust import Trust
from keys.fetching import Fetch

MAX_JUDGED = 20
"""More endorsements than this are named, not judged: each costs a signature (threat 15)."""
_MAX_COMMENT = 2_000

_REASONS = {
    "proof.missing": "endorsement.unsigned",
    "dates.expired": "endorsement.expired",
    "dates.not-yet": "endorsement.not-yet",
    "proof.expired": "endorsement.expired",
    "status.revoked": "endorsement.revoked",
    "status.suspended": "endorsement.revoked",
    "shape.unsafe": "endorsement.malformed",
    "shape.schema": "endorsement.malformed",
    "status.bad-list": "endorsement.malformed",
    "status.short-list": "endorsement.malformed",
    "status.range": "endorsement.malformed",
    "parse.malformed": "endorsement.malformed",
    "format.unsupported": "endorsement.malformed",
}


def endorsement_credential(
    *,
    credential_id: str,
    issuer: dict[str, Any],
    subject_id: str,
    comment: str,
    valid_from: datetime,
    valid_until: datetime | None = None,
    status: dict[str, Any] | None = None,
    name: str = "Endorsement",
) -> dict[str, Any]:
    """Give an unsigned EndorsementCredential about a badge, an achievement or an issuer."""
    if not comment.strip() or len(comment) > _MAX_COMMENT:
        raise CredentialError(f"the comment must have 1 to {_MAX_COMMENT} characters")
    document: dict[str, Any] = {
        "@context": [VC2, OB3],
        "id": credential_id,
        "type": ["VerifiableCredential", "EndorsementCredential"],
        "name": name,
        "issuer": issuer,
        "validFrom": write_time(valid_from),
    }
    if valid_until is not None:
        document["validUntil"] = write_time(valid_until)
    document["credentialSubject"] = {
        "id": subject_id,
        "type": ["EndorsementSubject"],
        "endorsementComment": comment,
    }
    if status is not None:
        document["credentialStatus"] = status
    return document


def subjects_of(badge: Mapping[str, Any]) -> dict[str, Subject]:
    """Give the three ids that an endorsement of this badge may be about."""
    achievement = badge["credentialSubject"]["achievement"]["id"]
    return {issuer_id(badge): "issuer", achievement: "achievement", badge["id"]: "badge"}


def embedded_endorsements(badge: Mapping[str, Any]) -> list[Any]:
    """Collect the endorsements that stand in a badge, its achievement and its issuer.

    Those with a proof stand under endorsement, those as JWT under endorsementJwt.
    """
    subject = badge.get("credentialSubject")
    achievement = subject.get("achievement") if isinstance(subject, dict) else None
    found: list[Any] = []
    for place in (badge, achievement, badge.get("issuer")):
        for name in ("endorsement", "endorsementJwt"):
            value = place.get(name) if isinstance(place, dict) else None
            found += value if isinstance(value, list) else [] if value is None else [value]
    return found


def verify_endorsements(
    documents: Sequence[Any],
    *,
    subjects: Mapping[str, Subject],
    holder: str | None,
    badge_issuer: str,
    trust: Trust,
    fetch: Fetch | None,
    now: datetime,
) -> tuple[EndorsementReport, ...]:
    """Judge each of `documents` on its own; one that is bad says nothing about the others."""
    reports = [
        verify_endorsement(
            document,
            subjects=subjects,
            holder=holder,
            badge_issuer=badge_issuer,
            trust=trust,
            fetch=fetch,
            now=now,
        )
        for document in documents[:MAX_JUDGED]
    ]
    if len(documents) > MAX_JUDGED:
        rest = len(documents) - MAX_JUDGED
        too_many = EndorsementReport("", "", "", "other", False, "endorsement.too-many", "unknown")
        reports += [too_many] if rest else []
    return tuple(reports)


def verify_endorsement(
    document: Any,
    *,
    subjects: Mapping[str, Subject],
    holder: str | None = None,
    badge_issuer: str | None = None,
    trust: Trust,
    fetch: Fetch | None,
    now: datetime,
) -> EndorsementReport:
    """Say what an endorsement is worth.

    `subjects` maps the ids it may be about to what they are. Checks 0 to 5 of the verify flow run
    on it, one level deep: endorsements inside it are ignored.
    """
    checks: list[Check] = []
    code = "endorsement.counted"
    claimed = document if isinstance(document, dict) else {}
    try:
        opened = open_document(document)
        claimed = opened.document
        _check_whole(opened, checks, fetch=fetch, now=now)
    except CheckFailed as failure:
        code = _REASONS.get(failure.code, "endorsement.bad-proof")
        checks.append(Check("endorsement", Outcome.FAILED, code, failure.detail))
    except CannotCheck as question:
        code = "endorsement.unreachable"
        checks.append(Check("endorsement", Outcome.UNKNOWN, code, question.detail))
    except (CredentialError, ContextError) as error:
        code = "endorsement.malformed"
        checks.append(Check("endorsement", Outcome.FAILED, code, error.detail))
    endorser = _claimed_issuer(claimed)
    subject = subjects.get(_claimed_text(claimed, "credentialSubject", "id"), "other")
    proved = code == "endorsement.counted"
    said_by = _said_by(endorser, holder=holder, badge_issuer=badge_issuer, trust=trust)
    if proved and subject == "other":
        code = "endorsement.other-subject"
    elif proved and said_by in ("holder", "issuer"):
        code = f"endorsement.by-{said_by}"
    if not proved and said_by == "recognised":
        said_by = "unknown"  # a name from the trust list is lent to nobody who did not prove it
    party = trust.endorser(endorser) if said_by == "recognised" else None
    name = party.name if party else _claimed_text(claimed, "issuer", "name")
    return EndorsementReport(
        issuer_id=endorser,
        issuer_name=name,
        comment=_claimed_text(claimed, "credentialSubject", "endorsementComment")[:_MAX_COMMENT],
        subject=subject,
        counted=code == "endorsement.counted",
        reason_code=code,
        said_by=said_by,
        checks=tuple(checks),
    )


def _check_whole(
    opened: Opened, checks: list[Check], *, fetch: Fetch | None, now: datetime
) -> None:
    endorsement, token = opened.document, opened.secured
    if kind_of(endorsement) != "endorsement":
        raise CredentialError("the document is not an EndorsementCredential")
    if token is None and not endorsement.get("proof"):
        raise CheckFailed("proof.missing", "the endorsement has no proof")
    check_shape(endorsement)
    check_documents_schema(endorsement)
    if token is not None:
        expand_checked(endorsement)
    checks.append(Check("shape", Outcome.PASSED, "shape.ok"))
    if token is not None:
        token.verify(fetch=fetch, now=now)
        token.check_times(now=now)
    else:
        endorser = issuer_id(endorsement)
        verify_proof(
            endorsement, purpose="assertionMethod", controller=endorser, fetch=fetch, now=now
        )
    checks.append(Check("proof", Outcome.PASSED, "proof.ok"))
    check_dates(endorsement, now=now)
    checks.append(Check("dates", Outcome.PASSED, "dates.ok"))
    result = check_status(endorsement, fetch=fetch, now=now)
    checks.append(
        Check("status", Outcome.PASSED, "status.ok" if result.has_status else "status.none")
    )


def check_dates(document: dict[str, Any], *, now: datetime) -> None:
    """Refuse what is not valid at `now` (VC Data Model 2.0, 4.9), allowing for clock skew."""
    start, end = period(document)
    if start is not None and start > now + CLOCK_SKEW:
        raise CheckFailed(
            "dates.not-yet", f"valid from {write_time(start)}", start=write_time(start)
        )
    if end is not None and end < now - CLOCK_SKEW:
        raise CheckFailed("dates.expired", f"valid until {write_time(end)}", end=write_time(end))


def _said_by(
    endorser: str, *, holder: str | None, badge_issuer: str | None, trust: Trust
) -> SaidBy:
    if holder and endorser == holder:
        return "holder"
    if badge_issuer and endorser == badge_issuer:
        return "issuer"
    return "recognised" if trust.endorser(endorser) else "unknown"


def _claimed_issuer(document: dict[str, Any]) -> str:
    try:
        return issuer_id(document)
    except CredentialError:
        return ""


def _claimed_text(document: dict[str, Any], *names: str) -> str:
    value: Any = document
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""
