"""Roles of trust: who gives and ends them, links that work once, and what the database refuses."""

import hashlib
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from assessment_world import refused
from award_world import (
    BASE_URL,
    NOW,
    Centre,
    Service,
    at_once,
    open_centre,
    open_service,
    write_settings,
)
from sqlalchemy.exc import DatabaseError
from sqlmodel import Session, select

import cli
from issuer import accounts, staff
from issuer.audit import broken_at
from issuer.staff_tables import TRUSTED, RoleInvitation
from issuer.tables import AuditEvent, Grant, Organisation, Person, Role

NORA = {"contact": "nora@home.example"}
LATER = NOW + timedelta(days=1)


@pytest.fixture
def centre(tmp_path: Path, database_url: str) -> Centre:
    return open_centre(tmp_path, database_url=database_url)


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return open_service(tmp_path)


def elsewhere(session: Session, name: str, *roles: Role) -> UUID:
    made = accounts.create_organisation(session, f"Centre of {name}", "FR")
    return accounts.create_person(session, made.id, name, *roles).id


def roles_of(centre: Centre, person: UUID) -> set[str]:
    with centre.database.reading() as session:
        return set(session.exec(select(Grant.role).where(Grant.person_id == person)))


def ended(centre: Centre, person: UUID, role: Role, by: UUID) -> None:
    with centre.database.transaction() as session:
        staff.end(session, person, role, by=by, now=LATER)


# --- nobody raises themselves -------------------------------------------------------------------


def test_nobody_gives_themselves_a_role(centre: Centre) -> None:
    ada, omar = centre.person("ada", Role.ADMINISTRATOR), centre.person("omar")

    def take(role: Role) -> None:
        with centre.database.transaction() as session:
            staff.give(session, ada, role, by=ada, now=NOW)

    for role in (Role.OFFICER, Role.COORDINATOR, Role.DATA_OFFICER):
        refused("own-role", lambda role=role: take(role))  # type: ignore[misc]
        with pytest.raises(DatabaseError), centre.database.transaction() as session:
            session.add(Grant(person_id=ada, role=role, granted_by=ada, granted_at=NOW))
        with pytest.raises(DatabaseError), centre.database.transaction() as session:
            session.add(Grant(person_id=omar, role=role))
    assert roles_of(centre, ada) == {"administrator"}


def gives_nothing(centre: Centre, other: UUID, omar: UUID) -> None:
    ada = centre.people["ada"]
    with centre.database.transaction() as session:
        refused("role", lambda: staff.give(session, omar, "officer", by=other, now=NOW))
        refused("role", lambda: staff.invite(session, "N", "officer", **NORA, by=other, now=NOW))
        refused("role", lambda: staff.end(session, ada, "administrator", by=other, now=NOW))


def test_no_other_role_gives_roles(centre: Centre) -> None:
    ada, omar = centre.person("ada", Role.ADMINISTRATOR), centre.person("omar")
    for role in Role:
        if role == Role.ADMINISTRATOR:
            continue
        with centre.database.transaction() as session:
            other = accounts.create_person(
                session, centre.organisation, f"a {role}", contact=f"{role}@centre.example"
            ).id
            if role in TRUSTED:
                staff.give(session, other, role, by=ada, now=NOW)
            else:
                session.add(Grant(person_id=other, role=role))
        with pytest.raises(DatabaseError), centre.database.transaction() as session:
            session.add(Grant(person_id=omar, role=Role.OFFICER, granted_by=other, granted_at=NOW))
        gives_nothing(centre, other, omar)
    assert roles_of(centre, omar) == set()


