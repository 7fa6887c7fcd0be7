"""A remote file is read ahead over what is wanted of it, and over nothing else."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.tables import range_reader
from manyo.corpus.tables.range_reader import RangeReader
from manyo.corpus.tables.shards import read_batches, read_columns, read_rows, write_shard
from tests.faulty_server import Request, s3_clients, s3_server

CONTENT = bytes(os.urandom(5000))
places = st.tuples(st.integers(0, 5000), st.integers(0, 5000)).map(lambda pair: (min(pair), max(pair)))


@settings(max_examples=200)
@given(st.lists(places, max_size=6), st.lists(places, max_size=8), st.integers(1, 1500), st.integers(0, 400))
def test_what_is_wanted_changes_no_byte_that_is_read(
    wanted: list[tuple[int, int]], read: list[tuple[int, int]], buffer_bytes: int, gap: int
) -> None:
    before, range_reader.GAP_BYTES = range_reader.GAP_BYTES, gap
    try:
        raw = RangeReader(lambda start, end: CONTENT[start:end], len(CONTENT), 700)
        raw.want(wanted)
        stream = io.BufferedReader(raw, buffer_bytes)
        for start, end in read:
            stream.seek(start)
            assert stream.read(end - start) == CONTENT[start:end]
    finally:
        range_reader.GAP_BYTES = before


@settings(max_examples=200)
@given(st.lists(places.filter(lambda place: place[0] < place[1]), min_size=1, max_size=6), st.integers(0, 400))
def test_wanted_ranges_are_read_once_with_no_more_than_the_gaps_between_them(
    wanted: list[tuple[int, int]], gap: int
) -> None:
    before, range_reader.GAP_BYTES = range_reader.GAP_BYTES, gap
    try:
        asked: list[int] = []

        def read(start: int, end: int) -> bytes:
            asked.extend(range(start, end))
            return CONTENT[start:end]

        raw = RangeReader(read, len(CONTENT), 700)
        raw.want(wanted)
        stream = io.BufferedReader(raw, 10_000)
        for start, end in sorted(wanted):
            stream.seek(start)
            assert stream.read(end - start) == CONTENT[start:end]
    finally:
        range_reader.GAP_BYTES = before
    needed = {at for start, end in wanted for at in range(start, end)}
    assert needed <= set(asked)
    for at in set(asked) - needed:
        around = [
            min((abs(at - one) for one in needed if (one < at) == is_before), default=9999)
            for is_before in (True, False)
        ]
        assert sum(around) <= gap + 1, "a byte that nobody wants lies in a gap"


def test_narrow_columns_of_a_wide_table_are_read_without_the_text_between_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(range_reader, "GAP_BYTES", 1 << 14)
    n_rows, texts = 300, [os.urandom(2000).hex() for _ in range(300)]
    table = pa.RecordBatch.from_pydict({"a": range(n_rows), "text": texts, "z": range(n_rows)})
    requests: list[Request] = []
    with s3_server(requests) as port, s3_clients(f"http://127.0.0.1:{port}", monkeypatch, "corpus"):
        uri = "s3://corpus/wide/0.parquet"
        write_shard(uri, table.schema, [table.slice(at, 100) for at in range(0, n_rows, 100)])
        for read in (
            lambda: pa.Table.from_batches(read_batches(uri, ["a", "z"])).to_pydict(),
            lambda: read_columns(uri, ["a", "z"]).to_pydict(),
        ):
            requests.clear()
            assert read() == {"a": [*range(n_rows)], "z": [*range(n_rows)]}
            ranges = [one.removeprefix("bytes=").split("-") for method, _, one in requests if method == "GET"]
            # The end of a file is asked for without knowing where that begins.
            n_bytes = sum(int(last) - int(first) + 1 if first else int(last) for first, last in ranges)
            assert n_bytes < 700_000, "of 1.2 MB of text no more than the rest of its blocks of 64 KiB"
        assert read_rows(uri, [0, 299], ["text"]) == [{"text": texts[0]}, {"text": texts[299]}]
