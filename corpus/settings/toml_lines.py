"""On which line a TOML file has each of its keys, which the parser of the standard library does not say.

The text is known to be valid, so only as much of it is read as leads from one key to the next.
"""

from __future__ import annotations

import re
from typing import TypeAlias

#: Names of keys, and places of elements in arrays, from the file's root inwards.
Path: TypeAlias = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BLANK_ON_LINE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRINGS = (
    re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}', re.S),
    re.compile(r"'''.*?'{3,5}", re.S),
    re.compile(r'"(?:[^"\\\n]|\\.)*"'),
    re.compile(r"'[^'\n]*'"),
)
_PLAIN_VALUE = re.compile(r"[^,\]}\n#]*")


def lines_of(text: str) -> dict[Path, int]:
    """The line, from 1, of each key, table header and array element of a valid TOML text, by its path."""
    return _Scan(text).lines


class _Scan:
    """One pass over a text; `lines` is the result."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1
        self._counted = 0
        self._last: dict[Path, int] = {}
        self.lines: dict[Path, int] = {}
        table: Path = ()
        while self._skip(_BLANK) < len(text):
            start = self._at
            if text.startswith("[", start):
                table = self._header()
            else:
                self._pair(table)
            if self._at == start:  # not TOML after all
                return

    def _skip(self, pattern: re.Pattern[str]) -> int:
        found = pattern.match(self._text, self._at)
        if found:
            self._at = found.end()
        return self._at

    def _note(self, path: Path) -> None:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        self.lines.setdefault(path, self._line)

    def _header(self) -> Path:
        is_array = self._text.startswith("[[", self._at)
        self._at += 2 if is_array else 1
        keys = self._keys()
        path: Path = ()
        for place, key in enumerate(keys):
            path = (*path, key)
            if is_array and place == len(keys) - 1:
                self._last[path] = self._last.get(path, -1) + 1
            self._note(path)
            if path in self._last:
                path = (*path, self._last[path])
        self._note(path)
        self._at += 2 if is_array else 1
        return path

    def _keys(self) -> list[str]:
        keys = []
        while True:
            self._skip(_BLANK_ON_LINE)
            start = self._at
            if self._text[start : start + 1] in ("'", '"'):
                self._string()
                keys.append(self._text[start + 1 : self._at - 1])
            else:
                self._skip(_BARE_KEY)
                keys.append(self._text[start : self._at])
            self._skip(_BLANK_ON_LINE)
            if not self._text.startswith(".", self._at):
                return keys
            self._at += 1

    def _pair(self, table: Path) -> None:
        path = table
        for key in self._keys():
            path = (*path, key)
            self._note(path)
        self._at += 1  # the equals sign
        self._value(path)

    def _value(self, path: Path) -> None:
        self._skip(_BLANK_ON_LINE)
        opening = self._text[self._at : self._at + 1]
        if opening in ("'", '"'):
            self._string()
        elif opening == "[":
            self._elements(path)
        elif opening == "{":
            self._inline_table(path)
        else:
            self._skip(_PLAIN_VALUE)

    def _string(self) -> None:
        before = self._at
        for pattern in _STRINGS:
            if self._skip(pattern) > before:
                return
        self._at = len(self._text)

    def _elements(self, path: Path) -> None:
        self._at += 1
        place = 0
        while self._skip(_BLANK) < len(self._text) and not self._text.startswith("]", self._at):
            start = self._at
            self._note((*path, place))
            self._value((*path, place))
            place += 1
            self._skip(_BLANK)
            if self._at == start:  # not TOML after all
                return
            if self._text.startswith(",", self._at):
                self._at += 1
        self._at += 1

    def _inline_table(self, path: Path) -> None:
        self._at += 1
        while self._skip(_BLANK) < len(self._text) and not self._text.startswith("}", self._at):
            self._pair(path)
            self._skip(_BLANK)
            if self._text.startswith(",", self._at):
                self._at += 1
        self._at += 1
