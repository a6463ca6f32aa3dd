"""Frameworks go out and come back as they were; what is not safe does not come in."""

import io
import json
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest
from kinds_world import folder_with_new_kinds
from openpyxl import Workbook, load_workbook

from issuer.framework import FOLDER, frameworks
from issuer.framework_archive import (
    MAX_FILE_BYTES,
    ArchiveError,
    pack,
    read_folder,
    unpack,
    write_folder,
)
from issuer.framework_check import check, problems
from issuer.framework_document import Document, digest, files_of, get, put, read_document
from issuer.framework_exchange import FORMATS, read, write

SHIPPED = sorted(frameworks())


def shipped(name: str = "companionship") -> Document:
    return read_document(read_folder(FOLDER / name))


def zipped(*entries: tuple[str, bytes], **how: Any) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = how.get("mode", 0) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return target.getvalue()


def sheet(document: Document, change: Any) -> bytes:
    """Let somebody edit the spreadsheet of a framework."""
    book = load_workbook(io.BytesIO(write(document, "spreadsheet")[0]))
    change(book)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


# --- there and back --------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["zip", "spreadsheet"])
@pytest.mark.parametrize("name", SHIPPED)
def test_what_comes_back_has_the_same_digest(name, form):
    document = shipped(name)
    data, left_out = write(document, form)
    assert left_out == []
    assert digest(read(data, form)) == digest(document)


def test_every_kind_of_task_comes_back_from_a_spreadsheet(tmp_path):
    document = read_document(read_folder(folder_with_new_kinds(tmp_path)))
    assert digest(read(write(document, "spreadsheet")[0], "spreadsheet")) == digest(document)


def test_the_digest_is_of_what_is_said_and_not_of_how_it_is_written():
    files = read_folder(FOLDER / "mycred4home")
    written = files_of(read_document(files))
    assert written["framework.toml"] != files["framework.toml"]  # comments and lines are gone
    assert digest(read_document(written)) == digest(read_document(files))
    assert problems(check(written)) == []


def test_the_same_framework_is_the_same_zip():
    assert write(shipped(), "zip") == write(shipped(), "zip")


@pytest.mark.parametrize("name", SHIPPED)
def test_a_case_package_comes_back_with_all_that_it_carries_and_tells_the_rest(name):
    document = shipped(name)
    data, left_out = write(document, "case")
    back = read(data, "case")
    assert write(back, "case")[0] == data
    assert back["framework"]["id"] == name
    for skill in document["framework"]["skill"]:
        for criterion in skill["criteria"]:
            key = ("texts", "en", "skill", skill["id"], criterion, "mark2")
            assert get(back, key) == get(document, key)
    told = " ".join(left_out)
    assert all(word in told for word in ("fr, es", "sets of tasks", "pictures", "EU element"))


def test_a_case_package_has_the_shape_of_case():
    package = json.loads(write(shipped("mycred4home"), "case")[0])
    assert set(package) == {
        "CFDocument",
        "CFItems",
        "CFAssociations",
        "CFDefinitions",
        "CFRubrics",
    }
    items = {one["identifier"]: one for one in package["CFItems"]}
    assert len(items) == len(package["CFItems"]) == 4 * (1 + 4 + 3)
    for row in (package["CFDocument"], *package["CFItems"], *package["CFAssociations"]):
        assert {"identifier", "uri", "lastChangeDateTime"} <= set(row)
    assert all(one["fullStatement"] for one in items.values())
    parents = [
        one["originNodeURI"]["identifier"]
        for one in package["CFAssociations"]
        if one["associationType"] == "isChildOf"
    ]
    assert sorted(parents) == sorted(items)
    for rubric in package["CFRubrics"]:
        for line in rubric["CFRubricCriteria"]:
            assert line["CFItemURI"]["identifier"] in items
            assert [one["score"] for one in line["CFRubricCriterionLevels"]] == [0, 1, 2, 3]


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"CFDocument": 1}', b'{"CFDocument": {}}'])
def test_what_is_no_case_package_is_refused(data):
    with pytest.raises(ArchiveError):
        read(data, "case")


# --- zips ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "../framework.toml",
        "texts/../../en.toml",
        "/etc/passwd.toml",
        "C:/framework.toml",
        "texts\\en.toml",
        "texts//en.toml",
        ".git/config.toml",
        "nothing",
        "a" * 300 + ".toml",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(name):
    with pytest.raises(ArchiveError, match="is not a name for a file"):
        unpack(zipped(("framework.toml", b""), (name, b"x")))


def test_a_link_in_a_zip_is_refused():
    with pytest.raises(ArchiveError, match="not a plain file"):
        unpack(zipped(("framework.toml", b"/etc/passwd"), mode=stat.S_IFLNK | 0o777))


def test_a_zip_that_grows_when_it_is_opened_is_refused():
    bomb = zipped(("framework.toml", b"0" * (MAX_FILE_BYTES + 1)))
    assert len(bomb) < 2_000
    with pytest.raises(ArchiveError, match="has more than"):
        unpack(bomb)
    many = [(f"texts/t{number}.toml", b"0" * 900_000) for number in range(12)]
    with pytest.raises(ArchiveError, match="all files together"):
        unpack(zipped(*many))
    with pytest.raises(ArchiveError, match="more than 2000 files"):
        unpack(zipped(*((f"texts/t{number}.toml", b"") for number in range(2_001))))


