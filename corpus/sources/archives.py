"""Entries of ZIP and TAR archives, one at a time, from hostile input.

Archives are never unpacked: entries come one by one as bytes, and none may be larger
than a limit, whatever its header claims. An entry whose name would leave the folder that it
is unpacked into (`../x`, `/x`, `C:\\x`) is refused, although no entry is written to disk: such
a package was made to do harm or by mistake, and a person should look at it.
"""

from __future__ import annotations

import errno
import gzip
import io
import stat
import tarfile
import zipfile
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from manyo.corpus.books import package
from manyo.corpus.books.package import name_of_entry
from manyo.corpus.records import BrokenInput, InputFile, Record, Refused
from manyo.corpus.sources import other_formats
from manyo.corpus.sources.compression import decompressed
from manyo.corpus.sources.other_formats import refused
from manyo.corpus.tables.shards import filesystem

REASONS = {
    **other_formats.REASONS,
    "broken_archive": "the archive or compressed file, or an entry of it, is damaged, encrypted or cut off",
    "empty_archive": "no file in the archive",
    "unsafe_path": "an archive entry's name would leave the folder that it is unpacked into, or it is a link or device",
    "too_large": "more bytes than the configured limit, perhaps a decompression bomb",
}

#: What tarfile raises on damaged data, and what zipfile and the decompressors do.
DAMAGE = (tarfile.TarError, *package.DAMAGE)


def raise_if_storage_failed(error: Exception) -> None:
    """Damage is a refused row, but a failing disk or network must be tried again."""
    if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
        raise error


class _TooLargeError(Exception):
    """A reader was asked for more bytes at once than the limit."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in an archive: its name, its place among the entries, and how to get its bytes.

    `read` gives the bytes, or a `BrokenInput` that says why not. In a TAR it must be
    called before the next entry is asked for.
    """

    name: str
    ordinal: int
    read: Callable[[], bytes | BrokenInput]


def is_archive(uri: str) -> bool:
    """Whether the ending says ZIP or TAR."""
    return uri.lower().endswith((".zip", *_TAR_ENDINGS))


_TAR_ENDINGS = (".tar", ".tar.gz", ".tgz")


def entries(uri: str, max_entry_bytes: int) -> Iterator[Entry | BrokenInput]:
    """The files of an archive in their order; folders are left out.

    Args:
        uri: path or URI, its ending one of .zip, .tar, .tar.gz, .tgz.
        max_entry_bytes: limit for one entry, decompressed.

    Yields:
        Entries, and a `BrokenInput` for each that is unsafe or too large, for the archive from the point where it
        cannot be read any further, and for one without files: nothing that was delivered passes in silence.
    """
    fs, path = filesystem(uri)
    with fs.open(path, "rb") as stream:
        read = _zip_entries if uri.lower().endswith(".zip") else _tar_entries
        yield from _or_empty(uri, read(uri, stream, max_entry_bytes))


def entries_in(uri: str, stream: IO[bytes], max_entry_bytes: int) -> Iterator[Entry | BrokenInput]:
    """The files of an archive that is open, by its first bytes a ZIP or else a TAR; as `entries`."""
    stream.seek(0)
    is_zip = stream.read(2) == b"PK"
    stream.seek(0)
    yield from _or_empty(uri, (_zip_entries if is_zip else _tar_entries)(uri, stream, max_entry_bytes))


def _or_empty(uri: str, found: Iterator[Entry | BrokenInput]) -> Iterator[Entry | BrokenInput]:
    is_empty = True
    for item in found:
        is_empty = False
        yield item
    if is_empty:
        yield _broken(uri, 0, "empty_archive", "no entries but folders")


def read_limited(uri: str, max_bytes: int) -> bytes | BrokenInput:
    """A whole file, decompressed if it is compressed, unless it is larger than the limit or damaged."""
    fs, path = filesystem(uri)
    with fs.open(path, "rb") as stream:
        # Not read(max_bytes + 1), for which memory of that size would be asked each time.
        if stream.seek(0, io.SEEK_END) > max_bytes:
            return _broken(uri, 0, "too_large", f"more than {max_bytes} bytes")
        stream.seek(0)
        plain = decompressed(stream)
        if plain is stream:
            return bytes(stream.read())
        try:
            data = plain.read(max_bytes + 1)
        except DAMAGE as error:
            raise_if_storage_failed(error)
            return _broken(uri, 0, "broken_archive", f"decompression failed: {error}")
    return (
        data if len(data) <= max_bytes else _broken(uri, 0, "too_large", f"more than {max_bytes} bytes, decompressed")
    )


