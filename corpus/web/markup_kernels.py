"""Jitted passes over a page: the marks of Japanese in its bytes, the text in its tags, the choice of its main text.

The wrappers, with types and docstrings for callers, are in `manyo.corpus.web.sniff`, `manyo.corpus.web.charset`,
`manyo.corpus.web.tags` and
`manyo.corpus.web.main_text`. Markup is hostile: every byte is looked at a bounded number of times, what was searched
for in vain is
not searched for again, nesting is told apart to a depth, and attributes are read to a length.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import kernel

# Columns of `Markup.boxes`.
TAG: Final = 0  # index in TAGS; 0 for a name that is not there
PARENT: Final = 1  # row of the box around it; -1 for the outermost
HINT: Final = 2  # what class, id and role say: 1 main text, 0 nothing, or one of the frames below
PROSE: Final = 3  # characters of prose in the subtree
ORDINAL: Final = 4  # of a list item, its number in its list; else 0
NAME: Final = 5  # hash of the first name in class; 0 if it has none
BOX_COLUMNS: Final = 6

# Columns of `Markup.blocks`.
START: Final = 0  # first byte in `Markup.text`
END: Final = 1  # byte behind the last
CHARS: Final = 2  # characters
LINK_CHARS: Final = 3  # of these, inside links
BLOCK_PROSE: Final = 4  # those outside links, if the block is long or has the marks of a sentence
BOX: Final = 5  # row of the innermost box around it
BLOCK_COLUMNS: Final = 6

#: Values of HINT: main text, frame, the frame that readers wrote, and what is often frame.
MAIN_HINT: Final = 1
FRAME_HINT: Final = -1
COMMENTS_HINT: Final = -2
TOPIC_HINT: Final = -3
DIALOG_HINT: Final = -4

# What a word in class, id or role says, as bits.
_MAIN, _POST, _FRAME, _COMMENTS, _TOPIC, _DIALOG = 1, 2, 4, 8, 16, 32

# Columns of the spans that are given as they were written.
_SPAN_KIND, _SPAN_START, _SPAN_END = 0, 1, 2
_STATED, _TITLE, _JSON_LD = 0, 1, 2

# What a tag does: nothing, state something of the page, nothing to the text around it, link it, end a line,
# end a block, open or close a box, hide what is in it (as text without markup, as markup, as a reading aid).
_IGNORED, _META, _INLINE, _LINK, _BREAK, _RULE, _BOX, _RAW, _SKIPPED, _READING = range(10)
_TAGS_OF_KIND = {
    _IGNORED: "html head link base source track param embed rb rbc wbr img",
    _META: "meta",
    _INLINE: "abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr q ruby s "
    "samp small span strike strong sub sup time tt u var",
    _LINK: "a",
    _BREAK: "br",
    _RULE: "hr input col area frame bgsound spacer basefont isindex keygen",
    _BOX: "p div ul ol menu dir li dl dt dd table thead tbody tfoot tr td th caption section article main aside nav "
    "header footer form fieldset figure figcaption pre blockquote center h1 h2 h3 h4 h5 h6 address details summary "
    "body dialog hgroup",
    _RAW: "script style title iframe noframes",
    _SKIPPED: "noscript template svg canvas object applet audio video map datalist select button",
    _READING: "rt rp rtc",
}
#: Names that a box can have, after the empty one for all others; then those of other elements.
TAGS: Final = ("", *_TAGS_OF_KIND[_BOX].split(), *(n for k, v in _TAGS_OF_KIND.items() if k != _BOX for n in v.split()))

_LIST, _CELL, _TABLE, _TERMS, _ROW = 1, 2, 4, 8, 16

#: Boxes inside boxes beyond this are not told apart; browsers stop at 512.
MAX_DEPTH: Final = 256
#: Of a longer value (a picture in it), the beginning is read.
MAX_VALUE_BYTES: Final = 2000
#: A page states few things of itself; thousands of `<meta>` are an attack.
MAX_SPANS: Final = 500
#: Tags that are read to the end of the page in vain before quotes lose their meaning.
_MAX_UNENDED_TAGS: Final = 16
#: A block of this length is prose even without a full stop.
PROSE_CHARS: Final = 40
#: A link to a place on the page itself that holds no more than signs is left out; more bytes than this are more.
_MAX_SIGN_BYTES: Final = 32
#: html.unescape looks no further for the end of a name.
_MAX_REFERENCE_BYTES: Final = 32


_HASH_FACTOR = np.uint64(0x100000001B3)  # FNV-1a
_HASH_START = np.uint64(0xCBF29CE484222325)
_SLOT_BITS: Final = 13
_N_SLOTS: Final = 1 << _SLOT_BITS


def _hash_of(name: bytes) -> int:
    value = int(_HASH_START)
    for byte in name:
        value = (value ^ byte) * int(_HASH_FACTOR) & (1 << 64) - 1
    return value


# Rows of the attributes that are looked at.
_NAMES_OF_ATTRIBUTES = (
    *("class", "id", "style", "href", "rel", "itemprop"),
    *("type", "role", "hidden", "start", "name", "property"),
)
_CLASS, _ID, _STYLE, _HREF, _REL, _ITEMPROP, _TYPE, _ROLE, _HIDDEN, _START_AT, _NAME, _PROPERTY = range(12)
_N_ATTRIBUTES: Final = 12
_ATTRIBUTE_HASHES = tuple(np.uint64(_hash_of(name.encode())) for name in _NAMES_OF_ATTRIBUTES)

# What the white space before the next character comes to, the stronger ones last: a space; nothing between
# Japanese characters, else a space; a space, as written; the end of a line.
_NO_SPACE, _BLANK, _LINE_END, _SPACE, _LINE_BREAK = range(5)

_PARAGRAPH_TAG, _PRE_TAG, _ORDERED_TAG, _ITEM_TAG = (TAGS.index(name) for name in ("p", "pre", "ol", "li"))
_ARTICLE_TAG, _MAIN_TAG, _SECTION_TAG, _DIALOG_TAG = (
    TAGS.index(name) for name in ("article", "main", "section", "dialog")
)
_TITLE_TAG, _SCRIPT_TAG, _FIRST_HEADING_TAG = (TAGS.index(name) for name in ("title", "script", "h1"))


@kernel
def _lower(byte):  # type: ignore[no-untyped-def]
    return byte | 0x20 if 65 <= byte <= 90 else byte


@kernel
def _is_space(byte):  # type: ignore[no-untyped-def]
    return byte == 32 or 9 <= byte <= 13


@kernel
def _is_letter(byte):  # type: ignore[no-untyped-def]
    return 97 <= (byte | 0x20) <= 122


@kernel
def _is_digit(byte):  # type: ignore[no-untyped-def]
    return 48 <= byte <= 57


@kernel
def _is_heading(tag):  # type: ignore[no-untyped-def]
    return _FIRST_HEADING_TAG <= tag < _FIRST_HEADING_TAG + 6


@kernel
def _look_up(hashes, values, hashed, missing):  # type: ignore[no-untyped-def]
    slot = np.int64(hashed >> np.uint64(64 - _SLOT_BITS))
    while hashes[slot] != 0:
        if hashes[slot] == hashed:
            return values[slot]
        slot = (slot + 1) & (_N_SLOTS - 1)
    return np.int32(missing)


@kernel
def _name_end(data, i):  # type: ignore[no-untyped-def]
    """The hash of the tag's name that starts at i, in lower case, and the byte behind it."""
    hashed = _HASH_START
    while i < len(data):
        byte = data[i]
        if _is_space(byte) or byte == 47 or byte == 62:  # / >
            break
        hashed = (hashed ^ np.uint64(_lower(byte))) * _HASH_FACTOR
        i += 1
    return hashed, i


