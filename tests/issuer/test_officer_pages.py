"""The officer's and the public's pages: who may come in, every language, every bad input."""

import json
from pathlib import Path
from urllib.parse import urldefrag
from uuid import uuid4

import pytest
from award_world import BASE_URL, NOW, Service, open_service

from contexts.urls import OB3
from issuer import awards
from issuer.award_tables import Award, Change
from issuer.tables import Role

OFFICER_PAGES = ("/officer/", "/officer/badges", "/officer/endorsements", "/officer/health")


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return open_service(tmp_path)


# --- who may come in -------------------------------------------------------------------------


def test_only_officers_reach_the_office(service: Service) -> None:
    award_id = service.released()
    posts = (
        "/officer/release",
        f"/officer/badges/{award_id}/offer",
        f"/officer/badges/{award_id}/change",
        f"/officer/badges/{award_id}/change/confirm",
        f"/officer/badges/{award_id}/change/drop",
        "/officer/endorsements",
        f"/officer/endorsements/{uuid4()}/withdraw",
    )
    browsers = [
        (service.browser(), 401),
        (service.browser("maria", Role.CANDIDATE), 403),
        (service.browser("eva", Role.EXAMINER), 403),
    ]
    for browser, status in browsers:
        for path in (*OFFICER_PAGES, f"/officer/badges/{award_id}"):
            assert browser.get(path).status_code == status
        for path in posts:
            assert (
                browser.post(
                    path, data={"action": "revoke", "reason": "holder_request"}
                ).status_code
                == status
            )
    assert service.centre.count(Change) == 0


def test_release_needs_the_anti_forgery_token(service: Service) -> None:
    decision = service.centre.decided()
    olga = service.browser("olga", Role.OFFICER)
    service.app.config["WTF_CSRF_ENABLED"] = True
    answer = olga.post("/officer/release", data={"decision": str(decision)})
    assert answer.status_code == 400
    assert service.centre.count(Award) == 0


# --- release ---------------------------------------------------------------------------------


def test_officer_releases_several_at_once_and_each_stands_alone(service: Service) -> None:
    olga = service.browser("olga", Role.OFFICER, Role.EXAMINER)
    mine = service.centre.decided("ana", examiners=("olga",))
    good = [service.centre.decided(name) for name in ("maria", "juan")]
    page = olga.get("/officer/?lang=en").text
    assert page.count('name="decision"') == 3
    assert "You marked this work." in page
    answer = olga.post("/officer/release", data={"decision": [str(one) for one in (*good, mine)]})
    assert answer.status_code == 409
    assert "2 badges are released." in answer.text
    assert "<bdi>X-ana</bdi>: You marked this work." in answer.text
    assert service.centre.count(Award) == 2
    assert "X-maria" not in olga.get("/officer/").text


def test_queue_shows_no_name_and_no_evidence(service: Service) -> None:
    service.centre.decided("maria")
    page = service.browser("olga", Role.OFFICER).get("/officer/").text
    assert "X-maria" in page
    assert ">maria" not in page


@pytest.mark.parametrize("decision", [[], ["x"], [str(uuid4())], ["1' OR 1=1"], [""]])
def test_bad_choices_are_refused_in_words(service: Service, decision: list[str]) -> None:
    service.centre.decided()
    olga = service.browser("olga", Role.OFFICER)
    answer = olga.post("/officer/release", data={"decision": decision})
    assert 400 <= answer.status_code < 500
    assert answer.content_type.startswith("text/html")
    assert service.centre.count(Award) == 0


def test_double_click_releases_once(service: Service) -> None:
    decision = service.centre.decided()
    olga = service.browser("olga", Role.OFFICER)
    first = olga.post("/officer/release", data={"decision": str(decision)})
    second = olga.post("/officer/release", data={"decision": str(decision)})
    assert (first.status_code, second.status_code) == (200, 409)
    assert service.centre.count(Award) == 1


# --- hand over and cancel --------------------------------------------------------------------


def test_officer_hands_over_with_a_number_on_another_channel(service: Service) -> None:
    award_id = service.released()
    olga = service.browser("olga", Role.OFFICER)
    posted = olga.post(f"/officer/badges/{award_id}/offer", data={"needs_number": "yes"})
    assert posted.status_code == 302
    page = olga.get(posted.headers["Location"]).text
    number = service.offer(award_id).number
    assert number is not None
    assert number in page
    assert number not in olga.get(f"/badges/{award_id}/print").text


def test_two_officers_cancel_and_the_person_is_told(service: Service) -> None:
    award_id = service.released()
    olga, omar = (service.browser(name, Role.OFFICER) for name in ("olga", "omar"))
    path = f"/officer/badges/{award_id}/change"
    assert olga.post(path, data={"action": "revoke", "reason": "because"}).status_code == 400
    assert olga.post(path).status_code == 400
    assert olga.post(f"{path}/confirm").status_code == 409
    assert (
        olga.post(path, data={"action": "revoke", "reason": "issued_in_error"}).status_code == 302
    )
    assert olga.post(f"{path}/confirm").status_code == 403
    assert "A second person must confirm" in omar.get(f"/officer/badges/{award_id}?lang=en").text
    assert omar.post(f"{path}/confirm").status_code == 302
    told = service.browser("maria").get(f"/badges/{award_id}?lang=es")
    assert "Esta insignia ya no vale" in told.text
    assert "Se dio por error" in told.text
    assert omar.post(f"{path}/drop").status_code == 409


