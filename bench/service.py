"""The verifier over HTTP: two workers, distinct badges, every check of the VC API.

``python bench/service.py [--seconds 8]`` starts the service as its own processes on SQLite, as in
production but for the network: status lists are answered at once ("304 Not Modified"). It prints
requests a second and how long they took. Those who ask run on the same machine.
"""

import argparse
import http.client
import json
import multiprocessing
import secrets
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

import sample  # noqa: E402
from waitress.server import create_server  # noqa: E402

from credentials.proofs import add_proof  # noqa: E402
from credentials.status import status_list_credential  # noqa: E402
from keys.fetching import HttpRequest, HttpResponse  # noqa: E402
from verifier.app import create_app  # noqa: E402
from verifier.settings import VerifierSettings  # noqa: E402

_BADGES = 3_000
_WORKERS, _ASKING, _CONNECTIONS = 2, 2, 4


def serve(listening: socket.socket, folder: str) -> None:
    """Run one worker of the verifier."""
    settings = VerifierSettings(
        base_url="http://localhost",
        database_url=f"sqlite:///{folder}/verifier.db",
        secret=bytes(32),
        checks_allowed=1_000_000_000,
    )
    app = create_app(settings, fetch=upstream())
    create_server(app, sockets=[listening], threads=4).run()


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


def bodies() -> list[bytes]:
    """Give one request a badge."""
    made = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    return [
        json.dumps(
            {
                "verifiableCredential": add_proof(
                    sample.badge(number),
                    sample.KEY,
                    verification_method=sample.METHOD,
                    created=made,
                )
            }
        ).encode()
        for number in range(10_000, 10_000 + _BADGES)
    ]


def ask(port: int, requests: list[bytes], seconds: float, told: Any) -> None:
    """Ask again and again over a few connections; tell how long each answer took."""
    connections = [
        http.client.HTTPConnection("127.0.0.1", port, timeout=30) for _ in range(_CONNECTIONS)
    ]
    headers = {"Content-Type": "application/json"}
    taken: list[float] = []
    place = secrets.randbelow(len(requests))
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        started = []
        for connection in connections:
            place = (place + 1) % len(requests)
            started.append(time.perf_counter())
            connection.request("POST", "/credentials/verify", requests[place], headers)
        for connection, start in zip(connections, started, strict=True):
            response = connection.getresponse()
            answer = response.read()
            assert response.status == 200, answer
            taken.append(time.perf_counter() - start)
    told.put(taken)


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--seconds", type=float, default=8)
    seconds = arguments.parse_args().seconds
    forked = multiprocessing.get_context("fork")
    requests, told = bodies(), forked.Queue()
    with tempfile.TemporaryDirectory() as folder, socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(256)
        port = listening.getsockname()[1]
        workers = [
            forked.Process(target=serve, args=(listening, folder), daemon=True)
            for _ in range(_WORKERS)
        ]
        for worker in workers:
            worker.start()
            time.sleep(1)
        for length in (1.0, seconds):  # the first time to warm up
            asking = [
                forked.Process(target=ask, args=(port, requests, length, told))
                for _ in range(_ASKING)
            ]
            for process in asking:
                process.start()
            taken = [one for _ in asking for one in told.get()]
            for process in asking:
                process.join()
        for worker in workers:
            worker.terminate()
    cuts = statistics.quantiles([one * 1000 for one in taken], n=100)
    print(f"{len(taken) / seconds:,.0f} checks a second, {_WORKERS} workers, {_ASKING} who ask")
    print(f"half within {cuts[49]:.1f} ms, 95 % within {cuts[94]:.1f} ms, 99 % {cuts[98]:.1f} ms")


if __name__ == "__main__":
    main()
