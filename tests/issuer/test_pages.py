"""The issuer's pages for candidates and examiners: doors, other people's work, bad input."""

import re
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from assessment_world import NOW, House
from flask import Flask
from flask.testing import FlaskClient
from saying import said
from sqlmodel import select
from world import Clock

from issuer import IssuerSettings, accounts, create_app
from issuer.assessment import DRAFT_LIVES, EVIDENCE_KEPT
from issuer.tables import Answer, WebSession
from keys.store import KeyStore
from web.app import Services

PASSPHRASE = b"a passphrase of tests"


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def app(tmp_path: Path, clock: Clock) -> Flask:
    KeyStore.create(tmp_path / "keys" / "store.json", PASSPHRASE).rotate("Ed25519", NOW)
    settings = IssuerSettings(
        base_url="http://localhost:8001",
        database_url=f"sqlite:///{tmp_path}/issuer.db",
        secret=b"s" * 32,
        body_name="Centre",
        country="Spain",
        country_code="ES",
        key_store=tmp_path / "keys" / "store.json",
        passphrase=PASSPHRASE,
        wallet_url="http://localhost:8002",
    )
    app = create_app(settings, clock=clock)
    app.config["WTF_CSRF_ENABLED"] = False
    return app


@pytest.fixture
def centre(app: Flask) -> House:
    services: Services = app.extensions["mycred4home"]
    return House(services.database)


def code_of(centre: House, person: UUID) -> str:
    with centre.database.transaction() as session:
        return accounts.invite(session, person, now=NOW)


def client_of(app: Flask, centre: House, person: UUID) -> FlaskClient:
    client = app.test_client()
    client.environ_base["HTTP_ACCEPT"] = "text/html"
    assert client.post("/enter", data={"code": code_of(centre, person)}).status_code == 302
    return client


def test_wrong_codes_close_the_door_for_a_while(app: Flask, centre: House, clock: Clock) -> None:
    client, code = app.test_client(), code_of(centre, centre.candidate())
    for _ in range(10):
        answer = client.post("/enter", data={"code": "AAAA-AAAA-AAAA-AAAA"})
        assert answer.status_code == 403
    assert client.post("/enter", data={"code": code}).status_code == 429
    clock.now += accounts._WRONG_WINDOW
    assert client.post("/enter", data={"code": code}).status_code == 302


def test_expired_code_opens_nothing(app: Flask, centre: House, clock: Clock) -> None:
    code = code_of(centre, centre.candidate())
    clock.now += accounts.CODE_LIVES
    assert app.test_client().post("/enter", data={"code": code}).status_code == 403


def test_link_alone_signs_nobody_in(app: Flask, centre: House) -> None:
    client = app.test_client()
    page = client.get("/enter", query_string={"code": code_of(centre, centre.candidate())})
    assert page.status_code == 200
    assert "issuer_session" not in str(page.headers.getlist("Set-Cookie"))


def test_signing_in_gives_a_new_session_and_out_ends_it(app: Flask, centre: House) -> None:
    client = client_of(app, centre, centre.candidate())
    cookie = client.get_cookie("issuer_session")
    assert cookie is not None
    first = cookie.value
    client.post("/enter", data={"code": code_of(centre, centre.candidate("Ana"))})
    second = client.get_cookie("issuer_session")
    assert second is not None
    assert second.value != first
    stolen = app.test_client()
    stolen.set_cookie("issuer_session", first)
    assert stolen.get("/me/", headers={"Accept": "text/html"}).status_code == 401
    client.post("/leave")
    stolen.set_cookie("issuer_session", second.value)
    assert stolen.get("/me/", headers={"Accept": "text/html"}).status_code == 401


def test_session_ends_when_idle(app: Flask, centre: House, clock: Clock) -> None:
    client = client_of(app, centre, centre.candidate())
    clock.now += accounts.SESSION_IDLE
    clock.now += accounts.SESSION_IDLE
    assert client.get("/me/").status_code == 401


def test_database_knows_no_code_and_no_token(app: Flask, centre: House, tmp_path: Path) -> None:
    code = code_of(centre, centre.candidate("Maria", contact="maria@home.example"))
    client = app.test_client()
    client.post("/enter", data={"code": code})
    cookie = client.get_cookie("issuer_session")
    assert cookie is not None
    content = b"".join(path.read_bytes() for path in tmp_path.glob("issuer.db*"))
    for secret in (code, code.replace("-", ""), cookie.value, "maria@home.example"):
        assert secret.encode() not in content
    assert WebSession.__tablename__ == "web_session"


