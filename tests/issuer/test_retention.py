"""What goes by itself: in time, never early, counted and audited; on both databases."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from assessment_world import House
from award_world import NOW, Centre, at_once, open_centre
from privacy_world import CONTACT, NAME, WORDS, everything, found_in
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlmodel import select

from issuer import accounts, audit, notices, retention
from issuer.award_tables import Credential, Offer
from issuer.notice_tables import Mailbox
from issuer.privacy_tables import RetentionRun
from issuer.tables import (
    AccessCode,
    AuditCut,
    AuditEvent,
    Decision,
    Person,
    Role,
    WebSession,
    WrongCode,
)

DAY = timedelta(days=1)


@pytest.fixture
def centre(tmp_path: Path, database_url: str) -> Centre:
    return open_centre(tmp_path, database_url=database_url)


@pytest.fixture
def quick(tmp_path: Path) -> Centre:
    return open_centre(tmp_path)


def run(centre: Centre, after: timedelta) -> dict[str, int]:
    return retention.run(centre.database, body=centre.body, now=NOW + after)


def test_a_name_goes_after_24_months_and_the_badge_stays(centre: Centre) -> None:
    known = everything(centre)
    run(centre, timedelta(days=700))
    with centre.database.reading() as session:
        assert "person.display_name" in found_in(session, NAME)
    counts = run(centre, timedelta(days=740))
    assert counts["contacts"] >= 1
    with centre.database.reading() as session:
        assert found_in(session, NAME, CONTACT, centre.contact_hash(CONTACT)) == []
        assert session.get_one(Person, known.id).display_name == ""
        assert session.exec(select(Mailbox)).all() == []
        badge = session.exec(select(Credential)).one()
        assert badge.signed_text == known.signed
        assert {one.rpartition(".")[0] for one in found_in(session, WORDS)} <= {
            *("assessment", "file_return", "void_attempt", "appeal_words"),
        }, "words of examiners, and of a second look that is still open"
        assert audit.broken_at(session) is None


def test_who_has_no_badge_is_erased_after_24_months(quick: Centre) -> None:
    house = House(quick.database)
    eva, maria = house.examiner("Eva"), house.candidate("Maria Vieja", contact="m@x.example")
    house.mark(house.sent(maria), eva, 0)
    with quick.database.transaction() as session:
        accounts.sign_in(session, eva, now=NOW + timedelta(days=700))
    assert run(quick, timedelta(days=740))["contacts"] == 1
    with quick.database.reading() as session:
        assert session.get(Person, maria) is None
        assert session.exec(select(Decision)).all() == []
        assert session.get_one(Person, eva).display_name == "Eva"


def test_who_never_came_is_forgotten_thirty_days_after_the_invitation(quick: Centre) -> None:
    house = House(quick.database)
    late, came = house.candidate("Late", agrees=False), house.candidate("Came", agrees=False)
    with quick.database.transaction() as session:
        for one in (late, came):
            accounts.invite(session, one, now=NOW)
        accounts.sign_in(session, came, now=NOW)
    assert "unused" not in run(quick, accounts.CODE_LIVES + timedelta(days=29))
    assert run(quick, accounts.CODE_LIVES + timedelta(days=31))["unused"] == 1
    with quick.database.reading() as session:
        assert session.get(Person, late) is None
        assert session.get(Person, came) is not None
        assert session.exec(select(AccessCode)).all() == []


def test_sessions_wrong_codes_and_tokens_go(quick: Centre) -> None:
    house = House(quick.database)
    maria = house.candidate()
    with quick.database.transaction() as session:
        accounts.sign_in(session, maria, now=NOW)
        accounts.enter(session, "WRONG", source="1.2.3.4", now=NOW)
    assert run(quick, timedelta(hours=1)) == {}
    assert run(quick, 2 * DAY) == {"sessions": 1, "codes": 1}
    with quick.database.reading() as session:
        for table in (WebSession, WrongCode, Offer):
            assert session.exec(select(table)).all() == []


def test_the_trail_is_cut_after_five_years_and_the_rest_still_proves_itself(
    centre: Centre,
) -> None:
    maria = centre.person("maria", Role.CANDIDATE)
    with centre.database.transaction() as session:
        for year in range(8):
            notices.open_mailbox(
                session, maria, "m@x.example", language="es", now=NOW + year * 365 * DAY
            )
    assert run(centre, timedelta(days=7 * 365))["audit"] == 2
    with centre.database.reading() as session:
        numbers = [one.number for one in session.exec(select(AuditEvent))]
        assert min(numbers) == 3
        assert audit.broken_at(session) is None
        cut = session.exec(select(AuditCut)).one()
        assert cut.number == 2


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM audit_event WHERE number = (SELECT max(number) FROM audit_event)",
        "DELETE FROM audit_cut",
        "UPDATE audit_cut SET number = 99",
        "UPDATE audit_event SET kind = 'x'",
    ],
)
def test_the_trail_is_cut_nowhere_else(quick: Centre, statement: str) -> None:
    maria = quick.person("maria", Role.CANDIDATE)
    with quick.database.transaction() as session:
        for year in range(3):
            notices.open_mailbox(
                session, maria, "m@x.example", language="es", now=NOW + year * 365 * DAY
            )
        audit.forget_before(session, NOW + DAY, now=NOW + 1000 * DAY)
    with pytest.raises(DatabaseError), quick.database.transaction() as session:
        session.connection().execute(text(statement))
    with pytest.raises(DatabaseError), quick.database.transaction() as session:
        newest = session.exec(select(AuditEvent).order_by(AuditEvent.number.desc())).first()  # type: ignore[attr-defined]
        assert newest is not None
        session.add(AuditCut(number=newest.number, hash=newest.hash, older_than=NOW, made_at=NOW))


def test_runs_are_kept_with_their_counts_and_audited(quick: Centre) -> None:
    house = House(quick.database)
    house.begun(house.candidate())
    assert run(quick, timedelta(days=61)) == {"drafts": 1}
    assert run(quick, timedelta(days=62)) == {}
    with quick.database.reading() as session:
        latest = retention.runs(session)
        assert [one.counts for one in latest] == [{}, {"drafts": 1}]
        ran = [one for one in session.exec(select(AuditEvent)) if one.kind == "retention.ran"]
        assert [UUID(one.subject_id) for one in ran] == [
            one.id
            for one in session.exec(select(RetentionRun))
            if one.at == NOW + timedelta(days=61)
        ]


def test_two_processes_at_once_delete_once(centre: Centre) -> None:
    known = everything(centre)
    house = known.house
    late = [house.candidate(f"Late {number}", agrees=False) for number in range(3)]
    with centre.database.transaction() as session:
        for one in late:
            accounts.invite(session, one, now=NOW)
    counts = at_once(3, lambda _: run(centre, timedelta(days=6 * 365)))
    assert sum(one["contacts"] for one in counts if "contacts" in one) >= 1  # type: ignore[operator, index, misc]
    with centre.database.reading() as session:
        assert all(session.get(Person, one) is None for one in late)
        assert found_in(session, NAME) == []
        assert audit.broken_at(session) is None
