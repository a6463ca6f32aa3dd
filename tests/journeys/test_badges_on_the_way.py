"""A wallet that asked before the decision: through both services, and with hostile answers."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from assessment_world import House
from award_world import BASE_URL, NOW, SECRET, Service, at_once, open_service
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import select
from wallet_world import WALLET, Browser, trusting
from world import Network

import wallet
from issuer import accounts, awards, deferrals
from issuer.tables import Decision, Role, Submission
from keys.did.web import did_web
from keys.fetching import HttpRequest, HttpResponse
from wallet import WalletSettings, cards, looking_again
from wallet.tables import Receipt
from wallet.waiting import LookedAt
from wallet.waiting_tables import Waiting

DAY = timedelta(days=1)


@dataclass
class Pair:
    """An issuer and a wallet that meet over a network that can be spoilt."""

    service: Service
    house: House
    network: Network
    app: Flask
    file: UUID
    candidate: FlaskClient
    change: list[Callable[[HttpRequest, HttpResponse], HttpResponse]] = field(default_factory=list)

    def early_link(self) -> str:
        """Press the buttons on the candidate's pages and give the link to the wallet."""
        page = self.candidate.get(f"/me/work/{self.file}").text
        assert f"/me/work/{self.file}/early" in page
        self.candidate.post(f"/me/work/{self.file}/early")
        text = self.candidate.get(f"/me/work/{self.file}/early").text
        found = re.search(rf'href="({WALLET}/receive[^"]+)"', text)
        assert found, text
        return found[1].replace("&amp;", "&")

    def early_link_of(self, file: UUID) -> str:
        """Give the link of an early offer for a file of somebody who is not signed in here."""
        with self.house.database.transaction() as session:
            submission, now = session.get_one(Submission, file), self.service.clock()
            deferrals.make(session, submission, self.house.framework, secret=SECRET, now=now)
            offer = deferrals.open_offer(session, file, secret=SECRET, now=now)
        assert offer is not None
        return offer.wallet_link(BASE_URL, WALLET)

    def later(self, *visitors: Browser) -> None:
        """Let eleven minutes pass, while people keep their wallets open."""
        for minutes in (9, 2):
            for visitor in visitors:
                visitor.get("/badges")
            self.service.clock.now += timedelta(minutes=minutes)

    def browser(self, language: str = "en") -> Browser:
        visitor = Browser(self.app, language)
        visitor.opens_wallet(language=language)
        return visitor

    def decide(self, level: int) -> Decision:
        decision = self.house.mark(self.file, self.house.examiner("Eva"), level)
        assert isinstance(decision, Decision)
        return decision

    def released(self, level: int = 2) -> None:
        awards.release(
            self.house.database,
            self.decide(level).id,
            officer_id=self.service.centre.person("olga", Role.OFFICER),
            body=self.service.centre.body,
            now=self.service.clock(),
        )

    def waiting_id(self) -> UUID:
        with self.app.extensions["mycred4home"].database.reading() as session:
            return session.exec(select(Waiting.id)).one()

    def rows(self, table: type[Any]) -> list[Any]:
        with self.app.extensions["mycred4home"].database.reading() as session:
            return list(session.exec(select(table)).all())

    def asked(self) -> int:
        return sum(one.url.endswith("/deferred_credential") for one in self.network.requests)


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    service = open_service(tmp_path)
    network = Network()
    network.join(BASE_URL, service.app)
    house = House(service.centre.database)
    person = house.candidate()
    file = house.sent(person)
    client = service.app.test_client()
    client.environ_base["HTTP_ACCEPT"] = "text/html"
    with house.database.transaction() as session:
        code = accounts.invite(session, person, now=NOW)
    assert client.post("/enter", data={"code": code}).status_code == 302

    found: list[Pair] = []

    def fetch(request: HttpRequest) -> HttpResponse:
        answer = network(request)
        for change in found[0].change:
            answer = change(request, answer)
        return answer

    settings = WalletSettings(
        base_url=WALLET,
        database_url=f"sqlite:///{tmp_path}/wallet.db",
        secret=b"s" * 32,
        verifier_url="http://localhost:8003",
        trust=trusting(did_web(BASE_URL)),
    )
    app = wallet.create_app(settings, fetch=fetch, clock=service.clock)
    found.append(Pair(service, house, network, app, file, client))
    return found[0]


