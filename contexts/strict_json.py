"""JSON read strictly: what two readers could understand differently is refused, and named."""

import json
import re
from typing import Any, NoReturn

from contexts.errors import MalformedJson

MAX_BYTES = 1_000_000
MAX_DEPTH = 64
MAX_INTEGER = 2**53 - 1
"""Beyond this, JavaScript readers see another number (RFC 8259, 6; I-JSON, RFC 7493, 2.2)."""

_CONTAINERS = (dict, list)
_SURROGATE, _NUL = "[\ud800-\udfff]", "\x00"
_SUSPICIOUS = re.compile(r"\\(?:[bf]|u(?:00[01]|007[fF]|[dD][89A-Fa-f]))")
"""Only an escape, or DEL itself, can bring a control character or a lone surrogate into a text."""
_CONTROL = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"


def loads_strict(
    text: str | bytes, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH
) -> Any:
    """Read JSON; raise `MalformedJson` that names what is not strict.

    Refused: more than `max_bytes`, nesting beyond `max_depth`, text that is not UTF-8, duplicate
    keys, NaN and infinities, integers beyond 2^53, lone surrogates, NUL and other control
    characters in strings.
    """
    if isinstance(text, str) and not text.isascii():
        text = text.encode("utf-8", "surrogatepass")
    if len(text) > max_bytes:
        raise MalformedJson(f"the text has {len(text)} bytes; at most {max_bytes} are read")
    try:
        decoded = text if isinstance(text, str) else text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedJson(f"the text is not UTF-8 at byte {error.start}") from error
    if decoded.startswith("\ufeff"):
        raise MalformedJson("the text starts with a byte order mark")
    try:
        value = _decoded(decoded)
        # Nothing is nested deeper than there are brackets.
        if decoded.count("{") + decoded.count("[") > max_depth and type(value) in _CONTAINERS:
            _check_depth(value, max_depth)
    except RecursionError as error:
        raise MalformedJson(f"nested deeper than {max_depth} levels") from error
    except json.JSONDecodeError as error:
        raise MalformedJson(
            f"the text is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        ) from error
    if "\x7f" in decoded or ("\\" in decoded and _SUSPICIOUS.search(decoded)):
        check_strict(value, max_depth=max_depth)
    return value


def _decoded(text: str) -> Any:
    # Mostly nothing surrounds the value: it is not looked for, then.
    try:
        value, end = _SCAN(text, 0)
    except StopIteration:
        return _DECODER.decode(text)
    return value if end == len(text) else _DECODER.decode(text)


def check_strict(
    value: Any, *, max_depth: int = MAX_DEPTH, control_characters: bool = False
) -> None:
    """Apply the same rules to a value that was not read from text.

    `control_characters` lets those other than NUL pass, for forms that escape them.
    """
    surrogate = re.compile(_SURROGATE)
    refused = re.compile(_NUL if control_characters else _CONTROL)
    stack: list[tuple[Any, str, int]] = [(value, "", 1)]
    while stack:
        item, path, depth = stack.pop()
        if depth > max_depth:
            raise MalformedJson(f"nested deeper than {max_depth} levels at {path[:200]}")
        if isinstance(item, dict):
            for key, inner in item.items():
                if not isinstance(key, str):
                    raise MalformedJson(f"a key that is not a string at {path or '/'}")
                _check_string(key, f"the key at {path[:200] or '/'}", surrogate, refused)
                stack.append((inner, f"{path}/{key}", depth + 1))
        elif isinstance(item, list | tuple):
            stack.extend((inner, f"{path}/{i}", depth + 1) for i, inner in enumerate(item))
        elif isinstance(item, str):
            _check_string(item, path[:200] or "/", surrogate, refused)
        elif isinstance(item, bool) or item is None:
            continue
        elif isinstance(item, int):
            if abs(item) > MAX_INTEGER:
                raise MalformedJson(f"the integer at {path} is beyond 2^53")
        elif isinstance(item, float):
            if item != item or item in (float("inf"), float("-inf")):
                raise MalformedJson(f"the number at {path} is not finite")
        else:
            raise MalformedJson(f"{type(item).__name__} at {path} is not JSON")


def is_plain(value: Any, levels: int = MAX_DEPTH - 1) -> bool:
    """Tell a value whose form the standard library writes as RFC 8785 does.

    Fractions are written otherwise in Python, and names beyond ASCII may be sorted otherwise. The
    characters of texts are not looked at.
    """
    names: list[str] = []
    level = [value]
    for _ in range(levels):
        inside: list[Any] = []
        for item in level:
            if type(item) is dict:
                names += item
                inside += item.values()
            elif type(item) is list:
                inside += item
            elif not _is_plain_scalar(item):
                return False
        level = [item for item in inside if type(item) is not str]
        if not level:
            break
    else:
        return False
    try:
        return "".join(names).isascii()
    except TypeError:  # a name that is not a string, to be named below
        return False


def _is_plain_scalar(value: Any) -> bool:
    kind = type(value)
    return (
        kind is str
        or kind is bool
        or value is None
        or (kind is int and -MAX_INTEGER <= value <= MAX_INTEGER)
    )


def write_plain(value: Any) -> bytes | None:
    """Write a plain value, of which `check_strict` would refuse nothing; None for any other."""
    if not is_plain(value):
        return None
    text = _ENCODER.encode(value)
    if "\x7f" in text or ("\\" in text and _SUSPICIOUS.search(text)):
        return None
    try:
        return text.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _value in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise MalformedJson(f"the key {twice[:100]!r} stands twice in one object")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedJson(f"{name} is not JSON")


def _integer(digits: str) -> int:
    if len(digits) > 17 or abs(int(digits)) > MAX_INTEGER:
        raise MalformedJson(f"the integer {digits[:24]} is beyond 2^53")
    return int(digits)


def _float(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise MalformedJson(f"the number {digits[:24]} is too large")
    return value


def _check_depth(value: Any, limit: int) -> None:
    level = [value]
    for _ in range(limit):
        level = [
            inner
            for item in level
            for inner in (item.values() if type(item) is dict else item)
            if type(inner) in _CONTAINERS
        ]
        if not level:
            return
    raise RecursionError


def _check_string(
    value: str, where: str, surrogate: re.Pattern[str], refused: re.Pattern[str]
) -> None:
    if surrogate.search(value):
        raise MalformedJson(f"a lone surrogate in {where}")
    found = refused.search(value)
    if found:
        raise MalformedJson(f"the control character U+{ord(found[0]):04X} in {where}")


_ENCODER = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"))
_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique,
    parse_constant=_refuse_constant,
    parse_int=_integer,
    parse_float=_float,
)
_SCAN = _DECODER.scan_once  # type: ignore[attr-defined]  # typeshed leaves it out
