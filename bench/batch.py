"""Ten thousand releases in one batch: how many a second, is one missing, and who has to wait?

``python bench/batch.py [--files 10000] [--postgresql] [--server granian]`` makes decided files by
large inserts, starts the issuer as its own processes, and lets an officer release all of the files
in one batch from the page. All this time visitors ask for pages and sign in (which writes), four
times a second; they do so before as well, for comparison. In the middle all processes are killed
(SIGKILL) and started again; nobody tells them to go on. In the end it counts: one award, one badge,
one offer and one status place for each file, no place twice, an audit trail that holds. With
``--stolen`` (slower: each badge is collected first) all badges of the key are made again then,
likewise.

Goal: at least 34 a second (10,000 in five minutes), none missing, none twice, 95 % of what visitors
ask for within 200 ms. With ``--postgresql`` as in `candidates.py`.
"""

import argparse
import http.client
import itertools
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "bench")]

import service  # noqa: E402
from award_world import NAME, NOW, PASSPHRASE, SECRET, Centre, open_centre  # noqa: E402
from candidates import database_url  # noqa: E402
from sqlmodel import col, select  # noqa: E402
from world import Clock  # noqa: E402

from issuer import (  # noqa: E402
    IssuerSettings,
    accounts,
    batches,
    create_app,
    issuing,
    stolen_keys,
)
from issuer.audit import broken_at  # noqa: E402
from issuer.award_tables import Award, Credential, Offer, StatusEntry  # noqa: E402
from issuer.tables import Role  # noqa: E402

_GOAL_MS, _GOAL_RATE = 200, 34
_ASK_EVERY = 0.25
_AT_REST_SECONDS = 10
_HOLDER = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
_FOLDER, _DATABASE, _PORT = "MYCRED_BENCH_FOLDER", "MYCRED_BENCH_DATABASE", "MYCRED_BENCH_PORT"


def application() -> Any:
    """Give one worker its application."""
    settings = IssuerSettings(
        base_url=f"http://127.0.0.1:{os.environ[_PORT]}",
        database_url=os.environ[_DATABASE],
        secret=SECRET,
        allow_loopback_http=True,
        body_name=NAME,
        country="Spain",
        country_code="ES",
        key_store=Path(os.environ[_FOLDER]) / "keys" / "issuer.keys",
        passphrase=PASSPHRASE,
        wallet_url="http://127.0.0.1",
    )
    app = create_app(settings, clock=Clock(NOW))
    app.config["WTF_CSRF_ENABLED"] = False
    return app


# --- the service and its visitors ----------------------------------------------------------------


