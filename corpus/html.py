"""The main text of a web page: what its author wrote, without the frame around it.

Our own extractor works in three steps, none of which knows any site:

1. One pass over the tags cuts the page into blocks, a block being text between two block-level
   boundaries, and sums up for every container how much prose it holds, where prose is text outside
   links, in sentences.
2. The main container is found from the top: as long as one child holds most of the prose, go down
   into it. An `<article>`, `<main>` or `itemprop="articleBody"` that holds most of it is taken at once.
3. Of its blocks, those go that belong to the frame: in elements named like navigation, sharing,
   related articles or comments, in lists of links, under headings that announce them, and the
   bylines before and the buttons behind the prose.

A name is a hint, never proof: an element that holds most of the page's prose is kept whatever it is
called (`<body class="has-sidebar">`). Where nothing is left, the text of the whole page is the answer.

For Japanese: the reading aids `<rt>` and `<rp>` are dropped, and a line break in the source between
two Japanese characters is no space. resiliparse and trafilatura can be chosen for comparison.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from html import unescape

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

from corpus.sniff import holds_kana

EXTRACTORS = ("manyo", "resiliparse", "trafilatura")


@dataclass(frozen=True, slots=True)
class MainText:
    """What a page says.

    Attributes:
        title: without the site's name where a heading confirms it; empty if there is none.
        text: main text, lines separated by `\\n`; empty if there is none.
        link_fraction: characters inside links per character of the whole page, frame included. Pages that
            are lists (of articles, search results, tags) come near 1.
        tags: attributes, as written, of `<meta>` tags and of those that state a licence or a date.
        json_ld: what the page says of itself in JSON-LD.
    """

    title: str
    text: str
    link_fraction: float = 0.0
    tags: tuple[str, ...] = ()
    json_ld: str = ""


def extract(html: str, extractor: str = "manyo") -> MainText:
    """Main text of an HTML page.

    Args:
        html: the decoded page.
        extractor: one of `EXTRACTORS`.

    Returns:
        Title and text; both empty if the page holds none.
    """
    page = _Page()
    slim = _without_skipped(html, page)
    page.read(slim)
    title = page.title()
    if extractor == "manyo":
        text = _main_text(page.blocks, page.boxes, title)
    elif extractor == "resiliparse":
        text = _by_resiliparse(slim)
    elif extractor == "trafilatura":
        text = _by_trafilatura(html)
    else:
        raise ValueError(f"extractor must be one of {', '.join(EXTRACTORS)}, got {extractor!r}")
    # Text that is plainly there is not lost, whatever the extractor finds in it: not the Japanese of a page
    # whose only sentence, for a heuristic, is "All rights reserved.", and not the text of broken markup.
    whole = _lines(page.blocks)
    is_small = 2 * len(text) < len(whole)  # a foreign article on a Japanese site is not
    if not text.strip() or (is_small and not holds_kana(text) and holds_kana(whole, _PLAINLY_JAPANESE_KANA)):
        text = whole or _without_tags(slim)
    n_chars = sum(len(block.text) for block in page.blocks)
    link_chars = sum(min(block.link_chars, len(block.text)) for block in page.blocks)
    return MainText(title, text, link_chars / max(1, n_chars), tuple(page.tags[:_MAX_STATED_TAGS]), page.json_ld)


def plain_text(text: str) -> MainText:
    """A page that is plain text already."""
    return MainText("", text)


def _by_resiliparse(html: str) -> str:
    if html.count("<") > _RESILIPARSE_TAGS or _nesting(html) > _RESILIPARSE_DEPTH:
        return ""
    joined = _JAPANESE_LINE_END.sub("", html).encode("utf-8", "replace").decode("utf-8")
    return extract_plain_text(HTMLTree.parse(joined), main_content=True, alt_texts=False, skip_elements=["rt", "rp"])


def _nesting(html: str) -> int:
    """Most elements that can be open at once: starts less ends, whatever their names."""
    depth = deepest = 0
    for match in _START_OR_END.finditer(html):
        depth += -1 if match[1] else 1
        deepest = max(deepest, depth)
    return deepest


def _by_trafilatura(html: str) -> str:
    import trafilatura  # takes longer to import than all the rest together, and few runs choose it

    return trafilatura.extract(html, include_comments=False) or ""


# --- reading the tags ------------------------------------------------------------------------


class _Box:
    """A block-level element: what it is called and how much prose its subtree holds.

    Attributes:
        tag: lower-case name.
        parent: the box around it; None for the outermost.
        children: boxes directly inside, in order.
        hint: what class and id say: 1 main text, -1 frame, 0 nothing.
        prose: characters of prose in the subtree.
        content: the same, without what is in frame boxes.
        is_frame: belongs to the frame of the page.
        is_inside: is the main container, or in it and in no frame box.
    """

    __slots__ = ("children", "content", "hint", "is_frame", "is_inside", "parent", "prose", "tag")

    def __init__(self, tag: str, parent: _Box | None, hint: int) -> None:
        self.tag = tag
        self.parent = parent
        self.hint = hint
        self.prose = 0
        self.content = 0
        self.children: list[_Box] = []
        self.is_frame = False
        self.is_inside = False
        if parent is not None:
            parent.children.append(self)


class _Block:
    """A run of text between block-level boundaries.

    Attributes:
        text: as a browser shows it; lines within it come from `<br>` and `<pre>`.
        link_chars: its characters inside links.
        prose: its characters of prose: those outside links, if it is long or has the marks of a sentence.
        box: the innermost block-level element around it.
    """

    __slots__ = ("box", "link_chars", "prose", "text")

    def __init__(self, text: str, link_chars: int, prose: int, box: _Box) -> None:
        self.text = text
        self.link_chars = link_chars
        self.prose = prose
        self.box = box


class _Page:
    """What a page's tags make of its text: blocks in boxes.

    Attributes:
        blocks: all blocks, in document order.
        boxes: all boxes, in document order; the outermost first.
        title_text: content of the first `<title>`, as written.
        tags: see `MainText`.
        json_ld: see `MainText`.
    """

    def __init__(self) -> None:
        self.blocks: list[_Block] = []
        self._box = _Box("html", None, 0)
        self.boxes = [self._box]
        self.title_text = ""
        self.tags: list[str] = []
        self.json_ld = ""
        self._open: Counter[str] = Counter()  # boxes that are open, by name
        self._depth = 0
        self._too_deep = 0  # open boxes beyond the deepest that is kept
        self._link_boxes: list[_Box] = []  # the boxes in which the open links started
        self._hidden_box: _Box | None = None  # the open box that is not shown
        self._hidden_inline = ""  # the same for an inline element, by name
        self._pieces: list[str] = []
        self._link_chars = 0

    def read(self, html: str) -> None:
        """Take in a page without its skipped elements.

        Behind the last `>` no tag can end, and up to there every `<a` finds an end, so no part is read twice.
        """
        end = html.rfind(">") + 1
        parts = _TAG.split(html[:end])
        unfinished = _TAG_START.search(html, end)
        parts[-1] = html[end : unfinished.start() if unfinished else len(html)]
        parts += ("", "br", "")
        for text, slash, name, attributes in zip(parts[::4], parts[1::4], parts[2::4], parts[3::4], strict=True):
            # Indentation between tags is more than half of all runs.
            if text and (self._pieces or not text.isspace()) and not (self._hidden_box or self._hidden_inline):
                self._pieces.append(text)
                if self._link_boxes:
                    self._link_chars += len((_unescaped(text) if "&" in text else text).strip())
            if name is None:  # a comment, a doctype
                continue
            kind = _KIND_OF_TAG.get(name)
            if kind is None:
                name = name.lower()
                kind = _KIND_OF_TAG.get(name, _BOX)
            if attributes and (kind == _META or "icense" in attributes or "datePublished" in attributes):
                self.tags.append(attributes)
            if kind == _INLINE:
                if name == self._hidden_inline and slash:
                    self._hidden_inline = ""
                elif not slash and "none" in attributes and not self._hidden_inline and _HIDDEN.search(attributes):
                    self._hidden_inline = name
            elif kind == _LINK:
                if slash:
                    del self._link_boxes[-1:]
                elif "href" in attributes or "HREF" in attributes:
                    # Links in links are links (cards with labels), but not beside each other: one was left open.
                    if self._link_boxes and self._link_boxes[-1] is self._box:
                        self._link_boxes.pop()
                    self._link_boxes.append(self._box)
            elif kind == _BREAK:
                self._pieces.append("\v")
            elif kind == _BOX:
                if self._pieces:
                    self._close_block()
                if slash:
                    self._end(name.lower())
                else:
                    self._start(name.lower(), attributes)
            elif kind == _RULE and self._pieces:
                self._close_block()
        if self._pieces:
            self._close_block()
        while self._box.parent is not None:
            self._leave()

    def _start(self, tag: str, attributes: str) -> None:
        """A box opens, after those that it ends without saying so."""
        if tag in _ENDS_PARAGRAPH and (self._box.tag == "p" or (tag in _HEADINGS and self._box.tag in _HEADINGS)):
            self._leave()
        elif tag in _ENDS_LIKE:
            self._end_any(_ENDS_LIKE[tag], _BORDERS[tag])
        if self._depth == _MAX_DEPTH:
            self._too_deep += 1
            return
        hint, is_hidden = _hint(attributes[:_ATTRIBUTE_CHARS]) if attributes else (0, False)
        self._box = _Box(tag, self._box, hint)
        self._depth += 1
        self._open[tag] += 1
        self.boxes.append(self._box)
        if is_hidden and self._hidden_box is None:
            self._hidden_box = self._box

    def _end(self, tag: str) -> None:
        """An end tag: it ends the nearest box of that name, or nothing."""
        if self._too_deep:
            self._too_deep -= 1
        elif self._open[tag]:
            self._end_any((tag,), _BORDERS.get(tag, _CELL_BORDERS))

    def _end_any(self, tags: tuple[str, ...], borders: frozenset[str]) -> None:
        """End the nearest box of one of these names, and all in it, if no border is between."""
        box = self._box
        while box.tag not in tags:
            if box.tag in borders or box.parent is None:
                return
            box = box.parent
        while self._box is not box:
            self._leave()
        if box.parent is not None:
            self._leave()

    def _leave(self) -> None:
        """The innermost box closes."""
        box = self._box
        if box.parent is None:
            return
        box.parent.prose += box.prose
        self._box = box.parent
        self._depth -= 1
        self._open[box.tag] -= 1
        self._hidden_inline = ""
        while self._link_boxes and self._link_boxes[-1] is box:
            self._link_boxes.pop()
        if self._hidden_box is box:
            self._hidden_box = None

    def title(self) -> str:
        """The heading with which `<title>` begins, before the site's name, or else all of `<title>`."""
        title = _shown(unescape(self.title_text))
        for block in self.blocks:
            if block.box.tag in ("h1", "h2") and len(block.text) >= _TITLE_CHARS and title.startswith(block.text):
                return block.text
        return title

    def _close_block(self) -> None:
        joined = "".join(self._pieces)
        if "&" in joined:
            joined = _unescaped(joined)
        link_chars = self._link_chars
        self._pieces = []
        self._link_chars = 0
        box = self._box
        if box.tag == "pre" or (box.parent is not None and box.parent.tag == "pre"):
            text = joined.replace("\v", "\n").strip("\n")
            prose = len(text) if text.strip() else 0
            if not prose:
                return
        else:
            text = _shown(joined)
            if not text:
                return
            prose = max(0, len(text) - link_chars)
            if prose < _PROSE_CHARS and not _SENTENCE_END.search(text):
                prose = 0
        box.prose += prose
        self.blocks.append(_Block(text, link_chars, prose, box))


