"""Which input files one task reads together, and the name of the shard that comes out.

A plan depends on the set of files alone: not on the order in which a glob listed
them, and not on a file that it listed twice. So a run that is resumed on another
machine expects the same shards. A file that is added or removed changes the shards
next to it and no other.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import groupby, pairwise

import numpy as np

from manyo.corpus.records import InputFile, InputShard

#: A name keeps this much of its first file's stem: most filesystems allow 255 bytes for a
#: name, and the hash and the endings of the stages come after it.
_STEM_MAX_CHARS = 80

#: Shards of a source, give or take a half: enough for every core of a cluster, and few enough to exchange data between
#: all of them. The target is met by half, so there are up to twice as many.
_SHARDS = 1024

#: 64 GiB of WARC are 1.7 million pages of 38.6 kB. If all of them are Japanese, the largest task of dedup needs 3.5 GB
#: (2,131 bytes a document, docs/dedup-scale.md).
_LARGEST_SHARD_BYTES = 64 << 30

_COMPRESSIONS = (".gz", ".bz2", ".xz", ".zst", ".lz4")


def file_name(uri: str) -> str:
    """The part of a URI or path after its last slash: `a/b-001.warc.gz` is `b-001.warc.gz`."""
    return uri.rsplit("/", 1)[-1]


def file_stem(uri: str) -> str:
    """The file's name without folder, query and endings: `a/b-001.warc.gz` is `b-001`.

    Only a compression and one ending before it are cut, since stems hold dots of their own
    (`part.2021-04.jsonl`).
    """
    name = file_name(uri.split("?", 1)[0].rstrip("/"))
    for ending in _COMPRESSIONS:
        if name.lower().endswith(ending):
            name = name[: -len(ending)]
            break
    stem, dot, _ = name.rpartition(".")
    return stem if dot and stem else name


def require_positive(options: object, *names: str) -> None:
    """Check that none of the named sizes is below 1.

    Raises:
        ValueError: names the first such option and its value.
    """
    for name in names:
        if getattr(options, name) < 1:
            raise ValueError(f"{name} must be at least 1, got {getattr(options, name)}")


def shard_per_file(files: Sequence[InputFile]) -> list[InputShard]:
    """One shard for each file, in order of URI."""
    return _named([(file,) for file in _distinct(files)])


def pack_files(
    files: Sequence[InputFile],
    target_bytes: int,
    group: Callable[[InputFile], str] = lambda file: file.uri,
    size_of: Callable[[InputFile], int] = lambda file: file.size_bytes,
) -> list[InputShard]:
    """Consecutive files, in order of group and URI, together up to a size; half of it on average.

    Files that are too large together are cut where the hash of a file's name is smallest, and the halves again, until
    none is too large. So a cut depends on the names, and on sizes in its neighbourhood: a new file changes at most one
    of the shards that there were. Running totals would move every cut behind it.

    Args:
        files: in any order.
        target_bytes: no shard is larger, unless it is a single group.
        group: files with the same group are never split over shards.
        size_of: bytes of a file, as the target counts them.

    Returns:
        Shards in order; every file in exactly one.
    """
    if target_bytes < 1:
        raise ValueError(f"target_bytes must be at least 1, got {target_bytes}")
    groups = [tuple(members) for _, members in groupby(sorted(_distinct(files), key=group), key=group)]
    hashes = np.array([_hash_of(members[0].name) for members in groups], np.uint64)
    ends = np.cumsum([0, *(sum(map(size_of, members)) for members in groups)])
    cuts = _cuts(hashes, ends, target_bytes)
    return _named([sum(groups[start:stop], ()) for start, stop in pairwise(cuts)])


def _cuts(hashes: np.ndarray, ends: np.ndarray, target_bytes: int) -> list[int]:
    """Where shards begin, and the end of the last.

    Args:
        hashes: uint64 (n,), of the groups; a cut lies before the smallest.
        ends: int64 (n + 1,), bytes before each group, and of all.
        target_bytes: of a shard at most.
    """
    cuts = [0]
    open_stretches = [(0, len(hashes))] if len(hashes) else []
    while open_stretches:
        start, stop = open_stretches.pop()
        if stop - start == 1 or ends[stop] - ends[start] <= target_bytes:
            cuts.append(stop)
            continue
        cut = start + 1 + int(np.argmin(hashes[start + 1 : stop]))
        open_stretches += [(cut, stop), (start, cut)]
    return cuts


def _hash_of(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def shard_bytes(total_bytes: int) -> int:
    """A target for the shards of a source of large files, so that there are some 1,000 to 3,000 of a crawl.

    A power of two, so that it seldom changes when the source grows, and then all shards do.
    """
    return min(_LARGEST_SHARD_BYTES, 1 << max(0, -(-total_bytes // _SHARDS) - 1).bit_length())


def _distinct(files: Sequence[InputFile]) -> list[InputFile]:
    """Each URI once, in order: overlapping globs list a file twice."""
    return [file for _, file in sorted({file.uri: file for file in files}.items())]


def _named(groups: list[tuple[InputFile, ...]]) -> list[InputShard]:
    """Shards named after their first file: its stem and a hash of its URI.

    A file that joins a shard behind its first leaves the name as it is, so that the shard is made again in its place.
    Six hex digits distinguish files of one stem in different folders. Names that still
    collide, or differ in case only, which some filesystems ignore, get the whole hash.
    """
    stems = [_safe(file_stem(files[0].uri)) for files in groups]
    digests = [hashlib.blake2b(files[0].uri.encode("utf-8", "surrogatepass"), digest_size=16) for files in groups]
    short = [f"{stem}-{digest.hexdigest()[:6]}" for stem, digest in zip(stems, digests, strict=True)]
    uses = Counter(name.casefold() for name in short)
    return [
        InputShard(name if uses[name.casefold()] == 1 else f"{stem}-{digest.hexdigest()}", files)
        for name, stem, digest, files in zip(short, stems, digests, groups, strict=True)
    ]


def _safe(stem: str) -> str:
    """Letters, digits, dots and dashes of ASCII only; never hidden (readers skip `.x` and `_x`)."""
    return re.sub(r"[^A-Za-z0-9.-]+", "_", stem)[:_STEM_MAX_CHARS].lstrip("._-") or "input"
