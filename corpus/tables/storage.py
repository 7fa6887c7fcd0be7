"""Remote files: every request to an object store or web server is made, checked and tried again here.

Storage that answers over a network answers late, breaks off and asks for patience. `RemoteFiles` is the
one place that copes: a request that failed for a passing reason is made again, after a random wait that
doubles, longer where the server asked to be left alone, and a bounded number of times. The libraries
below are told to try once only, since retries inside retries multiply.

What is built on top relies on little: a range of a file can be read, and a file appears whole by one
PUT, or by completing one multipart upload. Nothing is renamed, appended to, locked, or believed
because a listing said so.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import random
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, BinaryIO, TypeVar, cast

import aiohttp
import fsspec

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a request may take, and how often it is made.

    Attributes:
        attempts: requests at most before the failure is reported. At one failed request in twenty, eight
            in a row happen once in 25 billion.
        forbidden_attempts: the same where a web server says 403. Some, that of Common Crawl among them, say so to those
            who ask too often; most mean it.
        wait_s: the first wait is random between 0 and this, the next between 0 and twice this, and so on.
        throttled_wait_s: the same where the server said that requests come too fast.
        longest_wait_s: no wait is longer.
        connect_timeout_s: a connection that takes longer has failed.
        silence_timeout_s: an answer that stands still for this long has failed.
    """

    attempts: int = 8
    forbidden_attempts: int = 6
    wait_s: float = 0.2
    throttled_wait_s: float = 1.0
    longest_wait_s: float = 30.0
    connect_timeout_s: float = 10.0
    silence_timeout_s: float = 20.0


PATIENCE = Patience()

#: A remote file is read in ranges of at least this size: large enough that a round trip of 50 ms costs
#: a tenth of the time at 10 MB/s, small enough that a broken connection costs little.
READ_BYTES = 4 << 20

#: Files above this are uploaded in parts of this size, each tried again by itself. S3 allows 10,000 parts.
PART_BYTES = 32 << 20

_PASSING_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504, 509})
_THROTTLING_STATUSES = frozenset({429, 503})

#: Errors of the request itself: the same request will fail in the same way.
_LASTING_ERRNOS = frozenset(
    {
        errno.ENOENT,
        errno.EACCES,
        errno.EPERM,
        errno.EEXIST,
        errno.EISDIR,
        errno.ENOTDIR,
        errno.EINVAL,
        errno.ENAMETOOLONG,
        errno.ENOSPC,
        errno.ENOTSUP,
    }
)


class StorageError(OSError):
    """A remote file that cannot be reached; the message names it and says what the server answered."""


_request_begins: Callable[[], None] = lambda: None  # noqa: E731


def on_request(call: Callable[[], None]) -> None:
    """Have a function called as each request begins: whoever watches this process sees that it is alive."""
    global _request_begins
    _request_begins = call


class LocalFiles:
    """The files of this machine, with the methods of `RemoteFiles`; nothing here is tried twice."""

    def __init__(self, fs: fsspec.AbstractFileSystem) -> None:
        self._fs = fs

    def info(self, path: str) -> dict[str, Any]:
        """See `RemoteFiles`."""
        return dict(self._fs.info(path))

    def exists(self, path: str) -> bool:
        """See `RemoteFiles`."""
        return os.path.exists(path)

    def open(self, path: str, mode: str = "rb") -> BinaryIO:
        """See `RemoteFiles`."""
        # fsspec's own costs as much as reading a small file does.
        return cast(BinaryIO, open(path, mode))

    def cat_file(self, path: str) -> bytes:
        """See `RemoteFiles`."""
        return bytes(self._fs.cat_file(path))

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

    def find(self, path: str) -> dict[str, dict[str, Any]]:
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
                continue  # it went while we looked
            with entries:
                for entry in entries:
                    if entry.is_dir():
                        folders.append(entry.path)
                        continue
                    try:
                        size_bytes = entry.stat().st_size
                    except FileNotFoundError:
                        continue  # likewise, and others may still be there
                    yield entry.path[len(path.rstrip("/")) + 1 :], size_bytes

    def glob(self, pattern: str) -> dict[str, dict[str, Any]]:
        """See `RemoteFiles`."""
        return dict(self._fs.glob(pattern, detail=True))

    def ls(self, path: str) -> list[str]:
        """See `RemoteFiles`."""
        return os.listdir(path) if os.path.isdir(path) else []


