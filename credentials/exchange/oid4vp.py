"""The messages of OpenID for Verifiable Presentations 1.0 that a service and a wallet exchange.

A service asks for badges by a *signed* request under its own DID (client id prefix
`decentralized_identifier`, 5.9.3); the wallet answers by `direct_post` (8.2), with one presentation
for each credential query, bound to the client id and the nonce. Nothing here opens a connection or
remembers anything. A wallet's way::

    link = read_request_link(text)                       # what a page or a QR code holds
    asked = read_request(jwt, client_id=link.client_id, fetch=fetch, now=now)
    form = response_form({"badge": presentation}, state=asked.state)   # to asked.response_uri
    go_on = read_direct_post_answer(answer, asked)       # where the browser goes next

Unsigned requests are refused: whoever asks must say who they are, provably (threats 18).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from contexts import ContextError, loads_strict
from credentials.exchange.dcql import CredentialQuery, read_query, write_query
from credentials.exchange.oid4vci import ExchangeError, web_address
from credentials.formats.issuer_keys import verify_token
from credentials.formats.jose import read_jws, sign_jws
from credentials.report import ProofError
from keys.did.web import did_web_url
from keys.errors import DidError
from keys.fetching import Fetch
from keys.material import Signer

REQUEST_TYPE = "oauth-authz-req+jwt"
REQUEST_MEDIA_TYPE = f"application/{REQUEST_TYPE}"
SCHEME = "openid4vp://"
AUDIENCE = "https://self-issued.me/v2"
"""The audience of a request for whichever wallet (5.8)."""

_PREFIX = "decentralized_identifier:"
_MAX_REQUEST_CHARACTERS = 50_000
_MAX_RESPONSE_CHARACTERS = 1_500_000
_MAX_MESSAGE_BYTES = 20_000
_REQUEST_LIVES = timedelta(minutes=10)
_CLOCK_SKEW = timedelta(minutes=5)
_MAX_PRESENTATIONS = 20
_MIN_NONCE, _MAX_TEXT = 16, 500


@dataclass(frozen=True)
class RequestLink:
    """Who is said to ask, and where the request itself waits (5.7); nothing of it is verified."""

    client_id: str
    request_uri: str


@dataclass(frozen=True)
class Request:
    """A request whose signature was verified: `did` really asks for this."""

    did: str
    nonce: str
    state: str
    response_uri: str
    queries: tuple[CredentialQuery, ...]

    @property
    def client_id(self) -> str:
        """The audience that presentations are bound to (B.1.3: the proof's domain)."""
        return client_id_of(self.did)


def client_id_of(did: str) -> str:
    """Give the client id of who asks under a DID (5.9.3)."""
    return f"{_PREFIX}{did}"


# --- the request (5) ----------------------------------------------------------------------------


def request_object(
    signer: Signer,
    *,
    did: str,
    verification_method: str,
    response_uri: str,
    nonce: str,
    state: str,
    queries: Sequence[CredentialQuery],
    now: datetime,
) -> str:
    """Sign a request for badges, to be answered within ten minutes (5.1, 5.9.3)."""
    client_id = client_id_of(did)
    claims = {
        "aud": AUDIENCE,
        "client_id": client_id,
        "response_type": "vp_token",
        "response_mode": "direct_post",
        "response_uri": response_uri,
        "nonce": nonce,
        "state": state,
        "dcql_query": write_query(queries),
        "client_metadata": {
            "vp_formats_supported": {
                "ldp_vc": {
                    "proof_type_values": ["DataIntegrityProof"],
                    "cryptosuite_values": [
                        "eddsa-jcs-2022",
                        "eddsa-rdfc-2022",
                        "ecdsa-jcs-2019",
                        "ecdsa-rdfc-2019",
                    ],
                }
            }
        },
        "iat": int(now.timestamp()),
        "exp": int((now + _REQUEST_LIVES).timestamp()),
    }
    return sign_jws({"typ": REQUEST_TYPE, "kid": verification_method}, claims, signer)


def request_link(did: str, request_uri: str, *, wallet: str = SCHEME) -> str:
    """Write the link that opens a wallet, any or the one named, at a request by reference (5.7)."""
    asked = {"client_id": client_id_of(did), "request_uri": request_uri}
    return f"{wallet}?{urlencode(asked)}"


def read_request_link(text: str) -> RequestLink:
    """Read what a page, a link or a QR code holds; shape only."""
    text = text.strip()
    if not text or len(text) > _MAX_MESSAGE_BYTES:
        raise ExchangeError("request.empty", "there is no request in this text")
    try:
        query = parse_qs(urlsplit(text).query, keep_blank_values=True)
    except ValueError as error:
        raise ExchangeError("address", "this is not a web address") from error
    if "request" in query:
        raise ExchangeError("request.unsupported", "a request by value is not taken")
    method = query.get("request_uri_method", ["get"])
    client_id, request_uri = (query.get(name, []) for name in ("client_id", "request_uri"))
    if len(client_id) != 1 or len(request_uri) != 1 or method not in (["get"], ["post"]):
        raise ExchangeError("request.malformed", "the link must name one client and one request")
    return RequestLink(client_id[0], web_address(request_uri[0], "request_uri"))


def read_request(jwt: str, *, client_id: str, fetch: Fetch | None, now: datetime) -> Request:
    """Read a signed request and verify who asks.

    1. The form: a strict JWS of the type of requests.
    2. Who asks: the DID in `client_id`, the same in the link, in the request and in its key.
    3. The signature, by a key that this DID shows; before any other claim is believed.
    4. Time, audience, response type and mode.
    5. Where the answer goes: for a did:web to its own origin only.
    6. What is asked for.

    Raises `ExchangeError`; `CannotCheck` when the signer's keys could not be had.
    """
    try:
        token = read_jws(jwt, max_characters=_MAX_REQUEST_CHARACTERS)  # 1
        claims = token.claims()
        if token.media_type != REQUEST_TYPE:
            raise ExchangeError("request.malformed", f"typ must be {REQUEST_TYPE}")
        did = _asker(claims, client_id)  # 2
        verify_token(token, did, purpose="assertionMethod", fetch=fetch, now=now)  # 3
    except ProofError as error:
        raise ExchangeError("request.proof", f"the request: {error.detail}") from error
    _check_times(claims, now)  # 4
    if claims.get("aud") not in (AUDIENCE, [AUDIENCE]):
        raise ExchangeError("request.malformed", "the request is for somebody else")
    if (claims.get("response_type"), claims.get("response_mode")) != ("vp_token", "direct_post"):
        raise ExchangeError("request.unsupported", "only vp_token by direct_post is answered")
    if "transaction_data" in claims or "redirect_uri" in claims:
        raise ExchangeError("request.unsupported", "the request asks for more than badges")
    response_uri = web_address(claims.get("response_uri"), "response_uri")  # 5
    _check_origin(did, response_uri)
    nonce, state = _text(claims.get("nonce"), "nonce"), _text(claims.get("state", ""), "state")
    if len(nonce) < _MIN_NONCE:
        raise ExchangeError("request.malformed", f"the nonce needs {_MIN_NONCE} characters")
    queries = read_query(claims.get("dcql_query"))  # 6
    return Request(did, nonce, state, response_uri, queries)


def _asker(claims: Mapping[str, Any], client_id: str) -> str:
    """Give the DID that asks; an `iss` in the request says nothing (5.8)."""
    if claims.get("client_id") != client_id:
        raise ExchangeError("request.client", "link and request name different clients")
    did = client_id.removeprefix(_PREFIX)
    if did == client_id or not did.startswith("did:"):
        raise ExchangeError("request.client", "who asks must be named by a DID")
    return did


def _check_times(claims: Mapping[str, Any], now: datetime) -> None:
    made, ends = (_time(claims.get(name), name) for name in ("iat", "exp"))
    if made is not None and made > now + _CLOCK_SKEW:
        raise ExchangeError("request.time", "the request is from the future")
    if ends is None or ends <= now or ends > now + timedelta(days=1):
        raise ExchangeError("request.time", "the request is too old, or has no end")


def _time(value: object, name: str) -> datetime | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e11:
        raise ExchangeError("request.malformed", f"{name} must be a number of seconds")
    return datetime.fromtimestamp(value, UTC)


def _check_origin(did: str, response_uri: str) -> None:
    if not did.startswith("did:web:"):
        return
    try:
        own = urlsplit(did_web_url(did))
    except DidError as error:
        raise ExchangeError("request.client", error.detail) from error
    if urlsplit(response_uri)[:2] != own[:2]:
        raise ExchangeError("request.origin", "the answer would go to another origin than who asks")


# --- the answer (8) -----------------------------------------------------------------------------


def response_form(
    presentations: Mapping[str, str | Sequence[str]], *, state: str
) -> dict[str, str]:
    """Write the form of an answer by direct_post: for each query's id its presentations (8.1, 8.2).

    `presentations` holds the exact JSON texts, so that badges in them stay as they were signed.
    """
    listed = {
        name: texts if isinstance(texts, str) else ",".join(texts)
        for name, texts in presentations.items()
    }
    inside = ",".join(f"{json.dumps(name)}:[{texts}]" for name, texts in listed.items())
    return {"vp_token": "{" + inside + "}", **({"state": state} if state else {})}


def error_form(error: str, *, state: str) -> dict[str, str]:
    """Write the form by which a wallet declines, e.g. with `access_denied` (8.5)."""
    return {"error": error, **({"state": state} if state else {})}


def read_response(form: Mapping[str, str], *, query_ids: Sequence[str]) -> dict[str, str]:
    """Read the form of an answer: for each query's id the text of its one presentation.

    Nothing in it is verified: that is `verify_presentation` with the request's client id as domain
    and its nonce as challenge. Raises `ExchangeError`, with code `access_denied` for a refusal.
    """
    answers = read_answers(form, [CredentialQuery(one) for one in query_ids])
    return {name: shown for name, (shown,) in answers.items()}


def _token(form: Mapping[str, str]) -> dict[str, Any]:
    if "error" in form:
        raise ExchangeError(str(form["error"])[:80] or "access_denied", "the wallet declined")
    text = form.get("vp_token", "")
    if not text or len(text) > _MAX_RESPONSE_CHARACTERS:
        raise ExchangeError("invalid_request", "there is no vp_token, or it is too large")
    try:
        token = loads_strict(text)
    except ContextError as error:
        raise ExchangeError("invalid_request", f"the vp_token: {error.detail}") from error
    if not isinstance(token, dict):
        raise ExchangeError("invalid_request", "the vp_token is not an object")
    return token


def read_answers(
    form: Mapping[str, str], queries: Sequence[CredentialQuery]
) -> dict[str, tuple[str, ...]]:
    """Read the form of an answer to queries of which some are optional, or take several (8.1).

    As `read_response`, nothing in it is verified. An entry for an optional query may be missing;
    one that is there holds something, and more than one presentation only where asked for.
    """
    token = _token(form)
    known = {query.id: query for query in queries}
    needed = {query.id for query in queries if not query.optional}
    if not needed <= set(token) <= set(known):
        raise ExchangeError("invalid_request", "the vp_token answers another query")
    return {name: _presentations(name, shown, known[name]) for name, shown in token.items()}


def _presentations(name: str, shown: object, query: CredentialQuery) -> tuple[str, ...]:
    most = _MAX_PRESENTATIONS if query.multiple else 1
    if not isinstance(shown, list) or not 1 <= len(shown) <= most:
        raise ExchangeError("invalid_request", f"{name} must hold 1 to {most} presentations")
    if not all(isinstance(one, dict | str) for one in shown):
        raise ExchangeError("invalid_request", f"{name} holds something else")
    return tuple(
        one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in shown
    )


def direct_post_answer(redirect_uri: str) -> dict[str, str]:
    """Write what the wallet hears back: where the person's browser goes next (8.2)."""
    return {"redirect_uri": redirect_uri}


def read_direct_post_answer(document: bytes | str, asked: Request) -> str:
    """Read where the browser goes next: an address at the origin that was answered, or nowhere."""
    try:
        answer = loads_strict(document, max_bytes=_MAX_MESSAGE_BYTES)
    except ContextError as error:
        raise ExchangeError("malformed", f"the answer: {error.detail}") from error
    if not isinstance(answer, dict):
        raise ExchangeError("malformed", "the answer must be an object")
    if "redirect_uri" not in answer:
        return ""
    address = str(answer["redirect_uri"])
    plain = web_address(address.partition("#")[0], "redirect_uri")
    if urlsplit(plain)[:2] != urlsplit(asked.response_uri)[:2]:
        raise ExchangeError("request.origin", "the browser would be sent to another origin")
    return address


def _text(value: object, what: str) -> str:
    if not isinstance(value, str) or len(value) > _MAX_TEXT:
        raise ExchangeError("request.malformed", f"{what} must be a short text")
    return value
