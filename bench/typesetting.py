"""Sets Japanese text on pages by the rules of print, with the gold of what was set; used by `bench.made_layouts`.

A frame is a column or tier in which lines follow each other: level ones downwards, upright ones to the left. Distances
along a line are called `u`, across lines `v`, both from the frame's first corner, in points.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from html import unescape
from pathlib import Path
from typing import Final, NamedTuple

from samples.files.pdf_writer import ASCENT, Glyph, Rule, advance_ems

#: Marks that begin no line: the character before them goes with them to the next one.
_BEGIN_NO_LINE: Final = "。、，．」』）〉》】〕！？ーっゃゅょァィゥェォッャュョぁぃぅぇぉ々・：；…"
_END_NO_LINE: Final = "「『（〈《【〔"
_KANJI = re.compile("[\u4e00-\u9fff々]+")
_KANA: Final = "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわん"


class Cell(NamedTuple):
    """What takes a place in a line.

    Attributes:
        text: one character, or digits that stand side by side in an upright line.
        ems: its advance, in ems of the text.
        reading: of the base that begins here.
        n_base: how many cells the base has.
        has_dot: with an emphasis dot.
        scale: of its size: less than 1 for powers and marks of notes.
        rise: how far it stands above the line, in ems.
    """

    text: str
    ems: float = 1.0
    reading: str = ""
    n_base: int = 1
    has_dot: bool = False
    scale: float = 1.0
    rise: float = 0.0


@dataclass
class Block:
    """A paragraph, heading, item or note.

    Attributes:
        kind: p, h, li, note or caption.
        cells: its text.
        scale: of its print, of the page's text.
        first, rest: indent of the first and of the other lines, in ems.
        is_centred: whether its lines are.
        spread: ems between its characters.
        before: white before it, in ems.
    """

    kind: str
    cells: list[Cell]
    scale: float = 1.0
    first: float = 0.0
    rest: float = 0.0
    is_centred: bool = False
    spread: float = 0.0
    before: float = 0.0

    @property
    def text(self) -> str:
        """What it says, without readings."""
        return "".join(cell.text for cell in self.cells)

    @property
    def readings(self) -> list[tuple[str, str]]:
        """Bases and their readings."""
        return [
            ("".join(part.text for part in self.cells[at : at + cell.n_base]), cell.reading)
            for at, cell in enumerate(self.cells)
            if cell.reading
        ]


class Frame(NamedTuple):
    """Where lines are set: the box, and the direction."""

    left: float
    top: float
    right: float
    bottom: float
    is_upright: bool = False

    @property
    def measure(self) -> float:
        """The length of its lines."""
        return self.bottom - self.top if self.is_upright else self.right - self.left

    @property
    def depth(self) -> float:
        """How far its lines may go."""
        return self.right - self.left if self.is_upright else self.bottom - self.top

    def place(self, u: float, v: float, size: float) -> tuple[float, float]:
        """Left and top of the cell of some size at u, v."""
        return (self.right - v - size, self.top + u) if self.is_upright else (self.left + u, self.top + v)


@dataclass
class Style:
    """How text is set: size in points, distance of lines in ems, readings' size in ems, whether for a vertical font."""

    size: float
    pitch: float
    ruby_ems: float = 0.5
    has_upright_font: bool = False


@dataclass
class Sheet:
    """A page: what is drawn on it, and the blocks in the order of reading; notes follow them."""

    width: float
    height: float
    parts: list[Glyph | Rule | bytes] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    notes: list[Block] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)


# --- text --------------------------------------------------------------------------------------------


def sentences() -> list[str]:
    """Sentences of the samples, which were written for this project."""
    found = []
    for path in sorted((Path(__file__).parents[1] / "samples" / "web" / "pages").glob("*.html")):
        text = unescape(re.sub(r"<[^>]*>", "\n", path.read_text("utf-8", errors="replace")))
        found += re.findall(r"[^\s。「」『』（）〓]{8,70}。", text)
    return [
        sentence
        for sentence in dict.fromkeys(found)
        if re.fullmatch("[\u3041-\u30ff\u4e00-\u9fff々〇、。・ー０-９0-9A-Za-z]+", sentence)
        and len(re.findall("[\u3041-\u309f]", sentence)) >= 0.3 * len(sentence)
    ]


