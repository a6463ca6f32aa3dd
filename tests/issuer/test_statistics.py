"""Figures of a pilot: the published oracle, what small cells hide, and what never changes."""

import base64
import csv
import hashlib
import io
import json
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from award_world import NOW, Service, open_service
from conftest import SHARED
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlmodel import select

from issuer import accounts, appeals, assessment, cohorts, feedback, pilot
from issuer.assessment import Marking
from issuer.cohort_tables import CohortMember, Kind
from issuer.feedback import Said
from issuer.pilot_tables import PilotReport
from issuer.sampling import NO_SAMPLING
from issuer.statistics import Cell, Figures, Work, agreement, cut, figures, spread, wilson
from issuer.tables import Answer, Decision, Role, Submission

LEVEL = {"none": 0, "beginner": 1, "confirmed": 2, "expert": 3}
ENDED = {"approved": "awarded", "refused": "not_yet", "withdrawn": "withdrawn"}


# --- small cells -----------------------------------------------------------------------------


def work(group: str, people: int, *, passed: int | None = None, start: int = 0) -> list[Work]:
    passed = people if passed is None else passed
    return [
        Work(
            {"group": group},
            "awarded" if place < passed else "not_yet",
            (group, start + place),
            is_sent=True,
        )
        for place in range(people)
    ]


def shown(cells: tuple[Cell, ...]) -> dict[str, bool]:
    return {cell.name: cell.rate is not None for cell in cells}


def cells(*sizes: int) -> dict[str, bool]:
    every = [one for place, size in enumerate(sizes) for one in work("abcdef"[place], size)]
    return shown(cut(every, "group"))


def test_a_group_of_four_is_hidden_and_one_more_so_that_no_subtraction_tells_it() -> None:
    assert cells(4, 9, 30) == {"a": False, "b": False, "c": True}
    assert cells(4, 4, 9) == {"a": False, "b": False, "c": True}
    assert cells(5, 9) == {"a": True, "b": True}
    assert cells(1, 2, 9, 30) == {"a": False, "b": False, "c": False, "d": True}
    assert cells(1) == {"a": False}


def test_one_person_with_many_files_is_one_person() -> None:
    many = [Work({"group": "a"}, "awarded", "the same") for _ in range(20)]
    assert shown(cut(many, "group")) == {"a": False}


def test_a_single_hidden_level_takes_another_along() -> None:
    assert levels(7, 20, 30, 2) == (7, None, 30, None)
    assert levels(7, 0, 30, 2) == (7, 0, None, None)
    assert levels(7, 0, 0, 2) == (7, None, 0, None)
    assert levels(2, 5, 6, 7) == (2, 5, 6, 7)


@given(st.tuples(*[st.integers(0, 12)] * 4).filter(lambda counts: sum(counts) >= 5))
def test_no_hidden_level_can_be_had_by_subtraction(counts: tuple[int, int, int, int]) -> None:
    found = levels(*counts)
    assert found is not None
    assert found[1:].count(None) != 1
    assert not any(count in range(1, 5) for count in found[1:])


def levels(*counts: int) -> tuple[int | None, ...] | None:
    given = [level for level, count in enumerate(counts) for _ in range(count)]
    every = [
        Work({}, "awarded" if level else "not_yet", place, level=level)
        for place, level in enumerate(given)
    ]
    return figures(every, by=()).levels


def test_few_withdrawals_are_hidden_with_what_would_tell_them() -> None:
    every = [*work("a", 20), Work({"group": "a"}, "withdrawn", 99)]
    found = figures(every, by=())
    assert (found.withdrawn, found.completion, found.started) == (None, None, None)
    assert (found.sent, found.decided) == (20, 20)


def test_void_work_counts_for_nobody() -> None:
    every = [*work("a", 20), *(Work({"group": "a"}, "void", place) for place in range(9))]
    found = figures(every, by=())
    assert (found.started, found.completion) == (20, 1)


