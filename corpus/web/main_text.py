"""The main text of a web page: what its author wrote, without the frame around it.

The project's own extractor works in four steps, which use no rules for particular sites:

1. One compiled pass over the tags (`manyo.corpus.web.tags`) cuts the page into blocks, runs of text between two
   block-level boundaries. Each is weighed (`manyo.corpus.web.weight_kernels`): text outside links weighs what it is
   long, less if it is short and no sentence. No text outside links weighs nothing, so that a poem or a table weighs as
   much as an article.
2. The main container is searched for from the top: while one child holds most of the weight, the search enters that
   child. An `<article>`, `<main>` or `itemprop="articleBody"` that holds most of it is entered at once. Where a parent
   has text of its own, or paragraphs like the child, the parent is the container. Siblings with the child's tag and
   name are also main text, unless one of them is a menu or a footer, and so are boxes like parts of the container that
   a stray end tag has put outside it, sentences in boxes around it, sections of a text that is named main text, and the
   page's `<h1>` if the title lacks it.
3. Of its blocks, those of the frame are dropped: elements named like navigation, sharing, related articles or comments,
   lists of links, sections whose heading announces them, menus at its ends and what rules divide from it together with
   links, and lines that are only a button after the last sentence. What stands below a heading of comments is comments,
   and so are signed posts at its end (`manyo.corpus.web.reader_posts`).
4. Where more text is left out than is kept, names have misled, and the page is read again without them.

A name is a hint, never proof: an element that holds most of the page's weight is kept whatever its name
(`<body class="has-sidebar">`), and so is every element around a large text named main text. Two hints
(`<aside class="sidebar">`) weigh more than one, and the role of a dialog weighs most. If nothing is left, the text of
the whole page is the result. `MainText.kept_japanese_fraction` says how much of the page's Japanese that is, and
`n_unassigned_japanese` how much of it is in no text, no comments, no link and no known frame.

resiliparse and trafilatura can be selected for comparison.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from html import unescape
from typing import NamedTuple

import numpy as np
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

from manyo.corpus.jit import Bools, Bytes, Float64s, Int64s, Records
from manyo.corpus.own_parts import load_part
from manyo.corpus.structure import NO_STRUCTURE, Structure
from manyo.corpus.web.choice_kernels import CHOICE_RULE, Choice, choose
from manyo.corpus.web.choice_words import (
    ANNOUNCED_COMMENTS,
    BUTTON,
    FRAME_HEADING,
    FRAME_SHARES,
    LIMITS,
    OWN_WORDS,
)
from manyo.corpus.web.delimited_formulas import with_delimited_formulas
from manyo.corpus.web.heading_kernels import find_short_headings
from manyo.corpus.web.markup import TAGS, Markup, Page
from manyo.corpus.web.page_structure import structure_of
from manyo.corpus.web.passage_kernels import Passage, ask_about_comments, ask_about_main, write
from manyo.corpus.web.reader_posts import find_posts
from manyo.corpus.web.section_kernels import find_sections
from manyo.corpus.web.sniff import holds_kana
from manyo.corpus.web.soft_breaks import join_soft_breaks, without_soft_breaks
from manyo.corpus.web.tags import read_markup
from manyo.corpus.web.weight_kernels import count_japanese, count_japanese_of, sum_of_kept, value, weigh

EXTRACTORS = ("manyo", "resiliparse", "trafilatura")


@dataclass(frozen=True, slots=True)
class MainText:
    """The text of a page, and what its tags state about it.

    Attributes:
        title: without the site's name where a heading confirms it; empty if the page has no title.
        text: main text, lines separated by `\n`; empty if the page has no text.
        comments: what readers wrote below it, in the same form; empty if there are none.
        link_fraction: characters in links per character of the whole page, frame included. It is near 1 for pages that
            are lists (of articles, search results, tags).
        kept_japanese_fraction: kana and kanji in text and comments per kana and kanji of the whole page, at most 1; 1
            if the page has none. What is left out was taken for frame: near 0, that is long, or the choice is wrong.
        tags: see `manyo.corpus.web.markup.Markup`.
        json_ld: see `manyo.corpus.web.markup.Markup`.
        structure: of the text.
        n_unassigned_japanese: kana and kanji outside text, comments, links and what was taken for frame: nothing says
            what these are.
        n_unknown_characters: pictures of characters in the page for which its text has 〓.
        n_pictograms: see `manyo.corpus.web.markup.Markup`.
        n_hidden_japanese: see `manyo.corpus.web.markup.Markup`.
    """

    title: str
    text: str
    comments: str = ""
    link_fraction: float = 0.0
    kept_japanese_fraction: float = 1.0
    tags: tuple[str, ...] = ()
    json_ld: str = ""
    structure: Structure = NO_STRUCTURE
    n_unassigned_japanese: int = 0
    n_unknown_characters: int = 0
    n_pictograms: int = 0
    n_hidden_japanese: int = 0


def extract(html: str, extractor: str = "manyo", utf_8: bytes | None = None) -> MainText:
    """Main text of an HTML page.

    Args:
        html: the decoded page.
        extractor: one of `EXTRACTORS`, or the name of a function of another package from an HTML page to its text.
        utf_8: the page as UTF-8, if it is available.

    Returns:
        The text and what the tags state; title and text are empty if the page has none.

    Raises:
        PartError: the extractor is that of another package, and there is none or it cannot be loaded.
    """
    markup = with_delimited_formulas(without_soft_breaks(read_markup(html if utf_8 is None else utf_8)))
    page = page_of(markup)
    japanese = count_japanese_of(page.text, page.blocks)
    n_all = int(japanese.sum())
    main, comments, choice, title = _read(markup, page, japanese)
    written = None
    if extractor == "manyo":
        written = _write(page, choice.main, main)
        text, n_japanese = written.text, int(sum_of_kept(japanese, choice.main, main))
    elif extractor == "resiliparse":
        text = _by_resiliparse(html)
        n_japanese = _count_japanese(text)
    elif extractor == "trafilatura":
        text = _by_trafilatura(html)
        n_japanese = _count_japanese(text)
    else:
        text = load_part("manyo.main_text", extractor)(html)
        n_japanese = _count_japanese(text)
    # Text that the page obviously has is not lost, whatever the extractor finds: not the Japanese of a page whose only
    # sentence, for a heuristic, is "All rights reserved.".
    is_small = 2 * len(text) < choice.n_chars  # a foreign article on a Japanese site is not small
    if not text.strip() or (is_small and not n_japanese):
        n = len(page.blocks)
        whole = _write(page, np.arange(n), np.ones(n, np.bool_))
        if not text.strip() or holds_kana(whole.utf_8.tobytes(), LIMITS.plain_kana):
            written, text, n_japanese = whole, whole.text, n_all
            choice = choice._replace(unassigned=choice.unassigned[:0])
    return MainText(
        title,
        text,
        _write(page, choice.comments, comments).text if len(comments) else "",
        choice.link_chars / max(1, choice.n_chars),
        _fraction(n_japanese + int(sum_of_kept(japanese, choice.comments, comments)), n_all),
        markup.tags,
        markup.json_ld,
        structure_of(markup, page, written.places, written.utf_8) if written else NO_STRUCTURE,
        int(japanese[choice.unassigned].sum()) if extractor == "manyo" and len(choice.unassigned) else 0,
        markup.n_unknown_characters,
        markup.n_pictograms,
        markup.n_hidden_japanese,
    )


def visible_text(html: str, utf_8: bytes | None = None) -> str:
    """All the text of an HTML page that a reader sees, frame included, in the form of `MainText.text`."""
    page = page_of(without_soft_breaks(read_markup(html if utf_8 is None else utf_8)))
    n = len(page.blocks)
    return _write(page, np.arange(n), np.ones(n, np.bool_)).text


def _fraction(part: int, whole: int) -> float:
    """How much a part is of a whole, at most 1; 1 of nothing."""
    return min(1.0, part / whole) if whole else 1.0


def _count_japanese(text: str) -> int:
    return int(count_japanese(np.frombuffer(text.encode("utf-8", "replace"), np.uint8)))


def plain_text(text: str) -> MainText:
    """The main text of a page that is plain text: all of it, with wrapped lines joined."""
    return MainText("", join_soft_breaks(text.replace("\r\n", "\n")))


def _by_resiliparse(html: str) -> str:
    slim = _SCRIPTS.sub("", html)
    if slim.count("<") > _RESILIPARSE_TAGS or _nesting(slim) > _RESILIPARSE_DEPTH:
        return ""
    joined = _JAPANESE_LINE_END.sub("", slim).encode("utf-8", "replace").decode("utf-8")
    return extract_plain_text(HTMLTree.parse(joined), main_content=True, alt_texts=False, skip_elements=["rt", "rp"])


def _nesting(html: str) -> int:
    """Most elements that can be open at once: start tags minus end tags, whatever their names."""
    depth = deepest = 0
    for match in _START_OR_END.finditer(html):
        depth += -1 if match[1] else 1
        deepest = max(deepest, depth)
    return deepest


def _by_trafilatura(html: str) -> str:
    import trafilatura  # its import takes longer than all others together, and few runs select it

    return trafilatura.extract(html, include_comments=False) or ""


def _title(markup: Markup, choice: Choice) -> str:
    """The heading with which `<title>` starts, before the site's name, or else all of `<title>`."""
    title = " ".join(unescape(markup.title).split())
    for row in choice.headlines.tolist() if title else ():
        heading = " ".join(markup.text_of(row).split())
        if len(heading) >= _TITLE_CHARS and title.startswith(heading):
            return heading
    return title


