"""The compiled pass that notes the signs of personal information in stretches of text."""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Bytes, Int32s, Int64s, Uint16s, Uint32s, int64, kernel
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
#: Bits of `follows` for a particle after a word for a person, a blank, and the point between foreign names.
PARTICLE: Final = 512
BLANK: Final = 1024
POINT: Final = 2048
#: No letter of a name.
STOPS_NAME: Final = 4096
#: Bit of `follows` for a digit or Latin letter with which a number or code starts.
SAID: Final = 256
#: Bits of `follows` for a digit, in any script, and for a full stop, colon or hyphen.
DIGIT: Final = 4
MARK: Final = 8

#: The signs of words that count only if what may belong to a value follows: any value, one that starts with a digit or
#: a Latin letter, or one that is set apart.
LABEL_SIGN: Final = 1
NUMBER_SIGN: Final = 1 << 29
#: A word for a person: a name of two words after a particle or a blank.
#: A word of a number was seen, whatever follows; a word of a question, after which an answer may name the number.
NAMED_SIGN: Final = 1 << 26
ASKED_SIGN: Final = 1 << 27
ASKS_SIGN: Final = 1 << 28
PLAIN_SIGN: Final = 1 << 30
#: Where in `follows` stands what a character is after a word of the last two; of the first, at 0.
OF_NUMBER: Final = 4
OF_PLAIN: Final = 6

_MOST_CONNECTORS: Final = 16
#: How many other characters may stand between the word of a number and the number, as `fields.py` has it.
_MOST_SAID: Final = 26
_MOST_PARTICLES: Final = 5
_MOST_LETTERS: Final = 12
_BEYOND: Final = 0x10000


@kernel
def _announces(data: Bytes, i: int, stop: int, follows: Uint16s, at_bit: int) -> bool:
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
def _is_said(data: Bytes, i: int, stop: int, follows: Uint16s) -> bool:
    """Whether a digit or a Latin letter follows byte i in the same clause."""
    for _ in range(_MOST_SAID):
        if i >= stop:
            return False
        point, i = code_point(data, i)
        if point < _BEYOND and follows[point] & SAID:
            return True
    return False


@kernel
def _is_named(data: Bytes, i: int, stop: int, follows: Uint16s) -> bool:
    """Whether a particle or blank follows byte i, then a word, and a blank or point after it."""
    n_before = 0
    n_letters = 0
    for _ in range(_MOST_PARTICLES + _MOST_LETTERS):
        if i >= stop:
            return False
        point, i = code_point(data, i)
        follow = follows[point] if point < _BEYOND else np.uint16(0)
        if n_letters == 0 and n_before < _MOST_PARTICLES and follow & (PARTICLE | BLANK):
            n_before += 1
        elif n_before == 0 or n_letters >= _MOST_LETTERS:
            return False
        elif n_letters and follow & (BLANK | POINT):
            return True
        elif follow & (STOPS_NAME):
            return False
        else:
            n_letters += 1
    return False


@kernel
def note_signs(
    data: Bytes,
    starts: Int64s,
    stops: Int64s,
    classes: Int32s,
    follows: Uint16s,
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
                if found & np.uint32(NUMBER_SIGN):
                    bits |= np.uint32(ASKED_SIGN)
                    if not _announces(data, i, stop, follows, OF_NUMBER) and not _is_said(data, i, stop, follows):
                        found ^= np.uint32(NUMBER_SIGN)
                if found & np.uint32(NAMED_SIGN) and not _is_named(data, i, stop, follows):
                    found ^= np.uint32(NAMED_SIGN)
                if found & np.uint32(PLAIN_SIGN) and not _announces(data, i, stop, follows, OF_PLAIN):
                    found ^= np.uint32(PLAIN_SIGN)
                bits |= found
        state = int64(transitions[state + EDGE])
        if state < 0:
            bits |= signs_of_state[(-1 - state) // n_classes]
        signs[stretch] = bits
        n_digits[stretch] = digits
        n_marks[stretch] = marks
