"""Manifests: what a finished task did, and the mark that it is finished.

A manifest is one small JSON file per shard, written last. A shard is finished
when its manifest has the digest of its present inputs and every file that the manifest
lists exists with the size that it lists. Any other shard is made again, also one
whose manifest is empty, cut, damaged or of another format.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import islice

from manyo.corpus.tables.pieces import written_pieces
from manyo.corpus.tables.publishing import BLAKE3, Bytes, bytes_of, sent_bytes
from manyo.corpus.tables.seals import NO_SEAL, read_seal
from manyo.corpus.tables.shards import filesystem, is_local, join, publish
from manyo.pipelines.engine.sealed_json import NotSealed, open_json, seal_json

_log = logging.getLogger("manyo")

_FOLDER = "manifests"

#: Path of a shard's manifest below its stage's folder.
MANIFEST_TEMPLATE = _FOLDER + "/{shard}.json"

#: Manifests that cannot be read are named up to this number, then counted.
_NAMED_AT_MOST = 5

#: Manifests read from an object store at once: enough to hide its latency, few enough to need little memory.
_READ_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class OutputFile:
    """A file that a task published.

    Attributes:
        path: its URI below the stage's folder.
        size_bytes: its size.
        digest: of its bytes.
        pieces: of a dealt file, where its parts lie, packed (`manyo.corpus.tables.pieces`), in hex; else "".
        seal: of its checksums, which whoever reads it for a later task compares (`manyo.corpus.tables.seals`).
    """

    path: str
    size_bytes: int
    digest: str
    pieces: str = ""
    seal: int = NO_SEAL


class Counts(dict[str, int]):
    """What a task counted, by name. What it did not count is 0: tasks leave zeros out."""

    def __missing__(self, name: str) -> int:
        return 0


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

    def __post_init__(self) -> None:
        """Let counts that are absent be 0."""
        object.__setattr__(self, "counts", Counts(self.counts))

    @property
    def bytes_written(self) -> int:
        """Size of its outputs."""
        return sum(output.size_bytes for output in self.outputs)


def manifest_uri(stage_folder: str, shard: str) -> str:
    """Returns the URI of a shard's manifest."""
    return join(stage_folder, MANIFEST_TEMPLATE.replace("{shard}", shard))


def describe_output(stage_folder: str, uri: str) -> OutputFile:
    """Returns size, digest and seal of a published file, and the pieces of one that this process dealt.

    The digest is BLAKE3 of its bytes. A file on an object store is not read back for it: what this process sent is
    known, and of what a child sent the entity tag stands in. Such a tag need not be a digest of the bytes (encryption
    with a key of KMS), so it only says whether the file is another one; tables, which children write, have checksums.
    """
    below, pieces = uri.removeprefix(stage_folder.rstrip("/") + "/"), written_pieces(uri).hex()
    if sent := sent_bytes(uri):
        return OutputFile(below, sent.size_bytes, sent.digest, pieces, sent.seal)
    fs, path = filesystem(uri)
    info = fs.info(path)
    entity_tag = info.get("ETag")
    if is_local(fs) or not entity_tag:
        found = _bytes_of(uri)
        return OutputFile(below, found.size_bytes, found.digest, pieces, found.seal)
    digest, seal = str(entity_tag).strip('"'), read_seal(fs.open_from_end(path))
    return OutputFile(below, int(info["size"]), digest, pieces, seal)


def _bytes_of(uri: str) -> Bytes:
    fs, path = filesystem(uri)
    with fs.open(path, "rb") as stream:
        return bytes_of(stream)


def read_again(stage_folder: str, output: OutputFile) -> str | None:
    """Read every byte of an output and compare them with what its manifest says.

    Returns:
        How they differ; None if they do not. Where the manifest has an entity tag, or a digest of another kind from an
        earlier version, only the size is compared.

    Raises:
        FileNotFoundError: there is no such file.
    """
    uri = join(stage_folder, output.path)
    fs, path = filesystem(uri)
    size_bytes = int(fs.info(path)["size"])
    if size_bytes != output.size_bytes:
        return f"has {size_bytes} bytes, its manifest says {output.size_bytes}"
    if not output.digest.startswith(BLAKE3):
        return None
    digest = _bytes_of(uri).digest
    return None if digest == output.digest else f"its digest is {digest}, its manifest says {output.digest}"


def read_manifest(uri: str) -> Manifest:
    """Returns the manifest at a URI.

    Raises:
        NotSealed: it cannot be used.
        FileNotFoundError: there is none.
    """
    fs, path = filesystem(uri)
    return parse_manifest(fs.cat_file(path))


def write_manifest(uri: str, manifest: Manifest) -> None:
    """Publish a manifest; after this the shard is finished."""
    with publish(uri) as path:
        path.write_text(seal_json(asdict(manifest)), encoding="utf-8")


def iter_manifests(stage_folder: str) -> Iterator[Manifest]:
    """Yields the manifests of the finished shards in a stage's folder, in no order.

    A manifest whose files are missing or have another size is left out, so that its shard is made again. So is one that
    cannot be used, with a line that names it.
    """
    unusable = 0
    fs, path = filesystem(stage_folder)
    # An object store lists the sizes of a thousand files in one request; a filesystem is asked for each file.
    sizes = None if is_local(fs) else dict(fs.sizes(path))
    listed = fs.sizes(join(path, _FOLDER)) if sizes is None else sizes.items()
    prefix = "" if sizes is None else _FOLDER + "/"
    names = (name.removeprefix(prefix) for name, _ in listed if name.startswith(prefix) and name.endswith(".json"))
    while batch := list(islice(names, _READ_AT_ONCE)):
        contents = fs.cat([join(path, _FOLDER, name) for name in batch])
        for name, raw in contents.items():
            try:
                manifest = parse_manifest(raw)
            except NotSealed as error:
                unusable += 1
                if unusable <= _NAMED_AT_MOST:
                    _log.warning("%s: %s; its shard counts as not finished", name, error)
                continue
            if all(_size(path, output.path, sizes) == output.size_bytes for output in manifest.outputs):
                yield manifest
    if unusable > _NAMED_AT_MOST:
        _log.warning("%s: %d more manifests like these", stage_folder, unusable - _NAMED_AT_MOST)


def _size(folder: str, name: str, sizes: Mapping[str, int] | None) -> int | None:
    if sizes is not None:
        return sizes.get(name)
    try:
        return os.stat(f"{folder}/{name}").st_size
    except OSError:
        return None


def manifest_uris(stage_folder: str) -> list[str]:
    """Returns the URIs of all manifests in a stage's folder, usable or not, in the order of their names."""
    folder = join(stage_folder, _FOLDER)
    fs, path = filesystem(folder)
    names = (name for name, _ in fs.sizes(path))
    return [join(folder, name) for name in sorted(names) if name.endswith(".json")]


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
        NotSealed: the file does not hold a manifest of this version.
    """
    values = open_json(raw)
    try:
        values["outputs"] = tuple(OutputFile(**output) for output in values["outputs"])
        return Manifest(**values)
    except (TypeError, KeyError) as error:
        raise NotSealed(f"it is not a manifest ({error})") from error
