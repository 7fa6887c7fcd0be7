import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.filters.signals import phrases
from manyo.filters.signals.signal_settings import WordLists
from manyo.filters.signals.vocabulary import (
    BOARD_MARKS,
    HEAD_CHARS,
    count_board_marks,
    count_words,
    load_words,
)
from tests import oracles
from tests.filters.batches import TEXT, signal_values, sliced

WORDS = ["セール", "セールス", "安い", "安い店", "sale", "今だけ", "だけ安", "ー"]


def fractions(*texts: str) -> list[float]:
    return signal_values("error_phrase_fraction", *texts)


def test_the_fraction_is_of_characters_in_phrases():
    assert fractions("404 Not Found", "404 Not Found。再読み込みを。", "", "花が咲いた。") == [
        1,
        np.float32(13 / 21),
        0,
        0,
    ]


def test_an_article_that_mentions_an_error_once_is_hardly_touched():
    article = "昨日はサーバーの設定を直した。" * 40
    assert fractions(article + "404 Not Found と出たからだ。")[0] < 0.03


def test_only_the_beginning_is_searched():
    assert fractions("あ" * HEAD_CHARS + "404 Not Found") == [0]
    assert fractions("あ" * (HEAD_CHARS - 13) + "404 Not Found") == [np.float32(13 / 1000)]


def test_policies_are_counted_anywhere():
    texts = ["あ" * HEAD_CHARS + "利用規約とプライバシーポリシー", "JavaScript、TypeScript、JavaScripts", "約束"]
    assert count_words(sliced(texts), WordLists()).of("policy_phrases").tolist() == [2, 1, 0]


BOARD = st.lists(
    st.sampled_from(
        [
            "2024",
            "２０２４年",
            "1",
            "月",
            "/",
            "-",
            ".",
            " ",
            "日",
            "コメント",
            "(月)",
            "(",
            "3",
            "話",
            "投稿",
            "あ",
            "\n",
        ]
    ),
    max_size=15,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.builds("".join, BOARD), max_size=6))
def test_marks_of_boards_are_those_that_pythons_expressions_find(texts):
    expected = [len(re.findall(BOARD_MARKS.replace(r"\p{Nd}", r"\d"), text)) for text in texts]
    assert count_board_marks(pa.array(texts, pa.large_string())).tolist() == expected


WORDY = st.text(st.sampled_from("セールスス安い店sale今だけ・ーあ "), max_size=30)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(WORDY, TEXT), max_size=6))
def test_words_are_those_that_the_oracle_finds(texts):
    counts = count_words(sliced(texts), WordLists(advertising=tuple(WORDS), violence=("今",)))
    for row, text in enumerate(texts):
        found = (
            counts.of("advertising")[row],
            counts.chars_of("advertising")[row],
            counts.different("advertising")[row],
        )
        assert found == oracles.count_words(text, WORDS), text
        assert counts.of("violence")[row] == text.count("今")


ODD = "aアあ𠮷🍣é\x00"


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.text(st.sampled_from(ODD), min_size=1, max_size=5), min_size=1, max_size=6, unique=True),
    st.lists(st.text(st.sampled_from(ODD), max_size=30), max_size=5),
)
def test_words_of_any_length_and_any_characters_are_found_to_the_last_byte(words, texts):
    found = count_words(sliced(texts), WordLists(adult=tuple(words)))
    for row, text in enumerate(texts):
        expected = oracles.count_words(text, words)
        assert (found.of("adult")[row], found.chars_of("adult")[row], found.different("adult")[row]) == expected, text


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("セールは今日まで", 1),
        ("セールス担当", 0),  # katakana goes on
        ("大セール中、全品セール・送料無料", 2),  # ・ divides words
        ("ﾊﾞｰｹﾞﾝセール", 1),
        ("on sale now, wholesale", 1),
    ],
)
def test_a_word_in_katakana_or_letters_is_a_whole_word(text, count):
    assert count_words(sliced([text]), WordLists(advertising=("セール", "sale"))).of("advertising").tolist() == [count]


def test_a_word_across_two_documents_does_not_count():
    assert count_words(sliced(["今", "だけ"]), WordLists(advertising=("今だけ",))).of("advertising").tolist() == [0, 0]


def test_a_list_is_one_word_a_line(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("\ufeff送料無料\n\n　激安 \n送料無料\r\n", encoding="utf-8")
    assert load_words(str(path)) == ("送料無料", "激安")


@pytest.mark.parametrize("content", [b"\n \n", "激安".encode("cp932")])
def test_a_list_without_words_or_in_another_encoding_is_refused(tmp_path, content):
    path = tmp_path / "words.txt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"words.txt: (there are no words|not UTF-8)"):
        load_words(str(path))


def test_promotion_and_pornography_are_counted_without_lists_of_a_run():
    promoted, plain = "一括査定はこちら。今すぐ資料請求。", "古い橋の査定を役場が引き受けた。"
    assert signal_values("promotion_phrase_fraction", promoted, plain) == [pytest.approx(15 / 17), 0]
    assert signal_values("adult_phrase_fraction", "巨乳の人妻のエロ動画", "エロスとセックスアピールの歴史") == [
        pytest.approx(8 / 10),
        0,
    ]


def test_many_different_words_of_trade_count_and_one_over_and_over_does_not():
    shop, many_times, plain = (
        "料金と口コミを比較して業者に予約",
        "料金の料金の料金の料金の料金の料",
        "古い橋の話を役場の人に聞いてきた",
    )
    values = signal_values("trade_word_variety", shop, many_times, plain)
    assert values == pytest.approx([5 / 116**0.5, 1 / 116**0.5, 0])


def test_a_few_phrases_of_translations_in_a_short_text_decide_nothing():
    short = "それは彼の最も重要な本です。"
    values = signal_values("translation_phrase_fraction", short, short * 60)
    assert values == pytest.approx([10 / (14 + 120), 10 * 60 / (14 * 60 + 120)])


def test_phrases_that_manuals_have_too_count_a_third():
    said, instructed = "それは古い橋である。", "色を選択。古い橋である。"
    assert signal_values("translation_phrase_fraction", said, instructed) == pytest.approx([3 / 130, 1 / 132])


def test_words_that_begin_alike_are_compared_to_their_ends():
    words = ("資料請求", "資料", "資料室", "料")
    counts = count_words(sliced(["資料室の資料を請求", "資料請", "料資料請求"]), WordLists(violence=words))
    assert counts.of("violence").tolist() == [2, 1, 2]
    assert counts.chars_of("violence").tolist() == [5, 2, 5]


def test_every_phrase_is_a_phrase():
    """A found fault: the characters of a list's only string were taken for its words."""
    lists = [value for name, value in vars(phrases).items() if name.isupper()]
    assert len(lists) == 7
    assert all(len(phrase) > 1 for phrases_of in lists for phrase in phrases_of)
    assert all(len(set(phrases_of)) == len(phrases_of) for phrases_of in lists)
