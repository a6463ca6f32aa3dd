"""Requests for badges and their answers (OpenID4VP 1.0, DCQL): who asks, and where it goes."""

import json
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from credentials.exchange import oid4vp
from credentials.exchange.dcql import BADGE_TYPE, Claim, CredentialQuery, read_query, write_query
from credentials.exchange.oid4vci import ExchangeError
from credentials.formats.jose import read_jws, sign_jws
from keys.did import did_key
from keys.material import PrivateKey

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
KEY, OTHER = (PrivateKey.from_seed("Ed25519", seed * 32) for seed in (b"a", b"b"))
DID = did_key(KEY.public)
METHOD = f"{DID}#{KEY.public.multibase}"
CLIENT = f"decentralized_identifier:{DID}"
NONCE = "n" * 22
QUERY = CredentialQuery(
    "badge", (Claim(("credentialSubject", "achievement", "achievementType"), ("MicroCredential",)),)
)


def request(**changes: Any) -> str:
    """Sign a request, with some claims changed (None leaves one out)."""
    text = oid4vp.request_object(
        KEY,
        did=DID,
        verification_method=METHOD,
        response_uri="https://issuer.example/present/1/answer",
        nonce=NONCE,
        state="s",
        queries=[QUERY],
        now=NOW,
    )
    if not changes:
        return text

    claims = {**read_jws(text).claims(), **changes}
    kept = {name: value for name, value in claims.items() if value is not None}
    return sign_jws({"typ": oid4vp.REQUEST_TYPE, "kid": METHOD}, kept, KEY)


def read(jwt: str, *, client_id: str = CLIENT, now: datetime = NOW) -> oid4vp.Request:
    return oid4vp.read_request(jwt, client_id=client_id, fetch=None, now=now)


def refused(code: str, *arguments: Any, **named: Any) -> None:
    with pytest.raises(ExchangeError) as error:
        read(*arguments, **named)
    assert error.value.code == code


# --- the request -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("request.client", {"client_id": "decentralized_identifier:did:key:z6Mk"}),
        ("request.malformed", {"aud": "https://other.example"}),
        ("request.unsupported", {"response_type": "code"}),
        ("request.unsupported", {"response_mode": "fragment"}),
        ("request.unsupported", {"transaction_data": ["x"]}),
        ("request.unsupported", {"redirect_uri": "https://issuer.example"}),
        ("address", {"response_uri": "http://issuer.example/answer"}),
        ("address", {"response_uri": "https://user@issuer.example/answer"}),
        ("request.malformed", {"nonce": "short"}),
        ("request.malformed", {"nonce": None}),
        ("request.time", {"exp": None}),
        ("request.time", {"exp": int((NOW - timedelta(seconds=1)).timestamp())}),
        ("request.time", {"iat": int((NOW + timedelta(hours=1)).timestamp())}),
        ("request.malformed", {"exp": True}),
        ("query.malformed", {"dcql_query": None}),
    ],
)
def test_a_request_that_is_not_whole_is_refused(code: str, changes: dict[str, Any]) -> None:
    refused(code, request(**changes))


def test_a_request_of_another_signer_is_refused() -> None:
    head, body, signature = request().split(".")
    forged = sign_jws({"typ": oid4vp.REQUEST_TYPE, "kid": METHOD}, {"client_id": CLIENT}, OTHER)
    for jwt in (
        forged,
        f"{head}.{body}.{forged.split('.')[2]}",
        f"{head}.{body[:-2]}AA.{signature}",
    ):
        with pytest.raises(ExchangeError):
            read(jwt)


@pytest.mark.parametrize("client", ["redirect_uri:https://issuer.example", "x509_san_dns:a", DID])
def test_who_asks_must_be_named_by_a_did(client: str) -> None:
    refused("request.client", request(client_id=client), client_id=client)


def test_another_type_of_token_is_no_request() -> None:
    jwt = sign_jws({"typ": "JWT", "kid": METHOD}, {"client_id": CLIENT}, KEY)
    refused("request.malformed", jwt)


