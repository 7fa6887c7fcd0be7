"""A page whose tags are read: blocks of text, in boxes.

A *box* is a block-level element, a *block* a run of text between two block-level boundaries. `manyo.corpus.web.tags`
makes them, `manyo.corpus.web.main_text` chooses among them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

import numpy as np

from manyo.corpus.jit import Bools, Bytes, Int64s, Records, record

# What a tag does: nothing; state something about the page; nothing to the text around it; link it; end a line; end a
# block; show a picture; press a button; open or close a box; hide its content, which is text without markup, or markup,
# or a reading aid. Unknown tags and custom elements are inline, as in browsers.
IGNORED, META, INLINE, LINK, BREAK, RULE, IMAGE, BUTTON, BOX_TAG, RAW, SKIPPED, READING = range(12)
TAGS_OF_KIND: Final = {
    IGNORED: "html head link base source track param embed rb rbc wbr",
    META: "meta",
    INLINE: "abbr acronym applet b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr q ruby s "
    "samp small span strike strong sub sup time tt u var map math mjx-container",
    LINK: "a",
    BREAK: "br",
    RULE: "hr input col area frame bgsound spacer basefont isindex keygen",
    IMAGE: "img image",
    BUTTON: "button",
    BOX_TAG: "p div ul ol menu dir li dl dt dd table thead tbody tfoot tr td th caption section article main aside nav "
    "header footer form fieldset figure figcaption pre blockquote center h1 h2 h3 h4 h5 h6 address details summary "
    "body dialog hgroup search legend listing xmp textarea",
    RAW: "script style title iframe noframes noembed",
    SKIPPED: "noscript template svg canvas object audio video datalist select",
    READING: "rt rp rtc",
}
#: Tags by their number: 0 is every unknown tag, then come those of boxes, then all others.
TAGS: Final = (
    "",
    *TAGS_OF_KIND[BOX_TAG].split(),
    *(name for kind, names in TAGS_OF_KIND.items() if kind != BOX_TAG for name in names.split()),
)

#: What the class, id and role of a box say: it is main text, a frame of the main text (navigation, advertisements),
#: written by readers, often a frame, or a dialog.
MAIN_HINT: Final = 1
FRAME_HINT: Final = -1
COMMENTS_HINT: Final = -2
TOPIC_HINT: Final = -3
DIALOG_HINT: Final = -4

#: An element of `Markup.boxes`.
#:
#: tag: index in TAGS.
#: parent: index of the box around it; -1 for the outermost.
#: hint: one of the hints above, or 0.
#: ordinal: number of a list item in its list; of a rule (`<hr>`), which is an empty box, how many blocks are before it;
#: of a form, how many controls are in it; 0 for other boxes.
#: name: hash of the first name in its class, or of the name of an element that no standard knows; 0 if it has none.
#: controls: what a visitor fills in or presses, directly in it; what opens a folded text is none.
BOX: Final = record(*((name, "i4") for name in ("tag", "parent", "hint", "ordinal", "name", "controls")))

#: An element of `Markup.blocks`.
#:
#: start, end: its first byte in `Markup.text`, and the byte after its last.
#: chars: characters; link_chars: those of them that are in links; links: how many links start in it; outer_links,
#: place_links: those of them whose address may be on another host, and those that lead to a place on the page.
#: is_small: 1 if all of it is small print.
#: box: index of the innermost box around it.
BLOCK: Final = record(
    *((name, "i4") for name in ("start", "end", "chars", "link_chars", "links", "outer_links", "place_links")),
    *((name, "i4") for name in ("is_small", "box")),
)

#: What is written for an element that stands for text: a character, a character that nobody could name, a formula.
CHARACTER, UNKNOWN_CHARACTER, FORMULA = range(3)
#: Where a tag is in the page: its first byte, and the byte after its last.
PLACE_IN_PAGE: Final = record(("first", "i8"), ("after", "i8"))
#: An element that stands for text.
#:
#: first, after: its first byte in the page, and the byte after its last.
#: start, end: what is written for it, in a text of its own.
#: kind: one of the kinds above.
STAND_IN: Final = record(("first", "i8"), ("after", "i8"), ("start", "i8"), ("end", "i8"), ("kind", "i8"))


class Page(NamedTuple):
    """A page's markup as kernels see it, and the weights of its blocks; see `Markup`.

    Attributes:
        text: UTF-8.
        blocks: BLOCK (n_blocks,).
        boxes: BOX (n_boxes,).
        weights: int64 (n_blocks,); see `manyo.corpus.web.weight_kernels.weigh`.
    """

    text: Bytes
    blocks: Records
    boxes: Records
    weights: Int64s


#: Kinds of marks of a part of a block.
EMPHASIS_MARK, CODE_MARK, MATH_MARK, RUBY_MARK = range(1, 5)
#: A part of a block.
#:
#: kind: one of the kinds above.
#: start, end: its first byte in `Markup.text`, and the byte after its last.
#: first, after: of the reading of a base, its first byte in the page, and the byte after its last.
MARK: Final = record(("kind", "i4"), ("start", "i4"), ("end", "i4"), ("first", "i4"), ("after", "i4"))


@dataclass(frozen=True, slots=True)
class Markup:
    """A page's text, and what its tags say about the text.

    Attributes:
        text: text of the blocks as a browser shows it, UTF-8, one block after another; lines within a block come from
            `<br>` and `<pre>`.
        blocks: BLOCK (n,), in document order.
        boxes: BOX (n,), in document order; the outermost, `html`, first.
        title: content of the first `<title>`, as written.
        tags: attributes, as written, of `<meta>` tags of `manyo.corpus.web.statements.META_NAMES`, and of other tags
            that state a licence or a date.
        json_ld: content of the page's JSON-LD scripts.
        n_unknown_characters: pictures of characters for which the text has 〓.
        n_pictograms: icons of the page's font and pictograms of old mobile phones that the text lacks.
        n_hidden_japanese: kana and kanji in elements that the page does not show: hidden ones, templates, controls, and
            what stands there for scripts and media that are missing.
        own_chars: characters outside links and frames.
        holds_pages: whether an attribute (`srcdoc`) holds a page.
        marks: MARK (n,), parts of blocks, in the order of their ends.
        source: the page that `marks` refers to, UTF-8.
    """

    text: bytes
    blocks: Records
    boxes: Records
    title: str
    tags: tuple[str, ...]
    json_ld: str
    n_unknown_characters: int = 0
    n_pictograms: int = 0
    n_hidden_japanese: int = 0
    own_chars: int = 0
    holds_pages: bool = False
    marks: Records = field(default_factory=lambda: np.zeros(0, MARK))
    source: bytes = b""

    def text_of(self, block: int) -> str:
        """Text of one block, given its index."""
        start, end = self.blocks["start"][block], self.blocks["end"][block]
        return self.text[start:end].decode("utf-8")


def without_bytes(markup: Markup, is_gone: Bools) -> Markup:
    """The page without some bytes of its text, which are whole characters.

    Args:
        markup: the page.
        is_gone: bool (n_bytes,).
    """
    text = np.frombuffer(markup.text, np.uint8)
    before = np.concatenate((np.zeros(1, np.int64), np.cumsum(is_gone)))
    chars_before = np.concatenate((np.zeros(1, np.int64), np.cumsum(is_gone & (text & 0xC0 != 0x80))))
    blocks, marks = markup.blocks.copy(), markup.marks.copy()
    blocks["chars"] -= chars_before[blocks["end"]] - chars_before[blocks["start"]]
    blocks["link_chars"] = np.minimum(blocks["link_chars"], blocks["chars"])
    for records in (blocks, marks):
        for column in ("start", "end"):
            records[column] -= before[records[column]]
    return replace(markup, text=text[~is_gone].tobytes(), blocks=blocks, marks=marks)
