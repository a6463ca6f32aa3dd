"""Erasing a person: nothing of theirs is left, nothing of others goes, nothing comes back."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from assessment_world import House
from award_world import NOW, Centre, at_once, network, open_centre
from privacy_world import CONTACT, NAME, WORDS, everything, found_in, marks_by, rows_of
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlmodel import select

from credentials.report import Headline
from credentials.trust import Trust, TrustedParty
from credentials.verify import verify_credential
from issuer import (
    accounts,
    appeals,
    assessment,
    audit,
    awards,
    changes,
    erasure,
    issuing,
    notices,
    offers,
)
from issuer.award_tables import Award, Credential, Offer, StatusEntry
from issuer.holdings import each, is_of, table_of
from issuer.inventory import Fate
from issuer.privacy_tables import KeptBadge
from issuer.tables import (
    AccessCode,
    Assessment,
    AuditEvent,
    Decision,
    Erasure,
    Grant,
    Person,
    Role,
    Submission,
)
from web.errors import Refused


@pytest.fixture
def centre(tmp_path: Path, database_url: str) -> Centre:
    return _opened(tmp_path, database_url)


@pytest.fixture
def quick(tmp_path: Path) -> Centre:
    return _opened(tmp_path, f"sqlite:///{tmp_path}/issuer.db")


def _opened(folder: Path, database_url: str) -> Centre:
    centre = open_centre(folder, database_url=database_url)
    centre.numbers = 500  # its files and those of a house have numbers apart
    return centre


def erase(centre: Centre, person: UUID, **how: Any) -> erasure.Erased:
    asked: dict[str, Any] = {"keep_badges": True, "end_open_work": True, "by": person, "now": NOW}
    return erasure.erase(centre.database, person, body=centre.body, **{**asked, **how})


def released(centre: Centre, name: str = "maria") -> UUID:
    return awards.release(
        centre.database,
        centre.decided(name),
        officer_id=centre.person("olga", Role.OFFICER),
        body=centre.body,
        now=NOW,
    )


def deliver(centre: Centre, award: UUID, holder: str = "did:example:holder") -> str:
    return issuing.deliver(centre.database, award, holder=holder, body=centre.body, now=NOW)


# --- nothing is left -----------------------------------------------------------------------------


def test_nothing_of_an_erased_person_is_anywhere_in_the_database(centre: Centre) -> None:
    known = everything(centre)
    other = centre.decided("ana")
    deliver(
        centre,
        awards.release(
            centre.database, other, officer_id=centre.people["olga"], body=centre.body, now=NOW
        ),
    )
    needles = (
        *(NAME, NAME.split()[0], CONTACT, centre.contact_hash(CONTACT), WORDS),
        *("did:example:zoraida", json.loads(known.signed)["id"]),
    )
    with centre.database.reading() as session:
        before = found_in(session, *needles)
        kept = rows_of(session)
        events = len(session.exec(select(AuditEvent)).all())
    for place in (
        *("person.display_name", "mailbox.address", "answer.value", "evidence.content"),
        *("assessment.notes", "appeal_words.text", "feedback.words", "showing.nickname"),
        *("file_return.note", "void_attempt.note", "credential.signed_text", "credential.holder"),
    ):
        assert place in before, f"the world holds too little: {place}"
    done = erase(centre, known.id)
    assert (done.kept, done.cancelled, done.emptied) == (1, 0, False)
    with centre.database.reading() as session:
        assert found_in(session, *needles) == []
        left = set(found_in(session, str(known.id), known.id.hex))
        assert left <= {"audit_event.subject_id", "audit_event.by", "erasure.person_id"}
        for name, holding in each():
            if holding.fate is Fate.DELETED:
                rows = session.connection().execute(
                    table_of(name).select().where(is_of(name, holding, known.id))
                )
                assert rows.all() == [], name
        after = rows_of(session)
        assert audit.broken_at(session) is None
        assert len(session.exec(select(AuditEvent)).all()) > events
        assert session.get(Decision, other) is not None
    for untouched in ("organisation", "cohort", "status_entry", "nomination", "appointment"):
        assert after[untouched] == kept[untouched]
    assert after["credential"] == after["award"] == after["decision"] == 1


def test_what_stays_of_a_badge_is_its_place_its_name_and_a_month(quick: Centre) -> None:
    known = everything(quick)
    place = json.loads(known.signed)["credentialStatus"]
    erase(quick, known.id)
    with quick.database.reading() as session:
        kept = session.exec(select(KeptBadge)).one()
        entry = session.get_one(StatusEntry, (kept.list_number, kept.position))
    assert entry.revoked_at is None
    assert str(kept.position) == place["statusListIndex"]
    assert kept.achievement_id == json.loads(known.signed)["credentialSubject"]["achievement"]["id"]
    assert kept.month == NOW.date().replace(day=1)
    with pytest.raises(DatabaseError), quick.database.transaction() as session:
        session.delete(session.exec(select(StatusEntry)).first())


@pytest.mark.parametrize("keep", [True, False])
def test_a_kept_badge_is_genuine_for_a_reader_and_a_cancelled_one_is_not(
    quick: Centre, keep: bool
) -> None:
    known = everything(quick)
    erase(quick, known.id, keep_badges=keep)
    report = verify_credential(
        json.loads(known.signed),
        trust=Trust((TrustedParty(quick.body.did, "Centre", frozenset({"issuer"})),)),
        fetch=network(quick),
        now=NOW,
    )
    assert report.headline is (Headline.GENUINE if keep else Headline.NO_LONGER_VALID)


def test_badges_are_cancelled_too_when_the_holder_wants_it(quick: Centre) -> None:
    known = everything(quick)
    done = erase(quick, known.id, keep_badges=False)
    assert (done.kept, done.cancelled) == (0, 1)
    with quick.database.reading() as session:
        assert session.exec(select(KeptBadge)).all() == []
        assert session.exec(select(StatusEntry)).one().revoked_at == NOW
        kinds = [one.kind for one in session.exec(select(AuditEvent))]
    assert kinds.count("revoke.asked") == kinds.count("badge.revoked") == 1


def test_what_was_deleted_is_not_on_the_disk_either(quick: Centre, tmp_path: Path) -> None:
    known = everything(quick)
    erase(quick, known.id)
    quick.database.close()
    left = b"".join(path.read_bytes() for path in tmp_path.glob("issuer.db*"))
    assert b"audit_event" in left
    for needle in (NAME, CONTACT, WORDS):
        assert needle.encode() not in left


# --- of others nothing goes ----------------------------------------------------------------------


def test_an_examiner_who_goes_leaves_marks_of_others_under_a_number(centre: Centre) -> None:
    house = House(centre.database)
    contact = "eva@home.example"
    eva = house.examiner("Eva Secreta", contact=contact)
    maria = house.candidate(contact="maria@home.example")
    file = house.sent(maria)
    house.mark(file, eva, 2)
    done = erase(centre, eva)
    assert done.emptied
    with centre.database.reading() as session:
        assert found_in(session, "Secreta", contact, centre.contact_hash(contact)) == []
        (mark,) = marks_by(session, eva)
        assert mark.notes
        assert mark.examiner_contact is None
        assert mark.candidate_contact == centre.contact_hash("maria@home.example")
        assert session.get_one(Person, eva).display_name == ""
        assert session.exec(select(Grant).where(Grant.person_id == eva)).all() == []
        assert assessment.queue(session, eva, now=NOW) == []


def test_nothing_comes_back_to_an_account_that_stays_empty(centre: Centre) -> None:
    house = House(centre.database)
    eva = house.examiner("Eva")
    house.mark(house.sent(house.candidate()), eva, 2)
    erase(centre, eva)
    work = Submission(
        candidate_id=eva,
        number=99,
        skill="x",
        language="es",
        level=1,
        scenario_id="x",
        framework_version="1.0",
        started_at=NOW,
    )
    for come_back in (
        lambda session: accounts.invite(session, eva, now=NOW),
        lambda session: accounts.sign_in(session, eva, now=NOW),
        lambda session: notices.open_mailbox(session, eva, "e@x.example", language="es", now=NOW),
        lambda session: accounts.give_consent(session, eva, statistics=True, now=NOW),
        lambda session: session.add(Grant(person_id=eva, role=Role.EXAMINER)),
        lambda session: session.add(work),
        lambda session: setattr(session.get_one(Person, eva), "display_name", "Eva"),
    ):
        with pytest.raises(DatabaseError), centre.database.transaction() as session:
            come_back(session)
    with pytest.raises(Refused):
        erase(centre, eva)


# --- the database lets this go and nothing else --------------------------------------------------


def test_final_rows_of_everybody_else_stay_final(centre: Centre) -> None:
    known = everything(centre)
    other = centre.decided("ana")
    deliver(centre, awards.release(
        centre.database, other, officer_id=centre.people["olga"], body=centre.body, now=NOW
    ))  # fmt: skip
    erase(centre, known.id)
    for statement in (
        "DELETE FROM assessment", "DELETE FROM decision", "DELETE FROM award",
        "DELETE FROM credential", "DELETE FROM audit_event", "DELETE FROM erasure",
        "DELETE FROM kept_badge", "UPDATE decision SET level = 1", "UPDATE erasure SET at = at",
        "UPDATE assessment SET proposed_level = 1", "UPDATE assessment SET examiner_contact = 'x'",
    ):  # fmt: skip
        with pytest.raises(DatabaseError), centre.database.transaction() as session:
            session.connection().execute(text(statement))


def test_the_rows_of_a_living_person_do_not_go_without_a_trace(quick: Centre) -> None:
    """A line in `erasure` is the only key, it is for good, and it is one person's."""
    known = everything(quick)
    with pytest.raises(DatabaseError), quick.database.transaction() as session:
        session.add(Erasure(person_id=uuid4(), at=NOW))
        session.flush()
        session.connection().execute(text("DELETE FROM shown_note"))
        session.connection().execute(text("DELETE FROM observation"))
        session.connection().execute(text("DELETE FROM appeal_words"))
        session.connection().execute(text("DELETE FROM appeal"))
    with quick.database.reading() as session:
        assert found_in(session, WORDS)
        assert session.get(Person, known.id) is not None


