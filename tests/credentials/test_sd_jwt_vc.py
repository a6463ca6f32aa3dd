"""SD-JWT VC: claims of a named type, with a key binding."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS
from parties import NOW, VERIFIER, Party
from tokens import Site, forge, judge, reforge

from credentials.formats.sd_jwt import issue, present
from credentials.formats.sd_jwt_vc import issue_sd_jwt_vc, verify_sd_jwt_vc
from credentials.report import CannotCheck, CheckFailed, CredentialError, Headline, ProofError
from keys.material import PrivateKey

ISSUER = Party("Issuer")
HOLDER = PrivateKey.generate("P-256")
VCT = "https://credentials.example/cleaning"
NONCE = "n" * 22
CLAIMS = {"given_name": "Ana", "level": "expert"}
STATUS = {"status_list": {"idx": 3, "uri": "https://issuer.example/status/1"}}


def token(**changes: Any) -> str:
    values: dict[str, Any] = {
        "vct": VCT,
        "issuer": ISSUER.did,
        "kid": ISSUER.method,
        "issued": NOW,
        "holder": HOLDER.public,
        **changes,
    }
    return issue_sd_jwt_vc(CLAIMS, [("given_name",), ("level",)], ISSUER.key, **values)


def shown(text: str, key: PrivateKey = HOLDER, **changes: Any) -> str:
    values = {"audience": VERIFIER, "nonce": NONCE, "now": NOW, **changes}
    return present(text, [("level",)], key, **values)


def verify(text: str, *, now: datetime = NOW, fetch: Any = None) -> Any:
    return verify_sd_jwt_vc(text, audience=VERIFIER, nonce=NONCE, fetch=fetch, now=now)


def resealed(header: dict[str, Any] | None = None, **claims: Any) -> str:
    head, tail = token().split("~", 1)
    return shown(f"{reforge(head, ISSUER.key, header, **claims)}~{tail}")


def test_shown_claims_come_with_their_holder() -> None:
    verified = verify(shown(token(expires=NOW + timedelta(days=1))))
    assert (verified.vct, verified.issuer, verified.holder) == (VCT, ISSUER.did, HOLDER.public)
    assert verified.claims["level"] == "expert"
    assert "given_name" not in verified.claims
    assert not verified.status.has_status


def test_status_that_cannot_be_looked_up_is_never_taken_for_good() -> None:
    with pytest.raises(CannotCheck):
        verify(shown(token(status=STATUS)))
    with pytest.raises(CannotCheck):
        verify(shown(token(status={"other": {}})))


def test_without_an_audience_nobody_is_its_holder() -> None:
    verified = verify_sd_jwt_vc(token(), fetch=None, now=NOW)
    assert verified.holder is None
    assert verified.claims["given_name"] == "Ana"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (token(), "proof.missing"),
        (shown(token(), PrivateKey.generate("P-256")), "proof.signature"),
        (shown(token(), nonce="other"), "proof.challenge"),
        (shown(token(), audience="https://other.example"), "proof.domain"),
        (resealed({"typ": "JWT"}), "format.unsupported"),
        (resealed({"typ": "kb+jwt"}), "format.unsupported"),
        (resealed({"typ": None}), "format.unsupported"),
        (resealed({"kid": "other"}), "proof.method"),
        (resealed(vct=None), "proof.malformed"),
        (resealed(vct=7), "proof.malformed"),
        (resealed(iss=None), "proof.malformed"),
        (resealed(iss=Party("Other").did), "proof.other-signer"),
        (resealed(status="revoked?"), "proof.malformed"),
        (resealed(cnf=None), "proof.method"),
        (resealed(exp="tomorrow"), "proof.malformed"),
        (resealed(**{"@context": ["https://www.w3.org/ns/credentials/v2"]}), "format.unsupported"),
        (shown(token(expires=NOW - timedelta(hours=1))), "dates.expired"),
        (resealed(nbf=int(NOW.timestamp()) + 3_600), "dates.not-yet"),
        (resealed(iat=int(NOW.timestamp()) + 3_600), "dates.not-yet"),
    ],
)
def test_token_that_does_not_hold_is_refused(text: str, code: str) -> None:
    with pytest.raises(CheckFailed) as caught:
        verify(text)
    assert caught.value.code == code


def test_older_type_is_taken_during_the_transition() -> None:
    assert verify(resealed({"typ": "vc+sd-jwt"})).vct == VCT


@pytest.mark.parametrize("name", ["iss", "exp", "nbf", "cnf", "vct", "status"])
def test_claim_that_a_check_reads_cannot_be_hidden(name: str) -> None:
    claims: dict[str, Any] = {
        "iss": ISSUER.did,
        "vct": VCT,
        "exp": int(NOW.timestamp()) + 60,
        "nbf": int(NOW.timestamp()) - 60,
        "cnf": {"jwk": HOLDER.public.jwk},
        "status": STATUS,
    }
    with pytest.raises(CredentialError, match="never hidden"):
        issue_sd_jwt_vc(
            CLAIMS, [(name,)], ISSUER.key, vct=VCT, issuer=ISSUER.did, kid="k", issued=NOW
        )
    header = {"typ": "dc+sd-jwt", "kid": ISSUER.method}
    text = issue({**claims, **CLAIMS}, [(name,), ("level",)], ISSUER.key, header=header)
    for form in (text, present(text, [(name,)])):
        with pytest.raises(ProofError, match="may not be hidden"):
            verify_sd_jwt_vc(form, fetch=None, now=NOW)


def test_part_of_a_status_cannot_be_hidden() -> None:
    payload = {"iss": ISSUER.did, "vct": VCT, "status": STATUS, **CLAIMS}
    header = {"typ": "dc+sd-jwt", "kid": ISSUER.method}
    text = issue(payload, [("status", "status_list")], ISSUER.key, header=header)
    for form in (text, present(text, [])):
        with pytest.raises(ProofError, match="may not be hidden"):
            verify_sd_jwt_vc(form, fetch=None, now=NOW)


def test_claims_that_we_set_are_not_taken_from_the_caller() -> None:
    with pytest.raises(CredentialError, match="set here"):
        issue_sd_jwt_vc(
            {"iss": "x"}, [], ISSUER.key, vct=VCT, issuer=ISSUER.did, kid="k", issued=NOW
        )


def test_issuer_on_the_web_shows_its_keys_in_its_metadata() -> None:
    issuer = "https://issuer.example/tenant/1"
    text = shown(token(issuer=issuer, kid="key-1"))
    address = "https://issuer.example/.well-known/jwt-vc-issuer/tenant/1"
    metadata = {"issuer": issuer, "jwks": {"keys": [{**ISSUER.key.public.jwk, "kid": "key-1"}]}}
    assert verify(text, fetch=Site({address: metadata}).fetch).issuer == issuer
    foreign = {**metadata, "issuer": "https://issuer.example/tenant/2"}
    with pytest.raises(ProofError):
        verify(text, fetch=Site({address: foreign}).fetch)
    with pytest.raises(CannotCheck):
        verify(text, fetch=Site({address: None}).fetch)


def test_it_is_not_taken_for_a_badge() -> None:
    for form in (token(), shown(token()), resealed({"typ": "vc+sd-jwt"})):
        assert judge(form).headline is Headline.NOT_CHECKED


def test_jwcrypto_reads_the_token_within() -> None:
    theirs = JWS()
    theirs.deserialize(token().partition("~")[0], JWK(**ISSUER.key.public.jwk))
    assert theirs.jose_header["typ"] == "dc+sd-jwt"


def test_published_example_verifies(vectors: Path) -> None:
    folder = vectors / "sd-jwt/sd-jwt-vc/01"
    text = (folder / "sd_jwt_presentation.txt").read_text("utf-8").strip()
    binding = json.loads((folder / "kb_jwt_payload.json").read_text("utf-8"))
    now = datetime.fromtimestamp(binding["iat"], UTC)
    key = {
        "kty": "EC",
        "crv": "P-256",
        "kid": "doc-signer-05-25-2022",
        "x": "b28d4MwZMjw8-00CG4xfnn9SLMVMM19SlqZpVb_uNtQ",
        "y": "Xv5zWwuoaTgdS6hV43yI6gBwTnjukmFQQnJ_kCxzqk8",
    }
    metadata = {"issuer": "https://example.com/issuer", "jwks": {"keys": [key]}}
    site = Site({"https://example.com/.well-known/jwt-vc-issuer/issuer": metadata})
    options: dict[str, Any] = {"audience": binding["aud"], "fetch": site.fetch, "now": now}
    verified = verify_sd_jwt_vc(text, nonce="1234567890", **options)
    assert verified.vct == "https://credentials.example.com/identity_credential"
    expected = json.loads((folder / "verified_contents.json").read_text("utf-8"))
    assert dict(verified.claims) == expected
    with pytest.raises(ProofError):
        verify_sd_jwt_vc(text, nonce="1234567891", **options)
    rest = text.split("~", 1)[1]
    forged = forge({"alg": "EdDSA", "typ": "dc+sd-jwt"}, expected, PrivateKey.generate())
    with pytest.raises(ProofError):
        verify_sd_jwt_vc(f"{forged}~{rest}", nonce="1234567890", **options)
