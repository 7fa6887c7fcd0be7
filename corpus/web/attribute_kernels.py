"""Kernels that read tags and character references: names, where elements end, attributes, hints, code points.

A name is looked up by its hash in an open-addressing table, and every search in a value is bounded by
`MAX_VALUE_BYTES`.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Bytes, Int32s, Records, borrowing, inlined, kernel, record
from manyo.corpus.web.ascii import (
    AMPERSAND,
    APOSTROPHE,
    ASTERISK,
    CARRIAGE_RETURN,
    CASE_BIT,
    COLON,
    DIGIT_NINE,
    DIGIT_ZERO,
    EQUALS_SIGN,
    FULL_STOP,
    GREATER_THAN,
    HYPHEN,
    LESS_THAN,
    LOW_LINE,
    LOWER_A,
    LOWER_F,
    LOWER_X,
    LOWER_Z,
    NUMBER_SIGN,
    PERCENT_SIGN,
    QUESTION_MARK,
    QUOTATION_MARK,
    SEMICOLON,
    SLASH,
    SPACE,
    TAB,
    UPPER_A,
    UPPER_Z,
)
from manyo.corpus.web.markup import (
    COMMENTS_HINT,
    DIALOG_HINT,
    FRAME_HINT,
    MAIN_HINT,
    TAGS,
    TOPIC_HINT,
)

# What a word in class, id or role says, as bits.
MAIN_WORD, POST_WORD, FRAME_WORD, COMMENTS_WORD, TOPIC_WORD = (1 << bit for bit in range(5))
DIALOG_WORD, FOLD_WORD, LINE_WORD, PICTURE_WORD, EDIT_WORD = (1 << bit for bit in range(5, 10))

#: Only the beginning of a longer value (an embedded picture) is read.
MAX_VALUE_BYTES: Final = 2000
#: html.unescape searches no further for the end of a reference's name.
_MAX_REFERENCE_BYTES: Final = 32

_HASH_FACTOR = np.uint64(0x100000001B3)  # FNV-1a
_HASH_START = np.uint64(0xCBF29CE484222325)
SLOT_BITS: Final = 13
N_SLOTS: Final = 1 << SLOT_BITS
#: A slot of a table of names; a hash of 0 marks a free slot.
SLOT: Final = record(("hash", "u8"), ("value", "i8"))
#: The characters that a named reference stands for; `second` is 0 where it stands for one.
CHARACTERS: Final = record(("first", "i4"), ("second", "i4"))
#: Where a value is in the page; `start` is -1 if the tag does not have the attribute.
SPAN: Final = record(("start", "i8"), ("end", "i8"))


def hash_of(name: bytes) -> int:
    """FNV-1a of a name, in Python, to fill the tables in which kernels look names up."""
    value = int(_HASH_START)
    for byte in name:
        value = (value ^ byte) * int(_HASH_FACTOR) & (1 << 64) - 1
    return value


# Attributes that are read, by their index in the spans of a tag; all others are skipped.
_NAMES_OF_ATTRIBUTES: Final = (
    *("class", "id", "style", "href", "rel", "itemprop"),
    *("type", "role", "hidden", "start", "name", "property"),
    *("alt", "readonly", "aria-expanded", "aria-controls", "src", "size", "srcdoc"),
)
CLASS, ID, STYLE, HREF, REL, ITEMPROP, TYPE, ROLE, HIDDEN, START, NAME, PROPERTY = range(12)
ALT, READONLY, ARIA_EXPANDED, ARIA_CONTROLS, SRC, SIZE, SRCDOC = range(12, 19)
N_ATTRIBUTES: Final = 19
#: Each name has a slot of its own; the factor was found by trying odd numbers.
_ATTRIBUTE_FACTOR = np.uint64(17)
_ATTRIBUTE_SLOTS: Final = 64
_HASH_IN_SLOT = np.zeros(_ATTRIBUTE_SLOTS, np.uint64)
_COLUMN_IN_SLOT = np.zeros(_ATTRIBUTE_SLOTS, np.int64)
for _column, _name in enumerate(_NAMES_OF_ATTRIBUTES):
    _slot = (hash_of(_name.encode()) * int(_ATTRIBUTE_FACTOR) & (1 << 64) - 1) >> 58
    _HASH_IN_SLOT[_slot] = hash_of(_name.encode())
    _COLUMN_IN_SLOT[_slot] = _column

_ARTICLE, _MAIN, _SECTION, _DIALOG = (TAGS.index(name) for name in ("article", "main", "section", "dialog"))
_B, _D, _E, _F, _P, _R, _T, _V, _W = (ord(letter) for letter in "bdefprtvw")
#: What a style says of the content of its tag, as bits.
STYLE_HIDES, STYLE_STARTS_LINE, STYLE_KEEPS_SPACE, STYLE_SETS_SIZE, STYLE_IS_SMALL = 1, 2, 4, 8, 16
#: Small print is smaller than this: 12 pixels, 9 points, 0.8 of the size around it.
_SMALL_PIXELS: Final = 12.0
_SMALL_POINTS: Final = 9.0
_SMALL_SHARE: Final = 0.8
FIRST_HEADING: Final = TAGS.index("h1")


@kernel
def to_lower(byte: int) -> int:
    """An ASCII capital as its small letter, and any other byte as it is."""
    return byte | CASE_BIT if UPPER_A <= byte <= UPPER_Z else byte


@kernel
def is_space(byte: int) -> bool:
    """Whether a byte is ASCII white space."""
    return byte == SPACE or TAB <= byte <= CARRIAGE_RETURN


@kernel
def is_letter(byte: int) -> bool:
    """Whether a byte is an ASCII letter."""
    return LOWER_A <= (byte | CASE_BIT) <= LOWER_Z


@kernel
def is_digit(byte: int) -> bool:
    """Whether a byte is an ASCII digit."""
    return DIGIT_ZERO <= byte <= DIGIT_NINE


@kernel
def ends_name(byte: int) -> bool:
    """Whether the name of a tag ends before the byte."""
    return is_space(byte) or byte in (SLASH, GREATER_THAN)


@kernel
def is_heading(tag: int) -> bool:
    """Whether a tag is one of `<h1>` to `<h6>`."""
    return FIRST_HEADING <= tag < FIRST_HEADING + 6


@kernel
def is_subheading(tag: int) -> bool:
    """Whether a tag is one of `<h2>` to `<h6>`; `<h1>` is the page's own."""
    return is_heading(tag) and tag != FIRST_HEADING


