"""The script of the demo, twelve minutes for people, in a real browser against real servers.

Language and audio; a worker does tasks; two examiners give the highest level; an officer releases;
the worker keeps and shows; a household checks and vouches, and the next one sees it; another badge
is cancelled and its link turns, while nobody asks for anything of one badge; an expert becomes an
examiner and marks; the coordinator looks at the board; a tampered picture is refused, and a peer
that we did not write accepts the badge that was not.
"""

import io
import json
import re
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from live import Live
from node_peer import CONTEXTS, in_node
from PIL import Image
from playwright.sync_api import Page, expect

from credentials.formats.baking import bake
from issuer.framework import frameworks

NewPage = Callable[..., Page]
Picture = Callable[[Page, str], None]


def enter(page: Page, address: str, name: str) -> None:
    page.goto(address)
    here = page.url
    page.get_by_role("button", name=name, exact=True).click()
    page.wait_for_url(lambda url: url != here)


def do_the_tasks(page: Page, picture: Picture) -> None:
    """Answer whatever comes, as anyone could by tapping."""
    for _ in range(20):
        if re.search(r"/work/[^/]+/check$", page.url):
            return
        form = page.locator("form#answer")
        for place, select in enumerate(form.locator(".order select").all(), 1):
            select.select_option(str(place))
        for select in form.locator(".match select").all():
            select.select_option(index=1)
        boxes = form.locator("input[type=radio], input[type=checkbox]")
        if boxes.count():
            boxes.first.check()
        for text in form.locator("textarea").all():
            text.fill("I look first. Then I ask. I tell at once what happened.")
        picture(page, page.title().lower().replace(" ", "-"))
        with page.expect_navigation():
            form.get_by_role("button", name="Keep and go on").click()
    raise AssertionError("the tasks never end")


def headline(page: Page) -> str:
    return page.locator("[data-headline] h1").inner_text()


