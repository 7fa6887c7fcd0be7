"""Kernels that read a page's tags in one pass: text, blocks and boxes; see `manyo.corpus.web.tags`.

Markup is hostile: every byte is examined a bounded number of times, an end that was searched for in vain is not
searched for again, and boxes nested deeper than `MAX_DEPTH` are not distinguished.
"""

from __future__ import annotations

from html.entities import html5
from typing import Final

import numpy as np

from manyo.corpus.jit import Bytes, Records, borrowing, inlined, kernel, record
from manyo.corpus.web.ascii import (
    AMPERSAND,
    LESS_THAN,
    NUMBER_SIGN,
    SLASH,
)
from manyo.corpus.web.attribute_kernels import (
    CHARACTERS,
    CLASS,
    HIDDEN,
    HREF,
    ID,
    LINE_WORD,
    N_SLOTS,
    NAME,
    READONLY,
    SLOT,
    START,
    STYLE,
    STYLE_HIDES,
    STYLE_IS_SMALL,
    STYLE_KEEPS_SPACE,
    STYLE_SETS_SIZE,
    STYLE_STARTS_LINE,
    find_byte,
    hash_first_name,
    hint_of,
    is_heading,
    is_letter,
    is_named_main,
    is_outer,
    look_up,
    read_attributes,
    read_name,
    read_number,
    read_reference,
    style_of,
    words_of,
    words_said,
)
from manyo.corpus.web.element_kernels import (
    break_line,
    count_own,
    end_line_of_source,
    find_end_of_signs,
    find_end_of_tool,
    is_box_of_own,
    is_folded,
    is_handle,
    is_inline_hidden,
    is_spare,
    may_be_text,
    may_show_spare,
    note_controls,
    note_target,
    opens_fold,
    show_content,
    show_picture,
)
from manyo.corpus.web.mark_kernels import add_mark, mark, read_reading
from manyo.corpus.web.markup import (
    BLOCK,
    BOX,
    BOX_TAG,
    BREAK,
    BUTTON,
    FORMULA,
    IMAGE,
    INLINE,
    LINK,
    MARK,
    MATH_MARK,
    META,
    PLACE_IN_PAGE,
    RAW,
    READING,
    RULE,
    SKIPPED,
    TAGS,
    UNKNOWN_CHARACTER,
)
from manyo.corpus.web.shown_kernels import (
    MAX_DEPTH,
    STATE,
    add_rule,
    are_numbers,
    close_block,
    end_endless_link,
    keep_time_apart,
    show,
    show_plain,
    show_run,
)
from manyo.corpus.web.skip_kernels import skip_comment, skip_content
from manyo.corpus.web.small_print_kernels import change_font, end_fonts, find_size
from manyo.corpus.web.statement_kernels import (
    MAX_STATEMENTS,
    STATEMENT,
    note_statement,
)
from manyo.corpus.web.weight_kernels import count_within

#: The number of all tags that no standard knows (`manyo.corpus.web.markup`).
_UNKNOWN: Final = 0
#: Tags that are read in vain to the end of the page before quotation marks lose their meaning.
_MAX_ENDLESS_TAGS: Final = 16

#: Groups of boxes that end an open box of their group; borders, as bits, that the search for it does not cross.
LIST, CELL, TABLE, TERMS, ROW = 1, 2, 4, 8, 16

#: What the pass knows about a tag.
#:
#: kind: one of the kinds of `manyo.corpus.web.markup`.
#: mark: the mark of its content; 0 if it marks none.
#: ends_paragraph: whether its start tag ends an open paragraph.
#: group: its start tag ends an open box of the same group; 0 if it ends none.
#: border: which border it is.
#: stops_at: borders across which its end tag, or its start tag for its group, ends nothing.
TAG_RULE: Final = record(
    ("kind", "i4"), ("mark", "i4"), ("ends_paragraph", "i4"), ("group", "i4"), ("border", "i4"), ("stops_at", "i4")
)

