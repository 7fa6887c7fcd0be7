"""Kernels that choose the main text among a page's blocks, and write it; see `manyo.corpus.web.main_text`.

What depends on the words of a block is decided in Python: `choose` asks about such blocks.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from manyo.corpus.jit import Bools, Bytes, Int64s, Records, inlined, kernel, record
from manyo.corpus.web.ascii import DIGIT_ZERO, FULL_STOP, LINE_FEED, SPACE, TAB
from manyo.corpus.web.attribute_kernels import FIRST_HEADING, find_byte, is_heading, is_named_main
from manyo.corpus.web.markup import (
    COMMENTS_HINT,
    DIALOG_HINT,
    FRAME_HINT,
    MAIN_HINT,
    PROSE_CHARS,
    TAGS,
    TOPIC_HINT,
)

#: What the choice knows about a tag.
#:
#: frame_share: a box is frame while it contains less than this share of the page's prose.
#: is_never_main: the main text is never such a box alone.
#: is_named: class, id and role count.
#: is_flow, is_item: a block stays although all of it is a link, amid the prose and after it.
CHOICE_RULE: Final = record(
    ("frame_share", "f8"), ("is_never_main", "?"), ("is_named", "?"), ("is_flow", "?"), ("is_item", "?")
)

_ARTICLE, _ITEM, _HEADER = (TAGS.index(name) for name in ("article", "li", "header"))
_TD, _TH = (TAGS.index(name) for name in ("td", "th"))
_FRAME_TAGS = tuple(TAGS.index(name) for name in ("nav", "aside", "footer"))
#: Tables and lists of terms have names such as `header` and `date` for data, too.
_DATA_TAGS = tuple(TAGS.index(name) for name in ("table", "thead", "tbody", "tfoot", "tr", "td", "th", "dt", "dd"))

#: A box is frame while it contains less than this share of the page's prose: a box with a frame's name, with the name
#: of what is often a frame, with both a frame's tag and name, with the role of a dialog.
_NAMED_FRAME_SHARE: Final = 0.5
_NAMED_TOPIC_SHARE: Final = 0.3
_TWICE_NAMED_SHARE: Final = 0.8
_DIALOG_SHARE: Final = 0.95
#: No name makes a box frame if it contains a text that is named main text and has this share of the prose.
_LEAST_NAMED_MAIN_SHARE: Final = 0.3
#: Comments are kept apart if the page has this much other prose, in characters or by share.
_LEAST_PROSE_BESIDES_COMMENTS: Final = 300
_LEAST_SHARE_BESIDES_COMMENTS: Final = 0.3
#: The search for the main container enters a child that contains at least this share of its parent's prose, or that is
#: or contains a text named main text with half of it. Measured on news pages: from 0.85 on, side columns are included;
#: down to 0.7 nothing changes.
_MAIN_SHARE: Final = 0.8
_NAMED_MAIN_SHARE: Final = 0.5
#: It does not if the parent has text of its own, by share or in characters: the preamble and the supplementary
#: provisions of a law around a long article, slides between listings. Down to 0.05, frames of foreign pages are
#: included.
_LEAST_OWN_SHARE: Final = 0.1
_LEAST_OWN_CHARS: Final = 300
#: Siblings of the same name that contain this share of the prose are also text if none of them has that share of
#: links: a name of text and menus alike (`row`, `container`) is a name of layout.
_LEAST_ALIKE_SHARE: Final = 0.05
_MAX_ALIKE_LINK_SHARE: Final = 0.2
#: A line of announced links is shorter than twice this, in characters; a longer line is text that starts like one.
ANNOUNCED_CHARS: Final = 75
#: A block of the main text with this share of its characters in links is dropped, unless its tag keeps it.
_LINK_SHARE: Final = 0.8
#: Longest cell that shares a line with others, in characters.
_CELL_CHARS: Final = 80
#: Line end, ten digits, full stop and space.
_MAX_NUMBER_BYTES: Final = 13


class Page(NamedTuple):
    """A page's markup as arrays; see `manyo.corpus.web.markup.Markup`."""

    text: Bytes
    blocks: Records
    boxes: Records


