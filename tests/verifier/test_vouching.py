"""A household vouches on the result page; what comes beside a badge is told apart by strength."""

import json
import re
from typing import Any

import pytest
from parties import NOW, Party
from verifier_world import BODY_NAME, SHARE, Employer, text
from werkzeug.test import TestResponse

from contexts import loads_strict
from credentials.endorsements import verify_endorsement
from credentials.trust import Trust
from credentials.vouching import sign_once
from keys.fetching import HttpRequest, HttpResponse

GOOD = {"sentence": "home", "town": "Madrid", "name": "", "true": "yes"}


@pytest.fixture
def employer() -> Employer:
    return Employer()


@pytest.fixture
def wallet(employer: Employer) -> list[HttpRequest]:
    """Let the share's host take words; give what it got."""
    return takes(employer, 201)


def takes(employer: Employer, status: int) -> list[HttpRequest]:
    got: list[HttpRequest] = []
    web = employer.web

    def answering(request: HttpRequest) -> HttpResponse:
        if request.method == "POST":
            got.append(request)
            return HttpResponse(status, {}, b"", request.url)
        return web(request)

    services = employer.app.extensions["mycred4home"]
    object.__setattr__(services, "fetch", answering)
    return got


def vouch(employer: Employer, badge: dict[str, Any], **form: str) -> TestResponse:
    fields = {"share": SHARE, "badge": badge["id"], **GOOD, **form}
    return employer.phone.post("/vouch?lang=en", data=fields)


def test_words_are_signed_about_exactly_this_badge_and_handed_to_the_shares_host(
    employer: Employer, wallet: list[HttpRequest]
) -> None:
    badge = employer.badge()
    page = employer.scans(employer.shown(badge))
    assert "Vouch for this person" in page.text
    assert f'value="{badge["id"]}"' in page.text
    answer = vouch(employer, badge)
    assert (answer.status_code, answer.location) == (303, "/vouched?lang=en")
    (sent,) = wallet
    assert sent.url == f"{SHARE}/endorsements"
    said = loads_strict((sent.body or b"").decode())
    assert said["issuer"]["name"] == "A household in Madrid"
    report = verify_endorsement(
        said, subjects={badge["id"]: "badge"}, trust=Trust(()), fetch=None, now=NOW
    )
    assert (report.counted, report.said_by) == (True, "unknown")


@pytest.mark.parametrize("change", ["forged", "revoked", "not mine", "unknown id", "bare"])
def test_nothing_is_signed_about_a_badge_that_is_not_genuine_and_shown_by_its_owner(
    employer: Employer, wallet: list[HttpRequest], change: str
) -> None:
    badge = employer.badge()
    shown = employer.shown(badge)
    if change == "forged":
        shown["verifiableCredential"][0] = {**badge, "name": "Better"}
    elif change == "revoked":
        employer.centre.revoked.add(int(badge["credentialStatus"]["statusListIndex"]))
    elif change == "not mine":
        shown = Party("Thief").show([badge])
    elif change == "bare":
        shown = badge
    page = employer.scans(shown)
    if change != "unknown id":
        assert "Vouch for this person" not in page.text
    asked = {**badge, "id": "urn:uuid:0"} if change == "unknown id" else badge
    assert vouch(employer, asked).status_code == 409
    assert wallet == []


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"sentence": ""}, "Write something, or choose a sentence."),
        ({"sentence": "own", "own": "  "}, "Write something"),
        ({"sentence": "own", "own": "x" * 301}, "too long"),
        ({"sentence": "own", "own": "Ask me: 612 345 678"}, "Leave out numbers"),
        ({"sentence": "own", "own": "Ask me: ٦١٢٣٤٥٦٧٨"}, "Leave out numbers"),
        ({"sentence": "own", "own": "see www.example.org"}, "Leave out numbers"),
        ({"town": "me@example.org"}, "Leave out numbers"),
        ({"town": "M" * 31}, "too long"),
        ({"name": "N" * 61}, "too long"),
        ({"name": BODY_NAME}, "Somebody we know has this name."),
        ({"true": ""}, "16 or older"),
    ],
)
def test_what_cannot_be_passed_on_is_said_and_nothing_is_sent(
    employer: Employer, wallet: list[HttpRequest], form: dict[str, str], said: str
) -> None:
    badge = employer.badge()
    employer.scans(employer.shown(badge))
    page = vouch(employer, badge, **form)
    assert page.status_code == 422
    assert said in text(page)
    assert wallet == []