#: Everything that the pass knows about names, in one record: tables of names, each with slots for look-up by hash.
#:
#: tags: the values are indices in TAGS; rules: by the same index.
#: words, roles: of class and id, and of role; the values are bits of `attribute_kernels`.
#: statements: names of `<meta>` tags that are read.
#: references: the values are indices of `characters`; numbers: code points by the number of a reference.
NAMES: Final = record(
    ("tags", SLOT, (N_SLOTS,)),
    ("rules", TAG_RULE, (len(TAGS),)),
    ("words", SLOT, (N_SLOTS,)),
    ("roles", SLOT, (N_SLOTS,)),
    ("statements", SLOT, (N_SLOTS,)),
    ("references", SLOT, (N_SLOTS,)),
    ("characters", CHARACTERS, (len(html5),)),
    ("numbers", "i4", (160,)),
)

_PARAGRAPH, _ORDERED_LIST, _ITEM, _TEXTAREA = (TAGS.index(name) for name in ("p", "ol", "li", "textarea"))
_MATH, _MATHJAX = (TAGS.index(name) for name in ("math", "mjx-container"))
_SUMMARY, _RT, _HR, _TIME = (TAGS.index(name) for name in ("summary", "rt", "hr", "time"))
_CITE, _DIV = (TAGS.index(name) for name in ("cite", "div"))
_FONT, _SMALL, _BODY, _FORM = (TAGS.index(name) for name in ("font", "small", "body", "form"))
_ROWS = tuple(TAGS.index(name) for name in ("table", "thead", "tbody", "tfoot", "tr"))
#: What `_pass_button` returns for a button that is a box; other results are places in the page, or -1.
_IS_BOX: Final = -2
#: The group of headings, which only end tags end.
_HEADINGS: Final = 6
#: Boxes that keep their white space.
_LISTINGS = tuple(TAGS.index(name) for name in ("pre", "listing", "xmp", "textarea"))


