"""A quality classifier learns what divides two piles of our own sentences, and says how well."""

import random
from pathlib import Path

import fasttext
import pyarrow as pa
import pytest
from hypothesis import given, settings

from manyo.filters.signals.quality import (
    HELD_OUT,
    NEGATIVE,
    POSITIVE,
    THRESHOLDS,
    divide,
    evaluate,
    quality_scores,
    train,
)
from tests.filters.batches import TEXTS

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


@pytest.fixture(scope="module")
def examples():
    return divide(map(prose, range(300)), map(menu, range(300)))


@pytest.fixture(scope="module")
def model(examples, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("quality") / "model.bin"
    train(examples, path)
    return path


def scores(texts: list[str], model: Path) -> list[float]:
    return quality_scores(pa.array(texts, pa.large_string()), str(model)).tolist()


def test_it_tells_unseen_prose_from_unseen_menus(model):
    assert min(scores([prose(number) for number in range(1000, 1050)], model)) > 0.9
    assert max(scores([menu(number) for number in range(1000, 1050)], model)) < 0.1


def test_held_out_figures_are_those_of_a_rule_with_that_minimum(examples, model):
    rows = evaluate(examples, model)
    assert [row.threshold for row in rows] == list(THRESHOLDS)
    assert [(row.precision, row.recall) for row in rows if row.threshold == 0.5] == [(1.0, 1.0)]
    swapped = divide(map(menu, range(300)), map(prose, range(300)))
    assert [(row.precision, row.recall) for row in evaluate(swapped, model)] == [(0.0, 0.0)] * len(THRESHOLDS)


def test_the_same_examples_in_another_order_give_the_same_bytes(model, tmp_path: Path):
    again = divide(map(prose, reversed(range(300))), map(menu, reversed(range(300))))
    train(again, tmp_path / "again.bin")
    assert (tmp_path / "again.bin").read_bytes() == model.read_bytes()


def test_every_text_is_trained_on_or_held_out_and_about_one_in_ten_is_held_out(examples):
    for label in (POSITIVE, NEGATIVE):
        trained, held_out = set(examples.trained[label]), set(examples.held_out[label])
        assert not trained & held_out
        assert len(trained) + len(held_out) == 300
        assert 300 / HELD_OUT / 2 < len(held_out) < 300 / HELD_OUT * 2


def test_repeats_and_texts_of_both_kinds_are_left_out_and_counted():
    prose_too = [*map(prose, range(200)), prose(0), "両方にある文。"]
    divided = divide(prose_too, [*map(menu, range(200)), "両方にある文。", "  \n"])
    assert (divided.repeats, divided.contradictions) == (1, 1)
    texts = [text for kind in (divided.trained, divided.held_out) for lines in kind.values() for text in lines]
    assert len(texts) == 400
    assert "両方にある文。" not in texts


def test_marks_of_fasttext_in_a_text_are_text(model):
    marked = f"__label__negative {prose(7)} </s>"
    divided = divide([*map(prose, range(200)), marked], map(menu, range(200)))
    (line,) = [line for lines in (divided.trained, divided.held_out) for line in lines[POSITIVE] if "negative" in line]
    assert "__label__" not in line
    assert scores([marked], model)[0] > 0.9


@settings(max_examples=30, deadline=None)
@given(TEXTS)
def test_a_score_is_a_probability_and_that_of_a_blank_text_is_0(model, texts):
    values = scores(["", " \n\u3000", *texts], model)
    assert values[:2] == [0, 0]
    assert all(0 <= value <= 1 for value in values)


def test_too_few_documents_are_refused_with_how_many_there_must_be():
    with pytest.raises(ValueError, match="30 different negative documents are too few"):
        divide(map(prose, range(200)), map(menu, range(30)))


def test_a_model_with_other_labels_is_refused(tmp_path: Path):
    training = tmp_path / "labelled.txt"
    training.write_text("__label__ja 今日は晴れ\n__label__en it is fine\n" * 50, encoding="utf-8")
    path = str(tmp_path / "other.bin")
    fasttext.train_supervised(str(training), dim=4, bucket=100, epoch=1, thread=1, verbose=0).save_model(path)
    with pytest.raises(ValueError, match=r"other\.bin: not a quality model: its labels are __label__en, __label__ja"):
        scores(["今日は晴れ"], Path(path))
