"""Keys: Ed25519, P-256, P-384, P-521 and, to verify, RSA; as Multikey and as JWK.

::

    key = PrivateKey.generate()
    signature = key.sign(b"words")
    PublicKey.from_multibase(key.public.multibase).verify(b"words", signature)
"""

import contextlib
from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, cast

from cryptography.exceptions import InvalidSignature as _Invalid
from cryptography.hazmat.primitives.asymmetric import ed25519

from keys.errors import InvalidSignature, KeysError, MalformedKey
from keys.multibase import base64url_decode, base64url_encode, multibase_decode, multibase_encode

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec

    from keys.nist_keys import Curve, NistKey
    from keys.rsa_keys import RsaKey

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
_NIST: tuple[KeyKind, ...] = ("P-256", "P-384", "P-521")
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
_MAX_MEMBER = 8_192 // 6 + 2
"""Characters of a JWK member: the modulus of the longest RSA key."""
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


class _Libsodium:
    """Ed25519 as libsodium does it: half as long as OpenSSL takes."""

    def __init__(self) -> None:
        from nacl import bindings, exceptions

        self.open: Callable[[bytes, bytes], bytes] = bindings.crypto_sign_open
        self.sign: Callable[[bytes, bytes], bytes] = bindings.crypto_sign
        self.refusal: type[Exception] = exceptions.BadSignatureError


def use_libsodium(wanted: bool = True) -> bool:
    """Let libsodium make and verify Ed25519 signatures from now on; tell whether it does.

    For services, which do it a thousand times; it comes with the extra `server`. Both libraries
    give the same signatures and the same answers (ADR 0029).
    """
    global _libsodium
    _libsodium = None
    if wanted:
        with contextlib.suppress(ImportError):
            _libsodium = _Libsodium()
    return _libsodium is not None


class _PublicParts(NamedTuple):
    kind: KeyKind
    raw: bytes


class PublicKey(_PublicParts):
    """A public key.

    `raw` is 32 bytes of Ed25519, a compressed point of a NIST curve, or for RSA the exponent in
    four bytes and then the modulus.
    """

    def __new__(cls, kind: KeyKind, raw: bytes) -> "PublicKey":
        """Make the key; raise `MalformedKey` for bytes that are none, or not a safe one."""
        if kind in _PUBLIC_CODES:
            size = _ED25519_BYTES if kind == "Ed25519" else _curve(kind).size + 1
            if len(raw) != size:
                raise MalformedKey(
                    f"a {kind} key has {size} bytes, not {len(raw)}", code="invalid-key-length"
                )
        elif kind != "RSA":
            raise MalformedKey(f"the key type {kind!r} is not supported")
        if kind == "Ed25519":
            _check_ed25519(raw)
        key = super().__new__(cls, kind, raw)
        _ = key._loaded  # a point that is not on the curve is refused here
        return key

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
        for name in _NIST:
            if (kind, curve) == ("EC", name):
                return cls._from_point(name, jwk)
        raise MalformedKey(f"the JWK type {kind!r} with curve {curve!r} is not supported")

    @classmethod
    def _from_point(cls, kind: KeyKind, jwk: Mapping[str, Any]) -> "PublicKey":
        from keys.nist_keys import NistKey

        curve = _curve(kind)
        _check_algorithm(jwk, curve.algorithms)
        point = b"\x04" + _coordinate(jwk, "x", curve.size) + _coordinate(jwk, "y", curve.size)
        try:
            return cls(kind, NistKey(kind, point).compressed())
        except ValueError as error:
            raise MalformedKey(f"the JWK is not a point on {kind}") from error

    @property
    def jwk(self) -> dict[str, str]:
        """The key as public JWK."""
        loaded = self._loaded
        if isinstance(loaded, ed25519.Ed25519PublicKey):
            return {"kty": "OKP", "crv": "Ed25519", "x": base64url_encode(self.raw)}
        if self.kind == "RSA":
            exponent, modulus = cast("RsaKey", loaded).numbers()
            return {"kty": "RSA", "n": base64url_encode(modulus), "e": base64url_encode(exponent)}
        x, y = cast("NistKey", loaded).coordinates()
        return {
            "kty": "EC",
            "crv": self.kind,
            "x": base64url_encode(x),
            "y": base64url_encode(y),
        }

    def verify(self, data: bytes, signature: bytes) -> None:
        """Raise `InvalidSignature` unless `signature` is this key's over `data`.

        Ed25519: 64 bytes (RFC 8032). NIST curves: r || s, both within 1 and the order, with
        SHA-256, SHA-384 or SHA-512 by the curve. RSA: PKCS #1 v1.5 with SHA-256 (RFC 7518, 3.3).
        """
        loaded: Any = self._loaded  # of the class that goes with `kind`, which is told faster
        try:
            if self.kind != "Ed25519":
                loaded.verify(data, signature)
                return
            if len(signature) != _ED25519_SIGNATURE_BYTES:
                raise InvalidSignature(
                    f"a signature has {_ED25519_SIGNATURE_BYTES} bytes, not {len(signature)}"
                )
            if _libsodium is None:
                loaded.verify(signature, data)
            else:
                _verify_with(_libsodium, self.raw, data, signature)
        except _Invalid as error:
            raise InvalidSignature("the signature does not match") from error

    @cached_property
    def _loaded(self) -> "ed25519.Ed25519PublicKey | NistKey | RsaKey":
        # Only the library of the kind that is met is loaded: each takes as long as ten badges.
        try:
            if self.kind == "Ed25519":
                return ed25519.Ed25519PublicKey.from_public_bytes(self.raw)
            if self.kind == "RSA":
                from keys.rsa_keys import RsaKey

                return RsaKey(self.raw)
            from keys.nist_keys import NistKey

            return NistKey(self.kind, self.raw)
        except MalformedKey:
            raise
        except ValueError as error:
            raise MalformedKey(f"the bytes are not a {self.kind} key") from error


