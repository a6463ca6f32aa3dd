"""A framework as one value: everything that its files say, for keeping, editing and exchange.

The document is plain JSON: what `framework.toml` says, the texts by language, each scenario with
its tasks and texts, and the pictures as text. Comments and the way a file is laid out are not in
it. Its digest is taken over the canonical JSON (RFC 8785) and so names what is *said*: the folder,
the zip, the spreadsheet and the database have the same digest as long as they say the same::

    document = read_document(read_folder(folder))
    digest(document)                      # sha384-…
    files_of(document)                    # the same as plain files again
"""

import base64
import hashlib
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

import rfc8785
import tomli_w

from issuer.framework_archive import Files

Document = dict[str, Any]
"""{"framework": …, "texts": {lang: …}, "scenarios": {id: {"tasks": …, "texts": {lang: …}}},
"pictures": {name: svg}}, and where there are reference files "reference": {skill: {"files": …,
lang: …}}"""

Key = tuple[str, ...]
"""Leads to a value of a document, from the outside in; places in lists are numbers from 0."""

_PLACES = re.compile(
    r"(?P<framework>framework\.toml)"
    r"|texts/(?P<language>[\w-]+)\.toml"
    r"|scenarios/(?P<scenario>[\w-]+)/(?P<sheet>[\w-]+)\.toml"
    r"|reference/(?P<skill>[\w-]+)/(?P<part>[\w-]+)\.toml"
    r"|pictures/(?P<picture>[\w-]+)\.svg"
)


class DocumentError(ValueError):
    """Files that do not come to a document; `problems` are pairs of file and reason."""

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        super().__init__("\n".join(f"{file}: {reason}" for file, reason in problems))
        self.problems = tuple(problems)


def read_document(files: Files) -> Document:
    """Read files into a document; raise `DocumentError` for those that cannot be read.

    Whether the framework is complete and right, `framework_check.check` says.
    """
    document: Document = {"framework": {}, "texts": {}, "scenarios": {}, "pictures": {}}
    problems = []
    for name in sorted(files):
        place = key_of(name)
        if place is None:
            problems.append((name, "a framework has no such file"))
            continue
        try:
            put(document, place, _content(name, files[name]))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValueError) as error:
            problems.append((name, str(error)))
    if problems:
        raise DocumentError(problems)
    for scenario in document["scenarios"].values():
        scenario.setdefault("tasks", {})
        scenario.setdefault("texts", {})
    return document


def files_of(document: Document) -> dict[str, bytes]:
    """Write a document as the files of a framework."""
    files = {"framework.toml": _toml(document["framework"])}
    for language, texts in document["texts"].items():
        files[f"texts/{language}.toml"] = _toml(texts)
    for name, scenario in document["scenarios"].items():
        files[f"scenarios/{name}/tasks.toml"] = _toml(scenario["tasks"])
        for language, texts in scenario["texts"].items():
            files[f"scenarios/{name}/{language}.toml"] = _toml(texts)
    for skill, parts in document.get("reference", {}).items():
        for part, content in parts.items():
            files[f"reference/{skill}/{part}.toml"] = _toml(content)
    for name, picture in document["pictures"].items():
        files[f"pictures/{name}.svg"] = picture.encode()
    return files


def digest(document: Document) -> str:
    """Give the SHA-384 digest of what a document says (Subresource Integrity, 3.5)."""
    hashed = hashlib.sha384(rfc8785.dumps(document)).digest()
    return "sha384-" + base64.b64encode(hashed).decode()


def dump(document: Document) -> str:
    """Write a document as JSON, in its own order."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def load(text: str) -> Document:
    """Read what `dump` wrote."""
    document: Document = json.loads(text)
    return document


# --- places in a document ---------------------------------------------------------------------


def key_of(file: str) -> Key | None:
    """Give where the content of a file stands in a document, or None for no file of a framework."""
    match = _PLACES.fullmatch(file)
    if match is None:
        return None
    if match["framework"]:
        return ("framework",)
    if match["language"]:
        return ("texts", match["language"])
    if match["picture"]:
        return ("pictures", match["picture"])
    if match["skill"]:
        return ("reference", match["skill"], match["part"])
    if match["sheet"] == "tasks":
        return ("scenarios", match["scenario"], "tasks")
    return ("scenarios", match["scenario"], "texts", match["sheet"])


def get(document: Any, key: Key) -> Any:
    """Give the value at a key, or None."""
    value = document
    for part in key:
        if isinstance(value, list):
            value = value[int(part)] if part.isdecimal() and int(part) < len(value) else None
        else:
            value = value.get(part) if isinstance(value, Mapping) else None
    return value


def rows_of(table: Any, name: str) -> list[tuple[int, dict[str, Any]]]:
    """Give the tables in the list `name`, each with its place; what is no table is left out."""
    rows = table.get(name) if isinstance(table, dict) else None
    if not isinstance(rows, list):
        return []
    return [(place, row) for place, row in enumerate(rows) if isinstance(row, dict)]


def put(document: Any, key: Key, value: Any) -> None:
    """Set the value at a key; tables on the way are made, a list grows by one at its end."""
    *outer, last = key
    for part in outer:
        if isinstance(document, list):
            document = document[int(part)]
        else:
            document = document.setdefault(part, {})
    if not isinstance(document, list):
        document[last] = value
    elif int(last) == len(document):
        document.append(value)
    else:
        document[int(last)] = value


def remove(document: Any, key: Key) -> None:
    """Take away the value at a key, and tables of texts around it that are empty then."""
    *outer, last = key
    around = get(document, tuple(outer))
    if isinstance(around, list):
        del around[int(last)]
    elif isinstance(around, dict):
        around.pop(last, None)
        if not around and _is_inside_texts(outer):
            remove(document, tuple(outer))


def _is_inside_texts(key: list[str]) -> bool:
    """Tell a table within the texts of a language, which stays itself although it is empty."""
    return (key[0] == "texts" and len(key) > 2) or (key[2:3] == ["texts"] and len(key) > 4)


def copy(document: Document) -> Document:
    """Give a document that can be changed without changing this one."""
    return deepcopy(document)


def _content(name: str, data: bytes) -> Any:
    text = data.decode("utf-8")
    if name.endswith(".svg"):
        return text
    table = tomllib.loads(text)
    rfc8785.dumps(table)  # dates and numbers that JSON does not have
    return table


def _toml(table: Mapping[str, Any]) -> bytes:
    return tomli_w.dumps(table).encode()
