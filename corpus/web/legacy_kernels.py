"""Kernels that decode Shift_JIS, EUC-JP and ISO-2022-JP to UTF-8, as the WHATWG Encoding Standard says.

Each follows the standard's decoder byte by byte: which bytes are characters, how many bytes an error takes, and which
of them are read again. Their caller, with types and docstrings, is `manyo.corpus.web.legacy`.

Each returns three numbers: bytes of UTF-8 that it wrote, U+FFFD among its characters, and bytes of UTF-8 before what
the end of the data cuts. The last two exclude and include the same U+FFFD: one that the cut alone causes is counted.
"""

from __future__ import annotations

from typing import Final

from manyo.corpus.jit import Bytes, Uint16s, borrowing, inlined, int64

_REPLACEMENT: Final = 0xFFFD
_HALF_WIDTH: Final = 0xFF61
_CELLS: Final = 94
_ESCAPE: Final = 0x1B
# Pointers of Shift_JIS that are for users' own characters, which Windows maps to the private-use area.
_FIRST_OWN: Final = 8836
_LAST_OWN: Final = 10715
_PRIVATE_USE: Final = 0xE000

# States of the ISO-2022-JP decoder. What the escape sequences select comes first.
_ASCII: Final = 0
_ROMAN: Final = 1
_KATAKANA: Final = 2
_JIS_0208: Final = 3
_JIS_0212: Final = 4
_TRAIL: Final = 5


@inlined
def _put(out: Bytes, n: int, point: int) -> int:
    """Write a code point of the basic plane as UTF-8; where the next one goes."""
    if point < 0x80:
        out[n] = point
        return n + 1
    if point < 0x800:
        out[n] = 0xC0 | point >> 6
        out[n + 1] = 0x80 | (point & 0x3F)
        return n + 2
    out[n] = 0xE0 | point >> 12
    out[n + 1] = 0x80 | (point >> 6 & 0x3F)
    out[n + 2] = 0x80 | (point & 0x3F)
    return n + 3


@borrowing
def decode_shift_jis(data: Bytes, jis_0208: Uint16s, out: Bytes) -> tuple[int, int, int]:
    """Shift_JIS, which is windows-31j."""
    n = lost = i = 0
    size = len(data)
    while i < size:
        lead = int64(data[i])
        i += 1
        if lead <= 0x80:
            n = _put(out, n, lead)
            continue
        point = _REPLACEMENT
        if 0xA1 <= lead <= 0xDF:
            point = _HALF_WIDTH + lead - 0xA1
        elif lead != 0xA0 and lead <= 0xFC:
            if i == size:
                return _put(out, n, _REPLACEMENT), lost + 1, n
            trail = int64(data[i])
            i += 1
            if 0x40 <= trail <= 0xFC and trail != 0x7F:
                pointer = (lead - (0x81 if lead < 0xA0 else 0xC1)) * 188 + trail - (0x40 if trail < 0x7F else 0x41)
                if _FIRST_OWN <= pointer <= _LAST_OWN:
                    point = _PRIVATE_USE + pointer - _FIRST_OWN
                elif jis_0208[pointer]:
                    point = int64(jis_0208[pointer])
            if point == _REPLACEMENT and trail < 0x80:
                i -= 1
        lost += int(point == _REPLACEMENT)
        n = _put(out, n, point)
    return n, lost, n


@borrowing
def decode_euc_jp(data: Bytes, jis_0208: Uint16s, jis_0212: Uint16s, out: Bytes) -> tuple[int, int, int]:
    """EUC-JP with JIS X 0212 in three bytes."""
    n = lost = i = 0
    size = len(data)
    while i < size:
        lead = int64(data[i])
        i += 1
        if lead < 0x80:
            n = _put(out, n, lead)
            continue
        point = _REPLACEMENT
        if lead == 0x8E or lead == 0x8F or 0xA1 <= lead <= 0xFE:
            table = jis_0208
            if lead == 0x8F and i < size and 0xA1 <= data[i] <= 0xFE:
                table = jis_0212
                lead = int64(data[i])
                i += 1
            if i == size:
                return _put(out, n, _REPLACEMENT), lost + 1, n
            trail = int64(data[i])
            i += 1
            if lead == 0x8E and 0xA1 <= trail <= 0xDF:
                point = _HALF_WIDTH + trail - 0xA1
            elif lead >= 0xA1 and 0xA1 <= trail <= 0xFE:
                found = int64(table[(lead - 0xA1) * _CELLS + trail - 0xA1])
                point = found if found else _REPLACEMENT
            if point == _REPLACEMENT and trail < 0x80:
                i -= 1
        lost += int(point == _REPLACEMENT)
        n = _put(out, n, point)
    return n, lost, n


