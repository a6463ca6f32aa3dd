"""Badges on the way: kept, sealed, until the centre hands them out or says no (OpenID4VCI 1.0, 9).

The wallet opens only with its card, so it asks when somebody taps "Look now", and once a day while
it is open. What it asks with - address, token, transaction id - lies sealed like a badge.
"""

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import update
from sqlmodel import Session, col, select

from credentials.exchange.oid4vci import Deferred
from wallet.cards import OpenWallet
from wallet.sealing import seal, unseal
from wallet.waiting_tables import Waiting
from web.database import Database
from web.errors import Refused
from web.languages import N_

MOST_WAITING = 20
DAILY = timedelta(days=1)


class LookedAt(Exception):
    """The badge is not ready; it waits in this wallet under this id."""

    def __init__(self, waiting_id: UUID) -> None:
        super().__init__("the badge is still looked at")
        self.waiting_id = waiting_id


@dataclass(frozen=True)
class Errand:
    """What a waiting badge is asked for with, and how it is shown."""

    issuer: str
    endpoint: str
    token: str
    transaction_id: str
    name: str
    language: str = ""
    """Of the name."""
    text: str = ""
    """The badge, once it was handed out and until it is kept."""
    over: bool = False
    """Nothing comes of it any more."""

    def __repr__(self) -> str:
        return f"Errand({self.issuer!r}, {self.name!r})"


@dataclass(frozen=True)
class WaitingBadge:
    """A badge on the way, as the page shows it."""

    id: UUID
    errand: Errand
    ask_after: datetime
    created: datetime


def begin(
    session: Session, wallet: OpenWallet, errand: Errand, deferred: Deferred, *, now: datetime
) -> UUID:
    """Keep what is needed to ask again."""
    mine = select(Waiting.id).where(col(Waiting.wallet_id) == wallet.id)
    if len(session.exec(mine).all()) >= MOST_WAITING:
        raise Refused(
            N_("Too many badges wait here."),
            status=409,
            code="too-many-waiting",
            hint=N_("Remove one that you no longer need."),
        )
    row = Waiting(
        id=uuid4(),
        wallet_id=wallet.id,
        content=b"",
        ask_after=now + deferred.interval,
        created=now,
    )
    row.content = _seal(wallet, row.id, errand)
    session.add(row)
    session.flush()
    return row.id


def waiting_badges(database: Database, wallet: OpenWallet) -> list[WaitingBadge]:
    """List the badges on the way, the oldest first."""
    with database.reading() as session:
        rows = session.exec(
            select(Waiting)
            .where(col(Waiting.wallet_id) == wallet.id)
            .order_by(col(Waiting.created))
        ).all()
    return [_opened(wallet, row) for row in rows]


def find(database: Database, wallet: OpenWallet, waiting_id: UUID) -> WaitingBadge:
    """Give one badge on the way; another wallet's does not exist."""
    with database.reading() as session:
        row = session.get(Waiting, waiting_id)
    if row is None or row.wallet_id != wallet.id:
        raise Refused(
            N_("This badge does not wait here."),
            status=404,
            code="not-waiting",
            hint=N_("Look at your badges. Is it there? If not, ask your centre."),
        )
    return _opened(wallet, row)


def claim(database: Database, waiting_id: UUID, *, busy: timedelta, now: datetime) -> bool:
    """Take the turn to ask for a badge; False if it is too early, or another tap is at it."""
    with database.transaction() as session:
        taken = session.exec(
            update(Waiting)
            .where(col(Waiting.id) == waiting_id, col(Waiting.ask_after) <= now)
            .values(ask_after=now + busy)
        )
    return taken.rowcount == 1


def write_down(
    database: Database,
    wallet: OpenWallet,
    waiting_id: UUID,
    errand: Errand,
    *,
    ask_after: datetime,
    **changes: Any,
) -> Errand:
    """Keep what became known, and when to ask again."""
    changed = replace(errand, **changes)
    with database.transaction() as session:
        row = session.get(Waiting, waiting_id, with_for_update=True)
        if row is not None:
            row.content, row.ask_after = _seal(wallet, waiting_id, changed), ask_after
            session.add(row)
    return changed


def forget(session: Session, wallet: OpenWallet, waiting_id: UUID) -> None:
    """Let go of a badge on the way."""
    row = session.get(Waiting, waiting_id)
    if row is not None and row.wallet_id == wallet.id:
        session.delete(row)


def _opened(wallet: OpenWallet, row: Waiting) -> WaitingBadge:
    content = json.loads(unseal(wallet.data_key, row.content, place=_place(row.id)))
    return WaitingBadge(row.id, Errand(**content), row.ask_after, row.created)


def _seal(wallet: OpenWallet, waiting_id: UUID, errand: Errand) -> bytes:
    return seal(wallet.data_key, json.dumps(asdict(errand)).encode(), place=_place(waiting_id))


def _place(waiting_id: UUID) -> str:
    return f"waiting {waiting_id}"
