"""The audit trail: every state change, each event carrying the hash of the one before (rule 20).

Holds ids and kinds, never names. A cut or a change anywhere breaks the chain from there on.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert
from sqlmodel import Session, col, select

from issuer.tables import AuditCut, AuditEvent

_START = "0" * 64
_COLUMNS = ("number", "at", "kind", "subject_id", "by", "previous_hash", "hash")


def record(
    session: Session, kind: str, subject_id: UUID, *, now: datetime, by: UUID | None = None
) -> None:
    """Write an event at the end of the chain, in the caller's transaction.

    Call it after the rows of the change are locked, so that all transactions lock in one order.
    """
    record_all(session, [(kind, subject_id, by)], now=now)


def record_all(
    session: Session, events: Iterable[tuple[str, UUID, UUID | None]], *, now: datetime
) -> None:
    """Write events, each a kind, its subject and who did it, in a row, as `record` does."""
    if session.connection().dialect.name == "postgresql":
        # One writer at a time until the transaction ends: the chain has no two events of a number.
        session.connection().exec_driver_sql("LOCK TABLE audit_event IN EXCLUSIVE MODE")
    latest = select(AuditEvent).order_by(col(AuditEvent.number).desc()).limit(1)
    last = session.exec(latest).first()
    before, previous = (last.number, last.hash) if last else (0, _START)
    rows = []
    for number, (kind, subject_id, by) in enumerate(events, before + 1):
        told = (number, now, kind, str(subject_id), str(by) if by else None, previous)
        previous = _hash(*told)
        rows.append(dict(zip(_COLUMNS, (*told, previous), strict=True)))
    session.connection().execute(insert(AuditEvent), rows)


def broken_at(session: Session) -> int | None:
    """Give the number of the first event that does not follow from the one before, if any."""
    cut = session.exec(select(AuditCut).order_by(col(AuditCut.number).desc())).first()
    first, expected = (cut.number + 1, cut.hash) if cut else (1, _START)
    for place, event in enumerate(
        session.exec(select(AuditEvent).order_by(col(AuditEvent.number))), first
    ):
        told = (event.number, event.at, event.kind, event.subject_id, event.by, expected)
        if event.number != place or event.previous_hash != expected or event.hash != _hash(*told):
            return place
        expected = event.hash
    return None


def forget_before(session: Session, moment: datetime, *, now: datetime) -> int:
    """Delete the events that are older than a moment, and give how many.

    The chain goes on from the last of them, of which number and hash stay.
    """
    last = session.exec(
        select(AuditEvent)
        .where(col(AuditEvent.at) < moment)
        .order_by(col(AuditEvent.number).desc())
    ).first()
    if last is None:
        return 0
    session.add(AuditCut(number=last.number, hash=last.hash, older_than=moment, made_at=now))
    session.flush()
    gone = session.exec(delete(AuditEvent).where(col(AuditEvent.number) <= last.number))
    return gone.rowcount


def _hash(
    number: int, at: datetime, kind: str, subject_id: str, by: str | None, previous: str
) -> str:
    told = [number, at.isoformat(), kind, subject_id, by, previous]
    return hashlib.sha256(json.dumps(told, separators=(",", ":")).encode()).hexdigest()
