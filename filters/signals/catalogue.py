"""All signals, in the order of their columns.

A signal is defined in the file of its topic: what it means, who measured it before, and how it is measured. Nothing
here knows a threshold; `manyo.filters.rules.decide` decides from these columns alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from manyo.corpus.own_parts import PartError, load_part, package_of, part_names
from manyo.filters.signals import (
    categories,
    characters,
    coherence,
    fluency,
    misread,
    perplexity,
    plausibility,
    quality,
    readability,
    repetition,
    segments,
    tells,
    vocabulary,
    word_axes,
    words,
)
from manyo.filters.signals.signal import ALSO_MEASURE, Signal

# A table that is written again must have its columns where they were, whatever topic they belong to. A signal that is
# not listed comes after these.
_FIRST_COLUMNS: Final = """
char_count size_bytes kana_fraction hiragana_fraction latin_fraction japanese_fraction particle_fraction
digit_fraction symbol_fraction replacement_fraction width_mix_fraction line_count short_line_fraction
line_end_punctuation_fraction ellipsis_line_fraction bullet_line_fraction sentence_count mean_sentence_chars
longest_sentence_chars sentence_fraction duplicate_line_fraction top_2gram_fraction top_3gram_fraction
top_4gram_fraction duplicate_5gram_fraction duplicate_10gram_fraction longest_run_chars distinct_character_fraction
compression_ratio zlib_ratio error_phrase_fraction translation_phrase_fraction japanese_char_count
punctuation_fraction halfwidth_katakana_fraction other_letter_fraction head_kana_count stop_character_count
newline_fraction separator_fraction spaced_japanese_fraction mean_full_stop_chars url_count url_fraction
curly_bracket_count policy_phrase_count board_mark_count kaomoji_count mean_line_chars longest_line_chars
duplicate_line_count_fraction duplicate_sentence_fraction duplicate_sentence_count_fraction trailing_sentence_fraction
frequent_5gram_fraction stepped_5gram_fraction stepped_6gram_fraction stepped_7gram_fraction stepped_8gram_fraction
stepped_9gram_fraction stepped_10gram_fraction bigram_lift rare_kanji_fraction japanese_letter_count
japanese_letter_fraction hiragana_letter_fraction katakana_letter_fraction date_fraction marked_line_fraction
duplicate_paragraph_fraction duplicate_paragraph_count_fraction mean_segment_chars longest_segment_chars
trailing_segment_fraction top_2gram_occurrence_fraction top_3gram_occurrence_fraction top_4gram_occurrence_fraction
repeated_5gram_fraction repeated_6gram_fraction repeated_7gram_fraction repeated_8gram_fraction
repeated_9gram_fraction repeated_10gram_fraction advertising_word_count different_advertising_word_count
advertising_word_fraction adult_word_count different_adult_word_count adult_word_fraction discrimination_word_count
different_discrimination_word_count discrimination_word_fraction violence_word_count different_violence_word_count
violence_word_fraction quality_score perplexity noun_fraction particle_word_fraction unknown_word_fraction
predicate_sentence_fraction word_count mean_word_chars alphabetic_word_fraction stop_word_count newlines_per_word
hash_signs_per_word ellipses_per_word top_2word_fraction top_3word_fraction top_4word_fraction repeated_7word_fraction
stepped_5word_fraction stepped_6word_fraction stepped_7word_fraction stepped_8word_fraction stepped_9word_fraction
stepped_10word_fraction
"""
_PLACES: Final = {name: place for place, name in enumerate(_FIRST_COLUMNS.split())}


def _of_other_packages() -> tuple[Signal, ...]:
    """The signals of installed packages, each measured only in runs that name it.

    Raises:
        PartError: one cannot be loaded, or has the name of another one.
    """
    signals = []
    for name in part_names("manyo.signals"):
        signal = load_part("manyo.signals", name)
        package = package_of("manyo.signals", name)
        if not isinstance(signal, Signal) or signal.column.name != name:
            raise PartError(f"manyo.signals {name!r} of {package} is not a Signal whose column has that name")
        if name in _PLACES:
            raise PartError(f"manyo.signals {name!r} of {package} has the name of a signal of manyo")
        signals.append(replace(signal, setting=ALSO_MEASURE))
    return tuple(signals)


#: Every signal, in the order of its columns; those of other packages come last.
SIGNALS: Final[tuple[Signal, ...]] = tuple(
    sorted(
        (
            *characters.SIGNALS,
            *coherence.SIGNALS,
            *fluency.SIGNALS,
            *repetition.SIGNALS,
            *vocabulary.SIGNALS,
            *tells.SIGNALS,
            *plausibility.SIGNALS,
            *segments.SIGNALS,
            *misread.SIGNALS,
            *quality.SIGNALS,
            *perplexity.SIGNALS,
            *words.SIGNALS,
            *readability.SIGNALS,
            *categories.SIGNALS,
            *word_axes.SIGNALS,
            *_of_other_packages(),
        ),
        key=lambda signal: _PLACES.get(signal.column.name, len(_PLACES)),
    )
)
