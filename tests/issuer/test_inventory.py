"""The inventory says of every table and column whose it is; a new one that is not in it fails."""

import pytest

from issuer import create_app
from issuer.holdings import each
from issuer.inventory import HELD, Fate
from issuer.tables import Table
from web.database import Database

assert create_app, "with the app come all tables"
TABLES = Table.metadata.tables


def test_every_table_is_in_the_inventory() -> None:
    assert set(HELD) == set(TABLES)


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_column_is_in_it_once(name: str) -> None:
    assert sorted(HELD[name].columns) == sorted(column.name for column in TABLES[name].columns)


@pytest.mark.parametrize("name", sorted(TABLES))
def test_a_person_gets_what_is_theirs_and_nothing_that_tells_of_others(name: str) -> None:
    held = HELD[name]
    shown = {column for one in held.holdings for column in one.shown.split()}
    assert shown == set(held.own.split())
    assert held.holdings or held.why, "it says why it holds nothing of a person"
    assert not held.own or held.holdings


@pytest.mark.parametrize("name", sorted(TABLES))
def test_who_points_to_a_person_is_somebodys_or_acted_for_the_centre(name: str) -> None:
    """A column that refers to a person leads to a holding, or stands under `others`."""
    owners = {one.owner.split(".")[0] for one in HELD[name].holdings}
    for column in TABLES[name].columns:
        if any(key.column.table.name == "person" for key in column.foreign_keys):
            copied = column.name.endswith("_contact")
            assert column.name in owners or column.name in HELD[name].others.split() or copied


def test_what_stays_says_why() -> None:
    for name, holding in each():
        assert (holding.fate is Fate.DELETED) == (holding.why == ""), name
        assert bool(holding.empty) == (holding.fate is Fate.EMPTIED), name


def test_free_text_never_stays_when_its_writer_goes() -> None:
    """Of what stays with an erased person, no column can hold words."""
    words = {"reason", "note", "notes", "text", "words", "nickname", "display_name", "address"}
    for name, holding in each():
        if holding.fate is Fate.STAYS:
            assert not words & set(holding.shown.split()), name
        if holding.fate is Fate.EMPTIED:
            assert words & set(holding.shown.split()) <= set(holding.empty), name


def test_the_paths_to_people_are_queries_that_work() -> None:
    from uuid import uuid4

    from issuer.holdings import is_of, table_of

    database = Database("sqlite://", Table.metadata)
    database.create()
    with database.reading() as session:
        for name, holding in each():
            rows = session.connection().execute(
                table_of(name).select().where(is_of(name, holding, uuid4()))
            )
            assert rows.all() == []
