"""What `mycred database` says of the database of one service, and does to it."""

from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, MetaData
from sqlalchemy.engine import make_url

from web.database import Database
from web.migrating import (
    Chain,
    Standing,
    chain_of,
    copies,
    noted_version,
    standing_of,
    unlike_first,
    unlike_newest,
)


@dataclass(frozen=True)
class Report:
    """One sentence on a database, whether its service can start, and what else is to be told."""

    ready: bool
    sentence: str
    details: list[str] = field(default_factory=list)


def check(url: str, metadata: MetaData) -> Report:
    """Look at a database and change nothing; no file is made where none is.

    Raises `sqlalchemy.exc.DBAPIError` when it cannot be asked.
    """
    chain = chain_of(metadata)
    if chain is None:
        raise ValueError("these tables have no migrations")
    if _no_file(url):
        return Report(True, f"no file yet: made at version {chain.newest} by the first start")
    database = Database(url, metadata)
    try:
        with database.engine.connect() as connection:
            return _found(connection, metadata, chain)
    finally:
        database.close()


def upgrade(url: str, metadata: MetaData) -> Report:
    """Make the tables, or bring them to the newest version; then look again.

    Raises `DatabaseNotReady` when that is not possible, and `DBAPIError` as `check` does.
    """
    database = Database(url, metadata)
    try:
        database.create()
    finally:
        database.close()
    return check(url, metadata)


def _found(connection: Connection, metadata: MetaData, chain: Chain) -> Report:
    standing = standing_of(connection, metadata, chain)
    if standing is Standing.EMPTY:
        return Report(True, f"no tables yet: made at version {chain.newest} by the first start")
    if standing is Standing.NEWER:
        noted = noted_version(connection)
        return Report(
            False, f"version {noted}: newer than this program, which knows {chain.newest}"
        )
    if standing is Standing.BEHIND:
        noted = noted_version(connection)
        return Report(False, f"version {noted}: to be upgraded to {chain.newest}")
    if standing is Standing.UNVERSIONED:
        unlike = unlike_first(connection, metadata, chain)
        if unlike:
            return Report(False, f"no version, and not the tables of {chain.first}", unlike)
        return Report(False, f"no version, but the tables of {chain.first}: can be upgraded")
    unlike = unlike_newest(connection, metadata)
    if unlike:
        return Report(False, f"version {chain.newest}, but its tables were changed by hand", unlike)
    kept = [f"a copy from before an upgrade: {copy}" for copy in copies(connection)]
    return Report(True, f"version {chain.newest}: as this program needs it", kept)


def _no_file(url: str) -> bool:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return False
    return not str(parsed.database).startswith("file:") and not Path(str(parsed.database)).exists()
