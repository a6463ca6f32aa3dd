"""Controller documents: which key may be used for which purpose (Controlled Identifiers 1.0)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from contexts.urls import DID, MULTIKEY
from keys.errors import DidError, MalformedKey
from keys.material import PublicKey

PURPOSES = (
    "assertionMethod",
    "authentication",
    "capabilityInvocation",
    "capabilityDelegation",
    "keyAgreement",
)
_TYPES = frozenset({"Multikey", "JsonWebKey", "JsonWebKey2020", "Ed25519VerificationKey2020"})


@dataclass(frozen=True)
class Method:
    """One verification method that we publish: a key, what it may do, and until when."""

    id: str
    public: PublicKey
    purposes: tuple[str, ...] = ("assertionMethod",)
    expires: datetime | None = None
    revoked: datetime | None = None


def controller_document(
    did: str, methods: Sequence[Method], *, also_known_as: Sequence[str] = ()
) -> dict[str, Any]:
    """Write the document of `did` with its methods as Multikey, listed for each purpose."""
    document: dict[str, Any] = {"@context": [DID, MULTIKEY], "id": did}
    if also_known_as:
        document["alsoKnownAs"] = list(also_known_as)
    document["verificationMethod"] = [_written(method, did) for method in methods]
    for purpose in PURPOSES:
        allowed = [method.id for method in methods if purpose in method.purposes]
        if allowed:
            document[purpose] = allowed
    return document


def verification_key(
    document: Mapping[str, Any], method_id: str, *, purpose: str, now: datetime
) -> PublicKey:
    """Give the key of a method if the document allows it for `purpose` at `now`.

    Follows Controlled Identifiers 1.0, 3.3: the method is listed (or embedded) under the purpose,
    belongs to the document's own subject, and is neither expired nor revoked. Raises `DidError`.
    """
    did = document.get("id")
    if not isinstance(did, str):
        raise DidError(
            "the controller document has no id", code="INVALID_CONTROLLED_IDENTIFIER_DOCUMENT_ID"
        )
    method = _allowed_method(document, did, method_id, purpose)
    if method.get("controller") != did:
        raise DidError(
            f"the method {method_id} is controlled by {method.get('controller')!r}, not by {did}",
            code="INVALID_VERIFICATION_METHOD",
        )
    for member, word in (("revoked", "revoked"), ("expires", "expired")):
        if member in method and _time(method[member], member) <= now:
            raise DidError(
                f"the method {method_id} was {word} on {method[member]}",
                code="INVALID_VERIFICATION_METHOD",
            )
    return _read_key(method)


def _written(method: Method, did: str) -> dict[str, Any]:
    written: dict[str, Any] = {
        "id": method.id,
        "type": "Multikey",
        "controller": did,
        "publicKeyMultibase": method.public.multibase,
    }
    for name, value in (("expires", method.expires), ("revoked", method.revoked)):
        if value is not None:
            written[name] = f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return written


def _allowed_method(
    document: Mapping[str, Any], did: str, method_id: str, purpose: str
) -> dict[str, Any]:
    if purpose not in PURPOSES:
        raise DidError(
            f"{purpose!r} is not a purpose", code="INVALID_RELATIONSHIP_FOR_VERIFICATION_METHOD"
        )
    known = [m for m in _listed(document, "verificationMethod") if isinstance(m, dict)]
    for entry in _listed(document, purpose):
        if isinstance(entry, dict):
            if _absolute(entry.get("id"), did) == method_id:
                return entry
        elif _absolute(entry, did) == method_id:
            found = [m for m in known if _absolute(m.get("id"), did) == method_id]
            if len(found) == 1:
                return found[0]
            raise DidError(
                f"the method {method_id} stands {len(found)} times in the document",
                code="INVALID_VERIFICATION_METHOD",
            )
    if any(_absolute(m.get("id"), did) == method_id for m in known):
        raise DidError(
            f"the method {method_id} is not allowed for {purpose}",
            code="INVALID_RELATIONSHIP_FOR_VERIFICATION_METHOD",
        )
    raise DidError(
        f"the method {method_id} is not in the document", code="INVALID_VERIFICATION_METHOD"
    )


def _listed(document: Mapping[str, Any], name: str) -> list[Any]:
    value = document.get(name, [])
    return value if isinstance(value, list) else [value]


def _absolute(value: Any, did: str) -> str | None:
    if not isinstance(value, str):
        return None
    return did + value if value.startswith("#") else value


def _time(value: Any, member: str) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise DidError(
            f"{member} of the method is not a time", code="INVALID_VERIFICATION_METHOD"
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _read_key(method: Mapping[str, Any]) -> PublicKey:
    kind = method.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    if not _TYPES.intersection(map(str, kinds)):
        raise DidError(
            f"the method type {kind!r} is not supported", code="INVALID_VERIFICATION_METHOD"
        )
    multibase, jwk = method.get("publicKeyMultibase"), method.get("publicKeyJwk")
    if (multibase is None) == (jwk is None):
        raise DidError(
            "the method must have exactly one of publicKeyMultibase and publicKeyJwk",
            code="INVALID_VERIFICATION_METHOD",
        )
    if "secretKeyMultibase" in method or "secretKeyJwk" in method:
        raise DidError("the method shows a private key", code="INVALID_VERIFICATION_METHOD")
    try:
        if isinstance(multibase, str):
            return PublicKey.from_multibase(multibase)
        if isinstance(jwk, dict):
            return PublicKey.from_jwk(jwk)
    except MalformedKey as error:
        raise DidError(error.detail, code="INVALID_VERIFICATION_METHOD") from error
    raise DidError("the method has no readable key", code="INVALID_VERIFICATION_METHOD")
