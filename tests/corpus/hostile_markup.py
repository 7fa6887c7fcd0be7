"""Families of markup made to take long, each by its size, and what the kernels do for them.

`python -m tests.corpus.hostile_markup SIZE...` prints for each size, as a line of JSON, how many elements of arrays the
kernels of the main text touch for each family. It has to run with `NUMBA_DISABLE_JIT=1`: compiled code cannot be
counted.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

PROSE = "朝から雨が降っていたので、傘をさして駅まで歩きました。"

#: Name → markup of about a given number of bytes.
FAMILIES: dict[str, Callable[[int], str]] = {
    "open boxes": lambda size: "<div>" * (size // 5) + PROSE,
    "open inline elements": lambda size: "<p><a><b><i><font>" * (size // 18) + PROSE,
    "open tables": lambda size: "<table>" * (size // 7) + PROSE,
    "attributes": lambda size: "<div " + " ".join(f'a{i}="x"' for i in range(size // 9)) + f">{PROSE}</div>",
    "quoted tag ends": lambda size: "<div " + " ".join(f'a{i}=">"' for i in range(size // 9)) + f">{PROSE}</div>",
    "one long value": lambda size: f'<img alt="{"x" * size}">{PROSE}',
    "open scripts": lambda size: "<script>" * (size // 8) + PROSE,
    "open styles and titles": lambda size: "<style><title>" * (size // 14) + PROSE,
    "open comments": lambda size: "<!--" * (size // 4) + PROSE,
    "open CDATA": lambda size: "<![CDATA[" * (size // 9) + PROSE,
    "less-than signs": lambda size: "<" * size + PROSE,
    "tags without an end": lambda size: "<a" * (size // 2) + PROSE,
    "white space": lambda size: PROSE + " \n" * (size // 2) + PROSE,
    "announcing headings": lambda size: "<h2>関連記事</h2>" * (size // 21) + PROSE,
    "end tags of boxes that are not open": lambda size: "<div>" * 300 + "</section>" * (size // 10) + PROSE,
    "items under many lists": lambda size: "<ul>" * 300 + "<li></p>" * (size // 8) + PROSE,
    "skipped elements": lambda size: "<button><select><svg><canvas>" * (size // 29) + PROSE,
    "reading aids": lambda size: "<ruby><rt><rp>" * (size // 14) + PROSE,
    "hidden boxes": lambda size: '<div style="display:none">' * (size // 26) + PROSE,
    "open quotes": lambda size: '<a href="' * (size // 9) + PROSE + ">",
    "open values": lambda size: "<a b=" * (size // 5) + "'>" + PROSE,
    "references without an end": lambda size: "&#" * (size // 4) + "&amp" * (size // 8) + PROSE,
    "statements": lambda size: '<meta name="robots" content="x">' * (size // 32) + PROSE,
    "links of signs": lambda size: '<a href="#x">¶</a>' * (size // 19) + PROSE,
    "articles": lambda size: f"<article><p>{PROSE}</p></article>" * (size // 108),
    "cells": lambda size: "<table><tr>" + "<td>晴れ</td>" * (size // 15) + "</table>",
    "numbered items": lambda size: "<ol>" + f"<li>{PROSE}</li>" * (size // 90) + "</ol>",
    "line ends in a listing": lambda size: "<pre>a" + "\n" * size + "</pre>" + PROSE,
    "unlike boxes behind a text": lambda size: (
        "<section>"
        + f"<div class=a><p>{PROSE}</p></div>" * (size // 220)
        + "</section>"
        + "".join(f"<div class=b{i}><p>傘。</p></div>" for i in range(size // 60))
    ),
    "classes": lambda size: f'<div class="{"nav " * (size // 4)}">{PROSE}</div>' * 2,
}


class Counted(np.ndarray[Any, Any]):
    """An array that counts how many of its elements are read or written, over all such arrays."""

    touched = 0

    def __getitem__(self, key: Any) -> Any:
        item = super().__getitem__(key)
        Counted.touched += len(item) if isinstance(key, slice) else 1
        return item

    def __setitem__(self, key: Any, value: Any) -> None:
        Counted.touched += len(range(*key.indices(len(self)))) if isinstance(key, slice) else 1
        super().__setitem__(key, value)


def counting(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """The kernel on arrays that count; what it allocates itself is not counted."""

    def call(*arguments: Any) -> Any:
        return kernel(*(item.view(Counted) if isinstance(item, np.ndarray) else item for item in arguments))

    return call


def main(sizes: list[int]) -> None:
    """Print the counts of the families at each size."""
    from manyo.corpus.web import main_text, tags  # tests.hostile_work wraps kernels before they are imported

    tags.read = counting(tags.read)
    main_text.choose = counting(main_text.choose)
    main_text.write = counting(main_text.write)
    for size in sizes:
        counts = {}
        for name, markup in FAMILIES.items():
            Counted.touched = 0
            main_text.extract(markup(size))
            counts[name] = Counted.touched
        print(json.dumps(counts))


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]])
