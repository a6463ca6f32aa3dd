"""Times in credentials: XML Schema dateTimeStamp, always with a time zone, UTC when we write."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from credentials.report import CredentialError

CLOCK_SKEW = timedelta(minutes=5)
"""Two honest clocks may differ by this much."""

_STAMP = re.compile(
    r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?"
    r"(Z|[+-](?:0\d|1[0-4]):[0-5]\d)?"
)

_TOO_FINE = re.compile(r"(\.\d{6})\d+")


def read_time(value: Any, name: str, *, zone_required: bool = True) -> datetime:
    """Read a dateTimeStamp; raise `CredentialError` naming the member that is not one.

    Without a zone a time could mean two moments: refused, unless `zone_required` is false (proof
    options of some issuers), where it then counts as UTC.
    """
    found = _STAMP.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise CredentialError(f"{name} is not a date and time: {str(value)[:60]!r}")
    if found[1] is None and zone_required:
        raise CredentialError(f"{name} has no time zone: {value!r}")
    try:
        moment = datetime.fromisoformat(_TOO_FINE.sub(r"\1", value) if "." in value else value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise CredentialError(f"{name} is not a date and time: {value!r}") from error


def write_time(moment: datetime) -> str:
    """Write a moment in UTC, to the second."""
    if moment.tzinfo is None:
        raise ValueError("times are aware UTC datetimes; this one has no time zone")
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
