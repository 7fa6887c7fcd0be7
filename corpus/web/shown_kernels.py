"""Kernels that write what a page shows: characters, white space, lines, blocks; see `manyo.corpus.web.tags_kernels`."""

from __future__ import annotations

from typing import Final

from manyo.corpus.jit import Bytes, Records, borrowing, inlined, kernel, record
from manyo.corpus.web.ascii import (
    AMPERSAND,
    CARRIAGE_RETURN,
    DIGIT_ZERO,
    FORM_FEED,
    GREATER_THAN,
    LESS_THAN,
    LINE_FEED,
    SPACE,
    TAB,
    VERTICAL_TAB,
)
from manyo.corpus.web.attribute_kernels import (
    N_ATTRIBUTES,
    SPAN,
    is_digit,
    is_letter,
    is_space,
    point_of_three,
    put_point,
    read_reference,
)
from manyo.corpus.web.markup import TAGS

#: Places that links lead to beyond these are not noted.
MAX_TARGETS: Final = 64
#: A link with more blocks has no end tag: a card has a picture, a title, a date, a teaser and some labels.
MAX_LINKED_BLOCKS: Final = 12
#: Boxes nested deeper than this are not distinguished; browsers stop at 512.
MAX_DEPTH: Final = 256

_HR = TAGS.index("hr")

# What the white space before the next character becomes, the stronger last: nothing, a space, nothing between
# Japanese characters and a space elsewhere, a space, the end of a line.
_NO_SPACE, _BLANK, _LINE_END, _HARD_SPACE, LINE_BREAK = range(5)

#: An open box: its index, the hash of its tag's name, the blocks, the marks and the open fonts before it, whether it
#: keeps its white space, whether it is named like the numbers of lines, and whether its style makes it small print.
OPEN_BOX: Final = record(
    *(("box", "i8"), ("name", "u8"), ("n_blocks", "i8"), ("n_marks", "i8"), ("n_fonts", "i8")),
    *(("is_pre", "i8"), ("is_numbers", "i8"), ("is_small", "i8")),
)

#: What is open while the page is read, and how much is written.
#:
#: written: bytes of text.
#: space: the white space before the next character, outside `<pre>`.
#: line_feeds, linked_line_feeds: those before the next character in `<pre>`, and those of them in links.
#: block_start, block_chars, block_link_chars, block_links, block_outer_links, block_place_links: of the block that is
#: being written; block_is_large: whether some of it is no small print.
#: n_fonts, fonts: open `<font>` and `<small>`, and whether each is small print, as bits, the last one lowest.
#: alt_end, alt_chars: where in it the text of pictures ends that it starts with, and its characters; 0 without one.
#: box, is_pre: the innermost open box, and whether it keeps its white space.
#: depth, n_too_deep: boxes that are open, without `html`, and those beyond MAX_DEPTH.
#: last_left: the box that closed last; -1 before that; last_is_hidden: whether it hid its content.
#: n_targets, targets: places of the page to which links and controls before lead, as hashes of their names.
#: hidden_box: the outermost box that hides its content; -1 if there is none.
#: hidden_name, n_hidden, hidden_depth: hash of the inline tag that hides its content, how many of that name are open in
#: it and with it (0 if there is none), and the boxes that are open around it.
#: link_block: the blocks before the outermost open link.
#: own_name, own_depth: hash of the element that no standard knows and that closed last, and the boxes open around it.
#: own_start, own_end: where the name of the tag stands that is read, if its element is a box that a page defines; else
#: 0; n_own_boxes: such boxes before.
#: cite_block: the block that begins with the last `<cite>`; -1 if none does.
#: n_endless_tags: tags without an end.
#: n_hidden_japanese: kana and kanji in what is not shown.
#: n_private: characters left out because only the page's font or an old mobile phone knows them.
#: n_marks, block_marks: marks of parts of blocks, and those before the block.
#: n_emphasis, emphasis_start, n_code, code_start: open tags of emphasis and code, and where the first one starts.
#: ruby_start: where the base of the next reading starts; -1 outside `<ruby>`.
#: form: the innermost form that is open; -1 outside forms.
#: holds_pages: whether an attribute holds a page; holds_formulas: whether there may be formulas; n_pictures: pictures
#: that may stand for text.
#: n_unknown: pictures of characters that nobody could name.
#: links: for each open link, the box in which it started.
#: is_unclosed, is_endless: by quotation mark and by tag, whether its end was searched for in vain.
STATE: Final = record(
    *((name, "i8") for name in ("written", "space", "line_feeds", "linked_line_feeds")),
    *((name, "i8") for name in ("block_start", "block_chars", "block_link_chars", "block_links")),
    *((name, "i8") for name in ("block_outer_links", "block_place_links", "n_fonts", "n_targets", "n_hidden_japanese")),
    *((name, "i8") for name in ("alt_end", "alt_chars", "n_pictures")),
    *((name, "i8") for name in ("n_blocks", "n_boxes", "n_statements", "n_links", "n_private", "n_unknown")),
    *((name, "i8") for name in ("box", "depth", "n_too_deep", "last_left", "hidden_box", "n_endless_tags")),
    *((name, "i8") for name in ("n_hidden", "hidden_depth", "own_depth", "link_block", "form", "cite_block")),
    *((name, "i8") for name in ("own_start", "own_end", "n_own_boxes")),
    *((name, "i8") for name in ("n_marks", "block_marks", "n_emphasis", "emphasis_start", "n_code", "code_start")),
    ("ruby_start", "i8"),
    ("hidden_name", "u8"),
    ("own_name", "u8"),
    ("fonts", "u8"),
    *((name, "?") for name in ("is_pre", "hides", "has_title", "holds_formulas", "holds_pages")),
    *((name, "?") for name in ("is_small", "block_is_large", "last_is_hidden")),
    ("open_boxes", OPEN_BOX, (MAX_DEPTH + 2,)),
    ("links", "i8", (MAX_DEPTH + 3,)),
    ("targets", "u8", (MAX_TARGETS,)),
    ("attributes", SPAN, (N_ATTRIBUTES,)),
    ("is_unclosed", "u1", (64,)),  # 0 or 1: Numba knows no arrays of bool in a record
    ("is_endless", "u1", (256,)),
)


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
def _is_private(point: int) -> bool:
    """Whether a character that a reference names is an icon of the page's font, or a pictogram of an old mobile phone.

    Pages for i-mode name pictograms by their bytes in Shift_JIS, F89F to F9FC (`&#63647;`). As code points most of
    these are in private use, and the rest is Korean; but for U+F9DC, which Shift_JIS of Windows has.
    """
    return 0xE000 <= point <= 0xF8FF or point >= 0xF0000 or (0xF940 <= point <= 0xF9FC and point != 0xF9DC)


