"""Text with fractions in two storeys, in its lines and between them, and underlined words, which are none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bench.made_parts import PAPERS, page_frame, paragraph, put, split, style, whole_ems
from bench.typesetting import Block, Cell, Frame, Sheet, Style, Writer, cells, draw_line
from samples.files.pdf_writer import Rule, advance_ems, level


def fractions(writer: Writer) -> list[Sheet]:
    """Level text in one or two columns with fractions of letters, numbers and words."""
    how = style(writer)
    sheet = Sheet(*writer.rng.choice(PAPERS))
    frame = page_frame(writer, sheet)
    n = writer.rng.randint(1, 2) if frame.measure > 34 * how.size else 1
    for column in split(frame, n, 2.5 * how.size):
        column = whole_ems(column, how.size)
        while column.bottom - column.top > 14 * how.size:
            kind = writer.rng.random()
            if kind < 0.55:
                column = _with_fraction(writer, sheet, column, how)
            elif kind < 0.75:
                column = _display(writer, sheet, column, how)
            elif kind < 0.9:
                column = _underlined(writer, sheet, column, how)
            else:
                words = paragraph(writer, 30, 60)
                used = len(sheet.parts)
                put(sheet, [words], [column], how)
                bottom = max(part.y for part in sheet.parts[used:] if not isinstance(part, Rule | bytes))
                column = column._replace(top=bottom + how.pitch * how.size)
    return [sheet]


def _part(writer: Writer) -> str:
    rng = writer.rng
    letters = "abcnxyzrtvSVFT"
    return rng.choice(
        (
            rng.choice(letters),
            f"{rng.randint(1, 99)}",
            f"{rng.randint(2, 9)}{rng.choice(letters)}",
            f"2π{rng.choice(letters)}",
            f"{rng.choice(letters)}{rng.choice('+-−')}{rng.choice(letters)}",
            f"{rng.choice(letters)}（{rng.choice(letters)}{rng.choice('＋－')}1）",
            writer.phrase(2, 4),
        )
    )


def _bracketed(part: str) -> str:
    return f"({part})" if any(sign in part[1:] for sign in "+-−＋－") else part


def _ems(text: str) -> float:
    return sum(map(advance_ems, text))


def _draw(writer: Writer, sheet: Sheet, x: float, y: float, size: float) -> tuple[str, float]:
    """Draw a fraction in the line whose cells begin at y; returns its text and how wide it is."""
    rng = writer.rng
    above, below = _part(writer), _part(writer)
    own = size * rng.choice((0.7, 0.8, 1.0))
    over = rng.uniform(0, 0.4) * size
    width = own * max(_ems(above), _ems(below)) + 2 * over
    axis = y + size * rng.uniform(0.46, 0.58)
    gap = rng.uniform(0.02, 0.2) * own
    sheet.parts.append(Rule(x, axis, x + width, axis))
    for text, top in ((above, axis - gap - own), (below, axis + gap)):
        sheet.parts += level(text, x + (width - own * _ems(text)) / 2, top, own)
    return f"{_bracketed(above)}/{_bracketed(below)}", width


def _with_fraction(writer: Writer, sheet: Sheet, frame: Frame, how: Style) -> Frame:
    """A paragraph of three lines with a fraction in the second one, which stands further from the others."""
    size, n = how.size, int(frame.measure / how.size + 1e-6)
    words = [cell.text for cell in cells(writer.prose(3 * n, 4 * n)) if advance_ems(cell.text) == 1]
    first, last = words[: n - 1], writer.phrase(3, 6) + "。"
    before = words[n : n + writer.rng.randint(2, n // 3)]
    lead = writer.rng.choice(("", "v=", "S=", "y="))
    y = frame.top
    _line(sheet, frame, [(n_cell + 1.0, char) for n_cell, char in enumerate(first)], 0, how)
    y += (how.pitch + 0.7) * size
    x = frame.left
    row = [(float(at), char) for at, char in enumerate(before)]
    row += [(len(before) + 0.5 * at, char) for at, char in enumerate(lead)]
    _line(sheet, frame, row, y - frame.top, how)
    at = len(before) + 0.5 * len(lead)
    text, width = _draw(writer, sheet, x + (at + 0.1) * size, y, size)
    at += width / size + 0.2
    after = words[2 * n : 2 * n + max(0, int(n - at))]
    _line(sheet, frame, [(at + k, char) for k, char in enumerate(after)], y - frame.top, how)
    y += (how.pitch + 0.7) * size
    _line(sheet, frame, [(float(k), char) for k, char in enumerate(last)], y - frame.top, how)
    whole = "".join([*first, *before, lead, text, *after, last])
    sheet.blocks.append(Block("p", cells(whole), first=1.0))
    return frame._replace(top=y + how.pitch * size)


def _display(writer: Writer, sheet: Sheet, frame: Frame, how: Style) -> Frame:
    """A formula in a line of its own, between lines of text."""
    size = how.size
    lead = writer.rng.choice(("v=", "速さ=", "F=ma+", "E="))
    y = frame.top + 0.6 * size
    x = frame.left + writer.rng.uniform(2, 6) * size
    sheet.parts += level(lead, x, y, size)
    text, _ = _draw(writer, sheet, x + (_ems(lead) + 0.1) * size, y, size)
    sheet.blocks.append(Block("math", cells(lead + text)))
    return frame._replace(top=y + (how.pitch + 1.0) * size)


def _underlined(writer: Writer, sheet: Sheet, frame: Frame, how: Style) -> Frame:
    """Two lines of which a word of the first is underlined."""
    size, n = how.size, int(frame.measure / how.size + 1e-6)
    words = [cell.text for cell in cells(writer.prose(2 * n, 3 * n)) if advance_ems(cell.text) == 1]
    first, second = words[: n - 1], [*words[n : n + n // 2], "。"]
    _line(sheet, frame, [(at + 1.0, char) for at, char in enumerate(first)], 0, how)
    start, length = writer.rng.randint(2, n // 2), writer.rng.randint(1, 5)
    y = frame.top + 1.05 * size
    sheet.parts.append(Rule(frame.left + start * size, y, frame.left + (start + length) * size, y))
    _line(sheet, frame, [(float(at), char) for at, char in enumerate(second)], how.pitch * size, how)
    sheet.blocks.append(Block("p", cells("".join([*first, *second])), first=1.0))
    return frame._replace(top=frame.top + 2 * how.pitch * size)


def _line(sheet: Sheet, frame: Frame, row: list[tuple[float, str]], v: float, how: Style) -> None:
    placed = [(at, Cell(char, advance_ems(char))) for at, char in row]
    sheet.parts += draw_line(placed, frame, v, how.size, how)


FORMULAS: Final[dict[str, Callable[[Writer], list[Sheet]]]] = {"fractions": fractions}
