"""Our tokens, beside jwcrypto and openvc-core: what one signs, the other verifies."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import openvc
import pytest
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS
from openvc.keys import Ed25519SigningKey, P256SigningKey
from openvc.proof.sd_jwt import SdJwtVcProofSuite
from openvc.proof.vc_jwt import VcJwtProofSuite
from parties import NOW, Party

from credentials.exchange.oid4vci import check_key_proof, key_proof
from credentials.formats.open_badges_jwt import read_badge, sign_badge
from credentials.formats.sd_jwt import present
from credentials.formats.sd_jwt_vc import issue_sd_jwt_vc, verify_sd_jwt_vc
from credentials.formats.vc_jwt import sign_credential
from credentials.report import ProofError
from keys.did import did_key
from keys.material import KeyKind, PrivateKey, PublicKey

ISSUER = "https://issuer.example"


@pytest.mark.parametrize("kind", ["Ed25519", "P-256"])
def test_jwcrypto_verifies_our_key_proof(kind: KeyKind) -> None:
    key = PrivateKey.generate(kind)
    proof = key_proof(key, holder=did_key(key.public), audience=ISSUER, nonce="n" * 22, now=NOW)
    token = JWS()
    token.deserialize(proof, JWK(**key.public.jwk))
    assert json.loads(token.payload)["aud"] == ISSUER


@pytest.mark.parametrize(("kind", "algorithm"), [("Ed25519", "EdDSA"), ("P-256", "ES256")])
def test_we_verify_a_key_proof_of_jwcrypto(kind: KeyKind, algorithm: str) -> None:
    key = PrivateKey.generate(kind)
    claims = {"aud": ISSUER, "iat": int(NOW.timestamp()), "nonce": "n" * 22}
    token = JWS(json.dumps(claims))
    header = {"alg": algorithm, "typ": "openid4vci-proof+jwt", "jwk": key.public.jwk}
    token.add_signature(JWK(**key.to_jwk()), protected=json.dumps(header))
    proven = check_key_proof(token.serialize(compact=True), audience=ISSUER, now=NOW)
    assert proven.public == key.public


@pytest.mark.parametrize("kind", ["Ed25519", "P-256"])
def test_jwcrypto_reads_our_keys(kind: KeyKind) -> None:
    key = PrivateKey.generate(kind)
    theirs = JWK(**key.to_jwk())
    assert PublicKey.from_jwk(json.loads(theirs.export_public())) == key.public


# --- openvc-core ---------------------------------------------------------------------------------

ISSUING, HOLDING = Party("Issuer"), Party("Holder", kind="P-256")
AUDIENCE, CHALLENGE = "https://verifier.example", "n" * 22
SHOWN_TO: dict[str, Any] = {"audience": AUDIENCE, "nonce": CHALLENGE}


def openvc_reads(text: str, **expected: Any) -> Any:
    return SdJwtVcProofSuite().verify(text, public_key_jwk=ISSUING.key.public.jwk, **expected)


def older_badge(issued: datetime) -> dict[str, Any]:
    badge = ISSUING.unsigned_badge(HOLDING.did, awarded=issued)
    del badge["credentialSchema"], badge["awardedDate"]
    badge["issuanceDate"] = badge.pop("validFrom")
    context = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json"
    return {**badge, "@context": ["https://www.w3.org/2018/credentials/v1", context]}


@pytest.mark.peer
def test_openvc_verifies_our_badge_as_jwt() -> None:
    """It reads the claim vc only, so the older shape: later ones are read as SD-JWT below."""
    badge = older_badge(NOW - timedelta(days=900))
    token = sign_badge(badge, ISSUING.key, kid=ISSUING.method)
    suite = VcJwtProofSuite()
    found = suite.verify(token, public_key_jwk=ISSUING.key.public.jwk)
    assert (found.credential, found.issuer) == (badge, ISSUING.did)
    with pytest.raises(openvc.OpenvcError):
        suite.verify(token, public_key_jwk=Party("Other").key.public.jwk)


@pytest.mark.peer
def test_we_verify_a_badge_as_jwt_of_openvc() -> None:
    key = Ed25519SigningKey.from_jwk(ISSUING.key.to_jwk(), ISSUING.method)
    for second in range(60):  # the peer writes its own clock into nbf, which must be the badge's
        now = datetime.now(UTC)
        badge = older_badge(now + timedelta(seconds=second % 3))
        token = VcJwtProofSuite().sign(badge, signing_key=key)
        with suppress(ProofError):
            read_badge(token).verify(fetch=None, now=now)
            return
    raise AssertionError("no badge of the peer was read")


@pytest.mark.peer
def test_openvc_verifies_our_badge_as_sd_jwt_with_its_key_binding() -> None:
    now = datetime.now(UTC)
    badge = ISSUING.unsigned_badge(HOLDING.did, awarded=now - timedelta(days=1))
    hidden = [("awardedDate",), ("description",)]
    token = sign_credential(
        badge,
        ISSUING.key,
        kid=ISSUING.method,
        issued=now,
        hidden=hidden,
        holder=HOLDING.key.public,
    )
    shown = present(token, [("awardedDate",)], HOLDING.key, now=now, **SHOWN_TO)
    found = openvc_reads(shown, require_key_binding=True, **SHOWN_TO)
    assert found.key_bound
    assert "awardedDate" in found.claims
    assert "description" not in found.claims
    with pytest.raises(openvc.OpenvcError):
        openvc_reads(shown, require_key_binding=True, audience=AUDIENCE, nonce="another")
    bare = present(token, [("awardedDate",)])
    with pytest.raises(openvc.OpenvcError):
        openvc_reads(f"{bare}{shown.rpartition('~')[2][:-4]}AAAA", **SHOWN_TO)


@pytest.mark.peer
def test_openvc_and_we_read_each_others_sd_jwt_vc() -> None:
    now, vct = datetime.now(UTC), "https://credentials.example/cleaning"
    ours = issue_sd_jwt_vc(
        {"name": "Ana", "levels": ["a", "b"]},
        [("name",), ("levels", 0)],
        ISSUING.key,
        vct=vct,
        issuer=ISSUING.did,
        kid=ISSUING.method,
        issued=now,
        holder=HOLDING.key.public,
        decoys=2,
    )
    shown = present(ours, [("levels", 0)], HOLDING.key, now=now, **SHOWN_TO)
    found = openvc_reads(shown, require_key_binding=True, expected_vct=vct, **SHOWN_TO)
    assert found.claims["levels"] == ["a", "b"]
    assert "name" not in found.claims

    suite = SdJwtVcProofSuite()
    theirs = suite.issue(
        {"iss": ISSUING.did, "name": "Ana"},
        signing_key=Ed25519SigningKey.from_jwk(ISSUING.key.to_jwk(), ISSUING.method),
        disclosable=["name"],
        holder_jwk=HOLDING.key.public.jwk,
        vct=vct,
        decoys=2,
    )
    holder = P256SigningKey.from_jwk(HOLDING.key.to_jwk(), HOLDING.method)
    shown = suite.create_presentation(theirs, holder_key=holder, **SHOWN_TO)
    verified = verify_sd_jwt_vc(shown, fetch=None, now=now, **SHOWN_TO)
    assert verified.claims["name"] == "Ana"
    assert verified.holder == HOLDING.key.public
    with pytest.raises(ProofError):
        verify_sd_jwt_vc(shown, audience=AUDIENCE, nonce="another", fetch=None, now=now)
