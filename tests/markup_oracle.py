"""The oracle for `manyo.corpus.web.tags.read_markup`: slow and obvious, on strings, with regular expressions."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from itertools import pairwise

from manyo.corpus.web.choice_words import NAME_WORDS, ROLE_WORDS
from manyo.corpus.web.markup import (
    COMMENTS_HINT,
    DIALOG_HINT,
    FRAME_HINT,
    MAIN_HINT,
    TAGS,
    TOPIC_HINT,
)
from manyo.corpus.web.statements import META_NAMES

words = str.split

IGNORED = frozenset(words("html head link base source track param embed rb rbc wbr"))
RULES = frozenset(words("hr input col area frame bgsound spacer basefont isindex keygen"))
BOXES = frozenset(
    words(
        "p div ul ol menu dir li dl dt dd table thead tbody tfoot tr td th caption section article main aside nav "
        "header footer form fieldset figure figcaption pre blockquote center h1 h2 h3 h4 h5 h6 address details summary "
        "body dialog hgroup search legend listing xmp textarea"
    )
)
RAW = frozenset(words("script style title iframe noframes noembed"))
SKIPPED = frozenset(words("noscript template svg canvas object audio video datalist select"))
SPARE = frozenset(words("noscript template canvas object audio video"))
READINGS = frozenset(("rt", "rp", "rtc"))
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
HANDLES = HEADINGS | frozenset(("dt", "summary", "?button", "legend", "caption", "th"))
ROWS = frozenset(("table", "thead", "tbody", "tfoot", "tr"))
LISTINGS = frozenset(("pre", "listing", "xmp", "textarea"))
ENDS_PARAGRAPH = HEADINGS | frozenset(
    words(
        "address article aside blockquote center details dialog dir div dl fieldset figcaption figure footer form "
        "header hgroup main menu nav ol p pre section table ul"
    )
)
LIKE = {
    tag: group for group in (("li",), ("dt", "dd"), ("td", "th"), ("tr",), ("thead", "tbody", "tfoot")) for tag in group
}
CELLS = frozenset(("td", "th", "caption", "table"))
BORDERS = {
    "li": CELLS | {"ul", "ol", "menu", "dir"},
    **dict.fromkeys(("dt", "dd"), CELLS | {"dl"}),
    **dict.fromkeys(("td", "th"), frozenset(("table", "tr"))),
    **dict.fromkeys(("tr", "thead", "tbody", "tfoot", "caption"), frozenset(("table",))),
    **dict.fromkeys(("table", "body"), frozenset()),
}
WIDE = "[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff01-\uff60]"
ATTRIBUTE = re.compile(
    r"""[ \t\r\n\f\v/=]+|([^ \t\r\n\f\v/=>]+)"""
    r"""(?:[ \t\r\n\f\v]*=[ \t\r\n\f\v]*("[^"]*"|'[^']*'|[^ \t\r\n\f\v>]*))?"""
)
TEXT = re.compile("<?[^<]*")
SIGNS = re.compile(
    "[\x00-)+-/:-@[-`{-\x7f\xa0\xa7\xb6\u2000-\u201f\u2022-\u203a\u203c-\u206f"
    "\u2190-\u245f\u2500-\u2775\u2794-\u2bff\ufe0e\ufe0f\U0001f517]*"
)
DIGITS = frozenset("0123456789")
BREAK_HINTS = "\xad\u200b\u2060"
PICTOGRAMS = re.compile("[\ue63e-\ue757]")
PRIVATE = re.compile("[\ue000-\uf8ff\uf940-\uf9db\uf9dd-\uf9fc\U000f0000-\U0010ffff]")
REFERENCE = re.compile(r"&(?:#(?:\d+|[xX][0-9a-fA-F]+);?|[a-zA-Z0-9]+;?)", re.ASCII)


@dataclass
class Box:
    """A block-level element."""

    tag: str
    parent: int
    hint: int = 0
    name: str = ""
    ordinal: int = 0
    controls: int = 0
    is_pre: bool = False
    is_numbers: bool = False
    is_small: bool = False
    is_hidden: bool = False
    n_blocks: int = 0
    n_fonts: int = 0


