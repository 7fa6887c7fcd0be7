"""The parts of a packaged file (EPUB, DOCX, ODT, IDML): a ZIP in memory, read part by part within a limit.

A part is decompressed only when it is asked for, and all that are asked for together must stay within the limit, so
that neither one part of zeros nor a thousand of them fill the memory.
"""

from __future__ import annotations

import io
import lzma
import posixpath
import zipfile
import zlib
from urllib.parse import unquote

from manyo.corpus.books.book import UnreadableError

#: What zipfile and the decompressors raise on damaged, encrypted or unsupported data.
#: Found by damaging archives at random: a flipped bit turns deflate into bzip2 (OSError) or LZMA.
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    RuntimeError,  # zipfile: "password required"
    NotImplementedError,  # zipfile: unknown compression method
    ValueError,  # tarfile: "negative seek value"; UnicodeDecodeError: a name in no encoding
    OSError,  # gzip, bz2: without errno; a seek to a place that no file has: EINVAL
)


class Package:
    """A packaged file.

    Args:
        data: its bytes.
        max_bytes: limit for all parts that are read, decompressed.

    Raises:
        UnreadableError: the bytes are no ZIP.
    """

    def __init__(self, data: bytes, max_bytes: int) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except DAMAGE as error:
            raise UnreadableError("broken_file", f"the package cannot be opened: {error}") from error
        self._left_bytes = self._max_bytes = max_bytes
        self._names: dict[str, str] = {}
        for info in self._zip.infolist():
            self._names.setdefault(_plain(name_of_entry(info)), info.filename)

    def names(self) -> list[str]:
        """The names of all parts, as `read` takes them."""
        return list(self._names)

    def has(self, name: str) -> bool:
        """Whether there is such a part."""
        return _plain(name) in self._names

    def read(self, name: str) -> bytes:
        """The bytes of a part; names are compared without regard to case where no part has the name as it is.

        Raises:
            UnreadableError: the part is missing, damaged or encrypted, or there are too many bytes.
        """
        stored = self._names.get(_plain(name))
        if stored is None:
            folded = _plain(name).casefold()
            stored = next((real for plain, real in self._names.items() if plain.casefold() == folded), None)
        if stored is None:
            raise UnreadableError("broken_file", f"{name} is missing from the package")
        info = self._zip.getinfo(stored)
        if info.flag_bits & 1:
            raise UnreadableError("encrypted", f"{name} needs a password")
        if info.file_size > self._left_bytes:
            detail = f"{name}: {info.file_size} bytes; the parts of a package may have {self._max_bytes}"
            raise UnreadableError("too_large", detail)
        try:
            # A header that claims too small a size ends in a wrong checksum: zipfile stops there.
            with self._zip.open(info) as part:
                data = part.read()
        except DAMAGE as error:
            raise UnreadableError("broken_file", f"{name}: {error}") from error
        self._left_bytes -= len(data)
        return data


def name_of_entry(info: zipfile.ZipInfo) -> str:
    """The name of an entry of a ZIP. Without the flag of UTF-8 its bytes are UTF-8 all the same, or cp932.

    zipfile reads such names as cp437. macOS writes UTF-8 without the flag, Windows in Japan writes cp932.
    """
    if info.flag_bits & 0x800 or info.filename.isascii():
        return info.filename
    for encoding in ("utf-8", "cp932"):
        try:
            return info.filename.encode("cp437").decode(encoding)
        except UnicodeError:
            continue
    return info.filename


def resolved(base: str, reference: str) -> str:
    """The name of the part that a part refers to, without fragment; empty for an address outside the package."""
    path = reference.split("#", 1)[0]
    if ":" in path.split("/", 1)[0]:
        return ""
    return _plain(posixpath.join("/", posixpath.dirname(base), unquote(path)))


def _plain(name: str) -> str:
    """A part's name in one form; a name that leads out of the package names a part within."""
    return posixpath.normpath("/" + name.replace("\\", "/")).lstrip("/")
