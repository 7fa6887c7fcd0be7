"""Fetches pages of others that `--data` reads: archives named by source and digest, by the user and for the user."""

from __future__ import annotations

import hashlib
import io
import tarfile
import tomllib
import urllib.error
import urllib.request
from pathlib import Path
from typing import NamedTuple

_WAIT_S = 60


class Archive(NamedTuple):
    """An archive of pages: file name, address, digest (`algorithm:hex`), and the folder that it is unpacked into."""

    name: str
    url: str
    digest: str
    into: str


class NotFetched(RuntimeError):
    """An archive is not there, or is another one; says which and what to do."""


def archives() -> list[Archive]:
    """Return the archives of `archives.toml`."""
    rows = tomllib.loads(Path(__file__).with_name("archives.toml").read_text("utf-8"))["archive"]
    return [Archive(**row) for row in rows]


def fetch(archive: Archive, folder: Path) -> str:
    """Fetch an archive into a folder, unless it lies there, compare its digest, and unpack it.

    Returns:
        What was done.

    Raises:
        NotFetched: the address does not answer, or gives other bytes; nothing is unpacked.
    """
    path = folder / archive.name
    is_there = path.is_file()
    try:
        data = path.read_bytes() if is_there else urllib.request.urlopen(archive.url, timeout=_WAIT_S).read()
    except (urllib.error.URLError, TimeoutError) as error:
        raise NotFetched(f"{archive.url}: {error}; fetch it by hand to {path}") from None
    algorithm, wanted = archive.digest.split(":")
    found = hashlib.new(algorithm, data).hexdigest()
    if found != wanted:
        where = f"{path}: delete it" if is_there else f"{archive.url}: it has changed"
        raise NotFetched(f"{where}; its {algorithm} is {found}, not {wanted}")
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    with tarfile.open(fileobj=io.BytesIO(data)) as packed:
        # Python 3.11.4 brought the filter; before it the digest alone says what is unpacked.
        packed.extraction_filter = getattr(tarfile, "data_filter", lambda member, _path: member)
        packed.extractall(folder / archive.into)
    return f"{len(data):,} bytes, {'already there' if is_there else 'fetched'}, unpacked"
