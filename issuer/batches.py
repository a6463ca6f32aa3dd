"""Releasing many badges at once: written down first, then row by row, whatever stops in between.

`start` writes the rows; `work` releases them, each by `awards.release` with its own transactions. A
process that is killed loses nothing: whoever calls `work` next goes on with the rows that wait. A
row that was released but not marked yet is found to be released; nothing is awarded twice, since
that is a constraint of the database.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, func, select

from issuer import awards
from issuer.accounts import centre_of
from issuer.audit import record
from issuer.award_tables import Award
from issuer.batch_tables import Batch, BatchRow, RowState
from issuer.issuing import Pause, carry_on
from issuer.profile import IssuingBody
from issuer.tables import Decision, Person
from web.database import Database
from web.errors import Refused
from web.languages import N_

MOST_ROWS = 10_000
_MOST_SHOWN = 200
_NOT_MADE = N_("This badge cannot be made now.")
_log = logging.getLogger("mycred4home.issuer")


@dataclass(frozen=True)
class Progress:
    """How far a batch is: counts, and the rows that were refused with their reasons."""

    batch: Batch
    waiting: int
    released: int
    refused: int
    reasons: tuple[tuple[str, str], ...]
    """Alias of the person → msgid, for the first refused rows."""

    @property
    def total(self) -> int:
        """How many rows it has."""
        return self.waiting + self.released + self.refused


def start(database: Database, *, officer_id: UUID, now: datetime) -> UUID:
    """Write down a batch of all that waits in the officer's centre, up to 10,000; give its id."""
    try:
        with database.transaction() as session:
            chosen = _free_decisions(session, centre_of(session, officer_id))
            if not chosen:
                raise Refused(N_("Nothing waits for release."), status=409, code="nothing-waits")
            batch = Batch(officer_id=officer_id, created=now)
            session.add(batch)
            session.flush()
            session.add_all(
                BatchRow(batch_id=batch.id, place=place, decision_id=decision_id)
                for place, decision_id in enumerate(chosen, 1)
            )
            session.flush()
            record(session, "batch.started", batch.id, by=officer_id, now=now)
    except IntegrityError as error:
        raise Refused(
            N_("Another officer releases these just now."), status=409, code="conflict"
        ) from error
    return batch.id


def work(
    database: Database,
    *,
    body: IssuingBody,
    clock: Callable[[], datetime],
    pause: Pause = carry_on,
) -> int:
    """Release every row that waits in any batch, and say how many were looked at.

    1. The next waiting row. 2. Its release, or the reason against it. 3. The mark on the row.
    """
    done = 0
    while (waiting := _next(database)) is not None:  # 1
        row, officer_id = waiting
        why = _release(  # 2
            database, row.decision_id, officer_id, body=body, now=clock(), pause=pause
        )
        pause("released")
        with database.transaction() as session:  # 3
            kept = session.get(BatchRow, (row.batch_id, row.place), with_for_update=True)
            if kept is not None:  # else its person was erased meanwhile
                kept.state, kept.why = (RowState.REFUSED, why) if why else (RowState.RELEASED, "")
                session.add(kept)
        done += 1
    return done


def waits(database: Database) -> bool:
    """Tell whether there is something to do for `work`."""
    return _next(database) is not None


def progress(session: Session, batch_id: UUID, *, centre: UUID | None = None) -> Progress:
    """Tell how far a batch is; of another centre than a named one there is none."""
    batch = session.get(Batch, batch_id)
    if batch is None or centre not in (None, centre_of(session, batch.officer_id)):
        raise Refused(N_("There is no such batch."), status=404, code="unknown-batch")
    return _progress(session, batch)


def latest(session: Session, *, centre: UUID, number: int = 5) -> list[Progress]:
    """List the newest batches of a centre's officers."""
    rows = session.exec(
        select(Batch)
        .join(Person, col(Person.id) == col(Batch.officer_id))
        .where(col(Person.organisation_id) == centre)
        .order_by(col(Batch.created).desc())
        .limit(number)
    ).all()
    return [_progress(session, batch) for batch in rows]


def _progress(session: Session, batch: Batch) -> Progress:
    counts = dict(
        session.exec(
            select(BatchRow.state, func.count())
            .where(col(BatchRow.batch_id) == batch.id)
            .group_by(col(BatchRow.state))
        ).all()
    )
    reasons = session.exec(
        select(Person.alias, BatchRow.why)
        .join(Decision, col(Decision.candidate_id) == col(Person.id))
        .join(BatchRow, col(BatchRow.decision_id) == col(Decision.id))
        .where(col(BatchRow.batch_id) == batch.id, col(BatchRow.state) == RowState.REFUSED)
        .order_by(col(BatchRow.place))
        .limit(_MOST_SHOWN)
    ).all()
    return Progress(
        batch=batch,
        waiting=counts.get(RowState.WAITING, 0),
        released=counts.get(RowState.RELEASED, 0),
        refused=counts.get(RowState.REFUSED, 0),
        reasons=tuple((alias, why) for alias, why in reasons),
    )


def _free_decisions(session: Session, centre: UUID) -> list[UUID]:
    queued = select(BatchRow.decision_id).where(col(BatchRow.state) == RowState.WAITING)
    return list(
        session.exec(
            select(Decision.id)
            .join(Person, col(Person.id) == col(Decision.candidate_id))
            .outerjoin(Award, col(Award.decision_id) == col(Decision.id))
            .where(
                col(Person.organisation_id) == centre,
                col(Decision.outcome) == "awarded",
                col(Award.id).is_(None),
                col(Decision.id).not_in(queued),
            )
            .order_by(col(Decision.decided_at), col(Decision.id))
            .limit(MOST_ROWS)
        )
    )


def _next(database: Database) -> tuple[BatchRow, UUID] | None:
    with database.reading() as session:
        return session.exec(
            select(BatchRow, Batch.officer_id)
            .join(Batch, col(Batch.id) == col(BatchRow.batch_id))
            .where(col(BatchRow.state) == RowState.WAITING)
            .order_by(col(Batch.created), col(BatchRow.batch_id), col(BatchRow.place))
            .limit(1)
        ).first()


def _release(
    database: Database,
    decision_id: UUID,
    officer_id: UUID,
    *,
    body: IssuingBody,
    now: datetime,
    pause: Pause,
) -> str:
    try:
        awards.release(
            database, decision_id, officer_id=officer_id, body=body, now=now, pause=pause
        )
    except Refused as refusal:
        if _released_by(database, decision_id, officer_id):
            return ""
        if refusal.code != "not-ready":
            return refusal.message
        _log.error("batch: decision %s left: %s", decision_id, refusal)
        return _NOT_MADE
    except (LookupError, ValueError) as error:
        _log.error("batch: decision %s left: %s", decision_id, error)
        return _NOT_MADE
    return ""


def _released_by(database: Database, decision_id: UUID, officer_id: UUID) -> bool:
    # Released by a process that was stopped before it could mark the row.
    with database.reading() as session:
        found = session.exec(
            select(Award.id).where(
                col(Award.decision_id) == decision_id, col(Award.officer_id) == officer_id
            )
        ).first()
    return found is not None
