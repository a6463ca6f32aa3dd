"""What is kept of an appeal, and what the database refuses about marks, rounds and releases.

One appeal a file, by its candidate, about the first decision. Its words are kept apart from the
fact: they are deleted with the answers, the fact stays.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, ForeignKeyConstraint, Text, UniqueConstraint
from sqlmodel import Field

from issuer.award_tables import forbid
from issuer.tables import Table, freeze, is_erased
from web.database import UtcDateTime


class Appeal(Table, table=True):
    """A candidate asked that other examiners look again; never changed, one a file."""

    __tablename__ = "appeal"
    __table_args__ = (
        UniqueConstraint("decision_id"),
        ForeignKeyConstraint(
            ["decision_id", "submission_id"], ["decision.id", "decision.submission_id"]
        ),
        ForeignKeyConstraint(
            ["decision_id", "candidate_id"], ["decision.id", "decision.candidate_id"]
        ),
    )

    submission_id: UUID = Field(primary_key=True)
    decision_id: UUID
    candidate_id: UUID
    made_at: datetime = Field(sa_type=UtcDateTime)


class AppealWords(Table, table=True):
    """Why, in the candidate's own words; deleted with the answers."""

    __tablename__ = "appeal_words"

    submission_id: UUID = Field(primary_key=True, foreign_key="appeal.submission_id")
    text: str = Field(sa_column=Column(Text, nullable=False))


freeze("appeal", may_go=is_erased("OLD.candidate_id"))

forbid(
    "appeal",
    "appeal_is_about_the_first_decision",
    "INSERT",
    "(SELECT round FROM decision WHERE id = NEW.decision_id) <> 1",
    "one appeal a file",
)
forbid(
    "assessment",
    "second_round_needs_an_appeal",
    "INSERT",
    "NEW.round = 2 AND NOT EXISTS "
    "(SELECT 1 FROM appeal WHERE appeal.submission_id = NEW.submission_id)",
    "marks of a second round need an appeal",
)
forbid(
    "assessment",
    "first_round_ends_with_its_decision",
    "INSERT",
    "EXISTS (SELECT 1 FROM decision WHERE decision.submission_id = NEW.submission_id "
    "AND decision.round = NEW.round)",
    "this round is decided",
)
forbid(
    "assessment",
    "closed_files_are_not_marked",
    "INSERT",
    "(SELECT state FROM submission WHERE submission.id = NEW.submission_id) "
    "IN ('draft', 'returned', 'withdrawn', 'expired', 'void')",
    "this file is not open for marking",
)
forbid(
    "assessment",
    "marks_need_an_appointment",
    "INSERT",
    "NOT EXISTS (SELECT 1 FROM appointment JOIN submission ON submission.id = NEW.submission_id "
    "WHERE appointment.id = NEW.appointment_id AND appointment.person_id = NEW.examiner_id "
    "AND appointment.skill = submission.skill AND appointment.language = submission.language "
    "AND (appointment.level_ceiling >= NEW.proposed_level OR (NEW.proposed_level = 3 "
    # A co-examiner (domain B.4-4): first, since a second look follows, or after a lead's.
    "AND EXISTS (SELECT 1 FROM nomination WHERE nomination.appointment_id = appointment.id "
    "AND nomination.route = 'expert') AND (NEW.ordinal = 1 OR EXISTS (SELECT 1 FROM assessment "
    "AS first_look JOIN appointment AS held ON held.id = first_look.appointment_id "
    "WHERE first_look.submission_id = NEW.submission_id AND first_look.round = NEW.round "
    "AND held.level_ceiling >= 3)))) "
    "AND appointment.valid_from <= NEW.submitted_at AND appointment.valid_until > NEW.submitted_at "
    "AND appointment.suspended_at IS NULL)",
    "marks need an appointment that is active and covers the file",
)
forbid(
    "assessment",
    "nobody_marks_their_own_work_from_one_wallet",
    "INSERT",
    "EXISTS (SELECT 1 FROM credential AS own JOIN award AS theirs ON theirs.id = own.award_id "
    "JOIN credential AS other ON other.holder = own.holder "
    "JOIN award AS others ON others.id = other.award_id "
    "WHERE theirs.candidate_id = NEW.examiner_id AND others.candidate_id = NEW.candidate_id)",
    "examiner and candidate have the same wallet",
)
forbid(
    "assessment",
    "nobody_marks_what_they_released",
    "INSERT",
    "EXISTS (SELECT 1 FROM award JOIN decision ON decision.id = award.decision_id "
    "WHERE decision.submission_id = NEW.submission_id AND award.officer_id = NEW.examiner_id)",
    "who released a badge of this file does not mark it",
)
forbid(
    "award",
    "nobody_releases_what_they_marked_in_any_round",
    "INSERT",
    "EXISTS (SELECT 1 FROM assessment JOIN decision "
    "ON decision.submission_id = assessment.submission_id "
    "WHERE decision.id = NEW.decision_id AND assessment.examiner_id = NEW.officer_id)",
    "who marked this file does not release it",
)
forbid(
    "award",
    "award_needs_the_decision_in_force",
    "INSERT",
    "EXISTS (SELECT 1 FROM decision WHERE decision.supersedes = NEW.decision_id) "
    "OR (SELECT submission.state FROM submission JOIN decision "
    "ON decision.submission_id = submission.id WHERE decision.id = NEW.decision_id) <> 'decided'",
    "an award needs the decision that is in force",
)
forbid(
    "award",
    "confirmed_decisions_give_no_second_award",
    "INSERT",
    "EXISTS (SELECT 1 FROM award AS earlier "
    "JOIN decision ON decision.supersedes = earlier.decision_id "
    "WHERE decision.id = NEW.decision_id AND earlier.level = NEW.level)",
    "the same level is awarded already",
)
forbid(
    "submission",
    "decided_files_do_not_vanish",
    "UPDATE",
    "NEW.state IN ('draft', 'returned', 'withdrawn', 'expired', 'void') "
    "AND NEW.state <> OLD.state "
    "AND EXISTS (SELECT 1 FROM decision WHERE decision.submission_id = NEW.id)",
    "a decided file does not go back",
)
