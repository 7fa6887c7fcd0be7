"""Soft line breaks: lines of mail and of plain text that end only because the line was full.

They are joined where nothing else can be meant. A run of lines between blank ones is hard-wrapped if at least two lines
before its last have about the width of the widest, and every narrower one ends a sentence; so verse, tables, listings
and addresses are not. Of its breaks, those between two Japanese characters are soft where the line before is full and
ends no sentence. Signs of quotation before both lines are kept once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby, pairwise
from typing import Final
from unicodedata import east_asian_width

import numpy as np

from manyo.corpus.web.markup import TAGS, Markup, without_bytes

#: Narrowest wrapped line, in columns; a Japanese character takes two. Mail is wrapped at 60 to 76; verse is shorter.
_LEAST_COLUMNS: Final = 56
#: A full line may lack two characters, which must not begin or end a line.
_SLACK_COLUMNS: Final = 4
_LEAST_FULL_LINES: Final = 2
#: Least share of kana among the characters of a wrapped line.
_KANA_SHARE: Final = 0.2

_PRE: Final = TAGS.index("pre")
_QUOTED: Final = re.compile("(?:[>＞] ?)*")
_KANA: Final = re.compile("[ぁ-ゖァ-ヺー]")
_STARTS: Final = re.compile("[ぁ-ゖァ-ヺー一-鿿々、。」』）]")
#: The last character of a line that goes on, and of one that ends a sentence.
_GOES_ON: Final = re.compile("[ぁ-ゖァ-ヺー一-鿿々、「『（]")
_ENDS_SENTENCE: Final = re.compile("[。．！？!?.」』）)♪☆：:]")
#: A line that goes on and the next one; few listings have such lines.
_MAY_GO_ON: Final = re.compile(rf"{_GOES_ON.pattern}[^\S\n]*\n{_QUOTED.pattern}{_STARTS.pattern}")
#: What stands in tables and rows of cells.
_CELLS: Final = re.compile(r"\t|\S[ \u3000]{2,}\S|[|｜│┃]")


def soft_breaks(text: str) -> list[tuple[int, int]]:
    """The soft breaks of a text: of each, where its line end is, and where the next line goes on, in characters."""
    found: list[tuple[int, int]] = []
    if not _MAY_GO_ON.search(text):
        return found
    for run in _runs(text):
        if len(run) <= _LEAST_FULL_LINES:
            continue
        bodies = [text[body:after].rstrip() for _, body, after in run]
        within = [i for i, (left, right) in enumerate(pairwise(bodies)) if _goes_on(left, right)]
        if not within or not any(map(_KANA.search, bodies)):
            continue
        columns = [_columns(text[first:after]) for first, _, after in run]
        least = max(columns) - _SLACK_COLUMNS
        is_full = [width >= least for width in columns[:-1]]
        if max(columns) < _LEAST_COLUMNS or sum(is_full) < _LEAST_FULL_LINES:
            continue
        if not all(full or _ENDS_SENTENCE.match(body[-1:]) for full, body in zip(is_full, bodies, strict=False)):
            continue
        if any(_CELLS.search(body) for body in bodies):
            continue
        for i in within:
            left = bodies[i]
            is_prose = len(_KANA.findall(left)) >= _KANA_SHARE * len(left)
            if is_full[i] and is_prose:
                found.append((run[i][1] + len(left), run[i + 1][1]))
    return found


def _goes_on(left: str, right: str) -> bool:
    """Whether a line may go on in the next one."""
    return _GOES_ON.match(left[-1:]) is not None and _STARTS.match(right) is not None


def join_soft_breaks(text: str) -> str:
    """The text with the lines of each wrapped paragraph joined."""
    parts = []
    at = 0
    for end, start in soft_breaks(text):
        parts.append(text[at:end])
        at = start
    return "".join((*parts, text[at:]))


def without_soft_breaks(markup: Markup) -> Markup:
    """The page with the lines of each wrapped paragraph in `<pre>` joined."""
    if _PRE not in markup.boxes["tag"]:
        return markup
    is_pre = markup.boxes["tag"][markup.blocks["box"]] == _PRE
    found = []
    for start, end in markup.blocks[["start", "end"]][is_pre].tolist():
        written = markup.text[start:end]
        # Most listings are ASCII, and others are one line.
        if b"\n" in written and not written.isascii():
            text = written.decode("utf-8")
            if breaks := soft_breaks(text):
                found.append((start, text, breaks))
    if not found:
        return markup
    is_gone = np.zeros(len(markup.text), np.bool_)
    for start, text, breaks in found:
        for end, next_start in breaks:
            first, after = (start + len(text[:place].encode()) for place in (end, next_start))
            is_gone[first:after] = True
    return without_bytes(markup, is_gone)


def _runs(text: str) -> Iterator[list[tuple[int, int, int]]]:
    """Lines between blank ones with the same signs of quotation: their first character, their text, and their end."""
    lines = []
    at = 0
    for line in text.split("\n"):
        quoted = _QUOTED.match(line)
        sign = quoted[0] if quoted else ""
        lines.append((sign, bool(line[len(sign) :].strip()), (at, at + len(sign), at + len(line))))
        at += len(line) + 1
    for (_, has_text), run in groupby(lines, key=lambda line: line[:2]):
        if has_text:
            yield [place for _, _, place in run]


def _columns(line: str) -> int:
    return sum(2 if east_asian_width(character) in "WFA" else 1 for character in line.rstrip())
