"""The words and limits of the choice: every entry of the file does what its examples say, and is read once."""

from __future__ import annotations

import re

import pytest

from manyo.corpus.web.choice_words import BUTTON, LIMITS, NAME_WORDS, ROLE_WORDS, Example, examples
from manyo.corpus.web.main_text import extract


def sentence(n_chars: int, number: int) -> str:
    """A sentence of a length, which no other number gives."""
    return "".join(chr(0x4E00 + (997 * number + i) % 5000) for i in range(n_chars - 1)) + "。"


def page_and_asked(example: Example) -> tuple[str, str]:
    """The page of an example, and the text in it that is asked about."""
    parts = re.split(r"\{(\d+)\}", example.html)
    parts[1::2] = [sentence(int(length), number) for number, length in enumerate(parts[1::2])]
    before, asked, after = re.split("[⟦⟧]", "".join(parts))
    return f"<body>{before}{asked}{after}", asked


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.html[:60])
def test_an_entry_keeps_and_leaves_out_what_its_examples_say(example: Example) -> None:
    html, asked = page_and_asked(example)
    assert (asked in extract(html).text) == example.is_kept


@pytest.mark.parametrize("words", [NAME_WORDS, ROLE_WORDS], ids=["names", "roles"])
def test_a_word_says_one_thing(words: dict[str, tuple[str, ...]]) -> None:
    every = [word for group in words.values() for word in group]
    assert sorted(set(every)) == sorted(every)
    assert all(re.fullmatch("[a-z]+", word) for word in every)


def test_a_label_goes_on_as_far_as_its_limit() -> None:
    assert BUTTON.match("タグ：" + "海" * LIMITS.button_rest_chars)
    assert not BUTTON.match("タグ：" + "海" * (LIMITS.button_rest_chars + 1))
