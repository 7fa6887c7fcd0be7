"""A text that is written piece by piece: what comes out is tidy, and spans and pages lie where they were opened."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from manyo.corpus.books.structured_text import StructuredText
from manyo.corpus.text import tidy
from tests.corpus.test_structure import assert_lawful

TEXTS = st.text("あいう霧、。 　\n\tab\r", max_size=8)
SPANS = st.sampled_from(["emphasis", "ruby", "heading", "quote", "code", "note", "list", "item"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("flow"), TEXTS),
        st.tuples(st.just("write"), TEXTS),
        st.tuples(st.just("break"), st.just("")),
        st.tuples(st.just("open"), SPANS),
        st.tuples(st.just("close"), st.just("")),
        st.tuples(st.just("page"), st.just("p")),
        st.tuples(st.just("table"), TEXTS),
    ),
    max_size=30,
)


def written(steps: list[tuple[str, str]]) -> StructuredText:
    text = StructuredText()
    depth = 0
    for step, value in steps:
        if step == "flow":
            text.flow(value)
        elif step == "write":
            text.write(value)
        elif step == "break":
            text.break_line()
        elif step == "open":
            text.open(value)
            depth += 1
        elif step == "close" and depth:
            text.close()
            depth -= 1
        elif step == "page":
            text.start_page(value)
        elif step == "table":
            text.open("table")
            for row in (("", value), (value, "い"), ("", "")):
                text.open("row")
                for cell in row:
                    text.open("cell")
                    text.flow(cell)
                    text.close()
                text.close()
            text.close()
    return text


@given(STEPS)
def test_whatever_is_written_the_text_is_tidy_and_the_spans_are_lawful(steps: list[tuple[str, str]]) -> None:
    found = written(steps).finish()
    assert found.text == tidy(found.text)
    assert_lawful(found.text, found.structure)
    starts = [start for _, start in found.pages]
    assert starts == sorted(starts)
    assert all(0 <= start <= len(found.text) for start in starts)
    assert len(found.pages) == sum(step == "page" for step, _ in steps)


@given(STEPS)
def test_no_character_is_lost_and_none_is_added(steps: list[tuple[str, str]]) -> None:
    def letters(text: str) -> str:
        return "".join(character for character in text if character not in " 　\t\r\n")

    n_tables = [value for step, value in steps if step in ("flow", "write")]
    given_text = "".join(
        value if step in ("flow", "write") else value + value + "い" if step == "table" else "" for step, value in steps
    )
    assert letters(written(steps).finish().text) == letters(given_text), n_tables


@given(st.lists(st.text("あa ", max_size=3), min_size=1, max_size=4).filter(lambda row: any(map(str.strip, row))))
def test_a_row_is_one_line_with_a_tab_between_two_cells(cells: list[str]) -> None:
    text = StructuredText()
    text.flow("前")
    text.open("table")
    text.open("row")
    for cell in cells:
        text.open("cell")
        text.flow(cell)
        text.break_line()
        text.close()
    text.close()
    text.close()
    text.flow("後")
    # An empty cell at the end leaves no tab: no line ends with a blank.
    row = "\t".join(" ".join(cell.split()) for cell in cells).rstrip()
    assert text.finish().text.split("\n") == ["前", row, "後"]


def test_white_space_of_the_layout_is_one_blank_between_latin_words_and_none_between_japanese_lines() -> None:
    text = StructuredText()
    text.flow("霧の\n  朝に  a\n  b を ")
    text.flow("\n見た。")
    assert text.finish().text == "霧の朝に a b を見た。"


def test_a_span_holds_no_white_space_at_its_edges_and_an_empty_one_vanishes() -> None:
    text = StructuredText()
    text.flow("川 ")
    text.open("emphasis")
    text.flow(" 霧 ")
    text.close()
    text.open("ruby", "から")
    text.close()
    text.flow("です")
    found = text.finish()
    assert [(found.text[span.start : span.stop], span.kind) for span in found.structure.spans()] == [("霧", "emphasis")]


def test_of_two_spans_over_the_same_characters_the_one_opened_first_is_outside() -> None:
    text = StructuredText()
    text.open("heading", "1")
    text.open("ruby", "に")
    text.flow("二")
    assert [span.kind for span in text.finish().structure.spans()] == ["heading", "ruby"]


def test_a_page_starts_at_its_first_character_and_one_without_any_at_the_end() -> None:
    text = StructuredText()
    text.start_page("1")
    text.flow("\n 一。")
    text.break_line()
    text.start_page("2")
    text.break_line()
    text.flow("二。")
    text.start_page("3")
    found = text.finish()
    assert (found.text, found.pages) == ("一。\n二。", [("1", 0), ("2", 3), ("3", 5)])


def test_a_page_of_blanks_starts_where_the_next_page_does() -> None:
    text = StructuredText()
    text.start_page("1")
    text.write("　")
    text.break_line()
    text.start_page("2")
    text.write("月")
    assert text.finish().pages == [("1", 0), ("2", 0)]
