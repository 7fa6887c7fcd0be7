"""Pages in several languages: scripts decide only where they are certain, and paragraphs say what share each has."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.records import Document, InputFile, InputShard, Record
from manyo.corpus.sources import warc
from manyo.filters.language import LanguageSettings, identify
from manyo.filters.mixed_languages import holds_chinese, language_shares, other_language_in_kana, unquoted
from tests.filters.batches import TEXTS, documents

JAPANESE = "駅前の広場に新しい図書館ができた。木の香りがする建物で、窓からは川が見える。"
ENGLISH = "The new library stands by the river, and its windows look out on the water."
CHINESE = "新的圖書館在河邊，從窗戶可以看到河水。這是一座木造的建築，孩子們放假的時候都會來。"
KOREAN = "이 도서관은 강가에 새로 지어졌으며 창문으로 강이 보입니다."
CODE = 'fn main() { let tree = Tree::new(); println!("{:?}", tree); }'
# Chinese sentences with what Japanese is quoted in them.
SHOPS = (
    "上個月我們去了東京，在「マツモトキヨシ」買了很多藥妝，還去了「ドン・キホーテ」。\n"
    "酒店旁邊就有「ファミリーマート」，早上可以在那裡買「おにぎり」和「プリン」，是非常方便的。\n"
    "最後一天在「ヨドバシカメラ」看了相機的價格，比台灣便宜了一點。"
)
LESSON = (
    "這一課我們學習動詞的過去式。「書く」的過去式是「書いた」，「読む」的過去式是「読んだ」。\n"
    "例句：「きのうは家で本を読んだので、とても疲れました。」請把它翻譯成中文。\n"
    "注意「泳ぐ」是「泳いだ」，而不是「泳いた」。"
)
AINU = "イランカラㇷ゚テ。クアニ アナㇰネ シサㇺ クネ。タント シリピㇼカ ワ クエ。カムイ オㇿ タ イノミ クキ。"
RYUKYUAN = (
    "はいさい、わんねー うちなーから ちゃーびたん。ちゅーや いー てぃんち やいびーん。うちなーぐちぇー むちかしーしが、"
    "ならいぶさん。にふぇーでーびたん。"
)


def identified(text: str, options: LanguageSettings | None = None) -> dict[str, object]:
    return identify(documents([text]), options or LanguageSettings()).to_pylist()[0]


def shares(row: dict[str, object]) -> dict[str, float]:
    return {entry["lang"]: entry["share"] for entry in row["lang_shares"]}  # type: ignore[attr-defined, union-attr]


@pytest.mark.parametrize("text", [SHOPS, LESSON])
def test_chinese_pages_that_quote_japanese_are_chinese_and_say_how_much_is_japanese(text: str) -> None:
    row = identified(text)
    assert (row["lang"], row["lang_decided_by"]) == ("zh", "paragraphs")
    assert float(str(row["japanese_score"])) < 0.5
    assert 0.1 < shares(row)["ja"] < 0.8
    assert row["is_mixed"]


def test_a_page_in_several_languages_is_marked_with_the_share_of_each() -> None:
    row = identified("\n".join([JAPANESE, ENGLISH, CHINESE] * 2))
    assert row["is_mixed"]
    assert set(shares(row)) == {"ja", "en", "zh"}
    assert all(0.15 < share < 0.6 for share in shares(row).values())
    assert sum(shares(row).values()) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(
    "text",
    [
        JAPANESE * 3,
        JAPANESE * 9 + "\n" + ENGLISH,
        "動物用生物学的製剤の取扱いに関する省令\n文化的景観保存計画認定申請書類\n" + JAPANESE,
        "東京都議会議員選挙立候補届出受付終了\n" + JAPANESE,
    ],
)
def test_japanese_pages_are_not_mixed(text: str) -> None:
    row = identified(text)
    assert (row["lang"], row["is_mixed"]) == ("ja", False)


def test_code_is_no_language_and_configuration_says_how_much_of_it_a_page_may_have() -> None:
    page = "\n".join([JAPANESE * 4, *[CODE] * 60])
    kept = identified(page)
    assert (kept["lang"], kept["is_mixed"]) == ("ja", False)
    assert shares(kept)["zxx"] > 0.8
    refused = identified(page, LanguageSettings(max_code_share=0.5))
    assert (refused["lang"], refused["lang_decided_by"]) == ("zxx", "paragraphs")
    assert float(str(refused["japanese_score"])) < 0.5


def test_ainu_and_ryukyuan_in_kana_have_their_names() -> None:
    ainu, ryukyuan = identified(AINU), identified(RYUKYUAN)
    assert (ainu["lang"], ainu["japanese_score"]) == ("ain", 0)
    assert (ryukyuan["lang"], ryukyuan["japanese_score"]) == ("ryu", 1)


@pytest.mark.parametrize(
    "text",
    [
        "きょうは おかあさんと うみへ いきました。かいを ひろって あそびました。また いきたいです。",
        "パーティーのチケットはスティーブのディーラーで。ウェディングのメニューもティーセットもトゥデイ限定。",
    ],
)
def test_japanese_in_kana_alone_is_neither(text: str) -> None:
    assert other_language_in_kana(text) == ""


def test_half_width_katakana_are_japanese_where_they_spell_it() -> None:
    text = "ﾊﾞｽﾃｲﾊ ﾕｳﾋﾞﾝｷｮｸﾉ ﾏｴﾃﾞｽ｡ ｶﾜﾑｺｳﾉ ﾔﾏﾊ ｷﾘﾃﾞ ﾐｴﾏｾﾝﾃﾞｼﾀ｡ ｺﾞｺﾞﾊ ﾊﾀｹﾆ ﾃﾞﾃ ﾏﾒﾉ ｼﾁｭｳｦ ﾀﾃﾅｵｼﾏｼﾀ｡"
    assert (identified(text)["lang"], identified(text)["lang_decided_by"]) == ("ja", "scripts")
    russian = "Новая библиотека стоит у реки, и из её окон видна вода. Очень хорошо. " * 5
    assert identified(russian.encode("koi8-r").decode("cp932", "replace"))["lang"] != "ja"


def test_chinese_is_known_by_its_grammar() -> None:
    assert holds_chinese(CHINESE)
    assert holds_chinese("我们昨天去了图书馆，那里的书很多，是一个安静的地方。")
    assert not holds_chinese(JAPANESE * 3)
    assert not holds_chinese("函数型的正規表現と函数型的構文解析について。数学的帰納法も。")


LINES = st.lists(st.sampled_from([JAPANESE, ENGLISH, KOREAN, CODE, "", "2024-01-02", "本日休業"]), max_size=12)


def slow_shares(text: str) -> dict[str, float]:
    """The shares of lines that are in one script each, counted one by one."""
    lang_of = {JAPANESE: "ja", ENGLISH: "en", KOREAN: "ko", CODE: "zxx", "本日休業": "ja"}
    weights: dict[str, float] = {}
    for line in text.split("\n"):
        if line in lang_of:
            letters = sum(c.isalpha() * (0.4 if c.isascii() else 1) for c in line)
            weights[lang_of[line]] = weights.get(lang_of[line], 0) + letters
    total = sum(weights.values())
    return {lang: weight / total for lang, weight in weights.items()}


@given(st.lists(LINES.map("\n".join), max_size=5))
@settings(max_examples=60, deadline=None)
def test_shares_are_those_of_a_slow_count(texts: list[str]) -> None:
    def ask(text: str) -> str:
        return "en" if text.isascii() else "ja"

    for text, found in zip(texts, language_shares(pa.array(texts, pa.large_string()), ask), strict=True):
        expected = slow_shares(text)
        # A language of less than a tenth is not asked for.
        if expected.get("en", 1) >= 0.1:
            assert found == pytest.approx(expected)
        assert list(found.values()) == sorted(found.values(), reverse=True)


@given(TEXTS)
@settings(max_examples=60, deadline=None)
def test_shares_of_any_texts_sum_to_one_or_are_none(texts: list[str]) -> None:
    for row in identify(documents(texts), LanguageSettings()).to_pylist():
        total = sum(entry["share"] for entry in row["lang_shares"])
        assert total == 0 or total == pytest.approx(1, abs=1e-2)
        assert not row["is_mixed"] or len(row["lang_shares"]) > 1


def test_what_a_text_quotes_is_left_out() -> None:
    assert unquoted("例句：「雨が降る」和『雪』。") == "例句：和。"


def test_no_page_of_a_chinese_blog_is_japanese_and_no_japanese_page_chinese(real_data: Path) -> None:
    path = real_data / "webmix" / "pages-000.warc.gz"
    shard = InputShard("x", (InputFile(str(path), path.stat().st_size, "1"),))
    texts = {}
    for item in warc.records(shard, warc.Options()):
        made = warc.parse(item, warc.Options()) if isinstance(item, Record) else None
        if isinstance(made, Document):
            texts[made.uri] = made.text
    rows = identify(documents(list(texts.values())), LanguageSettings()).to_pylist()
    chinese = [uri for uri, row in zip(texts, rows, strict=True) if row["lang"] == "ja" and "lyw6024" in uri]
    assert len(texts) > 200
    assert chinese == []
    assert sum(row["lang"] == "zh" for row in rows) == 0
