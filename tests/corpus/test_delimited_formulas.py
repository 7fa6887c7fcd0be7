"""Formulas between delimiters: `$` on pages that load MathJax or KaTeX, and as they are everywhere else."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.web.main_text import extract

SCRIPT = '<script src="https://cdn.example/mathjax@3/tex-mml-chtml.js"></script>'
TEXT = "長方形を敷き詰める方法の数を考えます。端から一枚ずつ置くと、残りは一列だけ短い長方形です。"


def text_of(inside: str, head: str = SCRIPT) -> str:
    return extract(f"{head}<article><p>{TEXT}</p>{inside}<p>{TEXT}</p></article>").text.removeprefix(TEXT)[
        1 : -len(TEXT) - 1
    ]


@pytest.mark.parametrize(
    ("inside", "shown"),
    [
        (r"<p>数は \(a_n\) です。</p>", "数は $a_n$ です。"),
        (r"<p>\( a_n \)と\(b_{n-1}\)</p>", "$a_n$と$b_{n-1}$"),
        ("<p>\\[\n a_n = \\frac{1}{2}\n\\]</p>", r"$$a_n = \frac{1}{2}$$"),
        (r"<p>\[a &lt; b\] である。</p>", "$$a < b$$ である。"),
        (r"<p>表現 <code>\(x\)</code> と \(x\)</p>", r"表現 \(x\) と $x$"),
        (r"<pre>re.match(r'\(x\)', s)</pre>", r"re.match(r'\(x\)', s)"),
        (r"<p>改行 \\[2pt] と \\(x\)</p>", r"改行 \\[2pt] と \\(x\)"),
        (r"<p>終わらない \(x だけ。</p>", r"終わらない \(x だけ。"),
        (r"<p>二つ \(a \(b\) の。</p>", r"二つ \(a $b$ の。"),
    ],
)
def test_delimiters_become_dollars(inside: str, shown: str) -> None:
    assert text_of(inside) == shown


def test_a_page_without_such_a_program_keeps_its_backslashes() -> None:
    assert text_of(r"<p>記号 \(x\) は括弧です。</p>", head="") == r"記号 \(x\) は括弧です。"


def test_a_formula_is_a_span_of_the_structure() -> None:
    page = extract(f"{SCRIPT}<article><p>{TEXT}</p><p>\\(a\\)と<b>太字</b>と\\[b^2\\]。</p></article>")
    spans = page.structure
    of_kind = {
        kind: [page.text[a:b] for a, b, k in zip(spans.start, spans.stop, spans.kind, strict=True) if k == kind]
        for kind in ("math", "emphasis")
    }
    assert of_kind == {"math": ["$a$", "$$b^2$$"], "emphasis": ["太字"]}


PIECES = (
    "\\(",
    "\\)",
    "\\[",
    "\\]",
    "x",
    " ",
    "雨",
    "<b>",
    "</b>",
    "<code>",
    "</code>",
    "<a href=x>",
    "</a>",
    "<br>",
    "$",
)


@given(st.lists(st.sampled_from(PIECES), max_size=20).map("".join))
@settings(max_examples=200, deadline=None)
def test_nothing_but_delimiters_and_blanks_in_them_changes(inside: str) -> None:
    def plain(text: str) -> str:
        return re.sub(r"\\[()\[\]]|[$\s]", "", text)

    assert plain(text_of(f"<p>{inside}</p>")) == plain(text_of(f"<p>{inside}</p>", head=""))
