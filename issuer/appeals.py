"""Appeals: a candidate asks that other examiners look again (domain B.3, rules 6 and 21).

Within thirty days of the decision, once, for a "not yet" or a level below the one tried for. The
file goes to examiners who marked nothing of it and see no earlier marks. Their decision supersedes
the first, whatever it says; what follows for a badge is in `superseding`.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import Session, col, select

from issuer import assessment, crossing
from issuer.appeal_tables import Appeal, AppealWords
from issuer.audit import record
from issuer.tables import Answer, Decision, Submission, SubmissionState
from web.errors import Refused
from web.languages import N_

WINDOW = timedelta(days=30)
MAX_WORDS = 1_000


def may_appeal(session: Session, submission: Submission, *, now: datetime) -> bool:
    """Tell whether a candidate can ask for a second look at this file now."""
    decision = assessment.decision_of(session, submission.id)
    return decision is not None and _why_not(session, submission, decision, now=now) is None


def appeal_of(session: Session, submission_id: UUID) -> Appeal | None:
    """Give the appeal about a file, if there is one."""
    return session.get(Appeal, submission_id)


def words_of(session: Session, submission_id: UUID) -> str:
    """Give what the candidate wrote; "" when there is nothing, or no longer."""
    found = session.get(AppealWords, submission_id)
    return found.text if found else ""


def appeal(
    session: Session,
    submission: Submission,
    *,
    words: str = "",
    now: datetime,
) -> Appeal:
    """Send a decided file to other examiners.

    1. The file, with its row locked, has a decision that may still be appealed.
    2. The answers that they are to look at are still there.
    3. The appeal is written down, and the file is open for marking again.
    """
    session.refresh(submission, with_for_update=True)  # 1
    decision = assessment.decision_of(session, submission.id)
    if decision is None:
        raise Refused(N_("There is no decision yet."), status=409, code="undecided")
    why = _why_not(session, submission, decision, now=now)
    if why is not None:
        raise why
    if not assessment.answers(session, submission.id):  # 2
        raise Refused(N_("Your answers are deleted already."), status=409, code="no-answers")
    said = words.strip()
    if len(said) > MAX_WORDS:
        raise Refused(N_("That is too long. Write less."), status=422, code="words")
    made = Appeal(  # 3
        submission_id=submission.id,
        decision_id=decision.id,
        candidate_id=submission.candidate_id,
        made_at=now,
    )
    session.add(made)
    session.flush()
    if said:
        session.add(AppealWords(submission_id=submission.id, text=said))
    record(session, "appeal.made", submission.id, by=submission.candidate_id, now=now)
    assessment.move(
        session, submission, SubmissionState.APPEALED, by=submission.candidate_id, now=now
    )
    crossing.draw_if_nobody(session, submission, now=now)
    return made


def last_day(decision: Decision) -> datetime:
    """Give until when a decision can be appealed."""
    return decision.decided_at + WINDOW


def forget_words(session: Session, *, now: datetime) -> int:
    """Delete the words of appeals whose answers are deleted; give how many."""
    old = session.exec(
        select(AppealWords.submission_id).where(
            col(AppealWords.submission_id).not_in(select(Answer.submission_id))
        )
    ).all()
    for submission_id in old:
        session.exec(delete(AppealWords).where(col(AppealWords.submission_id) == submission_id))
        record(session, "appeal.words-deleted", submission_id, now=now)
    return len(old)


def _why_not(
    session: Session, submission: Submission, decision: Decision, *, now: datetime
) -> Refused | None:
    if appeal_of(session, decision.submission_id) is not None:
        return Refused(
            N_("You asked for a second look already."), status=409, code="appealed-already"
        )
    if decision.level == submission.level:
        return Refused(
            N_("You have the level that you tried for."), status=409, code="level-reached"
        )
    if now >= last_day(decision):
        return Refused(N_("The thirty days are over."), status=409, code="too-late")
    return None
