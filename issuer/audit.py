"""The audit trail: every state change, each event carrying the hash of the one before (rule 20).

Holds ids and kinds, never names. A cut or a change anywhere breaks the chain from there on, and
each hash is sealed by a key that does not lie in the database (`web.keyed`): who can write the
database can write no event, neither anew nor at the end. Events that are missing at the end, or a
whole copy of last week put back, are seen by who kept a `Checkpoint` elsewhere: on paper, or in the
file of `mycred database trail`.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import delete, insert
from sqlmodel import Session, col, select

from issuer.tables import AuditCut, AuditEvent
from web.keyed import Keys, keys_of

SECRET_CHANGED = "secret.changed"  # noqa: S105 - the kind of an event
"""Written under a new secret: the seals before it are of another one."""
_CUT = "trail.cut"
"""Its subject is the number of the last event that was deleted, written as a UUID."""
_START = "0" * 64
_COLUMNS = ("number", "at", "kind", "subject_id", "by", "previous_hash", "hash", "seal")
_CODE_LETTERS = 32
"""Of a hash, in a checkpoint: 128 bits, since nobody can choose what gives the same."""
_WRITTEN = re.compile(rf"([0-9]{{1,15}}):([0-9a-f]{{{_CODE_LETTERS}}})", re.ASCII)


class Kept(StrEnum):
    """What a checkpoint that somebody kept says of the trail of today."""

    HOLDS = "holds"
    MISSING = "missing"
    """Events of that time are no longer there, or are others."""
    TOO_OLD = "too_old"
    """What it stands for was deleted since its time was over."""
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Checkpoint:
    """The end of the trail at a moment; who keeps it elsewhere sees whether that was there."""

    number: int
    code: str

    def __str__(self) -> str:
        return f"{self.number}:{self.code}"

    @property
    def spelled(self) -> str:
        """Write it in groups of four, to be copied by hand; `compare` reads both."""
        groups = [self.code[place : place + 4] for place in range(0, _CODE_LETTERS, 4)]
        return f"{self.number}: {' '.join(groups)}"


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
    last = _last(session)
    before, previous = (last.number, last.hash) if last else (0, _START)
    keys, rows = keys_of(session), []
    for number, (kind, subject_id, by) in enumerate(events, before + 1):
        told = (number, now, kind, str(subject_id), str(by) if by else None, previous)
        previous = _hash(*told)
        row = (*told, previous, _seal(keys, previous))
        rows.append(dict(zip(_COLUMNS, row, strict=True)))
    session.connection().execute(insert(AuditEvent), rows)


def broken_at(session: Session) -> int | None:
    """Give the number of the first event that is not as it was written, if any.

    Each event follows from the one before, from the start or from what was deleted in its time; of
    that an event tells. Each is sealed under the secret of today, or stands before an event so
    sealed that says that the secret changed: the chain binds it to that one.
    """
    keys, unsealed = keys_of(session), None
    cut = session.exec(select(AuditCut).order_by(col(AuditCut.number).desc())).first()
    first, expected = (cut.number + 1, cut.hash) if cut else (1, _START)
    cut_is_told = cut is None
    for place, event in enumerate(
        session.exec(select(AuditEvent).order_by(col(AuditEvent.number))), first
    ):
        told = (event.number, event.at, event.kind, event.subject_id, event.by, expected)
        if event.number != place or event.previous_hash != expected or event.hash != _hash(*told):
            return place
        expected = event.hash
        if not hmac.compare_digest(event.seal, _seal(keys, event.hash)):
            unsealed = unsealed or place
        elif event.kind == SECRET_CHANGED:
            unsealed = None
        cut_is_told |= event.kind == _CUT and event.subject_id == str(UUID(int=first - 1))
    return unsealed if cut_is_told else first


def checkpoint(session: Session) -> Checkpoint:
    """Give the end of the trail as it is now."""
    last = _last(session)
    return Checkpoint(last.number, last.hash[:_CODE_LETTERS]) if last else Checkpoint(0, "0" * 32)


def compare(session: Session, written: str) -> Kept | None:
    """Tell whether a checkpoint that somebody wrote down is still in the trail; None for no text.

    That the trail is whole up to there, and from there on, `broken_at` tells.
    """
    if not written.strip():
        return None
    found = _WRITTEN.fullmatch("".join(written.split()).casefold())
    if found is None:
        return Kept.UNREADABLE
    kept = Checkpoint(int(found[1]), found[2])
    if kept.number == 0:
        return Kept.HOLDS
    cut = session.exec(select(AuditCut).order_by(col(AuditCut.number).desc())).first()
    if cut is not None and kept.number < cut.number:
        return Kept.TOO_OLD
    there = cut if cut and cut.number == kept.number else session.get(AuditEvent, kept.number)
    if there is None or not hmac.compare_digest(there.hash[:_CODE_LETTERS], kept.code):
        return Kept.MISSING
    return Kept.HOLDS


def forget_before(session: Session, moment: datetime, *, now: datetime) -> int:
    """Delete the events that are older than a moment, and give how many.

    The chain goes on from the last of them, of which number and hash stay; an event tells of it.
    """
    last = session.exec(
        select(AuditEvent)
        .where(col(AuditEvent.at) < moment)
        .order_by(col(AuditEvent.number).desc())
    ).first()
    if last is None:
        return 0
    record(session, _CUT, UUID(int=last.number), now=now)
    session.add(AuditCut(number=last.number, hash=last.hash, older_than=moment, made_at=now))
    session.flush()
    gone = session.exec(delete(AuditEvent).where(col(AuditEvent.number) <= last.number))
    return gone.rowcount


def _last(session: Session) -> AuditEvent | None:
    return session.exec(select(AuditEvent).order_by(col(AuditEvent.number).desc()).limit(1)).first()


def _hash(
    number: int, at: datetime, kind: str, subject_id: str, by: str | None, previous: str
) -> str:
    told = [number, at.isoformat(), kind, subject_id, by, previous]
    return hashlib.sha256(json.dumps(told, separators=(",", ":")).encode()).hexdigest()


def _seal(keys: Keys, hashed: str) -> str:
    return keys.digest("trail", hashed)
