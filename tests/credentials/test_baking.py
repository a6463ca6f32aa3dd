"""Credentials in pictures: what goes in comes out, and nothing else does."""

import json
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parties import NOW, Party

from credentials.formats.baking import bake, unbake
from credentials.formats.pictures import is_picture
from credentials.formats.vc_jwt import sign_credential
from credentials.report import CheckFailed, CredentialError, Headline
from credentials.trust import Trust
from credentials.verify import Expected, verify_anything

ISSUER = Party("Centre")
BADGE = ISSUER.badge(Party("Worker").did)
JSON = json.dumps(BADGE)
TOKEN = sign_credential(
    {name: value for name, value in BADGE.items() if name != "proof"},
    ISSUER.key,
    kid=ISSUER.method,
)


def chunk(kind: bytes, data: bytes) -> bytes:
    end = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + end


def png(*chunks: bytes) -> bytes:
    start = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"\0\0"))
    return b"\x89PNG\r\n\x1a\n" + start + b"".join(chunks) + pixels + chunk(b"IEND", b"")


def itxt(text: bytes, keyword: bytes = b"openbadgecredential", flags: bytes = b"\0\0") -> bytes:
    return chunk(b"iTXt", keyword + b"\0" + flags + b"\0\0" + text)


def svg(inside: str = "", before: str = "") -> bytes:
    return f'{before}<svg xmlns="http://www.w3.org/2000/svg" width="1">{inside}<g/></svg>'.encode()


def baked(text: str = "{}", prefix: str = "ob") -> str:
    space = "https://purl.imsglobal.org/ob/v3p0"
    return f'<{prefix}:credential xmlns:{prefix}="{space}"><![CDATA[{text}]]></{prefix}:credential>'


@pytest.mark.parametrize("credential", [JSON, TOKEN], ids=["json", "token"])
@pytest.mark.parametrize("name", ["unbaked-sample1.png", "unbaked-sample1.svg"])
def test_published_picture_carries_a_credential_and_stays_what_it_was(
    vectors: Path, name: str, credential: str
) -> None:
    picture = (vectors / "baking" / name).read_bytes()
    made = bake(picture, credential)
    assert unbake(made) == credential
    added = len(made) - len(picture)
    place = next(place for place in range(len(made)) if made[place:][added:] == picture[place:])
    assert made[:place] == picture[:place]
    with pytest.raises(CredentialError, match="already"):
        bake(made, credential)
    report = verify_anything(made, Expected(""), trust=Trust(), fetch=None, now=NOW)
    assert report.headline is Headline.UNKNOWN_SIGNER


@pytest.mark.parametrize(
    "name",
    [
        "simple-json.png",
        "simple-json.svg",
        "simple-jwt.svg",
        "simple-jwt_v1.png",
        "simple-jwt_v1.svg",
    ],
)
def test_pictures_of_the_public_validator_are_read(vectors: Path, name: str) -> None:
    text = unbake((vectors / "ob3-1edtech-validator" / name).read_bytes())
    assert text.startswith("eyJ") if "jwt" in name else json.loads(text)["type"]


def test_older_badge_is_told_apart(vectors: Path) -> None:
    older = (vectors / "ob2-1edtech-validator/simple-badge.png").read_bytes()
    for picture in (older, svg('<a:assertion xmlns:a="http://openbadges.org" verify="x"/>')):
        with pytest.raises(CheckFailed) as told:
            unbake(picture)
        assert told.value.code == "format.older"


def test_picture_without_a_badge_says_so(vectors: Path) -> None:
    for name in ("unbaked-sample1.png", "unbaked-sample1.svg"):
        with pytest.raises(CheckFailed, match="no badge"):
            unbake((vectors / "baking" / name).read_bytes())


GOOD = png(itxt(b"{}"))


@pytest.mark.parametrize(
    "picture",
    [
        png(itxt(b"{}"), itxt(b"{}")),
        png(itxt(zlib.compress(b"{}" * 9_000_000), flags=b"\1\0")),
        png(chunk(b"zTXt", b"openbadgecredential\0\0" + zlib.compress(b"{}" * 9_000_000))),
        png(chunk(b"tEXt", b"openbadgecredential\0{}")),
        png(chunk(b"iTXt", b"openbadgecredential\0\0\0en{}")),
        png(itxt(b"\xff\xfe")),
        png(itxt(b"x" * 1_000_001)),
        GOOD[:-1],
        GOOD[:40],
        GOOD + b"more",
        GOOD.replace(b"{}", b"[]"),  # its checksum is that of {}
        GOOD[:8] + itxt(b"{}") + GOOD[8:],
        GOOD[:33] + b"\xff\xff\xff\xff" + GOOD[37:],
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
        b"",
        svg(baked() + baked()),
        svg(baked("{}]]><script/><![CDATA[")),
        svg(before='<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>', inside="&b;"),
        svg(before='<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>', inside=baked("&x;")),
        svg()[:-3],
        b"<svg/>",
        b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>',
    ],
    ids=range(23),
)
def test_damaged_or_bent_picture_is_refused(picture: bytes) -> None:
    with pytest.raises((CredentialError, CheckFailed)):
        unbake(picture)


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        "<foreignObject/>",
        '<g onclick="alert(1)"/>',
        '<a href="javascript:alert(1)"/>',
        '<image href="https://elsewhere.example/x.png"/>',
        '<use xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="https://elsewhere.example/"/>',
        "<?xml-stylesheet href='x'?>",
    ],
)
def test_picture_that_could_act_is_not_baked(inside: str) -> None:
    with pytest.raises(CredentialError, match="could act"):
        bake(svg(inside), JSON)


def test_empty_or_foreign_encoded_picture_is_not_baked() -> None:
    for picture in (
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        svg(before='<?xml version="1.0" encoding="ISO-8859-1"?>'),
    ):
        with pytest.raises(CredentialError):
            bake(picture, JSON)
    for nothing in ("", " ", "two words", '"><script>'):
        with pytest.raises(CredentialError):
            bake(svg(), nothing)


def test_end_of_cdata_inside_a_text_is_written_otherwise() -> None:
    text = json.dumps({"name": "a]]>b", "q": "quote \" and ' and & <"})
    made = bake(svg(), text)
    assert json.loads(unbake(made)) == json.loads(text)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for picture in (data, GOOD[:8] + data, GOOD[:33] + data + GOOD[33:], b"<svg" + data):
        is_picture(picture)
        try:
            unbake(picture)
        except (CredentialError, CheckFailed):
            continue