def test_an_administrator_reaches_nobody_of_another_organisation(centre: Centre) -> None:
    ada = centre.person("ada", Role.ADMINISTRATOR)
    with centre.database.transaction() as session:
        foreign = elsewhere(session, "Fleur", Role.OFFICER)
    with centre.database.transaction() as session:
        refused("unknown", lambda: staff.give(session, foreign, "coordinator", by=ada, now=NOW))
        refused("unknown", lambda: staff.end(session, foreign, "officer", by=ada, now=NOW))
        assert [one.name for one in staff.listed(session, by=ada)] == ["ada"]
    with pytest.raises(DatabaseError), centre.database.transaction() as session:
        session.add(
            Grant(person_id=foreign, role=Role.DATA_OFFICER, granted_by=ada, granted_at=NOW)
        )
    with pytest.raises(DatabaseError), centre.database.transaction() as session:
        session.get_one(Person, foreign).organisation_id = centre.organisation


def test_a_role_is_given_or_ended_and_never_rewritten(centre: Centre) -> None:
    olga = centre.person("olga", Role.OFFICER)
    with pytest.raises(DatabaseError), centre.database.transaction() as session:
        session.get_one(Grant, (olga, Role.OFFICER)).role = Role.ADMINISTRATOR


# --- one administrator stays --------------------------------------------------------------------


def test_the_last_administrator_stays(centre: Centre) -> None:
    ada = centre.person("ada", Role.ADMINISTRATOR)
    with centre.database.transaction() as session:
        elsewhere(session, "Fleur", Role.ADMINISTRATOR)  # of another organisation: does not count
        staff.invite(
            session, "Bea", "administrator", **NORA, by=ada, now=NOW
        )  # nor does an unused link
    refused("last-administrator", lambda: ended(centre, ada, Role.ADMINISTRATOR, ada))
    with pytest.raises(DatabaseError), centre.database.transaction() as session:
        session.delete(session.get_one(Grant, (ada, Role.ADMINISTRATOR)))


def test_of_administrators_who_end_each_other_at_once_one_stays(centre: Centre) -> None:
    with centre.database.transaction() as session:
        people = [
            accounts.create_person(session, centre.organisation, "Ada", Role.ADMINISTRATOR).id
        ]
        for name in ("Bea", "Cleo", "Dora"):
            one = accounts.create_person(
                session, centre.organisation, name, contact=f"{name}@centre.example"
            )
            staff.give(session, one.id, "administrator", by=people[0], now=NOW)
            people.append(one.id)
    outcomes = at_once(
        4, lambda place: ended(centre, people[place - 1], Role.ADMINISTRATOR, people[place])
    )
    assert outcomes.count(None) <= 3
    assert sum(roles_of(centre, one) == {"administrator"} for one in people) >= 1
    assert outcomes.count(None) == 4 - sum(
        roles_of(centre, one) == {"administrator"} for one in people
    )


# --- links --------------------------------------------------------------------------------------


def invited(centre: Centre, role: str = "officer") -> str:
    with centre.database.transaction() as session:
        ada = centre.people.get("ada")
        if ada is None:
            ada = accounts.create_person(
                session,
                centre.organisation,
                "Ada",
                Role.ADMINISTRATOR,
                contact="ada@centre.example",
            ).id
            centre.people["ada"] = ada
        return staff.invite(session, "Nora", role, **NORA, by=ada, now=NOW)


def test_of_many_who_use_a_link_at_once_one_comes_in(centre: Centre) -> None:
    token = invited(centre)

    def use(_: int) -> object:
        with centre.database.transaction() as session:
            return staff.take_up(session, token, now=NOW)[0].id

    outcomes = at_once(6, use)
    assert sum(isinstance(one, UUID) for one in outcomes) == 1
    assert outcomes.count("used-link") == 5
    with centre.database.reading() as session:
        assert len(session.exec(select(Person).where(Person.display_name == "Nora")).all()) == 1


def test_a_link_ends_with_its_time_and_with_the_administrator_who_made_it(centre: Centre) -> None:
    token = invited(centre)
    bea = centre.person("bea")

    def use(days: int = 0) -> None:
        with centre.database.transaction() as session:
            staff.take_up(session, token, now=NOW + timedelta(days=days))

    refused("used-link", lambda: use(days=7))
    with centre.database.transaction() as session:
        staff.give(session, bea, "administrator", by=centre.people["ada"], now=NOW)
        staff.end(session, centre.people["ada"], "administrator", by=bea, now=NOW)
    refused("used-link", use)


