"""The command line: exit codes that can be relied on, and an endorsement that others accept."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from parties import NOW, Party

from credentials.trust import Trust
from credentials.verify import verify_credential

ROOT = Path(__file__).resolve().parents[2]
ISSUER, HOLDER = Party("Centre"), Party("Worker")


def mycred(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "cli.py", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def passphrase(tmp_path: Path) -> Path:
    path = tmp_path / "passphrase"
    path.write_text("a passphrase of some length\n")
    path.chmod(0o600)
    return path


def written(tmp_path: Path, document: Any) -> Path:
    path = tmp_path / "badge.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def test_exit_codes_tell_valid_from_bad_from_unknown_from_misuse(tmp_path: Path) -> None:
    # The command reads the real clock: signed and given well before anyone runs this.
    unsigned = ISSUER.unsigned_badge(HOLDER.did, awarded=NOW - timedelta(days=200))
    badge = ISSUER.sign(unsigned, created=NOW - timedelta(days=200))
    good = mycred("verify", written(tmp_path, badge))
    assert (good.returncode, good.stdout.split("\n")[0]) == (0, "unknown-signer")
    changed = mycred("verify", written(tmp_path, {**badge, "name": "Another"}))
    assert (changed.returncode, changed.stdout.split("\n")[0]) == (1, "false")
    assert mycred("verify", written(tmp_path, "not a badge")).returncode == 2
    for misuse in (("verify",), ("verify", tmp_path / "missing"), ("unknown",)):
        ended = mycred(*misuse)
        assert ended.returncode == 3
        assert "Traceback" not in ended.stderr


def test_endorsement_signed_by_hand_counts(tmp_path: Path, passphrase: Path) -> None:
    store = ("--store", tmp_path / "keys" / "store.json", "--passphrase", passphrase)
    made = mycred("keygen", *store)
    assert made.returncode == 0
    assert made.stdout.startswith("did:key:z6Mk")
    badge = ISSUER.badge(HOLDER.did)
    signed = mycred("endorse", ISSUER.did, "We know this centre.", "--name", "Body", *store)
    report = verify_credential(
        badge, trust=Trust(), fetch=None, now=NOW, endorsements=[json.loads(signed.stdout)]
    )
    # NOW lies before the endorsement's own day when this runs later: then it says so.
    (found,) = report.endorsements
    assert found.subject == "issuer"
    assert found.reason_code in ("endorsement.counted", "endorsement.not-yet")
    assert found.issuer_id == made.stdout.strip()


def test_keys_that_others_may_read_stop_the_command(tmp_path: Path, passphrase: Path) -> None:
    passphrase.chmod(0o644)
    ended = mycred("keygen", "--store", tmp_path / "keys/store.json", "--passphrase", passphrase)
    assert ended.returncode == 3
    assert "chmod 600" in ended.stderr


def test_framework_problems_are_named_with_their_file(tmp_path: Path) -> None:
    assert mycred("framework", "issuer/frameworks/mycred4home").returncode == 0
    ended = mycred("framework", tmp_path)
    assert ended.returncode == 1
    assert "framework.toml" in ended.stdout