@dataclass
class Page:
    """What `read_markup` returns, in Python's own types: blocks are (text, characters in links, box).

    `links` are all links of each block, those to other hosts and those to places on the page; `small` says whether a
    block is small print.
    """

    links: list[tuple[int, int, int]] = field(default_factory=list)
    small: list[bool] = field(default_factory=list)
    n_hidden_japanese: int = 0
    blocks: list[tuple[str, int, int]] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=lambda: [Box("html", -1)])
    title: str | None = None
    tags: list[str] = field(default_factory=list)
    json_ld: str = ""


def read_markup(html: str) -> Page:
    """What `manyo.corpus.web.tags.read_markup` finds in markup whose tags all end and that is not hidden as a whole."""
    html = html.encode("utf-8", "replace").decode("utf-8")
    page = Page()
    stack = [0]
    links: list[int] = []
    hidden_box: int | None = None
    own = ("", 0)  # the element of no standard that ended last, and the boxes that were open around it
    hidden_inline = ["", 0, 0]  # name, how many of that name are open in it and with it, boxes that are open around it
    last_left = -1
    n_links = [0, 0, 0]
    fonts: list[bool] = []
    is_large = False
    targets: list[str] = []
    link_block = 0
    cite_block = -1
    form = -1
    is_text_to_its_end = False  # in a browser, after a text area without an end
    shown: list[tuple[str, bool, bool]] = []  # characters of the block; whether they are in a link, and of a picture
    at = 0

    def is_pre() -> bool:
        return page.boxes[stack[-1]].is_pre

    def end_endless_link() -> None:
        for row in range(link_block, len(page.blocks)):
            if page.links[row][0] == 0:
                page.blocks[row] = (page.blocks[row][0], 0, page.blocks[row][2])

    def close_block() -> None:
        nonlocal is_large
        block = _block(shown, is_pre())
        shown.clear()
        if block:
            page.blocks.append((*block, stack[-1]))
            page.links.append((n_links[0], n_links[1], n_links[2]))
            page.small.append(not is_large)
            if links and len(page.blocks) - link_block > 12:
                links.clear()
                end_endless_link()
        n_links[:] = [0, 0, 0]
        is_large = False

    def leave() -> None:
        nonlocal hidden_box, last_left
        last_left = stack.pop()
        box = page.boxes[last_left]
        digits = "".join(text for text, *_ in page.blocks[box.n_blocks :])
        if box.is_numbers and digits and not digits.strip("0123456789 \t\r\n\v\f"):
            del page.blocks[box.n_blocks :]
            del page.links[box.n_blocks :]
            del page.small[box.n_blocks :]
        if box.tag in ("td", "th", "table"):
            del fonts[box.n_fonts :]
        box.is_hidden = hidden_box == last_left
        if len(stack) - 1 < hidden_inline[2]:
            hidden_inline[1] = 0
        while links and links[-1] == last_left:
            links.pop()
            if not links:
                end_endless_link()
        hidden_box = None if hidden_box == last_left else hidden_box

    def end_nearest(names: tuple[str, ...], borders: frozenset[str]) -> None:
        for depth in range(len(stack) - 1, 0, -1):
            tag = page.boxes[stack[depth]].tag
            if tag in names:
                while len(stack) > depth:
                    leave()
                return
            if tag in borders:
                return

    def is_heading() -> bool:
        return page.boxes[stack[-1]].tag in HEADINGS

    def is_handle(box: int) -> bool:
        return box >= 0 and page.boxes[box].tag in HANDLES

    def show(written: str, *, is_alt: bool = False) -> None:
        nonlocal is_large
        text = REFERENCE.sub(lambda match: PRIVATE.sub("", unescape(match[0])), PICTOGRAMS.sub("", written))
        shown.extend((character, bool(links), is_alt) for character in text if character not in BREAK_HINTS)
        is_small = page.boxes[stack[-1]].is_small or fonts[-1:] == [True]
        is_blank = not text.strip(("\r\n" if is_pre() else " \t\r\n\f\v\xa0") + BREAK_HINTS)
        is_large = is_large or not (is_small or is_blank)

    while at < len(html):
        is_hidden = hidden_box is not None or hidden_inline[1] > 0
        tag = re.compile("<(/?)([a-zA-Z][^ \t\r\n\f\v/>]*)").match(html, at)
        if tag is None and re.match("<[!/?]", html[at : at + 2]):
            end = re.compile("<!--(?:-?>|.*?(?:-->|--!>))|<(?!!--).*?>", re.DOTALL).match(html, at)
            if not end:
                break
            at = end.end()
        elif tag is None:
            run = TEXT.match(html, at)[0]  # type: ignore[index]
            if not is_hidden:
                show(run)
            page.n_hidden_japanese += _count_japanese(run) if is_hidden else 0
            at += len(run)
        else:
            is_end, name = tag[1] == "/", tag[2].lower()
            attributes, after = _attributes(html, tag.end())
            at = after
            targets += [_lower(attributes["aria-controls"])] if attributes.get("aria-controls") else []
            is_skipped = name in RAW | SKIPPED | READINGS
            is_field = name in ("input", "select", "textarea", "button") and not is_end
            forms = [box for box in stack if page.boxes[box].tag == "form" and box == form]
            if is_field and "hidden" not in attributes.get("type", "").lower():
                page.boxes[stack[-1]].controls += 1
                if forms:
                    page.boxes[form].ordinal += 1
            if name in SPARE:
                has_text = len(page.blocks) > page.boxes[stack[-1]].n_blocks or _visible(shown, is_pre())
                may_be_text = not is_hidden and (name != "template" or (len(stack) > 2 and has_text))
                is_shadow = name == "template" and "shadowroot" in html[tag.end() : after].lower()
                least = 1 if name == "template" and page.boxes[stack[-1]].tag == "li" else 60
                is_skipped = not (is_end or is_shadow or (may_be_text and _is_text_of(name, html, after, least)))
            is_control = name == "textarea" and not is_end and "name" in attributes and "readonly" not in attributes
            if (is_skipped and not is_end) or is_control:
                at = _after_skipped(html, after, name, attributes, page)
                is_text_to_its_end |= name == "textarea" and at == after
                if at < 0:
                    break
                continue
            if is_skipped:
                continue
            if not is_end and not is_text_to_its_end and _states(name, attributes):
                page.tags.append(html[tag.end() : after - 1])
            tags = [page.boxes[box].tag for box in stack]
            is_amid = not is_end and page.boxes[stack[-1]].tag == "p" and _visible(shown, is_pre())
            is_own = not is_amid and _is_box_of_own(name, html, after, tags, is_end=is_end)
            said = _said(name, attributes) | (_said(name, {"class": name}) if is_own else set())
            hides = "hidden" in attributes or _has_style(attributes, "(?:display *: *none|visibility *: *hidden)")
            is_apart = html[tag.start() - 1 : tag.start()] == ">"
            if is_end:
                is_apart = re.match("<[a-zA-Z]", html[after : after + 2]) is not None
            if name == "time" and is_apart and not is_hidden and not is_pre():
                shown.append(("\f", bool(links), False))
            if name == "br":
                if not is_hidden:
                    shown.append(("\n" if is_pre() else "\v", bool(links), False))
            elif name in RULES:
                close_block()
                if name == "hr" and not is_end and not is_hidden:
                    page.boxes.append(Box("hr", stack[-1], ordinal=len(page.blocks)))
            elif name in ("img", "image"):
                is_first = not _visible([character for character in shown if not character[2]], is_pre())
                if is_end or is_hidden or not is_first or links or not is_handle(stack[-1]):
                    continue
                if any(is_alt for *_, is_alt in shown):
                    shown[:] = [character for character in shown if character[2]]
                show(attributes.get("alt", ""), is_alt=True)
            elif (name == "body" and (is_end or len(page.boxes) > 1)) or (
                name == "form" and page.boxes[stack[-1]].tag in ROWS
            ):
                continue
            elif name in BOXES or name == "button" or name in SPARE or is_own:
                known = "div" if is_own else name
                if name == "button":
                    known = "summary"
                    opens = {"aria-expanded", "aria-controls"} & set(attributes) or said & set(NAME_WORDS["fold"])
                    opens = opens and not said & {*NAME_WORDS["frame"], *ROLE_WORDS["dialog"]}
                    if is_end and page.boxes[stack[-1]].tag != "?button":
                        continue
                    if not is_end and (is_handle(stack[-1]) or is_handle(page.boxes[stack[-1]].parent)):
                        page.boxes[stack[-1]].controls -= 1
                        continue
                    if not is_end and not opens:
                        at = _after_skipped(html, after, name, attributes, page)
                        continue
                    page.boxes[stack[-1]].controls -= not is_end
                close_block()
                if is_end:
                    if name == "button":
                        leave()
                    elif is_own:
                        end_nearest((f"?{name}",), CELLS)
                    elif name in HEADINGS:
                        end_nearest(tuple(HEADINGS), CELLS)
                    else:
                        end_nearest((name,), BORDERS.get(name, CELLS))
                    continue
                inner = page.boxes[stack[-1]].tag
                if (is_own or name in ENDS_PARAGRAPH) and (inner == "p" or (name in HEADINGS and inner in HEADINGS)):
                    leave()
                elif name in LIKE:
                    end_nearest(LIKE[name], BORDERS[name])
                parent, around = stack[-1], page.boxes[stack[-1]]
                name_of_class = (re.findall("[^ \t\r\n\f\v]+", attributes.get("class", "")) or [""])[0]
                name_of_class = name_of_class or (tag[2] if is_own else "")
                kind = f"?{name}" if name == "button" or is_own else name
                box = Box(kind, parent, _hint(known, said), name_of_class)
                box.is_pre = around.is_pre or name in LISTINGS or _has_style(attributes, "white-space *: *pre")
                box.is_numbers = bool(said & set(NAME_WORDS["line_number"]))
                box.n_blocks, box.n_fonts = len(page.blocks), len(fonts)
                box.is_small = _is_small(attributes.get("style", ""), around.is_small)
                if name == "ol":
                    start = attributes.get("start", "1")[:6]
                    box.ordinal = (int(start) if start.isascii() and start.isdigit() else 1) - 1
                elif name == "li" and around.tag == "ol" and not around.is_pre and not around.is_numbers:
                    around.ordinal += 1
                    box.ordinal = around.ordinal
                form = len(page.boxes) if name == "form" else form
                page.boxes.append(box)
                stack.append(len(page.boxes) - 1)
                is_main = box.hint == MAIN_HINT or name in ("article", "main")
                is_frame = said & {*NAME_WORDS["frame"], *NAME_WORDS["comments"], *ROLE_WORDS["dialog"]}
                is_folded = (
                    said & set(NAME_WORDS["fold"]) or name == "dd" or "until-found" in attributes.get("hidden", "")
                )
                before = page.boxes[last_left]
                if last_left >= 0 and before.parent == parent and before.tag != "h1":
                    is_list = name in ("ul", "ol", "dl", "table", "form", "nav")
                    is_folded = is_folded or is_handle(last_left) or (around.tag == "li" and not is_list)
                    is_like = box.name != "" and (box.tag, box.name) == (before.tag, before.name)
                    is_folded = is_folded or (is_like and not before.is_hidden)
                if hides and hidden_box is None and not (is_main or is_folded or is_frame):
                    name_of_box = attributes.get("id", "")
                    is_streamed = re.match("S:[0-9]", name_of_box) is not None
                    is_folded = is_streamed or _lower(name_of_box) in targets[:64]
                if hides and hidden_box is None and not is_main and not (is_folded and not is_frame):
                    hidden_box = stack[-1]
                if name == "textarea":
                    content = re.compile(r"(.*?)</textarea[ \t\r\n\f\v/>]", re.IGNORECASE | re.DOTALL).match(
                        html, after
                    )
                    if content is None:
                        is_text_to_its_end = True
                    else:
                        at = content.end(1)
                        show(content[1] if hidden_box is None and not hidden_inline[1] else "")
            elif name not in IGNORED and name != "meta":
                follows_its_like = name not in TAGS and own == (name, len(stack) - 1)
                if is_end and name not in TAGS and not hidden_inline[1]:
                    own = (name, len(stack) - 1)
                if hidden_inline[1]:
                    if hidden_inline[0] == name:
                        hidden_inline[1] += -1 if is_end else 1
                        continue
                elif not (is_end or follows_its_like):
                    is_numbers = said & set(NAME_WORDS["line_number"]) and "class" in attributes
                    is_number = is_pre() and is_numbers and re.compile("[0-9 \t\r\n\f\v]{1,32}<").match(html, after)
                    is_edit = "class" in attributes and is_heading() and said & set(NAME_WORDS["edit"])
                    if (hides and not said & set(NAME_WORDS["fold"])) or ((is_number or is_edit) and not hides):
                        hidden_inline = [name, 1, len(stack) - 1]
                        continue
                if name == "cite" and not is_end:
                    cite_block = len(page.blocks) if not _visible(shown, is_pre()) else -1
                elif name == "cite" and cite_block == len(page.blocks) and not is_hidden:
                    quotes = (page.boxes[stack[-1]].tag, page.boxes[max(0, page.boxes[stack[-1]].parent)].tag)
                    shown += [("\n" if is_pre() else "\v", bool(links), False)] * ("blockquote" in quotes)
                if name in ("font", "small") and is_end:
                    del fonts[-1:]
                elif name in ("font", "small"):
                    size = attributes.get("size")
                    is_small_font = fonts[-1:] == [True] if size is None else bool(re.fullmatch("1|-[2-9]", size))
                    fonts.append(name == "small" or is_small_font)
                if not is_end and not is_hidden and _has_style(attributes, "display *: *block"):
                    shown.append(("\n" if is_pre() else "\v", bool(links), False))
                if name != "a":
                    continue
                if is_end:
                    del links[-1:]
                elif "href" in attributes or not {"name", "id"} & set(attributes):
                    address = attributes.get("href", "")
                    n_links[0] += 1
                    n_links[1] += re.match("//|[^/?#:]*:", address) is not None
                    n_links[2] += address.startswith("#") and address != "#"
                    targets += [_lower(address[1:])] if address.startswith("#") and address != "#" else []
                    if links and links[-1] == stack[-1]:
                        links.pop()
                    link_block = link_block if links else len(page.blocks)
                    links.append(stack[-1])
                    tool = re.compile("[\\[［][^<]*[\\]］](?=</a[ \t\r\n\f\v/>])", re.IGNORECASE).match(html, after)
                    has_text = _visible(shown, is_pre())
                    is_place = address.startswith("#")
                    if is_heading() and not is_place and has_text and tool and len(tool[0].encode()) < 32:
                        at = tool.end()
                    elif (is_place or (is_heading() and "href" not in attributes)) and not is_pre():
                        at = _after_signs(html, after, "†" if is_heading() else "")
    close_block()
    return page


