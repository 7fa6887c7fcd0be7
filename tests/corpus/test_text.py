"""Texts see the bytes of any Arrow string column; tidy gives the one form that documents have."""

import itertools
import unicodedata

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.text import LINE_ENDS, PLAIN_BLOCKS, Texts, composed, tidy, with_line_feeds
from tests import oracles

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def strings(texts: Texts) -> list[str]:
    return [
        texts.data[start:stop].tobytes().decode("utf-8")
        for start, stop in zip(texts.offsets[:-1], texts.offsets[1:], strict=True)
    ]


@given(st.lists(TEXT, max_size=8), st.data())
@settings(deadline=None)
def test_a_slice_of_a_column_is_seen_as_its_rows(rows: list[str], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(rows)))
    length = data.draw(st.integers(0, len(rows) - start))
    column = pa.array(rows, pa.large_string())
    assert strings(Texts.from_arrow(column.slice(start, length))) == rows[start : start + length]


@given(st.lists(TEXT, max_size=8))
@settings(deadline=None)
def test_code_points_are_those_of_the_characters_of_each_row(rows: list[str]) -> None:
    column = pa.array(["前の文書。", *rows, "後の文書。"], pa.large_string())
    points = Texts.from_arrow(column.slice(1, len(rows))).points
    found = [points.data[start:stop].tolist() for start, stop in itertools.pairwise(points.offsets)]
    assert found == [[ord(character) for character in row] for row in rows]
    assert not points.data.flags.writeable
    assert not points.offsets.flags.writeable


@given(st.lists(TEXT, max_size=8))
@settings(deadline=None)
def test_small_and_large_and_chunked_columns_look_the_same(rows: list[str]) -> None:
    for column in (pa.array(rows, pa.string()), pa.chunked_array([rows[:3], rows[3:]], pa.large_string())):
        assert strings(Texts.from_arrow(column)) == rows


def test_arrays_are_read_only_also_where_there_is_nothing() -> None:
    for rows in ([], [""], ["春"]):
        texts = Texts.from_strings(rows)
        assert not texts.offsets.flags.writeable
        assert not texts.data.flags.writeable


def test_nulls_and_numbers_are_refused_as_texts() -> None:
    with pytest.raises(ValueError, match="must not hold nulls"):
        Texts.from_arrow(pa.array(["春", None]))
    with pytest.raises(ValueError, match="expected a string column"):
        Texts.from_arrow(pa.array([1]))


@given(st.text(max_size=60))
@settings(deadline=None)
def test_tidying_twice_changes_nothing_more_and_utf8_can_hold_it(text: str) -> None:
    once = tidy(text)
    assert tidy(once) == once
    assert once.encode("utf-8").decode("utf-8") == once


@given(st.lists(TEXT, min_size=2, max_size=4), st.sampled_from(list(LINE_ENDS)), st.integers(0, 300))
@settings(deadline=None)
def test_every_line_end_of_unicode_is_a_line_feed(lines: list[str], line_end: str, more: int) -> None:
    lines = [line + "あ" * more for line in lines]
    assert tidy(line_end.join(lines)) == tidy("\n".join(lines))


def test_text_is_composed() -> None:
    assert tidy("か\u3099き\u3099") == "がぎ"
    assert unicodedata.is_normalized("NFC", tidy("Cafe\u0301 ハ\u309aン"))


def test_old_characters_are_not_modernised() -> None:
    assert tidy("\ufa19\ufa1aか\u3099") == "\ufa19\ufa1aが"


def test_line_ends_are_one_kind_and_indents_stay() -> None:
    assert tidy("\r\n　一行目 \r二行目\t\r\n\r\n") == "　一行目\n二行目"


def test_control_characters_and_lost_byte_order_marks_go() -> None:
    assert tidy("\ufeff春\x00は\x86あけぼの\x1b") == "春はあけぼの"


def test_half_a_surrogate_pair_becomes_a_replacement_character() -> None:
    assert tidy("𠮷\ud842野") == "𠮷\ufffd野"


@given(
    st.text(st.characters(), max_size=20),
    st.sampled_from(["今日は晴れ。\n", "か", "a\t", "한", ""]),
    st.integers(0, 90),
)
@settings(deadline=None)
def test_composed_text_is_that_of_its_slow_twin_at_every_length(odd: str, plain: str, repeats: int) -> None:
    text = plain * repeats + odd + plain
    assert composed(text) == oracles.composed(text)


def test_nothing_in_the_plain_blocks_changes_or_joins_what_is_before_it() -> None:
    forms = [unicodedata.normalize("NFD", chr(code)) for code in range(0x30000)]
    joins = {form[i] for form in forms for i in range(1, len(form))}
    inside = [code for first, last in PLAIN_BLOCKS.tolist() for code in range(first, last + 1)]
    assert len(inside) == len(set(inside))
    for char in map(chr, inside):
        assert tidy(f"a{char}a") == f"a{char}a"
        assert not unicodedata.combining(char)
        assert char not in joins


@given(TEXT)
def test_characters_that_end_lines_become_line_feeds_and_no_others_change(text: str) -> None:
    assert with_line_feeds(text) == text.translate(str.maketrans(dict.fromkeys(LINE_ENDS, "\n")))
