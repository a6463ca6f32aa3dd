"""Limits on guessing and flooding, counted in the database: they hold across processes."""

import hmac
from datetime import datetime, timedelta

from sqlmodel import Session

from wallet.tables import Tries
from web.errors import Refused
from web.languages import N_

WINDOW = timedelta(minutes=15)
WRONG_CARDS = 10
NEW_WALLETS = 60
"""A centre may enrol a whole group from one address within minutes."""


def visitor_of(address: str, secret: bytes) -> str:
    """Name a visitor for counting, without keeping the address."""
    return hmac.digest(secret, f"mycred4home visitor {address}".encode(), "sha256").hex()


def check(session: Session, visitor: str, thing: str, *, most: int, now: datetime) -> None:
    """Refuse a visitor who did `thing` too often lately."""
    tries = session.get(Tries, (visitor, thing))
    if tries is not None and now - tries.since < WINDOW and tries.count >= most:
        raise Refused(
            N_("Too many tries."),
            status=429,
            code="too-many-tries",
            hint=N_("Wait 15 minutes, then try again."),
        )


def check_and_count(
    session: Session, visitor: str, thing: str, *, most: int, now: datetime
) -> None:
    """Count one try, unless there were too many."""
    check(session, visitor, thing, most=most, now=now)
    count(session, visitor, thing, now=now)


def count(session: Session, visitor: str, thing: str, *, now: datetime) -> None:
    """Count one try."""
    tries = session.get(Tries, (visitor, thing))
    if tries is None:
        tries = Tries(visitor=visitor, thing=thing, since=now, count=0)
    if now - tries.since >= WINDOW:
        tries.since, tries.count = now, 0
    tries.count += 1
    session.add(tries)
