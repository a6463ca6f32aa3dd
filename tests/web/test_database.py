"""Transactions leave all or nothing, and two writers queue."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
import quick
from sqlalchemy.exc import IntegrityError, InternalError, StatementError
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel, func, select

from web.database import Database, UtcDateTime


class Table(SQLModel, registry=registry()):
    """Rows of this test."""


class Row(Table, table=True):
    id: int | None = Field(default=None, primary_key=True)
    number: int = Field(unique=True)
    at: datetime = Field(sa_type=UtcDateTime)


NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


@pytest.fixture(autouse=True)
def tables_are_really_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Database, "create", quick.create_really)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    database = Database(f"sqlite:///{tmp_path}/test.db", Table.metadata)
    database.create()
    return database


def test_a_database_is_for_its_owner_only(tmp_path: Path, database: Database) -> None:
    with database.transaction() as session:
        session.add(Row(number=1, at=NOW))
    files = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert "test.db-wal" in files
    assert set(files.values()) == {0o600}


def test_exception_leaves_nothing_behind(database: Database) -> None:
    def write_the_same_number_twice() -> None:
        with database.transaction() as session:
            session.add(Row(number=1, at=NOW))
            session.flush()
            session.add(Row(number=1, at=NOW))

    with pytest.raises(IntegrityError):
        write_the_same_number_twice()
    with database.reading() as session:
        assert session.exec(select(Row)).all() == []


def test_what_reading_adds_is_forgotten(database: Database) -> None:
    with database.reading() as session:
        session.add(Row(number=1, at=NOW))
    with database.reading() as session:
        assert session.exec(select(Row)).all() == []


def test_writers_queue_and_see_each_other(database: Database) -> None:
    def write() -> None:
        for _ in range(10):
            with database.transaction() as session:
                count = session.exec(select(func.count()).select_from(Row)).one()
                session.add(Row(number=count, at=NOW))

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as session:
        assert session.exec(select(func.count()).select_from(Row)).one() == 60


def test_naive_time_is_refused_and_utc_comes_back(database: Database) -> None:
    with pytest.raises(StatementError, match="time zone"), database.transaction() as session:
        session.add(Row(number=1, at=NOW.replace(tzinfo=None)))
    with database.transaction() as session:
        session.add(Row(number=1, at=NOW))
    with database.reading() as session:
        assert session.exec(select(Row)).one().at == NOW


def test_rows_stay_readable_after_the_session(database: Database) -> None:
    with database.transaction() as session:
        session.add(Row(number=7, at=NOW))
    with database.reading() as session:
        row = session.exec(select(Row)).one()
    assert row.number == 7


def test_workers_that_start_together_make_the_tables_once(database_url: str) -> None:
    workers = [Database(database_url, Table.metadata) for _ in range(6)]
    together = threading.Barrier(len(workers), timeout=30)

    def start(database: Database) -> None:
        together.wait()
        database.create()
        with database.transaction() as session:
            session.add(Row(number=workers.index(database), at=NOW))

    with ThreadPoolExecutor(len(workers)) as pool:
        list(pool.map(start, workers))
    with workers[0].reading() as session:
        assert session.exec(select(func.count()).select_from(Row)).one() == len(workers)
    for database in workers:
        database.close()


def test_postgresql_itself_refuses_to_write_where_one_only_looks(database_url: str) -> None:
    database = Database(database_url, Table.metadata)
    database.create()
    if database.engine.dialect.name == "sqlite":
        pytest.skip("SQLite forgets what is written; see the tests above")
    with database.reading() as session, pytest.raises(InternalError, match="read-only"):
        session.add(Row(number=1, at=NOW))
        session.flush()
    with database.reading() as session:
        assert session.exec(select(Row)).all() == []
    with database.transaction() as session:  # these may still write
        session.add(Row(number=1, at=NOW))
    database.close()


def test_connections_that_were_lost_in_a_pause_are_made_anew(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.database._PAUSE_SECONDS", -1.0)  # each time counts as a pause
    database = Database(database_url, Table.metadata)
    database.create()
    if database.engine.dialect.name == "sqlite":
        pytest.skip("a file has no connections that another side could end")
    with database.reading() as session:
        ours = session.connection().exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
    with database.transaction() as session:
        session.add(Row(number=1, at=NOW))
        theirs = session.connection().exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        session.connection().exec_driver_sql(f"SELECT pg_terminate_backend({int(ours)})")
    with database.reading() as session:
        assert session.exec(select(func.count()).select_from(Row)).one() == 1
        session.connection().exec_driver_sql(f"SELECT pg_terminate_backend({int(theirs)})")
    with database.transaction() as session:
        session.add(Row(number=2, at=NOW))
    database.close()
