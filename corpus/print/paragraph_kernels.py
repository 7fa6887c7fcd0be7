"""Compiled passes over the lines of OCR pages: in which order to read them, and where paragraphs end.

`manyo.corpus.print.paragraphs` says what for; the slow version of all of them is `tests/paragraph_oracle.py`.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from manyo.corpus.jit import Bools, Float64s, Int64s, kernel
from manyo.corpus.print.geometry_kernels import (
    ENDS_SENTENCE,
    FIRST_SHIFT,
    GOES_ON,
    HANGS,
    INDENTS,
    LAST_ASCII,
    NO_BLOCK,
    OPENS,
    PROSE_MIN_CHARS,
    Boxes,
    Kind,
    Lines,
    reads_vertically,
    size_of_print,
)

#: A block whose lines are this much shorter than the page's longest is not prose (names, addresses).
_PROSE_MIN_FRACTION: Final = 1 / 3
#: An indent is one character; boxes start up to a third of a character off.
_INDENT_CHARS: Final = 0.6
#: A last line that ends with a full stop must leave room for one character at least.
_SHORT_CHARS: Final = 1.0
#: A line that ends without one, but leaves this fraction of the block's width empty, stands alone:
#: items of a list, addresses, verse.
_VERY_SHORT_FRACTION: Final = 0.3
#: Over the edge of a column or page a paragraph goes on only from a line that is nearly full.
_FULL_FRACTION: Final = 0.8
#: Sizes of print that differ more than this do not belong to one paragraph (footnotes).
_SIZE_RATIO: Final = 1.35
#: Columns are two characters apart in print; hanging punctuation and crooked pages take most of it.
_COLUMN_GAP_CHARS: Final = 0.3
#: Every column but the last one is as wide as this fraction of the widest.
_COLUMN_FRACTION: Final = 0.8
#: A title over the columns has this many lines at most.
_TITLE_LINES: Final = 3
#: From the first edge of the last column of a spread's right page to that of the left one's first.
_GUTTER_CHARS: Final = 5.0
#: Lines up to this length may stand across the page's direction: they have none.
_SHORT_LINE_CHARS: Final = 3


class Spans(NamedTuple):
    """Room for the extent of each line of a publication, float64 (n_lines,) each.

    Attributes:
        start, end: in the direction of reading.
        top: across it; greater for lines that are read later.
    """

    start: Float64s
    end: Float64s
    top: Float64s


class Paragraphs(NamedTuple):
    """What is found out about the body lines of a publication, (n_lines,) each.

    Attributes:
        continues: the line belongs to the paragraph of the body line before it.
        ends: a paragraph ends after the line.
        is_indented: a paragraph starts with the line.
        is_vertical: direction of the line's block.
        chars: length of the line in characters of its print.
        block_chars: length of the longest line of its block.
        size: size of print in pixels; 0 where a line of the block has no box.
    """

    continues: Bools
    ends: Bools
    is_indented: Bools
    is_vertical: Bools
    chars: Float64s
    block_chars: Float64s
    size: Float64s


@kernel
def find_paragraphs(lines: Lines, is_ordered: bool, found: Paragraphs, order: Int64s) -> int:
    """Put the lines that are kept in reading order, and find where paragraphs start and end.

    Args:
        lines: `blocks` is changed: lines without a block get one, and a block over two columns becomes two.
        is_ordered: whether they stand in reading order already.
        found: zeros, filled in.
        order: (n_lines,), numbers of the lines in reading order, filled in.

    Returns:
        How many lines are in `order`.
    """
    n_lines = len(lines.kinds)
    scratch = np.empty(n_lines, np.float64)
    spans = Spans(np.empty(n_lines, np.float64), np.empty(n_lines, np.float64), np.empty(n_lines, np.float64))
    chosen, body = np.empty(n_lines, np.int64), np.empty(n_lines, np.int64)
    n_ordered, last = 0, -1
    for page in range(len(lines.page_offsets) - 1):
        n = 0
        for i in range(lines.page_offsets[page], lines.page_offsets[page + 1]):
            if lines.kept[i]:
                chosen[n] = i
                n += 1
        page_is_vertical = reads_vertically(lines, chosen, n)
        if not is_ordered:
            _read_columns(lines, chosen, n, page_is_vertical, scratch, spans)
        _number_blocks(lines, chosen, n)
        n_body = 0
        for at in range(n):
            order[n_ordered] = chosen[at]
            n_ordered += 1
            if lines.kinds[chosen[at]] == Kind.BODY:
                body[n_body] = chosen[at]
                n_body += 1
        _mark_page(lines, body, n_body, scratch, spans, found)
        _join(lines, body, n_body, last, found)
        if n_body:
            last = body[n_body - 1]
    return n_ordered


@kernel
def _join(lines: Lines, body: Int64s, n_body: int, last: int, found: Paragraphs) -> None:
    """Find which of the body lines of a page belong to the paragraph of the body line before them.

    Args:
        lines: unchanged.
        body: numbers of the body lines in reading order, the first `n_body` are used.
        n_body: how many there are.
        last: the last body line of the pages before; -1 if there is none.
        found: `continues` is filled in.
    """
    blocks, marks = lines.blocks, lines.marks
    continues, ends, is_indented, is_vertical, chars, block_chars, sizes = found
    for at in range(n_body):
        i = body[at]
        if last < 0 or ends[last] or is_indented[i]:
            pass
        elif at and blocks[last] == blocks[i]:
            continues[i] = True
        elif is_vertical[last] == is_vertical[i] and marks[last] & ENDS_SENTENCE == 0:
            ratio = sizes[last] / sizes[i] if sizes[last] and sizes[i] else 1.0
            # Without boxes a line may be a whole page, so lengths of different pages say nothing.
            full = max(block_chars[last], block_chars[i]) if sizes[last] else block_chars[last]
            is_full = chars[last] >= _FULL_FRACTION * full or marks[last] & GOES_ON != 0
            continues[i] = is_full and 1 / _SIZE_RATIO < ratio < _SIZE_RATIO
        last = i


# --- reading order -----------------------------------------------------------------------------------


@kernel
def _sort(chosen: Int64s, n: int, keys: Float64s) -> None:
    """Sort the first n chosen lines by their keys; equal ones keep their order."""
    for at in range(1, n):
        line = chosen[at]
        back = at
        while back and keys[chosen[back - 1]] > keys[line]:
            chosen[back] = chosen[back - 1]
            back -= 1
        chosen[back] = line


@kernel
def _read_columns(lines: Lines, chosen: Int64s, n: int, is_vertical: bool, scratch: Float64s, spans: Spans) -> None:
    """Put the lines of a page in the order of its columns, where those are plain; a block over two becomes two."""
    if not _may_have_columns(lines, chosen, n, is_vertical):
        return
    size = size_of_print(lines, chosen, n, is_vertical, scratch)
    _measure(lines.boxes, chosen, n, is_vertical, spans)
    placed = chosen[:n].copy()
    _sort(placed, n, spans.top)
    middle = _gutter(placed, n, spans.top, size) if is_vertical else n
    column_of = np.empty(len(lines.chars), np.int64)
    n_columns = 0
    column = np.zeros(n, np.int64)
    for first, last in ((0, middle), (middle, n)):
        if first == last:
            continue
        most = min(_TITLE_LINES, last - first)
        n_titles, found = 0, 0
        for n_titles in range(most + 1):
            found = _cut_columns(placed, first + n_titles, last, spans, size, column_of)
            if found > 1:
                break
        if found < 2:
            n_titles = 0
        for at in range(first, first + n_titles):
            column[at] = n_columns
            n_columns += 1
        for at in range(first + n_titles, last):
            column[at] = n_columns + (column_of[placed[at]] if found > 1 else 0)
        n_columns += max(found, 1)
    # A box may lean over its neighbour by a little, but where lines stand side by side nothing is plain.
    tops = spans.top
    for at in range(1, n):
        if column[at] == column[at - 1] and tops[placed[at]] - tops[placed[at - 1]] < 0.6 * size:
            return
    renumbered = _divided_blocks(lines.blocks, placed, n, column)
    blocks = lines.blocks
    for at in range(n):
        chosen[at] = placed[at]
        blocks[placed[at]] = renumbered[at]


@kernel
def _may_have_columns(lines: Lines, chosen: Int64s, n: int, is_vertical: bool) -> bool:
    """Whether all lines have boxes, are running text or headings, and have the page's direction."""
    _, _, width, height = lines.boxes
    chars, kinds = lines.chars, lines.kinds
    for at in range(n):
        i = chosen[at]
        is_across = chars[i] > _SHORT_LINE_CHARS and (height[i] > width[i]) != is_vertical
        if np.isnan(width[i]) or kinds[i] > Kind.HEADING or is_across:
            return False
    return True


