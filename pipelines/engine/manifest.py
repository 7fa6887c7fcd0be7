"""Manifests: what a finished task did, and the mark that it is finished.

A manifest is one small JSON file per shard, written last. A shard is finished
when its manifest has the digest of its present inputs and every file that the manifest
lists exists with the size that it lists. Any other shard is made again.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import islice

from manyo.corpus.tables.shards import filesystem, is_local, join, publish

_FOLDER = "manifests"

#: Path of a shard's manifest below its stage's folder.
MANIFEST_TEMPLATE = _FOLDER + "/{shard}.json"
_HASH_CHUNK_BYTES = 1 << 20

#: Manifests read from an object store at once: enough to hide its latency, few enough to need little memory.
_READ_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class OutputFile:
    """A file that a task published: its URI below the stage's folder, size, and digest of its bytes."""

    path: str
    size_bytes: int
    digest: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What one task did.

    Attributes:
        shard: name of the shard.
        inputs_digest: digest of what it read.
        outputs: files that it published.
        counts: records, documents, reasons and whatever else the stage counts.
        bytes_read: size of its inputs.
        seconds: wall time of the task.
        finished_at: when it ended, in seconds since 1970.
        peak_memory_bytes: largest resident size of the process that did the work.
        cpu_seconds: processor time that it took; 0 in manifests from before this was measured.
    """

    shard: str
    inputs_digest: str
    outputs: tuple[OutputFile, ...]
    counts: Mapping[str, int]
    bytes_read: int
    seconds: float
    finished_at: float
    peak_memory_bytes: int
    cpu_seconds: float = 0.0

    @property
    def bytes_written(self) -> int:
        """Size of its outputs."""
        return sum(output.size_bytes for output in self.outputs)


def manifest_uri(stage_folder: str, shard: str) -> str:
    """Returns the URI of a shard's manifest."""
    return join(stage_folder, MANIFEST_TEMPLATE.replace("{shard}", shard))


def describe_output(stage_folder: str, uri: str) -> OutputFile:
    """Returns size and digest of a published file: BLAKE2b of its bytes, or the entity tag of an object store."""
    fs, path = filesystem(uri)
    info = fs.info(path)
    entity_tag = info.get("ETag")
    if entity_tag and not is_local(fs):
        digest = str(entity_tag).strip('"')
    else:
        hasher = hashlib.blake2b(digest_size=16)
        with fs.open(path, "rb") as stream:
            while chunk := stream.read(_HASH_CHUNK_BYTES):
                hasher.update(chunk)
        digest = hasher.hexdigest()
    return OutputFile(uri.removeprefix(stage_folder.rstrip("/") + "/"), int(info["size"]), digest)


def write_manifest(uri: str, manifest: Manifest) -> None:
    """Publish a manifest; after this the shard is finished."""
    with publish(uri) as path:
        path.write_text(json.dumps(asdict(manifest), ensure_ascii=False, indent=1), encoding="utf-8")


def iter_manifests(stage_folder: str) -> Iterator[Manifest]:
    """Yields the manifests of the finished shards in a stage's folder, in no order.

    A manifest whose files are missing or have another size is left out, so that its shard is made again.
    """
    fs, path = filesystem(stage_folder)
    # An object store lists the sizes of a thousand files in one request; a filesystem is asked for each file.
    sizes = None if is_local(fs) else dict(fs.sizes(path))
    listed = fs.sizes(join(path, _FOLDER)) if sizes is None else sizes.items()
    prefix = "" if sizes is None else _FOLDER + "/"
    names = (name.removeprefix(prefix) for name, _ in listed if name.startswith(prefix) and name.endswith(".json"))
    while batch := list(islice(names, _READ_AT_ONCE)):
        contents = fs.cat([join(path, _FOLDER, name) for name in batch])
        for manifest in map(parse_manifest, contents.values()):
            if all(_size(path, output.path, sizes) == output.size_bytes for output in manifest.outputs):
                yield manifest


def _size(folder: str, name: str, sizes: Mapping[str, int] | None) -> int | None:
    if sizes is not None:
        return sizes.get(name)
    try:
        return os.stat(f"{folder}/{name}").st_size
    except OSError:
        return None


def read_manifests(stage_folder: str) -> dict[str, Manifest]:
    """Returns the manifests of `iter_manifests` by shard name. Memory: about a kilobyte for each shard."""
    return {manifest.shard: manifest for manifest in iter_manifests(stage_folder)}


def unexpected_files(stage_folder: str, is_expected: Callable[[str], bool]) -> list[str]:
    """Returns the paths, below a stage's folder, of files in its tables that are not expected."""
    fs, path = filesystem(stage_folder)
    names = (name for name, _ in fs.sizes(path))
    return sorted(name for name in names if "/" in name and "/.partial/" not in f"/{name}" and not is_expected(name))


def parse_manifest(raw: bytes) -> Manifest:
    """Read a manifest from the bytes of its file.

    Raises:
        ValueError, TypeError, KeyError: the file does not hold a manifest.
    """
    values = json.loads(raw)
    values["outputs"] = tuple(OutputFile(**output) for output in values["outputs"])
    return Manifest(**values)
