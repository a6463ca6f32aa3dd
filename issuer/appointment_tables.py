"""How somebody comes to examine, and stops: nominations, their history, calibration (domain B.4).

An `Appointment` is the right to mark. The nomination beside it is the way there and what becomes of
it, with every step kept. A calibration is three tables that are only ever added to, so a run that
was handed in cannot be handed in again, nor one of its files.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import JSON, CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from issuer.award_tables import forbid
from issuer.tables import Table, freeze, is_erased, one_of, unchanged
from web.database import UtcDateTime


class Stage(StrEnum):
    """The life of an appointment (domain B.3)."""

    ELIGIBLE = "eligible"
    INVITED = "invited"
    CALIBRATING = "calibrating"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"
    EXPIRED = "expired"


class Route(StrEnum):
    """How somebody may examine: by an expert badge of their own, or named by their centre."""

    EXPERT = "expert"
    INSTITUTION = "institution"


class Cause(StrEnum):
    """Why an appointment is suspended."""

    BADGE = "badge"
    AGREEMENT = "agreement"
    COORDINATOR = "coordinator"
    EQUAL = "equal"
    """Badges like theirs no longer count like ours."""
    UNCHECKED = "unchecked"
    """For a month nobody could say whether their badge counts."""


WITHOUT_GROUND = (Cause.EQUAL, Cause.UNCHECKED)
"""After these their centre may keep them on its own word."""


class Nomination(Table, table=True):
    """One person, one skill, one language: on the way to an appointment, in it, or after it."""

    __tablename__ = "nomination"
    __table_args__ = (
        Index(
            "one_nomination_at_a_time",
            *("person_id", "skill", "language"),
            unique=True,
            sqlite_where=text("stage NOT IN ('ended', 'expired')"),
            postgresql_where=text("stage NOT IN ('ended', 'expired')"),
        ),
        CheckConstraint(one_of("stage", Stage), name="known_stage"),
        CheckConstraint(one_of("route", Route), name="known_route"),
        CheckConstraint("(route = 'expert') = (badge_id IS NOT NULL)", name="experts_show_a_badge"),
        CheckConstraint("level_ceiling BETWEEN 1 AND 3", name="known_level"),
        CheckConstraint("route <> 'expert' OR level_ceiling < 3", name="experts_are_co_examiners"),
        CheckConstraint(
            "stage NOT IN ('active', 'suspended') OR appointment_id IS NOT NULL",
            name="active_means_appointed",
        ),
        CheckConstraint(
            "(stage = 'suspended') = (suspended_for IS NOT NULL)", name="suspended_for_a_cause"
        ),
        CheckConstraint(
            "suspended_for IS NULL OR " + one_of("suspended_for", Cause), name="known_cause"
        ),
        CheckConstraint("nominated_by <> person_id", name="nobody_appoints_themselves"),
        CheckConstraint("waived_by <> person_id", name="nobody_spares_themselves"),
        CheckConstraint(
            "(waived_by IS NULL) = (waived_reason IS NULL)", name="spared_for_a_reason"
        ),
        CheckConstraint(
            "confirmed_by IS NULL OR (waived_by IS NOT NULL AND confirmed_by <> waived_by "
            "AND confirmed_by <> person_id)",
            name="two_persons_spare_somebody",
        ),
        CheckConstraint("kept_by <> person_id", name="nobody_keeps_themselves"),
        CheckConstraint(
            "(kept_by IS NULL) = (kept_at IS NULL) AND (kept_by IS NULL) = (kept_reason IS NULL)",
            name="kept_for_a_reason",
        ),
        CheckConstraint("kept_by IS NULL OR route = 'expert'", name="experts_are_kept"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    skill: str
    language: str
    route: str
    badge_id: str | None = Field(default=None, index=True)
    """The id of the expert badge that the right rests on."""
    badge_holder: str | None = Field(default=None, index=True)
    """The key that showed it, where the badge is of another issuer: one of the person's wallets."""
    level_ceiling: int
    reason: str
    stage: str
    nominated_by: UUID | None = Field(default=None, foreign_key="person.id")
    conduct_accepted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    waived_by: UUID | None = Field(default=None, foreign_key="person.id")
    """Who asked to appoint without a passed calibration."""
    waived_reason: str | None = None
    confirmed_by: UUID | None = Field(default=None, foreign_key="person.id")
    round: int = 1
    """Of calibration: the next one begins when agreement fell."""
    suspended_for: str | None = None
    kept_by: UUID | None = Field(default=None, foreign_key="person.id")
    """Who of the centre answers for somebody whose badge of another issuer gives no ground."""
    kept_reason: str | None = None
    kept_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    counted_from: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Since the last lifting: only later files count, and the first of them are marked twice."""
    appointment_id: UUID | None = Field(default=None, foreign_key="appointment.id", unique=True)


class NominationStep(Table, table=True):
    """One step in the life of a nomination; never changed."""

    __tablename__ = "nomination_step"
    __table_args__ = (CheckConstraint(one_of("stage", Stage), name="known_stage"),)

    nomination_id: UUID = Field(primary_key=True, foreign_key="nomination.id")
    ordinal: int = Field(primary_key=True)
    stage: str
    at: datetime = Field(sa_type=UtcDateTime)
    by: UUID | None = Field(default=None, foreign_key="person.id")
    reason: str = ""


class CalibrationRun(Table, table=True):
    """One try: which reference files, in which order."""

    __tablename__ = "calibration_run"
    __table_args__ = (
        UniqueConstraint("nomination_id", "round", "number"),
        CheckConstraint("number BETWEEN 1 AND 2", name="two_tries"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    nomination_id: UUID = Field(foreign_key="nomination.id", index=True)
    round: int
    number: int
    files: list[str] = Field(sa_type=JSON)
    started_at: datetime = Field(sa_type=UtcDateTime)


class CalibrationMark(Table, table=True):
    """How somebody marked one reference file in one try."""

    __tablename__ = "calibration_mark"
    __table_args__ = (CheckConstraint("level BETWEEN 0 AND 3", name="known_level"),)

    run_id: UUID = Field(primary_key=True, foreign_key="calibration_run.id")
    file_id: str = Field(primary_key=True)
    marks: dict[str, int] = Field(sa_type=JSON)
    notes: dict[str, str] = Field(sa_type=JSON)
    level: int
    marked_at: datetime = Field(sa_type=UtcDateTime)


class CalibrationResult(Table, table=True):
    """What a try came to."""

    __tablename__ = "calibration_result"
    __table_args__ = (
        CheckConstraint("exact BETWEEN 0 AND 5", name="five_files"),
        CheckConstraint(
            "passed = (exact >= 4 AND furthest <= 1)", name="four_of_five_and_none_far_off"
        ),
    )

    run_id: UUID = Field(primary_key=True, foreign_key="calibration_run.id")
    exact: int
    """On how many files the level was the agreed one."""
    furthest: int
    """By how many levels the worst one was off."""
    passed: bool
    finished_at: datetime = Field(sa_type=UtcDateTime)


_ERASED_EXAMINER = (
    "EXISTS (SELECT 1 FROM erasure JOIN nomination ON nomination.person_id = erasure.person_id "
    "WHERE nomination.id = {nomination})"
)
freeze(
    "nomination_step",
    may_change=f"{unchanged('nomination_step', but=['reason'])} AND NEW.reason = '' AND "
    + _ERASED_EXAMINER.format(nomination="OLD.nomination_id"),
)
freeze("calibration_run")
freeze("calibration_result")
freeze(
    "calibration_mark",
    may_go=_ERASED_EXAMINER.format(
        nomination="(SELECT nomination_id FROM calibration_run WHERE id = OLD.run_id)"
    ),
)

forbid(
    "nomination",
    "what_is_over_stays_over",
    "UPDATE",
    "OLD.stage IN ('ended', 'expired') "
    f"AND (NEW.stage <> OLD.stage OR NOT {is_erased('OLD.person_id')})",
    "what is over stays over",
)
forbid("nomination", "nomination_stays", "DELETE", "1 = 1", "a nomination stays")
forbid(
    "nomination",
    "scope_is_final",
    "UPDATE",
    " OR ".join(
        f"NEW.{column} IS DISTINCT FROM OLD.{column}"
        for column in ("person_id", "skill", "language", "route", "level_ceiling")
    )
    + " OR (NEW.reason IS DISTINCT FROM OLD.reason "
    f"AND NOT (NEW.reason = '' AND {is_erased('OLD.person_id')}))",
    "whom a nomination is of, and for what, never changes",
)
forbid(
    "nomination",
    "nobody_begins_unproved",
    "UPDATE",
    "NEW.stage = 'active' AND OLD.stage NOT IN ('active', 'suspended') "
    "AND (NEW.conduct_accepted_at IS NULL OR (NEW.confirmed_by IS NULL AND NOT EXISTS ("
    "SELECT 1 FROM calibration_result JOIN calibration_run "
    "ON calibration_run.id = calibration_result.run_id "
    "WHERE calibration_run.nomination_id = NEW.id AND calibration_result.passed)))",
    "nobody begins without the rules, and a calibration or two persons",
)
forbid(
    "nomination",
    "the_word_of_a_centre_stays",
    "UPDATE",
    "OLD.kept_by IS NOT NULL AND (NEW.kept_by IS DISTINCT FROM OLD.kept_by "
    "OR NEW.kept_at IS DISTINCT FROM OLD.kept_at "
    "OR (NEW.kept_reason IS DISTINCT FROM OLD.kept_reason "
    f"AND NOT (NEW.kept_reason = '' AND {is_erased('OLD.person_id')})))",
    "who answers for somebody, and why, never changes",
)
forbid(
    "nomination",
    "nobody_goes_on_without_ground",
    "UPDATE",
    f"OLD.{one_of('suspended_for', WITHOUT_GROUND)} AND NEW.stage = 'active' "
    "AND NEW.kept_by IS NULL",
    "without a badge that counts it takes the word of the centre",
)
