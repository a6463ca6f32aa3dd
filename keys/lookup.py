"""What a DID method is asked, and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from keys.fetching import Fetch


@dataclass(frozen=True)
class Asked:
    """A DID to be resolved, at a time, with the parameters of its DID URL (DID Core 1.0, 3.2.1)."""

    did: str
    fetch: Fetch | None
    now: datetime
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """A DID document, the metadata about it, and for how long it may be kept.

    A document that the identifier itself spells out has no age: `fresh_for` is None.
    """

    document: dict[str, Any]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    fresh_for: timedelta | None = None
