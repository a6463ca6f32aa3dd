"""What sample people do in the demo: the clicks of real people, as calls of the same functions.

A `Centre` holds the three services over a network without sockets and a clock that can stand in
the past. `people`, `pilot` and `cases` tell who does what.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from flask import Flask

import wallet
from credentials.badges import achievement_credential
from credentials.endorsements import endorsement_credential
from credentials.proofs import add_proof
from issuer import accounts, assessment, awards, changes, endorsements, observations, offers
from issuer.answers import is_observed
from issuer.assessment import Marking
from issuer.award_tables import Award
from issuer.observations import Seen, Watching
from issuer.profile import IssuingBody
from issuer.sampling import NO_SAMPLING, Sampling
from issuer.tables import Role, Submission
from keys.did import did_key
from keys.fetching import CannotFetch, HttpRequest, HttpResponse
from keys.material import PrivateKey
from wallet import badges as kept
from wallet import cards, receiving, sharing
from wallet.cards import OpenWallet
from web.app import Services
from web.languages import N_

BODY = "European Home Services Alliance (sample body)"
CERTIFIER = "Institute for Home Skills (sample certifier)"
ISSUER = "Sample Training Centre"
GUEST = "Sample Guest Centre"
LANGUAGES = ("fr", "es", "en")
SKILLS = ("technical-cleaning", "following-instructions", "simple-phrases", "organising-oneself")


class Network:
    """A network without sockets: requests go by origin to WSGI apps, and are remembered."""

    def __init__(self) -> None:
        self.apps: dict[str, Flask] = {}
        self.requests: list[HttpRequest] = []
        self.unreachable: set[str] = set()

    def join(self, origin: str, app: Flask) -> None:
        """Let `app` answer for `origin`."""
        self.apps[origin] = app

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer as the network would: `CannotFetch` when nobody is there."""
        self.requests.append(request)
        parts = urlsplit(request.url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin in self.unreachable or origin not in self.apps:
            raise CannotFetch(f"no answer from {origin}")
        client = self.apps[origin].test_client(use_cookies=False)
        answer = client.open(
            request.url,
            method=request.method,
            headers=dict(request.headers),
            data=request.body,
        )
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return HttpResponse(answer.status_code, headers, answer.data, request.url)

    def urls(self) -> list[str]:
        """List what was asked for, in order."""
        return [request.url for request in self.requests]


class StandingClock:
    """A clock that shows what it is set to."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Give the time."""
        return self.now


@dataclass
class Entry:
    """A way in for whoever tries the demo: a person of the issuer, one tap away."""

    name: str
    note: str
    person: UUID
    group: str


@dataclass(frozen=True)
class Look:
    """What an examiner makes of a file: a level, and the mark of each criterion if not the same."""

    examiner: UUID
    level: int
    marks: Mapping[str, int] = field(default_factory=dict)


class Centre:
    """One issuing body with its two organisations, in Madrid and in Lyon."""

    def __init__(
        self,
        apps: tuple[Flask, Flask, Flask],
        state: Mapping[str, Any],
        network: Network,
        clock: StandingClock,
    ) -> None:
        self.issuer: Services = apps[0].extensions["mycred4home"]
        self.wallets: Services = apps[1].extensions["mycred4home"]
        self.body: IssuingBody = apps[0].extensions["issuing_body"]
        self.network = network
        self.clock = clock
        self.entries: list[Entry] = []
        self.sampling: Sampling = NO_SAMPLING
        self._state = state
        with self.issuer.database.transaction() as session:
            spain = accounts.create_organisation(session, "Centro de muestra, Madrid", "ES")
            france = accounts.create_organisation(session, "Centre d'exemple, Lyon", "FR")
            self.organisations = {"es": spain.id, "fr": france.id}
            self.organisation_names = {"es": spain.name, "fr": france.name}

    @property
    def now(self) -> datetime:
        """Give the time that it is in the demo."""
        return self.clock.now

    @property
    def settings(self) -> wallet.WalletSettings:
        """Give the settings of the wallet."""
        found = self.wallets.settings
        assert isinstance(found, wallet.WalletSettings)
        return found

    # --- people ---------------------------------------------------------------------------------

    def enter(self, name: str, note: str, person: UUID, group: str) -> None:
        """Put somebody on the first page."""
        self.entries.append(Entry(name, note, person, group))

    def ways_in(self) -> list[dict[str, str]]:
        """Give everybody on the first page a code that works from now on."""
        with self.issuer.database.transaction() as session:
            return [
                {
                    "name": one.name,
                    "note": one.note,
                    "group": one.group,
                    "code": accounts.invite(session, one.person, now=self.now),
                }
                for one in sorted(
                    self.entries, key=lambda one: _GROUPS.get(one.group, len(_GROUPS))
                )
            ]

    def worker(
        self, name: str, country: str, contact: str, *, agrees: bool = True, statistics: bool = True
    ) -> UUID:
        """Enrol somebody; who agrees may be assessed."""
        with self.issuer.database.transaction() as session:
            person = accounts.create_person(
                session, self.organisations[country], name, Role.CANDIDATE, contact=contact
            )
            if agrees:
                accounts.give_consent(session, person.id, statistics=statistics, now=self.now)
        return person.id

    def staff(self, name: str, country: str, role: Role, note: str, group: str) -> UUID:
        """Give somebody of an organisation a role, and a place on the first page."""
        with self.issuer.database.transaction() as session:
            person = accounts.create_person(
                session,
                self.organisations[country],
                name,
                role,
                contact=f"{name.lower()}@sample.example",
            )
        self.enter(name, note, person.id, group)
        return person.id

    def appoint(
        self,
        examiner: UUID,
        reason: str,
        *,
        languages: Sequence[str] = LANGUAGES,
        lasts: timedelta = timedelta(days=730),
    ) -> None:
        """Let somebody examine every skill, as it is done when a centre is set up."""
        with self.issuer.database.transaction() as session:
            for skill in SKILLS:
                for language in languages:
                    accounts.appoint(
                        session,
                        examiner,
                        skill=skill,
                        language=language,
                        level_ceiling=3,
                        reason=reason,
                        now=self.now - timedelta(minutes=1),
                        lasts=lasts,
                    )

    def wallet(self, name: str, language: str) -> OpenWallet:
        """Open a wallet for somebody."""
        return cards.open_new(self.wallets.database, nickname=name, language=language)

    # --- work -----------------------------------------------------------------------------------

    def begun(self, worker: UUID, skill: str, language: str, level: int) -> UUID:
        """Let a worker begin the tasks of a skill for a level."""
        with self.issuer.database.transaction() as session:
            return assessment.start(
                session,
                self.body.framework,
                candidate_id=worker,
                skill=skill,
                language=language,
                level=level,
                now=self.now,
            ).id

    def answered(
        self, submission_id: UUID, *, tasks: int | None = None, took: timedelta = timedelta()
    ) -> None:
        """Let a worker do all tasks, or the first ones, in some time together."""
        with self.issuer.database.transaction() as session:
            submission = session.get_one(Submission, submission_id)
            scenario = self.body.framework.scenario_by_id(
                submission.scenario_id, submission.language
            )
            mine = [task for task in scenario.tasks if not is_observed(task)][:tasks]
            for place, task in enumerate(mine, 1):
                value = _WORDS[submission.language] if task.best is None else task.best
                value = list(value) if isinstance(value, tuple) else value
                value = dict(value) if isinstance(value, Mapping) else value
                at = submission.started_at + took * place / len(mine)
                assessment.save_answer(session, submission, task, value, now=at)

    def sent(
        self,
        worker: UUID,
        skill: str,
        language: str,
        level: int = 3,
        *,
        took: timedelta = timedelta(),
    ) -> UUID:
        """Let a worker do the tasks of a skill for a level and send them."""
        submission_id = self.begun(worker, skill, language, level)
        self.answered(submission_id, took=took)
        with self.issuer.database.transaction() as session:
            submission = session.get_one(Submission, submission_id)
            assessment.submit(session, submission, self.body.framework, now=self.now + took)
        return submission_id

    def marked(self, submission_id: UUID, looks: Sequence[Look]) -> UUID | None:
        """Let examiners mark a file until it is decided; give the decision, if there is one."""
        framework = self.body.framework
        for look in looks:
            with self.issuer.database.transaction() as session:
                file = session.get_one(Submission, submission_id)
                self._observe(session, file, look.examiner)
                criteria = framework.skills[file.skill].criteria
                marks = {one: look.marks.get(one, max(look.level, 1)) for one in criteria}
                decision = assessment.decide(
                    session,
                    submission_id,
                    Marking(marks, dict.fromkeys(criteria, _NOTES[file.language]), look.level),
                    framework,
                    examiner_id=look.examiner,
                    sampling=self.sampling,
                    now=self.now,
                )
                if decision is not None:
                    return decision.id
        return None

    def _observe(self, session: Any, file: Submission, examiner: UUID) -> None:
        """Let an examiner write down what they saw in the practicals of a file, once."""
        due = assessment.unobserved(session, file.id)
        scenario = self.body.framework.scenario_by_id(file.scenario_id, file.language)
        for task in scenario.tasks:
            if task.id in due:
                seen = {option.id: Seen.SEEN for option in task.options}
                watching = Watching(seen, "", self.now.date())
                observations.observe(
                    session, file.id, task, watching, examiner_id=examiner, now=self.now
                )

    # --- badges ---------------------------------------------------------------------------------

    def released(self, decision_id: UUID, officer: UUID) -> UUID:
        """Let an officer release a decision; give the award."""
        return awards.release(
            self.issuer.database, decision_id, officer_id=officer, body=self.body, now=self.now
        )

    def collected(self, award_id: UUID, opened: OpenWallet, language: str) -> UUID:
        """Let a worker collect a released badge; give its id in the wallet."""
        with self.issuer.database.reading() as session:
            offer = offers.open_offer(session, award_id, secret=self.body.secret, now=self.now)
        assert offer is not None, "releasing makes an offer"
        seen = receiving.preview(
            offer.link(self.body.base_url),
            fetch=self.network,
            trust=self.settings.trust,
            language=language,
        )
        return receiving.accept(
            self.wallets.database,
            opened,
            seen.offer,
            fetch=self.network,
            trust=self.settings.trust,
            now=self.now,
            reference=seen.reference,
        )

    def award_of(self, worker: UUID, slug: str) -> Award:
        """Give the award of a worker for a kind of badge."""
        with self.issuer.database.reading() as session:
            return next(
                one.award
                for one in awards.issued(session, candidate_id=worker)
                if one.award.slug.startswith(slug)
            )

    def change(self, award_id: UUID, action: str, reason: str, by: tuple[UUID, UUID]) -> None:
        """Let one officer ask for a change of a badge and another confirm it."""
        asks, confirms = by
        with self.issuer.database.transaction() as session:
            changes.ask(
                session,
                award_id,
                action=action,
                reason=reason,
                has_phone=reason != "new_wallet",
                officer_id=asks,
                body=self.body,
                now=self.now,
            )
        with self.issuer.database.transaction() as session:
            changes.confirm(session, award_id, officer_id=confirms, body=self.body, now=self.now)

    def show(self, opened: OpenWallet, badges: Sequence[UUID]) -> str:
        """Let a worker show badges by link for thirty days."""
        own = sharing.share(
            self.wallets.database,
            opened,
            badges,
            verifier_url=self.settings.verifier_url,
            now=self.now,
            lasts=timedelta(days=30),
        )
        return sharing.share_link(self.settings.base_url, self.settings.verifier_url, own.token)

    def text(self, opened: OpenWallet, badge_id: UUID) -> str:
        """Give the exact text of a kept badge."""
        return kept.find(self.wallets.database, opened, badge_id).text

    # --- bodies, and badges of others -------------------------------------------------------------

    def be_endorsed(self) -> None:
        """Let one body vouch for every kind of badge and another for the centre, with own keys."""
        said: list[tuple[str, str, str, str]] = [
            ("certifier", CERTIFIER, self.body.did,
             "We visited this centre. Its examiners work by the rubric."),
        ]  # fmt: skip
        for definition in self.body.framework.definitions():
            identifier = self.body.framework.achievement_id(definition, self.body.base_url)
            words = "Household employers need this skill. We know this badge."
            said.append(("body", BODY, identifier, words))
        for who, name, subject, comment in said:
            signed = self.endorsement(self.key(who), name, subject, comment)
            endorsements.receive(
                self.issuer.database,
                json.dumps(signed, ensure_ascii=False),
                body=self.body,
                fetch=self.network,
                now=self.now,
            )

    def key(self, who: str) -> PrivateKey:
        """Give the key of a body, or of the guest centre."""
        return PrivateKey.from_multibase(self._state[who])

    def endorsement(self, key: PrivateKey, name: str, subject: str, comment: str) -> dict[str, Any]:
        """Let somebody say something about a badge, a kind of badge or an issuer, signed."""
        document = endorsement_credential(
            credential_id=f"urn:uuid:{uuid4()}",
            issuer={"id": did_key(key.public), "type": ["Profile"], "name": name},
            subject_id=subject,
            comment=comment,
            valid_from=self.now,
            valid_until=self.now + timedelta(days=730),
        )
        return signed(document, key, self.now)

    def guest_badge(
        self,
        key: PrivateKey,
        name: str,
        *,
        holder: str | None = None,
        said: Callable[[str], Sequence[Mapping[str, Any]]] = lambda _id: (),
        creator: Mapping[str, Any] | None = None,
        valid_until: datetime | None = None,
        days: int = 400,
    ) -> dict[str, Any]:
        """Give a badge that another centre signed; `said` makes endorsements for the badge's id."""
        badge_id = f"urn:uuid:{uuid4()}"
        definition = self.body.framework.achievement("technical-cleaning", 2, None)
        achievement = self.body.framework.achievement_json(
            definition, base_url="https://guest.sample.example", lang="en"
        )
        if creator is not None:
            achievement = {**achievement, "creator": dict(creator)}
        awarded = self.now - timedelta(days=days)
        document = achievement_credential(
            credential_id=badge_id,
            issuer={"id": did_key(key.public), "type": ["Profile"], "name": name},
            subject_id=holder or did_key(PrivateKey.generate().public),
            achievement=achievement,
            results=[
                {
                    "type": ["Result"],
                    "resultDescription": achievement["resultDescription"][0]["id"],
                    "achievedLevel": achievement["resultDescription"][0]["requiredLevel"],
                }
            ],
            awarded=awarded,
            name=achievement["name"],
            description=achievement["description"],
            image=None,
            status=None,
            endorsements=[dict(one) for one in said(badge_id)],
            valid_until=valid_until,
        )
        return signed(document, key, awarded)


def signed(document: dict[str, Any], key: PrivateKey, at: datetime) -> dict[str, Any]:
    """Sign a document with a key that is its own identifier (did:key)."""
    method = f"{did_key(key.public)}#{key.public.multibase}"
    return add_proof(document, key, verification_method=method, created=at)


WORKERS = N_("Workers")
EXAMINERS = N_("Examiners")
OFFICE = N_("Officers, coordinators, and others of the office")

_GROUPS = {WORKERS: 0, EXAMINERS: 1, OFFICE: 2}
"""The order on the first page; what is not here comes after, in the order of its making."""

_WORDS = {
    "es": "Primero miro qué pasa. Después pregunto a la señora. Lo digo enseguida.",
    "fr": "Je regarde d'abord. Ensuite je demande à la dame. Je le dis tout de suite.",
    "en": "First I look. Then I ask the lady. I tell her at once.",
}
_NOTES = {
    "es": "Conoce lo básico; falta practicar.",
    "fr": "Connaît l'essentiel ; il faut encore pratiquer.",
    "en": "Knows the basics; needs more practice.",
}