def _is_box_of_own(name: str, html: str, after: int, tags: list[str], *, is_end: bool) -> bool:
    """Whether an element of the page's own is a box: it begins with one, or its end ends one that is open."""
    if name in TAGS or is_end:
        return is_end and name not in TAGS and f"?{name}" in tags
    inner = re.compile("[ \t\r\n\f\v]*<([a-zA-Z][^ \t\r\n\f\v/>]*)").match(html, after)
    return "-" in name and inner is not None and inner[1].lower() in BOXES


def _attributes(html: str, at: int) -> tuple[dict[str, str], int]:
    """The first value of each attribute, and where the tag ends; an unclosed quotation mark delimits nothing."""
    found: dict[str, str] = {}
    while html[at] != ">":
        match = ATTRIBUTE.match(html, at)
        assert match
        if match[1]:
            value = match[2] or ""
            is_quoted = value[:1] in ("'", '"') and value[-1:] == value[:1] and len(value) > 1
            found.setdefault(match[1].lower(), value[1:-1] if is_quoted else value)
        at = match.end()
    return found, at + 1


def _after_skipped(html: str, after: int, name: str, attributes: dict[str, str], page: Page) -> int:
    """Where to go on after an element that is left out."""
    if name in READINGS:
        border = re.compile(r"</?(?:rt|rp|rb|rtc|ruby)(?![a-zA-Z])", re.IGNORECASE).search(html, after)
        return border.start() if border else after
    slash = "</" if name in RAW or name == "textarea" else "</?"
    border = re.compile(rf"{slash}{name}[ \t\r\n\f\v/>]", re.IGNORECASE).search(html, after)
    is_cut = border is None and name in ("script", "style", "noembed")
    if not is_cut and (border is None or border[0][1] != "/"):
        return after
    content = html[after:] if border is None else html[after : border.start()]
    if name == "title" and page.title is None:
        page.title = content
    elif name == "script" and "ld+json" in attributes.get("type", "").lower():
        page.json_ld += content
    elif name not in ("script", "style", "title"):
        page.n_hidden_japanese += _count_japanese(content)
    end = -1 if border is None else html.find(">", border.start())
    return end + 1 if end >= 0 else -1


