"""`manyo verify`: read the token shards of a run again and report every difference from what was written.

Each file is compared with the size and the digest in the manifest of its shard, each index with its tokens and its
sidecar, the last token of each document with the end-of-document mark, and the tokens of a sample of documents with a
new encoding of their text. If the bytes of a shard have changed, all of its documents are encoded again to find where.

Caches that Megatron made of the order of these shards are compared with them: next to the shards, and in the folder of
`--data-cache-path`. A shard that was written again leaves them stale, and Megatron does not see it.

The takedown requests that the run keeps are compared with their names, which are digests of what was handed in, and
what was found by address (`found-FOLDER.txt`) with the digest in its first line.

With `--deep`, every file of every stage is read and compared with its manifest first (`deep_check`).
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from manyo.corpus.tables.shards import filesystem, is_local, join, read_batches
from manyo.corpus.takedown_requests import request_faults
from manyo.corpus.text import Texts
from manyo.pipelines.commands import arguments
from manyo.pipelines.commands.deep_check import deep_check
from manyo.pipelines.commands.run_setup import read_config
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.engine.manifest import (
    Manifest,
    manifest_uri,
    manifest_uris,
    parse_manifest,
    read_again,
    read_manifests,
)
from manyo.pipelines.engine.sealed_json import NotSealed
from manyo.pipelines.engine.stage import AnyStage
from manyo.pipelines.engine.stage_table import StageTable
from manyo.pipelines.graph.build import build_stages
from manyo.pipelines.graph.config import Config
from manyo.pipelines.graph.release_stages import RELEASE
from manyo.pipelines.graph.token_stages import BIN, MODEL, NPY, PROVENANCE
from manyo.pipelines.run import finished_stages, stage_of
from manyo.tokenizer.draws import draws
from manyo.tokenizer.encode import Tokenizer
from manyo.tokenizer.megatron_cache import cache_faults, cache_folder, descriptions
from manyo.tokenizer.reader import Fault, TokenShard, TokenShardError, sidecar_faults, text_faults, token_faults

#: Seed of the sample. It differs from the seed of a shuffle, whose draws would sample neighbours in one shard.
_SAMPLE_SEED = 0x5EED


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo verify`."""
    arguments.add_run(parser)
    parser.add_argument(
        "--sample",
        type=arguments.whole(0),
        default=1000,
        metavar="N",
        help="encode about N documents again (default: 1000)",
    )
    parser.add_argument(
        "--data-cache-path", metavar="FOLDER", help="also check the caches that Megatron keeps here (--data-cache-path)"
    )
    parser.add_argument(
        "--deep", action="store_true", help="read every file of every stage again, not only the token shards"
    )


def run(options: argparse.Namespace) -> int:
    """Print every fault and a closing line; return 1 if there is a fault, else 0.

    Raises:
        UserError: the run has no token shards yet, or nothing at all.
        ShardError: a shard of the release cannot be read.
    """
    config = read_config(options)
    of_requests = [Fault(uri, "file", problem) for uri, problem in request_faults(config.run.out)]
    for fault in of_requests:
        print(fault)
    if of_requests:
        # The closing lines below count files and token shards, and may say that these have no faults.
        print(f"takedown requests: {len(of_requests)} faults")
    if options.deep:
        if _print_deep_faults(config):
            return 1
        if not config.tokenize.makes_shards:
            return 1 if of_requests else 0
        if not manifest_uris(stage_of(config, "tokenize", "verify").folder(config.run.out)):
            return 1 if of_requests else 0
    verified = verify_run(config, options.sample, options.data_cache_path)
    for fault in verified.faults:
        print(fault)
    print(
        f"{verified.shards:,} token shards, {verified.documents:,} documents, {verified.tokens:,} tokens, "
        f"{verified.sampled_documents:,} documents encoded again: {len(verified.faults) or 'no'} faults"
    )
    return 1 if verified.faults or of_requests else 0


