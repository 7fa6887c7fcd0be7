"""Kernels that choose the main text among a page's blocks, by their weights; see `manyo.corpus.web.main_text`."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from manyo.corpus.jit import Bytes, Int64s, Records, borrowing, inlined, kernel, record
from manyo.corpus.web.ascii import LINE_FEED
from manyo.corpus.web.attribute_kernels import FIRST_HEADING, find_byte, is_heading, is_named_main, is_subheading
from manyo.corpus.web.choice_words import Limits
from manyo.corpus.web.markup import COMMENTS_HINT, DIALOG_HINT, FRAME_HINT, MAIN_HINT, TAGS, TOPIC_HINT, Page
from manyo.corpus.web.weight_kernels import has_sentence

#: What the choice knows about a tag.
#:
#: frame_share: a box is frame while it contains less than this share of the page's weight.
#: is_never_main: the main text is never such a box alone.
#: is_named: class, id and role count.
#: is_flow, is_item: a block stays although all of it is a link, amid the main text and after it.
CHOICE_RULE: Final = record(
    ("frame_share", "f8"), ("is_never_main", "?"), ("is_named", "?"), ("is_flow", "?"), ("is_item", "?")
)

_ARTICLE, _ASIDE, _HEADER, _FORM, _HR = (TAGS.index(name) for name in ("article", "aside", "header", "form", "hr"))
_PARAGRAPH, _DIV = TAGS.index("p"), TAGS.index("div")
_FRAME_TAGS = tuple(TAGS.index(name) for name in ("nav", "aside", "footer"))
_LIST_TAGS = tuple(TAGS.index(name) for name in ("ul", "ol", "dl", "table"))
_TABLE_TAGS = tuple(TAGS.index(name) for name in ("table", "thead", "tbody", "tfoot", "tr"))
#: Tables and lists of terms have names such as `header` and `date` for data, too.
_DATA_TAGS = tuple(TAGS.index(name) for name in ("table", "thead", "tbody", "tfoot", "tr", "td", "th", "dt", "dd"))
#: What is one of several without a name, and the boxes in which such parts stand as long as tags are balanced.
_PARTS = tuple(TAGS.index(name) for name in ("article", "li", "dt", "dd", "tr", "td"))
_BOXES_OF_PARTS = tuple(
    TAGS.index(name) for name in ("ul", "ol", "menu", "dir", "dl", "table", "thead", "tbody", "tfoot", "tr")
)
#: Boxes behind the main container that share a class of names with two in it, but not the name, at most.
_MAX_UNLIKE: Final = 16
#: What holds controls beside the text, and how many of these speak for each other.
_PANELS = tuple(TAGS.index(name) for name in ("div", "section", "center", "fieldset"))
_MOST_CONTROLS: Final = 3
_LIKE_CLASSES: Final = 4096
_CLASSES: Final = 256


class Choice(NamedTuple):
    """What a page's blocks are, by their indices.

    Attributes:
        main: the main text, headline included.
        comments: text written by readers.
        unassigned: what is in neither, and neither linked nor in a frame.
        headlines: blocks in `<h1>` and `<h2>`.
        headlines_before: blocks in `<h1>` before the main text that are in no frame, but for the head of an article.
        n_chars: characters of the page.
        link_chars: those of them in links.
    """

    main: Int64s
    comments: Int64s
    unassigned: Int64s
    headlines: Int64s
    headlines_before: Int64s
    n_chars: int
    link_chars: int


#: What the choice finds out about a box.
#:
#: is_comments: written by readers; is_frame: not main text; is_main: in the main container, and in no frame.
#: is_in_frame: is or is in a frame or comments.
#: is_around: around the main container or the head of an article in it, or a paragraph or list of such a box, and in no
#: frame.
#: is_in_main: is or is in a box that is named main text; holds_main: contains the largest text that is so named.
#: has_paragraphs: holds text, or paragraphs and lists, of its own.
#: total: weight of the blocks in it; weight: of those that are not comments; content: of these, those in no frame;
#: own: of these, those in no box of its own (loose text, paragraphs, lists).
#: named: content of the largest box in it that is named main text.
#: chars, link_chars: all characters in it, and those in links.
#: best: its child with the most content; -1 if there is none.
#: last: its own last block that weighs anything; -1 if there is none.
#: controls: those in it and in no frame inside it.
_FINDING: Final = record(
    *((name, "?") for name in ("is_comments", "is_frame", "is_in_frame", "is_main", "is_around")),
    *((name, "?") for name in ("is_in_main", "holds_main", "has_paragraphs")),
    *((name, "i8") for name in ("total", "weight", "content", "own", "named", "chars", "link_chars", "best", "last")),
    ("controls", "i8"),
)


@kernel
def choose(page: Page, rules: Records, limits: Limits, announced: Int64s, names_count: bool) -> Choice:
    """Choose the main text and the comments of a page.

    Args:
        page: the page.
        rules: CHOICE_RULE, by tag.
        limits: shares and lengths.
        announced: headings of what readers wrote, by their words.
        names_count: whether names make a box frame or comments; if not, only two hints, a dialog or its links do.
    """
    findings = np.zeros(len(page.boxes), _FINDING)
    for row in announced:
        _announce_comments(page.boxes, page.blocks[row].box, findings)
    weight = _set_comments_apart(page, rules, limits, findings, names_count)
    _find_named_main(page.boxes, limits, weight, findings)
    n_alike = _count_alike(page.boxes)
    _find_frames(page, rules, limits, weight, n_alike, findings, names_count)
    container = _find_main(page, limits, findings)
    _join_parts_outside(page.boxes, limits, findings, container)
    _find_surroundings(page, rules, findings, container)
    main, comments, unassigned = _divide(page, findings)
    headlines, before = _find_headlines(page, findings, main[0] if len(main) else 0)
    return Choice(main, comments, unassigned, headlines, before, findings[0].chars, findings[0].link_chars)


# --- boxes -----------------------------------------------------------------------------------


@borrowing
def _announce_comments(boxes: Records, heading: int, findings: Records) -> None:
    """Mark the boxes below a heading: up to a form or a rule, or to one that is or has a heading, unless two are alike.

    Where nothing follows the heading in its box, what follows that box is meant. A heading that is one of several is a
    section of the text: a manual explains the comments of a language.
    """
    for i in range(len(boxes)):
        if i != heading and boxes[i].tag == boxes[heading].tag and boxes[i].parent == boxes[heading].parent:
            return
    before = heading
    first = -1
    while first < 0 and before > 0:
        for i in range(before + 1, len(boxes)):
            if boxes[i].parent < boxes[before].parent:
                break
            if boxes[i].parent != boxes[before].parent:
                continue
            is_post = boxes[i].name != 0 and _find_like(boxes, i, first) >= 0
            if boxes[i].tag in (_FORM, _HR) or (_has_heading(boxes, i) and not is_post):
                break
            first = i if first < 0 else first
            findings[i].is_comments = True
        if first >= 0 or _has_sibling(boxes, before):
            break
        before = boxes[before].parent


@borrowing
def _find_like(boxes: Records, box: int, first: int) -> int:
    """The first box of a section, or else a box's next sibling, if it has the tag and the name of the box; or -1."""
    other = first
    for i in range(box + 1, len(boxes)):
        if other >= 0 or boxes[i].parent < boxes[box].parent:
            break
        if boxes[i].parent == boxes[box].parent:
            other = i
    is_like = other >= 0 and boxes[other].tag == boxes[box].tag and boxes[other].name == boxes[box].name
    return other if is_like else -1


