"""Badges from elsewhere: kept when whole and signed, refused with a reason when not."""

import io
import json
from pathlib import Path

import pytest
from wallet_world import NAME, NOW, Centre, WalletWorld, open_world, trusting

from credentials.proofs import add_proof
from credentials.trust import Trust
from keys.did.key import did_key
from keys.material import PrivateKey
from wallet import badges, cards
from web.errors import Refused


@pytest.fixture
def world() -> WalletWorld:
    return open_world()


def foreign_world() -> tuple[WalletWorld, Centre]:
    world = open_world(trust=Trust())
    return world, world.centre


def bring(world: WalletWorld, opened: cards.OpenWallet, text: str) -> badges.KeptBadge:
    database = world.services.database
    badge_id = badges.bring(
        database, opened, text, trust=world.trust, fetch=world.centre.fetch, now=world.clock()
    )
    return badges.find(database, opened, badge_id)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("", 400),
        ("   ", 400),
        ("hello", 422),
        ("{", 422),
        ("[]", 422),
        ("{}", 422),
        ('{"type": "Assertion", "@context": "https://w3id.org/openbadges/v2"}', 422),
        ('{"a": 1, "a": 2}', 422),
        ("[" * 100_000, 422),
        ("x" * 300_001, 400),
    ],
)
def test_text_that_is_no_badge_is_refused_and_nothing_is_kept(
    world: WalletWorld, text: str, status: int
) -> None:
    worker = world.browser()
    worker.opens_wallet()
    page = worker.submit("/import", on="/import", text=text)
    assert page.status_code == status
    assert "Bring a badge from a file" in page.text  # the form again, with the reason
    assert worker.badge_ids() == []


def test_badge_changed_by_one_letter_is_refused_with_the_reason(world: WalletWorld) -> None:
    opened = cards.open_new(world.services.database)
    text = json.dumps(world.centre.badge(opened.did)).replace("Confirmed", "Konfirmed")
    with pytest.raises(Refused, match="The signature does not fit"):
        bring(world, opened, text)
    assert badges.wall(world.services.database, opened).badges == ()


def test_badge_whose_signer_cannot_be_reached_is_not_called_false(world: WalletWorld) -> None:
    opened = cards.open_new(world.services.database)
    text = json.dumps(world.centre.badge(opened.did))
    world.centre.down = {"/.well-known/did.json"}
    with pytest.raises(Refused) as caught:
        bring(world, opened, text)
    assert caught.value.status == 503


def test_badge_with_the_id_of_mine_by_another_signer_does_not_replace_it(
    world: WalletWorld,
) -> None:
    opened = cards.open_new(world.services.database)
    mine = world.centre.badge(opened.did, badge_id="urn:uuid:3c0b5b0e-6f7e-4b0a-9d51-0000000000a1")
    bring(world, opened, json.dumps(mine))
    forger = PrivateKey.generate()
    did = did_key(forger.public)
    forged = {name: value for name, value in mine.items() if name != "proof"}
    forged["issuer"] = {"id": did, "type": ["Profile"], "name": "Forger"}
    forged.pop("credentialStatus")
    method = f"{did}#{forger.public.multibase}"
    text = json.dumps(add_proof(forged, forger, verification_method=method, created=NOW))
    bring(world, opened, text)
    signers = [
        badge.document["issuer"]["id"]
        for badge in badges.wall(world.services.database, opened).badges
    ]
    assert sorted(signers) == sorted([world.centre.did, did])


def test_same_badge_brought_twice_is_kept_once(world: WalletWorld) -> None:
    opened = cards.open_new(world.services.database)
    text = json.dumps(world.centre.badge(opened.did))
    assert bring(world, opened, text).id == bring(world, opened, text).id
    assert len(badges.wall(world.services.database, opened).badges) == 1


def test_badge_of_an_unknown_signer_is_kept_and_says_so() -> None:
    world, centre = foreign_world()
    worker = world.browser()
    worker.opens_wallet()
    text = json.dumps(centre.badge(None, identifiers=[_hashed()]))
    page = worker.submit("/import", on="/import", text=text)
    assert page.status_code == 200
    assert "Genuine, but we do not know who signed." in page.text
    assert "They call themselves “Example Training Centre”" in page.text
    assert "Unknown signer" in worker.get("/badges").text


