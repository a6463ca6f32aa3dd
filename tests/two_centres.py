"""Two centres in one issuer, with somebody of every role in each, and one of every thing in one.

Every address of the app can be asked by everybody, each time as if for the first time: the database
is put back in between.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

from assessment_world import SKILL, House
from award_world import NOW, Service, open_service
from flask.testing import FlaskClient
from sqlmodel import Session, select
from werkzeug.routing import Rule

from issuer import accounts, appointments, awards, cohorts, data_requests, pilot, staff
from issuer.appointment_tables import CalibrationRun, Nomination
from issuer.award_tables import ReceivedEndorsement
from issuer.batch_tables import Batch
from issuer.cohort_tables import CohortMember
from issuer.framework_tables import FrameworkEdition
from issuer.second_look_tables import SecondLook
from issuer.staff_tables import RoleInvitation
from issuer.stolen_key_tables import StolenKey
from issuer.tables import Appointment, Person, Role
from web.mail import MailServer

OWN, ELSEWHERE = "own", "elsewhere"
NOBODY = "nobody"
NEIGHBOUR = "candidate neighbour"
"""Another candidate of the centre that has the things."""


def visitor(role: Role, centre: str) -> str:
    """Name somebody by role and centre."""
    return f"{role} {centre}"


VISITORS = (
    NOBODY,
    NEIGHBOUR,
    *(visitor(role, centre) for centre in (OWN, ELSEWHERE) for role in Role),
)


@dataclass
class TwoCentres:
    """The app, everybody's browser, and what stands for each part of an address."""

    service: Service
    _cookies: dict[str, str]
    parts: dict[str, str]
    special: dict[str, dict[str, str]]
    """Blueprint or endpoint → parts that are others there."""
    _kept: sqlite3.Connection
    _file: Path

    def routes(self) -> Iterator[tuple[str, Rule]]:
        """Give every route with its method, as `GET /officer/badges/<award_id>`."""
        for rule in self.service.app.url_map.iter_rules():
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield f"{method} {rule.rule.replace('uuid:', '').replace('int:', '')}", rule

    def ask(self, who: str, method: str, rule: Rule, *, and_undo: bool = True) -> int:
        """Give what somebody is answered, and put the database back after it."""
        blueprint = rule.endpoint.partition(".")[0]
        parts = {
            **self.parts,
            **self.special.get(blueprint, {}),
            **self.special.get(rule.endpoint, {}),
        }
        with self.service.app.test_request_context():
            address = self.service.app.url_map.bind("localhost:8001").build(
                rule.endpoint, {name: parts[name] for name in rule.arguments}, method=method
            )
        browser = self.service.app.test_client(use_cookies=False)
        cookie = {"Cookie": self.cookie(who)} if who != NOBODY else {}
        status = browser.open(address, method=method, data={}, headers=cookie).status_code
        refused = status in (401, 403, 404) and rule.endpoint != "home.enter"  # counts wrong codes
        if and_undo and method != "GET" and not refused:
            for worker in ("batch_worker", "stolen_key_worker"):
                self.service.app.extensions[worker].wait(120)
            self.put_back()
        return status

    def cookie(self, who: str) -> str:
        """Give the cookie of somebody who is signed in."""
        return f"issuer_session={self._cookies[who]}"

    def snapshot(self) -> sqlite3.Connection:
        """Keep the database as it is now."""
        kept = sqlite3.connect(":memory:", check_same_thread=False)
        with sqlite3.connect(self._file) as now:
            now.backup(kept)
        return kept

    def put_back(self, kept: sqlite3.Connection | None = None) -> None:
        """Make the database what it was in the beginning, or in a snapshot."""
        with sqlite3.connect(self._file) as now:
            (kept or self._kept).backup(now)


def open_two_centres(folder: Path) -> TwoCentres:
    """Make the centres, the people and the things."""
    file = folder / "two.db"
    service = open_service(
        folder,
        database_url=f"sqlite:///{file}",
        mail=MailServer(host="127.0.0.1", port=9, sender="a@b.example", security="none"),
    )
    centre = service.centre
    away = centre.another("Elsewhere")
    for where, organisation in ((OWN, centre.organisation), (ELSEWHERE, away)):
        for role in Role:
            centre.person(visitor(role, where), role, organisation=organisation)
    centre.person(NEIGHBOUR, Role.CANDIDATE)
    things = _Things(service)
    parts, special = things.made()
    cookies = {name: _cookie(service.browser(name)) for name in VISITORS if name != NOBODY}
    kept = sqlite3.connect(":memory:", check_same_thread=False)
    with sqlite3.connect(file) as now:
        now.backup(kept)
    return TwoCentres(service, cookies, parts, special, kept, file)


def _cookie(browser: FlaskClient) -> str:
    found = browser.get_cookie("issuer_session")
    assert found is not None
    return found.value