def _print_deep_faults(config: Config) -> int:
    """Print every fault that reading all files finds, and a closing line; returns the number of faults.

    Raises:
        UserError: the run has no files.
    """
    n_files = n_bytes = n_faults = 0
    for output, fault in deep_check(config):
        n_files += 1
        n_bytes += output.size_bytes
        if fault is not None:
            n_faults += 1
            print(fault)
    if not n_files:
        raise UserError(f"{config.run.out}: nothing of this configuration is finished; run the pipeline first")
    print(f"{n_files:,} files of {n_bytes:,} bytes read again: {n_faults or 'no'} faults")
    return n_faults


@dataclass(frozen=True, slots=True)
class Verified:
    """What was read and the faults found.

    Attributes:
        shards: number of token shards that have a manifest.
        documents: number of their documents, from the manifests.
        tokens: number of their tokens, from the manifests.
        sampled_documents: number of documents whose text was encoded again.
        faults: the faults, in the order of the shards.
    """

    shards: int
    documents: int
    tokens: int
    sampled_documents: int
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class _Run:
    """What the check reads: the output folder, two stages and the tokenizer."""

    out: str
    release: AnyStage
    tokenize: AnyStage
    tokenizer: Tokenizer

    @property
    def folder(self) -> str:
        """URI of the folder of the token shards."""
        return self.tokenize.folder(self.out)

    def release_uris(self) -> list[str]:
        """URIs of the release shards, in the order of their names."""
        folder = self.release.folder(self.out)
        return [RELEASE.uri(folder, shard) for shard in sorted(read_manifests(folder))]


def verify_run(config: Config, sample_documents: int, data_cache_path: str | None = None) -> Verified:
    """Check every token shard of a run.

    Memory: the sampled texts, and the index of one shard. Shards on an object store are copied to a temporary
    folder one by one.

    Args:
        config: configuration of the run.
        sample_documents: approximate number of documents to encode again; 0 encodes none.
        data_cache_path: a folder of Megatron's caches besides those next to the shards.

    Returns:
        What was read and the faults found.

    Raises:
        UserError: the run has no token shards yet.
        ShardError: a shard of the release cannot be read.
    """
    stages = {stage.name: stage for stage in build_stages(config)}
    run = _Run(config.run.out, stages["release"], stage_of(config, "tokenize", "verify"), _tokenizer(config, stages))
    if not manifest_uris(run.folder):
        # Of a run that released nothing there is no token shard to read.
        finished_stages(config, ["tokenize"], "verify")
    manifests, faults = _manifests(run.folder)
    n_documents = sum(manifest.counts["documents"] for manifest in manifests.values())
    faults += _count_faults(run, n_documents)
    sample = _sample(run, sample_documents / max(n_documents, 1))
    found: set[bytes] = set()
    shard_faults = [fault for one in manifests.values() for fault in _shard_faults(run, one, sample, found)]
    missing = sorted(sample.keys() - found)
    # A damaged shard is reported already, and the missing documents may be in it.
    if missing and not shard_faults:
        problem = f"is in no token shard, nor are {len(missing) - 1} more of {len(sample)} sampled documents"
        faults.append(Fault(run.folder, f"document {missing[0].hex()}", problem))
    faults += shard_faults
    faults += _stale_caches(run, manifests, data_cache_path)
    return Verified(
        shards=len(manifests),
        documents=n_documents,
        tokens=sum(manifest.counts["tokens"] for manifest in manifests.values()),
        sampled_documents=len(sample),
        faults=tuple(faults),
    )


def _stale_caches(run: _Run, shards: Iterable[str], data_cache_path: str | None) -> Iterator[Fault]:
    """Faults of the caches that Megatron made of token shards; on an object store it makes none."""
    folders = [] if data_cache_path is None else [data_cache_path]
    if data_cache_path is not None and not os.path.isdir(data_cache_path):
        raise UserError(f"--data-cache-path: {data_cache_path}: there is no such folder")
    if data_cache_path is not None and not any(descriptions(Path(data_cache_path))):
        raise UserError(f"--data-cache-path: {data_cache_path}: holds no cache of Megatron (*-GPTDataset-*)")
    if BIN in run.tokenize.tables and is_local(filesystem(run.folder)[0]):
        prefixes = (filesystem(BIN.uri(run.folder, shard))[1].removesuffix(".bin") for shard in shards)
        folders += [folder for prefix in prefixes if os.path.isdir(folder := cache_folder(prefix))]
    for folder in folders:
        yield from cache_faults(Path(folder))


