"""What the issuer keeps about awards: releases, badges, offers, status entries, endorsements.

The invariants of domain.md B.5 that concern this path are constraints of the database: one award
a decision, one badge an award, one status entry a badge, never reused; the officer is nobody who
marked the work and not the candidate; two persons for a cancellation.
"""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import (
    DDL,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
    event,
    text,
)
from sqlmodel import Field

from credentials.status import LIST_LENGTH
from issuer.tables import Table, is_erased, one_of
from web.database import UtcDateTime


class AwardState(StrEnum):
    """How far an award has come; "lapsed" offers are made again and leave it "released"."""

    RELEASED = "released"
    OFFERED = "offered"
    DELIVERED = "delivered"


class BadgeState(StrEnum):
    """The life of a badge; there is no way back from revoked or superseded."""

    INTENDED = "intended"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    SUPERSEDED = "superseded"


class OfferState(StrEnum):
    """The life of an offer: one claim only."""

    OPEN = "open"
    CLAIMED = "claimed"
    CANCELLED = "cancelled"
    LOCKED = "locked"


class Action(StrEnum):
    """What can happen to a released badge."""

    REVOKE = "revoke"
    SUSPEND = "suspend"
    LIFT = "lift"
    CORRECT = "correct"


class Reason(StrEnum):
    """Why a badge is changed: the closed list of invariant 25, and three for other changes."""

    HOLDER_REQUEST = "holder_request"
    ISSUED_IN_ERROR = "issued_in_error"
    FRAUD = "fraud"
    KEY_COMPROMISE = "key_compromise"
    SUPERSEDED = "superseded"
    UNDER_REVIEW = "under_review"
    REVIEW_PASSED = "review_passed"
    NEW_WALLET = "new_wallet"


REASONS_OF: dict[Action, tuple[Reason, ...]] = {
    Action.REVOKE: (
        Reason.HOLDER_REQUEST,
        Reason.ISSUED_IN_ERROR,
        Reason.FRAUD,
        Reason.KEY_COMPROMISE,
        Reason.SUPERSEDED,
    ),
    Action.SUSPEND: (Reason.HOLDER_REQUEST, Reason.UNDER_REVIEW),
    Action.LIFT: (Reason.HOLDER_REQUEST, Reason.REVIEW_PASSED),
    Action.CORRECT: (Reason.ISSUED_IN_ERROR, Reason.NEW_WALLET, Reason.KEY_COMPROMISE),
}
"""The reasons that each action may have."""
MADE_AGAIN = (Action.LIFT, Action.CORRECT)
"""A collected badge is signed again; its earlier key may fetch it (docs/adr/0032)."""
HOLDERS_OWN = (Reason.HOLDER_REQUEST, Reason.NEW_WALLET)
"""The holder asked for it; somebody else may have the wallet, so the old key gets nothing."""


