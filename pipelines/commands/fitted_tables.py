"""Tables that fit a terminal: texts are wrapped, and where that is not enough, columns on the right are left out.

No number and no word is cut. The first column says what a row is about, and those after it are in the order of their
weight, so the last one goes first; a line below the table names what is missing. A pipe and a file get every column.
"""

from __future__ import annotations

from collections.abc import Collection

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

#: A column of text is not made narrower than this, in cells of a terminal: a word of six Japanese characters.
_TEXT_CELLS = 12

#: Wider than any table.
_UNBOUNDED = 1 << 16

#: Cells between two columns of a table without lines.
_GAP = 3


class FittedTable:
    """A table for a console.

    Args:
        columns: their headers, the most important first.
        texts: numbers of the columns, from 0, whose cells are text, which may be wrapped; the others hold numbers.
        title: stands above it; "" for none.
        is_plain: whether it has no lines between its cells.
    """

    def __init__(self, *columns: str, texts: Collection[int] = (0,), title: str = "", is_plain: bool = False) -> None:
        self.columns = columns
        self.texts = texts
        self._title = title
        self._is_plain = is_plain
        self.rows: list[tuple[str, ...]] = []

    def add_row(self, *cells: str) -> None:
        """Add a row with a cell for each column."""
        if len(cells) != len(self.columns):
            raise ValueError(f"{len(cells)} cells for {len(self.columns)} columns")
        self.rows.append(cells)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the table with as many columns as the terminal has room for, and the names of the others."""
        room = options.max_width if console.is_terminal else _UNBOUNDED
        n_columns = len(self.columns)
        narrowest, natural = zip(*map(self._widths, range(n_columns)), strict=True)
        while n_columns > 1 and sum(narrowest[:n_columns]) + self._between(n_columns) > room:
            n_columns -= 1
        left = max(0, room - sum(narrowest[:n_columns]) - self._between(n_columns))
        widths = []
        for narrow, wide in zip(narrowest[:n_columns], natural, strict=False):
            widths.append(narrow + min(left, wide - narrow))
            left -= widths[-1] - narrow
        yield from console.render(self._drawn(widths), options.update(width=_UNBOUNDED))
        if n_columns < len(self.columns):
            left_out = ", ".join(name for name in self.columns[n_columns:] if name)
            yield Text(f"no room for {left_out}: a wider terminal or a pipe shows them")

    def _widths(self, number: int) -> tuple[int, int]:
        """The width in cells below which something of a column would be cut, and the one that it can use."""
        header = self.columns[number]
        cells = max((cell_len(row[number]) for row in self.rows), default=0)
        word = max(map(cell_len, header.split()), default=0)
        return max(word, min(cells, _TEXT_CELLS) if number in self.texts else cells), max(cells, cell_len(header))

    def _between(self, n_columns: int) -> int:
        """Cells that lines and gaps take."""
        return _GAP * (n_columns - 1) if self._is_plain else 3 * n_columns + 1

    def _drawn(self, widths: list[int]) -> Table:
        table = Table(
            title=self._title or None,
            title_justify="left",
            box=None if self._is_plain else box.HEAVY_HEAD,
            pad_edge=not self._is_plain,
            padding=(0, _GAP, 0, 0) if self._is_plain else (0, 1),
        )
        for number, width in enumerate(widths):
            table.add_column(
                Text(self.columns[number]),
                justify="left" if number in self.texts else "right",
                overflow="fold",
                width=width,
                header_style="dim" if self._is_plain else "",
            )
        for row in self.rows:
            table.add_row(*map(Text, row[: len(widths)]))
        return table
