"""One task of each newer kind in a real browser: by tapping, by keyboard, without scripts."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from assessment_world import House
from kinds_world import SKILL, issuer_of, new_kinds, serving
from live import listener
from playwright.sync_api import Page, expect

from issuer import accounts

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
NewPage = Callable[..., Page]
Axe = Callable[[Page], list[str]]
EDGE = 48
"""Nearer to the edge of the screen than so many pixels, a page moves along with what is dragged."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, House]]:
    """Give an issuer with the newer kinds of tasks, at its address."""
    folder: Path = tmp_path_factory.mktemp("tasks")
    own = listener()
    port = own.getsockname()[1]
    app, house = issuer_of(new_kinds(folder), folder, clock=lambda: NOW, port=port)
    with serving(app, own) as address:
        yield address, house


def enter(place: tuple[str, House], page: Page, person: UUID, language: str = "en") -> None:
    address, house = place
    with house.database.transaction() as session:
        code = accounts.invite(session, person, now=NOW)
    page.goto(f"{address}/enter?code={code}&lang={language}")
    page.locator("main form button").first.click()
    page.wait_for_url(re.compile("/(me|examiner)/"))


def begin(place: tuple[str, House], page: Page, language: str = "en") -> UUID:
    """Sign in as somebody new and come to the first task of level 1."""
    person = place[1].candidate(f"Maria {language}")
    enter(place, page, person, language)
    page.goto(f"{place[0]}/me/start/{SKILL}")
    page.locator(f"main a[lang={language}]").click()
    page.locator("form:has([name=level][value='1']) button").click()
    page.wait_for_url("**/tasks/*")
    return person


def go_on(page: Page) -> None:
    """Send the answer and wait for the next page, with all that its scripts add."""
    with page.expect_navigation():
        page.locator("form#answer button[type=submit]").click()


def drag(page: Page, what: str, where: str, *, below: bool = False) -> None:
    """Take something at its grip and let go of it at the upper or lower part of something else.

    Both lie around the middle of the screen: near its edges the page would move along, and how far
    depends on how long the machine takes.
    """
    taken, target = box(page, what), box(page, where)
    height = page.evaluate("innerHeight")
    between = (taken["y"] + target["y"] + target["height"]) / 2
    page.evaluate("by => scrollBy({ top: by, behavior: 'instant' })", between - height / 2)
    for place, step in ((what, page.mouse.down), (where, page.mouse.up)):
        at = box(page, place)
        part = 0.5 if place == what else 0.9 if below else 0.2
        x, y = at["x"] + at["width"] / 2, at["y"] + at["height"] * part
        assert place == what or EDGE <= y <= height - EDGE
        page.mouse.move(x, y, steps=4)
        step()


def box(page: Page, what: str) -> dict[str, float]:
    found = page.locator(what).bounding_box()
    assert found is not None
    return dict(found)