def _lower(name: str) -> str:
    """A name in small letters, as far as they are ASCII, without the white space around it; nothing if it is empty."""
    return "".join(c.lower() if c.isascii() else c for c in name.strip(" \t\r\n\f\v")) if name else "\0"


def _count_japanese(text: str) -> int:
    return len(re.findall("[\u3040-\u30ff\u3400-\u9fff]", text))


def _is_small(style: str, is_around: bool) -> bool:
    """Whether a style makes text small print; one that states no size leaves it as it is around."""
    limits = {"px": 12.0, "pt": 9.0, "em": 0.8, "rem": 0.8, "%": 80.0}
    for size in re.findall(r"(?:^|;)\s*font-size[\s:]*([^;]*)", style, re.IGNORECASE | re.ASCII):
        number = re.match(r"(\d[\d.]*|\.[\d.]*)(px|pt|em|rem|%)", size, re.IGNORECASE)
        is_around = "x-small" in size[:8].lower() if number is None else float(number[1]) < limits[number[2].lower()]
    return is_around


def _is_text_of(name: str, html: str, after: int, least: int) -> bool:
    """Whether a template, or what stands for a script or for media, holds Japanese text, and no place for a value."""
    content = re.compile(rf"(.*?)<(/?){name}[ \t\r\n\f\v/>]", re.IGNORECASE | re.DOTALL).match(html, after)
    if content is None or not content[2] or re.search(r"\{\{|\$\{|<%", content[1]):
        return False
    if name != "template" and re.search("javascript|flash|スクリプト|ブラウザ|プラグイン", content[1], re.IGNORECASE):
        return False
    text = re.sub("<[^>]*(?:>|$)", "", content[1])
    return len(re.sub("[\x00-\x7f]", "", text).encode()) >= least