@borrowing
def _has_heading(boxes: Records, box: int) -> bool:
    """Whether a box is or has a heading."""
    for i in range(box, len(boxes)):
        if i > box and boxes[i].parent < box:
            break
        if is_heading(boxes[i].tag):
            return True
    return False


@borrowing
def _has_sibling(boxes: Records, box: int) -> bool:
    """Whether another box follows a box within the one around it."""
    for i in range(box + 1, len(boxes)):
        if boxes[i].parent <= boxes[box].parent:
            return bool(boxes[i].parent == boxes[box].parent)
    return False


@borrowing
def _set_comments_apart(page: Page, rules: Records, limits: Limits, findings: Records, names_count: bool) -> int:
    """Sum up the boxes, and find those that readers wrote; the weight of the page without them."""
    boxes = page.boxes
    for i in range(len(page.blocks)):
        block = page.blocks[i]
        around = findings[block.box]
        around.chars += block.chars
        around.link_chars += block.link_chars
        around.total += page.weights[i]
        around.has_paragraphs |= page.weights[i] > 0
    for i in range(len(boxes) - 1, 0, -1):
        around = findings[boxes[i].parent]
        around.chars += findings[i].chars
        around.link_chars += findings[i].link_chars
        around.total += findings[i].total
        is_loose = rules[boxes[i].tag].is_never_main and findings[i].total > 0
        around.has_paragraphs |= is_loose
    comments = np.int64(0)
    for i in range(1, len(boxes)):
        box = boxes[i]
        is_in_comments = findings[box.parent].is_comments
        is_named = box.hint == COMMENTS_HINT and rules[box.tag].is_named and names_count
        is_outermost = not is_in_comments and (is_named or findings[i].is_comments)
        findings[i].is_comments = is_in_comments or is_outermost
        if is_outermost:
            comments += findings[i].total
    # Where little else is left, what is named comments is what the page is about.
    weight = findings[0].total - comments
    if weight < limits.weight_besides_comments and weight < limits.share_besides_comments * findings[0].total:
        for i in range(len(boxes)):
            findings[i].is_comments = False
        return int(findings[0].total)
    return int(weight)


