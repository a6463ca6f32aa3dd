"""Who may examine: nominated, invited, appointed, suspended, let go on, ended (domain B.3, B.4).

Two ways lead here: an expert badge of one's own (`issuer.eligibility`), or being named by one's
centre with a reason. Both go by the code of conduct and the calibration. A centre may do without
the calibration when two people say so: at the start there is nobody to calibrate with.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from issuer import accounts, appointment_badges, crossing, drawing_again, two_persons
from issuer.appointment_tables import (
    WITHOUT_GROUND,
    CalibrationResult,
    CalibrationRun,
    Cause,
    Nomination,
    NominationStep,
    Route,
    Stage,
)
from issuer.audit import record
from issuer.framework import Framework
from issuer.ground_tables import BadgeGround
from issuer.marks_tables import MarksDraft
from issuer.same_person import is_same_person
from issuer.statistics import agreement
from issuer.tables import Appointment, Assessment, Grant, Person, Role, Submission
from web.errors import Refused
from web.languages import N_

LASTS = timedelta(days=730)
"""24 months (domain B.3)."""
WARNED_BEFORE = timedelta(days=60)
CO_EXAMINER_CEILING = 2
"""What somebody appointed by a badge may give alone (domain B.4-4)."""
LAST_FILES = 10
"""Agreement is judged over so many files marked twice (domain B.4-6)."""
LEAST_EXACT = 0.4
"""[D] Below this share of equal levels somebody is suspended."""
LEAST_WEIGHTED_KAPPA = 0.4
"""[D] Below "moderate" (Landis and Koch 1977), with quadratic weights."""
MAX_REASON = 500

_OVER = (Stage.ENDED, Stage.EXPIRED)
_DOUBTED = (Cause.BADGE, Cause.AGREEMENT, Cause.EQUAL)
"""After these some of what was decided is looked at again; that nobody answers is no doubt."""
_ALLOWED: dict[Stage, tuple[Stage, ...]] = {
    Stage.ELIGIBLE: (Stage.INVITED, Stage.ENDED),
    Stage.INVITED: (Stage.CALIBRATING, Stage.ACTIVE, Stage.ENDED),
    Stage.CALIBRATING: (Stage.ACTIVE, Stage.ENDED),
    Stage.ACTIVE: (Stage.SUSPENDED, Stage.ENDED, Stage.EXPIRED),
    Stage.SUSPENDED: (Stage.ACTIVE, Stage.ENDED, Stage.EXPIRED),
}


@dataclass(frozen=True)
class Listed:
    """One line of the coordinator's list."""

    nomination: Nomination
    name: str
    alias: str
    last: NominationStep
    valid_until: datetime | None
    shared: int
    """Of the last files marked twice; how many there are."""
    same: int
    """On how many of them the levels were equal."""
    passed: bool
    failed: int
    """Tries without success in this round of calibration."""


# --- coming in ------------------------------------------------------------------------------------


def nominate(
    session: Session,
    person_id: UUID,
    framework: Framework,
    *,
    skill: str,
    language: str,
    level_ceiling: int,
    reason: str,
    by: UUID,
    now: datetime,
) -> Nomination:
    """Name a professional of one's own centre; they are invited with that."""
    person = session.get(Person, person_id)
    if person is None or person.organisation_id != session.get_one(Person, by).organisation_id:
        raise Refused(N_("There is nothing at this address."), status=404, code="unknown")
    if person_id == by:
        raise Refused(N_("Nobody appoints themselves."), status=403, code="own-appointment")
    if skill not in framework.skills or language not in framework.languages:
        raise Refused(N_("Choose a skill and a language."), status=422, code="scope")
    if level_ceiling not in (1, 2, 3):
        raise Refused(N_("Choose a level."), status=422, code="level")
    return begin(
        session,
        Nomination(
            person_id=person_id,
            skill=skill,
            language=language,
            route=Route.INSTITUTION,
            level_ceiling=level_ceiling,
            reason=_checked(reason),
            stage=Stage.INVITED,
            nominated_by=by,
        ),
        by=by,
        now=now,
    )


def name_professional(
    session: Session, name: str, *, by: UUID, now: datetime
) -> tuple[Person, str]:
    """Make an account with an examiner's role in the coordinator's centre; give it and its code."""
    centre = session.get_one(Person, by).organisation_id
    person = accounts.create_person(session, centre, name, Role.EXAMINER)
    return person, accounts.invite(session, person.id, now=now)


