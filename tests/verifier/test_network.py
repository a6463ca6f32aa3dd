"""What the verifier asks the network for: nothing about one badge, and never out of date."""

import json
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from parties import NOW, PrivateKey
from verifier_world import DID_DOCUMENT, SHARE, Employer, headline, text

from keys.fetching import CannotFetch, HttpRequest, HttpResponse
from verifier.settings import VerifierSettings
from verifier.tables import Fetched
from web.app import Services
from web.http import Fetcher
from web.settings_file import read_trust


@pytest.fixture
def employer() -> Employer:
    return Employer()


def services(employer: Employer) -> Services:
    found: Services = employer.app.extensions["mycred4home"]
    return found


def test_issuer_learns_nothing_about_which_badge_is_checked(employer: Employer) -> None:
    badges = [employer.framework_badge("es"), employer.framework_badge("fr", level=3)]
    asked = []
    for place, badge in enumerate(badges):
        employer.web.asked.clear()
        share = f"https://wallet.example/shares/{place}"
        assert headline(employer.scans(employer.shown(badge), share=share))[0] == "genuine"
        asked.append(set(employer.web.asked) - {share})
        assert share in employer.web.asked, "transport: the holder's own host"
    assert asked[0] == {DID_DOCUMENT, employer.centre.list_url}
    assert asked[1] <= asked[0]


def test_pasted_badge_asks_for_keys_and_status_list_only(employer: Employer) -> None:
    employer.pastes(employer.framework_badge("en"))
    assert set(employer.web.asked) == {DID_DOCUMENT, employer.centre.list_url}


def test_share_is_fetched_once_and_without_telling_who_asks(employer: Employer) -> None:
    employer.scans(employer.shown(employer.badge()))
    (request,) = [sent for sent in employer.web.sent if sent.url == SHARE]
    assert set(request.headers) == {"Accept"}


def test_cancelled_badge_is_seen_at_once_in_spite_of_the_cache(employer: Employer) -> None:
    shown = employer.shown(employer.badge())
    assert headline(employer.scans(shown))[0] == "genuine"
    employer.centre.revoked.add(4711)
    assert headline(employer.scans(shown))[0] == "no-longer-valid"


def test_keys_come_from_the_cache_for_some_minutes_only(employer: Employer) -> None:
    shown = employer.shown(employer.badge())
    for minutes, times in ((0, 1), (4, 1), (6, 2)):
        employer.clock.now = NOW + timedelta(minutes=minutes)
        employer.scans(shown)
        assert employer.web.asked.count(DID_DOCUMENT) == times


def test_badge_signed_with_a_new_key_is_not_called_false_because_of_the_cache(
    employer: Employer,
) -> None:
    assert headline(employer.pastes(employer.badge()))[0] == "genuine"
    employer.centre.key = PrivateKey.generate()
    assert headline(employer.pastes(employer.badge()))[0] == "genuine"


def test_old_copy_never_answers_for_a_list_that_cannot_be_fetched(employer: Employer) -> None:
    shown = employer.shown(employer.badge())
    assert headline(employer.scans(shown))[0] == "genuine"
    employer.web.statuses[employer.centre.list_url] = 503
    page = employer.scans(shown)
    assert headline(page)[0] == "not-checked"
    assert "We could not get the list of cancelled badges just now." in text(page)


def test_dates_of_the_lists_are_shown(employer: Employer) -> None:
    read = text(employer.scans(employer.shown(employer.badge())))
    assert "The list is of 24 Nov 2026, 08:00 UTC." in read
    assert f"{employer.centre.list_url} 24 Nov 2026, 09:00 UTC" in read


def test_strangers_cannot_fill_the_disk_through_the_cache(employer: Employer) -> None:
    employer.web.pages[SHARE] = b"x"
    big = "https://big.example/status/1"
    employer.web.pages[big] = b" " * 300_000
    badge = employer.badge(status={**employer.centre.entry(), "statusListCredential": big})
    employer.pastes(badge)
    with services(employer).database.reading() as session:
        assert session.get(Fetched, big) is None
        assert session.get(Fetched, DID_DOCUMENT) is not None
    employer.clock.now = NOW + timedelta(days=2)
    employer.pastes(employer.badge(status=None))
    with services(employer).database.reading() as session:
        assert session.get(Fetched, employer.centre.list_url) is None


