"""The oracle for `manyo.corpus.web.tags.read_markup`: slow and obvious, on strings, with regular expressions."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape

from manyo.corpus.web.markup import (
    COMMENTS_HINT,
    DIALOG_HINT,
    FRAME_HINT,
    MAIN_HINT,
    PROSE_CHARS,
    TAGS,
    TOPIC_HINT,
)
from manyo.corpus.web.statements import META_NAMES
from manyo.corpus.web.tags import (
    COMMENT_WORDS,
    DIALOG_ROLES,
    FRAME_ROLES,
    FRAME_WORDS,
    MAIN_WORDS,
    POST_NAMES,
    TOPIC_WORDS,
)

words = str.split

INLINE = frozenset(
    words(
        "abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr q ruby s samp small "
        "span strike strong sub sup time tt u var"
    )
)
IGNORED = frozenset(words("html head link base source track param embed rb rbc wbr img"))
RULES = frozenset(words("hr input col area frame bgsound spacer basefont isindex keygen"))
RAW = frozenset(words("script style title iframe noframes"))
SKIPPED = frozenset(words("noscript template svg canvas object applet audio video map datalist select button"))
READINGS = frozenset(("rt", "rp", "rtc"))
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
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
REFERENCE = re.compile(r"&(?:#(?:\d+|[xX][0-9a-fA-F]+);?|[a-zA-Z0-9]+;?)", re.ASCII)


@dataclass
class Box:
    """A block-level element."""

    tag: str
    parent: int
    hint: int = 0
    name: str = ""
    ordinal: int = 0


@dataclass
class Page:
    """What `read_markup` returns, in Python's own types: blocks are (text, characters in links, prose, box)."""

    blocks: list[tuple[str, int, int, int]] = field(default_factory=list)
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
    hidden_box = hidden_inline = None
    shown: list[tuple[str, bool]] = []  # characters of the block, and whether they are in a link
    at = 0

    def is_pre() -> bool:
        box = page.boxes[stack[-1]]
        return box.tag == "pre" or (box.parent >= 0 and page.boxes[box.parent].tag == "pre")

    def close_block() -> None:
        block = _block(shown, is_pre())
        shown.clear()
        if block:
            page.blocks.append((*block, stack[-1]))

    def leave() -> None:
        nonlocal hidden_box, hidden_inline
        box = stack.pop()
        hidden_inline = None
        while links and links[-1] == box:
            links.pop()
        hidden_box = None if hidden_box == box else hidden_box

    def end_nearest(names: tuple[str, ...], borders: frozenset[str]) -> None:
        for depth in range(len(stack) - 1, 0, -1):
            tag = page.boxes[stack[depth]].tag
            if tag in names:
                while len(stack) > depth:
                    leave()
                return
            if tag in borders:
                return

    while at < len(html):
        is_hidden = hidden_box is not None or hidden_inline is not None
        tag = re.compile("<(/?)([a-zA-Z][^ \t\r\n\f\v/>]*)").match(html, at)
        if tag is None and re.match("<[!/?]", html[at : at + 2]):
            end = html.find("-->", at + 2) + 3 if html.startswith("<!--", at) else 2
            end = html.find(">", at) + 1 if end == 2 else end
            if not end:
                break
            at = end
        elif tag is None:
            run = TEXT.match(html, at)[0]  # type: ignore[index]
            if not is_hidden:
                text = REFERENCE.sub(lambda match: unescape(match[0]), run)
                shown.extend((character, bool(links)) for character in text if character not in BREAK_HINTS)
            at += len(run)
        else:
            is_end, name = tag[1] == "/", tag[2].lower()
            attributes, after = _attributes(html, tag.end())
            at = after
            if name in RAW | SKIPPED | READINGS:
                if not is_end:
                    at = _after_skipped(html, after, name, attributes, page)
                continue
            if not is_end and _states(name, attributes):
                page.tags.append(html[tag.end() : after - 1])
            hides = "hidden" in attributes or re.search(
                r"[dD][iI][sS][pP][lL][aA][yY]\s*:\s*[nN][oO][nN][eE]", attributes.get("style", "")
            )
            if name in INLINE:
                if is_end:
                    hidden_inline = None if hidden_inline == name else hidden_inline
                elif hides and hidden_inline is None:
                    hidden_inline = name
            elif name == "a":
                if is_end:
                    del links[-1:]
                elif "href" in attributes:
                    if links and links[-1] == stack[-1]:
                        links.pop()
                    links.append(stack[-1])
                    if attributes["href"].startswith("#") and not is_pre():
                        at = _after_signs(html, after)
            elif name == "br":
                if not is_hidden:
                    shown.append(("\n" if is_pre() else "\v", bool(links)))
            elif name in RULES:
                close_block()
            elif name not in IGNORED and name != "meta":
                close_block()
                known = name if name in TAGS else f"?{name}"
                if is_end:
                    end_nearest((known,), BORDERS.get(name, CELLS))
                    continue
                inner = page.boxes[stack[-1]].tag
                if name in ENDS_PARAGRAPH and (inner == "p" or (name in HEADINGS and inner in HEADINGS)):
                    leave()
                elif name in LIKE:
                    end_nearest(LIKE[name], BORDERS[name])
                parent = stack[-1]
                name_of_class = (re.findall("[^ \t\r\n\f\v]+", attributes.get("class", "")) or [""])[0]
                box = Box(known, parent, _hint(name, attributes), name_of_class)
                if name == "ol":
                    start = attributes.get("start", "1")[:6]
                    box.ordinal = (int(start) if start.isascii() and start.isdigit() else 1) - 1
                elif name == "li" and page.boxes[parent].tag == "ol":
                    page.boxes[parent].ordinal += 1
                    box.ordinal = page.boxes[parent].ordinal
                page.boxes.append(box)
                stack.append(len(page.boxes) - 1)
                is_main = box.hint == MAIN_HINT or name in ("article", "main")
                if hides and hidden_box is None and not is_main:
                    hidden_box = stack[-1]
    close_block()
    return page


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
    slash = "</" if name in RAW else "</?"
    border = re.compile(rf"{slash}{name}[ \t\r\n\f\v/>]", re.IGNORECASE).search(html, after)
    if border is None or border[0][1] != "/":
        return after
    content = html[after : border.start()]
    if name == "title" and page.title is None:
        page.title = content
    elif name == "script" and "ld+json" in attributes.get("type", "").lower():
        page.json_ld += content
    end = html.find(">", border.start())
    return end + 1 if end >= 0 else len(html)


