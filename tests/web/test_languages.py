"""Languages that run in different directions on one page: what is marked, isolated and chosen."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask import Flask, g
from flask.ctx import RequestContext
from markupsafe import Markup

from web import languages as spoken

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = [
    path
    for name in ("web", "issuer", "wallet", "verifier")
    for path in sorted((ROOT / name / "templates").rglob("*.html"))
]
STYLES = [
    path
    for name in ("web", "issuer", "wallet", "verifier")
    for path in sorted((ROOT / name / "static").glob("*.css"))
]
FIRST_STRONG, END = "\u2068", "\u2069"
_PHYSICAL = re.compile(
    r"(?<![\w-])((margin|padding|border)-(left|right)|(left|right)\s*:"
    r"|text-align\s*:\s*(left|right)|float\s*:\s*(left|right))"
)


@pytest.fixture
def app() -> Flask:
    return Flask(__name__)


def asking(app: Flask, language: str, browser: str = "") -> RequestContext:
    context = app.test_request_context(headers={"Accept-Language": browser})
    context.push()
    g.language = language
    return context


@pytest.fixture
def arabic(app: Flask) -> Iterator[None]:
    context = asking(app, "ar", "ar-MA, es;q=0.8, fr;q=0.5")
    yield
    context.pop()


@pytest.fixture
def french(app: Flask) -> Iterator[None]:
    context = asking(app, "fr")
    yield
    context.pop()


@pytest.mark.usefixtures("arabic")
def test_values_in_an_arabic_sentence_are_kept_apart() -> None:
    said = spoken.gettext("Signed by %(name)s.", name="Hogar (Madrid) 3")
    assert f"{FIRST_STRONG}Hogar (Madrid) 3{END}" in said


@pytest.mark.usefixtures("arabic")
def test_values_are_escaped_and_isolated_once() -> None:
    said = spoken._markup_gettext("Signed by %(name)s.", name="<b>A</b>")
    assert isinstance(said, Markup)
    assert "<b>" not in said
    twice = spoken.gettext("Signed by %(name)s.", name=f"{FIRST_STRONG}A{END}")
    assert twice.count(FIRST_STRONG) == 1


@pytest.mark.usefixtures("french")
def test_a_sentence_that_runs_right_stays_as_it_was_but_isolates_what_runs_left() -> None:
    assert FIRST_STRONG not in spoken.gettext("Signed by %(name)s.", name="Hogar 3")
    assert f"{FIRST_STRONG}بيت 3{END}" in spoken.gettext("Signed by %(name)s.", name="بيت 3")


@pytest.mark.usefixtures("arabic")
def test_numbers_and_dates_can_be_read_by_both_sides() -> None:
    written = [
        spoken.format_date(date(2026, 11, 26)),
        spoken.format_datetime(datetime(2026, 11, 26, 9, 5, tzinfo=UTC)),
        spoken.format_month(date(2026, 11, 1)),
        spoken.format_number(1234.5),
        spoken.format_share(0.125),
        spoken.ngettext("%(num)s day", "%(num)s days", 7),
    ]
    assert written[0] == "26 نوفمبر 2026"
    assert written[1] == "26 نوفمبر 2026، 09:05 UTC"
    assert not re.search("[٠-٩]", "".join(written))


@pytest.mark.usefixtures("arabic")
def test_arabic_counts_in_six_ways() -> None:
    said = {spoken.ngettext("%(num)s day", "%(num)s days", n) for n in (1, 2, 3, 11, 100)}
    assert said == {"يوم واحد", "يومان", "3 أيام", "11 يومًا", "100 يوم"}


@pytest.mark.usefixtures("arabic")
def test_what_arabic_lacks_is_read_in_the_next_language_of_the_browser() -> None:
    assert spoken.closest_language(("en", "fr", "es")) == "es"
    assert spoken.closest_language(("en", "ar")) == "ar"
    assert spoken.closest_language(("pt",), otherwise="pt") == "pt"


@pytest.mark.usefixtures("arabic")
def test_a_text_in_another_language_says_so_and_turns_nothing_around() -> None:
    assert spoken.written_in("Ménage <3", "fr") == '<bdi lang="fr" dir="ltr">Ménage &lt;3</bdi>'
    assert spoken.written_in("شارة", "ar") == "شارة"
    assert spoken.written_in("?", "") == "<bdi>?</bdi>"
    assert spoken.tongue('x" onload="') == 'lang="x&#34; onload=&#34;" dir="ltr"'


@pytest.mark.parametrize("language", spoken.languages())
def test_every_language_has_a_name_and_a_direction(language: str) -> None:
    assert spoken.language_name(language)
    assert spoken.language_direction(language) == ("rtl" if language == "ar" else "ltr")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_part_in_another_language_has_a_direction_too(path: Path) -> None:
    """Where a template names a language it names the direction: `tongue` writes both."""
    for tag in re.findall(r"<\w+(?:\{.*?\}|[^<>{])*>", path.read_text("utf-8")):
        if re.search(r'\slang="', tag):
            assert re.search(r'\sdir="', tag), tag


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_styles_mirror_by_themselves(path: Path) -> None:
    css = re.sub(r"/\*.*?\*/", "", path.read_text("utf-8"), flags=re.DOTALL)
    assert not [found[0] for found in _PHYSICAL.finditer(css)]
