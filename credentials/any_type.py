"""Credentials and presentations of any type: issue and verify them, beside the flow for badges.

What a badge must say, who recognises whom and whom it belongs to is not judged here
(`credentials.verify` does); the data model, the words, the proof, the dates, the status and the
named schemas are. Everything is refused by one of the errors of `credentials.report`, or by
`ContextError`::

    signed = issue_credential(document, issuer, now=now)
    verify_credential(signed, fetch=fetch, now=now)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import uuid4

from contexts import check_words
from contexts.urls import DATA_INTEGRITY, VC2
from credentials.canonical import canonical_badge
from credentials.endorsements import check_dates
from credentials.formats.enveloped import envelope_credential, enveloped_token, is_envelope
from credentials.formats.jose import read_jws
from credentials.formats.opening import Opened, open_document
from credentials.formats.secured import Secured, split_claims
from credentials.formats.vc_jwt import sign_credential
from credentials.model import (
    check_credential,
    check_credential_schemas,
    check_presentation,
    check_related_resources,
    entries_of,
    holder_id,
    is_version_1,
    issuer_id,
)
from credentials.proofs import add_proof, is_over_statements, verify_proof_with
from credentials.report import CheckFailed, CredentialError, ProofError
from credentials.status import check_status
from credentials.times import write_time
from credentials.unusable import unusable
from keys.controller import verification_key
from keys.errors import KeysError
from keys.fetching import CannotFetch, Fetch
from keys.material import PublicKey, Signer
from keys.resolution import controllers_document

Profile = Literal["strict", "proof-only"]
"""`proof-only` does not ask whether the key belongs to the issuer: explicit, and labelled so."""

MAX_CREDENTIALS = 20
JWT = "vc-jwt"
_ALL_CHECKS = frozenset({"proof", "dates", "status"})


@dataclass(frozen=True)
class Issuer:
    """Who signs, with which key, in which way: a cryptosuite, or `JWT`."""

    did: str
    method: str
    signer: Signer
    securing: str = "eddsa-rdfc-2022"


@dataclass(frozen=True)
class Verified:
    """A credential or presentation that holds; `not_checked` says what nobody could look at."""

    document: dict[str, Any]
    not_checked: tuple[str, ...] = ()


# --- issue --------------------------------------------------------------------------------------


def issue_credential(
    document: Mapping[str, Any], issuer: Issuer, *, now: datetime, **options: Any
) -> dict[str, Any]:
    """Give the secured credential: with a proof, or in an envelope.

    1. Complete it: an id, and what VC Data Model 1.1 needs for a proof.
    2. Judge it as a verifier would: data model, words, schemas, and that it is ours to sign.
    3. Sign. `options` are those of `add_proof`.
    """
    whole = _completed(document, issuer, now)  # 1
    check_credential(whole)  # 2
    check_words(whole)
    check_credential_schemas(whole)
    if issuer_id(whole) != issuer.did:
        raise CredentialError(f"the issuer is {issuer_id(whole)[:200]!r}, the key is {issuer.did}")
    if issuer.securing == JWT:  # 3
        if is_version_1(whole):
            raise CredentialError("only credentials of VC Data Model 2.0 become a vc+jwt")
        return envelope_credential(sign_credential(whole, issuer.signer, kid=issuer.method))
    return add_proof(
        whole,
        issuer.signer,
        verification_method=issuer.method,
        created=now,
        cryptosuite=issuer.securing,
        **options,
    )


def _completed(document: Mapping[str, Any], issuer: Issuer, now: datetime) -> dict[str, Any]:
    whole = dict(document)
    whole.setdefault("id", f"urn:uuid:{uuid4()}")
    if not is_version_1(whole):
        return whole
    whole.setdefault("issuanceDate", write_time(now))
    contexts = whole["@context"]
    if issuer.securing != JWT and isinstance(contexts, list) and DATA_INTEGRITY not in contexts:
        whole["@context"] = [*contexts, DATA_INTEGRITY]
    return whole


# --- verify -------------------------------------------------------------------------------------


def verify_credential(
    document: dict[str, Any],
    *,
    fetch: Fetch | None,
    now: datetime,
    profile: Profile = "strict",
    checks: Sequence[str] | None = None,
    domain: str | Sequence[str] | None = None,
    challenge: str | None = None,
) -> Verified:
    """Verify a credential of any type, with a proof or in an envelope.

    1. Read it. 2. Data model and words. 3. Every proof. 4. Dates. 5. Status. 6. Schemas, and
    resources whose bytes are at hand. `checks` may leave out the dates and the status; the proof is
    always verified.
    """
    wanted = _ALL_CHECKS
    if checks is not None and wanted.issuperset(checks):  # another name leaves nothing out
        wanted = frozenset(checks)
    opened = _opened(document)  # 1
    credential = opened.document
    check_credential(credential)  # 2
    form = _check_words(credential)
    if opened.secured:  # 3
        opened.secured.verify(fetch=fetch, now=now)
    else:
        controller = None if profile == "proof-only" else issuer_id(credential)
        _verify_proofs(
            credential, "assertionMethod", controller, fetch, now, domain, challenge, form
        )
    if "dates" in wanted:  # 4
        if opened.secured:
            opened.secured.check_times(now=now)
        check_dates(credential, now=now)
    if "status" in wanted:  # 5
        check_status(credential, fetch=fetch, now=now)
    schemas = check_credential_schemas(credential)  # 6
    resources = check_related_resources(credential)
    not_checked = [f"the schema {url}" for url in schemas]
    not_checked += [f"the related resource {url}" for url in resources]
    return Verified(credential, tuple(not_checked))


def verify_presentation(
    document: dict[str, Any],
    *,
    fetch: Fetch | None,
    now: datetime,
    profile: Profile = "strict",
    checks: Sequence[str] | None = None,
    domain: str | Sequence[str] | None = None,
    challenge: str | None = None,
) -> Verified:
    """Verify a presentation and every credential in it.

    One without a proof shows nothing about who presents it: it is taken only where neither a domain
    nor a challenge is asked for, and `not_checked` says so.
    """
    opened = _opened(document)
    shown = opened.document
    check_presentation(shown)
    _check_words(shown)
    entries = entries_of(shown, "verifiableCredential")
    if len(entries) > MAX_CREDENTIALS:
        raise CredentialError(f"more than {MAX_CREDENTIALS} credentials")
    not_checked: list[str] = []
    if opened.secured:
        opened.secured.verify(fetch=fetch, now=now)
        opened.secured.check_times(now=now)
        _check_claim(opened.secured, "aud", domain, "proof.domain")
        _check_claim(opened.secured, "nonce", challenge, "proof.challenge")
    elif "proof" not in shown and domain is None and challenge is None:
        not_checked.append("who presents it: there is no proof")
    else:
        controller = None if profile == "proof-only" else holder_id(shown)
        _verify_proofs(shown, "authentication", controller, fetch, now, domain, challenge)
    for entry in entries:
        verified = verify_credential(entry, fetch=fetch, now=now, profile=profile, checks=checks)
        not_checked += verified.not_checked
    return Verified(shown, tuple(not_checked))


def _opened(document: Any) -> Opened:
    if not isinstance(document, dict):
        raise CredentialError("it is not a JSON object")
    if is_envelope(document, "credential"):
        media_type, token = enveloped_token(document, "credential")
        if media_type == "jwt":
            secured = _older_token(token)
            return Opened(secured.document, secured)
    return open_document(document)


def _older_token(text: str) -> Secured:
    """Read a credential in the claim vc (VC Data Model 1.1, 6.3.1), for application/jwt only."""
    jws = read_jws(text)
    if jws.media_type not in ("", "jwt"):
        raise CheckFailed("format.unsupported", f"typ is {jws.media_type[:60]!r}, not 'JWT'")
    document, claims = split_claims(jws.claims())
    credential = document.get("vc")
    if not isinstance(credential, dict) or len(document) != 1:
        raise ProofError("proof.malformed", "the token does not hold one credential in vc")
    return Secured("credential", credential, claims, jws)


def _check_claim(
    secured: Secured, name: str, wanted: str | Sequence[str] | None, code: str
) -> None:
    if wanted is None:
        return
    value = secured.claims.get(name)
    named = value if isinstance(value, list) else [value]
    if sorted(map(repr, named)) != sorted(
        map(repr, [wanted] if isinstance(wanted, str) else wanted)
    ):
        raise ProofError(code, f"{name} is {str(value)[:200]!r}, not what was asked for")


def _check_words(document: dict[str, Any]) -> bytes | None:
    """Refuse words that are not defined; give the canonical form where a proof covers it.

    The proof is looked at in its own step; envelopes have the context of their own.
    """
    written = {name: value for name, value in document.items() if name != "proof"}
    entries = entries_of(document, "verifiableCredential")
    if entries and VC2 not in entries_of(document, "@context"):
        plain = [entry for entry in entries if not is_envelope(entry, "credential")]
        written.pop("verifiableCredential")
        written |= {"verifiableCredential": plain} if plain else {}
    elif is_over_statements(document):
        return canonical_badge(written)
    check_words(written)
    return None


def _verify_proofs(
    document: dict[str, Any],
    purpose: str,
    controller: str | None,
    fetch: Fetch | None,
    now: datetime,
    domain: str | Sequence[str] | None,
    challenge: str | None,
    form: bytes | None = None,
) -> None:
    """Verify every proof with a key that its own controller allows for `purpose`.

    Others may sign beside the `controller` (Data Integrity 1.0, 2.1.1), not in its place.
    """
    signers: list[str] = []

    def key_of(method: str) -> PublicKey:
        signers.append(method.partition("#")[0])
        return _controllers_key(method, purpose, fetch, now)

    verify_proof_with(
        document,
        key_of,
        purpose=purpose,
        now=now,
        domain=domain,
        challenge=challenge,
        form=form,
    )
    if controller is not None and controller not in signers:
        raise ProofError(
            "proof.other-signer", f"the key of {signers[0][:200]!r} is not one of {controller!r}"
        )


def _controllers_key(method: str, purpose: str, fetch: Fetch | None, now: datetime) -> PublicKey:
    try:
        document = controllers_document(method, fetch=fetch, now=now)
        return verification_key(document, method, purpose=purpose, now=now)
    except (CannotFetch, KeysError) as error:
        raise unusable(error) from error
