"""Long work beside the requests of a process: woken at start, and when somebody asks for it."""

import logging
from collections.abc import Callable
from threading import Lock, Thread

_log = logging.getLogger("mycred4home.issuer")


class Worker:
    """One thread at most that works while something waits; `wake` it when there is more.

    What is left when the process ends must be found by `waits` in the next one. That two processes
    may work at once is for `work` to know.
    """

    def __init__(self, name: str, *, waits: Callable[[], bool], work: Callable[[], int]) -> None:
        self._name, self._waits, self._work = name, waits, work
        self._lock = Lock()
        self._thread: Thread | None = None

    def wake(self) -> None:
        """Go on with what waits, if there is anything and nobody does so yet."""
        with self._lock:
            if not self._waits():
                return
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()

    def wait(self, seconds: float) -> None:
        """Wait until the work is done, at most so long."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self) -> None:
        try:
            self._work()
        except Exception:  # noqa: BLE001 - the end of a thread: what waits stays, for the next `wake`
            _log.exception("%s stopped", self._name)
