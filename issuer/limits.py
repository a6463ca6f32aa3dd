"""Limits on what anybody may begin without an account: counted, so that nobody floods the tables.

Each thing has two limits in a window: of one address, and of all together. The counts lie in the
database and hold across processes and restarts; an address is kept as a keyed hash, for one window.
A limit of an address is wide: a whole centre may sit behind one, and a wallet for thousands. So a
few dozen addresses use up what is for all; then whoever had no more than a fair share goes on, and
only the others wait, up to what the tables can take of everybody.
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
        "VALUES (:source, :thing, :now, :more) ON CONFLICT (source_hash, thing) DO UPDATE SET "
        "count = CASE WHEN begun_count.since <= :old THEN :more "
        "ELSE begun_count.count + :more END, "
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
    share: int
    """What one address may have begun and still go on, when all together are above theirs."""
    at_most: int
    """Of all together, whoever asks: what the tables can take."""


SHOWING = Limit("showing", of_one=60, of_all=2_000, share=5, at_most=20_000)
"""Asking a wallet for a badge: a row that lives ten minutes, and up to ten badges to verify."""
SHOWN_ABROAD = Limit("abroad", of_one=30, of_all=2_000, share=5, at_most=6_000)
"""Answers of one person for which others may be asked (`issuer.abroad`), not of an address."""
NONCES = Limit("nonce", of_one=20_000, of_all=60_000, share=500, at_most=300_000)
"""Nonces of OpenID4VCI: one hosted wallet asks for all its people (15 badges a second)."""


def keyed(address: str, secret: bytes) -> str:
    """Hash an address so that nobody without the secret can try all addresses."""
    return hmac.digest(secret, f"mycred4home begun {address}".encode(), "sha256").hex()


def count(session: Session, limit: Limit, *, address: str, secret: bytes, now: datetime) -> None:
    """Count one beginning from an address, or refuse it; what is refused is not counted."""
    mine = add(session, limit.thing, keyed(address, secret), now=now)
    if mine <= limit.of_one:
        most = limit.at_most if mine <= limit.share else limit.of_all
        if add(session, limit.thing, _ALL, now=now) <= most:
            return
    raise Refused(
        N_("Too many tries."),
        status=429,
        code="too-many-tries",
        hint=N_("Wait 15 minutes, then try again."),
    )


def add(session: Session, thing: str, source: str, *, more: int = 1, now: datetime) -> int:
    """Count what a source (as `keyed` hashes it) did, whatever its limit; give its new count."""
    values = {"source": source, "thing": thing, "more": more, "now": now, "old": now - WINDOW}
    counted = int(session.connection().execute(_COUNT, values).scalar_one())
    if counted == more:
        session.exec(delete(BegunCount).where(col(BegunCount.since) <= now - WINDOW))
    return counted
