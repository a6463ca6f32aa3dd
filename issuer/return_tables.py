"""Files sent back once for a missing or broken piece, and attempts that do not count."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Text
from sqlmodel import Field

from issuer.award_tables import forbid
from issuer.tables import Table, one_of
from web.database import UtcDateTime


class PieceFault(StrEnum):
    """What is wrong with one piece: a closed list."""

    MISSING = "missing"
    CANNOT_OPEN = "cannot_open"
    CANNOT_SEE = "cannot_see"
    CANNOT_HEAR = "cannot_hear"
    OTHER_TASK = "other_task"


class TechnicalFault(StrEnum):
    """Why an attempt does not count: a closed list."""

    SERVICE_BROKE = "service_broke"
    ANSWERS_LOST = "answers_lost"
    WRONG_TASKS = "wrong_tasks"
    HELPED_BY_MISTAKE = "helped_by_mistake"


class FileReturn(Table, table=True):
    """A file that an examiner sent back: once a file, before anybody marked it."""

    __tablename__ = "file_return"

    submission_id: UUID = Field(primary_key=True, foreign_key="submission.id")
    examiner_id: UUID = Field(foreign_key="person.id")
    note: str = Field(default="", sa_column=Column(Text, nullable=False))
    note_language: str
    returned_at: datetime = Field(sa_type=UtcDateTime)
    until: datetime = Field(sa_type=UtcDateTime)
    back_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ReturnedPiece(Table, table=True):
    """One piece to do again, and when it was."""

    __tablename__ = "returned_piece"
    __table_args__ = (
        CheckConstraint(one_of("fault", PieceFault), name="closed_list_of_piece_faults"),
    )

    submission_id: UUID = Field(primary_key=True, foreign_key="file_return.submission_id")
    task_id: str = Field(primary_key=True)
    fault: str
    redone_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class VoidAttempt(Table, table=True):
    """Who said that an attempt does not count, and why; never by the candidate themselves."""

    __tablename__ = "void_attempt"
    __table_args__ = (
        CheckConstraint(one_of("fault", TechnicalFault), name="closed_list_of_faults"),
        CheckConstraint("stated_by <> candidate_id", name="nobody_voids_their_own_attempt"),
        ForeignKeyConstraint(
            ["submission_id", "candidate_id"], ["submission.id", "submission.candidate_id"]
        ),
    )

    submission_id: UUID = Field(primary_key=True)
    candidate_id: UUID
    stated_by: UUID = Field(foreign_key="person.id")
    fault: str
    note: str = Field(sa_column=Column(Text, nullable=False))
    at: datetime = Field(sa_type=UtcDateTime)


forbid(
    "file_return",
    "marked_files_are_not_sent_back",
    "INSERT",
    "EXISTS (SELECT 1 FROM assessment WHERE assessment.submission_id = NEW.submission_id)",
    "a file that somebody marked is not sent back",
)
forbid(
    "file_return",
    "file_return_is_once",
    "UPDATE",
    "OLD.back_at IS NOT NULL OR NEW.until IS DISTINCT FROM OLD.until "
    "OR NEW.returned_at IS DISTINCT FROM OLD.returned_at",
    "a file is sent back once",
)
forbid(
    "file_return",
    "file_return_stays",
    "DELETE",
    "NOT EXISTS (SELECT 1 FROM erasure JOIN submission "
    "ON submission.candidate_id = erasure.person_id WHERE submission.id = OLD.submission_id)",
    "a file is sent back once",
)
