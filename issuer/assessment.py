"""From the first answer to the decision: candidates answer, examiners mark, the rules decide.

The rules (domain B.2, B.3): the level is the lowest criterion, and never above the one that was
tried; expert level needs a second examiner who has not seen the first marks; two who differ by one
give the lower level, by more a third examiner, and then the middle one counts. Every change of
state writes an audit event in the same transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, func, select

from issuer import appointments, attempts, crossing, scope, superseding
from issuer.accounts import has_consent
from issuer.answers import check, is_complete, is_observed, takes_file
from issuer.appeal_tables import Appeal
from issuer.audit import record
from issuer.evidence_tables import Observation, ObservationDue
from issuer.framework import MARKS, Framework, Scenario, Task
from issuer.same_person import is_same_person
from issuer.sampling import Sampling
from issuer.tables import (
    Answer,
    Appointment,
    Assessment,
    Conflict,
    Decision,
    DecisionOutcome,
    Person,
    Submission,
    SubmissionState,
)
from web.errors import Refused
from web.languages import N_, format_date

MAX_NOTE = 1_000
ATTEMPTS = 3
ATTEMPT_WINDOW = timedelta(days=182)
EVIDENCE_KEPT = timedelta(days=90)
"""Answers are deleted this long after the decision (rule 21)."""
DRAFT_LIVES = timedelta(days=60)
"""Work that is not sent by then ends, and its answers are deleted (domain B.3)."""
LONGEST_GAP = timedelta(minutes=5)
"""Whoever takes longer from one answer to the next has paused: no more is counted as work."""

_EXPERT = 3
_NO_ATTEMPT = (SubmissionState.WITHDRAWN, SubmissionState.EXPIRED, SubmissionState.VOID)
"""Nobody judged it."""
_OPEN = (
    SubmissionState.SENT,
    SubmissionState.MARKING,
    SubmissionState.SECOND_MARKING,
    SubmissionState.APPEALED,
)
_UNDECIDED = (*_OPEN, SubmissionState.RETURNED)


# --- the candidate ------------------------------------------------------------------------------


def start(
    session: Session,
    framework: Framework,
    *,
    candidate_id: UUID,
    skill: str,
    language: str,
    level: int,
    now: datetime,
) -> Submission:
    """Give the open work of a candidate on a skill at a level, or begin it.

    1. There are tasks for it, and the candidate agreed.
    2. Work that is open goes on; what is being looked at is waited for.
    3. At most three attempts in six months at one achievement (rule 23).
    4. The tasks are ones that the candidate has not seen, where there are any.
    """
    known = (framework.skills, framework.languages, [one.number for one in framework.levels])
    if any(one not in some for one, some in zip((skill, language, level), known, strict=True)):  # 1
        raise Refused(N_("There is no such task set."), status=404, code="unknown-skill")
    if not has_consent(session, candidate_id):
        raise Refused(N_("First say that you agree."), status=403, code="consent")
    attempts.one_start_at_a_time(session, candidate_id)  # 2
    earlier = session.exec(
        select(Submission).where(
            col(Submission.candidate_id) == candidate_id, col(Submission.skill) == skill
        )
    ).all()
    definition = framework.achievement(skill, level, language)
    mine = [
        one
        for one in earlier
        if framework.achievement(skill, one.level, one.language) == definition
        and one.state not in _NO_ATTEMPT
    ]
    for submission in mine:
        if submission.state == SubmissionState.DRAFT and submission.language == language:
            return submission
        if submission.state in _UNDECIDED:
            raise Refused(
                N_("You sent this already. Somebody is looking at it."),
                status=409,
                code="sent-already",
            )
    recent = sorted(one.started_at for one in mine if one.started_at > now - ATTEMPT_WINDOW)
    if len(recent) >= ATTEMPTS:  # 3
        raise Refused(
            N_("You tried this three times in six months. Please wait."),
            status=409,
            code="attempts",
            hint=N_("You can try it again after %(date)s. Another level is open now."),
            date=format_date(recent[-ATTEMPTS] + ATTEMPT_WINDOW),
        )
    submission_id = uuid4()
    # One writes in the trail at a time: until we are done, nobody else takes the next number.
    record(session, "submission.started", submission_id, by=candidate_id, now=now)
    number = session.exec(select(func.max(col(Submission.number)))).one() or 0
    submission = Submission(
        id=submission_id,
        candidate_id=candidate_id,
        number=number + 1,
        skill=skill,
        language=language,
        level=level,
        scenario_id=attempts.next_set(framework, skill, level, earlier),  # 4
        framework_version=framework.version,
        started_at=now,
        worked_at=now,
    )
    session.add(submission)
    session.flush()
    return submission


def own_submission(session: Session, submission_id: UUID, *, candidate_id: UUID) -> Submission:
    """Give a candidate's own work; another's is answered as if it did not exist."""
    submission = session.get(Submission, submission_id)
    if submission is None or submission.candidate_id != candidate_id:
        raise Refused(N_("There is nothing at this address."), status=404, code="unknown")
    return submission


def own_submissions(session: Session, candidate_id: UUID) -> list[Submission]:
    """List a candidate's work, the newest first."""
    return list(
        session.exec(
            select(Submission)
            .where(col(Submission.candidate_id) == candidate_id)
            .order_by(col(Submission.started_at).desc())
        )
    )


