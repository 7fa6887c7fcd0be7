"""Samples come in the order in which Megatron-core reads them: equal to its own, and to a plain second version."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyo.corpus.tables.shards import ShardError
from manyo.tokenizer import megatron_order
from manyo.tokenizer.megatron_order import Blend, PrefixOrder, PrefixPlan, Sampling, split_bounds
from manyo.tokenizer.training_order import DataBlend, DocumentIndex, OrderError, TrainingOrder
from tests.tokenizer.shards import write_token_shard

lengths_of_documents = st.lists(st.integers(0, 40), min_size=1, max_size=30).filter(any)
samplings = st.builds(Sampling, st.integers(1, 20), st.integers(0, 99), st.sampled_from([0, 1]))


@pytest.fixture(scope="module", autouse=True)
def small_blocks() -> Iterator[None]:
    """A block of places ends within the few documents of these tests."""
    with mock.patch.object(megatron_order, "_BLOCK_PLACES", 4):
        yield


def planned(lengths: list[int], wanted: int | None, sampling: Sampling) -> PrefixOrder:
    array = np.array(lengths, np.int32)
    return PrefixPlan.of(sum(lengths), (0, len(lengths)), wanted, sampling).order(array, sampling)


def tokens_by_hand(lengths: list[int], wanted: int, sampling: Sampling) -> list[list[tuple[int, int]]]:
    """Every sample as (document, position in it) of each token, by laying all tokens of all epochs end to end."""
    length, extra, total = sampling.sequence_length, sampling.extra_tokens, sum(lengths)
    epochs = 1
    while epochs * total < wanted * length + extra:
        epochs += 1
    before = ((epochs - 1) * total - extra) // length
    apart = epochs > 1 and wanted - before < int(0.80 * ((total - extra) // length))
    random = np.random.RandomState(sampling.seed)
    groups = [epochs - 1, 1] if apart else [epochs]
    order: list[int] = []
    for group in groups:
        rows = np.array([row for _ in range(group) for row in range(len(lengths))], np.int32)
        random.shuffle(rows)
        order += rows.tolist()
    row = [(document, at) for document in order for at in range(lengths[document])]
    samples = max(0, len(row) - extra) // length
    cuts: list[int] = []
    for first, stop in pairwise([0, before, samples] if apart else [0, samples]):
        numbers = np.arange(first, stop, dtype=np.uint32)
        random.shuffle(numbers)
        cuts += numbers.tolist()
    return [row[cut * length : cut * length + length + extra] for cut in cuts]


@given(lengths=lengths_of_documents, wanted=st.integers(1, 200), sampling=samplings)
def test_samples_are_those_of_rows_laid_out_token_by_token(lengths: list[int], wanted: int, sampling: Sampling) -> None:
    order = planned(lengths, wanted, sampling)
    expected = tokens_by_hand(lengths, wanted, sampling)
    found = [
        [(piece.document, at) for piece in order.pieces(number) for at in range(piece.first_token, sum(piece[1:3]))]
        for number in range(len(order.cuts))
    ]
    assert found == expected
    assert len(found) >= wanted


@given(lengths=lengths_of_documents, wanted=st.integers(1, 60), sampling=samplings)
def test_the_samples_of_a_document_are_those_that_hold_a_token_of_it(
    lengths: list[int], wanted: int, sampling: Sampling
) -> None:
    order = planned(lengths, wanted, sampling)
    held = [{piece.document for piece in order.pieces(number)} for number in range(len(order.cuts))]
    for document in range(len(lengths)):
        assert order.samples_of(document).tolist() == [n for n, own in enumerate(held) if document in own]


def drawn(blend: Blend, first: int = 0, stop: int | None = None) -> list[tuple[int, int, int]]:
    return [
        (start + at, int(prefix), int(number))
        for start, prefixes, numbers in blend.drawn(first, stop)
        for at, (prefix, number) in enumerate(zip(prefixes, numbers, strict=True))
    ]


@given(
    weights=st.lists(st.floats(0.01, 100), min_size=1, max_size=6),
    wanted=st.integers(1, 300),
    is_fused=st.booleans(),
)
def test_a_blend_draws_the_prefix_that_lies_furthest_behind(weights: list[float], wanted: int, is_fused: bool) -> None:
    blend = Blend.weighted(weights, wanted, is_fused)
    counts = [0] * len(weights)
    for position, prefix, number in drawn(blend):
        shares = [
            float(Fraction(weight) * max(position, 1) - count) if is_fused else weight * max(position, 1) - count
            for weight, count in zip(blend.weights.tolist(), counts, strict=True)
        ]
        assert (prefix, number) == (shares.index(max(shares)), counts[prefix])
        counts[prefix] += 1
    assert sum(counts) == blend.size >= wanted


@given(weights=st.lists(st.floats(0.1, 9), min_size=1, max_size=4), first=st.integers(0, 90), size=st.integers(0, 90))
def test_a_stretch_of_a_blend_is_cut_out_of_the_whole(weights: list[float], first: int, size: int) -> None:
    blend = Blend.weighted(weights, 100)
    assert drawn(blend, first, first + size) == drawn(blend)[first : first + size]


@given(sizes=st.lists(st.integers(1, 30), min_size=1, max_size=5))
def test_without_weights_and_length_every_sample_is_drawn_once(sizes: list[int]) -> None:
    found = [(prefix, number) for _, prefix, number in drawn(Blend.by_size(sizes, None))]
    assert sorted(found) == [(prefix, number) for prefix, size in enumerate(sizes) for number in range(size)]


@given(split=st.tuples(*[st.floats(0, 100)] * 3).filter(lambda split: sum(split) > 0.01), n=st.integers(0, 1000))
def test_the_parts_of_a_split_follow_each_other_and_hold_every_document(split: tuple[float, ...], n: int) -> None:
    parts = [part for part in split_bounds(split, n) if part is not None]
    assert parts[0][0] == 0
    assert parts[-1][1] == n
    assert all(left[1] == right[0] for left, right in pairwise(parts))


def training_order_of(case: dict[str, Any], folder: Path) -> tuple[TrainingOrder, list[np.ndarray]]:
    """The order of a case's training part, over token shards of its lengths, and these lengths."""
    for number, lengths in enumerate(case["document_lengths"]):
        ids, counts = np.zeros(sum(lengths), np.uint16), np.array(lengths, np.int64)
        write_token_shard(
            f"{folder / str(number)}.bin", f"{folder / str(number)}.idx", np.dtype("<u2"), [(ids, counts)]
        )
    config = case["config"]
    is_whole = "blend_per_split" in config
    prefixes, weights = config["blend_per_split"][0] if is_whole else config["blend"]
    data = DataBlend(tuple(str(folder / str(prefix)) for prefix in prefixes), weights and tuple(weights), is_whole)
    split = [1.0] if is_whole else [float(share) for share in config["split"].split(",")]
    order = TrainingOrder.plan(data, case["sizes"][0], Sampling(case["sequence_length"], case["seed"]), split)
    return order, [DocumentIndex.read(prefix).lengths for prefix in data.prefixes]


