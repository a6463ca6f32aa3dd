"""The newer kinds of tasks on their pages: bad input, halves, two devices, what examiners see."""

import html
import re
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from assessment_world import NOW, House
from flask import Flask
from flask.testing import FlaskClient
from kinds_world import SKILL, issuer_of, new_kinds
from world import Clock

from issuer import accounts

FIRST_HALF = {"answer-bell": "1", "answer-coat": "2", "answer-tea": "3"}
DAY = {"answer-walk": "09:00", "answer-lunch": "12:00", "answer-letters": "later"}
ANSWERS: dict[str, list[dict[str, Any]]] = {
    "heard": [{"answer": "sunday"}],
    "look": [{"answer": ["fold", "cushion"]}],
    "day": [{**DAY, "answer-lunch": "11:00"}],
    "visit": [FIRST_HALF, {"answer-call": "1", "answer-wait": "2"}],
}
CHANGE = "Mr Petit falls in the kitchen."


@pytest.fixture
def place(tmp_path: Path) -> tuple[Flask, House]:
    app, house = issuer_of(new_kinds(tmp_path), tmp_path, clock=Clock(NOW))
    app.config["WTF_CSRF_ENABLED"] = False
    return app, house


@pytest.fixture
def maria(place: tuple[Flask, House]) -> UUID:
    return place[1].candidate()


def device(place: tuple[Flask, House], person: UUID) -> FlaskClient:
    """Sign in somewhere new, by a code."""
    app, house = place
    with house.database.transaction() as session:
        code = accounts.invite(session, person, now=NOW)
    client = app.test_client()
    client.environ_base["HTTP_ACCEPT"] = "text/html"
    assert client.post("/enter?lang=en", data={"code": code}).status_code == 302
    return client


def started(client: FlaskClient, level: int = 1) -> str:
    """Begin; give the address of the work."""
    chosen = {"language": "en", "level": str(level)}
    answer = client.post(f"/me/start/{SKILL}", data=chosen)
    assert answer.status_code == 302
    return answer.headers["Location"].rpartition("/tasks/")[0]


def answered(client: FlaskClient, work: str, *tasks: str) -> None:
    for task in tasks:
        for sent in ANSWERS[task]:
            assert client.post(f"{work}/tasks/{task}", data=sent).status_code == 302


def text_of(client: FlaskClient, address: str) -> str:
    """Give what a page shows, without what is folded away."""
    page = re.sub(r"<details>.*?</details>", "", client.get(address).text, flags=re.DOTALL)
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


BAD_FORMS: list[tuple[str, dict[str, Any], str]] = [
    ("heard", {}, "Choose one answer."),
    ("heard", {"answer": "monday"}, "Choose one answer."),
    ("heard", {"answer": "x" * 5000}, "Choose one answer."),
    ("look", {}, "Choose one answer or more."),
    ("look", {"answer": ["fold", "door"]}, "Choose one answer or more."),
    ("day", {}, "Give each job a time"),
    ("day", {**DAY, "answer-walk": "10:00"}, "Give each job a time"),
    ("day", {**DAY, "answer-walk": "25:00"}, "Give each job a time"),
    ("day", {**DAY, "answer-walk": "12:00"}, "Two jobs have the same time."),
    ("visit", {}, "Give each line its own number."),
    ("visit", {"answer-bell": "1", "answer-coat": "1"}, "Give each line its own number."),
    ("visit", {"answer-call": "4"}, "Give each line its own number."),
]


@pytest.mark.parametrize(("task", "sent", "said"), BAD_FORMS)
def test_bad_answer_is_shown_again_and_not_kept(
    place: tuple[Flask, House], maria: UUID, task: str, sent: dict[str, Any], said: str
) -> None:
    client = device(place, maria)
    work = started(client)
    answer = client.post(f"{work}/tasks/{task}", data=sent)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'role="alert"' in answer.text
    for name, value in sent.items():
        if value in ("12:00", "1"):
            assert re.search(rf'name="{name}".*?<option[^>]* selected', answer.text, re.DOTALL)
    assert text_of(client, f"{work}/check").count("No answer yet.") == 4


def test_what_is_to_be_heard_is_not_shown(place: tuple[Flask, House], maria: UUID) -> None:
    client = device(place, maria)
    work = started(client)
    page = client.get(f"{work}/tasks/heard").text
    assert "coming tomorrow at four" in page
    assert "coming tomorrow at four" not in text_of(client, f"{work}/tasks/heard")
    assert "<details open" not in page


def test_the_change_comes_after_the_first_half_which_then_stays(
    place: tuple[Flask, House], maria: UUID
) -> None:
    client = device(place, maria)
    work = started(client)
    task = f"{work}/tasks/visit"
    assert CHANGE not in client.get(task).text
    assert "I call the emergency number." not in client.get(task).text
    answer = client.post(task, data=FIRST_HALF)
    assert answer.headers["Location"] == task
    assert CHANGE in client.get(task).text
    other = {"answer-bell": "3", "answer-coat": "2", "answer-tea": "1"}
    answer = client.post(task, data=other)
    assert answer.status_code == 422
    assert "They stay." in answer.text
    for second in ({}, {"answer-call": "2"}, {"answer-call": "1", "answer-wait": "1"}):
        answer = client.post(task, data=second)
        assert "Number what is still needed" in answer.text
        assert CHANGE in answer.text
    client.post(task, data={"answer-wait": "1"})
    shown = text_of(client, f"{work}/check")
    assert "1. I ring the bell. 2. I hang up my coat. 3. I make tea" in shown
    assert "1. I stay with him until help comes." in shown


