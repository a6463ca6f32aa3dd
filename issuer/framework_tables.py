"""Versions of frameworks: drafts that are edited, and published ones, which never change."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import (
    DDL,
    JSON,
    CheckConstraint,
    Column,
    Index,
    Text,
    UniqueConstraint,
    event,
    text,
)
from sqlmodel import Field

from issuer.tables import Table, one_of
from web.database import UtcDateTime


class EditionState(StrEnum):
    """The life of a version (domain B.3); there is no way back from published."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    PUBLISHED = "published"


class FrameworkEdition(Table, table=True):
    """One version of one framework: everything it says, as one document.

    Two persons: one sends it to review, another one publishes. The versions that came with the
    service (`shipped`) were reviewed before they came.
    """

    __tablename__ = "framework_edition"
    __table_args__ = (
        UniqueConstraint("framework", "version"),
        CheckConstraint(one_of("state", EditionState), name="edition_state"),
        CheckConstraint(
            "(state = 'published') = (digest IS NOT NULL) "
            "AND (state = 'published') = (published_at IS NOT NULL)",
            name="published_has_a_digest_and_a_time",
        ),
        CheckConstraint(
            "state = 'draft' OR shipped OR sent_by IS NOT NULL", name="somebody_sent_it_to_review"
        ),
        CheckConstraint(
            "state <> 'published' OR shipped OR published_by IS NOT NULL",
            name="somebody_published_it",
        ),
        CheckConstraint(
            "published_by IS NULL OR published_by <> sent_by", name="two_persons_publish"
        ),
        Index(
            "one_version_has_the_plain_addresses",
            "framework",
            unique=True,
            sqlite_where=text("plain"),
            postgresql_where=text("plain"),
        ),
        CheckConstraint("revision >= 1", name="revisions_count_from_one"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    framework: str = Field(index=True)
    version: str
    state: str = EditionState.DRAFT
    shipped: bool = False
    """It came with the service."""
    plain: bool = False
    """Its achievements have the plain addresses: the first version that this service knew."""
    based_on: str = ""
    """The version that it began as a copy of."""
    document: str = Field(sa_column=Column(Text, nullable=False))
    digest: str | None = None
    revision: int = 1
    """Counts the changes."""
    touched: dict[str, int] = Field(default_factory=dict, sa_type=JSON)
    """For each text and each file of structure that was changed: the revision that changed it."""
    comment: str = ""
    """Why it came back from review."""
    opened_by: UUID | None = Field(default=None, foreign_key="person.id")
    opened_at: datetime = Field(sa_type=UtcDateTime)
    changed_by: UUID | None = Field(default=None, foreign_key="person.id")
    changed_at: datetime = Field(sa_type=UtcDateTime)
    sent_by: UUID | None = Field(default=None, foreign_key="person.id")
    published_by: UUID | None = Field(default=None, foreign_key="person.id")
    published_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


def _keep_published() -> None:
    """Let the database refuse every change of a published version, and text changes in review."""
    table = Table.metadata.tables["framework_edition"]
    rules = (
        ("edition_is_final", "UPDATE", "OLD.state = 'published'", "a published version is final"),
        ("edition_stays", "DELETE", "OLD.state = 'published'", "a published version stays"),
        (
            "edition_in_review_is_still",
            "UPDATE",
            "OLD.state = 'in_review' AND NEW.document <> OLD.document",
            "what is in review does not change",
        ),
        (
            "edition_is_reviewed_first",
            "UPDATE",
            "OLD.state = 'draft' AND NEW.state = 'published'",
            "a draft goes to review first",
        ),
        (
            "edition_begins_as_draft",
            "INSERT",
            "NEW.state <> 'draft' AND NOT NEW.shipped",
            "a version begins as a draft",
        ),
    )
    for name, action, condition, message in rules:
        event.listen(
            table,
            "after_create",
            DDL(
                f"CREATE TRIGGER {name} BEFORE {action} ON framework_edition WHEN {condition} "
                f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
            ).execute_if(dialect="sqlite"),
        )
        event.listen(
            table,
            "after_create",
            DDL(
                f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger AS $$ BEGIN "
                f"IF {condition} THEN RAISE EXCEPTION '{message}'; END IF; "
                f"RETURN {'OLD' if action == 'DELETE' else 'NEW'}; END $$ LANGUAGE plpgsql; "
                f"CREATE TRIGGER {name} BEFORE {action} ON framework_edition "
                f"FOR EACH ROW EXECUTE FUNCTION {name}()"
            ).execute_if(dialect="postgresql"),
        )


_keep_published()
