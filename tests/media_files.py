"""Photos and recordings for tests, made here: good ones, and such as an attacker would send."""

import io
import struct
import zlib
from collections.abc import Iterator

from PIL import Image

PLACE = "Calle Secreta 7"


def photo(
    form: str = "JPEG", size: tuple[int, int] = (640, 480), *, mode: str = "RGB", **options: object
) -> bytes:
    """Make a picture: red at the left, blue at the right."""
    image = Image.new(mode, size, "red" if mode.startswith("RGB") else 0)
    image.paste("blue" if mode.startswith("RGB") else 1, (size[0] // 2, 0, *size))
    written = io.BytesIO()
    image.save(written, form, **options)
    return written.getvalue()


def photo_with_place(orientation: int = 6) -> bytes:
    """Make a JPEG with all that phones write: place, camera, turn, comment, XMP, ICC."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = PLACE
    exif[0x010E] = PLACE
    exif.get_ifd(0x8825).update({1: "N", 2: (41.0, 23.0, 7.0), 3: "E", 4: (2.0, 10.0, 0.0)})
    return photo(
        exif=exif,
        comment=PLACE.encode(),
        xmp=f"<x:xmpmeta>{PLACE}</x:xmpmeta>".encode(),
        icc_profile=PLACE.encode().ljust(200),
    )


def moving(form: str) -> bytes:
    """Make a picture of two frames."""
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue")]
    written = io.BytesIO()
    frames[0].save(written, form, save_all=True, append_images=frames[1:], duration=100)
    return written.getvalue()


def png_of(width: int, height: int, *extra: tuple[bytes, bytes], rows: int = 1) -> bytes:
    """Write a PNG by hand: its head may promise more than its body holds."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = zlib.compress(bytes((width + 1) * rows), 9)
    chunks = [(b"IHDR", head), *extra, (b"IDAT", body), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*one) for one in chunks)


def text_bomb() -> bytes:
    """Make a PNG whose small text chunk expands to a hundred megabytes."""
    text = b"Comment\0\0" + zlib.compress(bytes(100_000_000), 9)
    return png_of(64, 64, (b"zTXt", text), rows=64)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


# --- recordings ---------------------------------------------------------------------------------


def wav(seconds: float = 1.0, *extra: tuple[bytes, bytes], rate: int = 8_000) -> bytes:
    """Make a quiet WAV."""
    chunks = [
        (b"fmt ", struct.pack("<HHIIHH", 1, 1, rate, rate, 1, 8)),
        *extra,
        (b"data", b"\x80" * int(rate * seconds)),
    ]
    body = b"".join(
        struct.pack("<4sI", name, len(data)) + data + b"\0" * (len(data) % 2)
        for name, data in chunks
    )
    return struct.pack("<4sI4s", b"RIFF", len(body) + 4, b"WAVE") + body


def webm(seconds: float = 1.0, *, track: int = 2, codec: bytes = b"A_OPUS") -> bytes:
    """Write a WebM as browsers do: segment and cluster of unknown length, no duration."""
    entry = _element(0xD7, b"\x01") + _element(0x83, bytes([track])) + _element(0x86, codec)
    entry += _element(0x536E, PLACE.encode()) + _element(0x73C5, PLACE.encode()[:8])
    tracks = _element(0x1654AE6B, _element(0xAE, entry))
    place = PLACE.encode()
    names = b"".join(_element(kind, place) for kind in (0x7BA9, 0x4D80, 0x5741, 0x4461))
    info = _element(0x1549A966, _element(0x2AD7B1, (1_000_000).to_bytes(3, "big")) + names)
    tags = _element(0x1254C367, _element(0x7373, place)) + _element(0x1941A469, place)
    clusters = b"".join(_cluster(at) for at in range(0, max(int(seconds * 1000), 1), 1_000))
    last = _cluster(max(int(seconds * 1000) - 60, 0))
    head = _element(0x1A45DFA3, _element(0x4282, b"webm"))
    return head + b"\x18\x53\x80\x67\x01" + b"\xff" * 7 + info + tags + tracks + clusters + last


def _cluster(at: int) -> bytes:
    blocks = b"".join(
        _element(0xA3, b"\x81" + struct.pack(">h", place) + b"\x80sound") for place in (0, 60)
    )
    return b"\x1f\x43\xb6\x75\x01" + b"\xff" * 7 + _element(0xE7, at.to_bytes(4, "big")) + blocks


def _element(kind: int, data: bytes) -> bytes:
    size = len(data) | 1 << 28
    return kind.to_bytes((kind.bit_length() + 7) // 8, "big") + size.to_bytes(4, "big") + data


def ogg(
    seconds: float = 1.0, head: bytes = b"OpusHead\x01\x01", *, title: str = PLACE, serial: int = 1
) -> bytes:
    """Make three pages of Ogg: what it is, a title, and how far it goes."""
    words = [PLACE.encode(), f"TITLE={title}".encode()]
    tags = b"OpusTags" + struct.pack("<I", len(words[0])) + words[0] + struct.pack("<I", 1)
    tags += struct.pack("<I", len(words[1])) + words[1]
    return (
        ogg_page(0, head.ljust(19, b"\0"), flags=2, serial=serial)
        + ogg_page(0, tags, serial=serial)
        + ogg_page(int(seconds * 48_000), b"sound", flags=4, serial=serial)
    )


def ogg_page(samples: int, data: bytes, *, flags: int = 0, serial: int = 1) -> bytes:
    """Write one page with one packet; its checksum is left open."""
    lengths = bytes([255] * (len(data) // 255) + [len(data) % 255])
    head = struct.pack("<4sBBqIIIB", b"OggS", 0, flags, samples, serial, 0, 0, len(lengths))
    return head + lengths + data


def mp4(seconds: int = 1, *, handler: bytes = b"soun", place: bytes = PLACE.encode()) -> bytes:
    """Make an MP4 with a place where phones write it, before the sound."""
    mvhd = _box(b"mvhd", bytes(12) + struct.pack(">II", 1_000, seconds * 1_000) + bytes(80))
    hdlr = _box(b"hdlr", bytes(8) + handler + bytes(12) + place + b"\0")
    mdhd = _box(b"mdhd", bytes(4) + place[:8] + struct.pack(">II", 1_000, 1_000) + bytes(4))
    url = _box(b"url ", b"\0\0\0\1" + place)
    dinf = _box(b"dinf", _box(b"dref", struct.pack(">II", 0, 1) + url))
    entry = _box(b"mp4a", bytes(28) + _box(b"esds", bytes(20)) + _box(b"what", place))
    stbl = _box(b"stbl", _box(b"stsd", struct.pack(">II", 0, 1) + entry) + _box(b"udta", place))
    trak = _box(b"trak", _box(b"mdia", mdhd + hdlr + _box(b"minf", dinf + stbl)))
    udta = _box(b"udta", _box(b"\xa9xyz", place))
    return (
        _box(b"ftyp", b"M4A \0\0\0\0isom")
        + _box(b"moov", mvhd + trak + udta + _box(b"meta", place) + _box(b"????", place))
        + _box(b"uuid", bytes(16) + place)
        + _box(b"mdat", b"sound" * 20)
    )


def _box(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data) + 8) + name + data


def mp3(seconds: float = 1.0) -> bytes:
    """Make an MP3 of 32 kbit/s with a title before and behind it."""
    title = b"TIT2" + struct.pack(">I", len(PLACE) + 1) + b"\0\0\0" + PLACE.encode()
    tag = b"ID3\x04\0\0" + bytes([0, 0, len(title) >> 7, len(title) & 0x7F]) + title
    frames = [b"\xff\xfb\x10\x00".ljust(104, b"\0")] * int(seconds * 4_000 / 104)
    first = b"\xff\xfb\x10\x00" + bytes(32) + b"Info" + bytes(8) + b"LAME" + PLACE.encode()
    ape = b"APETAGEX" + bytes(24) + PLACE.encode()
    lyrics = b"LYRICSBEGIN" + PLACE.encode() + b"000027LYRICS200"
    sound = first.ljust(104, b"\0") + b"".join(frames)
    return tag + sound + ape + lyrics + b"TAG" + PLACE.encode().ljust(125, b"\0")


RECORDINGS = {
    "audio/wav": wav,
    "audio/webm": webm,
    "audio/ogg": ogg,
    "audio/mp4": mp4,
    "audio/mpeg": mp3,
}

SVG = b"""<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>"""
HTML = b"<!doctype html><script>alert(1)</script>"


def polyglots() -> Iterator[tuple[str, bytes]]:
    """Give good pictures that are something else too, read another way."""
    yield "a page behind the picture", photo() + HTML
    yield "a page in the comment", photo(comment=HTML)
    yield "an archive behind the picture", photo("PNG") + b"PK\x05\x06" + bytes(18)
    yield "a script in a text chunk", png_of(64, 64, (b"tEXt", b"Comment\0" + HTML), rows=64)
