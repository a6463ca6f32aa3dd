"""Showing badges: links end, stop, are not guessed, and hold no more than was previewed."""

import html
import json
import re
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from wallet_world import NAME, NOW, VERIFIER, WALLET, Browser, WalletWorld, open_world

from credentials.report import Headline
from credentials.verify import Expected, verify_presentation
from wallet import cards, receiving, sharing
from wallet.cards import OpenWallet
from web.errors import Refused
from web.qr import MAX_CHARACTERS

NOWHERE = "/shares/" + "A" * 32


@pytest.fixture
def world() -> WalletWorld:
    return open_world()


@pytest.fixture
def worker(world: WalletWorld) -> Browser:
    """Give somebody with a wallet and one badge."""
    worker = world.browser()
    worker.opens_wallet("Maria")
    worker.keeps(world.centre.offer())
    return worker


def keep(world: WalletWorld, opened: OpenWallet, level: int = 2) -> UUID:
    fetch = world.centre.fetch
    seen = receiving.preview(
        world.centre.offer(level=level), fetch=fetch, trust=world.trust, language="en"
    )
    return receiving.accept(
        world.services.database, opened, seen.offer, fetch=fetch, trust=world.trust, now=NOW
    )


def fetched(world: WalletWorld, path: str) -> tuple[int, list[tuple[str, str]], bytes]:
    answer = world.app.test_client(use_cookies=False).get(path)
    return answer.status_code, sorted(answer.headers.items()), answer.data


# --- what others cannot get ------------------------------------------------------------------


def test_stopped_expired_prepared_and_never_made_shares_answer_the_very_same(
    world: WalletWorld, worker: Browser
) -> None:
    never = fetched(world, NOWHERE)
    assert never[0] == 404

    stopped = worker.shares(worker.badge_ids())
    assert fetched(world, stopped)[0] == 200
    action = re.search(r'action="(/show/[^"]+/stop)"', worker.page.text)  # type: ignore[union-attr]
    assert action
    worker.submit(action[1])
    assert fetched(world, stopped) == never

    expired = worker.shares(worker.badge_ids(), "now")
    world.clock.now += timedelta(minutes=10)
    assert fetched(world, expired) == never
    assert fetched(world, "/shares/%00") == never
    assert fetched(world, "/shares/" + "x" * 5000) == never
    headers = world.app.test_client().get(stopped, headers={"Accept": "text/html"}).headers
    assert sorted(headers.items()) == never[1]


def test_prepared_share_is_shown_to_nobody(world: WalletWorld) -> None:
    database = world.services.database
    opened = cards.open_new(database)
    share_id = sharing.prepare(
        database,
        opened,
        [keep(world, opened)],
        verifier_url=VERIFIER,
        lasts=sharing.DURATIONS["7"],
        now=NOW,
    )
    token = sharing.find(database, opened, share_id, now=NOW).token
    assert sharing.serve(database, token, now=NOW) is None
    assert sharing.shown(database, opened, now=NOW) == ()


def test_link_has_at_least_128_random_bits_and_fits_a_code(
    world: WalletWorld, worker: Browser
) -> None:
    tokens = {worker.shares(worker.badge_ids(), "1").removeprefix("/shares/") for _ in range(3)}
    assert len(tokens) == 3
    for token in tokens:
        assert len(token) * 6 >= 128
        assert len(sharing.share_link(WALLET, VERIFIER, token)) <= MAX_CHARACTERS


def test_number_of_a_share_is_not_its_link(world: WalletWorld, worker: Browser) -> None:
    worker.shares(worker.badge_ids())
    assert worker.page is not None
    number = worker.page.request.path.rsplit("/", 1)[-1]
    assert fetched(world, f"/shares/{number}")[0] == 404


def test_share_sets_no_cookie_and_may_not_be_kept_or_indexed(
    world: WalletWorld, worker: Browser
) -> None:
    path = worker.shares(worker.badge_ids())
    for address in (path, NOWHERE, f"{path}?lang=fr"):
        answer = world.app.test_client().get(address)
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Robots-Tag"] == "noindex"
    assert world.app.test_client().get(path).content_type == "application/vp+ld+json"


