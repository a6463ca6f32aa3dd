"""`mycred serve`: each service from a settings file, as docs/serving.md tells it."""

import json
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from live import free_ports

import issuer
import verifier
import wallet
from keys.errors import StoreError
from keys.store import KeyStore
from web.settings_file import read_trust

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs" / "serving.md").read_text("utf-8")
READERS = {
    "issuer": issuer.read_settings,
    "wallet": wallet.read_settings,
    "verifier": verifier.read_settings,
}
PASSPHRASE = "correct horse battery staple"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder with the files that the document shows, and those that they name."""
    for name, text in re.findall(r"`(\w+\.json)`.*?:\n\n```json\n(.*?)```", DOCUMENT, re.DOTALL):
        content = json.loads(text)
        if "database_url" in content:
            content["database_url"] = f"sqlite:///{tmp_path}/{name}.db"
        (tmp_path / name).write_text(json.dumps(content))
    for name, text in (("secret", "ab" * 32), ("passphrase", PASSPHRASE)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)
    store = KeyStore.create(tmp_path / "keys" / "issuer.json", PASSPHRASE.encode())
    store.rotate("Ed25519", datetime.now(UTC))
    return tmp_path


def change(path: Path, **changed: Any) -> None:
    given = {**json.loads(path.read_text()), **changed}
    kept = {name: value for name, value in given.items() if value is not None}
    path.write_text(json.dumps(kept))


def test_the_files_of_the_document_are_read_whole(folder: Path) -> None:
    settings = issuer.read_settings(folder / "issuer.json")
    assert settings.mail is not None
    assert (settings.mail.host, settings.sampling.first_files) == ("smtp.example.org", 5)
    assert settings.passphrase == PASSPHRASE.encode()
    assert verifier.read_settings(folder / "verifier.json").trusted_proxies == 1
    found = wallet.read_settings(folder / "wallet.json").trust
    assert found == read_trust(folder / "trust.json")
    assert [party.name for party in found.parties] == ["Training Centre of Example"]


@pytest.mark.parametrize(
    ("service", "changed", "said"),
    [
        ("issuer", {"passphrase_file": None}, "does not name passphrase_file"),
        ("issuer", {"body_name": None}, "body_name"),
        ("issuer", {"sampling": {"shared": 1}}, "shared"),
        ("issuer", {"mail": "smtp.example.org"}, "mail is not an object"),
        ("issuer", {"mail": {"host": "a", "port": 25, "sender": "nobody"}}, "not an e-mail"),
        ("issuer", {"mail": {"host": "a", "port": 25}}, "sender"),
        ("wallet", {"verifier_url": "check.example.org"}, "verifier_url"),
        ("wallet", {"colour": "green"}, "colour"),
        ("wallet", {"secret_file": "secrets"}, "secrets"),
        ("verifier", {"checks_allowed": True}, "checks_allowed is not a whole number"),
        ("verifier", {"trusted_proxies": -1}, "trusted_proxies"),
        ("verifier", {"trust_file": "issuer.json"}, "issuer.json"),
        ("verifier", {"base_url": 7}, "base_url is not a text"),
        ("verifier", {"allow_loopback_http": "no"}, "allow_loopback_http is not set here"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_starts(
    folder: Path, service: str, changed: dict[str, Any], said: str
) -> None:
    change(folder / f"{service}.json", **changed)
    command = [sys.executable, "cli.py", "serve", service, "--one-process"]
    command += ["--settings", str(folder / f"{service}.json"), "--port", "1"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 3
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not list(folder.glob("*.db"))


def test_secrets_that_others_may_read_are_refused(folder: Path) -> None:
    (folder / "secret").chmod(0o644)
    for service, read in READERS.items():
        with pytest.raises(Exception, match="secret"):
            read(folder / f"{service}.json")


def test_a_password_in_settings_that_others_may_read_is_refused(folder: Path) -> None:
    path = folder / "verifier.json"
    change(path, database_url="postgresql+psycopg://mycred:secret-word@localhost/verifier")
    path.chmod(0o640)
    with pytest.raises(StoreError, match="verifier") as refused:
        verifier.read_settings(path)
    assert "secret-word" not in str(refused.value)
    path.chmod(0o600)
    assert "secret-word" in verifier.read_settings(path).database_url


@contextmanager
def serving(folder: Path, service: str, *more: str) -> Iterator[str]:
    """Start a service by the command; give its address; end it with all its processes."""
    (port,) = free_ports(1)
    change(folder / f"{service}.json", base_url=f"http://127.0.0.1:{port}")
    command = [sys.executable, "cli.py", "serve", service, "--port", str(port), *more]
    command += ["--settings", str(folder / f"{service}.json")]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    try:
        for _ in range(1_800):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
                break
            except (OSError, urllib.error.URLError):
                assert process.poll() is None, process.stderr and process.stderr.read()
                time.sleep(0.1)
        else:
            raise AssertionError(f"{service} does not answer")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(120)


def answer(url: str) -> tuple[int, str]:
    with urllib.request.urlopen(url, timeout=120) as found:
        return found.status, found.read().decode()


@pytest.mark.parametrize(
    ("service", "more"),
    [
        ("issuer", ["--workers", "2"]),
        ("wallet", ["--one-process"]),
        ("verifier", ["--workers", "1"]),
    ],
)
def test_each_service_answers(folder: Path, service: str, more: list[str]) -> None:
    with serving(folder, service, *more) as address:
        status, page = answer(f"{address}/")
        assert status == 200
        assert "MyCred4Home" in page
        assert "Sample" not in page, "nothing of the demo"
        if service == "issuer":
            command = [sys.executable, "cli.py", "found", "Centre", "--country", "es"]
            command += ["--administrator", "P", "--contact", "p@example.org"]
            command += ["--settings", str(folder / "issuer.json")]
            said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
            link = said.stdout.split()[0]
            assert link.startswith(f"{address}/join/")
            assert answer(link)[0] == 200
