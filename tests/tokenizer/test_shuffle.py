"""Shuffling: the order depends on the documents and the seed, and on nothing about how they lay."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.tables.shards import ShardError
from manyo.tokenizer import shuffle
from manyo.tokenizer.draws import draws
from manyo.tokenizer.shuffle import SHUFFLED_SCHEMA, Shuffle, combine, split
from tests.tokenizer.conftest import SENTENCES, release_batch


def shuffled(folder: str | Path, batches: list[list[pa.RecordBatch]], options: Shuffle) -> list[dict[str, object]]:
    """Rows of all parts, one part after another, of shards that are lists of batches."""
    uris = [f"{folder}/{number}.arrow" for number in range(len(batches))]
    for uri, shard in zip(uris, batches, strict=True):
        assert split(uri, shard, options) == sum(batch.num_rows for batch in shard)
    found = [batch for part in range(options.parts) for batch in combine(uris, part, options)]
    assert all(batch.schema.equals(SHUFFLED_SCHEMA) for batch in found)
    return [row for batch in found for row in batch.to_pylist()]


@settings(max_examples=30, deadline=None)
@given(
    numbers=st.lists(st.integers(0, 500), max_size=30, unique=True),
    cuts=st.tuples(st.integers(0, 30), st.integers(0, 30)),
    parts=st.integers(1, 5),
    seed=st.integers(0, 3),
)
def test_the_order_does_not_depend_on_shards_batches_or_parts(
    numbers: list[int], cuts: tuple[int, int], parts: int, seed: int
) -> None:
    release = release_batch([f"{number}番の文。" for number in numbers])
    low, high = sorted(cuts)
    in_pieces = [[release.slice(high)], [release.slice(low, high - low), release.slice(0, low)]]
    with TemporaryDirectory() as folder:
        whole = shuffled(folder, [[release]], Shuffle(seed, 1))
        assert shuffled(folder, in_pieces, Shuffle(seed, parts)) == whole
    rows = release.select(SHUFFLED_SCHEMA.names).to_pylist()
    by_id = {row["doc_id"]: row for row in rows}
    assert [by_id[row["doc_id"]] for row in whole] == whole
    drawn = dict(zip(by_id, draws(release.column("doc_id"), seed).tolist(), strict=True))
    assert [row["doc_id"] for row in whole] == sorted(by_id, key=lambda doc_id: drawn[doc_id])


def test_the_order_does_not_depend_on_rounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release = release_batch(SENTENCES)
    batches = [release.slice(low, 3) for low in range(0, len(SENTENCES), 3)]
    whole = shuffled(tmp_path, [batches], Shuffle(parts=3))
    monkeypatch.setattr(shuffle, "_ROUND_BYTES", 1)
    assert shuffled(tmp_path, [batches], Shuffle(parts=3)) == whole


def test_batches_are_cut_by_rows_and_by_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shuffle, "BATCH_MAX_ROWS", 4)
    monkeypatch.setattr(shuffle, "BATCH_MAX_TEXT_BYTES", 150)
    options = Shuffle(parts=1)
    split(str(tmp_path / "a.arrow"), [release_batch(SENTENCES)], options)
    batches = list(combine([str(tmp_path / "a.arrow")], 0, options))
    assert sum(batch.num_rows for batch in batches) == len(SENTENCES)
    for batch in batches:
        sizes = [len(text.encode()) for text in batch.column("text").to_pylist()]
        assert len(sizes) <= 4
        assert sum(sizes[:-1]) < 150


def test_each_seed_gives_a_different_order(tmp_path: Path) -> None:
    release = release_batch(SENTENCES)
    orders = {tuple(str(row["text"]) for row in shuffled(tmp_path, [[release]], Shuffle(seed))) for seed in range(4)}
    assert len(orders) == 4
    assert {frozenset(order) for order in orders} == {frozenset(SENTENCES)}


def test_documents_with_equal_draws_are_in_order_of_their_ids(tmp_path: Path) -> None:
    ids = [bytes(8) + bytes([0] * 7 + [n]) for n in (3, 1, 2)]
    release = release_batch(SENTENCES[:3])
    release = release.set_column(0, "doc_id", pa.array(ids, pa.binary(16)))
    assert [row["doc_id"] for row in shuffled(tmp_path, [[release]], Shuffle())] == sorted(ids)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    split(str(tmp_path / "a.arrow"), [release_batch(SENTENCES)], Shuffle())
    (tmp_path / "a.arrow").write_bytes((tmp_path / "a.arrow").read_bytes()[:-20])
    with pytest.raises(ShardError, match=r"a\.arrow: cannot be read"):
        list(combine([str(tmp_path / "a.arrow")], 0, Shuffle()))


@pytest.mark.parametrize("bad", [{"seed": -1}, {"parts": 0}, {"parts": 65_537}])
def test_settings_out_of_range_are_refused(bad: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(bad))):
        Shuffle(**bad)
