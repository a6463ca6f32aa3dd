"""The entries of a credential, each looked up in its list by its kind."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from credentials.report import CannotCheck
from credentials.shape import issuer_id, types_of
from credentials.status import bitstring, revocation_list_1edtech, status_list_2021
from credentials.status.looking import Looking
from credentials.status.result import StatusResult
from keys.fetching import Fetch


def look_up_all(
    entries: Sequence[Any],
    credential: dict[str, Any],
    *,
    fetch: Fetch | None,
    now: datetime,
    shortest: int,
) -> StatusResult:
    """Look up each entry and join the answers; raises as `check_status` does."""
    looking = Looking(issuer_id(credential), fetch, now, shortest)
    open_question: CannotCheck | None = None
    results = []
    for entry in entries:
        try:
            results.append(_look_up(entry, credential.get("id"), looking))
        except CannotCheck as question:
            open_question = question
    if open_question is not None:
        raise open_question
    return _joined(results)


def _look_up(entry: Any, credential_id: Any, looking: Looking) -> StatusResult:
    types = types_of(entry) if isinstance(entry, dict) else []
    if bitstring.ENTRY in types:
        return bitstring.look_up(entry, looking)
    if status_list_2021.ENTRY in types:
        return status_list_2021.look_up(entry, looking)
    if revocation_list_1edtech.ENTRY in types:
        return revocation_list_1edtech.look_up(entry, looking, credential_id=credential_id)
    named = types or str(entry)[:60]
    raise CannotCheck("status.unsupported", f"status entries of type {named} are not read")


def _joined(results: Sequence[StatusResult]) -> StatusResult:
    """Join the answers of several lists: as old as the oldest, as short-lived as the shortest."""

    if len(results) == 1:
        return results[0]

    def earliest(moments: list[datetime | None]) -> datetime | None:
        return min((moment for moment in moments if moment is not None), default=None)

    return StatusResult(
        has_status=True,
        listed_at=earliest([one.listed_at for one in results]),
        valid_until=earliest([one.valid_until for one in results]),
        fresh_until=earliest([one.fresh_until for one in results]),
        messages=tuple(message for one in results for message in one.messages),
        newer=any(one.newer for one in results),
        unsigned=any(one.unsigned for one in results),
    )
