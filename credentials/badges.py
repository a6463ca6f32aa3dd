"""Open Badges 3.0 achievement credentials, built from a framework's achievement and an award.

Pure: the same values give the same document. The shape is that of Open Badges 3.0, B.1 and B.2,
with EU micro-credential elements as alignments (docs: the framework's own editions carry them).
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from contexts import ContextError, check_schema
from contexts.schemas import ACHIEVEMENT_SCHEMA
from contexts.urls import OB3, OB3_EXTENSIONS, VC2
from credentials.canonical import canonical_badge
from credentials.proofs import add_proof, verify_proof
from credentials.report import CannotCheck, CheckFailed, CredentialError
from credentials.shape import check_shape
from credentials.times import write_time
from keys.did import did_key
from keys.material import PrivateKey


def achievement_credential(
    *,
    credential_id: str,
    issuer: dict[str, Any],
    subject_id: str | None,
    achievement: dict[str, Any],
    results: list[dict[str, Any]],
    awarded: datetime,
    name: str,
    description: str,
    image: dict[str, Any] | None,
    status: dict[str, Any] | None,
    evidence: Sequence[dict[str, Any]] = (),
    endorsements: Sequence[dict[str, Any]] = (),
    valid_until: datetime | None = None,
    related_resources: Sequence[dict[str, Any]] = (),
    identifiers: Sequence[dict[str, Any]] = (),
    source: dict[str, Any] | None = None,
    role: str = "",
) -> dict[str, Any]:
    """Give the unsigned badge of one award (Open Badges 3.0, B.1).

    `issuer` is a Profile, `subject_id` the DID of the holder's key; without it at least one hashed
    identifier is needed. `validFrom` and `awardedDate` are both the day of the decision.
    """
    if subject_id is None and not identifiers:
        raise CredentialError("a badge needs the holder's key or an identifier")
    subject: dict[str, Any] = {} if subject_id is None else {"id": subject_id}
    subject["type"] = ["AchievementSubject"]
    subject |= _given(identifier=list(identifiers), role=role, source=source)
    subject |= {"achievement": achievement, **_given(result=results)}
    document: dict[str, Any] = {
        # The extensions context defines the type of our credentialSchema; without it that type
        # would be dropped from what is signed.
        "@context": [VC2, OB3, OB3_EXTENSIONS],
        "id": credential_id,
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": name,
        "description": description,
    }
    document |= _given(image=image)
    document |= {
        "issuer": issuer,
        "validFrom": write_time(awarded),
        **_given(validUntil=write_time(valid_until) if valid_until else None),
        "awardedDate": write_time(awarded),
        "credentialSubject": subject,
    }
    document |= _given(
        endorsement=list(endorsements),
        evidence=list(evidence),
        relatedResource=list(related_resources),
    )
    document["credentialSchema"] = [
        {"id": ACHIEVEMENT_SCHEMA, "type": "1EdTechJsonSchemaValidator2019"}
    ]
    return document | _given(credentialStatus=status)


def check_before_signing(document: dict[str, Any]) -> None:
    """Refuse a document that must not be signed, by trying everything with a throwaway key.

    Shape, schema, every word defined, canonical form, a signature that verifies. Raises
    `CredentialError` naming what is wrong; nothing of the real key is used.
    """
    throwaway = PrivateKey.generate()
    did = did_key(throwaway.public)
    now = datetime.now(UTC)
    try:
        check_shape(document)
        form = canonical_badge(document)
        signed = add_proof(
            document,
            throwaway,
            verification_method=f"{did}#{throwaway.public.multibase}",
            created=now,
            form=form,
        )
        check_schema(signed, _schema_of(document))
        verify_proof(
            signed, purpose="assertionMethod", controller=did, fetch=None, now=now, form=form
        )
    except ContextError as error:
        raise CredentialError(error.detail, code=error.code) from error
    except (CheckFailed, CannotCheck) as error:
        raise CredentialError(error.detail, code=error.code) from error


def _schema_of(document: dict[str, Any]) -> Any:
    endorsement = "EndorsementCredential" in document.get("type", [])
    return "endorsement-credential" if endorsement else "achievement-credential"


def _given(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value}