def _without_skipped(html: str, page: _Page) -> str:
    """The page without comments and the elements that hold no text of it; half of an average page is scripts.

    The first `<title>` goes to `page.title_text`. Elements of text that is no markup end at their first end
    tag; of others, one that holds another of its name, or never ends, only loses its tag.
    """
    parts: list[str] = []
    kept = position = 0
    endless: set[str] = set()
    while match := _SKIPPED_START.search(html, position):
        start, position = match.span()
        name = match[1].lower() if match[1] else "!--"
        if name in endless:
            continue
        if name == "!--":
            end = html.find("-->", start + 2) + 3
            if end < 3:
                endless.add(name)
                continue
        else:
            border = _BORDER_OF_SKIPPED[name].search(html, position)
            if border is None:
                endless.add(name)
                continue
            if border[1] is None and name not in _RUBY:
                continue
            # What ends a reading may begin the next one.
            end = border.start() if name in _RUBY else border.end()
            if name == "script" and "ld+json" in html[position : position + _ATTRIBUTE_CHARS].partition(">")[0]:
                page.json_ld += html[position : border.start()]
            elif name == "title" and not page.title_text:
                page.title_text = html[html.find(">", start, border.start()) + 1 : border.start()]
        parts.append(html[kept:start])
        kept = position = end
    return "".join(parts) + html[kept:] if parts else html


