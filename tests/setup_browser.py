"""Find a browser for the browser tests, or install one, or say plainly what is missing.

The one on the PATH, else Playwright's own, else Debian's chromium. Run by ``make test``; the tests
find what it found by `find_browser`.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_browser() -> str | None:
    """Give the path of a browser that starts, or None."""
    for name in _NAMES:
        found = shutil.which(name)
        if found and _starts(found):
            return found
    own = _playwrights_own()
    return own if own and _starts(own) else None


def _starts(path: str) -> bool:
    # A browser that was only unpacked may lack libraries of the system.
    return subprocess.run([path, "--version"], capture_output=True, check=False).returncode == 0


def _playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if path and Path(path).exists() else None


def _install() -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    attempts = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if shutil.which("apt-get"):
        root = [] if os.geteuid() == 0 else ["sudo", "-n"]
        attempts += [
            [*root, "apt-get", "update", "-qq"],
            [*root, "apt-get", "install", "-y", "-qq", "chromium", "fonts-noto-core"],
        ]
    for attempt in attempts:
        try:
            subprocess.run(
                attempt,
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=600,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if find_browser():
            return


if __name__ == "__main__":
    if find_browser() is None:
        print("No browser found; trying to install one for the browser tests.")
        _install()
    found = find_browser()
    print(
        f"Browser tests use {found}."
        if found
        else "No browser: install chromium (Debian: apt-get install chromium). "
        "Until then the browser tests cannot run."
    )
