"""A whole world in memory: three apps on memory databases, joined by a `fetch` without sockets.

Journeys run in milliseconds, and every outbound request is counted, so that a test can assert
which addresses were asked.
"""

from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

from flask import Flask

from keys.fetching import CannotFetch, HttpRequest, HttpResponse


class Network:
    """Dispatch requests by origin to WSGI apps; remember each of them."""

    def __init__(self) -> None:
        self.apps: dict[str, Flask] = {}
        self.requests: list[HttpRequest] = []
        self.unreachable: set[str] = set()

    def join(self, origin: str, app: Flask) -> None:
        """Let `app` answer for `origin`."""
        self.apps[origin] = app

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer as the network would: `CannotFetch` when nobody is there."""
        self.requests.append(request)
        parts = urlsplit(request.url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin in self.unreachable or origin not in self.apps:
            raise CannotFetch(f"no answer from {origin}")
        response = self.apps[origin].test_client(use_cookies=False).open(
            request.url,
            method=request.method,
            headers=dict(request.headers),
            data=request.body,
        )
        headers = {name.lower(): value for name, value in response.headers.items()}
        return HttpResponse(response.status_code, headers, response.data, request.url)

    def urls(self) -> list[str]:
        """List what was asked for, in order."""
        return [request.url for request in self.requests]


class Clock:
    """A clock that stands still until told to move."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Give the time."""
        return self.now


Clocked = Callable[[], datetime]
