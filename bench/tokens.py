"""Measures tokens per second of processor time, memory and workers of the tokenize stages, next to other programs.

    python -m bench.tokens [MODEL TEXT_FILE...]

Each file is one document, in UTF-8; without files, the models and news articles of MANYO_DATA are used. The text is
read first. Each program then runs in its own process, on one core, once on a part of the text, so that imports are not
counted; the best of three rounds counts, because other load can only slow a run down. Finally, the whole work runs on
generated inputs of two sizes: memory must not grow with them.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pyarrow as pa
import tokenizers
from sentencepiece import SentencePieceProcessor

from manyo.corpus.doc_ids import document_id
from manyo.corpus.schema import PROVENANCE
from manyo.corpus.tables.checksums import seal
from manyo.corpus.tables.shards import write_shard
from manyo.tokenizer.encode import Tokenizer
from manyo.tokenizer.pack import ENCODED_SCHEMA, TEXT_SCHEMA, MegatronWriter, NpyWriter, cut_documents, tokenize_batches

#: Text per batch: as `manyo.corpus.tables.shards` cuts release shards.
BATCH_DOCUMENTS = 1000
#: Encode at least this much text, repeating the files if necessary, so that a run takes seconds.
TEXT_BYTES = 20_000_000
ROUNDS = 3
#: Sizes of the generated inputs whose memory is compared.
GENERATED_BYTES = (100_000_000, 1_000_000_000)


def release_batches(texts: list[str], size_bytes: int) -> Iterator[pa.RecordBatch]:
    """Yield the columns that the stage reads, repeatedly, until there is enough text."""
    n_bytes = 0
    while n_bytes < size_bytes:
        for low in range(0, len(texts), BATCH_DOCUMENTS):
            part = texts[low : low + BATCH_DOCUMENTS]
            columns = [
                pa.array([document_id("bench", str(low + row)) for row in range(len(part))], pa.binary(16)),
                pa.array(["bench"] * len(part)).dictionary_encode(),
                pa.array([f"file:{low + row}" for row in range(len(part))], pa.large_string()),
                pa.array(part, pa.large_string()),
                pa.array(np.zeros(len(part), np.bool_)),
            ]
            yield pa.RecordBatch.from_arrays(columns, names=TEXT_SCHEMA.names)
            n_bytes += columns[3].nbytes


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
    """A plain preprocessing script: one document at a time, lists of ids into a file."""
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


def manyo(model: str, batches: Iterable[pa.RecordBatch]) -> int:
    """Do all the work of the encode and tokenize stages: encode, pack, cut to a shard, index, sidecars."""
    tokenizer = Tokenizer.load(model)
    with tempfile.TemporaryDirectory() as folder:
        ids, origins, prefix = f"{folder}/ids.npy", f"{folder}/ids.parquet", f"{folder}/shard"
        with NpyWriter(ids, tokenizer.dtype) as encoded:
            write_shard(origins, ENCODED_SCHEMA, tokenize_batches(batches, tokenizer, encoded))
        seal(Path(ids), has_footer=False)
        with MegatronWriter(f"{prefix}.bin", f"{prefix}.idx", tokenizer.dtype) as shard:
            cut = cut_documents([(ids, origins)], 0, encoded.counts.tokens, shard)
            write_shard(f"{prefix}.parquet", PROVENANCE.schema, cut)
        return shard.counts.tokens


def datatrove(model: str, batches: list[pa.RecordBatch]) -> int:
    """datatrove's Megatron writer, with the same vocabulary and scores as a Hugging Face unigram model."""
    # Imported here because only this function needs it; `make bench` installs it.
    from datatrove.data import Document
    from datatrove.pipeline.tokens.megatron_tokenizer import MegatronDocumentTokenizer

    processor = SentencePieceProcessor(model_file=model)
    with tempfile.TemporaryDirectory() as folder:
        unigram_from(processor).save(f"{folder}/tokenizer.json")
        documents = (
            Document(text=text, id=str(row))
            for batch in batches
            for row, text in enumerate(batch.column("text").to_pylist())
        )
        eos = processor.IdToPiece(processor.eos_id())
        step = MegatronDocumentTokenizer(f"{folder}/out", "shard", f"{folder}/tokenizer.json", eos, batch_size=1000)
        step.run(documents, rank=0, world_size=1)
        width = 2 if len(processor) <= 2**16 else 4
        return sum(path.stat().st_size for path in Path(f"{folder}/out").glob("*.bin")) // width