@kernel
def _read_attributes(data, i, attributes, no_quote, quotes_count):  # type: ignore[no-untyped-def]
    """Fill the spans of the attributes that are looked at; the byte behind the tag's `>`, or -1 if it has none.

    A quote opens a value only behind `=`, and only if it is closed; `no_quote` remembers the quotes that no longer are.
    """
    attributes[:] = -1
    n = len(data)
    while i < n:
        byte = data[i]
        if byte == 62:
            return i + 1
        if _is_space(byte) or byte == 47 or byte == 61:
            i += 1
            continue
        hashed = _HASH_START
        while i < n:
            byte = data[i]
            if _is_space(byte) or byte == 47 or byte == 61 or byte == 62:
                break
            hashed = (hashed ^ np.uint64(_lower(byte))) * _HASH_FACTOR
            i += 1
        row = -1
        for candidate in range(_N_ATTRIBUTES):
            if _ATTRIBUTE_HASHES[candidate] == hashed:
                row = candidate
        after = i
        while i < n and _is_space(data[i]):
            i += 1
        start = end = after
        if i < n and data[i] == 61:
            i += 1
            while i < n and _is_space(data[i]):
                i += 1
            is_quoted = False
            if quotes_count and i < n and (data[i] == 34 or data[i] == 39) and not no_quote[data[i]]:
                quote = data[i]
                close = i + 1
                while close < n and data[close] != quote:
                    close += 1
                if close < n:
                    is_quoted = True
                    start, end = i + 1, close
                    i = close + 1
                else:
                    no_quote[quote] = True
            if not is_quoted:
                start = i
                while i < n and not _is_space(data[i]) and data[i] != 62:
                    i += 1
                end = i
        else:
            i = after
        if row >= 0 and attributes[row, 0] < 0:
            attributes[row, 0] = start
            attributes[row, 1] = end
    return -1


@kernel
def _value_hash(data, start, end):  # type: ignore[no-untyped-def]
    """Hash of a value in lower case, without white space around it."""
    while start < end and _is_space(data[start]):
        start += 1
    while start < end and _is_space(data[end - 1]):
        end -= 1
    hashed = _HASH_START
    for i in range(start, min(end, start + MAX_VALUE_BYTES)):
        hashed = (hashed ^ np.uint64(_lower(data[i]))) * _HASH_FACTOR
    return hashed


@kernel
def _holds(data, start, end, word):  # type: ignore[no-untyped-def]
    """Whether a span holds a word, which is in lower case; -1 is where no span starts."""
    if start < 0:
        return False
    for i in range(start, min(end, start + MAX_VALUE_BYTES) - len(word) + 1):
        j = 0
        while j < len(word) and _lower(data[i + j]) == word[j]:
            j += 1
        if j == len(word):
            return True
    return False


@kernel
def _hides(data, start, end):  # type: ignore[no-untyped-def]
    """Whether a style says `display: none`."""
    end = min(end, start + MAX_VALUE_BYTES)
    i = start
    while i + 11 <= end:
        if data[i] == 100 and _holds(data, i, i + 7, b"display"):
            j = i + 7
            while j < end and _is_space(data[j]):
                j += 1
            if j < end and data[j] == 58:
                j += 1
                while j < end and _is_space(data[j]):
                    j += 1
                if j + 4 <= end and _holds(data, j, j + 4, b"none"):
                    return True
        i += 1
    return False


@kernel
def _words_of(data, start, end, hashes, values):  # type: ignore[no-untyped-def]
    """What a value's words say, as bits.

    A word is a run of letters, and ends before a capital that follows a small letter. Of letters up to `f`, behind
    a digit, or amid a name before one, it is part of a number in hexadecimal (`block-293556b0-ad63`). Two words that
    follow each other, or with one `-` or `_` between them, may be a name together (`entry-content`, `side-bar`).
    """
    said = 0
    end = min(end, start + MAX_VALUE_BYTES)
    word = _HASH_START
    pair = _HASH_START
    in_word = False
    is_whole = True  # the word starts where a name does
    is_hexadecimal = False  # the word may be part of such a number
    before = last = np.uint8(32)
    for i in range(start, end + 1):
        byte = data[i] if i < end else np.uint8(32)
        is_letter = _is_letter(byte)
        if in_word and (not is_letter or (65 <= byte <= 90 and 97 <= last <= 122)):
            found = _look_up(hashes, values, word, 0)
            if is_hexadecimal and (_is_digit(before) or (_is_digit(byte) and not is_whole)):
                found = np.int32(0)
            if found != _POST or (is_whole and _is_space(byte)):
                said |= found
            if pair != word:
                said |= _look_up(hashes, values, pair, 0) & ~_POST
            pair = word
            word = _HASH_START
            in_word = False
        if is_letter:
            if not in_word:
                is_whole = _is_space(last)
                is_hexadecimal = True
                before = last
                if not (_is_letter(last) or last == 45 or last == 95):
                    pair = _HASH_START
            lower = np.uint64(byte | 0x20)
            word = (word ^ lower) * _HASH_FACTOR
            pair = (pair ^ lower) * _HASH_FACTOR
            in_word = True
            if lower > 102:  # f
                is_hexadecimal = False
        elif not (byte == 45 or byte == 95) or last == 45 or last == 95:
            pair = _HASH_START
        last = byte
    return said


@kernel
def _hint_of(data, tag, attributes, word_hashes, word_values, role_hashes, role_values):  # type: ignore[no-untyped-def]
    """A box's HINT."""
    said = 0
    start, end = attributes[_CLASS, 0], attributes[_CLASS, 1]
    is_section = tag == _SECTION_TAG if start < 0 else end - start == 7 and _holds(data, start, end, b"section")
    for column in (_ROLE, _CLASS, _ID, _ITEMPROP):
        start, end = attributes[column, 0], attributes[column, 1]
        if start < 0:
            continue
        if column == _ID and is_section:
            # The anchor of a document's section is its title (`search-and-replace`, `next-steps`).
            said |= _words_of(data, start, end, word_hashes, word_values) & ~(_FRAME | _TOPIC)
            continue
        if column == _ROLE:
            said |= _words_of(data, start, end, role_hashes, role_values)
        elif column != _ITEMPROP:
            said |= _words_of(data, start, end, word_hashes, word_values)
        elif _holds(data, start, end, b"articlebody"):
            said |= _MAIN
    if said & _DIALOG or tag == _DIALOG_TAG:
        return DIALOG_HINT
    if said & _MAIN:
        return MAIN_HINT
    if said & _FRAME:
        return FRAME_HINT
    if said & _COMMENTS:
        return COMMENTS_HINT
    return TOPIC_HINT if said & _TOPIC and not said & _POST else 0