@dataclass
class Script:
    """The windows of everybody in the play."""

    services: Live
    visit: NewPage
    axe: Callable[[Page], list[str]]
    picture: Picture
    folder: Path
    worker: Page = field(init=False)
    officer: Page = field(init=False)
    household: Page = field(init=False)
    badge: str = ""
    """Where the worker's badge is in the wallet."""
    link: str = ""
    """What the worker shows."""

    # --- the worker -----------------------------------------------------------------------------

    def a_worker_chooses_a_language_and_can_listen(self) -> None:
        page = self.worker = self.visit()
        page.goto(self.services.issuer)
        page.get_by_role("link", name="Français").click()
        expect(page.locator("html")).to_have_attribute("lang", "fr")
        assert page.locator("[data-listen]").count() == 1
        assert page.locator("[data-speak]").count() >= 1
        page.get_by_role("link", name="English").click()
        page.get_by_role("button", name="Ion", exact=True).click()

    def the_worker_agrees_and_does_the_tasks(self) -> None:
        page = self.worker
        page.get_by_role("button", name="Go on").click()
        expect(page.get_by_role("alert")).to_contain_text("Without your yes")
        page.get_by_label("I am 16 or older").check()
        page.get_by_label("Yes, I want to do tasks").check()
        page.get_by_role("button", name="Go on").click()
        page.get_by_role("link", name=re.compile("Home cleaning")).click()
        page.get_by_role("button", name="English").click()
        self.picture(page, "issuer-levels")
        page.get_by_role("button", name="Try Expert").click()
        page.wait_for_url("**/tasks/*")
        do_the_tasks(page, self.picture)
        self.picture(page, "issuer-check-and-send")
        assert self.axe(page) == []
        page.get_by_role("button", name="Send", exact=True).click()
        expect(page.get_by_text("Being looked at")).to_be_visible()

    # --- the centre -----------------------------------------------------------------------------

    def two_examiners_give_the_highest_level(self) -> None:
        examiner = self.visit()
        enter(examiner, self.services.issuer, "Marc")
        examiner.get_by_role("article").filter(has_text="English").get_by_role("button").click()
        examiner.wait_for_url("**/files/**")
        assert "Ion" not in examiner.locator("main").inner_text()
        examiner.get_by_role("button", name="Hand in my marks").click()
        expect(examiner.get_by_role("alert")).to_contain_text("Give a mark from 0 to 3.")
        hand_in(examiner, 3)
        self.picture(examiner, "issuer-marked")
        self.worker.reload()
        expect(self.worker.get_by_text("Being looked at")).to_be_visible()
        second = self.visit()
        enter(second, self.services.issuer, "Rosa")
        second.goto(f"{self.services.issuer}/examiner/?lang=en")
        second.get_by_role("article").filter(has_text="English").get_by_role("button").click()
        hand_in(second, 3)

    def an_officer_releases_the_batch(self) -> None:
        self.worker.reload()
        expect(self.worker.get_by_text("Your centre prepares the badge.")).to_be_visible()
        page = self.officer = self.visit()
        enter(page, self.services.issuer, "Omar")
        for row in page.get_by_role("article").get_by_role("checkbox").all():
            row.check()
        self.picture(page, "issuer-release-queue")
        page.get_by_role("button", name="Release the chosen badges").click()
        expect(page.get_by_role("status").first).to_contain_text("released")

    # --- the wallet -----------------------------------------------------------------------------

    def the_worker_keeps_the_badge(self) -> None:
        page = self.worker
        page.reload()
        page.get_by_role("button", name="Get my badge").click()
        self.picture(page, "issuer-offer")
        page.get_by_role("button", name="Keep it in my wallet").click()
        page.wait_for_url(f"{self.services.wallet}/**")
        self.picture(page, "wallet-receive-closed")
        page.get_by_role("button", name="Open my wallet").first.click()
        page.get_by_label("What may we call you?").fill("Ion")
        page.get_by_role("button", name="Open my wallet").click()
        self.picture(page, "wallet-card")
        page.get_by_role("button", name="I have my card. Go on").click()
        expect(page.get_by_role("heading", name="A badge for you")).to_be_visible()
        self.picture(page, "wallet-preview")
        page.get_by_role("button", name="Keep", exact=True).click()
        expect(page.get_by_role("heading", name=re.compile("Home cleaning"))).to_be_visible()
        expect(page.get_by_text("I can clean").first).to_be_visible()
        self.picture(page, "wallet-badge")
        self.badge = page.url

    def the_worker_shows_it(self) -> None:
        page = self.worker
        page.goto(f"{self.services.wallet}/show")
        page.get_by_role("checkbox").first.check()
        page.get_by_role("button", name="See first what they see").click()
        self.picture(page, "wallet-share-preview")
        page.get_by_role("button", name="Show", exact=True).click()
        self.link = page.locator("#link").input_value()
        assert self.link.startswith(f"{self.services.verifier}/check?share=")
        assert len(self.link) <= 300
        self.picture(page, "wallet-share")

    # --- the household --------------------------------------------------------------------------

    def a_household_sees_five_lines(self) -> None:
        page = self.household = self.visit()
        page.goto(self.link)
        assert headline(page) == "Genuine and valid today"
        steps = page.locator("[data-step]").evaluate_all(
            "nodes => nodes.map(n => [n.dataset.step, n.dataset.outcome])"
        )
        ended = dict(steps)
        assert {"proof", "recognition", "status", "dates", "holder"} <= set(ended)
        assert set(ended.values()) == {"passed"}
        assert page.locator("[data-endorsement][data-counted='yes']").count() == 2
        assert page.context.cookies() == [], "the verifier sets no cookie"
        assert self.axe(page) == []
        self.picture(page, "verifier-genuine")

    def a_household_vouches_and_the_next_one_sees_it(self) -> None:
        """It is the worker who decides, and nobody takes a household for a body we know."""
        page = self.visit()
        page.goto(self.link)
        page.get_by_text("Vouch for this person").click()
        form = page.locator("form.vouch")
        form.get_by_label("This person has worked in our home.").check()
        form.get_by_label("Your town, if you like").fill("Madrid")
        form.get_by_label("I am 16 or older.").check()
        self.picture(page, "verifier-vouch")
        assert self.axe(page) == []
        form.get_by_role("button", name="Send to the person").click()
        expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
        assert page.context.cookies() == [], "the verifier sets no cookie"
        self.picture(page, "verifier-vouched")
        page.goto(self.link)
        assert page.locator("[data-standing=unconfirmed]").count() == 0, "not yet: she decides"
        self.worker.goto(self.badge)
        self.picture(self.worker, "wallet-somebody-vouches")
        assert self.axe(self.worker) == []
        self.worker.get_by_role("button", name="Keep it with this badge").click()
        expect(self.worker.get_by_role("heading", name="People vouch for you")).to_be_visible()
        self.picture(self.worker, "wallet-vouched")
        self.the_worker_shows_it()
        page.goto(self.link)
        assert headline(page) == "Genuine and valid today"
        said = page.locator("[data-standing=unconfirmed]")
        expect(said).to_have_count(1)
        expect(said).to_contain_text("A household in Madrid")
        expect(said).to_contain_text("Their contact is not confirmed.")
        expect(said).not_to_contain_text("Counts.")
        assert self.axe(page) == []
        said.scroll_into_view_if_needed()
        self.picture(page, "verifier-vouched-for")

    def another_badge_is_cancelled_and_turns(self) -> None:
        """What the verifier asks for is the same before and after, and names no badge."""
        shown = self.visit()
        enter(shown, self.services.wallet, "Lucía")
        shown.wait_for_url("**/badges*")
        shown.goto(f"{self.services.wallet}/show?lang=en")
        shown.get_by_label(re.compile("Organiz")).check()
        shown.get_by_role("button", name="See first what they see").click()
        shown.get_by_role("button", name="Show", exact=True).click()
        link = shown.locator("#link").input_value()
        page = self.visit()
        page.goto(link)
        assert headline(page) == "Genuine and valid today"
        before = asked(page, link)
        cancel(self.services, self.visit, self.visit(), self.picture)
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        page.reload()
        assert headline(page).startswith("Genuine, but no longer valid")
        expect(page.locator("[data-step=status]")).to_contain_text("signer cancelled it")
        self.picture(page, "verifier-cancelled")
        assert asked(page, link) == before
        issuer = self.services.issuer
        assert before == {f"{issuer}/.well-known/did.json", f"{issuer}/status/1"}
        assert {url.split("/check")[0].split("/static")[0] for url in requests} == {
            self.services.verifier
        }, "the browser of the household asks nobody but the verifier"
        self.household.reload()
        assert headline(self.household) == "Genuine and valid today"

    # --- the expert and the coordinator -----------------------------------------------------------

    def an_expert_becomes_an_examiner_and_marks(self) -> None:
        issuer = self.services.issuer
        page = self.visit()
        enter(page, issuer, "Fatou")
        page.goto(f"{issuer}/examining/?lang=en")
        page.get_by_role("button", name="I would like to · Français").click()
        coordinator = self.visit()
        enter(coordinator, issuer, "Clara")
        coordinator.goto(f"{issuer}/coordinator/examiners/?lang=en")
        coordinator.get_by_role("article").filter(has_text="Fatou").get_by_role(
            "button", name="Invite"
        ).click()
        page.goto(f"{issuer}/examining/?lang=en")
        page.get_by_role("button", name="Read the rules and go on").click()
        page.get_by_label("I keep to these rules.").check()
        page.get_by_role("button", name="Go on").click()
        page.get_by_role("button", name="Begin with the five files").click()
        expect(page.get_by_role("button", name="Hand in my marks")).to_be_visible()
        references = frameworks()["mycred4home"].references("technical-cleaning", "fr")
        agreed = {file.id: file for file in references}
        for _ in range(5):
            file = agreed[page.url.split("?")[0].rsplit("/", 1)[1]]
            for criterion, mark in file.marks.items():
                page.locator(f"#mark-{criterion}-{mark}").check()
                page.locator(f"#note-{criterion}").fill("As the rubric says.")
            page.locator(f"#level-{file.level}").check()
            with page.expect_navigation():
                page.get_by_role("button", name="Hand in my marks").click()
        self.picture(page, "issuer-calibrated")
        page.goto(f"{issuer}/examiner/?lang=en")
        page.get_by_role("article").filter(has_text="Home cleaning").first.get_by_role(
            "button"
        ).click()
        hand_in(page, 2)

    def the_coordinator_looks_at_the_board(self) -> None:
        page = self.visit(size=(1280, 800))
        enter(page, self.services.issuer, "Clara")
        page.goto(f"{self.services.issuer}/coordinator/?lang=en")
        expect(page.get_by_role("heading", name="The pilot in figures")).to_be_visible()
        expect(page.get_by_role("link", name="Table by group (CSV)")).to_be_visible()
        for name in ("Ion", "Fatou", "Lucía"):
            assert name not in page.locator("main").inner_text()
        self.picture(page, "issuer-board")

    # --- pictures, and others' tools ------------------------------------------------------------

    def a_tampered_picture_is_refused_and_a_peer_accepts_the_true_one(self) -> None:
        self.worker.goto(self.badge)
        with self.worker.expect_download() as download:
            self.worker.locator("a[href$='/file']").click()
        text = download.value.path().read_text("utf-8")
        plain = io.BytesIO()
        Image.new("RGB", (64, 64), "teal").save(plain, "PNG")
        page = self.household
        for name, content, wanted in (
            ("true.png", text, "Genuine and valid today"),
            ("false.png", text.replace("Expert", "Export", 1), "Changed or false"),
        ):
            path = self.folder / name
            path.write_bytes(bake(plain.getvalue(), content))
            page.goto(f"{self.services.verifier}/?lang=en")
            page.locator("input[type=file]").set_input_files(path)
            page.get_by_role("button", name="Check", exact=True).click()
            assert headline(page).startswith(wanted)
        assert page.locator(".headline.good").count() == 0
        self.picture(page, "verifier-false")
        accepted_by_a_peer(text, self.services.issuer)

    def the_worker_stops_showing(self) -> None:
        self.worker.goto(f"{self.services.wallet}/shown")
        self.worker.get_by_role("button", name=re.compile("Stop")).first.click()
        expect(self.worker.get_by_text("You stopped it.")).to_be_visible()
        self.household.goto(self.link)
        expect(self.household.get_by_role("heading")).to_contain_text("no longer shows anything")


