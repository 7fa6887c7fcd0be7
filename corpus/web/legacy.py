"""The three Japanese encodings of the web before UTF-8, decoded as browsers do.

Every byte sequence means what the WHATWG Encoding Standard says, errors included, with two additions where the standard
has no character: the IBM rows of EUC-JP (8F F3 and 8F F4, which PHP's eucJP-win writes for 髙 and ①), and the escape
sequence of JIS X 0212 in ISO-2022-JP (RFC 2237).

The standard's index tables are computed from Python's codecs; `tests/corpus/test_legacy_encodings.py` compares them
with the published ones, and the decoders with the standard's steps.

Source: https://encoding.spec.whatwg.org/#legacy-multi-byte-japanese-encodings
"""

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple

import numpy as np

from manyo.corpus.jit import Uint16s
from manyo.corpus.web import legacy_kernels

#: WHATWG names of the encodings that `decode` reads.
ENCODINGS: Final = ("shift_jis", "euc-jp", "iso-2022-jp")


class Text(NamedTuple):
    """Decoded bytes.

    Attributes:
        utf_8: the characters; U+FFFD for bytes without meaning.
        lost: U+FFFD among them.
        whole_bytes: bytes of `utf_8` before what the end of the data cuts; all of them if it cuts nothing.
    """

    utf_8: bytes
    lost: int
    whole_bytes: int


def decode(data: bytes, charset: str) -> Text:
    """Decode bytes by the standard's decoder of one of `ENCODINGS`."""
    given = np.frombuffer(data, np.uint8)
    out = np.empty(3 * len(data) + 3, np.uint8)  # no byte becomes more than three
    if charset == "shift_jis":
        n, lost, whole = legacy_kernels.decode_shift_jis(given, jis_0208(), out)
    elif charset == "euc-jp":
        n, lost, whole = legacy_kernels.decode_euc_jp(given, jis_0208(), jis_0212(), out)
    else:
        n, lost, whole = legacy_kernels.decode_iso_2022_jp(given, jis_0208(), jis_0212(), out)
    return Text(out[:n].tobytes(), lost, whole)


@cache
def jis_0208() -> Uint16s:
    """uint16 (11280,), code points of the standard's index jis0208 by pointer; 0 where it has none."""
    index = np.zeros(60 * 188, np.uint16)
    for pointer in range(len(index)):
        row, cell = divmod(pointer, 188)
        pair = bytes((row + (0x81 if row < 31 else 0xC1), cell + (0x40 if cell < 63 else 0x41)))
        point = _code_point(pair, "cp932")
        # The rows for users' own characters are no part of the index.
        index[pointer] = 0 if 0xE000 <= point < 0xF900 else point
    index.flags.writeable = False
    return index


@cache
def jis_0212() -> Uint16s:
    """uint16 (8836,), the standard's index jis0212 by pointer and the IBM rows; 0 where there is no character."""
    index = np.zeros(94 * 94, np.uint16)
    for pointer in range(len(index)):
        row, cell = divmod(pointer, 94)
        index[pointer] = _code_point(bytes((0x8F, row + 0xA1, cell + 0xA1)), "euc_jp")
    index[_TILDE] = 0xFF5E  # Python's codec has U+007E
    extensions = [ord(character) for character in _ibm_extensions()]
    index[_IBM_ROWS : _IBM_ROWS + len(extensions)] = extensions
    index.flags.writeable = False
    return index


def _code_point(character: bytes, codec: str) -> int:
    """The code point of one character; 0 where the bytes are none."""
    text = character.decode(codec, "replace")
    return 0 if REPLACEMENT in text else ord(text)


REPLACEMENT: Final = "\ufffd"
_TILDE: Final = 22 + 94
#: Pointer of 8F F3 F3, the first IBM character.
_IBM_ROWS: Final = (0xF3 - 0xA1) * 94 + 0xF3 - 0xA1


def _ibm_extensions() -> str:
    """The IBM characters in rows 8F F3 and 8F F4 of EUC-JP (eucJP-ms), in order.

    They are the characters of rows FA to FC of windows-31j that are not in JIS X 0212, and №, which is. ￢ and ￤ are
    elsewhere under another code point.
    """
    found: list[str] = []
    for lead in (0xFA, 0xFB, 0xFC):
        for trail in (*range(0x40, 0x7F), *range(0x80, 0xFD)):
            character = chr(_code_point(bytes((lead, trail)), "cp932"))
            is_elsewhere = character.encode("euc_jp", "ignore") != b"" or character in "￢￤"
            if character == "№" or not is_elsewhere:
                found.append(character)
    return "".join(found)
