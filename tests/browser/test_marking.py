"""An examiner at the keyboard: keys mark, what is typed is saved, and nothing else is needed."""

from collections.abc import Callable

from live import Live
from playwright.sync_api import Page, Route, expect

NewPage = Callable[..., Page]
SAVED = "Saved. Only you see it."


def test_keys_mark_and_marks_are_saved_as_they_are_typed(
    live_services: Live, new_page: NewPage, axe: Callable[[Page], list[str]]
) -> None:
    page = new_page(size=(1280, 800))
    page.goto(live_services.issuer)
    page.get_by_role("button", name="Rosa", exact=True).click()
    page.get_by_role("article").get_by_role("button").first.click()
    page.wait_for_load_state()  # with the script that listens to keys
    expect(page.locator("#keys")).not_to_have_attribute("open", "")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_have_attribute("open", "")
    for key in ("j", "2", "j", "1", "k", "3"):
        page.keyboard.press(key)
    marks = page.locator("fieldset.criterion input:checked")
    assert [one.get_attribute("value") for one in marks.all()] == ["3", "1"]
    saved = page.locator("#saved-state")
    expect(saved).to_have_text(SAVED)
    said: list[str] = []

    def look(route: Route) -> None:
        said.append(saved.inner_text())
        route.continue_()

    address = f"**{page.locator('form[data-marks]').get_attribute('data-marks')}"
    page.route(address, look)
    page.locator("textarea").first.fill("2 pieces are missing, ask")  # digits and ? stay letters
    assert [one.get_attribute("value") for one in marks.all()] == ["3", "1"]
    expect(saved).to_have_text(SAVED)
    assert said == [""], "while something is not saved yet, the page does not say that all is"
    page.unroute(address)
    assert axe(page) == []
    page.reload()
    assert [one.get_attribute("value") for one in marks.all()] == ["3", "1"]
    expect(page.locator("textarea").first).to_have_value("2 pieces are missing, ask")
    page.get_by_role("button", name="Save for later").click()
    expect(page.get_by_text("Nobody else sees them.")).to_be_visible()
