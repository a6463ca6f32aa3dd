"""The key that verifies a token: one that its signer shows, never one that the token brings.

A signer named by a DID shows its keys in the DID document. A signer named by an https address shows
them there: as a controlled identifier document, as a JWK Set, or in its metadata
(VC-JOSE-COSE 1.0, 4; SD-JWT VC, 5; Open Badges 3.0, 8.2). What lies beside the signer's address,
even on the same host, is somebody else's.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Any
from urllib.parse import urlsplit

from contexts import ContextError, loads_strict
from credentials.formats.jose import ALGORITHMS, Jws, header_key
from credentials.report import CannotCheck, ProofError
from credentials.unusable import KeyWithdrawn, unusable
from keys.controller import verification_key
from keys.errors import KeysError
from keys.fetching import CannotFetch, Fetch, HttpRequest
from keys.material import PublicKey
from keys.resolution import ALWAYS, SPELLED_OUT, resolve
from keys.web_document import is_web_address

_MAX_DOCUMENT_BYTES = 200_000
_MAX_KEYS = 100
_ACCEPT = "application/json, application/jwk-set+json, application/ld+json"


@dataclass(frozen=True)
class _Shown:
    """A key that the signer shows, by the names that it goes by."""

    names: frozenset[str]
    read: Callable[[], PublicKey]
    method: str = ""
    """Its whole name in a controller document; a key set has none that lasts."""


def verify_token(
    token: Jws, signer: str, *, purpose: str, fetch: Fetch | None, now: datetime
) -> tuple[PublicKey, str]:
    """Verify `token` with the one key of `signer` that can have signed it.

    Gives the key and the name of its method, which is empty for a key out of a set: nobody can look
    there whether it was taken back.

    The header's kid, its jwk and its alg each narrow the choice; what is left must be one key.
    Raises `ProofError`, `KeyWithdrawn` only for what that key did sign, and `CannotCheck` when the
    signer's keys could not be asked for.
    """
    try:
        public, method = _method(token, signer, purpose, fetch, now)
    except KeyWithdrawn as withdrawn:
        if withdrawn.key is not None:
            token.verify(withdrawn.key)
        raise
    token.verify(public)
    return public, method


def _method(
    token: Jws, signer: str, purpose: str, fetch: Fetch | None, now: datetime
) -> tuple[PublicKey, str]:
    if signer.startswith("did:"):
        return _choose(token, signer, _keys_of_did(token, signer, purpose, fetch, now))
    if not is_web_address(signer):
        raise ProofError("proof.method", f"{signer[:200]!r} is neither a DID nor an https address")
    unreachable = ""
    for place in _places(token, signer):
        try:
            shown = _keys_at(place, signer, purpose, fetch, now)
        except CannotFetch as error:
            unreachable = unreachable or str(error)
            continue
        if any(_fits(token, key) for key in shown):
            return _choose(token, signer, shown)
    if unreachable:
        raise CannotCheck("proof.unreachable", unreachable)
    raise ProofError("proof.method", f"{signer[:200]!r} shows no key {_named(token)}")


def _choose(token: Jws, signer: str, shown: list[_Shown]) -> tuple[PublicKey, str]:
    fitting = [key for key in shown if _fits(token, key)]
    if not fitting:
        raise ProofError("proof.method", f"{signer[:200]!r} shows no key {_named(token)}")
    methods: dict[PublicKey, str] = {}
    refused: KeysError | None = None
    for key in fitting:
        try:
            public = key.read()
        except KeysError as error:
            refused = error
            continue
        methods.setdefault(public, key.method)
    found = list(methods)
    if not found and refused is not None:
        raise unusable(refused) from refused
    if "jwk" in token.header:
        found = [public for public in found if public == header_key(token.header)]
        if not found:
            raise ProofError(
                "proof.other-signer", f"the key in the header is not one of {signer[:200]!r}"
            )
    if len(found) > 1:
        found = [public for public in found if public.kind == ALGORITHMS[token.algorithm]]
    if not found:
        raise ProofError("proof.suite", f"no key of {signer[:200]!r} is for {token.algorithm}")
    if len(found) > 1:
        raise ProofError("proof.malformed", "the header does not say which of the signer's keys")
    return found[0], methods[found[0]]


def _fits(token: Jws, key: _Shown) -> bool:
    return token.kid is None or token.kid in key.names


def _named(token: Jws) -> str:
    return "of this kind" if token.kid is None else f"named {token.kid[:200]!r}"


# --- in a controller document --------------------------------------------------------------------


def _keys_of_did(
    token: Jws, signer: str, purpose: str, fetch: Fetch | None, now: datetime
) -> list[_Shown]:
    kid = token.kid or ""
    if kid.startswith("did:") and kid.partition("#")[0] != signer:
        raise ProofError(
            "proof.other-signer", f"the key {kid[:200]!r} is not one of {signer[:200]!r}"
        )
    try:
        if signer.startswith(SPELLED_OUT):
            return _spelled_out(signer, purpose)
        document = resolve(signer, fetch=fetch, now=now).document
    except (CannotFetch, KeysError) as error:
        raise unusable(error) from error
    return list(_methods(document, signer, purpose, now))


@lru_cache(maxsize=1_000)
def _spelled_out(signer: str, purpose: str) -> list[_Shown]:
    # The identifier is the document: nothing in it ends, and it is read once.
    document = resolve(signer, fetch=None, now=ALWAYS).document
    shown = list(_methods(document, signer, purpose, ALWAYS))
    return [_Shown(key.names, cache(key.read), key.method) for key in shown]


def _methods(
    document: Mapping[str, Any], signer: str, purpose: str, now: datetime
) -> Iterator[_Shown]:
    def absolute(entry: Any) -> str:
        name = entry.get("id") if isinstance(entry, dict) else entry
        text = name if isinstance(name, str) else ""
        return signer + text if text.startswith("#") else text

    defined = {absolute(method): method for method in _listed(document, "verificationMethod")}
    for entry in _listed(document, purpose)[:_MAX_KEYS]:
        name = absolute(entry)
        method = entry if isinstance(entry, dict) else defined.get(name)
        if isinstance(method, dict) and name:
            fragment = name.partition("#")[2]
            names = {name, fragment, f"#{fragment}", _jwk_name(method.get("publicKeyJwk"))}
            read = _reader(document, name, purpose=purpose, now=now)
            yield _Shown(frozenset(names) - {"", "#"}, read, name)


def _reader(
    document: Mapping[str, Any], method: str, *, purpose: str, now: datetime
) -> Callable[[], PublicKey]:
    return lambda: verification_key(document, method, purpose=purpose, now=now)


# --- at an https address --------------------------------------------------------------------------


def _places(token: Jws, signer: str) -> list[str]:
    parts = urlsplit(signer)
    origin = f"{parts.scheme}://{parts.netloc}"
    metadata = f"{origin}/.well-known/jwt-vc-issuer{parts.path.rstrip('/')}"
    named = (token.kid or "").partition("#")[0]
    beneath = [named] if _is_beneath(named, signer) else []
    return list(dict.fromkeys([*beneath, signer.partition("#")[0], metadata]))


def _is_beneath(address: str, signer: str) -> bool:
    plain = is_web_address(address) and not {"..", "."} & set(urlsplit(address).path.split("/"))
    return plain and "%" not in address and address.startswith(f"{signer.rstrip('/')}/")


def _keys_at(
    place: str, signer: str, purpose: str, fetch: Fetch | None, now: datetime
) -> list[_Shown]:
    document = _fetched(place, fetch)
    if _listed(document, "keys") or "kty" in document:
        return _key_set(document, place)
    if document.get("id", document.get("issuer")) != signer:
        return []
    if "verificationMethod" in document or purpose in document:
        return list(_methods(document, signer, purpose, now))
    if isinstance(document.get("jwks"), dict):
        return _key_set(document["jwks"], place)
    address = document.get("jwks_uri")
    if isinstance(address, str) and is_web_address(address):
        return _key_set(_fetched(address, fetch), address)
    return []


def _fetched(url: str, fetch: Fetch | None) -> dict[str, Any]:
    """Give the JSON object at `url`, an empty one when something else is there or nothing."""
    if fetch is None:
        raise CannotFetch(f"{url} lies on the web, and nothing may be fetched")
    response = fetch(HttpRequest(url, headers={"Accept": _ACCEPT}))
    if response.status in (404, 406, 410):
        return {}
    if response.status != 200:
        raise CannotFetch(f"{url} answered {response.status}")
    try:
        document = loads_strict(response.body, max_bytes=_MAX_DOCUMENT_BYTES)
    except ContextError:
        return {}
    return document if isinstance(document, dict) else {}


def _key_set(document: Mapping[str, Any], place: str) -> list[_Shown]:
    keys = _listed(document, "keys") if "keys" in document else [document]
    return [
        _Shown(_jwk_names(key, place, alone=len(keys) == 1), _jwk_reader(key))
        for key in keys[:_MAX_KEYS]
        if isinstance(key, dict)
    ]


def _jwk_names(jwk: Mapping[str, Any], place: str, *, alone: bool) -> frozenset[str]:
    name = _jwk_name(jwk)
    names = {name, f"{place}#{name}", name.partition("#")[2]} if name else set()
    return frozenset(names | ({place} if alone else set())) - {""}


def _jwk_reader(jwk: Mapping[str, Any]) -> Callable[[], PublicKey]:
    return lambda: PublicKey.from_jwk(jwk)


def _jwk_name(jwk: Any) -> str:
    name = jwk.get("kid") if isinstance(jwk, dict) else None
    return name if isinstance(name, str) else ""


def _listed(document: Mapping[str, Any], name: str) -> list[Any]:
    value = document.get(name, [])
    return value if isinstance(value, list) else [value]
