"""Bring the database of a service to the tables that this program needs, and lose nothing.

A service keeps its migrations in a folder that its metadata names::

    issuer/migrations/baseline/{sqlite,postgresql}.sql     the tables of the first version, as text
    issuer/migrations/versions/0001_baseline.py, 0002_...  one file a step, numbered without a gap

The newest number is the version that the program needs. A new database is made by today's metadata
and noted as being of that version; an older one goes through the steps in between (ADR 33). alembic
is loaded only then: at every other start one SELECT is all.
"""

import glob
import logging
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Connection, Engine, MetaData, func, inspect, select, text
from sqlalchemy.exc import DBAPIError

from web.schema import VERSIONS, Parts, differences, only, parts, parts_made_by

_log = logging.getLogger("mycred4home")

FOLDER = "migrations"
"""Under this word the `info` of a service's metadata names the folder of its migrations."""

_WORKERS = 0x6D79637265640001  # our own number for PostgreSQL's lock
_LONG_MILLISECONDS = 900_000
"""How long a worker waits while another one migrates."""
_LOCK_SECONDS = 60
"""How long PostgreSQL waits for somebody who still uses a table, before the upgrade is given up."""
_ONE_IN_THIS_PROCESS = threading.Lock()  # what alembic works on is a variable of its module


class Standing(StrEnum):
    """How a database stands to the program."""

    EMPTY = "empty"
    CURRENT = "current"
    BEHIND = "behind"
    UNVERSIONED = "unversioned"
    NEWER = "newer"


class DatabaseNotReady(Exception):
    """The database cannot be used by this program; the text tells its operator what to do."""


@dataclass(frozen=True)
class Chain:
    """The migrations of one service, in the order in which they are done."""

    service: str
    folder: Path
    versions: tuple[str, ...]

    @classmethod
    def read(cls, folder: Path) -> "Chain":
        """Read the names of the files; what is in them is read when it is done."""
        found = sorted(path.name[:4] for path in (folder / "versions").glob("[0-9]*.py"))
        return cls(folder.parent.name, folder, tuple(found))

    @property
    def first(self) -> str:
        """Give the version whose tables are frozen as text: the baseline."""
        return self.versions[0]

    @property
    def newest(self) -> str:
        """Give the version that the program needs."""
        return self.versions[-1]


def chain_of(metadata: MetaData) -> Chain | None:
    """Give the migrations of these tables; None for tables that have none, as in some tests."""
    folder = metadata.info.get(FOLDER)
    return None if folder is None else Chain.read(folder)


def prepare(engine: Engine, metadata: MetaData, *, upgrade: bool = True) -> None:
    """Make the tables, or bring them to the newest version; several workers may start at once.

    1. Look at the version: nearly always it is the newest, and nothing else is done.
    2. Take the lock that all workers take, and look again: another one may have been quicker.
    3. Without tables: make those of today.
    4. With tables but no version: they are those of the first version, or nobody knows.
    5. Behind: copy the file of SQLite aside, then take the steps in between.
    6. Note the version and keep all of this, or nothing.

    Raises `DatabaseNotReady`, having changed nothing, when that is not possible. So it does, too,
    for every database that is not of the newest version when `upgrade` is False.
    """
    chain = chain_of(metadata)
    if chain is not None:
        with engine.connect() as connection:
            if _noted(connection) == [chain.newest]:  # 1
                return
    with _alone(engine) as connection:  # 2
        if chain is None:
            metadata.create_all(connection)
            return
        standing = standing_of(connection, metadata, chain)
        if standing is Standing.CURRENT:
            return
        if standing is Standing.NEWER:
            raise DatabaseNotReady(_newer(chain, noted_version(connection)))
        if not upgrade:
            raise DatabaseNotReady(_not_allowed(chain, standing))
        if standing is Standing.EMPTY:  # 3
            metadata.create_all(connection, checkfirst=False)
            _note(connection, chain.newest)
            return
        if standing is Standing.UNVERSIONED:  # 4
            unlike = unlike_first(connection, metadata, chain)
            if unlike:
                raise DatabaseNotReady(_unknown(chain, unlike))
            _note(connection, chain.first)
        if _noted(connection) != [chain.newest]:
            _step_by_step(connection, chain)  # 5


