"""My data: consents apart, a copy of what is one's own and of nobody else, correction, going."""

import io
import json
import re
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from assessment_world import House
from award_world import NOW, Service, open_service
from flask.testing import FlaskClient
from privacy_world import CONTACT, NAME, WORDS, everything, found_in
from sqlmodel import select

from issuer import accounts, consents, data_requests, export, pilot
from issuer.evidence_tables import Evidence
from issuer.feedback_tables import Usage
from issuer.privacy_tables import ConsentStep, DataRequest, KeptBadge
from issuer.tables import Answer, AuditEvent, Consent, Person, Role, Submission
from web.errors import Refused


@pytest.fixture
def service(tmp_path: Path) -> Service:
    made = open_service(tmp_path, database_url=f"sqlite:///{tmp_path}/issuer.db")
    made.centre.numbers = 500
    return made


def enters(service: Service, person: UUID) -> FlaskClient:
    with service.centre.database.transaction() as session:
        code = accounts.invite(session, person, now=service.clock())
    client = service.app.test_client()
    assert client.post("/enter", data={"code": code}).status_code == 302
    return client


def row(service: Service, table: type[Any], key: Any) -> Any:
    with service.centre.database.reading() as session:
        return session.get(table, key)


def files_of(answer: Any) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(answer.data)) as made:
        return {name: made.read(name).decode("latin-1") for name in made.namelist()}


# --- consents ------------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", ["age", "assessment"])
def test_without_age_or_consent_nothing_begins(service: Service, missing: str) -> None:
    maria = service.browser("maria", Role.CANDIDATE)
    said = {"age": "yes", "assessment": "yes", "statistics": "yes", "recording": "yes"}
    page = maria.post("/me/agree", data=said | {missing: "no"})
    assert page.status_code == 422
    assert f'href="#{missing}"' in page.text
    assert page.text.count("checked") == 3, "the other answers are not lost"
    assert service.centre.count(Consent) == service.centre.count(ConsentStep) == 0


def test_two_noes_block_nothing(service: Service) -> None:
    maria = service.browser("maria", Role.CANDIDATE)
    assert maria.post("/me/agree", data={"age": "yes", "assessment": "yes"}).status_code == 302
    assert maria.get("/me/").status_code == 200
    assert maria.get("/me/start/technical-cleaning").status_code == 200
    with service.centre.database.reading() as session:
        said = {one.about: one.agreed for one in session.exec(select(ConsentStep))}
    assert said == {"age": True, "assessment": True, "statistics": False}


def test_a_yes_to_counting_is_taken_back_with_what_was_kept_for_it(service: Service) -> None:
    known = everything(service.centre)
    later = NOW + timedelta(days=1)
    with service.centre.database.reading() as session:
        assert session.exec(select(Usage)).all()
        assert pilot.counted_work(session, until=later)
    page = enters(service, known.id).post("/my-data/counting", data={"agreed": "no"})
    assert page.status_code == 302
    with service.centre.database.reading() as session:
        assert session.exec(select(Usage)).all() == []
        assert not session.get_one(Consent, known.id).statistics
        assert found_in(session, "employee") == []
        assert pilot.counted_work(session, until=later) == []


def test_a_no_to_recordings_deletes_what_nobody_needs_any_more(service: Service) -> None:
    known = everything(service.centre)
    maria = enters(service, known.id)
    service.clock.now = NOW + timedelta(days=31)  # no second look any more
    maria = enters(service, known.id)
    maria.post("/my-data/recording", data={"agreed": "no"})
    with service.centre.database.reading() as session:
        assert session.exec(select(Evidence)).all() == []
        assert session.exec(select(Answer)).all(), "written answers stay until their time"


