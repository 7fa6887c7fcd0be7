"""Jitted loops over the lines of OCR pages: what stands in margins, in which order to read, where paragraphs end.

All but the last, which is over the characters of any text (`manyo.corpus.text`), take the columns that
`manyo.corpus.print.ocr` makes
of the lines of a publication: boxes as float64 (n_lines, 4) of x, y, width and height, NaN where unknown;
`page_offsets` says which lines are a page. What each line is for is said in `manyo.corpus.print.ocr`, which wraps
them; the slow
version of all together is `tests/ocr_oracle.py`.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import kernel

# What a line is, the values of `manyo.corpus.print.ocr.Kind`.
BODY: Final = 0
HEADING: Final = 1
CELL: Final = 5

#: The block of a line where the format knows no blocks.
NO_BLOCK: Final = -(1 << 62)

# What a character says at the start or end of a line: bits of the `meanings` table.
ENDS_SENTENCE: Final = 1
GOES_ON: Final = 2
HANGS: Final = 4
OPENS: Final = 8
ENDS_CELL: Final = 16
KANA: Final = 32
INDENTS: Final = 64

# Bits of `marks`, one number a line: what its last character says, shifted what its first says, and what it is.
FIRST_SHIFT: Final = 8
SHORT_KANA: Final = 1 << 16
LAST_ASCII: Final = 1 << 17
FIRST_ASCII: Final = 1 << 18

# Columns of the numbers that bound paragraphs, in `limits`.
RUBY_RATIO: Final = 0
PROSE_MIN_CHARS: Final = 1
PROSE_MIN_FRACTION: Final = 2
INDENT_CHARS: Final = 3
SHORT_CHARS: Final = 4
VERY_SHORT_FRACTION: Final = 5
FULL_FRACTION: Final = 6
SIZE_RATIO: Final = 7
TABLE_MIN_CELLS: Final = 8
MARGIN_CHARS: Final = 9
COLUMN_GAP_CHARS: Final = 10
GUTTER_CHARS: Final = 11
TITLE_LINES: Final = 12
HEAD_CHARS: Final = 13
TEXT_MIN_LINES: Final = 14
RUBY_CHARS: Final = 15
N_LIMITS: Final = 16

# Columns of what is measured on the final lines.
LENGTH: Final = 0
BLOCK_LENGTH: Final = 1
PRINT_SIZE: Final = 2


@kernel
def _describe(points, offsets, meanings, limits, chars, widths, marks):  # type: ignore[no-untyped-def]
    """Length, width in full-width characters, and marks of every line, from its code points."""
    for i in range(len(offsets) - 1):
        begin, end = offsets[i], offsets[i + 1]
        n_ascii, n_kana = 0, 0
        for at in range(begin, end):
            n_ascii += points[at] < 0x80
            n_kana += (meanings[points[at]] & KANA) != 0
        chars[i] = end - begin
        widths[i] = max(end - begin - 0.5 * n_ascii, 0.5)
        first, last = points[begin], points[end - 1]
        mark = np.int64(meanings[last]) | np.int64(meanings[first]) << FIRST_SHIFT
        if n_kana == end - begin and n_kana <= limits[RUBY_CHARS]:
            mark |= SHORT_KANA
        if last < 0x80:
            mark |= LAST_ASCII
        if first < 0x80:
            mark |= FIRST_ASCII
        marks[i] = mark


@kernel
def _median(values, n):  # type: ignore[no-untyped-def]
    """Median of the first n values, which are sorted on the way."""
    ordered = np.sort(values[:n])
    return ordered[n // 2] if n % 2 else (ordered[n // 2 - 1] + ordered[n // 2]) / 2


@kernel
def _is_vertical(lines, n, boxes, chars):  # type: ignore[no-untyped-def]
    """By the shapes of the boxes, longer lines counting more; lines without a box do not count."""
    balance = 0
    for at in range(n):
        i = lines[at]
        if boxes[i, 3] > boxes[i, 2]:
            balance += chars[i]
        elif boxes[i, 2] == boxes[i, 2]:
            balance -= chars[i]
    return balance > 0


@kernel
def _char_size(lines, n, is_vertical, boxes, chars, widths, scratch):  # type: ignore[no-untyped-def]
    """Median advance of a full-width character in pixels; 0 where no line has a box."""
    found = 0
    for at in range(n):
        i = lines[at]
        if chars[i] >= 5 and boxes[i, 2] == boxes[i, 2]:
            scratch[found] = boxes[i, 3 if is_vertical else 2] / widths[i]
            found += 1
    if found == 0:
        for at in range(n):
            i = lines[at]
            if boxes[i, 2] == boxes[i, 2]:
                scratch[found] = min(boxes[i, 2], boxes[i, 3])
                found += 1
    return _median(scratch, found) if found else 0.0


@kernel
def _share_inside(a, b):  # type: ignore[no-untyped-def]
    """The fraction of box a's area that lies in box b."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    area = a[2] * a[3]
    return width * height / area if width > 0 and height > 0 and area > 0 else 0.0


