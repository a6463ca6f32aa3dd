"""The issuer's keys under its name: which one signs now, and the document that shows them all.

Retired keys stay in the document, so that badges they signed still verify after a rotation. A
withdrawn one is shown as revoked and may do nothing: others may have it.
"""

from datetime import datetime
from typing import Any, Literal

from keys.controller import Method, controller_document
from keys.did import did_web
from keys.material import Signer
from keys.store import KeyRecord, KeyStore


class Keyring:
    """A sealed key store, and the did:web of the service that it signs for."""

    def __init__(self, store: KeyStore, *, base_url: str) -> None:
        self._store = store
        self.did = did_web(base_url)

    def current_name(self) -> str:
        """Name the key that signs now; raises if there is none."""
        return self._store.current()

    def current(self) -> tuple[str, Signer]:
        """Give the name and the signer of the key that signs now."""
        name = self._store.current()
        return name, self._store.signer(name)

    def method_id(self, name: str) -> str:
        """Give the verification method of a key, as proofs name it."""
        return f"{self.did}#{name}"

    def names(self) -> tuple[str, ...]:
        """List all keys, the oldest first."""
        return self._store.names()

    def records(self) -> tuple[KeyRecord, ...]:
        """Tell what is known of each key, the oldest first."""
        return self._store.records()

    def replace(self, name: str, *, now: datetime) -> None:
        """Let a new key of the same kind sign from now on, if this one signs; safe to repeat."""
        if self._store.current() == name:
            kind = next(one.kind for one in self._store.records() if one.name == name)
            self._store.rotate(kind, now)

    def withdraw(self, name: str, *, now: datetime) -> None:
        """Take a key back that others may have, so that what it signed is refused."""
        if not any(one.withdrawn for one in self._store.records() if one.name == name):
            self._store.withdraw(name, now=now)

    def rotate(self, kind: Literal["Ed25519", "P-256"] = "Ed25519", *, now: datetime) -> str:
        """Make a new key that signs from now on; the old one only verifies."""
        return self._store.rotate(kind, now)

    def document(self) -> dict[str, Any]:
        """Write the controller document of all keys, current and retired."""
        methods = [
            Method(
                id=self.method_id(one.name),
                public=self._store.public(one.name),
                purposes=() if one.withdrawn else ("assertionMethod",),
                revoked=one.withdrawn,
            )
            for one in self._store.records()
        ]
        return controller_document(self.did, methods)
