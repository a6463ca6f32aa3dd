"""Where somebody stands, which tasks they get next, and who looks at these (domain B.3, B.5-23)."""

from collections.abc import Iterable, Sequence, Set
from datetime import UTC, datetime
from uuid import UUID

from sqlmodel import Session, col, select

from issuer.framework import Framework
from issuer.tables import Appointment, Assessment, Decision, Person, Submission

_NEVER = datetime.min.replace(tzinfo=UTC)


def one_start_at_a_time(session: Session, candidate_id: UUID) -> None:
    """Let a second start of the same person wait until the first is done.

    The lock leaves rows that only point to the person alone: what else happens does not wait.
    """
    session.exec(
        select(Person.id).where(col(Person.id) == candidate_id).with_for_update(key_share=True)
    ).one()


def next_set(framework: Framework, skill: str, level: int, earlier: Sequence[Submission]) -> str:
    """Give a scenario set that the person has not seen, else the one seen longest ago."""
    seen: dict[str, datetime] = {}
    for one in earlier:
        seen[one.scenario_id] = max(one.started_at, seen.get(one.scenario_id, _NEVER))
    sets = framework.sets_for(skill, level)
    return min(sets, key=lambda scenario_id: seen.get(scenario_id, _NEVER))


def standing(
    session: Session, framework: Framework, candidate_id: UUID
) -> dict[str, dict[str | None, int]]:
    """Give the highest level that somebody was given, by skill and by assessed language."""
    found: dict[str, dict[str | None, int]] = {}
    for skill, language, level in session.exec(
        select(Submission.skill, Submission.language, Decision.level)
        .join(Decision, col(Decision.submission_id) == col(Submission.id))
        .where(col(Submission.candidate_id) == candidate_id, col(Decision.level).is_not(None))
        .order_by(col(Decision.level))
    ):
        if skill not in framework.skills:
            continue  # of an earlier version
        definition = framework.achievement(skill, level or 1, language)
        found.setdefault(skill, {})[definition.assessed_language] = definition.level
    return found


def advised_level(framework: Framework, reached: int) -> int:
    """Give the level to try next: the one above what was reached, else the highest."""
    return min(reached + 1, framework.levels[-1].number)


def is_somebody_new(
    submission: Submission, known: Set[UUID], others: Iterable[Appointment]
) -> bool:
    """Tell whether one of `others` is new to a person's work, and appointed up to its level.

    `known` are those who marked it before: then they leave it to the others.
    """
    return any(
        one.person_id not in known and one.level_ceiling >= submission.level for one in others
    )


def marked_before(session: Session, submission: Submission) -> frozenset[UUID]:
    """Give who marked work of this person on this skill, this file or another."""
    return frozenset(
        session.exec(
            select(Assessment.examiner_id)
            .join(Submission, col(Submission.id) == col(Assessment.submission_id))
            .where(
                col(Submission.candidate_id) == submission.candidate_id,
                col(Submission.skill) == submission.skill,
            )
        )
    )
