"""What is migrated equals what is made new, and what was released stays as it is.

The databases of the tests are made from today's tables, those of pilots by migrations: if the two
ever differ, a pilot meets what no test has seen.
"""

import subprocess
from pathlib import Path

import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from hatchling.builders.wheel import WheelBuilder
from sqlalchemy import Engine, MetaData, create_engine
from write_baseline import ROOT, SERVICES, metadata_of, released

from web.altering import altering
from web.database import Database
from web.migrating import FOLDER, Chain, chain_of, parts, prepare, run_baseline
from web.schema import differences

HOW = """
The tables of the {0} that migrations make are not those that the program makes:
{1}
Before the first release: .venv/bin/python tests/write_baseline.py
After it: write {0}/migrations/versions/{2:04}_what_it_does.py; docs/upgrading.md says how.
"""


def chain(service: str) -> Chain:
    found = chain_of(metadata_of(service))
    assert found is not None
    return found


@pytest.mark.parametrize("service", SERVICES)
def test_migrated_tables_are_those_of_the_program(service: str, database_url: str) -> None:
    metadata = metadata_of(service)
    database = Database(database_url, metadata)
    with database.engine.connect() as connection:
        run_baseline(connection, chain(service).folder)
        connection.commit()
    prepare(database.engine, metadata)
    with database.engine.connect() as connection:
        migrated = parts(connection)
    new = made_new(metadata, database_url, database.engine)
    database.close()
    assert len(new) > 10
    unlike = differences(migrated, new)
    if unlike:
        step = len(chain(service).versions) + 1
        pytest.fail(HOW.format(service, "\n".join(unlike), step), pytrace=False)


def made_new(metadata: MetaData, url: str, used: Engine) -> frozenset[tuple[str, str]]:
    """Make the tables as a new installation does, in another database or schema."""
    if used.dialect.name == "sqlite":
        other = Database("sqlite://", metadata)
    else:
        with used.begin() as connection:
            connection.exec_driver_sql("CREATE SCHEMA new")
        other = Database(f"{url}&options=-csearch_path%3Dnew", metadata)
    prepare(other.engine, metadata)
    with other.engine.connect() as connection:
        made = parts(connection)
    other.close()
    return made


@pytest.mark.parametrize("service", SERVICES)
def test_versions_are_numbered_without_a_gap_and_each_follows_the_one_before(service: str) -> None:
    from alembic.script import ScriptDirectory

    found = chain(service)
    assert found.versions == tuple(f"{place:04}" for place in range(1, len(found.versions) + 1))
    script = ScriptDirectory(str(ROOT / "web" / "migrations"), version_locations=[
        str(found.folder / "versions")
    ])  # fmt: skip
    walked = [(one.revision, one.down_revision) for one in script.walk_revisions()][::-1]
    assert walked == list(zip(found.versions, (None, *found.versions), strict=False))


def test_the_installed_program_brings_its_migrations() -> None:
    built = WheelBuilder(str(ROOT)).recurse_included_files()
    packed = {Path(one.distribution_path) for one in built}
    for service in SERVICES:
        names = chain(service).folder.rglob("*.*")
        wanted = {one.relative_to(ROOT) for one in names if one.suffix in (".py", ".sql")}
        assert len(wanted) > 3
        assert wanted <= packed
    assert Path("web/migrations/env.py") in packed


@pytest.mark.parametrize("service", SERVICES)
def test_every_table_can_be_made_anew_without_losing_a_part(service: str) -> None:
    """SQLite alters a table by a copy: checks, keys, partial indexes and triggers come along."""
    engine = create_engine("sqlite://")
    metadata = metadata_of(service)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        metadata.create_all(connection)
        before = parts(connection)
        with Operations.context(MigrationContext.configure(connection)):
            for table in metadata.tables:
                with altering(table):
                    pass
        assert differences(parts(connection), before) == []
    engine.dispose()


@pytest.mark.parametrize("service", SERVICES)
def test_what_was_released_is_never_edited(service: str) -> None:
    """Databases of that version exist: they would never get what is changed in their past."""
    first = released()
    if not first:
        pytest.skip("nothing is released yet: baselines may still change")
    folder = metadata_of(service).info[FOLDER].relative_to(ROOT)
    for tag in git("tag", "--list", "v*"):
        for name in git("ls-tree", "-r", "--name-only", tag, f"{folder}/"):
            if Path(name).name != "__init__.py":
                assert git("rev-parse", f"{tag}:{name}") == git("hash-object", name), name


def git(*words: str) -> list[str]:
    done = subprocess.run(["git", "-C", ROOT, *words], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()
