"""What all tests share: published vectors, sample documents, databases, a fixed time."""

import gc
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import quick
from hypothesis import HealthCheck, settings

from contexts.pinned import admit_contexts_for_conformance

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
_LONGEST_NAME = 60
# Each of these makes a demo, which takes ten to thirty seconds: one worker makes it for all.
_TOGETHER = (
    "tests/journeys/test_demo_pilot.py::",
    "tests/journeys/test_world.py::",
    "tests/peers/test_peers.py::test_badge_of_the_demo",
)

quick.install()
# A machine that others use may stand still for a moment: how long one example takes says nothing.
settings.register_profile(
    "patient", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("patient")


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Name tests without keys and tokens, new in each process: workers must agree on names."""
    if isinstance(val, str) and (len(val) > _LONGEST_NAME or "did:key:" in val):
        return argname
    return None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give all tests of a name in `_TOGETHER` to one worker.

    By name, not by mark: with pytest 9.2 the scheduler of pytest-xdist 3.8 sees no `xdist_group`.
    """
    from xdist.scheduler import LoadGroupScheduling

    class Together(LoadGroupScheduling):
        def _split_scope(self, nodeid: str) -> str:
            together = (one for one in _TOGETHER if nodeid.startswith(one))
            return next(together, super()._split_scope(nodeid))

    return Together(config, log)


def pytest_collection_finish() -> None:
    """Let the collector of garbage pass over what stays to the end: modules, thousands of tests."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def vectors() -> Path:
    """Give the folder of published vectors, beside the project's own folder."""
    folder = SHARED / "vectors"
    if not folder.is_dir():
        pytest.skip("the published vectors (../shared/vectors) are not here")
    return folder


@pytest.fixture
def suite_contexts(vectors: Path) -> Iterator[None]:
    """Admit the contexts that only published vectors use."""
    folder = vectors / "contexts"
    listed = json.loads((folder / "contexts.json").read_text("utf-8"))["contexts"]
    extra = {
        row["url"]: json.loads((folder / row["file"]).read_text("utf-8"))
        for row in listed
        if row["need"] == "TEST"
    }
    with admit_contexts_for_conformance(extra):
        yield


@pytest.fixture
def examples() -> dict[str, dict[str, Any]]:
    """Give the sample documents, beside the project's own folder."""
    folder = SHARED / "examples"
    if not folder.is_dir():
        pytest.skip("the sample documents (../shared/examples) are not here")
    return {path.stem: json.loads(path.read_text("utf-8")) for path in folder.glob("*.json")}


@pytest.fixture
def now() -> datetime:
    """Give the time at which tests happen."""
    return datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give an empty database, on SQLite and on a real PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/test.db"
        return
    with quick.database_on(request.getfixturevalue("postgresql_server")) as url:
        yield url


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """Give a PostgreSQL: TEST_DATABASE_URL, else one started from the system's programs."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        quick.forget(given)
        return
    initdb = _postgresql_program("initdb")
    if initdb is None:
        pytest.skip("no PostgreSQL here: install postgresql, or set TEST_DATABASE_URL")
    with tempfile.TemporaryDirectory(prefix="m4h-pg-") as folder:
        yield from _run_postgresql(initdb, Path(folder))


def _postgresql_program(name: str) -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    on_path = shutil.which(name)
    return found[-1] if found else Path(on_path) if on_path else None


def _run_postgresql(initdb: Path, folder: Path) -> Iterator[str]:
    as_user: list[str] = []
    if os.geteuid() == 0:  # PostgreSQL does not run as root
        if shutil.which("setpriv") is None or _no_user("postgres"):
            pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
        shutil.chown(folder, "postgres")
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    data = folder / "data"
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(
        [*as_user, initdb, "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8"],
        check=True,
        cwd=folder,
        **quiet,
    )
    settings = f"-c listen_addresses='' -k {folder} -c fsync=off -c synchronous_commit=off"
    control = [*as_user, initdb.parent / "pg_ctl", "-D", data, "-w"]
    subprocess.run([*control, "-o", settings, "start"], check=True, cwd=folder, **quiet)
    try:
        yield f"postgresql+psycopg://postgres@/postgres?host={folder}"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=False, cwd=folder, **quiet)


def _no_user(name: str) -> bool:
    import pwd

    try:
        pwd.getpwnam(name)
    except KeyError:
        return True
    return False