@lru_cache(maxsize=65536)
def _hint(attributes: str) -> tuple[int, bool]:
    """What an element's class and id say (1 main text, -1 frame, 0 nothing), and whether it is hidden."""
    names = ""
    is_hidden = False
    for name, double_quoted, single_quoted, bare in _ATTRIBUTE.findall(attributes):
        value = double_quoted or single_quoted or bare
        if name.lower() == "style":
            is_hidden = _HIDDEN.search(value) is not None
        else:
            names += " " + value.lower()
    if not names:
        return 0, is_hidden
    if _MAIN_NAMES.search(names):
        return 1, is_hidden
    return (-1 if _FRAME_NAMES.search(names) else 0), is_hidden


def _unescaped(text: str) -> str:
    """Text with its character references resolved; `html.unescape`, but one reference is worked out once."""
    return _REFERENCE.sub(_character, text)


def _character(match: re.Match[str]) -> str:
    return _resolved(match[0])


_resolved = lru_cache(maxsize=4096)(unescape)


def _shown(text: str) -> str:
    """White space collapsed as in a browser, but no space where a source line ends in Japanese.

    `\v` stands for `<br>`.
    """
    if "\n" in text:
        text = _JAPANESE_LINE_END.sub("", text)
    text = _WHITE_SPACE.sub(" ", text)
    if "\v" in text:
        text = "\n".join(line.strip(" ") for line in text.split("\v"))
        return _BLANK_LINES.sub("\n", text).strip("\n")
    return text.strip(" ")


