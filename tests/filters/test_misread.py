"""Text in a wrong encoding, and characters of private use, are counted."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.filters.signals.misread import MOJIBAKE, PAIR_ENDS, PAIR_STARTS, count_misread
from tests.filters.batches import TEXTS, signal_values, sliced

PROSE = "駅前の広場に新しい図書館ができた。カメラを持って散歩に行きました。"


def slow_counts(text: str) -> list[int]:
    """Characters of private use, and of mojibake, by expressions."""
    private = re.findall("[\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd]", text)
    pairs = re.findall(f"[{PAIR_STARTS}][{re.sub(f'[{PAIR_STARTS}]', '', PAIR_ENDS)}]", text)
    return [len(private), len(re.findall(f"[{MOJIBAKE}]", text)) + 2 * len(pairs)]


@given(
    st.one_of(TEXTS, st.lists(st.text(st.sampled_from("縺銇ã¤\x81‚ºあ漢\ue000\U000f0000 \n"), max_size=30), max_size=6))
)
@settings(max_examples=150, deadline=None)
def test_counts_are_those_of_expressions(texts: list[str]) -> None:
    assert count_misread(sliced(texts)).tolist() == [slow_counts(text) for text in texts]


@pytest.mark.parametrize(
    ("written", "read"),
    [("utf-8", "cp932"), ("utf-8", "gb18030"), ("utf-8", "cp1252"), ("utf-8", "latin-1"), ("euc_jp", "latin-1")],
)
def test_japanese_in_a_wrong_encoding_is_mojibake(written: str, read: str) -> None:
    assert signal_values("mojibake_fraction", PROSE.encode(written).decode(read, "ignore"))[0] > 0.05


def test_right_text_is_not() -> None:
    french = "São João e a maçã; ¥1,200 ou 5 ¤, não é? Ça va très bien."
    assert signal_values("mojibake_fraction", PROSE, french, "価格は¥1200です。", "") == [0, 0, 0, 0]
    assert signal_values("private_use_fraction", PROSE, "\ue63e晴れ") == [0, pytest.approx(1 / 3)]