def test_a_script_typed_on_the_form_is_read_not_run(
    employer: Employer, wallet: list[HttpRequest]
) -> None:
    badge = employer.badge()
    employer.scans(employer.shown(badge))
    page = vouch(employer, badge, sentence="own", own="<script>alert(1)</script>", true="")
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;" in page.text


@pytest.mark.parametrize(
    ("status", "said"),
    [(404, "takes no words"), (405, "takes no words"), (409, "no more words"), (500, "Try again")],
)
def test_a_wallet_that_does_not_take_it_is_not_thanked_for(
    employer: Employer, status: int, said: str
) -> None:
    takes(employer, status)
    badge = employer.badge()
    employer.scans(employer.shown(badge))
    page = vouch(employer, badge)
    assert page.status_code == 409
    assert said in text(page)


def test_one_visitor_may_not_vouch_without_end(employer: Employer) -> None:
    employer.open(vouches_allowed=2)
    takes(employer, 201)
    badge = employer.badge()
    employer.scans(employer.shown(badge))
    assert [vouch(employer, badge).status_code for _ in range(3)] == [303, 303, 429]


# --- what comes beside a badge -----------------------------------------------------------------


def standings(page: TestResponse) -> list[str]:
    return re.findall(r'data-standing="(\w+)"', page.text)


def beside(badge: dict[str, Any], comment: str = "Good work.", name: str = "A household") -> Any:
    return sign_once(badge["id"], comment=comment, name=name, now=NOW)


def test_a_household_beside_a_badge_is_shown_as_not_confirmed(employer: Employer) -> None:
    badge = employer.badge()
    page = employer.scans(employer.shown(badge, beside(badge)))
    assert standings(page) == ["counted", "unconfirmed"]
    assert "Their contact is not confirmed." in page.text
    item = page.text.split('data-standing="unconfirmed"')[1].split("</li>")[0]
    assert "Counts." not in item
    assert "not confirmed" in item


def test_households_alone_are_no_passed_check(employer: Employer) -> None:
    badge = employer.badge(issuer_endorsements=[])
    page = employer.scans(employer.shown(badge, beside(badge)))
    line = re.search(r'data-step="endorsements" data-outcome="(\w+)"', page.text)
    assert line
    assert line[1] != "passed"


def test_stapled_altered_and_self_made_ones_beside_a_badge_do_not_count(
    employer: Employer,
) -> None:
    badge, other = employer.badge(), employer.badge()
    altered = json.loads(json.dumps(beside(badge)))
    altered["credentialSubject"]["endorsementComment"] = "The best of all."
    page = employer.scans(
        employer.shown(
            badge, beside(other), altered, employer.worker.endorse(badge["id"], "I am good.")
        )
    )
    assert standings(page) == ["counted", "refused", "refused", "refused"]
    assert "It is about something else, not about this badge." in page.text
    assert "Said by the person themself." in page.text


def test_words_about_one_of_two_badges_stand_with_that_one_only(employer: Employer) -> None:
    first, second = employer.badge(), employer.badge()
    page = employer.scans(employer.shown(first, second, beside(second, "About the second.")))
    one, two = page.text.split('<article class="badge-card"')[1:]
    assert "About the second." not in one
    assert two.count("About the second.") == 1
    assert standings(page) == ["counted", "counted", "unconfirmed"]


def test_a_known_name_that_a_household_takes_comes_with_a_warning(employer: Employer) -> None:
    badge = employer.badge()
    page = employer.scans(employer.shown(badge, beside(badge, name=BODY_NAME)))
    assert standings(page) == ["counted", "unconfirmed"]
    assert "Careful: somebody we know has this name, but it is not them." in page.text
