"""The thirty rules that must always hold (domain B.5), each by a test that tries to break it.

Where another file attacks a rule already, `ELSEWHERE` names the test, and a test here sees that it
is still there.
"""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from assessment_world import NOW, SKILL, House
from award_world import Centre, at_once, open_centre, open_service
from sqlalchemy.exc import DatabaseError, StatementError
from sqlmodel import select

from issuer import (
    accounts,
    appeals,
    appointments,
    assessment,
    audit,
    awards,
    changes,
    endorsements,
    erasure,
    issuing,
)
from issuer.appointment_tables import Nomination
from issuer.award_tables import Award, Change, Credential, ReceivedEndorsement, StatusEntry
from issuer.framework import frameworks
from issuer.privacy_tables import KeptBadge
from issuer.tables import (
    Appointment,
    Assessment,
    AuditEvent,
    Conflict,
    Decision,
    Person,
    Role,
    Submission,
)
from web.errors import Refused

TESTS = Path(__file__).resolve().parents[1]
DAY = timedelta(days=1)

ELSEWHERE: dict[int, tuple[str, ...]] = {
    1: (
        "issuer/test_awards.py::test_the_database_refuses_an_award_without_or_beside_a_decision",
        "issuer/test_assessment.py::test_database_refuses_a_second_decision_and_expert_by_one",
    ),
    2: (
        "issuer/test_assessment.py::test_nobody_marks_their_own_work_nor_under_another_name",
        "issuer/test_assessment.py::test_database_refuses_marks_by_the_candidate",
    ),
    3: ("issuer/test_assessment.py::test_suspended_examiner_is_refused_at_once",),
    4: (
        "issuer/test_assessment.py::test_expert_needs_a_second_examiner_who_sees_no_marks",
        "issuer/test_two_centres.py::test_a_second_centre_that_cannot_look_makes_nobody_wait",
    ),
    5: (
        "issuer/test_awards.py::test_the_database_itself_refuses_an_officer_who_took_part",
        "issuer/test_issuing.py::test_signing_takes_award_ids_and_no_document",
        "issuer/test_oid4vci_endpoints.py::test_no_endpoint_signs_what_a_browser_sends",
    ),
    6: (
        "issuer/test_assessment.py::test_what_is_final_is_neither_changed_nor_deleted",
        "issuer/test_appeals.py::test_a_badge_taken_away_is_asked_to_be_cancelled_and_a_second_person_confirms",
        "issuer/test_appeals.py::test_many_appeals_at_once_are_one",
    ),
    7: (
        "issuer/test_awards.py::test_what_was_not_awarded_is_never_released",
        "issuer/test_deferrals.py::test_nothing_comes_is_said_alike_whatever_the_reason",
    ),
    8: (
        "issuer/test_assessment.py::test_database_refuses_a_decision_that_rests_on_nothing",
        "issuer/test_drafts_of_marks.py::test_automatic_advice_is_seen_by_nobody_before_their_own_marks",
    ),
    9: (
        "issuer/test_framework_editions.py::test_a_published_edition_never_changes",
        "issuer/test_officer_pages.py::test_editions_are_the_bytes_that_badges_bind",
    ),
    10: (
        "issuer/test_framework_editions.py::test_all_editions_have_the_same_ids_levels_criteria_and_links",
    ),
    11: ("issuer/test_issuing.py::test_badge_holds_nothing_but_the_white_list",),
    12: (
        "issuer/test_issuing.py::test_badge_says_what_was_decided",
        "issuer/test_issuing.py::test_places_are_random_and_no_two_badges_share_one",
    ),
    13: (
        "issuer/test_status_lists.py::test_a_place_is_never_given_twice_nor_freed",
        "issuer/test_awards_at_once.py::test_releases_claims_and_signatures_at_once",
    ),
    14: (
        "issuer/test_oid4vci_endpoints.py::test_credential_request_errors_carry_their_names",
        "issuer/test_deferrals.py::test_another_key_never_takes_a_place_that_is_taken",
    ),
    15: (
        "credentials/test_verify.py::test_endorsement_that_does_not_count_says_why",
        "credentials/test_verify.py::test_withdrawn_endorsement_does_not_count",
        "issuer/test_endorsements.py::test_our_own_praise_is_refused",
    ),
    16: ("credentials/test_verify.py::test_endorsement_shown_beside_the_badge_is_judged",),
    17: ("verifier/test_network.py::test_issuer_learns_nothing_about_which_badge_is_checked",),
    18: ("issuer/test_officer_pages.py::test_counts_of_people_start_at_five",),
    19: (
        "wallet/test_sharing.py::test_stopped_expired_prepared_and_never_made_shares_answer_the_very_same",
        "wallet/test_sharing.py::test_stopping_everything_stops_everything",
    ),
    20: (
        "issuer/test_assessment.py::test_audit_chain_shows_a_change_behind_its_back",
        "issuer/test_assessment.py::test_audit_holds_no_names",
    ),
    21: (
        "issuer/test_assessment.py::test_answers_are_deleted_in_time_and_only_then",
        "issuer/test_appeals.py::test_answers_are_kept_until_ninety_days_after_the_end_of_the_appeal",
    ),
    22: (
        "issuer/test_pages.py::test_examiner_sees_no_name_and_candidate_no_examiner",
        "issuer/test_officer_pages.py::test_queue_shows_no_name_and_no_evidence",
    ),
    23: (
        "issuer/test_attempts.py::test_a_later_attempt_goes_to_another_examiner_where_there_is_one",
        "issuer/test_attempts.py::test_database_refuses_a_second_draft",
        "issuer/test_assessment.py::test_fourth_attempt_in_six_months_waits",
        "issuer/test_returns.py::test_a_void_attempt_is_not_counted_and_its_answers_are_deleted",
        "issuer/test_returns.py::test_a_return_is_no_new_attempt_and_blocks_one",
    ),
    24: (
        "issuer/test_statistics.py::test_no_hidden_group_can_be_had_by_subtraction",
        "issuer/test_statistics.py::test_no_hidden_level_can_be_had_by_subtraction",
    ),
    25: (
        "issuer/test_awards.py::test_other_reasons_than_the_closed_list_are_refused",
        "issuer/test_awards.py::test_one_person_alone_cancels_nothing_but_at_the_holders_wish",
        "issuer/test_changes.py::test_many_at_once_ask_once_and_confirm_once",
        "issuer/test_officer_pages.py::test_two_officers_cancel_and_the_person_is_told",
    ),
    26: (
        "issuer/test_changes.py::test_a_corrected_badge_keeps_its_id_and_is_newer_and_the_old_one_stops",
        "issuer/test_stolen_keys.py::test_all_badges_of_a_stolen_key_are_made_again_and_the_people_told",
        "issuer/test_stolen_keys.py::test_badges_claimed_in_the_middle_carry_the_new_key_or_are_replaced",
        "issuer/test_stolen_keys.py::test_a_second_operation_at_once_is_refused",
        "issuer/test_stolen_keys.py::test_killed_in_the_middle_it_goes_on_after_a_restart",
    ),
    27: (
        "issuer/test_erasure.py::test_nothing_of_an_erased_person_is_anywhere_in_the_database",
        "issuer/test_erasure.py::test_what_stays_of_a_badge_is_its_place_its_name_and_a_month",
        "issuer/test_retention.py::test_a_name_goes_after_24_months_and_the_badge_stays",
    ),
    28: ("wallet/test_sharing.py::test_share_holds_byte_for_byte_what_the_preview_showed",),
    29: ("project/test_texts.py::test_no_text_is_missing",),
    30: (
        "issuer/test_routes.py::test_every_address_answers_everybody_as_the_table_says",
        "issuer/test_staff.py::test_an_administrator_reaches_nobody_of_another_organisation",
        "issuer/test_calibration.py::test_files_stay_in_their_centre_while_it_has_an_examiner",
    ),
}
"""Rule → tests of other files that attack it."""


