"""The three services in one process, on three ports, with sample people.

``make demo`` runs this. Data lie under ``var/demo`` and survive a restart; sample people are made
once, by the same functions that real people's clicks call, and a demo that was stopped half-way is
made anew. Nothing here is used by a real installation.
"""

import argparse
import json
import os
import secrets
import shutil
import threading
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from flask import Flask
from waitress.server import create_server

import issuer
import verifier
import wallet
from credentials.badges import achievement_credential
from credentials.endorsements import endorsement_credential
from credentials.proofs import add_proof
from credentials.trust import Trust, TrustedParty
from issuer import accounts, assessment, awards, changes, endorsements, observations, offers
from issuer.answers import is_observed
from issuer.assessment import Marking
from issuer.observations import Seen, Watching
from issuer.profile import IssuingBody
from issuer.sampling import NO_SAMPLING
from issuer.tables import Role, Submission
from keys.did import did_key, did_web
from keys.fetching import CannotFetch, Fetch, HttpRequest, HttpResponse
from keys.material import PrivateKey
from keys.store import KeyStore
from wallet import cards, receiving, sharing
from wallet.cards import OpenWallet
from web.app import Services
from web.languages import N_
from web.settings import DemoEntry

PORTS = (8001, 8002, 8003)
BODY = "European Home Services Alliance (sample body)"
ISSUER = "Sample Training Centre"
GUEST = "Sample Guest Centre"
LANGUAGES = ("fr", "es", "en")
SKILLS = ("technical-cleaning", "following-instructions", "simple-phrases", "organising-oneself")
_STATE = "demo.json"
_SERVER_THREADS = 8


@dataclass(frozen=True)
class Demo:
    """The three apps, ready to be served."""

    issuer: Flask
    wallet: Flask
    verifier: Flask
    addresses: tuple[str, str, str]
    state: Mapping[str, Any]


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


def main(arguments: Sequence[str] | None = None) -> None:
    """Start the demo and say where it is."""
    parser = argparse.ArgumentParser(description="MyCred4Home with sample people")
    parser.add_argument("--var", type=Path, default=Path("var/demo"), help="where data are kept")
    parser.add_argument("--ports", default=",".join(map(str, PORTS)), help="issuer,wallet,verifier")
    parser.add_argument("--quiet", action="store_true", help="do not print the walk")
    chosen = parser.parse_args(arguments)
    first, second, third = (int(port) for port in chosen.ports.split(","))
    demo = build(chosen.var, (first, second, third))
    servers = [
        create_server(app, listen=f"localhost:{urlsplit(address).port}", threads=_SERVER_THREADS)
        for app, address in zip(
            (demo.issuer, demo.wallet, demo.verifier), demo.addresses, strict=True
        )
    ]
    for server in servers[1:]:
        threading.Thread(target=server.run, daemon=True).start()
    if not chosen.quiet:
        print(_walk(demo.addresses), flush=True)
    servers[0].run()


def build(folder: Path, ports: tuple[int, int, int] = PORTS, *, fetch: Fetch | None = None) -> Demo:
    """Give the apps of the demo, with sample people; make these when they are not there yet.

    `fetch` is their way to each other; without it they use real connections on this machine.
    """
    addresses = (
        f"http://localhost:{ports[0]}",
        f"http://localhost:{ports[1]}",
        f"http://localhost:{ports[2]}",
    )
    state = _read_state(folder)
    if state is None or state["addresses"] != list(addresses):
        shutil.rmtree(folder, ignore_errors=True)
        state = _begin(folder, addresses)
        network = Network()
        apps = _apps(folder, state, fetch=network)
        for address, app in zip(addresses, apps, strict=True):
            network.join(address, app)
        state = {**state, "samples": _sample_people(apps, state, network)}
        _write_state(folder, state)
    return Demo(*_apps(folder, state, fetch=fetch), addresses, state)


# --- settings ---------------------------------------------------------------------------------