def begin(
    session: Session, nomination: Nomination, *, by: UUID | None, now: datetime
) -> Nomination:
    """Write down a new nomination, one for a person, skill and language at a time."""
    try:
        with session.begin_nested():
            session.add(nomination)
    except IntegrityError as error:
        raise Refused(
            N_("This person is on the list for it already."), status=409, code="nominated-already"
        ) from error
    _note(session, nomination, by=by, reason=nomination.reason, now=now)
    return nomination


def invite(session: Session, nomination_id: UUID, *, by: UUID, now: datetime) -> None:
    """Ask somebody who is eligible to examine."""
    nomination = of_own_centre(session, nomination_id, by=by)
    if nomination.stage != Stage.ELIGIBLE:
        raise _not_possible()
    nomination.nominated_by = by
    _move(session, nomination, Stage.INVITED, by=by, now=now)


def accept_conduct(
    session: Session, nomination_id: UUID, framework: Framework, *, person_id: UUID, now: datetime
) -> None:
    """Keep that somebody accepted the code of conduct; then they calibrate, or may begin."""
    nomination = own(session, nomination_id, person_id=person_id)
    if nomination.stage != Stage.INVITED or nomination.conduct_accepted_at is not None:
        raise _not_possible()
    nomination.conduct_accepted_at = now
    record(session, "conduct.accepted", nomination.id, by=person_id, now=now)
    if nomination.waived_by is None and has_files(framework, nomination.skill):
        _move(session, nomination, Stage.CALIBRATING, by=person_id, now=now)
    else:
        begin_when_ready(session, nomination, by=person_id, now=now)


def waive(session: Session, nomination_id: UUID, *, by: UUID, reason: str, now: datetime) -> None:
    """Ask to appoint somebody without a passed calibration; a second person must confirm."""
    nomination = of_own_centre(session, nomination_id, by=by)
    if nomination.stage not in (Stage.INVITED, Stage.CALIBRATING):
        raise _not_possible()
    if nomination.waived_by is not None:
        raise Refused(
            N_("Someone asked for this already. A second person must confirm."),
            status=409,
            code="asked-already",
        )
    nomination.waived_by, nomination.waived_reason = by, _checked(reason)
    session.add(nomination)
    session.flush()
    record(session, "calibration.waiver-asked", nomination.id, by=by, now=now)


def confirm(session: Session, nomination_id: UUID, *, by: UUID, now: datetime) -> None:
    """Agree, as a second person of the centre, that somebody is appointed without calibration."""
    nomination = of_own_centre(session, nomination_id, by=by)
    if nomination.waived_by is None or nomination.confirmed_by is not None:
        raise _not_possible()
    if nomination.stage not in (Stage.INVITED, Stage.CALIBRATING):
        raise _not_possible()
    two_persons.check(session, nomination.waived_by, by)
    if is_same_person(session, nomination.person_id, by):
        raise Refused(N_("Nobody spares themselves."), status=403, code="own-appointment")
    nomination.confirmed_by = by
    session.add(nomination)
    session.flush()
    record(session, "calibration.waived", nomination.id, by=by, now=now)
    begin_when_ready(session, nomination, by=by, now=now)


def begin_when_ready(
    session: Session, nomination: Nomination, *, by: UUID | None, now: datetime
) -> None:
    """Appoint somebody who accepted the code of conduct and passed, or was spared by two people."""
    if nomination.stage not in (Stage.INVITED, Stage.CALIBRATING):
        return
    spared = nomination.confirmed_by is not None
    if nomination.conduct_accepted_at is None or not (spared or has_passed(session, nomination)):
        session.add(nomination)
        session.flush()
        return
    appointment = accounts.appoint(
        session,
        nomination.person_id,
        skill=nomination.skill,
        language=nomination.language,
        level_ceiling=nomination.level_ceiling,
        reason=nomination.reason,
        now=now,
        lasts=LASTS,
    )
    nomination.appointment_id = appointment.id
    if session.get(Grant, (nomination.person_id, Role.EXAMINER)) is None:
        person = session.get_one(Person, nomination.person_id)
        two_persons.refuse_second_account(session, person, person.contact_hash)
        session.add(Grant(person_id=nomination.person_id, role=Role.EXAMINER))
    _move(session, nomination, Stage.ACTIVE, by=by, now=now)
    crossing.draw_all(session, skill=nomination.skill, language=nomination.language, now=now)


# --- going out ------------------------------------------------------------------------------------


