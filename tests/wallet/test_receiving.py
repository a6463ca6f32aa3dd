"""Receiving a badge: what hostile offers and broken lines cannot do, then the happy path."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from wallet_world import NAME, NOW, WalletWorld, open_world

from credentials.proofs import add_proof
from credentials.trust import Trust
from keys.did.key import did_key
from keys.fetching import HttpRequest
from keys.material import PrivateKey
from wallet import badges, cards, receiving
from wallet.cards import OpenWallet
from wallet.receiving import BeingKept, NumberRefused
from web.errors import Refused


@pytest.fixture
def world() -> WalletWorld:
    return open_world()


@pytest.fixture
def opened(world: WalletWorld) -> OpenWallet:
    return cards.open_new(world.services.database)


def look(world: WalletWorld, link: str) -> receiving.Preview:
    return receiving.preview(link, fetch=world.centre.fetch, trust=world.trust, language="en")


def accept(world: WalletWorld, opened: OpenWallet, seen: receiving.Preview, **more: Any) -> UUID:
    return receiving.accept(
        world.services.database,
        opened,
        seen.offer,
        fetch=world.centre.fetch,
        trust=world.trust,
        now=world.clock(),
        reference=seen.reference,
        **more,
    )


def kept(world: WalletWorld, opened: OpenWallet) -> int:
    return len(badges.wall(world.services.database, opened).badges)


def paths(requests: list[HttpRequest]) -> Iterator[str]:
    return (one.url.removeprefix("http://localhost:8001") for one in requests)


# --- offers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "http://192.168.0.1/offers/1",
        "http://169.254.169.254/latest/meta-data",
        "https://user:password@centre.example/offer",
        "openid-credential-offer://?credential_offer=%7B%7D",
        "openid-credential-offer://?credential_offer=%7B&credential_offer_uri=https://a.example",
        "{",
        '{"credential_issuer": "http://localhost:8001"}',
        "https://[",
    ],
)
def test_text_that_is_no_offer_is_refused_and_nothing_is_fetched(
    world: WalletWorld, text: str
) -> None:
    with pytest.raises(Refused) as caught:
        look(world, text)
    assert caught.value.status == 400
    assert world.centre.asked == []


def test_used_offer_cannot_be_used_again_by_another_wallet(
    world: WalletWorld, opened: OpenWallet
) -> None:
    seen = look(world, world.centre.offer())
    accept(world, opened, seen)
    thief = cards.open_new(world.services.database)
    with pytest.raises(Refused) as caught:
        accept(world, thief, seen)
    assert caught.value.status == 410
    assert kept(world, thief) == 0


def test_offer_that_is_over_says_so(world: WalletWorld) -> None:
    link = world.centre.offer()
    next(iter(world.centre.offers.values())).over = True
    with pytest.raises(Refused) as caught:
        look(world, link)
    assert caught.value.status == 410


def test_offer_of_several_badges_is_refused(world: WalletWorld) -> None:
    offer = {
        "credential_issuer": "http://localhost:8001",
        "credential_configuration_ids": ["technical-cleaning-1", "technical-cleaning-2"],
        "grants": {
            "urn:ietf:params:oauth:grant-type:pre-authorized_code": {"pre-authorized_code": "c"}
        },
    }
    with pytest.raises(Refused, match="several badges"):
        look(world, json.dumps(offer))


# --- metadata --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"credential_issuer": "http://localhost:9999"},
        {"credential_issuer": "http://localhost:8001/"},
        {"credential_endpoint": "https://thief.example/credential"},
        {"credential_endpoint": "http://localhost:8002/credential"},
        {"nonce_endpoint": "https://thief.example/nonce"},
        {"authorization_servers": ["https://thief.example"]},
        {"credential_configurations_supported": {}},
        {"credential_endpoint": None},
    ],
)
def test_forged_metadata_gets_no_code_and_no_proof(
    world: WalletWorld, opened: OpenWallet, change: dict[str, Any]
) -> None:
    seen = look(world, world.centre.offer())
    world.centre.metadata_changes = change
    world.centre.asked.clear()
    with pytest.raises(Refused):
        accept(world, opened, seen)
    assert list(paths(world.centre.asked)) == ["/.well-known/openid-credential-issuer"]
    assert kept(world, opened) == 0


def test_badge_of_another_format_is_refused_before_the_code_is_sent(world: WalletWorld) -> None:
    link = world.centre.offer()
    other = {"technical-cleaning-2": {"format": "jwt_vc_json"}}
    world.centre.metadata_changes = {"credential_configurations_supported": other}
    with pytest.raises(Refused, match="not a badge we know"):
        look(world, link)


def test_picture_of_another_origin_is_not_fetched(world: WalletWorld) -> None:
    link = world.centre.offer()
    shown = {"name": "Badge", "logo": {"uri": "https://tracker.example/pixel.svg"}}
    world.centre.metadata_changes = {
        "credential_configurations_supported": {
            "technical-cleaning-2": {
                "format": "ldp_vc",
                "credential_metadata": {"display": [shown]},
            }
        }
    }
    assert look(world, link).picture == ""
    assert all("tracker" not in one.url for one in world.centre.asked)


def test_signer_is_known_by_our_list_only_never_by_its_own_word() -> None:
    world = open_world(trust=Trust())
    seen = look(world, world.centre.offer())
    assert seen.known_name == ""
    assert seen.claimed_name == "Example Training Centre"
    worker = world.browser()
    worker.opens_wallet()
    page = worker.get(world.centre.offer().removeprefix("http://localhost:8002"))
    assert "We do not know who signs this. Ask your centre." in page.text
    assert "localhost:8001" in page.text


# --- numbers ---------------------------------------------------------------------------------


def test_wrong_number_loses_nothing(world: WalletWorld, opened: OpenWallet) -> None:
    seen = look(world, world.centre.offer(number="493536"))
    for wrong in ("", "000000", "49353", "493536 OR 1=1"):
        with pytest.raises(NumberRefused):
            accept(world, opened, seen, tx_code=wrong)
    assert kept(world, opened) == 0
    accept(world, opened, seen, tx_code=" 493536 ")
    assert kept(world, opened) == 1


def test_number_typed_after_the_offer_ended_is_not_called_wrong(
    world: WalletWorld, opened: OpenWallet
) -> None:
    seen = look(world, world.centre.offer(number="493536"))
    next(iter(world.centre.offers.values())).over = True
    with pytest.raises(Refused) as caught:
        accept(world, opened, seen, tx_code="493536")
    assert caught.value.status == 410


# --- badges ----------------------------------------------------------------------------------


def test_badge_for_somebody_else_is_not_kept(world: WalletWorld, opened: OpenWallet) -> None:
    world.centre.give_to = did_key(PrivateKey.generate().public)
    with pytest.raises(Refused) as caught:
        accept(world, opened, look(world, world.centre.offer()))
    assert caught.value.status == 422
    assert kept(world, opened) == 0


def test_badge_changed_after_signing_is_not_kept(world: WalletWorld, opened: OpenWallet) -> None:
    world.centre.spoil = lambda signed: signed | {"name": "Home cleaning - Expert"}
    with pytest.raises(Refused, match="The signature does not fit"):
        accept(world, opened, look(world, world.centre.offer()))
    assert kept(world, opened) == 0


def test_badge_without_a_signature_is_not_kept(world: WalletWorld, opened: OpenWallet) -> None:
    world.centre.spoil = lambda signed: {k: v for k, v in signed.items() if k != "proof"}
    with pytest.raises(Refused, match="Nobody signed"):
        accept(world, opened, look(world, world.centre.offer()))
    assert kept(world, opened) == 0


def test_badge_of_another_signer_than_the_one_who_offered_it_is_not_kept(
    world: WalletWorld, opened: OpenWallet
) -> None:
    other = PrivateKey.generate()
    did = did_key(other.public)

    def signed_elsewhere(signed: dict[str, Any]) -> dict[str, Any]:
        document = {name: value for name, value in signed.items() if name != "proof"}
        document["issuer"] = {"id": did, "type": ["Profile"], "name": "Example Training Centre"}
        method = f"{did}#{other.public.multibase}"
        return add_proof(document, other, verification_method=method, created=NOW)

    world.centre.spoil = signed_elsewhere
    with pytest.raises(Refused, match="Someone else signed"):
        accept(world, opened, look(world, world.centre.offer()))
    assert kept(world, opened) == 0


def test_nothing_of_a_refused_badge_is_written_as_a_badge(world: WalletWorld) -> None:
    worker = world.browser()
    worker.opens_wallet()
    world.centre.spoil = lambda signed: signed | {"name": "Other"}
    page = worker.keeps(world.centre.offer())
    assert page.status_code == 422
    assert "The signature does not fit" in page.text
    assert worker.badge_ids() == []


# --- broken lines and second taps ------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/.well-known/openid-credential-issuer",
        "/.well-known/oauth-authorization-server",
        "/token",
        "/nonce",
        "/credential",
        "/.well-known/did.json",
    ],
)
def test_centre_that_goes_silent_at_any_step_loses_nothing(
    world: WalletWorld, opened: OpenWallet, path: str
) -> None:
    seen = look(world, world.centre.offer())
    world.centre.down = {path}
    with pytest.raises(Refused) as caught:
        accept(world, opened, seen)
    assert caught.value.status == 503
    assert kept(world, opened) == 0
    world.centre.down = set()
    accept(world, opened, seen)
    assert kept(world, opened) == 1
    assert [one.claimed for one in world.centre.offers.values()] == [True]


def test_badge_kept_once_however_often_it_is_tapped(world: WalletWorld, opened: OpenWallet) -> None:
    seen = look(world, world.centre.offer())
    first = accept(world, opened, seen)
    asked = len(world.centre.asked)
    assert accept(world, opened, seen) == first
    assert kept(world, opened) == 1
    assert len(world.centre.asked) == asked


def test_second_tap_while_the_first_is_at_it_waits(world: WalletWorld, opened: OpenWallet) -> None:
    seen = look(world, world.centre.offer())
    waited: list[UUID] = []

    def tap_again(path: str) -> None:
        if path == "/nonce":
            with pytest.raises(BeingKept) as caught:
                accept(world, opened, seen)
            waited.append(caught.value.receipt_id)

    world.centre.before_answer = tap_again
    badge_id = accept(world, opened, seen)
    assert waited
    assert receiving.kept_badge(world.services.database, opened, waited[0]) == badge_id
    tokens = [path for path in paths(world.centre.asked) if path == "/token"]
    assert len(tokens) == 1


def test_twenty_taps_at_once_keep_one_badge_for_one_token(tmp_path: Path) -> None:
    world = open_world(database_url=f"sqlite:///{tmp_path}/wallet.db")
    opened = cards.open_new(world.services.database)
    seen = look(world, world.centre.offer())

    def tap(_number: int) -> UUID | None:
        try:
            return accept(world, opened, seen)
        except BeingKept:
            return None

    with ThreadPoolExecutor(20) as pool:
        results = set(pool.map(tap, range(20))) - {None}
    assert len(results) == 1
    assert kept(world, opened) == 1
    assert list(paths(world.centre.asked)).count("/token") == 1


def test_tap_after_a_stopped_process_goes_on_with_the_token_it_had(
    world: WalletWorld, opened: OpenWallet
) -> None:
    class Killed(BaseException):
        pass

    def kill(path: str) -> None:
        if path == "/credential":
            raise Killed

    seen = look(world, world.centre.offer())
    world.centre.before_answer = kill
    with pytest.raises(Killed):
        accept(world, opened, seen)
    world.centre.before_answer = lambda path: None
    world.clock.now += timedelta(minutes=1)
    accept(world, opened, seen)
    assert kept(world, opened) == 1


def test_offer_whose_token_ran_out_says_that_it_is_over(
    world: WalletWorld, opened: OpenWallet
) -> None:
    seen = look(world, world.centre.offer())
    world.centre.down = {"/credential"}
    with pytest.raises(Refused):
        accept(world, opened, seen)
    world.centre.down = set()
    next(iter(world.centre.offers.values())).token = ""
    with pytest.raises(Refused) as caught:
        accept(world, opened, seen)
    assert caught.value.status == 410


def test_receipt_of_another_wallet_does_not_exist_here(
    world: WalletWorld, opened: OpenWallet
) -> None:
    seen = look(world, world.centre.offer())
    receipts: list[UUID] = []

    def tap_again(path: str) -> None:
        if path == "/nonce":
            with pytest.raises(BeingKept) as caught:
                accept(world, opened, seen)
            receipts.append(caught.value.receipt_id)

    world.centre.before_answer = tap_again
    accept(world, opened, seen)
    other = cards.open_new(world.services.database)
    with pytest.raises(Refused) as caught:
        receiving.kept_badge(world.services.database, other, receipts[0])
    assert caught.value.status == 404


# --- what is previewed is what is kept -------------------------------------------------------


def test_preview_of_one_wallet_cannot_be_kept_by_another(world: WalletWorld) -> None:
    mine, other = (cards.open_new(world.services.database) for _ in range(2))
    sealed = receiving.seal_preview(mine, look(world, world.centre.offer()), now=NOW)
    offer, _reference = receiving.unseal_preview(mine, sealed, now=NOW)
    assert offer.credential_issuer == "http://localhost:8001"
    for wallet, text, now in (
        (other, sealed, NOW),
        (mine, sealed[:-4] + "AAA=", NOW),
        (mine, "", NOW),
        (mine, "é", NOW),
        (mine, sealed, NOW + timedelta(hours=2)),
    ):
        with pytest.raises(Refused):
            receiving.unseal_preview(wallet, text, now=now)


def test_looking_stores_nothing_and_takes_nothing(world: WalletWorld, opened: OpenWallet) -> None:
    look(world, world.centre.offer())
    assert "/token" not in list(paths(world.centre.asked))
    with world.services.database.reading() as session:
        for name in ("badge", "receipt", "share"):
            table = world.services.database.metadata.tables[name]
            assert session.connection().execute(table.select()).all() == []


def test_key_proof_is_made_for_this_issuer_and_this_challenge(
    world: WalletWorld, opened: OpenWallet
) -> None:
    accept(world, opened, look(world, world.centre.offer()))
    assert world.centre.nonces == set()  # the one handed out was used
    (offered,) = world.centre.offers.values()
    assert offered.holder == opened.did  # the fake checks audience and signature


def test_badge_of_an_offer_pasted_as_a_standard_link_is_kept(world: WalletWorld) -> None:
    worker = world.browser()
    worker.opens_wallet()
    link = world.centre.offer().replace(
        "http://localhost:8002/receive", "openid-credential-offer://"
    )
    page = worker.submit("/receive", on="/receive", offer=link)
    assert NAME in page.text
    assert "This badge is yours now" in worker.submit("/receive/keep").text
    assert len(worker.badge_ids()) == 1