def test_badge_given_to_another_wallet_is_kept_but_never_shown(world: WalletWorld) -> None:
    worker = world.browser()
    worker.opens_wallet()
    other = did_key(PrivateKey.generate().public)
    text = json.dumps(world.centre.badge(other))
    page = worker.submit("/import", on="/import", text=text)
    assert "You cannot show it from here" in page.text
    (badge_id,) = worker.badge_ids()
    assert str(badge_id) not in worker.get("/show").text
    worker.keeps(world.centre.offer())
    answer = worker.submit("/show", on="/show", badge=str(badge_id), duration="7")
    assert answer.status_code == 409


def test_cancelled_badge_is_kept_and_shown_as_no_longer_valid(world: WalletWorld) -> None:
    worker = world.browser()
    worker.opens_wallet()
    world.centre.revoked = {7}
    opened_text = json.dumps(world.centre.badge(None, identifiers=[_hashed()]))
    page = worker.submit("/import", on="/import", text=opened_text)
    assert "Genuine, but no longer valid." in page.text
    assert "Its signer cancelled it, for good or for a while." in page.text


def test_checking_again_sees_what_changed_since(world: WalletWorld) -> None:
    worker = world.browser()
    worker.opens_wallet()
    worker.keeps(world.centre.offer())
    (badge_id,) = worker.badge_ids()
    world.centre.revoked = {7}
    page = worker.submit(f"/badges/{badge_id}/check", on=f"/badges/{badge_id}")
    assert "Checked just now." in page.text
    assert "Genuine, but no longer valid." in page.text
    world.centre.revoked, world.centre.down = set(), {"/status"}
    page = worker.submit(f"/badges/{badge_id}/check")
    assert "We could not check everything now." in page.text
    assert "no longer valid" not in page.text


def test_badge_comes_as_a_file_and_leaves_as_the_same_bytes(world: WalletWorld) -> None:
    worker = world.browser()
    worker.opens_wallet()
    text = json.dumps(world.centre.badge(None, identifiers=[_hashed()]), indent=3)
    page = worker.submit(
        "/import", on="/import", file=(io.BytesIO(text.encode()), "../../etc/passwd")
    )
    assert NAME in page.text
    (badge_id,) = worker.badge_ids()
    answer = worker.get(f"/badges/{badge_id}/file")
    assert answer.data == text.encode()
    assert answer.content_type == "application/vc+ld+json"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="home-cleaning')
    assert answer.headers["Cache-Control"] == "no-store"


def test_file_that_is_no_text_is_refused(world: WalletWorld) -> None:
    worker = world.browser()
    worker.opens_wallet()
    page = worker.submit("/import", on="/import", file=(io.BytesIO(b"\x89PNG\xff\xfe"), "a.png"))
    assert page.status_code == 415
    assert worker.badge_ids() == []


def test_who_vouches_is_shown_with_the_reason_it_counts(world: WalletWorld) -> None:
    worker = world.browser()
    worker.opens_wallet()
    text = json.dumps(world.centre.badge(None, identifiers=[_hashed()], vouched=True))
    page = worker.submit("/import", on="/import", text=text)
    assert "We vouch for this centre." in page.text
    assert "Federation of Employers" in page.text
    assert "About the one who signed." in page.text
    assert "We do not know them." in page.text


def test_markup_in_a_badge_is_shown_as_letters() -> None:
    world = open_world(trust=trusting())
    worker = world.browser()
    worker.opens_wallet()
    evil = '<script>alert(1)</script><img src="https://tracker.example/x.png">'
    centre = world.centre

    document = centre.badge(None, identifiers=[_hashed()])
    bare = {name: value for name, value in document.items() if name != "proof"}
    bare["name"] = evil
    bare["credentialSubject"]["achievement"]["name"] = evil
    page = worker.submit("/import", on="/import", text=json.dumps(centre.sign(bare)))
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert '<img src="https://tracker' not in page.text


def test_example_that_nobody_signed_is_refused(world: WalletWorld) -> None:
    path = Path(__file__).resolve().parents[2].parent / "shared" / "examples" / "level1.json"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    opened = cards.open_new(world.services.database)
    with pytest.raises(Refused) as caught:
        bring(world, opened, path.read_text("utf-8"))
    assert caught.value.status == 422


def _hashed() -> dict[str, object]:
    return {
        "type": "IdentityObject",
        "identityType": "emailAddress",
        "hashed": True,
        "identityHash": "sha256$4987e364251b0440cd1c36203bf8bd03c0581c2cbf41b55af813959ebcd62388",
        "salt": "9f1c2a7be0d84c55",
    }
