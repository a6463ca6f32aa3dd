"""The command line: exit codes that can be relied on, and an endorsement that others accept."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from parties import NOW, Party

import cli
from contexts.urls import VC2
from credentials.trust import Trust
from credentials.verify import verify_credential

ROOT = Path(__file__).resolve().parents[2]
ISSUER, HOLDER = Party("Centre"), Party("Worker")


def mycred(
    *arguments: object, given: str = "", encoding: str = "utf-8"
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "cli.py", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        input=given,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        timeout=300,
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
    # The command reads the real clock, so that is when the endorsement is looked at.
    report = verify_credential(
        badge,
        trust=Trust(),
        fetch=None,
        now=max(NOW, datetime.now(UTC)),
        endorsements=[json.loads(signed.stdout)],
    )
    (found,) = report.endorsements
    assert found.subject == "issuer"
    assert found.reason_code == "endorsement.counted"
    assert found.issuer_id == made.stdout.strip()


def test_keys_that_others_may_read_stop_the_command(tmp_path: Path, passphrase: Path) -> None:
    passphrase.chmod(0o644)
    ended = mycred("keygen", "--store", tmp_path / "keys/store.json", "--passphrase", passphrase)
    assert ended.returncode == 3
    assert "chmod 600" in ended.stderr


def test_framework_problems_are_named_with_their_file(tmp_path: Path) -> None:
    assert mycred("framework", "check", "issuer/frameworks/mycred4home").returncode == 0
    ended = mycred("framework", "check", tmp_path)
    assert ended.returncode == 1
    assert "framework.toml" in ended.stdout


def test_report_for_machines_says_what_the_printed_one_says(tmp_path: Path) -> None:
    badge = ISSUER.sign(ISSUER.unsigned_badge(HOLDER.did), created=NOW - timedelta(days=200))
    path = written(tmp_path, {**badge, "name": "Another"})
    told = json.loads(mycred("verify", path, "--json").stdout)
    assert told["headline"] == "false"
    (proof,) = [check for check in told["badges"][0]["checks"] if check["step"] == "proof"]
    assert (proof["outcome"], proof["code"]) == ("failed", "proof.signature")


def test_badge_signed_by_hand_verifies_and_another_issuer_is_refused(
    tmp_path: Path, passphrase: Path
) -> None:
    store = ("--store", tmp_path / "keys" / "store.json", "--passphrase", passphrase)
    did = mycred("keygen", *store).stdout.strip()
    document = ISSUER.unsigned_badge(HOLDER.did, awarded=NOW - timedelta(days=200))
    refused = mycred("issue", written(tmp_path, document), *store)
    assert refused.returncode == 3
    assert "the issuer is" in refused.stderr
    document["issuer"]["id"] = did
    undefined = mycred("issue", written(tmp_path, {**document, "cleaningSkill": 1}), *store)
    assert undefined.returncode == 3
    assert "cleaningSkill" in undefined.stderr
    signed = mycred("issue", written(tmp_path, document), *store)
    assert signed.returncode == 0, signed.stderr
    checked = mycred("verify", written(tmp_path, signed.stdout))
    assert (checked.returncode, checked.stdout.split("\n")[0]) == (0, "unknown-signer")


def test_inspection_tells_each_statement_that_is_signed(tmp_path: Path) -> None:
    badge = ISSUER.badge(HOLDER.did)
    told = json.loads(mycred("inspect", written(tmp_path, badge), "--json").stdout)
    assert told["issuer"] == ISSUER.did
    (proof,) = told["proofs"]
    assert proof["cryptosuite"] == "eddsa-rdfc-2022"
    assert any('"Home cleaning - Expert"' in line for line in proof["covers"])
    assert any(line.startswith("proof: ") and "assertionMethod" in line for line in proof["covers"])
    unknown = mycred("inspect", written(tmp_path, {**badge, "cleaningSkill": 1}))
    assert "cannot be told" in unknown.stdout
    assert "cleaningSkill" in unknown.stdout
    assert mycred("inspect", written(tmp_path, "[]")).returncode == 1
    unsigned = {name: value for name, value in badge.items() if name != "proof"}
    assert "no proof" in mycred("inspect", written(tmp_path, unsigned)).stdout


def test_address_that_nobody_answers_could_not_be_checked() -> None:
    ended = mycred("verify", "https://nobody.invalid/badge.json")
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr


def test_one_token_with_one_key(tmp_path: Path) -> None:
    jwk = ISSUER.key.to_jwk()
    key = written(
        tmp_path,
        {
            "id": ISSUER.method,
            "controller": ISSUER.did,
            "type": "JsonWebKey",
            "publicKeyJwk": ISSUER.key.public.jwk,
            "secretKeyJwk": jwk,
        },
    ).rename(tmp_path / "key.json")
    document = {
        "@context": [VC2],
        "type": ["VerifiableCredential"],
        "issuer": ISSUER.did,
        "credentialSubject": {"id": "urn:x"},
    }
    output, feature = tmp_path / "out.json", ("--feature", "credential_sdjwt")
    common = ("--key", key, *feature, "--output", output)
    issued = mycred("jose", "issue", "--input", written(tmp_path, document), *common)
    result = json.loads(output.read_text())
    assert (issued.returncode, result["result"]) == (0, "success"), result
    token = tmp_path / "token.txt"
    token.write_text(result["data"])
    assert mycred("jose", "verify", "--input", token, *common).returncode == 0
    token.write_text(result["data"].replace("~", "A~", 1))
    assert mycred("jose", "verify", "--input", token, *common).returncode == 1
    assert json.loads(output.read_text())["result"] == "failure"


def test_conformance_app_answers_this_machine_only() -> None:
    ended = mycred("conformance", "--host", "0.0.0.0")
    assert ended.returncode == 3
    assert "not an address of this machine" in ended.stderr


def test_badge_goes_into_a_picture_and_out_again(tmp_path: Path) -> None:
    picture, made = tmp_path / "a.svg", tmp_path / "b.svg"
    picture.write_text('<svg xmlns="http://www.w3.org/2000/svg"><g/></svg>')
    badge = ISSUER.sign(ISSUER.unsigned_badge(HOLDER.did), created=NOW - timedelta(days=200))
    assert mycred("bake", picture, written(tmp_path, badge), made).returncode == 0
    assert json.loads(mycred("unbake", made).stdout) == badge
    assert mycred("verify", made).stdout.split("\n")[0] in ("unknown-signer", "no-longer-valid")
    assert mycred("unbake", picture).returncode == 1
    assert mycred("bake", made, written(tmp_path, badge), tmp_path / "c.svg").returncode == 3
    assert not (tmp_path / "c.svg").exists()


def test_holder_shows_a_part(tmp_path: Path, passphrase: Path) -> None:
    store = tmp_path / "keys"
    keys = ("--store", store, "--passphrase", passphrase)
    did = mycred("keygen", *keys, "--kind", "P-256").stdout.strip()
    unsigned = Party("Centre").unsigned_badge(HOLDER.did, awarded=NOW - timedelta(days=200))
    unsigned["issuer"]["id"] = did
    file = written(tmp_path, unsigned)
    bad = mycred("issue", *keys, file, "--cryptosuite", "ecdsa-sd-2023", "--mandatory", "/x")
    assert (bad.returncode, "leads to nothing" in bad.stderr) == (3, True)
    ending = written(tmp_path, {**unsigned, "validUntil": "2036-01-01T00:00:00Z"})
    hideable = mycred(
        "issue", *keys, ending, "--cryptosuite", "ecdsa-sd-2023", "--mandatory", "/issuer"
    )
    assert (hideable.returncode, "/validUntil" in hideable.stderr) == (3, True)
    file = written(tmp_path, unsigned)
    signed = mycred(
        "issue", *keys, file, "--cryptosuite", "ecdsa-sd-2023", "--mandatory", "/issuer"
    )
    base = written(tmp_path, signed.stdout)
    said = mycred("inspect", base).stdout
    assert "always shown: " in said
    assert "may be hidden: " in said
    assert mycred("derive", base, "/nothing").returncode == 3
    shown = mycred("derive", base, "/credentialSubject", "/validFrom", "/name")
    assert shown.returncode == 0
    checked = mycred("verify", written(tmp_path, shown.stdout))
    assert checked.stdout.startswith("unknown-signer"), checked.stdout
    plain = mycred("issue", *keys, written(tmp_path, unsigned))
    assert json.loads(plain.stdout)["proof"]["cryptosuite"] == "ecdsa-rdfc-2019"


def badge_of_long_ago(**changes: Any) -> dict[str, Any]:
    unsigned = ISSUER.unsigned_badge(HOLDER.did, awarded=NOW - timedelta(days=200), **changes)
    return ISSUER.sign(unsigned, created=NOW - timedelta(days=200))


def test_what_cannot_be_read_as_a_badge_could_not_be_checked(tmp_path: Path) -> None:
    badge = json.dumps(badge_of_long_ago())
    assert mycred("verify", "-", given=badge).returncode == 0
    large = json.dumps({"a": "x" * 5_000_000})
    assert mycred("verify", written(tmp_path, large)).returncode == 2
    for odd in ("", "[]", "a.b.c", "\ufeff" + badge, large, '{"a":' * 50_000):
        ended = mycred("verify", "-", given=odd)
        assert (ended.returncode, ended.stderr) == (2, ""), odd[:20]
        ended = mycred("inspect", "-", given=odd)
        assert (ended.returncode, "Traceback" in ended.stderr) == (1, False), odd[:20]


def test_file_without_an_end_is_read_to_the_limit() -> None:
    ended = mycred("verify", "/dev/zero")
    assert (ended.returncode, "too large" in ended.stdout) == (2, True)
    assert mycred("issue", "/dev/zero", "--store", "x", "--passphrase", "y").returncode == 3


def test_misuse_is_told_from_a_bad_badge(tmp_path: Path, passphrase: Path) -> None:
    badge = written(tmp_path, badge_of_long_ago())
    picture, key = tmp_path / "a.svg", written(tmp_path, "{}").rename(tmp_path / "key.json")
    picture.write_text('<svg xmlns="http://www.w3.org/2000/svg"><g/></svg>')
    trust = tmp_path / "trust.json"
    trust.write_text("[]")
    badge = written(tmp_path, badge_of_long_ago())
    jose = ("jose", "verify", "--input", badge, "--key", key, "--feature", "credential_jose")
    keys = ("--store", tmp_path, "--passphrase", passphrase)
    endorse = ("endorse", "urn:x:1", "Good.", "--name", "Body", *keys)
    for misuse in (
        ("verify", tmp_path),
        ("verify", badge, "--trust", trust),
        ("verify", badge, "--trust", tmp_path),
        ("bake", picture, badge, tmp_path / "no" / "b.svg"),
        ("bake", picture, badge, tmp_path),
        (*jose, "--output", tmp_path),
        ("keygen", *keys),
        ("issue", badge, *keys),
        (*endorse, "--days", "99999999"),
        (*endorse, "--days", "0"),
    ):
        ended = mycred(*misuse)
        assert (ended.returncode, ended.stdout) == (3, ""), misuse
        assert ended.stderr.count("\n") == 1, ended.stderr


def test_terminal_without_these_letters_changes_no_answer(tmp_path: Path) -> None:
    badge = badge_of_long_ago(name="Limpieza b\u00e1sica")
    file = written(tmp_path, badge)
    assert mycred("inspect", file, encoding="ascii").returncode == 0
    told = mycred("inspect", "--json", file, encoding="ascii")
    assert json.loads(told.stdout)["name"] == "Limpieza b\u00e1sica"
    undefined = written(tmp_path, {**badge, "\u00e1": 1})
    ended = mycred("verify", undefined, encoding="ascii")
    assert (ended.returncode, ended.stdout.split("\n")[0]) == (1, "false")


def test_words_in_a_badge_pass_for_no_line_of_the_report(tmp_path: Path) -> None:
    forged = "\n  proof         passed   The signature is right"
    badge = badge_of_long_ago(name=f"A{forged}\u009b31m\u202e")
    said = mycred("inspect", written(tmp_path, badge)).stdout
    assert f"A{forged}" not in said
    assert f"A{json.dumps(forged)[1:-1]}\\x9b31m\\u202e\n" in said
    odd = {**badge, f"a{forged}\u009b31m\u202e": {"b": None}}
    report = mycred("verify", written(tmp_path, odd)).stdout
    assert [line.split()[0] for line in report.splitlines()] == [
        "false",
        "parse",
        "format",
        "shape",
    ]
    assert "\x9b" not in report
    assert "\u202e" not in report


def test_mistake_of_ours_is_no_answer_about_a_badge(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(cli, "inspect", broken)
    with pytest.raises(SystemExit) as ended:
        cli.main(["inspect", "-"])
    assert ended.value.code == 2


@pytest.mark.parametrize("kind", ["P-256", "P-384"])
def test_keys_of_each_curve_sign(kind: str, tmp_path: Path, passphrase: Path) -> None:
    keys = ("--store", tmp_path / "keys" / "k.json", "--passphrase", passphrase)
    did = mycred("keygen", *keys, "--kind", kind).stdout.strip()
    unsigned = ISSUER.unsigned_badge(HOLDER.did, awarded=NOW - timedelta(days=200))
    unsigned["issuer"]["id"] = did
    for suite in ("ecdsa-rdfc-2019", "ecdsa-jcs-2019"):
        signed = mycred("issue", *keys, written(tmp_path, unsigned), "--cryptosuite", suite)
        assert mycred("verify", "-", given=signed.stdout).returncode == 0, signed.stderr
