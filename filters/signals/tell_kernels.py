"""The pass that reads small signs: faces, web addresses, dates, segments, full stops, spaces between characters."""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Int64s, Records, Uint32s, int64, kernel, record

# What a character means to this pass: bits of its table `tells`. The bits below KANA stand for the distinct
# characters that are looked for.
KANA: Final = 16
LINE_FEED: Final = 17
FULL_STOP: Final = 18
SEPARATOR: Final = 19
JAPANESE: Final = 20
BLANK: Final = 21
SEGMENT_END: Final = 22
TRAILING: Final = 23
IN_FACE: Final = 24
FACE_OPENER: Final = 25
DIGIT: Final = 26
COLON: Final = 27
CURLY: Final = 28
HASH: Final = 29

# What most characters of Japanese tell, and no other bits.
_STOP_BITS: Final = (1 << KANA) - 1
_PLAIN_TELLS: Final = _STOP_BITS | 1 << KANA | 1 << JAPANESE | 1 << IN_FACE


class TellCount:
    """The counts of one document, a record of `TELL_COUNTS`."""

    stop_characters: int  # distinct ones
    head_kana: int
    line_feeds: int
    separators: int
    spaced_japanese: int  # spaces between two Japanese characters
    full_stops: int
    full_stop_parts: int  # parts that 。 divides the text into, without empty ones
    segments: int
    segment_chars: int
    longest_segment: int
    trailing_segments: int
    faces: int
    urls: int
    url_chars: int
    date_chars: int
    curly_brackets: int
    hash_tags: int


TELL_COUNTS: Final = record(*((name, np.int64) for name in TellCount.__annotations__))


class DateState:
    """What of a date has been read, a record of `DATE_STATES`."""

    digits: int  # of the number that is being read
    last_digits: int  # of the number before it
    last_mark: int  # between the two
    first_digits: int  # of the number before that
    first_mark: int
    month_chars: int  # of a month that waits for its day


DATE_STATES: Final = record(*((name, np.int64) for name in DateState.__annotations__))

_NEWLINE: Final = ord("\n")
_SPACE: Final = ord(" ")
_YEAR: Final = ord("年")
_MONTH: Final = ord("月")
_DAY: Final = ord("日")
_DATE_MARKS: Final = (ord("-"), ord("."), ord("/"))
_YEAR_DIGITS: Final = 4
_MONTH_DIGITS: Final = 2  # of a day, too

_FACE_CLOSERS: Final = (ord(")"), ord("）"))
#: Faces have this many characters between their brackets, at most.
FACE_CHARS: Final = 11
_SIDE_CHARS: Final = 3  # left and right of the eyes, and between them, at most

# Eyes, of which two that match make a face. Open ones may have anything between them. Narrow ones are found in other
# brackets too, so that they need a known mouth. Mirrored ones are pairs, left and right by turns.
_OPEN_EYES: Final = tuple(map(ord, "^＾;；°゜ﾟ￣⌒╥◕´"))
_NARROW_EYES: Final = tuple(map(ord, "-_＿TＴ・･"))
_MIRRORED_EYES: Final = tuple(map(ord, "><＞＜≧≦´`´｀｀´"))
_CLOSE_EYES: Final = tuple(map(ord, "^＾"))  # that need no mouth: (^^)
_NARROW_MOUTHS: Final = tuple(map(ord, "_ω∀Дд▽∇ー.oOェエワヮロ^ "))
_LETTER_MOUTHS: Final = tuple(map(ord, "oO0ｏＯvVｖwWxX"))
_CHEEKS: Final = tuple(map(ord, "oｏ"))  # (o^^o)
_FACE_MOUTHS: Final = tuple(map(ord, "ω∀Дд▽"))  # that make a face next to any eye: (ノД`)

# Of ASCII.
_FIRST_PRINTABLE: Final = ord("!")
_LAST_PRINTABLE: Final = ord("~")
_SLASH: Final = ord("/")
_H: Final = ord("h")
_T: Final = ord("t")
_P: Final = ord("p")
_S: Final = ord("s")
_ZERO: Final = ord("0")
_NINE: Final = ord("9")
_A: Final = ord("A")
_Z: Final = ord("Z")
_LOWER_CASE_BIT: Final = 0x20
_FIRST_FULLWIDTH: Final = ord("！")
_FULLWIDTH_TO_ASCII: Final = ord("！") - ord("!")


@kernel
def _is_alphanumeric(point: int) -> bool:
    """Whether a code point is a letter or digit of ASCII, or one of them in full width."""
    if point >= _FIRST_FULLWIDTH:
        point -= _FULLWIDTH_TO_ASCII
    return _ZERO <= point <= _NINE or _A <= point & ~_LOWER_CASE_BIT <= _Z


