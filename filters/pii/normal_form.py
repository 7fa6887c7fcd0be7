"""Two forms of a text in which patterns are matched, and the way back to the characters of the text.

The *folded* text has one width, one blank, one hyphen and one colon. It has as many characters as the text, so that
positions in it are positions in the text. Values are matched in it.

The *normal form* is for words that are printed in many ways: 氏　名, ﾌﾘｶﾞﾅ, Ｅ-ｍａｉｌ, 口座 with the katakana ロ.
It is folded, has no blanks inside a line, and has one character for those that look alike, as the skeletons of Unicode
Technical Standard 39 do. It is shorter than the text, and `starts` leads back.
"""

from __future__ import annotations

import re
import unicodedata
from codecs import utf_16_le_decode, utf_16_le_encode, utf_32_le_decode, utf_32_le_encode
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from manyo.corpus.jit import Int64s, Uint16s, Uint32s
from manyo.filters.pii.lazily import lazily
from manyo.filters.pii.normal_form_kernels import look_up, normalise


def _widths() -> dict[int, str]:
    """Every full- and half-width form to the common one: ASCII, and katakana, whose marks stay apart (ｶﾞ to カ゛)."""
    table = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    table |= {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0xFF61, 0xFF9E)}
    return table | {0xFF9E: "゛", 0xFF9F: "゜"}


#: For `str.translate`: one character for one.
FOLD: Final[dict[int, str]] = {
    **_widths(),
    **{ord(char): " " for char in "　\u00a0\u2002\u2003\u2009\u200a\u202f"},
    **{ord(char): "-" for char in "‐‑‒–—―−─－ｰ"},
    **{ord(char): ":" for char in "：﹕∶ː"},
    **{ord(char): "'" for char in "’‘＇"},
    **{ord(char): '"' for char in "“”＂"},
    **{ord(char): "~" for char in "〜～"},
    ord("曰"): "日",
}

# Shapes that readers of print and OCR take for each other; the second is the one that labels are written with.
_LOOK_ALIKE: Final = {
    **dict(zip("ロ力工二夕卜八一へべぺり", "口カエニタトハーヘベペリ", strict=True)),
    **dict(zip("-|", "ーー", strict=True)),
}
_SKELETON: Final = {
    **{code: _LOOK_ALIKE.get(char, char) for code, char in FOLD.items()},
    **{ord(char): like for char, like in _LOOK_ALIKE.items()},
    **{code: chr(code + 32) for code in range(ord("A"), ord("Z") + 1)},
    **{code: chr(code - 0xFEE0 + 32) for code in range(ord("Ａ"), ord("Ｚ") + 1)},
}
_MARKED: Final = {
    base + mark: unicodedata.normalize("NFC", base + combining)
    for base in "カキクケコサシスセソタチツテトハヒフヘホウ"
    for mark, combining in (("゛", "\u3099"), ("゜", "\u309a"))
    if len(unicodedata.normalize("NFC", base + combining)) == 1
}


def table_of(mapping: Mapping[int, str]) -> Uint16s:
    """(65536,), what each unit of UTF-16 becomes. Looking up an array is ten times as fast as `str.translate`."""
    table = np.arange(1 << 16, dtype=np.uint16)
    for code, char in mapping.items():
        table[code] = ord(char)
    return table


def mapped(text: str, table: Uint16s) -> str:
    """A text in which each character is replaced as the table says."""
    units = np.frombuffer(utf_16_le_encode(text, "surrogatepass")[0], np.uint16)
    found = np.empty(len(units), np.uint16)
    look_up(units, table, found)
    return utf_16_le_decode(found.data, "surrogatepass", True)[0]


def code_points(text: str) -> Uint32s:
    """(len(text),), the code points of a text."""
    return np.frombuffer(utf_32_le_encode(text, "surrogatepass")[0], np.uint32)


#: What OCR reads for digits, in a run that is mostly digits.
_READ: Final = lazily(r"(?<![A-Za-z])[0-9OoQlI]+(?:[ \-－ー.()（）]{1,3}[0-9OoQlI]+)*(?![A-Za-z])")
#: A letter of those next to a digit.
_MISREAD: Final = lazily(
    r"[0-9][ \-－.()（）]{0,3}[OoQlI](?![A-Za-z])"
    r"|(?<![A-Za-z])[OoQlI]{1,2}(?:[ \-－.()（）]{0,3}[0-9]|[ 　]?[年月日曰歳才番号丁])"
)
_LIKE_DIGIT: Final = lazily("[OoQlI]")
_KANJI_DIGIT: Final = "[〇一二三四五六七八九十]"
#: ニ号室 is read for 二号室, 〇ニ for 〇二, 相馬 ニ郎 for 相馬 二郎.
_TWO: Final = lazily(
    f"(?<![ァ-ヴー])ニ+(?=号室|号棟|号館|丁目|番地|番[0-9の]|階|[郎朗]|{_KANJI_DIGIT})"
    f"|(?<={_KANJI_DIGIT})ニ+(?![ァ-ヴーぁ-ゖ])"
)
#: 九ー四 is read for 九-四, 74一2 for 74-2, and ー関市 for 一関市.
#: Python looks for a literal at the start of an expression fast, so it stands before what must be before it.
_HYPHEN: Final = lazily(f"ー(?<={_KANJI_DIGIT}ー)(?={_KANJI_DIGIT})|一(?<=[0-9]一)(?=[0-9])")
_ONE: Final = lazily("ー(?<![ぁ-ー]ー)(?=[一-鿿])")
_LIKE_DIGITS: Final = str.maketrans("OoQlI", "00011")
_UNITS: Final = "年月日曰歳才番号丁"


