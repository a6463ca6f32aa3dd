"""The pages of examiners-to-be and of coordinators, and eligibility by a badge that we signed."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from award_world import NOW, Service, open_service
from flask.testing import FlaskClient
from sqlmodel import select

from issuer import appointments, changes, eligibility, issuing, status_lists
from issuer.appointment_tables import CalibrationRun, Nomination, Stage
from issuer.award_tables import Credential
from issuer.tables import Person, Role
from keys.did import did_key
from keys.material import PrivateKey
from web.errors import Refused

HOLDER = did_key(PrivateKey.from_seed("Ed25519", b"h" * 32).public)
SKILL = "technical-cleaning"
LIST = "/coordinator/examiners/"


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return open_service(tmp_path)


def nomination(service: Service) -> Nomination:
    with service.centre.database.reading() as session:
        return session.exec(select(Nomination)).one()


def named(browser: FlaskClient, **changes: str) -> Any:
    form = {
        "name": "Nora",
        "skill": SKILL,
        "language": "fr",
        "level": "3",
        "reason": "Trains our cleaners",
        **changes,
    }
    return browser.post(LIST, data=form)


def somebody_new(service: Service) -> FlaskClient:
    """Let the coordinator name somebody, and sign in with the code that is shown once."""
    page = named(service.browser("cora", Role.COORDINATOR)).text
    code = re.search(r"[2-9A-Z]{4}(-[2-9A-Z]{4}){3}", page)
    assert code is not None
    browser = service.app.test_client()
    assert browser.post("/enter", data={"code": code[0]}).status_code == 302
    return browser


def expert_badge(service: Service, name: str = "maria") -> UUID:
    award = service.released(candidate=name, level=3, examiners=("eva", "ines"))
    issuing.deliver(
        service.centre.database, award, holder=HOLDER, body=service.centre.body, now=NOW
    )
    return award


def marks(service: Service, file_id: str) -> dict[str, str]:
    files = service.centre.body.framework.references(SKILL, "fr")
    file = next(one for one in files if one.id == file_id)
    return {
        **{f"mark-{name}": str(mark) for name, mark in file.marks.items()},
        **{f"note-{name}": "as seen" for name in file.marks},
        "level": str(file.level),
    }


def test_a_named_professional_goes_the_whole_way(tmp_path: Path, database_url: str) -> None:
    service = open_service(tmp_path, database_url=database_url)
    browser = somebody_new(service)
    one = nomination(service)
    assert "Trains our cleaners" in browser.get("/examining/").text
    assert "I keep to these rules." in browser.get(f"/examining/{one.id}/conduct").text
    assert browser.post(f"/examining/{one.id}/conduct").status_code == 422
    assert browser.post(f"/examining/{one.id}/conduct", data={"accept": "yes"}).status_code == 302
    answer = browser.post(f"/examining/{one.id}/calibration")
    for place in range(5):
        address = answer.location
        page = browser.get(address).text
        assert f"file {place + 1} of 5" in page
        assert browser.post(address, data={}).status_code == 422
        answer = browser.post(address, data=marks(service, address.rpartition("/")[2]))
        assert answer.status_code == 302
    page = browser.get(answer.location).text
    assert "Passed." in page
    assert "safety is 0" in page, "why the marks were agreed"
    assert nomination(service).stage == Stage.ACTIVE
    assert "Trains our cleaners" in service.browser("cora", Role.COORDINATOR).get(LIST).text


def test_the_file_to_calibrate_with_tells_nothing_of_the_agreed_marks(service: Service) -> None:
    browser = somebody_new(service)
    one = nomination(service)
    browser.post(f"/examining/{one.id}/conduct", data={"accept": "yes"})
    page = browser.get(browser.post(f"/examining/{one.id}/calibration").location).text
    assert not re.search(r'type="radio"[^>]* checked', page)
    for file in service.centre.body.framework.references(SKILL, "en"):
        assert file.why not in page
    with service.centre.database.reading() as session:
        run = session.exec(select(CalibrationRun)).one()
    assert browser.get(f"/examining/calibration/{run.id}").status_code == 409


def test_another_person_reaches_nothing_of_it(service: Service) -> None:
    browser = somebody_new(service)
    one = nomination(service)
    browser.post(f"/examining/{one.id}/conduct", data={"accept": "yes"})
    address = browser.post(f"/examining/{one.id}/calibration").location
    stranger = service.browser("zoe", Role.EXAMINER)
    for asked in (address, address.rpartition("/")[0], f"/examining/{one.id}/conduct"):
        assert stranger.get(asked).status_code == 404
    for asked in (address, f"/examining/{one.id}/calibration"):
        assert stranger.post(asked, data={}).status_code == 404
    assert service.app.test_client().get("/examining/").status_code == 401


@pytest.mark.parametrize("role", [Role.CANDIDATE, Role.EXAMINER])
def test_only_the_centre_sees_the_list(service: Service, role: Role) -> None:
    assert service.browser("x", role).get(LIST).status_code == 403
    assert named(service.browser("x", role)).status_code == 403


def test_an_officer_confirms_but_names_nobody(service: Service) -> None:
    boss = service.browser("cora", Role.COORDINATOR)
    named(boss, without="yes")
    one = nomination(service)
    assert boss.post(f"{LIST}{one.id}/confirm").status_code == 403
    officer = service.browser("olga", Role.OFFICER)
    assert "Confirm as the second person" in officer.get(LIST).text
    assert named(officer).status_code == 403
    assert officer.post(f"{LIST}{one.id}/end", data={}).status_code == 403
    assert officer.post(f"{LIST}{one.id}/confirm").status_code == 302
    assert nomination(service).confirmed_by is not None


@pytest.mark.parametrize(
    "wrong",
    [{"reason": " "}, {"skill": "flying"}, {"language": "xx"}, {"level": "9"}, {"name": ""}],
)
def test_what_is_missing_is_said_and_nothing_is_kept(
    service: Service, wrong: dict[str, str]
) -> None:
    boss = service.browser("cora", Role.COORDINATOR)
    assert named(boss, **wrong).status_code in (400, 422)
    with service.centre.database.reading() as session:
        assert session.exec(select(Nomination)).first() is None
        assert len(session.exec(select(Person)).all()) == 1


def test_a_reason_is_asked_for_each_step(service: Service) -> None:
    boss = service.browser("cora", Role.COORDINATOR)
    named(boss)
    one = nomination(service)
    answer = boss.post(f"{LIST}{one.id}/end", data={f"reason-{one.id}": ""})
    assert answer.status_code == 422
    assert "Write a reason" in answer.text
    done = boss.post(f"{LIST}{one.id}/end", data={f"reason-{one.id}": "Moved away"})
    assert done.status_code == 302
    assert boss.post(f"{LIST}{one.id}/explode").status_code == 404


def test_sixty_days_before_the_end_the_examiner_is_told(service: Service) -> None:
    named(service.browser("cora", Role.COORDINATOR), without="yes")
    one = nomination(service)
    with service.centre.database.transaction() as session:
        framework = service.centre.body.framework
        appointments.accept_conduct(session, one.id, framework, person_id=one.person_id, now=NOW)
    officer = service.centre.person("olga", Role.OFFICER)
    with service.centre.database.transaction() as session:
        appointments.confirm(session, one.id, by=officer, now=NOW)
        name = session.get_one(Person, one.person_id).display_name
    service.centre.people[name] = one.person_id
    assert "runs out" not in service.browser(name).get("/examining/").text
    service.clock.now = NOW + timedelta(days=671)
    assert "runs out" in service.browser(name).get("/examining/").text


# --- by a badge -----------------------------------------------------------------------------------


def test_an_expert_badge_makes_eligible_and_its_suspension_suspends(service: Service) -> None:
    award = expert_badge(service)
    browser = service.browser("maria")
    assert "I would like to" in browser.get("/examining/").text
    assert browser.post("/examining/", data={"skill": SKILL, "language": "fr"}).status_code == 302
    one = nomination(service)
    boss = service.browser("cora", Role.COORDINATOR)
    assert boss.post(f"{LIST}{one.id}/invite").status_code == 302
    named_by_two = {"by": service.centre.people["cora"], "reason": "Known to us", "now": NOW}
    with service.centre.database.transaction() as session:
        appointments.waive(session, one.id, **named_by_two)
        appointments.accept_conduct(
            session, one.id, service.centre.body.framework, person_id=one.person_id, now=NOW
        )
        appointments.confirm(session, one.id, by=service.centre.people["olga"], now=NOW)
    assert nomination(service).stage == Stage.ACTIVE
    with service.centre.database.transaction() as session:
        changes.ask(
            session,
            award,
            action="suspend",
            reason="holder_request",
            officer_id=service.centre.people["olga"],
            body=service.centre.body,
            now=NOW,
        )
    assert nomination(service).stage == Stage.SUSPENDED
    assert "You mark nothing for now" in browser.get("/examining/").text


@pytest.mark.parametrize(("level", "told"), [(2, False), (3, True)])
def test_an_expert_is_told_that_they_can_help(service: Service, level: int, told: bool) -> None:
    service.released(level=level, examiners=("eva", "ines"))
    browser = service.browser("maria")
    browser.post("/me/agree", data={"age": "yes", "assessment": "yes"})
    assert ("You can help examine others" in browser.get("/me/").text) is told


@pytest.mark.parametrize("level", [1, 2])
def test_a_lower_badge_opens_nothing(service: Service, level: int) -> None:
    award = service.released(level=level)
    issuing.deliver(
        service.centre.database, award, holder=HOLDER, body=service.centre.body, now=NOW
    )
    answer = service.browser("maria").post("/examining/", data={"skill": SKILL, "language": "fr"})
    assert answer.status_code == 403


def test_an_expert_badge_of_somebody_else_or_of_another_skill_opens_nothing(
    service: Service,
) -> None:
    expert_badge(service)
    other = service.browser("rosa", Role.CANDIDATE)
    assert other.post("/examining/", data={"skill": SKILL, "language": "fr"}).status_code == 403
    owner = service.browser("maria")
    wrong = {"skill": "organising-oneself", "language": "fr"}
    assert owner.post("/examining/", data=wrong).status_code == 403


def test_a_flag_without_a_good_signature_opens_nothing(service: Service) -> None:
    expert_badge(service)
    with service.centre.database.reading() as session:
        good = eligibility.own_badges(
            session, service.centre.people["maria"], service.centre.body.framework
        )[0]
    forged = eligibility.ExpertBadge(
        good.definition, good.badge_id, good.signed_text.replace("Expert", "expert")
    )
    with service.centre.database.transaction() as session:
        assert eligibility.is_valid(session, good, service.centre.body, now=NOW)
        assert not eligibility.is_valid(session, forged, service.centre.body, now=NOW)


def test_a_cancelled_place_in_the_status_list_counts_and_not_the_flag(service: Service) -> None:
    expert_badge(service)
    centre = service.centre
    with centre.database.transaction() as session:
        eligibility.by_own_award(
            session, centre.people["maria"], centre.body, skill=SKILL, language="fr", now=NOW
        )
        row = session.exec(select(Credential)).one()

        status_lists.revoke_place(
            session,
            status_lists.Place(row.list_number, row.position),
            centre.body.keyring,
            base_url=centre.body.base_url,
            now=NOW,
        )
    with centre.database.transaction() as session, pytest.raises(Refused) as refusal:
        eligibility.by_own_award(
            session, centre.people["maria"], centre.body, skill=SKILL, language="es", now=NOW
        )
    assert refusal.value.code == "no-expert-badge"
    later = NOW + timedelta(days=1)
    with centre.database.transaction() as session:
        assert eligibility.look_again(session, centre.body, now=later) == 1
    assert nomination(service).stage == Stage.ENDED
