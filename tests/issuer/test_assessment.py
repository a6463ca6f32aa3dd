"""Who may mark what, and what follows: by the rules, and by the database behind them."""

import threading
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from assessment_world import (
    NOW,
    SKILL,
    House,
    forged_assessment,
    good_answer,
    house,
    refused,
    stored,
)
from sqlalchemy.exc import DatabaseError
from sqlmodel import col, select

from issuer import assessment, audit
from issuer.assessment import settled_level
from issuer.tables import (
    Answer,
    Appointment,
    Assessment,
    AuditEvent,
    Decision,
    Submission,
    SubmissionState,
)
from web.errors import Refused


@pytest.fixture
def centre(database_url: str) -> House:
    return house(database_url)


@pytest.fixture
def quick(tmp_path: Any) -> House:
    return house(f"sqlite:///{tmp_path}/quick.db")


# --- rules --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("proposed", "settled"),
    [
        ([0], 0), ([1], 1), ([2], 2), ([3], None),
        ([3, 3], 3), ([3, 2], 2), ([3, 1], None), ([3, 0], None),
        ([3, 1, 2], 2), ([3, 1, 1], 1), ([3, 0, 3], 3),
    ],
)  # fmt: skip
def test_level_is_settled_by_the_rule(proposed: list[int], settled: int | None) -> None:
    assert settled_level(proposed) == settled


def test_one_examiner_settles_what_is_below_expert(centre: House) -> None:
    file = centre.sent(centre.candidate())
    decision = centre.mark(file, centre.examiner(), 2)
    assert (decision.outcome, decision.level) == ("awarded", 2)
    assert centre.submission(file).state == SubmissionState.DECIDED


def test_not_yet_is_a_decision_without_a_level(quick: House) -> None:
    decision = quick.mark(quick.sent(quick.candidate()), quick.examiner(), 0)
    assert (decision.outcome, decision.level) == ("not_yet", None)


def test_expert_needs_a_second_examiner_who_sees_no_marks(centre: House) -> None:
    file = centre.sent(centre.candidate())
    first, second = centre.examiner("Eva"), centre.examiner("Rosa")
    assert centre.mark(file, first, 3) is None
    assert centre.submission(file).state == SubmissionState.SECOND_MARKING
    refused("marked-already", lambda: centre.mark(file, first, 3))
    decision = centre.mark(file, second, 3)
    assert (decision.level, decision.second_examiner_id) == (3, second)


def test_two_levels_apart_call_a_third_examiner(quick: House) -> None:
    file = quick.sent(quick.candidate())
    assert quick.mark(file, quick.examiner("Eva"), 3) is None
    assert quick.mark(file, quick.examiner("Rosa"), 1) is None
    decision = quick.mark(file, quick.examiner("Marc"), 2)
    assert decision.level == 2
    assert decision.third_examiner_id is not None


def test_level_never_exceeds_the_lowest_mark(quick: House) -> None:
    problems = assessment.check_marking(quick.framework, SKILL, quick.marking(2, safety=1), aimed=3)
    assert "level" in problems


def test_marks_below_the_target_need_a_note(quick: House) -> None:
    marking = quick.marking(1)
    without = assessment.Marking(marking.marks, {}, 1)
    assert set(assessment.check_marking(quick.framework, SKILL, without, aimed=3)) == {
        f"note-{criterion}" for criterion in quick.framework.skills[SKILL].criteria
    }
    incomplete = assessment.Marking({}, {}, 2)
    assert len(assessment.check_marking(quick.framework, SKILL, incomplete, aimed=3)) == 4


# --- who may not --------------------------------------------------------------------------------


def test_nobody_marks_their_own_work_nor_under_another_name(quick: House) -> None:
    candidate = quick.candidate(contact="Maria@home.example")
    file = quick.sent(candidate)
    twin = quick.examiner("M.", contact=" maria@home.example ")
    refused("own-work", lambda: quick.mark(file, twin, 2))
    assert quick.submission(file).state == SubmissionState.SENT


@pytest.mark.parametrize(
    "options",
    [
        {"language": "fr"},
        {"skill": "organising-oneself"},
        {"lasts": timedelta(hours=1)},
    ],
)
def test_examiner_outside_scope_is_refused(quick: House, options: dict[str, Any]) -> None:
    file = quick.sent(quick.candidate())
    refused("scope", lambda: quick.mark(file, quick.examiner(**options), 2))


def test_suspended_examiner_is_refused_at_once(quick: House) -> None:
    file, examiner = quick.sent(quick.candidate()), quick.examiner()
    with quick.database.transaction() as session:
        session.exec(select(Appointment)).one().suspended_at = NOW
    refused("scope", lambda: quick.mark(file, examiner, 2))


