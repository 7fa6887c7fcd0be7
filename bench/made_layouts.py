"""Makes PDFs of layouts drawn by chance, with their gold: for `bench.layouts`.

Each layout is a function from a `Writer` to the pages of a document. Size of print, distances, margins, columns, what
stands in them, running heads, the order of the stream and the kind of font are drawn by chance, within what print has.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from typing import Final, NamedTuple

from bench.made_formulas import FORMULAS
from bench.made_parts import (
    PAPERS,
    blank,
    flow,
    heading,
    headline,
    outline,
    page_frame,
    paragraph,
    put,
    split,
    style,
    whole_ems,
    with_heads,
    with_notes,
)
from bench.made_tables import draw_table, form, ruled_table
from bench.mixed_layouts import MIXED
from bench.typesetting import (
    Block,
    Cell,
    Frame,
    Sheet,
    Style,
    Writer,
    cells,
    draw_line,
)
from samples.files.pdf_writer import Glyph, Rule, level, pdf, upright


class Made(NamedTuple):
    """A file of a layout, its pages with their gold, and whether its stream is in another order than its text."""

    layout: str
    data: bytes
    sheets: list[Sheet]
    is_shuffled: bool


def columns(writer: Writer) -> list[Sheet]:
    """Level text in one to four columns, with titles, lists and notes at the foot of columns."""
    how, paper = style(writer), writer.rng.choice(PAPERS)
    sheets, gutter = [], writer.rng.uniform(1.6, 3)
    for number in range(writer.rng.randint(2, 3)):
        sheet = Sheet(*paper)
        frame = page_frame(writer, sheet)
        n = writer.rng.randint(1, min(4, int(frame.measure / how.size / 13)))
        if number == 0:
            frame = headline(writer, sheet, frame, how)
        frames = [whole_ems(part, how.size) for part in split(frame, n, gutter * how.size)]
        if writer.rng.random() < 0.5:
            frames[-1] = with_notes(writer, sheet, frames[-1], how)
        put(sheet, flow(writer, 14), frames, how)
        sheets.append(sheet)
    with_heads(sheets, writer, how)
    return sheets


def tiers(writer: Writer) -> list[Sheet]:
    """Vertical text in one to four tiers, with rules between them sometimes, readings and digits side by side."""
    how, paper = style(writer, ruby=True), writer.rng.choice(PAPERS)
    sheets, gutter, has_rules = [], writer.rng.uniform(1.8, 3.5), writer.rng.random() < 0.4
    for number in range(writer.rng.randint(2, 3)):
        sheet = Sheet(*paper)
        frame = page_frame(writer, sheet, is_upright=True)
        n = writer.rng.randint(1, min(4, int(frame.measure / how.size / 13)))
        if number == 0:
            frame = headline(writer, sheet, frame, how)
        frames = [whole_ems(part, how.size) for part in split(frame, n, gutter * how.size)]
        put(sheet, flow(writer, 14, upright=True, readings=writer.rng.choice((0, 0.2))), frames, how)
        if has_rules:
            for one, other in itertools.pairwise(frames):
                y = (one.bottom + other.top) / 2
                sheet.parts.append(Rule(frame.left, y, frame.right, y))
        sheets.append(sheet)
    with_heads(sheets, writer, how)
    return sheets


def box(writer: Writer) -> list[Sheet]:
    """A part in a frame or on a tint, of the page's direction or the other, after the text."""
    how, sheet = style(writer, ruby=True), blank(writer)
    is_upright, inner = writer.rng.random() < 0.4, writer.rng.random() < 0.5
    frame = page_frame(writer, sheet, is_upright=is_upright)
    share, gap = writer.rng.uniform(0.45, 0.65), 2.5 * how.size
    if is_upright:
        first = frame._replace(left=frame.right - share * (frame.right - frame.left))
        second = Frame(frame.left, frame.top, first.left - gap, frame.bottom, inner)
    else:
        first = frame._replace(bottom=frame.top + share * (frame.bottom - frame.top))
        second = Frame(frame.left, first.bottom + gap, frame.right, frame.bottom, inner)
    n = 1 if first.measure < 30 * how.size else writer.rng.randint(1, 2)
    frames = [whole_ems(part, how.size) for part in split(first, n, 2 * how.size)]
    put(sheet, flow(writer, 12, upright=is_upright), frames, how)
    outline(writer, sheet, second)
    pad = 1.2 * how.size
    inside = Frame(second.left + pad, second.top + pad, second.right - pad, second.bottom - pad, inner)
    small = Style(how.size * writer.rng.choice((0.9, 1.0)), how.pitch)
    words = [heading(writer, 1.2), *(paragraph(writer, 30, 80, upright=inner) for _ in range(3))]
    put(sheet, words, [whole_ems(inside, small.size)], small)
    return [sheet]


