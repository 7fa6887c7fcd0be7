from importlib.resources import files

import pytest
from sudachipy import Dictionary, SplitMode

from manyo.filters.signals.endings import KINDS, ending_of, listed_endings, load_endings
from manyo.filters.signals.segment_kernels import HIRAGANA_CODES, LONGEST_ENDING

#: Sentences of many kinds, without their marks, and titles that end in hiragana.
SENTENCES = (
    "昨日は雨が降りました",
    "明日は晴れるでしょう",
    "返事はまだ来ていません",
    "少しお待ちください",
    "駅まで歩いた",
    "この店は安い",
    "本を読んだ",
    "誰も知らないらしい",
    "夜は寒かったよね",
    "もう帰ろう",
    "行くかどうか迷っているのだ",
    "それは困るから",
    "聞いたことがないけど",
    "傘を持ってきたので",
    "早く寝なさい",
)
TITLES = ("春の山のおすすめ", "東京のこと", "港町のひと", "引っ越しのとき", "京都における", "北の国から見たふた")


def test_every_ending_is_hiragana_and_short_enough_for_the_kernel():
    for ending in listed_endings():
        assert all("ぁ" <= character <= "ゖ" for character in ending), ending
        assert len(ending) <= LONGEST_ENDING


def test_no_ending_is_listed_twice():
    lines = (files("manyo.filters.signals") / "endings.txt").read_text(encoding="utf-8").splitlines()
    words = [word for line in lines if not line.startswith(("#", "[")) for word in line.split()]
    assert len(words) == len(set(words))
    assert set(words) == set(listed_endings())


def test_the_table_calls_sentences_what_sudachipy_calls_predicates():
    tokenizer = Dictionary().tokenizer(mode=SplitMode.C)
    for sentence in SENTENCES:
        speech = tokenizer.tokenize(sentence)[-1].part_of_speech()
        assert speech[0] in ("動詞", "形容詞", "助動詞") or speech[1] in ("終助詞", "接続助詞"), sentence
        assert ending_of(sentence) not in (0, KINDS["open"]), sentence


@pytest.mark.parametrize("title", TITLES)
def test_a_title_has_no_certain_ending(title):
    assert ending_of(title) not in (KINDS["polite"], KINDS["final"])


def test_the_trie_has_a_state_for_every_beginning_of_an_ending():
    endings = load_endings()
    backwards = {ending[::-1][:length] for ending in listed_endings() for length in range(len(ending) + 1)}
    assert endings.children.shape == (len(backwards), HIRAGANA_CODES)
    assert (endings.kinds > 0).sum() == len(listed_endings())
