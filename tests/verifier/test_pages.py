"""The pages themselves: no cookie, no account, light, in every language, clear when refusing."""

import io
import json
import re
from datetime import timedelta

import pytest
from parties import NOW
from sqlmodel import select
from verifier_world import DID_DOCUMENT, Employer, headline, text

from verifier.tables import CheckCount, Shown
from web.app import Services
from web.languages import languages
from web.settings import DemoEntry

PASTE = {
    "en": "Paste a badge",
    "fr": "Collez un badge",
    "es": "Pegue una insignia",
    "ar": "يُرجى لصق شارة",
}


@pytest.fixture
def employer() -> Employer:
    return Employer()


def test_no_page_sets_a_cookie_or_may_be_indexed_or_kept(employer: Employer) -> None:
    result = employer.pastes(employer.badge())
    pages = [
        employer.phone.get("/"),
        employer.phone.get("/?lang=fr"),
        employer.phone.get("/trust"),
        employer.phone.get("/nowhere"),
        employer.scans(employer.shown(employer.badge())),
        employer.pastes("nothing"),
        result,
    ]
    for page in pages:
        assert "Set-Cookie" not in page.headers
        assert 'content="noindex"' in page.text
        assert page.headers["Cache-Control"] == "no-store"
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
        assert page.headers["Referrer-Policy"] == "no-referrer"
    assert result.headers["X-Robots-Tag"] == "noindex, nofollow"


def test_first_page_and_answer_are_light(employer: Employer) -> None:
    shown = employer.shown(employer.framework_badge("fr", level=3), employer.framework_badge("es"))
    for page in (employer.phone.get("/"), employer.scans(shown)):
        weight = len(page.data)
        for part in re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text):
            answer = employer.phone.get(part, headers={"Accept-Encoding": "gzip"})
            assert answer.status_code == 200, part
            weight += len(answer.data)
        assert weight < 100_000


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize(
    "handed_in", ["", "   ", "hello", "{", "eyJhbGciOi.J9.abc", "x" * 1_000_001, "{}\x00", "\ud7ff"]
)
def test_bad_input_is_refused_in_words_and_nothing_is_kept(
    employer: Employer, handed_in: str, language: str
) -> None:
    page = employer.pastes(handed_in, language)
    assert 400 <= page.status_code < 500
    assert 'role="alert"' in page.text
    if not handed_in.strip():
        assert PASTE[language] in text(page)
    assert employer.web.asked == []
    services: Services = employer.app.extensions["mycred4home"]
    with services.database.reading() as session:
        assert session.exec(select(Shown)).all() == []


@pytest.mark.parametrize(
    "content", [b"\x89PNG\r\n\x1a\n", b"\xff\xfe\x00{", b"\x00" * 50, b"%PDF-1.7", b"<svg/>"]
)
def test_file_of_another_kind_is_refused_in_words(employer: Employer, content: bytes) -> None:
    file = (io.BytesIO(content), "badge.json")
    page = employer.phone.post("/check?lang=fr", data={"file": file, "text": ""})
    assert page.status_code == 422
    assert 'role="alert"' in page.text


def test_request_that_is_far_too_big_is_refused(employer: Employer) -> None:
    page = employer.phone.post("/check?lang=es", data={"text": "x" * 3_000_000})
    assert page.status_code == 413
    assert "Es demasiado grande." in text(page) or "demasiado" in text(page)


def test_uploaded_file_is_judged(employer: Employer) -> None:
    body = b"\xef\xbb\xbf" + json.dumps(employer.badge()).encode()
    page = employer.phone.post(
        "/check?lang=en",
        data={"file": (io.BytesIO(body), "../../etc/<b>.json")},
        follow_redirects=True,
    )
    assert headline(page)[0] == "genuine"


def test_pasted_check_link_leads_to_its_answer(employer: Employer) -> None:
    page = employer.scans(employer.shown(employer.badge()))
    link = "https://verifier.example" + page.request.full_path
    assert headline(employer.pastes(f"  {link}\n"))[0] == "genuine"
    share = "https://wallet.example/shares/abcdefghijklmnopqrstuvwx"
    assert headline(employer.pastes(share))[0] == "genuine"


def test_result_keeps_its_address_in_every_language(employer: Employer) -> None:
    page = employer.pastes(employer.badge(), "fr")
    path = page.request.path
    assert re.fullmatch(r"/results/[A-Za-z0-9_-]{32}", path)
    for language in languages():
        assert f'href="{path}?lang={language}"' in page.text
        assert headline(employer.phone.get(f"{path}?lang={language}"))[0] == "genuine"


