"""Levels, sets, attempts and examiners of a later attempt (domain B.3, B.5-23), on any database."""

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from assessment_world import NOW, SKILL, House, forged_assessment, house, refused, stored
from kinds_world import SET, new_kinds
from kinds_world import SKILL as VISITS
from sqlalchemy.exc import DatabaseError
from sqlmodel import select

from issuer import accounts, assessment, attempts, pilot
from issuer.framework import frameworks
from issuer.tables import Submission, SubmissionState

LATER = timedelta(days=1)

TOMORROW = NOW + timedelta(days=1)


@pytest.fixture
def centre(database_url: str) -> House:
    return house(database_url)


@pytest.fixture
def quick() -> House:
    return house("sqlite://")


@pytest.fixture
def visits(tmp_path: Path, quick: House) -> House:
    """A centre for visits: two sets at level 1, none of its own at level 2, one at level 3."""
    quick.framework = new_kinds(tmp_path, again="another-morning")
    return quick


def begun(place: House, candidate: UUID, level: Any, *, language: str = "es", day: int = 0) -> UUID:
    with place.database.transaction() as session:
        return assessment.start(
            session,
            place.framework,
            candidate_id=candidate,
            skill=VISITS,
            language=language,
            level=level,
            now=NOW + LATER * day,
        ).id


def withdrawn(place: House, submission_id: UUID) -> str:
    """Take work back; give the set that it was on."""
    with place.database.transaction() as session:
        submission = session.get_one(Submission, submission_id)
        assessment.withdraw(session, submission, now=NOW)
        return submission.scenario_id


# --- levels -------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [0, 4, -1, "1", None, 1.5, [1]])
def test_there_are_tasks_for_no_other_level(visits: House, level: Any) -> None:
    candidate = visits.candidate()
    refused("unknown-skill", lambda: begun(visits, candidate, level))


def test_an_examiner_cannot_give_more_than_was_tried(quick: House) -> None:
    file, examiner = quick.sent(quick.candidate(), level=1), quick.examiner()
    refused("marking", lambda: quick.mark(file, examiner, 2))
    problems = assessment.check_marking(quick.framework, SKILL, quick.marking(2), aimed=1)
    assert set(problems) == {"level"}
    assert quick.mark(file, examiner, 1).level == 1


def test_database_refuses_a_level_above_the_one_that_was_tried(centre: House) -> None:
    file, examiner = centre.sent(centre.candidate(), level=1), centre.examiner()
    for changes in (
        {"proposed_level": 2},
        {"aimed_level": 3},
        {"aimed_level": 3, "proposed_level": 3},
    ):
        with pytest.raises(DatabaseError):
            stored(
                centre,
                forged_assessment(centre, file, examiner, **{"proposed_level": 1, **changes}),
            )
    stored(centre, forged_assessment(centre, file, examiner, proposed_level=1))


def test_database_refuses_to_raise_what_was_tried_once_it_is_marked(centre: House) -> None:
    file = centre.sent(centre.candidate(), level=1)
    centre.mark(file, centre.examiner(), 1)

    def raise_it() -> None:
        with centre.database.transaction() as session:
            session.get_one(Submission, file).level = 3

    with pytest.raises(DatabaseError):
        raise_it()


def test_one_stands_at_the_highest_level_and_the_next_is_advised(quick: House) -> None:
    candidate, examiner = quick.candidate(), quick.examiner()
    for level in (2, 1, 0):
        quick.mark(quick.sent(candidate, level=2), examiner, level)
    with quick.database.reading() as session:
        found = attempts.standing(session, quick.framework, candidate)
    assert found == {SKILL: {None: 2}}
    advised = [attempts.advised_level(quick.framework, reached) for reached in range(4)]
    assert advised == [1, 2, 3, 3]


