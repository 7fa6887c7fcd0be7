import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.filters.signals.tells import (
    FACE_KATAKANA,
    KANA_HEAD_CHARS,
    NOT_IN_FACE,
    SEPARATORS,
    STOP_CHARACTERS,
    read_tells,
)
from tests import oracles
from tests.filters.batches import TEXT, sliced

LINKED = st.lists(st.sampled_from(["http://", "https://", "h", "s", "://", "a.jp", "あ", "{", " ", "\n"]), max_size=12)


def expected_tells(text: str) -> dict[str, int]:
    return oracles.read_tells(text, KANA_HEAD_CHARS, STOP_CHARACTERS, SEPARATORS, FACE_KATAKANA, NOT_IN_FACE)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(TEXT, st.builds("".join, LINKED)), max_size=6))
def test_the_kernel_reads_what_the_oracle_reads(texts):
    for counts, text in zip(read_tells(sliced(texts)), texts, strict=True):
        for name, expected in expected_tells(text).items():
            assert counts[name] == expected, (name, text)


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
    assert read_tells(sliced([text]))["spaced_japanese"].tolist() == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("おはよう(^_^)", 1),
        ("寒いね（´・ω・｀）またね( ´∀｀ )", 2),
        ("負けた(T_T)(ToT)(;_;)(；´д｀)", 4),
        ("(^^)(^^;)(o^^o)(*^o^*)(^ ^)m(_ _)m", 6),
        ("(￣ー￣)(ﾟДﾟ)(°∀°)(ノД`)(-_-)(・_・)(≧▽≦)(><)(＾ｖ＾)", 9),
        ("（笑）", 0),
        ("関数 f(x) と (1) と（東京）", 0),
        ("(a_b)(a^b^c)(a^^b)(a;b;c)(1-2-3)(i=1;i<5;i++)(__init__)(>>=)(<$>)(`a`)(20°~30°)", 0),
        ("（トム・クルーズ）（ツリー・オブ・ライフ）（マネーボール）（A・B・C）（・・・）(NTTドコモ)(TXT)(STDOUT)", 0),
    ],
)
def test_faces_are_counted_and_brackets_are_not(text, expected):
    assert read_tells(sliced([text]))["faces"].tolist() == [expected]


def test_addresses_are_counted():
    texts = [
        "https://a.example.jp/x と http://b.example.jp を見る。",
        "http:// だけ",
        "",
        "ttps://a.example.jp",
        "時刻 10:30",
    ]
    assert read_tells(sliced(texts))["urls"].tolist() == [2, 0, 0, 0, 0]


def test_an_address_in_an_address_counts_its_characters_once():
    address = "https://a.example.jp/?to=http://b.example.jp/"
    counts = read_tells(sliced([f"戻り先は{address}です。"]))
    assert counts["urls"].tolist() == [2]
    assert counts["url_chars"].tolist() == [len(address)]


def test_two_hundred_thousand_addresses_in_one_another_are_read_once():
    # Read to the end from each one, they would take a minute.
    counts = read_tells(sliced(["http://" * 200_000]))
    assert counts["urls"].tolist() == [199_999]
    assert counts["url_chars"].tolist() == [1_400_000]


@pytest.mark.parametrize(
    ("text", "date_chars"),
    [
        ("2024年1月2日に", 9),
        ("令和６年１２月の", 5),
        ("1月2日と3月4日", 8),
        ("2024-01-02、2024/1/2。", 18),
        ("2024-1/2 や 1.2.3 や 12:30", 0),
        ("電話 03-1234-5678、20240102", 0),
        ("1234年", 0),
    ],
)
def test_characters_of_dates_are_counted(text, date_chars):
    assert read_tells(sliced([text]))["date_chars"].tolist() == [date_chars]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(st.sampled_from("12年月日-/.0（(^_^)・x\n "), max_size=30), max_size=4))
def test_dates_and_faces_are_those_of_the_expressions(texts):
    for counts, text in zip(read_tells(sliced(texts)), texts, strict=True):
        expected = expected_tells(text)
        for name in ("date_chars", "faces", "segments", "trailing_segments"):
            assert counts[name] == expected[name], (name, text)


FACES = st.builds("({})".format, st.text(st.sampled_from("^^;TT・・ω_ー><≧≦´`д-oxA* ノ。ボ"), max_size=12))


@settings(max_examples=200, deadline=None)
@given(st.lists(FACES, max_size=8))
def test_faces_in_brackets_are_those_of_the_expressions(faces):
    for counts, text in zip(read_tells(sliced(faces)), faces, strict=True):
        assert counts["faces"] == expected_tells(text)["faces"], text


def test_a_text_of_full_stops_alone_has_no_parts():
    counts = read_tells(sliced(["。。。", "春。 。夏"]))
    assert counts["full_stop_parts"].tolist() == [0, 2]
    assert counts["full_stops"].tolist() == [3, 2]
