"""Who wants to be shown on the page of a badge, in their own words."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlmodel import Field

from issuer.tables import Table
from web.database import UtcDateTime


class Showing(Table, table=True):
    """One holder's wish to be shown: a nickname and a few words, for as long as they want."""

    __tablename__ = "showing"
    __table_args__ = (
        CheckConstraint("length(nickname) BETWEEN 1 AND 40", name="a_nickname"),
        CheckConstraint("length(words) <= 200", name="few_words"),
    )

    award_id: UUID = Field(primary_key=True, foreign_key="award.id")
    nickname: str
    words: str = ""
    language: str
    """The language of the words: that of the page where they were written."""
    since: datetime = Field(sa_type=UtcDateTime)
