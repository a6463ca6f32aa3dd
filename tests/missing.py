"""What to do about something that a test needs and this machine has not."""

import os
from typing import NoReturn

import pytest


def missing(reason: str) -> NoReturn:
    """Skip on somebody's own machine, saying why; fail where a change is judged (CI is set)."""
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
