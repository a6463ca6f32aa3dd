"""What somebody agreed to: each apart, each taken back as easily as given (GDPR, article 7).

Tasks, being counted, being recorded: three questions. No to the last two blocks nothing. Every yes
and no is written down with the edition of the words that were on the page, and is never changed.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import Session, col, select

from issuer import accounts, appeals, assessment, consent_trail, evidence
from issuer.audit import record
from issuer.cohort_tables import CohortMember
from issuer.evidence_tables import Evidence, RecordingConsent
from issuer.feedback_tables import Usage
from issuer.privacy_tables import About
from issuer.tables import Answer, Consent, Submission, SubmissionState
from web.errors import Refused
from web.languages import N_

_UNDECIDED = (
    SubmissionState.DRAFT,
    SubmissionState.SENT,
    SubmissionState.MARKING,
    SubmissionState.SECOND_MARKING,
    SubmissionState.RETURNED,
)


@dataclass(frozen=True)
class Consents:
    """What somebody says yes to now; None is never asked."""

    assessment: datetime | None
    statistics: bool
    recording: bool | None


def consents(session: Session, person_id: UUID) -> Consents:
    """Give what a person agrees to now."""
    given = session.get(Consent, person_id)
    said = session.get(RecordingConsent, person_id)
    return Consents(
        assessment=given.assessment_at if given else None,
        statistics=given.statistics if given else False,
        recording=said.agreed if said else None,
    )


def begin(
    session: Session,
    person_id: UUID,
    *,
    old_enough: bool,
    statistics: bool,
    recording: bool,
    now: datetime,
) -> None:
    """Write down the answers of the welcome page; nobody under sixteen takes part (domain F.4)."""
    if not old_enough:
        raise Refused(N_("You must be 16 or older."), status=422, code="age")
    accounts.give_consent(session, person_id, statistics=statistics, now=now)
    if recording:  # else it is asked again when a task wants it
        evidence.say_about_recording(session, person_id, agreed=True, now=now)
    for about, agreed in (
        (About.AGE, True),
        (About.ASSESSMENT, True),
        (About.STATISTICS, statistics),
    ):
        consent_trail.note(session, person_id, about, agreed=agreed, now=now)


def say_about_counting(session: Session, person_id: UUID, *, agreed: bool, now: datetime) -> None:
    """Begin or stop counting somebody; with a no goes at once what was kept for counting only."""
    given = session.get(Consent, person_id, with_for_update=True)
    if given is None:
        raise Refused(N_("First say that you agree."), status=403, code="consent")
    given.statistics = agreed
    session.add(given)
    if not agreed:
        _forget_counted(session, person_id)
    session.flush()
    consent_trail.note(session, person_id, About.STATISTICS, agreed=agreed, now=now)
    kind = "statistics.agreed" if agreed else "statistics.refused"
    record(session, kind, person_id, by=person_id, now=now)


def say_about_recording(session: Session, person_id: UUID, *, agreed: bool, now: datetime) -> None:
    """Keep recordings and photos from now on, or keep none.

    With a no goes at once what nobody needs any more: in work that was not sent, and in work whose
    decision stands. What examiners still look at goes in time (rule 21), or when it is taken back.
    """
    evidence.say_about_recording(session, person_id, agreed=agreed, now=now)
    if agreed:
        return
    decided = session.exec(
        select(Submission).where(
            col(Submission.candidate_id) == person_id,
            col(Submission.state) == SubmissionState.DECIDED,
            col(Submission.id).in_(select(Evidence.submission_id)),
        )
    ).all()
    for submission in decided:
        if appeals.may_appeal(session, submission, now=now):
            continue
        files = select(Evidence.task_id).where(col(Evidence.submission_id) == submission.id)
        session.exec(
            delete(Answer).where(
                col(Answer.submission_id) == submission.id, col(Answer.task_id).in_(files)
            )
        )
        record(session, "evidence.deleted", submission.id, by=person_id, now=now)


def stop(session: Session, person_id: UUID, *, now: datetime) -> int:
    """Take back the consent to be assessed; give how much work ended with it.

    What is not decided ends, and its answers are deleted. What was decided stands, and badges stay.
    A second look is the person's own wish and is ended by nobody else than its examiners.
    """
    mine = session.exec(
        select(Submission)
        .where(col(Submission.candidate_id) == person_id)
        .order_by(col(Submission.number))
        .with_for_update()
    ).all()
    if any(one.state == SubmissionState.APPEALED for one in mine):
        raise Refused(
            N_("Other examiners look at your work again, as you asked. Wait for their answer."),
            status=409,
            code="appeal-open",
        )
    given = session.get(Consent, person_id, with_for_update=True)
    if given is None:
        raise Refused(N_("You did not agree to anything."), status=409, code="no-consent")
    ended = [one for one in mine if one.state in _UNDECIDED]
    for submission in ended:
        assessment.withdraw(session, submission, now=now)
    _forget_counted(session, person_id)
    session.delete(given)
    session.flush()
    consent_trail.note(session, person_id, About.ASSESSMENT, agreed=False, now=now)
    record(session, "consent.withdrawn", person_id, by=person_id, now=now)
    return len(ended)


def _forget_counted(session: Session, person_id: UUID) -> None:
    mine = select(Submission.id).where(col(Submission.candidate_id) == person_id)
    session.exec(delete(Usage).where(col(Usage.submission_id).in_(mine)))
    member = session.get(CohortMember, person_id)
    if member is not None:
        member.kind = member.tongue = None
        session.add(member)
