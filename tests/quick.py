"""What tests would otherwise do again and again, done once a process: tables, and slow keys.

Each of some two thousand tests begins with an empty database and a store of keys. To make the
tables takes a tenth of a second, to derive the key of a store as long on purpose. Here the tables
are made once by `Database.create` itself and copied, and a derived key is remembered. Tests of how
tables are made put `create_really` back.
"""

import functools
import sqlite3

from sqlalchemy import MetaData, inspect

import keys.store
from web.database import Database

create_really = Database.create
_made: dict[MetaData, sqlite3.Connection] = {}


def install() -> None:
    """Let `Database.create` copy what it made before, and stores remember derived keys."""
    Database.create = _copy_or_create  # type: ignore[method-assign]
    keys.store._cipher = functools.cache(keys.store._cipher)


def _copy_or_create(self: Database, *, upgrade: bool = True) -> None:
    if self.engine.dialect.name != "sqlite" or inspect(self.engine).get_table_names():
        create_really(self, upgrade=upgrade)
        return
    with self.engine.connect() as connection:
        own = connection.connection.driver_connection
        assert isinstance(own, sqlite3.Connection)
        if self.metadata in _made:
            _made[self.metadata].backup(own)
            return
    create_really(self)
    with self.engine.connect() as connection:
        own = connection.connection.driver_connection
        assert isinstance(own, sqlite3.Connection)
        _made[self.metadata] = kept = sqlite3.connect(":memory:", check_same_thread=False)
        own.backup(kept)
