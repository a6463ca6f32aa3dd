"""The one place where a badge is signed: what was written down, for the holder of a proven key.

Badges of skills and of appointments stand in tables of their own, with the same columns for what
is intended and what was signed. There is no way in for a document from outside (invariant 5).
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from credentials.canonical import canonical_badge
from credentials.proofs import add_proof
from issuer.profile import IssuingBody
from web.errors import Refused
from web.languages import N_


class Signable(Protocol):
    """A row that holds either what we intend to sign or the exact text that was signed."""

    intended_text: str | None
    signed_text: str | None
    signed_at: datetime | None
    signed_with: str | None
    holder: str | None


def written(document: Mapping[str, Any]) -> str:
    """Write a document as it is kept: its bytes are what wallets get."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def text_for(row: Signable, holder: str) -> str | None:
    """Give what was signed before, to the same holder and to nobody else; None if nothing was."""
    if row.signed_text is not None and row.holder != holder:
        raise Refused(
            N_("This badge already is in another wallet."), status=400, code="other-holder"
        )
    return row.signed_text


def sign(row: Signable, holder: str, *, body: IssuingBody, now: datetime) -> str:
    """Put the holder into what was written down, and the signed text in its place; give that text.

    The caller has locked the row, and records it in the same transaction, before anybody is told.
    """
    assert row.intended_text is not None, "a constraint of the database"
    document = json.loads(row.intended_text)
    document["credentialSubject"]["id"] = holder
    name, signer = body.keyring.current()
    text = written(
        add_proof(
            document,
            signer,
            verification_method=body.keyring.method_id(name),
            created=now.replace(microsecond=0),
            form=canonical_badge(document),
        )
    )
    row.intended_text, row.signed_text = None, text
    row.signed_at, row.signed_with, row.holder = now, name, holder
    return text
