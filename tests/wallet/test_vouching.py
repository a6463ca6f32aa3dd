"""Households vouch by a share: only for what it shows, few, once, and the owner decides."""

import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from parties import Party
from sqlalchemy.exc import IntegrityError
from sqlmodel import select
from wallet_world import NOW, VERIFIER, Browser, WalletWorld, open_world

from contexts import loads_strict
from credentials.proofs import add_proof
from credentials.verify import Expected, verify_presentation
from credentials.vouching import MAX_BYTES, sign_once
from keys.did.key import did_key
from keys.material import PrivateKey
from wallet import cards, receiving, sharing, vouching
from wallet.tables import Share
from wallet.vouching_tables import MOST_PER_SHARE, Arrived, Vouched

COMMENT, NAME = "We saw how well they work.", "A household in Madrid"


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


def shown_at(world: WalletWorld, path: str) -> dict[str, Any]:
    found: dict[str, Any] = loads_strict(world.app.test_client().get(path).text)
    return found


def badge_at(world: WalletWorld, path: str) -> str:
    return str(shown_at(world, path)["verifiableCredential"][0]["id"])


def vouch(badge_id: str, comment: str = COMMENT, name: str = NAME) -> dict[str, Any]:
    return sign_once(badge_id, comment=comment, name=name, now=NOW)


def send(world: WalletWorld, path: str, document: Any) -> tuple[int, str]:
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    client = world.app.test_client(use_cookies=False)
    answer = client.post(f"{path}/endorsements", data=raw, content_type="application/vc+ld+json")
    return answer.status_code, (answer.get_json(force=True, silent=True) or {}).get("type", "")


def voice_id(page: str, what: str) -> UUID:
    found = re.search(rf'action="/voices/([0-9a-f-]+)/{what}"', page)
    assert found, page
    return UUID(found[1])


def rows(world: WalletWorld, table: Any) -> list[Any]:
    with world.services.database.reading() as session:
        return list(session.exec(select(table)).all())


# --- what is not taken -------------------------------------------------------------------------


def test_a_share_that_is_stopped_over_or_never_was_takes_nothing(
    world: WalletWorld, worker: Browser
) -> None:
    path = worker.shares(worker.badge_ids(), "now")
    said = vouch(badge_at(world, path))
    assert send(world, "/shares/" + "A" * 32, said)[0] == 404
    world.clock.now += timedelta(minutes=11)
    assert send(world, path, said)[0] == 404
    world.clock.now = NOW
    action = re.search(r'action="(/show/[^"]+/stop)"', worker.page.text)  # type: ignore[union-attr]
    assert action
    worker.submit(action[1])
    assert send(world, path, said)[0] == 404
    assert rows(world, Arrived) == []


def test_words_about_another_badge_or_on_somebody_elses_share_are_not_taken(
    world: WalletWorld, worker: Browser
) -> None:
    path = worker.shares(worker.badge_ids())
    other = world.browser()
    other.opens_wallet("Olga")
    other.keeps(world.centre.offer(level=1))
    others = other.shares(other.badge_ids())
    stapled = vouch(badge_at(world, others))
    assert send(world, path, stapled) == (422, "about:blank#endorsement.other-subject")
    assert send(world, others, vouch(badge_at(world, path)))[0] == 422
    holder = vouch(shown_at(world, path)["holder"])
    assert send(world, path, holder)[0] == 422
    assert rows(world, Arrived) == []


def _changed(said: dict[str, Any]) -> Any:
    said["credentialSubject"]["endorsementComment"] = "The best worker of all."
    return said


def _unsigned(said: dict[str, Any]) -> Any:
    del said["proof"]
    return said


def _looked_up(said: dict[str, Any]) -> Any:
    said["credentialStatus"] = {"type": "1EdTechRevocationList", "id": "http://10.0.0.1/x"}
    return said


def _by_web(said: dict[str, Any]) -> Any:
    said["issuer"]["id"] = "did:web:10.0.0.1"
    return said


@pytest.mark.parametrize(
    ("spoil", "status"),
    [
        (_changed, 422),
        (_unsigned, 422),
        (_looked_up, 422),
        (_by_web, 422),
        (lambda said: b"{", 422),
        (lambda said: b"[]", 422),
        (lambda said: b"\xff", 422),
        (lambda said: json.dumps(said).encode() + b" " * MAX_BYTES, 413),
        (lambda said: json.dumps(said).replace('"id"', '"id": "a", "id"', 1).encode(), 422),
    ],
)
def test_altered_unsigned_oversize_and_hostile_ones_are_not_taken(
    world: WalletWorld, worker: Browser, spoil: Callable[[Any], Any], status: int
) -> None:
    path = worker.shares(worker.badge_ids())
    said = vouch(badge_at(world, path))
    asked = len(world.centre.asked) if hasattr(world.centre, "asked") else 0
    assert send(world, path, spoil(said))[0] == status
    assert rows(world, Arrived) == []
    if hasattr(world.centre, "asked"):
        assert len(world.centre.asked) == asked, "nothing is fetched for a stranger"


