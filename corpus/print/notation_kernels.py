"""Jitted passes over the notation of a text in code points: where its marks are, and the text without them.

What stays of a mark is decided in Python (`manyo.corpus.print.notation`), between the two passes: there is one in
four hundred
characters. The slow version of both is `tests/notation_oracle.py`.
"""

from __future__ import annotations

from typing import Final

from manyo.corpus.jit import kernel

# What a mark is, the first column of the marks; the others are its start and the place behind its end.
GAIJI: Final = 0  # ※［＃…］
ANNOTATION: Final = 1  # ［＃…］
ITERATION: Final = 2  # ／＼ or ／″＼
LATIN: Final = 3  # 〔…〕 around Latin letters alone

#: Brackets of a note that may stand within each other: a note on a character that is itself described in a note.
MAX_DEPTH: Final = 3

_NEWLINE: Final = 10
_RETURN: Final = 13
_RUBY_OPEN, _RUBY_CLOSE, _RUBY_START = ord("《"), ord("》"), ord("｜")
_OPEN, _CLOSE, _SIGN, _REFERENCE = ord("［"), ord("］"), ord("＃"), ord("※")
_SLASH, _BACKSLASH, _VOICED = ord("／"), ord("＼"), ord("″")
_SHELL_OPEN, _SHELL_CLOSE = ord("〔"), ord("〕")
_REVISED = ord("改")  # ［＃改ページ］, ［＃改丁］, …
_REPLACEMENT: Final = 0xFFFD


@kernel
def _is_space(point):  # type: ignore[no-untyped-def]
    """What `str.isspace` says."""
    if point < 0x1680:
        return 9 <= point <= 13 or 28 <= point <= 32 or point == 0x85 or point == 0xA0
    return (
        point == 0x3000
        or 0x2000 <= point <= 0x200A
        or point == 0x1680
        or point == 0x2028
        or point == 0x2029
        or point == 0x202F
        or point == 0x205F
    )


@kernel
def _without_ruby(points, clean):  # type: ignore[no-untyped-def]
    """Copy the points without readings, ｜ and control characters, all line ends as `\\n`.

    How many are left, and a number that is no less than that of the marks.
    """
    n = len(points)
    n_clean, n_openings, i, searched = 0, 0, 0, 0
    while i < n:
        point = points[i]
        if _SHELL_OPEN < point < 0xD800:  # kana and kanji: nothing to look for
            clean[n_clean] = point
            n_clean += 1
            i += 1
            continue
        if point == _RUBY_OPEN and i >= searched:
            end = i + 1
            while end < n and points[end] != _RUBY_CLOSE and points[end] != _NEWLINE and points[end] != _RETURN:
                end += 1
            if end < n and points[end] == _RUBY_CLOSE:
                i = end + 1
                continue
            searched = end  # no other 《 before it is closed either
        i += 1
        if point == _RETURN and (i == n or points[i] != _NEWLINE):
            point = _NEWLINE
        if point == _RUBY_START or point == 0xFEFF:
            continue
        if point < 0xA0 and (point < 32 or point >= 0x7F) and point != _NEWLINE and point != 9:
            continue
        clean[n_clean] = _REPLACEMENT if 0xD800 <= point < 0xE000 else point
        n_clean += 1
        n_openings += point in (_OPEN, _SLASH, _SHELL_OPEN)
    return n_clean, n_openings


@kernel
def _note_end(clean, n, start):  # type: ignore[no-untyped-def]
    """The place behind the ］ of the ［＃ at start; 0 where none closes it on the line, or brackets nest too deeply."""
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
def _latin_end(clean, n, start):  # type: ignore[no-untyped-def]
    """The place behind the 〕 of the 〔 at start; 0 if anything but Latin letters stands between, or nothing."""
    i = start + 1
    while i < n and (0x20 <= clean[i] <= 0x7E or 0xA1 <= clean[i] <= 0x24F):
        i += 1
    return i + 1 if i > start + 1 and i < n and clean[i] == _SHELL_CLOSE else 0


@kernel
def _find_marks(clean, n, marks):  # type: ignore[no-untyped-def]
    """Fill the marks in their order; how many there are. A note that is open to the end of its line is none."""
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
            marks[n_marks, 0], marks[n_marks, 1], marks[n_marks, 2] = kind, i, end
            n_marks += 1
            i = end
        else:
            i += 1
    return n_marks


@kernel
def _is_kept_blank(clean, start, end):  # type: ignore[no-untyped-def]
    """Whether a line of which nothing stays is a blank line: it was one, or a page ends there."""
    if end >= start + 3 and clean[start] == _OPEN and clean[start + 1] == _SIGN and clean[start + 2] == _REVISED:
        return True
    while start < end and _is_space(clean[start]):
        start += 1
    return start == end


@kernel
def _write(clean, n, marks, stays, stay_offsets, text):  # type: ignore[no-untyped-def]
    """The tidy text with `stays[stay_offsets[k]:stay_offsets[k + 1]]` for mark k; its length.

    Lines lose the blanks at their end, and go where nothing but annotations stood on them. Blank lines go at both
    ends, and all but one where several follow each other.
    """
    n_text, line = 0, 0  # written up to here; where the present line begins, behind its line ends
    i, k, start = 0, 0, 0
    while True:
        at = line
        while i < n and clean[i] != _NEWLINE:
            if k < len(marks) and i == marks[k, 1]:
                for j in range(stay_offsets[k], stay_offsets[k + 1]):
                    text[at] = stays[j]
                    at += 1
                i = marks[k, 2]
                k += 1
            else:
                text[at] = clean[i]
                at += 1
                i += 1
        while at > line and _is_space(text[at - 1]):
            at -= 1
        if at > line:
            for j in range(n_text, line):
                text[j] = _NEWLINE
            n_text = at
            line = at + 1
        elif n_text and _is_kept_blank(clean, start, i):
            line = n_text + 2
        if i >= n:
            return n_text
        i += 1
        start = i
