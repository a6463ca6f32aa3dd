"""Books get pages, and may be lost; of those that are there nobody counted the pages."""

from sqlalchemy import Column, Integer

from web.altering import altering

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column for the rows that are there, then take the default away again."""
    with altering("book") as book:
        book.add_column(Column("pages", Integer, nullable=False, server_default="1"))
        book.drop_constraint("known_state", type_="check")
        book.create_check_constraint("known_state", "state IN ('here', 'lent', 'lost')")
        book.create_check_constraint("some_pages", "pages > 0")
    with altering("book") as book:
        book.alter_column("pages", server_default=None)
