"""Columns and kernels give the running text that going line by line gives (`tests/ocr_oracle.py`)."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.ocr_noise import LAYOUTS, Noise, book
from manyo.corpus.print.geometry_kernels import Box, Kind
from manyo.corpus.print.paragraphs import running_text, with_notes_in_lines
from manyo.corpus.print.recognised import Line, Page
from manyo.corpus.sources.ndl_pages import Item, read_best
from tests import ocr_oracle
from tests.corpus.test_simulated_books import items_of, paragraphs

Lines = tuple[list[Line], list[Box]]


def assert_same(pages: list[Page]) -> None:
    ours = running_text(pages)
    with_notes = [with_notes_in_lines(page) for page in pages]
    theirs = ocr_oracle.running_text(
        [ocr_oracle.Page(page.label, tuple(page.lines()), tuple(page.furniture)) for page in with_notes]
    )
    assert ours == theirs


WORDS = st.text("あ漢か。、「」　aZ 3〓一", min_size=1, max_size=20).map(str.strip).filter(bool) | st.sampled_from(
    ["(30)", "― 3 ―", "三", "12", "年報 3", "年報 4", "年報", "るび", "題名のある本", "題名のある木"]
)
STEPS = st.sampled_from([20.0, 100.0, 101.5, 120.0, 130.0, 160.0, 190.0, 400.0, 500.0, 900.0])


@st.composite
def scattered(draw: st.DrawFn) -> Lines:
    """A page of lines in any place, some of them twice."""
    lines = []
    for _ in range(draw(st.integers(0, 9))):
        text, thickness = draw(WORDS), draw(st.sampled_from([20.0, 20.0, 24.0, 9.0, 0.0]))
        length = len(text) * 20 + draw(st.sampled_from([0, 0, -20, 100]))
        sides = (thickness, length) if draw(st.booleans()) else (length, thickness)
        lines.append(
            Line(
                text,
                draw(st.sampled_from([Kind.BODY] * 6 + list(Kind))),
                draw(st.sampled_from([None, 1, 1, 2])),
                draw(st.sampled_from([Box(draw(STEPS), draw(STEPS), *sides)] * 9 + [None])),
                draw(st.sampled_from([None, 0.3, 0.5, 0.9])),
            )
        )
    lines += draw(st.lists(st.sampled_from(lines), max_size=2)) if lines else []
    boxed = [line.box for line in lines if line.box]
    return lines, draw(st.lists(st.sampled_from(boxed), max_size=1)) if boxed else []


@st.composite
def set_in_columns(draw: st.DrawFn) -> Lines:
    """A page as it is printed: one to three columns, perhaps out of order, a head, a number."""
    is_vertical = draw(st.booleans())
    lines = []
    for column in range(draw(st.integers(1, 3))):
        for row in range(draw(st.integers(1, 9))):
            text = draw(
                st.sampled_from(
                    ["漢字とかなを書いた行だ", "漢字とかなを書いた行。", "短い行。", "「短い行」と言う、", "漢字とかな"]
                )
            )
            along, across = 100 + 260 * column + draw(st.sampled_from([0, 20, 3])), 34 * row + draw(st.integers(-2, 2))
            length = 20 * len(text)
            box = Box(900 - across, along, 20, length) if is_vertical else Box(along, 100 + across, length, 20)
            lines.append(Line(text, block=draw(st.sampled_from([None, 1, column + 1])), box=box, confidence=0.9))
    lines = draw(st.permutations(lines)) if draw(st.booleans()) else lines
    heads = [Line(draw(WORDS), block=None, box=Box(draw(STEPS), 20 + draw(st.integers(0, 1)), 100, 16))]
    numbers = [Line(str(draw(st.integers(1, 99))), block=None, box=Box(300, 950, 30, 16))]
    return heads * draw(st.integers(0, 1)) + lines + numbers * draw(st.integers(0, 1)), []


@settings(max_examples=120, deadline=None)
@given(st.lists(scattered() | set_in_columns(), max_size=5))
def test_any_pages_read_alike(pages: list[Lines]) -> None:
    assert_same([Page.of(str(number), *page) for number, page in enumerate(pages)])


@given(scattered())
@settings(max_examples=60, deadline=None)
def test_a_page_gives_back_its_lines(page: Lines) -> None:
    assert Page.of("1", *page).lines() == page[0]


@pytest.mark.parametrize("layout", LAYOUTS[::3], ids=str)
@pytest.mark.parametrize("shape", ["xml", "json"])
def test_simulated_books_read_alike(layout, shape: str) -> None:
    simulated = book(paragraphs(random.Random(5), 60), ("水車の本", "渡し場"), layout, Noise(), 5)
    assert_same([page_of(item) for item in items_of(simulated, shape)])


def page_of(item: Item) -> Page:
    (page,) = read_best([item])
    assert isinstance(page, Page)
    return page
