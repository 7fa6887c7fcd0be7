"""The signals: every column that is measured on a text, in which unit, and from which pass.

A new signal is a property of the pass that sees it, one line in `SIGNALS`, and a test.
Nothing here knows a threshold; `manyo.filters.rules.decide` decides from these columns alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from operator import attrgetter

import numpy as np
import pyarrow as pa

from manyo.corpus.schema import Column, signals_table
from manyo.corpus.text import Texts
from manyo.filters.signals.characters import (
    CLAUSE_MARKS,
    HIRAGANA,
    JAPANESE,
    JAPANESE_LETTERS,
    KANA,
    PUNCTUATION,
    CharacterClass,
    CharacterCounts,
    count_characters,
    is_katakana_prose,
    share,
)
from manyo.filters.signals.fluency import SHORT_LINE_CHARS, LineCounts, read_lines
from manyo.filters.signals.models import Models
from manyo.filters.signals.perplexity import PERPLEXITY_CHARS
from manyo.filters.signals.plausibility import PRIOR_KANJI, Plausibility, read_plausibility
from manyo.filters.signals.quality import QUALITY_CHARS
from manyo.filters.signals.repetition import (
    COMPRESSED_BYTES,
    DISTINCT_WINDOW_CHARS,
    MAX_CHARS,
    ZLIB_LEVEL,
    Repeats,
    find_plain_repeats,
    find_repeats,
    lz4_ratio,
    zlib_ratio,
)
from manyo.filters.signals.tells import KANA_HEAD_CHARS, SEGMENT_ENDS, SEPARATORS, STOP_CHARACTERS, Tells, read_tells
from manyo.filters.signals.vocabulary import (
    HEAD_CHARS,
    WORD_LISTS,
    WordCounts,
    WordLists,
    count_board_marks,
    count_words,
)
from manyo.filters.signals.words import SPEECH_CHARS, Speech, Words, read_speech, read_words


@dataclass(frozen=True, slots=True)
class SignalSettings:
    """What is measured beyond the signals that always are.

    Attributes:
        also_measure: names of signals that cost too much to be measured unasked.
        words: lists of words to count.
        models: whose scores are signals.
        models_digest: of their bytes, so that another model of the same name is another setting.
    """

    also_measure: tuple[str, ...] = ()
    words: WordLists = field(default_factory=WordLists)
    models: Models = field(default_factory=Models)
    models_digest: str = ""

    def __post_init__(self) -> None:
        on_request = [signal.column.name for signal in SIGNALS if signal.setting == "also_measure"]
        for name in self.also_measure:
            if name not in on_request:
                raise ValueError(f"also_measure: {name!r} is none of {', '.join(on_request)}")


@dataclass(frozen=True)
class Passes:
    """A batch of texts, and what each pass over it counts; a pass runs when a signal first asks for it.

    Attributes:
        column: string or large_string, without nulls.
        settings: of the run.
    """

    column: pa.Array
    settings: SignalSettings

    @cached_property
    def texts(self) -> Texts:
        """The batch as bytes and offsets."""
        return Texts.from_arrow(self.column)

    @cached_property
    def characters(self) -> CharacterCounts:
        """Characters by class."""
        return count_characters(self.texts)

    @cached_property
    def lines(self) -> LineCounts:
        """Lines and sentences."""
        return read_lines(self.texts)

    @cached_property
    def repeats(self) -> Repeats:
        """Repeated n-grams."""
        return find_repeats(self.texts)

    @cached_property
    def plain_repeats(self) -> Repeats:
        """Repeated n-grams, white space and long runs too."""
        return find_plain_repeats(self.texts)

    @cached_property
    def tells(self) -> Tells:
        """Small signs."""
        return read_tells(self.texts)

    @cached_property
    def plausibility(self) -> Plausibility:
        """Whether characters follow each other as in Japanese, and are common ones."""
        return read_plausibility(self.texts)

    @cached_property
    def words(self) -> WordCounts:
        """Phrases, and words of the lists."""
        return count_words(self.texts, self.settings.words)

    @cached_property
    def speech(self) -> Speech:
        """Parts of speech."""
        return read_speech(self.column)

    @cached_property
    def divided(self) -> Words:
        """Words as SudachiPy divides them."""
        return read_words(self.column)

    @property
    def visible_chars(self) -> np.ndarray:
        """int64 (n_docs,), characters that are not white space."""
        visible: np.ndarray = self.characters.char_counts - self.characters.of(CharacterClass.SPACE)
        return visible


@dataclass(frozen=True, slots=True)
class Signal:
    """One measured column.

    Attributes:
        column: its name, type, meaning and unit.
        source: who measured it before, and how ours differs.
        measure: its values for a batch, (n_docs,), of the column's type; never NaN, 0 for an empty document.
        setting: the attribute of `SignalSettings` that asks for it, by name in `also_measure`, by a value that is
            not empty elsewhere; "" where it is always measured.
    """

    column: Column
    source: str
    measure: Callable[[Passes], np.ndarray]
    setting: str = ""

    def is_measured(self, settings: SignalSettings) -> bool:
        """Whether a run with these settings measures it."""
        if self.setting == "also_measure":
            return self.column.name in settings.also_measure
        return not self.setting or bool(attrgetter(self.setting)(settings))


def _fraction(name: str, meaning: str) -> Column:
    return Column(name, pa.float32(), meaning, "fraction")


def _count(name: str, meaning: str, unit: str) -> Column:
    return Column(name, pa.int64(), meaning, unit)


def _stepped_ngram_fraction(passes: Passes, length: int) -> np.ndarray:
    return passes.repeats.stepped_ngram_fraction(length)


def _top_ngram_occurrence_fraction(passes: Passes, length: int) -> np.ndarray:
    return passes.plain_repeats.top_ngram_occurrence_fraction(length)


def _repeated_ngram_fraction(passes: Passes, length: int) -> np.ndarray:
    return passes.plain_repeats.repeated_ngram_fraction(length)


def _top_word_ngram_fraction(passes: Passes, length: int) -> np.ndarray:
    return passes.divided.top_ngram_fraction(length)


def _stepped_word_ngram_fraction(passes: Passes, length: int) -> np.ndarray:
    return passes.divided.stepped_ngram_fraction(length)


def _word_count(passes: Passes, word_list: str) -> np.ndarray:
    return passes.words.of(word_list)


def _different_word_count(passes: Passes, word_list: str) -> np.ndarray:
    return passes.words.different(word_list)


def _word_fraction(passes: Passes, word_list: str) -> np.ndarray:
    return share(passes.words.chars_of(word_list), passes.characters.of(*JAPANESE))


#: Every signal, in the order of its columns.
SIGNALS: tuple[Signal, ...] = (
    Signal(
        _count("char_count", "all characters, white space too", "characters"),
        "every pipeline; Uzushio and Swallow set a minimum",
        lambda passes: passes.characters.char_counts,
    ),
    Signal(
        _count("size_bytes", "UTF-8 size of the text", "bytes"),
        "every pipeline",
        lambda passes: passes.texts.sizes_bytes,
    ),
    Signal(
        _fraction("kana_fraction", "hiragana and katakana per character that is not white space"),
        "Uzushio pipeline_03a and NWJC, which count hiragana; katakana statutes and Meiji texts need both",
        lambda passes: passes.characters.fraction(*KANA),
    ),
    Signal(
        _fraction("hiragana_fraction", "hiragana per character that is not white space"),
        "Uzushio pipeline_03a 0.10, then 0.15 of all characters; NWJC 0.05",
        lambda passes: passes.characters.fraction(*HIRAGANA),
    ),
    Signal(
        _fraction("latin_fraction", "Latin letters of either width per character that is not white space"),
        "llm-jp v1, for code, with digits",
        lambda passes: passes.characters.fraction(CharacterClass.LATIN, CharacterClass.FULLWIDTH_LATIN),
    ),
    Signal(
        _fraction(
            "japanese_fraction",
            "kana, kanji and Japanese punctuation per character that is not white space",
        ),
        "Swallow v1, NWJC, Uzushio",
        lambda passes: passes.characters.fraction(*JAPANESE),
    ),
    Signal(
        _fraction(
            "particle_fraction",
            "the particles の に を は が と で て も, and ノ ニ ヲ ハ, per character that is not white space",
        ),
        "FineWeb-2 asks for 2 of 15 such words; a share also sees a keyword list with one sentence in it",
        lambda passes: passes.characters.fraction(CharacterClass.PARTICLE, CharacterClass.KATAKANA_PARTICLE),
    ),
    Signal(
        _fraction("digit_fraction", "digits of either width per character that is not white space"),
        "C4 and FineWeb for numbers; ours by characters",
        lambda passes: passes.characters.fraction(CharacterClass.DIGIT, CharacterClass.FULLWIDTH_DIGIT),
    ),
    Signal(
        _fraction(
            "symbol_fraction",
            "symbols, emoji and Western punctuation per character that is not white space",
        ),
        "HojiChar's special characters; Japanese punctuation does not count here",
        lambda passes: passes.characters.fraction(CharacterClass.SYMBOL),
    ),
    Signal(
        _fraction("replacement_fraction", "U+FFFD and 〓 per character that is not white space"),
        "the NDL writes 〓 for what its OCR could not read; decoders write U+FFFD",
        lambda passes: passes.characters.fraction(CharacterClass.REPLACEMENT),
    ),
    Signal(
        _fraction(
            "width_mix_fraction",
            "the rarer width's share of Latin letters, of digits and of katakana together; at most 0.5",
        ),
        "ours",
        lambda passes: passes.characters.width_mix_fraction,
    ),
    Signal(
        _count("line_count", "lines that are not blank", "lines"),
        "Gopher, FineWeb",
        lambda passes: passes.lines.line_counts,
    ),
    Signal(
        _fraction("short_line_fraction", f"lines of at most {SHORT_LINE_CHARS} characters per line"),
        "HojiChar, FineWeb",
        lambda passes: passes.lines.short_line_fraction,
    ),
    Signal(
        _fraction(
            "line_end_punctuation_fraction",
            "lines that end a sentence, or close a quotation with 」 or 』, per line",
        ),
        "C4, FineWeb-2 (line_punct_thr)",
        lambda passes: passes.lines.line_end_punctuation_fraction,
    ),
    Signal(
        _fraction("ellipsis_line_fraction", "lines that end in … or in three dots per line"),
        "Gopher, HojiChar",
        lambda passes: passes.lines.ellipsis_line_fraction,
    ),
    Signal(
        _fraction("bullet_line_fraction", "lines that start with a bullet per line"),
        "Gopher, with the bullets of Japanese pages",
        lambda passes: passes.lines.bullet_line_fraction,
    ),
    Signal(
        _count("sentence_count", "sentences, each up to 。！？!?． or a newline", "sentences"),
        "C4 5 at least; NWJC counts them too",
        lambda passes: passes.lines.sentence_counts,
    ),
    Signal(
        Column(
            "mean_sentence_chars",
            pa.float32(),
            "mean length of a sentence: up to 。！？!?． or a newline, without white space",
            "characters",
        ),
        "Swallow v1, llm-jp v1, HojiChar; a 」 after the end stays with its sentence",
        lambda passes: passes.lines.mean_sentence_chars,
    ),
    Signal(
        _count("longest_sentence_chars", "length of the longest sentence, without white space", "characters"),
        "Swallow v1",
        lambda passes: passes.lines.longest_sentence_chars,
    ),
    Signal(
        _fraction(
            "sentence_fraction",
            "characters in sentences that a mark ends, not a bare newline, per character; 1 for prose in kanji and "
            "katakana, which has no such marks",
        ),
        "ours: the line rules of C4 and FineWeb-2, made independent of where lines are broken",
        lambda passes: np.where(
            is_katakana_prose(passes.column, passes.characters), np.float32(1), passes.lines.sentence_fraction
        ),
    ),
    Signal(
        _fraction("duplicate_line_fraction", "characters in lines that occurred before, per character"),
        "Gopher (Rae et al. 2021, table A1), FineWeb-2, Swallow v1",
        lambda passes: passes.lines.duplicate_line_fraction,
    ),
    Signal(
        _fraction(
            "top_2gram_fraction",
            f"characters in the most frequent 2-gram per character, in the first {MAX_CHARS:,}",
        ),
        "Gopher, FineWeb-2, Swallow v1; 2-grams of characters",
        lambda passes: passes.repeats.top_2gram_fraction,
    ),
    Signal(
        _fraction(
            "top_3gram_fraction",
            f"characters in the most frequent 3-gram per character, in the first {MAX_CHARS:,}",
        ),
        "Gopher, FineWeb-2, Swallow v1; 3-grams of characters",
        lambda passes: passes.repeats.top_3gram_fraction,
    ),
    Signal(
        _fraction(
            "top_4gram_fraction",
            f"characters in the most frequent 4-gram per character, in the first {MAX_CHARS:,}",
        ),
        "Gopher, FineWeb-2, Swallow v1; 4-grams of characters",
        lambda passes: passes.repeats.top_4gram_fraction,
    ),
    Signal(
        _fraction(
            "duplicate_5gram_fraction",
            f"characters that stand in a 5-gram which occurred before, per character, in the first {MAX_CHARS:,}",
        ),
        "Gopher, FineWeb-2, Swallow v1, HojiChar; 5-grams of characters, overlaps counted once",
        lambda passes: passes.repeats.duplicate_5gram_fraction,
    ),
    Signal(
        _fraction(
            "duplicate_10gram_fraction",
            f"characters that stand in a 10-gram which occurred before, per character, in the first {MAX_CHARS:,}",
        ),
        "Gopher, FineWeb-2, Swallow v1; 10-grams of characters, overlaps counted once",
        lambda passes: passes.repeats.duplicate_10gram_fraction,
    ),
    Signal(
        _count(
            "longest_run_chars",
            f"longest run of one character, white space left out, in the first {MAX_CHARS:,}",
            "characters",
        ),
        "HojiChar (one character repeated)",
        lambda passes: passes.repeats.longest_run_chars,
    ),
    Signal(
        _fraction(
            "distinct_character_fraction",
            f"distinct characters per character, among the first {DISTINCT_WINDOW_CHARS:,} that are not white space",
        ),
        "ours: a type-token ratio on a window of fixed length",
        lambda passes: passes.repeats.distinct_character_fraction,
    ),
    Signal(
        _fraction(
            "compression_ratio",
            f"LZ4 size per byte, of the first {COMPRESSED_BYTES:,} bytes; a short text exceeds 1",
        ),
        "Uzushio pipeline_03a keeps 0.25 to 5, then 0.40 to 0.75, then 0.50 to 0.75",
        lambda passes: lz4_ratio(passes.texts),
    ),
    Signal(
        _fraction("zlib_ratio", f"zlib level {ZLIB_LEVEL} size per byte; a short text exceeds 1"),
        "llm-jp v1; it costs more than all other signals together",
        lambda passes: zlib_ratio(passes.texts),
        setting="also_measure",
    ),
    Signal(
        _fraction("error_phrase_fraction", f"phrases of error pages per character, in the first {HEAD_CHARS:,}"),
        "ours",
        lambda passes: passes.words.phrase_fraction("error_phrases", passes.characters.char_counts),
    ),
    Signal(
        _fraction(
            "translation_phrase_fraction",
            f"phrases of translations, such as することができます, per character, in the first {HEAD_CHARS:,}",
        ),
        "ours",
        lambda passes: passes.words.phrase_fraction("translation_phrases", passes.characters.char_counts),
    ),
    Signal(
        _count("japanese_char_count", "kana, kanji and Japanese punctuation", "characters"),
        "Swallow v1, which counts letters and asks for 400",
        lambda passes: passes.characters.of(*JAPANESE),
    ),
    Signal(
        _fraction("punctuation_fraction", "Japanese punctuation per character that is not white space"),
        "ours: a list of keywords has little of it",
        lambda passes: passes.characters.fraction(*PUNCTUATION),
    ),
    Signal(
        _fraction("halfwidth_katakana_fraction", "half-width katakana per character that is not white space"),
        "ours: text decoded in a wrong encoding is full of them",
        lambda passes: passes.characters.fraction(CharacterClass.HALFWIDTH_KATAKANA),
    ),
    Signal(
        _fraction(
            "other_letter_fraction",
            "letters that are neither Japanese nor Latin nor hangul per character that is not white space",
        ),
        "FineWeb-2 (max_non_alpha_words_ratio), turned to what is foreign in Japanese",
        lambda passes: passes.characters.fraction(CharacterClass.OTHER_LETTER),
    ),
    Signal(
        _count("head_kana_count", f"kana among the first {KANA_HEAD_CHARS} characters", "characters"),
        "llm-jp v1 and HojiChar ask for one",
        lambda passes: passes.tells.head_kana_count,
    ),
    Signal(
        _count("stop_character_count", f"how many of {STOP_CHARACTERS} occur", "characters"),
        "FineWeb-2, whose stop words these are; it asks for 2 as words of their own",
        lambda passes: passes.tells.stop_character_count,
    ),
    Signal(
        _fraction("newline_fraction", "newlines per character, white space too"),
        "FineWeb-2 (new_line_ratio), per word there",
        lambda passes: share(passes.tells.newline_counts, passes.characters.char_counts),
    ),
    Signal(
        _fraction("separator_fraction", f"any of {SEPARATORS} per character that is not white space"),
        "ours: stuffed keywords are separated, sentences are not",
        lambda passes: share(passes.tells.separator_counts, passes.visible_chars),
    ),
    Signal(
        _fraction(
            "spaced_japanese_fraction",
            "spaces between two Japanese characters per character that is not white space; at most 1",
        ),
        "ours: machine translation, PDF extraction and stuffed keywords leave them",
        lambda passes: share(passes.tells.spaced_japanese_counts, passes.visible_chars),
    ),
    Signal(
        Column(
            "mean_full_stop_chars",
            pa.float32(),
            "mean length of what 。 divides the text into, with white space and without 。",
            "characters",
        ),
        "llm-jp v1 (250 at most, strict 80) and HojiChar (100 at most), for which nothing else ends a sentence",
        lambda passes: share(
            passes.characters.char_counts - passes.tells.full_stop_counts, passes.tells.full_stop_parts
        ),
    ),
    Signal(
        _count("url_count", "web addresses that are written out in the text", "addresses"),
        "llm-jp v1, Dolma; links that are no text are gone with the HTML",
        lambda passes: passes.tells.url_counts,
    ),
    Signal(
        _fraction("url_fraction", "characters in such addresses per character, white space too"),
        "ours: lists of addresses; text in links of the HTML is `link_fraction` of the documents, as Uzushio counts",
        lambda passes: share(passes.tells.url_chars, passes.characters.char_counts),
    ),
    Signal(
        _count("curly_bracket_count", "{, which prose has none of and code has", "characters"),
        "C4 drops a page with one",
        lambda passes: passes.tells.curly_bracket_counts,
    ),
    Signal(
        _count(
            "policy_phrase_count", "phrases such as 利用規約, JavaScript, privacy policy and lorem ipsum", "phrases"
        ),
        "C4, which drops such lines, and pages with lorem ipsum; the Japanese ones are ours",
        lambda passes: passes.words.of("policy_phrases"),
    ),
    Signal(
        _count(
            "board_mark_count",
            "dates, (月), -, and words such as コメント, レビュー, 投稿 and 楽天市場, by HojiChar's own pattern",
            "marks",
        ),
        "HojiChar 14 at most",
        lambda passes: count_board_marks(passes.column),
        setting="also_measure",
    ),
    Signal(
        _count("kaomoji_count", "faces drawn with characters between brackets, such as (^_^)", "faces"),
        "HojiChar and Uzushio remove them; blogs and message boards have them",
        lambda passes: passes.tells.face_counts,
    ),
    Signal(
        Column("mean_line_chars", pa.float32(), "mean length of a line, without white space", "characters"),
        "Gopher, FineWeb, HojiChar",
        lambda passes: passes.lines.mean_line_chars,
    ),
    Signal(
        _count("longest_line_chars", "length of the longest line, without white space", "characters"),
        "llm-jp v1, for code",
        lambda passes: passes.lines.longest_line_chars,
    ),
    Signal(
        _fraction("duplicate_line_count_fraction", "lines that occurred before per line"),
        "Gopher and Swallow v1 0.30, FineWeb-2 (dup_line_frac) 0.328",
        lambda passes: passes.lines.duplicate_line_count_fraction,
    ),
    Signal(
        _fraction("duplicate_sentence_fraction", "characters in sentences that occurred before per character"),
        "Swallow v1 0.20",
        lambda passes: passes.lines.duplicate_sentence_fraction,
    ),
    Signal(
        _fraction("duplicate_sentence_count_fraction", "sentences that occurred before per sentence"),
        "Swallow v1 0.30",
        lambda passes: passes.lines.duplicate_sentence_count_fraction,
    ),
    Signal(
        _fraction("trailing_sentence_fraction", "sentences that trail off in …, three dots or ・ per sentence"),
        "Swallow v1 0.20",
        lambda passes: passes.lines.trailing_sentence_fraction,
    ),
    Signal(
        _fraction(
            "frequent_5gram_fraction",
            "occurrences of the most frequent repeated 5-grams, as many as the root of how many distinct ones there "
            f"are, per 5-gram, in the first {MAX_CHARS:,}",
        ),
        "HojiChar and BigScience (character repetition ratio), 5-grams of characters",
        lambda passes: passes.repeats.frequent_5gram_fraction,
    ),
    *(
        Signal(
            _fraction(
                f"stepped_{length}gram_fraction",
                f"characters in {length}-grams seen before, each stepped over whole, per character, in the first "
                f"{MAX_CHARS:,}",
            ),
            "Gopher, FineWeb-2 and Swallow v1 as datatrove counts; its words are characters here",
            partial(_stepped_ngram_fraction, length=length),
        )
        for length in range(5, 11)
    ),
    Signal(
        Column(
            "bigram_lift",
            pa.float32(),
            "geometric mean, over all pairs of neighbouring characters, of how many times as often Japanese has the "
            "pair as chance would; a sentence of ordinary text is added, so that few pairs decide nothing",
            "times",
        ),
        "pointwise mutual information (Church and Hanks 1990), by a table of our own "
        "(`filters/signals/plausibility.py`)",
        lambda passes: passes.plausibility.bigram_lift,
    ),
    Signal(
        _fraction(
            "rare_kanji_fraction",
            "kanji that are not among the 1,500 commonest, old forms counted as new ones, per kanji; "
            f"{PRIOR_KANJI} common ones are added, so that few kanji decide nothing",
        ),
        "ours, counted of public-domain works (`filters/signals/plausibility.py`)",
        lambda passes: passes.plausibility.rare_kanji_fraction,
    ),
    Signal(
        _count("japanese_letter_count", f"hiragana, full-width katakana but ー, kanji, {CLAUSE_MARKS}", "characters"),
        "Swallow v1 400 at least",
        lambda passes: passes.characters.of(*JAPANESE_LETTERS),
    ),
    Signal(
        _fraction("japanese_letter_fraction", "such letters per character, white space too"),
        "Swallow v1 0.5 at least",
        lambda passes: share(passes.characters.of(*JAPANESE_LETTERS), passes.characters.char_counts),
    ),
    Signal(
        _fraction("hiragana_letter_fraction", "hiragana per such letter"),
        "Swallow v1 0.2 at least",
        lambda passes: passes.characters.fraction_of_letters(*HIRAGANA),
    ),
    Signal(
        _fraction("katakana_letter_fraction", "full-width katakana but ー per such letter"),
        "Swallow v1 0.5 at most",
        lambda passes: passes.characters.fraction_of_letters(CharacterClass.KATAKANA, CharacterClass.KATAKANA_PARTICLE),
    ),
    Signal(
        _fraction("date_fraction", "characters in dates such as 2024年1月2日, 1月2日 and 2024/1/2 per character"),
        "ours, from HojiChar's signs of message boards: lists of entries are full of them",
        lambda passes: share(passes.tells.date_chars, passes.visible_chars),
    ),
    Signal(
        _fraction("marked_line_fraction", "lines whose last character is one of 。．！？!?. per line"),
        "FineWeb-2 (line_punct_thr 0.096), for which 」 and ） end nothing",
        lambda passes: passes.lines.marked_line_fraction,
    ),
    Signal(
        _fraction(
            "duplicate_paragraph_fraction",
            "characters in paragraphs that occurred before per character; blank lines divide paragraphs",
        ),
        "Gopher 0.20",
        lambda passes: passes.lines.duplicate_paragraph_fraction,
    ),
    Signal(
        _fraction("duplicate_paragraph_count_fraction", "paragraphs that occurred before per paragraph"),
        "Gopher 0.30",
        lambda passes: passes.lines.duplicate_paragraph_count_fraction,
    ),
    Signal(
        Column(
            "mean_segment_chars",
            pa.float32(),
            f"mean length of what {SEGMENT_ENDS} and newlines divide the text into, with white space and its mark",
            "characters",
        ),
        "Swallow v1 20 to 90, which calls these sentences; 」 after a 。 begins the next",
        lambda passes: passes.tells.mean_segment_chars,
    ),
    Signal(
        _count("longest_segment_chars", "length of the longest such segment", "characters"),
        "Swallow v1 200 at most",
        lambda passes: passes.tells.longest_segment_chars,
    ),
    Signal(
        _fraction("trailing_segment_fraction", "such segments that trail off in … or ・ per segment"),
        "Swallow v1 0.20 at most",
        lambda passes: passes.tells.trailing_segment_fraction,
    ),
    *(
        Signal(
            _fraction(
                f"top_{length}gram_occurrence_fraction",
                f"occurrences of the most frequent {length}-gram per {length}-gram, white space and newlines too, in "
                f"the first {MAX_CHARS:,}",
            ),
            "Swallow v1 0.20, 0.18 and 0.16 at most; Gopher's fraction is of characters",
            partial(_top_ngram_occurrence_fraction, length=length),
            setting="also_measure",
        )
        for length in range(2, 5)
    ),
    *(
        Signal(
            _fraction(
                f"repeated_{length}gram_fraction",
                f"{length}-grams that occur more than once per distinct {length}-gram, white space and newlines too, "
                f"in the first {MAX_CHARS:,}",
            ),
            "Swallow v1 0.15 to 0.10 at most; Gopher's fraction is of characters",
            partial(_repeated_ngram_fraction, length=length),
            setting="also_measure",
        )
        for length in range(5, 11)
    ),
    *(
        signal
        for name in WORD_LISTS
        for signal in (
            Signal(
                _count(f"{name}_word_count", f"words of the list `{name}`, whole words where in katakana", "words"),
                "llm-jp v1 and HojiChar, whose lists can be given",
                partial(_word_count, word_list=name),
                setting=f"words.{name}",
            ),
            Signal(
                _count(f"different_{name}_word_count", f"how many of the words of the list `{name}` occur", "words"),
                "Uzushio pipeline_03a",
                partial(_different_word_count, word_list=name),
                setting=f"words.{name}",
            ),
            Signal(
                _fraction(f"{name}_word_fraction", f"characters in words of the list `{name}` per Japanese character"),
                "Swallow v1 0.05 at most",
                partial(_word_fraction, word_list=name),
                setting=f"words.{name}",
            ),
        )
    ),
    Signal(
        Column(
            "quality_score",
            pa.float32(),
            f"probability that the text is of the positive kind, by a fastText classifier, in its first "
            f"{QUALITY_CHARS:,} characters",
            "probability",
        ),
        "DCLM, FineWeb-Edu and Swallow v2 in spirit; the model is yours, by `manyo train-quality`",
        lambda passes: passes.settings.models.quality_scores(passes.column),
        setting="models.quality",
    ),
    Signal(
        Column(
            "perplexity",
            pa.float32(),
            f"perplexity by a KenLM model, per word of the model, in the first {PERPLEXITY_CHARS:,} characters; "
            "line ends are words",
        ),
        "CCNet, llm-jp v2 and HojiChar; without CCNet's lower case and zeros for digits",
        lambda passes: passes.settings.models.perplexities(passes.column),
        setting="models.perplexity",
    ),
    Signal(
        _fraction("noun_fraction", f"nouns per word, punctuation left out, in the first {SPEECH_CHARS:,} characters"),
        "HojiChar 0.80, with UniDic; ours with SudachiPy's short units",
        lambda passes: passes.speech.noun_fraction,
        setting="also_measure",
    ),
    Signal(
        _fraction("particle_word_fraction", f"particles per word, in the first {SPEECH_CHARS:,} characters"),
        "lighttransport asks for one",
        lambda passes: passes.speech.particle_word_fraction,
        setting="also_measure",
    ),
    Signal(
        _fraction(
            "unknown_word_fraction",
            f"words that are in no dictionary per word, in the first {SPEECH_CHARS:,} characters",
        ),
        "ours: misread text and text in a wrong encoding",
        lambda passes: passes.speech.unknown_word_fraction,
        setting="also_measure",
    ),
    Signal(
        _fraction(
            "predicate_sentence_fraction",
            "sentences with a particle and a verb, an adjective or an auxiliary per sentence, in the first "
            f"{SPEECH_CHARS:,} characters",
        ),
        "lighttransport's check of sentences",
        lambda passes: passes.speech.predicate_sentence_fraction,
        setting="also_measure",
    ),
    Signal(
        _count("word_count", f"words that hold a letter or a digit, in the first {MAX_CHARS:,} characters", "words"),
        "Gopher and FineWeb-2 50 to 100,000; SudachiPy's short units, as in datatrove",
        lambda passes: passes.divided.words,
        setting="also_measure",
    ),
    Signal(
        Column("mean_word_chars", pa.float32(), "mean length of such words", "characters"),
        "FineWeb-2 1 to 6",
        lambda passes: passes.divided.mean_word_chars,
        setting="also_measure",
    ),
    Signal(
        _fraction("alphabetic_word_fraction", "words that hold a letter, kana and kanji among them, per word or mark"),
        "FineWeb-2 (max_non_alpha_words_ratio) 0.759 at least",
        lambda passes: passes.divided.alphabetic_word_fraction,
        setting="also_measure",
    ),
    Signal(
        _count("stop_word_count", f"how many of {STOP_CHARACTERS} are words of their own", "words"),
        "FineWeb-2 2 at least",
        lambda passes: passes.divided.stop_words,
        setting="also_measure",
    ),
    Signal(
        Column("newlines_per_word", pa.float32(), "newlines per word or mark", "newlines"),
        "FineWeb-2 (new_line_ratio) 0.13 at most",
        lambda passes: passes.divided.per_word(passes.divided.newlines),
        setting="also_measure",
    ),
    Signal(
        Column("hash_signs_per_word", pa.float32(), "# per word or mark", "signs"),
        "Gopher 0.1 at most",
        lambda passes: passes.divided.per_word(passes.divided.hashes),
        setting="also_measure",
    ),
    Signal(
        Column("ellipses_per_word", pa.float32(), "… and ... per word or mark", "ellipses"),
        "Gopher 0.1 at most",
        lambda passes: passes.divided.per_word(passes.divided.ellipses),
        setting="also_measure",
    ),
    *(
        Signal(
            Column(
                f"top_{length}word_fraction",
                pa.float32(),
                f"characters in the most frequent run of {length} words, and spaces between them, per character, in "
                f"the first {MAX_CHARS:,}; overlaps count twice",
                "characters",
            ),
            "Gopher and FineWeb-2 as datatrove counts",
            partial(_top_word_ngram_fraction, length=length),
            setting="also_measure",
        )
        for length in range(2, 5)
    ),
    Signal(
        _fraction(
            "repeated_7word_fraction",
            f"runs of seven words that occur more than once per such run, in the first {MAX_CHARS:,} characters",
        ),
        "HojiChar (word repetition ratio) 0.40, with MeCab's words",
        lambda passes: passes.divided.repeated_7gram_fraction,
        setting="also_measure",
    ),
    *(
        Signal(
            _fraction(
                f"stepped_{length}word_fraction",
                f"characters in runs of {length} words seen before, each stepped over whole, per character, in the "
                f"first {MAX_CHARS:,}",
            ),
            "Gopher and FineWeb-2 as datatrove counts",
            partial(_stepped_word_ngram_fraction, length=length),
            setting="also_measure",
        )
        for length in range(5, 11)
    ),
)

#: What a run measures that asks for nothing else.
DEFAULTS = SignalSettings()


def measured_signals(settings: SignalSettings) -> tuple[Signal, ...]:
    """The signals that a run with these settings measures, in the order of their columns."""
    return tuple(signal for signal in SIGNALS if signal.is_measured(settings))


def signals_schema(settings: SignalSettings = DEFAULTS) -> pa.Schema:
    """The schema of the `signals` table of a run with these settings."""
    return signals_table(tuple(signal.column for signal in measured_signals(settings))).schema


def measure(documents: pa.RecordBatch, settings: SignalSettings = DEFAULTS) -> pa.RecordBatch:
    """Measure the signals of a batch.

    Args:
        documents: with the columns `doc_id` and `text`; others are ignored.
        settings: which signals are measured.

    Returns:
        A batch of `signals_schema(settings)`, row by row.
    """
    passes = Passes(documents.column("text"), settings)
    measured = measured_signals(settings)
    values = [pa.array(signal.measure(passes), signal.column.type) for signal in measured]
    return pa.RecordBatch.from_arrays([documents.column("doc_id"), *values], schema=signals_schema(settings))
