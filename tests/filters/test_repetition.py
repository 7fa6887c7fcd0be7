import zlib

import pyarrow as pa
import pytest
from hypothesis import given, settings

from manyo.filters.signals import signal_kernels as kernels
from manyo.filters.signals.repetition import (
    COMPRESSED_BYTES,
    DISTINCT_WINDOW_CHARS,
    MAX_CHARS,
    MAX_RUN_CHARS,
    ZLIB_LEVEL,
    find_plain_repeats,
    find_repeats,
    lz4_ratio,
    zlib_ratio,
)
from tests import oracles
from tests.filters.batches import TEXTS, sliced


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_the_kernel_finds_the_repeats_that_the_oracle_finds(texts):
    counts = find_repeats(sliced(texts)).counts
    for row, text in enumerate(texts):
        for name, expected in oracles.find_repeats(text, MAX_RUN_CHARS, DISTINCT_WINDOW_CHARS).items():
            assert counts[row, getattr(kernels, name)] == expected, (name, text)
        for length in range(5, 11):
            expected = oracles.stepped_ngram_chars(text, MAX_RUN_CHARS, length)
            assert counts[row, kernels.STEPPED_5GRAM_CHARS + length - 5] == expected, (length, text)


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_plain_repeats_are_those_of_the_text_as_it_stands(texts):
    repeats = find_plain_repeats(sliced(texts))
    for row, text in enumerate(texts):
        for length in range(2, 11):
            ngrams = oracles.plain_ngrams(text, length)
            if length <= 4:
                top = max(ngrams.values(), default=0) / max(sum(ngrams.values()), 1)
                assert repeats.top_ngram_occurrence_fraction(length)[row] == pytest.approx(top), (length, text)
            else:
                repeated = sum(count > 1 for count in ngrams.values()) / max(len(ngrams), 1)
                assert repeats.repeated_ngram_fraction(length)[row] == pytest.approx(repeated), (length, text)


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_ratios_are_those_of_the_libraries(texts):
    for text, of_zlib, of_lz4 in zip(texts, zlib_ratio(sliced(texts)), lz4_ratio(sliced(texts)), strict=True):
        data = text.encode()
        size = max(len(data), 1)
        assert of_zlib == pytest.approx(len(zlib.compress(data, ZLIB_LEVEL)) / size if data else 0)
        assert of_lz4 == pytest.approx(len(pa.compress(data, "lz4_raw")) / size if data else 0)


def test_a_megabyte_is_compressed_and_no_more():
    long = "漢字" * (COMPRESSED_BYTES // 6)
    varied = "".join(chr(0x4E00 + 7 * number * number % 20000) for number in range(100_000))
    inside, beyond = lz4_ratio(sliced([long + "あa", long + "あa" + varied]))
    assert inside == beyond


def test_what_stands_beyond_the_sample_is_not_read():
    long = "".join(chr(0x4E00 + number % 20000) for number in range(MAX_CHARS))
    inside, beyond = find_repeats(sliced([long, long + "同じ言葉" * 5000])).counts
    assert inside.tolist() == beyond.tolist()
    assert inside[kernels.SAMPLED_CHARS] == MAX_CHARS


def test_a_ruled_line_is_not_a_repeated_word():
    repeats = find_repeats(sliced(["概要を述べる" + "-" * 60]))
    assert repeats.counts[0, kernels.TOP_4GRAM] == 1
    assert repeats.longest_run_chars[0] == 60


def test_a_fraction_never_exceeds_one():
    repeats = find_repeats(sliced(["ああああ", "あいあいあいあい"]))
    assert repeats.top_2gram_fraction.tolist() == [1, 1]
    assert repeats.duplicate_5gram_fraction.max() <= 1


def test_a_long_text_with_many_repeats_is_counted_as_the_oracle_counts():
    text = "".join(
        f"第{number % 37}回の会は{number % 11}時に{'始まり' * (number % 5)}終わる。" for number in range(400)
    )
    counts = find_repeats(sliced([text])).counts[0]
    for name, expected in oracles.find_repeats(text, MAX_RUN_CHARS, DISTINCT_WINDOW_CHARS).items():
        assert counts[getattr(kernels, name)] == expected, name
    stepped = [oracles.stepped_ngram_chars(text, MAX_RUN_CHARS, length) for length in range(5, 11)]
    assert counts[kernels.STEPPED_5GRAM_CHARS : kernels.STEPPED_5GRAM_CHARS + 6].tolist() == stepped


def test_a_repeated_passage_counts_in_whole_steps():
    repeats = find_repeats(sliced(["いろはにほへと、いろはにほへと"]))
    assert repeats.stepped_ngram_fraction(5)[0] == pytest.approx(5 / 15)
    assert repeats.duplicate_5gram_fraction[0] == pytest.approx(7 / 15)
