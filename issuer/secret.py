"""The secret of the issuer and its database belong together: a start with another one is refused.

Contacts are kept as hashes under a key that the secret gives (`web.keyed`). With another secret
nobody would be known again: one person could silently be two. So the database knows its secret by a
keyed hash of nothing, and whoever starts with another one is told. There is no way to make the
hashes anew, since the contacts are not kept: `change` begins anew with another secret, for good.
"""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, func, select

from issuer.audit import SECRET_CHANGED, record
from issuer.secret_tables import SecretKnown
from issuer.tables import Person
from web.database import Database
from web.keyed import keys_of


class WrongSecret(ValueError):
    """The secret in the settings is not that of the database; the text tells what to do."""


def check(database: Database, *, now: datetime) -> None:
    """Refuse a secret that is not the database's by `WrongSecret`; a new database takes it."""
    with database.reading() as session:
        known = _newest(session)
        if known is not None and known.check_value == _check_value(session):
            return
    with database.transaction() as session:
        known = _newest(session, alone=True)
        if known is None:
            _take(session, 1, now=now)
        elif known.check_value != _check_value(session):
            raise WrongSecret(
                "The secret in secret_file is not the one that this database has had since "
                f"{known.since:%d %B %Y}: with another one nobody would be known again by their "
                "contact, and no open link would work. Put the right file back; look into your "
                "copies of it. If it is lost for good: `mycred database new-secret` begins anew "
                "with this one (docs/serving.md). Nothing was changed."
            )


def change(database: Database, *, now: datetime) -> int | None:
    """Begin anew with another secret; give how many people are no longer known by their contact.

    None when the secret is the database's already, and nothing was done. What was kept under the
    old secret stays as it is, and is no longer found: old contacts are compared with each other
    only, open links (offers, badges to collect) do not open.
    """
    with database.transaction() as session:
        known = _newest(session, alone=True)
        if known is not None and known.check_value == _check_value(session):
            return None
        number = known.number + 1 if known else 1
        _take(session, number, now=now)
        record(session, SECRET_CHANGED, UUID(int=number), now=now)
        having = select(func.count()).where(col(Person.contact_hash).is_not(None))
        return session.exec(having.select_from(Person)).one()


def _take(session: Session, number: int, *, now: datetime) -> None:
    session.add(SecretKnown(number=number, check_value=_check_value(session), since=now))
    session.flush()


def _newest(session: Session, *, alone: bool = False) -> SecretKnown | None:
    """Give the secret in use; `alone` lets several workers that start at once wait in a queue."""
    if alone and session.connection().dialect.name == "postgresql":
        session.connection().exec_driver_sql("LOCK TABLE secret_known IN EXCLUSIVE MODE")
    latest = select(SecretKnown).order_by(col(SecretKnown.number).desc()).limit(1)
    return session.exec(latest).first()


def _check_value(session: Session) -> str:
    return keys_of(session).digest("check", "")
