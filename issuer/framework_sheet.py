"""A framework as a spreadsheet (.xlsx): languages side by side, so that translators fill a column.

Three sheets hold everything: `texts` (where, key, one column a language), `structure` (key, value)
and `pictures` (name, drawing). Every text is written as text, marked so that no program takes it
for a formula; a formula that comes in is refused. A column for a new language may be added.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils.exceptions import IllegalCharacterError, InvalidFileException

from issuer.framework_archive import MAX_BYTES, ArchiveError
from issuer.framework_document import Document, get, put
from issuer.framework_files import LISTS_OF_TEXTS

_TEXTS, _STRUCTURE, _PICTURES = "texts", "structure", "pictures"
_LONGEST_CELL = 32_000
"""A spreadsheet holds 32,767 characters in a cell; longer drawings go over several."""
_MAX_ROWS, _MAX_COLUMNS, _MAX_PARTS = 20_000, 60, 200
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]+)*")
_EMPTY = {"[]": list, "{}": dict}

_BOLD = Font(bold=True)
_WRAPPED = Alignment(wrap_text=True, vertical="top")
_MISSING = PatternFill("solid", fgColor="FFF2CC")


# --- out --------------------------------------------------------------------------------------


def write_sheet(document: Document) -> bytes:
    """Write a document as a spreadsheet."""
    book = Workbook(write_only=True)
    languages = sorted(_languages(document), key=_first(document))
    texts = _sheet(book, _TEXTS, ["where", "key", *languages], [24, 34, *[48] * len(languages)])
    try:
        for where, key in _text_keys(document):
            row = [_text_at(document, where, language, key) for language in languages]
            texts.append(_cells(texts, [where, key, *row], marked=2))
        structure = _sheet(book, _STRUCTURE, ["key", "value"], [60, 80])
        for path, value in _flat(_structure_of(document), ()):
            structure.append(_cells(structure, ["/".join(path), value]))
        pictures = _sheet(book, _PICTURES, ["name", "drawing"], [24, 80])
        for name, drawing in document["pictures"].items():
            starts = range(0, len(drawing), _LONGEST_CELL)
            parts = [drawing[start : start + _LONGEST_CELL] for start in starts]
            pictures.append(_cells(pictures, [name, *parts]))
    except (IllegalCharacterError, ValueError) as error:
        raise ArchiveError(f"a spreadsheet cannot hold this: {error}") from error
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _sheet(book: Any, name: str, heads: list[str], widths: list[int]) -> Any:
    sheet = book.create_sheet(name)
    sheet.freeze_panes = "C2" if name == _TEXTS else "A2"
    for place, width in enumerate(widths):
        sheet.column_dimensions["ABCDEFGHIJKLMNOPQRSTUVWXYZ"[place % 26]].width = width
    cells = _cells(sheet, list(heads))
    for cell in cells:
        cell.font = _BOLD
    sheet.append(cells)
    return sheet


def _cells(sheet: Any, values: list[Any], *, marked: int = 99) -> list[Any]:
    """Make the cells of a row; from place `marked` on, what is empty is shown as missing."""
    cells = []
    for place, value in enumerate(values):
        cell = WriteOnlyCell(sheet, value=value)
        if isinstance(value, str):
            # Never a formula, whatever it begins with; and not when somebody edits it either.
            cell.data_type = "s"
            cell.quotePrefix = True
        cell.alignment = _WRAPPED
        if value is None and place >= marked:
            cell.fill = _MISSING
        cells.append(cell)
    return cells


def _languages(document: Document) -> set[str]:
    sets = [document["texts"], *(one["texts"] for one in document["scenarios"].values())]
    return {language for texts in sets for language in texts}


def _first(document: Document) -> Any:
    order = document["framework"].get("languages", [])
    named = [one for one in order if isinstance(one, str)] if isinstance(order, list) else []
    return lambda language: (named.index(language) if language in named else len(named), language)


def _text_keys(document: Document) -> list[tuple[str, str]]:
    """List where each text stands, and its key, in the order of the first file that has it."""
    keys: dict[tuple[str, str], None] = {}
    for where, texts in _text_files(document):
        for path, _value in _flat(texts, ()):
            keys[(where, "/".join(_without_places(path)))] = None
    return list(keys)


def _without_places(path: tuple[str, ...]) -> tuple[str, ...]:
    return path[:-1] if ".".join(path[:-1]) in LISTS_OF_TEXTS else path


def _text_files(document: Document) -> Iterator[tuple[str, Any]]:
    order = _first(document)
    for language in sorted(document["texts"], key=order):
        yield _TEXTS, document["texts"][language]
    for name, scenario in document["scenarios"].items():
        for language in sorted(scenario["texts"], key=order):
            yield f"scenarios/{name}", scenario["texts"][language]


def _text_at(document: Document, where: str, language: str, key: str) -> str | None:
    value = get(document, (*_root(where), language, *map(_unescaped, key.split("/"))))
    if isinstance(value, list):
        return "\n".join(map(str, value))
    if value is not None and not isinstance(value, str):
        raise ArchiveError(f"{where}: {key} is no text")
    return value


def _root(where: str) -> tuple[str, ...]:
    return (_TEXTS,) if where == _TEXTS else (*where.split("/"), _TEXTS)


def _structure_of(document: Document) -> Document:
    scenarios = {name: {"tasks": one["tasks"]} for name, one in document["scenarios"].items()}
    carried = {"framework": document["framework"], "scenarios": scenarios}
    return carried | {name: document[name] for name in ("reference",) if name in document}


def _flat(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Give each value with its path; a place in a list is written as [0]."""
    if isinstance(value, dict | list) and not value and path:
        yield (*path, "[]" if isinstance(value, list) else "{}"), None
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _flat(one, (*path, _escaped(key)))
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield from _flat(one, (*path, f"[{place}]"))
    else:
        yield path, value


