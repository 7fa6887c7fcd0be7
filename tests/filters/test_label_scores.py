"""Labels of people: files are read or refused with a reason, and rates are those that counting by hand gives."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyo.corpus.intervals import wilson
from manyo.filters.rules.label_scores import Label, agreement, read_labels, score
from tests.conftest import ROOT

ONE = st.tuples(st.sampled_from([True, False, None]), st.booleans())


@given(st.lists(ONE, max_size=50))
def test_precision_and_recall_are_those_of_the_four_counts(said: list[tuple[bool | None, bool]]) -> None:
    labels = [Label(str(place), is_good) for place, (is_good, _) in enumerate(said)]
    found = score(labels, [is_kept for _, is_kept in said])
    right = sum(is_good is True and is_kept for is_good, is_kept in said)
    kept = sum(is_good is not None and is_kept for is_good, is_kept in said)
    good = sum(is_good is True for is_good, _ in said)
    assert (found.kept, found.good) == (kept, good)
    for rate, whole in ((found.precision, kept), (found.recall, good)):
        assert rate.value == (right / whole if whole else None)
        if rate.value is not None:
            assert rate.low is not None
            assert rate.high is not None
            assert rate.low <= rate.value <= rate.high


def test_an_interval_of_wilson_is_that_of_the_textbook() -> None:
    assert [round(end, 4) for end in wilson(45, 50)] == [0.7864, 0.9565]
    assert wilson(0, 10)[0] == 0
    assert wilson(10, 10)[1] == 1


def test_documents_that_stand_for_others_weigh_as_much() -> None:
    labels = [Label("a", True, 9.0), Label("b", False, 1.0), Label("c", True, 1.0)]
    found = score(labels, [True, True, False])
    assert found.precision.value == pytest.approx(0.9)
    assert found.recall.value == pytest.approx(0.9)


@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_a_reader_agrees_with_itself(said: list[bool]) -> None:
    assert agreement(said, said) == (1.0, 1.0)


def test_readers_who_guess_do_not_agree_beyond_chance() -> None:
    random = np.random.default_rng(0)
    first, second = random.random((2, 20_000)) < 0.7
    observed, kappa = agreement(first.tolist(), second.tolist())
    assert observed == pytest.approx(0.58, abs=0.02)
    assert kappa == pytest.approx(0, abs=0.03)


def test_the_three_hundred_labels_are_the_first_file() -> None:
    labels = read_labels(ROOT / "bench" / "labels" / "web.tsv")
    assert len(labels) == 300
    assert sum(label.stands_for for label in labels) > 1000


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ('{"doc_id": "00", "label": "keep"}\n{"uri": "x", "label": "maybe"}', r":2: label 'maybe' is not one of keep"),
        ('{"label": "keep"}', r":1: names no document"),
        ('{"doc_id": "00", "label": "keep"}\nkeep', r":2: not JSON"),
        ("[1]", r":1: not an object"),
        ('{"uri": "x", "label": "keep", "stands_for": "few"}', r":1: stands_for 'few'"),
        ("\n", r"holds no label"),
    ],
)
def test_a_wrong_line_is_named_with_its_place(tmp_path: Path, lines: str, message: str) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text(lines, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        read_labels(path)


def test_two_labels_of_one_document_must_be_the_same(tmp_path: Path) -> None:
    """The later one counted, and whoever joined two readers' files was not told."""
    path = tmp_path / "labels.jsonl"
    lines = [{"uri": "x", "label": "keep"}, {"uri": "x", "label": "good"}]
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    assert read_labels(path) == [Label("x", True)]
    lines.append({"uri": "x", "label": "unsure"})
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    with pytest.raises(ValueError, match=r"labels.jsonl:3: x has another label in line 2; keep one of the two"):
        read_labels(path)
