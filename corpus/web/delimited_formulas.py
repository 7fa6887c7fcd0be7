"""Formulas that a page leaves to MathJax or KaTeX, between delimiters in its text: `\\(x^2\\)` and `\\[x^2\\]`.

They get the marks of all other formulas, `$x^2$` and `$$x^2$$` (`manyo.corpus.web.formulas`), on pages that load one of
these programs, outside code: elsewhere `\\(` is an expression's.
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from manyo.corpus.web.markup import CODE_MARK, MARK, MATH_MARK, TAGS, Markup, without_bytes

_PROGRAMS = (b"MathJax", b"mathjax", b"KaTeX", b"katex")
#: A longer one is two formulas that lack an end and a start. The backslash comes first and the one that must not be
#: before it second: for a first byte that is fixed, Python searches forty times as fast as for an assertion.
_FORMULA = re.compile(
    rb"\\(?<!\\\\)(?:(\()\s*+(?:[^\\]|\\(?![()])){1,2000}?(\s*\\\))|"
    rb"(\[)\s*+(?:[^\\]|\\(?![\[\]])){1,2000}?(\s*\\\]))"
)
_LISTINGS = [TAGS.index(name) for name in ("pre", "listing", "xmp", "textarea")]


def with_delimited_formulas(markup: Markup) -> Markup:
    """The page with `$` for the delimiters of its formulas."""
    # Few pages have a backslash, and of these few load such a program.
    if b"\\" not in markup.text or not (b"\\)" in markup.text or b"\\]" in markup.text):
        return markup
    formulas = list(_FORMULA.finditer(markup.text))
    if not formulas or not any(program in markup.source for program in _PROGRAMS):
        return markup
    rows = np.searchsorted(markup.blocks["start"], [found.start() for found in formulas], side="right") - 1
    is_within = markup.blocks["end"][rows] >= [found.end() for found in formulas]
    is_listing = np.isin(markup.boxes["tag"][markup.blocks["box"][rows]], _LISTINGS)
    code = markup.marks[markup.marks["kind"] == CODE_MARK][["start", "end"]].tolist()
    text = np.frombuffer(markup.text, np.uint8).copy()
    is_gone = np.zeros(len(text), np.bool_)
    marks = []
    for found, may_be in zip(formulas, (is_within & ~is_listing).tolist(), strict=True):
        if not may_be or any(start <= found.start() < end for start, end in code):
            continue
        is_displayed = found[1] is None
        opening, closing = (3, 4) if is_displayed else (1, 2)
        inner_start, inner_end = found.end(opening), found.start(closing)
        while text[inner_start] <= ord(" "):
            inner_start += 1
        is_gone[found.start() : inner_start] = is_gone[inner_end : found.end()] = True
        for at in (found.start(), found.end() - 2):
            text[at : at + 2] = ord("$")
            is_gone[at : at + 1 + is_displayed] = False
        inner = text[inner_start:inner_end]
        inner[inner < ord(" ")] = ord(" ")
        marks.append((MATH_MARK, found.start(), found.end(), 0, 0))
    if not marks:
        return markup
    both = np.concatenate((markup.marks, np.array(marks, MARK)))
    marked = replace(markup, text=text.tobytes(), marks=both[np.argsort(both["end"], kind="stable")])
    return without_bytes(marked, is_gone)
