"""Waiting for what comes by itself, as long as a slow machine needs and not longer."""

from collections.abc import Callable

from playwright.sync_api import Page

_STEP_MS = 100
_MOST_STEPS = 600


def until(page: Page, claim: str, holds: Callable[[], object]) -> None:
    """Look again and again, while the page lives on, until a claim holds."""
    for _ in range(_MOST_STEPS):
        if holds():
            return
        page.wait_for_timeout(_STEP_MS)
    raise AssertionError(claim)
