"""OpenID4VCI at the issuer: the way through, every error by name, and nothing half-written."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from award_world import BASE_URL, NOW, SECRET, Service, open_service
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from credentials.exchange import oid4vci
from issuer import awards, offers
from issuer.award_tables import Credential
from keys.did import did_key
from keys.material import PrivateKey

KEY = PrivateKey.from_seed("Ed25519", b"h" * 32)
HOLDER = did_key(KEY.public)
CONFIGURATION = "technical-cleaning-confirmed"


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return open_service(tmp_path)


class Wallet:
    """A stranger's wallet: it knows the protocol and nothing else."""

    def __init__(self, service: Service, key: PrivateKey = KEY) -> None:
        self.http: FlaskClient = service.app.test_client(use_cookies=False)
        self.service, self.key = service, key

    def token(self, award_id: UUID) -> str:
        offer = oid4vci.read_offer(
            self.http.get(f"/offers/{self.service.offer(award_id).reference}").get_json()
        )
        answer = self.http.post("/token", data=oid4vci.token_request(offer))
        assert answer.status_code == 200, answer.text
        return oid4vci.read_token_response(answer.data)

    def nonce(self) -> str:
        return oid4vci.read_nonce_response(self.http.post("/nonce").data)

    def proof(self, **changes: Any) -> str:
        values = {
            "holder": did_key(self.key.public),
            "audience": BASE_URL,
            "nonce": changes.pop("nonce", None) or self.nonce(),
            "now": self.service.clock(),
        }
        return oid4vci.key_proof(self.key, **(values | changes))

    def ask(self, token: str, body: object = None, **headers: str) -> TestResponse:
        if body is None:
            body = oid4vci.credential_request(CONFIGURATION, self.proof())
        return self.http.post(
            "/credential",
            data=body if isinstance(body, str | bytes) else json.dumps(body),
            headers={
                "Authorization": f"Bearer {token}",
                "Content-Type": "application/json",
                **headers,
            },
        )


def error(response: TestResponse) -> str:
    assert 400 <= response.status_code < 500
    assert response.content_type == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    assert '"' not in response.get_json()["error_description"]
    return str(response.get_json()["error"])


# --- the way through -------------------------------------------------------------------------


def test_wallet_collects_a_badge_bound_to_its_key(service: Service) -> None:
    wallet = Wallet(service)
    metadata = oid4vci.read_issuer_metadata(
        wallet.http.get("/.well-known/openid-credential-issuer").data, expected=BASE_URL
    )
    assert (
        len(metadata.configurations) == 18 + 6 + 4
    )  # achievements, of unknown level, appointments
    assert metadata.deferred_endpoint == f"{BASE_URL}/deferred_credential"
    assert metadata.configurations[CONFIGURATION].display_in("fr").name
    assert (
        oid4vci.read_token_endpoint(
            wallet.http.get("/.well-known/oauth-authorization-server").data, expected=BASE_URL
        )
        == f"{BASE_URL}/token"
    )
    answer = wallet.ask(wallet.token(service.released()))
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    (text,) = oid4vci.read_credential_response(answer.data)
    assert json.loads(text)["credentialSubject"]["id"] == HOLDER
    with service.centre.database.reading() as session:
        (badge,) = awards.issued(session)
    assert badge.credential is not None
    assert badge.credential.signed_text == text
    assert badge.state == "delivered"


def test_retry_by_the_same_key_gives_the_same_bytes(service: Service) -> None:
    wallet = Wallet(service)
    token = wallet.token(service.released())
    first, second = wallet.ask(token), wallet.ask(token)
    assert first.status_code == second.status_code == 200
    assert first.data == second.data


def test_browser_wallets_of_other_origins_may_call(service: Service) -> None:
    browser = service.browser()
    preflight = browser.options(
        "/credential",
        headers={"Origin": "https://w.example", "Access-Control-Request-Method": "POST"},
    )
    assert preflight.status_code == 200
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert "Authorization" in preflight.headers["Access-Control-Allow-Headers"]
    posted = browser.post(
        "/nonce", headers={"Origin": "https://w.example", "Sec-Fetch-Site": "cross-site"}
    )
    assert posted.status_code == 200
    assert posted.headers["Access-Control-Allow-Origin"] == "*"
    assert "Set-Cookie" not in posted.headers


def test_metadata_has_what_makes_clients_take_it_for_final(service: Service) -> None:
    document = service.browser().get("/.well-known/openid-credential-issuer").get_json()
    configuration = document["credential_configurations_supported"][CONFIGURATION]
    assert configuration["format"] == "ldp_vc"
    assert {one["locale"] for one in configuration["credential_metadata"]["display"]} == {
        "en",
        "fr",
        "es",
    }
    assert "jwt" in configuration["proof_types_supported"]
    logo = configuration["credential_metadata"]["display"][0]["logo"]["uri"]
    picture = service.browser().get(logo.removeprefix(BASE_URL))
    assert picture.content_type == "image/svg+xml"


# --- token: errors ---------------------------------------------------------------------------


def test_token_request_errors_carry_the_names_of_oauth(service: Service) -> None:
    wallet = Wallet(service)
    code = service.offer(service.released()).code
    grant = oid4vci.PRE_AUTHORIZED_CODE
    for form, name in (
        ({}, "invalid_request"),
        ({"grant_type": grant}, "invalid_request"),
        ({"grant_type": "password", "pre-authorized_code": code}, "unsupported_grant_type"),
        ({"grant_type": grant, "pre-authorized_code": "x"}, "invalid_grant"),
        ({"grant_type": grant, "pre-authorized_code": code, "tx_code": "1"}, "invalid_request"),
        ({"grant_type": [grant, grant], "pre-authorized_code": code}, "invalid_request"),
    ):
        assert error(wallet.http.post("/token", data=form)) == name
    as_json = wallet.http.post("/token", json={"grant_type": grant, "pre-authorized_code": code})
    assert error(as_json) == "invalid_request"
    assert wallet.token  # the code still works after all of this
    exchanged = wallet.http.post(
        "/token", data={"grant_type": grant, "pre-authorized_code": code, "user_pin": "ignored"}
    )
    assert exchanged.status_code == 200


