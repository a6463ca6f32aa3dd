"""did:key: the identifier is the key (The did:key Method v0.9, 3)."""

from typing import Any

from contexts.urls import DID, MULTIKEY
from keys.errors import DidError, MalformedKey
from keys.lookup import Asked, Found
from keys.material import PublicKey

METHOD = "key"
_CODES = {
    "invalid-key-length": "invalidPublicKeyLength",
    "unsupported-key-type": "unsupportedPublicKeyType",
}


def did_key(public: PublicKey) -> str:
    """Name a key by itself."""
    return f"did:key:{public.multibase}"


def resolve(asked: Asked) -> Found:
    """Write the document that the identifier stands for; nothing is fetched."""
    did = asked.did
    multibase = did.removeprefix("did:key:")
    if not multibase.startswith("z"):  # nor a version before it: one key, one name
        raise DidError(f"{did[:200]!r} does not name a key in base58btc")
    try:
        public = PublicKey.from_multibase(multibase)
    except MalformedKey as error:
        code = _CODES.get(error.code, "invalidPublicKey")
        raise DidError(error.detail, code=code) from error
    if public.multibase != multibase:
        raise DidError("the key is not written in its one canonical way", code="invalidPublicKey")
    method = f"{did}#{multibase}"
    document: dict[str, Any] = {
        "@context": [DID, MULTIKEY],
        "id": did,
        "verificationMethod": [
            {
                "id": method,
                "type": "Multikey",
                "controller": did,
                "publicKeyMultibase": multibase,
            }
        ],
        "authentication": [method],
        "assertionMethod": [method],
        "capabilityInvocation": [method],
        "capabilityDelegation": [method],
    }
    return Found(document)
