"""What anybody may begin without an account is limited, by address and by all, and tidied away."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from assessment_world import refused
from award_world import NOW, SECRET, Centre, at_once, open_centre, open_service
from sqlmodel import select

from issuer import limits, presenting, retention
from issuer.presenting_tables import PresentationRequest, Purpose
from issuer.tables import BegunCount, Role

FEW = replace(limits.SHOWING, of_one=3, of_all=5, share=1, at_most=8)


@pytest.fixture
def centre(tmp_path: Path, database_url: str) -> Centre:
    return open_centre(tmp_path, database_url=database_url)


def begins(centre: Centre, address: str, minutes: int = 0, limit: limits.Limit = FEW) -> None:
    with centre.database.transaction() as session:
        now = NOW + timedelta(minutes=minutes)
        limits.count(session, limit, address=address, secret=SECRET, now=now)


def test_one_address_floods_nothing_not_even_at_once(centre: Centre) -> None:
    outcomes = at_once(8, lambda _: begins(centre, "192.0.2.1"))
    assert (outcomes.count(None), outcomes.count("too-many-tries")) == (3, 5)
    begins(centre, "192.0.2.2")  # another one still may
    begins(centre, "192.0.2.1", limit=replace(FEW, thing="other"))
    refused("too-many-tries", lambda: begins(centre, "192.0.2.1", minutes=14))
    begins(centre, "192.0.2.1", minutes=15)


def test_many_addresses_together_flood_nothing(centre: Centre) -> None:
    outcomes = at_once(12, lambda place: begins(centre, f"192.0.2.{place}"))
    assert (outcomes.count(None), outcomes.count("too-many-tries")) == (8, 4)


def test_a_few_who_use_up_what_is_for_all_lock_nobody_else_out(centre: Centre) -> None:
    for place in (1, 1, 1, 2, 2):
        begins(centre, f"192.0.2.{place}")
    refused("too-many-tries", lambda: begins(centre, "192.0.2.2"))
    for place in (3, 4, 5):
        begins(centre, f"192.0.2.{place}")  # each the first time
    refused("too-many-tries", lambda: begins(centre, "192.0.2.6"))
    begins(centre, "192.0.2.2", minutes=15)


def test_counts_name_no_address_and_go_with_their_window(centre: Centre) -> None:
    for place in range(4):
        begins(centre, f"192.0.2.{place}")
    with centre.database.reading() as session:
        kept = session.exec(select(BegunCount.source_hash)).all()
    assert len(kept) == 5
    assert not any("192.0.2" in one for one in kept)
    begins(centre, "192.0.2.9", minutes=16)
    assert centre.count(BegunCount) == 2, "the old ones are gone with the first new one"
    retention.run(centre.database, body=centre.body, now=NOW + timedelta(hours=1))
    assert centre.count(BegunCount) == 0


def test_beginning_to_sign_in_is_limited_in_the_service_and_leaves_no_rows(tmp_path: Path) -> None:
    service = open_service(tmp_path, database_url=f"sqlite:///{tmp_path}/issuer.db")
    flood, other = ({"REMOTE_ADDR": one} for one in ("192.0.2.1", "192.0.2.2"))
    visitor = service.app.test_client()
    for _ in range(limits.SHOWING.of_one):
        assert visitor.post("/present/sign-in", environ_base=flood).status_code == 302
    answer = visitor.post("/present/sign-in?lang=en", environ_base=flood)
    assert answer.status_code == 429
    assert "Too many tries." in answer.text
    assert service.centre.count(PresentationRequest) == limits.SHOWING.of_one
    maria = service.browser("maria", Role.CANDIDATE)
    asked = maria.post("/present/expert", data={"language": "es"}, environ_base=flood)
    assert asked.status_code == 429, "an account begins no more than anybody"
    assert visitor.post("/present/sign-in", environ_base=other).status_code == 302
    service.clock.now += limits.WINDOW
    assert visitor.post("/present/sign-in", environ_base=flood).status_code == 302
    with service.centre.database.transaction() as session:
        presenting.begin(session, Purpose.SIGN_IN, now=service.clock() + timedelta(minutes=21))
    assert service.centre.count(PresentationRequest) == 1, "what ran out is gone"


def test_nonces_are_limited_as_a_problem_for_machines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "NONCES", replace(limits.NONCES, of_one=2))
    wallet = open_service(tmp_path).app.test_client()
    assert [wallet.post("/nonce").status_code for _ in range(3)] == [200, 200, 429]
    assert wallet.post("/nonce").mimetype == "application/problem+json"
