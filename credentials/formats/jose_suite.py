"""What `mycred jose` does: issue or verify one token with one key, as the suite for JOSE asks.

A success is believed by whoever asks, so a token that was issued here is verified before it is
given back. Only the signature and what belongs to it are judged: times, status and whether the
issuer shows the key are other questions.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from contexts import ContextError, UnknownContext, expand_checked, load_context, loads_strict
from contexts.urls import VC2
from credentials.formats.sd_jwt import parse_places
from credentials.formats.secured import Secured, check_agreement
from credentials.formats.vc_jwt import (
    read_credential,
    read_presentation,
    sign_credential,
    sign_presentation,
)
from credentials.report import CheckFailed, CredentialError
from keys.errors import KeysError
from keys.material import PrivateKey, PublicKey

FEATURES = ("credential_jose", "presentation_jose", "credential_sdjwt", "presentation_sdjwt")
_SIGN: Mapping[str, Callable[..., str]] = {
    "credential": sign_credential,
    "presentation": sign_presentation,
}
_READ: Mapping[str, Callable[[str], Secured]] = {
    "credential": read_credential,
    "presentation": read_presentation,
}
_TYPES = {"credential": "VerifiableCredential", "presentation": "VerifiablePresentation"}


def run(
    action: Literal["issue", "verify"],
    feature: str,
    document: str,
    key: str,
    sd: Sequence[str] | None = None,
) -> dict[str, str]:
    """Give `{"result": "success" | "failure", "data": ...}`: the token, or what is wrong.

    `document` is the text of a credential or presentation, or of a token to verify; `key` that of a
    JsonWebKey with publicKeyJwk, and secretKeyJwk to issue; `sd` names the members to hide.
    """
    try:
        if feature not in FEATURES:
            raise CredentialError(f"the feature {feature[:60]!r} is not one of {FEATURES}")
        method = _object(key, "key")
        if action == "issue":
            token = _issue(feature, _object(document, "document"), method, sd)
        else:
            token = document.strip()
        _verify(feature, token, method)
    except (CheckFailed, CredentialError, ContextError, KeysError) as error:
        return {"result": "failure", "data": error.detail}
    return {"result": "success", "data": token}


def _issue(
    feature: str, document: dict[str, Any], method: Mapping[str, Any], sd: Sequence[str] | None
) -> str:
    kind, _, form = feature.partition("_")
    _check_words(document, kind)
    hidden = parse_places(sd or []) if form == "sdjwt" else None
    signer = PrivateKey.from_jwk(_jwk(method, "secretKeyJwk"))
    return _SIGN[kind](document, signer, kid=str(method.get("id", "")), hidden=hidden)


def _verify(feature: str, token: str, method: Mapping[str, Any]) -> None:
    kind, _, form = feature.partition("_")
    secured = _READ[kind](token)
    if (secured.disclosures is not None) != (form == "sdjwt"):
        raise CheckFailed("format.unsupported", f"the token is not of the feature {feature}")
    if secured.signer != method.get("controller"):
        raise CheckFailed("proof.other-signer", f"the key is not one of {secured.signer[:200]!r}")
    jwk = _jwk(method, "publicKeyJwk")
    if secured.jws.kid not in (None, method.get("id"), jwk.get("kid")):
        raise CheckFailed("proof.method", f"the token names another key: {secured.jws.kid[:200]!r}")
    check_agreement(secured)
    secured.jws.verify(PublicKey.from_jwk(jwk))


def _check_words(document: dict[str, Any], kind: str) -> None:
    """Refuse members that nothing defines.

    Where a context is not one that we know, this can be told of the outermost members only: they
    must be terms of the base context.
    """
    value = document.get("@context")
    try:
        for url in value if isinstance(value, list) else [value]:
            load_context(str(url))
    except UnknownContext:
        terms = load_context(VC2)["@context"][_TYPES[kind]]["@context"]
        unknown = sorted(set(document) - set(terms) - {"@context"})
        if unknown:
            raise CredentialError(f"the member {unknown[0][:100]!r} is not defined") from None
        return
    expand_checked(document)


def _object(text: str, what: str) -> dict[str, Any]:
    value = loads_strict(text)
    if not isinstance(value, dict):
        raise CredentialError(f"the {what} is not a JSON object")
    return value


def _jwk(method: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = method.get(name)
    if not isinstance(value, dict):
        raise CredentialError(f"the key has no {name}")
    return value