class _Things:
    """One of everything that an address can name, all of the own centre."""

    def __init__(self, service: Service) -> None:
        self.service, self.centre = service, service.centre
        self.people = service.centre.people
        self.house = House(service.centre.database)
        self.house.organisation = service.centre.organisation

    def who(self, role: Role, where: str = OWN) -> UUID:
        return self.people[visitor(role, where)]

    def made(self) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        candidate, officer = visitor(Role.CANDIDATE, OWN), self.who(Role.OFFICER)
        award = awards.release(
            self.centre.database,
            self.centre.decided(candidate, examiners=("xena",)),
            officer_id=officer,
            body=self.centre.body,
            now=NOW,
        )
        self._appointed(Role.EXAMINER)
        with self.centre.database.transaction() as session:
            for person in (self.who(Role.CANDIDATE), self.people[NEIGHBOUR]):
                accounts.give_consent(session, person, statistics=True, now=NOW)
        draft = self.house.begun(self.who(Role.CANDIDATE), level=2)
        self.house.answered(draft)
        sent = self.house.sent(self.who(Role.CANDIDATE), level=1)
        decided = self._decided_by_somebody_suspended()
        with self.centre.database.transaction() as session:
            parts = self._rows(session)
        task = self.house.framework.scenario_by_id(
            self.house.submission(draft).scenario_id, "es"
        ).tasks[0]
        looked = self.house.submission(sent).scenario_id
        known = {
            "award_id": str(award),
            "submission_id": str(draft),
            "task_id": task.id,
            "skill": SKILL,
            "framework_id": self.house.framework.id,
            "version": self.house.framework.version,
            "slug": SKILL,
            "level": "confirmed",
            "edition": "en",
            "key": f"{SKILL}-confirmed",
            "name": looked,
            "number": "0",
            "position": "0",
            "place": "0",
            "form": "zip",
            "action": "suspend",
            "reference": "nothing",
            "request_id": str(uuid4()),
            "equal_id": str(uuid4()),
            "files": "es",
            "scope": "nothing",
            "person_id": str(officer),
            **parts,
        }
        file = {
            "submission_id": str(sent),
            "task_id": self.house.framework.scenario_by_id(looked, "es").tasks[0].id,
        }
        return known, {
            **dict.fromkeys(("examiner", "examining", "observations"), file),
            "evidence.for_examiner": file,
            "second_looks": {"submission_id": str(decided)},
            "feedback": {"submission_id": str(sent)},
            "after_sending": {"submission_id": str(sent)},
            "frameworks.schema": {"name": "framework.schema.json"},
        }

    def _appointed(self, role: Role) -> None:
        for where in (OWN, ELSEWHERE):
            who = self.who(role, where)
            with self.centre.database.transaction() as session:
                if session.exec(select(Appointment).where(Appointment.person_id == who)).first():
                    continue
                accounts.appoint(
                    session,
                    who,
                    skill=SKILL,
                    language="es",
                    level_ceiling=3,
                    reason="letter",
                    now=NOW - timedelta(days=1),
                )

    def _decided_by_somebody_suspended(self) -> UUID:
        yves = self.house.examiner("Yves")
        file = self.house.sent(self.people[NEIGHBOUR], level=2)
        decision = self.house.mark(file, yves, 2)
        with self.centre.database.transaction() as session:
            appointments.adopt(session, now=NOW)
            mine = session.exec(select(Nomination).where(Nomination.person_id == yves)).one()
            session.exec(
                select(Appointment).where(Appointment.person_id == yves)
            ).one().suspended_at = NOW
            session.add(
                SecondLook(
                    submission_id=file,
                    nomination_id=mine.id,
                    examiner_id=yves,
                    decided_level=decision.level,
                    drawn_at=NOW,
                )
            )
        return file

    def _rows(self, session: Session) -> dict[str, str]:
        coordinator = self.who(Role.COORDINATOR)
        group = cohorts.create_cohort(
            session, "Spring", {self.centre.organisation: 3}, by=coordinator, now=NOW
        )
        session.add(
            CohortMember(
                person_id=self.people[NEIGHBOUR],
                cohort_id=group.id,
                organisation_id=self.centre.organisation,
                language="es",
                invited_at=NOW,
            )
        )
        report = pilot.freeze_report(session, self.house.framework, by=coordinator, now=NOW)
        batch = Batch(officer_id=self.who(Role.OFFICER), created=NOW)
        received = ReceivedEndorsement(
            endorsement_id="urn:uuid:one",
            subject_id="urn:uuid:two",
            endorser="did:example:body",
            claimed_name="Body",
            comment="good",
            signed_text="{}",
            received_at=NOW,
        )
        mine = session.exec(
            select(Nomination).where(Nomination.person_id == self.who(Role.EXAMINER))
        ).one()
        files = [one.id for one in self.house.framework.references(SKILL, "es")]
        run = CalibrationRun(nomination_id=mine.id, round=1, number=1, files=files, started_at=NOW)
        stolen = StolenKey(
            key_name="key-0",
            asked_by=self.who(Role.OFFICER),
            asked_at=NOW,
            confirmed_by=self.who(Role.OFFICER, ELSEWHERE),
            confirmed_at=NOW,
            finished_at=NOW,
        )
        session.add_all([batch, received, run, stolen])
        asked = data_requests.receive(
            session,
            session.get_one(Person, self.people[NEIGHBOUR]).alias,
            "copy",
            by=self.who(Role.DATA_OFFICER),
            now=NOW,
        )
        token = staff.invite(
            session,
            "Nora",
            "officer",
            contact="nora@centre.example",
            by=self.who(Role.ADMINISTRATOR),
            now=NOW,
        )
        session.flush()
        return {
            "cohort_id": str(group.id),
            "report_id": str(report),
            "batch_id": str(batch.id),
            "stolen_id": str(stolen.id),
            "endorsement_id": str(received.id),
            "nomination_id": str(mine.id),
            "run_id": str(run.id),
            "file_id": files[0],
            "edition_id": str(session.exec(select(FrameworkEdition.id)).first()),
            "token": token,
            "request_id": str(asked.id),
            "token_hash": session.exec(select(RoleInvitation.token_hash)).one(),
        }
