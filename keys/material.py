"""Keys: Ed25519, P-256, P-384, P-521 and, to verify, RSA; as Multikey and as JWK.

::

    key = PrivateKey.generate()
    signature = key.sign(b"words")
    PublicKey.from_multibase(key.public.multibase).verify(b"words", signature)
"""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Literal, Protocol

from cryptography.exceptions import InvalidSignature as _Invalid
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from keys.errors import InvalidSignature, KeysError, MalformedKey
from keys.multibase import base64url_decode, base64url_encode, multibase_decode, multibase_encode

__all__ = [
    "InvalidSignature",
    "KeyKind",
    "KeysError",
    "MalformedKey",
    "PrivateKey",
    "PublicKey",
    "Signer",
    "use_libsodium",
]

KeyKind = Literal["Ed25519", "P-256", "P-384", "P-521", "RSA"]


@dataclass(frozen=True)
class _Curve:
    """A NIST curve, and the digest that goes with it (FIPS 186-5; RFC 7518, 3.4)."""

    curve: ec.EllipticCurve
    digest: hashes.HashAlgorithm
    size: int
    """Bytes of a coordinate, of a secret, and of each half of a signature."""
    order: int
    algorithms: tuple[str, str]

    @cached_property
    def scheme(self) -> ec.ECDSA:
        """How signatures are made: with the digest that goes with the curve."""
        return ec.ECDSA(self.digest)


_CURVES: dict[str, _Curve] = {
    "P-256": _Curve(
        ec.SECP256R1(),
        hashes.SHA256(),
        32,
        0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
        ("ES256", "ESP256"),
    ),
    "P-384": _Curve(
        ec.SECP384R1(),
        hashes.SHA384(),
        48,
        int(
            "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
            "C7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973",
            16,
        ),
        ("ES384", "ESP384"),
    ),
    "P-521": _Curve(
        ec.SECP521R1(),
        hashes.SHA512(),
        66,
        int(
            "01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFA"
            "51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409",
            16,
        ),
        ("ES512", "ESP512"),
    ),
}
_PUBLIC_CODES: dict[KeyKind, bytes] = {
    "Ed25519": b"\xed\x01",
    "P-256": b"\x80\x24",
    "P-384": b"\x81\x24",
    "P-521": b"\x82\x24",
}
_SECRET_CODES: dict[KeyKind, bytes] = {
    "Ed25519": b"\x80\x26",
    "P-256": b"\x86\x26",
    "P-384": b"\x87\x26",
    "P-521": b"\x88\x26",
}
_ED25519_BYTES, _ED25519_SIGNATURE_BYTES = 32, 64
_EXPONENT_BYTES, _LEAST_EXPONENT = 4, 65_537
_RSA_BITS = range(2048, 8193)
_ED25519_PRIME = 2**255 - 19
_ED25519_SMALL_ORDER = frozenset(
    {
        0,
        1,
        _ED25519_PRIME - 1,
        2707385501144840649318225287225658788936804267575313519463743609750303402022,
        55188659117513257062467267217118295137698188065244968500265048394206261417927,
    }
)
"""The y of the points of order 1, 2, 4 and 8: under such a key one signature fits many texts."""
_libsodium: "_Libsodium | None" = None
_Loaded = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey


@dataclass(frozen=True)
class _Libsodium:
    """Ed25519 as libsodium does it: half as long as OpenSSL takes."""

    open: Callable[[bytes, bytes], bytes]
    sign: Callable[[bytes, bytes], bytes]
    refusal: type[Exception]


def use_libsodium(wanted: bool = True) -> bool:
    """Let libsodium make and verify Ed25519 signatures from now on; tell whether it does.

    For services, which do it a thousand times; it comes with the extra `server`. Both libraries
    give the same signatures and the same answers (ADR 0029).
    """
    global _libsodium
    _libsodium = None
    if wanted:
        with contextlib.suppress(ImportError):
            from nacl import bindings, exceptions

            _libsodium = _Libsodium(
                bindings.crypto_sign_open, bindings.crypto_sign, exceptions.BadSignatureError
            )
    return _libsodium is not None


