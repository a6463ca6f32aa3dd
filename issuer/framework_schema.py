"""The published JSON Schemas (2020-12) of a framework's files, for whoever writes one elsewhere.

They say field by field what `framework_files` reads; what only the whole can tell (that a text is
missing, that a criterion is shown by no task) is told by `framework_check`.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "framework_schemas"
MEDIA_TYPE = "application/schema+json"


@cache
def schema_texts() -> Mapping[str, bytes]:
    """Give each schema by its file name, as the bytes that are published."""
    return {path.name: path.read_bytes() for path in sorted(FOLDER.glob("*.schema.json"))}


@cache
def schemas() -> Mapping[str, dict[str, Any]]:
    """Give each schema by its file name."""
    return {name: json.loads(text) for name, text in schema_texts().items()}


def schema_of(file: str) -> str:
    """Name the schema of a file of a framework."""
    folder, _slash, sheet = file.rpartition("/")
    if file == "framework.toml":
        return "framework.schema.json"
    if folder == "texts":
        return "texts.schema.json"
    if folder.startswith("reference/"):
        return (
            "reference-files.schema.json"
            if sheet == "files.toml"
            else "reference-texts.schema.json"
        )
    return "tasks.schema.json" if sheet == "tasks.toml" else "scenario-texts.schema.json"
