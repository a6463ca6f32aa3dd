"""A framework as files: read from a folder or a zip, and written again; nothing unsafe is opened.

Files go by their path inside the framework, with slashes, and hold bytes; nothing here looks into
them. A zip comes from outside: names that lead elsewhere, links, and archives that grow when they
are opened are refused before anything is kept.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

Files = Mapping[str, bytes]
"""Path inside the framework -> content."""

MAX_FILES = 2_000
MAX_FILE_BYTES = 1_000_000
MAX_BYTES = 10_000_000
"""All files together; the frameworks that we ship have a tenth of it."""
MAX_ZIP_BYTES = 1_900_000
"""What fits into one form of the web pages."""

_NAME = r"[A-Za-z0-9][A-Za-z0-9_-]*"
_PATH = re.compile(rf"{_NAME}(?:/{_NAME})*(?:\.{_NAME})+")
_DAY = (1980, 1, 1, 0, 0, 0)
"""The first day of zip archives: the same files are the same archive."""
_TYPE = 0o170000
_PLAIN_FILE = 0o100000
_WAYS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""How files may be packed: others ask for as much memory as the archive says."""
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    RuntimeError,
    OSError,
    EOFError,
)


class ArchiveError(ValueError):
    """A folder or an archive that is not opened, with the reason."""


def read_folder(folder: Path) -> dict[str, bytes]:
    """Give the files of a folder; hidden ones are left out, links are not followed."""
    paths = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink() and not _hidden(path.relative_to(folder))
    ]
    _check_number(len(paths))
    files, left = {}, MAX_BYTES
    for path in paths:
        with path.open("rb") as source:
            data = source.read(min(MAX_FILE_BYTES, left) + 1)
        left = _less(left, len(data), path.name)
        files[path.relative_to(folder).as_posix()] = data
    return files


def write_folder(files: Files, folder: Path) -> None:
    """Write files into a new or an empty folder."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ArchiveError(f"{folder} is there already")
    for name, data in files.items():
        path = folder / _safe(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def pack(files: Files) -> bytes:
    """Give the files as a zip; the same files always give the same bytes."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(_safe(name), _DAY)
            entry.external_attr = (_PLAIN_FILE | 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name])
    return target.getvalue()


def unpack(data: bytes) -> dict[str, bytes]:
    """Give the files of a zip; raise `ArchiveError` for one that is not safe to open.

    1. Every name must stay inside, and be there once; entries must be plain files.
    2. What is read is counted, not what the archive says about itself.
    3. One folder around everything, as many programs add it, is taken away.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = dict(_entries(archive))  # 1, 2
    except _BROKEN as error:
        raise ArchiveError(f"this zip cannot be opened: {error}") from error
    return _without_folder(files)  # 3


def _entries(archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    entries = [one for one in archive.infolist() if not one.is_dir()]
    _check_number(len(entries))
    seen: set[str] = set()
    left = MAX_BYTES
    for entry in entries:
        name = _safe(entry.filename)
        kind = (entry.external_attr >> 16) & _TYPE
        if kind not in (0, _PLAIN_FILE):
            raise ArchiveError(f"{name} is not a plain file")
        if entry.compress_type not in _WAYS:
            raise ArchiveError(f"{name} is packed in a way that is not opened here")
        if name.casefold() in seen:
            raise ArchiveError(f"{name} is there twice")
        seen.add(name.casefold())
        with archive.open(entry) as source:
            data = source.read(min(MAX_FILE_BYTES, left) + 1)
        left = _less(left, len(data), name)
        yield name, data


def _safe(name: str) -> str:
    if len(name) > 200 or not _PATH.fullmatch(name):
        raise ArchiveError(f"{name[:200]!r} is not a name for a file of a framework")
    return name


def _less(left: int, size: int, name: str) -> int:
    if size > MAX_FILE_BYTES:
        raise ArchiveError(f"{name} has more than {MAX_FILE_BYTES} bytes")
    if size > left:
        raise ArchiveError(f"all files together have more than {MAX_BYTES} bytes")
    return left - size


def _check_number(number: int) -> None:
    if number > MAX_FILES:
        raise ArchiveError(f"there are more than {MAX_FILES} files")


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _without_folder(files: Files) -> dict[str, bytes]:
    outer = {name.partition("/")[0] for name in files if "/" in name}
    if "framework.toml" in files or len(outer) != 1 or any("/" not in name for name in files):
        return dict(files)
    return {name.partition("/")[2]: data for name, data in files.items()}
