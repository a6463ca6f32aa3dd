"""The log of a did:webvh, verified entry by entry (did:webvh DID Method v1.0, Read).

Every entry is hashed into the next, signed by a key that was authorised before it, and where the
log says so approved by witnesses. What fails is refused as `invalidDid`, with the reason.
"""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from contexts import ContextError, canonical_jcs, loads_strict
from keys.errors import DidError, KeysError
from keys.multibase import base58_encode
from keys.webvh_address import scid_of
from keys.webvh_proof import bad, check_proof, ed25519_key, utc_time

_METHOD = "did:webvh:1.0"
_SHA256 = b"\x12\x20"
_MAX_ENTRIES = 1_000
_MAX_ENTRY_BYTES = 200_000
_MAX_LIST = 100
_MAX_PROOFS = 1_000
_MAX_ENTRY_PROOFS = 10
"""Each is checked over the whole entry, which may be large."""
_TOLERANCE = timedelta(minutes=5)
_MAX_TTL = 2**31
_VERSION = re.compile(r"([1-9][0-9]{0,5})-([1-9A-HJ-NP-Za-km-z]{40,60})")
_ENTRY = frozenset({"versionId", "versionTime", "parameters", "state", "proof"})


@dataclass(frozen=True)
class Parameters:
    """The parameters that are active after an entry."""

    scid: str = ""
    update_keys: tuple[str, ...] = ()
    next_key_hashes: tuple[str, ...] = ()
    witness: Mapping[str, Any] | None = None
    watchers: tuple[str, ...] = ()
    portable: bool = False
    deactivated: bool = False
    ttl: int = 3_600

    @property
    def witnesses(self) -> frozenset[str]:
        """The did:keys whose approval counts."""
        return frozenset(one["id"] for one in (self.witness or {}).get("witnesses", ()))


@dataclass(frozen=True)
class Version:
    """One verified entry."""

    number: int
    version_id: str
    time: datetime
    written_time: str
    state: dict[str, Any]
    parameters: Parameters
    witnessed_by: Parameters | None
    """Whose approval the entry needs; None for nobody's."""


def read_log(body: bytes, scid: str, now: datetime) -> tuple[list[Version], DidError | None]:
    """Verify a log (did.jsonl) until its end or its first bad entry.

    Gives the versions that hold, and why the next one does not.
    """
    versions: list[Version] = []
    lines = [line for line in body.split(b"\n") if line.strip()]
    if not lines:
        return versions, bad("the log is empty")
    for place, line in enumerate(lines, 1):
        try:
            if place > _MAX_ENTRIES:
                raise bad(f"the log has more than {_MAX_ENTRIES} entries")
            versions.append(_version(_entry(line), scid, versions[-1] if versions else None, now))
        except DidError as error:
            return versions, bad(f"entry {place} of the log: {error.detail}")
    return versions, None


def approved(
    versions: Sequence[Version], body: bytes | None, now: datetime
) -> tuple[list[Version], DidError | None]:
    """Keep the versions before the first that lacks the approvals it needs (DID Witnesses).

    `body` is that of did-witness.json, if there is one. Also gives why the next does not hold.
    """
    try:
        given = {} if body is None else _approvals(versions, body, now)
    except DidError as error:
        first = next(one.number for one in versions if one.witnessed_by)
        return list(versions[: first - 1]), error
    for version in versions:
        needed = version.witnessed_by
        if needed is None or needed.witness is None:
            continue
        count = sum(given.get(did, 0) >= version.number for did in needed.witnesses)
        if count < needed.witness["threshold"]:
            few = f"entry {version.number} has {count} approvals of witnesses, too few"
            return list(versions[: version.number - 1]), bad(few)
    return list(versions), None


def _approvals(versions: Sequence[Version], body: bytes, now: datetime) -> dict[str, int]:
    """Give the number of the last version that each witness approved, and all before it so."""
    given: dict[str, int] = {}
    numbers = {version.version_id: version.number for version in versions}
    known = frozenset[str]().union(
        *(version.witnessed_by.witnesses for version in versions if version.witnessed_by)
    )
    for version_id, proof in _witness_proofs(body):
        number = numbers.get(version_id)
        if number is None:
            continue  # no evidence for any other entry
        try:
            did = f"did:key:{check_proof({'versionId': version_id}, proof, now)}"
        except DidError:
            continue  # ignored, as the specification allows: others may reach the threshold
        if did in known:
            given[did] = max(given.get(did, 0), number)
    return given