@kernel
def read(
    data: Bytes, names: Records, stand_ins: Records, stand_in_text: Bytes, hides: bool
) -> tuple[Bytes, Records, Records, Records, Records, int, int, int, bool, bool, Records, int]:
    """Read a page.

    Args:
        data: the page, UTF-8.
        names: NAMES (1,).
        stand_ins: STAND_IN (n,), elements that stand for text, in the order of the page.
        stand_in_text: what is written for them, UTF-8.
        hides: whether hidden elements are left out.

    Returns:
        Text, BLOCK (n,), BOX (n,), STATEMENT (n,), MARK (n,), number of 〓 for pictures of characters, of icons and
        pictograms left out, of kana and kanji that are not shown, whether there may be formulas, and pages in
        attributes, PLACE_IN_PAGE (n,), the pictures that may stand for text, and the number of characters outside links
        and frames.
    """
    n = len(data)
    n_starts = 0
    for i in range(n):
        n_starts += data[i] == LESS_THAN
    # A reference of five bytes may stand for six.
    out = np.empty(n + n // 4 + len(stand_in_text) + 2 * len(stand_ins) + 16, np.uint8)
    blocks = np.empty(n_starts + 1, BLOCK)
    boxes = np.empty(n_starts + 1, BOX)
    statements = np.empty(min(n_starts, MAX_STATEMENTS), STATEMENT)
    marks = np.empty(n_starts + 1, MARK)
    pictures = np.empty(n_starts + 1, PLACE_IN_PAGE)
    states = np.zeros(1, STATE)
    state = states[0]
    state.hides = hides
    state.hidden_box = state.last_left = state.ruby_start = state.form = state.cite_block = -1
    state.n_boxes = 1
    boxes[0].tag = boxes[0].hint = boxes[0].ordinal = boxes[0].name = boxes[0].controls = 0
    boxes[0].parent = -1
    _read_all(data, names, stand_ins, stand_in_text, states, out, blocks, boxes, statements, marks, pictures)
    return (
        out[: states[0].written].copy(),
        blocks[: states[0].n_blocks].copy(),
        boxes[: states[0].n_boxes].copy(),
        statements[: states[0].n_statements].copy(),
        marks[: states[0].n_marks].copy(),
        states[0].n_unknown,
        states[0].n_private,
        states[0].n_hidden_japanese,
        states[0].holds_formulas,
        states[0].holds_pages,
        pictures[: states[0].n_pictures].copy(),
        count_own(blocks[: states[0].n_blocks], boxes[: states[0].n_boxes]),
    )


@borrowing
def _read_all(
    data: Bytes,
    names: Records,
    stand_ins: Records,
    stand_in_text: Bytes,
    states: Records,
    out: Bytes,
    blocks: Records,
    boxes: Records,
    statements: Records,
    marks: Records,
    pictures: Records,
) -> None:
    """Read a page to its end."""
    state = states[0]
    n = len(data)
    i = 0
    n_passed = 0
    while 0 <= i < n:
        if data[i] == LESS_THAN:
            while n_passed < len(stand_ins) and stand_ins[n_passed].first < i:
                n_passed += 1
            if n_passed < len(stand_ins) and stand_ins[n_passed].first == i:
                i = _show_stand_in(stand_ins[n_passed], stand_in_text, states, out, marks)
                continue
            first = i + 2 if i + 1 < n and data[i + 1] == SLASH else i + 1
            if first < n and is_letter(data[first]):
                i = _read_tag(data, i, first, names, states, out, blocks, boxes, statements, marks, pictures)
            else:
                i = skip_comment(data, i, states, out)
        elif state.hidden_box >= 0 or state.n_hidden:
            start = i
            i = find_byte(data, i, LESS_THAN)
            state.n_hidden_japanese += count_within(data, start, i if i >= 0 else n)
        elif data[i] == AMPERSAND:
            first, second, i = read_reference(data, i, names[0].references, names[0].characters, names[0].numbers)
            show(out, states, first)
            if second >= 0:
                show(out, states, second)
        else:
            i = show_run(data, i, out, states)
    close_block(out, states, blocks)


@borrowing
def _show_stand_in(stand_in: np.record, text: Bytes, states: Records, out: Bytes, marks: Records) -> int:
    """Write what an element stands for; where to go on."""
    state = states[0]
    if state.hidden_box < 0 and state.n_hidden == 0:
        before = state.written
        show_plain(text, stand_in.start, stand_in.end, out, states)
        state.n_unknown += stand_in.kind == UNKNOWN_CHARACTER
        if stand_in.kind == FORMULA:
            add_mark(marks, states, out, MATH_MARK, before, 0, 0)
    return int(stand_in.after)


# --- tags ------------------------------------------------------------------------------------


@inlined
def _read_inline(
    data: Bytes,
    after: int,
    name: np.uint64,
    tag: int,
    is_end: bool,
    names: Records,
    states: Records,
    out: Bytes,
    boxes: Records,
    marks: Records,
) -> int:
    """Do what an inline tag does, which ends before `after`; where to go on."""
    state = states[0]
    if tag in (_MATH, _MATHJAX):
        state.holds_formulas = True
    # A call costs time, and few inline tags have a style.
    is_styled = not is_end and state.attributes[STYLE].start >= 0
    may_hide = is_styled or (not is_end and (state.is_pre or state.attributes[HIDDEN].start >= 0))
    may_hide = may_hide or (state.attributes[CLASS].start >= 0 and not is_end and is_heading(boxes[state.box].tag))
    # A page that shows one of its parts at a time has them all: the part after one that is shown waits for the reader.
    follows_its_like = tag == _UNKNOWN and state.own_name == name and state.own_depth == state.depth
    if tag == _UNKNOWN and is_end and not state.n_hidden:
        state.own_name, state.own_depth = name, state.depth
    if state.n_hidden:
        if state.hidden_name == name:
            state.n_hidden += -1 if is_end else 1
            return after
    elif (
        may_hide
        and not follows_its_like
        and is_inline_hidden(data, after, tag, names, states, is_heading(boxes[state.box].tag))
    ):
        state.n_hidden = 1
        state.hidden_name = name
        state.hidden_depth = state.depth
        return after
    if tag in (_FONT, _SMALL):
        change_font(data, tag, is_end, states)
    if names[0].rules[tag].mark:
        mark(names[0].rules[tag].mark, is_end, states, out, marks)
    if is_styled and style_of(data, state.attributes) & STYLE_STARTS_LINE:
        break_line(states)
    if tag == _CITE:
        end_line_of_source(is_end, states, boxes)
    if names[0].rules[tag].kind == LINK and not is_end:
        return _open_link(data, after, names, states, boxes)
    if names[0].rules[tag].kind == LINK:
        state.n_links = max(0, state.n_links - 1)
    return after


@inlined
def _is_out_of_place(tag: int, is_end: bool, states: Records, boxes: Records) -> bool:
    """Whether a tag does nothing: a page has one body and goes on after its end, and no form starts between rows."""
    is_body = tag == _BODY and (is_end or states[0].n_boxes > 1)
    return bool(is_body or (tag == _FORM and boxes[states[0].box].tag in _ROWS))


@inlined
def _pass_button(
    data: Bytes,
    after: int,
    name: np.uint64,
    length: int,
    tag: int,
    is_end: bool,
    names: Records,
    states: Records,
    statements: Records,
    boxes: Records,
) -> int:
    """Past a button, or past its tag in a heading; `_IS_BOX` if it opens a folded text, and is no control."""
    state = states[0]
    if is_end:
        return _IS_BOX if state.open_boxes[state.depth].name == name else after
    is_of_handle = is_handle(boxes, state.box) or is_handle(boxes, boxes[state.box].parent)
    if not is_of_handle and not opens_fold(data, tag, names, states):
        return skip_content(data, after, name, length, tag, SKIPPED, states, statements)
    boxes[state.box].controls -= 1
    return after if is_of_handle else _IS_BOX


@inlined
def _change_box(
    data: Bytes,
    name: np.uint64,
    tag: int,
    is_end: bool,
    names: Records,
    states: Records,
    out: Bytes,
    blocks: Records,
    boxes: Records,
) -> None:
    """Open or close a box."""
    state = states[0]
    if not is_end:
        _open_box(data, name, tag, names, states, out, blocks, boxes)
    elif state.n_too_deep:
        state.n_too_deep -= 1
    else:
        group = _HEADINGS if is_heading(tag) else 0
        _end_nearest(states, out, blocks, boxes, names, name, group, names[0].rules[tag].stops_at)
    state.box = state.open_boxes[state.depth].box
    state.is_pre = state.open_boxes[state.depth].is_pre != 0
    find_size(states)


@inlined
def _read_tag(
    data: Bytes,
    i: int,
    first: int,
    names: Records,
    states: Records,
    out: Bytes,
    blocks: Records,
    boxes: Records,
    statements: Records,
    marks: Records,
    pictures: Records,
) -> int:
    """Do what the tag at i does, whose name starts at `first`; where to go on, -1 at the end of the page."""
    state = states[0]
    is_end = first == i + 2
    name, name_end = read_name(data, first)
    tag = look_up(names[0].tags, name, 0)
    kind = names[0].rules[tag].kind
    quotes_count = state.n_endless_tags < _MAX_ENDLESS_TAGS
    after = read_attributes(data, name_end, state.attributes, state.is_unclosed, quotes_count)
    if after < 0:
        state.n_endless_tags += 1
        after = read_attributes(data, name_end, state.attributes, state.is_unclosed, False)
        if after < 0:
            return -1
    if tag == _UNKNOWN and is_box_of_own(data, first, name_end, after, name, is_end, names, states, boxes):
        tag, kind = _DIV, BOX_TAG
        state.own_start, state.own_end = first, name_end
    else:
        state.own_start = state.own_end = 0
    note_controls(data, tag, is_end, states, boxes)
    # What a visitor writes is sent under a name; without one, or for reading only, the content is the page's own.
    is_control = state.attributes[READONLY].start < 0 and state.attributes[NAME].start >= 0
    if tag == _TEXTAREA and not is_end and is_control:
        return skip_content(data, after, name, name_end - first, tag, RAW, states, statements)
    if kind == READING and state.ruby_start >= 0 and tag == _RT and not is_end:
        return read_reading(data, after, states, out, marks)
    if (
        kind == SKIPPED
        and is_spare(tag)
        and (is_end or may_show_spare(data, name_end, after, name, tag, states, boxes))
    ):
        kind = BOX_TAG
    if kind >= RAW:
        return after if is_end else skip_content(data, after, name, name_end - first, tag, kind, states, statements)
    note_statement(data, name_end, after, kind, is_end, names, states, statements)
    if kind <= META:
        return after
    if kind in (INLINE, LINK):
        if tag == _TIME:
            keep_time_apart(data, i, after, is_end, states)
        return _read_inline(data, after, name, tag, is_end, names, states, out, boxes, marks)
    is_shown = state.hidden_box < 0 and state.n_hidden == 0
    if kind == BREAK:
        break_line(states)
        return after
    if kind == IMAGE:
        if is_shown and not is_end:
            _read_picture(data, i, after, names, states, out, boxes, pictures)
        return after
    if kind == BUTTON:
        passed = _pass_button(data, after, name, name_end - first, tag, is_end, names, states, statements, boxes)
        if passed != _IS_BOX:
            return passed
        tag = _SUMMARY
    if _is_out_of_place(tag, is_end, states, boxes):
        return after
    close_block(out, states, blocks)
    if tag == _HR and is_shown and not is_end:
        add_rule(states, boxes)
    elif kind != RULE:
        _change_box(data, name, tag, is_end, names, states, out, blocks, boxes)
        if tag == _TEXTAREA and not is_end:
            return show_content(data, after, name, name_end - first, tag, names, states, out)
    return after


@borrowing
def _read_picture(
    data: Bytes, i: int, after: int, names: Records, states: Records, out: Bytes, boxes: Records, pictures: Records
) -> None:
    """Note where a picture is that may stand for text, and write the `alt` of one that is a heading."""
    state = states[0]
    if may_be_text(data, names, states):
        picture = pictures[state.n_pictures]
        picture.first = i
        picture.after = after
        state.n_pictures += 1
    if state.n_links == 0 and is_handle(boxes, state.box):
        show_picture(data, names, states, out)


@borrowing
def _open_link(data: Bytes, i: int, names: Records, states: Records, boxes: Records) -> int:
    """Open a link whose start tag ends before i; where to go on.

    Without an address, `<a>` holds the place of a link, which a script or another state of the page sets; with a name
    or an id it is a place to link to.
    """
    state = states[0]
    href = state.attributes[HREF]
    if href.start < 0 and (state.attributes[NAME].start >= 0 or state.attributes[ID].start >= 0):
        return i
    # A link in a link is a link (a card with labels); two in the same box are not: one was left open.
    if state.n_links and state.links[state.n_links - 1] == state.box:
        state.n_links -= 1
    if state.n_links == 0:
        state.link_block = state.n_blocks
    state.links[state.n_links] = state.box
    state.n_links += 1
    state.block_links += 1
    state.block_outer_links += is_outer(data, href.start, href.end)
    in_heading = is_heading(boxes[state.box].tag)
    leads_to_place = href.start < href.end and data[href.start] == NUMBER_SIGN
    if in_heading and not leads_to_place and state.written > state.block_start:
        border = find_end_of_tool(data, i)
        if border >= 0:
            return border
    if leads_to_place and href.start + 1 < href.end:
        state.block_place_links += 1
        note_target(data, href.start + 1, href.end, states)
    if (leads_to_place or (in_heading and href.start < 0)) and not state.is_pre:
        # A heading's link to itself, a note's way back, the way to the top of the page. In listings, operators link to
        # their definitions.
        border = find_end_of_signs(data, i, names, in_heading)
        return border if border >= 0 else i
    return i


@borrowing
def _leave_box(states: Records, out: Bytes, blocks: Records, boxes: Records) -> None:
    """The innermost box closes, and all links in it. If it numbers the lines of a listing, its blocks go."""
    state = states[0]
    left = state.open_boxes[state.depth]
    if left.is_numbers and left.n_blocks < state.n_blocks:
        first = blocks[left.n_blocks].start
        if are_numbers(out, first, state.written):
            state.n_blocks = left.n_blocks
            state.n_marks = state.block_marks = left.n_marks
            state.written = state.block_start = first
    state.depth -= 1
    state.last_left = left.box
    state.last_is_hidden = state.hidden_box == left.box
    end_fonts(boxes[left.box].tag, left.n_fonts, states)
    if left.box == state.form:
        state.form = -1
    if state.depth < state.hidden_depth:
        state.n_hidden = 0
    while state.n_links and state.links[state.n_links - 1] == left.box:
        state.n_links -= 1
        if state.n_links == 0:
            end_endless_link(states, blocks)
    if state.hidden_box == left.box:
        state.hidden_box = -1


@borrowing
def _end_nearest(
    states: Records,
    out: Bytes,
    blocks: Records,
    boxes: Records,
    names: Records,
    name: np.uint64,
    group: int,
    stops_at: int,
) -> None:
    """End the nearest open box of a group, or of a name if the group is 0, unless a border is between.

    The end tag of a heading ends one of any level.
    """
    state = states[0]
    depth = state.depth
    while depth:
        tag = boxes[state.open_boxes[depth].box].tag
        rule = names[0].rules[tag]
        if group == 0 and state.open_boxes[depth].name == name:
            break
        if group and (is_heading(tag) if group == _HEADINGS else rule.group == group):
            break
        if rule.border & stops_at:
            return
        depth -= 1
    if depth:
        while state.depth >= depth:
            _leave_box(states, out, blocks, boxes)


@borrowing
def _open_box(
    data: Bytes,
    name: np.uint64,
    tag: int,
    names: Records,
    states: Records,
    out: Bytes,
    blocks: Records,
    boxes: Records,
) -> None:
    """End the boxes that a start tag ends, and open its own."""
    state = states[0]
    rule = names[0].rules[tag]
    open_tag = boxes[state.box].tag
    if rule.ends_paragraph and (open_tag == _PARAGRAPH or (is_heading(tag) and is_heading(open_tag))):
        _leave_box(states, out, blocks, boxes)
    elif rule.group:
        _end_nearest(states, out, blocks, boxes, names, name, rule.group, rule.stops_at)
    if state.depth == MAX_DEPTH:
        state.n_too_deep += 1
        return
    attributes = state.attributes
    around = state.open_boxes[state.depth]
    parent = around.box
    box = boxes[state.n_boxes]
    box.tag = tag
    box.parent = parent
    said = words_said(data, tag, attributes, names[0].words, names[0].roles)
    box.ordinal = box.controls = 0
    box.name = hash_first_name(data, attributes[CLASS].start, attributes[CLASS].end)
    if state.own_end:
        said |= words_of(data, state.own_start, state.own_end, names[0].words)
        state.n_own_boxes += 1
        if box.name == 0:
            box.name = hash_first_name(data, state.own_start, state.own_end)
    box.hint = hint_of(said, tag)
    if tag == _FORM:
        state.form = state.n_boxes
    if tag == _ORDERED_LIST:
        box.ordinal = read_number(data, attributes[START].start, attributes[START].end) - 1
        around.is_numbers = said & LINE_WORD
    elif tag == _ITEM and boxes[parent].tag == _ORDERED_LIST and not (around.is_pre or around.is_numbers):
        boxes[parent].ordinal += 1
        box.ordinal = boxes[parent].ordinal
    state.depth += 1
    opened = state.open_boxes[state.depth]
    opened.box = state.n_boxes
    opened.name = name
    opened.n_blocks = state.n_blocks
    opened.n_marks = state.n_marks
    opened.n_fonts = state.n_fonts
    opened.is_numbers = said & LINE_WORD
    opened.is_pre = around.is_pre
    style = style_of(data, attributes) if attributes[STYLE].start >= 0 else 0
    opened.is_small = style & STYLE_IS_SMALL if style & STYLE_SETS_SIZE else around.is_small
    if tag in _LISTINGS or style & STYLE_KEEPS_SPACE:
        opened.is_pre = 1
    # A main text that is hidden waits for a subscriber or for its script: it is the page's text all the same.
    is_hiding = style & STYLE_HIDES != 0 or attributes[HIDDEN].start >= 0
    hides = is_hiding and state.hides and state.hidden_box < 0
    if hides and not (is_named_main(box.hint, tag) or is_folded(data, tag, said, parent, states, boxes)):
        state.hidden_box = state.n_boxes
    state.n_boxes += 1
