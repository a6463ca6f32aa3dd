"""Appeals: once, in time, to people who marked nothing of it; and what follows for a badge."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from assessment_world import NOW, House, house
from award_world import Centre, at_once, open_centre
from sqlalchemy.exc import DatabaseError
from sqlmodel import select

from issuer import accounts, appeals, assessment, awards, changes, issuing, offers, pilot
from issuer.appeal_tables import Appeal, AppealWords
from issuer.audit import broken_at
from issuer.award_tables import Award, Change, Credential
from issuer.tables import Answer, AuditEvent, Decision, Role, Submission, SubmissionState
from web.errors import Refused

DAY = timedelta(days=1)


@pytest.fixture
def centre(database_url: str) -> House:
    return house(database_url)


@pytest.fixture
def quick(tmp_path: Path) -> House:
    return house(f"sqlite:///{tmp_path}/quick.db")


def refused(code: str, act: Callable[[], object]) -> None:
    with pytest.raises(Refused) as refusal:
        act()
    assert refusal.value.code == code


def appeal(centre: House, file: UUID, *, words: str = "", now: Any = NOW) -> None:
    with centre.database.transaction() as session:
        submission = session.get_one(Submission, file)
        appeals.appeal(session, submission, words=words, now=now)


def not_yet(centre: House) -> tuple[UUID, UUID]:
    """Give a file that an examiner decided as not yet, and the examiner."""
    file, examiner = centre.sent(centre.candidate()), centre.examiner("Eva")
    centre.mark(file, examiner, 0)
    return file, examiner


# --- who, when, how often -----------------------------------------------------------------------


def test_the_first_examiner_never_marks_the_appeal(centre: House) -> None:
    file, eva = not_yet(centre)
    appeal(centre, file)
    refused("marked-already", lambda: centre.mark(file, eva, 2))
    with centre.database.reading() as session:
        assert assessment.queue(session, eva, now=NOW) == []
    decision = centre.mark(file, centre.examiner("Rosa"), 2)
    assert (decision.round, decision.level) == (2, 2)
    with centre.database.reading() as session:
        first = session.exec(select(Decision).where(Decision.round == 1)).one()
        assert decision.supersedes == first.id
        assert (first.outcome, first.level) == ("not_yet", None)
        in_force = assessment.decision_of(session, file)
        assert in_force is not None
        assert in_force.id == decision.id
        assert broken_at(session) is None


def test_there_is_one_appeal_a_file(centre: House) -> None:
    file, _eva = not_yet(centre)
    appeal(centre, file)
    refused("appealed-already", lambda: appeal(centre, file))
    centre.mark(file, centre.examiner("Rosa"), 0)
    refused("appealed-already", lambda: appeal(centre, file))
    assert centre.submission(file).state == SubmissionState.DECIDED


def test_an_appeal_comes_within_thirty_days(quick: House) -> None:
    file, _eva = not_yet(quick)
    refused("too-late", lambda: appeal(quick, file, now=NOW + 30 * DAY))
    appeal(quick, file, now=NOW + 29 * DAY)


def test_what_is_undecided_or_reached_what_was_tried_for_is_not_appealed(quick: House) -> None:
    file = quick.sent(quick.candidate())
    refused("undecided", lambda: appeal(quick, file))
    for name in ("Eva", "Rosa"):
        quick.mark(file, quick.examiner(name), 3)
    refused("level-reached", lambda: appeal(quick, file))
    lower = quick.sent(quick.candidate("Ana"), level=1)
    quick.mark(lower, quick.examiner("Marc"), 1)
    refused("level-reached", lambda: appeal(quick, lower))
    other, _eva = not_yet(quick)
    refused("words", lambda: appeal(quick, other, words="x" * 1001))
    with quick.database.reading() as session:
        assert session.exec(select(Appeal)).all() == []


def test_expert_on_appeal_needs_two_new_examiners(quick: House) -> None:
    file, _eva = not_yet(quick)
    appeal(quick, file)
    assert quick.mark(file, quick.examiner("Rosa"), 3) is None
    assert quick.submission(file).state == SubmissionState.SECOND_MARKING
    decision = quick.mark(file, quick.examiner("Marc"), 3)
    assert (decision.round, decision.level) == (2, 3)


def test_a_file_under_appeal_is_not_withdrawn(quick: House) -> None:
    file, _eva = not_yet(quick)
    appeal(quick, file)

    def withdraw() -> None:
        with quick.database.transaction() as session:
            assessment.withdraw(session, session.get_one(Submission, file), now=NOW)

    refused("decided", withdraw)
    quick.mark(file, quick.examiner("Rosa"), 3)  # a second examiner is asked for
    refused("decided", withdraw)
    with quick.database.reading() as session:
        assert session.exec(select(Answer)).first() is not None


def test_many_appeals_at_once_are_one(centre: House) -> None:
    file, _eva = not_yet(centre)
    outcomes = at_once(6, lambda _: appeal(centre, file))
    assert outcomes.count("appealed-already") == 5
    with centre.database.reading() as session:
        assert len(session.exec(select(Appeal)).all()) == 1
        assert broken_at(session) is None


# --- the answers --------------------------------------------------------------------------------


def test_answers_are_kept_until_ninety_days_after_the_end_of_the_appeal(centre: House) -> None:
    file, _eva = not_yet(centre)
    appeal(centre, file, words="I did look for the vase.", now=NOW + 20 * DAY)

    def forgotten(day: int) -> int:
        with centre.database.transaction() as session:
            number = assessment.forget_evidence(session, now=NOW + day * DAY)
            appeals.forget_words(session, now=NOW + day * DAY)
        return number

    assert forgotten(200) == 0  # nobody looked yet: the appeal runs
    centre.mark(file, centre.examiner("Rosa"), 1, now=NOW + 201 * DAY)
    assert forgotten(290) == 0
    with centre.database.reading() as session:
        assert appeals.words_of(session, file) == "I did look for the vase."
    assert forgotten(292) == 1
    with centre.database.reading() as session:
        assert session.exec(select(Answer)).all() == []
        assert session.exec(select(AppealWords)).all() == []
        assert len(session.exec(select(Appeal)).all()) == 1
        kinds = session.exec(select(AuditEvent.kind)).all()
    assert {"evidence.deleted", "appeal.words-deleted"} <= set(kinds)


# --- the database, behind the code's back -------------------------------------------------------


def test_the_database_refuses_a_second_round_without_an_appeal(centre: House) -> None:
    file, _eva = not_yet(centre)
    rosa = centre.examiner("Rosa")
    with centre.database.reading() as session:
        first = session.exec(select(Decision)).one()
        mark = assessment.own_assessment(session, file, examiner_id=first.first_examiner_id)
    assert mark is not None
    common = mark.model_dump(exclude={"id"})
    for values in (
        {"examiner_id": rosa, "round": 2},
        {"examiner_id": rosa, "round": 3},
        {"examiner_id": rosa, "round": 1, "ordinal": 2},
    ):
        with pytest.raises(DatabaseError), centre.database.transaction() as session:
            session.add(type(mark)(**{**common, **values}))
            session.flush()
    for values in ({"round": 2}, {"round": 2, "supersedes": first.id}, {"supersedes": first.id}):
        with pytest.raises(DatabaseError), centre.database.transaction() as session:
            session.add(Decision(**{**first.model_dump(exclude={"id"}), **values}))
            session.flush()


def test_the_database_keeps_an_appeal_and_a_decided_file_as_they_are(centre: House) -> None:
    file, _eva = not_yet(centre)
    appeal(centre, file)
    for state in ("draft", "withdrawn", "void", "returned", "expired"):
        with pytest.raises(DatabaseError), centre.database.transaction() as session:
            session.get_one(Submission, file).state = state
    with pytest.raises(DatabaseError), centre.database.transaction() as session:
        session.exec(select(Appeal)).one().made_at = NOW - DAY
    with pytest.raises(DatabaseError), centre.database.transaction() as session:
        session.delete(session.exec(select(Appeal)).one())


def test_figures_count_an_appealed_file_once(quick: House) -> None:
    file, _eva = not_yet(quick)
    with quick.database.transaction() as session:
        person = session.get_one(Submission, file).candidate_id
        accounts.give_consent(session, person, statistics=True, now=NOW)
    appeal(quick, file)
    quick.mark(file, quick.examiner("Rosa"), 2)
    with quick.database.reading() as session:
        (work,) = pilot.counted_work(session, until=NOW + timedelta(days=1))
    assert (work.level, work.proposed) == (2, (0,))


# --- what follows for a badge -------------------------------------------------------------------


class Awarded:
    """A file awarded at level 2 in a centre that can sign, and its appeal."""

    def __init__(self, folder: Path, url: str = "sqlite://") -> None:
        self.centre: Centre = open_centre(folder, database_url=url)
        self.house = House(self.centre.database)
        self.file = self.house.sent(self.house.candidate())
        self.first = self.house.mark(self.file, self.house.examiner("Eva"), 2)
        self.olga = self.centre.person("olga", Role.OFFICER)
        self.omar = self.centre.person("omar", Role.OFFICER)

    def release(self, decision: Decision) -> UUID:
        return awards.release(
            self.centre.database,
            decision.id,
            officer_id=self.olga,
            body=self.centre.body,
            now=NOW,
        )

    def deliver(self, award_id: UUID) -> str:
        return issuing.deliver(
            self.centre.database,
            award_id,
            holder="did:example:holder",
            body=self.centre.body,
            now=NOW,
        )

    def again(self, level: int) -> Decision:
        appeal(self.house, self.file)
        decision = self.house.mark(self.file, self.house.examiner("Rosa"), level)
        if level == 3:
            decision = self.house.mark(self.file, self.house.examiner("Marc"), level)
        assert isinstance(decision, Decision)
        return decision

    def asked(self) -> list[tuple[str, str]]:
        with self.centre.database.reading() as session:
            return [(one.action, one.reason) for one in session.exec(select(Change))]


@pytest.fixture
def awarded(tmp_path: Path, database_url: str) -> Awarded:
    return Awarded(tmp_path, database_url)


@pytest.fixture
def swift(tmp_path: Path) -> Awarded:
    return Awarded(tmp_path)


def test_a_decision_under_appeal_or_superseded_is_not_released(awarded: Awarded) -> None:
    appeal(awarded.house, awarded.file)
    refused("not-in-force", lambda: awarded.release(awarded.first))
    with awarded.centre.database.reading() as session:
        assert awards.number_pending(session) == 0
    second = awarded.house.mark(awarded.file, awarded.house.examiner("Rosa"), 1)
    refused("not-in-force", lambda: awarded.release(awarded.first))
    with pytest.raises(DatabaseError), awarded.centre.database.transaction() as session:
        values = awarded.first.model_dump()
        session.add(
            Award(
                decision_id=awarded.first.id,
                candidate_id=values["candidate_id"],
                first_examiner_id=values["first_examiner_id"],
                officer_id=awarded.olga,
                level=2,
                slug="technical-cleaning",
                level_slug="confirmed",
                language="es",
                released_at=NOW,
            )
        )
        session.flush()
    award_id = awarded.release(second)
    with awarded.centre.database.reading() as session:
        assert session.get_one(Award, award_id).level == 1


@pytest.mark.parametrize("level", [0, 1])
def test_a_badge_taken_away_is_asked_to_be_cancelled_and_a_second_person_confirms(
    awarded: Awarded, level: int
) -> None:
    award_id = awarded.release(awarded.first)
    awarded.deliver(award_id)
    awarded.again(level)
    assert awarded.asked() == [("revoke", "issued_in_error")]

    def drop() -> None:
        with awarded.centre.database.transaction() as session:
            changes.drop(session, award_id, officer_id=awarded.olga, now=NOW)

    refused("taken-away", drop)
    refused("taken-away", lambda: awarded.deliver(award_id))
    with awarded.centre.database.transaction() as session:
        changes.confirm(
            session, award_id, officer_id=awarded.omar, body=awarded.centre.body, now=NOW
        )
    with awarded.centre.database.reading() as session:
        assert awards.issued_badge(session, award_id).state == "revoked"
        assert broken_at(session) is None


def test_a_badge_taken_away_before_it_was_collected_is_not_handed_out(swift: Awarded) -> None:
    award_id = swift.release(swift.first)
    swift.again(0)
    refused("taken-away", lambda: swift.deliver(award_id))
    with swift.centre.database.transaction() as session:
        secret = swift.centre.body.secret
        assert offers.open_offer(session, award_id, secret=secret, now=NOW) is None
        refused(
            "taken-away",
            lambda: awards.offer_again(
                session, award_id, body=swift.centre.body, now=NOW, by=swift.olga
            ),
        )


def test_the_same_level_leaves_the_badge_and_gives_no_second_one(awarded: Awarded) -> None:
    award_id = awarded.release(awarded.first)
    second = awarded.again(2)
    assert awarded.asked() == []
    refused("not-in-force", lambda: awarded.release(second))
    with awarded.centre.database.reading() as session:
        assert awards.number_pending(session) == 0
        assert offers.open_offer_for_candidate(session, awarded.file) == f"/badges/{award_id}"
    assert awarded.deliver(award_id)
    with pytest.raises(DatabaseError), awarded.centre.database.transaction() as session:
        first = session.get_one(Award, award_id)
        values = {**first.model_dump(exclude={"id"}), "decision_id": second.id}
        session.add(Award(**{**values, "first_examiner_id": second.first_examiner_id}))
        session.flush()


def test_a_higher_level_gives_a_new_badge_and_the_old_one_is_superseded(swift: Awarded) -> None:
    old = swift.release(swift.first)
    swift.deliver(old)
    new = swift.release(swift.again(3))
    assert swift.asked() == [("revoke", "superseded")]
    with swift.centre.database.reading() as session:
        assert offers.open_offer_for_candidate(session, swift.file) == f"/badges/{new}"
        assert session.get_one(Award, new).second_examiner_id is not None
    assert swift.deliver(new)


def test_another_request_gives_way_to_the_cancelling(swift: Awarded) -> None:
    award_id = swift.release(swift.first)
    with swift.centre.database.transaction() as session:
        changes.ask(
            session,
            award_id,
            action="correct",
            reason="issued_in_error",
            officer_id=swift.olga,
            body=swift.centre.body,
            now=NOW,
            has_phone=True,
        )
    swift.again(0)
    assert swift.asked() == [("revoke", "issued_in_error")]


def test_release_and_appeal_at_once_leave_nothing_half_done(awarded: Awarded) -> None:
    def act(place: int) -> object:
        if place % 2:
            return appeal(awarded.house, awarded.file)
        return awarded.release(awarded.first)

    at_once(4, act)
    second = awarded.house.mark(awarded.file, awarded.house.examiner("Rosa"), 0)
    assert isinstance(second, Decision)
    with awarded.centre.database.reading() as session:
        credentials = session.exec(select(Credential)).all()
        asked = session.exec(select(Change)).all()
        assert len(credentials) == len(asked) <= 1
        assert broken_at(session) is None