class Writer:
    """Makes up text from sentences."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self._all = _SENTENCES

    def sentence(self) -> str:
        """A sentence."""
        return self.rng.choice(self._all)

    def prose(self, low: int, high: int) -> str:
        """Sentences of so many characters together, about."""
        length, text = self.rng.randint(low, high), ""
        while len(text) < length:
            text += self.sentence()
        return text

    def phrase(self, low: int, high: int) -> str:
        """Words without a mark at their end, of so many characters."""
        length = self.rng.randint(low, high)
        return re.sub("[、。・ー々0-9A-Za-z]", "", self.prose(3 * length, 4 * length))[:length]

    def reading(self, n_kanji: int) -> str:
        """A reading for so many kanji."""
        return "".join(self.rng.choice(_KANA) for _ in range(self.rng.randint(n_kanji, 3 * n_kanji)))


_SENTENCES: Final = sentences()


def cells(text: str, *, is_upright: bool = False) -> list[Cell]:
    """Text as cells; in upright lines one or two digits stand side by side, more stand below each other."""
    found: list[Cell] = []
    for part in re.findall(r"[0-9]+|.", text):
        if is_upright and part.isascii():
            found += [Cell(part)] if part.isdigit() and len(part) <= 2 else [Cell(char) for char in part]
        else:
            found += [Cell(char, advance_ems(char)) for char in part]
    return found


def with_readings(given: list[Cell], writer: Writer, share: float) -> list[Cell]:
    """The cells with readings of a part of the words that are written in kanji."""
    text = [cell.text if len(cell.text) == 1 else "0" for cell in given]
    found = list(given)
    for word in _KANJI.finditer("".join(text)):
        start, stop = word.span()
        n_base = stop - start
        if n_base <= 4 and writer.rng.random() < share:
            reading = writer.reading(n_base)
            # A base is set wider where its reading is longer.
            ems = max(1.0, len(reading) * 0.5 / n_base)
            for at in range(start, stop):
                found[at] = found[at]._replace(ems=ems)
            found[start] = found[start]._replace(reading=reading, n_base=n_base)
    return found


# --- lines -------------------------------------------------------------------------------------------


def lines_of(block: Block, measure_ems: float) -> list[list[tuple[float, Cell]]]:
    """The lines of a block: cells with the places where they start, in ems of its own size.

    All lines but the last are stretched to the measure. No base is broken.
    """
    measure = measure_ems / block.scale
    lines: list[list[Cell]] = []
    at = 0
    while at < len(block.cells):
        indent = block.rest if lines else block.first
        stop, used = at, indent
        while stop < len(block.cells) and used + block.cells[stop].ems + block.spread <= measure + 1e-6:
            used += block.cells[stop].ems + block.spread
            stop += 1
        if stop < len(block.cells):
            stop = _break_before(block.cells, at, stop)
        lines.append(block.cells[at : max(stop, at + 1)])
        at = max(stop, at + 1)
    return [
        _placed(line, block.rest if n else block.first, measure, block, is_last=n == len(lines) - 1)
        for n, line in enumerate(lines)
    ]


def _break_before(given: Sequence[Cell], start: int, stop: int) -> int:
    """Where a line may end, at most three quarters of an em's cells before a place."""
    inside = {
        n for at in range(max(start - 8, 0), stop) for n in range(at + 1, at + given[at].n_base) if given[at].reading
    }
    for place in range(stop, max(start + 1, stop - 6), -1):
        is_word = given[place].text.isascii() and given[place - 1].text.isascii()
        fits = given[place].text[0] not in _BEGIN_NO_LINE and given[place - 1].text not in _END_NO_LINE
        if place not in inside and fits and not is_word and not given[place].rise:
            return place
    return stop