@kernel
def is_named_main(hint: int, tag: int) -> bool:
    """Whether a box is main text by its name or by its tag."""
    return hint == MAIN_HINT or tag in (_ARTICLE, _MAIN)


@borrowing
def find_byte(data: Bytes, i: int, byte: int) -> int:
    """Index of the next such byte from i on; -1 if there is none."""
    while i < len(data):
        if data[i] == byte:
            return i
        i += 1
    return -1


@borrowing
def look_up(slots: Records, hashed: np.uint64, missing: int) -> int:
    """The value of the name with that hash; `missing` if it is not in the table."""
    at = np.int64(hashed >> np.uint64(64 - SLOT_BITS))
    while slots[at].hash != 0:
        if slots[at].hash == hashed:
            return int(slots[at].value)
        at = (at + 1) & (N_SLOTS - 1)
    return missing


@borrowing
def read_name(data: Bytes, i: int) -> tuple[np.uint64, int]:
    """Hash, in lower case, of the tag's name that starts at i, and the index of the byte after it."""
    hashed = _HASH_START
    while i < len(data):
        byte = data[i]
        if ends_name(byte):
            break
        hashed = (hashed ^ np.uint64(to_lower(byte))) * _HASH_FACTOR
        i += 1
    return hashed, i


@borrowing
def has_name(data: Bytes, i: int, length: int, hashed: np.uint64) -> bool:
    """Whether the bytes from i on, in lower case, are a name of that length and hash, and end there."""
    found = _HASH_START
    for j in range(i, i + length):
        found = (found ^ np.uint64(to_lower(data[j]))) * _HASH_FACTOR
    return found == hashed and ends_name(data[i + length])


@borrowing
def find_border(data: Bytes, i: int, name: np.uint64) -> tuple[int, bool]:
    """From i on, the next start or end tag of a name, given by its hash: its index, and whether it is an end tag."""
    n = len(data)
    while i + 1 < n:
        if data[i] == LESS_THAN:
            is_end = data[i + 1] == SLASH
            first = i + 2 if is_end else i + 1
            if first < n and is_letter(data[first]):
                hashed, after = read_name(data, first)
                if hashed == name and after < n:
                    return i, is_end
                i = first  # a `<` in a long name starts a tag too
                continue
        i += 1
    return -1, False


