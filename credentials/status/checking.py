"""All status entries of a credential, each looked up by its kind."""

from datetime import datetime
from typing import Any

from credentials.report import CheckFailed
from credentials.status.result import LIST_LENGTH, StatusResult
from keys.fetching import Fetch

_MAX_ENTRIES = 10


def check_status(
    credential: dict[str, Any],
    *,
    fetch: Fetch | None,
    now: datetime,
    shortest: int = LIST_LENGTH,
) -> StatusResult:
    """Raise `CheckFailed` if any entry is set or bad, `CannotCheck` if any cannot be looked up.

    A bad answer of one entry wins over an open question of another. No entry at all passes, and
    the result says so. Lists with fewer than `shortest` entries are refused: whoever fetches one
    tells too much about which credential is meant.
    """
    value = credential.get("credentialStatus")
    entries = value if isinstance(value, list) else [] if value is None else [value]
    if len(entries) > _MAX_ENTRIES:
        raise CheckFailed("status.bad-list", f"more than {_MAX_ENTRIES} status entries")
    if not entries:
        return StatusResult(has_status=False)
    # Whoever has no entry does without all that reads lists.
    from credentials.status.entries import look_up_all

    return look_up_all(entries, credential, fetch=fetch, now=now, shortest=shortest)
