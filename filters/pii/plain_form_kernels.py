"""The compiled loop that puts text into its plain form (`manyo.filters.pii.plain_form`)."""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Bytes, Int64s, borrowing

_LINE_FEED: Final = 0x0A
_VERTICAL_TAB: Final = 0x0B
_FORM_FEED: Final = 0x0C
_RETURN: Final = 0x0D
#: First bytes of U+0085, of U+2028 and U+2029, and of full-width characters.
_OF_NEXT_LINE: Final = 0xC2
_OF_SEPARATORS: Final = 0xE2
_OF_WIDE: Final = 0xEF
#: The second byte of U+FF01 to U+FF3F, and that of U+FF40 to U+FF5E.
_WIDE_CAPITALS: Final = 0xBC
_WIDE_SMALL: Final = 0xBD
_LAST_CAPITAL: Final = 0xBF
_LAST_SMALL: Final = 0x9E
#: The first byte of U+3000.
_FIRST_OF_KANA: Final = 0xE3
# With signed ones the compiler would test for negative indices.
_ONE: Final = np.uint64(1)
_TWO: Final = np.uint64(2)
_THREE: Final = np.uint64(3)
_LESS: Final = 0x3C
_GREATER: Final = 0x3E


@borrowing
def write_plain(data: Bytes, offsets: Int64s, plain: Bytes, plain_offsets: Int64s, is_shorter: Bytes) -> None:
    """Write texts with ASCII for its full-width forms but ＜ and ＞, and a line feed for each line end.

    Args:
        data, offsets: the texts, in well-formed UTF-8.
        plain: with room for every byte of them; filled.
        plain_offsets: (n_texts + 1,), filled with where each starts in it, and where the last ends.
        is_shorter: (n_texts,), zeros; set to one where a carriage return was left out before its line feed.
    """
    n = np.uint64(0)
    for text in range(len(offsets) - 1):
        plain_offsets[text] = n
        i, end = np.uint64(offsets[text]), np.uint64(offsets[text + 1])
        while i < end:
            byte = data[i]
            if _FIRST_OF_KANA <= byte < _OF_WIDE:
                # Three bytes at once: kana and kanji are most of the text.
                plain[n], plain[n + _ONE], plain[n + _TWO] = byte, data[i + _ONE], data[i + _TWO]
                n += _THREE
                i += _THREE
                continue
            i += _ONE
            if byte == _OF_WIDE:
                second, third = data[i], data[i + _ONE]
                # U+FF00 is no form of a blank.
                if second == _WIDE_CAPITALS and third > 0x80:
                    narrow = np.uint8(third - 0x60)
                    if narrow not in (_LESS, _GREATER):
                        plain[n] = narrow
                        n += _ONE
                        i += _TWO
                        continue
                elif second == _WIDE_SMALL and third <= _LAST_SMALL:
                    plain[n] = third - 0x20
                    n += _ONE
                    i += _TWO
                    continue
            elif byte == _RETURN:
                if i < end and data[i] == _LINE_FEED:
                    is_shorter[text] = 1
                    continue
                byte = np.uint8(_LINE_FEED)
            elif byte in (_VERTICAL_TAB, _FORM_FEED):
                byte = np.uint8(_LINE_FEED)
            elif byte == _OF_NEXT_LINE:
                if data[i] == 0x85:
                    byte = np.uint8(_LINE_FEED)
                    i += _ONE
            elif byte == _OF_SEPARATORS and data[i] == 0x80 and data[i + _ONE] in (0xA8, 0xA9):
                byte = np.uint8(_LINE_FEED)
                i += _TWO
            plain[n] = byte
            n += _ONE
    plain_offsets[len(offsets) - 1] = n