def test_samples_are_those_that_megatron_core_reads(real_data: Path, tmp_path: Path) -> None:
    compared = 0
    for number, case in enumerate(
        json.loads((real_data / "megatron_order" / "samples.json").read_text("utf-8"))["cases"]
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        order, lengths = training_order_of(case, folder)
        orders = [order.prefix_order(prefix, own) for prefix, own in enumerate(lengths)]
        found = [
            [prefix, [list(piece[:3]) for piece in orders[prefix].pieces(sample)]]
            for _, prefix, sample in drawn(order.blend)
        ]
        assert found == case["samples"]["train"], case["name"]
        compared += len(found)
    assert compared >= 400


@pytest.mark.parametrize("rounding", ["plain", "fused"])
def test_ties_of_a_blend_fall_as_on_each_machine(real_data: Path, rounding: str) -> None:
    for case in json.loads((real_data / "megatron_order" / "blend_plain_and_fused.json").read_text("utf-8")):
        weights = np.array(case["weights"]) / np.sum(case["weights"])
        blend = Blend(weights, len(case[rounding]), np.full(len(weights), 1 << 40), rounding == "fused")
        assert [prefix for _, prefix, _ in drawn(blend)] == case[rounding]


def test_a_prefix_without_documents_for_training_is_refused() -> None:
    with pytest.raises(ValueError, match="Megatron hangs"):
        PrefixPlan.of(0, (5, 5), 10, Sampling(16))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "names no token shards"),
        ("1 a 2", "a weight above 0 before every token shard"),
        ("1 a two b", "a weight above 0 before every token shard"),
        ("-1 a 2 b", "a weight above 0 before every token shard"),
        ("nan a 1 b", "their sum is finite"),
        ("1 a inf b", "their sum is finite"),
        ("1e400 a", "their sum is finite"),
        ("1e308 a 1e308 b", "their sum is finite"),
        ('{"train": ["nan", "a"]}', "their sum is finite"),
        ('{"valid": ["a"]}', "names no token shards"),
        ('{"train": ', "is no JSON"),
    ],
)
def test_data_arguments_that_megatron_cannot_read_are_one_line(tmp_path: Path, content: str, problem: str) -> None:
    path = tmp_path / "arguments.txt"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(OrderError, match=problem):
        DataBlend.read(str(path))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("/data/a", DataBlend(("/data/a",), None, False)),
        ("/data/a\n/data/b", DataBlend(("/data/a", "/data/b"), None, False)),
        ("3 /data/a\n0.5 /data/b\n", DataBlend(("/data/a", "/data/b"), (3.0, 0.5), False)),
        ('{"train": ["1", "/data/a"], "valid": null}', DataBlend(("/data/a",), (1.0,), True)),
    ],
)
def test_data_arguments_are_read_as_megatron_reads_them(tmp_path: Path, content: str, expected: DataBlend) -> None:
    path = tmp_path / "arguments.txt"
    path.write_text(content, encoding="utf-8")
    assert DataBlend.read(str(path)) == expected