#: A block about which its words decide.
#:
#: place: index of the block in its passage.
#: number: of the list item that the block starts; 0 if it starts none.
#: start, end: first byte of the block in the page's text, and the byte after its last.
#: tag: of the box around it.
#: link_chars: characters in links.
#: is_link: whether it is dropped as a link unless its words announce a section.
#: links_until: of a heading whose section is empty, or half of it links, the place where the section ends; else 0.
QUESTION: Final = record(
    *((name, "i8") for name in ("place", "number", "start", "end", "tag", "link_chars", "is_link", "links_until"))
)


class Passage(NamedTuple):
    """Blocks that belong together.

    Attributes:
        rows: indices of the blocks, in the order of their text.
        is_kept: of each block, whether it is kept as far as its words do not matter.
        questions: QUESTION (n,), the blocks whose words matter.
    """

    rows: Int64s
    is_kept: Bools
    questions: Records


class Choice(NamedTuple):
    """What a page's blocks are.

    Attributes:
        leads: indices of blocks of prose between the headline and the main text.
        main: the leads and the main text.
        first_prose: place of its first block of prose; the number of blocks if it has none.
        last_prose: place of its last block of prose; -1 if it has none.
        comments: text written by readers.
        headlines: indices of the blocks in `<h1>` and `<h2>`.
        n_chars: characters of the page.
        link_chars: those of them in links.
    """

    leads: Int64s
    main: Passage
    first_prose: int
    last_prose: int
    comments: Passage
    headlines: Int64s
    n_chars: int
    link_chars: int


#: What the choice finds out about a box.
#:
#: is_comments: written by readers; is_frame: not main text; is_main: in the main container, and in no frame.
#: holds_main: contains the largest text that is named main text.
#: prose: characters of prose in it; content: of these, those in no frame; own: of these, those in no box of its own
#: (loose text, paragraphs, lists).
#: named: characters of content of the largest box in it that is named main text.
#: chars, link_chars: all characters in it, and those in links.
#: best: its child with the most content; -1 if there is none.
#: last: its own last block of prose; -1 if there is none.
_FINDING: Final = record(
    *((name, "?") for name in ("is_comments", "is_frame", "is_main", "holds_main")),
    *((name, "i8") for name in ("prose", "content", "own", "named", "chars", "link_chars", "best", "last")),
)


@kernel
def choose(text: Bytes, blocks: Records, boxes: Records, rules: Records, refused: Int64s) -> Choice:
    """Choose the main text and the comments of a page.

    Args:
        text: of the page, UTF-8.
        blocks: BLOCK (n,).
        boxes: BOX (n,).
        rules: CHOICE_RULE, by tag.
        refused: blocks that are not leads, by their words.
    """
    page = Page(text, blocks, boxes)
    findings = np.zeros(len(boxes), _FINDING)
    prose = _set_comments_apart(boxes, rules, findings)
    _find_named_main(boxes, prose, findings)
    _find_frames(page, rules, prose, findings)
    _find_main(page, findings)
    leads, rows, comments = _divide(page, findings, refused)
    main, first, last = _ask_about_main(page, rules, rows)
    comments_asked = _ask_about_comments(page, comments)
    headlines = _find_headlines(page)
    return Choice(leads, main, first, last, comments_asked, headlines, findings[0].chars, findings[0].link_chars)


# --- boxes -----------------------------------------------------------------------------------


