"""The text of lines of glyphs: characters in the order of reading, spaces where print has gaps, readings and dots."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

import numpy as np

from manyo.corpus.jit import Bools, Bytes, Float64s, Int64s, Uint32s
from manyo.corpus.print.glyph_kernels import MAPPED, RUBY_RATIO
from manyo.corpus.print.pdf_glyphs import Glyphs

#: A gap between full-width characters is a space from here on. Justified lines are stretched by less.
_SPACE_EMS: Final = 0.6
#: Between Latin letters; fonts have spaces of a quarter of an em, and kerning below a tenth.
_LATIN_SPACE_EMS: Final = 0.14
#: A heading of this many characters may be set with equal gaps.
_SPACED_CHARS: Final = 12
#: Where the file has a space.
_TYPED_SPACE_EMS: Final = 0.08
#: How far from the lower edge of its characters a line is underlined. Rules above notes are half an em away.
_UNDERLINE_EMS: Final = 0.3
#: Print of one size, rounded.
_ONE_SIZE_RATIO: Final = 1.04


class Mark(NamedTuple):
    """A part of a line's text: ruby with its reading, or emphasis."""

    start: int
    stop: int
    kind: str
    value: str = ""


class TextLine(NamedTuple):
    """A line, or a part of one between wide gaps.

    Attributes:
        text: its characters, without ruby, with the spaces that its gaps stand for.
        left, top, right, bottom: its box, without ruby.
        size: of its print, the median.
        is_upright: whether it is read from top to bottom.
        turn: quarter turns of its glyphs.
        marks: ruby and emphasis, in the order of their starts.
        is_artifact: the file says that it is furniture.
        place: number of the cell or frame in which it stands.
        font: number of the font of its middle glyph.
    """

    text: str
    left: float
    top: float
    right: float
    bottom: float
    size: float
    is_upright: bool
    turn: int
    marks: tuple[Mark, ...]
    is_artifact: bool
    place: int
    font: int


def body_size(lines: Iterable[TextLine]) -> float:
    """The size of most of the print: half of the characters or more are as small or smaller; 0 without lines."""
    sizes = sorted((line.size, len(line.text)) for line in lines)
    half, body = sum(length for _, length in sizes) / 2, 0.0
    for size, length in sizes:
        half -= length
        body = size
        if half <= 0:
            break
    return body


def is_underline(rule: Sequence[float], lines: Iterable[TextLine]) -> bool:
    """Whether a level rule (left, top, right, bottom) is drawn under the characters of one of some level lines."""
    left, top, right, bottom = rule
    middle = (top + bottom) / 2
    return any(
        abs(line.bottom - middle) <= _UNDERLINE_EMS * line.size
        and left >= line.left - 0.5 * line.size
        and right <= line.right + 0.5 * line.size
        and not line.is_upright
        for line in lines
    )


class RawLine(NamedTuple):
    """Glyphs in a row: their numbers by their starts, their box, size, and whether all may be ruby or dots."""

    glyphs: Int64s
    left: float
    top: float
    right: float
    bottom: float
    size: float
    is_upright: bool
    is_kana: bool
    is_dots: bool


