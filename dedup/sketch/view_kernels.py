"""The compiled loop that writes texts in the spelling in which dedup compares editions (`manyo.dedup.sketch.view`)."""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Bools, Bytes, Int64s, Uint32s, kernel

#: The hiragana block.
HIRAGANA_START: Final = 0x3040
HIRAGANA_COUNT: Final = 96
HIRAGANA_STOP: Final = HIRAGANA_START + HIRAGANA_COUNT

# What happens to a kana before う, which makes a long vowel of both.
#: It becomes the お of its row: やう, よう.
TO_O: Final = 1
#: It becomes the い of its row, and よ is put between: せう, しょう.
TO_YO: Final = 2
#: It becomes the い of its row, and ゆ is put between: いう, ゆう.
TO_YU: Final = 3

_U, _WA, _YO, _YU, _KU, _KA, _GU, _GA = (ord(kana) for kana in "うわよゆくかぐが")
_REPEATS = tuple(ord(mark) for mark in "々〻ゝ")
_VOICED_REPEAT = ord("ゞ")
# 〳〵 and 〴〵 repeat two kana or more; two is the usual case.
_LONG_REPEATS = tuple(ord(mark) for mark in "〳〴")
_LONG_REPEAT_END = ord("〵")


@kernel
def view_texts(
    characters: Uint32s,
    offsets: Int64s,
    is_viewed: Bools,
    letters: Uint32s,
    voiced: Uint32s,
    sounds: Uint32s,
    changes: Bytes,
    befores: Uint32s,
) -> tuple[Uint32s, Int64s]:
    """Rewrite the documents that are viewed, letter by letter; the others stay as they are.

    Args:
        characters: uint32 (n_chars,), the folded characters of all documents.
        offsets: int64 (n_docs + 1,), where each document begins among them.
        is_viewed: bool (n_docs,).
        letters, voiced, sounds, changes, befores: the tables of `manyo.dedup.sketch.view`.

    Returns:
        The characters of the view, and int64 (n_docs + 1,), where each document begins among them.
    """
    n_docs = len(offsets) - 1
    # At most one letter is put between two.
    viewed = np.empty(2 * len(characters), np.uint32)
    out_offsets = np.zeros(n_docs + 1, np.int64)
    end = 0
    for doc in range(n_docs):
        begin = end
        # The last two letters as they were written, before letters of one sound became one.
        last = second_last = np.uint32(0)
        i = offsets[doc]
        stop = offsets[doc + 1]
        while i < stop:
            point = characters[i]
            i += 1
            if not is_viewed[doc]:
                viewed[end] = point
                end += 1
                continue
            letter = letters[point] if point < len(letters) else point
            if letter == 0:
                continue
            n_letters = 1
            if letter in _LONG_REPEATS and second_last:
                k = i
                while k < stop and characters[k] < len(letters) and letters[characters[k]] == 0:
                    k += 1
                if k < stop and characters[k] == _LONG_REPEAT_END:
                    i = k + 1
                    n_letters = 2
            elif last and letter in _REPEATS:
                letter = last
            elif last and letter == _VOICED_REPEAT:
                letter = voiced[last - HIRAGANA_START] if HIRAGANA_START <= last < HIRAGANA_STOP else last
            for _ in range(n_letters):
                if n_letters == 2:
                    letter = second_last
                second_last, last = last, letter
                is_kana = HIRAGANA_START <= letter < HIRAGANA_STOP
                sound = sounds[letter - HIRAGANA_START] if is_kana else letter
                before = viewed[end - 1] if end > begin else np.uint32(0)
                if sound == _WA and before in (_KU, _GU):
                    # くわ was read か. くわう was read こう: its う comes next and finds the か.
                    viewed[end - 1] = _KA if before == _KU else _GA
                    continue
                if sound == _U and HIRAGANA_START <= before < HIRAGANA_STOP:
                    change = changes[before - HIRAGANA_START]
                    if change:
                        viewed[end - 1] = befores[before - HIRAGANA_START]
                    if change in (TO_YO, TO_YU):
                        viewed[end] = _YO if change == TO_YO else _YU
                        end += 1
                viewed[end] = sound
                end += 1
        out_offsets[doc + 1] = end
    return viewed[:end].copy(), out_offsets
