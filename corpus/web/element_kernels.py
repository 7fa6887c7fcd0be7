"""Kernels that know what elements stand for: names of what follows, folded texts, pictures, numbers of lines, signs."""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Bytes, Records, borrowing, inlined, kernel
from manyo.corpus.web.ascii import (
    AMPERSAND,
    CASE_BIT,
    COLON,
    DIGIT_ZERO,
    GREATER_THAN,
    HYPHEN,
    LESS_THAN,
    LOWER_A,
    LOWER_X,
    PERCENT_SIGN,
    SLASH,
)
from manyo.corpus.web.attribute_kernels import (
    ALT,
    ARIA_CONTROLS,
    ARIA_EXPANDED,
    CLASS,
    COMMENTS_WORD,
    DIALOG_WORD,
    EDIT_WORD,
    FIRST_HEADING,
    FOLD_WORD,
    FRAME_WORD,
    HIDDEN,
    ID,
    LINE_WORD,
    PICTURE_WORD,
    SRC,
    TYPE,
    contains,
    ends_name,
    find_border,
    find_byte,
    find_raw_end,
    hash_value,
    is_digit,
    is_heading,
    is_hidden,
    is_letter,
    is_sign,
    is_space,
    look_up,
    point_of_three,
    read_name,
    read_reference,
    words_of,
    words_said,
)
from manyo.corpus.web.markup import BOX_TAG, DIALOG_HINT, FRAME_HINT, TAGS
from manyo.corpus.web.shown_kernels import LINE_BREAK, MAX_TARGETS, add_line_feed, show_value

#: A link to a place on the page itself is left out if it contains signs alone; a longer one, in bytes, is text.
_MAX_SIGN_BYTES: Final = 32
_TERM, _DESCRIPTION, _SUMMARY, _LEGEND = (TAGS.index(name) for name in ("dt", "dd", "summary", "legend"))
_ITEM, _LISTS = TAGS.index("li"), tuple(TAGS.index(name) for name in ("ul", "ol", "dl", "table", "form", "nav"))
_CAPTION, _HEADER_CELL, _BODY = (TAGS.index(name) for name in ("caption", "th", "body"))
_FRAMES = tuple(TAGS.index(name) for name in ("nav", "header", "footer", "aside"))
_GAIJI: Final = "外字".encode()
_U: Final = ord("u")
#: With these, Aozora texts begin what describes a character: ※(「口＋斗」…), 第3水準1-87-13.
_NOTE_SIGN, _ORDINAL_SIGN = (ord(sign) for sign in "※第")
#: `[U+1F9AD]`; a longer `alt` is no code of a character.
_MAX_CODE_BYTES: Final = 12
_OPENING, _CLOSING = (tuple(ord(sign) for sign in signs) for signs in ("[［", "]］"))
#: A template with less Japanese text is a message of the program, in bytes: 20 characters.
_LEAST_TEMPLATE_BYTES: Final = 60
_DOLLAR, _BRACE, _UPPER_S = (ord(sign) for sign in "${S")
#: What a visitor of a form fills in or presses.
_CONTROLS = tuple(TAGS.index(name) for name in ("input", "select", "textarea", "button"))
_UNKNOWN: Final = 0
_PARAGRAPH, _BLOCKQUOTE = (TAGS.index(name) for name in ("p", "blockquote"))
#: Elements whose content stands there for what a browser may lack, and the one that a program fills in.
_NOSCRIPT, _OBJECT, _CANVAS, _AUDIO, _VIDEO, _TEMPLATE = (
    TAGS.index(name) for name in ("noscript", "object", "canvas", "audio", "video", "template")
)
_SPARE = (_NOSCRIPT, _OBJECT, _CANVAS, _AUDIO, _VIDEO, _TEMPLATE)
#: What asks for a browser that has it names it.
_SCRIPT_NAME, _BROWSER_NAME, _PLUGIN_NAME = (name.encode() for name in ("スクリプト", "ブラウザ", "プラグイン"))


@kernel
def count_own(blocks: Records, boxes: Records) -> int:
    """Characters outside links and frames."""
    is_frame = np.zeros(len(boxes), np.bool_)
    for i in range(1, len(boxes)):
        box = boxes[i]
        is_named = box.hint in (FRAME_HINT, DIALOG_HINT) and box.tag != _BODY
        is_frame[i] = is_frame[box.parent] or is_named or box.tag in _FRAMES
    n_chars = 0
    for i in range(len(blocks)):
        if not is_frame[blocks[i].box]:
            n_chars += blocks[i].chars - blocks[i].link_chars
    return n_chars


