"""A recording that somebody made: what kind it is, how long, and nothing in it but sound.

Nothing is decoded: a browser plays it. The kind is told from the content, never from a name or a
header. Moving pictures are refused. What phones write beside the sound - a title, which is often
the name of a place, the model, a cover - is left out where it stands apart (MP4, MP3, WAV).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from web.errors import Refused
from web.languages import N_

MAX_BYTES = 6_000_000
"""A minute as phones and browsers record it; WAV of one channel fits too."""
MAX_SECONDS = 60
_GRACE_SECONDS = 5
"""A recorder that is told to stop at a minute stops a little later."""
_MAX_BOXES = 20_000


@dataclass(frozen=True)
class Recording:
    """Sound as it is kept."""

    content_type: str
    content: bytes
    seconds: float | None
    """None where the file does not say."""


class _Broken(Exception):
    """The file does not go on as its kind must."""


def clean_recording(data: bytes) -> Recording:
    """Give a recording as we keep it; raise `Refused`, in words, if it is none or too long."""
    if len(data) > MAX_BYTES:
        raise Refused(N_("This recording is too big. Say it shorter."), status=413, code="file")
    try:
        recording = _read(data)
    except (_Broken, struct.error, IndexError) as error:
        raise Refused(
            N_("We cannot play this recording. Record it again."), status=415, code="file"
        ) from error
    if recording.seconds is not None and recording.seconds > MAX_SECONDS + _GRACE_SECONDS:
        raise Refused(N_("This is longer than a minute. Say it shorter."), status=413, code="file")
    return recording


def _read(data: bytes) -> Recording:
    if data.startswith(b"\x1aE\xdf\xa3"):
        return _webm(data)
    if data.startswith(b"OggS"):
        return _ogg(data)
    if data[4:8] == b"ftyp":
        return _mp4(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WAVE":
        return _wav(data)
    if data.startswith(b"ID3") or _is_mp3_frame(data):
        return _mp3(data)
    raise Refused(
        N_("This is not a recording that we can play."),
        status=415,
        code="file",
        hint=N_("Record again here, or write instead."),
    )


# --- WebM (Matroska, RFC 9559) ------------------------------------------------------------------

_SEGMENT, _INFO, _TRACKS, _TRACK, _CLUSTER = 0x18538067, 0x1549A966, 0x1654AE6B, 0xAE, 0x1F43B675
_SCALE, _TRACK_TYPE, _CODEC = 0x2AD7B1, 0x83, 0x86
_CLUSTER_TIME, _SIMPLE_BLOCK, _BLOCK_GROUP, _BLOCK = 0xE7, 0xA3, 0xA0, 0xA1
_INSIDE = {_SEGMENT, _INFO, _TRACKS, _TRACK, _CLUSTER, _BLOCK_GROUP}
_AUDIO = 2


def _webm(data: bytes) -> Recording:
    """Read the tracks, and the time of the last block: a browser writes no length at the front."""
    scale, at, last, kinds = 1_000_000, 0, 0, set()
    header, place = _element(data, 0)
    if b"webm" not in data[header : header + 64]:
        raise _Broken
    for kind, start, end in _elements(data, place):
        if kind == _SCALE:
            scale = int.from_bytes(data[start:end])
        elif kind == _TRACK_TYPE:
            kinds.add(int.from_bytes(data[start:end]))
        elif kind == _CODEC and data[start:end] not in (b"A_OPUS", b"A_VORBIS"):
            raise _Broken
        elif kind == _CLUSTER_TIME:
            at = int.from_bytes(data[start:end])
        elif kind in (_SIMPLE_BLOCK, _BLOCK):
            track = _vint_length(data, start)
            last = max(last, at + int.from_bytes(data[start + track : start + track + 2], "big"))
    if kinds != {_AUDIO}:
        raise _Broken
    return Recording("audio/webm", data, last * scale / 1e9)


def _elements(data: bytes, place: int) -> Iterator[tuple[int, int, int]]:
    """Walk through elements in the order of the file, into those that hold others."""
    for _ in range(_MAX_BOXES):
        if place >= len(data):
            return
        length = _vint_length(data, place)
        kind = int.from_bytes(data[place : place + length])
        start, end = _element(data, place)
        if kind in _INSIDE:  # may be of unknown length: a browser does not know it beforehand
            place = start
            continue
        if end > len(data):
            return  # the recorder stopped within the last one
        yield kind, start, end
        place = end
    raise _Broken


def _element(data: bytes, place: int) -> tuple[int, int]:
    """Give where the content of an element starts and ends."""
    size_at = place + _vint_length(data, place)
    length = _vint_length(data, size_at)
    size = int.from_bytes(data[size_at : size_at + length]) & ((1 << 7 * length) - 1)
    start = size_at + length
    return start, start + size


def _vint_length(data: bytes, place: int) -> int:
    first = data[place]
    if first == 0:
        raise _Broken
    return 9 - first.bit_length()


# --- Ogg (RFC 3533, RFC 7845) -------------------------------------------------------------------

_OPUS_RATE = 48_000


def _ogg(data: bytes) -> Recording:
    """Take Opus or Vorbis alone; the last page says how far the sound goes."""
    head = data[:200]
    if b"OpusHead" in head:
        rate = _OPUS_RATE
    elif b"\x01vorbis" in head:
        (rate,) = struct.unpack_from("<I", head, head.index(b"\x01vorbis") + 12)
    else:
        raise _Broken
    page = data.rfind(b"OggS")
    (samples,) = struct.unpack_from("<q", data, page + 6)
    if rate == 0 or samples < 0:
        raise _Broken
    return Recording("audio/ogg", data, samples / rate)


# --- MP4 (ISO/IEC 14496-12) ---------------------------------------------------------------------

_BOXES_INSIDE = {b"moov", b"trak", b"mdia"}
_LEFT_OUT = {b"udta", b"meta", b"uuid"}


def _mp4(data: bytes) -> Recording:
    """Take sound alone; overwrite names and places where they stand, so that nothing moves."""
    content, handlers, seconds = bytearray(data), set(), None
    for kind, start, end in _boxes(data, 0, len(data)):
        if kind == b"hdlr":
            handlers.add(data[start + 8 : start + 12])
        elif kind == b"mvhd":
            seconds = _movie_seconds(data, start)
        elif kind in _LEFT_OUT:
            content[start - 4 : start] = b"free"
            content[start:end] = bytes(end - start)
    if handlers != {b"soun"}:
        raise _Broken
    return Recording("audio/mp4", bytes(content), seconds or None)


def _boxes(data: bytes, place: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    for _ in range(_MAX_BOXES):
        if place + 8 > end:
            return
        size, kind = struct.unpack_from(">I4s", data, place)
        start = place + 8
        if size == 1:  # a size of eight bytes follows; only the sound itself is ever so large
            if kind != b"mdat":
                raise _Broken
            (size,) = struct.unpack_from(">Q", data, start)
        stop = end if size == 0 else place + size
        if stop < start or stop > end:
            raise _Broken
        if kind in _BOXES_INSIDE:
            yield from _boxes(data, start, stop)
        else:
            yield kind, start, stop
        place = stop
    raise _Broken


def _movie_seconds(data: bytes, start: int) -> float:
    wide = data[start] == 1
    scale, length = struct.unpack_from(">IQ" if wide else ">II", data, start + (20 if wide else 12))
    return length / scale if scale else 0.0


# --- WAV ----------------------------------------------------------------------------------------


def _wav(data: bytes) -> Recording:
    """Keep what says how to play it, and the sound; leave out the rest."""
    kept, rate, sound = b"", 0, 0
    place = 12
    while place + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, place)
        body = data[place + 8 : place + 8 + size]
        if name == b"fmt ":
            (rate,) = struct.unpack_from("<I", body, 8)
        elif name == b"data":
            sound = len(body)
        if name in (b"fmt ", b"data"):
            kept += struct.pack("<4sI", name, len(body)) + body + b"\0" * (len(body) % 2)
        place += 8 + size + size % 2
    if not rate or not sound:
        raise _Broken
    content = struct.pack("<4sI4s", b"RIFF", len(kept) + 4, b"WAVE") + kept
    return Recording("audio/wav", content, sound / rate)


# --- MP3 ----------------------------------------------------------------------------------------

_BITRATES = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0)
_LOW_BITRATES = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0)
"""In kbit/s, for MPEG 1 and for MPEG 2 and 2.5, layer III."""


def _mp3(data: bytes) -> Recording:
    """Leave out the tags before and behind the sound; reckon its length from the first frame."""
    content = data
    while content.startswith(b"ID3"):
        size = 0
        for byte in content[6:10]:
            size = size << 7 | byte & 0x7F
        content = content[10 + size :]
    if content[-128:].startswith(b"TAG"):
        content = content[:-128]
    if not _is_mp3_frame(content):
        raise _Broken
    rates = _BITRATES if content[1] & 0x08 else _LOW_BITRATES
    return Recording("audio/mpeg", content, len(content) * 8 / (rates[content[2] >> 4] * 1000))


def _is_mp3_frame(data: bytes) -> bool:
    if len(data) < 4 or data[0] != 0xFF or data[1] & 0xE6 != 0xE2:  # layer III
        return False
    return data[2] >> 4 not in (0, 15) and data[2] & 0x0C != 0x0C
