"""SD-JWT VC: a set of claims of a named type, selectively disclosable and bound to a key.

SD-JWT-based Verifiable Credentials (the IETF draft, 3). It is JSON without JSON-LD and no Open
Badge; wallets of the EU use it::

    text = issue_sd_jwt_vc(claims, [("given_name",)], signer, vct=..., issuer=did, kid=method, ...)
    shown = present(text, [("given_name",)], holders_signer, audience=..., nonce=..., now=now)
    verified = verify_sd_jwt_vc(shown, audience=..., nonce=..., fetch=fetch, now=now)
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from credentials.formats.issuer_keys import verify_token
from credentials.formats.sd_jwt import (
    Path,
    SdJwt,
    check_key_binding,
    disclosed,
    issue,
    read_sd_jwt,
)
from credentials.formats.secured import claim_time
from credentials.report import CheckFailed, CredentialError, ProofError
from credentials.status import StatusResult, check_token_status
from credentials.times import CLOCK_SKEW, write_time
from keys.fetching import Fetch
from keys.material import PublicKey, Signer

MEDIA_TYPE = "dc+sd-jwt"
_OLDER_TYPE = "vc+sd-jwt"
"""The name before November 2024, still taken; VC-JOSE-COSE has it too, for JSON-LD credentials."""
_NEVER_HIDDEN = ("iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "status")
"""Claims that a check reads (SD-JWT VC, 3.2.2.2): whoever shows the token cannot leave them out."""
_SET_BY_US = (*_NEVER_HIDDEN, "iat")


@dataclass(frozen=True)
class SdJwtVc:
    """An SD-JWT VC that holds, its status list looked up where it names one."""

    vct: str
    issuer: str
    claims: Mapping[str, Any]
    holder: PublicKey | None
    """The key of whoever showed it: it is theirs only when they proved it, else None."""
    status: StatusResult


def issue_sd_jwt_vc(
    claims: Mapping[str, Any],
    hidden: Collection[Path],
    signer: Signer,
    *,
    vct: str,
    issuer: str,
    kid: str,
    issued: datetime,
    expires: datetime | None = None,
    holder: PublicKey | None = None,
    status: Mapping[str, Any] | None = None,
    decoys: int = 0,
) -> str:
    """Give an SD-JWT VC of the type `vct`; the claims at `hidden` are disclosed one by one."""
    taken = [name for name in _SET_BY_US if name in claims]
    if taken or any(path[0] in _SET_BY_US for path in hidden):
        raise CredentialError(f"the claims {', '.join(_SET_BY_US)} are set here and never hidden")
    payload: dict[str, Any] = {"iss": issuer, "vct": vct, "iat": int(issued.timestamp()), **claims}
    payload |= {"exp": int(expires.timestamp())} if expires else {}
    payload |= {"status": dict(status)} if status else {}
    header = {"typ": MEDIA_TYPE, "kid": kid}
    return issue(payload, hidden, signer, header=header, holder=holder, decoys=decoys)


def verify_sd_jwt_vc(
    text: str,
    *,
    audience: str | None = None,
    nonce: str | None = None,
    fetch: Fetch | None,
    now: datetime,
) -> SdJwtVc:
    """Verify an SD-JWT VC and, given an `audience`, that its holder shows it to this audience.

    1. The form: type, claims, each disclosure in its place.
    2. The signature, with a key that the issuer shows.
    3. The times.
    4. The key binding, required when there is an audience.
    5. The status, when it names a list (Token Status List).

    Raises `CheckFailed`, and `CannotCheck` when the issuer's keys or its list could not be asked
    for.
    """
    token = read_sd_jwt(text)  # 1
    claims = _claims(token)
    issuer = claims["iss"]
    verify_token(token.jws, issuer, purpose="assertionMethod", fetch=fetch, now=now)  # 2
    check_claim_times(claims, now=now)  # 3
    holder = None
    if audience is not None:  # 4
        holder = check_key_binding(token, audience=audience, nonce=nonce, now=now)
    status = check_token_status(claims.get("status"), issuer=issuer, fetch=fetch, now=now)  # 5
    return SdJwtVc(claims["vct"], issuer, claims, holder, status)


def check_claim_times(claims: Mapping[str, Any], *, now: datetime) -> None:
    """Refuse claims that are not valid at `now` (SD-JWT VC, 3.2.2.2)."""
    try:
        starts, made, ends = (claim_time(claims, name) for name in ("nbf", "iat", "exp"))
    except CredentialError as error:
        raise ProofError("proof.malformed", error.detail) from error
    for moment in (starts, made):
        if moment is not None and moment > now + CLOCK_SKEW:
            raise CheckFailed("dates.not-yet", f"valid from {write_time(moment)}")
    if ends is not None and ends < now - CLOCK_SKEW:
        raise CheckFailed("dates.expired", f"valid until {write_time(ends)}")


def _claims(token: SdJwt) -> dict[str, Any]:
    if token.jws.media_type not in (MEDIA_TYPE, _OLDER_TYPE):
        raise CheckFailed("format.unsupported", f"typ is {token.jws.media_type[:60]!r}")
    if "@context" in token.payload:
        raise CheckFailed("format.unsupported", "a JSON-LD credential is no SD-JWT VC")
    found = disclosed(token)
    for name in found.touched.intersection(_NEVER_HIDDEN):
        raise ProofError("proof.malformed", f"the claim {name!r} may not be hidden")
    for name in ("vct", "iss"):
        if not isinstance(found.claims.get(name), str) or not found.claims[name]:
            raise ProofError("proof.malformed", f"the token has no {name}")
    if not isinstance(found.claims.get("status", {}), dict):
        raise ProofError("proof.malformed", "the status is not an object")
    return found.claims
