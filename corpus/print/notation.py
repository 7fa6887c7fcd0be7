"""The notation of Aozora texts, resolved as a reader resolves it: ruby, annotations, characters outside Shift_JIS.

Readings, emphasis dots and headings are spans of the text (`manyo.corpus.structure`).

It is the notation that the texts explain in their own legends, and that the volunteers' manual defines
(www.aozora.gr.jp/annotation): ruby in 《》, its start marked with ｜, annotations in ［＃…］, characters that
Shift_JIS lacks as ※［＃description、place in JIS X 0213］, iteration marks drawn as ／＼, accents decomposed in 〔〕.

Two compiled passes go over the code points of the text (`manyo.corpus.print.notation_kernels`): one finds the marks,
one writes what stays. Between them, Python looks at the marks alone.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

import numpy as np

from manyo.corpus.jit import Int64s, Uint32s
from manyo.corpus.print.notation_kernels import (
    ANNOTATION,
    GAIJI,
    ITERATION,
    Marks,
    Rubies,
    find_marks,
    without_ruby,
    write,
)
from manyo.corpus.structure import Span, Structure, nested, tidied
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


class Notation(NamedTuple):
    """A text in Aozora notation, read.

    Attributes:
        text: in NFC, tidy, without two blank lines in a row.
        n_unknown: characters that are only described, each of which is 〓 in the text.
        structure: readings, emphasis dots and headings.
    """

    text: str
    n_unknown: int
    structure: Structure


def plain_text(marked: str) -> tuple[str, int]:
    """The text of `read_notation`, and how many of its characters are unknown."""
    found = read_notation(marked)
    return found.text, found.n_unknown


def read_notation(marked: str) -> Notation:
    """A marked-up text as a reader reads it, with what its marks say of it.

    A 《 of the work itself is always written as a note, so every 《…》 on one line is a reading. Control characters
    are dropped, and lone surrogates become U+FFFD, as in `manyo.corpus.text.tidy`.

    Args:
        marked: text in Aozora notation, with any line ends.
    """
    points = np.frombuffer(marked.encode("utf-32-le", "surrogatepass"), np.uint32)
    clean = np.empty(len(points), np.uint32)
    rubies = Rubies(*np.empty((4, marked.count("《")), np.int64))
    n_clean, n_openings, n_rubies = without_ruby(points, clean, rubies)
    marks = Marks(*np.empty((3, n_openings), np.int64))
    n_marks = find_marks(clean, n_clean, marks)
    marks = Marks(*(column[:n_marks] for column in marks))
    stays, n_unknown, spans = _what_stays(_string(clean[:n_clean]), marks)
    kept = np.frombuffer("".join(stays).encode("utf-32-le"), np.uint32)
    offsets = np.zeros(len(stays) + 1, np.int64)
    np.cumsum([len(piece) for piece in stays], out=offsets[1:])
    text = np.empty(n_clean + len(kept) + 2, np.uint32)
    bounds = [bound for span in spans for bound in (span.start, span.stop)]
    places = np.sort(np.concatenate([rubies.start[:n_rubies], rubies.stop[:n_rubies], np.array(bounds, np.int64)]))
    placed = places.copy()
    n_text = write(clean, n_clean, marks, kept, offsets, placed, text)
    readings = [marked[first:last] for first, last in zip(*(c[:n_rubies].tolist() for c in rubies[2:]), strict=True)]
    starts, stops = (placed[np.searchsorted(places, column[:n_rubies])] for column in rubies[:2])
    others = []
    for span in spans:
        start, stop = placed[np.searchsorted(places, (span.start, span.stop))].tolist()
        others.append(span._replace(start=start, stop=stop))
    written, structure = _string(text[:n_text]), _structure(starts, stops, readings, nested(others))
    if composed(written) != written:
        written, structure = tidied(written, structure)
    return Notation(written, n_unknown, structure)


def _structure(starts: Int64s, stops: Int64s, readings: list[str], others: list[Span]) -> Structure:
    """Readings, which do not overlap, and other spans, which nest, as one structure; what crosses a reading goes."""
    others = [span for span in others if not _crosses(span, starts, stops)]
    columns = [
        np.concatenate([np.array([span[at] for span in others], np.int64), column])
        for at, column in enumerate((starts, stops))
    ]
    kinds = [span.kind for span in others] + ["ruby"] * len(readings)
    values = [span.value for span in others] + readings
    order = np.lexsort((-columns[1], columns[0]))
    order = order[columns[0][order] < columns[1][order]]
    turns = order.tolist()
    return Structure(
        columns[0][order].tolist(),
        columns[1][order].tolist(),
        [kinds[turn] for turn in turns],
        [values[turn] for turn in turns],
    )


def _crosses(span: Span, starts: Int64s, stops: Int64s) -> bool:
    """Whether a span begins or ends within a base, unless that base contains it."""
    for edge in (span.start, span.stop):
        at = int(np.searchsorted(starts, edge)) - 1
        if at >= 0 and edge < stops[at] and not (starts[at] <= span.start and span.stop <= stops[at]):
            return True
    return False


def _string(points: Uint32s) -> str:
    return str(points, "utf-32-le")  # type: ignore[call-overload,no-any-return]  # a buffer


def _what_stays(clean: str, marks: Marks) -> tuple[list[str], int, list[Span]]:
    """The text that replaces each mark, how many characters are unknown, and what marks say of parts of `clean`.

    Args:
        clean: the text without ruby.
        marks: of the text; the start of a mark that replaces the characters before it is moved to them.
    """
    stays: list[str] = []
    spans: list[Span] = []
    opened: dict[str, int] = {}  # where what a mark begins began
    n_unknown, last_end = 0, 0
    rows = zip(marks.kind.tolist(), marks.start.tolist(), marks.end.tolist(), strict=True)
    for number, (kind, start, end) in enumerate(rows):
        if kind == GAIJI:
            char = described_character(clean[start + 3 : end - 1])
            n_unknown += char is None
            stays.append(char or _GETA)
        elif kind == ANNOTATION:
            first = clean[start + 2]
            if clean[end - 2] in _LAST_OF_SPANS and (span := _span(clean, start, end, opened)):
                spans.append(span)
                stays.append("")
            elif first == "「":
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
    return stays, n_unknown, spans


#: Last characters of the annotations that say what a part of the text is: 傍点, 見出し, 太字, 終わり.
_LAST_OF_SPANS = "点し字り"
#: ［＃「峠」に傍点］, ［＃「峠」は大見出し］: about the text before the mark.
_ABOUT = re.compile(r"「(.+)」(?:の左)?(?:に|は)(?:[^「」]*)(傍点|圏点|太字|[大中小]見出し)")
#: ［＃傍点］…［＃傍点終わり］, ［＃ここから大見出し］…［＃ここで大見出し終わり］: about the text between two marks.
_BETWEEN = re.compile(r"(?:ここ(?:から|で))?(?:[^「」]*?)(傍点|圏点|太字|[大中小]見出し)(終わり)?")
_LEVELS = {"大": "1", "中": "2", "小": "3"}


def _span(clean: str, start: int, end: int, opened: dict[str, int]) -> Span | None:
    """What an annotation says of a part of the text; None if it says nothing, or that part has only begun."""
    note = clean[start + 2 : end - 1]
    if about := _ABOUT.fullmatch(note):
        part, what = about.groups()
        return _span_of(start - len(part), start, what) if clean.endswith(part, 0, start) else None
    if between := _BETWEEN.fullmatch(note):
        what, is_end = between.groups()
        if is_end and what in opened:
            return _span_of(opened.pop(what), start, what)
        opened[what] = end
    return None


def _span_of(start: int, stop: int, what: str) -> Span:
    return Span(start, stop, "heading", _LEVELS[what[0]]) if what.endswith("見出し") else Span(start, stop, "emphasis")


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
