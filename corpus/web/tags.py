"""The tags of a page, read in one compiled pass over its bytes: blocks of text, in boxes.

A *box* is a block-level element, a *block* a run of text between two block-level boundaries. The pass does
what a browser does as far as the text depends on it: it ends elements whose end tag is left out, leaves out
scripts and hidden elements, resolves character references, collapses white space and drops what only says where
a line may end (soft hyphens, spaces of no width). What is hidden but named main text is read all the same: it waits
for a script, or for a subscriber. A link to a place on the page itself that holds signs alone (¶ behind a heading,
↩ behind a note, ▲) is left out as well, but in listings. For Japanese, the reading aids `<rt>` and `<rp>` are dropped,
and a line end in the source between two Japanese characters is no space.

Nothing here chooses: which blocks are a page's main text is for `manyo.corpus.web.main_text`.

Markup is hostile. Every byte is looked at a bounded number of times: what was searched for in vain is not
searched for again, nesting is told apart to a depth, and attributes are read to a length.

Sources: https://html.spec.whatwg.org/multipage/parsing.html, of which this is the part that moves text.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from html import unescape
from html.entities import html5
from typing import Final

import numpy as np

from manyo.corpus.web.markup_kernels import (
    _BOX,
    _CELL,
    _COMMENTS,
    _DIALOG,
    _FRAME,
    _LIST,
    _MAIN,
    _N_SLOTS,
    _POST,
    _ROW,
    _SLOT_BITS,
    _STATED,
    _TABLE,
    _TAGS_OF_KIND,
    _TERMS,
    _TITLE,
    _TOPIC,
    END,
    START,
    TAGS,
    _hash_of,
    _read,
)
from manyo.corpus.web.statements import META_NAMES

_ENDS_PARAGRAPH = (
    "address article aside blockquote center details dialog dir div dl fieldset figcaption figure footer form "
    "h1 h2 h3 h4 h5 h6 header hgroup main menu nav ol p pre section table ul"
)
# Boxes that end their like, as far as a border: items, terms, cells, rows, parts of a table.
_LIKE = {"li": 1, "dt": 2, "dd": 2, "td": 3, "th": 3, "tr": 4, "thead": 5, "tbody": 5, "tfoot": 5}
_BORDER = {
    **dict.fromkeys(("ul", "ol", "menu", "dir"), _LIST),
    **dict.fromkeys(("td", "th", "caption"), _CELL),
    "table": _TABLE,
    "dl": _TERMS,
    "tr": _ROW,
}
_BORDERS = {
    "li": _LIST | _CELL | _TABLE,
    **dict.fromkeys(("dt", "dd"), _TERMS | _CELL | _TABLE),
    **dict.fromkeys(("td", "th"), _TABLE | _ROW),
    **dict.fromkeys(("tr", "thead", "tbody", "tfoot", "caption"), _TABLE),
    **dict.fromkeys(("table", "body"), 0),
}

#: Words in class and id that name a frame of the main text. Those that are written together come last: each is on six
#: or more of the hosts of 4,375 mixed pages.
FRAME_WORDS: Final = (
    "nav navi navigation gnav navbar menu breadcrumb breadcrumbs pankuzu topicpath crumb crumbs side sidebar foot "
    "footer share sharing sns social related relation recommend recommended ranking popular banner bnr ad ads "
    "advert advertisement sponsor tagcloud pager pagination pagenation paging prev next copyright widgets toolbar "
    "search login modal popup cookie newsletter subscribe trackback bookmark tweet twitter facebook hatena feed promo "
    "promotion socials sidebars banners newsletters recommendations advertising promos sponsored sponsors "
    "consent kanren "
    "submenu subnav topnav mainnav sitenav sidenav globalnav footernav pagenav pagenavi mainmenu topmenu sidemenu "
    "widgetarea sidebox footerlinks prefooter searchform searchbox websearch skiplink skiplinks skipto cookiebanner "
    "cookieconsent socialmedia socialicons sociallinks socialshare sharebar sharebuttons sharebtn sharethis sharedaddy "
    "relatedposts relatedarticles relatedlinks mostpopular"
)
#: Words that name what stands with a text and is often frame. On a post among others they say what it is about
#: (`class="post category-news tag-sea author-me"`).
TOPIC_WORDS: Final = "tag tags category categories author profile writer byline header date time meta archive archives"
#: Whole names of such a post.
POST_NAMES: Final = "post hentry"
#: Words that name what readers wrote.
COMMENT_WORDS: Final = "comment comments disqus commentlist respond"
#: Words and pairs of words that name the main text.
MAIN_WORDS: Final = (
    *("article" + part for part in ("body", "text", "content", "main", "inner")),
    *(
        whole + part
        for whole in ("entry", "post", "story", "news", "main", "body")
        for part in ("body", "content", "text")
    ),
    *(whole + "more" for whole in ("entry", "article", "post", "asset")),  # behind "read more"
    "honbun",
    "kiji",
)
DIALOG_ROLES: Final = "dialog alertdialog"
FRAME_ROLES: Final = "navigation banner contentinfo complementary search"


@dataclass(frozen=True, slots=True)
class Markup:
    """What a page's tags make of its text.

    Attributes:
        text: the blocks' text as a browser shows it, UTF-8, one after another; lines within a block come from
            `<br>` and `<pre>`.
        blocks: int32 (n, BLOCK_COLUMNS), in document order.
        boxes: int32 (n, BOX_COLUMNS), in document order; the outermost, `html`, first.
        title: content of the first `<title>`, as written.
        tags: attributes, as written, of `<meta>` tags of `manyo.corpus.web.statements.META_NAMES`, and of others that
        state a
            licence or a date.
        json_ld: what the page says of itself in JSON-LD.
    """

    text: bytes
    blocks: np.ndarray
    boxes: np.ndarray
    title: str
    tags: tuple[str, ...]
    json_ld: str

    def text_of(self, block: int) -> str:
        """Text of one block."""
        return self.text[self.blocks[block, START] : self.blocks[block, END]].decode("utf-8")


def read_markup(html: str | bytes) -> Markup:
    """The blocks and boxes of a page.

    Args:
        html: the decoded page, or the same as valid UTF-8; lone surrogates are read as `?`.
    """
    data = html.encode("utf-8", "replace") if isinstance(html, str) else html
    page = np.frombuffer(data, np.uint8)
    text, blocks, boxes, spans = _read(page, True, *_tables())
    if not len(blocks):
        # A page that is hidden until its script has run.
        text, blocks, boxes, spans = _read(page, False, *_tables())
    title = ""
    tags: list[str] = []
    json_ld = ""
    for kind, start, end in spans.tolist():
        written = data[start:end].decode("utf-8", "replace")
        if kind == _STATED:
            tags.append(written)
        elif kind == _TITLE:
            title = written
        else:
            json_ld += written
    return Markup(text.tobytes(), blocks, boxes, title, tuple(tags), json_ld)


# --- tables ----------------------------------------------------------------------------------


def _slots(values: dict[bytes, int]) -> tuple[np.ndarray, np.ndarray]:
    """An open-addressing table: uint64 hashes, 0 where a slot is free, and int32 values."""
    hashes = np.zeros(_N_SLOTS, np.uint64)
    found = np.zeros(_N_SLOTS, np.int32)
    for name, value in values.items():
        hashed = _hash_of(name)
        slot = hashed >> (64 - _SLOT_BITS)
        while hashes[slot]:
            slot = (slot + 1) % _N_SLOTS
        hashes[slot], found[slot] = hashed, value
    hashes.flags.writeable = found.flags.writeable = False
    return hashes, found


@cache
def _tables() -> tuple[np.ndarray, ...]:
    """What `_read` knows of names: tags and what they do, words in class and id, attributes, character references."""
    index = {name: i for i, name in enumerate(TAGS)}
    kinds = np.full(len(TAGS), _BOX, np.int32)
    for kind, names in _TAGS_OF_KIND.items():
        for name in names.split():
            kinds[index[name]] = kind
    # Columns: kind, ends a paragraph, ends its like, is a border, what it cannot end across.
    does = np.zeros((len(TAGS), 5), np.int32)
    does[:, 0] = kinds
    does[:, 4] = _CELL | _TABLE
    for name in _ENDS_PARAGRAPH.split():
        does[index[name], 1] = 1
    for column, values in ((2, _LIKE), (3, _BORDER), (4, _BORDERS)):
        for name, value in values.items():
            does[index[name], column] = value
    words = {word.encode(): _MAIN for word in MAIN_WORDS}
    for bit, names in ((_FRAME, FRAME_WORDS), (_COMMENTS, COMMENT_WORDS), (_TOPIC, TOPIC_WORDS), (_POST, POST_NAMES)):
        words |= dict.fromkeys(names.encode().split(), bit)
    roles = dict.fromkeys(FRAME_ROLES.encode().split(), _FRAME) | {b"main": _MAIN}
    roles |= dict.fromkeys(DIALOG_ROLES.encode().split(), _DIALOG)
    # A reference stands for one or two characters.
    references = sorted(html5)
    characters = np.zeros((len(references), 2), np.int32)
    for i, name in enumerate(references):
        characters[i, : len(html5[name])] = [ord(character) for character in html5[name]]
    # What browsers make of the numbers up to 0x9F; -1 is nothing, as for all that are no character.
    numbers = np.array(
        [ord(unescape(f"&#{n};")[:1] or "\0") if unescape(f"&#{n};") else -1 for n in range(160)], np.int32
    )
    for table in (does, characters, numbers):
        table.flags.writeable = False
    return (
        does,
        *_slots({name.encode(): i for i, name in enumerate(TAGS) if name}),
        *_slots(words),
        *_slots(roles),
        *_slots(dict.fromkeys((name.encode() for name in META_NAMES), 1)),
        *_slots({name.encode(): i for i, name in enumerate(references)}),
        characters,
        numbers,
    )
