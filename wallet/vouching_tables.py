"""What households say of badges: what has arrived by a share, and what its owner kept."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field

from wallet.tables import Table
from web.database import UtcDateTime

MOST_PER_SHARE = 5


class Arrived(Table, table=True):
    """One endorsement that came by a share, sealed under the share's token until it is decided.

    The row stays, empty, when the owner has decided: its place is not given twice, and the same
    endorsement does not come again.
    """

    __tablename__ = "arrived"
    __table_args__ = (
        UniqueConstraint("share_id", "place"),
        UniqueConstraint("share_id", "fingerprint"),
        CheckConstraint(f"place BETWEEN 1 AND {MOST_PER_SHARE}", name="few_per_share"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    wallet_id: UUID = Field(foreign_key="wallet.id", index=True)
    share_id: UUID = Field(foreign_key="share.id", ondelete="CASCADE")
    place: int
    fingerprint: str = Field(max_length=64)
    """A hash, keyed by the share's token, of the endorsement's id and signer."""
    content: bytes | None = None
    at: datetime = Field(sa_type=UtcDateTime)


class Vouched(Table, table=True):
    """One endorsement that the owner kept, sealed like the badge it is about."""

    __tablename__ = "vouched"
    __table_args__ = (UniqueConstraint("wallet_id", "fingerprint"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    wallet_id: UUID = Field(foreign_key="wallet.id", index=True)
    badge_id: UUID = Field(foreign_key="badge.id", ondelete="CASCADE", index=True)
    fingerprint: str = Field(max_length=64)
    content: bytes