@kernel
def _set_comments_apart(boxes: Records, rules: Records, findings: Records) -> int:
    """Find the boxes that readers wrote; the characters of prose in the page without them."""
    comments = 0
    for i in range(1, len(boxes)):
        box = boxes[i]
        is_in_comments = findings[box.parent].is_comments
        findings[i].is_comments = is_in_comments
        if box.hint == COMMENTS_HINT and not is_in_comments and rules[box.tag].is_named:
            findings[i].is_comments = True
            comments += box.prose
    # Where little else is left, what is named comments is what the page is about.
    all_prose = np.int64(boxes[0].prose)
    prose = all_prose - comments
    if prose < _LEAST_PROSE_BESIDES_COMMENTS and prose < _LEAST_SHARE_BESIDES_COMMENTS * all_prose:
        for i in range(len(boxes)):
            findings[i].is_comments = False
        return int(all_prose)
    return int(prose)


@kernel
def _find_named_main(boxes: Records, prose: int, findings: Records) -> None:
    """Find the boxes around the largest text that is named main text, if it is large and in no dialog."""
    is_dialog = np.zeros(len(boxes), np.bool_)
    named = -1
    for i in range(1, len(boxes)):
        box = boxes[i]
        is_dialog[i] = is_dialog[box.parent] or box.hint == DIALOG_HINT
        is_larger = named < 0 or box.prose > boxes[named].prose
        if box.hint == MAIN_HINT and is_larger and not findings[i].is_comments and not is_dialog[i]:
            named = i
    if named > 0 and boxes[named].prose >= _LEAST_NAMED_MAIN_SHARE * prose:
        while named > 0:
            named = boxes[named].parent
            findings[named].holds_main = True


@kernel
def _find_frames(page: Page, rules: Records, prose: int, findings: Records) -> None:
    """Find the boxes that are frame, and sum up what each box contains."""
    boxes = page.boxes
    for i in range(len(boxes)):
        findings[i].best = -1
        findings[i].last = -1
    for i in range(len(page.blocks)):
        block = page.blocks[i]
        around = findings[block.box]
        around.chars += block.chars
        around.link_chars += block.link_chars
        if block.prose and not around.is_comments:
            around.last = i
            around.prose += block.prose
            around.content += block.prose
            around.own += block.prose
    for i in range(len(boxes) - 1, 0, -1):
        box = boxes[i]
        rule = rules[box.tag]
        share = rule.frame_share
        hint = box.hint if rule.is_named else 0
        found = findings[i]
        around = findings[box.parent]
        if found.holds_main:
            share = 0.0
        elif hint == DIALOG_HINT:
            share = _DIALOG_SHARE
        elif hint == TOPIC_HINT and box.tag not in _DATA_TAGS:
            share = max(share, _NAMED_TOPIC_SHARE)
        elif hint in (FRAME_HINT, COMMENTS_HINT) and box.tag != _HEADER:
            # A form is named like a frame because it is a form; its name is not a second hint.
            share = max(share, _TWICE_NAMED_SHARE if box.tag in _FRAME_TAGS else _NAMED_FRAME_SHARE)
        found.is_frame = found.is_comments or found.prose < share * prose
        around.prose += found.prose
        around.chars += found.chars
        around.link_chars += found.link_chars
        if not found.is_frame:
            around.content += found.content
            if rule.is_never_main:
                around.own += found.content
            elif around.best < 0 or found.content >= findings[around.best].content:
                around.best = i


@kernel
def _find_main(page: Page, findings: Records) -> None:
    """Find the boxes that are in the main container, or in a sibling like it, and in no frame."""
    boxes = page.boxes
    n = len(boxes)
    for i in range(n - 1, 0, -1):
        found = findings[i]
        if is_named_main(boxes[i].hint, boxes[i].tag):
            found.named = max(found.named, found.content)
        if not found.is_frame:
            findings[boxes[i].parent].named = max(findings[boxes[i].parent].named, found.named)
    main = 0
    while findings[main].best >= 0:
        child = findings[main].best
        content = findings[main].content
        child_content = findings[child].content
        holds_named_main = findings[child].named >= _NAMED_MAIN_SHARE * content
        least = 0 if holds_named_main else _MAIN_SHARE
        if child_content == 0 or child_content < least * content:
            break
        # A paragraph is not a container, whatever its tag; lines separated by `<br>` are more than one.
        is_one_of_several = (
            _is_paragraph(page, findings, child)
            and child_content < content
            and not _contains_line_end(page, findings[child].last)
        )
        has_own = findings[main].own > min(_LEAST_OWN_SHARE * content, _LEAST_OWN_CHARS)
        if not holds_named_main and (is_one_of_several or has_own):
            break
        if _is_among_paragraphs(page, findings, child):
            break
        _join_siblings(page, findings, child)
        main = child
    findings[main].is_main = True
    for i in range(1, n):
        findings[i].is_main |= findings[boxes[i].parent].is_main and not findings[i].is_frame


