"""The issuer's keys under its name: which one signs now, and the document that shows them all.

Retired keys stay in the document, so that badges they signed still verify after a rotation.
"""

from datetime import datetime
from typing import Any, Literal

from keys.controller import Method, controller_document
from keys.did import did_web
from keys.material import Signer
from keys.store import KeyStore


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

    def rotate(self, kind: Literal["Ed25519", "P-256"] = "Ed25519", *, now: datetime) -> str:
        """Make a new key that signs from now on; the old one only verifies."""
        return self._store.rotate(kind, now)

    def document(self) -> dict[str, Any]:
        """Write the controller document of all keys, current and retired."""
        methods = [
            Method(
                id=self.method_id(name),
                public=self._store.public(name),
                purposes=("assertionMethod",),
            )
            for name in self._store.names()
        ]
        return controller_document(self.did, methods)