def test_a_damaged_index_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.idx").write_bytes(b"MMIDIDX\0\0")
    with pytest.raises(OrderError, match=r"a\.idx: ends at byte 9, inside its header"):
        DocumentIndex.read(str(tmp_path / "a"))
    with pytest.raises(OrderError, match=r"b\.idx: cannot be read"):
        DocumentIndex.read(str(tmp_path / "b"))


@given(bit=st.integers(0, 8 * (34 + 3 * 12 + 4 * 8) - 1))
def test_an_index_with_one_wrong_bit_names_no_wrong_document(
    tmp_path_factory: pytest.TempPathFactory, bit: int
) -> None:
    """One wrong bit named a wrong document, or a part of the tokens, and the answer looked like any other."""
    folder = tmp_path_factory.mktemp("index")
    whole = DocumentIndex(np.array([3, 0, 5], np.int32), np.array([0, 3, 3]), 8)
    (folder / "whole.bin").write_bytes(bytes(16))
    (folder / "part.bin").symlink_to(folder / "whole.bin")
    for name, rows in (("whole", np.arange(3)), ("part", np.array([0, 2]))):
        whole.write_part(folder / "whole.idx", np.arange(3))
        whole.write_part(folder / f"{name}.idx", rows)
        sound = DocumentIndex.read(str(folder / name))
        content = bytearray((folder / f"{name}.idx").read_bytes())
        content[bit // 8 % len(content)] ^= 1 << bit % 8
        (folder / f"{name}.idx").write_bytes(content)
        try:
            read = DocumentIndex.read(str(folder / name))
        except (OrderError, ShardError):
            continue
        assert read.lengths.tolist() == sound.lengths.tolist()
        assert read.first_tokens.tolist() == sound.first_tokens.tolist()


@pytest.mark.parametrize(
    ("place", "problem"),
    [
        (34, r"a\.idx: byte 50: document 1 is at 6, its lengths say 4"),
        (38, r"a\.bin: byte 14: has 16 bytes, its index says 14"),
        (50, r"a\.idx: byte 50: document 1 is at 7, its lengths say 6"),
    ],
    ids=["a length", "the last length", "a pointer"],
)
def test_an_index_that_does_not_add_up_to_its_tokens_is_refused(tmp_path: Path, place: int, problem: str) -> None:
    index = DocumentIndex(np.array([3, 5], np.int32), np.array([0, 3]), 8)
    index.write_part(tmp_path / "a.idx", np.arange(2))
    (tmp_path / "a.bin").write_bytes(bytes(16))
    assert DocumentIndex.read(str(tmp_path / "a")).lengths.tolist() == [3, 5]
    content = bytearray((tmp_path / "a.idx").read_bytes())
    content[place] ^= 1
    (tmp_path / "a.idx").write_bytes(content)
    with pytest.raises(ShardError, match=problem):
        DocumentIndex.read(str(tmp_path / "a"))


def test_a_plan_is_made_for_ten_trillion_tokens() -> None:
    sampling = Sampling(4096)
    plan = PrefixPlan.of(33 * 10**9, (0, 1), 24 * 10**6, sampling)
    assert (plan.epochs, plan.samples) == (3, math.floor((99 * 10**9 - 1) / 4096))
