"""Counts checks against a visitor's limit: the same limit for all processes, and seldom a write.

The database knows how many checks were taken (`keeping.count_check`); a process takes several at a
time for a visitor who keeps asking, and gives them out from its memory. The limit is never passed.
It takes one at a time from who has just come, and again near the limit: no more than an eighth of
what was taken, or of what is left. That much another process may hold when the last one is given
out here: who asks several processes may be refused so much early, never late.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from verifier.keeping import COUNTED_FOR, Counted, count_check, too_many
from web.database import Database

_PART = 8
_MOST_AT_ONCE = 500
_MAX_VISITORS = 5_000


@dataclass
class _Taken:
    """What this process holds for one visitor, in the window that the database named."""

    counted: Counted
    left: int


class Counter:
    """The checks of all visitors; safe to use from several threads."""

    def __init__(self, database: Database, *, allowed: int, secret: bytes) -> None:
        self._database = database
        self._allowed = allowed
        self._secret = secret
        self._taken: dict[str, _Taken] = {}
        self._lock = Lock()

    def count(self, source: str, *, now: datetime) -> None:
        """Count one check of a visitor; raise `Refused` above so many in ten minutes.

        Addresses are known as keyed hashes, here as in the database.
        """
        key = hmac.digest(self._secret, f"check|{source}".encode(), hashlib.sha256).hex()
        with self._lock:
            taken = self._taken.get(key)
            if taken is None or taken.counted.started < now - COUNTED_FOR:
                wanted = 1
            elif taken.left > 0:
                taken.left -= 1
                return
            elif taken.counted.total >= self._allowed:
                raise too_many()
            else:
                wanted = self._how_many(taken.counted.total)
        with self._database.transaction() as session:
            counted = count_check(session, key, wanted, allowed=self._allowed, now=now)
        self._hold(key, counted, min(wanted, wanted - (counted.total - self._allowed)) - 1)

    def _how_many(self, total: int) -> int:
        return max(1, min(_MOST_AT_ONCE, total // _PART, (self._allowed - total) // _PART))

    def _hold(self, key: str, counted: Counted, left: int) -> None:
        with self._lock:
            known = self._taken.pop(key, None)
            if known is not None and known.counted.started == counted.started:
                left += known.left  # another thread took some at the same time
            elif len(self._taken) >= _MAX_VISITORS:
                del self._taken[next(iter(self._taken))]  # who has not come for longest
            self._taken[key] = _Taken(counted, left)