@kernel
def _is_named_main(hint, tag):  # type: ignore[no-untyped-def]
    return hint == MAIN_HINT or tag in (_ARTICLE_TAG, _MAIN_TAG)


@kernel
def _first_name(data, start, end):  # type: ignore[no-untyped-def]
    """A box's NAME, from the span of its class; a span that starts at -1 is none."""
    if start < 0:
        return 0
    while start < end and _is_space(data[start]):
        start += 1
    hashed = _HASH_START
    i = start
    while i < min(end, start + MAX_VALUE_BYTES) and not _is_space(data[i]):
        hashed = (hashed ^ np.uint64(data[i])) * _HASH_FACTOR
        i += 1
    return np.int64(hashed >> np.uint64(33)) if i > start else 0


@kernel
def _put(out, at, point):  # type: ignore[no-untyped-def]
    """Write a code point; the byte behind it."""
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
def _is_wide(point):  # type: ignore[no-untyped-def]
    """Whether no space is written beside the character: kana, kanji, full-width forms and punctuation."""
    return (
        0x3000 <= point <= 0x30FF or 0x3400 <= point <= 0x9FFF or 0xF900 <= point <= 0xFAFF or 0xFF01 <= point <= 0xFF60
    )


@kernel
def _point_of_three(data, i):  # type: ignore[no-untyped-def]
    """The code point of three bytes of UTF-8, 0 if it has another length."""
    if i < 0 or i + 2 >= len(data) or data[i] & 0xF0 != 0xE0:
        return 0
    return (np.int64(data[i]) & 0x0F) << 12 | (np.int64(data[i + 1]) & 0x3F) << 6 | np.int64(data[i + 2]) & 0x3F


@kernel
def _reference(data, i, hashes, values, characters, numbers):  # type: ignore[no-untyped-def]
    """The one or two characters that a reference at `&` means, and the byte behind it; as `html.unescape` has it.

    -1 is no character. Where no reference starts, `&` itself.
    """
    n = len(data)
    if i + 2 < n and data[i + 1] == 35:  # #
        j = i + 2
        base = 10
        if data[j] | 0x20 == 120:
            base = 16
            j += 1
        value = np.int64(0)
        first = j
        while j < n:
            byte = data[j]
            if 48 <= byte <= 57:
                digit = np.int64(byte) - 48
            elif base == 16 and 97 <= (byte | 0x20) <= 102:
                digit = (np.int64(byte) | 0x20) - 87
            else:
                break
            value = min(value * base + digit, np.int64(0x110000))
            j += 1
        if j == first:
            return 38, -1, i + 1
        if j < n and data[j] == 59:
            j += 1
        if value < len(numbers):
            return np.int64(numbers[value]), -1, j
        if 0xD800 <= value <= 0xDFFF or value > 0x10FFFF:
            return 0xFFFD, -1, j
        if 0xFDD0 <= value <= 0xFDEF or value & 0xFFFE == 0xFFFE:
            return -1, -1, j
        return value, -1, j
    hashed = _HASH_START
    best = np.int32(-1)
    behind = i + 1
    for j in range(i + 1, min(n, i + 1 + _MAX_REFERENCE_BYTES)):
        byte = data[j]
        if not (_is_letter(byte) or 48 <= byte <= 57 or byte == 59):
            break
        hashed = (hashed ^ np.uint64(byte)) * _HASH_FACTOR
        found = _look_up(hashes, values, hashed, -1)
        if found >= 0:
            best = found
            behind = j + 1
        if byte == 59:
            break
    if best < 0:
        return 38, -1, i + 1
    second = np.int64(characters[best, 1])
    return np.int64(characters[best, 0]), second if second else -1, behind


@kernel
def _is_sign(point):  # type: ignore[no-untyped-def]
    """Whether a character is no letter, digit or mark of a note: white space, `#`, ¶, §, arrows, figures, a chain."""
    if point < 0x80:
        return not (_is_letter(point) or 48 <= point <= 57 or point == 42)
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


@kernel
def _find_end_of_signs(data, i, hashes, values, characters, numbers):  # type: ignore[no-untyped-def]
    """Where the `</a>` behind a few signs starts; -1 if there is something else before it."""
    stop = min(len(data) - 3, i + _MAX_SIGN_BYTES)
    while i < stop:
        byte = data[i]
        if byte == 60:
            is_end = data[i + 1] == 47 and data[i + 2] | 0x20 == 97
            return i if is_end and (data[i + 3] == 62 or data[i + 3] == 47 or _is_space(data[i + 3])) else -1
        point = np.int64(byte)
        second = -1
        if byte == 38:
            point, second, i = _reference(data, i, hashes, values, characters, numbers)
        elif byte < 0x80:
            i += 1
        elif byte < 0xE0:
            point = (point & 0x1F) << 6 | np.int64(data[i + 1]) & 0x3F
            i += 2
        elif byte < 0xF0:
            point = _point_of_three(data, i)
            i += 3
        else:
            point = (np.int64(data[i + 1]) & 0x3F) << 12 | (np.int64(data[i + 2]) & 0x3F) << 6
            point = (np.int64(byte) & 0x07) << 18 | point | np.int64(data[i + 3]) & 0x3F
            i += 4
        if second >= 0 or (point >= 0 and not _is_sign(point)):
            return -1
    return -1


@kernel
def _ends_sentence(text, start, end):  # type: ignore[no-untyped-def]
    """Whether a block has the mark of a sentence: 。．！？!?, a full stop or comma before a space, a full stop last."""
    for i in range(start, end):
        byte = text[i]
        if byte == 33 or byte == 63:
            return True
        if (byte == 46 or byte == 44) and i + 1 < end and text[i + 1] == 32:
            return True
        if byte == 46 and i + 1 == end:
            return True
        if byte >= 0xE3 and i + 2 < end:
            point = _point_of_three(text, i)
            if point == 0x3002 or point == 0xFF0E or point == 0xFF01 or point == 0xFF1F:
                return True
    return False


@kernel
def _find_border(data, i, name):  # type: ignore[no-untyped-def]
    """From i on, the next start or end tag of a name given by its hash: where it starts, and whether it is an end."""
    n = len(data)
    while i + 1 < n:
        if data[i] == 60:
            is_end = data[i + 1] == 47
            first = i + 2 if is_end else i + 1
            if first < n and _is_letter(data[first]):
                hashed, behind = _name_end(data, first)
                if hashed == name and behind < n:
                    return i, is_end
                i = first  # a `<` in a long name starts a tag too
                continue
        i += 1
    return -1, False


@kernel
def _find_raw_end(data, i, length, name):  # type: ignore[no-untyped-def]
    """The same for the end tag of an element whose content is no markup, its name of that length."""
    n = len(data)
    while i + 2 + length < n:
        if data[i] == 60 and data[i + 1] == 47:
            hashed = _HASH_START
            for j in range(i + 2, i + 2 + length):
                hashed = (hashed ^ np.uint64(_lower(data[j]))) * _HASH_FACTOR
            behind = data[i + 2 + length]
            if hashed == name and (_is_space(behind) or behind == 47 or behind == 62):
                return i
        i += 1
    return -1


