"""Signing in by showing a badge: every way to do it with somebody else's, twice, or elsewhere."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from appointment_world import SKILL, Holder, appointed, suspend
from award_world import BASE_URL, NOW, Service, at_once, open_service
from flask.testing import FlaskClient
from presenting_world import Asked
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from credentials.exchange import oid4vp
from credentials.proofs import add_proof
from issuer import accounts, issuing
from issuer.appointment_tables import Nomination, Stage
from issuer.presenting_tables import PresentationRequest
from issuer.tables import Role
from keys.did import did_key
from keys.material import PrivateKey


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return open_service(tmp_path)


def begun(service: Service, browser: FlaskClient | None = None, **form: str) -> Asked:
    browser = browser or service.app.test_client()
    path = "/present/expert" if form else "/present/sign-in"
    answer = browser.post(path, data=form)
    assert answer.status_code == 302, answer.text
    return Asked(service, browser, answer.location)


def is_signed_in(browser: FlaskClient) -> bool:
    return browser.get("/examiner/").status_code == 200


@pytest.fixture
def nora(service: Service) -> tuple[Holder, str, Nomination]:
    """Give an examiner's wallet with its badge."""
    one, wallet = appointed(service), Holder(service)
    return wallet, wallet.collects(one), one


Nora = tuple[Holder, str, Nomination]


# --- the way through ------------------------------------------------------------------------------


def test_an_examiner_is_signed_in_in_the_browser_that_asked(service: Service, nora: Nora) -> None:
    asked = begun(service)
    address = asked.answered(nora[0], nora[1])
    answer = asked.browser.get(address)
    assert answer.location == "/"
    assert asked.browser.get("/").location == "/examiner/"
    assert is_signed_in(asked.browser)


def test_on_another_screen_a_number_is_carried_over_by_hand(service: Service, nora: Nora) -> None:
    asked = begun(service)
    phone = service.app.test_client()
    page = phone.get(asked.answered(nora[0], nora[1])).text
    assert "Did somebody send you the link" in page
    number = re.search(r'class="number">(\d{3} \d{3})<', page)
    assert number is not None
    assert not is_signed_in(phone)
    assert asked.browser.post(f"{asked.path}/number", data={"number": "1"}).status_code == 422
    assert asked.browser.post(f"{asked.path}/number", data={"number": number[1]}).location == "/"
    assert is_signed_in(asked.browser)
    assert not is_signed_in(phone)


# --- attacks on the answer ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"challenge": "another-nonce-of-enough-length"},
        {"domain": "decentralized_identifier:did:web:evil.example"},
        {"domain": BASE_URL},
        {"state": "0" * 48},
        {"state": ""},
        {"created": NOW - timedelta(hours=1)},
        {"expires": NOW - timedelta(minutes=1)},
    ],
)
def test_a_presentation_made_for_anything_else_is_refused(
    service: Service, nora: Nora, changes: dict[str, Any]
) -> None:
    asked = begun(service)
    assert asked.shows(nora[0], nora[1], **changes).status_code == 400
    assert asked.answered(nora[0], nora[1]), "the true one still goes through"


def test_a_presentation_for_one_request_does_not_answer_another(
    service: Service, nora: Nora
) -> None:
    victim, attacker = begun(service), begun(service)
    seen, own = victim.read(), attacker.read()
    shown = nora[0].presents(nora[1], domain=seen.client_id, challenge=seen.nonce)
    for state in (seen.state, own.state):
        assert attacker.post(oid4vp.response_form({"badge": shown}, state=state)).status_code == 400
    swapped = oid4vp.response_form({"badge": shown}, state=own.state)
    assert victim.post(swapped).status_code == 400, "mixed-up state"


def test_somebody_elses_badge_is_refused(service: Service, nora: Nora) -> None:
    thief = Holder(service)
    asked = begun(service)
    assert "holder.other-person" in asked.shows(thief, nora[1]).text
    false = asked.shows(thief, nora[1], holder=nora[0].did)
    assert false.status_code == 400
    assert asked.shows(nora[0], nora[1], nora[1]).status_code == 400, "two badges"


def test_a_badge_of_another_issuer_with_the_same_words_is_refused(
    service: Service, nora: Nora
) -> None:
    evil = PrivateKey.generate()
    did = did_key(evil.public)
    for issuer in (did, service.centre.body.did):
        document = json.loads(nora[1])
        del document["proof"]
        document["issuer"]["id"] = issuer
        document["credentialSubject"]["id"] = (thief := Holder(service)).did
        forged = add_proof(
            document, evil, verification_method=f"{did}#{evil.public.multibase}", created=NOW
        )
        assert begun(service).shows(thief, json.dumps(forged)).status_code == 400


def test_a_badge_for_a_skill_signs_nobody_in(service: Service) -> None:
    wallet = Holder(service)
    award = service.released(level=3, examiners=("eva", "ines"))
    text = issuing.deliver(
        service.centre.database, award, holder=wallet.did, body=service.centre.body, now=NOW
    )
    assert "another badge was asked for" in begun(service).shows(wallet, text).text


