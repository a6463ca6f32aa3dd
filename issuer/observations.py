"""Observed practicals: what an examiner saw somebody do, line by line, final once written.

The list belongs to the examiner, not to the candidate: it is filled before marking, under the same
guards as marks, and every later examiner of the file sees it without seeing who wrote it or how
anybody marked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from issuer import assessment
from issuer.audit import record
from issuer.evidence_tables import Observation
from issuer.framework import Task
from issuer.tables import Person, Submission
from web.errors import Refused
from web.languages import N_

MAX_NOTE = 1_000


class Seen(StrEnum):
    """What an examiner can say of a line."""

    SEEN = "seen"
    NOT_SEEN = "not_seen"
    NOT_NEEDED = "not_needed"


@dataclass(frozen=True)
class Watching:
    """What an examiner hands in after a practical."""

    seen: Mapping[str, str]
    note: str
    observed_on: date | None
    """None where what was typed is no day."""


def observations(session: Session, submission_id: UUID) -> dict[str, Observation]:
    """Give what was observed of a file, by task."""
    rows = session.exec(
        select(Observation).where(col(Observation.submission_id) == submission_id)
    ).all()
    return {row.task_id: row for row in rows}


def check_watching(
    task: Task, watching: Watching, submission: Submission, *, now: datetime
) -> dict[str, str]:
    """Give what is wrong with an observation, field by field; empty when nothing is."""
    problems: dict[str, str] = {}
    for option in task.options:
        if watching.seen.get(option.id) not in tuple(Seen):
            problems[f"seen-{option.id}"] = N_("Choose one of the three.")
    missed = Seen.NOT_SEEN in watching.seen.values()
    if len(watching.note) > MAX_NOTE:
        problems["note"] = N_("That is too long. Write less.")
    elif missed and not watching.note.strip():
        problems["note"] = N_("Say in a few words what is missing.")
    on = watching.observed_on
    if on is None or not submission.started_at.date() <= on <= now.date():
        problems["observed_on"] = N_("Write the day of the practical. It cannot be in the future.")
    return problems


def observe(
    session: Session,
    submission_id: UUID,
    task: Task,
    watching: Watching,
    *,
    examiner_id: UUID,
    now: datetime,
) -> None:
    """Write down what an examiner saw.

    1. The file is open to this examiner, under an appointment that is active now (rule 3).
    2. Every line is answered, with a day that can be.
    3. It is written once; the database refuses a second one, and every change.
    """
    submission = assessment.file_for_marking(  # 1
        session, submission_id, examiner_id=examiner_id, now=now
    )
    problems = check_watching(task, watching, submission, now=now)  # 2
    if problems:
        raise Refused(next(iter(problems.values())), status=422, code="observation")
    appointment = assessment.active_appointment(session, submission, examiner_id, now=now)
    assert appointment is not None, "file_for_marking checked it"
    assert watching.observed_on is not None, "check_watching did"
    candidate = session.get_one(Person, submission.candidate_id)
    examiner = session.get_one(Person, examiner_id)
    same_contacts = candidate.contact_hash is not None and examiner.contact_hash is not None
    observation = Observation(
        submission_id=submission.id,
        task_id=task.id,
        candidate_id=candidate.id,
        candidate_contact=candidate.contact_hash if same_contacts else None,
        examiner_id=examiner_id,
        examiner_contact=examiner.contact_hash if same_contacts else None,
        appointment_id=appointment.id,
        seen={option.id: watching.seen[option.id] for option in task.options},
        note=watching.note.strip(),
        observed_on=watching.observed_on,
        recorded_at=now,
    )
    session.add(observation)  # 3
    try:
        session.flush()
    except IntegrityError as error:
        raise Refused(
            N_("This was observed already. It cannot be changed."), status=409, code="observed"
        ) from error
    record(session, "observation.recorded", observation.id, by=examiner_id, now=now)