@kernel
def _is_pictogram(point: int) -> bool:
    """Whether a character is a pictogram of i-mode, as Shift_JIS decodes it (F89F to F9FC)."""
    return 0xE63E <= point <= 0xE757


@borrowing
def _end_space(out: Bytes, states: Records, point: int) -> int:
    """Write what the white space before a character becomes; the number of characters written, 0 or 1."""
    state = states[0]
    space = state.space
    state.space = _NO_SPACE
    at = state.written
    if space == _NO_SPACE or at == state.block_start or at == state.alt_end:
        return 0
    if space == _LINE_END and _is_wide(point) and _is_wide(point_of_three(out, at - 3)):
        return 0
    out[at] = LINE_FEED if space == LINE_BREAK else SPACE
    state.written = at + 1
    return 1


@borrowing
def _end_line_feeds(out: Bytes, states: Records) -> None:
    """In `<pre>`, write the line feeds before a character, unless it is the block's first."""
    state = states[0]
    at = state.written
    if at != state.block_start and at != state.alt_end:
        out[at : at + state.line_feeds] = LINE_FEED
        state.written = at + state.line_feeds
        state.block_chars += state.line_feeds
        state.block_link_chars += state.linked_line_feeds
    state.line_feeds = state.linked_line_feeds = 0


@borrowing
def add_line_feed(states: Records) -> None:
    """In `<pre>`, a line feed that is written once something follows it: those at the ends of a block are dropped."""
    state = states[0]
    state.line_feeds += 1
    state.linked_line_feeds += state.n_links > 0


@borrowing
def keep_time_apart(data: Bytes, i: int, after: int, is_end: bool, states: Records) -> None:
    """A space between a date and the name beside it, where only other tags are: styles keep the two apart."""
    state = states[0]
    meets_tag = i > 0 and data[i - 1] == GREATER_THAN
    if is_end:
        meets_tag = after + 1 < len(data) and data[after] == LESS_THAN and is_letter(data[after + 1])
    if meets_tag and state.n_hidden == 0:
        state.space = max(state.space, _HARD_SPACE)


@borrowing
def show(out: Bytes, states: Records, point: int) -> None:
    """Write a character that a reference or a tag stands for; -1 is no character."""
    state = states[0]
    if point < 0 or _is_break_hint(point):
        return
    if _is_private(point):
        state.n_private += 1
        return
    n_chars = 1
    if state.is_pre:
        if point == CARRIAGE_RETURN:
            return
        if point == LINE_FEED:
            add_line_feed(states)
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
    state.block_is_large |= not state.is_small
    state.written = put_point(out, state.written, point)
    state.block_chars += n_chars
    if state.n_links:
        state.block_link_chars += n_chars


@borrowing
def show_run(data: Bytes, i: int, out: Bytes, states: Records) -> int:
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
        if byte >= 0xC2:
            if (byte == 0xC2 and data[i + 1] == 0xAD) or (byte == 0xE2 and _is_break_hint(point_of_three(data, i))):
                i += 2 if byte == 0xC2 else 3
                continue
            if byte == 0xEE and _is_pictogram(point_of_three(data, i)):
                state.n_private += 1
                i += 3
                continue
        if is_pre:
            if byte == LINE_FEED:
                add_line_feed(states)
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
    state.block_is_large |= n_chars > 0 and not state.is_small
    if state.n_links:
        state.block_link_chars += n_chars
    return i