def test_an_old_request_is_refused() -> None:
    refused("request.time", request(), now=NOW + timedelta(minutes=11))


def test_the_answer_to_a_did_web_goes_to_its_own_origin_only() -> None:
    with pytest.raises(ExchangeError) as error:
        oid4vp._check_origin("did:web:issuer.example", "https://evil.example/answer")
    assert error.value.code == "request.origin"
    oid4vp._check_origin("did:web:issuer.example", "https://issuer.example/answer")


def test_an_issuer_in_a_request_is_ignored_and_we_write_none() -> None:

    assert "iss" not in read_jws(request()).claims()
    assert read(request(iss="somebody")).did == DID


def test_a_sound_request_says_who_asks_and_for_what() -> None:
    found = read(request())
    assert (found.did, found.client_id, found.nonce) == (DID, CLIENT, NONCE)
    assert found.queries == (QUERY,)


@pytest.mark.parametrize(
    "link",
    [
        "",
        "openid4vp://?client_id=a",
        "openid4vp://?client_id=a&client_id=b&request_uri=https://x.example",
        "openid4vp://?client_id=a&request_uri=http://x.example",
        "openid4vp://?client_id=a&request=eyJ",
        "openid4vp://?client_id=a&request_uri=https://x.example&request_uri_method=put",
    ],
)
def test_a_link_that_leads_nowhere_safe_is_refused(link: str) -> None:
    with pytest.raises(ExchangeError):
        oid4vp.read_request_link(link)


def test_a_link_is_read_as_it_was_written() -> None:
    link = oid4vp.request_link(DID, "https://issuer.example/present/1")
    assert oid4vp.read_request_link(link) == oid4vp.RequestLink(
        CLIENT, "https://issuer.example/present/1"
    )


# --- the query ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"format": "dc+sd-jwt"},
        {"meta": {}},
        {"meta": {"type_values": [["https://example.org/Passport"]]}},
        {"id": "ü"},
        {"id": ""},
        {"claim_sets": [["a"]]},
        {"trusted_authorities": []},
        {"claims": [{"path": []}]},
        {"claims": [{"path": [-1]}]},
        {"claims": [{"path": [True]}]},
        {"claims": [{"path": ["a"], "values": [1.5]}]},
        {"claims": "all"},
    ],
)
def test_a_query_for_anything_else_is_refused_by_name(change: dict[str, Any]) -> None:
    document = deepcopy(write_query([QUERY]))
    document["credentials"][0] |= change
    with pytest.raises(ExchangeError) as error:
        read_query(document)
    assert error.value.code.startswith("query.")


def test_two_queries_of_one_name_and_sets_of_them_are_refused() -> None:
    document = write_query([QUERY])
    for wrong in (
        {"credentials": document["credentials"] * 2},
        {**document, "credential_sets": []},
        {"credentials": []},
        [],
    ):
        with pytest.raises(ExchangeError):
            read_query(wrong)


def test_words_about_a_badge_are_asked_for_beside_it() -> None:
    words = CredentialQuery("words", multiple=True, kind="endorsement", optional=True)
    document = write_query([QUERY, words])
    assert document["credential_sets"] == [
        {"options": [["badge"]]},
        {"options": [["words"]], "required": False},
    ]
    assert read_query(document) == (QUERY, words)
    assert read_query({**document, "credential_sets": document["credential_sets"][:1]}) == (QUERY,)
    needed = CredentialQuery("words", kind="endorsement")
    assert read_query(write_query([QUERY, needed])) == (QUERY, needed)


@pytest.mark.parametrize(
    ("sets", "code"),
    [
        ("badge", "query.malformed"),
        ([{"options": []}], "query.malformed"),
        ([{"options": [[]]}], "query.malformed"),
        ([{"options": [["nobody"]]}], "query.malformed"),
        ([{"options": [["badge"], ["words"]]}], "query.unsupported"),
    ],
)
def test_sets_that_cannot_be_answered_as_they_stand_are_refused(sets: Any, code: str) -> None:
    document = write_query([QUERY, CredentialQuery("words", kind="endorsement")])
    with pytest.raises(ExchangeError) as error:
        read_query({**document, "credential_sets": sets})
    assert error.value.code == code


