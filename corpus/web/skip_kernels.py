"""Kernels that pass over what a page does not show: comments, declarations, and elements that are left out."""

from __future__ import annotations

import numpy as np

from manyo.corpus.jit import Bytes, Records, borrowing
from manyo.corpus.web.ascii import EXCLAMATION_MARK, GREATER_THAN, HYPHEN, LESS_THAN, QUESTION_MARK, SLASH
from manyo.corpus.web.attribute_kernels import (
    SRCDOC,
    TYPE,
    contains,
    find_border,
    find_byte,
    find_raw_end,
    find_reading_end,
)
from manyo.corpus.web.markup import RAW, READING, SKIPPED, TAGS
from manyo.corpus.web.shown_kernels import show
from manyo.corpus.web.statement_kernels import JSON_LD_STATEMENT, TITLE_STATEMENT, add_statement
from manyo.corpus.web.weight_kernels import count_within

_TITLE, _SCRIPT, _STYLE, _NOEMBED = (TAGS.index(name) for name in ("title", "script", "style", "noembed"))
#: Tags whose content, where it is left out, is no text.
_CODE_TAGS = (_SCRIPT, _STYLE, _TITLE)


@borrowing
def skip_comment(data: Bytes, i: int, states: Records, out: Bytes) -> int:
    """From a `<` that starts no tag: past the comment or declaration, or else past the `<`, which is text.

    Returns:
        Where to go on; -1 at the end of the page.
    """
    state = states[0]
    n = len(data)
    following = data[i + 1] if i + 1 < n else np.uint8(0)
    if following not in (SLASH, EXCLAMATION_MARK, QUESTION_MARK):
        if not (state.hidden_box >= 0 or state.n_hidden):
            show(out, states, LESS_THAN)
        return i + 1
    if following == EXCLAMATION_MARK and i + 3 < n and data[i + 2] == HYPHEN and data[i + 3] == HYPHEN:
        # A comment without an end hides the rest of the page, which was cut in it.
        for j in range(i + 2, n - 2):
            if data[j] == HYPHEN and data[j + 1] == HYPHEN:
                if data[j + 2] == GREATER_THAN:
                    return j + 3
                if data[j + 2] == EXCLAMATION_MARK and j + 3 < n and data[j + 3] == GREATER_THAN and j > i + 3:
                    return j + 4
        return -1
    end = find_byte(data, i, GREATER_THAN)
    return end + 1 if end >= 0 else -1


@borrowing
def skip_content(
    data: Bytes,
    after: int,
    name: np.uint64,
    length: int,
    tag: int,
    kind: int,
    states: Records,
    statements: Records,
) -> int:
    """Past an element that is left out and whose start tag ends before `after`; `after` if the element does not end.

    The content of a title and of JSON-LD is a statement.

    Returns:
        Where to go on; -1 at the end of the page.
    """
    state = states[0]
    if state.is_endless[tag]:
        return after
    of_type = state.attributes[TYPE]
    state.holds_pages |= state.attributes[SRCDOC].start >= 0
    if tag == _SCRIPT and contains(data, of_type.start, of_type.end, b"math/"):
        state.holds_formulas = True
    border_is_end = True
    if kind == RAW:
        border = find_raw_end(data, after, length, name)
    elif kind == SKIPPED:
        border, border_is_end = find_border(data, after, name)
    else:
        border = find_reading_end(data, after)
    if border < 0:
        state.is_endless[tag] = 1
        if tag in (_SCRIPT, _STYLE, _NOEMBED):
            # A page that was cut in a script shows nothing of it.
            border = len(data)
        else:
            return after
    if not border_is_end:
        return after
    if kind == READING:
        return border
    if tag not in _CODE_TAGS:
        state.n_hidden_japanese += count_within(data, after, border)
    if state.n_statements < len(statements):
        if tag == _TITLE and not state.has_title:
            state.has_title = True
            add_statement(statements, states, TITLE_STATEMENT, after, border)
        elif tag == _SCRIPT and contains(data, of_type.start, of_type.end, b"ld+json"):
            add_statement(statements, states, JSON_LD_STATEMENT, after, border)
    end = find_byte(data, border, GREATER_THAN)
    return end + 1 if end >= 0 else -1
