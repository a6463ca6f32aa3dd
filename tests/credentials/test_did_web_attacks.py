"""Threat 11: a badge that names a did:web issuer, and everything that is put in the way to its key.

Each badge here is whole and well signed; only the way from its issuer's name to the key is bent.
"""

import json
from datetime import timedelta
from typing import Any

import pytest
from parties import NOW, Party, Web, WebParty

from credentials import any_type
from credentials.formats.sd_jwt import Path as Place
from credentials.formats.vc_jwt import read_credential, sign_credential
from credentials.proofs import verify_proof
from credentials.report import CannotCheck, ProofError
from keys.controller import Method, controller_document
from keys.fetching import CannotFetch, HttpRequest, HttpResponse
from keys.material import PrivateKey

ISSUER = WebParty("Issuer")
THIEF = WebParty("Thief", host="thief.example")
HOLDER = Party("Holder").did
PAGE = "https://issuer.example/.well-known/did.json"
DOCUMENT = controller_document(ISSUER.did, [Method(ISSUER.method, ISSUER.key.public)])


def verify(badge: dict[str, Any], fetch: Any, issuer: str = ISSUER.did) -> None:
    verify_proof(badge, purpose="assertionMethod", controller=issuer, fetch=fetch, now=NOW)


def publishing(document: dict[str, Any]) -> Web:
    web = Web(ISSUER, THIEF)
    web.pages[PAGE] = json.dumps(document).encode()
    return web


def refused(fetch: Any, words: str, code: str = "proof.method") -> None:
    badge = ISSUER.badge(HOLDER)
    with pytest.raises(ProofError, match=words) as error:
        verify(badge, fetch)
    assert error.value.code == code


def changed(**members: Any) -> dict[str, Any]:
    return {**DOCUMENT, "verificationMethod": [{**DOCUMENT["verificationMethod"][0], **members}]}


def test_badge_holds_when_nothing_is_bent() -> None:
    verify(ISSUER.badge(HOLDER), publishing(DOCUMENT))


def test_key_from_elsewhere_does_not_speak_for_the_same_issuer_string() -> None:
    stolen = THIEF.sign(ISSUER.unsigned_badge(HOLDER))
    with pytest.raises(ProofError) as error:
        verify(stolen, Web(ISSUER, THIEF))
    assert error.value.code == "proof.other-signer"
    stolen = THIEF.sign(ISSUER.unsigned_badge(HOLDER), verification_method=ISSUER.method)
    with pytest.raises(ProofError, match="does not match"):
        verify(stolen, Web(ISSUER, THIEF))


@pytest.mark.parametrize(
    "host",
    [
        "issuer.example.thief.example",
        "xn--ssuer-2of.example",
        "issuer-example.com",
        "issuer.example%3A444",
        "www.issuer.example",
        "issuer.example:issuer.example",
    ],
)
def test_look_alike_host_is_another_signer(host: str) -> None:
    other = WebParty("Look-alike", host=host)
    badge = other.sign(ISSUER.unsigned_badge(HOLDER))
    with pytest.raises(ProofError) as error:
        verify(badge, Web(ISSUER, other))
    assert error.value.code == "proof.other-signer"


@pytest.mark.parametrize(
    "did",
    [
        "did:web:user@issuer.example",
        "did:web:user%40issuer.example",
        "did:web:user%3Apassword%40issuer.example",
        "did:web:issuer.example%40thief.example",
        "did:web:issuer.example%3A99999",
        "did:web:issuer.example%3a443",
        "did:web:issuer.example%2Fthief",
        "did:web:issuer.example%2F..%2Fthief",
        "did:web:issuer.example:..:thief",
        "did:web:issuer.example:.",
        "did:web:issuer.example:%2E%2E:thief",
        "did:web:issuer.example:%252E%252E",
        "did:web:issuer.example:a%5Cb",
        "did:web:issuer.example:a%23b",
        "did:web:issuer.example::did.json",
        "did:web:http%3A%2F%2Fissuer.example",
        "did:web:\u0456ssuer.example",
        "did:web:issuer\uff0eexample",
        "did:web:issuer.example\u200b",
        "did:web:%D1%96ssuer.example",
        "did:web:ISSUER.example",
        "did:web:%69ssuer.example",
        "did:web:[::1]",
        "did:web:%5B%3A%3A1%5D",
        "did:web:2130706433",
        "did:web:0x7f000001",
    ],
)
def test_second_spelling_of_a_host_or_path_is_never_fetched(did: str) -> None:
    web = Web(ISSUER)
    badge = ISSUER.sign(ISSUER.unsigned_badge(HOLDER), verification_method=f"{did}#key-1")
    with pytest.raises(ProofError):
        verify(badge, web, issuer=did)
    assert not web.asked


@pytest.mark.parametrize(
    "name", [THIEF.did, "did:web:Issuer.example", f"{ISSUER.did}:", f"{ISSUER.did}#", None, [], 7]
)
def test_document_about_somebody_else_is_refused(name: Any) -> None:
    refused(publishing({**DOCUMENT, "id": name}), "is not about")


@pytest.mark.parametrize("name", [THIEF.did, f"{ISSUER.did}#", [ISSUER.did, THIEF.did], None])
def test_key_of_another_controller_is_refused(name: Any) -> None:
    refused(publishing(changed(controller=name)), "controlled by")


