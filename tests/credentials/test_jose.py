"""Tokens are read in one way only, and verified with a key that is known from elsewhere."""

import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS
from tokens import forge

from credentials.formats.jose import ALGORITHMS, read_jws, sign_jws
from credentials.report import CredentialError, ProofError
from keys.errors import KeysError
from keys.material import KeyKind, PrivateKey, PublicKey
from keys.multibase import base64url_encode

ED = PrivateKey.generate()
P256 = PrivateKey.generate("P-256")
TOKEN = sign_jws({"typ": "JWT"}, {"sub": "somebody"}, ED)
HEADER = {"alg": "EdDSA"}

_NOT_TAKEN = {
    "oct": "a shared secret: whoever verifies could sign",
    "RS384": "no credential format of ours names it",
    "RS512": "no credential format of ours names it",
    "PS256": "no credential format of ours names it",
    "PS384": "no credential format of ours names it",
    "PS512": "no credential format of ours names it",
    "ES521": "the JWK names an algorithm that does not exist",
}
"""Valid tokens of Wycheproof that we refuse, by the key's type or alg, and why."""


def refused(text: str, public: PublicKey = ED.public) -> ProofError:
    with pytest.raises(ProofError) as caught:
        read_jws(text).verify(public)
    return caught.value


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "", None, ["EdDSA"], 1])
def test_unsigned_token_is_refused(algorithm: Any) -> None:
    forged = forge({"alg": algorithm}, {}, ED)
    assert refused(forged).code in ("proof.suite", "proof.malformed")
    assert refused(forged.rpartition(".")[0] + ".").code in ("proof.suite", "proof.malformed")


@pytest.mark.parametrize("size", [256, 384, 512])
def test_public_key_used_as_shared_secret_is_refused(size: int) -> None:
    header = base64url_encode(json.dumps({"alg": f"HS{size}"}).encode())
    signed = f"{header}.e30"
    tag = hmac.digest(ED.public.raw, signed.encode(), f"sha{size}")
    assert refused(f"{signed}.{base64url_encode(tag)}").code == "proof.suite"


@pytest.mark.parametrize("algorithm", sorted(set(ALGORITHMS) - {"EdDSA", "Ed25519"}))
def test_algorithm_of_another_kind_of_key_is_refused(algorithm: str) -> None:
    assert refused(forge({"alg": algorithm}, {}, ED)).code == "proof.suite"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("crit", ["exp"]),
        ("crit", []),
        ("b64", False),
        ("b64", True),
        ("zip", "DEF"),
        ("jku", "https://attacker.example/keys"),
        ("x5u", "https://attacker.example/certificate"),
        ("x5c", ["MIIB"]),
        ("kid", 7),
        ("kid", "k" * 2_001),
        ("typ", {"a": 1}),
    ],
)
def test_header_that_brings_trust_or_changes_meaning_is_refused(name: str, value: Any) -> None:
    assert refused(forge({**HEADER, name: value}, {}, ED)).code == "proof.malformed"


def test_key_in_the_header_is_not_believed() -> None:
    attacker = PrivateKey.generate()
    forged = forge({**HEADER, "jwk": attacker.public.jwk}, {}, attacker)
    assert refused(forged).code == "proof.other-signer"


def test_key_in_the_header_may_repeat_the_known_one_but_not_its_secret() -> None:
    read_jws(forge({**HEADER, "jwk": ED.public.jwk}, {}, ED)).verify(ED.public)
    assert refused(forge({**HEADER, "jwk": ED.to_jwk()}, {}, ED)).code == "proof.malformed"
    assert refused(forge({**HEADER, "jwk": "x"}, {}, ED)).code == "proof.malformed"


_HEAD, _BODY, _SIGNATURE = TOKEN.split(".")


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        f"{_HEAD}.{_BODY}",
        f"{TOKEN}.",
        f"{TOKEN}.{_SIGNATURE}",
        f"{TOKEN}.e30.e30",
        f"{TOKEN}=",
        f"{TOKEN}\n",
        f" {TOKEN}",
        f"{_HEAD}==.{_BODY}.{_SIGNATURE}",
        f"{_HEAD}.{_BODY}.{_SIGNATURE[:-1]}",
        f"{_HEAD}.{_BODY}.{_SIGNATURE}AAAA",
        f"{_HEAD}.{_BODY}.",
        f"{_HEAD}.{_BODY}.{_SIGNATURE.replace(_SIGNATURE[5], '+')}",
        f"{_HEAD}.{_BODY}.\u0661{_SIGNATURE[1:]}",
        TOKEN.replace(".", "\u3002"),
    ],
)
def test_other_writing_of_a_token_is_refused(text: str) -> None:
    assert refused(text).code in ("parse.malformed", "proof.malformed", "proof.signature")


