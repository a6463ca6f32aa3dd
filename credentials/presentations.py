"""Presentations: badges shown by their holder, bound to an audience, a challenge and a time.

VC Data Model 2.0, 4.13; the proof's purpose is authentication. The suite is eddsa-jcs-2022: badges
of one framework look so alike that RDFC-1.0 needs very many steps for two of them in one
presentation (docs/adr/0005).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from contexts.urls import VC2
from credentials.proofs import add_proof
from credentials.report import CredentialError
from keys.material import Signer


def present(
    credentials: Sequence[dict[str, Any]],
    signer: Signer,
    *,
    holder: str,
    verification_method: str,
    domain: str,
    challenge: str,
    created: datetime,
    expires: datetime | None = None,
) -> dict[str, Any]:
    """Give a signed VerifiablePresentation of `credentials`, for `domain` only."""
    if not credentials:
        raise CredentialError("there is nothing to show")
    document = {
        "@context": [VC2],
        "type": ["VerifiablePresentation"],
        "holder": holder,
        "verifiableCredential": list(credentials),
    }
    return add_proof(
        document,
        signer,
        verification_method=verification_method,
        created=created,
        purpose="authentication",
        cryptosuite="eddsa-jcs-2022" if signer.public.kind == "Ed25519" else "ecdsa-jcs-2019",
        domain=domain,
        challenge=challenge,
        expires=expires,
    )
