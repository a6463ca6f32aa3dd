"""Drawing decided files for another look when their examiner is suspended (domain B.4-6)."""

from collections.abc import Callable, Sequence
from datetime import datetime
from random import SystemRandom
from uuid import UUID

from sqlmodel import Session, col, select

from issuer.appointment_tables import Nomination
from issuer.audit import record
from issuer.second_look_tables import SecondLook
from issuer.tables import Answer, Decision, Submission, SubmissionState

MOST = 10
"""[D] As many as agreement is judged by (domain B.4-6)."""

Lot = Callable[[Sequence[tuple[UUID, int | None]], int], list[tuple[UUID, int | None]]]
_lot: Lot = SystemRandom().sample


def draw(session: Session, nomination: Nomination, *, now: datetime, lot: Lot = _lot) -> int:
    """Draw up to ten files that somebody decided alone and whose answers are there; how many.

    A file that somebody else has locked is left out: waiting for it here, when events were written
    already, could wait for ever.
    """
    superseded = select(Decision.supersedes).where(col(Decision.supersedes).is_not(None))
    alone = session.exec(
        select(Submission.id, Decision.level)
        .join(Decision, col(Decision.submission_id) == col(Submission.id))
        .where(
            col(Decision.first_examiner_id) == nomination.person_id,
            col(Decision.second_examiner_id).is_(None),
            col(Decision.id).not_in(superseded),
            col(Submission.skill) == nomination.skill,
            col(Submission.language) == nomination.language,
            col(Submission.state) == SubmissionState.DECIDED,
            col(Submission.id).in_(select(Answer.submission_id)),
            col(Submission.id).not_in(select(SecondLook.submission_id)),
        )
        .order_by(col(Submission.number))
        .with_for_update(read=True, key_share=True, skip_locked=True, of=Submission)
    ).all()
    chosen = lot(alone, min(MOST, len(alone)))
    for submission_id, level in chosen:
        session.add(
            SecondLook(
                submission_id=submission_id,
                nomination_id=nomination.id,
                examiner_id=nomination.person_id,
                decided_level=level or 0,
                drawn_at=now,
            )
        )
        session.flush()
        record(session, "submission.drawn-again", submission_id, now=now)
    return len(chosen)
