"""One person with two accounts: every way to be one's own second person."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from assessment_world import refused
from award_world import NOW, Centre, Service, at_once, open_centre, open_service
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from issuer import accounts, awards, changes, data_requests, issuing, staff, stolen_keys
from issuer import two_persons as two
from issuer.award_tables import Award, Change, Credential
from issuer.staff_tables import RoleInvitation
from issuer.stolen_key_tables import StolenKey
from issuer.tables import Grant, Person, Role

LATER = NOW + timedelta(days=1)
OWN = "ada@centre.example"  # as `Centre.person` writes it


@pytest.fixture
def centre(tmp_path: Path, database_url: str) -> Centre:
    return open_centre(tmp_path, database_url=database_url)


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return open_service(tmp_path)


def invite(centre: Centre, contact: str, name: str = "Nora") -> str:
    ada = centre.person("ada", Role.ADMINISTRATOR)
    with centre.database.transaction() as session:
        return staff.invite(session, name, "officer", contact=contact, by=ada, now=NOW)


def twins(centre: Centre, role: Role, *names: str) -> list[UUID]:
    """Give accounts of one person in as many centres: in one they could not be."""
    people = [
        centre.person(name, role, organisation=centre.another(f"Centre of {name}"))
        for name in names
    ]
    with centre.database.transaction() as session:
        for one in people:
            session.get_one(Person, one).contact_hash = "one and the same"
    return people


# --- a second account ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "contact",
    [
        OWN,
        " ADA@Centre.Example ",
        "ada+second@centre.example",
        "ａda@centre.example",
        "a da@centre.example",
    ],
)
def test_nobody_invites_themselves_however_they_spell_it(centre: Centre, contact: str) -> None:
    refused("contact", lambda: invite(centre, contact))
    assert centre.count(RoleInvitation) == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("+34 600 11 22 33", "0034-600112233"),
        ("(+34) 600.112.233", "+34600112233"),
        ("jo.an@gmail.com", "Joan+work@googlemail.com"),
    ],
)
def test_two_spellings_are_one_contact(centre: Centre, one: str, other: str) -> None:
    assert centre.contact_hash(one) == centre.contact_hash(other)
    assert centre.contact_hash(one) != centre.contact_hash(f"x{other}")


@pytest.mark.parametrize("contact", ["", "none", "x@y", "123", "a@b@c.d e", "@nord.example"])
def test_who_is_invited_can_be_reached(centre: Centre, contact: str) -> None:
    refused("contact", lambda: invite(centre, contact))


def test_a_colleague_is_given_a_role_and_not_a_second_account(centre: Centre) -> None:
    centre.person("olga", Role.OFFICER)
    centre.person("ada", Role.ADMINISTRATOR)
    refused("contact", lambda: invite(centre, "olga@centre.example"))
    away = centre.another("Elsewhere")
    centre.person("omar", Role.OFFICER, organisation=away)
    assert invite(centre, "omar@centre.example"), "who works for two centres has two accounts"


def test_who_has_no_contact_is_given_nothing(centre: Centre) -> None:
    ada = centre.person("ada", Role.ADMINISTRATOR)
    with centre.database.transaction() as session:
        old = Person(organisation_id=centre.organisation, display_name="Old", alias="O")
        session.add(old)
        session.flush()
        session.add(Grant(person_id=old.id, role=Role.EXAMINER))
    refused("no-contact", lambda: gives(centre, old.id, ada))


def gives(centre: Centre, person: UUID, by: UUID) -> None:
    with centre.database.transaction() as session:
        staff.give(session, person, "officer", by=by, now=NOW)


def test_of_two_links_to_one_contact_one_lets_in_even_at_once(centre: Centre) -> None:
    tokens = [invite(centre, "nora@home.example", name) for name in ("Nora", "Norah", "N.", "No")]

    def use(place: int) -> object:
        with centre.database.transaction() as session:
            return staff.take_up(session, tokens[place], now=NOW)[0].id

    outcomes = at_once(4, use)
    assert sum(isinstance(one, UUID) for one in outcomes) == 1
    assert set(outcomes) - {"known-contact", "faster"} == {
        one for one in outcomes if isinstance(one, UUID)
    }
    with centre.database.reading() as session:
        known = centre.contact_hash("nora@home.example")
        assert len(session.exec(select(Person).where(Person.contact_hash == known)).all()) == 1


def test_nobody_takes_the_contact_of_a_colleague_afterwards_nor_drops_their_own(
    centre: Centre,
) -> None:
    people = {name: centre.person(name, Role.OFFICER) for name in ("olga", "omar")}

    def correct(contact: str) -> None:
        with centre.database.transaction() as session:
            data_requests.correct(
                session, people["omar"], contact=contact, by=people["omar"], now=NOW
            )

    refused("known-contact", lambda: correct("Olga@centre.example"))
    refused("contact", lambda: correct(" "))
    correct("omar@new.example")
    for value in (centre.contact_hash("olga@centre.example"), None):
        with pytest.raises(IntegrityError), centre.database.transaction() as session:
            session.get_one(Person, people["omar"]).contact_hash = value


def test_the_database_refuses_second_accounts_too(centre: Centre) -> None:
    ada = centre.person("ada", Role.ADMINISTRATOR)
    own, other = centre.contact_hash(OWN), centre.contact_hash("new@home.example")

    def put(*rows: object) -> None:
        with centre.database.transaction() as session:
            for row in rows:
                session.add(row)
                session.flush()

    def link(contact: str, by: UUID) -> RoleInvitation:
        row = {"organisation_id": centre.organisation, "name": "N", "role": "officer"}
        return RoleInvitation(
            **row,
            token_hash=contact,
            contact_hash=contact,
            invited_by=by,
            created=NOW,
            expires=LATER,
        )

    with pytest.raises(IntegrityError):
        put(link(own, ada))
    second = Person(
        organisation_id=centre.organisation, display_name="A.", alias="A2", contact_hash=own
    )
    put(second)  # a candidate may have it: nobody acts for the centre with it
    for role in ("officer", "examiner", "administrator"):
        with pytest.raises(IntegrityError):
            put(Grant(person_id=second.id, role=role, granted_by=ada, granted_at=NOW))
    nobody = Person(organisation_id=centre.organisation, display_name="B", alias="B")
    put(nobody)
    with pytest.raises(IntegrityError):
        put(Grant(person_id=nobody.id, role="officer", granted_by=ada, granted_at=NOW))
    put(link(other, ada))


def test_who_was_ended_is_invited_anew(centre: Centre) -> None:
    olga, ada = centre.person("olga", Role.OFFICER), centre.person("ada", Role.ADMINISTRATOR)
    with centre.database.transaction() as session:
        staff.end(session, olga, "officer", by=ada, now=NOW)
    token = invite(centre, "olga@centre.example")
    with centre.database.transaction() as session:
        assert staff.take_up(session, token, now=NOW)


# --- two persons, not two accounts --------------------------------------------------------------


def test_nobody_confirms_their_own_key_alarm_with_another_account(centre: Centre) -> None:
    one, other = twins(centre, Role.OFFICER, "olga", "olga2")
    stolen_id = stolen_keys.ask(
        centre.database, "key-1", since=None, officer_id=one, body=centre.body, now=NOW
    )

    def confirm(officer: UUID) -> None:
        stolen_keys.confirm(
            centre.database, stolen_id, officer_id=officer, body=centre.body, now=NOW
        )

    refused("two-persons", lambda: confirm(other))
    with pytest.raises(IntegrityError), centre.database.transaction() as session:
        row = session.get_one(StolenKey, stolen_id)
        row.confirmed_by, row.confirmed_at = other, NOW
    assert centre.body.keyring.current_name() == "key-1"
    confirm(centre.person("omar", Role.OFFICER))


def test_nobody_confirms_their_own_change_of_a_badge_with_another_account(
    service: Service,
) -> None:
    centre = service.centre
    award = service.released()
    officers = [centre.person(name, Role.OFFICER) for name in ("olga", "omar")]
    with centre.database.transaction() as session:
        changes.ask(
            session,
            award,
            action="revoke",
            reason="fraud",
            officer_id=officers[0],
            body=centre.body,
            now=NOW,
        )
    same_wallet(centre, *officers)
    with centre.database.transaction() as session:
        refused(
            "two-persons",
            lambda: changes.confirm(
                session, award, officer_id=officers[1], body=centre.body, now=NOW
            ),
        )
    away = twins(centre, Role.OFFICER, "nina", "nina2")
    with centre.database.transaction() as session:
        badge = session.exec(select(Credential).where(Credential.award_id == award)).one()
        for one in session.exec(select(Change)):
            session.delete(one)
        session.flush()
        row = Change(
            credential_id=badge.id,
            action="revoke",
            reason="fraud",
            requested_by=away[0],
            requested_at=NOW,
        )
        session.add(row)
    with (
        pytest.raises(IntegrityError, match="two persons"),
        centre.database.transaction() as session,
    ):
        row = session.exec(select(Change)).one()
        row.confirmed_by, row.confirmed_at = away[1], NOW


def same_wallet(centre: Centre, *people: UUID) -> None:
    """Let people hold badges of their own under one key: a wallet is of one person."""
    names = {person: name for name, person in centre.people.items()}
    for one in people:
        decision = centre.decided(names[one], examiners=("yves",))
        award = awards.release(
            centre.database,
            decision,
            officer_id=centre.person("zoe", Role.OFFICER),
            body=centre.body,
            now=NOW,
        )
        issuing.deliver(centre.database, award, holder="did:key:one", body=centre.body, now=NOW)


def test_nobody_releases_their_own_badge_with_another_account(centre: Centre) -> None:
    decision, olga = centre.decided("maria"), centre.person("olga", Role.OFFICER)
    with centre.database.transaction() as session:
        session.get_one(Person, centre.people["maria"]).contact_hash = centre.contact_hash(
            "olga@centre.example"
        )

    def release(officer: UUID) -> UUID:
        return awards.release(
            centre.database, decision, officer_id=officer, body=centre.body, now=NOW
        )

    refused("officer-took-part", lambda: release(olga))
    omar = centre.person("omar", Role.OFFICER)
    award = release(omar)
    with centre.database.reading() as session:
        values = session.get_one(Award, award).model_dump() | {"id": uuid4(), "officer_id": olga}
    with (
        pytest.raises(IntegrityError, match="took no part"),
        centre.database.transaction() as session,
    ):
        session.add(Award(**values))


def test_what_cannot_be_known_is_told_to_the_data_officer(service: Service) -> None:
    centre, award = service.centre, service.released("zoe")
    dora = service.browser("dora", Role.DATA_OFFICER)
    ada = centre.person("ada", Role.ADMINISTRATOR)
    olga, nina = (centre.person(name) for name in ("olga", "nina"))
    assert "We cannot see that." in dora.get("/data-officer/?lang=en").text

    def change(asks: UUID, confirms: UUID, action: str, reason: str) -> None:
        what = {"body": centre.body, "now": NOW}
        with centre.database.transaction() as session:
            changes.ask(
                session,
                award,
                action=action,
                reason=reason,
                officer_id=asks,
                **what,
                has_phone=True,
            )
            changes.confirm(session, award, officer_id=confirms, **what)

    with centre.database.transaction() as session:
        staff.give(session, olga, "officer", by=ada, now=NOW)
        staff.give(session, nina, "officer", by=ada, now=NOW)
    change(olga, nina, "suspend", "under_review")
    assert seen(centre) == two.Seen(1, 0, 0)
    with centre.database.transaction() as session:
        staff.give(session, ada, "officer", by=_second(session, centre, ada), now=NOW)
    change(ada, nina, "lift", "review_passed")
    assert seen(centre) == two.Seen(2, 0, 1)
    assert "Ask whether it was two persons." in dora.get("/data-officer/?lang=en").text
    away = centre.another("Elsewhere")
    with centre.database.reading() as session:
        assert two.seen(session, away) == two.Seen(0, 0, 0)


def _second(session: Session, centre: Centre, ada: UUID) -> UUID:
    bea = accounts.create_person(session, centre.organisation, "Bea", contact="bea@x.example")
    staff.give(session, bea.id, "administrator", by=ada, now=NOW)
    return bea.id


def seen(centre: Centre) -> two.Seen:
    with centre.database.reading() as session:
        return two.seen(session, centre.organisation)