class RemoteFiles:
    """The files of one remote filesystem; paths are without the scheme, as fsspec gives them."""

    def __init__(self, fs: fsspec.AbstractFileSystem, is_s3: bool) -> None:
        self._fs = fs
        self._is_s3 = is_s3

    def info(self, path: str) -> dict[str, Any]:
        """Size, type and entity tag, as the server says now.

        Raises:
            FileNotFoundError: there is no such file or folder.
        """
        info: dict[str, Any] = self._ask(path, lambda: self._fs.info(path))
        return info

    def exists(self, path: str) -> bool:
        """Whether there is such a file or folder; an unreachable server is an error, not a no."""
        try:
            self.info(path)
        except FileNotFoundError:
            return False
        return True

    def open(self, path: str, mode: str = "rb") -> BinaryIO:
        """A seekable stream that reads ranges, each tried again where it breaks off."""
        if mode != "rb":
            raise ValueError(f"{path}: remote files are read here, and written with put_file")
        size_bytes = self.info(path)["size"]
        if size_bytes is None:  # a web server that makes its answer up as it goes
            return io.BytesIO(self.cat_file(path))
        raw = _RangeReader(lambda start, end: self._read_range(path, start, end), int(size_bytes))
        return io.BufferedReader(raw, READ_BYTES)

    def cat_file(self, path: str) -> bytes:
        """A whole file."""
        # By an explicit range, because fsspec's filesystems split a whole read into requests of their own.
        size_bytes = self.info(path)["size"]
        if size_bytes is None:
            return bytes(self._ask(path, lambda: self._fs.cat_file(path)))
        return self._read_range(path, 0, int(size_bytes)) if size_bytes else b""

    def get_file(self, path: str, local: str) -> None:
        """Copy a file to a local path, range by range."""
        with self.open(path) as stream, open(local, "wb") as target:
            shutil.copyfileobj(stream, target, READ_BYTES)

    def cat(self, paths: Sequence[str]) -> dict[str, bytes]:
        """Many small files at once; those that are gone are left out."""
        found: dict[str, bytes] = {}
        left = list(paths)
        for attempt in range(1, PATIENCE.attempts + 1):
            _request_begins()
            answers: dict[str, Any] = self._fs.cat(left, on_error="return") if left else {}
            found |= {path: bytes(answer) for path, answer in answers.items() if not isinstance(answer, BaseException)}
            failed = {path: error for path, error in answers.items() if isinstance(error, BaseException)}
            left = [path for path, error in failed.items() if not _is_gone(error)]
            for path in left:
                _consider(failed[path], path, attempt)
            if not left:
                break
            _wait(failed[left[0]], attempt)
        return found

    def find(self, path: str) -> dict[str, dict[str, Any]]:
        """All files below a folder, by path; none if there is no such folder."""
        try:
            found: dict[str, dict[str, Any]] = self._ask(path, lambda: self._fs.find(path, detail=True))
        except FileNotFoundError:
            return {}
        return found

    def sizes(self, path: str) -> Iterator[tuple[str, int]]:
        """All files below a folder: path below it, and size in bytes; none if there is no such folder."""
        for name, info in self.find(path).items():
            yield name.removeprefix(path.rstrip("/") + "/"), int(info["size"])

    def glob(self, pattern: str) -> dict[str, dict[str, Any]]:
        """Files that match a pattern, by path."""
        found: dict[str, dict[str, Any]] = self._ask(pattern, lambda: self._fs.glob(pattern, detail=True))
        return found

    def ls(self, path: str) -> list[str]:
        """Names in a folder; none if there is no such folder."""
        try:
            names: list[str] = self._ask(path, lambda: self._fs.ls(path, detail=False))
        except FileNotFoundError:
            return []
        return names

    def put_file(self, local: str, path: str) -> None:
        """Make a finished local file appear at a path, whole: by one PUT, or by one multipart upload."""
        if self._is_s3 and os.path.getsize(local) > PART_BYTES:
            self._put_parts(local, path)
        else:
            self._ask(path, lambda: self._fs.put_file(local, path))

    def _put_parts(self, local: str, path: str) -> None:
        """One multipart upload, each part tried again by itself; what fails for good is aborted."""
        bucket, _, key = path.partition("/")
        target = {"Bucket": bucket, "Key": key}
        s3: Callable[..., dict[str, Any]] = self._fs.call_s3
        upload = self._ask(path, lambda: s3("create_multipart_upload", **target))["UploadId"]
        try:
            parts: list[dict[str, Any]] = []
            with open(local, "rb") as stream:
                while body := stream.read(PART_BYTES):
                    part = {"Body": body, "PartNumber": len(parts) + 1, "UploadId": upload}
                    answer = self._ask(path, lambda part=part: s3("upload_part", **target, **part))  # type: ignore[misc]
                    parts.append({"ETag": answer["ETag"], "PartNumber": part["PartNumber"]})
            self._complete(
                path,
                lambda: s3("complete_multipart_upload", **target, UploadId=upload, MultipartUpload={"Parts": parts}),
            )
        except OSError:
            # If this fails too, the bucket's rule for stale uploads removes it; the first error says more.
            with contextlib.suppress(OSError):
                self._ask(path, lambda: s3("abort_multipart_upload", **target, UploadId=upload))
            raise

    def _complete(self, path: str, complete: Callable[[], dict[str, Any]]) -> None:
        """Complete an upload; where the first answer was lost, the second says that there is no such upload."""
        try:
            self._ask(path, complete)
        except FileNotFoundError:
            if not self.exists(path):
                raise

    def _read_range(self, path: str, start: int, end: int) -> bytes:
        def read() -> bytes:
            data = bytes(self._fs.cat_file(path, start=start, end=end))
            if len(data) < end - start:
                raise OSError(errno.EIO, f"the answer ended after {len(data)} of {end - start} bytes", path)
            return data

        return self._ask(path, read)

    def _ask(self, path: str, request: Callable[[], T]) -> T:
        """Make a request, again where it failed for a passing reason.

        Raises:
            FileNotFoundError: there is no such file.
            StorageError: it failed too often, or for a reason that lasts.
        """
        attempt = 0
        while True:
            attempt += 1
            _request_begins()
            try:
                return request()
            except _failures() as error:
                if _is_gone(error):
                    raise FileNotFoundError(errno.ENOENT, "no such remote file", path) from error
                _consider(error, path, attempt)
                _wait(error, attempt)