def save_answer(
    session: Session,
    submission: Submission,
    task: Task,
    value: Any,
    *,
    now: datetime,
    given_at: datetime | None = None,
) -> Any:
    """Keep the answer to a task and give it as it is kept; it may change until the work is sent.

    `given_at`: when the person gave it, if it had to wait for a network.
    """
    _one_answer_at_a_time(session, submission)
    before = session.get(Answer, (submission.id, task.id))
    kept = check(task, value, kept=before.value if before else None)
    if before is None or before.value != kept:  # sent twice, it is kept once
        _replace(session, submission, task, before, kept, given_at=given_at or now)
    return kept


def put_answer(
    session: Session, submission: Submission, task: Task, value: Any, *, given_at: datetime
) -> None:
    """Put an answer in the place of an earlier one, and of the file that belonged to it.

    Of two answers, from two devices, the one that was given later stays.
    """
    _one_answer_at_a_time(session, submission)
    before = session.get(Answer, (submission.id, task.id))
    _replace(session, submission, task, before, value, given_at=given_at)


def _replace(
    session: Session,
    submission: Submission,
    task: Task,
    before: Answer | None,
    value: Any,
    *,
    given_at: datetime,
) -> None:
    if before is not None:
        if before.saved_at > given_at:
            raise Refused(
                N_("You gave a newer answer to this task. We keep that one."),
                status=409,
                code="newer-answer",
            )
        session.delete(before)
        session.flush()
    session.add(
        Answer(submission_id=submission.id, task_id=task.id, value=value, saved_at=given_at)
    )
    _count_time(submission, now=given_at)
    session.flush()


def drop_answer(session: Session, submission: Submission, task: Task, *, now: datetime) -> None:
    """Delete a recording, a photo or the words instead, while the work was not sent."""
    if not takes_file(task):  # the first half of another kind stays, once the second is known
        raise Refused(N_("There is nothing at this address."), status=404, code="unknown")
    _one_answer_at_a_time(session, submission)
    kept = session.get(Answer, (submission.id, task.id))
    if kept is not None:
        session.delete(kept)
        session.flush()
        record(session, "answer.deleted", submission.id, by=submission.candidate_id, now=now)


def _one_answer_at_a_time(session: Session, submission: Submission) -> None:
    session.refresh(submission, with_for_update={"key_share": True})
    must_be_draft(submission)


def _count_time(submission: Submission, *, now: datetime) -> None:
    """Add the time since the last answer, but no pause: a longer gap counts as `LONGEST_GAP`."""
    gap = now - (submission.worked_at or submission.started_at)
    counted = min(max(gap, timedelta(0)), LONGEST_GAP)
    submission.worked_seconds += round(counted.total_seconds())
    submission.worked_at = max(now, submission.worked_at or now)


