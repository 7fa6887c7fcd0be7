"""Packing: the bytes are the format's, however the documents arrive."""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.tables.checksums import seal
from manyo.corpus.tables.shards import ShardError, read_batches, write_shard
from manyo.tokenizer.encode import Tokenizer
from manyo.tokenizer.pack import (
    ENCODED_SCHEMA,
    MegatronWriter,
    NpyStream,
    NpyWriter,
    PackedCounts,
    cut_documents,
    tokenize_batches,
)
from tests import oracles
from tests.tokenizer.conftest import SENTENCES, release_batch
from tests.tokenizer.shards import write_token_shard

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
def test_a_shard_equals_the_oracle_wherever_batches_are_cut(
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


def test_ids_of_a_wider_type_are_written_where_they_fit(tmp_path: Path) -> None:
    ids, lengths = np.array([0, 65_535], np.int64), np.array([2])
    write_token_shard(tmp_path / "a.bin", tmp_path / "a.idx", np.dtype("uint16"), [(ids, lengths)])
    assert np.fromfile(tmp_path / "a.bin", np.uint16).tolist() == [0, 65_535]


@pytest.mark.parametrize(("lengths", "wrong"), [([0, 3, -1], 2), ([2**31 - 1, 2**31], 1)])
def test_the_error_names_the_first_document_whose_length_the_index_cannot_hold(
    tmp_path: Path, lengths: list[int], wrong: int
) -> None:
    """No tokens and 2**31 - 1 tokens are lengths that it can hold."""
    ids = np.broadcast_to(np.zeros(1, np.uint16), sum(lengths))
    with pytest.raises(ValueError, match=rf"document {wrong} has {lengths[wrong]} tokens"):
        write_token_shard(
            tmp_path / "a.bin", tmp_path / "a.idx", np.dtype("uint16"), [(ids, np.array(lengths, np.int64))]
        )


def test_lengths_must_add_up_to_the_ids(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="lengths add up to 3 tokens, but 2 were given"):
        write_token_shard(
            tmp_path / "a.bin", tmp_path / "a.idx", np.dtype("uint16"), [(np.zeros(2, "u2"), np.array([3]))]
        )


def test_other_types_of_ids_are_errors(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="uint16 or int32, not int64"):
        MegatronWriter(tmp_path / "a.bin", tmp_path / "a.idx", np.dtype("int64"))


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
    with MegatronWriter(tmp_path / "a.bin", tmp_path / "a.idx", tokenizer.dtype) as shard:
        rows = write_shard(sidecar, ENCODED_SCHEMA, tokenize_batches(batches, tokenizer, shard))
    assert rows == shard.counts.documents == len(SENTENCES)
    table = pa.Table.from_batches(read_batches(sidecar))
    assert table.schema.equals(ENCODED_SCHEMA)
    assert table["doc_id"].to_pylist() == release["doc_id"].to_pylist()
    assert table["uri"].to_pylist() == release["uri"].to_pylist()
    tokens = np.fromfile(tmp_path / "a.bin", tokenizer.dtype)
    for text, first, count in zip(
        SENTENCES, table["first_token"].to_pylist(), table["token_count"].to_pylist(), strict=True
    ):
        np.testing.assert_array_equal(tokens[first : first + count], tokenizer.encode_batch([text])[0])


@settings(max_examples=40, deadline=None)
@given(documents=some_documents, dtype=st.sampled_from(DTYPES))
def test_numpy_maps_a_flat_array_as_it_is(documents: list[list[int]], dtype: str) -> None:
    ids, lengths = as_batch(documents, dtype)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.npy"
        with NpyWriter(path, np.dtype(dtype)) as shard:
            for _ in range(2):
                shard.add(ids, lengths)
        # NumPy cannot map an array without elements.
        loaded = np.load(path, mmap_mode="r" if len(ids) else None)
        assert loaded.dtype == {"uint16": np.uint16, "int32": np.uint32}[dtype]
        assert loaded.tolist() == ids.tolist() * 2
        seal(path, has_footer=False)
        with NpyStream.open(str(path)) as stream:
            assert (stream.dtype, stream.tokens) == (np.dtype(dtype), 2 * len(ids))
            assert stream.read(0, 2 * len(ids)).tolist() == ids.tolist() * 2


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"no array at all", None])
def test_an_error_names_the_damaged_stream(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(ShardError, match=r"a\.npy"), NpyStream.open(str(tmp_path / "a.npy")):
        pass


@pytest.mark.parametrize("array", [np.zeros(4, np.float32), np.zeros((2, 2), np.uint16)], ids=["type", "shape"])
def test_an_array_of_another_type_or_shape_is_an_error(tmp_path: Path, array: np.ndarray) -> None:
    np.save(tmp_path / "a.npy", array)
    seal(tmp_path / "a.npy", has_footer=False)
    with (
        pytest.raises(ShardError, match=rf"{array.dtype} \({array.shape[0]}.*\), not a row of uint16"),
        NpyStream.open(str(tmp_path / "a.npy")),
    ):
        pass


def encode(
    folder: Path, tokenizer: Tokenizer, name: str, texts: list[str], rows: int, taken: Collection[str] = ()
) -> tuple[str, str]:
    """A stream and its sidecar, in batches of `rows` rows; the texts in `taken` are taken down."""
    release = release_batch(texts)
    release = release.set_column(4, "taken_down", pa.array([text in taken for text in texts], pa.bool_()))
    batches = [release.slice(low, rows) for low in range(0, len(texts), rows)]
    uris = (str(folder / f"{name}.npy"), str(folder / f"{name}.parquet"))
    with NpyWriter(uris[0], tokenizer.dtype) as shard:
        write_shard(uris[1], ENCODED_SCHEMA, tokenize_batches(batches, tokenizer, shard))
    seal(Path(uris[0]), has_footer=False)
    return uris


@settings(max_examples=8, deadline=None)
@given(
    shards=st.lists(st.lists(st.sampled_from(SENTENCES), max_size=5), min_size=1, max_size=3),
    max_tokens=st.integers(1, 120),
    rows=st.integers(1, 5),
)
def test_consecutive_cuts_contain_every_document_once_and_in_order(
    tokenizer: Tokenizer, shards: list[list[str]], max_tokens: int, rows: int
) -> None:
    texts = [text for shard in shards for text in shard]
    ids, lengths = tokenizer.encode_batch(texts)
    with TemporaryDirectory() as folder:
        encoded = [encode(Path(folder), tokenizer, str(n), own, rows) for n, own in enumerate(shards)]
        copied: list[int] = []
        counts: list[int] = []
        for first in range(0, len(ids), max_tokens):
            path = Path(folder) / "cut.npy"
            with NpyWriter(path, tokenizer.dtype) as shard:
                sidecar = list(cut_documents(encoded, first, max_tokens, shard))
            tokens = np.load(path).tolist()
            places = [row for batch in sidecar for row in batch.to_pylist()]
            assert [row["first_token"] for row in places] == [
                sum(row["token_count"] for row in places[:n]) for n in range(len(places))
            ]
            # Give or take one document: one that began before the range, or one that ends after it.
            assert abs(len(tokens) - max_tokens) < max(lengths) or first + max_tokens >= len(ids)
            copied += tokens
            counts += [row["token_count"] for row in places]
    assert copied == ids.tolist()
    assert counts == lengths.tolist()


def test_a_document_is_in_the_shard_in_whose_range_its_last_token_lies(tokenizer: Tokenizer, tmp_path: Path) -> None:
    texts = SENTENCES[:4]
    encoded = [encode(tmp_path, tokenizer, "a", texts[:1], 1), encode(tmp_path, tokenizer, "b", texts[1:], 2)]
    lengths = tokenizer.encode_batch(texts)[1].tolist()
    last_tokens = [sum(lengths[: n + 1]) - 1 for n in range(len(lengths))]
    for row, last in enumerate(last_tokens):
        for first, count in ((last, 1), (last - 1, 1), (last + 1, 1), (0, last + 1), (0, last)):
            with NpyWriter(tmp_path / "cut.npy", tokenizer.dtype) as shard:
                found = [
                    counts
                    for batch in cut_documents(encoded, first, count, shard)
                    for counts in batch["token_count"].to_pylist()
                ]
            assert found == [
                length for length, place in zip(lengths, last_tokens, strict=True) if first <= place < first + count
            ], (row, first, count)


@settings(max_examples=8, deadline=None)
@given(
    shards=st.lists(st.lists(st.sampled_from(SENTENCES), max_size=5), min_size=1, max_size=3),
    taken=st.sets(st.sampled_from(SENTENCES), min_size=1, max_size=3),
    max_tokens=st.integers(1, 120),
)
def test_a_takedown_removes_a_document_and_moves_no_other(
    tokenizer: Tokenizer, shards: list[list[str]], taken: set[str], max_tokens: int
) -> None:
    ids_of = {text: tokenizer.encode_batch([text])[0].tolist() for text in SENTENCES}
    n_tokens = sum(len(ids_of[text]) for shard in shards for text in shard)

    def cut(folder: Path, left_out: Collection[str]) -> list[list[list[int]]]:
        """Token shards as lists of documents."""
        encoded = [encode(folder, tokenizer, str(n), own, 2, left_out) for n, own in enumerate(shards)]
        for uri, sidecar in encoded:
            rows = [row for batch in read_batches(sidecar) for row in batch.to_pylist()]
            assert len(np.load(uri)) == sum(row["token_count"] for row in rows if row["uri"])
        found = []
        for first in range(0, n_tokens, max_tokens):
            with NpyWriter(folder / "cut.npy", tokenizer.dtype) as shard:
                places = [
                    row for batch in cut_documents(encoded, first, max_tokens, shard) for row in batch.to_pylist()
                ]
            ids = np.load(folder / "cut.npy").tolist()
            found.append([ids[row["first_token"] : row["first_token"] + row["token_count"]] for row in places])
        return found

    with TemporaryDirectory() as folder:
        whole, less = cut(Path(folder), ()), cut(Path(folder), taken)
    gone = [ids_of[text] for text in taken]
    assert less == [[document for document in shard if document not in gone] for shard in whole]
