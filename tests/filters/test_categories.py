"""Registers and subjects: sums over n-grams that a slow twin adds up again, and models that are measured elsewhere."""

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.text import Texts
from manyo.filters.rules.decide import Rule
from manyo.filters.signals.categories import (
    HEAD_CHARS,
    SHIPPED,
    UNKNOWN,
    CategoryModel,
    load_category_model,
    probabilities,
    write_category_model,
)
from manyo.filters.signals.category_training import (
    Examples,
    count_all,
    deal_sources,
    read_examples,
    train_and_measure,
    unseen_sums,
)
from manyo.filters.signals.measure import measure
from manyo.filters.signals.signal_settings import SignalSettings
from tests.filters.batches import assert_split_law, documents

ASKED = SignalSettings(also_measure=("register", "register_score", "subject", "subject_score"))
GRAMS = ("あ", "いう", "いうえ", "漢字", "0", "aあ", "aaa", "。", "𠮷")
WEIGHTS = np.array([[(3 * i + 7 * k) % 11 - 5.0 for k in range(3)] for i in range(len(GRAMS))])
WRITTEN = st.lists(st.sampled_from([*"あいうえ漢字。aAａ09９ 𠮷\n\u3000", "いうえ", "aaa"]), max_size=40).map("".join)


def key_of(gram: str) -> int:
    key = 0
    for character in gram:
        key = key << 21 | ord(character)
    return key


MODEL = CategoryModel(
    ("one", "three", "two"), np.array([key_of(gram) for gram in GRAMS], np.uint64), WEIGHTS, np.array([0.1, 0.0, -0.2])
)


def folded(text: str) -> str:
    kept = []
    for character in text[:HEAD_CHARS]:
        if character in " \t\r\n\u3000\xa0":
            continue
        if character in "0123456789０１２３４５６７８９":
            character = "0"
        if "Ａ" <= character <= "Ｚ" or "ａ" <= character <= "ｚ":
            character = chr(ord(character) - 0xFEE0)
        kept.append(character.lower() if character.isascii() else character)
    return "".join(kept)


def sums_of(text: str) -> list[float]:
    letters = folded(text)
    counts = Counter(letters[i : i + n] for n in (1, 2, 3) for i in range(len(letters) - n + 1))
    values = {gram: math.log1p(counts[gram]) for gram in GRAMS if counts[gram]}
    length = math.sqrt(sum(value * value for value in values.values()))
    return [
        MODEL.bias[k] + sum(value / length * WEIGHTS[GRAMS.index(gram)][k] for gram, value in values.items())
        for k in range(3)
    ]


def texts_of(texts: list[str]) -> Texts:
    return Texts.from_arrow(pa.array(texts, pa.large_string()))


@settings(max_examples=200, deadline=None)
@given(st.lists(WRITTEN, max_size=5))
def test_sums_are_those_of_counted_grams(texts: list[str]) -> None:
    expected = np.array([sums_of(text) for text in texts]).reshape(len(texts), 3)
    assert MODEL.sums(texts_of(texts)) == pytest.approx(expected, abs=1e-9)


def test_only_the_beginning_is_read() -> None:
    head = "い" * HEAD_CHARS
    assert MODEL.sums(texts_of([head + "漢字" * 9])) == pytest.approx(MODEL.sums(texts_of([head])))


@given(WRITTEN)
def test_line_breaks_and_spaces_change_nothing(text: str) -> None:
    spaced = "\n".join(text.replace("\n", " "))
    assert MODEL.sums(texts_of([spaced])) == pytest.approx(MODEL.sums(texts_of([text])))


@settings(max_examples=30, deadline=None)
@given(st.lists(WRITTEN, max_size=6), st.data())
def test_cutting_a_batch_changes_no_category(texts: list[str], data: st.DataObject) -> None:
    def of_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
        return measure(batch, ASKED)

    assert_split_law(of_batch, documents(texts), data.draw(st.integers(0, len(texts))))


def test_a_blank_document_has_no_category() -> None:
    rows = measure(documents(["", " \n\u3000"]), ASKED).to_pylist()
    assert [(row["register"], row["register_score"], row["subject"]) for row in rows] == [(UNKNOWN, 0, UNKNOWN)] * 2


def made(kind: str, source: int, number: int) -> str:
    """A text of a kind, with a word of its source in it that says nothing about the kind."""
    words = {
        "shop": "送料 注文 税込 在庫 返品",
        "diary": "今日 楽しい 散歩 思った 寝た",
        "law": "条例 規定 施行 罰則 公布",
    }
    chosen = words[kind].split()
    return "".join(f"{chosen[(number * 7 + i * i) % 5]}は{'甲乙丙丁戊己庚辛壬癸'[source % 10]}の" for i in range(20))


@pytest.fixture(scope="module")
def examples() -> Examples:
    kinds = ("shop", "diary", "law")
    return read_examples(
        (kind, f"{kind}-{source}", made(kind, source, number))
        for kind in kinds
        for source in range(5)
        for number in range(5)
    )


