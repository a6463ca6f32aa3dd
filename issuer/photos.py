"""A photo that somebody took, written anew: upright, small, and with nothing in it but the picture.

What comes in is a stranger's file. It is recognised by its first bytes, its size is read before a
pixel is decoded, and what is kept is a JPEG that we wrote ourselves: no place, no camera, no time,
no comment, no colour profile, and no second file hidden behind the first (threat 23).
"""

import io
import struct
from dataclasses import dataclass

from PIL import Image, ImageOps

from web.errors import Refused
from web.languages import N_

CONTENT_TYPE = "image/jpeg"
MAX_BYTES = 12_000_000
"""What phones write; it is kept much smaller."""
_SIDE = 1_600
_QUALITY = 82
_SMALLEST_SIDE = 16
_MAX_SCANS = 100
"""A JPEG of a few bytes can ask for thousands of passes over all its pixels."""


@dataclass(frozen=True)
class _Format:
    """A kind of picture that we read: how it begins, and how many pixels it may have."""

    name: str
    begins: bytes
    continues: bytes
    """What stands at its ninth byte."""
    max_pixels: int


_FORMATS = (
    _Format("JPEG", b"\xff\xd8\xff", b"", 50_000_000),
    _Format("PNG", b"\x89PNG\r\n\x1a\n", b"", 25_000_000),
    _Format("WEBP", b"RIFF", b"WEBP", 25_000_000),
)
_UNREADABLE = (
    *(OSError, SyntaxError, ValueError, EOFError, struct.error),
    *(KeyError, IndexError, TypeError, OverflowError, ZeroDivisionError),
)
"""What Pillow's readers raise for files that were cut, changed or made up."""


def clean_photo(data: bytes) -> bytes:
    """Give the picture of a photo as a JPEG of our own; raise `Refused` with what is wrong.

    1. Its kind is told from its content; its name and what the sender called it say nothing.
    2. It has few enough pixels (read from its head) and does not move.
    3. It is decoded, turned upright, made small and written anew.
    """
    if len(data) > MAX_BYTES:
        raise Refused(N_("This photo is too big. Take a smaller one."), status=413, code="file")
    form = _format_of(data)  # 1
    try:
        with Image.open(io.BytesIO(data), formats=[form.name]) as image:
            _check_head(image, form, scans=data.count(b"\xff\xda"))  # 2
            return _written_anew(image)  # 3
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels() from error
    except _UNREADABLE as error:
        raise Refused(
            N_("We cannot read this photo. Take it again."), status=415, code="file"
        ) from error


def _format_of(data: bytes) -> _Format:
    for form in _FORMATS:
        if data.startswith(form.begins) and data[8:].startswith(form.continues):
            return form
    raise Refused(
        N_("This is not a photo that we can read. Send a JPEG, PNG or WebP."),
        status=415,
        code="file",
    )


def _check_head(image: Image.Image, form: _Format, *, scans: int) -> None:
    width, height = image.size
    if width * height > form.max_pixels or scans > _MAX_SCANS:
        raise _too_many_pixels()
    if min(width, height) < _SMALLEST_SIDE:
        raise Refused(N_("This photo is too small to see anything."), status=422, code="file")
    # A phone's JPEG may hold a second picture behind the first; that is no movement.
    if form.name != "JPEG" and getattr(image, "is_animated", False):
        raise Refused(
            N_("This picture moves. Send one that stands still."), status=415, code="file"
        )


def _written_anew(image: Image.Image) -> bytes:
    image.draft("RGB", (_SIDE, _SIDE))  # a JPEG decodes at the smallest scale that is enough
    upright = ImageOps.exif_transpose(image)
    upright.thumbnail((_SIDE, _SIDE))
    coloured = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    page = Image.new("RGB", coloured.size, "white")  # carries nothing over but what is painted
    page.paste(coloured, mask=coloured if coloured.mode == "RGBA" else None)
    written = io.BytesIO()
    page.save(written, "JPEG", quality=_QUALITY, optimize=True)
    return written.getvalue()


def _too_many_pixels() -> Refused:
    return Refused(N_("This photo is too big. Take a smaller one."), status=413, code="file")