def test_who_stops_ends_what_is_undecided_and_keeps_the_badge(service: Service) -> None:
    house = House(service.centre.database)
    maria, eva = house.candidate(), house.examiner()
    decided = house.sent(maria, level=2)
    house.mark(decided, eva, 2)
    open_work = house.sent(maria, language="fr")
    browser = enters(service, maria)
    assert browser.post("/my-data/stop").status_code == 302
    assert row(service, Submission, open_work).state == "withdrawn"
    assert row(service, Submission, decided).state == "decided"
    assert row(service, Consent, maria) is None
    assert browser.get("/me/").location.endswith("/me/agree")
    with pytest.raises(Refused), service.centre.database.transaction() as session:
        consents.say_about_counting(session, maria, agreed=True, now=NOW)


def test_a_second_look_is_waited_for(service: Service) -> None:
    known = everything(service.centre)
    answer = enters(service, known.id).post("/my-data/stop")
    assert answer.status_code == 409
    assert row(service, Consent, known.id) is not None


# --- a copy --------------------------------------------------------------------------------------


def test_the_copy_has_everything_of_mine_and_nothing_of_others(service: Service) -> None:
    known = everything(service.centre)
    house = known.house
    other = house.candidate("Benedetta", contact="b@other.example")
    file = house.sent(other)
    house.mark(file, house.examiner("Rosa"), 2)
    files = files_of(enters(service, known.id).post("/my-data/copy"))
    every = "\n".join(f"{name}\n{text}" for name, text in files.items())
    for mine in (NAME, CONTACT, WORDS, "did:example:zoraida", "tongue"):
        assert mine in every, mine
    assert files["badges/01-technical-cleaning-confirmed.json"] == known.signed.encode().decode(
        "latin-1"
    )
    assert [name for name in files if name.startswith("evidence/S-")]
    with service.centre.database.reading() as session:
        others = session.exec(select(Person).where(Person.id != known.id)).all()
        theirs = session.exec(select(Submission).where(Submission.candidate_id == other)).all()
    for one in (*others, *theirs):
        assert str(one.id) not in every
        assert one.id.hex not in every
    for theirs_too in ("Benedetta", "b@other.example", "Eva", "Rosa", "code_hash", "token_hash"):
        assert theirs_too not in every, theirs_too
    for name, text in files.items():
        if name.endswith(".json"):
            json.loads(text.encode("latin-1"))


def test_the_copy_of_an_examiner_has_no_candidate_in_it(service: Service) -> None:
    house = House(service.centre.database)
    eva = house.examiner("Eva", contact="eva@x.example")
    maria = house.candidate("Benedetta", contact="b@other.example")
    file = house.sent(maria)
    house.mark(file, eva, 1)
    files = files_of(enters(service, eva).post("/my-data/copy"))
    every = "\n".join(files.values())
    assert "Eva" in every
    assert "letter" in every, "why she may mark"
    assert "data/assessment.json" in files
    for theirs in (
        "Benedetta",
        str(maria),
        maria.hex,
        str(file),
        file.hex,
        "more practice",
        "S-001",
    ):
        assert theirs not in every, theirs


def test_the_summary_is_a_page_in_my_language_and_runs_nothing(service: Service) -> None:
    house = House(service.centre.database)
    maria = house.candidate('<script>alert("x")</script>')
    with service.centre.database.reading() as session:
        made = export.archive(session, maria, language="es", now=NOW)
    page = zipfile.ZipFile(io.BytesIO(made)).read("summary.html").decode()
    assert '<html lang="es" dir="ltr">' in page
    assert "Mis datos" in page
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_everybody_has_the_page_and_strangers_do_not(service: Service) -> None:
    for role in Role:
        browser = service.browser(f"one {role}", role)
        assert browser.get("/my-data/").status_code == 200, role
        assert browser.get("/my-data/erase").status_code == 200, role
    stranger = service.app.test_client()
    for address in ("/my-data/", "/my-data/erase"):
        assert stranger.get(address).status_code == 401
    for address in ("/my-data/copy", "/my-data/erase", "/my-data/stop", "/my-data/name"):
        assert stranger.post(address, data={"sure": "yes"}).status_code == 401


# --- correcting ----------------------------------------------------------------------------------


