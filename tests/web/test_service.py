"""What every service does alike: errors, languages, anti-forgery, headers."""

import math
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from flask import Blueprint, Flask, request, url_for
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import registry
from sqlmodel import SQLModel
from werkzeug.routing import Rule

from keys.fetching import CannotFetch, HttpRequest, HttpResponse
from web.addresses import visitor_address
from web.app import create_service, register, services
from web.errors import Refused
from web.languages import N_
from web.patience import LONGEST_SECONDS, Patient
from web.settings import ServiceSettings

SETTINGS = ServiceSettings(
    name="issuer", base_url="https://issuer.example", database_url="sqlite://", secret=b"s" * 32
)
NAME = "Maria Lopez"


class Table(SQLModel, registry=registry()):
    """Stand in for a service's tables."""


@pytest.fixture
def app() -> Flask:
    app = create_service(
        "web", SETTINGS, Table.metadata, clock=lambda: datetime(2026, 11, 24, tzinfo=UTC)
    )
    people = Blueprint("people", __name__)
    machines = Blueprint("machines", __name__)

    @people.post("/change")
    def change() -> str:
        return "changed"

    @people.get("/broken")
    def broken() -> str:
        raise RuntimeError("the database password is hunter2")

    @people.get("/shares/<token>")
    def share(token: str) -> str:
        with services().database.reading() as session:
            session.connection().execute(text("SELECT :name FROM nowhere"), {"name": NAME})
        return token

    @people.get("/refused")
    def refused() -> str:
        raise Refused(N_("Too many tries."), status=429, code="slow-down")

    @machines.post("/token")
    def token() -> str:
        raise Refused(N_("Too many tries."), status=429, code="slow-down")

    register(app, people)
    register(app, machines, machines=True)
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def test_form_without_token_is_refused(client: FlaskClient) -> None:
    response = client.post("/change", headers={"Accept": "text/html"})
    assert response.status_code == 400
    assert "This form is too old." in response.text


