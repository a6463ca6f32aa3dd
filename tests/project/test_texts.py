"""Every text that a visitor can meet exists in every language; a missing one fails the build."""

import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
LOCALE = ROOT / "web" / "locale"
LANGUAGES = sorted(folder.name for folder in LOCALE.iterdir() if folder.is_dir())
KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]


def used() -> dict[str, str]:
    """Find every msgid in code and templates, and one place where it stands."""
    found: dict[str, str] = {}
    for name in ("web", "issuer", "wallet", "verifier"):
        rows = extract_from_dir(ROOT / name, method_map=METHODS, keywords=KEYWORDS)
        for file, line, message, _comments, _context in rows:
            one = message[0] if isinstance(message, tuple) else message
            found.setdefault(one, f"{name}/{file}:{line}")
    for path in sorted(ROOT.glob("demo/*.py")):
        file, text = path.name, path.read_text("utf-8")
        for message in re.findall(r'N_\(\s*"([^"]+)"', text):
            found.setdefault(message, file)
    found.pop("", None)
    return found


def catalogue(language: str) -> dict[str, Message]:
    found: dict[str, Message] = {}
    for path in sorted((LOCALE / language).glob("*.po")):
        with path.open("rb") as source:
            for message in read_po(source, locale=language):
                if message.id:
                    key = message.id[0] if isinstance(message.id, tuple) else message.id
                    found[key] = message
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_missing(language: str) -> None:
    known = catalogue(language)
    missing = {text: place for text, place in used().items() if not _translated(known.get(text))}
    assert not missing, "\n".join(f"{place}: {text}" for text, place in missing.items())


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_is_left_over(language: str) -> None:
    assert not set(catalogue(language)) - set(used())


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_fill_the_same_places(language: str) -> None:
    for text, message in catalogue(language).items():
        for translated in _texts(message):
            assert set(_places(translated)) == set(_places(text)), text


def _translated(message: Message | None) -> bool:
    return message is not None and not message.fuzzy and all(_texts(message))


def _texts(message: Message) -> tuple[str, ...]:
    return message.string if isinstance(message.string, tuple) else (message.string,)


def _places(text: str) -> Iterator[str]:
    assert "{" not in text or next(iter(string.Formatter().parse(text)))[1] is None, text
    return (found for found in re.findall(r"%\((\w+)\)s", text) if found != "num")
