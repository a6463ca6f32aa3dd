"""What asking a list gives, and how long a list must be: enough for whoever has no list."""

from datetime import datetime
from typing import NamedTuple

LIST_LENGTH = 131_072
"""Entries of a list at least: 16 KiB of bits (Bitstring Status List 1.0, 6.1)."""


class StatusResult(NamedTuple):
    """What the lists said, and how old they are."""

    has_status: bool
    listed_at: datetime | None = None
    valid_until: datetime | None = None
    fresh_until: datetime | None = None
    """Until when the answer may be kept: the list's time-to-live, and never past its end."""
    messages: tuple[str, ...] = ()
    """What the signer says about the credential without cancelling it."""
    newer: bool = False
    """The signer has a newer version, to be had by the credential's refresh service."""
    unsigned: bool = False
    """A list had no signature: only the connection to its address speaks for it."""