class Award(Table, table=True):
    """A decision that an officer released: from now on a badge is owed.

    Decision, level, candidate and examiners are copied by foreign keys, so that the checks below
    hold whatever the code does (invariants 1, 4 and 5).
    """

    __tablename__ = "award"
    __table_args__ = (
        UniqueConstraint("decision_id"),
        CheckConstraint("decision_outcome = 'awarded'", name="award_only_of_awarded"),
        CheckConstraint("officer_id <> candidate_id", name="officer_is_not_candidate"),
        CheckConstraint("officer_id <> first_examiner_id", name="officer_is_not_first_examiner"),
        CheckConstraint(
            "second_examiner_id IS NULL OR officer_id <> second_examiner_id",
            name="officer_is_not_second_examiner",
        ),
        CheckConstraint(
            "third_examiner_id IS NULL OR officer_id <> third_examiner_id",
            name="officer_is_not_third_examiner",
        ),
        CheckConstraint(
            "level < 3 OR second_examiner_id IS NOT NULL", name="expert_needs_second_examiner"
        ),
        CheckConstraint(one_of("state", AwardState), name="award_state"),
        ForeignKeyConstraint(
            ["decision_id", "decision_outcome"], ["decision.id", "decision.outcome"]
        ),
        ForeignKeyConstraint(
            ["decision_id", "candidate_id"], ["decision.id", "decision.candidate_id"]
        ),
        ForeignKeyConstraint(["decision_id", "level"], ["decision.id", "decision.level"]),
        ForeignKeyConstraint(
            ["decision_id", "first_examiner_id"], ["decision.id", "decision.first_examiner_id"]
        ),
        ForeignKeyConstraint(
            ["decision_id", "second_examiner_id"], ["decision.id", "decision.second_examiner_id"]
        ),
        ForeignKeyConstraint(
            ["decision_id", "third_examiner_id"], ["decision.id", "decision.third_examiner_id"]
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    decision_id: UUID
    decision_outcome: str = "awarded"
    candidate_id: UUID = Field(index=True)
    first_examiner_id: UUID
    second_examiner_id: UUID | None = None
    third_examiner_id: UUID | None = None
    officer_id: UUID = Field(foreign_key="person.id")
    level: int
    slug: str
    """Achievement without its level, e.g. technical-cleaning or simple-phrases-fr."""
    level_slug: str
    language: str
    """The language the badge is written in."""
    state: str = AwardState.RELEASED
    released_at: datetime = Field(sa_type=UtcDateTime)

    @property
    def configuration_id(self) -> str:
        """The name under which the issuer's metadata lists this kind of badge."""
        return f"{self.slug}-{self.level_slug}"


class StatusList(Table, table=True):
    """One list of 131,072 status bits, and the text in which it was last signed."""

    __tablename__ = "status_list"

    number: int = Field(primary_key=True)
    signed_text: str | None = Field(default=None, sa_column=Column(Text))
    signed_with: str | None = None
    signed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    valid_until: datetime | None = Field(default=None, sa_type=UtcDateTime)


class StatusEntry(Table, table=True):
    """One place in a status list that was handed out: for good, even after erasure."""

    __tablename__ = "status_entry"
    __table_args__ = (
        CheckConstraint(
            f"position >= 0 AND position < {LIST_LENGTH}", name="position_lies_in_list"
        ),
    )

    list_number: int = Field(primary_key=True, foreign_key="status_list.number")
    position: int = Field(primary_key=True)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class PlaceToSet(Table, table=True):
    """A place that must be set, written down by whoever has no key at hand or no lock on its list.

    The list takes it in when it is signed next, which is before it is served again.
    """

    __tablename__ = "place_to_set"
    __table_args__ = (
        ForeignKeyConstraint(
            ["list_number", "position"], ["status_entry.list_number", "status_entry.position"]
        ),
    )

    list_number: int = Field(primary_key=True)
    position: int = Field(primary_key=True)
    since: datetime = Field(sa_type=UtcDateTime)


def intended_then_signed() -> Iterator[CheckConstraint]:
    """Demand of a table of badges: first the intention, then the text, for one holder."""
    yield CheckConstraint(
        "(intended_text IS NULL) <> (signed_text IS NULL)", name="intended_or_signed"
    )
    yield CheckConstraint(
        "(signed_text IS NULL) = (holder IS NULL) "
        "AND (signed_text IS NULL) = (signed_at IS NULL) "
        "AND (signed_text IS NULL) = (signed_with IS NULL)",
        name="signed_for_a_holder",
    )
    yield CheckConstraint(
        "state <> 'active' OR signed_text IS NOT NULL", name="active_means_signed"
    )


class Credential(Table, table=True):
    """One badge: first what we intend to sign, then the exact text that was signed.

    Either the intention or the signed text is there, never both, never neither. A corrected badge
    has its id twice: in the superseded row, and in the one that takes its place.
    """

    __tablename__ = "credential"
    __table_args__ = (
        *(
            Index(
                f"one_badge_in_force_by_{column}",
                column,
                unique=True,
                sqlite_where=text("state <> 'superseded'"),
                postgresql_where=text("state <> 'superseded'"),
            )
            for column in ("award_id", "credential_id")
        ),
        UniqueConstraint("list_number", "position"),
        ForeignKeyConstraint(
            ["list_number", "position"], ["status_entry.list_number", "status_entry.position"]
        ),
        CheckConstraint(one_of("state", BadgeState), name="badge_state"),
        *intended_then_signed(),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    award_id: UUID = Field(foreign_key="award.id")
    credential_id: str
    list_number: int
    position: int
    state: str = BadgeState.INTENDED
    intended_at: datetime = Field(sa_type=UtcDateTime)
    intended_text: str | None = Field(default=None, sa_column=Column(Text))
    signed_text: str | None = Field(default=None, sa_column=Column(Text))
    signed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    signed_with: str | None = None
    holder: str | None = Field(default=None, index=True)


class Offer(Table, table=True):
    """One chance to collect a badge. Codes and tokens are here as hashes only."""

    __tablename__ = "offer"
    __table_args__ = (
        UniqueConstraint("reference_hash"),
        UniqueConstraint("code_hash"),
        UniqueConstraint("token_hash"),
        CheckConstraint(one_of("state", OfferState), name="offer_state"),
        CheckConstraint("wrong_tries >= 0 AND wrong_tries <= 5", name="tries_are_limited"),
        CheckConstraint("(token_hash IS NULL) = (token_expires IS NULL)", name="tokens_run_out"),
        Index(
            "one_open_offer_an_award",
            "award_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    award_id: UUID = Field(foreign_key="award.id", index=True)
    reference_hash: str
    code_hash: str
    needs_number: bool = False
    wrong_tries: int = 0
    state: str = OfferState.OPEN
    created: datetime = Field(sa_type=UtcDateTime)
    expires: datetime = Field(sa_type=UtcDateTime)
    token_hash: str | None = None
    token_expires: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Nonce(Table, table=True):
    """A challenge that was handed out and not used yet."""

    __tablename__ = "nonce"

    nonce_hash: str = Field(primary_key=True)
    expires: datetime = Field(sa_type=UtcDateTime, index=True)


def _reason_fits_action() -> str:
    return " OR ".join(
        f"(action = '{action}' AND {one_of('reason', reasons)})"
        for action, reasons in REASONS_OF.items()
    )


class Change(Table, table=True):
    """A request to change a badge: one person asks, another one confirms (invariant 25)."""

    __tablename__ = "badge_change"
    __table_args__ = (
        Index(
            "one_open_request_a_badge",
            "credential_id",
            unique=True,
            sqlite_where=text("confirmed_by IS NULL"),
            postgresql_where=text("confirmed_by IS NULL"),
        ),
        CheckConstraint(_reason_fits_action(), name="closed_list_of_reasons"),
        CheckConstraint(
            "confirmed_by IS NULL OR confirmed_by <> requested_by "
            "OR (reason = 'holder_request' AND action IN ('revoke', 'suspend'))",
            name="two_persons",
        ),
        CheckConstraint(
            "(confirmed_by IS NULL) = (confirmed_at IS NULL)", name="confirmed_by_someone_at_a_time"
        ),
        CheckConstraint(
            f"has_phone IS NULL OR {one_of('action', MADE_AGAIN)}", name="asked_when_made_again"
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    credential_id: UUID = Field(foreign_key="credential.id", index=True)
    action: str
    reason: str
    has_phone: bool | None = None
    """Of a badge made again: whether the person still has the phone with it, if anybody asked."""
    requested_by: UUID = Field(foreign_key="person.id")
    requested_at: datetime = Field(sa_type=UtcDateTime)
    confirmed_by: UUID | None = Field(default=None, foreign_key="person.id")
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ReceivedEndorsement(Table, table=True):
    """An endorsement that a body sent us about an achievement or about ourselves, as it came."""

    __tablename__ = "received_endorsement"
    __table_args__ = (UniqueConstraint("endorsement_id"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    endorsement_id: str
    subject_id: str = Field(index=True)
    endorser: str
    claimed_name: str
    comment: str = Field(sa_column=Column(Text, nullable=False))
    valid_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    signed_text: str = Field(sa_column=Column(Text, nullable=False))
    received_at: datetime = Field(sa_type=UtcDateTime)
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


def forbid(
    table: str, name: str, action: str, condition: str, message: str, *, made_with: str = ""
) -> None:
    """Let the database refuse `action` on a row of `table` when `condition` holds.

    The rule is made together with its table, or with the one that its condition asks.
    """
    metadata_table = Table.metadata.tables[made_with or table]
    lite = condition.replace("IS DISTINCT FROM", "IS NOT")
    event.listen(
        metadata_table,
        "after_create",
        DDL(
            f"CREATE TRIGGER {name} BEFORE {action} ON {table} WHEN {lite} "
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        ).execute_if(dialect="sqlite"),
    )
    event.listen(
        metadata_table,
        "after_create",
        DDL(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger AS $$ BEGIN "
            f"IF {condition} THEN RAISE EXCEPTION '{message}' "
            f"USING ERRCODE = 'integrity_constraint_violation'; END IF; "
            f"RETURN {'OLD' if action == 'DELETE' else 'NEW'}; END $$ LANGUAGE plpgsql; "
            f"CREATE TRIGGER {name} BEFORE {action} ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {name}()"
        ).execute_if(dialect="postgresql"),
    )


# A composite foreign key with NULL in it is not checked, so a forgotten second examiner would slip
# past the officer's CHECK: the database compares with the decision itself.
forbid(
    "award",
    "award_names_all_examiners",
    "INSERT",
    "NEW.second_examiner_id IS DISTINCT FROM "
    "(SELECT second_examiner_id FROM decision WHERE decision.id = NEW.decision_id) "
    "OR NEW.third_examiner_id IS DISTINCT FROM "
    "(SELECT third_examiner_id FROM decision WHERE decision.id = NEW.decision_id)",
    "an award names all examiners of its decision",
)
forbid(
    "award",
    "award_is_final",
    "UPDATE",
    " OR ".join(
        f"NEW.{column} IS DISTINCT FROM OLD.{column}"
        for column in (
            "id",
            "decision_id",
            "candidate_id",
            "first_examiner_id",
            "second_examiner_id",
            "third_examiner_id",
            "officer_id",
            "level",
            "slug",
            "level_slug",
            "language",
            "released_at",
        )
    ),
    "only the state of an award changes",
)
forbid("award", "award_stays", "DELETE", f"NOT {is_erased('OLD.candidate_id')}", "an award stays")
_AWARD_OF_CHANGE = "(SELECT award_id FROM credential WHERE id = OLD.credential_id)"
_ERASED_HOLDER = (
    "EXISTS (SELECT 1 FROM erasure JOIN award ON award.candidate_id = erasure.person_id "
    "WHERE award.id = {award})"
)
forbid(
    "credential",
    "badge_stays",
    "DELETE",
    f"NOT {_ERASED_HOLDER.format(award='OLD.award_id')}",
    "a badge stays",
)
forbid(
    "award",
    "officers_release_for_their_own_centre",
    "INSERT",
    "(SELECT organisation_id FROM person WHERE id = NEW.officer_id) IS DISTINCT FROM "
    "(SELECT organisation_id FROM person WHERE id = NEW.candidate_id)",
    "an officer of another centre does not release this",
)
forbid(
    "credential",
    "signed_text_is_final",
    "UPDATE",
    "OLD.signed_text IS NOT NULL AND (NEW.signed_text IS DISTINCT FROM OLD.signed_text "
    "OR NEW.holder IS DISTINCT FROM OLD.holder)",
    "what was signed never changes",
)
forbid(
    "credential",
    "place_is_final",
    "UPDATE",
    "NEW.list_number <> OLD.list_number OR NEW.position <> OLD.position "
    "OR NEW.award_id <> OLD.award_id OR NEW.credential_id <> OLD.credential_id",
    "award, id and status place of a badge never change",
)
forbid(
    "credential",
    "revoked_is_final",
    "UPDATE",
    "OLD.state IN ('revoked', 'superseded') AND NEW.state <> OLD.state",
    "there is no way back from revoked",
)
forbid(
    "badge_change",
    "confirmed_change_is_final",
    "UPDATE",
    "OLD.confirmed_by IS NOT NULL",
    "a confirmed change never changes",
)
# The theft of a signing key concerns all centres at once; nothing else does (rule 30).
for _action in ("INSERT", "UPDATE"):
    forbid(
        "badge_change",
        f"officers_confirm_for_their_own_centre_{_action.lower()}",
        _action,
        "NEW.confirmed_by IS NOT NULL AND NEW.reason <> 'key_compromise' AND "
        "(SELECT organisation_id FROM person WHERE id = NEW.confirmed_by) IS DISTINCT FROM "
        "(SELECT person.organisation_id FROM person "
        "JOIN award ON award.candidate_id = person.id "
        "JOIN credential ON credential.award_id = award.id "
        "WHERE credential.id = NEW.credential_id)",
        "an officer of another centre does not confirm this",
    )
forbid(
    "badge_change",
    "confirmed_change_stays",
    "DELETE",
    "OLD.confirmed_by IS NOT NULL AND NOT " + _ERASED_HOLDER.format(award=_AWARD_OF_CHANGE),
    "a confirmed change stays",
)
forbid("status_entry", "places_stay_taken", "DELETE", "1 = 1", "a status place is never reused")
forbid(
    "status_entry",
    "revoked_place_is_final",
    "UPDATE",
    "OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at",
    "there is no way back from revoked",
)
