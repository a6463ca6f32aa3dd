"""Voice, photo, practical and no network, in a real browser with a microphone that hums."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from assessment_world import NOW
from live import listener
from media_files import photo_with_place, webm
from media_world import MediaHouse, house_of, media_app
from network import Network, network_to
from patience import until
from playwright.sync_api import Page, expect
from sqlmodel import select
from waitress.server import create_server
from world import Clock

from issuer import accounts, assessment
from issuer.evidence_tables import Evidence

NewPage = Callable[..., Page]
Picture = Callable[[Page, str], None]
PHONE = (360, 740)


@dataclass(frozen=True)
class Site:
    """A centre whose tasks ask for voices and photos, and its address."""

    address: str
    house: MediaHouse
    network: Network
    elsewhere: str
    """The same centre by a network that is not cut."""

    def enter(self, page: Page, person: UUID, *, address: str = "") -> None:
        """Sign somebody in by their link."""
        with self.house.database.transaction() as session:
            code = accounts.invite(session, person, now=NOW)
        page.goto(f"{address or self.address}/enter?code={code}&lang=en")
        page.locator("main button[type=submit]").first.click()
        page.wait_for_url(lambda url: "/enter" not in url)

    def cut(self, page: Page) -> None:
        """Take the network away, as the phone notices it and for real."""
        page.context.set_offline(True)
        self.network.cut()

    def mend(self, page: Page) -> None:
        """Give the network back."""
        self.network.mend()
        page.context.set_offline(False)

    def task(self, page: Page, work: UUID, name: str, *, address: str = "") -> None:
        """Open a task."""
        page.goto(f"{address or self.address}/me/work/{work}/tasks/{name}")

    def answer(self, work: UUID, name: str) -> object:
        """Give what the centre has as the answer to a task."""
        with self.house.database.reading() as session:
            return assessment.answers(session, work).get(name)

    def file(self, work: UUID, name: str) -> Evidence | None:
        """Give the file that the centre has for a task."""
        with self.house.database.reading() as session:
            return session.exec(
                select(Evidence).where(Evidence.submission_id == work, Evidence.task_id == name)
            ).first()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Serve the centre to a browser."""
    own = listener()
    port = own.getsockname()[1]
    with network_to(port) as network:
        address = f"http://localhost:{network.port}"
        app = media_app(tmp_path, Clock(NOW), base_url=address)
        server = create_server(app, sockets=[own], threads=4)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        yield Site(address, house_of(app), network, f"http://localhost:{port}")
        server.close()
        thread.join(timeout=5)


@pytest.fixture
def candidate(site: Site) -> UUID:
    return site.house.candidate()


@pytest.fixture
def work(site: Site, candidate: UUID) -> UUID:
    return site.house.begun(candidate)


def go_on(page: Page) -> None:
    page.get_by_role("button", name="Keep and go on").click()


def waits(page: Page) -> None:
    expect(page.get_by_text("Saved on this phone.")).to_be_visible()


def is_sent(page: Page) -> None:
    expect(page.get_by_text("Everything is sent now.")).to_be_visible()


def level(page: Page) -> float:
    """Give how loud the page says that somebody speaks."""
    return float(page.locator("[data-level]").evaluate("meter => meter.value"))


def test_a_voice_is_recorded_heard_recorded_anew_and_kept(
    site: Site,
    candidate: UUID,
    work: UUID,
    new_page: NewPage,
    axe: Callable[[Page], list[str]],
    screenshot: Picture,
) -> None:
    page = new_page()
    site.enter(page, candidate)
    site.task(page, work, "tell")
    screenshot(page, "evidence asked")
    assert axe(page) == []
    page.get_by_role("button", name="Yes, you may").click()
    assert axe(page) == []
    screenshot(page, "evidence record")
    for button in ("Record", "Record again"):
        begun = time.monotonic()
        page.get_by_role("button", name=button, exact=True).click()
        expect(page.get_by_text("We record. Speak now.")).to_be_visible()
        until(page, "the meter moves", lambda: level(page) > 0)
        page.wait_for_timeout(1_200)
        screenshot(page, "evidence recording")
        page.get_by_role("button", name="Stop").click()
        expect(page.get_by_text("Listen. Then keep it")).to_be_visible()
        lasted = time.monotonic() - begun
        assert page.locator("[data-heard]").evaluate("sound => sound.paused")
    screenshot(page, "evidence recorded")
    go_on(page)
    page.wait_for_url("**/tasks/show")
    kept = site.file(work, "tell")
    assert kept is not None
    assert kept.content_type == "audio/webm"
    assert kept.seconds is not None
    assert 0.2 < kept.seconds < lasted + 1
    site.task(page, work, "tell")
    sound = page.get_by_label("Recording for task 2")
    sound.evaluate("sound => { sound.muted = true; return sound.play() }")  # it can be played
    page.get_by_role("button", name="Delete this recording").click()
    expect(page.get_by_text("This is your recording.")).to_be_hidden()
    assert site.file(work, "tell") is None


