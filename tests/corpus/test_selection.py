"""A selection holds the rows of its index files, archive by archive, and gives the same records."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.records import BrokenInput, InputFile, InputShard, Record
from manyo.corpus.sources import commoncrawl, selection
from manyo.corpus.sources.index_rows import Rule
from manyo.corpus.sources.seen_digests import SeenDigests, read_seen
from manyo.corpus.sources.selection import BrokenIndex, pack
from manyo.corpus.tables import retries
from manyo.corpus.tables.retries import Patience
from manyo.corpus.tables.shards import filesystem
from manyo.pipelines.cli import main
from tests.corpus.test_commoncrawl import ARCHIVE, INDEX, crawl, options, write_index
from tests.faulty_server import Faults, proxy, s3_clients, s3_server


def parts(root: Path, n_parts: int) -> list[InputFile]:
    """A crawl whose index is in several files, each with rows of every archive."""
    rows = crawl(root, n_pages=40, n_archives=5)
    files = []
    for number in range(n_parts):
        path = write_index(root, rows[number::n_parts])
        path = path.rename(path.with_name(f"part-{number:05d}.parquet"))
        files.append(InputFile(str(path), path.stat().st_size, "1"))
    return files


def records_of(files: list[InputFile], prefix: str) -> list[Record]:
    found = []
    for file in files:
        for record in commoncrawl.records(InputShard("x", (file,)), options(prefix, gap_bytes=1 << 20)):
            assert isinstance(record, Record)
            found.append(record)
    return found


def written(folder: Path) -> list[InputFile]:
    return [InputFile(str(path), path.stat().st_size, "1") for path in sorted(folder.glob("*.parquet"))]


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 4), st.sampled_from((1, 900, 3000, 10**9)), st.sampled_from((1, 8, 10**9)))
def test_a_selection_gives_the_records_of_its_index_whatever_the_sizes(
    tmp_path_factory: pytest.TempPathFactory, n_parts: int, target_bytes: int, rows_at_once: int
) -> None:
    root = tmp_path_factory.mktemp("c")
    files = parts(root, n_parts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(selection, "_ROWS_AT_ONCE", rows_at_once)
        packed = pack(files, Rule(), str(root / "packed"), target_bytes)
    found = written(root / "packed")
    assert len(found) == len(packed.sizes)
    by_index = sorted(records_of(files, f"{root}/"), key=lambda one: (one.origin_file, one.origin_offset))
    assert records_of(found, f"{root}/") == by_index
    archives = [set(pq.read_table(file.uri)["warc_filename"].to_pylist()) for file in found]
    assert all(max(before) < min(after) for before, after in pairwise(archives))
    assert all(size >= target_bytes for size in packed.sizes[:-1])
    assert packed.counts["rows"] == 40


@settings(max_examples=15, deadline=None)
@given(st.sets(st.integers(0, 11)))
def test_a_selection_leaves_out_and_counts_what_an_earlier_one_had_with_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, earlier: set[int]
) -> None:
    root = tmp_path_factory.mktemp("c")
    rows = crawl(root)
    rows[0]["content_digest"] = rows[3]["content_digest"] = None
    digests = pa.table(
        {"content_digest": pa.array([rows[at]["content_digest"] for at in sorted(earlier)], pa.string())}
    )
    pq.write_table(digests, root / "earlier.parquet")
    file = InputFile(str(write_index(root, rows)), 1, "1")
    seen = read_seen([InputFile(str(root / "earlier.parquet"), 1, "1")])
    packed = pack([file], Rule(), str(root / "packed"), 10**9, seen)
    left = {(row["warc_filename"], row["warc_record_offset"]) for row in rows_in(root / "packed")}
    japanese = [at for at, row in enumerate(rows) if row["content_languages"] == "jpn,eng"]
    gone = [at for at in japanese if at in earlier and rows[at]["content_digest"]]
    assert left == {(rows[at]["warc_filename"], rows[at]["warc_record_offset"]) for at in japanese if at not in gone}
    assert packed.counts["seen"] == len(gone)


def rows_in(folder: Path) -> list[dict[str, object]]:
    return [row for path in folder.glob("*.parquet") for row in pq.read_table(path).to_pylist()]


@given(st.lists(st.text("ABC234567", min_size=30, max_size=34) | st.none(), max_size=30), st.integers(0, 30))
def test_a_digest_is_seen_if_and_only_if_it_was_and_is_one(digests: list[str | None], cut: int) -> None:
    column = pa.chunked_array([pa.array(digests[:cut], pa.string()), pa.array(digests[cut:], pa.string())])
    earlier = set(digests[::2])
    seen = SeenDigests([pa.chunked_array([pa.array(digests[::2], pa.string())])])
    assert seen.has(column).tolist() == [one in earlier and one is not None and len(one) == 32 for one in digests]


def test_rows_without_an_archive_stay_in_the_selection_and_are_named(tmp_path: Path) -> None:
    rows = crawl(tmp_path)
    rows[0] |= {"warc_filename": None}
    path = write_index(tmp_path, rows)
    pack([InputFile(str(path), 1, "1")], Rule(), str(tmp_path / "packed"), 1)
    (bad,) = [one for one in records_of(written(tmp_path / "packed"), f"{tmp_path}/") if "@" in one.key]
    assert bad.payload.reason == "bad_place"
    assert bad.payload.uri == rows[0]["url"]


def test_a_selection_by_another_rule_is_refused_with_the_keys_that_differ(tmp_path: Path) -> None:
    pack([InputFile(str(write_index(tmp_path, crawl(tmp_path))), 1, "1")], Rule(), str(tmp_path / "packed"), 10**9)
    shard = InputShard("x", tuple(written(tmp_path / "packed")))
    (refused,) = commoncrawl.records(shard, options(f"{tmp_path}/", unknown="all"))
    assert isinstance(refused, BrokenInput)
    assert refused.refused.reason == "broken_index"
    assert refused.refused.detail == 'selected by unknown = "hosts", not "all": run `manyo select` again'


def test_an_index_file_that_cannot_be_read_ends_a_selection(tmp_path: Path) -> None:
    files = parts(tmp_path, 2)
    Path(files[1].uri).write_bytes(b"PAR1")
    with pytest.raises(BrokenIndex, match="part-00001"):
        pack(files, Rule(), str(tmp_path / "packed"), 10**9)
    assert not (tmp_path / "packed").exists()


def test_the_command_writes_a_folder_for_each_crawl_and_does_not_mix_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_index(tmp_path, crawl(tmp_path))
    config = tmp_path / "run.toml"
    config.write_text(
        f"""
