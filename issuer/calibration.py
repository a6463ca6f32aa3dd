"""Calibration: five reference files with agreed marks, before somebody marks real work (B.4-3).

Whoever gives the agreed level on four of five, and is never more than one level off, has passed.
There are two tries. Nothing of the agreed marks is shown before a try is over; then all of it is,
file by file. What was handed in is final: the tables are only added to.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from random import SystemRandom
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from issuer import appointments, assessment
from issuer.appointment_tables import (
    CalibrationMark,
    CalibrationResult,
    CalibrationRun,
    Cause,
    Nomination,
    Stage,
)
from issuer.assessment import Marking
from issuer.audit import record
from issuer.framework import Framework
from issuer.reference_files import FILES, ReferenceFile
from web.errors import Refused
from web.languages import N_

TRIES = 2
EXACT = 4
"""Of five files, so many at the agreed level."""
FURTHEST = 1

Shuffle = Callable[[list[str]], None]
_shuffle: Shuffle = SystemRandom().shuffle


@dataclass(frozen=True)
class Compared:
    """Somebody's marks on a file beside the agreed ones."""

    file: ReferenceFile
    own: CalibrationMark

    @property
    def off_by(self) -> int:
        """By how many levels: nought when it is the agreed one."""
        return self.own.level - self.file.level


@dataclass(frozen=True)
class Outcome:
    """A finished try, with what there was to learn from it."""

    nomination: Nomination
    run: CalibrationRun
    result: CalibrationResult
    files: tuple[Compared, ...]


def start(
    session: Session,
    nomination_id: UUID,
    framework: Framework,
    *,
    person_id: UUID,
    now: datetime,
    shuffle: Shuffle = _shuffle,
) -> CalibrationRun:
    """Begin a try, or go on with the one that is open.

    1. The nomination, with its row locked, is at the point where calibration is due.
    2. There is an open try, or one is left.
    3. Five files are drawn: those not seen before come first.
    """
    nomination = appointments.own(session, nomination_id, person_id=person_id)  # 1
    if not is_due(nomination) or appointments.has_passed(session, nomination):
        raise Refused(N_("This is not possible now."), status=409, code="not-possible")
    before = runs(session, nomination)  # 2
    if before and result_of(session, before[-1].id) is None:
        return before[-1]
    if len(before) >= TRIES:
        raise Refused(
            N_("Both tries are used. Your coordinator decides."), status=409, code="no-try-left"
        )
    run = CalibrationRun(
        nomination_id=nomination.id,
        round=nomination.round,
        number=len(before) + 1,
        files=_drawn(session, nomination, framework, shuffle),  # 3
        started_at=now,
    )
    session.add(run)
    session.flush()
    record(session, "calibration.started", run.id, by=person_id, now=now)
    return run


def mark(
    session: Session,
    run_id: UUID,
    file_id: str,
    marking: Marking,
    framework: Framework,
    *,
    person_id: UUID,
    now: datetime,
) -> CalibrationResult | None:
    """Hand in the marks of one file; give the result if it was the last.

    1. The try is the person's own and open, and the file is one of it.
    2. The marks fit the rubric, by the rules for real work.
    3. They are written down; they never change. 4. The fifth ends the try.
    """
    nomination, run, file = file_of(  # 1
        session, run_id, file_id, framework, person_id=person_id, look=appointments.own
    )
    problems = check(framework, nomination, file, marking)  # 2
    if problems:
        raise Refused(next(iter(problems.values())), status=422, code="marking")
    row = CalibrationMark(
        run_id=run.id,
        file_id=file.id,
        marks=dict(marking.marks),
        notes={name: note.strip() for name, note in marking.notes.items() if note.strip()},
        level=marking.level,
        marked_at=now,
    )
    try:
        with session.begin_nested():
            session.add(row)  # 3
    except IntegrityError as error:
        raise _marked_already() from error
    record(session, "calibration.marked", run.id, by=person_id, now=now)
    done = marks(session, run.id)
    if len(done) < len(run.files):
        return None
    return _finish(session, nomination, run, done, framework, now=now)  # 4


def check(
    framework: Framework, nomination: Nomination, file: ReferenceFile, marking: Marking
) -> dict[str, str]:
    """Give what is wrong with a marking, field by field, as for real work."""
    aimed = framework.scenario_by_id(file.set, nomination.language).level
    return assessment.check_marking(framework, nomination.skill, marking, aimed=aimed)


