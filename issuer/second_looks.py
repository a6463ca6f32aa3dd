"""Looking again at decided files of a suspended examiner: blind, and without any effect on them.

What was decided stays (domain B.4-6). The look tells how sure it was: the coordinator of the centre
sees on how many files the level was the same, and which ones differ; if a badge was given by
mistake, officers cancel or correct it as any other.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from issuer import assessment, scope
from issuer.accounts import centre_of
from issuer.assessment import Marking
from issuer.audit import record
from issuer.framework import Framework
from issuer.second_look_tables import SecondLook
from issuer.tables import Answer, Appointment, Conflict, Person, Submission, SubmissionState
from web.errors import Refused
from web.languages import N_


@dataclass(frozen=True)
class Result:
    """How far the second looks at one examiner's files are."""

    drawn: int
    looked: int
    same: int
    different: tuple[tuple[str, int, int], ...]
    """Number of the file, the level decided, the level of the second look."""


def queue(session: Session, examiner_id: UUID, *, now: datetime) -> list[Submission]:
    """List the decided files that an examiner may look at again, the oldest first."""
    files = session.exec(_open().order_by(col(Submission.sent_at))).all()
    return [file for file in files if _may_look(session, file, examiner_id, now=now) is not None]


def file_to_look_at(
    session: Session, submission_id: UUID, *, examiner_id: UUID, now: datetime
) -> Submission:
    """Give a decided file that the examiner may look at again; else there is none."""
    file = session.exec(_open().where(col(Submission.id) == submission_id)).first()
    if file is None or _may_look(session, file, examiner_id, now=now) is None:
        raise Refused(N_("There is nothing at this address."), status=404, code="unknown")
    return file


def is_open_to(session: Session, submission_id: UUID, *, examiner_id: UUID, now: datetime) -> bool:
    """Tell whether an examiner may look at a decided file again now."""
    file = session.exec(_open().where(col(Submission.id) == submission_id)).first()
    return file is not None and _may_look(session, file, examiner_id, now=now) is not None


def look(
    session: Session,
    submission_id: UUID,
    marking: Marking,
    framework: Framework,
    *,
    examiner_id: UUID,
    now: datetime,
) -> None:
    """Hand in the marks of a second look; the decision stays as it is.

    1. The row is locked and open, and the file is one that the examiner may look at.
    2. The marks fit the rubric and the appointment. 3. They are written down, once.
    """
    row = session.get(  # 1
        SecondLook, submission_id, with_for_update=True, populate_existing=True
    )
    if row is None or row.looked_by is not None:
        raise Refused(N_("Somebody else has just marked this file."), status=409, code="looked")
    file = file_to_look_at(session, submission_id, examiner_id=examiner_id, now=now)
    problems = problems_of(framework, file, marking)  # 2
    if problems:
        raise Refused(next(iter(problems.values())), status=422, code="marking")
    appointment = _may_look(session, file, examiner_id, now=now)
    assert appointment is not None, "file_to_look_at checked it"
    if marking.level > appointment.level_ceiling:
        raise Refused(
            N_("You are not appointed to give this level."), status=403, code="level-ceiling"
        )
    row.looked_by, row.marks, row.level = examiner_id, dict(marking.marks), marking.level  # 3
    row.looked_at = now
    session.add(row)
    session.flush()
    record(session, "submission.looked-at-again", submission_id, by=examiner_id, now=now)


def problems_of(framework: Framework, file: Submission, marking: Marking) -> dict[str, str]:
    """Give what is wrong with marks, field by field; they need no notes, since nobody reads any."""
    found = assessment.check_marking(framework, file.skill, marking, aimed=file.level)
    return {name: text for name, text in found.items() if not name.startswith("note-")}


def give_back(session: Session, submission_id: UUID, *, examiner_id: UUID, now: datetime) -> None:
    """Note that the examiner knows the person: others look at the file."""
    file = file_to_look_at(session, submission_id, examiner_id=examiner_id, now=now)
    session.add(Conflict(submission_id=file.id, examiner_id=examiner_id, declared_at=now))
    record(session, "conflict.declared", file.id, by=examiner_id, now=now)


def results(session: Session, centre: UUID) -> dict[UUID, Result]:
    """Give how the second looks at the files of a centre's examiners ended, by nomination.

    Of files of other centres only the numbers count; which ones they are stays there.
    """
    found: dict[UUID, list[tuple[SecondLook, Submission, UUID]]] = {}
    for row, file in session.exec(
        select(SecondLook, Submission)
        .join(Submission, col(Submission.id) == col(SecondLook.submission_id))
        .join(Person, col(Person.id) == col(SecondLook.examiner_id))
        .where(col(Person.organisation_id) == centre)
        .order_by(col(Submission.number))
    ):
        of = centre_of(session, file.candidate_id)
        found.setdefault(row.nomination_id, []).append((row, file, of))
    return {
        key: Result(
            drawn=len(rows),
            looked=sum(row.level is not None for row, _file, _of in rows),
            same=sum(row.level == row.decided_level for row, _file, _of in rows),
            different=tuple(
                (file.alias, row.decided_level, row.level)
                for row, file, of in rows
                if row.level is not None and row.level != row.decided_level and of == centre
            ),
        )
        for key, rows in found.items()
    }


def _open() -> SelectOfScalar[Submission]:
    return (
        select(Submission)
        .join(SecondLook, col(SecondLook.submission_id) == col(Submission.id))
        .where(
            col(SecondLook.looked_by).is_(None),
            col(Submission.state) == SubmissionState.DECIDED,
            col(Submission.id).in_(select(Answer.submission_id)),
        )
    )


def _may_look(
    session: Session, file: Submission, examiner_id: UUID, *, now: datetime
) -> Appointment | None:
    """Give the appointment under which an examiner may look: of another centre if nobody else."""
    here = scope.able(session, file, (), elsewhere=False, now=now)
    able = here or scope.able(session, file, (), elsewhere=True, now=now)
    mine = [one for one in able if one.person_id == examiner_id]
    return max(mine, key=lambda one: one.level_ceiling) if mine else None
