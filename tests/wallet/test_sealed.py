"""At rest: the database alone tells nothing, and what was tampered with does not open."""

import json
from pathlib import Path
from uuid import UUID

import pytest
from sqlmodel import select
from wallet_world import NOW, SENTENCE, VERIFIER, WalletWorld, open_world

from wallet import badges, cards, receiving, sharing, visits
from wallet.cards import OpenWallet
from wallet.sealing import SealBroken, new_key, seal, unseal
from wallet.tables import Badge, Share, Wallet
from web.errors import Refused


def keep_one(world: WalletWorld, opened: OpenWallet, level: int = 2) -> UUID:
    fetch = world.centre.fetch
    seen = receiving.preview(
        world.centre.offer(level=level), fetch=fetch, trust=world.trust, language="en"
    )
    return receiving.accept(
        world.services.database, opened, seen.offer, fetch=fetch, trust=world.trust, now=NOW
    )


def test_database_files_tell_no_name_no_badge_no_key(tmp_path: Path) -> None:
    world = open_world(database_url=f"sqlite:///{tmp_path}/wallet.db")
    database = world.services.database
    opened = cards.open_new(database, nickname="Maria-Conchita", language="es")
    token = visits.remember(database, opened, now=NOW)
    badge_id = keep_one(world, opened)
    shown = sharing.share(database, opened, [badge_id], verifier_url=VERIFIER, now=NOW)
    sharing.prepare(
        database, opened, [badge_id], verifier_url=VERIFIER, lasts=sharing.DURATIONS["1"], now=NOW
    )
    secrets = [
        opened.card,
        opened.card.replace("-", ""),
        opened.signer.to_multibase(),
        opened.did.removeprefix("did:key:"),
        token,
        shown.token,
        "Maria-Conchita",
        SENTENCE[:20],
        "Home cleaning",
        "Example Training Centre",
        "urn:uuid:",
        *[one.code for one in world.centre.offers.values()],
        *[one.token for one in world.centre.offers.values()],
    ]
    database.close()
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert len(stored) > 10_000
    found = [secret for secret in secrets if secret.encode() in stored]
    assert not found
    assert opened.signer.secret not in stored
    assert opened.data_key not in stored


def test_open_wallet_shows_no_secret_in_its_repr() -> None:
    world = open_world()
    opened = cards.open_new(world.services.database)
    text = repr(opened)
    assert opened.card not in text
    assert repr(opened.data_key) not in text


def test_sealed_value_opens_with_its_key_at_its_place_only() -> None:
    key = new_key()
    sealed = seal(key, b"words", place="here")
    assert unseal(key, sealed, place="here") == b"words"
    changed = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for wrong_key, value, place in (
        (new_key(), sealed, "here"),
        (key, sealed, "there"),
        (key, changed, "here"),
        (key, b"", "here"),
        (key, sealed[:11], "here"),
    ):
        with pytest.raises(SealBroken):
            unseal(wrong_key, value, place=place)


def test_badge_row_moved_to_another_badge_does_not_open() -> None:
    world = open_world()
    database = world.services.database
    opened = cards.open_new(database)
    first, second = keep_one(world, opened, 1), keep_one(world, opened, 3)
    with database.transaction() as session:
        row = session.get_one(Badge, first)
        row.content = session.get_one(Badge, second).content
        session.add(row)
    found = badges.wall(database, opened)
    assert [badge.id for badge in found.badges] == [second]
    assert found.unreadable == 1
    with pytest.raises(Refused, match="damaged"):
        badges.find(database, opened, first)


def test_damaged_badge_does_not_hide_the_others() -> None:
    world = open_world()
    worker = world.browser()
    worker.opens_wallet()
    worker.keeps(world.centre.offer(level=1))
    worker.keeps(world.centre.offer(level=2))
    kept = worker.badge_ids()
    with world.services.database.transaction() as session:
        row = session.get_one(Badge, kept[0])
        row.content = row.content[:-3] + b"abc"
        session.add(row)
    page = worker.get("/badges")
    assert "1 badge is damaged" in page.text
    assert str(kept[1]) in page.text
    assert worker.get(f"/badges/{kept[0]}").status_code == 409


def test_tampered_share_is_nothing_at_all() -> None:
    world = open_world()
    worker = world.browser()
    worker.opens_wallet()
    worker.keeps(world.centre.offer())
    path = worker.shares(worker.badge_ids())
    with world.services.database.transaction() as session:
        row = session.exec(select(Share)).one()
        assert row.presentation is not None
        row.presentation = row.presentation[:-1] + bytes([row.presentation[-1] ^ 1])
        session.add(row)
    assert world.app.test_client().get(path).status_code == 404


def test_profile_of_another_wallet_does_not_open_in_mine() -> None:
    world = open_world()
    database = world.services.database
    mine, other = cards.open_new(database), cards.open_new(database)
    with database.transaction() as session:
        row = session.get_one(Wallet, mine.id)
        row.profile = session.get_one(Wallet, other.id).profile
        session.add(row)
    with pytest.raises(SealBroken):
        cards.open_with_card(database, mine.card, visitor="v", now=NOW)


def test_damaged_wallet_is_a_clear_page_and_no_incident() -> None:
    world = open_world()
    worker = world.browser()
    card = worker.opens_wallet()
    with world.services.database.transaction() as session:
        row = session.exec(select(Wallet)).one()
        row.profile = row.profile[:-1] + bytes([row.profile[-1] ^ 1])
        session.add(row)
    visitor = world.browser()
    answer = visitor.submit("/open", on=f"/open?card={card}")
    assert answer.status_code == 409
    assert "damaged" in answer.text


def test_kept_text_is_the_signed_text_byte_for_byte() -> None:
    world = open_world()
    opened = cards.open_new(world.services.database)
    badge_id = keep_one(world, opened)
    (signed,) = [one.signed for one in world.centre.offers.values()]
    kept = badges.find(world.services.database, opened, badge_id)
    assert kept.text == signed
    assert kept.document == json.loads(signed)