def test_without_a_microphone_one_chooses_a_file_or_writes(
    site: Site, candidate: UUID, work: UUID, new_page: NewPage, tmp_path: Path
) -> None:
    site.house.recording(candidate)
    page = new_page()
    page.add_init_script("navigator.mediaDevices.getUserMedia = () => Promise.reject('no')")
    site.enter(page, candidate)
    site.task(page, work, "tell")
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.get_by_text("Your phone does not let us hear you.")).to_be_visible()
    (tmp_path / "me.webm").write_bytes(webm(2))
    page.get_by_label("A recording of up to one minute").set_input_files(tmp_path / "me.webm")
    go_on(page)
    page.wait_for_url("**/tasks/show")
    assert site.file(work, "tell") is not None
    site.task(page, work, "tell")
    page.get_by_text("Write instead").click()
    page.get_by_label("Your words").fill("I open the window first.")
    go_on(page)
    page.wait_for_url("**/tasks/show")
    assert site.answer(work, "tell") == "I open the window first."
    assert site.file(work, "tell") is None


def test_without_javascript_everything_can_be_sent_too(
    site: Site, candidate: UUID, work: UUID, new_page: NewPage, tmp_path: Path
) -> None:
    (tmp_path / "me.jpg").write_bytes(photo_with_place())
    page = new_page(javascript=False)
    site.enter(page, candidate)
    site.task(page, work, "show")
    page.get_by_role("button", name="Yes, you may").click()
    page.get_by_label("Take a photo, or choose one").set_input_files(tmp_path / "me.jpg")
    assert page.locator("button[type=button]:visible").count() == 0
    go_on(page)
    page.wait_for_url("**/tasks/do")
    kept = site.file(work, "show")
    assert kept is not None
    assert kept.content_type == "image/jpeg"


def test_a_photo_is_seen_before_it_is_sent_and_can_be_deleted(
    site: Site,
    candidate: UUID,
    work: UUID,
    new_page: NewPage,
    axe: Callable[[Page], list[str]],
    screenshot: Picture,
    tmp_path: Path,
) -> None:
    site.house.recording(candidate)
    (tmp_path / "me.jpg").write_bytes(photo_with_place())
    page = new_page()
    site.enter(page, candidate)
    site.task(page, work, "show")
    field = page.get_by_label("Take a photo, or choose one")
    field.set_input_files(tmp_path / "me.jpg")
    expect(page.get_by_label("Your new photo")).to_be_visible()
    page.get_by_role("button", name="Delete this photo").click()
    assert field.evaluate("input => input.files.length") == 0
    field.set_input_files(tmp_path / "me.jpg")
    expect(page.get_by_label("Your new photo")).to_be_visible()
    screenshot(page, "evidence photo chosen")
    go_on(page)
    page.wait_for_url("**/tasks/do")
    screenshot(page, "evidence practical")
    assert axe(page) == []
    page.get_by_role("button", name="Go on").click()
    picture = page.get_by_role("img", name="Photo for task 3")
    expect(picture).to_be_visible()
    expect(picture).to_have_js_property("naturalWidth", 480)  # once it is loaded
    screenshot(page, "evidence check")
    assert axe(page) == []


def test_a_photo_that_is_taken_back_while_it_is_made_small_does_not_come_back(
    site: Site, candidate: UUID, work: UUID, new_page: NewPage, tmp_path: Path
) -> None:
    site.house.recording(candidate)
    (tmp_path / "me.jpg").write_bytes(photo_with_place())
    page = new_page()
    page.add_init_script(
        """const toBlob = HTMLCanvasElement.prototype.toBlob;
        window.held = [];
        HTMLCanvasElement.prototype.toBlob = function (done, ...how) {
          held.push(() => new Promise((end) =>
            toBlob.call(this, (blob) => { done(blob); end(); }, ...how)));
        };"""
    )
    site.enter(page, candidate)
    site.task(page, work, "show")
    field = page.get_by_label("Take a photo, or choose one")
    field.set_input_files(tmp_path / "me.jpg")
    until(page, "the photo is made small", lambda: page.evaluate("held.length"))
    field.set_input_files([])
    page.evaluate("held[0]()")
    assert field.evaluate("input => input.files.length") == 0
    expect(page.get_by_label("Your new photo")).to_be_hidden()