# --- choosing --------------------------------------------------------------------------------


def _main_text(blocks: list[_Block], boxes: list[_Box], title: str) -> str:
    """Lines of the main text; empty if no part of the page holds prose."""
    page = boxes[0]
    for block in blocks:
        block.box.content += block.prose
    for box in reversed(boxes):
        by_name = _NAMED_FRAME_SHARE if box.hint < 0 and box.tag not in _QUOTED_TAGS else 0.0
        box.is_frame = box.prose < _FRAME_SHARE.get(box.tag, by_name) * page.prose
        if box.parent is not None and not box.is_frame:
            box.parent.content += box.content
    main = page
    while candidates := [box for box in main.children if not box.is_frame and box.tag not in _NEVER_MAIN]:
        best = max(candidates, key=lambda box: box.content)
        is_named = best.hint > 0 or best.tag in ("article", "main")
        if not best.content or best.content < (_NAMED_MAIN_SHARE if is_named else _MAIN_SHARE) * main.content:
            break
        main = best
    main.is_inside = True
    for box in boxes:
        if box.parent is not None and box.parent.is_inside and not box.is_frame:
            box.is_inside = True
    inside = [block for block in blocks if block.box.is_inside]
    kept = _without_frame(inside, title)
    return _lines(kept if any(block.prose for block in kept) else inside)


