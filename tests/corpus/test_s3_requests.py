"""Requests that are made of S3 directly give what s3fs gives, and leave to it what they do not understand."""

from __future__ import annotations

import base64
import os
import zlib
from collections.abc import Iterator
from typing import Any

import pytest

from manyo.corpus.tables import retries, s3_requests, storage
from manyo.corpus.tables.retries import Patience
from manyo.corpus.tables.s3_requests import Content, S3Requests, requests_to
from manyo.corpus.tables.shards import filesystem, publish
from manyo.corpus.tables.storage import RemoteFiles
from tests.faulty_server import Faults, proxy, s3_clients, s3_server

S3SigV4Auth = pytest.importorskip("botocore.auth", reason="the extra s3 is not installed").S3SigV4Auth
s3fs = pytest.importorskip("s3fs", reason="the extra s3 is not installed")
pytest.importorskip("moto.server", reason="moto is not installed: no S3 server to test with")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

#: Keys whose spelling in an address, and in what is signed, is not their own.
KEYS = ["plain", "with space/and+plus", "百分率%20/ü", "a//b/./c~", "q?x=1&y#z", "'quoted' (1)*!"]


@pytest.fixture(scope="module")
def server() -> Iterator[Faults]:
    """A bucket `corpus` behind a proxy, and one client for all tests: to make one takes half a second."""
    faults = Faults()
    with (
        pytest.MonkeyPatch.context() as patch,
        s3_server() as port,
        proxy(port, faults) as url,
        s3_clients(url, patch, "corpus"),
    ):
        patch.setattr(retries, "PATIENCE", Patience(attempts=3, wait_s=0.01, throttled_wait_s=0.01))
        yield faults


@pytest.fixture
def faults(server: Faults) -> Iterator[Faults]:
    s3_requests._made.clear()
    server.requests.clear()
    yield server
    server.forbidden = 0.0


def requests() -> S3Requests:
    fs, _ = filesystem("s3://corpus/any")
    assert isinstance(fs, RemoteFiles)
    return requests_to(fs._fs)


@pytest.mark.usefixtures("faults")
def test_what_is_sent_and_read_is_what_s3fs_reads_and_sends() -> None:
    content, own = os.urandom(1000), filesystem("s3://corpus/any")[0]._fs
    for key in KEYS:
        path = f"corpus/{key}"
        assert requests().put(path, content) is not None
        assert own.call_s3("get_object", Bucket="corpus", Key=key)["ContentLength"] == 1000
        assert own.cat_file(path) == content
        own.pipe_file(path, content[::-1])
        assert requests().get(path) == Content(content[::-1], 1000)
        assert requests().get(path, "10-19") == Content(content[::-1][10:20], 1000)
        assert requests().get(path, "-7") == Content(content[::-1][-7:], 1000)
        assert requests().size_bytes(path) == 1000