def test_level_above_the_appointment_is_refused(quick: House) -> None:
    file = quick.sent(quick.candidate())
    refused("level-ceiling", lambda: quick.mark(file, quick.examiner(ceiling=2), 3))


def test_declared_conflict_sends_the_file_to_others(quick: House) -> None:
    file, friend = quick.sent(quick.candidate()), quick.examiner("Eva")
    with quick.database.transaction() as session:
        assessment.declare_conflict(session, file, examiner_id=friend, now=NOW)
    refused("conflict", lambda: quick.mark(file, friend, 2))
    with quick.database.reading() as session:
        assert assessment.queue(session, friend, now=NOW) == []
    assert quick.mark(file, quick.examiner("Rosa"), 2) is not None


def test_unknown_file_and_others_work_answer_alike(quick: House) -> None:
    file, stranger = quick.sent(quick.candidate()), quick.candidate("Ana")
    with quick.database.reading() as session:
        for submission_id in (file, uuid4()):
            refused(
                "unknown",
                lambda submission_id=submission_id: assessment.own_submission(  # type: ignore[misc]
                    session, submission_id, candidate_id=stranger
                ),
            )


def test_two_examiners_at_once_leave_one_decision(centre: House) -> None:
    file = centre.sent(centre.candidate())
    examiners = [centre.examiner(name) for name in ("Eva", "Rosa", "Marc", "Ana")]
    outcomes: list[object] = []

    def mark(examiner: UUID) -> None:
        try:
            outcomes.append(centre.mark(file, examiner, 2))
        except (Refused, DatabaseError) as refusal:
            outcomes.append(refusal)

    threads = [threading.Thread(target=mark, args=(examiner,)) for examiner in examiners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(outcome, Decision) for outcome in outcomes) == 1
    with centre.database.reading() as session:
        assert len(session.exec(select(Decision)).all()) == 1
        assert audit.broken_at(session) is None


# --- the candidate ------------------------------------------------------------------------------


def test_without_consent_nothing_begins(quick: House) -> None:
    refused("consent", lambda: quick.begun(quick.candidate(agrees=False)))


def test_incomplete_work_is_not_sent(quick: House) -> None:
    submission_id = quick.begun(quick.candidate())
    quick.answered(submission_id, without="order")
    with quick.database.transaction() as session:
        submission = session.get_one(Submission, submission_id)
        refused(
            "incomplete",
            lambda: assessment.submit(session, submission, quick.framework, now=NOW),
        )


def test_sent_work_is_not_changed_any_more(quick: House) -> None:
    submission_id = quick.sent(quick.candidate())
    with quick.database.transaction() as session:
        submission = session.get_one(Submission, submission_id)
        task = quick.framework.scenario_by_id(submission.scenario_id, "es").tasks[0]
        refused(
            "sent-already",
            lambda: assessment.save_answer(session, submission, task, good_answer(task), now=NOW),
        )


def test_fourth_attempt_in_six_months_waits(quick: House) -> None:
    candidate, examiner = quick.candidate(), quick.examiner()
    for day in range(3):
        quick.mark(quick.sent(candidate, now=NOW + timedelta(days=day)), examiner, 0)
    refused("attempts", lambda: quick.begun(candidate, now=NOW + timedelta(days=9)))
    assert quick.begun(candidate, now=NOW + timedelta(days=200))


def test_withdrawn_work_is_forgotten_and_not_marked(quick: House) -> None:
    file, examiner = quick.sent(quick.candidate()), quick.examiner()
    with quick.database.transaction() as session:
        assessment.withdraw(session, session.get_one(Submission, file), now=NOW)
    with quick.database.reading() as session:
        assert session.exec(select(Answer)).all() == []
    refused("not-open", lambda: quick.mark(file, examiner, 2))


def test_a_draft_ends_after_sixty_days_and_is_no_attempt(quick: House) -> None:
    candidate, examiner = quick.candidate(), quick.examiner()
    sent = quick.sent(quick.candidate("Ana"))
    draft = quick.begun(candidate)
    quick.answered(draft)
    for days, expected in ((60, 0), (61, 1), (62, 0)):
        with quick.database.transaction() as session:
            ended = assessment.expire_drafts(session, now=NOW + timedelta(days=days))
        assert ended == expected
    later = NOW + timedelta(days=62)
    refused("sent-too-late", lambda: quick.answered(draft))
    refused("not-open", lambda: quick.mark(draft, examiner, 2))
    with quick.database.reading() as session:
        assert {row.submission_id for row in session.exec(select(Answer))} == {sent}
        assert "submission.expired" in session.exec(select(AuditEvent.kind)).all()
    for day in range(3):
        quick.mark(quick.sent(candidate, now=later + timedelta(days=day)), examiner, 0, now=later)
    refused("attempts", lambda: quick.begun(candidate, now=later + timedelta(days=9)))