def _lines(blocks: list[_Block]) -> str:
    """Blocks as lines; short cells of one table row share a line."""
    lines: list[str] = []
    previous: _Block | None = None
    for block in blocks:
        if (
            previous is not None
            and block.box.tag in ("td", "th")
            and previous.box.tag in ("td", "th")
            and block.box.parent is previous.box.parent
            and max(len(block.text), len(previous.text)) <= _CELL_CHARS
        ):
            lines[-1] += f"\t{block.text}"
        else:
            lines.append(block.text)
        previous = block
    return "\n".join(lines)


def _without_frame(blocks: list[_Block], title: str) -> list[_Block]:
    """The blocks without headline and byline, announced lists of links, and buttons."""
    kept: list[_Block] = []
    first = next((i for i, block in enumerate(blocks) if block.prose), len(blocks))
    last = next((i for i in range(len(blocks) - 1, -1, -1) if blocks[i].prose), -1)
    i = 0
    while i < len(blocks):
        block = blocks[i]
        if block.box.tag in _HEADINGS and _FRAME_HEADING.match(block.text):
            end = _section_end(blocks, i)
            if 2 * sum(b.link_chars for b in blocks[i:end]) >= sum(len(b.text) for b in blocks[i:end]) or end == i + 1:
                i = end
                continue
        is_link = block.link_chars > 0.8 * len(block.text)
        if i < first:
            drop = block.text in title or is_link or _BYLINE.search(block.text) is not None
        elif i > last:
            drop = (is_link and block.box.tag not in ("li", "p", "dd")) or _BUTTON.search(block.text) is not None
        else:
            drop = is_link and block.box.tag not in _FLOW_TAGS
        if not drop:
            kept.append(block)
        i += 1
    return kept


def _section_end(blocks: list[_Block], start: int) -> int:
    """Index of the next heading of the same or a higher level."""
    level = blocks[start].box.tag
    for i in range(start + 1, len(blocks)):
        tag = blocks[i].box.tag
        if tag in _HEADINGS and tag <= level:
            return i
    return len(blocks)


def _without_tags(html: str) -> str:
    """What is left without tags, for markup that no parser makes a tree of."""
    return _shown(unescape(_ANY_TAG.sub("\n", html)))


_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
#: The main text is never one paragraph or one list alone: what is around it would be lost.
_NEVER_MAIN = frozenset(("p", "ul", "ol", "li", "dl", "dd", "dt", "th", "pre", "blockquote", *_HEADINGS))
#: An embedded post is quoted text, whatever its class says.
_QUOTED_TAGS = frozenset(("blockquote", "pre", *_HEADINGS))
#: Tags whose text stays in the middle of prose even if all of it is a link.
_FLOW_TAGS = frozenset(("p", "li", "td", "th", "dd", "dt", "blockquote", *_HEADINGS))

#: An element with such a tag or name is frame as long as it holds less than this share of the page's prose.
_FRAME_SHARE = {"nav": 0.5, "aside": 0.3, "footer": 0.3, "header": 0.2}
_NAMED_FRAME_SHARE = 0.3
#: A child is gone down into if it holds at least this share of its parent's prose. Measured on news pages:
#: from 0.85 on, side columns come along; down to 0.7 nothing changes.
_MAIN_SHARE = 0.8
_NAMED_MAIN_SHARE = 0.5
#: A block of this length is prose even without a full stop.
_PROSE_CHARS = 40
_CELL_CHARS = 80
#: A page with this many kana, and hardly any in what was taken for its main text, is given whole. Menus of
#: foreign pages stay below it; of 230 mixed pages labelled Japanese, 14 were lost without (slides, lists of links).
_PLAINLY_JAPANESE_KANA = 30
_TITLE_CHARS = 2
#: resiliparse's extraction takes time with the square of the depth: 20,000 nested elements take 17 seconds;
#: a list of 100,000 options crashes it.
_RESILIPARSE_DEPTH = 1000
_RESILIPARSE_TAGS = 50_000

#: Boxes inside boxes beyond this are not told apart; browsers stop at 512.
_MAX_DEPTH = 256
#: Of a longer list of attributes (a picture in one of them), the beginning is read.
_ATTRIBUTE_CHARS = 2000
#: A page states few things of itself; thousands of `<meta>` are an attack.
_MAX_STATED_TAGS = 500

