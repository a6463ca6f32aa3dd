"""The visitor's language: chosen on any page with `?lang=`, remembered, or taken from the browser.

A language is one folder of gettext catalogues, `web/locale/<language>/*.po`; English is the
language of the msgids. Catalogues are read as they are, so no compile step stands between a
translator and the page.

Numbers and dates are written with the digits 0 to 9 in every language, also in Arabic: both sides
of one badge must read the same day and the same code, cards and letters carry them in print, and
they are the digits of the Maghreb (CLDR: ar-MA, ar-DZ, ar-TN). Names of months are Arabic.

What fills a place of a sentence may run the other way than the sentence: an address in an Arabic
line, an Arabic name in a French one. It is isolated (Unicode Standard Annex 9), see `_isolated`.
"""

import io
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from babel import Locale, dates, numbers
from babel.core import UnknownLocaleError, negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, Response, current_app, g, has_request_context, request
from markupsafe import Markup, escape
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

_FOLDER = Path(__file__).parent / "locale"
_REMEMBER_SECONDS = 365 * 24 * 3600
_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"
"""First-strong isolate and its end (Unicode Standard Annex 9, 2.4.3)."""
_ARABIC_COMMA = "\u060c"


@cache
def languages() -> tuple[str, ...]:
    """List the languages that visitors may choose: English and every folder of catalogues."""
    return ("en", *sorted(folder.name for folder in _FOLDER.iterdir() if folder.is_dir()))


@cache
def catalogue(language: str) -> NullTranslations:
    """Read every catalogue of one language; unknown languages speak English."""
    merged: NullTranslations = NullTranslations()
    for path in sorted((_FOLDER / language).glob("*.po")):
        binary = io.BytesIO()
        with path.open("rb") as source:
            write_mo(binary, read_po(source, locale=language))
        binary.seek(0)
        part = Translations(binary)
        if isinstance(merged, Translations):
            merged.merge(part)
        else:
            merged = part
    return merged


def current_language() -> str:
    """Give the language of this request, a member of `languages()`."""
    return str(g.get("language", "en")) if has_request_context() else "en"


def closest_language(known: Collection[str], otherwise: str = "en") -> str:
    """Give the language among `known` that this visitor reads best, else `otherwise`.

    For what does not exist in every language of the pages: the texts of a framework, the names of
    its links. First the language of the page, then those that the browser asks for, in its order.
    """
    wanted = [current_language()]
    if has_request_context():
        wanted += _tags(request.headers.get("Accept-Language", ""))
    return next((one for one in wanted if one in known), otherwise)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak another language for a part of a request: what is printed for somebody else."""
    own = current_language()
    g.language = language if language in languages() else "en"
    try:
        yield
    finally:
        g.language = own


@lru_cache(maxsize=256)
def language_direction(language: str) -> str:
    """Give "rtl" or "ltr"."""
    try:
        return str(Locale.parse(language, sep="-").text_direction)
    except (UnknownLocaleError, ValueError):
        return "ltr"  # what a badge calls its language is not ours to choose


def tongue(language: str) -> Markup:
    """Write the attributes `lang` and `dir` for a part of a page in another language."""
    direction = language_direction(language)
    return Markup('lang="{}" dir="{}"').format(language, direction)


def arrow() -> str:
    """Give an arrow that points where the page reads on."""
    return "←" if language_direction(current_language()) == "rtl" else "→"


def comma() -> str:
    """Give what stands between the members of a list."""
    return f"{_ARABIC_COMMA if current_language() == 'ar' else ','} "


def written_in(text: str, language: str) -> Markup:
    """Mark a text by its language where that is not the page's: `{{ name | written_in("fr") }}`.

    `language` may be empty for a text that does not say. The text is kept apart from the sentence
    around it, so that neither turns the other around.
    """
    if language == current_language():
        return escape(text)
    if not language:
        return Markup("<bdi>{}</bdi>").format(text)
    return Markup("<bdi {}>{}</bdi>").format(tongue(language), text)


def language_name(language: str) -> str:
    """Name a language in itself."""
    name = Locale.parse(language).get_display_name(language) or language
    return name[:1].upper() + name[1:]


def language_called(code: str) -> str:
    """Name a language (BCP 47) in the visitor's language."""
    name = Locale.parse(code, sep="-").get_display_name(current_language()) or code
    return name[:1].upper() + name[1:]


def gettext(message: str, **values: object) -> str:
    """Translate a msgid into the visitor's language and fill its %(name)s places."""
    return _fill(catalogue(current_language()).ugettext(message), values)


def ngettext(singular: str, plural: str, number: int, **values: object) -> str:
    """Translate by number; %(num)s is the number."""
    text = catalogue(current_language()).ungettext(singular, plural, number)
    return _fill(text, {"num": number, **values})


def N_(message: str) -> str:
    """Mark a msgid for translation later."""
    return message


_ = gettext


def format_date(value: date | datetime) -> str:
    """Write a date in the visitor's language."""
    return dates.format_date(value, format="long", locale=current_language())


