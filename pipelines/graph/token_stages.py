"""The stages that turn released text into token shards: train, shuffle, encode, pack."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.schema import (
    PROVENANCE,
)
from manyo.corpus.tables.shards import (
    publish,
    read_batches,
    write_shard,
)
from manyo.pipelines.engine.shapes import (
    Plan,
    combine_source_parts,
    cut_tokens,
    gather,
    map_shards,
    with_gathered,
)
from manyo.pipelines.engine.stage import Stage, Task, UserError, WorkFailed, parquet
from manyo.pipelines.graph.config import Config
from manyo.pipelines.graph.reading import taken_down
from manyo.tokenizer import shuffle, train
from manyo.tokenizer.encode import Tokenizer
from manyo.tokenizer.merge import train_languages
from manyo.tokenizer.pack import (
    ENCODED_SCHEMA,
    RELEASE_COLUMNS,
    MegatronWriter,
    NpyStream,
    NpyWriter,
    TokenShardWriter,
    cut_documents,
    tokenize_batches,
)


@dataclass(frozen=True, slots=True)
class EncodeSettings:
    """The model, and the digest of its bytes where it is a file; None where the train stage makes it."""

    model: str | None
    eod_token: str | None
    model_digest: str | None


@dataclass(frozen=True, slots=True)
class TokenizeSettings:
    """Size and format of token shards."""

    shard_tokens: int
    format: str


def token_stages(config: Config, scrub: Stage, takedown: Stage) -> tuple[Stage, ...]:
    """Train and shuffle, where the configuration asks for it, encode, and cut what was encoded into token shards."""
    settings = config.tokenize
    stages: list[Stage] = []
    needs: tuple[Stage, ...] = (scrub, takedown)
    if settings.shuffle is not None:
        deal = Stage(
            name="deal",
            version=2,
            settings=settings.shuffle,
            needs=(scrub, takedown),
            tables={"dealt": "dealt/{shard}.arrow"},
            plan=map_shards,
            work=split_release,
        )
        shuffled = Stage(
            name="shuffle",
            version=1,
            settings=settings.shuffle,
            needs=(deal,),
            tables=parquet("shuffled"),
            plan=combine_source_parts(settings.shuffle.parts),
            work=combine_release,
        )
        stages += [deal, shuffled]
        needs = (shuffled,)
    plan: Plan = map_shards
    if settings.train is not None:
        trained = Stage(
            name="train",
            version=2,
            settings=settings.train,
            needs=(scrub,),
            tables={"model": "{shard}.model"},
            plan=gather("tokenizer"),
            work=train_tokenizer,
            memory_bytes=8 << 30,
        )
        stages.append(trained)
        needs, plan = (*needs, trained), with_gathered(map_shards)
    encoded = Stage(
        name="encode",
        version=2,
        settings=_encode_settings(config),
        needs=needs,
        tables={"encoded": "encoded/{shard}.npy", **parquet("encoded_origins")},
        plan=plan,
        work=encode,
    )
    files = {
        "megatron": {"bin": "tokens/{shard}_text_document.bin", "idx": "tokens/{shard}_text_document.idx"},
        "npy": {"npy": "tokens/{shard}.npy"},
    }
    packed = Stage(
        name="tokenize",
        version=2,
        settings=TokenizeSettings(settings.shard_tokens, settings.format),
        needs=(encoded,),
        tables={**files[settings.format], **parquet("provenance")},
        plan=cut_tokens(settings.shard_tokens),
        work=tokenize,
    )
    return (*stages, encoded, packed)


def _encode_settings(config: Config) -> EncodeSettings:
    model, eod_token = config.tokenize.model, config.tokenize.eod_token
    if model is None:
        return EncodeSettings(None, eod_token, None)
    try:
        return EncodeSettings(model, eod_token, Tokenizer.load(model, eod_token).digest)
    except (OSError, ValueError) as error:
        raise UserError(f"{config.path}: [tokenize] model: {error}") from error


def train_tokenizer(task: Task) -> Mapping[str, int]:
    """Scrubbed text → a SentencePiece model, trained on a sample, as if nothing were taken down: else every takedown
    would make a new vocabulary, and every token shard anew.

    Memory: as `train.sample_limits` and `train.train` say.
    """
    settings: train.TrainTokenizer = task.settings

    def batches() -> Iterator[pa.RecordBatch]:
        for uri in task.inputs["scrubbed"]:
            yield from read_batches(uri, ["doc_id", "source", "text"])

    limits = train.sample_limits(batches(), settings)

    def texts(sources: Collection[str]) -> Iterator[str]:
        own = {source: limits[source] for source in sources if source in limits}
        for batch in batches():
            sampled = pa.array(train.in_sample(batch, own, settings))
            yield from batch.column("text").filter(sampled).to_pylist()

    with publish(task.outputs["model"]) as path:
        try:
            if settings.language:
                train_languages(texts, settings, path)
            else:
                train.train(texts(limits), settings, path)
        except ValueError as error:
            raise WorkFailed(f"[tokenize.train]: {error}") from error
    return {}


def split_release(task: Task) -> Mapping[str, int]:
    """Scrubbed text → its documents, dealt to the parts of a shuffle; taken down ones go along, marked."""
    return {"documents": shuffle.split(task.outputs["dealt"], _marked(task), task.settings)}


def combine_release(task: Task) -> Mapping[str, int]:
    """One part of every shard of a source → its documents in shuffled order."""
    shuffled = shuffle.combine(task.inputs["dealt"], task.part or 0, task.settings)
    return {"documents": write_shard(task.outputs["shuffled"], shuffle.SHUFFLED_SCHEMA, shuffled)}


def encode(task: Task) -> Mapping[str, int]:
    """Scrubbed text, shuffled or not → token ids and where they came from."""
    tokenizer = Tokenizer.load(task.settings.model or task.input("model"), task.settings.eod_token)
    batches = read_batches(task.input("shuffled")) if "shuffled" in task.inputs else _marked(task)
    places = 0

    def origins() -> Iterator[pa.RecordBatch]:
        nonlocal places
        for encoded in tokenize_batches(batches, tokenizer, shard):
            places += pc.sum(encoded.column("token_count")).as_py() or 0
            yield encoded

    with publish(task.outputs["encoded"]) as path:
        with NpyWriter(path, tokenizer.dtype) as shard:
            write_shard(task.outputs["encoded_origins"], ENCODED_SCHEMA, origins())
        counts = shard.counts
    return {"documents": counts.documents, "tokens": counts.tokens, "token_places": places}


def _marked(task: Task) -> Iterator[pa.RecordBatch]:
    """Scrubbed text as `manyo.tokenizer.pack.TEXT_SCHEMA`."""
    taken = taken_down(task)
    for batch in read_batches(task.input("scrubbed"), list(RELEASE_COLUMNS)):
        yield batch.append_column("taken_down", pc.is_in(batch.column("doc_id"), value_set=taken))


def tokenize(task: Task) -> Mapping[str, int]:
    """Token ids of a source → one token shard of the configured size, and its provenance."""
    encoded = list(zip(task.inputs["encoded"], task.inputs["encoded_origins"], strict=True))
    with NpyStream.open(encoded[0][0]) as ids:
        dtype = ids.dtype
    with ExitStack() as files:
        if "npy" in task.outputs:
            writer: TokenShardWriter = NpyWriter(files.enter_context(publish(task.outputs["npy"])), dtype)
        else:
            bin_path, idx_path = (files.enter_context(publish(task.outputs[table])) for table in ("bin", "idx"))
            writer = MegatronWriter(bin_path, idx_path, dtype)
        with writer as shard:
            provenance = cut_documents(encoded, task.part or 0, task.settings.shard_tokens, shard)
            write_shard(task.outputs["provenance"], PROVENANCE.schema, provenance)
    return {"documents": shard.counts.documents, "tokens": shard.counts.tokens}
