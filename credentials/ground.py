"""What can still change of a badge that was verified once, and looking at that again.

Text and signature stay what they were. What may change is little, and is looked up without the
badge: its end, its places in status lists, and whether its signer took the key back. Whoever rests
something on a badge of somebody else keeps this, and not the badge::

    kept = ground_of(report, fetch=fetch, now=now)   # verified a moment ago
    check_ground(kept, fetch=fetch, now=tomorrow)    # raises, or it still counts

A token's key is named by its header, or by nothing: it is looked for among those of its signer and
kept by its name there. Only where a signer shows a key set, at an https address, is there none.
"""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

from credentials.report import CannotCheck, CheckFailed, Report
from credentials.shape import issuer_id, period
from credentials.status import check_status
from credentials.times import CLOCK_SKEW, read_time, write_time
from keys.errors import KeysError, MethodRevoked
from keys.fetching import CannotFetch, Fetch
from keys.material import PublicKey
from keys.resolution import method_key

_ENDED = frozenset({"dates.expired", "status.revoked", "status.suspended", "proof.withdrawn"})
"""What a signer says plainly. A list that cannot be read, say, says nothing about the badge."""


class Ground(NamedTuple):
    """What of a verified badge is looked at again: nothing in it says what it was given for."""

    badge_id: str
    issuer: str
    places: tuple[Mapping[str, Any], ...]
    """Its status entries as they stand in it."""
    keys: tuple[tuple[str, str], ...]
    """The names of the keys that signed it, each with the digest of its key."""
    ends: datetime | None


def ground_of(report: Report, *, fetch: Fetch, now: datetime) -> Ground:
    """Give what is looked at again of a badge of which the caller has just got this report.

    Raises `CannotCheck` when the signer's keys cannot be asked for any more.
    """
    badge, secured = report.document, report.secured
    assert badge is not None, "a verified badge was read"
    entries = _listed(badge.get("credentialStatus"))
    proofs = [one for one in _listed(badge.get("proof")) if isinstance(one, dict)]
    ends = [period(dict(badge))[1]]
    ends += [
        read_time(one["expires"], "proof.expires", zone_required=False)
        for one in proofs
        if "expires" in one
    ]
    methods = dict.fromkeys(str(one["verificationMethod"]) for one in proofs)
    keys = [(method, _digest(method, fetch, now)) for method in methods]
    if secured is not None:
        ends.append(secured.time("exp"))
        public, method = secured.verified_method(fetch=fetch, now=now)
        keys += [(method, _digest_of(public))] if method else []
    return Ground(
        badge_id=str(badge["id"]),
        issuer=issuer_id(dict(badge)),
        places=tuple(entries),
        keys=tuple(keys),
        ends=min((one for one in ends if one is not None), default=None),
    )


def check_ground(ground: Ground, *, fetch: Fetch, now: datetime) -> None:
    """Raise `CheckFailed` if the badge no longer counts, `CannotCheck` if nobody can say.

    1. Its end. 2. Its places in status lists, which its issuer must have signed. 3. Its keys: one
    that was taken back ends it; one that is not there, or is another, leaves the question open.
    A plain no of one wins over an open question of another.
    """
    if ground.ends is not None and ground.ends < now - CLOCK_SKEW:  # 1
        raise CheckFailed("dates.expired", f"valid until {write_time(ground.ends)}")
    open_question: CannotCheck | None = None
    try:
        _check_places(ground, fetch, now)  # 2
    except CannotCheck as question:
        open_question = question
    for method, digest in ground.keys:  # 3
        try:
            if _digest(method, fetch, now) != digest:
                raise CannotCheck("proof.method", f"{method[:200]} names another key now")
        except CannotCheck as question:
            open_question = open_question or question
    if open_question is not None:
        raise open_question


def _check_places(ground: Ground, fetch: Fetch, now: datetime) -> None:
    asked = {
        "id": ground.badge_id,
        "issuer": ground.issuer,
        "credentialStatus": [dict(one) for one in ground.places],
    }
    try:
        check_status(asked, fetch=fetch, now=now)
    except CheckFailed as failure:
        if failure.code in _ENDED:
            raise
        raise CannotCheck(failure.code, failure.detail) from failure


def _digest(method: str, fetch: Fetch, now: datetime) -> str:
    try:
        public = method_key(method, purpose="assertionMethod", fetch=fetch, now=now)
    except CannotFetch as error:
        raise CannotCheck("proof.unreachable", str(error)) from error
    except MethodRevoked as error:
        raise CheckFailed("proof.withdrawn", error.detail) from error
    except KeysError as error:
        raise CannotCheck("proof.method", error.detail) from error
    return _digest_of(public)


def _digest_of(public: PublicKey) -> str:
    return sha256(f"{public.kind}:".encode() + public.raw).hexdigest()


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
