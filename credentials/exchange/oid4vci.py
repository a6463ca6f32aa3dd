"""The messages of OpenID for Verifiable Credential Issuance 1.0, as both sides need them.

An issuer writes an offer, metadata and answers; a wallet reads them and proves its key. Nothing
here opens a connection or remembers anything: who sends what, and what was used up, is the
caller's. Only the pre-authorized code flow is spoken (1.0, 3.5). A wallet's way::

    found = parse_offer(text)                     # or read_offer() of what its address answered
    metadata = read_issuer_metadata(document, expected=offer.credential_issuer)
    form = token_request(offer, tx_code="1234")   # to read_token_endpoint(...)
    proof = key_proof(signer, holder=did, audience=..., nonce=..., now=...)
    body = credential_request(configuration_id, proof)
    (text,) = read_credential_response(answer)    # the exact text that was signed
"""

import ipaddress
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import SplitResult, parse_qs, urlencode, urlsplit

from contexts import ContextError, loads_strict
from credentials.formats.jose import read_jws, sign_jws
from credentials.report import ProofError
from keys.controller import verification_key
from keys.did import DidError, did_key
from keys.material import KeysError, PublicKey, Signer
from keys.resolution import resolve

PRE_AUTHORIZED_CODE = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
OFFER_SCHEME = "openid-credential-offer://"
KEY_PROOF_TYPE = "openid4vci-proof+jwt"
PROOF_ALGORITHMS = ("EdDSA", "Ed25519", "ES256")
"""RFC 8037 and RFC 9864 names of Ed25519, and P-256."""

_OFFLINE_METHODS = ("did:key:", "did:jwk:")
_MAX_MESSAGE_BYTES = 100_000
_MAX_METADATA_BYTES = 1_000_000
_MAX_PROOF_CHARACTERS = 8_000
_MAX_TEXT = 2_000
_LONGEST_INTERVAL = timedelta(days=7)
_PROOF_LIVES = timedelta(minutes=10)
_CLOCK_SKEW = timedelta(minutes=5)
_RESPONSE_HEAD = re.compile(r'\s*\{\s*"credentials"\s*:\s*\[\s*\{\s*"credential"\s*:\s*')


