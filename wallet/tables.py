"""What the wallet's server stores: sealed contents, hashes, and the few plain columns it needs.

No column holds a name, a badge's text, a private key, or anything that opens another column.
"""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, MetaData, UniqueConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from web.database import UtcDateTime
from web.migrating import FOLDER
from web.sessions import SessionRow

_MIGRATIONS = {FOLDER: Path(__file__).with_name("migrations")}


class Table(SQLModel, registry=registry(metadata=MetaData(info=_MIGRATIONS))):
    """The base of every table of the wallet; each service has a registry of its own."""


class ShareState(StrEnum):
    """The life of a share: prepared for a look, then shown, then perhaps stopped."""

    DRAFT = "draft"
    ACTIVE = "active"
    STOPPED = "stopped"


class Wallet(Table, table=True):
    """One wallet: its data key wrapped under the card, its profile sealed under the data key."""

    __tablename__ = "wallet"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    card_hash: str = Field(unique=True, max_length=64)
    wrapped_key: bytes
    profile: bytes


class WebSession(SessionRow, Table, table=True):
    """An open wallet: the data key wrapped under the token that only the browser has."""

    __tablename__ = "web_session"

    wallet_id: UUID = Field(foreign_key="wallet.id", index=True)
    wrapped_key: bytes


class Badge(Table, table=True):
    """One kept badge: its exact text and what was found when it was checked, sealed."""

    __tablename__ = "badge"
    __table_args__ = (UniqueConstraint("wallet_id", "fingerprint"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    wallet_id: UUID = Field(foreign_key="wallet.id", index=True)
    fingerprint: str = Field(max_length=64)
    """A keyed hash of the badge's id, so that the same badge is not kept twice."""
    content: bytes


class Receipt(Table, table=True):
    """One offer on its way in: what we already got for it, sealed, so that nothing is lost."""

    __tablename__ = "receipt"
    __table_args__ = (UniqueConstraint("wallet_id", "fingerprint"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    wallet_id: UUID = Field(foreign_key="wallet.id", index=True)
    fingerprint: str = Field(max_length=64)
    content: bytes
    busy_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Somebody is at it until then: of two taps one asks the issuer, the other waits."""
    badge_id: UUID | None = None
    created: datetime = Field(sa_type=UtcDateTime)


class Share(Table, table=True):
    """One share: the presentation sealed under its token, the owner's note under the data key."""

    __tablename__ = "share"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'active', 'stopped')", name="known_state"),
        CheckConstraint("state <> 'stopped' OR presentation IS NULL", name="stopped_is_empty"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    wallet_id: UUID = Field(foreign_key="wallet.id", index=True)
    token_hash: str = Field(unique=True, max_length=64)
    presentation: bytes | None = None
    note: bytes
    state: str
    created: datetime = Field(sa_type=UtcDateTime)
    expires: datetime = Field(sa_type=UtcDateTime)
    views: int = 0
    last_view: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Tries(Table, table=True):
    """How often one visitor did one thing lately; visitors are keyed hashes of addresses."""

    __tablename__ = "tries"

    visitor: str = Field(primary_key=True, max_length=64)
    thing: str = Field(primary_key=True, max_length=20)
    since: datetime = Field(sa_type=UtcDateTime)
    count: int
