"""The three real servers, started as a stranger starts them: ``python -m demo``, by themselves.

    with started(folder) as live:
        live.wallet  # "http://localhost:..."

A second `started` on the same folder and ports finds the data of the first. `kill` is kill -9.
"""

import contextlib
import itertools
import random
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_PATIENCE_SECONDS = 180
# Below those that systems give to connections by themselves: one of these, free now, may be taken
# before a server listens there.
_PORTS = range(20_000, 32_000)

# Everybody's way in: a service, and the button of a sample there.
PEOPLE = (
    *("Lucía", "Fatou", "Amina", "Oksana", "Ion"),
    *("Elena", "Marc", "Rosa", "Omar", "Odile", "Clara", "Sara", "Inés", "Dolores"),
)
WALLETS = ("Lucía", "Fatou", "Amina")
BADGES = (
    "Two good badges, shown by their owner",
    "A badge that was cancelled",
    "A badge that has run out",
    "A forged badge: the level was changed",
    "A badge of a signer whom nobody knows",
)
SERVICES = ("issuer", "wallet", "verifier")
DOORS: dict[str, tuple[str, str | None]] = {
    **{name: (name, None) for name in SERVICES},
    **{f"issuer as {who}": ("issuer", who) for who in PEOPLE},
    **{f"wallet of {who}": ("wallet", who) for who in WALLETS},
    **{which: ("verifier", which) for which in BADGES},
}


@dataclass(frozen=True)
class Live:
    """Three running servers and where their data are."""

    issuer: str
    wallet: str
    verifier: str
    folder: Path
    process: subprocess.Popen[str]

    @property
    def origins(self) -> tuple[str, str, str]:
        """Give the three addresses."""
        return self.issuer, self.wallet, self.verifier

    def door(self, who: str) -> tuple[str, str | None]:
        """Give the address and, for samples, the button by which somebody enters."""
        service, button = DOORS[who]
        return self.origins[SERVICES.index(service)], button

    def kill(self) -> None:
        """Stop at once, without a chance to tidy up."""
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def started(folder: Path, *, ports: tuple[int, ...] | None = None) -> Iterator[Live]:
    """Run the demo with its data in `folder` until the block ends."""
    ports = ports or free_ports(3)
    origins = [f"http://localhost:{port}" for port in ports]
    listed = ",".join(map(str, ports))
    command = [sys.executable, "-m", "demo", "--quiet", "--small", "--var", str(folder)]
    command += ["--ports", listed]
    log = folder.with_suffix(".log")
    with log.open("w") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, text=True
        )
        live = Live(*origins, folder, process)
        try:
            for origin in origins:
                _wait_for(f"{origin}/health", process, log)
            yield live
        finally:
            live.kill()


def free_ports(count: int) -> tuple[int, ...]:
    """Find ports that nobody uses now, for a process of its own; see also `listener`."""
    candidates = random.SystemRandom().sample(_PORTS, 1_000)
    return tuple(itertools.islice(filter(_is_free, candidates), count))


def _is_free(port: int) -> bool:
    with contextlib.suppress(OSError), socket.socket() as one:
        one.bind(("localhost", port))
        return True
    return False


def listener() -> socket.socket:
    """Give a socket that listens on a port of its own, for a server in this process."""
    return socket.create_server(("localhost", 0))


def _wait_for(url: str, process: subprocess.Popen[str], log: Path) -> None:
    for _ in range(_PATIENCE_SECONDS * 10):
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError, urllib.error.URLError):
            urllib.request.urlopen(url, timeout=5).close()
            return
        time.sleep(0.1)
    raise AssertionError(f"the demo does not answer at {url}:\n{log.read_text()[-3000:]}")
