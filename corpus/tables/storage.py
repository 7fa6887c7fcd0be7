"""Local and remote files under one set of methods; every request to an object store or web server is made here.

A remote request is checked and made again where that helps (`manyo.corpus.tables.retries`). What is built on top
relies on little: a range of a file can be read, and a file appears whole by one PUT, or by completing one multipart
upload. Nothing is renamed, appended to or locked, and no listing is relied on.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import io
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, cast
from urllib.parse import quote

import fsspec

from manyo.corpus.tables import retries
from manyo.corpus.tables.credentials import hide, opened
from manyo.corpus.tables.pace import Pace
from manyo.corpus.tables.range_reader import END_BYTES, RangeReader
from manyo.corpus.tables.retries import StorageError, ask, consider, failures, is_gone, request_begins, status_of, wait
from manyo.corpus.tables.s3_requests import S3Requests, checksum, requests_to
from manyo.corpus.tables.shard_errors import OwnershipLost
from manyo.corpus.tables.start_folder import start_folder

#: What fsspec says about a file: `size`, `type`, and what else its filesystem knows.
FileInfo: TypeAlias = dict[str, Any]

#: A remote file is read in ranges of at least this size: large enough that a round trip of 50 ms costs
#: a tenth of the time at 10 MB/s, small enough that a broken connection costs little.
READ_BYTES = 4 << 20

#: Files above this are uploaded in parts of this size, each tried again by itself. S3 allows 10,000 parts.
PART_BYTES = 32 << 20


#: What distinguishes the states of a small file: its bytes, or an entity tag; None where there is no file.
Version: TypeAlias = bytes | str | None

#: S3's answers to a conditional PUT whose condition does not hold, or that met another one.
_CONDITION_FAILED = (409, 412)


def sync(path: str) -> None:
    """Have a local file, or the names in a folder, outlast a loss of power."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(path: str) -> None:
    """Create a local folder and those above it, which outlast a loss of power."""
    missing = []
    while path and not os.path.isdir(path):
        missing.append(path)
        path = os.path.dirname(path)
    for folder in reversed(missing):
        with contextlib.suppress(FileExistsError):
            os.mkdir(folder)
        sync(os.path.dirname(folder) or ".")


class LocalFiles:
    """The files of this machine, with the methods of `RemoteFiles`; nothing here is tried twice."""

    def __init__(self, fs: fsspec.AbstractFileSystem) -> None:
        self._fs = fs

    def info(self, path: str) -> FileInfo:
        """See `RemoteFiles`."""
        return dict(self._fs.info(path))

    def exists(self, path: str) -> bool:
        """See `RemoteFiles`."""
        return os.path.exists(path)

    def open(self, path: str, mode: str = "rb") -> BinaryIO:
        """See `RemoteFiles`."""
        # fsspec's own costs as much as reading a small file does.
        return cast(BinaryIO, open(path, mode))

    def open_from_end(self, path: str) -> BinaryIO:
        """See `RemoteFiles`."""
        return open(path, "rb")

    def cat_file(self, path: str) -> bytes:
        """See `RemoteFiles`."""
        return bytes(self._fs.cat_file(path))

    def read_range(self, path: str, start: int, end: int, pace: Pace | None = None) -> bytes:
        """See `RemoteFiles`."""
        with open(path, "rb") as stream:
            stream.seek(start)
            data = stream.read(end - start)
        if len(data) < end - start:
            raise StorageError(errno.EINVAL, f"the file ends before byte {end}", path)
        return data

    def get_file(self, path: str, local: str) -> None:
        """See `RemoteFiles`."""
        shutil.copyfile(path, local)

    def cat(self, paths: Sequence[str]) -> dict[str, bytes]:
        """See `RemoteFiles`."""
        found = {}
        for path in paths:
            with contextlib.suppress(FileNotFoundError), open(path, "rb") as stream:
                found[path] = stream.read()
        return found

    def find(self, path: str) -> dict[str, FileInfo]:
        """See `RemoteFiles`."""
        return dict(self._fs.find(path, detail=True))

    def sizes(self, path: str) -> Iterator[tuple[str, int]]:
        """See `RemoteFiles`."""
        folders = [path.rstrip("/")]
        while folders:
            folder = folders.pop()
            try:
                entries = os.scandir(folder)
            except FileNotFoundError:
                continue  # it was deleted meanwhile
            with entries:
                for entry in entries:
                    if entry.is_dir():
                        folders.append(entry.path)
                        continue
                    try:
                        size_bytes = entry.stat().st_size
                    except FileNotFoundError:
                        continue  # it was deleted meanwhile
                    yield entry.path[len(path.rstrip("/")) + 1 :], size_bytes

    def glob(self, pattern: str) -> dict[str, FileInfo]:
        """See `RemoteFiles`."""
        return dict(self._fs.glob(pattern, detail=True))

    def ls(self, path: str) -> list[str]:
        """See `RemoteFiles`."""
        return os.listdir(path) if os.path.isdir(path) else []

    def read_version(self, path: str) -> tuple[bytes | None, Version]:
        """See `RemoteFiles`."""
        content = self.cat([path]).get(path)
        return content, content

    def swap(self, path: str, version: Version, content: bytes) -> bool:
        """See `RemoteFiles`."""
        folder = os.path.dirname(path)
        make_folder(folder)
        lock = os.open(folder, os.O_RDONLY)
        try:
            # A filesystem without locks leaves a gap of microseconds between the comparison and the rename.
            with contextlib.suppress(OSError):
                fcntl.flock(lock, fcntl.LOCK_EX)
            if self.read_version(path)[1] != version:
                return False
            partial = f"{path}.{os.getpid()}"
            with open(partial, "wb") as stream:
                stream.write(content)
            sync(partial)
            os.replace(partial, path)
            os.fsync(lock)
        finally:
            os.close(lock)
        return True


