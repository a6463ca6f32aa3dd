"""Writing what two requests may write at once: the later one looks again and finds it there."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from web.database import Database

T = TypeVar("T")


def write(database: Database, work: Callable[[Session], T]) -> T:
    """Do `work` in one transaction; once more if another request made the same row meanwhile.

    SQLite queues writers, so it happens on PostgreSQL only.
    """
    try:
        with database.transaction() as session:
            return work(session)
    except IntegrityError:
        with database.transaction() as session:
            return work(session)
