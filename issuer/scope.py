"""What an appointment covers beyond skill and language: level 3, centres, second looks.

- Level 3 (domain B.4-4). Who was appointed by an expert badge gives levels 1 and 2 alone and is a
  co-examiner for level 3: of the examiners of such a file at least one has level 3 as ceiling. So a
  co-examiner may propose it first, since a second look follows anyway, which is then kept for
  somebody with the ceiling; or later, when such a one has looked.
- Centres (B.5-30). Examiners get the files of their own centre. Those of another one come to them
  only when drawn for a second look, or when nobody of that centre can mark them.
- The second look at a level-3 file (B.5-4) had better come from another centre than the
  candidate's, where such an examiner exists. This orders the queue and is no refusal: a small
  centre must not wait for ever ("different trainer").
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlmodel import Session, col, select

from issuer import attempts
from issuer.appeal_tables import Appeal
from issuer.appointment_tables import Nomination, Route
from issuer.tables import (
    Appointment,
    Assessment,
    Conflict,
    Person,
    Submission,
    SubmissionState,
)
from web.errors import Refused
from web.languages import N_

_EXPERT = 3
_EVER = datetime.min.replace(tzinfo=UTC)


def may_propose(
    session: Session, appointment: Appointment, level: int, earlier: Sequence[Assessment]
) -> bool:
    """Tell whether a level may be proposed under an appointment, after `earlier` examiners."""
    if level <= appointment.level_ceiling:
        return True
    if level != _EXPERT or not is_co_examiner(session, appointment):
        return False
    return not earlier or _has_lead(session, earlier)


def is_co_examiner(session: Session, appointment: Appointment) -> bool:
    """Tell whether an appointment rests on an expert badge."""
    nomination = _nomination(session, appointment.id)
    return nomination is not None and nomination.route == Route.EXPERT


def counts_from(session: Session, appointment_id: UUID) -> datetime:
    """Give since when files count as an examiner's first ones: anew after a suspension."""
    nomination = _nomination(session, appointment_id)
    return (nomination.counted_from if nomination else None) or _EVER


def why_not(
    session: Session,
    submission: Submission,
    appointment: Appointment,
    earlier: Sequence[Assessment],
    *,
    now: datetime,
) -> Refused | None:
    """Say why an appointed examiner may not mark a file, if so."""
    tried = any(one.proposed_level == _EXPERT for one in earlier)
    if tried and appointment.level_ceiling < _EXPERT and not _has_lead(session, earlier):
        return Refused(
            N_("An examiner who is appointed for expert level looks now."),
            status=403,
            code="lead-needed",
        )
    centre = _centre(session, submission.candidate_id)
    if centre == _centre(session, appointment.person_id):
        return None
    drawn = submission.state == SubmissionState.SECOND_MARKING
    if drawn or not _somebody_of(session, centre, submission, now=now):
        return None
    return Refused(
        N_("This file is of another centre, which has examiners of its own."),
        status=403,
        code="other-centre",
    )


def better_elsewhere(
    session: Session, files: Collection[Submission], examiner_id: UUID, *, now: datetime
) -> frozenset[UUID]:
    """Name the level-3 files whose second look had better come from another centre than one's own.

    Only where the first one came from the candidate's centre too, and another centre has somebody.
    """
    own = _centre(session, examiner_id)
    return frozenset(
        file.id
        for file in files
        if file.state == SubmissionState.SECOND_MARKING
        and own == _centre(session, file.candidate_id)
        and _is_expert_of(session, file, own)
        and _somebody_outside(session, own, file, now=now)
    )


def _is_expert_of(session: Session, file: Submission, centre: UUID) -> bool:
    rows = _assessments(session, file)
    return any(one.proposed_level == _EXPERT for one in rows) and all(
        _centre(session, one.examiner_id) == centre for one in rows
    )


def _somebody_of(session: Session, centre: UUID, file: Submission, *, now: datetime) -> bool:
    return any(
        _centre(session, person_id) == centre
        and not attempts.is_for_somebody_else(session, file, person_id, now=now)
        for person_id in _appointed(session, file, now=now)
    )


def _somebody_outside(session: Session, centre: UUID, file: Submission, *, now: datetime) -> bool:
    return any(
        _centre(session, person_id) != centre for person_id in _appointed(session, file, now=now)
    )


def _appointed(session: Session, file: Submission, *, now: datetime) -> list[UUID]:
    """List who is appointed for a file and may look at it: nobody with a conflict, nobody twice."""
    rows = session.exec(
        select(Appointment.person_id)
        .join(Person, col(Person.id) == col(Appointment.person_id))
        .where(
            col(Appointment.skill) == file.skill,
            col(Appointment.language) == file.language,
            col(Appointment.suspended_at).is_(None),
            col(Appointment.valid_from) <= now,
            col(Appointment.valid_until) > now,
            col(Appointment.person_id) != file.candidate_id,
            col(Appointment.person_id).not_in(
                select(Conflict.examiner_id).where(col(Conflict.submission_id) == file.id)
            ),
            col(Appointment.person_id).not_in(
                select(Assessment.examiner_id).where(col(Assessment.submission_id) == file.id)
            ),
        )
    ).all()
    contact = session.get_one(Person, file.candidate_id).contact_hash
    return [
        one
        for one in rows
        if contact is None or session.get_one(Person, one).contact_hash != contact
    ]


def _assessments(session: Session, file: Submission) -> list[Assessment]:
    """Give the marks of the round that a file is in."""
    round_ = 1 if session.get(Appeal, file.id) is None else 2
    found = session.exec(select(Assessment).where(col(Assessment.submission_id) == file.id)).all()
    return [one for one in found if one.round == round_]


def _has_lead(session: Session, earlier: Sequence[Assessment]) -> bool:
    return any(
        session.get_one(Appointment, one.appointment_id).level_ceiling >= _EXPERT for one in earlier
    )


def _nomination(session: Session, appointment_id: UUID) -> Nomination | None:
    return session.exec(
        select(Nomination).where(col(Nomination.appointment_id) == appointment_id)
    ).one_or_none()


def _centre(session: Session, person_id: UUID) -> UUID:
    return session.get_one(Person, person_id).organisation_id
