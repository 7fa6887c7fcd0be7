"""Compiled loops over whole texts: fold UTF-8 to the characters that dedup compares, and hash them in order."""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Bytes, Int64s, Uint32s, Uint64s, int64, kernel
from manyo.corpus.utf8_kernels import code_point
from manyo.dedup.mixing_kernels import STEP, mixed

#: Hiragana and katakana, the blocks whose characters a combining mark can join.
KANA_START: Final = 0x3040
KANA_STOP: Final = 0x3100
#: The combining voicing marks, dakuten and handakuten.
VOICED_MARK: Final = 0x3099
SEMIVOICED_MARK: Final = 0x309A
# Tags and variation selectors of plane 14; none of them is visible.
_INVISIBLE_PLANE_START: Final = 0xE0000
_INVISIBLE_PLANE_STOP: Final = 0xE1000
# A byte that does not begin a character has these bits first.
_LEADING_BITS: Final = 0xC0
_CONTINUES: Final = 0x80


@kernel
def _count_characters(data: Bytes) -> int:
    """The number of characters of UTF-8: of bytes that begin one."""
    n_characters = 0
    for byte in data:
        n_characters += (byte & _LEADING_BITS) != _CONTINUES
    return n_characters


@kernel
def fold_texts(
    data: Bytes, offsets: Int64s, table: Uint32s, voiced: Uint32s, semivoiced: Uint32s
) -> tuple[Uint32s, Int64s]:
    """Decode texts, map each character through a table, and join kana with the marks that follow them.

    Args:
        data: uint8 (n_bytes,), UTF-8 of all texts.
        offsets: int64 (n_docs + 1,), where each text begins in `data`.
        table: uint32, what each code point below its length becomes; 0 drops it.
        voiced, semivoiced: uint32 (192,), each kana from `KANA_START` joined with the mark; 0 where there is none.

    Returns:
        The characters of all texts, and int64 (n_docs + 1,), where each text begins among them.
    """
    n_docs = len(offsets) - 1
    # One for each byte would be three times as many, and above 32 MB the C library takes new pages for each batch,
    # which then cost as much as the loop.
    characters = np.empty(_count_characters(data[offsets[0] : offsets[n_docs]]), np.uint32)
    out_offsets = np.empty(n_docs + 1, np.int64)
    out_offsets[0] = 0
    end = 0
    for doc in range(n_docs):
        begin = end
        i = offsets[doc]
        stop = offsets[doc + 1]
        while i < stop:
            point, i = code_point(data, i)
            if point < len(table):
                point = int64(table[point])
                if point == 0:
                    continue
                if point in (VOICED_MARK, SEMIVOICED_MARK) and end > begin:
                    base = characters[end - 1]
                    if KANA_START <= base < KANA_STOP:
                        kana = voiced if point == VOICED_MARK else semivoiced
                        joined = kana[base - KANA_START]
                        if joined:
                            characters[end - 1] = joined
                            continue
            elif _INVISIBLE_PLANE_START <= point < _INVISIBLE_PLANE_STOP:
                continue
            characters[end] = point
            end += 1
        out_offsets[doc + 1] = end
    return characters[:end], out_offsets


@kernel
def hash_texts(characters: Uint32s, offsets: Int64s) -> Uint64s:
    """Hash the number of characters of each text and its characters in order: rotate, xor, multiply; then mix."""
    n_docs = len(offsets) - 1
    hashes = np.empty(n_docs, np.uint64)
    for doc in range(n_docs):
        state = np.uint64(offsets[doc + 1] - offsets[doc]) * STEP
        for i in range(offsets[doc], offsets[doc + 1]):
            state = (((state << np.uint64(23)) | (state >> np.uint64(41))) ^ np.uint64(characters[i])) * STEP
        state = mixed(state)
        hashes[doc] = state ^ (state >> np.uint64(33))
    return hashes
