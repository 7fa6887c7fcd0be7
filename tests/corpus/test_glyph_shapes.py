"""Whether glyphs look like the characters that a font names: the law of the figure, and pages of lying fonts."""

from __future__ import annotations

import numpy as np
import pypdfium2 as pdfium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.lying_maps import names_of, stream_of
from manyo.corpus.print.glyph_shapes import ink_fit, load_shapes, n_em_wide_letters
from manyo.corpus.print.page_layout import lines_of
from manyo.corpus.print.pdf_glyphs import Glyphs, PdfPage, page_of
from manyo.corpus.print.text_layer import why_implausible
from samples.files.pdf_writer import level, pdf, upright

WIDTHS, HEIGHTS = load_shapes()
KNOWN = np.flatnonzero(WIDTHS > 0)


def glyphs(points: np.ndarray, drawn: np.ndarray, scale: tuple[float, float] = (1.0, 1.0), font: int = 0) -> Glyphs:
    """Glyphs that are named as some characters and drawn as others, in a font that is narrower or lower than usual."""
    n = len(points)
    zero, no, flags = np.zeros(n), np.zeros(n, np.int64), np.zeros(n, np.bool_)
    one = np.full(n, 10.0)
    return Glyphs(
        points.astype(np.uint32), zero, zero, one, one, one, no, no + font, flags, flags,
        scale[0] * WIDTHS[drawn], scale[1] * HEIGHTS[drawn],
    )  # fmt: skip


def joined(*parts: Glyphs) -> Glyphs:
    return Glyphs(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


@given(st.integers(0, 2**32), st.integers(20, 400), st.floats(0.5, 1.5), st.floats(0.5, 1.5))
@settings(max_examples=40, deadline=None)
def test_the_fit_is_zero_where_characters_are_drawn_and_about_one_where_they_are_dealt(
    seed: int, n: int, wide: float, high: float
) -> None:
    rng = np.random.default_rng(seed)
    points = rng.choice(KNOWN, n, replace=False)
    assert ink_fit(glyphs(points, points, (wide, high))).error == pytest.approx(0, abs=1e-9)
    dealt = ink_fit(glyphs(points, rng.permutation(points), (wide, high)))
    assert 0.6 < dealt.error < 1.4
    assert dealt.n_characters == n


@given(st.integers(0, 2**32))
@settings(max_examples=20, deadline=None)
def test_how_often_and_in_what_order_characters_stand_changes_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.choice(KNOWN, 40, replace=False)
    drawn = rng.permutation(points)
    order = rng.permutation(np.repeat(np.arange(40), rng.integers(1, 5, 40)))
    assert ink_fit(glyphs(points[order], drawn[order])).error == pytest.approx(ink_fit(glyphs(points, drawn)).error)


def test_each_font_is_compared_in_its_own_proportions() -> None:
    points = KNOWN[:60]
    assert ink_fit(joined(glyphs(points, points, (0.6, 1.0)), glyphs(points, points, (1.2, 0.9), font=1))).error < 1e-9


def test_kanji_whose_ink_differs_by_hundredths_of_an_em_between_two_fonts_are_no_others() -> None:
    """The cover of a budget has twenty kanji, which are all nearly as wide and high as an em."""
    text = "令和年度南国市土地取得事業特別会計予算書水道局議案第号"
    points = np.array([ord(char) for char in text])
    noise = np.random.default_rng(1).normal(0, 0.025, (2, len(text)))
    own = glyphs(points, points)
    other_font = own._replace(ink_width=own.ink_width + noise[0], ink_height=own.ink_height + noise[1])
    page = _page(text)
    page.glyphs = page.glyphs._replace(ink_width=other_font.ink_width, ink_height=other_font.ink_height)
    fit = ink_fit(page.glyphs)
    assert fit.error > 0.45
    assert why_implausible(lines_of(page).lines, page) == ""


def test_boxes_that_are_alike_for_all_characters_say_nothing() -> None:
    """A font without outlines gives its own box for each glyph."""
    points = KNOWN[:60]
    same = np.full(60, KNOWN[100])
    assert ink_fit(glyphs(points, same)).n_characters == 0


def _page(text: str) -> PdfPage:
    lines = [text[at : at + 30] for at in range(0, len(text), 30)]
    return page_of(
        pdfium.PdfDocument(pdf([glyph for n, line in enumerate(lines) for glyph in level(line, 60, 80 + 18 * n)])), 0
    )


@pytest.mark.parametrize("is_upright", [False, True])
def test_letters_that_take_an_em_are_counted_but_for_those_of_japanese_fonts_and_wide_ones(is_upright: bool) -> None:
    text = "款項国αЯ×±§mWM@%山川"
    page = page_of(pdfium.PdfDocument(pdf((upright if is_upright else level)(text, 80, 100))), 0).glyphs
    as_wide = page._replace(right=page.left + page.size)
    assert n_em_wide_letters(as_wide) == 0
    named_else = as_wide._replace(
        points=np.array([ord(char) for char in "w{þĀЉ×±§mWM@%山川"], np.uint32), ink_width=0.8 * np.ones(len(text))
    )
    assert n_em_wide_letters(named_else) == 5
    assert n_em_wide_letters(named_else._replace(ink_width=0.4 * np.ones(len(text)))) == 0, (
        "only the widths are missing"
    )


def test_a_budget_whose_few_kana_are_letters_needs_ocr() -> None:
    """Four kana among three hundred kanji: neither pairs nor their share tell it."""
    text = "歳入歳出予算事項別明細書款項目節区分金額説明一般会計" * 12 + "おのもの"
    sound = _page(text)
    assert why_implausible(lines_of(sound).lines, sound) == ""
    points = sound.glyphs.points.copy()
    is_kana = (points >= 0x3041) & (points <= 0x30FF)
    points[is_kana] = points[is_kana] - 0x3041 + 0xC0
    sound.glyphs = sound.glyphs._replace(points=points)
    assert why_implausible(lines_of(sound).lines, sound) == "implausible"


@given(
    st.dictionaries(
        st.integers(0, 0xFFFF).map(lambda code: f"{code:04X}"),
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=2),
        max_size=120,
    )
)
@settings(max_examples=40, deadline=None)
def test_the_bench_reads_the_maps_that_it_writes(names: dict[str, str]) -> None:
    assert names_of(stream_of(names)) == names