class _RangeReader(io.RawIOBase):
    """A stream over a function that reads ranges."""

    def __init__(self, read_range: Callable[[int, int], bytes], size_bytes: int) -> None:
        self._read_range = read_range
        self._size_bytes = size_bytes
        self._position = 0
        self._whole: bytes | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size_bytes}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readall(self) -> bytes:
        # io's own asks for eight kilobytes at a time.
        pieces = []
        while piece := self.read(READ_BYTES):
            pieces.append(piece)
        return b"".join(pieces)

    def readinto(self, buffer: Any) -> int:
        start = self._position
        end = min(self._size_bytes, start + len(buffer))
        if start >= end:
            return 0
        if self._whole is None:
            data = self._read_range(start, end)
            if len(data) > end - start:  # a web server that knows no ranges sends the whole file each time
                self._whole = data
        if self._whole is not None:
            data = self._whole[start:end]
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)


def connect(uri: str) -> tuple[LocalFiles | RemoteFiles, str]:
    """The files that a URI or local path belongs to, and its path among them.

    Raises:
        StorageError: the library for the URI's scheme is not installed.
    """
    if uri.startswith("/") and "://" not in uri and "::" not in uri:
        # What fsspec says of it after a time in which a small file is opened and read.
        return _local_files(), uri.rstrip("/") or "/"
    scheme = uri.split("://", 1)[0] if "://" in uri else "file"
    try:
        fs, path = fsspec.core.url_to_fs(uri, **_options(scheme))
    except ImportError as error:
        raise StorageError(errno.ENOTSUP, f"{error}; for s3:// install manyo's extra `s3`", uri) from error
    protocols = (fs.protocol,) if isinstance(fs.protocol, str) else fs.protocol
    if "file" in protocols or "local" in protocols:
        return LocalFiles(fs), str(path)
    if "s3" in protocols:
        fs.retries = 1
    return RemoteFiles(fs, is_s3="s3" in protocols), str(path)