class ExchangeError(ValueError):
    """A message of the exchange that we do not accept; `code` is its short name."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class NonceRefused(ExchangeError):
    """The key proof is sound but carries no nonce that can be used."""


# --- offers (1.0, 4.1) -----------------------------------------------------------------------


@dataclass(frozen=True)
class TransactionCode:
    """What a wallet must ask the person for before it can use an offer."""

    length: int | None = None
    input_mode: Literal["numeric", "text"] = "numeric"
    description: str = ""


@dataclass(frozen=True)
class Offer:
    """What an issuer offers, and the code that lets a wallet collect it once."""

    credential_issuer: str
    configuration_ids: tuple[str, ...]
    pre_authorized_code: str
    tx_code: TransactionCode | None = None

    def __repr__(self) -> str:
        return f"Offer({self.credential_issuer!r}, {self.configuration_ids!r})"


@dataclass(frozen=True)
class OfferReference:
    """The address at which an offer waits."""

    uri: str


def credential_offer(
    *,
    issuer: str,
    configuration_ids: Sequence[str],
    code: str,
    tx_code: TransactionCode | None = None,
) -> dict[str, Any]:
    """Write an offer for the pre-authorized code flow (1.0, 4.1.1)."""
    grant: dict[str, Any] = {"pre-authorized_code": code}
    if tx_code is not None:
        asked: dict[str, Any] = {"input_mode": tx_code.input_mode}
        if tx_code.length is not None:
            asked["length"] = tx_code.length
        if tx_code.description:
            asked["description"] = tx_code.description[:300]
        grant["tx_code"] = asked
    return {
        "credential_issuer": issuer,
        "credential_configuration_ids": list(configuration_ids),
        "grants": {PRE_AUTHORIZED_CODE: grant},
    }


def offer_uri(reference: str, *, wallet: str = OFFER_SCHEME) -> str:
    """Write the link of an offer by reference (1.0, 4.1.3), for any wallet or for the one named."""
    return f"{wallet}?{urlencode({'credential_offer_uri': reference})}"


def parse_offer(text: str) -> Offer | OfferReference:
    """Read what a person scanned or pasted: a link with an offer, or the offer itself.

    Accepts any link whose query holds `credential_offer` or `credential_offer_uri`, the address of
    an offer, and the offer's JSON. An address is checked for shape only.
    """
    text = text.strip()
    if not text or len(text) > _MAX_MESSAGE_BYTES:
        raise ExchangeError("offer.empty", "there is no offer in this text")
    if text.startswith("{"):
        return read_offer(_load(text, "offer"))
    query = parse_qs(_split(text).query, keep_blank_values=True)
    by_value, by_reference = query.get("credential_offer"), query.get("credential_offer_uri")
    if by_value and by_reference:
        raise ExchangeError("offer.both", "the link holds an offer and the address of another one")
    for found in (by_value, by_reference):
        if found and len(found) > 1:
            raise ExchangeError("offer.several", "the link holds several offers")
    if by_value:
        return read_offer(_load(by_value[0], "offer"))
    if by_reference:
        return OfferReference(web_address(by_reference[0], "credential_offer_uri"))
    if text.startswith(("https://", "http://")):
        return OfferReference(web_address(text, "the address"))
    raise ExchangeError("offer.unreadable", "this text is not an offer")


def read_offer(document: object) -> Offer:
    """Read an offer object; unknown members are ignored (1.0, 4.1.1)."""
    offer = _object(document, "offer")
    issuer = _issuer_identifier(offer.get("credential_issuer"))
    ids = offer.get("credential_configuration_ids")
    if not isinstance(ids, list) or not ids or len(ids) > 20:
        raise ExchangeError("offer.configurations", "the offer names no badge")
    if not all(isinstance(one, str) and one for one in ids) or len(set(ids)) != len(ids):
        raise ExchangeError("offer.configurations", "the offer names its badges in a wrong way")
    grants = _object(offer.get("grants"), "grants")
    if PRE_AUTHORIZED_CODE not in grants:
        raise ExchangeError("offer.grant", "the offer wants a flow that is not spoken here")
    grant = _object(grants[PRE_AUTHORIZED_CODE], "grant")
    code = _text(grant.get("pre-authorized_code"), "pre-authorized_code")
    asked = None
    if "tx_code" in grant:
        asked = _read_tx_code(_object(grant["tx_code"], "tx_code"))
    return Offer(issuer, tuple(ids), code, asked)


def _read_tx_code(document: Mapping[str, Any]) -> TransactionCode:
    length = document.get("length")
    if length is not None and (type(length) is not int or not 1 <= length <= 64):
        raise ExchangeError("offer.tx-code", "the length of the transaction code is no number")
    mode = document.get("input_mode", "numeric")
    if mode not in ("numeric", "text"):
        raise ExchangeError("offer.tx-code", "the kind of the transaction code is unknown")
    description = document.get("description", "")
    if not isinstance(description, str) or len(description) > 300:
        raise ExchangeError("offer.tx-code", "the text about the transaction code is too long")
    return TransactionCode(length, mode, description)


# --- metadata (1.0, 12.2 and 12.3) -----------------------------------------------------------


@dataclass(frozen=True)
class Display:
    """How one thing is named in one language."""

    name: str
    locale: str = ""
    description: str = ""
    logo: str = ""
    logo_text: str = ""


@dataclass(frozen=True)
class Configuration:
    """One kind of badge that an issuer can hand out."""

    id: str
    format: str
    display: tuple[Display, ...]
    proof_algorithms: tuple[str, ...]

    def display_in(self, language: str) -> Display:
        """Give the display in `language`, else in English, else the first there is."""
        return display_in(self.display, language, otherwise=self.id)


@dataclass(frozen=True)
class IssuerMetadata:
    """Where an issuer's endpoints are and what it can hand out."""

    credential_issuer: str
    credential_endpoint: str
    nonce_endpoint: str | None
    deferred_endpoint: str | None
    authorization_server: str
    display: tuple[Display, ...]
    configurations: Mapping[str, Configuration]


def display_in(displays: Sequence[Display], language: str, *, otherwise: str) -> Display:
    """Choose among displays: `language`, else English, else the first, else the bare name."""
    for wanted in (language, "en"):
        for one in displays:
            if one.locale.lower().split("-")[0] == wanted:
                return one
    return displays[0] if displays else Display(otherwise)