class Signer(Protocol):
    """Whoever can sign bytes with a key that we need not see."""

    @property
    def public(self) -> PublicKey:
        """The key that verifies."""

    def sign(self, data: bytes) -> bytes:
        """Sign `data`: what `PublicKey.verify` of the same key accepts."""


class _PrivateParts(NamedTuple):
    kind: KeyKind
    secret: bytes


class PrivateKey(_PrivateParts):
    """A private key in memory; it is a `Signer`, and its secret is never in its repr."""

    def __new__(cls, kind: KeyKind, secret: bytes) -> "PrivateKey":
        """Make the key; raise `MalformedKey` for bytes that are none."""
        if kind not in _SECRET_CODES:
            raise MalformedKey(f"the key type {kind!r} is not supported")
        curve = _curve(kind) if kind in _NIST else None
        size = curve.size if curve else _ED25519_BYTES
        if len(secret) != size:
            raise MalformedKey(f"a private {kind} key has {size} bytes")
        if curve and not 0 < int.from_bytes(secret, "big") < curve.order:
            raise MalformedKey("the private key is out of range")
        return super().__new__(cls, kind, secret)

    def __repr__(self) -> str:
        """Name the kind alone."""
        return f"PrivateKey(kind={self.kind!r})"

    @classmethod
    def generate(cls, kind: KeyKind = "Ed25519") -> "PrivateKey":
        """Make a new key from the system's randomness."""
        if kind == "Ed25519":
            return cls(kind, ed25519.Ed25519PrivateKey.generate().private_bytes_raw())
        if kind not in _NIST:
            raise MalformedKey(f"we make no {kind} keys")
        return cls(kind, _curve(kind).generate())

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
        size = _curve(public.kind).size if public.kind in _NIST else _ED25519_BYTES
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
        from keys.nist_keys import compressed

        return PublicKey(self.kind, compressed(loaded.public_key(), _curve(self.kind).size))

    def sign(self, data: bytes) -> bytes:
        """Sign `data`: what `PublicKey.verify` of the same key accepts."""
        loaded: Any = self._loaded
        if self.kind == "Ed25519":
            if _libsodium is None:
                signature: bytes = loaded.sign(data)
                return signature
            pair = self.secret + self.public.raw
            return _libsodium.sign(data, pair)[:_ED25519_SIGNATURE_BYTES]
        return _curve(self.kind).sign(loaded, data)

    @cached_property
    def _loaded(self) -> "ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey":
        if self.kind == "Ed25519":
            return ed25519.Ed25519PrivateKey.from_private_bytes(self.secret)
        return _curve(self.kind).read(self.secret)


def _curve(kind: KeyKind) -> "Curve":
    from keys.nist_keys import CURVES

    return CURVES[kind]


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


def _coordinate(jwk: Mapping[str, Any], name: str, size: int) -> bytes:
    data = _bytes(jwk, name)
    if len(data) != size:
        raise MalformedKey(f"the JWK member {name!r} is not {size} bytes of base64url")
    return data


def _bytes(jwk: Mapping[str, Any], name: str) -> bytes:
    value = jwk.get(name)
    if isinstance(value, str) and len(value) <= _MAX_MEMBER:
        with contextlib.suppress(KeysError):
            return base64url_decode(value)
    return b""


def _rsa_members(jwk: Mapping[str, Any]) -> bytes:
    from keys.rsa_keys import EXPONENT_BYTES

    modulus, exponent = _bytes(jwk, "n"), _bytes(jwk, "e")
    if not modulus or not exponent or modulus[0] == 0 or exponent[0] == 0:
        raise MalformedKey("the JWK members 'n' and 'e' are not numbers in base64url")
    if len(exponent) > EXPONENT_BYTES:
        raise MalformedKey("the exponent of the RSA key is too large")
    return exponent.rjust(EXPONENT_BYTES, b"\0") + modulus