def test_where_one_stands_in_a_language_says_nothing_of_another(quick: House) -> None:
    candidate = quick.candidate()
    examiner = quick.examiner(skill="simple-phrases", language="fr")
    with quick.database.transaction() as session:
        submission = assessment.start(
            session,
            quick.framework,
            candidate_id=candidate,
            skill="simple-phrases",
            language="fr",
            level=1,
            now=NOW,
        )
    quick.answered(submission.id)
    criteria = quick.framework.skills["simple-phrases"].criteria
    with quick.database.transaction() as session:
        submission = session.get_one(Submission, submission.id)
        assessment.submit(session, submission, quick.framework, now=NOW)
    marking = assessment.Marking(dict.fromkeys(criteria, 1), dict.fromkeys(criteria, "x"), 1)
    with quick.database.transaction() as session:
        assessment.decide(
            session,
            submission.id,
            marking,
            quick.framework,
            examiner_id=examiner,
            sampling=quick.sampling,
            now=NOW,
        )
    with quick.database.reading() as session:
        found = attempts.standing(session, quick.framework, candidate)
    assert found == {"simple-phrases": {"fr": 1}}


# --- sets ---------------------------------------------------------------------------------------


def test_the_next_attempt_has_tasks_that_one_has_not_seen(visits: House) -> None:
    candidate = visits.candidate()
    seen = [withdrawn(visits, begun(visits, candidate, 1, day=day)) for day in range(4)]
    assert sorted(seen[:2]) == sorted([SET, "another-morning"])
    assert seen[2:] == seen[:2], "when all are seen, the one seen longest ago"
    stranger = visits.candidate("Ana")
    assert withdrawn(visits, begun(visits, stranger, 1)) == seen[0], "others' work counts for them"


def test_a_level_without_tasks_of_its_own_gets_those_of_the_next(visits: House) -> None:
    candidate = visits.candidate()
    assert withdrawn(visits, begun(visits, candidate, 2)) == "a-safe-visit"
    assert withdrawn(visits, begun(visits, candidate, 3)) == "a-safe-visit"


# --- attempts -----------------------------------------------------------------------------------


def test_attempts_at_one_level_leave_the_others_free(quick: House) -> None:
    candidate, examiner = quick.candidate(), quick.examiner()
    for day in range(3):
        quick.mark(quick.sent(candidate, level=2, now=NOW + LATER * day), examiner, 0)
    later = NOW + LATER * 9
    refused("attempts", lambda: quick.begun(candidate, level=2, now=later))
    assert quick.begun(candidate, level=1, now=later)
    assert quick.begun(candidate, level=3, now=later)


def test_another_language_is_no_way_round_three_attempts(quick: House) -> None:
    candidate, examiner = quick.candidate(), quick.examiner()
    for day in range(3):
        quick.mark(quick.sent(candidate, now=NOW + LATER * day), examiner, 0)
    refused("attempts", lambda: quick.begun(candidate, language="fr", now=NOW + LATER * 9))


def test_work_that_is_looked_at_is_waited_for_in_every_language(quick: House) -> None:
    candidate = quick.candidate()
    quick.sent(candidate)
    for language in ("es", "fr"):
        refused("sent-already", partial(quick.begun, candidate, language=language))
    assert quick.begun(candidate, level=1)


def test_withdrawn_work_is_no_attempt(quick: House) -> None:
    candidate = quick.candidate()
    for day in range(5):
        withdrawn(quick, quick.begun(candidate, now=NOW + LATER * day))
    assert quick.begun(candidate, now=NOW + LATER * 9)


def at_once(acts: list[Callable[[], object]]) -> list[object]:
    """Do everything at the same time; give what came of each, or what was raised."""
    outcomes: list[object] = []

    def run(act: Callable[[], object]) -> None:
        try:
            outcomes.append(act())
        except Exception as error:  # noqa: BLE001 - the outcome is looked at
            outcomes.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_starts_at_once_make_one_draft(centre: House) -> None:
    candidate = centre.candidate()
    outcomes = at_once([lambda: centre.begun(candidate)] * 6)
    assert len(set(outcomes)) == 1
    with centre.database.reading() as session:
        assert len(session.exec(select(Submission)).all()) == 1


