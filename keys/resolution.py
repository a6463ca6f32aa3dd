"""From an identifier to its document, with the error codes of DID Resolution 1.0."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from keys.did import parse_did, resolvers
from keys.errors import DidError
from keys.fetching import Fetch


@dataclass(frozen=True)
class Resolution:
    """A document and how it was found."""

    did: str
    document: dict[str, Any]
    method: str
    retrieved: datetime

    def metadata(self) -> dict[str, Any]:
        """Give the resolution metadata (DID Resolution 1.0, 4.2)."""
        return {
            "contentType": "application/did",
            "retrieved": f"{self.retrieved:%Y-%m-%dT%H:%M:%SZ}",
        }


def resolve(did_or_url: str, *, fetch: Fetch | None, now: datetime) -> Resolution:
    """Resolve a DID, or the DID of a DID URL.

    Raises `DidError` when the identifier or its document is bad, and lets `CannotFetch` through
    when the document could not be asked for: that says nothing about the identifier.
    """
    did, method, _fragment = parse_did(did_or_url)
    resolver = resolvers().get(method)
    if resolver is None:
        raise DidError(f"the DID method {method!r} is not supported", code="methodNotSupported")
    return Resolution(did, resolver(did, fetch), method, now)
