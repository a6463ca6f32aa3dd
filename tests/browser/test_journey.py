"""One badge's way through the real three servers, in a real browser, as people walk it.

A worker does the tasks, an examiner marks them, an officer releases, the worker keeps and shows the
badge, an employer checks it. Then it is cancelled and seen to turn; tampered with and refused; and
a badge of an unknown signer stays amber.
"""

import json
import re
from collections.abc import Callable

import pytest
from live import Live
from playwright.sync_api import Page, expect

NewPage = Callable[..., Page]
Picture = Callable[[Page, str], None]


def enter(page: Page, address: str, name: str) -> None:
    page.goto(address)
    page.get_by_role("button", name=name, exact=True).click()


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


def test_one_badge_from_the_first_task_to_the_employers_phone(
    live_services: Live,
    new_page: NewPage,
    axe: Callable[[Page], list[str]],
    screenshot: Picture,
) -> None:
    services, visit, picture = live_services, new_page, screenshot
    # The worker comes in with an invitation, agrees, does the tasks, checks, sends.
    worker = visit()
    enter(worker, services.issuer, "Ion")
    worker.get_by_role("button", name="Go on").click()
    expect(worker.get_by_role("alert")).to_contain_text("Without your yes")
    worker.get_by_label("Yes, I want to do tasks").check()
    worker.get_by_role("button", name="Go on").click()
    worker.get_by_role("link", name=re.compile("Home cleaning")).click()
    worker.get_by_role("button", name="English").click()
    picture(worker, "issuer-levels")
    worker.get_by_role("button", name="Try Expert").click()
    do_the_tasks(worker, picture)
    picture(worker, "issuer-check-and-send")
    assert axe(worker) == []
    worker.get_by_role("button", name="Send", exact=True).click()
    expect(worker.get_by_text("Being looked at")).to_be_visible()

    # The examiner sees no name, marks every criterion, hands in.
    examiner = visit()
    enter(examiner, services.issuer, "Marc")
    examiner.get_by_role("article").filter(has_text="English").get_by_role("button").click()
    assert "Ion" not in examiner.locator("main").inner_text()
    examiner.get_by_role("button", name="Hand in my marks").click()
    expect(examiner.get_by_role("alert")).to_contain_text("Give a mark from 0 to 3.")
    for group in examiner.locator("fieldset.criterion").all()[:-1]:
        group.locator("input[value='2']").check()
    examiner.locator("#level-2").check()
    examiner.locator("#no_conflict").check()
    picture(examiner, "issuer-marking")
    examiner.get_by_role("button", name="Hand in my marks").click()
    expect(examiner.get_by_text("Your marks are kept.")).to_be_visible()

    # Until an officer releases it, there is no badge.
    worker.reload()
    expect(worker.get_by_text("Your centre prepares the badge.")).to_be_visible()
    officer = visit()
    enter(officer, services.issuer, "Omar")
    row = officer.get_by_role("article").filter(has_text="Home cleaning")
    row.get_by_role("checkbox").check()
    picture(officer, "issuer-release-queue")
    officer.get_by_role("button", name="Release the chosen badges").click()
    expect(officer.get_by_role("status").first).to_contain_text("1 badge is released")

    # The worker opens a wallet, sees what will be kept, keeps it.
    worker.reload()
    worker.get_by_role("button", name="Get my badge").click()
    picture(worker, "issuer-offer")
    worker.get_by_role("button", name="Keep it in my wallet").click()
    assert worker.url.startswith(services.wallet)
    picture(worker, "wallet-receive-closed")
    worker.get_by_role("button", name="Open my wallet").first.click()
    worker.get_by_label("What may we call you?").fill("Ion")
    worker.get_by_role("button", name="Open my wallet").click()
    picture(worker, "wallet-card")
    worker.get_by_role("button", name="I have my card. Go on").click()
    expect(worker.get_by_role("heading", name="A badge for you")).to_be_visible()
    picture(worker, "wallet-preview")
    worker.get_by_role("button", name="Keep", exact=True).click()
    expect(worker.get_by_role("heading", name=re.compile("Home cleaning"))).to_be_visible()
    expect(worker.get_by_text("I can clean").first).to_be_visible()
    picture(worker, "wallet-badge")
    badge_page = worker.url

    # The worker shows it, after seeing what will be seen.
    worker.goto(f"{services.wallet}/show")
    worker.get_by_role("checkbox").first.check()
    worker.get_by_role("button", name="See first what they see").click()
    picture(worker, "wallet-share-preview")
    worker.get_by_role("button", name="Show", exact=True).click()
    link = worker.locator("#link").input_value()
    assert link.startswith(f"{services.verifier}/check?share=")
    assert len(link) <= 300
    picture(worker, "wallet-share")

    # The employer's phone: one headline, each check, the endorsements.
    employer = visit()
    employer.goto(link)
    assert headline(employer) == "Genuine and valid today"
    steps = employer.locator("[data-step]").evaluate_all(
        "nodes => nodes.map(n => [n.dataset.step, n.dataset.outcome])"
    )
    assert ["proof", "passed"] in steps
    assert ["holder", "passed"] in steps
    assert {outcome for _step, outcome in steps} == {"passed"}
    assert employer.locator("[data-endorsement][data-counted='yes']").count() == 2
    assert employer.context.cookies() == [], "the verifier sets no cookie"
    assert axe(employer) == []
    picture(employer, "verifier-genuine")

    # Two officers cancel it; the same link turns.
    cancel(services, visit, officer, picture)
    employer.reload()
    assert headline(employer).startswith("Genuine, but no longer valid")
    expect(employer.locator("[data-step=status]")).to_contain_text("signer cancelled it")
    picture(employer, "verifier-cancelled")

    # A changed badge is refused, whatever it says.
    worker.goto(badge_page)
    with worker.expect_download() as download:
        worker.locator("a[href$='/file']").click()
    document = json.loads(download.value.path().read_text("utf-8"))
    document["credentialSubject"]["achievement"]["name"] = "Home cleaning - Expert"
    employer.goto(services.verifier)
    employer.locator("#text").fill(json.dumps(document))
    employer.get_by_role("button", name="Check", exact=True).click()
    assert headline(employer) == "Changed or false - do not rely on it"
    assert employer.locator(".headline.good").count() == 0
    picture(employer, "verifier-false")

    # The worker stops the share; the link then shows what a link that never was shows.
    worker.goto(f"{services.wallet}/shown")
    worker.get_by_role("button", name=re.compile("Stop")).first.click()
    employer.goto(link)
    expect(employer.get_by_role("heading")).to_contain_text("no longer shows anything")


def cancel(services: Live, visit: NewPage, officer: Page, picture: Picture) -> None:
    officer.goto(f"{services.issuer}/officer/badges")
    officer.locator("a[href*='/officer/badges/']").first.click()
    officer.locator("details", has=officer.locator("input[value=revoke]")).click()
    officer.locator("#revoke-fraud").check()
    officer.locator("form", has=officer.locator("#revoke-fraud")).locator("button").click()
    second = visit()
    enter(second, services.issuer, "Odile")
    second.wait_for_url("**/officer/")
    second.goto(officer.url.split("?")[0])
    picture(second, "issuer-cancel-confirm")
    second.locator("form[action$='/change/confirm'] button").click()


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
