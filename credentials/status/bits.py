"""Bits in compressed lists: written once, expanded within a limit, read at a strict index."""

import re
import zlib
from collections.abc import Mapping
from gzip import compress
from typing import Any

from credentials.report import CheckFailed, CredentialError

_MAX_LIST_BYTES = 1_250_000
"""Ten million entries; nothing larger is expanded (threat 13)."""
_INDEX = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)
_GZIP, _ZLIB = 31, 15
"""The `wbits` of zlib for the two wrappings."""


def read_index(value: Any) -> int:
    """Read a statusListIndex: ASCII digits alone, of one spelling for each number (threat 31)."""
    if not isinstance(value, str) or not _INDEX.fullmatch(value):
        raise CheckFailed("status.bad-list", f"the status index {str(value)[:40]!r} is no number")
    return int(value)


def packed(values: Mapping[int, int], *, length: int, size: int = 1) -> bytes:
    """Write `values` by index, each in `size` bits, index 0 left-most, and compress them by gzip.

    Bitstring Status List 1.0, 3.3. Raises `CredentialError` for what has no place in the list.
    """
    if length < 1 or length * size % 8:
        raise CredentialError(f"a list of {length} entries of {size} bits does not fill its bytes")
    bits = bytearray(length * size // 8)
    for index, value in values.items():
        if not 0 <= index < length:
            raise CredentialError(f"the status index {index} is outside the list")
        if not 0 <= value < 1 << size:
            raise CredentialError(f"the status {value} does not fit into {size} bits")
        for place in range(size):
            bit = index * size + place
            bits[bit // 8] |= (value >> (size - 1 - place) & 1) << (7 - bit % 8)
    return compress(bytes(bits), mtime=0)


def expand_gzip(data: bytes, name: str) -> bytes:
    """Expand one gzip stream of at most ten million bits."""
    return _expand(data, _GZIP, name)


def expand_zlib(data: bytes, name: str) -> bytes:
    """Expand one zlib stream of at most ten million bits."""
    return _expand(data, _ZLIB, name)


def value_at(bits: bytes, index: int, *, size: int = 1) -> int:
    """Give the entry at `index`, its bits from the left; beyond the list is a range error."""
    if (index + 1) * size > len(bits) * 8:
        raise CheckFailed("status.range", f"the list ends before the index {index}")
    if size == 1:
        return bits[index >> 3] >> (7 - (index & 7)) & 1
    value = 0
    for bit in range(index * size, (index + 1) * size):
        value = value << 1 | (bits[bit // 8] >> (7 - bit % 8) & 1)
    return value


def check_length(bits: bytes, *, size: int, shortest: int) -> None:
    """Refuse a list in which a credential hides among fewer than `shortest` (6.1)."""
    entries = len(bits) * 8 // size
    if entries < shortest:
        raise CheckFailed(
            "status.short-list", f"the list has {entries} entries, fewer than {shortest}"
        )


def _expand(data: bytes, wbits: int, name: str) -> bytes:
    expander = zlib.decompressobj(wbits=wbits)
    try:
        bits = expander.decompress(data, _MAX_LIST_BYTES)
    except zlib.error as error:
        raise CheckFailed("status.bad-list", f"{name} does not expand: {error}") from error
    if expander.unconsumed_tail:
        raise CheckFailed("status.bad-list", f"the list is larger than {_MAX_LIST_BYTES} bytes")
    if not expander.eof or expander.unused_data:
        raise CheckFailed("status.bad-list", f"{name} is not one whole compressed stream")
    return bits