AT_ONCE: dict[int, tuple[str, ...]] = {
    1: (
        "issuer/test_invariants.py::test_invariant_01_one_submission_one_decision_one_award_one_badge",
        "issuer/test_awards_at_once.py::test_releases_claims_and_signatures_at_once",
        "issuer/test_batches.py::test_two_officers_at_once_release_each_badge_once",
    ),
    2: ("issuer/test_invariants.py::test_invariant_02_nobody_marks_their_own_work_however_often",),
    3: ("issuer/test_invariants.py::test_invariant_03_a_suspension_holds_among_marks_at_once",),
    4: (
        "issuer/test_invariants.py::test_invariant_04_expert_rests_on_two_people_even_when_one_is_very_quick",
        "issuer/test_invariants.py::test_invariant_04_expert_rests_on_two_centres_whoever_is_first",
    ),
    5: (
        "issuer/test_invariants.py::test_invariant_05_nobody_is_officer_and_examiner_of_a_file_in_any_round",
    ),
    6: ("issuer/test_appeals.py::test_many_appeals_at_once_are_one",),
    13: ("issuer/test_awards_at_once.py::test_releases_claims_and_signatures_at_once",),
    14: (
        "issuer/test_deferrals.py::test_on_both_databases_twenty_at_once_bind_one_key_and_collect_once",
        "issuer/test_deferrals.py::test_of_twenty_codes_at_once_one_is_exchanged",
    ),
    20: ("issuer/test_invariants.py::test_invariant_20_every_change_of_state_is_in_the_chain",),
    23: (
        "issuer/test_invariants.py::test_invariant_23_three_attempts_however_many_are_begun_at_once",
    ),
    25: (
        "issuer/test_invariants.py::test_invariant_25_whoever_asks_is_not_the_second_person",
        "issuer/test_changes.py::test_many_at_once_ask_once_and_confirm_once",
    ),
    30: (
        "issuer/test_invariants.py::test_invariant_30_of_officers_of_two_centres_the_own_one_releases",
        "issuer/test_staff.py::test_of_administrators_who_end_each_other_at_once_one_stays",
        "issuer/test_staff.py::test_of_many_who_use_a_link_at_once_one_comes_in",
    ),
}
"""Each rule about uniqueness or roles → tests in which many try at the same moment."""

