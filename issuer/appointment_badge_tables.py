"""Appointments as badges in wallets: what we intend to sign, what was signed, how it is offered.

A table of their own, so that no count of badges, no list of recipients and no rule about who is an
expert ever meets them.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlmodel import Field

from issuer.award_tables import forbid, intended_then_signed
from issuer.tables import Table, one_of
from web.database import UtcDateTime


class AppointmentBadgeState(StrEnum):
    """The life of such a badge: written down, signed for a wallet, and over."""

    INTENDED = "intended"
    ACTIVE = "active"
    ENDED = "ended"


class AppointmentBadge(Table, table=True):
    """One badge of one appointment, with the one chance to collect it. Secrets are hashes only."""

    __tablename__ = "appointment_badge"
    __table_args__ = (
        *(
            Index(
                f"one_appointment_badge_by_{column}",
                column,
                unique=True,
                sqlite_where=text("state <> 'ended'"),
                postgresql_where=text("state <> 'ended'"),
            )
            for column in ("appointment_id", "credential_id")
        ),
        UniqueConstraint("list_number", "position"),
        UniqueConstraint("reference_hash"),
        UniqueConstraint("code_hash"),
        UniqueConstraint("token_hash"),
        ForeignKeyConstraint(
            ["list_number", "position"], ["status_entry.list_number", "status_entry.position"]
        ),
        CheckConstraint(one_of("state", AppointmentBadgeState), name="appointment_badge_state"),
        *intended_then_signed(),
        CheckConstraint("(token_hash IS NULL) = (token_expires IS NULL)", name="tokens_run_out"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    appointment_id: UUID = Field(foreign_key="appointment.id")
    credential_id: str = Field(index=True)
    list_number: int
    position: int
    state: str = AppointmentBadgeState.INTENDED
    intended_at: datetime = Field(sa_type=UtcDateTime)
    intended_text: str | None = Field(default=None, sa_column=Column(Text))
    signed_text: str | None = Field(default=None, sa_column=Column(Text))
    signed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    signed_with: str | None = None
    holder: str | None = None
    reference_hash: str
    code_hash: str
    offered_until: datetime = Field(sa_type=UtcDateTime)
    claimed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the code was exchanged: once."""
    token_hash: str | None = None
    token_expires: datetime | None = Field(default=None, sa_type=UtcDateTime)


forbid(
    "appointment_badge",
    "signed_appointment_is_final",
    "UPDATE",
    "OLD.signed_text IS NOT NULL AND (NEW.signed_text IS DISTINCT FROM OLD.signed_text "
    "OR NEW.holder IS DISTINCT FROM OLD.holder)",
    "what was signed never changes",
)
forbid(
    "appointment_badge",
    "place_of_appointment_is_final",
    "UPDATE",
    "NEW.list_number <> OLD.list_number OR NEW.position <> OLD.position "
    "OR NEW.appointment_id <> OLD.appointment_id OR NEW.credential_id <> OLD.credential_id",
    "appointment, id and status place never change",
)
forbid(
    "appointment_badge",
    "ended_appointment_badge_is_final",
    "UPDATE",
    "OLD.state = 'ended' AND NEW.state <> OLD.state",
    "there is no way back from the end",
)
forbid(
    "appointment_badge",
    "code_of_appointment_is_used_once",
    "UPDATE",
    "OLD.claimed_at IS NOT NULL AND NEW.claimed_at IS DISTINCT FROM OLD.claimed_at",
    "a code is exchanged once",
)
