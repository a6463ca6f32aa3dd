"""A badge is corrected at the centre and fetched in the wallet: through both real services."""

import json
import re
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from award_world import BASE_URL, Service, open_service
from wallet_world import WALLET, Browser, trusting
from world import Network

import wallet
from issuer import changes, stolen_keys
from issuer.tables import Role
from keys.did.web import did_web
from keys.fetching import CannotFetch, HttpRequest, HttpResponse
from wallet import WalletSettings


class Town:
    """A centre, a wallet with one of its badges, and a network that can lose an answer."""

    def __init__(self, folder: Path) -> None:
        self.service: Service = open_service(folder)
        self.network = Network()
        self.network.join(BASE_URL, self.service.app)
        self.lose = ""
        settings = WalletSettings(
            base_url=WALLET,
            database_url="sqlite://",
            secret=b"w" * 32,
            verifier_url="http://localhost:8003",
            trust=trusting(did_web(BASE_URL)),
        )
        app = wallet.create_app(settings, fetch=self.fetch, clock=self.service.clock)
        self.award = self.service.released()
        self.worker = Browser(app)
        self.card = self.worker.opens_wallet("Maria")
        offer = self.service.offer(self.award)
        self.worker.keeps(offer.wallet_link(BASE_URL, WALLET))
        (self.badge,) = self.worker.badge_ids()

    def fetch(self, request: HttpRequest) -> HttpResponse:
        """Give the answer, or lose it on its way back."""
        answer = self.network(request)
        if self.lose and request.url.endswith(self.lose):
            self.lose = ""
            raise CannotFetch("the line broke")
        return answer

    def officers(self) -> tuple[UUID, UUID]:
        return (
            self.service.centre.person("olga", Role.OFFICER),
            self.service.centre.person("oscar", Role.OFFICER),
        )

    def correct(self, reason: str = "issued_in_error") -> None:
        first, second = self.officers()
        centre, now = self.service.centre, self.service.clock()
        with centre.database.transaction() as session:
            changes.ask(
                session,
                self.award,
                action="correct",
                reason=reason,
                officer_id=first,
                body=centre.body,
                now=now,
                has_phone=True,
            )
        with centre.database.transaction() as session:
            changes.confirm(session, self.award, officer_id=second, body=centre.body, now=now)

    def comes_back(self) -> str:
        self.service.clock.now += timedelta(days=1)
        self.worker.submit("/open", on="/open", card=self.card)
        return self.worker.get("/badges").text

    def taps(self) -> str:
        return self.worker.submit(f"/badges/{self.badge}/renew", on=f"/badges/{self.badge}").text

    def file(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.worker.get(f"/badges/{self.badge}/file").text)
        return found


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


def test_a_corrected_badge_comes_by_one_tap_even_if_the_first_answer_is_lost(town: Town) -> None:
    old = town.file()
    town.correct()
    assert "Does not count now" in town.comes_back()
    town.lose = "/credential"
    assert "The centre does not answer now." in town.taps()
    assert town.file() == old
    page = town.taps()
    assert "This is the newer badge. It took the place of the older one." in page
    assert "Genuine and valid today." in page
    new = town.file()
    assert (new["id"], new["awardedDate"]) == (old["id"], old["awardedDate"])
    assert str(new["validFrom"]) > str(old["validFrom"])
    assert re.search("Does not count now", town.worker.get("/badges").text) is None


def test_a_badge_of_a_stolen_key_comes_by_one_tap(town: Town) -> None:
    first, second = town.officers()
    centre, clock = town.service.centre, town.service.clock
    stolen = stolen_keys.ask(
        centre.database,
        centre.body.keyring.current_name(),
        since=None,
        officer_id=first,
        body=centre.body,
        now=clock(),
    )
    stolen_keys.confirm(centre.database, stolen, officer_id=second, body=centre.body, now=clock())
    stolen_keys.work(centre.database, body=centre.body, clock=clock)
    assert "Get it again" in town.comes_back()
    assert "Not valid now." in town.worker.get(f"/badges/{town.badge}").text
    page = town.taps()
    assert "No word in it changed. It was signed again." in page
    assert "Genuine and valid today." in page


def test_the_badge_of_a_new_wallet_does_not_come_to_the_old_one(town: Town) -> None:
    old = town.file()
    town.correct("new_wallet")
    town.comes_back()
    assert "Your centre has no newer badge for you now." in town.taps()
    assert town.file() == old