@borrowing
def find_raw_end(data: Bytes, i: int, length: int, name: np.uint64) -> int:
    """From i on, the next end tag of a name, given by its length and hash; -1 if there is none.

    The content before it is not markup: a `<` in it starts nothing.
    """
    while i + 2 + length < len(data):
        if data[i] == LESS_THAN and data[i + 1] == SLASH and has_name(data, i + 2, length, name):
            return i
        i += 1
    return -1


@borrowing
def find_reading_end(data: Bytes, i: int) -> int:
    """From i on, the next tag of `rt`, `rp`, `rb`, `rtc` or `ruby`; -1 if there is none."""
    n = len(data)
    while i + 3 < n:
        if data[i] == LESS_THAN:
            j = i + 2 if data[i + 1] == SLASH else i + 1
            length = 0
            while j + length < n and length < 5 and is_letter(data[j + length]):
                length += 1
            if length == 2 and data[j] | CASE_BIT == _R and data[j + 1] | CASE_BIT in (_T, _P, _B):
                return i
            if length == 3 and contains(data, j, j + 3, b"rtc"):
                return i
            if length == 4 and contains(data, j, j + 4, b"ruby"):
                return i
        i += 1
    return -1


# --- attributes ------------------------------------------------------------------------------


@borrowing
def read_attributes(data: Bytes, i: int, attributes: Records, is_unclosed: Bytes, quotes_count: bool) -> int:
    """Fill the spans of a tag's attributes from i on.

    Args:
        data: the page.
        i: index of the byte after the tag's name.
        attributes: SPAN (N_ATTRIBUTES,), to fill.
        is_unclosed: by quotation mark, 1 if it does not occur again; updated.
        quotes_count: whether quotation marks delimit values. One does only after `=`, and only if it is closed.

    Returns:
        Index of the byte after the tag's `>`; -1 if the tag does not end.
    """
    for column in range(N_ATTRIBUTES):
        attributes[column].start = -1
        attributes[column].end = -1
    n = len(data)
    while i < n:
        byte = data[i]
        if byte == GREATER_THAN:
            return i + 1
        if is_space(byte) or byte in (SLASH, EQUALS_SIGN):
            i += 1
            continue
        hashed = _HASH_START
        while i < n:
            byte = data[i]
            if ends_name(byte) or byte == EQUALS_SIGN:
                break
            hashed = (hashed ^ np.uint64(to_lower(byte))) * _HASH_FACTOR
            i += 1
        slot = np.int64(hashed * _ATTRIBUTE_FACTOR >> np.uint64(58))
        found = _COLUMN_IN_SLOT[slot] if _HASH_IN_SLOT[slot] == hashed else -1
        start, end, i = _read_value(data, i, is_unclosed, quotes_count)
        if found >= 0 and attributes[found].start < 0:
            attributes[found].start = start
            attributes[found].end = end
    return -1


@inlined
def _read_value(data: Bytes, i: int, is_unclosed: Bytes, quotes_count: bool) -> tuple[int, int, int]:
    """First byte of the value of an attribute whose name ends before i, the byte after its last, and where to go on."""
    n = len(data)
    equals_sign = i
    while equals_sign < n and is_space(data[equals_sign]):
        equals_sign += 1
    if equals_sign == n or data[equals_sign] != EQUALS_SIGN:
        return i, i, i
    i = equals_sign + 1
    while i < n and is_space(data[i]):
        i += 1
    if quotes_count and i < n and data[i] in (QUOTATION_MARK, APOSTROPHE) and not is_unclosed[data[i]]:
        close = find_byte(data, i + 1, data[i])
        if close >= 0:
            return i + 1, close, close + 1
        is_unclosed[data[i]] = 1
    start = i
    while i < n and not is_space(data[i]) and data[i] != GREATER_THAN:
        i += 1
    return start, i, i


@borrowing
def hash_value(data: Bytes, start: int, end: int) -> np.uint64:
    """Hash of a value in lower case, without the white space around it."""
    while start < end and is_space(data[start]):
        start += 1
    while start < end and is_space(data[end - 1]):
        end -= 1
    hashed = _HASH_START
    for i in range(start, min(end, start + MAX_VALUE_BYTES)):
        hashed = (hashed ^ np.uint64(to_lower(data[i]))) * _HASH_FACTOR
    return hashed


