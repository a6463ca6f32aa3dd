"""Controller documents: which key may be used for which purpose (Controlled Identifiers 1.0)."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from contexts.urls import DID, MULTIKEY
from keys.errors import DidError, KeysError, MalformedKey, MethodRevoked
from keys.material import PublicKey

PURPOSES = (
    "assertionMethod",
    "authentication",
    "capabilityInvocation",
    "capabilityDelegation",
    "keyAgreement",
)
_FORMS = MappingProxyType(
    {
        "Multikey": "publicKeyMultibase",
        "JsonWebKey": "publicKeyJwk",
        "JsonWebKey2020": "publicKeyJwk",
        "Ed25519VerificationKey2020": "publicKeyMultibase",
    }
)
"""The types of method that we read, and the member in which each shows its key."""
_SECRETS = ("secretKeyMultibase", "secretKeyJwk", "privateKeyMultibase", "privateKeyJwk")
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)"


class Method(NamedTuple):
    """One verification method that we publish: a key, what it may do, and until when.

    One that is revoked stands there for no purpose, so that also those refuse it who do not read
    the word.
    """

    id: str
    public: PublicKey
    purposes: tuple[str, ...] = ("assertionMethod",)
    expires: datetime | None = None
    revoked: datetime | None = None


def controller_document(
    did: str, methods: Sequence[Method], *, also_known_as: Sequence[str] = ()
) -> dict[str, Any]:
    """Write the document of `did` with its methods as Multikey, listed for each purpose.

    Refuses what `verification_key` would not read: no method, an id of another document, an id
    used twice, a purpose that does not exist, or none without being revoked.
    """
    ids = [method.id for method in methods]
    if not ids or len(set(ids)) != len(ids):
        raise DidError(f"{did} needs methods, each with an id of its own")
    for method in methods:
        if not method.id.startswith(f"{did}#") or not (method.purposes or method.revoked):
            raise DidError(f"the method {method.id} must belong to {did} and have a purpose")
        if not set(method.purposes) <= set(PURPOSES):
            raise DidError(f"the method {method.id} names a purpose that does not exist")
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
    `method_id` must be absolute; in the document, ids may be relative to the document's own.
    """
    did = document.get("id")
    if not isinstance(did, str):
        raise DidError(
            "the controller document has no id", code="INVALID_CONTROLLED_IDENTIFIER_DOCUMENT_ID"
        )
    if method_id.partition("#")[0] != did:
        raise DidError(
            f"the method {method_id} does not belong to {did}",
            code="INVALID_VERIFICATION_METHOD_URL",
        )
    method = _allowed_method(document, did, method_id, purpose, now)
    if method.get("controller") != did:
        raise DidError(
            f"the method {method_id} is controlled by {str(method.get('controller'))[:200]!r}, "
            f"not by {did}",
            code="INVALID_VERIFICATION_METHOD",
        )
    if "expires" in method and _time(method["expires"], "expires") <= now:
        raise DidError(
            f"the method {method_id} was expired on {method['expires']}",
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
    document: Mapping[str, Any], did: str, method_id: str, purpose: str, now: datetime
) -> dict[str, Any]:
    if purpose not in PURPOSES:
        raise DidError(
            f"{purpose!r} is not a purpose", code="INVALID_RELATIONSHIP_FOR_VERIFICATION_METHOD"
        )
    # One id, one method: a second one, embedded elsewhere, could bring another key.
    defined = [
        entry
        for name in ("verificationMethod", *PURPOSES)
        for entry in _listed(document, name)
        if isinstance(entry, dict) and _absolute(entry.get("id"), did) == method_id
    ]
    if not defined:
        raise DidError(
            f"the method {method_id} is not in the document", code="INVALID_VERIFICATION_METHOD"
        )
    if any(method != defined[0] for method in defined) or _is_repeated(document, did, method_id):
        raise DidError(
            f"the method {method_id} stands {len(defined)} times in the document",
            code="INVALID_VERIFICATION_METHOD",
        )
    # Before the purpose: a method that was taken back is listed for none.
    if "revoked" in defined[0] and _time(defined[0]["revoked"], "revoked") <= now:
        raise MethodRevoked(
            f"the method {method_id} was revoked on {defined[0]['revoked']}",
            code="INVALID_VERIFICATION_METHOD",
            key=_key_it_had(defined[0], did),
        )
    for entry in _listed(document, purpose):
        named = entry.get("id") if isinstance(entry, dict) else entry
        if _absolute(named, did) == method_id:
            return defined[0]
    raise DidError(
        f"the method {method_id} is not allowed for {purpose}",
        code="INVALID_RELATIONSHIP_FOR_VERIFICATION_METHOD",
    )


def _key_it_had(method: Mapping[str, Any], did: str) -> PublicKey | None:
    try:
        return _read_key(method) if method.get("controller") == did else None
    except KeysError:
        return None


def _is_repeated(document: Mapping[str, Any], did: str, method_id: str) -> bool:
    listed = [m for m in _listed(document, "verificationMethod") if isinstance(m, dict)]
    return sum(_absolute(method.get("id"), did) == method_id for method in listed) > 1


def _listed(document: Mapping[str, Any], name: str) -> list[Any]:
    value = document.get(name, [])
    return value if isinstance(value, list) else [value]


def _absolute(value: Any, did: str) -> str | None:
    if not isinstance(value, str):
        return None
    return did + value if value.startswith("#") else value


def _time(value: Any, member: str) -> datetime:
    if isinstance(value, str) and re.fullmatch(_TIME, value, re.ASCII):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass  # the form of a time, but no such day or hour: refused like any other text
    raise DidError(
        f"{member} of the method is not a time with its zone", code="INVALID_VERIFICATION_METHOD"
    )


def _read_key(method: Mapping[str, Any]) -> PublicKey:
    kind = method.get("type")
    form = _FORMS.get(kind) if isinstance(kind, str) else None
    if form is None:
        raise DidError(
            f"the method type {str(kind)[:100]!r} is not supported",
            code="INVALID_VERIFICATION_METHOD",
        )
    if any(name in method for name in _SECRETS):
        raise DidError("the method shows a private key", code="INVALID_VERIFICATION_METHOD")
    if [name for name in sorted(set(_FORMS.values())) if name in method] != [form]:
        raise DidError(
            f"a method of type {kind} shows its key as {form}, and in no other way",
            code="INVALID_VERIFICATION_METHOD",
        )
    shown = method[form]
    try:
        if form == "publicKeyJwk":
            public = PublicKey.from_jwk(shown if isinstance(shown, dict) else {})
        else:
            public = PublicKey.from_multibase(shown)
    except MalformedKey as error:
        raise DidError(error.detail, code="INVALID_VERIFICATION_METHOD") from error
    if kind == "Ed25519VerificationKey2020" and public.kind != "Ed25519":
        raise DidError(
            f"a {public.kind} key stands in a method of type {kind}",
            code="INVALID_VERIFICATION_METHOD",
        )
    return public
