"""What is kept to protect data: what people said and asked, what was deleted, what stays of them.

No text in here is anybody's own words: whoever is erased leaves random numbers and dates, and for a
badge that stays valid its place in the status list, its achievement and a month (rule 27).
"""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import (
    DDL,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    event,
    text,
)
from sqlmodel import Field

from issuer import (
    appointment_tables,
    cohort_tables,
    evidence_tables,
    notice_tables,
    staff_tables,
)
from issuer.award_tables import forbid
from issuer.tables import Table, freeze, is_erased, one_of
from web.database import UtcDateTime

_NEEDED = (appointment_tables, cohort_tables, evidence_tables, notice_tables, staff_tables)
"""Their tables are guarded below."""


class About(StrEnum):
    """What somebody is asked about, each apart."""

    AGE = "age"
    ASSESSMENT = "assessment"
    STATISTICS = "statistics"
    RECORDING = "recording"


class Kind(StrEnum):
    """What somebody can ask for (GDPR, articles 15 to 21)."""

    COPY = "copy"
    CORRECTION = "correction"
    ERASURE = "erasure"


class RequestState(StrEnum):
    """The life of a request: one month, two ends (domain B.3)."""

    RECEIVED = "received"
    IDENTITY_CHECKED = "identity_checked"
    DONE = "done"
    REFUSED = "refused"


class Identity(StrEnum):
    """How we made sure that it is the person who asks: a closed list, no copy of any paper."""

    SIGNED_IN = "signed_in"
    IN_PERSON = "in_person"
    SHOWED_BADGE = "showed_badge"
    ANSWERED_CONTACT = "answered_contact"


class WhyRefused(StrEnum):
    """Why a request is refused: a closed list (GDPR, articles 12(2), 12(5), 17(3))."""

    NOT_THE_PERSON = "not_the_person"
    REPEATED = "repeated"
    UNDER_REVIEW = "under_review"
    TAKEN_BACK = "taken_back"