def suspend(session: Session, nomination_id: UUID, *, by: UUID, reason: str, now: datetime) -> None:
    """Let somebody of one's centre mark nothing more for now, with a reason."""
    nomination = of_own_centre(session, nomination_id, by=by)
    if nomination.stage != Stage.ACTIVE:
        raise _not_possible()
    _suspend(session, nomination, Cause.COORDINATOR, by=by, reason=_checked(reason), now=now)


def lift(session: Session, nomination_id: UUID, *, by: UUID, reason: str, now: datetime) -> None:
    """Let somebody go on; after low agreement only when they passed a new calibration.

    Where the badge behind it gives no ground any more, the centre answers for them from now on.
    """
    nomination = of_own_centre(session, nomination_id, by=by)
    if nomination.stage != Stage.SUSPENDED:
        raise _not_possible()
    if nomination.suspended_for == Cause.BADGE:
        raise Refused(
            N_("The badge behind it does not count. It takes a new one."),
            status=409,
            code="badge-gone",
        )
    if nomination.suspended_for == Cause.AGREEMENT and not has_passed(session, nomination):
        raise Refused(N_("First comes a new calibration."), status=409, code="calibration-needed")
    why = _checked(reason)
    if nomination.suspended_for in WITHOUT_GROUND:
        answer_for(session, nomination, by=by, reason=why, now=now)
    appointment = _appointment(session, nomination)
    appointment.suspended_at = None
    nomination.suspended_for, nomination.counted_from = None, now
    _move(session, nomination, Stage.ACTIVE, by=by, reason=why, now=now)


def answer_for(
    session: Session, nomination: Nomination, *, by: UUID, reason: str, now: datetime
) -> None:
    """Let the right of an expert rest on the word of their centre instead of their badge.

    `nomination` is locked, and of the centre of `by`. What was kept of the badge goes.
    """
    if is_same_person(session, nomination.person_id, by):
        raise Refused(N_("Nobody appoints themselves."), status=403, code="own-appointment")
    nomination.kept_by, nomination.kept_at = by, now
    nomination.kept_reason = _checked(reason)
    session.add(nomination)
    session.flush()
    _forget_ground(session, nomination)
    record(session, "examiner.kept", nomination.id, by=by, now=now)


def end(session: Session, nomination_id: UUID, *, by: UUID, reason: str, now: datetime) -> None:
    """End it for good; what was decided stays."""
    nomination = of_own_centre(session, nomination_id, by=by)
    if nomination.stage in _OVER:
        raise _not_possible()
    why = _checked(reason)
    if nomination.appointment_id is not None:
        appointment = _appointment(session, nomination)
        appointment.valid_until = min(appointment.valid_until, now)
    nomination.suspended_for = None
    _move(session, nomination, Stage.ENDED, by=by, reason=why, now=now)
    crossing.draw_all(session, skill=nomination.skill, language=nomination.language, now=now)


def examined_ever(session: Session, person_id: UUID) -> bool:
    """Tell whether somebody was ever appointed, or on the way there."""
    found = session.exec(
        select(Nomination.id).where(col(Nomination.person_id) == person_id).limit(1)
    ).first()
    appointed = session.exec(
        select(Appointment.id).where(col(Appointment.person_id) == person_id).limit(1)
    ).first()
    return found is not None or appointed is not None


def end_all_of(session: Session, person_id: UUID, *, now: datetime) -> None:
    """End every appointment of somebody who goes, and every way to one; what was decided stays."""
    nominations = session.exec(
        select(Nomination)
        .where(col(Nomination.person_id) == person_id, col(Nomination.stage).not_in(_OVER))
        .with_for_update()
    ).all()
    for appointment in session.exec(
        select(Appointment)
        .where(col(Appointment.person_id) == person_id, col(Appointment.valid_until) > now)
        .with_for_update()
    ):
        appointment.valid_until = now
        session.add(appointment)
        appointment_badges.end(session, appointment.id, now=now)
    session.flush()
    for one in nominations:
        one.suspended_for = None
        _move(session, one, Stage.ENDED, by=person_id, now=now)


def badge_fell(session: Session, badge_id: str, *, now: datetime) -> int:
    """Suspend at once whose right rests on a badge that no longer counts; give how many."""
    which = col(Nomination.badge_id) == badge_id
    return len(lose_ground(session, which, Cause.BADGE, now=now))


