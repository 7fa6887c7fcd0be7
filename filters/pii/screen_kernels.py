"""The compiled pass that notes the signs of personal information in stretches of text."""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Bytes, Int32s, Int64s, Uint32s, int64, kernel
from manyo.corpus.utf8_kernels import code_point

#: Classes of characters: any that is in no word, one that is skipped, an edge that may stand around
#: a label, and one that makes a label of any word before it (a colon, the edge of a cell). Others follow.
OTHER: Final = 0
SKIPPED: Final = 1
EDGE: Final = 2
FIRM: Final = 3

#: What a character after a label's word is: none of these, an edge, blank, letter or digit of a value; or a particle or
#: suffix between a label and its value.
STOPS: Final = 0
ANNOUNCES: Final = 1
CONNECTS: Final = 2
#: Bits of `follows` for a digit, in any script, and for a full stop, colon or hyphen.
DIGIT: Final = 4
MARK: Final = 8

#: The signs of words that count only if what may belong to a value follows: any value, one that starts with a digit or
#: a Latin letter, or one that is set apart.
LABEL_SIGN: Final = 1
NUMBER_SIGN: Final = 1 << 29
PLAIN_SIGN: Final = 1 << 30
#: Where in `follows` stands what a character is after a word of the last two; of the first, at 0.
OF_NUMBER: Final = 4
OF_PLAIN: Final = 6

_MOST_CONNECTORS: Final = 16
_BEYOND: Final = 0x10000


@kernel
def _announces(data: Bytes, i: int, stop: int, follows: Bytes, at_bit: int) -> bool:
    """Whether what follows byte i can belong to a label and its value; its sort of words is at a bit of `follows`."""
    for _ in range(_MOST_CONNECTORS):
        if i >= stop:
            return True
        point, i = code_point(data, i)
        follow = (int64(follows[point]) >> at_bit) & 3 if point < _BEYOND else STOPS
        if follow != CONNECTS:
            return follow == ANNOUNCES
    return True


@kernel
def note_signs(
    data: Bytes,
    starts: Int64s,
    stops: Int64s,
    classes: Int32s,
    follows: Bytes,
    transitions: Int32s,
    signs_of_state: Uint32s,
    signs: Uint32s,
    n_digits: Int64s,
    n_marks: Int64s,
) -> None:
    """Fill `signs`, `n_digits` and `n_marks` for each stretch.

    Args:
        data: UTF-8 text.
        starts, stops: (n_stretches,), in bytes; a stretch cuts no character.
        classes: (65536,), the class of each character; those beyond are OTHER.
        follows: (65536,), what each is after a label, the bits DIGIT and MARK, and what it is after the other sorts.
        transitions: (n_states * n_classes,), the state after each state and class, times n_classes.
            A state in which words end is -1 minus that.
        signs_of_state: (n_states,), bits of the words that end in a state.
        signs: (n_stretches,), bits of the words in a stretch; zero before.
        n_digits, n_marks: (n_stretches,), the numbers of digits and marks in a stretch.
    """
    n_classes = len(transitions) // len(signs_of_state)
    for stretch in range(len(signs)):
        # The start of a stretch is an edge, as its end is.
        state = int64(transitions[EDGE])
        if state < 0:
            state = -1 - state
        digits = int64(0)
        marks = int64(0)
        bits = np.uint32(0)
        i = starts[stretch]
        stop = stops[stretch]
        while i < stop:
            if data[i] < 0x80:
                point = int64(data[i])
                i += 1
            else:
                point, i = code_point(data, i)
            if point >= _BEYOND:
                state = int64(0)
                continue
            follow = follows[point]
            digits += (follow & DIGIT) != 0
            marks += (follow & MARK) != 0
            kind = int64(classes[point])
            if kind == SKIPPED:
                continue
            state = int64(transitions[state + kind])
            if state < 0:
                state = -1 - state
                found = signs_of_state[state // n_classes]
                if found & np.uint32(LABEL_SIGN) and not _announces(data, i, stop, follows, 0):
                    found ^= np.uint32(LABEL_SIGN)
                if found & np.uint32(NUMBER_SIGN) and not _announces(data, i, stop, follows, OF_NUMBER):
                    found ^= np.uint32(NUMBER_SIGN)
                if found & np.uint32(PLAIN_SIGN) and not _announces(data, i, stop, follows, OF_PLAIN):
                    found ^= np.uint32(PLAIN_SIGN)
                bits |= found
        state = int64(transitions[state + EDGE])
        if state < 0:
            bits |= signs_of_state[(-1 - state) // n_classes]
        signs[stretch] = bits
        n_digits[stretch] = digits
        n_marks[stretch] = marks