def issuer_metadata(
    *,
    issuer: str,
    display: Sequence[Display],
    configurations: Mapping[str, Sequence[Display]],
    contexts: Sequence[str],
    types: Sequence[str],
    cryptosuites: Sequence[str],
    deferred: bool = False,
) -> dict[str, Any]:
    """Write the metadata of an issuer of Data Integrity badges (1.0, 12.2.4 and A.1.2).

    `deferred` says that a badge may be asked for before it can be handed out (1.0, 9).
    """
    later = {"deferred_credential_endpoint": f"{issuer}/deferred_credential"} if deferred else {}
    return {
        "credential_issuer": issuer,
        "credential_endpoint": f"{issuer}/credential",
        "nonce_endpoint": f"{issuer}/nonce",
        **later,
        "display": [_write_display(one) for one in display],
        "credential_configurations_supported": {
            name: {
                "format": "ldp_vc",
                "scope": name,
                "cryptographic_binding_methods_supported": ["did:key", "did:jwk", "jwk"],
                "credential_signing_alg_values_supported": list(cryptosuites),
                "proof_types_supported": {
                    "jwt": {"proof_signing_alg_values_supported": list(PROOF_ALGORITHMS)}
                },
                "credential_definition": {"@context": list(contexts), "type": list(types)},
                "credential_metadata": {"display": [_write_display(one) for one in displays]},
            }
            for name, displays in configurations.items()
        },
    }


def authorization_server_metadata(
    *, issuer: str, more_grants: Sequence[str] = ()
) -> dict[str, Any]:
    """Write the OAuth metadata of an issuer that is its own authorization server (1.0, 12.3)."""
    return {
        "issuer": issuer,
        "token_endpoint": f"{issuer}/token",
        "grant_types_supported": [PRE_AUTHORIZED_CODE, *more_grants],
        "token_endpoint_auth_methods_supported": ["none"],
        "pre-authorized_grant_anonymous_access_supported": True,
    }


def issuer_metadata_url(issuer: str) -> str:
    """Give the address of an issuer's metadata: well-known between host and path (1.0, 12.2.2)."""
    return _well_known(issuer, "openid-credential-issuer")


def authorization_server_url(server: str) -> str:
    """Give the address of an authorization server's metadata (RFC 8414, 3.1)."""
    return _well_known(server, "oauth-authorization-server")


def read_issuer_metadata(document: bytes | str, *, expected: str) -> IssuerMetadata:
    """Read an issuer's metadata; `expected` is the issuer that was asked.

    Refuses metadata of another issuer (1.0, 12.2.4) and endpoints of another origin, so that a
    code or a key proof never goes to somebody else.
    """
    found = _object(_load(document, "metadata", _MAX_METADATA_BYTES), "metadata")
    if found.get("credential_issuer") != expected:
        raise ExchangeError("metadata.issuer", "the metadata belongs to another issuer")
    servers = found.get("authorization_servers", [expected])
    if not isinstance(servers, list) or not servers or not isinstance(servers[0], str):
        raise ExchangeError("metadata.servers", "the metadata names no authorization server")
    nonce = found.get("nonce_endpoint")
    later = found.get("deferred_credential_endpoint")
    configurations = _object(found.get("credential_configurations_supported"), "configurations")
    return IssuerMetadata(
        credential_issuer=expected,
        credential_endpoint=_endpoint(found.get("credential_endpoint"), expected),
        nonce_endpoint=None if nonce is None else _endpoint(nonce, expected),
        deferred_endpoint=None if later is None else _endpoint(later, expected),
        authorization_server=_endpoint(servers[0], expected),
        display=_read_displays(found.get("display", [])),
        configurations={
            name: _read_configuration(name, _object(one, "configuration"))
            for name, one in configurations.items()
        },
    )


def read_token_endpoint(document: bytes | str, *, expected: str) -> str:
    """Read where an authorization server hands out tokens; `expected` is the server asked."""
    found = _object(_load(document, "metadata", _MAX_METADATA_BYTES), "metadata")
    if found.get("issuer") != expected:
        raise ExchangeError("metadata.issuer", "the metadata belongs to another server")
    return _endpoint(found.get("token_endpoint"), expected)


def _write_display(display: Display) -> dict[str, Any]:
    written: dict[str, Any] = {"name": display.name}
    if display.locale:
        written["locale"] = display.locale
    if display.description:
        written["description"] = display.description
    if display.logo:
        written["logo"] = {"uri": display.logo, "alt_text": display.logo_text}
    return written


def _read_displays(documents: object) -> tuple[Display, ...]:
    if not isinstance(documents, list):
        return ()
    return tuple(_read_display(one) for one in documents[:50] if isinstance(one, dict))


