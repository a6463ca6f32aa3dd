"""Open Badges as JWT (Open Badges 3.0, 8.2): a token whose claims repeat what the badge says.

Older than vc+jwt and still what many badge platforms write: typ is "JWT" or missing, and a badge
in the shape of VC Data Model 1.1 stands in the claim vc::

    text = sign_badge(badge, signer, kid=method)
    secured = read_badge(text)
    secured.verify(fetch=fetch, now=now)
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from credentials.formats.jose import Jws, read_jws, sign_jws
from credentials.formats.secured import REGISTERED, Secured, claim_time, split_claims
from credentials.report import CheckFailed, CredentialError, ProofError
from credentials.shape import is_older_badge, is_version_1, issuer_id, kind_of, period
from keys.material import Signer

_HEADERS = frozenset({"alg", "kid", "jwk", "typ"})
"""No other may stand in the header (8.2.2)."""
_REQUIRED = ("iss", "jti", "nbf")
"""sub is required too (8.2.3), but a badge that names no holder has none to repeat."""


def sign_badge(
    badge: Mapping[str, Any], signer: Signer, *, kid: str | None, jwk: bool = False
) -> str:
    """Give a badge or endorsement as JWT; `kid` names the key, `jwk` shows it in the header too.

    Checks the form only: the words and the shape of the badge are the caller's.
    """
    document = dict(badge)
    if kind_of(document) == "other" or "proof" in document:
        raise CredentialError("only a badge or endorsement without a proof becomes a JWT")
    taken = [name for name in (*REGISTERED, "vc", "vp") if name in document]
    if taken:
        raise CredentialError(f"the member {taken[0]!r} cannot stand in a token")
    if kid is None and not jwk:
        raise CredentialError("the header needs a kid or a jwk")
    header: dict[str, Any] = {"typ": "JWT"}
    header |= {"kid": kid} if kid is not None else {}
    header |= {"jwk": signer.public.jwk} if jwk else {}
    claims = _claims_of(document)
    payload = {"vc": document} if is_version_1(document) else document
    return sign_jws(header, {**payload, **claims}, signer)


def read_badge(text: str) -> Secured:
    """Read a badge out of its JWT; nothing in it is verified yet.

    The claims must be there and say what the badge says (8.2.5), to the second.
    """
    jws = read_jws(text)
    _check_header(jws)
    document, claims = split_claims(jws.claims())
    if "vc" in document:
        document = _older_badge(document)
    if is_older_badge(document):
        raise CheckFailed("format.older", "an Open Badge of version 2.0 or before")
    if kind_of(document) == "other":
        raise CheckFailed("format.unsupported", "the token holds neither badge nor endorsement")
    for name in _REQUIRED:
        if name not in claims:
            raise ProofError("proof.malformed", f"the token has no {name}")
    _check_dates_agree(document, claims)
    return Secured("credential", document, claims, jws)


def _check_header(jws: Jws) -> None:
    if jws.media_type not in ("", "jwt"):
        raise CheckFailed("format.unsupported", f"typ is {jws.media_type[:60]!r}, not 'JWT'")
    extra = sorted(set(jws.header) - _HEADERS)
    if extra:
        raise ProofError("proof.malformed", f"the header {extra[0][:60]!r} is not taken")


def _older_badge(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Give the badge in the claim vc; beside it nothing may say more (VC Data Model 1.1, 6.3.1)."""
    badge = payload["vc"]
    if not isinstance(badge, dict) or len(payload) != 1 or not is_version_1(badge):
        raise ProofError("proof.malformed", "the claim vc is not the one badge of VC 1.1")
    return badge


def _check_dates_agree(document: dict[str, Any], claims: Mapping[str, Any]) -> None:
    start, end = period(document)
    for name, said in (("nbf", start), ("exp", end)):
        if not _same_second(claim_time(claims, name), said):
            raise ProofError("proof.malformed", f"{name} is another time than the badge says")


def _same_second(claimed: datetime | None, said: datetime | None) -> bool:
    if claimed is None or said is None:
        return claimed is said
    return int(claimed.timestamp()) == int(said.timestamp())


def _claims_of(document: dict[str, Any]) -> dict[str, Any]:
    start, end = period(document)
    if start is None:
        raise CredentialError("the badge does not say from when it is valid")
    subject = document.get("credentialSubject")
    claims = {
        "iss": issuer_id(document),
        "jti": document.get("id"),
        "sub": subject.get("id") if isinstance(subject, dict) else None,
        "nbf": int(start.timestamp()),
        "exp": int(end.timestamp()) if end else None,
    }
    return {name: value for name, value in claims.items() if value is not None}
