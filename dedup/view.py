"""A text as it would read in today's spelling, roughly: for comparing editions, never for reading.

The same novel is printed in old characters and historical kana, and again in new ones; character for
character the two share a third of their 5-grams. The view maps both spellings to one key. It is lossy on
purpose, since only equality counts: は, わ and ハ are one letter in it, and marks are gone. The text that
is stored and released is not touched.

Old to new characters: the list of the jōyō kanji table of 2010 (the forms that it gives in brackets), as
the package joyokanji publishes it. Kana: the cabinet's notice on modern kana usage of 1986, whose
appendix sets historical beside modern spellings, turned round so that both give the same.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

import joyokanji
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit

from corpus.text import Texts
from dedup.exact import Folded, fold
from dedup.settings import Dedup


def as_compared(documents: pa.RecordBatch, settings: Dedup) -> Folded:
    """The texts of a batch as dedup compares them: folded, and in the view where their profile asks for it.

    Args:
        documents: with a column `text`; with `profile` too, where `settings.view_profiles` names any.
        settings: which profiles are compared in the view.
    """
    folded = fold(Texts.from_arrow(documents.column("text")))
    if not settings.view_profiles:
        return folded
    profiles = documents.column("profile").cast(pa.string())
    is_viewed = pc.is_in(profiles, pa.array(settings.view_profiles, pa.string()))
    return view(folded, is_viewed.to_numpy(zero_copy_only=False))


def view(folded: Folded, is_viewed: np.ndarray) -> Folded:
    """Texts without marks, in new characters, their kana folded over historical and modern spelling.

    Katakana become hiragana, small kana large, iteration marks what they repeat; rows that were read alike
    in different spellings are one (は わ, ひ ゐ い, ぢ じ), and so are long vowels (やう よう, せう しょう).

    Args:
        folded: texts as `dedup.exact.fold` gives them.
        is_viewed: bool (n_docs,); the others stay as they are.
    """
    if not is_viewed.any():
        return folded
    return Folded(*_view(folded.codepoints, folded.offsets, is_viewed, *_tables()))


def comparison_view(text: str) -> str:
    """The view of one text."""
    viewed = view(fold(Texts.from_strings([text])), np.ones(1, np.bool_))
    return "".join(map(chr, viewed.codepoints.tolist()))


#: Kana of one sound in either spelling; small kana are large ones that the older spelling did not tell apart.
_ONE_SOUND = str.maketrans("ゐゑをはひふへほぢづ", "いえおわいうえおじず")
_LARGE = str.maketrans("ぁぃぅぇぉっゃゅょゎ", "あいうえおつやゆよわ")
_A_ROW = "あかがさざただなはばぱまやらわ"
_O_ROW = "おこごそぞとどのほぼぽもよろお"
_E_ROW = "えけげせぜてでねへべぺめえれえ"
_I_ROW = "いきぎしじちぢにひびぴみいりい"
_KANA: Final = 0x3040
_MARK = re.compile(r"[^\w]|_|ー")

# What a kana becomes before う, which makes a long vowel of both, and what comes between.
_TO_O, _TO_YO, _TO_YU = 1, 2, 3
_U, _WA, _YO, _YU = (ord(kana) for kana in "うわよゆ")
_KU, _KA, _GU, _GA = (ord(kana) for kana in "くかぐが")
_REPEATS = tuple(ord(mark) for mark in "々〻ゝ")
_VOICED_REPEAT = ord("ゞ")
# 〳〵 and 〴〵 repeat two kana or more; two is the rule.
_LONG_REPEATS = tuple(ord(mark) for mark in "〳〴")
_LONG_REPEAT_END = ord("〵")


@cache
def _tables() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """What the kernel looks up.

    Returns:
        letters: uint32 (0x20000,), the new character or large hiragana of each code point, 0 for a mark.
        voiced: uint32 (96,), each hiragana with its voicing mark; itself where it takes none.
        sounds: uint32 (96,), the hiragana that stands for each in the view.
        vowels, befores: uint8 (96,) and uint32 (96,): what happens to each before う, and what it becomes.
    """
    letters = np.arange(0x20000, dtype=np.uint32)
    letters[[point for point in range(0x20000) if _MARK.match(chr(point))]] = 0
    for point in range(0x4E00, 0xA000):
        letters[point] = ord(joyokanji.convert(chr(point)))
    for point in range(ord("ぁ"), ord("ヶ") + 1):
        hiragana = chr(point - 0x60 if point >= ord("ァ") else point)
        if hiragana.isalpha():
            letters[point] = ord(hiragana.translate(_LARGE))
    letters[ord("ヽ")], letters[ord("ヾ")] = ord("ゝ"), ord("ゞ")
    hiragana_block = [chr(_KANA + i) for i in range(96)]
    with_mark = [unicodedata.normalize("NFC", kana + "\u3099") for kana in hiragana_block]
    voiced = [ord(kana if len(kana) == 1 else plain) for kana, plain in zip(with_mark, hiragana_block, strict=True)]
    sounds = [ord(kana.translate(_ONE_SOUND)) for kana in hiragana_block]
    vowels, befores = np.zeros(96, np.uint8), np.zeros(96, np.uint32)
    for kana, becomes, what in (
        *zip(_A_ROW, _O_ROW, [_TO_O] * len(_A_ROW), strict=True),
        *zip(_E_ROW, _I_ROW, [_TO_YO] * len(_E_ROW), strict=True),
        *zip(_I_ROW, _I_ROW, [_TO_YU] * len(_I_ROW), strict=True),
    ):
        vowels[ord(kana) - _KANA] = what
        befores[ord(kana) - _KANA] = ord(becomes.translate(_ONE_SOUND))
    tables = (letters, np.array(voiced, np.uint32), np.array(sounds, np.uint32), vowels, befores)
    for table in tables:
        table.flags.writeable = False
    return tables


@njit(cache=True, nogil=True)
def _view(codepoints, offsets, is_viewed, letters, voiced, sounds, vowels, befores):  # type: ignore[no-untyped-def]
    """Each document letter by letter; `last` and `second_last` are its letters before their sounds were made one."""
    n_docs = len(offsets) - 1
    # At most one letter is put between two.
    viewed = np.empty(2 * len(codepoints), np.uint32)
    out_offsets = np.zeros(n_docs + 1, np.int64)
    end = 0
    for doc in range(n_docs):
        begin = end
        last = second_last = np.uint32(0)
        i = offsets[doc]
        while i < offsets[doc + 1]:
            point = codepoints[i]
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
                if i < offsets[doc + 1] and codepoints[i] == _LONG_REPEAT_END:
                    i += 1
                    n_letters = 2
            elif last and letter in _REPEATS:
                letter = last
            elif last and letter == _VOICED_REPEAT:
                letter = voiced[last - _KANA] if _KANA <= last < _KANA + 96 else last
            for _ in range(n_letters):
                if n_letters == 2:
                    letter = second_last
                second_last, last = last, letter
                is_kana = _KANA <= letter < _KANA + 96
                sound = sounds[letter - _KANA] if is_kana else letter
                before = viewed[end - 1] if end > begin else np.uint32(0)
                if sound == _WA and before in (_KU, _GU):
                    # くわ was read か; くわう, which was read こう, comes after.
                    viewed[end - 1] = _KA if before == _KU else _GA
                    continue
                if sound == _U and _KANA <= before < _KANA + 96:
                    what = vowels[before - _KANA]
                    if what:
                        viewed[end - 1] = befores[before - _KANA]
                    if what in (_TO_YO, _TO_YU):
                        viewed[end] = _YO if what == _TO_YO else _YU
                        end += 1
                viewed[end] = sound
                end += 1
        out_offsets[doc + 1] = end
    return viewed[:end].copy(), out_offsets
