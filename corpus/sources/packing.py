"""Which input files one task reads together, and the name of the shard that comes out.

A plan depends on the set of files alone: not on the order in which a glob listed
them, and not on a file that it listed twice. So a run that is resumed on another
machine expects the same shards.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import groupby

from manyo.corpus.records import InputFile, InputShard

#: A name keeps this much of its first file's stem: most filesystems allow 255 bytes for a
#: name, and the hash and the endings of the stages come after it.
_STEM_MAX_CHARS = 80

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
) -> list[InputShard]:
    """Consecutive files, in order of group and URI, together up to a size.

    Args:
        files: in any order.
        target_bytes: a shard is closed before it would grow beyond this; a group that is
            larger by itself is a shard by itself.
        group: files with the same group are never split over shards.

    Returns:
        Shards in order; every file in exactly one.
    """
    if target_bytes < 1:
        raise ValueError(f"target_bytes must be at least 1, got {target_bytes}")
    ordered = sorted(_distinct(files), key=group)
    shards: list[tuple[InputFile, ...]] = []
    open_shard: tuple[InputFile, ...] = ()
    open_bytes = 0
    for _, members in groupby(ordered, key=group):
        grouped = tuple(members)
        group_bytes = sum(file.size_bytes for file in grouped)
        if open_shard and open_bytes + group_bytes > target_bytes:
            shards.append(open_shard)
            open_shard, open_bytes = (), 0
        open_shard += grouped
        open_bytes += group_bytes
    if open_shard:
        shards.append(open_shard)
    return _named(shards)


def _distinct(files: Sequence[InputFile]) -> list[InputFile]:
    """Each URI once, in order: overlapping globs list a file twice."""
    return [file for _, file in sorted({file.uri: file for file in files}.items())]


def _named(groups: list[tuple[InputFile, ...]]) -> list[InputShard]:
    """Shards named after their first file's stem and a hash of all their URIs.

    Six hex digits distinguish files of one stem in different folders. Names that still
    collide, or differ in case only, which some filesystems ignore, get the whole hash.
    """
    stems = [_safe(file_stem(files[0].uri)) for files in groups]
    digests = [
        hashlib.blake2b("\n".join(file.uri for file in files).encode("utf-8", "surrogatepass"), digest_size=16)
        for files in groups
    ]
    short = [f"{stem}-{digest.hexdigest()[:6]}" for stem, digest in zip(stems, digests, strict=True)]
    uses = Counter(name.casefold() for name in short)
    return [
        InputShard(name if uses[name.casefold()] == 1 else f"{stem}-{digest.hexdigest()}", files)
        for name, stem, digest, files in zip(short, stems, digests, groups, strict=True)
    ]


def _safe(stem: str) -> str:
    """Letters, digits, dots and dashes of ASCII only; never hidden (readers skip `.x` and `_x`)."""
    return re.sub(r"[^A-Za-z0-9.-]+", "_", stem)[:_STEM_MAX_CHARS].lstrip("._-") or "input"