def test_what_is_no_photo_is_refused_in_words_and_words_stay(
    site: Site, candidate: UUID, work: UUID, new_page: NewPage, tmp_path: Path
) -> None:
    site.house.recording(candidate)
    (tmp_path / "me.jpg").write_bytes(b"GIF89a and so on")
    page = new_page()
    site.enter(page, candidate)
    site.task(page, work, "show")
    page.get_by_label("Take a photo, or choose one").set_input_files(tmp_path / "me.jpg")
    page.get_by_text("Describe it instead").click()
    page.get_by_label("Your words").fill("All is clean.")
    go_on(page)
    expect(page.locator("[data-refused]")).to_contain_text("Send a JPEG, PNG or WebP.")
    expect(page.get_by_label("Your words")).to_have_value("All is clean.")


def test_what_is_typed_is_there_again_and_goes_once_it_is_sent(
    site: Site, candidate: UUID, work: UUID, new_page: NewPage
) -> None:
    page = new_page()
    site.enter(page, candidate)
    site.task(page, work, "why")
    page.get_by_label("Your words").fill("Because it is")
    page.reload()
    expect(page.get_by_label("Your words")).to_have_value("Because it is")
    go_on(page)
    page.wait_for_url("**/tasks/tell")
    assert page.evaluate("Object.keys(localStorage).length") == 0


def test_answers_given_without_a_network_are_sent_when_it_is_back(
    site: Site,
    candidate: UUID,
    work: UUID,
    new_page: NewPage,
    screenshot: Picture,
) -> None:
    site.house.recording(candidate)
    page = new_page()
    site.enter(page, candidate)
    site.task(page, work, "why")
    pages_are_at_hand(page, 4)
    site.cut(page)
    page.get_by_label("Your words").fill("It is the dirtiest.")
    go_on(page)
    page.wait_for_url("**/tasks/tell")  # a page that was at hand
    waits(page)
    screenshot(page, "evidence offline")
    page.get_by_role("button", name="Record", exact=True).click()
    until(page, "the meter moves", lambda: level(page) > 0)
    page.wait_for_timeout(1_000)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Listen. Then keep it")).to_be_visible()
    go_on(page)
    page.wait_for_url("**/tasks/show")
    waits(page)
    assert site.answer(work, "why") is None
    site.mend(page)
    is_sent(page)
    assert site.answer(work, "why") == "It is the dirtiest."
    assert site.file(work, "tell") is not None
    expect(page.get_by_text("Saved on this phone.")).to_be_hidden()


def test_a_newer_answer_of_another_phone_stays_and_the_person_is_told(
    site: Site, candidate: UUID, work: UUID, new_page: NewPage
) -> None:
    old, new = new_page(), new_page()
    site.enter(old, candidate)
    site.task(old, work, "why")
    pages_are_at_hand(old, 4)
    site.cut(old)
    old.get_by_label("Your words").fill("From my old phone.")
    go_on(old)
    old.wait_for_url("**/tasks/tell")
    waits(old)
    old.wait_for_timeout(2_100)  # ages are told in seconds
    site.enter(new, candidate, address=site.elsewhere)
    site.task(new, work, "why", address=site.elsewhere)
    new.get_by_label("Your words").fill("From my new phone.")
    go_on(new)
    new.wait_for_url("**/tasks/tell")
    site.mend(old)
    expect(old.get_by_text("You gave a newer answer to this task.")).to_be_visible()
    assert site.answer(work, "why") == "From my new phone."


def test_the_next_person_on_a_phone_meets_nothing_of_the_one_before(
    site: Site, candidate: UUID, work: UUID, new_page: NewPage, screenshot: Picture
) -> None:
    page = new_page()
    site.enter(page, candidate)
    site.task(page, work, "why")
    pages_are_at_hand(page, 4)
    site.cut(page)
    page.get_by_label("Your words").fill("A secret of Maria.")
    go_on(page)
    page.wait_for_url("**/tasks/tell")
    waits(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("dialog")).to_contain_text("Not everything is sent yet")
    screenshot(page, "evidence leaving")
    page.get_by_role("button", name="Stay").click()
    site.mend(page)
    is_sent(page)
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{site.address}/")
    left = (
        "async () => [Object.keys(localStorage), await caches.keys(), await new Promise(done => {"
        " const request = indexedDB.open('m4h', 1); request.onsuccess = () => {"
        " const all = request.result.transaction('answers').objectStore('answers').getAll();"
        " all.onsuccess = () => done(all.result.length); } })]"
    )
    assert page.evaluate(left) == [[], [], 0]
    assert site.answer(work, "why") == "A secret of Maria."


