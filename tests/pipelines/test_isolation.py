"""A record that crashes its parser costs only that record, in a real child process."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import manyo.pipelines.extraction.isolation as isolation
from manyo.corpus.records import InputFile, InputShard, Record, Refused
from manyo.corpus.sources import warc
from manyo.corpus.sources.source_kinds import Source
from manyo.corpus.tables.shards import read_batches
from manyo.filters.rights import Rights
from manyo.pipelines.extraction.loop import Extraction, Patience, _parse_in_a_fork
from manyo.pipelines.extraction.whole_pages import PagePlace
from tests.pipelines import hostile_source

#: The child looks sources up by kind; this makes it know the hostile one.
SITECUSTOMIZE = """
import manyo.corpus.sources.source_kinds
from tests.pipelines import hostile_source
manyo.corpus.sources.source_kinds.KINDS["hostile"] = hostile_source

import os, signal, time
from manyo.pipelines.extraction import whole_pages
whole = whole_pages.visible_text
def hostile(text, *more):
    if "crash" in text: os.kill(os.getpid(), signal.SIGSEGV)
    if "hang" in text: time.sleep(600)
    if "hoard" in text: bytearray(100 << 30)
    return whole(text, *more)
whole_pages.visible_text = hostile
"""


@pytest.fixture(autouse=True)
def child_with_a_hostile_source(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path_factory.mktemp("site")
    (folder / "sitecustomize.py").write_text(SITECUSTOMIZE, encoding="utf-8")
    root = Path(__file__).parents[2]
    monkeypatch.setenv("PYTHONPATH", f"{folder}:{root}")
    isolation._end_worker()
    yield
    isolation._end_worker()


def extract(tmp_path: Path, lines: list[str], timeout_s: float = 60) -> tuple[dict[str, int], dict[int, str]]:
    """Returns the counts, and for each line its text, or the reason and detail of its refusal."""
    path = tmp_path / "lines.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    extraction = Extraction(
        source=Source("test", "hostile", (str(path),), "web", "ours", hostile_source.Options()),
        shard=InputShard("test/lines", (InputFile(str(path), path.stat().st_size, ""),)),
        documents_uri=str(tmp_path / "documents.parquet"),
        refused_uri=str(tmp_path / "refused.parquet"),
        ocr_queue_uri=str(tmp_path / "ocr_queue.parquet"),
        careful=False,
        record_timeout_s=timeout_s,
    )
    counts = isolation.extract_isolated(extraction)
    return counts, dict(fates(extraction))


def extract_files(tmp_path: Path, files: list[list[str]], timeout_s: float = 60) -> tuple[dict[str, int], set[str]]:
    """As `extract`, for a shard of several files; each line is reported as `file:line text-or-reason`."""
    inputs = []
    for number, lines in enumerate(files):
        path = tmp_path / f"{number}.txt"
        path.write_text("\n".join(lines), encoding="utf-8")
        inputs.append(InputFile(str(path), path.stat().st_size, ""))
    extraction = Extraction(
        source=Source("test", "hostile", (), "web", "ours", hostile_source.Options()),
        shard=InputShard("test/files", tuple(inputs)),
        documents_uri=str(tmp_path / "documents.parquet"),
        refused_uri=str(tmp_path / "refused.parquet"),
        ocr_queue_uri=str(tmp_path / "ocr_queue.parquet"),
        careful=False,
        record_timeout_s=timeout_s,
    )
    counts = isolation.extract_isolated(extraction)
    rows = [
        row
        for table in ("documents", "refused")
        for batch in read_batches(str(tmp_path / f"{table}.parquet"))
        for row in batch.to_pylist()
    ]
    return counts, {
        f"{Path(row['origin_file']).stem}:{row['origin_offset']} {row.get('text') or row['reason']}" for row in rows
    }


def fates(extraction: Extraction) -> Iterator[tuple[int, str]]:
    for batch in read_batches(extraction.documents_uri):
        for row in batch.to_pylist():
            yield row["origin_offset"], row["text"]
    for batch in read_batches(extraction.refused_uri):
        for row in batch.to_pylist():
            yield row["origin_offset"], f"{row['reason']}: {row['detail']}"


def test_a_segfault_quarantines_its_record_and_keeps_the_other_records(tmp_path: Path) -> None:
    counts, fate = extract(tmp_path, ["春はあけぼの", "segfault", "夏は夜", "segfault", "秋は夕暮れ"])
    assert fate == {
        0: "春はあけぼの",
        1: "quarantined: the parser ended with SIGSEGV",
        2: "夏は夜",
        3: "quarantined: the parser ended with SIGSEGV",
        4: "秋は夕暮れ",
    }
    assert counts["quarantined"] == 2


def test_a_hang_quarantines_its_record(tmp_path: Path) -> None:
    _, fate = extract(tmp_path, ["春はあけぼの", "hang", "夏は夜"], timeout_s=1)
    assert fate == {0: "春はあけぼの", 1: "quarantined: the parser was still busy after 1 s", 2: "夏は夜"}


def test_exhausting_memory_refuses_the_record(tmp_path: Path) -> None:
    _, fate = extract(tmp_path, ["春はあけぼの", "exhaust memory", "夏は夜"])
    assert fate == {0: "春はあけぼの", 1: "parser_failed: MemoryError: ", 2: "夏は夜"}


def test_an_error_of_the_parser_is_a_refused_row_with_the_error(tmp_path: Path) -> None:
    _, fate = extract(tmp_path, ["raise", "夏は夜"])
    assert fate == {0: "parser_failed: ValueError: this record cannot be parsed", 1: "夏は夜"}


def test_every_record_is_accounted_for(tmp_path: Path) -> None:
    counts, fate = extract(tmp_path, ["春", "", "segfault", "raise", "夏", "", "秋"])
    assert len(fate) == counts["records"] == 7
    assert counts["documents"] + counts["refused"] + counts["quarantined"] == 7


def test_careful_mode_gives_the_same_bytes_as_full_speed(tmp_path: Path) -> None:
    """The segfault sends its shard through careful mode; a run without it must give the same rows."""
    lines = ["春はあけぼの", "夏は夜", "", "秋は夕暮れ"]
    (tmp_path / "calm").mkdir()
    (tmp_path / "wild").mkdir()
    _, calm = extract(tmp_path / "calm", lines)
    _, wild = extract(tmp_path / "wild", [*lines, "segfault"])
    assert {number: wild[number] for number in calm} == calm


def test_the_child_serves_shard_after_shard(tmp_path: Path) -> None:
    extract(tmp_path, ["春"])
    first = isolation._current_worker()
    extract(tmp_path, ["夏"])
    assert isolation._current_worker() is first


def test_a_reader_that_crashes_ends_its_file_at_that_place_and_the_other_files_are_read(tmp_path: Path) -> None:
    files = [["春", "夏"], ["秋", "冬", "the reader segfaults", "never read"], ["朝", "昼", "夜"]]
    counts, fate = extract_files(tmp_path, files)
    assert fate == {"0:0 春", "0:1 夏", "1:0 秋", "1:1 冬", "1:1 reader_crashed", "2:0 朝", "2:1 昼", "2:2 夜"}
    assert counts["records"] == counts["documents"] + counts["refused"]


def test_readers_that_crash_in_several_files_or_at_the_start_of_one_end_only_those_files(tmp_path: Path) -> None:
    files = [["the reader segfaults"], ["春", "the reader hangs"], ["segfault"], ["", "", "冬"]]
    _, fate = extract_files(tmp_path, files, timeout_s=0.5)
    assert {line for line in fate if "reader" in line} == {"0:0 reader_crashed", "1:0 reader_crashed"}
    assert "1:0 春" in fate
    assert "2:0 quarantined" in fate
    assert "3:2 冬" in fate


def test_a_child_that_is_killed_once_costs_no_record(tmp_path: Path) -> None:
    """One loss proves nothing: a file ends only after two losses at the same place."""
    isolation._current_worker()._child.kill()
    _, fate = extract_files(tmp_path, [["春", "夏"]])
    assert fate == {"0:0 春", "0:1 夏"}


def test_after_the_patience_is_spent_a_hanging_record_has_one_short_try() -> None:
    patience = Patience(60.0)
    for _ in range(11):
        patience.spend(60.0)
    assert (patience.limit_s, patience.tries) == (1.0, 1)
    patience.limit_s = 0.05
    started = time.monotonic()
    refused = _parse_in_a_fork(
        hostile_source, Record("lines", 0, "lines:0", "hang"), hostile_source.Options(), patience
    )
    assert time.monotonic() - started < 30
    assert isinstance(refused, Refused)
    assert refused.reason == "quarantined"
    assert refused.detail.endswith("when the patience with its shard was spent")


@given(st.lists(st.floats(0, 60), max_size=200))
def test_slow_records_cost_a_shard_its_patience_and_a_short_while_each(wanted_s: list[float]) -> None:
    patience = Patience(60.0)
    total_s = 0.0
    for seconds in wanted_s:
        spent_s = min(seconds, patience.limit_s)
        total_s += spent_s
        patience.spend(spent_s)
    assert total_s <= 10 * 60 + 60 + len(wanted_s) * 1.0


@pytest.mark.parametrize("harm", ["crash", "hang", "hoard"])
def test_a_page_that_is_read_again_harms_nobody(tmp_path: Path, harm: str) -> None:
    path = tmp_path / "pages.warc"
    offsets = []
    with path.open("wb") as stream:
        for word in ("朝霧が谷に降りる。", harm, "夕霧が谷に降りる。"):
            offsets.append(stream.tell())
            page = f"<html><meta charset=utf-8><p>{word}</p></html>".encode()
            payload = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + page
            head = "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://example.jp/\r\n"
            head += f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(payload)}\r\n\r\n"
            stream.write(head.encode() + payload + b"\r\n\r\n")
    source = Source("web", "warc", (str(path),), "web", "ours", warc.Options())
    places = [PagePlace(source, Rights(), str(path), offset) for offset in offsets]
    pages = [isolation.read_page_isolated(place, limit_s) for place, limit_s in zip(places, (60, 2, 60), strict=True)]
    assert [page and page.text for page in pages] == ["朝霧が谷に降りる。", None, "夕霧が谷に降りる。"]
    child = isolation._worker
    assert isolation.read_page_isolated(replace(places[0], origin_file=str(tmp_path / "gone.warc")), 60) is None
    assert isolation._worker is child, "a page that cannot be shown is no crash"
