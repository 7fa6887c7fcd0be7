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

import joyokanji


def comparison_view(text: str) -> str:
    """The text without marks, in new characters, its kana folded over historical and modern spelling.

    Katakana become hiragana, small kana large, iteration marks what they repeat; rows that were read alike
    in different spellings are one (は わ, ひ ゐ い, ぢ じ), and so are long vowels (やう よう, せう しょう).
    """
    text = unicodedata.normalize("NFKC", text).translate(_old_to_new())
    text = _MARKS.sub("", _LONG_REPEAT.sub(r"\1\1", text.translate(_KANA)))
    text = _REPEAT.sub(lambda match: match[1] * len(match[0]), _VOICED_REPEAT.sub(_repeat_voiced, text))
    text = text.translate(_FOLDED)
    # くわ was read か; the long vowels come after, since くわう was read こう.
    text = text.replace("くわ", "か").replace("ぐわ", "が")
    # No replacement makes or unmakes another pair, so their order does not matter, and 45 passes of
    # `replace` are faster than one of `re.sub`.
    for historical, modern in _LONG_VOWELS.items():
        text = text.replace(historical, modern)
    return text


#: Katakana and small kana to large hiragana.
_KANA = {ord("ァ") + i: ord("ぁ") + i for i in range(ord("ヶ") - ord("ァ") + 1)}
_KANA |= {ord("ヽ"): ord("ゝ"), ord("ヾ"): ord("ゞ")}
_LARGE = str.maketrans("ぁぃぅぇぉっゃゅょゎ", "あいうえおつやゆよわ")
_KANA = {point: _LARGE.get(to, to) for point, to in _KANA.items()} | _LARGE
#: Kana that stand for one sound in either spelling.
_FOLDED = str.maketrans("ゐゑをはひふへほぢづ", "いえおわいうえおじず")
#: 〳〵 repeats two kana or more; two is the rule.
_LONG_REPEAT = re.compile(r"(\w\w)[〳〴]〵")
_REPEAT = re.compile(r"(\w)[々〻ゝ]+")
_VOICED_REPEAT = re.compile(r"(\w)ゞ")
_MARKS = re.compile(r"[^\w]|_|ー")

_A_ROW = "あかがさざただなはばぱまやらわ"
_I_ROW = "いきぎしじちぢにひびぴみいりい"
_E_ROW = "えけげせぜてでねへべぺめえれえ"
_O_ROW = "おこごそぞとどのほぼぽもよろお"
_LONG_VOWELS = {a + "う": o + "う" for a, o in zip(_A_ROW, _O_ROW, strict=True)}
_LONG_VOWELS |= {e + "う": i + "よう" for e, i in zip(_E_ROW, _I_ROW, strict=True)}
_LONG_VOWELS |= {i + "う": i + "ゆう" for i in dict.fromkeys(_I_ROW)}


def _repeat_voiced(match: re.Match[str]) -> str:
    return match[1] + unicodedata.normalize("NFC", match[1] + "\u3099")


@cache
def _old_to_new() -> dict[int, str]:
    """The package's table, asked character by character over the ideographs that it may map."""
    ideographs = [chr(point) for point in range(0x4E00, 0xA000)]
    return {ord(old): new for old in ideographs if (new := joyokanji.convert(old)) != old}