@kernel
def _find_named_main(boxes: Records, limits: Limits, weight: int, findings: Records) -> None:
    """Find the boxes around the largest text that is named main text, if it is large and in no dialog."""
    is_dialog = np.zeros(len(boxes), np.bool_)
    named = -1
    for i in range(1, len(boxes)):
        box = boxes[i]
        is_dialog[i] = is_dialog[box.parent] or box.hint == DIALOG_HINT
        findings[i].is_in_main = findings[box.parent].is_in_main or is_named_main(box.hint, box.tag)
        is_larger = named < 0 or findings[i].total > findings[named].total
        if box.hint == MAIN_HINT and is_larger and not findings[i].is_comments and not is_dialog[i]:
            named = i
    if named > 0 and findings[named].total >= limits.named_main_share_of_page * weight:
        while named > 0:
            named = boxes[named].parent
            findings[named].holds_main = True


@borrowing
def _find_frames(
    page: Page, rules: Records, limits: Limits, weight: int, n_alike: Int64s, findings: Records, names_count: bool
) -> None:
    """Find the boxes that are frame, and sum up what each box contains, given how many boxes are alike, by class."""
    boxes = page.boxes
    for i in range(len(boxes)):
        findings[i].best = -1
        findings[i].last = -1
    for i in range(len(page.blocks)):
        around = findings[page.blocks[i].box]
        if page.weights[i] and not around.is_comments:
            around.last = i
            around.weight += page.weights[i]
            around.content += page.weights[i]
            around.own += page.weights[i]
    for i in range(len(boxes) - 1, 0, -1):
        box = boxes[i]
        rule = rules[box.tag]
        found = findings[i]
        around = findings[box.parent]
        # A list without links below a heading of its own is named by that, and a paragraph by what it says.
        is_below_heading = is_subheading(boxes[i - 1].tag) and boxes[i - 1].parent == box.parent
        is_list = box.tag in _LIST_TAGS and found.link_chars == 0 and is_below_heading
        hint = box.hint if rule.is_named and not is_list else 0
        if hint != 0 and _is_unlinked_sentence(page, findings, i):
            hint = np.int32(0)
        is_named = hint in (FRAME_HINT, COMMENTS_HINT) and box.tag != _HEADER
        # A form is named like a frame because it is a form; its name is not a second hint.
        is_twice_named = is_named and box.tag in _FRAME_TAGS
        # A note amid the text is text; what stands beside an article is not.
        is_amid_text = findings[box.parent].is_in_main or findings[box.parent].has_paragraphs
        is_form_of_nothing = box.tag == _FORM and box.ordinal == 0
        share = 0.0 if (box.tag == _ASIDE and is_amid_text) or is_form_of_nothing else rule.frame_share
        found.controls += box.controls
        if found.controls and n_alike[_class_of_like(boxes, i)] <= 1 and _is_panel(boxes, limits, found, i):
            share = max(share, limits.named_topic_share)
        if found.holds_main:
            share = 0.0
        elif hint == DIALOG_HINT:
            share = limits.dialog_share
        elif is_twice_named:
            share = limits.twice_named_share
        elif not names_count and 2 * found.link_chars < found.chars:
            share = 0.0
        elif is_named:
            share = max(share, limits.named_frame_share)
        elif hint == TOPIC_HINT and box.tag not in _DATA_TAGS:
            share = max(share, limits.named_topic_share)
        found.is_frame = found.is_comments or found.weight < share * weight
        around.weight += found.weight
        if not found.is_frame:
            around.content += found.content
            around.controls += found.controls
            if rule.is_never_main:
                around.own += found.content
            elif around.best < 0 or found.content >= findings[around.best].content:
                around.best = i


