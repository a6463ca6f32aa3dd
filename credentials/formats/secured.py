"""What a token secures, whatever its form: a document, the claims around it, a signature."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple

from credentials.formats.enveloped import Kind
from credentials.formats.issuer_keys import verify_token
from credentials.formats.jose import Jws
from credentials.formats.sd_jwt import SdJwt, check_key_binding, has_digests
from credentials.report import CheckFailed, CredentialError, ProofError
from credentials.shape import issuer_id
from credentials.times import CLOCK_SKEW, read_time, write_time
from keys.did import did_jwk, did_key
from keys.errors import KeysError
from keys.fetching import Fetch
from keys.material import PublicKey

REGISTERED = ("iss", "sub", "aud", "exp", "nbf", "iat", "jti", "nonce", "cnf")
"""Claims about the token (RFC 7519, 4.1; RFC 7800): they are not members of the document."""
_REGISTERED = frozenset(REGISTERED)
_MAX_SECONDS = 253_402_300_800
"""The year 10000."""


class Secured(NamedTuple):
    """A document read out of a token; until it is verified, nothing in it is more than a claim."""

    kind: Kind
    document: dict[str, Any]
    claims: Mapping[str, Any]
    jws: Jws
    disclosures: SdJwt | None = None

    @property
    def is_bound(self) -> bool:
        """Tell whether a key binding says who shows it, to whom and when."""
        return self.disclosures is not None and self.disclosures.key_binding is not None

    @property
    def signer(self) -> str:
        """Who must have signed: the issuer of a credential, the holder of a presentation."""
        if self.kind == "credential":
            return issuer_id(self.document)
        holder = self.document.get("holder", self.claims.get("iss"))
        value = holder.get("id") if isinstance(holder, dict) else holder
        if not isinstance(value, str):
            raise ProofError("proof.other-signer", "the presentation names no holder")
        return value

    def verify(self, *, fetch: Fetch | None, now: datetime) -> PublicKey:
        """Verify the signature with a key of the document's signer, and give that key.

        Times, audience and nonce are judged apart from it (`check_times`, `check_audience`).
        """
        return self.verified_method(fetch=fetch, now=now)[0]

    def verified_method(self, *, fetch: Fetch | None, now: datetime) -> tuple[PublicKey, str]:
        """Verify as `verify` does; give the key and the name of its method, if it has one."""
        check_agreement(self)
        is_credential = self.kind == "credential"
        return verify_token(
            self.jws,
            self.signer,
            purpose="assertionMethod" if is_credential else "authentication",
            fetch=fetch,
            now=now,
        )

    def time(self, name: str) -> datetime | None:
        """Read a claim that is a time, as `claim_time` does."""
        return claim_time(self.claims, name)

    def check_times(self, *, now: datetime) -> None:
        """Refuse a signature that is not yet or no longer valid (VC-JOSE-COSE 1.0, 3.1.3)."""
        ends, starts, made = (self.time(name) for name in ("exp", "nbf", "iat"))
        for moment in (starts, made):
            if moment is not None and moment > now + CLOCK_SKEW:
                start = write_time(moment)
                raise CheckFailed("dates.not-yet", f"signed for the time from {start}", start=start)
        if ends is not None and ends < now - CLOCK_SKEW:
            end = write_time(ends)
            raise CheckFailed("dates.expired", f"signed for the time until {end}", end=end)

    def check_audience(self, *, audience: str, nonce: str | None) -> None:
        """Refuse what was made for somebody else, or answers another question."""
        if self.claims.get("aud") not in (audience, [audience]):
            raise ProofError("proof.domain", f"it was made for {_shown(self.claims.get('aud'))}")
        if nonce is not None and self.claims.get("nonce") != nonce:
            raise ProofError("proof.challenge", "it answers another challenge")

    def bound_holder(self, *, audience: str, nonce: str | None, now: datetime) -> str:
        """Give the holder whose key made the key binding, by the name that the credential uses.

        Which key that is, the token's own signature says: it must be verified too.
        """
        if self.disclosures is None:
            raise ProofError("proof.missing", "there is no key binding")
        public = check_key_binding(self.disclosures, audience=audience, nonce=nonce, now=now)
        names = [did_jwk(public)]
        with suppress(KeysError):  # an RSA key has no did:key
            names.insert(0, did_key(public))
        subject = _subject(self)
        return subject if subject in names else names[0]


def split_claims(payload: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part a payload into the document and the claims about the token."""
    document = {name: value for name, value in payload.items() if name not in _REGISTERED}
    claims = {name: payload[name] for name in REGISTERED if name in payload}
    return document, claims


def check_agreement(secured: Secured) -> None:
    """Refuse a token whose claims say something else than its document (VC-JOSE-COSE 1.0, 3.1.3).

    A proof within the document is refused too: two signatures could name two signers.
    """
    document, claims = secured.document, secured.claims
    if secured.disclosures is None and _may_hold(secured.jws.payload) and has_digests(document):
        raise ProofError("proof.malformed", "only an SD-JWT may hold digests of hidden members")
    if "proof" in document:
        raise ProofError("proof.malformed", "the document in the token has a proof of its own")
    # VC-JOSE-COSE 1.0, 4.1.2: either may name it.
    named = [one["iss"] for one in (claims, secured.jws.header) if "iss" in one]
    signer = secured.signer if named else None
    for name in named:
        if name != signer:
            raise ProofError("proof.other-signer", f"iss is {_shown(name)}, not the signer")
    if "jti" in claims and "id" in document and claims["jti"] != document["id"]:
        raise ProofError("proof.malformed", f"jti is {_shown(claims['jti'])}, not the id")
    if "sub" in claims and claims["sub"] != _subject(secured):
        raise ProofError("proof.malformed", f"sub is {_shown(claims['sub'])}, not the subject")
    if secured.kind == "credential" and claims.get("aud", _subject(secured)) != _subject(secured):
        raise ProofError("proof.domain", f"aud is {_shown(claims['aud'])}, not the subject")


def _may_hold(payload: bytes) -> bool:
    """Tell whether text can hold the names of digests, as they are or with escapes."""
    if b"\\" in payload or b'"..."' in payload:
        return True
    return b"_" in payload and b'"_sd"' in payload  # one character is found ten times as fast


def claim_time(claims: Mapping[str, Any], name: str) -> datetime | None:
    """Read a NumericDate (RFC 7519, 2); some issuers write iat, which decides nothing, as text."""
    value = claims.get(name)
    if value is None and name not in claims:
        return None
    if name == "iat" and isinstance(value, str):
        return read_time(value, name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CredentialError(f"{name} is not a number of seconds: {_shown(value)}")
    if not 0 <= value < _MAX_SECONDS:
        raise CredentialError(f"{name} is not a time: {_shown(value)}")
    return datetime.fromtimestamp(value, UTC)


def _subject(secured: Secured) -> Any:
    if secured.kind == "presentation":
        return secured.signer
    subject = secured.document.get("credentialSubject")
    return subject.get("id") if isinstance(subject, dict) else None


def _shown(value: Any) -> str:
    return repr(str(value)[:200])
