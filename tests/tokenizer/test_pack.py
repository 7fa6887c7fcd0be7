"""Packing: the bytes are the format's, however the documents arrive."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.schema import PROVENANCE
from corpus.shards import read_batches, write_shard
from tests import oracles
from tests.tokenizer.conftest import SENTENCES, release_batch
from tokenizer.encode import Tokenizer
from tokenizer.pack import PackedCounts, TokenShardWriter, tokenize_batches, write_token_shard

DTYPES = ["uint16", "int32"]
some_documents = st.lists(st.lists(st.integers(0, 65_499), max_size=6), max_size=12)


def as_batch(documents: list[list[int]], dtype: str) -> tuple[np.ndarray, np.ndarray]:
    ids = np.array([token for document in documents for token in document], dtype)
    return ids, np.array([len(document) for document in documents], np.int64)


def write(folder: Path | str, dtype: str, batches: list[list[list[int]]]) -> tuple[PackedCounts, bytes, bytes]:
    bin_path, idx_path = Path(folder) / "shard.bin", Path(folder) / "shard.idx"
    counts = write_token_shard(bin_path, idx_path, np.dtype(dtype), [as_batch(batch, dtype) for batch in batches])
    return counts, bin_path.read_bytes(), idx_path.read_bytes()


@settings(max_examples=60, deadline=None)
@given(documents=some_documents, dtype=st.sampled_from(DTYPES), cuts=st.lists(st.integers(0, 12), max_size=4))
def test_a_shard_is_the_oracles_wherever_batches_are_cut(
    documents: list[list[int]], dtype: str, cuts: list[int]
) -> None:
    bounds = [0, *sorted(min(cut, len(documents)) for cut in cuts), len(documents)]
    batches = [documents[low:high] for low, high in pairwise(bounds)]
    with TemporaryDirectory() as folder:
        counts, tokens, index = write(folder, dtype, batches)
    assert (tokens, index) == oracles.write_token_shard(documents, dtype)
    assert counts == PackedCounts(len(documents), sum(map(len, documents)), len(tokens))


def test_an_id_that_does_not_fit_is_an_error(tmp_path: Path) -> None:
    ids, lengths = np.array([1, 65_536], np.int32), np.array([2])
    with pytest.raises(ValueError, match=r"a\.bin: token ids run from 1 to 65536, but uint16 holds 0 to 65535"):
        write_token_shard(tmp_path / "a.bin", tmp_path / "a.idx", np.dtype("uint16"), [(ids, lengths)])


def test_a_document_too_long_for_the_index_is_an_error(tmp_path: Path) -> None:
    lengths = np.array([1, 2**31])
    # A view of one number, so that 2^31 + 1 tokens take no memory.
    ids = np.broadcast_to(np.zeros(1, np.uint16), int(lengths.sum()))
    with pytest.raises(ValueError, match=r"a\.bin: document 1 has 2147483648 tokens; .* split the document"):
        write_token_shard(tmp_path / "a.bin", tmp_path / "a.idx", np.dtype("uint16"), [(ids, lengths)])


def test_lengths_must_add_up_to_the_ids(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="lengths add up to 3 tokens, but 2 were given"):
        write_token_shard(
            tmp_path / "a.bin", tmp_path / "a.idx", np.dtype("uint16"), [(np.zeros(2, "u2"), np.array([3]))]
        )


def test_other_types_of_ids_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="uint16 or int32, not int64"):
        TokenShardWriter(tmp_path / "a.bin", tmp_path / "a.idx", np.dtype("int64"))


def test_a_failed_block_leaves_no_index(tmp_path: Path) -> None:
    bad = (np.zeros(2, np.uint16), np.array([3]))
    with pytest.raises(ValueError, match="add up"):
        write_token_shard(
            tmp_path / "a.bin", tmp_path / "a.idx", np.dtype("uint16"), [as_batch([[1, 2]], "uint16"), bad]
        )
    assert not (tmp_path / "a.idx").exists()


@pytest.mark.parametrize("cut", [0, 1, 5])
def test_the_sidecar_says_where_each_document_is(tokenizer: Tokenizer, tmp_path: Path, cut: int) -> None:
    release = release_batch(SENTENCES)
    batches = [release.slice(0, cut), release.slice(cut)]
    sidecar = str(tmp_path / "a.parquet")
    with TokenShardWriter(tmp_path / "a.bin", tmp_path / "a.idx", tokenizer.dtype) as shard:
        rows = write_shard(sidecar, PROVENANCE.schema, tokenize_batches(batches, tokenizer, shard))
    assert rows == shard.counts.documents == len(SENTENCES)
    table = pa.Table.from_batches(read_batches(sidecar))
    assert table.schema.equals(PROVENANCE.schema)
    assert table["doc_id"].to_pylist() == release["doc_id"].to_pylist()
    assert table["uri"].to_pylist() == release["uri"].to_pylist()
    tokens = np.fromfile(tmp_path / "a.bin", tokenizer.dtype)
    for text, first, count in zip(
        SENTENCES, table["first_token"].to_pylist(), table["token_count"].to_pylist(), strict=True
    ):
        np.testing.assert_array_equal(tokens[first : first + count], tokenizer.encode_batch([text])[0])
