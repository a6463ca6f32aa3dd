"""What people record and photograph, and what examiners see them do.

A file cannot be without its answer: it hangs from it and goes with it, whoever deletes the answer
and why ever. An observation is an examiner's word, final as marks are, and never the candidate's
own.
"""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import (
    DDL,
    CheckConstraint,
    ForeignKeyConstraint,
    LargeBinary,
    UniqueConstraint,
    event,
)
from sqlmodel import JSON, Field

from issuer.tables import Table, freeze, is_erased, one_of, only_contacts_follow
from web.database import UtcDateTime

MAX_KEPT_BYTES = 6_000_000


class ContentType(StrEnum):
    """What a kept file can be; nothing else is ever served."""

    JPEG = "image/jpeg"
    WEBM = "audio/webm"
    OGG = "audio/ogg"
    MP4 = "audio/mp4"
    MP3 = "audio/mpeg"
    WAV = "audio/wav"


class RecordingConsent(Table, table=True):
    """Whether somebody wants their voice and photos kept; asked apart, and no is as good as yes."""

    __tablename__ = "recording_consent"

    person_id: UUID = Field(primary_key=True, foreign_key="person.id")
    agreed: bool
    said_at: datetime = Field(sa_type=UtcDateTime)


class Evidence(Table, table=True):
    """The recording or the photo that answers a task: one for each, replaced by doing it again."""

    __tablename__ = "evidence"
    __table_args__ = (
        ForeignKeyConstraint(
            ["submission_id", "task_id"],
            ["answer.submission_id", "answer.task_id"],
            ondelete="CASCADE",
        ),
        CheckConstraint(one_of("content_type", ContentType), name="known_content_type"),
        CheckConstraint(f"length(content) BETWEEN 1 AND {MAX_KEPT_BYTES}", name="bounded"),
    )

    submission_id: UUID = Field(primary_key=True)
    task_id: str = Field(primary_key=True)
    content_type: str
    content: bytes = Field(sa_type=LargeBinary, repr=False)
    seconds: float | None = None
    """How long a recording is, where the file says it."""
    source_hash: str
    """Of the file as it was sent: sent twice, it is kept once."""


class ObservationDue(Table, table=True):
    """A practical of a file that was sent: an examiner is to watch it before anybody marks."""

    __tablename__ = "observation_due"

    submission_id: UUID = Field(primary_key=True, foreign_key="submission.id")
    task_id: str = Field(primary_key=True)


class Observation(Table, table=True):
    """What an examiner saw somebody do; one for each observed task, never changed."""

    __tablename__ = "observation"
    __table_args__ = (
        UniqueConstraint("submission_id", "task_id"),
        CheckConstraint("examiner_id <> candidate_id", name="nobody_observes_themself"),
        CheckConstraint(
            "examiner_contact IS NULL OR candidate_contact IS NULL "
            "OR examiner_contact <> candidate_contact",
            name="nobody_observes_themself_under_another_name",
        ),
        ForeignKeyConstraint(
            ["submission_id", "task_id"],
            ["observation_due.submission_id", "observation_due.task_id"],
        ),
        ForeignKeyConstraint(
            ["submission_id", "candidate_id"], ["submission.id", "submission.candidate_id"]
        ),
        *(
            ForeignKeyConstraint(
                [f"{who}_id", f"{who}_contact"],
                ["person.id", "person.contact_hash"],
                onupdate="CASCADE",
            )
            for who in ("candidate", "examiner")
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    submission_id: UUID
    task_id: str
    candidate_id: UUID
    candidate_contact: str | None = None
    examiner_id: UUID = Field(foreign_key="person.id")
    examiner_contact: str | None = None
    appointment_id: UUID = Field(foreign_key="appointment.id")
    seen: dict[str, str] = Field(sa_type=JSON)
    """For each line of the list: seen, not_seen or not_needed."""
    note: str
    observed_on: date
    recorded_at: datetime = Field(sa_type=UtcDateTime)


freeze(
    "observation",
    may_go=is_erased("OLD.candidate_id"),
    may_change=only_contacts_follow("observation"),
)

_UNOBSERVED = (
    "EXISTS (SELECT 1 FROM observation_due WHERE observation_due.submission_id = NEW.submission_id "
    "AND NOT EXISTS (SELECT 1 FROM observation "
    "WHERE observation.submission_id = observation_due.submission_id "
    "AND observation.task_id = observation_due.task_id))"
)


def _let_nobody_mark_what_nobody_watched() -> None:
    name, why = "marks_need_observations", "a practical was not observed"
    tables = Table.metadata.tables
    tables["observation"].add_is_dependent_on(tables["assessment"])
    for dialect, statement in (
        (
            "sqlite",
            f"CREATE TRIGGER {name} BEFORE INSERT ON assessment WHEN {_UNOBSERVED} "
            f"BEGIN SELECT RAISE(ABORT, '{why}'); END",
        ),
        (
            "postgresql",
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger AS $$ BEGIN "
            f"IF {_UNOBSERVED} THEN RAISE EXCEPTION '{why}'; END IF; RETURN NEW; END "
            f"$$ LANGUAGE plpgsql; CREATE TRIGGER {name} BEFORE INSERT ON assessment "
            f"FOR EACH ROW EXECUTE FUNCTION {name}()",
        ),
    ):
        ddl = DDL(statement).execute_if(dialect=dialect)
        event.listen(tables["observation"], "after_create", ddl)


_let_nobody_mark_what_nobody_watched()
