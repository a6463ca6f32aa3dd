"""A small framework with the newer kinds of tasks: companionship, and a set of one task of each."""

import shutil
from pathlib import Path

from issuer.framework import FOLDER, Framework, load_framework

SKILL = "safe-visits"
SET = "a-morning-with-a-fall"


def folder_with_new_kinds(folder: Path, *, again: str = "") -> Path:
    """Write the framework below `folder`; with `again`, the new set twice, under two names."""
    framework = Path(shutil.copytree(FOLDER / "companionship", folder / "companionship"))
    for name in filter(None, (SET, again)):
        shutil.copytree(Path(__file__).parent / "scenario_kinds", framework / "scenarios" / name)
    return framework


def new_kinds(folder: Path, *, again: str = "") -> Framework:
    """Write the framework and load it."""
    return load_framework(folder_with_new_kinds(folder, again=again))
