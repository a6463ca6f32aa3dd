"""A second examiner for files below expert level: the first five, and those that are drawn."""

from typing import Any
from uuid import UUID

import pytest
from assessment_world import House, house
from sqlmodel import select

from issuer.assessment import final_assessments
from issuer.sampling import NO_SAMPLING, Sampling
from issuer.tables import AuditEvent, Decision, SubmissionState
from web.errors import Refused


@pytest.fixture
def quick() -> House:
    return house("sqlite://")


def marked(place: House, examiner: UUID, level: int = 2) -> tuple[UUID, Any]:
    file = place.sent(place.candidate())
    return file, place.mark(file, examiner, level)


def test_the_first_five_files_are_marked_twice_and_the_sixth_is_not(quick: House) -> None:
    quick.sampling = Sampling(first_files=5, share=0.1, draw=lambda: 0.1)
    examiner = quick.examiner()
    decided = [marked(quick, examiner)[1] is not None for _ in range(7)]
    assert decided == [False] * 5 + [True] * 2


@pytest.mark.parametrize(("drawn", "is_settled"), [(0.0999, False), (0.1, True), (0.99, True)])
def test_one_in_ten_later_files_is_drawn(quick: House, drawn: float, is_settled: bool) -> None:
    quick.sampling = Sampling(first_files=0, share=0.1, draw=lambda: drawn)
    _file, decision = marked(quick, quick.examiner())
    assert (decision is not None) == is_settled


@pytest.mark.parametrize(
    ("first", "second", "level"), [(2, 2, 2), (2, 1, 1), (1, 2, 1), (0, 1, None)]
)
def test_two_examiners_of_a_drawn_file_come_to_the_lower_level(
    quick: House, first: int, second: int, level: int | None
) -> None:
    quick.sampling = Sampling(draw=lambda: 0.0)
    one, two = quick.examiner(), quick.examiner("Eloy")
    file, undecided = marked(quick, one, first)
    assert undecided is None
    decision = quick.mark(file, two, second)
    assert decision.level == level
    assert (decision.first_examiner_id, decision.second_examiner_id) == (one, two)


def test_far_apart_examiners_of_a_drawn_file_need_a_third(quick: House) -> None:
    quick.sampling = Sampling(draw=lambda: 0.0)
    file, _ = marked(quick, quick.examiner(), 0)
    assert quick.mark(file, quick.examiner("Eloy"), 2) is None
    assert quick.mark(file, quick.examiner("Ema"), 1).level == 1


def test_the_first_examiner_cannot_be_the_second_of_a_drawn_file(quick: House) -> None:
    quick.sampling = Sampling(draw=lambda: 0.0)
    examiner = quick.examiner()
    file, _ = marked(quick, examiner)
    with pytest.raises(Refused) as refusal:
        quick.mark(file, examiner, 2)
    assert refusal.value.code == "marked-already"
    with quick.database.reading() as session:
        assert session.exec(select(Decision)).all() == []


def test_the_draw_is_written_down_without_saying_what_was_marked(quick: House) -> None:
    quick.sampling = Sampling(draw=lambda: 0.0)
    file, _ = marked(quick, quick.examiner())
    with quick.database.reading() as session:
        events = session.exec(select(AuditEvent).where(AuditEvent.kind == "submission.drawn")).all()
        assert [event.subject_id for event in events] == [str(file)]
        assert len(final_assessments(session, file)) == 1
    assert quick.submission(file).state == SubmissionState.SECOND_MARKING


def test_an_expert_proposal_is_not_drawn_it_has_a_second_examiner_anyway(quick: House) -> None:
    def never() -> float:
        raise AssertionError("the lot was cast")

    quick.sampling = Sampling(first_files=0, draw=never)
    _file, decision = marked(quick, quick.examiner(), 3)
    assert decision is None


def test_the_lot_is_cast_by_the_system_and_about_one_in_ten() -> None:
    drawn = sum(Sampling().falls_on(5) for _ in range(20_000))
    assert 1_700 < drawn < 2_300
    assert not any(NO_SAMPLING.falls_on(0) for _ in range(1_000))