def file_of(
    session: Session,
    run_id: UUID,
    file_id: str,
    framework: Framework,
    *,
    person_id: UUID,
    look: Callable[..., Nomination] = appointments.seen,
) -> tuple[Nomination, CalibrationRun, ReferenceFile]:
    """Give a file that is still to be marked in somebody's own open try.

    Whoever writes marks looks with `appointments.own`, which locks the nomination.
    """
    nomination, run = _own_run(session, run_id, person_id=person_id, look=look)
    if file_id not in run.files:
        raise Refused(N_("There is nothing at this address."), status=404, code="unknown")
    if not is_due(nomination) or nomination.round != run.round:
        raise Refused(N_("This is not possible now."), status=409, code="not-possible")
    if session.get(CalibrationMark, (run.id, file_id)) is not None:
        raise _marked_already()
    return nomination, run, _file(framework, nomination, file_id)


def next_file(session: Session, run: CalibrationRun) -> str | None:
    """Name the file that comes next in a try; None when all are marked."""
    done = marks(session, run.id)
    return next((one for one in run.files if one not in done), None)


def outcome(session: Session, run_id: UUID, framework: Framework, *, person_id: UUID) -> Outcome:
    """Show a finished try beside the agreed marks; before its end there is nothing to see."""
    nomination, run = _own_run(session, run_id, person_id=person_id)
    result = result_of(session, run.id)
    if result is None:
        raise Refused(N_("First mark all five files."), status=409, code="not-finished")
    done = marks(session, run.id)
    compared = (Compared(_file(framework, nomination, one), done[one]) for one in run.files)
    return Outcome(nomination, run, result, tuple(compared))


def is_due(nomination: Nomination) -> bool:
    """Tell whether calibration is what comes now."""
    return nomination.stage == Stage.CALIBRATING or nomination.suspended_for == Cause.AGREEMENT


def runs(session: Session, nomination: Nomination) -> list[CalibrationRun]:
    """List the tries of this round, the first one first."""
    return list(
        session.exec(
            select(CalibrationRun)
            .where(
                col(CalibrationRun.nomination_id) == nomination.id,
                col(CalibrationRun.round) == nomination.round,
            )
            .order_by(col(CalibrationRun.number))
        )
    )


def marks(session: Session, run_id: UUID) -> dict[str, CalibrationMark]:
    """Give the marks handed in so far, by file."""
    rows = session.exec(select(CalibrationMark).where(col(CalibrationMark.run_id) == run_id))
    return {row.file_id: row for row in rows}


def result_of(session: Session, run_id: UUID) -> CalibrationResult | None:
    """Give what a try came to, if it is over."""
    return session.get(CalibrationResult, run_id)


def _finish(
    session: Session,
    nomination: Nomination,
    run: CalibrationRun,
    done: dict[str, CalibrationMark],
    framework: Framework,
    *,
    now: datetime,
) -> CalibrationResult:
    off = [abs(done[one].level - _file(framework, nomination, one).level) for one in run.files]
    exact, furthest = off.count(0), max(off)
    result = CalibrationResult(
        run_id=run.id,
        exact=exact,
        furthest=furthest,
        passed=exact >= EXACT and furthest <= FURTHEST,
        finished_at=now,
    )
    session.add(result)
    session.flush()
    event = "calibration.passed" if result.passed else "calibration.failed"
    record(session, event, run.id, by=nomination.person_id, now=now)
    appointments.begin_when_ready(session, nomination, by=nomination.person_id, now=now)
    return result


def _drawn(
    session: Session, nomination: Nomination, framework: Framework, shuffle: Shuffle
) -> list[str]:
    earlier = session.exec(
        select(CalibrationRun).where(col(CalibrationRun.nomination_id) == nomination.id)
    ).all()
    seen = [one for run in earlier for one in run.files]
    files = [file.id for file in framework.references(nomination.skill, nomination.language)]
    shuffle(files)
    chosen = sorted(files, key=seen.count)[:FILES]
    shuffle(chosen)
    return chosen


def _own_run(
    session: Session,
    run_id: UUID,
    *,
    person_id: UUID,
    look: Callable[..., Nomination] = appointments.seen,
) -> tuple[Nomination, CalibrationRun]:
    run = session.get(CalibrationRun, run_id)
    if run is None:
        raise Refused(N_("There is nothing at this address."), status=404, code="unknown")
    return look(session, run.nomination_id, person_id=person_id), run


def _file(framework: Framework, nomination: Nomination, file_id: str) -> ReferenceFile:
    files = framework.references(nomination.skill, nomination.language)
    return next(one for one in files if one.id == file_id)


def _marked_already() -> Refused:
    return Refused(N_("You have marked this file."), status=409, code="marked-already")