def cancel(services: Live, visit: NewPage, officer: Page, picture: Picture) -> None:
    """Let two officers cancel the badge of Lucía that she shows."""
    enter(officer, services.issuer, "Olga")
    officer.goto(f"{services.issuer}/officer/badges?lang=en")
    officer.get_by_role("link", name=re.compile("Organi[sz].*(Beginner|Inicial)")).click()
    officer.locator("details", has=officer.locator("input[value=revoke]")).click()
    officer.locator("#revoke-fraud").check()
    officer.locator("form", has=officer.locator("#revoke-fraud")).locator("button").click()
    expect(officer.get_by_text("another person confirms")).to_be_visible()
    second = visit()
    enter(second, services.issuer, "Óscar")
    second.goto(officer.url.split("?")[0])
    picture(second, "issuer-cancel-confirm")
    second.locator("form[action$='/change/confirm'] button").click()
    second.wait_for_url(lambda url: "done=revoke" in url)


def hand_in(page: Page, level: int) -> None:
    """Mark every criterion alike, write a note where it is asked for, and hand in."""
    expect(page.get_by_role("button", name="Hand in my marks")).to_be_visible()
    page.wait_for_load_state()
    for group in page.locator("fieldset.criterion").all()[:-1]:
        group.locator(f"input[value='{level}']").check()
    page.locator(f"#level-{level}").check()
    page.locator("#no_conflict").check()
    page.get_by_role("button", name="Hand in my marks").click()
    expect(page.get_by_text("Your marks are kept.")).to_be_visible()