def test_what_is_signed_is_the_address_that_is_sent(faults: Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    signed: list[str] = []
    sign = S3SigV4Auth.add_auth

    def noted(self: Any, request: Any) -> None:
        sign(self, request)
        names = request.headers["Authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
        assert {"host", "x-amz-checksum-crc32", "x-amz-content-sha256", "x-amz-date"} <= set(names)
        signed.append(request.url)

    monkeypatch.setattr(S3SigV4Auth, "add_auth", noted)
    for key in KEYS:
        requests().put(f"corpus/{key}", b"x")
    assert len(signed) == len(KEYS)
    assert all(url.endswith(path) for url, (_, path, _) in zip(signed, faults.requests, strict=True))


def test_the_checksum_of_an_upload_is_the_crc_32_that_s3_defines() -> None:
    assert s3_requests.checksum(b"manyo") == base64.b64encode(zlib.crc32(b"manyo").to_bytes(4, "big")).decode()


@pytest.mark.usefixtures("faults")
def test_a_missing_object_and_a_range_beyond_the_end_are_told_apart() -> None:
    requests().put("corpus/short", b"abc")
    with pytest.raises(FileNotFoundError):
        requests().get("corpus/missing")
    with pytest.raises(FileNotFoundError):
        requests().size_bytes("corpus/missing")
    with pytest.raises(OSError, match="has no such bytes"):
        requests().get("corpus/short", "5-9")


@pytest.mark.usefixtures("faults")
def test_a_range_of_an_object_of_unstated_size_is_not_taken_for_the_object(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {"bytes 90-99/100": Content(b"0123456789", 100), "bytes 90-99/*": None, None: Content(b"0123456789", 10)}
    for stated, expected in answers.items():
        headers = {} if stated is None else {"Content-Range": stated}
        monkeypatch.setattr(S3Requests, "_ask", lambda *_, said=headers: (b"0123456789", said))
        assert requests().get("corpus/a", "-10") == expected


def test_what_is_not_understood_is_left_to_s3fs_from_then_on(faults: Faults) -> None:
    with publish("s3://corpus/a") as path:
        path.write_bytes(b"content")
    fs, name = filesystem("s3://corpus/a")
    faults.requests.clear()
    faults.forbidden = 1.0
    with pytest.raises(OSError, match="Forbidden"):
        fs.cat_file(name)
    assert len(faults.requests) == 2, "s3fs says what the server means"
    faults.forbidden = 0.0
    assert fs.cat_file(name) == b"content"
    assert requests().get(name) is None


@pytest.mark.parametrize(
    "options", [{"requester_pays": True}, {"s3_additional_kwargs": {"ServerSideEncryption": "AES256"}}]
)
def test_requests_with_options_of_their_own_are_left_to_s3fs(faults: Faults, options: dict[str, Any]) -> None:
    assert S3Requests(s3fs.S3FileSystem(**options)).get("corpus/a") is None
    assert not faults.requests


def test_without_a_secret_of_its_own_nothing_is_asked_directly(faults: Faults) -> None:
    assert S3Requests(s3fs.S3FileSystem(anon=True)).get("corpus/a") is None
    assert not faults.requests


def test_a_small_file_is_read_and_a_sealed_one_opened_by_one_request(faults: Faults) -> None:
    content = os.urandom(1000)
    with publish("s3://corpus/small") as path:
        path.write_bytes(content)
    fs, name = filesystem("s3://corpus/small")
    faults.requests.clear()
    assert fs.cat_file(name) == content
    with fs.open_from_end(name) as stream:
        assert stream.read() == content
    assert [method for method, _, _ in faults.requests] == ["GET", "GET"]


@pytest.mark.usefixtures("faults")
def test_a_file_opened_from_its_end_is_the_same_at_every_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "END_BYTES", 100)
    monkeypatch.setattr(storage, "READ_BYTES", 64)
    content = os.urandom(1000)
    for size in (0, 1, 99, 100, 101, 1000):
        with publish("s3://corpus/ended") as path:
            path.write_bytes(content[:size])
        fs, name = filesystem("s3://corpus/ended")
        for start in (0, 1, 850, 899, 900, 901, 999, 1000):
            with fs.open_from_end(name) as stream:
                stream.seek(start)
                assert stream.read() == content[start:size]
                assert stream.seek(0, os.SEEK_END) == size


def test_parts_of_an_upload_are_completed_with_their_checksums(faults: Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    """S3 refuses to complete an upload that was begun with checksums without them."""
    monkeypatch.setattr(storage, "PART_BYTES", 5 << 20)
    said: list[dict[str, Any]] = []
    call = s3fs.S3FileSystem.call_s3

    def noted(self: Any, method: str, *arguments: Any, **named: Any) -> Any:
        said.append({"method": method, **named})
        return call(self, method, *arguments, **named)

    monkeypatch.setattr(s3fs.S3FileSystem, "call_s3", noted)
    content = os.urandom(11 << 20)
    with publish("s3://corpus/large") as path:
        path.write_bytes(content)
    begun, completed = said
    assert (begun["method"], begun["ChecksumAlgorithm"]) == ("create_multipart_upload", "CRC32")
    parts = [content[at : at + (5 << 20)] for at in range(0, len(content), 5 << 20)]
    sums = [part["ChecksumCRC32"] for part in completed["MultipartUpload"]["Parts"]]
    assert sums == [s3_requests.checksum(part) for part in parts]
    assert filesystem("s3://corpus/large")[0]._fs.cat_file("corpus/large") == content
    assert [method for method, _, _ in faults.requests].count("PUT") == 3
