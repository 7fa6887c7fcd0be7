"""From glyphs to lines: direction, lines, ruby and emphasis dots off their base, text with spans.

The direction of writing is told by the nearest neighbours: in a line glyphs touch, lines are further apart. It is
decided for lines and not for pages, so that a page may have both. What the stream's order says is never looked at.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import accumulate
from typing import Final, NamedTuple

import numpy as np

from manyo.corpus.jit import Bools, Bytes, Float64s, Int64s, Uint32s
from manyo.corpus.print.glyph_kernels import (
    ANNOTATES,
    KANA,
    LEVEL,
    LINE_GAP_EMS,
    MAPPED,
    MARK,
    RUBY_RATIO,
    UPRIGHT,
    find_votes,
    join_lines,
    number_sets,
)
from manyo.corpus.print.pdf_glyphs import Glyphs, is_full_width

#: Neighbours further away say nothing about the direction.
_FAR_EMS: Final = 3.0
#: The direction is plain if the neighbour in it is nearer by this.
_PLAIN_EMS: Final = 0.08
#: Emphasis dots, and small characters that some fonts draw them with.
_DOTS: Final = "﹅﹆•●○◎▲△・‧∙ヽ、゛⚫⚪◦･﹑◉"
#: Across a line, ruby's middle is this far from its base's, in ems of the base: 0.75 where they touch.
_RUBY_APART_EMS: Final = (0.45, 1.2)
#: Ruby reaches over its base's ends by up to two of its characters.
_RUBY_OVERHANG_EMS: Final = 1.1
#: A gap between full-width characters is a space from here on. Justified lines are stretched by less.
_SPACE_EMS: Final = 0.6
#: Between Latin letters; fonts have spaces of a quarter of an em, and kerning below a tenth.
_LATIN_SPACE_EMS: Final = 0.14
#: Glyphs that stand alone and are looked at, of a page.
_MAX_ALONE: Final = 2_000
#: A heading of this many characters may be set with equal gaps.
_SPACED_CHARS: Final = 12


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


def classify(points: Uint32s) -> Bytes:
    """What the characters are: bits of `manyo.corpus.print.glyph_kernels`."""
    return _CLASSES[np.minimum(points, len(_CLASSES) - 1)]


def _class_table() -> Bytes:
    """The class of each character up to U+FFFF; the last one stands for all above."""
    table = np.zeros(1 << 16, np.uint8)
    table[0x3041:0x3100] |= KANA
    table[0xFF66:0xFFA0] |= KANA
    table[[ord(sign) for sign in "ー゛゜・･、"]] |= KANA
    table[[ord(dot) for dot in _DOTS]] |= MARK
    table[list(_MAPPED)] |= MAPPED
    return table


def text_lines(glyphs: Glyphs, is_artifact: Bools, places: Int64s) -> tuple[list[TextLine], int]:
    """The lines of a page, in no order, and how many glyphs were ruby or dots.

    Args:
        glyphs: of the page; spaces among them are used for spaces only.
        is_artifact: (n,), which of them are furniture.
        places: (n,), a number for the cell or frame in which each of them stands; no line leaves it.
    """
    is_space = np.isin(glyphs.points, _SPACES)
    spaces = glyphs.taken(is_space)
    glyphs, is_artifact, places = glyphs.taken(~is_space), is_artifact[~is_space], places[~is_space]
    n = len(glyphs.points)
    if not n:
        return [], 0
    x, y = (glyphs.left + glyphs.right) / 2, (glyphs.top + glyphs.bottom) / 2
    by_x, by_y = np.argsort(x, kind="stable"), np.argsort(y, kind="stable")
    classes = classify(glyphs.points)
    directions = _directions(glyphs, x, y, by_x, by_y, classes, places)
    lines: list[_RawLine] = []
    for direction in (LEVEL, UPRIGHT):
        chosen = (directions == direction).astype(np.uint8)
        if not chosen.any():
            continue
        is_upright = direction == UPRIGHT
        numbers, n_lines = _joined(glyphs, x, y, by_x, by_y, classes, chosen, places, is_upright, LINE_GAP_EMS)
        along = glyphs.top if is_upright else glyphs.left
        lines += _raw_lines(glyphs, numbers, n_lines, along, is_upright, classes)
    base, ruby = _ruby_apart(lines)
    attached = _attached(base, ruby, glyphs)
    page = _Page(glyphs, _characters(glyphs.points, classes), is_full_width(glyphs.points), is_artifact, places, spaces)
    written = [_written(line, page, attached.get(number, [])) for number, line in enumerate(base)]
    return [line for line in written if line.text], sum(len(line.glyphs) for line in ruby)


_SPACES = np.array([0x20, 0xA0, 0x3000, 0x2002, 0x2003, 0x2009, 0x200B, 0xAD], np.uint32)


def _directions(
    glyphs: Glyphs, x: Float64s, y: Float64s, by_x: Int64s, by_y: Int64s, classes: Bytes, places: Int64s
) -> Int64s:
    """The direction of each glyph: that of most glyphs of the lines, of either direction, to which it might belong."""
    n = len(x)
    level, upright = np.full(n, np.inf), np.full(n, np.inf)
    find_votes(glyphs.left, glyphs.right, y, glyphs.size, by_y, level)
    find_votes(glyphs.top, glyphs.bottom, x, glyphs.size, by_x, upright)
    votes = np.zeros(n, np.float64)
    votes[(level < upright - _PLAIN_EMS) & (level < _FAR_EMS)] = 1
    votes[(upright < level - _PLAIN_EMS) & (upright < _FAR_EMS)] = -1
    votes[glyphs.turn % 2 == 1] = -1
    everything = np.ones(n, np.uint8)
    sums, is_alone = np.zeros(n, np.float64), np.ones(n, np.bool_)
    for is_upright in (False, True):
        numbers, n_sets = _joined(glyphs, x, y, by_x, by_y, classes, everything, places, is_upright, 0.5)
        sums += np.bincount(numbers, votes, n_sets)[numbers]
        is_alone &= np.bincount(numbers, minlength=n_sets)[numbers] == 1
    page = LEVEL if votes.sum() >= 0 else UPRIGHT
    directions = np.where(sums > 0, LEVEL, np.where(sums < 0, UPRIGHT, page))
    if page == LEVEL and (directions == UPRIGHT).any():
        _lay_down_columns(glyphs, x, y, by_x, by_y, classes, places, directions)
    _follow_neighbours(directions, is_alone, x, y, places)
    return directions


def _follow_neighbours(directions: Int64s, is_alone: Bools, x: Float64s, y: Float64s, places: Int64s) -> None:
    """Give each glyph that stands alone, whose neighbours say nothing, the direction of the nearest line in its place.

    Such are the characters of a heading that is set wide.
    """
    lines = np.flatnonzero(~is_alone)
    if not len(lines) or (directions[lines] == directions[lines[0]]).all():
        directions[is_alone] = directions[lines[0]] if len(lines) else directions[is_alone]
        return
    for glyph in np.flatnonzero(is_alone)[:_MAX_ALONE].tolist():
        near = lines[places[lines] == places[glyph]]
        if len(near):
            directions[glyph] = directions[near[np.hypot(x[near] - x[glyph], y[near] - y[glyph]).argmin()]]


def _lay_down_columns(
    glyphs: Glyphs,
    x: Float64s,
    y: Float64s,
    by_x: Int64s,
    by_y: Int64s,
    classes: Bytes,
    places: Int64s,
    directions: Int64s,
) -> None:
    """Make level what only looks upright on a level page: single figures and signs below each other, as in a list.

    They stand each in the row of a level line. Of a vertical text's characters few do.
    """
    chosen = ((directions == UPRIGHT) & (glyphs.turn % 2 == 0)).astype(np.uint8)
    numbers, n_lines = _joined(glyphs, x, y, by_x, by_y, classes, chosen, places, True, 0.5)
    if not n_lines:
        return
    level_y = np.sort(y[directions == LEVEL])
    if not len(level_y):
        return
    at = np.clip(np.searchsorted(level_y, y), 1, max(len(level_y) - 1, 1))
    apart = np.minimum(np.abs(y - level_y[at - 1]), np.abs(y - level_y[np.minimum(at, len(level_y) - 1)]))
    is_chosen = numbers >= 0
    in_row = np.bincount(numbers[is_chosen], (apart <= 0.2 * glyphs.size)[is_chosen], n_lines)
    length = np.bincount(numbers[is_chosen], minlength=n_lines)
    lies = (in_row >= 0.8 * length) | (length < 2)
    directions[is_chosen & lies[numbers]] = LEVEL


def _joined(
    glyphs: Glyphs,
    x: Float64s,
    y: Float64s,
    by_x: Int64s,
    by_y: Int64s,
    classes: Bytes,
    chosen: Bytes,
    places: Int64s,
    is_upright: bool,
    gap_ems: float,
) -> tuple[Int64s, int]:
    """The number of each chosen glyph's line in a direction, -1 for others, and how many lines there are."""
    n = len(x)
    parents, numbers = np.arange(n), np.empty(n, np.int64)
    if is_upright:
        join_lines(glyphs.top, glyphs.bottom, x, glyphs.size, classes, chosen, places, by_x, gap_ems, parents)
    else:
        join_lines(glyphs.left, glyphs.right, y, glyphs.size, classes, chosen, places, by_y, gap_ems, parents)
    return numbers, number_sets(parents, chosen, numbers)


