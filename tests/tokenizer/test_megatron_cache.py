"""Caches of Megatron's order, written as megatron-core writes them, next to shards that stay and shards that change."""

from __future__ import annotations

import hashlib
import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.tokenizer import megatron_order
from manyo.tokenizer.cache_writing import sample_index, write_caches
from manyo.tokenizer.megatron_cache import cache_faults
from manyo.tokenizer.megatron_order import PrefixOrder, PrefixPlan, Sampling
from manyo.tokenizer.training_order import DataBlend, TrainingOrder
from tests.tokenizer.shards import write_token_shard

SEQUENCE_LENGTH = 16


def write_shard(prefix: Path, lengths: list[int], token: int = 1) -> None:
    ids = np.full(sum(lengths), token, np.uint16)
    batch = (ids, np.array(lengths, np.int64))
    write_token_shard(f"{prefix}.bin", f"{prefix}.idx", np.dtype(np.uint16), [batch])


TOKENIZER = {"class": "Tokenizer", "tokenizer_path": ["/models/日本語.model"]}


def write_cache(prefix: Path, wanted: int, folder: Path) -> Path:
    """The cache of a run that reads one token shard; gives its description."""
    order = TrainingOrder.plan(DataBlend((str(prefix),), None, True), wanted, Sampling(SEQUENCE_LENGTH), ())
    (written,) = write_caches(order, "", TOKENIZER, folder)
    return written


def naive_sample_index(order: PrefixOrder) -> list[list[int]]:
    """Megatron's loop: a sample after another, a document after another."""
    length, extra = order.sampling.sequence_length, order.sampling.extra_tokens
    rows, place, offset = [[0, 0]], 0, 0
    for _ in order.cuts:
        left = length + extra
        while left > 0:
            in_document = int(order.lengths[order.documents[place]]) - offset
            left -= in_document
            if left <= 0:
                offset += left + in_document - extra
            else:
                place, offset = place + 1, 0
        rows.append([place, offset])
    return rows


some_lengths = st.lists(st.integers(1, 40), min_size=3, max_size=12).filter(lambda all_: sum(all_) > 40)


def tokens_read(cache: Path, lengths: list[int]) -> list[int]:
    """How many tokens Megatron's rule reads of each sample of a cache, with a shard of these lengths."""
    base = str(cache).removesuffix("description.txt")
    order, rows = (np.load(f"{base}{name}.npy").tolist() for name in ("document_index", "sample_index"))
    found = []
    for (first, start), (last, stop) in pairwise(rows):
        if first == last:
            found.append(stop - start + 1)
        else:
            between = sum(lengths[order[place]] for place in range(first + 1, last))
            found.append(lengths[order[first]] - start + between + stop + 1)
    return found


@settings(max_examples=60, deadline=None)
@given(some_lengths, st.integers(2, 20), st.data())
def test_a_cache_is_stale_if_and_only_if_its_samples_are_no_longer_cut_end_to_end(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], wanted: int, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("cache")
    write_shard(folder / "web", lengths)
    written = write_cache(folder / "web", wanted, folder)
    assert set(tokens_read(written, lengths)) == {SEQUENCE_LENGTH + 1}
    assert list(cache_faults(folder)) == []
    write_shard(folder / "web", lengths, token=2)
    assert list(cache_faults(folder)) == [], "other tokens at the same places"
    changed = [data.draw(st.one_of(st.just(length), st.integers(1, 40))) for length in lengths]
    write_shard(folder / "web", changed)
    faults = list(cache_faults(folder))
    assert bool(faults) == (set(tokens_read(written, changed)) != {SEQUENCE_LENGTH + 1})
    for fault in faults:
        assert fault.file == str(written)
        assert "as it was before; delete its files" in fault.problem
    write_shard(folder / "web", lengths[:1])
    assert len(list(cache_faults(folder))) == 1, "fewer documents"


def test_a_cache_of_a_shard_that_is_gone_or_of_a_part_of_its_files_is_named(tmp_path: Path) -> None:
    write_shard(tmp_path / "web", [30, 30])
    written = write_cache(tmp_path / "web", 2, tmp_path)
    (tmp_path / "web.idx").unlink()
    (gone,) = cache_faults(tmp_path)
    assert "is a cache of a token shard that cannot be read" in gone.problem
    Path(str(written).replace("description.txt", "sample_index.npy")).write_bytes(b"")
    (partial,) = cache_faults(tmp_path)
    assert "is no whole cache" in partial.problem


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=30).filter(any),
    st.integers(1, 60),
    st.integers(1, 17),
    st.integers(0, 1),
    st.sampled_from([1, 2, 3, 4096]),
)
def test_the_sample_index_is_that_of_megatron_s_loop(
    lengths: list[int], wanted: int, sequence_length: int, extra_tokens: int, block_places: int
) -> None:
    sampling = Sampling(sequence_length, extra_tokens=extra_tokens)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(megatron_order, "_BLOCK_PLACES", block_places)
        plan = PrefixPlan.of(sum(lengths), (0, len(lengths)), wanted, sampling)
        order = plan.order(np.array(lengths, np.int32), sampling)
        assert sample_index(order).tolist() == naive_sample_index(order)


@pytest.mark.parametrize("weights", [None, (0.25, 0.75)])
@pytest.mark.parametrize("is_whole", [False, True])
def test_caches_hold_the_samples_of_the_order_under_the_names_of_their_descriptions(
    tmp_path: Path, weights: tuple[float, float] | None, is_whole: bool
) -> None:
    for name, lengths in (("a", [30, 20, 50]), ("b", [41] * 9)):
        write_shard(tmp_path / name, lengths)
    data = DataBlend((str(tmp_path / "a"), str(tmp_path / "b")), weights, is_whole)
    order = TrainingOrder.plan(data, 12, Sampling(SEQUENCE_LENGTH), (9.0, 1.0, 0.0))
    *shards, blend = write_caches(order, "9,1", TOKENIZER, tmp_path / "cache")
    assert not list(cache_faults(tmp_path / "cache"))
    for path in (*shards, blend):
        digest = hashlib.md5(path.read_bytes()).hexdigest()
        assert path.name.startswith(f"{digest}-{json.loads(path.read_text('utf-8'))['class']}-train-")
    base = str(blend).removesuffix("description.txt")
    drawn = [np.load(f"{base}{name}.npy").tolist() for name in ("dataset_index", "dataset_sample_index")]
    assert drawn == [np.concatenate(part).tolist() for part in list(zip(*order.blend.drawn(), strict=True))[1:]]
    whole = json.loads(blend.read_text("utf-8"))
    assert (whole["size"], len(whole["datasets"])) == (order.blend.size, 2)
    assert [one["split_matrix"] for one in whole["datasets"]] == 2 * [
        None if is_whole else [[0, 0.9], [0.9, 1.0], None]
    ]
