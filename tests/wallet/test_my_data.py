"""What a wallet holds, to see and to take along: all of it, and nothing that opens anything."""

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from wallet_world import NOW, WalletWorld, open_world

from credentials.exchange.oid4vci import Deferred
from wallet import cards, waiting
from wallet.tables import Wallet
from wallet.waiting import Errand


@pytest.fixture
def world() -> WalletWorld:
    return open_world()


def waits(world: WalletWorld, card: str, name: str) -> None:
    database = world.services.database
    wallet = cards.open_with_card(database, card, visitor="x", now=NOW)
    centre = "https://centre.example"
    errand = Errand(centre, f"{centre}/deferred", "token-SECRET", "transaction-SECRET", name)
    with database.transaction() as session:
        waiting.begin(session, wallet, errand, Deferred("tx", timedelta(minutes=1)), now=NOW)


def copy_of(answer: Any) -> dict[str, str]:
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.data)) as made:
        return {name: made.read(name).decode() for name in made.namelist()}


def test_the_copy_has_all_badges_and_no_secret(world: WalletWorld) -> None:
    maria, other = world.browser(), world.browser()
    card = maria.opens_wallet("Maria")
    other.opens_wallet("Benedetta")
    other.keeps(world.centre.offer(level=1))
    maria.keeps(world.centre.offer())
    shared = maria.shares(maria.badge_ids())
    waits(world, card, "Folding")
    files = copy_of(maria.submit("/data/copy", on="/data/"))
    badge_files = [name for name in files if name.startswith("badges/")]
    assert len(badge_files) == 1
    assert json.loads(files[badge_files[0]])["proof"]
    told = json.loads(files["wallet.json"])
    assert told["nickname"] == "Maria"
    assert [one["name"] for one in told["waiting"]] == ["Folding"]
    assert len(told["shown"]) == len(told["badges"]) == 1
    every = "".join(files.values())
    for secret in (card, card.replace("-", ""), "SECRET", shared.rpartition("/")[2], "Benedetta"):
        assert secret not in every, secret
    assert "privateKey" not in every
    assert "signer" not in every


def test_nobody_gets_a_copy_of_a_closed_wallet(world: WalletWorld) -> None:
    stranger = world.browser()
    for answer in (stranger.get("/data/"), stranger.client.post("/data/copy")):
        assert answer.status_code in (302, 400, 401, 403)
        assert b"PK" not in answer.data[:2]


def test_a_name_is_corrected_and_a_bad_one_refused(world: WalletWorld) -> None:
    maria = world.browser()
    card = maria.opens_wallet("Maria")
    assert maria.submit("/data/name", on="/data/", nickname="x" * 41).status_code == 400
    assert "Your name is corrected" in maria.submit("/data/name", on="/data/", nickname="Ana").text
    again = world.browser()
    again.submit("/open", on="/open", card=card)
    assert "Hello Ana" in again.get("/badges").text


def test_a_deleted_wallet_takes_what_waits_along(world: WalletWorld) -> None:
    maria, other = world.browser(), world.browser()
    card, theirs = maria.opens_wallet("Maria"), other.opens_wallet("Ana")
    waits(world, card, "Folding")
    waits(world, theirs, "Ironing")
    page = maria.get("/delete").text
    assert "They stay valid" in page
    assert "Badges on the way do not arrive" in page
    maria.submit("/delete", on="/delete", sure="yes")
    with world.services.database.reading() as session:
        left = session.connection().execute(waiting.Waiting.__table__.select()).all()  # type: ignore[attr-defined]
        wallets = session.connection().execute(Wallet.__table__.select()).all()  # type: ignore[attr-defined]
    assert len(left) == len(wallets) == 1