@pytest.mark.parametrize("when", ["before", "between"])
def test_a_suspended_examiner_is_not_signed_in(service: Service, nora: Nora, when: str) -> None:
    asked = begun(service)
    if when == "before":
        suspend(service, nora[2])
        assert "status.revoked" in asked.shows(nora[0], nora[1]).text
        return
    address = asked.answered(nora[0], nora[1])
    suspend(service, nora[2])
    assert asked.browser.get(address).status_code == 403
    assert not is_signed_in(asked.browser)


def test_after_two_years_it_signs_nobody_in(service: Service, nora: Nora) -> None:
    service.clock.now = NOW + timedelta(days=731)
    assert "dates.expired" in begun(service).shows(nora[0], nora[1]).text


def test_an_expired_request_is_over_everywhere(service: Service, nora: Nora) -> None:
    asked = begun(service)
    late = begun(service)
    seen, address = asked.read(), late.answered(nora[0], nora[1])
    service.clock.now = NOW + timedelta(minutes=10)
    shown = nora[0].presents(nora[1], domain=seen.client_id, challenge=seen.nonce)
    answer = asked.post(oid4vp.response_form({"badge": shown}, state=seen.state))
    assert "over" in answer.text
    assert asked.wallet.get(f"{asked.path}/request").status_code == 404
    assert late.browser.get(address).status_code == 404
    assert asked.browser.get(asked.path).status_code == 404


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"vp_token": "rubbish"},
        {"vp_token": '{"badge": [{"type": "VerifiablePresentation"}]}'},
        {"vp_token": '{"badge": ["eyJ.eyJ.x"]}'},
        {"vp_token": '{"badge": [' + "[" * 5000 + "]" * 5000 + "]}"},
        {"vp_token": '{"badge": ["' + "x" * 1_400_000 + '"]}'},
    ],
    ids=["nothing", "rubbish", "unsigned", "token", "deep", "large"],
)
def test_rubbish_is_refused_and_after_ten_the_request_is_closed(
    service: Service, nora: Nora, form: dict[str, str]
) -> None:
    asked = begun(service)
    state = asked.read().state
    for _ in range(10 if form.get("vp_token") == "rubbish" else 1):
        answer = asked.post({**form, "state": state})
        assert answer.status_code == 400, answer.text
        assert answer.get_json()["error"] == "invalid_request"
    if form.get("vp_token") == "rubbish":
        assert asked.post({**form, "state": state}).status_code == 400
        assert "begin again" in asked.browser.get(asked.path).text
        return
    assert asked.answered(nora[0], nora[1])


def test_an_answer_that_is_too_large_is_not_read(service: Service) -> None:
    asked = begun(service)
    answer = asked.post({"vp_token": "x" * 2_000_000, "state": asked.read().state})
    assert answer.status_code == 413


def test_the_person_may_say_no(service: Service, nora: Nora) -> None:
    asked = begun(service)
    seen = asked.read()
    assert asked.post(oid4vp.error_form("access_denied", state="wrong")).status_code == 400
    assert asked.post(oid4vp.error_form("access_denied", state=seen.state)).status_code == 200
    assert "You said no" in asked.browser.get(asked.path).text
    shown = nora[0].presents(nora[1], domain=seen.client_id, challenge=seen.nonce)
    answer = asked.post(oid4vp.response_form({"badge": shown}, state=seen.state))
    assert answer.status_code == 400


def test_of_two_answers_at_once_one_is_taken(tmp_path: Path, database_url: str) -> None:
    service = open_service(tmp_path, database_url=database_url)
    one, wallet = appointed(service), Holder(service)
    text = wallet.collects(one)
    asked = begun(service)
    seen = asked.read()
    shown = wallet.presents(text, domain=seen.client_id, challenge=seen.nonce)
    form = oid4vp.response_form({"badge": shown}, state=seen.state)
    clients = [service.app.test_client(use_cookies=False) for _ in range(4)]
    answers = at_once(
        4, lambda place: clients[place].post(f"{asked.path}/answer", data=form).status_code
    )
    assert sorted(map(str, answers)) == ["200", "400", "400", "400"]
    with pytest.raises(IntegrityError), service.centre.database.transaction() as session:
        row = session.exec(select(PresentationRequest)).one()
        row.badge_id = "urn:uuid:another"
        session.add(row)


# --- attacks on the browser -----------------------------------------------------------------------


def test_a_response_code_is_used_once(service: Service, nora: Nora) -> None:
    asked = begun(service)
    address = asked.answered(nora[0], nora[1])
    twin = service.app.test_client()
    twin.set_cookie("issuer_form", asked.browser.get_cookie("issuer_form").value)  # type: ignore[union-attr]
    assert asked.browser.get(address).status_code == 302
    for browser in (asked.browser, twin):
        assert browser.get(address).status_code == 404
    assert not is_signed_in(twin)