def test_starts_at_once_are_no_way_round_three_attempts(centre: House) -> None:
    candidate, examiner = centre.candidate(), centre.examiner()
    for day in range(2):
        centre.mark(centre.sent(candidate, now=NOW + LATER * day), examiner, 0)
    outcomes = at_once(
        [
            lambda lang=language: centre.begun(candidate, language=lang)
            for language in ("es", "fr", "en")
        ]  # type: ignore[misc]
    )
    assert sum(isinstance(one, UUID) for one in outcomes) == 1


def test_people_who_start_at_once_have_numbers_of_their_own(centre: House) -> None:
    candidates = [centre.candidate(name) for name in ("Ana", "Eva", "Ion", "Leo")]
    outcomes = at_once([partial(centre.begun, who) for who in candidates])
    assert all(isinstance(one, UUID) for one in outcomes), outcomes


def test_database_refuses_a_second_draft(centre: House) -> None:
    submission = centre.submission(centre.begun(centre.candidate()))
    values = {**submission.model_dump(exclude={"id"}), "number": 99}
    with pytest.raises(DatabaseError):
        stored(centre, Submission(**values))
    stored(centre, Submission(**{**values, "level": 1}))
    stored(centre, Submission(**{**values, "number": 100, "state": SubmissionState.WITHDRAWN}))


# --- examiners ----------------------------------------------------------------------------------


def sees(place: House, examiner: UUID, file: UUID) -> bool:
    with place.database.reading() as session:
        queue = assessment.queue(session, examiner, now=NOW)
    return file in [one.id for one in queue]


def tried_again(place: House, first: UUID, *, level: int = 2) -> tuple[UUID, UUID]:
    """Let somebody whom `first` marked try again; give the person and the new file."""
    candidate = place.candidate()
    place.mark(place.sent(candidate, level=level), first, 0)
    return candidate, place.sent(candidate, level=level)


def test_a_later_attempt_goes_to_another_examiner_where_there_is_one(centre: House) -> None:
    first, other = centre.examiner("Eva"), centre.examiner("Rosa")
    _candidate, file = tried_again(centre, first)
    assert sees(centre, other, file)
    assert not sees(centre, first, file)
    refused("marked-before", lambda: centre.mark(file, first, 2))
    assert centre.mark(file, other, 2).first_examiner_id == other


def test_another_level_of_the_skill_is_the_same_person(quick: House) -> None:
    first = quick.examiner("Eva")
    quick.examiner("Rosa")
    candidate, _file = tried_again(quick, first)
    assert not sees(quick, first, quick.sent(candidate, level=1))
    assert sees(quick, first, quick.sent(quick.candidate("Ana"), level=1))


def test_the_only_examiner_marks_a_later_attempt_too(quick: House) -> None:
    first = quick.examiner("Eva")
    quick.examiner("Rosa", language="fr")
    quick.examiner("Marc", skill="simple-phrases")
    quick.examiner("Juan", ceiling=1)
    quick.examiner("Ada", lasts=timedelta(hours=1))
    _candidate, file = tried_again(quick, first)
    assert sees(quick, first, file)
    assert quick.mark(file, first, 2).level == 2


def test_somebody_who_cannot_mark_it_is_nobody_else(quick: House) -> None:
    first = quick.examiner("Eva")
    friend = quick.examiner("Rosa")
    quick.examiner("M.", contact="maria@home.example")
    candidate = quick.candidate(contact="Maria@home.example")
    quick.mark(quick.sent(candidate, level=2), first, 0)
    file = quick.sent(candidate, level=2)
    assert not sees(quick, first, file)
    with quick.database.transaction() as session:
        assessment.declare_conflict(session, file, examiner_id=friend, now=NOW)
    assert sees(quick, first, file)


