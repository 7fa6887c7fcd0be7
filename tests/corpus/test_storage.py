"""Remote files are read and written whole, whatever the network does, on a real S3 server and a real web server."""

from __future__ import annotations

import gzip
import os
import random
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from manyo.corpus.records import InputFile, InputShard, Record
from manyo.corpus.sources import warc
from manyo.corpus.tables import retries, storage
from manyo.corpus.tables.retries import Patience, StorageError
from manyo.corpus.tables.shards import filesystem, publish
from tests.corpus.test_warc import http, warc_record
from tests.faulty_server import Faults, proxy, s3_clients, s3_server, web_server

s3fs = pytest.importorskip("s3fs", reason="the extra s3 is not installed")
pytest.importorskip("moto.server", reason="moto is not installed: no S3 server to test with")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


@pytest.fixture(scope="module")
def s3_port() -> Iterator[int]:
    with s3_server() as port:
        yield port


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    patience = Patience(attempts=12, wait_s=0.005, throttled_wait_s=0.01, longest_wait_s=0.05, silence_timeout_s=0.5)
    monkeypatch.setattr(retries, "PATIENCE", patience)


@pytest.fixture
def faults(s3_port: int, impatient: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Faults]:
    """A bucket `corpus` behind a proxy; the test says what the proxy spoils."""
    faults = Faults()
    with proxy(s3_port, faults) as url, s3_clients(url, monkeypatch, "corpus"):
        faults.requests.clear()
        yield faults


def put(uri: str, content: bytes) -> None:
    with publish(uri) as path:
        path.write_bytes(content)


def get(uri: str) -> bytes:
    fs, path = filesystem(uri)
    with fs.open(path, "rb") as stream:
        return stream.read()


def test_a_file_comes_back_as_it_was_put(faults: Faults) -> None:
    for content in (b"", b"x", os.urandom(3 << 20)):
        put("s3://corpus/a/file.bin", content)
        assert get("s3://corpus/a/file.bin") == content


def test_a_publish_is_one_put_and_no_rename(faults: Faults) -> None:
    put("s3://corpus/one/put.bin", b"content")
    assert [request[0] for request in faults.requests] == ["PUT"]


@pytest.mark.parametrize("kind", ["unavailable", "cut", "stalled"])
def test_every_kind_of_trouble_is_survived(faults: Faults, kind: str) -> None:
    content = os.urandom(1 << 20)
    setattr(faults, kind, 0.4 if kind != "stalled" else 0.2)
    for number in range(5):
        put(f"s3://corpus/{kind}/{number}.bin", content)
        assert get(f"s3://corpus/{kind}/{number}.bin") == content
    assert faults.injected[kind] >= 2


def test_reading_goes_on_at_the_range_that_broke_off(faults: Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "READ_BYTES", 1 << 16)
    content = os.urandom(1 << 20)
    put("s3://corpus/long.bin", content)
    faults.requests.clear()
    faults.cut = 0.3
    assert get("s3://corpus/long.bin") == content
    ranges = [wanted for method, _, wanted in faults.requests if method == "GET"]
    assert len(set(ranges)) < len(ranges) < 4 * len(set(ranges)), "what broke off is asked for again, and no more"


