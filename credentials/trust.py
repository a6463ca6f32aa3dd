"""Whom the operator of a verifier recognises: the trust list.

Names shown to employers come from here, never from a badge: a badge may claim any name.
"""

from typing import Any, Literal, NamedTuple

from contexts import ContextError, loads_strict
from credentials.report import CredentialError
from keys.did import parse_did
from keys.errors import DidError

Role = Literal["issuer", "endorser"]
_ROLES = frozenset({"issuer", "endorser"})


class TrustedParty(NamedTuple):
    """One organisation that the operator recognises, and for what."""

    id: str
    name: str
    roles: frozenset[Role]
    url: str = ""


class Trust(NamedTuple):
    """A trust list; an empty one recognises nobody."""

    parties: tuple[TrustedParty, ...] = ()

    @classmethod
    def from_json(cls, text: str | bytes) -> "Trust":
        """Read ``{"parties": [{"id", "name", "roles", "url"?}]}``; name every mistake in it."""
        try:
            value = loads_strict(text)
        except ContextError as error:
            raise CredentialError(f"the trust list: {error.detail}") from error
        rows = value.get("parties") if isinstance(value, dict) else None
        if not isinstance(rows, list):
            raise CredentialError('the trust list has no list "parties"')
        return cls(tuple(_party(row, place) for place, row in enumerate(rows, 1)))

    def issuer(self, did: str) -> TrustedParty | None:
        """Give the party that is recognised as an issuer of badges."""
        return self._find(did, "issuer")

    def endorser(self, did: str) -> TrustedParty | None:
        """Give the party whose endorsements recognise others."""
        return self._find(did, "endorser")

    def _find(self, did: str, role: Role) -> TrustedParty | None:
        for party in self.parties:
            if party.id == did and role in party.roles:
                return party
        return None


def _party(row: Any, place: int) -> TrustedParty:
    where = f"party {place} of the trust list"
    if not isinstance(row, dict) or set(row) - {"id", "name", "roles", "url"}:
        raise CredentialError(f"{where} has other members than id, name, roles and url")
    name, roles = row.get("name"), row.get("roles")
    if not isinstance(name, str) or not name.strip():
        raise CredentialError(f"{where} has no name")
    if not isinstance(roles, list) or not roles or not _ROLES.issuperset(map(str, roles)):
        raise CredentialError(f"{where} needs roles out of {sorted(_ROLES)}")
    return TrustedParty(
        _identifier(row.get("id"), where), name, frozenset(roles), str(row.get("url", ""))
    )


def _identifier(value: Any, where: str) -> str:
    """Read the DID or the https address that a party signs as."""
    if isinstance(value, str) and value.startswith(("https:", "http:")):
        from keys.web_document import is_web_address  # most are DIDs

        if not is_web_address(value):
            raise CredentialError(f"{where}: {value[:200]!r} is not an https address")
    else:
        try:
            parse_did(value)
        except DidError as error:
            raise CredentialError(f"{where}: {error.detail}") from error
    if "#" in value:
        raise CredentialError(f"{where}: the id names a key, not an organisation")
    return str(value)