ONE_SET = {
    "companionship": [(s, level) for s in ("keeping-company", "safe-visits") for level in (1, 2, 3)]
}
"""Framework → what it has a single set of tasks for: it shows that others can be made, in short."""


@pytest.fixture
def centre(tmp_path: Path, database_url: str) -> Centre:
    return open_centre(tmp_path, database_url=database_url)


@pytest.fixture
def quick(tmp_path: Path) -> Centre:
    return open_centre(tmp_path)


def add(centre: Centre, *rows: object) -> None:
    with centre.database.transaction() as session:
        for row in rows:
            session.add(row)
            session.flush()


def refused_by_the_database(centre: Centre, *rows: object) -> None:
    with pytest.raises(DatabaseError):
        add(centre, *rows)


def release(centre: Centre, decision_id: UUID, officer: str = "olga") -> UUID:
    return awards.release(
        centre.database,
        decision_id,
        officer_id=centre.person(officer, Role.OFFICER),
        body=centre.body,
        now=NOW,
    )


def deliver(centre: Centre, award_id: UUID, holder: str = "did:example:holder") -> str:
    return issuing.deliver(centre.database, award_id, holder=holder, body=centre.body, now=NOW)


def marks_of(house: House, file: UUID, examiner: UUID, **changes: Any) -> Assessment:
    """Make marks by hand, past every check of the code."""
    with house.database.reading() as session:
        submission = session.get_one(Submission, file)
        appointment = session.exec(
            select(Appointment).where(Appointment.person_id == examiner)
        ).first()
    values: dict[str, Any] = {
        "submission_id": file,
        "candidate_id": submission.candidate_id,
        "examiner_id": examiner,
        "appointment_id": appointment.id if appointment else uuid4(),
        "aimed_level": submission.level,
        "ordinal": 1,
        "marks": {},
        "notes": {},
        "proposed_level": 2,
        "submitted_at": NOW,
    }
    return Assessment(**{**values, **changes})


# --- what is one stays one ----------------------------------------------------------------------


def test_invariant_01_one_submission_one_decision_one_award_one_badge(centre: Centre) -> None:
    decision = centre.decided()
    centre.person("olga", Role.OFFICER)
    released = at_once(6, lambda _: release(centre, decision))
    (award_id,) = {one for one in released if isinstance(one, UUID)}
    with centre.database.reading() as session:
        award = session.get_one(Award, award_id)
        badge = session.exec(select(Credential)).one()
        made = session.get_one(Decision, decision)
    refused_by_the_database(centre, Award(**award.model_dump(exclude={"id"})))
    refused_by_the_database(
        centre, Credential(**badge.model_dump(exclude={"id", "position"}), position=9)
    )
    orphan = {**badge.model_dump(exclude={"id"}), "award_id": uuid4(), "credential_id": "urn:x"}
    refused_by_the_database(centre, Credential(**orphan))
    refused_by_the_database(centre, Decision(**made.model_dump(exclude={"id"})))
    with pytest.raises(DatabaseError), centre.database.transaction() as session:
        session.delete(session.get_one(Award, award_id))


# --- who may mark -------------------------------------------------------------------------------


def test_invariant_02_nobody_marks_from_the_wallet_of_the_candidate(centre: Centre) -> None:
    """Two accounts, one wallet: the badges of both have the same holder."""
    house = House(centre.database)
    for name in ("eva", "maria"):
        deliver(centre, release(centre, centre.decided(name, examiners=("x",))), "did:example:one")
    eva, maria = centre.people["eva"], centre.people["maria"]
    with centre.database.transaction() as session:
        accounts.give_consent(session, maria, statistics=False, now=NOW)
        accounts.appoint(
            session, eva, skill=SKILL, language="es", level_ceiling=3, reason="x", now=NOW - DAY
        )
    file = house.sent(maria)
    with pytest.raises(Refused) as refusal:
        house.mark(file, eva, 2)
    assert refusal.value.code == "own-work"
    refused_by_the_database(centre, marks_of(house, file, eva))


