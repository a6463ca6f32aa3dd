"""Releasing many badges at once: written down first, then some at a time, whatever stops it.

`start` writes the rows; `work` releases them, some in one transaction together with the marks on
their rows. A process that is killed loses nothing: whoever calls `work` next goes on with the rows
that wait. What the database refuses in company is released by `awards.release`, each by itself; a
row that was released then but not marked yet is found to be released. Nothing is awarded twice,
since that is a constraint of the database.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, exists, func, select

from issuer import awards, awards_together
from issuer.accounts import centre_of
from issuer.audit import record
from issuer.award_tables import Award
from issuer.awards_together import Ready
from issuer.background import CHUNK, MOST_SHOWN, NOT_MADE, Job, breathe, work_off
from issuer.batch_tables import Batch, BatchRow, RowState
from issuer.issuing import Pause, carry_on
from issuer.profile import IssuingBody
from issuer.tables import Decision, Person
from web.database import Database
from web.errors import Refused
from web.languages import N_

MOST_ROWS = 10_000
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
            chosen = awards.ids_pending(
                session, centre=centre_of(session, officer_id), limit=MOST_ROWS
            )
            if not chosen:
                raise Refused(N_("Nothing waits for release."), status=409, code="nothing-waits")
            batch = Batch(officer_id=officer_id, created=now)
            session.add(batch)
            session.flush()
            session.connection().execute(
                insert(BatchRow),
                [
                    {"batch_id": batch.id, "place": place, "decision_id": decision_id}
                    for place, decision_id in enumerate(chosen, 1)
                ],
            )
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
    """Release every row that waits in any batch, the oldest first, and say how many were settled.

    Of several at once that do so none does a row of another again.
    """
    done = 0
    while (batch := _next(database)) is not None:
        work = _Work(database, batch, body, clock, pause)
        done += work_off(Job(partial(_behind, database, batch.id), work.together, work.alone))
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
        .limit(MOST_SHOWN)
    ).all()
    return Progress(
        batch=batch,
        waiting=counts.get(RowState.WAITING, 0),
        released=counts.get(RowState.RELEASED, 0),
        refused=counts.get(RowState.REFUSED, 0),
        reasons=tuple((alias, why) for alias, why in reasons),
    )


# --- the work --------------------------------------------------------------------------------


def _next(database: Database) -> Batch | None:
    waiting = exists().where(
        col(BatchRow.batch_id) == col(Batch.id), col(BatchRow.state) == RowState.WAITING
    )
    with database.reading() as session:
        return session.exec(
            select(Batch).where(waiting).order_by(col(Batch.created), col(Batch.id)).limit(1)
        ).first()


def _behind(database: Database, batch_id: UUID, last: BatchRow | None) -> Sequence[BatchRow]:
    with database.reading() as session:
        return session.exec(
            select(BatchRow)
            .where(
                col(BatchRow.batch_id) == batch_id,
                col(BatchRow.state) == RowState.WAITING,
                col(BatchRow.place) > (last.place if last else 0),
            )
            .order_by(col(BatchRow.place))
            .limit(CHUNK)
        ).all()


@dataclass(frozen=True)
class _Work:
    """How the rows of one batch are settled."""

    database: Database
    batch: Batch
    body: IssuingBody
    clock: Callable[[], datetime]
    pause: Pause

    def together(self, rows: Sequence[BatchRow]) -> int:
        """Release rows in one transaction.

        1. Outside of it the badges are built and checked, or what is against them is found.
        2. The files are locked, as whoever marks or appeals locks them, then the rows that still
           wait: the others were settled by another process, or their person was erased.
        3. The releases, and the marks. What an appeal or an officer took this very moment goes on
           waiting, to be looked at again.
        """
        now, officer_id = self.clock(), self.batch.officer_id
        with self.database.reading() as session:  # 1
            found = awards_together.make_ready(
                session,
                [row.decision_id for row in rows],
                officer_id=officer_id,
                body=self.body,
                now=now,
                between=breathe,
            )
            done = _released_before(session, found, officer_id)
        self.pause("ready")
        ready = {key: one for key, one in found.items() if isinstance(one, Ready)}
        with self.database.transaction() as session:
            awards_together.lock(session, list(ready.values()))  # 2
            kept = self._still_waiting(session, rows)
            done |= awards_together.release(  # 3
                session,
                [ready[row.decision_id] for row in kept if row.decision_id in ready],
                body=self.body,
                now=now,
                pause=self.pause,
            )
            why = {
                row.place: _why(row.decision_id, refusal)
                for row in kept
                if isinstance(refusal := found[row.decision_id], Refused)
                and row.decision_id not in done
            }
            released = [row.place for row in kept if row.decision_id in done]
            self._mark(session, released, why)
            self.pause("marked")
        self.pause("released")
        return len(released) + len(why)

    def alone(self, row: BatchRow) -> int:
        """Release one row in transactions of its own, or say why not."""
        why = self._release(row.decision_id)
        self.pause("released-alone")
        with self.database.transaction() as session:
            kept = self._still_waiting(session, [row])
            if why:
                self._mark(session, [], {one.place: why for one in kept})
            else:
                self._mark(session, [one.place for one in kept], {})
        return len(kept)

    def _still_waiting(self, session: Session, rows: Sequence[BatchRow]) -> Sequence[BatchRow]:
        return session.exec(
            select(BatchRow)
            .where(
                col(BatchRow.batch_id) == self.batch.id,
                col(BatchRow.place).in_([row.place for row in rows]),
                col(BatchRow.state) == RowState.WAITING,
            )
            .order_by(col(BatchRow.place))
            .with_for_update()
        ).all()

    def _mark(self, session: Session, released: Sequence[int], refused: dict[int, str]) -> None:
        mark = update(BatchRow).where(col(BatchRow.batch_id) == self.batch.id)
        if released:
            session.exec(
                mark.where(col(BatchRow.place).in_(released)).values(state=RowState.RELEASED)
            )
        for place, why in refused.items():
            session.exec(
                mark.where(col(BatchRow.place) == place).values(state=RowState.REFUSED, why=why)
            )

    def _release(self, decision_id: UUID) -> str:
        officer_id = self.batch.officer_id
        try:
            awards.release(
                self.database,
                decision_id,
                officer_id=officer_id,
                body=self.body,
                now=self.clock(),
                pause=self.pause,
            )
        except Refused as refusal:
            with self.database.reading() as session:
                if _released_before(session, {decision_id: refusal}, officer_id):
                    return ""
            return _why(decision_id, refusal)
        except (LookupError, ValueError) as error:
            _log.error("batch: decision %s left: %s", decision_id, error)
            return NOT_MADE
        return ""


def _why(decision_id: UUID, refusal: Refused) -> str:
    if refusal.code != "not-ready":
        return refusal.message
    _log.error("batch: decision %s left: %s", decision_id, refusal)
    return NOT_MADE


def _released_before(
    session: Session, found: Mapping[UUID, Ready | Refused], officer_id: UUID
) -> frozenset[UUID]:
    """Give those that the officer's own batch released, before it could mark them."""
    refused = [key for key, one in found.items() if isinstance(one, Refused)]
    if not refused:
        return frozenset()
    return frozenset(
        session.exec(
            select(Award.decision_id).where(
                col(Award.decision_id).in_(refused), col(Award.officer_id) == officer_id
            )
        )
    )
