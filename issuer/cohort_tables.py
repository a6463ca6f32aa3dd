"""Cohorts of a pilot: which centres take part, how many people each may invite, and who came.

What a coordinator knows of a person beside the work (job seeker or employee, mother tongue) is here
and not at the person: it is for counting only, and it goes when the person does not agree to be
counted (domain F.4).
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKeyConstraint
from sqlmodel import Field

from issuer.award_tables import forbid
from issuer.tables import Table, one_of
from web.database import UtcDateTime


class Kind(StrEnum):
    """What people do for a living when they are invited, as far as a pilot counts it."""

    JOB_SEEKER = "job_seeker"
    EMPLOYEE = "employee"


class Cohort(Table, table=True):
    """One group of people who try the badges together."""

    __tablename__ = "cohort"
    __table_args__ = (CheckConstraint("length(name) BETWEEN 1 AND 80", name="cohort_name"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    name: str = Field(unique=True)
    organisation_id: UUID = Field(foreign_key="organisation.id", index=True)
    """The centre that coordinates it."""
    created_by: UUID = Field(foreign_key="person.id")
    created_at: datetime = Field(sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """From then on nobody is added."""


class CohortSite(Table, table=True):
    """A centre of a cohort, and how many people it may invite."""

    __tablename__ = "cohort_site"
    __table_args__ = (CheckConstraint("quota BETWEEN 1 AND 500", name="site_quota"),)

    cohort_id: UUID = Field(primary_key=True, foreign_key="cohort.id")
    organisation_id: UUID = Field(primary_key=True, foreign_key="organisation.id")
    quota: int


class CohortMember(Table, table=True):
    """Somebody who was invited; one cohort a person, so that nobody is counted twice."""

    __tablename__ = "cohort_member"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cohort_id", "organisation_id"],
            ["cohort_site.cohort_id", "cohort_site.organisation_id"],
        ),
        CheckConstraint(f"kind IS NULL OR {one_of('kind', Kind)}", name="known_kind"),
    )

    person_id: UUID = Field(primary_key=True, foreign_key="person.id")
    cohort_id: UUID = Field(index=True)
    organisation_id: UUID
    language: str
    """The language of the invitation."""
    kind: str | None = None
    tongue: str | None = None
    """Mother tongue (BCP 47), where the person told it."""
    invited_at: datetime = Field(sa_type=UtcDateTime)


forbid(
    "cohort_member",
    "quota_holds",
    "INSERT",
    "(SELECT count(*) FROM cohort_member WHERE cohort_id = NEW.cohort_id "
    "AND organisation_id = NEW.organisation_id) >= (SELECT quota FROM cohort_site "
    "WHERE cohort_id = NEW.cohort_id AND organisation_id = NEW.organisation_id)",
    "the places of this centre are taken",
)
forbid(
    "cohort_member",
    "closed_cohort_takes_nobody",
    "INSERT",
    "(SELECT closed_at FROM cohort WHERE id = NEW.cohort_id) IS NOT NULL",
    "this cohort is closed",
)
