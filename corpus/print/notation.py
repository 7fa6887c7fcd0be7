"""The notation of Aozora texts, resolved as a reader resolves it: ruby, annotations, characters outside Shift_JIS.

It is the notation that the texts explain in their own legends, and that the volunteers' manual defines
(www.aozora.gr.jp/annotation): ruby in 《》, its start marked with ｜, annotations in ［＃…］, characters that
Shift_JIS lacks as ※［＃description、place in JIS X 0213］, iteration marks drawn as ／＼, accents decomposed in 〔〕.

Two compiled passes go over the code points of the text (`manyo.corpus.print.notation_kernels`): one finds the marks,
one writes what stays. Between them, Python looks at the marks alone.
"""

from __future__ import annotations

import re
import unicodedata

import numpy as np

from manyo.corpus.jit import Uint32s
from manyo.corpus.print.notation_kernels import (
    ANNOTATION,
    GAIJI,
    ITERATION,
    Marks,
    find_marks,
    without_ruby,
    write,
)
from manyo.corpus.text import composed

_MEN_KU_TEN = re.compile(r"(?<![\d-])([12])-(\d{1,2})-(\d{1,2})(?![\d-])")
_CODE_POINT = re.compile(r"U\+([0-9A-Fa-f]{4,6})")
_SMALL_KANA = re.compile(r"^(?:小書き|行右小書き)の?(?:片仮名|平仮名)(.)")
_VOICED_KANA = re.compile(r"^(半?)濁点付きの?(?:片仮名|平仮名)(.)")
#: "2［＃「2」はローマ数字、1-13-22］": the note replaces the character before it.
_REPLACES = re.compile(r"^「(.{1,3})」は.*(?<![\d-])[12]-\d{1,2}-\d{1,2}$")
_DECOMPOSED = re.compile(r"AE&|ae&|OE&|oe&|s&|[AaOo]/|[Aa]&|[A-Za-z][`^~:,_]|[AEIOUYaeiouy]'|[!?]@")
_LIGATURES = {"AE&": "Æ", "ae&": "æ", "OE&": "Œ", "oe&": "œ", "s&": "ß", "A&": "Å", "a&": "å",
              "O/": "Ø", "o/": "ø", "!@": "¡", "?@": "¿"}  # fmt: skip
_ACCENTS = {"`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", ":": "\u0308", ",": "\u0327", "_": "\u0304"}
_GETA = "〓"
#: Python's codec reads JIS X 0212, another standard, in the rows that plane 2 leaves to it.
_PLANE_2_ROWS = (1, 3, 4, 5, 8, *range(12, 16), *range(78, 95))


def plain_text(marked: str) -> tuple[str, int]:
    """A marked-up text as a reader reads it.

    A 《 of the work itself is always written as a note, so every 《…》 on one line is a reading. Control characters
    are dropped, and lone surrogates become U+FFFD, as in `manyo.corpus.text.tidy`.

    Args:
        marked: text in Aozora notation, with any line ends.

    Returns:
        The text in NFC, tidy, without two blank lines in a row, and the number of characters that are
        only described, each of which is 〓 in the text.
    """
    points = np.frombuffer(marked.encode("utf-32-le", "surrogatepass"), np.uint32)
    clean = np.empty(len(points), np.uint32)
    n_clean, n_openings = without_ruby(points, clean)
    marks = Marks(*np.empty((3, n_openings), np.int64))
    n_marks = find_marks(clean, n_clean, marks)
    marks = Marks(*(column[:n_marks] for column in marks))
    stays, n_unknown = _what_stays(_string(clean[:n_clean]), marks)
    kept = np.frombuffer("".join(stays).encode("utf-32-le"), np.uint32)
    offsets = np.zeros(len(stays) + 1, np.int64)
    np.cumsum([len(piece) for piece in stays], out=offsets[1:])
    text = np.empty(n_clean + len(kept) + 2, np.uint32)
    n_text = write(clean, n_clean, marks, kept, offsets, text)
    return composed(_string(text[:n_text])), n_unknown


def _string(points: Uint32s) -> str:
    return str(points, "utf-32-le")  # type: ignore[call-overload,no-any-return]  # a buffer