@kernel
def _are_eyes(points: Int64s, n_chars: int, left: int, right: int) -> bool:
    """Whether two characters in brackets are the eyes of a face, with its mouth between them."""
    eye, other = points[left], points[right]
    is_mirrored = False
    for i in range(0, len(_MIRRORED_EYES), 2):
        is_mirrored |= eye == _MIRRORED_EYES[i] and other == _MIRRORED_EYES[i + 1]
    if not is_mirrored and (eye != other or (eye not in _OPEN_EYES and eye not in _NARROW_EYES)):
        return False
    if left > 0 and _is_alphanumeric(points[left - 1]) and points[left - 1] not in _CHEEKS:
        return False
    if right + 1 < n_chars and _is_alphanumeric(points[right + 1]) and points[right + 1] not in _CHEEKS:
        return False
    n_between = right - left - 1
    if n_between == 0:
        return is_mirrored or eye in _CLOSE_EYES
    if eye in _NARROW_EYES:
        return n_between == 1 and points[left + 1] != eye and points[left + 1] in _NARROW_MOUTHS
    n_letters = 0
    for i in range(left + 1, right):
        n_letters += _is_alphanumeric(points[i])
    return n_letters == 0 or (n_between == 1 and points[left + 1] in _LETTER_MOUTHS)


@kernel
def _is_eye(point: int) -> bool:
    """Whether a character is an eye that makes a face next to a mouth of `_FACE_MOUTHS`."""
    return point in _OPEN_EYES or point in _MIRRORED_EYES


@kernel
def _is_face(text: Uint32s, i: int, end: int, tells: Uint32s, points: Int64s) -> bool:
    """Whether what follows a bracket that stands before i is a face: eyes that match, or a mouth next to an eye.

    points is int64 (FACE_CHARS,), scratch.
    """
    n_chars = 0
    while i < end:
        point = int64(text[i])
        i += 1
        if point in _FACE_CLOSERS:
            break
        if n_chars == FACE_CHARS or not int64(tells[point]) >> IN_FACE & 1:
            return False
        points[n_chars] = point
        n_chars += 1
    else:
        return False
    for left in range(min(n_chars - 1, _SIDE_CHARS + 1)):
        first = max(left + 1, n_chars - _SIDE_CHARS - 1)
        for right in range(first, min(left + _SIDE_CHARS + 2, n_chars)):
            if _are_eyes(points, n_chars, left, right):
                return True
    for place in range(n_chars):
        if points[place] in _FACE_MOUTHS:
            if place > 0 and _is_eye(points[place - 1]):
                return True
            if place + 1 < n_chars and _is_eye(points[place + 1]):
                return True
    return False


@kernel
def _find_url(text: Uint32s, start: int, i: int, end: int, known_to: int) -> tuple[int, int]:
    """Where the web address whose colon stands before i begins, and the place after its end; i twice if it is not one.

    The colon stands in http:// or https://, and the address goes on as long as printable ASCII does. An address within
    another one, which is known to end at known_to, ends there too.
    """
    if i + 2 >= end or text[i] != _SLASH or text[i + 1] != _SLASH:
        return i, i
    if not _FIRST_PRINTABLE <= text[i + 2] <= _LAST_PRINTABLE:
        return i, i
    p = i - 2  # the place before the colon, or before its s
    if p >= start and text[p] == _S:
        p -= 1
    if p - 3 < start or text[p - 3] != _H or text[p - 2] != _T or text[p - 1] != _T or text[p] != _P:
        return i, i
    to = max(i + 3, known_to)
    while to < end and _FIRST_PRINTABLE <= text[to] <= _LAST_PRINTABLE:
        to += 1
    return p - 3, to


@kernel
def _forget_numbers(date: DateState) -> None:
    date.last_digits = date.first_digits = 0
    date.last_mark = date.first_mark = 0


