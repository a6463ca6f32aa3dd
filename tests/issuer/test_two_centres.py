"""What two centres in one issuer see of each other: files, figures, groups, and nothing else."""

import io
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from assessment_world import NOW, SKILL, House, refused
from award_world import Centre, Service, at_once, open_centre, open_service
from hypothesis import given
from hypothesis import strategies as st
from saying import said
from sqlalchemy.exc import DatabaseError
from sqlmodel import select

from issuer import (
    accounts,
    appointments,
    assessment,
    cohorts,
    crossing,
    drawing_again,
    pilot,
    second_looks,
)
from issuer.appointment_tables import Nomination, Route, Stage
from issuer.cohort_tables import CohortMember
from issuer.second_look_tables import SecondLook
from issuer.statistics import Work, figures
from issuer.tables import Appointment, Decision, Grant, Role, Submission
from web.errors import Refused

FEW = range(1, 5)


@pytest.fixture
def centre(tmp_path: Path, database_url: str) -> Centre:
    return open_centre(tmp_path, database_url=database_url)


@pytest.fixture
def quick(tmp_path: Path) -> Centre:
    return open_centre(tmp_path)


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return open_service(tmp_path)


def abroad(
    centre: Centre, name: str = "zoe", *, ceiling: int = 3, contact: str | None = None
) -> UUID:
    """Give an examiner of another centre, appointed for the same work."""
    away = centre.another(f"Centre of {name}")
    with centre.database.transaction() as session:
        who = accounts.create_person(session, away, name, Role.EXAMINER, contact=contact)
        accounts.appoint(
            session, who.id, skill=SKILL, language="es", level_ceiling=ceiling, reason="x", now=NOW
        )
    centre.people[name] = who.id
    return who.id


def queue(centre: Centre, who: UUID) -> list[UUID]:
    with centre.database.reading() as session:
        return [one.id for one in assessment.queue(session, who, now=NOW)]


# --- expert level -------------------------------------------------------------------------------


@pytest.mark.parametrize("why", ["nobody", "ceiling", "suspended", "conflict", "same person"])
def test_a_second_centre_that_cannot_look_makes_nobody_wait(quick: Centre, why: str) -> None:
    house = House(quick.database)
    first, own = house.examiner("Eva"), house.examiner("Rosa")
    contact = "maria@home.example"
    file = house.sent(house.candidate(contact=contact))
    if why != "nobody":
        stranger = abroad(
            quick,
            ceiling=1 if why == "ceiling" else 3,
            contact=contact if why == "same person" else None,
        )
    with quick.database.transaction() as session:
        if why == "suspended":
            session.exec(
                select(Appointment).where(Appointment.person_id == stranger)
            ).one().suspended_at = NOW
        if why == "ceiling":
            session.exec(
                select(Appointment).where(Appointment.person_id == stranger)
            ).one().valid_until = NOW
    assert house.mark(file, first, 3) is None
    if why == "conflict":
        refused("elsewhere", lambda: house.mark(file, own, 3))
        with quick.database.transaction() as session:
            assessment.declare_conflict(session, file, examiner_id=stranger, now=NOW)
    assert queue(quick, own) == [file]
    assert house.mark(file, own, 3).level == 3


def test_an_examiner_elsewhere_looks_although_they_met_the_person_before(quick: Centre) -> None:
    """Two centres weigh more than a new face: else each would wait for the other."""
    house = House(quick.database)
    first, own, stranger = house.examiner("Eva"), house.examiner("Rosa"), abroad(quick)
    maria = house.candidate()
    file = house.sent(maria)
    house.mark(file, first, 3)
    assert house.mark(file, stranger, 0) is None, "far apart: a third one looks"
    assert house.mark(file, own, 1).level == 1
    again = house.sent(maria, now=NOW + timedelta(hours=1))
    third = house.examiner("Iris")
    assert house.mark(again, third, 3) is None
    assert queue(quick, own) == []
    assert queue(quick, stranger) == [again]
    assert house.mark(again, stranger, 3).level == 3


def test_a_lower_level_takes_no_second_centre(quick: Centre) -> None:
    house = House(quick.database)
    first, own, stranger = house.examiner("Eva"), house.examiner("Rosa"), abroad(quick)
    assert house.mark(house.sent(house.candidate("Ana"), level=2), first, 2).level == 2
    file = house.sent(house.candidate())
    assert house.mark(file, first, 3) is None
    refused("elsewhere", lambda: house.mark(file, own, 2))
    assert house.mark(file, stranger, 2).level == 2


# --- files that wait ----------------------------------------------------------------------------


