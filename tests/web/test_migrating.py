"""A pilot that upgrades keeps its data, and an upgrade that fails leaves all as it was."""

import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import quick
from killing import ROOT, kill_at
from lending_tables import LENDING, new_tables, old_tables
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError

from web.database import Database
from web.migrating import DatabaseNotReady, Standing, chain_of, copies, standing_of
from web.schema import differences, parts

OLD_ROWS = (
    "INSERT INTO shelf (id, name) VALUES (1, 'tales')",
    "INSERT INTO book (id, shelf_id, title, state) VALUES (1, 1, 'Ruth', 'lent')",
    "INSERT INTO book (id, shelf_id, title, state) VALUES (2, 1, 'Emma', 'here')",
    "INSERT INTO loan (id, book_id, due) VALUES (1, 1, '50% of a: year')",
)
END_OF_STEP = "\n    "


@dataclass
class Lending:
    """One database of the lending library, and the programs that come to it in turn."""

    url: str
    folder: Path

    def old(self) -> Database:
        """Give the program of the first version, which knows no other."""
        folder = self.folder / "old" / "lending" / "migrations"
        if not folder.exists():
            shutil.copytree(LENDING, folder, ignore=shutil.ignore_patterns("0002*", "0003*"))
        return Database(self.url, old_tables(folder))

    def new(self) -> Database:
        """Give the program of the newest version."""
        return Database(self.url, new_tables())

    def changed(self, line: str) -> Path:
        """Give the newest migrations with one more line at the end of the last step."""
        folder = self.folder / "changed" / "lending" / "migrations"
        shutil.copytree(LENDING, folder)
        (last,) = folder.glob("versions/0003*.py")
        last.write_text(f"{last.read_text('utf-8')}{END_OF_STEP}{line}\n", "utf-8")
        return folder

    def live_with_old(self) -> None:
        """Let the first version run and keep some books."""
        database = self.old()
        database.create()
        for row in OLD_ROWS:
            change(database, row)
        database.close()

    def is_as_the_old_left_it(self) -> bool:
        """Look whether version, tables and rows are those of the first version."""
        database = self.old()
        database.create(upgrade=False)
        with database.engine.connect() as connection:
            found = parts(connection)
        books = all_of(database, "SELECT id, title, state FROM book ORDER BY id")
        loans = all_of(database, "SELECT book_id, due FROM loan")
        version = all_of(database, "SELECT version_num FROM alembic_version")
        aside = Database("sqlite://", database.metadata)
        if database.engine.dialect.name == "sqlite":
            aside.create()
            with aside.engine.connect() as connection:
                assert differences(found, parts(connection)) == []
        database.close()
        aside.close()
        assert not [part for part in found if part[0] in ("reader", "_alembic_tmp_book")]
        return (books, loans, version) == (
            [(1, "Ruth", "lent"), (2, "Emma", "here")],
            [(1, "50% of a: year")],
            [("0001",)],
        )


def change(database: Database, sql: str) -> None:
    with database.transaction() as session:
        session.connection().execute(text(sql.replace(":", "\\:")))


def all_of(database: Database, sql: str) -> list[tuple[Any, ...]]:
    with database.reading() as session:
        return [tuple(row) for row in session.connection().execute(text(sql))]


@pytest.fixture(autouse=True)
def tables_are_really_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Database, "create", quick.create_really)


@pytest.fixture
def lending(database_url: str, tmp_path: Path) -> Lending:
    return Lending(database_url, tmp_path)


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Lending:
    return Lending(f"sqlite:///{tmp_path}/lending.db", tmp_path)


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """Give what is sent to any database from now on."""
    from sqlalchemy import Engine

    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield sent
    event.remove(Engine, "before_cursor_execute", note)


# --- what is kept ---------------------------------------------------------------------------------


def test_rows_and_rules_survive_an_upgrade(lending: Lending) -> None:
    lending.live_with_old()
    database = lending.new()
    database.create()
    assert all_of(database, "SELECT id, title, state, pages FROM book ORDER BY id") == [
        (1, "Ruth", "lent", 1),
        (2, "Emma", "here", 1),
    ]
    assert all_of(database, "SELECT id, book_id, due, reader_id FROM loan") == [
        (1, 1, "50% of a: year", None)
    ]
    change(database, "UPDATE book SET state = 'lost' WHERE id = 2")
    for refused in (
        "UPDATE book SET title = 'Emma 2' WHERE id = 2",
        "UPDATE book SET pages = 0 WHERE id = 2",
        "UPDATE book SET state = 'burnt' WHERE id = 2",
        "INSERT INTO book (id, shelf_id, title, state, pages) VALUES (3, 1, 'Emma', 'here', 5)",
        "INSERT INTO book (id, shelf_id, title, state, pages) VALUES (3, 9, 'Circe', 'here', 5)",
        "INSERT INTO book (id, shelf_id, title, state) VALUES (3, 1, 'Circe', 'here')",
        "INSERT INTO loan (id, book_id, reader_id) VALUES (2, 1, 7)",
    ):
        with pytest.raises(IntegrityError):
            change(database, refused)
    with pytest.raises(IntegrityError, match="this book is not lent"):
        change(database, "INSERT INTO loan (id, book_id) VALUES (2, 2)")
    change(database, "DELETE FROM shelf")
    assert all_of(database, "SELECT id FROM loan") == []
    database.close()


