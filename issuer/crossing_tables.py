"""Files drawn for examiners of other centres, and what the database refuses about centres.

Rule 30: somebody of another centre marks a file only when it was drawn: for a second look, or
because nobody of the candidate's own centre can look at it (a `CrossDraw`). Rule 4: of the
examiners of an expert level one is of another centre, where another centre has one.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlmodel import Field

from issuer.award_tables import forbid
from issuer.tables import Table
from web.database import UtcDateTime


class CrossDraw(Table, table=True):
    """A file that nobody of its own centre can mark: in this round others see it too."""

    __tablename__ = "cross_draw"
    __table_args__ = (CheckConstraint("round BETWEEN 1 AND 2", name="at_most_one_appeal"),)

    submission_id: UUID = Field(primary_key=True, foreign_key="submission.id", ondelete="CASCADE")
    round: int = Field(primary_key=True)
    drawn_at: datetime = Field(sa_type=UtcDateTime)


forbid("cross_draw", "a_draw_stays_as_it_was", "UPDATE", "1 = 1", "a draw never changes")
forbid(
    "assessment",
    "other_centres_mark_what_was_drawn",
    "INSERT",
    "(SELECT organisation_id FROM person WHERE id = NEW.examiner_id) <> "
    "(SELECT organisation_id FROM person WHERE id = NEW.candidate_id) "
    "AND (SELECT state FROM submission WHERE submission.id = NEW.submission_id) "
    "<> 'second_marking' AND NOT EXISTS (SELECT 1 FROM cross_draw "
    "WHERE cross_draw.submission_id = NEW.submission_id AND cross_draw.round = NEW.round)",
    "a file of another centre is marked only when it was drawn",
)
forbid(
    "decision",
    "expert_level_takes_two_centres",
    "INSERT",
    "NEW.level = 3 AND NOT EXISTS (SELECT 1 FROM assessment AS look "
    "JOIN person AS looked ON looked.id = look.examiner_id "
    "JOIN person AS tried ON tried.id = NEW.candidate_id "
    "WHERE look.submission_id = NEW.submission_id AND look.round = NEW.round "
    "AND looked.organisation_id <> tried.organisation_id) "
    "AND EXISTS (SELECT 1 FROM appointment "
    "JOIN person AS other ON other.id = appointment.person_id "
    "JOIN submission ON submission.id = NEW.submission_id "
    "JOIN person AS tried ON tried.id = NEW.candidate_id "
    "WHERE appointment.skill = submission.skill AND appointment.language = submission.language "
    "AND appointment.level_ceiling = 3 AND appointment.suspended_at IS NULL "
    "AND appointment.valid_from <= NEW.decided_at AND appointment.valid_until > NEW.decided_at "
    "AND other.organisation_id <> tried.organisation_id "
    "AND (other.contact_hash IS NULL OR tried.contact_hash IS NULL "
    "OR other.contact_hash <> tried.contact_hash) "
    # Somebody who may not look at this file does not make it wait.
    "AND NOT EXISTS (SELECT 1 FROM conflict WHERE conflict.submission_id = submission.id "
    "AND conflict.examiner_id = other.id) "
    "AND NOT EXISTS (SELECT 1 FROM assessment AS before WHERE before.submission_id = submission.id "
    "AND before.examiner_id = other.id) "
    "AND NOT EXISTS (SELECT 1 FROM award JOIN decision AS earlier "
    "ON earlier.id = award.decision_id WHERE earlier.submission_id = submission.id "
    "AND award.officer_id = other.id) "
    "AND NOT EXISTS (SELECT 1 FROM credential AS own JOIN award AS theirs "
    "ON theirs.id = own.award_id JOIN credential AS same ON same.holder = own.holder "
    "JOIN award AS others ON others.id = same.award_id "
    "WHERE theirs.candidate_id = other.id AND others.candidate_id = tried.id))",
    "of the examiners of an expert level one is of another centre",
)