def test_documents_are_judged_by_models_that_did_not_see_their_source(examples: Examples) -> None:
    folds = deal_sources(examples)
    for source in np.unique(examples.sources):
        assert len(np.unique(folds[examples.sources == source])) == 1
    for place in range(len(examples.names)):
        assert len(np.unique(folds[examples.classes == place])) == 5


def test_what_is_known_of_kinds_is_known_of_unseen_sources(examples: Examples) -> None:
    model, figures = train_and_measure(examples)
    assert figures.macro_f1 == 1 == figures.high
    assert [of.sources for of in figures.categories] == [5, 5, 5]
    assert figures.confused.sum() == len(examples.classes)
    assert sum(count for count, _, _ in figures.calibration) == len(examples.classes)
    shares = probabilities(model.sums(texts_of([made("law", 9, 1)])) / model.temperature)
    assert model.names[int(shares.argmax())] == "law"


def test_names_that_say_nothing_about_a_kind_are_not_learnt() -> None:
    # Every text of a source has its word, and no word tells the kinds apart on other sources.
    told = read_examples(
        (kind, f"{kind}{source}", f"{word}は{'甲乙丙丁戊己庚辛壬癸'[number]}の" * 9)
        for kind, words in (("one", "一二三四五"), ("two", "六七八九十"))
        for source, word in enumerate(words)
        for number in range(10)
    )
    sums = unseen_sums(told, count_all(told.texts))
    assert (sums.argmax(axis=1) == told.classes).mean() < 0.7


def test_the_same_documents_in_another_order_give_the_same_model(examples: Examples) -> None:
    names = [examples.names[place] for place in examples.classes]
    sources = [examples.source_names[source] for source in examples.sources]
    rows = list(zip(names, sources, examples.texts.to_pylist(), strict=True))
    first, _ = train_and_measure(read_examples(rows))
    again, _ = train_and_measure(read_examples(reversed(rows + rows)))
    assert write_category_model(again) == write_category_model(first)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("one", "a", "あ"), ("one", "b", "い")], "two or more categories"),
        ([("one", "a", "あ"), ("one", "b", "い"), ("two", "a", "う"), ("two", "a", " ")], "two: 1 source"),
    ],
)
def test_what_cannot_be_measured_is_not_trained(rows: list[tuple[str, str, str]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_examples(rows)


def test_a_model_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "model.txt"
    path.write_text(write_category_model(MODEL), encoding="utf-8")
    read = load_category_model(str(path))
    assert write_category_model(read) == write_category_model(MODEL)
    texts = texts_of(["いうえ漢字", "aaa 0"])
    assert read.sums(texts) == pytest.approx(MODEL.sums(texts))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("# category", "# other"), "its first line is another"),
        (("gram あ -5", "gram あ x"), "invalid literal"),
        (("temperature 1\n", ""), "it has no temperature"),
        (("gram 漢字 ", "gram 漢字漢字 "), "has not one weight for each category"),
        (("bias 1 0 -2", "bias 1 0"), "it is not complete"),
    ],
)
def test_a_file_that_is_no_model_is_refused(change: tuple[str, str], message: str, tmp_path: Path) -> None:
    path = tmp_path / "model.txt"
    text = write_category_model(MODEL).replace("gram あ -50", "gram あ -5")
    assert change[0] in text
    path.write_text(text.replace(*change), encoding="utf-8")
    with pytest.raises(ValueError, match=f"model.txt: not a category model .*{message}"):
        load_category_model(str(path))


def test_a_rule_on_a_category_says_that_it_bounds_numbers() -> None:
    with pytest.raises(ValueError, match="rule 'only_news': register names a category, and a rule bounds a number"):
        Rule("only_news", ("web",), "register", 1, None, "ours", "", "")


@pytest.mark.parametrize("name", SHIPPED)
def test_models_that_ship_are_small_and_hold_no_text(name: str) -> None:
    model = load_category_model(name)
    text = write_category_model(model)
    assert len(text.encode()) < 200_000
    assert max(len(line.split(" ")[1]) for line in text.split("\n") if line.startswith("gram")) <= 3


@pytest.mark.parametrize(
    ("text", "register", "subject"),
    [
        (
            "第一条 この法律は、国民の権利を守るため、手続に関し必要な事項を定める。第二条 前条の規定による届出は、"
            "政令で定めるところにより、主務大臣にしなければならない。この場合において、同項中「申請」とあるのは、"
            "「届出」と読み替えるものとする。",
            "statute",
            "society",
        ),
        (
            "このコマンドを実行すると、指定したファイルが読み込まれます。オプションを指定しない場合は、既定の値が使われます。"
            "設定ファイルを編集してから、サーバを再起動してください。エラーが表示された場合は、次のように変更します。",
            "manual",
            "general",
        ),
    ],
)
def test_the_models_that_ship_know_plain_cases(text: str, register: str, subject: str) -> None:
    row = measure(documents([text * 3]), ASKED).to_pylist()[0]
    assert (row["register"], row["subject"]) == (register, subject)
