"""What we asked wallets to show: one row a request, for one browser, used once."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import JSON, CheckConstraint, Column, UniqueConstraint
from sqlmodel import Field

from issuer.award_tables import forbid
from issuer.tables import Table, one_of
from web.database import UtcDateTime

MAX_BAD_ANSWERS = 10
MAX_WRONG_NUMBERS = 5


class Purpose(StrEnum):
    """Why we ask."""

    SIGN_IN = "sign-in"
    EXPERT = "expert"


class RequestState(StrEnum):
    """The life of a request: an answer is taken once, and then used once."""

    OPEN = "open"
    ANSWERED = "answered"
    DONE = "done"
    DECLINED = "declined"
    LOCKED = "locked"


class PresentationRequest(Table, table=True):
    """One request. Nonce, state and number are derived; what others hold is here as a hash."""

    __tablename__ = "presentation_request"
    __table_args__ = (
        UniqueConstraint("code_hash"),
        CheckConstraint(one_of("purpose", Purpose), name="known_purpose"),
        CheckConstraint(one_of("state", RequestState), name="known_state"),
        CheckConstraint(
            "(purpose = 'expert') = (asked_by IS NOT NULL)", name="experts_are_signed_in"
        ),
        CheckConstraint(
            "state NOT IN ('answered', 'done') "
            "OR (code_hash IS NOT NULL AND badge_id IS NOT NULL AND achievement_id IS NOT NULL "
            "AND holder IS NOT NULL AND issuer IS NOT NULL)",
            name="an_answer_is_whole",
        ),
        CheckConstraint(
            f"bad_answers BETWEEN 0 AND {MAX_BAD_ANSWERS} "
            f"AND wrong_numbers BETWEEN 0 AND {MAX_WRONG_NUMBERS}",
            name="tries_are_limited",
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    purpose: str
    browser_hash: str
    """Of the token in the cookie of the browser that began: nobody else ends it."""
    asked_by: UUID | None = Field(default=None, foreign_key="person.id")
    language: str = ""
    """Of the files that an expert would like to look at."""
    state: str = RequestState.OPEN
    created: datetime = Field(sa_type=UtcDateTime)
    expires: datetime = Field(sa_type=UtcDateTime, index=True)
    bad_answers: int = 0
    wrong_numbers: int = 0
    code_hash: str | None = None
    """Of the response code that the wallet was given for its answer."""
    badge_id: str | None = None
    achievement_id: str | None = None
    holder: str | None = None
    issuer: str | None = None
    ground: dict[str, Any] | None = Field(
        default=None, sa_column=Column(JSON(none_as_null=True), nullable=True)
    )
    """Of a badge of another issuer: what is looked at again each day (`issuer.ground_tables`)."""


forbid(
    "presentation_request",
    "answered_once",
    "UPDATE",
    "OLD.code_hash IS NOT NULL AND (NEW.code_hash IS DISTINCT FROM OLD.code_hash "
    "OR NEW.badge_id IS DISTINCT FROM OLD.badge_id OR NEW.holder IS DISTINCT FROM OLD.holder "
    "OR NEW.issuer IS DISTINCT FROM OLD.issuer)",
    "an answer is taken once",
)
forbid(
    "presentation_request",
    "used_once",
    "UPDATE",
    "OLD.state IN ('done', 'declined', 'locked') AND NEW.state <> OLD.state",
    "what is over stays over",
)
forbid(
    "presentation_request",
    "asked_for_one_browser",
    "UPDATE",
    "NEW.browser_hash <> OLD.browser_hash OR NEW.purpose <> OLD.purpose "
    "OR NEW.asked_by IS DISTINCT FROM OLD.asked_by OR NEW.expires <> OLD.expires",
    "who asked, why, and until when never change",
)
