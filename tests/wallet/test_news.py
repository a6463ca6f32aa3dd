"""News about kept badges: found once a day, told in plain words; nobody learns of which badge."""

import json
import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from wallet_world import Browser, WalletWorld, open_world

from credentials.trust import Trust

DAY = timedelta(days=1)


@pytest.fixture
def world() -> WalletWorld:
    return open_world()


class Worker(Browser):
    """Somebody who comes back with the card."""

    def comes_back(self, world: WalletWorld, *, after: timedelta = DAY) -> str:
        world.clock.now += after
        self.submit("/open", on="/open", card=self.card)
        return self.get("/badges").text

    card = ""


@pytest.fixture
def worker(world: WalletWorld) -> Worker:
    """Give somebody with a wallet and one badge."""
    found = Worker(world.app)
    found.card = found.opens_wallet("Maria")
    found.keeps(world.centre.offer())
    return found


def offered_again(world: WalletWorld) -> str:
    """Offer the badge again that was offered first: same id, of today."""
    link = world.centre.offer()
    first, *_, again = world.centre.offers.values()
    again.badge_id = first.badge_id
    return link


# --- what nobody learns, and what does not break ---------------------------------------------


def test_the_signer_learns_nothing_about_which_badge_is_looked_at(
    world: WalletWorld, worker: Worker
) -> None:
    worker.keeps(world.centre.offer())
    world.centre.asked.clear()
    worker.comes_back(world)
    asked = world.centre.asked
    assert sorted(urlsplit(one.url).path for one in asked) == ["/.well-known/did.json", "/status/1"]
    assert {(one.method, one.body) for one in asked} == {("GET", None)}
    told = {name.lower() for one in asked for name in one.headers}
    assert not told & {"cookie", "referer", "origin"}


def test_a_badge_is_looked_at_once_a_day(world: WalletWorld, worker: Worker) -> None:
    world.centre.asked.clear()
    worker.get("/badges")
    assert world.centre.asked == []
    worker.comes_back(world)
    first = len(world.centre.asked)
    worker.get("/badges")
    assert len(world.centre.asked) == first > 0


def test_a_centre_that_does_not_answer_changes_nothing(world: WalletWorld, worker: Worker) -> None:
    world.centre.down = {"/"}
    page = worker.comes_back(world)
    assert "Something changed" not in page
    asked = len(world.centre.asked)
    worker.get("/badges")
    assert len(world.centre.asked) == asked  # not again with each page
    detail = worker.get(f"/badges/{worker.badge_ids()[0]}").text
    assert "Genuine and valid today." in detail


def test_an_older_copy_does_not_come_back(world: WalletWorld, worker: Worker) -> None:
    badge_id = worker.badge_ids()[0]
    old = json.loads(worker.get(f"/badges/{badge_id}/file").text)
    worker.comes_back(world)
    worker.keeps(offered_again(world))
    new = worker.get(f"/badges/{badge_id}/file").text
    worker.submit("/import", on="/import", text=json.dumps(old))
    assert worker.badge_ids() == [badge_id]
    assert worker.get(f"/badges/{badge_id}/file").text == new


# --- what the person is told -----------------------------------------------------------------


def test_a_cancelled_badge_is_marked_with_what_to_do(world: WalletWorld, worker: Worker) -> None:
    world.centre.revoked.add(7)
    wall = worker.comes_back(world)
    assert "Something changed with one of your badges." in wall
    assert "Does not count now" in wall
    page = worker.get(f"/badges/{worker.badge_ids()[0]}").text
    assert "Get the newer badge" in page
    assert "Does it not work?" in page
    assert f'href="{world.centre.origin}"' in page


def test_an_appointment_says_where_an_examiner_gets_it_again(
    world: WalletWorld, worker: Worker
) -> None:
    first = worker.badge_ids()[0]
    kept = json.loads(worker.get(f"/badges/{first}/file").text)
    signed = world.centre.badge(kept["credentialSubject"]["id"], index=9)
    appointment = {name: value for name, value in signed.items() if name != "proof"}
    appointment["credentialSubject"]["achievement"]["achievementType"] = "ext:ExaminerAppointment"
    text = json.dumps(world.centre.sign(appointment))
    worker.submit("/import", on="/import", text=text)
    (mine,) = set(worker.badge_ids()) - {first}
    assert "My appointments" not in worker.get(f"/badges/{mine}").text
    world.centre.revoked.add(9)
    worker.comes_back(world)
    page = worker.get(f"/badges/{mine}").text
    assert "Open “My appointments”, then “My appointment as a badge”." in page
    assert "Ask your coordinator." in page
    assert f'href="{world.centre.origin}"' in page
    assert "Get the newer badge" not in page


def test_a_badge_of_a_stolen_key_is_to_be_got_again(world: WalletWorld, worker: Worker) -> None:
    world.centre.key_taken_back = world.clock()
    assert "Get it again" in worker.comes_back(world)
    page = worker.get(f"/badges/{worker.badge_ids()[0]}").text
    assert "It is not your fault" in page
    assert f'href="{world.centre.origin}"' in page
    assert "took the key back" in page
    assert "Not valid now. The key that signed it was taken back." in page
    assert "Changed or false" not in page


def test_an_unknown_signer_sends_nobody_to_its_page() -> None:
    world = open_world(trust=Trust())
    worker = Worker(world.app)
    worker.card = worker.opens_wallet()
    worker.keeps(world.centre.offer())
    world.centre.revoked.add(7)
    worker.comes_back(world)
    page = worker.get(f"/badges/{worker.badge_ids()[0]}").text
    assert "Open the page of your centre" not in page


# --- the newer one ---------------------------------------------------------------------------


def test_a_newer_badge_takes_the_place_and_links_say_that_they_show_the_old_one(
    world: WalletWorld, worker: Worker
) -> None:
    badge_id = worker.badge_ids()[0]
    path = worker.shares([badge_id])
    before = world.app.test_client().get(path).data
    world.centre.revoked.add(7)
    worker.comes_back(world)
    world.centre.revoked.clear()
    page = worker.keeps(offered_again(world)).text
    assert "It took the place of the older one." in page
    assert "You show the older badge with a link." in page
    assert worker.badge_ids() == [badge_id]
    assert "Does not count now" not in worker.get("/badges").text
    assert world.app.test_client().get(path).data == before  # what was previewed stays
    shown = worker.get("/shown").text
    assert "They see the older badge." in shown
    assert f'href="/show?badge={badge_id}"' in shown
    stop = re.search(r'action="(/show/[^"]+/stop)"', shown)
    assert stop
    worker.submit(stop[1])
    newer = worker.shares([badge_id])
    assert "They see the older badge." not in worker.get("/shown").text
    assert world.app.test_client().get(newer).data != before
