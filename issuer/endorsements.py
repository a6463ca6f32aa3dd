"""Endorsements that other bodies send us: judged on arrival, kept as they came, embedded.

A body signs with its own key, elsewhere; we only receive. What is accepted here goes into every
badge prepared from then on: beside the achievement it is about, or in our own profile
(domain.md C.6). Whoever checks a badge judges each of them again.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, or_, select

from contexts import ContextError, loads_strict
from credentials.endorsements import verify_endorsement
from credentials.report import EndorsementReport, Subject
from credentials.shape import period
from credentials.trust import Trust
from issuer.audit import record
from issuer.award_tables import ReceivedEndorsement
from issuer.profile import IssuingBody
from keys.fetching import Fetch
from web.database import Database
from web.errors import Refused
from web.languages import N_

MAX_BYTES = 100_000
_MOST_EMBEDDED = 5
"""For each subject, the newest: a badge must stay small enough to be judged in a moment."""

REFUSALS: dict[str, str] = {
    "endorsement.other-subject": N_("It is not about one of our badges, nor about us."),
    "endorsement.by-issuer": N_("We signed this ourselves. Another body must say it."),
    "endorsement.unsigned": N_("It is not signed."),
    "endorsement.bad-proof": N_("Its signature does not fit."),
    "endorsement.malformed": N_("It does not have the right form: %(why)s"),
    "endorsement.expired": N_("Its time has run out."),
    "endorsement.not-yet": N_("Its time has not begun."),
    "endorsement.revoked": N_("Its signer took it back."),
    "endorsement.unreachable": N_("We cannot reach its signer now. Try again later."),
}


@dataclass(frozen=True)
class Received:
    """An endorsement that was accepted."""

    id: UUID
    endorser: str
    subject_id: str


def receive(
    database: Database,
    text: str,
    *,
    body: IssuingBody,
    fetch: Fetch,
    now: datetime,
    by: UUID | None = None,
) -> Received:
    """Judge an endorsement and keep it, exactly as it came; `by` is the officer who handed it in.

    1. Read it strictly.
    2. Judge it: signed by the key of its signer, current, not taken back, and about one of our
       achievements or about us. Fetches the signer's document and status list, nothing else.
    3. Keep it, once; sending it again changes nothing and is refused.
    """
    # 1
    try:
        document = loads_strict(text, max_bytes=MAX_BYTES, max_depth=32)
    except ContextError as error:
        raise Refused(N_("We cannot read this text: %(why)s"), why=error.detail) from error
    # 2
    report = verify_endorsement(
        document,
        subjects=_subjects(body),
        badge_issuer=body.did,
        trust=Trust(),  # whom to recognise is for those who check badges
        fetch=fetch,
        now=now,
    )
    if not report.counted:
        raise _refusal(report)
    # 3
    _start, end = period(document)
    row = ReceivedEndorsement(
        endorsement_id=document["id"],
        subject_id=document["credentialSubject"]["id"],
        endorser=report.issuer_id,
        claimed_name=report.issuer_name or report.issuer_id,
        comment=report.comment,
        valid_until=end,
        signed_text=text,
        received_at=now,
    )
    try:
        with database.transaction() as session:
            session.add(row)
            session.flush()
            record(session, "endorsement.received", row.id, now=now, by=by)
    except IntegrityError as error:
        raise Refused(N_("We have this one already."), status=409, code="known") from error
    return Received(row.id, row.endorser, row.subject_id)


def withdraw(session: Session, endorsement_id: UUID, *, now: datetime, by: UUID) -> None:
    """Stop embedding an endorsement; badges that hold it already keep it."""
    row = session.get(ReceivedEndorsement, endorsement_id)
    if row is None:
        raise Refused(N_("There is no such endorsement."), status=404, code="unknown")
    if row.withdrawn_at is None:
        row.withdrawn_at = now
        session.add(row)
        record(session, "endorsement.withdrawn", row.id, now=now, by=by)


def current(session: Session, subject_id: str, *, now: datetime) -> list[dict[str, Any]]:
    """Give the endorsements of an achievement or of ourselves that new badges carry."""
    return [json.loads(row.signed_text) for row in shown(session, subject_id, now=now)]


def shown(session: Session, subject_id: str, *, now: datetime) -> list[ReceivedEndorsement]:
    """Give the same endorsements as rows, for pages."""
    rows = session.exec(
        select(ReceivedEndorsement)
        .where(
            col(ReceivedEndorsement.subject_id) == subject_id,
            col(ReceivedEndorsement.withdrawn_at).is_(None),
            or_(
                col(ReceivedEndorsement.valid_until).is_(None),
                col(ReceivedEndorsement.valid_until) > now,
            ),
        )
        .order_by(col(ReceivedEndorsement.received_at).desc(), col(ReceivedEndorsement.id))
        .limit(_MOST_EMBEDDED)
    ).all()
    return list(rows)


def received(session: Session) -> list[ReceivedEndorsement]:
    """List all endorsements, the newest first."""
    newest = col(ReceivedEndorsement.received_at).desc()
    return list(session.exec(select(ReceivedEndorsement).order_by(newest)))


def _subjects(body: IssuingBody) -> dict[str, Subject]:
    subjects: dict[str, Subject] = dict.fromkeys(body.achievements(), "achievement")
    return subjects | {body.did: "issuer"}


def _refusal(report: EndorsementReport) -> Refused:
    message = REFUSALS.get(report.reason_code, REFUSALS["endorsement.bad-proof"])
    why = next((check.detail for check in report.checks if check.detail), "")
    unreachable = report.reason_code == "endorsement.unreachable"
    return Refused(message, status=422 if unreachable else 400, code=report.reason_code, why=why)
