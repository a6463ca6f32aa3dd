"""A recording that somebody made: what kind it is, how long, and nothing in it but sound.

Nothing is decoded, and so nothing made anew as with photos: that would take a codec for each kind,
which reads strangers' bytes, and cost the voice some of its quality. Instead each container is
taken apart, and only those parts stay that are known to be needed for playing. What phones write
beside the sound - a title, which is often the name of a place, the day, the model, a cover - is
left out or overwritten, and so is whatever is not known. What can remain is inside the sound: the
coded voice, and in its frames what an encoder fills gaps with (its own name, never a person's).
The kind is told from the content, never from a name or a header. Moving pictures are refused.
"""

import struct

from issuer import sounds_mp4, sounds_ogg, sounds_webm
from issuer.sounds_kept import Broken, Recording
from web.errors import Refused
from web.languages import N_

MAX_BYTES = 6_000_000
"""A minute as phones and browsers record it; WAV of one channel fits too."""
MAX_SECONDS = 60
_GRACE_SECONDS = 5
"""A recorder that is told to stop at a minute stops a little later."""


def clean_recording(data: bytes) -> Recording:
    """Give a recording as we keep it; raise `Refused`, in words, if it is none or too long."""
    if len(data) > MAX_BYTES:
        raise Refused(N_("This recording is too big. Say it shorter."), status=413, code="file")
    try:
        recording = _read(data)
    except (Broken, struct.error, IndexError) as error:
        raise Refused(
            N_("We cannot play this recording. Record it again."), status=415, code="file"
        ) from error
    if recording.seconds is not None and recording.seconds > MAX_SECONDS + _GRACE_SECONDS:
        raise Refused(N_("This is longer than a minute. Say it shorter."), status=413, code="file")
    return recording


def _read(data: bytes) -> Recording:
    if data.startswith(b"\x1aE\xdf\xa3"):
        return sounds_webm.read(data)
    if data.startswith(b"OggS"):
        return sounds_ogg.read(data)
    if data[4:8] == b"ftyp":
        return sounds_mp4.read(data)
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


# --- WAV ----------------------------------------------------------------------------------------


_MOST_OF_A_FORM = 40
"""Bytes: the longest description of a form (WAVE_FORMAT_EXTENSIBLE)."""
_MOST_PARTS = 1_000
"""A recorder writes a handful; a file can hold hundreds of thousands of empty ones."""


def _wav(data: bytes) -> Recording:
    """Keep what says how to play it, and the sound; leave out the rest."""
    kept, rate, sound, parts = bytearray(), 0, 0, 0
    place = 12
    while place + 8 <= len(data):
        parts += 1
        if parts > _MOST_PARTS:
            raise Broken
        name, size = struct.unpack_from("<4sI", data, place)
        body = data[place + 8 : place + 8 + size]
        if name == b"fmt ":
            body = body[:_MOST_OF_A_FORM]
            (rate,) = struct.unpack_from("<I", body, 8)
        elif name == b"data":
            sound = len(body)
        if name in (b"fmt ", b"data"):
            kept += struct.pack("<4sI", name, len(body)) + body + b"\0" * (len(body) % 2)
        place += 8 + size + size % 2
    if not rate or not sound:
        raise Broken
    content = struct.pack("<4sI4s", b"RIFF", len(kept) + 4, b"WAVE") + bytes(kept)
    return Recording("audio/wav", content, sound / rate)


# --- MP3 ----------------------------------------------------------------------------------------

_BITRATES = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0)
_LOW_BITRATES = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0)
"""In kbit/s, for MPEG 1 and for MPEG 2 and 2.5, layer III."""


_SAMPLE_RATES = {
    3: (44_100, 48_000, 32_000),
    2: (22_050, 24_000, 16_000),
    0: (11_025, 12_000, 8_000),
}
"""In Hz, by version: MPEG 1, 2, 2.5."""
_MOST_GAPS = 100_000
"""Places that look like a frame and are none: a cover has one for every 256 of its bytes."""
_ENCODERS = (b"LAME", b"Lavf", b"Lavc", b"GOGO")


def _mp3(data: bytes) -> Recording:
    """Keep the frames of sound alone: no tags before, between or behind them."""
    frames, seconds, place, gaps = [], 0.0, 0, 0
    while content_size := _id3_size(data, place):
        place += content_size
    while place + 4 <= len(data):
        head = data[place : place + 4]
        if not _is_mp3_frame(head):
            gaps += 1
            if gaps > _MOST_GAPS:
                raise Broken
            following = data.find(b"\xff", place + 1)
            place = following if following > 0 else len(data)
            continue
        length, lasts = _mp3_frame(head)
        if place + length <= len(data):
            frames.append(data[place : place + length])
            seconds += lasts
        place += length
    if not frames:
        raise Broken
    return Recording("audio/mpeg", _without_encoder(frames[0]) + b"".join(frames[1:]), seconds)


def _id3_size(data: bytes, place: int) -> int:
    if data[place : place + 3] != b"ID3":
        return 0
    size = 0
    for byte in data[place + 6 : place + 10]:
        size = size << 7 | byte & 0x7F
    return 10 + size


def _mp3_frame(head: bytes) -> tuple[int, float]:
    """Give the bytes of a frame and the seconds that it lasts."""
    version = head[1] >> 3 & 3
    rates = _BITRATES if version == 3 else _LOW_BITRATES
    hertz = _SAMPLE_RATES[version][head[2] >> 2 & 3]
    samples = 1152 if version == 3 else 576
    length = samples // 8 * rates[head[2] >> 4] * 1000 // hertz + (head[2] >> 1 & 1)
    return length, samples / hertz


def _without_encoder(frame: bytes) -> bytes:
    """Overwrite the encoder's line in the first frame, which often holds no sound at all."""
    if b"Xing" not in frame and b"Info" not in frame:
        return frame
    at = max(frame.find(name) for name in _ENCODERS)
    return frame if at < 0 else frame[:at] + bytes(len(frame) - at)


def _is_mp3_frame(data: bytes) -> bool:
    if len(data) < 4 or data[0] != 0xFF or data[1] & 0xE6 != 0xE2:  # layer III
        return False
    if data[1] >> 3 & 3 == 1:  # no such version
        return False
    return data[2] >> 4 not in (0, 15) and data[2] & 0x0C != 0x0C