@kernel
def _drop_repeats(page_offsets, points, offsets, boxes, confidences, chars, widths, marks, limits, kinds, blocks, kept):  # type: ignore[no-untyped-def]
    """Drop ruby, mark the tables of formats that mark none, drop what was given twice: in `kept`, `kinds`, `blocks`."""
    scratch = np.empty(len(kinds), np.float64)
    for page in range(len(page_offsets) - 1):
        begin, end = page_offsets[page], page_offsets[page + 1]
        found = 0
        for i in range(begin, end):
            if chars[i] >= limits[PROSE_MIN_CHARS] and boxes[i, 2] == boxes[i, 2]:
                scratch[found] = min(boxes[i, 2], boxes[i, 3])
                found += 1
        thin = _median(scratch, found) / limits[RUBY_RATIO] if found else -1.0
        for i in range(begin, end):
            small = min(boxes[i, 2], boxes[i, 3]) < thin  # no if there is no box
            kept[i] = not (kinds[i] == BODY and small and marks[i] & SHORT_KANA != 0)
        n_before, run = 0, 0
        for i in range(begin, end + 1):
            if i < end and not kept[i]:
                continue
            may_be_cell = (
                i < end
                and kinds[i] == BODY
                and blocks[i] == NO_BLOCK
                and boxes[i, 2] == boxes[i, 2]
                and widths[i] < limits[PROSE_MIN_CHARS]
                and marks[i] & ENDS_CELL == 0
            )
            if may_be_cell:
                run += 1
            else:
                if run >= limits[TABLE_MIN_CELLS]:
                    left, back = run, i
                    while left:
                        back -= 1
                        if kept[back]:
                            kinds[back], blocks[back] = CELL, -1 - (n_before - run)
                            left -= 1
                run = 0
            n_before += 1
        present = kept[begin:end].copy()
        for i in range(begin, end):
            if not kept[i] or boxes[i, 2] != boxes[i, 2]:
                continue
            for j in range(begin, end):
                if (
                    boxes[j, 0] == boxes[i, 0]
                    and boxes[j, 1] == boxes[i, 1]
                    and boxes[j, 2] == boxes[i, 2]
                    and boxes[j, 3] == boxes[i, 3]
                    and chars[i] == chars[j]
                    and i != j
                    and present[j - begin]
                    and (confidences[j] > confidences[i] or (confidences[j] == confidences[i] and j < i))
                ):
                    same = True
                    for at in range(chars[i]):
                        same &= points[offsets[i] + at] == points[offsets[j] + at]
                    if same:
                        kept[i] = False
                        break


