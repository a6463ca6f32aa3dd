"""Fetching a corrected badge by one button: nothing is lost, nothing wrong comes in."""

import html
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from wallet_world import NAME, NOW, Browser, Centre, WalletWorld, open_world
from werkzeug.test import TestResponse

from credentials.exchange.renewal import JWT_BEARER
from credentials.proofs import add_proof
from keys.fetching import CannotFetch
from keys.material import PrivateKey


class Worker(Browser):
    """Somebody with one badge, who comes back on another day."""

    card = ""

    def comes_back(self, world: WalletWorld) -> str:
        world.clock.now += timedelta(days=1)
        self.submit("/open", on="/open", card=self.card)
        return self.get("/badges").text

    @property
    def badge(self) -> UUID:
        return self.badge_ids()[0]

    def file(self) -> str:
        return self.get(f"/badges/{self.badge}/file").text

    def name_of_badge(self) -> str:
        return str(json.loads(self.file())["id"])

    def taps(self) -> TestResponse:
        """Tap the button of the news."""
        badge = self.badge
        return self.submit(f"/badges/{badge}/renew", on=f"/badges/{badge}")


@pytest.fixture
def world() -> WalletWorld:
    return open_world()


@pytest.fixture
def worker(world: WalletWorld) -> Worker:
    found = Worker(world.app)
    found.card = found.opens_wallet("Maria")
    found.keeps(world.centre.offer())
    return found


def corrected(world: WalletWorld, worker: Worker, **changes: Any) -> None:
    """Correct the badge, and let its owner find out."""
    name = worker.name_of_badge()
    world.clock.now += timedelta(minutes=1)
    world.centre.corrects(name, **({"level": 3} | changes))
    assert "Does not count now" in worker.comes_back(world)


def plain(page: TestResponse) -> str:
    text = re.sub(r"<[^>]+>", " ", page.text)
    return re.sub(r"\s+", " ", html.unescape(text))


# --- the way through -------------------------------------------------------------------------


def test_one_button_brings_the_corrected_badge_and_says_what_changed(
    world: WalletWorld, worker: Worker
) -> None:
    old, badge = worker.file(), worker.badge
    corrected(world, worker)
    page = worker.get(f"/badges/{badge}")
    assert "Get the newer badge" in page.text
    assert "localhost:8001" in page.text
    told = plain(worker.taps())
    assert "Your badge was corrected." in told
    assert f"Its name Before: {NAME} Now: Home cleaning - Expert" in told
    assert "The level Before: Confirmed Now: Expert" in told
    assert "Order of work Before: 2 Now: 3" in told
    assert worker.badge_ids() == [badge]
    new = json.loads(worker.file())
    assert new["id"] == json.loads(old)["id"]
    assert new["validFrom"] > json.loads(old)["validFrom"]
    later = plain(worker.get(f"/badges/{badge}"))
    assert "Does not count" not in later
    assert "It was corrected This changed:" in later, "it can be read again"


def test_a_badge_that_was_only_signed_again_says_so(world: WalletWorld, worker: Worker) -> None:
    old_key, name = world.centre.key, worker.name_of_badge()
    world.centre.key_taken_back = world.clock()
    assert "Get it again" in worker.comes_back(world)
    page = worker.get(f"/badges/{worker.badge}").text
    assert "It is not your fault" in page
    world.centre.key, world.centre.key_taken_back = PrivateKey.generate(), None
    world.centre.corrects(name)
    assert old_key is not world.centre.key
    told = plain(worker.taps())
    assert "No word in it changed. It was signed again." in told
    assert "Your badge was corrected." not in told
    assert "Genuine and valid today." in told


def test_a_second_tap_changes_nothing(world: WalletWorld, worker: Worker) -> None:
    corrected(world, worker)
    worker.taps()
    badge, new = worker.badge, worker.file()
    token = dict(worker.hidden("/close")) if worker.get(f"/badges/{badge}") else {}
    worker.page = worker.client.post(
        f"/badges/{badge}/renew", data=token, headers=worker.headers, follow_redirects=True
    )
    assert "has no newer badge for you now" in worker.page.text
    assert worker.file() == new
    assert "This changed:" in worker.get(f"/badges/{badge}").text, "what changed is still told"


# --- what is asked, and of whom --------------------------------------------------------------


def test_only_the_signer_is_asked_and_only_at_a_tap(world: WalletWorld, worker: Worker) -> None:
    corrected(world, worker)
    worker.get(f"/badges/{worker.badge}")
    assert not any(one.method == "POST" for one in world.centre.asked[-3:])
    name = worker.name_of_badge()
    world.centre.asked.clear()
    worker.taps()
    posts = [one for one in world.centre.asked if one.method == "POST"]
    assert [urlsplit(one.url).path for one in posts] == [
        "/nonce",
        "/token",
        "/nonce",
        "/credential",
    ]
    form = parse_qs((posts[1].body or b"").decode())
    assert (form["grant_type"], form["scope"]) == ([JWT_BEARER], [name])
    assert {urlsplit(one.url).netloc for one in world.centre.asked} == {"localhost:8001"}