def _tokenizer(config: Config, stages: Mapping[str, AnyStage]) -> Tokenizer:
    if config.tokenize.model is not None:
        return Tokenizer.load(config.tokenize.model, config.tokenize.eod_token)
    train = stages["train"]
    folder = train.folder(config.run.out)
    shards = sorted(read_manifests(folder))
    if not shards:
        raise UserError(
            f"{folder}: the tokenizer is not trained; run: manyo run --config {config.path} --out {config.run.out}"
        )
    return Tokenizer.load(MODEL.uri(folder, shards[0]))


def _manifests(folder: str) -> tuple[dict[str, Manifest], list[Fault]]:
    """The manifests of all token shards by shard name, and faults: damaged manifests, files that no manifest lists."""
    fs, path = filesystem(folder)
    prefix = path.rstrip("/") + "/"
    names = sorted(name.removeprefix(prefix) for name in fs.find(path)) if fs.exists(path) else []
    marks = [name for name in names if name.startswith("manifests/")]
    manifests: dict[str, Manifest] = {}
    faults = []
    for name in marks:
        try:
            manifest = parse_manifest(fs.cat_file(prefix + name))
        except NotSealed as error:
            faults.append(Fault(join(folder, name), "file", f"is not a manifest ({error})"))
            continue
        if manifest_uri(folder, manifest.shard) == join(folder, name):
            manifests[manifest.shard] = manifest
        else:
            faults.append(Fault(join(folder, name), "file", f"is the manifest of another shard, {manifest.shard}"))
    listed = {output.path for manifest in manifests.values() for output in manifest.outputs}
    for name in names:
        is_known = name in listed or name in marks or name == "stage.json" or ".partial" in name
        if not is_known and "/cache/GPTDataset_indices/" not in name:
            faults.append(Fault(join(folder, name), "file", "no manifest lists this file"))
    return manifests, faults


def _count_faults(run: _Run, n_documents: int) -> list[Fault]:
    released = sum(one.counts["documents"] for one in read_manifests(run.release.folder(run.out)).values())
    if released == n_documents:
        return []
    return [Fault(run.folder, "file", f"token shards hold {n_documents} documents, the release holds {released}")]


def _sample(run: _Run, fraction: float) -> dict[bytes, str]:
    """Texts of the sampled documents by `doc_id`: those whose draw is low; the same for the same release."""
    limit = np.uint64(min(int(fraction * 2**64), 2**64 - 1))
    texts: dict[bytes, str] = {}
    for uri in run.release_uris() if fraction > 0 else ():
        if any((draws(one.column("doc_id"), _SAMPLE_SEED) <= limit).any() for one in read_batches(uri, ["doc_id"])):
            for batch in read_batches(uri, ["doc_id", "text"]):
                drawn = np.flatnonzero(draws(batch.column("doc_id"), _SAMPLE_SEED) <= limit)
                rows = batch.take(drawn)
                texts.update(zip(rows.column("doc_id").to_pylist(), rows.column("text").to_pylist(), strict=True))
    return texts


def _shard_faults(run: _Run, manifest: Manifest, sample: Mapping[bytes, str], found: set[bytes]) -> list[Fault]:
    """The faults of one shard; the ids of its sampled documents are added to `found`."""
    uris = {table: table.uri(run.folder, manifest.shard) for table in run.tokenize.tables}
    recorded = {join(run.folder, output.path): output for output in manifest.outputs}
    faults, changed = [], []
    for uri in uris.values():
        fs, path = filesystem(uri)
        if uri not in recorded:
            faults.append(Fault(manifest_uri(run.folder, manifest.shard), "file", f"does not list {uri}"))
        elif not fs.exists(path):
            faults.append(Fault(uri, "file", "there is no such file"))
        elif problem := read_again(run.folder, recorded[uri]):
            size_bytes, wanted = int(fs.info(path)["size"]), recorded[uri].size_bytes
            if size_bytes != wanted:
                faults.append(Fault(uri, f"byte {min(size_bytes, wanted)}", problem))
            else:
                changed.append(Fault(uri, "file", problem))
    if not faults:
        with _local_copies(uris) as paths:
            located = _content_faults(run, manifest, paths, sample, found, all_documents=bool(changed))
        names = {str(path): uris[table] for table, path in paths.items()}
        faults = [Fault(names.get(fault.file, fault.file), fault.where, fault.problem) for fault in located]
    # A fault with a position says more than the one about the digest.
    placed = {fault.file for fault in faults}
    return [*faults, *(fault for fault in changed if fault.file not in placed)]


