"""To whom a badge was shown because they asked: one sealed note each, for the owner alone."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlmodel import Field

from wallet.tables import Table
from web.database import UtcDateTime


class Answered(Table, table=True):
    """One request that was answered with a badge."""

    __tablename__ = "answered"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    wallet_id: UUID = Field(foreign_key="wallet.id", index=True)
    content: bytes
    at: datetime = Field(sa_type=UtcDateTime)