def _headline(markup: Markup, choice: Choice, title: str) -> Int64s:
    """The row of the page's `<h1>`, if it stands above the main text and the title says less than half of it."""
    headline = choice.headlines_before[-1:]
    if len(headline):
        heading = "".join(markup.text_of(int(headline[0])).split())
        known = "".join(title.split())
        if heading in known:
            return headline[:0]
        pairs = {heading[i : i + 2] for i in range(max(1, len(heading) - 1))}
        if 2 * sum(pair in known for pair in pairs) >= len(pairs):
            return headline[:0]
    return headline


# --- choosing --------------------------------------------------------------------------------


class _Reading(NamedTuple):
    """A choice, and what the words of its blocks leave of it.

    Attributes:
        main: bool (n,), which blocks of the main text are kept.
        comments: bool (n,), which blocks of the comments are kept.
        choice: the choice.
        title: the page's title, without the site's name.
    """

    main: Bools
    comments: Bools
    choice: Choice
    title: str


def page_of(markup: Markup) -> Page:
    """The page as kernels see it."""
    text = np.frombuffer(markup.text, np.uint8)
    return Page(text, markup.blocks, markup.boxes, weigh(text, markup.blocks, markup.boxes, LIMITS))


def _read(markup: Markup, page: Page, japanese: Int64s) -> _Reading:
    """Read a page by the names of its elements, or without them where these mislead.

    They do where more text is left out than kept, and a reading without them keeps twice as much.
    """
    announced = _announced_comments(markup)
    reading = _read_once(markup, page, announced, True)
    values = value(japanese, page.weights, page.blocks, LIMITS.plain_kana)
    kept = _kept_share(reading, values)
    if kept < LIMITS.doubtful_share:
        other = _read_once(markup, page, announced, False)
        if _kept_share(other, values) > 2 * kept:
            return other
    return reading