@cache
def _local_files() -> LocalFiles:
    return LocalFiles(fsspec.filesystem("file"))


def _options(scheme: str) -> dict[str, Any]:
    """What fsspec's filesystems are started with: no memory of listings, no retries of their own, timeouts."""
    if scheme in ("file", "local"):
        return {}
    options: dict[str, Any] = {"use_listings_cache": False}
    if scheme in ("s3", "s3a"):
        options["config_kwargs"] = {
            "retries": {"total_max_attempts": 1, "mode": "standard"},
            "connect_timeout": PATIENCE.connect_timeout_s,
            "read_timeout": PATIENCE.silence_timeout_s,
        }
    if scheme in ("http", "https"):
        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=PATIENCE.connect_timeout_s, sock_read=PATIENCE.silence_timeout_s
        )
        options["client_kwargs"] = {"timeout": timeout}
    return options


@cache
def _failures() -> tuple[type[Exception], ...]:
    """What a request may raise: also the errors of S3's client, where that is installed."""
    common = (OSError, TimeoutError, aiohttp.ClientError)
    try:
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError:
        return common
    return (*common, BotoCoreError, ClientError)


def _is_gone(error: BaseException) -> bool:
    """Whether the server said that there is no such file; fsspec says so of any failure to reach a web server."""
    if not isinstance(error, FileNotFoundError):
        return False
    cause = error.__cause__
    return not isinstance(cause, aiohttp.ClientError | TimeoutError) or _status(error) in (404, 410)


def _consider(error: BaseException, path: str, attempt: int) -> None:
    """Return if the request is worth another attempt.

    Raises:
        StorageError: it is not.
    """
    # fsspec calls any trouble with a web server a missing file; what the server said is behind that.
    told = error.__cause__ if isinstance(error.__cause__, aiohttp.ClientError) else error
    said = f"{type(told).__name__}: {told}".replace("\n", " ")
    if not isinstance(error, _failures()):
        raise error
    if not _is_passing(error):
        code = error.errno if isinstance(error, OSError) and error.errno else errno.EIO
        raise StorageError(code, said, path) from error
    if attempt >= (PATIENCE.forbidden_attempts if _is_forbidden(error) else PATIENCE.attempts):
        raise StorageError(errno.EIO, f"failed {attempt} times, at last with {said}", path) from error


def _is_passing(error: BaseException) -> bool:
    status = _status(error)
    if status is not None:
        return status in _PASSING_STATUSES or _is_forbidden(error)
    if isinstance(error, aiohttp.InvalidURL | aiohttp.ClientConnectorCertificateError):
        return False
    if isinstance(error, OSError) and error.__cause__ is None:
        return error.errno not in _LASTING_ERRNOS
    # S3's client says "no credentials" and the like with its own errors; those of the network are these.
    names = {cls.__name__ for cls in type(error).__mro__}
    return "BotoCoreError" not in names or bool(
        names & {"HTTPClientError", "ResponseStreamingError", "IncompleteReadError"}
    )


def _is_forbidden(error: BaseException) -> bool:
    """Whether a web server said 403; of an object store, that is a lack of rights, which waiting does not mend."""
    return any(isinstance(e, aiohttp.ClientResponseError) and e.status == 403 for e in (error, error.__cause__))


def _status(error: BaseException) -> int | None:
    """The HTTP status behind an error, if a server answered at all."""
    for link in (error, error.__cause__):
        if isinstance(link, aiohttp.ClientResponseError):
            return link.status
        response = getattr(link, "response", None)
        if isinstance(response, dict):
            status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            return int(status) if status else None
    return None


def _wait(error: BaseException, attempt: int) -> None:
    """Sleep before the next attempt: at random, so that a thousand workers do not come back together."""
    throttled = _status(error) in _THROTTLING_STATUSES or _is_forbidden(error) or "SlowDown" in str(error)
    first = PATIENCE.throttled_wait_s if throttled else PATIENCE.wait_s
    time.sleep(random.uniform(0, min(PATIENCE.longest_wait_s, first * 2 ** (attempt - 1))))