def answers(session: Session, submission_id: UUID) -> dict[str, Any]:
    """Give the answers by task."""
    rows = session.exec(select(Answer).where(col(Answer.submission_id) == submission_id))
    return {row.task_id: row.value for row in rows}


def missing(session: Session, submission: Submission, scenario: Scenario) -> list[Task]:
    """List the tasks that have no answer yet, or only a part of one."""
    given = answers(session, submission.id)
    return [task for task in scenario.tasks if not is_complete(task, given.get(task.id))]


def submit(
    session: Session, submission: Submission, framework: Framework, *, now: datetime
) -> None:
    """Send the work to the examiners; every task must be answered, and consent be given."""
    session.refresh(submission, with_for_update=True)
    must_be_draft(submission)
    if not has_consent(session, submission.candidate_id):
        raise Refused(N_("First say that you agree."), status=403, code="consent")
    scenario = framework.scenario_by_id(submission.scenario_id, submission.language)
    if missing(session, submission, scenario):
        raise Refused(N_("Some tasks have no answer yet."), status=422, code="incomplete")
    session.add_all(
        ObservationDue(submission_id=submission.id, task_id=task.id)
        for task in scenario.tasks
        if is_observed(task)
    )
    submission.sent_at = now
    _count_time(submission, now=now)
    move(session, submission, SubmissionState.SENT, by=submission.candidate_id, now=now)
    crossing.draw_if_nobody(session, submission, now=now)


def withdraw(session: Session, submission: Submission, *, now: datetime) -> None:
    """Take the work back, any time before the decision; its answers are deleted."""
    session.refresh(submission, with_for_update=True)
    is_decided = decision_of(session, submission.id) is not None
    if is_decided or submission.state not in (SubmissionState.DRAFT, *_UNDECIDED):
        raise Refused(N_("This is decided already."), status=409, code="decided")
    forget_answers(session, submission.id)
    move(session, submission, SubmissionState.WITHDRAWN, by=submission.candidate_id, now=now)


def must_be_draft(submission: Submission) -> None:
    """Raise, saying why, for work that its candidate can no longer change."""
    if submission.state == SubmissionState.EXPIRED:
        raise Refused(
            N_("Not sent in time. You can begin again."), status=409, code="sent-too-late"
        )
    if submission.state != SubmissionState.DRAFT:
        raise Refused(N_("This was sent already."), status=409, code="sent-already")


def decision_of(session: Session, submission_id: UUID) -> Decision | None:
    """Give the decision on a submission that is in force, if there is one."""
    return session.exec(
        select(Decision)
        .where(col(Decision.submission_id) == submission_id)
        .order_by(col(Decision.round).desc())
    ).first()


def current_round(session: Session, submission_id: UUID) -> int:
    """Give the round that marks handed in now belong to: 2 after an appeal."""
    return 1 if session.get(Appeal, submission_id) is None else 2


def final_assessments(session: Session, submission_id: UUID, round_: int = 1) -> list[Assessment]:
    """Give the assessments of one round of a submission, in order."""
    return list(
        session.exec(
            select(Assessment)
            .where(col(Assessment.submission_id) == submission_id, col(Assessment.round) == round_)
            .order_by(col(Assessment.ordinal))
        )
    )


# --- the examiner -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Marking:
    """What an examiner hands in: a mark for each criterion, notes, and a level."""

    marks: Mapping[str, int]
    notes: Mapping[str, str]
    level: int


def queue(session: Session, examiner_id: UUID, *, now: datetime) -> list[Submission]:
    """List the files that an examiner may mark now, the oldest first."""
    files = session.exec(
        select(Submission)
        .where(col(Submission.state).in_(_OPEN), col(Submission.candidate_id) != examiner_id)
        .order_by(col(Submission.sent_at))
    ).all()
    return [file for file in files if _why_not(session, file, examiner_id, now=now) is None]


def file_for_marking(
    session: Session, submission_id: UUID, *, examiner_id: UUID, now: datetime
) -> Submission:
    """Give a file that the examiner may mark now, or say why not."""
    submission = session.get(Submission, submission_id)
    if submission is None:
        raise Refused(N_("There is nothing at this address."), status=404, code="unknown")
    why = _why_not(session, submission, examiner_id, now=now)
    if why is not None:
        raise why
    return submission