def test_a_badge_of_another_wallet_is_not_asked_for(world: WalletWorld, worker: Worker) -> None:
    badge = world.centre.badge("did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK")
    stranger = Worker(world.app)
    stranger.card = stranger.opens_wallet("Zoe")
    stranger.submit("/import", on="/import", text=json.dumps(badge))
    world.centre.revoked.add(7)
    stranger.comes_back(world)
    page = stranger.get(f"/badges/{stranger.badge}").text
    assert "Get the newer badge" not in page
    assert "Sign in on the page of your centre." in page
    world.centre.asked.clear()
    token = dict(stranger.hidden("/close"))
    answer = stranger.client.post(f"/badges/{stranger.badge}/renew", data=token)
    assert answer.status_code == 409
    assert world.centre.asked == []


def test_a_centre_that_does_not_hand_out_this_way_is_named_with_the_old_way(
    world: WalletWorld, worker: Worker
) -> None:
    world.centre.renews = False
    corrected(world, worker)
    page = worker.taps()
    assert page.status_code == 409
    assert "Sign in on the page of your centre" in page.text
    assert f'href="{world.centre.origin}"' in page.text


# --- nothing wrong comes in, nothing is lost -------------------------------------------------


def _to_another(centre: Centre) -> None:
    centre.give_to = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"


def _other_signer(centre: Centre) -> None:
    centre.signs_as = "did:web:other.example"


def _tampered(centre: Centre) -> None:
    centre.spoil = lambda badge: {**badge, "name": "Home cleaning - Master"}


def _cancelled_too(centre: Centre) -> None:
    centre.revoked.add(8)


def _down_at(path: str) -> Callable[[Centre], None]:
    def down(centre: Centre) -> None:
        centre.down = {path}

    return down


def _list_lost(centre: Centre) -> None:
    def lost(path: str) -> None:
        if path == "/status/1":
            raise CannotFetch("no answer")

    centre.before_answer = lost


@pytest.mark.parametrize(
    ("spoilt", "told"),
    [
        (_to_another, "This badge is for someone else."),
        (_other_signer, "The signature does not fit."),
        (_tampered, "The signature does not fit."),
        (_cancelled_too, "The newer badge does not count either."),
        (_list_lost, "We could not check this badge now."),
        (_down_at("/.well-known/oauth"), "The centre does not answer now."),
        (_down_at("/token"), "The centre does not answer now."),
        (_down_at("/credential"), "The centre does not answer now."),
    ],
)
def test_whatever_goes_wrong_the_badge_stays_and_the_next_tap_brings_it(
    world: WalletWorld, worker: Worker, spoilt: Callable[[Centre], None], told: str
) -> None:
    corrected(world, worker)
    old, badge = worker.file(), worker.badge
    spoilt(world.centre)
    page = worker.taps()
    assert page.status_code >= 400
    assert told in page.text
    assert "Get the newer badge" in page.text, "the button stays"
    assert worker.file() == old
    fresh = Centre(world.clock)
    world.centre.down, world.centre.before_answer = set(), fresh.before_answer
    world.centre.spoil, world.centre.give_to, world.centre.signs_as = fresh.spoil, None, None
    world.centre.revoked.discard(8)
    assert "Your badge was corrected." in worker.taps().text
    assert worker.badge_ids() == [badge]


def test_another_badge_or_an_older_one_does_not_take_the_place(
    world: WalletWorld, worker: Worker
) -> None:
    corrected(world, worker)
    old, name = worker.file(), worker.name_of_badge()
    right = world.centre.newer[name]
    world.centre.newer[name] = lambda holder: world.centre.badge(holder, index=8)
    assert "This is another badge than you asked for." in worker.taps().text
    world.centre.newer[name] = lambda _holder: json.loads(old)
    assert "has no newer badge for you now" in worker.taps().text
    world.centre.newer[name] = lambda holder: _dated_back(world, right(holder))
    assert "has no newer badge for you now" in worker.taps().text
    assert worker.file() == old
    del world.centre.newer[name]
    assert "has no newer badge for you now" in worker.taps().text
    assert worker.file() == old


def _dated_back(world: WalletWorld, badge: dict[str, Any]) -> dict[str, Any]:
    earlier = {name: value for name, value in badge.items() if name != "proof"}
    earlier["validFrom"] = (NOW - timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return add_proof(
        earlier,
        world.centre.key,
        verification_method=f"{world.centre.did}#key-1",
        created=world.clock(),
    )


def test_kept_words_and_links_go_on_with_the_newer_badge(
    world: WalletWorld, worker: Worker
) -> None:
    path = worker.shares([worker.badge])
    shown = world.app.test_client().get(path).data
    corrected(world, worker)
    page = worker.taps()
    assert "You show the older badge with a link." in page.text
    assert world.app.test_client().get(path).data == shown, "what was previewed stays"