def standing_of(connection: Connection, metadata: MetaData, chain: Chain) -> Standing:
    """Tell how a database stands to the program; changes nothing."""
    noted = _noted(connection)
    if noted == [chain.newest]:
        return Standing.CURRENT
    if noted:
        known = len(noted) == 1 and noted[0] in chain.versions
        return Standing.BEHIND if known else Standing.NEWER
    there = set(inspect(connection).get_table_names())
    return Standing.UNVERSIONED if there & set(metadata.tables) else Standing.EMPTY


def unlike_first(connection: Connection, metadata: MetaData, chain: Chain) -> list[str]:
    """Say in what the tables differ from those of the first version.

    Tables that are neither of that version nor of this one are not ours, and do not matter.
    """
    first = first_parts(connection, chain)
    ours = {table for table, _ in first} | set(metadata.tables)
    return differences(only(parts(connection), ours), first)


def unlike_newest(connection: Connection, metadata: MetaData) -> list[str]:
    """Say in what the tables differ from those that the program would make today."""
    wanted = parts_made_by(connection, lambda empty: metadata.create_all(empty, checkfirst=False))
    return differences(only(parts(connection), metadata.tables), wanted)


def first_parts(connection: Connection, chain: Chain) -> Parts:
    """Give what the tables of the first version are, on a database of this kind."""
    return parts_made_by(connection, lambda empty: run_baseline(empty, chain.folder))


def run_baseline(connection: Connection, folder: Path) -> None:
    """Make the tables of the first version from the text that was frozen then.

    Statements end with a semicolon and an empty line. They are run as they stand: per cent signs
    and colons mean nothing in them.
    """
    frozen = (folder / "baseline" / f"{connection.dialect.name}.sql").read_text("utf-8")
    for statement in frozen.split(";\n\n"):
        if statement.strip():
            connection.exec_driver_sql(statement, execution_options={"no_parameters": True})


def noted_version(connection: Connection) -> str:
    """Give the version that a database is noted to have; empty when none is noted."""
    return ", ".join(_noted(connection))[:40]


def copies(connection: Connection) -> list[Path]:
    """Give the copies that were made beside a file of SQLite before it was upgraded."""
    file = _file_of(connection)
    return sorted(file.parent.glob(f"{glob.escape(file.name)}.before-*")) if file else []


# --- details --------------------------------------------------------------------------------------


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """Give a transaction that no two workers are in at the same time, kept if nothing is raised.

    On SQLite it does not look at foreign keys, since a table that is copied would take the rows of
    others with it; `_step_by_step` looks at all of them in the end.
    """
    with engine.connect() as connection:
        if connection.dialect.name != "sqlite":
            connection.execute(select(func.pg_advisory_xact_lock(_WORKERS)))
            yield connection
            connection.commit()
            return
        (patience,) = connection.exec_driver_sql("PRAGMA busy_timeout").one()
        (keys,) = connection.exec_driver_sql("PRAGMA foreign_keys").one()
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {_LONG_MILLISECONDS}")
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
            connection.commit()
        finally:
            connection.rollback()
            connection.exec_driver_sql(f"PRAGMA foreign_keys = {keys}")
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {patience}")


def _noted(connection: Connection) -> list[str]:
    """Give the version that the database is noted to have; none when it was never noted.

    The table is asked for without looking first whether it is there: nearly always it is.
    """
    asked = text(f"SELECT version_num FROM {VERSIONS}")  # noqa: S608 - our own constant
    if not connection.in_transaction():
        try:
            return list(connection.scalars(asked))
        except DBAPIError:  # no such table; anything worse comes again with the next question
            return []
        finally:
            connection.rollback()
    return list(connection.scalars(asked)) if inspect(connection).has_table(VERSIONS) else []


def _note(connection: Connection, version: str) -> None:
    connection.execute(
        text(
            f"CREATE TABLE IF NOT EXISTS {VERSIONS} (version_num VARCHAR(32) NOT NULL, "
            f"CONSTRAINT {VERSIONS}_pkc PRIMARY KEY (version_num))"
        )
    )
    connection.execute(text(f"DELETE FROM {VERSIONS}"))  # noqa: S608 - our own constant
    connection.execute(
        text(f"INSERT INTO {VERSIONS} (version_num) VALUES (:version)"),  # noqa: S608
        {"version": version},
    )


