"""What the verifier keeps for minutes: fetched documents, and results under a secret address."""

from datetime import datetime
from pathlib import Path

from sqlalchemy import Column, LargeBinary, MetaData
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from web.database import UtcDateTime
from web.migrating import FOLDER

_MIGRATIONS = {FOLDER: Path(__file__).with_name("migrations")}


class Table(SQLModel, registry=registry(metadata=MetaData(info=_MIGRATIONS))):
    """The base of every table of the verifier."""


class Fetched(Table, table=True):
    """A DID document or status list as it came; shared by all badges of an issuer."""

    __tablename__ = "fetched"

    url: str = Field(primary_key=True)
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    etag: str = ""
    content_type: str = ""
    fetched_at: datetime = Field(sa_type=UtcDateTime, index=True)
    fresh_until: datetime = Field(sa_type=UtcDateTime)


class Shown(Table, table=True):
    """What somebody pasted, sealed under the address of its result; deleted after minutes."""

    __tablename__ = "shown"

    key_hash: str = Field(primary_key=True)
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    expires: datetime = Field(sa_type=UtcDateTime, index=True)


class CheckCount(Table, table=True):
    """The checks of one visitor in some minutes, so that nobody uses the verifier as a mill."""

    __tablename__ = "check_count"

    source_hash: str = Field(primary_key=True)
    window_start: datetime = Field(sa_type=UtcDateTime)
    count: int = 0
