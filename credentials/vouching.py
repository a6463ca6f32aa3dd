"""What a household says of a badge it was shown: words, a name, and a key that is used once.

An EndorsementCredential about exactly one badge (Open Badges 3.0; its subject is the badge's id),
signed by a did:key that nobody can tie to a person. It proves that the words are unchanged and are
about this badge; it does not prove who wrote them. The rules here are those of both sides: who
signs refuses what who keeps would refuse (docs/adr/0030).
"""

import re
import unicodedata
from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import uuid4

from credentials.endorsements import endorsement_credential, verify_endorsement
from credentials.proofs import add_proof
from credentials.report import CredentialError, EndorsementReport, Subject
from credentials.trust import Trust
from keys.did.key import did_key
from keys.material import PrivateKey

MAX_COMMENT = 300
MAX_NAME = 60
MAX_BYTES = 6_000
"""Of the signed document: 300 letters of four bytes each, a name, and what stands around them."""

_CONTACT = re.compile(r"@|https?:|www\.|(?:\d[\s./()-]*){6,}", re.IGNORECASE)
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def problem_with(text: str, *, longest: int) -> str:
    """Say what is wrong with words or a name: empty, long, contact, hidden; "" when nothing is.

    Contact data must not travel with a badge: it would tell everybody whose home it was.
    """
    if not text.strip():
        return "empty"
    if len(text) > longest:
        return "long"
    if any(unicodedata.category(letter) in _HIDDEN for letter in text):
        return "hidden"
    # Digits of every script, and wide letters, count like those of ASCII.
    plain = unicodedata.normalize("NFKC", text)
    return "contact" if _CONTACT.search(plain) else ""


def sign_once(badge_id: str, *, comment: str, name: str, now: datetime) -> dict[str, Any]:
    """Sign that somebody vouches for a badge, with a key that is made for this and forgotten.

    Raises `CredentialError` for words or a name that break the rules.
    """
    for text, longest in ((comment, MAX_COMMENT), (name, MAX_NAME)):
        wrong = problem_with(text, longest=longest)
        if wrong:
            raise CredentialError(f"a text is {wrong}")
    key = PrivateKey.generate()
    did = did_key(key.public)
    document = endorsement_credential(
        credential_id=f"urn:uuid:{uuid4()}",
        issuer={"id": did, "type": ["Profile"], "name": name},
        subject_id=badge_id,
        comment=comment,
        valid_from=now.replace(microsecond=0),
        name="A household vouches for this badge",
    )
    return add_proof(
        document,
        key,
        verification_method=f"{did}#{key.public.multibase}",
        created=now,
        cryptosuite="eddsa-jcs-2022",
    )


def judge_vouch(
    document: dict[str, Any],
    *,
    badge_ids: Collection[str],
    holder: str,
    trust: Trust,
    now: datetime,
) -> EndorsementReport:
    """Judge what arrived beside a badge; raise `CredentialError` for what is no such endorsement.

    Only did:key and no status: nothing is fetched for a stranger who wrote it. It must be about one
    of `badge_ids` and not be said by their `holder`.
    """
    issuer = document.get("issuer")
    did = issuer.get("id") if isinstance(issuer, dict) else issuer
    if not isinstance(did, str) or not did.startswith("did:key:"):
        raise CredentialError("only endorsements by a did:key are taken this way")
    if "credentialStatus" in document or "refreshService" in document:
        raise CredentialError("an endorsement that has to be looked up is not taken this way")
    subject = document.get("credentialSubject")
    comment = subject.get("endorsementComment") if isinstance(subject, dict) else None
    name = issuer.get("name") if isinstance(issuer, dict) else None
    for text, longest in ((comment, MAX_COMMENT), (name, MAX_NAME)):
        wrong = problem_with(text, longest=longest) if isinstance(text, str) else "missing"
        if wrong:
            raise CredentialError(f"a text is {wrong}")
    subjects: dict[str, Subject] = dict.fromkeys(badge_ids, "badge")
    return verify_endorsement(
        document,
        subjects=subjects,
        holder=holder,
        trust=trust,
        fetch=None,
        now=now,
    )
