"""Keyed hashes for what a database keeps: who has only the database can try no guesses.

A telephone number, an e-mail address or the end of a trail is guessed or made anew in minutes where
its hash has no key. The keys are derived from the service's secret, which does not lie in the
database, by HKDF-SHA-256 (RFC 5869), one for each purpose; a database that is opened with the
secret hands them to its sessions::

    database = Database(url, metadata, secret=settings.secret)
    keys_of(session).digest("contact", "+34600000000")
"""

import hmac
from typing import cast

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlmodel import Session

IN_SESSION = "mycred4home_keys"
_KEY_BYTES = 32


class Keys:
    """The keys that a secret gives, each for one purpose; the secret itself is not told."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._derived: dict[str, bytes] = {}

    def digest(self, purpose: str, text: str) -> str:
        """Hash a text by HMAC-SHA-256 under the key for a purpose; 64 hexadecimal digits."""
        key = self._derived.get(purpose)
        if key is None:
            info = f"mycred4home kept {purpose}".encode()
            key = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=info).derive(
                self._secret
            )
            self._derived[purpose] = key
        return hmac.digest(key, text.encode(), "sha256").hex()


def keys_of(session: Session) -> Keys:
    """Give the keys of a session's database; a `LookupError` if it was opened without a secret."""
    try:
        return cast(Keys, session.info[IN_SESSION])
    except KeyError:
        raise LookupError("this database was opened without the secret of its service") from None