@pytest.mark.parametrize("role", ["candidate", "examiner", "boss", ""])
def test_links_lead_to_roles_of_trust_only(service: Service, role: str) -> None:
    ada = service.browser("ada", Role.ADMINISTRATOR)
    answer = ada.post("/accounts/", data={"name": "Nora", "role": role, **NORA})
    assert answer.status_code == 422
    assert service.centre.count(RoleInvitation) == 0


# --- pages --------------------------------------------------------------------------------------


def test_somebody_is_invited_comes_in_with_a_code_of_their_own_and_is_ended(
    service: Service,
) -> None:
    ada = service.browser("ada", Role.ADMINISTRATOR)
    page = ada.post("/accounts/?lang=en", data={"name": "Nora", "role": "officer", **NORA}).text
    link = re.search(r"http://localhost:8001(/join/[\w-]+)", page)
    assert link is not None
    assert link[1] not in ada.get("/accounts/?lang=en").text, "shown once"
    nora = service.app.test_client()
    assert "Awarding officer" in nora.get(f"{link[1]}?lang=en").text
    assert service.centre.count(Grant) == 1, "looking makes no account"
    told = nora.post(f"{link[1]}?lang=en").text
    code = re.search(r"[2-9A-Z]{4}(-[2-9A-Z]{4}){3}", told)
    assert code is not None
    assert nora.get("/officer/").status_code == 200
    assert service.app.test_client().get(link[1]).status_code == 404
    again = service.app.test_client()
    assert again.post("/enter", data={"code": code[0]}).status_code == 302

    listed = ada.get("/accounts/?lang=en").text
    assert "Last signed in on" in listed
    assert code[0] not in listed
    with service.centre.database.reading() as session:
        made = session.exec(select(Person).where(Person.display_name == "Nora")).one()
    done = ada.post(f"/accounts/{made.id}/end", data={"role": "officer"})
    assert done.status_code == 302
    assert nora.get("/officer/").status_code == 401, "signed out at once"
    with pytest.raises(AssertionError):
        assert again.post("/enter", data={"code": code[0]}).status_code == 302
    with service.centre.database.reading() as session:
        kinds = [one.kind for one in session.exec(select(AuditEvent))]
    for kind in ("role.invited.officer", "role.given.officer", "role.ended.officer"):
        assert kind in kinds


def test_a_new_code_of_ones_own_ends_the_old_one(service: Service) -> None:
    olga = service.browser("olga", Role.OFFICER)
    with service.centre.database.transaction() as session:
        old = accounts.invite(session, service.centre.people["olga"], now=NOW)
    page = olga.post("/accounts/code?lang=en").text
    code = re.search(r"[2-9A-Z]{4}(-[2-9A-Z]{4}){3}", page)
    assert code is not None
    assert service.app.test_client().post("/enter", data={"code": old}).status_code == 403
    assert service.app.test_client().post("/enter", data={"code": code[0]}).status_code == 302
    maria = service.browser("maria", Role.CANDIDATE)
    assert maria.post("/accounts/code").status_code == 403


# --- the first administrator --------------------------------------------------------------------


FIRST = {"administrator": "Aline", "contact": "aline@nord.example"}


def founded(centre: Centre, name: str = "Centre du Nord", country: str = "FR") -> str:
    with centre.database.transaction() as session:
        return staff.found(session, name, country, **FIRST, now=NOW)[1]


def command(folder: Path, *words: str) -> int:
    given = ["found", *words, "--settings", str(folder / "issuer.json")]
    with pytest.raises(SystemExit) as ended:
        cli.main(given)
    return int(str(ended.value.code))


