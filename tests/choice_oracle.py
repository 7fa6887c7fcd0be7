"""The oracle for `manyo.corpus.web.choice_kernels.choose`: slow and obvious, on a tree of Python objects."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from itertools import pairwise, takewhile

from manyo.corpus.web.choice_words import FRAME_SHARES
from manyo.corpus.web.main_text import FLOW_TAGS, ITEM_TAGS, NEVER_MAIN, UNNAMED_TAGS
from manyo.corpus.web.markup import COMMENTS_HINT, DIALOG_HINT, FRAME_HINT, MAIN_HINT, TAGS, TOPIC_HINT, Markup

WRAPPERS = ("p", "div", "center", "section", "article")
LISTED = ("li", "dt", "dd", "td", "th")
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
SENTENCE = re.compile("[。．！？!?」』…♪☆]|[.,] |\\.\\Z")


@dataclass
class Block:
    """A run of text, its weight and its box."""

    row: int
    text: str
    box: Box
    link_chars: int
    links: int
    outer_links: int
    place_links: int
    is_small: int
    weight: int = 0

    @property
    def is_full(self) -> bool:
        """Whether it weighs all that it can."""
        return 0 < self.weight >= len(self.text) - self.link_chars

    @property
    def is_item(self) -> bool:
        """Whether it is an item of a list, or in one."""
        return bool({"li", "dd"} & {box.tag for box in self.box.outer()[:2]})

    @property
    def is_menu(self) -> bool:
        """Whether it is a line of links."""
        return self.links >= 2 and self.weight == 0 and not self.is_item

    @property
    def stays_on_host(self) -> bool:
        """Whether its links lead to other pages of the host."""
        return self.links > 0 and not (self.outer_links or self.place_links)

    def leads_away(self, rows: list[Block]) -> bool:
        """Whether it is a link to such a page, with a label of the same length at most."""
        is_link = self.stays_on_host and 2 * self.link_chars >= len(self.text)
        whole = _whole_item(self, rows)
        item = whole or (self.box if self.box.tag == "li" else self.box.around)
        is_note = item is not None and item.tag == "li" and item.ordinal > 0
        is_term = self.box.tag in HEADINGS or (whole is not None and whole.tag == "dt")
        return is_link and not is_term and not is_note and not SENTENCE.search(self.text)


@dataclass(eq=False)
class Box:
    """An element, what is in it, and what the choice finds out about it."""

    tag: str
    hint: int
    name: int
    around: Box | None
    ordinal: int
    controls: int
    children: list[Box] = field(default_factory=list)
    own: list[Block] = field(default_factory=list)
    is_comments: bool = False
    is_frame: bool = False
    is_main: bool = False
    is_around: bool = False

    def inner(self) -> list[Box]:
        """The box and all boxes in it, in the order of the page."""
        return [self, *(box for child in self.children for box in child.inner())]

    def outer(self) -> list[Box]:
        """The box and all boxes around it."""
        return [self, *(self.around.outer() if self.around else [])]

    def blocks(self) -> list[Block]:
        """All blocks in it."""
        return [block for box in self.inner() for block in box.own]

    @property
    def weight(self) -> int:
        """Weight of what readers did not write."""
        return sum(block.weight for block in self.blocks() if not block.box.is_comments)

    @property
    def content(self) -> int:
        """Weight of what is in no frame inside the box."""
        return sum(b.weight for b in self.own if not self.is_comments) + sum(
            child.content for child in self.children if not child.is_frame
        )

    @property
    def loose(self) -> int:
        """Weight of what is in the box but in no container inside it."""
        own = sum(block.weight for block in self.own if not self.is_comments)
        return own + sum(c.content for c in self.children if c.tag in NEVER_MAIN and not c.is_frame)

    @property
    def is_named_main(self) -> bool:
        """Whether its tag or its name states that it is main text."""
        return self.hint == MAIN_HINT or self.tag in ("article", "main")

    @property
    def named(self) -> int:
        """Content of the largest box in it that is named main text."""
        inside = [child.named for child in self.children if not child.is_frame]
        return max([self.content if self.is_named_main and self.around else 0, *inside])

    @property
    def is_paragraph(self) -> bool:
        """Whether its last block of text is all its content."""
        last = [block for block in self.own if block.weight and not self.is_comments][-1:]
        return bool(last) and last[0].weight == self.content


@dataclass
class Choice:
    """Rows of blocks, as in `manyo.corpus.web.choice_kernels.Choice`."""

    main: list[int]
    kept: list[bool]
    asked: list[int]
    edges: tuple[int, int]
    apart: list[int]
    comments: list[int]
    unassigned: list[int]
    headlines_before: list[int]


def choose(markup: Markup, announced: set[int], names_count: bool) -> Choice:
    """What `choose` finds."""
    boxes: list[Box] = []
    names = ["tag", "parent", "hint", "ordinal", "name", "controls"]
    for tag, parent, hint, ordinal, name, controls in markup.boxes[names].tolist():
        boxes.append(Box(TAGS[tag], hint, name, boxes[parent] if parent >= 0 else None, ordinal, controls))
        if parent >= 0:
            boxes[parent].children.append(boxes[-1])
    columns = ["link_chars", "links", "outer_links", "place_links", "is_small", "box"]
    blocks = [
        Block(row, markup.text_of(row), boxes[box], *values)
        for row, (*values, box) in enumerate(markup.blocks[columns].tolist())
    ]
    for block in blocks:
        block.weight = weight_of(block)
        block.box.own.append(block)
    for block in blocks:
        if block.box.tag in HEADINGS[1:] and _heads_links(blocks, block):
            block.weight = 0
    page = boxes[0]
    _set_comments_apart(page, [blocks[row].box for row in announced], names_count)
    _find_frames(boxes, page.weight, names_count)
    _find_main(page)
    return _divide(blocks)


def weight_of(block: Block) -> int:
    """Weight of a block."""
    n = len(block.text) - block.link_chars
    if "pre" in (block.box.tag, block.box.around.tag if block.box.around else ""):
        return len(block.text)
    if n >= 40 or SENTENCE.search(block.text):
        return n
    return math.ceil(n * (0.3 + 0.7 * n / 40)) if 2 * n >= len(block.text) else 0


def _heads_links(blocks: list[Block], heading: Block) -> bool:
    """Whether a heading has only links below it, in the innermost box around it that has anything after it."""
    after = blocks[heading.row + 1 :]
    for around in heading.box.outer()[1:]:
        inside = [block for block in after if any(box is around for box in block.box.outer())]
        if inside:
            section = list(takewhile(lambda block: block.box.tag not in HEADINGS, inside))
            children = [_child_of(around, block) for block in section]
            layout = ("div", "section", "article", "aside", "nav", "header", "footer", "form", "center", "table")
            ends = [i for i, c in enumerate(children) if c not in (None, children[0]) and c.tag in layout]
            section = section[: ends[0]] if ends else section
            return bool(section) and not any(block.weight for block in section)
    return False


def _child_of(around: Box, block: Block) -> Box | None:
    """The box directly in one around a block that the block is in; None if that is its own."""
    outer = block.box.outer()
    place = next(i for i, box in enumerate(outer) if box is around)
    return outer[place - 1] if place else None


def _announced(heading: Box) -> list[Box]:
    """The boxes below a heading of comments."""
    siblings = heading.around.children if heading.around else []
    if any(box is not heading and box.tag == heading.tag for box in siblings):
        return []
    before = heading
    while before.around and before is before.around.children[-1]:
        before = before.around
    if not before.around:
        return []
    found: list[Box] = []
    after = before.around.children[[box is before for box in before.around.children].index(True) + 1 :]
    for place, box in enumerate(after):
        has_heading = any(inner.tag in HEADINGS for inner in box.inner())
        other = [*found, *after[place + 1 :]][:1]
        is_post = bool(other) and box.name != 0 and (box.tag, box.name) == (other[0].tag, other[0].name)
        if box.tag in ("form", "hr") or (has_heading and not is_post):
            break
        found.append(box)
    return found


def _set_comments_apart(page: Box, headings: list[Box], names_count: bool) -> None:
    named = [b for b in page.inner()[1:] if b.hint == COMMENTS_HINT and b.tag not in UNNAMED_TAGS and names_count]
    named += [box for heading in headings for box in _announced(heading)]
    written = [box for other in named for box in other.inner()]
    for box in written:
        box.is_comments = True
    total = sum(block.weight for block in page.blocks())
    if page.weight < 300 and page.weight < 0.5 * total:
        for box in written:
            box.is_comments = False


def _find_frames(boxes: list[Box], weight: int, names_count: bool) -> None:
    def total(box: Box) -> int:
        return sum(block.weight for block in box.blocks())

    main = [
        box
        for box in boxes[1:]
        if box.hint == MAIN_HINT and not box.is_comments and DIALOG_HINT not in [o.hint for o in box.outer()]
    ]
    largest = max(main, key=total, default=None)
    holds_main = largest.outer()[1:] if largest and total(largest) >= 0.3 * weight else []
    for before, box in reversed(list(pairwise(boxes))):
        hint = 0 if box.tag in UNNAMED_TAGS else box.hint
        is_named = hint in (FRAME_HINT, COMMENTS_HINT) and box.tag != "header"
        is_note = box.tag == "aside" and (any(o.is_named_main for o in box.outer()[1:-1]) or _is_amid_text(box))
        is_note = is_note or (box.tag == "form" and box.ordinal == 0)
        share = 0.0 if is_note else FRAME_SHARES.get(box.tag, 0.0)
        link_chars = sum(block.link_chars for block in box.blocks())
        is_below_heading = before.around is box.around and before.tag in HEADINGS[1:]
        is_list = is_below_heading and box.tag in ("ul", "ol", "dl", "table") and not link_chars
        own = [block for block in box.own if block.weight and not box.is_comments]
        is_sentence = box.tag == "p" and not link_chars and own and SENTENCE.search(own[-1].text)
        if is_list or is_sentence:
            hint, is_named = 0, False
        if _is_panel(box):
            share = max(share, 0.3)
        if any(box is other for other in holds_main):
            share = 0.0
        elif hint == DIALOG_HINT:
            share = 0.95
        elif is_named and box.tag in ("nav", "aside", "footer"):
            share = 0.8
        elif not names_count and 2 * link_chars < sum(len(block.text) for block in box.blocks()):
            share = 0.0
        elif is_named:
            share = max(share, 0.5)
        elif hint == TOPIC_HINT and box.tag not in ["table", "thead", "tbody", "tfoot", "tr", "td", "th", "dt", "dd"]:
            share = max(share, 0.3)
        box.is_frame = box.is_comments or box.weight < share * weight


def _is_panel(box: Box) -> bool:
    """Whether a box that lays out the page has little text for its controls, and none of its siblings is like it."""
    assert box.around
    n_chars = sum(len(block.text) - block.link_chars for block in box.blocks())
    is_like = any(other is not box and _has_its_name(other, box) for other in box.around.children)
    n_controls = _count_controls(box)
    is_layout = box.tag in ("div", "section", "center", "fieldset")
    is_subject = any(inner.tag == "h1" for inner in box.inner())
    return n_controls > 0 and not (is_like or is_subject) and is_layout and n_chars <= 40 * min(3, n_controls)


def _has_its_name(one: Box, other: Box) -> bool:
    return one.name != 0 and (one.tag, one.name) == (other.tag, other.name)


def _count_controls(box: Box) -> int:
    return box.controls + sum(_count_controls(child) for child in box.children if not child.is_frame)


def _is_amid_text(box: Box) -> bool:
    assert box.around
    beside = [*box.around.own, *(b for child in box.around.children if child.tag in NEVER_MAIN for b in child.blocks())]
    return any(block.weight for block in beside)


def _are_alike(one: Box, other: Box) -> bool:
    if one is other or one.tag != other.tag:
        return False
    return (one.name == other.name and (one.name != 0 or one.tag == "article")) or one.hint == MAIN_HINT == other.hint


def _find_main(page: Box) -> None:
    main = page
    while True:
        within = [child for child in main.children if not child.is_frame and child.tag not in NEVER_MAIN]
        best = max((child.content for child in within), default=0)
        if best == 0:
            break
        child = next(child for child in within if child.content == best)
        holds_named_main = child.named >= 0.5 * main.content
        if not holds_named_main:
            last = [block for block in child.own if block.weight][-1:]
            is_one_of_several = child.is_paragraph and best < main.content and "\n" not in last[0].text
            if best < 0.8 * main.content or is_one_of_several or main.loose > min(0.1 * main.content, 300):
                break
        if main.loose and any(_have_same_name(child, outer) for outer in main.outer()):
            break
        alike = [box for box in main.children if _are_alike(box, child)]
        if any(box.is_paragraph for box in alike if not box.is_frame):
            break
        if not any(_is_list(box) for box in alike):
            for box in alike:
                if box.weight and _text(box) != _text(child):
                    box.is_main = True
        main = child
    while main.around and main.tag in ("table", "thead", "tbody", "tfoot", "tr"):
        main = main.around
    main.is_main = True
    _join_parts_outside(page.inner(), main)
    for box in main.outer()[1:]:
        box.is_around = True
    for box in page.inner()[1:]:
        assert box.around
        box.is_main = box.is_main or (box.around.is_main and not box.is_frame)
        is_paragraph = box.tag in NEVER_MAIN and box.tag not in HEADINGS
        is_after = [other is main for other in page.inner()].index(True) < [b is box for b in page.inner()].index(True)
        is_paragraph |= is_after and box.tag == "div" and box.name == 0 and box.is_paragraph
        is_amid = box.tag == "header" and box.hint != FRAME_HINT and any(b.is_named_main for b in box.outer()[:-1])
        if (is_amid and (box.around.is_main or box.around.is_around)) or (
            box.around.is_around and is_paragraph and not box.is_frame
        ):
            box.is_around = True


def _have_same_name(one: Box, other: Box) -> bool:
    is_part = one.name != 0 or one.tag in ("article", "li", "dt", "dd", "tr", "td")
    return (one.tag, one.name) == (other.tag, other.name) and is_part


def _join_parts_outside(boxes: list[Box], main: Box) -> None:
    """Boxes after the main container, beside it or a box around it, that are like a joined one or two in it."""
    last: Box | None = None
    inside = [box for box in main.inner()[1:] if box.content]
    start = [box is main for box in boxes].index(True) + len(main.inner())
    for box in boxes[start:]:
        n_chars = sum(len(block.text) for block in box.blocks())
        is_text = box.content > 0 and not box.is_frame and sum(b.link_chars for b in box.blocks()) < 0.2 * n_chars
        is_beside = any(box.around is outer for outer in main.outer()[1:])
        lists = ("ul", "ol", "menu", "dir", "dl", "table", "thead", "tbody", "tfoot", "tr")
        if is_text and is_beside and box.around and box.around.tag not in lists:
            is_next = last is not None and _have_same_name(box, last)
            if is_next or sum(_have_same_name(box, other) for other in inside) >= 2:
                last = box
                box.is_main = True


def _is_list(box: Box) -> bool:
    n_chars = sum(len(block.text) for block in box.blocks())
    return n_chars > 0 and (box.is_frame or sum(block.link_chars for block in box.blocks()) >= 0.2 * n_chars)


def _text(box: Box) -> str:
    return "".join(block.text for block in sorted(box.blocks(), key=lambda block: block.row))


def _divide(blocks: list[Block]) -> Choice:
    texts = [block for block in blocks if block.weight and not block.links]
    beside = [block for block in texts if block.box.is_around and SENTENCE.search(_last_bytes(block.text))]
    rows = [block for block in blocks if block.box.is_main or any(block is other for other in beside)]
    main = {block.row for block in rows}
    comments = [block.row for block in blocks if block.box.is_comments and block.row not in main]
    known = {*main, *comments, *(block.row for block in blocks if any(box.is_frame for box in block.box.outer()))}
    unassigned = [block.row for block in texts if block.row not in known]
    before = [block for block in blocks if block.box.tag == "h1" and block.weight and rows and block.row < rows[0].row]
    headlines = [block.row for block in before if _may_be_headline(block.box)]
    page = blocks[0].box.outer()[-1] if blocks else None
    rules = [box.ordinal for box in page.inner() if box.tag == "hr"] if page else []
    stays_in = _without_ends(rows, rules)
    places = range(len(rows) - 1, 0, -1)
    apart = [at for at in places if _is_ruled(rows[at - 1], rows[at], rules) or _is_apart(rows[at], rows[at - 1])][:4]
    weighed = [place for place, block in enumerate(rows) if block.weight and stays_in[place]]
    full = [place for place, block in enumerate(rows) if block.is_full and stays_in[place]]
    first, last = (full[0], full[-1]) if full else (len(rows), -1)
    kept, asked = [], []
    for place, block in enumerate(rows):
        number = item_number(rows, place)
        n_chars = len(block.text) + (len(f"{number}. ") if number else 0)
        is_heading = block.box.tag in HEADINGS
        tags = ITEM_TAGS if not weighed or place > weighed[-1] else FLOW_TAGS
        stays = bool(weighed) and place >= weighed[0] and block.box.tag in tags
        whole = _whole_item(block, rows)
        if whole and whole.tag != "li":
            stays |= bool(weighed) and place >= weighed[0] and whole.tag in tags
        is_link = block.link_chars > 0.8 * n_chars and not stays
        kept.append(stays_in[place] and (not is_link or is_heading))
        if kept[-1] and (place < first or place > last or is_heading):
            asked.append(place)
    return Choice([block.row for block in rows], kept, asked, (first, last), apart, comments, unassigned, headlines)


def _last_bytes(text: str) -> str:
    return text.encode()[-6:].decode("utf-8", "ignore")


def _may_be_headline(heading: Box) -> bool:
    around = heading.outer()[1:]
    if around[0].tag == "header" and any(box.is_named_main for box in around[:-1]):
        around = around[1:]
    return not ((heading.is_frame and heading.hint != TOPIC_HINT) or any(box.is_frame for box in around))


def _without_ends(rows: list[Block], rules: list[int]) -> list[bool]:
    """Of each block, whether it is no frame at an end."""
    head = _framed_end(rows, rules, is_head=True)
    tail = len(rows) - _framed_end(rows, rules, is_head=False)
    kept = [head <= place < tail or (place < head and block.box.tag in HEADINGS) for place, block in enumerate(rows)]
    full = [place for place, block in enumerate(rows) if block.is_full]
    n_chars = sum(len(block.text) for block in rows)
    listed = [full != [] and _is_listed_link(block, rows) for block in rows]
    before = range(head, next((at for at in full if at >= head), len(rows)))
    is_text = 2 * sum(len(rows[place].text) for place in before if listed[place]) > n_chars
    for place in before:
        kept[place] = kept[place] and not (rows[place].is_menu or (listed[place] and not is_text))
    end = tail
    for place in reversed(range(tail)):
        if rows[place].is_full or sum(block.weight for block in rows[place:end]) > 40:
            break
        n_after = sum(len(block.text) for block in rows[place:tail])
        is_short = n_after <= n_chars / 2 and n_after <= max(0.2 * n_chars, 80)
        is_announced = place > 0 and rows[place - 1].box.tag in HEADINGS
        if rows[place].is_menu or (listed[place] and is_short and not is_announced):
            end = place
    while 0 < end < len(rows) and rows[end - 1].box.tag in HEADINGS:
        end -= 1
    end = _last_links(rows[:end])
    return [is_kept and place < end for place, is_kept in enumerate(kept)]


def _is_listed_link(block: Block, rows: list[Block]) -> bool:
    """Whether a block leads away, or is short and among such in a list; in a list, half of the items do."""
    item = _whole_item(block, rows)
    if not item:
        return block.leads_away(rows)
    listed = [other for other in rows if (found := _whole_item(other, rows)) and found.around is item.around]
    n_needed = len(listed) + (item.tag in ("td", "th"))
    return 2 * sum(other.leads_away(rows) for other in listed) >= n_needed and (
        block.leads_away(rows) or not block.is_full
    )


def _whole_item(block: Block, rows: list[Block]) -> Box | None:
    """The item or cell that a block is the content of, or one of the short contents of a cell in a row of such."""
    item = item_around(block.box)
    if not item:
        return None
    if item is block.box or len(_blocks_in(item, rows)) == 1:
        return item
    cells = [box for box in item.around.children if box.tag in ("td", "th")] if item.around else []
    contents = [_blocks_in(cell, rows) for cell in cells]
    lays_out = any(len(content) > 1 and any(other.is_full for other in content) for content in contents)
    return None if item.tag not in ("td", "th") or lays_out else item


def _blocks_in(box: Box, rows: list[Block]) -> list[Block]:
    return [other for other in rows if any(outer is box for outer in other.box.outer())]


def _last_links(rows: list[Block]) -> int:
    """Where the last sections of links to the same host start, up to a fifth of the text."""
    end = len(rows)
    for place in reversed(range(1, len(rows))):
        block = rows[place]
        is_link = block.stays_on_host and not block.weight
        is_section = block.box.tag in HEADINGS and place < end - 1 and not is_link
        n_chars = sum(len(b.text) for b in rows[place:])
        if n_chars > 0.2 * sum(len(b.text) for b in rows) or not (is_link or is_section):
            break
        end = place if is_section else end
    return end


def _framed_end(rows: list[Block], rules: list[int], *, is_head: bool) -> int:
    """How many blocks of an end stand apart from the text as its frame."""
    total = sum(block.weight for block in rows)
    may_be_small = 2 * sum(block.weight for block in rows if block.is_small) < total
    ordered = rows if is_head else rows[::-1]
    numbers = [item_number(rows, place) for place in range(len(rows))]
    cut = ruled = 0
    for place, block in enumerate(ordered):
        first, second = sorted((ordered[place - 1], block), key=lambda b: b.row)
        is_ruled = place > 0 and _is_ruled(first, second, rules)
        if place and (is_ruled or _is_apart(ordered[place - 1], block)):
            part = ordered[ruled if is_ruled else cut : place]
            if _is_framed(part, is_ruled, may_be_small):
                cut = place
            elif is_ruled:
                return cut
            ruled = place if is_ruled else ruled
        is_note = block.is_item and numbers[place if is_head else len(rows) - 1 - place] > 0
        is_print = may_be_small and block.is_small and not SENTENCE.search(block.text)
        is_text = block.is_full and (block.links == 0 or block.is_item) and not is_print
        is_section = not is_head and block.box.tag in HEADINGS
        if is_note or is_text or is_section or sum(b.weight for b in ordered[: place + 1]) > 0.1 * total:
            break
    return cut


def _is_framed(part: list[Block], is_ruled: bool, may_be_small: bool) -> bool:
    if not is_ruled and any(block.box.tag in HEADINGS for block in part):
        return False
    n_chars, link_chars = sum(len(block.text) for block in part), sum(block.link_chars for block in part)
    links = sum(block.links for block in part)
    other_links = sum(block.place_links + (0 if is_ruled else block.outer_links) for block in part)
    has_links = 2 * other_links < links and link_chars >= 0.1 * n_chars
    is_small = may_be_small and all(block.is_small for block in part)
    evidence = 2 * is_ruled + 2 * is_small + has_links + (has_links and (links > 1 or 2 * link_chars >= n_chars))
    has_mark = any(SENTENCE.search(block.text) for block in part)
    return (has_links or is_small) and evidence + (not has_mark) >= 3


def _is_ruled(one: Block, other: Block, rules: list[int]) -> bool:
    return any(one.row < rule <= other.row for rule in rules)


def _is_apart(block: Block, other: Block) -> bool:
    """Whether the outermost box around a block, and not around the other, lays out the page."""
    alone = [box for box in block.box.outer() if not any(box is around for around in other.box.outer())]
    layout = ("div", "table", "section", "center", "address", "footer", "header", "aside", "article")
    return bool(alone) and alone[-1].tag in layout


def item_number(rows: list[Block], place: int) -> int:
    """The number of the list item that the block at a place starts; 0 if it starts none."""
    items = [item_around(block.box) or (block.box.around and item_around(block.box.around)) for block in rows]
    before = next((item for item in reversed(items[:place]) if item), None)
    item = items[place]
    return item.ordinal if item and item.tag == "li" and item is not before else 0


def item_around(inner: Box) -> Box | None:
    """The item or cell that a box is, or is in within wrappers."""
    item = next((box for box in inner.outer() if box.tag not in WRAPPERS), None)
    return item if item and item.tag in LISTED else None