@kernel
def _contains_line_end(page: Page, row: int) -> bool:
    return find_byte(page.text[: page.blocks[row].end], page.blocks[row].start, LINE_FEED) >= 0


@inlined
def _is_paragraph(page: Page, findings: Records, box: int) -> bool:
    """Whether all the content of a box is one block of its own."""
    found = findings[box]
    return bool(found.last >= 0 and page.blocks[found.last].prose == found.content)


@inlined
def _are_alike(boxes: Records, one: int, other: int) -> bool:
    """Whether two boxes are siblings of the same tag and name, or of the same tag and both named main text.

    A text and its rest after "read more" are such. Articles without a name are also alike.
    """
    first, second = boxes[one], boxes[other]
    if one == other or first.parent != second.parent or first.tag != second.tag:
        return False
    has_same_name = first.name == second.name and (first.name != 0 or first.tag == _ARTICLE)
    return bool(has_same_name or first.hint == MAIN_HINT == second.hint)


@kernel
def _is_among_paragraphs(page: Page, findings: Records, child: int) -> bool:
    """Whether siblings like a box are paragraphs of the box around them."""
    parent = page.boxes[child].parent
    in_paragraphs = 0
    for i in range(parent + 1, len(page.boxes)):
        if _are_alike(page.boxes, i, child) and not findings[i].is_frame and _is_paragraph(page, findings, i):
            in_paragraphs += findings[i].content
    return bool(in_paragraphs > _LEAST_ALIKE_SHARE * findings[parent].content)


@kernel
def _text_in(page: Page, box: int) -> Bytes:
    """The text of a box and of all boxes in it, which follow it before it closes."""
    after = box + 1
    while after < len(page.boxes) and page.boxes[after].parent >= box:
        after += 1
    start = end = 0
    for i in range(len(page.blocks)):
        if box <= page.blocks[i].box < after:
            start = page.blocks[i].start if end == 0 else start
            end = page.blocks[i].end
    return page.text[start:end]


@kernel
def _join_siblings(page: Page, findings: Records, child: int) -> None:
    """Take large siblings like a box for main text as well, unless one of them is frame or contains links."""
    boxes = page.boxes
    parent = boxes[child].parent
    for i in range(parent + 1, len(boxes)):
        found = findings[i]
        is_list = found.is_frame or found.link_chars >= _MAX_ALIKE_LINK_SHARE * found.chars
        if found.chars and is_list and _are_alike(boxes, i, child):
            return
    for i in range(parent + 1, len(boxes)):
        is_large = findings[i].content > _LEAST_ALIKE_SHARE * findings[parent].content
        if is_large and _are_alike(boxes, i, child):
            # The same text a second time, for small screens, is not another text.
            is_other = findings[i].chars != findings[child].chars
            findings[i].is_main = is_other or not np.array_equal(_text_in(page, i), _text_in(page, child))


# --- blocks ----------------------------------------------------------------------------------