class RemoteFiles:
    """The files of one remote filesystem; paths are without the scheme, as fsspec gives them."""

    def __init__(self, fs: fsspec.AbstractFileSystem, is_s3: bool) -> None:
        self._fs = fs
        self._is_s3 = is_s3

    def info(self, path: str) -> FileInfo:
        """Size, type and entity tag, as the server says now.

        Raises:
            FileNotFoundError: there is no such file or folder.
        """
        info: FileInfo = ask(path, lambda: self._fs.info(path))
        return info

    def exists(self, path: str) -> bool:
        """Whether a file or folder exists; an unreachable server is an error, not False."""
        try:
            self.info(path)
        except FileNotFoundError:
            return False
        return True

    def open(self, path: str, mode: str = "rb") -> BinaryIO:
        """A seekable stream that reads ranges, each tried again where it breaks off."""
        if mode != "rb":
            raise ValueError(f"{path}: mode {mode!r}; remote files are opened for reading and written by put_file")
        direct = self._direct
        size_bytes = ask(path, lambda: direct.size_bytes(path)) if direct else None
        if size_bytes is None:
            size_bytes = self.info(path)["size"]
        if size_bytes is None:  # a web server that does not state the size of its answer
            return io.BytesIO(self.cat_file(path))
        return self._reader(path, int(size_bytes))

    def open_from_end(self, path: str) -> BinaryIO:
        """As `open`, for whoever reads the end first: an object store sends it together with the size of the file."""
        direct = self._direct
        try:
            content = ask(path, lambda: direct.get(path, f"-{END_BYTES}")) if direct else None
        except StorageError as error:
            if error.errno == errno.EINVAL:  # an empty object has no end
                return io.BytesIO()
            raise
        return self._reader(path, content.size_bytes, content.data) if content else self.open(path)

    def _reader(self, path: str, size_bytes: int, end: bytes = b"") -> BinaryIO:
        raw = RangeReader(lambda start, end: self.read_range(path, start, end), size_bytes, READ_BYTES, end)
        return io.BufferedReader(raw, READ_BYTES)

    @property
    def _direct(self) -> S3Requests | None:
        """What makes the requests of which there are many; None where fsspec makes all."""
        return requests_to(self._fs) if self._is_s3 else None

    def cat_file(self, path: str) -> bytes:
        """The bytes of a whole file."""
        direct = self._direct
        content = ask(path, lambda: direct.get(path)) if direct else None
        if content:
            return content.data
        # By an explicit range, because fsspec's filesystems split a whole read into requests of their own.
        size_bytes = self.info(path)["size"]
        if size_bytes is None:
            return bytes(ask(path, lambda: self._fs.cat_file(path)))
        return self.read_range(path, 0, int(size_bytes)) if size_bytes else b""

    def get_file(self, path: str, local: str) -> None:
        """Copy a file to a local path, range by range."""
        with self.open(path) as stream, open(local, "wb") as target:
            shutil.copyfileobj(stream, target, READ_BYTES)

    def cat(self, paths: Sequence[str]) -> dict[str, bytes]:
        """The bytes of many small files at once, by path; files that do not exist are left out."""
        found: dict[str, bytes] = {}
        left = list(paths)
        for attempt in range(1, retries.PATIENCE.attempts + 1):
            request_begins()
            answers: dict[str, Any] = self._fs.cat(left, on_error="return") if left else {}
            found |= {path: bytes(answer) for path, answer in answers.items() if not isinstance(answer, BaseException)}
            failed = {path: error for path, error in answers.items() if isinstance(error, BaseException)}
            left = [path for path, error in failed.items() if not is_gone(error)]
            for path in left:
                consider(failed[path], path, attempt)
            if not left:
                break
            wait(failed[left[0]], attempt)
        return found

    def find(self, path: str) -> dict[str, FileInfo]:
        """All files below a folder, by path; empty if the folder does not exist."""
        try:
            found: dict[str, FileInfo] = ask(path, lambda: self._fs.find(path, detail=True))
        except FileNotFoundError:
            return {}
        return found

    def sizes(self, path: str) -> Iterator[tuple[str, int]]:
        """All files below a folder: path below it, and size in bytes; nothing if the folder does not exist."""
        for name, info in self.find(path).items():
            yield name.removeprefix(path.rstrip("/") + "/"), int(info["size"])

    def glob(self, pattern: str) -> dict[str, FileInfo]:
        """Files that match a pattern, by path."""
        found: dict[str, FileInfo] = ask(pattern, lambda: self._fs.glob(pattern, detail=True))
        return found

    def ls(self, path: str) -> list[str]:
        """Names in a folder; empty if the folder does not exist."""
        try:
            names: list[str] = ask(path, lambda: self._fs.ls(path, detail=False))
        except FileNotFoundError:
            return []
        return names

    def read_version(self, path: str) -> tuple[bytes | None, Version]:
        """The bytes of a small file, and what tells them from those that it holds before and after; None for none."""
        while True:
            try:
                before = self._version(path)
                content = self.cat_file(path)
                if self._version(path) == before:
                    return content, before
            except FileNotFoundError:
                return None, None

    def _version(self, path: str) -> Version:
        info = self.info(path)
        return str(info.get("ETag") or info.get("etag") or info.get("mtime") or info.get("updated") or info["size"])

    def swap(self, path: str, version: Version, content: bytes) -> bool:
        """Replace a small file if it has a version that `read_version` gave; returns whether it had.

        On S3 that is one conditional PUT; on others the version is compared first, which leaves a gap.
        """
        if not self._is_s3:
            if self.read_version(path)[1] != version:
                return False
            ask(path, lambda: self._fs.pipe_file(path, content))
            return True
        bucket, _, key = path.partition("/")
        condition = {"IfNoneMatch": "*"} if version is None else {"IfMatch": version}

        def put() -> bool:
            try:
                self._fs.call_s3("put_object", Bucket=bucket, Key=key, Body=content, **condition)
            except failures() as error:
                if status_of(error) in _CONDITION_FAILED or is_gone(error):
                    return False
                raise
            return True

        # If the answer to a PUT was lost, the next one is refused because of the first.
        return ask(path, put) or self.read_version(path)[0] == content

    def put_file(self, local: str, path: str, check: Callable[[], None]) -> None:
        """Upload a finished local file, which appears whole: by one PUT, or by one multipart upload.

        Args:
            local: path of the file.
            path: where it appears.
            check: called before each request that makes it appear; what it raises ends the upload.
        """

        def put() -> None:
            check()
            if not direct or direct.put(path, Path(local).read_bytes()) is None:
                self._fs.put_file(local, path)

        direct = self._direct
        if direct and os.path.getsize(local) > PART_BYTES:
            self._put_parts(direct, local, path, check)
        else:
            ask(path, put)

    def _put_parts(self, direct: S3Requests, local: str, path: str, check: Callable[[], None]) -> None:
        """Upload a file in parts, each tried again by itself; an upload that fails for good is aborted."""
        bucket, _, key = path.partition("/")
        target = {"Bucket": bucket, "Key": key}
        s3: Callable[..., dict[str, Any]] = self._fs.call_s3
        # S3 compares checksums of parts if the upload was begun with them, and then wants each again in the end.
        sums = {"ChecksumAlgorithm": "CRC32"} if direct.has_checksums else {}
        upload = ask(path, lambda: s3("create_multipart_upload", **target, **sums))["UploadId"]

        def send(body: bytes, number: int) -> dict[str, Any]:
            headers = direct.put(path, body, f"partNumber={number}&uploadId={quote(upload, safe='')}")
            if headers is None:
                part = {"PartNumber": number, "UploadId": upload}
                headers = s3("upload_part", **target, **part, Body=body)
            own = {"ChecksumCRC32": checksum(body)} if sums else {}
            return {"ETag": headers["ETag"], "PartNumber": number, **own}

        try:
            parts: list[dict[str, Any]] = []
            with open(local, "rb") as stream:
                while body := stream.read(PART_BYTES):
                    parts.append(ask(path, partial(send, body, len(parts) + 1)))

            def complete() -> dict[str, Any]:
                check()
                return s3("complete_multipart_upload", **target, UploadId=upload, MultipartUpload={"Parts": parts})

            self._complete(path, complete)
        except (OSError, OwnershipLost):
            # If this fails too, the bucket's rule for stale uploads removes it; the first error says more.
            with contextlib.suppress(OSError):
                ask(path, lambda: s3("abort_multipart_upload", **target, UploadId=upload))
            raise

    def _complete(self, path: str, complete: Callable[[], dict[str, Any]]) -> None:
        """Complete an upload. If the first answer was lost, the second says that the upload does not exist."""
        try:
            ask(path, complete)
        except FileNotFoundError:
            if not self.exists(path):
                raise

    def read_range(self, path: str, start: int, end: int, pace: Pace | None = None) -> bytes:
        """Bytes of a file from `start` to before `end`; a server without ranges sends the whole file instead.

        Args:
            path: of the file.
            start, end: the range, which the file must have.
            pace: the budget of requests; None for requests that need none.

        Raises:
            FileNotFoundError: there is no such file.
            StorageError: the file ends before the range does, or the request failed too often.
        """

        def read() -> bytes:
            content = direct.get(path, f"{start}-{end - 1}") if direct else None
            data = content.data if content else bytes(self._fs.cat_file(path, start=start, end=end))
            if len(data) < end - start:
                raise OSError(errno.EIO, f"the answer ended after {len(data)} of {end - start} bytes", path)
            return data

        direct = self._direct
        return ask(path, read, pace)


