"""Limits on what anybody may begin without an account: counted, so that nobody floods the tables.

Each thing has two limits in a window: of one address, and of all together. The counts lie in the
database and hold across processes and restarts; an address is kept as a keyed hash, for one window.
A limit of an address is wide: a whole centre may sit behind one, and a wallet for thousands.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Integer, bindparam, column, delete, text
from sqlmodel import Session, col

from issuer.tables import BegunCount
from web.database import UtcDateTime
from web.errors import Refused
from web.languages import N_

WINDOW = timedelta(minutes=15)
_ALL = ""

# One statement, so that two processes at once are both counted, on SQLite as on PostgreSQL.
_COUNT = (
    text(
        "INSERT INTO begun_count (source_hash, thing, since, count) "
        "VALUES (:source, :thing, :now, 1) ON CONFLICT (source_hash, thing) DO UPDATE SET "
        "count = CASE WHEN begun_count.since <= :old THEN 1 ELSE begun_count.count + 1 END, "
        "since = CASE WHEN begun_count.since <= :old THEN :now ELSE begun_count.since END "
        "RETURNING count"
    )
    .bindparams(bindparam("now", type_=UtcDateTime), bindparam("old", type_=UtcDateTime))
    .columns(column("count", Integer))
)


@dataclass(frozen=True)
class Limit:
    """How often one thing may be begun in a window."""

    thing: str
    of_one: int
    of_all: int


SHOWING = Limit("showing", of_one=60, of_all=2_000)
"""Asking a wallet for a badge: a row that lives ten minutes, and up to ten badges to verify."""
NONCES = Limit("nonce", of_one=20_000, of_all=60_000)
"""Nonces of OpenID4VCI: one hosted wallet asks for all its people (15 badges a second)."""


def keyed(address: str, secret: bytes) -> str:
    """Hash an address so that nobody without the secret can try all addresses."""
    return hmac.digest(secret, f"mycred4home begun {address}".encode(), "sha256").hex()


def count(session: Session, limit: Limit, *, address: str, secret: bytes, now: datetime) -> None:
    """Count one beginning from an address, or refuse it; what is refused is not counted."""
    for source, most in ((keyed(address, secret), limit.of_one), (_ALL, limit.of_all)):
        values = {"source": source, "thing": limit.thing, "now": now, "old": now - WINDOW}
        counted = session.connection().execute(_COUNT, values).scalar_one()
        if counted > most:
            raise Refused(
                N_("Too many tries."),
                status=429,
                code="too-many-tries",
                hint=N_("Wait 15 minutes, then try again."),
            )
        if counted == 1:
            session.exec(delete(BegunCount).where(col(BegunCount.since) <= now - WINDOW))
