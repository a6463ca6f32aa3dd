"""The wallet's pages, walked as a person walks them."""

import pytest
from wallet_world import NAME, SENTENCE, WalletWorld, open_world


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

    kept = worker.submit("/receive/keep")
    assert kept.status_code == 200
    assert "This badge is yours now" in kept.text
    assert "Genuine and valid today." in kept.text

    shared = worker.shares(worker.badge_ids())
    answer = world.app.test_client(use_cookies=False).get(shared)
    assert answer.status_code == 200
    assert NAME in answer.text
