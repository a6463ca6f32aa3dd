"""Cancelled, suspended, let go on, corrected: for closed reasons, by two persons, and in order."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from award_world import BASE_URL, NOW, SECRET, Centre, Service, at_once, open_centre, open_service
from sqlalchemy.exc import IntegrityError
from sqlmodel import select
from world import Network

from credentials.report import CheckFailed
from credentials.status import check_status
from credentials.times import read_time
from issuer import awards, changes, issuing, offers
from issuer.award_tables import REASONS_OF, Action, Change, Credential, Offer, Reason, StatusEntry
from issuer.tables import Role
from keys.did import did_key
from keys.material import PrivateKey
from web.errors import Refused

HOLDER = did_key(PrivateKey.from_seed("Ed25519", b"h" * 32).public)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return open_service(tmp_path)


def ask(
    centre: Centre, award_id: UUID, action: str, reason: str = "", officer: str = "olga"
) -> bool:
    officer_id = centre.person(officer, Role.OFFICER)
    with centre.database.transaction() as session:
        return changes.ask(
            session,
            award_id,
            action=action,
            reason=reason or str(REASONS_OF[Action(action)][-1]),
            officer_id=officer_id,
            body=centre.body,
            now=LATER,
            has_phone=True,
        )


def confirm(centre: Centre, award_id: UUID, officer: str = "omar") -> Action:
    officer_id = centre.person(officer, Role.OFFICER)
    with centre.database.transaction() as session:
        return changes.confirm(
            session, award_id, officer_id=officer_id, body=centre.body, now=LATER
        )


def both(centre: Centre, award_id: UUID, action: str) -> None:
    assert ask(centre, award_id, action) is False
    confirm(centre, award_id)


def deliver(centre: Centre, award_id: UUID) -> dict[str, Any]:
    text = issuing.deliver(centre.database, award_id, holder=HOLDER, body=centre.body, now=LATER)
    document: dict[str, Any] = json.loads(text)
    return document


def network(service: Service) -> Network:
    joined = Network()
    joined.join(BASE_URL, service.app)
    return joined


# --- attacks ---------------------------------------------------------------------------------


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("reason", list(Reason))
def test_each_action_has_its_own_closed_reasons(
    service: Service, action: Action, reason: Reason
) -> None:
    award_id = service.released()
    if action is Action.LIFT:
        both(service.centre, award_id, "suspend")
    before = service.centre.count(Change)
    if reason in REASONS_OF[action]:
        ask(service.centre, award_id, action, reason)
    else:
        with pytest.raises(Refused, match="reason"):
            ask(service.centre, award_id, action, reason)
    assert service.centre.count(Change) - before == (reason in REASONS_OF[action])


@pytest.mark.parametrize("action", ["revoke", "suspend", "correct"])
def test_one_person_changes_nothing(service: Service, action: str) -> None:
    award_id = service.released()
    before = deliver(service.centre, award_id)
    assert ask(service.centre, award_id, action) is False
    with pytest.raises(Refused) as refused:
        confirm(service.centre, award_id, "olga")
    assert refused.value.code == "two-persons"
    olga = service.centre.person("olga")
    with pytest.raises(IntegrityError):
        service.centre.change(Change, confirmed_by=olga, confirmed_at=NOW)
    assert deliver(service.centre, award_id) == before
    check_status(before, fetch=network(service), now=LATER)


def test_a_suspension_is_not_lifted_by_one_person_in_the_holders_name(service: Service) -> None:
    award_id = service.released()
    both(service.centre, award_id, "suspend")
    assert ask(service.centre, award_id, "lift", "holder_request") is False
    with pytest.raises(Refused):
        confirm(service.centre, award_id, "olga")


def test_nobody_decides_about_their_own_badge(service: Service) -> None:
    award_id = service.released(candidate="maria")
    with pytest.raises(Refused) as refused:
        ask(service.centre, award_id, "revoke", "holder_request", "maria")
    assert refused.value.code == "own-badge"
    ask(service.centre, award_id, "correct")
    with pytest.raises(Refused):
        confirm(service.centre, award_id, "maria")


def test_states_allow_only_what_follows_from_them(service: Service) -> None:
    award_id = service.released()
    refused = ["lift"]
    for step, then_refused in (
        ("suspend", ["suspend", "correct"]),
        ("revoke", ["revoke", "suspend", "lift", "correct"]),
    ):
        for action in refused:
            with pytest.raises(Refused):
                ask(service.centre, award_id, action)
        both(service.centre, award_id, step)
        refused = then_refused
    for action in refused:
        with pytest.raises(Refused):
            ask(service.centre, award_id, action)


def test_a_confirmed_change_is_final(service: Service) -> None:
    both(service.centre, service.released(), "revoke")
    with pytest.raises(IntegrityError):
        service.centre.change(Change, reason="holder_request")
    with pytest.raises(IntegrityError), service.centre.database.transaction() as session:
        session.delete(session.exec(select(Change)).one())
    with pytest.raises(IntegrityError):
        service.centre.change(Credential, state="active")


def test_a_suspended_badge_cannot_be_collected_or_offered(service: Service) -> None:
    award_id = service.released()
    code = service.offer(award_id).code
    both(service.centre, award_id, "suspend")
    with pytest.raises(Refused):
        deliver(service.centre, award_id)
    with pytest.raises(Refused), service.centre.database.transaction() as session:
        awards.offer_again(
            session,
            award_id,
            body=service.centre.body,
            now=LATER,
            by=service.centre.person("olga"),
        )
    denied = offers.exchange_code(
        service.centre.database, code, number=None, secret=SECRET, now=LATER
    )
    assert isinstance(denied, offers.Denied)


# --- the way through -------------------------------------------------------------------------


def test_a_corrected_badge_keeps_its_id_and_is_newer_and_the_old_one_stops(
    service: Service,
) -> None:
    award_id = service.released()
    old = deliver(service.centre, award_id)
    both(service.centre, award_id, "correct")
    assert service.offer(award_id).award_id == award_id
    new = deliver(service.centre, award_id)
    assert (new["id"], new["awardedDate"]) == (old["id"], old["awardedDate"])
    assert read_time(new["validFrom"], "") > read_time(old["validFrom"], "")
    assert new["credentialStatus"]["id"] != old["credentialStatus"]["id"]
    with pytest.raises(CheckFailed):
        check_status(old, fetch=network(service), now=LATER)
    check_status(new, fetch=network(service), now=LATER)
    again = service.centre
    both(again, award_id, "correct")
    assert read_time(deliver(again, award_id)["validFrom"], "") > read_time(new["validFrom"], "")
    assert again.count(Credential) == again.count(StatusEntry) == 3


@pytest.mark.parametrize("collected", [False, True])
def test_a_suspended_badge_comes_back(service: Service, collected: bool) -> None:
    award_id = service.released()
    if collected:
        old = deliver(service.centre, award_id)
    both(service.centre, award_id, "suspend")
    both(service.centre, award_id, "lift")
    new = deliver(service.centre, award_id)
    check_status(new, fetch=network(service), now=LATER)
    if collected:
        assert new["id"] == old["id"]
        with pytest.raises(CheckFailed):
            check_status(old, fetch=network(service), now=LATER)
    with service.centre.database.reading() as session:
        assert [one.action for one in changes.history(session, award_id)] == ["suspend", "lift"]


def test_officers_correct_on_the_page_and_read_what_happened(service: Service) -> None:
    award_id = service.released()
    olga, omar = (service.browser(name, Role.OFFICER) for name in ("olga", "omar"))
    path = f"/officer/badges/{award_id}"
    asked = olga.post(
        f"{path}/change", data={"action": "correct", "reason": "issued_in_error", "phone": "yes"}
    )
    assert asked.status_code == 302
    assert "Correct this badge" in omar.get(f"{path}?lang=en").text
    assert olga.post(f"{path}/change/confirm").status_code == 403
    done = omar.post(f"{path}/change/confirm")
    page = omar.get(done.headers["Location"]).text
    assert "Made again" in page
    assert "The person can collect it." in page
    for bad in ({}, {"action": "x"}, {"action": "lift", "reason": "fraud"}):
        assert omar.post(f"{path}/change", data=bad).status_code == 400


# --- at once ---------------------------------------------------------------------------------


def test_many_at_once_ask_once_and_confirm_once(tmp_path: Path, database_url: str) -> None:
    centre = open_centre(tmp_path, database_url=database_url)
    names = [f"officer-{number}" for number in range(6)]
    for name in names:
        centre.person(name, Role.OFFICER)
    award_id = awards.release(
        centre.database,
        centre.decided(),
        officer_id=centre.people[names[0]],
        body=centre.body,
        now=NOW,
    )
    act: Callable[[int], object] = lambda place: ask(  # noqa: E731
        centre, award_id, "correct", officer=names[place]
    )
    assert at_once(6, act).count(False) == 1
    with centre.database.reading() as session:
        asker = session.exec(select(Change.requested_by)).one()
    answers = at_once(6, lambda place: confirm(centre, award_id, names[place]))
    assert sum(answer is Action.CORRECT for answer in answers) == 1
    with centre.database.reading() as session:
        change = session.exec(select(Change)).one()
        open_offers = session.exec(select(Offer).where(Offer.state == "open")).all()
    assert change.confirmed_by not in (None, asker)
    assert centre.count(Credential) == 2
    assert len(open_offers) == 1
