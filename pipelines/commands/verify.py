"""Re-reads the token shards of a run and names everything that is not as it was written.

Each file is compared with the size and the digest in its shard's manifest, each index with its tokens and
its sidecar, each document's end with its end mark, and the tokens of a sample of documents with what the
tokenizer makes of their text now. In a shard whose bytes have changed all documents are encoded again, to find where.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from manyo.corpus.tables.shards import filesystem, is_local, join, read_batches
from manyo.corpus.text import Texts
from manyo.pipelines.engine.manifest import Manifest, describe_output, manifest_uri, parse_manifest, read_manifests
from manyo.pipelines.engine.shapes import table_uri
from manyo.pipelines.engine.stage import Stage, UserError
from manyo.pipelines.graph.build import build_stages
from manyo.pipelines.graph.config import Config
from manyo.tokenizer.draws import draws
from manyo.tokenizer.encode import Tokenizer
from manyo.tokenizer.reader import Fault, TokenShard, TokenShardError, sidecar_faults, text_faults, token_faults

#: Draws the sample; not the seed of a shuffle, which would make the sample a run of neighbours.
_SAMPLE_SEED = 0x5EED


@dataclass(frozen=True, slots=True)
class Verified:
    """What was read, and what was wrong.

    Attributes:
        shards: token shards that have a manifest.
        documents: their documents, by the manifests.
        tokens: their tokens, by the manifests.
        sampled_documents: documents whose text was encoded again.
        faults: in the order of the shards.
    """

    shards: int
    documents: int
    tokens: int
    sampled_documents: int
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class _Run:
    """The stages that the check reads, and the model."""

    out: str
    release: Stage
    tokenize: Stage
    tokenizer: Tokenizer

    @property
    def folder(self) -> str:
        """Where the token shards are."""
        return self.tokenize.folder(self.out)

    def release_uris(self) -> list[str]:
        """Shards of the release, in name order."""
        folder = self.release.folder(self.out)
        return [table_uri(folder, self.release.tables["release"], shard) for shard in sorted(read_manifests(folder))]


def verify_run(config: Config, sample_documents: int) -> Verified:
    """Check every token shard of a run.

    Memory: the sampled texts, and the index of one shard. Shards on an object store are copied to a temporary
    folder one by one.

    Args:
        config: the run's configuration.
        sample_documents: about how many documents to encode again; 0 encodes none.

    Raises:
        UserError: the run has no token shards yet.
    """
    stages = {stage.name: stage for stage in build_stages(config)}
    run = _Run(config.run.out, stages["release"], stages["tokenize"], _tokenizer(config, stages))
    manifests, faults = _manifests(run.folder)
    n_documents = sum(manifest.counts["documents"] for manifest in manifests.values())
    faults += _count_faults(run, n_documents)
    sample = _sample(run, sample_documents / max(n_documents, 1))
    found: set[bytes] = set()
    shard_faults = [fault for one in manifests.values() for fault in _shard_faults(run, one, sample, found)]
    missing = sorted(sample.keys() - found)
    # A damaged shard is named already, and what is missing may be in it.
    if missing and not shard_faults:
        problem = f"is in no token shard, nor are {len(missing) - 1} more of {len(sample)} sampled documents"
        faults.append(Fault(run.folder, f"document {missing[0].hex()}", problem))
    faults += shard_faults
    return Verified(
        shards=len(manifests),
        documents=n_documents,
        tokens=sum(manifest.counts["tokens"] for manifest in manifests.values()),
        sampled_documents=len(sample),
        faults=tuple(faults),
    )


def _tokenizer(config: Config, stages: Mapping[str, Stage]) -> Tokenizer:
    if config.tokenize.model is not None:
        return Tokenizer.load(config.tokenize.model, config.tokenize.eod_token)
    train = stages["train"]
    folder = train.folder(config.run.out)
    shards = sorted(read_manifests(folder))
    if not shards:
        raise UserError(f"{folder}: the tokenizer is not trained; run: manyo run --config {config.path}")
    return Tokenizer.load(table_uri(folder, train.tables["model"], shards[0]))


def _manifests(folder: str) -> tuple[dict[str, Manifest], list[Fault]]:
    """Manifests of all token shards, finished or damaged, and files that belong to none."""
    fs, path = filesystem(folder)
    prefix = path.rstrip("/") + "/"
    names = sorted(name.removeprefix(prefix) for name in fs.find(path)) if fs.exists(path) else []
    marks = [name for name in names if name.startswith("manifests/")]
    if not marks:
        raise UserError(f"{folder}: there are no token shards here; run the pipeline first")
    manifests: dict[str, Manifest] = {}
    faults = []
    for name in marks:
        try:
            manifest = parse_manifest(fs.cat_file(prefix + name))
        except (ValueError, TypeError, KeyError) as error:
            faults.append(Fault(join(folder, name), "file", f"is no manifest ({error})"))
            continue
        if manifest_uri(folder, manifest.shard) == join(folder, name):
            manifests[manifest.shard] = manifest
        else:
            faults.append(Fault(join(folder, name), "file", f"is the manifest of another shard, {manifest.shard}"))
    listed = {output.path for manifest in manifests.values() for output in manifest.outputs}
    for name in names:
        if name not in listed and name not in marks and name != "stage.json" and ".partial" not in name:
            faults.append(Fault(join(folder, name), "file", "no manifest lists this file"))
    return manifests, faults


def _count_faults(run: _Run, n_documents: int) -> list[Fault]:
    released = sum(one.counts["documents"] for one in read_manifests(run.release.folder(run.out)).values())
    if released == n_documents:
        return []
    return [Fault(run.folder, "file", f"token shards hold {n_documents} documents, the release holds {released}")]


def _sample(run: _Run, fraction: float) -> dict[bytes, str]:
    """Texts of the documents whose draw is low enough, by doc_id; the same for the same release."""
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
    """Everything wrong with one shard; adds the sampled documents that it holds to `found`."""
    uris = {table: table_uri(run.folder, template, manifest.shard) for table, template in run.tokenize.tables.items()}
    recorded = {join(run.folder, output.path): output for output in manifest.outputs}
    faults, changed = [], []
    for uri in uris.values():
        fs, path = filesystem(uri)
        if uri not in recorded:
            faults.append(Fault(manifest_uri(run.folder, manifest.shard), "file", f"does not list {uri}"))
        elif not fs.exists(path):
            faults.append(Fault(uri, "file", "there is no such file"))
        else:
            now, wanted = describe_output(run.folder, uri), recorded[uri]
            if now.size_bytes != wanted.size_bytes:
                at = f"byte {min(now.size_bytes, wanted.size_bytes)}"
                faults.append(Fault(uri, at, f"has {now.size_bytes} bytes, its manifest says {wanted.size_bytes}"))
            elif now.digest != wanted.digest:
                changed.append(Fault(uri, "file", f"its digest is {now.digest}, its manifest says {wanted.digest}"))
    if not faults:
        with _local_copies(uris) as paths:
            located = _content_faults(run, manifest, paths, sample, found, all_documents=bool(changed))
        names = {str(path): uris[table] for table, path in paths.items()}
        faults = [Fault(names.get(fault.file, fault.file), fault.where, fault.problem) for fault in located]
    # Where the place of a change was found, that line says more than the digest's.
    placed = {fault.file for fault in faults}
    return [*faults, *(fault for fault in changed if fault.file not in placed)]


@contextmanager
def _local_copies(uris: Mapping[str, str]) -> Iterator[dict[str, Path]]:
    """Local paths of files, copied for the time of the block if they are not local."""
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
    paths: Mapping[str, Path],
    sample: Mapping[bytes, str],
    found: set[bytes],
    all_documents: bool,
) -> list[Fault]:
    provenance = str(paths["provenance"])
    try:
        if "npy" in paths:
            shard = TokenShard.open_npy(paths["npy"], provenance)
        else:
            shard = TokenShard.open(str(paths["bin"]).removesuffix(".bin"))
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
    # Without a sound sidecar there is no telling which text is whose.
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
    """The first document whose tokens are not those of its text, among the sampled ones or all."""
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
    """Texts of documents by doc_id, as many at once as a batch of the release has."""
    for uri in run.release_uris():
        for batch in read_batches(uri, ["doc_id", "text"]):
            ids = batch.column("doc_id").to_pylist()
            rows = [row for row, doc_id in enumerate(ids) if doc_id in wanted]
            if rows:
                texts = batch.column("text").take(np.array(rows))
                yield dict(zip((ids[row] for row in rows), texts.to_pylist(), strict=True))