@kernel
def _find_reading_end(data, i):  # type: ignore[no-untyped-def]
    """From i on, the next tag of `rt`, `rp`, `rb`, `rtc` or `ruby`; -1 if there is none."""
    n = len(data)
    while i + 3 < n:
        if data[i] == 60:
            j = i + 2 if data[i + 1] == 47 else i + 1
            if data[j] | 0x20 == 114:
                length = 0
                while j + length < n and length < 5 and _is_letter(data[j + length]):
                    length += 1
                second = _lower(data[j + 1])
                if (
                    (length == 2 and (second == 116 or second == 112 or second == 98))
                    or (length == 3 and second == 116 and _lower(data[j + 2]) == 99)
                    or (length == 4 and second == 117 and _lower(data[j + 2]) == 98 and _lower(data[j + 3]) == 121)
                ):
                    return i
        i += 1
    return -1


@kernel
def _find_byte(data, i, byte):  # type: ignore[no-untyped-def]
    while i < len(data):
        if data[i] == byte:
            return i
        i += 1
    return -1


# What is open while the page is read, and where its text has come to.
_AT, _BLOCK_START, _BLOCK_CHARS, _BLOCK_LINK_CHARS, _PENDING, _N_BLOCKS, _N_BOXES, _N_SPANS, _DEPTH, _TOO_DEEP = range(
    10
)
_N_LINKS, _HIDDEN_BOX, _HIDDEN_INLINE, _UNENDED = range(10, 14)
_N_STATES: Final = 14


@kernel
def _end_space(out, state, point):  # type: ignore[no-untyped-def]
    """Write what the white space before a character comes to; 1 if it is a character, else 0."""
    pending = state[_PENDING]
    state[_PENDING] = _NO_SPACE
    at = state[_AT]
    if pending == _NO_SPACE or at == state[_BLOCK_START]:
        return 0
    if pending == _LINE_END and _is_wide(point) and _is_wide(_point_of_three(out, at - 3)):
        return 0
    out[at] = 10 if pending == _LINE_BREAK else 32
    state[_AT] = at + 1
    return 1


@kernel
def _is_break_hint(point):  # type: ignore[no-untyped-def]
    """Whether a character only says where a line may end: soft hyphen, space of no width, word joiner."""
    return point == 0xAD or point == 0x200B or point == 0x2060


@kernel
def _show(out, state, point, is_pre):  # type: ignore[no-untyped-def]
    """Write a character that a reference stands for."""
    if point < 0 or (is_pre and point == 13) or _is_break_hint(point):
        return
    if not is_pre:
        if point == 32 or point == 9 or point == 13:
            state[_PENDING] = max(state[_PENDING], _BLANK)
            return
        if point == 10:
            state[_PENDING] = max(state[_PENDING], _LINE_END)
            return
        if point == 0xA0 or point == 11 or point == 12:
            state[_PENDING] = max(state[_PENDING], _SPACE)
            return
        n_chars = 1 + _end_space(out, state, point)
    else:
        n_chars = 1
    state[_AT] = _put(out, state[_AT], point)
    state[_BLOCK_CHARS] += n_chars
    if state[_N_LINKS]:
        state[_BLOCK_LINK_CHARS] += n_chars


@kernel
def _show_run(data, i, out, state, is_pre):  # type: ignore[no-untyped-def]
    """Write the text from i on as far as the next tag or reference; the byte behind it."""
    n = len(data)
    at = state[_AT]
    n_chars = 0
    while i < n:
        byte = data[i]
        if byte == 60 or byte == 38:
            break
        if (byte == 0xC2 and data[i + 1] == 0xAD) or (byte == 0xE2 and _is_break_hint(_point_of_three(data, i))):
            i += 2 if byte == 0xC2 else 3
            continue
        if is_pre:
            if byte != 13:
                out[at] = byte
                at += 1
                n_chars += byte & 0xC0 != 0x80
            i += 1
            continue
        if byte <= 32 and (byte == 32 or 9 <= byte <= 13):
            kind = _LINE_END if byte == 10 else _SPACE if byte == 11 or byte == 12 else _BLANK
            state[_PENDING] = max(state[_PENDING], kind)
            i += 1
            continue
        if byte == 0xC2 and data[i + 1] == 0xA0:
            state[_PENDING] = max(state[_PENDING], _SPACE)
            i += 2
            continue
        if state[_PENDING] != _NO_SPACE:
            state[_AT] = at
            n_chars += _end_space(out, state, _point_of_three(data, i))
            at = state[_AT]
        out[at] = byte
        at += 1
        n_chars += 1
        i += 1
        while i < n and data[i] & 0xC0 == 0x80:
            out[at] = data[i]
            at += 1
            i += 1
    state[_AT] = at
    state[_BLOCK_CHARS] += n_chars
    if state[_N_LINKS]:
        state[_BLOCK_LINK_CHARS] += n_chars
    return i


@kernel
def _close_block(out, state, blocks, boxes, box, is_pre):  # type: ignore[no-untyped-def]
    """End the block, and begin one behind it."""
    start, end = state[_BLOCK_START], state[_AT]
    n_chars, link_chars = state[_BLOCK_CHARS], state[_BLOCK_LINK_CHARS]
    state[_BLOCK_CHARS] = state[_BLOCK_LINK_CHARS] = 0
    state[_PENDING] = _NO_SPACE
    if is_pre:
        is_blank = True
        for i in range(start, end):
            if not _is_space(out[i]):
                is_blank = False
                break
        if is_blank:
            end = start
        while start < end and out[start] == 10:
            start += 1
            n_chars -= 1
        while start < end and out[end - 1] == 10:
            end -= 1
            n_chars -= 1
    state[_AT] = state[_BLOCK_START] = end
    if start == end:
        return
    link_chars = min(link_chars, n_chars)
    prose = n_chars if is_pre else n_chars - link_chars
    if not is_pre and prose < PROSE_CHARS and not _ends_sentence(out, start, end):
        prose = 0
    row = blocks[state[_N_BLOCKS]]
    row[START] = start
    row[END] = end
    row[CHARS] = n_chars
    row[LINK_CHARS] = link_chars
    row[BLOCK_PROSE] = prose
    row[BOX] = box
    boxes[box, PROSE] += prose
    state[_N_BLOCKS] += 1


@kernel
def _leave(state, stack, links):  # type: ignore[no-untyped-def]
    """The innermost box closes."""
    box = stack[state[_DEPTH]]
    state[_DEPTH] -= 1
    state[_HIDDEN_INLINE] = 0
    while state[_N_LINKS] and links[state[_N_LINKS] - 1] == box:
        state[_N_LINKS] -= 1
    if state[_HIDDEN_BOX] == box:
        state[_HIDDEN_BOX] = -1


@kernel
def _end_nearest(state, stack, names, boxes, links, does, name, like, borders):  # type: ignore[no-untyped-def]
    """End the nearest open box of a name (if `like` is set, of its like) with all in it, unless a border is between."""
    depth = state[_DEPTH]
    while depth:
        tag = boxes[stack[depth], TAG]
        if names[depth] == name if like == 0 else does[tag, 2] == like:
            break
        if does[tag, 3] & borders:
            return
        depth -= 1
    if depth:
        while state[_DEPTH] >= depth:
            _leave(state, stack, links)


