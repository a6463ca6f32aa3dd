"""The names of framework terms in the reader's language: ESCO, ROME, ISCO, EQF, CEFR, EU elements.

Names come from this bundled table, never from what a badge says they are; and nothing is fetched.
"""

import json
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "fr", "es")

_FRAMEWORKS: tuple[tuple[str, dict[str, str]], ...] = (
    (
        "http://data.europa.eu/esco/skill/",
        {"en": "European skills (ESCO)", "fr": "Compétences européennes (ESCO)"}
        | {"es": "Competencias europeas (ESCO)"},
    ),
    (
        "http://data.europa.eu/esco/occupation/",
        {"en": "European occupations (ESCO)", "fr": "Métiers européens (ESCO)"}
        | {"es": "Ocupaciones europeas (ESCO)"},
    ),
    (
        "http://data.europa.eu/esco/isco/",
        {"en": "World occupations (ISCO-08)", "fr": "Métiers du monde (CITP-08)"}
        | {"es": "Ocupaciones del mundo (CIUO-08)"},
    ),
    (
        "https://candidat.francetravail.fr/metierscope/fiche-metier/",
        {"en": "French occupations (ROME)", "fr": "Métiers français (ROME)"}
        | {"es": "Ocupaciones francesas (ROME)"},
    ),
    (
        "http://data.europa.eu/snb/eqf/",
        {"en": "European level (EQF)", "fr": "Niveau européen (CEC)"}
        | {"es": "Nivel europeo (MEC)"},
    ),
    (
        "https://www.coe.int/en/web/common-european-framework-reference-languages/",
        {"en": "Language level (CEFR)", "fr": "Niveau de langue (CECR)"}
        | {"es": "Nivel de lengua (MCER)"},
    ),
    (
        "http://data.europa.eu/snb/",
        {"en": "EU micro-credential", "fr": "Micro-certification de l'UE"}
        | {"es": "Microcredencial de la UE"},
    ),
)

_ESCO = "http://data.europa.eu/esco/skill/"
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


@cache
def _labels() -> dict[str, dict[str, str]]:
    text = (Path(__file__).parent / "labels.json").read_text("utf-8")
    labels: dict[str, dict[str, str]] = json.loads(text)["labels"]
    return labels


def notice() -> str:
    """Give the source notice that ESCO asks for."""
    text = (Path(__file__).parent / "labels.json").read_text("utf-8")
    return str(json.loads(text)["notice"])


def label(uri: str, language: str, *, code: str | None = None) -> str | None:
    """Name a term in a language, in English if there is no such name, or None if it is unknown.

    `code` tells terms apart that share one address (the levels of CEFR).
    """
    names = _labels().get(f"{uri}#{code}") or _labels().get(uri)
    return None if names is None else names.get(language, names["en"])


def framework_name(uri: str, language: str) -> str | None:
    """Name the framework that a term belongs to, or None if we do not know it."""
    for start, names in _FRAMEWORKS:
        if uri.startswith(start):
            return names.get(language, names["en"])
    return None


def symbol(uri: str) -> str | None:
    """Give the picture that stands for an ESCO skill: broom, ear, speech or clock."""
    tail = uri.removeprefix(_ESCO)
    return next((name for name, tails in _SYMBOLS.items() if tail in tails), None)