def _kept_share(reading: _Reading, values: Float64s) -> float:
    """The share of all values that a reading keeps."""
    choice = reading.choice
    kept = sum_of_kept(values, choice.main, reading.main) + sum_of_kept(values, choice.comments, reading.comments)
    return float(kept / max(1.0, values.sum()))


def _read_once(markup: Markup, page: Page, announced: Int64s, names_count: bool) -> _Reading:
    """Choose, and drop what words say."""
    choice = choose(page, choice_rules(), LIMITS, announced, names_count)
    title = _title(markup, choice)
    headline = _headline(markup, choice, title)
    if len(headline):
        unassigned = np.setdiff1d(choice.unassigned, headline)
        choice = choice._replace(main=np.concatenate((headline, choice.main)), unassigned=unassigned)
    main = _keep_main(markup, page, choice, title)
    posts = find_posts(markup, page, choice, main)
    if len(posts):
        is_main = ~np.isin(choice.main, posts)
        choice = choice._replace(
            main=choice.main[is_main],
            comments=np.union1d(choice.comments, posts),
            unassigned=np.setdiff1d(choice.unassigned, posts),
        )
        main = main[is_main]
    sections = _sections_of_main(markup, page, choice)
    if len(sections):
        choice = choice._replace(
            main=np.union1d(choice.main, sections), unassigned=np.setdiff1d(choice.unassigned, sections)
        )
        main = _keep_main(markup, page, choice, title)
    return _Reading(main, _keep_comments(markup, page, choice.comments), choice, title)


