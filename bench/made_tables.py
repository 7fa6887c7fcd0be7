"""Tables and forms for made pages: cells that span rows and columns, with rules or without, and their gold by rows."""

from __future__ import annotations

from typing import NamedTuple

from bench.typesetting import Block, Frame, Sheet, Style, Writer, cells, lines_of, set_blocks
from samples.files.pdf_writer import Rule


class TableCell(NamedTuple):
    """A cell: where it begins, how many rows and columns it spans, and whether its text stands at its right end."""

    row: int
    column: int
    text: str
    n_rows: int = 1
    n_columns: int = 1
    is_right: bool = False


class Table(NamedTuple):
    """A table: widths of its columns in ems, its cells, and how rules are drawn: all, between rows, or none."""

    widths: list[float]
    n_rows: int
    cells: list[TableCell]
    rules: str

    def texts(self) -> list[list[str]]:
        """The texts of each row's cells, empty ones too; a cell belongs to the row in which it begins."""
        rows: list[list[str]] = [[] for _ in range(self.n_rows)]
        for cell in sorted(self.cells, key=lambda cell: (cell.row, cell.column)):
            rows[cell.row].append(cell.text)
        return rows


def figure(writer: Writer) -> str:
    """A number as tables have them."""
    rng = writer.rng
    return rng.choice(
        (f"{rng.randint(1, 999)}", f"{rng.randint(1, 99)},{rng.randint(100, 999)}", f"△{rng.randint(1, 99)}", "－")
    )


def ruled_table(writer: Writer, *, is_ruled: bool) -> Table:
    """A table of figures with a head; with rules, heads span columns and labels span rows."""
    rng = writer.rng
    n_columns, n_body = rng.randint(3, 5), rng.randint(3, 6)
    widths = [rng.uniform(6, 8), *(rng.uniform(5, 6.5) for _ in range(n_columns - 1))]
    found: list[TableCell] = []
    n_head = 1
    if is_ruled and rng.random() < 0.5:
        n_head = 2
        found.append(TableCell(0, 0, writer.phrase(2, 3), n_rows=2))
        found.append(TableCell(0, 1, writer.phrase(3, 5), n_columns=n_columns - 1))
        found += [TableCell(1, column, writer.phrase(2, 3)) for column in range(1, n_columns)]
    else:
        found += [TableCell(0, column, writer.phrase(2, 3)) for column in range(n_columns)]
    row = n_head
    while row < n_head + n_body:
        height = 2 if is_ruled and rng.random() < 0.25 and row + 2 <= n_head + n_body else 1
        found.append(TableCell(row, 0, writer.phrase(3, 5), n_rows=height))
        for below in range(row, row + height):
            found += [TableCell(below, column, figure(writer), is_right=True) for column in range(1, n_columns)]
        row += height
    return Table(widths, n_head + n_body, found, "all" if is_ruled else rng.choice(("rows", "none")))


def form(writer: Writer) -> Table:
    """Labels beside boxes, some of which are filled, the last one with text of several lines."""
    rng = writer.rng
    labels, boxes = rng.uniform(6, 8), rng.uniform(9, 12)
    found, n_rows = [], rng.randint(4, 7)
    for row in range(n_rows):
        is_wide = rng.random() < 0.5
        filled = writer.phrase(3, 7) if rng.random() < 0.6 else ""
        found.append(TableCell(row, 0, writer.phrase(2, 4)))
        found.append(TableCell(row, 1, filled, n_columns=3 if is_wide else 1))
        if not is_wide:
            found.append(TableCell(row, 2, writer.phrase(2, 4)))
            found.append(TableCell(row, 3, writer.phrase(3, 7) if rng.random() < 0.5 else ""))
    return Table([labels, boxes, labels, boxes], n_rows, found, "all")


def draw_table(table: Table, sheet: Sheet, frame: Frame, style: Style) -> float:
    """Draw a table at the top of a frame and add its rows to the page; returns where it ends."""
    size = min(style.size, frame.measure / sum(table.widths))
    row_height = (2.1 if table.rules == "all" else 1.7) * size
    lefts = [frame.left + size * sum(table.widths[:n]) for n in range(len(table.widths) + 1)]
    for cell in table.cells:
        left, right = lefts[cell.column], lefts[cell.column + cell.n_columns]
        top = frame.top + cell.row * row_height
        bottom = top + cell.n_rows * row_height
        if table.rules == "all":
            sheet.parts += [Rule(left, top, right, top), Rule(left, bottom, right, bottom)]
            sheet.parts += [Rule(left, top, left, bottom), Rule(right, top, right, bottom)]
        if cell.text:
            _draw_cell(cell, sheet, Frame(left, top, right, bottom), Style(size, 1.2))
    end = frame.top + table.n_rows * row_height
    if table.rules == "rows":
        for y in (frame.top, frame.top + row_height, end):
            sheet.parts.append(Rule(lefts[0], y, lefts[-1], y))
    sheet.blocks += [Block("row", cells("\t".join(row))) for row in table.texts() if any(row)]
    return end


def _draw_cell(cell: TableCell, sheet: Sheet, box: Frame, style: Style) -> None:
    pad = 0.4 * style.size
    block = Block("cell", cells(cell.text))
    lines = lines_of(block, (box.measure - 2 * pad) / style.size)
    width = sum(part.ems for part in block.cells) * style.size
    left = box.right - pad - width if cell.is_right and len(lines) == 1 else box.left + pad
    top = (box.top + box.bottom - ((len(lines) - 1) * style.pitch + 1) * style.size) / 2
    glyphs, _ = set_blocks([block], [Frame(left, top, box.right - pad + 0.1, box.bottom + style.size)], style)
    sheet.parts += glyphs[0]
