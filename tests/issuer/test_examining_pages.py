"""The pages after sending, as people walk through them: a second look, pieces again, faults."""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from assessment_world import NOW, House
from award_world import Service, open_service
from flask.testing import FlaskClient
from sqlmodel import select

from issuer import accounts
from issuer.appeals import WINDOW
from issuer.return_tables import FileReturn
from issuer.returns import TIME_TO_REDO
from issuer.tables import Answer, Role


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return open_service(tmp_path)


@pytest.fixture
def house(service: Service) -> House:
    return House(service.centre.database)


@pytest.fixture
def enter(service: Service) -> Callable[[UUID], FlaskClient]:
    def come_in(person: UUID) -> FlaskClient:
        client = service.app.test_client()
        client.environ_base["HTTP_ACCEPT"] = "text/html"
        with service.centre.database.transaction() as session:
            code = accounts.invite(session, person, now=NOW)
        assert client.post("/enter", data={"code": code}).status_code == 302
        return client

    return come_in


Enter = Callable[[UUID], FlaskClient]


def test_a_second_look_from_the_candidates_page_to_the_new_result(
    house: House, enter: Enter
) -> None:
    candidate, eva, rosa = house.candidate(), house.examiner("Eva"), house.examiner("Rosa")
    file = house.sent(candidate)
    house.mark(file, eva, 0)
    client = enter(candidate)
    assert f"/me/work/{file}/again" in client.get(f"/me/work/{file}").text
    words = "<b>I did it</b> with care"
    assert client.post(f"/me/work/{file}/again", data={"words": words}).status_code == 302
    page = client.get(f"/me/work/{file}").text
    assert "Other people look at your tasks again." in page
    assert "You do this well" not in page, "the first result is not what counts now"
    assert client.get(f"/me/work/{file}/again").status_code == 404
    marking = enter(rosa).get(f"/examiner/files/{file}").text
    assert "&lt;b&gt;I did it&lt;/b&gt; with care" in marking
    assert "more practice" not in marking
    assert enter(eva).get(f"/examiner/files/{file}").status_code == 409
    house.mark(file, rosa, 2)
    page = client.get(f"/me/work/{file}").text
    assert "Well done!" in page
    assert "Other people looked again." in page


def test_the_link_to_a_second_look_ends_with_its_time(
    service: Service, house: House, enter: Enter
) -> None:
    candidate = house.candidate()
    file = house.sent(candidate)
    house.mark(file, house.examiner("Eva"), 0)
    service.clock.now = NOW + WINDOW
    client = enter(candidate)
    assert "second look" not in client.get(f"/me/work/{file}").text
    assert client.post(f"/me/work/{file}/again").status_code == 409


def test_pieces_are_done_again_on_the_candidates_page(house: House, enter: Enter) -> None:
    candidate, eva = house.candidate(), house.examiner("Eva")
    file = house.sent(candidate)
    examiner, client = enter(eva), enter(candidate)
    assert examiner.post(f"/examiner/files/{file}/back").status_code == 422
    odd = examiner.post(f"/examiner/files/{file}/back", data={"fault-order": "ugly"})
    assert odd.status_code == 422
    back = {"fault-order": "cannot_open", "note": "The picture is <grey>."}
    assert examiner.post(f"/examiner/files/{file}/back?lang=fr", data=back).status_code == 302
    assert f"/me/work/{file}/pieces" in client.get(f"/me/work/{file}").text
    page = client.get(f"/me/work/{file}/pieces").text
    assert '<blockquote lang="fr" dir="ltr">The picture is &lt;grey&gt;.</blockquote>' in page
    assert "It cannot be opened" in page
    assert "Send it again" not in page
    assert client.get(f"/me/work/{file}/pieces/window").status_code == 404
    assert (
        f'action="/me/work/{file}/pieces/order"' in client.get(f"/me/work/{file}/pieces/order").text
    )
    bad = client.post(f"/me/work/{file}/pieces/order", data={"answer-air": "1"})
    assert bad.status_code == 422
    task = house.framework.scenario_by_id("bathroom-morning", "es").task("order")
    assert task is not None
    data = {f"answer-{option.id}": str(n) for n, option in enumerate(task.options, 1)}
    assert client.post(f"/me/work/{file}/pieces/order", data=data).status_code == 302
    assert client.post(f"/me/work/{file}/pieces/send").status_code == 302
    assert house.submission(file).state == "sent"
    again = examiner.get(f"/examiner/files/{file}").text
    assert "Send the file back." not in again
    assert examiner.get(f"/examiner/files/{file}/back").status_code == 409


def test_a_late_file_goes_back_to_the_queue_in_a_running_service(
    service: Service, house: House, enter: Enter
) -> None:
    file, eva = house.sent(house.candidate()), house.examiner("Eva")
    back = {"fault-order": "missing"}
    assert enter(eva).post(f"/examiner/files/{file}/back", data=back).status_code == 302
    service.clock.now += TIME_TO_REDO
    assert service.app.test_client().get("/health").status_code == 200
    assert house.submission(file).state == "sent"
    with house.database.reading() as session:
        assert session.exec(select(FileReturn)).one().back_at == service.clock.now


@pytest.mark.parametrize("role", [Role.OFFICER, Role.COORDINATOR])
def test_office_and_coordination_make_an_attempt_void_and_say_why(
    service: Service, house: House, enter: Enter, role: Role
) -> None:
    candidate = house.candidate()
    file = house.sent(candidate)
    office = service.browser("olga", role)
    alias = house.submission(file).alias
    for data, status in (
        ({"file": "S-999", "fault": "answers_lost", "note": "x"}, 404),
        ({"file": alias, "fault": "because", "note": "x"}, 422),
        ({"file": alias, "fault": "answers_lost", "note": " "}, 422),
    ):
        answer = office.post("/faults/", data=data, headers={"Accept": "text/html"})
        assert answer.status_code == status
        assert 'role="alert"' in answer.text
    done = office.post("/faults/", data={"file": alias, "fault": "answers_lost", "note": "x"})
    assert done.status_code == 302
    page = enter(candidate).get(f"/me/work/{file}").text
    assert "This does not count." in page
    with house.database.reading() as session:
        assert session.exec(select(Answer)).all() == []
