"""Tokens per second of processor time and peak memory of the tokenize stage's work, beside bare SentencePiece.

    python bench/tokens.py MODEL TEXT_FILE...

Each file is one document, in UTF-8. The text is read first; every way then runs in its own process, on one core,
and the best of three rounds counts, because neighbours on the machine only ever slow a run down.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pyarrow as pa
from sentencepiece import SentencePieceProcessor

from corpus.records import document_id
from corpus.schema import PROVENANCE
from corpus.shards import write_shard
from tokenizer.encode import Tokenizer
from tokenizer.pack import RELEASE_COLUMNS, TokenShardWriter, tokenize_batches

#: Text per batch: as `corpus.shards` cuts release shards.
BATCH_DOCUMENTS = 1000
#: Encode at least this much text, going through the files again if need be, so that a run takes seconds.
TEXT_BYTES = 20_000_000
ROUNDS = 3


def release_batches(texts: list[str]) -> list[pa.RecordBatch]:
    """The columns that the stage reads, over and over until there are TEXT_BYTES."""
    batches, n_bytes = [], 0
    while n_bytes < TEXT_BYTES:
        for low in range(0, len(texts), BATCH_DOCUMENTS):
            part = texts[low : low + BATCH_DOCUMENTS]
            columns = [
                pa.array([document_id("bench", str(low + row)) for row in range(len(part))], pa.binary(16)),
                pa.array(["bench"] * len(part)).dictionary_encode(),
                pa.array([f"file:{low + row}" for row in range(len(part))], pa.large_string()),
                pa.array(part, pa.large_string()),
            ]
            batches.append(pa.RecordBatch.from_arrays(columns, names=list(RELEASE_COLUMNS)))
            n_bytes += columns[3].nbytes
    return batches


def bare_lists(model: str, batches: list[pa.RecordBatch]) -> int:
    """SentencePiece as most programs call it: strings in, lists out."""
    processor = SentencePieceProcessor(model_file=model)
    return sum(
        len(ids) for batch in batches for ids in processor.encode(batch.column("text").to_pylist(), num_threads=1)
    )


def bare_buffers(model: str, batches: list[pa.RecordBatch]) -> int:
    """SentencePiece's fastest call: bytes in, arrays out."""
    processor = SentencePieceProcessor(model_file=model)
    return sum(
        len(ids)
        for batch in batches
        for ids in processor.encode(
            batch.column("text").cast(pa.large_binary()).to_pylist(), num_threads=1, return_type="numpy"
        )
    )


def preprocess_loop(model: str, batches: list[pa.RecordBatch]) -> int:
    """A plain preprocess script: a document at a time, lists of ids into a file."""
    processor = SentencePieceProcessor(model_file=model)
    dtype = np.uint16 if len(processor) < 65_500 else np.int32
    tokens = 0
    with tempfile.TemporaryFile() as stream:
        for batch in batches:
            for text in batch.column("text").to_pylist():
                ids = [*processor.encode(text), processor.eos_id()]
                stream.write(np.array(ids, dtype).tobytes())
                tokens += len(ids)
    return tokens


def manyo(model: str, batches: list[pa.RecordBatch]) -> int:
    """All that the tokenize stage does: encode, pack, index, sidecar."""
    tokenizer = Tokenizer.load(model)
    with tempfile.TemporaryDirectory() as folder:
        prefix = f"{folder}/shard"
        with TokenShardWriter(f"{prefix}.bin", f"{prefix}.idx", tokenizer.dtype) as shard:
            write_shard(f"{prefix}.parquet", PROVENANCE.schema, tokenize_batches(batches, tokenizer, shard))
        return shard.counts.tokens


def measured(way: Callable[[str, list[pa.RecordBatch]], int], model: str, files: list[str]) -> tuple[int, float, int]:
    """Tokens, seconds of processor time, and peak memory of the whole process in MB, its text included."""
    batches = release_batches([Path(file).read_text("utf-8") for file in files])
    start = time.process_time()
    tokens = way(model, batches)
    return tokens, time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main(model: str, files: list[str]) -> None:
    """Print one line for each way."""
    ways = (bare_lists, bare_buffers, preprocess_loop, manyo)
    best: dict[str, tuple[float, int]] = {}
    for _ in range(ROUNDS):
        for way in ways:
            with get_context("spawn").Pool(1) as pool:
                tokens, seconds, memory = pool.apply(measured, (way, model, files))
            best[way.__name__] = max(best.get(way.__name__, (0.0, 0)), (tokens / seconds / 1e6, memory))
    for name, (speed, memory) in best.items():
        print(f"{name:16} {speed:6.2f} M tokens/s  peak {memory} MB")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