@borrowing
def contains(data: Bytes, start: int, end: int, word: bytes) -> bool:
    """Whether a value contains a word, which is in lower case; no value starts at -1."""
    if start < 0:
        return False
    for i in range(start, min(end, start + MAX_VALUE_BYTES) - len(word) + 1):
        j = 0
        while j < len(word) and to_lower(data[i + j]) == word[j]:
            j += 1
        if j == len(word):
            return True
    return False


@borrowing
def style_of(data: Bytes, attributes: Records) -> int:
    """What a tag's style says of its content, as bits: it is hidden, starts a line, keeps its white space, is small."""
    said = 0
    i = attributes[STYLE].start
    if i < 0:
        return 0
    end = min(attributes[STYLE].end, i + MAX_VALUE_BYTES)
    while i < end:
        while i < end and is_space(data[i]):
            i += 1
        first = to_lower(data[i]) if i < end else 0
        name_end = i
        if first == _D and contains(data, i, min(end, i + 7), b"display"):
            name_end = i + 7
        elif first == _V and contains(data, i, min(end, i + 10), b"visibility"):
            name_end = i + 10
        elif first == _W and contains(data, i, min(end, i + 11), b"white-space"):
            name_end = i + 11
        elif first == _F and contains(data, i, min(end, i + 9), b"font-size"):
            said |= _size_of(data, i + 9, end)
        if name_end > i:
            j = name_end
            while j < end and (is_space(data[j]) or data[j] == COLON):
                j += 1
            if contains(data, j, min(end, j + 4), b"none") or contains(data, j, min(end, j + 6), b"hidden"):
                said |= STYLE_HIDES if first != _W else 0
            elif contains(data, j, min(end, j + 5), b"block") and first == _D:
                said |= STYLE_STARTS_LINE
            elif contains(data, j, min(end, j + 3), b"pre") and first == _W:
                said |= STYLE_KEEPS_SPACE
        while i < end and data[i] != SEMICOLON:
            i += 1
        i += 1
    return said


@borrowing
def _size_of(data: Bytes, i: int, end: int) -> int:
    """What the value of `font-size` from i on says, as bits of a style."""
    while i < end and (is_space(data[i]) or data[i] == COLON):
        i += 1
    if i == end or not (is_digit(data[i]) or data[i] == FULL_STOP):
        is_small = contains(data, i, min(end, i + 8), b"x-small")
        return STYLE_SETS_SIZE | (STYLE_IS_SMALL if is_small else 0)
    size, unit = 0.0, 1.0
    in_fraction = False
    while i < end and (is_digit(data[i]) or data[i] == FULL_STOP):
        if data[i] == FULL_STOP:
            in_fraction = True
        else:
            size = size * 10 + (data[i] - DIGIT_ZERO)
            unit *= 10 if in_fraction else 1
        i += 1
    limit = 0.0
    if contains(data, i, min(end, i + 2), b"px"):
        limit = _SMALL_PIXELS
    elif contains(data, i, min(end, i + 2), b"pt"):
        limit = _SMALL_POINTS
    elif i < end and data[i] | CASE_BIT in (_R, _E):
        limit = _SMALL_SHARE
    elif i < end and data[i] == PERCENT_SIGN:
        limit = 100 * _SMALL_SHARE
    return STYLE_SETS_SIZE | (STYLE_IS_SMALL if size / unit < limit else 0)


@borrowing
def is_outer(data: Bytes, start: int, end: int) -> bool:
    """Whether an address may be on another host: it begins with a scheme or with two slashes."""
    if end - start > 1 and data[start] == SLASH:
        return bool(data[start + 1] == SLASH)
    for i in range(start, min(end, start + MAX_VALUE_BYTES)):
        if data[i] == COLON:
            return True
        if data[i] in (SLASH, QUESTION_MARK, NUMBER_SIGN):
            return False
    return False


@borrowing
def is_hidden(data: Bytes, attributes: Records) -> bool:
    """Whether a tag hides its content: by `hidden`, or by a style `display: none` or `visibility: hidden`."""
    return attributes[HIDDEN].start >= 0 or style_of(data, attributes) & STYLE_HIDES != 0


@borrowing
def read_number(data: Bytes, start: int, end: int) -> int:
    """The number that a value states in at most six digits; 1 if it states none."""
    value = np.int64(0)
    for i in range(start, min(end, start + 6)):
        if not is_digit(data[i]):
            return 1
        value = value * 10 + np.int64(data[i]) - DIGIT_ZERO
    return int(value) if end > start else 1


