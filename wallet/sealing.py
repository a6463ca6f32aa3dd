"""Sealing: what the database holds can be opened only with a secret that it does not hold.

AES-256-GCM (NIST SP 800-38D) under keys derived by HKDF-SHA-256 (RFC 5869). The secrets are random
and have 128 bits or more, so no slow derivation is needed. `place` binds a sealed value to the row
it belongs to: moved elsewhere it does not open.
"""

import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_KEY_BYTES = 32
_NONCE_BYTES = 12


class SealBroken(Exception):
    """A sealed value that does not open: another key, another place, or changed."""


def new_key() -> bytes:
    """Make a random key."""
    return secrets.token_bytes(_KEY_BYTES)


def derive(secret: bytes, purpose: str) -> bytes:
    """Derive the key for one purpose from a random secret."""
    info = f"mycred4home wallet {purpose}".encode()
    return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=info).derive(secret)


def seal(key: bytes, content: bytes, *, place: str) -> bytes:
    """Encrypt `content` for one place."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, place.encode())


def unseal(key: bytes, sealed: bytes, *, place: str) -> bytes:
    """Decrypt what was sealed for this place, or raise `SealBroken`."""
    nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        return AESGCM(key).decrypt(nonce, rest, place.encode())
    except (InvalidTag, ValueError) as error:
        raise SealBroken(f"what lies at {place} does not open") from error


def fingerprint(key: bytes, text: str, *, purpose: str) -> str:
    """Give a hash that finds the same text again, and tells nothing to who lacks the key."""
    return hmac.digest(derive(key, f"fingerprint {purpose}"), text.encode(), "sha256").hex()