def test_answers_are_deleted_in_time_and_only_then(quick: House) -> None:
    file = quick.sent(quick.candidate())
    quick.mark(file, quick.examiner(), 2)
    for days, expected in ((89, 0), (91, 1), (92, 0)):
        with quick.database.transaction() as session:
            forgotten = assessment.forget_evidence(session, now=NOW + timedelta(days=days))
        assert forgotten == expected
    with quick.database.reading() as session:
        kinds = session.exec(select(AuditEvent.kind)).all()
    assert "evidence.deleted" in kinds


# --- the database, behind the code's back -------------------------------------------------------


def test_database_refuses_marks_by_the_candidate(centre: House) -> None:
    candidate = centre.candidate()
    file = centre.sent(candidate)
    centre.examiner()
    for changes in ({"examiner_id": candidate}, {"ordinal": 4}, {"proposed_level": 4}):
        row = forged_assessment(centre, file, candidate, **changes)
        with pytest.raises(DatabaseError):
            stored(centre, row)


def test_database_refuses_marks_for_somebody_elses_submission(centre: House) -> None:
    file, examiner = centre.sent(centre.candidate()), centre.examiner()
    row = forged_assessment(centre, file, examiner, candidate_id=centre.candidate("Ana"))
    with pytest.raises(DatabaseError):
        stored(centre, row)


def test_database_refuses_a_decision_that_rests_on_nothing(centre: House) -> None:
    file, examiner = centre.sent(centre.candidate()), centre.examiner()
    row = Decision(
        submission_id=file,
        candidate_id=centre.submission(file).candidate_id,
        outcome="awarded",
        level=2,
        first_assessment_id=uuid4(),
        first_examiner_id=examiner,
        decided_at=NOW,
    )
    with pytest.raises(DatabaseError):
        stored(centre, row)


def test_database_refuses_a_second_decision_and_expert_by_one(centre: House) -> None:
    file, examiner = centre.sent(centre.candidate()), centre.examiner()
    made = forged_assessment(centre, file, examiner)
    stored(centre, made)
    values: dict[str, Any] = {
        "submission_id": file,
        "candidate_id": made.candidate_id,
        "outcome": "awarded",
        "level": 2,
        "first_assessment_id": made.id,
        "first_examiner_id": examiner,
        "decided_at": NOW,
    }
    for changes in (
        {"level": 3},
        {"level": None},
        {"outcome": "not_yet"},
        {"second_examiner_id": examiner},
        {"third_examiner_id": examiner},
        {"candidate_id": examiner},
    ):
        with pytest.raises(DatabaseError):
            stored(centre, Decision(**{**values, **changes}))
    stored(centre, Decision(**values))
    with pytest.raises(DatabaseError):
        stored(centre, Decision(**values))


@pytest.mark.parametrize("table", [Assessment, Decision, AuditEvent])
def test_what_is_final_is_neither_changed_nor_deleted(centre: House, table: Any) -> None:
    centre.mark(centre.sent(centre.candidate()), centre.examiner(), 2)
    changes = {Assessment: "proposed_level", Decision: "level", AuditEvent: "kind"}
    new = "forged" if table is AuditEvent else 1

    def change() -> None:
        with centre.database.transaction() as session:
            row = session.exec(select(table)).first()
            setattr(row, changes[table], new)
            session.add(row)

    def delete() -> None:
        with centre.database.transaction() as session:
            session.delete(session.exec(select(table)).first())

    for act in (change, delete):
        with pytest.raises(DatabaseError):
            act()


def test_audit_chain_shows_a_change_behind_its_back(quick: House) -> None:
    quick.mark(quick.sent(quick.candidate()), quick.examiner(), 2)
    with quick.database.transaction() as session:
        session.connection().exec_driver_sql("DROP TRIGGER audit_event_is_final_update")
        event = session.exec(select(AuditEvent).where(col(AuditEvent.number) == 2)).one()
        event.kind = "something.else"
        session.add(event)
    with quick.database.reading() as session:
        assert audit.broken_at(session) == 2


def test_audit_holds_no_names(quick: House) -> None:
    quick.mark(quick.sent(quick.candidate("Maria Secreta")), quick.examiner("Eva Secreta"), 2)
    with quick.database.reading() as session:
        for event in session.exec(select(AuditEvent)):
            assert "Secreta" not in str(event.model_dump())