@kernel
def _count_alike(boxes: Records) -> Int64s:
    """How many boxes have a parent, a tag and a name, in classes; those without a name are none."""
    n_alike = np.zeros(_LIKE_CLASSES, np.int64)
    has_controls = False
    for i in range(1, len(boxes)):
        has_controls |= boxes[i].controls > 0
    if has_controls:
        for i in range(1, len(boxes)):
            n_alike[_class_of_like(boxes, i)] += boxes[i].name != 0
    return n_alike


@inlined
def _class_of_like(boxes: Records, box: int) -> int:
    """One of many classes of boxes; siblings of one tag and name are in one class."""
    key = np.int64(boxes[box].name) ^ np.int64(boxes[box].tag) * 0x9E3779B1 ^ np.int64(boxes[box].parent) * 0x85EBCA77
    return int((key ^ key >> 17) & (_LIKE_CLASSES - 1))


@borrowing
def _is_panel(boxes: Records, limits: Limits, found: np.record, box: int) -> bool:
    """Whether a box with controls is a form, whatever its tag: it has little text for so many, and lays out the page.

    What has the page's headline is the page's subject.
    """
    n_chars = found.chars - found.link_chars
    if boxes[box].tag not in _PANELS or n_chars > limits.full_chars * min(found.controls, _MOST_CONTROLS):
        return False
    for i in range(box + 1, len(boxes)):
        if boxes[i].parent < box:
            break
        if boxes[i].tag == FIRST_HEADING:
            return False
    return True


@inlined
def _is_unlinked_sentence(page: Page, findings: Records, box: int) -> bool:
    """Whether a box is a paragraph that is a sentence, without links."""
    found = findings[box]
    if page.boxes[box].tag != _PARAGRAPH or found.link_chars > 0 or found.last < 0:
        return False
    block = page.blocks[found.last]
    return has_sentence(page.text, block.start, block.end)


@borrowing
def _find_main(page: Page, limits: Limits, findings: Records) -> int:
    """Find the main container, and the siblings like it or a box around it; the container's index."""
    boxes = page.boxes
    for i in range(len(boxes) - 1, 0, -1):
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
        holds_named_main = findings[child].named >= limits.named_main_share * content
        least = 0 if holds_named_main else limits.main_share
        if child_content == 0 or child_content < least * content:
            break
        # A paragraph is not a container, whatever its tag; lines separated by `<br>` are more than one.
        is_one_of_several = (
            _is_paragraph(page, findings, child)
            and child_content < content
            and not contains_line_end(page, findings[child].last)
        )
        has_own = findings[main].own > min(limits.own_share * content, limits.own_weight)
        if not holds_named_main and (is_one_of_several or has_own):
            break
        # A post whose end tag is missing contains the posts after it.
        if findings[main].own > 0 and _is_like_outer(boxes, child):
            break
        if _is_among_paragraphs(page, findings, child):
            break
        _join_siblings(page, limits, findings, child)
        main = child
    # A table that is not a page's layout has text around it; the search for one cell ends in its rows.
    while boxes[main].tag in _TABLE_TAGS:
        main = boxes[main].parent
    findings[main].is_main = True
    return main