# --- what belongs to another wallet ----------------------------------------------------------


def test_another_wallets_badges_and_shares_do_not_exist_here(
    world: WalletWorld, worker: Browser
) -> None:
    (badge_id,) = worker.badge_ids()
    worker.shares([badge_id])
    assert worker.page is not None
    share = worker.page.request.path
    thief = world.browser()
    thief.opens_wallet()
    for path in (
        f"/badges/{badge_id}",
        f"/badges/{badge_id}/file",
        f"/badges/{badge_id}/print",
        f"/badges/{badge_id}/delete",
        share,
        f"/badges/{uuid4()}",
        f"/show/{uuid4()}",
        f"/receive/{uuid4()}",
    ):
        assert thief.get(path).status_code == 404, path
    thief.get("/card")
    token = dict(thief.hidden("/close"))
    for path in (
        f"/badges/{badge_id}/delete",
        f"/badges/{badge_id}/check",
        f"{share}/stop",
        f"{share}/start",
    ):
        answer = thief.client.post(path, data=token, headers=thief.headers)
        assert answer.status_code == 404, path
    answer = thief.client.post(
        "/show", data=token | {"badge": str(badge_id), "duration": "7"}, headers=thief.headers
    )
    assert answer.status_code == 404
    assert worker.badge_ids() == [badge_id]
    assert "They can see it." in worker.get("/shown").text


def test_closed_wallet_shows_no_private_page(world: WalletWorld) -> None:
    nobody = world.browser()
    for path in (
        "/badges",
        f"/badges/{uuid4()}",
        "/show",
        "/shown",
        "/card",
        "/card/print",
        "/card/change",
        "/delete",
        "/import",
        "/receive",
    ):
        assert nobody.get(path).status_code == 401, path


def test_changing_requests_need_their_form(world: WalletWorld, worker: Browser) -> None:
    (badge_id,) = worker.badge_ids()
    for path in (
        f"/badges/{badge_id}/delete",
        f"/badges/{badge_id}/check",
        "/show",
        "/shown/stop",
        "/card/change",
        "/delete",
        "/import",
        "/receive",
        "/receive/keep",
        "/close",
        "/new",
        "/open",
    ):
        answer = worker.client.post(path, data={"sure": "yes"}, headers=worker.headers)
        assert answer.status_code == 400, path
    assert worker.badge_ids() == [badge_id]


# --- exactly what was previewed --------------------------------------------------------------


def test_share_holds_byte_for_byte_what_the_preview_showed(
    world: WalletWorld, worker: Browser
) -> None:
    page = worker.submit(
        "/show", on="/show", badge=[str(one) for one in worker.badge_ids()], duration="7"
    )
    found = re.search(r'<pre class="raw" id="exact"[^>]*>(.*?)</pre>', page.text, re.S)
    assert found
    previewed = html.unescape(found[1])
    assert "Your name is not shown." in page.text
    action = re.search(r'action="(/show/[^"]+/start)"', page.text)
    assert action
    worker.submit(action[1])
    link = re.search(r"share=([^\"&]+)", worker.page.text)  # type: ignore[union-attr]
    assert link
    path = html.unescape(link[1]).replace("%3A", ":").replace("%2F", "/").removeprefix(WALLET)
    assert fetched(world, path)[2].decode() == previewed
    assert "Maria" not in previewed


def test_badges_are_passed_on_exactly_as_they_were_signed(world: WalletWorld) -> None:
    database = world.services.database
    opened = cards.open_new(database, nickname="Maria")
    chosen = [keep(world, opened, level) for level in (1, 3)]
    shown = sharing.share(database, opened, chosen, verifier_url=VERIFIER, now=NOW)
    text = sharing.serve(database, shown.token, now=NOW)
    assert text is not None
    for offered in world.centre.offers.values():
        assert offered.signed in text
    assert len(json.loads(text)["verifiableCredential"]) == 2
    assert "Maria" not in text