@dataclass(frozen=True)
class PublicKey:
    """A public key.

    `raw` is 32 bytes of Ed25519, a compressed point of a NIST curve, or for RSA the exponent in
    four bytes and then the modulus.
    """

    kind: KeyKind
    raw: bytes

    def __post_init__(self) -> None:
        if self.kind == "RSA":
            _check_rsa(self.raw)
        elif self.kind in _PUBLIC_CODES:
            size = _ED25519_BYTES if self.kind == "Ed25519" else _CURVES[self.kind].size + 1
            if len(self.raw) != size:
                raise MalformedKey(
                    f"a {self.kind} key has {size} bytes, not {len(self.raw)}",
                    code="invalid-key-length",
                )
        else:
            raise MalformedKey(f"the key type {self.kind!r} is not supported")
        if self.kind == "Ed25519":
            _check_ed25519(self.raw)
        _ = self._loaded  # a point that is not on the curve is refused here

    @classmethod
    def from_multibase(cls, text: str) -> "PublicKey":
        """Read a Multikey (Controlled Identifiers 1.0, 2.2.2)."""
        return _read_multikey(text) if isinstance(text, str) else cls._from_multibase(text)

    @classmethod
    def _from_multibase(cls, text: str) -> "PublicKey":
        data = multibase_decode(text)
        for kind, code in _PUBLIC_CODES.items():
            if data.startswith(code):
                return cls(kind, data[len(code) :])
        raise MalformedKey(
            f"the multikey prefix {data[:2].hex()} is not a supported public key",
            code="unsupported-key-type",
        )

    @cached_property
    def multibase(self) -> str:
        """The key as Multikey: "z6Mk...", "zDn...", "z82..."; an RSA key has none."""
        if self.kind not in _PUBLIC_CODES:
            raise MalformedKey(f"a {self.kind} key has no Multikey form")
        return multibase_encode(_PUBLIC_CODES[self.kind] + self.raw)

    @classmethod
    def from_jwk(cls, jwk: Mapping[str, Any]) -> "PublicKey":
        """Read a public JWK (RFC 7517; RFC 8037 for Ed25519); private members are refused."""
        if "d" in jwk:
            raise MalformedKey("the JWK holds a private key")
        if jwk.get("use", "sig") != "sig":
            raise MalformedKey(f"the JWK is for the use {jwk['use']!r}, not for signatures")
        kind, curve = jwk.get("kty"), jwk.get("crv")
        if (kind, curve) == ("OKP", "Ed25519"):
            _check_algorithm(jwk, ("EdDSA", "Ed25519"))
            return cls("Ed25519", _coordinate(jwk, "x", _ED25519_BYTES))
        if kind == "RSA":
            _check_algorithm(jwk, ("RS256", "RS256"))
            return cls("RSA", _rsa_members(jwk))
        for name in ("P-256", "P-384", "P-521"):
            if (kind, curve) == ("EC", name):
                return cls._from_point(name, jwk)
        raise MalformedKey(f"the JWK type {kind!r} with curve {curve!r} is not supported")

    @classmethod
    def _from_point(cls, kind: KeyKind, jwk: Mapping[str, Any]) -> "PublicKey":
        curve = _CURVES[kind]
        _check_algorithm(jwk, curve.algorithms)
        point = b"\x04" + _coordinate(jwk, "x", curve.size) + _coordinate(jwk, "y", curve.size)
        try:
            loaded = ec.EllipticCurvePublicKey.from_encoded_point(curve.curve, point)
        except ValueError as error:
            raise MalformedKey(f"the JWK is not a point on {kind}") from error
        return cls(kind, _compressed(loaded, curve.size))

    @property
    def jwk(self) -> dict[str, str]:
        """The key as public JWK."""
        loaded = self._loaded
        if isinstance(loaded, ed25519.Ed25519PublicKey):
            return {"kty": "OKP", "crv": "Ed25519", "x": base64url_encode(self.raw)}
        if isinstance(loaded, rsa.RSAPublicKey):
            exponent = self.raw[:_EXPONENT_BYTES].lstrip(b"\0")
            modulus = self.raw[_EXPONENT_BYTES:]
            return {"kty": "RSA", "n": base64url_encode(modulus), "e": base64url_encode(exponent)}
        numbers, size = loaded.public_numbers(), _CURVES[self.kind].size
        return {
            "kty": "EC",
            "crv": self.kind,
            "x": base64url_encode(numbers.x.to_bytes(size, "big")),
            "y": base64url_encode(numbers.y.to_bytes(size, "big")),
        }

    def verify(self, data: bytes, signature: bytes) -> None:
        """Raise `InvalidSignature` unless `signature` is this key's over `data`.

        Ed25519: 64 bytes (RFC 8032). NIST curves: r || s, both within 1 and the order, with
        SHA-256, SHA-384 or SHA-512 by the curve. RSA: PKCS #1 v1.5 with SHA-256 (RFC 7518, 3.3).
        """
        loaded: Any = self._loaded  # of the class that goes with `kind`, which is told faster
        try:
            if self.kind == "Ed25519":
                _check_length(signature, _ED25519_SIGNATURE_BYTES)
                if _libsodium is None:
                    loaded.verify(signature, data)
                else:
                    _verify_with(_libsodium, self.raw, data, signature)
            elif self.kind == "RSA":
                _check_length(signature, len(self.raw) - _EXPONENT_BYTES)
                loaded.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
            else:
                curve = _CURVES[self.kind]
                _check_length(signature, 2 * curve.size)
                r = int.from_bytes(signature[: curve.size], "big")
                s = int.from_bytes(signature[curve.size :], "big")
                if not (0 < r < curve.order and 0 < s < curve.order):
                    raise InvalidSignature("the signature is out of range")
                loaded.verify(encode_dss_signature(r, s), data, curve.scheme)
        except _Invalid as error:
            raise InvalidSignature("the signature does not match") from error

    @cached_property
    def _loaded(self) -> _Loaded:
        try:
            if self.kind == "Ed25519":
                return ed25519.Ed25519PublicKey.from_public_bytes(self.raw)
            if self.kind == "RSA":
                exponent = int.from_bytes(self.raw[:_EXPONENT_BYTES], "big")
                modulus = int.from_bytes(self.raw[_EXPONENT_BYTES:], "big")
                return rsa.RSAPublicNumbers(exponent, modulus).public_key()
            return ec.EllipticCurvePublicKey.from_encoded_point(_CURVES[self.kind].curve, self.raw)
        except ValueError as error:
            raise MalformedKey(f"the bytes are not a {self.kind} key") from error


