"""Every page in every language: for a small phone, for a screen reader, for the keyboard alone."""

from collections.abc import Callable, Iterator
from urllib.parse import urlencode, urlsplit

import pytest
from live import SERVICES, Live
from playwright.sync_api import Page, Request, expect
from visitor import Visitor

LANGUAGES = ("en", "es", "fr")
PHONE, DESK = (360, 740), (1280, 800)
FIRST_PAGE_BYTES = 100_000  # the limit for wallet and verifier, over the wire
WHO = [
    *SERVICES,
    "issuer as Fatou",
    "issuer as Lucía",
    "issuer as Ion",
    "issuer as Marc",
    "issuer as Omar",
    "wallet of Fatou",
    "Two good badges, shown by their owner",
    "A badge that was cancelled",
    "A badge that has run out",
    "A forged badge: the level was changed",
    "A badge of a signer whom nobody knows",
]
NewPage = Callable[..., Page]
# Pages that no link leads to: letters and other services do, or a mistake.
UNLINKED = {
    "issuer": ["/enter", "/nowhere", "/me/"],
    "wallet": ["/closed", "/locked", "/nowhere", "/badges", "/receive"],
    "verifier": ["/nowhere", "/check"],
}


def pages_of(live: Live, who: str) -> list[str]:
    """List one page of each kind that somebody can open."""
    address, button = live.door(who)
    visitor = Visitor(*live.origins)
    start = visitor.open(address)
    if button:
        start = visitor.press(start, button)
    if who == "issuer as Lucía":  # something begun, to see tasks
        choice = visitor.open(f"{live.issuer}/me/start/simple-phrases?language=fr")
        visitor.press(choice, "Try Beginner")
    found = [page.url for page in visitor.walk(start, alike=1) if page.ids]
    return found + [f"{address}{path}" for path in UNLINKED.get(who, [])]


def enter(live: Live, page: Page, who: str) -> None:
    address, button = live.door(who)
    page.goto(f"{address}/?lang=en")
    if button:
        page.get_by_role("button", name=button, exact=True).click()
        page.wait_for_url(lambda url: url != f"{address}/?lang=en")


def in_language(url: str, language: str) -> str:
    parts = urlsplit(url)
    kept = [one for one in parts.query.split("&") if one and not one.startswith("lang=")]
    return parts._replace(query="&".join([*kept, urlencode({"lang": language})])).geturl()


def too_wide(page: Page) -> Iterator[str]:
    """Find what makes a page scroll sideways."""
    width = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
    if width > 0:
        widest = page.evaluate(
            "() => [...document.querySelectorAll('body *')]"
            ".filter(e => e.getBoundingClientRect().right > innerWidth + 1)"
            ".map(e => e.tagName + '.' + e.className).slice(0, 5)"
        )
        yield f"{page.url}: {width}px too wide: {widest}"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("who", WHO)
def test_pages_fit_a_phone_and_every_reader(
    live_services: Live,
    new_page: NewPage,
    axe: Callable[[Page], list[str]],
    screenshot: Callable[[Page, str], None],
    who: str,
    language: str,
) -> None:
    urls = pages_of(live_services, who)
    page = new_page(size=PHONE, language=language)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(_origin(request)))
    enter(live_services, page, who)
    wrong: list[str] = []
    for number, url in enumerate(urls):
        page.goto(in_language(url, language))
        name = f"{who} {number:02} {language}"
        assert page.locator("html").get_attribute("lang") == language, url
        wrong += [*too_wide(page), *axe(page)]
        screenshot(page, f"{name} phone")
        if language == "fr":  # the longest words
            page.set_viewport_size({"width": DESK[0], "height": DESK[1]})
            wrong += [*too_wide(page), *axe(page)]
            screenshot(page, f"{name} desk")
            page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    assert not wrong, "\n".join(wrong)
    assert set(asked) <= {*live_services.origins, "data:"}, "somebody else was asked"


def _origin(request: Request) -> str:
    parts = urlsplit(request.url)
    return f"{parts.scheme}:" if not parts.netloc else f"{parts.scheme}://{parts.netloc}"


@pytest.mark.parametrize("service", ["wallet", "verifier"])
def test_first_page_is_light(live_services: Live, new_page: NewPage, service: str) -> None:
    page = new_page()
    requests: list[Request] = []
    page.on("requestfinished", lambda request: requests.append(request))
    page.goto(live_services.door(service)[0])
    page.wait_for_load_state("networkidle")
    sizes = [request.sizes() for request in requests]
    weight = sum(one["responseHeadersSize"] + one["responseBodySize"] for one in sizes)
    assert len(requests) >= 3, "page, styles, script"
    assert 0 < weight < FIRST_PAGE_BYTES


@pytest.mark.parametrize("who", WHO)
def test_everything_can_be_reached_by_keyboard(
    live_services: Live, new_page: NewPage, who: str
) -> None:
    page = new_page()
    enter(live_services, page, who)
    things = page.evaluate(
        "() => { const all = [...document.querySelectorAll('*')];"
        " return all.filter(e => e.matches('a[href], button, input, select, textarea, summary'))"
        ".filter(e => e.checkVisibility() && !e.disabled && !['hidden', 'radio'].includes(e.type))"
        ".map(e => all.indexOf(e)) }"
    )
    reached = set()
    for _ in range(len(things) + 20):
        page.keyboard.press("Tab")
        place, seen = page.evaluate(
            "() => { const e = document.activeElement; const s = getComputedStyle(e);"
            " return [e === document.body ? -1 : [...document.querySelectorAll('*')].indexOf(e),"
            " s.outlineStyle !== 'none' || s.boxShadow !== 'none'] }"
        )
        reached.add(place)
        assert seen or place < 0, page.evaluate("document.activeElement.outerHTML")
    assert set(things) <= reached


@pytest.mark.parametrize("service", SERVICES)
def test_the_first_tab_leads_past_the_header(
    live_services: Live, new_page: NewPage, service: str
) -> None:
    page = new_page()
    page.goto(live_services.door(service)[0])
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


@pytest.mark.parametrize("who", WHO)
def test_without_javascript_no_button_is_dead(
    live_services: Live, new_page: NewPage, who: str
) -> None:
    page = new_page(javascript=False)
    enter(live_services, page, who)
    for url in pages_of(live_services, who):
        page.goto(url)
        dead = page.locator("button[type=button]:visible").all_inner_texts()
        assert not dead, f"{url}: {dead}"


@pytest.mark.parametrize("service", SERVICES)
def test_language_switch_stays_where_it_is(
    live_services: Live, new_page: NewPage, service: str
) -> None:
    page = new_page()
    places = set()
    for url in pages_of(live_services, service):
        page.goto(in_language(url, "fr"))
        box = page.locator("nav.languages").bounding_box()
        assert box is not None
        places.add((box["x"], box["y"]))
        expect(page.locator("nav.languages a[aria-current=true]")).to_have_text("Français")
    assert len(places) == 1


@pytest.mark.parametrize("service", SERVICES)
def test_choosing_a_language_lasts(live_services: Live, new_page: NewPage, service: str) -> None:
    page = new_page(language="fr")
    page.goto(live_services.door(service)[0])
    page.get_by_role("link", name="Español").click()
    expect(page.locator("html")).to_have_attribute("lang", "es")
    page.locator("header a.home").click()
    expect(page.locator("html")).to_have_attribute("lang", "es")
    page.locator("main a[href]").first.click()
    expect(page.locator("html")).to_have_attribute("lang", "es")
