"""What style sheets of a book say about its text: which classes carry emphasis dots, are hidden, or set vertically.

Not a cascade: only rules whose selector is an element, a class, or an element with a class. That is how the templates
of Japanese publishers and the tools that follow them write these rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from manyo.corpus.books.markup_text import Styles

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SELECTOR = re.compile(r"([a-zA-Z][\w-]*)?(?:\.([\w-]+))?")
_EMPHASIS = re.compile(r"text-emphasis(?:-style)?\s*:\s*(?!none|initial|inherit)[^;\s]")
_HIDDEN = re.compile(r"display\s*:\s*none")
_VERTICAL = re.compile(r"writing-mode\s*:\s*(?:vertical|tb-rl|tb\b)")


def read_styles(sheets: Iterable[str]) -> Styles:
    """The rules of style sheets together.

    Of `hidden`, `rt` and `rp` are left out: tools hide them from themselves, not from readers.
    """
    found: dict[str, set[tuple[str, str]]] = {"emphasised": set(), "hidden": set(), "vertical": set()}
    for sheet in sheets:
        for rule in _COMMENT.sub("", sheet).split("}"):
            before, _, declarations = rule.rpartition("{")
            selectors = before.rpartition("{")[2]  # within @media
            for kind, pattern in (("emphasised", _EMPHASIS), ("hidden", _HIDDEN), ("vertical", _VERTICAL)):
                if pattern.search(declarations):
                    found[kind].update(_plain(selectors))
    found["hidden"] -= {("rt", ""), ("rp", ""), ("html", ""), ("body", "")}
    return Styles(*(frozenset(found[kind]) for kind in Styles._fields))


def _plain(selectors: str) -> Iterable[tuple[str, str]]:
    for selector in selectors.split(","):
        match = _SELECTOR.fullmatch(selector.strip())
        if match and (match[1] or match[2]):
            yield (match[1] or "").lower(), match[2] or ""