@pytest.mark.parametrize(
    ("comment", "name"),
    [
        ("Call me: 6 12 34 56 78", NAME),
        (COMMENT, "me@example.org"),
        ("x" * 301, NAME),
        (COMMENT, "y" * 61),
        ("abc\u202edef", NAME),
    ],
)
def test_contact_data_and_long_or_hidden_texts_are_not_taken_from_other_signers_either(
    world: WalletWorld, worker: Browser, comment: str, name: str
) -> None:
    path = worker.shares(worker.badge_ids())
    said = Party(name).endorse(badge_at(world, path), comment)
    assert send(world, path, said) == (422, "about:blank#not-allowed")


def test_what_the_holder_says_of_themself_is_not_taken(world: WalletWorld) -> None:
    database = world.services.database
    opened = cards.open_new(database)
    fetch = world.centre.fetch
    seen = receiving.preview(world.centre.offer(), fetch=fetch, trust=world.trust, language="en")
    badge = receiving.accept(database, opened, seen.offer, fetch=fetch, trust=world.trust, now=NOW)
    share = sharing.share(database, opened, [badge], verifier_url=VERIFIER, now=NOW)
    path = f"/shares/{share.token}"
    said = vouch(badge_at(world, path))
    said["issuer"]["id"] = opened.did
    del said["proof"]
    signed = add_proof(
        said,
        opened.signer,
        verification_method=opened.verification_method,
        created=NOW,
        cryptosuite="eddsa-jcs-2022",
    )
    assert send(world, path, signed) == (422, "about:blank#endorsement.by-holder")


def test_a_flood_fills_five_places_and_the_same_one_comes_once(
    world: WalletWorld, worker: Browser
) -> None:
    path = worker.shares(worker.badge_ids())
    badge = badge_at(world, path)
    first = vouch(badge)
    assert send(world, path, first)[0] == 201
    assert send(world, path, first) == (409, "about:blank#here-already")
    answers = [send(world, path, vouch(badge))[0] for _ in range(MOST_PER_SHARE + 2)]
    assert answers == [201] * (MOST_PER_SHARE - 1) + [409] * 3
    page = worker.get(f"/badges/{worker.badge_ids()[0]}").text
    worker.submit(f"/voices/{voice_id(page, 'delete')}/delete")
    assert send(world, path, first) == (409, "about:blank#here-already")
    assert send(world, path, vouch(badge))[0] == 409, "a deleted one frees no place"


def test_one_sender_may_not_bring_very_many(
    world: WalletWorld, worker: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vouching, "ARRIVALS", 3)
    path = "/shares/" + "B" * 32
    assert [send(world, path, {})[0] for _ in range(4)] == [404, 404, 404, 429]


def test_the_database_holds_the_places_of_a_share(database_url: str) -> None:
    world = open_world(database_url=database_url)
    worker = world.browser()
    worker.opens_wallet()
    worker.keeps(world.centre.offer())
    path = worker.shares(worker.badge_ids())
    assert send(world, path, vouch(badge_at(world, path)))[0] == 201
    share = rows(world, Share)[0]
    for place, mark in ((1, "a"), (MOST_PER_SHARE + 1, "b")):
        with pytest.raises(IntegrityError), world.services.database.transaction() as session:
            session.add(
                Arrived(
                    wallet_id=share.wallet_id,
                    share_id=share.id,
                    place=place,
                    fingerprint=mark,
                    at=NOW,
                )
            )
    badge = worker.badge_ids()[0]
    page = worker.get(f"/badges/{badge}").text
    worker.submit(f"/voices/{voice_id(page, 'keep')}/keep")
    assert len(rows(world, Vouched)) == 1
    worker.submit(f"/badges/{badge}/delete", on=f"/badges/{badge}/delete")
    assert rows(world, Vouched) == []


