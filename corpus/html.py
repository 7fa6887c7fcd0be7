"""The main text of a web page: what its author wrote, without the frame around it.

Our own extractor works in three steps, none of which knows any site:

1. One pass over the parser's events (libxml2's, through lxml) cuts the page into blocks, a block being text
   between two block-level boundaries, and sums up for every container how much prose it holds,
   where prose is text outside links, in sentences.
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
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import unescape

from lxml import etree
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

EXTRACTORS = ("manyo", "resiliparse", "trafilatura")


@dataclass(frozen=True, slots=True)
class MainText:
    """Title and main text of a page, lines separated by `\\n`; empty if there is none."""

    title: str
    text: str


def extract(html: str, extractor: str = "manyo") -> MainText:
    """Main text of an HTML page.

    Args:
        html: the decoded page.
        extractor: one of `EXTRACTORS`.

    Returns:
        Title and text; both empty if the page holds none.
    """
    slim = _LONG_TAG.sub(r"<\1>", _without_element(_without_element(html, "script"), "style"))
    page = _read(slim)
    title = page.title()
    if extractor == "manyo":
        text = _main_text(page.blocks, page.boxes, title)
    elif extractor == "resiliparse":
        text = _by_resiliparse(slim, page)
    elif extractor == "trafilatura":
        text = _by_trafilatura(html)
    else:
        raise ValueError(f"extractor must be one of {', '.join(EXTRACTORS)}, got {extractor!r}")
    # Text that is plainly there is not lost, whatever the extractor finds in it.
    return MainText(title, text if text.strip() else _lines(page.blocks) or _without_tags(slim))


def plain_text(text: str) -> MainText:
    """A page that is plain text already."""
    return MainText("", text)


def _without_element(html: str, name: str) -> str:
    """The page without elements of that lower-case name; half of an average page is scripts and styles.

    A search for both ends, not an expression: `<script>` repeated and never closed would take quadratic time.
    """
    opening, closing = f"<{name}", f"</{name}>"
    parts: list[str] = []
    position = 0
    while (start := html.find(opening, position)) >= 0 and (end := html.find(closing, start)) >= 0:
        parts.append(html[position:start])
        position = end + len(closing)
    return "".join(parts) + html[position:] if parts else html


def _by_resiliparse(html: str, page: _Page) -> str:
    if page.deepest > _RESILIPARSE_DEPTH:
        return ""
    joined = _JAPANESE_LINE_END.sub("", html).encode("utf-8", "replace").decode("utf-8")
    return extract_plain_text(HTMLTree.parse(joined), main_content=True, alt_texts=False, skip_elements=["rt", "rp"])


def _by_trafilatura(html: str) -> str:
    import trafilatura  # takes longer to import than all the rest together, and few runs choose it

    return trafilatura.extract(html, include_comments=False) or ""


# --- reading the tree ------------------------------------------------------------------------


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
    """

    __slots__ = ("children", "content", "hint", "is_frame", "parent", "prose", "tag")

    def __init__(self, tag: str, parent: _Box | None, hint: int) -> None:
        self.tag = tag
        self.parent = parent
        self.hint = hint
        self.prose = 0
        self.content = 0
        self.children: list[_Box] = []
        self.is_frame = False
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
    """Collects blocks and boxes from a parser's events, without a tree in between.

    The tree would cost more than the parsing: Python would go to each of its nodes several times.

    Attributes:
        blocks: all blocks, in document order.
        boxes: all boxes, in document order; the outermost first.
        deepest: most elements that were open at once.
    """

    def __init__(self) -> None:
        self.blocks: list[_Block] = []
        self._box = _Box("html", None, 0)
        self.boxes = [self._box]
        self.deepest = 0
        self._depth = 0
        self._skipped = 0  # open elements from the outermost skipped one on
        self._links = 0  # open <a>
        self._pieces: list[str] = []
        self._link_chars = 0
        self._title: list[str] = []
        self._in_title = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element opens."""
        self._depth += 1
        if self._depth > self.deepest:
            self.deepest = self._depth
        if self._skipped:
            self._skipped += 1
        elif tag in _SKIPPED or (attributes and _HIDDEN.search(attributes.get("style", ""))):
            self._skipped = 1
            self._in_title = tag == "title" and not self._title
        elif tag in _INLINE:
            if tag == "a":
                self._links += 1
        elif tag == "br":
            self._pieces.append("\v")
        else:
            if self._pieces:
                self._close_block()
            hint = _hint(attributes.get("class"), attributes.get("id")) if attributes else 0
            self._box = _Box(tag, self._box, hint)
            self.boxes.append(self._box)

    def end(self, tag: str) -> None:
        """An element closes."""
        self._depth -= 1
        if self._skipped:
            self._skipped -= 1
            self._in_title = self._in_title and self._skipped > 0
        elif tag in _INLINE:
            if tag == "a":
                self._links -= 1
        elif tag != "br":
            if self._pieces:
                self._close_block()
            box = self._box
            if box.parent is not None:
                box.parent.prose += box.prose
                self._box = box.parent

    def data(self, text: str) -> None:
        """A run of characters; the parser may cut text anywhere."""
        if self._skipped:
            if self._in_title:
                self._title.append(text)
            return
        if not self._pieces and text.isspace():
            return  # indentation between tags, more than half of all runs
        self._pieces.append(text)
        if self._links:
            self._link_chars += len(text.strip())

    def close(self) -> None:
        """The page ends; what is open closes."""
        if self._pieces:
            self._close_block()
        while self._box.parent is not None:
            self._box.parent.prose += self._box.prose
            self._box = self._box.parent

    def title(self) -> str:
        """The heading with which `<title>` begins, before the site's name, or else all of `<title>`."""
        title = _shown("".join(self._title))
        for block in self.blocks:
            if block.box.tag in ("h1", "h2") and len(block.text) >= _TITLE_CHARS and title.startswith(block.text):
                return block.text
        return title

    def _close_block(self) -> None:
        joined = "".join(self._pieces)
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


