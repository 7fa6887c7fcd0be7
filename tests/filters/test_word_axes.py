"""The places of a text's words on the axes of word vectors: how words are found, and what their mean is."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from manyo.corpus.text import Texts
from manyo.filters.signals.word_axes import (
    HEAD_CHARS,
    LAST_FIRST,
    N_AXES,
    PRIOR_WORDS,
    STEPS,
    WordTable,
    load_word_table,
)

ALPHABET = "ああいの駅前書店 \n𠮟a"
WORDS = st.lists(st.text(ALPHABET, min_size=1, max_size=4), min_size=1, max_size=12, unique=True)


def table_of(words: list[str], n_axes: int = 3) -> WordTable:
    """Words with codes that tell them apart."""
    return WordTable.of(
        tuple(words), np.random.default_rng(len(words)).integers(0, STEPS, (len(words), n_axes), np.uint16)
    )


def found_in(text: str, words: tuple[str, ...]) -> list[str]:
    """The longest word at each place, from left to right; slowly."""
    found, at, head = [], 0, text[:HEAD_CHARS]
    while at < len(head):
        word = max((word for word in words if head.startswith(word, at)), key=len, default="")
        found += [word] if word else []
        at += len(word) or 1
    return found


@settings(max_examples=60, deadline=None)
@given(WORDS, st.lists(st.text(ALPHABET, max_size=40), max_size=4))
@example(["ああ", "ああい"], ["ああああい", "あ"])
def test_words_are_the_longest_from_left_to_right(words, texts):
    # A word that begins outside the first 65,536 code points is in no table that ships, and is not looked for.
    words = [word for word in words if word[0] != "𠮟"] or ["駅"]
    table = table_of(words)
    sums, counts = table.sums(Texts.from_strings(texts))
    for text, row, count in zip(texts, sums.tolist(), counts.tolist(), strict=True):
        found = [table.words.index(word) for word in found_in(text, table.words)]
        assert count == len(found)
        assert row == table.codes[found].sum(axis=0, dtype=int).tolist()


def test_what_follows_the_head_changes_nothing():
    head = "駅前の書店で本を買った。" * (HEAD_CHARS // 12 + 1)
    table = load_word_table()
    one, other = table.places(Texts.from_strings([head[:HEAD_CHARS], head[:HEAD_CHARS] + "川で泳ぐ"]))
    assert one.tolist() == other.tolist()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=30), max_size=6))
def test_places_do_not_depend_on_the_batch_and_lie_between_0_and_1(texts):
    table = load_word_table()
    together = table.places(Texts.from_strings(texts))
    assert ((together >= 0) & (together <= 1)).all()
    for text, row in zip(texts, together.tolist(), strict=True):
        assert table.places(Texts.from_strings([text]))[0].tolist() == row


def test_a_text_without_a_word_lies_in_the_middle_and_an_empty_one_at_0():
    places = load_word_table().places(Texts.from_strings(["", "\ue000\ue001"]))
    assert places.tolist() == [[0.0] * N_AXES, [0.5] * N_AXES]


def test_few_words_are_drawn_to_the_middle():
    table = WordTable.of(["駅"], np.array([[STEPS - 1]], np.uint16))
    one, many = table.places(Texts.from_strings(["駅", "駅" * 500]))[:, 0]
    assert one == pytest.approx((1 + PRIOR_WORDS / 2) / (1 + PRIOR_WORDS))
    assert 0.99 < many < 1


def test_the_table_that_ships_has_each_word_once_and_a_digit_for_each_axis():
    table = load_word_table()
    assert len(set(table.words)) == len(table.words) == 3000
    assert table.codes.shape == (3000, N_AXES)
    assert table.codes.max() == STEPS - 1
    assert all(word.strip() == word and word[0] <= LAST_FIRST for word in table.words)


def test_words_of_like_meaning_lie_near_each_other():
    """Vectors that were read from the wrong rows would put any two words as near."""
    table = load_word_table()
    place = {word: code.astype(float) for word, code in zip(table.words, table.codes, strict=True)}

    def distance(one: str, other: str) -> float:
        return float(np.linalg.norm(place[one] - place[other]))

    assert distance("東京", "大阪") < distance("東京", "思う")
    assert distance("楽しい", "嬉しい") < distance("楽しい", "会社")
    assert distance("読む", "書く") < distance("読む", "年度")
