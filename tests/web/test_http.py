"""The guarded client refuses every address that threat 19 lists, before any byte is sent."""

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

import web.http
from keys.fetching import CannotFetch, HttpRequest
from web.http import Fetcher


class _Server(BaseHTTPRequestHandler):
    seen: list[str]

    def do_GET(self) -> None:
        type(self).seen.append(self.path)
        if self.path == "/redirect":
            self.send_response(302)
            self.send_header("Location", "http://169.254.169.254/latest")
            self.end_headers()
            return
        body = b"x" * (3_000_000 if self.path == "/large" else 5)
        self.send_response(404 if self.path == "/missing" else 200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Stay silent."""


@pytest.fixture
def server() -> Iterator[str]:
    _Server.seen = []
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), _Server)
    thread = threading.Thread(target=httpd.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    httpd.shutdown()
    httpd.server_close()
    thread.join()


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "file:///etc/passwd",
        "ftp://example.org/",
        "gopher://127.0.0.1/",
        "https://user@example.org/",
        "https://user:word@example.org/",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:a00:1]/",
        "https://10.0.0.1/",
        "https://192.168.1.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://0/",
        "https://[fd00::1]/",
        "https://[fe80::1]/",
        "https:///nothing",
        "https://example.org:0/",
        "https://example.org:99999/",
        "https://exa mple.org/",
        "https://example.org/\r\nX: y",
        "javascript:alert(1)",
        "",
    ],
)
@pytest.mark.parametrize("loopback", [False, True])
def test_hostile_address_is_not_fetched(url: str, loopback: bool) -> None:
    if loopback and any(host in url for host in ("//127.0.0.1", "//localhost", "//[::1]")):
        return  # loopback is what this setting allows
    with pytest.raises(CannotFetch):
        Fetcher(allow_loopback_http=loopback)(HttpRequest(url))


def test_loopback_is_refused_unless_allowed(server: str) -> None:
    with pytest.raises(CannotFetch):
        Fetcher()(HttpRequest(f"{server}/hello"))
    assert _Server.seen == []


def test_redirect_is_not_followed(server: str) -> None:
    try:
        response = Fetcher(allow_loopback_http=True)(HttpRequest(f"{server}/redirect"))
    except CannotFetch:
        return
    assert response.status == 302
    assert _Server.seen == ["/redirect"]


def test_large_answer_is_cut_off(server: str) -> None:
    with pytest.raises(CannotFetch, match="larger"):
        Fetcher(allow_loopback_http=True)(HttpRequest(f"{server}/large"))


def test_closed_port_cannot_be_fetched(server: str) -> None:
    with pytest.raises(CannotFetch):
        Fetcher(allow_loopback_http=True)(HttpRequest("http://127.0.0.1:1/"))


def test_status_and_body_are_handed_on(server: str) -> None:
    fetch = Fetcher(allow_loopback_http=True)
    assert fetch(HttpRequest(f"{server}/missing")).status == 404
    good = fetch(HttpRequest(f"{server}/hello"))
    assert (good.status, good.body, good.headers["content-type"]) == (200, b"xxxxx", "text/plain")


_PIECES = 1_000


@pytest.fixture
def trickle() -> Iterator[tuple[str, list[bytes]]]:
    """Serve answers of which a byte comes now and then: /head, /body, /more (100 Continue)."""
    listener = socket.create_server(("127.0.0.1", 0))
    sent: list[bytes] = []

    def answer(connection: socket.socket) -> None:
        with connection:
            asked = connection.recv(1000).split()[1]
            begin, piece = {
                b"/head": (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"),
                b"/body": (b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % _PIECES, b"x"),
                b"/more": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
            }[asked]
            try:
                connection.sendall(begin)
                for _ in range(_PIECES):
                    connection.sendall(piece)
                    sent.append(piece)
                    time.sleep(0.05)
            except OSError:
                return  # whoever asked has gone

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}", sent
    listener.close()


@pytest.mark.parametrize("where", ["head", "body", "more"])
def test_a_server_that_sends_a_byte_now_and_then_keeps_nobody(
    trickle: tuple[str, list[bytes]], where: str
) -> None:
    (address, sent), fetch = trickle, Fetcher(allow_loopback_http=True, total_seconds=0.3)
    with pytest.raises(CannotFetch):
        fetch(HttpRequest(f"{address}/{where}"))
    assert len(sent) < _PIECES, "not waited for to the end, which is fifty seconds"


# --- name servers that never answer ---------------------------------------------------------------


@dataclass
class _Silent:
    """A resolver that does not answer for some names until it is told to."""

    asked: list[str] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)
    end: threading.Event = field(default_factory=threading.Event)

    def __call__(self, host: str, *given: Any, **named: Any) -> Any:
        if not host.endswith(".example"):
            return _REAL_LOOK_UP(host, *given, **named)
        self.asked.append(host)
        self.end.wait(60)
        self.answered.append(host)
        return _REAL_LOOK_UP("127.0.0.1", *given, **named)


_REAL_LOOK_UP = socket.getaddrinfo


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Silent]:
    resolver = _Silent()
    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    yield resolver
    resolver.end.set()
    for thread in threading.enumerate():
        if thread.name == "look-up":
            thread.join(60)


def test_a_resolver_that_never_answers_keeps_nobody(silent: _Silent) -> None:
    with pytest.raises(CannotFetch):
        Fetcher(total_seconds=0.2)(HttpRequest("https://slow.example/"))
    assert (silent.asked, silent.answered) == (["slow.example"], [])
    waiting = [thread for thread in threading.enumerate() if thread.name == "look-up"]
    assert waiting
    assert all(thread.daemon for thread in waiting), "a process that stops does not wait"


def test_an_address_told_too_late_is_not_used(silent: _Silent, server: str) -> None:
    fetch = Fetcher(allow_loopback_http=True, total_seconds=0.2)
    with pytest.raises(CannotFetch):
        fetch(HttpRequest("https://late.example/"))
    silent.end.set()
    assert Fetcher(allow_loopback_http=True)(HttpRequest(f"{server}/hello")).status == 200
    assert _Server.seen == ["/hello"]


def test_names_that_hang_leave_their_places_again(
    silent: _Silent, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web.http, "_LOOK_UPS", threading.BoundedSemaphore(2))
    quick = Fetcher(allow_loopback_http=True, total_seconds=0.2)
    for name in ("a", "b", "c"):
        with pytest.raises(CannotFetch):
            quick(HttpRequest(f"https://{name}.example/"))
    assert silent.asked == ["a.example", "b.example"], "no thread beyond the bound"
    with pytest.raises(CannotFetch):
        quick(HttpRequest(f"{server}/hello"))
    silent.end.set()
    assert Fetcher(allow_loopback_http=True)(HttpRequest(f"{server}/hello")).status == 200


def test_a_name_that_is_looked_up_slowly_is_checked_all_the_same(
    silent: _Silent, caplog: pytest.LogCaptureFixture
) -> None:
    silent.end.set()
    with pytest.raises(CannotFetch):
        Fetcher()(HttpRequest("https://inside.example/"))
    assert silent.answered == ["inside.example"]
    assert "Forbidden IP address" in caplog.text