def _begin(folder: Path, addresses: tuple[str, str, str]) -> dict[str, Any]:
    folder.mkdir(parents=True, mode=0o700)
    folder.chmod(0o700)
    passphrase = secrets.token_urlsafe(24)
    store = KeyStore.create(folder / "keys" / "issuer.json", passphrase.encode())
    store.rotate("Ed25519", _now())
    return {
        "addresses": list(addresses),
        "passphrase": passphrase,
        "secrets": [secrets.token_hex(32) for _ in addresses],
        "body": PrivateKey.generate().to_multibase(),
        "guest": PrivateKey.generate().to_multibase(),
    }


def _apps(
    folder: Path, state: Mapping[str, Any], *, fetch: Fetch | None = None
) -> tuple[Flask, Flask, Flask]:
    _issuer_url, wallet_url, verifier_url = state["addresses"]
    entries = _entries(state)
    trust = _trust(state)

    def common(place: int, name: str) -> dict[str, Any]:
        return {
            "base_url": state["addresses"][place],
            "database_url": f"sqlite:///{folder.resolve()}/{name}.db",
            "secret": bytes.fromhex(state["secrets"][place]),
            "allow_loopback_http": True,
            "demo_entries": entries[place],
        }

    return (
        issuer.create_app(
            issuer.IssuerSettings(
                **common(0, "issuer"),
                body_name=ISSUER,
                country="Spain",
                country_code="ES",
                key_store=folder / "keys" / "issuer.json",
                passphrase=state["passphrase"].encode(),
                wallet_url=wallet_url,
                sampling=NO_SAMPLING,  # whoever tries the demo plays one examiner, not two
            ),
            fetch=fetch,
        ),
        wallet.create_app(
            wallet.WalletSettings(**common(1, "wallet"), verifier_url=verifier_url, trust=trust),
            fetch=fetch,
        ),
        verifier.create_app(
            verifier.VerifierSettings(**common(2, "verifier"), trust=trust), fetch=fetch
        ),
    )


def _trust(state: Mapping[str, Any]) -> Trust:
    body = did_key(PrivateKey.from_multibase(state["body"]).public)
    guest = did_key(PrivateKey.from_multibase(state["guest"]).public)
    return Trust(
        (
            TrustedParty(body, BODY, frozenset({"endorser"})),
            TrustedParty(did_web(state["addresses"][0]), ISSUER, frozenset({"issuer"})),
            TrustedParty(guest, GUEST, frozenset({"issuer"})),
        )
    )


def _entries(state: Mapping[str, Any]) -> tuple[tuple[DemoEntry, ...], ...]:
    samples = state.get("samples")
    if samples is None:
        return ((), (), ())
    people = tuple(
        DemoEntry(row["name"], row["note"], "/enter", {"code": row["code"]})
        for row in samples["people"]
    )
    wallets = tuple(
        DemoEntry(row["name"], row["note"], "/open", {"card": row["card"]})
        for row in samples["wallets"]
    )
    badges = tuple(
        DemoEntry(row["note"], "", "/check", {"text": row["text"]}) for row in samples["badges"]
    )
    return people, wallets, badges


