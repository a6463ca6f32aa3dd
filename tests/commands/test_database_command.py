"""`mycred database`: what stands where, upgrades on request, and no password on any page."""

import json
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import text
from test_cli import mycred

from web.database import Database


def databases(action: str, **named: object) -> subprocess.CompletedProcess[str]:
    words = [word for name, where in named.items() for word in (f"--{name}", where)]
    return mycred("database", action, *words)


def test_databases_are_made_checked_and_left_alone(tmp_path: Path) -> None:
    settings = tmp_path / "wallet.json"
    settings.write_text(json.dumps({"database_url": f"sqlite:///{tmp_path}/wallet.db"}))
    verifier = f"sqlite:///{tmp_path}/verifier.db"
    before = databases("check", wallet=settings, verifier=verifier)
    assert before.returncode == 0
    assert before.stdout.count("no file yet") == 2
    assert not (tmp_path / "verifier.db").exists()
    made = databases("upgrade", wallet=settings)
    assert made.returncode == 0
    assert "as this program needs it" in made.stdout
    assert databases("check", wallet=settings).stdout == made.stdout


def test_databases_that_cannot_be_used_are_named_with_the_reason(tmp_path: Path) -> None:
    from verifier.tables import Table as VerifierTable
    from wallet.app import Table as WalletTable

    urls = {name: f"sqlite:///{tmp_path}/{name}.db" for name in ("wallet", "verifier")}
    for name, metadata, change in (
        ("wallet", WalletTable.metadata, "UPDATE alembic_version SET version_num = '0999'"),
        ("verifier", VerifierTable.metadata, "DROP TABLE shown"),
    ):
        database = Database(urls[name], metadata)
        database.create()
        with database.transaction() as session:
            session.connection().execute(text(change))
        database.close()
    said = databases("check", **urls)
    assert said.returncode == 1
    assert "wallet    version 0999: newer than this program" in said.stdout
    assert "changed by hand" in said.stdout
    assert "missing in shown: key_hash VARCHAR NOT NULL" in said.stdout
    refused = databases("upgrade", wallet=urls["wallet"])
    assert refused.returncode == 1
    assert "A newer program has used it" in refused.stdout


def test_a_server_that_does_not_answer_is_unknown_not_wrong() -> None:
    nobody = "postgresql+psycopg://somebody:very-secret@127.0.0.1:9/none"
    said = databases("check", verifier=nobody)
    assert said.returncode == 2
    assert "cannot be asked" in said.stdout
    assert "very-secret" not in said.stdout + said.stderr


@pytest.mark.parametrize(
    "named",
    [
        {},
        {"wallet": "missing.json"},
        {"wallet": "nothing://somebody:very-secret@host/none"},
        {"wallet": "oracle://somebody:very-secret@host/none"},
        {"wallet": "postgresql+psycopg://somebody:very-secret@host:port/none"},
    ],
)
def test_misuse_ends_with_3_and_tells_no_password(named: dict[str, str]) -> None:
    ended = databases("check", **named)
    assert ended.returncode == 3
    assert "Traceback" not in ended.stderr
    assert "very-secret" not in ended.stderr
