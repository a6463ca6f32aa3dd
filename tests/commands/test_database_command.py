"""`mycred database`: what stands where, upgrades on request, and no password on any page."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import quick
from lending_tables import LENDING, new_tables, old_tables
from sqlalchemy import text
from write_baseline import metadata_of

import cli
from web.database import Database

Said = Callable[..., tuple[int, str]]


@pytest.fixture(autouse=True)
def tables_are_really_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Database, "create", quick.create_really)


@pytest.fixture
def databases(capsys: pytest.CaptureFixture[str]) -> Said:
    """Give the command: it answers with its exit code and all that it said."""

    def run(action: str, **named: object) -> tuple[int, str]:
        words = [str(word) for name, where in named.items() for word in (f"--{name}", where)]
        with pytest.raises(SystemExit) as ended:
            cli.main(["database", action, *words])
        return int(ended.value.code or 0), "".join(capsys.readouterr())

    return run


def test_databases_are_made_checked_and_left_alone(databases: Said, tmp_path: Path) -> None:
    settings = tmp_path / "wallet.json"
    settings.write_text(json.dumps({"database_url": f"sqlite:///{tmp_path}/wallet.db"}))
    verifier = f"sqlite:///{tmp_path}/verifier.db"
    code, said = databases("check", wallet=settings, verifier=verifier)
    assert (code, said.count("no file yet")) == (0, 2)
    assert not (tmp_path / "verifier.db").exists()
    code, said = databases("upgrade", wallet=settings)
    assert code == 0
    assert "as this program needs it" in said
    assert databases("check", wallet=settings) == (0, said)


def test_databases_that_cannot_be_used_are_named_with_the_reason(
    databases: Said, tmp_path: Path
) -> None:
    urls = {name: f"sqlite:///{tmp_path}/{name}.db" for name in ("wallet", "verifier")}
    for name, change in (
        ("wallet", "UPDATE alembic_version SET version_num = '0999'"),
        ("verifier", "DROP TABLE shown"),
    ):
        database = Database(urls[name], metadata_of(name))
        database.create()
        with database.transaction() as session:
            session.connection().execute(text(change))
        database.close()
    code, said = databases("check", **urls)
    assert code == 1
    assert "wallet    version 0999: newer than this program" in said
    assert "changed by hand" in said
    assert "missing in shown: key_hash VARCHAR NOT NULL" in said
    code, said = databases("upgrade", wallet=urls["wallet"])
    assert code == 1
    assert "A newer program has used it" in said


def test_an_upgrade_on_request_tells_of_the_copy(
    databases: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path}/lending.db"
    folder = tmp_path / "old" / "lending" / "migrations"
    shutil.copytree(LENDING, folder, ignore=shutil.ignore_patterns("0002*", "0003*"))
    first = Database(url, old_tables(folder))
    first.create()
    first.close()
    monkeypatch.setattr("verifier.app.Table.metadata", new_tables())
    assert databases("check", verifier=url) == (
        1,
        "verifier  version 0001: to be upgraded to 0003\n",
    )
    code, said = databases("upgrade", verifier=url)
    assert code == 0
    assert "version 0003: as this program needs it" in said
    assert "lending.db.before-0003" in said


def test_a_server_that_does_not_answer_is_unknown_not_wrong(databases: Said) -> None:
    nobody = "postgresql+psycopg://somebody:very-secret@127.0.0.1:9/none"
    code, said = databases("check", verifier=nobody)
    assert code == 2
    assert "cannot be asked" in said
    assert "very-secret" not in said


@pytest.mark.parametrize(
    "named",
    [
        {},
        {"wallet": "missing.json"},
        {"wallet": "nothing://somebody:very-secret@host/none"},
        {"wallet": "postgresql+psycopg://somebody:very-secret@host:port/none"},
    ],
)
def test_misuse_ends_with_3_and_tells_no_password(databases: Said, named: dict[str, str]) -> None:
    code, said = databases("check", **named)
    assert code == 3
    assert "very-secret" not in said
