"""Two hundred candidates at once: how long do they wait, and is any answer lost?

``python bench/candidates.py [--people 200] [--arrive 30] [--think 6] [--server granian]
[--postgresql]`` starts the issuer as its own processes. Everybody comes in by their code within
half a minute, does a whole task set with time to think between the tasks, and sends it. Then it
reads the database: each answer that was taken must be there. Who asks runs on the same machine, one
thread a person.

Goal: no lost answer, and 95 % of the requests under 200 ms, on SQLite and on PostgreSQL. With
``--postgresql`` it starts a server from the system's programs, or takes ``TEST_DATABASE_URL``.
"""

import argparse
import http.client
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "bench")]

import service  # noqa: E402
from sqlmodel import select  # noqa: E402

from issuer import IssuerSettings, accounts, create_app  # noqa: E402
from issuer.framework import frameworks  # noqa: E402
from issuer.tables import Answer, Role, Submission, SubmissionState, Table  # noqa: E402
from keys.store import KeyStore  # noqa: E402
from web.database import Database  # noqa: E402

_GOAL_MS = 200
_DATABASE, _KEYS, _PORT = "MYCRED_BENCH_DATABASE", "MYCRED_BENCH_KEYS", "MYCRED_BENCH_PORT"
_PASSPHRASE = b"a passphrase of the bench"
_SECRET = bytes(32)
_SKILL, _LANGUAGE, _LEVEL = "technical-cleaning", "en", 3
_WORDS = "First I look. Then I ask the family. I tell them what I did."


def application() -> Any:
    """Give one worker its application."""
    return create_app(
        IssuerSettings(
            base_url=f"http://127.0.0.1:{os.environ[_PORT]}",
            database_url=os.environ[_DATABASE],
            secret=_SECRET,
            allow_loopback_http=True,
            body_name="Bench",
            country="Spain",
            country_code="ES",
            key_store=Path(os.environ[_KEYS]),
            passphrase=_PASSPHRASE,
            wallet_url="http://127.0.0.1",
        )
    )


# --- one person ---------------------------------------------------------------------------------


@dataclass
class Person:
    """A candidate with a browser: keeps cookies, follows redirects, fills forms as they are."""

    address: str
    code: str
    arrive: float
    think: float
    seed: int
    times: list[tuple[str, float]] = field(default_factory=list)
    given: dict[str, Any] = field(default_factory=dict)
    problem: str = ""
    cookies: dict[str, str] = field(default_factory=dict)

    def live(self) -> None:
        """Come in, do every task, send; a problem is kept, not raised."""
        chance = random.Random(self.seed)  # repeatable: the same people think the same time
        time.sleep(chance.uniform(0, self.arrive))
        parts = urlsplit(self.address)
        self.connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        try:
            page = self._submit("/enter", {"code": self.code}, self._ask("GET", "/"))
            page = self._submit(
                f"/me/start/{_SKILL}",
                {"language": _LANGUAGE, "level": str(_LEVEL)},
                self._ask("GET", f"/me/start/{_SKILL}?lang=en"),
            )
            while (form := _answer_form(page)) is not None:
                time.sleep(chance.expovariate(1 / self.think) if self.think else 0)
                page = self._submit(form[0], _fill(page, chance), page)
                self.given[form[0].rpartition("/")[2]] = True
            send = re.search(r'action="([^"]+/send)"', page)
            if send is None:
                raise ValueError("no page to send from")
            self._submit(send[1], {}, page)
        except (OSError, ValueError, http.client.HTTPException) as error:
            self.problem = f"{type(error).__name__}: {error}"
        finally:
            self.connection.close()

    def _submit(self, path: str, fields: dict[str, str], page: str) -> str:
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        if token is None:
            raise ValueError("a page without a form")
        return self._ask("POST", path, {"csrf_token": token[1], **fields})

    def _ask(self, method: str, path: str, form: dict[str, Any] | None = None) -> str:
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        body = None
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(form, doseq=True)
        start = time.perf_counter()
        try:
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
        except (BrokenPipeError, http.client.RemoteDisconnected):
            # The server had closed the idle connection: nothing was asked, so ask on a new one.
            self.connection.close()
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
        text = answer.read().decode()
        self.times.append((_kind(method, path), (time.perf_counter() - start) * 1000))
        for value in answer.headers.get_all("Set-Cookie") or ():
            name, _, rest = value.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        if answer.status in (302, 303):
            there = urlsplit(answer.headers["Location"])
            return self._ask("GET", there.path + (f"?{there.query}" if there.query else ""))
        if answer.status != 200:
            raise ValueError(f"{answer.status} at {path}")
        return text


def _kind(method: str, path: str) -> str:
    """Tell requests of one kind: `POST /me/work/*/tasks/*`."""
    path = re.sub(r"(?<=/)(?=[^/]*\d)[^/]+|(?<=/tasks/)[^/]+", "*", path.partition("?")[0])
    return f"{method} {path}"


def _answer_form(page: str) -> tuple[str] | None:
    found = re.search(r'<form[^>]+action="([^"]+/tasks/[^"]+)"[^>]*id="answer"', page)
    return (found[1],) if found else None


def _fill(page: str, chance: random.Random) -> dict[str, Any]:
    """Fill the answer form of a page with something that fits."""
    form = page[page.index('id="answer"') :]
    form = form[: form.index("</form>")]
    fields: dict[str, Any] = {
        name: unescape(value)
        for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form)
        if name != "csrf_token"
    }
    if "<textarea" in form:
        return {**fields, "answer": f"{_WORDS} {chance.random()}"}
    choices = re.findall(r'type="(radio|checkbox)"[^>]*name="([^"]+)"[^>]*value="([^"]*)"', form)
    for name in {name for _kind, name, _value in choices}:
        fields[name] = chance.choice([value for _k, one, value in choices if one == name])
    selects = re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL)
    taken: set[str] = set()
    for name, inner in selects:
        values = [value for value in re.findall(r'value="([^"]*)"', inner) if value]
        free = [value for value in values if value not in taken] or values
        fields[name] = free[0]
        taken.add(free[0])
    return fields