# --- all or nothing ------------------------------------------------------------------------------


class Stopped(Exception):
    pass


@pytest.mark.parametrize("step", ["badges", "begun", "deleted"])
def test_a_stop_on_the_way_leaves_everything_as_it_was(quick: Centre, step: str) -> None:
    known = everything(quick)

    def stop(reached: str) -> None:
        if reached == step:
            raise Stopped

    with quick.database.reading() as session:
        before = rows_of(session)
    with pytest.raises(Stopped):
        erase(quick, known.id, keep_badges=False, pause=stop)
    with quick.database.reading() as session:
        assert rows_of(session) == before
        assert found_in(session, NAME) == ["person.display_name"]
    assert erase(quick, known.id).kept == 1


# --- what runs -----------------------------------------------------------------------------------


def test_open_work_ends_only_when_the_person_knows(quick: Centre) -> None:
    house = House(quick.database)
    maria = house.candidate()
    house.sent(maria)
    with pytest.raises(Refused) as refusal:
        erase(quick, maria, end_open_work=False)
    assert refusal.value.code == "work-is-open"
    with quick.database.reading() as session:
        assert erasure.outlook(session, maria).open_work == 1
    erase(quick, maria)


def test_nobody_keeps_a_badge_that_is_looked_into_by_being_erased(quick: Centre) -> None:
    award = released(quick)
    deliver(quick, award)
    maria = quick.people["maria"]
    with quick.database.transaction() as session:
        changes.ask(
            session, award, action="revoke", reason="fraud", officer_id=quick.people["olga"],
            body=quick.body, now=NOW,
        )  # fmt: skip
    with pytest.raises(Refused) as refusal:
        erase(quick, maria)
    assert refusal.value.code == "badge-in-doubt"
    assert erase(quick, maria, keep_badges=False).cancelled == 1