#: What a tag does: nothing, state something of the page, nothing to the text around it, link it, end a line,
#: end a block, open or close a box.
#: A name that is not here is a box.
_IGNORED, _META, _INLINE, _LINK, _BREAK, _RULE, _BOX = range(7)
_TAGS_OF_KIND = {
    _META: "meta",
    _IGNORED: "html head link base source track param embed rp rt rtc wbr img title",
    _INLINE: "abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr q rb rbc ruby s "
    "samp small span strike strong sub sup time tt u var",
    _LINK: "a",
    _BREAK: "br",
    _RULE: "hr input col area frame bgsound spacer basefont isindex keygen",
    _BOX: "p div ul ol li dl dt dd table thead tbody tfoot tr td th caption section article main aside nav header "
    "footer form fieldset figure figcaption pre blockquote center h1 h2 h3 h4 h5 h6 address details summary",
}
_KIND_OF_TAG = {
    written: kind for kind, names in _TAGS_OF_KIND.items() for name in names.split() for written in (name, name.upper())
}
#: Elements that hold none of the page's text. `<title>` is its own.
_SKIPPED = (
    "script style title iframe noframes noscript template svg canvas object applet audio video map "
    "datalist select button rt rp rtc"
)
_RUBY = ("rt", "rp", "rtc")
_RAW_TEXT = ("script", "style", "title", "iframe", "noframes")
_SKIPPED_START = re.compile(rf"<(?:!--|({_SKIPPED.replace(' ', '|')})(?=[\s/>]))", re.IGNORECASE | re.ASCII)
_BORDER_OF_SKIPPED = {
    name: re.compile(
        r"<(/)?r(?:t|p|b|tc|uby)\b"
        if name in _RUBY
        else rf"<(/){name}\b[^>]*>"
        if name in _RAW_TEXT
        else rf"<(?:(/){name}\b[^>]*>|{name}\b)",
        re.IGNORECASE | re.ASCII,
    )
    for name in _SKIPPED.split()
}
_ENDS_PARAGRAPH = frozenset(
    re.findall(
        r"\w+",
        "address article aside blockquote center details dialog dir div dl fieldset figcaption figure footer form "
        "h1 h2 h3 h4 h5 h6 header hgroup main menu nav ol p pre section table ul",
    )
)
#: Start tags that end an open element of these names, as far as the borders below.
_ENDS_LIKE = {
    "li": ("li",),
    "dt": ("dt", "dd"),
    "dd": ("dt", "dd"),
    "td": ("td", "th"),
    "th": ("td", "th"),
    "tr": ("tr",),
    "thead": ("thead", "tbody", "tfoot"),
    "tbody": ("thead", "tbody", "tfoot"),
    "tfoot": ("thead", "tbody", "tfoot"),
}
_CELL_BORDERS = frozenset(("td", "th", "caption", "table"))
_TABLE_BORDERS = frozenset(("table",))
_NO_BORDERS: frozenset[str] = frozenset()
_LIST_BORDERS = _CELL_BORDERS | {"ul", "ol", "menu", "dir"}
_BORDERS = {
    "li": _LIST_BORDERS,
    "dt": _CELL_BORDERS | {"dl"},
    "dd": _CELL_BORDERS | {"dl"},
    **dict.fromkeys(("td", "th"), _TABLE_BORDERS | {"tr"}),
    **dict.fromkeys(("tr", "thead", "tbody", "tfoot", "caption"), _TABLE_BORDERS),
    **dict.fromkeys(("table", "body"), _NO_BORDERS),
}

