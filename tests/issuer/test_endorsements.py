"""Endorsements received: only what a third party really says about us or our achievements."""

import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from award_world import BASE_URL, NOW, Service, open_service
from world import Network

from credentials.endorsements import endorsement_credential
from credentials.proofs import add_proof
from issuer import endorsements
from issuer.award_tables import ReceivedEndorsement
from issuer.endorsements import receive
from issuer.tables import Role
from keys.did import did_key
from keys.material import PrivateKey
from web.errors import Refused

BODY = PrivateKey.from_seed("Ed25519", b"b" * 32)
BODY_DID = did_key(BODY.public)


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return open_service(tmp_path, fetch=Network())


def endorsement(
    service: Service, *, key: PrivateKey = BODY, claimed: str = "", method: str = "", **changes: Any
) -> dict[str, Any]:
    definition = service.centre.body.framework.achievement("technical-cleaning", 2)
    values: dict[str, Any] = {
        "credential_id": "urn:uuid:00000000-0000-4000-8000-000000000001",
        "issuer": {"id": claimed or did_key(key.public), "type": ["Profile"], "name": "Federation"},
        "subject_id": service.centre.body.achievement_id(definition),
        "comment": "It says what households need.",
        "valid_from": NOW - timedelta(days=1),
        "valid_until": NOW + timedelta(days=30),
    }
    own = f"{did_key(key.public)}#{key.public.multibase}"
    return add_proof(
        endorsement_credential(**(values | changes)),
        key,
        verification_method=method or own,
        created=NOW - timedelta(hours=1),
    )


def take(service: Service, document: object) -> None:
    text = document if isinstance(document, str) else json.dumps(document)
    receive(service.centre.database, text, body=service.centre.body, fetch=Network(), now=NOW)


def tampered(service: Service) -> dict[str, Any]:
    document = endorsement(service)
    document["credentialSubject"]["endorsementComment"] = "Everybody else is worse."
    return document


def unsigned(service: Service) -> dict[str, Any]:
    document = endorsement(service)
    del document["proof"]
    return document


