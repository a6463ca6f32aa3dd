"""Files that nobody of their own centre can mark: drawn for other centres, or waiting.

A draw is written down when it happens: when work is sent or asked to be looked at again, when an
examiner gives a file back, begins, is suspended or stops, and once a day. A file that nobody
anywhere can mark waits; its centre's coordinator is told which, and what helps.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from issuer import attempts, scope
from issuer.audit import record
from issuer.crossing_tables import CrossDraw
from issuer.tables import Appointment, Person, Submission, SubmissionState
from web.languages import N_

_OPEN = (
    SubmissionState.SENT,
    SubmissionState.MARKING,
    SubmissionState.SECOND_MARKING,
    SubmissionState.APPEALED,
)
_EXPERT = 3

NEEDS_LEAD = N_("Somebody who is appointed for expert level must look. There is nobody.")
NEEDS_SECOND = N_("A second examiner must look. Whoever marked it first does not look again.")
NEEDS_ANYBODY = N_("Nobody who may mark it is appointed for this skill and language.")


@dataclass(frozen=True)
class Waiting:
    """A file that nobody can mark now, and what it lacks, as a msgid."""

    file: Submission
    why: str


@dataclass(frozen=True)
class Cover:
    """Who can mark a skill in a language for a centre: numbers of active examiners."""

    skill: str
    language: str
    here: int
    leads: int
    """Of those here, appointed for expert level."""
    elsewhere: bool
    """Whether another centre has somebody for expert level."""


def draw_if_nobody(session: Session, submission: Submission, *, now: datetime) -> bool:
    """Draw a file for other centres where its own has nobody and they have; True if it was."""
    if scope.is_drawn(session, submission):
        return False
    earlier = scope.looks(session, submission)
    able = scope.able(session, submission, earlier, now=now)
    here = scope.able(session, submission, earlier, elsewhere=False, now=now)
    known = attempts.marked_before(session, submission)
    if here and not attempts.is_somebody_new(submission, known, able):
        return False
    if any(one.person_id not in known for one in here):
        return False
    if not scope.is_anybody_able(session, submission, earlier, elsewhere=True, now=now):
        return False
    session.add(
        CrossDraw(
            submission_id=submission.id, round=scope.round_of(session, submission), drawn_at=now
        )
    )
    session.flush()
    record(session, "submission.drawn-across", submission.id, now=now)
    return True


def draw_all(
    session: Session, *, now: datetime, skill: str | None = None, language: str | None = None
) -> int:
    """Draw every open file that nobody of its own centre can mark; give how many.

    What somebody else has locked is left to them, or to the next time: waiting for it here, when
    events were written already, could wait for ever.
    """
    query = select(Submission).where(col(Submission.state).in_(_OPEN))
    if skill is not None:
        query = query.where(col(Submission.skill) == skill, col(Submission.language) == language)
    files = session.exec(
        query.order_by(col(Submission.number)).with_for_update(skip_locked=True)
    ).all()
    return sum(draw_if_nobody(session, one, now=now) for one in files)


def waiting(session: Session, centre: UUID, *, now: datetime) -> list[Waiting]:
    """List the files of a centre's candidates that nobody anywhere can mark, the oldest first."""
    files = session.exec(
        select(Submission)
        .join(Person, col(Person.id) == col(Submission.candidate_id))
        .where(col(Submission.state).in_(_OPEN), col(Person.organisation_id) == centre)
        .order_by(col(Submission.sent_at))
    ).all()
    return [
        Waiting(file, why) for file in files if (why := _why_it_waits(session, file, now=now)) != ""
    ]


def _why_it_waits(session: Session, file: Submission, *, now: datetime) -> str:
    earlier = scope.looks(session, file)
    if scope.is_anybody_able(session, file, earlier, now=now):
        return ""
    if any(one.proposed_level == _EXPERT for one in earlier) and not any(
        session.get_one(Appointment, one.appointment_id).level_ceiling >= _EXPERT for one in earlier
    ):
        return NEEDS_LEAD
    return NEEDS_SECOND if earlier else NEEDS_ANYBODY


def cover(session: Session, centre: UUID, *, now: datetime) -> list[Cover]:
    """Tell for each skill and language of a centre's examiners and open files who can mark it."""
    active = session.exec(
        select(Appointment, Person.organisation_id)
        .join(Person, col(Person.id) == col(Appointment.person_id))
        .where(
            col(Appointment.suspended_at).is_(None),
            col(Appointment.valid_from) <= now,
            col(Appointment.valid_until) > now,
        )
    ).all()
    asked = session.exec(
        select(Submission.skill, Submission.language)
        .join(Person, col(Person.id) == col(Submission.candidate_id))
        .where(col(Submission.state).in_(_OPEN), col(Person.organisation_id) == centre)
        .distinct()
    ).all()
    scopes = {(one.skill, one.language) for one, own in active if own == centre} | set(asked)
    return [_cover(wanted, active, centre) for wanted in sorted(scopes)]


def _cover(
    wanted: tuple[str, str], active: Iterable[tuple[Appointment, UUID]], centre: UUID
) -> Cover:
    fitting = [(one, own) for one, own in active if (one.skill, one.language) == wanted]
    return Cover(
        *wanted,
        here=len({one.person_id for one, own in fitting if own == centre}),
        leads=len(
            {
                one.person_id
                for one, own in fitting
                if own == centre and one.level_ceiling >= _EXPERT
            }
        ),
        elsewhere=any(own != centre and one.level_ceiling >= _EXPERT for one, own in fitting),
    )
