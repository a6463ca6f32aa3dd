"""The Digital Credentials Query Language: what a verifier asks for, and which badges answer it.

OpenID for Verifiable Presentations 1.0, section 6. Asked for here are badges as `ldp_vc`, and what
others say of them (endorsements), by type and by values at a path. A query may be optional, which
is written as credential sets of one option each (6.2). A query that asks for more is refused by
name, never answered in part; and nothing is answered that was not asked for (6.4.2).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from credentials.exchange.oid4vci import ExchangeError

FORMAT = "ldp_vc"
BADGE_TYPE = "https://purl.imsglobal.org/spec/vc/ob/vocab.html#OpenBadgeCredential"
_BADGE_TYPES = frozenset(
    {
        BADGE_TYPE,
        "https://purl.imsglobal.org/spec/vc/ob/vocab.html#AchievementCredential",
        "https://www.w3.org/2018/credentials#VerifiableCredential",
    }
)
ENDORSEMENT_TYPE = "https://purl.imsglobal.org/spec/vc/ob/vocab.html#EndorsementCredential"
_VC_TYPE = "https://www.w3.org/2018/credentials#VerifiableCredential"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
_MAX_QUERIES = 5
_MAX_VALUES = 100
_MAX_DEPTH = 10


@dataclass(frozen=True)
class Claim:
    """A value that a badge must have: the path to it, and the values that fit (any when empty)."""

    path: tuple[str | int | None, ...]
    values: tuple[str | int | bool, ...] = ()


Kind = Literal["badge", "endorsement"]


@dataclass(frozen=True)
class CredentialQuery:
    """One badge that is asked for, or endorsements, under a name of the query's own."""

    id: str
    claims: tuple[Claim, ...] = ()
    multiple: bool = False
    kind: Kind = "badge"
    optional: bool = False
    """The other queries may be answered without it."""

    def fits(self, badge: Mapping[str, Any]) -> bool:
        """Tell whether a badge has every value that is asked for (6.4)."""
        return all(_has(badge, claim) for claim in self.claims)


def write_query(queries: Sequence[CredentialQuery]) -> dict[str, Any]:
    """Write a DCQL query for badges (6.1)."""
    written = []
    for query in queries:
        one: dict[str, Any] = {
            "id": query.id,
            "format": FORMAT,
            "meta": {"type_values": [[BADGE_TYPE if query.kind == "badge" else ENDORSEMENT_TYPE]]},
        }
        if query.multiple:
            one["multiple"] = True
        if query.claims:
            one["claims"] = [
                {
                    "path": list(claim.path),
                    **({"values": list(claim.values)} if claim.values else {}),
                }
                for claim in query.claims
            ]
        written.append(one)
    if not any(query.optional for query in queries):
        return {"credentials": written}
    needed = [query.id for query in queries if not query.optional]
    sets: list[dict[str, Any]] = [{"options": [needed]}] if needed else []
    sets += [{"options": [[query.id]], "required": False} for query in queries if query.optional]
    return {"credentials": written, "credential_sets": sets}


def _write_claim(claim: Claim) -> dict[str, Any]:
    values = {"values": list(claim.values)} if claim.values else {}
    return {"path": list(claim.path), **values}


def read_query(document: object) -> tuple[CredentialQuery, ...]:
    """Read a DCQL query that asks for badges; raise `ExchangeError` for any other.

    Claim sets, trusted authorities and sets with a choice among options are not answered.
    """
    query = _mapping(document, "the query")
    rows = query.get("credentials")
    if not isinstance(rows, list) or not 1 <= len(rows) <= _MAX_QUERIES:
        raise ExchangeError("query.malformed", f"a query asks for 1 to {_MAX_QUERIES} credentials")
    queries = tuple(_credential_query(_mapping(row, "a credential query")) for row in rows)
    if len({query.id for query in queries}) != len(queries):
        raise ExchangeError("query.malformed", "two credential queries have the same id")
    if "credential_sets" not in query:
        return queries
    named = _named(query["credential_sets"], {query.id for query in queries})
    return tuple(
        replace(one, optional=not named[one.id]) for one in queries if one.id in named
    )  # what stands in no set is not asked for