def digits_read(text: str) -> str:
    """A text of the same length with digits for O and l in numbers, and kanji for ニ and ー between kanji."""
    text = text.replace("曰", "日")
    if "ニ" in text:
        text = _TWO.sub(lambda match: "二" * len(match[0]), text)
    if "ー" in text or "一" in text:
        text = _ONE.sub("一", _HYPHEN.sub("-", text))
    # Most texts have no such letter, which is seen at once.
    return _READ.sub(_digits_of_run, text) if _LIKE_DIGIT.search(text) and _MISREAD.search(text) else text


def _digits_of_run(match: re.Match[str]) -> str:
    n_digits = sum(char.isdigit() for char in match[0])
    n_letters = sum(char.isalpha() for char in match[0])
    has_unit = match.string[match.end() : match.end() + 3].lstrip(" 　")[:1] in tuple(_UNITS)
    is_number = has_unit or 0 < n_letters <= n_digits
    return match[0].translate(_LIKE_DIGITS) if is_number else match[0]


def folded(text: str) -> str:
    """A text of the same length in one width, with one sort of blank, hyphen, colon and quotation mark."""
    return mapped(text, FOLDS)


#: (65536,), as `mapped` takes it.
FOLDS: Final = table_of(FOLD)
_SKELETONS: Final = table_of(_SKELETON)
_WITH_MARKS: Final = np.stack(
    [table_of({ord(pair[0]): whole for pair, whole in _MARKED.items() if pair[1] == mark}) for mark in "゛゜"]
)


class NormalForm(NamedTuple):
    """The normal form of a stretch of text.

    Attributes:
        chars: its characters.
        starts: (len(chars) + 1,) for each character where it starts in the text, then the end of the stretch.
            Characters that were dropped belong to the one before them, a mark of voicing to its letter.
        points: (len(chars),), its characters as code points.
    """

    chars: str
    starts: Sequence[int]
    points: Uint32s


def normal_form(text: str, start: int = 0, stop: int | None = None) -> NormalForm:
    """The normal form of `text[start:stop]`; `starts` are positions in `text`."""
    end = len(text) if stop is None else min(stop, len(text))
    chars, points, starts = _normalised(text[start:end])
    is_as_long = len(chars) == end - start
    return NormalForm(chars, range(start, end + 1) if is_as_long else [*(starts + start).tolist(), end], points)


def normal_chars(text: str) -> str:
    """The characters of the normal form of a text."""
    return _normalised(text)[0]


def normal_word(word: str) -> str:
    """As `normal_chars`, for words that a module reads when it is imported.

    The first call of a compiled loop costs a third of a second, which a command that looks at no text need not wait.
    """
    return _normalised(word, getattr(normalise, "py_func", normalise))[0]


def _normalised(text: str, loop: Callable[..., int] = normalise) -> tuple[str, Uint32s, Int64s]:
    """Characters of the normal form, the same as code points, and where each starts in the text."""
    points = code_points(text)
    chars, starts = np.empty(len(points), np.uint32), np.empty(len(points), np.int64)
    n = loop(points, _SKELETONS, _WITH_MARKS, chars, starts)
    return utf_32_le_decode(chars[:n].data, "surrogatepass", True)[0], chars[:n], starts[:n]


def unmarked(chars: str) -> str:
    """Characters of the normal form without marks of voicing: ガ as カ, as which half-width ｶﾞ starts."""
    return "".join(_UNMARKED.get(char, char) for char in chars)


def sources() -> dict[int, str]:
    """Code point to the character of the normal form without marks that it becomes; empty where it is dropped."""
    table = {code: unmarked(char) for code, char in _SKELETON.items()}
    table |= {ord(char): unmarked(char) for char in _UNMARKED}
    return {code: "" if char in " ゛゜" else char for code, char in table.items()} | {0x20: "", 0x200B: "", 0xFEFF: ""}


_UNMARKED: Final = {whole: pair[0] for pair, whole in _MARKED.items()}