@kernel
def _measure(boxes: Boxes, chosen: Int64s, n: int, is_vertical: bool, spans: Spans) -> None:
    """Fill in the spans of the first n chosen lines, all of which have boxes."""
    x, y, width, height = boxes
    starts, ends, tops = spans
    for at in range(n):
        i = chosen[at]
        if is_vertical:
            starts[i], ends[i], tops[i] = y[i], y[i] + height[i], -x[i] - width[i]
        else:
            starts[i], ends[i], tops[i] = x[i], x[i] + width[i], y[i]


@kernel
def _gutter(placed: Int64s, n: int, tops: Float64s, size: float) -> int:
    """Where the left page of a spread begins, if white divides the lines near the middle; n if none does."""
    for at in range(1, n):
        gap = tops[placed[at]] - tops[placed[at - 1]]
        if gap >= _GUTTER_CHARS * size and 0.3 * n <= at <= 0.7 * n:
            return at
    return n


@kernel
def _cut_columns(placed: Int64s, first: int, last: int, spans: Spans, size: float, columns: Int64s) -> int:
    """Number the columns of the lines `placed[first:last]` in `columns`, and sort these lines by their columns.

    Returns:
        How many columns there are: 1, and nothing is sorted, if they are not columns of prose.
    """
    if first == last:
        return 0
    n = last - first
    by_start = placed[first:last].copy()
    _sort(by_start, n, spans.start)
    longest = np.zeros(n, np.float64)
    starts, ends, tops = spans
    number, end = -1, 0.0
    for at in range(n):
        i = by_start[at]
        if number < 0 or not starts[i] - end < _COLUMN_GAP_CHARS * size:
            number += 1
            end = ends[i]
        else:
            end = max(end, ends[i])
        columns[i] = number
        longest[number] = max(longest[number], ends[i] - starts[i])
    # The last column of a chapter may be a short line; any other is as wide as the widest.
    if number == 0:
        return 1
    widest = longest[: number + 1].max()
    for column in range(number):
        if longest[column] < max(PROSE_MIN_CHARS * size, _COLUMN_FRACTION * widest):
            return 1
    at = first
    for column in range(number + 1):
        begin = at
        for other in range(n):
            if columns[by_start[other]] == column:
                placed[at] = by_start[other]
                at += 1
        _sort(placed[begin:at], at - begin, tops)
    return number + 1


