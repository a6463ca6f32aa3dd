"""What the verifier keeps for minutes: pasted badges under a secret address, counts of checks."""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import bindparam, delete, text
from sqlmodel import Session, col

from verifier.tables import CheckCount, Shown
from web.database import UtcDateTime
from web.errors import Refused
from web.languages import N_

RESULT_LIVES = timedelta(minutes=15)

_NAME_BYTES = 24
_NONCE_BYTES = 12
_WINDOW = timedelta(minutes=10)
# One statement, so that two checks at once are both counted, on SQLite as on PostgreSQL.
_COUNT = text(
    "INSERT INTO check_count (source_hash, window_start, count) VALUES (:key, :now, 1) "
    "ON CONFLICT (source_hash) DO UPDATE SET "
    "count = CASE WHEN check_count.window_start < :old THEN 1 ELSE check_count.count + 1 END, "
    "window_start = CASE WHEN check_count.window_start < :old THEN :now "
    "ELSE check_count.window_start END RETURNING count"
).bindparams(bindparam("now", type_=UtcDateTime), bindparam("old", type_=UtcDateTime))


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


def count_check(
    session: Session, source: str, *, allowed: int, secret: bytes, now: datetime
) -> None:
    """Count a check of one visitor; raise `Refused` above so many in ten minutes.

    Addresses are kept as keyed hashes, and only for those ten minutes.
    """
    key = hmac.new(secret, f"check|{source}".encode(), hashlib.sha256).hexdigest()
    values = {"key": key, "now": now, "old": now - _WINDOW}
    counted = session.connection().execute(_COUNT, values).scalar_one()
    if counted == 1:
        session.exec(delete(CheckCount).where(col(CheckCount.window_start) < now - _WINDOW))
    if counted > allowed:
        raise Refused(
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