def test_the_coordinator_is_told_what_waits_and_what_helps(service: Service) -> None:
    house = House(service.centre.database)
    only = house.examiner("Eva")
    clara = service.browser("clara", Role.COORDINATOR)
    file = house.sent(house.candidate())
    assert "waits" not in clara.get("/coordinator/?lang=en").text
    assert house.mark(file, only, 3) is None
    other = house.sent(house.candidate("Ana"), language="fr")
    assert "2 files wait" in clara.get("/coordinator/?lang=en").text
    page = clara.get("/coordinator/examiners/?lang=en").text
    for number in (house.submission(file).alias, house.submission(other).alias):
        assert number in page
    assert "A second examiner must look." in page
    assert "Nobody who may mark it is appointed" in page
    assert "One examiner only, here and elsewhere" in page
    cora = service.centre.person(
        "cora", Role.COORDINATOR, organisation=service.centre.another("Autre centre")
    )
    with service.centre.database.reading() as session:
        away = accounts.centre_of(session, cora)
        assert crossing.waiting(session, away, now=NOW) == []
    assert "S-00" not in service.browser("cora").get("/coordinator/examiners/?lang=en").text


def test_a_file_that_waits_reaches_another_centre_when_it_names_somebody(quick: Centre) -> None:
    house = House(quick.database)
    file = house.sent(house.candidate(), level=2)
    stranger = abroad(quick)
    assert queue(quick, stranger) == []
    with quick.database.transaction() as session:
        assert crossing.draw_all(session, now=NOW) == 1
        assert crossing.draw_all(session, now=NOW) == 0
    assert queue(quick, stranger) == [file]


def test_a_suspension_sends_open_files_across(quick: Centre) -> None:
    house = House(quick.database)
    own, stranger = house.examiner("Eva"), abroad(quick)
    file = house.sent(house.candidate(), level=2)
    boss = quick.person("cora", Role.COORDINATOR)
    with quick.database.transaction() as session:
        appointments.adopt(session, now=NOW)
        one = session.exec(select(Nomination).where(Nomination.person_id == own)).one()
        appointments.suspend(session, one.id, by=boss, reason="why", now=NOW)
    assert queue(quick, stranger) == [file]


# --- decided files of somebody suspended --------------------------------------------------------


def suspended(centre: Centre, house: House, number: int = 3) -> tuple[UUID, list[Decision]]:
    """Let an expert by badge decide some files alone, and that badge fall."""
    eva = house.examiner("Eva", ceiling=2)
    made = [
        house.mark(house.sent(house.candidate(f"N{place}"), level=2), eva, 2)
        for place in range(number)
    ]
    with centre.database.transaction() as session:
        mine = session.exec(select(Appointment).where(Appointment.person_id == eva)).one()
        expert = Nomination(
            person_id=eva,
            skill=SKILL,
            language="es",
            route=Route.EXPERT,
            badge_id="urn:uuid:expert",
            level_ceiling=2,
            reason="badge",
            stage=Stage.ACTIVE,
            appointment_id=mine.id,
        )
        appointments.begin(session, expert, by=None, now=NOW)
        assert appointments.badge_fell(session, "urn:uuid:expert", now=NOW) == 1
    return eva, made


def look(centre: Centre, house: House, file: UUID, who: UUID, level: int) -> None:
    with centre.database.transaction() as session:
        second_looks.look(
            session, file, house.marking(level), house.framework, examiner_id=who, now=NOW
        )


def test_decided_files_of_somebody_suspended_are_looked_at_again_and_stay(centre: Centre) -> None:
    house = House(centre.database)
    eva, made = suspended(centre, house)
    rosa, stranger = house.examiner("Rosa"), abroad(centre)
    with centre.database.reading() as session:
        mine = [one.id for one in second_looks.queue(session, rosa, now=NOW)]
        assert second_looks.queue(session, eva, now=NOW) == []
        assert second_looks.queue(session, stranger, now=NOW) == [], "the centre has somebody"
    assert set(mine) == {one.submission_id for one in made}
    refused("unknown", lambda: look(centre, house, mine[0], eva, 2))
    refused("unknown", lambda: look(centre, house, mine[0], stranger, 2))
    others = [house.examiner(f"X{place}") for place in range(3)]
    outcomes = at_once(4, lambda place: look(centre, house, mine[0], [rosa, *others][place], 1))
    assert outcomes.count(None) == 1
    look(centre, house, mine[1], rosa, 2)
    with centre.database.reading() as session:
        (result,) = second_looks.results(session, house.organisation).values()
        decisions = session.exec(select(Decision)).all()
    alias = house.submission(mine[0]).alias
    assert (result.drawn, result.looked, result.same) == (3, 2, 1)
    assert result.different == ((alias, 2, 1),)
    assert {(one.id, one.level) for one in decisions} == {(one.id, 2) for one in made}
    for change in ({"level": 3}, {"looked_by": eva}, {"decided_level": 1}):
        with pytest.raises(DatabaseError), centre.database.transaction() as session:
            row = session.get_one(SecondLook, mine[1])
            for name, value in change.items():
                setattr(row, name, value)