@given(st.tuples(*[st.integers(0, 12)] * 4), st.integers(5, 12))
def test_no_step_tells_of_a_few_by_what_lies_between(
    more: tuple[int, int, int, int], awarded: int
) -> None:
    open_, unsent, waiting, uncollected = more
    collected = max(0, awarded - waiting - uncollected)
    every = [
        *(
            Work(
                {},
                "awarded",
                place,
                is_sent=True,
                is_released=place < awarded - waiting,
                is_collected=place < collected,
            )
            for place in range(awarded)
        ),
        *(Work({}, None, ("open", place), is_sent=True) for place in range(open_)),
        *(Work({}, None, ("draft", place)) for place in range(unsent)),
    ]
    found = figures(every, by=())
    for steps in (
        (found.started, found.sent, found.decided),
        (awarded, found.released, found.collected),
    ):
        shown = [step for step in steps if step is not None]
        between = [one - two for one, two in pairwise(shown)]
        assert not any(0 < number < 5 for number in (*between, *shown))


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.booleans()), max_size=60))
def test_no_hidden_group_can_be_had_by_subtraction(rows: list[tuple[str, bool]]) -> None:
    every = [
        Work({"group": group}, "awarded" if passed else "not_yet", place)
        for place, (group, passed) in enumerate(rows)
    ]
    found = shown(cut(every, "group"))
    sizes = Counter(group for group, _passed in rows)
    hidden = [group for group, is_shown in found.items() if not is_shown]
    assert all(sizes[group] >= 5 for group, is_shown in found.items() if is_shown)
    assert len(hidden) != 1 or len(found) == 1


# --- arithmetic ------------------------------------------------------------------------------


