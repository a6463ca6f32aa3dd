"""The names of framework terms in the reader's language: ESCO, ROME, ISCO, EQF, CEFR, EU elements.

Names come from the tables beside this file, never from what a badge says they are; nothing is
fetched. `labels.json` goes by address; its header names the sources and carries the notice that
ESCO asks for. `phrases.json` goes by text: sentences that the MyCred4Home framework publishes in
three languages, so that a badge signed in Spanish can be read in French.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "fr", "es")

_SYMBOLS = {
    "broom": (
        "7bb01a18-4637-4535-ba18-258f48f705b8",
        "4f1b6304-f54a-42f0-9604-5427a28d240f",
        "6ff01827-907d-43d8-b6e4-7162c1cf0aca",
    ),
    "ear": (
        "fc511e12-fe90-40a0-bec8-227abb5e4255",
        "54d68400-9da3-4077-a7ee-52e68b390ef6",
        "25e16679-a7d0-464d-916c-63210001bbab",
    ),
    "speech": (
        "bfb5f0b8-0ea0-4e44-a48d-7d876f966758",
        "0f58a178-1382-4df2-95e8-2b3f90e80e24",
        "0ee9e985-0ee5-4a73-8a12-78b53b261bb2",
        "2ce713f2-c684-4fa3-8e56-939e4bfbf4a2",
        "a0ccc96f-edec-4641-b053-12159ebe5b13",
        "64ff8d5f-58a8-4efb-af5a-e161854b3e9a",
    ),
    "clock": (
        "1258cc12-37bb-4a12-b219-9c3d6b294533",
        "d9013e0e-e937-43d5-ab71-0e917ee882b8",
        "c29aa9d2-4da8-4bdd-831c-8d4a2fb51730",
    ),
}
_ESCO = "http://data.europa.eu/esco/skill/"

_Names = Mapping[str, str]


def label(uri: str, language: str, *, code: str | None = None) -> str | None:
    """Name a term in a language, in English if there is no such name, or None if it is unknown.

    `code` tells terms apart that share one address (the levels of CEFR).
    """
    labels = _table("labels")
    return _in(labels.get(f"{uri}#{code}") or labels.get(uri), language)


def framework_name(uri: str, language: str) -> str | None:
    """Name the framework that a term belongs to, or None if we do not know it."""
    frameworks = _table("frameworks")
    return _in(next((frameworks[one] for one in frameworks if uri.startswith(one)), None), language)


def element_name(kind: str, language: str) -> str | None:
    """Name what an alignment is about by its `targetType`: the amount of work, the quality, …"""
    return _in(_table("elements").get(kind), language)


def terms() -> Mapping[str, tuple[str, ...]]:
    """List the addresses of all terms that have a name, by the address of their framework.

    An address may end in ``#`` and a code, where terms share one (the levels of CEFR).
    """
    found: dict[str, list[str]] = {}
    for uri in _table("labels"):
        start = next((one for one in _table("frameworks") if uri.startswith(one)), None)
        if start is not None:
            found.setdefault(start, []).append(uri)
    return {start: tuple(uris) for start, uris in found.items()}


def phrase(text: str, written_in: str, language: str) -> str | None:
    """Translate a text that the framework or the EU elements publish, word for word; else None."""
    return _in(_phrases().get((written_in, text)), language)


def symbol(uri: str) -> str | None:
    """Give the picture that stands for an ESCO skill: broom, ear, speech or clock."""
    tail = uri.removeprefix(_ESCO)
    return next((name for name, tails in _SYMBOLS.items() if tail in tails), None)


def _in(names: _Names | None, language: str) -> str | None:
    return None if names is None else names.get(language, names["en"])


def _table(name: str) -> Mapping[str, _Names]:
    found: Mapping[str, _Names] = _read("labels.json")[name]
    return found


@cache
def _phrases() -> Mapping[tuple[str, str], _Names]:
    rows: list[_Names] = [*_read("labels.json")["phrases"], *_read("phrases.json")["phrases"]]
    return {(language, row[language]): row for row in reversed(rows) for language in LANGUAGES}


@cache
def _read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((Path(__file__).parent / name).read_text("utf-8"))
    return content