def _what_stays(clean: str, marks: Marks) -> tuple[list[str], int]:
    """The text that replaces each mark, and how many characters are unknown.

    Args:
        clean: the text without ruby.
        marks: of the text; the start of a mark that replaces the characters before it is moved to them.
    """
    stays: list[str] = []
    n_unknown, last_end = 0, 0
    rows = zip(marks.kind.tolist(), marks.start.tolist(), marks.end.tolist(), strict=True)
    for number, (kind, start, end) in enumerate(rows):
        if kind == GAIJI:
            char = described_character(clean[start + 3 : end - 1])
            n_unknown += char is None
            stays.append(char or _GETA)
        elif kind == ANNOTATION:
            first = clean[start + 2]
            if first == "「":
                replaced, char = _replacement(clean[start + 2 : end - 1])
                if char and clean.endswith(replaced, last_end, start):
                    marks.start[number] -= len(replaced)
                    stays.append(char)
                else:
                    stays.append("")
            elif first in _FIRST_OF_KEPT:
                is_after_blank = start > last_end and clean[start - 1].isspace()
                stays.append(_kept_annotation(clean[start + 2 : end - 1], is_after_blank))
            else:
                stays.append("")
        elif kind == ITERATION:
            stays.append("〳〵" if end - start == 2 else "〴〵")
        else:
            latin = clean[start + 1 : end - 1]
            composed_latin = _DECOMPOSED.sub(_compose, latin)
            stays.append(clean[start:end] if composed_latin == latin else composed_latin)
        last_end = end
    return stays, n_unknown


def _replacement(note: str) -> tuple[str, str | None]:
    """What a note says to replace, and the character to put there (「2」はローマ数字、1-13-22) or None."""
    match = _REPLACES.match(note)
    return (match[1], described_character(note)) if match else ("", None)


#: First characters of the annotations of which something stays.
_FIRST_OF_KEPT = "割こ地"


def _kept_annotation(note: str, is_after_blank: bool) -> str:
    """Brackets for a note between the lines, a blank before what stands at the foot of the line."""
    if note in ("割り注", "ここから割り注"):
        return "（"
    if note in ("割り注終わり", "ここで割り注終わり"):
        return "）"
    # A date on the left, a signature on the right of one line.
    return "　" if not is_after_blank and note.startswith(("地から", "地付き", "地より")) else ""


def described_character(note: str) -> str | None:
    """The character that a ※［＃…］ note describes; None where it gives no code.

    A code is a code point (`U+5635`) or plane-row-cell of JIS X 0213 (`第3水準1-85-25`, `1-2-22`).
    Without one, small or voiced kana, which only their names describe, are still legible.
    """
    if match := _MEN_KU_TEN.search(note):
        plane, row, cell = (int(number) for number in match.groups())
        if char := jis_x_0213(plane, row, cell):
            return char
    if match := _CODE_POINT.search(note):
        code = int(match[1], 16)
        if code <= 0x10FFFF and chr(code).isprintable():
            return chr(code)
    if match := _SMALL_KANA.match(note):
        return match[1]
    if match := _VOICED_KANA.match(note):
        return unicodedata.normalize("NFC", match[2] + ("\u309a" if match[1] else "\u3099"))
    return None


def jis_x_0213(plane: int, row: int, cell: int) -> str | None:
    """The character at a place of JIS X 0213 (plane 1 or 2, row and cell 1 to 94); None if the place is empty."""
    rows = {1: range(1, 95), 2: _PLANE_2_ROWS}.get(plane, ())
    if row not in rows or not 1 <= cell <= 94:
        return None
    encoded = bytes((0x8F,) if plane == 2 else ()) + bytes((0xA0 + row, 0xA0 + cell))
    try:
        return encoded.decode("euc_jis_2004")
    except UnicodeDecodeError:
        return None


def _compose(match: re.Match[str]) -> str:
    mark = match[0]
    if ligature := _LIGATURES.get(mark):
        return ligature
    composed = unicodedata.normalize("NFC", mark[0] + _ACCENTS[mark[1]])
    return composed if len(composed) == 1 else mark