@kernel
def _divided_blocks(blocks: Int64s, placed: Int64s, n: int, column: Int64s) -> Int64s:
    """Block numbers of the placed lines such that no block reaches over two columns; `NO_BLOCK` stays."""
    n_blocks = 0
    renumbered = np.empty(n, np.int64)
    for at in range(n):
        renumbered[at] = NO_BLOCK
        if blocks[placed[at]] == NO_BLOCK:
            continue
        for back in range(at - 1, -1, -1):
            if column[back] == column[at] and blocks[placed[back]] == blocks[placed[at]]:
                renumbered[at] = renumbered[back]
                break
        if renumbered[at] == NO_BLOCK:
            renumbered[at] = n_blocks
            n_blocks += 1
    return renumbered


# --- blocks ------------------------------------------------------------------------------------------


@kernel
def _lie_together(boxes: Boxes, chars: Int64s, i: int, j: int) -> bool:
    """Whether line j can be the next one of the same block: right below i, or for vertical lines right to its left."""
    x, y, width, height = boxes
    if np.isnan(width[i]) or np.isnan(width[j]):
        return bool(np.isnan(width[i]) and np.isnan(width[j]))
    i_is_tall, j_is_tall = height[i] > width[i], height[j] > width[j]
    balance = (chars[i] if i_is_tall else -chars[i]) + (chars[j] if j_is_tall else -chars[j])
    if (i_is_tall or j_is_tall) and balance <= 0:
        return False
    if balance > 0:
        ax, ay, aw, ah = y[i], -x[i] - width[i], height[i], width[i]
        bx, by, bw, bh = y[j], -x[j] - width[j], height[j], width[j]
    else:
        ax, ay, aw, ah = x[i], y[i], width[i], height[i]
        bx, by, bw, bh = x[j], y[j], width[j], height[j]
    thickness = max(ah, bh)
    overlap = min(ax + aw, bx + bw) - max(ax, bx)
    # 1.5 lines of white are still line spacing; a column starts further up again.
    return bool(
        -0.5 * thickness <= by - (ay + ah) <= 1.5 * thickness
        and overlap >= 0.5 * min(aw, bw)
        and thickness < 1.8 * min(ah, bh)
    )


