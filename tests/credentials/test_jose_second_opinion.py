"""Our key proofs, beside jwcrypto: what one signs, the other verifies."""

import json

import pytest
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS
from parties import NOW

from credentials.exchange.oid4vci import check_key_proof, key_proof
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