def asked(page: Page, link: str) -> set[str]:
    """Give the addresses that the verifier asked for to judge what a link shows."""
    report = page.context.request.get(f"{link}&format=json").json()
    return {one["url"] for one in report["asked"]}


def accepted_by_a_peer(text: str, issuer: str) -> None:
    """Let a library that we did not write verify a badge, and refuse it changed."""
    with urllib.request.urlopen(f"{issuer}/.well-known/did.json", timeout=60) as answer:
        did_document = json.load(answer)
    documents = {**CONTEXTS, did_document["id"]: did_document}
    badge = json.loads(text)
    found = in_node("verify", document=badge, documents=documents)
    assert found["verified"], found["error"]
    assert not in_node("verify", document={**badge, "name": "X"}, documents=documents)["verified"]


def test_the_script_of_the_demo(
    live_services: Live,
    new_page: NewPage,
    axe: Callable[[Page], list[str]],
    screenshot: Picture,
    tmp_path: Path,
) -> None:
    play = Script(live_services, new_page, axe, screenshot, tmp_path)
    play.a_worker_chooses_a_language_and_can_listen()
    play.the_worker_agrees_and_does_the_tasks()
    play.two_examiners_give_the_highest_level()
    play.an_officer_releases_the_batch()
    play.the_worker_keeps_the_badge()
    play.the_worker_shows_it()
    play.a_household_sees_five_lines()
    play.a_household_vouches_and_the_next_one_sees_it()
    play.another_badge_is_cancelled_and_turns()
    play.an_expert_becomes_an_examiner_and_marks()
    play.the_coordinator_looks_at_the_board()
    play.a_tampered_picture_is_refused_and_a_peer_accepts_the_true_one()
    play.the_worker_stops_showing()


