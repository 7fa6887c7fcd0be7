"""Running text: lines that belong together are joined, and only text of the work stays."""

from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.print.geometry_kernels import Box, Kind
from manyo.corpus.print.pages import PagedText, joined
from manyo.corpus.print.paragraphs import MAX_LINES, running_text
from manyo.corpus.print.recognised import Line, Page, layout_confidence
from manyo.corpus.text import tidy

SIZE = 20  # pixels a character


def horizontal(*texts: str, x: int = 100, y: int = 100, block: int | None = 1) -> list[Line]:
    """Lines one below the other; a leading U+3000 is an indent, which OCR sees as a place and not as a character."""
    return [
        Line(text.strip("　"), block=block, box=Box(x + SIZE * text.startswith("　"), y + 30 * i,
                                                    SIZE * len(text.strip("　")), SIZE))
        for i, text in enumerate(texts)
    ]  # fmt: skip


def vertical(*texts: str, right: int = 900, y: int = 100, block: int | None = 1) -> list[Line]:
    return [
        Line(line.text, block=line.block, box=Box(right - 30 * i, line.box.x - 100 + y, SIZE, line.box.width))
        for i, line in enumerate(horizontal(*texts, block=block))
        if line.box
    ]


def text_of(*pages: list[Line]) -> str:
    return running_text([Page.of(str(number), tuple(lines)) for number, lines in enumerate(pages, 1)])[0]


PARAGRAPHS = (
    "　川の向こうに古い水車小屋が",
    "ある。いまでは誰も粉をひかず、",
    "つばめだけが住んでいる。",
    "　春になると、子どもたちは橋を",
    "渡って、れんげを摘みに行く。",
)
JOINED = (
    "川の向こうに古い水車小屋がある。いまでは誰も粉をひかず、つばめだけが住んでいる。\n"
    "春になると、子どもたちは橋を渡って、れんげを摘みに行く。"
)


def test_lines_are_joined_and_an_indent_starts_a_paragraph() -> None:
    assert text_of(horizontal(*PARAGRAPHS)) == JOINED


def test_vertical_lines_are_joined_by_the_same_rules() -> None:
    assert text_of(vertical(*PARAGRAPHS)) == JOINED


def test_without_blocks_lines_next_to_each_other_are_a_block() -> None:
    assert text_of(vertical(*PARAGRAPHS, block=None)) == JOINED


def test_without_boxes_an_ideographic_space_starts_a_paragraph() -> None:
    assert text_of([Line(text) for text in PARAGRAPHS]).replace("　", "") == JOINED


def test_a_paragraph_goes_on_over_columns_and_pages() -> None:
    first, second = vertical(*PARAGRAPHS[:2]), vertical(*PARAGRAPHS[2:], y=500, block=2)
    assert text_of(first + second) == JOINED
    assert text_of(first, second) == JOINED


def test_pages_start_where_their_first_character_stands() -> None:
    pages = [
        Page.of("a", list(vertical(*PARAGRAPHS[:2]))),
        Page.of("b", ()),
        Page.of("c", list(vertical(*PARAGRAPHS[2:]))),
    ]
    text, starts = running_text(pages)
    assert [label for label, _ in starts] == ["a", "b", "c"]
    assert [text[start:][:3] for _, start in starts] == ["川の向", "つばめ", "つばめ"]


def test_a_caption_does_not_cut_the_sentence_around_it() -> None:
    caption = Line("（図二）水車小屋", Kind.CAPTION, 2, Box(100, 400, 160, 20))
    first, second = horizontal(*PARAGRAPHS[:2]), horizontal(*PARAGRAPHS[2:], y=500, block=3)
    sentence, rest = JOINED.split("\n")
    assert text_of([*first, caption, *second]) == f"{sentence}\n（図二）水車小屋\n{rest}"


def test_a_heading_stands_alone() -> None:
    heading = Line("一　水車", Kind.HEADING, 1, Box(100, 60, 80, 24))
    assert text_of([heading, *horizontal(*PARAGRAPHS)]) == f"一　水車\n{JOINED}"


def test_a_note_inside_a_line_is_put_in_brackets() -> None:
    first, second = horizontal("　この坂を下れば、すぐに渡し場", "である。")
    note = Line("今の桟橋", Kind.INLINE_NOTE, 1, Box(400, 100, 40, 10))
    assert text_of([first, note, second]) == "この坂を下れば、すぐに渡し場（今の桟橋）である。"