def test_stopped_share_shows_a_page_that_says_what_to_do(employer: Employer) -> None:
    employer.web.statuses[SHARE] = 404
    page = employer.scans(None)
    assert page.status_code == 404
    assert "This link no longer shows anything. Ask the person for a new one." in text(page)
    assert "Demandez-en un nouveau" in text(employer.scans(None, "fr"))


@pytest.mark.parametrize("status", [None, 403, 500, 302])
def test_share_that_cannot_be_opened_says_nothing_about_the_badge(
    employer: Employer, status: int | None
) -> None:
    if status:
        employer.web.statuses[SHARE] = status
    page = employer.scans(None)
    assert headline(page)[0] == "not-checked"
    assert "This says nothing about the badge or the person." in text(page)


@pytest.mark.parametrize(
    "share",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "ftp://a.example/x",
        "//a.example/x",
        "https://",
        "https://[::1",
        "https://verifier.example/check?share=https://verifier.example/",
        "https://verifier.example",
        "https://a.example/" + "x" * 3_000,
        "",
    ],
)
def test_link_that_is_no_share_is_refused_before_anything_is_asked(
    employer: Employer, share: str
) -> None:
    page = employer.phone.get(f"/check?share={quote(share, safe='')}&lang=es")
    assert page.status_code == 400
    assert "Pida otra vez el enlace a la persona." in text(page)
    assert employer.web.asked == []


@pytest.mark.parametrize(
    "share",
    [
        "http://wallet.example/shares/x",
        "https://127.0.0.1/x",
        "https://10.0.0.1/x",
        "https://169.254.169.254/latest/meta-data",
        "https://user@wallet.example/x",
        "https://2130706433/x",
    ],
)
def test_real_client_does_not_reach_inside(employer: Employer, share: str) -> None:
    employer.web = Guarded()  # type: ignore[assignment]
    employer.open()
    page = employer.phone.get(f"/check?share={quote(share, safe='')}")
    assert headline(page)[0] == "not-checked"


class Guarded:
    """The real client; it must refuse by itself, before any connection."""

    def __init__(self) -> None:
        self.client = Fetcher()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with pytest.raises(CannotFetch):
            self.client(request)
        raise CannotFetch("refused")


def test_share_that_is_no_badge_is_not_called_false(employer: Employer) -> None:
    for body in (b"<html>hello</html>", b"\xff\xfe\x00", b"[]", b'{"a": 1}'):
        employer.web.pages[SHARE] = body
        assert headline(employer.scans(None))[0] == "not-checked"


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"parties": {}}',
        '{"parties": [{"id": "did:web:a.example", "name": "A", "roles": ["king"]}]}',
        '{"parties": [{"id": "http://a.example", "name": "A", "roles": ["issuer"]}]}',
        '{"parties": [{"id": "https://a.example#key", "name": "A", "roles": ["issuer"]}]}',
        '{"parties": [{"id": "did:web:a.example", "name": "A", "roles": [], "x": 1}]}',
    ],
)
def test_trust_list_with_a_mistake_is_refused_naming_the_file(tmp_path: Path, content: str) -> None:
    path = tmp_path / "trust.json"
    path.write_text(content, "utf-8")
    with pytest.raises(ValueError, match=r"trust\.json: "):
        read_trust(path)


def test_list_shown_to_machines_can_be_read_back(employer: Employer, tmp_path: Path) -> None:
    path = tmp_path / "trust.json"
    path.write_text(employer.phone.get("/trust.json").text, "utf-8")
    assert read_trust(path) == employer.trust


def test_trust_list_of_the_operator_is_the_only_one(employer: Employer) -> None:
    settings = services(employer).settings
    assert isinstance(settings, VerifierSettings)
    machine = json.loads(employer.phone.get("/trust.json").text)
    assert machine["parties"] == [
        {"id": employer.body.did, "name": employer.body.name, "roles": ["endorser"]}
    ]