def test_the_command_founds_an_organisation_and_its_link_lets_one_person_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service = open_service(tmp_path, database_url=f"sqlite:///{tmp_path}/issuer.db")
    service.clock.now = datetime.now(UTC)  # the command reads the real clock
    write_settings(tmp_path)
    who = ("--administrator", "Aline", "--contact", "aline@nord.example")
    organisations = service.centre.count(Organisation)
    assert command(tmp_path, "Centre du Nord", "--country", "fr", *who) == 0
    told = capsys.readouterr().out
    link = re.search(rf"^{BASE_URL}(/join/[\w-]+)$", told, re.MULTILINE)
    assert link is not None
    assert "once" in told
    for name in ("Centre du Nord", " centre  DU nord"):
        assert command(tmp_path, name, "--country", "FR", *who) == 1
        assert capsys.readouterr().err == "There is an organisation of this name.\n"
    assert command(tmp_path, "Sud", "--country", "France", *who) == 1
    assert command(tmp_path, "Sud", "--country", "FR", "--administrator", "", *who[2:]) == 1
    assert service.centre.count(Organisation) == organisations + 1, "nothing is left half done"
    assert service.centre.count(Grant) == 0, "an invitation is no role"

    aline = service.app.test_client()
    assert "Centre du Nord" in aline.get(f"{link[1]}?lang=en").text
    code = re.search(r"[2-9A-Z]{4}(-[2-9A-Z]{4}){3}", aline.post(link[1]).text)
    assert code is not None
    assert aline.get("/").headers["Location"] == "/accounts/"
    assert service.app.test_client().post(link[1]).status_code == 404, "once"
    again = service.app.test_client()
    assert again.post("/enter", data={"code": code[0]}).status_code == 302
    invited = {"name": "Nora", "role": "officer", **NORA}
    assert again.post("/accounts/", data=invited).status_code == 200
    assert command(tmp_path, "Centre du Nord", "--country", "FR", *who, "--new-link") == 1
    assert "has an administrator" in capsys.readouterr().err
    with service.centre.database.reading() as session:
        assert broken_at(session) is None


def test_a_lost_first_link_is_replaced_and_works_no_more(centre: Centre) -> None:
    lost = founded(centre)
    with centre.database.transaction() as session:
        refused("unknown-name", lambda: staff.found_again(session, "Nord", **FIRST, now=NOW))
        _made, token = staff.found_again(session, "centre du nord", **FIRST, now=LATER)
    with centre.database.transaction() as session:
        refused("used-link", lambda: staff.take_up(session, lost, now=LATER))
        person, _code = staff.take_up(session, token, now=LATER)
    assert roles_of(centre, person.id) == {"administrator"}
    with centre.database.transaction() as session:
        refused(
            "has-administrator",
            lambda: staff.found_again(session, "Centre du Nord", **FIRST, now=LATER),
        )


def test_of_many_who_found_one_organisation_at_once_one_does(centre: Centre) -> None:
    outcomes = at_once(4, lambda _: founded(centre))
    assert outcomes.count("known-name") == 3
    assert centre.count(RoleInvitation) == 1


def test_nobody_is_invited_by_nobody_into_an_organisation_that_has_an_administrator(
    centre: Centre,
) -> None:
    row = {"name": "Eve", "contact_hash": "e", "created": NOW, "expires": LATER}
    centre.person("ada", Role.ADMINISTRATOR)
    empty = centre.another("Empty")
    for where, role in ((centre.organisation, "administrator"), (empty, "officer")):
        with pytest.raises(DatabaseError), centre.database.transaction() as session:
            session.add(RoleInvitation(token_hash="0", organisation_id=where, role=role, **row))
    # Two first links, as two processes might leave them: the second one lets nobody in.
    with centre.database.transaction() as session:
        for token in ("a", "b"):
            session.add(
                RoleInvitation(
                    token_hash=hashlib.sha256(f"role invitation|{token}".encode()).hexdigest(),
                    organisation_id=empty,
                    role="administrator",
                    **row,
                )
            )
    with centre.database.transaction() as session:
        staff.take_up(session, "a", now=NOW)
    with centre.database.transaction() as session:
        refused("used-link", lambda: staff.take_up(session, "b", now=NOW))