def test_a_wallet_goes_with_all_that_was_said(database_url: str) -> None:
    world = open_world(database_url=database_url)
    worker = world.browser()
    worker.opens_wallet()
    worker.keeps(world.centre.offer())
    (badge,) = worker.badge_ids()
    path = worker.shares([badge])
    for _ in range(2):
        send(world, path, vouch(badge_at(world, path)))
    page = worker.get(f"/badges/{badge}").text
    worker.submit(f"/voices/{voice_id(page, 'keep')}/keep")
    copy = worker.submit("/data/copy", on="/data/")
    with zipfile.ZipFile(io.BytesIO(copy.data)) as files:
        assert COMMENT in files.read("badges/words-01.json").decode()
        assert len(json.loads(files.read("wallet.json"))["vouched"]) == 2
    worker.submit("/delete", on="/delete", sure="yes")
    assert rows(world, Share) == rows(world, Arrived) == rows(world, Vouched) == []


def test_another_wallet_cannot_keep_or_delete_mine(world: WalletWorld, worker: Browser) -> None:
    path = worker.shares(worker.badge_ids())
    send(world, path, vouch(badge_at(world, path)))
    page = worker.get(f"/badges/{worker.badge_ids()[0]}").text
    mine = voice_id(page, "keep")
    database = world.services.database
    other = cards.open_new(database)
    for act in (vouching.keep, vouching.remove):
        with pytest.raises(Exception, match="not here any more"):
            act(database, other, mine, now=NOW)


def test_what_lies_in_the_database_opens_nothing(world: WalletWorld, worker: Browser) -> None:
    path = worker.shares(worker.badge_ids())
    send(world, path, vouch(badge_at(world, path)))
    (row,) = rows(world, Arrived)
    assert COMMENT.encode() not in row.content
    page = worker.get(f"/badges/{worker.badge_ids()[0]}").text
    worker.submit(f"/voices/{voice_id(page, 'keep')}/keep")
    (kept,) = rows(world, Vouched)
    assert COMMENT.encode() not in kept.content
    assert rows(world, Arrived)[0].content is None


# --- how it goes -------------------------------------------------------------------------------


def test_a_script_in_the_words_is_read_not_run(world: WalletWorld, worker: Browser) -> None:
    path = worker.shares(worker.badge_ids())
    said = vouch(badge_at(world, path), "<script>alert(1)</script>", "<b>Home</b>")
    assert send(world, path, said)[0] == 201
    page = worker.get(f"/badges/{worker.badge_ids()[0]}").text
    assert "<script>alert" not in page
    assert "<b>Home" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_what_is_kept_is_shown_with_its_badge_when_ticked(
    world: WalletWorld, worker: Browser
) -> None:
    (badge,) = worker.badge_ids()
    path = worker.shares([badge])
    said = vouch(badge_at(world, path))
    assert send(world, path, said)[0] == 201
    assert "Somebody vouches for you." in worker.get("/badges").text
    page = worker.get(f"/badges/{badge}").text
    assert COMMENT in page
    assert NAME in page
    assert "not confirmed" in page
    page = worker.submit(f"/voices/{voice_id(page, 'keep')}/keep").text
    assert "People vouch for you" in page

    without = worker.shares([badge])
    assert len(shown_at(world, without)["verifiableCredential"]) == 1
    kept = voice_id(worker.get(f"/badges/{badge}").text, "delete")
    assert f'value="{kept}" checked' in worker.get("/show").text
    preview = worker.submit("/show", on="/show", badge=str(badge), voice=str(kept), duration="7")
    assert COMMENT in preview.text
    assert NAME in preview.text
    action = re.search(r'action="(/show/[^"]+/start)"', preview.text)
    assert action
    link = re.search(r"shares%2F([\w-]+)", worker.submit(action[1]).text)
    assert link
    shown = world.app.test_client().get(f"/shares/{link[1]}").text
    report = verify_presentation(
        shown,
        Expected(VERIFIER),
        trust=world.trust,
        fetch=world.centre.fetch,
        now=NOW,
    )
    assert report.headline == "genuine"
    (one,) = report.badges[0].endorsements
    assert (one.counted, one.comment, one.said_by) == (True, COMMENT, "unknown")

    worker.submit(f"/voices/{kept}/delete", on=f"/badges/{badge}")
    assert world.app.test_client().get(f"/shares/{link[1]}").status_code == 404
    assert world.app.test_client().get(without).status_code == 200


def test_the_key_is_used_once() -> None:
    signers = {vouch("urn:uuid:3c0b5b0e-6f7e-4b0a-9d51-000000000002")["issuer"]["id"] for _ in "ab"}
    assert len(signers) == 2
    assert did_key(PrivateKey.generate().public) not in signers
