"""Tokens by which the key that a badge was signed for collects the one that took its place."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field

from issuer.award_tables import HOLDERS_OWN, forbid
from issuer.tables import Table, one_of
from web.database import UtcDateTime


class Renewal(Table, table=True):
    """One token for one award and one key, for some minutes. The token is here as a hash only."""

    __tablename__ = "renewal"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        CheckConstraint("expires > created", name="renewals_run_out"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    award_id: UUID = Field(foreign_key="award.id", index=True)
    holder: str
    token_hash: str
    created: datetime = Field(sa_type=UtcDateTime)
    expires: datetime = Field(sa_type=UtcDateTime)


# The key of the last badge that was signed for the award, unless its holder wanted it changed or
# has that phone no longer: then somebody else may have that key.
forbid(
    "renewal",
    "renewed_for_the_key_it_was_signed_for",
    "INSERT",
    "NOT EXISTS (SELECT 1 FROM credential WHERE credential.award_id = NEW.award_id "  # noqa: S608
    "AND credential.holder = NEW.holder AND credential.signed_at = (SELECT max(known.signed_at) "
    "FROM credential AS known WHERE known.award_id = NEW.award_id) "
    "AND NOT EXISTS (SELECT 1 FROM badge_change WHERE badge_change.credential_id = credential.id "
    "AND badge_change.confirmed_at IS NOT NULL "
    f"AND (badge_change.{one_of('reason', HOLDERS_OWN)} OR NOT badge_change.has_phone)))",
    "a badge is renewed for the key that it was signed for",
)
forbid(
    "renewal",
    "a_renewal_is_final",
    "UPDATE",
    "1 = 1",
    "a token for a renewal never changes",
)
