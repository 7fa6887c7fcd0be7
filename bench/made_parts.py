"""Parts of made pages: styles, paragraphs, lists, type areas, columns, titles, frames, running heads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from bench.typesetting import Block, Frame, Sheet, Style, Writer, cells, lines_of, set_blocks, with_readings
from samples.files.pdf_writer import Rule, level

PAPERS: Final = ((595.0, 842.0), (516.0, 729.0), (420.0, 595.0))


def style(writer: Writer, *, ruby: bool = False) -> Style:
    """A size and distance of lines."""
    rng = writer.rng
    pitch = rng.uniform(1.7, 2.1) if ruby else rng.uniform(1.45, 1.9)
    return Style(rng.choice((8.0, 9.0, 10.0, 10.5, 11.0)), pitch, rng.choice((0.5, 0.5, 0.45)), rng.random() < 0.4)


def paragraph(writer: Writer, low: int = 40, high: int = 160, *, upright: bool = False, readings: float = 0.0) -> Block:
    """Sentences with an indent."""
    text = cells(writer.prose(low, high), is_upright=upright)
    if readings:
        text = with_readings(text, writer, readings)
    return Block("p", text, first=1.0)


def heading(writer: Writer, scale: float) -> Block:
    """A few words in larger print, or set wide."""
    spread = writer.rng.choice((0.0, 0.0, 0.0, 1.0, 2.0))
    words = writer.phrase(2, 4) if spread else writer.phrase(5, 10)
    return Block("h", cells(words), scale=scale, spread=spread, before=0.9)


def items(writer: Writer) -> list[Block]:
    """Items of a list, whose further lines hang."""
    marks = writer.rng.choice(("（１）", "①", "・", "１　", "ア　", "（ア）"))
    found = []
    for number in range(writer.rng.randint(2, 4)):
        mark = {"（１）": f"（{'１２３４'[number]}）", "①": "①②③④"[number], "１　": f"{'１２３４'[number]}　"}.get(
            marks
        )
        mark = mark or marks.replace("ア", "アイウエ"[number])
        mark = mark if mark.endswith("　") else mark + "　"
        found.append(Block("li", cells(mark + writer.sentence()), first=1.0, rest=1.0 + len(mark)))
    return found


def flow(writer: Writer, n_blocks: int, *, upright: bool = False, readings: float = 0.0) -> list[Block]:
    """Paragraphs, headings and lists."""
    found: list[Block] = []
    for number in range(n_blocks):
        chance = writer.rng.random()
        if number and chance < 0.18:
            found.append(heading(writer, writer.rng.choice((1.2, 1.3))))
        elif number and chance < 0.3 and not upright:
            found += items(writer)
        found.append(paragraph(writer, upright=upright, readings=readings))
    return found


def page_frame(writer: Writer, sheet: Sheet, *, is_upright: bool = False) -> Frame:
    """The type area."""
    side, top = writer.rng.uniform(45, 70), writer.rng.uniform(62, 80)
    return Frame(side, top, sheet.width - side, sheet.height - writer.rng.uniform(62, 80), is_upright)


def split(frame: Frame, n: int, gutter: float) -> list[Frame]:
    """A frame as columns or tiers, whole ems long."""
    length = (frame.measure - (n - 1) * gutter) / n
    if frame.is_upright:
        return [frame._replace(top=t, bottom=t + length) for t in (frame.top + k * (length + gutter) for k in range(n))]
    return [frame._replace(left=u, right=u + length) for u in (frame.left + k * (length + gutter) for k in range(n))]


def whole_ems(frame: Frame, size: float) -> Frame:
    """The frame with lines of whole ems, as print has them."""
    length = int(frame.measure / size + 1e-6) * size
    if frame.is_upright:
        return frame._replace(bottom=frame.top + length)
    return frame._replace(right=frame.left + length)


def below(frame: Frame, depth: float) -> Frame:
    """What is left of a frame after lines of so much depth."""
    return frame._replace(right=frame.right - depth) if frame.is_upright else frame._replace(top=frame.top + depth)


def put(sheet: Sheet, blocks: Sequence[Block], frames: Sequence[Frame], how: Style) -> None:
    """Set blocks in frames and add them to the page."""
    glyphs, done = set_blocks(blocks, frames, how)
    for part in glyphs:
        sheet.parts += part
    sheet.blocks += done


def headline(writer: Writer, sheet: Sheet, frame: Frame, how: Style) -> Frame:
    """Set a title over all columns; returns the rest of the frame."""
    title = Block("h", cells(writer.phrase(5, 9)), scale=writer.rng.uniform(1.5, 2.0), is_centred=not frame.is_upright)
    put(sheet, [title], [frame], how)
    return below(frame, how.size * title.scale + writer.rng.uniform(1.5, 3) * how.size)


class Heads(NamedTuple):
    """Running heads and page numbers of a document."""

    right: str
    left: str
    at_top: bool
    number_at_top: bool
    form: str
    outer: bool
    ratio: float
    first: int


def heads_of(writer: Writer) -> Heads:
    """Heads by chance."""
    rng = writer.rng
    right = writer.phrase(5, 9)
    left = right if rng.random() < 0.4 else writer.phrase(5, 9)
    form_ = rng.choice(("－ {} －", "{}", "{}", "- {} -", "({})"))
    return Heads(
        right,
        left,
        rng.random() < 0.8,
        rng.random() < 0.3,
        form_,
        rng.random() < 0.7,
        rng.uniform(0.7, 0.9),
        rng.randint(1, 200),
    )


def with_heads(sheets: Sequence[Sheet], writer: Writer, how: Style) -> None:
    """Set running heads and page numbers on all pages but, sometimes, the first."""
    heads = heads_of(writer)
    has_head = writer.rng.random() < 0.8
    for at, sheet in enumerate(sheets):
        number = heads.first + at
        is_right, size = number % 2 == 1, heads.ratio * how.size
        for text, on_top, is_outer in (
            (heads.right if is_right else heads.left, heads.at_top, heads.outer),
            (heads.form.format(number), heads.number_at_top and not heads.at_top, not heads.at_top and not heads.outer),
        ):
            if text in (heads.right, heads.left) and not has_head:
                continue
            width = sum(glyph.size * (1 if ord(glyph.text) > 127 else 0.5) for glyph in level(text, 0, 0, size))
            x = (sheet.width - width) / 2
            if is_outer:
                x = sheet.width - 55 - width if is_right else 55.0
            sheet.parts += level(text, x, 34.0 if on_top else sheet.height - 42.0, size)
            sheet.heads.append(text)


def blank(writer: Writer) -> Sheet:
    """A page of some paper."""
    return Sheet(*writer.rng.choice(PAPERS))


def with_notes(writer: Writer, sheet: Sheet, frame: Frame, how: Style, *, has_rule: bool = True) -> Frame:
    """Set notes at the foot of a column, below a rule if they have one; returns the rest of the column."""
    mark = writer.rng.choice(("＊{} ", "{}）", "注{}　", "※{}　"))
    small = Style(how.size * writer.rng.uniform(0.75, 0.9), writer.rng.uniform(1.3, 1.5))
    notes = [
        Block("note", cells(mark.format(n) + writer.sentence()), rest=writer.rng.choice((0.0, 1.0)))
        for n in range(1, writer.rng.randint(2, 3))
    ]
    n_lines = sum(len(lines_of(note, frame.measure / small.size)) for note in notes)
    top = frame.bottom - n_lines * small.pitch * small.size
    glyphs, done = set_blocks(notes, [frame._replace(top=top, bottom=frame.bottom + small.size)], small)
    sheet.parts += glyphs[0]
    sheet.notes += done
    y = top - 0.6 * small.size
    if has_rule:
        sheet.parts.append(Rule(frame.left, y, frame.left + writer.rng.uniform(0.3, 1) * frame.measure, y))
    return frame._replace(bottom=y - 0.8 * how.size)


def outline(writer: Writer, sheet: Sheet, around: Frame) -> None:
    """Draw a frame, a tint, both, or rounded corners."""
    left, top, right, bottom = around[:4]
    chance, y = writer.rng.random(), sheet.height - bottom
    if chance < 0.6:
        sheet.parts += [Rule(left, top, right, top), Rule(left, bottom, right, bottom)]
        sheet.parts += [Rule(left, top, left, bottom), Rule(right, top, right, bottom)]
    if chance > 0.4:
        tint = b"q 0.9 0.95 0.9 rg %g %g %g %g re f Q" % (left, y, right - left, bottom - top)
        sheet.parts.insert(0, tint)
