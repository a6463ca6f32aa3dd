"""Under which secret the database was begun: a table that tells a wrong secret at the start."""

from datetime import datetime

from sqlmodel import Field

from issuer.tables import Table, freeze
from web.database import UtcDateTime


class SecretKnown(Table, table=True):
    """A secret that the keyed hashes were made with from a moment on; the newest is in use."""

    __tablename__ = "secret_known"

    number: int = Field(primary_key=True)
    check_value: str
    """A keyed hash of nothing: tells whether a secret is the same, and nothing of it."""
    since: datetime = Field(sa_type=UtcDateTime)


freeze("secret_known")
