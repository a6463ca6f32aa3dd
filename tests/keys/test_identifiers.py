"""Identifiers that look right and lead elsewhere, and keys under which anything is signed."""

import base64
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parties import NOW

from keys.did import did_web, did_web_url, resolvers
from keys.errors import DidError, InvalidSignature, KeysError, MalformedKey
from keys.fetching import HttpRequest, HttpResponse
from keys.material import PrivateKey, PublicKey
from keys.multibase import base58_decode, base58_encode, base64url_encode, multibase_encode
from keys.resolution import resolve


@pytest.mark.parametrize(
    "raw",
    [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    ],
)
def test_key_of_small_order_or_second_spelling_is_refused(raw: str) -> None:
    with pytest.raises(MalformedKey, match=r"small order|canonical"):
        PublicKey("Ed25519", bytes.fromhex(raw))


def test_der_signature_is_refused() -> None:
    key = PrivateKey.generate("P-256")
    r, s = key.sign(b"x")[:32], key.sign(b"x")[32:]
    der = b"\x30\x44\x02\x20" + r + b"\x02\x20" + s
    with pytest.raises(InvalidSignature, match="64 bytes"):
        key.public.verify(b"x", der)


@pytest.mark.parametrize(
    "changes",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "ES256"},
        {"alg": ["EdDSA"]},
        {"use": "enc"},
        {"key_ops": ["sign"]},
        {"key_ops": 7},
        {"x": "A" * 44},
        {"x": base64.urlsafe_b64encode(b"\1" * 32).decode()},
        {"crv": "P-256"},
        {"crv": ["Ed25519"]},
        {"kty": None},
        {"d": ""},
    ],
)
def test_jwk_that_contradicts_itself_is_refused(changes: dict[str, Any]) -> None:
    jwk = {**PrivateKey.generate().public.jwk, **changes}
    with pytest.raises(MalformedKey):
        PublicKey.from_jwk(jwk)


def test_private_jwk_with_the_public_part_of_another_is_refused() -> None:
    mixed = {**PrivateKey.generate().to_jwk(), "x": PrivateKey.generate().public.jwk["x"]}
    with pytest.raises(MalformedKey, match="belong together"):
        PrivateKey.from_jwk(mixed)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\xed\x01" + b"\1" * 31, "invalidPublicKeyLength"),
        (b"\xed\x01" + b"\1" * 33, "invalidPublicKeyLength"),
        (b"\xec\x01" + b"\1" * 32, "unsupportedPublicKeyType"),
        (b"\x81\x24" + b"\2" * 48, "invalidPublicKeyLength"),
        (b"\x81\x24" + b"\xff" * 49, "invalidPublicKey"),
        (b"\xe7\x01" + b"\2" * 33, "unsupportedPublicKeyType"),
        (b"\x80\x26" + b"\1" * 32, "unsupportedPublicKeyType"),
        (b"\x80\x24\x04" + b"\1" * 32, "invalidPublicKey"),
        (b"\x80\x24\x02" + b"\xff" * 32, "invalidPublicKey"),
        (b"", "unsupportedPublicKeyType"),
    ],
)
def test_did_key_that_is_no_key_is_refused_by_code(data: bytes, code: str) -> None:
    with pytest.raises(DidError) as refused:
        resolve(f"did:key:{multibase_encode(data)}", fetch=None, now=NOW)
    assert refused.value.code == code


@pytest.mark.parametrize("base", ["u", "m", "f", "Z", "1", "9"])
def test_did_key_in_another_base_is_refused(base: str) -> None:
    raw = b"\xed\x01" + PrivateKey.generate().public.raw
    for text in (base58_encode(raw), base64url_encode(raw), raw.hex()):
        with pytest.raises(DidError):
            resolve(f"did:key:{base}{text}", fetch=None, now=NOW)


@pytest.mark.parametrize(
    "jwk",
    [
        '{"kty":"OKP","crv":"Ed25519","x":"A","x":"A"}',
        '{"kty":"RSA","n":"AQAB","e":"AQAB"}',
        "[]",
        "7",
        "not json",
        json.dumps({**PrivateKey.generate().to_jwk()}),
        json.dumps({**PrivateKey.generate().public.jwk, "pad": "x" * 3_000}),
    ],
)
def test_did_jwk_that_holds_no_single_public_key_is_refused(jwk: str) -> None:
    with pytest.raises(DidError):
        resolve(f"did:jwk:{base64url_encode(jwk.encode())}", fetch=None, now=NOW)


@pytest.mark.parametrize(
    "did",
    [
        "did:web:127.1",
        "did:web:0177.0.0.1",
        "did:web:0x7f.1",
        "did:web:1.2.3.4%3A80",
        "did:web:169.254.169.254",
        "did:web:a.0x1",
        "did:web:localhost%3A8001%3A80",
        "did:web:localhost%253A8001",
        "did:web:issuer.example%3A",
        "did:web:issuer.example%3A0",
        "did:web:issuer.example%3A080",
        "did:web:issuer.example%00",
        "did:web:issuer.example%23",
        "did:web:issuer.example%3Fx",
        "did:web:issuer.example.",
        "did:web:-issuer.example",
        "did:web:issuer-.example",
        "did:web:issuer..example",
        "did:web:issuer.example:%2e%2e",
        "did:web:issuer.example:a%2Fb",
        "did:web:issuer.example:.well-known",
        "did:web:issuer.example:",
        "did:web:" + "a" * 64 + ".example",
        "did:web:" + "a." * 130 + "example",
        "did:web:issuer.example?service=x",
        "did:web:issuer.example/path",
        "did:web:issuer.example#a#b",
        "did:web:issuer.example#a b",
        " did:web:issuer.example",
        "did:web:issuer.example\n",
        "DID:web:issuer.example",
        "did:WEB:issuer.example",
    ],
)
def test_did_web_that_plays_games_is_refused_without_a_fetch(did: str) -> None:
    with pytest.raises(DidError):
        resolve(did, fetch=lambda request: pytest.fail(f"fetched {request.url}"), now=NOW)