def test_result_is_forgotten_after_a_quarter_of_an_hour(employer: Employer) -> None:
    path = employer.pastes(employer.badge()).request.path
    employer.clock.now = NOW + timedelta(minutes=16)
    gone, never = employer.phone.get(path), employer.phone.get("/results/" + "x" * 32)
    assert gone.status_code == never.status_code == 404
    assert text(gone) == text(never).replace("x" * 32, path.removeprefix("/results/"))


def test_database_alone_does_not_tell_what_was_checked(employer: Employer) -> None:
    path = employer.pastes(employer.badge()).request.path
    services: Services = employer.app.extensions["mycred4home"]
    with services.database.reading() as session:
        (row,) = session.exec(select(Shown)).all()
        (count,) = session.exec(select(CheckCount)).all()
    assert b"cleaning" not in row.sealed
    assert path.removeprefix("/results/") not in row.key_hash
    assert "127.0.0.1" not in count.source_hash


def test_language_follows_the_browser_and_the_choice(employer: Employer) -> None:
    spanish = employer.phone.get("/", headers={"Accept-Language": "es-MX,es;q=0.9"})
    assert "¿Es auténtica esta insignia?" in text(spanish)
    chosen = employer.phone.get("/?lang=fr", headers={"Accept-Language": "es"})
    assert "Ce badge est-il authentique" in text(chosen)
    for link in re.findall(r'(?:href|action)="(/[^"]*)"', chosen.text):
        assert "lang=" in link or link.startswith("/static/"), link


def test_machine_report_has_the_steps_of_the_flow(employer: Employer) -> None:
    path = employer.pastes(employer.badge()).request.path
    answer = employer.phone.get(path + ".json")
    assert answer.mimetype == "application/json"
    report = json.loads(answer.text)
    assert report["headline"] == "genuine"
    steps = [check["step"] for check in report["badges"][0]["checks"]]
    assert steps == [
        "parse", "format", "shape", "proof", "dates", "status", "recognition", "holder",
        "endorsements",
    ]  # fmt: skip
    assert {one["url"] for one in report["asked"]} == {DID_DOCUMENT, employer.centre.list_url}
    assert "credentialSubject" not in answer.text, "the badge itself is not copied"
    shared = employer.scans(employer.shown(employer.badge()), more="&format=json")
    assert json.loads(shared.text)["checks"][-1]["code"] == "proof.ok"
    gone = employer.phone.get("/results/none.json")
    assert (gone.status_code, gone.mimetype) == (404, "application/problem+json")


def test_page_to_print_has_everything_open(employer: Employer) -> None:
    page = employer.scans(employer.shown(employer.framework_badge("es")), more="&print=1")
    assert page.text.count("<details") == len(re.findall(r"<details[^>]* open", page.text))
    assert "data-print" in page.text


def test_trust_page_says_whom_we_recognise_and_how_that_changes(employer: Employer) -> None:
    read = text(employer.phone.get("/trust"))
    assert f"{employer.body.name} Vouches for signers and badges {employer.body.did}" in read
    assert "How does this list change?" in read
    employer.trust = type(employer.trust)()
    employer.open()
    assert "Nobody yet." in text(employer.phone.get("/trust"))


def test_too_many_checks_are_refused_for_a_while(employer: Employer) -> None:
    link = "/check?share=https%3A%2F%2Fa.example%2Fx&lang=fr"
    assert {employer.phone.get(link).status_code for _ in range(120)} == {200}
    last = employer.phone.get(link)
    assert last.status_code == 429
    assert "Trop de vérifications en peu de temps." in text(last)
    employer.clock.now = NOW + timedelta(minutes=11)
    assert employer.pastes(employer.badge()).status_code == 200


def test_form_from_another_site_is_refused(employer: Employer) -> None:
    answer = employer.phone.post(
        "/check", data={"text": "{}"}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 403


def test_sample_badges_are_one_tap_away(employer: Employer) -> None:
    entry = DemoEntry("1", "A forged badge: the level was changed", "/check", {"text": "{}"})
    employer.open(demo_entries=(entry,))
    page = employer.phone.get("/?lang=fr")
    assert "Un faux badge" in text(page)
    assert 'action="/check?lang=fr"' in page.text, "the answer comes in the language of the page"


@pytest.mark.parametrize("path", ["/check", "/results/", "/trust/x", "/search", "/badges"])
def test_there_is_no_list_to_search(employer: Employer, path: str) -> None:
    assert employer.phone.get(path).status_code in (400, 404)
