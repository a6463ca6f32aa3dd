"""What the repository says about itself is true: commands, files, digests, versions."""

import gzip
import json
import os
import re
import shlex
import tomllib
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

import cli

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
VENDOR = ROOT / "web" / "static" / "vendor"
VENDORED = tomllib.loads((VENDOR / "vendor.toml").read_text("utf-8"))["file"]
TEXTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_every_make_command_in_the_texts_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))
    for text in TEXTS:
        named = set(re.findall(r"(?:`|^)make ([a-z]+)", text.read_text("utf-8"), re.MULTILINE))
        assert named <= targets, text.name
    assert {"demo", "test", "check"} <= set(re.findall(r"make ([a-z]+)", README))


def test_every_mycred_command_in_the_readme_exists() -> None:
    lines = re.findall(r"^mycred (.+)$", README, re.MULTILINE)
    assert lines
    for line in lines:
        cli.parser().parse_args(shlex.split(line, comments=True))  # ends the program if it is wrong


@pytest.mark.parametrize("text", TEXTS, ids=lambda path: path.name)
def test_links_between_texts_lead_somewhere(text: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text.read_text("utf-8")):
        if "://" not in target:
            assert (text.parent / target).exists(), target


@pytest.mark.parametrize("text", TEXTS, ids=lambda path: path.name)
def test_files_named_in_texts_exist(text: Path) -> None:
    pattern = r"`((?:contexts|keys|credentials|web|issuer|wallet|verifier|tests)/[\w./-]+\.\w+)`"
    for named in re.findall(pattern, text.read_text("utf-8")):
        assert (ROOT / named).exists(), named


def test_readme_gives_the_reason_of_each_dependency() -> None:
    project = PROJECT["project"]
    direct = [*project["dependencies"], *project["optional-dependencies"]["postgresql"]]
    table = "\n".join(re.findall(r"^\| [^|]+ \|", README, re.MULTILINE))
    missing = [name for one in direct if (name := Requirement(one).name) not in table]
    assert not missing


def test_lock_holds_hashes_and_no_addresses() -> None:
    assert "://" not in LOCK
    pinned = re.split(r"\n(?=\S)", LOCK.strip())
    assert all("==" in one and "--hash=sha256:" in one for one in pinned)
    names = {one.split("==")[0] for one in pinned}
    extras = PROJECT["project"]["optional-dependencies"].values()
    wanted = [*PROJECT["project"]["dependencies"], *(one for extra in extras for one in extra)]
    assert {Requirement(one).name for one in wanted} <= names


def test_lock_of_the_node_peers_holds_hashes_and_no_addresses() -> None:
    folder = ROOT / "tests" / "peers" / "node"
    lock = json.loads((folder / "package-lock.json").read_text("utf-8"))
    packages = {name: one for name, one in lock["packages"].items() if name}
    assert all("integrity" in one and "resolved" not in one for one in packages.values())
    wanted = json.loads((folder / "package.json").read_text("utf-8"))["dependencies"]
    assert wanted == {name: packages[f"node_modules/{name}"]["version"] for name in wanted}


def test_vendored_files_are_the_listed_ones() -> None:
    listed = {one["path"] for one in VENDORED}
    present = {str(path.relative_to(VENDOR)) for path in VENDOR.rglob("*") if path.is_file()}
    assert {path for path in present if "LICENSE" not in path} == listed | {"vendor.toml"}
    for one in VENDORED:
        assert sha256((VENDOR / one["path"]).read_bytes()).hexdigest() == one["sha256"], one["path"]


def test_compressed_files_hold_what_they_stand_for() -> None:
    for packed in VENDOR.rglob("*.gz"):
        assert gzip.decompress(packed.read_bytes()) == packed.with_suffix("").read_bytes()


def test_no_test_folder_shadows_a_package() -> None:
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_licence_and_changelog_match_the_project() -> None:
    assert "Apache License" in (ROOT / "LICENSE").read_text("utf-8")
    assert PROJECT["project"]["license"] == "Apache-2.0"
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert f"## {PROJECT['project']['version']}" in changelog


def test_what_ci_runs_is_the_readmes_own_command() -> None:
    ci = ROOT / ".ci" / "run"
    assert os.access(ci, os.X_OK)
    assert re.search(r"^make test$", ci.read_text("utf-8"), re.MULTILINE)