@borrowing
def show_value(data: Bytes, start: int, end: int, names: Records, out: Bytes, states: Records) -> None:
    """Write the value of an attribute, whose references are resolved."""
    value = data[:end]
    i = start
    while i < end:
        if value[i] == AMPERSAND:
            first, second, i = read_reference(value, i, names[0].references, names[0].characters, names[0].numbers)
            show(out, states, first)
            if second >= 0:
                show(out, states, second)
        elif value[i] == LESS_THAN:
            show(out, states, LESS_THAN)
            i += 1
        else:
            i = show_run(value, i, out, states)


@borrowing
def show_plain(text: Bytes, start: int, end: int, out: Bytes, states: Records) -> None:
    """Write a text that is not markup."""
    written = text[:end]
    i = start
    while i < end:
        if written[i] in (AMPERSAND, LESS_THAN):
            show(out, states, written[i])
            i += 1
        else:
            i = show_run(written, i, out, states)


@borrowing
def _drop_alt(out: Bytes, states: Records) -> None:
    """Take the text of pictures from the start of a block that has text of its own."""
    state = states[0]
    start, end = state.alt_end, state.written
    for i in range(start, end):
        out[state.block_start + i - start] = out[i]
    state.written = state.block_start + end - start
    state.block_chars -= state.alt_chars
    state.n_marks = state.block_marks


@borrowing
def _are_line_numbers(out: Bytes, start: int, end: int) -> bool:
    """Whether a listing is the numbers of another one's lines: two numbers or more, line by line, each one more."""
    n_lines = 0
    last = 0
    i = start
    while i < end:
        while i < end and is_space(out[i]):
            i += 1
        if i == end:
            break
        number = 0
        first = i
        while i < end and is_digit(out[i]) and i < first + 9:
            number = number * 10 + int(out[i]) - DIGIT_ZERO
            i += 1
        if i == first or (i < end and not is_space(out[i])) or (n_lines and number != last + 1):
            return False
        last = number
        n_lines += 1
    return n_lines >= 2


@borrowing
def are_numbers(out: Bytes, start: int, end: int) -> bool:
    """Whether there are digits and white space only."""
    for i in range(start, end):  # noqa: SIM110  # kernels have no generators
        if not (is_digit(out[i]) or is_space(out[i])):
            return False
    return True


@inlined
def add_rule(states: Records, boxes: Records) -> None:
    """An `<hr>` stands between two blocks."""
    state = states[0]
    rule = boxes[state.n_boxes]
    rule.tag = _HR
    rule.parent = state.box
    rule.hint = rule.name = rule.controls = 0
    rule.ordinal = state.n_blocks
    state.n_boxes += 1


@borrowing
def close_block(out: Bytes, states: Records, blocks: Records) -> None:
    """End the block, and start another one."""
    state = states[0]
    if state.alt_end and state.written > state.alt_end:
        _drop_alt(out, states)
    state.alt_end = state.alt_chars = 0
    state.n_emphasis = state.n_code = 0
    state.ruby_start = -1
    start, end = state.block_start, state.written
    n_chars = state.block_chars
    link_chars = min(state.block_link_chars, n_chars)
    n_links, n_outer_links, n_place_links = state.block_links, state.block_outer_links, state.block_place_links
    is_large = state.block_is_large
    state.block_is_large = False
    state.block_outer_links = state.block_place_links = 0
    state.block_chars = state.block_link_chars = state.block_links = state.line_feeds = state.linked_line_feeds = 0
    state.space = _NO_SPACE
    if state.is_pre:
        is_blank = True
        for i in range(start, end):
            if not is_space(out[i]):
                is_blank = False
                break
        if is_blank or _are_line_numbers(out, start, end):
            end = start
    state.written = state.block_start = end
    if start == end:
        state.n_marks = state.block_marks
        return
    state.block_marks = state.n_marks
    block = blocks[state.n_blocks]
    block.start = start
    block.end = end
    block.chars = n_chars
    block.link_chars = link_chars
    block.links = n_links
    block.outer_links = n_outer_links
    block.place_links = n_place_links
    block.is_small = 0 if is_large else 1
    block.box = state.box
    state.n_blocks += 1
    if state.n_links and state.n_blocks - state.link_block > MAX_LINKED_BLOCKS:
        state.n_links = 0
        end_endless_link(states, blocks)


@borrowing
def end_endless_link(states: Records, blocks: Records) -> None:
    """A link without an end tag is only in the block in which it starts."""
    state = states[0]
    for row in range(state.link_block, state.n_blocks):
        if blocks[row].links == 0:
            blocks[row].link_chars = 0
