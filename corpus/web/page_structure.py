"""The structure of a page's text, from its boxes and the marks in its blocks (`manyo.corpus.structure`)."""

from __future__ import annotations

from functools import cache
from html import unescape
from typing import Final

import numpy as np

from manyo.corpus.jit import Bytes, Int32s, Records
from manyo.corpus.structure import KINDS, NO_STRUCTURE, Structure
from manyo.corpus.web.markup import (
    CODE_MARK,
    EMPHASIS_MARK,
    MATH_MARK,
    RUBY_MARK,
    TAGS,
    Markup,
    Page,
)
from manyo.corpus.web.structure_kernels import find_spans

_KINDS: Final = tuple(KINDS)
_KIND_OF_TAG: Final = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "heading"),
    **dict.fromkeys(("ul", "ol", "menu", "dir"), "list"),
    **dict.fromkeys(("pre", "listing", "xmp", "textarea"), "code"),
    **dict.fromkeys(("td", "th"), "cell"),
    "li": "item",
    "table": "table",
    "tr": "row",
    "blockquote": "quote",
}
_KIND_OF_MARK: Final = {EMPHASIS_MARK: "emphasis", CODE_MARK: "code", MATH_MARK: "math", RUBY_MARK: "ruby"}
_VALUE_OF_TAG: Final = {"th": "h", **{f"h{level}": str(level) for level in range(1, 7)}}
_VALUES: Final = tuple(_VALUE_OF_TAG.get(tag, "") for tag in TAGS)
_RUBY, _ITEM = (_KINDS.index(kind) for kind in ("ruby", "item"))


def structure_of(markup: Markup, page: Page, places: Records, written: Bytes) -> Structure:
    """The structure of a passage.

    Args:
        markup: the page.
        page: the same, as kernels see it.
        places: PLACE (n,), where its blocks are written.
        written: the passage, UTF-8.
    """
    by_tag, by_mark = _kinds()
    spans = find_spans(page, places, markup.marks, written, by_tag, by_mark)
    if not len(spans):
        return NO_STRUCTURE
    kinds = spans["kind"].tolist()
    starts, stops = spans["start"].tolist(), spans["stop"].tolist()
    values = [
        (str(value) if kind == _ITEM else "") if is_number else _VALUES[value]
        for kind, value, is_number in zip(kinds, spans["value"].tolist(), (spans["first"] == 1).tolist(), strict=True)
    ]
    if _RUBY in kinds:
        return _with_readings(markup.source, spans, starts, stops, kinds, values)
    return Structure(starts, stops, [_KINDS[kind] for kind in kinds], values)


def _with_readings(
    source: bytes, spans: Records, starts: list[int], stops: list[int], kinds: list[int], values: list[str]
) -> Structure:
    """The structure with its readings; one without a base of its own is the rest of the one before it."""
    structure = Structure([], [], [], [])
    last = -1
    for row, kind in enumerate(kinds):
        value = values[row]
        if kind == _RUBY:
            reading = source[spans["first"][row] : spans["after"][row]].decode("utf-8", "replace")
            value = "".join(unescape(reading).split())
            if starts[row] == stops[row]:
                if last >= 0 and structure.stop[last] == starts[row]:
                    structure.value[last] += value
                continue
            last = len(structure.start)
        structure.start.append(starts[row])
        structure.stop.append(stops[row])
        structure.kind.append(_KINDS[kind])
        structure.value.append(value)
    return structure


@cache
def _kinds() -> tuple[Int32s, Int32s]:
    """The kinds of spans, by tag and by kind of mark; -1 for none."""
    by_tag = np.array([_KINDS.index(_KIND_OF_TAG[tag]) if tag in _KIND_OF_TAG else -1 for tag in TAGS], np.int32)
    by_mark = np.full(max(_KIND_OF_MARK) + 1, -1, np.int32)
    for mark, kind in _KIND_OF_MARK.items():
        by_mark[mark] = _KINDS.index(kind)
    by_tag.flags.writeable = by_mark.flags.writeable = False
    return by_tag, by_mark