def marked_by(session: Session, examiner_id: UUID) -> list[tuple[Assessment, Submission]]:
    """List what an examiner marked, with the file, the latest first."""
    return [
        (own, file)
        for own, file in session.exec(
            select(Assessment, Submission)
            .join(Submission, col(Submission.id) == col(Assessment.submission_id))
            .where(col(Assessment.examiner_id) == examiner_id)
            .order_by(col(Assessment.submitted_at).desc())
        )
    ]


def own_assessment(
    session: Session, submission_id: UUID, *, examiner_id: UUID
) -> Assessment | None:
    """Give how an examiner marked a file; never how another did."""
    return session.exec(
        select(Assessment).where(
            col(Assessment.submission_id) == submission_id,
            col(Assessment.examiner_id) == examiner_id,
        )
    ).first()


def declare_conflict(
    session: Session, submission_id: UUID, *, examiner_id: UUID, now: datetime
) -> None:
    """Note that the examiner knows the person: the file goes back to the others."""
    session.get(Submission, submission_id, with_for_update=True)
    submission = file_for_marking(session, submission_id, examiner_id=examiner_id, now=now)
    session.add(Conflict(submission_id=submission.id, examiner_id=examiner_id, declared_at=now))
    session.flush()
    record(session, "conflict.declared", submission.id, by=examiner_id, now=now)
    crossing.draw_if_nobody(session, submission, now=now)


def unobserved(session: Session, submission_id: UUID) -> list[str]:
    """List the practicals of a file, by task, that no examiner has written down yet."""
    seen = select(Observation.task_id).where(col(Observation.submission_id) == submission_id)
    return list(
        session.exec(
            select(ObservationDue.task_id).where(
                col(ObservationDue.submission_id) == submission_id,
                col(ObservationDue.task_id).not_in(seen),
            )
        )
    )


def check_marking(
    framework: Framework, skill: str, marking: Marking, *, aimed: int
) -> dict[str, str]:
    """Give what is wrong with a marking, field by field; empty when nothing is.

    `aimed` is the level that the candidate tried for: there is no higher one to give.
    """
    problems: dict[str, str] = {}
    criteria = framework.skills[skill].criteria
    for criterion in criteria:
        if marking.marks.get(criterion) not in MARKS:
            problems[f"mark-{criterion}"] = N_("Give a mark from 0 to 3.")
    if problems:
        return problems
    lowest = min(marking.marks[criterion] for criterion in criteria)
    if not 0 <= marking.level <= _EXPERT:
        problems["level"] = N_("Choose a level.")
    elif marking.level > aimed:
        problems["level"] = N_("The level cannot be above the one that was tried.")
    elif marking.level > lowest:
        problems["level"] = N_("The level cannot be above the lowest mark.")
    target = max(marking.level, 1)
    for criterion in criteria:
        note = marking.notes.get(criterion, "").strip()
        if len(note) > MAX_NOTE:
            problems[f"note-{criterion}"] = N_("That is too long. Write less.")
        elif marking.marks[criterion] < max(target, 2) and not note:
            problems[f"note-{criterion}"] = N_("Say in a few words what is missing.")
    return problems


