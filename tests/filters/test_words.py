import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.filters.signals.repetition import MAX_CHARS
from manyo.filters.signals.word_kernels import RUN_COUNTS, count_runs
from manyo.filters.signals.words import SPEECH_CHARS, read_speech, read_words
from tests import oracles

WORDS = ["の", "花", "今日", "は", "東京都"]
TEXTS = st.one_of(
    st.lists(st.sampled_from(WORDS), max_size=60),
    st.builds(lambda run, times: run * times, st.lists(st.sampled_from(WORDS), max_size=12), st.integers(0, 6)),
)


def column(*texts: str) -> pa.Array:
    return pa.array(texts, pa.large_string())


@settings(max_examples=150, deadline=None)
@given(st.lists(TEXTS, max_size=5))
def test_runs_of_words_are_those_that_the_oracle_finds(texts):
    numbers = np.array([WORDS.index(word) for text in texts for word in text], np.int64)
    chars = np.array([len(word) for text in texts for word in text], np.int64)
    offsets = np.cumsum([0, *map(len, texts)])
    counts = np.zeros(len(texts), RUN_COUNTS)
    count_runs(numbers, chars, offsets, counts)
    for row, text in zip(counts, texts, strict=True):
        for name, expected in oracles.count_runs(text).items():
            assert row[name].tolist() == expected, (name, text)


def test_words_are_short_units_and_marks_are_not_words():
    words = read_words(column("東京都知事が3本のガムを食べた。\n見た？", ""))
    assert words.all_words.tolist() == [15, 0]
    assert words.words.tolist() == [13, 0]
    assert words.mean_word_chars.tolist() == [pytest.approx(17 / 13), 0]
    assert words.alphabetic_word_fraction.tolist() == [pytest.approx(12 / 15), 0]
    assert words.stop_words.tolist() == [4, 0]
    assert words.per_word(words.newlines).tolist() == [pytest.approx(1 / 15), 0]


def test_the_share_of_repeated_runs_is_of_all_runs_of_seven_words():
    words = read_words(column("花が咲いて鳥が鳴いた。" * 2, "花が咲いた。", ""))
    assert words.all_words[0] == 18
    assert words.repeated_7word_fraction.tolist() == [6 / 12, 0, 0]


@pytest.mark.parametrize(
    ("text", "nouns", "particles", "unknown", "predicates"),
    [
        ("花が咲いた。鳥が鳴いた。", 2 / 8, 2 / 8, 0, 1),
        ("格安 航空券 ホテル 予約 旅行", 5 / 6, 0, 0, 0),
        ("", 0, 0, 0, 0),
    ],
)
def test_parts_of_speech(text, nouns, particles, unknown, predicates):
    speech = read_speech(column(text))
    assert speech.noun_fraction[0] == pytest.approx(nouns)
    assert speech.particle_word_fraction[0] == pytest.approx(particles)
    assert speech.unknown_word_fraction[0] == pytest.approx(unknown)
    assert speech.predicate_sentence_fraction[0] == predicates


def test_misread_text_has_unknown_words():
    language, noise = read_speech(column("春の雨が庭の石をぬらした。", "鱜龘が靐齉の麤鸞を爨")).unknown_word_fraction
    assert language == 0
    assert noise > 0.2


def test_what_stands_beyond_the_samples_is_not_read():
    long = "花が咲いた。" * (MAX_CHARS // 6)
    inside, beyond = (long + "鳥獣")[:MAX_CHARS], (long + "鳥獣")[:MAX_CHARS] + "魚が泳ぐ。" * 50
    counted = read_words(column(inside, beyond))
    assert counted.all_words[0] == counted.all_words[1]
    spoken = read_speech(column(inside[:SPEECH_CHARS], beyond))
    assert spoken.words[0] == spoken.words[1]


def test_a_text_that_is_too_long_for_sudachi_at_once_is_cut():
    assert read_words(column("あ" * MAX_CHARS)).chars.tolist() == [MAX_CHARS]
