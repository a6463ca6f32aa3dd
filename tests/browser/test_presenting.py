"""An examiner keeps the appointment in a wallet of their own, and comes in again by showing it."""

from collections.abc import Callable

from live import Live
from playwright.sync_api import Page, expect

NewPage = Callable[..., Page]
Look = Callable[[Page, str], None]


def test_an_examiner_signs_in_with_the_wallet(
    live_services: Live, new_page: NewPage, axe: Callable[[Page], list[str]], screenshot: Look
) -> None:
    page = new_page()

    def look(name: str) -> None:
        page.wait_for_load_state()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
        assert axe(page) == []
        screenshot(page, f"presenting-{name}")

    page.goto(live_services.issuer)
    page.get_by_role("button", name="Elena", exact=True).click()
    page.locator("summary", has_text="More").click()
    page.get_by_role("link", name="My appointments").click()
    page.get_by_role("link", name="My appointment as a badge").first.click()
    page.get_by_role("button", name="Make my badge").click()
    look("offer")

    page.get_by_role("button", name="Keep it in my wallet").click()
    page.get_by_role("button", name="Open my wallet").click()
    page.get_by_role("button", name="Open my wallet").click()
    page.get_by_role("button", name="I have my card. Go on").click()
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.get_by_text("This badge is yours now.")).to_be_visible()
    look("kept")

    page.goto(live_services.issuer)
    page.locator("summary", has_text="More").click()
    page.get_by_role("button", name="Sign out").click()
    look("start")
    page.get_by_role("button", name="Sign in with my wallet").click()
    look("ask")
    page.get_by_role("button", name="Open my wallet").click()
    expect(page.get_by_role("heading", name="Somebody asks for a badge")).to_be_visible()
    expect(page.locator("bdi.address")).to_have_text(live_services.issuer.removeprefix("http://"))
    look("who-asks")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_role("heading", name="Files to mark")).to_be_visible()
    expect(page).to_have_url(f"{live_services.issuer}/examiner/")