def test_invariant_02_nobody_marks_their_own_work_however_often(centre: Centre) -> None:
    """One person with two accounts, known by one contact, who tries from both at once."""
    house = House(centre.database)
    maria = house.candidate(contact="maria@home.example")
    again = house.examiner("M.", contact="Maria@home.example")
    with centre.database.transaction() as session:
        accounts.appoint(  # not as an examiner: that the other account is, in this centre
            session, maria, skill=SKILL, language="es", level_ceiling=3, reason="x", now=NOW
        )
    house.observes = False
    file = house.sent(maria, level=2)
    outcomes = at_once(6, lambda place: house.mark(file, (maria, again)[place % 2], 2))
    assert set(outcomes) == {"own-work"}
    assert centre.count(Assessment) == 0


def test_invariant_03_a_suspension_holds_among_marks_at_once(centre: Centre) -> None:
    house = House(centre.database)
    files = [house.sent(house.candidate(f"person {number}"), level=2) for number in range(4)]
    eva, boss = house.examiner("Eva"), centre.person("cora", Role.COORDINATOR)
    with centre.database.transaction() as session:
        appointments.adopt(session, now=NOW)
        nomination = session.exec(select(Nomination)).one().id

    def act(place: int) -> object:
        if place != 2:
            return house.mark(files[place - (place > 2)], eva, 2)
        with centre.database.transaction() as session:
            return appointments.suspend(session, nomination, by=boss, reason="why", now=NOW)

    outcomes = at_once(4, act)
    assert outcomes[2] is None
    marked = sum(isinstance(one, Decision) for one in outcomes)
    assert {one for one in outcomes if isinstance(one, str)} <= {"scope"}
    with pytest.raises(Refused) as refusal:
        house.mark(files[3], eva, 2)
    assert refusal.value.code == "scope"
    assert centre.count(Assessment) == marked
    with centre.database.reading() as session:
        assert audit.broken_at(session) is None


def test_invariant_03_no_marks_without_an_appointment_that_covers_them(centre: Centre) -> None:
    house = House(centre.database)
    file, eva = house.sent(house.candidate()), house.examiner("Eva", ceiling=2)
    others = {
        "of somebody else": house.examiner("Rosa"),
        "of another skill": house.examiner("Marc", skill="organising-oneself"),
        "of another language": house.examiner("Ana", language="fr"),
        "that is over": house.examiner("Pia", lasts=DAY),
    }
    for who in others.values():
        with centre.database.reading() as session:
            theirs = session.exec(select(Appointment).where(Appointment.person_id == who)).one()
        refused_by_the_database(centre, marks_of(house, file, eva, appointment_id=theirs.id))
    for name in ("of another skill", "of another language", "that is over"):
        refused_by_the_database(centre, marks_of(house, file, others[name]))
    refused_by_the_database(centre, marks_of(house, file, eva, proposed_level=3))
    refused_by_the_database(centre, marks_of(house, file, eva, submitted_at=NOW - 2 * DAY))
    with centre.database.transaction() as session:
        session.exec(
            select(Appointment).where(Appointment.person_id == eva)
        ).one().suspended_at = NOW
    refused_by_the_database(centre, marks_of(house, file, eva))


def test_invariant_04_expert_rests_on_two_people_even_when_one_is_very_quick(
    centre: Centre,
) -> None:
    house = House(centre.database)
    file, eva = house.sent(house.candidate()), house.examiner("Eva")
    outcomes = at_once(6, lambda _: house.mark(file, eva, 3))
    assert outcomes.count(None) == 1
    with centre.database.reading() as session:
        (mark,) = session.exec(select(Assessment)).all()
        assert assessment.decision_of(session, file) is None
    refused_by_the_database(centre, marks_of(house, file, eva, ordinal=2, proposed_level=3))
    for second in (None, eva):
        refused_by_the_database(
            centre,
            Decision(
                submission_id=file,
                candidate_id=mark.candidate_id,
                outcome="awarded",
                level=3,
                first_assessment_id=mark.id,
                first_examiner_id=eva,
                second_examiner_id=second,
                decided_at=NOW,
            ),
        )


