"""MP4 (ISO/IEC 14496-12): the boxes that are needed to play the sound stay where they stand.

All others - places, titles, covers, what is not known - become free space, so that nothing moves.
Names of handlers and the times of recording are overwritten too. The bytes in `mdat` stay: they are
the sound, and no recorder writes anything else there.
"""

import struct
from collections.abc import Iterator

from issuer.sounds_kept import Broken, Recording

_MOST_BOXES = 20_000
_DEEPEST = 12
"""moov, trak, mdia, minf, stbl, and some more: strangers choose how deep boxes lie in boxes."""
_INSIDE = {
    *(b"moov", b"trak", b"mdia", b"minf", b"dinf", b"stbl", b"edts", b"mvex"),
    *(b"moof", b"traf", b"mfra"),
}
_NEEDED = {
    *(b"ftyp", b"styp", b"sidx", b"mdat", b"mvhd", b"tkhd", b"mdhd", b"hdlr", b"elst", b"smhd"),
    *(b"dref", b"stsd", b"stts", b"ctts", b"stsc", b"stsz", b"stz2", b"stco", b"co64", b"stss"),
    *(b"sgpd", b"sbgp", b"mehd", b"trex", b"mfhd", b"tfhd", b"tfdt", b"trun", b"tfra", b"mfro"),
}
_TIMED = {b"mvhd", b"tkhd", b"mdhd"}
_ENTRY = 28
"""Bytes of a sound's description before its own boxes; older QuickTime versions have more."""
_MORE_BY_VERSION = {0: 0, 1: 16, 2: 36}
_ENTRY_NEEDS = {b"esds", b"dOps", b"dfLa", b"alac", b"wave", b"chan", b"btrt"}
_MOST_OF_AN_ENTRY_BOX = 2_000


def read(data: bytes) -> Recording:
    """Take sound alone; overwrite what is not needed where it stands."""
    content, handlers, seconds = bytearray(data), set(), None
    left = iter(range(_MOST_BOXES))  # of the whole file: each costs a look, and some a copy
    for kind, start, end in _boxes(data, 0, len(data), left):
        if kind == b"hdlr":
            handlers.add(data[start + 8 : start + 12])
            content[start + 12 : end] = bytes(end - start - 12)
        elif kind in _TIMED:
            wide = data[start] == 1
            content[start + 4 : start + (20 if wide else 12)] = bytes(16 if wide else 8)
        elif kind == b"dref":
            for _kind, inner, stop in _boxes(data, start + 8, end, left):
                # It says that the sound is in this file; an address could stand here.
                content[inner + 4 : stop] = bytes(max(stop - inner - 4, 0))
        elif kind == b"stsd":
            for _kind, inner, stop in _boxes(data, start + 8, end, left):
                _clean_description(data, content, inner, stop, left)
        elif kind not in _NEEDED:
            _free(content, start, end)
        if kind == b"mvhd":
            seconds = _movie_seconds(data, start)
    if handlers != {b"soun"} or len(content) != len(data):
        raise Broken
    return Recording("audio/mp4", bytes(content), seconds or None)


def _free(content: bytearray, start: int, end: int) -> None:
    content[start - 4 : start] = b"free"
    content[start:end] = bytes(end - start)


def _clean_description(
    data: bytes, content: bytearray, inner: int, stop: int, left: Iterator[int]
) -> None:
    (version,) = struct.unpack_from(">H", data, inner + 8)
    parts = inner + _ENTRY + _MORE_BY_VERSION.get(version, 0)
    for kind, at, to in _boxes(data, parts, stop, left):
        if kind not in _ENTRY_NEEDS or to - at > _MOST_OF_AN_ENTRY_BOX:
            _free(content, at, to)


def _boxes(
    data: bytes, place: int, end: int, left: Iterator[int], deep: int = 0
) -> Iterator[tuple[bytes, int, int]]:
    """Walk through boxes in the order of the file; `left` counts those of all walks together."""
    if deep > _DEEPEST:
        raise Broken
    while place != end:
        if place + 8 > end or next(left, None) is None:
            raise Broken
        size, kind = struct.unpack_from(">I4s", data, place)
        start = place + 8
        if size == 1:  # a size of eight bytes follows; only the sound itself is ever so large
            if kind != b"mdat":
                raise Broken
            (size,) = struct.unpack_from(">Q", data, start)
        stop = end if size == 0 else place + size
        if stop < start or stop > end:
            raise Broken
        if kind in _INSIDE:
            yield from _boxes(data, start, stop, left, deep + 1)
        else:
            yield kind, start, stop
        place = stop


def _movie_seconds(data: bytes, start: int) -> float:
    wide = data[start] == 1
    scale, length = struct.unpack_from(">IQ" if wide else ">II", data, start + (20 if wide else 12))
    return length / scale if scale else 0.0
