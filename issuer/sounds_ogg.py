"""Ogg with Opus or Vorbis (RFC 3533, RFC 7845): one stream of sound, its comments overwritten.

The comments keep their number and lengths and become spaces, so that no page moves; the checksums
of their pages are written anew.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from issuer.sounds_kept import Broken, Recording

_OPUS_RATE = 48_000
_MOST_PAGES = 50_000
_MOST_COMMENTS = 100_000
"""Bytes: a checksum is reckoned here, byte by byte; a recorder writes less than a hundred."""
_CONTINUED, _FIRST = 0x01, 0x02


@dataclass(frozen=True)
class _Page:
    start: int
    body: int
    end: int
    flags: int
    samples: int
    serial: int
    lengths: bytes


def read(data: bytes) -> Recording:
    """Take Opus or Vorbis alone; the last page says how far the sound goes.

    1. Pages follow one another without a gap, all of one stream that begins once.
    2. The first packet says what it is. 3. The second holds the comments, which are overwritten.
    """
    pages = list(_pages(data))  # 1
    if len({page.serial for page in pages}) != 1 or any(
        bool(page.flags & _FIRST) != (place == 0) for place, page in enumerate(pages)
    ):
        raise Broken
    packets = _packets(pages)
    head = b"".join(data[start:end] for start, end in next(packets))  # 2
    if head.startswith(b"OpusHead") and len(head) <= 19 + 2 + 255:
        rate, magic = _OPUS_RATE, b"OpusTags"
    elif head.startswith(b"\x01vorbis") and len(head) == 30:
        (rate,) = struct.unpack_from("<I", head, 12)
        magic = b"\x03vorbis"
    else:
        raise Broken
    content = bytearray(data[: pages[-1].end])
    _overwrite(content, pages, next(packets), magic)  # 3
    samples = pages[-1].samples
    if rate == 0 or samples < 0:
        raise Broken
    return Recording("audio/ogg", bytes(content), samples / rate)


def _pages(data: bytes) -> Iterator[_Page]:
    place = 0
    for _ in range(_MOST_PAGES):
        head = data[place : place + 27]
        if place and len(head) < 27:
            return  # the recorder stopped within the last one
        name, version, flags, samples, serial, _number, _sum, count = struct.unpack(
            "<4sBBqIIIB", head
        )
        lengths = data[place + 27 : place + 27 + count]
        body = place + 27 + count
        end = body + sum(lengths)
        if name != b"OggS" or version != 0:
            raise Broken
        if len(lengths) < count or end > len(data):
            return
        yield _Page(place, body, end, flags, samples, serial, lengths)
        place = end
    raise Broken


def _packets(pages: list[_Page]) -> Iterator[list[tuple[int, int]]]:
    """Give the spans of the file that make up each packet, one packet after the other."""
    spans: list[tuple[int, int]] = []
    for page in pages:
        if bool(page.flags & _CONTINUED) != bool(spans):
            raise Broken
        at = begin = page.body
        for length in page.lengths:
            at += length
            if length < 255:
                yield [*spans, (begin, at)]
                spans, begin = [], at
        if begin < at:
            spans.append((begin, at))
    raise Broken


def _overwrite(
    content: bytearray, pages: list[_Page], spans: list[tuple[int, int]], magic: bytes
) -> None:
    packet = bytearray().join(content[start:end] for start, end in spans)
    if not packet.startswith(magic) or len(packet) > _MOST_COMMENTS:
        raise Broken
    at = _blank(packet, len(magic))
    (number,) = struct.unpack_from("<I", packet, at)
    at += 4
    for _ in range(number):
        at = _blank(packet, at)
    # Opus may pad; Vorbis ends with one bit that is set.
    rest = len(packet) - at
    packet[at:] = bytes(rest) if magic == b"OpusTags" else b"\1".ljust(rest, b"\0")
    taken = 0
    for start, end in spans:
        content[start:end] = packet[taken : taken + end - start]
        taken += end - start
    for page in pages:
        if any(page.body <= start < page.end for start, _ in spans):
            content[page.start + 22 : page.start + 26] = bytes(4)
            checksum = _checksum(content[page.start : page.end])
            struct.pack_into("<I", content, page.start + 22, checksum)


def _blank(packet: bytearray, at: int) -> int:
    (length,) = struct.unpack_from("<I", packet, at)
    if at + 4 + length > len(packet):
        raise Broken
    packet[at + 4 : at + 4 + length] = b" " * length
    return at + 4 + int(length)


def _table() -> list[int]:
    made: list[int] = []
    for byte in range(256):
        value: int = byte << 24
        for _ in range(8):
            value = (value << 1) ^ (0x04C11DB7 if value & 1 << 31 else 0)
        made.append(value & 0xFFFFFFFF)
    return made


_CRC = _table()


def _checksum(page: bytes | bytearray) -> int:
    """Give the checksum of a page (RFC 3533, 6: CRC-32 of its own kind)."""
    value: int = 0
    for byte in page:
        value = ((value << 8) & 0xFFFFFFFF) ^ _CRC[(value >> 24) ^ byte]
    return value