@given(st.integers(1, 500).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_an_interval_holds_its_share_and_lies_between_nought_and_one(case: tuple[int, int]) -> None:
    rate = wilson(*case)
    assert 0 <= rate.low <= rate.share + 1e-12
    assert rate.share - 1e-12 <= rate.high <= 1


@pytest.mark.parametrize(("passed", "of"), [(0, 0), (3, 2), (-1, 4)])
def test_an_impossible_share_is_refused(passed: int, of: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        wilson(passed, of)


def test_kappa_of_one_level_for_all_cannot_be_told() -> None:
    found = agreement([(2, 2)] * 8)
    assert found is not None
    assert (found.exact, found.kappa, found.weighted_kappa) == (1, None, None)


def test_kappa_of_full_agreement_is_one_and_of_reversal_is_below_nought() -> None:
    same, turned = agreement([(1, 1), (2, 2), (3, 3)] * 3), agreement([(1, 3), (3, 1)] * 3)
    assert same is not None
    assert same.weighted_kappa == same.kappa == 1
    assert turned is not None
    assert turned.weighted_kappa is not None
    assert turned.weighted_kappa < 0


def test_four_pairs_and_four_times_are_too_few() -> None:
    assert agreement([(1, 1)] * 4) is None
    assert spread([1.0, 2.0, None, 3.0, 4.0]) is None


# --- the pilot -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def of_the_pilot() -> Figures:
    path = SHARED / "pilot" / "pilot.json"
    if not path.is_file():
        pytest.skip("the pilot's data (../shared/pilot) are not here")
    return figures(pilot_work(json.loads(path.read_text())), by=("country", "skill", "own"))


def pilot_work(data: dict[str, Any]) -> list[Work]:
    people = {one["id"]: one for one in data["people"]}
    return [_of_pilot(one, people[one["person"]]) for one in data["submissions"]]


def _of_pilot(one: dict[str, Any], person: dict[str, Any]) -> Work:
    second = one.get("second")
    proposed = [one["first_level"], second["level"]] if second else []
    return Work(
        {
            "country": person["country"],
            "skill": one["skill"],
            "own": "own" if person["ui"] == person["tongue"] else "other",
        },
        ENDED[one["state"]],
        one["person"],
        level=LEVEL[one["level"]] if "level" in one else None,
        minutes=one["minutes"],
        hours=one.get("decision_hours"),
        proposed=tuple(LEVEL[level] for level in proposed),
    )


ORACLE = [
    ("country", "ES", 49, 56, 87.5, 76.4, 93.8, "24.0"),
    ("country", "FR", 48, 56, 85.7, 74.3, 92.6, "31.1"),
    ("skill", "technical", 24, 28, 85.7, 68.5, 94.3, "42.8"),
    ("skill", "soft", 25, 29, 86.2, 69.4, 94.5, "23.9"),
    ("skill", "linguistic", 25, 27, 92.6, 76.6, 97.9, "25.6"),
    ("skill", "transversal", 23, 28, 82.1, 64.4, 92.1, "21.8"),
    ("own", "own", 59, 64, 92.2, 83.0, 96.6, "23.9"),
    ("own", "other", 38, 48, 79.2, 65.7, 88.3, "32.0"),
]


@pytest.mark.parametrize("row", ORACLE, ids=lambda row: row[1])
def test_pilot_cells_equal_the_oracle(of_the_pilot: Figures, row: tuple[Any, ...]) -> None:
    by, name, passed, of, share, low, high, minutes = row
    cell = next(cell for cell in of_the_pilot.cuts[by] if cell.name == name)
    assert cell.rate is not None
    assert cell.minutes is not None
    assert (cell.rate.passed, cell.rate.of) == (passed, of)
    percent = [round(100 * one, 1) for one in (cell.rate.share, cell.rate.low, cell.rate.high)]
    assert percent == [share, low, high]
    assert f"{cell.minutes.median:.1f}" == minutes


def test_pilot_spreads_equal_the_oracle(of_the_pilot: Figures) -> None:
    spreads = [cell.minutes for cell in of_the_pilot.cuts["country"] if cell.minutes]
    quartiles = [(f"{one.lower:.1f}", f"{one.upper:.1f}") for one in spreads]
    assert quartiles == [("18.9", "32.4"), ("21.8", "40.3")]


def test_pilot_funnel_levels_and_agreement_equal_the_oracle(of_the_pilot: Figures) -> None:
    found = of_the_pilot
    assert (found.started, found.decided, found.withdrawn) == (120, 112, 8)
    assert found.completion is not None
    assert round(found.completion * 100, 1) == 93.3
    assert found.levels == (15, 30, 56, 11)
    assert found.overall.rate is not None
    assert found.overall.rate.passed == 97
    assert found.hours is not None
    assert round(found.hours.median, 1) == 30.2
    two = found.agreement
    assert two is not None
    assert two.kappa is not None
    assert two.weighted_kappa is not None
    assert two.pairs == 29
    assert round(two.exact * 100, 1) == 48.3
    assert (round(two.kappa, 3), round(two.weighted_kappa, 3)) == (0.225, 0.729)


# --- the coordinator's pages -----------------------------------------------------------------


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return open_service(tmp_path)


def fill(service: Service, *, counted: int, others: int = 0) -> None:
    for place in range(counted + others):
        name = f"worker-{place}"
        service.centre.decided(name, level=None if place == 0 else 1 + place % 2)
        with service.centre.database.transaction() as session:
            accounts.give_consent(
                session, service.centre.people[name], statistics=place < counted, now=NOW
            )
    service.clock.now = NOW + timedelta(days=1)  # figures are those of the last midnight


def test_only_coordinators_reach_the_figures(service: Service) -> None:
    browsers = [
        (service.browser(), 401),
        (service.browser("maria", Role.CANDIDATE), 403),
        (service.browser("eva", Role.EXAMINER), 403),
        (service.browser("olga", Role.OFFICER), 403),
    ]
    for browser, status in browsers:
        for path in ("/coordinator/", "/coordinator/figures.json", "/coordinator/figures.csv"):
            assert browser.get(path).status_code == status
        assert browser.post("/coordinator/reports").status_code == status
    assert service.centre.count(PilotReport) == 0


def test_a_coordinator_reaches_nothing_else(service: Service) -> None:
    clara = service.browser("clara", Role.COORDINATOR)
    assert clara.get("/").location.endswith("/coordinator/")
    for path in ("/officer/", "/officer/badges", "/examiner/", "/skills"):
        assert clara.get(path).status_code in (403, 404)


def test_who_refused_statistics_is_not_counted(service: Service) -> None:
    fill(service, counted=6, others=9)
    found = service.browser("clara", Role.COORDINATOR).get("/coordinator/figures.json").json
    assert found["figures"]["decided"] == 6
    assert found["figures"]["overall"]["rate"]["passed"] == 5


def test_four_people_show_nothing(service: Service) -> None:
    fill(service, counted=4)
    clara = service.browser("clara", Role.COORDINATOR)
    found = clara.get("/coordinator/figures.json").json["figures"]
    assert (found["started"], found["decided"], found["levels"]) == (None, None, None)
    assert found["overall"] == {"minutes": None, "name": "", "people": None, "rate": None}
    rows = list(csv.reader(io.StringIO(clara.get("/coordinator/figures.csv").text)))
    assert all(not any(row[2:]) for row in rows[1:])
    page = clara.get("/coordinator/?lang=en").text
    assert "hidden" in page
    assert "%" not in page.split("<main")[1]


@pytest.mark.parametrize("language", ["fr", "es", "en"])
def test_the_board_holds_no_name_and_speaks_each_language(service: Service, language: str) -> None:
    fill(service, counted=9)
    clara = service.browser("clara", Role.COORDINATOR)
    answer = clara.get(f"/coordinator/?lang={language}")
    assert answer.status_code == 200
    assert "worker-" not in answer.text
    assert f'lang="{language}"' in answer.text
    assert {"fr": "88,9", "es": "88,9", "en": "88.9"}[language] in answer.text


def test_a_report_stays_as_it_was(service: Service) -> None:
    fill(service, counted=6)
    clara = service.browser("clara", Role.COORDINATOR)
    assert clara.post("/coordinator/reports").status_code == 302
    with service.centre.database.reading() as session:
        kept = pilot.reports(session, centre=service.centre.organisation)[0]
    before = clara.get(f"/coordinator/reports/{kept.id}.json").data
    service.centre.decided("worker-1", language="es")
    service.clock.now += timedelta(days=1)
    clara = service.browser("clara")
    assert clara.get(f"/coordinator/reports/{kept.id}.json").data == before
    assert clara.get("/coordinator/figures.json").json["figures"]["decided"] == 7
    assert kept.digest == "sha384-" + base64.b64encode(hashlib.sha384(before).digest()).decode()
    assert kept.digest.replace("+", "&#43;") in clara.get("/coordinator/").text.replace(
        "+", "&#43;"
    )
    for statement in ("UPDATE pilot_report SET document = ''", "DELETE FROM pilot_report"):
        with (
            pytest.raises(DatabaseError, match="is final"),
            service.centre.database.transaction() as session,
        ):
            session.execute(text(statement))


def test_an_unknown_report_is_said_to_be_unknown(service: Service) -> None:
    clara = service.browser("clara", Role.COORDINATOR)
    path = "/coordinator/reports/00000000-0000-4000-8000-000000000000.json"
    answer = clara.get(path)
    assert answer.status_code == 404
    assert "There is no such report." in clara.get(f"{path}?lang=en").text


# --- the figures of a day, and of a group ------------------------------------------------------


def test_what_happens_today_changes_no_figure_of_today(service: Service) -> None:
    fill(service, counted=6)
    service.clock.now = NOW + timedelta(hours=11)  # the same day as the decisions
    found = service.browser("clara", Role.COORDINATOR).get("/coordinator/figures.json").json
    assert found["asOf"] == "2026-11-24T00:00:00Z"
    assert found["figures"]["decided"] is None


def test_work_taken_back_today_was_open_at_midnight(service: Service) -> None:
    fill(service, counted=9)
    names = [f"worker-{place}" for place in range(5)]
    with service.centre.database.transaction() as session:
        for number, name in enumerate(names, 100):
            file = Submission(
                candidate_id=service.centre.people[name],
                number=number,
                skill="simple-phrases",
                language="fr",
                level=1,
                scenario_id="where-things-are",
                framework_version=service.centre.body.framework.version,
                started_at=NOW,
            )
            session.add(file)
            session.flush()
            assessment.withdraw(session, file, now=NOW + timedelta(hours=23))
    clara = service.browser("clara", Role.COORDINATOR)
    told = clara.get("/coordinator/figures.json").json["figures"]
    assert (told["started"], told["withdrawn"]) == (14, 0)
    service.clock.now += timedelta(hours=18)
    clara = service.browser("clara")
    told = clara.get("/coordinator/figures.json").json["figures"]
    assert (told["started"], told["withdrawn"], told["completion"]) == (14, 5, 0.6429)


def test_a_decision_after_an_appeal_counts_from_the_next_day(service: Service) -> None:
    fill(service, counted=6)
    with service.centre.database.transaction() as session:
        first = session.exec(select(Decision).where(Decision.outcome == "not_yet")).one()
        file = session.get_one(Submission, first.submission_id)
        session.add(Answer(submission_id=file.id, task_id="one", value="mop", saved_at=NOW))
        session.flush()
        appeals.appeal(session, file, now=NOW)
    again_by = service.centre.person("vera", Role.EXAMINER)
    with service.centre.database.transaction() as session:
        accounts.appoint(
            session,
            again_by,
            skill=file.skill,
            language=file.language,
            level_ceiling=3,
            reason="letter",
            now=NOW,
        )
        criteria = service.centre.body.framework.skills[file.skill].criteria
        marking = Marking(dict.fromkeys(criteria, 2), {}, 2)
        assessment.decide(
            session,
            file.id,
            marking,
            service.centre.body.framework,
            examiner_id=again_by,
            sampling=NO_SAMPLING,
            now=service.clock.now,
        )
    clara = service.browser("clara", Role.COORDINATOR)
    told = clara.get("/coordinator/figures.json").json["figures"]["overall"]["rate"]
    assert (told["passed"], told["of"]) == (5, 6)
    service.clock.now += timedelta(days=1)
    told = service.browser("clara").get("/coordinator/figures.json").json
    assert told["figures"]["overall"]["rate"]["passed"] == 6
    assert told["quality"]["appeals"] is None, "one appeal tells of one person"


def test_a_group_has_figures_of_its_own(service: Service) -> None:
    fill(service, counted=12)
    clara = service.browser("clara", Role.COORDINATOR)
    with service.centre.database.transaction() as session:
        group = cohorts.create_cohort(
            session,
            "Spring",
            {service.centre.organisation: 20},
            by=service.centre.people["clara"],
            now=NOW,
        ).id
        for place in range(7):
            session.add(
                CohortMember(
                    person_id=service.centre.people[f"worker-{place}"],
                    cohort_id=group,
                    organisation_id=service.centre.organisation,
                    language="es",
                    kind=Kind.JOB_SEEKER,
                    tongue="es",
                    invited_at=NOW,
                )
            )
    found = clara.get(f"/coordinator/figures.json?group={group}").json["figures"]
    assert found["decided"] == 7
    assert [cell["name"] for cell in found["cuts"]["kind"]] == ["job_seeker"]
    everybody = clara.get("/coordinator/figures.json").json["figures"]
    assert everybody["decided"] == 12
    assert clara.get(f"/coordinator/?group={group}&lang=es").status_code == 200


def test_faces_and_words_are_shown_from_five_people_on(service: Service) -> None:
    fill(service, counted=6)
    page = service.browser("clara", Role.COORDINATOR)
    with service.centre.database.transaction() as session:
        for place, work in enumerate(session.exec(select(Submission)).all()):
            said = Said({"clear": 5, "real": 4, "well": 5}, f"words {place}" if place < 4 else "")
            feedback.give(session, work, said, now=NOW)
    found = page.get("/coordinator/figures.json").json["quality"]["faces"]
    assert [(one["question"], one["answers"]) for one in found] == [
        ("clear", 6), ("real", 6), ("well", 6),
    ]  # fmt: skip
    assert "words" not in page.get("/coordinator/?lang=en").text.split("<main")[1].replace(
        "In their own words", ""
    )
