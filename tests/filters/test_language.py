from pathlib import Path

import fasttext
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.schema import LANGUAGES
from manyo.filters.language import LanguageSettings, identify
from tests.filters.batches import TEXTS, assert_split_law, documents

SETTINGS = LanguageSettings()

ARTICLE = (
    "駅前の広場に新しい図書館ができた。木の香りがする建物で、窓からは川が見える。休みの日には子どもの声がよく響く。"
)
CHINESE = "本公司成立于一九九八年，总部设在上海，主要从事软件开发、技术服务和系统集成。我们欢迎各界朋友前来参观考察。"
KOREAN = "이 도서관은 강가에 새로 지어졌으며 창문으로 강이 보입니다. 쉬는 날에는 아이들의 목소리가 잘 들립니다."
ENGLISH = "The new library stands by the river, and its windows look out on the water. Children come on holidays. "


def identified(text: str, profile: str = "web", settings: LanguageSettings = SETTINGS) -> dict[str, object]:
    return identify(documents([text], profile), settings).to_pylist()[0]


@settings(max_examples=40, deadline=None)
@given(TEXTS, st.data())
def test_cutting_a_batch_changes_nothing(texts, data):
    batch = documents([ARTICLE, *texts, CHINESE])
    cut = data.draw(st.integers(0, batch.num_rows))
    whole = identify(batch, SETTINGS)
    assert whole.schema == LANGUAGES.schema
    assert_split_law(lambda part: identify(part, SETTINGS), batch, cut)


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_scores_and_fractions_are_between_zero_and_one(texts):
    for row in identify(documents(texts), SETTINGS).to_pylist():
        for name in ("lang_score", "japanese_score", *(c.name for c in LANGUAGES.columns if c.unit == "fraction")):
            assert 0 <= row[name] <= 1


@pytest.mark.parametrize(
    "text",
    [
        ARTICLE,
        "明日は雨です。",
        "東京都議会議員選挙立候補届出受付",
        "本日休業",
        "第一条　本令ハ日本銀行政府有価証券取扱ニ付之ヲ適用ス　第二条　前条ノ規定ハ外国ニ於テ発行シタル証券ニ準用ス",
        "機能 すべて最小化 構文 MinimizeAll 引数 なし 戻り値 なし",
        'Rust で木を書く。fn main() { let tree = Tree::new(); println!("{:?}", tree); } と書けば中身が表示される。',
    ],
)
def test_japanese_comes_out_japanese(text):
    row = identified(text)
    assert row["lang"] == "ja"
    assert row["japanese_score"] >= 0.5


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        (CHINESE, "zh"),
        (CHINESE + "合作伙伴：株式会社サクラ、田中さくら。" + CHINESE, "zh"),
        (CHINESE.replace("和", "の"), "zh"),
        (KOREAN, "ko"),
        (KOREAN + " 日本語 さくら図書館", "ko"),
        (ENGLISH * 5, "und"),
        (ENGLISH * 5 + "English | 日本語", "und"),
        ("", "und"),
        ("1234 -- 5678 !!", "und"),
    ],
)
def test_other_pages_with_a_little_japanese_do_not(text, lang):
    row = identified(text)
    assert row["lang"] == lang
    assert row["japanese_score"] < 0.5


PROSE = (
    "設定を書きかえて試したところ、思ったとおりに動いてくれました。\n"
    "エラーが出るときは、先に古いファイルを消してからやりなおしてください。\n"
    "ほかにも気になることがあれば、気軽に聞いてもらえるとうれしいです。\n"
)
CODE = "(defun load-config (path) (with-open-file (stream path) (read stream nil nil)))\n"


def test_a_japanese_page_that_code_outweighs_is_japanese():
    row = identified(PROSE + CODE * 12)
    assert row["lang_decided_by"] == "fasttext"
    assert row["japanese_score"] >= 0.5
    assert identified(CODE * 12 + PROSE)["japanese_score"] >= 0.5


def test_an_english_page_with_headings_in_japanese_is_not():
    assert (
        identified("タイトル\n" + ENGLISH * 4 + "\nスピーカー\n概要と予定について\n" + ENGLISH)["japanese_score"] < 0.5
    )


def test_russian_read_in_the_wrong_encoding_is_not_japanese():
    russian = "Новая библиотека стоит у реки, и из её окон видна вода. По выходным приходят дети. " * 5
    assert identified(russian.encode("koi8-r").decode("cp932", "replace"))["japanese_score"] < 0.5


def test_pages_that_the_scripts_settle_are_not_shown_to_the_model():
    absent = LanguageSettings(model="/nowhere/model.bin")
    assert identified(ARTICLE, settings=absent)["lang_decided_by"] == "scripts"
    assert identified(KOREAN, settings=absent)["lang_decided_by"] == "scripts"
    assert identified(ENGLISH, settings=absent)["lang_decided_by"] == "scripts"


def test_a_page_that_they_leave_in_doubt_is():
    assert identified(CHINESE)["lang_decided_by"] == "fasttext"


@pytest.mark.parametrize("profile", ["ocr", "classical", "law", "prose"])
def test_licensed_text_is_japanese_by_its_licence_and_its_scripts_are_still_measured(profile):
    row = identified("いろは漢字ABCDE", profile)
    assert (row["lang"], row["lang_score"], row["japanese_score"], row["lang_decided_by"]) == ("ja", 1, 1, "profile")
    assert row["han_fraction"] == pytest.approx(0.2)


def test_a_newline_does_not_change_the_answer():
    assert identified(CHINESE + "\n" + CHINESE)["lang_score"] == identified(CHINESE + " " + CHINESE)["lang_score"]


def test_labels_of_glotlid_become_two_letters(tmp_path: Path):
    training = tmp_path / "labelled.txt"
    training.write_text(f"__label__cmn_Hani {CHINESE}\n__label__jpn_Jpan 東京都議会議員選挙\n" * 50, encoding="utf-8")
    model = fasttext.train_supervised(str(training), minn=1, maxn=2, dim=8, epoch=20, thread=1, verbose=0)
    path = str(tmp_path / "glotlid.bin")
    model.save_model(path)
    assert identified(CHINESE, settings=LanguageSettings(model=path))["lang"] == "zh"
    assert identified("東京都議会議員選挙", settings=LanguageSettings(model=path))["lang"] == "ja"


def test_a_missing_model_is_named():
    with pytest.raises(ValueError, match=r"/nowhere/model\.bin: not a fastText model"):
        identified(CHINESE, settings=LanguageSettings(model="/nowhere/model.bin"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"model_chars": 0},
        {"certain_other_share": 0.9},
        {"certain_kana_share": 2},
        {"certain_kana_chars": -1},
        {"prose_hiragana_chars": -1},
    ],
)
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        LanguageSettings(**wrong)
