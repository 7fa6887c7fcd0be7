"""`manyo verify --deep`: every byte of every file of a run, compared with what its manifest says."""

from __future__ import annotations

from collections.abc import Iterator

from manyo.corpus.tables.shards import DamagedShard, filesystem, is_local, join, open_checked
from manyo.pipelines.engine.manifest import (
    Manifest,
    OutputFile,
    manifest_uris,
    read_again,
    read_manifest,
)
from manyo.pipelines.engine.sealed_json import NotSealed
from manyo.pipelines.graph.build import build_stages
from manyo.pipelines.graph.config import Config
from manyo.tokenizer.reader import Fault

#: Files with checksums in them, which say where they differ.
_SEALED = (".parquet", ".arrow")


def deep_check(config: Config) -> Iterator[tuple[OutputFile, Fault | None]]:
    """Read every file that the manifests of a run list; yields each with what is wrong with it.

    A manifest that cannot be used is a fault of a file of its own.
    """
    for stage in build_stages(config):
        folder = stage.folder(config.run.out)
        for uri in manifest_uris(folder):
            try:
                manifest = read_manifest(uri)
            except NotSealed as error:
                yield OutputFile(uri, 0, ""), Fault(uri, "file", str(error))
                continue
            yield from _files(folder, manifest)


def _files(folder: str, manifest: Manifest) -> Iterator[tuple[OutputFile, Fault | None]]:
    for output in manifest.outputs:
        uri = join(folder, output.path)
        fs, path = filesystem(uri)
        if not fs.exists(path):
            yield output, Fault(uri, "file", "there is no such file")
            continue
        problem = read_again(folder, output)
        # The checksums say where; and an object store's tag need not be a digest of the bytes.
        place = _damaged_place(uri) if uri.endswith(_SEALED) and (problem or not is_local(fs)) else None
        found = place or problem
        yield output, Fault(uri, "file", found) if found else None


def _damaged_place(uri: str) -> str | None:
    try:
        with open_checked(uri) as stream:
            stream.check()
    except DamagedShard as error:
        return error.problem
    return None
