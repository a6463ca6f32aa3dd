"""A centre with candidates and examiners, for tests of assessment; on any database."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from award_world import SECRET
from sqlmodel import Session, select

from issuer import accounts, assessment, observations
from issuer.answers import is_observed
from issuer.assessment import Marking
from issuer.framework import Framework, frameworks
from issuer.observations import Seen, Watching
from issuer.sampling import NO_SAMPLING, Sampling
from issuer.tables import Appointment, Assessment, Organisation, Role, Submission, Table
from web.database import Database
from web.errors import Refused

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SKILL = "technical-cleaning"


@dataclass
class House:
    """People and their work, by the functions that the pages call."""

    database: Database
    framework: Framework = field(default_factory=lambda: frameworks()["mycred4home"])
    organisation: UUID = field(init=False)
    sampling: Sampling = NO_SAMPLING
    observes: bool = True
    """Whoever marks writes down the practicals first."""

    def __post_init__(self) -> None:
        self.database.create()
        with self.database.transaction() as session:
            known = session.exec(select(Organisation).order_by(Organisation.name)).first()
            made = known or accounts.create_organisation(session, "Centre", "ES")
            self.organisation = made.id

    def candidate(
        self, name: str = "Maria", *, contact: str | None = None, agrees: bool = True
    ) -> UUID:
        with self.database.transaction() as session:
            person = accounts.create_person(
                session, self.organisation, name, Role.CANDIDATE, contact=contact
            )
            if agrees:
                accounts.give_consent(session, person.id, statistics=False, now=NOW)
        return person.id

    def examiner(
        self,
        name: str = "Eva",
        *,
        contact: str | None = None,
        language: str = "es",
        skill: str = SKILL,
        ceiling: int = 3,
        lasts: timedelta = timedelta(days=730),
    ) -> UUID:
        with self.database.transaction() as session:
            person = accounts.create_person(
                session, self.organisation, name, Role.EXAMINER, contact=contact
            )
            accounts.appoint(
                session,
                person.id,
                skill=skill,
                language=language,
                level_ceiling=ceiling,
                reason="letter",
                now=NOW - timedelta(days=1),
                lasts=lasts,
            )
        return person.id

    def begun(
        self, candidate: UUID, *, level: int = 3, language: str = "es", now: datetime = NOW
    ) -> UUID:
        with self.database.transaction() as session:
            return assessment.start(
                session,
                self.framework,
                candidate_id=candidate,
                skill=SKILL,
                language=language,
                level=level,
                now=now,
            ).id

    def answered(self, submission_id: UUID, *, without: str = "") -> None:
        with self.database.transaction() as session:
            submission = session.get_one(Submission, submission_id)
            scenario = self.framework.scenario_by_id(submission.scenario_id, submission.language)
            for task in scenario.tasks:
                if task.id != without and not is_observed(task):
                    assessment.save_answer(session, submission, task, good_answer(task), now=NOW)

    def sent(
        self, candidate: UUID, *, level: int = 3, language: str = "es", now: datetime = NOW
    ) -> UUID:
        submission_id = self.begun(candidate, level=level, language=language, now=now)
        self.answered(submission_id)
        with self.database.transaction() as session:
            submission = session.get_one(Submission, submission_id)
            assessment.submit(session, submission, self.framework, now=now)
        return submission_id

    def mark(self, submission_id: UUID, examiner: UUID, level: int, *, now: datetime = NOW) -> Any:
        with self.database.transaction() as session:
            if self.observes:
                self.observed(session, submission_id, examiner, now=now)
            return assessment.decide(
                session,
                submission_id,
                self.marking(level),
                self.framework,
                examiner_id=examiner,
                sampling=self.sampling,
                now=now,
            )

    def observed(
        self, session: Session, submission_id: UUID, examiner: UUID, *, now: datetime = NOW
    ) -> None:
        """Write down the practicals of a file that nobody has written down yet."""
        due = assessment.unobserved(session, submission_id)
        file = session.get_one(Submission, submission_id)
        scenario = self.framework.scenario_by_id(file.scenario_id, file.language)
        for task in scenario.tasks:
            if task.id in due:
                seen = {option.id: Seen.SEEN for option in task.options}
                later = max(now, file.started_at)
                watching = Watching(seen, "", later.date())
                observations.observe(
                    session, submission_id, task, watching, examiner_id=examiner, now=later
                )

    def marking(self, level: int, **marks: int) -> Marking:
        criteria = self.framework.skills[SKILL].criteria
        given = {criterion: max(level, 1) for criterion in criteria} | marks
        return Marking(given, dict.fromkeys(criteria, "more practice"), level)

    def submission(self, submission_id: UUID) -> Submission:
        with self.database.reading() as session:
            return session.get_one(Submission, submission_id)


def house(url: str) -> House:
    return House(Database(url, Table.metadata, secret=SECRET))


def good_answer(task: Any) -> Any:
    best = task.best
    if best is None:
        return "Primero miro. Luego pregunto."
    if isinstance(best, Mapping):
        return dict(best)
    return list(best) if isinstance(best, tuple | list) else best


def refused(code: str, act: Callable[[], object]) -> None:
    """Expect to be refused, for the reason of this code."""
    with pytest.raises(Refused) as refusal:
        act()
    assert refusal.value.code == code


def forged_assessment(centre: House, file: UUID, examiner: UUID, **changes: Any) -> Assessment:
    """Write marks that no code would write."""
    submission = centre.submission(file)
    with centre.database.reading() as session:
        appointment = session.exec(select(Appointment)).first()
    assert appointment is not None
    values: dict[str, Any] = {
        "submission_id": file,
        "candidate_id": submission.candidate_id,
        "examiner_id": examiner,
        "appointment_id": appointment.id,
        "ordinal": 1,
        "marks": {},
        "notes": {},
        "aimed_level": submission.level,
        "proposed_level": 2,
        "submitted_at": NOW,
    }
    return Assessment(**{**values, **changes})


def stored(centre: House, *rows: object) -> None:
    """Store rows, past every check of the code."""
    with centre.database.transaction() as session:
        for row in rows:
            session.add(row)
            session.flush()