@borrowing
def _is_like_outer(boxes: Records, box: int) -> bool:
    """Whether a box around a box has its tag and name."""
    around = boxes[box].parent
    while around >= 0:
        if _have_same_name(boxes, around, box):
            return True
        around = boxes[around].parent
    return False


@kernel
def _join_parts_outside(boxes: Records, limits: Limits, findings: Records, main: int) -> None:
    """Take boxes behind the main container that are like two in it for main text: a stray end tag has closed it early.

    They stand beside it or beside a box around it, not in a column of their own.
    """
    after = main + 1
    while after < len(boxes) and boxes[after].parent >= main:
        after += 1
    # Most boxes are excluded by a table, which holds how many boxes of the container have a name, in 256 classes.
    n_of_class = np.zeros(_CLASSES, np.int64)
    for i in range(main + 1, after):
        n_of_class[_class_of_name(boxes, i)] += findings[i].content > 0
    part = -1
    n_unlike = 0
    for i in range(after, len(boxes)):
        if n_unlike == _MAX_UNLIKE:
            break
        found = findings[i]
        is_text = found.content > 0 and not found.is_frame and found.link_chars < limits.alike_link_share * found.chars
        is_beside = boxes[i].parent < main and boxes[boxes[i].parent].tag not in _BOXES_OF_PARTS
        if not (is_beside and is_text):
            continue
        if part < 0 or not _have_same_name(boxes, part, i):
            if n_of_class[_class_of_name(boxes, i)] < 2:
                continue
            n_like = 0
            for other in range(main + 1, after):
                n_like += findings[other].content > 0 and _have_same_name(boxes, other, i)
                if n_like == 2:
                    break
            if n_like < 2:
                n_unlike += 1
                continue
        part = i
        findings[i].is_main = True


@inlined
def _class_of_name(boxes: Records, box: int) -> int:
    """One of 256 classes of tags and names; boxes of one tag and name are in one class."""
    return int((boxes[box].name ^ boxes[box].tag) & (_CLASSES - 1))


@borrowing
def _find_surroundings(page: Page, rules: Records, findings: Records, main: int) -> None:
    """Find the boxes that are in main text, in frames, and around the main container or in the head of its articles."""
    boxes = page.boxes
    around = boxes[main].parent
    while around >= 0:
        findings[around].is_around = True
        around = boxes[around].parent
    for i in range(1, len(boxes)):
        box, found = boxes[i], findings[i]
        outer = findings[box.parent]
        found.is_in_frame = found.is_frame or outer.is_in_frame
        found.is_main |= outer.is_main and not found.is_frame
        is_amid = (outer.is_main or outer.is_around) and found.is_in_main
        is_head = is_amid and box.tag == _HEADER and box.hint != FRAME_HINT
        is_paragraph = rules[box.tag].is_never_main and not is_heading(box.tag)
        is_paragraph |= i > main and box.tag == _DIV and box.name == 0 and _is_paragraph(page, findings, i)
        found.is_around |= is_head or (outer.is_around and is_paragraph and not found.is_frame)


@borrowing
def contains_line_end(page: Page, row: int) -> bool:
    """Whether a block has several lines."""
    return find_byte(page.text[: page.blocks[row].end], page.blocks[row].start, LINE_FEED) >= 0


@inlined
def _is_paragraph(page: Page, findings: Records, box: int) -> bool:
    """Whether all the content of a box is one block of its own."""
    found = findings[box]
    return bool(found.last >= 0 and page.weights[found.last] == found.content)


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


@inlined
def _have_same_name(boxes: Records, one: int, other: int) -> bool:
    """Whether two boxes have the same tag and name; without a name, only parts are alike."""
    first, second = boxes[one], boxes[other]
    return bool(first.tag == second.tag and first.name == second.name and (first.name != 0 or first.tag in _PARTS))


@borrowing
def _is_among_paragraphs(page: Page, findings: Records, child: int) -> bool:
    """Whether a sibling like a box is a paragraph of the box around them."""
    for i in range(page.boxes[child].parent + 1, len(page.boxes)):
        if _are_alike(page.boxes, i, child) and not findings[i].is_frame and _is_paragraph(page, findings, i):
            return True
    return False