def test_a_name_that_is_there_twice_is_refused():
    with pytest.warns(UserWarning, match="Duplicate"):
        data = zipped(("framework.toml", b"a"), ("framework.toml", b"b"))
    with pytest.raises(ArchiveError, match="twice"):
        unpack(data)
    with pytest.raises(ArchiveError, match="twice"):
        unpack(zipped(("texts/en.toml", b"a"), ("texts/EN.toml", b"b")))


def test_one_folder_around_everything_is_taken_away():
    files = {f"mycred4home/{name}": data for name, data in files_of(shipped()).items()}
    assert unpack(pack(files)) == files_of(shipped())


@pytest.mark.parametrize("way", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_that_asks_for_as_much_memory_as_it_says_is_refused(way):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", way) as archive:
        archive.writestr("framework.toml", b"")
    with pytest.raises(ArchiveError, match="packed in a way"):
        unpack(data.getvalue())


def test_a_zip_whose_content_is_broken_is_refused():
    data = bytearray(zipped(("framework.toml", b"words" * 100)))
    start = 30 + len("framework.toml")
    data[start : start + 8] = b"\xff" * 8
    with pytest.raises(ArchiveError, match="cannot be opened"):
        unpack(bytes(data))


@pytest.mark.parametrize("data", [b"", b"PK", b"no zip", zipped()[:-3]])
def test_what_is_no_zip_is_refused(data):
    with pytest.raises(ArchiveError):
        read(data, "zip")


# --- spreadsheets ----------------------------------------------------------------------------


def test_a_translator_fills_a_column_for_a_new_language():
    def translate(book: Workbook) -> None:
        texts = book["texts"]
        place = texts.max_column + 1
        texts.cell(1, place, "pt")
        for row in range(2, texts.max_row + 1):
            texts.cell(row, place, f"em português {row}")

    document = read(sheet(shipped(), translate), "spreadsheet")
    assert get(document, ("texts", "pt", "level", "beginner", "name")).startswith("em português")
    document["framework"]["languages"].append("pt")
    assert "pt" in document["scenarios"]["a-safe-visit"]["texts"]
    wrong = {one.message for one in problems(check(files_of(document)))}
    assert not [one for one in wrong if "is missing" in one and "pt" in one]


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-1", "@SUM(A1)", "\tx", "'=1"])
def test_no_text_becomes_a_formula(text):
    document = shipped()
    put(document, ("texts", "fr", "level", "beginner", "name"), text)
    data = write(document, "spreadsheet")[0]
    cells = [
        cell
        for row in load_workbook(io.BytesIO(data))["texts"].iter_rows()
        for cell in row
        if cell.value == text
    ]
    assert [(cell.data_type, cell.quotePrefix) for cell in cells] == [("s", True)]
    assert digest(read(data, "spreadsheet")) == digest(document)


def test_a_formula_that_comes_in_is_refused():
    def attack(book: Workbook) -> None:
        book["texts"].cell(5, 3, '=HYPERLINK("https://evil.example")')

    with pytest.raises(ArchiveError, match="holds a formula"):
        read(sheet(shipped(), attack), "spreadsheet")


@pytest.mark.parametrize("head", ["../fr", "FR", "français", "", "x" * 40])
def test_a_column_that_is_no_language_is_refused(head):
    def attack(book: Workbook) -> None:
        book["texts"].cell(1, 4, head or 7)

    with pytest.raises(ArchiveError, match="is not the code of a language"):
        read(sheet(shipped(), attack), "spreadsheet")


def test_a_spreadsheet_that_grows_or_defines_entities_is_refused():
    data = write(shipped(), "spreadsheet")[0]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = [(one, archive.read(one)) for one in archive.namelist()]
    with pytest.raises(ArchiveError, match="too large when it is opened"):
        read(zipped(*parts, ("xl/media.xml", b"0" * 11_000_000)), "spreadsheet")
    entities = [(one, b"<!DOCTYPE x>" + text if "sheet1" in one else text) for one, text in parts]
    with pytest.raises(ArchiveError, match="document type"):
        read(zipped(*entities), "spreadsheet")


@pytest.mark.parametrize("data", [b"", b"no zip", zipped(("a.xml", b""))])
def test_what_is_no_spreadsheet_is_refused(data):
    with pytest.raises(ArchiveError):
        read(data, "spreadsheet")


# --- all -------------------------------------------------------------------------------------


def test_an_unknown_format_is_refused():
    assert set(FORMATS) == {"zip", "case", "spreadsheet"}
    with pytest.raises(ArchiveError):
        read(b"", "docx")


def test_a_folder_is_never_written_over(tmp_path: Path):
    write_folder(files_of(shipped()), tmp_path / "new")
    assert read_folder(tmp_path / "new") == files_of(shipped())
    with pytest.raises(ArchiveError, match="is there already"):
        write_folder({}, tmp_path / "new")