def test_a_corrected_contact_follows_into_what_is_final(service: Service) -> None:
    house = House(service.centre.database)
    maria = house.candidate(contact="old@x.example")
    eva = house.examiner("Eva", contact="eva@x.example")
    house.mark(house.sent(maria), eva, 2)
    browser = enters(service, maria)
    assert browser.post("/my-data/name", data={"name": "Mariana"}).status_code == 302
    assert browser.post("/my-data/contact", data={"contact": "new@x.example"}).status_code == 302
    with service.centre.database.reading() as session:
        assert session.get_one(Person, maria).display_name == "Mariana"
        assert found_in(session, service.centre.contact_hash("old@x.example")) == []
        assert sorted(found_in(session, service.centre.contact_hash("new@x.example"))) == [
            *("assessment.candidate_contact", "person.contact_hash"),
        ]
    stolen = browser.post("/my-data/contact", data={"contact": "eva@x.example"})
    assert stolen.status_code == 409
    assert browser.post("/my-data/name", data={"name": " "}).status_code >= 400


# --- going ---------------------------------------------------------------------------------------


def test_going_asks_twice_and_then_nothing_is_left(service: Service) -> None:
    known = everything(service.centre)
    maria = enters(service, known.id)
    page = maria.get("/my-data/erase").text
    assert 'value="keep" checked' in page
    assert maria.post("/my-data/erase", data={}).status_code == 422
    refused = maria.post("/my-data/erase", data={"sure": "yes", "badges": "keep"})
    assert refused.status_code == 409, "work is open"
    done = maria.post("/my-data/erase", data={"sure": "yes", "badges": "keep", "end": "yes"})
    assert done.location.endswith("/my-data/erased")
    assert maria.get("/my-data/").status_code == 401
    assert maria.get("/my-data/erased").status_code == 200
    with service.centre.database.reading() as session:
        assert found_in(session, NAME, CONTACT, WORDS) == []
        assert len(session.exec(select(KeptBadge)).all()) == 1
        noted = session.exec(select(DataRequest)).one()
    assert (noted.kind, noted.state, noted.identity) == ("erasure", "done", "signed_in")


# --- the data officer ----------------------------------------------------------------------------


def asks(service: Service, officer: FlaskClient, who: str, kind: str) -> str:
    answer = officer.post("/data-officer/requests", data={"who": who, "kind": kind})
    assert answer.status_code == 302, answer.text
    return re.sub(r"\?.*", "", answer.location)


def test_the_officer_erases_only_after_the_identity_is_checked(service: Service) -> None:
    everything(service.centre)
    officer = service.browser("dora", Role.DATA_OFFICER)
    request = asks(service, officer, CONTACT, "erasure")
    page = officer.get("/data-officer/").text
    assert "30 days left" in page
    assert NAME not in page + officer.get(request).text
    told = {"badges": "keep", "told": "yes"}
    assert officer.post(f"{request}/erase", data=told).status_code == 409
    assert officer.post(f"{request}/identity", data={"identity": "signed_in"}).status_code == 422
    assert officer.post(f"{request}/identity", data={"identity": "in_person"}).status_code == 302
    assert officer.post(f"{request}/erase", data={"badges": "keep"}).status_code == 422
    assert officer.post(f"{request}/erase", data=told).status_code == 302
    assert officer.post(f"{request}/erase", data=told).status_code == 404, "there is nobody"
    with service.centre.database.reading() as session:
        assert found_in(session, NAME, CONTACT, WORDS) == []
        kinds = [one.kind for one in session.exec(select(AuditEvent))][-4:]
    assert {"data-request.done", "person.erased"} <= set(kinds)


