"""Showing a badge has strangers' hosts asked: seldom, whoever shows it and however often."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from abroad_world import LEVEL, Abroad
from flask.testing import FlaskClient
from parties import WebParty
from sqlmodel import select

from issuer import abroad as asking_abroad
from issuer import limits
from issuer.tables import BegunCount, Role
from keys.fetching import CannotFetch, HttpRequest, HttpResponse


@pytest.fixture
def abroad(tmp_path: Path) -> Abroad:
    made = Abroad(tmp_path)
    made.accepted()
    return made


def forged(abroad: Abroad, host: str) -> str:
    """Name somebody else as the issuer of a badge that one made oneself."""
    badge = WebParty("Nobody", host=host).unsigned_badge(abroad.wallet.did)
    badge["credentialSubject"]["achievement"]["id"] = LEVEL
    return json.dumps(WebParty("Nobody", host=host).sign(badge))


def shows(abroad: Abroad, text: str, browser: FlaskClient | None = None) -> int:
    return abroad.asked(browser).shows(abroad.wallet, text).status_code


def asked_of(abroad: Abroad, host: str) -> int:
    return sum(url.startswith(f"https://{host}/") for url in abroad.web.asked)


def test_a_third_party_is_not_hammered_however_many_show_it(
    abroad: Abroad, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking_abroad, "OF_A_HOST", 3)
    zoe = abroad.service.browser("zoe", Role.CANDIDATE)
    for browser in (abroad.maria, zoe, abroad.maria, zoe, abroad.maria):
        assert shows(abroad, forged(abroad, "victim.example"), browser) == 400
    assert asked_of(abroad, "victim.example") == 3
    shows(abroad, forged(abroad, "victim.example:8443".replace(":", "%3A")))
    assert len(abroad.web.asked) == 3, "another port is the same host"
    shows(abroad, forged(abroad, "other.example"))
    assert asked_of(abroad, "other.example") == 1
    assert shows(abroad, abroad.badge()) == 200, "and honest people go on"
    abroad.service.clock.now += limits.WINDOW
    shows(abroad, forged(abroad, "victim.example"))
    assert asked_of(abroad, "victim.example") == 4


def test_one_person_has_others_asked_only_so_often(
    abroad: Abroad, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SHOWN_ABROAD", replace(limits.SHOWN_ABROAD, of_one=2))
    for number in range(4):
        shows(abroad, forged(abroad, f"number-{number}.example"))
    assert len(abroad.web.asked) == 2
    code, said = abroad.shows(abroad.badge())
    assert (code, "too often" in said) == (400, True)
    zoe = abroad.service.browser("zoe", Role.CANDIDATE)
    shows(abroad, forged(abroad, "number-9.example"), zoe)
    assert len(abroad.web.asked) == 3
    abroad.service.clock.now += limits.WINDOW
    assert shows(abroad, abroad.badge()) == 200


def test_one_answer_full_of_strangers_asks_few_of_them_and_counts(abroad: Abroad) -> None:
    text = abroad.badge()
    words = [
        WebParty(f"Stranger {number}", host=f"s{number}.example").endorse(json.loads(text)["id"])
        for number in range(19)
    ]
    of_one_host = [
        WebParty("Victim", host=f"victim.example:{number}").endorse(json.loads(text)["id"])
        for number in range(19)
    ]
    _shown_beside(abroad, text, of_one_host)
    assert 0 < asked_of(abroad, "victim.example") <= asking_abroad.OF_A_HOST_IN_AN_ANSWER
    abroad.web.asked.clear()
    _shown_beside(abroad, text, words)
    assert 3 < len(abroad.web.asked) <= asking_abroad.OF_AN_ANSWER


def _shown_beside(abroad: Abroad, text: str, words: list[dict[str, object]]) -> None:
    answer = abroad.asked().shows(abroad.wallet, text, *map(json.dumps, words))
    assert answer.status_code == 200, answer.text


def test_an_accepted_issuer_may_be_asked_by_many(
    abroad: Abroad, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking_abroad, "OF_A_HOST", 0)
    assert shows(abroad, abroad.badge()) == 200
    assert shows(abroad, forged(abroad, "victim.example")) == 400
    assert asked_of(abroad, "victim.example") == 0


def test_what_is_counted_names_neither_host_nor_person(abroad: Abroad) -> None:
    shows(abroad, forged(abroad, "victim.example"))
    with abroad.service.centre.database.reading() as session:
        kept = [one.model_dump() for one in session.exec(select(BegunCount))]
    assert {"abroad", "host"} <= {one["thing"] for one in kept}
    maria = abroad.service.centre.people["maria"]
    assert not [word for word in ("victim", maria.hex, str(maria)) if word in str(kept)]


def test_one_answer_asks_the_same_once_and_a_silent_host_too() -> None:
    asked: list[str] = []

    def fetch(request: HttpRequest) -> HttpResponse:
        asked.append(request.url)
        if "silent" in request.url:
            raise CannotFetch("nobody answers")
        return HttpResponse(200, {}, b"{}", request.url)

    asking = asking_abroad.Asking(fetch, secret=b"s" * 32, counted={}, known=())
    for url in ("https://a.example/1", "https://silent.example/1", "https://[::1/") * 2:
        try:
            asking(HttpRequest(url))
        except CannotFetch:
            assert "a.example" not in url
    assert asked == ["https://a.example/1", "https://silent.example/1"]
    assert asking.hosts.total() == 2
