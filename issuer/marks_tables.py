"""What belongs to marks beside the marks: unfinished ones, notes that may be shown, time taken."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint
from sqlmodel import Field

from issuer.tables import Table, freeze
from web.database import UtcDateTime


class MarksDraft(Table, table=True):
    """Marks that an examiner has not handed in: theirs alone, gone when they do."""

    __tablename__ = "marks_draft"

    submission_id: UUID = Field(primary_key=True, foreign_key="submission.id")
    examiner_id: UUID = Field(primary_key=True, foreign_key="person.id")
    content: dict[str, Any] = Field(sa_type=JSON)
    saved_at: datetime = Field(sa_type=UtcDateTime)


class ShownNote(Table, table=True):
    """A note that its examiner lets the candidate read, and the language it is written in."""

    __tablename__ = "shown_note"

    assessment_id: UUID = Field(primary_key=True, foreign_key="assessment.id")
    criterion: str = Field(primary_key=True)
    language: str


class MarkingTime(Table, table=True):
    """How long an examiner had a file open before handing in; for their own page only."""

    __tablename__ = "marking_time"
    __table_args__ = (CheckConstraint("minutes >= 0", name="time_runs_forward"),)

    assessment_id: UUID = Field(primary_key=True, foreign_key="assessment.id")
    minutes: int


freeze(
    "shown_note",
    may_go="EXISTS (SELECT 1 FROM erasure JOIN assessment "
    "ON assessment.candidate_id = erasure.person_id WHERE assessment.id = OLD.assessment_id)",
)