def texts(
    files: Sequence[InputFile], max_bytes: int, endings: tuple[str, ...], reads: Collection[str]
) -> Iterator[Record[bytes] | BrokenInput]:
    """One record per plain file or archive entry; its payload is the bytes, its key the path below the input's root.

    Args:
        files: plain files are read whatever they are called.
        max_bytes: limit for one file or entry, decompressed.
        endings: of archive entries that are read; others are refused as `unknown_file`. A second entry of one path is
            refused as `duplicate_file`.
        reads: formats of the source (`manyo.corpus.sources.other_formats`); others are refused as `other_format`.
    """
    for file in files:
        found = _in_archive(file, max_bytes, endings) if is_archive(file.uri) else iter([_in_file(file, max_bytes)])
        for item in found:
            other = isinstance(item, Record) and refused(
                item.origin_file, item.origin_offset, item.payload, reads, item.key
            )
            yield other or item


def _in_file(file: InputFile, max_bytes: int) -> Record[bytes] | BrokenInput:
    data = read_limited(file.uri, max_bytes)
    return data if isinstance(data, BrokenInput) else Record(file.uri, 0, file.name, data)


def _in_archive(file: InputFile, max_bytes: int, endings: tuple[str, ...]) -> Iterator[Record[bytes] | BrokenInput]:
    seen: set[str] = set()
    for entry in entries(file.uri, max_bytes):
        if isinstance(entry, BrokenInput):
            yield entry
        elif not entry.name.lower().endswith(endings):
            yield _broken(file.uri, entry.ordinal, "unknown_file", entry.name)
        elif entry.name in seen:
            yield _broken(file.uri, entry.ordinal, "duplicate_file", f"{entry.name} came before")
        else:
            seen.add(entry.name)
            data = entry.read()
            key = f"{file.name}/{entry.name}"
            yield data if isinstance(data, BrokenInput) else Record(file.uri, entry.ordinal, key, data, entry.name)


def _zip_entries(uri: str, stream: IO[bytes], max_entry_bytes: int) -> Iterator[Entry | BrokenInput]:
    try:
        archive = zipfile.ZipFile(stream)
    except DAMAGE as error:
        raise_if_storage_failed(error)
        yield _broken(uri, 0, "broken_archive", str(error))
        return
    with archive:
        for ordinal, info in enumerate(archive.infolist()):
            if info.is_dir():
                continue
            name = name_of_entry(info)
            if _is_unsafe(name):
                yield _broken(uri, ordinal, "unsafe_path", name)
            elif not _is_file(info):
                yield _broken(uri, ordinal, "unsafe_path", f"{name}: a link or device, not a file")
            elif info.file_size > max_entry_bytes:
                yield _broken(uri, ordinal, "too_large", f"{name}: {info.file_size} bytes")
            else:
                yield Entry(name, ordinal, _zip_reader(uri, ordinal, archive, info))
        n_found, n_stated = len(archive.infolist()), _stated_entries(stream)
        if n_stated != _NOT_STATED and (n_found - n_stated) % (1 << 16):
            detail = f"a damaged directory: {n_found} entries where it states {n_stated}"
            yield _broken(uri, n_found, "broken_archive", detail)
        elif not n_found and _starts_with_entry(stream):
            yield _broken(
                uri, 0, "broken_archive", "a damaged directory: no entries, though the archive starts with one"
            )


#: The system that made an entry, of which the upper half of the attributes is a mode.
_UNIX = 3


def _is_file(info: zipfile.ZipInfo) -> bool:
    """Whether an entry is a file: the bytes of a symbolic link are the name of another file."""
    kind = stat.S_IFMT(info.external_attr >> 16) if info.create_system == _UNIX else 0
    return kind in (0, stat.S_IFREG)


_ZIP_END_BYTES = 22
#: The flag of an entry that is encrypted.
_ENCRYPTED = 1
#: Stands for this many entries or more, which ZIP64 states elsewhere.
_NOT_STATED = 0xFFFF


def _stated_entries(stream: IO[bytes]) -> int:
    """How many entries the end of a ZIP states, modulo 65536; zipfile takes what it finds."""
    size_bytes = stream.seek(0, io.SEEK_END)
    stream.seek(max(0, size_bytes - _ZIP_END_BYTES - 0xFFFF))  # before a comment of that size
    tail = stream.read()
    at = tail.rfind(b"PK\5\6")
    return int.from_bytes(tail[at + 10 : at + 12], "little")


def _starts_with_entry(stream: IO[bytes]) -> bool:
    stream.seek(0)
    return stream.read(4) == b"PK\3\4"


def _zip_reader(
    uri: str, ordinal: int, archive: zipfile.ZipFile, info: zipfile.ZipInfo
) -> Callable[[], bytes | BrokenInput]:
    name = name_of_entry(info)

    def read() -> bytes | BrokenInput:
        if info.flag_bits & _ENCRYPTED:
            return _broken(uri, ordinal, "broken_archive", f"{name}: encrypted, a password is needed: unpack it first")
        try:
            # A header that claims too small a size ends in a wrong checksum: zipfile stops there.
            with archive.open(info) as entry:
                data = entry.read()
        except DAMAGE as error:
            raise_if_storage_failed(error)
            return _broken(uri, ordinal, "broken_archive", f"{name}: {error}")
        return data

    return read


