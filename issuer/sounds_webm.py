"""WebM (Matroska, RFC 9559): what is needed to play the sound stays where it stands.

Everything else - titles, tags, dates, attachments, names of tracks, what is not known - becomes
empty space of the same length, so that nothing moves. What a recorder that was stopped left half
written is cut off. Opus alone: what describes Vorbis here holds comments, and no recorder uses it.
"""

from collections.abc import Iterator

from issuer.sounds_kept import Broken, Recording

_MOST_ELEMENTS = 20_000
_SEGMENT, _INFO, _TRACKS, _TRACK, _CLUSTER = 0x18538067, 0x1549A966, 0x1654AE6B, 0xAE, 0x1F43B675
_SOUND, _BLOCK_GROUP = 0xE1, 0xA0
_INSIDE = {_SEGMENT, _INFO, _TRACKS, _TRACK, _CLUSTER, _BLOCK_GROUP, _SOUND}
_SCALE, _LENGTH, _TRACK_TYPE, _CODEC = 0x2AD7B1, 0x4489, 0x83, 0x86
_CLUSTER_TIME, _SIMPLE_BLOCK, _BLOCK = 0xE7, 0xA3, 0xA1
_MUXER, _WRITER, _TRACK_NAME_ID, _CODEC_PRIVATE = 0x4D80, 0x5741, 0x73C5, 0x63A2
_NEEDED = {
    *(_SCALE, _LENGTH, _TRACK_TYPE, _CODEC, _CLUSTER_TIME, _SIMPLE_BLOCK, _BLOCK),
    *(0xD7, 0xB9, 0x88, 0x9C, 0x55AA, 0x23E383, 0x56AA, 0x56BB),  # number, flags, delays of a track
    *(0xB5, 0x78B5, 0x9F, 0x6264),  # how the sound was sampled
    *(0xA7, 0xAB, 0x9B, 0xFB, 0x75A2),  # places and lengths of clusters and blocks
}
_INDEX = {0x114D9B74, 0x1C53BB6B}
"""Where what stands, for jumping: left out, a player finds its way without."""
_OPUS_HEAD = 21
_AUDIO = 2
_MOST_OF_A_NUMBER = 8


def read(data: bytes) -> Recording:
    """Read the tracks, and the time of the last block: a browser writes no length at the front."""
    scale, at, last, kinds, codecs = 1_000_000, 0, 0, set(), set()
    content, whole = bytearray(data), 0
    header, place = _element(data, 0)
    if b"webm" not in data[header : header + 64] or place - header > 64:
        raise Broken
    for kind, head, start, end in _elements(data, place):
        whole = end
        body = data[start:end]
        if kind == _SCALE:
            scale = _number(body)
        elif kind == _TRACK_TYPE:
            kinds.add(_number(body))
        elif kind == _CODEC:
            codecs.add(body)
        elif kind == _CLUSTER_TIME:
            at = _number(body)
        elif kind in (_SIMPLE_BLOCK, _BLOCK):
            track = _vint_length(data, start)
            last = max(last, at + int.from_bytes(data[start + track : start + track + 2], "big"))
        elif kind in (_MUXER, _WRITER):  # must be there, whatever it says
            content[start:end] = b" " * (end - start)
        elif kind == _TRACK_NAME_ID:
            content[start:end] = b"\1".rjust(end - start, b"\0")
        elif kind == _CODEC_PRIVATE and body.startswith(b"OpusHead") and len(body) <= _OPUS_HEAD:
            pass
        elif kind not in _NEEDED:
            content[head:end] = _nothing(end - head)
    if kinds != {_AUDIO} or not codecs <= {b"A_OPUS"}:
        raise Broken
    return Recording("audio/webm", bytes(content[:whole]), last * scale / 1e9)


def _number(body: bytes) -> int:
    """Read a whole number (RFC 8794, 7.2); a longer one would be a stranger's megabytes."""
    if len(body) > _MOST_OF_A_NUMBER:
        raise Broken
    return int.from_bytes(body)


def _nothing(length: int) -> bytes:
    """Write an empty element of this whole length (Void)."""
    if length < 9:
        return (bytes([0xEC, 0x80 | length - 2])).ljust(length, b"\0")
    return (b"\xec\x01" + (length - 9).to_bytes(7)).ljust(length, b"\0")


def _elements(data: bytes, place: int) -> Iterator[tuple[int, int, int, int]]:
    """Walk through elements in the order of the file, into those that hold others."""
    for _ in range(_MOST_ELEMENTS):
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
        yield kind, place, start, end
        place = end
    raise Broken


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
        raise Broken
    return 9 - first.bit_length()
