"""Caches of Megatron's order, written as megatron-core writes them, next to shards that stay and shards that change."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.tokenizer.megatron_cache import cache_faults
from manyo.tokenizer.megatron_order import PrefixPlan, Sampling
from tests.tokenizer.shards import write_token_shard

SEQUENCE_LENGTH = 16


def write_shard(prefix: Path, lengths: list[int], token: int = 1) -> None:
    ids = np.full(sum(lengths), token, np.uint16)
    batch = (ids, np.array(lengths, np.int64))
    write_token_shard(f"{prefix}.bin", f"{prefix}.idx", np.dtype(np.uint16), [batch])


def write_cache(prefix: Path, lengths: list[int], wanted: int, folder: Path) -> Path:
    """The three indexes of `GPTDataset`, a sample after another, and the description that names them."""
    folder.mkdir(parents=True, exist_ok=True)
    sampling = Sampling(SEQUENCE_LENGTH)
    order = PrefixPlan.of(sum(lengths), (0, len(lengths)), wanted, sampling).order(np.array(lengths), sampling)
    rows, place, offset = [(0, 0)], 0, 0
    for _ in order.cuts:
        left = SEQUENCE_LENGTH
        while left >= lengths[order.documents[place]] - offset:
            left -= lengths[order.documents[place]] - offset
            place, offset = place + 1, 0
        offset += left
        rows.append((place, offset))
    base = folder / "0123abcd-GPTDataset-train"
    np.save(f"{base}-document_index.npy", order.documents)
    np.save(f"{base}-sample_index.npy", np.array(rows, np.int32))
    np.save(f"{base}-shuffle_index.npy", order.cuts)
    said = {
        "class": "GPTDataset",
        "dataset_path": str(prefix),
        "num_samples": wanted,
        "sequence_length": SEQUENCE_LENGTH,
    }
    path = Path(f"{base}-description.txt")
    path.write_text(json.dumps(said, indent=4), encoding="utf-8")
    return path


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
    written = write_cache(folder / "web", lengths, wanted, folder)
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
    written = write_cache(tmp_path / "web", [30, 30], 2, tmp_path)
    (tmp_path / "web.idx").unlink()
    (gone,) = cache_faults(tmp_path)
    assert "is a cache of a token shard that cannot be read" in gone.problem
    Path(str(written).replace("description.txt", "sample_index.npy")).write_bytes(b"")
    (partial,) = cache_faults(tmp_path)
    assert "is no whole cache" in partial.problem