class Signer(Protocol):
    """Whoever can sign bytes with a key that we need not see."""

    @property
    def public(self) -> PublicKey:
        """The key that verifies."""

    def sign(self, data: bytes) -> bytes:
        """Sign `data`: what `PublicKey.verify` of the same key accepts."""


@dataclass(frozen=True)
class PrivateKey:
    """A private key in memory; it is a `Signer`, and its secret is never in its repr."""

    kind: KeyKind
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if self.kind not in _SECRET_CODES:
            raise MalformedKey(f"the key type {self.kind!r} is not supported")
        curve = _CURVES.get(self.kind)
        size = curve.size if curve else _ED25519_BYTES
        if len(self.secret) != size:
            raise MalformedKey(f"a private {self.kind} key has {size} bytes")
        if curve and not 0 < int.from_bytes(self.secret, "big") < curve.order:
            raise MalformedKey("the private key is out of range")

    @classmethod
    def generate(cls, kind: KeyKind = "Ed25519") -> "PrivateKey":
        """Make a new key from the system's randomness."""
        if kind == "Ed25519":
            return cls(kind, ed25519.Ed25519PrivateKey.generate().private_bytes_raw())
        if kind not in _CURVES:
            raise MalformedKey(f"we make no {kind} keys")
        curve = _CURVES[kind]
        number = ec.generate_private_key(curve.curve).private_numbers().private_value
        return cls(kind, number.to_bytes(curve.size, "big"))

    @classmethod
    def from_seed(cls, kind: KeyKind, seed: bytes) -> "PrivateKey":
        """Make the key of its secret bytes: 32, 48 for P-384, 66 for P-521."""
        return cls(kind, seed)

    @classmethod
    def from_multibase(cls, text: str) -> "PrivateKey":
        """Read a secret Multikey."""
        data = multibase_decode(text)
        for kind, code in _SECRET_CODES.items():
            if data.startswith(code):
                return cls(kind, data[len(code) :])
        raise MalformedKey("the multikey prefix is not a supported private key")

    def to_multibase(self) -> str:
        """Write the secret as Multikey."""
        return multibase_encode(_SECRET_CODES[self.kind] + self.secret)

    @classmethod
    def from_jwk(cls, jwk: Mapping[str, Any]) -> "PrivateKey":
        """Read a private JWK; its public part must belong to it."""
        parts = {name: value for name, value in jwk.items() if name not in ("d", "key_ops")}
        public = PublicKey.from_jwk(parts)
        if public.kind == "RSA":
            raise MalformedKey("RSA keys only verify here")
        size = _CURVES[public.kind].size if public.kind in _CURVES else _ED25519_BYTES
        key = cls(public.kind, _coordinate(jwk, "d", size))
        if key.public != public:
            raise MalformedKey("the private and public parts of the JWK do not belong together")
        return key

    def to_jwk(self) -> dict[str, str]:
        """Write the key as private JWK."""
        return {**self.public.jwk, "d": base64url_encode(self.secret)}

    @cached_property
    def public(self) -> PublicKey:
        """The key that verifies."""
        loaded = self._loaded
        if isinstance(loaded, ed25519.Ed25519PrivateKey):
            return PublicKey(self.kind, loaded.public_key().public_bytes_raw())
        return PublicKey(self.kind, _compressed(loaded.public_key(), _CURVES[self.kind].size))

    def sign(self, data: bytes) -> bytes:
        """Sign `data`: what `PublicKey.verify` of the same key accepts."""
        loaded: Any = self._loaded
        if self.kind == "Ed25519":
            if _libsodium is None:
                signature: bytes = loaded.sign(data)
                return signature
            pair = self.secret + self.public.raw
            return _libsodium.sign(data, pair)[:_ED25519_SIGNATURE_BYTES]
        curve = _CURVES[self.kind]
        r, s = decode_dss_signature(loaded.sign(data, curve.scheme))
        return r.to_bytes(curve.size, "big") + s.to_bytes(curve.size, "big")

    @cached_property
    def _loaded(self) -> ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey:
        if self.kind == "Ed25519":
            return ed25519.Ed25519PrivateKey.from_private_bytes(self.secret)
        return ec.derive_private_key(int.from_bytes(self.secret, "big"), _CURVES[self.kind].curve)


