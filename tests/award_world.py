"""A centre with people and decided submissions, for tests of awards: real tables, real keys."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert
from sqlmodel import Session, select
from world import Clock

from issuer import IssuerSettings, accounts, awards, create_app, offers, status_lists
from issuer.award_tables import Table
from issuer.framework import frameworks
from issuer.framework_library import Library
from issuer.keyring import Keyring
from issuer.offers import OpenOffer
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
from keys.fetching import CannotFetch, Fetch, HttpRequest, HttpResponse
from keys.store import KeyStore
from web.database import Database
from web.errors import Refused
from web.mail import MailServer

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
BASE_URL = "http://localhost:8001"
SECRET = b"s" * 32
PASSPHRASE = b"a passphrase of tests"
NAME = "Example Training Centre (Spain)"


@dataclass
class Centre:
    """One issuing body with its database and some people."""

    database: Database
    body: IssuingBody
    organisation: UUID
    people: dict[str, UUID]
    numbers: int = 0

    def another(self, name: str, country_code: str = "FR") -> UUID:
        """Add another organisation."""
        with self.database.transaction() as session:
            return accounts.create_organisation(session, name, country_code).id

    def person(self, name: str, *roles: Role, organisation: UUID | None = None) -> UUID:
        """Give a person by name; made at the first mention."""
        if name not in self.people:
            with self.database.transaction() as session:
                person = Person(
                    organisation_id=organisation or self.organisation,
                    display_name=name,
                    alias=f"X-{name}",
                    contact_hash=accounts.contact_hash(session, f"{name}@centre.example"),
                )
                session.add(person)
                session.flush()
                session.add_all([Grant(person_id=person.id, role=role) for role in roles])
            self.people[name] = person.id
        return self.people[name]

    def contact_hash(self, contact: str) -> str:
        """Hash a contact as this centre's database keeps it."""
        with self.database.reading() as session:
            return accounts.contact_hash(session, contact)

    def decided(
        self,
        candidate: str = "maria",
        *,
        skill: str = "technical-cleaning",
        language: str = "fr",
        level: int | None = 2,
        examiners: tuple[str, ...] = ("eva",),
        marks: tuple[int, ...] | None = None,
        unnamed: tuple[str, ...] = (),
    ) -> UUID:
        """Give the id of a decision: awarded at `level`, or not yet.

        It says nothing of the `unnamed` who marked as well: the database takes no award for it.
        """
        candidate_id = self.person(candidate, Role.CANDIDATE)
        people = [self.person(name, Role.EXAMINER) for name in (*examiners, *unnamed)]
        self.numbers += 1
        with self.database.transaction() as session:
            submission = Submission(
                candidate_id=candidate_id,
                number=self.numbers,
                skill=skill,
                language=language,
                level=3,
                scenario_id="bathroom-morning",
                framework_version=self.body.framework.version,
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
                second_examiner_id=people[1] if len(examiners) > 1 else None,
                third_examiner_id=people[2] if len(examiners) > 2 else None,
                decided_at=NOW - timedelta(hours=3),
            )
            session.add(decision)
        return decision.id

    def decided_many(self, number: int, *, examiner: str = "eva", level: int = 2) -> None:
        """Make files of as many people, marked and decided, by a few large inserts."""
        examiner_id = self.person(examiner, Role.EXAMINER)
        skill = "technical-cleaning"
        criteria = self.body.framework.skills[skill].criteria
        appointment = Appointment(
            person_id=examiner_id,
            skill=skill,
            language="fr",
            level_ceiling=3,
            reason="letter",
            valid_from=NOW - timedelta(days=30),
            valid_until=NOW + timedelta(days=300),
        )
        with self.database.transaction() as session:
            session.add(appointment)
        for start in range(0, number, 1000):
            places = range(start, min(start + 1000, number))
            ids = [(uuid4(), uuid4(), uuid4()) for _ in places]
            rows: dict[type[Any], list[dict[str, Any]]] = {
                Person: [
                    {
                        "id": person,
                        "organisation_id": self.organisation,
                        "display_name": f"Person {place}",
                        "alias": f"M-{self.numbers + place:05d}",
                    }
                    for place, (person, _, _) in zip(places, ids, strict=True)
                ],
                Grant: [{"person_id": person, "role": Role.CANDIDATE} for person, _, _ in ids],
                Submission: [
                    {
                        "id": submission,
                        "candidate_id": person,
                        "number": self.numbers + place + 1,
                        "skill": skill,
                        "language": "fr",
                        "level": 3,
                        "scenario_id": "bathroom-morning",
                        "framework_version": self.body.framework.version,
                        "state": "decided",
                        "started_at": NOW - timedelta(days=2),
                        "sent_at": NOW - timedelta(days=1),
                    }
                    for place, (person, submission, _) in zip(places, ids, strict=True)
                ],
                Assessment: [
                    {
                        "id": assessment,
                        "submission_id": submission,
                        "candidate_id": person,
                        "examiner_id": examiner_id,
                        "appointment_id": appointment.id,
                        "ordinal": 1,
                        "marks": dict.fromkeys(criteria, level),
                        "notes": {},
                        "aimed_level": 3,
                        "proposed_level": level,
                        "submitted_at": NOW - timedelta(hours=4),
                    }
                    for person, submission, assessment in ids
                ],
                Decision: [
                    {
                        "id": uuid4(),
                        "submission_id": submission,
                        "candidate_id": person,
                        "outcome": "awarded",
                        "level": level,
                        "first_assessment_id": assessment,
                        "first_examiner_id": examiner_id,
                        "decided_at": NOW - timedelta(hours=3),
                    }
                    for person, submission, assessment in ids
                ],
            }
            with self.database.transaction() as session:
                for table, values in rows.items():
                    session.connection().execute(insert(table), values)
        self.numbers += number

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
            aimed_level=submission.level,
            proposed_level=min(given),
            submitted_at=NOW - timedelta(hours=4),
        )
        session.add(assessment)
        return assessment

    def change(self, table: type[Any], **values: object) -> None:
        """Change the only row of a table by hand, past every check of the code."""
        with self.database.transaction() as session:
            row = session.exec(select(table)).one()
            for name, value in values.items():
                setattr(row, name, value)
            session.add(row)

    def count(self, table: type[Any]) -> int:
        """Count the rows of a table."""
        with self.database.reading() as session:
            return len(session.exec(select(table)).all())


