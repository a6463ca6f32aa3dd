"""Keys on the NIST curves P-256, P-384 and P-521, each with its digest (FIPS 186-5; RFC 7518, 3.4).

`keys.material` imports this when it meets such a key: whoever verifies Ed25519 does without.
"""

from typing import NamedTuple

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from keys.errors import InvalidSignature


class Curve(NamedTuple):
    """A curve, and how signatures are made on it."""

    curve: ec.EllipticCurve
    scheme: ec.ECDSA
    size: int
    """Bytes of a coordinate, of a secret, and of each half of a signature."""
    order: int
    algorithms: tuple[str, str]

    def read(self, number: bytes) -> ec.EllipticCurvePrivateKey:
        """Give the private key of these bytes, which lie within 1 and the order."""
        return ec.derive_private_key(int.from_bytes(number, "big"), self.curve)

    def generate(self) -> bytes:
        """Make a private key from the system's randomness; give its bytes."""
        number = ec.generate_private_key(self.curve).private_numbers().private_value
        return number.to_bytes(self.size, "big")

    def sign(self, key: ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
        """Sign: r || s."""
        r, s = decode_dss_signature(key.sign(data, self.scheme))
        return r.to_bytes(self.size, "big") + s.to_bytes(self.size, "big")


CURVES = {
    "P-256": Curve(
        ec.SECP256R1(),
        ec.ECDSA(hashes.SHA256()),
        32,
        0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
        ("ES256", "ESP256"),
    ),
    "P-384": Curve(
        ec.SECP384R1(),
        ec.ECDSA(hashes.SHA384()),
        48,
        int(
            "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
            "C7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973",
            16,
        ),
        ("ES384", "ESP384"),
    ),
    "P-521": Curve(
        ec.SECP521R1(),
        ec.ECDSA(hashes.SHA512()),
        66,
        int(
            "01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFA"
            "51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409",
            16,
        ),
        ("ES512", "ESP512"),
    ),
}


class NistKey:
    """A point that lies on its curve; any other raises `ValueError`."""

    def __init__(self, kind: str, point: bytes) -> None:
        self.curve = CURVES[kind]
        self._loaded = ec.EllipticCurvePublicKey.from_encoded_point(self.curve.curve, point)

    def coordinates(self) -> tuple[bytes, bytes]:
        """Give x and y."""
        numbers, size = self._loaded.public_numbers(), self.curve.size
        return numbers.x.to_bytes(size, "big"), numbers.y.to_bytes(size, "big")

    def compressed(self) -> bytes:
        """Give the point as a `PublicKey` keeps it."""
        return compressed(self._loaded, self.curve.size)

    def verify(self, data: bytes, signature: bytes) -> None:
        """Raise unless `signature` is r || s, both within 1 and the order, and this key's."""
        size = self.curve.size
        if len(signature) != 2 * size:
            raise InvalidSignature(f"a signature has {2 * size} bytes, not {len(signature)}")
        r, s = (int.from_bytes(half, "big") for half in (signature[:size], signature[size:]))
        if not (0 < r < self.curve.order and 0 < s < self.curve.order):
            raise InvalidSignature("the signature is out of range")
        self._loaded.verify(encode_dss_signature(r, s), data, self.curve.scheme)


def compressed(key: ec.EllipticCurvePublicKey, size: int) -> bytes:
    """Give a point as SEC 1, 2.3.3 compresses it."""
    # Written out, since loading the serializers takes longer than all else here.
    numbers = key.public_numbers()
    return bytes([2 + numbers.y % 2]) + numbers.x.to_bytes(size, "big")
