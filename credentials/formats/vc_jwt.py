"""Credentials and presentations as tokens (VC-JOSE-COSE 1.0).

The document itself is the payload, beside claims about the token. Four types: vc+jwt and vp+jwt,
and with selective disclosure vc+sd-jwt and vp+sd-jwt::

    text = sign_credential(credential, signer, kid=method, issued=now)
    secured = read_credential(text)
    secured.verify(fetch=fetch, now=now)
    secured.check_times(now=now)
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from contexts.urls import VC2
from credentials.formats.enveloped import Kind, check_envelope
from credentials.formats.jose import Jws, read_jws, sign_jws
from credentials.formats.sd_jwt import Path, SdJwt, disclosed, issue, read_sd_jwt
from credentials.formats.secured import REGISTERED, Secured, split_claims
from credentials.model import types_of
from credentials.report import CheckFailed, CredentialError, ProofError
from keys.material import PublicKey, Signer

_CONTENT = {"credential": "vc", "presentation": "vp"}
_TYPES = {"credential": "VerifiableCredential", "presentation": "VerifiablePresentation"}
_NEVER_HIDDEN = frozenset(
    {
        "@context",
        "id",
        "type",
        "issuer",
        "validFrom",
        "validUntil",
        "credentialStatus",
        "credentialSchema",
        "relatedResource",
        "termsOfUse",
        *REGISTERED,
    }
)
"""Members that a check of the credential reads: whoever shows it may not leave one away."""
_NEVER_INSIDE = frozenset({*REGISTERED, "vc", "vp", "proof"})
"""Members that no document in a token has."""


def sign_credential(
    credential: Mapping[str, Any],
    signer: Signer,
    *,
    kid: str,
    issued: datetime | None = None,
    expires: datetime | None = None,
    hidden: Collection[Path] | None = None,
    holder: PublicKey | None = None,
) -> str:
    """Give a credential as vc+jwt; with `hidden`, even if empty, as vc+sd-jwt.

    Checks the form only: the words and the shape of the credential are the caller's.
    """
    issuer = credential.get("issuer")
    claims = _named(jti=credential.get("id"), iat=_seconds(issued), exp=_seconds(expires))
    claims["iss"] = issuer.get("id") if isinstance(issuer, dict) else issuer
    return _sign("credential", credential, claims, signer, kid=kid, hidden=hidden, holder=holder)


def sign_presentation(
    presentation: Mapping[str, Any],
    signer: Signer,
    *,
    kid: str,
    audience: str | None = None,
    nonce: str | None = None,
    issued: datetime | None = None,
    expires: datetime | None = None,
    hidden: Collection[Path] | None = None,
) -> str:
    """Give a presentation of enveloped credentials as vp+jwt or, with `hidden`, vp+sd-jwt."""
    holder = presentation.get("holder")
    claims = _named(
        iss=holder.get("id") if isinstance(holder, dict) else holder,
        jti=presentation.get("id"),
        aud=audience,
        nonce=nonce,
        iat=_seconds(issued),
        exp=_seconds(expires),
    )
    check_entries(presentation)
    return _sign("presentation", presentation, claims, signer, kid=kid, hidden=hidden)


def read_credential(text: str) -> Secured:
    """Read a vc+jwt or vc+sd-jwt; nothing in it is verified yet."""
    return _read(text, "credential")


def read_presentation(text: str) -> Secured:
    """Read a vp+jwt or vp+sd-jwt; nothing in it is verified yet.

    Every credential in it is an enveloped one (VC-JOSE-COSE 1.0, 3.1.2); each is judged apart.
    """
    secured = _read(text, "presentation")
    check_entries(secured.document)
    return secured


def check_entries(presentation: Mapping[str, Any]) -> None:
    """Refuse a presentation whose credentials are not enveloped ones."""
    value = presentation.get("verifiableCredential", [])
    for entry in value if isinstance(value, list) else [value]:
        check_envelope(entry, "credential")


def _sign(
    kind: Kind,
    document: Mapping[str, Any],
    claims: dict[str, Any],
    signer: Signer,
    *,
    kid: str,
    hidden: Collection[Path] | None,
    holder: PublicKey | None = None,
) -> str:
    _check_document(document, kind)
    if not _NEVER_INSIDE.isdisjoint(document):
        taken = min(_NEVER_INSIDE.intersection(document))
        raise CredentialError(f"the member {taken!r} cannot stand in a token")
    content = _CONTENT[kind]
    payload = {**document, **claims}
    if hidden is None:
        return sign_jws({"kid": kid, "typ": f"{content}+jwt", "cty": content}, payload, signer)
    protected = [path for path in hidden if kind == "credential" and path[0] in _NEVER_HIDDEN]
    if protected:
        raise CredentialError(f"{protected[0][0]!r} of a credential cannot be hidden")
    header = {"kid": kid, "typ": f"{content}+sd-jwt", "cty": content}
    return issue(payload, hidden, signer, header=header, holder=holder)


def _read(text: str, kind: Kind) -> Secured:
    selective = read_sd_jwt(text) if "~" in text else None
    jws = selective.jws if selective else read_jws(text)
    _check_header(jws, f"{_CONTENT[kind]}+{'sd-jwt' if selective else 'jwt'}", _CONTENT[kind])
    payload = _payload(selective, kind) if selective else jws.claims()
    for name in ("vc", "vp"):
        if name in payload:
            raise ProofError("proof.malformed", f"the claim {name!r} may not stand in the token")
    document, claims = split_claims(payload)
    _check_document(document, kind)
    return Secured(kind, document, claims, jws, selective)


def _payload(token: SdJwt, kind: Kind) -> dict[str, Any]:
    found = disclosed(token)
    if kind == "presentation":
        return found.claims
    for name in _NEVER_HIDDEN & found.touched:
        raise ProofError("proof.malformed", f"{name!r} of a credential may not be hidden")
    return found.claims


def _check_header(jws: Jws, typ: str, content: str) -> None:
    # RFC 8725, 3.11: the type is what tells a credential from a presentation or a key proof.
    if jws.media_type != typ:
        raise CheckFailed("format.unsupported", f"typ is {jws.media_type[:60]!r}, not {typ!r}")
    if "cty" in jws.header and jws.content_type != content:
        raise CheckFailed("format.unsupported", f"cty is {jws.content_type[:60]!r}")


def _check_document(document: Mapping[str, Any], kind: Kind) -> None:
    value = document.get("@context")
    first = value[0] if isinstance(value, list) and value else value
    if first != VC2:
        raise CredentialError("the first @context is not that of VC Data Model 2.0")
    if _TYPES[kind] not in types_of(document):
        raise CredentialError(f"the type of the document is not {_TYPES[kind]}")


def _named(**claims: Any) -> dict[str, Any]:
    return {name: value for name, value in claims.items() if value is not None}


def _seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())
