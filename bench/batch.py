"""Ten thousand releases in one batch: how long, how much memory, and is one missing after a kill?

``python bench/batch.py [--files 10000] [--postgresql]`` makes decided files by large inserts, lets
an officer release all of them in one batch, kills the process that works in the middle (SIGKILL),
lets another one go on, and counts: one award, one badge, one offer and one status place for each
file, no place twice, an audit trail that holds. Meanwhile it asks for the officer's progress page's
figures, once a second. Then, with ``--stolen`` (slower: each badge is collected first), all badges
of the key are made again.

Goal: none missing, none twice; the figures of the page within 200 ms; memory that does not grow
with the batch. With ``--postgresql`` as in `candidates.py`.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "bench")]

from award_world import NOW, Centre, open_centre  # noqa: E402
from candidates import database_url  # noqa: E402
from sqlmodel import func, select  # noqa: E402

from issuer import batches, issuing, stolen_keys  # noqa: E402
from issuer.audit import broken_at  # noqa: E402
from issuer.award_tables import Award, Credential, Offer, StatusEntry  # noqa: E402
from issuer.tables import Role  # noqa: E402

_GOAL_MS = 200
_HOLDER = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"


@dataclass
class Watched:
    """A process that works, how much memory it took, and how long the page's figures took."""

    seconds: float = 0
    peak_mb: float = 0
    asked_ms: list[float] = field(default_factory=list)


def main() -> None:
    """Run the bench and print what was found; ends with 1 when a goal is missed."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    arguments.add_argument("--files", type=int, default=10_000)
    arguments.add_argument("--postgresql", action="store_true")
    arguments.add_argument("--stolen", action="store_true")
    arguments.add_argument("--work", nargs=3, metavar=("WHAT", "FOLDER", "URL"))
    given = arguments.parse_args()
    if given.work:
        _work(*given.work)
        return
    with tempfile.TemporaryDirectory(prefix="m4h-batch-") as name:
        folder = Path(name)
        with database_url(folder, postgresql=given.postgresql) as url:
            print(f"{given.files} files on {'PostgreSQL' if given.postgresql else 'SQLite'}")
            good = _run(folder, url, given.files, stolen=given.stolen)
    sys.exit(0 if good else 1)


def _run(folder: Path, url: str, files: int, *, stolen: bool) -> bool:
    centre = open_centre(folder, database_url=url)
    _timed("files made", files, lambda: centre.decided_many(files))
    officer = centre.person("olga", Role.OFFICER)
    batch = batches.start(centre.database, officer_id=officer, now=NOW)

    def waiting() -> int:
        with centre.database.reading() as session:
            return batches.progress(session, batch).waiting

    good = _in_two_processes("released", "batch", folder, url, files, waiting)
    counts = [_count(centre, table) for table in (Award, Credential, StatusEntry, Offer)]
    good &= _holds(counts == [files] * 4, f"awards, badges, places, offers: {counts}")
    if stolen:
        _timed("badges collected", files, lambda: _collect(centre))
        stolen_id = stolen_keys.ask(
            centre.database, "key-1", since=None, officer_id=officer, body=centre.body, now=NOW
        )
        _confirm(centre, stolen_id)

        def left() -> int:
            with centre.database.reading() as session:
                return stolen_keys.progress(session, stolen_id).waiting

        good &= _in_two_processes("made again", "stolen", folder, url, files, left)
        counts = [_count(centre, table) for table in (Award, Credential, StatusEntry)]
        good &= _holds(counts == [files, 2 * files, 2 * files], f"awards, badges, places: {counts}")
    with centre.database.reading() as session:
        good &= _holds(broken_at(session) is None, "the audit trail holds")
    return good


def _confirm(centre: Centre, stolen_id: UUID) -> None:
    omar = centre.person("omar", Role.OFFICER)
    stolen_keys.confirm(centre.database, stolen_id, officer_id=omar, body=centre.body, now=NOW)


def _collect(centre: Centre) -> None:
    with centre.database.reading() as session:
        ids = session.exec(select(Award.id)).all()
    for award_id in ids:
        issuing.deliver(centre.database, award_id, holder=_HOLDER, body=centre.body, now=NOW)


def _in_two_processes(
    done: str, what: str, folder: Path, url: str, files: int, waiting: Callable[[], int]
) -> bool:
    first = _watch(what, folder, url, waiting, until=files // 2)
    half = waiting()
    second = _watch(what, folder, url, waiting, until=0)
    seconds = first.seconds + second.seconds
    print(
        f"  {files} {done} in {seconds:.0f} s ({files / seconds:.0f} a second); "
        f"killed with {half} waiting"
    )
    print(f"  memory of the two processes at most: {first.peak_mb:.0f} and {second.peak_mb:.0f} MB")
    asked = sorted(first.asked_ms + second.asked_ms)
    slow = asked[int(len(asked) * 0.95)] if asked else 0
    good = _holds(0 < half < files and waiting() == 0, "none waits, and the kill was in the middle")
    return good & _holds(slow < _GOAL_MS, f"figures of the page: 95 % within {slow:.0f} ms")


def _watch(what: str, folder: Path, url: str, waiting: Callable[[], int], *, until: int) -> Watched:
    """Let a process work until so many wait, and kill it then; at 0 it ends by itself."""
    found, began = Watched(), time.perf_counter()
    process = subprocess.Popen([sys.executable, __file__, "--work", what, str(folder), url])
    ended = threading.Event()
    while process.poll() is None:
        asked = time.perf_counter()
        now_waiting = waiting()
        found.asked_ms.append((time.perf_counter() - asked) * 1000)
        found.peak_mb = max(found.peak_mb, _peak_mb(process.pid))
        if until and now_waiting <= until:
            process.send_signal(signal.SIGKILL)
            process.wait()
            break
        ended.wait(min(1.0, 0.02 * max(now_waiting - until, 1)))
    found.seconds = time.perf_counter() - began
    return found


def _work(what: str, folder: str, url: str) -> None:
    centre = open_centre(Path(folder), database_url=url)
    module = {"batch": batches, "stolen": stolen_keys}[what]
    module.work(centre.database, body=centre.body, clock=lambda: NOW)


def _peak_mb(process_id: int) -> float:
    try:
        status = Path(f"/proc/{process_id}/status").read_text()
    except OSError:
        return 0
    line = next((one for one in status.splitlines() if one.startswith("VmHWM")), "VmHWM 0 kB")
    return int(line.split()[1]) / 1024


def _count(centre: Centre, table: type[object]) -> int:
    with centre.database.reading() as session:
        return session.exec(select(func.count()).select_from(table)).one()


def _timed(done: str, files: int, act: Callable[[], object]) -> None:
    began = time.perf_counter()
    act()
    seconds = time.perf_counter() - began
    print(f"  {files} {done} in {seconds:.1f} s ({files / seconds:.0f} a second)")


def _holds(is_so: bool, claim: str) -> bool:
    print(f"  {'yes' if is_so else 'NO '} {claim}", flush=True)
    return is_so


if __name__ == "__main__":
    main()