#: Presentation forms of vertical writing, which some fonts map to, as the characters that they present.
_VERTICAL: Final = {
    point: ord(unicodedata.normalize("NFKC", chr(point)))
    for point in [*range(0xFE10, 0xFE1A), *range(0xFE30, 0xFE49)]
    if len(unicodedata.normalize("NFKC", chr(point))) == 1
} | {0xFE19: 0x2026, 0xFE30: 0x2025}
_VERTICAL[0xFE33] = ord("＿")
_VERTICAL[0xFE31] = ord("—")
_VERTICAL[0xFE32] = ord("–")
_FULL_WIDTH_FORMS: Final = {ord(a): ord(b) for a, b in zip(",:;!?(){}[]", "，：；！？（）｛｝［］", strict=True)}
_VERTICAL.update({point: _FULL_WIDTH_FORMS.get(to, to) for point, to in _VERTICAL.items()})
#: Radicals in place of the ideographs that look the same: Unicode's compatibility decompositions of the Kangxi block,
#: and the radicals of U+2E80 that have one equivalent ideograph (EquivalentUnifiedIdeograph.txt).
_RADICALS: Final = {
    point: ord(unicodedata.normalize("NFKC", chr(point)))
    for point in range(0x2F00, 0x2FD6)
    if unicodedata.normalize("NFKC", chr(point)) != chr(point)
}
_RADICALS.update(
    {
        ord(a): ord(b)
        for a, b in zip(
            "⺁⺃⺅⺇⺉⺋⺎⺏⺐⺒⺓⺔⺖⺘⺙⺛⺝⺟⺠⺡⺣⺤⺦⺨⺩⺫⺬⺭⺯⺱⺲⺵⺶⺸⺹⺻⺽⺾⺿⻀⻁⻂⻃⻄⻅⻆⻈⻉⻋⻌⻍⻏⻐⻑⻒⻓⻔⻖⻘⻙⻚⻛⻜⻝⻟⻠⻢⻣⻤⻥⻦⻧⻨⻩⻪⻫⻬⻭⻮⻯⻰⻱⻲⻳",
            "厂乚亻几刂㔾兀尣尢巳幺彑忄扌攵旡月母民氵灬爫丬犭王目示礻糹罓罒⺵羊羋耂聿臼艹艹艹虎衤覀西见角讠贝车辶辶阝钅長镸长门阝青韦页风飞食飠饣马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙龜亀龟",
            strict=True,
        )
        if a != b and ord(b) not in range(0x2E80, 0x2F00)
    }
)
#: Signs of the symbol fonts Wingdings and Symbol, which have no code points of their own.
_SYMBOLS: Final = {
    0xF06C: ord("●"), 0xF06E: ord("■"), 0xF06F: ord("□"), 0xF071: ord("❑"), 0xF075: ord("◆"), 0xF076: ord("❖"),
    0xF077: ord("◆"), 0xF0A7: ord("▪"), 0xF0A8: ord("□"), 0xF0B7: ord("•"), 0xF0D8: ord("➢"), 0xF0E0: ord("→"),
    0xF0E8: ord("➔"), 0xF0FC: ord("✓"), 0xF0FE: ord("☑"),
}  # fmt: skip
#: Italic letters of formulas, which programs set for variables of one letter (math-auto of MathML Core), as the letters
#: that were written. Bold and double-struck ones mean something else and stay.
_VARIABLES: Final = {
    point: ord(unicodedata.normalize("NFKC", chr(point)))
    for point in (0x210E, *range(0x1D434, 0x1D468), *range(0x1D6A4, 0x1D6A6), *range(0x1D6E2, 0x1D71C))
    if unicodedata.category(chr(point)) != "Cn"
}
MAPPED_TO: Final = _VERTICAL | _RADICALS | _SYMBOLS | _VARIABLES


def characters_of(points: Uint32s, classes: Bytes) -> list[str]:
    """The characters, with presentation forms, radicals and symbols as what they stand for."""
    characters = list(points.astype("<u4").tobytes().decode("utf-32-le", "replace"))
    for place in np.flatnonzero(classes & MAPPED).tolist():
        characters[place] = chr(MAPPED_TO[int(points[place])])
    return characters


class LinePage(NamedTuple):
    """What lines are written from.

    Attributes:
        glyphs: of the page, without spaces.
        characters: of each glyph.
        is_full: (n,), which are set an em wide.
        is_artifact, places: as in `text_lines`.
        spaces: the glyphs of spaces.
    """

    glyphs: Glyphs
    characters: list[str]
    is_full: Bools
    is_artifact: Bools
    places: Int64s
    spaces: Glyphs