def decide(
    session: Session,
    submission_id: UUID,
    marking: Marking,
    framework: Framework,
    *,
    examiner_id: UUID,
    sampling: Sampling,
    now: datetime,
) -> Decision | None:
    """Record an examiner's marks and give the decision if they settle it.

    1. The file is open to this examiner, under an appointment that is active now (rule 3), and what
       had to be observed was.
    2. The marks are complete and fit the rubric.
    3. The assessment is written down; it never changes.
    4. It settles the matter, or the file goes to the next examiner: by its level, or by `sampling`.
    """
    session.get(Submission, submission_id, with_for_update=True)
    superseding.lock_badges(session, submission_id)
    submission = file_for_marking(session, submission_id, examiner_id=examiner_id, now=now)  # 1
    if unobserved(session, submission.id):
        raise Refused(
            N_("First fill in what you saw in the practical."), status=409, code="not-observed"
        )
    problems = check_marking(framework, submission.skill, marking, aimed=submission.level)  # 2
    if problems:
        raise Refused(next(iter(problems.values())), status=422, code="marking")
    round_ = current_round(session, submission.id)
    earlier = final_assessments(session, submission.id, round_)
    appointment = active_appointment(session, submission, examiner_id, now=now)
    assert appointment is not None, "file_for_marking checked it"
    if not scope.may_propose(session, appointment, marking.level, earlier):
        raise Refused(
            N_("You are not appointed to give this level."), status=403, code="level-ceiling"
        )
    candidate = session.get_one(Person, submission.candidate_id)
    examiner = session.get_one(Person, examiner_id)
    same_contacts = candidate.contact_hash is not None and examiner.contact_hash is not None
    assessment = Assessment(
        submission_id=submission.id,
        candidate_id=submission.candidate_id,
        candidate_contact=candidate.contact_hash if same_contacts else None,
        examiner_id=examiner_id,
        examiner_contact=examiner.contact_hash if same_contacts else None,
        appointment_id=appointment.id,
        round=round_,
        ordinal=len(earlier) + 1,
        marks=dict(marking.marks),
        notes={name: note.strip() for name, note in marking.notes.items() if note.strip()},
        aimed_level=submission.level,
        proposed_level=marking.level,
        submitted_at=now,
    )
    session.add(assessment)  # 3
    try:
        session.flush()
    except IntegrityError as error:
        raise Refused(N_("Somebody else has just marked this file."), status=409) from error
    if earlier:
        looked = [*(one.examiner_id for one in earlier), examiner_id]
        appointments.watch_agreement(session, submission, looked, now=now)
    record(session, "assessment.submitted", assessment.id, by=examiner_id, now=now)
    if not earlier and _is_drawn(session, assessment, sampling):  # 4
        record(session, "submission.drawn", submission.id, now=now)
        move(session, submission, SubmissionState.SECOND_MARKING, now=now)
        return None
    return _settle(session, submission, [*earlier, assessment], now=now)


def _is_drawn(session: Session, assessment: Assessment, sampling: Sampling) -> bool:
    if assessment.proposed_level >= _EXPERT:  # has a second examiner anyway
        return False
    before = session.exec(
        select(func.count())
        .select_from(Assessment)
        .where(
            col(Assessment.examiner_id) == assessment.examiner_id,
            col(Assessment.id) != assessment.id,
            col(Assessment.submitted_at) > scope.counts_from(session, assessment.appointment_id),
        )
    ).one()
    return sampling.falls_on(before)


def settled_level(levels: list[int]) -> int | None:
    """Give the level that the proposals of up to three examiners come to; None: ask one more.

    One is enough below expert; two that differ by one give the lower; else the middle of three.
    """
    if len(levels) == 1:
        return None if levels[0] >= _EXPERT else levels[0]
    if len(levels) == 2:
        low, high = sorted(levels)
        return low if high - low <= 1 else None
    return sorted(levels)[1]


def _settle(
    session: Session, submission: Submission, done: list[Assessment], *, now: datetime
) -> Decision | None:
    level = settled_level([assessment.proposed_level for assessment in done])
    if level is None:
        move(session, submission, SubmissionState.SECOND_MARKING, now=now)
        return None
    examiners = [assessment.examiner_id for assessment in done]
    before = decision_of(session, submission.id)
    decision = Decision(
        submission_id=submission.id,
        candidate_id=submission.candidate_id,
        round=done[0].round,
        supersedes=before.id if before else None,
        outcome=DecisionOutcome.AWARDED if level else DecisionOutcome.NOT_YET,
        level=level or None,
        first_assessment_id=done[0].id,
        first_examiner_id=examiners[0],
        second_examiner_id=examiners[1] if len(examiners) > 1 else None,
        third_examiner_id=examiners[2] if len(examiners) > 2 else None,
        decided_at=now,
    )
    session.add(decision)
    session.flush()
    record(session, f"decision.{decision.outcome}", decision.id, now=now)
    move(session, submission, SubmissionState.DECIDED, now=now)
    superseding.take_effect(session, decision, by=examiners[-1], now=now)
    return decision


