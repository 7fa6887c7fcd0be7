"""Pages that were set by known rules are read back as they were set, whatever the order of their glyphs."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.print.cell_kernels import ASCENT
from manyo.corpus.print.page_layout import arranged, lines_of
from manyo.corpus.print.page_parts import Block
from manyo.corpus.print.pdf_glyphs import Glyphs, PdfPage
from samples.files.pdf_writer import HEIGHT, WIDTH, Glyph, advance_ems, level, ruby_beside, ruby_over, upright

#: Characters without a meaning for layout: no marks, no digits.
CHARACTERS = "山川空海風花鳥月森林里町村橋道石水火土木春夏秋冬朝昼夜光影音声色形のをにはがでと"


def page_of(glyphs: Sequence[Glyph], rules: Sequence[tuple[float, float, float, float]] = ()) -> PdfPage:
    n = len(glyphs)
    x, y, size = (np.array([glyph[i] for glyph in glyphs], np.float64) for i in (1, 2, 3))
    return PdfPage(
        WIDTH,
        HEIGHT,
        Glyphs(
            np.array([ord(glyph.text) for glyph in glyphs], np.uint32),
            x,
            y - ASCENT * size,
            x + size * np.array([advance_ems(glyph.text) for glyph in glyphs]),
            y + (1 - ASCENT) * size,
            size,
            np.zeros(n, np.int64),
            np.zeros(n, np.int64),
            np.zeros(n, np.bool_),
            np.zeros(n, np.bool_),
            np.zeros(n),
            np.zeros(n),
        ),
        np.array(rules, np.float64).reshape(-1, 4),
        is_artifact=np.zeros(n, np.bool_),
    )


def blocks_of(glyphs: Sequence[Glyph], rules: Sequence[tuple[float, float, float, float]] = ()) -> list[Block]:
    return arranged(lines_of(page_of(glyphs, rules)), set())[0]


def text_of(blocks: Sequence[Block]) -> str:
    return "".join(line.text for block in blocks for line in block.lines)


@dataclass
class Layout:
    """A page of columns (or tiers) with a title over them."""

    is_upright: bool
    n_columns: int
    size: float
    pitch: float
    gutter_ems: float
    chars: int
    lines: list[int]
    last_chars: list[int]
    has_title: bool
    readings: bool
    seed: int


layouts = st.builds(
    Layout,
    is_upright=st.booleans(),
    n_columns=st.integers(1, 3),
    size=st.floats(6, 12),
    pitch=st.floats(1.35, 2.2),
    gutter_ems=st.floats(1.2, 4),
    chars=st.integers(9, 14),
    lines=st.lists(st.integers(4, 9), min_size=3, max_size=3),
    last_chars=st.lists(st.integers(1, 8), min_size=3, max_size=3),
    has_title=st.booleans(),
    readings=st.booleans(),
    seed=st.integers(0, 2**32),
)


def drawn(layout: Layout) -> tuple[list[Glyph], str, list[tuple[str, str]]]:
    """The glyphs of a page in any order, its text, and its readings (base, reading)."""
    rng = random.Random(layout.seed)
    size, pitch = layout.size, max(layout.pitch, 1.75 if layout.readings else 0) * layout.size
    glyphs: list[Glyph] = []
    text, readings = "", []
    start = 60.0

    def word(length: int) -> str:
        return "".join(rng.choice(CHARACTERS) for _ in range(length))

    if layout.has_title:
        title = word(6)
        text += title
        if layout.is_upright:
            glyphs += upright(title, WIDTH - start - 1.6 * size, 60.0, 1.6 * size)
        else:
            glyphs += level(title, 60.0, start, 1.6 * size)
        start += 1.6 * size + 2 * pitch
    for column in range(layout.n_columns):
        along = 60.0 + column * (layout.chars + layout.gutter_ems) * size
        n_lines = layout.lines[column]
        for number in range(n_lines):
            length = layout.chars if number < n_lines - 1 else layout.last_chars[column]
            line = word(length)
            text += line
            across = start + number * pitch
            if layout.is_upright:
                glyphs += upright(line, WIDTH - across - size, along, size)
            else:
                glyphs += level(line, along, across, size)
            if layout.readings and length >= 4 and rng.random() < 0.7:
                at = rng.randrange(length - 1)
                base, reading = line[at : at + 2], "".join(rng.choice("あいうえおかきくけこ") for _ in range(3))
                if all(char >= "\u4e00" for char in base):
                    readings.append((base, reading))
                    if layout.is_upright:
                        glyphs += ruby_beside(reading, WIDTH - across - size, along + at * size, 2, size)
                    else:
                        glyphs += ruby_over(reading, along + at * size, across, 2, size)
    rng.shuffle(glyphs)
    return glyphs, text, readings


@settings(max_examples=150, deadline=None)
@given(layouts)
def test_columns_and_tiers_are_read_as_they_were_set_in_any_order_of_the_stream(layout: Layout) -> None:
    glyphs, text, readings = drawn(layout)
    blocks = blocks_of(glyphs)
    assert text_of(blocks) == text
    found = [
        (line.text[mark.start : mark.stop], mark.value)
        for block in blocks
        for line in block.lines
        for mark in line.marks
        if mark.kind == "ruby"
    ]
    assert sorted(found) == sorted(readings)


@given(st.permutations(range(60)))
@settings(max_examples=20, deadline=None)
def test_the_order_of_the_stream_changes_nothing(order: list[int]) -> None:
    lines = [
        "山川空海風花鳥月森林里町村橋道",
        "石水火土木春夏秋冬朝昼夜光影音",
        "声色形山川空海風花鳥月森林里町",
        "村橋道石水火土木春夏秋冬朝昼夜",
    ]
    glyphs = [glyph for number, line in enumerate(lines) for glyph in level(line, 60, 60 + 18 * number)]
    assert text_of(blocks_of([glyphs[i] for i in order])) == "".join(lines)


def test_digits_side_by_side_in_a_vertical_line_are_read_from_left_to_right() -> None:
    digits = [Glyph("2", 305, 88.8), Glyph("1", 300, 88.8)]
    page = page_of([*digits, *upright("昭和", 300, 60), *upright("年の暮れ", 300, 90)])
    narrow = page.glyphs.points < 0x80
    page.glyphs.right[narrow] = page.glyphs.left[narrow] + 5
    (block,) = arranged(lines_of(page), set())[0]
    assert [line.text for line in block.lines] == ["昭和12年の暮れ"]


def test_emphasis_dots_are_spans_and_no_text() -> None:
    glyphs = upright("声を合わせて網を引く", 300, 60) + [
        Glyph("﹅", 310.5, 60 + 10 * i + 2.5 + 4.4, 5) for i in range(4)
    ]
    (block,) = blocks_of(glyphs)
    (line,) = block.lines
    assert line.text == "声を合わせて網を引く"
    assert {mark.kind for mark in line.marks} == {"emphasis"}
    assert (line.marks[0].start, line.marks[-1].stop) == (0, 4)


def grid(xs: Sequence[float], ys: Sequence[float]) -> list[tuple[float, float, float, float]]:
    return [(xs[0], y, xs[-1], y) for y in ys] + [(x, ys[0], x, ys[-1]) for x in xs]


def test_a_ruled_table_is_read_by_rows_with_empty_cells() -> None:
    rules = grid([60, 140, 220, 300], [60, 80, 100, 120])
    cells = [("地区", 0, 0), ("世帯", 1, 0), ("人口", 2, 0), ("北町", 0, 1), ("百", 2, 1), ("南町", 0, 2), ("千", 1, 2)]
    glyphs = [glyph for text, column, row in cells for glyph in level(text, 65 + 80 * column, 65 + 20 * row)]
    (block,) = blocks_of(glyphs, rules)
    assert block.is_table
    assert [line.text for line in block.lines] == ["地区\t世帯\t人口", "北町\t\t百", "南町\t千\t"]


def test_a_cell_over_several_rows_stands_in_the_first_of_them() -> None:
    rules = [*grid([60, 140, 220], [60, 80, 100]), (140, 60, 140, 100)]
    rules = [rule for rule in rules if rule != (60, 80, 220, 80)] + [(140, 80, 220, 80)]
    glyphs = level("申込者", 65, 75) + level("氏名", 145, 65) + level("住所", 145, 85)
    (block,) = blocks_of(glyphs, rules)
    assert [line.text for line in block.lines] == ["申込者\t氏名", "住所"]


def test_a_table_without_rules_is_read_by_rows() -> None:
    rows = [
        ("区分", "就業者数", "構成比"),
        ("農業", "七百二", "七"),
        ("漁業", "四百十八", "四"),
        ("総数", "千百二十", "十一"),
    ]
    glyphs = [
        glyph
        for number, row in enumerate(rows)
        for column, cell in enumerate(row)
        for glyph in level(cell, 60 + 90 * column, 60 + 15 * number)
    ]
    (block,) = blocks_of(glyphs)
    assert [line.text for line in block.lines] == ["\t".join(row) for row in rows]


def test_lines_do_not_run_over_the_rule_between_two_cells() -> None:
    rules = grid([60, 91, 122], [60, 75])
    glyphs = level("一番青", 60.5, 62) + level("二番鴨", 91.5, 62)
    (block,) = blocks_of(glyphs, rules)
    assert [line.text for line in block.lines] == ["一番青\t二番鴨"]


def test_a_vertical_text_in_a_frame_beside_a_level_one_is_read_by_itself() -> None:
    left = ["山川空海風花鳥月森林里町", "村橋道石水火土木春夏秋冬", "朝昼夜光影音声色形山川空", "海風花鳥月森林"]
    right = ["港の随筆五月の海は色が若い", "船が還ってくると岸壁では人", "々が声を合わせて網を引く"]
    glyphs = [glyph for number, line in enumerate(left) for glyph in level(line, 60, 70 + 18 * number)]
    glyphs += [glyph for number, line in enumerate(right) for glyph in upright(line, 380 - 18 * number, 70)]
    random.Random(5).shuffle(glyphs)
    frame = grid([330, 400], [60, 220])
    assert text_of(blocks_of(glyphs, frame)) == "".join(left + right)


@pytest.mark.parametrize("text", ["会議録", "議事日程"])
def test_a_heading_with_wide_equal_gaps_is_one_word(text: str) -> None:
    glyphs = [Glyph(char, 60 + 25 * i, 60) for i, char in enumerate(text)]
    assert text_of(blocks_of(glyphs)) == text


def test_a_note_below_a_rule_follows_the_columns() -> None:
    column = "山川空海風花鳥月森林里町"
    glyphs = [glyph for x in (60, 220) for number in range(6) for glyph in level(column, x, 60 + 18 * number)]
    glyphs += level("＊橋の排水は別に報告する", 60, 700, 8)
    blocks, notes = arranged(lines_of(page_of(glyphs, [(60, 695, 180, 695)])), set())
    assert [note.text for note in notes] == ["＊橋の排水は別に報告する"]
    assert text_of(blocks) == column * 12


def test_line_numbers_in_the_gutter_are_no_text() -> None:
    columns = ["山川空海風花鳥月森林里町村橋道石水火", "土木春夏秋冬朝昼夜光影音声色形のをに"]
    glyphs = [glyph for c in (0, 1) for i in range(21) for glyph in level(columns[c], 60 + c * 220, 60 + i * 18)]
    glyphs += [glyph for i in range(4, 21, 5) for glyph in level(str(i + 1), 60 + 183, 60 + i * 18)]
    assert text_of(blocks_of(glyphs)) == columns[0] * 21 + columns[1] * 21


def test_figures_in_every_row_are_no_line_numbers() -> None:
    glyphs = [glyph for i in range(6) for glyph in level(f"{5 * i + 5}", 60, 60 + i * 18)]
    glyphs += [glyph for i in range(6) for glyph in level("山川空海", 140, 60 + i * 18)]
    assert "".join(text_of(blocks_of(glyphs)).split()) == "".join(f"{5 * i + 5}山川空海" for i in range(6))


def test_small_print_in_two_rows_within_a_line_is_read_row_by_row() -> None:
    glyphs = upright("昔々", 500, 60) + upright("人々は住みける里の道", 500, 95)
    glyphs += upright("山川空", 505, 80, 5) + upright("花鳥月", 500, 80, 5)
    assert text_of(blocks_of(glyphs)) == "昔々山川空花鳥月人々は住みける里の道"
