"""Selective disclosure: claims as digests in a token, their words beside it (RFC 9901).

The issuer replaces claims by digests; the holder hands on the words of those that it wants to show,
and proves with a key binding token that it has the key that the issuer named::

    text = issue(claims, [("address", "street")], signer, header=..., holder=holders_key)
    shown = present(text, [("address", "street")], holders_signer, audience=..., nonce=..., now=now)
    token = read_sd_jwt(shown)
    token.jws.verify(issuers_key)
    claims = disclosed(token).claims
    check_key_binding(token, audience=..., nonce=..., now=now)
"""

import hashlib
import re
import secrets
from bisect import insort
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import inf
from types import MappingProxyType
from typing import Any, NamedTuple

from contexts import ContextError, loads_strict
from credentials.formats.jose import (
    MAX_CHARACTERS,
    Jws,
    read_jws,
    sign_jws,
    sign_written,
    write_json,
)
from credentials.report import CredentialError, ProofError
from credentials.times import CLOCK_SKEW
from keys.errors import KeysError
from keys.material import PublicKey, Signer
from keys.multibase import base64url_decode, base64url_encode

Path = tuple[str | int, ...]
"""A place in a claim set: member names and list positions, from the outermost."""

KEY_BINDING_TYPE = "kb+jwt"
_HASHES: Mapping[str, Callable[[bytes], "hashlib._Hash"]] = MappingProxyType(
    {"sha-256": hashlib.sha256, "sha-384": hashlib.sha384, "sha-512": hashlib.sha512}
)
"""Of the IANA registry of named hashes, those that resist collisions (RFC 9901, 4.1.1)."""
_RESERVED = ("_sd", "...", "_sd_alg")
_CONTAINERS, _TEXTS = frozenset({dict, list}), frozenset({str})
_MAX_DISCLOSURES = 500
_MAX_DEPTH, _SHALLOW = 64, 32
_MAX_DISCLOSURE_CHARACTERS = 200_000
_SALT_BYTES = 16
_STEP = re.compile(r"[^\[\]]+(?:\[[0-9]{1,6}\])*")
_BINDING_LIVES = timedelta(minutes=10)


class Disclosure(NamedTuple):
    """The words of one claim: its digest, its value, and its name unless it is a list element."""

    encoded: str
    digest: str
    value: Any
    name: str | None = None
    is_closed: bool = False
    """Whether nothing can be hidden within the value, which has at most 32 levels."""


class SdJwt(NamedTuple):
    """A token with disclosures that has been read; nothing in it is verified yet."""

    jws: Jws
    payload: Mapping[str, Any]
    disclosures: tuple[Disclosure, ...]
    presented: str
    """The text up to and with its last tilde: what a key binding is made over."""
    key_binding: Jws | None = None


@dataclass(frozen=True)
class Disclosed:
    """The claims with every disclosed one in its place, and where each of those stands."""

    claims: dict[str, Any]
    places: Mapping[Path, Disclosure] = field(default_factory=dict)
    touched: frozenset[str | int] = frozenset()
    """The outermost members within which something is, or may be, hidden."""


# --- reading (RFC 9901, 7.1) ---------------------------------------------------------------------


def read_sd_jwt(text: str) -> SdJwt:
    """Read an SD-JWT, with or without a key binding token at its end (RFC 9901, 4)."""
    if len(text) > MAX_CHARACTERS:
        raise ProofError("parse.malformed", f"the token has more than {MAX_CHARACTERS} characters")
    token, *rest = text.split("~")
    if not rest:
        raise ProofError("proof.malformed", "an SD-JWT ends with ~ or with a key binding token")
    *encoded, binding = rest
    if len(encoded) > _MAX_DISCLOSURES:
        raise ProofError("parse.malformed", f"more than {_MAX_DISCLOSURES} disclosures")
    jws = read_jws(token)
    payload = jws.claims()
    algorithm = _hash_name(payload)
    return SdJwt(
        jws,
        payload,
        tuple(_read_disclosure(one, algorithm) for one in encoded),
        text[: len(text) - len(binding)],
        read_jws(binding) if binding else None,
    )


