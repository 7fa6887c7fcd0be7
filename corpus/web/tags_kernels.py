"""Kernels that read a page's tags in one pass: text, blocks and boxes; see `manyo.corpus.web.tags`.

Markup is hostile: every byte is examined a bounded number of times, an end that was searched for in vain is not
searched for again, and boxes nested deeper than `MAX_DEPTH` are not distinguished.
"""

from __future__ import annotations

from html.entities import html5
from typing import Final

import numpy as np

from manyo.corpus.jit import Bytes, Records, inlined, kernel, record
from manyo.corpus.web.ascii import (
    AMPERSAND,
    CARRIAGE_RETURN,
    CASE_BIT,
    COMMA,
    EXCLAMATION_MARK,
    FORM_FEED,
    FULL_STOP,
    GREATER_THAN,
    HYPHEN,
    LESS_THAN,
    LINE_FEED,
    LOWER_A,
    NUMBER_SIGN,
    QUESTION_MARK,
    SLASH,
    SPACE,
    TAB,
    VERTICAL_TAB,
)
from manyo.corpus.web.attribute_kernels import (
    CHARACTERS,
    CLASS,
    HREF,
    ITEMPROP,
    N_ATTRIBUTES,
    N_SLOTS,
    NAME,
    PROPERTY,
    REL,
    SLOT,
    SPAN,
    START,
    TYPE,
    contains,
    ends_name,
    find_border,
    find_byte,
    find_raw_end,
    find_reading_end,
    hash_first_name,
    hash_value,
    hint_of,
    is_heading,
    is_hidden,
    is_letter,
    is_named_main,
    is_sign,
    is_space,
    look_up,
    point_of_three,
    put_point,
    read_attributes,
    read_name,
    read_number,
    read_reference,
)
from manyo.corpus.web.markup import (
    BLOCK,
    BOX,
    BOX_TAG,
    BREAK,
    INLINE,
    LINK,
    META,
    PROSE_CHARS,
    RAW,
    READING,
    SKIPPED,
    TAGS,
)

#: Boxes nested deeper than this are not distinguished; browsers stop at 512.
MAX_DEPTH: Final = 256
#: A page states few things about itself; thousands of `<meta>` are an attack.
MAX_STATEMENTS: Final = 500
#: Tags that are read in vain to the end of the page before quotation marks lose their meaning.
_MAX_ENDLESS_TAGS: Final = 16
#: A link to a place on the page itself is left out if it contains signs alone; a longer one, in bytes, is text.
_MAX_SIGN_BYTES: Final = 32

#: Groups of boxes that end an open box of their group; borders, as bits, that the search for it does not cross.
LIST, CELL, TABLE, TERMS, ROW = 1, 2, 4, 8, 16

