"""The demo with its thirty people: figures that hold, and hard cases judged as they must be."""

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import select
from world import World

from issuer import appeals, assessment
from issuer.appointment_tables import Nomination, Route, Stage
from issuer.audit import broken_at
from issuer.tables import Organisation, Person, Submission

HEADLINES = {
    "A badge that was superseded": "no-longer-valid",
    "A badge that is suspended": "no-longer-valid",
    "A badge of somebody who was erased": "genuine",
    "A badge with a borrowed name": "unknown-signer",
    "A badge with the endorsement of another one": "genuine",
    "A badge that its owner praises": "genuine",
    "An Open Badge 3.0 from elsewhere": "unknown-signer",
    "A badge in the older form (VC 1.1)": "unknown-signer",
    "A badge that households vouch for": "genuine",
    "A badge that colleagues vouch for": "genuine",
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("pilot") / "var", pilot=True)


def report(world: World, sample: str) -> dict[str, Any]:
    """Give the verifier's report for machines about a sample."""
    shown = world.employer.post("/check", data={"text": world.sample(sample)})
    assert shown.status_code == 303
    answer = world.employer.get(f"{shown.location}&format=json")
    found: dict[str, Any] = json.loads(answer.data)
    return found


@pytest.mark.parametrize(("sample", "headline"), HEADLINES.items())
def test_hard_cases_get_their_headline(world: World, sample: str, headline: str) -> None:
    assert report(world, sample)["headline"] == headline


@pytest.mark.parametrize(
    ("sample", "codes"),
    [
        ("A badge with the endorsement of another one", {"endorsement.other-subject": 1}),
        ("A badge that its owner praises", {"endorsement.by-holder": 1}),
        ("A badge that households vouch for", {"endorsement.counted": 5}),
        ("A badge that colleagues vouch for", {"endorsement.counted": 2}),
    ],
)
def test_what_others_say_counts_only_where_it_is_about_this_badge(
    world: World, sample: str, codes: dict[str, int]
) -> None:
    (badge,) = report(world, sample)["badges"]
    assert Counter(one["reason"] for one in badge["endorsements"]) == codes


def test_the_thirty_are_of_two_organisations_and_the_figures_can_be_shown(world: World) -> None:
    services = world.demo.issuer.extensions["mycred4home"]
    with services.database.reading() as session:
        assert broken_at(session) is None
        centres = {one.country_code for one in session.exec(select(Organisation))}
    assert centres == {"ES", "FR"}
    rows = world.demo.state["samples"]["people"]
    assert len([row for row in rows if row["group"] == "The thirty people of the pilot"]) == 30
    clara = world.demo.issuer.test_client()
    page = clara.get("/")
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    code = next(row["code"] for row in rows if row["name"] == "Clara")
    assert clara.post("/enter", data={"code": code, "csrf_token": token}).status_code == 302
    group = clara.get("/coordinator/").text.split('<option value="')[2].split('"')[0]
    found = clara.get(f"/coordinator/figures.json?group={group}").json
    figures, quality = found["figures"], found["quality"]
    assert found["invited"] == 30
    assert {cell["name"] for cell in figures["cuts"]["country"] if cell["rate"]} == {"ES", "FR"}
    assert figures["decided"] > figures["released"] > figures["collected"]
    assert figures["agreement"]["pairs"] >= 20
    assert quality["difficulties"]
    assert quality["endorsements"]
    assert quality["faces"]
    hidden = {cell["name"] for cell in figures["cuts"]["mother_tongue"] if cell["people"] is None}
    assert "pl" in hidden


def test_examiners_by_the_expert_route_calibrated_and_one_appointment_is_over(
    world: World,
) -> None:
    with world.demo.issuer.extensions["mycred4home"].database.reading() as session:
        nominations = session.exec(select(Nomination)).all()
        experts = [one for one in nominations if one.route == Route.EXPERT]
        assert sorted(one.language for one in experts) == ["es", "fr"]
        assert {one.stage for one in experts} == {Stage.ACTIVE}
        paco = session.exec(select(Person).where(Person.display_name == "Paco")).one()
        now = datetime.now(UTC)
        assert assessment.queue(session, paco.id, now=now) == []


def test_the_appeal_changed_the_level_and_the_conflict_keeps_the_file_away(world: World) -> None:
    with world.demo.issuer.extensions["mycred4home"].database.reading() as session:

        def only_file(name: str) -> Submission:
            person = session.exec(select(Person).where(Person.display_name == name)).one()
            return session.exec(
                select(Submission).where(Submission.candidate_id == person.id)
            ).one()

        changed = only_file("Colette")
        decision = assessment.decision_of(session, changed.id)
        assert appeals.appeal_of(session, changed.id) is not None
        assert decision is not None
        assert (decision.round, decision.level) == (2, 2)
        kept_away = only_file("Nadia")
        elena = session.exec(select(Person).where(Person.display_name == "Elena")).one()
        rosa = session.exec(select(Person).where(Person.display_name == "Rosa")).one()
        now = kept_away.sent_at
        assert now is not None
        assert kept_away.id not in {one.id for one in assessment.queue(session, elena.id, now=now)}
        assert kept_away.id in {one.id for one in assessment.queue(session, rosa.id, now=now)}