def open_centre(folder: Path, *, database_url: str = "sqlite://") -> Centre:
    """Make a centre; `folder` takes its key store."""
    path = folder / "keys" / "issuer.keys"
    if path.exists():
        store = KeyStore.open(path, PASSPHRASE)
    else:
        store = KeyStore.create(path, PASSPHRASE)
        store.rotate("Ed25519", NOW - timedelta(days=1))
    body = IssuingBody(
        name=NAME,
        country="Spain",
        country_code="ES",
        base_url=BASE_URL,
        library=Library(frameworks()["mycred4home"]),
        keyring=Keyring(store, base_url=BASE_URL),
        secret=SECRET,
    )
    database = Database(database_url, Table.metadata, secret=SECRET)
    database.create()
    return Centre(database, body, _organisation(database), {})


def write_settings(folder: Path, **secrets: str) -> Path:
    """Write settings for commands over the centre in `folder`, and files of secrets beside them."""
    files = {"passphrase": PASSPHRASE.decode(), "secret": SECRET.hex(), **secrets}
    for name, content in files.items():
        (folder / name).write_text(content)
        (folder / name).chmod(0o600)
    settings = {
        "base_url": BASE_URL,
        "database_url": f"sqlite:///{folder}/issuer.db",
        "body_name": "Centre",
        "country": "Spain",
        "country_code": "ES",
        "wallet_url": "http://localhost:8002",
        "key_store": "keys/issuer.keys",
        "passphrase_file": "passphrase",
        "secret_file": "secret",
    }
    (folder / "issuer.json").write_text(json.dumps(settings))
    return folder / "issuer.json"


def network(centre: Centre) -> Any:
    """Serve the issuer's document and its lists, and nothing else."""

    def fetch(request: HttpRequest) -> HttpResponse:
        if request.url == f"{BASE_URL}/.well-known/did.json":
            text = json.dumps(centre.body.keyring.document())
        elif request.url == f"{BASE_URL}/status/1":
            with centre.database.transaction() as session:
                published = status_lists.publish(
                    session, 1, centre.body.keyring, base_url=BASE_URL, now=NOW
                )
            assert published is not None
            text = published.text
        else:
            raise CannotFetch(request.url)
        return HttpResponse(200, {}, text.encode(), request.url)

    return fetch


def _organisation(database: Database) -> UUID:
    with database.transaction() as session:
        known = session.exec(select(Organisation)).first()
        if known is None:
            known = Organisation(name=NAME, country_code="ES")
            session.add(known)
    return known.id


@dataclass
class Service:
    """The issuer's app over a centre, and browsers that are signed in."""

    app: Flask
    centre: Centre
    clock: Clock

    def browser(self, name: str = "", *roles: Role) -> FlaskClient:
        """Open a browser; with a name, signed in as that person."""
        client = self.app.test_client()
        if name:
            person = self.centre.person(name, *roles)
            with self.centre.database.transaction() as session:
                code = accounts.invite(session, person, now=self.clock())
            assert client.post("/enter", data={"code": code}).status_code == 302
        return client

    def released(self, officer: str = "olga", **what: Any) -> UUID:
        """Give the award of a decision that an officer released."""
        return awards.release(
            self.centre.database,
            self.centre.decided(**what),
            officer_id=self.centre.person(officer, Role.OFFICER),
            body=self.centre.body,
            now=self.clock(),
        )

    def offer(self, award_id: UUID) -> OpenOffer:
        """Give the open offer of an award."""
        with self.centre.database.reading() as session:
            found = offers.open_offer(session, award_id, secret=SECRET, now=self.clock())
        assert found is not None
        return found


def open_service(
    folder: Path,
    *,
    database_url: str = "sqlite://",
    fetch: Fetch | None = None,
    mail: MailServer | None = None,
) -> Service:
    """Build the issuer's app; forms need no anti-forgery token, except where a test wants it."""
    path = folder / "keys" / "issuer.keys"
    KeyStore.create(path, PASSPHRASE).rotate("Ed25519", NOW - timedelta(days=1))
    clock = Clock(NOW)
    settings = IssuerSettings(
        base_url=BASE_URL,
        database_url=database_url,
        secret=SECRET,
        body_name=NAME,
        country="Spain",
        country_code="ES",
        key_store=path,
        passphrase=PASSPHRASE,
        wallet_url="http://localhost:8002",
        mail=mail,
    )
    app = create_app(settings, fetch=fetch, clock=clock)
    app.config["WTF_CSRF_ENABLED"] = False
    database = app.extensions["mycred4home"].database
    body = app.extensions["issuing_body"]
    return Service(app, Centre(database, body, _organisation(database), {}), clock)


def at_once(number: int, act: Callable[[int], object]) -> list[object]:
    """Do something in several threads; a refusal counts as an answer."""

    def guarded(place: int) -> object:
        try:
            return act(place)
        except Refused as refusal:
            return refusal.code

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(guarded, range(number)))