@contextmanager
def _local_copies(uris: Mapping[StageTable, str]) -> Iterator[dict[StageTable, Path]]:
    """Local paths of files by table; files that are not local are copied for the duration of the block."""
    folder = tempfile.mkdtemp(prefix="manyo-verify-")
    paths = {}
    try:
        for table, uri in uris.items():
            fs, path = filesystem(uri)
            if is_local(fs):
                paths[table] = Path(path)
            else:
                paths[table] = Path(folder) / uri.rsplit("/", 1)[-1]
                fs.get_file(path, str(paths[table]))
        yield paths
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _content_faults(
    run: _Run,
    manifest: Manifest,
    paths: Mapping[StageTable, Path],
    sample: Mapping[bytes, str],
    found: set[bytes],
    all_documents: bool,
) -> list[Fault]:
    provenance = str(paths[PROVENANCE])
    try:
        if NPY in paths:
            shard = TokenShard.open_npy(paths[NPY], provenance)
        else:
            shard = TokenShard.open(str(paths[BIN]).removesuffix(".bin"))
    except TokenShardError as error:
        return [error.args[0]]
    faults = [
        *token_faults(shard, run.tokenizer.vocabulary_size, run.tokenizer.eod_id),
        *sidecar_faults(shard, provenance),
    ]
    counts = {"documents": len(shard), "tokens": len(shard.tokens)}
    faults += [
        Fault(shard.path, "file", f"holds {counts[name]} {name}, its manifest says {manifest.counts[name]}")
        for name in counts
        if counts[name] != manifest.counts[name]
    ]
    # Without a correct sidecar the texts cannot be assigned to their tokens.
    if not any(fault.file == provenance for fault in faults):
        faults += _retokenized(run, shard, provenance, sample, found, all_documents)
    return faults


def _retokenized(
    run: _Run,
    shard: TokenShard,
    provenance: str,
    sample: Mapping[bytes, str],
    found: set[bytes],
    all_documents: bool,
) -> list[Fault]:
    """A fault for the first document whose tokens differ from a new encoding, among the sampled documents or all."""
    ids = [doc_id for batch in read_batches(provenance, ["doc_id"]) for doc_id in batch.column("doc_id").to_pylist()]
    rows = {doc_id: row for row, doc_id in enumerate(ids) if all_documents or doc_id in sample}
    found |= rows.keys() & sample.keys()
    faults: list[Fault] = []
    for texts in _texts(run, rows) if all_documents else [{doc_id: sample[doc_id] for doc_id in rows}]:
        order = np.array([rows[doc_id] for doc_id in texts], np.int64)
        faults += text_faults(shard, order, Texts.from_strings(list(texts.values())), run.tokenizer)
    if len(faults) < 2:
        return faults
    first = min(faults, key=lambda fault: int(fault.where.removeprefix("byte ")))
    return [Fault(first.file, first.where, f"{first.problem} (and of {len(faults) - 1} more documents)")]


def _texts(run: _Run, wanted: Mapping[bytes, int]) -> Iterator[dict[bytes, str]]:
    """Yield texts of documents by `doc_id`, those of one batch of the release at a time."""
    for uri in run.release_uris():
        for batch in read_batches(uri, ["doc_id", "text"]):
            ids = batch.column("doc_id").to_pylist()
            rows = [row for row, doc_id in enumerate(ids) if doc_id in wanted]
            if rows:
                texts = batch.column("text").take(np.array(rows))
                yield dict(zip((ids[row] for row in rows), texts.to_pylist(), strict=True))
