"""The linear score learns what divides two piles of our sentences, says how well, and what each score is made of."""

import random
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from manyo.filters.signals.measure import measure
from manyo.filters.signals.primitive_kernels import MULTIPLIER
from manyo.filters.signals.quality import (
    GRAM_CHARS,
    GRAM_PRIOR,
    GRAMS,
    N_GRAMS,
    SCORED,
    STORED_PARTS,
    QualityModel,
    Scored,
    load_quality_model,
    read_grams,
    score,
    write_quality_model,
)
from manyo.filters.signals.quality_kernels import GRAM_BITS, pick_largest, weigh_grams
from manyo.filters.signals.quality_training import (
    Examples,
    fit,
    likeness_of,
    read_examples,
    train,
    unseen_logits,
)
from manyo.filters.signals.signal import Passes
from manyo.filters.signals.signal_settings import DEFAULTS
from tests.filters.batches import TEXTS, documents, sliced

SUBJECTS = ("駅前の古い書店", "川沿いの小さな畑", "祖父の残した日記", "山の上の観測所", "港の朝市", "町はずれの工房")
ACTS = ("を訪ねた", "のことを思い出した", "について調べている", "の写真を撮った", "を手伝うことになった")
ENDS = ("雨が降り出す前に帰った。", "話を聞くうちに日が暮れた。", "来年もまた来ようと思う。", "理由はまだ分からない。")
ITEMS = (
    "ホーム",
    "会社案内",
    "サイトマップ",
    "激安通販",
    "送料無料",
    "新着一覧",
    "ランキング",
    "ログイン",
    "お問い合わせ",
)


def prose(number: int) -> str:
    draw = random.Random(number)
    return "".join(f"{draw.choice(SUBJECTS)}{draw.choice(ACTS)}。{number}日目は、{draw.choice(ENDS)}" for _ in range(3))


def menu(number: int) -> str:
    draw = random.Random(number)
    return "\n".join([f"{number}件", *draw.choices(ITEMS, k=8)])


def piles(order=iter):
    """Prose and menus, each from six sources."""
    good = [(f"diary-{number % 6}", prose(number), 1.0) for number in range(120)]
    bad = [(f"shop-{number % 6}", menu(number), 1.0) for number in range(120)]
    return order(good), order(bad)


@pytest.fixture(scope="module")
def examples() -> Examples:
    return read_examples(*piles())


@pytest.fixture(scope="module")
def trained(examples):
    return train(examples)


def scored(texts: list[str], model: QualityModel) -> Scored:
    return score(Passes(pa.array(texts, pa.large_string()), DEFAULTS), model)


def test_it_tells_unseen_prose_from_unseen_menus(trained):
    model, *_ = trained
    assert min(scored([prose(number) for number in range(1000, 1050)], model).scores) > 0.8
    assert max(scored([menu(number) for number in range(1000, 1050)], model).scores) < 0.2


def test_figures_are_those_of_documents_whose_source_was_not_trained_on(examples, trained):
    _, rows, _ = trained
    assert [(row.precision, row.recall) for row in rows if row.threshold == 0.5] == [(1.0, 1.0)]
    likeness = likeness_of(examples)
    logits = unseen_logits(examples, likeness, by_source=True)
    of_source = np.array([source == "shop-3" for source in examples.sources])
    relabelled = replace(examples, is_good=examples.is_good ^ of_source)
    assert np.array_equal(unseen_logits(relabelled, likeness, by_source=True)[of_source], logits[of_source])
    assert not np.array_equal(unseen_logits(relabelled, likeness, by_source=False)[of_source], logits[of_source])


def test_a_document_of_weight_two_counts_as_two():
    numbers = np.random.default_rng(3)
    columns = numbers.normal(size=(60, 5))
    is_good = numbers.random(60) < 1 / (1 + np.exp(-columns[:, 0]))
    weights = numbers.integers(1, 4, 60)
    fitted = []
    for chosen, importance in ((np.arange(60), weights.astype(float)), (np.repeat(np.arange(60), weights), None)):
        some, counts = columns[chosen], np.ones(len(chosen)) if importance is None else importance
        dual, bias = fit(some @ some.T, is_good[chosen], counts, 1.0)
        slack = counts * (is_good[chosen] - 1 / (1 + np.exp(-(some @ (some.T @ dual)) - bias)))
        assert some.T @ slack == pytest.approx(some.T @ dual, abs=1e-5)  # the gradient is 0
        assert slack.sum() == pytest.approx(0, abs=1e-5)
        fitted.append(np.append(some.T @ dual, bias))
    assert fitted[0] == pytest.approx(fitted[1], abs=1e-5)


def test_the_same_documents_in_another_order_give_the_same_model(trained):
    again, *_ = train(read_examples(*piles(reversed)))
    assert write_quality_model(again) == write_quality_model(trained[0])


def test_a_model_is_read_as_it_was_written(trained, tmp_path: Path):
    path = tmp_path / "quality.txt"
    path.write_text(write_quality_model(trained[0]), encoding="utf-8")
    read = load_quality_model(str(path))
    assert write_quality_model(read) == path.read_text(encoding="utf-8")
    texts = [prose(3000), menu(3000)]
    assert scored(texts, read).scores == pytest.approx(scored(texts, trained[0]).scores, abs=0.01)


