"""What is kept for minutes, on both databases: sealed, forgotten, counted, never in the way."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import pytest
from parties import NOW
from sqlalchemy import delete, event
from sqlmodel import select

from keys.fetching import HttpRequest, HttpResponse
from verifier.caching import CachedFetch, Copies
from verifier.counting import Counter
from verifier.keeping import RESULT_LIVES, keep_shown, read_shown
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


def counter(database: Database, allowed: int = 120) -> Counter:
    """Give what one process counts with."""
    return Counter(database, allowed=allowed, secret=SECRET)


def allowed_by(*processes: Counter, asked: int) -> int:
    """Ask the processes in turn; tell how many checks they allowed."""
    allowed = 0
    for number in range(asked):
        with suppress(Refused):
            processes[number % len(processes)].count("10.0.0.1", now=NOW)
            allowed += 1
    return allowed


def test_counts_are_forgotten_after_their_window(database: Database) -> None:
    for minutes in (0, 1, 12):
        now = NOW + timedelta(minutes=minutes)
        counter(database).count(f"10.0.0.{minutes}", now=now)
    with database.reading() as session:
        assert len(session.exec(select(CheckCount)).all()) == 1


def test_limit_starts_anew_after_its_window(database: Database) -> None:
    process = counter(database, allowed=2)

    def check(minutes: int) -> None:
        process.count("10.0.0.1", now=NOW + timedelta(minutes=minutes))

    check(0)
    check(9)
    with pytest.raises(Refused):
        check(10)
    check(21)
    check(22)
    with pytest.raises(Refused):
        check(23)


def test_what_was_taken_in_one_window_is_not_given_out_in_the_next(database: Database) -> None:
    process = counter(database)
    assert allowed_by(process, asked=40) == 40
    later = NOW + timedelta(minutes=11)
    process.count("10.0.0.1", now=later)
    with database.reading() as session:
        assert [row.count for row in session.exec(select(CheckCount)).all()] == [1]


@pytest.mark.parametrize("allowed", [1, 2, 9, 120, 1_000])
def test_one_process_allows_all_that_is_allowed_and_no_more(
    database: Database, allowed: int
) -> None:
    assert allowed_by(counter(database, allowed), asked=allowed + 20) == allowed


@pytest.mark.parametrize("processes", [2, 3])
def test_processes_together_never_allow_more_than_one(database: Database, processes: int) -> None:
    several = [counter(database) for _ in range(processes)]
    assert allowed_by(*several, asked=400) == 120


def test_process_that_stopped_asking_takes_at_most_an_eighth_with_it(database: Database) -> None:
    gone = counter(database)
    allowed_by(gone, asked=60)
    assert 105 <= 60 + allowed_by(counter(database), asked=200) <= 120


def test_visitor_without_checks_is_refused_without_asking_the_database(
    database: Database,
) -> None:
    process = counter(database, allowed=3)
    assert allowed_by(process, asked=5) == 3
    database.close()
    with database.transaction() as session:
        session.exec(delete(CheckCount))
    assert allowed_by(process, asked=5) == 0


def test_ten_thousand_checks_of_a_program_are_under_a_hundred_writes(database: Database) -> None:
    written = 0

    def count(*_: object) -> None:
        nonlocal written
        written += 1

    event.listen(database.engine, "commit", count)
    assert allowed_by(counter(database, 1_000_000), asked=10_000) == 10_000
    assert written < 100


def test_twenty_employers_at_once_share_one_copy(database: Database) -> None:
    def check(_number: int) -> int:
        return CachedFetch(database, answer, NOW, copies=Copies())(HttpRequest(LIST)).status

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(check, range(20))) == {200}
    with database.reading() as session:
        assert len(session.exec(select(Fetched)).all()) == 1


def test_checks_of_one_visitor_at_once_are_all_counted(database: Database) -> None:
    processes = [counter(database), counter(database)]

    def check(number: int) -> int:
        with suppress(Refused):
            processes[number % 2].count("10.0.0.1", now=NOW)
            return 1
        return 0

    with ThreadPoolExecutor(8) as pool:
        assert 105 <= sum(pool.map(check, range(300))) <= 120


def test_copy_of_another_process_is_seen_after_seconds(database: Database) -> None:
    url = "https://issuer.example/.well-known/did.json"
    here, there = Copies(), Copies()
    asked = []

    def fetch(request: HttpRequest) -> HttpResponse:
        asked.append(request.url)
        return HttpResponse(200, {}, f"{len(asked)}".encode(), request.url)

    def get(copies: Copies, seconds: int, *, fresh_only: bool = False) -> bytes:
        now = NOW + timedelta(seconds=seconds)
        cached = CachedFetch(database, fetch, now, copies=copies, fresh_only=fresh_only)
        return cached(HttpRequest(url)).body

    assert get(here, 0) == b"1"
    assert get(there, 1, fresh_only=True) == b"2"
    assert get(here, 4) == b"1"
    assert get(here, 5) == b"2"
    assert len(asked) == 2


def test_list_at_hand_is_asked_for_again_each_time(database: Database) -> None:
    copies, tags = Copies(), []

    def fetch(request: HttpRequest) -> HttpResponse:
        tags.append(request.headers.get("If-None-Match"))
        current = '"2"' if len(tags) > 2 else '"1"'
        status = 304 if tags[-1] == current else 200
        return HttpResponse(status, {"etag": current}, current.encode(), request.url)

    bodies = [
        CachedFetch(database, fetch, NOW, copies=copies)(HttpRequest(LIST)).body for _ in range(4)
    ]
    assert tags == [None, '"1"', '"1"', '"2"']
    assert bodies == [b'"1"', b'"1"', b'"2"', b'"2"']


@pytest.mark.parametrize("same", [True, False], ids=["one process", "two processes"])
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
    database: Database, url: str, cache_control: str, seconds: int, asked: int, same: bool
) -> None:
    requests = []

    def fetch(request: HttpRequest) -> HttpResponse:
        requests.append(request)
        return HttpResponse(200, {"cache-control": cache_control}, b"{}", request.url)

    copies = Copies()
    CachedFetch(database, fetch, NOW, copies=copies)(HttpRequest(url))
    later = NOW + timedelta(seconds=seconds)
    CachedFetch(database, fetch, later, copies=copies if same else Copies())(HttpRequest(url))
    assert len(requests) == asked
