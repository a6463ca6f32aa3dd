"""JSON read and written strictly, by the standard library and by orjson: nothing may be lost."""

import json
import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contexts import MalformedJson, loads_strict
from contexts.strict_json import check_strict, use_orjson, write_plain, write_strict


@pytest.fixture(params=["json", "orjson"])
def library(request: pytest.FixtureRequest) -> Iterator[str]:
    """Let one library, and then the other, read and write."""
    wanted = request.param == "orjson"
    if use_orjson(wanted) != wanted:
        pytest.skip("orjson is not installed")
    yield request.param
    use_orjson(False)


REFUSED: list[tuple[str | bytes, str]] = [
    ('{"a":1,"a":2}', "'a'"),
    ('{"a":1,"a":1}', "'a'"),
    ('{"b":[{"a":1,"\\u0061":1}]}', "'a'"),
    ('{"a":NaN}', "NaN"),
    ('{"a":Infinity}', "Infinity"),
    ('{"a":9007199254740992}', "9007199254740992"),
    ('{"a":-9007199254740992}', "9007199254740992"),
    ('{"a":123456789012345678901234567890}', "123456789012345678901234"),
    ('{"a":1e999}', "1e999"),
    ('{"a":"\\ud800"}', "surrogate"),
    ('{"a":"\ud800"}', "UTF-8"),
    ('{"a":"\\u0000"}', "U\\+0000"),
    ('{"a":"\\u001b[31m"}', "U\\+001B"),
    ('{"a":"\x7f"}', "U\\+007F"),
    ('{"\x7f":1}', "U\\+007F"),
    ('{"a":"\\b"}', "U\\+0008"),
    ("[" * 100 + "]" * 100, "64 levels"),
    ("[" * 65 + "]" * 65, "64 levels"),
    ('{"a":' * 65 + "1" + "}" * 65, "64 levels"),
    ("[" * 5_000 + "]" * 5_000, "64 levels"),
    ('{"a":1,}', "line 1"),
    ('{"a":1}{', "line 1"),
    (b"\xff\xfe", "UTF-8"),
    ("\ufeff{}", "byte order mark"),
    ("", "not JSON"),
    ('{"a":' + "1" * 1_000_001 + "}", "bytes"),
]


@pytest.mark.parametrize(("text", "culprit"), REFUSED)
@pytest.mark.parametrize("form", ["compact", "spaced"])
def test_json_that_is_not_strict_is_refused_by_name(
    library: str, text: str | bytes, culprit: str, form: str
) -> None:
    if form == "spaced" and isinstance(text, str):
        text = text.replace('":', '": ', 60)
    with pytest.raises(MalformedJson, match=culprit):
        loads_strict(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"a":[1,1.5,true,null,"ñ \\u2028 😀"],"b":{"a":9007199254740991}}',
        '{"a": [1, 1.5, true, null, "ñ \\u2028 😀"], "b": {"a": -9007199254740991}}',
        "[" * 64 + "]" * 64,
        '["\\n\\t\\r\\"\\\\\\/",0.1,1e5,1E-7,-0,-0.0,1.10,{},[],""]',
        ' {"a":1} ',
        '"text"',
        "17",
        "null",
    ],
)
def test_strict_json_keeps_what_is_fine(library: str, text: str) -> None:
    for given_as in (text, text.encode()):
        assert repr(loads_strict(given_as)) == repr(json.loads(text))


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**53) - 1, 2**53 + 1)
    | st.floats()
    | st.text(st.characters())
    | st.sampled_from(["\x7f", "null", "_sd", '"', "\\", "\u2028", "\ud800", '": '])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
    max_leaves=12,
)


def compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


NAMES = st.sampled_from(["a", "b", "\\u0061", "", "_sd"])
TEXTS = st.recursive(
    st.sampled_from(["0", "-0", "1.0", "1e5", "1E400", "9007199254740993", "00", "1.", "null"])
    | SCALARS.map(compact),
    lambda inner: (
        st.lists(inner).map(lambda texts: f"[{','.join(texts)}]")
        | st.lists(st.tuples(NAMES, inner)).map(
            lambda pairs: "{" + ",".join(f'"{name}":{text}' for name, text in pairs) + "}"
        )
    ),
    max_leaves=12,
)
"""Compact texts near JSON: names that stand twice, numbers and characters written otherwise."""


def outcome(wanted: bool, act: Callable[[Any], Any], value: Any) -> str:
    """Say what comes of it with or without orjson, types and signs of zero included."""
    if use_orjson(wanted) != wanted:
        pytest.skip("orjson is not installed")
    try:
        return repr(act(value))
    except MalformedJson as error:
        return f"refused: {error.detail}"
    finally:
        use_orjson(False)


@settings(max_examples=400, deadline=None)
@given(TEXTS, st.data())
def test_two_libraries_read_the_same_and_refuse_the_same(text: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(text)))
    put = data.draw(st.sampled_from(["", "", "", " ", ",", '"', "\\", "\x00", "é", "1"]))
    near = text[:place] + put + text[place:]
    assert outcome(True, loads_strict, near) == outcome(False, loads_strict, near)


@settings(max_examples=400, deadline=None)
@given(VALUES)
def test_two_libraries_write_the_same_values_and_refuse_the_same(value: Any) -> None:
    def back(value: Any) -> Any:
        return loads_strict(write_strict(value))

    wanted = outcome(False, back, value)
    assert outcome(True, back, value) == wanted
    if not wanted.startswith("refused"):
        assert wanted == repr(value)
        check_strict(value)


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_what_is_written_quickly_is_what_the_strict_way_would_write(value: Any) -> None:
    written = write_plain(value)
    if written is not None:
        check_strict(value)
        assert compact(value).encode() == written
        assert loads_strict(written) == value


@pytest.mark.parametrize("text", ["\x7f", "\x00", "\x1b", "\ud800", "\u2028\x08"])
def test_refused_characters_are_never_written(library: str, text: str) -> None:
    for value in ({"a": [text]}, {text: 1}):
        assert write_plain(value) is None
        with pytest.raises(MalformedJson):
            write_strict(value)


@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, -math.inf, 2**53, 2**80, {1: "a"}, {"a": {None: 1}}, {"a": b"x"}, {1, 2}],
)
def test_what_is_no_json_is_never_written(library: str, value: Any) -> None:
    for held in (value, [value], {"a": {"b": [value, None]}}):
        with pytest.raises(MalformedJson):
            write_strict(held)


def test_what_is_too_deep_is_never_written(library: str) -> None:
    value: Any = "a"
    for _ in range(64):
        value = [value]
    assert loads_strict(write_strict(value)) == value
    with pytest.raises(MalformedJson, match="64 levels"):
        write_strict({"a": value})
    ring: list[Any] = []
    ring.append(ring)
    with pytest.raises(MalformedJson, match="64 levels"):
        write_strict(ring)
