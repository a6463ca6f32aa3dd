"""People who never touch a pointer: from the invitation to the employer's answer, by keys alone.

Every press is one of Tab, Enter, Space, an arrow, or a letter typed into a field. What
has the focus is always seen, and what comes next can always be reached: a trap fails the test.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime

from live import Live
from playwright.sync_api import Page, expect
from sqlmodel import select

from issuer import accounts
from issuer.tables import Organisation, Role, Table
from web.database import Database

NewPage = Callable[..., Page]
_MOST_TABS = 150

# What has the focus: its place in the document, what it is called, and whether one sees the focus.
_FOCUS = """() => {
  const here = document.activeElement;
  if (here === document.body || here === document.documentElement) return null;
  const style = getComputedStyle(here);
  const box = here.getBoundingClientRect();
  return {
    place: [...document.querySelectorAll("*")].indexOf(here),
    seen: style.outlineStyle !== "none" || style.boxShadow !== "none",
    inside: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    element: here.outerHTML.slice(0, 200),
  };
}"""


class Keys:
    """A keyboard, and nothing else."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def tab_to(self, selector: str) -> None:
        """Press Tab until the focus is on an element; every stop on the way is seen."""
        wanted = self.page.locator(selector).first
        expect(wanted).to_be_visible()
        met: list[int] = []
        for _ in range(_MOST_TABS):
            if wanted.evaluate("element => element === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
            focus = self.page.evaluate(_FOCUS)
            if focus is None:  # past the last one, where a browser gives the keys to its own bar
                continue
            assert focus["seen"], f"the focus is not seen: {focus['element']}"
            assert focus["inside"], f"the focus is out of sight: {focus['element']}"
            assert met[-2:] != [focus["place"]] * 2, f"a trap: {focus['element']}"
            met.append(focus["place"])
        raise AssertionError(f"{selector} cannot be reached on {self.page.url}")

    def press(self, selector: str, key: str = "Enter") -> None:
        """Go to something and press a key on it."""
        self.tab_to(selector)
        self.page.keyboard.press(key)

    def follow(self, selector: str, key: str = "Enter") -> None:
        """Press a button or a link that leads to another page."""
        self.tab_to(selector)
        with self.page.expect_navigation():
            self.page.keyboard.press(key)

    def write(self, selector: str, text: str) -> None:
        """Type into a field."""
        self.tab_to(selector)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)


def answer(keys: Keys) -> None:
    """Answer one task, of whatever kind."""
    page = keys.page
    if page.locator("main button[name=agreed]").count():  # a recording: writing is as good
        keys.follow("main button[name=agreed][value=no]")
    selects = page.locator("form#answer select")
    for place in range(selects.count()):
        keys.tab_to(f"#{selects.nth(place).get_attribute('id')}")
        for _ in range(place + 1 if page.locator("form#answer .order").count() else 1):
            page.keyboard.press("ArrowDown")
    choice = page.locator("form#answer input[type=radio], form#answer input[type=checkbox]")
    if choice.count():
        keys.press(f"#{choice.first.get_attribute('id')}", "Space")
    if page.locator("form#answer textarea").count():
        keys.write("form#answer textarea", "I look first. Then I ask.")
    keys.follow("form#answer button[type=submit]")


def invited(live: Live) -> str:
    """Enrol somebody new at a centre and give the code of the invitation."""
    database = Database(f"sqlite:///{live.folder.resolve()}/issuer.db", Table.metadata)
    now = datetime.now(UTC)
    with database.transaction() as session:
        centre = session.exec(select(Organisation)).first()
        assert centre is not None
        person = accounts.create_person(session, centre.id, "Zahra", Role.CANDIDATE)
        return accounts.invite(session, person.id, now=now)


def test_from_the_invitation_to_sent_tasks_by_keys_alone(
    live_services: Live, new_page: NewPage
) -> None:
    """From right to left: the keys go the way the page is read."""
    page = new_page(language="ar")
    keys = Keys(page)
    page.goto(f"{live_services.issuer}/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    keys.write("#code", invited(live_services))
    keys.follow("form:has(#code) button")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    # Without a yes nothing begins, and the list of what is missing leads to the box.
    keys.follow("main form button[type=submit]")
    keys.press("#error-title ~ ul a")
    keys.press("#age", "Space")
    keys.press("#assessment", "Space")
    keys.follow("main form button[type=submit]")
    # A skill, a language for the tasks, a level; every task; what is sent is seen first.
    keys.follow("a[href*='/me/start/simple-phrases']")
    keys.follow("main a[lang=fr]")
    keys.follow("form:has([name=level][value='1']) button")
    while not re.search(r"/check", page.url):
        before = page.url
        answer(keys)
        assert page.url != before, page.locator("main").inner_text()
    keys.follow("main form[action$='/send'] button", "Space")
    expect(page.locator(".dots .done").first).to_be_visible()


def test_from_a_badge_that_waits_to_the_employers_answer_by_keys_alone(
    live_services: Live, new_page: NewPage
) -> None:
    page = new_page(language="ar")
    keys = Keys(page)
    page.goto(f"{live_services.issuer}/")
    keys.follow(".demo button:text-is('Oksana')")
    keys.follow(
        "main li:has([lang]:text('Ménage à domicile')):has([lang]:text('Débutant'))"
        " a[href*='/work/']"  # in the language of her tasks, as there are no names in Arabic
    )
    keys.follow("main a[href*='/badges/']")
    keys.follow("main a.wide-button")
    # The wallet is not open yet on this phone: a new one, its card, then the badge.
    keys.follow("main a[href='/new']")
    keys.write("#nickname", "Oksana")
    keys.press("input[name=language]:checked", "ArrowDown")
    keys.press("input[name=language]:checked", "ArrowUp")
    keys.follow("main form button[type=submit]")
    expect(page.locator("html")).to_have_attribute("lang", "ar")
    keys.follow("form.go-on button")
    keys.follow("form[action='/receive/keep'] button[type=submit]")
    expect(page.locator(".badge-card h1")).to_be_visible()
    # Show it: on the phone now, after a look at what is seen.
    keys.follow("main a[href^='/show']")
    for _ in range(2):  # from seven days over one day to the phone, now
        keys.press("input[name=duration]:checked", "ArrowUp")
    expect(page.locator("input[name=duration][value=now]")).to_be_checked()
    keys.follow("main form[action='/show'] button[type=submit]")
    keys.follow("main form[action$='/start'] button")
    link = page.locator("#link").input_value()
    # The employer writes the link into the page that checks.
    employer = new_page(language="ar")
    desk = Keys(employer)
    employer.goto(f"{live_services.verifier}/")
    desk.write("#text", link)
    desk.follow("main form button[type=submit]")
    expect(employer.locator("[data-headline]")).to_have_attribute("data-headline", "genuine")
    expect(employer.locator("html")).to_have_attribute("dir", "rtl")
    # Every reason can be opened by keys, and the worker ends it by keys.
    desk.press("details.more summary", "Enter")
    expect(employer.locator("details.more").first).to_have_attribute("open", "")
    keys.follow("form[action$='/stop'] button", "Space")
    expect(page.locator("#link")).to_have_count(0)
