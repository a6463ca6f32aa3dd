"""Status lists: random places, lists that stay fresh, cancellations seen at once, none lost."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from award_world import BASE_URL, NOW, Service, open_service
from sqlalchemy.exc import IntegrityError
from sqlmodel import select
from world import Network

from credentials.report import CheckFailed
from credentials.status import LIST_LENGTH, check_status
from issuer import changes, issuing, status_lists
from issuer.award_tables import StatusEntry, StatusList
from issuer.tables import Role
from keys.did import did_key
from keys.material import PrivateKey

HOLDER = did_key(PrivateKey.from_seed("Ed25519", b"h" * 32).public)


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return open_service(tmp_path)


def signed_badge(service: Service, award_id: UUID) -> dict[str, Any]:
    centre = service.centre
    text = issuing.deliver(
        centre.database, award_id, holder=HOLDER, body=centre.body, now=service.clock()
    )
    document: dict[str, Any] = json.loads(text)
    return document


def network(service: Service) -> Network:
    joined = Network()
    joined.join(BASE_URL, service.app)
    return joined


def revoke(service: Service, award_id: UUID) -> None:
    officer = service.centre.person("olga", Role.OFFICER)
    with service.centre.database.transaction() as session:
        changes.ask(
            session,
            award_id,
            action="revoke",
            reason="holder_request",
            officer_id=officer,
            body=service.centre.body,
            now=service.clock(),
        )


def test_cancelled_badge_turns_and_the_others_stay(service: Service) -> None:
    first, second = (service.released(candidate=name) for name in ("maria", "juan"))
    badges = [signed_badge(service, award_id) for award_id in (first, second)]
    joined = network(service)
    for badge in badges:
        assert check_status(badge, fetch=joined, now=NOW).has_status
    revoke(service, first)
    with pytest.raises(CheckFailed) as failed:
        check_status(badges[0], fetch=joined, now=NOW)
    assert failed.value.code == "status.revoked"
    assert check_status(badges[1], fetch=joined, now=NOW).has_status
    assert set(joined.urls()) == {f"{BASE_URL}/status/1", f"{BASE_URL}/.well-known/did.json"}


def test_cancellations_at_once_are_all_kept(tmp_path: Path) -> None:
    service = open_service(tmp_path, database_url=f"sqlite:///{tmp_path}/issuer.db")
    released = [service.released(candidate=f"c{number}", level=1) for number in range(8)]
    badges = [signed_badge(service, award_id) for award_id in released]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda award_id: revoke(service, award_id), released))
    joined = network(service)
    for badge in badges:
        with pytest.raises(CheckFailed, match="set for revocation"):
            check_status(badge, fetch=joined, now=NOW)


def test_list_is_signed_again_in_time_and_after_a_rotation(service: Service) -> None:
    badge = signed_badge(service, service.released())
    browser = service.browser()
    first = browser.get("/status/1")
    assert first.content_type == "application/vc"
    assert first.headers["Cache-Control"] == "public, max-age=60"
    assert browser.get("/status/1").data == first.data
    service.clock.now = NOW + status_lists.VALID_FOR / 2
    second = browser.get("/status/1")
    assert second.data != first.data
    service.centre.body.keyring.rotate(now=service.clock())
    third = browser.get("/status/1")
    assert "#key-2" in third.get_json(force=True)["proof"]["verificationMethod"]
    later = service.clock() + timedelta(hours=1)
    assert check_status(badge, fetch=network(service), now=later).has_status


def test_unchanged_list_is_not_sent_twice(service: Service) -> None:
    service.released()
    browser = service.browser()
    etag = browser.get("/status/1").headers["ETag"]
    again = browser.get("/status/1", headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")


def test_list_is_large_and_tells_nothing_about_its_badges(service: Service) -> None:
    service.released()
    document = service.browser().get("/status/1").get_json(force=True)
    assert document["credentialSubject"]["ttl"] == 60_000
    assert document["validUntil"] > document["validFrom"]
    assert set(document["credentialSubject"]) == {
        "id",
        "type",
        "statusPurpose",
        "encodedList",
        "ttl",
    }


@pytest.mark.parametrize("path", ["/status/0", "/status/2", "/status/-1", "/status/x", "/status/"])
def test_lists_that_do_not_exist_are_not_made(service: Service, path: str) -> None:
    service.released()
    assert service.browser().get(path).status_code == 404
    assert service.centre.count(StatusList) == 1


def test_a_place_is_never_given_twice_nor_freed(service: Service) -> None:
    service.released()
    database = service.centre.database
    with database.reading() as session:
        entry = session.exec(select(StatusEntry)).one()
    with pytest.raises(IntegrityError), database.transaction() as session:
        session.delete(session.exec(select(StatusEntry)).one())
    with pytest.raises(IntegrityError), database.transaction() as session:
        session.add(StatusEntry(list_number=entry.list_number, position=entry.position))
    for position in (-1, LIST_LENGTH):
        with pytest.raises(IntegrityError), database.transaction() as session:
            session.add(StatusEntry(list_number=1, position=position))


def test_a_new_list_is_begun_when_the_old_one_is_half_full(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status_lists, "_FULL", 3)
    with service.centre.database.transaction() as session:
        places = [status_lists.take_place(session) for _ in range(7)]
    assert [place.list_number for place in places] == [1, 1, 1, 2, 2, 2, 3]
    assert len(set(places)) == 7


def test_health_tells_what_is_used_cancelled_and_fresh(service: Service) -> None:
    revoke(service, service.released())
    service.released(candidate="juan")
    with service.centre.database.reading() as session:
        (one,) = status_lists.health(session, service.centre.body.keyring, now=NOW)
        (late,) = status_lists.health(
            session, service.centre.body.keyring, now=NOW + timedelta(days=3)
        )
    assert (one.used, one.revoked, one.fresh) == (2, 1, True)
    assert late.fresh is False