@borrowing
def hash_first_name(data: Bytes, start: int, end: int) -> int:
    """31 bits of the hash of a class's first name; 0 if there is no name, or no class (`start` is -1)."""
    if start < 0:
        return 0
    while start < end and is_space(data[start]):
        start += 1
    hashed = _HASH_START
    i = start
    while i < min(end, start + MAX_VALUE_BYTES) and not is_space(data[i]):
        hashed = (hashed ^ np.uint64(data[i])) * _HASH_FACTOR
        i += 1
    return int(np.int64(hashed >> np.uint64(33))) if i > start else 0


# --- hints -----------------------------------------------------------------------------------


@borrowing
def words_of(data: Bytes, start: int, end: int, slots: Records) -> int:
    """What a value's words say, as bits.

    A word is a run of letters, and ends before a capital that follows a small letter. A word of letters up to `f` is
    part of a hexadecimal number (`block-293556b0-ad63`) if it follows a digit, or precedes one and does not start its
    name. Two words that follow each other, directly or after one `-` or `_`, may form a name (`entry-content`,
    `side-bar`).
    """
    said = 0
    end = min(end, start + MAX_VALUE_BYTES)
    word = _HASH_START
    pair = _HASH_START
    in_word = False
    is_whole = True  # the word starts where a name does
    is_hexadecimal = False  # the word may be part of a number
    before = last = SPACE
    for i in range(start, end + 1):
        byte = data[i] if i < end else SPACE
        continues = is_letter(byte)
        if in_word and (not continues or (UPPER_A <= byte <= UPPER_Z and LOWER_A <= last <= LOWER_Z)):
            found = look_up(slots, word, 0)
            if is_hexadecimal and (is_digit(before) or (is_digit(byte) and not is_whole)):
                found = 0
            if found != POST_WORD or (is_whole and is_space(byte)):
                said |= found
            if pair != word:
                said |= look_up(slots, pair, 0) & ~POST_WORD
            pair = word
            word = _HASH_START
            in_word = False
        if continues:
            if not in_word:
                is_whole = is_space(last)
                is_hexadecimal = True
                before = last
                if not (is_letter(last) or last in (HYPHEN, LOW_LINE)):
                    pair = _HASH_START
            lower = np.uint64(byte | CASE_BIT)
            word = (word ^ lower) * _HASH_FACTOR
            pair = (pair ^ lower) * _HASH_FACTOR
            in_word = True
            if lower > LOWER_F:
                is_hexadecimal = False
        elif byte not in (HYPHEN, LOW_LINE) or last in (HYPHEN, LOW_LINE):
            pair = _HASH_START
        last = byte
    return said


@borrowing
def words_said(data: Bytes, tag: int, attributes: Records, words: Records, roles: Records) -> int:
    """What class, id, role and itemprop of a tag say, as bits."""
    said = 0
    start, end = attributes[CLASS].start, attributes[CLASS].end
    is_section = tag == _SECTION if start < 0 else end - start == 7 and contains(data, start, end, b"section")
    for column in (ROLE, CLASS, ID, ITEMPROP):
        start, end = attributes[column].start, attributes[column].end
        if start < 0:
            continue
        if column == ROLE:
            said |= words_of(data, start, end, roles)
        elif column == ITEMPROP:
            if contains(data, start, end, b"articlebody"):
                said |= MAIN_WORD
        elif column == ID and is_section:
            # The anchor of a document's section is its title (`search-and-replace`, `next-steps`).
            said |= words_of(data, start, end, words) & ~(FRAME_WORD | TOPIC_WORD)
        else:
            said |= words_of(data, start, end, words)
    return said


@kernel
def hint_of(said: int, tag: int) -> int:
    """What a box is by what its attributes say: one of the hints, or 0."""
    if said & DIALOG_WORD or tag == _DIALOG:
        return DIALOG_HINT
    if said & MAIN_WORD:
        return MAIN_HINT
    if said & FRAME_WORD:
        return FRAME_HINT
    if said & COMMENTS_WORD:
        return COMMENTS_HINT
    return TOPIC_HINT if said & TOPIC_WORD and not said & POST_WORD else 0


# --- characters ------------------------------------------------------------------------------