def test_key_that_was_named_for_another_purpose_does_not_sign_badges() -> None:
    bare = {name: value for name, value in DOCUMENT.items() if name != "assertionMethod"}
    for purposes in ({}, {"authentication": [ISSUER.method]}, {"assertionMethod": [THIEF.method]}):
        refused(publishing({**bare, **purposes}), "not allowed for assertionMethod")


@pytest.mark.parametrize(
    ("member", "word", "code"),
    [("revoked", "revoked", "proof.withdrawn"), ("expires", "expired", "proof.method")],
)
def test_key_that_ended_before_now_is_refused(member: str, word: str, code: str) -> None:
    ended = f"{NOW:%Y-%m-%dT%H:%M:%SZ}"
    refused(publishing(changed(**{member: ended})), word, code)
    later = f"{NOW + timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}"
    verify(ISSUER.badge(HOLDER), publishing(changed(**{member: later})))


def test_what_only_names_a_key_that_was_taken_back_is_a_forgery() -> None:
    web = publishing(changed(revoked=f"{NOW:%Y-%m-%dT%H:%M:%SZ}"))
    badge = ISSUER.badge(HOLDER)
    for bad in (
        {**badge, "name": "Home cleaning - Master"},
        THIEF.sign(ISSUER.unsigned_badge(HOLDER), verification_method=ISSUER.method),
    ):
        with pytest.raises(ProofError) as error:
            verify(bad, web)
        assert error.value.code == "proof.signature"
    with pytest.raises(ProofError) as error:
        verify(badge, web)
    assert error.value.code == "proof.withdrawn"


@pytest.mark.parametrize("hidden", [None, [("name",)]])
def test_a_key_that_was_taken_back_is_named_for_tokens(hidden: list[Place] | None) -> None:
    web = publishing(changed(revoked=f"{NOW:%Y-%m-%dT%H:%M:%SZ}"))

    def token(key: PrivateKey, **members: Any) -> str:
        badge = {**ISSUER.unsigned_badge(HOLDER), **members}
        return sign_credential(badge, key, kid=ISSUER.method, issued=NOW, hidden=hidden)

    whole, other = token(ISSUER.key), token(ISSUER.key, awardedDate="2026-01-01T00:00:00Z")
    header, _payload, signature = whole.partition("~")[0].split(".")
    bent = ".".join([header, other.split(".")[1], signature])
    bent += "".join(other.partition("~")[1:])
    for text, code in (
        (whole, "withdrawn"),
        (token(THIEF.key), "signature"),
        (bent, "signature"),
    ):
        with pytest.raises(ProofError) as error:
            read_credential(text).verify(fetch=web, now=NOW)
        assert error.value.code == f"proof.{code}"


def test_a_key_that_was_taken_back_is_named_for_credentials_of_any_type() -> None:
    web = publishing(changed(revoked=f"{NOW:%Y-%m-%dT%H:%M:%SZ}"))
    badge = ISSUER.badge(HOLDER)
    for given, code in ((badge, "withdrawn"), ({**badge, "name": "Master"}, "signature")):
        with pytest.raises(ProofError) as error:
            any_type.verify_credential(given, fetch=web, now=NOW)
        assert error.value.code == f"proof.{code}"


def test_key_that_was_taken_out_of_the_document_is_refused() -> None:
    method = f"{ISSUER.did}#key-2"
    rotated = controller_document(ISSUER.did, [Method(method, THIEF.key.public)])
    refused(publishing(rotated), "not in the document")


def test_second_key_under_the_same_name_is_refused() -> None:
    twice = [*DOCUMENT["verificationMethod"], *changed(
        publicKeyMultibase=THIEF.key.public.multibase
    )["verificationMethod"]]  # fmt: skip
    refused(publishing({**DOCUMENT, "verificationMethod": twice}), "2 times")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<!doctype html><title>Not found</title>",
        b"null",
        b"[]",
        b'"did:web:issuer.example"',
        b"\xef\xbb\xbf" + json.dumps(DOCUMENT).encode(),
        json.dumps(DOCUMENT).encode("utf-16"),
        json.dumps(DOCUMENT).replace('{"@context"', '{"id": "x", "@context"').encode(),
        json.dumps({**DOCUMENT, "padding": "x" * 200_000}).encode(),
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    ],
)
def test_answer_that_is_no_document_is_refused(body: bytes) -> None:
    web = Web(ISSUER)
    web.pages[PAGE] = body
    with pytest.raises(ProofError) as error:
        verify(ISSUER.badge(HOLDER), web)
    assert error.value.code == "proof.method"


@pytest.mark.parametrize("status", [201, 204, 206, 301, 302, 303, 307, 308, 403, 429, 500, 503])
def test_redirect_or_refusal_of_the_host_leaves_the_question_open(status: int) -> None:
    asked = []

    def fetch(request: HttpRequest) -> HttpResponse:
        asked.append(request.url)
        headers = {"location": "https://thief.example/.well-known/did.json"}
        return HttpResponse(status, headers, json.dumps(DOCUMENT).encode(), request.url)

    with pytest.raises(CannotCheck) as error:
        verify(ISSUER.badge(HOLDER), fetch)
    assert error.value.code == "proof.unreachable"
    assert asked == [PAGE]


def test_silent_host_leaves_the_question_open() -> None:
    def silent(_request: HttpRequest) -> HttpResponse:
        raise CannotFetch("no answer")

    for fetch in (silent, None):
        with pytest.raises(CannotCheck):
            verify(ISSUER.badge(HOLDER), fetch)
