"""`manyo verify` reports every planted fault with its file, and nothing in an undamaged run."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from manyo.pipelines.cli import main
from manyo.pipelines.engine.manifest import describe_output
from manyo.pipelines.engine.sealed_json import open_json, seal_json
from manyo.pipelines.graph.config import load_config
from manyo.pipelines.run import table_folder
from manyo.tokenizer.reader import TokenShard
from tests.conftest import FinishedRun


@dataclass(frozen=True)
class TokenRun:
    """A finished run with several small token shards for the source `web`."""

    config: Path
    out: Path

    def folder(self, table: str) -> Path:
        return Path(table_folder(load_config(str(self.config), str(self.out)), table))

    def ids(self, number: int = 1) -> Path:
        """The file of a shard's ids."""
        (path,) = [
            path for ending in ("npy", "bin") for path in self.folder("tokens").glob(f"web-{number:05d}*.{ending}")
        ]
        return path

    def idx(self, number: int = 1) -> Path:
        return self.ids(number).with_suffix(".idx")

    def sidecar(self, number: int = 1) -> Path:
        return self.folder("provenance") / f"web-{number:05d}.parquet"

    def verify(self, capsys: pytest.CaptureFixture[str], sample: int = 20) -> tuple[int, list[str]]:
        """Exit status, and the lines of the faults."""
        capsys.readouterr()
        arguments = ["verify", "--config", str(self.config), "--out", str(self.out), "--sample", str(sample)]
        status = main(arguments)
        *faults, summary = capsys.readouterr().out.splitlines()
        assert summary.endswith(f"{len(faults) or 'no'} faults")
        return status, faults


@pytest.fixture(scope="module", params=["megatron", "npy"])
def finished(
    request: pytest.FixtureRequest, demo_run: FinishedRun, tmp_path_factory: pytest.TempPathFactory
) -> TokenRun:
    """The demo with shards of 4000 tokens, in either format; the flat arrays are shuffled."""
    folder = tmp_path_factory.mktemp("tokens")
    shuffle = "shuffle = { seed = 1, parts = 2 }\n" if request.param == "npy" else ""
    tables = f'[tokenize]\nshard_tokens = 4000\nformat = "{request.param}"\n{shuffle}\n[tokenize.train]'
    config = folder / "config.toml"
    config.write_text(demo_run.config.read_text("utf-8").replace("[tokenize.train]", tables), encoding="utf-8")
    shutil.copytree(demo_run.out, folder / "out")
    command = ["run", "--config", str(config), "--out", str(folder / "out"), "--executor", "serial"]
    assert main([*command, "--until", "tokenize"]) == 0
    return TokenRun(config, folder / "out")


@pytest.fixture
def run(finished: TokenRun, tmp_path: Path) -> TokenRun:
    """A copy of a sound run, to damage."""
    return TokenRun(finished.config, Path(shutil.copytree(finished.out, tmp_path / "out")))


def swap(first: Path, second: Path) -> None:
    kept = first.read_bytes()
    shutil.copy(second, first)
    second.write_bytes(kept)


def flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def test_an_undamaged_run_has_no_faults(finished: TokenRun, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(list(finished.folder("provenance").glob("web-*.parquet"))) > 5
    for sample in (0, 20, 10**9):
        assert finished.verify(capsys, sample) == (0, [])


def test_a_changed_byte_is_reported_with_its_position(run: TokenRun, capsys: pytest.CaptureFixture[str]) -> None:
    # Low byte of a token in the middle of a document: another id of the vocabulary, so nothing else is wrong.
    at = (run.ids().stat().st_size // 4) * 2
    flip(run.ids(), at)
    status, [fault] = run.verify(capsys, sample=0)
    assert status == 1
    assert re.fullmatch(rf"{run.ids()}: byte {at}: document \d+: its tokens are not its text's", fault)


@pytest.mark.parametrize("keep", [0, 50, -1])
@pytest.mark.parametrize("file", [TokenRun.ids, TokenRun.idx, TokenRun.sidecar])
def test_a_truncated_file_is_reported_with_its_new_end(
    run: TokenRun, capsys: pytest.CaptureFixture[str], file: Callable[[TokenRun], Path], keep: int
) -> None:
    path = file(run)
    if not path.exists():
        pytest.skip("a flat array has no index")
    whole = path.read_bytes()
    path.write_bytes(whole[:keep])
    _, [fault] = run.verify(capsys, sample=0)
    cut = len(whole[:keep])
    assert fault == f"{path}: byte {cut}: has {cut} bytes, its manifest says {len(whole)}"


def test_a_wrong_pointer_is_reported_with_its_position(run: TokenRun, capsys: pytest.CaptureFixture[str]) -> None:
    if not run.idx().exists():
        pytest.skip("a flat array has no pointers")
    n_documents = len(TokenShard.open(str(run.ids()).removesuffix(".bin")))
    at = 34 + 4 * n_documents + 8
    flip(run.idx(), at)
    _, [fault] = run.verify(capsys)
    assert f"{run.idx()}: byte {at}: document 1 is at" in fault


def test_both_of_two_swapped_shards_are_reported(run: TokenRun, capsys: pytest.CaptureFixture[str]) -> None:
    for file in (TokenRun.ids, TokenRun.idx, TokenRun.sidecar):
        if file(run, 1).exists():
            swap(file(run, 1), file(run, 2))
    status, faults = run.verify(capsys)
    assert status == 1
    for path in (run.ids(1), run.ids(2), run.sidecar(1), run.sidecar(2)):
        assert any(str(path) in fault for fault in faults)
    assert not any("web-00003" in fault for fault in faults)


def edit_sidecar(path: Path, column: str, change: Callable[[list[object]], list[object]]) -> None:
    """Rewrite a column with another Parquet file of whatever size."""
    table = pq.read_table(path)
    number = table.schema.get_field_index(column)
    field = table.schema.field(number)
    values = pa.array(change(table.column(column).to_pylist()), field.type)
    pq.write_table(table.set_column(number, field, values), path, compression="zstd")


@pytest.mark.parametrize("column", ["token_count", "first_token", "doc_id", "uri"])
def test_an_edited_sidecar_is_reported(run: TokenRun, capsys: pytest.CaptureFixture[str], column: str) -> None:
    def change(values: list[object]) -> list[object]:
        return [values[1], values[0], *values[2:]]

    edit_sidecar(run.sidecar(), column, change)
    status, faults = run.verify(capsys)
    assert status == 1
    assert any(str(run.sidecar()) in fault for fault in faults)
    assert all("web-00001" in fault for fault in faults)


def test_a_manifest_with_wrong_counts_is_reported(run: TokenRun, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = run.folder("tokens").parent / "manifests" / "web-00001.json"
    values = open_json(manifest.read_bytes())
    values["counts"]["documents"] += 1
    manifest.write_text(seal_json(values), "utf-8")
    _, faults = run.verify(capsys)
    assert any("documents, the release holds" in fault for fault in faults)
    assert any("documents, its manifest says" in fault and str(run.ids()) in fault for fault in faults)


def test_a_missing_file_and_an_unlisted_file_are_reported(run: TokenRun, capsys: pytest.CaptureFixture[str]) -> None:
    run.ids().rename(run.ids().with_name("web-99999.bin"))
    strange = run.folder("tokens") / "web-99999.bin"
    _, faults = run.verify(capsys, sample=0)
    assert len(faults) == 2
    assert faults[0] == f"{strange}: file: no manifest lists this file"
    assert faults[1].endswith("there is no such file")


def test_a_shard_without_manifest_and_files_is_reported_by_its_documents(
    run: TokenRun, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = run.folder("tokens").parent / "manifests" / "web-00001.json"
    for path in (run.idx(), run.sidecar(), run.ids(), manifest):
        path.unlink(missing_ok=True)
    status, [few, missing] = run.verify(capsys, sample=10**9)
    assert status == 1
    assert "documents, the release holds" in few
    assert "is in no token shard, nor are" in missing


def test_a_damaged_manifest_is_reported(run: TokenRun, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = run.folder("tokens").parent / "manifests" / "web-00001.json"
    manifest.write_text("{", encoding="utf-8")
    _, faults = run.verify(capsys, sample=0)
    assert re.fullmatch(rf"{manifest}: file: is not a manifest \(.*\)", faults[0])


def test_a_tokenizer_with_permuted_ids_is_found_by_the_sample(
    run: TokenRun, capsys: pytest.CaptureFixture[str]
) -> None:
    """A shard whose manifest was made after the damage: only its texts can tell."""
    at = (run.ids().stat().st_size // 4) * 2
    flip(run.ids(), at)
    manifest = run.folder("tokens").parent / "manifests" / "web-00001.json"
    found = describe_output(str(manifest.parent.parent), str(run.ids()))
    values = open_json(manifest.read_bytes())
    (ids,) = [output for output in values["outputs"] if output["path"] == f"tokens/{run.ids().name}"]
    ids["digest"] = found.digest
    manifest.write_text(seal_json(values), encoding="utf-8")
    status, [fault] = run.verify(capsys, sample=10**9)
    assert (status, f"{run.ids()}: byte {at}: document" in fault) == (1, True)


def test_without_token_shards_there_is_one_line(
    finished: TokenRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", "--config", str(finished.config), "--out", str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("manyo: ")


def test_shuffled_flat_arrays_hold_the_tokens_of_the_run(finished: TokenRun, demo_run: FinishedRun) -> None:
    """Whatever the format, size and order of shards: the same documents with the same tokens."""

    def documents(run: TokenRun, npy: bool) -> dict[bytes, list[int]]:
        found = {}
        for sidecar in sorted(run.folder("provenance").glob("*.parquet")):
            tokens = run.folder("tokens") / sidecar.stem
            shard = (
                TokenShard.open_npy(f"{tokens}.npy", str(sidecar))
                if npy
                else TokenShard.open(f"{tokens}_text_document")
            )
            for row, doc_id in enumerate(pq.read_table(sidecar).column("doc_id").to_pylist()):
                found[doc_id] = shard.document(row).tolist()
        return found

    whole = TokenRun(demo_run.config, demo_run.out)
    mine = documents(finished, finished.ids().suffix == ".npy")
    theirs = documents(whole, False)
    assert mine == theirs
    assert (list(mine) == list(theirs)) == (finished.ids().suffix == ".bin")
    sizes = [
        np.sum(pq.read_table(path).column("token_count"))
        for path in sorted(finished.folder("provenance").glob("web-*"))
    ]
    longest = max(map(len, mine.values()))
    assert all(abs(int(size) - 4000) < longest for size in sizes[:-1])
