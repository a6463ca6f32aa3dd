"""An examiner's own figures, for themselves: agreement with others, severity, time.

Only files that are decided are counted, so that nobody learns how another marked before the end.
Nobody else sees them, and nothing follows from them here.
"""

from dataclasses import dataclass
from statistics import median
from uuid import UUID

from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from issuer.marks_tables import MarkingTime
from issuer.tables import Assessment, Decision


@dataclass(frozen=True)
class OwnFigures:
    """What an examiner may want to know of their own marking; None where too little is known."""

    pairs: int
    """How many marks of others stand beside one's own."""
    same_level: float | None
    """The share of them at the same level."""
    severity: float | None
    """How many levels one gives more than others, on average; below nought: fewer."""
    minutes: float | None


def own_figures(session: Session, examiner_id: UUID) -> OwnFigures:
    """Give an examiner's figures over all their files that were decided."""
    other = aliased(Assessment)
    apart = [
        own - theirs
        for own, theirs in session.exec(
            select(Assessment.proposed_level, other.proposed_level)
            .join(
                other,
                (col(other.submission_id) == col(Assessment.submission_id))
                & (col(other.round) == col(Assessment.round))
                & (col(other.examiner_id) != col(Assessment.examiner_id)),
            )
            .join(
                Decision,
                (col(Decision.submission_id) == col(Assessment.submission_id))
                & (col(Decision.round) == col(Assessment.round)),
            )
            .where(col(Assessment.examiner_id) == examiner_id)
        )
    ]
    times = session.exec(
        select(MarkingTime.minutes)
        .join(Assessment, col(Assessment.id) == col(MarkingTime.assessment_id))
        .where(col(Assessment.examiner_id) == examiner_id)
    ).all()
    return OwnFigures(
        pairs=len(apart),
        same_level=apart.count(0) / len(apart) if apart else None,
        severity=sum(apart) / len(apart) if apart else None,
        minutes=median(times) if times else None,
    )
