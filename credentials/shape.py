"""The rules of the data model that schemas miss (VC Data Model 2.0, 4; Open Badges 3.0, B).

Says which kind of document something is, and refuses what two readers could take differently:
several subjects, several types of credential at once, ids that are not URLs.
"""

from typing import Any, Literal

from contexts import ContextError, check_schema
from credentials.model import (
    check_credential,
    check_url,
    entries_of,
    is_version_1,
    issuer_id,
    period,
    types_of,
)
from credentials.report import CheckFailed, CredentialError

__all__ = [
    "Kind",
    "check_documents_schema",
    "check_shape",
    "is_older_badge",
    "is_version_1",
    "issuer_id",
    "kind_of",
    "period",
    "types_of",
]

Kind = Literal["badge", "endorsement", "other"]

_BADGE = frozenset({"OpenBadgeCredential", "AchievementCredential"})
_ENDORSEMENT = "EndorsementCredential"
_OLDER = frozenset({"Assertion", "BadgeClass", "https://w3id.org/openbadges/v2"})


def kind_of(document: dict[str, Any]) -> Kind:
    """Tell a badge from an endorsement and from everything else."""
    types = types_of(document)
    if "VerifiableCredential" not in types:
        return "other"
    is_badge, is_endorsement = not _BADGE.isdisjoint(types), _ENDORSEMENT in types
    if is_badge == is_endorsement:
        return "other"
    return "badge" if is_badge else "endorsement"


def is_older_badge(document: dict[str, Any]) -> bool:
    """Tell whether it is an Open Badge of version 2.0 or before, or a part of one."""
    named = [*types_of(document), *entries_of(document, "@context")]
    return any(isinstance(name, str) and name in _OLDER for name in named)


def check_shape(document: dict[str, Any]) -> None:
    """Raise `CredentialError` for a badge or endorsement that breaks a rule of the data model."""
    check_credential(document)
    kind = kind_of(document)
    if kind == "other":
        raise CredentialError(f"the type {types_of(document)} is no badge and no endorsement")
    check_url(document.get("id"), "id")
    _check_subject(document, kind)
    start, _end = period(document)
    if start is None:
        raise CredentialError("the document does not say from when it is valid")


def check_documents_schema(document: dict[str, Any]) -> None:
    """Check a document against its Open Badges 3.0 schema, as far as one exists for its version.

    The published schemas know VC 2.0 only; badges in the shape of VC 1.1 are judged by
    `check_shape` and by their words.
    """
    if is_version_1(document):
        return
    is_badge = kind_of(document) == "badge"
    try:
        check_schema(document, "achievement-credential" if is_badge else "endorsement-credential")
    except ContextError as error:
        raise CheckFailed("shape.schema", error.detail) from error


def _check_subject(document: dict[str, Any], kind: Kind) -> None:
    subject = document.get("credentialSubject")
    if isinstance(subject, list):
        raise CredentialError("credentialSubject is a list; an Open Badge has one subject")
    assert isinstance(subject, dict)
    if kind == "endorsement":
        if "id" not in subject:
            raise CredentialError("an endorsement says nothing about what it endorses")
        return
    if "id" not in subject and not subject.get("identifier"):
        raise CredentialError("credentialSubject has neither id nor identifier")
    achievement = subject.get("achievement")
    if not isinstance(achievement, dict):
        raise CredentialError("the badge has not exactly one achievement")
    check_url(achievement.get("id"), "achievement.id")
    for name in ("name", "criteria"):
        if not achievement.get(name):
            raise CredentialError(f"the achievement has no {name}")
