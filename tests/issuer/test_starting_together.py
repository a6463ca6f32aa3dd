"""Workers of one service start at the same moment, and each does what is due at a start."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from assessment_world import House
from award_world import NAME, PASSPHRASE, SECRET, at_once
from sqlmodel import func, select

from issuer import IssuerSettings, create_app
from issuer.appointment_tables import Nomination
from issuer.tables import Table
from keys.store import KeyStore
from web.database import Database

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
WORKERS = 4


@pytest.fixture
def start(database_url: str, tmp_path: Path) -> Callable[[], object]:
    path = tmp_path / "keys" / "issuer.keys"
    KeyStore.create(path, PASSPHRASE).rotate("Ed25519", NOW - timedelta(days=1))
    settings = IssuerSettings(
        base_url="http://localhost:8001",
        database_url=database_url,
        secret=SECRET,
        body_name=NAME,
        country="Spain",
        country_code="ES",
        key_store=path,
        passphrase=PASSPHRASE,
        wallet_url="http://localhost:8002",
    )
    return lambda: create_app(settings, clock=lambda: NOW)


def test_all_workers_start_on_a_database_where_something_is_due(
    database_url: str, start: Callable[[], object]
) -> None:
    house = House(Database(database_url, Table.metadata, secret=SECRET))
    for number in range(5):  # each is adopted by the first worker that starts
        house.examiner(f"Eva {number}")
    ready = Barrier(WORKERS)

    def begin(_number: int) -> object:
        ready.wait()
        return start()

    apps = at_once(WORKERS, begin)
    assert not [app for app in apps if isinstance(app, str)], "one was refused"
    with house.database.reading() as session:
        assert session.exec(select(func.count()).select_from(Nomination)).one() == 5
