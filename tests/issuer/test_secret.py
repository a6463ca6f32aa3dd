"""The issuer's secret: a stolen database tells no contact, and another secret is noticed."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from assessment_world import house
from award_world import NOW, SECRET, open_centre, write_settings
from privacy_world import rows_of
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlmodel import col, select

import cli
from issuer import IssuerSettings, accounts, create_app, secret
from issuer.same_person import is_same_person
from issuer.settings import read_settings
from issuer.tables import AuditEvent, Person, Table
from web.database import Database
from web.keyed import Keys

NUMBER = "+34600000777"
OTHER = b"another secret, of 32 bytes or more"


def hashes(url: str) -> set[str]:
    with Database(url, Table.metadata).reading() as session:
        return {one for one in session.exec(select(Person.contact_hash)) if one is not None}


def test_who_stole_the_database_finds_no_telephone_number_by_trying_all(database_url: str) -> None:
    home = house(database_url)
    home.candidate(contact=NUMBER)
    kept = hashes(database_url)
    assert len(kept) == 1
    for number in range(600_000_000, 600_001_000):
        for guess in (f"contact|+34{number}", f"+34{number}", str(number)):
            for algorithm in ("sha256", "sha1", "md5"):
                assert hashlib.new(algorithm, guess.encode()).hexdigest() not in kept
            assert Keys(b"").digest("contact", guess) not in kept
    assert kept == {Keys(SECRET).digest("contact", NUMBER)}, "and yet the person is known again"


def test_one_text_has_another_hash_for_each_purpose_and_secret() -> None:
    made = {
        Keys(key).digest(purpose, NUMBER)
        for key in (SECRET, OTHER)
        for purpose in ("contact", "check")
    }
    assert len(made) == 4
    assert str(SECRET) not in repr(Keys(SECRET))


def test_without_a_secret_nothing_is_hashed(tmp_path: Path) -> None:
    house(f"sqlite:///{tmp_path}/a.db")
    bare = Database(f"sqlite:///{tmp_path}/a.db", Table.metadata)
    with bare.reading() as session, pytest.raises(LookupError, match="secret"):
        accounts.contact_hash(session, NUMBER)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> IssuerSettings:
    """Give the settings of an issuer that has run before, and knows somebody."""
    centre = open_centre(tmp_path, database_url=database_url)
    centre.person("olga")
    given = replace(read_settings(write_settings(tmp_path)), database_url=database_url)
    create_app(given, clock=lambda: NOW)
    return given


def test_another_secret_does_not_start_and_changes_nothing(settings: IssuerSettings) -> None:
    wrong = replace(settings, secret=OTHER)
    with Database(settings.database_url, Table.metadata).reading() as session:
        before = rows_of(session)
    with pytest.raises(secret.WrongSecret, match="lost for good") as refused:
        create_app(wrong, clock=lambda: NOW)
    assert OTHER.hex() not in str(refused.value)
    with Database(settings.database_url, Table.metadata).reading() as session:
        assert rows_of(session) == before
    create_app(settings, clock=lambda: NOW)


@pytest.mark.parametrize(
    "statement", ["DELETE FROM secret_known", "UPDATE secret_known SET check_value = 'x'"]
)
def test_the_database_does_not_forget_its_secret(settings: IssuerSettings, statement: str) -> None:
    database = Database(settings.database_url, Table.metadata)
    with pytest.raises(DatabaseError), database.transaction() as session:
        session.connection().execute(text(statement))


Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*words: object) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            cli.main([str(word) for word in words])
        return int(ended.value.code or 0), "".join(capsys.readouterr())

    return command


def test_who_lost_the_secret_begins_anew_on_request_only(tmp_path: Path, run: Run) -> None:
    url = f"sqlite:///{tmp_path}/issuer.db"
    olga = open_centre(tmp_path, database_url=url).person("olga")
    path = write_settings(tmp_path)
    create_app(read_settings(path), clock=lambda: NOW)
    write_settings(tmp_path, secret=OTHER.hex())
    found = ("found", "North", "--country", "ES", "--administrator", "P", "--contact", NUMBER)
    code, said = run(*found, "--settings", path)
    assert code == 3
    assert "mycred database new-secret" in said
    code, said = run("database", "new-secret", "--settings", path)
    assert (code, said.count("1 people are known again")) == (0, 1)
    assert OTHER.hex() not in said
    code, said = run("database", "new-secret", "--settings", path)
    assert "already" in said
    assert run(*found, "--settings", path)[0] == 0

    database = Database(url, Table.metadata, secret=OTHER)
    with database.transaction() as session:
        organisation = session.get_one(Person, olga).organisation_id
        again = accounts.create_person(session, organisation, "O", contact="olga@centre.example")
        assert not is_same_person(session, olga, again.id), "that is the price of a lost secret"
        kinds = select(AuditEvent.kind).order_by(col(AuditEvent.number))
        assert list(session.exec(kinds)).count("secret.changed") == 1
    write_settings(tmp_path)
    with pytest.raises(secret.WrongSecret):
        create_app(read_settings(path), clock=lambda: NOW)
