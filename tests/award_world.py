"""A centre with people and decided submissions, for tests of awards: real tables, real keys."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlmodel import Session

from issuer.award_tables import Table
from issuer.framework import frameworks
from issuer.keyring import Keyring
from issuer.profile import IssuingBody
from issuer.tables import (
    Appointment,
    Assessment,
    Decision,
    Grant,
    Organisation,
    Person,
    Role,
    Submission,
)
from keys.store import KeyStore
from web.database import Database

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
BASE_URL = "http://localhost:8001"
SECRET = b"s" * 32


@dataclass
class Centre:
    """One issuing body with its database and some people."""

    database: Database
    body: IssuingBody
    store: KeyStore
    organisation: UUID
    people: dict[str, UUID]
    numbers: int = 0

    def person(self, name: str, *roles: Role) -> UUID:
        """Give a person by name; made at the first mention."""
        if name not in self.people:
            with self.database.transaction() as session:
                person = Person(
                    organisation_id=self.organisation, display_name=name, alias=f"X-{name}"
                )
                session.add(person)
                session.flush()
                session.add_all([Grant(person_id=person.id, role=role) for role in roles])
            self.people[name] = person.id
        return self.people[name]

    def decided(
        self,
        candidate: str = "maria",
        *,
        skill: str = "technical-cleaning",
        language: str = "fr",
        level: int | None = 2,
        examiners: tuple[str, ...] = ("eva",),
        marks: tuple[int, ...] | None = None,
    ) -> UUID:
        """Give the id of a decision: awarded at `level`, or not yet."""
        candidate_id = self.person(candidate, Role.CANDIDATE)
        people = [self.person(name, Role.EXAMINER) for name in examiners]
        self.numbers += 1
        with self.database.transaction() as session:
            submission = Submission(
                candidate_id=candidate_id,
                number=self.numbers,
                skill=skill,
                language=language,
                scenario_id="bathroom-morning",
                framework_version="1.0",
                state="decided",
                started_at=NOW - timedelta(days=2),
                sent_at=NOW - timedelta(days=1),
            )
            session.add(submission)
            session.flush()
            assessments = [
                self._assessment(session, submission, person, place, level or 0, marks)
                for place, person in enumerate(people, 1)
            ]
            session.flush()
            decision = Decision(
                submission_id=submission.id,
                candidate_id=candidate_id,
                outcome="not_yet" if level is None else "awarded",
                level=level,
                first_assessment_id=assessments[0].id,
                first_examiner_id=people[0],
                second_examiner_id=people[1] if len(people) > 1 else None,
                third_examiner_id=people[2] if len(people) > 2 else None,
                decided_at=NOW - timedelta(hours=3),
            )
            session.add(decision)
        return decision.id

    def _assessment(
        self,
        session: Session,
        submission: Submission,
        examiner: UUID,
        ordinal: int,
        level: int,
        marks: tuple[int, ...] | None,
    ) -> Assessment:
        appointment = Appointment(
            person_id=examiner,
            skill=submission.skill,
            language=submission.language,
            level_ceiling=3,
            reason="letter",
            valid_from=NOW - timedelta(days=30),
            valid_until=NOW + timedelta(days=300),
        )
        session.add(appointment)
        session.flush()
        criteria = self.body.framework.skills[submission.skill].criteria
        given = marks or (level,) * len(criteria)
        assessment = Assessment(
            submission_id=submission.id,
            candidate_id=submission.candidate_id,
            examiner_id=examiner,
            appointment_id=appointment.id,
            ordinal=ordinal,
            marks=dict(zip(criteria, given, strict=True)),
            notes={},
            proposed_level=min(given),
            submitted_at=NOW - timedelta(hours=4),
        )
        session.add(assessment)
        return assessment


def open_centre(folder: Path, *, database_url: str = "sqlite://") -> Centre:
    """Make a centre; `folder` takes its key store."""
    path = folder / "keys" / "issuer.keys"
    if path.exists():
        store = KeyStore.open(path, b"a passphrase of tests")
    else:
        store = KeyStore.create(path, b"a passphrase of tests")
        store.rotate("Ed25519", NOW - timedelta(days=1))
    body = IssuingBody(
        name="Example Training Centre (Spain)",
        country="Spain",
        country_code="ES",
        base_url=BASE_URL,
        framework=frameworks()["mycred4home"],
        keyring=Keyring(store, base_url=BASE_URL),
        secret=SECRET,
    )
    database = Database(database_url, Table.metadata)
    database.create()
    with database.transaction() as session:
        organisation = Organisation(name=body.name, country_code="ES")
        session.add(organisation)
    return Centre(database, body, store, organisation.id, {})
