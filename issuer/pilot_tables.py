"""What is kept of a pilot's statistics: reports as of a moment, never changed."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Column, Text
from sqlmodel import Field

from issuer.tables import Table, freeze
from web.database import UtcDateTime


class PilotReport(Table, table=True):
    """The figures of one moment, as the bytes that the digest is of."""

    __tablename__ = "pilot_report"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    as_of: datetime = Field(sa_type=UtcDateTime)
    made_by: UUID = Field(foreign_key="person.id")
    document: str = Field(sa_column=Column(Text, nullable=False))
    digest: str


freeze("pilot_report")
