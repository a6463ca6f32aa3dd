"""No page, button or setting leads nowhere, for anybody."""

from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
from live import DOORS, Live
from visitor import Page, Visitor


def enter(live: Live, who: str) -> tuple[Visitor, Page]:
    address, button = live.door(who)
    visitor = Visitor(*live.origins)
    page = visitor.open(address)
    return visitor, visitor.press(page, button) if button else page


@pytest.mark.parametrize("who", DOORS)
def test_every_link_leads_to_a_page(live_services: Live, who: str) -> None:
    visitor, start = enter(live_services, who)
    pages = list(visitor.walk(start, alike=6))
    assert pages
    wrong = [f"{page.url}: {page.status}" for page in pages if page.status != 200]
    for page in pages:
        wrong += _nowhere(visitor, page)
    assert not wrong, "\n".join(sorted(set(wrong)))


def _nowhere(visitor: Visitor, page: Page) -> list[str]:
    """Find what a page offers and what is not there: forms, parts, places within the page."""
    wrong = []
    for link in page.links:
        url = urljoin(page.url, link)
        place = urldefrag(url).fragment
        if urldefrag(url).url == urldefrag(page.url).url and place and place not in page.ids:
            wrong.append(f"{page.url}: no place {place} on the page")
        if urlsplit(url).scheme not in ("http", "https", "openid-credential-offer", "mailto"):
            wrong.append(f"{page.url}: strange link {link}")
    for form in page.forms:
        # Sent without anything it must be refused, by a page that exists.
        status = visitor.ask(form.method, urljoin(page.url, form.action))
        if status in (404, 405) or status >= 500:
            wrong.append(f"{page.url}: {form.method} {form.action} gives {status}")
    for part in page.parts:
        url = urljoin(page.url, part)
        if not part.startswith("data:") and visitor.ask("GET", url) != 200:
            wrong.append(f"{page.url}: {part} is not there")
    return wrong


def test_link_checker_sees_a_link_that_leads_nowhere(live_services: Live) -> None:
    visitor, start = enter(live_services, "verifier")
    start.links.append("/nowhere")
    assert visitor.open(urljoin(start.url, "/nowhere")).status == 404
    start.links.append("#nowhere")
    assert _nowhere(visitor, start) == [f"{start.url}: no place nowhere on the page"]