def test_unknown_signer_is_amber_never_green(
    live_services: Live, new_page: NewPage, screenshot: Picture
) -> None:
    employer = new_page()
    enter(employer, live_services.verifier, "A badge of a signer whom nobody knows")
    assert headline(employer) == "Genuine, but we do not know who signed"
    assert employer.locator(".headline.warn").count() == 1
    assert employer.locator(".headline.good").count() == 0
    expect(employer.locator("main")).to_contain_text("not confirmed")
    screenshot(employer, "verifier-unknown")


@pytest.mark.parametrize(
    ("sample", "wanted"),
    [
        ("Two good badges, shown by their owner", "Genuine and valid today"),
        ("A badge that was cancelled", "Genuine, but no longer valid"),
        ("A badge that has run out", "Genuine, but no longer valid"),
        ("A forged badge: the level was changed", "Changed or false - do not rely on it"),
    ],
)
def test_sample_badges_get_their_headline(
    live_services: Live, new_page: NewPage, sample: str, wanted: str
) -> None:
    employer = new_page()
    enter(employer, live_services.verifier, sample)
    assert headline(employer).startswith(wanted)


def test_the_way_works_without_scripts(live_services: Live, new_page: NewPage) -> None:
    worker = new_page(javascript=False)
    enter(worker, live_services.wallet, "Fatou")
    worker.wait_for_url("**/badges*")  # in her own language
    worker.goto(f"{live_services.wallet}/show?lang=en")
    worker.get_by_role("checkbox").first.check()
    worker.get_by_role("button", name="See first what they see").click()
    worker.get_by_role("button", name="Show", exact=True).click()
    link = worker.locator("#link").input_value()
    employer = new_page(javascript=False)
    employer.goto(link)
    assert headline(employer) == "Genuine and valid today"
