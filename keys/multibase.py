"""Multibase and multicodec, as far as keys and proofs need them.

Controller documents and proofs write keys and signatures so (Controlled Identifiers 1.0, 2.4).
"""

import binascii
from collections.abc import Callable
from functools import cache, partial

from keys.errors import MalformedKey

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_PLACES = bytes(_ALPHABET.find(chr(code)) % 256 for code in range(256))
"""The value of each character; 255 for the others."""
_NO_PLACE = 255
_CHUNK = 10
"""Digits at a time when writing, as many as a machine word holds."""
_CHUNK_VALUE, _PAIR = 58**_CHUNK, 58**2
_MAX_CHARACTERS = 400
"""Decoding base58 takes quadratic time (threat 29); no key or signature here is longer."""


def base58_encode(data: bytes) -> str:
    """Write bytes in base58btc."""
    number, digits, pairs = int.from_bytes(data, "big"), "", _pairs()
    while number:
        number, rest = divmod(number, _CHUNK_VALUE)  # small numbers are divided faster
        rest, e = divmod(rest, _PAIR)
        rest, d = divmod(rest, _PAIR)
        rest, c = divmod(rest, _PAIR)
        a, b = divmod(rest, _PAIR)
        digits = f"{pairs[a]}{pairs[b]}{pairs[c]}{pairs[d]}{pairs[e]}{digits}"
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + digits.lstrip("1")


@cache
def _pairs() -> list[str]:
    """Give every two digits, by their value."""
    return [a + b for a in _ALPHABET for b in _ALPHABET]


def base58_decode(text: str) -> bytes:
    """Read base58btc; raise `MalformedKey` for other characters or too much text."""
    if len(text) > _MAX_CHARACTERS:
        raise MalformedKey(f"base58 text of {len(text)} characters is too long")
    digits = text.encode("latin-1", "replace").translate(_PLACES)
    if _NO_PLACE in digits:
        raise MalformedKey(f"{text[digits.index(_NO_PLACE)]!r} is not a base58 character")
    number = int.from_bytes(digits, "big")
    # All pairs of digits become numbers at once, then all pairs of these, until one is left.
    for width, base, lower in _steps((len(digits) - 1).bit_length()):
        number = (number >> width & lower) * base + (number & lower)
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")


@cache
def _steps(number: int) -> list[tuple[int, int, int]]:
    """Give for each step: bits of a part, its base, and a mask for the lower part of each pair."""
    steps = []
    for step in range(number):
        width, pairs = 8 << step, 1 << (number - step - 1)
        part = (1 << width) - 1
        lower = sum(part << (2 * width * place) for place in range(pairs))
        steps.append((width, 58 ** (1 << step), lower))
    return steps


def _written(data: bytes) -> str:
    plain = binascii.b2a_base64(data, newline=False)
    return plain.replace(b"+", b"-").replace(b"/", b"_").decode()


_write: Callable[[bytes], str] = _written
_read: Callable[[str], bytes] = partial(binascii.a2b_base64, strict_mode=True)


def use_pybase64(wanted: bool = True) -> bool:
    """Let pybase64 read and write base64 from now on, ten times as fast; tell whether it does.

    For services; it comes with the extra `server`. Both refuse the same texts (ADR 0029).
    """
    global _write, _read
    _write = _written
    _read = partial(binascii.a2b_base64, strict_mode=True)
    if not wanted:
        return False
    try:
        import pybase64
    except ImportError:
        return False
    _write = partial(pybase64.b64encode_as_string, altchars=b"-_")
    _read = partial(pybase64.b64decode, validate=True)
    return True


def base64url_encode(data: bytes) -> str:
    """Write bytes in base64url without padding."""
    return _write(data).rstrip("=")


_LAST = ("", "", "AQgw", "AEIMQUYcgkosw048")
"""Last characters without stray bits, by how many characters stand beside whole groups of four."""


def base64url_decode(text: str) -> bytes:
    """Read base64url without padding; refuse any second spelling of the same bytes."""
    rest = len(text) % 4
    if "+" in text or "/" in text or "=" in text:  # of plain base64
        raise MalformedKey("the text is not base64url")
    try:
        plain = text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4)
        data = _read(plain)
    except ValueError as error:
        raise MalformedKey("the text is not base64url") from error
    if rest and text[-1] not in _LAST[rest]:
        raise MalformedKey("the base64url text has stray bits at its end")
    return data


def multibase_encode(data: bytes) -> str:
    """Write bytes as multibase base58btc ("z...")."""
    return "z" + base58_encode(data)


def multibase_decode(text: str) -> bytes:
    """Read multibase base58btc; other bases are refused where keys and proofs demand this one."""
    if not isinstance(text, str) or not text.startswith("z"):
        raise MalformedKey("the value is not multibase base58btc (it does not start with z)")
    return base58_decode(text[1:])
