"""Figures about tasks and marking: arithmetic, and nothing about fewer than five."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from issuer.quality import (
    Appeals,
    Marked,
    Vouched,
    appeals,
    bootstrap,
    difficulties,
    dropouts,
    examiners,
    faces,
    share,
    vouched,
)
from issuer.statistics import agreement


def looks(file: int, *levels: tuple[str, int], mark: int = 2, aim: int = 2) -> list[Marked]:
    return [
        Marked(alias, file, "cleaning", level, aim, {"order": mark, "safety": 3})
        for alias, level in levels
    ]


def test_severity_is_the_mean_difference_to_the_other_examiner() -> None:
    marked = [one for file in range(6) for one in looks(file, ("E-1", 1), ("E-2", 2))]
    strict, mild = examiners(marked)
    assert (strict.alias, strict.pairs, strict.severity, strict.exact) == ("E-1", 6, -1, 0)
    assert (mild.alias, mild.severity, mild.within_one) == ("E-2", 1, 1)


def test_an_examiner_with_four_shared_files_is_not_shown() -> None:
    alone = [one for file in range(20) for one in looks(file, ("E-9", 2))]
    shared = [one for file in range(30, 34) for one in looks(file, ("E-1", 1), ("E-2", 2))]
    assert examiners([*alone, *shared]) == ()


def test_three_examiners_of_a_file_make_two_pairs_each() -> None:
    marked = [o for file in range(3) for o in looks(file, ("E-1", 1), ("E-2", 3), ("E-3", 2))]
    assert [one.pairs for one in examiners(marked)] == [6, 6, 6]


def test_the_interval_of_a_kappa_holds_it_and_is_the_same_each_time() -> None:
    pairs = [(1, 1), (2, 2), (3, 3), (2, 3), (1, 2), (2, 2), (3, 2), (1, 1)] * 3

    def kappa(some: object) -> float | None:
        found = agreement(some)  # type: ignore[arg-type]
        return found.weighted_kappa if found else None

    interval = bootstrap(pairs, kappa)
    assert interval is not None
    low, high = interval
    told = kappa(pairs)
    assert told is not None
    assert low < told < high
    assert bootstrap(pairs, kappa) == interval


def test_no_interval_where_the_figure_often_cannot_be_told() -> None:
    assert bootstrap([(1, 1)] * 6, lambda _some: None) is None


def test_difficulty_counts_the_first_look_at_each_file_and_the_hardest_comes_first() -> None:
    hard = [one for file in range(4) for one in looks(file, ("E-1", 1), ("E-2", 3), mark=1)]
    good = [one for file in range(4, 8) for one in looks(file, ("E-1", 2))]
    order, safety = difficulties([*hard, *good])
    assert (order.criterion, order.below.passed, order.below.of) == ("order", 4, 8)
    assert (safety.criterion, safety.below.passed) == ("safety", 0)
    assert difficulties(looks(1, ("E-1", 1))) == ()


def test_dropouts_are_of_those_who_came_to_the_task() -> None:
    rates = dropouts([(2, False)] * 5 + [(4, True)] * 15, 4)
    assert rates is not None
    assert [(one.passed, one.of) for one in rates] == [(0, 20), (0, 20), (5, 20), (0, 15)]


@pytest.mark.parametrize(
    "answered",
    [
        [(2, False)] * 4 + [(4, True)] * 15,
        [(1, False)] * 5 + [(2, False)] * 2 + [(4, True)] * 15,
    ],
    ids=["four people stopped", "two of them at another task"],
)
def test_where_a_few_people_stopped_is_not_told(answered: list[tuple[int, bool]]) -> None:
    assert dropouts(answered, 4) is None


def test_four_opinions_are_not_shown() -> None:
    assert faces({"clear": [5, 5, 5, 5]}) == ()
    (one,) = faces({"clear": [5] * 9})
    assert (one.mean, one.counts) == (5, (0, 0, 0, 0, 9))


@given(st.lists(st.integers(1, 5), min_size=5, max_size=60))
def test_no_hidden_face_can_be_had_by_subtraction(given_: list[int]) -> None:
    (one,) = faces({"clear": given_})
    shown = [count for count in one.counts if count is not None]
    assert not any(0 < count < 5 for count in shown)
    hidden = one.counts.count(None)
    assert hidden != 1 or one.answers - sum(shown) == one.answers


@pytest.mark.parametrize(("true", "false"), [(4, 40), (40, 4), (2, 2)])
def test_a_small_side_of_a_share_is_hidden(true: int, false: int) -> None:
    assert share([True] * true + [False] * false) is None


def test_a_share_without_a_small_side_is_shown() -> None:
    found = share([True] * 5 + [False] * 9)
    assert found is not None
    assert (found.passed, found.of) == (5, 14)


def test_four_appeals_are_not_shown_and_of_more_no_outcome_of_a_few() -> None:
    assert appeals([1, 0, 0, -1]) is None
    assert appeals([1] * 5 + [0] * 6 + [None] * 2) == Appeals(13, None, 6, 0, None)
    assert appeals([0] * 9) == Appeals(9, 0, 9, 0, 0)


def test_endorsements_are_those_of_five_badges_or_more() -> None:
    carried = [("a/expert", 2)] * 4 + [("b/beginner", 0)] * 2 + [("b/beginner", 3)] * 4
    assert vouched(carried) == (Vouched("b/beginner", 6, 2.0),)