def _placed(
    line: Sequence[Cell], indent: float, measure: float, block: Block, *, is_last: bool
) -> list[tuple[float, Cell]]:
    used = indent + sum(cell.ems + block.spread for cell in line) - block.spread
    gap = block.spread
    if not is_last and len(line) > 1 and measure - used < 3:
        gap += (measure - used) / (len(line) - 1)
    u = indent + ((measure - used) / 2 if block.is_centred else 0.0)
    placed = []
    for cell in line:
        placed.append((u, cell))
        u += cell.ems + gap
    return placed


def draw_line(line: Sequence[tuple[float, Cell]], frame: Frame, v: float, size: float, style: Style) -> Iterator[Glyph]:
    """The glyphs of a line whose cells begin at v of a frame, with readings and dots."""
    upright = frame.is_upright
    for number, (start, cell) in enumerate(line):
        u = start * size
        own = size * cell.scale
        shift = (cell.ems - 1) / 2 * size if cell.ems > 1 else 0.0
        if upright and len(cell.text) > 1:
            x, y = frame.place(u, v, size)
            x += (size - 0.5 * own * len(cell.text)) / 2
            for n, digit in enumerate(cell.text):
                yield Glyph(digit, x + n * 0.5 * own, y + ASCENT * own, own)
        else:
            x, y = frame.place(u + shift, v, size)
            if upright:
                yield _upright_glyph(cell.text, x + (size - own) / 2, y, own, style)
            else:
                yield Glyph(cell.text, x, y + ASCENT * size - cell.rise * size, own)
        if cell.reading:
            end = line[min(number + cell.n_base, len(line)) - 1]
            yield from _reading(cell.reading, u, (end[0] + end[1].ems) * size, frame, v, size, style)
        if cell.has_dot:
            yield from _reading("﹅", u, u + cell.ems * size, frame, v, size, style)


def _upright_glyph(char: str, x: float, y: float, size: float, style: Style) -> Glyph:
    """A glyph whose cell's left top is x, y."""
    if style.has_upright_font and not char.isascii():
        return Glyph(char, x, y, size, font="V")
    return Glyph(char, x + (0.25 * size if advance_ems(char) < 1 else 0), y + ASCENT * size, size)


def _reading(
    reading: str, start: float, stop: float, frame: Frame, v: float, size: float, style: Style
) -> Iterator[Glyph]:
    own = style.ruby_ems * size
    gap = (stop - start - len(reading) * own) / len(reading)
    gap = min(max(gap, 0.0), own) if len(reading) > 1 else 0.0
    u = (start + stop - len(reading) * own - (len(reading) - 1) * gap) / 2
    for char in reading:
        x, y = frame.place(u, v - own - 0.05 * size, own)
        yield Glyph(char, x, y + ASCENT * own, own)
        u += own + gap


# --- flow --------------------------------------------------------------------------------------------


def set_blocks(blocks: Sequence[Block], frames: Sequence[Frame], style: Style) -> tuple[list[list[Glyph]], list[Block]]:
    """Set blocks in frames, one after the other.

    Returns:
        The glyphs of each frame, and the blocks as far as they were set: what did not fit is cut off.
    """
    glyphs: list[list[Glyph]] = [[] for _ in frames]
    done: list[Block] = []
    number, v = 0, 0.0
    for block in blocks:
        size = style.size * block.scale
        v += block.before * style.size if v else 0.0
        n_set, lines, measure = 0, [], -1.0
        while n_set < len(block.cells):
            if v + size > frames[number].depth + 0.01:
                number, v = number + 1, 0.0
            if number == len(frames):
                break
            if frames[number].measure != measure:
                # The rest of a paragraph is broken anew for a frame of another length of line.
                measure = frames[number].measure
                rest = replace(block, cells=block.cells[n_set:], first=block.rest if n_set else block.first)
                lines = lines_of(rest, measure / style.size)
            line = lines.pop(0)
            glyphs[number] += draw_line(line, frames[number], v, size, style)
            v += style.pitch * max(size, style.size) if block.scale < 1 else style.pitch * size
            n_set += len(line)
        if n_set:
            done.append(replace(block, cells=block.cells[:n_set]))
        if number == len(frames):
            break
    return glyphs, done