def _read_display(document: Mapping[str, Any]) -> Display:
    logo = document.get("logo")
    logo = logo if isinstance(logo, dict) else {}

    def text(source: Mapping[str, Any], name: str) -> str:
        value = source.get(name, "")
        return value[:_MAX_TEXT] if isinstance(value, str) else ""

    return Display(
        text(document, "name"),
        text(document, "locale"),
        text(document, "description"),
        text(logo, "uri"),
        text(logo, "alt_text"),
    )


def _read_configuration(name: str, document: Mapping[str, Any]) -> Configuration:
    metadata = document.get("credential_metadata")
    displays = metadata.get("display") if isinstance(metadata, dict) else document.get("display")
    proofs = document.get("proof_types_supported")
    jwt = proofs.get("jwt") if isinstance(proofs, dict) else None
    names = jwt.get("proof_signing_alg_values_supported") if isinstance(jwt, dict) else None
    algorithms = tuple(one for one in names if isinstance(one, str)) if names else ()
    return Configuration(
        name, _text(document.get("format"), "format"), _read_displays(displays), algorithms
    )


# --- token, nonce, credential (1.0, 6 to 8) --------------------------------------------------


@dataclass(frozen=True)
class CredentialRequest:
    """What a wallet asks the credential endpoint for."""

    configuration_id: str
    proofs: tuple[str, ...]
    identifier: str = ""
    """The one badge that is asked for, where the token answer named it (1.0, 6.2)."""


def token_request(offer: Offer, *, tx_code: str | None = None) -> dict[str, str]:
    """Write the form for the token endpoint (1.0, 6.1)."""
    form = {"grant_type": PRE_AUTHORIZED_CODE, "pre-authorized_code": offer.pre_authorized_code}
    if offer.tx_code is not None:
        form["tx_code"] = tx_code or ""
    return form


def read_token_response(document: bytes | str) -> str:
    """Read the access token; only bearer tokens are understood."""
    found = _object(_load(document, "token answer"), "token answer")
    if str(found.get("token_type", "")).lower() != "bearer":
        raise ExchangeError("token.type", "the token is not a bearer token")
    return _text(found.get("access_token"), "access_token")


def read_nonce_response(document: bytes | str) -> str:
    """Read the challenge for the key proof (1.0, 7.2)."""
    found = _object(_load(document, "nonce answer"), "nonce answer")
    return _text(found.get("c_nonce"), "c_nonce")


def read_error(document: bytes | str) -> str:
    """Give the error code of an error answer, "" when there is none that can be read."""
    try:
        found = loads_strict(document, max_bytes=_MAX_MESSAGE_BYTES)
    except ContextError:
        return ""
    error = found.get("error") if isinstance(found, dict) else None
    return error if isinstance(error, str) else ""


def credential_request(configuration_id: str, proof: str) -> dict[str, Any]:
    """Write the request for one credential bound to one proven key (1.0, 8.2)."""
    return {"credential_configuration_id": configuration_id, "proofs": {"jwt": [proof]}}


def read_credential_request(document: bytes | str) -> CredentialRequest:
    """Read a wallet's request; errors carry the codes of 1.0, 8.3.1.2."""
    malformed = "invalid_credential_request"
    found = _object(_load(document, "request", code=malformed), "request", code=malformed)
    configuration_id = found.get("credential_configuration_id")
    identifier = found.get("credential_identifier")
    if configuration_id is not None and identifier is not None:
        raise ExchangeError(malformed, "the badge must be named in one way only")
    named = configuration_id if identifier is None else identifier
    if not isinstance(named, str) or not 0 < len(named) <= _MAX_TEXT:
        raise ExchangeError(malformed, "credential_configuration_id is missing")
    if "credential_response_encryption" in found:
        raise ExchangeError("invalid_encryption_parameters", "encrypted answers are not spoken")
    proofs = found.get("proofs")
    if not isinstance(proofs, dict) or set(proofs) != {"jwt"}:
        raise ExchangeError("invalid_proof", "proofs must hold exactly the member jwt")
    jwts = proofs["jwt"]
    if not isinstance(jwts, list) or not jwts or not all(isinstance(one, str) for one in jwts):
        raise ExchangeError("invalid_proof", "proofs.jwt must be a list of key proofs")
    if len(jwts) != 1:
        raise ExchangeError("invalid_proof", "exactly one key proof is taken")
    if identifier is not None:
        return CredentialRequest("", tuple(jwts), named)
    return CredentialRequest(named, tuple(jwts))


def credential_response(signed_text: str) -> str:
    """Write the answer around a signed document, byte for byte as it was signed (1.0, A.1.2.4)."""
    return '{"credentials":[{"credential":' + signed_text + "}]}"


