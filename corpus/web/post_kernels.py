"""A kernel that finds the blocks of a page that may be signed; see `manyo.corpus.web.reader_posts`."""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Bools, Bytes, Int64s, Records, borrowing, kernel
from manyo.corpus.web.ascii import COLON, HYPHEN
from manyo.corpus.web.attribute_kernels import is_digit, point_of_three
from manyo.corpus.web.markup import DIALOG_HINT, FRAME_HINT, TAGS, Page

_FRAMES = tuple(TAGS.index(name) for name in ("nav", "aside", "footer", "header", "form"))
#: A label is shorter, and a name at an end too; in bytes.
_LABEL_BYTES: Final = 160
_NAME_BYTES: Final = 90
_CLOSING = tuple(ord(sign) for sign in "）〕］)]")
_DASHES = tuple(ord(sign) for sign in "―—─–")
_OPENING = tuple(ord(sign) for sign in "（―—─")
#: Last characters of forms of address, and of ages.
_ADDRESS = tuple(ord(sign) for sign in "んま様氏り代")
#: What follows the numbers of dates and times.
_UNITS = tuple(ord(sign) for sign in "年月日時分前間")
_MARKS = tuple(ord(sign) for sign in ":/.-")
#: Last characters of labels of a name: 名前, 投稿者, ハンドルネーム, HN, name, by, from.
_LABEL_ENDS = tuple(ord(sign) for sign in "前者ムNnEeYyMm")
_WIDE_COLON: Final = ord("：")


@kernel
def look_for_names(page: Page, main: Int64s, is_kept: Bools, most: int, near: int) -> tuple[Bools, int, int]:
    """Which blocks at the end of the main text, and below it, may hold a writer's name, or a date and time.

    Args:
        page: the page.
        main: int64 (n,), the blocks of the main text.
        is_kept: bool (n,), which of them are kept.
        most: how many blocks are looked at, of the main text and below it.
        near: how many of its last blocks count.

    Returns:
        bool (n_blocks,), and how many of these blocks are among the last of the main text, and below it in no frame.
    """
    found = np.zeros(len(page.blocks), np.bool_)
    n_seen = n_near = n_below = 0
    last = -1
    for place in range(len(main) - 1, -1, -1):
        if not is_kept[place]:
            continue
        if n_seen == most or (n_seen == near and n_near < 2):
            break
        row = main[place]
        last = max(last, row)
        found[row] = _may_be_signed(page.text, page.blocks[row].start, page.blocks[row].end)
        n_near += found[row] and n_seen < near
        n_seen += 1
    for row in range(last + 1, min(len(page.blocks), last + 1 + most)):
        if page.weights[row] > 0:
            found[row] = _may_be_signed(page.text, page.blocks[row].start, page.blocks[row].end)
            n_below += found[row] and not is_in_named_frame(page.boxes, page.blocks[row].box)
    return found, n_near, n_below


@borrowing
def is_in_named_frame(boxes: Records, box: int) -> bool:
    """Whether a box is in one whose tag or name says that it is frame."""
    while box >= 0:
        if boxes[box].tag in _FRAMES or boxes[box].hint in (FRAME_HINT, DIALOG_HINT):
            return True
        box = boxes[box].parent
    return False


@borrowing
def _may_be_signed(text: Bytes, start: int, end: int) -> bool:
    if text[end - 1] in _CLOSING or point_of_three(text, end - 3) in _CLOSING:
        return True
    is_label = end - start <= _LABEL_BYTES
    if is_label and (point_of_three(text, start) in _OPENING or point_of_three(text, end - 3) in _ADDRESS):
        return True
    for i in range(start, min(end, start + _NAME_BYTES)):
        is_colon = text[i] == COLON or (text[i] == 0xEF and point_of_three(text, i) == _WIDE_COLON)
        if is_colon and i > start and (text[i - 1] in _LABEL_ENDS or point_of_three(text, i - 3) in _LABEL_ENDS):
            return True
    for i in range(max(start, end - _NAME_BYTES), end):
        if text[i] == 0xE2 and point_of_three(text, i) in _DASHES:
            return True
        if text[i] == HYPHEN and i + 1 < end and text[i + 1] == HYPHEN:
            return True
    if is_label:
        for i in range(start, end - 1):
            if is_digit(text[i]) and (text[i + 1] in _MARKS or point_of_three(text, i + 1) in _UNITS):
                return True
    return False
