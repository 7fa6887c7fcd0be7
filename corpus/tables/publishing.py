"""Files appear whole or not at all, last, and on behalf of the one process that owns the output folder."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple
from uuid import uuid4

from blake3 import blake3

from manyo.corpus.tables.ownership import check_owner, current_owner
from manyo.corpus.tables.seals import read_seal
from manyo.corpus.tables.storage import LocalFiles, RemoteFiles, connect, make_folder, sync

#: Where files lie until they are complete.
PARTIAL_FOLDER = ".partial"

_HASH_CHUNK_BYTES = 1 << 20
_DIGEST_BYTES = 16

#: How the digest of a file begins: the entity tag of an object looks the same without.
BLAKE3 = "blake3:"


class Bytes(NamedTuple):
    """What tells the bytes of a file from others.

    Attributes:
        size_bytes: how many there are.
        digest: BLAKE3 of all of them, with its name before it.
        seal: see `manyo.corpus.tables.seals`.
    """

    size_bytes: int
    digest: str
    seal: int


#: Files that were sent to object stores, by URI.
_sent: dict[str, Bytes] = {}

#: Stands for the token of an owner in names of partial files that nobody owns.
_NOBODY = "0"
_OWNED = re.compile(r"[0-9a-f]{16}-")

#: Partial files of nobody that are younger may still be written.
_NOBODYS_LAST_S = 24 * 3600.0


@contextmanager
def publish(uri: str) -> Iterator[Path]:
    """Yield a local path to write to; the file appears at `uri`, whole, when the block succeeds.

    If the block raises, nothing appears and the partial file is removed. A file that has appeared outlasts a loss of
    power. What tells one on an object store from others is kept for `sent_bytes`.

    Raises:
        OwnershipLost: this process writes for an owner that is none any more (`manyo.corpus.tables.ownership`).
    """
    fs, path = connect(uri)
    if not isinstance(fs, RemoteFiles):
        target = Path(path)
        make_folder(str(target.parent))
        partial = _new_partial(target.parent / PARTIAL_FOLDER)
        try:
            yield partial
            sync(str(partial))
            check_owner()
            os.replace(partial, target)
            sync(str(target.parent))
        finally:
            partial.unlink(missing_ok=True)
        return
    with tempfile.TemporaryDirectory(prefix="manyo-") as folder:
        partial = Path(folder) / uri.rsplit("/", 1)[-1]
        yield partial
        fs.put_file(str(partial), path, check_owner)
        with partial.open("rb") as stream:
            _sent[uri] = bytes_of(stream)


def sent_bytes(uri: str) -> Bytes | None:
    """Of the bytes that this process last sent to an object store as this file; None if it sent none.

    Each is told once, so that only those that nobody asks for are kept.
    """
    return _sent.pop(uri, None)


def bytes_of(stream: BinaryIO) -> Bytes:
    """Of all bytes of a file, which is read from its start and closed."""
    hasher = blake3()
    while chunk := stream.read(_HASH_CHUNK_BYTES):
        hasher.update(chunk)
    return Bytes(stream.tell(), BLAKE3 + hasher.hexdigest(length=_DIGEST_BYTES), read_seal(stream))


def _new_partial(folder: Path) -> Path:
    """An empty file in a folder, which is created, and created again if another process deletes it as empty."""
    partial = folder / f"{_own_prefix()}{uuid4().hex[:12]}"
    while True:
        folder.mkdir(exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            partial.touch()
            return partial


def _own_prefix() -> str:
    """How names of partial files begin that this process writes: with its owner's token."""
    owner = current_owner()
    return f"{owner.token if owner else _NOBODY}-"


def let_read(uri: str, folder: str, umask: int) -> None:
    """Give a local file, and the folders between it and `folder`, the permissions that an umask leaves."""
    fs, path = connect(uri)
    if isinstance(fs, LocalFiles):
        os.chmod(path, 0o666 & ~umask)
        top = connect(folder)[1]
        while (path := os.path.dirname(path)) != top:
            os.chmod(path, 0o777 & ~umask)


def remove_partials(folder: str, below: bool = True) -> None:
    """Delete the files that killed workers left unfinished in a local folder, and in all folders below it.

    An owner deletes those of earlier owners too, which are none any more. What was begun for nobody is deleted by
    whoever writes for nobody, or after a day.

    Args:
        folder: URI of the folder; nothing is done on an object store.
        below: whether the folders below are searched too.
    """
    fs, path = connect(folder)
    if not isinstance(fs, LocalFiles):
        return
    check_owner()
    folders = [path] if os.path.isdir(path) else []
    while folders:
        with os.scandir(folders.pop()) as entries:
            found = [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
        for subfolder in found:
            if os.path.basename(subfolder) == PARTIAL_FOLDER:
                _remove_partials_in(subfolder)
            elif below:
                folders.append(subfolder)


def _remove_partials_in(folder: str) -> None:
    own_prefix = _own_prefix()
    for name in os.listdir(folder):
        partial = os.path.join(folder, name)
        is_nobodys = name.startswith(f"{_NOBODY}-")
        is_others = _OWNED.match(name) is not None and not name.startswith(own_prefix)
        with contextlib.suppress(FileNotFoundError):
            if is_nobodys and own_prefix != f"{_NOBODY}-":
                is_kept = time.time() - os.stat(partial).st_mtime < _NOBODYS_LAST_S
            else:
                is_kept = is_others and current_owner() is None
            if not is_kept:
                os.unlink(partial)
    with contextlib.suppress(OSError):
        os.rmdir(folder)  # it stays where another process writes