def format_datetime(value: datetime) -> str:
    """Write a moment in the visitor's language, in UTC and saying so."""
    return dates.format_datetime(value, f"d MMM y{comma()}HH:mm 'UTC'", locale=current_language())


def format_month(value: date) -> str:
    """Write a month with its year in the visitor's language."""
    return dates.format_skeleton("yMMMM", value, locale=current_language())


def format_share(value: float) -> str:
    """Write a share between 0 and 1 in percent, with one place after the point."""
    return numbers.format_percent(
        round(value, 3), locale=current_language(), decimal_quantization=False
    )


def format_number(value: float, places: int = 1) -> str:
    """Write a number in the visitor's language."""
    return numbers.format_decimal(round(value, places), locale=current_language())


def country_name(code: str) -> str:
    """Give the name of a country (ISO 3166-1 alpha-2) in the visitor's language."""
    return str(Locale.parse(current_language()).territories.get(code, code))


def lang_url(language: str | None = None) -> str:
    """Give the address of this page in another language (or in the one now shown)."""
    arguments: dict[str, Any] = request.args.to_dict(flat=False)
    arguments["lang"] = [language or current_language()]
    path = request.path if request.method in ("GET", "HEAD") else _page_to_return_to()
    return f"{path}?{urlencode(arguments, doseq=True)}"


def register_languages(app: Flask, *, cookie: str | None) -> None:
    """Choose the language of each request; remember it in `cookie` where the service has one."""

    @app.before_request
    def choose() -> None:
        g.language = _chosen(cookie)

    @app.after_request
    def remember(response: Response) -> Response:
        response.headers.setdefault("Content-Language", current_language())
        if "Vary" in response.headers:
            response.vary.add("Accept-Language")
        else:
            response.headers.add("Vary", "Accept-Language")
        asked = request.args.get("lang")
        if cookie and asked in languages() and not g.get("machine_interface", False):
            response.set_cookie(
                cookie,
                asked,
                max_age=_REMEMBER_SECONDS,
                httponly=True,
                samesite="Lax",
                secure=current_app.config["SESSION_COOKIE_SECURE"],
            )
        return response

    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        _markup_gettext, _markup_ngettext, newstyle=False
    )
    app.jinja_env.globals.update(
        current_language=current_language,
        direction=lambda: language_direction(current_language()),
        languages=languages,
        language_name=language_name,
        language_direction=language_direction,
        tongue=tongue,
        lang_url=lang_url,
        format_date=format_date,
        format_month=format_month,
        format_datetime=format_datetime,
        format_share=format_share,
        format_number=format_number,
        arrow=arrow,
        comma=comma,
        country_name=country_name,
    )
    app.jinja_env.filters["written_in"] = written_in


def _chosen(cookie: str | None) -> str:
    asked = request.args.get("lang")
    if asked in languages():
        return str(asked)
    remembered = request.cookies.get(cookie) if cookie else None
    if remembered in languages():
        return str(remembered)
    return _wanted(request.headers.get("Accept-Language", ""))


@lru_cache(maxsize=256)
def _wanted(header: str) -> str:
    """Give the language that a browser likes best among ours."""
    wanted = [tag for tag, _quality in parse_accept_header(header, LanguageAccept)]
    return negotiate_locale(wanted, languages(), sep="-") or "en"


@lru_cache(maxsize=256)
def _tags(header: str) -> tuple[str, ...]:
    """List the languages that a browser asks for, best first, without their regions."""
    accepted = parse_accept_header(header, LanguageAccept)
    return tuple(tag.split("-")[0].lower() for tag, quality in accepted if quality > 0)


def _page_to_return_to() -> str:
    # A page shown as the answer to a form has no address of its own: go where the form was.
    rule = request.url_rule
    readable = rule is not None and "GET" in (rule.methods or set())
    return request.path if readable else "/"


def _fill(text: str, values: Mapping[str, object]) -> str:
    return text % {name: _isolated(value) for name, value in values.items()} if values else text


def _markup_gettext(message: str, **values: object) -> Markup | str:
    return _fill_escaped(catalogue(current_language()).ugettext(message), values)


def _markup_ngettext(singular: str, plural: str, number: int, **values: object) -> Markup | str:
    text = catalogue(current_language()).ungettext(singular, plural, number)
    return _fill_escaped(text, {"num": number, **values})


def _fill_escaped(text: str, values: Mapping[str, object]) -> Markup | str:
    if not values:
        return text
    filled = {name: escape(_isolated(value)) for name, value in values.items()}
    return Markup(escape(text)) % filled  # noqa: S704


def _isolated(value: object) -> object:
    """Keep a value apart from its sentence where the two may run in different directions.

    Characters do it, not `<bdi>`: a sentence may stand in an attribute or in a plain text.
    """
    if not isinstance(value, str) or not value or value[0] == _ISOLATE:
        return value
    if language_direction(current_language()) == "ltr" and not any(map(_runs_left, value)):
        return value
    return type(value)(f"{_ISOLATE}{value}{_POP_ISOLATE}")  # Markup stays Markup


def _runs_left(character: str) -> bool:
    return unicodedata.bidirectional(character) in ("R", "AL", "AN")