def _read_state(folder: Path) -> dict[str, Any] | None:
    try:
        state: dict[str, Any] = json.loads((folder / _STATE).read_text("utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return state if "samples" in state else None


def _write_state(folder: Path, state: Mapping[str, Any]) -> None:
    handle = os.open(folder / _STATE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(state, file, ensure_ascii=False, indent=1)


# --- sample people ------------------------------------------------------------------------------


def _sample_people(
    apps: tuple[Flask, Flask, Flask], state: Mapping[str, Any], network: Network
) -> dict[str, Any]:
    """Live through some months of a centre: enrol, assess, release, collect, show, cancel."""
    centre = _Centre(apps, state, network)
    now = centre.now

    lucia = centre.worker("Lucía", "es", "lucia@sample.example")
    fatou = centre.worker("Fatou", "fr", "fatou@sample.example")
    amina = centre.worker("Amina", "es", "amina@sample.example")
    oksana = centre.worker("Oksana", "fr", "oksana@sample.example")
    newcomer = centre.worker("Ion", "fr", "ion@sample.example")
    wallets = {name: centre.wallet(name, lang) for name, lang in
               (("Lucía", "es"), ("Fatou", "fr"), ("Amina", "es"))}  # fmt: skip

    # Before anybody endorsed the centre: this badge carries no endorsement.
    first = centre.badge(lucia, "organising-oneself", "es", 1, wallets["Lucía"])
    centre.be_endorsed()
    centre.badge(lucia, "technical-cleaning", "es", 2, wallets["Lucía"])
    expert = centre.badge(fatou, "technical-cleaning", "fr", 3, wallets["Fatou"])
    phrases = centre.badge(fatou, "simple-phrases", "fr", 2, wallets["Fatou"])
    cancelled = centre.badge(amina, "following-instructions", "es", 2, wallets["Amina"])

    # Work that waits: to be marked, to be released, to be collected, to be tried again.
    centre.sent(oksana, "following-instructions", "fr")
    centre.sent(amina, "organising-oneself", "es")
    centre.decided(oksana, "organising-oneself", "fr", 2)
    centre.released(oksana, "technical-cleaning", "fr", 1)
    centre.decided(amina, "simple-phrases", "es", 0)

    shared = centre.show(wallets["Fatou"], [expert, phrases])
    shown_then_cancelled = centre.show(wallets["Amina"], [cancelled])
    centre.cancel("following-instructions", amina)
    good = centre.text(wallets["Fatou"], expert)
    return {
        "people": centre.entries(newcomer),
        "wallets": [
            {"name": name, "note": N_("Wallet of a worker with badges"), "card": opened.card}
            for name, opened in wallets.items()
        ],
        "badges": [
            {"note": N_("Two good badges, shown by their owner"), "text": shared},
            {"note": N_("A badge that was cancelled"), "text": shown_then_cancelled},
            {"note": N_("A badge that has run out"), "text": centre.expired(now)},
            {"note": N_("A forged badge: the level was changed"), "text": _forged(good)},
            {"note": N_("A badge of a signer whom nobody knows"),
             "text": centre.unknown(now)},
        ],
        "first": centre.text(wallets["Lucía"], first),
    }  # fmt: skip


class _Centre:
    """A training centre in two countries, with its examiners and officers."""

    def __init__(
        self, apps: tuple[Flask, Flask, Flask], state: Mapping[str, Any], network: Network
    ) -> None:
        self._issuer: Services = apps[0].extensions["mycred4home"]
        self._wallet: Services = apps[1].extensions["mycred4home"]
        self._body: IssuingBody = apps[0].extensions["issuing_body"]
        self._state = state
        self._network = network
        self.now = _now()
        self._codes: list[dict[str, str]] = []
        with self._issuer.database.transaction() as session:
            spain = accounts.create_organisation(session, "Centro de muestra, Madrid", "ES")
            france = accounts.create_organisation(session, "Centre d'exemple, Lyon", "FR")
            self._organisations = {"es": spain.id, "fr": france.id}
        self.elena = self._staff("Elena", "es", Role.EXAMINER, N_("Examiner in Spain"))
        self.marc = self._staff("Marc", "fr", Role.EXAMINER, N_("Examiner in France"))
        self.rosa = self._staff("Rosa", "es", Role.EXAMINER, N_("Expert who became an examiner"))
        omar = self._staff("Omar", "fr", Role.OFFICER, N_("Awarding officer"))
        odile = self._staff("Odile", "fr", Role.OFFICER, N_("Second awarding officer"))
        olga = self._staff("Olga", "es", Role.OFFICER, N_("Awarding officer"))
        oscar = self._staff("Óscar", "es", Role.OFFICER, N_("Second awarding officer"))
        self._officers = {france.id: (omar, odile), spain.id: (olga, oscar)}
        self.clara = self._staff("Clara", "fr", Role.COORDINATOR, N_("Coordinator of the pilot"))
        self.sara = self._staff("Sara", "es", Role.STANDARD_OWNER, N_("Standard owner"))
        self.simon = self._staff("Simon", "fr", Role.STANDARD_OWNER, N_("Second standard owner"))
        for examiner, reason in (
            (self.elena, "letter of the centre"),
            (self.marc, "letter of the centre"),
            (self.rosa, "expert badge"),
        ):
            self._appoint(examiner, reason)

    def worker(self, name: str, country: str, contact: str) -> UUID:
        """Enrol somebody who agrees to be assessed."""
        with self._issuer.database.transaction() as session:
            person = accounts.create_person(
                session, self._organisations[country], name, Role.CANDIDATE, contact=contact
            )
            if name != "Ion":
                accounts.give_consent(session, person.id, statistics=True, now=self.now)
            code = accounts.invite(session, person.id, now=self.now)
        note = N_("Worker in Spain") if country == "es" else N_("Worker in France")
        self._codes.append({"name": name, "note": note, "code": code})
        return person.id

    def entries(self, newcomer: UUID) -> list[dict[str, str]]:
        """Give everybody's way in, workers first; the newcomer has done nothing yet."""
        order = {N_("Worker in Spain"): 0, N_("Worker in France"): 0}
        rows = [
            {**row, "note": N_("Worker who has just been invited")} if row["name"] == "Ion" else row
            for row in self._codes
        ]
        return sorted(
            rows, key=lambda row: order.get(row["note"], 0 if row["name"] == "Ion" else 1)
        )

    def wallet(self, name: str, language: str) -> OpenWallet:
        """Open a wallet for somebody."""
        return cards.open_new(self._wallet.database, nickname=name, language=language)

    def sent(self, worker: UUID, skill: str, language: str, level: int = 3) -> UUID:
        """Let a worker do the tasks of a skill for a level and send them."""
        framework = self._body.framework
        with self._issuer.database.transaction() as session:
            submission = assessment.start(
                session,
                framework,
                candidate_id=worker,
                skill=skill,
                language=language,
                level=level,
                now=self.now,
            )
            scenario = framework.scenario_by_id(submission.scenario_id, language)
            for task in scenario.tasks:
                if is_observed(task):
                    continue
                value = _WORDS[language] if task.best is None else task.best
                value = list(value) if isinstance(value, tuple) else value
                value = dict(value) if isinstance(value, Mapping) else value
                assessment.save_answer(session, submission, task, value, now=self.now)
            assessment.submit(session, submission, framework, now=self.now)
            return submission.id

    def decided(self, worker: UUID, skill: str, language: str, level: int) -> UUID:
        """Let examiners mark the work: one, or two for expert level."""
        submission_id = self.sent(worker, skill, language, max(level, 1))
        criteria = self._body.framework.skills[skill].criteria
        mark = max(level, 1)
        marking = Marking(
            dict.fromkeys(criteria, mark),
            dict.fromkeys(criteria, _NOTES[language]),
            level,
        )
        examiners = (self.elena, self.rosa) if language == "es" else (self.marc, self.rosa)
        self._observe(submission_id, examiners[0])
        for examiner in examiners[: 2 if level == 3 else 1]:
            with self._issuer.database.transaction() as session:
                assessment.decide(
                    session,
                    submission_id,
                    marking,
                    self._body.framework,
                    examiner_id=examiner,
                    sampling=NO_SAMPLING,
                    now=self.now,
                )
        with self._issuer.database.reading() as session:
            decision = assessment.decision_of(session, submission_id)
        assert decision is not None, "the examiners agreed"
        return decision.id

    def _observe(self, submission_id: UUID, examiner: UUID) -> None:
        """Let an examiner write down what they saw in the practicals of a file."""
        with self._issuer.database.transaction() as session:
            file = session.get_one(Submission, submission_id)
            scenario = self._body.framework.scenario_by_id(file.scenario_id, file.language)
            for task in scenario.tasks:
                if is_observed(task):
                    seen = {option.id: Seen.SEEN for option in task.options}
                    observations.observe(
                        session,
                        submission_id,
                        task,
                        Watching(seen, "", self.now.date()),
                        examiner_id=examiner,
                        now=self.now,
                    )

    def released(self, worker: UUID, skill: str, language: str, level: int) -> UUID:
        """Let the officer release a decision."""
        decision_id = self.decided(worker, skill, language, level)
        return awards.release(
            self._issuer.database,
            decision_id,
            officer_id=self._officers_of(worker)[0],
            body=self._body,
            now=self.now,
        )

    def _officers_of(self, worker: UUID) -> tuple[UUID, UUID]:
        with self._issuer.database.reading() as session:
            return self._officers[accounts.centre_of(session, worker)]

    def badge(
        self, worker: UUID, skill: str, language: str, level: int, opened: OpenWallet
    ) -> UUID:
        """Let a worker earn a badge and collect it; give its id in the wallet."""
        award_id = self.released(worker, skill, language, level)
        with self._issuer.database.reading() as session:
            offer = offers.open_offer(session, award_id, secret=self._body.secret, now=self.now)
        assert offer is not None, "releasing makes an offer"
        settings = self._wallet.settings
        assert isinstance(settings, wallet.WalletSettings)
        seen = receiving.preview(
            offer.link(self._body.base_url),
            fetch=self._network,
            trust=settings.trust,
            language=language,
        )
        return receiving.accept(
            self._wallet.database,
            opened,
            seen.offer,
            fetch=self._network,
            trust=settings.trust,
            now=self.now,
            reference=seen.reference,
        )

    def be_endorsed(self) -> None:
        """Let the body vouch for the centre and for its kinds of badges, with its own key."""
        framework, base = self._body.framework, self._body.base_url
        subjects = {self._body.did: "We visited this centre. Its examiners work by the rubric."}
        for definition in framework.definitions():
            identifier = framework.achievement_id(definition, base)
            subjects[identifier] = "Household employers need this skill. We know this badge."
        for subject, comment in subjects.items():
            signed = self._sign("body", self._endorsement(subject, comment))
            endorsements.receive(
                self._issuer.database,
                json.dumps(signed, ensure_ascii=False),
                body=self._body,
                fetch=self._network,
                now=self.now,
            )

    def show(self, opened: OpenWallet, badges: Sequence[UUID]) -> str:
        """Let a worker show badges by link for thirty days."""
        settings = self._wallet.settings
        assert isinstance(settings, wallet.WalletSettings)
        own = sharing.share(
            self._wallet.database,
            opened,
            badges,
            verifier_url=settings.verifier_url,
            now=self.now,
            lasts=timedelta(days=30),
        )
        return sharing.share_link(settings.base_url, settings.verifier_url, own.token)

    def text(self, opened: OpenWallet, badge_id: UUID) -> str:
        """Give the exact text of a kept badge."""
        from wallet import badges as kept

        return kept.find(self._wallet.database, opened, badge_id).text

    def cancel(self, skill: str, worker: UUID) -> None:
        """Let one officer ask and another confirm that a badge is cancelled."""
        first, second = self._officers_of(worker)
        with self._issuer.database.transaction() as session:
            (badge,) = (
                found
                for found in awards.issued(session, candidate_id=worker)
                if found.award.slug == skill
            )
            changes.ask(
                session,
                badge.award.id,
                action="revoke",
                reason="issued_in_error",
                officer_id=first,
                body=self._body,
                now=self.now,
            )
        with self._issuer.database.transaction() as session:
            changes.confirm(
                session, badge.award.id, officer_id=second, body=self._body, now=self.now
            )

    def expired(self, now: datetime) -> str:
        """Give a badge of a recognised guest centre whose time has run out."""
        return json.dumps(
            self._guest_badge("guest", GUEST, now, valid_until=now - timedelta(days=30)),
            ensure_ascii=False,
        )

    def unknown(self, now: datetime) -> str:
        """Give a badge of somebody whom nobody recognises, under a recognised name."""
        return json.dumps(self._guest_badge(None, ISSUER, now), ensure_ascii=False)

    def _guest_badge(
        self, who: str | None, name: str, now: datetime, *, valid_until: datetime | None = None
    ) -> dict[str, Any]:
        key = PrivateKey.from_multibase(self._state[who]) if who else PrivateKey.generate()
        did = did_key(key.public)
        framework = self._body.framework
        definition = framework.achievement("technical-cleaning", 2, None)
        achievement = framework.achievement_json(
            definition, base_url="https://guest.sample.example", lang="en"
        )
        document = achievement_credential(
            credential_id=f"urn:uuid:{uuid4()}",
            issuer={"id": did, "type": ["Profile"], "name": name},
            subject_id=did_key(PrivateKey.generate().public),
            achievement=achievement,
            results=[
                {
                    "type": ["Result"],
                    "resultDescription": achievement["resultDescription"][0]["id"],
                    "achievedLevel": achievement["resultDescription"][0]["requiredLevel"],
                }
            ],
            awarded=now - timedelta(days=400),
            name=achievement["name"],
            description=achievement["description"],
            image=None,
            status=None,
            valid_until=valid_until,
        )
        method = f"{did}#{key.public.multibase}"
        return add_proof(
            document, key, verification_method=method, created=now - timedelta(days=400)
        )

    def _endorsement(self, subject: str, comment: str) -> dict[str, Any]:
        did = did_key(PrivateKey.from_multibase(self._state["body"]).public)
        return endorsement_credential(
            credential_id=f"urn:uuid:{uuid4()}",
            issuer={"id": did, "type": ["Profile"], "name": BODY},
            subject_id=subject,
            comment=comment,
            valid_from=self.now,
            valid_until=self.now + timedelta(days=730),
        )

    def _sign(self, who: str, document: dict[str, Any]) -> dict[str, Any]:
        key = PrivateKey.from_multibase(self._state[who])
        method = f"{did_key(key.public)}#{key.public.multibase}"
        return add_proof(document, key, verification_method=method, created=self.now)

    def _staff(self, name: str, country: str, role: Role, note: str) -> UUID:
        with self._issuer.database.transaction() as session:
            person = accounts.create_person(
                session,
                self._organisations[country],
                name,
                role,
                contact=f"{name.lower()}@sample.example",
            )
            code = accounts.invite(session, person.id, now=self.now)
        self._codes.append({"name": name, "note": note, "code": code})
        return person.id

    def _appoint(self, examiner: UUID, reason: str) -> None:
        with self._issuer.database.transaction() as session:
            for skill in SKILLS:
                for language in LANGUAGES:
                    accounts.appoint(
                        session,
                        examiner,
                        skill=skill,
                        language=language,
                        level_ceiling=3,
                        reason=reason,
                        now=self.now - timedelta(minutes=1),
                    )


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


def _forged(text: str) -> str:
    document = deepcopy(json.loads(text))
    document["validFrom"] = "2020-01-01T00:00:00Z"
    document["credentialSubject"]["achievement"]["name"] += " +++"
    return json.dumps(document, ensure_ascii=False)


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _walk(addresses: tuple[str, str, str]) -> str:
    at_issuer, at_wallet, at_verifier = addresses
    return f"""
MyCred4Home, with sample people.

  Issuer    {at_issuer}     candidates, examiners, officers
  Wallet    {at_wallet}     the worker's badges
  Verifier  {at_verifier}     the employer's answer

A walk in five steps; every sample person is one tap away on the first page of each service.

  1. Issuer, as Ion: say yes, choose a skill, do the tasks, check and send.
  2. Issuer, as Marc: mark the file beside the rubric. (Expert level needs Rosa too.)
  3. Issuer, as Omar: release it. Then as Ion again: "Get my badge".
  4. Wallet: open a new wallet, look at what you get, keep it, show it.
  5. Verifier: open the link that the wallet shows. Then try the five sample badges,
     or cancel Ion's badge (Omar asks, Odile confirms) and open the link again.

Data are kept in var/demo. Stop with Ctrl-C.
"""


if __name__ == "__main__":
    main()
