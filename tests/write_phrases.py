"""Write `contexts/labels/phrases.json` again from the MyCred4Home framework.

Run it when a text of the framework changes: ``python tests/write_phrases.py``. A test compares.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from contexts.labels import LANGUAGES, label
from issuer.framework import FOLDER, Framework, load_framework

TABLE = Path(__file__).resolve().parent.parent / "contexts" / "labels" / "phrases.json"
_BASE = "https://any.example"


def phrases(framework: Framework) -> list[dict[str, str]]:
    """Give every text of the published editions that a reader may meet, in all languages."""
    found: dict[tuple[str, ...], None] = {}
    for definition in framework.definitions():
        editions = [
            texts(framework.achievement_json(definition, base_url=_BASE, lang=language))
            for language in LANGUAGES
        ]
        found |= dict.fromkeys(zip(*editions, strict=True))
    return [dict(zip(LANGUAGES, row, strict=True)) for row in found]


def texts(edition: dict[str, Any]) -> Iterator[str]:
    """Walk the texts of one edition, in the same order in every language."""
    yield edition["name"]
    yield edition["description"]
    yield edition["creator"]["name"]
    yield from edition["criteria"]["narrative"].split("\n\n")
    for row in edition["resultDescription"]:
        yield row["name"]
        for level in row.get("rubricCriterionLevel", []):
            yield level["name"]
            yield level["description"]
    for row in edition["alignment"]:
        if label(row["targetUrl"], "en", code=row.get("targetCode")) is None:
            yield row["targetName"]
            yield row["targetFramework"]


def written(framework: Framework) -> str:
    """Give the text of the file: this version first, then what only earlier badges say."""
    now = phrases(framework)
    before = json.loads(TABLE.read_text("utf-8"))["phrases"]
    table = {
        "source": f"The framework {framework.id}, up to version {framework.version}; "
        "made by tests/write_phrases.py",
        "phrases": [*now, *(row for row in before if row not in now)],
    }
    return json.dumps(table, ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    TABLE.write_text(written(load_framework(FOLDER / "mycred4home")), "utf-8")
