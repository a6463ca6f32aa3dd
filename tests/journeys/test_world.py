"""Across the three services: what is asked over the network, and what if nobody answers."""

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from world import World


@pytest.fixture(scope="module")
def shared_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("world") / "var")


@pytest.fixture
def world(shared_world: World) -> World:
    shared_world.network.requests.clear()
    shared_world.network.unreachable.clear()
    return shared_world


def test_checking_asks_for_nothing_that_belongs_to_one_badge_or_person(world: World) -> None:
    link = world.sample("Two good badges")
    report = json.loads(world.employer.get(f"{link}&format=json").data)
    assert report["headline"] == "genuine"
    share = parse_qs(urlsplit(link).query)["share"][0]
    issuer = world.demo.addresses[0]
    asked = set(world.network.urls())
    # The share is transport, from the holder's own host; the rest serves thousands of badges.
    assert share in asked
    assert asked - {share} <= {f"{issuer}/.well-known/did.json", f"{issuer}/status/1"}
    assert f"{issuer}/status/1" in asked
    told = {name.lower() for request in world.network.requests for name in request.headers}
    assert told <= {"accept", "if-none-match"}, "nothing is told about who asks or why"


def test_issuer_that_does_not_answer_leaves_the_question_open(world: World) -> None:
    world.network.unreachable.add(world.demo.addresses[0])
    link = world.sample("Two good badges")
    report = json.loads(world.employer.get(f"{link}&format=json").data)
    assert report["headline"] == "not-checked"


def test_wallet_that_does_not_answer_says_nothing_about_the_badge(world: World) -> None:
    world.network.unreachable.add(world.demo.addresses[1])
    page = world.employer.get(world.sample("Two good badges"), headers={"Accept": "text/html"})
    assert "Could not be checked now" in page.text
    assert "Genuine and valid" not in page.text


def test_cancelled_sample_turns_without_the_issuer_learning_which(world: World) -> None:
    link = world.sample("cancelled")
    report = json.loads(world.employer.get(f"{link}&format=json").data)
    assert report["headline"] == "no-longer-valid"
    badge = report["badges"][0]["id"]
    assert not any(badge in url for url in world.network.urls())


def test_demo_survives_a_restart_with_its_data(world: World, tmp_path: Path) -> None:
    again = World(tmp_path / "var")
    codes = [row["code"] for row in again.demo.state["samples"]["people"]]
    restarted = World(tmp_path / "var")
    assert [row["code"] for row in restarted.demo.state["samples"]["people"]] == codes
    report = restarted.employer.get(f"{restarted.sample('Two good badges')}&format=json").data
    assert json.loads(report)["headline"] == "genuine"