def disclosed(token: SdJwt) -> Disclosed:
    """Put each disclosure in its place (RFC 9901, 7.1, step 3); raise `ProofError` for a bad one.

    Refused are: a disclosure that no digest asks for or that stands there twice, a digest that
    stands twice, a name that is taken already or reserved, digests where none may be.
    """
    waiting: dict[str, Disclosure] = {}
    for one in token.disclosures:
        if waiting.setdefault(one.digest, one) is not one:
            raise ProofError("proof.malformed", f"the disclosure {_shown(one)} stands twice")
    filling = _Filling(waiting, _most_places(token.jws.payload) - ("_sd_alg" in token.payload))
    payload = dict(token.payload)
    payload.pop("_sd_alg", None)
    claims = filling.fill_object(payload)
    used = {one.digest for one in filling.places.values()}
    for one in token.disclosures:
        if one.digest not in used:
            raise ProofError("proof.malformed", f"no digest asks for the disclosure {_shown(one)}")
    return Disclosed(claims, MappingProxyType(filling.places), frozenset(filling.touched))


_Where = tuple[Any, str | int] | None
"""A place as the place around it and the last step; None for the outermost."""


def _most_places(text: bytes) -> float:
    """Give a number of objects beyond which none in a JSON text can hold digests."""
    if b"\\" in text:
        return inf  # names may be written with escapes
    # One character is found ten times as fast as a name.
    return (text.count(b'"_sd') if b"_" in text else 0) + text.count(b'"..."')


class _Filling:
    """One walk over the claims of a token, with the disclosures that wait for their digests.

    When it has met as many as `left` objects with digests, all the rest stays as it is.
    """

    def __init__(self, waiting: Mapping[str, Disclosure], left: float) -> None:
        self.waiting = waiting
        self.left = left
        self.places: dict[Path, Disclosure] = {}
        self.digests: set[str] = set()
        self.touched: set[str | int] = set()

    def fill(self, value: Any, where: _Where, depth: int) -> Any:
        """Give the value with what was hidden in it: the very same if that is nothing."""
        if not self.left:
            return value
        if type(value) is dict:
            return self.fill_object(value, where, depth)
        if type(value) is list:
            return self.fill_list(value, where, depth)
        return value

    def fill_object(
        self, value: dict[str, Any], where: _Where = None, depth: int = 0
    ) -> dict[str, Any]:
        if "..." in value or "_sd_alg" in value:
            name = "..." if "..." in value else "_sd_alg"
            raise ProofError("proof.malformed", f"the name {name!r} stands at {_at(where)}")
        if depth >= _MAX_DEPTH and value:
            raise _too_deep()
        filled = value
        if "_sd" in value:
            self.met(where)
            filled = value.copy()
            del filled["_sd"]
        for name, inner in value.items():
            if type(inner) in _CONTAINERS and name != "_sd" and self.left:
                whole = self.fill(inner, (where, name), depth + 1)
                if whole is not inner:
                    filled = value.copy() if filled is value else filled
                    filled[name] = whole
        if "_sd" in value:
            self.add_members(value["_sd"], filled, where, depth)
        return filled

    def add_members(self, digests: Any, filled: dict[str, Any], where: _Where, depth: int) -> None:
        if type(digests) is not list:
            raise ProofError("proof.malformed", f"_sd at {_at(where)} is not a list")
        for digest in digests:
            found = self.disclosure(digest, where)
            if found is None:
                continue
            if found.name is None or found.name in _RESERVED:
                raise ProofError("proof.malformed", f"{_shown(found)} is no member of an object")
            if found.name in filled:
                raise ProofError("proof.malformed", f"{found.name!r} would hide a claim")
            filled[found.name] = self.put(found, (where, found.name), depth + 1)

    def fill_list(self, values: list[Any], where: _Where, depth: int) -> list[Any]:
        if depth >= _MAX_DEPTH and values:
            raise _too_deep()
        if _TEXTS.issuperset(map(type, values)):
            return values
        filled: list[Any] = []
        changed = False
        for position, value in enumerate(values):
            here = (where, position)
            if type(value) is not dict or "..." not in value:
                whole = self.fill(value, here, depth + 1)
                changed = changed or whole is not value
                filled.append(whole)
                continue
            changed = True
            self.met(here)
            if len(value) != 1:
                raise ProofError("proof.malformed", f"... is not alone at {_at(here)}")
            found = self.disclosure(value["..."], here)
            if found is None:
                continue
            if found.name is not None:
                raise ProofError("proof.malformed", f"{_shown(found)} is no element of a list")
            filled.append(self.put(found, here, depth + 1))
        return filled if changed else values

    def met(self, where: _Where) -> None:
        self.left -= 1
        if where is not None:
            self.touched.add(_path(where)[0])

    def put(self, found: Disclosure, here: _Where, depth: int) -> Any:
        path = _path(here)
        self.places[path] = found
        self.touched.add(path[0])
        if found.is_closed and depth <= _MAX_DEPTH - _SHALLOW:
            return found.value
        left, self.left = self.left, inf  # only the token itself was counted
        value = self.fill(found.value, here, depth)
        self.left = left
        return value

    def disclosure(self, digest: Any, where: _Where) -> Disclosure | None:
        if not isinstance(digest, str):
            raise ProofError("proof.malformed", f"a digest at {_at(where)} is not a text")
        if digest in self.digests:
            raise ProofError("proof.malformed", f"the digest {digest[:60]!r} stands twice")
        self.digests.add(digest)
        return self.waiting.get(digest)


