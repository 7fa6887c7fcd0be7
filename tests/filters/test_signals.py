import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.filters.signals.catalogue import SIGNALS
from manyo.filters.signals.measure import measure, measured_signals, signals_schema
from manyo.filters.signals.signal_settings import SignalSettings, WordLists
from tests.filters.batches import TEXTS, assert_split_law, documents

MEASURED = measured_signals(SignalSettings())
FRACTIONS = [signal.column.name for signal in MEASURED if signal.column.unit == "fraction"]


@settings(max_examples=40, deadline=None)
@given(TEXTS, st.data())
def test_cutting_a_batch_changes_nothing(texts, data):
    batch = documents(texts)
    assert_split_law(measure, batch, data.draw(st.integers(0, len(texts))))


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_every_value_is_a_number_and_every_fraction_at_most_one(texts):
    signals = measure(documents(texts))
    assert signals.schema == signals_schema()
    for signal in MEASURED:
        values = signals[signal.column.name].to_numpy()
        assert np.isfinite(values).all()
        assert (values >= 0).all()
    for name in FRACTIONS:
        assert (signals[name].to_numpy() <= 1).all(), name


def test_an_empty_document_measures_zero():
    row = measure(documents(["", " \n\u3000"])).to_pylist()
    del row[0]["doc_id"], row[0]["quality_score"], row[0]["quality_parts"]
    assert set(row[0].values()) == {0}
    assert row[1]["char_count"] == 3
    assert row[1]["kana_fraction"] == 0


def test_an_empty_batch_is_measured():
    assert measure(documents([])).num_rows == 0


def test_what_is_measured_on_request_is_measured_only_then():
    batch = documents(["同じ文。" * 50])
    asked = SignalSettings(also_measure=("zlib_ratio",))
    assert "zlib_ratio" not in signals_schema().names
    assert set(signals_schema(asked).names) - set(signals_schema().names) == {"zlib_ratio"}
    assert measure(batch, asked).drop_columns(["zlib_ratio"]).equals(measure(batch))


def test_only_what_is_measured_on_request_can_be_asked_for():
    with pytest.raises(ValueError, match=r"'char_count' is measured in every run"):
        measured_signals(SignalSettings(also_measure=("char_count",)))


def test_names_are_those_of_no_other_signal():
    names = [signal.column.name for signal in SIGNALS]
    assert len(set(names)) == len(names)


#: A document, and what a person would measure on it.
SAMPLE = "今日は、ＡBの３2番を見た。\n続きは明日…\n・見た\n・見た"