def fits(page: Page) -> bool:
    return bool(page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"))


@pytest.mark.parametrize("language", ["en", "es", "fr"])
def test_every_kind_is_answered_by_tapping(
    place: tuple[str, House],
    new_page: NewPage,
    axe: Axe,
    screenshot: Callable[[Page, str], None],
    language: str,
) -> None:
    page = new_page(language=language)
    wrong: list[str] = []

    def look(name: str) -> None:
        wrong.extend(axe(page))
        assert fits(page), name
        screenshot(page, f"task {name} {language}")

    begin(place, page, language)
    look("listen")
    expect(page.locator("blockquote")).to_be_hidden()
    page.locator("label[for=answer-tomorrow]").click()
    go_on(page)

    page.locator("[data-place=fold]").click()
    page.locator("[data-place=cushion]").click()
    page.locator("[data-place=cushion]").click()  # a tap takes back
    page.locator("label[for=answer-fringe]").click()
    expect(page.locator(".places .on")).to_have_count(2)
    look("spot")
    go_on(page)

    day = page.locator("[data-slot='09:00']")
    page.locator("label[for=answer-lunch]").click()
    day.click()
    page.locator("label[for=answer-walk]").click()
    day.click()  # takes the place of the other
    expect(page.locator("#answer-lunch")).to_have_value("")
    page.locator("[data-slot='10:00']").click()  # stands fixed
    page.locator("#answer-lunch").select_option("12:00")
    page.locator("#answer-letters").select_option("later")
    expect(day).to_contain_text(page.locator("label[for=answer-walk]").inner_text())
    look("timetable")
    drag(page, "label[for=answer-letters] .grip", "[data-slot='11:00']")
    expect(page.locator("#answer-letters")).to_have_value("11:00")
    drag(page, "label[for=answer-letters] .grip", "h1")  # let go of elsewhere: nothing
    expect(page.locator("#answer-letters")).to_have_value("11:00")
    page.locator("#answer-letters").select_option("later")
    go_on(page)

    if language == "en":
        drag(page, "label[for=answer-tea] .grip", "label[for=answer-coat]", below=True)
        for number, step in enumerate(("bell", "coat", "tea"), 1):
            expect(page.locator(f"#answer-{step}")).to_have_value(str(number))
        look("steps dragged")
    else:
        for step in ("bell", "coat", "tea"):
            page.locator(f"label[for=answer-{step}]").click()
    look("steps first")
    go_on(page)
    expect(page.locator("#change")).to_be_visible()
    for step in ("call", "wait"):
        page.locator(f"label[for=answer-{step}]").click()
    drag(page, "label[for=answer-photo] .grip", "label[for=answer-call]")
    expect(page.locator("#answer-cup")).to_have_value("")  # only what is needed has a number
    page.locator("label[for=answer-photo]").click()
    for step in ("call", "wait"):
        page.locator(f"#answer-{step}").select_option("1" if step == "call" else "2")
    look("steps then")
    go_on(page)

    expect(page).to_have_url(re.compile("/check$"))
    expect(page.locator(".places .on")).to_have_count(2)
    expect(page.locator(".error-text")).to_have_count(0)
    look("check")
    page.locator("form[action$='/send'] button").click()
    expect(page.locator("ol.dots")).to_be_visible()

    examiner = new_page(language=language)
    person = place[1].examiner(f"Eva {language}", language=language, skill=SKILL)
    enter(place, examiner, person, language)
    examiner.locator("main a[role=button]").first.click()
    expect(examiner.locator(".places .on")).to_have_count(2)
    wrong += axe(examiner)
    assert fits(examiner)
    assert wrong == []


def test_every_kind_is_answered_without_scripts(
    place: tuple[str, House], new_page: NewPage
) -> None:
    page = new_page(javascript=False)
    begin(place, page)
    page.get_by_text("Show the words").click()
    expect(page.locator("blockquote")).to_be_visible()
    page.get_by_label("Tomorrow").check()
    go_on(page)
    page.get_by_label("The fold in the rug").check()
    go_on(page)
    page.get_by_label("A walk in the park").select_option("09:00")
    page.get_by_label("Warm up his lunch").select_option("12:00")
    page.get_by_label("Read old letters together").select_option("Not today")
    go_on(page)
    for number, step in enumerate(("I ring", "I hang up", "I make tea"), 1):
        page.get_by_label(re.compile(step)).select_option(str(number))
    go_on(page)
    page.get_by_label("I call the emergency number.").select_option("1")
    go_on(page)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Being looked at")).to_be_visible()


def test_every_kind_is_answered_by_keyboard(place: tuple[str, House], new_page: NewPage) -> None:
    page = new_page()

    def press(selector: str, *keys: str) -> None:
        page.locator(selector).focus()
        for key in keys:
            page.keyboard.press(key)

    def send(selector: str, *keys: str) -> None:
        with page.expect_navigation():
            press(selector, *keys)

    begin(place, page)
    send("#answer-tomorrow", "Space", "Enter")
    expect(page).to_have_url(re.compile("/look$"))
    press("#answer-fold", "Space")
    expect(page.locator(".places .on")).to_have_count(1)
    send("form#answer button[type=submit]", "Enter")
    for job, key in (("walk", "0"), ("lunch", "1"), ("letters", "N")):
        press(f"#answer-{job}", key)
    expect(page.locator("[data-slot='09:00']")).to_contain_text("A walk in the park")
    send("form#answer button[type=submit]", "Enter")
    for number, step in enumerate(("bell", "coat", "tea"), 1):
        press(f"#answer-{step}", str(number))
    send("form#answer button[type=submit]", "Enter")
    press("#answer-call", "1")
    send("form#answer button[type=submit]", "Enter")
    expect(page).to_have_url(re.compile("/check$"))


def test_pairs_are_made_by_dragging_and_by_two_taps(
    place: tuple[str, House], new_page: NewPage, axe: Axe
) -> None:
    page = new_page()
    begin(place, page)
    page.evaluate(
        """() => { document.querySelector("#answer > div").innerHTML = `
        <fieldset aria-labelledby="prompt" class="match">` + ["one", "two"].map(name => `
        <div class="line"><label for="answer-${name}">${name}</label>
        <select id="answer-${name}" name="answer-${name}"><option value="">-</option>
        <option value="a">First thing</option><option value="b">Other thing</option></select>
        </div>`).join("") + "</fieldset>" }"""
    )
    page.add_script_tag(url="/static/issuer/drag.js", type="module")
    drag(page, ".chip >> nth=1", "label[for=answer-one]")
    expect(page.locator("#answer-one")).to_have_value("b")
    page.locator(".chip").first.click()
    page.locator("label[for=answer-two]").click()
    expect(page.locator("#answer-two")).to_have_value("a")
    expect(page.locator(".chip.used")).to_have_count(2)
    expect(page.locator(".dragged, .picked, .drop-here")).to_have_count(0)
    assert axe(page) == []
    assert fits(page)


def test_work_goes_on_on_another_device_and_from_right_to_left(
    place: tuple[str, House], new_page: NewPage, axe: Axe
) -> None:
    phone = new_page()
    person = begin(place, phone)
    phone.locator("label[for=answer-sunday]").click()
    go_on(phone)
    tablet = new_page(size=(800, 1100))
    enter(place, tablet, person)
    expect(tablet.locator("main article").first).to_contain_text("1 of 4 tasks are answered.")
    assert axe(tablet) == []
    tablet.locator("main article a").first.click()
    expect(tablet.get_by_role("heading", name="Tap all places")).to_be_visible()
    turn = "() => document.querySelectorAll('[dir]:not(time)').forEach(e => { e.dir = 'rtl' })"
    for task in ("look", "day", "visit"):
        phone.goto(re.sub("look$", task, tablet.url))
        phone.evaluate(turn)
        assert fits(phone), task
        if task == "look":  # the places stay where they are in the picture
            place_of, picture = (
                phone.locator(which).bounding_box()
                for which in ("[data-place=fringe]", ".places img")
            )
            assert place_of is not None
            assert picture is not None
            assert abs(place_of["x"] - picture["x"] - 0.09 * picture["width"]) < 3
