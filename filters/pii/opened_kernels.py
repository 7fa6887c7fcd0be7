"""The compiled passes that make Python's strings of the texts that passed a gate (`manyo.filters.pii.opened`)."""

from __future__ import annotations

from typing import Final

from manyo.corpus.jit import Bytes, Int64s, Uint16s, borrowing, int64
from manyo.corpus.utf8_kernels import code_point

#: Bits of `looks`: what may follow a line end inside a number or an address, and stand before one; a Latin letter, and
#: one that OCR takes for a digit; a blank of any width; what stands beside 二 that is read as ニ; kanji; kana.
STARTS_REST: Final = 1
ENDS_PART: Final = 2
LATIN: Final = 4
LIKE_DIGIT: Final = 8
WIDE_BLANK: Final = 16
BESIDE_TWO: Final = 32
KANJI: Final = 64
KANA: Final = 128

#: Bits of what a text may hold: letters or lines that print or OCR took apart, and letters read for digits or kanji.
MAY_BE_APART: Final = 1
MAY_BE_MISREAD: Final = 2

_BEYOND: Final = 0x10000
_BLANK: Final = 0x20
_LINE_FEED: Final = 0x0A
_AT: Final = 0x40
_TWO: Final = ord("ニ")
_ONE: Final = ord("一")
_LIKE_ONE: Final = ord("ー")
_FLAT_SUN: Final = ord("曰")
#: The most blanks between a line end and what goes on after it.
_MOST_INDENT: Final = 4
#: The most letters in a row that OCR takes for digits, beside a digit.
_MOST_LIKE_DIGITS: Final = 2
_HIGH: Final = 0xD800
_LOW: Final = 0xDC00
#: The first unit of a variation selector.
_SELECTOR: Final = 0xDB40
_LAST_LOW: Final = 0xDFFF


@borrowing
def open_texts(
    data: Bytes,
    texts: Int64s,
    pieces: Int64s,
    fold: Uint16s,
    units: Uint16s,
    folded: Uint16s,
    unit_stops: Int64s,
    positions: Int64s,
) -> None:
    """Decode texts, fold them, and note where their pieces stand in them.

    Args:
        data: UTF-8.
        texts: (n_texts, 2), their first byte and the byte after their last.
        pieces: (n_pieces + 1, 2), the same of pieces of them, in order; the last is beyond all.
        fold: (65536,), what each character becomes in the folded form.
        units, folded: with room for every byte; filled with UTF-16.
        unit_stops: (n_texts,), filled with the number of units up to the end of each text.
        positions: (n_pieces + 1, 2), filled with where pieces start and stop in their texts, in code points.
    """
    n = piece = int64(0)
    for text in range(len(texts)):
        i, end = texts[text, 0], texts[text, 1]
        n_points = int64(0)
        while i < end:
            while i >= pieces[piece, 1]:
                positions[piece, 1] = n_points
                piece += 1
            if i == pieces[piece, 0]:
                positions[piece, 0] = n_points
            point, i = code_point(data, i)
            n_points += 1
            if point >= _BEYOND:
                rest = point - _BEYOND
                units[n], units[n + 1] = _HIGH | rest >> 10, _LOW | rest & 0x3FF
                folded[n], folded[n + 1] = units[n], units[n + 1]
                n += 2
            else:
                units[n], folded[n] = point, fold[point]
                n += 1
        while i >= pieces[piece, 1]:
            positions[piece, 1] = n_points
            piece += 1
        unit_stops[text] = n


@borrowing
def note_signs_of_print(units: Uint16s, looks: Bytes, unit_stops: Int64s, may_hold: Bytes) -> None:
    """Note in which texts letters or lines may be apart, or letters may be read for digits.

    Args:
        units: UTF-16 of all texts.
        looks: (65536,), bits of each character.
        unit_stops: (n_texts,), the number of units up to the end of each text.
        may_hold: (n_texts,), filled with the bits of what each text may hold.
    """
    i = int64(0)
    for text in range(len(unit_stops)):
        bits = 0
        # Line ends at the start of a text look back to its end.
        look_before, look_before_that, before = int64(ENDS_PART), int64(ENDS_PART), int64(0)
        since_blank, n_single, indent = int64(2), int64(0), int64(-1)
        n_latin, n_like = int64(0), int64(0)
        while i < unit_stops[text]:
            unit = int64(units[i])
            i += 1
            if _LOW <= unit <= _LAST_LOW:
                continue
            look = int64(looks[unit])
            # Two single letters between blanks.
            if unit == _BLANK:
                n_single = n_single + 1 if since_blank == 1 else int64(0)
                since_blank = int64(0)
                if n_single > 1:
                    bits |= MAY_BE_APART
            elif unit == _LINE_FEED:
                since_blank, n_single = int64(2), int64(0)
                if before == _AT and look_before_that & ENDS_PART:
                    bits |= MAY_BE_APART
            else:
                since_blank += 1
            if unit == _SELECTOR:
                bits |= MAY_BE_APART
            # A part of a number or an address on each side of a line end.
            if indent >= 0:
                if look & STARTS_REST:
                    bits |= MAY_BE_APART
                indent = indent + 1 if look & WIDE_BLANK and indent < _MOST_INDENT else int64(-1)
            if unit == _LINE_FEED and look_before & ENDS_PART:
                indent = int64(0)
            # One or two letters that look like digits, alone.
            if look & LATIN:
                n_latin += 1
                n_like += (look & LIKE_DIGIT) != 0
            else:
                if 0 < n_latin <= _MOST_LIKE_DIGITS and n_like == n_latin:
                    bits |= MAY_BE_MISREAD
                n_latin = n_like = int64(0)
            if (
                unit == _FLAT_SUN
                or (look & BESIDE_TWO and before == _TWO)
                or (unit == _TWO and look_before & BESIDE_TWO)
                or (look & KANJI and before == _LIKE_ONE and not look_before_that & KANA)
                or (look & STARTS_REST and before == _ONE and look_before_that & STARTS_REST)
            ):
                bits |= MAY_BE_MISREAD
            look_before_that, look_before, before = look_before, look, unit
        if 0 < n_latin <= _MOST_LIKE_DIGITS and n_like == n_latin:
            bits |= MAY_BE_MISREAD
        may_hold[text] = bits
