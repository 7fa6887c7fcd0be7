"""The compiled pass that notes the signs of personal information in stretches of text: `note_signs`.

It reads

- data and offsets: UTF-8 text, and (n_texts + 1,) where each text starts in it, in bytes;
- looks: (65536,), the class of each character, and the bits from A_DIGIT to MAY_BE_DIGIT; those beyond are OTHER;
- follows: (65536,), what each is after a label, the bit DIGIT, and what it is after the other sorts;
- parts: (65536,), what each is in a value or a cell, as the bits from PARTICLE to AFTER_FRIEND say;
- transitions: (n_states * n_classes,), the state after each state and class, with HAS_WORDS where words end in it;
- signs_of_state and digits_of_state: (n_states,), bits of the words that end in a state, and how many digits their
  values have at least; 0 if any;
- hit_signs: bits of the words whose places are noted.

It fills, with room for every stretch and every character,

- bounds, signs and counts: (n, 2), (n,) and (n, 4), of the stretches with a sign or with `LEAST_DIGITS` digits: the
  start and stop in bytes; the bits of the words; the number of digits, the most in a row, the most in one number, and
  the number of marks;
- hits: (n_hits, 5), the stretch, the byte after the word, the byte up to which its value may reach, its state, its
  bits.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Bytes, Int64s, Uint16s, Uint32s, borrowing, int64
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
#: Bits of `parts`: a particle after a word for a person, a blank, the point between foreign names, what is no letter of
#: a name, the end of a cell, what opens and closes a note, a digit or Latin letter with which a number or code
#: starts, and what may stand between the digits of a number.
PARTICLE: Final = 1
BLANK: Final = 2
POINT: Final = 4
STOPS_NAME: Final = 8
CELL_END: Final = 16
OPENS: Final = 32
CLOSES: Final = 64
SAID: Final = 128
IN_NUMBER: Final = 256
#: What may follow 様 after a name, what stands before 様 in other words, and what may follow さん at the end of a line.
AFTER_TITLE: Final = 512
NO_TITLE: Final = 1024
AFTER_FRIEND: Final = 2048
#: Bit of `follows` for a digit, in any script.
DIGIT: Final = 4
#: In `looks`, what holds the class, and bits for a digit, in any script; a full stop, colon or hyphen; what may stand
#: between two digits of one number; and what OCR takes for a digit.
CLASS: Final = 0x3FF
A_DIGIT: Final = 0x400
A_MARK: Final = 0x800
JOINS: Final = 0x1000
MAY_BE_DIGIT: Final = 0x2000
#: In `transitions`, the bit of a state in which words end.
HAS_WORDS: Final = 0x8000

#: The signs of words that count only if what may belong to a value follows: any value, one that starts with a digit or
#: a Latin letter, or one that is set apart.
LABEL_SIGN: Final = 1
NUMBER_SIGN: Final = 1 << 29
#: 様, if what may follow it in a letter does; さん and the like, if a blank or point stands soon before, or the line
#: ends soon after.
TITLE_SIGN: Final = 1 << 21
FRIEND_SIGN: Final = 1 << 22
#: A word of letters, notes and records about private persons.
PRIVATE_SIGN: Final = 1 << 20
#: The end of an amount of money, if a blank follows as in lists of donors.
AMOUNT_SIGN: Final = 1 << 17
#: A word that introduces a name, if a name of two words follows after a particle or a blank.
INTRODUCES_SIGN: Final = 1 << 23
#: A word of an address of mail, if one is in the stretch.
MAIL_SIGN: Final = 1 << 24
#: A short word between edges whose value has digits.
DIGITS_SIGN: Final = 1 << 25
#: A word for a person, if a name of two words follows after a particle or a blank.
NAMED_SIGN: Final = 1 << 26
#: A word of a number was seen, whatever follows; a word of a question, after which an answer may name the number.
ASKED_SIGN: Final = 1 << 27
ASKS_SIGN: Final = 1 << 28
PLAIN_SIGN: Final = 1 << 30
#: Where in `follows` stands what a character is after a word of the last two; of the first, at 0.
OF_NUMBER: Final = 4
OF_PLAIN: Final = 6

_MOST_CONNECTORS: Final = 16
#: How many other characters may stand between the word of a number and the number, as `fields.py` has it.
_MOST_SAID: Final = 26
#: How far the digits of a value reach from their label.
_MOST_OF_VALUE: Final = 80
_MOST_OF_CELL: Final = 16
#: How far below a label the first value of its column or line is, in characters.
_MOST_BELOW: Final = 240
#: How far a number before its label is from the label's end, in bytes: 14 characters that connect them, four of the
#: label's phrase, and its word.
_BYTES_TO_LABEL: Final = 96
#: How far before さん a blank or point is looked for, in bytes.
_FRIEND_BYTES: Final = 80
_MOST_AFTER_FRIEND: Final = 6
_MOST_PARTICLES: Final = 5
_MOST_LETTERS: Final = 12
_BEYOND: Final = 0x10000
_NARI: Final = ord("也")
_LINE_FEED: Final = 0x0A
_FULL_STOP: Final = 0x3002
_FIRST_OF_FULL_STOP: Final = 0xE3
_LAST_OF_FULL_STOP: Final = 0x82
#: How many characters may stand between two digits of one number, plus one.
_MOST_BETWEEN_DIGITS: Final = 8
#: How far below a label in a cell of its own its first value starts, in bytes.
_BYTES_BELOW: Final = 2048
#: Fewer digits than any kind without signs has.
LEAST_DIGITS: Final = 3


@borrowing
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


@borrowing
def _is_said(data: Bytes, i: int, stop: int, parts: Uint16s) -> bool:
    """Whether a digit or a Latin letter follows byte i in the same clause."""
    for _ in range(_MOST_SAID):
        if i >= stop:
            return False
        point, i = code_point(data, i)
        if point < _BEYOND and parts[point] & SAID:
            return True
    return False


@borrowing
def _has_digits(data: Bytes, i: int, stop: int, follows: Bytes, least: int, most: int) -> bool:
    """Whether so many digits are among the next so many characters from byte i on."""
    digits = 0
    if least <= 0:
        return True
    for _ in range(most):
        if i >= stop:
            return False
        point, i = code_point(data, i)
        if point < _BEYOND and follows[point] & DIGIT:
            digits += 1
            if digits >= least:
                return True
    return False


@borrowing
def _has_number_below(data: Bytes, i: int, end: int, follows: Bytes, parts: Uint16s, least: int) -> bool:
    """Whether a number or code of so many digits is among the next characters of its text, whatever is between."""
    if least <= 0:
        return True
    digits = 0
    for _ in range(_MOST_BELOW):
        if i >= end:
            return False
        point, i = code_point(data, i)
        if point < _BEYOND and follows[point] & DIGIT:
            digits += 1
            if digits >= least:
                return True
        elif point >= _BEYOND or not parts[point] & (SAID | IN_NUMBER):
            digits = 0
    return False


@borrowing
def _ends_cell(data: Bytes, i: int, stop: int, end: int, follows: Bytes, parts: Uint16s, least: int) -> bool:
    """Whether a word is the last of its cell or line but for particles and a note, and enough digits follow soon."""
    is_open = False
    for _ in range(_MOST_OF_CELL):
        if i >= stop:
            return _has_number_below(data, i, end, follows, parts, least)
        point, i = code_point(data, i)
        if point >= _BEYOND:
            return False
        part = parts[point]
        if part & CELL_END:
            return _has_number_below(data, i, end, follows, parts, least)
        if part & OPENS:
            is_open = True
        elif part & CLOSES:
            is_open = False
        elif not is_open and ((int64(follows[point]) >> OF_NUMBER) & 3 == STOPS or part & SAID):
            return False
    return False


@borrowing
def _has_number(data: Bytes, i: int, stop: int, follows: Bytes, parts: Uint16s, least: int) -> bool:
    """Whether the first number or code after byte i has so many digits."""
    digits = 0
    last_digits = 0
    n_before = 0
    for _ in range(_MOST_OF_VALUE):
        if i >= stop:
            # A number that ends the line may go on in the next one.
            return last_digits > 0
        point, i = code_point(data, i)
        if point >= _BEYOND:
            return False
        if follows[point] & DIGIT:
            digits += 1
            last_digits += 1
            if digits >= least:
                return True
        elif n_before >= 0 and digits == 0 and not parts[point] & SAID:
            n_before += 1
            if n_before > _MOST_SAID:
                return False
        elif parts[point] & (SAID | IN_NUMBER):
            n_before = -1
            if parts[point] & SAID:
                last_digits = 0
        else:
            return False
    return False


@borrowing
def _is_title(data: Bytes, i: int, start: int, stop: int, parts: Uint16s) -> bool:
    """Whether 様 that ends before byte i may address a person: 皆様 and 様々 do not."""
    if i < stop:
        after, _ = code_point(data, i)
        if after >= _BEYOND or not parts[after] & AFTER_TITLE:
            return False
    # 様 and most characters before it take three bytes.
    if i - 6 >= start and data[i - 6] >= 0xE0:
        before, _ = code_point(data, i - 6)
        return before >= _BEYOND or not parts[before] & NO_TITLE
    return True


@borrowing
def _is_friend(data: Bytes, i: int, start: int, stop: int, parts: Uint16s) -> bool:
    """Whether a blank or point stands soon before さん that ends before byte i, or 宛 or へ ends the line after it."""
    at = i
    for _ in range(_MOST_AFTER_FRIEND):
        if at >= stop:
            return True
        point, at = code_point(data, at)
        if point >= _BEYOND or not parts[point] & AFTER_FRIEND:
            break
    first = max(start, i - _FRIEND_BYTES)
    while first < i and data[first] & 0xC0 == 0x80:
        first += 1
    while first < i:
        point, first = code_point(data, first)
        if point < _BEYOND and parts[point] & (BLANK | POINT):
            return True
    return False


@borrowing
def _is_named(data: Bytes, i: int, stop: int, parts: Uint16s) -> bool:
    """Whether a particle or blank follows byte i, then a word, and a blank or point after it."""
    n_before = 0
    n_letters = 0
    for _ in range(_MOST_PARTICLES + _MOST_LETTERS):
        if i >= stop:
            return False
        point, i = code_point(data, i)
        part = parts[point] if point < _BEYOND else np.uint16(0)
        if n_letters == 0 and n_before < _MOST_PARTICLES and part & (PARTICLE | BLANK):
            n_before += 1
        elif n_before == 0 or n_letters >= _MOST_LETTERS:
            return False
        elif n_letters and part & (BLANK | POINT):
            return True
        elif part & STOPS_NAME:
            return False
        else:
            n_letters += 1
    return False


@borrowing
def _precedes_blank(data: Bytes, i: int, stop: int, parts: Uint16s) -> bool:
    """Whether a blank follows byte i, or 也 as in 一万円也."""
    if i >= stop:
        return False
    point, _ = code_point(data, i)
    return point == _NARI or (point < _BEYOND and parts[point] & BLANK)


@borrowing
def _confirmed(
    found: np.uint32,
    data: Bytes,
    start: int,
    i: int,
    stop: int,
    end: int,
    point: int,
    follows: Bytes,
    parts: Uint16s,
    least: int,
    n_before: int,
    since: int,
) -> np.uint32:
    """The signs of the words that end before byte i without those whose condition does not hold.

    Args:
        found: the signs.
        start, i, stop, end: where the stretch starts, the words end, the stretch ends, and its text ends, in bytes.
        point: the last character of the words.
        least: how many digits a value has at least; 0 if any.
        n_before: how many digits stand before the end of the words.
        since: how many bytes before it the last of them ends.
    """
    is_stated = 0 < least <= n_before and since <= _BYTES_TO_LABEL
    if (
        found & np.uint32(LABEL_SIGN)
        and not (
            _announces(data, i, stop, follows, 0)
            and (least == 0 or _has_digits(data, i, stop, follows, least, _MOST_OF_VALUE))
        )
        and not (least and _ends_cell(data, i, stop, end, follows, parts, least))
        and not is_stated
    ):
        found ^= np.uint32(LABEL_SIGN)
    if found & np.uint32(NUMBER_SIGN):
        found |= np.uint32(ASKED_SIGN)
        if least:
            is_near = _has_number(data, i, stop, follows, parts, least)
            is_near = is_near or is_stated or _ends_cell(data, i, stop, end, follows, parts, least)
        else:
            is_near = _announces(data, i, stop, follows, OF_NUMBER) or _is_said(data, i, stop, parts)
        if not is_near:
            found ^= np.uint32(NUMBER_SIGN)
    if found & np.uint32(MAIL_SIGN) and _ends_cell(data, i, stop, end, follows, parts, 0):
        found |= np.uint32(NUMBER_SIGN)
    if (
        found & np.uint32(DIGITS_SIGN)
        and not parts[point] & CELL_END
        and not _has_digits(data, i, stop, follows, least, _MOST_OF_VALUE)
        and not _ends_cell(data, i, stop, end, follows, parts, least)
    ):
        found ^= np.uint32(DIGITS_SIGN)
    if found & np.uint32(NAMED_SIGN | INTRODUCES_SIGN) and not _is_named(data, i, stop, parts):
        found &= ~np.uint32(NAMED_SIGN | INTRODUCES_SIGN)
    if found & np.uint32(TITLE_SIGN) and not _is_title(data, i, start, stop, parts):
        found ^= np.uint32(TITLE_SIGN)
    if found & np.uint32(FRIEND_SIGN) and not _is_friend(data, i, start, stop, parts):
        found ^= np.uint32(FRIEND_SIGN)
    if found & np.uint32(AMOUNT_SIGN) and not _precedes_blank(data, i, stop, parts):
        found ^= np.uint32(AMOUNT_SIGN)
    if found & np.uint32(PLAIN_SIGN) and not _announces(data, i, stop, follows, OF_PLAIN):
        found ^= np.uint32(PLAIN_SIGN)
    return found


@borrowing
def _stop_of_stretch(data: Bytes, i: int, end: int) -> int:
    """Where the sentence or line that holds byte i ends: after its full stop or line feed, or with its text."""
    while i < end:
        byte = data[i]
        i += 1
        if byte == _LINE_FEED or (
            byte == _LAST_OF_FULL_STOP and i >= 3 and data[i - 2] == 0x80 and data[i - 3] == _FIRST_OF_FULL_STOP
        ):
            return i
    return end


@borrowing
def _note_hit(
    hits: Int64s,
    n_hits: int,
    stretch: int,
    data: Bytes,
    i: int,
    stop: int,
    end: int,
    is_cell: bool,
    follows: Bytes,
    parts: Uint16s,
    state: int,
    found: np.uint32,
) -> int:
    """Note a word that ends before byte i, and how far its value may reach; returns the number of hits."""
    hits[n_hits, 0] = stretch
    hits[n_hits, 1] = i
    hits[n_hits, 2] = stop
    if is_cell or _ends_cell(data, i, stop, end, follows, parts, 0):
        hits[n_hits, 2] = min(end, i + _BYTES_BELOW)
    hits[n_hits, 3] = state
    hits[n_hits, 4] = int64(found)
    return n_hits + 1


@borrowing
def note_signs(
    data: Bytes,
    offsets: Int64s,
    looks: Uint16s,
    follows: Bytes,
    parts: Uint16s,
    transitions: Uint16s,
    signs_of_state: Uint32s,
    digits_of_state: Bytes,
    hit_signs: int,
    bounds: Int64s,
    signs: Uint32s,
    counts: Int64s,
    hits: Int64s,
) -> tuple[int, int]:
    """Note the signs in each sentence or end of a line; returns the numbers of stretches and hits (see above)."""
    n_classes = len(transitions) // len(signs_of_state)
    n = n_hits = int64(0)
    for text in range(len(offsets) - 1):
        i, end = offsets[text], offsets[text + 1]
        while i < end:
            # The start of a stretch is an edge, as its end is.
            state = int64(transitions[EDGE]) & ~HAS_WORDS
            digits = marks = last_digit = in_a_row = most_in_a_row = in_number = most_in_number = stop = int64(0)
            between, bits, start, is_open = _MOST_BETWEEN_DIGITS, np.uint32(0), i, True
            while i < end and is_open:
                point, i = code_point(data, i)
                if point >= _BEYOND:
                    state = in_a_row = int64(0)
                    between = _MOST_BETWEEN_DIGITS
                    continue
                is_open = point != _LINE_FEED and point != _FULL_STOP
                look = int64(looks[point])
                kind = look & CLASS
                if look == kind:
                    in_a_row, between = int64(0), _MOST_BETWEEN_DIGITS
                elif look & A_DIGIT:
                    digits += 1
                    in_a_row += 1
                    in_number = in_number + 1 if between < _MOST_BETWEEN_DIGITS else int64(1)
                    between, last_digit = int64(0), i
                    most_in_a_row, most_in_number = max(most_in_a_row, in_a_row), max(most_in_number, in_number)
                else:
                    in_a_row = int64(0)
                    if between < _MOST_BETWEEN_DIGITS:
                        is_like = (look & MAY_BE_DIGIT) != 0
                        in_number += is_like
                        most_in_number = max(most_in_number, in_number)
                        between = between + 1 if look & JOINS else _MOST_BETWEEN_DIGITS
                        between = int64(0) if is_like else between
                    marks += (look & A_MARK) != 0
                if kind == SKIPPED:
                    continue
                state = int64(transitions[state * n_classes + kind])
                if state & HAS_WORDS:
                    word = state = state & ~HAS_WORDS
                    found, least = signs_of_state[word], int64(digits_of_state[word])
                    if stop == 0:
                        stop = _stop_of_stretch(data, i, end) if is_open else i
                    found = _confirmed(
                        found, data, start, i, stop, end, point, follows, parts, least, digits, i - last_digit
                    )
                    bits |= found
                    if found & np.uint32(hit_signs):
                        # Of a word between edges, the edge after it has been read.
                        is_cell = (parts[point] & CELL_END) != 0
                        n_hits = _note_hit(hits, n_hits, n, data, i, stop, end, is_cell, follows, parts, word, found)
            word = int64(transitions[state * n_classes + EDGE])
            if word & HAS_WORDS:
                word &= ~HAS_WORDS
                bits |= signs_of_state[word]
                if signs_of_state[word] & np.uint32(hit_signs):
                    n_hits = _note_hit(
                        hits, n_hits, n, data, i, i, end, True, follows, parts, word, signs_of_state[word]
                    )
            if bits or digits >= LEAST_DIGITS:
                bounds[n, 0], bounds[n, 1], signs[n] = start, i, bits
                counts[n, 0], counts[n, 1], counts[n, 2], counts[n, 3] = digits, most_in_a_row, most_in_number, marks
                n += 1
    return n, n_hits