def test_an_unsent_answer_waits_for_its_own_person(
    site: Site, candidate: UUID, work: UUID, new_page: NewPage
) -> None:
    page = new_page()
    site.enter(page, candidate)
    site.task(page, work, "why")
    pages_are_at_hand(page, 4)
    site.cut(page)
    page.get_by_label("Your words").fill("A secret of Maria.")
    go_on(page)
    page.wait_for_url("**/tasks/tell")
    waits(page)
    page.context.clear_cookies()  # closed without signing out
    page.goto("about:blank")
    site.mend(page)
    other = site.house.candidate("Ana")
    site.enter(page, other)
    site.task(page, site.house.begun(other), "why")
    expect(page.get_by_label("Your words")).to_have_value("")
    expect(page.get_by_text("Saved on this phone.")).to_be_hidden()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{site.address}/")
    assert site.answer(work, "why") is None
    site.enter(page, candidate)
    is_sent(page)
    assert site.answer(work, "why") == "A secret of Maria."


def test_every_text_of_a_task_can_be_heard_at_the_same_place(
    site: Site, candidate: UUID, work: UUID, new_page: NewPage
) -> None:
    page = new_page(size=PHONE)
    spoken = (
        "window.said = []; speechSynthesis.speak = words => said.push([words.text, words.lang]);"
    )
    page.add_init_script(spoken)
    site.enter(page, candidate)
    site.task(page, work, "do")
    assert page.evaluate("said") == []
    buttons = page.locator("main .listen-one")
    boxes = [box for one in buttons.all() if (box := one.bounding_box())]
    assert len(boxes) >= 7
    assert min(min(box["width"], box["height"]) for box in boxes) >= 48
    assert len({round(box["x"] + box["width"]) for box in boxes[-2:]}) == 1
    page.get_by_role("button", name="Listen: Puts on gloves.").click()
    assert page.evaluate("said") == [["Puts on gloves.", "es"]]


def test_an_examiner_hears_sees_observes_and_then_marks(
    site: Site,
    candidate: UUID,
    new_page: NewPage,
    axe: Callable[[Page], list[str]],
    screenshot: Picture,
) -> None:
    site.house.sent_with_files(candidate)
    page = new_page()
    site.enter(page, site.house.examiner())
    page.get_by_role("button", name=re.compile("Open S-")).click()
    expect(page.get_by_label("Recording for task 2")).to_be_visible()
    expect(page.get_by_role("img", name="Photo for task 3")).to_be_visible()
    screenshot(page, "evidence examiner file")
    assert axe(page) == []
    page.get_by_role("button", name="Fill in what I saw").click()
    page.get_by_role("group", name="Puts on gloves.").get_by_label("Not seen").check()
    page.get_by_role("button", name="Keep what I saw").click()
    expect(page.get_by_role("alert")).to_contain_text("Uses little water. Choose one of the three.")
    screenshot(page, "evidence examiner observes")
    assert axe(page) == []
    page.get_by_role("group", name="Uses little water.").get_by_label("Seen", exact=True).check()
    page.get_by_label("Note").fill("Gloves only at the end.")
    page.get_by_label("I do not know, teach").check()
    page.get_by_role("button", name="Keep what I saw").click()
    expect(page.get_by_text("Gloves only at the end.")).to_be_visible()
    screenshot(page, "evidence examiner observed")
    assert axe(page) == []


def pages_are_at_hand(page: Page, count: int) -> None:
    """Wait until the worker has kept the pages of all tasks, and what they need.

    The kept addresses are asked for again and again: a promise, as a predicate, is always true.
    """
    kept: list[str] = []
    for _ in range(240):
        kept = page.evaluate(
            "async () => { const urls = []; for (const name of await caches.keys())"
            " for (const one of await (await caches.open(name)).keys()) urls.push(one.url);"
            " return urls }"
        )
        pages = [url for url in kept if "/tasks/" in url]
        if len(pages) >= count and any(url.endswith("/queue.js") for url in kept):
            return
        page.wait_for_timeout(250)
    raise AssertionError(f"not at hand: {kept}")