def unigram_from(processor: SentencePieceProcessor) -> tokenizers.Tokenizer:
    """Convert a SentencePiece unigram model for the other library."""
    pieces = [(processor.IdToPiece(token), processor.GetScore(token)) for token in range(len(processor))]
    model = tokenizers.Tokenizer(tokenizers.models.Unigram(pieces, processor.unk_id(), byte_fallback=True))
    model.pre_tokenizer = tokenizers.pre_tokenizers.Metaspace(prepend_scheme="never", split=False)
    return model


def measured(way: Callable[[str, list[pa.RecordBatch]], int], model: str, files: list[str]) -> tuple[int, float, int]:
    """Return tokens, seconds of processor time, and memory in MB in addition to that of the text."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    batches = list(release_batches(read(files), TEXT_BYTES))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    way(model, [batches[0].slice(0, 10)])
    start = time.process_time()
    tokens = way(model, batches)
    seconds = time.process_time() - start
    return tokens, seconds, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024


def peak_memory(model: str, files: list[str], size_bytes: int) -> tuple[int, int]:
    """Return tokens, and the peak memory of the process in MB, of all the work on a generated input."""
    tokens = manyo(model, release_batches(read(files), size_bytes))
    return tokens, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def read(files: list[str]) -> list[str]:
    """Read the texts."""
    return [Path(file).read_text("utf-8") for file in files]


def workers_speed(workers: int, model: str, files: list[str]) -> float:
    """Return tokens per second of wall time of `workers` processes that each do all of `manyo`'s work."""
    with get_context("spawn").Pool(workers) as pool:
        # One round to load and compile, then the measured round.
        pool.starmap(measured, [(manyo, model, files)] * workers, chunksize=1)
        start = time.perf_counter()
        done = pool.starmap(measured, [(manyo, model, files)] * workers, chunksize=1)
        return sum(tokens for tokens, _, _ in done) / (time.perf_counter() - start)


def main(model: str, files: list[str]) -> None:
    """Print one line for each program, and the gain of a second worker."""
    ways = (bare_lists, bare_buffers, preprocess_loop, datatrove, manyo)
    best: dict[str, tuple[float, int]] = {}
    for _ in range(ROUNDS):
        for way in ways:
            with get_context("spawn").Pool(1) as pool:
                tokens, seconds, memory = pool.apply(measured, (way, model, files))
            best[way.__name__] = max(best.get(way.__name__, (0.0, 0)), (tokens / seconds / 1e6, memory))
    print(Path(model).name)
    for name, (speed, memory) in best.items():
        share = speed / best["bare_lists"][0]
        of_buffers = speed / best["bare_buffers"][0]
        print(f"{name:16} {speed:6.2f} M tokens/s  {share:6.1%} of lists {of_buffers:6.1%} of buffers  +{memory} MB")
    one, two = (max(workers_speed(workers, model, files) for _ in range(2)) for workers in (1, 2))
    print(f"2 workers: {two / 1e6:.2f} M tokens/s, {two / one:.2f} times 1 worker")
    for size_bytes in GENERATED_BYTES:
        with get_context("spawn").Pool(1) as pool:
            tokens, memory = pool.apply(peak_memory, (model, files, size_bytes))
        print(f"generated {size_bytes / 1e6:,.0f} MB of text, {tokens:,} tokens: peak {memory} MB in all")


def given_or_real(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Return models and texts: as given, or the real ones."""
    if len(arguments) >= 2:
        return arguments[:1], arguments[1:]
    data = os.environ.get("MANYO_DATA")
    if not data:
        sys.exit(f"{__doc__}\nMANYO_DATA is not set, and no model and files are given.")
    return (
        [str(path) for path in sorted(Path(data, "tokenizer").glob("*.model"))],
        [str(path) for path in sorted(Path(data, "livedoor_news").glob("*.txt"))],
    )


if __name__ == "__main__":
    models, texts = given_or_real(sys.argv[1:])
    for one_model in models:
        main(one_model, texts)
