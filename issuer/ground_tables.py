"""What is kept of a badge of another issuer while somebody's right to examine rests on it.

Not the badge: its places in status lists, its end and the names of its keys, so that it can be
looked at each day (`credentials.ground`). A row goes with the right, and with its person.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint
from sqlmodel import Field

from issuer import appointment_tables, equal_tables
from issuer.award_tables import forbid
from issuer.tables import Table
from web.database import UtcDateTime

_NEEDED = (appointment_tables, equal_tables)
"""What it points to."""


class BadgeGround(Table, table=True):
    """One nomination that rests on a badge of another issuer, and when that was looked at."""

    __tablename__ = "badge_ground"
    __table_args__ = (CheckConstraint("unknown_since <= looked_at", name="unknown_since_a_look"),)

    nomination_id: UUID = Field(primary_key=True, foreign_key="nomination.id")
    equal_id: UUID = Field(foreign_key="accepted_equal.id", index=True)
    """The decision by which the badge counts like one of ours."""
    badge_id: str
    places: list[dict[str, Any]] = Field(sa_type=JSON)
    """Its status entries, as they stand in it."""
    keys: list[list[str]] = Field(sa_type=JSON)
    """The name of each key that signed it, and the digest of the key."""
    ends: datetime | None = Field(default=None, sa_type=UtcDateTime)
    looked_at: datetime = Field(sa_type=UtcDateTime, index=True)
    unknown_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """The first of the days, up to the last look, on which nobody could say whether it counts."""


forbid(
    "badge_ground",
    "a_ground_is_not_rewritten",
    "UPDATE",
    "NEW.nomination_id <> OLD.nomination_id OR NEW.badge_id <> OLD.badge_id "
    "OR CAST(NEW.places AS TEXT) <> CAST(OLD.places AS TEXT) "
    "OR CAST(NEW.keys AS TEXT) <> CAST(OLD.keys AS TEXT) OR NEW.ends IS DISTINCT FROM OLD.ends",
    "what a right rests on is shown anew, and never rewritten",
)
forbid(
    "badge_ground",
    "a_ground_is_of_an_expert",
    "INSERT",
    "NOT EXISTS (SELECT 1 FROM nomination WHERE nomination.id = NEW.nomination_id "
    "AND nomination.badge_id = NEW.badge_id AND nomination.kept_by IS NULL "
    "AND nomination.stage NOT IN ('ended', 'expired')) "
    "OR NOT EXISTS (SELECT 1 FROM accepted_equal WHERE accepted_equal.id = NEW.equal_id "
    "AND accepted_equal.confirmed_at IS NOT NULL)",
    "a right rests on the badge that was shown for it",
)