class ConsentStep(Table, table=True):
    """Once that somebody said yes or no, and to which words; never changed."""

    __tablename__ = "consent_step"
    __table_args__ = (CheckConstraint(one_of("about", About), name="known_consent"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    about: str
    agreed: bool
    wording: str
    """Which edition of the words on the page it was."""
    said_at: datetime = Field(sa_type=UtcDateTime)


class DataRequest(Table, table=True):
    """Somebody asked for their data, a correction or erasure; the number outlives the person."""

    __tablename__ = "data_request"
    __table_args__ = (
        CheckConstraint(one_of("kind", Kind), name="known_request"),
        CheckConstraint(one_of("state", RequestState), name="request_state"),
        CheckConstraint(
            f"identity IS NULL OR {one_of('identity', Identity)}", name="known_identity_check"
        ),
        CheckConstraint(
            f"refused_for IS NULL OR {one_of('refused_for', WhyRefused)}", name="known_refusal"
        ),
        CheckConstraint("(state = 'refused') = (refused_for IS NOT NULL)", name="refused_for_why"),
        CheckConstraint(
            "state NOT IN ('identity_checked', 'done') OR identity IS NOT NULL",
            name="identity_comes_first",
        ),
        CheckConstraint(
            "(state IN ('done', 'refused')) = (ended_at IS NOT NULL)", name="ends_once"
        ),
        CheckConstraint(
            "(identity = 'signed_in') = (handled_by IS NULL) OR identity IS NULL",
            name="somebody_checked_the_identity",
        ),
        Index(
            "one_open_request_of_a_kind",
            *("person_id", "kind"),
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    person_id: UUID
    organisation_id: UUID = Field(foreign_key="organisation.id", index=True)
    kind: str
    state: str = RequestState.RECEIVED
    received_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime = Field(sa_type=UtcDateTime)
    identity: str | None = None
    handled_by: UUID | None = Field(default=None, foreign_key="person.id")
    refused_for: str | None = None
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class KeptBadge(Table, table=True):
    """All that stays of a badge whose holder was erased, while it is valid (rule 27)."""

    __tablename__ = "kept_badge"
    __table_args__ = (
        ForeignKeyConstraint(
            ["list_number", "position"], ["status_entry.list_number", "status_entry.position"]
        ),
    )

    list_number: int = Field(primary_key=True)
    position: int = Field(primary_key=True)
    achievement_id: str
    month: date
    """Of the award: its first day."""
    signed_with: str
    """The key that signed it, for the day when it is stolen: one key signs for everybody."""
    signed_month: date
    """The first day of the month of the signature."""
    organisation_id: UUID | None = Field(default=None, foreign_key="organisation.id")
    """The centre whose officers may cancel it; of older rows nobody knows, and any officer may."""


class RetentionRun(Table, table=True):
    """Once that what has had its time was looked for."""

    __tablename__ = "retention_run"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime, index=True)


class RetentionCount(Table, table=True):
    """How much one rule deleted in one run; rules that found nothing have no row."""

    __tablename__ = "retention_count"
    __table_args__ = (CheckConstraint("number > 0", name="something_was_deleted"),)

    run_id: UUID = Field(primary_key=True, foreign_key="retention_run.id", ondelete="CASCADE")
    rule: str = Field(primary_key=True)
    number: int


freeze("consent_step", may_go=is_erased("OLD.person_id"))
freeze("kept_badge")
forbid(
    "data_request",
    "ended_request_is_final",
    "UPDATE",
    "OLD.ended_at IS NOT NULL OR NEW.person_id <> OLD.person_id OR NEW.kind <> OLD.kind "
    "OR NEW.received_at <> OLD.received_at",
    "a request that ended never changes",
)
forbid(
    "audit_cut",
    "cut_follows_the_chain",
    "INSERT",
    "NOT EXISTS (SELECT 1 FROM audit_event WHERE audit_event.number = NEW.number "
    "AND audit_event.hash = NEW.hash AND audit_event.at < NEW.older_than)",
    "the trail is cut at an event that is old",
)
forbid(
    "person",
    "erased_stays_erased",
    "UPDATE",
    f"{is_erased('OLD.id')} AND (NEW.display_name <> '' OR NEW.contact_hash IS NOT NULL)",
    "this person was erased",
)


def _let_nothing_come_back(table: str, owner: str = "person_id") -> None:
    """Refuse new rows of an erased person whose account stays because others rest on it.

    On PostgreSQL it waits first for an erasure that goes on just now: the person's row is locked.
    """
    name, why = f"{table}_comes_not_back", "this person was erased"
    erased = is_erased(f"NEW.{owner}")
    target = Table.metadata.tables[table]
    target.add_is_dependent_on(Table.metadata.tables["erasure"])
    for dialect, statement in (
        (
            "sqlite",
            f"CREATE TRIGGER {name} BEFORE INSERT ON {table} WHEN {erased} "
            f"BEGIN SELECT RAISE(ABORT, '{why}'); END",
        ),
        (
            "postgresql",
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger AS $$ BEGIN "
            f"PERFORM 1 FROM person WHERE id = NEW.{owner} FOR KEY SHARE; "
            f"IF {erased} THEN RAISE EXCEPTION '{why}' "
            "USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END "
            f"$$ LANGUAGE plpgsql; CREATE TRIGGER {name} BEFORE INSERT ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {name}()",
        ),
    ):
        event.listen(target, "after_create", DDL(statement).execute_if(dialect=dialect))


for _table in (
    *("access_code", "web_session", "role_grant", "consent", "consent_step", "appointment"),
    *("recording_consent", "mailbox", "notice", "cohort_member", "nomination", "last_sign_in"),
):
    _let_nothing_come_back(_table)
_let_nothing_come_back("submission", "candidate_id")