def _why_not(
    session: Session, submission: Submission, examiner_id: UUID, *, now: datetime
) -> Refused | None:
    if submission.state not in _OPEN:
        return Refused(N_("This file is not open for marking."), status=409, code="not-open")
    if is_same_person(session, submission.candidate_id, examiner_id):
        return Refused(N_("This is your own work."), status=403, code="own-work")
    if session.get(Conflict, (submission.id, examiner_id)):
        return Refused(N_("You know this person."), status=403, code="conflict")
    if superseding.released_by(session, submission.id, examiner_id):
        return Refused(N_("You released this badge."), status=403, code="released-it")
    if own_assessment(session, submission.id, examiner_id=examiner_id) is not None:
        return Refused(N_("You have marked this file."), status=409, code="marked-already")
    appointment = active_appointment(session, submission, examiner_id, now=now)
    if appointment is None:
        return Refused(
            N_("You are not appointed for this skill and language."), status=403, code="scope"
        )
    done = final_assessments(session, submission.id, current_round(session, submission.id))
    if (elsewhere := scope.why_not(session, submission, appointment, done, now=now)) is not None:
        return elsewhere
    known = attempts.marked_before(session, submission)
    if examiner_id in known and attempts.is_somebody_new(
        submission, known, scope.others(session, submission, done, now=now)
    ):
        return Refused(
            N_("You marked this person before. Another examiner looks now."),
            status=403,
            code="marked-before",
        )
    return None


def active_appointment(
    session: Session, submission: Submission, examiner_id: UUID, *, now: datetime
) -> Appointment | None:
    """Give the appointment under which an examiner may mark a file now, if there is one."""
    return session.exec(
        select(Appointment)
        .where(
            col(Appointment.person_id) == examiner_id,
            col(Appointment.skill) == submission.skill,
            col(Appointment.language) == submission.language,
            col(Appointment.suspended_at).is_(None),
            col(Appointment.valid_from) <= now,
            col(Appointment.valid_until) > now,
        )
        .order_by(col(Appointment.level_ceiling).desc())
    ).first()


# --- both ---------------------------------------------------------------------------------------


def forget_evidence(session: Session, *, now: datetime) -> int:
    """Delete the answers whose time has run out, and write that down; give how many files."""
    old = session.exec(
        select(Decision.submission_id)
        .join(Answer, col(Answer.submission_id) == col(Decision.submission_id))
        .join(Submission, col(Submission.id) == col(Decision.submission_id))
        .where(col(Submission.state) == SubmissionState.DECIDED)
        .group_by(col(Decision.submission_id))
        .having(func.max(col(Decision.decided_at)) < now - EVIDENCE_KEPT)
    ).all()
    for submission_id in old:
        forget_answers(session, submission_id)
        record(session, "evidence.deleted", submission_id, now=now)
    return len(old)


def expire_drafts(session: Session, *, now: datetime) -> int:
    """End the work that was begun long ago and never sent; give how many."""
    old = session.exec(
        select(Submission)
        .where(
            col(Submission.state) == SubmissionState.DRAFT,
            col(Submission.started_at) < now - DRAFT_LIVES,
        )
        .with_for_update(skip_locked=True)
    ).all()
    for submission in old:
        forget_answers(session, submission.id)
        move(session, submission, SubmissionState.EXPIRED, now=now)
    return len(old)


def forget_answers(session: Session, submission_id: UUID) -> None:
    """Delete the answers of a submission."""
    session.exec(delete(Answer).where(col(Answer.submission_id) == submission_id))


def move(
    session: Session,
    submission: Submission,
    state: SubmissionState,
    *,
    now: datetime,
    by: UUID | None = None,
) -> None:
    """Change the state of a submission: the only place that does."""
    submission.state = state
    session.add(submission)
    session.flush()
    record(session, f"submission.{state}", submission.id, by=by, now=now)
