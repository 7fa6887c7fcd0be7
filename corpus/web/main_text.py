"""The main text of a web page: what its author wrote, without the frame around it.

Our own extractor works in three steps, none of which knows any site:

1. One compiled pass over the tags (`manyo.corpus.web.tags`) cuts the page into blocks, a block being text between two
   block-level boundaries, and sums up for every container how much prose it holds, where prose is text outside
   links, in sentences.
2. The main container is found from the top: as long as one child holds most of the prose, go down
   into it. An `<article>`, `<main>` or `itemprop="articleBody"` that holds most of it is taken at once.
   Where a parent has text of its own, or paragraphs like the child, the parent is the container. Siblings of the
   child's tag and name are text as well, unless one of them is a menu or a footer.
3. Of its blocks, those go that belong to the frame: in elements named like navigation, sharing,
   related articles or comments, in lists of links, under headings that announce them, and the
   bylines before and the buttons behind the prose.

A name is a hint, never proof: an element that holds most of the page's prose is kept whatever it is
called (`<body class="has-sidebar">`), and so is what is around a large text named main text. Two hints
(`<aside class="sidebar">`) say more than one, and the role of a dialog most. Where nothing is left, the text of
the whole page is the answer.

For Japanese: the reading aids `<rt>` and `<rp>` are dropped, and a line break in the source between
two Japanese characters is no space. resiliparse and trafilatura can be chosen for comparison.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from html import unescape

import numpy as np
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

from manyo.corpus.web.markup_kernels import (
    ANNOUNCED_CHARS,
    BLOCK_PROSE,
    BOX,
    TAG,
    TAGS,
    _choose,
    _headlines,
    _number,
    _section,
    _sort,
    _write,
)
from manyo.corpus.web.sniff import holds_kana
from manyo.corpus.web.tags import Markup, read_markup

EXTRACTORS = ("manyo", "resiliparse", "trafilatura")


@dataclass(frozen=True, slots=True)
class MainText:
    """What a page says.

    Attributes:
        title: without the site's name where a heading confirms it; empty if there is none.
        text: main text, lines separated by `\n`; empty if there is none.
        comments: what readers wrote below it, in the same form; empty if there is none.
        link_fraction: characters inside links per character of the whole page, frame included. Pages that
            are lists (of articles, search results, tags) come near 1.
        tags: see `manyo.corpus.web.tags.Markup`.
        json_ld: see `manyo.corpus.web.tags.Markup`.
    """

    title: str
    text: str
    comments: str = ""
    link_fraction: float = 0.0
    tags: tuple[str, ...] = ()
    json_ld: str = ""


def extract(html: str, extractor: str = "manyo", utf_8: bytes | None = None) -> MainText:
    """Main text of an HTML page.

    Args:
        html: the decoded page.
        extractor: one of `EXTRACTORS`.
        utf_8: the page as UTF-8, if that is at hand.

    Returns:
        Title and text; both empty if the page holds none.
    """
    markup = read_markup(html if utf_8 is None else utf_8)
    title = _title(markup)
    written = np.frombuffer(markup.text, np.uint8)
    leads, rows, comment_rows, n_chars, link_chars = _choose(written, markup.blocks, markup.boxes, *_choice_tables())
    if extractor == "manyo":
        text = _main_text(markup, leads, rows, title)
    elif extractor == "resiliparse":
        text = _by_resiliparse(html)
    elif extractor == "trafilatura":
        text = _by_trafilatura(html)
    else:
        raise ValueError(f"extractor must be one of {', '.join(EXTRACTORS)}, got {extractor!r}")
    # Text that is plainly there is not lost, whatever the extractor finds in it: not the Japanese of a page
    # whose only sentence, for a heuristic, is "All rights reserved.", and not the text of broken markup.
    is_small = 2 * len(text) < n_chars  # a foreign article on a Japanese site is not
    is_list = extractor == "manyo" and len(text) < _SMALL_SHARE * n_chars and link_chars > _LIST_SHARE * n_chars
    misses_japanese = (is_small and not holds_kana(text)) or (is_list and not holds_kana(text, _ARTICLE_KANA))
    if not text.strip() or misses_japanese:
        whole = _lines(markup, np.arange(len(markup.blocks)))
        if not text.strip() or holds_kana(whole, _PLAINLY_JAPANESE_KANA):
            text = whole or _without_tags(html)
    comments = _comments(markup, comment_rows)
    return MainText(title, text, comments, link_chars / max(1, n_chars), markup.tags, markup.json_ld)


def plain_text(text: str) -> MainText:
    """A page that is plain text already."""
    return MainText("", text)


def _by_resiliparse(html: str) -> str:
    slim = _SCRIPTS.sub("", html)
    if slim.count("<") > _RESILIPARSE_TAGS or _nesting(slim) > _RESILIPARSE_DEPTH:
        return ""
    joined = _JAPANESE_LINE_END.sub("", slim).encode("utf-8", "replace").decode("utf-8")
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


def _title(markup: Markup) -> str:
    """The heading with which `<title>` begins, before the site's name, or else all of `<title>`."""
    title = " ".join(unescape(markup.title).split())
    for row in _headlines(markup.blocks, markup.boxes).tolist() if title else ():
        heading = markup.text_of(row)
        if len(heading) >= _TITLE_CHARS and title.startswith(heading):
            return heading
    return title