def side_notes(writer: Writer) -> list[Sheet]:
    """Notes in small print in a column at the side of level text, or above vertical text."""
    how, paper = style(writer), writer.rng.choice(PAPERS[:2])
    sheets, is_upright = [], writer.rng.random() < 0.5
    share, small = writer.rng.uniform(0.2, 0.26), Style(how.size * writer.rng.uniform(0.72, 0.85), 1.4)
    for _ in range(2):
        sheet = Sheet(*paper)
        frame = page_frame(writer, sheet, is_upright=is_upright)
        if is_upright:
            border = frame.top + share * frame.measure
            beside, main = frame._replace(bottom=border), frame._replace(top=border + 2 * how.size)
        else:
            border = frame.right - share * frame.measure
            beside, main = frame._replace(left=border), frame._replace(right=border - 2 * how.size)
        notes = Sheet(*paper)
        words = [
            Block("note", cells(f"{writer.phrase(2, 3)}　{writer.sentence()}", is_upright=is_upright), before=2.0)
            for _ in range(writer.rng.randint(2, 4))
        ]
        put(notes, words, [whole_ems(beside, small.size)], small)
        if is_upright:
            sheet.blocks += notes.blocks
        put(sheet, flow(writer, 12, upright=is_upright), [whole_ems(main, how.size)], how)
        sheet.parts += notes.parts
        if not is_upright:
            sheet.blocks += notes.blocks
        sheets.append(sheet)
    with_heads(sheets, writer, how)
    return sheets


def readings(writer: Writer) -> list[Sheet]:
    """All kanji with readings, level or upright, and words with dots."""
    how, sheet = style(writer, ruby=True), blank(writer)
    how.pitch = writer.rng.uniform(1.75, 2.1)
    is_upright = writer.rng.random() < 0.5
    frame = whole_ems(page_frame(writer, sheet, is_upright=is_upright), how.size)
    put(sheet, flow(writer, 10, upright=is_upright, readings=1.0), [frame], how)
    return [sheet]


def spread(writer: Writer) -> list[Sheet]:
    """Two pages of a book on one sheet, level or vertical, the right one first if vertical."""
    how, is_upright = style(writer, ruby=True), writer.rng.random() < 0.5
    sheets = []
    first = writer.rng.randint(1, 90) * 2
    for number in range(2):
        sheet = Sheet(842.0, 595.0)
        halves = [Frame(55, 70, 380, 530, is_upright), Frame(462, 70, 787, 530, is_upright)]
        halves = [whole_ems(half, how.size) for half in (halves[::-1] if is_upright else halves)]
        put(sheet, flow(writer, 12, upright=is_upright), halves, how)
        for half, page in zip(halves, (first + 2 * number, first + 2 * number + 1), strict=True):
            sheet.parts += level(str(page), (half.left + half.right) / 2, 556.0, 0.8 * how.size)
            sheet.heads.append(str(page))
        sheets.append(sheet)
    return sheets


def formulas(writer: Writer) -> list[Sheet]:
    """Text with powers, indices and marks of notes, and formulas in lines of their own with numbers."""
    how, sheet = style(writer), blank(writer)
    blocks: list[Block] = []
    for number in range(1, writer.rng.randint(3, 6)):
        text = cells(writer.prose(40, 90))
        place = writer.rng.randrange(5, len(text) - 5)
        rise, mark = writer.rng.choice(((0.45, "2"), (0.5, f"{number}"), (-0.15, "1")))
        text[place:place] = [Cell("x", 0.5), Cell(mark, 0.3, scale=0.6, rise=rise)]
        blocks.append(Block("p", text, first=1.0))
        expression = writer.rng.choice(("S=ab+c", "V=Ah-B", "y=3x+7", "F=ma"))
        blocks.append(Block("math", cells(expression), is_centred=True, before=0.5))
        blocks.append(Block("p", cells(writer.prose(40, 90)), first=1.0, before=0.5))
    put(sheet, blocks, [whole_ems(page_frame(writer, sheet), how.size)], how)
    return [sheet]


