"""Reading back: what was packed comes out, and no planted fault stays hidden."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.schema import PROVENANCE
from manyo.corpus.tables.shards import read_batches, write_shard
from manyo.corpus.text import Texts
from manyo.tokenizer.encode import Tokenizer
from manyo.tokenizer.pack import ENCODED_SCHEMA, MegatronWriter, NpyWriter, tokenize_batches
from manyo.tokenizer.reader import (
    TokenShard,
    TokenShardError,
    document_of_token,
    sidecar_faults,
    text_faults,
    token_faults,
)
from tests.tokenizer.conftest import SENTENCES, VOCABULARY_SIZE, release_batch
from tests.tokenizer.shards import write_token_shard


@dataclass(frozen=True)
class Packed:
    """A sound shard of SENTENCES with its sidecar."""

    folder: Path
    tokenizer: Tokenizer

    def faults(self, folder: Path) -> list[str]:
        return shard_faults(folder, self.tokenizer)


def shard_faults(folder: Path, tokenizer: Tokenizer) -> list[str]:
    try:
        shard = TokenShard.open(folder / "a")
    except TokenShardError as error:
        return [str(error)]
    found = token_faults(shard, tokenizer.vocabulary_size, tokenizer.eod_id)
    found += sidecar_faults(shard, str(folder / "a.provenance.parquet"))
    return [str(fault) for fault in found]


def pack(folder: Path, tokenizer: Tokenizer, texts: list[str], source: str = "test") -> None:
    with MegatronWriter(folder / "a.bin", folder / "a.idx", tokenizer.dtype) as shard:
        provenance = tokenize_batches([release_batch(texts, source)], tokenizer, shard)
        write_shard(str(folder / "a.provenance.parquet"), ENCODED_SCHEMA, provenance)


@pytest.fixture(scope="module")
def packed(tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> Packed:
    folder = tmp_path_factory.mktemp("packed")
    pack(folder, tokenizer, SENTENCES)
    return Packed(folder, tokenizer)


@pytest.fixture
def copy(packed: Packed, tmp_path: Path) -> Path:
    """A copy of the sound shard, to damage."""
    return Path(shutil.copytree(packed.folder, tmp_path / "copy"))


@settings(max_examples=60, deadline=None)
@given(
    documents=st.lists(st.lists(st.integers(0, 2**16 - 1), max_size=6), max_size=10),
    dtype=st.sampled_from(["uint16", "int32"]),
)
def test_documents_come_back_as_they_were_packed(documents: list[list[int]], dtype: str) -> None:
    ids = np.array([token for document in documents for token in document], dtype)
    lengths = np.array([len(document) for document in documents], np.int64)
    with TemporaryDirectory() as folder:
        prefix = Path(folder) / "a"
        write_token_shard(f"{prefix}.bin", f"{prefix}.idx", np.dtype(dtype), [(ids, lengths)])
        shard = TokenShard.open(prefix)
        assert [shard.document(row).tolist() for row in range(len(shard))] == documents
        owners = [row for row, document in enumerate(documents) for _ in document]
        assert [shard.row_of_token(position) for position in range(len(ids))] == owners


def test_every_token_maps_to_its_document_and_back(packed: Packed) -> None:
    shard = TokenShard.open(packed.folder / "a")
    sidecar = str(packed.folder / "a.provenance.parquet")
    for position in range(0, len(shard.tokens), 7):
        row = document_of_token(sidecar, position)
        assert row["uri"] == f"https://example.com/test/{shard.row_of_token(position)}"
        assert row["first_token"] <= position < row["first_token"] + row["token_count"]


def test_positions_and_documents_outside_the_shard_are_errors(packed: Packed) -> None:
    shard = TokenShard.open(packed.folder / "a")
    sidecar = str(packed.folder / "a.provenance.parquet")
    for position in (-1, len(shard.tokens)):
        with pytest.raises(IndexError, match=f"no token {position}"):
            shard.row_of_token(position)
        with pytest.raises(IndexError, match=f"no token {position}"):
            document_of_token(sidecar, position)
    with pytest.raises(IndexError, match="no document -1; there are 13"):
        shard.document(-1)


def test_a_sound_shard_has_no_faults(packed: Packed) -> None:
    assert packed.faults(packed.folder) == []


def test_a_shard_without_documents_is_sound(tokenizer: Tokenizer, tmp_path: Path) -> None:
    pack(tmp_path, tokenizer, [])
    assert shard_faults(tmp_path, tokenizer) == []


FILES = ["a.bin", "a.idx", "a.provenance.parquet"]


@settings(max_examples=100, deadline=None)
@given(name=st.sampled_from(FILES), place=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
def test_a_flipped_byte_is_found_in_an_index_and_crashes_no_reader(
    packed: Packed, name: str, place: float, flip: int
) -> None:
    with TemporaryDirectory() as folder:
        damaged = Path(shutil.copytree(packed.folder, Path(folder) / "copy"))
        content = bytearray((damaged / name).read_bytes())
        content[int(place * len(content))] ^= flip
        (damaged / name).write_bytes(content)
        faults = packed.faults(damaged)
        if name == "a.idx":  # Every byte of an index follows from the rest.
            assert faults


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("keep", [0, 20, -1])
def test_a_truncated_file_is_found(packed: Packed, copy: Path, name: str, keep: int) -> None:
    (copy / name).write_bytes((copy / name).read_bytes()[:keep])
    assert any(name in fault for fault in packed.faults(copy))


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_found(packed: Packed, copy: Path, name: str) -> None:
    (copy / name).unlink()
    assert any(name in fault for fault in packed.faults(copy))


def test_a_wrong_pointer_is_named_with_its_offset(packed: Packed, copy: Path) -> None:
    index = bytearray((copy / "a.idx").read_bytes())
    at = 34 + 4 * len(SENTENCES) + 8 * 2
    index[at] += 1
    (copy / "a.idx").write_bytes(index)
    [fault] = packed.faults(copy)
    assert f"a.idx: byte {at}: document 2 is at" in fault
    with pytest.raises(TokenShardError, match=rf"a\.idx: byte {at}: document 2 is at"):
        TokenShard.open(copy / "a")


def test_a_sidecar_of_another_shard_is_found(packed: Packed, copy: Path, tmp_path: Path) -> None:
    pack(tmp_path, packed.tokenizer, SENTENCES[::-1])
    shutil.copy(tmp_path / "a.provenance.parquet", copy)
    [fault] = packed.faults(copy)
    assert "a.provenance.parquet: row 0: says" in fault


@pytest.mark.parametrize("n_texts", [len(SENTENCES) - 1, len(SENTENCES) + 1])
def test_a_sidecar_with_another_number_of_rows_is_found(
    packed: Packed, copy: Path, tmp_path: Path, n_texts: int
) -> None:
    pack(tmp_path, packed.tokenizer, [*SENTENCES, "余分な一行。"][:n_texts])
    shutil.copy(tmp_path / "a.provenance.parquet", copy)
    assert packed.faults(copy) == [f"{copy}/a.provenance.parquet: file: {n_texts} rows, {len(SENTENCES)} documents"]


def test_tokens_are_compared_with_their_text_up_to_the_first_difference(packed: Packed) -> None:
    shard = TokenShard.open(packed.folder / "a")
    rows = np.array([3, 5])
    assert text_faults(shard, rows, Texts.from_strings([SENTENCES[3], SENTENCES[5]]), packed.tokenizer) == []
    [fault] = text_faults(shard, rows, Texts.from_strings([SENTENCES[3], SENTENCES[5] + "あ"]), packed.tokenizer)
    assert (fault.file, fault.where) == (shard.path, f"byte {2 * (int(shard.first_tokens[6]) - 1)}")
    assert "document 5" in fault.problem


def change_id(position: Callable[[TokenShard], int], value: int) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        at = position(TokenShard.open(folder / "a"))
        tokens = np.fromfile(folder / "a.bin", np.uint16)
        tokens[at] = value
        tokens.tofile(folder / "a.bin")

    return damage


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (change_id(lambda shard: 3, VOCABULARY_SIZE), "byte 6: a token id is not one of 0 to 459 (1 in the shard)"),
        (change_id(lambda shard: 3, 2), "byte 6: 2, the end-of-document mark, stands inside a document (1 in"),
        (
            change_id(lambda shard: len(shard.tokens) - 1, 9),
            "a document does not end in 2, the end-of-document mark (1",
        ),
    ],
)
def test_bad_ids_are_found(packed: Packed, copy: Path, damage: Callable[[Path], None], problem: str) -> None:
    damage(copy)
    [fault] = packed.faults(copy)
    assert problem in fault


def test_a_document_without_tokens_is_found(tokenizer: Tokenizer, tmp_path: Path) -> None:
    eod = tokenizer.eod_id
    batch = (np.array([5, eod, eod], np.uint16), np.array([2, 0, 1]))
    write_token_shard(tmp_path / "a.bin", tmp_path / "a.idx", np.dtype("uint16"), [batch])
    columns = {"first_token": [0, 2, 2], "token_count": [2, 0, 1]}
    empty = {name: [None] * 3 for name in ("doc_id", "source", "uri")}
    sidecar = str(tmp_path / "p.parquet")
    write_shard(sidecar, PROVENANCE.schema, [pa.RecordBatch.from_pydict(empty | columns, schema=PROVENANCE.schema)])
    shutil.copy(sidecar, tmp_path / "a.provenance.parquet")
    [fault] = shard_faults(tmp_path, tokenizer)
    assert fault.endswith("a.bin: byte 4: a document has no tokens, not even its end mark (1 in the shard)")


def test_faults_do_not_depend_on_the_steps_of_reading(
    packed: Packed, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_id(lambda shard: int(shard.first_tokens[5]) - 1, 9)(copy)
    change_id(lambda shard: 3, 2)(copy)
    whole = packed.faults(copy)
    for step in (1, 2, 7, 50):
        monkeypatch.setattr("manyo.tokenizer.reader._VERIFY_TOKENS", step)
        assert packed.faults(copy) == whole


def test_the_sidecar_has_the_batches_of_the_release_shard(tokenizer: Tokenizer, tmp_path: Path) -> None:
    release = release_batch(SENTENCES)
    with MegatronWriter(tmp_path / "a.bin", tmp_path / "a.idx", tokenizer.dtype) as shard:
        provenance = tokenize_batches([release.slice(0, 4), release.slice(4)], tokenizer, shard)
        write_shard(str(tmp_path / "a.parquet"), ENCODED_SCHEMA, provenance)
    assert [batch.num_rows for batch in read_batches(str(tmp_path / "a.parquet"))] == [4, 9]
    assert document_of_token(str(tmp_path / "a.parquet"), shard.counts.tokens - 1)["uri"].endswith("/12")


@pytest.fixture
def npy(tokenizer: Tokenizer, tmp_path: Path) -> tuple[Path, str]:
    """A sound `.npy` shard of SENTENCES, and its sidecar."""
    path, sidecar = tmp_path / "n.npy", str(tmp_path / "n.parquet")
    with NpyWriter(path, tokenizer.dtype) as shard:
        write_shard(sidecar, ENCODED_SCHEMA, tokenize_batches([release_batch(SENTENCES)], tokenizer, shard))
    return path, sidecar


def test_a_flat_array_has_the_tokens_of_the_megatron_shard(packed: Packed, npy: tuple[Path, str]) -> None:
    shard, megatron = TokenShard.open_npy(*npy), TokenShard.open(packed.folder / "a")
    np.testing.assert_array_equal(shard.tokens, megatron.tokens)
    np.testing.assert_array_equal(shard.first_tokens, megatron.first_tokens)
    assert token_faults(shard, packed.tokenizer.vocabulary_size, packed.tokenizer.eod_id) == []
    assert sidecar_faults(shard, npy[1]) == []


def test_a_byte_offset_in_a_flat_array_counts_its_header(tokenizer: Tokenizer, npy: tuple[Path, str]) -> None:
    content = bytearray(npy[0].read_bytes())
    at = len(content) - 2  # The last end mark.
    content[at] ^= 1
    npy[0].write_bytes(content)
    [fault] = token_faults(TokenShard.open_npy(*npy), tokenizer.vocabulary_size, tokenizer.eod_id)
    assert (fault.file, fault.where) == (str(npy[0]), f"byte {at}")


@pytest.mark.parametrize("keep", [0, 20, 128, -1])
def test_a_truncated_flat_array_is_an_error(npy: tuple[Path, str], keep: int) -> None:
    npy[0].write_bytes(npy[0].read_bytes()[:keep])
    with pytest.raises(TokenShardError, match=r"n\.npy: byte"):
        TokenShard.open_npy(*npy)


def test_a_flat_array_with_the_sidecar_of_another_is_an_error(
    packed: Packed, npy: tuple[Path, str], tmp_path: Path
) -> None:
    pack(tmp_path, packed.tokenizer, SENTENCES[:5])
    with pytest.raises(TokenShardError, match=r"a\.provenance\.parquet: file: counts \d+ tokens, n\.npy has \d+"):
        TokenShard.open_npy(npy[0], str(tmp_path / "a.provenance.parquet"))