@kernel
def _divide(page: Page, findings: Records, refused: Int64s) -> tuple[Int64s, Int64s, Int64s]:
    """Indices of leads, of leads and main text, and of comments."""
    blocks, boxes = page.blocks, page.boxes
    # A lead is in no frame except a headline's.
    is_outside = np.zeros(len(boxes), np.bool_)
    is_outside[0] = findings[0].is_comments
    for i in range(1, len(boxes)):
        is_headline = boxes[i].tag == _HEADER or boxes[i].hint == TOPIC_HINT
        is_in_frame = findings[i].is_frame and not is_headline
        is_outside[i] = findings[i].is_comments or is_outside[boxes[i].parent] or is_in_frame
    # The lead stands between the headline and the main text, often in a container of its own.
    heading = len(blocks)
    for i in range(len(blocks)):
        if findings[blocks[i].box].is_main:
            break
        if boxes[blocks[i].box].tag == FIRST_HEADING:
            heading = i
    rows = np.empty(len(blocks), np.int64)
    comments = np.empty(len(blocks), np.int64)
    n_leads = n_rows = n_comments = 0
    for i in range(len(blocks)):
        box = blocks[i].box
        if findings[box].is_main:
            rows[n_rows] = i
            n_rows += 1
        elif heading < i and n_rows == n_leads and blocks[i].prose >= PROSE_CHARS and not is_outside[box]:
            if i not in refused:
                rows[n_rows] = i
                n_rows += 1
                n_leads += 1
        elif findings[box].is_comments:
            comments[n_comments] = i
            n_comments += 1
    return rows[:n_leads].copy(), rows[:n_rows].copy(), comments[:n_comments].copy()


@kernel
def _find_headlines(page: Page) -> Int64s:
    """Indices of the blocks in `<h1>` and `<h2>`."""
    rows = np.empty(len(page.blocks), np.int64)
    n = 0
    for i in range(len(page.blocks)):
        tag = page.boxes[page.blocks[i].box].tag
        if tag in (FIRST_HEADING, FIRST_HEADING + 1):
            rows[n] = i
            n += 1
    return rows[:n].copy()


@kernel
def _number(page: Page, rows: Int64s) -> Int64s:
    """Of each block that is the first of an item in an ordered list, the item's number; else 0."""
    numbers = np.zeros(len(rows), np.int64)
    last = np.int64(-1)
    for i in range(len(rows)):
        item = np.int64(page.blocks[rows[i]].box)
        if page.boxes[item].tag != _ITEM:
            item = np.int64(page.boxes[item].parent)
        if item >= 0 and item != last and page.boxes[item].tag == _ITEM:
            numbers[i] = page.boxes[item].ordinal
        last = item
    return numbers


@kernel
def _count_digits(number: int) -> int:
    n = 1
    while number >= 10:
        number //= 10
        n += 1
    return n


@kernel
def _count_chars(page: Page, row: int, number: int) -> int:
    """Characters of a block and of the number before it."""
    return int(page.blocks[row].chars) + (_count_digits(number) + 2 if number else 0)


@inlined
def _ask(questions: Records, n: int, page: Page, rows: Int64s, numbers: Int64s, place: int) -> np.record:
    """Question number n, about the block at a place."""
    block = page.blocks[rows[place]]
    question: np.record = questions[n]
    question.place = place
    question.number = numbers[place]
    question.start = block.start
    question.end = block.end
    question.tag = page.boxes[block.box].tag
    question.link_chars = block.link_chars
    return question


@kernel
def _ask_about_main(page: Page, rules: Records, rows: Int64s) -> tuple[Passage, int, int]:
    """The main text as a passage, and the places of its first and last prose."""
    n = len(rows)
    numbers = _number(page, rows)
    first, last = n, -1
    for i in range(n):
        if page.blocks[rows[i]].prose:
            first = min(first, i)
            last = i
    is_kept = np.ones(n, np.bool_)
    questions = np.zeros(n, QUESTION)
    n_questions = 0
    for i in range(n):
        block = page.blocks[rows[i]]
        tag = page.boxes[block.box].tag
        n_chars = _count_chars(page, rows[i], numbers[i])
        stays = i >= first and (rules[tag].is_item if i > last else rules[tag].is_flow)
        is_link = block.link_chars > _LINK_SHARE * n_chars and not stays
        if is_link and not is_heading(tag):
            is_kept[i] = False
        elif i < first or i > last or is_heading(tag) or n_chars < 2 * min(block.link_chars, ANNOUNCED_CHARS):
            question = _ask(questions, n_questions, page, rows, numbers, i)
            question.is_link = is_link
            if is_heading(tag):
                question.links_until = _find_end_of_links(page, rows, numbers, i)
            n_questions += 1
    return Passage(rows, is_kept, questions[:n_questions].copy()), first, last


