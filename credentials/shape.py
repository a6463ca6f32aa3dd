"""The rules of the data model that schemas miss (VC Data Model 2.0, 4; Open Badges 3.0, B).

Says which kind of document something is, and refuses what two readers could take differently:
several subjects, several types of credential at once, ids that are not URLs.
"""

import re
from datetime import datetime
from typing import Any, Literal

from contexts import ContextError, check_schema
from contexts.urls import VC1, VC2
from credentials.report import CheckFailed, CredentialError
from credentials.times import read_time

Kind = Literal["badge", "endorsement", "other"]

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|^`\\\x00-\x20]+")
_BADGE = frozenset({"OpenBadgeCredential", "AchievementCredential"})
_ENDORSEMENT = "EndorsementCredential"
_TYPED = ("credentialStatus", "termsOfUse", "evidence", "refreshService", "credentialSchema")


def types_of(document: dict[str, Any]) -> list[str]:
    """Give the types of a document as a list of strings."""
    value = document.get("type")
    values = value if isinstance(value, list) else [value]
    return [item for item in values if isinstance(item, str)]


def kind_of(document: dict[str, Any]) -> Kind:
    """Tell a badge from an endorsement and from everything else."""
    types = types_of(document)
    if "VerifiableCredential" not in types:
        return "other"
    is_badge, is_endorsement = bool(_BADGE.intersection(types)), _ENDORSEMENT in types
    if is_badge == is_endorsement:
        return "other"
    return "badge" if is_badge else "endorsement"


def issuer_id(document: dict[str, Any]) -> str:
    """Give the id of the issuer, which may stand alone or in a profile."""
    issuer = document.get("issuer")
    value = issuer.get("id") if isinstance(issuer, dict) else issuer
    return _url(value, "issuer.id")


def is_version_1(document: dict[str, Any]) -> bool:
    """Tell whether the document follows VC Data Model 1.1."""
    return bool(_contexts(document)[0] == VC1)


def period(document: dict[str, Any]) -> tuple[datetime | None, datetime | None]:
    """Give from when and until when the document is valid (VC Data Model 2.0, 4.9)."""
    names = (
        ("issuanceDate", "expirationDate")
        if is_version_1(document)
        else ("validFrom", "validUntil")
    )
    start, end = (read_time(document[n], n) if n in document else None for n in names)
    if start and end and end < start:
        raise CredentialError(f"{names[1]} is before {names[0]}")
    return start, end


def check_shape(document: dict[str, Any]) -> None:
    """Raise `CredentialError` for a badge or endorsement that breaks a rule of the data model."""
    contexts = _contexts(document)
    if contexts[0] not in (VC1, VC2):
        raise CredentialError("the first @context is not that of verifiable credentials")
    if kind_of(document) == "other":
        raise CredentialError(f"the type {types_of(document)} is no badge and no endorsement")
    _url(document.get("id"), "id")
    issuer_id(document)
    _check_subject(document)
    start, _end = period(document)
    if start is None:
        raise CredentialError("the document does not say from when it is valid")
    for name in _TYPED:
        _check_typed(document, name)


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


def _contexts(document: dict[str, Any]) -> list[Any]:
    value = document.get("@context")
    contexts = value if isinstance(value, list) else [value]
    if not contexts or not all(isinstance(item, str) for item in contexts):
        raise CredentialError("@context is not a list of URLs")
    return contexts


def _check_subject(document: dict[str, Any]) -> None:
    subject = document.get("credentialSubject")
    if isinstance(subject, list):
        raise CredentialError("credentialSubject is a list; an Open Badge has one subject")
    if not isinstance(subject, dict) or not subject:
        raise CredentialError("credentialSubject is not one object")
    if "id" in subject:
        _url(subject["id"], "credentialSubject.id")
    if kind_of(document) == "endorsement":
        if "id" not in subject:
            raise CredentialError("an endorsement says nothing about what it endorses")
        return
    if "id" not in subject and not subject.get("identifier"):
        raise CredentialError("credentialSubject has neither id nor identifier")
    achievement = subject.get("achievement")
    if not isinstance(achievement, dict):
        raise CredentialError("the badge has not exactly one achievement")
    _url(achievement.get("id"), "achievement.id")
    for name in ("name", "criteria"):
        if not achievement.get(name):
            raise CredentialError(f"the achievement has no {name}")


def _check_typed(document: dict[str, Any], name: str) -> None:
    if name not in document:
        return
    value = document[name]
    for entry in value if isinstance(value, list) else [value]:
        if not isinstance(entry, dict) or not types_of(entry):
            raise CredentialError(f"{name} has an entry without a type")
        if "id" in entry or name == "credentialSchema":
            _url(entry.get("id"), f"{name}.id")


def _url(value: Any, name: str) -> str:
    if not isinstance(value, str) or not _URL.fullmatch(value):
        raise CredentialError(f"{name} is not a URL: {str(value)[:200]!r}")
    return value
