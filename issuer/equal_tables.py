"""Badges of others that count as much as an expert badge of ours: two standard owners say so."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from issuer.award_tables import forbid
from issuer.tables import Table
from web.database import UtcDateTime


class AcceptedEqual(Table, table=True):
    """An achievement of another issuer, accepted as equal to expert level of one skill."""

    __tablename__ = "accepted_equal"
    __table_args__ = (
        Index(
            "one_decision_an_achievement",
            *("issuer_did", "achievement_id"),
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        CheckConstraint("confirmed_by <> asked_by", name="equal_takes_two_persons"),
        CheckConstraint(
            "(confirmed_by IS NULL) = (confirmed_at IS NULL)", name="equal_confirmed_at_a_time"
        ),
        CheckConstraint("(ended_by IS NULL) = (ended_at IS NULL)", name="equal_ended_at_a_time"),
        CheckConstraint("issuer_did LIKE 'did:%'", name="equal_of_a_did"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    issuer_did: str
    issuer_name: str
    """As the standard owners call it: a badge may claim any name."""
    achievement_id: str
    skill: str
    language: str | None = None
    """The language that was assessed, where the skill depends on it."""
    reason: str
    asked_by: UUID = Field(foreign_key="person.id")
    asked_at: datetime = Field(sa_type=UtcDateTime)
    confirmed_by: UUID | None = Field(default=None, foreign_key="person.id")
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_by: UUID | None = Field(default=None, foreign_key="person.id")
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


forbid(
    "accepted_equal",
    "what_is_equal_is_not_rewritten",
    "UPDATE",
    "NEW.issuer_did <> OLD.issuer_did OR NEW.achievement_id <> OLD.achievement_id "
    "OR NEW.skill <> OLD.skill OR NEW.language IS DISTINCT FROM OLD.language "
    "OR NEW.issuer_name <> OLD.issuer_name OR NEW.reason <> OLD.reason "
    "OR NEW.asked_by <> OLD.asked_by OR OLD.ended_at IS NOT NULL "
    "OR (OLD.confirmed_by IS NOT NULL AND NEW.confirmed_by IS DISTINCT FROM OLD.confirmed_by)",
    "what was decided is ended, and never rewritten",
)
forbid(
    "accepted_equal",
    "confirmed_equal_stays",
    "DELETE",
    "OLD.confirmed_by IS NOT NULL",
    "what was decided stays written down",
)
