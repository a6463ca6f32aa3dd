"""What tables a database really has, in a form that can be compared: one part a line.

`parts` reads them from the database itself, so that two ways to the same tables can be held against
each other: made at once, or made long ago and migrated since. The order of columns does not count,
since a column that comes later stands last; the code names columns always.
"""

import re
from collections.abc import Callable, Iterable, Iterator

from sqlalchemy import Connection, create_engine, text

Parts = frozenset[tuple[str, str]]
"""Pairs of a table's name and one thing that it has: a column, constraint, index or trigger."""

VERSIONS = "alembic_version"
"""The table that says which migrations were done; no part of what they make."""

_ASIDE = "mycred_compare"


def parts(connection: Connection) -> Parts:
    """Read the tables of SQLite, or those in the current schema of PostgreSQL."""
    read = _of_sqlite if connection.dialect.name == "sqlite" else _of_postgresql
    return frozenset(part for part in read(connection) if part[0] != VERSIONS)


def parts_made_by(connection: Connection, make: Callable[[Connection], None]) -> Parts:
    """Give what `make` builds on an empty database of the same kind; nothing of it stays.

    On PostgreSQL that is a schema of its own within a savepoint of `connection`, so the role must
    be allowed to make one; the same server writes both sides of a comparison in the same words.
    """
    if connection.dialect.name == "sqlite":
        aside = create_engine("sqlite://")
        try:
            with aside.connect() as empty:
                make(empty)
                return parts(empty)
        finally:
            aside.dispose()
    savepoint = connection.begin_nested()
    try:
        connection.execute(text(f"CREATE SCHEMA {_ASIDE}"))
        connection.execute(text(f"SET LOCAL search_path TO {_ASIDE}"))
        make(connection)
        return parts(connection)
    finally:
        savepoint.rollback()


def differences(found: Parts, wanted: Parts) -> list[str]:
    """Say in lines what is missing and what is there beside; empty when both are the same."""
    return [
        f"{word} {table}: {what}"
        for table, what, word in sorted(
            [(*part, "missing in") for part in wanted - found]
            + [(*part, "unexpected in") for part in found - wanted]
        )
    ]


# --- SQLite: the text of each CREATE, taken apart ---------------------------------------------


def _of_sqlite(connection: Connection) -> Iterator[tuple[str, str]]:
    rows = connection.execute(
        text("SELECT type, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
    )
    for kind, table, sql in rows:
        if table.startswith("sqlite_"):
            continue
        if kind != "table":
            yield table, _plain(sql)
            continue
        body, after = _body_of(sql)
        yield table, f"TABLE {after}".strip()
        for piece in _at_commas(body):
            yield table, _plain(piece)


def _body_of(sql: str) -> tuple[str, str]:
    """Split ``CREATE TABLE x (body) after``."""
    start, end = sql.index("("), sql.rindex(")")
    return sql[start + 1 : end], sql[end + 1 :].strip()


def _at_commas(body: str) -> Iterator[str]:
    """Split at the commas that stand neither in brackets nor in quotes."""
    depth, start, quote = 0, 0, ""
    for place, sign in enumerate(body):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign in "()":
            depth += 1 if sign == "(" else -1
        elif sign == "," and depth == 0:
            yield body[start:place]
            start = place + 1
    yield body[start:]


def _plain(sql: str) -> str:
    """Give a text without line breaks, and without quotes around names that need none."""
    return re.sub(r'"([a-z_][a-z0-9_]*)"', r"\1", " ".join(sql.split()))


# --- PostgreSQL: its own descriptions ---------------------------------------------------------

_CATALOGUE = (
    # columns
    """
    SELECT c.relname, concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod),
        CASE WHEN a.attnotnull THEN 'NOT NULL' END,
        'DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), NULLIF(a.attidentity, ''))
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
        AND a.attnum > 0 AND NOT a.attisdropped
    """,
    # constraints; those of kind n, new in PostgreSQL 18, are the NOT NULL of a column
    """
    SELECT c.relname, concat('CONSTRAINT ', k.conname, ' ', pg_get_constraintdef(k.oid),
        CASE WHEN NOT k.convalidated THEN ' NOT VALID' END)
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
    WHERE c.relnamespace = current_schema()::regnamespace AND k.contype <> 'n'
    """,
    "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = current_schema()",
    # triggers, and the functions that they call
    """
    SELECT c.relname, concat(pg_get_triggerdef(t.oid), ' ', t.tgenabled, ' ',
        pg_get_functiondef(t.tgfoid))
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE c.relnamespace = current_schema()::regnamespace AND NOT t.tgisinternal
    """,
)


def _of_postgresql(connection: Connection) -> Iterator[tuple[str, str]]:
    schema = connection.execute(text("SELECT current_schema()")).scalar_one()
    for question in _CATALOGUE:
        for table, what in connection.execute(text(question)):
            yield table, " ".join(what.replace(f"{schema}.", "").split())


def only(found: Parts, tables: Iterable[str]) -> Parts:
    """Give the parts of some tables, where a database holds others that are not ours."""
    wanted = set(tables)
    return frozenset(part for part in found if part[0] in wanted)