@dataclass
class Issuer:
    """The issuer in processes of its own, over one database."""

    folder: Path
    url: str
    server: str
    port: int = field(default_factory=service.free_port)
    peak_mb: float = 0
    cpu: float = 0
    """Seconds of processes that ended."""

    def start(self) -> None:
        """Start it, and wait until it answers."""
        environment = {
            **os.environ,
            _FOLDER: str(self.folder),
            _DATABASE: self.url,
            _PORT: str(self.port),
            "PYTHONPATH": str(ROOT / "bench"),
        }
        command = service.command(self.server, self.port, "batch:application")
        self._serving = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)
        service.wait_for(f"http://127.0.0.1:{self.port}/health", self._serving, seconds=180)

    def end(self, how: signal.Signals) -> None:
        """End all its processes."""
        self.look_at_memory()
        self.cpu = self.cpu_seconds()
        os.killpg(self._serving.pid, how)
        self._serving.wait(30)

    def cpu_seconds(self) -> float:
        """Give what all its processes computed so far, where the system tells (Linux)."""
        return self.cpu + service.cpu_of(self._serving.pid)

    def look_at_memory(self) -> None:
        """Note what the largest of its processes took so far."""
        for path in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                if int(path.read_text().rpartition(")")[2].split()[3]) == self._serving.pid:
                    self.peak_mb = max(self.peak_mb, _peak_mb(path.parent / "status"))

    def ask(self, method: str, path: str, *, cookie: str = "", **form: str) -> Any:
        """Ask for a page, as a browser does."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
        connection.request(method, path, urlencode(form), headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        if answer.status >= 400:
            raise ValueError(f"{answer.status} at {path}")
        return answer

    def enter(self, code: str) -> str:
        """Sign somebody in; give the cookie."""
        given = self.ask("POST", "/enter", code=code).headers.get_all("Set-Cookie")
        return "; ".join(one.partition(";")[0] for one in given)


def _peak_mb(status: Path) -> float:
    line = next((one for one in status.read_text().splitlines() if one.startswith("VmHWM")), "0 0")
    return int(line.split()[1]) / 1024


@dataclass
class Visitors:
    """Those who ask for pages and sign in, all the time; while the issuer is down they wait."""

    issuer: Issuer
    officer: str
    """The cookie of an officer."""
    codes: Iterator[str]
    page: str = "/officer/"
    pages_ms: list[float] = field(default_factory=list)
    entered_ms: list[float] = field(default_factory=list)
    failed: Counter[str] = field(default_factory=Counter)
    paused: bool = False
    ended: threading.Event = field(default_factory=threading.Event)

    def live(self) -> None:
        """Ask until it ends."""
        for turn in itertools.count():
            if self.ended.wait(_ASK_EVERY):
                return
            if not self.paused:
                self._ask(turn % 4)

    def forget(self) -> None:
        """Begin to measure anew."""
        self.pages_ms, self.entered_ms = [], []

    def told(self) -> str:
        """Say how long they waited."""
        pages, entered = _cuts(self.pages_ms), _cuts(self.entered_ms)
        return (
            f"{len(self.pages_ms)} pages: half within {pages[0]:.0f} ms, 95 % {pages[1]:.0f} ms; "
            f"{len(self.entered_ms)} sign-ins: half {entered[0]:.0f} ms, 95 % {entered[1]:.0f} ms"
        )

    def _ask(self, turn: int) -> None:
        began = time.perf_counter()
        try:
            if turn == 3:
                self.issuer.enter(next(self.codes))
            else:
                path = ("/", "/officer/", self.page)[turn]
                self.issuer.ask("GET", path, cookie=self.officer)
        except (OSError, http.client.HTTPException, ValueError) as error:
            if not self.paused:  # else it was killed while they waited
                self.failed[f"{type(error).__name__} {error}"] += 1
            return
        took = (time.perf_counter() - began) * 1000
        (self.entered_ms if turn == 3 else self.pages_ms).append(took)


def _cuts(times: list[float]) -> tuple[float, float]:
    if len(times) < 2:
        return 0, 0
    cuts = statistics.quantiles(times, n=100)
    return cuts[49], cuts[94]


# --- the run -------------------------------------------------------------------------------------


def main() -> None:
    """Run the bench and print what was found; ends with 1 when a goal is missed."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    arguments.add_argument("--files", type=int, default=10_000)
    arguments.add_argument("--postgresql", action="store_true")
    arguments.add_argument("--stolen", action="store_true")
    arguments.add_argument("--server", choices=service.installed(), default=service.installed()[0])
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="m4h-batch-") as name:
        folder = Path(name)
        with database_url(folder, postgresql=given.postgresql) as url:
            kind = "PostgreSQL" if given.postgresql else "SQLite"
            load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0
            print(
                f"{given.files} files on {kind}, {given.server}; {os.cpu_count()} cores, of which "
                f"others keep {load:.1f} busy",
                flush=True,
            )
            good = _run(Issuer(folder, url, given.server), given.files, stolen=given.stolen)
    sys.exit(0 if good else 1)


def _run(issuer: Issuer, files: int, *, stolen: bool) -> bool:
    centre = open_centre(issuer.folder, database_url=issuer.url)
    _timed("files made", files, lambda: centre.decided_many(files))
    olga = centre.person("olga", Role.OFFICER)
    codes = _codes(centre, centre.person("omar", Role.OFFICER, Role.CANDIDATE))
    issuer.start()
    try:
        cookie = issuer.enter(next(_codes(centre, olga)))
        visitors = Visitors(issuer, cookie, codes)
        asking = threading.Thread(target=visitors.live, daemon=True)
        asking.start()
        time.sleep(_AT_REST_SECONDS)
        print(f"  before: {visitors.told()}", flush=True)
        good = _released(issuer, centre, visitors, files)
        if stolen:
            visitors.paused = True
            _timed("badges collected", files, lambda: _collect(centre))
            visitors.paused = False
            good &= _made_again(issuer, centre, visitors, olga, files)
        visitors.ended.set()
        asking.join(60)
    finally:
        issuer.end(signal.SIGTERM)
    with centre.database.reading() as session:
        good &= _holds(broken_at(session) is None, "the audit trail holds")
    good &= _holds(not visitors.failed, f"no visitor met an error {dict(visitors.failed) or ''}")
    centre.database.close()
    return good


