"""Times in credentials: XML Schema dateTimeStamp, always with a time zone, UTC when we write."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from credentials.report import CredentialError

CLOCK_SKEW = timedelta(minutes=5)
"""Two honest clocks may differ by this much."""

_STAMP = re.compile(
    r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?"
    r"(Z|[+-](?:0\d|1[0-4]):[0-5]\d)?"
)

_LONGEST = 40
"""Characters; the pattern allows no more."""
_TOO_FINE = re.compile(r"(\.\d{6})\d+")


def read_time(value: Any, name: str, *, zone_required: bool = True) -> datetime:
    """Read a dateTimeStamp; raise `CredentialError` naming the member that is not one.

    Without a zone a time could mean two moments: refused, unless `zone_required` is false (proof
    options of some issuers), where it then counts as UTC.
    """
    moment, has_zone = _read(value) if isinstance(value, str) else (None, False)
    if moment is None:
        raise CredentialError(f"{name} is not a date and time: {str(value)[:60]!r}")
    if zone_required and not has_zone:
        raise CredentialError(f"{name} has no time zone: {value!r}")
    return moment


def _read(text: str) -> tuple[datetime | None, bool]:
    return _moment(text) if len(text) <= _LONGEST else (None, False)


@lru_cache(maxsize=1_000)
def _moment(text: str) -> tuple[datetime | None, bool]:
    """Give the moment, if it is one, and whether it has a zone; several checks ask for the same."""
    found = _STAMP.fullmatch(text)
    if not found:
        return None, False
    try:
        moment = datetime.fromisoformat(_TOO_FINE.sub(r"\1", text) if "." in text else text)
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None, found[1] is not None
    return moment, found[1] is not None


def write_time(moment: datetime) -> str:
    """Write a moment in UTC, to the second."""
    if moment.tzinfo is None:
        raise ValueError("times are aware UTC datetimes; this one has no time zone")
    return _write(moment)


@lru_cache(maxsize=1_000)
def _write(moment: datetime) -> str:
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"
