"""A lending library in two versions of its program: what the tests of migrations migrate.

It has what makes a table hard to change: checks, a partial index, rows that go with others, a
trigger on the table itself, and one on another table that looks at it.
"""

from pathlib import Path

from sqlalchemy import (
    DDL,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    event,
    text,
)

from web.migrating import FOLDER

LENDING = Path(__file__).with_name("lending") / "migrations"


def old_tables(folder: Path) -> MetaData:
    """Give the tables of the first version."""
    metadata = _shelf_and_book(folder, "state IN ('here', 'lent')")
    loan = Table(
        "loan",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("book_id", ForeignKey("book.id", ondelete="CASCADE"), nullable=False, index=True),
        Column("due", Text),
    )
    _loan_of_lent_book(loan, "it is not lent")
    return metadata


def new_tables(folder: Path = LENDING) -> MetaData:
    """Give the tables of the newest version."""
    pages = (
        Column("pages", Integer, nullable=False),
        CheckConstraint("pages > 0", name="some_pages"),
    )
    metadata = _shelf_and_book(folder, "state IN ('here', 'lent', 'lost')", *pages)
    Table("reader", metadata, Column("id", Integer, primary_key=True), Column("name", Text))
    loan = Table(
        "loan",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("book_id", ForeignKey("book.id", ondelete="CASCADE"), nullable=False, index=True),
        Column("due", Text),
        Column("reader_id", ForeignKey("reader.id", name="loan_reader_id_fkey")),
    )
    _loan_of_lent_book(loan, "this book is not lent")
    return metadata


def _shelf_and_book(folder: Path, states: str, *more: Column[int] | CheckConstraint) -> MetaData:
    metadata = MetaData(info={FOLDER: folder})
    Table("shelf", metadata, Column("id", Integer, primary_key=True), Column("name", Text))
    lent = text("state = 'lent'")
    book = Table(
        "book",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("shelf_id", ForeignKey("shelf.id", ondelete="CASCADE"), nullable=False),
        Column("title", Text, nullable=False),
        Column("state", Text, nullable=False),
        *more,
        CheckConstraint(states, name="known_state"),
        CheckConstraint("title <> ''", name="a_title, (not empty)"),
        UniqueConstraint("shelf_id", "title"),
        Index("one_is_lent", "title", unique=True, sqlite_where=lent, postgresql_where=lent),
    )
    _refuse(book, "title_is_final", "UPDATE", "NEW.title <> OLD.title", "its title stays")
    return metadata


def _loan_of_lent_book(loan: Table, why: str) -> None:
    lent = "EXISTS (SELECT 1 FROM book WHERE book.id = NEW.book_id AND book.state = 'lent')"
    _refuse(loan, "loan_of_lent_book", "INSERT", f"NOT {lent}", why)


def _refuse(table: Table, name: str, action: str, condition: str, why: str) -> None:
    for dialect, made in (
        (
            "sqlite",
            f"CREATE TRIGGER {name} BEFORE {action} ON {table.name} WHEN {condition} "
            f"BEGIN SELECT RAISE(ABORT, '{why}'); END",
        ),
        (
            "postgresql",
            f"CREATE FUNCTION {name}() RETURNS trigger AS $$ BEGIN IF {condition} THEN "
            f"RAISE EXCEPTION '{why}' USING ERRCODE = 'integrity_constraint_violation'; END IF; "
            f"RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER {name} BEFORE {action} "
            f"ON {table.name} FOR EACH ROW EXECUTE FUNCTION {name}()",
        ),
    ):
        event.listen(table, "after_create", DDL(made).execute_if(dialect=dialect))