def test_presentation_verifies_for_its_verifier_and_no_other(world: WalletWorld) -> None:
    database, fetch = world.services.database, world.centre.fetch
    opened = cards.open_new(database)
    shown = sharing.share(database, opened, [keep(world, opened)], verifier_url=VERIFIER, now=NOW)
    text = sharing.serve(database, shown.token, now=NOW)
    assert text is not None
    good = verify_presentation(
        text, Expected(VERIFIER), trust=world.trust, fetch=fetch, now=NOW + timedelta(days=1)
    )
    assert good.headline is Headline.GENUINE
    assert good.expires == shown.expires
    other = verify_presentation(
        text, Expected("https://other.example"), trust=world.trust, fetch=fetch, now=NOW
    )
    assert other.headline is Headline.FALSE
    late = verify_presentation(
        text, Expected(VERIFIER), trust=world.trust, fetch=fetch, now=NOW + timedelta(days=8)
    )
    assert late.headline is not Headline.GENUINE


# --- choosing, counting, stopping ------------------------------------------------------------


@pytest.mark.parametrize(
    ("badge", "duration", "words"),
    [
        ([], "7", "You chose no badge."),
        (["not-a-number"], "7", "This badge is not in your wallet."),
        (None, "", "You did not choose how long."),
        (None, "3650", "You did not choose how long."),
    ],
)
def test_bad_choice_gets_a_clear_page_and_prepares_nothing(
    world: WalletWorld, worker: Browser, badge: list[str] | None, duration: str, words: str
) -> None:
    chosen = [str(one) for one in worker.badge_ids()] if badge is None else badge
    page = worker.submit("/show", on="/show", badge=chosen, duration=duration)
    assert page.status_code in (400, 404)
    assert words in page.text
    assert "Which badge?" in page.text
    with world.services.database.reading() as session:
        table = world.services.database.metadata.tables["share"]
        assert session.connection().execute(table.select()).all() == []


def test_owner_sees_how_often_it_was_looked_at(world: WalletWorld, worker: Browser) -> None:
    path = worker.shares(worker.badge_ids())
    assert "Nobody looked." in worker.get("/shown").text
    visitor = world.app.test_client()
    visitor.head(path)
    visitor.get(path)
    visitor.get(path)
    page = worker.get("/shown").text
    assert "Seen 2 times." in page
    assert "They can see it." in page


def test_stopping_everything_stops_everything(world: WalletWorld, worker: Browser) -> None:
    shares = [worker.shares(worker.badge_ids()) for _ in range(2)]
    worker.submit("/shown/stop", on="/shown")
    assert [fetched(world, path)[0] for path in shares] == [404, 404]


def test_stopped_share_cannot_be_started_again(world: WalletWorld) -> None:
    database = world.services.database
    opened = cards.open_new(database)
    shown = sharing.share(database, opened, [keep(world, opened)], verifier_url=VERIFIER, now=NOW)
    sharing.stop(database, opened, shown.id)
    with pytest.raises(Refused):
        sharing.start(database, opened, shown.id, now=NOW)
    assert sharing.serve(database, shown.token, now=NOW) is None
    with database.reading() as session:
        table = database.metadata.tables["share"]
        assert [row.presentation for row in session.connection().execute(table.select())] == [None]


def test_deleting_a_badge_stops_what_is_shown_of_it(world: WalletWorld, worker: Browser) -> None:
    (badge_id,) = worker.badge_ids()
    path = worker.shares([badge_id])
    worker.submit(f"/badges/{badge_id}/delete", on=f"/badges/{badge_id}/delete")
    assert worker.badge_ids() == []
    assert fetched(world, path)[0] == 404


def test_printed_badge_has_a_code_only_while_a_link_shows_it(
    world: WalletWorld, worker: Browser
) -> None:
    (badge_id,) = worker.badge_ids()
    paper = worker.get(f"/badges/{badge_id}/print").text
    assert NAME in paper
    assert 'class="qr"' not in paper
    worker.shares([badge_id], "30")
    assert 'class="qr"' in worker.get(f"/badges/{badge_id}/print").text
    worker.submit(
        re.search(r'action="(/show/[^"]+/stop)"', worker.get("/shown").text)[1]  # type: ignore[index]
    )
    assert 'class="qr"' not in worker.get(f"/badges/{badge_id}/print").text