@kernel
def _number_blocks(lines: Lines, chosen: Int64s, n: int) -> None:
    """Give each chosen line without a block one: runs of lines that lie next to each other are a block."""
    blocks = lines.blocks
    next_number = 1
    has_block = False
    for at in range(n):
        block = blocks[chosen[at]]
        if block != NO_BLOCK:
            next_number = block + 1 if not has_block else max(next_number, block + 1)
            has_block = True
    had_none = False
    for at in range(n):
        i = chosen[at]
        if blocks[i] != NO_BLOCK:
            had_none = False
            continue
        if had_none and _lie_together(lines.boxes, lines.chars, chosen[at - 1], i):
            blocks[i] = blocks[chosen[at - 1]]
        else:
            blocks[i] = next_number
            next_number += 1
        had_none = True


# --- paragraphs --------------------------------------------------------------------------------------


@kernel
def _fill_spans(lines: Lines, members: Int64s, n: int, is_vertical: bool, spans: Spans) -> bool:
    """Fill in start and end of the first n members in the direction of reading; in characters where there is no box.

    Returns:
        Whether all of them have boxes.
    """
    x, y, width, height = lines.boxes
    starts, ends, _ = spans
    widths = lines.widths
    have_boxes = True
    for at in range(n):
        i = members[at]
        if np.isnan(width[i]):
            starts[i], ends[i] = 0.0, widths[i]
            have_boxes = False
        elif is_vertical:
            starts[i], ends[i] = y[i], y[i] + height[i]
        else:
            starts[i], ends[i] = x[i], x[i] + width[i]
    return have_boxes


@kernel
def _mark_page(lines: Lines, body: Int64s, n_body: int, scratch: Float64s, spans: Spans, found: Paragraphs) -> None:
    """Mark the paragraphs in each block of the first n body lines, which are those of a page."""
    is_vertical = reads_vertically(lines, body, n_body)
    page_size = size_of_print(lines, body, n_body, is_vertical, scratch)
    _fill_spans(lines, body, n_body, is_vertical, spans)
    starts, ends, _ = spans
    page_longest = 0.0
    for at in range(n_body):
        length = ends[body[at]] - starts[body[at]]
        page_longest = max(page_longest, length) if at else length
    blocks = lines.blocks
    members = np.empty(n_body, np.int64)
    for at in range(n_body):
        block = blocks[body[at]]
        is_first = True
        for back in range(at - 1, -1, -1):
            if blocks[body[back]] == block:
                is_first = False
                break
        if not is_first:
            continue
        n_members = 0
        for other in range(at, n_body):
            if blocks[body[other]] == block:
                members[n_members] = body[other]
                n_members += 1
        _mark_block(lines, members, n_members, page_size, page_longest, scratch, spans, found)