@borrowing
def _place_of(page: Page, box: int) -> tuple[int, int]:
    """Where in the page's text that of a box and of all boxes in it stands, which follow it before it closes."""
    after = box + 1
    while after < len(page.boxes) and page.boxes[after].parent >= box:
        after += 1
    start = end = np.int64(0)
    for i in range(len(page.blocks)):
        if box <= page.blocks[i].box < after:
            start = np.int64(page.blocks[i].start) if end == 0 else start
            end = np.int64(page.blocks[i].end)
    return int(start), int(end)


@borrowing
def _have_same_text(page: Page, one: int, other: int) -> bool:
    """Whether two boxes contain the same text."""
    start, end = _place_of(page, one)
    other_start, other_end = _place_of(page, other)
    if end - start != other_end - other_start:
        return False
    for i in range(end - start):  # noqa: SIM110  # kernels have no generators
        if page.text[start + i] != page.text[other_start + i]:
            return False
    return True


@borrowing
def _join_siblings(page: Page, limits: Limits, findings: Records, child: int) -> None:
    """Take siblings like a box for main text as well, unless one of them is frame or contains links."""
    boxes = page.boxes
    parent = boxes[child].parent
    for i in range(parent + 1, len(boxes)):
        found = findings[i]
        is_list = found.is_frame or found.link_chars >= limits.alike_link_share * found.chars
        if found.chars and is_list and _are_alike(boxes, i, child):
            return
    for i in range(parent + 1, len(boxes)):
        if findings[i].weight and _are_alike(boxes, i, child):
            # The same text a second time, for small screens, is not another text.
            is_other = findings[i].chars != findings[child].chars
            findings[i].is_main = is_other or not _have_same_text(page, i, child)


# --- blocks ----------------------------------------------------------------------------------


@kernel
def _divide(page: Page, findings: Records) -> tuple[Int64s, Int64s, Int64s]:
    """Indices of the blocks of the main text, of the comments, and of what is in neither nor in a frame.

    Blocks in a box around the main container that end as sentences do, outside links, are main text, too.
    """
    n = len(page.blocks)
    rows, comments, unassigned = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64)
    n_rows = n_comments = n_unassigned = 0
    for i in range(n):
        block = page.blocks[i]
        found = findings[block.box]
        is_text = page.weights[i] > 0 and block.links == 0
        if found.is_main or (is_text and found.is_around and _ends_as_sentence(page.text, block.start, block.end)):
            rows[n_rows] = i
            n_rows += 1
        elif found.is_comments:
            comments[n_comments] = i
            n_comments += 1
        elif is_text and not found.is_in_frame:
            unassigned[n_unassigned] = i
            n_unassigned += 1
    return rows[:n_rows].copy(), comments[:n_comments].copy(), unassigned[:n_unassigned].copy()


@inlined
def _ends_as_sentence(text: Bytes, start: int, end: int) -> bool:
    """Whether one of the last two wide characters of a block is the mark of a sentence; a date has commas before."""
    return has_sentence(text, max(start, end - 6), end)


@kernel
def _find_headlines(page: Page, findings: Records, first: int) -> tuple[Int64s, Int64s]:
    """Indices of the blocks in `<h1>` and `<h2>`, and of those in `<h1>` before a block, outside links and frames."""
    rows, before = np.empty(len(page.blocks), np.int64), np.empty(first, np.int64)
    n = n_before = 0
    for i in range(len(page.blocks)):
        box = page.blocks[i].box
        tag = page.boxes[box].tag
        if tag in (FIRST_HEADING, FIRST_HEADING + 1):
            rows[n] = i
            n += 1
        if i < first and tag == FIRST_HEADING and page.weights[i] and _may_be_headline(page.boxes, findings, box):
            before[n_before] = i
            n_before += 1
    return rows[:n].copy(), before[:n_before].copy()


@borrowing
def _may_be_headline(boxes: Records, findings: Records, box: int) -> bool:
    """Whether an `<h1>` is in no frame, or only in the head of a box that is named main text."""
    if findings[box].is_frame and boxes[box].hint != TOPIC_HINT:
        return False
    around = boxes[box].parent
    is_head = boxes[around].tag == _HEADER and findings[around].is_in_main
    return not findings[boxes[around].parent if is_head else around].is_in_frame