def _released(issuer: Issuer, centre: Centre, visitors: Visitors, files: int) -> bool:
    visitors.forget()
    began = time.perf_counter()
    answer = issuer.ask("POST", "/officer/batches/", cookie=visitors.officer)
    print(f"  the officer waited {time.perf_counter() - began:.2f} s for the batch to start")
    visitors.page = answer.headers["Location"]
    batch = UUID(visitors.page.rpartition("/")[2])

    def waiting() -> int:
        with centre.database.reading() as session:
            return batches.progress(session, batch).waiting

    good = _with_a_kill("released", issuer, visitors, files, waiting)
    with centre.database.reading() as session:
        refused = batches.progress(session, batch).refused
        found = Counter(session.exec(select(Award.decision_id)).all())
        kept = [
            Counter(session.exec(select(column)).all())
            for column in (Credential.award_id, Offer.award_id)
        ]
        places = len(session.exec(select(col(StatusEntry.position))).all())
    missing = sum(files - len(one) for one in (found, *kept))
    doubled = sum(one.total() - len(one) for one in (found, *kept)) + abs(places - files)
    return good & _holds(
        missing == doubled == refused == 0,
        f"{missing} missing, {doubled} twice, {refused} refused: {found.total()} awards, "
        f"{kept[0].total()} badges, {kept[1].total()} offers, {places} places",
    )


def _made_again(issuer: Issuer, centre: Centre, visitors: Visitors, olga: UUID, files: int) -> bool:
    stolen_id = stolen_keys.ask(
        centre.database, "key-1", since=None, officer_id=olga, body=centre.body, now=NOW
    )
    omar = centre.person("omar")
    stolen_keys.confirm(centre.database, stolen_id, officer_id=omar, body=centre.body, now=NOW)
    visitors.page = f"/officer/keys/{stolen_id}"
    visitors.forget()
    issuer.ask("POST", f"{visitors.page}/go-on", cookie=visitors.officer)

    def waiting() -> int:
        with centre.database.reading() as session:
            return stolen_keys.progress(session, stolen_id).waiting

    good = _with_a_kill("made again", issuer, visitors, files, waiting)
    with centre.database.reading() as session:
        again = stolen_keys.progress(session, stolen_id).made_again
        badges = len(session.exec(select(Credential.id)).all())
    return good & _holds(
        again == files and badges == 2 * files, f"{again} made again, {badges} badges in all"
    )


def _with_a_kill(
    done: str, issuer: Issuer, visitors: Visitors, files: int, waiting: Callable[[], int]
) -> bool:
    """Let the issuer work, kill it in the middle, and let it work to the end."""
    began, down, killed_with = time.perf_counter(), 0.0, 0
    computed = issuer.cpu_seconds()
    while left := waiting():
        issuer.look_at_memory()
        if not killed_with and left <= files // 2:
            killed_with, visitors.paused = left, True
            killed = time.perf_counter()
            issuer.end(signal.SIGKILL)
            issuer.start()
            computed += issuer.cpu_seconds() - issuer.cpu  # by the new start
            down, visitors.paused = time.perf_counter() - killed, False
        time.sleep(0.2 if killed_with else 0.05)
    seconds = time.perf_counter() - began - down
    rate = files / seconds
    print(
        f"  {files} {done} in {seconds:.0f} s and {down:.0f} s for a new start: "
        f"{rate:.0f} badges a second"
    )
    each = (issuer.cpu_seconds() - computed) / files * 1000
    print(f"  {each:.1f} ms of CPU a badge, with what visitors asked for")
    print(
        f"  1 kill with {killed_with} waiting; memory of a process at most {issuer.peak_mb:.0f} MB"
    )
    print(f"  meanwhile: {visitors.told()}")
    slow = max(_cuts(visitors.pages_ms)[1], _cuts(visitors.entered_ms)[1])
    good = _holds(0 < killed_with < files, "killed in the middle, and none waits")
    good &= _holds(slow < _GOAL_MS, f"95 % of what visitors asked for within {_GOAL_MS} ms")
    if done == "released":
        good &= _holds(rate >= _GOAL_RATE, f"at least {_GOAL_RATE} badges a second")
    return good


def _codes(centre: Centre, person: UUID) -> Iterator[str]:
    while True:
        with centre.database.transaction() as session:
            made = [accounts.invite(session, person, now=NOW) for _ in range(50)]
        yield from made


def _collect(centre: Centre) -> None:
    with centre.database.reading() as session:
        ids = session.exec(select(Award.id)).all()
    for award_id in ids:
        issuing.deliver(centre.database, award_id, holder=_HOLDER, body=centre.body, now=NOW)


def _timed(done: str, files: int, act: Callable[[], object]) -> None:
    began = time.perf_counter()
    act()
    seconds = time.perf_counter() - began
    print(f"  {files} {done} in {seconds:.1f} s ({files / seconds:.0f} a second)", flush=True)


def _holds(is_so: bool, claim: str) -> bool:
    print(f"  {'yes' if is_so else 'NO '} {claim}", flush=True)
    return is_so


if __name__ == "__main__":
    main()
