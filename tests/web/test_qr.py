"""QR codes are read back by another program."""

import re

import pytest
import zxingcpp

from web.qr import MAX_CHARACTERS, qr_svg

_SCALE = 4


def read_back(svg: str) -> str:
    size = int(re.findall(r'viewBox="0 0 (\d+) \1"', svg)[0])
    side = size * _SCALE
    pixels = bytearray(b"\xff" * side * side)
    for column, row in re.findall(r"M(\d+) (\d+)h1v1h-1z", svg):
        for line in range(int(row) * _SCALE, (int(row) + 1) * _SCALE):
            start = line * side + int(column) * _SCALE
            pixels[start : start + _SCALE] = bytes(_SCALE)
    (found,) = zxingcpp.read_barcodes(memoryview(pixels).cast("B", (side, side)))
    return found.text


@pytest.mark.parametrize(
    "text",
    [
        "https://verifier.example/check?share=https%3A%2F%2Fwallet.example%2Fshares%2F" + "A" * 32,
        "openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fissuer.example%2Foffers%2Fx",
        "x" * MAX_CHARACTERS,
    ],
)
def test_what_is_drawn_is_what_is_read(text: str) -> None:
    assert read_back(qr_svg(text, title="Scan")) == text


def test_too_much_for_a_cracked_phone_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 300"):
        qr_svg("x" * (MAX_CHARACTERS + 1), title="Scan")


def test_title_is_escaped() -> None:
    assert "<script>" not in qr_svg("x", title="</title><script>alert(1)</script>")