def test_the_officer_gives_a_copy_corrects_and_refuses(service: Service) -> None:
    officer = service.browser("dora", Role.DATA_OFFICER)
    maria = service.centre.person("maria", Role.CANDIDATE)
    alias = row(service, Person, maria).alias
    with service.centre.database.transaction() as session:
        session.get_one(Person, maria).alias = "C-042"
    assert alias
    copy = asks(service, officer, "c-042", "copy")
    again = officer.post("/data-officer/requests", data={"who": "C-042", "kind": "copy"})
    assert again.status_code == 409
    officer.post(f"{copy}/identity", data={"identity": "showed_badge"})
    assert "summary.html" in files_of(officer.post(f"{copy}/copy"))
    right = asks(service, officer, "C-042", "correction")
    officer.post(f"{right}/identity", data={"identity": "in_person"})
    assert officer.post(f"{right}/correct", data={"name": ""}).status_code == 422
    assert officer.post(f"{right}/correct", data={"name": "Mariana"}).status_code == 302
    assert row(service, Person, maria).display_name == "Mariana"
    last = asks(service, officer, "C-042", "erasure")
    assert officer.post(f"{last}/refuse", data={"why": "because"}).status_code == 422
    assert officer.post(f"{last}/refuse", data={"why": "not_the_person"}).status_code == 302
    assert officer.post(f"{last}/identity", data={"identity": "in_person"}).status_code == 409
    assert row(service, Person, maria) is not None


def test_the_officer_reaches_nobody_of_another_centre_and_not_themself(service: Service) -> None:
    away = service.centre.another("Elsewhere")
    with service.centre.database.transaction() as session:
        maria = accounts.create_person(
            session, away, "Maria", Role.CANDIDATE, contact="m@x.example"
        ).id
    service.centre.person("dora", Role.DATA_OFFICER)
    near = service.centre.person("near", Role.DATA_OFFICER, organisation=away)
    officer = service.browser("dora")
    asked = {"who": "m@x.example", "kind": "erasure"}
    assert officer.post("/data-officer/requests", data=asked).status_code == 404
    with service.centre.database.transaction() as session:
        request = data_requests.receive(session, "m@x.example", "erasure", by=near, now=NOW).id
    for path in ("", "/identity", "/erase", "/refuse", "/copy", "/correct"):
        address = f"/data-officer/requests/{request}{path}"
        answer = officer.post(address, data={"told": "yes"}) if path else officer.get(address)
        assert answer.status_code == 404, path
    own = officer.post("/data-officer/requests", data={"who": "X-DORA", "kind": "erasure"})
    assert own.status_code == 403
    assert row(service, Person, maria) is not None


def test_the_pages_of_the_officer_are_the_officers_alone(service: Service) -> None:
    for role in Role:
        browser = service.browser(f"one {role}", role)
        for path in ("/data-officer/", "/data-officer/record", "/data-officer/assessment"):
            expected = 200 if role is Role.DATA_OFFICER else 403
            assert browser.get(path).status_code == expected, (role, path)


@pytest.mark.parametrize("language", ["en", "fr", "es"])
def test_record_and_assessment_name_every_table(service: Service, language: str) -> None:
    officer = service.browser("dora", Role.DATA_OFFICER)
    page = officer.get(f"/data-officer/record?lang={language}", follow_redirects=True).text
    from issuer.inventory import HELD

    for name in HELD:
        assert f"<code>{name}</code>" in page, name
    assert (
        officer.get(f"/data-officer/assessment?lang={language}", follow_redirects=True).text.count(
            "<tr>"
        )
        == 10
    )


# --- examiners -----------------------------------------------------------------------------------


def test_no_page_of_an_examiner_has_the_name_in_it(service: Service) -> None:
    """Every page that an examiner can open, with files of a person in it."""
    house = everything(service.centre).house
    maria = house.candidate(NAME, contact="two@x.example")
    file = house.sent(maria)
    examiner = enters(service, house.examiner("Rosa"))
    seen = 0
    for rule in service.app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or set(rule.arguments) - {"submission_id"}:
            continue
        if rule.endpoint.split(".")[0] in ("static", "home"):
            continue
        address = str(rule).replace("<uuid:submission_id>", str(file))
        answer = examiner.get(address)
        if answer.status_code != 200:
            continue
        seen += 1
        for private in (NAME, NAME.split()[1], CONTACT, service.centre.contact_hash(CONTACT)):
            assert private.encode() not in answer.data, address
    assert seen > 10
