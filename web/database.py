"""One database of one service: SQLite (WAL) by default, PostgreSQL by its URL.

Tables of the three services sit in separate registries, so each service hands in its own metadata::

    database = Database("sqlite:///var/issuer/issuer.db", Table.metadata)
    database.create()  # or bring it to the tables that the program needs now: `web.migrating`
    with database.transaction() as session:
        session.add(row)
"""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Engine, MetaData, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool
from sqlalchemy.types import TypeDecorator
from sqlmodel import Session

from web.keyed import IN_SESSION, Keys
from web.migrating import prepare

_BUSY_MILLISECONDS = 10_000
_PAUSE_SECONDS = 5.0
_TIDY_MILLISECONDS = 200
_DISCREET: dict[str, Any] = {"hide_parameters": True}
"""An error names the statement and not its values, which are names and answers of people: it may
end in a log (threat 24)."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time; refuses naive ones, since they would mean another moment elsewhere."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("times are aware UTC datetimes; this one has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Database:
    """Sessions on one database; `transaction` writes, `reading` only looks.

    With the `secret` of its service it hands the keys for keyed hashes to them (`web.keyed`).
    """

    def __init__(self, url: str, metadata: MetaData, *, secret: bytes | None = None) -> None:
        self.metadata = metadata
        self._info = {} if secret is None else {IN_SESSION: Keys(secret)}
        self.engine = _engine(url)
        self._looking = _read_only(url) or self.engine

    def create(self, *, upgrade: bool = True) -> None:
        """Make the tables, or bring them to what the program needs; see `web.migrating.prepare`.

        Several workers may start at the same moment. Without `upgrade` nothing is changed. Raises
        `DatabaseNotReady` when the tables are not, and cannot be made, those of this program.
        """
        _make_private(self.engine)
        prepare(self.engine, self.metadata, upgrade=upgrade)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Give a session that commits at the end, or leaves nothing behind after an exception."""
        with self.engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                # Take the write lock at once: two writers then queue instead of failing half-way.
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            with Session(connection, expire_on_commit=False, info=self._info) as session:
                try:
                    yield session
                    session.flush()
                except BaseException:
                    session.rollback()
                    connection.rollback()
                    raise
                session.commit()
                connection.commit()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session that never writes: what is added to it is forgotten."""
        with self._looking.connect() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN")
            with Session(
                connection, expire_on_commit=False, autoflush=False, info=self._info
            ) as session:
                try:
                    yield session
                finally:
                    session.expunge_all()  # so that what was read stays readable afterwards
                    connection.rollback()

    def forget_old_pages(self) -> None:
        """Take what was deleted out of SQLite's log as well; while others read, later does it."""
        if self.engine.dialect.name != "sqlite" or isinstance(self.engine.pool, StaticPool):
            return
        with self.engine.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {_TIDY_MILLISECONDS}")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()
        self._looking.dispose()


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        engine = create_engine(parsed, **_DISCREET)
        _ask_after_a_pause(engine)
        return engine
    options: dict[str, Any] = {"connect_args": {"check_same_thread": False}, **_DISCREET}
    if parsed.database in (None, "", ":memory:"):
        options["poolclass"] = StaticPool
    engine = create_engine(parsed, **options)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        # The driver must not open transactions by itself; `transaction` says BEGIN IMMEDIATE.
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout = {_BUSY_MILLISECONDS}",
            "foreign_keys = ON",
            "synchronous = NORMAL",
            "secure_delete = ON",
        ):
            connection.execute(f"PRAGMA {pragma}")
        _write_ahead(connection)

    return engine


def _make_private(engine: Engine) -> None:
    """Make the file of SQLite for its owner only; what SQLite puts beside it is like it."""
    name = engine.url.database
    if engine.dialect.name != "sqlite" or not name or name.startswith((":", "file:")):
        return
    with suppress(FileExistsError, FileNotFoundError):  # SQLite itself says what is missing
        os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _read_only(url: str) -> Engine | None:
    """Give connections on which PostgreSQL itself refuses to write; None for SQLite.

    Each statement is a transaction by itself, as READ COMMITTED sees new rows with each one anyway:
    that spares the two messages that begin and end one.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return None
    engine = create_engine(parsed, isolation_level="AUTOCOMMIT", **_DISCREET)
    _ask_after_a_pause(engine)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")

    return engine


def _ask_after_a_pause(engine: Engine) -> None:
    """Ask a connection whether it still lives, as `pool_pre_ping` does, but only after a pause.

    One that was used a moment ago is alive, or its loss is as likely during the request. See
    https://docs.sqlalchemy.org/en/20/core/pooling.html#custom-legacy-pessimistic-ping
    """

    @event.listens_for(engine, "checkin")
    def given_back(_connection: Any, record: ConnectionPoolEntry) -> None:
        record.info["given back"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def taken(connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
        given_back = record.info.get("given back")
        if given_back is not None and time.monotonic() - given_back > _PAUSE_SECONDS:
            try:
                engine.dialect.do_ping(connection)
            except engine.dialect.loaded_dbapi.Error as error:
                raise DisconnectionError from error  # the pool makes new ones, and tries again


def _write_ahead(connection: Any) -> None:
    """Switch to WAL; SQLite waits for no lock here, so two workers on a new file would collide."""
    end = time.monotonic() + _BUSY_MILLISECONDS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)
