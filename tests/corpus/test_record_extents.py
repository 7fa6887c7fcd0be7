"""Where a record ends is read from its archive, and is what the index of the crawl says."""

from __future__ import annotations

import gzip
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.records import InputFile
from manyo.corpus.sources.record_extents import Extent, indexed_extents, read_extents
from tests.corpus.test_commoncrawl import crawl, member, options, write_index
from tests.corpus.test_warc import HTML, http

LIMIT = 16 << 20


def places(rows: list[dict[str, object]]) -> dict[str, list[dict[str, object]]]:
    by_archive: dict[str, list[dict[str, object]]] = {}
    for row in rows:
        by_archive.setdefault(str(row["warc_filename"]), []).append(row)
    return by_archive


def test_extents_that_are_read_are_those_of_the_index(tmp_path: Path) -> None:
    rows = crawl(tmp_path)
    prefix = f"{tmp_path}/"
    index = write_index(tmp_path, rows)
    everything = options(prefix, unknown="all", languages=("jpn", "eng"))
    known = indexed_extents([InputFile(str(index), 1, "1")], everything)
    assert len(known) == len(rows)
    for archive, of_archive in places(rows).items():
        asked = [(int(str(row["warc_record_offset"])), str(row["url"])) for row in of_archive]
        found = list(read_extents(prefix + archive, asked, LIMIT))
        assert found == [Extent(int(str(row["warc_record_length"])), str(row["content_digest"])) for row in of_archive]
        assert found == [known[prefix + archive, offset] for offset, _ in asked]


@settings(deadline=None, max_examples=20)
@given(sizes=st.lists(st.integers(0, 300_000), min_size=1, max_size=4), seed=st.integers(0, 2**32))
def test_a_record_of_any_length_is_measured_exactly(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], seed: int
) -> None:
    archive = bytearray()
    starts = []
    drawn = Random(seed)
    for number, size in enumerate(sizes):
        # Digits do not compress below the first bytes that are read.
        body = HTML + drawn.randbytes(size)
        starts.append(len(archive))
        archive += member("response", f"http://example.com/{number}", http(body), number)
    path = tmp_path_factory.mktemp("extents") / "one.warc.gz"
    path.write_bytes(archive)
    asked = [(start, f"http://example.com/{number}") for number, start in enumerate(starts)]
    lengths = [extent and extent.length for extent in read_extents(str(path), asked, LIMIT)]
    assert lengths == [stop - start for start, stop in zip(starts, [*starts[1:], len(archive)], strict=True)]


def test_a_page_that_is_not_where_it_was_has_no_extent(tmp_path: Path) -> None:
    rows = crawl(tmp_path, n_archives=1)
    path = f"{tmp_path}/{rows[0]['warc_filename']}"
    offset = int(str(rows[0]["warc_record_offset"]))
    assert list(
        read_extents(path, [(offset, "http://elsewhere.example/"), (offset + 1, str(rows[0]["url"]))], LIMIT)
    ) == [
        None,
        None,
    ]
    assert list(read_extents(f"{tmp_path}/gone.warc.gz", [(0, "http://example.com/")], LIMIT)) == [None]


def test_an_archive_without_compression_is_measured_too(tmp_path: Path) -> None:
    first, second = (gzip.decompress(member("response", f"http://e.com/{n}", http(HTML), n)) for n in range(2))
    path = tmp_path / "plain.warc"
    path.write_bytes(first + second)
    found = list(read_extents(str(path), [(0, "http://e.com/0"), (len(first), "http://e.com/1")], LIMIT))
    assert [extent and extent.length for extent in found] == [len(first), len(second)]
