"""What a recogniser gives of a book: pages of lines with boxes, and the same as columns for the compiled passes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from manyo.corpus.jit import Bytes, Float64s, Int64s, Uint32s
from manyo.corpus.print.geometry_kernels import (
    ENDS_CELL,
    ENDS_SENTENCE,
    GOES_ON,
    HANGS,
    INDENTS,
    KANA,
    NO_BLOCK,
    OPENS,
    Box,
    Boxes,
    Kind,
    Lines,
    describe,
)


class Line(NamedTuple):
    """A recognised line.

    Attributes:
        text: tidy, without line ends, not empty.
        kind: what it is.
        block: number of its text block on the page; None where the format knows no blocks.
        box: where it stands; None where the format does not say.
        confidence: of the layout detector, 0 to 1; None if unknown.
    """

    text: str
    kind: Kind = Kind.BODY
    block: int | None = None
    box: Box | None = None
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Lines of a page image in reading order, column by column, and boxes of what is not text.

    Attributes:
        label: name of the image or number of the frame.
        texts: of each line, tidy, without line ends, not empty.
        kinds: values of `Kind`.
        blocks: numbers of their text blocks on the page; `NO_BLOCK` where the format knows none.
        boxes: x, y, width and height, (n_lines, 4), NaN where unknown.
        confidences: of the layout detector, 0 to 1; NaN if unknown.
        furniture: boxes of page numbers, running heads and ruby that the layout detector saw.
    """

    label: str
    texts: Sequence[str]
    kinds: Sequence[int]
    blocks: Sequence[int]
    boxes: Sequence[Sequence[float]] | Float64s
    confidences: Sequence[float]
    furniture: Sequence[Box] = ()

    @classmethod
    def of(cls, label: str, lines: Sequence[Line], furniture: Sequence[Box] = ()) -> Page:
        """A page of lines."""
        return cls(
            label,
            [line.text for line in lines],
            [line.kind for line in lines],
            [NO_BLOCK if line.block is None else line.block for line in lines],
            [line.box or _NO_BOX for line in lines],
            [np.nan if line.confidence is None else line.confidence for line in lines],
            furniture,
        )

    @classmethod
    def of_texts(cls, label: str, texts: Sequence[str]) -> Page:
        """A page of lines of which only the text is known."""
        n = len(texts)
        return cls(label, texts, [Kind.BODY] * n, [NO_BLOCK] * n, np.full((n, 4), np.nan), [np.nan] * n)

    def pieces(self, max_lines: int) -> list[Page]:
        """The page in pieces of at most so many lines and boxes of furniture; it is one itself if it has no more."""
        if max(len(self.texts), len(self.furniture)) <= max_lines:
            return [self]
        cuts = [slice(at, at + max_lines) for at in range(0, max(len(self.texts), 1), max_lines)]
        return [
            Page(
                self.label, self.texts[cut], self.kinds[cut], self.blocks[cut], self.boxes[cut], self.confidences[cut],
                self.furniture[:max_lines],
            )
            for cut in cuts
        ]  # fmt: skip

    def lines(self) -> list[Line]:
        """The lines one by one, as `of` takes them."""
        boxes = [None if box[0] != box[0] else Box(*map(float, box)) for box in self.boxes]
        blocks = [None if block == NO_BLOCK else block for block in self.blocks]
        confidences = [None if value != value else float(value) for value in self.confidences]
        rows = zip(self.texts, self.kinds, blocks, boxes, confidences, strict=True)
        return [Line(text, Kind(kind), block, box, value) for text, kind, block, box, value in rows]


_NO_BOX = Box(np.nan, np.nan, np.nan, np.nan)

#: What characters say at the start or end of a line.
_MEANINGS = {
    ENDS_SENTENCE: "。．.！!？?」』）)】〕］]…―",
    GOES_ON: "、，,・「『（(",
    HANGS: "、。，．",
    OPENS: "「『",
    ENDS_CELL: "。」",
    INDENTS: "　",
    KANA: "".join(map(chr, [*range(0x3041, 0x3097), *range(0x30A1, 0x30FB)])) + "ー゛゜ゝゞヽヾ〳〴〵〻〓",
}
_N_CODE_POINTS = 0x110000


def columns(pages: Sequence[Page]) -> tuple[list[str], Lines]:
    """The lines of all pages: their texts, and everything else as columns. All lines count as text of the work."""
    texts = [text for page in pages for text in page.texts]
    n = len(texts)
    boxes = np.concatenate([np.zeros((0, 4)), *(np.asarray(page.boxes, np.float64).reshape(-1, 4) for page in pages)])
    points, point_offsets = code_points(texts)
    chars, widths, marks = np.empty(n, np.int64), np.empty(n, np.float64), np.empty(n, np.int64)
    describe(points, point_offsets, _meanings(), chars, widths, marks)
    return texts, Lines(
        page_offsets=offsets(len(page.texts) for page in pages),
        kinds=np.array([kind for page in pages for kind in page.kinds], np.uint8),
        blocks=np.array([block for page in pages for block in page.blocks], np.int64),
        boxes=Boxes(*np.ascontiguousarray(boxes.T)),
        confidences=np.array([value for page in pages for value in page.confidences], np.float64),
        points=points,
        point_offsets=point_offsets,
        chars=chars,
        widths=widths,
        marks=marks,
        kept=np.ones(n, np.bool_),
    )


def code_points(texts: Sequence[str]) -> tuple[Uint32s, Int64s]:
    """The code points of texts, one text after another, and where each starts, with the end of the last."""
    points = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
    return points, offsets(map(len, texts))


def offsets(sizes: Iterable[int]) -> Int64s:
    """Where each of some stretches starts, if they stand one after another, with the end of the last."""
    return np.array([0, *accumulate(sizes)], np.int64)


def pages_of(lines: Lines, rows: Int64s) -> Int64s:
    """The page of each of these lines."""
    return np.searchsorted(lines.page_offsets, rows, "right") - 1


@cache
def _meanings() -> Bytes:
    """A byte for each code point: the bits of `_MEANINGS` that it has."""
    table = np.zeros(_N_CODE_POINTS, np.uint8)
    for bit, characters in _MEANINGS.items():
        table[[ord(character) for character in characters]] |= bit
    return table


def layout_confidence(pages: Sequence[Page]) -> float | None:
    """Mean confidence of the layout detector, None if no line has one; it says little about characters."""
    values = np.array([value for page in pages for value in page.confidences], np.float64)
    values = values[~np.isnan(values)]
    return float(values.mean()) if len(values) else None
