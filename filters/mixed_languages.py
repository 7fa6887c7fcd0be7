"""Pages in more than one language: the share of each language, by paragraph.

Scripts name the language of most paragraphs. What they leave open is put to a language model once a page, not once a
paragraph: all paragraphs in Latin letters together, and all in Chinese characters alone that nothing else decides.
Quoted text counts apart from the paragraph that quotes it: a Chinese lesson quotes Japanese sentences.

Code is no language (`zxx` in ISO 639-2).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.text import Texts
from manyo.filters.signals.characters import KANA, LATIN, CharacterClass, count_characters

#: The language of what is no language.
NO_LANGUAGE: Final = "zxx"
AINU: Final = "ain"
RYUKYUAN: Final = "ryu"

_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff々〆〇]")
_KANA = re.compile("[ぁ-ゖァ-ヺㇰ-ㇿ]")
_QUOTED = re.compile("「[^「」\n]{1,200}」|『[^『』\n]{1,200}』")
_LETTER = re.compile(r"[^\W\d_]")

# Chinese by its grammar. Words that Japanese does not write at all, in either form of the characters; and words of one
# character, where they stand in six or more Chinese characters without kana: Japanese has those in names and statutes,
# and writes 的, 是 and 了 there only in words such as 目的, 是正 and 完了.
_NEVER_JAPANESE: Final = "这這们們你您她它很吗嗎呢吧么麼说說还给让沒"
_CHINESE_WORD = re.compile(f"[{_NEVER_JAPANESE}]|(?<!目)的|(?<!国)是(?![正非認])|(?<![完終修満未校])了(?![承解簡])|也")
_CHINESE_LETTERS: Final = f"[{_NEVER_JAPANESE}的是了也]"
_LONG_RUN = re.compile("[\u3400-\u9fff]{6,}")
#: Least share of a text's Chinese characters in such runs. On 3,403 Japanese pages .182 at most, in papers with
#: 函数型的正規表現 or 動物用生物学的製剤, where 的 is the only such word; in Chinese travel blogs and lessons above .3.
_CHINESE_SHARE: Final = 0.2
_CHINESE_WORDS: Final = 2

# The phonetic extensions for Ainu; for Ryukyuan its endings, and syllables that Japanese has in loan words alone.
_AINU_KANA = re.compile("[ㇰ-ㇿ]")
_RYUKYUAN = re.compile(
    "くとぅ|[とど]ぅ|[くぐ][ゎぇ]|てぃ|でぃ|びーん|びたん|びら[やな]?|んかい|やん?どー|ちゅー|めんそー|しーが|ぬみ|わんねー"
)
#: Least of these, and least share of them per kana.
_LEAST_MARKS: Final = 4
_AINU_SHARE: Final = 0.02
_RYUKYUAN_SHARE: Final = 0.03

#: A line in Latin letters is code if it has at least this share of symbols: English prose has under a tenth, lines with
#: brackets, operators and semicolons more.
_CODE_SYMBOLS: Final = 0.15
#: A language of less of a page than this is not worth asking the model for; its lines are `und`.
_ASKED_SHARE: Final = 0.1
_UNDETERMINED: Final = "und"

#: What lines are by their scripts: the first four are settled, what stands behind them is not.
_JAPANESE, _KOREAN, _CODE, _EMPTY, _LATIN_ONLY, _HAN_ONLY, _QUOTING = range(7)
_SETTLED: Final = ((_JAPANESE, "ja"), (_KOREAN, "ko"), (_CODE, NO_LANGUAGE))
_ALPHABET_WEIGHT: Final = 0.4


def language_shares(texts: pa.Array, ask: Callable[[str], str]) -> list[dict[str, float]]:
    """The share of each language among the letters of texts, by paragraph; a letter of an alphabet counts 0.4.

    Args:
        texts: large_string, paragraphs separated by line ends.
        ask: names the language of a text; called three times a text at most.

    Returns:
        For each text the shares, largest first; they sum to 1. Empty for a text without letters.
    """
    split = pc.split_pattern(texts, "\n")
    lines = split.flatten()
    kinds, weights = _kinds(lines)
    found = []
    start = 0
    for n_lines in split.value_lengths().to_pylist():
        end = start + n_lines
        found.append(_shares(lines.slice(start, n_lines), kinds[start:end], weights[start:end], ask))
        start = end
    return found


def _kinds(lines: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """uint8 (n,), what each line is by its scripts, and float64 (n,), its weighted letters."""
    counts = count_characters(Texts.from_arrow(lines))
    kana = counts.of(*KANA)
    han = counts.of(CharacterClass.HAN)
    hangul = counts.of(CharacterClass.HANGUL)
    latin = _ALPHABET_WEIGHT * counts.of(*LATIN, CharacterClass.OTHER_LETTER)
    symbols = counts.of(CharacterClass.SYMBOL)
    kinds = np.full(len(lines), _EMPTY, np.uint8)
    is_latin = latin > kana + han + hangul
    is_code = symbols >= _CODE_SYMBOLS * (symbols + counts.of(*LATIN, CharacterClass.OTHER_LETTER))
    kinds[kana > 0] = _JAPANESE
    kinds[(kana == 0) & (han > 0)] = _HAN_ONLY
    rows = np.flatnonzero((kana > 0) & (kana < han))
    may_be_chinese = pc.match_substring_regex(lines.take(pa.array(rows)), _CHINESE_LETTERS)
    kinds[rows[may_be_chinese.to_numpy(zero_copy_only=False)]] = _QUOTING
    kinds[hangul > kana + han] = _KOREAN
    kinds[is_latin] = np.where(is_code, _CODE, _LATIN_ONLY)[is_latin]
    return kinds, kana + han + hangul + latin


def _shares(lines: pa.Array, kinds: np.ndarray, weights: np.ndarray, ask: Callable[[str], str]) -> dict[str, float]:
    """The shares of one text."""
    by_kind = np.bincount(kinds, weights, minlength=_QUOTING + 1)
    total = float(by_kind.sum())
    if not total:
        return {}
    found: dict[str, float] = defaultdict(float)
    for kind, lang in _SETTLED:
        found[lang] += by_kind[kind]
    for line in lines.take(pa.array(np.flatnonzero(kinds == _QUOTING))).to_pylist():
        for piece in _pieces(line):
            found["zh" if _is_chinese(piece) else "ja"] += len(_LETTER.findall(piece))
    if by_kind[_HAN_ONLY]:
        # Beside Japanese, lines without kana are headings and names, unless their grammar is Chinese.
        joined = _joined(lines, kinds == _HAN_ONLY)
        is_open = not found["ja"] or _CHINESE_WORD.search(joined) is not None
        found["zh" if is_open and ask(joined) != "ja" else "ja"] += by_kind[_HAN_ONLY]
    if by_kind[_LATIN_ONLY]:
        is_asked = by_kind[_LATIN_ONLY] >= _ASKED_SHARE * total
        lang = ask(_joined(lines, kinds == _LATIN_ONLY)) if is_asked else _UNDETERMINED
        found[lang] += by_kind[_LATIN_ONLY]
    total = sum(found.values())
    return {lang: found[lang] / total for lang in sorted(found, key=lambda lang: -found[lang]) if found[lang]}


def _joined(lines: pa.Array, is_chosen: np.ndarray) -> str:
    return "\n".join(lines.filter(pa.array(is_chosen)).to_pylist())


def _pieces(paragraph: str) -> list[str]:
    """What a paragraph quotes, and the paragraph without it."""
    quoted = _QUOTED.findall(paragraph)
    return [*quoted, _QUOTED.sub("", paragraph)] if quoted else [paragraph]


def _is_chinese(piece: str) -> bool:
    """Whether a piece with kana or Chinese characters is a Chinese sentence."""
    n_kana = len(_KANA.findall(piece))
    return n_kana < _CHINESE_SHARE * len(_HAN.findall(piece)) and _CHINESE_WORD.search(piece) is not None


def unquoted(text: str) -> str:
    """A text without what its paragraphs quote: what its author says in an own voice."""
    return _QUOTED.sub("", text)


def holds_chinese(text: str) -> bool:
    """Whether a text with kana has sentences in Chinese: a fair share of its Chinese characters, by their grammar."""
    n_in_runs = 0
    words: set[str] = set()
    for run in _LONG_RUN.findall(text):
        if found := _CHINESE_WORD.findall(run):
            n_in_runs += len(run)
            words.update(found)
    return len(words) >= _CHINESE_WORDS and n_in_runs >= _CHINESE_SHARE * len(_HAN.findall(text))


def other_language_in_kana(text: str) -> str:
    """Ainu or Ryukyuan, for a text in kana that is one of them; else empty."""
    n_kana = len(_KANA.findall(text))
    n_ainu = len(_AINU_KANA.findall(text))
    if n_ainu >= max(_LEAST_MARKS, _AINU_SHARE * n_kana):
        return AINU
    return RYUKYUAN if len(_RYUKYUAN.findall(text)) >= max(_LEAST_MARKS, _RYUKYUAN_SHARE * n_kana) else ""