def test_any_seek_reads_what_a_local_file_gives(
    faults: Faults, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(storage, "READ_BYTES", 1000)
    content = os.urandom(10_000)
    put("s3://corpus/seek.bin", content)
    (tmp_path / "seek.bin").write_bytes(content)
    fs, path = filesystem("s3://corpus/seek.bin")
    draw = random.Random(3)
    with fs.open(path, "rb") as remote, (tmp_path / "seek.bin").open("rb") as local:
        for _ in range(40):
            offset, whence, size = draw.randrange(12_000), draw.choice([0, 2]), draw.randrange(3000)
            offset = -min(offset, 10_000) if whence == 2 else offset
            assert remote.seek(offset, whence) == local.seek(offset, whence)
            assert remote.read(size) == local.read(size)


def test_a_large_file_goes_up_in_parts_of_which_only_the_broken_one_is_sent_again(
    faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "PART_BYTES", 5 << 20)
    content = os.urandom(21 << 20)
    faults.unavailable = faults.cut = 0.15
    put("s3://corpus/large.bin", content)
    sent = [path for method, path, _ in faults.requests if method == "PUT"]
    assert {path.partition("partNumber=")[2].partition("&")[0] for path in sent} == {"1", "2", "3", "4", "5"}
    assert 5 < len(sent) < 15
    faults.unavailable = faults.cut = 0
    assert get("s3://corpus/large.bin") == content


def test_an_upload_that_cannot_be_finished_leaves_nothing(faults: Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "PART_BYTES", 5 << 20)
    monkeypatch.setattr(retries, "PATIENCE", Patience(attempts=2, wait_s=0.01, throttled_wait_s=0.01))
    faults.unavailable = 1.0
    with pytest.raises(StorageError, match="failed 2 times, at last with"):
        put("s3://corpus/never.bin", os.urandom(11 << 20))
    faults.unavailable = 0.0
    fs, path = filesystem("s3://corpus/never.bin")
    assert not fs.exists(path)


def test_trouble_is_not_taken_for_a_file_that_is_not_there(faults: Faults) -> None:
    put("s3://corpus/there.bin", b"x")
    fs, path = filesystem("s3://corpus/there.bin")
    faults.unavailable = 1.0
    with pytest.raises(StorageError, match="failed 12 times"):
        fs.exists(path)


def test_a_missing_file_is_asked_for_once(faults: Faults) -> None:
    with pytest.raises(FileNotFoundError):
        get("s3://corpus/missing.bin")
    assert sum(method == "HEAD" for method, _, _ in faults.requests) == 1


def test_a_file_written_since_the_last_look_is_seen(faults: Faults) -> None:
    fs, path = filesystem("s3://corpus/new")
    assert fs.find(path) == {}
    put("s3://corpus/new/file.bin", b"12345")
    assert [info["size"] for info in fs.find(path).values()] == [5]


def test_many_small_files_come_whole_and_those_gone_are_left_out(faults: Faults) -> None:
    for number in range(20):
        put(f"s3://corpus/many/{number}", str(number).encode())
    faults.unavailable = 0.3
    fs, _ = filesystem("s3://corpus/many")
    found = fs.cat([f"corpus/many/{number}" for number in range(22)])
    assert found == {f"corpus/many/{number}": str(number).encode() for number in range(20)}


def test_without_credentials_the_error_is_one_that_says_so(
    faults: Faults, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    s3fs.S3FileSystem.clear_instance_cache()
    with pytest.raises(StorageError, match="credentials"):
        get("s3://corpus/secret.bin")


@pytest.mark.parametrize("knows_ranges", [True, False])
def test_a_web_server_is_read_through_broken_answers(
    tmp_path: Path, impatient: None, monkeypatch: pytest.MonkeyPatch, knows_ranges: bool
) -> None:
    monkeypatch.setattr(storage, "READ_BYTES", 1 << 16)
    content = os.urandom(1 << 19)
    (tmp_path / "page.bin").write_bytes(content)
    faults = Faults(unavailable=0.1, cut=0.2)
    with web_server(tmp_path, knows_ranges) as port, proxy(port, faults) as url:
        fs, path = filesystem(f"{url}/page.bin")
        with fs.open(path, "rb") as stream:
            assert stream.read(10) == content[:10]
            stream.seek(400_000)
            assert stream.read() == content[400_000:]
        with pytest.raises(FileNotFoundError):
            get(f"{url}/missing.bin")
    assert faults.injected["cut"]


def test_a_web_server_in_trouble_is_not_a_missing_file(tmp_path: Path, impatient: None) -> None:
    faults = Faults(unavailable=1.0)
    with web_server(tmp_path) as port, proxy(port, faults) as url, pytest.raises(StorageError, match="failed 12"):
        get(f"{url}/page.bin")
    with pytest.raises(StorageError, match="failed 12 times"):
        get(f"{url}/page.bin")


def test_a_web_server_that_forbids_is_asked_again_a_few_times(tmp_path: Path, impatient: None) -> None:
    (tmp_path / "page.bin").write_bytes(b"x" * 99)
    faults = Faults(forbidden=1.0)
    with web_server(tmp_path) as port, proxy(port, faults) as url:
        with pytest.raises(StorageError, match=r"failed 6 times.*403"):
            get(f"{url}/page.bin")
        faults.forbidden = 0.3
        assert get(f"{url}/page.bin") == b"x" * 99


def test_a_list_of_archives_is_read_from_a_web_server_that_misbehaves(
    tmp_path: Path, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "READ_BYTES", 1 << 12)
    members = [gzip.compress(warc_record(http(os.urandom(5000)), name=str(i))) for i in range(20)]
    (tmp_path / "crawl").mkdir()
    (tmp_path / "crawl" / "a.warc.gz").write_bytes(b"".join(members))
    (tmp_path / "warc.paths.gz").write_bytes(gzip.compress(b"crawl/a.warc.gz\n"))
    faults = Faults(unavailable=0.1, forbidden=0.1, cut=0.2)
    with web_server(tmp_path) as port, proxy(port, faults) as url:
        options = warc.Options(paths_prefix=f"{url}/")
        (shard,) = warc.plan([InputFile(f"{url}/warc.paths.gz", 1, "1")], options)
        found = list(warc.records(shard, options))
    there = warc.records(InputShard("x", (InputFile(str(tmp_path / "crawl" / "a.warc.gz"), 1, "1"),)), options)
    assert [(item.key, item.origin_offset, item.payload) for item in found if isinstance(item, Record)] == [
        (item.key, item.origin_offset, item.payload) for item in there if isinstance(item, Record)
    ]
    assert len(found) == 20
    assert faults.injected["forbidden"]
    assert faults.injected["cut"]


@pytest.mark.parametrize("path", ["/", "/a", "/a/", "/a//b/", "/a/../b", "/～/雨 *.txt", "a/b", "~/a", "file:///a/b"])
def test_a_local_path_is_the_one_that_fsspec_makes_of_it(path: str) -> None:
    fs, found = storage.connect(path)
    assert isinstance(fs, storage.LocalFiles)
    assert found == fsspec.core.url_to_fs(path)[1]


def test_a_file_that_goes_while_a_folder_is_listed_hides_no_other(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"{number}.txt").write_bytes(b"x" * number)
        (tmp_path / f"{number}.gone").symlink_to("nowhere")  # as if it went between its name and its size
    fs, path = storage.connect(str(tmp_path))
    assert dict(fs.sizes(path)) == {f"{number}.txt": number for number in range(20)}