_WIDE = "　-ヿ㐀-鿿豈-﫿！-｠"
_JAPANESE_LINE_END = re.compile(f"(?<=[{_WIDE}])[ \t]*\r?\n[ \t\r\n]*(?=[{_WIDE}])")
_WHITE_SPACE = re.compile("[ \t\r\n\f\xa0]{2,}|[\t\r\n\f\xa0]")
_BLANK_LINES = re.compile("\n{2,}")
_SENTENCE_END = re.compile("[。．！？!?]|[.,] |\\.$")
_HIDDEN = re.compile(r"display\s*:\s*none")
_ANY_TAG = re.compile("<[^<>]*>")
# A quote opens a value only behind `=`, and only if it is closed. Possessive: nothing is tried a second time.
_TAG = re.compile(r"""<(?:(/?)([a-zA-Z][^\s/>]*+)((?:[^>=]++|=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>]*+))*+)|[!?/][^>]*+)>""")
_TAG_START = re.compile("<[a-zA-Z/!?]")
_START_OR_END = re.compile("<(/)?[a-zA-Z]")
_REFERENCE = re.compile(r"&(?:#(?:\d+|[xX][0-9a-fA-F]+);?|[^\t\n\f <&#;]{1,32};?)", re.ASCII)
_ATTRIBUTE = re.compile(
    r"""(?<![^\s"'/])(class|id|style)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE | re.ASCII
)
_MAIN_NAMES = re.compile(
    r"article[-_]?(?:body|text|content|main|inner)|(?:entry|post|story|news|main|body)[-_]?(?:body|content|text)\b|honbun|kiji"
)
_FRAME_NAMES = re.compile(
    r"(?<![a-z])(?:nav|navi|navigation|gnav|menu|breadcrumbs?|pankuzu|topicpath|crumbs?|side|sidebar|foot|footer|header|share|sharing|"
    r"sns|social|related|relation|recommend|recommended|ranking|rank|popular|banner|bnr|ads?|advert|advertisement|sponsor|"
    r"comments?|tags?|tagcloud|category|categories|pager|pagination|pagenation|paging|prev|next|author|profile|writer|byline|"
    r"copyright|widget|toolbar|search|login|modal|popup|cookie|newsletter|subscribe|meta|date|time|archive|archives|"
    r"trackback|bookmark|tweet|twitter|facebook|hatena|feed|promo|promotion)(?![a-z])"
)
_FRAME_HEADING = re.compile(
    r"[\W_]*(?:(?:この記事[にの]|こちらの|その他の|他の|あなたに|今週の|最近の|月間|週間|総合|デイリー|アクセス)*"
    r"(?:関連|おすすめ|オススメ|お勧め|ランキング|人気|注目|新着|最新|最近|ピックアップ|あわせて読みたい|合わせて読みたい|"
    r"カテゴリー?|アーカイブ|シェア|コメント|トラックバック|タグ|前後の|前の|次の|プロフィール|広告|スポンサー|サイト内|目次|"
    r"バックナンバー|月別|記事一覧|一覧|よく読まれ|PR\b|PICK ?UP|SNS)"
    r"|(?i:related|recommend|popular|most popular|recent|latest|trending|share|comments?\b|tags?\b|archives?\b|"
    r"categor|leave a (?:reply|comment)|you may|more (?:from|in|on)|read (?:more|next)|see also|ranking|"
    r"about the author))"
    r".{0,20}$",
    re.DOTALL,
)
_BYLINE = re.compile(
    r"\d{4}\s*[-/.年]\s*\d{1,2}\s*[-/.月]|\d{1,2}:\d\d|更新日|公開日|投稿日|掲載日|^\W*(?:文|著者|執筆|取材|編集|記者|筆者|by|By|BY)\b|カテゴリ|タグ|"
    r"ツイート|シェア|ブックマーク|コメント|^(?i:tweet|share|print|posted|published|updated|tags?|categor)"
)
_BUTTON = re.compile(
    r"^(?i:tweet|share|print|like|follow|posted|tags?|categor|copyright|©|\(c\)|all rights)|"
    r"^(?:ツイート|シェア|いいね|印刷|"
    r"トップ|ページの?(?:先頭|トップ)|上へ|戻る|前へ|次へ|前の|次の|続きを|もっと見る|一覧|コメント|トラックバック|カテゴリ|タグ|広告|"
    r"スポンサー|はてな|この記事を)|(?i:all rights reserved|copyright)"
)
