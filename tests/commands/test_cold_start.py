"""What `mycred verify` loads for one badge (ADR 0031), and that its short way reads words alike.

No test can hold a time on a machine shared with others; the time is that of the modules, so these
are counted.
"""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from parties import NOW, Party

import cli
from credentials.formats.vc_jwt import sign_credential

ROOT = Path(__file__).resolve().parents[2]
ISSUER, HOLDER = Party("Centre"), Party("Worker")
LATELY = NOW - timedelta(days=200)
"""The command reads the real clock: signed and given well before anyone runs this."""

NEVER = {
    # of others
    "flask", "werkzeug", "jinja2", "sqlmodel", "sqlalchemy", "pydantic", "pyld", "jwcrypto",
    "jsonschema_rs", "nacl", "requests", "urllib3", "rfc8785", "cbor2", "PIL", "babel",
    "cryptography.x509", "cryptography.hazmat.primitives.serialization",
    "cryptography.hazmat.primitives.asymmetric.ec",
    "cryptography.hazmat.primitives.asymmetric.rsa",
    # of Python
    "argparse", "dataclasses", "inspect", "ast", "pathlib", "urllib.parse", "ipaddress", "socket",
    "ssl", "http.client", "email", "logging", "tempfile", "shutil", "threading", "secrets",
    "random", "decimal", "gettext", "locale", "base64", "gzip", "tomllib", "importlib.metadata",
    "importlib.resources", "xml",
    # of ours
    "contexts.processor", "contexts.template_walk", "credentials.formats.tokens",
    "credentials.formats.secured", "credentials.formats.baking", "credentials.status.entries",
    "credentials.selection", "keys.nist_keys", "keys.rsa_keys", "keys.did.web", "keys.did.webvh",
    "keys.store", "web",
}  # fmt: skip

VERIFY = """
import sys
before = set(sys.modules)
import cli
try:
    cli.main(["verify", *sys.argv[1:]])
except SystemExit as ended:
    print(sorted(set(sys.modules) - before), file=sys.stderr)
    raise
"""


def verified(*words: object) -> tuple[int, str, set[str]]:
    """Run the command in a fresh process; give exit code, output, and the modules it loaded."""
    ended = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path += {sys.path!r}\n{VERIFY}", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    loaded = ended.stderr.strip().removeprefix("[").removesuffix("]")
    return ended.returncode, ended.stdout, {name.strip("' ") for name in loaded.split(",")}


@pytest.fixture(scope="module")
def badge() -> dict[str, Any]:
    return ISSUER.sign(ISSUER.unsigned_badge(HOLDER.did, awarded=LATELY), created=LATELY)


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_plain_badge_loads_nothing_that_it_does_not_need(
    badge: dict[str, Any], words: tuple[str, ...], tmp_path: Path
) -> None:
    file = tmp_path / "badge.json"
    file.write_text(json.dumps(badge))
    code, said, loaded = verified(file, *words)
    assert (code, "unknown-signer" in said) == (0, True)
    assert "cryptography" in loaded
    assert loaded & NEVER == set()


def test_badge_that_needs_more_gets_it(badge: dict[str, Any], tmp_path: Path) -> None:
    curved = Party("Other centre", kind="P-256")
    unsigned = curved.unsigned_badge(HOLDER.did, awarded=LATELY)
    signed = curved.sign(unsigned, created=LATELY, cryptosuite="ecdsa-rdfc-2019")
    unsigned = ISSUER.unsigned_badge(HOLDER.did, awarded=LATELY)
    token = sign_credential(unsigned, ISSUER.key, kid=ISSUER.method, issued=LATELY)
    listed = {**badge, "credentialStatus": ISSUER_ENTRY}
    del listed["proof"]
    cases = [
        (json.dumps(signed), 0, "keys.nist_keys"),
        (token, 0, "credentials.formats.secured"),
        (json.dumps(ISSUER.sign(listed, created=LATELY)), 2, "credentials.status.entries"),
        (json.dumps({**badge, "unknown": "word"}), 1, "contexts.processor"),
        (json.dumps({**badge, "awardedDate": "lately"}), 1, "jsonschema_rs"),
    ]
    for number, (text, wanted, module) in enumerate(cases):
        file = tmp_path / f"{number}.txt"
        file.write_text(text)
        code, said, loaded = verified(file)
        assert (code, module in loaded) == (wanted, True), (said, sorted(loaded))


ISSUER_ENTRY = {
    "id": "https://127.0.0.1:1/list#7",
    "type": "BitstringStatusListEntry",
    "statusPurpose": "revocation",
    "statusListIndex": "7",
    "statusListCredential": "https://127.0.0.1:1/list",
}


@pytest.mark.parametrize(
    "words",
    [
        "badge.json",
        "--json badge.json",
        "badge.json --json",
        "-",
        "--json -",
        "https://a.example/b",
    ],
)
def test_plain_words_are_read_as_the_parser_reads_them(words: str) -> None:
    plainly = cli._plainly_given(["verify", *words.split()])
    assert plainly is not None
    assert vars(plainly) == vars(cli._given(["verify", *words.split()]))


@pytest.mark.parametrize(
    "words",
    ["", "--json", "a b", "-h", "--help", "--trust list.json a", "--domain d a", "--loopback a",
     "--js a", "-x", "-- a"],
)  # fmt: skip
def test_all_other_words_are_left_to_the_parser(words: str) -> None:
    assert cli._plainly_given(["verify", *words.split()]) is None
    assert cli._plainly_given(["inspect", "a"]) is None