# --- choosing --------------------------------------------------------------------------------


def _main_text(markup: Markup, leads: np.ndarray, rows: np.ndarray, title: str) -> str:
    """Lines of the main text; empty if no part of the page holds prose."""
    if len(leads):
        rows = np.concatenate((leads[[_is_lead(markup, row) for row in leads.tolist()]], rows))
    numbers = _number(markup.blocks, markup.boxes, rows)
    is_kept = _is_no_frame(markup, rows, numbers, title)
    if markup.blocks[rows[is_kept], BLOCK_PROSE].any():
        rows, numbers = rows[is_kept], numbers[is_kept]
    return _lines(markup, rows, numbers)


def _comments(markup: Markup, rows: np.ndarray) -> str:
    """What readers wrote, without the buttons, dates and counts around it; empty where there are only those."""
    if not len(rows):
        return ""
    numbers = _number(markup.blocks, markup.boxes, rows)
    is_kept = markup.blocks[rows, BLOCK_PROSE] > 0
    for i in np.flatnonzero(is_kept).tolist():
        is_kept[i] = not _BUTTON.search(_text_of(markup, rows[i], numbers[i]))
    return _lines(markup, rows[is_kept], numbers[is_kept])


def _is_lead(markup: Markup, row: int) -> bool:
    """Whether a block between headline and main text is sentences, and no caption or byline."""
    text = markup.text_of(row)
    is_byline = len(text) < _BYLINE_CHARS and _BYLINE.search(text) is not None
    is_caption = TAGS[markup.boxes[markup.blocks[row, BOX], TAG]] == "figcaption"
    return not is_caption and not is_byline and _SENTENCE_END.search(text) is not None


def _text_of(markup: Markup, row: int, number: int) -> str:
    """Text of a block, behind the number of its item."""
    return _numbered(number, markup.text_of(row))


def _numbered(number: int, text: str) -> str:
    return f"{number}. {text}" if number else text


def _lines(markup: Markup, rows: np.ndarray, numbers: np.ndarray | None = None) -> str:
    """Blocks as lines; short cells of one table row share a line."""
    if numbers is None:
        numbers = _number(markup.blocks, markup.boxes, rows)
    written: bytes = _write(np.frombuffer(markup.text, np.uint8), markup.blocks, markup.boxes, rows, numbers).tobytes()
    return written.decode("utf-8")


def _is_no_frame(markup: Markup, rows: np.ndarray, numbers: np.ndarray, title: str) -> np.ndarray:
    """bool (n,): false for headline and byline, announced lists of links, and buttons."""
    is_kept: np.ndarray
    is_kept, asked, first, last = _sort(markup.blocks, markup.boxes, rows, numbers, *_row_tables())
    behind = 0
    for i, number, start, end, tag, link_chars, goes in asked.tolist():
        if i < behind:
            continue  # of a list that went
        text = _numbered(number, markup.text[start:end].decode("utf-8"))
        if TAGS[tag] in _HEADINGS and _FRAME_HEADING.match(text):
            behind, n_chars, n_link_chars = _section(markup.blocks, markup.boxes, rows, numbers, i)
            if 2 * n_link_chars >= n_chars or behind == i + 1:
                is_kept[i:behind] = False
                continue
            behind = 0
        is_announced = len(text) < 2 * min(link_chars, ANNOUNCED_CHARS) and _ANNOUNCED_LINKS.match(text)
        if is_announced or goes:
            is_kept[i] = False
        elif i < first:
            is_kept[i] = TAGS[tag] in _VALUE_TAGS or (text not in title and not _BYLINE.search(text))
        elif i > last:
            is_kept[i] = not _BUTTON.search(text)
    return is_kept


@cache
def _choice_tables() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """By tag: the share of prose below which it is frame, whether it is never main text, whether its name counts."""
    share = np.array([_FRAME_SHARE.get(tag, 0.0) for tag in TAGS])
    never_main = np.array([tag in _NEVER_MAIN for tag in TAGS])
    is_named = np.array([tag not in _UNNAMED_TAGS for tag in TAGS])
    for table in (share, never_main, is_named):
        table.flags.writeable = False
    return share, never_main, is_named


@cache
def _row_tables() -> tuple[np.ndarray, ...]:
    """By tag: whether it stays though all of it is a link, amid prose and behind it."""
    tables = tuple(np.array([tag in names for tag in TAGS]) for names in (_FLOW_TAGS, _ITEM_TAGS))
    for table in tables:
        table.flags.writeable = False
    return tables


def _without_tags(html: str) -> str:
    """What is left without tags, for markup that no parser makes a tree of."""
    lines = (line.strip() for line in unescape(_ANY_TAG.sub("\n", _SCRIPTS.sub("", html))).split("\n"))
    return "\n".join(filter(None, lines))


