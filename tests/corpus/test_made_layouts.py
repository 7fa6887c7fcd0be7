"""Pages of layouts drawn by chance are read as they were set, whatever the order of their streams."""

from __future__ import annotations

import pytest

from bench.layouts import score
from bench.made_layouts import LAYOUTS, made
from manyo.corpus.sources.pdf import PdfText, read_pdf
from samples.files.pdf_writer import Glyph, Rule, level, pdf, upright

SENTENCE = "秋の日は釣瓶落としと申しますが、この村では日の暮れるのがことさらに早い。"


def text_of(*pages: list[Glyph | Rule | bytes]) -> str:
    found = read_pdf(pdf(*pages))
    assert isinstance(found, PdfText)
    return found.text


def tier(text: str, top: float, chars: int = 18, right: float = 500.0) -> list[Glyph]:
    """Upright lines of a tier."""
    lines = [text[at : at + chars] for at in range(0, len(text), chars)]
    return [glyph for n, line in enumerate(lines) for glyph in upright(line, right - 18 * n, top)]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_made_layout_is_read_as_it_was_set(layout: str) -> None:
    for seed in range(3):
        one = score(made(layout, seed))
        assert one.errors == 0, seed
        assert (one.breaks, one.heads_left) == (0, 0), seed
        assert one.right_readings == one.readings == one.found_readings, seed


def test_a_head_above_tiers_is_left_out_though_tiers_are_as_far_apart() -> None:
    text = SENTENCE * 3
    page = [*level("里道研究", 60, 40, 8), *tier(text[:54], 70), *tier(text[54:], 280), *level("－ 12 －", 280, 780, 8)]
    assert text_of(page).replace("\n", "") == text


def test_small_heads_in_mirrored_places_of_two_pages_are_left_out() -> None:
    body = [glyph for n in range(8) for glyph in level(SENTENCE, 80, 100 + 18 * n)]
    pages = [[*level("硝子職人", 80, 30, 8), *body], [*level("霧の港", 595 - 80 - 24, 30, 8), *body]]
    assert text_of(*pages).replace("\n", "") == 16 * SENTENCE


def test_words_beside_a_number_that_counts_the_pages_are_a_head() -> None:
    body = [glyph for n in range(8) for glyph in level(SENTENCE, 80, 100 + 18 * n)]
    pages = [
        [*body, *level(head, 200, 790, 8), *level(number, 500, 790, 8)]
        for head, number in (("冬", "8"), ("霧の港町", "9"))
    ]
    assert text_of(*pages).replace("\n", "") == 16 * SENTENCE


def test_notes_in_small_print_beside_text_are_read_after_it() -> None:
    body = [glyph for n in range(9) for glyph in level(SENTENCE[:30], 80, 100 + 17 * n)]
    note = [glyph for n in range(5) for glyph in level("松林の中に小さな番小屋", 410, 104 + 11 * n, 7)]
    assert text_of([*body, *note]).replace("\n", "") == 9 * SENTENCE[:30] + 5 * "松林の中に小さな番小屋"


def test_text_on_a_tint_is_read_by_itself() -> None:
    """Columns beside it go on as if it were not there."""
    tint = b"q 0.9 0.95 0.9 rg 60 400 200 380 re f Q"
    inside = [glyph for n in range(8) for glyph in level(SENTENCE[:18], 70, 80 + 18 * n)]
    beside = tier(SENTENCE * 2, 80, chars=18, right=500) + tier(SENTENCE, 290, chars=18, right=500)
    assert text_of([tint, *inside, *beside]).replace("\n", "") == SENTENCE * 3 + 8 * SENTENCE[:18]


def test_a_note_in_two_small_lines_within_a_line_stands_where_it_is_printed() -> None:
    x, y, size = 400.0, 100.0, 12.0
    glyphs = upright("山の麓に村がある", x, y, size)
    for row, words in enumerate(("昔は水の", "里と呼ぶ")):
        glyphs += upright(words, x + (0.5 - 0.5 * row) * size, y + 8 * size, size / 2)
    glyphs += upright("ので訪ねた。", x, y + 10 * size, size)
    assert text_of([*glyphs, *upright("道は遠く、人影もない静かな秋の日であった。", x - 22, y, size)]).startswith(
        "山の麓に村がある昔は水の里と呼ぶので訪ねた。"
    )


def test_lines_of_a_narrow_column_of_sentences_are_a_paragraph() -> None:
    body = [glyph for n in range(12) for glyph in level(SENTENCE[:36], 60, 100 + 17 * n)]
    note = [SENTENCE[:10], SENTENCE[10:20], SENTENCE[20:30], SENTENCE[30:]]
    beside = [glyph for n, line in enumerate(note) for glyph in level(line, 450, 104 + 13 * n, 8)]
    assert text_of([*body, *beside]).split("\n")[-1] == SENTENCE


def test_the_line_above_each_table_stands_above_it() -> None:
    """Such lines are as long as each other, and none says that it ends."""
    page: list[Glyph | Rule | bytes] = []
    for n, name in enumerate(("国庫負担金", "国庫補助金", "国庫委託金")):
        top = 80 + 120 * n
        page += level(f"款の名と項の名　{name}", 80, top)
        for row in range(3):
            for column, cell in enumerate(("衛生費", "一二三", "四五六")):
                page += level(cell, 84 + 120 * column, top + 24 + 20 * row)
        page += [Rule(80, top + 20 + 20 * row, 440, top + 20 + 20 * row) for row in range(4)]
        page += [Rule(80 + 120 * column, top + 20, 80 + 120 * column, top + 80) for column in range(4)]
    lines = text_of(page).split("\n")
    assert [line for line in lines if "款" in line] == [lines[0], lines[4], lines[8]]


def test_a_paragraph_goes_on_after_a_table_at_the_head_of_the_next_page() -> None:
    lines = [SENTENCE[:30]] * 5
    body = [glyph for n, line in enumerate(lines) for glyph in level(line[:-1] + "が", 80, 400 + 17 * n)]
    table: list[Glyph | Rule | bytes] = []
    for row in range(3):
        for column, cell in enumerate(("衛生費", "一二三", "四五六")):
            table += level(cell, 84 + 100 * column, 64 + 20 * row)
    table += [Rule(80, 60 + 20 * row, 380, 60 + 20 * row) for row in range(4)]
    table += [Rule(80 + 100 * column, 60, 80 + 100 * column, 120) for column in range(4)]
    assert f"が{lines[0][:-1]}が" in text_of(body, [*table, *body])


def test_links_that_are_underlined_are_not_notes() -> None:
    """An underline is no rule above notes, and a year is no mark of a note."""
    page: list[Glyph | Rule | bytes] = [*level("表題にあたる行", 80, 60, 16)]
    for n, entry in enumerate(("はじめに", "２０３１年度の歩み", "３　道の記録", "道の記録と里の記録", "終わりに")):
        page += [*level(entry, 80, 110 + 24 * n), Rule(80, 119.5 + 24 * n, 80 + 10 * len(entry), 119.5 + 24 * n)]
    assert text_of(page).replace("\n", "").endswith("はじめに２０３１年度の歩み３　道の記録道の記録と里の記録終わりに")


def test_an_underlined_first_line_is_no_running_head() -> None:
    body = [glyph for n in range(8) for glyph in level(SENTENCE[:30], 80, 100 + 17 * n)]
    first = "山あいの里の古い道と水車の記録をたどる旅の始まり"
    underlined = [*level(first, 80, 60), Rule(80, 69.5, 80 + 10 * len(first), 69.5)]
    assert text_of([*underlined, *body]).startswith(first)
