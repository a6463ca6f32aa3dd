"""Opening wallets: cards, sessions, limits, deletion."""

from datetime import timedelta
from pathlib import Path

import pytest
from wallet_world import NOW, WalletWorld, open_world

from wallet import cards, visits
from wallet.cards import new_card, read_card
from web.errors import Refused


@pytest.fixture
def world() -> WalletWorld:
    return open_world()


def test_card_has_at_least_128_random_bits() -> None:
    assert len({new_card() for _ in range(100)}) == 100
    body = new_card().replace("-", "")[:26]
    assert 5 * len(body) >= 128


def test_slip_of_one_letter_is_told_before_any_wallet_is_looked_for() -> None:
    card = new_card()
    for place in (0, 6, 13, 20, 30):
        wrong = "0" if card[place] != "0" else "1"
        with pytest.raises(Refused, match="One letter is not right"):
            read_card(card[:place] + wrong + card[place + 1 :])


@pytest.mark.parametrize("text", ["", "ABCD", "U" * 28, "Ω" * 28, "0" * 29, "\x00" * 28, "٣" * 28])
def test_text_that_is_no_card_is_refused(text: str) -> None:
    with pytest.raises(Refused) as caught:
        read_card(text)
    assert caught.value.status == 400


def test_card_is_read_however_it_is_typed() -> None:
    card = new_card()
    letters = card.replace("-", "")
    misread = letters.replace("1", "l").replace("0", "o")
    for typed in (card, card.lower(), f" {letters} ", misread, f"http://x/open?card={letters}"):
        assert read_card(typed) == letters


def test_card_of_nobody_opens_nothing_and_the_guesser_is_stopped(world: WalletWorld) -> None:
    database = world.services.database
    for _ in range(10):
        with pytest.raises(Refused) as caught:
            cards.open_with_card(database, new_card(), visitor="guesser", now=NOW)
        assert caught.value.status == 404
    mine = cards.open_new(database)
    with pytest.raises(Refused) as caught:
        cards.open_with_card(database, mine.card, visitor="guesser", now=NOW)
    assert caught.value.status == 429
    assert cards.open_with_card(database, mine.card, visitor="someone else", now=NOW)
    later = NOW + timedelta(minutes=15)
    assert cards.open_with_card(database, mine.card, visitor="guesser", now=later).id == mine.id