@pytest.mark.parametrize(
    "header",
    [
        b'{"alg":"EdDSA","alg":"none"}',
        b'{"alg":"none","alg":"EdDSA"}',
        b'{"alg":"EdDSA",}',
        b'["EdDSA"]',
        b'"EdDSA"',
        b"\xef\xbb\xbf" + b'{"alg":"EdDSA"}',
        b'{"alg":"EdDSA","x":"\xff"}',
        b'{"alg":"EdDSA","x":"' + b"x" * 9_000 + b'"}',
        b'{"alg":"EdDSA","x":' + b"[" * 9 + b"]" * 9 + b"}",
    ],
)
def test_header_that_two_readers_take_differently_is_refused(header: bytes) -> None:
    assert refused(forge(header, {}, ED)).code == "parse.malformed"


@pytest.mark.parametrize("payload", [b"[]", b'"x"', b"null", b"", b'{"a":1,"a":2}', b"{'a':1}"])
def test_claims_that_are_no_strict_object_are_refused(payload: bytes) -> None:
    token = read_jws(forge(HEADER, payload, ED))
    with pytest.raises(ProofError, match="claims"):
        token.claims()


def test_no_character_of_a_token_can_be_changed() -> None:
    for position, character in enumerate(TOKEN):
        other = "B" if character != "B" else "C"
        refused(TOKEN[:position] + other + TOKEN[position + 1 :])


def test_too_long_token_is_refused_before_it_is_read() -> None:
    assert "characters" in refused("A" * 1_400_001).detail


def test_signature_in_der_is_refused() -> None:
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    head, body, signature = sign_jws({}, {}, P256).split(".")
    raw = P256.sign(f"{head}.{body}".encode())
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    assert refused(f"{head}.{body}.{base64url_encode(der)}", P256.public).code == "proof.signature"
    read_jws(f"{head}.{body}.{signature}").verify(P256.public)


def test_claims_that_a_strict_reader_refuses_are_not_signed() -> None:
    for value in (float("nan"), 2**60, "\ud800", "a\x00b"):
        with pytest.raises(CredentialError):
            sign_jws({}, {"x": value}, ED)


@pytest.mark.parametrize("kind", ["Ed25519", "P-256", "P-384", "P-521"])
def test_jwcrypto_and_we_verify_each_others_tokens(kind: KeyKind) -> None:
    key = PrivateKey.generate(kind)
    theirs = JWK(**key.to_jwk())
    token = JWS()
    token.deserialize(sign_jws({"typ": "JWT"}, {"a": "ü"}, key), theirs)
    assert json.loads(token.payload) == {"a": "ü"}
    token = JWS(b'{"a":1}')
    header = {"alg": next(name for name, needs in ALGORITHMS.items() if needs == kind)}
    token.add_signature(theirs, protected=json.dumps(header))
    ours = read_jws(token.serialize(compact=True))
    ours.verify(key.public)
    assert ours.claims() == {"a": 1}


def _wycheproof(vectors: Path) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    text = (vectors / "wycheproof/json_web_signature_test.json").read_text("utf-8")
    groups = json.loads(text)["testGroups"]
    return [
        (group.get("public") or group["private"], test)
        for group in groups
        for test in group["tests"]
    ]


def test_every_wycheproof_token_ends_as_expected(vectors: Path) -> None:
    tests = _wycheproof(vectors)
    assert len(tests) == 401
    wrong = []
    for jwk, test in tests:
        found = _accepts(lambda jwk=jwk, test=test: _verify(jwk, test))
        known = found == "invalid" and {jwk["kty"], jwk.get("alg")} & set(_NOT_TAKEN)
        if found != test["result"] and not known:
            wrong.append((test["tcId"], test["comment"], found))
    assert wrong == []


def _verify(jwk: dict[str, Any], test: dict[str, Any]) -> None:
    read_jws(test["jws"]).verify(PublicKey.from_jwk(jwk))


def _accepts(verify: Callable[[], None]) -> str:
    try:
        verify()
    except (ProofError, KeysError):
        return "invalid"
    return "valid"
