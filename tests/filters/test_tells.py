import pyarrow as pa
import pytest
from hypothesis import given, settings

from filters import kernels
from filters.tells import KANA_HEAD_CHARS, SEPARATORS, STOP_CHARACTERS, count_kaomoji, count_urls, read_tells
from tests import oracles
from tests.filters.batches import TEXTS, sliced


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_the_kernel_reads_what_the_oracle_reads(texts):
    counts = read_tells(sliced(texts)).counts
    for row, text in enumerate(texts):
        for name, expected in oracles.read_tells(text, KANA_HEAD_CHARS, STOP_CHARACTERS, SEPARATORS).items():
            assert counts[row, getattr(kernels, name)] == expected, (name, text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("これ は 機械 の 文 です", 5),
        ("これは人の文です", 0),
        ("英語の word を書く", 0),
        ("一行目\n二行目", 0),
        ("名前\u3000山田", 0),  # the ideographic space is part of Japanese layout
    ],
)
def test_spaces_between_japanese_characters_are_counted(text, expected):
    assert read_tells(sliced([text])).spaced_japanese_counts.tolist() == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("おはよう(^_^)", 1),
        ("寒いね（´・ω・｀）またね( ´∀｀ )", 2),
        ("負けた(T_T)", 1),
        ("（笑）", 0),
        ("関数 f(x) と (1) と（東京）", 0),
        ("(a_b)", 0),
    ],
)
def test_faces_are_counted_and_brackets_are_not(text, expected):
    assert count_kaomoji(pa.array([text], pa.large_string())).tolist() == [expected]


def test_addresses_are_counted():
    texts = pa.array(["https://a.example.jp/x と http://b.example.jp を見る。", "http:// だけ", ""], pa.large_string())
    assert count_urls(texts).tolist() == [2, 0, 0]


def test_a_text_of_full_stops_alone_has_no_parts():
    told = read_tells(sliced(["。。。", "春。 。夏"]))
    assert told.full_stop_parts.tolist() == [0, 2]
    assert told.full_stop_counts.tolist() == [3, 2]
