"""Words that tell what a page is: an error message, a translation by machine, advertising, or worse.

One automaton (Aho-Corasick) finds the words of all lists, in the parts of a batch where two characters stand that
words begin with. A word of katakana counts only where no katakana goes on beside it, and one of Latin letters
likewise: セックス is not in エセックス. Of words that overlap, the first counts, and of those that begin together
the longest.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

from manyo.corpus.tables.shards import filesystem
from manyo.corpus.text import Texts
from manyo.filters.signals import signal_kernels as kernels
from manyo.filters.signals.characters import share
from manyo.filters.signals.signal_kernels import _count_words, _cut_parts, _find_beginnings, _note_beginnings

#: Phrases of error pages and translations are looked for in this many characters from the start.
HEAD_CHARS = 1_000

#: What servers and site software say instead of a page.
ERROR_PHRASES = (
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

#: What translations from English write and Japanese leaves out or says otherwise: pronouns, and calques of
#: "can", "by …ing", "for the purpose of".
TRANSLATION_PHRASES = (
    *(pronoun + particle for pronoun in ("あなた", "それら", "彼ら") for particle in "のがはをに"),
    "これらの",
    "私達の",
    "することができます",
    "することができる",
    "することによって",
    "することにより",
    "するために、",
    "するためには、",
    "に関する情報",
    "の一つです",
    "最高の体験",
    "最高の経験",
    "最高の方法",
)

#: What C4 takes a line or a page away for, and what Japanese pages say instead.
POLICY_PHRASES = (
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
BOARD_MARKS = (
    r"\p{Nd}{4}[年\.\-\/][\ ]*\p{Nd}{1,2}[月\.\-\/][\ ]*\p{Nd}{1,2}[日]*"
    r"|コメント|SOLD OUT|レビュー|投稿|ページ|\([月火水木金土日]\)|質問|\p{Nd}+話|楽天市場|-"
)


@dataclass(frozen=True, slots=True)
class WordLists:
    """Words to count, without which nothing is counted.

    Attributes:
        advertising: of shops and advertisements.
        adult: of sexual content.
        discrimination: that demean people.
        violence: of violence and cruelty.
    """

    advertising: tuple[str, ...] = ()
    adult: tuple[str, ...] = ()
    discrimination: tuple[str, ...] = ()
    violence: tuple[str, ...] = ()


#: The lists that a run can be given, and before them those that are part of the code; of these, those whose phrases
#: are looked for at the beginning only.
WORD_LISTS = tuple(field.name for field in fields(WordLists))
_IN_HEAD = ("error_phrases", "translation_phrases")
_LISTS = (*_IN_HEAD, "policy_phrases", *WORD_LISTS)


def shipped_words() -> dict[str, Path]:
    """Name of each list of words that ships with manyo → its file."""
    return {path.stem: path for path in sorted((Path(__file__).parent / "words").glob("*.txt"))}


def load_words(uri: str) -> tuple[str, ...]:
    """Read a list of words, one a line in UTF-8; blank lines and white space around a word are ignored.

    Args:
        uri: a path or URI, or a name of `shipped_words`.

    Raises:
        ValueError: the file is no UTF-8, or holds no word.
        OSError: it cannot be read.
    """
    fs, path = filesystem(str(shipped_words().get(uri, uri)))
    try:
        lines = fs.cat_file(path).decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise ValueError(f"{uri}: not UTF-8 ({error})") from error
    words = tuple(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if not words:
        raise ValueError(f"{uri}: holds no word")
    return words


@dataclass(frozen=True, slots=True)
class WordCounts:
    """What one pass over the words of a batch gives.

    Attributes:
        counts: int64 (n_docs, lists, WORD_COLUMNS), columns as `manyo.filters.signals.signal_kernels` names them.
    """

    counts: np.ndarray

    def of(self, word_list: str) -> np.ndarray:
        """int64 (n_docs,), words of the list."""
        return self.counts[:, _LISTS.index(word_list), kernels.WORDS]

    def chars_of(self, *word_lists: str) -> np.ndarray:
        """int64 (n_docs,), characters in words of the lists."""
        columns = [_LISTS.index(word_list) for word_list in word_lists]
        chars: np.ndarray = self.counts[:, columns, kernels.WORD_CHARS].sum(axis=1)
        return chars

    def different(self, word_list: str) -> np.ndarray:
        """int64 (n_docs,), how many of the words of the list occur."""
        return self.counts[:, _LISTS.index(word_list), kernels.DIFFERENT_WORDS]

    def phrase_fraction(self, word_list: str, char_counts: np.ndarray) -> np.ndarray:
        """float32 (n_docs,), share of the first `HEAD_CHARS` characters that phrases of the list take up."""
        return share(self.chars_of(word_list), np.minimum(char_counts, HEAD_CHARS))


@dataclass(frozen=True, slots=True)
class _Automaton:
    """Finds the words of all lists; the arrays say of each word its list and its length in characters.

    pairs and reaches say how words begin, as `_note_beginnings` notes it.
    """

    finder: BytesAhoCorasick
    lists: np.ndarray
    chars: np.ndarray
    pairs: np.ndarray
    reaches: np.ndarray


@lru_cache(maxsize=4)
def _automaton(words: WordLists) -> _Automaton:
    of_lists = (ERROR_PHRASES, TRANSLATION_PHRASES, POLICY_PHRASES, *(getattr(words, name) for name in WORD_LISTS))
    patterns = [(word, number) for number, some in enumerate(of_lists) for word in some]
    finder = BytesAhoCorasick(
        (word.encode() for word, _ in patterns), matchkind=MatchKind.Standard, implementation=Implementation.DFA
    )
    pairs, reaches = np.zeros(1 << 10, np.uint64), np.zeros(1 << 16, np.int32)
    beginnings = Texts.from_strings([word for word, _ in patterns])
    _note_beginnings(beginnings.data, beginnings.offsets, pairs, reaches)
    return _Automaton(
        finder,
        np.array([number for _, number in patterns], np.int64),
        np.array([len(word) for word, _ in patterns], np.int64),
        pairs,
        reaches,
    )


def count_words(texts: Texts, words: WordLists) -> WordCounts:
    """Count the phrases of errors, translations and policies and the words of the lists.

    The automaton is given those parts of the texts alone that begin as a word does: of news and the lists of HojiChar
    6 % of the bytes, and every word in them.
    """
    counts = np.zeros((len(texts), len(_LISTS), kernels.WORD_COLUMNS), np.int64)
    automaton = _automaton(words)
    cut = np.empty(int(texts.offsets[-1] - texts.offsets[0]) + len(texts), np.uint8)
    places = np.empty(len(cut), np.int64)
    places = places[: _find_beginnings(texts.data, texts.offsets, automaton.pairs, places)]
    parts = np.empty((len(places), 2), np.int64)
    n_bytes, n_parts = _cut_parts(texts.data, texts.offsets, places, automaton.reaches, parts, cut)
    parts = parts[:n_parts]
    found = automaton.finder.find_matches_as_indexes(memoryview(cut[:n_bytes]), overlapping=True)  # type: ignore[arg-type]
    matches = np.array(found, np.int64).reshape(-1, 3)
    matches = matches[np.lexsort((-matches[:, 2], matches[:, 1]))]
    part = np.searchsorted(parts[:, 0], matches[:, 1], side="right") - 1
    matches[:, 1:] += (parts[part, 1] - parts[part, 0])[:, None]
    is_phrase = np.array([name in _IN_HEAD for name in _LISTS])
    _count_words(texts.data, texts.offsets, matches, automaton.lists, automaton.chars, is_phrase, HEAD_CHARS, counts)
    return WordCounts(counts)


def count_board_marks(column: pa.Array) -> np.ndarray:
    """int64 (n_docs,), what `BOARD_MARKS` finds.

    Args:
        column: string or large_string, without nulls.
    """
    counts: np.ndarray = pc.count_substring_regex(column, BOARD_MARKS).to_numpy(zero_copy_only=False).astype(np.int64)
    return counts
