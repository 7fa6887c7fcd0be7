"""Benchmark items in documents: found verbatim and lightly edited, and not found where they are not."""

from __future__ import annotations

import json
import random
import re
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.release import mask
from manyo.corpus.schema import LEAKS
from manyo.filters.benchmarks.items import Benchmark, Item, digest, read_items
from manyo.filters.benchmarks.leaks import Decontaminate, ItemIndex, benchmark_index, letters
from tests import oracles

ITEMS = [
    "川沿いの図書館が閉まるのは何時ですか？",
    "祖母が毎年冬のあいだに食べるものは何か。",
    "この橋は1932年に架けられ、2011年の地震のあとに補強されました。",
    "夜の港で遠くから聞こえた音は？",
    "山の白い霧は？",
    "何？",
]
PAGE = (
    "雨が上がると、向かいの山に白い霧がゆっくり立ちのぼった。{}\n来週の会議までに、資料を三部ずつ印刷しておいてください。"
    "電車が遅れたので、友人と駅前の喫茶店で話をして待ちました。"
)


def decontaminate(**changes: object) -> Decontaminate:
    return Decontaminate(benchmark=(Benchmark("own", ("own.json",), ("question",)),), **changes)  # type: ignore[arg-type]


def index(texts: list[str], **changes: object) -> ItemIndex:
    return ItemIndex.of_items([Item("own", str(n), text) for n, text in enumerate(texts)], decontaminate(**changes))


def found(of: ItemIndex, *texts: str) -> list[tuple[int, str, str, int]]:
    """Row, name of the item, stretch, and edits of every leak."""
    rows = of.find(pa.array(texts, pa.large_string())).tolist()
    return [(row, of.items[item].name, texts[row][start:stop], edits) for row, item, start, stop, edits in rows]


@cache
def own() -> ItemIndex:
    """The index of the items."""
    return index(ITEMS)


@pytest.mark.parametrize("number", range(5))
def test_a_verbatim_item_is_found_at_its_place(number: int) -> None:
    inside = re.sub(r"[？。]$", "", ITEMS[number])
    assert found(own(), PAGE.format("\n"), PAGE.format(f"「{ITEMS[number]}」")) == [(1, str(number), inside, 0)]


@pytest.mark.parametrize(
    ("written", "edits"),
    [
        ("川沿いの図書館が\n閉まるのは、何時 ですか", 0),
        ("川沿いの図書館か\u3099閉まるのは何時ですか", 0),
        ("Ｑ：川沿いの図書館が閉まるのは何時で", 2),
        ("川沿いの図書室が閉まるのは何時ですか", 1),
        ("川沿い図書館が閉まるのは何時ですか", 1),
        ("川沿いの古い図書館が閉まるのは何時ですか", 2),
    ],
)
def test_width_line_breaks_punctuation_and_few_edits_do_not_hide_an_item(written: str, edits: int) -> None:
    assert [(name, n) for _, name, _, n in found(own(), PAGE.format(written))] == [("0", edits)]


def test_other_sentences_on_the_same_subject_are_not_found() -> None:
    assert (
        found(
            own(),
            "川沿いの図書館は何時に閉まりますか？",
            "祖母は毎年、冬に柿を食べる。",
            "橋は1932年に架けられました。",
        )
        == []
    )


def test_a_short_item_is_found_only_verbatim_and_alone_and_a_tiny_one_never() -> None:
    assert [
        row
        for row, *_ in found(
            own(), "山の白い霧は？", "あの山の白い霧は？", "山の白い霧はすぐ消えた", "山の白い霧も？", "何？"
        )
    ] == [0]


def test_an_item_that_occurs_twice_is_found_twice() -> None:
    twice = [one for one in found(own(), f"{ITEMS[3]}{ITEMS[3]}") if one[1] == "3"]
    assert [stretch for _, _, stretch, _ in twice] == ["夜の港で遠くから聞こえた音は"] * 2