def test_a_second_examiner_may_have_met_the_person_where_nobody_else_is_left(quick: House) -> None:
    first, other = quick.examiner("Eva"), quick.examiner("Rosa")
    _candidate, file = tried_again(quick, first, level=3)
    assert quick.mark(file, other, 3) is None
    assert quick.mark(file, first, 3).level == 3


# --- time ---------------------------------------------------------------------------------------


def test_pauses_are_no_work(quick: House) -> None:
    submission_id = quick.begun(quick.candidate())
    tasks = quick.framework.scenario_by_id("bathroom-morning", "es").tasks
    choices = [task for task in tasks if task.kind == "reply"]
    now = NOW
    for minutes in (2, 600, 3):
        now += timedelta(minutes=minutes)
        with quick.database.transaction() as session:
            submission = session.get_one(Submission, submission_id)
            words = f"Primero miro. {minutes}"
            assessment.save_answer(session, submission, choices[0], words, now=now)
    assert quick.submission(submission_id).worked_seconds == (2 + 5 + 3) * 60
    with quick.database.transaction() as session:
        submission = session.get_one(Submission, submission_id)
        earlier = now - timedelta(minutes=1)
        assessment.save_answer(session, submission, choices[1], "Primero miro.", now=earlier)
    assert quick.submission(submission_id).worked_seconds == (2 + 5 + 3) * 60, "clocks go back"


def test_the_pilot_counts_the_time_of_work_without_its_pauses(quick: House) -> None:
    candidate = quick.candidate()
    with quick.database.transaction() as session:
        accounts.give_consent(session, candidate, statistics=True, now=NOW)
    submission_id = quick.begun(candidate, now=NOW - timedelta(hours=3))
    with quick.database.reading() as session:
        assert [one.minutes for one in pilot.counted_work(session, until=TOMORROW)] == [None], (
            "not sent yet"
        )
    quick.answered(submission_id)  # after a pause, all at once
    with quick.database.transaction() as session:
        submission = session.get_one(Submission, submission_id)
        later = NOW + timedelta(minutes=2)
        assessment.submit(session, submission, quick.framework, now=later)
    with quick.database.reading() as session:
        assert [one.minutes for one in pilot.counted_work(session, until=TOMORROW)] == [7]


def test_answers_from_two_devices_at_once_are_all_kept(centre: House) -> None:
    submission_id = centre.begun(centre.candidate())
    scenario = frameworks()["mycred4home"].scenario_by_id("bathroom-morning", "es")
    tasks = [task for task in scenario.tasks if task.kind == "reply"]

    def save(task: Any, words: str) -> str:
        with centre.database.transaction() as session:
            submission = session.get_one(Submission, submission_id)
            return str(assessment.save_answer(session, submission, task, words, now=NOW))

    writes = [(task, f"{task.id} {device}") for task in tasks for device in ("phone", "tablet")]
    outcomes = at_once([partial(save, task, words) for task, words in writes])
    assert sorted(map(str, outcomes)) == sorted(words for _task, words in writes)
    with centre.database.reading() as session:
        kept = assessment.answers(session, submission_id)
    assert set(kept) == {task.id for task in tasks}
    assert all((task, kept[task.id]) in writes for task in tasks)


def test_of_two_first_halves_at_once_one_stays(tmp_path: Path, centre: House) -> None:
    centre.framework = new_kinds(tmp_path)
    submission_id = begun(centre, centre.candidate(), 1)
    steps = centre.framework.scenario_by_id(SET, "es").task("visit")

    def save(*order: str) -> Any:
        with centre.database.transaction() as session:
            submission = session.get_one(Submission, submission_id)
            first = {"before": list(order)}
            return assessment.save_answer(session, submission, steps, first, now=NOW)

    orders = [("bell", "coat", "tea"), ("tea", "coat", "bell"), ("coat", "tea", "bell")]
    outcomes = at_once([partial(save, *order) for order in orders])
    kept = [one for one in outcomes if isinstance(one, dict)]
    assert len(kept) == 1
    with centre.database.reading() as session:
        assert assessment.answers(session, submission_id) == {"visit": kept[0]}