def _verify_with(libsodium: _Libsodium, raw: bytes, data: bytes, signature: bytes) -> None:
    try:
        libsodium.open(signature + data, raw)
    except libsodium.refusal as error:
        raise InvalidSignature("the signature does not match") from error


def _check_ed25519(raw: bytes) -> None:
    y = int.from_bytes(raw, "little") & (2**255 - 1)
    if y >= _ED25519_PRIME:
        raise MalformedKey("the Ed25519 key is not written in its one canonical way")
    if y in _ED25519_SMALL_ORDER:
        raise MalformedKey("the Ed25519 key is a point of small order")


def _check_algorithm(jwk: Mapping[str, Any], fitting: tuple[str, str]) -> None:
    if jwk.get("alg", fitting[0]) not in fitting:
        raise MalformedKey(f"the JWK names the algorithm {str(jwk['alg'])[:40]!r} for another key")
    operations = jwk.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise MalformedKey("the JWK may not verify")


@lru_cache(maxsize=1_024)
def _read_multikey(text: str) -> PublicKey:
    # Issuers are few and badges are many: a key is read and checked once.
    return PublicKey._from_multibase(text)


def _compressed(key: ec.EllipticCurvePublicKey, size: int) -> bytes:
    # SEC 1, 2.3.3; written out, since loading the serializers takes longer than all else here.
    numbers = key.public_numbers()
    return bytes([2 + numbers.y % 2]) + numbers.x.to_bytes(size, "big")


def _coordinate(jwk: Mapping[str, Any], name: str, size: int) -> bytes:
    data = _bytes(jwk, name)
    if len(data) != size:
        raise MalformedKey(f"the JWK member {name!r} is not {size} bytes of base64url")
    return data


def _bytes(jwk: Mapping[str, Any], name: str) -> bytes:
    value = jwk.get(name)
    if isinstance(value, str) and len(value) <= _RSA_BITS.stop // 6 + 2:
        with contextlib.suppress(KeysError):
            return base64url_decode(value)
    return b""


def _rsa_members(jwk: Mapping[str, Any]) -> bytes:
    modulus, exponent = _bytes(jwk, "n"), _bytes(jwk, "e")
    if not modulus or not exponent or modulus[0] == 0 or exponent[0] == 0:
        raise MalformedKey("the JWK members 'n' and 'e' are not numbers in base64url")
    if len(exponent) > _EXPONENT_BYTES:
        raise MalformedKey("the exponent of the RSA key is too large")
    return exponent.rjust(_EXPONENT_BYTES, b"\0") + modulus


def _check_rsa(raw: bytes) -> None:
    exponent = int.from_bytes(raw[:_EXPONENT_BYTES], "big")
    modulus = int.from_bytes(raw[_EXPONENT_BYTES:], "big")
    if modulus.bit_length() not in _RSA_BITS:
        raise MalformedKey(
            f"an RSA key of {modulus.bit_length()} bits; {_RSA_BITS.start} to "
            f"{_RSA_BITS.stop - 1} are accepted",
            code="invalid-key-length",
        )
    if exponent < _LEAST_EXPONENT or exponent % 2 == 0 or modulus % 2 == 0:
        raise MalformedKey("the RSA key has an exponent or modulus that is not safe")


def _check_length(signature: bytes, size: int) -> None:
    if len(signature) != size:
        raise InvalidSignature(f"a signature has {size} bytes, not {len(signature)}")
