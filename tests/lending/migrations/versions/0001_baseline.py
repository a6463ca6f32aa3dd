"""The tables as they were when versions began."""

from web.altering import baseline

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make all tables, from the text that was frozen beside."""
    baseline(__file__)
