"""How long one request of a visitor may wait for others, in all.

Strangers choose whom we ask: a badge names its issuer, its status lists and its endorsements, each
on a host of its own. Every answer has a limit (`web.http`), but two hundred slow ones would keep a
process for half an hour. So what has not been asked when the time is over is not asked: it could
not be checked, as if its host did not answer.
"""

import time
from collections.abc import Callable

from flask import g, has_request_context

from keys.fetching import CannotFetch, Fetch, HttpRequest, HttpResponse

LONGEST_SECONDS = 30.0
"""Three hosts that never answer, and the rest of an honest badge."""


class Patient:
    """Ask by a fetch function, until the waits of one request are too long together."""

    def __init__(self, fetch: Fetch, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Give the response as the function does; raise `CannotFetch` when the time is over.

        What is asked outside a request, by work in the background, has no limit but its own.
        """
        if not has_request_context():
            return self._fetch(request)
        waited = g.get("waited_for_others", 0.0)
        if waited >= LONGEST_SECONDS:
            raise CannotFetch("others took too long to answer; the rest was not asked")
        began = self._clock()
        try:
            return self._fetch(request)
        finally:
            g.waited_for_others = waited + self._clock() - began
