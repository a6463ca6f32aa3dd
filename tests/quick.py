"""What tests would otherwise do again and again, done once a process: tables, keys, texts.

Each of some two thousand tests begins with an empty database and a store of keys, and many with an
app of their own. To make the tables takes a tenth of a second on SQLite and a whole one on
PostgreSQL, to derive the key of a store as long on purpose, and each new app and database would
compile the same templates and the same statements again. Here the tables are made once by
`Database.create` itself and copied; stores of one passphrase share its salt, so that their key is
derived once; and compiled templates and statements are kept beyond the app and the database for
which they were compiled: the same text always compiles to the same. Tests of how tables are made
put `create_really` back.
"""

import functools
import sqlite3
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import CodeType

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine, MetaData, create_engine, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool
from sqlalchemy.util import LRUCache

import keys.store
import web.database
from web.database import Database

create_really = Database.create
_STATEMENTS = 3_000
_made: dict[MetaData, sqlite3.Connection] = {}
_made_on_server: dict[MetaData, str] = {}
_engines: dict[str, Engine] = {}
_servers: dict[str | None, Engine] = {}
"""The server of each database that `database_on` made: no other is ever replaced."""
_one_on_server = threading.Lock()


def install() -> None:
    """Let everything that follows in this process share what was made before."""
    Database.create = _copy_or_create  # type: ignore[method-assign]
    keys.store._new_salt = functools.cache(keys.store._new_salt)
    keys.store._cipher = functools.cache(keys.store._cipher)
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": _Templates()}
    _share_statements()


class _Templates(BytecodeCache):
    """Compiled templates by name, place and content; all our apps compile them in one way."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None
        self._code[bucket.key, bucket.checksum] = bucket.code


def _share_statements() -> None:
    """Let all databases of one kind share one cache of statements: it asks for the same dialect."""
    DefaultDialect.__eq__ = lambda self, other: type(self) is type(other)  # type: ignore[method-assign]
    DefaultDialect.__hash__ = lambda self: hash(type(self))  # type: ignore[method-assign]
    compiled = LRUCache(_STATEMENTS)

    def with_cache(url: URL, **options: object) -> Engine:
        engine = create_engine(url, **options)
        engine._compiled_cache = compiled
        return engine

    web.database.create_engine = with_cache


@contextmanager
def database_on(server: str) -> Iterator[str]:
    """Give an empty database on a PostgreSQL, into which `Database.create` may put a copy."""
    if server not in _engines:
        _engines[server] = create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    name = f"t{uuid.uuid4().hex}"
    _servers[name] = _engines[server]
    with _servers[name].connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    with _servers.pop(name).connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


def forget(server: str) -> None:
    """Leave nothing on a server that others keep."""
    while _made_on_server:
        with _engines[server].connect() as connection:
            connection.execute(text(f"DROP DATABASE {_made_on_server.popitem()[1]} WITH (FORCE)"))


def _copy_or_create(self: Database, *, upgrade: bool = True) -> None:
    if inspect(self.engine).get_table_names():
        create_really(self, upgrade=upgrade)
    elif self.engine.dialect.name == "sqlite":
        _copy_on_sqlite(self)
    elif self.engine.url.database in _servers:
        _copy_on_server(self)
    else:
        create_really(self, upgrade=upgrade)


def _copy_on_sqlite(database: Database) -> None:
    with database.engine.connect() as connection:
        own = connection.connection.driver_connection
        assert isinstance(own, sqlite3.Connection)
        if database.metadata in _made:
            _made[database.metadata].backup(own)
            return
    create_really(database)
    with database.engine.connect() as connection:
        own = connection.connection.driver_connection
        assert isinstance(own, sqlite3.Connection)
        _made[database.metadata] = kept = sqlite3.connect(":memory:", check_same_thread=False)
        own.backup(kept)


def _copy_on_server(database: Database) -> None:
    """Put a copy in the place of an empty database, unless somebody else is in it already."""
    name, metadata = database.engine.url.database, database.metadata
    with _one_on_server:
        if metadata not in _made_on_server:
            create_really(database)
        database.close()  # before a connection is opened: by then the server has let go of ours
        with _servers[name].connect() as connection:
            if metadata not in _made_on_server:
                made = f"made_{uuid.uuid4().hex}"
                with suppress(OperationalError):  # ours still lingers: the next one will do
                    connection.execute(text(f"CREATE DATABASE {made} TEMPLATE {name}"))
                    _made_on_server[metadata] = made
                return
            try:
                connection.execute(text(f"DROP DATABASE {name}"))
            except OperationalError:  # another connection: as when several workers start at once
                create_really(database)
                return
            made = _made_on_server[metadata]
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {made}"))
