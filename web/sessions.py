"""Sessions kept on the server: the cookie holds a random token, the database only its hash.

A service derives its table from `SessionRow` (one registry a service)::

    class WebSession(SessionRow, Table, table=True):
        person_id: UUID | None = None
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import TypeVar

from flask import request
from sqlalchemy import delete
from sqlmodel import Field, Session, SQLModel
from werkzeug.wrappers import Response

from web.app import services
from web.database import UtcDateTime

_TOKEN_BYTES = 32


class SessionRow(SQLModel):
    """The columns of every session table."""

    token_hash: str = Field(primary_key=True, max_length=64)
    created: datetime = Field(sa_type=UtcDateTime)
    last_seen: datetime = Field(sa_type=UtcDateTime)
    expires: datetime = Field(sa_type=UtcDateTime)


Row = TypeVar("Row", bound=SessionRow)


def new_token() -> str:
    """Make a session token of 256 random bits."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def token_hash(token: str) -> str:
    """Give what the database knows of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def open_session(
    session: Session, table: type[Row], *, now: datetime, lasts: timedelta, **columns: object
) -> str:
    """Write a new session and give its token; a token from before is never reused."""
    token = new_token()
    row = table(
        token_hash=token_hash(token), created=now, last_seen=now, expires=now + lasts, **columns
    )
    session.add(row)
    return token


def find_session(
    session: Session, table: type[Row], token: str, *, now: datetime, idle: timedelta
) -> Row | None:
    """Give the session of a token unless it is unknown, too old, or was idle too long."""
    row = session.get(table, token_hash(token))
    return row if row is not None and is_live(row, now=now, idle=idle) else None


def is_live(row: SessionRow, *, now: datetime, idle: timedelta) -> bool:
    """Tell whether a session still counts: neither too old nor idle too long."""
    return now < row.expires and now - row.last_seen <= idle


def close_session(session: Session, table: type[Row], token: str) -> None:
    """Forget the session of a token."""
    session.exec(delete(table).where(table.token_hash == token_hash(token)))  # type: ignore[arg-type]


def forget_expired(session: Session, table: type[Row], *, now: datetime) -> None:
    """Delete the sessions that have run out."""
    session.exec(delete(table).where(table.expires <= now))  # type: ignore[arg-type]


def cookie_name() -> str:
    """Name the session cookie: its own for each service, host-bound where the service is https."""
    settings = services().settings
    return f"__Host-{settings.name}_session" if settings.secure else f"{settings.name}_session"


def read_cookie() -> str | None:
    """Give the token that the visitor's browser sent."""
    return request.cookies.get(cookie_name())


def set_cookie(response: Response, token: str) -> None:
    """Hand the token to the browser until it is closed."""
    response.set_cookie(
        cookie_name(),
        token,
        httponly=True,
        samesite="Lax",
        secure=services().settings.secure,
        path="/",
    )


def clear_cookie(response: Response) -> None:
    """Take the token from the browser."""
    response.delete_cookie(cookie_name(), path="/", secure=services().settings.secure)