def test_a_note_of_two_small_lines_stands_in_the_printed_line_that_it_divides() -> None:
    def piece(text: str, x: int, y: int, width: int = 20, kind: Kind = Kind.BODY) -> Line:
        return Line(text, kind, 1, Box(x, y, width, width * len(text)))

    before, behind = piece("すぐに渡し場", 870, 100), piece("である。", 870, 240)
    first, second = piece("今の", 880, 220, 9, Kind.INLINE_NOTE), piece("桟橋", 870, 220, 9, Kind.INLINE_NOTE)
    above, below = piece("この坂を下つて左へ行けば、", 900, 100), piece("舟は朝から夕方まで出る。", 840, 120)
    noted = "（今の桟橋）"
    assert text_of([above, before, first, second, behind, below]).split("\n") == [
        f"この坂を下つて左へ行けば、すぐに渡し場{noted}である。",
        "舟は朝から夕方まで出る。",
    ]
    # At the end of a line, at its beginning, and beside no line at all.
    assert f"渡し場{noted}" in text_of([above, before, first, second, below])
    assert f"{noted}である。" in text_of([above, first, second, behind, below])
    assert text_of([first, second]) == "今の桟橋"


def headnote(*texts: str, right: int, block: int) -> list[Line]:
    """Short vertical lines in the upper margin, in smaller print."""
    return [
        Line(text, Kind.HEADNOTE, block, Box(right - 20 * i, 20, 12, 12 * len(text))) for i, text in enumerate(texts)
    ]


def test_a_headnote_stands_after_the_paragraph_above_which_it_is_printed() -> None:
    note = headnote("粉をひ", "く車。", right=870, block=7)
    body = vertical(*PARAGRAPHS)
    first, second = JOINED.split("\n")
    for at in (0, 1, 2, 3):
        lines = [*body[:at], *note, *body[at:]]
        assert text_of(lines) == (f"粉をひく車。\n{JOINED}" if at == 0 else f"{first}\n粉をひく車。\n{second}")


def test_headnotes_that_repeat_often_are_not_running_heads() -> None:
    pages = [
        [*headnote("大意", right=890, block=7), *vertical(f"　これは{number}頁の本文である。")] for number in "一二三四"
    ]
    assert text_of(*pages).split("\n") == [part for n in "一二三四" for part in ("大意", f"これは{n}頁の本文である。")]


def test_two_headnotes_of_a_page_stay_apart() -> None:
    notes = [*headnote("水車、", "粉車。", right=890, block=7), *headnote("燕の巣。", right=830, block=8)]
    assert text_of([*vertical(*PARAGRAPHS), *notes]).split("\n")[2:] == ["水車、粉車。", "燕の巣。"]


def test_latin_words_keep_a_space_where_a_line_ended() -> None:
    assert text_of(horizontal("雑誌の名は日本でも知られている Japan", "Review という月刊の読み物であつた。")) == (
        "雑誌の名は日本でも知られている Japan Review という月刊の読み物であつた。"
    )
    assert (joined("Japan", "Review"), joined("日本", "Review"), joined("", "a"), joined("a ", "b")) == (
        " ",
        "",
        "",
        "",
    )


def test_a_latin_word_that_is_broken_over_a_line_or_a_page_is_one_word_again() -> None:
    first, second = "この論文は近年になつて Japanese litera-", "ture といふ雑誌に載せられたものであり、その後"
    whole = "この論文は近年になつて Japanese literature といふ雑誌に載せられたものであり、その後"
    assert text_of(horizontal(first, second)) == whole
    assert text_of(horizontal(first), horizontal(second)) == whole
    # A hyphen before a capital, or behind a figure, is the author's, and so is one with a note behind it.
    assert "Anglo-Japanese" in text_of(horizontal("この論文は近年になつて Anglo-", "Japanese といふ雑誌に載せられた"))
    assert "15-a" in text_of(horizontal("この論文は近年になつて全部で 15-", "a といふ雑誌に載せられたものである"))
    noted = [*horizontal("この論文は Japanese litera-"), Line("注", Kind.INLINE_NOTE, 1), *horizontal("ture", y=130)]
    assert "litera-（注）ture" in text_of(noted)


def test_page_numbers_at_the_ends_are_dropped() -> None:
    for number in ("(30)", "― 30 ―", "・12・", "３０", "― 十二 ―"):
        line = Line(number, block=9, box=Box(400, 900, 60, 20))
        assert text_of([*horizontal(*PARAGRAPHS), line]) == JOINED
        assert text_of([line, *horizontal(*PARAGRAPHS)]) == JOINED


def test_a_number_of_five_digits_is_not_a_page_number() -> None:
    assert text_of([*horizontal(*PARAGRAPHS), Line("12345", block=9)]).endswith("12345")


def test_a_line_where_the_layout_saw_a_page_number_is_dropped() -> None:
    line = Line("第三号", block=9, box=Box(400, 900, 60, 20))
    page = Page.of("1", (*horizontal(*PARAGRAPHS), line), furniture=(Box(398, 899, 64, 22),))
    assert running_text([page])[0] == JOINED


def test_a_running_head_is_dropped_from_the_third_page_that_repeats_it() -> None:
    def page(number: int) -> list[Line]:
        head = Line(f"年報 {number}", block=5, box=Box(400, 20, 80, 20))
        return [head, *horizontal("　ここに本文が書かれていて、一行では終わらない。")]

    assert "年報" not in text_of(page(1), page(2), page(3))
    assert text_of(page(1), page(2)).count("年報") == 2