# --- at the same moment --------------------------------------------------------------------------


def test_an_offer_claimed_at_the_same_moment_leaves_a_place_or_nothing(centre: Centre) -> None:
    for round_ in range(3):
        name = f"maria {round_}"
        award = released(centre, name)
        with centre.database.reading() as session:
            offer = offers.open_offer(session, award, secret=centre.body.secret, now=NOW)
        assert offer is not None

        def act(place: int, award: UUID = award, offer: Any = offer, name: str = name) -> object:
            if place == 0:
                return erase(centre, centre.people[name]).kept
            token = offers.exchange_code(
                centre.database, offer.code, number=None, secret=centre.body.secret, now=NOW
            )
            return deliver(centre, award) if isinstance(token, offers.AccessToken) else token

        kept, claimed = at_once(2, act)
        with centre.database.reading() as session:
            assert session.get(Person, centre.people[name]) is None
            assert session.exec(select(Offer)).all() == []
            assert session.exec(select(Credential)).all() == []
            assert len(session.exec(select(KeptBadge)).all()) >= (kept == 1)
        if kept == 1:
            assert isinstance(claimed, str)
            assert claimed.startswith("{")
        else:
            assert claimed == "no-badge" or isinstance(claimed, offers.Denied)


def test_a_decision_and_a_release_at_the_same_moment_leave_nothing(centre: Centre) -> None:
    house = House(centre.database)
    eva, olga = house.examiner("Eva"), centre.person("olga", Role.OFFICER)
    maria = house.candidate()
    file, decided = house.sent(maria), centre.decided("ana")
    ana = centre.people["ana"]
    with centre.database.transaction() as session:
        house.observed(session, file, eva)
    house.observes = False

    def act(place: int) -> object:
        if place == 0:
            return erase(centre, maria)
        if place == 1:
            return house.mark(file, eva, 2)
        if place == 2:
            return erase(centre, ana)
        return awards.release(centre.database, decided, officer_id=olga, body=centre.body, now=NOW)

    at_once(4, act)
    with centre.database.reading() as session:
        for table in (Submission, Decision, Assessment, Award, Credential, Offer):
            assert session.exec(select(table)).all() == [], table
        assert {session.get(Person, one) for one in (maria, ana)} == {None}
        assert audit.broken_at(session) is None
    issuing.recover(centre.database, body=centre.body, now=NOW + timedelta(days=1))