def test_an_upgraded_database_has_the_tables_of_a_new_one(
    lending: Lending, database_url: str, tmp_path: Path
) -> None:
    lending.live_with_old()
    upgraded = lending.new()
    upgraded.create()
    if upgraded.engine.dialect.name == "sqlite":
        new = Database("sqlite://", new_tables())
    else:
        change(upgraded, "CREATE SCHEMA aside")
        new = Database(f"{database_url}&options=-csearch_path%3Daside", new_tables())
    new.create()
    with upgraded.engine.connect() as one, new.engine.connect() as other:
        assert differences(parts(one), parts(other)) == []
        assert ("book", "CONSTRAINT some_pages CHECK (pages > 0)") in parts(one) or (
            "book",
            "CONSTRAINT some_pages CHECK ((pages > 0))",
        ) in parts(one)
    new.close()
    upgraded.close()


def test_a_step_that_fails_leaves_the_old_state(lending: Lending) -> None:
    lending.live_with_old()
    broken = lending.changed("raise RuntimeError('in the middle')")
    database = Database(lending.url, new_tables(broken))
    with pytest.raises(DatabaseNotReady, match=r"from 0001 to 0003 failed: in the middle"):
        database.create()
    database.close()
    assert lending.is_as_the_old_left_it()
    healed = lending.new()
    healed.create()
    assert all_of(healed, "SELECT version_num FROM alembic_version") == [("0003",)]
    healed.close()


def test_a_process_that_is_killed_in_a_step_leaves_the_old_state(lending: Lending) -> None:
    lending.live_with_old()
    slow = lending.changed("print('altered', flush=True); __import__('time').sleep(60)")
    program = (
        "import pathlib, lending_tables as l; from web.database import Database; "
        f"Database({lending.url!r}, l.new_tables(pathlib.Path({str(slow)!r}))).create()"
    )
    kill_at("altered", ["-c", program])
    assert lending.is_as_the_old_left_it()
    database = lending.new()
    database.create()
    assert all_of(database, "SELECT count(*) FROM book") == [(2,)]
    database.close()


def test_a_step_that_leaves_rows_without_what_they_refer_to_is_undone(on_sqlite: Lending) -> None:
    """While tables are copied SQLite looks at no reference: it must not go unseen."""
    on_sqlite.live_with_old()
    careless = on_sqlite.changed("op.execute('DELETE FROM shelf')")
    database = Database(on_sqlite.url, new_tables(careless))
    with pytest.raises(DatabaseNotReady, match=r"rows of .'book'. refer to nothing"):
        database.create()
    database.close()
    assert on_sqlite.is_as_the_old_left_it()


def test_workers_that_start_together_upgrade_once(lending: Lending) -> None:
    lending.live_with_old()
    workers = [lending.new() for _ in range(4)]
    together = threading.Barrier(len(workers), timeout=30)

    def start(database: Database) -> None:
        together.wait()
        database.create()
        with database.transaction() as session:
            book = len(workers) + workers.index(database)
            session.connection().exec_driver_sql(
                "INSERT INTO book (id, shelf_id, title, state, pages) "
                f"VALUES ({book}, 1, 'copy {book}', 'here', 9)"
            )

    with ThreadPoolExecutor(len(workers)) as pool:
        list(pool.map(start, workers))
    assert all_of(workers[0], "SELECT count(*) FROM book") == [(6,)]
    for database in workers:
        database.close()


def test_a_copy_of_the_old_file_is_kept_that_only_its_owner_reads(on_sqlite: Lending) -> None:
    on_sqlite.live_with_old()
    database = on_sqlite.new()
    database.create()
    with database.engine.connect() as connection:
        (copy,) = copies(connection)
    database.close()
    assert copy.name == "lending.db.before-0003"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    shutil.copyfile(copy, on_sqlite.folder / "lending.db")
    assert on_sqlite.is_as_the_old_left_it()


def test_without_a_copy_there_is_no_upgrade(on_sqlite: Lending) -> None:
    on_sqlite.live_with_old()
    (on_sqlite.folder / "lending.db.before-0003.part").mkdir()
    database = on_sqlite.new()
    with pytest.raises(DatabaseNotReady, match="could not be copied"):
        database.create()
    database.close()
    assert on_sqlite.is_as_the_old_left_it()


