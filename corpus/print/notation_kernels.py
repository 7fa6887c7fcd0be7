"""Compiled passes over a text in Aozora notation: where its marks are, and the text without them.

Between the two passes, `manyo.corpus.print.notation` decides in Python what stays of a mark: there is one in four
hundred characters. The slow version of both is `tests/notation_oracle.py`.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from manyo.corpus.jit import Int64s, Uint32s, kernel


class Marks(NamedTuple):
    """The marks of a text in order, as columns.

    Attributes:
        kind: GAIJI, ANNOTATION, ITERATION or LATIN.
        start: place of the first character.
        end: place after the last character.
    """

    kind: Int64s
    start: Int64s
    end: Int64s


class Rubies(NamedTuple):
    """The readings of a text in order, as columns.

    Attributes:
        start, stop: the base, in the text without readings; empty where nothing before the reading can have one.
        first, last: the reading, in the text as it was given.
    """

    start: Int64s
    stop: Int64s
    first: Int64s
    last: Int64s


GAIJI: Final = 0  # ※［＃…］
ANNOTATION: Final = 1  # ［＃…］
ITERATION: Final = 2  # ／＼ or ／″＼
LATIN: Final = 3  # 〔…〕 around Latin letters alone

#: Notes may stand within each other this deep: a note on a character that is itself described in a note.
MAX_DEPTH: Final = 3

_TAB, _NEWLINE, _RETURN = ord("\t"), ord("\n"), ord("\r")
_BLANK, _TILDE, _DELETE = ord(" "), ord("~"), 0x7F
_NEXT_LINE, _NO_BREAK_SPACE = 0x85, 0xA0
_BYTE_ORDER_MARK, _REPLACEMENT = 0xFEFF, 0xFFFD
#: The last character of Latin Extended-B.
_LAST_LATIN: Final = 0x24F
_FIRST_SURROGATE, _AFTER_SURROGATES = 0xD800, 0xE000
_RUBY_OPEN, _RUBY_CLOSE, _RUBY_START = ord("《"), ord("》"), ord("｜")
_OPEN, _CLOSE, _SIGN, _REFERENCE = ord("［"), ord("］"), ord("＃"), ord("※")
_SLASH, _BACKSLASH, _VOICED = ord("／"), ord("＼"), ord("″")
_SHELL_OPEN, _SHELL_CLOSE = ord("〔"), ord("〕")
_REVISED = ord("改")  # ［＃改ページ］, ［＃改丁］, …


@kernel
def _is_space(point: int) -> bool:
    """Whether `str.isspace` is true of a character."""
    if point < 0x1680:
        return 9 <= point <= 13 or 28 <= point <= 32 or point in (_NEXT_LINE, _NO_BREAK_SPACE)
    return 0x2000 <= point <= 0x200A or point in (0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000)


@kernel
def _is_control(point: int) -> bool:
    """Whether a character is a C0 or C1 control other than tab and line end."""
    return point < _NO_BREAK_SPACE and (point < _BLANK or point >= _DELETE) and point != _NEWLINE and point != _TAB


# What a run of characters that a reading stands for consists of.
_OTHER: Final = 0
_KANJI: Final = 1
_HIRAGANA: Final = 2
_KATAKANA: Final = 3
_LATIN: Final = 4


@kernel
def _class_of(point: int) -> int:
    """The class of a character; those of one class that follow each other are one base."""
    if 0x4E00 <= point <= 0x9FFF or 0x3400 <= point <= 0x4DBF or 0xF900 <= point <= 0xFAFF or point >= 0x20000:
        return _KANJI
    if point in (0x3005, 0x3006, 0x3007, 0x303B, 0x30F6):  # 々〆〇〻ヶ
        return _KANJI
    if 0x3041 <= point <= 0x309F:
        return _HIRAGANA
    if 0x30A1 <= point <= 0x30FF:
        return _KATAKANA
    is_letter = 0x41 <= point <= 0x5A or 0x61 <= point <= 0x7A or 0x30 <= point <= 0x39 or 0xC0 <= point <= _LAST_LATIN
    return _LATIN if is_letter or 0xFF10 <= point <= 0xFF5A else _OTHER


@kernel
def _base_start(clean: Uint32s, n: int, floor: int) -> int:
    """Where the base begins of a reading that stands at n; n where nothing there can have one.

    A character that is described in a note (※［＃…］) counts as a kanji.
    """
    start, kind = n, _OTHER
    while start > floor:
        point = clean[start - 1]
        before, found = start - 1, _class_of(point)
        if point == _CLOSE:
            depth, before = 1, start - 1
            while before > floor and depth:
                before -= 1
                depth += (clean[before] == _CLOSE) - (clean[before] == _OPEN)
            if depth or before == floor or clean[before - 1] != _REFERENCE:
                return start
            before -= 1
            found = _KANJI
        if found == _OTHER or (kind not in (_OTHER, found)):
            return start
        start, kind = before, found
    return start


@kernel
def without_ruby(points: Uint32s, clean: Uint32s, rubies: Rubies) -> tuple[int, int, int]:
    """Copy a text without readings, ｜ and control characters, all line ends as `\\n`.

    Args:
        points: code points of the text.
        clean: room for as many, filled in.
        rubies: room for as many as there are 《, filled in.

    Returns:
        How many points are in `clean`, an upper bound on the number of marks in it, and the number of readings.
    """
    n = len(points)
    n_clean, n_openings, i, searched = 0, 0, 0, 0
    n_rubies, bar, floor = (
        0,
        -1,
        0,
    )  # where ｜ stood on this line; where the base of a reading may begin at the earliest
    while i < n:
        point = points[i]
        if _SHELL_OPEN < point < _FIRST_SURROGATE:  # kana and kanji: nothing to look for
            clean[n_clean] = point
            n_clean += 1
            i += 1
            continue
        if point == _RUBY_OPEN and i >= searched:
            end = i + 1
            while end < n and points[end] != _RUBY_CLOSE and points[end] != _NEWLINE and points[end] != _RETURN:
                end += 1
            if end < n and points[end] == _RUBY_CLOSE:
                rubies.start[n_rubies] = bar if bar >= 0 else _base_start(clean, n_clean, floor)
                rubies.stop[n_rubies], rubies.first[n_rubies], rubies.last[n_rubies] = n_clean, i + 1, end
                n_rubies += 1
                bar, floor = -1, n_clean
                i = end + 1
                continue
            searched = end  # no other 《 before it is closed either
        i += 1
        if point == _RETURN and (i == n or points[i] != _NEWLINE):
            point = _NEWLINE
        if point == _RUBY_START:
            bar = n_clean
            continue
        if point == _BYTE_ORDER_MARK or _is_control(point):
            continue
        if point == _NEWLINE:
            bar, floor = -1, n_clean + 1
        clean[n_clean] = _REPLACEMENT if _FIRST_SURROGATE <= point < _AFTER_SURROGATES else point
        n_clean += 1
        n_openings += point in (_OPEN, _SLASH, _SHELL_OPEN)
    return n_clean, n_openings, n_rubies


@kernel
def _note_end(clean: Uint32s, n: int, start: int) -> int:
    """The place after the ］ of the ［＃ at start; 0 where none closes it on the line, or brackets nest too deeply."""
    depth, i = 1, start + 2
    while i < n and clean[i] != _NEWLINE:
        if clean[i] == _OPEN:
            depth += 1
            if depth > MAX_DEPTH:
                return 0
        elif clean[i] == _CLOSE:
            depth -= 1
            if depth == 0:
                return i + 1
        i += 1
    return 0


@kernel
def _latin_end(clean: Uint32s, n: int, start: int) -> int:
    """The place after the 〕 of the 〔 at start; 0 if anything but Latin letters stands between, or nothing."""
    i = start + 1
    while i < n and (_BLANK <= clean[i] <= _TILDE or _NO_BREAK_SPACE < clean[i] <= _LAST_LATIN):
        i += 1
    return i + 1 if i > start + 1 and i < n and clean[i] == _SHELL_CLOSE else 0


@kernel
def find_marks(clean: Uint32s, n: int, marks: Marks) -> int:
    """Find the marks of a text; a note that is open to the end of its line is not a mark.

    Args:
        clean: code points of the text without ruby.
        n: how many they are.
        marks: room for as many as `without_ruby` says, filled in.

    Returns:
        How many there are.
    """
    n_marks, i = 0, 0
    while i < n:
        point = clean[i]
        kind, end = 0, 0
        if point == _OPEN:
            if i + 1 < n and clean[i + 1] == _SIGN:
                kind, end = ANNOTATION, _note_end(clean, n, i)
        elif point == _REFERENCE:
            if i + 2 < n and clean[i + 1] == _OPEN and clean[i + 2] == _SIGN:
                kind, end = GAIJI, _note_end(clean, n, i + 1)
        elif point == _SLASH:
            back = i + 2 if i + 1 < n and clean[i + 1] == _VOICED else i + 1
            if back < n and clean[back] == _BACKSLASH:
                kind, end = ITERATION, back + 1
        elif point == _SHELL_OPEN:
            kind, end = LATIN, _latin_end(clean, n, i)
        if end:
            marks.kind[n_marks], marks.start[n_marks], marks.end[n_marks] = kind, i, end
            n_marks += 1
            i = end
        else:
            i += 1
    return n_marks


@kernel
def _is_kept_blank(clean: Uint32s, start: int, end: int) -> bool:
    """Whether a line of which nothing stays is a blank line: it was one, or a page ends there."""
    if end >= start + 3 and clean[start] == _OPEN and clean[start + 1] == _SIGN and clean[start + 2] == _REVISED:
        return True
    while start < end and _is_space(clean[start]):
        start += 1
    return start == end


@kernel
def write(
    clean: Uint32s, n: int, marks: Marks, stays: Uint32s, stay_offsets: Int64s, places: Int64s, text: Uint32s
) -> int:
    """Write the tidy text with `stays[stay_offsets[k]:stay_offsets[k + 1]]` for mark k.

    Lines lose the blanks at their end, and go where nothing but annotations stood on them. Blank lines go at both
    ends, and all but one where several follow each other.

    Args:
        clean: code points of the text without ruby.
        n: how many they are.
        marks: of the text; the marks do not overlap.
        stays: code points of what stays of each mark, one mark after another.
        stay_offsets: (n_marks + 1,), where in `stays` that of each mark starts.
        places: of `clean`, in order; replaced by where they are in the text.
        text: room for `n + len(stays) + 2` code points, filled in.

    Returns:
        Length of the text.
    """
    n_text, line = 0, 0  # written up to here; where the present line begins, after its line ends
    p = 0  # places that are found
    i, k, start = 0, 0, 0
    while True:
        at, first = line, p
        while i < n and clean[i] != _NEWLINE:
            while p < len(places) and places[p] <= i:
                places[p] = at
                p += 1
            if k < len(marks.start) and i == marks.start[k]:
                for j in range(stay_offsets[k], stay_offsets[k + 1]):
                    text[at] = stays[j]
                    at += 1
                i = marks.end[k]
                k += 1
            else:
                text[at] = clean[i]
                at += 1
                i += 1
        while p < len(places) and places[p] <= i:
            places[p] = at
            p += 1
        while at > line and _is_space(text[at - 1]):
            at -= 1
        for j in range(first, p):
            places[j] = min(places[j], at)
        if at > line:
            for j in range(n_text, line):
                text[j] = _NEWLINE
            n_text = at
            line = at + 1
        elif n_text and _is_kept_blank(clean, start, i):
            line = n_text + 2
        if i >= n:
            for j in range(len(places)):
                places[j] = min(places[j], n_text) if j < p else n_text
            return n_text
        i += 1
        start = i
