"""Kernels that mark parts of blocks: emphasis, code, readings of ruby; see `manyo.corpus.web.tags_kernels`."""

from __future__ import annotations

from manyo.corpus.jit import Bytes, Records, borrowing
from manyo.corpus.web.attribute_kernels import find_reading_end, is_space
from manyo.corpus.web.markup import EMPHASIS_MARK, RUBY_MARK, TAGS

_RT = TAGS.index("rt")


@borrowing
def mark(kind: int, is_end: bool, states: Records, out: Bytes, marks: Records) -> None:
    """A tag starts or ends a part of the block that is marked; of parts within each other, the outermost is marked."""
    state = states[0]
    if kind == RUBY_MARK:
        state.ruby_start = -1 if is_end else state.written
    elif kind == EMPHASIS_MARK:
        if not is_end and state.n_emphasis == 0:
            state.emphasis_start = state.written
        is_last = is_end and state.n_emphasis == 1
        state.n_emphasis = max(0, state.n_emphasis + (-1 if is_end else 1))
        if is_last:
            add_mark(marks, states, out, kind, state.emphasis_start, 0, 0)
    elif not state.is_pre:
        if not is_end and state.n_code == 0:
            state.code_start = state.written
        is_last = is_end and state.n_code == 1
        state.n_code = max(0, state.n_code + (-1 if is_end else 1))
        if is_last:
            add_mark(marks, states, out, kind, state.code_start, 0, 0)


@borrowing
def add_mark(marks: Records, states: Records, out: Bytes, kind: int, start: int, first: int, after: int) -> None:
    """Mark the text from `start` on, without the white space before it."""
    state = states[0]
    start = max(start, state.block_start)
    while start < state.written and is_space(out[start]):
        start += 1
    is_empty = start >= state.written
    if state.n_marks == len(marks) or (is_empty and kind != RUBY_MARK):
        return
    mark = marks[state.n_marks]
    mark.kind = kind
    mark.start = start
    mark.end = max(start, state.written)
    mark.first = first
    mark.after = after
    state.n_marks += 1


@borrowing
def read_reading(data: Bytes, after: int, states: Records, out: Bytes, marks: Records) -> int:
    """Mark what stands in `<ruby>` so far with the reading after it; where to go on."""
    state = states[0]
    if state.is_endless[_RT]:
        return after
    border = find_reading_end(data, after)
    if border < 0:
        state.is_endless[_RT] = 1
        return after
    if state.hidden_box < 0 and state.n_hidden == 0:
        add_mark(marks, states, out, RUBY_MARK, state.ruby_start, after, border)
        state.ruby_start = state.written
    return border
