"""The reason trail of a decision: who marked what, and what the badge will say because of it.

Aliases and role codes only: no evidence, no name, no contact (invariant 22).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from issuer.award_tables import Award
from issuer.tables import Assessment, Decision, Person, Submission
from web.languages import N_

Marks = Mapping[str, int]


@dataclass(frozen=True)
class BadgeContent:
    """What a badge will say, taken from a decision: nothing about the person (invariant 11)."""

    framework_version: str
    skill: str
    assessed_language: str | None
    level: int
    language: str
    decided_at: datetime
    marks: Marks
    examiners: int


@dataclass(frozen=True)
class Marking:
    """One examiner's part of a decision, as an officer may see it."""

    examiner_id: UUID
    examiner_code: str
    marks: Marks
    proposed_level: int


@dataclass(frozen=True)
class ReasonTrail:
    """A decision with what it rests on."""

    decision_id: UUID
    submission_id: UUID
    candidate_id: UUID
    candidate_alias: str
    framework_version: str
    skill: str
    language: str
    level: int
    decided_at: datetime
    markings: tuple[Marking, ...]
    marked_by: frozenset[UUID]
    """Everybody who marked the file, also before an appeal."""

    @property
    def marks(self) -> dict[str, int]:
        """The marks that the badge will show."""
        return final_marks([marking.marks for marking in self.markings])

    @property
    def content(self) -> BadgeContent:
        """What the badge will say."""
        return BadgeContent(
            framework_version=self.framework_version,
            skill=self.skill,
            assessed_language=self.language,
            level=self.level,
            language=self.language,
            decided_at=self.decided_at,
            marks=self.marks,
            examiners=len(self.markings),
        )

    def why_not(self, officer_id: UUID) -> str:
        """Say in a msgid why this officer cannot release it; "" when nothing is in the way."""
        if officer_id == self.candidate_id:
            return N_("This is your own work. Another officer must release it.")
        if officer_id in self.marked_by:
            return N_("You marked this work. Another officer must release it.")
        return ""


def final_marks(markings: Sequence[Marks]) -> dict[str, int]:
    """Give one mark a criterion: the lower of two, the middle one of three.

    It never lies below the level that was granted by the same rule (domain.md B.3): one examiner's
    level, the lower of two, the median of three.
    """
    if not markings:
        raise ValueError("a decision rests on at least one marking")
    criteria = markings[0].keys()
    if any(marking.keys() != criteria for marking in markings):
        raise ValueError("all markings must be of the same criteria")
    place = 0 if len(markings) < 3 else 1
    return {name: sorted(marking[name] for marking in markings)[place] for name in criteria}


def trail_of(session: Session, decision: Decision) -> ReasonTrail:
    """Give the reason trail of an awarded decision."""
    return trails_of(session, [decision])[0]


def trails_of(session: Session, decisions: Sequence[Decision]) -> list[ReasonTrail]:
    """Give the reason trails of awarded decisions, in their order, by two statements for all."""
    files = {
        submission.id: (submission, alias)
        for submission, alias in session.exec(
            select(Submission, Person.alias)
            .join(Person, col(Person.id) == col(Submission.candidate_id))
            .where(col(Submission.id).in_({one.submission_id for one in decisions}))
        )
    }
    marked: dict[UUID, list[tuple[Assessment, str]]] = {one: [] for one in files}
    for assessment, alias in session.exec(
        select(Assessment, Person.alias)
        .join(Person, col(Person.id) == col(Assessment.examiner_id))
        .where(col(Assessment.submission_id).in_(list(files)))
        .order_by(col(Assessment.submission_id), col(Assessment.ordinal))
    ):
        marked[assessment.submission_id].append((assessment, alias))
    return [_trail(one, *files[one.submission_id], marked[one.submission_id]) for one in decisions]


def _trail(
    decision: Decision,
    submission: Submission,
    candidate_alias: str,
    marked: Sequence[tuple[Assessment, str]],
) -> ReasonTrail:
    assert decision.level is not None, "a constraint of the database"
    return ReasonTrail(
        decision_id=decision.id,
        submission_id=submission.id,
        candidate_id=decision.candidate_id,
        candidate_alias=candidate_alias,
        framework_version=submission.framework_version,
        skill=submission.skill,
        language=submission.language,
        level=decision.level,
        decided_at=decision.decided_at,
        markings=tuple(
            Marking(one.examiner_id, alias, dict(one.marks), one.proposed_level)
            for one, alias in marked
            if one.round == decision.round
        ),
        marked_by=frozenset(one.examiner_id for one, _ in marked),
    )


def content_of(session: Session, award: Award) -> BadgeContent:
    """Give what the badge of a released award says."""
    return trail_of(session, session.get_one(Decision, award.decision_id)).content
