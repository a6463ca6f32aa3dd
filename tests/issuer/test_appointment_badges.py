"""The badge of an appointment: signed once, cancelled with it, no badge for a skill."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from appointment_world import (
    SKILL,
    Holder,
    appointed,
    expert_appointed,
    nomination,
    offered,
    suspend,
)
from award_world import BASE_URL, NOW, Service, at_once, open_service
from kill_driver import HOLDER
from killing import killed_at, restart
from sqlalchemy.exc import IntegrityError
from sqlmodel import select
from world import Network

from contexts import check_schema
from credentials.report import Headline, Report
from credentials.trust import Trust, TrustedParty
from credentials.verify import verify_credential
from issuer import appointment_badges, appointments, changes, eligibility, recipients
from issuer.appointment_badge_tables import AppointmentBadge
from issuer.audit import broken_at
from issuer.award_tables import Credential
from issuer.tables import Role
from web.errors import Refused


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return open_service(tmp_path)


def verified(service: Service, text: str, holder: str | None = None) -> Report:
    """Verify a badge as a stranger does, over the network."""
    network = Network()
    network.join(BASE_URL, service.app)
    party = TrustedParty(service.centre.body.did, "Centre", frozenset({"issuer"}))
    return verify_credential(
        text, trust=Trust((party,)), fetch=network, now=service.clock(), holder=holder
    )


def rows(service: Service) -> list[AppointmentBadge]:
    with service.centre.database.reading() as session:
        return list(session.exec(select(AppointmentBadge)).all())


def lifted(service: Service, one: Any) -> None:
    with service.centre.database.transaction() as session:
        appointments.lift(
            session, one.id, by=service.centre.people["cora"], reason="Fine", now=service.clock()
        )


# --- what it says ---------------------------------------------------------------------------------


def test_an_examiner_collects_it_and_everybody_can_check_it(service: Service) -> None:
    wallet = Holder(service)
    text = wallet.collects(appointed(service, ceiling=2))
    assert verified(service, text, wallet.did).headline is Headline.GENUINE
    document = json.loads(text)
    check_schema(document, "achievement-credential")
    subject = document["credentialSubject"]
    assert subject["role"] == "Examiner"
    assert "result" not in subject
    assert subject["achievement"]["achievementType"] == "ext:ExaminerAppointment"
    assert subject["achievement"]["description"] == (
        "May mark work on “Home cleaning”. Language of the work: Français. "
        "Levels: Beginner, Confirmed."
    )
    assert document["validUntil"] == "2028-11-23T12:00:00Z"
    assert "nora" not in text
    assert "Trains our cleaners" not in text, "a reason is between the centre and the person"


def test_its_achievement_has_a_page_in_each_language_and_a_document(service: Service) -> None:
    text = Holder(service).collects(appointed(service), "es")
    written = json.loads(text)["credentialSubject"]["achievement"]
    browser, path = service.app.test_client(), written["id"].removeprefix(BASE_URL)
    answer = browser.get(f"{path}/es", headers={"Accept": "application/ld+json"})
    document = answer.get_json()
    assert {name: document[name] for name in written} == written
    for language, words in (("en", "May mark"), ("fr", "Peut noter"), ("es", "Puede evaluar")):
        page = browser.get(f"{path}/{language}")
        assert page.status_code == 200
        assert words in page.text
    assert browser.get("/images/examiner.svg").mimetype == "image/svg+xml"
    for wrong in (f"{path}/xx", "/achievements/examiner/flying/fr/expert"):
        assert browser.get(wrong).status_code == 404


def test_a_co_examiner_needs_the_expert_badge_and_the_page_says_so(service: Service) -> None:
    page = service.app.test_client().get(f"/achievements/examiner/{SKILL}/fr/co-examiner")
    assert "Home cleaning - Expert" in page.text
    assert "needed to be appointed" in page.text
    assert "only beside an examiner who is appointed for it" in page.text


def test_the_page_of_it_leads_to_the_wallet_and_later_says_that_it_is_kept(
    tmp_path: Path, database_url: str
) -> None:
    service = open_service(tmp_path, database_url=database_url)
    one, wallet = appointed(service), Holder(service)
    browser, path = service.browser("nora"), f"/examining/{one.id}/badge"
    assert path in browser.get("/examining/").text
    assert "Make my badge" in browser.get(path).text
    assert browser.post(path).location == path
    found = re.search(r"offers%2F([0-9a-f]+)", browser.get(path).text)
    assert found is not None
    assert wallet.ask(wallet.token(found[1])).status_code == 200
    page = browser.get(path).text
    assert "You have it." in page
    assert "Make a new one" in page


# --- attacks --------------------------------------------------------------------------------------


def test_nobody_gets_the_badge_of_another_appointment(service: Service) -> None:
    one = appointed(service)
    stranger = service.browser("zoe", Role.EXAMINER)
    assert stranger.get(f"/examining/{one.id}/badge").status_code == 404
    assert stranger.post(f"/examining/{one.id}/badge").status_code == 404
    assert rows(service) == []


def test_two_wallets_at_once_get_one_badge(tmp_path: Path, database_url: str) -> None:
    service = open_service(tmp_path, database_url=database_url)
    one = appointed(service)
    token = Holder(service).token(offered(service, one))
    wallets = [Holder(service) for _ in range(4)]
    answers = at_once(4, lambda place: wallets[place].ask(token).status_code)
    assert sorted(map(str, answers)) == ["200", "400", "400", "400"]
    (row,) = rows(service)
    assert row.state == "active"


def test_a_code_is_used_once_and_runs_out(service: Service) -> None:
    one = appointed(service)
    wallet = Holder(service)
    reference = offered(service, one)
    wallet.token(reference)
    assert wallet.http.get(f"/offers/{reference}").status_code == 404
    late = offered(service, one)
    service.clock.now = NOW + timedelta(hours=2)
    assert wallet.http.get(f"/offers/{late}").status_code == 404


def test_a_token_opens_no_other_badge(service: Service) -> None:
    wallet = Holder(service)
    token = wallet.token(offered(service, appointed(service)))
    answer = wallet.ask(token, f"{SKILL}-expert")
    assert (answer.status_code, answer.get_json()["error"]) == (403, "insufficient_scope")


def test_a_suspended_examiner_collects_nothing_even_with_a_token(service: Service) -> None:
    one = appointed(service)
    wallet = Holder(service)
    token = wallet.token(offered(service, one))
    suspend(service, one)
    assert wallet.ask(token).status_code in (400, 401)
    assert rows(service)[0].signed_text is None
    browser = service.browser("nora")
    assert browser.post(f"/examining/{one.id}/badge").status_code == 409


@pytest.mark.parametrize("act", ["suspend", "end"])
def test_it_is_cancelled_at_once_with_the_appointment(service: Service, act: str) -> None:
    one = appointed(service)
    text = Holder(service).collects(one)
    assert verified(service, text).headline is Headline.GENUINE
    with service.centre.database.transaction() as session:
        getattr(appointments, act)(
            session, one.id, by=service.centre.people["cora"], reason="So", now=service.clock()
        )
    report = verified(service, text)
    assert report.headline is Headline.NO_LONGER_VALID
    assert report.check("status").code == "status.revoked"  # type: ignore[union-attr]


def test_it_falls_with_the_expert_badge_that_it_rests_on(service: Service) -> None:
    award, one = expert_appointed(service)
    text = Holder(service).collects(one)
    assert "co-examiner" in json.loads(text)["credentialSubject"]["achievement"]["id"]
    assert verified(service, text).headline is Headline.GENUINE
    with service.centre.database.transaction() as session:
        changes.ask(
            session,
            award,
            action="revoke",
            reason="holder_request",
            officer_id=service.centre.people["olga"],
            body=service.centre.body,
            now=NOW,
        )
    assert verified(service, text).headline is Headline.NO_LONGER_VALID


def test_after_a_suspension_a_new_one_takes_its_place(service: Service) -> None:
    one = appointed(service)
    wallet = Holder(service)
    first = wallet.collects(one)
    suspend(service, one)
    lifted(service, one)
    second = wallet.collects(nomination(service, one.id))
    assert json.loads(first)["id"] == json.loads(second)["id"]
    assert json.loads(first)["validFrom"] < json.loads(second)["validFrom"]
    assert verified(service, first).headline is Headline.NO_LONGER_VALID
    assert verified(service, second).headline is Headline.GENUINE


def test_for_a_new_wallet_the_old_one_ends(service: Service) -> None:
    one = appointed(service)
    old = Holder(service).collects(one)
    new = Holder(service).collects(one)
    assert verified(service, old).headline is Headline.NO_LONGER_VALID
    assert verified(service, new).headline is Headline.GENUINE


def test_what_was_signed_stays_in_the_database(tmp_path: Path, database_url: str) -> None:
    service = open_service(tmp_path, database_url=database_url)
    Holder(service).collects(appointed(service))
    database = service.centre.database
    for change in ({"signed_text": "{}"}, {"holder": "did:key:z6Mk"}, {"position": 1}):
        with pytest.raises(IntegrityError), database.transaction() as session:
            row = session.exec(select(AppointmentBadge)).one()
            for name, value in change.items():
                setattr(row, name, value)
            session.add(row)
    with database.transaction() as session:
        row = session.exec(select(AppointmentBadge)).one()
        row.state = "ended"
        session.add(row)
    with pytest.raises(IntegrityError), database.transaction() as session:
        row = session.exec(select(AppointmentBadge)).one()
        row.state = "active"
        session.add(row)


def test_it_is_never_taken_for_a_badge_for_a_skill(service: Service) -> None:
    one = appointed(service)
    Holder(service).collects(one)
    body = service.centre.body
    with service.centre.database.reading() as session:
        assert eligibility.own_badges(session, one.person_id, body.framework) == []
        assert session.exec(select(Credential)).all() == []
        counted = recipients.recipients(session, SKILL, "expert", now=NOW + timedelta(days=2))
    assert counted == recipients.NOBODY
    assert "ext:ExaminerAppointment" not in str(body.achievements())


@pytest.mark.parametrize("step", ["signed", "recorded"])
def test_killed_between_signing_and_answer_there_is_one_badge(tmp_path: Path, step: str) -> None:
    service = open_service(tmp_path, database_url=f"sqlite:///{tmp_path}/issuer.db")
    offered(service, appointed(service))
    (intended,) = rows(service)
    killed_at(tmp_path, "appointment", intended.id, step)
    restart(tmp_path)

    def deliver(holder: str) -> str:
        return appointment_badges.deliver(
            service.centre.database, intended.id, holder=holder, body=service.centre.body, now=NOW
        )

    if step == "recorded":
        with pytest.raises(Refused):
            deliver(Holder(service).did)
    text = deliver(HOLDER)
    assert text == deliver(HOLDER)
    (row,) = rows(service)
    assert (row.credential_id, row.position) == (intended.credential_id, intended.position)
    assert (row.signed_text, json.loads(text)["id"]) == (text, intended.credential_id)
    with service.centre.database.reading() as session:
        assert broken_at(session) is None


def test_killed_before_its_list_is_signed_again_it_is_cancelled_all_the_same(
    tmp_path: Path,
) -> None:
    """Ending writes down what must be set; whoever serves the list next signs it."""
    service = open_service(tmp_path, database_url=f"sqlite:///{tmp_path}/issuer.db")
    one = appointed(service)
    text = Holder(service).collects(one)
    assert verified(service, text).headline is Headline.GENUINE
    suspend(service, one)
    again = Service(restart(tmp_path), service.centre, service.clock)
    assert verified(again, text).headline is Headline.NO_LONGER_VALID
