"""did:jwk: the identifier is a public JWK in base64url (did:jwk Method, 1)."""

import json
from typing import Any

from contexts import ContextError, loads_strict
from contexts.urls import DID
from keys.errors import DidError, KeysError
from keys.lookup import Asked, Found
from keys.material import PublicKey
from keys.multibase import base64url_decode, base64url_encode

METHOD = "jwk"
_MAX_BYTES = 2_000


def did_jwk(public: PublicKey) -> str:
    """Name a key by its JWK."""
    text = json.dumps(public.jwk, separators=(",", ":"), sort_keys=True)
    return f"did:jwk:{base64url_encode(text.encode())}"


def resolve(asked: Asked) -> Found:
    """Write the document that the identifier stands for; nothing is fetched."""
    did = asked.did
    try:
        jwk = loads_strict(base64url_decode(did.removeprefix("did:jwk:")), max_bytes=_MAX_BYTES)
        if not isinstance(jwk, dict):
            raise DidError("the identifier does not hold a JWK")
        PublicKey.from_jwk(jwk)
    except (KeysError, ContextError) as error:
        raise DidError(error.detail) from error
    method = f"{did}#0"
    document: dict[str, Any] = {
        "@context": [DID, "https://w3id.org/security/suites/jws-2020/v1"],
        "id": did,
        "verificationMethod": [
            {"id": method, "type": "JsonWebKey2020", "controller": did, "publicKeyJwk": jwk}
        ],
    }
    if jwk.get("use") != "enc":
        for purpose in (
            "assertionMethod",
            "authentication",
            "capabilityInvocation",
            "capabilityDelegation",
        ):
            document[purpose] = [method]
    return Found(document)
