"""Badges that were asked for before they were ready: what is needed to ask again, sealed."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlmodel import Field

from wallet.tables import Table
from web.database import UtcDateTime


class Waiting(Table, table=True):
    """One badge that somebody still looks at."""

    __tablename__ = "waiting"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    wallet_id: UUID = Field(foreign_key="wallet.id", index=True)
    content: bytes
    ask_after: datetime = Field(sa_type=UtcDateTime)
    """Not before; moved on before anybody asks, so that of two taps one does."""
    created: datetime = Field(sa_type=UtcDateTime)
