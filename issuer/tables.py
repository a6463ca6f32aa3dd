"""People, roles, submissions, assessments and decisions: the tables of the assessment side.

What must never happen is made impossible here, not only in code (domain rules B.5): nobody marks
their own work, a decision rests on an assessment, an expert level on two, and neither assessments
nor decisions change once made.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    DDL,
    JSON,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    MetaData,
    UniqueConstraint,
    event,
    text,
)
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from web.database import UtcDateTime
from web.migrating import FOLDER
from web.sessions import SessionRow

_MIGRATIONS = {FOLDER: Path(__file__).with_name("migrations")}


class Table(SQLModel, registry=registry(metadata=MetaData(info=_MIGRATIONS))):
    """The base of every table of the issuer; each service has a registry of its own."""


class Role(StrEnum):
    """What a person may do."""

    CANDIDATE = "candidate"
    EXAMINER = "examiner"
    OFFICER = "officer"
    COORDINATOR = "coordinator"
    STANDARD_OWNER = "standard_owner"
    DATA_OFFICER = "data_officer"
    ADMINISTRATOR = "administrator"


class SubmissionState(StrEnum):
    """The life of a submission (domain B.3)."""

    DRAFT = "draft"
    SENT = "sent"
    MARKING = "marking"
    SECOND_MARKING = "second_marking"
    DECIDED = "decided"
    RETURNED = "returned"
    APPEALED = "appealed"
    VOID = "void"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class DecisionOutcome(StrEnum):
    """How a submission ends; "not yet" never leaves the issuer."""

    AWARDED = "awarded"
    NOT_YET = "not_yet"


def one_of(column: str, values: Iterable[StrEnum]) -> str:
    """Write the CHECK that a column holds one of the members of an enum."""
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


class Organisation(Table, table=True):
    """A centre: where people enrol, examine and release."""

    __tablename__ = "organisation"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    name: str = Field(unique=True)
    country_code: str


class Person(Table, table=True):
    """Somebody with an alias; the name is for themself and never shown to an examiner."""

    __tablename__ = "person"
    __table_args__ = (UniqueConstraint("id", "contact_hash"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisation.id")
    display_name: str
    alias: str = Field(unique=True)
    contact_hash: str | None = Field(default=None, index=True)


class Grant(Table, table=True):
    """One role of one person, in the organisation that the person belongs to and in no other."""

    __tablename__ = "role_grant"
    __table_args__ = (
        CheckConstraint(one_of("role", Role), name="known_role"),
        CheckConstraint("granted_by <> person_id", name="nobody_gives_themselves_a_role"),
        CheckConstraint("(granted_by IS NULL) = (granted_at IS NULL)", name="granted_at_a_time"),
    )

    person_id: UUID = Field(primary_key=True, foreign_key="person.id")
    role: str = Field(primary_key=True)
    granted_by: UUID | None = Field(default=None, foreign_key="person.id")
    """The administrator who gave it; nobody when the centre was set up, or for candidates."""
    granted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class AccessCode(Table, table=True):
    """A code that lets a person in: an invitation, kept as a hash."""

    __tablename__ = "access_code"

    code_hash: str = Field(primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    created: datetime = Field(sa_type=UtcDateTime)
    expires: datetime = Field(sa_type=UtcDateTime)


class WrongCode(Table, table=True):
    """A try with a code that nobody has: counted, so that codes cannot be guessed."""

    __tablename__ = "wrong_code"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    source_hash: str = Field(index=True)
    at: datetime = Field(sa_type=UtcDateTime)


class BegunCount(Table, table=True):
    """How often something was begun of late: from one place or from all, by a person, at a host."""

    __tablename__ = "begun_count"
    __table_args__ = (CheckConstraint("count > 0", name="something_was_begun"),)

    source_hash: str = Field(primary_key=True)
    """Of an address, a person or a host, keyed; empty for all together."""
    thing: str = Field(primary_key=True)
    since: datetime = Field(sa_type=UtcDateTime, index=True)
    count: int


class WebSession(SessionRow, Table, table=True):
    """Somebody who is signed in."""

    __tablename__ = "web_session"

    person_id: UUID = Field(foreign_key="person.id")


class Consent(Table, table=True):
    """What a candidate agreed to, and when; statistics are separate and may be refused."""

    __tablename__ = "consent"

    person_id: UUID = Field(primary_key=True, foreign_key="person.id")
    assessment_at: datetime = Field(sa_type=UtcDateTime)
    statistics: bool = False


class Appointment(Table, table=True):
    """An examiner's right to mark: which skill, in which language, up to which level alone."""

    __tablename__ = "appointment"
    __table_args__ = (CheckConstraint("level_ceiling BETWEEN 1 AND 3", name="known_level"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    skill: str
    language: str
    level_ceiling: int
    reason: str
    """Why: an expert badge, or the letter of the institution."""
    valid_from: datetime = Field(sa_type=UtcDateTime)
    valid_until: datetime = Field(sa_type=UtcDateTime)
    suspended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Submission(Table, table=True):
    """One candidate's work on one scenario."""

    __tablename__ = "submission"
    __table_args__ = (
        UniqueConstraint("id", "candidate_id"),
        UniqueConstraint("id", "level"),
        Index(
            "one_draft",
            *("candidate_id", "skill", "level", "language"),
            unique=True,
            sqlite_where=text("state = 'draft'"),
            postgresql_where=text("state = 'draft'"),
        ),
        CheckConstraint("level BETWEEN 1 AND 3", name="known_level"),
        CheckConstraint("worked_seconds >= 0", name="no_time_is_negative"),
        CheckConstraint(one_of("state", SubmissionState), name="submission_state"),
        CheckConstraint(
            "state IN ('draft', 'withdrawn', 'expired') OR sent_at IS NOT NULL",
            name="sent_has_a_time",
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    candidate_id: UUID = Field(foreign_key="person.id", index=True)
    number: int = Field(unique=True)
    """Its name for examiners: S-017."""
    skill: str
    language: str
    """The language of the scenario, and of the badge."""
    level: int
    """The level aimed at: nobody is given a higher one with it."""
    scenario_id: str
    framework_version: str
    state: str = SubmissionState.DRAFT
    started_at: datetime = Field(sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    worked_seconds: int = 0
    """Time between one answer and the next, without pauses: for statistics alone, never shown."""
    worked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the last answer came."""

    @property
    def alias(self) -> str:
        """What examiners call it."""
        return f"S-{self.number:03d}"


class Answer(Table, table=True):
    """The answer to one task; saved as soon as it is given."""

    __tablename__ = "answer"

    submission_id: UUID = Field(primary_key=True, foreign_key="submission.id")
    task_id: str = Field(primary_key=True)
    value: Any = Field(sa_type=JSON)
    saved_at: datetime = Field(sa_type=UtcDateTime)


class Conflict(Table, table=True):
    """An examiner who knows, teaches, employs or lives with the person: never marks this work."""

    __tablename__ = "conflict"

    submission_id: UUID = Field(primary_key=True, foreign_key="submission.id")
    examiner_id: UUID = Field(primary_key=True, foreign_key="person.id")
    declared_at: datetime = Field(sa_type=UtcDateTime)


class Assessment(Table, table=True):
    """One examiner's marks; never changed after it was submitted."""

    __tablename__ = "assessment"
    __table_args__ = (
        UniqueConstraint("submission_id", "examiner_id"),
        UniqueConstraint("submission_id", "round", "ordinal"),
        UniqueConstraint("submission_id", "round", "examiner_id"),
        UniqueConstraint("id", "submission_id", "round", "examiner_id", "ordinal"),
        CheckConstraint("round BETWEEN 1 AND 2", name="at_most_one_appeal"),
        CheckConstraint("examiner_id <> candidate_id", name="nobody_marks_their_own_work"),
        CheckConstraint(
            "examiner_contact IS NULL OR candidate_contact IS NULL "
            "OR examiner_contact <> candidate_contact",
            name="nobody_marks_their_own_work_under_another_name",
        ),
        CheckConstraint("ordinal BETWEEN 1 AND 3", name="at_most_three_examiners"),
        CheckConstraint(
            "proposed_level BETWEEN 0 AND aimed_level", name="no_level_above_the_one_aimed_at"
        ),
        ForeignKeyConstraint(
            ["submission_id", "aimed_level"], ["submission.id", "submission.level"]
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
    candidate_id: UUID
    candidate_contact: str | None = None
    examiner_id: UUID = Field(foreign_key="person.id", index=True)
    examiner_contact: str | None = None
    appointment_id: UUID = Field(foreign_key="appointment.id")
    round: int = 1
    """1, or 2 for marks after an appeal: by people who marked nothing of it before."""
    ordinal: int
    marks: dict[str, int] = Field(sa_type=JSON)
    notes: dict[str, str] = Field(sa_type=JSON)
    aimed_level: int
    proposed_level: int
    submitted_at: datetime = Field(sa_type=UtcDateTime)


class Decision(Table, table=True):
    """What the assessments of one round came to; never changed.

    After an appeal a second one supersedes the first: exactly one is in force (rule 6).
    """

    __tablename__ = "decision"
    __table_args__ = (
        UniqueConstraint("submission_id", "round"),
        UniqueConstraint("supersedes"),
        UniqueConstraint("id", "submission_id"),
        UniqueConstraint("id", "outcome"),
        UniqueConstraint("id", "candidate_id"),
        UniqueConstraint("id", "level"),
        UniqueConstraint("id", "first_examiner_id"),
        UniqueConstraint("id", "second_examiner_id"),
        UniqueConstraint("id", "third_examiner_id"),
        CheckConstraint(one_of("outcome", DecisionOutcome), name="decision_outcome"),
        CheckConstraint(
            "(outcome = 'awarded') = (level IS NOT NULL)", name="awarded_means_a_level"
        ),
        CheckConstraint("level IS NULL OR level BETWEEN 1 AND 3", name="known_level"),
        CheckConstraint(
            "level IS NULL OR level < 3 OR second_examiner_id IS NOT NULL",
            name="expert_needs_two_examiners",
        ),
        CheckConstraint("first_examiner_id <> candidate_id", name="first_is_not_candidate"),
        CheckConstraint(
            "second_examiner_id IS NULL OR (second_examiner_id <> first_examiner_id "
            "AND second_examiner_id <> candidate_id)",
            name="second_is_someone_else",
        ),
        CheckConstraint(
            "third_examiner_id IS NULL OR (second_examiner_id IS NOT NULL "
            "AND third_examiner_id <> first_examiner_id "
            "AND third_examiner_id <> second_examiner_id AND third_examiner_id <> candidate_id)",
            name="third_is_someone_else",
        ),
        ForeignKeyConstraint(
            ["submission_id", "candidate_id"], ["submission.id", "submission.candidate_id"]
        ),
        # A decision without an assessment by a person cannot be stored (rule 8).
        ForeignKeyConstraint(
            ["first_assessment_id", "submission_id", "round", "first_examiner_id", "first_ordinal"],
            [
                "assessment.id",
                "assessment.submission_id",
                "assessment.round",
                "assessment.examiner_id",
                "assessment.ordinal",
            ],
        ),
        ForeignKeyConstraint(
            ["submission_id", "round", "second_examiner_id"],
            ["assessment.submission_id", "assessment.round", "assessment.examiner_id"],
        ),
        ForeignKeyConstraint(
            ["submission_id", "round", "third_examiner_id"],
            ["assessment.submission_id", "assessment.round", "assessment.examiner_id"],
        ),
        CheckConstraint("first_ordinal = 1", name="first_is_first"),
        CheckConstraint(
            "round BETWEEN 1 AND 2 AND (round = 1) = (supersedes IS NULL)",
            name="only_a_second_round_supersedes",
        ),
        ForeignKeyConstraint(
            ["supersedes", "submission_id"], ["decision.id", "decision.submission_id"]
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    submission_id: UUID
    candidate_id: UUID
    round: int = 1
    supersedes: UUID | None = None
    outcome: str
    level: int | None = None
    first_assessment_id: UUID
    first_ordinal: int = 1
    first_examiner_id: UUID
    second_examiner_id: UUID | None = None
    third_examiner_id: UUID | None = None
    decided_at: datetime = Field(sa_type=UtcDateTime)


class AuditEvent(Table, table=True):
    """One state change, chained to the one before by its hash; ids, never names."""

    __tablename__ = "audit_event"

    number: int = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    kind: str
    subject_id: str
    by: str | None = None
    previous_hash: str
    hash: str = Field(unique=True)
    seal: str
    """The hash again, keyed: who can write here, and has not the secret, can make none."""


class AuditCut(Table, table=True):
    """Up to where the trail was deleted because its time was over; the chain goes on from here."""

    __tablename__ = "audit_cut"

    number: int = Field(primary_key=True)
    """The last event that was deleted."""
    hash: str
    older_than: datetime = Field(sa_type=UtcDateTime)
    made_at: datetime = Field(sa_type=UtcDateTime)


class Erasure(Table, table=True):
    """Somebody who was erased: a number that points to nobody, for good.

    It is the only key to rows that are final: what is of this person may go, and nothing else may.
    It also sees to it that nothing of this person comes back.
    """

    __tablename__ = "erasure"

    person_id: UUID = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)


def is_erased(owner: str) -> str:
    """Write the condition that the person in a column, say OLD.candidate_id, was erased."""
    return f"EXISTS (SELECT 1 FROM erasure WHERE erasure.person_id = {owner})"  # noqa: S608 - ours


def unchanged(table: str, *, but: Iterable[str]) -> str:
    """Write the condition that an update leaves all columns of `table` as they are, but some."""
    columns = [one.name for one in Table.metadata.tables[table].columns if one.name not in but]
    return " AND ".join(
        f"CAST(NEW.{name} AS TEXT) IS NOT DISTINCT FROM CAST(OLD.{name} AS TEXT)"
        for name in columns
    )


_CONTACT_OF = "(SELECT contact_hash FROM person WHERE person.id = NEW.{})"


def only_contacts_follow(table: str) -> str:
    """Write the condition that only copies of a contact change, and to what the person has now."""
    pairs = (("candidate_contact", "candidate_id"), ("examiner_contact", "examiner_id"))
    follow = " AND ".join(
        f"(NEW.{contact} IS NOT DISTINCT FROM OLD.{contact} OR (OLD.{contact} IS NOT NULL "
        f"AND NEW.{contact} IS NOT DISTINCT FROM {_CONTACT_OF.format(person)}))"
        for contact, person in pairs
    )
    return f"{unchanged(table, but=[contact for contact, _ in pairs])} AND {follow}"


def freeze(table: str, *, may_go: str = "1 = 0", may_change: str = "1 = 0") -> None:
    """Let the database refuse every change of rows of `table`.

    But a row goes where `may_go` holds, and is updated where `may_change` holds: conditions over
    OLD and NEW, for the erasure of a person (domain F.4).
    """
    for action, exception, row in (("UPDATE", may_change, "NEW"), ("DELETE", may_go, "OLD")):
        name = f"{table}_is_final_{action.lower()}"
        event.listen(
            Table.metadata.tables[table],
            "after_create",
            DDL(
                f"CREATE TRIGGER {name} BEFORE {action} ON {table} WHEN NOT ({exception}) "
                f"BEGIN SELECT RAISE(ABORT, '{table} is final'); END"
            ).execute_if(dialect="sqlite"),
        )
        event.listen(
            Table.metadata.tables[table],
            "after_create",
            DDL(
                f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger AS $$ BEGIN "
                f"IF NOT ({exception}) THEN RAISE EXCEPTION '{table} is final'; END IF; "
                f"RETURN {row}; END $$ LANGUAGE plpgsql; "
                f"CREATE TRIGGER {name} BEFORE {action} ON {table} "
                f"FOR EACH ROW EXECUTE FUNCTION {name}()"
            ).execute_if(dialect="postgresql"),
        )


freeze(
    "assessment",
    may_go=is_erased("OLD.candidate_id"),
    may_change=only_contacts_follow("assessment"),
)
freeze("decision", may_go=is_erased("OLD.candidate_id"))
freeze(
    "audit_event",
    may_go="EXISTS (SELECT 1 FROM audit_cut WHERE audit_cut.number >= OLD.number)",
)
freeze("audit_cut")
freeze("erasure")