def test_ten_are_drawn_at_most_and_only_what_can_be_looked_at(quick: Centre) -> None:
    house = House(quick.database)
    _eva, made = suspended(quick, house, 12)
    assert quick.count(SecondLook) == drawing_again.MOST
    forged = house.sent(house.candidate("Pia"), level=2)
    with quick.database.reading() as session:
        one = session.exec(select(SecondLook)).first()
    assert one is not None
    values = {**one.model_dump(), "submission_id": forged}
    with pytest.raises(DatabaseError), quick.database.transaction() as session:
        session.add(SecondLook(**values))
    with quick.database.transaction() as session:
        for decision in made:
            assessment.forget_answers(session, decision.submission_id)
    rosa = house.examiner("Rosa")
    with quick.database.reading() as session:
        assert second_looks.queue(session, rosa, now=NOW) == []


def test_the_other_look_shows_nothing_of_what_was_decided(service: Service) -> None:
    house = House(service.centre.database)
    _eva, made = suspended(service.centre, house, 1)
    house.organisation = service.centre.organisation
    service.centre.people["rosa"] = house.examiner("rosa")
    rosa, file = service.browser("rosa"), made[0].submission_id
    assert "Decided files to look at again" in rosa.get("/examiner/?lang=en").text
    page = rosa.get(f"/examiner/again/{file}?lang=en").text
    assert "the decision stays" in page
    assert 'type="radio"' in page
    assert " checked" not in page
    assert "more practice" not in page, "the notes of the first examiner"
    answer = rosa.post(f"/examiner/again/{file}", data={"no_conflict": "yes"})
    assert answer.status_code == 422
    criteria = house.framework.skills[SKILL].criteria
    form = {f"mark-{one}": "2" for one in criteria} | {"level": "2", "no_conflict": "yes"}
    assert rosa.post(f"/examiner/again/{file}", data=form).status_code == 302
    assert rosa.get(f"/examiner/again/{file}").status_code == 404
    clara = service.browser("clara", Role.COORDINATOR)
    told = clara.get("/coordinator/examiners/?lang=en").text
    assert "Decided files looked at again: 1 of 1. The same level: 1." in told


# --- groups -------------------------------------------------------------------------------------


def shared_group(service: Service, here: int, there: int) -> UUID:
    """Set up a group of two centres with so many people in each."""
    away = service.centre.another("Autre centre")
    clara = service.centre.person("clara", Role.COORDINATOR)
    service.centre.person("cora", Role.COORDINATOR, organisation=away)
    with service.centre.database.transaction() as session:
        places = {service.centre.organisation: 20, away: 20}
        group = cohorts.create_cohort(session, "Spring", places, by=clara, now=NOW)
        for organisation, number in ((service.centre.organisation, here), (away, there)):
            for place in range(number):
                name = f"{'Here' if organisation != away else 'There'}-{place}"
                person = accounts.create_person(session, organisation, name, Role.CANDIDATE)
                session.add(
                    CohortMember(
                        person_id=person.id,
                        cohort_id=group.id,
                        organisation_id=organisation,
                        language="es",
                        invited_at=NOW,
                    )
                )
        return group.id


@pytest.mark.parametrize(("there", "shown"), [(4, "hidden"), (5, "<td>5</td>")])
def test_of_another_centre_a_group_shows_numbers_of_five_or_more(
    service: Service, there: int, shown: str
) -> None:
    group = shared_group(service, 3, there)
    page = service.browser("clara").get(f"/coordinator/groups/{group}?lang=en").text
    assert "Here-0" in page
    assert "There-" not in page
    row = page[page.index("Autre centre") :]
    assert shown in row[: row.index("</tr>")]
    sheets = service.browser("clara").post(f"/coordinator/groups/{group}/sheets").text
    assert "Here-0" in sheets
    assert "There-" not in sheets


def test_each_centre_invites_its_own_people_and_the_leading_one_closes(service: Service) -> None:
    group = shared_group(service, 1, 1)
    cora = service.browser("cora")
    rows = f"name,site\nEve,{'Autre centre'}\nEvil,Example Training Centre (Spain)\n"
    answer = cora.post(
        f"/coordinator/groups/{group}/people?lang=en",
        data={"table": (io.BytesIO(rows.encode()), "people.csv")},
    )
    assert answer.status_code == 422
    assert "Line 3: another centre invites its own people" in answer.text
    with service.centre.database.transaction() as session:
        found = cohorts.Invitation("E", service.centre.organisation, None, "es", None, None)
        refused(
            "other-centre",
            lambda: cohorts.add_members(
                session, group, [found], by=service.centre.people["cora"], now=NOW
            ),
        )
    assert cora.post(f"/coordinator/groups/{group}/close").status_code == 403
    named = cora.post(
        f"/coordinator/groups/{group}/sheets", data={"person": str(_a_member(service))}
    )
    assert named.status_code == 409


