"""Appointed examiners, and a stranger's wallet that collects and presents; for tests."""

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from award_world import BASE_URL, NOW, Service
from flask.testing import FlaskClient
from sqlmodel import select

from credentials.exchange import oid4vci
from credentials.presentations import present
from issuer import appointment_badges, appointments, eligibility, issuing
from issuer.appointment_tables import Nomination
from issuer.tables import Role
from keys.did import did_key
from keys.material import PrivateKey

SKILL = "technical-cleaning"


def appointed(service: Service, name: str = "nora", *, ceiling: int = 3) -> Nomination:
    """Appoint a professional of the centre, without calibration, by two people."""
    centre = service.centre
    person = centre.person(name, Role.EXAMINER)
    cora, olga = centre.person("cora", Role.COORDINATOR), centre.person("olga", Role.OFFICER)
    with centre.database.transaction() as session:
        one = appointments.nominate(
            session,
            person,
            centre.body.framework,
            skill=SKILL,
            language="fr",
            level_ceiling=ceiling,
            reason="Trains our cleaners",
            by=cora,
            now=NOW,
        )
        appointments.waive(session, one.id, by=cora, reason="Nobody else yet", now=NOW)
        appointments.accept_conduct(
            session, one.id, centre.body.framework, person_id=person, now=NOW
        )
        appointments.confirm(session, one.id, by=olga, now=NOW)
    return nomination(service, one.id)


def expert_appointed(service: Service, name: str = "maria") -> tuple[UUID, Nomination]:
    """Appoint somebody by their expert badge; give its award as well."""
    centre = service.centre
    award = service.released(candidate=name, level=3, examiners=("eva", "ines"))
    person, body = centre.people[name], centre.body
    holder = did_key(PrivateKey.generate().public)
    issuing.deliver(centre.database, award, holder=holder, body=body, now=service.clock())
    cora, olga = centre.person("cora", Role.COORDINATOR), centre.person("olga", Role.OFFICER)
    with centre.database.transaction() as session:
        one = eligibility.by_own_award(session, person, body, skill=SKILL, language="fr", now=NOW)
        appointments.invite(session, one.id, by=cora, now=NOW)
        appointments.waive(session, one.id, by=cora, reason="Nobody else yet", now=NOW)
        appointments.accept_conduct(session, one.id, body.framework, person_id=person, now=NOW)
        appointments.confirm(session, one.id, by=olga, now=NOW)
    return award, nomination(service, one.id)


def nomination(service: Service, nomination_id: UUID) -> Nomination:
    """Give a nomination as it stands."""
    with service.centre.database.reading() as session:
        return session.exec(select(Nomination).where(Nomination.id == nomination_id)).one()


def suspend(service: Service, one: Nomination) -> None:
    """Let the coordinator suspend somebody."""
    with service.centre.database.transaction() as session:
        appointments.suspend(
            session, one.id, by=service.centre.people["cora"], reason="Asked", now=service.clock()
        )


@dataclass
class Holder:
    """A wallet that knows the protocols and nothing else."""

    service: Service
    key: PrivateKey = field(default_factory=PrivateKey.generate)

    @property
    def did(self) -> str:
        return did_key(self.key.public)

    @property
    def http(self) -> FlaskClient:
        return self.service.app.test_client(use_cookies=False)

    def proof(self) -> str:
        nonce = oid4vci.read_nonce_response(self.http.post("/nonce").data)
        return oid4vci.key_proof(
            self.key, holder=self.did, audience=BASE_URL, nonce=nonce, now=self.service.clock()
        )

    def token(self, reference: str) -> str:
        offer = oid4vci.read_offer(self.http.get(f"/offers/{reference}").get_json())
        answer = self.http.post("/token", data=oid4vci.token_request(offer))
        assert answer.status_code == 200, answer.text
        return oid4vci.read_token_response(answer.data)

    def ask(self, token: str, kind: str = f"examiner-{SKILL}") -> Any:
        return self.http.post(
            "/credential",
            data=json.dumps(oid4vci.credential_request(kind, self.proof())),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )

    def collects(self, one: Nomination, language: str = "en") -> str:
        """Collect the badge of an appointment and give its text."""
        answer = self.ask(self.token(offered(self.service, one, language)))
        assert answer.status_code == 200, answer.text
        (text,) = oid4vci.read_credential_response(answer.data)
        return text

    def presents(self, *texts: str, domain: str, challenge: str, **changes: Any) -> str:
        """Show badges to somebody."""
        values: dict[str, Any] = {
            "holder": self.did,
            "verification_method": f"{self.did}#{self.key.public.multibase}",
            "domain": domain,
            "challenge": challenge,
            "created": self.service.clock(),
            **changes,
        }
        return json.dumps(present([json.loads(text) for text in texts], self.key, **values))


def offered(service: Service, one: Nomination, language: str = "en") -> str:
    """Write the badge of an appointment down and give the place where its offer waits."""
    centre = service.centre
    with centre.database.transaction() as session:
        mine = appointments.own(session, one.id, person_id=one.person_id)
        appointment_badges.offer(
            session, mine, body=centre.body, language=language, now=service.clock()
        )
        assert mine.appointment_id is not None
        found = appointment_badges.open_offer(
            session, mine.appointment_id, secret=centre.body.secret, now=service.clock()
        )
    assert found is not None
    return found.reference
