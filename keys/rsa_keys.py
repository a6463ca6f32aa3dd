"""RSA keys, which only verify: PKCS #1 v1.5 with SHA-256 (RFC 7518, 3.3).

`keys.material` imports this when it meets such a key.
"""

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from keys.errors import InvalidSignature, MalformedKey

BITS = range(2048, 8193)
EXPONENT_BYTES = 4
_LEAST_EXPONENT = 65_537


class RsaKey:
    """The key of an exponent in four bytes and a modulus; one that is not safe is refused."""

    def __init__(self, raw: bytes) -> None:
        self._exponent, self._modulus = raw[:EXPONENT_BYTES], raw[EXPONENT_BYTES:]
        exponent = int.from_bytes(self._exponent, "big")
        modulus = int.from_bytes(self._modulus, "big")
        if modulus.bit_length() not in BITS:
            raise MalformedKey(
                f"an RSA key of {modulus.bit_length()} bits; {BITS.start} to "
                f"{BITS.stop - 1} are accepted",
                code="invalid-key-length",
            )
        if exponent < _LEAST_EXPONENT or exponent % 2 == 0 or modulus % 2 == 0:
            raise MalformedKey("the RSA key has an exponent or modulus that is not safe")
        self._loaded = rsa.RSAPublicNumbers(exponent, modulus).public_key()

    def numbers(self) -> tuple[bytes, bytes]:
        """Give exponent and modulus, without zeros before them."""
        return self._exponent.lstrip(b"\0"), self._modulus

    def verify(self, data: bytes, signature: bytes) -> None:
        """Raise unless `signature` is this key's."""
        if len(signature) != len(self._modulus):
            raise InvalidSignature(
                f"a signature has {len(self._modulus)} bytes, not {len(signature)}"
            )
        self._loaded.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
