"""Cancelling what stays of a badge after its holder was erased: two persons, a closed list.

There is nobody to tell and nothing to make again: only the place in the status list is set. The
database sets no place of such a badge without a confirmed request beside it, and takes a request
of officers of its centre only, unless it comes with a stolen key.
"""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlmodel import Field

from issuer import stolen_key_tables
from issuer.award_tables import REASONS_OF, Action, forbid
from issuer.privacy_tables import KeptBadge
from issuer.tables import Table, one_of
from web.database import UtcDateTime

_NEEDED = (KeptBadge, stolen_key_tables)
"""What is guarded below, and what it points to."""


class KeptBadgeChange(Table, table=True):
    """A request to cancel a kept badge: one person asks, another one confirms (invariant 25)."""

    __tablename__ = "kept_badge_change"
    __table_args__ = (
        ForeignKeyConstraint(
            ["list_number", "position"], ["kept_badge.list_number", "kept_badge.position"]
        ),
        Index("one_request_a_kept_badge", "list_number", "position", unique=True),
        CheckConstraint(one_of("reason", REASONS_OF[Action.REVOKE]), name="kept_badge_reasons"),
        CheckConstraint("confirmed_by <> requested_by", name="kept_badge_two_persons"),
        CheckConstraint(
            "(confirmed_by IS NULL) = (confirmed_at IS NULL)", name="kept_badge_confirmed_at_a_time"
        ),
        CheckConstraint(
            "stolen_key_id IS NULL OR reason = 'key_compromise'", name="kept_badge_of_a_stolen_key"
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    list_number: int
    position: int
    reason: str
    requested_by: UUID = Field(foreign_key="person.id")
    requested_at: datetime = Field(sa_type=UtcDateTime)
    confirmed_by: UUID | None = Field(default=None, foreign_key="person.id")
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    stolen_key_id: UUID | None = Field(default=None, foreign_key="stolen_key.id", index=True)
    """The replacement of a key in which it was cancelled with all others."""


for _action in ("UPDATE", "DELETE"):
    forbid(
        "kept_badge_change",
        f"confirmed_kept_badge_change_is_final_{_action.lower()}",
        _action,
        "OLD.confirmed_by IS NOT NULL",
        "a confirmed change never changes",
    )
for _action in ("INSERT", "UPDATE"):
    forbid(
        "kept_badge_change",
        f"kept_badges_are_of_their_centre_{_action.lower()}",
        _action,
        "NEW.stolen_key_id IS NULL AND EXISTS (SELECT 1 FROM kept_badge JOIN person "
        "ON person.id IN (NEW.requested_by, NEW.confirmed_by) "
        "WHERE kept_badge.list_number = NEW.list_number "
        "AND kept_badge.position = NEW.position "
        "AND kept_badge.organisation_id <> person.organisation_id)",
        "officers of its centre cancel a kept badge",
    )
forbid(
    "status_entry",
    "kept_badges_are_cancelled_by_two",
    "UPDATE",
    "OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL "
    "AND EXISTS (SELECT 1 FROM kept_badge WHERE kept_badge.list_number = NEW.list_number "
    "AND kept_badge.position = NEW.position) "
    "AND NOT EXISTS (SELECT 1 FROM kept_badge_change AS asked "
    "WHERE asked.list_number = NEW.list_number AND asked.position = NEW.position "
    "AND asked.confirmed_by IS NOT NULL)",
    "two persons cancel a kept badge",
    made_with="kept_badge_change",
)