# --- one entry ------------------------------------------------------------------------------------


def _entry(line: bytes) -> dict[str, Any]:
    try:
        entry = loads_strict(line, max_bytes=_MAX_ENTRY_BYTES)
    except ContextError as error:
        raise bad(error.detail) from error
    if not isinstance(entry, dict) or not entry.keys() >= _ENTRY or not entry.keys() <= _ENTRY:
        raise bad(f"it does not have the members {', '.join(sorted(_ENTRY))}")
    if not isinstance(entry["parameters"], dict) or not isinstance(entry["state"], dict):
        raise bad("parameters or state is not an object")
    return entry


def _version(entry: dict[str, Any], scid: str, previous: Version | None, now: datetime) -> Version:
    before = previous.parameters if previous else None
    if before is not None and before.deactivated:
        raise bad("nothing may follow the entry that ends the DID")
    parameters = _parameters(entry["parameters"], before)  # 1
    pre_rotated = bool(before and before.next_key_hashes)
    keys = before.update_keys if before and not pre_rotated else parameters.update_keys
    unsigned = {name: value for name, value in entry.items() if name != "proof"}
    proofs = entry["proof"] if isinstance(entry["proof"], list) else [entry["proof"]]
    if not 0 < len(proofs) <= _MAX_ENTRY_PROOFS:
        raise bad("it has no proof, or too many")
    for proof in proofs:  # 2
        if check_proof(unsigned, proof, now) not in keys:
            raise bad("it is signed by a key that may not change the DID")
    number = _check_version_id(unsigned, previous, parameters)  # 3
    time = _check_time(entry["versionTime"], previous, now)  # 4
    if parameters.scid != scid:  # 5
        raise bad("it is the log of another DID")
    if previous is None:
        _check_scid(unsigned, scid)
    _check_state(entry["state"], scid, previous, parameters)  # 6
    witnessed_by = before if before and before.witness else parameters
    return Version(
        number,
        entry["versionId"],
        time,
        entry["versionTime"],
        entry["state"],
        parameters,
        witnessed_by if witnessed_by.witness else None,
    )


def _check_version_id(
    unsigned: dict[str, Any], previous: Version | None, parameters: Parameters
) -> int:
    version_id = unsigned["versionId"]
    found = _VERSION.fullmatch(version_id) if isinstance(version_id, str) else None
    number = previous.number + 1 if previous else 1
    if not found or int(found[1]) != number:
        raise bad(f"its versionId is not {number}- and a hash")
    linked = {**unsigned, "versionId": previous.version_id if previous else parameters.scid}
    if _hashed(linked) != found[2]:
        raise bad("its content does not have the hash of its versionId")
    return number


def _check_scid(unsigned: dict[str, Any], scid: str) -> None:
    text = json.dumps({**unsigned, "versionId": "{SCID}"}, ensure_ascii=False)
    if _hashed(json.loads(text.replace(scid, "{SCID}"))) != scid:
        raise bad("its content does not have the hash of the DID")


def _check_time(written: Any, previous: Version | None, now: datetime) -> datetime:
    time = utc_time(written)
    if time is None:
        raise bad("its versionTime is not a time in UTC")
    if previous and time <= previous.time:
        raise bad("its versionTime is not after that of the entry before")
    if time > now + _TOLERANCE:
        raise bad("its versionTime lies in the future")
    return time


def _check_state(
    state: dict[str, Any], scid: str, previous: Version | None, parameters: Parameters
) -> None:
    name = state.get("id")
    if not isinstance(name, str) or scid_of(name) != scid:
        raise bad("its document is about another DID")
    if previous and name != previous.state["id"]:
        if not parameters.portable:
            raise bad("the DID moves, but is not portable")
        known = state.get("alsoKnownAs")
        if not isinstance(known, list) or previous.state["id"] not in known:
            raise bad("the DID moves, and its document does not name the one before")


def _hashed(value: Any) -> str:
    try:
        return base58_encode(_SHA256 + sha256(canonical_jcs(value)).digest())
    except ContextError as error:
        raise bad(error.detail) from error


# --- parameters -----------------------------------------------------------------------------------