def _read(html: str) -> _Page:
    """The page's blocks; none where markup is beyond what the parser takes in bounded time."""
    page = _Page()
    if html.count("=") <= _MAX_ATTRIBUTES:
        parser = etree.HTMLParser(target=page, encoding="utf-8", huge_tree=True)
        try:
            parser.feed(html.encode("utf-8", "replace"))
            parser.close()
        except etree.XMLSyntaxError:  # an empty page
            page.close()
    return page


@lru_cache(maxsize=65536)
def _hint(class_name: str | None, element_id: str | None) -> int:
    """What an element's name says: 1 main text, -1 frame, 0 nothing."""
    names = f"{class_name or ''} {element_id or ''}".lower()
    if names == " ":
        return 0
    if _MAIN_NAMES.search(names):
        return 1
    return -1 if _FRAME_NAMES.search(names) else 0


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
    inside = [block for block in blocks if _within(block.box, main)]
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


def _within(box: _Box | None, main: _Box) -> bool:
    while box is not None and box is not main:
        if box.is_frame:
            return False
        box = box.parent
    return box is main


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
    return _shown(unescape(_TAG.sub("\n", html)))


_SKIPPED = frozenset(
    re.findall(
        r"\w+",
        "script style noscript template svg canvas iframe object embed applet audio video map datalist select "
        "button rt rp rtc title meta link",
    )
)
_INLINE = frozenset(
    re.findall(
        r"\w+",
        "a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark nobr q rb rbc ruby s "
        "samp small span strike strong sub sup time tt u var wbr",
    )
)
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
_TITLE_CHARS = 2
#: libxml2 compares each attribute of a tag with all others: 30,000 in one tag take some four seconds.
_MAX_ATTRIBUTES = 30_000
#: resiliparse's extraction takes time with the square of the depth: 20,000 nested elements take 17 seconds.
_RESILIPARSE_DEPTH = 1000

_WIDE = "　-ヿ㐀-鿿豈-﫿！-｠"
_JAPANESE_LINE_END = re.compile(f"(?<=[{_WIDE}])[ \t]*\r?\n[ \t\r\n]*(?=[{_WIDE}])")
_WHITE_SPACE = re.compile("[ \t\r\n\f\xa0]{2,}|[\t\r\n\f\xa0]")
_BLANK_LINES = re.compile("\n{2,}")
_SENTENCE_END = re.compile("[。．！？!?]|[.,] |\\.$")
_HIDDEN = re.compile(r"display\s*:\s*none")
_TAG = re.compile("<[^<>]*>")
# No `>` for this long: a tag with thousands of attributes, or with a picture in one of them.
_LONG_TAG = re.compile(r"<([a-zA-Z][a-zA-Z0-9]{0,20})[^>]{20000,}>?")
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