def _sections_of_main(markup: Markup, page: Page, choice: Choice) -> Int64s:
    """Blocks of sections of a named main text that are outside the container, without those of other pages."""
    found = []
    is_frame = False
    for row in np.flatnonzero(find_sections(page, choice.unassigned)).tolist():
        if _is_heading(markup, row):
            is_frame = FRAME_HEADING.match(markup.text_of(row)) is not None
        if not is_frame:
            found.append(row)
    return np.array(found, np.int64)


def _announced_comments(markup: Markup) -> Int64s:
    """Rows of the headings that announce what readers wrote; `<h1>` is the page's own."""
    headings = np.empty((len(markup.blocks), 3), np.int64)
    n = find_short_headings(markup.blocks, markup.boxes, _MAX_HEADING_BYTES, headings)
    announced = [
        row
        for row, start, end in headings[:n].tolist()
        if ANNOUNCED_COMMENTS.match(markup.text[start:end].decode("utf-8"))
    ]
    return np.array(announced if len(announced) <= _MOST_COMMENT_HEADINGS else [], np.int64)


def _keep_comments(markup: Markup, page: Page, rows: Int64s) -> Bools:
    """bool (n,), which blocks of what readers wrote are kept: no button or count."""
    if not len(rows):
        return np.ones(0, np.bool_)
    passage = ask_about_comments(page, rows)
    for place, number, start, end, *_ in passage.questions.tolist():
        passage.is_kept[place] = not BUTTON.match(_numbered(number, markup.text[start:end]))
    return passage.is_kept


class _Written(NamedTuple):
    """A passage as it is written.

    Attributes:
        text, utf_8: its lines.
        places: PLACE (n,), where each of its blocks is.
    """

    text: str
    utf_8: Bytes
    places: Records


def _write(page: Page, rows: Int64s, is_kept: Bools) -> _Written:
    utf_8, places = write(page, rows, is_kept)
    return _Written(utf_8.tobytes().decode("utf-8"), utf_8, places)


def _numbered(number: int, written: bytes) -> str:
    """Text of a block, after the number of the list item that it starts."""
    text = written.decode("utf-8")
    return f"{number}. {text}" if number else text


def _keep_main(markup: Markup, page: Page, choice: Choice, title: str) -> Bools:
    """bool (n,), which blocks of the main text are kept: no headline, announced list of links, or button."""
    passage = ask_about_main(page, choice_rules(), LIMITS, choice.main)
    is_kept = passage.is_kept
    dropped_until = 0
    for place, number, start, end, tag, is_link, links_until in passage.questions.tolist():
        if place < dropped_until:
            continue
        text = _numbered(number, markup.text[start:end])
        if links_until and FRAME_HEADING.match(text):
            dropped_until = links_until
            is_kept[place:dropped_until] = False
            continue
        is_value = TAGS[tag] in _VALUE_TAGS
        if is_link:
            is_kept[place] = False
        elif place < passage.first and not is_value:
            is_kept[place] = text != title
        if place > passage.last and not is_value and BUTTON.match(text):
            is_kept[place] = False
    _leave_out_repeated(markup, choice, is_kept)
    _leave_out_last_words(markup, page, choice, passage)
    if passage.last < 0:
        chars = page.blocks["chars"][choice.main]
        if chars[is_kept].sum() <= LIMITS.small_share * chars.sum():
            is_kept[:] = True
    return is_kept


def _leave_out_repeated(markup: Markup, choice: Choice, is_kept: Bools) -> None:
    """Leave out handles that say the same as others, and links to places of the page: these are to be pressed.

    答えを見る above each answer, ▲ページトップ below each post.
    """
    leads_back = markup.blocks["place_links"][choice.main] == 1
    if not leads_back.any() and _SUMMARY not in markup.boxes["tag"]:
        return
    is_handle = markup.boxes["tag"][markup.blocks["box"][choice.main]] == _SUMMARY
    if np.count_nonzero(is_handle | leads_back) < _LEAST_ALIKE:
        return  # as on nearly all pages
    blocks = markup.blocks[choice.main]
    leads_back &= (blocks["links"] == 1) & (blocks["link_chars"] == blocks["chars"])
    places = np.flatnonzero(is_kept & (is_handle | leads_back)).tolist()
    if len(places) < _LEAST_ALIKE:
        return
    texts = [markup.text_of(row) for row in choice.main[places].tolist()]
    n_of_text = Counter(texts)
    for place, text in zip(places, texts, strict=True):
        is_kept[place] = n_of_text[text] < _LEAST_ALIKE