_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
#: The main text is never one paragraph or one list alone: what is around it would be lost.
_NEVER_MAIN = frozenset(("p", "ul", "ol", "li", "dl", "dd", "dt", "th", "pre", "blockquote", *_HEADINGS))
#: An embedded post is quoted text, and `<main>` main text, whatever its class says.
_UNNAMED_TAGS = frozenset(("blockquote", "pre", "main", *_HEADINGS))
#: A time or the page's title before the first prose is no byline in a table or a list of terms.
_VALUE_TAGS = frozenset(("td", "th", "dt", "dd"))
#: Tags whose text stays in the middle of prose even if all of it is a link.
_FLOW_TAGS = frozenset(("p", "li", "td", "th", "dd", "dt", "blockquote", *_HEADINGS))
#: The same behind the last prose, where notes and sources stand.
_ITEM_TAGS = frozenset(("p", "li", "dd"))

#: An element with such a tag is frame as long as it holds less than this share of the page's prose. A form is its
#: labels (of a comment, a newsletter, a search), but some pages are all in one.
_FRAME_SHARE = {"nav": 0.5, "aside": 0.3, "footer": 0.5, "header": 0.2, "form": 0.05}
_BYLINE_CHARS = 100
#: A page with this many kana, and hardly any in what was taken for its main text, is given whole. Menus of
#: foreign pages stay below it; of 230 mixed pages labelled Japanese, 14 were lost without (slides, lists of links).
_PLAINLY_JAPANESE_KANA = 30
#: A page of links with a notice above them (a site map, an index) is given whole, and its `link_fraction` says so;
#: a notice has fewer kana than the beginning of an article that is for subscribers.
_ARTICLE_KANA = 60
_LIST_SHARE = 0.7
_SMALL_SHARE = 0.1
_TITLE_CHARS = 2
#: resiliparse's extraction takes time with the square of the depth: 20,000 nested elements take 17 seconds;
#: a list of 100,000 options crashes it.
_RESILIPARSE_DEPTH = 1000
_RESILIPARSE_TAGS = 50_000

_WIDE = "\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff01-\uff60"
_JAPANESE_LINE_END = re.compile(f"(?<=[{_WIDE}])[ \t]*\r?\n[ \t\r\n]*(?=[{_WIDE}])")
_SCRIPTS = re.compile(r"<(script|style|title)\b.*?</\1\b[^>]*>", re.IGNORECASE | re.DOTALL)
_ANY_TAG = re.compile("<[^<>]*>")
_START_OR_END = re.compile("<(/)?[a-zA-Z]")
_ANNOUNCEMENT = (
    r"[\W_]*(?:(?:(?:この記事[にの]|こちらの|その他の|他の|あなたに|今週の|最近の|月間|週間|総合|デイリー|アクセス)*"
    r"(?:関連|おすすめ|オススメ|お勧め|ランキング|人気|注目|新着|最新|最近|ピックアップ|あわせて読みたい|合わせて読みたい|"
    r"カテゴリー?|アーカイブ|シェア|コメント|トラックバック|タグ|前後の|前の|次の|プロフィール|広告|スポンサー|サイト内|目次|"
    r"バックナンバー|月別|記事一覧|一覧|よく読まれ|PR\b|PICK ?UP|SNS)"
    r"|(?i:related|recommend|popular|most (?:popular|read|viewed)|recent|latest|trending|share|comments?\b|tags?\b|"
    r"archives?\b|categor|leave a (?:reply|comment)|you (?:may|might)|more (?:from|in|on|stories)|read (?:more|next)|"
    r"see also|ranking|about the author|"
    r"mehr zum thema|lesen sie auch|das könnte (?:sie|dich)|(?:ähnliche|verwandte|weitere|neueste) (?:artikel|beiträge|"
    r"themen|news|meldungen|stories)|meistgelesen|empfehlungen|kommentare?\b|schlagw[oö]rt|"
    r"(?:à )?lire aussi|sur le même (?:sujet|thème)|articles? (?:liés|similaires|recommandés)|les plus lus|"
    r"(?:vous aimerez|à voir) aussi|commentaires?\b|"
    r"(?:artículos|noticias|notas|entradas|notícias|artigos) (?:relacionad|recientes)|te puede interesar|"
    r"(?:lea|lee|leia|veja|mira) (?:también|também|mais)|lo más (?:leído|visto)|mais lidas|comentários?\b|"
    r"comentarios?\b|leggi anche|articoli correlati|potrebbe interessarti|i più letti|commenti\b|"
    r"lees ook|gerelateerd|meest gelezen|reacties?\b|czytaj (?:też|także)|zobacz (?:też|także)|podobne|komentarze|"
    r"читайте также|похожие|комментарии|læs også|les også|läs (?:också|även)|lue myös)"
    r"))"
)
#: What announces other pages: as a heading with little behind it, or before the links themselves.
_FRAME_HEADING = re.compile(_ANNOUNCEMENT + ".{0,20}$", re.DOTALL)
_ANNOUNCED_LINKS = re.compile(_ANNOUNCEMENT)
_SENTENCE_END = re.compile("[。．！？!?.…][」』）)\"'”»]?\\s*$")
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
