"""What an appointment covers beyond skill and language: level 3, and which centres.

- Level 3 (domain B.4-4). Who was appointed by an expert badge gives levels 1 and 2 alone and is a
  co-examiner for level 3: of the examiners of such a file at least one has level 3 as ceiling. So a
  co-examiner may propose it first, since a second look follows anyway, which is then kept for
  somebody with the ceiling; or later, when such a one has looked.
- Two centres (B.5-4). Of the examiners of a level-3 file one is of another centre than the
  candidate's, where another centre has somebody who may look at it. Where none has, another person
  of the same centre will do: a country with one centre must not wait for ever.
- Drawn files (B.5-30). Examiners get the files of their own centre. One of another centre comes to
  them only when it was drawn: for a second look, or since nobody of that centre can mark it
  (`issuer.crossing`).
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from issuer import superseding
from issuer.accounts import centre_of
from issuer.appeal_tables import Appeal
from issuer.appointment_tables import Nomination, Route
from issuer.crossing_tables import CrossDraw
from issuer.same_person import is_same_person
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
    centre = centre_of(session, submission.candidate_id)
    if centre == centre_of(session, appointment.person_id):
        if needs_elsewhere(session, submission, earlier) and is_anybody_able(
            session, submission, earlier, elsewhere=True, now=now
        ):
            return Refused(
                N_("Expert level takes two centres. An examiner of another one looks now."),
                status=403,
                code="elsewhere",
            )
        return None
    if is_drawn(session, submission):
        return None
    return Refused(
        N_("This file is of another centre, which has examiners of its own."),
        status=403,
        code="other-centre",
    )


def needs_elsewhere(
    session: Session, submission: Submission, earlier: Sequence[Assessment]
) -> bool:
    """Tell whether the next look at a file belongs to another centre than the candidate's."""
    centre = centre_of(session, submission.candidate_id)
    return any(one.proposed_level == _EXPERT for one in earlier) and all(
        centre_of(session, one.examiner_id) == centre for one in earlier
    )


def is_drawn(session: Session, submission: Submission) -> bool:
    """Tell whether examiners of other centres see a file now."""
    if submission.state == SubmissionState.SECOND_MARKING:
        return True
    round_ = round_of(session, submission)
    return session.get(CrossDraw, (submission.id, round_)) is not None


def is_anybody_able(
    session: Session,
    submission: Submission,
    earlier: Sequence[Assessment],
    *,
    now: datetime,
    elsewhere: bool | None = None,
) -> bool:
    """Tell whether there is somebody as `able` lists them."""
    found = _able(session, submission, earlier, now=now, elsewhere=elsewhere)
    return next(found, None) is not None


def able(
    session: Session,
    submission: Submission,
    earlier: Sequence[Assessment],
    *,
    now: datetime,
    elsewhere: bool | None = None,
) -> list[Appointment]:
    """List who is appointed for a file and could look at it now, drawn or not.

    Nobody who knows the person, is the person, marked the file before or released it; where only
    somebody with the ceiling may look now, only those. `elsewhere` keeps those of other centres
    than the candidate's, or those of this one.
    """
    return list(_able(session, submission, earlier, now=now, elsewhere=elsewhere))


def _able(
    session: Session,
    submission: Submission,
    earlier: Sequence[Assessment],
    *,
    now: datetime,
    elsewhere: bool | None,
) -> Iterator[Appointment]:
    needs_lead = any(one.proposed_level == _EXPERT for one in earlier) and not _has_lead(
        session, earlier
    )
    centre = centre_of(session, submission.candidate_id)
    rows = session.exec(
        select(Appointment)
        .join(Person, col(Person.id) == col(Appointment.person_id))
        .where(
            col(Appointment.skill) == submission.skill,
            col(Appointment.language) == submission.language,
            col(Appointment.level_ceiling) >= (_EXPERT if needs_lead else 1),
            col(Appointment.suspended_at).is_(None),
            col(Appointment.valid_from) <= now,
            col(Appointment.valid_until) > now,
            col(Appointment.person_id).not_in(
                select(Conflict.examiner_id).where(col(Conflict.submission_id) == submission.id)
            ),
            col(Appointment.person_id).not_in(
                select(Assessment.examiner_id).where(col(Assessment.submission_id) == submission.id)
            ),
            *(() if elsewhere is None else (_is_elsewhere(centre, elsewhere=elsewhere),)),
        )
    ).all()
    return (
        one
        for one in rows
        if not is_same_person(session, submission.candidate_id, one.person_id)
        and not superseding.released_by(session, submission.id, one.person_id)
    )


def others(
    session: Session,
    submission: Submission,
    earlier: Sequence[Assessment],
    *,
    now: datetime,
) -> list[Appointment]:
    """List who could look at a file now by the rule of two centres: of elsewhere if it asks so."""
    if needs_elsewhere(session, submission, earlier):
        found = able(session, submission, earlier, elsewhere=True, now=now)
        if found:
            return found
    return able(session, submission, earlier, now=now)


def round_of(session: Session, submission: Submission) -> int:
    """Give the round that marks handed in now belong to: 2 after an appeal."""
    return 1 if session.get(Appeal, submission.id) is None else 2


def looks(session: Session, submission: Submission) -> list[Assessment]:
    """Give the marks of the round that a file is in, in order."""
    return list(
        session.exec(
            select(Assessment)
            .where(
                col(Assessment.submission_id) == submission.id,
                col(Assessment.round) == round_of(session, submission),
            )
            .order_by(col(Assessment.ordinal))
        )
    )


def _has_lead(session: Session, earlier: Sequence[Assessment]) -> bool:
    return any(
        session.get_one(Appointment, one.appointment_id).level_ceiling >= _EXPERT for one in earlier
    )


def _is_elsewhere(centre: UUID, *, elsewhere: bool) -> ColumnElement[bool]:
    column = col(Person.organisation_id)
    return column != centre if elsewhere else column == centre


def _nomination(session: Session, appointment_id: UUID) -> Nomination | None:
    return session.exec(
        select(Nomination).where(col(Nomination.appointment_id) == appointment_id)
    ).one_or_none()
