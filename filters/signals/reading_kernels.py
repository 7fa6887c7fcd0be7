"""The pass that counts what makes a text easy or old: runs of each script, kanji by school year, old spellings."""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Bytes, Int64s, Records, Uint32s, int64, kernel, record

# What a character is to this pass: the upper bits of its mark.
OTHER: Final = 0
HIRAGANA: Final = 1
KATAKANA: Final = 2
KANJI: Final = 3  # with the school year in the lower bits, 7 where no primary school teaches it
LATIN: Final = 4
END: Final = 5  # of a sentence: 。．！？!? and the line end
COMMA: Final = 6
BLANK: Final = 7

#: Bits of a mark below its kind: a school year, or which kana of an old or new spelling it is.
LOW_BITS: Final = 4
LOW: Final = 0xF
#: Set in the mark of an old form of a kanji.
OLD_FORM: Final = 8
N_SCRIPTS: Final = 4
N_YEARS: Final = 8

# Kana that are part of an old or a new spelling.
_WI: Final = 1  # ゐ and ゑ, which are old by themselves
_HU: Final = 2  # 言ふ
_U: Final = 3  # 言う
_HI: Final = 4  # 思ひ
_YA: Final = 5  # やう, しやう
_YO: Final = 6  # よう
_SE: Final = 7  # でせう
_SMALL_YO: Final = 8  # しょう
_SMALL_TU: Final = 9  # 思った
_TA: Final = 10  # た and て
SPELLED: Final = {
    "ゐゑヰヱ": _WI,
    "ふ": _HU,
    "う": _U,
    "ひ": _HI,
    "や": _YA,
    "よ": _YO,
    "せ": _SE,
    "ょ": _SMALL_YO,
    "っ": _SMALL_TU,
    "たて": _TA,
}

_SORO: Final = 0x5019  # 候


class ReadingCount:
    """The counts of one document, a record of `READING_COUNTS`; arrays by script, from hiragana, and by school year."""

    visible_chars: int
    sentences: int
    full_stops: int
    commas: int
    runs: Int64s
    run_chars: Int64s
    of_year: Int64s  # kanji; those of no primary school are the last
    old_forms: int
    old_spellings: int
    new_spellings: int
    soro: int  # 候 as a word: no kanji is before it that makes it 気候 or 天候, and none after it


READING_COUNTS: Final = record(
    *((name, np.int64) for name in ("visible_chars", "sentences", "full_stops", "commas")),
    ("runs", np.int64, N_SCRIPTS),
    ("run_chars", np.int64, N_SCRIPTS),
    ("of_year", np.int64, N_YEARS),
    *((name, np.int64) for name in ("old_forms", "old_spellings", "new_spellings", "soro")),
)


@kernel
def _is_old(kana: int, last: int) -> bool:
    """Whether a kana ends an old spelling, after what was last: a kana of `SPELLED`, or a kanji.

    思つた is none: statutes were written so until 1988.
    """
    return (
        (kana == _WI)
        | (((kana == _HU) | (kana == _HI)) & (last == KANJI << LOW_BITS))
        | ((kana == _U) & ((last == _YA) | (last == _SE)))
    )


@kernel
def _is_new(kana: int, last: int) -> bool:
    """Whether a kana ends a spelling that was another one before 1946."""
    return ((kana == _U) & ((last == KANJI << LOW_BITS) | (last == _YO) | (last == _SMALL_YO))) | (
        (kana == _TA) & (last == _SMALL_TU)
    )


@kernel
def count_readings(points: Uint32s, offsets: Int64s, marks: Bytes, is_read: Bytes, counts: Records) -> None:
    """Count a batch.

    Args:
        points, offsets: the documents.
        marks: (0x10000,), kind << `LOW_BITS` | what it is of its kind; characters beyond are OTHER.
        is_read: (n_chars,), 1 for a kanji whose reading the page gives: it counts as taught in the first year; (0,)
            where nothing is known of readings.
        counts: zeros (n_docs,), records of `READING_COUNTS`.
    """
    for doc in range(len(counts)):
        counted: ReadingCount = counts[doc]
        kind_before, is_open = BLANK, False
        # What the last character and the one before it are to spellings: a kana of `SPELLED`, or KANJI above the bits.
        last, before_last = int64(0), int64(0)
        last_point = np.uint64(0)
        for i in range(np.uint64(offsets[doc]), np.uint64(offsets[doc + 1])):
            point = np.uint64(points[i])
            mark = int64(marks[point]) if point < np.uint64(0x10000) else int64(0)
            kind, low = mark >> LOW_BITS, mark & LOW
            counted.visible_chars += (kind != BLANK) & (point != np.uint64(0x0A))
            if kind == END:
                counted.sentences += is_open
                counted.full_stops += point != np.uint64(0x0A)
                is_open = False
            else:
                is_open |= kind != BLANK
            counted.commas += kind == COMMA
            spelled = int64(0)
            if (kind >= HIRAGANA) & (kind <= LATIN):
                counted.runs[kind - 1] += kind != kind_before
                counted.run_chars[kind - 1] += 1
                if kind == KANJI:
                    year = int64(low & 7)
                    if len(is_read) > 0 and is_read[i]:
                        year = int64(1)
                    counted.of_year[year] += 1
                    counted.old_forms += low >> 3
                    spelled = int64(KANJI << LOW_BITS)
                    # 候 is a word where no kanji stands beside it: 気候, 候補 and 候鳥 have one.
                    counted.soro += (point == np.uint64(_SORO)) & (last != KANJI << LOW_BITS)
                    counted.soro -= (last_point == np.uint64(_SORO)) & (before_last != KANJI << LOW_BITS)
                elif low:
                    spelled = low
                    counted.old_spellings += _is_old(low, last)
                    counted.new_spellings += _is_new(low, last)
            before_last, last = last, spelled
            last_point = point
            kind_before = kind
        counted.sentences += is_open
