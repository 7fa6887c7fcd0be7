"""Words that tell what a page is: an error message, a machine translation, advertising, pornography, or worse.

One automaton (Aho-Corasick) finds the words of all lists, in the parts of a batch where two characters stand that
words begin with. A word in katakana counts only where no katakana touches it, and one in Latin letters only where no
Latin letter does: セックス is not in エセックス. Of words that overlap the first counts, and of those that begin at one
place the longest.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache, partial
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

from manyo.corpus.jit import Records
from manyo.corpus.tables.shards import read_text
from manyo.corpus.text import Texts
from manyo.filters.signals import vocabulary_kernels as kernels
from manyo.filters.signals.characters import JAPANESE, character_counts
from manyo.filters.signals.signal import ALSO_MEASURE, Passes, Signal, count, fraction, share
from manyo.filters.signals.signal_settings import WordLists

#: Phrases of error pages and translations are looked for in this many characters from the start.
HEAD_CHARS: Final = 1_000

#: What servers and site software say instead of a page.
ERROR_PHRASES: Final = (
    "お探しのページは見つかりません",
    "お探しのページが見つかりません",
    "ページが見つかりません",
    "ページは見つかりません",
    "ページが存在しません",
    "ページは存在しません",
    "ページは、削除された",
    "ページは削除された",
    "ページは、移動または削除され",
    "ページは移動または削除され",
    "一時的にアクセスできない",
    "一時的にアクセスができない",
    "アクセスが集中して",
    "アクセス権限がありません",
    "アクセスが拒否されました",
    "サーバーでエラーが発生",
    "サーバエラーが発生",
    "内部サーバーエラー",
    "ただいまメンテナンス中",
    "現在メンテナンス中",
    "URLが間違っている",
    "URL が間違っている",
    "URLに間違いが",
    "URL に間違いが",
    "URLをご確認",
    "URLをお確かめ",
    "JavaScriptを有効に",
    "404 Not Found",
    "404 NOT FOUND",
    "404 Error",
    "404 エラー",
    "403 Forbidden",
    "Forbidden",
    "500 Internal Server Error",
    "503 Service Unavailable",
    "503 Service Temporarily Unavailable",
    "Page not found",
    "Page Not Found",
    "Page not Found",
    "File not found",
    "File Not Found",
)

#: What translations from English write and Japanese leaves out or says otherwise: pronouns, and calques of "can",
#: "by …ing", "for the purpose of", "various", "it is important to", "there are the following".
TRANSLATION_PHRASES: Final = (
    *(
        pronoun + particle
        for pronoun in ("あなた", "あなたの", "それら", "彼ら", "彼女ら", "我々", "私たち")
        for particle in "のがはをに"
    ),
    *("私は", "彼は", "彼女は", "それは", "それを", "それが"),
    "これらの",
    "私達の",
    "することができ",
    "ことができます",
    "ことを可能に",
    "することによって",
    "することにより",
    "するために、",
    "するためには、",
    "するための",
    "することが重要",
    "ことを確認し",
    "必要があります",
    "可能性があります",
    "可能性がある",
    "いくつかの",
    "次のとおりです",
    "次のようなもの",
    "次のものがあり",
    "次のものが含ま",
    "に基づいて",
    "を提供します",
    "を提供して",
    "を含む",
    "のいずれか",
    "と呼ばれる",
    "に関する情報",
    "の一つです",
    "最高の体験",
    "最高の経験",
    "最高の方法",
)

#: What advertisers, affiliates and spammers call for, promise and compare.
PROMOTION_PHRASES: Final = (
    *("今すぐ", "はこちら", "お気軽にお", "お任せ", "おまかせ", "をお探しな", "をご検討", "をお考えの方"),
    *("がおすすめです", "をおすすめし", "お勧めします", "いかがでしょうか", "口コミ", "評判の", "ランキング"),
    *("送料無料", "期間限定", "数量限定", "初回限定", "当日限定", "最安値", "激安", "格安", "お得な", "お得に", "特価"),
    *("割引", "クーポン", "ポイント還元", "キャンペーン", "全額返金", "無料サンプル", "無料体験", "無料相談", "無料で"),
    *("資料請求", "一括査定", "一括見積", "一括比較", "比較サイト", "無料見積", "高価買取", "買取価格", "高く売る"),
    *("公式サイト", "通販サイト", "販売店", "優良業者", "業者を選", "業者さん", "人気の高い", "大人気", "満足度"),
    *("カードローン", "キャッシング", "即日融資", "審査に通", "過払い金", "債務整理", "アフィリエイト", "副業"),
    *("簡単に稼", "稼げる", "必ず儲", "情報商材", "海外FX", "オンラインカジノ", "スーパーコピー", "ブランド品"),
    *("脱毛サロン", "脱毛器", "ダイエットサプリ", "サプリメント", "育毛", "精力剤", "バイアグラ", "豊胸", "婚活サイト"),
    *("引越し業者", "外壁塗装", "雨漏り修理", "水漏れ", "車買取", "試し読み", "電子書籍", "会員登録", "カートに入"),
)

#: Words of pornography, of which other texts have few. A single one decides nothing: medicine, law and novels have it.
ADULT_PHRASES: Final = (
    *("エロ", "エロい", "エロ動画", "エロ画像", "アダルト", "アダルト動画", "アダルトビデオ", "AV女優", "ＡＶ女優"),
    *("ポルノ", "ヌード", "無修正", "ハメ撮り", "中出し", "潮吹き", "フェラ", "手コキ", "オナニー", "セックス"),
    *("ザーメン", "チンポ", "マンコ", "おっぱい", "巨乳", "美乳", "爆乳", "貧乳", "パンチラ", "盗撮", "痴漢", "痴女"),
    *(
        "熟女",
        "人妻",
        "淫乱",
        "淫ら",
        "卑猥",
        "陵辱",
        "緊縛",
        "調教",
        "童貞",
        "セフレ",
        "ヤリマン",
        "デリヘル",
        "風俗嬢",
    ),
    *(
        "風俗店",
        "ソープランド",
        "出会い系",
        "援助交際",
        "援交",
        "エッチな",
        "パイパン",
        "勃起",
        "射精",
        "挿入し",
        "喘ぎ",
    ),
    *("Porn", "porn", "PORN", "Hentai", "hentai"),
)

#: What C4 takes a line or a page away for, and what Japanese pages say instead.
POLICY_PHRASES: Final = (
    "lorem ipsum",
    "Lorem ipsum",
    "javascript",
    "Javascript",
    "JavaScript",
    "JAVASCRIPT",
    "terms of use",
    "Terms of use",
    "Terms of Use",
    "privacy policy",
    "Privacy policy",
    "Privacy Policy",
    "PRIVACY POLICY",
    "cookie policy",
    "Cookie policy",
    "Cookie Policy",
    "uses cookies",
    "use of cookies",
    "use cookies",
    "利用規約",
    "ご利用条件",
    "プライバシーポリシー",
    "プライバシー・ポリシー",
    "個人情報保護方針",
    "個人情報の取り扱い",
    "個人情報の取扱い",
    "クッキーポリシー",
    "Cookieを使用",
    "Cookieの使用",
    "クッキーを使用",
    "クッキーの使用",
)

#: HojiChar's pattern for message boards; its digits are those of Unicode.
BOARD_MARKS: Final = (
    r"\p{Nd}{4}[年\.\-\/][\ ]*\p{Nd}{1,2}[月\.\-\/][\ ]*\p{Nd}{1,2}[日]*"
    r"|コメント|SOLD OUT|レビュー|投稿|ページ|\([月火水木金土日]\)|質問|\p{Nd}+話|楽天市場|-"
)


#: The lists that a run can be given.
WORD_LISTS: Final = tuple(field.name for field in fields(WordLists))
#: Lists whose phrases count only at the beginning of a document.
_IN_HEAD: Final = ("error_phrases", "translation_phrases")
#: All lists, in the order in which they are counted.
_LISTS: Final = (*_IN_HEAD, "policy_phrases", "promotion_phrases", "adult_phrases", *WORD_LISTS)


def shipped_words() -> dict[str, Path]:
    """Name of each list of words that ships with manyo → its file."""
    return {path.stem: path for path in sorted((Path(__file__).parent / "words").glob("*.txt"))}


def load_words(uri: str) -> tuple[str, ...]:
    """Read a list of words, one a line in UTF-8; blank lines and white space around a word are ignored.

    Args:
        uri: a path or URI, or a name of `shipped_words`.

    Raises:
        ValueError: the file is not UTF-8, or has no words in it.
        OSError: it cannot be read.
    """
    lines = read_text(str(shipped_words().get(uri, uri))).split("\n")
    words = tuple(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if not words:
        raise ValueError(f"{uri}: there are no words in it")
    return words


@dataclass(frozen=True, slots=True)
class WordCounts:
    """The words of each document, by list.

    Attributes:
        counts: (n_docs, n_lists), records of `WORD_COUNTS`.
    """

    counts: Records

    def of(self, word_list: str) -> np.ndarray:
        """int64 (n_docs,), words of the list."""
        return self._column(word_list, "words")

    def chars_of(self, word_list: str) -> np.ndarray:
        """int64 (n_docs,), characters in words of the list."""
        return self._column(word_list, "chars")

    def different(self, word_list: str) -> np.ndarray:
        """int64 (n_docs,), how many different words of the list occur."""
        return self._column(word_list, "different_words")

    def _column(self, word_list: str, name: str) -> np.ndarray:
        column: np.ndarray = self.counts[:, _LISTS.index(word_list)][name]
        return column


@dataclass(frozen=True, slots=True)
class _Automaton:
    """Finds the words of all lists.

    Attributes:
        finder: over the UTF-8 bytes of the words.
        lists: int64 (n_words,), the list of each word.
        chars: int64 (n_words,), its length in characters.
        pairs, reaches: how words begin, as `note_beginnings` notes it.
    """

    finder: BytesAhoCorasick
    lists: np.ndarray
    chars: np.ndarray
    pairs: np.ndarray
    reaches: np.ndarray


@lru_cache(maxsize=4)
def _automaton(words: WordLists) -> _Automaton:
    of_lists = (
        ERROR_PHRASES,
        TRANSLATION_PHRASES,
        POLICY_PHRASES,
        PROMOTION_PHRASES,
        ADULT_PHRASES,
        *(getattr(words, name) for name in WORD_LISTS),
    )
    patterns = [(word, number) for number, some in enumerate(of_lists) for word in some]
    finder = BytesAhoCorasick(
        (word.encode() for word, _ in patterns), matchkind=MatchKind.Standard, implementation=Implementation.DFA
    )
    pairs, reaches = np.zeros(kernels.PAIR_ROWS, np.uint64), np.zeros(kernels.REACH_ROWS, np.int32)
    beginnings = Texts.from_strings([word for word, _ in patterns])
    kernels.note_beginnings(beginnings.data, beginnings.offsets, pairs, reaches)
    return _Automaton(
        finder,
        np.array([number for _, number in patterns], np.int64),
        np.array([len(word) for word, _ in patterns], np.int64),
        pairs,
        reaches,
    )


def count_words(texts: Texts, words: WordLists) -> WordCounts:
    """Count the phrases of errors, translations and policies and the words of the lists.

    The automaton reads only those parts of the texts that begin as a word does. They hold every word; with news and the
    lists of HojiChar they are 6 % of the bytes.
    """
    counts = np.zeros((len(texts), len(_LISTS)), kernels.WORD_COUNTS)
    automaton = _automaton(words)
    cut = np.empty(int(texts.offsets[-1] - texts.offsets[0]) + len(texts), np.uint8)
    points = texts.points
    places = np.empty(len(points.data) + 1, np.int64)
    n_places = kernels.find_beginnings(points.data, points.offsets, texts.offsets, automaton.pairs, places)
    places = places[:n_places]
    parts = np.empty((len(places), 2), np.int64)
    n_bytes, n_parts = kernels.cut_parts(texts.data, texts.offsets, places, automaton.reaches, parts, cut)
    parts = parts[:n_parts]
    found = automaton.finder.find_matches_as_indexes(memoryview(cut[:n_bytes]), overlapping=True)  # type: ignore[arg-type]
    matches = np.array(found, np.int64).reshape(-1, 3)
    matches = matches[np.lexsort((-matches[:, 2], matches[:, 1]))]
    part = np.searchsorted(parts[:, 0], matches[:, 1], side="right") - 1
    matches[:, 1:] += (parts[part, 1] - parts[part, 0])[:, None]
    is_phrase = np.array([name in _IN_HEAD for name in _LISTS])
    kernels.count_matches(
        texts.data, texts.offsets, matches, automaton.lists, automaton.chars, is_phrase, HEAD_CHARS, counts
    )
    return WordCounts(counts)


def count_board_marks(column: pa.Array) -> np.ndarray:
    """int64 (n_docs,), matches of `BOARD_MARKS`.

    Args:
        column: string or large_string, without nulls.
    """
    counts: np.ndarray = pc.count_substring_regex(column, BOARD_MARKS).to_numpy(zero_copy_only=False).astype(np.int64)
    return counts


def _words(passes: Passes) -> WordCounts:
    return count_words(passes.texts, passes.settings.words)


def _phrase_fraction(passes: Passes, word_list: str) -> np.ndarray:
    head_chars = np.minimum(passes.of(character_counts).char_counts, HEAD_CHARS)
    return share(passes.of(_words).chars_of(word_list), head_chars)


def _word_count(passes: Passes, word_list: str) -> np.ndarray:
    return passes.of(_words).of(word_list)


def _different_word_count(passes: Passes, word_list: str) -> np.ndarray:
    return passes.of(_words).different(word_list)


def _word_fraction(passes: Passes, word_list: str) -> np.ndarray:
    return share(passes.of(_words).chars_of(word_list), passes.of(character_counts).of(*JAPANESE))


SIGNALS: tuple[Signal, ...] = (
    Signal(
        fraction("error_phrase_fraction", f"phrases of error pages per character, in the first {HEAD_CHARS:,}"),
        "ours",
        partial(_phrase_fraction, word_list="error_phrases"),
    ),
    Signal(
        fraction(
            "translation_phrase_fraction",
            f"phrases of translations, such as することができます, per character, in the first {HEAD_CHARS:,}",
        ),
        "ours",
        partial(_phrase_fraction, word_list="translation_phrases"),
    ),
    Signal(
        count("policy_phrase_count", "phrases such as 利用規約, JavaScript, privacy policy and lorem ipsum", "phrases"),
        "C4, which drops such lines, and pages with lorem ipsum; the Japanese ones are ours",
        partial(_word_count, word_list="policy_phrases"),
    ),
    Signal(
        fraction(
            "promotion_phrase_fraction",
            "phrases of advertising and affiliates, such as はこちら and 一括査定, per Japanese character",
        ),
        "ours; llm-jp v1 and HojiChar count words of shops",
        partial(_word_fraction, word_list="promotion_phrases"),
    ),
    Signal(
        fraction("adult_phrase_fraction", "words of pornography per Japanese character"),
        "llm-jp v1 and HojiChar, whose lists are longer and hold words of other texts too",
        partial(_word_fraction, word_list="adult_phrases"),
    ),
    Signal(
        count(
            "board_mark_count",
            "dates, (月), -, and words such as コメント, レビュー, 投稿 and 楽天市場, by HojiChar's own pattern",
            "marks",
        ),
        "HojiChar 14 at most",
        lambda passes: count_board_marks(passes.column),
        setting=ALSO_MEASURE,
    ),
    *(
        signal
        for name in WORD_LISTS
        for signal in (
            Signal(
                count(f"{name}_word_count", f"words of the list `{name}`, whole words where in katakana", "words"),
                "llm-jp v1 and HojiChar, whose lists can be used here",
                partial(_word_count, word_list=name),
                setting=f"words.{name}",
            ),
            Signal(
                count(f"different_{name}_word_count", f"how many of the words of the list `{name}` occur", "words"),
                "Uzushio pipeline_03a",
                partial(_different_word_count, word_list=name),
                setting=f"words.{name}",
            ),
            Signal(
                fraction(f"{name}_word_fraction", f"characters in words of the list `{name}` per Japanese character"),
                "Swallow v1 0.05 at most",
                partial(_word_fraction, word_list=name),
                setting=f"words.{name}",
            ),
        )
    ),
)
