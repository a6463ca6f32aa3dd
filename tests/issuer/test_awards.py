"""Awards: released once, by somebody who had no part in it, and only what was decided."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from award_world import NOW, Centre, open_centre
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from issuer import awards, changes
from issuer.audit import broken_at
from issuer.award_tables import Award, Change, Credential, Offer, StatusEntry
from issuer.tables import AuditEvent, Decision, Role, Submission, SubmissionState
from issuer.trail import final_marks
from web.errors import Refused


@pytest.fixture
def centre(tmp_path: Path) -> Centre:
    return open_centre(tmp_path)


def release(centre: Centre, decision_id: UUID, officer: str = "olga") -> UUID:
    return awards.release(
        centre.database,
        decision_id,
        officer_id=centre.person(officer, Role.OFFICER),
        body=centre.body,
        now=NOW,
    )


# --- release: attacks ------------------------------------------------------------------------


def test_an_appeal_between_the_check_and_the_release_is_not_overrun(centre: Centre) -> None:
    def appeal(step: str) -> None:
        if step == "checked":
            centre.change(Submission, state=SubmissionState.APPEALED)

    with pytest.raises(Refused):
        awards.release(
            centre.database,
            centre.decided(),
            officer_id=centre.person("olga", Role.OFFICER),
            body=centre.body,
            now=NOW,
            pause=appeal,
        )
    assert centre.count(Award) == 0


@pytest.mark.parametrize("officer", ["eva", "ernesto", "maria"])
def test_nobody_releases_what_they_marked_or_did(centre: Centre, officer: str) -> None:
    decision = centre.decided(level=3, examiners=("eva", "ernesto"))
    with pytest.raises(Refused) as refused:
        release(centre, decision, officer)
    assert refused.value.status == 403
    assert centre.count(Award) == 0


@pytest.mark.parametrize("officer", ["eva", "ernesto", "edith", "maria"])
def test_the_database_itself_refuses_an_officer_who_took_part(centre: Centre, officer: str) -> None:
    decision = centre.decided(level=3, examiners=("eva", "ernesto", "edith"))
    with pytest.raises(IntegrityError):
        store_award(centre, decision, officer_id=centre.person(officer))


def test_the_database_refuses_an_award_that_hides_an_examiner(centre: Centre) -> None:
    decision = centre.decided(level=2, examiners=("eva", "ernesto"))
    with pytest.raises(IntegrityError, match="all examiners"):
        store_award(centre, decision, officer_id=centre.person("olga"), second_examiner_id=None)


def test_the_database_refuses_an_award_without_or_beside_a_decision(centre: Centre) -> None:
    decision, other = centre.decided(level=2), centre.decided("juan", level=1)
    officer = centre.person("olga", Role.OFFICER)
    others: list[dict[str, object]] = [
        {"decision_id": uuid4()},
        {"decision_id": other},
        {"level": 3},
        {"level": 1},
        {"candidate_id": centre.person("juan")},
        {"first_examiner_id": officer},
    ]
    for change in others:
        with pytest.raises(IntegrityError):
            store_award(centre, decision, officer_id=officer, **change)


def test_what_was_not_awarded_is_never_released(centre: Centre) -> None:
    decision = centre.decided(level=None)
    with pytest.raises(Refused):
        release(centre, decision)
    officer = centre.person("olga", Role.OFFICER)
    with pytest.raises(IntegrityError):
        store_award(centre, decision, officer_id=officer, level=1)
    with centre.database.reading() as session:
        assert awards.pending(session) == []


def test_a_decision_is_released_once(centre: Centre) -> None:
    decision = centre.decided()
    release(centre, decision)
    with pytest.raises(Refused) as refused:
        release(centre, decision, "omar")
    assert refused.value.code == "released-already"
    assert (centre.count(Award), centre.count(Credential), centre.count(StatusEntry)) == (1,) * 3


def test_an_unknown_decision_is_not_released(centre: Centre) -> None:
    with pytest.raises(Refused) as refused:
        release(centre, uuid4())
    assert refused.value.status == 404


def test_a_released_award_changes_in_nothing_but_its_state(centre: Centre) -> None:
    award_id = release(centre, centre.decided())
    for name, value in (("level", 3), ("officer_id", centre.person("omar")), ("language", "es")):
        with pytest.raises(IntegrityError):
            centre.change(Award, **{name: value})
    with pytest.raises(IntegrityError), centre.database.transaction() as session:
        session.delete(session.get_one(Award, award_id))


# --- release: the way through ----------------------------------------------------------------


def test_the_queue_shows_the_reason_trail_and_no_name(centre: Centre) -> None:
    centre.decided("maria", level=3, examiners=("eva", "ernesto"))
    with centre.database.reading() as session:
        (waiting,) = awards.pending(session)
    assert waiting.candidate_alias == "X-maria"
    assert [marking.examiner_code for marking in waiting.markings] == ["X-eva", "X-ernesto"]
    assert set(waiting.marks.values()) == {3}
    assert waiting.why_not(centre.person("eva")) != ""
    assert waiting.why_not(centre.person("olga", Role.OFFICER)) == ""


def test_release_leaves_one_intended_badge_one_place_and_one_offer(centre: Centre) -> None:
    award_id = release(centre, centre.decided())
    with centre.database.reading() as session:
        (badge,) = awards.issued(session)
        assert badge.award.id == award_id
        assert badge.credential is not None
        assert badge.credential.signed_text is None
        assert badge.state == "offered"
        assert len(session.exec(select(Offer)).all()) == 1
        kinds = [event.kind for event in session.exec(select(AuditEvent))]
        assert "award.released" in kinds
        assert broken_at(session) is None


def test_final_marks_never_contradict_the_level() -> None:
    assert final_marks([{"a": 2, "b": 3}]) == {"a": 2, "b": 3}
    assert final_marks([{"a": 2, "b": 3}, {"a": 3, "b": 2}]) == {"a": 2, "b": 2}
    assert final_marks([{"a": 1}, {"a": 3}, {"a": 2}]) == {"a": 2}
    with pytest.raises(ValueError, match="same criteria"):
        final_marks([{"a": 1}, {"b": 1}])
    with pytest.raises(ValueError, match="at least one"):
        final_marks([])


# --- cancelling ------------------------------------------------------------------------------


def ask(centre: Centre, award_id: UUID, reason: str, officer: str = "olga") -> bool:
    officer_id = centre.person(officer, Role.OFFICER)
    with centre.database.transaction() as session:
        return changes.ask(
            session,
            award_id,
            action="revoke",
            reason=reason,
            officer_id=officer_id,
            body=centre.body,
            now=NOW + timedelta(hours=1),
        )


def confirm(centre: Centre, award_id: UUID, officer: str) -> None:
    officer_id = centre.person(officer, Role.OFFICER)
    with centre.database.transaction() as session:
        changes.confirm(
            session,
            award_id,
            officer_id=officer_id,
            body=centre.body,
            now=NOW + timedelta(hours=2),
        )


@pytest.mark.parametrize("reason", ["", "because", "HOLDER_REQUEST", "fraud; drop table award"])
def test_other_reasons_than_the_closed_list_are_refused(centre: Centre, reason: str) -> None:
    award_id = release(centre, centre.decided())
    with pytest.raises(Refused):
        ask(centre, award_id, reason)
    assert centre.count(Change) == 0


def test_one_person_alone_cancels_nothing_but_at_the_holders_wish(centre: Centre) -> None:
    award_id = release(centre, centre.decided())
    assert ask(centre, award_id, "fraud") is False
    with pytest.raises(Refused) as refused:
        confirm(centre, award_id, "olga")
    assert refused.value.code == "two-persons"
    olga = centre.person("olga")
    with pytest.raises(IntegrityError):
        centre.change(Change, confirmed_by=olga, confirmed_at=NOW)
    with centre.database.reading() as session:
        assert session.exec(select(StatusEntry.revoked_at)).one() is None


def test_second_person_confirms_and_the_holders_wish_needs_none(centre: Centre) -> None:
    first, second = (release(centre, centre.decided(name)) for name in ("maria", "juan"))
    ask(centre, first, "issued_in_error")
    confirm(centre, first, "omar")
    assert ask(centre, second, "holder_request") is True
    with centre.database.reading() as session:
        assert {badge.state for badge in awards.issued(session)} == {"revoked"}
        entries = session.exec(select(StatusEntry)).all()
        assert len({entry.position for entry in entries}) == 2
        assert all(entry.revoked_at is not None for entry in entries)


def test_a_request_can_be_dropped_and_a_cancelled_badge_stays_cancelled(centre: Centre) -> None:
    award_id = release(centre, centre.decided())
    ask(centre, award_id, "fraud")
    omar = centre.person("omar", Role.OFFICER)
    with centre.database.transaction() as session:
        changes.drop(
            session,
            award_id,
            officer_id=omar,
            now=NOW,
        )
    ask(centre, award_id, "holder_request")
    for attempt in (lambda: ask(centre, award_id, "fraud"), lambda: confirm(centre, award_id, "x")):
        with pytest.raises(Refused):
            attempt()
    with pytest.raises(IntegrityError):
        centre.change(Credential, state="intended")
    with pytest.raises(IntegrityError):
        centre.change(StatusEntry, revoked_at=None)


# --- helpers ---------------------------------------------------------------------------------


def store_award(centre: Centre, decided: UUID, /, **others: object) -> None:
    """Store an award by hand, past every check of the code."""
    with centre.database.transaction() as session:
        decision = session.get_one(Decision, decided)
        values = {
            "decision_id": decision.id,
            "candidate_id": decision.candidate_id,
            "first_examiner_id": decision.first_examiner_id,
            "second_examiner_id": decision.second_examiner_id,
            "third_examiner_id": decision.third_examiner_id,
            "level": decision.level,
        }
        award = Award(
            **(values | others),
            slug="technical-cleaning",
            level_slug="confirmed",
            language="fr",
            released_at=NOW,
        )
        session.add(award)