@borrowing
def point_of_three(data: Bytes, i: int) -> int:
    """The code point of the three-byte UTF-8 sequence at i; 0 if no such sequence starts there."""
    if i < 0 or i + 2 >= len(data) or data[i] & 0xF0 != 0xE0:
        return 0
    return (int(data[i]) & 0x0F) << 12 | (int(data[i + 1]) & 0x3F) << 6 | int(data[i + 2]) & 0x3F


@borrowing
def put_point(out: Bytes, at: int, point: int) -> int:
    """Write a code point as UTF-8; the index of the byte after it."""
    if point < 0x80:
        out[at] = point
        return at + 1
    if point < 0x800:
        out[at] = 0xC0 | point >> 6
        out[at + 1] = 0x80 | point & 0x3F
        return at + 2
    if point < 0x10000:
        out[at] = 0xE0 | point >> 12
        out[at + 1] = 0x80 | point >> 6 & 0x3F
        out[at + 2] = 0x80 | point & 0x3F
        return at + 3
    out[at] = 0xF0 | point >> 18
    out[at + 1] = 0x80 | point >> 12 & 0x3F
    out[at + 2] = 0x80 | point >> 6 & 0x3F
    out[at + 3] = 0x80 | point & 0x3F
    return at + 4


@kernel
def is_sign(point: int) -> bool:
    """Whether a character is not a letter, a digit or the mark of a note: white space, `#`, ¶, §, an arrow, a chain."""
    if point < 0x80:
        return not (is_letter(point) or is_digit(point) or point == ASTERISK)
    return (
        point == 0xA0
        or point == 0xA7
        or point == 0xB6
        or (0x2000 <= point <= 0x206F and point != 0x2020 and point != 0x2021 and point != 0x203B)
        or 0x2190 <= point <= 0x245F
        or 0x2500 <= point <= 0x2775
        or 0x2794 <= point <= 0x2BFF
        or point == 0xFE0E
        or point == 0xFE0F
        or point == 0x1F517
    )


@borrowing
def read_reference(
    data: Bytes, i: int, references: Records, characters: Records, numbers: Int32s
) -> tuple[int, int, int]:
    """The one or two code points that a reference at `&` stands for, and the index of the byte after it.

    The result is that of `html.unescape`. -1 is no character. Where no reference starts, the character is `&`.

    Args:
        data: the page.
        i: index of `&`.
        references: SLOT, names of references; the values are indices of `characters`.
        characters: CHARACTERS.
        numbers: int32 (160,), code points by the number of a reference.
    """
    if i + 2 < len(data) and data[i + 1] == NUMBER_SIGN:
        return _read_numeric_reference(data, i, numbers)
    hashed = _HASH_START
    best = -1
    after = i + 1
    for j in range(i + 1, min(len(data), i + 1 + _MAX_REFERENCE_BYTES)):
        byte = data[j]
        if not (is_letter(byte) or is_digit(byte) or byte == SEMICOLON):
            break
        hashed = (hashed ^ np.uint64(byte)) * _HASH_FACTOR
        found = look_up(references, hashed, -1)
        if found >= 0:
            best = found
            after = j + 1
        if byte == SEMICOLON:
            break
    if best < 0:
        return AMPERSAND, -1, i + 1
    second = int(characters[best].second)
    return int(characters[best].first), second if second else -1, after


@borrowing
def _read_numeric_reference(data: Bytes, i: int, numbers: Int32s) -> tuple[int, int, int]:
    n = len(data)
    j = i + 2
    base = 10
    if data[j] | CASE_BIT == LOWER_X:
        base = 16
        j += 1
    value = np.int64(0)
    first = j
    while j < n:
        byte = data[j]
        if is_digit(byte):
            digit = np.int64(byte) - DIGIT_ZERO
        elif base == 16 and LOWER_A <= (byte | CASE_BIT) <= LOWER_F:
            digit = (np.int64(byte) | CASE_BIT) - LOWER_A + 10
        else:
            break
        value = min(value * base + digit, np.int64(0x110000))
        j += 1
    if j == first:
        return AMPERSAND, -1, i + 1
    if j < n and data[j] == SEMICOLON:
        j += 1
    if value < len(numbers):
        return int(numbers[value]), -1, j
    if 0xD800 <= value <= 0xDFFF or value > 0x10FFFF:
        return 0xFFFD, -1, j
    if 0xFDD0 <= value <= 0xFDEF or value & 0xFFFE == 0xFFFE:
        return -1, -1, j
    return int(value), -1, j
