"""Readability, school grade and era: by counts that a slow twin counts again."""

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from manyo.corpus.structure import STRUCTURE, Span, Structure
from manyo.filters.signals import readability
from manyo.filters.signals.measure import columns_to_measure, measure
from manyo.filters.signals.signal import Passes
from manyo.filters.signals.signal_settings import DEFAULTS, SignalSettings
from tests import reading_oracle
from tests.filters.batches import assert_split_law, documents

ASKED = SignalSettings(also_measure=tuple(signal.column.name for signal in readability.SIGNALS))

PIECES = st.sampled_from(
    [
        *"一学校議國體候気補言思ふひうやよせょっつたてゐゑヰはのアー・ｱaＺ09、，。．!？「」々〇\n \u3000",
        "しませう",
        "候。",
        "𠮷",
        "ﾊﾟ",
    ]
)
WRITTEN = st.lists(PIECES, max_size=40).map("".join)


def counts(text: str) -> dict[str, object]:
    record = readability.reading_counts(Passes(pa.array([text], pa.large_string()), DEFAULTS))[0]
    return {name: record[name].tolist() if record[name].shape else int(record[name]) for name in record.dtype.names}


def measured(text: str) -> dict[str, object]:
    return measure(documents([text]), ASKED).to_pylist()[0]


@settings(max_examples=300, deadline=None)
@given(WRITTEN)
@example("候補気候 候 参り候")
def test_counts_are_those_of_regular_expressions(text: str) -> None:
    assert counts(text) == reading_oracle.reading_counts(text)


@settings(max_examples=30, deadline=None)
@given(st.lists(WRITTEN, max_size=6), st.data())
def test_cutting_a_batch_changes_no_reading(texts: list[str], data: st.DataObject) -> None:
    def of_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
        return measure(batch, ASKED)

    assert_split_law(of_batch, documents(texts), data.draw(st.integers(0, len(texts))))


def test_every_kanji_of_primary_school_is_taught_in_one_year() -> None:
    by_grade = readability.kanji_by_grade()
    assert [len(of_year) for of_year in by_grade] == [80, 160, 200, 202, 193, 191]
    assert len(set("".join(by_grade))) == 1026


@pytest.mark.skipif("MANYO_DATA" not in os.environ, reason="MANYO_DATA names no folder with kanji.tsv")
def test_the_years_of_kanji_are_those_of_a_dictionary() -> None:
    lines = (Path(os.environ["MANYO_DATA"]) / "kanji.tsv").read_text(encoding="utf-8").splitlines()[1:]
    years = {kanji: year for kanji, _, year, *_ in (line.split("\t") for line in lines) if year in "123456" and year}
    ours = {kanji: str(year) for year, taught in enumerate(readability.kanji_by_grade(), 1) for kanji in taught}
    assert ours == years


@pytest.mark.parametrize(
    ("text", "grade"),
    [
        ("ひらがなだけです。", 0),
        ("一年生は山で花を見ました。", 1),
        ("図書館で本を読む。", 3),
        ("国会は唯一の立法機関である。", 7),
        ("学" * 95 + "憲" * 5, 1),
        ("学" * 94 + "憲" * 6, 6),
    ],
)
def test_the_grade_is_the_year_that_has_taught_19_of_20_kanji(text: str, grade: int) -> None:
    assert measured(text)["school_grade"] == grade


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(WRITTEN, st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=4))
def test_kanji_with_ruby_count_as_those_of_the_first_year(rows: list[tuple[str, int, int]]) -> None:
    spans = [
        [Span(min(one, other, len(text)), min(max(one, other), len(text)), "ruby", "よみ")] for text, one, other in rows
    ]
    texts = [text for text, _, _ in rows]
    structure = pa.array([Structure.of(of_text)._asdict() for of_text in spans], STRUCTURE)
    found = readability.reading_counts(Passes(pa.array(texts, pa.large_string()), DEFAULTS, structure))["of_year"]
    for text, (span,), years in zip(texts, spans, found, strict=True):
        others = reading_oracle.reading_counts(text[: span.start] + text[span.stop :])["of_year"]
        inside = reading_oracle.reading_counts(text[span.start : span.stop])["of_year"]
        assert isinstance(others, list)
        assert isinstance(inside, list)
        assert years.tolist() == [others[0], others[1] + sum(inside), *others[2:]], text


def test_ruby_lowers_the_grade_of_a_document_and_its_neighbours_keep_theirs() -> None:
    texts = ["憂鬱な薔薇。", "憂鬱な薔薇。"]
    structure = pa.array(
        [None, Structure.of([Span(0, 2, "ruby", "ゆううつ"), Span(3, 5, "ruby", "ばら")])._asdict()], STRUCTURE
    )
    batch = documents(texts).append_column("structure", structure)
    assert [row["school_grade"] for row in measure(batch, ASKED).to_pylist()] == [7, 1]
    assert [row["school_grade"] for row in measure(batch.slice(1), ASKED).to_pylist()] == [1]
    assert columns_to_measure(ASKED) == ["doc_id", "text", "structure"]
    assert columns_to_measure(DEFAULTS) == ["doc_id", "text"]


def test_the_formula_of_tateishi_is_that_of_the_paper() -> None:
    # One sentence of 12 visible characters; runs: hiragana は, です; kanji 図書館, 駅前; one comma and one full stop.
    text = "図書館は、駅前ですよね。"
    hiragana, kanji = (1 + 4) / 2, (3 + 2) / 2
    expected = 115.79 - 0.12 * 12 + 7.4 * hiragana - 23.18 * kanji - 4.67 * 1
    assert measured(text)["reading_ease"] == pytest.approx(max(expected, 0), rel=1e-5)


@pytest.mark.parametrize(
    ("text", "era"),
    [
        ("さう言ふことはないでせう。思ひ出すやうに笑ゐた。" * 3, "historical_kana"),
        ("そう言うことはないでしょう。思い出すように笑っていた。" * 3, "modern"),
        ("第一條此ノ法律ハ公布ノ日ヨリ之ヲ施行ス" * 3, "katakana_prose"),
        ("御手紙拝見仕り候。明日参上致すべく候。", "epistolary"),
        ("行つたことがあつて、立つている。政府の行つた措置に従つて行う。言う。使う。" * 2, "modern"),
        ("気候の変動と候補者。", "unknown"),
        ("", "unknown"),
    ],
)
def test_spelling_tells_the_era(text: str, era: str) -> None:
    assert measured(text)["era"] == era


def test_harder_words_lower_the_ease() -> None:
    easy = "きょうは、いい天気です。犬とさんぽをしました。"
    hard = "憲法学説上争議行為禁止規定合憲性判断基準論。"
    assert measured(easy)["reading_ease"] > measured(hard)["reading_ease"]
    assert np.isfinite(measured(hard)["reading_ease"])