@borrowing
def find_end_of_signs(data: Bytes, i: int, names: Records, in_heading: bool) -> int:
    """Index of the `</a>` after a few signs; -1 if something else stands before it. In a heading, † is no note."""
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
        if second >= 0 or (point >= 0 and not (is_sign(point) or (in_heading and point == 0x2020))):
            return -1
    return -1


@borrowing
def find_end_of_tool(data: Bytes, i: int) -> int:
    """Index of the `</a>` after a few characters in square brackets, as wikis name what edits a section; else -1."""
    after = len(data) - 3  # `</a` and what ends the name stand before it
    if i >= after:
        return -1
    opening = point_of_three(data, i) if data[i] >= 0x80 else int(data[i])
    if opening not in _OPENING:
        return -1
    last = 0
    stop = min(after, i + _MAX_SIGN_BYTES)
    while i < stop and data[i] != LESS_THAN:
        if data[i] & 0xC0 != 0x80:
            last = point_of_three(data, i) if data[i] >= 0x80 else int(data[i])
        i += 1
    is_end = i < after and data[i] == LESS_THAN and data[i + 1] == SLASH and data[i + 2] | CASE_BIT == LOWER_A
    return i if is_end and ends_name(data[i + 3]) and last in _CLOSING else -1


@borrowing
def is_handle(boxes: Records, box: int) -> bool:
    """Whether a box names what follows it: a heading, a term, the head of a table or of a folded text."""
    tag = boxes[box].tag if box >= 0 else 0
    return is_heading(tag) or tag in (_TERM, _SUMMARY, _LEGEND, _CAPTION, _HEADER_CELL)


@borrowing
def opens_fold(data: Bytes, tag: int, names: Records, states: Records) -> bool:
    """Whether a button shows a text that is folded away: it is part of the text. The button of a menu is not."""
    attributes = states[0].attributes
    said = words_said(data, tag, attributes, names[0].words, names[0].roles)
    opens = attributes[ARIA_EXPANDED].start >= 0 or attributes[ARIA_CONTROLS].start >= 0 or said & FOLD_WORD != 0
    return opens and said & (FRAME_WORD | DIALOG_WORD) == 0


@borrowing
def is_inline_hidden(data: Bytes, after: int, tag: int, names: Records, states: Records, in_heading: bool) -> bool:
    """Whether an inline tag, which ends before `after`, hides its content: by its style, or as a tool beside the text.

    Tools are the numbers of lines in a listing, and what edits the section of a heading.
    """
    state = states[0]
    attributes = state.attributes
    if state.hides and is_hidden(data, attributes):
        return words_said(data, tag, attributes, names[0].words, names[0].roles) & FOLD_WORD == 0
    if in_heading:
        return words_said(data, tag, attributes, names[0].words, names[0].roles) & EDIT_WORD != 0
    if not state.is_pre or attributes[CLASS].start < 0:
        return False
    i = after
    while i < len(data) and (is_digit(data[i]) or is_space(data[i])):
        i += 1
    if i == after or i == len(data) or data[i] != LESS_THAN or i > after + _MAX_SIGN_BYTES:
        return False
    return words_said(data, tag, attributes, names[0].words, names[0].roles) & LINE_WORD != 0


@borrowing
def may_be_text(data: Bytes, names: Records, states: Records) -> bool:
    """Whether a picture may stand for a character or a formula: by its `alt`, which is short or a code, or its name.

    What it stands for, if anything, is decided in `manyo.corpus.web.pictures`.
    """
    attributes = states[0].attributes
    for column in (SRC, CLASS, ID):
        start, end = attributes[column].start, attributes[column].end
        if contains(data, start, end, b"gaiji") or contains(data, start, end, _GAIJI):
            return True
        if contains(data, start, end, b"cht=tx"):
            return True
        # Pictures within the page have no name.
        is_named = start >= 0 and not (column == SRC and contains(data, start, min(end, start + 5), b"data:"))
        if is_named and words_of(data, start, end, names[0].words) & PICTURE_WORD:
            return True
    i, n = attributes[ALT].start, attributes[ALT].end
    while i >= 0 and i < n and is_space(data[i]):
        i += 1
    while i >= 0 and i < n and is_space(data[n - 1]):
        n -= 1
    length = n - i
    if i < 0 or length < 3:
        return False
    first, second = data[i], data[i + 1]
    is_one = first >= 0xE3 and (length <= 4 or length == 7 or (length == 6 and data[i + 3] in (0xEF, 0xE3)))
    starts_code = first | CASE_BIT in (_U, LOWER_X) or first == DIGIT_ZERO or is_sign(first)
    is_code = length <= _MAX_CODE_BYTES and starts_code
    if first == AMPERSAND:
        point, _, _ = read_reference(data, i, names[0].references, names[0].characters, names[0].numbers)
        return length <= _MAX_SIGN_BYTES or point in (_NOTE_SIGN, _ORDINAL_SIGN)
    is_place = is_digit(first) and second == HYPHEN
    is_described = point_of_three(data, i) in (_NOTE_SIGN, _ORDINAL_SIGN)
    return is_one or is_code or is_place or is_described or first >= 0xF0


