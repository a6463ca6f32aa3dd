"""From an identifier to its document: DID Resolution 1.0, with its error codes and metadata.

::

    found = resolve("did:web:issuer.example", fetch=fetch, now=now)
    method = dereference("did:web:issuer.example#key-1", fetch=fetch, now=now)

A program that resolves again and again keeps a `ResolutionCache`.
"""

from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from keys.controller import verification_key
from keys.did import DidUrl, parse_did_url, resolvers
from keys.errors import DidError
from keys.fetching import Fetch
from keys.lookup import Asked
from keys.material import PublicKey

_VERSIONED = ("webvh",)
"""Methods that keep older versions; for the others a DID URL with a query names nothing."""
SPELLED_OUT = ("did:key:", "did:jwk:")
"""Identifiers that are their own document."""
ALWAYS = datetime.max.replace(tzinfo=UTC)
"""A time to read those at: nothing in them ends."""
_LISTED = (
    "verificationMethod",
    "authentication",
    "assertionMethod",
    "keyAgreement",
    "capabilityInvocation",
    "capabilityDelegation",
    "service",
)


class Resolution(NamedTuple):
    """A document and how it was found."""

    did: str
    document: dict[str, Any]
    method: str
    retrieved: datetime
    document_metadata: Mapping[str, Any] = MappingProxyType({})
    """`created`, `updated`, `versionId`, ..., where the method knows them (DID Resolution, 4.3)."""
    fresh_until: datetime | None = None
    """Until when the answer may be kept; None where the identifier itself is the answer."""

    def metadata(self) -> dict[str, Any]:
        """Give the resolution metadata (DID Resolution 1.0, 4.2)."""
        return {
            "contentType": "application/did",
            "retrieved": f"{self.retrieved:%Y-%m-%dT%H:%M:%SZ}",
        }

    def named(self, fragment: str) -> dict[str, Any]:
        """Give the verification method or service of this name; `DidError` ("notFound") if none."""
        names = (f"{self.document.get('id')}#{fragment}", f"#{fragment}")
        for member in _LISTED:
            listed = self.document.get(member, [])
            for one in listed if isinstance(listed, list) else [listed]:
                if isinstance(one, dict) and one.get("id") in names:
                    return one
        raise DidError(f"nothing in {self.did[:200]} is named {fragment[:60]!r}", code="notFound")


def resolve(did_or_url: str, *, fetch: Fetch | None, now: datetime) -> Resolution:
    """Resolve a DID, or the DID of a DID URL, in the version that its query names.

    Raises `DidError` when the identifier or its document is bad ("deactivated" when its controller
    ended it), and lets `CannotFetch` through when the document could not be asked for: that says
    nothing about the identifier.
    """
    return _resolved(parse_did_url(did_or_url), fetch, now)


def dereference(did_url: str, *, fetch: Fetch | None, now: datetime) -> dict[str, Any]:
    """Give the verification method or service that a DID URL names, or the whole document.

    Raises as `resolve` does, and `DidError` ("notFound") when nothing has this name.
    """
    url = parse_did_url(did_url)
    found = _resolved(url, fetch, now)
    return found.named(url.fragment) if url.fragment else found.document


def method_key(method_id: str, *, purpose: str, fetch: Fetch | None, now: datetime) -> PublicKey:
    """Give the key that a method names, if its controller allows it for `purpose` at `now`.

    Raises as `resolve` and `keys.controller.verification_key` do.
    """
    if method_id.startswith(SPELLED_OUT):
        return _spelled_out(method_id, purpose)
    document = controllers_document(method_id, fetch=fetch, now=now)
    return verification_key(document, method_id, purpose=purpose, now=now)


def controllers_document(
    method_id: str, *, fetch: Fetch | None, now: datetime
) -> Mapping[str, Any]:
    """Give the document of whoever controls a method: a DID, or an https address.

    Raises as `resolve` does (Controlled Identifiers 1.0, 3.3).
    """
    if method_id.startswith(("https:", "http:")):
        from keys.web_document import controlled_document  # most are DIDs

        return controlled_document(method_id.partition("#")[0], fetch)
    return resolve(method_id, fetch=fetch, now=now).document


@lru_cache(maxsize=1_000)
def _spelled_out(method_id: str, purpose: str) -> PublicKey:
    # The identifier is the document: nothing in it ends, and it is read once.
    document = resolve(method_id, fetch=None, now=ALWAYS).document
    return verification_key(document, method_id, purpose=purpose, now=ALWAYS)


class ResolutionCache:
    """Documents from the web, kept while they are fresh; a stale one is never given.

    It is bounded in number and in time, whatever an answer says about itself. What cannot be
    fetched raises, as without a cache.
    """

    def __init__(self, *, most: int = 1_000, longest: timedelta = timedelta(hours=1)) -> None:
        self._most, self._longest = most, longest
        self._kept: OrderedDict[str, Resolution] = OrderedDict()

    def resolve(self, did_or_url: str, *, fetch: Fetch | None, now: datetime) -> Resolution:
        """Resolve as `resolve` does; `retrieved` says when the document was fetched."""
        url = parse_did_url(did_or_url)
        name = did_or_url.partition("#")[0]
        known = self._kept.pop(name, None)
        if known is None or not self._is_fresh(known, now):
            known = _resolved(url, fetch, now)
        if known.fresh_until is not None and known.fresh_until > now:
            self._kept[name] = known
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return known

    def _is_fresh(self, known: Resolution, now: datetime) -> bool:
        until = min(known.fresh_until or known.retrieved, known.retrieved + self._longest)
        return known.retrieved <= now < until


def _resolved(url: DidUrl, fetch: Fetch | None, now: datetime) -> Resolution:
    resolver = resolvers().get(url.method)
    if resolver is None:
        raise DidError(f"the DID method {url.method!r} is not supported", code="methodNotSupported")
    if url.query and url.method not in _VERSIONED:
        raise DidError(f"did:{url.method} has no versions to choose from", code="invalidDidUrl")
    found = resolver(Asked(url.did, fetch, now, url.query))
    return Resolution(
        url.did,
        found.document,
        url.method,
        now,
        found.metadata,
        None if found.fresh_for is None else now + found.fresh_for,
    )
