"""Ask a server as fast as it answers, and tell what the asking itself cost.

Where `wrk` is installed it asks: it takes a few per cent of a core. Elsewhere one Python process
asks over raw sockets: it takes several times as much of what the server could have used, so that
the figures are lower. ::

    asked = ask("http://127.0.0.1:8411/credentials/verify", bodies, seconds=6)
    print(asked.rate, asked.cpu)
"""

import json
import multiprocessing
import os
import selectors
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_SCRIPT = Path(__file__).with_name("asking.lua")
_CONNECTIONS = 16


@dataclass(frozen=True)
class Asked:
    """How many answers came in how many seconds, how long one took, and what asking cost."""

    by: str
    answers: int
    failed: int
    seconds: float
    milliseconds: tuple[float, float, float]
    """Half, 95 % and 99 % of the answers came within these."""
    cpu: float
    """Seconds of CPU that the asker took."""

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds


def ask(url: str, bodies: Sequence[bytes] = (), *, seconds: float) -> Asked:
    """Post the bodies, one after the other; without any, get the page."""
    wrk = shutil.which("wrk")
    return _wrk(wrk, url, bodies, seconds) if wrk else _python(url, bodies, seconds)


def _wrk(wrk: str, url: str, bodies: Sequence[bytes], seconds: float) -> Asked:
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"\n".join(bodies))
        file.flush()
        # wrk knows whole seconds only.
        command = [wrk, "-t1", f"-c{_CONNECTIONS}", f"-d{max(1, round(seconds))}s", "-s"]
        command += [str(_SCRIPT), url, "--", *([file.name] if bodies else [])]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            printed = process.stdout.read()
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"wrk ended with {process.returncode}")
    told = json.loads(printed.splitlines()[-1])
    told["milliseconds"] = tuple(told["milliseconds"])
    return Asked("wrk", **told, cpu=used.ru_utime + used.ru_stime)


def _python(url: str, bodies: Sequence[bytes], seconds: float) -> Asked:
    """Ask from a process of its own, which does nothing but write and read."""
    forked = multiprocessing.get_context("fork")
    told: Any = forked.Queue()
    process = forked.Process(target=_ask, args=(url, bodies, seconds, told))
    process.start()
    taken, failed, lasted, cpu = told.get()
    process.join()
    cuts = statistics.quantiles([one * 1000 for one in taken], n=100)
    middle = (cuts[49], cuts[94], cuts[98])
    return Asked("Python, for want of wrk", len(taken), failed, lasted, middle, cpu)


def _ask(url: str, bodies: Sequence[bytes], seconds: float, told: Any) -> None:
    parts = urlsplit(url)
    first = f"{'POST' if bodies else 'GET'} {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
    typed = f"{first}Content-Type: application/json\r\nContent-Length: "
    ready = [f"{typed}{len(body)}\r\n\r\n".encode() + body for body in bodies]
    requests = cycle(ready or [f"{first}\r\n".encode()])
    taken: list[float] = []
    failed, start, used = 0, time.perf_counter(), time.process_time()
    with selectors.DefaultSelector() as selector:
        for _ in range(_CONNECTIONS):
            connection = socket.create_connection((parts.hostname or "", parts.port or 80), 30)
            selector.register(connection, selectors.EVENT_READ, [time.perf_counter(), b""])
            connection.sendall(next(requests))
        while (now := time.perf_counter()) < start + seconds:
            for key, _ in selector.select(1):
                state, connection = key.data, key.fileobj
                assert isinstance(connection, socket.socket)
                state[1] += (read := connection.recv(65_536))
                if not read:
                    raise SystemExit("the server closed a connection")
                if not _is_whole(state[1]):
                    continue
                failed += not state[1].startswith(b"HTTP/1.1 200")
                now = time.perf_counter()
                taken.append(now - state[0])
                state[:] = [now, b""]
                connection.sendall(next(requests))
        for key in list(selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
    told.put((taken, failed, now - start, time.process_time() - used))


def _is_whole(answer: bytes) -> bool:
    head, ended, body = answer.partition(b"\r\n\r\n")
    _, named, length = head.lower().partition(b"content-length:")
    return bool(ended and named) and len(body) >= int(length.split(b"\r\n", 1)[0])