@pytest.mark.parametrize(
    ("did", "url"),
    [
        ("did:web:cafe.de", "https://cafe.de/.well-known/did.json"),
        ("did:web:xn--caf-dma.example", "https://xn--caf-dma.example/.well-known/did.json"),
        ("did:web:issuer.example%3A8443:a", "https://issuer.example:8443/a/did.json"),
        ("did:web:127.0.0.1%3A9", "http://127.0.0.1:9/.well-known/did.json"),
        ("did:web:localhost.example", "https://localhost.example/.well-known/did.json"),
    ],
)
def test_did_web_leads_to_its_one_address(did: str, url: str) -> None:
    assert did_web_url(did) == url


def test_did_web_is_made_from_origin_or_host() -> None:
    assert did_web("issuer.example") == "did:web:issuer.example"
    assert did_web("localhost:8001", "people", "7") == "did:web:localhost%3A8001:people:7"
    assert did_web("https://Issuer.example:8443/") == "did:web:issuer.example%3A8443"


@pytest.mark.parametrize(
    "origin",
    [
        "http://issuer.example",
        "https://localhost:8001",
        "ftp://issuer.example",
        "https://user@issuer.example",
        "https://issuer.example/path",
        "https://issuer.example?x",
        "https://issuer.example#x",
        "https://issuer.example:99999",
        "https://issuer.example:port",
        "https://[::1]",
        "https://",
        "",
    ],
)
def test_origin_that_did_web_would_not_lead_back_to_is_refused(origin: str) -> None:
    with pytest.raises(DidError):
        did_web(origin)


@pytest.mark.parametrize(
    "body",
    [
        b"<!doctype html>",
        b"[]",
        b'{"id": "did:web:a.example", "id": "did:web:b.example"}',
        b'{"id": "did:web:A.example"}',
        b'{"id": "did:web:a.example#"}',
        b'{"id": ["did:web:a.example"]}',
        b"\xff",
        b'{"id": "did:web:a.example", "x": "' + b"x" * 300_000 + b'"}',
    ],
)
def test_answer_that_is_not_the_document_of_this_did_is_refused(body: bytes) -> None:
    def fetch(request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, {}, body, request.url)

    with pytest.raises(DidError) as refused:
        resolve("did:web:a.example", fetch=fetch, now=NOW)
    assert refused.value.code == "invalidDidDocument"


LOGGED = f"did:webvh:{'1' * 46}:"


@given(st.text(max_size=60))
def test_no_text_breaks_the_resolver(text: str) -> None:
    begun = ("", "did:", "did:key:", "did:jwk:", "did:web:", "did:web:a.example?", LOGGED)
    for did in (start + text for start in begun):
        try:
            document = resolve(did, fetch=_nowhere, now=NOW).document
        except KeysError:
            continue
        assert document["id"] == did.partition("#")[0]


def _nowhere(request: HttpRequest) -> HttpResponse:
    return HttpResponse(404, {}, b"", request.url)


def test_methods_are_found_by_their_files() -> None:
    assert set(resolvers()) == {"jwk", "key", "web", "webvh"}


def test_published_eddsa_keys_are_read(vectors: Path) -> None:
    published = json.loads((vectors / "di-eddsa/keyPair.json").read_text("utf-8"))
    secret = published.get("privateKeyMultibase") or published["secretKeyMultibase"]
    key = PrivateKey.from_multibase(secret)
    assert key.public.multibase == published["publicKeyMultibase"]


def test_signature_of_a_known_key_is_the_published_one() -> None:
    """RFC 8032, 7.1, test 2: a clone alone proves the signature."""
    seed = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    key = PrivateKey.from_seed("Ed25519", seed)
    assert key.public.raw.hex() == (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    )
    assert key.sign(b"\x72").hex() == (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )


def test_base58_is_the_number_in_another_base_with_its_leading_zeros() -> None:
    alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    chance = random.Random(58)
    samples = [chance.randbytes(size) for size in range(80) for _ in range(4)]
    for data in [*samples, bytes(64), b"\0\0\x01", b"\xff" * 64, bytes([0, *b"ab"])]:
        number, slowly = int.from_bytes(data, "big"), ""
        while number:
            number, digit = divmod(number, 58)
            slowly = alphabet[digit] + slowly
        slowly = "1" * (len(data) - len(data.lstrip(b"\0"))) + slowly
        assert base58_encode(data) == slowly
        assert base58_decode(slowly) == data


@pytest.mark.parametrize("text", ["0", "O", "l", "zI", "é", "z\u0131", "😀", " ", "+" * 11])
def test_what_is_not_base58_is_named(text: str) -> None:
    with pytest.raises(MalformedKey, match="is not a base58 character"):
        base58_decode(text)
