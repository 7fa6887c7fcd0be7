import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.filters.signals.segments import read_segments
from tests import segment_oracle
from tests.filters.batches import TEXT, signal_values, sliced

#: What the pass tells apart, with words between that end sentences.
_PIECES = st.sampled_from(
    [
        *"はがをにでと、。！？!?．….・･｜＞★♪🍣#（）「」〜wｗWa1続",
        *"　 \n\t",
        *("ました", "です", "ません", "ください", "まして", "だった", "行く", "きれいな", "こと", "あなた", "それは"),
        *("東京", "タワー", "お知らせ", "今日の天気", "続きを読む", "http", "www", "（笑）", "...", "・・"),
    ]
)
PROSE = st.lists(_PIECES, max_size=40).map("".join)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.one_of(PROSE, TEXT, st.builds(lambda text: text * 3, PROSE)), max_size=4))
def test_the_kernel_reads_segments_as_the_oracle_does(texts):
    for counts, text in zip(read_segments(sliced(texts)), texts, strict=True):
        expected = segment_oracle.read_segments(text)
        for name in counts.dtype.names:
            assert counts[name] == expected[name], (name, text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # The mark is missing, or its line end was lost.
        ("手紙を読みました返事はまだ書いていません", ["手紙を読みました", "返事はまだ書いていません"]),
        ("朝は晴れていたのに昼から雨になった", ["朝は晴れていたのに昼から雨になった"]),
        ("お風呂がぬるかったです（笑）", ["お風呂がぬるかったです"]),
        ("ひさしぶりに走りましたw", ["ひさしぶりに走りました"]),
        ("夕焼けがきれいでした♪また来週も来ます☆", ["夕焼けがきれいでした", "また来週も来ます"]),
        ("傘を忘れて\nずぶ濡れになりました", ["ずぶ濡れになりました"]),
        ("駅まで歩いた道を、\n今日は走りました", ["駅まで歩いた道を、今日は走りました"]),
        # A mark that ends a title makes it no sentence.
        ("来月から家賃が二割上昇？", []),
        ("はじめての台湾旅行！", []),
        ("続きを読む", []),
        ("会社概要 採用情報 お問い合わせ", []),
        ("「行くなら今のうちだ」", ["「行くなら今のうちだ」"]),
        ("見頃は来週まで続く見込みだ。", ["見頃は来週まで続く見込みだ。"]),
        # An address and a name with a dot are not cut.
        ("http://a.jp/?id=1を開いてください", ["http://a.jp/?id=1を開いてください"]),
        ("Node.js 入門のページを作りました", ["Node.js入門のページを作りました"]),
    ],
)
def test_a_statement_is_told_by_its_ending(text, expected):
    found, _ = segment_oracle.segments(text)
    assert [segment.text for segment in found if segment.is_statement()] == expected
    assert signal_values("statement_count", text) == [len(expected)]


def test_a_text_on_one_line_measures_as_on_many():
    lines = (
        "新着情報 お問い合わせ\n駅前の市は毎月第一日曜に開かれます。\n雨の日は公民館に移ります。\n出店料は二千円です"
    )
    for name in ("statement_count", "running_char_count", "longest_passage_chars", "longest_gap_fraction"):
        assert signal_values(name, lines.replace("\n", " ")) == signal_values(name, lines)


def test_verse_runs_on_without_a_sentence():
    verse = "靴を脱いだら\nかもめの群れ\n静かな朝にその名を呼ぶよ\n青い帆がゆれる"
    assert signal_values("statement_fraction", verse) == [0]
    assert signal_values("running_text_fraction", verse) == [1]


def test_a_menu_before_sentences_is_a_gap():
    menu = "トップ 会社案内 製品一覧 採用情報 店舗一覧 "
    assert signal_values("longest_gap_fraction", menu + "当社は明治三十年に港で創業しました。") == [
        pytest.approx(19 / 37)
    ]
    assert signal_values("list_fraction", menu + "当社は明治三十年に港で創業しました。") == [pytest.approx(19 / 37)]


@pytest.mark.parametrize(
    ("text", "n_teasers"),
    [
        ("庭の梅が咲きました。去年より一週間ほど早く、香りも強い気…", 1),
        ("いつも更新を楽しみにしています。次の話は主…続きを読む", 0),
        ("週末に家族で行った海辺の町の小さな食堂の話…続きを読む", 1),
        ("帰りの電車では眠ってしまいました……", 0),
        ("また来年も、みんなで来られるといい……", 0),
    ],
)
def test_a_teaser_is_cut_in_mid_sentence(text, n_teasers):
    assert signal_values("teaser_count", text) == [n_teasers]


def test_a_passage_is_counted_however_long_the_text_is():
    """A found fault: the same passage twenty times in 43,600 characters is a twentieth of the text."""
    passage = (
        "このページの内容についてのお問い合わせは、下の窓口までお願いします。"
        "窓口は平日の朝九時から夕方五時まで開いています。どうぞお気軽にお越しください。"
    )
    others = [f"{number}番目の話は、{number * 7}年に{number * 3}人が集まって始めたものです。" for number in range(300)]
    text = "".join(other + passage * (number % 15 == 0) for number, other in enumerate(others))
    assert signal_values("passage_repeat_count", text) == [19]
    assert signal_values("longest_repeat_chars", text) == [len(passage)]
    assert signal_values("repeated_segment_fraction", text)[0] < 0.2


def test_statutes_in_katakana_run_on_throughout():
    statute = "第一条　此ノ法律ニ於テ組合ト称スルハ、共同ノ利益ヲ増進スル為、組合員ノ設立シタル団体ヲ謂フ"
    assert signal_values("running_text_fraction", statute) == [1]
    assert signal_values("longest_gap_fraction", statute) == [0]


def test_addresses_are_no_gap():
    text = "申請は来月末までに窓口で受け付けます。 "
    addressed = text + "https://www.example.jp/shinsei/youshiki/2024/form-a.pdf"
    assert signal_values("longest_gap_fraction", addressed) == signal_values("longest_gap_fraction", text)


def test_a_table_that_sentences_explain_is_no_gap():
    said = "津波のときは、海抜の低い避難所には行かず、まず高台へ逃げてください。"
    row = "汐入小学校\t汐入町一丁目\t海抜四m\t定員四百人\n"
    assert signal_values("longest_gap_fraction", f"{said}\n{row * 9}") == [0]
    assert signal_values("longest_gap_fraction", f"{said}\n{row * 9}".replace("\t", " "))[0] > 0.8


def test_statements_that_end_politely_are_told_from_talk():
    polite = "駅に着きました。雨は降っていません。傘は要らないでしょう。"
    talk = "駅に着いたよ。雨は降ってないね。傘は要らないかな。"
    assert signal_values("polite_ending_fraction", polite, talk) == [pytest.approx(3 / 5), 0]


@pytest.mark.parametrize(
    ("name", "ending", "other"),
    [
        ("past_ending_fraction", "昨日は川で魚を見た。", "明日は川で魚を見る。"),
        ("past_ending_fraction", "昨日は川で魚を釣りました！", "昨日は川で魚を釣りましたか。"),
        ("copula_ending_fraction", "これは川で釣った魚です。", "これを川で釣ります。"),
        ("appeal_ending_fraction", "川で魚を釣ってみましょう。", "川で魚を釣ってみます。"),
        ("appeal_ending_fraction", "川で魚を釣ってください♪", "川で魚を釣ってくださる。"),
    ],
)
def test_statements_count_by_how_they_end(name, ending, other):
    assert signal_values(name, ending * 3 + other, other, "魚釣り入門") == [pytest.approx(3 / 6), 0, 0]
