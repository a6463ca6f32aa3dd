"""Long work beside the requests of a process: woken at start, and when somebody asks for it.

What is to be done is written down as rows that wait, and settled in their order, some at a time
(`work_off`). A process that is killed loses nothing: the mark on a row is set in the transaction
that settles it, and whoever works next goes on with those that wait. Visitors come first:
transactions are short, and between them the work stands still for a moment.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock, Thread
from typing import Generic, TypeVar

from sqlalchemy.exc import IntegrityError, OperationalError

from web.languages import N_

Row = TypeVar("Row")

CHUNK = 25
"""So many rows are settled in one transaction: it holds the locks for some hundredths of a second,
while a hundred rows would save little more."""
MOST_SHOWN = 200
"""So many rows with a reason are named on a page."""
NOT_MADE = N_("This badge cannot be made now.")
"""Why a row is refused whose badge fails its check; the log says more."""
_BREATH_SECONDS = 0.001
_WRITERS_SECONDS = 0.01
_REST_SECONDS = 0.03
_OTHERS_SECONDS, _LONGEST_SECONDS = 1.0, 8.0
_log = logging.getLogger("mycred4home.issuer")


@dataclass(frozen=True)
class Job(Generic[Row]):
    """Rows that wait, and how they are settled."""

    behind: Callable[[Row | None], Sequence[Row]]
    """Give those that wait behind a row, in their order, at most `CHUNK`; the first for None."""
    together: Callable[[Sequence[Row]], int]
    """Settle rows; say how many of them were left to do by other processes."""
    alone: Callable[[Row], int]
    """Settle one row, if it must be with the reason why it was refused; say likewise."""


def work_off(job: Job[Row]) -> int:
    """Settle all rows that wait, and say how many were.

    1. Some rows, in their order. 2. They are settled together. 3. If the database refuses that,
    each by itself, so that one bad row neither stops nor undoes another. 4. A rest; a longer one
    if another process turns out to do the same work.
    """
    done, last, others = 0, None, _OTHERS_SECONDS
    while rows := job.behind(last):  # 1
        try:
            settled = job.together(rows)  # 2
        except (IntegrityError, OperationalError) as error:
            _log.warning("%s rows one by one: %s", len(rows), error.orig)
            settled = sum(job.alone(row) for row in rows)  # 3
        done += settled
        last = rows[-1]
        if settled == len(rows):  # 4
            time.sleep(_REST_SECONDS)
            others = _OTHERS_SECONDS
        else:
            time.sleep(others)
            others = min(2 * others, _LONGEST_SECONDS)
    return done


def breathe() -> None:
    """Let a request of this process go on: a thread that computes gives way too seldom by itself.

    It holds the interpreter for 5 ms at a time (`sys.getswitchinterval`), and a request waits for
    that again after each of its statements.
    """
    time.sleep(_BREATH_SECONDS)


class Worker:
    """One thread at most that works while something waits; `wake` it when there is more.

    What is left when the process ends must be found by `waits` in the next one. That two processes
    may work at once is for `work` to know.
    """

    def __init__(self, name: str, *, waits: Callable[[], bool], work: Callable[[], int]) -> None:
        self._name, self._waits, self._work = name, waits, work
        self._lock = Lock()
        self._thread: Thread | None = None
        self._woken = False

    def wake(self) -> None:
        """Go on with what waits, if there is anything and nobody does so yet."""
        with self._lock:
            if not self._waits():
                return
            self._woken = True
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()

    def wait(self, seconds: float) -> None:
        """Wait until the work is done, at most so long."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _run(self) -> None:
        while self._goes_on():
            try:
                self._work()
            except Exception:  # noqa: BLE001 - what waits stays, for the next `wake`
                _log.exception("%s stopped", self._name)

    def _goes_on(self) -> bool:
        """Say whether somebody woke it since it last began; what came at its end is not missed."""
        with self._lock:
            if not self._woken:
                self._thread = None
            self._woken, goes_on = False, self._woken
            return goes_on


def let_others_write() -> None:
    """Leave SQLite's one lock to whoever waits for it: they ask now and then, not in a queue."""
    time.sleep(_WRITERS_SECONDS)