def test_postgresql_does_not_wait_for_ever_for_an_old_worker(
    lending: Lending, monkeypatch: pytest.MonkeyPatch
) -> None:
    if lending.url.startswith("sqlite"):
        pytest.skip("on SQLite nobody else can be in the middle of something")
    monkeypatch.setattr("web.migrating._LOCK_SECONDS", 0.2)
    lending.live_with_old()
    old, new = lending.old(), lending.new()
    with old.transaction() as session:
        session.connection().exec_driver_sql("UPDATE book SET state = 'here'")
        with pytest.raises(DatabaseNotReady, match="Stop every process of the older version"):
            new.create()
        session.connection().exec_driver_sql("UPDATE book SET state = 'lent' WHERE id = 1")
    assert lending.is_as_the_old_left_it()
    new.create()
    old.close()
    new.close()


# --- what is refused --------------------------------------------------------------------------


def test_a_database_without_version_is_known_by_its_tables(lending: Lending) -> None:
    lending.live_with_old()
    database = lending.new()
    change(database, "DROP TABLE alembic_version")
    database.create()
    assert all_of(database, "SELECT version_num FROM alembic_version") == [("0003",)]
    assert all_of(database, "SELECT count(*) FROM loan") == [(1,)]
    database.close()


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ("ALTER TABLE book ADD COLUMN colour TEXT", "colour"),
        ("DROP INDEX one_is_lent", "one_is_lent"),
        ("ALTER TABLE loan RENAME TO lease", "loan"),
    ],
)
def test_unknown_tables_without_version_are_not_touched(
    lending: Lending, other: str, named: str
) -> None:
    lending.live_with_old()
    database = lending.new()
    change(database, "DROP TABLE alembic_version")
    change(database, other)
    with pytest.raises(DatabaseNotReady, match=named):
        database.create()
    assert all_of(database, "SELECT count(*) FROM book") == [(2,)]
    with database.engine.connect() as connection:
        chain = chain_of(database.metadata)
        assert chain is not None
        assert standing_of(connection, database.metadata, chain) is Standing.UNVERSIONED
    database.close()


def test_tables_of_others_beside_ours_do_not_matter(lending: Lending) -> None:
    first = lending.old()
    change(first, "CREATE TABLE somebody_elses (id INTEGER)")
    first.create()
    change(first, "DROP TABLE alembic_version")
    first.close()
    database = lending.new()
    database.create()
    assert all_of(database, "SELECT version_num FROM alembic_version") == [("0003",)]
    assert all_of(database, "SELECT * FROM somebody_elses") == []
    database.close()


@pytest.mark.parametrize("version", ["0004", "ab12"])
def test_a_database_of_a_newer_program_is_not_touched(lending: Lending, version: str) -> None:
    database = lending.new()
    database.create()
    change(database, f"UPDATE alembic_version SET version_num = '{version}'")
    with pytest.raises(DatabaseNotReady, match=f"version {version}, which this program does not"):
        database.create()
    assert all_of(database, "SELECT version_num FROM alembic_version") == [(version,)]
    database.close()


def test_a_start_that_must_not_change_anything_changes_nothing(lending: Lending) -> None:
    new = lending.new()
    with pytest.raises(DatabaseNotReady, match=r"no tables yet.*mycred database upgrade"):
        new.create(upgrade=False)
    lending.live_with_old()
    with pytest.raises(DatabaseNotReady, match=r"older version.*mycred database upgrade"):
        new.create(upgrade=False)
    assert lending.is_as_the_old_left_it()
    change(new, "DROP TABLE alembic_version")
    with pytest.raises(DatabaseNotReady, match="no version"):
        new.create(upgrade=False)
    new.create()
    new.create(upgrade=False)
    new.close()


# --- what it costs --------------------------------------------------------------------------------


def test_a_start_with_nothing_to_do_asks_one_question(
    lending: Lending, statements: list[str]
) -> None:
    database = lending.new()
    database.create()
    statements.clear()
    database.create()
    assert statements == ["SELECT version_num FROM alembic_version"]
    database.close()


def test_neither_services_nor_the_command_line_load_alembic_without_need(tmp_path: Path) -> None:
    program = f"""
import sys
from importlib import import_module
from web.database import Database
for service in ("issuer", "wallet", "verifier"):
    for _ in ("a new database", "the same again"):
        tables = import_module(service + ".app").Table.metadata
        database = Database(f"sqlite:///{tmp_path}/{{service}}.db", tables)
        database.create()
        database.close()
import cli, web.database_report
sys.exit(any(name.split(".")[0] in ("alembic", "mako") for name in sys.modules))
"""
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, timeout=120)