class _RawLine(NamedTuple):
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


def _raw_lines(
    glyphs: Glyphs, numbers: Int64s, n_lines: int, along: Float64s, is_upright: bool, classes: Bytes
) -> list[_RawLine]:
    """The lines of one direction, given the number of each glyph's line."""
    order = np.lexsort((along, numbers))
    order = order[np.searchsorted(numbers[order], 0) :]
    starts = np.searchsorted(numbers[order], np.arange(n_lines))
    stops = np.append(starts[1:], len(order))
    by_size = order[np.lexsort((glyphs.size[order], numbers[order]))]
    kinds = classes[order]
    columns = (
        np.minimum.reduceat(glyphs.left[order], starts),
        np.minimum.reduceat(glyphs.top[order], starts),
        np.maximum.reduceat(glyphs.right[order], starts),
        np.maximum.reduceat(glyphs.bottom[order], starts),
        glyphs.size[by_size[(starts + stops) // 2]],
        np.minimum.reduceat(kinds & ANNOTATES != 0, starts),
        np.minimum.reduceat(kinds & MARK != 0, starts),
    )
    rows = zip(starts.tolist(), stops.tolist(), *(column.tolist() for column in columns), strict=True)
    return [
        _RawLine(order[start:stop], left, top, right, bottom, size, is_upright, is_kana, is_dots)
        for start, stop, left, top, right, bottom, size, is_kana, is_dots in rows
    ]


def _ruby_apart(lines: list[_RawLine]) -> tuple[list[_RawLine], list[_RawLine]]:
    """The lines that are text, and those that may be ruby or dots: small kana next to a line of larger print."""
    candidates = [line for line in lines if line.is_kana]
    if not candidates:
        return lines, []
    boxes = _boxes(lines)
    ruby_ids = {id(line) for line in candidates if _base_of(line, boxes) is not None}
    return [line for line in lines if id(line) not in ruby_ids], [line for line in lines if id(line) in ruby_ids]


def _boxes(lines: list[_RawLine]) -> Float64s:
    """Left, top, right, bottom, size of lines, and whether they are upright, (n, 6)."""
    return np.array([(line.left, line.top, line.right, line.bottom, line.size, line.is_upright) for line in lines])


def _base_of(line: _RawLine, boxes: Float64s) -> int | None:
    """The number of the line that this one is ruby of; None if there is none.

    A line of one glyph, whose own direction is doubtful, may be ruby of a line of either.
    """
    left, top, right, bottom, size = (boxes[:, i] for i in range(5))
    is_upright = boxes[:, 5] > 0
    x, y = (line.left + line.right) / 2, (line.top + line.bottom) / 2
    fits = line.size <= RUBY_RATIO * size
    low, high = _RUBY_APART_EMS
    # The middle of the line's part that is next to the ruby, which word processors shift.
    below = ((top + bottom) / 2 - y) / size
    level = fits & ~is_upright & (below >= low) & (below <= high)
    level &= (line.left >= left - _RUBY_OVERHANG_EMS * size) & (line.right <= right + _RUBY_OVERHANG_EMS * size)
    beside = (x - (left + right) / 2) / size
    upright = fits & is_upright & (beside >= low) & (beside <= high)
    upright &= (line.top >= top - _RUBY_OVERHANG_EMS * size) & (line.bottom <= bottom + _RUBY_OVERHANG_EMS * size)
    if len(line.glyphs) > 2:
        level &= not line.is_upright
        upright &= line.is_upright
    best = np.where(level, np.abs(below - 0.75), np.where(upright, np.abs(beside - 0.75), np.inf))
    number = int(best.argmin())
    return number if np.isfinite(best[number]) else None


def _attached(base: list[_RawLine], ruby: list[_RawLine], glyphs: Glyphs) -> dict[int, list[_RawLine]]:
    """The ruby of each base line, by its number."""
    found: dict[int, list[_RawLine]] = {}
    if not ruby:
        return found
    boxes = _boxes(base)
    for line in ruby:
        owner = _base_of(line, boxes)
        if owner is not None:
            found.setdefault(owner, []).append(line)
    return found


# --- text of a line ----------------------------------------------------------------------------------

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
_MAPPED: Final = _VERTICAL | _RADICALS | _SYMBOLS
_CLASSES = _class_table()


def _characters(points: Uint32s, classes: Bytes) -> list[str]:
    """The characters, with presentation forms, radicals and symbols as what they stand for."""
    characters = list(points.astype("<u4").tobytes().decode("utf-32-le", "replace"))
    for place in np.flatnonzero(classes & MAPPED).tolist():
        characters[place] = chr(_MAPPED[int(points[place])])
    return characters


class _Page(NamedTuple):
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


def _written(line: _RawLine, page: _Page, ruby: list[_RawLine]) -> TextLine:
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


def _in_reading_order(line: _RawLine, glyphs: Glyphs) -> Int64s:
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


def _spaces_between(line: _RawLine, page: _Page, numbers: Int64s, starts: Float64s, stops: Float64s) -> list[str]:
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
        is_any |= is_typed & (gaps > 0.08 * size) & ~(full[1:] & full[:-1])
    if not is_any.any():
        return []
    # A short line of single characters with equal gaps is one word, whatever stands in the gaps.
    if len(numbers) <= _SPACED_CHARS and full.all() and is_any.all() and gaps.max() - gaps.min() < 0.3 * line.size:
        return []
    return [
        "" if not any_ else ("\u3000" if wide and not none else " ")
        for any_, wide, none in zip(is_any.tolist(), is_wide.tolist(), none_full.tolist(), strict=True)
    ]


def _typed_spaces(line: _RawLine, spaces: Glyphs, starts: Float64s) -> Bools:
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
    line: _RawLine,
    page: _Page,
    characters: list[str],
    places: list[int],
    starts: Float64s,
    stops: Float64s,
    ruby: list[_RawLine],
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
