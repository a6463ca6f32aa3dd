"""What the verifier keeps for minutes: pasted badges under a secret address, counts of checks."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Integer, bindparam, column, delete, text
from sqlmodel import Session, col

from verifier.tables import CheckCount, Shown
from web.database import UtcDateTime
from web.errors import Refused
from web.languages import N_

RESULT_LIVES = timedelta(minutes=15)
COUNTED_FOR = timedelta(minutes=10)

_NAME_BYTES = 24
_NONCE_BYTES = 12
# One statement, so that two processes at once are both counted, on SQLite as on PostgreSQL.
_COUNT = text(
    "INSERT INTO check_count (source_hash, window_start, count) VALUES (:key, :now, :taking) "
    "ON CONFLICT (source_hash) DO UPDATE SET "
    "count = CASE WHEN check_count.window_start < :old THEN :taking "
    "ELSE check_count.count + :taking END, "
    "window_start = CASE WHEN check_count.window_start < :old THEN :now "
    "ELSE check_count.window_start END RETURNING count, window_start"
).bindparams(bindparam("now", type_=UtcDateTime), bindparam("old", type_=UtcDateTime))
_COUNTED = _COUNT.columns(column("count", Integer), column("window_start", UtcDateTime))


@dataclass(frozen=True)
class Counted:
    """How many checks of a visitor were taken since the window began."""

    total: int
    started: datetime


def keep_shown(session: Session, text: str, *, now: datetime) -> str:
    """Keep pasted text for some minutes and give the secret name of its result (192 bits).

    The row is named by a hash and sealed under the name itself: the database alone tells nothing.
    """
    session.exec(delete(Shown).where(col(Shown.expires) <= now))
    name = secrets.token_urlsafe(_NAME_BYTES)
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = nonce + AESGCM(_sealing_key(name)).encrypt(nonce, text.encode(), None)
    session.add(Shown(key_hash=_hash(name), sealed=sealed, expires=now + RESULT_LIVES))
    return name


def read_shown(session: Session, name: str, *, now: datetime) -> str:
    """Give what is kept under a name; what ran out answers as what never was."""
    row = session.get(Shown, _hash(name))
    if row is None or row.expires <= now:
        raise _gone()
    nonce, sealed = row.sealed[:_NONCE_BYTES], row.sealed[_NONCE_BYTES:]
    try:
        return AESGCM(_sealing_key(name)).decrypt(nonce, sealed, None).decode()
    except InvalidTag as error:
        raise _gone() from error


def count_check(session: Session, key: str, taking: int, *, allowed: int, now: datetime) -> Counted:
    """Take so many checks of one visitor; raise `Refused` when none is left in this window.

    The last ones may be fewer than asked for: those above `allowed` are not the caller's. Rows are
    kept for ten minutes; `key` is a keyed hash of an address.
    """
    values = {"key": key, "taking": taking, "now": now, "old": now - COUNTED_FOR}
    counted = Counted(*session.connection().execute(_COUNTED, values).one())
    if counted.total == taking:
        session.exec(delete(CheckCount).where(col(CheckCount.window_start) < now - COUNTED_FOR))
    if counted.total - taking >= allowed:
        raise too_many()
    return counted


def too_many() -> Refused:
    """Say that a visitor has no check left for some minutes."""
    return Refused(
        N_("Too many checks in a short time."),
        status=429,
        code="too-many",
        hint=N_("Wait a few minutes, then try again."),
    )


def _gone() -> Refused:
    return Refused(
        N_("This result is no longer kept."),
        status=404,
        code="result-gone",
        hint=N_("Check the badge again."),
    )


def _sealing_key(name: str) -> bytes:
    return hashlib.sha256(f"shown|{name}".encode()).digest()


def _hash(name: str) -> str:
    return hashlib.sha256(f"name|{name}".encode()).hexdigest()