def test_form_from_another_site_is_refused_even_with_a_token(app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    headers = {"Sec-Fetch-Site": "cross-site", "Accept": "text/html"}
    assert app.test_client().post("/change", headers=headers).status_code == 403
    headers["Sec-Fetch-Site"] = "same-site"
    assert app.test_client().post("/change", headers=headers).status_code == 403


def test_machine_endpoint_answers_problem_details(client: FlaskClient) -> None:
    response = client.post("/token", headers={"Accept": "*/*"})
    assert response.status_code == 429
    assert response.content_type == "application/problem+json"
    assert response.get_json(force=True)["status"] == 429


def test_unknown_error_shows_a_number_and_no_text(client: FlaskClient) -> None:
    response = client.get("/broken", headers={"Accept": "text/html"})
    assert response.status_code == 500
    assert "hunter2" not in response.text
    assert "Number:" in response.text


def test_a_log_holds_neither_the_secret_of_a_link_nor_what_people_wrote(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    assert client.get("/shares/s3cr3t-of-a-share").status_code == 500
    assert "/shares/<token>" in caplog.text
    assert "nowhere" in caplog.text, "what broke is told"
    assert "s3cr3t" not in caplog.text
    assert NAME not in caplog.text


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Too many tries."), ("fr", "Trop d&#39;essais."), ("es", "Demasiados intentos.")],
)
def test_refusal_speaks_the_visitors_language(
    client: FlaskClient, language: str, words: str
) -> None:
    response = client.get(f"/refused?lang={language}", headers={"Accept": "text/html"})
    assert response.status_code == 429
    assert words in response.text
    assert f'<html lang="{language}"' in response.text


def test_unknown_language_falls_back_to_the_browsers(client: FlaskClient) -> None:
    response = client.get("/refused?lang=../x", headers={"Accept-Language": "es-MX,fr;q=0.5"})
    assert response.headers["Content-Language"] == "es"


def test_pages_carry_the_security_headers(client: FlaskClient) -> None:
    headers = client.get("/nothing", headers={"Accept": "text/html"}).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert "max-age" in headers["Strict-Transport-Security"]


def test_cookies_are_locked_down(client: FlaskClient) -> None:
    response = client.get("/refused?lang=fr", headers={"Accept": "text/html"})
    for cookie in response.headers.getlist("Set-Cookie"):
        assert "HttpOnly" in cookie
        assert "Secure" in cookie
        assert "SameSite=Lax" in cookie


@pytest.mark.parametrize("url", ["issuer.example", "https://issuer.example/path", "ftp://x", ""])
def test_base_url_must_be_an_origin(url: str) -> None:
    with pytest.raises(ValueError, match="base_url"):
        ServiceSettings(name="x", base_url=url, database_url="sqlite://", secret=b"s" * 32)


def test_short_secret_is_refused_and_never_shown() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        ServiceSettings(name="x", base_url="https://x", database_url="sqlite://", secret=b"s")
    assert "ssss" not in repr(SETTINGS)


@pytest.mark.parametrize(
    ("proxies", "told", "seen"),
    [
        (0, "203.0.113.9", "127.0.0.1"),  # anybody can write this header
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.1, 203.0.113.9", "203.0.113.9"),  # the first is what the visitor wrote
        (2, "203.0.113.9, 10.0.0.1", "203.0.113.9"),
        (2, "203.0.113.9", "127.0.0.1"),  # not by way of both
    ],
)
def test_only_our_own_proxies_say_who_asks(proxies: int, told: str, seen: str) -> None:
    settings = replace(SETTINGS, trusted_proxies=proxies)
    app = create_service("web", settings, Table.metadata)
    app.add_url_rule("/who", view_func=lambda: request.remote_addr or "")
    headers = {"X-Forwarded-For": told, "X-Forwarded-Host": "evil.example"}
    assert app.test_client().get("/who", headers=headers).text == seen


def test_how_an_address_is_built_is_compiled_when_one_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiled: list[str] = []
    really = Rule._compile_builder

    def note(rule: Rule, append_unknown: bool = True) -> Any:
        compiled.append(rule.rule)
        return really(rule, append_unknown)

    monkeypatch.setattr(Rule, "_compile_builder", note)
    app = create_service("web", SETTINGS, Table.metadata)
    app.add_url_rule("/of/<uuid:rule>/<int(fixed_digits=3):self>", "one")
    assert compiled == []
    with app.test_request_context(base_url=SETTINGS.base_url):
        for _ in ("compiles", "knows"):
            built = url_for("one", rule=UUID(int=1), self=7, more="a b")
            assert built == "/of/00000000-0000-0000-0000-000000000001/007?more=a+b"
    assert compiled == ["/of/<uuid:rule>/<int(fixed_digits=3):self>"]


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix:", "unix:"),
        ("", ""),
    ],
)
def test_a_visitor_with_many_addresses_is_counted_once(
    app: Flask, address: str, counted: str
) -> None:
    with app.test_request_context(environ_overrides={"REMOTE_ADDR": address}):
        assert visitor_address() == counted


def test_one_request_waits_for_others_only_so_long(app: Flask) -> None:
    seconds, asked = 0.0, []

    def slow(request: HttpRequest) -> HttpResponse:
        nonlocal seconds
        seconds += 7.5
        asked.append(request.url)
        if len(asked) % 2:
            raise CannotFetch("no answer")
        return HttpResponse(200, {}, b"", request.url)

    fetch = Patient(slow, clock=lambda: seconds)
    for _ in range(2):  # the next request begins anew
        asked.clear()
        with app.test_request_context():
            for place in range(200):
                with suppress(CannotFetch):
                    fetch(HttpRequest(f"https://host-{place}.example/did.json"))
        assert len(asked) == math.ceil(LONGEST_SECONDS / 7.5)


def test_every_service_is_patient(app: Flask) -> None:
    with app.app_context():
        assert isinstance(services().fetch, Patient)