def _parameters(given: dict[str, Any], before: Parameters | None) -> Parameters:
    """Read the parameters of an entry; those it leaves out stay as they were."""
    first = before is None
    active = before or Parameters()
    given = {name: _DEFAULTS.get(name, value) if value is None else value
             for name, value in given.items()}  # fmt: skip
    if first and given.get("method") != _METHOD:
        raise bad(f"the method is not {_METHOD}")
    if first != ("scid" in given):
        raise bad("the scid is in the first entry, and only there")
    if first and "updateKeys" not in given:
        raise bad("the first entry has no updateKeys")
    if before and before.next_key_hashes and not {"updateKeys", "nextKeyHashes"} <= given.keys():
        raise bad("updateKeys and nextKeyHashes must be given: the next keys were named before")
    for name, value in given.items():
        active = _with(active, name, value, first)
    if before and before.next_key_hashes:
        for key in active.update_keys:
            hashed = base58_encode(_SHA256 + sha256(key.encode()).digest())
            if hashed not in before.next_key_hashes:
                raise bad("an update key is not one that the entry before named by its hash")
    return active


_DEFAULTS: Mapping[str, Any] = {
    "updateKeys": [],
    "nextKeyHashes": [],
    "witness": {},
    "watchers": [],
    "ttl": Parameters.ttl,
}
"""What null stands for in older logs (General Rules for Parameters)."""


def _with(active: Parameters, name: str, value: Any, first: bool) -> Parameters:
    if name == "method" and value == _METHOD:
        return active
    if name == "scid" and isinstance(value, str):
        return replace(active, scid=value)
    if name == "updateKeys":
        keys = _texts(value)
        for key in keys:
            try:
                ed25519_key(key)
            except KeysError as error:
                raise bad(f"an update key cannot be read: {error.detail}") from error
        return replace(active, update_keys=keys)
    if name == "nextKeyHashes":
        return replace(active, next_key_hashes=_texts(value))
    if name == "watchers":
        return replace(active, watchers=_texts(value))
    if name == "witness":
        return replace(active, witness=_witness(value))
    if name == "portable" and isinstance(value, bool) and (first or not value):
        return replace(active, portable=value)
    if name == "deactivated" and isinstance(value, bool):
        return replace(active, deactivated=value)
    if name == "ttl" and type(value) is int and 0 <= value <= _MAX_TTL:
        return replace(active, ttl=value)
    raise bad(f"the parameter {name[:60]!r} is not known, or may not be {str(value)[:60]!r}")


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > _MAX_LIST:
        raise bad("a parameter is not a list, or too long")
    if not all(isinstance(one, str) for one in value) or len(set(value)) != len(value):
        raise bad("a parameter is not a list of different texts")
    return tuple(value)


def _witness(value: Any) -> Mapping[str, Any] | None:
    if value == {}:
        return None
    listed = value.get("witnesses") if isinstance(value, dict) else None
    if not isinstance(listed, list) or not 0 < len(listed) <= _MAX_LIST:
        raise bad("the witness parameter lists no witnesses")
    names = [one.get("id") if isinstance(one, dict) else None for one in listed]
    for name in names:
        if not isinstance(name, str) or not name.startswith("did:key:"):
            raise bad("a witness is not a did:key")
        try:
            ed25519_key(name.removeprefix("did:key:"))
        except KeysError as error:
            raise bad(f"the key of a witness cannot be read: {error.detail}") from error
    if len({unicodedata.normalize("NFC", str(name)) for name in names}) != len(names):
        raise bad("a witness is listed twice")
    threshold = value.get("threshold")
    if type(threshold) is not int or not 1 <= threshold <= len(names):
        raise bad(f"the threshold of witnesses is {str(threshold)[:20]}, of {len(names)}")
    read: Mapping[str, Any] = value
    return read


def _witness_proofs(body: bytes) -> list[tuple[str, Any]]:
    """Read did-witness.json: pairs of versionId and proof."""
    try:
        listed = loads_strict(body)
    except ContextError as error:
        raise bad(f"did-witness.json: {error.detail}") from error
    found = []
    for one in listed if isinstance(listed, list) else []:
        if isinstance(one, dict) and isinstance(one.get("versionId"), str):
            proofs = one.get("proof")
            for proof in proofs if isinstance(proofs, list) else [proofs]:
                found.append((one["versionId"], proof))
    if len(found) > _MAX_PROOFS:
        raise bad(f"did-witness.json has more than {_MAX_PROOFS} proofs")
    return found