@kernel
def _find_margins(page_offsets, boxes, chars, widths, marks, limits, kinds, kept, sides, n_text):  # type: ignore[no-untyped-def]
    """For each line, 1 above the text of its page, 2 below; for each page, how many lines say where its text is."""
    lines = np.empty(len(kinds), np.int64)
    scratch = np.empty(len(kinds), np.float64)
    for page in range(len(page_offsets) - 1):
        n = 0
        for i in range(page_offsets[page], page_offsets[page + 1]):
            if kept[i] and kinds[i] != CELL and boxes[i, 2] == boxes[i, 2]:
                lines[n] = i
                n += 1
        is_vertical = _is_vertical(lines, n, boxes, chars)
        size = _char_size(lines, n, is_vertical, boxes, chars, widths, scratch)
        longest = 0.0
        for at in range(n):
            i = lines[at]
            if (boxes[i, 3] > boxes[i, 2]) == is_vertical:
                longest = max(longest, boxes[i, 2], boxes[i, 3])
        top, lowest, n_long, n_ends = np.inf, -np.inf, 0, 0
        for at in range(n):
            i = lines[at]
            if (
                (boxes[i, 3] > boxes[i, 2]) == is_vertical
                and max(boxes[i, 2], boxes[i, 3]) >= 0.5 * longest
                and chars[i] >= limits[PROSE_MIN_CHARS]
            ):
                n_long += 1
                top = min(top, boxes[i, 1])
                lowest = max(lowest, boxes[i, 1] + boxes[i, 3])
                # Punctuation that hangs over the foot of a vertical line is not where the text ends.
                if marks[i] & HANGS == 0:
                    scratch[n_ends] = boxes[i, 1] + boxes[i, 3]
                    n_ends += 1
        n_text[page] = n_long
        if n_long == 0 or size == 0:
            continue
        bottom = lowest
        if n_ends:
            ends = np.sort(scratch[:n_ends])
            # Even if it was misread.
            bottom = ends[n_ends - 1 - (1 if is_vertical and n_ends > 2 * limits[TEXT_MIN_LINES] else 0)]
        for i in range(page_offsets[page], page_offsets[page + 1]):
            if not kept[i] or boxes[i, 2] != boxes[i, 2] or kinds[i] > HEADING or chars[i] > limits[HEAD_CHARS]:
                continue
            above, below = top - boxes[i, 1] - boxes[i, 3], boxes[i, 1] - bottom
            if max(above, below) >= limits[MARGIN_CHARS] * size:
                sides[i] = 1 if above > below else 2


@kernel
def _find_heads(sides, middles, sizes, chars, are_numbers, repeat, points, offsets, limits, dropped):  # type: ignore[no-untyped-def]
    """Which margin lines are numbers, stand where other pages' numbers do, or are running heads.

    Args:
        middles: float64 (n, 2), x and y.
        points, offsets: the words of each, without numerals.
        repeat: whether the same words stand on so many pages that they are a running head.
        limits: pages, characters of a number, fraction of equal characters, ratio of sizes.
    """
    min_pages, number_chars, same_fraction, size_ratio = limits
    n_repeats = np.zeros(3, np.int64)
    for j in range(len(sides)):
        n_repeats[sides[j]] += repeat[j]
    for i in range(len(sides)):
        at_number, alike, same = 0, 0, False
        n = offsets[i + 1] - offsets[i]
        for j in range(len(sides)):
            if sides[j] != sides[i] or not abs(middles[j, 1] - middles[i, 1]) < 2.5 * sizes[j]:
                continue
            if are_numbers[j]:
                at_number += abs(middles[j, 0] - middles[i, 0]) < 2.0 * sizes[j]
            if repeat[j]:
                alike += 1 / size_ratio < sizes[j] / sizes[i] < size_ratio
                m = offsets[j + 1] - offsets[j]
                if not same and n:
                    equal = 0
                    for at in range(min(n, m)):
                        equal += points[offsets[i] + at] == points[offsets[j] + at]
                    same = equal >= same_fraction * max(n, m)
        dropped[i] = (
            are_numbers[i]
            or (chars[i] <= number_chars and at_number >= min_pages)
            or same
            or alike >= max(min_pages, 0.5 * n_repeats[sides[i]])
        )


@kernel
def _drop_furniture(page_offsets, furniture_offsets, furniture, boxes, kept):  # type: ignore[no-untyped-def]
    """Drop lines that stand where the layout detector saw no text."""
    for page in range(len(page_offsets) - 1):
        for i in range(page_offsets[page], page_offsets[page + 1]):
            for j in range(furniture_offsets[page], furniture_offsets[page + 1]):
                if _share_inside(boxes[i], furniture[j]) > 0.6:
                    kept[i] = False


@kernel
def _sort(lines, n, keys):  # type: ignore[no-untyped-def]
    """Sort the first n lines by their keys; equal ones keep their order."""
    for at in range(1, n):
        line = lines[at]
        back = at
        while back and keys[lines[back - 1]] > keys[line]:
            lines[back] = lines[back - 1]
            back -= 1
        lines[back] = line