@kernel
def _read_date(point: int, is_digit: bool, date: DateState) -> int:
    """Take a character into what has been read of a date; the characters of a date that are complete with it."""
    if is_digit:
        date.digits += 1
        return 0
    digits, last_digits = date.digits, date.last_digits
    if digits == 0:
        if last_digits:
            _forget_numbers(date)
        return 0
    date.digits = 0
    are_short = digits <= _MONTH_DIGITS and last_digits <= _MONTH_DIGITS
    if (
        are_short
        and date.first_digits == _YEAR_DIGITS
        and date.first_mark == date.last_mark
        and date.first_mark in _DATE_MARKS
    ):  # 2024-1-2
        _forget_numbers(date)
        return _YEAR_DIGITS + 1 + last_digits + 1 + digits
    chars = 0
    if point == _MONTH and digits <= _MONTH_DIGITS:
        date.month_chars = digits + 1
        if date.last_mark == _YEAR and last_digits <= _YEAR_DIGITS:
            chars = last_digits + 1 + date.month_chars
            date.month_chars = 0
    elif point == _DAY and date.last_mark == _MONTH and are_short:
        chars = date.month_chars + digits + 1
    date.first_digits, date.first_mark = last_digits, date.last_mark
    date.last_digits, date.last_mark = digits, point
    return chars


@kernel
def _end_segment(chars: int, is_line_end: bool, is_trailing: bool, row: TellCount) -> None:
    """Count a segment that has any characters, the mark at its end not among them."""
    if chars:
        chars += not is_line_end
        row.segments += 1
        row.segment_chars += chars
        row.longest_segment = max(row.longest_segment, chars)
        row.trailing_segments += is_line_end and is_trailing


@kernel
def _read_document(
    text: Uint32s, start: int, end: int, tells: Uint32s, face_points: Int64s, date: DateState, row: TellCount
) -> int:
    """Count the signs of one document; the stop characters in it, as bits. face_points and date are scratch."""
    i = url_to = start
    stop_characters = int64(0)
    segment_chars = 0
    has_part = False  # something stands after the last full stop
    is_watched = True  # what the next character means depends on more than itself
    before = int64(0)  # what the last character that was not blank tells
    is_spaced = is_trailing = at_end = False
    while not at_end:
        if i < end:
            point, i = int64(text[np.uint64(i)]), i + 1
            tell = int64(tells[point])
        else:
            point, tell, at_end = _NEWLINE, int64(1 << BLANK), True
        if tell & ~_PLAIN_TELLS == 0 and not is_watched:
            # Nearly every character takes this shortest way.
            stop_characters |= tell & _STOP_BITS
            segment_chars += 1
            is_trailing = False
            before = tell
            continue
        is_watched = True
        row.date_chars += _read_date(point, tell >> DIGIT & 1 != 0, date)
        if tell >> SEGMENT_END & 1 or point == _NEWLINE:
            _end_segment(segment_chars, point == _NEWLINE, is_trailing, row)
            segment_chars = 0
            is_trailing = False
        else:
            segment_chars += 1
        if at_end:
            break
        row.line_feeds += tell >> LINE_FEED & 1
        row.separators += tell >> SEPARATOR & 1
        row.curly_brackets += tell >> CURLY & 1
        if tell >> HASH & 1 and i < end:
            row.hash_tags += int64(tells[text[i]]) & (1 << HASH | 1 << BLANK) == 0
        stop_characters |= tell & _STOP_BITS
        if tell >> BLANK & 1:
            is_spaced = point == _SPACE and (before >> JAPANESE & 1) != 0
            continue
        if tell >> FACE_OPENER & 1:
            row.faces += _is_face(text, i, end, tells, face_points)
        elif tell >> COLON & 1:
            url, after = _find_url(text, start, i, end, url_to)
            row.urls += after > url
            row.url_chars += max(after - max(url, url_to), 0)  # an address in another one counts nothing twice
            url_to = max(url_to, after)
        row.spaced_japanese += is_spaced and tell >> JAPANESE & 1
        is_spaced = False
        is_trailing = tell >> TRAILING & 1 != 0
        before = tell
        if tell >> FULL_STOP & 1:
            row.full_stops += 1
            has_part = False
        else:
            row.full_stop_parts += not has_part
            has_part = True
            is_watched = date.digits > 0 or date.last_digits > 0
    return stop_characters


@kernel
def count_tells(text: Uint32s, offsets: Int64s, tells: Uint32s, head_chars: int, counts: Records) -> None:
    """Fill a record of `TELL_COUNTS` for each document, from what each character tells."""
    face_points = np.empty(FACE_CHARS, np.int64)
    dates = np.empty(1, DATE_STATES)
    for doc in range(len(counts)):
        start, end = offsets[doc], offsets[doc + 1]
        row: TellCount = counts[doc]
        for i in range(start, min(start + head_chars, end)):
            row.head_kana += int64(tells[text[i]]) >> KANA & 1
        _forget_numbers(dates[0])
        dates[0].digits = dates[0].month_chars = 0
        stop_characters = _read_document(text, start, end, tells, face_points, dates[0], row)
        while stop_characters:
            row.stop_characters += stop_characters & 1
            stop_characters >>= 1
