"""The canonical form of a badge, of which another was seen that differs in a few values only."""

from typing import Any

from contexts.template import Slots, canonical_alike, jcs_alike

_SLOTS: Slots = {
    "id": "id",
    "validFrom": "text",
    "validUntil": "text",
    "awardedDate": "text",
    "issuanceDate": "text",
    "expirationDate": "text",
    "credentialSubject": {
        "id": "id",
        "identifier": {"identityHash": "text", "salt": "text"},
        "result": {"value": "text"},
    },
    "evidence": {"id": "id", "narrative": "text"},
    "credentialStatus": {"id": "id", "statusListIndex": "text", "statusListCredential": "id"},
}
"""In what two badges of one achievement differ (Open Badges 3.0, B.1)."""


_SECURED: Slots = {**_SLOTS, "proof": {"created": "text", "proofValue": "text"}}


def canonical_badge(badge: dict[str, Any]) -> bytes:
    """Give the bytes of what `canonical_rdfc` gives for a badge without its proofs."""
    unsecured = badge.copy()
    unsecured.pop("proof", None)
    return canonical_alike(unsecured, _SLOTS)


def checked_jcs(secured: dict[str, Any]) -> bytes:
    """Check every word of a secured document, and give its JCS form without the proofs."""
    return jcs_alike(secured, _SECURED, without="proof")