@kernel
def _columns(lines, first, last, starts, ends, tops, size, limits, columns):  # type: ignore[no-untyped-def]
    """Number the columns of lines[first:last] in `columns`, and sort these lines by them; how many there are.

    One, and nothing sorted, if they are no columns of prose.
    """
    if first == last:
        return 0
    n = last - first
    by_start = lines[first:last].copy()
    _sort(by_start, n, starts)
    longest = np.zeros(n, np.float64)
    number, end = -1, 0.0
    for at in range(n):
        i = by_start[at]
        if number < 0 or not starts[i] - end < limits[COLUMN_GAP_CHARS] * size:
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
        if longest[column] < max(limits[PROSE_MIN_CHARS] * size, 0.8 * widest):
            return 1
    at = first
    for column in range(number + 1):
        begin = at
        for other in range(n):
            if columns[by_start[other]] == column:
                lines[at] = by_start[other]
                at += 1
        _sort(lines[begin:at], at - begin, tops)
    return number + 1


@kernel
def _read_columns(lines, n, is_vertical, boxes, chars, widths, limits, kinds, blocks, scratch, axes):  # type: ignore[no-untyped-def]
    """Put the lines of a page in the order of its columns, where those are plain; a block over two becomes two."""
    for at in range(n):
        i = lines[at]
        is_tall = boxes[i, 3] > boxes[i, 2]
        if boxes[i, 2] != boxes[i, 2] or kinds[i] > HEADING or (chars[i] > 3 and is_tall != is_vertical):
            return
    size = _char_size(lines, n, is_vertical, boxes, chars, widths, scratch)
    starts, ends, tops = axes
    for at in range(n):
        i = lines[at]
        if is_vertical:
            starts[i], ends[i], tops[i] = boxes[i, 1], boxes[i, 1] + boxes[i, 3], -boxes[i, 0] - boxes[i, 2]
        else:
            starts[i], ends[i], tops[i] = boxes[i, 0], boxes[i, 0] + boxes[i, 2], boxes[i, 1]
    placed = lines[:n].copy()
    _sort(placed, n, tops)
    middle = n
    if is_vertical:  # the two pages of a spread, right one first, if white divides the lines near the middle
        for at in range(1, n):
            gap = tops[placed[at]] - tops[placed[at - 1]]
            if gap >= limits[GUTTER_CHARS] * size and 0.3 * n <= at <= 0.7 * n:
                middle = at
                break
    column_of = np.zeros(len(chars), np.int64)
    n_columns = 0
    column = np.zeros(n, np.int64)
    for half in range(2):
        first, last = (0, middle) if half == 0 else (middle, n)
        if first == last:
            continue
        most = min(int(limits[TITLE_LINES]), last - first)
        n_titles, found = 0, 0
        for n_titles in range(most + 1):
            found = _columns(placed, first + n_titles, last, starts, ends, tops, size, limits, column_of)
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
    for at in range(1, n):
        if column[at] == column[at - 1] and tops[placed[at]] - tops[placed[at - 1]] < 0.6 * size:
            return
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
    for at in range(n):
        lines[at] = placed[at]
    for at in range(n):
        blocks[lines[at]] = renumbered[at]


@kernel
def _lie_together(i, j, boxes, chars):  # type: ignore[no-untyped-def]
    """Whether line j can be the next one of the same block: right below i, or for vertical lines right to its left."""
    if boxes[i, 2] != boxes[i, 2] or boxes[j, 2] != boxes[j, 2]:
        return boxes[i, 2] != boxes[i, 2] and boxes[j, 2] != boxes[j, 2]
    i_is_tall, j_is_tall = boxes[i, 3] > boxes[i, 2], boxes[j, 3] > boxes[j, 2]
    balance = (chars[i] if i_is_tall else -chars[i]) + (chars[j] if j_is_tall else -chars[j])
    if (i_is_tall or j_is_tall) and balance <= 0:
        return False
    if balance > 0:
        ax, ay, aw, ah = boxes[i, 1], -boxes[i, 0] - boxes[i, 2], boxes[i, 3], boxes[i, 2]
        bx, by, bw, bh = boxes[j, 1], -boxes[j, 0] - boxes[j, 2], boxes[j, 3], boxes[j, 2]
    else:
        ax, ay, aw, ah = boxes[i, 0], boxes[i, 1], boxes[i, 2], boxes[i, 3]
        bx, by, bw, bh = boxes[j, 0], boxes[j, 1], boxes[j, 2], boxes[j, 3]
    thickness = max(ah, bh)
    overlap = min(ax + aw, bx + bw) - max(ax, bx)
    # 1.5 lines of white are still line spacing; a column starts further up again.
    return (
        -0.5 * thickness <= by - (ay + ah) <= 1.5 * thickness
        and overlap >= 0.5 * min(aw, bw)
        and thickness < 1.8 * min(ah, bh)
    )


