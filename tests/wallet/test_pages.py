"""The wallet's pages, walked as a person walks them."""

import re
from pathlib import Path

import pytest
from wallet_world import NAME, SENTENCE, WalletWorld, open_world

from wallet import cards
from web.settings import DemoEntry

FIRST_PAGE_BYTES = 100_000


@pytest.fixture
def world() -> WalletWorld:
    return open_world()


def test_worker_opens_a_wallet_keeps_a_badge_and_shows_it(world: WalletWorld) -> None:
    worker = world.browser()
    worker.opens_wallet("Maria")
    link = world.centre.offer()

    preview = worker.get(link.removeprefix("http://localhost:8002"))
    assert NAME in preview.text
    assert SENTENCE in preview.text
    assert "Training Centre of Madrid" in preview.text
    assert 'src="data:image/svg+xml;base64,' in preview.text

    kept = worker.submit("/receive/keep")
    assert kept.status_code == 200
    assert "This badge is yours now" in kept.text
    assert "Genuine and valid today." in kept.text
    assert "Hello. I can clean a whole home" in kept.text
    assert "European skills (ESCO)" in kept.text

    wall = worker.get("/badges").text
    assert "Hello Maria" in wall
    assert SENTENCE in wall
    assert wall.count('class="badge-picture"') == 1

    shared = worker.shares(worker.badge_ids())
    answer = world.app.test_client(use_cookies=False).get(shared)
    assert answer.status_code == 200
    assert NAME in answer.text


def test_offer_waits_while_a_new_person_opens_a_wallet(world: WalletWorld) -> None:
    worker = world.browser()
    page = worker.get(world.centre.offer().removeprefix("http://localhost:8002"))
    assert "A badge waits for you" in page.text
    assert world.centre.asked == []  # nothing is fetched for somebody without a wallet
    worker.opens_wallet()
    assert NAME in worker.submit("/card/have").text
    assert "This badge is yours now" in worker.submit("/receive/keep").text


def test_offer_waits_while_the_card_is_scanned(world: WalletWorld) -> None:
    card = world.browser().opens_wallet()
    worker = world.browser()
    worker.get(world.centre.offer().removeprefix("http://localhost:8002"))
    assert NAME in worker.submit("/open", on=f"/open?card={card}").text


def test_offer_of_one_person_does_not_wait_for_the_next_on_a_shared_phone(
    world: WalletWorld,
) -> None:
    phone = world.browser()
    phone.opens_wallet("First")
    phone.submit("/close")
    phone.get(world.centre.offer().removeprefix("http://localhost:8002"))
    phone.opens_wallet("First again")
    phone.submit("/close")
    phone.opens_wallet("Second")
    assert "You have no badge yet." in phone.submit("/card/have").text


def test_wrong_number_asks_again_on_the_same_page(world: WalletWorld) -> None:
    worker = world.browser()
    worker.opens_wallet()
    page = worker.keeps(world.centre.offer(number="493536"), number="111111")
    assert page.status_code == 400
    assert "This number is not right." in page.text
    assert 'inputmode="numeric"' in page.text
    assert "This badge is yours now" in worker.submit("/receive/keep", number="493536").text


def test_silent_centre_gets_a_page_with_try_again_that_works(world: WalletWorld) -> None:
    worker = world.browser()
    worker.opens_wallet()
    world.centre.down = {"/credential"}
    page = worker.keeps(world.centre.offer())
    assert page.status_code == 503
    assert "Nothing is lost." in page.text
    world.centre.down = set()
    assert "This badge is yours now" in worker.submit("/receive/keep").text
    assert len(worker.badge_ids()) == 1


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fr", ("Vos badges, sur votre téléphone", "Mes badges")),
        ("es", ("Sus insignias, en su teléfono", "Mis insignias")),
        ("en", ("Your badges, on your phone", "My badges")),
    ],
)
def test_pages_speak_the_visitors_language(
    world: WalletWorld, language: str, words: tuple[str, ...]
) -> None:
    visitor = world.browser(language)
    page = visitor.get("/")
    assert words[0] in page.text
    assert f'<html lang="{language}"' in page.text
    visitor.opens_wallet(language=language)
    assert words[1] in visitor.get("/badges").text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/open?card=nonsense", 400),
        ("/badges/not-an-id", 404),
        ("/show/not-an-id", 404),
        ("/nothing", 404),
        ("/receive?credential_offer_uri=ftp://x", 400),
        ("/receive?credential_offer=%00", 400),
        ("/receive?credential_offer=a&credential_offer_uri=b", 400),
    ],
)
def test_bad_address_gets_a_page_in_the_visitors_language(
    world: WalletWorld, path: str, status: int
) -> None:
    visitor = world.browser("fr")
    visitor.opens_wallet(language="fr")
    page = visitor.get(path)
    assert page.status_code == status
    assert '<html lang="fr"' in page.text
    assert "<h1>" in page.text


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_wrong_method_is_a_page_too(world: WalletWorld, method: str) -> None:
    answer = getattr(world.app.test_client(), method)("/", headers={"Accept": "text/html"})
    assert 400 <= answer.status_code < 500


def test_first_page_is_small_enough_for_a_bad_network(world: WalletWorld) -> None:
    client = world.app.test_client()
    headers = {"Accept-Encoding": "gzip", "Accept": "text/html"}
    page = client.get("/", headers=headers)
    files = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)
    assert files
    sizes = {"/": len(page.data)}
    for file in files:
        answer = client.get(file, headers=headers)
        assert answer.status_code == 200, file
        sizes[file] = len(answer.data)
    assert sum(sizes.values()) < FIRST_PAGE_BYTES, sizes


def test_pages_need_no_script_and_no_other_site(world: WalletWorld) -> None:
    worker = world.browser()
    worker.opens_wallet("Maria")
    worker.keeps(world.centre.offer())
    (badge_id,) = worker.badge_ids()
    for path in ("/", "/badges", f"/badges/{badge_id}", "/show", "/shown", "/card", "/receive"):
        text = worker.get(path).text
        assert "onclick" not in text
        assert " style=" not in text
        for script in re.findall(r"<script[^>]*>", text):
            assert 'src="/static/' in script
        for source in re.findall(r'(?:src|href)="(https?:[^"]+)"', text):
            raise AssertionError(f"{path} leads to {source}")


def test_home_offers_the_samples_of_the_demo_by_one_tap(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/wallet.db"
    maria = cards.open_new(open_world(database_url=url).services.database, nickname="Maria")
    entry = DemoEntry("Maria", "Two badges", "/open", {"card": maria.card})
    world = open_world(database_url=url, demo_entries=(entry,))
    assert "Hello Maria" in world.browser().submit("/open?lang=en", on="/").text