def _too_deep() -> ProofError:
    return ProofError("proof.malformed", f"the claims are deeper than {_MAX_DEPTH} levels")


def _path(where: _Where) -> Path:
    steps: list[str | int] = []
    while where is not None:
        where, step = where
        steps.append(step)
    return tuple(reversed(steps))


def _at(where: _Where) -> str:
    return _place(_path(where))


def has_digests(value: Any) -> bool:
    """Tell whether something may be hidden within `value`."""
    level = [value]
    while level:
        inside: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                if "_sd" in item or "..." in item:
                    return True
                inside += item.values()
            elif isinstance(item, list):
                inside += item
        level = [item for item in inside if isinstance(item, dict | list)]
    return False


def _read_disclosure(encoded: str, algorithm: str) -> Disclosure:
    if len(encoded) > _MAX_DISCLOSURE_CHARACTERS:
        raise ProofError("proof.malformed", "a disclosure is too long")
    try:
        text = base64url_decode(encoded)
        value = loads_strict(text)
    except (KeysError, ContextError) as error:
        raise ProofError("proof.malformed", f"a disclosure: {error.detail}") from error
    if not isinstance(value, list) or len(value) not in (2, 3):
        raise ProofError("proof.malformed", "a disclosure is not a list of 2 or 3 values")
    salt, name, inner = value if len(value) == 3 else (value[0], None, value[1])
    if type(salt) is not str or (len(value) == 3 and type(name) is not str):
        raise ProofError("proof.malformed", "the salt or name of a disclosure is not a text")
    digest = _digest(encoded, algorithm)
    is_closed = not _most_places(text) and text.count(b"{") + text.count(b"[") <= _SHALLOW
    return Disclosure(encoded, digest, inner, name, is_closed)


def _hash_name(payload: Mapping[str, Any]) -> str:
    name = payload.get("_sd_alg", "sha-256")
    if not isinstance(name, str) or name not in _HASHES:
        raise ProofError("proof.suite", f"the hash algorithm {str(name)[:40]!r} of _sd_alg")
    return name


def _digest(text: str, algorithm: str) -> str:
    return base64url_encode(_HASHES[algorithm](text.encode("ascii")).digest())


def _shown(disclosure: Disclosure) -> str:
    return repr(disclosure.encoded[:40] if disclosure.name is None else disclosure.name[:60])


def _place(path: Path) -> str:
    return "".join(f"/{part}" for part in path)[:200] or "/"


# --- issuing and showing -------------------------------------------------------------------------