def _after_signs(html: str, after: int, also: str) -> int:
    """The end tag of a link that contains a few signs alone, else where its text starts; `also` is a sign."""
    link = re.compile("([^<]*)</a[ \t\r\n\f\v/>]", re.IGNORECASE).match(html, after)
    if link is None or len(link[1].encode()) >= 32:
        return after
    text = REFERENCE.sub(lambda match: unescape(match[0]), link[1]).replace(also, "")
    return link.end(1) if SIGNS.fullmatch(text) else after


def _states(name: str, attributes: dict[str, str]) -> bool:
    of_page = name == "meta" and any(
        attributes.get(kind, "").strip(" \t\r\n\f\v").lower() in META_NAMES for kind in ("name", "property", "itemprop")
    )
    return of_page or (
        "license" in attributes.get("rel", "").lower() or "datepublished" in attributes.get("itemprop", "").lower()
    )


def _has_style(attributes: dict[str, str], pattern: str) -> bool:
    style = attributes.get("style", "")
    declared = r"(?:^|;)\s*" + pattern.replace(" *: *", r"\s*(?::\s*)+")
    return re.search(declared, style, re.IGNORECASE | re.ASCII) is not None


def _said(tag: str, attributes: dict[str, str]) -> set[str]:
    """The words of class, id, role and itemprop; a role is written in brackets."""
    said: set[str] = set()
    of_class = attributes.get("class")
    is_section = tag == "section" if of_class is None else of_class.lower() == "section"
    of_id = attributes.get("id", "")
    for value in (of_class or "", of_id):
        runs = list(re.finditer("[a-zA-Z](?:[a-zA-Z](?<![a-z][A-Z]))*", value))
        for i, run in enumerate(runs):
            word = run[0].lower()
            before, after = value[max(0, run.start() - 1) : run.start()], value[run.end() : run.end() + 1]
            is_amid = before not in set(" \t\r\n\f\v") | {""}
            is_number = not word.strip("abcdef") and (before in DIGITS or (after in DIGITS and is_amid))
            said |= set() if is_number else {word}
            between = value[runs[i - 1].end() : run.start()] if i else "x"
            if between in ("", "-", "_"):
                said |= {runs[i - 1][0].lower() + word}
        if value is of_id and is_section:
            said -= set(NAME_WORDS["frame"]) | set(NAME_WORDS["topic"])
    said &= {
        *NAME_WORDS["frame"],
        *NAME_WORDS["topic"],
        *NAME_WORDS["comments"],
        *NAME_WORDS["main"],
        *NAME_WORDS["fold"],
    } | {*NAME_WORDS["line_number"], *NAME_WORDS["edit"]}
    roles = set(re.findall("[a-z]+", attributes.get("role", "").lower()))
    said |= {"dialog"} if roles & set(ROLE_WORDS["dialog"]) else set()
    said |= {"article" + "body"} if "main" in roles else set()
    said |= {"nav"} if roles & set(ROLE_WORDS["frame"]) else set()
    said |= {"fold"} if roles & set(ROLE_WORDS["fold"]) else set()
    said |= {"articlebody"} if "articlebody" in attributes.get("itemprop", "").lower() else set()
    names = {n.lower() for v in (attributes.get("class", ""), attributes.get("id", "")) for n in v.split()}
    return said | ({"post"} if names & set(NAME_WORDS["post"]) else set())