CANDIDATES_PAGES = ["/me/", "/me/agree", "/me/start/technical-cleaning"]
STAFF_PAGES = ["/examiner/", "/examiner/mine", "/officer/", "/officer/badges", "/officer/health"]


@pytest.mark.parametrize("address", CANDIDATES_PAGES + STAFF_PAGES)
def test_pages_are_closed_to_strangers(app: Flask, address: str) -> None:
    answer = app.test_client().get(address, headers={"Accept": "text/html"})
    assert answer.status_code == 401
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("address", STAFF_PAGES)
def test_staff_pages_are_closed_to_candidates(app: Flask, centre: House, address: str) -> None:
    assert client_of(app, centre, centre.candidate()).get(address).status_code == 403


def test_examiner_sees_no_name_and_candidate_no_examiner(app: Flask, centre: House) -> None:
    candidate = centre.candidate("Maria Nunez", contact="maria@home.example")
    examiner = centre.examiner("Eva Perez")
    file = centre.sent(candidate)
    page = client_of(app, centre, examiner).get(f"/examiner/files/{file}").text
    assert "Maria" not in page
    assert "maria@home" not in page
    centre.mark(file, examiner, 2)
    page = client_of(app, centre, candidate).get(f"/me/work/{file}").text
    assert "Eva" not in said(page)


def test_other_peoples_work_answers_as_what_never_was(app: Flask, centre: House) -> None:
    file = centre.sent(centre.candidate())
    stranger = client_of(app, centre, centre.candidate("Ana"))
    texts = set()
    for submission_id in (file, uuid4()):
        for address in (f"/me/work/{submission_id}", f"/me/work/{submission_id}/check"):
            answer = stranger.get(address)
            assert answer.status_code == 404
            texts.add(re.sub(r"[0-9a-f-]{36}|nonce-[\w-]+", "", answer.text))
        for address in ("send", "withdraw"):
            assert stranger.post(f"/me/work/{submission_id}/{address}").status_code == 404
    assert len(texts) <= 2, "the language links differ by address, nothing else"


def test_bad_answer_is_shown_again_with_what_to_do(app: Flask, centre: House) -> None:
    candidate = centre.candidate()
    work = centre.begun(candidate)
    client = client_of(app, centre, candidate)
    for language, words in (("en", "Give each line its own number."), ("fr", "Donnez à chaque")):
        answer = client.post(
            f"/me/work/{work}/tasks/order?lang={language}",
            data={"answer-air": "1", "answer-floor": "1"},
        )
        assert answer.status_code == 422
        assert words in answer.text
        assert 'role="alert"' in answer.text
    assert client.get(f"/me/work/{work}/tasks/nothing").status_code == 404


def test_marks_that_are_missing_lose_nothing_typed(app: Flask, centre: House) -> None:
    file, examiner = centre.sent(centre.candidate()), centre.examiner()
    client = client_of(app, centre, examiner)
    answer = client.post(
        f"/examiner/files/{file}",
        data={"mark-order": "2", "note-order": "good order", "level": "9"},
    )
    assert answer.status_code == 422
    assert "good order" in answer.text
    with centre.database.reading() as session:
        assert accounts.visitor(session, "x", now=NOW) is None
    assert centre.submission(file).state == "sent"


def test_answers_are_deleted_by_themselves_in_a_running_service(
    app: Flask, centre: House, clock: Clock
) -> None:
    centre.mark(centre.sent(centre.candidate()), centre.examiner(), 2)
    clock.now += EVIDENCE_KEPT + timedelta(days=1)
    assert app.test_client().get("/health").status_code == 200
    with centre.database.reading() as session:
        assert session.exec(select(Answer)).all() == []


def test_work_not_sent_in_time_ends_in_words_and_can_begin_again(
    app: Flask, centre: House, clock: Clock
) -> None:
    candidate = centre.candidate()
    file = centre.begun(candidate)
    centre.answered(file)
    clock.now += DRAFT_LIVES + timedelta(days=1)
    assert app.test_client().get("/health").status_code == 200
    clock.now = NOW  # codes made in these tests are of now
    client = client_of(app, centre, candidate)
    assert "Not sent in time." in client.get("/me/?lang=en").text
    assert "Your answers are deleted." in client.get(f"/me/work/{file}").text
    assert client.get(f"/me/work/{file}/check").status_code == 409
    with centre.database.reading() as session:
        assert session.exec(select(Answer)).all() == []


def test_hostile_words_stay_words(app: Flask, centre: House) -> None:
    candidate = centre.candidate("<script>alert(1)</script>")
    client = client_of(app, centre, candidate)
    page = client.get("/me/").text
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;" in page
