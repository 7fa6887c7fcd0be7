import gzip
import json
import random
import zlib
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.filters.signals.repetition import (
    COMPRESSED_BYTES,
    DISTINCT_WINDOW_CHARS,
    MAX_CHARS,
    MAX_RUN_CHARS,
    ZLIB_LEVEL,
    find_every_repeat,
    find_plain_repeats,
    find_repeats,
    lz4_ratio,
    zlib_ratio,
)
from tests import oracles
from tests.filters.batches import TEXTS, signal_values, sliced
from tests.repetition_oracle import find_long_repeats, longest_duplicate


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_the_kernel_finds_the_repeats_that_the_oracle_finds(texts):
    for counts, text in zip(find_every_repeat(sliced(texts)), texts, strict=True):
        for name, expected in oracles.find_repeats(text, MAX_RUN_CHARS, DISTINCT_WINDOW_CHARS).items():
            assert counts[name].tolist() == expected, (name, text)
        assert counts["longest_duplicate"] == longest_duplicate(text, MAX_RUN_CHARS), text


def test_a_text_that_is_there_twice_has_half_of_it_in_one_duplicate():
    text = "庭の柿が色づいたので、脚立を出して半分ほど取りました。残りは鳥のために置いておきます。"
    assert signal_values("longest_duplicate_fraction", text * 2, text + text[::-1]) == [0.5, 0]


def assert_same_repeats(texts):
    """Without the n-grams of every length, everything else is the same."""
    some, every = find_repeats(sliced(texts)), find_every_repeat(sliced(texts))
    for name in set(some.dtype.names) - {"top_ngrams", "stepped_chars", "distinct_ngrams", "repeated_ngrams"}:
        assert some[name].tolist() == every[name].tolist(), name
    assert some["top_ngrams"][:, -1].tolist() == every["top_ngrams"][:, -1].tolist()


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_repeats_of_4_and_10_characters_are_found_without_those_between(texts):
    assert_same_repeats(texts)


@settings(max_examples=60, deadline=None)
@given(st.text("あい", max_size=300))
def test_repeats_of_two_characters_only_are_found_without_those_between(text):
    assert_same_repeats([text])


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_plain_repeats_are_those_of_the_text_as_it_stands(texts):
    for length in range(2, 11):
        name = f"top_{length}gram_occurrence_fraction" if length <= 4 else f"repeated_{length}gram_fraction"
        for value, text in zip(signal_values(name, *texts), texts, strict=True):
            ngrams = oracles.plain_ngrams(text, length)
            if length <= 4:
                expected = max(ngrams.values(), default=0) / max(sum(ngrams.values()), 1)
            else:
                expected = sum(count > 1 for count in ngrams.values()) / max(len(ngrams), 1)
            assert value == pytest.approx(expected), (length, text)


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


CASES = Path(__file__).parents[1] / "cases" / "downstream"
REPETITIONS = ("top_4gram_fraction", "duplicate_5gram_fraction", "duplicate_10gram_fraction", "frequent_5gram_fraction")


def long_text(seed: int) -> list[str]:
    """Lines of more than `MAX_CHARS` characters together, some of which come back."""
    draw = random.Random(seed)
    new = ["".join(chr(0x3041 + draw.randrange(80)) for _ in range(draw.randrange(1, 90))) + "。\n" for _ in range(900)]
    return new + [draw.choice(new[:40]) for _ in range(300)]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.randoms(use_true_random=False))
def test_the_order_of_lines_of_a_long_text_changes_nothing(seed, draw):
    lines = long_text(seed)
    shuffled = draw.sample(lines, len(lines))
    for find in (find_repeats, find_every_repeat, find_plain_repeats):
        one, other = find(sliced(["".join(lines), "".join(shuffled)]))
        assert one["sampled_chars"] > MAX_CHARS
        for name in one.dtype.names:
            assert one[name].tolist() == other[name].tolist(), name


def test_prose_before_and_after_advertisements_is_repetitive_alike():
    """The first 32,768 characters of two orders of one text had repetitions of .63 and .999."""
    lines = gzip.decompress((CASES / "tail.jsonl.gz").read_bytes()).decode().splitlines()
    texts = {row["id"]: row["text"] for row in map(json.loads, lines)}
    assert min(map(len, texts.values())) > MAX_CHARS
    for name in REPETITIONS:
        one, other, prose = signal_values(name, *texts.values())
        assert one == other > prose, name


def test_a_long_text_is_as_repetitive_as_its_parts():
    """Two texts of which one is an advertisement are together about the mean of both, weighted by their lengths."""
    prose = "".join(long_text(5)[:900])
    spam = "限定セール、今だけ全品半額でお届け。\n" * (len(prose) // 19)
    for name in ("duplicate_5gram_fraction", "duplicate_10gram_fraction"):
        of_prose, of_spam, together = signal_values(name, prose, spam, prose + spam)
        assert together == pytest.approx((of_prose + of_spam) / 2, abs=0.03), name


@pytest.mark.parametrize("separator", ["", "。\n　", "！？"])
def test_the_kernel_finds_the_repeats_of_long_texts_that_the_oracle_finds(separator):
    draw = random.Random(3)
    words = ["".join(chr(0x4E00 + draw.randrange(300)) for _ in range(draw.randrange(2, 60))) for _ in range(1500)]
    text = separator.join([*words, *words[:200]])
    (counts,) = find_every_repeat(sliced([text]))
    assert counts["sampled_chars"] > MAX_CHARS
    for name, expected in find_long_repeats(text, MAX_CHARS, 1024).items():
        assert counts[name].tolist() == expected, name
    assert_same_repeats([text])


@pytest.mark.parametrize("n_kinds", [40, 200, 3000])
def test_ngrams_that_share_slots_are_counted_apart(n_kinds):
    draw = random.Random(n_kinds)
    text = "".join(chr(0x4E00 + draw.randrange(n_kinds)) for _ in range(8000))
    (counts,) = find_every_repeat(sliced([text]))
    for name, expected in oracles.find_repeats(text, MAX_RUN_CHARS, DISTINCT_WINDOW_CHARS).items():
        assert counts[name].tolist() == expected, name
    assert_same_repeats([text])


def test_a_ruled_line_is_not_a_repeated_word():
    (counts,) = find_repeats(sliced(["概要を述べる" + "-" * 60]))
    assert counts["top_ngrams"][-1] == 1
    assert counts["longest_run"] == 60


def test_a_fraction_never_exceeds_one():
    texts = ("ああああ", "あいあいあいあい")
    assert signal_values("top_2gram_fraction", *texts) == [1, 1]
    assert max(signal_values("duplicate_5gram_fraction", *texts)) <= 1


def test_a_long_text_with_many_repeats_is_counted_as_the_oracle_counts():
    text = "".join(
        f"第{number % 37}回の会は{number % 11}時に{'始まり' * (number % 5)}終わる。" for number in range(400)
    )
    (counts,) = find_every_repeat(sliced([text]))
    for name, expected in oracles.find_repeats(text, MAX_RUN_CHARS, DISTINCT_WINDOW_CHARS).items():
        assert counts[name].tolist() == expected, name
    assert_same_repeats([text])


def test_a_repeated_passage_counts_in_whole_steps():
    text = "いろはにほへと、いろはにほへと"
    assert signal_values("stepped_5gram_fraction", text) == [pytest.approx(5 / 15)]
    assert signal_values("duplicate_5gram_fraction", text) == [pytest.approx(7 / 15)]
