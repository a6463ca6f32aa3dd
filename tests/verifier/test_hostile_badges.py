"""Badges written to attack the one who reads them: everything stays text, nothing is loaded."""

import json
import re
from html import unescape
from typing import Any

import pytest
from parties import ACHIEVEMENT, Party
from verifier_world import Employer, headline, text

from verifier.strangers import clean, clean_name, isolated

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>"
MARKDOWN = (
    "# Title\n\n![x](https://evil.example/a.png) [click](javascript:alert(1))\n\n"
    '<a href="https://evil.example">here</a> **bold** ' + SCRIPT
)


@pytest.fixture
def employer() -> Employer:
    return Employer()


def signed(employer: Employer, **changes: Any) -> dict[str, Any]:
    """Give a badge that a recognised signer really signed, with hostile texts in it."""
    document = employer.centre.unsigned_badge(
        employer.worker.did,
        issuer_endorsements=[employer.body.endorse(employer.centre.did, changes.pop("said", "Ok"))],
    )
    document |= {name: changes[name] for name in ("name", "description") if name in changes}
    achievement = document["credentialSubject"]["achievement"]
    achievement |= changes.get("achievement", {})
    if "issuer_name" in changes:
        document["issuer"]["name"] = changes["issuer_name"]
    return employer.centre.sign(document)


def attributes(page: str) -> list[str]:
    return re.findall(r'\s(?:href|src|action|style|on\w+|srcset|data)="([^"]*)"', page)


def test_html_and_markdown_of_a_badge_stay_text(employer: Employer) -> None:
    page = employer.scans(
        employer.shown(
            signed(
                employer,
                name=SCRIPT,
                issuer_name=SCRIPT,
                said=SCRIPT,
                achievement={
                    "name": SCRIPT,
                    "description": SCRIPT,
                    "criteria": {"narrative": MARKDOWN},
                    "creator": {"id": "did:key:z6Mk", "type": ["Profile"], "name": SCRIPT},
                    "image": {"id": "https://evil.example/track.png", "type": "Image"},
                },
            )
        )
    )
    assert headline(page)[0] == "genuine"
    assert "<script>alert" not in page.text
    assert "<img" not in page.text
    assert "onerror=alert" in unescape(page.text), "shown as text"
    assert '<a href="https://evil' not in page.text
    assert not [one for one in attributes(page.text) if "evil" in one or "javascript" in one]
    assert "bold" in text(page)
    assert "**bold**" not in text(page)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "https://evil.example/phish",
        "http://data.europa.eu@evil.example/",
        "https://www.coe.int.evil.example/",
        'https://www.coe.int/"><script>',
        "https://www.coe.int@evil.example/",
    ],
)
def test_badge_cannot_choose_where_links_lead(employer: Employer, url: str) -> None:
    row = {"type": ["Alignment"], "targetName": "Click here", "targetUrl": url}
    shown = employer.shown(signed(employer, achievement={"alignment": [row]}))
    page = employer.scans(shown)
    for link in attributes(page.text):
        assert "evil" not in link
        assert not link.startswith(("javascript:", "data:"))


def test_links_to_known_lists_are_safe(employer: Employer) -> None:
    page = employer.scans(employer.shown(employer.framework_badge("en")))
    outside = re.findall(r'<a href="(https?:[^"]*)"([^>]*)>', page.text)
    assert len(outside) >= 6
    for url, rest in outside:
        assert url.startswith("https://")
        assert 'rel="noopener noreferrer nofollow"' in rest


def test_nothing_is_loaded_from_elsewhere(employer: Employer) -> None:
    page = employer.scans(employer.shown(employer.framework_badge("en")))
    loaded = re.findall(r'<(?:link|script|img|iframe)\b[^>]*(?:href|src)="([^"]*)"', page.text)
    assert loaded
    assert all(one.startswith("/static/") for one in loaded)
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "http" not in policy


@pytest.mark.parametrize("control", ["\u202e", "\u2066", "\u200b", "\u200f", "\ufeff"])
def test_characters_that_turn_or_hide_are_taken_out(employer: Employer, control: str) -> None:
    name = f"Trai{control}ning"
    page = employer.scans(employer.shown(signed(employer, name=name, issuer_name=name, said=name)))
    assert headline(page)[0] in ("genuine", "false")  # some are refused as unsafe already
    assert control not in page.text.replace("\ufeff", "", 1 if control != "\ufeff" else 0)


def test_names_are_isolated_from_the_text_around_them(employer: Employer) -> None:
    page = employer.scans(employer.shown(signed(employer, issuer_name="مركز التدريب")))
    assert "<bdi>مركز التدريب</bdi>" in page.text
    assert "Signed by \u2068مركز التدريب\u2069, recognised" in unescape(page.text)
    assert isolated("Centre") == "Centre"


def test_marks_are_not_piled_up_and_lengths_are_bounded() -> None:
    assert clean("a" + "\u0301" * 50) == "a\u0301\u0301"
    assert len(clean("x" * 100_000)) <= 4_000
    assert len(clean_name("x\n" * 1_000)) <= 120
    assert clean_name("a\n\tb") == "a b"
    assert clean(["not", "text"]) == ""


def test_duplicate_keys_are_refused_when_pasted_and_when_shown(employer: Employer) -> None:
    badge = json.dumps(employer.badge())
    twice = badge.replace('"validFrom"', '"validFrom": "2020-01-01T00:00:00Z", "validFrom"', 1)
    refused = employer.pastes(twice)
    assert refused.status_code == 422
    assert "A part is missing, or is there twice." in text(refused)
    employer.web.pages["https://a.example/badge"] = twice.encode()
    page = employer.scans(None, share="https://a.example/badge")
    assert headline(page)[0] == "not-checked"


def test_many_endorsements_do_not_hide_the_badge(employer: Employer) -> None:
    embedded = [Party(f"P{n}").endorse(ACHIEVEMENT, f"No. {n}") for n in range(3)]
    beside = [Party(f"Q{n}").endorse(ACHIEVEMENT) for n in range(18)]
    badge = employer.badge(achievement_endorsements=embedded)
    page = employer.scans(employer.worker.show([badge, *beside]))
    assert page.text.count("data-endorsement") == 21
    assert "There are more than we check." in text(page)
    assert headline(page)[0] == "genuine"


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"type": "VerifiablePresentation"},
        {"type": ["VerifiablePresentation"], "verifiableCredential": "x"},
        {"type": ["VerifiablePresentation"], "verifiableCredential": [[]], "holder": 1},
        {"@context": "https://w3id.org/openbadges/v2", "type": "Assertion"},
        {"type": ["VerifiableCredential", "OpenBadgeCredential"], "credentialSubject": []},
        {"type": ["OpenBadgeCredential"], "issuer": {"id": []}, "credentialSubject": {"id": {}}},
    ],
)
def test_half_documents_get_an_answer_never_an_error(
    employer: Employer, document: dict[str, Any]
) -> None:
    for page in (employer.pastes(document), employer.scans(document)):
        assert headline(page)[0] in ("not-checked", "false")


def test_odd_values_in_a_signed_badge_get_an_answer(employer: Employer) -> None:
    rows = [{"id": "urn:x", "type": ["ResultDescription"], "name": "n", "resultType": "Result"}]
    page = employer.scans(
        employer.shown(
            signed(
                employer,
                achievement={
                    "inLanguage": 'en"><script>',
                    "alignment": [],
                    "resultDescription": rows,
                },
            )
        )
    )
    assert page.status_code == 200
    assert 'lang="en&' not in page.text
