"""The main text of a web page: what its author wrote, without the frame around it.

Our own extractor works in three steps, none of which knows any site:

1. One walk over the tree (libxml2's, through lxml) cuts the page into blocks, a block being text
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
from dataclasses import dataclass
from functools import lru_cache

import trafilatura
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
    html = _without_monsters(html)
    root = _parse(html)
    if root is None:
        return MainText("", _stripped_of_tags(html))
    title = _title(root)
    if extractor == "manyo":
        text = _main_text(root, title)
    elif extractor == "resiliparse":
        text = extract_plain_text(HTMLTree.parse(_joined_lines(html)), main_content=True, alt_texts=False)
    elif extractor == "trafilatura":
        text = trafilatura.extract(html, include_comments=False) or ""
    else:
        raise ValueError(f"extractor must be one of {', '.join(EXTRACTORS)}, got {extractor!r}")
    if not text.strip():
        text = _whole_text(root)
    return MainText(title, text if text.strip() else _stripped_of_tags(html))


# --- reading the tree ------------------------------------------------------------------------


class _Box:
    """A block-level element: what it is called and how much prose its subtree holds."""

    __slots__ = ("children", "hint", "is_frame", "parent", "prose", "tag")

    def __init__(self, tag: str, parent: _Box | None, hint: int) -> None:
        self.tag = tag
        self.parent = parent
        self.hint = hint
        self.prose = 0
        self.children: list[_Box] = []
        self.is_frame = False
        if parent is not None:
            parent.children.append(self)


class _Block:
    """A run of text between block-level boundaries."""

    __slots__ = ("box", "link_chars", "prose", "text")

    def __init__(self, text: str, link_chars: int, prose: int, box: _Box) -> None:
        self.text = text
        self.link_chars = link_chars
        self.prose = prose
        self.box = box


def _parse(html: str) -> etree._Element | None:
    """The page's tree, or None if there is nothing in it."""
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
    try:
        return etree.fromstring(html.encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError:
        return None


def _blocks(root: etree._Element) -> tuple[list[_Block], list[_Box]]:
    """All blocks and boxes of a tree, each in document order; prose summed up over subtrees."""
    blocks: list[_Block] = []
    box = _Box("html", None, 0)
    boxes = [box]
    pieces: list[str] = []
    n_link = 0
    links = 0
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        tag = element.tag
        if event == "start":
            if tag in _SKIPPED or _is_hidden(element):
                walk.skip_subtree()
                continue
            if tag in _INLINE:
                links += tag == "a"
            elif tag == "br":
                pieces.append("\v")
            else:
                if pieces:
                    _close(blocks, pieces, n_link, box)
                    pieces, n_link = [], 0
                box = _Box(tag, box, _hint(element.get("class"), element.get("id")))
                boxes.append(box)
            text = element.text
        else:
            if tag in _SKIPPED or _is_hidden(element):
                pass
            elif tag in _INLINE:
                links -= tag == "a"
            elif tag != "br":
                if pieces:
                    _close(blocks, pieces, n_link, box)
                    pieces, n_link = [], 0
                parent = box.parent
                if parent is not None:
                    parent.prose += box.prose
                    box = parent
            text = element.tail
        if text:
            pieces.append(text)
            if links:
                n_link += len(text.strip())
    if pieces:
        _close(blocks, pieces, n_link, box)
    return blocks, boxes


def _close(blocks: list[_Block], pieces: list[str], n_link: int, box: _Box) -> None:
    """End a block: its text as a browser shows it, if it shows any."""
    joined = "".join(pieces)
    if box.tag == "pre" or (box.parent is not None and box.parent.tag == "pre"):
        text = joined.replace("\v", "\n").strip("\n")
        if not text.strip():
            return
        prose = len(text)
    else:
        text = _shown(joined)
        if not text:
            return
        prose = len(text) - n_link
        if prose < _LONG_BLOCK_CHARS and not _SENTENCE_END.search(text):
            prose = 0
        prose = max(0, prose)
    box.prose += prose
    blocks.append(_Block(text, n_link, prose, box))


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


def _is_hidden(element: etree._Element) -> bool:
    style = element.get("style")
    return style is not None and "none" in style and _HIDDEN.search(style) is not None


@lru_cache(maxsize=65536)
def _hint(class_name: str | None, element_id: str | None) -> int:
    """What an element's name says: 1 main text, -1 frame, 0 nothing."""
    names = f"{class_name or ''} {element_id or ''}".lower()
    if names == " ":
        return 0
    if _MAIN_NAMES.search(names):
        return 1
    return -1 if _FRAME_NAMES.search(names) else 0


# --- choosing --------------------------------------------------------------------------------


def _main_text(root: etree._Element, title: str) -> str:
    blocks, boxes = _blocks(root)
    total = boxes[0].prose
    content = {id(box): 0 for box in boxes}
    for block in blocks:
        content[id(block.box)] += block.prose
    for box in reversed(boxes):
        limit = _FRAME_SHARE.get(box.tag, _FRAME_SHARE_BY_NAME if box.hint < 0 and box.tag not in _PROSE_TAGS else 0.0)
        box.is_frame = box.prose < limit * total
        if not box.is_frame and box.parent is not None:
            content[id(box.parent)] += content[id(box)]
    main = boxes[0]
    while main.children:
        best = max(main.children, key=lambda child: 0 if child.is_frame else content[id(child)])
        share = 0.5 if best.hint > 0 or best.tag in ("article", "main") else 0.8
        if best.is_frame or content[id(best)] < share * content[id(main)] or best.tag in _TEXT_TAGS:
            break
        main = best
    kept = [block for block in blocks if _within(block.box, main)]
    return "\n".join(block.text for block in _without_frame(kept, title))


def _within(box: _Box | None, main: _Box) -> bool:
    while box is not None and box is not main:
        if box.is_frame:
            return False
        box = box.parent
    return box is main


def _without_frame(blocks: list[_Block], title: str) -> list[_Block]:
    """The blocks without byline, announced lists of links and buttons."""
    first = next((i for i, block in enumerate(blocks) if block.prose), 0)
    last = next((i for i in range(len(blocks) - 1, -1, -1) if blocks[i].prose), len(blocks) - 1)
    kept = []
    skipping = ""
    for i, block in enumerate(blocks):
        tag = block.box.tag
        if tag in _HEADINGS:
            if skipping and tag <= skipping:
                skipping = ""
            if _FRAME_HEADING.search(block.text) and len(block.text) < 30:
                skipping = tag
        if skipping:
            continue
        if i < first and not (tag in _HEADINGS and block.text not in title):
            continue
        if i > last and (tag not in _TEXT_TAGS or block.link_chars):
            continue
        if block.link_chars > 0.8 * len(block.text) and not block.prose and tag not in ("p", "li", "td", "dd"):
            continue
        kept.append(block)
    return kept


def _title(root: etree._Element) -> str:
    for element in root.iter("title"):
        return _shown("".join(element.itertext()))
    return ""


def _whole_text(root: etree._Element) -> str:
    """All text of the page, frame and all."""
    blocks, _ = _blocks(root)
    return "\n".join(block.text for block in blocks)


def _stripped_of_tags(html: str) -> str:
    """What is left without tags, for markup that no parser makes a tree of."""
    return _shown(_TAG.sub(" ", html))


def _joined_lines(html: str) -> str:
    return _JAPANESE_LINE_END.sub("", html)


def _without_monsters(html: str) -> str:
    """The page without scripts, styles and tags of absurd length."""
    return _SCRIPT.sub("", _STYLE.sub("", html))


def plain_text(text: str) -> MainText:
    """A page that is plain text already."""
    return MainText("", text)


_SKIPPED = frozenset(
    "head script style noscript template svg canvas iframe object embed applet audio video map datalist select "
    "button rt rp rtc title meta link".split()
)
_INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark nobr q rb rbc ruby s samp "
    "small span strike strong sub sup time tt u var wbr".split()
)
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_TEXT_TAGS = frozenset(("p", "li", "dd", "dt", "td", "th", "pre", "blockquote", *_HEADINGS))
_PROSE_TAGS = frozenset(("blockquote", "pre", *_HEADINGS))
_FRAME_SHARE = {"nav": 0.5, "aside": 0.3, "footer": 0.3, "header": 0.2}
_FRAME_SHARE_BY_NAME = 0.3
_LONG_BLOCK_CHARS = 40

_WIDE = "　-ヿ㐀-鿿豈-﫿！-｠"
_JAPANESE_LINE_END = re.compile(f"(?<=[{_WIDE}])[ \t]*\r?\n[ \t\r\n]*(?=[{_WIDE}])")
_WHITE_SPACE = re.compile("[ \t\r\n\f\xa0]+")
_BLANK_LINES = re.compile("\n{2,}")
_SENTENCE_END = re.compile("[。．！？!?]|[.,] |\\.$")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden")
_TAG = re.compile("<[^>]*>")
_SCRIPT = re.compile(r"<script\b.*?</script\s*>", re.DOTALL)
_STYLE = re.compile(r"<style\b.*?</style\s*>", re.DOTALL)
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
    "関連|おすすめ|オススメ|ランキング|人気|新着|最新|あわせて読|カテゴリ|アーカイブ|シェア|コメント|トラックバック|"
    "前の記事|次の記事|プロフィール|^(?i:related|recommended|popular|recent|share|comments?|tags?|archives?)"
)
