"""What a DID method is asked, and what it answers."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple

from keys.fetching import Fetch

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Asked(NamedTuple):
    """A DID to be resolved, at a time, with the parameters of its DID URL (DID Core 1.0, 3.2.1)."""

    did: str
    fetch: Fetch | None
    now: datetime
    query: Mapping[str, str] = _NOTHING


class Found(NamedTuple):
    """A DID document, the metadata about it, and for how long it may be kept.

    A document that the identifier itself spells out has no age: `fresh_for` is None.
    """

    document: dict[str, Any]
    metadata: Mapping[str, Any] = _NOTHING
    fresh_for: timedelta | None = None
