"""Kernels that know which text is small print: in `<small>`, a small `<font>`, or a box whose style makes it small."""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Bytes, Records, borrowing, inlined
from manyo.corpus.web.ascii import DIGIT_ZERO, HYPHEN
from manyo.corpus.web.attribute_kernels import SIZE, is_digit
from manyo.corpus.web.markup import TAGS

#: Open fonts beyond these are not distinguished.
_MAX_FONTS: Final = 60
_SMALL = TAGS.index("small")
#: Boxes outside which no font goes on that was opened in them.
_CELLS = tuple(TAGS.index(name) for name in ("td", "th", "table"))
_ONE = np.uint64(1)


@borrowing
def change_font(data: Bytes, tag: int, is_end: bool, states: Records) -> None:
    """Open or close a `<font>` or `<small>`; a font that states no size has that around it."""
    state = states[0]
    if is_end:
        if state.n_fonts:
            state.fonts = state.fonts >> _ONE
            state.n_fonts -= 1
    elif state.n_fonts < _MAX_FONTS:
        is_small = tag == _SMALL
        if not is_small:
            states_size = state.attributes[SIZE].start >= 0
            is_small = _is_small_font(data, state.attributes) if states_size else state.fonts & _ONE != 0
        state.fonts = state.fonts << _ONE | np.uint64(is_small)
        state.n_fonts += 1
    find_size(states)


@inlined
def end_fonts(tag: int, n_before: int, states: Records) -> None:
    """A box with such a tag closes, before which `n_before` fonts were open."""
    state = states[0]
    if tag in _CELLS and state.n_fonts > n_before:
        state.fonts = state.fonts >> np.uint64(state.n_fonts - n_before)
        state.n_fonts = n_before


@inlined
def find_size(states: Records) -> None:
    """Whether what follows is small print, by the innermost box and the innermost font."""
    state = states[0]
    state.is_small = state.open_boxes[state.depth].is_small != 0 or state.fonts & _ONE != 0


@borrowing
def _is_small_font(data: Bytes, attributes: Records) -> bool:
    """Whether the size of a `<font>` is that of small print: 1, or at least two less than usual."""
    start, end = attributes[SIZE].start, attributes[SIZE].end
    if end - start == 1:
        return bool(data[start] == DIGIT_ZERO + 1)
    is_less = end - start == 2 and data[start] == HYPHEN
    return bool(is_less and is_digit(data[start + 1]) and data[start + 1] > DIGIT_ZERO + 1)
