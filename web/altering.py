"""What migrations are written with, on SQLite and PostgreSQL alike.

SQLite changes a table by making it anew and copying its rows. That would lose the triggers of the
table, and stumble over those of others that look at it: `altering` keeps them all::

    def upgrade() -> None:
        with altering("award") as award:
            award.add_column(Column("note", Text()))
            award.create_check_constraint("short_note", "length(note) < 500")
        drop_trigger("award_is_final", "award")
        run(sqlite="CREATE TRIGGER ...", postgresql="CREATE FUNCTION ...; CREATE TRIGGER ...")

A migration names no class and no table of the program: these change, and it must not.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import op
from alembic.operations import BatchOperations
from sqlalchemy import text

from web.migrating import run_baseline


def baseline(version: str) -> None:
    """Make the tables of the first version; `version` is the file of that migration."""
    run_baseline(op.get_bind(), Path(version).parents[1])


def run(*, sqlite: str = "", postgresql: str = "") -> None:
    """Run one statement as it stands, of the database that is there; PostgreSQL takes several."""
    statement = sqlite if op.get_bind().dialect.name == "sqlite" else postgresql
    if statement:
        op.get_bind().exec_driver_sql(statement, execution_options={"no_parameters": True})


def drop_trigger(name: str, table: str) -> None:
    """Remove a trigger, and on PostgreSQL the function of the same name that it calls."""
    run(
        sqlite=f"DROP TRIGGER {name}",
        postgresql=f"DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}()",
    )


@contextmanager
def altering(table: str) -> Iterator[BatchOperations]:
    """Give the operations on one table; its triggers, CHECKs, indexes and rows stay.

    On SQLite the table is made anew each time, so that it ends up written like a new one. Triggers
    come back as they were: change them before or after. Rows of other tables that refer to it
    stay, since foreign keys are looked at only when all migrations are done.
    """
    if op.get_bind().dialect.name != "sqlite":
        with op.batch_alter_table(table) as operations:
            yield operations
        return
    connection = op.get_bind()
    found = connection.execute(
        text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY rowid")
    ).all()
    triggers = [one for one in found if re.search(rf"\b{table}\b", one.sql)]
    for name, _ in triggers:
        run(sqlite=f"DROP TRIGGER {name}")
    with op.batch_alter_table(table, recreate="always") as operations:
        yield operations
    for _, made in triggers:
        run(sqlite=made)