def issue(
    claims: Mapping[str, Any],
    hidden: Collection[Path],
    signer: Signer,
    *,
    header: Mapping[str, Any],
    holder: PublicKey | None = None,
    decoys: int = 0,
    salt: Callable[[], bytes] = lambda: secrets.token_bytes(_SALT_BYTES),
) -> str:
    """Sign `claims` so that those at `hidden` can be shown one by one (RFC 9901, 5).

    A place within another hidden one gives a disclosure within a disclosure. `holder` is the key
    that a key binding must be made with. Each list of digests gets `decoys` that mean nothing.
    """
    hiding = _Hiding(claims, decoys)
    places = sorted(set(hidden), key=len, reverse=True)  # what is within comes first
    disclosures = [hiding.hide(path, base64url_encode(salt())) for path in places]
    payload = hiding.payload
    if disclosures:
        hiding.put(payload, "_sd_alg", "sha-256")
    if holder is not None:
        payload["cnf"] = {"jwk": holder.jwk}
    written = hiding.write(payload)
    if hiding.others:  # they may stand in texts
        _check_names(claims)
    return "~".join([sign_written(header, written, signer), *disclosures, ""])


def present(
    text: str,
    shown: Collection[Path],
    signer: Signer | None = None,
    *,
    audience: str = "",
    nonce: str = "",
    now: datetime | None = None,
) -> str:
    """Give the token with the disclosures at `shown` and what they stand in, and no others.

    With `signer`, the holder's, a key binding for `audience` is added (RFC 9901, 4.3).
    """
    token = read_sd_jwt(text)
    places = disclosed(token).places
    unknown = [path for path in shown if path not in places]
    if unknown:
        raise CredentialError(f"nothing can be shown at {_place(unknown[0])}")
    kept = {
        disclosure.encoded
        for path, disclosure in places.items()
        if any(wanted[: len(path)] == path for wanted in shown)
    }
    head = text.partition("~")[0]
    chosen = [one.encoded for one in token.disclosures if one.encoded in kept]
    presented = "~".join([head, *chosen, ""])
    if signer is None:
        return presented
    if now is None or not audience or not nonce:
        raise CredentialError("a key binding needs an audience, a nonce and a time")
    claims = {
        "iat": int(now.timestamp()),
        "aud": audience,
        "nonce": nonce,
        "sd_hash": _digest(presented, _hash_name(token.payload)),
    }
    return presented + sign_jws({"typ": KEY_BINDING_TYPE}, claims, signer)


def _reserved(name: str) -> CredentialError:
    return CredentialError(f"the name {name!r} is reserved for SD-JWT")


def _check_names(value: Any) -> None:
    level = [value]
    while level:
        inside: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                for name in _RESERVED:
                    if name in item:
                        raise _reserved(name)
                inside += item.values()
            else:
                inside += item
        level = [item for item in inside if type(item) is not str and isinstance(item, dict | list)]


class _Hiding:
    """Claims in which some give way to digests; only what changes is copied."""

    def __init__(self, claims: Mapping[str, Any], decoys: int) -> None:
        self.payload = dict(claims)
        self._decoys = decoys
        self._owned: dict[Path, Any] = {(): self.payload}
        self._digests: dict[Path, list[str]] = {}
        """The list `_sd` of each object that has one, by its place.

        Sorted, they do not tell in which order the claims stood (RFC 9901, 4.2.4.1).
        """
        self.others = 0
        """How often a reserved name was written that was not put there."""

    def put(self, place: dict[str, Any], name: str, value: Any) -> None:
        """Add a member with a reserved name."""
        if name in place:
            raise _reserved(name)
        place[name] = value
        self.others -= 1

    def write(self, value: Any) -> bytes:
        """Write what changes no more."""
        text = write_json(value)
        self.others += text.count(b'"_sd') + text.count(b'"..."')
        return text

    def hide(self, path: Path, salt: str) -> str:
        """Put a digest in the place of one claim and give its disclosure."""
        try:
            parent = self._own(path[:-1])
            last = path[-1]
            value = parent[last]
        except (KeyError, IndexError, TypeError) as error:
            raise CredentialError(f"there is no claim at {_place(path)}") from error
        if isinstance(parent, list) and isinstance(last, int):
            disclosure = base64url_encode(self.write([salt, value]))
            parent[last] = {}
            self.put(parent[last], "...", _digest(disclosure, "sha-256"))
        elif isinstance(parent, dict):
            disclosure = base64url_encode(self.write([salt, last, value]))
            del parent[last]
            digests = self._digests.get(path[:-1])
            if digests is None:
                digests = self._digests[path[:-1]] = self._meaningless()
                self.put(parent, "_sd", digests)
            insort(digests, _digest(disclosure, "sha-256"))
        else:
            raise CredentialError(f"there is no claim at {_place(path)}")
        return disclosure

    def _meaningless(self) -> list[str]:
        drawn = [secrets.token_bytes(32) for _ in range(self._decoys)]
        return sorted(base64url_encode(hashlib.sha256(data).digest()) for data in drawn)

    def _own(self, path: Path) -> Any:
        if path not in self._owned:
            parent = self._own(path[:-1])
            inside = parent[path[-1]]
            if not isinstance(inside, dict | list):
                raise TypeError
            parent[path[-1]] = self._owned[path] = inside.copy()
        return self._owned[path]