def test_invariant_04_expert_rests_on_two_centres_whoever_is_first(centre: Centre) -> None:
    house = House(centre.database)
    first, second = house.examiner("Eva"), house.examiner("Rosa")
    alone = house.sent(house.candidate("Ana"))
    assert house.mark(alone, first, 3) is None
    file = house.sent(house.candidate())
    assert house.mark(file, first, 3) is None
    stranger = centre.person("zoe", Role.EXAMINER, organisation=centre.another("Autre centre"))
    assert house.mark(alone, second, 3).level == 3, "nobody elsewhere: another person will do"
    with centre.database.transaction() as session:
        accounts.appoint(
            session, stranger, skill=SKILL, language="es", level_ceiling=3, reason="x", now=NOW
        )
    outcomes = at_once(6, lambda place: house.mark(file, (second, stranger)[place % 2], 3))
    (decision,) = [one for one in outcomes if isinstance(one, Decision)]
    assert (decision.first_examiner_id, decision.second_examiner_id) == (first, stranger)
    assert outcomes[0] in ("elsewhere", "not-open"), "before or after the other centre looked"

    forged = house.sent(house.candidate("Pia"))
    assert house.mark(forged, first, 3) is None
    mark = marks_of(house, forged, second, ordinal=2, proposed_level=3)
    add(centre, mark)
    with centre.database.reading() as session:
        made = assessment.final_assessments(session, forged)[0]
    refused_by_the_database(
        centre,
        Decision(
            submission_id=forged,
            candidate_id=mark.candidate_id,
            outcome="awarded",
            level=3,
            first_assessment_id=made.id,
            first_examiner_id=first,
            second_examiner_id=second,
            decided_at=NOW,
        ),
    )


def test_invariant_05_an_officer_neither_marks_nor_decides(tmp_path: Path) -> None:
    service = open_service(tmp_path)
    house = House(service.centre.database)
    file = house.sent(house.candidate())
    olga = service.browser("olga", Role.OFFICER)
    for address in (f"/examiner/files/{file}", f"/examiner/files/{file}/later"):
        assert olga.post(address, data={"level": "3"}).status_code == 403
    assert service.centre.count(Decision) == service.centre.count(Assessment) == 0


def test_invariant_05_nobody_is_officer_and_examiner_of_a_file_in_any_round(
    centre: Centre,
) -> None:
    """One person with both roles, who acts twice at once, before and after an appeal."""
    house = House(centre.database)
    both, other = house.examiner("Olga"), house.examiner("Rosa")
    file, second = house.sent(house.candidate()), house.sent(house.candidate("Ana"))
    first = house.mark(file, house.examiner("Eva"), 2)
    early = house.mark(second, both, 2)

    def appeal(of: UUID) -> None:
        with centre.database.transaction() as session:
            appeals.appeal(session, session.get_one(Submission, of), now=NOW)

    def released(decision: Decision) -> UUID:
        return awards.release(
            centre.database, decision.id, officer_id=both, body=centre.body, now=NOW
        )

    released(first)  # then marks the appeal of what they released
    appeal(file)
    with pytest.raises(Refused) as refusal:
        house.mark(file, both, 2)
    assert refusal.value.code == "released-it"
    refused_by_the_database(centre, marks_of(house, file, both, round=2))
    appeal(second)  # and the other way round: releases what others decided after their own marks
    again = house.mark(second, other, 1)
    assert early.id == again.supersedes
    with pytest.raises(Refused) as refusal:
        released(again)
    assert refusal.value.code == "officer-took-part"
    refused_by_the_database(
        centre,
        Award(
            decision_id=again.id,
            candidate_id=again.candidate_id,
            first_examiner_id=again.first_examiner_id,
            officer_id=both,
            level=1,
            slug=SKILL,
            level_slug="beginner",
            language="es",
            released_at=NOW,
        ),
    )

    third = house.sent(house.candidate("Pia"))
    decided = house.mark(third, house.examiner("Marc"), 2)
    appeal(third)

    def act(place: int) -> object:
        return house.mark(third, both, 2) if place % 2 else released(decided)

    at_once(4, act)
    with centre.database.reading() as session:
        assert (
            len(session.exec(select(Award).where(Award.candidate_id == decided.candidate_id)).all())
            == 0
        )


# --- decisions ----------------------------------------------------------------------------------


def test_invariant_06_exactly_one_decision_is_in_force(centre: Centre) -> None:
    decision_id = centre.decided()
    with centre.database.reading() as session:
        made = session.get_one(Decision, decision_id)
    values = made.model_dump(exclude={"id"})
    for forged in (
        {"supersedes": decision_id},
        {"round": 2},
        {"round": 2, "supersedes": decision_id},
        {"round": 3, "supersedes": decision_id},
        {"round": 0},
    ):
        refused_by_the_database(centre, Decision(**{**values, **forged}))
    with pytest.raises(DatabaseError), centre.database.transaction() as session:
        session.get_one(Decision, decision_id).level = 1
    with pytest.raises(DatabaseError), centre.database.transaction() as session:
        session.delete(session.get_one(Decision, decision_id))


def test_invariant_07_not_yet_is_never_a_credential(centre: Centre) -> None:
    decision = centre.decided(level=None)
    with pytest.raises(Refused):
        release(centre, decision)
    with centre.database.reading() as session:
        made = session.get_one(Decision, decision)
    refused_by_the_database(
        centre,
        Award(
            decision_id=decision,
            decision_outcome="not_yet",
            candidate_id=made.candidate_id,
            first_examiner_id=made.first_examiner_id,
            officer_id=centre.person("olga", Role.OFFICER),
            level=1,
            slug=SKILL,
            level_slug="beginner",
            language="fr",
            released_at=NOW,
        ),
    )
    text = deliver(centre, release(centre, centre.decided("ana", level=1)))
    assert '"Failed"' not in text
    assert '"status"' not in text


