"""Layouts of single kinds of documents: newspapers, minutes, letters, gazettes, exercises, tables of years."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Final

from bench.made_parts import (
    blank,
    flow,
    headline,
    items,
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
from bench.typesetting import Block, Frame, Sheet, Style, Writer, cells, lines_of
from samples.files.pdf_writer import Rule, level, upright


def newspaper(writer: Writer) -> list[Sheet]:
    """Vertical tiers of which some are shorter: a headline stands at their right over two or three of them."""
    how, sheet = style(writer, ruby=True), Sheet(595.0, 842.0)
    how.size, how.pitch = writer.rng.choice((8.0, 9.0)), writer.rng.uniform(1.5, 1.8)
    frame = page_frame(writer, sheet, is_upright=True)
    n = writer.rng.randint(3, 5)
    frames = [whole_ems(part, how.size) for part in split(frame, n, writer.rng.uniform(1.4, 2) * how.size)]
    n_over, size = writer.rng.randint(2, n - 1), how.size * writer.rng.uniform(2.2, 2.8)
    words = writer.phrase(6, 9)
    sheet.parts += upright(words, frame.right - size, frames[0].top, size)
    sheet.blocks.append(Block("h", cells(words), scale=size / how.size))
    right = frame.right - size - 1.5 * how.size
    frames = [part._replace(right=right) if k < n_over else part for k, part in enumerate(frames)]
    put(sheet, [paragraph(writer, upright=True) for _ in range(20)], frames, how)
    if writer.rng.random() < 0.5:
        for one, other in itertools.pairwise(frames):
            y = (one.bottom + other.top) / 2
            sheet.parts.append(Rule(frame.left, y, min(one.right, other.right), y))
    return [sheet]


def minutes(writer: Writer) -> list[Sheet]:
    """Minutes of a council: a heading set wide, a date at the right, speakers with marks."""
    how = style(writer)
    sheets = []
    for number in range(2):
        sheet = Sheet(595.0, 842.0)
        frame = whole_ems(page_frame(writer, sheet), how.size)
        blocks = []
        if number == 0:
            blocks.append(Block("h", cells(writer.phrase(3, 4)), spread=writer.rng.choice((1.0, 2.0)), is_centred=True))
            date = f"令和{writer.rng.choice('３４５６')}年{writer.rng.choice('３６９')}月１４日"
            indent = frame.measure / how.size - len(date)
            blocks.append(Block("p", cells(date), first=indent, rest=indent))
        for _ in range(12):
            name = f"{writer.phrase(2, 2)}　{writer.phrase(1, 2)}君"
            speaker = f"○{writer.rng.choice(('議長', '３番', '町長', '総務課長'))}（{name}）　"
            blocks.append(Block("p", cells(speaker + writer.prose(30, 120)), first=0.0, rest=1.0))
            if writer.rng.random() < 0.3:
                more = paragraph(writer)
                more.first, more.rest = 2.0, 1.0
                blocks.append(more)
        put(sheet, blocks, [frame], how)
        sheets.append(sheet)
    with_heads(sheets, writer, how)
    return sheets


def letter(writer: Writer) -> list[Sheet]:
    """A notice: number and date at the right, addressee, title in the middle, text, 記, items, 以上."""
    how, sheet = style(writer), blank(writer)
    frame = whole_ems(page_frame(writer, sheet), how.size)
    n_ems = frame.measure / how.size

    def at_right(text: str) -> Block:
        return Block("p", cells(text), first=n_ems - len(text) - 1)

    blocks = [
        at_right("総第１２号"),
        at_right("令和８年４月１日"),
        Block("p", cells(f"{writer.phrase(3, 5)}　様"), first=1.0, before=0.5),
        at_right(f"{writer.phrase(4, 6)}長"),
        Block("h", cells(writer.phrase(6, 10)), scale=1.2, is_centred=True, before=1.0),
        paragraph(writer),
        Block("h", cells("記"), is_centred=True, before=1.0),
        *items(writer),
        at_right("以上"),
    ]
    put(sheet, blocks, [frame], how)
    return [sheet]


def gazette(writer: Writer) -> list[Sheet]:
    """A gazette of patents: two columns with numbers of lines between them, and numbered paragraphs."""
    how, sheets = Style(9.0, writer.rng.uniform(1.5, 1.7)), []
    number = 1
    for page in range(2):
        sheet = Sheet(595.0, 842.0)
        frame = Frame(60, 80, 535, 770)
        halves = [whole_ems(part, how.size) for part in split(frame, 2, 4 * how.size)]
        blocks = []
        for _ in range(9):
            if writer.rng.random() < 0.2:
                blocks.append(Block("h", cells(f"【{writer.phrase(3, 6)}】")))
            blocks.append(Block("p", cells(f"【００{number:02d}】".translate(_WIDE))))
            blocks.append(paragraph(writer, 60, 200))
            number += 1
        put(sheet, blocks, halves, how)
        middle = (halves[0].right + halves[1].left) / 2
        for line in range(10, 50, 10):
            y = frame.top + (line - 1) * how.pitch * how.size
            sheet.parts += level(str(line), middle - 4, y, 8.0)
        head = f"({page + 2})"
        sheet.parts += level(head, 290, 40, 9.0)
        sheet.heads.append(head)
        sheets.append(sheet)
    return sheets


_WIDE: Final = {ord(str(digit)): "０１２３４５６７８９"[digit] for digit in range(10)}


def boxes(writer: Writer) -> list[Sheet]:
    """Two rows of boxes with a heading and text each, read from the left to the right."""
    how, sheet = style(writer), Sheet(595.0, 842.0)
    frame = page_frame(writer, sheet)
    frame = headline(writer, sheet, frame, how)
    n, gap = writer.rng.randint(1, 2) + 1, 1.5 * how.size
    row_height = min((frame.bottom - frame.top - gap) / 2, 260.0)
    for row in range(2):
        top = frame.top + row * (row_height + gap)
        for column in split(frame._replace(top=top, bottom=top + row_height), n, gap):
            outline(writer, sheet, column)
            pad = how.size
            inside = Frame(column.left + pad, column.top + pad, column.right - pad, column.bottom - pad)
            words = [Block("h", cells(writer.phrase(4, 7)), scale=1.2), *(paragraph(writer, 30, 60) for _ in range(2))]
            put(sheet, words, [whole_ems(inside, how.size)], how)
    return [sheet]


def years(writer: Writer) -> list[Sheet]:
    """A table of years without rules: a year, and text of one to three lines beside it."""
    how, sheet = style(writer), blank(writer)
    frame = headline(writer, sheet, whole_ems(page_frame(writer, sheet), how.size), how)
    beside = whole_ems(frame._replace(left=frame.left + 7 * how.size), how.size)
    v, year = 0.0, writer.rng.randint(1900, 1950)
    for _ in range(8):
        text = Block("p", cells(writer.prose(10, 70)))
        n_lines = len(lines_of(text, beside.measure / how.size))
        if v + n_lines * how.pitch * how.size > frame.depth:
            break
        sheet.parts += level(f"{year}年", frame.left, frame.top + v, how.size)
        inner = Sheet(sheet.width, sheet.height)
        put(inner, [text], [beside._replace(top=beside.top + v)], how)
        sheet.parts += inner.parts
        sheet.blocks.append(Block("row", [*cells(f"{year}年"), *inner.blocks[0].cells]))
        v += n_lines * how.pitch * how.size + writer.rng.choice((0.0, 0.5)) * how.size
        year += writer.rng.randint(1, 9)
    return [sheet]


def exercises(writer: Writer) -> list[Sheet]:
    """Questions with numbers, choices side by side in a row, readings, and boxes for answers."""
    how, sheet = style(writer, ruby=True), blank(writer)
    frame = whole_ems(page_frame(writer, sheet), how.size)
    v = 0.0
    for number in range(1, 6):
        question = Block("p", cells(f"問{number}　{writer.prose(15, 60)}"), rest=3.0)
        inner = Sheet(sheet.width, sheet.height)
        put(inner, [question], [frame._replace(top=frame.top + v)], how)
        v += len(lines_of(question, frame.measure / how.size)) * how.pitch * how.size
        choices = [f"{mark}　{writer.phrase(2, 4)}" for mark in "アイウエ"]
        step = frame.measure / 4
        if v + 3 * how.size > frame.depth or step < 7 * how.size:
            break
        sheet.parts += inner.parts
        sheet.blocks += inner.blocks
        for at, choice in enumerate(choices):
            sheet.parts += level(choice, frame.left + 2 * how.size + at * step * 0.9, frame.top + v, how.size)
        sheet.blocks.append(Block("choices", cells("".join(choices))))
        v += 2.2 * how.pitch * how.size
    return [sheet]


def beside_picture(writer: Writer) -> list[Sheet]:
    """Text whose lines are shorter beside a picture with a caption, at the right of its first or middle lines."""
    how, sheet = style(writer), blank(writer)
    frame = whole_ems(page_frame(writer, sheet), how.size)
    width, n_short = int(0.4 * frame.measure / how.size) * how.size, writer.rng.randint(6, 10)
    left, top = frame.right - width + 1.5 * how.size, frame.top
    height = (n_short - 2) * how.pitch * how.size
    step = how.pitch * how.size
    narrow = frame._replace(right=frame.right - width, bottom=frame.top + n_short * step - 0.3 * step)
    rest = frame._replace(top=frame.top + n_short * step)
    put(sheet, [paragraph(writer, 400, 450), *flow(writer, 5)], [narrow, rest], how)
    y = sheet.height - top - height
    sheet.parts.append(b"q 0.6 0.7 0.8 rg %g %g %g %g re f Q" % (left, y, frame.right - left, height))
    caption = Block("caption", cells(f"図{writer.rng.randint(1, 9)}　{writer.phrase(3, 6)}"))
    small = Style(0.8 * how.size, 1.3)
    inner = Sheet(sheet.width, sheet.height)
    put(inner, [caption], [Frame(left, top + height + 0.3 * how.size, frame.right, frame.bottom)], small)
    sheet.parts += inner.parts
    sheet.blocks[1:1] = inner.blocks
    return [sheet]


def upright_table(writer: Writer) -> list[Sheet]:
    """Vertical text, and a ruled table of vertical cells whose rows go from right to left."""
    how, sheet = style(writer, ruby=True), Sheet(595.0, 842.0)
    frame = page_frame(writer, sheet, is_upright=True)
    first = whole_ems(frame._replace(left=frame.right - 0.45 * frame.depth), how.size)
    put(sheet, [paragraph(writer, upright=True) for _ in range(8)], [first], how)
    n_rows, n_columns = writer.rng.randint(3, 5), writer.rng.randint(2, 3)
    width, height = 2.4 * how.size, 9 * how.size
    right, top = first.left - 2.5 * how.size, frame.top + 2 * how.size
    for row in range(n_rows):
        texts = []
        for column in range(n_columns):
            words = writer.phrase(2, 6)
            x0, y0 = right - (row + 1) * width, top + column * height
            sheet.parts += [Rule(x0, y0, x0 + width, y0), Rule(x0, y0 + height, x0 + width, y0 + height)]
            sheet.parts += [Rule(x0, y0, x0, y0 + height), Rule(x0 + width, y0, x0 + width, y0 + height)]
            sheet.parts += upright(words, x0 + 0.7 * how.size, y0 + 0.5 * how.size, how.size)
            texts.append(words)
        sheet.blocks.append(Block("row", cells("\t".join(texts))))
    return [sheet]


def over_columns(writer: Writer) -> list[Sheet]:
    """Two or three columns above and below a part that goes across them: a heading with a paragraph."""
    how, sheet = style(writer), Sheet(595.0, 842.0)
    frame = page_frame(writer, sheet)
    n, gutter = writer.rng.randint(2, 3), 2 * how.size
    middle = frame.top + writer.rng.uniform(0.35, 0.5) * (frame.bottom - frame.top)
    upper, lower = frame._replace(bottom=middle), frame._replace(top=middle + 9 * how.size)
    put(sheet, flow(writer, 12), [whole_ems(part, how.size) for part in split(upper, n, gutter)], how)
    across = [Block("h", cells(writer.phrase(6, 9)), scale=1.4), paragraph(writer, 30, 50)]
    put(
        sheet,
        across,
        [whole_ems(frame._replace(top=middle + 2 * how.size, bottom=middle + 8 * how.size), how.size)],
        how,
    )
    put(sheet, flow(writer, 12), [whole_ems(part, how.size) for part in split(lower, n, gutter)], how)
    return [sheet]


def watermark(writer: Writer) -> list[Sheet]:
    """A page with a large pale word behind the text, slanted or not."""
    how, sheet = style(writer), blank(writer)
    frame = whole_ems(page_frame(writer, sheet), how.size)
    put(sheet, flow(writer, 12), [frame], how)
    code = "案".encode("utf-16-be").hex().encode()
    turn = writer.rng.choice((b"0.7 0.7 -0.7 0.7", b"0.9 0.5 -0.5 0.9"))
    sheet.parts.insert(0, b"q 0.85 0.85 0.85 rg BT /H 160 Tf %b 250 300 Tm <%b> Tj ET Q" % (turn, code))
    return [sheet]


def verse(writer: Writer) -> list[Sheet]:
    """Vertical verse: short lines below a title, with an author at the foot of a line."""
    how, sheet = style(writer, ruby=True), blank(writer)
    frame = page_frame(writer, sheet, is_upright=True)
    v = 0.0
    for _ in range(int(frame.depth / (how.pitch * how.size)) - 1):
        line, author = writer.phrase(8, 14), writer.phrase(3, 4)
        x, y = frame.place(2 * how.size, v, how.size)
        sheet.parts += upright(line, x, y, how.size)
        x, y = frame.place(24 * how.size, v, how.size)
        sheet.parts += upright(author, x, y, how.size)
        sheet.blocks.append(Block("p", cells(line + author)))
        v += 1.8 * how.size
    return [sheet]


def plain_notes(writer: Writer) -> list[Sheet]:
    """Columns with notes in small print at the foot of each, without a rule above them."""
    how, sheet = style(writer), Sheet(595.0, 842.0)
    frames = [whole_ems(part, how.size) for part in split(page_frame(writer, sheet), writer.rng.randint(1, 3), 20.0)]
    frames = [with_notes(writer, sheet, frame, how, has_rule=False) for frame in frames]
    put(sheet, flow(writer, 14), frames, how)
    return [sheet]


MIXED: Final[dict[str, Callable[[Writer], list[Sheet]]]] = {
    function.__name__: function
    for function in (
        newspaper, minutes, letter, gazette, boxes, years, exercises, beside_picture, upright_table, over_columns,
        watermark, verse, plain_notes,
    )
}  # fmt: skip