@kernel
def _find_end_of_links(page: Page, rows: Int64s, numbers: Int64s, start: int) -> int:
    """Place of the heading that ends the section of the heading at a place, if that is empty or half links; else 0.

    Sections nest six levels deep, so that those of all headings take linear time.
    """
    level = page.boxes[page.blocks[rows[start]].box].tag
    n_chars = link_chars = 0
    end = start
    while end < len(rows):
        block = page.blocks[rows[end]]
        tag = page.boxes[block.box].tag
        if end > start and is_heading(tag) and tag <= level:
            break
        n_chars += _count_chars(page, rows[end], numbers[end])
        link_chars += block.link_chars
        end += 1
    return end if end == start + 1 or 2 * link_chars >= n_chars else 0


@kernel
def _ask_about_comments(page: Page, rows: Int64s) -> Passage:
    """The comments as a passage: blocks of prose, unless their words are those of a button."""
    numbers = _number(page, rows)
    is_kept = np.zeros(len(rows), np.bool_)
    questions = np.zeros(len(rows), QUESTION)
    n_questions = 0
    for i in range(len(rows)):
        if page.blocks[rows[i]].prose:
            is_kept[i] = True
            _ask(questions, n_questions, page, rows, numbers, i)
            n_questions += 1
    return Passage(rows, is_kept, questions[:n_questions].copy())


# --- writing ---------------------------------------------------------------------------------


@kernel
def write(text: Bytes, blocks: Records, boxes: Records, rows: Int64s, is_kept: Bools) -> Bytes:
    """The blocks of a passage that are kept, as lines of UTF-8, with the numbers of list items.

    Short cells of the same table row share a line.
    """
    page = Page(text, blocks, boxes)
    numbers = _number(page, rows)
    n_bytes = 0
    for row in rows:
        n_bytes += blocks[row].end - blocks[row].start + _MAX_NUMBER_BYTES
    out = np.empty(n_bytes, np.uint8)
    at = 0
    before = -1
    for i in range(len(rows)):
        if not is_kept[i]:
            continue
        if before >= 0:
            out[at] = TAB if _share_line(page, rows, numbers, before, i) else LINE_FEED
            at += 1
        before = i
        if numbers[i]:
            at = _put_number(out, at, numbers[i])
        start, end = blocks[rows[i]].start, blocks[rows[i]].end
        out[at : at + end - start] = text[start:end]
        at += end - start
    return out[:at]


@inlined
def _share_line(page: Page, rows: Int64s, numbers: Int64s, one: int, other: int) -> bool:
    """Whether the blocks at two places are short cells of the same table row."""
    first, second = page.boxes[page.blocks[rows[one]].box], page.boxes[page.blocks[rows[other]].box]
    return (
        first.tag in (_TD, _TH)
        and second.tag in (_TD, _TH)
        and first.parent == second.parent
        and _count_chars(page, rows[one], numbers[one]) <= _CELL_CHARS
        and _count_chars(page, rows[other], numbers[other]) <= _CELL_CHARS
    )


@kernel
def _put_number(out: Bytes, at: int, number: int) -> int:
    """Write a number, a full stop and a space; the index of the byte after them."""
    digits = _count_digits(number)
    for place in range(digits - 1, -1, -1):
        out[at + place] = DIGIT_ZERO + number % 10
        number //= 10
    out[at + digits] = FULL_STOP
    out[at + digits + 1] = SPACE
    return at + digits + 2
