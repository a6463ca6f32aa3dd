"""Kill a process of the issuer at a step, and start the issuer again over what it left."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from award_world import BASE_URL, NOW, PASSPHRASE, SECRET
from flask import Flask
from world import Clock

from issuer import IssuerSettings, create_app

ROOT = Path(__file__).parents[1]


def killed_at(folder: Path, action: str, identifier: UUID, step: str) -> None:
    """Run an action in its own process and kill it without mercy at a step."""
    kill_at(step, [ROOT / "tests" / "kill_driver.py", folder, action, identifier, step])


def kill_at(step: str, command: Sequence[object]) -> None:
    """Run a program of ours until it says that it is at a step, and kill it there."""
    process = subprocess.Popen(
        [sys.executable, *map(str, command)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == step, "the process ended before the step"
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    process.stdout.close()


def restart(folder: Path) -> Flask:
    """Start the issuer over what the killed process left."""
    return create_app(
        IssuerSettings(
            base_url=BASE_URL,
            database_url=f"sqlite:///{folder}/issuer.db",
            secret=SECRET,
            body_name="Example Training Centre (Spain)",
            country="Spain",
            country_code="ES",
            key_store=folder / "keys" / "issuer.keys",
            passphrase=PASSPHRASE,
            wallet_url="http://localhost:8002",
        ),
        clock=Clock(NOW),
    )