def _after_signs(html: str, after: int) -> int:
    """The end tag of a link that contains a few signs alone, else where its text starts."""
    link = re.compile("([^<]*)</a[ \t\r\n\f\v/>]", re.IGNORECASE).match(html, after)
    if link is None or len(link[1].encode()) >= 32:
        return after
    text = REFERENCE.sub(lambda match: unescape(match[0]), link[1])
    return link.end(1) if SIGNS.fullmatch(text) else after


def _states(name: str, attributes: dict[str, str]) -> bool:
    of_page = name == "meta" and any(
        attributes.get(kind, "").strip(" \t\r\n\f\v").lower() in META_NAMES for kind in ("name", "property", "itemprop")
    )
    return of_page or (
        "license" in attributes.get("rel", "").lower() or "datepublished" in attributes.get("itemprop", "").lower()
    )


def _hint(tag: str, attributes: dict[str, str]) -> int:
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
            said -= set(FRAME_WORDS.split()) | set(TOPIC_WORDS.split())
    roles = set(re.findall("[a-z]+", attributes.get("role", "").lower()))
    if roles & set(DIALOG_ROLES.split()) or tag == "dialog":
        return DIALOG_HINT
    if said & set(MAIN_WORDS) or "main" in roles or "articlebody" in attributes.get("itemprop", "").lower():
        return MAIN_HINT
    if said & set(FRAME_WORDS.split()) or roles & set(FRAME_ROLES.split()):
        return FRAME_HINT
    if said & set(COMMENT_WORDS.split()):
        return COMMENTS_HINT
    names = {n.lower() for v in (attributes.get("class", ""), attributes.get("id", "")) for n in v.split()}
    return TOPIC_HINT if said & set(TOPIC_WORDS.split()) and not names & set(POST_NAMES.split()) else 0


def _block(shown: list[tuple[str, bool]], is_pre: bool) -> tuple[str, int, int] | None:
    """Text, characters in links and prose of a block; None if it shows nothing."""
    if is_pre:
        shown = [(character, linked) for character, linked in shown if character != "\r"]
        if not "".join(character for character, _ in shown).strip(" \t\n\v\f\r"):
            return None
        while shown[0][0] == "\n":
            shown = shown[1:]
        while shown[-1][0] == "\n":
            shown = shown[:-1]
        text = "".join(character for character, _ in shown)
        return text, min(len(text), sum(linked for _, linked in shown)), len(text)
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
    prose = len(text) - link_chars
    if prose < PROSE_CHARS and not re.search(r"[。．！？!?]|[.,] |\.\Z", text):
        prose = 0
    return text, link_chars, prose
