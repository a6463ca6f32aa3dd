"""The verifier over HTTP: two workers, distinct badges, every check of the VC API.

``python bench/service.py [--seconds 6] [--server granian]`` starts the service as its own processes
on SQLite, as in production but for the network: status lists are answered at once ("304 Not
Modified"). Each badge is asked about once, none was seen before. Who asks runs on the same machine
(`wrk` where it is installed: see `asking.py`); what this took is printed, and so is a yardstick
from the same run: a page of bare Flask without anything of ours, on the same server and workers.

Goal: 1,200 checks a second with two workers on two cores. Compare two runs by their part of the
yardstick rather than by the figures alone: those swing with what else the machine does.
"""

import argparse
import importlib
import importlib.util
import json
import logging
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

import sample  # noqa: E402
import waitress.server  # noqa: E402
from asking import ask  # noqa: E402
from flask import Flask  # noqa: E402
from werkzeug.middleware.dispatcher import DispatcherMiddleware  # noqa: E402

from credentials.proofs import add_proof  # noqa: E402
from credentials.status import status_list_credential  # noqa: E402
from keys.fetching import HttpRequest, HttpResponse  # noqa: E402
from verifier.app import create_app  # noqa: E402
from verifier.settings import VerifierSettings  # noqa: E402

_GOAL = 1_200
_WORKERS, _THREADS = 2, 2  # one may wait while the other works
_WARMING = 1_000
_BADGES_A_SECOND = 2_500
_FOLDER = "MYCRED_BENCH_FOLDER"


def application() -> Any:
    """Give one worker its application: the verifier, and the yardstick beside it."""
    settings = VerifierSettings(
        base_url="http://localhost",
        database_url=f"sqlite:///{os.environ[_FOLDER]}/verifier.db",
        secret=bytes(32),
        checks_allowed=1_000_000_000,
    )
    bare = Flask("yardstick")
    bare.add_url_rule("/", view_func=lambda: {"status": "ok"})
    verifier = create_app(settings, fetch=upstream())
    return DispatcherMiddleware(verifier, {"/yardstick": bare.wsgi_app})


def upstream() -> Callable[[HttpRequest], HttpResponse]:
    """Give what stands for the network: one status list, with an entity tag."""
    now = datetime.now(UTC).replace(microsecond=0)
    unsigned = status_list_credential(
        list_url=sample.LIST,
        issuer=sample.ISSUER,
        purpose="revocation",
        revoked={1, 2, 3},
        valid_from=now,
        valid_until=now + timedelta(days=1),
        ttl_ms=60_000,
    )
    signed = add_proof(unsigned, sample.KEY, verification_method=sample.METHOD, created=now)
    page = json.dumps(signed).encode()

    def fetch(request: HttpRequest) -> HttpResponse:
        known = request.headers.get("If-None-Match") == '"1"'
        return HttpResponse(304 if known else 200, {"etag": '"1"'}, page, request.url)

    return fetch


def body(number: int, *, made: datetime) -> bytes:
    """Give the request about one badge."""
    badge = sample.badge(number)
    signed = add_proof(badge, sample.KEY, verification_method=sample.METHOD, created=made)
    return json.dumps({"verifiableCredential": signed}).encode()


def command(
    server: str,
    port: int,
    target: str = "service:application",
    *,
    workers: int = _WORKERS,
    threads: int = _THREADS,
) -> list[str]:
    """Give the command line of a server with `workers` processes of `threads` threads each.

    `target` is the module and the function that makes each worker's application.
    """
    lines = {
        "granian": f"-m granian --interface wsgi --factory --no-ws --http 1 --workers {workers}"
        f" --blocking-threads {threads} --log-level warning --port {port} {target}",
        "gunicorn": f"-m gunicorn --workers {workers} --threads {threads} --log-level warning"
        f" --bind 127.0.0.1:{port} {target}()",
        "waitress": f"{__file__} --waitress {port} {workers} {threads} --target {target}",
    }
    return [sys.executable, *lines[server].split(" ")]


def serve_with_waitress(port: int, workers: int, threads: int, target: str) -> None:
    """Serve from several processes on one socket, which waitress does not do by itself."""
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    listening = socket.create_server(("127.0.0.1", port), backlog=256)
    for _ in range(workers - 1):
        if os.fork() == 0:
            break
    module, _, name = target.partition(":")
    made = getattr(importlib.import_module(module), name)()
    waitress.server.create_server(made, sockets=[listening], threads=threads).run()


def installed() -> list[str]:
    """List the servers that are installed, the fastest first."""
    known = ("granian", "gunicorn", "waitress")
    return [name for name in known if importlib.util.find_spec(name)]


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--seconds", type=int, default=6)
    arguments.add_argument("--server", choices=installed(), default=installed()[0])
    arguments.add_argument("--waitress", type=int, nargs=3, help=argparse.SUPPRESS)
    arguments.add_argument("--target", default="service:application", help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.waitress:
        serve_with_waitress(*given.waitress, given.target)
        return
    made = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    numbers = range(10_000, 10_000 + _WARMING + given.seconds * _BADGES_A_SECOND)
    with multiprocessing.Pool() as pool:
        bodies = pool.map(partial(body, made=made), numbers, chunksize=500)
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        address = f"http://127.0.0.1:{port}"
        environment = {**os.environ, _FOLDER: folder, "PYTHONPATH": str(ROOT / "bench")}
        serving = subprocess.Popen(
            command(given.server, port), cwd=ROOT, env=environment, start_new_session=True
        )
        try:
            wait_for(f"{address}/health", serving)
            ask(f"{address}/credentials/verify", bodies[:_WARMING], seconds=1)
            plain = ask(f"{address}/yardstick/", seconds=max(2, given.seconds // 2))
            before = cpu_of(serving.pid)
            checks = ask(f"{address}/credentials/verify", bodies[_WARMING:], seconds=given.seconds)
            cpu = cpu_of(serving.pid) - before
        finally:
            os.killpg(serving.pid, signal.SIGTERM)
            serving.wait(30)
    half, most, nearly_all = checks.milliseconds
    asking = [f"asking took {one.cpu / one.seconds:.0%} of a core" for one in (checks, plain)]
    print(f"{given.server}, {_WORKERS} workers, {os.cpu_count()} cores, asked by {checks.by}")
    print(f"{checks.rate:8,.0f} checks a second ({asking[0]}; {checks.failed} failed)")
    print(f"{plain.rate:8,.0f} bare pages a second on the same server ({asking[1]})")
    print(f"{plain.rate / checks.rate:8.1f} bare pages are as much as a check")
    print(f"{cpu / checks.answers * 1e6:8,.0f} µs of CPU a check in the server")
    print(f"{half:8.1f} ms and less took half, {most:.1f} ms 95 %, {nearly_all:.1f} ms 99 %")
    if checks.answers > len(bodies) - _WARMING:
        print("   some badges were asked about twice")
    verdict = "reached" if checks.rate >= _GOAL and not checks.failed else "not reached"
    print(f"goal {_GOAL:,} checks a second: {verdict}")


def cpu_of(session: int) -> float:
    """Add up the seconds of CPU of a session's processes, where the system tells (Linux)."""
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12]) if int(fields[3]) == session else 0
    return ticks / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """Give a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, serving: subprocess.Popen[bytes], *, seconds: float = 30) -> None:
    """Wait until a server that was just started answers."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and serving.poll() is None:
        try:
            with urlopen(url, timeout=5):
                return
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise SystemExit("the server did not start")


if __name__ == "__main__":
    main()
