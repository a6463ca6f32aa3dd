"""OpenID4VCI 1.0 messages: what hostile offers, issuers and wallets send, and the way through."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from credentials.exchange.oid4vci import (
    PRE_AUTHORIZED_CODE,
    Configuration,
    Deferred,
    Display,
    ExchangeError,
    Offer,
    OfferReference,
    TransactionCode,
    authorization_server_metadata,
    authorization_server_url,
    check_key_proof,
    credential_offer,
    credential_request,
    credential_response,
    deferred_request,
    deferred_response,
    issuer_metadata,
    issuer_metadata_url,
    key_proof,
    offer_uri,
    parse_offer,
    read_credential_request,
    read_credential_response,
    read_deferred_request,
    read_deferred_response,
    read_issuer_metadata,
    read_nonce_response,
    read_offer,
    read_token_endpoint,
    read_token_response,
    token_request,
)
from keys.did import did_jwk, did_key
from keys.material import PrivateKey, PublicKey
from keys.multibase import base64url_decode, base64url_encode

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ISSUER = "https://issuer.example"
KEY = PrivateKey.from_seed("Ed25519", b"h" * 32)
HOLDER = did_key(KEY.public)
VECTORS = Path(__file__).parents[3] / "shared" / "vectors" / "openid4" / "OpenID4VCI-1.0"

Change = Callable[[dict[str, Any], dict[str, Any]], None]


def proof(**changes: Any) -> str:
    values = {"holder": HOLDER, "audience": ISSUER, "nonce": "n-1", "now": NOW} | changes
    return key_proof(values.pop("signer", KEY), **values)


def forged(change: Change, *, key: PrivateKey = KEY) -> str:
    """Make a key proof that is signed well, and whose header or claims were changed before."""
    head, body, _ = proof().split(".")
    header, claims = json.loads(base64url_decode(head)), json.loads(base64url_decode(body))
    change(header, claims)
    signed = ".".join(base64url_encode(json.dumps(one).encode()) for one in (header, claims))
    return f"{signed}.{base64url_encode(key.sign(signed.encode()))}"


def check(jwt: str) -> Any:
    return check_key_proof(jwt, audience=ISSUER, now=NOW)


# --- key proofs: attacks ---------------------------------------------------------------------


def test_key_proof_for_another_issuer_is_refused() -> None:
    with pytest.raises(ExchangeError, match="another issuer"):
        check(proof(audience="https://issuer.example.evil.example"))


@pytest.mark.parametrize("name", ["crit", "b64", "jku", "x5u", "x5c"])
def test_headers_that_bring_their_own_trust_are_refused(name: str) -> None:
    with pytest.raises(ExchangeError, match=name):
        check(forged(lambda header, _: header.update({name: ["x"]})))


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS256", "eddsa", "", None, 7, ["EdDSA"]])
def test_other_algorithms_are_refused(algorithm: Any) -> None:
    with pytest.raises(ExchangeError, match="alg"):
        check(forged(lambda header, _: header.update(alg=algorithm)))


def test_algorithm_must_belong_to_the_key() -> None:
    with pytest.raises(ExchangeError, match="kind of the key"):
        check(forged(lambda header, _: header.update(alg="ES256")))


@pytest.mark.parametrize("typ", ["JWT", "vc+jwt", "at+jwt", None])
def test_other_kinds_of_token_are_refused(typ: Any) -> None:
    with pytest.raises(ExchangeError, match="typ"):
        check(forged(lambda header, _: header.update(typ=typ)))


def test_key_proof_signed_by_another_key_is_refused() -> None:
    with pytest.raises(ExchangeError, match="signature"):
        check(forged(lambda header, claims: None, key=PrivateKey.generate()))


def test_both_or_no_key_in_the_header_is_refused() -> None:
    with pytest.raises(ExchangeError, match="exactly one"):
        check(forged(lambda header, _: header.update(jwk=KEY.public.jwk)))
    with pytest.raises(ExchangeError, match="exactly one"):
        check(forged(lambda header, _: header.pop("kid")))


def test_private_key_in_the_header_is_refused() -> None:
    def show(header: dict[str, Any], _claims: dict[str, Any]) -> None:
        del header["kid"]
        header["jwk"] = KEY.to_jwk()

    with pytest.raises(ExchangeError, match="private"):
        check(forged(show))


@pytest.mark.parametrize(
    "kid",
    [
        "did:web:evil.example#key-1",
        HOLDER,
        "../../keys/issuer",
        "https://evil.example/jwks.json#1",
        f"{did_key(PrivateKey.from_seed('Ed25519', b'o' * 32).public)}#{HOLDER[8:]}",
        "did:key:z6Mk#z6Mk",
        "' OR 1=1 --#x",
        7,
        None,
    ],
)
def test_key_ids_that_lead_elsewhere_are_refused(kid: Any) -> None:
    with pytest.raises(ExchangeError) as refused:
        check(forged(lambda header, _: header.update(kid=kid)))
    assert refused.value.code == "invalid_proof"


@pytest.mark.parametrize(
    "issued",
    [
        int((NOW - timedelta(minutes=11)).timestamp()),
        int((NOW + timedelta(minutes=6)).timestamp()),
        "1764000000",
        True,
        None,
        1e300,
    ],
)
def test_old_future_or_wordy_times_are_refused(issued: Any) -> None:
    with pytest.raises(ExchangeError):
        check(forged(lambda _, claims: claims.update(iat=issued)))


def test_key_proof_without_nonce_is_refused() -> None:
    with pytest.raises(ExchangeError, match="nonce"):
        check(forged(lambda _, claims: claims.pop("nonce")))


def test_duplicate_members_in_a_header_are_refused() -> None:
    head = base64url_encode(b'{"typ":"x","typ":"openid4vci-proof+jwt","alg":"EdDSA"}')
    with pytest.raises(ExchangeError, match="typ"):
        check(head + "." + proof().split(".", 1)[1])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda jwt: jwt + "=",
        lambda jwt: jwt + ".x",
        lambda jwt: jwt.replace(".", ". ", 1),
        lambda jwt: jwt[:-4],
        lambda jwt: jwt[:-1] + ("B" if jwt[-1] == "A" else "A"),
        lambda jwt: "." + jwt.partition(".")[2],
        lambda jwt: "a" * 9000 + jwt,
        lambda _: "",
        lambda _: "..",
    ],
)
def test_other_spellings_of_a_key_proof_are_refused(spoil: Callable[[str], str]) -> None:
    with pytest.raises(ExchangeError) as refused:
        check(spoil(proof()))
    assert refused.value.code == "invalid_proof"


# --- key proofs: the way through -------------------------------------------------------------


@pytest.mark.parametrize("kind", ["Ed25519", "P-256"])
def test_key_proof_names_its_holder_and_nonce(kind: Any) -> None:
    key = PrivateKey.generate(kind)
    proven = check(proof(signer=key, holder=did_key(key.public)))
    assert (proven.holder, proven.public, proven.nonce) == (did_key(key.public), key.public, "n-1")


def test_key_given_as_jwk_becomes_a_did_key() -> None:
    def by_jwk(header: dict[str, Any], _claims: dict[str, Any]) -> None:
        del header["kid"]
        header["jwk"] = KEY.public.jwk

    assert check(forged(by_jwk)).holder == HOLDER


def test_did_jwk_is_taken_and_fully_specified_algorithm_names_too() -> None:
    did = did_jwk(KEY.public)

    def by_did(header: dict[str, Any], _claims: dict[str, Any]) -> None:
        header.update(kid=f"{did}#0", alg="Ed25519")

    assert check(forged(by_did)).holder == did


def test_published_example_proof_is_read_and_found_too_old() -> None:
    # OpenID4VCI 1.0, F.1: header and claims as printed there.
    text = (
        "eyJ0eXAiOiJvcGVuaWQ0dmNpLXByb29mK2p3dCIsImFsZyI6IkVTMjU2Iiwiandr"
        "Ijp7Imt0eSI6IkVDIiwiY3J2IjoiUC0yNTYiLCJ4IjoiblVXQW9BdjNYWml0aDhFN2kxOU9kYXhPTFlGT3dNLVoy"
        "RXVNMDJUaXJUNCIsInkiOiJIc2tIVThCalVpMVU5WHFpN1N3bWo4Z3dBS18weGtjRGpFV183MVNvc0VZIn19"
    )
    header = json.loads(base64url_decode(text))
    assert PublicKey.from_jwk(header["jwk"]).kind == "P-256"


# --- offers ----------------------------------------------------------------------------------


def an_offer(**changes: Any) -> dict[str, Any]:
    return (
        credential_offer(
            issuer=ISSUER, configuration_ids=["technical-cleaning-expert"], code="secret-code"
        )
        | changes
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"credential_issuer": "http://issuer.example"},
        {"credential_issuer": "https://user@issuer.example"},
        {"credential_issuer": "https://issuer.example?x=1"},
        {"credential_issuer": "javascript:alert(1)"},
        {"credential_issuer": None},
        {"credential_configuration_ids": []},
        {"credential_configuration_ids": ["a", "a"]},
        {"credential_configuration_ids": "technical-cleaning-expert"},
        {"grants": {}},
        {"grants": {"authorization_code": {}}},
        {"grants": {PRE_AUTHORIZED_CODE: {}}},
        {"grants": {PRE_AUTHORIZED_CODE: {"pre-authorized_code": 7}}},
        {"grants": {PRE_AUTHORIZED_CODE: {"pre-authorized_code": "x", "tx_code": {"length": 0}}}},
        {"grants": {PRE_AUTHORIZED_CODE: {"pre-authorized_code": "x", "tx_code": True}}},
    ],
)
def test_misshapen_offers_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ExchangeError):
        read_offer(an_offer(**changes))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "[]",
        "{",
        "openid-credential-offer://",
        "openid-credential-offer://?credential_offer_uri=ftp://issuer.example/1",
        "openid-credential-offer://?credential_offer_uri=http://10.0.0.1/1",
        "openid-credential-offer://?credential_offer=%7B%7D&credential_offer_uri=https://a.example",
        "openid-credential-offer://?credential_offer_uri=https://a.example"
        "&credential_offer_uri=https://b.example",
        "https://[::1",
        "https://issuer.example:99999/offers/1",
        "javascript:alert(1)",
    ],
)
def test_texts_that_are_no_offer_are_refused(text: str) -> None:
    with pytest.raises(ExchangeError):
        parse_offer(text)


def test_offer_by_value_and_by_reference_are_told_apart() -> None:
    expected = Offer(ISSUER, ("technical-cleaning-expert",), "secret-code")
    assert parse_offer(json.dumps(an_offer())) == expected
    address = f"{ISSUER}/offers/abc?lang=fr"
    assert parse_offer(offer_uri(address)) == OfferReference(address)
    assert parse_offer(offer_uri(address, wallet="https://wallet.example/receive")) == (
        OfferReference(address)
    )
    assert parse_offer(f"  {address}\n") == OfferReference(address)
    assert parse_offer("http://localhost:8001/offers/abc") == (
        OfferReference("http://localhost:8001/offers/abc")
    )


def test_transaction_code_survives_the_way_and_is_sent() -> None:
    asked = TransactionCode(length=6, description="On your letter")
    offer = read_offer(
        credential_offer(issuer=ISSUER, configuration_ids=["a"], code="c", tx_code=asked)
    )
    assert offer.tx_code == asked
    assert token_request(offer, tx_code="123456")["tx_code"] == "123456"
    assert "tx_code" not in token_request(read_offer(an_offer()))


def test_secrets_of_an_offer_stay_out_of_its_repr() -> None:
    assert "secret-code" not in repr(read_offer(an_offer()))


def test_published_offer_by_reference_is_read() -> None:
    path = VECTORS / "credential_offer_by_reference.json"
    if not path.exists():
        pytest.skip("shared vectors are not beside the repository")
    offer = read_offer(json.loads(path.read_text()))
    assert offer.pre_authorized_code
    assert offer.tx_code is not None


# --- metadata --------------------------------------------------------------------------------


def metadata(**changes: Any) -> str:
    document = issuer_metadata(
        issuer=ISSUER,
        display=[Display("Centre", "en"), Display("Le centre", "fr")],
        configurations={"a": [Display("Cleaning", "en", "I can clean", f"{ISSUER}/a.svg", "x")]},
        contexts=["https://www.w3.org/ns/credentials/v2"],
        types=["VerifiableCredential", "OpenBadgeCredential"],
        cryptosuites=["eddsa-rdfc-2022"],
    )
    return json.dumps(document | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"credential_issuer": "https://other.example"},
        {"credential_issuer": ISSUER + "/"},
        {"credential_endpoint": "https://evil.example/credential"},
        {"credential_endpoint": None},
        {"nonce_endpoint": "https://evil.example/nonce"},
        {"authorization_servers": ["https://evil.example"]},
        {"authorization_servers": []},
        {"credential_configurations_supported": []},
    ],
)
def test_metadata_of_another_issuer_or_with_foreign_endpoints_is_refused(
    changes: dict[str, Any],
) -> None:
    with pytest.raises(ExchangeError):
        read_issuer_metadata(metadata(**changes), expected=ISSUER)


def test_token_endpoint_of_another_origin_is_refused() -> None:
    document = authorization_server_metadata(issuer=ISSUER)
    assert read_token_endpoint(json.dumps(document), expected=ISSUER) == f"{ISSUER}/token"
    document["token_endpoint"] = "https://evil.example/token"
    with pytest.raises(ExchangeError, match="origin"):
        read_token_endpoint(json.dumps(document), expected=ISSUER)


def test_metadata_is_read_as_it_was_written() -> None:
    read = read_issuer_metadata(metadata(), expected=ISSUER)
    assert (read.credential_endpoint, read.nonce_endpoint) == (
        f"{ISSUER}/credential",
        f"{ISSUER}/nonce",
    )
    assert read.display[1] == Display("Le centre", "fr")
    configuration = read.configurations["a"]
    assert isinstance(configuration, Configuration)
    assert configuration.format == "ldp_vc"
    assert configuration.display_in("es").name == "Cleaning"
    assert "EdDSA" in configuration.proof_algorithms


def test_published_metadata_example_is_read() -> None:
    path = VECTORS / "credential_metadata_ldp_vc.json"
    if not path.exists():
        pytest.skip("shared vectors are not beside the repository")
    shown = json.loads(path.read_text())["credential_configurations_supported"]
    read = read_issuer_metadata(
        metadata(credential_configurations_supported=shown), expected=ISSUER
    )
    assert read.configurations["UniversityDegree_LDP_VC"].display[0].name == "University Credential"


def test_well_known_sits_between_host_and_path() -> None:
    assert issuer_metadata_url("https://a.example/tenant") == (
        "https://a.example/.well-known/openid-credential-issuer/tenant"
    )
    assert authorization_server_url("http://localhost:8001") == (
        "http://localhost:8001/.well-known/oauth-authorization-server"
    )


# --- requests and answers --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"credential_configuration_id": None}, "invalid_credential_request"),
        ({"credential_configuration_id": ["a"]}, "invalid_credential_request"),
        ({"credential_identifier": "x"}, "invalid_credential_request"),  # beside the other name
        ({"proofs": None}, "invalid_proof"),
        ({"proofs": {}}, "invalid_proof"),
        ({"proofs": {"jwt": []}}, "invalid_proof"),
        ({"proofs": {"jwt": ["a", "b"]}}, "invalid_proof"),
        ({"proofs": {"jwt": [7]}}, "invalid_proof"),
        ({"proofs": {"di_vp": [{}]}}, "invalid_proof"),
        ({"credential_response_encryption": {}}, "invalid_encryption_parameters"),
    ],
)
def test_misshapen_credential_requests_name_their_error(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(ExchangeError) as refused:
        read_credential_request(json.dumps(credential_request("a", "p") | changes))
    assert refused.value.code == code


@pytest.mark.parametrize("text", [b"", b"[]", b"null", b'{"a":1,"a":2}', b"\xff", b"{" * 99])
def test_unreadable_credential_requests_name_their_error(text: bytes) -> None:
    with pytest.raises(ExchangeError) as refused:
        read_credential_request(text)
    assert refused.value.code == "invalid_credential_request"


def test_signed_text_travels_byte_for_byte() -> None:
    signed = '{"id" : "urn:x", "name":"Ménage \\u00e9 – 1.0", "n": 1.50}'
    assert read_credential_response(credential_response(signed)) == (signed,)
    assert read_credential_response(credential_response(signed).encode()) == (signed,)


def test_answer_of_another_issuer_with_more_members_is_read() -> None:
    answer = {"notification_id": "n", "credentials": [{"x": 1, "credential": {"id": "é"}}]}
    assert read_credential_response(json.dumps(answer)) == ('{"id": "é"}',)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"credentials": []},
        {"credentials": [{}]},
        {"credentials": [{"credential": "eyJ"}]},
        {"credentials": ["x"]},
        {"transaction_id": "later"},
    ],
)
def test_answers_without_a_badge_are_refused(answer: dict[str, Any]) -> None:
    with pytest.raises(ExchangeError):
        read_credential_response(json.dumps(answer))


def test_tokens_and_nonces_must_be_texts() -> None:
    assert read_token_response('{"access_token":"t","token_type":"bearer"}') == "t"
    assert read_nonce_response('{"c_nonce":"n"}') == "n"
    with pytest.raises(ExchangeError):
        read_token_response('{"access_token":"t","token_type":"DPoP"}')
    with pytest.raises(ExchangeError):
        read_nonce_response('{"c_nonce":1}')


# --- deferred issuance --------------------------------------------------------------------------


def test_a_deferred_answer_is_read_as_it_was_written() -> None:
    told = Deferred("8xLOxBtZp8", timedelta(minutes=10))
    document = deferred_response(told)
    assert document == {"transaction_id": "8xLOxBtZp8", "interval": 600}
    assert read_deferred_response(json.dumps(document)) == told
    assert "8xLOxBtZp8" not in repr(told)
    request = deferred_request(told.transaction_id) | {"unknown": 1}
    assert read_deferred_request(json.dumps(request)) == told.transaction_id


@pytest.mark.parametrize(
    "answer",
    [
        "", "[]", "{}", '{"transaction_id": "x"}', '{"interval": 5}',
        '{"transaction_id": "x", "interval": 0}', '{"transaction_id": "x", "interval": "5"}',
        '{"transaction_id": "x", "interval": true}', '{"transaction_id": 5, "interval": 5}',
        '{"transaction_id": "", "interval": 5}',
        '{"transaction_id": "x", "interval": 5, "credentials": []}',
        '{"transaction_id": "x", "transaction_id": "y", "interval": 5}',
    ],
)  # fmt: skip
def test_a_deferred_answer_that_says_nothing_is_refused(answer: str) -> None:
    with pytest.raises(ExchangeError):
        read_deferred_response(answer)


def test_a_wallet_is_not_sent_away_for_years() -> None:
    answer = '{"transaction_id": "x", "interval": 1e300}'
    assert read_deferred_response(answer).interval == timedelta(days=7)


def test_a_deferred_endpoint_of_another_origin_gets_no_token() -> None:
    with pytest.raises(ExchangeError):
        read_issuer_metadata(
            metadata(deferred_credential_endpoint="https://evil.example/deferred"), expected=ISSUER
        )
