"""Dragging by touch on a small phone: what is seen under the finger is where it lands."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from kinds_world import SKILL, issuer_of, new_kinds, serving
from live import listener
from playwright.sync_api import CDPSession, Page, expect

from issuer import accounts

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
NewPage = Callable[..., Page]
LETTERS, LUNCH = "label[for=answer-letters]", "label[for=answer-lunch]"


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Page], None]]:
    """Give a function that brings a page to the task with the day."""
    folder: Path = tmp_path_factory.mktemp("dragging")
    own = listener()
    port = own.getsockname()[1]
    app, house = issuer_of(new_kinds(folder), folder, clock=lambda: NOW, port=port)
    with serving(app, own) as address:

        def bring(page: Page) -> None:
            person = house.candidate("Maria")
            with house.database.transaction() as session:
                code = accounts.invite(session, person, now=NOW)
            page.goto(f"{address}/enter?code={code}&lang=en")
            page.locator("main form button").first.click()
            page.wait_for_url(re.compile("/me/"))
            page.goto(f"{address}/me/start/{SKILL}")
            page.locator("main a[lang=en]").click()
            page.locator("form:has([name=level][value='1']) button").click()
            page.wait_for_url("**/tasks/*")
            page.goto(page.url.rpartition("/")[0] + "/day")
            expect(page.locator(f"{LETTERS} .grip")).to_be_visible()

        yield bring


class Finger:
    """One finger on the screen of a page; a second one comes and goes."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.session: CDPSession = page.context.new_cdp_session(page)
        self.at = (0.0, 0.0)

    def _send(self, kind: str, *points: tuple[float, float]) -> None:
        listed = [{"x": x, "y": y, "id": place} for place, (x, y) in enumerate(points)]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": listed})

    def down(self, what: str) -> None:
        self.at = middle(self.page, what)
        self._send("touchStart", self.at)

    def to(self, x: float, y: float, *, steps: int = 6) -> None:
        start = self.at
        for step in range(1, steps + 1):
            part = step / steps
            self.at = (start[0] + (x - start[0]) * part, start[1] + (y - start[1]) * part)
            self._send("touchMove", self.at)

    def up(self) -> None:
        self._send("touchEnd")

    def second(self, x: float, y: float) -> None:
        """Let another finger touch and leave again."""
        self._send("touchStart", self.at, (x, y))
        self._send("touchMove", self.at, (x + 30, y + 30))
        self._send("touchEnd", self.at)

    def rests(self, milliseconds: int) -> None:
        self.page.wait_for_timeout(milliseconds)


def box(page: Page, what: str) -> dict[str, float]:
    found = page.locator(what).bounding_box()
    assert found is not None
    return dict(found)


def middle(page: Page, what: str) -> tuple[float, float]:
    found = box(page, what)
    return found["x"] + found["width"] / 2, found["y"] + found["height"] / 2


def scroll_so(page: Page, what: str, top: float) -> None:
    """Scroll so that something lies `top` pixels below the upper edge of the screen."""
    page.evaluate(
        """([what, top]) => scrollBy({top: document.querySelector(what).getBoundingClientRect().top
        - top, behavior: "instant"})""",
        [what, top],
    )


def slot(time: str) -> str:
    return f"[data-slot='{time}']"


@pytest.fixture
def phone(new_page: NewPage, day: Callable[[Page], None]) -> Page:
    page: Page = new_page(touch=True)
    day(page)
    scroll_so(page, ".day", 100)
    return page


def test_the_page_moves_for_who_waits_at_its_edge_and_stands_still_for_who_came_to_a_time(
    phone: Page,
) -> None:
    # A long page, and a time near the upper edge: the page could move along, and did.
    phone.evaluate(
        """document.querySelector("main").prepend(Object.assign(document.createElement("div"),
        {style: "height: 60rem"}))"""
    )
    scroll_so(phone, slot("09:00"), 30)
    finger = Finger(phone)
    finger.down(f"{LETTERS} .grip")
    finger.to(*middle(phone, slot("09:00")))
    finger.rests(600)
    expect(phone.locator(slot("09:00"))).to_have_class("drop-here")
    finger.up()
    expect(phone.locator("#answer-letters")).to_have_value("09:00")

    phone.evaluate("document.querySelector('.day').style.marginBlockEnd = '60rem'")
    scroll_so(phone, LETTERS, 300)
    assert box(phone, slot("11:00"))["y"] < -300
    finger.down(f"{LETTERS} .grip")
    finger.to(180, 8)
    for _ in range(100):
        if box(phone, slot("11:00"))["y"] > 100:
            break
        finger.rests(50)
    finger.to(180, 400, steps=2)  # away from the edge: it stands still
    finger.to(*middle(phone, slot("11:00")), steps=3)
    expect(phone.locator(slot("11:00"))).to_have_class("drop-here")
    finger.up()
    expect(phone.locator("#answer-letters")).to_have_value("11:00")


def test_unsteady_broad_and_slow_fingers_lose_nothing(phone: Page) -> None:
    phone.evaluate("addEventListener('contextmenu', e => { window.menu = !e.defaultPrevented })")
    answer = phone.locator("#answer-letters")
    finger = Finger(phone)
    finger.down(f"{LETTERS} .grip")  # a tap that trembles is a tap
    finger.to(finger.at[0] + 6, finger.at[1] + 7, steps=2)
    finger.up()
    expect(phone.locator(f".line.picked {LETTERS}")).to_be_visible()
    expect(phone.locator(".dragged")).to_have_count(0)

    scroll_so(phone, ".day", 100)
    finger.down(f"{LETTERS} .grip")  # a long press, and another finger on the way
    finger.rests(800)
    finger.to(*middle(phone, slot("11:00")), steps=3)
    finger.second(40, 600)
    finger.to(*middle(phone, slot("11:00")))
    finger.up()
    expect(answer).to_have_value("11:00")
    assert not phone.evaluate("window.menu"), "no menu came up"
    expect(phone.locator("html.dragging, .dragged")).to_have_count(0)

    answer.select_option("later")
    below, fixed = box(phone, slot("11:00")), box(phone, slot("10:00"))
    assert abs(fixed["y"] + fixed["height"] - below["y"]) < 2, "the one above stands fixed"
    finger.down(f"{LETTERS} .grip")  # the border of a time belongs to that time
    finger.to(below["x"] + 100, below["y"] - 5)
    finger.up()
    expect(answer).to_have_value("11:00")
    answer.select_option("later")
    finger.down(f"{LETTERS} .grip")
    finger.to(*middle(phone, slot("10:00")))  # clearly on what stands fixed: nothing
    finger.up()
    expect(answer).to_have_value("later")