def _named(sets: object, known: set[str]) -> dict[str, bool]:
    """Give the ids that stand in a set, and whether nothing may be answered without them (6.2)."""
    if not isinstance(sets, list) or not 1 <= len(sets) <= _MAX_QUERIES:
        raise ExchangeError("query.malformed", "credential_sets must be a list of sets")
    named: dict[str, bool] = {}
    for row in sets:
        options = _mapping(row, "a credential set").get("options")
        if not isinstance(options, list) or not options:
            raise ExchangeError("query.malformed", "a credential set needs options")
        if len(options) != 1:
            raise _unsupported("credential_sets with a choice")
        (option,) = options
        if not isinstance(option, list) or not option or not set(map(str, option)) <= known:
            raise ExchangeError("query.malformed", "an option names the ids of queries")
        needed = row.get("required", True) is not False
        named |= {one: needed or named.get(one, False) for one in option}
    return named


def _credential_query(row: Mapping[str, Any]) -> CredentialQuery:
    name = row.get("id")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ExchangeError("query.malformed", "a credential query needs an id: letters and digits")
    if row.get("format") != FORMAT:
        raise _unsupported(f"format {str(row.get('format'))[:40]!r}")
    for member in ("claim_sets", "trusted_authorities"):
        if member in row:
            raise _unsupported(member)
    kind = _kind(_mapping(row.get("meta"), "meta").get("type_values"))
    claims = row.get("claims", [])
    if not isinstance(claims, list) or len(claims) > _MAX_VALUES:
        raise ExchangeError("query.malformed", "claims must be a list")
    return CredentialQuery(
        name,
        tuple(_claim(_mapping(one, "a claim")) for one in claims),
        multiple=row.get("multiple") is True,
        kind=kind,
    )


def _kind(types: object) -> Kind:
    """Tell what is asked for by its types: each alternative is a list that must all fit."""
    alternatives = [
        set(map(str, one))
        for one in (types if isinstance(types, list) else [])
        if isinstance(one, list) and one
    ]
    if any(one <= _BADGE_TYPES for one in alternatives):
        return "badge"
    if any(one <= {ENDORSEMENT_TYPE, _VC_TYPE} for one in alternatives):
        return "endorsement"
    raise _unsupported("a type other than a badge's")


def _claim(row: Mapping[str, Any]) -> Claim:
    path, values = row.get("path"), row.get("values", [])
    if (
        not isinstance(path, list)
        or not 1 <= len(path) <= _MAX_DEPTH
        or not all(_is_step(step) for step in path)
    ):
        raise ExchangeError("query.malformed", "the path of a claim names members and places")
    if not isinstance(values, list) or len(values) > _MAX_VALUES:
        raise ExchangeError("query.malformed", "the values of a claim must be a list")
    if not all(isinstance(value, str | int) for value in values):
        raise ExchangeError("query.malformed", "the values of a claim are texts, numbers or flags")
    return Claim(tuple(path), tuple(values))


def _is_step(step: object) -> bool:
    """Tell whether a path may have this step: a name, a place from nought on, or null for all."""
    if isinstance(step, bool):
        return False
    return step is None or isinstance(step, str) or (isinstance(step, int) and step >= 0)


def _has(badge: Mapping[str, Any], claim: Claim) -> bool:
    """Follow a claims path (section 7) and compare."""
    found: list[Any] = [badge]
    for step in claim.path:
        following: list[Any] = []
        for value in found:
            if isinstance(step, str) and isinstance(value, Mapping) and step in value:
                following.append(value[step])
            elif isinstance(value, list) and step is None:
                following.extend(value)
            elif isinstance(value, list) and isinstance(step, int) and step < len(value):
                following.append(value[step])
        found = following
    if not claim.values:
        return bool(found)
    # A flag is no number here, although Python says that True equals 1.
    return any(
        type(value) is type(wanted) and value == wanted
        for value in found
        for wanted in claim.values
    )


def _mapping(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ExchangeError("query.malformed", f"{what} must be an object")
    return value


def _unsupported(what: str) -> ExchangeError:
    return ExchangeError("query.unsupported", f"the query asks for {what}, which is not answered")