def read_credential_response(document: bytes | str) -> tuple[str, ...]:
    """Give the signed texts of an answer, cut out exactly as they stand where its shape allows.

    A credential that is a string (another format) is refused; we asked for an object.
    """
    found = _object(_load(document, "answer", _MAX_METADATA_BYTES), "answer")
    entries = found.get("credentials")
    if not isinstance(entries, list) or not entries:
        raise ExchangeError("answer.empty", "the answer holds no badge")
    credentials = [_object(_object(one, "entry").get("credential"), "badge") for one in entries]
    text = document if isinstance(document, str) else document.decode()
    head = _RESPONSE_HEAD.match(text)
    if len(credentials) == 1 and head is not None:
        _value, end = json.JSONDecoder().raw_decode(text, head.end())
        return (text[head.end() : end],)
    return tuple(json.dumps(one, ensure_ascii=False) for one in credentials)


# --- deferred issuance (1.0, 8.3 and 9) ------------------------------------------------------


@dataclass(frozen=True)
class Deferred:
    """What an issuer tells a wallet that must come again."""

    transaction_id: str
    interval: timedelta
    """How long to wait at least before asking again."""

    def __repr__(self) -> str:
        return f"Deferred(interval={self.interval})"


def deferred_response(deferred: Deferred) -> dict[str, Any]:
    """Write the answer, of status 202, that a badge is not ready yet (1.0, 8.3 and 9.2)."""
    return {
        "transaction_id": deferred.transaction_id,
        "interval": max(1, round(deferred.interval.total_seconds())),
    }


def read_deferred_response(document: bytes | str) -> Deferred:
    """Read an answer of status 202; an interval of nought, or beyond a week, is not believed."""
    found = _object(_load(document, "answer"), "answer")
    if "credentials" in found:
        raise ExchangeError("answer.both", "the answer holds a badge and defers it")
    seconds = found.get("interval")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0:
        raise ExchangeError("answer.interval", "the answer does not say when to come again")
    interval = min(timedelta(seconds=min(seconds, 1e9)), _LONGEST_INTERVAL)
    return Deferred(_text(found.get("transaction_id"), "transaction_id"), interval)


def deferred_request(transaction_id: str) -> dict[str, Any]:
    """Write the request for a badge that was deferred (1.0, 9.1)."""
    return {"transaction_id": transaction_id}


def read_deferred_request(document: bytes | str) -> str:
    """Give the transaction id that a wallet comes again with; other members are ignored (9.1)."""
    malformed = "invalid_credential_request"
    found = _object(_load(document, "request", code=malformed), "request", code=malformed)
    if "credential_response_encryption" in found:
        raise ExchangeError("invalid_encryption_parameters", "encrypted answers are not spoken")
    transaction_id = found.get("transaction_id")
    if not isinstance(transaction_id, str) or not 0 < len(transaction_id) <= _MAX_TEXT:
        raise ExchangeError(malformed, "transaction_id is missing")
    return transaction_id


# --- proof of a key (1.0, F.1 and F.4) -------------------------------------------------------


@dataclass(frozen=True)
class ProvenKey:
    """A key of which somebody has just proved possession; the nonce is still to be judged."""

    holder: str
    public: PublicKey
    nonce: str


def key_proof(signer: Signer, *, holder: str, audience: str, nonce: str, now: datetime) -> str:
    """Prove possession of the key of `holder`, a did:key, to one issuer and for one nonce."""
    header = {"typ": KEY_PROOF_TYPE, "kid": f"{holder}#{holder.removeprefix('did:key:')}"}
    claims = {"aud": audience, "iat": int(now.timestamp()), "nonce": nonce}
    return sign_jws(header, claims, signer)


