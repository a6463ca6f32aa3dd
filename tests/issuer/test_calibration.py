"""Experts and named professionals become examiners, and stop (domain B.4), on any database."""

import threading
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from assessment_world import NOW, SKILL, House, house, refused
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlmodel import select

from issuer import accounts, appointments, assessment, calibration, eligibility
from issuer.appointment_tables import (
    CalibrationMark,
    CalibrationResult,
    CalibrationRun,
    Cause,
    Nomination,
    NominationStep,
    Stage,
)
from issuer.assessment import Marking
from issuer.audit import broken_at
from issuer.framework import frameworks
from issuer.sampling import Sampling
from issuer.tables import Appointment, Role

BADGE = "urn:uuid:2f8a1a9e-0000-4000-8000-000000000001"


@pytest.fixture
def centre(database_url: str) -> House:
    return house(database_url)


@pytest.fixture
def quick() -> House:
    return house("sqlite://")


def person(place: House, *roles: Role, name: str = "Cora", centre: UUID | None = None) -> UUID:
    with place.database.transaction() as session:
        return accounts.create_person(session, centre or place.organisation, name, *roles).id


def other_centre(place: House) -> UUID:
    with place.database.transaction() as session:
        return accounts.create_organisation(session, "Autre centre", "FR").id


def call(place: House, function: Any, *arguments: Any, **named: Any) -> Any:
    with place.database.transaction() as session:
        return function(session, *arguments, **{"now": NOW, **named})


def nominated(place: House, by: UUID, who: UUID, *, ceiling: int = 3) -> UUID:
    return call(
        place,
        appointments.nominate,
        who,
        place.framework,
        skill=SKILL,
        language="es",
        level_ceiling=ceiling,
        reason="Trainer for ten years",
        by=by,
    ).id


def eligible(place: House, who: UUID, *, badge: str = BADGE) -> UUID:
    return call(
        place,
        eligibility.by_badge,
        who,
        place.framework,
        skill=SKILL,
        language="es",
        badge_id=badge,
    ).id


def accepted(place: House, nomination: UUID, who: UUID) -> None:
    call(place, appointments.accept_conduct, nomination, place.framework, person_id=who)


def started(place: House, nomination: UUID, who: UUID) -> CalibrationRun:
    return call(place, calibration.start, nomination, place.framework, person_id=who)


def agreed(place: House, file_id: str, *, level: int | None = None) -> Marking:
    """Mark a file as agreed, or with another level."""
    file = next(one for one in place.framework.references(SKILL, "es") if one.id == file_id)
    marks = dict(file.marks) if level is None else dict.fromkeys(file.marks, max(level, 1))
    return Marking(marks, dict.fromkeys(marks, "as seen"), file.level if level is None else level)


def tried(
    place: House, nomination: UUID, who: UUID, levels: dict[str, int] | None = None
) -> CalibrationResult:
    """Do a whole try; `levels` names the files that are marked otherwise than agreed."""
    run = started(place, nomination, who)
    result = None
    for file_id in run.files:
        result = call(
            place,
            calibration.mark,
            run.id,
            file_id,
            agreed(place, file_id, level=(levels or {}).get(file_id)),
            place.framework,
            person_id=who,
        )
    assert result is not None
    return result


def stage(place: House, nomination: UUID) -> str:
    with place.database.reading() as session:
        return session.get_one(Nomination, nomination).stage


def appointed(place: House, boss: UUID, who: UUID, *, ceiling: int = 3) -> UUID:
    one = nominated(place, boss, who, ceiling=ceiling)
    accepted(place, one, who)
    tried(place, one, who)
    return one


def expert(place: House, boss: UUID, *, centre: UUID | None = None) -> tuple[UUID, UUID]:
    who = person(place, Role.CANDIDATE, name="Expert", centre=centre)
    one = eligible(place, who)
    call(place, appointments.invite, one, by=boss)
    accepted(place, one, who)
    tried(place, one, who)
    return who, one


# --- calibration ----------------------------------------------------------------------------------


def test_nobody_is_appointed_before_the_calibration_is_passed(centre: House) -> None:
    boss, who = person(centre, Role.COORDINATOR), person(centre, Role.EXAMINER)
    one = nominated(centre, boss, who)
    refused("not-possible", lambda: started(centre, one, who))
    accepted(centre, one, who)
    run = started(centre, one, who)
    for file_id in run.files[:-1]:
        call(
            centre,
            calibration.mark,
            run.id,
            file_id,
            agreed(centre, file_id),
            centre.framework,
            person_id=who,
        )
        assert stage(centre, one) == Stage.CALIBRATING
    with centre.database.reading() as session:
        assert session.exec(select(Appointment)).first() is None