def test_invariant_08_no_decision_without_a_person(centre: Centre) -> None:
    house = House(centre.database)
    file, eva = house.sent(house.candidate()), house.examiner("Eva")
    mark = marks_of(house, file, eva)
    add(centre, mark)
    values: dict[str, Any] = {
        "submission_id": file,
        "candidate_id": mark.candidate_id,
        "outcome": "not_yet",
        "first_assessment_id": mark.id,
        "first_examiner_id": eva,
        "decided_at": NOW,
    }
    for forged in (
        {"first_assessment_id": uuid4()},
        {"first_examiner_id": house.examiner("Rosa")},
        {"first_ordinal": 2},
        {"second_examiner_id": house.examiner("Marc")},
    ):
        refused_by_the_database(centre, Decision(**{**values, **forged}))


# --- attempts -----------------------------------------------------------------------------------


def test_invariant_23_three_attempts_however_many_are_begun_at_once(centre: Centre) -> None:
    house = House(centre.database)
    maria, eva, rosa = house.candidate(), house.examiner("Eva"), house.examiner("Rosa")
    for number, examiner in enumerate((eva, rosa)):
        when = NOW + timedelta(hours=number)
        assert house.mark(house.sent(maria, level=2, now=when), examiner, 0, now=when)
    begun = at_once(6, lambda _: house.begun(maria, level=2, now=NOW + DAY))
    third = {one for one in begun if isinstance(one, UUID)}
    assert len(third) == 1, "the third attempt, and no fourth"
    with centre.database.transaction() as session:
        file = session.get_one(Submission, third.pop())
        seen = session.exec(
            select(Submission.scenario_id)
            .where(Submission.candidate_id == maria)
            .order_by(Submission.number)
        ).all()
    assert seen[0] != seen[1] != seen[2], "each attempt has another set than the one before"
    house.answered(file.id)
    with centre.database.transaction() as session:
        assessment.submit(
            session, session.get_one(Submission, file.id), house.framework, now=NOW + DAY
        )
    house.mark(file.id, eva, 0, now=NOW + DAY)
    outcomes = at_once(4, lambda _: house.begun(maria, level=2, now=NOW + 2 * DAY))
    assert set(outcomes) == {"attempts"}


@pytest.mark.parametrize("name", sorted(frameworks()))
def test_invariant_23_there_is_another_set_for_the_next_attempt(name: str) -> None:
    framework = frameworks()[name]
    few = [
        (skill, level.number)
        for skill in framework.skills
        for level in framework.levels
        if len(framework.sets_for(skill, level.number)) < 2
    ]
    assert few == ONE_SET.get(name, [])


# --- badges -------------------------------------------------------------------------------------


def test_invariant_12_ids_are_random_and_dates_are_of_the_decision(quick: Centre) -> None:
    texts = [deliver(quick, release(quick, quick.decided(name))) for name in ("a", "b")]
    ids = [re.search(r'"id":"(urn:uuid:[0-9a-f-]{36})"', text)[1] for text in texts]  # type: ignore[index]
    assert len(set(ids)) == 2
    assert all(UUID(one.removeprefix("urn:uuid:")).version == 4 for one in ids)
    day = (NOW - timedelta(hours=3)).strftime("%Y-%m-%dT00:00:00Z")
    assert all(f'"validFrom":"{day}"' in text and '"awardedDate"' in text for text in texts)


def test_invariant_13_a_status_place_is_handed_out_once_for_ever(centre: Centre) -> None:
    award_id = release(centre, centre.decided())
    with centre.database.reading() as session:
        entry = session.exec(select(StatusEntry)).one()
        badge = session.exec(select(Credential)).one()
    refused_by_the_database(centre, StatusEntry(**entry.model_dump()))
    with pytest.raises(DatabaseError), centre.database.transaction() as session:
        session.delete(session.exec(select(StatusEntry)).one())
    other = release(centre, centre.decided("ana"))
    assert other != award_id
    with pytest.raises(DatabaseError), centre.database.transaction() as session:
        second = session.exec(select(Credential).where(Credential.award_id == other)).one()
        second.list_number, second.position = badge.list_number, badge.position


def test_invariant_14_nothing_is_signed_for_nobody(centre: Centre) -> None:
    award_id = release(centre, centre.decided())
    with pytest.raises(DatabaseError):
        centre.change(
            Credential,
            state="active",
            intended_text=None,
            signed_text="{}",
            signed_at=NOW,
            signed_with="key",
            holder=None,
        )
    deliver(centre, award_id)
    for holder in (None, "did:example:thief"):
        with pytest.raises(DatabaseError):
            centre.change(Credential, holder=holder)