@kernel
def _number_blocks(lines, n, boxes, chars, blocks):  # type: ignore[no-untyped-def]
    """Give lines without a block one: runs of lines that lie beside each other are a block."""
    next_number = 1
    has_block = False
    for at in range(n):
        block = blocks[lines[at]]
        if block != NO_BLOCK:
            next_number = block + 1 if not has_block else max(next_number, block + 1)
            has_block = True
    had_none = False
    for at in range(n):
        i = lines[at]
        if blocks[i] != NO_BLOCK:
            had_none = False
            continue
        if had_none and _lie_together(lines[at - 1], i, boxes, chars):
            blocks[i] = blocks[lines[at - 1]]
        else:
            blocks[i] = next_number
            next_number += 1
        had_none = True


@kernel
def _span(i, is_vertical, boxes, widths):  # type: ignore[no-untyped-def]
    """Start and end in the direction of reading; in characters where there is no box."""
    if boxes[i, 2] != boxes[i, 2]:
        return 0.0, widths[i]
    axis = 1 if is_vertical else 0
    return boxes[i, axis], boxes[i, axis] + boxes[i, axis + 2]


@kernel
def _mark_block(lines, n, page_size, page_longest, boxes, chars, widths, marks, limits, scratch, axes, found):  # type: ignore[no-untyped-def]
    """Say of the body lines of one block which start or end a paragraph."""
    indented, ending, vertical, measures = found
    starts, ends, _ = axes
    is_vertical = _is_vertical(lines, n, boxes, chars)
    size = _char_size(lines, n, is_vertical, boxes, chars, widths, scratch)
    if size == 0:
        size = page_size if page_size else 1.0
    least_start, block_end, any_end, longest = np.inf, -np.inf, -np.inf, 0.0
    has_boxes = True
    for at in range(n):
        i = lines[at]
        starts[i], ends[i] = _span(i, is_vertical, boxes, widths)
        has_boxes &= boxes[i, 2] == boxes[i, 2]
        least_start = min(least_start, starts[i])
        longest = max(longest, ends[i] - starts[i])
        any_end = max(any_end, ends[i])
        # 、 and 。 may hang over the edge, so lines that end with them do not say where it is.
        if marks[i] & HANGS == 0:
            block_end = max(block_end, ends[i])
    if block_end == -np.inf:
        block_end = any_end
    width = block_end - least_start
    indent = limits[INDENT_CHARS] * size
    for at in range(n):
        i = lines[at]
        start, end = starts[i], ends[i]
        nearest, furthest = np.inf, -np.inf
        for other in (at - 1, at + 1):
            if 0 <= other < n:
                j = lines[other]
                nearest = min(nearest, starts[j])
                furthest = max(furthest, ends[j] - (size if marks[j] & HANGS != 0 else 0.0))
        if n == 1:
            nearest, furthest = start, end
        left_free, right_free = start - nearest, furthest - end
        stands_alone = (
            longest < max(limits[PROSE_MIN_CHARS] * size, limits[PROSE_MIN_FRACTION] * page_longest)
            # The same white on both sides: a title or caption in the middle of the column.
            or (min(left_free, right_free) >= indent and abs(left_free - right_free) < size)
            # A date or signature at the end of the line; a number in a table.
            or left_free >= limits[VERY_SHORT_FRACTION] * width
        )
        # "… said," and then speech on a line of its own is not one line that was cut short.
        speech_follows = at + 1 < n and marks[lines[at + 1]] & (OPENS << FIRST_SHIFT) != 0
        goes_on = marks[i] & GOES_ON != 0 and not speech_follows
        ending[i] = (
            stands_alone
            or (marks[i] & ENDS_SENTENCE != 0 and block_end - end >= limits[SHORT_CHARS] * size)
            or (block_end - end >= limits[VERY_SHORT_FRACTION] * width and not goes_on)
        )
        # How much deeper it starts than the lines before and after it.
        before = start - starts[lines[at - 1]] if at else 0.0
        after = start - starts[lines[at + 1]] if at + 1 < n else 0.0
        follows_end = at == 0 or ending[lines[at - 1]] or marks[lines[at - 1]] & ENDS_SENTENCE != 0
        # An item's second line hangs deeper than the one before it, but not than the one after.
        indented[i] = (
            marks[i] & (INDENTS << FIRST_SHIFT) != 0
            or stands_alone
            or (after >= indent and (at == 0 or before >= indent))
            or (follows_end and max(before, after) >= indent)
        )
        vertical[i] = is_vertical
        measures[i, LENGTH], measures[i, BLOCK_LENGTH] = (end - start) / size, longest / size
        measures[i, PRINT_SIZE] = size if has_boxes else 0.0