@borrowing
def show_picture(data: Bytes, names: Records, states: Records, out: Bytes) -> None:
    """Write the text of a picture where it stands for a heading: where the heading has no text of its own."""
    state = states[0]
    alt = state.attributes[ALT]
    is_first = state.written == max(state.block_start, state.alt_end)
    if alt.start < 0 or not is_first:
        return
    before = state.block_chars
    show_value(data, alt.start, alt.end, names, out, states)
    if state.written > state.block_start:
        state.alt_end = state.written
        state.alt_chars += state.block_chars - before


@borrowing
def show_content(
    data: Bytes, after: int, name: np.uint64, length: int, tag: int, names: Records, states: Records, out: Bytes
) -> int:
    """Write the content of a text area, which is text and no markup; where its end tag is, `after` if it has none."""
    state = states[0]
    border = -1 if state.is_endless[tag] else find_raw_end(data, after, length, name)
    if border < 0:
        state.is_endless[tag] = 1
        return after
    if state.hidden_box < 0 and state.n_hidden == 0:
        show_value(data, after, border, names, out, states)
    return border


@borrowing
def is_folded(data: Bytes, tag: int, said: int, parent: int, states: Records, boxes: Records) -> bool:
    """Whether a hidden box waits for a click of the reader: an answer, a panel, what follows a heading of its own."""
    state = states[0]
    hidden = state.attributes[HIDDEN]
    if said & (FRAME_WORD | DIALOG_WORD | COMMENTS_WORD):
        return False
    if said & FOLD_WORD or tag == _DESCRIPTION or contains(data, hidden.start, hidden.end, b"until-found"):
        return True
    before = state.last_left
    if before < 0 or boxes[before].parent != parent or boxes[before].tag == FIRST_HEADING:
        return _is_shown_later(data, states)
    # An item that goes on out of sight after its text is a question with its answer; with a list, it is a menu.
    goes_on = boxes[parent].tag == _ITEM and tag not in _LISTS
    if goes_on or is_handle(boxes, before):
        return True
    # One of several that are shown one at a time, as tabs and pages are, or what a link on the page leads to.
    box = boxes[state.n_boxes]
    is_like_shown = box.name != 0 and box.name == boxes[before].name and box.tag == boxes[before].tag
    return (is_like_shown and not state.last_is_hidden) or _is_shown_later(data, states)


@borrowing
def note_target(data: Bytes, start: int, end: int, states: Records) -> None:
    """Note the place of the page that a link or a control leads to, given the value that names it."""
    state = states[0]
    if start < end and state.n_targets < MAX_TARGETS:
        state.targets[state.n_targets] = hash_value(data, start, end)
        state.n_targets += 1


@inlined
def note_controls(data: Bytes, tag: int, is_end: bool, states: Records, boxes: Records) -> None:
    """Note what a control leads to, and that it is in a box and in a form."""
    state = states[0]
    if is_end:
        return
    of_type, controlled = state.attributes[TYPE], state.attributes[ARIA_CONTROLS]
    if controlled.start >= 0:  # a call costs time
        note_target(data, controlled.start, controlled.end, states)
    if tag in _CONTROLS and not contains(data, of_type.start, of_type.end, b"hidden"):
        boxes[state.box].controls += 1
        if state.form >= 0:
            boxes[state.form].ordinal += 1


@borrowing
def _is_shown_later(data: Bytes, states: Records) -> bool:
    """Whether a script shows a hidden box: React puts one named `S:` and a number where it belongs, others a link's."""
    state = states[0]
    start, end = state.attributes[ID].start, state.attributes[ID].end
    if start < 0 or start == end:
        return False
    if end - start > 2 and data[start] == _UPPER_S and data[start + 1] == COLON and is_digit(data[start + 2]):
        return True
    name = hash_value(data, start, end)
    for i in range(state.n_targets):  # noqa: SIM110  # kernels have no generators
        if state.targets[i] == name:
            return True
    return False