EXPECTED = {
    "char_count": 29,
    "size_bytes": len(SAMPLE.encode()),
    "line_count": 4,
    "kana_fraction": 8 / 26,
    "hiragana_fraction": 8 / 26,
    "latin_fraction": 2 / 26,
    "japanese_fraction": 22 / 26,
    "particle_fraction": 4 / 26,
    "digit_fraction": 2 / 26,
    "symbol_fraction": 0,
    "replacement_fraction": 0,
    "width_mix_fraction": 2 / 4,
    "short_line_fraction": 3 / 4,
    "line_end_punctuation_fraction": 1 / 4,
    "ellipsis_line_fraction": 1 / 4,
    "bullet_line_fraction": 2 / 4,
    "sentence_count": 4,
    "mean_sentence_chars": 26 / 4,
    "longest_sentence_chars": 14,
    "sentence_fraction": 14 / 26,
    "duplicate_line_fraction": 3 / 26,
    "top_4gram_fraction": 4 / 26,
    "duplicate_5gram_fraction": 0,
    "duplicate_10gram_fraction": 0,
    "longest_duplicate_chars": 0,
    "longest_duplicate_fraction": 0,
    "longest_run_chars": 1,
    "distinct_character_fraction": 19 / 26,
    "error_phrase_fraction": 0,
    "translation_phrase_fraction": 0,
    "japanese_char_count": 22,
    "punctuation_fraction": 5 / 26,
    "halfwidth_katakana_fraction": 0,
    "other_letter_fraction": 0,
    "head_kana_count": 8,
    "stop_character_count": 5,
    "newline_fraction": 3 / 29,
    "separator_fraction": 3 / 26,
    "spaced_japanese_fraction": 0,
    "mean_full_stop_chars": 28 / 2,
    "url_count": 0,
    "url_fraction": 0,
    "curly_bracket_count": 0,
    "policy_phrase_count": 0,
    "kaomoji_count": 0,
    "mean_line_chars": 26 / 4,
    "longest_line_chars": 14,
    "duplicate_line_count_fraction": 1 / 4,
    "duplicate_sentence_fraction": 3 / 26,
    "duplicate_sentence_count_fraction": 1 / 4,
    "trailing_sentence_fraction": 1 / 4,
    "frequent_5gram_fraction": 0,
    "japanese_letter_count": 19,
    "japanese_letter_fraction": 19 / 29,
    "hiragana_letter_fraction": 8 / 19,
    "katakana_letter_fraction": 0,
    "date_fraction": 0,
    "marked_line_fraction": 1 / 4,
    "duplicate_paragraph_fraction": 0,
    "duplicate_paragraph_count_fraction": 0,
    "mean_segment_chars": 26 / 4,
    "longest_segment_chars": 14,
    "trailing_segment_fraction": 1 / 4,
    "rare_kanji_fraction": 0,
    "statement_count": 1,
    "statement_fraction": 14 / 26,
    "running_segment_count": 1,
    "running_char_count": 14,
    "running_text_fraction": 14 / 26,
    "longest_passage_chars": 14,
    "longest_gap_fraction": 10 / 26,
    "list_fraction": 0,
    "teaser_count": 0,
    "teaser_fraction": 0,
    "repeated_segment_fraction": 0,
    "longest_repeat_chars": 0,
    "segment_repeat_count": 1,
    "passage_repeat_count": 0,
    "unjoined_fraction": 0,
    "longest_unjoined_chars": 5,
    "top_word_fraction": 0,
    "promotion_phrase_fraction": 0,
    "adult_phrase_fraction": 0,
    "top_4gram_excess_fraction": 0,
    "private_use_fraction": 0,
    "mojibake_fraction": 0,
    "broken_off_fraction": 1 / 4,
    "open_end_count": 0,
    "top_ending_fraction": 1 / 3,
    "clause_marks_per_statement": 2,
    "polite_ending_fraction": 0,
    "past_ending_fraction": 1 / 3,
    "copula_ending_fraction": 0,
    "appeal_ending_fraction": 0,
    "trade_word_variety": 0,
    "hashtag_fraction": 0,
}


@pytest.mark.parametrize(("name", "expected"), EXPECTED.items())
def test_a_signal_measures_what_its_meaning_says(name, expected):
    assert measure(documents([SAMPLE]))[name][0].as_py() == pytest.approx(expected)


def test_words_are_measured_where_there_is_a_list():
    asked = SignalSettings(words=WordLists(adult=("エロ", "裸"), violence=("殴る",)))
    measured = measure(documents(["エロい裸の裸婦。", "殴る"]), asked)
    assert measured["adult_word_count"].to_pylist() == [3, 0]
    assert measured["different_adult_word_count"].to_pylist() == [2, 0]
    assert measured["adult_word_fraction"].to_pylist() == [pytest.approx(4 / 8), 0]
    assert measured["violence_word_count"].to_pylist() == [0, 1]
    assert "advertising_word_count" not in measured.schema.names


def test_every_signal_that_is_always_measured_has_its_example():
    assert {signal.column.name for signal in MEASURED} == {
        *EXPECTED,
        "bigram_lift",
        "quality_score",
    }


def test_the_text_column_may_be_of_32_bit_offsets():
    batch = documents([SAMPLE])
    narrow = batch.set_column(1, "text", batch["text"].cast(pa.string()))
    assert measure(narrow).equals(measure(batch))