def _step_by_step(connection: Connection, chain: Chain) -> None:
    """Take the steps between the version that is noted and the newest one."""
    from alembic import command
    from alembic.config import Config

    (start,) = _noted(connection)
    file, copy = _file_of(connection), None
    if file is not None:
        copy = file.with_name(f"{file.name}.before-{chain.newest}")
        _copy(file, copy)
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'"))
    config = Config()
    for name, value in (
        ("script_location", Path(__file__).parent / "migrations"),
        ("version_locations", chain.folder / "versions"),
        ("path_separator", "newline"),
    ):
        config.set_main_option(name, str(value).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        with _ONE_IN_THIS_PROCESS:
            command.upgrade(config, "head")
        _look_at_references(connection)
    except Exception as error:
        raise DatabaseNotReady(_failed(chain, start, copy, error)) from error
    _log.warning(
        "database upgraded service=%s from=%s to=%s copy=%s",
        *(chain.service, start, chain.newest, copy),
    )


def _look_at_references(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if dangling:
        raise ValueError(f"rows of {sorted({row[0] for row in dangling})} refer to nothing")


def _file_of(connection: Connection) -> Path | None:
    """Give the file that holds the database; None in memory and on PostgreSQL."""
    if connection.dialect.name != "sqlite":
        return None
    file = next(row[2] for row in connection.exec_driver_sql("PRAGMA database_list"))
    return Path(file) if file else None


def _copy(file: Path, target: Path) -> None:
    """Copy the database aside as it is, while nobody else may write; only its owner may read it.

    A second try replaces the copy of the first: the database is still the same.
    """
    unfinished = target.with_name(f"{target.name}.part")
    try:
        unfinished.unlink(missing_ok=True)
        os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        source, kept = sqlite3.connect(file), sqlite3.connect(unfinished)
        try:
            source.backup(kept)
            kept.execute("PRAGMA journal_mode = DELETE")  # so that one file is all of it
        finally:
            kept.close()
            source.close()
        with unfinished.open("rb") as written:
            os.fsync(written.fileno())
        unfinished.replace(target)
    except (OSError, sqlite3.Error) as error:
        with suppress(OSError):
            unfinished.unlink()
        raise DatabaseNotReady(
            f"The database could not be copied to {target}: {error}. "
            "It was therefore not upgraded; nothing was changed."
        ) from error


# --- what the operator is told ----------------------------------------------------------------


def _newer(chain: Chain, noted: str) -> str:
    return (
        f"The database of the {chain.service} is of version {noted}, which this "
        f"program does not know: it ends at {chain.newest}. A newer program has used it. Start "
        "that one, or put back the copy from before its upgrade. Nothing was changed."
    )


def _not_allowed(chain: Chain, standing: Standing) -> str:
    lacks = {
        Standing.EMPTY: "has no tables yet",
        Standing.BEHIND: "is of an older version",
        Standing.UNVERSIONED: "has tables, but no version",
    }
    return (
        f"The database of the {chain.service} {lacks[standing]}; the program needs version "
        f"{chain.newest}. The settings say that a start must not change it (upgrade_database): run "
        "`mycred database upgrade`, then start again. Nothing was changed."
    )


def _unknown(chain: Chain, unlike: list[str]) -> str:
    return (
        f"The database of the {chain.service} was made before versions were noted, and its tables "
        f"are not those of version {chain.first} ({len(unlike)} differences, the first: "
        f"{unlike[0][:160]}). Nothing was changed. If it holds sample data, delete it: a new one "
        "is made. If it holds real data, keep it and go on with the program that made it; `mycred "
        f"database check` lists each difference to {chain.first}, and once there is none it is "
        "upgraded."
    )


def _failed(chain: Chain, start: str, copy: Path | None, error: Exception) -> str:
    cause = str(getattr(error, "orig", None) or error).split("\n")[0][:300]
    kept = f" A copy lies in {copy}." if copy else ""
    return (
        f"The upgrade of the {chain.service}'s database from {start} to {chain.newest} failed: "
        f"{cause}. Everything is as it was before.{kept} Stop every process of the older version "
        "and try again; if it fails again, go on with the older version and tell its makers."
    )
