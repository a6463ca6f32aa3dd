"""A real browser and three real servers.

Browser and servers are started once in each worker of pytest-xdist.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from live import Live, started
from missing import missing
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from setup_browser import find_browser

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "tests" / "peers" / "node" / "node_modules" / "axe-core" / "axe.min.js"
SCREENSHOTS = ROOT / "var" / "screenshots"
PHONE, DESK = (360, 740), (1280, 800)
# A machine that others use may need many seconds for a page; who passes never waits so long.
_PATIENCE_MS = 60_000
expect.set_options(timeout=_PATIENCE_MS)
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A microphone that hums and a camera that blinks, allowed without a question.
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]
# Only what is wrong is collected and sent: to list all that is right takes three times as long.
_RUN_AXE = """async () => {
  const rules = { "target-size": { enabled: true } };
  return (await axe.run(document, { rules, resultTypes: ["violations"] })).violations;
}"""
NewPage = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies here as browser tests."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def live_services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """Give issuer, wallet and verifier with the demo's sample people and fresh data."""
    with started(tmp_path_factory.mktemp("live") / "demo") as live:
        yield live


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Give a browser: the one on the PATH, else Playwright's own."""
    path = find_browser()
    if path is None:
        missing("no browser here: install chromium, or run make test, which tries to")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[NewPage]:
    """Open windows: ``new_page(size=PHONE, language="fr", javascript=True)``.

    Each has its own cookies. What a page logs as an error fails the test.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_window(
        *,
        size: tuple[int, int] = PHONE,
        language: str = "en",
        javascript: bool = True,
        touch: bool = False,
    ) -> Page:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale=language,
            java_script_enabled=javascript,
            has_touch=touch,
        )
        contexts.append(context)
        context.set_default_timeout(_PATIENCE_MS)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        page.on("console", lambda message: _note(complaints, message.text, page.url))
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert not complaints, "\n".join(complaints)


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], list[str]]:
    """Give a function that lists what axe-core finds wrong with a page, in words."""
    if not AXE.exists():
        missing("axe-core is not here: run make test, which installs it with npm")
    source = AXE.read_text("utf-8")

    def violations(page: Page) -> list[str]:
        page.wait_for_load_state()  # a click ends when the next page begins, not when it is whole
        if not page.evaluate("'axe' in window"):
            page.context.add_init_script(source)  # pages to come have it: half a megabyte less each
            page.evaluate(source)
        found: list[dict[str, Any]] = page.evaluate(_RUN_AXE)
        return [
            f"{page.url}: {one['id']} ({one['help']}): {node['target']}"
            for one in found
            for node in one["nodes"]
        ]

    return violations


@pytest.fixture
def screenshot() -> Callable[[Page, str], None]:
    """Give a function that keeps a picture of a page under var/ when SCREENSHOTS=1."""

    def take(page: Page, name: str) -> None:
        if os.environ.get("SCREENSHOTS") == "1":
            SCREENSHOTS.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    return take


def _note(complaints: list[str], text: str, url: str) -> None:
    # What the policy of a page refused is ours to mend; a status 4xx is what some tests ask for.
    if "Content Security Policy" in text or "Refused to" in text:
        complaints.append(f"{url}: {text}")