@pytest.mark.parametrize("tail", ["", "/change", "/change/confirm", "/change/drop", "/offer"])
def test_unknown_badges_do_not_exist_for_officers_either(service: Service, tail: str) -> None:
    olga = service.browser("olga", Role.OFFICER)
    path = f"/officer/badges/{uuid4()}{tail}"
    answer = (
        olga.post(path, data={"action": "revoke", "reason": "fraud"}) if tail else olga.get(path)
    )
    assert answer.status_code == 404
    assert olga.get("/officer/badges/not-an-id").status_code == 404


# --- languages -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Badges to release"), ("fr", "Badges à valider"), ("es", "Insignias por liberar")],
)
def test_office_speaks_three_languages(service: Service, language: str, words: str) -> None:
    award_id = service.released()
    olga = service.browser("olga", Role.OFFICER)
    assert words in olga.get(f"/officer/?lang={language}").text
    for path in (*OFFICER_PAGES, f"/officer/badges/{award_id}", f"/badges/{award_id}"):
        assert olga.get(path).status_code == 200
    for path in PUBLIC_PAGES:
        assert olga.get(path).status_code == 200


# --- what everybody may see ------------------------------------------------------------------

PUBLIC_PAGES = (
    "/achievements",
    "/achievements/technical-cleaning",
    "/achievements/simple-phrases-es/expert",
    "/achievements/simple-phrases-es/expert/fr",
    "/profiles/issuer",
    "/profiles/examiners",
    "/profiles/standards-body",
)


def test_every_address_in_a_badge_leads_somewhere(service: Service) -> None:
    award_id = service.released(level=3, examiners=("eva", "ernesto"))
    with service.centre.database.reading() as session:
        found = awards.issued_badge(session, award_id)
    assert found.credential is not None
    assert found.credential.intended_text is not None
    badge = json.loads(found.credential.intended_text)
    browser = service.browser()
    asked = 0
    for address in sorted(_addresses(badge)):
        page, fragment = urldefrag(address)
        answer = browser.get(page.removeprefix(BASE_URL), headers={"Accept": "text/html"})
        assert answer.status_code == 200, address
        if fragment and answer.content_type.startswith("text/html"):
            assert f'id="{fragment}"' in answer.text, address
        asked += 1
    assert asked > 15


def _addresses(value: object) -> set[str]:
    if isinstance(value, dict):
        return {one for inner in value.values() for one in _addresses(inner)}
    if isinstance(value, list):
        return {one for inner in value for one in _addresses(inner)}
    if isinstance(value, str) and value.startswith(BASE_URL) and value != BASE_URL:
        return {value}
    return set()


def test_achievement_is_page_or_document_by_what_is_asked_for(service: Service) -> None:
    browser = service.browser()
    path = "/achievements/technical-cleaning/expert"
    page = browser.get(path, headers={"Accept": "text/html,*/*;q=0.8", "Accept-Language": "fr"})
    assert page.content_type.startswith("text/html")
    document = browser.get(path, headers={"Accept": "application/ld+json", "Accept-Language": "fr"})
    assert document.content_type == "application/ld+json"
    assert document.get_json(force=True)["inLanguage"] == "fr"
    assert document.headers["Content-Location"] == f"{BASE_URL}{path}/fr"
    assert "Accept" in document.headers["Vary"]
    assert document.get_json(force=True)["@context"] == OB3


def test_editions_are_the_bytes_that_badges_bind(service: Service) -> None:
    framework = service.centre.body.framework
    definition = framework.achievement("technical-cleaning", 3)
    for language in ("en", "fr", "es"):
        answer = service.browser().get(
            f"/achievements/technical-cleaning/expert/{language}",
            headers={"Accept": "application/ld+json"},
        )
        assert answer.data == framework.edition_bytes(definition, language, BASE_URL)


@pytest.mark.parametrize(
    "path",
    [
        "/achievements/none",
        "/achievements/technical-cleaning/master",
        "/achievements/technical-cleaning/expert/de",
        "/achievements/technical-cleaning/expert/../../x",
        "/images/none.svg",
        "/images/technical-cleaning-expert.png",
        "/profiles/nobody",
    ],
)
def test_what_is_not_there_is_not_found(service: Service, path: str) -> None:
    assert service.browser().get(path).status_code == 404


def test_counts_of_people_start_at_five(service: Service) -> None:
    page = service.browser().get("/achievements/technical-cleaning/confirmed?lang=en").text
    assert "Fewer than 5 people have this badge." in page


def test_did_document_lists_current_and_retired_keys_and_no_secret(service: Service) -> None:
    service.centre.body.keyring.rotate(now=NOW)
    document = service.browser().get("/.well-known/did.json").get_json()
    assert document["id"] == service.centre.body.did
    assert len(document["verificationMethod"]) == len(document["assertionMethod"]) == 2
    assert "secret" not in json.dumps(document).lower()


def test_no_public_page_names_a_person(service: Service) -> None:
    service.released(candidate="maria")
    browser = service.browser()
    for path in (*PUBLIC_PAGES, "/.well-known/did.json", "/status/1"):
        assert "maria" not in browser.get(path).text