def _hint(tag: str, said: set[str]) -> int:
    if said & set(ROLE_WORDS["dialog"]) or tag == "dialog":
        return DIALOG_HINT
    if said & set(NAME_WORDS["main"]):
        return MAIN_HINT
    if said & set(NAME_WORDS["frame"]):
        return FRAME_HINT
    if said & set(NAME_WORDS["comments"]):
        return COMMENTS_HINT
    return TOPIC_HINT if said & set(NAME_WORDS["topic"]) and "post" not in said else 0


def _visible(shown: list[tuple[str, bool, bool]], is_pre: bool) -> bool:
    return bool("".join(character for character, *_ in shown).strip("\r\n" if is_pre else " \t\r\n\f\v\xa0"))


def _are_line_numbers(listing: str) -> bool:
    numbers = re.findall("[^ \t\r\n\f\v]+", listing)
    are_short = all(number.isascii() and number.isdigit() and len(number) <= 9 for number in numbers)
    return len(numbers) > 1 and are_short and all(int(b) == int(a) + 1 for a, b in pairwise(numbers))


def _block(characters: list[tuple[str, bool, bool]], is_pre: bool) -> tuple[str, int] | None:
    """Text of a block, and characters in links; None if it shows nothing."""
    own = [character for character in characters if not character[2]]
    shown = [(character, linked) for character, linked, _ in (own if _visible(own, is_pre) else characters)]
    if is_pre:
        shown = [(character, linked) for character, linked in shown if character != "\r"]
        listing = "".join(character for character, _ in shown)
        if not listing.strip(" \t\n\v\f\r") or _are_line_numbers(listing):
            return None
        while shown[0][0] == "\n":
            shown = shown[1:]
        while shown[-1][0] == "\n":
            shown = shown[:-1]
        text = "".join(character for character, _ in shown)
        return text, min(len(text), sum(linked for _, linked in shown))
    out: list[tuple[str, bool]] = []
    space = ""
    for character, linked in shown:
        if character in " \t\r\n\f\v\xa0":
            space += character
            continue
        if space and out:
            is_line_end = "\n" in space and not set(space) & set("\f\v\xa0")
            if "\v" in space:
                out.append(("\n", linked))
            elif not (is_line_end and re.match(WIDE, out[-1][0]) and re.match(WIDE, character)):
                out.append((" ", linked))
        space = ""
        out.append((character, linked))
    text = "".join(character for character, _ in out)
    if not text:
        return None
    link_chars = min(len(text), sum(linked for _, linked in out))
    return text, link_chars