def test_invariant_16_a_later_endorsement_leaves_the_signed_badge_as_it_is(quick: Centre) -> None:
    award_id = release(quick, quick.decided())
    text = deliver(quick, award_id)
    definition = quick.body.framework.achievement(SKILL, 2)
    add(
        quick,
        ReceivedEndorsement(
            endorsement_id="urn:uuid:later",
            subject_id=quick.body.achievement_id(definition),
            endorser="did:example:body",
            claimed_name="Body",
            comment="good",
            signed_text="{}",
            received_at=NOW,
        ),
    )
    with quick.database.reading() as session:
        held = endorsements.current(session, quick.body.achievement_id(definition), now=NOW)
        assert len(held) == 1
    assert deliver(quick, award_id) == text


# --- the trail ----------------------------------------------------------------------------------


def test_invariant_20_every_change_of_state_is_in_the_chain(centre: Centre) -> None:
    house = House(centre.database)
    files = [house.sent(house.candidate(f"person {number}")) for number in range(6)]
    eva = house.examiner("Eva")
    at_once(6, lambda place: house.mark(files[place], eva, 2))
    with centre.database.reading() as session:
        assert audit.broken_at(session) is None
        events = [(one.kind, one.subject_id) for one in session.exec(select(AuditEvent))]
        states = {str(one.id): one.state for one in session.exec(select(Submission))}
    for file in map(str, files):
        assert states[file] == "decided"
        of_file = [kind for kind, subject in events if subject == file]
        assert of_file == ["submission.started", "submission.sent", "submission.decided"]
    with centre.database.reading() as session:
        last = session.exec(select(AuditEvent).order_by(AuditEvent.number.desc())).first()  # type: ignore[attr-defined]
    assert last is not None
    refused_by_the_database(centre, AuditEvent(**last.model_dump()))
    copied = {**last.model_dump(), "number": last.number + 1}
    refused_by_the_database(centre, AuditEvent(**copied))


def test_invariant_22_the_queue_knows_no_name_and_the_database_no_contact(quick: Centre) -> None:
    house = House(quick.database)
    secret = "maria@home.example"
    file, examiner = house.sent(house.candidate("Maria Secreta", contact=secret)), house.examiner()
    with quick.database.reading() as session:
        person = session.get_one(Person, session.get_one(Submission, file).candidate_id)
        assert secret not in str(person.model_dump())
        told = str([one.model_dump() for one in assessment.queue(session, examiner, now=NOW)])
    assert "Secreta" not in told
    assert person.alias not in told


def test_invariant_25_whoever_asks_is_not_the_second_person(centre: Centre) -> None:
    award_id = release(centre, centre.decided())

    def ask(_: int) -> object:
        with centre.database.transaction() as session:
            return changes.ask(
                session,
                award_id,
                action="revoke",
                reason="fraud",
                officer_id=centre.people["olga"],
                body=centre.body,
                now=NOW,
            )

    assert at_once(5, ask).count("asked-already") == 4
    with pytest.raises(Refused) as refusal, centre.database.transaction() as session:
        changes.confirm(
            session, award_id, officer_id=centre.people["olga"], body=centre.body, now=NOW
        )
    assert refusal.value.code == "two-persons"


def test_invariant_27_an_erased_person_leaves_a_place_an_achievement_and_a_month(
    centre: Centre,
) -> None:
    """Whatever else a row could hold is not there: neither columns nor other rows."""
    award_id = release(centre, centre.decided())
    deliver(centre, award_id)
    maria = centre.people["maria"]
    erasure.erase(
        centre.database,
        maria,
        keep_badges=True,
        end_open_work=True,
        by=maria,
        body=centre.body,
        now=NOW,
    )
    with centre.database.reading() as session:
        kept = session.exec(select(KeptBadge)).one()
        for table in (Person, Submission, Assessment, Decision, Award, Credential):
            column = "id" if table is Person else "candidate_id"
            rows = session.exec(select(table)).all()
            assert all(getattr(one, column, None) != maria for one in rows)
        assert session.exec(select(Credential)).all() == []
    # About our key, one for everybody, for a theft of it; and whose officers may cancel it.
    ours = {"signed_with", "signed_month", "organisation_id"}
    left = set(kept.model_dump())
    assert left - ours == {"list_number", "position", "achievement_id", "month"}
    assert kept.month.day == kept.signed_month.day == 1
    for statement in ("UPDATE kept_badge SET month = month", "DELETE FROM kept_badge"):
        with pytest.raises(DatabaseError), centre.database.transaction() as session:
            session.connection().exec_driver_sql(statement)


