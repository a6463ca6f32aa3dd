"""Badges that a wallet asked for before the decision: who will get them, and nothing else."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from issuer.award_tables import forbid
from issuer.tables import Table, one_of
from web.database import UtcDateTime


class DeferralState(StrEnum):
    """The life of a deferral: offered, taken by a wallet, bound to its key, ended one way."""

    OPEN = "open"
    CLAIMED = "claimed"
    PENDING = "pending"
    DELIVERED = "delivered"
    ENDED = "ended"


LIVE = (DeferralState.OPEN, DeferralState.CLAIMED, DeferralState.PENDING)


class Deferral(Table, table=True):
    """One wallet's place for the badge that may come of a file. Secrets are here as hashes only."""

    __tablename__ = "deferral"
    __table_args__ = (
        UniqueConstraint("reference_hash"),
        UniqueConstraint("code_hash"),
        UniqueConstraint("token_hash"),
        CheckConstraint(one_of("state", DeferralState), name="deferral_state"),
        CheckConstraint(
            "state IN ('open', 'claimed', 'ended') OR holder IS NOT NULL", name="pending_for_a_key"
        ),
        CheckConstraint("(token_hash IS NULL) = (token_expires IS NULL)", name="tokens_run_out"),
        Index(
            "one_live_deferral_a_file",
            "submission_id",
            unique=True,
            sqlite_where=text(one_of("state", LIVE)),
            postgresql_where=text(one_of("state", LIVE)),
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    submission_id: UUID = Field(foreign_key="submission.id", index=True)
    configuration_id: str
    reference_hash: str
    code_hash: str
    state: str = DeferralState.OPEN
    created: datetime = Field(sa_type=UtcDateTime)
    expires: datetime = Field(sa_type=UtcDateTime)
    token_hash: str | None = None
    token_expires: datetime | None = Field(default=None, sa_type=UtcDateTime)
    holder: str | None = None


forbid(
    "deferral",
    "deferred_for_one_key",
    "UPDATE",
    "OLD.holder IS NOT NULL AND NEW.holder IS DISTINCT FROM OLD.holder",
    "a badge waits for the key that was proven first",
)
forbid(
    "deferral",
    "ended_deferral_is_final",
    "UPDATE",
    "OLD.state IN ('delivered', 'ended') AND NEW.state <> OLD.state",
    "there is no way back from the end",
)