def _leave_out_last_words(markup: Markup, page: Page, choice: Choice, passage: Passage) -> None:
    """Leave out the last parts of a text, apart from it, in which the page speaks of itself: this site, this mail."""
    if not len(passage.apart):
        return
    is_kept = passage.is_kept
    most = LIMITS.end_share * int(page.weights[choice.main].sum())
    after = len(is_kept)
    for first in passage.apart.tolist():
        kept = [place for place in range(first, after) if is_kept[place]]
        spoken = [place for place in kept if _speaks_of_itself(markup, int(choice.main[place]))]
        if kept and not spoken:
            break
        # What begins so goes as a whole, if it is small; a sentence amid a part says nothing of the others.
        begins = next((place for place in kept if not _is_heading(markup, int(choice.main[place]))), None)
        begins_so = begins in spoken or kept[:1] == spoken[:1]
        is_small = int(page.weights[choice.main[first:after]].sum()) <= most
        is_kept[kept if begins_so and is_small else spoken] = False
        after = first


def _tag_around(markup: Markup, row: int) -> str:
    """The tag of the box that a block is in."""
    return str(TAGS[markup.boxes["tag"][markup.blocks["box"][row]]])


def _is_heading(markup: Markup, row: int) -> bool:
    return _tag_around(markup, row) in _HEADINGS


def _speaks_of_itself(markup: Markup, row: int) -> bool:
    """Whether a block is short, begins with words of a page about itself, and is no item: that is a note."""
    if markup.blocks["chars"][row] > _MAX_OWN_CHARS or not OWN_WORDS.match(markup.text_of(row)):
        return False
    return _tag_around(markup, row) != "li"


@cache
def choice_rules() -> Records:
    """CHOICE_RULE, by tag, read-only."""
    rules = np.zeros(len(TAGS), CHOICE_RULE)
    for i, tag in enumerate(TAGS):
        rules[i] = (
            FRAME_SHARES.get(tag, 0.0),
            tag in NEVER_MAIN,
            tag not in UNNAMED_TAGS,
            tag in FLOW_TAGS,
            tag in ITEM_TAGS,
        )
    rules.flags.writeable = False
    return rules


_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
#: The main text is never one paragraph, one list or one folded text alone: the text around it would be lost.
NEVER_MAIN = frozenset(("p", "ul", "ol", "li", "dl", "dd", "dt", "th", "pre", "blockquote", "details", *_HEADINGS))
#: An embedded post is quoted text, and `<main>` is main text, whatever its class says.
UNNAMED_TAGS = frozenset(("blockquote", "pre", "main", *_HEADINGS))
#: The page's title before the first prose is a value in a table or a list of terms, and so is a button's word after it.
_VALUE_TAGS = frozenset(("td", "th", "dt", "dd"))
#: Tags whose text is kept between prose even if all of it is a link.
FLOW_TAGS = frozenset(("p", "li", "td", "th", "dd", "dt", "blockquote", *_HEADINGS))
#: Tags whose text is kept after the last prose, where notes and sources stand, even if all of it is a link.
ITEM_TAGS = frozenset(("p", "li", "dd"))

_TITLE_CHARS = 2
_SUMMARY = TAGS.index("summary")
#: As many that say the same are buttons; two may be a coincidence.
_LEAST_ALIKE = 3
#: In a longer paragraph it is the author who speaks of the page.
_MAX_OWN_CHARS = 80
#: A longer heading announces no comments: words of 16 characters, and 20 after them.
_MAX_HEADING_BYTES = 160
#: More headings of comments than these are a text about comments, or an attack.
_MOST_COMMENT_HEADINGS = 8
#: The time of resiliparse's extraction grows with the square of the depth: 20,000 nested elements take 17 seconds.
#: A list of 100,000 options crashes it.
_RESILIPARSE_DEPTH = 1000
_RESILIPARSE_TAGS = 50_000

_WIDE = "\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff01-\uff60"
_JAPANESE_LINE_END = re.compile(f"(?<=[{_WIDE}])[ \t]*\r?\n[ \t\r\n]*(?=[{_WIDE}])")
_SCRIPTS = re.compile(r"<(script|style|title)\b.*?(?:</\1\b[^<>]*>|\Z)", re.IGNORECASE | re.DOTALL)
_START_OR_END = re.compile("<(/)?[a-zA-Z]")
