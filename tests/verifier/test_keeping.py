"""What is kept for minutes, on both databases: sealed, forgotten, counted, never in the way."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from parties import NOW
from sqlmodel import select

from keys.fetching import HttpRequest, HttpResponse
from verifier.caching import CachedFetch
from verifier.keeping import RESULT_LIVES, count_check, keep_shown, read_shown
from verifier.tables import CheckCount, Fetched, Shown, Table
from web.database import Database
from web.errors import Refused

SECRET = b"s" * 32
LIST = "https://issuer.example/status/1"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url, Table.metadata)
    database.create()
    yield database
    database.close()


def answer(request: HttpRequest) -> HttpResponse:
    return HttpResponse(200, {"etag": '"1"'}, b"{}", request.url)


def test_name_of_another_result_opens_nothing(database: Database) -> None:
    with database.transaction() as session:
        name = keep_shown(session, "a badge", now=NOW)
    with database.reading() as session:
        assert read_shown(session, name, now=NOW) == "a badge"
        with pytest.raises(Refused):
            read_shown(session, name[:-1] + "!", now=NOW)


def test_what_has_run_out_is_deleted_by_the_next_one(database: Database) -> None:
    with database.transaction() as session:
        name = keep_shown(session, "first", now=NOW)
    later = NOW + RESULT_LIVES
    with database.transaction() as session:
        with pytest.raises(Refused):
            read_shown(session, name, now=later)
        keep_shown(session, "second", now=later)
    with database.reading() as session:
        assert len(session.exec(select(Shown)).all()) == 1


def test_counts_are_forgotten_after_their_window(database: Database) -> None:
    for minutes in (0, 1, 12):
        with database.transaction() as session:
            now = NOW + timedelta(minutes=minutes)
            count_check(session, f"10.0.0.{minutes}", allowed=120, secret=SECRET, now=now)
    with database.reading() as session:
        assert len(session.exec(select(CheckCount)).all()) == 1


def test_limit_starts_anew_after_its_window(database: Database) -> None:
    def check(minutes: int) -> None:
        with database.transaction() as session:
            now = NOW + timedelta(minutes=minutes)
            count_check(session, "10.0.0.1", allowed=2, secret=SECRET, now=now)

    check(0)
    check(9)
    with pytest.raises(Refused):
        check(10)
    check(21)
    check(22)
    with pytest.raises(Refused):
        check(23)


def test_twenty_employers_at_once_share_one_copy(database: Database) -> None:
    def check(_number: int) -> int:
        return CachedFetch(database, answer, NOW)(HttpRequest(LIST)).status

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(check, range(20))) == {200}
    with database.reading() as session:
        assert len(session.exec(select(Fetched)).all()) == 1


def test_twenty_checks_of_one_visitor_at_once_are_all_counted(database: Database) -> None:
    def check(_number: int) -> None:
        with database.transaction() as session:
            count_check(session, "10.0.0.1", allowed=120, secret=SECRET, now=NOW)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(check, range(20)))
    with database.reading() as session:
        assert [row.count for row in session.exec(select(CheckCount)).all()] == [20]


@pytest.mark.parametrize(
    ("url", "cache_control", "seconds", "asked"),
    [
        ("https://issuer.example/.well-known/did.json", "", 299, 1),
        ("https://issuer.example/.well-known/did.json", "", 300, 2),
        ("https://issuer.example/.well-known/did.json", "max-age=60", 59, 1),
        ("https://issuer.example/.well-known/did.json", "max-age=60", 60, 2),
        ("https://issuer.example/.well-known/did.json", "max-age=86400", 300, 2),
        ("https://issuer.example/.well-known/did.json", "no-store", 0, 2),
        ("https://issuer.example/.well-known/did.json", "max-age=60", -1, 2),
        ("https://issuer.example/.well-known/did.jsonl", "max-age=60", 1, 2),
        ("https://issuer.example/.well-known/did-witness.json", "max-age=60", 1, 2),
        (LIST, "max-age=60", 1, 2),
    ],
)
def test_copy_is_used_only_while_it_is_fresh(
    database: Database, url: str, cache_control: str, seconds: int, asked: int
) -> None:
    requests = []

    def fetch(request: HttpRequest) -> HttpResponse:
        requests.append(request)
        return HttpResponse(200, {"cache-control": cache_control}, b"{}", request.url)

    CachedFetch(database, fetch, NOW)(HttpRequest(url))
    CachedFetch(database, fetch, NOW + timedelta(seconds=seconds))(HttpRequest(url))
    assert len(requests) == asked