@kernel
def _mark_block(
    lines: Lines,
    members: Int64s,
    n: int,
    page_size: float,
    page_longest: float,
    scratch: Float64s,
    spans: Spans,
    found: Paragraphs,
) -> None:
    """Find which of the body lines of one block start or end a paragraph."""
    starts, ends, _ = spans
    _, is_end, is_indented, are_vertical, chars, block_chars, sizes = found
    marks = lines.marks
    is_vertical = reads_vertically(lines, members, n)
    size = size_of_print(lines, members, n, is_vertical, scratch)
    if size == 0:
        size = page_size if page_size else 1.0
    have_boxes = _fill_spans(lines, members, n, is_vertical, spans)
    least_start, block_end, any_end, longest = np.inf, -np.inf, -np.inf, 0.0
    for at in range(n):
        i = members[at]
        least_start = min(least_start, starts[i])
        longest = max(longest, ends[i] - starts[i])
        any_end = max(any_end, ends[i])
        # 、 and 。 may hang over the edge, so lines that end with them do not say where it is.
        if marks[i] & HANGS == 0:
            block_end = max(block_end, ends[i])
    if block_end == -np.inf:
        block_end = any_end
    width = block_end - least_start
    indent = _INDENT_CHARS * size
    is_prose = longest >= PROSE_MIN_CHARS * size and (
        longest >= _PROSE_MIN_FRACTION * page_longest or _fills_column(marks, members, n, ends, block_end, size)
    )
    for at in range(n):
        i = members[at]
        start, end = starts[i], ends[i]
        left_free, right_free = _free_space(members, n, at, starts, ends, marks, size)
        stands_alone = (
            not is_prose
            # The same white on both sides: a title or caption in the middle of the column.
            or (min(left_free, right_free) >= indent and abs(left_free - right_free) < size)
            # A date or signature at the end of the line; a number in a table.
            or left_free >= _VERY_SHORT_FRACTION * width
        )
        # "… said," and then speech on a line of its own is not one line that was cut short.
        speech_follows = at + 1 < n and marks[members[at + 1]] & (OPENS << FIRST_SHIFT) != 0
        goes_on = marks[i] & GOES_ON != 0 and not speech_follows
        is_end[i] = (
            stands_alone
            or (marks[i] & ENDS_SENTENCE != 0 and block_end - end >= _SHORT_CHARS * size)
            or (block_end - end >= _VERY_SHORT_FRACTION * width and not goes_on)
        )
        # How much deeper it starts than the lines before and after it.
        before = start - starts[members[at - 1]] if at else 0.0
        after = start - starts[members[at + 1]] if at + 1 < n else 0.0
        follows_end = at == 0 or is_end[members[at - 1]] or marks[members[at - 1]] & ENDS_SENTENCE != 0
        # An item's second line hangs deeper than the one before it, but not than the one after.
        is_indented[i] = (
            marks[i] & (INDENTS << FIRST_SHIFT) != 0
            or stands_alone
            or (after >= indent and (at == 0 or before >= indent))
            or (follows_end and max(before, after) >= indent)
        )
        are_vertical[i] = is_vertical
        chars[i], block_chars[i] = (end - start) / size, longest / size
        sizes[i] = size if have_boxes else 0.0


@kernel
def _fills_column(marks: Int64s, members: Int64s, n: int, ends: Float64s, block_end: float, size: float) -> bool:
    """Whether a block of short lines is a narrow column of sentences, notes at the side of a page.

    Two lines and more, and half of them, are full and end within a sentence. Code does not.
    """
    n_full, n_sentences = 0, 0
    for at in range(n):
        i = members[at]
        is_ended = marks[i] & (ENDS_SENTENCE | LAST_ASCII) != 0
        n_full += at + 1 < n and not is_ended and block_end - ends[i] < _SHORT_CHARS * size
        n_sentences += marks[i] & ENDS_SENTENCE != 0
    return bool(n_sentences and n_full >= max(0.5 * (n - 1), 2))


@kernel
def _free_space(
    members: Int64s, n: int, at: int, starts: Float64s, ends: Float64s, marks: Int64s, size: float
) -> tuple[float, float]:
    """White before and after a line of a block, compared with the lines before and after it; 0 if it is alone."""
    i = members[at]
    if n == 1:
        return 0.0, 0.0
    nearest, furthest = np.inf, -np.inf
    for other in (at - 1, at + 1):
        if 0 <= other < n:
            j = members[other]
            nearest = min(nearest, starts[j])
            furthest = max(furthest, ends[j] - (size if marks[j] & HANGS != 0 else 0.0))
    return starts[i] - nearest, furthest - ends[i]