def two_line_notes(writer: Writer) -> list[Sheet]:
    """Vertical text with notes in two small lines within a line (割注)."""
    how, sheet = style(writer, ruby=True), blank(writer)
    how.has_upright_font = False
    frame = whole_ems(page_frame(writer, sheet, is_upright=True), how.size)
    per_line, v = int(frame.measure / how.size + 1e-6), 0.0
    for _ in range(5):
        before, after = cells(writer.prose(8, 14))[: per_line // 3], cells(writer.sentence())
        half = writer.rng.randint(3, 5)
        note = writer.phrase(2 * half, 2 * half)
        after = after[: per_line - len(before) - (half + 1) // 2 - 1]
        line = [(float(n), cell) for n, cell in enumerate(before)]
        start = len(before) + (half + 1) // 2
        line += [(start + float(n), cell) for n, cell in enumerate(after)]
        sheet.parts += draw_line(line, frame, v, how.size, how)
        x, y = frame.place(len(before) * how.size, v, how.size)
        for row, words in enumerate((note[:half], note[half:])):
            sheet.parts += upright(words, x + (0.5 - 0.5 * row) * how.size, y, 0.5 * how.size)
        sheet.blocks.append(Block("p", [*before, *cells(note), *after]))
        v += 2 * how.pitch * how.size
    return [sheet]


def contents(writer: Writer) -> list[Sheet]:
    """A table of contents with leaders and page numbers."""
    how, sheet = style(writer), blank(writer)
    frame = whole_ems(page_frame(writer, sheet), how.size)
    rest = headline(writer, sheet, frame, how)
    n, v = int(frame.measure / how.size + 1e-6), 0.0
    for number in range(1, 9):
        words = f"第{'一二三四五六七八'[number - 1]}章　{writer.phrase(4, 8)}"
        page = str(number * 11)
        dots = n - len(words) - 2
        sheet.parts += level(words + dots * "…" + page, rest.left, rest.top + v, how.size)
        sheet.blocks.append(Block("li", cells(words + dots * "…" + page)))
        v += 1.8 * how.size
    return [sheet]


def tables(writer: Writer) -> list[Sheet]:
    """Ruled tables with merged cells, or tables without rules, between paragraphs."""
    how, sheet = style(writer), blank(writer)
    frame = whole_ems(page_frame(writer, sheet), how.size)
    put(sheet, [paragraph(writer, 60, 90), paragraph(writer, 60, 120)], [frame], how)
    bottom = max(part.y for part in sheet.parts if isinstance(part, Glyph))
    table = ruled_table(writer, is_ruled=writer.rng.random() < 0.6)
    caption = Block("caption", cells(f"表{writer.rng.randint(1, 9)}　{writer.phrase(5, 9)}"), is_centred=True)
    frame = frame._replace(top=bottom + 2 * how.size)
    put(sheet, [caption], [frame], how)
    end = draw_table(table, sheet, frame._replace(top=frame.top + 2 * how.size), how)
    put(sheet, flow(writer, 3), [frame._replace(top=end + 2 * how.size)], how)
    return [sheet]


def forms(writer: Writer) -> list[Sheet]:
    """A form: a title, and a grid of labels and boxes that are empty or filled."""
    how, sheet = style(writer), blank(writer)
    frame = headline(writer, sheet, page_frame(writer, sheet), how)
    draw_table(form(writer), sheet, frame, how)
    return [sheet]


def turned(writer: Writer) -> list[Sheet]:
    """Pages of other layouts, turned by quarters."""
    return writer.rng.choice((columns, tables, forms))(writer)


LAYOUTS: Final[dict[str, Callable[[Writer], list[Sheet]]]] = {
    function.__name__: function
    for function in (
        columns, tiers, box, side_notes, readings, spread, formulas, two_line_notes, contents, tables, forms, turned,
    )
} | MIXED | FORMULAS  # fmt: skip


def made(layout: str, seed: int) -> Made:
    """A file of a layout."""
    writer = Writer(random.Random(f"{layout} {seed}"))
    sheets = LAYOUTS[layout](writer)
    is_shuffled = writer.rng.random() < 0.5
    width, height = sheets[0].width, sheets[0].height
    pages = []
    for sheet in sheets:
        parts = list(sheet.parts)
        if is_shuffled:
            glyphs = [part for part in parts if isinstance(part, Glyph)]
            writer.rng.shuffle(glyphs)
            parts = [part for part in parts if not isinstance(part, Glyph)] + glyphs
        pages.append(parts)
    extra: list[bytes] = []
    if layout == "turned":
        # Turned back by /Rotate, or left lying: nearly all glyphs then lie on one side.
        pages = [[_turned_back(part, width) for part in parts] for parts in pages]
        width, height = height, width
        extra = [b"/Rotate 90"] if writer.rng.random() < 0.5 else []
    return Made(layout, pdf(*pages, paper=(width, height), extra=extra, is_compressed=True), sheets, is_shuffled)


def _turned_back(part: Glyph | Rule | bytes, width: float) -> Glyph | Rule | bytes:
    """A part of a page of some width after a quarter turn against the clock."""
    if isinstance(part, Rule):
        return Rule(part.y0, width - part.x0, part.y1, width - part.x1)
    return part._replace(x=part.y, y=width - part.x, turn=3) if isinstance(part, Glyph) else b""
