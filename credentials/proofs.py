"""Data Integrity proofs: add one, verify all (Verifiable Credential Data Integrity 1.0, 4).

::

    signed = add_proof(badge, signer, verification_method=f"{did}#key-1", created=now)
    verify_proof(signed, purpose="assertionMethod", controller=issuer_id, fetch=fetch, now=now)
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

from contexts import ContextError
from credentials.canonical import checked_jcs
from credentials.cryptosuites import Cryptosuite, Standing, suites
from credentials.report import CredentialError, ProofError
from credentials.times import CLOCK_SKEW, read_time, write_time
from credentials.unusable import KeyWithdrawn, unusable
from keys.errors import InvalidSignature, KeysError
from keys.fetching import CannotFetch, Fetch
from keys.material import PublicKey, Signer
from keys.resolution import method_key

_MAX_PROOFS = 10
_REQUIRED = ("cryptosuite", "verificationMethod", "proofPurpose", "proofValue")
"""Older proof types have no cryptosuite; that is why it comes first."""


_TEXTS = ("id", "domain", "challenge", "nonce")
"""Members that a JCS form would sign whatever stands in them (Data Integrity 1.0, 2.1)."""


class VerifiedProof(NamedTuple):
    """One proof that held."""

    verification_method: str
    cryptosuite: str
    created: datetime | None
    expires: datetime | None
    domain: str | list[str] | None
    challenge: str | None


def add_proof(
    document: dict[str, Any],
    signer: Signer,
    *,
    verification_method: str,
    created: datetime,
    purpose: str = "assertionMethod",
    cryptosuite: str = "eddsa-rdfc-2022",
    domain: str | None = None,
    challenge: str | None = None,
    expires: datetime | None = None,
    proof_id: str | None = None,
    previous_proof: str | Sequence[str] | None = None,
    mandatory_pointers: Sequence[str] = (),
    beside: bool = False,
    form: bytes | None = None,
) -> dict[str, Any]:
    """Give a copy of `document` with a proof (Data Integrity 1.0, 4.2).

    `mandatory_pointers` are JSON pointers to what every proof derived from an ecdsa-sd-2023 proof
    must show. Only with `beside` may there be proofs already: the new one then stands with them in
    a set, or, with the ids of `previous_proof`, in a chain that covers those (4.3). `form` is the
    canonical form of the document without its proofs, where the caller has it already.

    Raises `ContextError` for a document whose meaning is not certain, `CredentialError` for a suite
    that we do not issue with or a key that does not fit it.
    """
    suite = suites().get(cryptosuite)
    if suite is None or suite.standing not in (Standing.ISSUE, Standing.ACCEPT):
        raise CredentialError(f"the cryptosuite {cryptosuite!r} is not one we sign with")
    if signer.public.kind not in suite.key_kinds:
        raise CredentialError(f"{cryptosuite} needs a {' or '.join(suite.key_kinds)} key")
    if "proof" in document and not beside:
        raise CredentialError("the document has a proof already")
    present = _listed(document.get("proof", []))
    proof: dict[str, Any] = {
        "type": "DataIntegrityProof",
        "cryptosuite": cryptosuite,
        "created": write_time(created),
    }
    if expires is not None:
        proof["expires"] = write_time(expires)
    proof |= {"verificationMethod": verification_method, "proofPurpose": purpose}
    optional = {
        "domain": domain,
        "challenge": challenge,
        "id": proof_id,
        "previousProof": previous_proof,
    }
    proof |= {name: value for name, value in optional.items() if value is not None}
    if not suite.is_rdfc:
        proof = {"@context": document.get("@context", []), **proof}
    unsecured = {name: value for name, value in document.items() if name != "proof"}
    try:
        previous = _previous(proof, present)
    except ProofError as error:
        raise CredentialError(error.detail) from error
    if previous:
        unsecured["proof"], form = previous, None
    config = _config(suite, unsecured, proof)
    said = form if suite.is_rdfc else None
    value = suite.prove(config, unsecured, signer, mandatory_pointers, said)
    made = {**proof, "proofValue": value}
    return {**document, "proof": [*present, made] if present else made}


def derive_proof(document: dict[str, Any], selective_pointers: Sequence[str]) -> dict[str, Any]:
    """Give the part of `document` that its holder shows, with a proof for this part alone.

    The base proof is the one ecdsa-sd-2023 proof; other proofs cover the whole and are left out.
    Raises `CredentialError` where there is none, for pointers to nothing, and where nothing would
    be shown; `ProofError` for a base proof that cannot be read.
    """
    from credentials.cryptosuites.ecdsa_sd_2023 import derive  # no plain badge needs it

    suite = suites()["ecdsa-sd-2023"]
    bases = [
        proof
        for proof in _listed(document.get("proof"))
        if isinstance(proof, dict) and proof.get("cryptosuite") == suite.name
    ]
    if len(bases) != 1:
        raise CredentialError(f"there are {len(bases)} proofs of {suite.name}, not one")
    unsecured = {name: value for name, value in document.items() if name != "proof"}
    try:
        part, value = derive(unsecured, str(bases[0].get("proofValue")), selective_pointers)
    except KeysError as error:
        raise ProofError("proof.malformed", f"proofValue: {error.detail}") from error
    return {**part, "proof": {**bases[0], "proofValue": value}}


def verify_proof(
    document: dict[str, Any],
    *,
    purpose: str,
    controller: str,
    fetch: Fetch | None,
    now: datetime,
    domain: str | Sequence[str] | None = None,
    challenge: str | None = None,
    form: bytes | None = None,
    source: bytes | None = None,
) -> VerifiedProof:
    """Verify every proof of `document`; they must all be `controller`'s, for `purpose`.

    A proof set holds only as a whole (interfaces of the field differ here: we take the strict
    reading). Gives the first proof. Raises `ProofError` when one is bad and `CannotCheck` when the
    controller's document could not be fetched. `form` is the canonical form of the document without
    its proofs, where the caller has it already. `source` are the very bytes that the document was
    read from, for one that is met again and again: the same signature by the same key over the same
    bytes is looked at once, all else each time.
    """

    def key_of(method: str) -> PublicKey:
        return _controllers_key(method, controller, purpose=purpose, fetch=fetch, now=now)

    return verify_proof_with(
        document,
        key_of,
        purpose=purpose,
        now=now,
        domain=domain,
        challenge=challenge,
        form=form,
        source=source,
    )


def verify_proof_with(
    document: dict[str, Any],
    key_of: Callable[[str], PublicKey],
    *,
    purpose: str,
    now: datetime,
    domain: str | Sequence[str] | None = None,
    challenge: str | None = None,
    form: bytes | None = None,
    source: bytes | None = None,
) -> VerifiedProof:
    """Verify every proof with the key that `key_of` gives for its method.

    Binds no key to any issuer: that is the caller's, who knows the keys from elsewhere.
    """
    proofs = _proofs(document)
    verified = []
    digest = None
    if source is not None:
        digest = (_digest if len(source) <= _MOST_KEPT else _digest.__wrapped__)(source)
    for place, proof in enumerate(proofs):
        suite = _suite(proof)
        held = _check_options(proof, suite, purpose, now, domain, challenge)
        try:
            public = key_of(held.verification_method)
        except KeyWithdrawn as withdrawn:
            # Whatever was changed, or only names that key, is no badge of it.
            if withdrawn.key is not None:
                _check_signature(document, proof, proofs, suite, withdrawn.key, form)
            raise
        known = None if digest is None else (digest, place, public)
        if known is None or known not in _HELD:
            _check_signature(document, proof, proofs, suite, public, form)
            if known is not None:
                _remember(known)
        verified.append(held)
    return verified[0]


@lru_cache(maxsize=16)
def _digest(source: bytes) -> bytes:
    # Lists are few, and the same bytes come again with each credential.
    return sha256(source).digest()


_MOST_KEPT = 64_000
_HELD: dict[tuple[bytes, int, PublicKey], None] = {}
_MOST_HELD = 512


def _remember(known: tuple[bytes, int, PublicKey]) -> None:
    if len(_HELD) >= _MOST_HELD:
        _HELD.clear()
    _HELD[known] = None


def _check_options(
    proof: dict[str, Any],
    suite: Cryptosuite,
    purpose: str,
    now: datetime,
    domain: str | Sequence[str] | None,
    challenge: str | None,
) -> VerifiedProof:
    if proof["proofPurpose"] != purpose:
        raise ProofError("proof.purpose", f"the proof is for {str(proof['proofPurpose'])[:60]!r}")
    for name in _TEXTS:
        if name in proof:
            _check_text(name, proof[name])
    # One domain or a set of them: the same strings as expected (Data Integrity 1.0, 4.4).
    if domain is not None:
        wanted = [domain] if isinstance(domain, str) else domain
        if "domain" not in proof or set(_listed(proof["domain"])) != set(wanted):
            raise ProofError("proof.domain", f"the proof is for {str(proof.get('domain'))[:200]!r}")
    if challenge is not None and proof.get("challenge") != challenge:
        raise ProofError("proof.challenge", "the proof answers another challenge")
    created, expires = _proof_times(proof, now)
    return VerifiedProof(
        proof["verificationMethod"],
        suite.name,
        created,
        expires,
        proof.get("domain"),
        proof.get("challenge"),
    )


def _check_text(name: str, value: Any) -> None:
    values = value if name == "domain" and isinstance(value, list) else [value]
    if not values or not all(isinstance(one, str) and one for one in values):
        raise ProofError("proof.malformed", f"the {name} of the proof is not a text")


def is_over_statements(document: dict[str, Any]) -> bool:
    """Tell whether a proof of the document covers its RDFC-1.0 form; nothing is verified."""
    for proof in _listed(document.get("proof")):
        name = proof.get("cryptosuite", proof.get("type")) if isinstance(proof, dict) else None
        suite = suites().get(name) if isinstance(name, str) else None
        if suite is not None and suite.is_rdfc:
            return True
    return False


def _proofs(document: dict[str, Any]) -> list[dict[str, Any]]:
    value = document.get("proof")
    if value is None or value == []:
        raise ProofError("proof.missing", "the document has no proof")
    proofs = _listed(value)
    if len(proofs) > _MAX_PROOFS:
        raise ProofError("proof.malformed", f"more than {_MAX_PROOFS} proofs")
    for proof in proofs:
        if not isinstance(proof, dict):
            raise ProofError("proof.malformed", "a proof is not an object")
    return proofs


def _suite(proof: dict[str, Any]) -> Cryptosuite:
    kind = proof.get("type")
    is_older = kind != "DataIntegrityProof"
    wanted = kind if is_older else proof.get("cryptosuite")
    suite = suites().get(wanted) if isinstance(wanted, str) else None
    if is_older and suite is None:
        raise ProofError("proof.suite", f"the proof type {str(kind)[:60]!r}")
    for name in _REQUIRED[is_older:]:
        if not isinstance(proof.get(name), str) or not proof[name]:
            raise ProofError("proof.malformed", f"the proof has no {name}")
    if suite is None or suite.proof_type != kind or suite.standing is Standing.REFUSE:
        raise ProofError("proof.suite", f"the cryptosuite {str(wanted)[:60]!r}")
    return suite


def _proof_times(proof: dict[str, Any], now: datetime) -> tuple[datetime | None, datetime | None]:
    try:
        created, expires = (
            read_time(proof[name], f"proof.{name}", zone_required=False) if name in proof else None
            for name in ("created", "expires")
        )
    except CredentialError as error:
        raise ProofError("proof.malformed", error.detail) from error
    if created is not None and created > now + CLOCK_SKEW:
        raise ProofError("proof.not-yet", f"the proof says it was made on {proof['created']}")
    if expires is not None and expires <= now:
        raise ProofError("proof.expired", f"the proof ran out on {proof['expires']}")
    return created, expires


def _check_signature(
    document: dict[str, Any],
    proof: dict[str, Any],
    proofs: list[dict[str, Any]],
    suite: Cryptosuite,
    public: PublicKey,
    form: bytes | None,
) -> None:
    if public.kind not in suite.key_kinds:
        raise ProofError("proof.suite", f"{suite.name} with a {public.kind} key")
    unsecured = document.copy()
    del unsecured["proof"]
    previous = _previous(proof, proofs)
    if previous:
        unsecured["proof"], form = previous, None
    options = proof.copy()
    del options["proofValue"]
    if "@context" in options:
        _check_context(document, options["@context"])
        unsecured["@context"], form = options["@context"], None
    try:
        said = form if suite.is_rdfc else None
        if not suite.is_rdfc:  # JCS signs words that JSON-LD may not define
            whole = checked_jcs({**document, "proof": proofs})
            is_whole = not previous and unsecured.get("@context") == document.get("@context")
            said = whole if is_whole else None
        config = _config(suite, unsecured, options)
        suite.check(config, unsecured, public, proof["proofValue"], said)
    except ContextError as error:
        raise ProofError("shape.unsafe", error.detail) from error
    except InvalidSignature as error:
        raise ProofError("proof.signature", error.detail) from error
    except KeysError as error:
        raise ProofError("proof.malformed", f"proofValue: {error.detail}") from error


def _previous(proof: dict[str, Any], proofs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    # Data Integrity 1.0, 4.3: a chained proof also covers the proofs that it names.
    if "previousProof" not in proof:
        return []
    names = _listed(proof["previousProof"])
    for name in names:
        matching = [other for other in proofs if isinstance(name, str) and other.get("id") == name]
        if len(matching) != 1 or matching[0] is proof:
            raise ProofError(
                "proof.malformed", f"the previous proof {str(name)[:100]!r} is missing"
            )
    # In the order of the document (4.5, step 3), which a JCS form tells from another.
    return [other for other in proofs if other.get("id") in names]


def _config(suite: Cryptosuite, document: dict[str, Any], proof: dict[str, Any]) -> dict[str, Any]:
    if not suite.is_rdfc:
        return proof
    return {"@context": document.get("@context", []), **proof}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _check_context(document: dict[str, Any], in_proof: Any) -> None:
    # EdDSA Cryptosuites 1.0, 3.3.2: the document's contexts start with those of the proof.
    own, named = _listed(document.get("@context")), _listed(in_proof)
    if own[: len(named)] != named:
        raise ProofError("proof.malformed", "the proof has another @context than the document")


def _controllers_key(
    method: str, controller: str, *, purpose: str, fetch: Fetch | None, now: datetime
) -> PublicKey:
    if method.partition("#")[0] != controller:
        raise ProofError(
            "proof.other-signer", f"the key {method[:200]!r} is not one of {controller[:200]!r}"
        )
    try:
        return method_key(method, purpose=purpose, fetch=fetch, now=now)
    except (CannotFetch, KeysError) as error:
        raise unusable(error) from error
