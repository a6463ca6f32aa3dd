"""What is kept about keys that others may have: who said so, who confirmed, and row by row what
became of the badges that were signed with them.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from issuer.award_tables import forbid
from issuer.tables import Table, one_of
from web.database import UtcDateTime


class Fate(StrEnum):
    """What became of one badge."""

    WAITING = "waiting"
    MADE_AGAIN = "made_again"
    CANCELLED = "cancelled"
    LEFT = "left"


class StolenKey(Table, table=True):
    """One key that others may have, or used: one person says so, another one confirms."""

    __tablename__ = "stolen_key"
    __table_args__ = (
        Index(
            "one_replacement_a_key",
            "key_name",
            unique=True,
            sqlite_where=text("finished_at IS NULL"),
            postgresql_where=text("finished_at IS NULL"),
        ),
        CheckConstraint(
            "confirmed_by IS NULL OR confirmed_by <> asked_by", name="stolen_key_two_persons"
        ),
        CheckConstraint(
            "(confirmed_by IS NULL) = (confirmed_at IS NULL)", name="stolen_key_confirmed_at_a_time"
        ),
        CheckConstraint(
            "finished_at IS NULL OR confirmed_at IS NOT NULL", name="stolen_key_confirmed_first"
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    key_name: str = Field(index=True)
    since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """The badges signed from then on, when nobody has a copy of the key; None for all of them."""
    asked_by: UUID = Field(foreign_key="person.id")
    asked_at: datetime = Field(sa_type=UtcDateTime)
    confirmed_by: UUID | None = Field(default=None, foreign_key="person.id")
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class StolenKeyRow(Table, table=True):
    """One badge that was signed with such a key; it waits in one place only."""

    __tablename__ = "stolen_key_row"
    __table_args__ = (
        CheckConstraint(one_of("fate", Fate), name="stolen_key_fate"),
        CheckConstraint(
            "(fate IN ('cancelled', 'left')) = (why <> '')", name="stolen_key_row_says_why"
        ),
        Index(
            "one_waiting_row_a_badge",
            "credential_id",
            unique=True,
            sqlite_where=text("fate = 'waiting'"),
            postgresql_where=text("fate = 'waiting'"),
        ),
        # Those that wait, in their order; how many have which fate.
        Index("rows_of_a_stolen_key", "stolen_key_id", "fate", "credential_id"),
    )

    stolen_key_id: UUID = Field(primary_key=True, foreign_key="stolen_key.id")
    credential_id: UUID = Field(primary_key=True, foreign_key="credential.id")
    fate: str = Fate.WAITING
    why: str = ""
    """Why it was cancelled or left, as a msgid."""


forbid(
    "stolen_key",
    "confirmed_stolen_key_is_final",
    "UPDATE",
    "OLD.confirmed_by IS NOT NULL AND (NEW.confirmed_by IS DISTINCT FROM OLD.confirmed_by "
    "OR NEW.key_name <> OLD.key_name OR NEW.since IS DISTINCT FROM OLD.since "
    "OR NEW.asked_by <> OLD.asked_by OR OLD.finished_at IS NOT NULL)",
    "what was confirmed about a key never changes",
)
forbid(
    "stolen_key",
    "confirmed_stolen_key_stays",
    "DELETE",
    "OLD.confirmed_by IS NOT NULL",
    "what was confirmed about a key stays",
)
forbid(
    "stolen_key_row",
    "a_fate_is_final",
    "UPDATE",
    "OLD.fate <> 'waiting'",
    "what became of a badge never changes",
)
# Of a badge that is collected just now, or by a process that still knows the old key.
forbid(
    "credential",
    "stolen_keys_sign_nothing",
    "UPDATE",
    "OLD.signed_text IS NULL AND NEW.signed_text IS NOT NULL AND EXISTS (SELECT 1 FROM stolen_key "
    "WHERE stolen_key.key_name = NEW.signed_with AND stolen_key.confirmed_by IS NOT NULL)",
    "a key that others may have signs nothing",
    made_with="stolen_key_row",  # made after both tables
)