def test_limit_on_guessing_survives_a_restart(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/wallet.db"
    before = open_world(database_url=url).services.database
    for _ in range(10):
        with pytest.raises(Refused):
            cards.open_with_card(before, new_card(), visitor="guesser", now=NOW)
    before.close()
    with pytest.raises(Refused) as caught:
        cards.open_with_card(
            open_world(database_url=url).services.database, new_card(), visitor="guesser", now=NOW
        )
    assert caught.value.status == 429


def test_card_opens_the_same_wallet_with_the_same_signing_key(world: WalletWorld) -> None:
    made = cards.open_new(world.services.database, nickname="Maria", language="es")
    found = cards.open_with_card(world.services.database, made.card, visitor="v", now=NOW)
    assert (found.did, found.nickname, found.language) == (made.did, "Maria", "es")


def test_new_card_shuts_out_the_old_card_and_the_lost_phone(world: WalletWorld) -> None:
    worker, thief = world.browser(), world.browser()
    old = worker.opens_wallet()
    assert thief.submit("/open", on=f"/open?card={old}").status_code == 200
    page = worker.submit("/card/change", on="/card/change")
    assert "This is your new card" in page.text
    assert thief.get("/badges").status_code == 401
    assert thief.submit("/open", on="/open", card=old).status_code == 404
    assert worker.get("/badges").status_code == 200


def test_wallet_closes_by_itself_when_nobody_taps(world: WalletWorld) -> None:
    worker = world.browser()
    worker.opens_wallet("Maria")
    world.clock.now += visits.IDLE - timedelta(seconds=1)
    assert worker.get("/badges").status_code == 200
    world.clock.now += visits.IDLE + timedelta(seconds=1)
    page = worker.get("/badges")
    assert page.status_code == 401
    assert "Your wallet is closed" in page.text
    assert "Maria" not in page.text


def test_screen_is_wiped_when_the_wallet_closes_by_itself(world: WalletWorld) -> None:
    worker = world.browser()
    worker.opens_wallet("Maria")
    header = worker.get("/badges").headers["Refresh"]
    assert header == f"{int(visits.IDLE.total_seconds()) + 5}; url=/locked"
    world.clock.now += visits.IDLE + timedelta(seconds=5)
    assert "Maria" not in worker.get("/locked").text


def test_closed_wallet_leaves_nothing_to_go_back_to(world: WalletWorld) -> None:
    worker = world.browser()
    worker.opens_wallet("Maria")
    stolen = worker.client.get_cookie("wallet_session")
    page = worker.get("/badges")
    assert page.headers["Cache-Control"] == "no-store"
    worker.submit("/close")
    assert worker.client.get_cookie("wallet_session") is None
    assert stolen is not None
    worker.client.set_cookie("wallet_session", stolen.value)
    assert worker.get("/badges").status_code == 401


def test_opening_gives_a_new_session_never_one_that_was_planted(world: WalletWorld) -> None:
    worker = world.browser()
    worker.client.set_cookie("wallet_session", "planted-by-the-attacker")
    worker.opens_wallet()
    cookie = worker.client.get_cookie("wallet_session")
    assert cookie is not None
    assert cookie.value != "planted-by-the-attacker"
    assert cookie.http_only
    assert cookie.same_site == "Lax"


def test_nobody_can_be_signed_in_to_a_strangers_wallet(world: WalletWorld) -> None:
    stranger = cards.open_new(world.services.database, nickname="Attacker")
    victim = world.browser()
    victim.opens_wallet("Maria")
    forged = victim.client.post("/open", data={"card": stranger.card}, headers=victim.headers)
    assert forged.status_code == 400  # no anti-forgery field
    victim.get("/open")
    other_site = dict(victim.hidden("/open")) | {"card": stranger.card}
    headers = victim.headers | {"Sec-Fetch-Site": "cross-site"}
    assert victim.client.post("/open", data=other_site, headers=headers).status_code == 403
    scanned = victim.get(f"/open?card={stranger.card}")
    assert "Another wallet is open on this phone" in scanned.text
    assert "Hello Maria" in victim.get("/badges").text


def test_link_of_a_card_opens_nothing_by_being_looked_at(world: WalletWorld) -> None:
    card = cards.open_new(world.services.database, nickname="Maria").card
    visitor = world.browser()
    page = visitor.get(f"/open?card={card}")
    assert "Maria" not in page.text
    assert visitor.client.get_cookie("wallet_session") is None


def test_deleted_wallet_is_gone_with_everything_in_it(world: WalletWorld) -> None:
    worker = world.browser()
    card = worker.opens_wallet()
    worker.keeps(world.centre.offer())
    shared = worker.shares(worker.badge_ids())
    assert worker.submit("/delete", on="/delete").status_code == 400  # the box is not ticked
    page = worker.submit("/delete", sure="yes")
    assert "Everything is deleted" in page.text
    assert world.app.test_client().get(shared).status_code == 404
    assert worker.submit("/open", on="/open", card=card).status_code == 404
    with world.services.database.reading() as session:
        for table in reversed(world.services.database.metadata.sorted_tables):
            if table.name != "tries":
                assert session.connection().execute(table.select()).all() == []


@pytest.mark.parametrize("nickname", ["x" * 41, "a\x00b", "Ma\u202eria"])
def test_nickname_that_cannot_be_shown_is_refused(world: WalletWorld, nickname: str) -> None:
    visitor = world.browser()
    page = visitor.submit("/new", on="/new", nickname=nickname, language="en")
    assert page.status_code == 400
    assert "This name does not work" in page.text
    assert visitor.client.get_cookie("wallet_session") is None


def test_wallet_speaks_the_language_it_was_left_in(world: WalletWorld) -> None:
    worker = world.browser()
    card = worker.opens_wallet(language="en")
    worker.get("/badges?lang=es")
    other_phone = world.browser("en")
    page = other_phone.submit("/open", on=f"/open?card={card}")
    assert "Mis insignias" in page.text
