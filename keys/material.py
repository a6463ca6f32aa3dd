"""Keys: Ed25519 and P-256, as Multikey and as JWK.

::

    key = PrivateKey.generate()
    signature = key.sign(b"words")
    PublicKey.from_multibase(key.public.multibase).verify(b"words", signature)
"""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Literal, Protocol

from cryptography.exceptions import InvalidSignature as _Invalid
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
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
]

KeyKind = Literal["Ed25519", "P-256"]

_PUBLIC_CODES: dict[KeyKind, bytes] = {"Ed25519": b"\xed\x01", "P-256": b"\x80\x24"}
_SECRET_CODES: dict[KeyKind, bytes] = {"Ed25519": b"\x80\x26", "P-256": b"\x86\x26"}
_RAW_BYTES: dict[KeyKind, int] = {"Ed25519": 32, "P-256": 33}
_SECRET_BYTES = 32
_SIGNATURE_BYTES = 64
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
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(frozen=True)
class PublicKey:
    """A public key: 32 bytes of Ed25519, or the 33 bytes of a compressed P-256 point."""

    kind: KeyKind
    raw: bytes

    def __post_init__(self) -> None:
        if self.kind not in _RAW_BYTES:
            raise MalformedKey(f"the key type {self.kind!r} is not supported")
        if len(self.raw) != _RAW_BYTES[self.kind]:
            raise MalformedKey(
                f"a {self.kind} key has {_RAW_BYTES[self.kind]} bytes, not {len(self.raw)}",
                code="invalid-key-length",
            )
        if self.kind == "Ed25519":
            _check_ed25519(self.raw)
        _ = self._loaded  # a P-256 point that is not on the curve is refused here

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

    @property
    def multibase(self) -> str:
        """The key as Multikey: "z6Mk..." or "zDn..."."""
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
            return cls("Ed25519", _coordinate(jwk, "x"))
        if (kind, curve) == ("EC", "P-256"):
            _check_algorithm(jwk, ("ES256", "ESP256"))
            point = b"\x04" + _coordinate(jwk, "x") + _coordinate(jwk, "y")
            try:
                loaded = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
            except ValueError as error:
                raise MalformedKey("the JWK is not a point on P-256") from error
            return cls("P-256", _compressed(loaded))
        raise MalformedKey(f"the JWK type {kind!r} with curve {curve!r} is not supported")

    @property
    def jwk(self) -> dict[str, str]:
        """The key as public JWK."""
        loaded = self._loaded
        if isinstance(loaded, ed25519.Ed25519PublicKey):
            return {"kty": "OKP", "crv": "Ed25519", "x": base64url_encode(self.raw)}
        numbers = loaded.public_numbers()
        return {
            "kty": "EC",
            "crv": "P-256",
            "x": base64url_encode(numbers.x.to_bytes(32, "big")),
            "y": base64url_encode(numbers.y.to_bytes(32, "big")),
        }

    def verify(self, data: bytes, signature: bytes) -> None:
        """Raise `InvalidSignature` unless the 64 bytes of `signature` are this key's over `data`.

        P-256 signatures are r || s with SHA-256 (FIPS 186-5), both within 1 and the order.
        """
        if len(signature) != _SIGNATURE_BYTES:
            raise InvalidSignature(f"a signature has 64 bytes, not {len(signature)}")
        loaded = self._loaded
        try:
            if isinstance(loaded, ed25519.Ed25519PublicKey):
                loaded.verify(signature, data)
                return
            r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
            if not (0 < r < _P256_ORDER and 0 < s < _P256_ORDER):
                raise InvalidSignature("the signature is out of range")
            loaded.verify(encode_dss_signature(r, s), data, ec.ECDSA(hashes.SHA256()))
        except _Invalid as error:
            raise InvalidSignature("the signature does not match") from error

    @cached_property
    def _loaded(self) -> ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey:
        try:
            if self.kind == "Ed25519":
                return ed25519.Ed25519PublicKey.from_public_bytes(self.raw)
            return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), self.raw)
        except ValueError as error:
            raise MalformedKey(f"the bytes are not a {self.kind} key") from error


class Signer(Protocol):
    """Whoever can sign bytes with a key that we need not see."""

    @property
    def public(self) -> PublicKey:
        """The key that verifies."""

    def sign(self, data: bytes) -> bytes:
        """Sign `data`: 64 bytes, for P-256 r || s over SHA-256."""


@dataclass(frozen=True)
class PrivateKey:
    """A private key in memory; it is a `Signer`, and its secret is never in its repr."""

    kind: KeyKind
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if self.kind not in _SECRET_CODES:
            raise MalformedKey(f"the key type {self.kind!r} is not supported")
        if len(self.secret) != _SECRET_BYTES:
            raise MalformedKey("a private key has 32 bytes")
        if self.kind == "P-256" and not 0 < int.from_bytes(self.secret, "big") < _P256_ORDER:
            raise MalformedKey("the private key is out of range")

    @classmethod
    def generate(cls, kind: KeyKind = "Ed25519") -> "PrivateKey":
        """Make a new key from the system's randomness."""
        if kind == "Ed25519":
            return cls(kind, ed25519.Ed25519PrivateKey.generate().private_bytes_raw())
        number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
        return cls(kind, number.to_bytes(_SECRET_BYTES, "big"))

    @classmethod
    def from_seed(cls, kind: KeyKind, seed: bytes) -> "PrivateKey":
        """Make the key of 32 secret bytes."""
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
        key = cls(public.kind, _coordinate(jwk, "d"))
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
        return PublicKey(self.kind, _compressed(loaded.public_key()))

    def sign(self, data: bytes) -> bytes:
        """Sign `data`: 64 bytes, for P-256 r || s over SHA-256."""
        loaded = self._loaded
        if isinstance(loaded, ed25519.Ed25519PrivateKey):
            return loaded.sign(data)
        r, s = decode_dss_signature(loaded.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    @cached_property
    def _loaded(self) -> ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey:
        if self.kind == "Ed25519":
            return ed25519.Ed25519PrivateKey.from_private_bytes(self.secret)
        return ec.derive_private_key(int.from_bytes(self.secret, "big"), ec.SECP256R1())


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


def _compressed(key: ec.EllipticCurvePublicKey) -> bytes:
    # SEC 1, 2.3.3; written out, since loading the serializers takes longer than all else here.
    numbers = key.public_numbers()
    return bytes([2 + numbers.y % 2]) + numbers.x.to_bytes(32, "big")


def _coordinate(jwk: Mapping[str, Any], name: str) -> bytes:
    value = jwk.get(name)
    data = b""
    if isinstance(value, str):
        with contextlib.suppress(KeysError):
            data = base64url_decode(value)
    if len(data) != _SECRET_BYTES:
        raise MalformedKey(f"the JWK member {name!r} is not 32 bytes of base64url")
    return data