# --- key binding (RFC 9901, 4.3 and 7.3) ---------------------------------------------------------


def check_key_binding(
    token: SdJwt,
    *,
    audience: str,
    nonce: str | None,
    now: datetime,
    lives: timedelta = _BINDING_LIVES,
) -> PublicKey:
    """Give the holder's key once it is shown to have signed this very presentation.

    The token's own signature must have been verified before: it is what names the holder's key.
    """
    binding = token.key_binding
    if binding is None:
        raise ProofError("proof.missing", "there is no key binding")
    if binding.media_type != KEY_BINDING_TYPE:
        raise ProofError("proof.malformed", f"the key binding's typ is {binding.media_type!r}")
    public = holder_key(token.payload)
    binding.verify(public)
    claims = binding.claims()
    if claims.get("aud") != audience:
        raise ProofError("proof.domain", f"it was shown to {str(claims.get('aud'))[:200]!r}")
    found = claims.get("nonce")
    if not isinstance(found, str) or not found or (nonce is not None and found != nonce):
        raise ProofError("proof.challenge", "the key binding answers another challenge")
    if claims.get("sd_hash") != _digest(token.presented, _hash_name(token.payload)):
        raise ProofError("proof.signature", "the key binding was made over other disclosures")
    made, starts, ends = (_moment(claims, name) for name in ("iat", "nbf", "exp"))
    if made is None:
        raise ProofError("proof.malformed", "the key binding does not say when it was made")
    if max(made, starts or made) > now + CLOCK_SKEW:
        raise ProofError("proof.not-yet", "the key binding says it was made in the future")
    if made < now - lives - CLOCK_SKEW or (ends is not None and ends < now - CLOCK_SKEW):
        raise ProofError("proof.expired", "the key binding is too old")
    return public


def _moment(claims: Mapping[str, Any], name: str) -> datetime | None:
    if name not in claims:
        return None
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e11:
        raise ProofError("proof.malformed", f"the key binding's {name} is not a number of seconds")
    return datetime.fromtimestamp(value, UTC)


def holder_key(payload: Mapping[str, Any]) -> PublicKey:
    """Read the key that the issuer bound the token to (RFC 7800, 3.2): a JWK in cnf."""
    bound = payload.get("cnf")
    jwk = bound.get("jwk") if isinstance(bound, dict) else None
    if not isinstance(jwk, dict):
        raise ProofError("proof.method", "the token names no holder's key in cnf.jwk")
    try:
        return PublicKey.from_jwk(jwk)
    except KeysError as error:
        raise ProofError("proof.method", f"the holder's key: {error.detail}") from error


def parse_places(texts: Sequence[str]) -> list[Path]:
    """Read places written as "credentialSubject.phones[0]"."""
    return [_parse_place(text) for text in texts]


def _parse_place(text: str) -> Path:
    path: list[str | int] = []
    for part in text.split("."):
        if not _STEP.fullmatch(part):
            raise CredentialError(f"{text[:100]!r} is not a place such as subject.phones[0]")
        name, *positions = part.replace("]", "").split("[")
        path += [name, *(int(position) for position in positions)]
    return tuple(path)
