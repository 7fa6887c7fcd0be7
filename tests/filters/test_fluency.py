import pytest
from hypothesis import given, settings

from manyo.filters.signals.fluency import BULLETS, MAX_QUOTE_CHARS, MIDDLE_DOTS, SHORT_LINE_CHARS, read_lines
from tests import oracles
from tests.filters.batches import TEXTS, signal_values, sliced


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_the_kernel_reads_lines_as_the_oracle_does(texts):
    for counts, text in zip(read_lines(sliced(texts)), texts, strict=True):
        for name, expected in oracles.read_lines(
            text, SHORT_LINE_CHARS, BULLETS + MIDDLE_DOTS, MAX_QUOTE_CHARS
        ).items():
            assert counts[name] == expected, (name, text)


def test_there_is_room_for_a_sentence_in_nearly_every_byte():
    texts = ["!#\n" * 500, "!#" * 500, "#\n" * 500]
    assert read_lines(sliced(texts))["sentences"].tolist() == [1000, 501, 500]


@pytest.mark.parametrize(
    ("text", "mean_chars"),
    [
        ("晴れた。寒い。", 3.5),
        ("「行こう。」と言った。", 11),  # what is said ends nothing
        ("「行こう。早く。」と言った。", 14),
        ("「行こう。」「どこへ？」", 6),  # a quotation after another one begins a sentence
        ("雨だ（予報では晴れ。）。寒い。", 7.5),
        ("「閉じない。引用。", 4.5),
        ("本当に？！そうだ！", 4.5),
        ("円周率は3．14だ。", 10),  # a full stop between digits ends nothing
        ("pages/?id=1を見る。", 15),
        ("すごい! 2個ある。", 4.5),
        ("見出し\n本文です。", 4),  # a newline ends a sentence
        ("", 0),
    ],
)
def test_a_sentence_ends_where_a_reader_ends_it(text, mean_chars):
    assert signal_values("mean_sentence_chars", text) == [mean_chars]


@pytest.mark.parametrize(
    ("line", "is_ended"),
    [
        ("終わった。", 1),
        ("「帰ろう」", 1),
        ("（終わり。）", 1),
        ("続きを読む", 0),
        ("そうして…", 0),
        ("終わった。  ", 1),
    ],
)
def test_a_line_is_ended_by_a_mark_or_a_closed_quotation(line, is_ended):
    assert signal_values("line_end_punctuation_fraction", line) == [is_ended]


def test_the_sentence_fraction_does_not_depend_on_line_breaks():
    assert signal_values("sentence_fraction", "春が来た。花が咲いた。", "春が来た。\n花が咲いた。") == [1, 1]


def test_a_line_repeated_with_other_spacing_is_a_duplicate():
    assert signal_values("duplicate_line_fraction", "同じ行\n 同じ　行\n違う行") == [pytest.approx(1 / 3)]


def test_a_document_of_many_lines_is_read_whole():
    text = "\n".join(f"行{number}" for number in range(5000)) + "\n行0"
    (counts,) = read_lines(sliced([text]))
    assert counts["lines"] == 5001
    assert counts["duplicate_line_chars"] == 2


def test_a_far_closer_makes_no_quotation():
    inside = "長い話。" * (MAX_QUOTE_CHARS // 4)
    near, far = read_lines(sliced([f"「{inside[:-8]}」と。", f"「{inside}」と。"]))["sentences"]
    assert (near, far) == (1, MAX_QUOTE_CHARS // 4 + 1)


def test_blank_lines_divide_paragraphs():
    text = "一行目\n二行目\n\n別の段落\n \n一行目\n二行目"
    assert signal_values("duplicate_paragraph_count_fraction", text) == [pytest.approx(1 / 3)]
    assert signal_values("duplicate_paragraph_fraction", text) == [pytest.approx(6 / 16)]