def test_repeats_and_texts_of_both_kinds_are_left_out_and_counted():
    good, bad = (list(pile) for pile in piles())
    both = ("x", "両方にある文。", 1.0)
    divided = read_examples([*good, good[0], both], [*bad, both, ("x", "  \n", 1.0)])
    assert (divided.repeats, divided.contradictions) == (1, 1)
    assert (divided.is_good.sum(), (~divided.is_good).sum()) == (120, 120)


def test_too_few_documents_are_refused_with_how_many_there_must_be():
    good, bad = (list(pile) for pile in piles())
    with pytest.raises(ValueError, match="30 different negative documents are too few: give 50 or more"):
        read_examples(good, bad[:30])


@settings(max_examples=30, deadline=None)
@given(TEXTS)
@example([prose(1), menu(1)])
def test_a_score_is_the_sum_of_its_parts_and_that_of_a_blank_text_is_0(trained, texts):
    model, *_ = trained
    batch = ["", " \n\u3000", *texts]
    values = scored(batch, model)
    assert values.scores[:2].tolist() == [0, 0]
    assert ((values.scores >= 0) & (values.scores <= 1)).all()
    passes = Passes(pa.array(batch, pa.large_string()), DEFAULTS)
    measured = np.stack([measure(documents(batch))[name].to_numpy() for name in SCORED], axis=1)
    parts = model.contributions(measured, passes.texts)
    expected = 1 / (1 + np.exp(-parts.sum(axis=1) - model.bias))
    assert values.scores == pytest.approx(np.where(values.scores > 0, expected, 0), abs=1e-5)
    for row, stored in zip(parts, values.parts.to_pylist(), strict=True):
        named = dict(zip((*SCORED, GRAMS), row.tolist(), strict=True))
        assert [part["amount"] for part in stored] == pytest.approx(
            [named[part["signal"]] for part in stored], abs=1e-5
        )
        assert len(stored) == STORED_PARTS
        least = min(abs(part["amount"]) for part in stored)
        assert sum(abs(amount) > least + 1e-5 for amount in named.values()) < STORED_PARTS


def _gram_rows(text: str) -> set[int]:
    """The rows of a text's characters and pairs, slowly."""
    points = [ord("0") if character in "0123456789０１２３４５６７８９" else ord(character) for character in text]
    pairs = [(0, point) for point in points] + list(pairwise([0, *points]))
    full = 1 << 64
    return {
        (before * int(MULTIPLIER) + point) % full * int(MULTIPLIER) % full >> (64 - GRAM_BITS)
        for before, point in pairs
    }


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_grams_are_those_of_the_slow_reading(texts):
    found = read_grams(sliced(texts))
    for row, text in zip(found, texts, strict=True):
        assert set(np.flatnonzero(row).tolist()) == _gram_rows(text)
        assert set(row.tolist()) <= {0, 1}


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.integers(0, 99))
@example(["二〇二四年12月", "二〇二四年９月"], 1)
def test_grams_weigh_their_sum_over_the_root_of_their_number(texts, seed):
    weights = np.random.default_rng(seed).normal(size=N_GRAMS)
    weighed, points = np.empty(len(texts)), sliced(texts).points
    weigh_grams(points.data, points.offsets, weights, GRAM_PRIOR, GRAM_CHARS, weighed)
    for row, found in zip(read_grams(sliced(texts)), weighed, strict=True):
        present = row.astype(bool)
        assert found == pytest.approx(weights[present].sum() / np.sqrt(present.sum() + GRAM_PRIOR), abs=1e-9)


def test_grams_end_where_they_end_to_be_read():
    inside, beyond = read_grams(sliced(["あ" * GRAM_CHARS, "あ" * GRAM_CHARS + "い"]))
    assert np.array_equal(inside, beyond)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.sampled_from([-2.5, -1.0, 0.0, 0.5, 1.0, 2.5]), min_size=6, max_size=6), max_size=5))
def test_the_largest_parts_are_the_first_of_a_stable_order(rows):
    parts = np.array(rows, np.float64).reshape(-1, 6)
    picked = np.empty((len(parts), 4), np.int64)
    pick_largest(parts, picked)
    assert np.array_equal(picked, np.argsort(-np.abs(parts), axis=1, kind="stable")[:, :4])


def test_the_model_that_ships_scores_prose_above_a_menu_and_holds_no_text():
    model = load_quality_model(None)
    text = write_quality_model(model)
    assert len(text.encode()) < 200_000
    assert text.isascii()
    good, bad = scored([prose(7) + prose(8), menu(7)], model).scores
    assert good > bad


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("bias 0\n", "its first line is another"),
        ("{head}\nbias 0\n", "it is not complete"),
        ("{head}\nsignal nothing as-is 0 1 0 1 0\n", "there is no signal 'nothing'"),
        ("{head}\nbias zero\n", "could not convert"),
    ],
)
def test_a_file_that_is_no_model_is_refused(text, message, trained, tmp_path: Path):
    path = tmp_path / "model.txt"
    head = write_quality_model(trained[0]).split("\n")[0]
    path.write_text(text.format(head=head), encoding="utf-8")
    with pytest.raises(ValueError, match=rf"model\.txt: not a quality model \(.*{message}"):
        load_quality_model(str(path))