# --- credential: errors ----------------------------------------------------------------------


def test_no_token_wrong_token_and_old_token_open_nothing(service: Service) -> None:
    wallet = Wallet(service)
    token = wallet.token(service.released())
    bare = wallet.http.post("/credential", json={})
    assert (bare.status_code, bare.headers["WWW-Authenticate"][:6]) == (401, "Bearer")
    for headers in ({"Authorization": "Bearer nonsense"}, {"Authorization": f"Basic {token}"}):
        assert wallet.ask(token, {}, **headers).status_code == 401
    service.clock.now += offers.TOKEN_LIFETIME
    late = wallet.ask(token)
    assert late.status_code == 401
    assert 'error="invalid_token"' in late.headers["WWW-Authenticate"]
    assert service.centre.count(Credential) == 1
    _nothing_was_signed(service)


def test_credential_request_errors_carry_their_names(service: Service) -> None:
    wallet = Wallet(service)
    token = wallet.token(service.released())
    request = oid4vci.credential_request
    other_key = PrivateKey.generate()
    stolen = oid4vci.key_proof(
        other_key, holder=HOLDER, audience=BASE_URL, nonce=wallet.nonce(), now=NOW
    )
    for body, name in (
        (b"", "invalid_credential_request"),
        (b"{", "invalid_credential_request"),
        ([], "invalid_credential_request"),
        (b"\xff\xfe", "invalid_credential_request"),
        ({"proofs": {}}, "invalid_credential_request"),
        (
            {"credential_identifier": "x", "proofs": {"jwt": [wallet.proof()]}},
            "unknown_credential_identifier",
        ),
        (request("no-such-badge", wallet.proof()), "unknown_credential_configuration"),
        (request("technical-cleaning-expert", wallet.proof()), "insufficient_scope"),
        ({"credential_configuration_id": CONFIGURATION}, "invalid_proof"),
        (request(CONFIGURATION, "x.y.z"), "invalid_proof"),
        (request(CONFIGURATION, stolen), "invalid_proof"),
        (request(CONFIGURATION, wallet.proof(audience="https://evil.example")), "invalid_proof"),
        (request(CONFIGURATION, wallet.proof(nonce="made-up")), "invalid_nonce"),
    ):
        assert error(wallet.ask(token, body)) == name, body
    form = wallet.ask(token, None, **{"Content-Type": "application/x-www-form-urlencoded"})
    assert error(form) == "invalid_credential_request"
    _nothing_was_signed(service)
    assert wallet.ask(token).status_code == 200


def test_a_key_proof_is_taken_once(service: Service) -> None:
    wallet = Wallet(service)
    token = wallet.token(service.released())
    body = oid4vci.credential_request(CONFIGURATION, wallet.proof())
    assert wallet.ask(token, body).status_code == 200
    assert error(wallet.ask(token, body)) == "invalid_nonce"


def test_an_old_nonce_is_refused(service: Service) -> None:
    wallet = Wallet(service)
    token = wallet.token(service.released())
    body = oid4vci.credential_request(CONFIGURATION, wallet.proof())
    service.clock.now += timedelta(minutes=6)
    assert error(wallet.ask(token, body)) == "invalid_nonce"


def test_a_second_key_gets_nothing(service: Service) -> None:
    award_id = service.released()
    assert Wallet(service).ask(Wallet(service).token(award_id)).status_code == 200
    with service.centre.database.transaction() as session:
        offers.make_offer(session, award_id, secret=SECRET, now=NOW)
    thief = Wallet(service, PrivateKey.generate())
    assert error(thief.ask(thief.token(award_id))) == "credential_request_denied"


def test_no_endpoint_signs_what_a_browser_sends(service: Service) -> None:
    wallet = Wallet(service)
    token = wallet.token(service.released())
    injected = oid4vci.credential_request(CONFIGURATION, wallet.proof()) | {
        "credential": {"name": "I am an expert"},
        "credentialSubject": {"id": "did:key:zEvil", "achievement": {}},
        "format": "ldp_vc",
        "level": 3,
    }
    (text,) = oid4vci.read_credential_response(wallet.ask(token, injected).data)
    badge = json.loads(text)
    assert badge["credentialSubject"]["achievement"]["humanCode"] == "M4H-TEC-2"
    assert "I am an expert" not in text
    olga = service.browser("olga")
    for path in ("/officer/release", "/officer/endorsements", "/token", "/nonce"):
        olga.post(path, json=badge | {"proof": None})
    assert service.centre.count(Credential) == 1


def test_methods_that_change_are_not_reached_by_a_link(service: Service) -> None:
    browser = service.browser()
    for path in ("/token", "/nonce", "/credential"):
        assert browser.get(path).status_code == 405


def test_too_large_requests_are_refused(service: Service) -> None:
    wallet = Wallet(service)
    token = wallet.token(service.released())
    answer = wallet.ask(token, b" " * 200_000)
    assert error(answer) == "invalid_credential_request"
    assert wallet.ask(token, b" " * 3_000_000).status_code == 413


def _nothing_was_signed(service: Service) -> None:
    with service.centre.database.reading() as session:
        assert all(
            badge.credential is None or badge.credential.signed_text is None
            for badge in awards.issued(session)
        )