_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|[A-Za-z0-9]+::[A-Za-z][A-Za-z0-9+.-]*://")


def connect(uri: str, contact: str = "") -> tuple[LocalFiles | RemoteFiles, str]:
    """The files that a URI or local path belongs to, and its path among them.

    Args:
        uri: of a file or folder.
        contact: how its server's operator reaches whoever asks, an address that goes into the user agent.

    Raises:
        StorageError: the library for the URI's scheme is not installed, or none is known.
    """
    if not _SCHEME.match(uri):
        # To fsspec, `a::b` is a file within another. A path is a path, whatever it contains.
        path = os.path.join(start_folder(), os.path.expanduser(uri.removeprefix("./")))
        return _local_files(), path.rstrip("/") or "/"
    uri = opened(uri)
    scheme = uri.split("://", 1)[0]
    try:
        fs, path = fsspec.core.url_to_fs(uri, **_options(scheme, contact))
    except ImportError as error:
        remedy = "install manyo's extra `s3`" if scheme in ("s3", "s3a") else "install that library"
        raise StorageError(errno.ENOTSUP, f"{scheme}:// needs a library: {error}; {remedy}", hide(uri)) from error
    except ValueError as error:
        raise StorageError(errno.ENOTSUP, f"no library knows {scheme}://: {error}", hide(uri)) from error
    protocols = (fs.protocol,) if isinstance(fs.protocol, str) else fs.protocol
    if "file" in protocols or "local" in protocols:
        return LocalFiles(fs), str(path)
    if "s3" in protocols:
        fs.retries = 1
    return RemoteFiles(fs, is_s3="s3" in protocols), str(path)


@cache
def _local_files() -> LocalFiles:
    return LocalFiles(fsspec.filesystem("file"))


def _options(scheme: str, contact: str) -> dict[str, Any]:
    """Settings of fsspec's filesystems: no cached listings, no retries of their own, timeouts, who asks."""
    if scheme in ("file", "local"):
        return {}
    options: dict[str, Any] = {"use_listings_cache": False}
    if scheme in ("s3", "s3a"):
        options["config_kwargs"] = {
            "retries": {"total_max_attempts": 1, "mode": "standard"},
            "connect_timeout": retries.PATIENCE.connect_timeout_s,
            "read_timeout": retries.PATIENCE.silence_timeout_s,
        }
        if contact:
            options["config_kwargs"]["user_agent_extra"] = f"manyo ({contact})"
    if scheme in ("http", "https"):
        import aiohttp  # a third of a second, which only the web needs

        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=retries.PATIENCE.connect_timeout_s, sock_read=retries.PATIENCE.silence_timeout_s
        )
        options["client_kwargs"] = {"timeout": timeout}
        if contact:
            options["client_kwargs"]["headers"] = {"User-Agent": f"manyo ({contact})"}
    return options