def lose_ground(
    session: Session, which: ColumnElement[bool], cause: Cause, *, now: datetime
) -> list[Nomination]:
    """Suspend those whose right has no ground any more; give them.

    Whoever was not appointed yet is no longer eligible.
    """
    rows = session.exec(
        select(Nomination)
        .where(which, col(Nomination.stage).not_in([*_OVER, Stage.SUSPENDED]))
        .order_by(col(Nomination.id))
        .with_for_update()
    ).all()
    _end_badges(session, rows, now=now)
    for one in rows:
        if one.stage == Stage.ACTIVE:
            _suspend(session, one, cause, by=None, reason="", now=now)
        else:
            _move(session, one, Stage.ENDED, by=None, now=now)
    return list(rows)


def watch_agreement(
    session: Session, submission: Submission, examiners: Sequence[UUID], *, now: datetime
) -> None:
    """Suspend each of the examiners of a file whose last ten shared files agree too little.

    All rows are locked before the first event is written, as `issuer.audit` asks.
    """
    active = session.exec(
        select(Nomination)
        .where(
            col(Nomination.person_id).in_(examiners),
            col(Nomination.skill) == submission.skill,
            col(Nomination.language) == submission.language,
            col(Nomination.stage) == Stage.ACTIVE,
        )
        .order_by(col(Nomination.id))
        .with_for_update()
    ).all()
    low = [
        one
        for one in active
        if len(pairs := last_pairs(session, one)) == LAST_FILES and is_too_low(pairs)
    ]
    _end_badges(session, low, now=now)
    for nomination in low:
        nomination.round += 1
        _suspend(session, nomination, Cause.AGREEMENT, by=None, reason="", now=now)


def is_too_low(pairs: Sequence[tuple[int, int]]) -> bool:
    """Tell whether levels given beside those of others agree too little."""
    found = agreement(pairs)
    if found is None:
        return False
    kappa = found.weighted_kappa
    return found.exact < LEAST_EXACT or (kappa is not None and kappa < LEAST_WEIGHTED_KAPPA)


def last_pairs(session: Session, nomination: Nomination) -> list[tuple[int, int]]:
    """Give the level of the examiner and of the next other one, on their last ten shared files."""
    marked = (
        select(Assessment)
        .join(Submission, col(Submission.id) == col(Assessment.submission_id))
        .where(
            col(Assessment.examiner_id) == nomination.person_id,
            col(Submission.skill) == nomination.skill,
            col(Submission.language) == nomination.language,
        )
        .order_by(col(Assessment.submitted_at).desc())
    )
    if nomination.counted_from is not None:
        marked = marked.where(col(Assessment.submitted_at) > nomination.counted_from)
    pairs: list[tuple[int, int]] = []
    for mine in session.exec(marked):
        other = session.exec(
            select(Assessment.proposed_level)
            .where(
                col(Assessment.submission_id) == mine.submission_id,
                col(Assessment.round) == mine.round,
                col(Assessment.examiner_id) != mine.examiner_id,
            )
            .order_by(col(Assessment.ordinal))
        ).first()
        if other is not None:
            pairs.append((mine.proposed_level, other))
        if len(pairs) == LAST_FILES:
            break
    return pairs


def expire(session: Session, *, now: datetime) -> int:
    """Note the appointments whose time is over; give how many."""
    over = session.exec(
        select(Nomination)
        .join(Appointment, col(Appointment.id) == col(Nomination.appointment_id))
        .where(
            col(Nomination.stage).in_([Stage.ACTIVE, Stage.SUSPENDED]),
            col(Appointment.valid_until) <= now,
        )
        .with_for_update(skip_locked=True, of=Nomination)
    ).all()
    for one in over:
        one.suspended_for = None
        _move(session, one, Stage.EXPIRED, by=None, now=now)
    return len(over)


def adopt(session: Session, *, now: datetime) -> int:
    """Give a history to appointments that were made when a centre was set up; give how many."""
    known = select(Nomination.appointment_id).where(col(Nomination.appointment_id).is_not(None))
    older = session.exec(
        select(Appointment)
        .where(
            col(Appointment.id).not_in(known),
            col(Appointment.suspended_at).is_(None),
            col(Appointment.valid_until) > now,
        )
        .order_by(col(Appointment.level_ceiling).desc())
    ).all()
    adopted = 0
    for one in older:
        if of_scope(session, one.person_id, one.skill, one.language) is not None:
            continue
        nomination = Nomination(
            person_id=one.person_id,
            skill=one.skill,
            language=one.language,
            route=Route.INSTITUTION,
            level_ceiling=one.level_ceiling,
            reason=one.reason,
            stage=Stage.ACTIVE,
            appointment_id=one.id,
        )
        with suppress(Refused):  # another process that starts now was faster
            begin(session, nomination, by=None, now=now)
            adopted += 1
    return adopted


