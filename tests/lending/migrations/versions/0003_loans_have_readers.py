"""Loans name a reader; what the database says of a book that is not lent is clearer."""

from alembic import op
from sqlalchemy import Column, Integer, Text

from web.altering import altering, drop_trigger, run

revision = "0003"
down_revision = "0002"

_LENT = "EXISTS (SELECT 1 FROM book WHERE book.id = NEW.book_id AND book.state = 'lent')"
_WHY = "this book is not lent"


def upgrade() -> None:
    """Make the table of readers, let loans refer to it, write the trigger anew."""
    op.create_table("reader", Column("id", Integer, primary_key=True), Column("name", Text))
    with altering("loan") as loan:
        loan.add_column(Column("reader_id", Integer))
        loan.create_foreign_key("loan_reader_id_fkey", "reader", ["reader_id"], ["id"])
    drop_trigger("loan_of_lent_book", "loan")
    run(
        sqlite="CREATE TRIGGER loan_of_lent_book BEFORE INSERT ON loan "
        f"WHEN NOT {_LENT} BEGIN SELECT RAISE(ABORT, '{_WHY}'); END",
        postgresql="CREATE FUNCTION loan_of_lent_book() RETURNS trigger AS $$ BEGIN IF "
        f"NOT {_LENT} THEN RAISE EXCEPTION '{_WHY}' USING ERRCODE = "
        "'integrity_constraint_violation'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; "
        "CREATE TRIGGER loan_of_lent_book BEFORE INSERT ON loan "
        "FOR EACH ROW EXECUTE FUNCTION loan_of_lent_book()",
    )
