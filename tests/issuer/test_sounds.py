"""Recordings from strangers: told by their content, bounded, and without names or places."""

import random
from contextlib import suppress

import pytest
from media_files import HTML, PLACE, RECORDINGS, SVG, mp3, mp4, ogg, photo, wav, webm

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
    for data in (mp4(), mp3(), wav(1, (b"LIST", f"INFOINAM{PLACE}".encode()))):
        assert PLACE.encode() in data
        kept = clean_recording(data)
        assert PLACE.encode() not in kept.content
        assert clean_recording(kept.content).content == kept.content


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