@kernel
def _stated_number(data, start, end):  # type: ignore[no-untyped-def]
    """The number that an attribute states, 1 if it states none."""
    value = np.int64(0)
    for i in range(start, min(end, start + 6)):
        if not 48 <= data[i] <= 57:
            return 1
        value = value * 10 + np.int64(data[i]) - 48
    return value if end > start else 1


@kernel
def _read(  # type: ignore[no-untyped-def]
    data,
    hides,
    does,
    tag_hashes,
    tag_values,
    word_hashes,
    word_values,
    role_hashes,
    role_values,
    meta_hashes,
    meta_values,
    reference_hashes,
    reference_values,
    characters,
    numbers,
):
    """Text, blocks, boxes and spans of a page; see `Markup`."""
    n = len(data)
    n_starts = 0
    for i in range(n):
        n_starts += data[i] == 60
    out = np.empty(n + n // 4 + 16, np.uint8)  # a reference of five bytes may stand for six
    blocks = np.empty((n_starts + 1, BLOCK_COLUMNS), np.int32)
    boxes = np.empty((n_starts + 1, BOX_COLUMNS), np.int32)
    spans = np.empty((min(n_starts, MAX_SPANS), 3), np.int32)
    attributes = np.empty((_N_ATTRIBUTES, 2), np.int64)
    stack = np.empty(MAX_DEPTH + 2, np.int64)
    names = np.empty(MAX_DEPTH + 2, np.uint64)
    links = np.empty(MAX_DEPTH + 3, np.int64)
    no_quote = np.zeros(64, np.bool_)
    is_endless = np.zeros(len(does), np.bool_)
    state = np.zeros(_N_STATES, np.int64)
    no_comment_end = False
    has_title = False

    boxes[0] = 0
    boxes[0, PARENT] = -1
    stack[0] = 0
    names[0] = 0
    state[_N_BOXES] = 1
    state[_HIDDEN_BOX] = -1
    box = 0
    is_pre = False
    i = 0
    while i < n:
        if data[i] != 60:
            if state[_HIDDEN_BOX] >= 0 or state[_HIDDEN_INLINE]:
                i = _find_byte(data, i, 60)
                if i < 0:
                    break
            elif data[i] == 38:
                first, second, i = _reference(data, i, reference_hashes, reference_values, characters, numbers)
                _show(out, state, first, is_pre)
                if second >= 0:
                    _show(out, state, second, is_pre)
            else:
                i = _show_run(data, i, out, state, is_pre)
            continue
        following = data[i + 1] if i + 1 < n else np.uint8(0)
        is_end = following == 47
        first_letter = i + 2 if is_end else i + 1
        if first_letter >= n or not _is_letter(data[first_letter]):
            if not (is_end or following == 33 or following == 63):
                if not (state[_HIDDEN_BOX] >= 0 or state[_HIDDEN_INLINE]):
                    _show(out, state, 60, is_pre)
                i += 1
                continue
            if following == 33 and not no_comment_end and i + 3 < n and data[i + 2] == 45 and data[i + 3] == 45:
                j = i + 2
                while j + 2 < n and not (data[j] == 45 and data[j + 1] == 45 and data[j + 2] == 62):
                    j += 1
                if j + 2 < n:
                    i = j + 3
                    continue
                no_comment_end = True
            i = _find_byte(data, i, 62) + 1
            if i == 0:
                break
            continue

        name, name_end = _name_end(data, first_letter)
        tag = _look_up(tag_hashes, tag_values, name, 0)
        kind = does[tag, 0]
        behind = _read_attributes(data, name_end, attributes, no_quote, state[_UNENDED] < _MAX_UNENDED_TAGS)
        if behind < 0:
            state[_UNENDED] += 1
            behind = _read_attributes(data, name_end, attributes, no_quote, False)
            if behind < 0:
                break
        if kind >= _RAW:
            i = behind
            if is_end or is_endless[tag]:
                continue
            if kind == _RAW:
                border = _find_raw_end(data, behind, name_end - first_letter, name)
                border_is_end = True
            elif kind == _SKIPPED:
                border, border_is_end = _find_border(data, behind, name)
            else:
                border, border_is_end = _find_reading_end(data, behind), True
            if border < 0:
                is_endless[tag] = True
                continue
            if not border_is_end:
                continue
            if kind == _READING:
                i = border
                continue
            i = _find_byte(data, border, 62) + 1
            if state[_N_SPANS] < len(spans):
                span = -1
                if tag == _TITLE_TAG and not has_title:
                    span = _TITLE
                    has_title = True
                elif tag == _SCRIPT_TAG and _holds(data, attributes[_TYPE, 0], attributes[_TYPE, 1], b"ld+json"):
                    span = _JSON_LD
                if span >= 0:
                    spans[state[_N_SPANS], _SPAN_KIND] = span
                    spans[state[_N_SPANS], _SPAN_START] = behind
                    spans[state[_N_SPANS], _SPAN_END] = border
                    state[_N_SPANS] += 1
            if i == 0:
                break
            continue
        i = behind
        if not is_end and state[_N_SPANS] < len(spans):
            states_something = False
            if kind == _META:
                for column in (_NAME, _PROPERTY, _ITEMPROP):
                    if attributes[column, 0] >= 0:
                        value = _value_hash(data, attributes[column, 0], attributes[column, 1])
                        states_something |= _look_up(meta_hashes, meta_values, value, 0) > 0
            if not states_something and attributes[_REL, 0] >= 0:
                states_something = _holds(data, attributes[_REL, 0], attributes[_REL, 1], b"license")
            if not states_something and attributes[_ITEMPROP, 0] >= 0:
                states_something = _holds(data, attributes[_ITEMPROP, 0], attributes[_ITEMPROP, 1], b"datepublished")
            if states_something:
                spans[state[_N_SPANS], _SPAN_KIND] = _STATED
                spans[state[_N_SPANS], _SPAN_START] = name_end
                spans[state[_N_SPANS], _SPAN_END] = behind - 1
                state[_N_SPANS] += 1
        if kind <= _META:
            continue
        if kind == _INLINE:
            if is_end:
                if state[_HIDDEN_INLINE] == tag:
                    state[_HIDDEN_INLINE] = 0
            elif hides and state[_HIDDEN_INLINE] == 0:
                is_hidden = attributes[_HIDDEN, 0] >= 0
                if attributes[_STYLE, 0] >= 0 and _hides(data, attributes[_STYLE, 0], attributes[_STYLE, 1]):
                    is_hidden = True
                if is_hidden:
                    state[_HIDDEN_INLINE] = tag
        elif kind == _LINK:
            if is_end:
                state[_N_LINKS] = max(0, state[_N_LINKS] - 1)
            elif attributes[_HREF, 0] >= 0:
                # Links in links are links (cards with labels), but not beside each other: one was left open.
                if state[_N_LINKS] and links[state[_N_LINKS] - 1] == box:
                    state[_N_LINKS] -= 1
                links[state[_N_LINKS]] = box
                state[_N_LINKS] += 1
                href = attributes[_HREF, 0]
                if not is_pre and href < attributes[_HREF, 1] and data[href] == 35:
                    # A heading's link to itself, a note's way back, the way to the top of the page; in listings,
                    # operators link to where they are defined.
                    border = _find_end_of_signs(data, i, reference_hashes, reference_values, characters, numbers)
                    i = border if border >= 0 else i
        elif kind == _BREAK:
            if not (state[_HIDDEN_BOX] >= 0 or state[_HIDDEN_INLINE]):
                if is_pre:
                    _show(out, state, 10, is_pre)
                else:
                    state[_PENDING] = _LINE_BREAK
        else:
            _close_block(out, state, blocks, boxes, box, is_pre)
            if kind == _RULE:
                continue
            if is_end:
                if state[_TOO_DEEP]:
                    state[_TOO_DEEP] -= 1
                else:
                    _end_nearest(state, stack, names, boxes, links, does, name, 0, does[tag, 4])
            else:
                open_tag = boxes[box, TAG]
                if does[tag, 1] and (open_tag == _PARAGRAPH_TAG or (_is_heading(tag) and _is_heading(open_tag))):
                    _leave(state, stack, links)
                elif does[tag, 2]:
                    _end_nearest(state, stack, names, boxes, links, does, name, does[tag, 2], does[tag, 4])
                if state[_DEPTH] == MAX_DEPTH:
                    state[_TOO_DEEP] += 1
                else:
                    parent = stack[state[_DEPTH]]
                    box = state[_N_BOXES]
                    row = boxes[box]
                    row[TAG] = tag
                    row[PARENT] = parent
                    row[HINT] = _hint_of(data, tag, attributes, word_hashes, word_values, role_hashes, role_values)
                    row[PROSE] = 0
                    row[ORDINAL] = 0
                    row[NAME] = _first_name(data, attributes[_CLASS, 0], attributes[_CLASS, 1])
                    if tag == _ORDERED_TAG:
                        row[ORDINAL] = _stated_number(data, attributes[_START_AT, 0], attributes[_START_AT, 1]) - 1
                    elif tag == _ITEM_TAG and boxes[parent, TAG] == _ORDERED_TAG:
                        boxes[parent, ORDINAL] += 1
                        row[ORDINAL] = boxes[parent, ORDINAL]
                    state[_N_BOXES] += 1
                    state[_DEPTH] += 1
                    stack[state[_DEPTH]] = box
                    names[state[_DEPTH]] = name
                    if hides and state[_HIDDEN_BOX] < 0:
                        is_hidden = attributes[_HIDDEN, 0] >= 0
                        if attributes[_STYLE, 0] >= 0 and _hides(data, attributes[_STYLE, 0], attributes[_STYLE, 1]):
                            is_hidden = True
                        # A text that is for subscribers, or waits for its script, is the page's text still.
                        if is_hidden and not _is_named_main(row[HINT], tag):
                            state[_HIDDEN_BOX] = box
            box = stack[state[_DEPTH]]
            parent = boxes[box, PARENT]
            is_pre = boxes[box, TAG] == _PRE_TAG or (parent >= 0 and boxes[parent, TAG] == _PRE_TAG)
    _close_block(out, state, blocks, boxes, box, is_pre)
    n_boxes = state[_N_BOXES]
    for i in range(n_boxes - 1, 0, -1):
        boxes[boxes[i, PARENT], PROSE] += boxes[i, PROSE]
    return (
        out[: state[_AT]].copy(),
        blocks[: state[_N_BLOCKS]].copy(),
        boxes[:n_boxes].copy(),
        spans[: state[_N_SPANS]].copy(),
    )


# --- choosing ---

_CELL_TAGS = (TAGS.index("td"), TAGS.index("th"))
#: Tables and lists of terms have names such as `header` and `date` too, for data.
_DATA_TAGS = tuple(TAGS.index(name) for name in ("table", "thead", "tbody", "tfoot", "tr", "td", "th", "dt", "dd"))
_HEADER_TAG = TAGS.index("header")
_FRAME_TAGS = tuple(TAGS.index(name) for name in ("nav", "aside", "footer"))
#: An element is frame as long as it holds less than this share of the page's prose: one with a frame's name, with
#: the name of what is often frame, with both a frame's tag and name, with the role of a dialog.
_NAMED_FRAME_SHARE = 0.5
_NAMED_TOPIC_SHARE = 0.3
_TWICE_NAMED_SHARE = 0.8
_DIALOG_SHARE = 0.95
#: A text that is named main text, and holds this share of the prose, is in no frame by name.
_LEAST_NAMED_MAIN_SHARE = 0.3
#: Comments are apart if the page has this much prose beside them, in characters or by share.
_LEAST_PROSE_BESIDE_COMMENTS = 300
_LEAST_SHARE_BESIDE_COMMENTS = 0.3
#: A child is gone down into if it holds at least this share of its parent's prose, or is or holds a text named main
#: text of half of it. Measured on news pages: from 0.85 on, side columns come along; down to 0.7 nothing changes.
_MAIN_SHARE = 0.8
_NAMED_MAIN_SHARE = 0.5
#: Nor if its parent has text of its own, by share or in characters: a law's preamble and supplementary provisions
#: beside a long article, slides between listings. Down to 0.05 frames of foreign pages come along.
_LEAST_OWN_SHARE = 0.1
_LEAST_OWN_CHARS = 300
#: Siblings of the same name that hold this share of the prose are text as well if none holds that share of links: a
#: name of text and menus alike (`row`, `container`) is one of layout.
_LEAST_LIKE_SHARE = 0.05
_MAX_LIKE_LINK_SHARE = 0.2
#: A line of announced links is shorter than twice this; longer is text that begins so.
ANNOUNCED_CHARS: Final = 75
#: Longest cell that shares a line, in characters.
_CELL_CHARS: Final = 80
#: Line end, ten digits, full stop and space.
_MAX_NUMBER_BYTES: Final = 13


@kernel
def _headlines(blocks, boxes):  # type: ignore[no-untyped-def]
    """Rows of the blocks in `<h1>` and `<h2>`."""
    rows = np.empty(len(blocks), np.int64)
    n = 0
    for i in range(len(blocks)):
        tag = boxes[blocks[i, BOX], TAG]
        if tag == _FIRST_HEADING_TAG or tag == _FIRST_HEADING_TAG + 1:
            rows[n] = i
            n += 1
    return rows[:n]


@kernel
def _set_comments_apart(boxes, is_named):  # type: ignore[no-untyped-def]
    """Which boxes readers wrote, and the prose of the page without them."""
    n = len(boxes)
    is_comments = np.zeros(n, np.bool_)
    comments = 0
    for i in range(1, n):
        parent = boxes[i, PARENT]
        is_comments[i] = is_comments[parent]
        if boxes[i, HINT] == COMMENTS_HINT and not is_comments[parent] and is_named[boxes[i, TAG]]:
            is_comments[i] = True
            comments += boxes[i, PROSE]
    # Where little else is left, what is called comments is what the page is about.
    page = boxes[0, PROSE] - comments
    if page < _LEAST_PROSE_BESIDE_COMMENTS and page < _LEAST_SHARE_BESIDE_COMMENTS * boxes[0, PROSE]:
        is_comments[:] = False
        page = boxes[0, PROSE]
    return is_comments, page


@kernel
def _holds_named_main(boxes, is_comments, page):  # type: ignore[no-untyped-def]
    """Which boxes are around the largest text that is named main text, if it is large and in no dialog."""
    holds = np.zeros(len(boxes), np.bool_)
    is_dialog = np.zeros(len(boxes), np.bool_)
    named = -1
    for i in range(1, len(boxes)):
        is_dialog[i] = is_dialog[boxes[i, PARENT]] or boxes[i, HINT] == DIALOG_HINT
        is_larger = named < 0 or boxes[i, PROSE] > boxes[named, PROSE]
        if boxes[i, HINT] == MAIN_HINT and is_larger and not is_comments[i] and not is_dialog[i]:
            named = i
    if named > 0 and boxes[named, PROSE] >= _LEAST_NAMED_MAIN_SHARE * page:
        while named > 0:
            named = boxes[named, PARENT]
            holds[named] = True
    return holds


# Of each box, in characters: prose, prose in no frame, of this what is in no box of its own (loose text, paragraphs,
# lists), all text, text in links.
_ALL_PROSE, _CONTENT, _OWN, _ALL, _LINKED = range(5)


@kernel
def _find_frames(blocks, boxes, is_comments, page, frame_share, never_main, is_named):  # type: ignore[no-untyped-def]
    """Which boxes are frame, sums over each, its child with the most content, and its own last block of prose."""
    n = len(boxes)
    holds_named_main = _holds_named_main(boxes, is_comments, page)
    is_frame = np.zeros(n, np.bool_)
    sums = np.zeros((n, 5), np.int64)
    best = np.full(n, -1, np.int64)
    last = np.full(n, -1, np.int64)
    for i in range(len(blocks)):
        box = blocks[i, BOX]
        sums[box, _ALL] += blocks[i, CHARS]
        sums[box, _LINKED] += blocks[i, LINK_CHARS]
        if blocks[i, BLOCK_PROSE] and not is_comments[box]:
            last[box] = i
            for column in (_ALL_PROSE, _CONTENT, _OWN):
                sums[box, column] += blocks[i, BLOCK_PROSE]
    for i in range(n - 1, 0, -1):
        tag = boxes[i, TAG]
        parent = boxes[i, PARENT]
        share = frame_share[tag]
        hint = boxes[i, HINT] if is_named[tag] else 0
        if holds_named_main[i]:
            share = 0.0
        elif hint == DIALOG_HINT:
            share = _DIALOG_SHARE
        elif hint == TOPIC_HINT and tag not in _DATA_TAGS:
            share = max(share, _NAMED_TOPIC_SHARE)
        elif hint in (FRAME_HINT, COMMENTS_HINT) and tag != _HEADER_TAG:
            # A form is named like a frame for being one; that is no second hint.
            share = max(share, _TWICE_NAMED_SHARE if tag in _FRAME_TAGS else _NAMED_FRAME_SHARE)
        is_frame[i] = is_comments[i] or sums[i, _ALL_PROSE] < share * page
        for column in (_ALL_PROSE, _ALL, _LINKED):
            sums[parent, column] += sums[i, column]
        if not is_frame[i]:
            sums[parent, _CONTENT] += sums[i, _CONTENT]
            if never_main[tag]:
                sums[parent, _OWN] += sums[i, _CONTENT]
            elif best[parent] < 0 or sums[i, _CONTENT] >= sums[best[parent], _CONTENT]:
                best[parent] = i
    return is_frame, sums, best, last


@kernel
def _is_paragraph(blocks, sums, last, box):  # type: ignore[no-untyped-def]
    """Whether all the content of a box is one block of its own."""
    return last[box] >= 0 and blocks[last[box], BLOCK_PROSE] == sums[box, _CONTENT]


@kernel
def _is_like(boxes, box, other):  # type: ignore[no-untyped-def]
    """Whether two boxes are siblings of the same tag and name, or both named main text.

    So are a text and its rest behind "read more". Articles without a name are articles still.
    """
    is_named = boxes[box, NAME] == boxes[other, NAME] and (boxes[box, NAME] != 0 or boxes[box, TAG] == _ARTICLE_TAG)
    is_named |= boxes[box, HINT] == MAIN_HINT == boxes[other, HINT]
    is_sibling = boxes[box, PARENT] == boxes[other, PARENT] and box != other
    return is_sibling and is_named and boxes[box, TAG] == boxes[other, TAG]


@kernel
def _are_paragraphs(blocks, boxes, is_frame, sums, last, child):  # type: ignore[no-untyped-def]
    """Whether siblings like a box are paragraphs of what is around them."""
    parent = boxes[child, PARENT]
    in_paragraphs = 0
    for i in range(parent + 1, len(boxes)):
        if _is_like(boxes, i, child) and not is_frame[i] and _is_paragraph(blocks, sums, last, i):
            in_paragraphs += sums[i, _CONTENT]
    return in_paragraphs > _LEAST_LIKE_SHARE * sums[parent, _CONTENT]


@kernel
def _text_in(text, blocks, boxes, box):  # type: ignore[no-untyped-def]
    """The text of a box and of all in it: of the boxes that open before it closes, which follow it."""
    behind = box + 1
    while behind < len(boxes) and boxes[behind, PARENT] >= box:
        behind += 1
    start = end = 0
    for i in range(len(blocks)):
        if box <= blocks[i, BOX] < behind:
            start = blocks[i, START] if end == 0 else start
            end = blocks[i, END]
    return text[start:end]


@kernel
def _join_siblings(text, blocks, boxes, is_frame, sums, child, is_inside):  # type: ignore[no-untyped-def]
    """Take large siblings like a box for text as well, unless one is frame or holds links."""
    parent = boxes[child, PARENT]
    for i in range(parent + 1, len(boxes)):
        holds_links = sums[i, _LINKED] >= _MAX_LIKE_LINK_SHARE * sums[i, _ALL]
        if sums[i, _ALL] and (is_frame[i] or holds_links) and _is_like(boxes, i, child):
            return
    for i in range(parent + 1, len(boxes)):
        if sums[i, _CONTENT] > _LEAST_LIKE_SHARE * sums[parent, _CONTENT] and _is_like(boxes, i, child):
            # The same text once more, for small screens, is no other one.
            is_inside[i] = sums[i, _ALL] != sums[child, _ALL] or not np.array_equal(
                _text_in(text, blocks, boxes, i), _text_in(text, blocks, boxes, child)
            )


@kernel
def _find_main(text, blocks, boxes, is_frame, sums, best, last):  # type: ignore[no-untyped-def]
    """Which boxes are in the main container, or beside it and like it, and in no frame."""
    n = len(boxes)
    is_inside = np.zeros(n, np.bool_)
    # The most content of a box that is named main text, the box itself among those in it.
    named = np.zeros(n, np.int64)
    for i in range(n - 1, 0, -1):
        if _is_named_main(boxes[i, HINT], boxes[i, TAG]):
            named[i] = max(named[i], sums[i, _CONTENT])
        if not is_frame[i]:
            named[boxes[i, PARENT]] = max(named[boxes[i, PARENT]], named[i])
    main = 0
    while best[main] >= 0:
        child = best[main]
        content = sums[main, _CONTENT]
        is_named_main = named[child] >= _NAMED_MAIN_SHARE * content
        least = 0 if is_named_main else _MAIN_SHARE
        if sums[child, _CONTENT] == 0 or sums[child, _CONTENT] < least * content:
            break
        # A paragraph is no container, whatever its tag; lines parted by `<br>` are more than one.
        is_one_of_several = (
            _is_paragraph(blocks, sums, last, child)
            and sums[child, _CONTENT] < content
            and _find_byte(text[: blocks[last[child], END]], blocks[last[child], START], 10) < 0
        )
        has_own = sums[main, _OWN] > min(_LEAST_OWN_SHARE * content, _LEAST_OWN_CHARS)
        if not is_named_main and (is_one_of_several or has_own):
            break
        if _are_paragraphs(blocks, boxes, is_frame, sums, last, child):
            break
        _join_siblings(text, blocks, boxes, is_frame, sums, child, is_inside)
        main = child
    is_inside[main] = True
    for i in range(1, n):
        is_inside[i] |= is_inside[boxes[i, PARENT]] and not is_frame[i]
    return is_inside


@kernel
def _choose(text, blocks, boxes, frame_share, never_main, is_named):  # type: ignore[no-untyped-def]
    """Rows of leads, of blocks that are in the main container and in no frame, and of those that readers wrote.

    And the characters of the page, and those inside links.
    """
    is_comments, page = _set_comments_apart(boxes, is_named)
    is_frame, sums, best, last = _find_frames(blocks, boxes, is_comments, page, frame_share, never_main, is_named)
    is_inside = _find_main(text, blocks, boxes, is_frame, sums, best, last)
    is_outside = is_comments.copy()  # of the lead: in a frame that is none of a headline's
    for i in range(1, len(boxes)):
        is_headline = boxes[i, TAG] == _HEADER_TAG or boxes[i, HINT] == TOPIC_HINT
        is_outside[i] |= is_outside[boxes[i, PARENT]] or (is_frame[i] and not is_headline)
    rows = np.empty(len(blocks), np.int64)
    leads = np.empty(len(blocks), np.int64)
    comment_rows = np.empty(len(blocks), np.int64)
    n_rows = n_leads = n_comment_rows = 0
    # The lead stands between the headline and the main text, often in a container of its own.
    heading = len(blocks)
    for i in range(len(blocks)):
        if is_inside[blocks[i, BOX]]:
            break
        if boxes[blocks[i, BOX], TAG] == _FIRST_HEADING_TAG:
            heading = i
    for i in range(len(blocks)):
        box = blocks[i, BOX]
        if is_inside[box]:
            rows[n_rows] = i
            n_rows += 1
        elif heading < i and not n_rows and blocks[i, BLOCK_PROSE] >= PROSE_CHARS and not is_outside[box]:
            leads[n_leads] = i
            n_leads += 1
        elif is_comments[box]:
            comment_rows[n_comment_rows] = i
            n_comment_rows += 1
    n_chars, link_chars = sums[0, _ALL], sums[0, _LINKED]
    return leads[:n_leads].copy(), rows[:n_rows].copy(), comment_rows[:n_comment_rows].copy(), n_chars, link_chars


@kernel
def _number(blocks, boxes, rows):  # type: ignore[no-untyped-def]
    """Of each row that is the first of an item in an ordered list, the item's number; else 0."""
    numbers = np.zeros(len(rows), np.int32)
    last = -1
    for i in range(len(rows)):
        item = blocks[rows[i], BOX]
        if boxes[item, TAG] != _ITEM_TAG:
            item = boxes[item, PARENT]
        if item >= 0 and item != last and boxes[item, TAG] == _ITEM_TAG:
            numbers[i] = boxes[item, ORDINAL]
        last = item
    return numbers


@kernel
def _n_digits(number):  # type: ignore[no-untyped-def]
    n = 1
    while number >= 10:
        number //= 10
        n += 1
    return n


@kernel
def _size(blocks, row, number):  # type: ignore[no-untyped-def]
    """Characters of a block and of the number before it."""
    return blocks[row, CHARS] + (_n_digits(number) + 2 if number else 0)


@kernel
def _sort(blocks, boxes, rows, numbers, is_flow, is_item):  # type: ignore[no-untyped-def]
    """Which rows stay as far as their text does not matter, and the places of the first and the last prose.

    Between, those of which the text does: place, number, first byte, byte behind the last, tag, characters in links,
    and whether it is a link that goes unless its text says more.
    """
    n = len(rows)
    first, last = n, -1
    for i in range(n):
        if blocks[rows[i], BLOCK_PROSE]:
            first = min(first, i)
            last = i
    is_kept = np.ones(n, np.bool_)
    asked = np.empty((n, 7), np.int64)
    n_asked = 0
    for i in range(n):
        row = rows[i]
        tag = boxes[blocks[row, BOX], TAG]
        link_chars = blocks[row, LINK_CHARS]
        size = _size(blocks, row, numbers[i])
        stays = i >= first and (is_item[tag] if i > last else is_flow[tag])
        goes = link_chars > 0.8 * size and not stays
        if goes and not _is_heading(tag):
            is_kept[i] = False
        elif i < first or i > last or _is_heading(tag) or size < 2 * min(link_chars, ANNOUNCED_CHARS):
            asked[n_asked, 0] = i
            asked[n_asked, 1] = numbers[i]
            asked[n_asked, 2] = blocks[row, START]
            asked[n_asked, 3] = blocks[row, END]
            asked[n_asked, 4] = tag
            asked[n_asked, 5] = link_chars
            asked[n_asked, 6] = goes
            n_asked += 1
    return is_kept, asked[:n_asked], first, last


@kernel
def _section(blocks, boxes, rows, numbers, start):  # type: ignore[no-untyped-def]
    """Of the heading at a place: the place of the next one of its level or above, characters as far, and in links."""
    level = boxes[blocks[rows[start], BOX], TAG]
    size = link_chars = 0
    end = start
    while end < len(rows):
        tag = boxes[blocks[rows[end], BOX], TAG]
        if end > start and _is_heading(tag) and tag <= level:
            break
        size += _size(blocks, rows[end], numbers[end])
        link_chars += blocks[rows[end], LINK_CHARS]
        end += 1
    return end, size, link_chars


@kernel
def _write(text, blocks, boxes, rows, numbers):  # type: ignore[no-untyped-def]
    """Blocks as lines of UTF-8; short cells of one table row share a line."""
    size = 0
    for row in rows:
        size += blocks[row, END] - blocks[row, START] + _MAX_NUMBER_BYTES
    out = np.empty(size, np.uint8)
    at = 0
    for i in range(len(rows)):
        row = rows[i]
        box = blocks[row, BOX]
        if i:
            before = rows[i - 1]
            is_beside = (
                boxes[box, TAG] in _CELL_TAGS
                and boxes[blocks[before, BOX], TAG] in _CELL_TAGS
                and boxes[box, PARENT] == boxes[blocks[before, BOX], PARENT]
                and _size(blocks, row, numbers[i]) <= _CELL_CHARS
                and _size(blocks, before, numbers[i - 1]) <= _CELL_CHARS
            )
            out[at] = 9 if is_beside else 10
            at += 1
        number = numbers[i]
        if number:
            digits = _n_digits(number)
            for place in range(digits - 1, -1, -1):
                out[at + place] = 48 + number % 10
                number //= 10
            out[at + digits] = 46
            out[at + digits + 1] = 32
            at += digits + 2
        start, end = blocks[row, START], blocks[row, END]
        out[at : at + end - start] = text[start:end]
        at += end - start
    return out[:at]
