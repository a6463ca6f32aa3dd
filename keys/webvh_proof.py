"""The proofs of a did:webvh: eddsa-jcs-2022 by a did:key, of entries and of witnesses."""

import re
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from contexts import ContextError, canonical_jcs
from keys.errors import DidError, KeysError
from keys.material import PublicKey
from keys.multibase import multibase_decode

_TIME = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?)(?:Z|\+00:00)", re.ASCII)
_TIMES = ("created", "expires")
_FIXED = {
    "type": "DataIntegrityProof",
    "cryptosuite": "eddsa-jcs-2022",
    "proofPurpose": "assertionMethod",
}
_KNOWN = frozenset({"id", *_FIXED, *_TIMES, "verificationMethod", "proofValue"})


def check_proof(unsigned: dict[str, Any], proof: Any, now: datetime) -> str:
    """Verify a proof over a document; give the Multikey that signed (Authorized Keys)."""
    if not isinstance(proof, dict) or not proof.keys() <= _KNOWN:
        raise bad("its proof has members that are not known")
    for name, value in _FIXED.items():
        if proof.get(name) != value:
            raise bad(f"the {name} of its proof is not {value}")
    times = {name: utc_time(proof[name]) for name in _TIMES if name in proof}
    if None in times.values():
        raise bad("created or expires of its proof is not a time in UTC")
    if (times.get("expires") or datetime.max.replace(tzinfo=UTC)) <= now:
        raise bad("its proof has expired")
    method = proof.get("verificationMethod")
    body, _, fragment = method.partition("#") if isinstance(method, str) else ("", "", "")
    multikey = body.removeprefix("did:key:")
    if not body.startswith("did:key:") or fragment != multikey:
        raise bad("the key of its proof is not did:key:X#X")
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    try:
        public = ed25519_key(multikey)
        data = sha256(canonical_jcs(options)).digest() + sha256(canonical_jcs(unsigned)).digest()
        public.verify(data, multibase_decode(proof.get("proofValue", "")))
    except (KeysError, ContextError) as error:
        raise bad(f"its proof does not hold: {error.detail}") from error
    return multikey


def ed25519_key(multikey: str) -> PublicKey:
    """Read a Multikey that may sign entries or approve them."""
    public = PublicKey.from_multibase(multikey)
    if public.kind != "Ed25519" or public.multibase != multikey:
        raise bad(f"{multikey[:60]!r} is not an Ed25519 key")
    return public


def utc_time(written: Any) -> datetime | None:
    """Read a time that says it is in UTC; None for anything else."""
    found = _TIME.fullmatch(written) if isinstance(written, str) else None
    try:
        return datetime.fromisoformat(found[1]).replace(tzinfo=UTC) if found else None
    except ValueError:
        return None


def bad(detail: str) -> DidError:
    """Make the one error for whatever is wrong with a log (Read)."""
    return DidError(detail, code="invalidDid")
