"""Japanese without kana: in kanji alone (headlines, kanbun), or in Latin letters.

Such pages are refused, because their bytes cannot be distinguished from Chinese or from other languages with certainty.
They get reasons of their own, so that a person finds them, or a source with better knowledge reads them again.

Nineteen of twenty pages of a crawl pass here, so that only a sample of a page is looked at.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

import numpy as np

from manyo.corpus.web.sniff_kernels import count_signs

#: Reasons that `reason_without_kana` gives.
REASONS: Final = {
    "kanji_only": "kanji with hardly any kana, some of which only Japanese writes: headlines, names, kanbun",
    "romaji": "Japanese in Latin letters",
}

#: Bytes of the sample, from the middle of a page.
_SAMPLE_BYTES: Final = 2048
#: Fewest Chinese characters of a sample, and of a page, that is in them.
_LEAST_HAN: Final = 20
#: Fewest characters that only Japanese writes, and their least share: 県 図 発 are every tenth in Japanese headlines.
_LEAST_JAPANESE: Final = 3
_JAPANESE_SHARE: Final = 0.02
#: Largest share of Chinese characters that Japanese does not write: simplified forms are a third of Chinese.
_FOREIGN_SHARE: Final = 0.02
#: Fewest particles and endings, and their least share of the words.
_LEAST_WORDS: Final = 10
_WORD_SHARE: Final = 0.2
_LEAST_ENDINGS: Final = 2

_HAN = re.compile("[\u3400-\u9fff]")
_TAG = re.compile("<[^<>]*>")
_WORD = re.compile("[a-z]+")
# Endings of verbs, and particles; the particles that English, Romance or Philippine languages also have are left out.
_ENDING = re.compile(r"desu|deshita|deshou|kudasai|[a-z]*(?:masu|mashita|masen|mashou)")
_PARTICLE = re.compile("wa|ga|wo|o|ni|mo|ka|kara|yori|koto|mono|kono|sono")


def reason_without_kana(data: bytes | bytearray, is_utf_8: bool) -> str:
    """The key of `REASONS` for a page with hardly any kana; empty if it holds no Japanese that is recognised.

    Args:
        data: body of the response, content encodings undone.
        is_utf_8: whether its bytes above 0x7F form UTF-8.
    """
    middle = max(0, (len(data) - _SAMPLE_BYTES) // 2)
    sample = bytes(data[middle : middle + _SAMPLE_BYTES])
    n_han, n_kaeriten, n_endings = count_signs(np.frombuffer(sample, np.uint8))
    if is_utf_8 and n_kaeriten >= _LEAST_JAPANESE:
        return "kanji_only"
    if is_utf_8 and n_han >= _LEAST_HAN:
        return "kanji_only" if _is_japanese(sample.decode("utf-8", "ignore")) else ""
    if n_endings and _is_romaji(sample.decode("latin-1")):
        return "romaji"
    return ""


def _is_japanese(html: str) -> bool:
    """Whether Chinese characters without kana are in forms that only Japanese writes."""
    written = "".join(_HAN.findall(html))
    n_own = len(_only_japanese().findall(written))
    if n_own < max(_LEAST_JAPANESE, _JAPANESE_SHARE * len(written)):
        return False
    return len(written) - len(written.encode("cp932", "ignore")) // 2 <= _FOREIGN_SHARE * len(written)


@cache
def _only_japanese() -> re.Pattern[str]:
    """Characters of JIS X 0208 that neither GB 2312 nor Big5 has: 県, 図, 込."""
    own = []
    for lead in (*range(0x88, 0xA0), *range(0xE0, 0xEB)):
        for trail in (*range(0x40, 0x7F), *range(0x80, 0xFD)):
            character = bytes((lead, trail)).decode("cp932", "ignore")
            if len(character) == 1 and not (character.encode("gb2312", "ignore") or character.encode("big5", "ignore")):
                own.append(character)
    return re.compile(f"[{''.join(own)}]")


def _is_romaji(html: str) -> bool:
    words = _WORD.findall(_TAG.sub(" ", html).lower())
    n_endings = sum(_ENDING.fullmatch(word) is not None for word in words)
    n_found = n_endings + sum(_PARTICLE.fullmatch(word) is not None for word in words)
    return n_endings >= _LEAST_ENDINGS and n_found >= max(_LEAST_WORDS, _WORD_SHARE * len(words))