def test_four_of_five_pass_and_a_fifth_one_level_off(centre: House) -> None:
    boss, who = person(centre, Role.COORDINATOR), person(centre, Role.EXAMINER)
    one = nominated(centre, boss, who)
    accepted(centre, one, who)
    result = tried(centre, one, who, {"amber": 1})
    assert (result.exact, result.furthest, result.passed) == (4, 1, True)
    assert stage(centre, one) == Stage.ACTIVE
    with centre.database.reading() as session:
        assert broken_at(session) is None
        steps = [row.stage for row in appointments.history(session, one)]
    assert steps == [Stage.INVITED, Stage.CALIBRATING, Stage.ACTIVE]


@pytest.mark.parametrize(
    "levels", [{"cedar": 1}, {"amber": 1, "cedar": 2}], ids=["one two levels off", "two one off"]
)
def test_a_try_that_is_too_far_off_fails(quick: House, levels: dict[str, int]) -> None:
    boss, who = person(quick, Role.COORDINATOR), person(quick, Role.EXAMINER)
    one = nominated(quick, boss, who)
    accepted(quick, one, who)
    assert not tried(quick, one, who, levels).passed
    assert stage(quick, one) == Stage.CALIBRATING


def test_there_is_no_third_try_and_then_the_coordinator_decides(quick: House) -> None:
    boss, second = person(quick, Role.COORDINATOR), person(quick, Role.OFFICER, name="Olga")
    who = person(quick, Role.EXAMINER)
    one = nominated(quick, boss, who)
    accepted(quick, one, who)
    for _ in range(2):
        tried(quick, one, who, {"cedar": 1})
    refused("no-try-left", lambda: started(quick, one, who))
    refused("reason", lambda: call(quick, appointments.waive, one, by=boss, reason="  "))
    call(quick, appointments.waive, one, by=boss, reason="Ten years of practice")
    refused("two-persons", lambda: call(quick, appointments.confirm, one, by=boss))
    refused("own-appointment", lambda: call(quick, appointments.confirm, one, by=who))
    call(quick, appointments.confirm, one, by=second)
    assert stage(quick, one) == Stage.ACTIVE


def test_the_agreed_marks_are_not_shown_before_a_try_is_over(quick: House) -> None:
    boss, who = person(quick, Role.COORDINATOR), person(quick, Role.EXAMINER)
    one = nominated(quick, boss, who)
    accepted(quick, one, who)
    run = started(quick, one, who)
    refused("not-finished", lambda: looked(quick, run.id, who))
    tried(quick, one, who, {"cedar": 1})
    found = looked(quick, run.id, who)
    assert {file.file.id: file.off_by for file in found.files}["cedar"] == -2
    assert all(file.file.why for file in found.files)
    refused("unknown", lambda: looked(quick, run.id, boss))


def looked(place: House, run_id: UUID, by: UUID) -> calibration.Outcome:
    with place.database.transaction() as session:
        return calibration.outcome(session, run_id, place.framework, person_id=by)


def test_a_file_is_marked_once_in_ones_own_try(quick: House) -> None:
    boss, who = person(quick, Role.COORDINATOR), person(quick, Role.EXAMINER)
    one = nominated(quick, boss, who)
    accepted(quick, one, who)
    run = started(quick, one, who)
    first = run.files[0]

    def mark(by: UUID, file_id: str = first, level: int | None = None) -> None:
        call(
            quick,
            calibration.mark,
            run.id,
            file_id,
            agreed(quick, first, level=level),
            quick.framework,
            person_id=by,
        )

    refused("unknown", lambda: mark(boss))
    refused("unknown", lambda: mark(who, "../files"))
    refused("marking", lambda: mark(who, level=9))
    mark(who)
    refused("marked-already", lambda: mark(who))


@pytest.mark.parametrize(
    "table", ["nomination_step", "calibration_run", "calibration_mark", "calibration_result"]
)
def test_what_was_handed_in_is_final(centre: House, table: str) -> None:
    boss, who = person(centre, Role.COORDINATOR), person(centre, Role.EXAMINER)
    appointed(centre, boss, who)
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET {_column(table)}"):
        with pytest.raises(DatabaseError), centre.database.transaction() as session:
            session.connection().execute(text(statement))


