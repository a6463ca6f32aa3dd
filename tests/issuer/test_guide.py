"""The practical guide: whole in each language, made from the framework, printed as tagged PDF."""

import re
from pathlib import Path

import pytest
from award_world import Service, open_service
from flask import Flask, g

from issuer import guide
from issuer.framework import Framework, frameworks
from issuer.tables import Role

LANGUAGES = guide.guide_languages()
CHAPTERS = 20
"""As many as domain I asks for."""


def written(language: str, framework: Framework | None = None) -> str:
    with Flask(__name__).test_request_context():
        g.language = language
        chosen = framework or frameworks()["mycred4home"]
        return guide.guide_markdown(chosen, language, figures=None)


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return open_service(tmp_path)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_chapter_and_no_place_is_left_open(language: str) -> None:
    text = written(language)
    assert len(guide.chapters(text)) == CHAPTERS
    assert "[[" not in text
    for chapter in text.split("\n## ")[1:]:
        assert len(chapter.split()) > 40, chapter.splitlines()[0]


def test_chapters_have_the_same_shape_in_each_language() -> None:
    shapes = []
    for language in LANGUAGES:
        raw = (guide.FOLDER / f"{language}.md").read_text("utf-8")
        shapes.append(
            [
                (len(re.findall(r"^(?:- |\d\. )", one, re.M)), re.findall(r"\[\[\w+\]\]", one))
                for one in raw.split("\n## ")
            ]
        )
    assert shapes[0] == shapes[1] == shapes[2]


def test_the_number_of_the_chapter_on_other_sectors_is_right() -> None:
    for language, name in (
        ("en", "another sector"),
        ("fr", "autre secteur"),
        ("es", "otro sector"),
    ):
        text = written(language)
        number = int(re.search(r"\b[Cc](?:hapter|hapitre|apítulo) (\d+)", text)[1])  # type: ignore[index]
        assert name in guide.chapters(text)[number - 1].title


def test_it_is_made_from_the_framework_at_hand() -> None:
    other = frameworks()["companionship"]
    text = written("en", other)
    for skill in other.skills:
        assert other.skill_name(skill, "en") in text
    assert frameworks()["mycred4home"].skill_name("technical-cleaning", "en") not in text


def test_texts_of_a_framework_become_neither_html_nor_code() -> None:
    evil = '<script>alert(1)</script> [x](javascript:alert(1)) "#read("/etc/passwd")'
    assert "<script" not in guide.as_html(evil)
    assert 'href="javascript' not in guide.as_html(evil)
    source = guide.as_typst('A "#read(\\"/etc/passwd\\")" text', title='"#panic()"', language="en")
    assert guide.as_pdf('A "#panic()" \\\\ text', title='"#panic()"', language="en")
    assert '#read("' not in source.replace('\\"', "")


def test_what_has_no_form_in_print_is_an_error_and_not_left_out() -> None:
    with pytest.raises(ValueError, match="image"):
        guide.as_typst("![x](y)", title="", language="en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pdf_is_tagged_and_says_its_language(language: str) -> None:
    made = guide.as_pdf(written(language), title="Guide", language=language)
    assert made.startswith(b"%PDF-")
    assert b"/MarkInfo" in made
    assert f"/Lang({language})".encode() in made.replace(b"/Lang (", b"/Lang(")


@pytest.mark.parametrize("language", LANGUAGES)
def test_anybody_reads_it_and_coordinators_read_it_with_figures(
    service: Service, language: str
) -> None:
    answer = service.browser().get(f"/guide?lang={language}")
    assert answer.status_code == 200
    assert answer.text.count('id="chapter-') == CHAPTERS
    assert service.browser().get(f"/guide.pdf?lang={language}").data.startswith(b"%PDF-")
    for path in ("/coordinator/guide", "/coordinator/guide.pdf"):
        assert service.browser().get(path).status_code == 401
        assert service.browser("maria", Role.CANDIDATE).get(path).status_code == 403
        assert service.browser("clara", Role.COORDINATOR).get(path).status_code == 200