# --- in ---------------------------------------------------------------------------------------


def read_sheet(data: bytes) -> Document:
    """Read a spreadsheet into a document; raise `ArchiveError` for what is none or not safe."""
    _check_archive(data)
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
        sheets = {name: list(_rows(book[name])) for name in book.sheetnames}
    except (InvalidFileException, KeyError, ValueError, TypeError, OSError, IndexError) as error:
        raise ArchiveError(f"this spreadsheet cannot be read: {error}") from error
    for name in (_TEXTS, _STRUCTURE, _PICTURES):
        if not sheets.get(name):
            raise ArchiveError(f"the sheet {name} is missing")
    document: Document = {"framework": {}, "texts": {}, "scenarios": {}, "pictures": {}}
    try:
        for key, value, *_rest in sheets[_STRUCTURE][1:]:
            _put_structure(document, str(key), value)
        for name, *parts in sheets[_PICTURES][1:]:
            document["pictures"][str(name)] = "".join(str(one) for one in parts if one is not None)
        _put_texts(document, sheets[_TEXTS])
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise ArchiveError(f"this is not the spreadsheet of a framework: {error}") from error
    return document


def _check_archive(data: bytes) -> None:
    """Refuse archives that grow when they are opened, and parts that define entities."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            # Reading stops at the size that an entry names, so the sum of the names is the truth.
            if len(parts) > _MAX_PARTS or sum(one.file_size for one in parts) > MAX_BYTES:
                raise ArchiveError("this spreadsheet is too large when it is opened")
            if any(b"<!DOCTYPE" in archive.read(one) for one in parts):
                raise ArchiveError("a document type is not allowed in a spreadsheet")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise ArchiveError(f"this spreadsheet cannot be opened: {error}") from error


def _rows(sheet: Any) -> Iterator[list[Any]]:
    for number, row in enumerate(sheet.iter_rows(max_col=_MAX_COLUMNS), 1):
        if number > _MAX_ROWS:
            raise ValueError(f"there are more than {_MAX_ROWS} rows")
        for cell in row:
            if cell.data_type == "f":
                raise ValueError(f"{sheet.title}: row {number} holds a formula")
        values = [cell.value for cell in row]
        if any(value is not None for value in values):
            yield [*values, None, None]


def _put_structure(document: Document, key: str, value: Any) -> None:
    path = key.split("/")
    if path[0] not in ("framework", "scenarios", "reference"):
        raise ValueError(key)
    if path[-1] in _EMPTY:
        *path, mark = path
        value = _EMPTY[mark]()
    target: Any = document
    for part, following in pairwise(path):
        made: Any = [] if re.fullmatch(r"\[\d+\]", following) else {}
        target = _step(target, part, made)
    _set(target, path[-1], value)
    if path[0] == "scenarios":
        document["scenarios"][_unescaped(path[1])].setdefault("texts", {})


def _step(target: Any, part: str, made: Any) -> Any:
    if isinstance(target, list):
        place = int(part[1:-1])
        if place == len(target):
            target.append(made)
        return target[place]
    return target.setdefault(_unescaped(part), made)


def _set(target: Any, part: str, value: Any) -> None:
    if isinstance(target, list):
        if int(part[1:-1]) != len(target):
            raise ValueError(f"{part} is out of order")
        target.append(value)
    else:
        target[_unescaped(part)] = value


def _put_texts(document: Document, rows: list[list[Any]]) -> None:
    languages = [one for one in rows[0][2:] if one is not None]
    for language in languages:
        if not isinstance(language, str) or not _LANGUAGE.fullmatch(language):
            raise ValueError(f"{language} is not the code of a language")
    for where, key, *texts in rows[1:]:
        path = [_unescaped(part) for part in str(key).split("/")]
        root = _root(str(where))
        if root[0] == "scenarios" and root[1] not in document["scenarios"]:
            raise ValueError(f"there is no set {where}")
        for language, text in zip(languages, texts, strict=False):
            if text is None:
                continue
            value: Any = str(text)
            if ".".join(path) in LISTS_OF_TEXTS:
                value = [line for line in value.split("\n") if line]
            put(document, (*root, language, *path), value)


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1").replace("[", "~2")


def _unescaped(part: str) -> str:
    return part.replace("~2", "[").replace("~1", "/").replace("~0", "~")