def _column(table: str) -> str:
    return {
        "nomination_step": "reason = 'x'",
        "calibration_run": "number = 2",
        "calibration_mark": "level = 3",
        "calibration_result": "exact = 4",
    }[table]


def test_the_database_refuses_a_false_pass(centre: House) -> None:
    boss, who = person(centre, Role.COORDINATOR), person(centre, Role.EXAMINER)
    one = nominated(centre, boss, who)
    accepted(centre, one, who)
    run = started(centre, one, who)
    with pytest.raises(IntegrityError), centre.database.transaction() as session:
        session.add(
            CalibrationResult(run_id=run.id, exact=3, furthest=1, passed=True, finished_at=NOW)
        )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE nomination SET stage = 'active', appointment_id = (SELECT id FROM appointment)",
        "UPDATE nomination SET level_ceiling = 2",
        "UPDATE nomination SET person_id = nominated_by",
        "DELETE FROM nomination",
    ],
)
def test_the_database_lets_nobody_slip_in(centre: House, statement: str) -> None:
    boss, who = person(centre, Role.COORDINATOR), person(centre, Role.EXAMINER)
    one = nominated(centre, boss, who)
    accepted(centre, one, who)
    tried(centre, one, who, {"cedar": 1})
    centre.examiner()
    with pytest.raises(DatabaseError), centre.database.transaction() as session:
        session.connection().execute(text(statement))


def test_the_database_brings_nobody_back(centre: House) -> None:
    boss, who = person(centre, Role.COORDINATOR), person(centre, Role.EXAMINER)
    one = appointed(centre, boss, who)
    call(centre, appointments.end, one, by=boss, reason="Moved away")
    with pytest.raises(DatabaseError), centre.database.transaction() as session:
        session.connection().execute(text("UPDATE nomination SET stage = 'active'"))


def test_two_starts_at_once_are_one_try(centre: House) -> None:
    boss, who = person(centre, Role.COORDINATOR), person(centre, Role.EXAMINER)
    one = nominated(centre, boss, who)
    accepted(centre, one, who)
    found = at_once(lambda: started(centre, one, who).id)
    assert len(set(found)) == 1


def test_the_last_file_handed_in_twice_at_once_counts_once(centre: House) -> None:
    boss, who = person(centre, Role.COORDINATOR), person(centre, Role.EXAMINER)
    one = nominated(centre, boss, who)
    accepted(centre, one, who)
    run = started(centre, one, who)

    def mark(file_id: str) -> object:
        return call(
            centre,
            calibration.mark,
            run.id,
            file_id,
            agreed(centre, file_id),
            centre.framework,
            person_id=who,
        )

    for file_id in run.files[:-1]:
        mark(file_id)
    found = at_once(lambda: mark(run.files[-1]))
    assert sorted(isinstance(one, CalibrationResult) for one in found) == [False, False, True]
    with centre.database.reading() as session:
        assert len(session.exec(select(CalibrationMark)).all()) == 5
        assert len(session.exec(select(Appointment)).all()) == 1