# --- everybody ----------------------------------------------------------------------------------


def invite(database: Database, people: int) -> list[str]:
    """Enrol people who agree to be assessed; give their codes."""
    now = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)
    codes = []
    with database.transaction() as session:
        centre = accounts.create_organisation(session, "Bench", "ES").id
        for number in range(people):
            person = accounts.create_person(session, centre, f"Person {number}", Role.CANDIDATE)
            accounts.give_consent(session, person.id, statistics=True, now=now)
            codes.append(accounts.invite(session, person.id, now=now))
    return codes


def lost(database: Database) -> tuple[int, int]:
    """Count the sent works, and the answers that are missing in them."""
    framework = frameworks()["mycred4home"]
    missing = 0
    with database.reading() as session:
        sent = session.exec(
            select(Submission).where(Submission.state == SubmissionState.SENT)
        ).all()
        for work in sent:
            tasks = framework.scenario_by_id(work.scenario_id, work.language).tasks
            kept = session.exec(select(Answer).where(Answer.submission_id == work.id)).all()
            missing += len(tasks) - len({answer.task_id for answer in kept})
    return len(sent), missing


@contextmanager
def database_url(folder: Path, *, postgresql: bool) -> Iterator[str]:
    """Give an empty database."""
    if not postgresql:
        yield f"sqlite:///{folder}/issuer.db"
        return
    import conftest  # the tests know how to start one

    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    initdb = conftest._postgresql_program("initdb")
    if initdb is None:
        raise SystemExit("no PostgreSQL here: install postgresql, or set TEST_DATABASE_URL")
    with tempfile.TemporaryDirectory(prefix="m4h-pg-") as place:
        yield from conftest._run_postgresql(initdb, Path(place))


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--people", type=int, default=200)
    arguments.add_argument("--arrive", type=float, default=30.0, help="seconds until all are in")
    arguments.add_argument("--think", type=float, default=6.0, help="mean seconds at each task")
    arguments.add_argument("--server", choices=service.installed(), default=service.installed()[0])
    arguments.add_argument("--postgresql", action="store_true")
    arguments.add_argument("--workers", type=int, default=4, help="processes of the server")
    arguments.add_argument("--threads", type=int, default=1, help="threads of each process")
    given = arguments.parse_args()
    with (
        tempfile.TemporaryDirectory() as name,
        database_url(Path(name), postgresql=given.postgresql) as url,
    ):
        folder, port = Path(name), service.free_port()
        KeyStore.create(folder / "issuer.keys", _PASSPHRASE).rotate("Ed25519", datetime.now(UTC))
        database = Database(url, Table.metadata, secret=_SECRET)
        database.create()
        codes = invite(database, given.people)
        environment = {
            **os.environ,
            _DATABASE: url,
            _KEYS: str(folder / "issuer.keys"),
            _PORT: str(port),
            "PYTHONPATH": str(ROOT / "bench"),
        }
        command = service.command(
            *(given.server, port, "candidates:application"),
            workers=given.workers,
            threads=given.threads,
        )
        serving = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)
        address = f"http://127.0.0.1:{port}"
        try:
            service.wait_for(f"{address}/health", serving)
            people = [
                Person(address, code, given.arrive, given.think, number)
                for number, code in enumerate(codes)
            ]
            threads = [threading.Thread(target=person.live) for person in people]
            start = time.perf_counter()
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            took = time.perf_counter() - start
        finally:
            os.killpg(serving.pid, signal.SIGTERM)
            serving.wait(30)
        sent, missing = lost(database)
        database.close()
    report(given, people, took=took, sent=sent, missing=missing)


def report(
    given: argparse.Namespace, people: list[Person], *, took: float, sent: int, missing: int
) -> None:
    """Print what was seen, and whether the goal is reached."""
    kinds: dict[str, list[float]] = {}
    for person in people:
        for kind, one in person.times:
            kinds.setdefault(kind, []).append(one)
    times = sorted(one for ones in kinds.values() for one in ones)
    cuts = statistics.quantiles(times, n=100)
    kind = "PostgreSQL" if given.postgresql else "SQLite"
    answers = sum(len(person.given) for person in people)
    print(
        f"{given.people} people within {given.arrive:g} s, {kind}; {given.server}, "
        f"{given.workers} workers of {given.threads} threads"
    )
    print(f"{given.think:8g} s at a task, in the middle")
    print(f"{len(times) / took:8,.0f} requests a second for {took:.0f} s; {answers:,} answers")
    print(f"{cuts[49]:8.0f} ms and less took half, {cuts[94]:.0f} ms 95 %, {cuts[98]:.0f} ms 99 %")
    for kind, ones in sorted(kinds.items(), key=lambda pair: -sum(pair[1])):
        cut = statistics.quantiles(ones, n=100)
        print(f"{cut[49]:8.0f} {cut[94]:5.0f} {cut[98]:5.0f} ms  {len(ones):5,} x {kind}")
    print(f"{sent:8} of {given.people} works are sent, {missing} answers are lost")
    for problem in {person.problem for person in people if person.problem}:
        print(f"         {problem}")
    reached = cuts[94] < _GOAL_MS and sent == given.people and missing == 0
    print(f"goal 95 % under {_GOAL_MS} ms, nothing lost: {'reached' if reached else 'not reached'}")


if __name__ == "__main__":
    main()
