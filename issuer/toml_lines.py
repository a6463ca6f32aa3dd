"""Where each value of a TOML text stands: its line, by the path of keys and places to it.

The parser of the standard library gives values without positions. This one gives positions without
values, of a text that the parser has accepted::

    lines = lines_of('[skill]\\nlinks = [\\n  { url = "…" },\\n]\\n')
    line_of(lines, ("skill", "links", 0, "url"))  # 3
"""

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping

Path = tuple[str | int, ...]
"""Keys of tables and places in lists, from the outside in."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*'""")
_SPACE = re.compile(r"[ \t]*")
_DOT = re.compile(r"[ \t]*\.[ \t]*")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\]|\\.)*"'
    r"|'[^']*'",
    re.DOTALL,
)
_PLAIN = re.compile(r"[^,\]}#\n]*")


def lines_of(text: str) -> dict[Path, int]:
    """Give the line, counted from 1, of each table, list entry and value in `text`."""
    return _Scanner(text).scan()


def line_of(lines: Mapping[Path, int], path: Path) -> int:
    """Give the line of `path`, or of the nearest thing around it that is there."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return 1


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found: dict[Path, int] = {}
        self.last: dict[Path, int] = {}
        """For each list of tables: the place of the one that is open."""
        self.starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def scan(self) -> dict[Path, int]:
        table: Path = ()
        while self._skip():
            if self.text.startswith("[", self.at):
                table = self._header()
            else:
                self._pair(table)
        return self.found

    def _header(self) -> Path:
        in_list = self.text.startswith("[[", self.at)
        line = self._line()
        self.at += 2 if in_list else 1
        *outer, name = self._keys()
        self.at = self.text.index("]", self.at) + (2 if in_list else 1)
        path: Path = ()
        for key in outer:
            path = self._inside((*path, key), line)
        path = (*path, name)
        if in_list:
            self.found.setdefault(path, line)
            self.last[path] = self.last.get(path, -1) + 1
            path = (*path, self.last[path])
        self.found[path] = line
        return path

    def _inside(self, path: Path, line: int) -> Path:
        self.found.setdefault(path, line)
        return (*path, self.last[path]) if path in self.last else path

    def _pair(self, table: Path) -> None:
        line, path = self._line(), table
        for key in self._keys():
            path = (*path, key)
            self.found.setdefault(path, line)
        self.at = self.text.index("=", self.at) + 1
        self._skip()
        self._value(path)

    def _value(self, path: Path) -> None:
        match self.text[self.at]:
            case "[":
                self._entries("]", path)
            case "{":
                self._entries("}", path)
            case '"' | "'":
                self._take(_STRING)
            case _:
                self._take(_PLAIN)

    def _entries(self, end: str, path: Path) -> None:
        self.at += 1
        place = 0
        while self._skip() and not self.text.startswith(end, self.at):
            if end == "]":
                self.found[(*path, place)] = self._line()
                self._value((*path, place))
                place += 1
            else:
                self._pair(path)
            self._skip()
            self.at += self.text.startswith(",", self.at)
        self.at += 1

    def _keys(self) -> list[str]:
        keys = []
        while True:
            self._take(_SPACE)
            key = self._take(_KEY)
            keys.append(tomllib.loads(f"key = {key}")["key"] if key[:1] in "\"'" else key)
            if not _DOT.match(self.text, self.at):
                return keys
            self._take(_DOT)

    def _skip(self) -> bool:
        """Go to the next thing that counts; tell whether there is one."""
        self._take(_BLANK)
        return self.at < len(self.text)

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        if match is None:
            raise ValueError(f"line {self._line()}: not TOML")
        self.at = match.end()
        return match[0]

    def _line(self) -> int:
        return bisect_right(self.starts, self.at)
