"""WACZ: a ZIP of WARC archives with an index (https://specs.webrecorder.net/wacz/1.1.1/).

The archives stand in its folder `archive`, as a rule stored as they are, so that a record keeps its place: its offset
is counted from the start of the WACZ. Where an archive is compressed by the ZIP, the offset is that of the archive.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Generator
from typing import BinaryIO, cast

from manyo.corpus.records import BrokenInput, Record, Refused
from manyo.corpus.sources.archives import DAMAGE, raise_if_storage_failed
from manyo.corpus.sources.careful_framing import Block
from manyo.corpus.sources.warc_framing import frame

ZIP_MAGIC = b"PK\3\4"
_ENDINGS = (".warc", ".warc.gz", ".arc", ".arc.gz", ".warc.zst")
_LOCAL_HEADER_BYTES = 30


def frame_wacz(stream: BinaryIO, uri: str, max_record_bytes: int) -> Generator[Record[Block] | BrokenInput, None, int]:
    """Records of the archives in a WACZ, in the order of its directory.

    Returns:
        The bytes that were read: the file's size, unless its directory or an archive in it is damaged.
    """
    size_bytes = stream.seek(0, io.SEEK_END)
    n_archives = n_lost = 0
    try:
        with zipfile.ZipFile(stream) as package:
            for info in package.infolist():
                if not info.filename.lower().endswith(_ENDINGS):
                    continue
                n_archives += 1
                start = _start_of_data(stream, info)
                is_stored = info.compress_type == zipfile.ZIP_STORED
                inside = _Window(stream, start, info.file_size) if is_stored else package.open(info)
                try:
                    for item in frame(cast(BinaryIO, inside), uri, max_record_bytes):
                        yield _moved(item, start, is_stored)
                except DAMAGE as error:
                    raise_if_storage_failed(error)
                    n_lost += info.compress_size
                    yield BrokenInput(uri, start, Refused("archive_damaged", f"{info.filename}: {error}"))
    except DAMAGE as error:
        raise_if_storage_failed(error)
        yield BrokenInput(uri, 0, Refused("archive_damaged", f"not a whole ZIP: {error}"))
        return 0
    if not n_archives:
        yield BrokenInput(uri, 0, Refused("not_warc", "a ZIP without archives"))
    return size_bytes - n_lost


def _moved(item: Record[Block] | BrokenInput, start: int, is_stored: bool) -> Record[Block] | BrokenInput:
    """An item of an archive as one of the WACZ."""
    offset = start + (item.origin_offset if is_stored else 0)
    if isinstance(item, Record):
        return item._replace(origin_offset=offset)
    return BrokenInput(item.origin_file, offset, item.refused)


def _start_of_data(stream: BinaryIO, info: zipfile.ZipInfo) -> int:
    """Where an entry's bytes start: behind its local header, whose name and extra field the directory may shorten."""
    stream.seek(info.header_offset)
    header = stream.read(_LOCAL_HEADER_BYTES)
    lengths = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
    return info.header_offset + _LOCAL_HEADER_BYTES + lengths


class _Window(io.RawIOBase):
    """A stretch of a stream as a stream of its own."""

    def __init__(self, stream: BinaryIO, start: int, size_bytes: int) -> None:
        super().__init__()
        self._stream = stream
        self._start = start
        self._size_bytes = size_bytes
        self._at = 0

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self._stream.seek(self._start + self._at)
        data = self._stream.read(min(len(buffer), max(0, self._size_bytes - self._at)))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size_bytes}[whence]
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True