def test_invariant_29_a_time_without_a_zone_is_not_stored(quick: Centre) -> None:
    person, moment = quick.person("maria"), NOW.replace(tzinfo=None)
    with pytest.raises((StatementError, ValueError)):
        add(quick, Conflict(submission_id=uuid4(), examiner_id=person, declared_at=moment))


def test_invariant_30_an_examiner_sees_only_the_language_of_the_appointment(
    quick: Centre,
) -> None:
    house = House(quick.database)
    file = house.sent(house.candidate())
    french = house.examiner("Marc", language="fr")
    with quick.database.reading() as session:
        assert assessment.queue(session, french, now=NOW) == []
    refused_by_the_database(quick, marks_of(house, file, french))


def test_invariant_30_an_examiner_of_another_centre_marks_only_what_was_drawn(
    centre: Centre,
) -> None:
    house = House(centre.database)
    own = house.examiner("Eva")
    stranger = centre.person("zoe", Role.EXAMINER, organisation=centre.another("Autre centre"))
    with centre.database.transaction() as session:
        accounts.appoint(
            session, stranger, skill=SKILL, language="es", level_ceiling=3, reason="x", now=NOW
        )
    file, other = (house.sent(house.candidate(name), level=2) for name in ("Maria", "Ana"))
    with pytest.raises(Refused) as refusal:
        house.mark(file, stranger, 2)
    assert refusal.value.code == "other-centre"
    refused_by_the_database(centre, marks_of(house, file, stranger))
    with centre.database.transaction() as session:
        assert assessment.queue(session, stranger, now=NOW) == []
        assessment.declare_conflict(session, file, examiner_id=own, now=NOW)
    with centre.database.reading() as session:
        assert [one.id for one in assessment.queue(session, stranger, now=NOW)] == [file]
        kinds = session.exec(select(AuditEvent.kind).where(AuditEvent.subject_id == str(file)))
        assert "submission.drawn-across" in kinds.all()
    assert house.mark(file, stranger, 2).level == 2
    refused_by_the_database(centre, marks_of(house, other, stranger))


def test_invariant_30_of_officers_of_two_centres_the_own_one_releases(centre: Centre) -> None:
    decision = centre.decided()
    centre.person("olga", Role.OFFICER)
    centre.person("odile", Role.OFFICER, organisation=centre.another("Autre centre"))
    outcomes = at_once(6, lambda place: release(centre, decision, ("odile", "olga")[place % 2]))
    assert {outcomes[place] for place in (0, 2, 4)} == {"unknown-decision"}
    (award_id,) = [one for one in outcomes if isinstance(one, UUID)]
    with centre.database.reading() as session:
        award = session.get_one(Award, award_id)
    assert award.officer_id == centre.people["olga"]
    with centre.database.reading() as session:
        made = session.get_one(Decision, centre.decided("ana"))
    refused_by_the_database(
        centre,
        Award(
            decision_id=made.id,
            candidate_id=made.candidate_id,
            first_examiner_id=made.first_examiner_id,
            officer_id=centre.people["odile"],
            level=2,
            slug=SKILL,
            level_slug="confirmed",
            language="fr",
            released_at=NOW,
        ),
    )
    with centre.database.transaction() as session:
        changes.ask(
            session,
            award_id,
            action="revoke",
            reason="fraud",
            officer_id=centre.people["olga"],
            body=centre.body,
            now=NOW,
        )
    with pytest.raises(Refused), centre.database.transaction() as session:
        changes.confirm(
            session, award_id, officer_id=centre.people["odile"], body=centre.body, now=NOW
        )
    with pytest.raises(DatabaseError):
        centre.change(Change, confirmed_by=centre.people["odile"], confirmed_at=NOW)


# --- this list ----------------------------------------------------------------------------------


def own_numbers() -> set[int]:
    return {
        int(found[1]) for name in globals() if (found := re.match(r"test_invariant_(\d\d)_", name))
    }


def test_each_of_the_thirty_rules_is_attacked() -> None:
    assert own_numbers() | ELSEWHERE.keys() == set(range(1, 31))


@pytest.mark.parametrize(
    "place", sorted({place for places in AT_ONCE.values() for place in places})
)
def test_rules_about_uniqueness_and_roles_are_attacked_by_many_at_once(place: str) -> None:
    file, _, name = place.partition("::")
    text = (TESTS / file).read_text("utf-8")
    body = re.search(rf"^def {name}\(.*?(?=^(?:def|class|@|# ---)|\Z)", text, re.M | re.S)
    assert body is not None, place
    assert "at_once(" in body[0], place


@pytest.mark.parametrize("place", [place for places in ELSEWHERE.values() for place in places])
def test_a_test_that_is_named_here_exists(place: str) -> None:
    file, _, name = place.partition("::")
    assert re.search(rf"^def {name}\(", (TESTS / file).read_text("utf-8"), re.M), place