@kernel
def is_spare(tag: int) -> bool:
    """Whether what an element holds is shown in some browsers, or once a script has run."""
    return tag in _SPARE


@borrowing
def may_show_spare(
    data: Bytes, name_end: int, after: int, name: np.uint64, tag: int, states: Records, boxes: Records
) -> bool:
    """Whether an element with such a tag, whose start tag ends before `after`, holds text of the page.

    It does where it is the shadow of the element around it, or is Japanese text and names no browser that would show
    something else. Where a program fills it in, it has places for values (`{{name}}`, `${name}`); a template is text
    only in a box that has text before it, as the answer follows a question and one table another. In an item, which
    goes on out of sight, one word is an answer.
    """
    state = states[0]
    if tag == _TEMPLATE and contains(data, name_end, after, b"shadowroot"):
        return True
    if state.hidden_box >= 0 or state.n_hidden:
        return False
    has_text_before = state.n_blocks > state.open_boxes[state.depth].n_blocks or state.written > state.block_start
    if tag == _TEMPLATE and (state.depth < 2 or not has_text_before):
        return False
    border, is_end = find_border(data, after, name)
    if not is_end or (tag != _TEMPLATE and _names_browser(data, after, border)):
        return False
    n_bytes = 0
    in_tag = False
    for i in range(after, border):
        byte = data[i]
        if byte == LESS_THAN:
            if data[i + 1] == PERCENT_SIGN:
                return False
            in_tag = True
        elif byte == GREATER_THAN:
            in_tag = False
        elif byte == _BRACE and (data[i - 1] == _DOLLAR or data[i + 1] == _BRACE):
            return False
        n_bytes += (byte >= 0x80) & (not in_tag)
    return n_bytes >= (1 if tag == _TEMPLATE and boxes[state.box].tag == _ITEM else _LEAST_TEMPLATE_BYTES)


@borrowing
def _names_browser(data: Bytes, start: int, end: int) -> bool:
    """Whether a text asks for another browser, or for a part of one."""
    names_script = contains(data, start, end, b"javascript") or contains(data, start, end, _SCRIPT_NAME)
    names_plugin = contains(data, start, end, b"flash") or contains(data, start, end, _PLUGIN_NAME)
    return names_script or names_plugin or contains(data, start, end, _BROWSER_NAME)


@borrowing
def is_box_of_own(
    data: Bytes,
    first: int,
    name_end: int,
    after: int,
    name: np.uint64,
    is_end: bool,
    names: Records,
    states: Records,
    boxes: Records,
) -> bool:
    """Whether an element that a page defines is a box: it begins with one (`<my-menu><ul>`), or ends one that did.

    Amid a paragraph it is inline, as in browsers.
    """
    state = states[0]
    if is_end:
        depth = state.depth if state.n_own_boxes else 0
        while depth and state.open_boxes[depth].name != name:
            depth -= 1
        return bool(depth > 0)
    is_amid = boxes[state.box].tag == _PARAGRAPH and state.written > state.block_start
    if is_amid or find_byte(data[:name_end], first, HYPHEN) < 0:
        return False
    while after < len(data) and is_space(data[after]):
        after += 1
    if after + 1 >= len(data) or data[after] != LESS_THAN or not is_letter(data[after + 1]):
        return False
    inner, _ = read_name(data, after + 1)
    return bool(names[0].rules[look_up(names[0].tags, inner, _UNKNOWN)].kind == BOX_TAG)


@borrowing
def end_line_of_source(is_end: bool, states: Records, boxes: Records) -> None:
    """A quotation that begins with its source has it on a line of its own."""
    state = states[0]
    if not is_end:
        state.cite_block = state.n_blocks if state.written == state.block_start else -1
    elif state.cite_block == state.n_blocks and _BLOCKQUOTE in (
        boxes[state.box].tag,
        boxes[max(0, boxes[state.box].parent)].tag,
    ):
        break_line(states)


@borrowing
def break_line(states: Records) -> None:
    """End a line of the block, unless its text is hidden."""
    state = states[0]
    if state.hidden_box >= 0 or state.n_hidden:
        return
    if state.is_pre:
        add_line_feed(states)
    else:
        state.space = LINE_BREAK
