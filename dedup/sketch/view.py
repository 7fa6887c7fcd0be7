"""The comparison view: a text roughly in today's spelling, in which different editions of it are equal.

The same novel is printed in old characters and historical kana, and again in new ones; character for character the two
share a third of their 5-grams. The view maps both spellings to one. It loses information on purpose, since only
equality counts: は, わ and ハ are one letter in it, and punctuation is gone. The stored and the released text do not
change.

Old to new characters: the list of the jōyō kanji table of 2010 (the forms that it gives in brackets), as the package
joyokanji publishes it. Kana: the cabinet's notice on modern kana usage of 1986, whose appendix lists historical
spellings next to modern ones; here both are mapped to one form.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

import joyokanji
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.jit import Bytes, Uint32s
from manyo.corpus.text import Texts
from manyo.dedup.settings import Dedup
from manyo.dedup.sketch.exact import Folded, fold
from manyo.dedup.sketch.view_kernels import HIRAGANA_COUNT, HIRAGANA_START, TO_O, TO_YO, TO_YU, view_texts


def as_compared(documents: pa.RecordBatch, settings: Dedup) -> Folded:
    """The texts of a batch as dedup compares them: folded, and in the view if their profile is one of the settings'.

    Args:
        documents: with column `text`, and `profile` if `settings.view_profiles` names any.
        settings: which profiles are compared in the view.
    """
    folded = fold(Texts.from_arrow(documents.column("text")))
    if not settings.view_profiles:
        return folded
    profiles = documents.column("profile").cast(pa.string())
    is_viewed = pc.is_in(profiles, pa.array(settings.view_profiles, pa.string()))
    return view(folded, is_viewed.to_numpy(zero_copy_only=False))


def view(folded: Folded, is_viewed: np.ndarray) -> Folded:
    """Texts without punctuation, in new characters, with historical and modern kana spelling folded into one.

    Katakana become hiragana, small kana large, iteration marks what they repeat. Kana of one sound in different
    spellings become one (は わ, ひ ゐ い, ぢ じ), and so do long vowels (やう よう, せう しょう). A text without
    letters, of emoji or 〓 alone, stays as it is: else all such texts would be equal.

    Args:
        folded: texts as `manyo.dedup.sketch.exact.fold` returns them.
        is_viewed: bool (n_docs,), which documents are rewritten; the others stay as they are.
    """
    if not is_viewed.any():
        return folded
    viewed = Folded(*view_texts(folded.characters, folded.offsets, is_viewed, *_tables()))
    is_lost = (np.diff(viewed.offsets) == 0) & (np.diff(folded.offsets) > 0)
    if not is_lost.any():
        return viewed
    return Folded(*view_texts(folded.characters, folded.offsets, is_viewed & ~is_lost, *_tables()))


def comparison_view(text: str) -> str:
    """The view of one text."""
    viewed = view(fold(Texts.from_strings([text])), np.ones(1, np.bool_))
    return "".join(map(chr, viewed.characters.tolist()))


#: Kana of one sound in either spelling. The older spelling wrote small kana as large ones.
_ONE_SOUND = str.maketrans("ゐゑをはひふへほぢづ", "いえおわいうえおじず")
_LARGE = str.maketrans("ぁぃぅぇぉっゃゅょゎ", "あいうえおつやゆよわ")
_A_ROW = "あかがさざただなはばぱまやらわ"
_O_ROW = "おこごそぞとどのほぼぽもよろお"
_E_ROW = "えけげせぜてでねへべぺめえれえ"
_I_ROW = "いきぎしじちぢにひびぴみいりい"
_PUNCTUATION = re.compile(r"[^\w]|_|ー")


@cache
def _tables() -> tuple[Uint32s, Uint32s, Uint32s, Bytes, Uint32s]:
    """The tables of `view_texts`.

    Returns:
        letters: uint32 (0x20000,), the new character or large hiragana of each code point, 0 for punctuation.
        voiced: uint32 (96,), each hiragana with its voicing mark; itself where it takes none.
        sounds: uint32 (96,), the hiragana that stands for each in the view.
        changes: uint8 (96,), what happens to each before う: one of `TO_O`, `TO_YO`, `TO_YU`, or 0.
        befores: uint32 (96,), what it becomes then.
    """
    letters = np.arange(0x20000, dtype=np.uint32)
    letters[[point for point in range(0x20000) if _PUNCTUATION.match(chr(point))]] = 0
    for point in range(0x4E00, 0xA000):
        letters[point] = ord(joyokanji.convert(chr(point)))
    for point in range(ord("ぁ"), ord("ヶ") + 1):
        hiragana = chr(point - 0x60 if point >= ord("ァ") else point)
        if hiragana.isalpha():
            letters[point] = ord(hiragana.translate(_LARGE))
    letters[ord("ヽ")], letters[ord("ヾ")] = ord("ゝ"), ord("ゞ")
    hiragana_block = [chr(HIRAGANA_START + i) for i in range(HIRAGANA_COUNT)]
    with_mark = [unicodedata.normalize("NFC", kana + "\u3099") for kana in hiragana_block]
    voiced = [ord(kana if len(kana) == 1 else plain) for kana, plain in zip(with_mark, hiragana_block, strict=True)]
    sounds = [ord(kana.translate(_ONE_SOUND)) for kana in hiragana_block]
    changes, befores = np.zeros(HIRAGANA_COUNT, np.uint8), np.zeros(HIRAGANA_COUNT, np.uint32)
    for kana, becomes, change in (
        *zip(_A_ROW, _O_ROW, [TO_O] * len(_A_ROW), strict=True),
        *zip(_E_ROW, _I_ROW, [TO_YO] * len(_E_ROW), strict=True),
        *zip(_I_ROW, _I_ROW, [TO_YU] * len(_I_ROW), strict=True),
    ):
        changes[ord(kana) - HIRAGANA_START] = change
        befores[ord(kana) - HIRAGANA_START] = ord(becomes.translate(_ONE_SOUND))
    tables = (letters, np.array(voiced, np.uint32), np.array(sounds, np.uint32), changes, befores)
    for table in tables:
        table.flags.writeable = False
    return tables