# --- looking --------------------------------------------------------------------------------------


def has_files(framework: Framework, skill: str) -> bool:
    """Tell whether a framework has reference files for a skill: else nobody calibrates."""
    return bool(framework.references(skill))


def has_passed(session: Session, nomination: Nomination) -> bool:
    """Tell whether somebody passed the calibration of this round."""
    return (
        session.exec(_results(nomination).where(col(CalibrationResult.passed))).first() is not None
    )


def tries(session: Session, nomination: Nomination) -> int:
    """Count the tries of this round that are finished."""
    return len(session.exec(_results(nomination)).all())


def own(session: Session, nomination_id: UUID, *, person_id: UUID) -> Nomination:
    """Give a nomination of somebody's own, locked; nobody else's."""
    return _locked(session, nomination_id, lambda found: found.person_id == person_id)


def seen(session: Session, nomination_id: UUID, *, person_id: UUID) -> Nomination:
    """Give a nomination of somebody's own to look at: without a lock, so also where one reads."""
    found = session.get(Nomination, nomination_id)
    if found is None or found.person_id != person_id:
        raise _unknown()
    return found


def of_own_centre(session: Session, nomination_id: UUID, *, by: UUID) -> Nomination:
    """Give a nomination of somebody in the same centre, locked; nobody acts on their own."""
    centre = session.get_one(Person, by).organisation_id
    found = _locked(
        session,
        nomination_id,
        lambda one: session.get_one(Person, one.person_id).organisation_id == centre,
    )
    if found.person_id == by:
        raise Refused(N_("Nobody appoints themselves."), status=403, code="own-appointment")
    return found


def of_scope(session: Session, person_id: UUID, skill: str, language: str) -> Nomination | None:
    """Give the nomination of a person for a skill and language that is not over."""
    return session.exec(
        select(Nomination).where(
            col(Nomination.person_id) == person_id,
            col(Nomination.skill) == skill,
            col(Nomination.language) == language,
            col(Nomination.stage).not_in(_OVER),
        )
    ).one_or_none()


def of_person(session: Session, person_id: UUID) -> list[Nomination]:
    """List a person's own nominations that are not over."""
    return list(
        session.exec(
            select(Nomination)
            .where(col(Nomination.person_id) == person_id, col(Nomination.stage).not_in(_OVER))
            .order_by(col(Nomination.skill), col(Nomination.language))
        )
    )


def stopped_lately(session: Session, person_id: UUID, *, now: datetime) -> list[Nomination]:
    """List a person's ways to examining that ended by themselves within 60 days."""
    ended = select(NominationStep.nomination_id).where(
        col(NominationStep.stage) == Stage.ENDED,
        col(NominationStep.by).is_(None),
        col(NominationStep.at) > now - WARNED_BEFORE,
    )
    return list(
        session.exec(
            select(Nomination)
            .where(
                col(Nomination.person_id) == person_id,
                col(Nomination.stage) == Stage.ENDED,
                col(Nomination.id).in_(ended),
            )
            .order_by(col(Nomination.skill), col(Nomination.language))
        )
    )


def run_out_soon(session: Session, person_id: UUID, *, now: datetime) -> list[Appointment]:
    """List a person's appointments that run out within 60 days."""
    return list(
        session.exec(
            select(Appointment).where(
                col(Appointment.person_id) == person_id,
                col(Appointment.valid_until) > now,
                col(Appointment.valid_until) <= now + WARNED_BEFORE,
            )
        )
    )


def listed(session: Session, *, by: UUID) -> list[Listed]:
    """List the nominations of the coordinator's centre."""
    rows = session.exec(
        select(Nomination, Person)
        .join(Person, col(Person.id) == col(Nomination.person_id))
        .where(col(Person.organisation_id) == session.get_one(Person, by).organisation_id)
        .order_by(col(Person.display_name), col(Nomination.skill), col(Nomination.language))
    ).all()
    return [_listed(session, nomination, person) for nomination, person in rows]


def history(session: Session, nomination_id: UUID) -> list[NominationStep]:
    """List every step of a nomination, the oldest first."""
    return list(
        session.exec(
            select(NominationStep)
            .where(col(NominationStep.nomination_id) == nomination_id)
            .order_by(col(NominationStep.ordinal))
        )
    )