[run]
out = "{tmp_path}/out"
[[source]]
name = "crawl"
kind = "commoncrawl"
inputs = ["{tmp_path}/{INDEX}"]
paths_prefix = "{tmp_path}/"
profile = "web"
licence = "unknown"
[tokenize]
model = "none.model"
""",
        encoding="utf-8",
    )
    arguments = ["select", "--config", str(config), "--to", str(tmp_path / "to")]
    assert main(arguments) == 0
    assert "crawl: 12 rows of 1 index files: language 8, language_other 4" in capsys.readouterr().out
    (file,) = written(tmp_path / "to/crawl")
    assert {one.origin_file for one in records_of([file], f"{tmp_path}/")} == {
        f"{tmp_path}/{ARCHIVE.format(number)}" for number in range(2)
    }
    assert main(arguments) == 2
    assert "holds files already" in capsys.readouterr().err
    again = ["select", "--config", str(config), "--to", str(tmp_path / "next"), "--seen", str(tmp_path / "to/crawl")]
    assert main(again) == 0
    assert "seen 8" in capsys.readouterr().out
    assert main([*again[:-1], str(tmp_path / "nothing")]) == 2
    assert "nothing" in capsys.readouterr().err


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_selection_on_an_object_store_that_fails_one_request_in_twenty_gives_the_same_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("s3fs", reason="the extra s3 is not installed")
    pytest.importorskip("moto.server", reason="moto is not installed: no S3 server to test with")
    patience = Patience(attempts=12, wait_s=0.002, throttled_wait_s=0.005, longest_wait_s=0.02, silence_timeout_s=0.5)
    monkeypatch.setattr(retries, "PATIENCE", patience)
    files = parts(tmp_path, 2)
    by_index = sorted(records_of(files, f"{tmp_path}/"), key=lambda one: (one.origin_file, one.origin_offset))
    faults = Faults()
    with s3_server() as port, proxy(port, faults) as url, s3_clients(url, monkeypatch, "crawl"):
        fs, path = filesystem("s3://crawl/packed")
        for local in (local for local in tmp_path.rglob("*") if local.is_file()):
            fs.put_file(str(local), f"crawl/{local.relative_to(tmp_path)}", lambda: None)
        faults.unavailable = faults.cut = 0.025
        index = [InputFile(file.uri.replace(str(tmp_path), "s3://crawl"), 1, "1") for file in files]
        pack(index, Rule(), "s3://crawl/packed", 900)
        packed = [InputFile(f"s3://{name}", 1, "1") for name in sorted(fs.find(path))]
        found = records_of(packed, "s3://crawl/")
    assert len(packed) > 1
    assert faults.injected.total() > 0
    assert [one._replace(origin_file=one.origin_file.replace("s3://crawl", str(tmp_path))) for one in found] == by_index