def test_what_was_recognised_twice_stands_once_with_the_better_confidence() -> None:
    box = Box(480, 490, 11, 119)
    good, bad = (
        Line("（以下略）", block=1, box=box, confidence=0.9),
        Line("（以下略）", block=2, box=box, confidence=0.3),
    )
    assert text_of([bad, good]) == "（以下略）"


def test_a_doubtful_cell_that_repeats_a_part_of_its_neighbour_is_dropped() -> None:
    cell = Line("保健給付", Kind.CELL, 1, Box(1095, 423, 40, 129), 0.36)
    parts = [Line(text, Kind.CELL, 1, Box(1098, 425 + 30 * i, 34, 29), 0.3) for i, text in enumerate(("保{", "健"))]
    sure = Line("給付", Kind.CELL, 1, Box(1098, 485, 34, 29), 0.9)
    assert text_of([*parts, cell, sure]).split("\n") == ["保健給付", "給付"]


def test_a_table_that_the_format_does_not_mark_is_written_row_by_row() -> None:
    columns = (("年度", "戸数"), ("三年", "１２"), ("四年", "３４"), ("五年", "５６"))
    cells = [
        Line(text, block=None, box=Box(100 + 200 * column, 100 + 30 * row, SIZE * len(text), SIZE))
        for column in range(2)
        for row, text in enumerate(row[column] for row in columns)
    ]
    expected = "年度 戸数\n三年 １２\n四年 ３４\n五年 ５６"
    assert text_of(cells) == expected
    assert text_of([Line(cell.text, Kind.CELL, 1, cell.box) for cell in reversed(cells)]) == expected


def test_punctuation_that_hangs_over_the_edge_makes_no_other_line_short() -> None:
    # 15 characters a line; 、 of the first stands outside, so 。 of the second does not end a short line.
    lines = horizontal(
        "　川の向こうに古い小屋もあって、",
        "つばめの親子だけが住んでゐる。",
        "いまは誰も粉をひかず、戸も開か",
        "ない。",
    )
    assert "\n" not in text_of(lines)


def test_confidence_is_a_mean_over_the_lines_that_have_one() -> None:
    lines = (Line("い", confidence=0.5), Line("ろ"), Line("は", confidence=1.0))
    assert layout_confidence([Page.of("1", lines)]) == 0.75
    assert layout_confidence([]) is None


BOXES = st.none() | st.builds(Box, *[st.floats(0, 500) | st.integers(0, 500)] * 4)
WORDS = st.text("あ漢。、「」　aZ 3\u3099\u0301〓", min_size=1, max_size=12).map(tidy).filter(str.strip)
LINES = st.builds(Line, WORDS, st.sampled_from(Kind), st.none() | st.integers(0, 3), BOXES, st.none() | st.floats(0, 1))
PAGES = st.lists(st.lists(LINES, max_size=8).map(tuple), max_size=4)


@settings(max_examples=60, deadline=None)
@given(PAGES)
def test_any_lines_give_tidy_text_with_ordered_page_starts(pages: list[tuple[Line, ...]]) -> None:
    text, starts = running_text([Page.of(str(number), lines) for number, lines in enumerate(pages)])
    assert "\n\n" not in text
    assert [label for label, _ in starts] == [str(number) for number in range(len(pages))]
    positions = [start for _, start in starts]
    assert positions == sorted(positions)
    assert all(0 <= position <= len(text) for position in positions)
    words = "".join(line.text for lines in pages for line in lines)
    assert set(tidy(text)) <= set(tidy(words)) | set(words) | set("\n （）")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.text("aあか\u3099\u0301\n", max_size=3), max_size=3), max_size=4))
def test_paged_text_is_in_nfc_and_its_spans_are_the_pages(pages: list[list[str]]) -> None:
    paged = PagedText()
    for number, pieces in enumerate(pages):
        paged.start_page(str(number))
        for piece in pieces:
            paged.add(piece)
    text, starts = paged.finish()
    assert tidy(text).strip("\n") == "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")
    positions = [start for _, start in starts] + [len(text)]
    assert positions == sorted(positions)
    assert len(starts) == len(pages)


def test_a_page_of_more_lines_than_a_printed_page_has_is_read_to_its_end_with_one_label() -> None:
    lines = [Line(f"{number}行目です。") for number in range(2 * MAX_LINES + 1)]
    text, starts = running_text([Page.of("a", lines), Page.of("b", lines[:1])])
    assert text.replace("\n", "") == "".join(line.text for line in (*lines, lines[0]))
    assert [label for label, _ in starts] == ["a", "b"]
    assert starts[0][1] == 0
    assert text[starts[1][1] :] == lines[0].text
