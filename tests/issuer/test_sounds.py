"""Recordings from strangers: told by their content, bounded, and without names or places."""

import random
import struct
from contextlib import suppress

import pytest
from media_files import HTML, PLACE, RECORDINGS, SVG, mp3, mp4, ogg, ogg_page, photo, wav, webm

from issuer.sounds import MAX_BYTES, clean_recording
from web.errors import Refused


def refused(data: bytes) -> int:
    with pytest.raises(Refused) as refusal:
        clean_recording(data)
    assert refusal.value.code == "file"
    return refusal.value.status


@pytest.mark.parametrize("content_type", RECORDINGS)
def test_kind_and_length_are_told_from_the_content(content_type: str) -> None:
    recording = clean_recording(RECORDINGS[content_type](12))
    assert recording.content_type == content_type
    assert recording.seconds == pytest.approx(12, abs=0.5)


@pytest.mark.parametrize("content_type", RECORDINGS)
def test_more_than_a_minute_is_refused(content_type: str) -> None:
    assert refused(RECORDINGS[content_type](70)) == 413
    assert clean_recording(RECORDINGS[content_type](60)).seconds


def test_names_and_places_are_left_out() -> None:
    noted = wav(1, (b"LIST", f"INFOINAM{PLACE}".encode()), (b"bext", PLACE.encode()))
    for data in (webm(), ogg(), mp4(), mp3(), noted):
        assert PLACE.encode() in data
        kept = clean_recording(data)
        assert PLACE.encode()[:8] not in kept.content
        assert clean_recording(kept.content) == kept


def test_a_page_whose_comments_were_overwritten_has_the_checksum_that_players_check() -> None:
    # RFC 3533, 6: the polynomial 0x04c11db7, reckoned here bit by bit.
    content = clean_recording(ogg()).content
    start = content.index(b"OggS", 4)
    page = bytearray(content[start : content.index(b"OggS", start + 4)])
    (written,) = struct.unpack_from("<I", page, 22)
    page[22:26] = bytes(4)
    value = 0
    for byte in page:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 & 0xFFFFFFFF) ^ (0x04C11DB7 if value >> 31 else 0)
    assert written == value


def test_what_is_hidden_behind_or_between_the_sound_is_left_out() -> None:
    frame = b"\xff\xfb\x10\x00".ljust(104, b"\0")
    between = frame * 3 + HTML + frame * 40
    behind = webm() + b"\xa3\x50\x00" + HTML[:9]
    for data in (between, frame * 40 + HTML, behind, ogg() + b"OggS" + HTML[:9]):
        assert HTML[:9] in data
        assert HTML[:9] not in clean_recording(data).content


HIDDEN = {
    "two streams": ogg(1, serial=1) + ogg(1, serial=2),
    "a chain of streams": ogg() + ogg(),
    "a page of HTML between pages": ogg()[:60] + HTML + ogg()[60:],
    "comments that lie about their length": ogg().replace(
        struct.pack("<I", len(PLACE)) + PLACE.encode(), b"\xff\xff\xff\xff" + PLACE.encode()
    ),
    "comments without an end": ogg_page(0, b"OpusHead\x01\x01".ljust(19, b"\0"), flags=2)
    + ogg_page(0, b"OpusTags" + bytes(4) + b"\xff\xff\xff\xff"),
    "no comments at all": ogg_page(0, b"OpusHead\x01\x01".ljust(19, b"\0"), flags=2)
    + ogg_page(48_000, b"sound"),
    "a box that ends in the next one": mp4().replace(b"esds", b"esds", 1)[:-3],
}


@pytest.mark.parametrize("name", HIDDEN)
def test_containers_that_could_hide_something_are_refused(name: str) -> None:
    assert refused(HIDDEN[name]) == 415


def test_an_mp4_without_its_place_still_plays_at_the_same_offsets() -> None:
    before = mp4()
    after = clean_recording(before).content
    assert len(after) == len(before)
    assert after.index(b"mdat") == before.index(b"mdat")


NO_RECORDINGS = {
    "nothing": b"",
    "a page": HTML,
    "SVG": SVG,
    "a photo": photo(),
    "WebM with moving pictures": webm(track=1, codec=b"V_VP8"),
    "WebM with a hidden codec": webm(codec=b"S_TEXT/UTF8"),
    "Matroska": webm().replace(b"webm", b"mkv0"),
    "MP4 with moving pictures": mp4(handler=b"vide"),
    "MP4 without a track": b"\0\0\0\x10ftypM4A \0\0\0\0",
    "MP4 that lies about its size": mp4()[:20] + b"\xff\xff\xff\xff" + mp4()[24:],
    "Ogg with moving pictures": ogg(head=b"\x80theora"),
    "Ogg head only": ogg()[:30],
    "WAV without sound": wav(0),
    "WebP": b"RIFF\x24\0\0\0WEBPVP8 ",
    "MP3 tag only": b"ID3\x04\0\0\0\0\0\x05hello",
    "AAC stream": b"\xff\xf1\x50\x80" + bytes(100),
    "zeros": bytes(1000),
    "a page with a head of WebM": b"\x1aE\xdf\xa3" + HTML,
    "too many bytes": b"RIFF" + bytes(MAX_BYTES),
}


@pytest.mark.parametrize("name", NO_RECORDINGS)
def test_what_is_no_recording_is_refused_in_words(name: str) -> None:
    assert refused(NO_RECORDINGS[name]) in (413, 415)


def _box(name: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I4s", len(data) + 8, name) + data


def _deep(levels: int) -> bytes:
    nested = b""
    for _ in range(levels):
        nested = _box(b"moov", nested)
    return nested


_BOXES = _box(b"ftyp", b"M4A ")


@pytest.mark.parametrize(
    "data",
    [
        _BOXES + _deep(3_000),
        mp4() + _box(b"stsd", bytes(8) + _box(b"mp4a", bytes(28)) * 150) * 150,
        mp4() + _box(b"dref", bytes(8)) * 21_000,
        mp4() + _box(b"free") * 21_000,
        wav(1, *[(b"data", b"")] * 2_000),
        webm() + b"\xe7\x10\x00\x08\x00" + b"\xff" * 2_048,
        mp3() + b"\xff" * 200_000,
    ],
    ids=["deep", "descriptions", "references", "boxes", "parts", "number", "no frames"],
)
def test_parts_without_number_or_depth_are_refused(data: bytes) -> None:
    """Each part costs a look, and some a copy: six megabytes of them took minutes."""
    assert refused(data) == 415


def test_a_recorder_that_was_stopped_leaves_a_recording() -> None:
    assert clean_recording(webm(3)[:-4]).seconds == pytest.approx(3, abs=0.2)


def test_broken_recordings_are_refused_and_never_break_us() -> None:
    dice = random.Random(7)
    for _ in range(3_000):
        data = bytearray(dice.choice(list(RECORDINGS.values()))(1)[:2_000])
        for _ in range(dice.randint(1, 6)):
            data[dice.randrange(min(len(data), 300))] = dice.randrange(256)
        with suppress(Refused):
            assert clean_recording(bytes(data)).content_type in RECORDINGS
