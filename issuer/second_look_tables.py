"""Decided files that are looked at again, since the examiner who decided them was suspended."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint
from sqlmodel import Field

from issuer.award_tables import forbid
from issuer.tables import Table
from web.database import UtcDateTime


class SecondLook(Table, table=True):
    """One decided file, drawn once; the look of another examiner, final once handed in.

    It is no assessment and no decision: what was decided stays as it is (domain B.4-6, B.5-6).
    """

    __tablename__ = "second_look"
    __table_args__ = (
        CheckConstraint("looked_by <> examiner_id", name="somebody_else_looks"),
        CheckConstraint("level BETWEEN 0 AND 3", name="known_level"),
        CheckConstraint(
            "(looked_by IS NULL) = (level IS NULL) AND (looked_by IS NULL) = (looked_at IS NULL)",
            name="looked_at_by_somebody",
        ),
    )

    submission_id: UUID = Field(primary_key=True, foreign_key="submission.id", ondelete="CASCADE")
    nomination_id: UUID = Field(foreign_key="nomination.id", index=True)
    examiner_id: UUID = Field(foreign_key="person.id")
    """Who decided it alone, and was suspended."""
    decided_level: int
    drawn_at: datetime = Field(sa_type=UtcDateTime)
    looked_by: UUID | None = Field(default=None, foreign_key="person.id")
    marks: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    level: int | None = None
    looked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


forbid(
    "second_look",
    "only_decided_files_are_looked_at_again",
    "INSERT",
    "NOT EXISTS (SELECT 1 FROM decision WHERE decision.submission_id = NEW.submission_id "
    "AND decision.first_examiner_id = NEW.examiner_id AND decision.second_examiner_id IS NULL)",
    "only what one examiner decided alone is looked at again",
)
forbid(
    "second_look",
    "a_second_look_is_final",
    "UPDATE",
    "OLD.looked_by IS NOT NULL OR NEW.examiner_id <> OLD.examiner_id "
    "OR NEW.decided_level <> OLD.decided_level",
    "a second look is final",
)
