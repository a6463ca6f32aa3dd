"""Files sent back once for a broken piece, and attempts that a fault made void."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from assessment_world import NOW, House, good_answer, house
from award_world import at_once
from sqlalchemy.exc import DatabaseError
from sqlmodel import select

from issuer import appeals, assessment, returns
from issuer.audit import broken_at
from issuer.return_tables import FileReturn, ReturnedPiece, VoidAttempt
from issuer.tables import Answer, AuditEvent, Submission, SubmissionState
from web.errors import Refused

DAY = timedelta(days=1)
FAULTS = {"order": "cannot_open"}


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


def send_back(
    house: House,
    file: UUID,
    examiner: UUID,
    *,
    faults: dict[str, str] | None = None,
    note: str = "",
    now: Any = NOW,
) -> None:
    with house.database.transaction() as session:
        submission = session.get_one(Submission, file)
        scenario = house.framework.scenario_by_id(submission.scenario_id, "es")
        returns.send_back(
            session,
            file,
            scenario,
            FAULTS if faults is None else faults,
            note=note,
            note_language="es",
            examiner_id=examiner,
            now=now,
        )


def redo(house: House, file: UUID, task_id: str = "order", *, now: Any = NOW) -> None:
    with house.database.transaction() as session:
        submission = session.get_one(Submission, file)
        task = house.framework.scenario_by_id(submission.scenario_id, "es").task(task_id)
        assert task is not None
        returns.redo(session, submission, task, good_answer(task), now=now)


def send_again(house: House, file: UUID, *, now: Any = NOW) -> None:
    with house.database.transaction() as session:
        returns.send_again(session, session.get_one(Submission, file), now=now)


def void(house: House, file: UUID, by: UUID, *, fault: str = "answers_lost") -> None:
    with house.database.transaction() as session:
        returns.make_void(
            session,
            session.get_one(Submission, file),
            fault=fault,
            note="the picture was grey",
            stated_by=by,
            now=NOW,
        )


# --- sent back ----------------------------------------------------------------------------------


def test_a_returned_file_is_redone_in_part_and_goes_back_to_the_queue(centre: House) -> None:
    file, eva = centre.sent(centre.candidate()), centre.examiner("Eva")
    send_back(centre, file, eva)
    assert centre.submission(file).state == SubmissionState.RETURNED
    refused("not-open", lambda: centre.mark(file, eva, 2))
    refused("incomplete", lambda: send_again(centre, file))
    other = next(
        task.id
        for task in centre.framework.scenario_by_id("bathroom-morning", "es").tasks
        if task.id != "order"
    )
    refused("not-asked", lambda: redo(centre, file, other))
    redo(centre, file)
    send_again(centre, file)
    assert centre.submission(file).state == SubmissionState.SENT
    refused("sent-already", lambda: redo(centre, file))
    assert centre.mark(file, eva, 2) is not None
    with centre.database.reading() as session:
        assert broken_at(session) is None


def test_a_file_is_sent_back_once(centre: House) -> None:
    file, eva, rosa = centre.sent(centre.candidate()), centre.examiner("Eva"), centre.examiner("R")
    send_back(centre, file, eva)
    redo(centre, file)
    send_again(centre, file)
    for examiner in (eva, rosa):
        refused("returned-already", lambda who=examiner: send_back(centre, file, who))  # type: ignore[misc]
    with pytest.raises(DatabaseError), centre.database.transaction() as session:
        session.exec(select(FileReturn)).one().until = NOW + 99 * DAY
    with pytest.raises(DatabaseError), centre.database.transaction() as session:
        for piece in session.exec(select(ReturnedPiece)):
            session.delete(piece)
        session.flush()
        session.delete(session.exec(select(FileReturn)).one())


def test_a_file_that_somebody_marked_is_not_sent_back(centre: House) -> None:
    file, eva, rosa = centre.sent(centre.candidate()), centre.examiner("Eva"), centre.examiner("R")
    centre.mark(file, eva, 3)
    refused("returned-already", lambda: send_back(centre, file, rosa))
    with pytest.raises(DatabaseError), centre.database.transaction() as session:
        session.add(
            FileReturn(
                submission_id=file,
                examiner_id=rosa,
                note_language="es",
                returned_at=NOW,
                until=NOW + DAY,
            )
        )
        session.flush()


def test_only_who_may_mark_sends_back_and_only_what_is_there(quick: House) -> None:
    candidate = quick.candidate()
    file, eva = quick.sent(candidate), quick.examiner("Eva")
    refused("scope", lambda: send_back(quick, file, quick.examiner("Marc", language="fr")))
    refused("own-work", lambda: send_back(quick, file, candidate))
    refused("pieces", lambda: send_back(quick, file, eva, faults={}))
    refused("fault", lambda: send_back(quick, file, eva, faults={"order": "ugly"}))
    refused("fault", lambda: send_back(quick, file, eva, faults={"nothing": "missing"}))
    refused("note", lambda: send_back(quick, file, eva, note="x" * 501))
    assert quick.submission(file).state == SubmissionState.SENT


def test_what_is_not_redone_in_time_is_marked_as_it_is(quick: House) -> None:
    file, eva = quick.sent(quick.candidate()), quick.examiner("Eva")
    send_back(quick, file, eva)
    for days, expected in ((13, 0), (14, 1), (15, 0)):
        with quick.database.transaction() as session:
            late = returns.take_back_late_files(session, now=NOW + days * DAY)
        assert late == expected
    refused("sent-already", lambda: redo(quick, file, now=NOW + 15 * DAY))
    assert quick.mark(file, eva, 2, now=NOW + 15 * DAY) is not None


def test_the_last_moment_is_not_stretched(quick: House) -> None:
    file, eva = quick.sent(quick.candidate()), quick.examiner("Eva")
    send_back(quick, file, eva)
    redo(quick, file, now=NOW + 13 * DAY)
    refused("too-late", lambda: send_again(quick, file, now=NOW + 14 * DAY))


def test_a_return_is_no_new_attempt_and_blocks_one(quick: House) -> None:
    candidate = quick.candidate()
    file, eva = quick.sent(candidate), quick.examiner("Eva")
    send_back(quick, file, eva)
    refused("sent-already", lambda: quick.begun(candidate))
    redo(quick, file)
    send_again(quick, file)
    quick.mark(file, eva, 0)
    for day, name in ((1, "Rosa"), (2, "Marc")):
        quick.mark(quick.sent(candidate, now=NOW + day * DAY), quick.examiner(name), 0)
    refused("attempts", lambda: quick.begun(candidate, now=NOW + 3 * DAY))


def test_returning_and_marking_at_once_is_one_of_both(centre: House) -> None:
    file = centre.sent(centre.candidate())
    examiners = [centre.examiner(name) for name in ("Eva", "Rosa", "Marc", "Ana")]

    def act(place: int) -> object:
        if place % 2:
            return centre.mark(file, examiners[place], 2)
        return send_back(centre, file, examiners[place])

    at_once(4, act)
    with centre.database.reading() as session:
        returned = session.exec(select(FileReturn)).all()
        marked = assessment.final_assessments(session, file)
        assert len(returned) + len(marked) == 1
        assert broken_at(session) is None
    expected = SubmissionState.RETURNED if returned else SubmissionState.DECIDED
    assert centre.submission(file).state == expected


# --- void ---------------------------------------------------------------------------------------


def test_a_void_attempt_is_not_counted_and_its_answers_are_deleted(centre: House) -> None:
    candidate, officer = centre.candidate(), centre.examiner("Olga")
    void(centre, centre.sent(candidate), officer)
    with centre.database.reading() as session:
        assert session.exec(select(Answer)).all() == []
        assert "submission.void" in session.exec(select(AuditEvent.kind)).all()
    for day, name in enumerate(("Eva", "Rosa", "Marc")):
        centre.mark(centre.sent(candidate, now=NOW + day * DAY), centre.examiner(name), 0)
    refused("attempts", lambda: centre.begun(candidate, now=NOW + 4 * DAY))


def test_nobody_voids_their_own_attempt_and_no_decision(centre: House) -> None:
    candidate, officer, eva = centre.candidate(), centre.examiner("Olga"), centre.examiner("Eva")
    file = centre.sent(candidate)
    refused("own-work", lambda: void(centre, file, candidate))
    refused("reason", lambda: void(centre, file, officer, fault="because"))
    for changes in ({"stated_by": candidate}, {"stated_by": officer, "fault": "because"}):
        with pytest.raises(DatabaseError), centre.database.transaction() as session:
            values = {"fault": "answers_lost", **changes}
            session.add(
                VoidAttempt(submission_id=file, candidate_id=candidate, note="x", at=NOW, **values)
            )
            session.flush()
    centre.mark(file, eva, 0)
    refused("decided", lambda: void(centre, file, officer))
    with centre.database.transaction() as session:
        appeals.appeal(session, session.get_one(Submission, file), now=NOW)
    refused("decided", lambda: void(centre, file, officer))


def test_marking_and_voiding_at_once_is_one_of_both(centre: House) -> None:
    file, officer = centre.sent(centre.candidate()), centre.examiner("Olga")
    examiners = [centre.examiner(name) for name in ("Eva", "Rosa")]

    def act(place: int) -> object:
        return (
            centre.mark(file, examiners[place // 2], 2)
            if place % 2
            else void(centre, file, officer)
        )

    at_once(4, act)
    with centre.database.reading() as session:
        voided = session.exec(select(VoidAttempt)).all()
        decision = assessment.decision_of(session, file)
        assert bool(voided) != (decision is not None)
        assert broken_at(session) is None


@pytest.mark.parametrize("alias", ["", "S-", "S-999", "0", "-1", "١", "S-1; drop", "9" * 50])
def test_a_number_that_is_no_file_is_said_to_be_unknown(quick: House, alias: str) -> None:
    quick.sent(quick.candidate())
    with quick.database.reading() as session:
        refused(
            "unknown",
            lambda: returns.file_of_number(session, alias, centre=quick.organisation),
        )
        found = returns.file_of_number(session, " s-001 ", centre=quick.organisation)
        assert found.number == 1