def check_key_proof(jwt: str, *, audience: str, now: datetime) -> ProvenKey:
    """Check a key proof (1.0, F.4) and give the key it proves.

    1. The form: three parts, canonical base64url, strict JSON, no header that brings its own trust.
    2. The type and an algorithm that we take.
    3. The key: named by `kid` (did:key or did:jwk, resolved offline) or given as `jwk`.
    4. The signature, before any claim is believed.
    5. The claims: audience, time. The nonce is handed back: whether it is fresh and unused only
       the issuer knows. A missing one raises, since we always hand one out (1.0, 8.3.1.2).
    """
    try:
        token = read_jws(jwt, max_characters=_MAX_PROOF_CHARACTERS)  # 1
        if token.media_type != KEY_PROOF_TYPE:  # 2
            raise ExchangeError("invalid_proof", f"typ must be {KEY_PROOF_TYPE}")
        if token.algorithm not in PROOF_ALGORITHMS:
            raise ExchangeError("invalid_proof", "alg is not one of the supported algorithms")
        holder, public = named_key(token.header, now)  # 3
        token.verify(public)  # 4
        claims = token.claims()  # 5
    except ProofError as error:
        raise ExchangeError("invalid_proof", f"the key proof: {error.detail}") from error
    if claims.get("aud") != audience:
        raise ExchangeError("invalid_proof", "the key proof was made for another issuer")
    issued = claims.get("iat")
    if isinstance(issued, bool) or not isinstance(issued, int | float) or abs(issued) > 1e11:
        raise ExchangeError("invalid_proof", "iat must be a number of seconds")
    made = datetime.fromtimestamp(issued, UTC)
    if made > now + _CLOCK_SKEW or made < now - _PROOF_LIVES:
        raise ExchangeError("invalid_proof", "the key proof is too old, or from the future")
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not nonce:
        raise ExchangeError("invalid_proof", "the key proof holds no nonce")
    return ProvenKey(holder, public, nonce)


def named_key(header: Mapping[str, Any], now: datetime) -> tuple[str, PublicKey]:
    """Give the holder and the key that a header names, resolved offline; raise `ExchangeError`."""
    if ("kid" in header) == ("jwk" in header):
        raise ExchangeError("invalid_proof", "exactly one of kid and jwk names the key")
    try:
        if "jwk" in header:
            return _key_of_jwk(header["jwk"])
        return _key_of_did_url(header["kid"], now)
    except (KeysError, DidError) as error:
        raise ExchangeError("invalid_proof", f"the key cannot be read: {error}") from error


def _key_of_jwk(jwk: object) -> tuple[str, PublicKey]:
    document = _object(jwk, "jwk", code="invalid_proof")
    if "d" in document:
        raise ExchangeError("invalid_proof", "the jwk shows its private part")
    public = PublicKey.from_jwk(dict(document))
    return did_key(public), public


def _key_of_did_url(kid: object, now: datetime) -> tuple[str, PublicKey]:
    if not isinstance(kid, str) or not kid.startswith(_OFFLINE_METHODS) or "#" not in kid:
        raise ExchangeError("invalid_proof", "kid must be the URL of a did:key or did:jwk key")
    did = kid.partition("#")[0]
    document = resolve(did, fetch=None, now=now).document
    return did, verification_key(document, kid, purpose="authentication", now=now)


# --- small parts -----------------------------------------------------------------------------


def _load(
    text: bytes | str, what: str, limit: int = _MAX_MESSAGE_BYTES, *, code: str = "malformed"
) -> Any:
    try:
        return loads_strict(text, max_bytes=limit, max_depth=32)
    except ContextError as error:
        raise ExchangeError(code, f"the {what} cannot be read: {error}") from error


def _object(value: object, what: str, code: str = "malformed") -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ExchangeError(code, f"the {what} is not a JSON object")
    return value


def _text(value: object, what: str) -> str:
    if not isinstance(value, str) or not value or len(value) > _MAX_TEXT:
        raise ExchangeError("malformed", f"{what} is missing or no text")
    return value


def web_address(value: object, what: str) -> str:
    """Give an address that may be asked: https, or http on this very machine, no user, no fragment.

    Raises `ExchangeError`, naming `what`.
    """
    text = _text(value, what)
    parts = _split(text)
    secure = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname))
    if not secure or not parts.hostname or parts.username or parts.fragment:
        raise ExchangeError("address", f"{what} is not an address that is asked from here")
    return text


def _split(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        _port = parts.port  # reading it checks it
    except ValueError as error:
        raise ExchangeError("address", "this is not a web address") from error
    return parts


def _is_loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _issuer_identifier(value: object) -> str:
    issuer = web_address(value, "credential_issuer")
    if urlsplit(issuer).query:
        raise ExchangeError("address", "credential_issuer must not have a query")
    return issuer


def _endpoint(value: object, issuer: str) -> str:
    endpoint = web_address(value, "an endpoint")
    if urlsplit(endpoint)[:2] != urlsplit(issuer)[:2]:
        raise ExchangeError("metadata.origin", "an endpoint lies at another origin")
    return endpoint


def _well_known(identifier: str, name: str) -> str:
    parts = urlsplit(identifier)
    path = parts.path.rstrip("/")
    return f"{parts.scheme}://{parts.netloc}/.well-known/{name}{path}"
