"""Fractions in two storeys are read in one, and nothing else is taken for one."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pypdfium2 as pdfium
import pytest

from bench.made_layouts import LAYOUTS, made
from manyo.corpus.print.fractions import levelled
from manyo.corpus.print.pdf_glyphs import PdfPage, page_of
from manyo.corpus.sources.pdf import PdfText, read_pdf
from samples.files.pdf_writer import Glyph, Rule, level, pdf


def first_page(data: bytes) -> PdfPage:
    return page_of(pdfium.PdfDocument(data), 0)


def text_of(*parts: Glyph | Rule | bytes) -> str:
    found = read_pdf(pdf(parts))
    assert isinstance(found, PdfText)
    return found.text


def stacked(above: str, below: str, x: float, y: float, size: float = 7.0) -> list[Glyph | Rule]:
    """A fraction in a line of ten points whose cells begin at y."""
    width = max(len(above), len(below)) * size / 2 + 2
    centre = x + width / 2
    return [
        Rule(x, y + 5, x + width, y + 5),
        *level(above, centre - len(above) * size / 4, y + 4.5 - size, size),
        *level(below, centre - len(below) * size / 4, y + 5.5, size),
    ]


def test_a_fraction_within_a_line_is_read_where_it_stands() -> None:
    before, after = "浮きの速さはv=", "で、半径と周期から求められる。"
    x = 80 + 10 * 6 + 5 * 2
    line = [*level(before, 80, 100), *stacked("2r", "T", x, 100), *level(after, x + 11, 100)]
    assert text_of(*line, *level("水平方向のずれは別の式による。", 80, 120)).startswith("浮きの速さはv=2r/Tで、半径と")


@pytest.mark.parametrize(
    ("above", "below", "text"), [("a+b", "2", "(a+b)/2"), ("-a", "c-1", "-a/(c-1)"), ("1", "x+y", "1/(x+y)")]
)
def test_parts_of_several_terms_are_in_brackets(above: str, below: str, text: str) -> None:
    line = [*level("答えはS=", 80, 100), *stacked(above, below, 121, 100), *level("である。", 134, 100)]
    assert text_of(*line).replace(" ", "") == f"答えはS={text}である。"


def test_an_underlined_word_is_no_fraction() -> None:
    lines = [*level("霧の朝に茶屋を出た旅人は峠を越え", 80, 100), *level("て里に下りた。雨はまだ降らない。", 80, 112)]
    page = first_page(pdf([*lines, Rule(110, 111, 130, 111)]))
    assert levelled(page.glyphs, page.is_artifact, page.rules)[0] is page.glyphs


def test_a_heading_above_a_short_rule_and_text_below_it_is_no_fraction() -> None:
    page = first_page(pdf([*level("序", 200, 100), Rule(196, 112, 214, 112), *level("一", 200, 114)]))
    assert levelled(page.glyphs, page.is_artifact, page.rules)[0] is page.glyphs


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name != "fractions"])
def test_no_other_layout_has_a_fraction(layout: str) -> None:
    page = first_page(made(layout, 3).data)
    glyphs, is_artifact, rules = levelled(page.glyphs, page.is_artifact, page.rules)
    assert (glyphs is page.glyphs, is_artifact is page.is_artifact, rules is page.rules) == (True, True, True)


@pytest.mark.parametrize("seed", range(4))
def test_no_glyph_is_lost_and_only_strokes_and_brackets_are_added(seed: int) -> None:
    page = first_page(made("fractions", seed).data)
    before = {column: np.array(values) for column, values in page.glyphs._asdict().items()}
    glyphs, is_artifact, rules = levelled(page.glyphs, page.is_artifact, page.rules)
    assert all((getattr(page.glyphs, column) == values).all() for column, values in before.items()), "in place"
    was, now = Counter(page.glyphs.points.tolist()), Counter(glyphs.points.tolist())
    added = now - was
    assert was - now == Counter()
    assert added[ord("/")] == len(page.rules) - len(rules) > 0
    assert added[ord("(")] == added[ord(")")]
    assert set(added) <= {ord(sign) for sign in "/()"}
    assert len(is_artifact) == len(glyphs.points)
