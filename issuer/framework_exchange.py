"""Frameworks on their way out and in: as a zip of plain files, a CASE package, a spreadsheet.

A format is one record: how a document is written, with what it leaves out, and how it is read.
Whatever comes in is a draft at most; the check and a second person stand before everything else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from issuer import framework_archive
from issuer.framework_archive import ArchiveError
from issuer.framework_case import read_case, write_case
from issuer.framework_document import Document, DocumentError, files_of, read_document
from issuer.framework_sheet import read_sheet, write_sheet
from web.languages import N_

LeftOut = list[str]


@dataclass(frozen=True)
class Format:
    """One way to take a framework along."""

    label: str
    media_type: str
    ending: str
    write: Callable[[Document], tuple[bytes, LeftOut]]
    read: Callable[[bytes], Document]


def write(document: Document, form: str) -> tuple[bytes, LeftOut]:
    """Write a document in a format; also give what the format cannot hold, in words."""
    return FORMATS[form].write(document)


def read(data: bytes, form: str) -> Document:
    """Read a document in a format; raise `ArchiveError` for what is none or is not safe."""
    if form not in FORMATS:
        raise ArchiveError("this format is not known")
    return FORMATS[form].read(data)


def _to_zip(document: Document) -> tuple[bytes, LeftOut]:
    return framework_archive.pack(files_of(document)), []


def _from_zip(data: bytes) -> Document:
    try:
        return read_document(framework_archive.unpack(data))
    except DocumentError as error:
        raise ArchiveError(str(error)) from error


def _to_sheet(document: Document) -> tuple[bytes, LeftOut]:
    return write_sheet(document), []


FORMATS: Mapping[str, Format] = {
    "zip": Format(N_("Zip of plain files"), "application/zip", ".zip", _to_zip, _from_zip),
    "case": Format(
        N_("CASE package (JSON, one language, no tasks)"),
        "application/json",
        ".case.json",
        write_case,
        read_case,
    ),
    "spreadsheet": Format(
        N_("Spreadsheet (a column for each language)"),
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ".xlsx",
        _to_sheet,
        read_sheet,
    ),
}
