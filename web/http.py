"""The only place that opens connections: one guarded client for all services.

Refuses what threat 19 lists: other schemes than https (http on loopback by an explicit setting),
private, link-local and loopback addresses in every spelling, user info, redirects, bodies that are
too large or take too long. The name is resolved once and the connection is made to the address
that was checked. Time is limited as a whole: a server that sends a byte now and then, in the head
or in the body, keeps nobody longer, nor does a name server that never answers.
"""

import http.client
import io
import socket
import threading
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests_hardened import Config, HTTPSession, Manager
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

from keys.fetching import CannotFetch, HttpRequest, HttpResponse

_LOOK_UP_SECONDS = 3.0
_CONNECT_SECONDS = 3.0
_READ_SECONDS = 5.0
_TOTAL_SECONDS = 8.0
_MAX_BYTES = 2_000_000
_CHUNK = 16_384
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_LOOK_UPS = threading.BoundedSemaphore(64)
"""At once, in a process: we wait 3 seconds for one, which may hang for half a minute."""
_Found = TypeVar("_Found")


class Fetcher:
    """Fetch over HTTP within limits; call it with an `HttpRequest`."""

    def __init__(
        self,
        *,
        allow_loopback_http: bool = False,
        max_bytes: int = _MAX_BYTES,
        total_seconds: float = _TOTAL_SECONDS,
    ) -> None:
        self._allow_loopback_http = allow_loopback_http
        self._max_bytes = max_bytes
        self._total_seconds = total_seconds
        self._outside = _manager(loopback=False)
        self._loopback = _manager(loopback=True) if allow_loopback_http else None

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Give the response, whatever its status; raise `CannotFetch` when there is none."""
        manager = self._manager_for(request.url)
        began = time.monotonic()
        try:
            with (
                _ends_in_time(manager.get_session(), began + self._total_seconds) as session,
                closing(
                    session.request(
                        request.method,
                        request.url,
                        headers={"User-Agent": "MyCred4Home", **request.headers},
                        data=request.body,
                        stream=True,
                        allow_redirects=False,
                        timeout=(_CONNECT_SECONDS, _READ_SECONDS),
                    )
                ) as response,
            ):
                body = self._read(response, began)
                headers = {name.lower(): value for name, value in response.headers.items()}
                return HttpResponse(response.status_code, headers, body, request.url)
        except requests.RequestException as error:
            raise CannotFetch(f"no answer from {_host(request.url)}") from error

    def _manager_for(self, url: str) -> Manager:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise CannotFetch("the address cannot be read") from error
        if not parts.hostname or parts.username is not None or parts.password is not None:
            raise CannotFetch("the address has no host, or a user name in it")
        if port == 0 or any(ord(character) <= 32 for character in url):
            raise CannotFetch("the address cannot be read")
        if self._loopback is not None and parts.hostname in _LOOPBACK:
            if parts.scheme in ("http", "https"):
                return self._loopback
        elif parts.scheme == "https":
            return self._outside
        raise CannotFetch(f"only https addresses are fetched, not {parts.scheme or 'none'}")

    def _read(self, response: requests.Response, began: float) -> bytes:
        body = bytearray()
        for chunk in response.iter_content(_CHUNK):
            body += chunk
            if len(body) > self._max_bytes:
                raise CannotFetch(f"the answer is larger than {self._max_bytes} bytes")
            if time.monotonic() - began > self._total_seconds:
                raise CannotFetch(f"the answer took longer than {self._total_seconds:g} seconds")
        return bytes(body)


def _manager(*, loopback: bool) -> Manager:
    return Manager(
        Config(
            ip_filter_enable=True,
            ip_filter_allow_loopback_ips=loopback,
            never_redirect=True,
            default_timeout=(_CONNECT_SECONDS, _READ_SECONDS),
        )
    )


# --- an end for the whole answer ------------------------------------------------------------------
#
# The timeout of a socket begins anew with each byte, and one `read` waits for many of them. So what
# an answer is read through looks at the clock each time before it waits.


def _ends_in_time(session: HTTPSession, end: float) -> HTTPSession:
    """Let all that a session reads end at a moment of `time.monotonic`."""

    class Response(http.client.HTTPResponse):
        def __init__(self, sock: socket.socket, *given: Any, **named: Any) -> None:
            super().__init__(sock, *given, **named)
            self.fp = io.BufferedReader(_UntilTheEnd(self.fp.detach(), sock, end))

    class Plain(HTTPConnection):
        response_class = Response

    class Secure(HTTPSConnection):
        response_class = Response

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    def in_time(manager: PoolManager) -> PoolManager:
        manager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}
        return manager

    for adapter in session.adapters.values():
        assert isinstance(adapter, HTTPAdapter), "requests_hardened mounts no others"
        in_time(adapter.poolmanager)
        # Here it looks up the name, checks the address and pins the connection to it, all in one.
        looked_up = adapter.build_connection_pool_key_attributes
        adapter.build_connection_pool_key_attributes = partial(_look_up, looked_up, end)  # type: ignore[method-assign]
        proxied = adapter.proxy_manager_for
        adapter.proxy_manager_for = lambda *given, made=proxied, **named: in_time(  # type: ignore[method-assign]
            made(*given, **named)
        )
    return session


def _look_up(ask: Callable[..., _Found], end: float, *given: Any, **named: Any) -> _Found:
    """Ask for the address of a name, and give up at a moment: a resolver knows no deadline.

    It is asked in a thread of its own, which ends when the resolver does; nobody waits for it, and
    a process that stops does not either.
    """
    end = min(end, time.monotonic() + _LOOK_UP_SECONDS)
    found: list[_Found] = []
    failed: list[Exception] = []

    def look() -> None:
        try:
            found.append(ask(*given, **named))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is raised where it was asked
            failed.append(error)
        finally:
            _LOOK_UPS.release()

    if not _LOOK_UPS.acquire(timeout=max(0.0, end - time.monotonic())):
        raise requests.ConnectTimeout("too many names are being looked up")
    looking = threading.Thread(target=look, name="look-up", daemon=True)
    looking.start()
    looking.join(max(0.0, end - time.monotonic()))
    if failed:
        raise failed[0]
    if not found:
        raise requests.ConnectTimeout("nobody told the address of this name in time")
    return found[0]


class _UntilTheEnd(io.RawIOBase):
    """Read from a connection until a moment, and no byte after it."""

    def __init__(self, raw: Any, sock: socket.socket, end: float) -> None:
        self._raw, self._sock, self._end = raw, sock, end

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer took too long")
        self._sock.settimeout(min(left, _READ_SECONDS))
        return self._raw.readinto(buffer)  # type: ignore[no-any-return]

    def close(self) -> None:
        self._raw.close()
        super().close()


def _host(url: str) -> str:
    return urlsplit(url).hostname or "?"