@kernel
def _mark_paragraphs(page_offsets, boxes, chars, widths, marks, limits, kinds, blocks, kept, order, continues, ending):  # type: ignore[no-untyped-def]
    """The lines that are kept in reading order, and of each body line whether it goes on with the last one's paragraph.

    Returns:
        How many lines there are; `order` holds their numbers, `blocks` their blocks, `ending` whether a paragraph
        ends after a body line, `continues` whether it belongs to that of the body line before it.
    """
    n_lines = len(kinds)
    scratch = np.empty(n_lines, np.float64)
    axes = (np.empty(n_lines, np.float64), np.empty(n_lines, np.float64), np.empty(n_lines, np.float64))
    indented, vertical = np.zeros(n_lines, np.bool_), np.zeros(n_lines, np.bool_)
    measures = np.zeros((n_lines, 3), np.float64)
    found = (indented, ending, vertical, measures)
    lines, body, members = np.empty(n_lines, np.int64), np.empty(n_lines, np.int64), np.empty(n_lines, np.int64)
    n_ordered, last, last_page = 0, -1, -1
    for page in range(len(page_offsets) - 1):
        n = 0
        for i in range(page_offsets[page], page_offsets[page + 1]):
            if kept[i]:
                lines[n] = i
                n += 1
        page_is_vertical = _is_vertical(lines, n, boxes, chars)
        _read_columns(lines, n, page_is_vertical, boxes, chars, widths, limits, kinds, blocks, scratch, axes)
        _number_blocks(lines, n, boxes, chars, blocks)
        n_body = 0
        for at in range(n):
            order[n_ordered] = lines[at]
            n_ordered += 1
            if kinds[lines[at]] == BODY:
                body[n_body] = lines[at]
                n_body += 1
        body_is_vertical = _is_vertical(body, n_body, boxes, chars)
        page_size = _char_size(body, n_body, body_is_vertical, boxes, chars, widths, scratch)
        page_longest = 0.0
        for at in range(n_body):
            start, end = _span(body[at], body_is_vertical, boxes, widths)
            page_longest = max(page_longest, end - start) if at else end - start
        for at in range(n_body):
            is_first = True
            for back in range(at - 1, -1, -1):
                if blocks[body[back]] == blocks[body[at]]:
                    is_first = False
                    break
            if not is_first:
                continue
            n_members = 0
            for other in range(at, n_body):
                if blocks[body[other]] == blocks[body[at]]:
                    members[n_members] = body[other]
                    n_members += 1
            _mark_block(
                members, n_members, page_size, page_longest, boxes, chars, widths, marks, limits, scratch, axes, found
            )
        for at in range(n_body):
            i = body[at]
            if last >= 0 and not ending[last] and not indented[i]:
                if last_page == page and blocks[last] == blocks[i]:
                    continues[i] = True
                elif vertical[last] == vertical[i] and marks[last] & ENDS_SENTENCE == 0:
                    size, other_size = measures[last, PRINT_SIZE], measures[i, PRINT_SIZE]
                    ratio = size / other_size if size and other_size else 1.0
                    # Without boxes a line may be a whole page, so lengths of different pages say nothing.
                    full = measures[last, BLOCK_LENGTH]
                    if size:
                        full = max(full, measures[i, BLOCK_LENGTH])
                    continues[i] = 1 / limits[SIZE_RATIO] < ratio < limits[SIZE_RATIO] and (
                        measures[last, LENGTH] >= limits[FULL_FRACTION] * full or marks[last] & GOES_ON != 0
                    )
            last, last_page = i, page
    return n_ordered


@kernel
def _is_plain(points, plain_blocks):  # type: ignore[no-untyped-def]
    """Whether every character lies within the blocks, rows of first and last of which none overlap."""
    # A block at a time and without a branch inside, so that LLVM compares eight characters at once.
    n_inside = 0
    for block in range(len(plain_blocks)):
        first, last = plain_blocks[block, 0], plain_blocks[block, 1]
        for i in range(len(points)):
            n_inside += (points[i] >= first) & (points[i] <= last)
        if n_inside == len(points):
            return True
    return False