#: What the pass knows about a tag.
#:
#: kind: one of the kinds of `manyo.corpus.web.markup`.
#: ends_paragraph: whether its start tag ends an open paragraph.
#: group: its start tag ends an open box of the same group; 0 if it ends none.
#: border: which border it is.
#: stops_at: borders across which its end tag, or its start tag for its group, ends nothing.
TAG_RULE: Final = record(
    ("kind", "i4"), ("ends_paragraph", "i4"), ("group", "i4"), ("border", "i4"), ("stops_at", "i4")
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

#: What a page states about itself: attributes of a tag, its title, or JSON-LD, and where that is in the page.
TAG_STATEMENT, TITLE_STATEMENT, JSON_LD_STATEMENT = range(3)
STATEMENT: Final = record(("kind", "i4"), ("start", "i4"), ("end", "i4"))

# What the white space before the next character becomes, the stronger last: nothing, a space, nothing between
# Japanese characters and a space elsewhere, a space, the end of a line.
_NO_SPACE, _BLANK, _LINE_END, _HARD_SPACE, _LINE_BREAK = range(5)

_OPEN_BOX: Final = record(("box", "i8"), ("name", "u8"))

#: What is open while the page is read, and how much is written.
#:
#: written: bytes of text.
#: space: the white space before the next character, outside `<pre>`.
#: line_feeds, linked_line_feeds: those before the next character in `<pre>`, and those of them in links.
#: block_start, block_chars, block_link_chars: of the block that is being written.
#: box, is_pre: the innermost open box, and whether it keeps its white space.
#: depth, n_too_deep: boxes that are open, without `html`, and those beyond MAX_DEPTH.
#: hidden_box, hidden_inline: the outermost box, or the inline tag, that hides its content; -1 or 0 if there is none.
#: n_endless_tags: tags without an end.
#: links: for each open link, the box in which it started.
#: is_unclosed, is_endless: by quotation mark and by tag, whether its end was searched for in vain.
_STATE: Final = record(
    *((name, "i8") for name in ("written", "space", "line_feeds", "linked_line_feeds")),
    *((name, "i8") for name in ("block_start", "block_chars", "block_link_chars")),
    *((name, "i8") for name in ("n_blocks", "n_boxes", "n_statements", "n_links")),
    *((name, "i8") for name in ("box", "depth", "n_too_deep", "hidden_box", "hidden_inline", "n_endless_tags")),
    *((name, "?") for name in ("is_pre", "hides", "has_title", "has_endless_comment")),
    ("open_boxes", _OPEN_BOX, (MAX_DEPTH + 2,)),
    ("links", "i8", (MAX_DEPTH + 3,)),
    ("attributes", SPAN, (N_ATTRIBUTES,)),
    ("is_unclosed", "u1", (64,)),  # 0 or 1: Numba knows no arrays of bool in a record
    ("is_endless", "u1", (len(TAGS),)),
)

_PARAGRAPH, _PRE, _ORDERED_LIST, _ITEM = (TAGS.index(name) for name in ("p", "pre", "ol", "li"))
_TITLE, _SCRIPT = (TAGS.index(name) for name in ("title", "script"))


@kernel
def read(data: Bytes, names: Records, hides: bool) -> tuple[Bytes, Records, Records, Records]:
    """Read a page.

    Args:
        data: the page, UTF-8.
        names: NAMES (1,).
        hides: whether hidden elements are left out.

    Returns:
        Text, BLOCK (n,), BOX (n,), STATEMENT (n,).
    """
    n = len(data)
    n_starts = 0
    for i in range(n):
        n_starts += data[i] == LESS_THAN
    out = np.empty(n + n // 4 + 16, np.uint8)  # a reference of five bytes may stand for six
    blocks = np.empty(n_starts + 1, BLOCK)
    boxes = np.empty(n_starts + 1, BOX)
    statements = np.empty(min(n_starts, MAX_STATEMENTS), STATEMENT)
    states = np.zeros(1, _STATE)
    state = states[0]
    state.hides = hides
    state.hidden_box = -1
    state.n_boxes = 1
    boxes[0].tag = boxes[0].hint = boxes[0].prose = boxes[0].ordinal = boxes[0].name = 0
    boxes[0].parent = -1
    i = 0
    while 0 <= i < n:
        if data[i] == LESS_THAN:
            first = i + 2 if i + 1 < n and data[i + 1] == SLASH else i + 1
            if first < n and is_letter(data[first]):
                i = _read_tag(data, i, first, names, states, out, blocks, boxes, statements)
            else:
                i = _skip_comment(data, i, states, out)
        elif state.hidden_box >= 0 or state.hidden_inline:
            i = find_byte(data, i, LESS_THAN)
        elif data[i] == AMPERSAND:
            first, second, i = read_reference(data, i, names[0].references, names[0].characters, names[0].numbers)
            _show(out, states, first)
            if second >= 0:
                _show(out, states, second)
        else:
            i = _show_run(data, i, out, states)
    _close_block(out, states, blocks, boxes)
    n_boxes = states[0].n_boxes
    for i in range(n_boxes - 1, 0, -1):
        boxes[boxes[i].parent].prose += boxes[i].prose
    return (
        out[: states[0].written].copy(),
        blocks[: states[0].n_blocks].copy(),
        boxes[:n_boxes].copy(),
        statements[: states[0].n_statements].copy(),
    )


# --- text ------------------------------------------------------------------------------------


@kernel
def _is_wide(point: int) -> bool:
    """Whether no space is written next to a character: kana, kanji, full-width forms and punctuation."""
    return (
        0x3000 <= point <= 0x30FF or 0x3400 <= point <= 0x9FFF or 0xF900 <= point <= 0xFAFF or 0xFF01 <= point <= 0xFF60
    )


@kernel
def _is_break_hint(point: int) -> bool:
    """Whether a character only says where a line may end: soft hyphen, zero-width space, word joiner."""
    return point == 0xAD or point == 0x200B or point == 0x2060


@kernel
def _end_space(out: Bytes, states: Records, point: int) -> int:
    """Write what the white space before a character becomes; the number of characters written, 0 or 1."""
    state = states[0]
    space = state.space
    state.space = _NO_SPACE
    at = state.written
    if space == _NO_SPACE or at == state.block_start:
        return 0
    if space == _LINE_END and _is_wide(point) and _is_wide(point_of_three(out, at - 3)):
        return 0
    out[at] = LINE_FEED if space == _LINE_BREAK else SPACE
    state.written = at + 1
    return 1


@kernel
def _end_line_feeds(out: Bytes, states: Records) -> None:
    """In `<pre>`, write the line feeds before a character, unless it is the block's first."""
    state = states[0]
    at = state.written
    if at != state.block_start:
        out[at : at + state.line_feeds] = LINE_FEED
        state.written = at + state.line_feeds
        state.block_chars += state.line_feeds
        state.block_link_chars += state.linked_line_feeds
    state.line_feeds = state.linked_line_feeds = 0


@kernel
def _add_line_feed(states: Records) -> None:
    """In `<pre>`, a line feed that is written once something follows it: those at the ends of a block are dropped."""
    state = states[0]
    state.line_feeds += 1
    state.linked_line_feeds += state.n_links > 0


@kernel
def _show(out: Bytes, states: Records, point: int) -> None:
    """Write a character that a reference or a tag stands for; -1 is no character."""
    state = states[0]
    if point < 0 or _is_break_hint(point):
        return
    n_chars = 1
    if state.is_pre:
        if point == CARRIAGE_RETURN:
            return
        if point == LINE_FEED:
            _add_line_feed(states)
            return
        if state.line_feeds:
            _end_line_feeds(out, states)
    else:
        if point in (SPACE, TAB, CARRIAGE_RETURN):
            state.space = max(state.space, _BLANK)
            return
        if point == LINE_FEED:
            state.space = max(state.space, _LINE_END)
            return
        if point == 0xA0 or point in (VERTICAL_TAB, FORM_FEED):
            state.space = max(state.space, _HARD_SPACE)
            return
        n_chars += _end_space(out, states, point)
    state.written = put_point(out, state.written, point)
    state.block_chars += n_chars
    if state.n_links:
        state.block_link_chars += n_chars


@kernel
def _show_run(data: Bytes, i: int, out: Bytes, states: Records) -> int:
    """Write the text from i up to the next tag or reference; the index of the byte after it."""
    state = states[0]
    n = len(data)
    at = state.written
    is_pre = state.is_pre
    n_chars = 0
    while i < n:
        byte = data[i]
        if byte in (LESS_THAN, AMPERSAND):
            break
        if (byte == 0xC2 and data[i + 1] == 0xAD) or (byte == 0xE2 and _is_break_hint(point_of_three(data, i))):
            i += 2 if byte == 0xC2 else 3
            continue
        if is_pre:
            if byte == LINE_FEED:
                _add_line_feed(states)
            elif byte != CARRIAGE_RETURN:
                if state.line_feeds:
                    state.written = at
                    _end_line_feeds(out, states)
                    at = state.written
                out[at] = byte
                at += 1
                n_chars += byte & 0xC0 != 0x80
            i += 1
            continue
        if is_space(byte):
            space = _LINE_END if byte == LINE_FEED else _HARD_SPACE if byte in (VERTICAL_TAB, FORM_FEED) else _BLANK
            state.space = max(state.space, space)
            i += 1
            continue
        if byte == 0xC2 and data[i + 1] == 0xA0:
            state.space = max(state.space, _HARD_SPACE)
            i += 2
            continue
        if state.space != _NO_SPACE:
            state.written = at
            n_chars += _end_space(out, states, point_of_three(data, i))
            at = state.written
        out[at] = byte
        at += 1
        n_chars += 1
        i += 1
        while i < n and data[i] & 0xC0 == 0x80:
            out[at] = data[i]
            at += 1
            i += 1
    state.written = at
    state.block_chars += n_chars
    if state.n_links:
        state.block_link_chars += n_chars
    return i


@kernel
def _ends_sentence(text: Bytes, start: int, end: int) -> bool:
    """Whether a block has the mark of a sentence: 。．！？!?, a full stop or comma before a space, a full stop last."""
    for i in range(start, end):
        byte = text[i]
        if byte in (EXCLAMATION_MARK, QUESTION_MARK):
            return True
        if byte in (FULL_STOP, COMMA) and i + 1 < end and text[i + 1] == SPACE:
            return True
        if byte == FULL_STOP and i + 1 == end:
            return True
        if byte >= 0xE3 and i + 2 < end:
            point = point_of_three(text, i)
            if point == 0x3002 or point == 0xFF0E or point == 0xFF01 or point == 0xFF1F:
                return True
    return False


@kernel
def _close_block(out: Bytes, states: Records, blocks: Records, boxes: Records) -> None:
    """End the block, and start another one."""
    state = states[0]
    start, end = state.block_start, state.written
    n_chars = state.block_chars
    link_chars = min(state.block_link_chars, n_chars)
    state.block_chars = state.block_link_chars = state.line_feeds = state.linked_line_feeds = 0
    state.space = _NO_SPACE
    if state.is_pre:
        is_blank = True
        for i in range(start, end):
            if not is_space(out[i]):
                is_blank = False
                break
        if is_blank:
            end = start
    state.written = state.block_start = end
    if start == end:
        return
    prose = n_chars if state.is_pre else n_chars - link_chars
    if not state.is_pre and prose < PROSE_CHARS and not _ends_sentence(out, start, end):
        prose = 0
    block = blocks[state.n_blocks]
    block.start = start
    block.end = end
    block.chars = n_chars
    block.link_chars = link_chars
    block.prose = prose
    block.box = state.box
    boxes[state.box].prose += prose
    state.n_blocks += 1


# --- tags ------------------------------------------------------------------------------------


@kernel
def _skip_comment(data: Bytes, i: int, states: Records, out: Bytes) -> int:
    """From a `<` that starts no tag: past the comment or declaration, or else past the `<`, which is text.

    Returns:
        Where to go on; -1 at the end of the page.
    """
    state = states[0]
    n = len(data)
    following = data[i + 1] if i + 1 < n else np.uint8(0)
    if following not in (SLASH, EXCLAMATION_MARK, QUESTION_MARK):
        if not (state.hidden_box >= 0 or state.hidden_inline):
            _show(out, states, LESS_THAN)
        return i + 1
    is_comment = following == EXCLAMATION_MARK and i + 3 < n and data[i + 2] == HYPHEN and data[i + 3] == HYPHEN
    if is_comment and not state.has_endless_comment:
        for j in range(i + 2, n - 2):
            if data[j] == HYPHEN and data[j + 1] == HYPHEN and data[j + 2] == GREATER_THAN:
                return j + 3
        state.has_endless_comment = True
    end = find_byte(data, i, GREATER_THAN)
    return end + 1 if end >= 0 else -1


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
    if kind >= RAW:
        return after if is_end else _skip_content(data, after, name, name_end - first, tag, kind, states, statements)
    if not is_end and state.n_statements < len(statements) and _is_statement(data, kind, names, states):
        _add_statement(statements, states, TAG_STATEMENT, name_end, after - 1)
    if kind <= META:
        return after
    if kind == INLINE:
        if is_end:
            if state.hidden_inline == tag:
                state.hidden_inline = 0
        elif state.hides and state.hidden_inline == 0 and is_hidden(data, state.attributes):
            state.hidden_inline = tag
        return after
    if kind == LINK:
        if not is_end:
            return _open_link(data, after, names, states)
        state.n_links = max(0, state.n_links - 1)
        return after
    if kind == BREAK:
        if not (state.hidden_box >= 0 or state.hidden_inline):
            if state.is_pre:
                _add_line_feed(states)
            else:
                state.space = _LINE_BREAK
        return after
    _close_block(out, states, blocks, boxes)
    if kind == BOX_TAG:
        if not is_end:
            _open_box(data, name, tag, names, states, boxes)
        elif state.n_too_deep:
            state.n_too_deep -= 1
        else:
            _end_nearest(states, boxes, names, name, 0, names[0].rules[tag].stops_at)
        state.box = state.open_boxes[state.depth].box
        parent = boxes[state.box].parent
        state.is_pre = boxes[state.box].tag == _PRE or (parent >= 0 and boxes[parent].tag == _PRE)
    return after


@inlined
def _is_statement(data: Bytes, kind: int, names: Records, states: Records) -> bool:
    """Whether a tag's attributes state something about the page: a `<meta>` that is read, a licence, a date."""
    attributes = states[0].attributes
    if kind == META:
        for column in (NAME, PROPERTY, ITEMPROP):
            if attributes[column].start >= 0:
                value = hash_value(data, attributes[column].start, attributes[column].end)
                if look_up(names[0].statements, value, 0):
                    return True
    rel, itemprop = attributes[REL], attributes[ITEMPROP]
    return contains(data, rel.start, rel.end, b"license") or contains(
        data, itemprop.start, itemprop.end, b"datepublished"
    )


@kernel
def _add_statement(statements: Records, states: Records, kind: int, start: int, end: int) -> None:
    statement = statements[states[0].n_statements]
    statement.kind = kind
    statement.start = start
    statement.end = end
    states[0].n_statements += 1


@kernel
def _skip_content(
    data: Bytes,
    after: int,
    name: np.uint64,
    length: int,
    tag: int,
    kind: int,
    states: Records,
    statements: Records,
) -> int:
    """Past an element that is left out and whose start tag ends before `after`; `after` if the element does not end.

    The content of a title and of JSON-LD is a statement.

    Returns:
        Where to go on; -1 at the end of the page.
    """
    state = states[0]
    if state.is_endless[tag]:
        return after
    border_is_end = True
    if kind == RAW:
        border = find_raw_end(data, after, length, name)
    elif kind == SKIPPED:
        border, border_is_end = find_border(data, after, name)
    else:
        border = find_reading_end(data, after)
    if border < 0:
        state.is_endless[tag] = 1
        return after
    if not border_is_end:
        return after
    if kind == READING:
        return border
    if state.n_statements < len(statements):
        of_type = state.attributes[TYPE]
        if tag == _TITLE and not state.has_title:
            state.has_title = True
            _add_statement(statements, states, TITLE_STATEMENT, after, border)
        elif tag == _SCRIPT and contains(data, of_type.start, of_type.end, b"ld+json"):
            _add_statement(statements, states, JSON_LD_STATEMENT, after, border)
    end = find_byte(data, border, GREATER_THAN)
    return end + 1 if end >= 0 else -1


@kernel
def _open_link(data: Bytes, i: int, names: Records, states: Records) -> int:
    """Open a link whose start tag ends before i; where to go on."""
    state = states[0]
    href = state.attributes[HREF]
    if href.start < 0:
        return i
    # A link in a link is a link (a card with labels); two in the same box are not: one was left open.
    if state.n_links and state.links[state.n_links - 1] == state.box:
        state.n_links -= 1
    state.links[state.n_links] = state.box
    state.n_links += 1
    if not state.is_pre and href.start < href.end and data[href.start] == NUMBER_SIGN:
        # A heading's link to itself, a note's way back, the way to the top of the page. In listings, operators link to
        # their definitions.
        border = _find_end_of_signs(data, i, names)
        return border if border >= 0 else i
    return i


@kernel
def _find_end_of_signs(data: Bytes, i: int, names: Records) -> int:
    """Index of the `</a>` after a few signs; -1 if something else stands before it."""
    stop = min(len(data) - 3, i + _MAX_SIGN_BYTES)
    while i < stop:
        byte = data[i]
        if byte == LESS_THAN:
            is_end = data[i + 1] == SLASH and data[i + 2] | CASE_BIT == LOWER_A and ends_name(data[i + 3])
            return i if is_end else -1
        point = int(byte)
        second = -1
        if byte == AMPERSAND:
            point, second, i = read_reference(data, i, names[0].references, names[0].characters, names[0].numbers)
        elif byte < 0x80:
            i += 1
        elif byte < 0xE0:
            point = (point & 0x1F) << 6 | int(data[i + 1]) & 0x3F
            i += 2
        elif byte < 0xF0:
            point = point_of_three(data, i)
            i += 3
        else:
            point = (int(data[i + 1]) & 0x3F) << 12 | (int(data[i + 2]) & 0x3F) << 6
            point = (int(byte) & 0x07) << 18 | point | int(data[i + 3]) & 0x3F
            i += 4
        if second >= 0 or (point >= 0 and not is_sign(point)):
            return -1
    return -1


@kernel
def _leave_box(states: Records) -> None:
    """The innermost box closes, and all links in it."""
    state = states[0]
    box = state.open_boxes[state.depth].box
    state.depth -= 1
    state.hidden_inline = 0
    while state.n_links and state.links[state.n_links - 1] == box:
        state.n_links -= 1
    if state.hidden_box == box:
        state.hidden_box = -1


@kernel
def _end_nearest(states: Records, boxes: Records, names: Records, name: np.uint64, group: int, stops_at: int) -> None:
    """End the nearest open box of a group, or of a name if the group is 0, unless a border is between."""
    state = states[0]
    depth = state.depth
    while depth:
        rule = names[0].rules[boxes[state.open_boxes[depth].box].tag]
        if state.open_boxes[depth].name == name if group == 0 else rule.group == group:
            break
        if rule.border & stops_at:
            return
        depth -= 1
    if depth:
        while state.depth >= depth:
            _leave_box(states)


@kernel
def _open_box(data: Bytes, name: np.uint64, tag: int, names: Records, states: Records, boxes: Records) -> None:
    """End the boxes that a start tag ends, and open its own."""
    state = states[0]
    rule = names[0].rules[tag]
    open_tag = boxes[state.box].tag
    if rule.ends_paragraph and (open_tag == _PARAGRAPH or (is_heading(tag) and is_heading(open_tag))):
        _leave_box(states)
    elif rule.group:
        _end_nearest(states, boxes, names, name, rule.group, rule.stops_at)
    if state.depth == MAX_DEPTH:
        state.n_too_deep += 1
        return
    attributes = state.attributes
    parent = state.open_boxes[state.depth].box
    box = boxes[state.n_boxes]
    box.tag = tag
    box.parent = parent
    box.hint = hint_of(data, tag, attributes, names[0].words, names[0].roles)
    box.prose = 0
    box.ordinal = 0
    box.name = hash_first_name(data, attributes[CLASS].start, attributes[CLASS].end)
    if tag == _ORDERED_LIST:
        box.ordinal = read_number(data, attributes[START].start, attributes[START].end) - 1
    elif tag == _ITEM and boxes[parent].tag == _ORDERED_LIST:
        boxes[parent].ordinal += 1
        box.ordinal = boxes[parent].ordinal
    state.depth += 1
    state.open_boxes[state.depth].box = state.n_boxes
    state.open_boxes[state.depth].name = name
    # A main text that is hidden waits for a subscriber or for its script: it is the page's text all the same.
    if state.hides and state.hidden_box < 0 and is_hidden(data, attributes) and not is_named_main(box.hint, tag):
        state.hidden_box = state.n_boxes
    state.n_boxes += 1