def deferred(status: int, **content: Any) -> Callable[[HttpRequest, HttpResponse], HttpResponse]:
    """Let the deferred credential endpoint answer something else."""

    def change(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
        if not request.url.endswith("/deferred_credential"):
            return answer
        return HttpResponse(status, answer.headers, json.dumps(content).encode(), request.url)

    return change


def test_the_badge_arrives_when_it_is_released(pair: Pair) -> None:
    visitor = pair.browser()
    page = visitor.keeps(pair.early_link())
    assert "Somebody is looking at it." in page.text
    assert "Somebody is looking at it." in visitor.get("/badges").text
    assert visitor.badge_ids() == []
    assert "A wallet waits" in pair.candidate.get(f"/me/work/{pair.file}/early").text
    pair.released()
    pair.later(visitor)
    waiting = pair.waiting_id()
    page = visitor.submit(f"/waiting/{waiting}/look", on=f"/waiting/{waiting}")
    assert page.status_code == 200
    assert len(visitor.badge_ids()) == 1
    assert pair.rows(Waiting) == []
    assert (
        "You have it."
        in pair.candidate.get(
            re.search(r'href="(/badges/[^"]+)"', pair.candidate.get(f"/me/work/{pair.file}").text)[
                1
            ]  # type: ignore[index]
        ).text
    )


def test_a_waiting_badge_survives_the_night_and_comes_with_the_card(pair: Pair) -> None:
    visitor = Browser(pair.app)
    card = visitor.opens_wallet()
    visitor.keeps(pair.early_link())
    pair.released()
    pair.service.clock.now += DAY + timedelta(minutes=11)
    visitor.submit("/open", on="/open", card=card)
    assert pair.asked() == 1
    assert len(visitor.badge_ids()) == 1
    assert pair.rows(Waiting) == []


def test_not_yet_is_not_said_to_the_wallet(pair: Pair) -> None:
    visitor = pair.browser()
    visitor.keeps(pair.early_link())
    pair.decide(0)
    pair.later(visitor)
    waiting = pair.waiting_id()
    page = visitor.submit(f"/waiting/{waiting}/look", on=f"/waiting/{waiting}")
    assert "Ask your centre." in page.text
    assert "Not yet" not in page.text
    asked = pair.asked()
    pair.service.clock.now += timedelta(minutes=9)
    visitor.client.post(f"/waiting/{waiting}/look", headers=visitor.headers)
    assert pair.asked() == asked, "a wallet stops asking (OpenID4VCI 1.0, 9.3)"
    visitor.submit(f"/waiting/{waiting}/forget", on=f"/waiting/{waiting}")
    assert pair.rows(Waiting) == []


def test_impatient_taps_ask_once(pair: Pair) -> None:
    visitor = pair.browser()
    visitor.keeps(pair.early_link())
    waiting = pair.waiting_id()
    for _ in range(5):
        page = visitor.submit(f"/waiting/{waiting}/look", on=f"/waiting/{waiting}")
        assert "Look again in some minutes." in page.text
    assert pair.asked() == 0
    assert len(pair.rows(Receipt)) == 1


def test_two_taps_at_once_keep_one_badge(pair: Pair) -> None:
    visitor = Browser(pair.app)
    card = visitor.opens_wallet()
    visitor.keeps(pair.early_link())
    pair.released()
    pair.later(visitor)
    place, services = pair.waiting_id(), pair.app.extensions["mycred4home"]
    opened = cards.open_with_card(services.database, card, visitor="x", now=pair.service.clock())

    def tap(_: int) -> object:
        try:
            return looking_again.look(
                services.database,
                opened,
                place,
                fetch=services.fetch,
                trust=services.settings.trust,
                now=pair.service.clock(),
            )
        except LookedAt:
            return "looked at"

    outcomes = at_once(4, tap)
    assert sum(isinstance(one, UUID) for one in outcomes) == 1
    assert len(visitor.badge_ids()) == 1
    assert pair.asked() == 1


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (202, {"transaction_id": "another", "interval": 5}),
        (202, {"interval": 5}),
        (202, {"transaction_id": "x", "interval": -1}),
        (202, {"transaction_id": "x", "interval": True}),
        (200, {"credentials": []}),
        (200, {"credentials": [{"credential": "a string"}]}),
        (200, {"credentials": [{"credential": {}}, {"credential": {}}]}),
        (400, {"error": "something_else"}),
        (302, {}),
        (500, {}),
        (429, {}),
    ],
)
def test_odd_answers_keep_the_place(pair: Pair, status: int, content: dict[str, Any]) -> None:
    visitor = pair.browser()
    visitor.keeps(pair.early_link())
    waiting = pair.waiting_id()
    pair.later(visitor)
    pair.change.append(deferred(status, **content))
    page = visitor.submit(f"/waiting/{waiting}/look", on=f"/waiting/{waiting}")
    assert page.status_code in (502, 503)
    assert pair.waiting_id() == waiting
    pair.change.clear()
    pair.released()
    pair.service.clock.now += timedelta(minutes=2)
    visitor.submit(f"/waiting/{waiting}/look", on=f"/waiting/{waiting}")
    assert len(visitor.badge_ids()) == 1


def test_a_badge_for_somebody_else_is_not_kept(pair: Pair) -> None:
    owner, thief = pair.browser(), pair.browser()
    owner.keeps(pair.early_link())
    place = pair.waiting_id()
    pair.released()
    pair.later(owner, thief)
    owner.submit(f"/waiting/{place}/look", on=f"/waiting/{place}")
    (badge,) = owner.badge_ids()
    stolen = json.loads(owner.get(f"/badges/{badge}/file").text)

    thief.keeps(pair.early_link_of(pair.house.sent(pair.house.candidate("Ana"))))
    place = pair.waiting_id()
    pair.later(owner, thief)
    pair.change.append(deferred(200, credentials=[{"credential": stolen}]))
    page = thief.submit(f"/waiting/{place}/look", on=f"/waiting/{place}")
    assert "This badge is for someone else." in page.text
    assert thief.badge_ids() == []


def test_another_wallet_does_not_see_what_waits_here(pair: Pair) -> None:
    visitor, stranger = pair.browser(), pair.browser()
    visitor.keeps(pair.early_link())
    waiting = pair.waiting_id()
    assert stranger.get(f"/waiting/{waiting}").status_code == 404
    assert "On the way" not in stranger.get("/badges").text
    stranger.get("/new")
    for action in ("look", "forget"):
        stranger.client.post(f"/waiting/{waiting}/{action}", headers=stranger.headers)
    assert pair.waiting_id() == waiting
    assert pair.asked() == 0


def test_what_waits_lies_sealed_and_goes_with_the_wallet(pair: Pair, tmp_path: Path) -> None:
    visitor = pair.browser()
    visitor.keeps(pair.early_link())
    (row,) = pair.rows(Waiting)
    for word in (b"http", b"deferred", b"cleaning", b"token"):
        assert word not in row.content
    visitor.submit("/delete", on="/delete", sure="yes")
    assert pair.rows(Waiting) == []
