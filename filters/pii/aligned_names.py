"""Names in the place where other lines of a list or table have names: ・会計　リ ミンジョン below ・会長　浜名 悟.

What the dictionary lacks, a foreign name or one letter, is a name where half of the lines of the block, two at
least, have one in the same column: after the same separators.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from manyo.filters.pii.labels import is_label_word
from manyo.filters.pii.lazily import lazily
from manyo.filters.pii.name_shapes import FIRM, GAPPED
from manyo.filters.pii.open_text import OpenText
from manyo.filters.pii.private_words import Name

#: So many lines of a block, and half of all, have a name in a column of names.
_LEAST_NAMES: Final = 2
_SEPARATORS: Final = "\t|,、…‥:：/／　→"
_CELL: Final = lazily(f"[^{_SEPARATORS}\n]+")
_BULLET: Final = lazily(
    r"[ \t　]*(?:[-*・○●◯□■◆◇▼▲>＞※]|[0-9０-９]{1,4}[.．):： 　]|\([0-9ア-ン]{1,3}\)|[①-⑳])[ \t　]*"
)
_BLOCK: Final = lazily(r"(?m:^)(?:[^\n]++(?:\n|$)){3,}")
_AFTER: Final = lazily(f" ?(?:様|さん|君|くん|ちゃん|氏|先生|殿)?[\"']? ?(?:$|[{_SEPARATORS}\n(（<>]|  | [→])")


def aligned_names(text: str, within: OpenText, known: Sequence[Name]) -> Iterator[Name]:
    """Names in columns of names.

    Args:
        text: the document, in which blanks have their own widths.
        within: the same in folded form; no name is looked for in its holes.
        known: names that were found in it.
    """
    if len(known) < _LEAST_NAMES:
        return
    for block in _BLOCK.finditer(text):
        columns: dict[str, set[int]] = defaultdict(set)
        for start, *_ in known:
            if block.start() <= start < block.end():
                line = text.rfind("\n", 0, start) + 1
                columns[_column(text, line, start)].add(line)
        for column, lines in columns.items():
            if len(lines) >= _LEAST_NAMES:
                yield from _in_column(text, within, block.span(), column, lines)


def _column(text: str, line: int, start: int) -> str:
    """An expression for what stands before a column in its line: a bullet, and cells with the same separators."""
    bullet = _BULLET.match(text, line, start)
    first = bullet.end() if bullet else line
    cells = _CELL.sub("\0", text[first:start])
    before = f"(?:{_BULLET.pattern})" if bullet else ""
    return before + re.escape(cells).replace("\0", f"{_CELL.pattern}")


def _in_column(text: str, within: OpenText, block: tuple[int, int], column: str, lines: set[int]) -> Iterator[Name]:
    """The names in a column of the other lines of a block, if half of its lines have one."""
    before = re.compile(column)
    belief = FIRM if column else GAPPED
    others: list[tuple[int, int]] = []
    at = block[0]
    while at < block[1]:
        line_stop = text.find("\n", at)
        line_stop = len(text) if line_stop < 0 else line_stop
        match = before.match(text, at, line_stop) if at not in lines else None
        if match and match.end() < line_stop:
            others.append((match.end(), line_stop))
        at = line_stop + 1
    if len(others) > len(lines):
        return
    for start, line_stop in others:
        stop = within.name_end(start, belief, line_stop)
        if stop and _AFTER.match(text, stop) and not is_label_word(text[start:stop]):
            yield start, stop, 0.75, "name_aligned"
