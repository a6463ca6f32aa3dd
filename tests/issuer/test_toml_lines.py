"""The lines of a TOML text: of each value that the standard library reads, and of no other."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from issuer.framework import FOLDER
from issuer.toml_lines import line_of, lines_of

FILES = sorted(FOLDER.rglob("*.toml"))


def paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    if isinstance(value, dict):
        for key, one in value.items():
            yield from paths(one, (*path, key))
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield from paths(one, (*path, place))


@pytest.mark.parametrize("file", FILES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_every_value_of_a_shipped_file_has_a_line(file: Path) -> None:
    text = file.read_text("utf-8")
    assert set(lines_of(text)) == set(paths(tomllib.loads(text)))


TRICKY = '''
a = """
[no.table] # no comment
""" # here
"b.c".d = 'x = 1'
list = [ # a comment with ]
  { url = "]", n = [1, 2] },

  { url = "}" },
]
[[t]]
k = 1
[[t]]
[t.inner]
k = \'\'\'
k = 2\'\'\'
'''


def test_strings_comments_and_lists_of_tables_do_not_mislead() -> None:
    lines = lines_of(TRICKY)
    assert set(lines) == set(paths(tomllib.loads(TRICKY)))
    assert lines[("b.c", "d")] == 5
    assert lines[("list", 0, "n", 1)] == 7
    assert lines[("list", 1, "url")] == 9
    assert lines[("t", 0, "k")] == 12
    assert lines[("t", 1, "inner", "k")] == 15


def test_what_is_not_there_has_the_line_of_what_is_around_it() -> None:
    assert line_of(lines_of(TRICKY), ("t", 1, "inner", "missing")) == 14
    assert line_of(lines_of(TRICKY), ("nothing",)) == 1
