"""JSON read strictly: what two readers could understand differently is refused, and named."""

import json
import re
from collections.abc import Callable
from typing import Any, NoReturn

from contexts.errors import MalformedJson

MAX_BYTES = 1_000_000
MAX_DEPTH = 64
MAX_INTEGER = 2**53 - 1
"""Beyond this, JavaScript readers see another number (RFC 8259, 6; I-JSON, RFC 7493, 2.2)."""

_CONTAINERS = (dict, list)
_SURROGATE, _NUL = "[\ud800-\udfff]", "\x00"
_SUSPICIOUS = re.compile(rb"\\(?:[bf]|u(?:00[01]|007[fF]|[dD][89A-Fa-f]))")
"""Only an escape, or DEL itself, can bring a control character or a lone surrogate into JSON."""
_CONTROL = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
_NOT_OPENING = bytes(code for code in range(256) if code not in b"{[")
_UNSURE = object()
_SPACED, _BEGINNING = b'": ', 100
_orjson: "_Orjson | None" = None


class _Orjson:
    """JSON as orjson reads and writes it: in a third of the time, and less strictly by itself."""

    def __init__(self) -> None:
        import orjson

        strict = orjson.OPT_STRICT_INTEGER | orjson.OPT_PASSTHROUGH_SUBCLASS
        strict |= orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
        self._loads: Callable[[bytes], Any] = orjson.loads
        self._dumps: Callable[[Any, None, int], bytes] = orjson.dumps
        self._strict = strict

    def read(self, data: bytes) -> Any:
        """Read a text that comes out the same when its value is written; else give `_UNSURE`.

        No name in such a text stands twice, and no number or character is written in another way.
        """
        if _SPACED in data[:_BEGINNING]:
            return _UNSURE
        try:
            value = self._loads(data)
            return value if self._dumps(value, None, self._strict) == data else _UNSURE
        except (ValueError, TypeError):
            return _UNSURE

    def write(self, value: Any) -> bytes | None:
        """Write a value, or give None; all that is left to check are depth and characters."""
        try:
            data = self._dumps(value, None, self._strict)
        except TypeError:
            return None
        return None if b"null" in data else data  # it may stand for what is not finite


def use_orjson(wanted: bool = True) -> bool:
    """Let orjson read and write JSON from now on where nothing is lost; tell whether it does.

    For services; it comes with the extra `server`. The same is taken and refused (ADR 0036).
    """
    global _orjson
    _orjson = None
    if wanted:
        try:
            _orjson = _Orjson()
        except ImportError:
            return False
    return wanted


def loads_strict(
    text: str | bytes, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH
) -> Any:
    """Read JSON; raise `MalformedJson` that names what is not strict.

    Refused: more than `max_bytes`, nesting beyond `max_depth`, text that is not UTF-8, duplicate
    keys, NaN and infinities, integers beyond 2^53, lone surrogates, NUL and other control
    characters in strings.
    """
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(data) > max_bytes:
        raise MalformedJson(f"the text has {len(data)} bytes; at most {max_bytes} are read")
    try:
        value = _UNSURE if _orjson is None else _orjson.read(data)
        if value is _UNSURE:
            value = _decoded(data)
        _check_depth(value, data, max_depth)
    except UnicodeDecodeError as error:
        raise MalformedJson(f"the text is not UTF-8 at byte {error.start}") from error
    except RecursionError as error:
        raise MalformedJson(f"nested deeper than {max_depth} levels") from error
    except json.JSONDecodeError as error:
        raise MalformedJson(
            f"the text is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        ) from error
    if _is_suspicious(data):
        check_strict(value, max_depth=max_depth)
    return value


def _is_suspicious(text: bytes) -> bool:
    return b"\x7f" in text or (b"\\" in text and _SUSPICIOUS.search(text) is not None)


def _decoded(data: bytes) -> Any:
    text = data.decode("utf-8")
    if text.startswith("\ufeff"):
        raise MalformedJson("the text starts with a byte order mark")
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
        if depth > max_depth and isinstance(item, dict | list | tuple):
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
    try:
        data = text.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return None
    return None if _is_suspicious(data) else data


def write_strict(value: Any) -> bytes:
    """Write what `check_strict` takes, without spaces; raise `MalformedJson` for all else.

    orjson also writes a UUID or an Enum, as its text.
    """
    data = None if _orjson is None else _orjson.write(value)
    if data is not None and not _is_suspicious(data):
        try:
            _check_depth(value, data, MAX_DEPTH)
            return data
        except RecursionError:
            pass  # to be named below
    data = write_plain(value)
    if data is None:
        check_strict(value)
        data = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return data


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


def _check_depth(value: Any, text: bytes, limit: int) -> None:
    # Nothing is nested deeper than there are brackets: these are left in one step.
    if type(value) not in _CONTAINERS or len(text.translate(None, _NOT_OPENING)) <= limit:
        return
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
