"""A right that rests on a badge of another issuer lasts as long as that badge, and no longer."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from abroad_world import LEVEL, Abroad
from appointment_world import nomination, offered
from assessment_world import refused
from award_world import NOW
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from issuer import appointments, erasure, grounds, notices
from issuer.appointment_badge_tables import AppointmentBadge
from issuer.appointment_tables import Cause, Nomination, Stage
from issuer.ground_tables import BadgeGround
from issuer.notice_tables import News, Notice
from issuer.tables import Appointment, AuditEvent, Role
from keys.controller import Method, controller_document
from keys.material import PrivateKey

DAY = timedelta(days=1)
LIST = "/coordinator/examiners/"


@pytest.fixture
def abroad(tmp_path: Path) -> Abroad:
    return opened(tmp_path)


def opened(folder: Path, database_url: str = "sqlite://") -> Abroad:
    """Make a world whose other issuer signs lists that last, with a decision in force."""
    made = Abroad(folder, database_url)
    made.other.list_valid_until = NOW + 365 * DAY
    made.equal_id = made.accepted()
    return made


def after(abroad: Abroad, days: int) -> None:
    """Let days pass, and the daily look happen."""
    abroad.service.clock.now += days * DAY
    grounds.look_again(abroad.service.centre.database, fetch=abroad.web, now=abroad.service.clock())


def rows(abroad: Abroad, table: type[Any]) -> list[Any]:
    with abroad.service.centre.database.reading() as session:
        return list(session.exec(select(table)).all())


def events(abroad: Abroad, about: UUID) -> list[str]:
    with abroad.service.centre.database.reading() as session:
        kinds = select(AuditEvent.kind).where(AuditEvent.subject_id == str(about))
        return list(session.exec(kinds.order_by(col(AuditEvent.number))).all())


def call(abroad: Abroad, function: Any, *arguments: Any, **named: Any) -> Any:
    with abroad.service.centre.database.transaction() as session:
        return function(session, *arguments, now=abroad.service.clock(), **named)


def page(abroad: Abroad, name: str, path: str) -> str:
    """Give a page as somebody sees it who signs in now."""
    answer = abroad.service.browser(name).get(f"{path}?lang=en")
    assert answer.status_code == 200
    return answer.text


# --- the badge ------------------------------------------------------------------------------------


def test_a_badge_cancelled_elsewhere_suspends_at_once(tmp_path: Path, database_url: str) -> None:
    abroad = opened(tmp_path, database_url)
    one = abroad.examiner()
    call(abroad, notices.open_mailbox, one.person_id, "maria@home.example", language="es")
    offered(abroad.service, one)
    after(abroad, 1)
    assert abroad.now(one).stage == Stage.ACTIVE
    abroad.other.revoked.add(4711)
    after(abroad, 1)
    found = abroad.now(one)
    assert (found.stage, found.suspended_for) == (Stage.SUSPENDED, Cause.BADGE)
    assert [row.state for row in rows(abroad, AppointmentBadge)] == ["ended"]
    assert [row.suspended_at for row in rows(abroad, Appointment)] == [abroad.service.clock()]
    assert [row.news for row in rows(abroad, Notice)] == [News.STOPPED]
    assert events(abroad, one.id)[-1] == "examiner.suspended"
    assert rows(abroad, BadgeGround) == [], "nothing is kept of it"
    assert "does not count now" in page(abroad, "maria", "/examining/")
    cora = abroad.service.centre.people["cora"]
    refused("badge-gone", lambda: call(abroad, appointments.lift, one.id, by=cora, reason="Why"))


def test_the_first_request_of_a_day_has_it_looked_at(tmp_path: Path) -> None:
    abroad = opened(tmp_path, f"sqlite:///{tmp_path}/issuer.db")
    one = abroad.examiner()
    abroad.other.revoked.add(4711)
    abroad.maria.get("/")
    worker = abroad.service.app.extensions["ground_worker"]
    worker.wait(600)
    assert abroad.now(one).stage == Stage.ACTIVE, "it was looked at today, when it was shown"
    abroad.service.clock.now += DAY
    abroad.maria.get("/")
    worker.wait(600)
    assert abroad.now(one).stage == Stage.SUSPENDED


@pytest.mark.parametrize("form", ["proof", "token"])
def test_a_key_taken_back_elsewhere_stops_who_rests_on_it(abroad: Abroad, form: str) -> None:
    one = abroad.shown_for("es", abroad.token() if form == "token" else abroad.badge())
    after(abroad, 1)
    assert abroad.now(one).stage == Stage.ELIGIBLE
    taken_back = Method(abroad.other.method, abroad.other.key.public, purposes=(), revoked=NOW)
    abroad.other.key = PrivateKey.generate()  # its lists are signed anew
    new = Method(f"{abroad.other.did}#key-2", abroad.other.key.public)
    shown = controller_document(abroad.other.did, [taken_back, new])
    abroad.web.pages["https://issuer.example/.well-known/did.json"] = json.dumps(shown).encode()
    after(abroad, 1)
    assert abroad.now(one).stage == Stage.ENDED


def test_a_badge_that_fell_before_the_appointment_makes_nobody_eligible(abroad: Abroad) -> None:
    one = abroad.shown()
    abroad.other.revoked.add(4711)
    after(abroad, 1)
    assert abroad.now(one).stage == Stage.ENDED
    assert "This way to examining ended" in page(abroad, "maria", "/examining/")
    assert rows(abroad, BadgeGround) == []


def test_what_cannot_be_checked_is_not_cancelled(tmp_path: Path, database_url: str) -> None:
    abroad = opened(tmp_path, database_url)
    one = abroad.examiner()
    abroad.web.parties = ()
    after(abroad, 2)
    assert abroad.now(one).stage == Stage.ACTIVE
    assert events(abroad, one.id)[-1] == "ground.unknown"
    assert "could not be checked" in page(abroad, "cora", LIST)
    assert "You decide about 1 examiner" in page(abroad, "cora", "/coordinator/")
    assert "We cannot check your badge" in page(abroad, "maria", "/examining/")
    abroad.web.parties = (abroad.other,)
    after(abroad, 1)
    assert events(abroad, one.id)[-1] == "ground.known"
    assert "could not be checked" not in page(abroad, "cora", LIST)
    abroad.web.parties = ()
    after(abroad, 1)
    after(abroad, 29)
    assert abroad.now(one).stage == Stage.ACTIVE
    after(abroad, 1)
    found = abroad.now(one)
    assert (found.stage, found.suspended_for) == (Stage.SUSPENDED, Cause.UNCHECKED)


def test_a_dead_host_is_asked_once_a_day(abroad: Abroad) -> None:
    abroad.examiner()
    abroad.shown_for("fr")
    abroad.web.parties = ()
    abroad.web.asked.clear()
    after(abroad, 1)
    assert len(rows(abroad, BadgeGround)) == 2
    assert sorted(abroad.web.asked) == sorted(set(abroad.web.asked))
    after(abroad, 0)
    assert sorted(abroad.web.asked) == sorted(set(abroad.web.asked)), "once is enough for today"


def test_a_badge_that_counts_again_is_shown_again(abroad: Abroad) -> None:
    one = abroad.examiner()
    text = abroad.badges[-1]
    abroad.other.revoked.add(4711)
    after(abroad, 1)
    abroad.maria = abroad.service.browser("maria")
    assert abroad.shows(text)[0] == 400
    abroad.other.revoked.clear()
    abroad.maria.get(abroad.asked().answered(abroad.wallet, text))
    assert abroad.now(one).suspended_for == Cause.COORDINATOR
    assert len(rows(abroad, BadgeGround)) == 1
    cora = abroad.service.centre.people["cora"]
    call(abroad, appointments.lift, one.id, by=cora, reason="It counts again")
    assert abroad.now(one).stage == Stage.ACTIVE


# --- the decision ---------------------------------------------------------------------------------


def test_the_end_of_a_decision_gives_the_centre_a_month(tmp_path: Path, database_url: str) -> None:
    abroad = opened(tmp_path, database_url)
    one, on_the_way = abroad.examiner(), abroad.shown_for("fr")
    before = page(abroad, "anna", "/standards/equals/")
    assert "This concerns 1 examiner." in before
    assert "1 person is on the way" in before
    abroad.service.browser("anna").post(f"/standards/equals/{abroad.equal_id}/end")
    assert abroad.now(on_the_way).stage == Stage.ENDED
    assert abroad.now(one).stage == Stage.ACTIVE
    assert "no longer count like ours" in page(abroad, "cora", LIST)
    after(abroad, 29)
    assert abroad.now(one).stage == Stage.ACTIVE
    after(abroad, 1)
    found = abroad.now(one)
    assert (found.stage, found.suspended_for) == (Stage.SUSPENDED, Cause.EQUAL)
    assert rows(abroad, BadgeGround) == []


def test_a_decision_that_concerns_nobody_says_so(abroad: Abroad) -> None:
    assert "It concerns nobody now." in page(abroad, "anna", "/standards/equals/")


def test_the_same_decision_made_anew_settles_the_question(abroad: Abroad) -> None:
    one = abroad.examiner()
    abroad.end(abroad.equal_id)
    abroad.service.clock.now += DAY
    anew = abroad.accepted()
    assert call(abroad, lambda session, now: grounds.of_person(session, one.person_id)) == {}
    assert [row.equal_id for row in rows(abroad, BadgeGround)] == [anew]
    after(abroad, 60)
    assert abroad.now(one).stage == Stage.ACTIVE


def test_a_decision_about_another_skill_settles_nothing(abroad: Abroad) -> None:
    one = abroad.examiner()
    abroad.end(abroad.equal_id)
    abroad.accepted(skill="following-instructions")
    after(abroad, 30)
    assert abroad.now(one).stage == Stage.SUSPENDED


# --- the word of the centre -----------------------------------------------------------------------


def test_a_centre_answers_for_its_examiner_with_a_reason(abroad: Abroad) -> None:
    one, cora = abroad.examiner(), abroad.service.browser("cora")
    field, address = f"reason-{one.id}", f"{LIST}{one.id}/keep"
    assert cora.post(address, data={field: "Known for ten years"}).status_code == 409
    abroad.end(abroad.equal_id)
    assert cora.post(address, data={field: " "}).status_code == 422
    olga = abroad.service.browser("olga")
    assert olga.post(address, data={field: "Known"}).status_code == 403
    elsewhere = abroad.service.centre.another("Centre of Lyon")
    abroad.service.centre.person("lea", Role.COORDINATOR, organisation=elsewhere)
    assert abroad.service.browser("lea").post(address, data={field: "Known"}).status_code == 404
    assert cora.post(address, data={field: "Known for ten years"}).status_code == 302
    found = abroad.now(one)
    assert (found.stage, found.kept_reason) == (Stage.ACTIVE, "Known for ten years")
    assert events(abroad, one.id)[-1] == "examiner.kept"
    assert rows(abroad, BadgeGround) == []
    abroad.web.asked.clear()
    after(abroad, 60)
    assert abroad.now(one).stage == Stage.ACTIVE
    assert abroad.web.asked == [], "the badge is not asked for any more"


def test_who_was_suspended_without_ground_goes_on_by_the_word_of_the_centre(
    tmp_path: Path, database_url: str
) -> None:
    abroad = opened(tmp_path, database_url)
    one = abroad.examiner()
    abroad.end(abroad.equal_id)
    after(abroad, 30)
    database, cora = abroad.service.centre.database, abroad.service.centre.people["cora"]
    with pytest.raises(IntegrityError), database.transaction() as session:
        row = session.get_one(Nomination, one.id)
        row.stage, row.suspended_for = Stage.ACTIVE, None
    call(abroad, appointments.lift, one.id, by=cora, reason="Passed with us")
    assert abroad.now(one).kept_by == cora
    for changed in ({"kept_reason": "Another"}, {"kept_by": abroad.owners[0]}, {"kept_by": None}):
        with pytest.raises(IntegrityError), database.transaction() as session:
            row = session.get_one(Nomination, one.id)
            for name, value in changed.items():
                setattr(row, name, value)


def test_nobody_answers_for_themselves(abroad: Abroad) -> None:
    one = abroad.examiner()
    abroad.end(abroad.equal_id)
    refused(
        "own-appointment",
        lambda: call(abroad, grounds.keep_by_word, one.id, by=one.person_id, reason="I am good"),
    )


# --- what is kept ---------------------------------------------------------------------------------


def test_what_is_kept_is_not_rewritten_and_is_of_the_badge_shown(
    tmp_path: Path, database_url: str
) -> None:
    abroad = opened(tmp_path, database_url)
    one = abroad.shown()
    (kept,) = rows(abroad, BadgeGround)
    assert abroad.wallet.did not in repr(kept)
    assert LEVEL not in repr(kept)
    database = abroad.service.centre.database
    for name, value in {"places": [], "keys": [], "ends": NOW, "badge_id": "urn:x"}.items():
        with pytest.raises(IntegrityError), database.transaction() as session:
            setattr(session.get_one(BadgeGround, one.id), name, value)
    with database.transaction() as session:
        session.delete(session.get_one(BadgeGround, one.id))
    with pytest.raises(IntegrityError), database.transaction() as session:
        session.add(BadgeGround(**(kept.model_dump() | {"badge_id": "urn:uuid:of-somebody-else"})))


def test_it_goes_with_the_right_and_with_the_person(abroad: Abroad) -> None:
    one = abroad.examiner()
    cora = abroad.service.centre.people["cora"]
    assert len(rows(abroad, BadgeGround)) == 1
    call(abroad, appointments.end, one.id, by=cora, reason="Moves away")
    assert rows(abroad, BadgeGround) == []
    two = abroad.shown_for("fr")
    assert [row.nomination_id for row in rows(abroad, BadgeGround)] == [two.id]
    erasure.erase(
        abroad.service.centre.database,
        two.person_id,
        keep_badges=True,
        end_open_work=True,
        by=two.person_id,
        body=abroad.service.centre.body,
        now=abroad.service.clock(),
    )
    assert rows(abroad, BadgeGround) == []
    assert nomination(abroad.service, one.id).badge_id == ""
