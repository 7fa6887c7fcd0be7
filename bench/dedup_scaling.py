"""Measures what the stages of dedup take on generated documents: processor time, memory, disk, per document.

    python -m bench.dedup_scaling N ...   # all stages on N documents each, in an empty folder

The numbers of `docs/dedup-scale.md` come from here.
"""

from __future__ import annotations

import argparse
import itertools
import math
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pyarrow as pa

from manyo.corpus.schema import LABEL
from manyo.corpus.tables.shards import write_shard
from manyo.dedup.settings import Boilerplate, Dedup
from manyo.pipelines.engine.executors import Serial
from manyo.pipelines.engine.manifest import read_manifests
from manyo.pipelines.engine.run_stage import run_stage
from manyo.pipelines.engine.shapes import Shape, StageOutput, Unit, Upstream, digest_of
from manyo.pipelines.engine.stage import AnyStage, Stage, Task
from manyo.pipelines.graph.boilerplate_stages import boilerplate_stages
from manyo.pipelines.graph.dedup_stages import dedup_stages
from manyo.pipelines.graph.extract_stages import DOCUMENTS
from manyo.pipelines.graph.filter_stages import DECISIONS

#: Of every ten generated documents four are copies of earlier ones and two open with a template
#: that 1,000 documents share, over half of their length. Their characters are of an alphabet of 2,000.
_DOCUMENTS_PER_SHARD = 100_000
_LINE_CHARS, _NOTICE_CHARS = 20, 60
_ALPHABET = np.frombuffer("".join(map(chr, range(0x4E00, 0x4E00 + 2000))).encode(), np.uint8).reshape(-1, 3)


@dataclass(frozen=True, slots=True)
class Generated:
    """Settings of the stage that generates the corpus."""

    n_documents: int
    chars: int
    lines: bool