@pytest.mark.parametrize(
    ("token", "taken"),
    [
        ({"badge": [{}]}, True),
        ({"badge": [{}], "words": [{}, {}]}, True),
        ({"words": [{}]}, False),  # the badge is missing
        ({"badge": [{}], "words": []}, False),
        ({"badge": [{}, {}]}, False),
        ({"badge": [{}], "other": [{}]}, False),
        ({"badge": [{}], "words": [7]}, False),
        ({"badge": [{}], "words": [{}] * 21}, False),
    ],
)
def test_an_answer_holds_what_was_asked_for_and_no_more(token: Any, taken: bool) -> None:
    words = CredentialQuery("words", multiple=True, kind="endorsement", optional=True)
    form = {"vp_token": json.dumps(token)}
    if taken:
        assert set(oid4vp.read_answers(form, [QUERY, words])) == set(token)
        return
    with pytest.raises(ExchangeError):
        oid4vp.read_answers(form, [QUERY, words])


@pytest.mark.parametrize(
    ("path", "values", "fits"),
    [
        (("type", None), ("OpenBadgeCredential",), True),
        (("type", 0), ("OpenBadgeCredential",), False),
        (("type", 9), (), False),
        (("level",), (1,), False),  # the badge says true, which is no number
        (("level",), (True,), True),
        (("name",), (), True),
        (("nobody",), (), False),
        (("name", "deeper"), (), False),
    ],
)
def test_a_badge_fits_by_the_values_at_a_path(
    path: tuple[Any, ...], values: tuple[Any, ...], fits: bool
) -> None:
    badge = {"type": ["A", "OpenBadgeCredential"], "name": "x", "level": True}
    assert CredentialQuery("badge", (Claim(path, values),)).fits(badge) is fits
    assert BADGE_TYPE in json.dumps(write_query([QUERY]))


# --- the answer --------------------------------------------------------------------------------


def test_an_answer_holds_the_very_texts() -> None:
    text = '{"b":1,\n "a":"é"}'
    form = oid4vp.response_form({"badge": text}, state="s")
    assert text in form["vp_token"]
    found = oid4vp.read_response(form, query_ids=["badge"])
    assert json.loads(found["badge"]) == {"b": 1, "a": "é"}


@pytest.mark.parametrize(
    "token",
    [
        "",
        "[]",
        "{}",
        '{"badge": {}}',
        '{"badge": []}',
        '{"badge": [{}, {}]}',
        '{"badge": [1]}',
        '{"other": [{}]}',
        '{"badge": [{}], "more": [{}]}',
        '{"badge": [{}], "badge": [{}]}',
    ],
)
def test_an_answer_to_another_question_is_refused(token: str) -> None:
    with pytest.raises(ExchangeError):
        oid4vp.read_response({"vp_token": token}, query_ids=["badge"])


def test_a_wallet_may_decline() -> None:
    with pytest.raises(ExchangeError) as error:
        oid4vp.read_response(oid4vp.error_form("access_denied", state="s"), query_ids=["badge"])
    assert error.value.code == "access_denied"


@pytest.mark.parametrize(
    "answer",
    [
        b"[]",
        b"not json",
        b'{"redirect_uri": "https://evil.example/x"}',
        b'{"redirect_uri": "javascript:alert(1)"}',
        b'{"redirect_uri": 1}',
    ],
)
def test_the_browser_is_sent_nowhere_else(answer: bytes) -> None:
    with pytest.raises(ExchangeError):
        oid4vp.read_direct_post_answer(answer, read(request()))


def test_the_browser_goes_back_to_who_asked() -> None:
    address = "https://issuer.example/present/1/done?code=x#here"
    written = json.dumps(oid4vp.direct_post_answer(address))
    assert oid4vp.read_direct_post_answer(written, read(request())) == address
    assert oid4vp.read_direct_post_answer("{}", read(request())) == ""