# With few letters, most n-grams occur everywhere: the hard case.
_few = st.text("あいう、", max_size=40)


@settings(max_examples=60, deadline=None)
@given(items=st.lists(st.text("あいう", min_size=3, max_size=12), max_size=4), texts=st.lists(_few, max_size=4))
def test_every_verbatim_item_is_found_and_every_leak_is_near_its_item(items: list[str], texts: list[str]) -> None:
    of = index(items, ngram_chars=2, min_item_chars=3, max_edits=0.2)
    leaks = found(of, *texts)
    for row, name, stretch, edits in leaks:
        item = next(one.text for one in of.items if one.name == name)
        assert oracles.edit_distance(item, oracles.letters(stretch)) == edits <= 0.2 * len(item), (row, stretch)
    expected = {
        (row, one.name) for row, text in enumerate(texts) for one in of.items if one.text in oracles.letters(text)
    }
    assert expected <= {(row, name) for row, name, _, _ in leaks}
    one_by_one = [(row, *leak[1:]) for row, text in enumerate(texts) for leak in found(of, text)]
    assert one_by_one == leaks


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=60))
def test_letters_equal_their_oracle(text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    assert "".join(map(chr, letters(text))) == oracles.letters(text)


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_masking_what_is_found_leaves_nothing_to_find(data: st.DataObject) -> None:
    parts = data.draw(st.lists(st.sampled_from([*ITEMS[:5], "友人と", "。", "\n", "霧", "ｶﾞ㌔"]), max_size=8))
    text = "".join(parts)
    spans = [
        (start, stop, "benchmark") for _, _, start, stop, _ in own().find(pa.array([text], pa.large_string())).tolist()
    ]
    assert found(own(), mask(text, spans, {"benchmark": "<評価データ>"})) == []


def test_leaks_are_rows_with_document_item_place_and_similarity() -> None:
    texts = ["", PAGE.format("夜の港で遠くから聞こえる音は？")]
    batch = pa.record_batch({"doc_id": pa.array([bytes(16), b"1" * 16], pa.binary(16)), "text": pa.array(texts)})
    leaks = own().find_leaks(batch)
    assert leaks.schema.equals(LEAKS.schema)
    (row,) = leaks.to_pylist()
    assert (row["doc_id"], row["benchmark"], row["item"]) == (b"1" * 16, "own", "3")
    assert texts[1][row["start"] : row["stop"]] == "夜の港で遠くから聞こえる音は"
    assert row["similarity"] == pytest.approx(1 - 1 / 14)
    assert row["part"] == "text"


def test_items_in_comments_are_found_as_those_in_texts_are() -> None:
    comments = PAGE.format("夜の港で遠くから聞こえる音は？")
    batch = pa.record_batch({"doc_id": pa.array([bytes(16)], pa.binary(16)), "comments": pa.array([comments])})
    (row,) = own().find_leaks(batch, "comments").to_pylist()
    assert (row["part"], comments[row["start"] : row["stop"]]) == ("comments", "夜の港で遠くから聞こえる音は")


def write(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_items_of_every_format_are_named_by_their_path(tmp_path: Path) -> None:
    nested = json.dumps(
        {"data": [{"title": "霧", "paragraphs": [{"qas": [{"question": "何色？"}, {"question": "いつ？"}]}]}]}
    )
    lines = "".join(json.dumps({"question": one}) + "\n" for one in ("何色？", "いつ？"))
    place = "data[0].paragraphs[0].qas"
    for name, text, field, ways in (
        ("a.json", nested, "data.paragraphs.qas.question", (f"{place}[0].question", f"{place}[1].question")),
        ("b.json", lines, "question", ("[0].question", "[1].question")),
        ("c.jsonl", lines, "question", ("[0].question", "[1].question")),
        ("d.csv", "\ufeffid,question\n1,何色？\n2,いつ？\n", "question", ("[0].question", "[1].question")),
        ("e.tsv", "question\tid\n何色？\t1\nいつ？\t2\n", "question", ("[0].question", "[1].question")),
    ):
        uri = write(tmp_path / name, text)
        items = list(read_items(Benchmark("own", (uri,), (field,))))
        assert [item.text for item in items] == ["何色？", "いつ？"], name
        assert [item.name for item in items] == [f"{name}:{way}" for way in ways]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", b'{"question": ', r"a\.json: line 1: Expecting value"),
        ("a.jsonl", b'{"question": "x"}\n{', r"a\.jsonl: line 2: Expecting property name"),
        ("a.jsonl", b'{"text": "x", "id": 1}\n', r"a\.jsonl: no 'question' in it; its rows have text, id"),
        ("a.csv", b"id,text\n1,x\n", r"a\.csv: no 'question' in it; its rows have id, text"),
        ("a.csv", b"question\n\x82\xa0\n", r"a\.csv: not UTF-8 at byte 9"),
        ("a.xlsx", b"", r"a\.xlsx: is neither \.json, \.jsonl, \.csv nor \.tsv"),
    ],
)
def test_an_error_names_the_file_and_the_fault(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=message):
        list(read_items(Benchmark("own", (str(tmp_path / name),), ("question",))))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ngram_chars": 9}, "ngram_chars is 9, must be 2 to min_item_chars \\(8\\)"),
        ({"max_edits": 0.5}, "max_edits is 0.5, must be 0 to 0.4"),
        ({"benchmark": ()}, "give at least one"),
    ],
)
def test_settings_out_of_range_are_errors(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Decontaminate(**{"benchmark": decontaminate().benchmark} | changes)  # type: ignore[arg-type]


def lightly_edited(text: str, draw: random.Random) -> str:
    """One letter in twenty, and at least one, replaced, left out or put in."""
    characters = list(text)
    for _ in range(max(1, len(letters(text)) // 20)):
        at = draw.choice([place for place, character in enumerate(characters) if character.isalnum()])
        characters[at : at + draw.randrange(2)] = draw.choice(["", *"のはがにと人日大"])
    return "".join(characters)


def test_items_of_jglue_are_found_verbatim_and_lightly_edited(real_data: Path) -> None:
    folder = real_data / "benchmarks"
    benchmarks = tuple(
        Benchmark(name, (str(folder / file),), fields)
        for name, file, fields in (
            ("jcommonsenseqa", "jcommonsenseqa-v1.3-valid-v1.3.json", ("question",)),
            ("jnli", "jnli-v1.3-valid-v1.3.json", ("sentence1", "sentence2")),
            ("jsquad", "jsquad-v1.3-valid-v1.3.json", ("data.paragraphs.context", "data.paragraphs.qas.question")),
        )
    )
    of = benchmark_index(Decontaminate(benchmarks), tuple(map(digest, benchmarks)))
    every_item = {(item.benchmark, item.text): item for one in benchmarks for item in read_items(one)}
    draw = random.Random(20261125)
    items = draw.sample(list(every_item.values()), 2000)
    pages = [path.read_text("utf-8") for path in sorted((real_data / "livedoor_news").glob("*.txt"))[:200]]
    assert len(of.find(pa.array(pages, pa.large_string()))) == 0
    keys = [(item.benchmark, letters(item.text).tobytes()) for item in of.items]
    recall = []
    for edit in (lambda text: text, lambda text: lightly_edited(text, draw)):
        planted = []
        for item in items:
            page = draw.choice(pages)
            cut = page.find("。", draw.randrange(len(page))) + 1
            planted.append(page[:cut] + edit(item.text) + page[cut:])
        hits = {(row, *keys[item]) for row, item, *_ in of.find(pa.array(planted, pa.large_string())).tolist()}
        wanted = [(row, item.benchmark, letters(item.text).tobytes()) for row, item in enumerate(items)]
        recall.append(float(np.mean([one in hits for one in wanted])))
    assert recall[0] >= 0.99
    assert recall[1] >= 0.95