def main() -> None:
    """Parse the command line and print the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("n_documents", type=int, nargs="+")
    parser.add_argument("--chars", type=int, default=300, help="characters of a document, at most 1,024")
    parser.add_argument(
        "--lines",
        action="store_true",
        help="lines of 20 characters, three of each host in all its documents; search for those",
    )
    parser.add_argument("--folder", type=Path, help="folder for some 3 kB per document; a temporary one by default")
    parser.add_argument("--parts", type=int, default=0, help="as many as memory needs by default")
    arguments = parser.parse_args()
    generated = [Generated(n_documents, arguments.chars, arguments.lines) for n_documents in arguments.n_documents]
    report_scaling(generated, arguments.folder, arguments.parts)


def report_scaling(corpora: list[Generated], folder: Path | None, parts: int) -> None:
    """Print processor seconds, peak memory and disk of every dedup stage for each size, and the slope between sizes."""
    seconds = []
    sizes = [generated.n_documents for generated in corpora]
    for n_documents, generated in zip(sizes, corpora, strict=True):
        with tempfile.TemporaryDirectory(dir=folder) as out, ProcessPoolExecutor(1, get_context("spawn")) as child:
            # A child of its own, so that its peak memory is that of this size.
            rows = child.submit(run_stages, generated, out, parts).result()
        seconds.append(sum(row.seconds for row in rows))
        print(f"\n{n_documents:,} documents     seconds   us/document   bytes/document   peak MB")
        for row in rows:
            per_document = (row.seconds / n_documents * 1e6, row.bytes_written / n_documents)
            print(f"  {row.stage:14} {row.seconds:12.1f} {per_document[0]:13.2f} {per_document[1]:16.1f}", end=" ")
            print(f"{row.peak_memory_bytes / 1e6:9.0f}")
        print(f"  all            {seconds[-1]:12.1f} {seconds[-1] / n_documents * 1e6:13.2f}", end=" ")
        print(f"{sum(row.bytes_written for row in rows) / n_documents:16.1f}", flush=True)
    for (n, t), (m, u) in itertools.pairwise(zip(sizes, seconds, strict=True)):
        print(f"slope of the log-log line from {n:,} to {m:,}: {math.log(u / t) / math.log(m / n):.3f}")


@dataclass(frozen=True, slots=True)
class StageCost:
    """The cost of one stage over all its tasks: processor seconds, disk, and peak memory of the process so far."""

    stage: str
    seconds: float
    bytes_written: int
    peak_memory_bytes: int


def run_stages(generated: Generated, out: str, parts: int) -> list[StageCost]:
    """Generate a corpus and run the stages of the pipeline over it, one task after another."""
    corpus = Stage("corpus", 1, generated, (), (DOCUMENTS, DECISIONS), generate, _shards_of(generated.n_documents))
    # As the pipeline has it, documents and decisions come from two stages.
    decided = Stage("decided", 1, generated, (corpus,), (), generate)
    outputs = {}
    costs = []
    outputs["corpus"] = _finish(corpus, {}, out, [])
    decisions = [replace(shard, seals=shard.seals[1:]) for shard in outputs["corpus"].shards]
    outputs["decided"] = replace(outputs["corpus"], tables=(DECISIONS,), shards=decisions)
    settings = Dedup(parts=parts, boilerplate=Boilerplate() if generated.lines else None)
    # Takedowns affect only the index, which is off.
    stages = dedup_stages(settings, corpus, decided, takedown=corpus)
    (duplicates,) = [stage for stage in stages if stage.name == "duplicates"]
    for stage in (*stages, *boilerplate_stages(settings, corpus, decided, duplicates)):
        outputs[stage.name] = _finish(stage, outputs, out, costs)
    return costs


def _finish(stage: AnyStage, outputs: dict[str, StageOutput], out: str, costs: list[StageCost]) -> StageOutput:
    upstream = [outputs[needed.name] for needed in stage.needs]
    start = time.process_time()
    result = run_stage(stage, upstream, out, Serial(), lambda *_: None, lambda *_: None)
    seconds = time.process_time() - start
    manifests = read_manifests(result.output.folder).values()
    costs.append(
        StageCost(
            stage.name,
            seconds,
            sum(manifest.bytes_written for manifest in manifests),
            max(manifest.peak_memory_bytes for manifest in manifests),
        )
    )
    return result.output


def _shards_of(n_documents: int) -> Shape:
    def shape(_: Upstream) -> list[Unit]:
        shards = range(-(-n_documents // _DOCUMENTS_PER_SHARD))
        digest = digest_of([str(n_documents)])
        return [Unit(f"web/{shard:05d}", {}, digest, 0, part=shard) for shard in shards]

    return shape


def generate(task: Task[Generated]) -> dict[str, int]:
    """Write one shard of the generated corpus."""
    first = task.part * _DOCUMENTS_PER_SHARD
    last = min(first + _DOCUMENTS_PER_SHARD, task.settings.n_documents)
    starts = range(first, last, 4096)
    generated = task.settings
    batches = [
        generated_batch(np.arange(start, min(start + 4096, last), dtype=np.uint64), generated) for start in starts
    ]
    write_shard(task.output(DOCUMENTS), DOCUMENTS.schema, batches)
    decisions = (
        pa.RecordBatch.from_pylist(
            [{"doc_id": doc_id, "reasons": []} for doc_id in batch.column("doc_id").to_pylist()], DECISIONS.schema
        )
        for batch in batches
    )
    write_shard(task.output(DECISIONS), DECISIONS.schema, decisions)
    return {}


def generated_batch(numbers: np.ndarray, generated: Generated) -> pa.RecordBatch:
    """Return the generated documents of the given numbers, which depend on the numbers alone."""
    own = _scramble(numbers)
    is_copy = own % 10 < 4
    # A copy is of a document among the 2^k before it, near or far.
    back = np.uint64(1) + _scramble(own) % (np.uint64(1) << (_scramble(own + 1) % np.uint64(24)))
    origin = np.where(is_copy & (back < numbers), numbers - np.minimum(back, numbers), numbers)
    n_chars = generated.chars
    places = np.arange(n_chars, dtype=np.uint64)
    chars = _scramble((origin[:, None] << np.uint64(10)) + places) % 2000
    templated = _scramble(origin) % 10 >= 8
    template = _scramble(
        (origin[:, None] // np.uint64(5000) << np.uint64(10)) + places + (np.uint64(1) << np.uint64(60))
    )
    opens = templated[:, None] & (places < n_chars // 2)
    chars = np.where(opens, template % 2000, chars)
    # Copies differ in one character of 200 on average: 0.95 similar.
    dice = _scramble((numbers[:, None] << np.uint64(10)) + places + (np.uint64(1) << np.uint64(61)))
    chars = np.where((dice % 200 == 0) & is_copy[:, None], dice >> np.uint64(20), chars) % 2000
    # With lines, a copy lies on its origin's host.
    host = (origin if generated.lines else numbers) % 1000
    if generated.lines:
        notice = _scramble((host[:, None] << np.uint64(10)) + places[:_NOTICE_CHARS] + (np.uint64(1) << np.uint64(62)))
        chars = np.concatenate((chars, notice % 2000), axis=1)
    characters = _ALPHABET[chars.astype(np.int64)].reshape(len(numbers), -1)
    if generated.lines:
        lines = characters.reshape(len(numbers), -1, 3 * _LINE_CHARS)
        characters = np.pad(lines, ((0, 0), (0, 0), (0, 1)), constant_values=ord("\n")).reshape(len(numbers), -1)
    text = characters.tobytes()
    offsets = np.arange(len(numbers) + 1, dtype=np.int64) * characters.shape[1]
    ids = np.stack((own, numbers), axis=1).tobytes()
    n_docs = len(numbers)
    empty = pa.array([""] * n_docs, pa.large_string())
    web = pa.array(["web"] * n_docs).cast(LABEL)
    made = {
        "doc_id": pa.Array.from_buffers(pa.binary(16), n_docs, [None, pa.py_buffer(ids)]),
        "source": web,
        "profile": web,
        "uri": pa.array(
            [f"http://host-{site}.jp/{number}" for site, number in zip(host.tolist(), numbers.tolist(), strict=True)],
            pa.large_string(),
        ),
        "text": pa.LargeStringArray.from_buffers(n_docs, pa.py_buffer(offsets), pa.py_buffer(text)),
        "title": empty,
        "meta": empty,
    }
    columns = [made.get(field.name, pa.nulls(n_docs, field.type)) for field in DOCUMENTS.schema]
    return pa.RecordBatch.from_arrays(columns, schema=DOCUMENTS.schema)


def _scramble(numbers: np.ndarray) -> np.ndarray:
    """Apply splitmix64's finaliser to uint64 numbers."""
    z = (numbers + np.uint64(1)) * np.uint64(0x9E37_79B9_7F4A_7C15)
    z = (z ^ z >> np.uint64(30)) * np.uint64(0xBF58_476D_1CE4_E5B9)
    z = (z ^ z >> np.uint64(27)) * np.uint64(0x94D0_49BB_1331_11EB)
    scrambled: np.ndarray = z ^ z >> np.uint64(31)
    return scrambled


if __name__ == "__main__":
    main()
