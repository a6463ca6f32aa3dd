"""Where people want to be told, and what they are still to be told."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from issuer.tables import Table, one_of
from web.database import UtcDateTime


class News(StrEnum):
    """What there is to tell about a badge, or about an appointment."""

    READY = "ready"
    REVOKED = "revoke"
    SUSPENDED = "suspend"
    LIFTED = "lift"
    CORRECTED = "correct"
    RUNS_OUT = "runs_out"
    STOPPED = "stopped"


_OF_APPOINTMENTS = (News.RUNS_OUT, News.STOPPED)


class NoticeState(StrEnum):
    """How far a notice is."""

    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given_up"


class Mailbox(Table, table=True):
    """The address that a person gave, until they take it back."""

    __tablename__ = "mailbox"

    person_id: UUID = Field(primary_key=True, foreign_key="person.id")
    address: str
    language: str
    since: datetime = Field(sa_type=UtcDateTime)


class Notice(Table, table=True):
    """One message of the outbox: whom it is for and about what; never an address or a text."""

    __tablename__ = "notice"
    __table_args__ = (
        CheckConstraint(one_of("news", News), name="known_news"),
        CheckConstraint(one_of("state", NoticeState), name="notice_state"),
        CheckConstraint(
            f"({one_of('news', _OF_APPOINTMENTS)}) = (appointment_id IS NOT NULL) "
            "AND (appointment_id IS NULL) = (award_id IS NOT NULL)",
            name="about_a_badge_or_an_appointment",
        ),
        Index(
            "an_end_is_told_once",
            "appointment_id",
            unique=True,
            sqlite_where=text("news = 'runs_out'"),
            postgresql_where=text("news = 'runs_out'"),
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    award_id: UUID | None = Field(default=None, foreign_key="award.id")
    appointment_id: UUID | None = Field(default=None, foreign_key="appointment.id")
    news: str
    state: str = Field(default=NoticeState.WAITING, index=True)
    tries: int = 0
    next_try: datetime = Field(sa_type=UtcDateTime)