def at_once(act: Any) -> list[object]:
    found: list[object] = []

    def go() -> None:
        try:
            found.append(act())
        except Exception as error:  # noqa: BLE001 - a refusal is an answer here
            found.append(type(error).__name__)

    threads = [threading.Thread(target=go) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


# --- ways in --------------------------------------------------------------------------------------


def test_nobody_appoints_themselves_nor_somebody_of_another_centre(quick: House) -> None:
    boss = person(quick, Role.COORDINATOR)
    stranger = person(quick, Role.EXAMINER, name="Zoé", centre=other_centre(quick))
    refused("own-appointment", lambda: nominated(quick, boss, boss))
    refused("unknown", lambda: nominated(quick, boss, stranger))
    one = nominated(quick, boss, person(quick, Role.EXAMINER))
    for act in (appointments.suspend, appointments.end, appointments.waive, appointments.lift):
        refused("unknown", lambda act=act: call(quick, act, one, by=stranger, reason="why"))
    refused("unknown", lambda: call(quick, appointments.confirm, one, by=stranger))
    refused(
        "unknown",
        lambda: call(quick, appointments.accept_conduct, one, quick.framework, person_id=boss),
    )


def test_the_database_wants_two_persons_for_an_exception(centre: House) -> None:
    boss, who = person(centre, Role.COORDINATOR), person(centre, Role.EXAMINER)
    one = nominated(centre, boss, who)
    for values in (
        {"confirmed_by": boss},
        {"waived_by": boss, "waived_reason": "x", "confirmed_by": boss},
    ):
        with pytest.raises(IntegrityError), centre.database.transaction() as session:
            row = session.get_one(Nomination, one)
            for name, value in values.items():
                setattr(row, name, value)
            session.add(row)


def test_without_calibration_only_with_a_second_person_and_the_rules_accepted(quick: House) -> None:
    boss, who = person(quick, Role.COORDINATOR), person(quick, Role.EXAMINER)
    one = nominated(quick, boss, who)
    call(quick, appointments.waive, one, by=boss, reason="The first examiner here")
    accepted(quick, one, who)
    assert stage(quick, one) == Stage.INVITED
    call(quick, appointments.confirm, one, by=person(quick, Role.OFFICER))
    assert stage(quick, one) == Stage.ACTIVE


def test_one_nomination_for_a_scope_at_a_time(quick: House) -> None:
    boss, who = person(quick, Role.COORDINATOR), person(quick, Role.EXAMINER)
    nominated(quick, boss, who)
    refused("nominated-already", lambda: nominated(quick, boss, who))
    refused("nominated-already", lambda: eligible(quick, who))


def test_an_expert_waits_for_the_invitation_and_becomes_a_co_examiner(centre: House) -> None:
    boss, who = person(centre, Role.COORDINATOR), person(centre, Role.CANDIDATE)
    one = eligible(centre, who)
    refused("not-possible", lambda: accepted(centre, one, who))
    call(centre, appointments.invite, one, by=boss)
    accepted(centre, one, who)
    assert tried(centre, one, who).passed
    with centre.database.reading() as session:
        found = session.exec(select(Appointment)).one()
        assert found.level_ceiling == 2
        assert found.valid_until == NOW + timedelta(days=730)
        assert [row.id for row in accounts.examiners_of_centre(session, by=boss)] == [who]


def test_a_framework_without_reference_files_leaves_only_the_way_by_the_centre(
    quick: House,
) -> None:
    quick.framework = frameworks()["companionship"]
    skill = next(iter(quick.framework.skills))
    boss, who = person(quick, Role.COORDINATOR), person(quick, Role.EXAMINER)
    named = {"skill": skill, "language": "en"}
    refused(
        "no-files",
        lambda: call(quick, eligibility.by_badge, who, quick.framework, badge_id=BADGE, **named),
    )
    one = call(
        quick,
        appointments.nominate,
        who,
        quick.framework,
        level_ceiling=3,
        reason="letter",
        by=boss,
        **named,
    ).id
    accepted(quick, one, who)
    assert stage(quick, one) == Stage.INVITED
    call(quick, appointments.waive, one, by=boss, reason="No files")
    call(quick, appointments.confirm, one, by=person(quick, Role.COORDINATOR))
    assert stage(quick, one) == Stage.ACTIVE


# --- scope ----------------------------------------------------------------------------------------


def test_two_co_examiners_alone_never_give_expert_level(quick: House) -> None:
    boss = person(quick, Role.COORDINATOR)
    first, _ = expert(quick, boss)
    second, _ = expert(quick, boss)
    file = quick.sent(quick.candidate())
    assert quick.mark(file, first, 3) is None
    refused("lead-needed", lambda: quick.mark(file, second, 3))
    lead = quick.examiner(ceiling=3)
    decision = quick.mark(file, lead, 3)
    assert decision.level == 3
    assert decision.second_examiner_id == lead


def test_a_co_examiner_confirms_expert_level_after_a_lead(quick: House) -> None:
    boss = person(quick, Role.COORDINATOR)
    who, _ = expert(quick, boss)
    file = quick.sent(quick.candidate())
    assert quick.mark(file, quick.examiner(), 3) is None
    assert quick.mark(file, who, 3).level == 3


def test_a_co_examiner_cannot_raise_what_another_one_began_lower(quick: House) -> None:
    quick.sampling = Sampling(first_files=9, share=0)
    boss = person(quick, Role.COORDINATOR)
    who, _ = expert(quick, boss)
    file = quick.sent(quick.candidate())
    assert quick.mark(file, quick.examiner(ceiling=2), 2) is None
    refused("level-ceiling", lambda: quick.mark(file, who, 3))


def test_a_ceiling_of_two_by_the_centre_is_no_co_examiner(quick: House) -> None:
    boss, who = person(quick, Role.COORDINATOR), person(quick, Role.EXAMINER)
    appointed(quick, boss, who, ceiling=2)
    file = quick.sent(quick.candidate())
    refused("level-ceiling", lambda: quick.mark(file, who, 3))


def abroad(place: House, *, name: str = "Zoé") -> UUID:
    """Give an examiner of another centre, appointed for the same work."""
    who = person(place, Role.EXAMINER, name=name, centre=other_centre(place))
    call(
        place,
        accounts.appoint,
        who,
        skill=SKILL,
        language="es",
        level_ceiling=3,
        reason="letter",
        now=NOW - timedelta(days=1),
    )
    return who


def test_files_stay_in_their_centre_while_it_has_an_examiner(quick: House) -> None:
    own, stranger = quick.examiner(), abroad(quick)
    file = quick.sent(quick.candidate(), level=2)
    refused("other-centre", lambda: quick.mark(file, stranger, 2))
    assert quick.mark(file, own, 2).level == 2


def test_files_cross_over_where_nobody_of_the_centre_can_mark(quick: House) -> None:
    stranger = abroad(quick)
    quick.examiner(language="fr")
    file = quick.sent(quick.candidate(), level=2)
    assert quick.mark(file, stranger, 2).level == 2


def test_files_cross_over_when_the_only_examiner_knows_the_person(quick: House) -> None:
    own, stranger = quick.examiner(), abroad(quick)
    file = quick.sent(quick.candidate(), level=2)
    call(quick, assessment.declare_conflict, file, examiner_id=own)
    assert quick.mark(file, stranger, 2).level == 2


def test_a_later_attempt_reaches_another_centre_and_never_nobody(quick: House) -> None:
    own, stranger = quick.examiner(), abroad(quick)
    candidate = quick.candidate()
    quick.mark(quick.sent(candidate, level=2), own, 0)
    again = quick.sent(candidate, level=2, now=NOW + timedelta(hours=1))
    refused("marked-before", lambda: quick.mark(again, own, 2))
    assert quick.mark(again, stranger, 2).level == 2


def test_second_looks_below_expert_level_cross_over_and_stay_at_home_too(quick: House) -> None:
    quick.sampling = Sampling(first_files=9, share=0)
    first, own, stranger = quick.examiner(), quick.examiner("Iris"), abroad(quick)
    shared = quick.sent(quick.candidate(), level=2)
    assert quick.mark(shared, first, 2) is None
    fresh = quick.sent(quick.candidate("Rosa"), now=NOW + timedelta(hours=1))

    def queue(who: UUID) -> list[UUID]:
        with quick.database.reading() as session:
            return [one.id for one in assessment.queue(session, who, now=NOW)]

    assert queue(stranger) == [shared]
    assert queue(own) == [shared, fresh]
    assert quick.mark(shared, own, 2).level == 2


# --- suspension -----------------------------------------------------------------------------------


def test_a_fallen_badge_suspends_at_once_and_only_a_new_one_helps(centre: House) -> None:
    boss = person(centre, Role.COORDINATOR)
    who, one = expert(centre, boss)
    file = centre.sent(centre.candidate(), level=2)
    assert call(centre, appointments.badge_fell, BADGE) == 1
    assert call(centre, appointments.badge_fell, BADGE) == 0
    refused("scope", lambda: centre.mark(file, who, 2))
    refused("badge-gone", lambda: call(centre, appointments.lift, one, by=boss, reason="please"))
    eligible(centre, who, badge="urn:uuid:new")
    assert stage(centre, one) == Stage.SUSPENDED
    call(centre, appointments.lift, one, by=boss, reason="A new badge")
    assert centre.mark(file, who, 2).level == 2


def test_whoever_was_only_eligible_is_no_longer_when_the_badge_falls(quick: House) -> None:
    one = eligible(quick, person(quick, Role.CANDIDATE))
    call(quick, appointments.badge_fell, BADGE)
    assert stage(quick, one) == Stage.ENDED


@pytest.mark.parametrize(
    ("pairs", "low"),
    [
        ([(2, 2)] * 4 + [(1, 2)] * 6, True),
        ([(0, 0), (1, 1), (2, 2), (3, 3)] + [(1, 2)] * 6, False),
        ([(2, 1)] * 7 + [(1, 1)] * 3, True),
        ([(2, 2)] * 10, False),
    ],
    ids=["kappa of nought", "at the limit", "exact too low", "one level only"],
)
def test_agreement_is_judged_by_two_numbers(pairs: list[tuple[int, int]], low: bool) -> None:
    assert appointments.is_too_low(pairs) is low


def test_low_agreement_suspends_and_asks_for_a_new_calibration(quick: House) -> None:
    quick.sampling = Sampling(first_files=99, share=0)
    boss, who = person(quick, Role.COORDINATOR), person(quick, Role.EXAMINER)
    one = appointed(quick, boss, who)
    other = quick.examiner()
    for place in range(10):
        assert stage(quick, one) == Stage.ACTIVE
        file = quick.sent(quick.candidate(f"N{place}"), level=2)
        quick.mark(file, who, 2, now=NOW + timedelta(minutes=place))
        quick.mark(file, other, 1, now=NOW + timedelta(minutes=place, seconds=9))
    assert stage(quick, one) == Stage.SUSPENDED
    with quick.database.reading() as session:
        assert session.get_one(Nomination, one).suspended_for == Cause.AGREEMENT
    why = "Talked it over"
    refused("calibration-needed", lambda: call(quick, appointments.lift, one, by=boss, reason=why))
    assert tried(quick, one, who).passed
    later = NOW + timedelta(hours=1)
    call(quick, appointments.lift, one, by=boss, reason=why, now=later)
    assert stage(quick, one) == Stage.ACTIVE
    quick.sampling = Sampling(first_files=1, share=0)
    file = quick.sent(quick.candidate("Last"), level=2)
    assert quick.mark(file, who, 2, now=later + timedelta(hours=1)) is None


def test_decided_work_stays_when_its_examiner_is_suspended(quick: House) -> None:
    boss, who = person(quick, Role.COORDINATOR), person(quick, Role.EXAMINER)
    one = appointed(quick, boss, who)
    done = quick.mark(quick.sent(quick.candidate(), level=2), who, 2)
    refused("reason", lambda: call(quick, appointments.suspend, one, by=boss, reason=""))
    call(quick, appointments.suspend, one, by=boss, reason="A complaint")
    assert quick.submission(done.submission_id).state == "decided"
    waiting = quick.sent(quick.candidate("Rosa"), level=2)
    refused("scope", lambda: quick.mark(waiting, who, 2))
    assert quick.mark(waiting, quick.examiner(), 2).level == 2


def test_an_appointment_runs_out_after_24_months(centre: House) -> None:
    boss, who = person(centre, Role.COORDINATOR), person(centre, Role.EXAMINER)
    one = appointed(centre, boss, who)
    with centre.database.reading() as session:
        early = appointments.run_out_soon(session, who, now=NOW + timedelta(days=660))
        soon = appointments.run_out_soon(session, who, now=NOW + timedelta(days=671))
    assert (len(early), len(soon)) == (0, 1)
    assert call(centre, appointments.expire, now=NOW + timedelta(days=729)) == 0
    assert call(centre, appointments.expire, now=NOW + timedelta(days=730)) == 1
    assert stage(centre, one) == Stage.EXPIRED
    nominated(centre, boss, who)


def test_what_is_over_does_not_come_back(quick: House) -> None:
    boss, who = person(quick, Role.COORDINATOR), person(quick, Role.EXAMINER)
    one = appointed(quick, boss, who)
    call(quick, appointments.end, one, by=boss, reason="Moved away")
    for act in (appointments.suspend, appointments.lift, appointments.end):
        refused("not-possible", lambda act=act: call(quick, act, one, by=boss, reason="why"))
    file = quick.sent(quick.candidate(), level=2)
    refused("scope", lambda: quick.mark(file, who, 2))


def test_older_appointments_are_given_a_history_once(centre: House) -> None:
    centre.examiner()
    assert call(centre, appointments.adopt) == 1
    assert call(centre, appointments.adopt) == 0
    with centre.database.reading() as session:
        assert [row.stage for row in session.exec(select(NominationStep))] == [Stage.ACTIVE]