@borrowing
def _escape_state(data: Bytes, i: int) -> tuple[int, int]:
    """The state that the bytes behind an escape byte select, and where they end; -1 if they select none."""
    size = len(data)
    first = int64(data[i]) if i < size else 0
    second = int64(data[i + 1]) if i + 1 < size else 0
    if first == 0x28:
        if second == 0x42:
            return _ASCII, i + 2
        if second == 0x4A:
            return _ROMAN, i + 2
        if second == 0x49:
            return _KATAKANA, i + 2
    elif first == 0x24:
        if second == 0x40 or second == 0x42:
            return _JIS_0208, i + 2
        if second == 0x28 and i + 2 < size and data[i + 2] == 0x44:
            return _JIS_0212, i + 3
    return -1, i


@borrowing
def decode_iso_2022_jp(data: Bytes, jis_0208: Uint16s, jis_0212: Uint16s, out: Bytes) -> tuple[int, int, int]:
    """ISO-2022-JP, and with it the escape sequence of JIS X 0212 (RFC 2237), which the standard leaves out."""
    n = lost = i = lead = 0
    state = selected = _ASCII
    # Two escape sequences with nothing between them are an error.
    is_fresh = False
    size = len(data)
    while i < size:
        byte = int64(data[i])
        i += 1
        if byte == _ESCAPE:
            if state == _TRAIL:
                n = _put(out, n, _REPLACEMENT)
                lost += 1
            found, after = _escape_state(data, i)
            if found >= 0:
                i = after
                state = selected = found
                if is_fresh:
                    n = _put(out, n, _REPLACEMENT)
                    lost += 1
                is_fresh = True
                continue
            if size - i < 2 and (i == size or data[i] == 0x24 or data[i] == 0x28):
                cut = n
                n = _put(out, n, _REPLACEMENT)
                if i < size:
                    # The byte behind it is read in the state that was selected before.
                    n, more = _put_rest(out, n, int64(data[i]), selected)
                    lost += more
                return n, lost + 1, cut
            state = selected
            is_fresh = False
            n = _put(out, n, _REPLACEMENT)
            lost += 1
            continue
        is_fresh = False
        if state in (_JIS_0208, _JIS_0212):
            if 0x21 <= byte <= 0x7E:
                lead = byte
                state = _TRAIL
                continue
            point = _REPLACEMENT
        elif state == _TRAIL:
            state = selected
            point = _REPLACEMENT
            if 0x21 <= byte <= 0x7E:
                table = jis_0208 if selected == _JIS_0208 else jis_0212
                found = int64(table[(lead - 0x21) * _CELLS + byte - 0x21])
                point = found if found else _REPLACEMENT
        else:
            point = _single(byte, state)
        lost += int(point == _REPLACEMENT)
        n = _put(out, n, point)
    if state == _TRAIL:
        return _put(out, n, _REPLACEMENT), lost + 1, n
    return n, lost, n


@inlined
def _single(byte: int, state: int) -> int:
    """The code point of a byte that stands for itself."""
    if state == _KATAKANA:
        return _HALF_WIDTH + byte - 0x21 if 0x21 <= byte <= 0x5F else _REPLACEMENT
    if byte >= 0x80 or byte == 0x0E or byte == 0x0F:
        return _REPLACEMENT
    if state == _ROMAN and byte == 0x5C:
        return 0xA5
    if state == _ROMAN and byte == 0x7E:
        return 0x203E
    return byte


@inlined
def _put_rest(out: Bytes, n: int, byte: int, selected: int) -> tuple[int, int]:
    """Write the byte behind an escape byte with which the data ends; where the next goes, and U+FFFD written."""
    point = _REPLACEMENT if selected in (_JIS_0208, _JIS_0212) else _single(byte, selected)
    return _put(out, n, point), int(point == _REPLACEMENT)