def written_lines(lines: list[RawLine], ruby: dict[int, list[RawLine]], page: LinePage) -> list[TextLine]:
    """The lines with their texts. Most have nothing but characters one after another, which are looked at together."""
    if not lines:
        return []
    glyphs = page.glyphs
    flat = np.concatenate([line.glyphs for line in lines])
    stops = np.cumsum([len(line.glyphs) for line in lines])
    starts = np.concatenate([[0], stops[:-1]])
    is_plain = _are_plain(lines, flat, starts, page)
    text = "".join([page.characters[number] for number in flat.tolist()])
    rows = zip(
        starts.tolist(),
        stops.tolist(),
        is_plain.tolist(),
        glyphs.turn[flat[starts]].tolist(),
        np.logical_and.reduceat(page.is_artifact[flat], starts).tolist(),
        page.places[flat[starts]].tolist(),
        glyphs.font[flat[(starts + stops) // 2]].tolist(),
        strict=True,
    )
    written = []
    for number, (start, stop, plain, turn, is_artifact, place, font) in enumerate(rows):
        line = lines[number]
        if not plain or number in ruby:
            written.append(_written(line, page, ruby.get(number, [])))
            continue
        box = (line.left, line.top, line.right, line.bottom)
        written.append(TextLine(text[start:stop], *box, line.size, line.is_upright, turn, (), is_artifact, place, font))
    return written


def _are_plain(lines: list[RawLine], flat: Int64s, starts: Int64s, page: LinePage) -> Bools:
    """Which lines have neither gaps, nor characters side by side, nor print of two sizes.

    Args:
        lines: of the page.
        flat: the glyphs of all lines, one line after another.
        starts: (n_lines,), where each line starts in them.
        page: on which they are.
    """
    glyphs, full = page.glyphs, page.is_full[flat]
    is_upright = np.repeat([line.is_upright for line in lines], [len(line.glyphs) for line in lines])
    begin = np.where(is_upright, glyphs.top[flat], glyphs.left[flat])
    end = np.where(is_upright, glyphs.bottom[flat], glyphs.right[flat])
    size = glyphs.size[flat]
    larger = np.maximum(size[1:], size[:-1])
    gaps = begin[1:] - end[:-1]
    is_odd = np.zeros(len(flat), np.bool_)
    is_odd[1:] = (
        (gaps >= _SPACE_EMS * larger)
        | ((gaps > _TYPED_SPACE_EMS * larger) & ~(full[1:] & full[:-1]))
        | (begin[1:] - begin[:-1] <= np.where(is_upright[1:], 0.3 * larger, 0.0))
        | (end[1:] < end[:-1])
        | (np.minimum(size[1:], size[:-1]) < larger / _ONE_SIZE_RATIO)
    )
    is_odd[starts] = False
    plain: Bools = ~np.logical_or.reduceat(is_odd, starts)
    return plain


def _written(line: RawLine, page: LinePage, ruby: list[RawLine]) -> TextLine:
    """The line with its text."""
    glyphs = page.glyphs
    numbers = _in_reading_order(line, glyphs)
    characters = [page.characters[number] for number in numbers.tolist()]
    starts = (glyphs.top if line.is_upright else glyphs.left)[numbers]
    stops = (glyphs.bottom if line.is_upright else glyphs.right)[numbers]
    inserted = _spaces_between(line, page, numbers, starts, stops) if len(numbers) > 1 else []
    if inserted:
        pieces = [piece for pair in zip(characters, [*inserted, ""], strict=True) for piece in pair]
        text_at = list(accumulate((1 + len(gap) for gap in inserted), initial=0))
    else:
        pieces = characters
        text_at = list(range(len(characters)))
    return TextLine(
        "".join(pieces),
        line.left,
        line.top,
        line.right,
        line.bottom,
        line.size,
        line.is_upright,
        int(glyphs.turn[numbers[0]]),
        tuple(_marks(line, page, characters, text_at, starts, stops, ruby)) if ruby else (),
        bool(page.is_artifact[numbers].all()),
        int(page.places[numbers[0]]),
        int(glyphs.font[numbers[len(numbers) // 2]]),
    )


def _in_reading_order(line: RawLine, glyphs: Glyphs) -> Int64s:
    """Glyphs of the line along it; those side by side in an upright line (縦中横) from left to right.

    Small print in two rows within a line (割注) is read row by row.
    """
    numbers = line.glyphs
    if len(numbers) < 2:
        return numbers
    if line.is_upright:
        top = glyphs.top[numbers]
        rows = np.cumsum(np.concatenate([[False], np.diff(top) > 0.3 * line.size]))
        numbers = numbers[np.lexsort((glyphs.left[numbers], rows))]
    largest = glyphs.size[numbers].max()
    is_small = glyphs.size[numbers] <= RUBY_RATIO * largest
    if is_small.sum() < 4:
        return numbers
    across = -glyphs.left[numbers] if line.is_upright else glyphs.top[numbers]
    along = glyphs.top[numbers] if line.is_upright else glyphs.left[numbers]
    edges = np.flatnonzero(np.diff(is_small.astype(np.int8))) + 1
    parts = []
    for part in np.split(np.arange(len(numbers)), edges):
        second = across[part] > (across[part].min() + across[part].max()) / 2
        if is_small[part[0]] and np.ptp(across[part]) >= 0.3 * largest and 2 <= second.sum() <= len(part) - 2:
            part = part[np.lexsort((along[part], second))]
        parts.append(part)
    return numbers[np.concatenate(parts)]


def _spaces_between(line: RawLine, page: LinePage, numbers: Int64s, starts: Float64s, stops: Float64s) -> list[str]:
    """What stands between each two characters of a line: nothing, a space, or an ideographic space; [] if nothing."""
    gaps = starts[1:] - np.maximum.accumulate(stops)[:-1]
    sizes, full = page.glyphs.size[numbers], page.is_full[numbers]
    size = np.maximum(sizes[1:], sizes[:-1])
    none_full = ~(full[1:] | full[:-1])
    is_wide = gaps >= _SPACE_EMS * size
    # A space between Latin letters; next to a full-width character only where the file has one or the gap is wide.
    is_any = is_wide | ((gaps >= _LATIN_SPACE_EMS * size) & none_full)
    if len(page.spaces.points):
        is_typed = _typed_spaces(line, page.spaces, starts)
        is_any |= is_typed & (gaps > _TYPED_SPACE_EMS * size) & ~(full[1:] & full[:-1])
    if not is_any.any():
        return []
    # A short line of single characters with equal gaps is one word, whatever stands in the gaps.
    if len(numbers) <= _SPACED_CHARS and full.all() and is_any.all() and gaps.max() - gaps.min() < 0.3 * line.size:
        return []
    return [
        "" if not any_ else ("\u3000" if wide and not none else " ")
        for any_, wide, none in zip(is_any.tolist(), is_wide.tolist(), none_full.tolist(), strict=True)
    ]


def _typed_spaces(line: RawLine, spaces: Glyphs, starts: Float64s) -> Bools:
    """Before which characters of the line, but for the first, the file has a space."""
    is_typed = np.zeros(len(starts) - 1, np.bool_)
    if line.is_upright:
        along, across, low, high = spaces.top, (spaces.left + spaces.right) / 2, line.left, line.right
    else:
        along, across, low, high = spaces.left, (spaces.top + spaces.bottom) / 2, line.top, line.bottom
    inside = (across >= low) & (across <= high)
    if inside.any():
        at = np.searchsorted(starts, along[inside] + 0.01 * line.size) - 1
        is_typed[at[(at >= 0) & (at < len(is_typed))]] = True
    return is_typed


def _marks(
    line: RawLine,
    page: LinePage,
    characters: list[str],
    places: list[int],
    starts: Float64s,
    stops: Float64s,
    ruby: list[RawLine],
) -> list[Mark]:
    """The readings and emphasis of a line's characters: each ruby belongs to the characters next to it."""
    glyphs = page.glyphs
    middles = (starts + stops) / 2
    found: list[Mark] = []
    for annotation in ruby:
        own = annotation.glyphs
        first = (glyphs.top if line.is_upright else glyphs.left)[own]
        last = (glyphs.bottom if line.is_upright else glyphs.right)[own]
        reading = "".join(page.characters[number] for number in own.tolist())
        if annotation.is_dots:
            inside = np.flatnonzero(
                (middles >= first.min() - 0.3 * line.size) & (middles <= last.max() + 0.3 * line.size)
            )
            if len(inside):
                stop = int(inside[-1])
                found.append(Mark(places[int(inside[0])], places[stop] + len(characters[stop]), "emphasis"))
            continue
        inside = np.flatnonzero((stops > first.min() + 0.2 * line.size) & (starts < last.max() - 0.2 * line.size))
        kanji = [int(at) for at in inside if _IDEOGRAPH.match(characters[int(at)])]
        base = kanji or [int(at) for at in inside]
        if base:
            start, stop = base[0], base[-1]
            found.append(Mark(places[start], places[stop] + len(characters[stop]), "ruby", reading))
    found.sort()
    return _merged_dots(found)


def _merged_dots(marks: list[Mark]) -> list[Mark]:
    """The marks with emphasis that goes on as one: each dot is a line of its own where its neighbours are far."""
    merged: list[Mark] = []
    for mark in marks:
        last = merged[-1] if merged else None
        if last is not None and mark.kind == last.kind == "emphasis" and mark.start <= last.stop:
            merged[-1] = last._replace(stop=max(mark.stop, last.stop))
        else:
            merged.append(mark)
    return merged


_IDEOGRAPH = re.compile("[\u3400-\u9fff々〆〇\U00020000-\U0003ffff]")
