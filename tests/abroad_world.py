"""Another issuer on the web, accepted by two standard owners, and somebody with its badge."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

from appointment_world import SKILL, Holder, nomination
from award_world import open_service
from flask.testing import FlaskClient
from parties import Web, WebParty
from presenting_world import Asked
from sqlmodel import select

from credentials.formats.enveloped import envelope_credential
from credentials.formats.vc_jwt import sign_credential
from issuer import appointments, equals
from issuer.appointment_tables import Nomination
from issuer.tables import Role

LEVEL = "https://issuer.example/achievements/home/expert"


class Abroad:
    """Another issuer on the web, our service, and Maria with a wallet."""

    def __init__(self, folder: Path, database_url: str = "sqlite://") -> None:
        self.other = WebParty("Academy of Homes")
        self.web = Web(self.other)
        self.service = open_service(folder, database_url=database_url, fetch=self.web)
        self.owners = [
            self.service.centre.person(one, Role.STANDARD_OWNER) for one in ("anna", "bruno")
        ]
        self.wallet = Holder(self.service)
        self.maria = self.service.browser("maria", Role.CANDIDATE)
        self.badges: list[str] = []
        self.equal_id = UUID(int=0)

    def proposed(self, **changes: Any) -> UUID:
        values = {
            "issuer_did": self.other.did,
            "issuer_name": "Academy",
            "achievement_id": LEVEL,
            "skill": SKILL,
            "language": "",
            "reason": "Same rubric",
        }
        database, body = self.service.centre.database, self.service.centre.body
        now = self.service.clock()
        with database.transaction() as session:
            return equals.ask(session, body, **(values | changes), by=self.owners[0], now=now).id

    def accepted(self, **changes: Any) -> UUID:
        found = self.proposed(**changes)
        self.confirm(found, self.owners[1])
        return found

    def confirm(self, found: UUID, by: UUID) -> None:
        with self.service.centre.database.transaction() as session:
            equals.confirm(session, found, by=by, now=self.service.clock())

    def end(self, found: UUID) -> None:
        with self.service.centre.database.transaction() as session:
            equals.end(session, found, by=self.owners[0], now=self.service.clock())

    def badge(self, level: str = LEVEL, holder: str = "", **changes: Any) -> str:
        unsigned = self.other.unsigned_badge(
            holder or self.wallet.did, status=self.other.entry(), **changes
        )
        unsigned["credentialSubject"]["achievement"]["id"] = level
        self.badges.append(json.dumps(self.other.sign(unsigned)))
        return self.badges[-1]

    def token(self) -> str:
        """Give a badge as a token, in the envelope in which presentations hold it."""
        unsigned = self.other.unsigned_badge(self.wallet.did, status=self.other.entry())
        unsigned["credentialSubject"]["achievement"]["id"] = LEVEL
        token = sign_credential(unsigned, self.other.key, kid=self.other.method)
        self.badges.append(json.dumps(envelope_credential(token)))
        return self.badges[-1]

    def asked(self, browser: FlaskClient | None = None, language: str = "es") -> Asked:
        used = browser or self.maria
        answer = used.post("/present/expert", data={"language": language})
        return Asked(self.service, used, answer.location)

    def shows(self, text: str, wallet: Holder | None = None) -> tuple[int, str]:
        answer = self.asked().shows(wallet or self.wallet, text)
        return answer.status_code, answer.text

    def nominations(self) -> list[Nomination]:
        with self.service.centre.database.reading() as session:
            return list(session.exec(select(Nomination)).all())

    def shown(self) -> Nomination:
        """Let Maria show a badge, to examine files in Spanish; give what became of it."""
        return self.shown_for("es")

    def shown_for(self, language: str, badge: str = "") -> Nomination:
        """Let Maria show a badge, to examine files in a language; give what became of it."""
        asked = self.asked(language=language)
        self.maria.get(asked.answered(self.wallet, badge or self.badge()))
        return next(one for one in self.nominations() if one.language == language)

    def examiner(self) -> Nomination:
        """Let Maria become an examiner by the badge, without calibration, by two people."""
        one, centre, now = self.shown(), self.service.centre, self.service.clock()
        cora, olga = centre.person("cora", Role.COORDINATOR), centre.person("olga", Role.OFFICER)
        with centre.database.transaction() as session:
            appointments.invite(session, one.id, by=cora, now=now)
            appointments.waive(session, one.id, by=cora, reason="Nobody else yet", now=now)
            appointments.accept_conduct(
                session, one.id, centre.body.framework, person_id=one.person_id, now=now
            )
            appointments.confirm(session, one.id, by=olga, now=now)
        return self.now(one)

    def now(self, one: Nomination) -> Nomination:
        """Give a nomination as it stands."""
        return nomination(self.service, one.id)
