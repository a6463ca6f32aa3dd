"""Sending a file back once for a missing or broken piece, and attempts that do not count.

An examiner names the pieces before anybody has marked the file. The candidate has fourteen days to
do those again, and only those; then the file is in the queue again, done or not. It is no new
attempt. A technical fault makes an attempt void: it is not counted, and its answers are deleted.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from issuer import assessment, evidence
from issuer.accounts import centre_of
from issuer.answers import FILE, check, is_complete
from issuer.evidence import File
from issuer.framework import Scenario, Task
from issuer.return_tables import (
    FileReturn,
    PieceFault,
    ReturnedPiece,
    TechnicalFault,
    VoidAttempt,
)
from issuer.tables import Answer, Person, Submission, SubmissionState
from web.errors import Refused
from web.languages import N_

TIME_TO_REDO = timedelta(days=14)
MAX_NOTE = 500

PIECE_FAULTS: dict[PieceFault, str] = {
    PieceFault.MISSING: N_("It is missing"),
    PieceFault.CANNOT_OPEN: N_("It cannot be opened"),
    PieceFault.CANNOT_SEE: N_("It cannot be seen or read"),
    PieceFault.CANNOT_HEAR: N_("It cannot be heard"),
    PieceFault.OTHER_TASK: N_("It belongs to another task"),
}
TECHNICAL_FAULTS: dict[TechnicalFault, str] = {
    TechnicalFault.SERVICE_BROKE: N_("The service did not work"),
    TechnicalFault.ANSWERS_LOST: N_("Answers were lost or damaged"),
    TechnicalFault.WRONG_TASKS: N_("The wrong tasks were shown"),
    TechnicalFault.HELPED_BY_MISTAKE: N_("Somebody helped by mistake"),
}
_VOIDABLE = (
    SubmissionState.DRAFT,
    SubmissionState.SENT,
    SubmissionState.MARKING,
    SubmissionState.SECOND_MARKING,
    SubmissionState.RETURNED,
)


# --- sending back -------------------------------------------------------------------------------


def may_send_back(session: Session, submission: Submission) -> bool:
    """Tell whether a file can still be sent back: nobody marked it, and it never was."""
    return (
        submission.state == SubmissionState.SENT
        and session.get(FileReturn, submission.id) is None
        and not assessment.final_assessments(session, submission.id)
    )


def send_back(
    session: Session,
    submission_id: UUID,
    scenario: Scenario,
    faults: Mapping[str, str],
    *,
    note: str,
    note_language: str,
    examiner_id: UUID,
    now: datetime,
) -> FileReturn:
    """Send a file back to its candidate for the pieces in `faults`: task to what is wrong.

    1. The file, with its row locked, is open to this examiner and can still be sent back.
    2. The pieces are tasks of the scenario, the faults of the closed list.
    3. Return and pieces are written down; the candidate has the file.
    """
    session.get(Submission, submission_id, with_for_update=True)  # 1
    submission = assessment.file_for_marking(
        session, submission_id, examiner_id=examiner_id, now=now
    )
    if not may_send_back(session, submission):
        raise cannot_be_sent_back()
    if not faults:  # 2
        raise Refused(N_("Choose at least one piece."), status=422, code="pieces")
    for task_id, fault in faults.items():
        if scenario.task(task_id) is None or fault not in PIECE_FAULTS:
            raise Refused(N_("Say what is wrong with each piece."), status=422, code="fault")
    if len(note.strip()) > MAX_NOTE:
        raise Refused(N_("That is too long. Write less."), status=422, code="note")
    made = FileReturn(  # 3
        submission_id=submission.id,
        examiner_id=examiner_id,
        note=note.strip(),
        note_language=note_language,
        returned_at=now,
        until=now + TIME_TO_REDO,
    )
    session.add(made)
    session.flush()
    session.add_all(
        ReturnedPiece(submission_id=submission.id, task_id=task_id, fault=fault)
        for task_id, fault in faults.items()
    )
    assessment.move(session, submission, SubmissionState.RETURNED, by=examiner_id, now=now)
    return made


def cannot_be_sent_back() -> Refused:
    """Say that a file is beyond being sent back."""
    return Refused(
        N_("This file cannot be sent back any more."), status=409, code="returned-already"
    )


def return_of(session: Session, submission_id: UUID) -> FileReturn | None:
    """Give how a file was sent back, if it was."""
    return session.get(FileReturn, submission_id)


def pieces_of(session: Session, submission_id: UUID) -> list[ReturnedPiece]:
    """List the pieces that a candidate is asked to do again."""
    return list(
        session.exec(
            select(ReturnedPiece)
            .where(col(ReturnedPiece.submission_id) == submission_id)
            .order_by(col(ReturnedPiece.task_id))
        )
    )


def redo(
    session: Session, submission: Submission, task: Task, value: Any, *, now: datetime
) -> None:
    """Keep a piece done again; only pieces that were asked for, only in time."""
    _must_be_returned(session, submission, now=now)
    piece = session.get(ReturnedPiece, (submission.id, task.id))
    if piece is None:
        raise Refused(N_("This piece is good as it is."), status=409, code="not-asked")
    before = session.get(Answer, (submission.id, task.id))
    is_file = isinstance(value, File)
    checked = (
        {FILE: task.kind} if is_file else check(task, value, kept=before.value if before else None)
    )
    if before is not None:
        session.delete(before)
        session.flush()
    session.add(Answer(submission_id=submission.id, task_id=task.id, value=checked, saved_at=now))
    session.flush()
    if isinstance(value, File):
        evidence.attach(session, submission, task, value, now=now)
    piece.redone_at = now if is_complete(task, checked) else None
    session.add(piece)


def send_again(session: Session, submission: Submission, *, now: datetime) -> None:
    """Send the file to the examiners again; every piece that was asked for is done."""
    made = _must_be_returned(session, submission, now=now)
    if any(piece.redone_at is None for piece in pieces_of(session, submission.id)):
        raise Refused(N_("Some pieces are not done again yet."), status=422, code="incomplete")
    _back_to_the_queue(session, submission, made, by=submission.candidate_id, now=now)


def take_back_late_files(session: Session, *, now: datetime) -> int:
    """Put the files whose fourteen days are over in the queue as they are; give how many."""
    late = session.exec(
        select(Submission, FileReturn)
        .join(FileReturn, col(FileReturn.submission_id) == col(Submission.id))
        .where(col(Submission.state) == SubmissionState.RETURNED, col(FileReturn.until) <= now)
        .with_for_update(of=Submission, skip_locked=True)
    ).all()
    for submission, made in late:
        _back_to_the_queue(session, submission, made, by=None, now=now)
    return len(late)


def _must_be_returned(session: Session, submission: Submission, *, now: datetime) -> FileReturn:
    session.refresh(submission, with_for_update=True)
    made = session.get(FileReturn, submission.id)
    if submission.state != SubmissionState.RETURNED or made is None:
        raise Refused(N_("This was sent already."), status=409, code="sent-already")
    if now >= made.until:
        raise Refused(N_("The fourteen days are over."), status=409, code="too-late")
    return made


def _back_to_the_queue(
    session: Session, submission: Submission, made: FileReturn, *, by: UUID | None, now: datetime
) -> None:
    made.back_at = now
    session.add(made)
    assessment.move(session, submission, SubmissionState.SENT, by=by, now=now)


# --- attempts that do not count -----------------------------------------------------------------


def file_of_number(session: Session, alias: str, *, centre: UUID) -> Submission:
    """Give the file of a number as examiners write it, S-017, if it is of this centre."""
    digits = alias.strip().upper().removeprefix("S-")
    number = int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 9 else 0
    found = session.exec(
        select(Submission)
        .join(Person, col(Person.id) == col(Submission.candidate_id))
        .where(col(Submission.number) == number, col(Person.organisation_id) == centre)
    ).one_or_none()
    if found is None:
        raise Refused(N_("There is no file of this number."), status=404, code="unknown")
    return found


def make_void(
    session: Session,
    submission: Submission,
    *,
    fault: str,
    note: str,
    stated_by: UUID,
    now: datetime,
) -> None:
    """Say that an attempt does not count because of a technical fault; its answers are deleted.

    Before the decision only: a decision is changed by an appeal, never by an office.
    """
    session.refresh(submission, with_for_update=True)
    if centre_of(session, submission.candidate_id) != centre_of(session, stated_by):
        raise Refused(N_("There is no file of this number."), status=404, code="unknown")
    if submission.candidate_id == stated_by:
        raise Refused(N_("This is your own work."), status=403, code="own-work")
    if fault not in TECHNICAL_FAULTS:
        raise Refused(N_("Choose a reason."), status=422, code="reason")
    said = note.strip()
    if not said or len(said) > MAX_NOTE:
        raise Refused(N_("Say in a few words what happened."), status=422, code="note")
    is_decided = assessment.decision_of(session, submission.id) is not None
    if is_decided or submission.state not in _VOIDABLE:
        raise Refused(N_("This is decided already."), status=409, code="decided")
    session.add(
        VoidAttempt(
            submission_id=submission.id,
            candidate_id=submission.candidate_id,
            stated_by=stated_by,
            fault=fault,
            note=said,
            at=now,
        )
    )
    assessment.forget_answers(session, submission.id)
    assessment.move(session, submission, SubmissionState.VOID, by=stated_by, now=now)
