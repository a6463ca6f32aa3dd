"""Batches of releases: what an officer released in one step, row by row."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from issuer.tables import Table, one_of
from web.database import UtcDateTime


class RowState(StrEnum):
    """How far one row of a batch is."""

    WAITING = "waiting"
    RELEASED = "released"
    REFUSED = "refused"


class Batch(Table, table=True):
    """Many decisions that an officer released at once."""

    __tablename__ = "release_batch"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    officer_id: UUID = Field(foreign_key="person.id")
    created: datetime = Field(sa_type=UtcDateTime)


class BatchRow(Table, table=True):
    """One decision of a batch; a decision waits in one batch only."""

    __tablename__ = "release_batch_row"
    __table_args__ = (
        UniqueConstraint("batch_id", "decision_id"),
        CheckConstraint(one_of("state", RowState), name="row_state"),
        CheckConstraint("(state = 'refused') = (why <> '')", name="refused_says_why"),
        Index(
            "one_waiting_row_a_decision",
            "decision_id",
            unique=True,
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        # Those that wait, in their order; how many are in each state; those that were refused.
        Index("rows_of_a_batch", "batch_id", "state", "place"),
    )

    batch_id: UUID = Field(primary_key=True, foreign_key="release_batch.id")
    place: int = Field(primary_key=True)
    decision_id: UUID = Field(foreign_key="decision.id")
    state: str = RowState.WAITING
    why: str = ""
    """Why it was refused, as a msgid."""
