"""Read a page's tags in one compiled pass over its bytes: blocks of text, in boxes.

The pass does what a browser does as far as the text depends on it: it closes elements whose end tag is omitted, leaves
out scripts and hidden elements, resolves character references, collapses white space and drops characters that only say
where a line may end (soft hyphens, zero-width spaces) or that only the page's font knows. Unknown and custom elements
are inline. A page that was cut in a script, a style sheet or a comment is hidden from there on.

A hidden element that is named main text is read all the same: it waits for a script or for a subscriber. So are a
hidden answer, a folded text, a template after text and what follows its own heading: they wait for a click. A picture
that is all of a heading gives its `alt`. The numbers of lines are left out of listings. A link to a place on the page
itself that contains only signs (¶ after a heading, ↩ after a note, ▲) is also left out, except in listings. For
Japanese, the reading aids `<rt>` and `<rp>` are dropped, and a line end in the source between two Japanese characters
is not a space.

Which blocks are the page's main text is decided in `manyo.corpus.web.main_text`.

Source: https://html.spec.whatwg.org/multipage/parsing.html, of which this is the part that affects text.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from html import unescape
from html.entities import html5

import numpy as np

from manyo.corpus.jit import Bytes, Records
from manyo.corpus.web.attribute_kernels import (
    COMMENTS_WORD,
    DIALOG_WORD,
    EDIT_WORD,
    FOLD_WORD,
    FRAME_WORD,
    LINE_WORD,
    MAIN_WORD,
    N_SLOTS,
    PICTURE_WORD,
    POST_WORD,
    SLOT_BITS,
    TOPIC_WORD,
    hash_of,
)
from manyo.corpus.web.choice_words import NAME_WORDS, ROLE_WORDS
from manyo.corpus.web.formulas import find_formulas
from manyo.corpus.web.inner_pages import as_spoken, with_inner_pages
from manyo.corpus.web.markup import (
    BOX_TAG,
    CHARACTER,
    CODE_MARK,
    EMPHASIS_MARK,
    FORMULA,
    INLINE,
    RUBY_MARK,
    STAND_IN,
    TAGS,
    TAGS_OF_KIND,
    UNKNOWN_CHARACTER,
    Markup,
)
from manyo.corpus.web.pictures import GETA, find_pictures
from manyo.corpus.web.script_text import text_in_scripts
from manyo.corpus.web.statement_kernels import TAG_STATEMENT, TITLE_STATEMENT
from manyo.corpus.web.statements import META_NAMES
from manyo.corpus.web.tags_kernels import (
    CELL,
    LIST,
    NAMES,
    ROW,
    TABLE,
    TERMS,
    read,
)
from manyo.corpus.web.xml_pages import as_html

_ENDS_PARAGRAPH = (
    "address article aside blockquote center details dialog dir div dl fieldset figcaption figure footer form "
    "h1 h2 h3 h4 h5 h6 header hgroup main menu nav ol p pre section table ul"
)
# Boxes that end an open box of their group, up to a border: items, terms, cells, rows, parts of a table.
_GROUP = {"li": 1, "dt": 2, "dd": 2, "td": 3, "th": 3, "tr": 4, "thead": 5, "tbody": 5, "tfoot": 5}
# What is marked in a block.
_MARK = {
    **dict.fromkeys(("b", "strong", "em"), EMPHASIS_MARK),
    **dict.fromkeys(("code", "kbd", "samp", "tt"), CODE_MARK),
    "ruby": RUBY_MARK,
}
_BORDER = {
    **dict.fromkeys(("ul", "ol", "menu", "dir"), LIST),
    **dict.fromkeys(("td", "th", "caption"), CELL),
    "table": TABLE,
    "dl": TERMS,
    "tr": ROW,
}
_STOPS_AT = {
    "li": LIST | CELL | TABLE,
    **dict.fromkeys(("dt", "dd"), TERMS | CELL | TABLE),
    **dict.fromkeys(("td", "th"), TABLE | ROW),
    **dict.fromkeys(("tr", "thead", "tbody", "tfoot", "caption"), TABLE),
    **dict.fromkeys(("table", "body"), 0),
}

# The bit that a kind of name in `choice_words.toml` sets.
_BIT = {
    "frame": FRAME_WORD,
    "topic": TOPIC_WORD,
    "post": POST_WORD,
    "comments": COMMENTS_WORD,
    "main": MAIN_WORD,
    "fold": FOLD_WORD,
    "line_number": LINE_WORD,
    "picture": PICTURE_WORD,
    "edit": EDIT_WORD,
    "dialog": DIALOG_WORD,
}


def read_markup(html: str | bytes) -> Markup:
    """The blocks and boxes of a page.

    Args:
        html: the decoded page, or the same as valid UTF-8; lone surrogates are read as `?`.

    Returns:
        The page's text and what its tags say about it. A page that is hidden as a whole is read as if nothing were.
    """
    data = html.encode("utf-8", "replace") if isinstance(html, str) else html
    data = as_html(data) or data
    markup = _read(data)
    if markup.holds_pages:
        data = with_inner_pages(data)
        markup = _read(data)
    if not len(markup.blocks):
        markup = _read(data, hides=False)
    if markup.own_chars < _NEXT_TO_NOTHING:
        return _from_elsewhere(data, markup)
    return markup


def _from_elsewhere(data: bytes, markup: Markup) -> Markup:
    """The page as a browser without scripts shows it, or the text in its scripts, where the page has nothing else.

    Where these have nothing, too, it is what the page hides, or says in `alt` of its pictures.
    """
    best, most = markup, max(_LEAST_ELSEWHERE, _TIMES_ELSEWHERE * markup.own_chars)
    lower = data.lower()
    if any(name in lower for name in (b"<noscript", b"<template", b"<noframes")):
        without_scripts = _read(data, has_scripts=False)
        n_chars = without_scripts.own_chars
        is_notice = n_chars < _NOTICE_CHARS and _NOTICE in without_scripts.text.lower()
        if n_chars >= most and not is_notice:
            best, most = without_scripts, n_chars
    if drawn := text_in_scripts(data):
        in_scripts = _read(drawn.encode("utf-8", "replace"))
        if in_scripts.own_chars >= most:
            best, most = in_scripts, in_scripts.own_chars
    is_empty = best is markup and markup.own_chars < _LEAST_ELSEWHERE and len(markup.text) < _ALMOST_EMPTY_BYTES
    if is_empty and any(name in lower for name in _MAY_HIDE):
        whole = _read(data, hides=False, shows_spare=True)
        best = whole if whole.own_chars >= most else markup
    if is_empty and best is markup and (spoken := as_spoken(data)):
        pictures = _read(spoken)
        best = pictures if pictures.own_chars >= most else markup
    return replace(best, title=markup.title, tags=markup.tags, json_ld=markup.json_ld)


def _read(data: bytes, *, hides: bool = True, has_scripts: bool = True, shows_spare: bool = False) -> Markup:
    """One pass over a page, as a browser with or without scripts shows it, or one without media and controls."""
    page = np.frombuffer(data, np.uint8)
    names = _names(has_scripts, shows_spare)
    nothing = (np.zeros(0, STAND_IN), np.zeros(0, np.uint8))
    found = read(page, names, *nothing, hides)
    holds_formulas, _, pictures = found[-4:-1]
    stand_ins, written_for_them = nothing
    if holds_formulas or len(pictures):
        stand_ins, written_for_them = _stand_ins(data, pictures, holds_formulas=holds_formulas)
    if len(stand_ins):
        found = read(page, names, stand_ins, written_for_them, hides)
    text, blocks, boxes, statements, marks, n_unknown, n_private, n_hidden, _, holds_pages, _, own_chars = found
    title = ""
    tags: list[str] = []
    json_ld = ""
    for kind, start, end in statements.tolist():
        written = data[start:end].decode("utf-8", "replace")
        if kind == TAG_STATEMENT:
            tags.append(written)
        elif kind == TITLE_STATEMENT:
            title = written
        else:
            json_ld += written
    counts = (n_unknown, n_private, n_hidden, own_chars)
    return Markup(text.tobytes(), blocks, boxes, title, tuple(tags), json_ld, *counts, holds_pages, marks, data)


def _stand_ins(data: bytes, pictures: Records, *, holds_formulas: bool) -> tuple[Records, Bytes]:
    """STAND_IN (n,), the formulas and the pictures of characters, and what is written for them."""
    found = []
    if holds_formulas:
        found += [(first, after, written, FORMULA) for first, after, written in find_formulas(data)]
    for first, after, written, is_formula in find_pictures(data, pictures.tolist()):
        kind = FORMULA if is_formula else UNKNOWN_CHARACTER if written == GETA else CHARACTER
        found.append((first, after, written, kind))
    stand_ins = np.zeros(len(found), STAND_IN)
    texts = []
    at = 0
    for row, (first, after, written, kind) in enumerate(sorted(found)):
        texts.append(written.encode("utf-8", "replace"))
        stand_ins[row] = (first, after, at, at + len(texts[-1]), kind)
        at += len(texts[-1])
    return stand_ins, np.frombuffer(b"".join(texts), np.uint8)


@cache
def _names(has_scripts: bool, shows_spare: bool) -> Records:
    """NAMES (1,), read-only; what stands for missing scripts, or for missing media and controls, may be shown."""
    names = np.zeros(1, NAMES)
    (known,) = names
    index = {name: i for i, name in enumerate(TAGS) if name}
    _fill(known["tags"], {name.encode(): i for name, i in index.items()})
    _fill_rules(known["rules"], index)
    if not has_scripts:
        for name in ("noscript", "template", "noframes"):
            known["rules"]["kind"][index[name]] = INLINE
    if shows_spare:
        for name in _SPARE:
            known["rules"]["kind"][index[name]] = BOX_TAG
    for column, said in (("words", NAME_WORDS), ("roles", ROLE_WORDS)):
        _fill(known[column], {word.encode(): _BIT[kind] for kind, words in said.items() for word in words})
    _fill(known["statements"], {name.encode(): 1 for name in META_NAMES})
    _fill(known["references"], {name.encode(): i for i, name in enumerate(html5)})
    for i, characters in enumerate(html5.values()):
        points = [ord(character) for character in characters]
        known["characters"][i] = (points[0], points[1] if len(points) == 2 else 0)
    for number in range(len(known["numbers"])):
        character = unescape(f"&#{number};")
        known["numbers"][number] = ord(character) if character else -1
    names.flags.writeable = False
    return names


def _fill(slots: Records, values: dict[bytes, int]) -> None:
    """Put names and their values into an open-addressing table."""
    for name, value in values.items():
        hashed = hash_of(name)
        slot = hashed >> (64 - SLOT_BITS)
        while slots["hash"][slot]:
            slot = (slot + 1) % N_SLOTS
        slots[slot] = (hashed, value)


def _fill_rules(rules: Records, index: dict[str, int]) -> None:
    """Set what each tag does, given the tags' indices; unknown tags are inline."""
    rules["kind"] = INLINE
    rules["stops_at"] = CELL | TABLE
    for kind, names in TAGS_OF_KIND.items():
        for name in names.split():
            rules["kind"][index[name]] = kind
    for name in _ENDS_PARAGRAPH.split():
        rules["ends_paragraph"][index[name]] = 1
    for column, values in (("mark", _MARK), ("group", _GROUP), ("border", _BORDER), ("stops_at", _STOPS_AT)):
        for name, value in values.items():
            rules[column][index[name]] = value


#: With fewer characters outside links and frames, a page has next to nothing. Its text is taken from elsewhere if that
#: is long, and several times as long.
_NEXT_TO_NOTHING = 200
_LEAST_ELSEWHERE = 60
#: A page with more text, links included, has more than what it hides.
_ALMOST_EMPTY_BYTES = 3000
_TIMES_ELSEWHERE = 3
#: What a page may keep out of sight, and elements that do.
_SPARE = ("object", "canvas", "audio", "video", "svg", "iframe", "noembed", "template", "button", "datalist", "select")
_MAY_HIDE = (b"hidden", b"display", *(f"<{name}".encode() for name in _SPARE))
#: What asks for scripts is short and names them.
_NOTICE = b"javascript"
_NOTICE_CHARS = 300