def test_half_an_answer_is_kept_but_not_sent(place: tuple[Flask, House], maria: UUID) -> None:
    client = device(place, maria)
    work = started(client)
    answered(client, work, "heard", "look", "day")
    client.post(f"{work}/tasks/visit", data=FIRST_HALF)
    assert "Its second part has no answer yet." in client.get(f"{work}/check").text
    assert client.post(f"{work}/send").status_code == 422
    client.post(f"{work}/tasks/visit", data={"answer-call": "1"})
    assert client.post(f"{work}/send").status_code == 302


def test_one_goes_on_where_one_stopped_on_another_device(
    place: tuple[Flask, House], maria: UUID
) -> None:
    phone = device(place, maria)
    work = started(phone)
    answered(phone, work, "heard", "look")
    tablet = device(place, maria)
    page = tablet.get("/me/").text
    main = page[page.index("<main") :]
    assert main.index("open-work") < main.index('class="tiles"'), "the first thing"
    assert "2 of 4 tasks are answered." in page
    assert f'href="{work}/tasks/day"' in page
    assert tablet.get(work).headers["Location"] == f"{work}/tasks/day"
    assert started(tablet) == work, "nothing begins anew"
    assert "Task 3 of 4" in tablet.get(f"{work}/tasks/day").text


def test_of_two_devices_the_last_answer_stays_and_none_is_lost(
    place: tuple[Flask, House], maria: UUID
) -> None:
    phone = device(place, maria)
    work = started(phone)
    tablet = device(place, maria)
    for client in (phone, tablet):
        client.get(f"{work}/tasks/heard")
    phone.post(f"{work}/tasks/heard", data={"answer": "sunday"})
    answered(phone, work, "look")
    tablet.post(f"{work}/tasks/heard", data={"answer": "tomorrow"})
    answered(tablet, work, "day", "visit")
    for client in (phone, tablet):
        shown = text_of(client, f"{work}/check")
        assert "Tomorrow" in shown
        assert "On Sunday" not in shown
        assert "No answer yet." not in shown
    assert phone.post(f"{work}/send").status_code == 302
    late = tablet.post(f"{work}/tasks/heard", data={"answer": "sunday"})
    assert late.status_code == 409
    assert "This was sent already." in late.text


def test_no_page_of_the_tasks_shows_a_clock(place: tuple[Flask, House], maria: UUID) -> None:
    client = device(place, maria)
    work = started(client)
    for task in ANSWERS:
        answered(client, work, task)
    for address in ("/me/", f"{work}/tasks/look", f"{work}/check"):
        assert not re.search(r"\b(minutes?|seconds?|timer)\b", text_of(client, address))


def test_examiner_reads_the_answers_and_no_advice_before_marking(
    place: tuple[Flask, House], maria: UUID
) -> None:
    client = device(place, maria)
    work = started(client)
    answered(client, work, *ANSWERS)
    client.post(f"{work}/send")
    eva = device(place, place[1].examiner(skill=SKILL, language="en"))
    file = work.rpartition("/")[2]
    page = eva.get(f"/examiner/files/{file}").text
    shown = text_of(eva, f"/examiner/files/{file}")
    for words in (
        "On Sunday",
        "coming tomorrow at four",
        "09:00 · A walk in the park",
        "10:00 · The doctor comes.",
        "11:00 · Warm up his lunch",
        "Not today · Read old letters together",
        f"… {CHANGE}",
        "2. I stay with him until help comes.",
    ):
        assert words in shown
    assert re.findall(r'data-place="(\w+)" class="on"', page) == ["cushion", "fold"]
    assert "12:00 · Warm up" not in shown, "that is the advice"
    assert "The fringe of the rug" not in shown
    levels = re.findall(r'name="level" value="(\d)"', page)
    assert levels == ["0", "1"], "no level above the one that was tried"
    criteria = place[1].framework.skills[SKILL].criteria
    marks = {f"mark-{one}": "3" for one in criteria} | {f"note-{one}": "x" for one in criteria}
    assert (
        eva.post(
            f"/examiner/files/{file}", data={**marks, "level": "3", "no_conflict": "yes"}
        ).status_code
        == 422
    )
    sent = eva.post(f"/examiner/files/{file}", data={**marks, "level": "1", "no_conflict": "yes"})
    assert sent.status_code == 302
    shown = text_of(eva, f"/examiner/done/{file}")
    assert "12:00 · Warm up his lunch" in shown
    assert shown.count("✓") == 1, "the steps"


@pytest.mark.parametrize("level", ["", "0", "4", "x", "1.5"])
def test_a_level_that_is_not_there_is_refused(
    place: tuple[Flask, House], maria: UUID, level: str
) -> None:
    client = device(place, maria)
    chosen = {"language": "en", "level": level}
    assert client.post(f"/me/start/{SKILL}", data=chosen).status_code == 404


def test_any_level_can_be_tried_and_one_is_advised(place: tuple[Flask, House], maria: UUID) -> None:
    client = device(place, maria)
    shown = text_of(client, f"/me/start/{SKILL}?language=en")
    assert [shown.index(f"Try {name}") for name in ("Beginner", "Confirmed", "Expert")]
    assert shown.index("Good for you now.") < shown.index("Try Beginner")
    assert shown.count("Good for you now.") == 1
    assert started(client, level=3) != started(client, level=1)
    assert client.get("/me/start/nothing").status_code == 404
    assert "In which language" in client.get(f"/me/start/{SKILL}?language=xx").text