def test_what_is_given_at_the_same_moment_does_not_stay(centre: Centre) -> None:
    """An account that stays empty, and somebody who still clicks while it is emptied."""
    house = House(centre.database)
    eva = house.examiner("Eva")
    house.mark(house.sent(house.candidate()), eva, 2)

    def act(place: int) -> object:
        try:
            if place == 2:
                return erase(centre, eva)
            with centre.database.transaction() as session:
                if place % 2:
                    return accounts.invite(session, eva, now=NOW)
                return notices.open_mailbox(session, eva, CONTACT, language="es", now=NOW)
        except DatabaseError:
            return "refused"

    at_once(5, act)
    with centre.database.reading() as session:
        assert session.get_one(Person, eva).display_name == ""
        assert found_in(session, CONTACT) == []
        assert session.exec(select(AccessCode).where(AccessCode.person_id == eva)).all() == []


def test_many_at_once_erase_once(centre: Centre) -> None:
    known = everything(centre)
    done = at_once(4, lambda _: erase(centre, known.id))
    assert done.count("unknown-person") == 3


def test_an_appeal_that_runs_ends_with_its_person(quick: Centre) -> None:
    known = everything(quick)
    with quick.database.reading() as session:
        assert erasure.outlook(session, known.id).second_looks == 1
    erase(quick, known.id)
    with quick.database.reading() as session:
        assert session.exec(select(appeals.Appeal)).all() == []


def test_a_number_of_somebody_erased_is_not_given_again(quick: Centre) -> None:
    house = House(quick.database)
    first, second = house.candidate("One"), house.candidate("Two")
    with quick.database.reading() as session:
        aliases = {session.get_one(Person, one).alias for one in (first, second)}
    erase(quick, first)
    with quick.database.reading() as session:
        assert session.get_one(Person, house.candidate("Three")).alias not in aliases
