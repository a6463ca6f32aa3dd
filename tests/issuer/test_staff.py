"""Roles of trust: who gives and ends them, links that work once, and what the database refuses."""

import re
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from assessment_world import refused
from award_world import NOW, Centre, Service, at_once, open_centre, open_service
from sqlalchemy.exc import DatabaseError
from sqlmodel import Session, select

from issuer import accounts, staff
from issuer.staff_tables import TRUSTED, RoleInvitation
from issuer.tables import AuditEvent, Grant, Person, Role

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
    ada = centre.person("ada", Role.ADMINISTRATOR)

    def take(role: Role) -> None:
        with centre.database.transaction() as session:
            staff.give(session, ada, role, by=ada, now=NOW)

    for role in (Role.OFFICER, Role.COORDINATOR, Role.DATA_OFFICER):
        refused("own-role", lambda role=role: take(role))  # type: ignore[misc]
        with pytest.raises(DatabaseError), centre.database.transaction() as session:
            session.add(Grant(person_id=ada, role=role, granted_by=ada, granted_at=NOW))
        with pytest.raises(DatabaseError), centre.database.transaction() as session:
            session.add(Grant(person_id=centre.person("omar"), role=role))
    assert roles_of(centre, ada) == {"administrator"}


def gives_nothing(centre: Centre, other: UUID, omar: UUID) -> None:
    ada = centre.people["ada"]
    with centre.database.transaction() as session:
        refused("role", lambda: staff.give(session, omar, "officer", by=other, now=NOW))
        refused("role", lambda: staff.invite(session, "N", "officer", by=other, now=NOW))
        refused("role", lambda: staff.end(session, ada, "administrator", by=other, now=NOW))


def test_no_other_role_gives_roles(centre: Centre) -> None:
    ada, omar = centre.person("ada", Role.ADMINISTRATOR), centre.person("omar")
    for role in Role:
        if role == Role.ADMINISTRATOR:
            continue
        with centre.database.transaction() as session:
            other = accounts.create_person(session, centre.organisation, f"a {role}").id
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
        staff.invite(session, "Bea", "administrator", by=ada, now=NOW)  # nor does an unused link
    refused("last-administrator", lambda: ended(centre, ada, Role.ADMINISTRATOR, ada))
    with pytest.raises(DatabaseError), centre.database.transaction() as session:
        session.delete(session.get_one(Grant, (ada, Role.ADMINISTRATOR)))


def test_of_administrators_who_end_each_other_at_once_one_stays(centre: Centre) -> None:
    with centre.database.transaction() as session:
        people = [
            accounts.create_person(session, centre.organisation, "Ada", Role.ADMINISTRATOR).id
        ]
        for name in ("Bea", "Cleo", "Dora"):
            one = accounts.create_person(session, centre.organisation, name)
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
            ada = accounts.create_person(session, centre.organisation, "Ada", Role.ADMINISTRATOR).id
            centre.people["ada"] = ada
        return staff.invite(session, "Nora", role, by=ada, now=NOW)


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
    answer = ada.post("/accounts/", data={"name": "Nora", "role": role})
    assert answer.status_code == 422
    assert service.centre.count(RoleInvitation) == 0


# --- pages --------------------------------------------------------------------------------------


def test_somebody_is_invited_comes_in_with_a_code_of_their_own_and_is_ended(
    service: Service,
) -> None:
    ada = service.browser("ada", Role.ADMINISTRATOR)
    page = ada.post("/accounts/?lang=en", data={"name": "Nora", "role": "officer"}).text
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


def test_an_organisation_is_set_up_with_its_first_administrator(service: Service) -> None:
    with service.centre.database.transaction() as session:
        _made, code = staff.found(session, "Centre du Nord", "FR", administrator="Aline", now=NOW)
    aline = service.app.test_client()
    assert aline.post("/enter", data={"code": code}).headers["Location"] == "/"
    assert aline.get("/").headers["Location"] == "/accounts/"
    page = aline.get("/accounts/?lang=en").text
    assert "Aline" in page
    assert aline.post("/accounts/", data={"name": "Nora", "role": "officer"}).status_code == 200
