"""Getting a badge again by the key it was given to: how its holder asks for a corrected one.

The wallet signs an assertion with the key in `credentialSubject.id`, for one issuer and one nonce,
and exchanges it for an access token (JWT bearer grant: RFC 7523, 2.1 and 3; the badge is named by
`scope`, RFC 7521, 4.1). The answer names the one badge that may be collected
(`credential_identifiers`, OpenID4VCI 1.0, 6.2), and the credential endpoint hands it out against a
key proof as always. A wallet's way (docs/adr/0032)::

    assertion = holder_assertion(signer, holder=did, audience=..., nonce=..., now=...)
    form = renewal_request(assertion, badge_id)              # to the token endpoint
    granted = read_renewal_response(answer, badge_id=badge_id)
    body = identified_request(granted.identifier, proof)     # to the credential endpoint
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from contexts import ContextError, loads_strict
from credentials.exchange.oid4vci import (
    PROOF_ALGORITHMS,
    ExchangeError,
    ProvenKey,
    named_key,
    read_token_response,
)
from credentials.formats.jose import read_jws, sign_jws
from credentials.report import ProofError
from keys.material import Signer

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ASSERTION_TYPE = "authorization-grant+jwt"
"""A type of its own: no other token of this key passes for an assertion (RFC 8725, 3.11)."""

_LIVES = timedelta(minutes=5)
_CLOCK_SKEW = timedelta(minutes=5)
_MAX_CHARACTERS = 8_000
_MAX_BYTES = 100_000
_DETAILS = "openid_credential"


@dataclass(frozen=True)
class Granted:
    """What an assertion was exchanged for: a token, and the badge that it opens."""

    token: str
    identifier: str

    def __repr__(self) -> str:
        return f"Granted({self.identifier!r})"


def holder_assertion(
    signer: Signer, *, holder: str, audience: str, nonce: str, now: datetime
) -> str:
    """Say, for one issuer and one nonce, that the key of `holder`, a did:key, asks."""
    header = {"typ": ASSERTION_TYPE, "kid": f"{holder}#{holder.removeprefix('did:key:')}"}
    claims = {
        "iss": holder,
        "sub": holder,
        "aud": audience,
        "iat": int(now.timestamp()),
        "exp": int((now + _LIVES).timestamp()),
        "nonce": nonce,
    }
    return sign_jws(header, claims, signer)


def check_holder_assertion(jwt: str, *, audience: str, now: datetime) -> ProvenKey:
    """Check an assertion, and give the key that it proves.

    1. The form, the type, and an algorithm that we take.
    2. The key, named by `kid` and resolved offline; the signature, before any claim is believed.
    3. Who says it about whom: the key about itself. 4. For whom: this issuer alone. 5. The time.

    The nonce is handed back: whether it is fresh and unused only the issuer knows. Raises
    `ExchangeError` with the code `invalid_grant` (RFC 7521, 4.1.1).
    """
    try:
        token = read_jws(jwt, max_characters=_MAX_CHARACTERS)  # 1
        if token.media_type != ASSERTION_TYPE or token.algorithm not in PROOF_ALGORITHMS:
            raise _refused(f"typ must be {ASSERTION_TYPE}, and alg one that is taken")
        holder, public = named_key(token.header, now)  # 2
        token.verify(public)
        claims = token.claims()
    except (ProofError, ExchangeError) as error:
        raise _refused(error.detail) from error
    if (claims.get("iss"), claims.get("sub")) != (holder, holder):  # 3
        raise _refused("iss and sub must be the holder of the key")
    if claims.get("aud") != audience:  # 4
        raise _refused("the assertion was made for another issuer")
    made, ends = _time(claims, "iat"), _time(claims, "exp")  # 5
    if made > now + _CLOCK_SKEW or ends <= now or ends > made + 2 * _LIVES:
        raise _refused("the assertion is too old, from the future, or lives too long")
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not nonce:
        raise _refused("the assertion holds no nonce")
    return ProvenKey(holder, public, nonce)


def renewal_request(assertion: str, badge_id: str) -> dict[str, str]:
    """Write the form for the token endpoint (RFC 7523, 2.1)."""
    return {"grant_type": JWT_BEARER, "assertion": assertion, "scope": badge_id}


def renewal_response(
    token: str, *, expires_in: int, configuration_id: str, badge_id: str
) -> dict[str, Any]:
    """Write the answer of the token endpoint, which names the badge (OpenID4VCI 1.0, 6.2)."""
    return {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": expires_in,
        "scope": badge_id,
        "authorization_details": [
            {
                "type": _DETAILS,
                "credential_configuration_id": configuration_id,
                "credential_identifiers": [badge_id],
            }
        ],
    }


def read_renewal_response(document: bytes | str, *, badge_id: str) -> Granted:
    """Read a token and the identifier of the badge; an answer about another badge is refused."""
    token = read_token_response(document)
    details = _load(document).get("authorization_details")
    named = [
        one
        for row in (details if isinstance(details, list) else [])
        if isinstance(row, dict) and row.get("type") == _DETAILS
        for one in _list(row.get("credential_identifiers"))
    ]
    if named != [badge_id]:
        raise ExchangeError("answer.other", "the token opens another badge than was asked for")
    return Granted(token, badge_id)


def identified_request(identifier: str, proof: str) -> dict[str, Any]:
    """Write the request for the one badge that the token names (OpenID4VCI 1.0, 8.2)."""
    return {"credential_identifier": identifier, "proofs": {"jwt": [proof]}}


def offers_renewal(document: bytes | str) -> bool:
    """Tell from an authorization server's metadata whether it takes such assertions (RFC 8414)."""
    grants = _load(document).get("grant_types_supported")
    return isinstance(grants, list) and JWT_BEARER in grants


def _load(document: bytes | str) -> Mapping[str, Any]:
    try:
        found = loads_strict(document, max_bytes=_MAX_BYTES)
    except ContextError as error:
        raise ExchangeError("malformed", f"the answer cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise ExchangeError("malformed", "the answer is not a JSON object")
    return found


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _time(claims: Mapping[str, Any], name: str) -> datetime:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1e11:
        raise _refused(f"{name} must be a number of seconds")
    return datetime.fromtimestamp(value, UTC)


def _refused(detail: str) -> ExchangeError:
    return ExchangeError("invalid_grant", f"the assertion: {detail}")
