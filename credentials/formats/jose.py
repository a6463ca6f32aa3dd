"""JSON Web Signatures in their compact form, read strictly (RFC 7515, RFC 8725).

A header may name a key; it never brings one that is believed. So whoever verifies hands in a key
that is known from elsewhere::

    token = read_jws(text)              # nothing in it is verified yet
    token.verify(key_of_the_issuer)
    token.claims()["iss"]
"""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from contexts import ContextError, loads_strict
from contexts.strict_json import write_strict
from credentials.report import CredentialError, ProofError
from keys.errors import InvalidSignature, KeysError
from keys.material import PublicKey, Signer
from keys.multibase import base64url_decode, base64url_encode

ALGORITHMS: Mapping[str, str] = MappingProxyType(
    {
        "EdDSA": "Ed25519",
        "Ed25519": "Ed25519",
        "ES256": "P-256",
        "ES384": "P-384",
        "ES512": "P-521",
        "RS256": "RSA",
    }
)
"""The algorithms that are taken (RFC 7518, 8037, 9864), and the kind of key that each needs."""

MAX_CHARACTERS = 1_400_000
"""As much base64url as the largest document that is read as JSON."""
_MAX_HEADER_BYTES, _MOST_KEPT = 8_000, 1_000
_MAX_NAME = 2_000
_WRITTEN = {"Ed25519": "EdDSA", "P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}
_REFUSED = ("crit", "b64", "zip", "jku", "x5u", "x5c")
"""Extensions that change what is signed, and headers that bring their own trust."""


class Jws(NamedTuple):
    """A token that has been read; until `verify` returns, everything in it is a mere claim."""

    header: Mapping[str, Any]
    payload: bytes
    signature: bytes
    signed: bytes

    @property
    def algorithm(self) -> str:
        """The name of the algorithm, one of `ALGORITHMS`."""
        return str(self.header["alg"])

    @property
    def kid(self) -> str | None:
        """What the header calls the key; it says nothing about whose key it is."""
        value = self.header.get("kid")
        return value if isinstance(value, str) else None

    @property
    def media_type(self) -> str:
        """The header's typ, without the "application/" that may be left out (RFC 7515, 4.1.9)."""
        return _short_type(self.header.get("typ"))

    @property
    def content_type(self) -> str:
        """The header's cty, in the same way."""
        return _short_type(self.header.get("cty"))

    def claims(self) -> dict[str, Any]:
        """Give the payload as a JSON object, read strictly."""
        try:
            value = loads_strict(self.payload)
        except ContextError as error:
            raise ProofError("proof.malformed", f"the claims: {error.detail}") from error
        if not isinstance(value, dict):
            raise ProofError("proof.malformed", "the claims are not a JSON object")
        return value

    def verify(self, public: PublicKey) -> None:
        """Raise `ProofError` unless `public` made the signature, by the algorithm of its kind.

        A key that the header shows must be the very same.
        """
        if ALGORITHMS[self.algorithm] != public.kind:
            raise ProofError(
                "proof.suite", f"{self.algorithm} does not fit the kind of the key, {public.kind}"
            )
        if "jwk" in self.header and header_key(self.header) != public:
            raise ProofError("proof.other-signer", "the header shows another key than the signer's")
        try:
            public.verify(self.signed, self.signature)
        except InvalidSignature as error:
            raise ProofError("proof.signature", error.detail) from error


def read_jws(text: str, *, max_characters: int = MAX_CHARACTERS) -> Jws:
    """Read a compact JWS (RFC 7515, 5.2, steps 1 to 5); raise `ProofError` for any other form.

    Its code is "parse.malformed" for what is no token at all, else one that says what is wrong.

    1. Exactly three parts, each in its one base64url spelling.
    2. The header: one JSON object without duplicate names, and no member that is refused.
    3. An algorithm that is taken: never "none", never a shared secret.
    """
    if len(text) > max_characters:
        raise ProofError("parse.malformed", f"the token has more than {max_characters} characters")
    first = text.find(".")
    last = text.find(".", first + 1)
    if not 0 <= first < last or text.find(".", last + 1) >= 0:
        raise ProofError("parse.malformed", f"a token has 3 parts, not {text.count('.') + 1}")
    head = text[:first]
    try:
        payload = base64url_decode(text[first + 1 : last])
        signature = base64url_decode(text[last + 1 :])
        header = (_header if first <= _MOST_KEPT else _header.__wrapped__)(head)
    except KeysError as error:
        raise ProofError("parse.malformed", f"the token: {error.detail}") from error
    return Jws(header, payload, signature, text[:last].encode("ascii"))


def sign_jws(header: Mapping[str, Any], payload: Mapping[str, Any], signer: Signer) -> str:
    """Sign claims; the header's alg is that of the signer's key."""
    return sign_written(header, write_json(payload), signer)


def sign_written(header: Mapping[str, Any], payload: bytes, signer: Signer) -> str:
    """Sign claims that are written already, as `sign_jws` does."""
    algorithm = _WRITTEN.get(signer.public.kind)
    if algorithm is None:
        raise CredentialError(f"tokens are not signed here with a {signer.public.kind} key")
    write = _written_header if _TEXT.issuperset(map(type, header.values())) else _write_header
    head = write(algorithm, tuple(header.items()))
    signed = f"{head}.{base64url_encode(payload)}"
    return f"{signed}.{base64url_encode(signer.sign(signed.encode('ascii')))}"


def _write_header(algorithm: str, members: tuple[tuple[str, Any], ...]) -> str:
    return base64url_encode(write_json({"alg": algorithm, **dict(members)}))


_written_header = lru_cache(maxsize=256)(_write_header)
"""Once for all tokens of one key; for texts only, since True and 1 would be one entry."""
_TEXT = frozenset({str})


def write_json(value: Any) -> bytes:
    """Write JSON that every strict reader reads; raise `CredentialError` where there is none."""
    try:
        return write_strict(value)
    except ContextError as error:
        raise CredentialError(error.detail) from error


def header_key(header: Mapping[str, Any]) -> PublicKey:
    """Read the key that a header shows; whose it is must be known from elsewhere."""
    jwk = header["jwk"]
    try:
        return PublicKey.from_jwk(jwk if isinstance(jwk, dict) else {})
    except KeysError as error:
        raise ProofError("proof.malformed", f"the jwk of the header: {error.detail}") from error


@lru_cache(maxsize=256)
def _header(text: str) -> Mapping[str, Any]:
    # All tokens of one key have the same: it is read once.
    data = base64url_decode(text)
    try:
        header = loads_strict(data, max_bytes=_MAX_HEADER_BYTES, max_depth=4)
    except ContextError as error:
        raise ProofError("parse.malformed", f"the header: {error.detail}") from error
    if not isinstance(header, dict):
        raise ProofError("parse.malformed", "the header is not a JSON object")
    for name in _REFUSED:
        if name in header:
            raise ProofError("proof.malformed", f"the header {name!r} is not taken")
    for name in ("alg", "kid", "typ", "cty"):
        value = header.get(name, "")
        if not isinstance(value, str) or len(value) > _MAX_NAME:
            raise ProofError("proof.malformed", f"the header {name!r} is not a short text")
    if header.get("alg") not in ALGORITHMS:
        raise ProofError("proof.suite", f"the algorithm {str(header.get('alg'))[:40]!r}")
    return MappingProxyType(header)


def _short_type(value: Any) -> str:
    text = value if isinstance(value, str) else ""
    return text.lower().removeprefix("application/")