def test_a_stolen_response_code_signs_nobody_in_elsewhere(service: Service, nora: Nora) -> None:
    asked = begun(service)
    address = asked.answered(nora[0], nora[1])
    other = begun(service)
    assert other.browser.get(address).status_code == 200
    assert not is_signed_in(other.browser)
    code = parse_qs(urlsplit(address).query)["response_code"][0]
    assert other.browser.get(f"{other.path}/done?response_code={code}").status_code == 404
    assert asked.browser.get(f"{asked.path}/done?response_code=guessed").status_code == 404


def test_nobody_is_signed_in_as_somebody_else_by_a_link(service: Service, nora: Nora) -> None:
    """Login CSRF: the attacker's own answer, opened in the victim's browser."""
    attacker = begun(service)
    address = attacker.answered(nora[0], nora[1])
    victim = service.browser("vera", Role.CANDIDATE)
    before = victim.get_cookie("issuer_session")
    victim.get(address)
    assert victim.get_cookie("issuer_session") == before
    assert not is_signed_in(victim)


def test_a_number_is_not_guessed_and_not_typed_elsewhere(service: Service, nora: Nora) -> None:
    asked = begun(service)
    page = service.app.test_client().get(asked.answered(nora[0], nora[1])).text
    number = re.search(r'class="number">(\d{3} \d{3})<', page)
    assert number is not None
    stranger = service.app.test_client()
    assert stranger.post(f"{asked.path}/number", data={"number": number[1]}).status_code == 404
    for wrong in range(5):
        assert (
            asked.browser.post(f"{asked.path}/number", data={"number": str(wrong)}).status_code
            == 422
        )
    asked.browser.post(f"{asked.path}/number", data={"number": number[1]})
    assert not is_signed_in(asked.browser)


def test_the_session_is_new_and_the_one_before_is_gone(service: Service, nora: Nora) -> None:
    browser = service.browser("vera", Role.CANDIDATE)
    before = browser.get_cookie("issuer_session")
    assert before is not None
    asked = begun(service, browser)
    browser.get(asked.answered(nora[0], nora[1]))
    after = browser.get_cookie("issuer_session")
    assert after is not None
    assert after.value != before.value
    old = service.app.test_client()
    old.set_cookie("issuer_session", before.value)
    assert old.get("/examining/").status_code == 401


# --- an expert badge ------------------------------------------------------------------------------


def expert(service: Service, name: str = "maria", level: int = 3) -> tuple[Holder, str]:
    wallet = Holder(service)
    award = service.released(candidate=name, level=level, examiners=("eva", "ines"))
    return wallet, issuing.deliver(
        service.centre.database, award, holder=wallet.did, body=service.centre.body, now=NOW
    )


def nominations(service: Service) -> list[Nomination]:
    with service.centre.database.reading() as session:
        return list(session.exec(select(Nomination)).all())


def test_an_expert_is_eligible_by_the_badge_from_their_wallet(service: Service) -> None:
    wallet, text = expert(service)
    asked = begun(service, service.browser("maria"), language="es")
    assert asked.browser.get(asked.answered(wallet, text)).location == "/examining/"
    (one,) = nominations(service)
    assert (one.person_id, one.skill, one.language) == (
        service.centre.people["maria"],
        SKILL,
        "es",
    )
    assert (one.stage, one.badge_id) == (Stage.ELIGIBLE, json.loads(text)["id"])
    again = begun(service, asked.browser, language="es")
    assert asked.browser.get(again.answered(wallet, text)).status_code == 409


def test_somebody_elses_expert_badge_makes_nobody_eligible(service: Service) -> None:
    wallet, text = expert(service)
    asked = begun(service, service.browser("zoe", Role.CANDIDATE), language="es")
    assert "given to another person" in asked.shows(wallet, text).text
    assert nominations(service) == []


@pytest.mark.parametrize("level", [1, 2])
def test_a_lower_badge_or_an_appointment_is_no_expert_badge(
    service: Service, nora: Nora, level: int
) -> None:
    asked = begun(service, service.browser("maria", Role.CANDIDATE), language="es")
    assert "another badge" in asked.shows(*expert(service, level=level)).text
    assert "another badge" in asked.shows(nora[0], nora[1]).text


def test_it_takes_somebody_signed_in_and_ends_with_the_same_person(service: Service) -> None:
    stranger = service.app.test_client()
    assert stranger.post("/present/expert", data={"language": "es"}).status_code == 401
    wallet, text = expert(service)
    browser = service.browser("maria")
    asked = begun(service, browser, language="es")
    address = asked.answered(wallet, text)
    browser.post("/leave")
    other = service.centre.person("zoe", Role.CANDIDATE)
    with service.centre.database.transaction() as session:
        code = accounts.invite(session, other, now=NOW)
    browser.post("/enter", data={"code": code})
    assert browser.get(address).status_code == 404
    assert nominations(service) == []
