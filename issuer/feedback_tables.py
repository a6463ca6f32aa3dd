"""What people say about the tasks, and how they used the pages: for counting only."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlmodel import Field

from issuer.tables import Table
from web.database import UtcDateTime


class Feedback(Table, table=True):
    """Three faces, one to five, and a few words if somebody wants: once for each piece of work."""

    __tablename__ = "feedback"
    __table_args__ = (
        *(
            CheckConstraint(f"{name} BETWEEN 1 AND 5", name=f"{name}_is_a_face")
            for name in ("clear", "real", "well")
        ),
        CheckConstraint("length(words) <= 500", name="few_words"),
    )

    submission_id: UUID = Field(primary_key=True, foreign_key="submission.id")
    clear: int
    """Were the tasks clear?"""
    real: int
    """Were they like real work?"""
    well: int
    """Did the person feel well?"""
    words: str = ""
    given_at: datetime = Field(sa_type=UtcDateTime)


class Usage(Table, table=True):
    """How the pages were used for one piece of work, of people who agreed to be counted.

    Kept apart from the answers, since it stays when these are deleted.
    """

    __tablename__ = "usage"
    __table_args__ = (CheckConstraint("answered >= 0", name="answered_tasks"),)

    submission_id: UUID = Field(primary_key=True, foreign_key="submission.id")
    interface: str
    """The language of the pages at the last answer."""
    switched: bool = False
    """The language of the pages was changed on the way."""
    listened: bool = False
    """Something was listened to."""
    answered: int = 0
    """How many tasks had an answer at most."""