def by_ourselves(service: Service) -> dict[str, Any]:
    keyring = service.centre.body.keyring
    name, signer = keyring.current()
    definition = service.centre.body.framework.achievement("technical-cleaning", 2)
    return add_proof(
        endorsement_credential(
            credential_id="urn:uuid:00000000-0000-4000-8000-000000000002",
            issuer={"id": keyring.did, "type": ["Profile"], "name": "We"},
            subject_id=service.centre.body.achievement_id(definition),
            comment="We are the best.",
            valid_from=NOW - timedelta(days=1),
        ),
        signer,
        verification_method=keyring.method_id(name),
        created=NOW,
    )


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (tampered, "endorsement.bad-proof"),
        (unsigned, "endorsement.unsigned"),
        (
            lambda s: endorsement(s, subject_id=f"{BASE_URL}/achievements/technical-cleaning"),
            "endorsement.other-subject",
        ),
        (lambda s: endorsement(s, subject_id=BODY_DID), "endorsement.other-subject"),
        (
            lambda s: endorsement(s, valid_until=NOW - timedelta(hours=1)),
            "endorsement.expired",
        ),
        (
            lambda s: endorsement(s, valid_from=NOW + timedelta(days=1)),
            "endorsement.not-yet",
        ),
        (
            lambda s: endorsement(s, key=PrivateKey.generate(), claimed=BODY_DID),
            "endorsement.bad-proof",
        ),
        (lambda s: endorsement(s, claimed="did:web:nobody.example"), "endorsement.bad-proof"),
        (
            lambda s: endorsement(
                s, claimed="did:web:nobody.example", method="did:web:nobody.example#key-1"
            ),
            "endorsement.unreachable",
        ),
        (lambda s: {"type": ["VerifiableCredential"]}, "endorsement.malformed"),
        (lambda s: [], "endorsement.malformed"),
    ],
)
def test_what_is_no_good_endorsement_is_refused_with_its_reason(
    service: Service, make: Any, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        take(service, make(service))
    assert refused.value.code == code
    assert 400 <= refused.value.status < 500
    assert service.centre.count(ReceivedEndorsement) == 0


def test_our_own_praise_is_refused(tmp_path: Path) -> None:
    network = Network()
    service = open_service(tmp_path, fetch=network)
    network.join(BASE_URL, service.app)
    text = json.dumps(by_ourselves(service))
    with pytest.raises(Refused) as refused:
        receive(service.centre.database, text, body=service.centre.body, fetch=network, now=NOW)
    assert refused.value.code == "endorsement.by-issuer"


@pytest.mark.parametrize("text", ["", "{", '{"a":1,"a":2}', "\x00", "[" * 100, "x" * 200_000])
def test_unreadable_texts_are_refused(service: Service, text: str) -> None:
    with pytest.raises(Refused) as refused:
        take(service, text)
    assert refused.value.status == 400


def test_the_same_endorsement_is_kept_once_and_as_it_came(service: Service) -> None:
    text = json.dumps(endorsement(service), indent=3)
    take(service, text)
    with pytest.raises(Refused) as refused:
        take(service, text)
    assert refused.value.code == "known"
    with service.centre.database.reading() as session:
        (row,) = endorsements.received(session)
    assert row.signed_text == text


def test_withdrawn_and_expired_ones_are_no_longer_carried(service: Service) -> None:
    take(service, endorsement(service))
    olga = service.centre.person("olga", Role.OFFICER)
    database = service.centre.database
    with database.reading() as session:
        (row,) = endorsements.received(session)
        assert endorsements.current(session, row.subject_id, now=NOW)
        assert not endorsements.current(session, row.subject_id, now=NOW + timedelta(days=31))
    with database.transaction() as session:
        endorsements.withdraw(session, row.id, now=NOW, by=olga)
    with database.reading() as session:
        assert not endorsements.current(session, row.subject_id, now=NOW)


def test_public_pages_and_profile_show_who_vouches(service: Service) -> None:
    take(service, endorsement(service))
    about_us = endorsement(
        service,
        subject_id=service.centre.body.did,
        credential_id="urn:uuid:00000000-0000-4000-8000-000000000009",
        comment="We know <b>them</b>.",
    )
    take(service, about_us)
    browser = service.browser()
    page = browser.get("/achievements/technical-cleaning/confirmed", headers={"Accept": "*/*"})
    assert "It says what households need." in page.text
    assert "We know &lt;b&gt;them" in browser.get("/profiles/issuer").text
    profile = browser.get("/profiles/issuer", headers={"Accept": "application/ld+json"})
    assert profile.get_json(force=True)["endorsement"] == [about_us]


# --- the officer's form ----------------------------------------------------------------------


def test_officer_pastes_or_uploads_and_sees_why_not(service: Service) -> None:
    olga = service.browser("olga", Role.OFFICER)
    path = "/officer/endorsements"
    for data in ({}, {"document": "hello"}, {"document": json.dumps(unsigned(service))}):
        answer = olga.post(path, data=data)
        assert answer.status_code == 400
        assert 'role="alert"' in answer.text
    prose = {"file": (io.BytesIO(b"Dear Sir or Madam"), "letter.txt")}
    assert olga.post(path, data=prose).status_code == 400
    binary = olga.post(path, data={"file": (io.BytesIO(b"\xff\xd8\xff\xe0"), "x.json")})
    assert binary.status_code == 415
    good = io.BytesIO(json.dumps(endorsement(service)).encode())
    assert olga.post(path, data={"file": (good, "endorsement.json")}).status_code == 302
    page = olga.get(f"{path}?lang=en").text
    assert "Federation" in page
    with service.centre.database.reading() as session:
        (row,) = endorsements.received(session)
    assert olga.post(f"{path}/{row.id}/withdraw").status_code == 302
    assert "no longer used" in olga.get(path).text