def _tar_entries(uri: str, stream: IO[bytes], max_entry_bytes: int) -> Iterator[Entry | BrokenInput]:
    """Read a TAR once from front to back; in a compressed one, an entry that is too large to decompress ends it."""
    ordinal = 0
    try:
        decompressed = _decompressed(stream)
        plain = _Limited(decompressed, max_entry_bytes)
        with tarfile.open(fileobj=plain, mode="r:") as archive:
            # tarfile keeps every header it has seen; without this a long archive fills the memory.
            for member in iter(archive.next, None):
                archive.members = []  # type: ignore[attr-defined]
                if member.isfile():
                    if member.size > max_entry_bytes and decompressed is not stream:
                        raise _TooLargeError(f"{member.name}: {member.size} bytes")
                    if member.size > max_entry_bytes:
                        yield _broken(uri, ordinal, "too_large", f"{member.name}: {member.size} bytes")
                    elif _is_unsafe(member.name):
                        yield _broken(uri, ordinal, "unsafe_path", member.name)
                    else:
                        yield Entry(member.name, ordinal, _tar_reader(uri, ordinal, archive, member))
                elif not member.isdir():
                    yield _broken(uri, ordinal, "unsafe_path", f"{member.name}: a link or device, not a file")
                ordinal += 1
            if fault := _fault_at_end(plain):
                yield _broken(uri, ordinal, "broken_archive", f"after {ordinal} entries: {fault}")
    except _TooLargeError as error:
        yield _broken(uri, ordinal, "too_large", f"{error}; the archive is not read any further")
    except DAMAGE as error:
        raise_if_storage_failed(error)
        yield _broken(uri, ordinal, "broken_archive", f"after {ordinal} entries: {error}")


#: At most this many zeros after the end mark are read: gzip packs a thousand of them into one byte.
_MAX_ZEROS_BYTES = 64 << 20


def _fault_at_end(plain: _Limited) -> str:
    """What is wrong where tarfile found no further header, which it does not report; empty at the end of an archive."""
    if not plain.last or plain.last.strip(b"\0"):
        return "cut off, there is no end mark" if len(plain.last) < tarfile.BLOCKSIZE else "a damaged header"
    # Zeros fill the last record of an archive; after it may come another archive, or entries hidden by damage.
    n_bytes = 0
    while chunk := plain.read(tarfile.RECORDSIZE):
        n_bytes += len(chunk)
        if chunk.strip(b"\0"):
            return "more stands behind the end mark"
        if n_bytes > _MAX_ZEROS_BYTES:
            return f"more than {_MAX_ZEROS_BYTES} zeros behind the end mark"
    return ""


def _tar_reader(
    uri: str, ordinal: int, archive: tarfile.TarFile, member: tarfile.TarInfo
) -> Callable[[], bytes | BrokenInput]:
    def read() -> bytes | BrokenInput:
        try:
            file = archive.extractfile(member)
            data = file.read() if file else b""
        except DAMAGE as error:
            raise_if_storage_failed(error)
            return _broken(uri, ordinal, "broken_archive", f"{member.name}: {error}")
        if len(data) < member.size:
            return _broken(uri, ordinal, "broken_archive", f"{member.name}: cut off at {len(data)} bytes")
        return data

    return read


def _decompressed(stream: IO[bytes]) -> IO[bytes]:
    """The TAR inside gzip, recognised by the first bytes rather than by the name."""
    magic = stream.read(2)
    stream.seek(0)
    if magic == b"\x1f\x8b":
        return gzip.open(stream, "rb")  # type: ignore[return-value]
    return stream


class _Limited(io.RawIOBase):
    """A stream that refuses to give more than a limit at once.

    tarfile reads a pax header into memory at the size that the header claims.
    """

    def __init__(self, stream: IO[bytes], max_read_bytes: int) -> None:
        super().__init__()
        self._stream = stream
        self._max_read_bytes = max_read_bytes
        self.last = b""  # what was read last

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= self._max_read_bytes + tarfile.RECORDSIZE:
            raise _TooLargeError(f"a header asks for {size} bytes")
        self.last = self._stream.read(size)
        return self.last

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True


def _is_unsafe(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return name.startswith(("/", "\\")) or ".." in parts or name[1:2] == ":" or "\0" in name


def _broken(uri: str, ordinal: int, reason: str, detail: str) -> BrokenInput:
    return BrokenInput(uri, ordinal, Refused(reason, detail, uri))