def _listed(session: Session, nomination: Nomination, person: Person) -> Listed:
    pairs = last_pairs(session, nomination)
    appointed = nomination.appointment_id and session.get(Appointment, nomination.appointment_id)
    passed = has_passed(session, nomination)
    return Listed(
        nomination=nomination,
        name=person.display_name,
        alias=person.alias,
        last=history(session, nomination.id)[-1],
        valid_until=appointed.valid_until if appointed else None,
        shared=len(pairs),
        same=sum(mine == other for mine, other in pairs),
        passed=passed,
        failed=0 if passed else tries(session, nomination),
    )


def _results(nomination: Nomination) -> SelectOfScalar[CalibrationResult]:
    return (
        select(CalibrationResult)
        .join(CalibrationRun, col(CalibrationRun.id) == col(CalibrationResult.run_id))
        .where(
            col(CalibrationRun.nomination_id) == nomination.id,
            col(CalibrationRun.round) == nomination.round,
        )
    )


def _locked(
    session: Session, nomination_id: UUID, fits: Callable[[Nomination], bool]
) -> Nomination:
    found = session.get(Nomination, nomination_id, with_for_update=True)
    if found is None or not fits(found):
        raise _unknown()
    return found


def _appointment(session: Session, nomination: Nomination) -> Appointment:
    found = session.get_one(Appointment, nomination.appointment_id)
    session.add(found)
    return found


def _suspend(
    session: Session,
    nomination: Nomination,
    cause: Cause,
    *,
    by: UUID | None,
    reason: str,
    now: datetime,
) -> None:
    _appointment(session, nomination).suspended_at = now
    nomination.suspended_for = cause
    _move(session, nomination, Stage.SUSPENDED, by=by, reason=reason, now=now)
    if cause in (Cause.BADGE, *WITHOUT_GROUND):
        _forget_ground(session, nomination)
    files = select(Submission.id).where(
        col(Submission.skill) == nomination.skill, col(Submission.language) == nomination.language
    )
    session.exec(
        delete(MarksDraft).where(
            col(MarksDraft.examiner_id) == nomination.person_id,
            col(MarksDraft.submission_id).in_(files),
        )
    )
    if cause in _DOUBTED:
        drawing_again.draw(session, nomination, now=now)
    crossing.draw_all(session, skill=nomination.skill, language=nomination.language, now=now)


def _forget_ground(session: Session, nomination: Nomination) -> None:
    """Delete what was kept of a badge of another issuer: nothing rests on it any more."""
    session.exec(delete(BadgeGround).where(col(BadgeGround.nomination_id) == nomination.id))


def _end_badges(session: Session, nominations: Sequence[Nomination], *, now: datetime) -> None:
    """Cancel the badges of several appointments, before the first event of them is written."""
    for one in nominations:
        if one.appointment_id is not None:
            appointment_badges.end(session, one.appointment_id, now=now)


def _move(
    session: Session,
    nomination: Nomination,
    stage: Stage,
    *,
    by: UUID | None,
    now: datetime,
    reason: str = "",
) -> None:
    """Change the stage of a nomination: the only place that does.

    Whoever is not active has no badge of an appointment that counts.
    """
    if stage not in _ALLOWED.get(Stage(nomination.stage), ()):
        raise _not_possible()
    nomination.stage = stage
    session.add(nomination)
    session.flush()
    if stage != Stage.ACTIVE:
        _end_badges(session, [nomination], now=now)
    if stage in _OVER:
        _forget_ground(session, nomination)
    _note(session, nomination, by=by, reason=reason, now=now)


def _note(
    session: Session, nomination: Nomination, *, by: UUID | None, reason: str, now: datetime
) -> None:
    last = session.exec(
        select(func.max(NominationStep.ordinal)).where(
            col(NominationStep.nomination_id) == nomination.id
        )
    ).one()
    session.add(
        NominationStep(
            nomination_id=nomination.id,
            ordinal=(last or 0) + 1,
            stage=nomination.stage,
            at=now,
            by=by,
            reason=reason,
        )
    )
    session.flush()
    record(session, f"examiner.{nomination.stage}", nomination.id, by=by, now=now)


def _checked(reason: str) -> str:
    text = reason.strip()
    if not text or len(text) > MAX_REASON:
        raise Refused(N_("Write a reason of 1 to 500 letters."), status=422, code="reason")
    return text


def _unknown() -> Refused:
    return Refused(N_("There is nothing at this address."), status=404, code="unknown")


def _not_possible() -> Refused:
    return Refused(N_("This is not possible now."), status=409, code="not-possible")