def _a_member(service: Service) -> UUID:
    with service.centre.database.reading() as session:
        return session.exec(
            select(CohortMember.person_id).where(
                CohortMember.organisation_id == service.centre.organisation
            )
        ).first()


# --- figures ------------------------------------------------------------------------------------


WORK = st.builds(
    lambda person, skill, ended, level, elsewhere: Work(
        traits={"skill": skill},
        ended=ended,
        person=(person, elsewhere),
        level=level if ended == "awarded" else 0,
        elsewhere=elsewhere,
    ),
    st.integers(0, 9),
    st.sampled_from("abc"),
    st.sampled_from(["awarded", "not_yet", "withdrawn", None]),
    st.integers(1, 3),
    st.booleans(),
)


@given(st.lists(WORK, max_size=80))
def test_figures_of_several_centres_never_tell_of_few_people_of_another(work: list[Work]) -> None:
    found = figures(work, by=["skill"])
    decided = [one for one in work if one.ended in ("awarded", "not_yet")]

    def others(some: list[Work]) -> int:
        return len({one.person for one in some if one.elsewhere})

    if found.overall.rate is not None:
        assert others(decided) not in FEW
        hidden: list[Work] = []
        for cell in found.cuts["skill"]:
            group = [one for one in decided if one.traits["skill"] == cell.name]
            if cell.rate is None:
                hidden += group
            else:
                assert others(group) not in FEW
        assert others(hidden) not in FEW
    for level, count in enumerate(found.levels or ()):
        given_ = [one for one in decided if one.level == level and one.elsewhere]
        assert level == 0 or count is None or len(given_) not in FEW
    if found.withdrawn is not None:
        assert sum(one.ended == "withdrawn" and one.elsewhere for one in work) not in FEW


def test_a_coordinator_reads_figures_of_the_own_centre(service: Service) -> None:
    house = House(service.centre.database)
    house.examiner("Eva")
    away = service.centre.another("Autre centre")
    service.centre.person("cora", Role.COORDINATOR, organisation=away)
    people = [house.candidate(f"N{place}") for place in range(6)]
    with service.centre.database.transaction() as session:
        for person in people:
            accounts.give_consent(session, person, statistics=True, now=NOW)
    _begun(service, house)
    service.clock.now = NOW + timedelta(days=1)
    with service.centre.database.reading() as session:
        seen = {
            centre: pilot.overview(
                session, house.framework, now=service.clock(), centre=centre
            ).figures.started
            for centre in (service.centre.organisation, away)
        }
    assert seen == {service.centre.organisation: 6, away: None}
    clara, cora = service.browser("clara", Role.COORDINATOR), service.browser("cora")
    assert clara.post("/coordinator/reports").status_code == 302
    with service.centre.database.reading() as session:
        (kept,) = pilot.reports(session, centre=service.centre.organisation)
        assert pilot.reports(session, centre=away) == []
    address = f"/coordinator/reports/{kept.id}.json"
    assert (clara.get(address).status_code, cora.get(address).status_code) == (200, 404)


def _begun(service: Service, house: House) -> None:
    with service.centre.database.reading() as session:
        people = session.exec(select(Grant.person_id).where(Grant.role == Role.CANDIDATE)).all()
    for person in people:
        house.begun(person, level=2)


# --- officers -----------------------------------------------------------------------------------


def test_an_officer_sees_and_reaches_nothing_of_another_centre(service: Service) -> None:
    decision = service.centre.decided("maria")
    award = service.released(candidate="juan")
    away = service.centre.another("Autre centre")
    service.centre.person("odile", Role.OFFICER, organisation=away)
    odile = service.browser("odile")
    for address in ("/officer/", "/officer/badges"):
        assert "X-" not in said(odile.get(address).text).replace("X-odile", "")
    page = odile.post("/officer/release?lang=en", data={"decision": str(decision)})
    assert "There is no such decision." in page.text
    assert "X-maria" not in page.text
    change = {"action": "revoke", "reason": "fraud"}
    assert odile.post(f"/officer/badges/{award}/change", data=change).status_code == 404
    assert odile.post("/officer/batches/").status_code == 409
    with service.centre.database.reading() as session:
        alias = session.exec(select(Submission)).first()
    assert alias is not None
    fault = {"file": alias.alias, "fault": "service_broke", "note": "x"}
    assert odile.post("/faults/", data=fault).status_code == 404
    with pytest.raises(Refused), service.centre.database.transaction() as session:
        _void(session, session.get_one(Submission, alias.id), service.centre.people["odile"])


def _void(session: Any, file: Submission, by: UUID) -> None:
    from issuer import returns

    returns.make_void(session, file, fault="service_broke", note="x", stated_by=by, now=NOW)
