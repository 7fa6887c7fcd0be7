"""The stages that turn released text into token shards: train, shuffle, encode, pack."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus import schema
from manyo.corpus.tables.checksums import seal
from manyo.corpus.tables.shards import (
    DamagedShard,
    publish,
    read_batches,
    write_shard,
)
from manyo.filters import rights
from manyo.pipelines.engine.errors import UserError, WorkFailed
from manyo.pipelines.engine.manifest import manifest_uri, read_again, read_manifest
from manyo.pipelines.engine.shapes import (
    Shape,
    combine_source_parts,
    cut_tokens,
    gather,
    map_shards,
    with_gathered,
)
from manyo.pipelines.engine.stage import AnyStage, AnyTask, Stage, Task
from manyo.pipelines.engine.stage_table import StageTable
from manyo.pipelines.graph.config import Config
from manyo.pipelines.graph.release_stages import SCRUBBED
from manyo.pipelines.graph.takedown_stage import taken_down_ids
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
    """The model, and the digest of its bytes; both None if the train stage makes the model."""

    model: str | None
    eod_token: str | None
    model_digest: str | None


@dataclass(frozen=True, slots=True)
class TokenizeSettings:
    """Size and format of token shards."""

    shard_tokens: int
    format: str


DEALT = StageTable("dealt", "dealt/{shard}.arrow")
SHUFFLED = StageTable.parquet("shuffled", shuffle.SHUFFLED_SCHEMA)
MODEL = StageTable("model", "{shard}.model", is_released=True)
ENCODED = StageTable("encoded", "encoded/{shard}.npy")
ENCODED_ORIGINS = StageTable.parquet("encoded_origins", ENCODED_SCHEMA)
#: Megatron's two files of a token shard.
BIN = StageTable("bin", "tokens/{shard}_text_document.bin", is_released=True)
IDX = StageTable("idx", "tokens/{shard}_text_document.idx", is_released=True)
NPY = StageTable("npy", "tokens/{shard}.npy", is_released=True)
PROVENANCE = StageTable.parquet("provenance", schema.PROVENANCE.schema, is_released=True)


def token_stages(config: Config, scrub: AnyStage, takedown: AnyStage) -> tuple[AnyStage, ...]:
    """Train and shuffle, if the configuration asks for it, then encode the text and cut the tokens into shards.

    None of it without a [tokenize].
    """
    settings = config.tokenize
    if not settings.makes_shards:
        return ()
    stages: list[AnyStage] = []
    needs: tuple[AnyStage, ...] = (scrub, takedown)
    if settings.shuffle is not None:
        deal_stage = Stage(
            name="deal",
            version=2,
            settings=settings.shuffle,
            needs=(scrub, takedown),
            tables=(DEALT,),
            work=split_release,
        )
        shuffle_stage = Stage(
            name="shuffle",
            version=1,
            settings=settings.shuffle,
            needs=(deal_stage,),
            tables=(SHUFFLED,),
            shape=combine_source_parts(settings.shuffle.parts),
            work=combine_release,
        )
        stages += [deal_stage, shuffle_stage]
        needs = (shuffle_stage,)
    shape: Shape = map_shards
    if settings.train is not None:
        train_stage = Stage(
            name="train",
            version=3,
            settings=settings.train,
            needs=(scrub,),
            tables=(MODEL,),
            shape=gather("tokenizer"),
            work=train_tokenizer,
            memory_bytes=8 << 30,
        )
        stages.append(train_stage)
        needs, shape = (*needs, train_stage), with_gathered(map_shards)
    encode_stage = Stage(
        name="encode",
        version=3,
        settings=_encode_settings(config),
        needs=needs,
        tables=(ENCODED, ENCODED_ORIGINS),
        shape=shape,
        work=encode,
    )
    files = {"megatron": (BIN, IDX), "npy": (NPY,)}
    tokenize_stage = Stage(
        name="tokenize",
        version=2,
        settings=TokenizeSettings(settings.shard_tokens, settings.format),
        needs=(encode_stage,),
        tables=(*files[settings.format], PROVENANCE),
        shape=cut_tokens(settings.shard_tokens),
        work=tokenize,
    )
    return (*stages, encode_stage, tokenize_stage)


def _encode_settings(config: Config) -> EncodeSettings:
    model, eod_token = config.tokenize.model, config.tokenize.eod_token
    if model is None:
        return EncodeSettings(None, eod_token, None)
    try:
        return EncodeSettings(model, eod_token, Tokenizer.load(model, eod_token).digest)
    except (OSError, ValueError) as error:
        raise UserError(f"{config.path}: [tokenize] model: {error}") from error


def train_tokenizer(task: Task[train.TrainTokenizer]) -> Mapping[str, int]:
    """Scrubbed text → a SentencePiece model, trained on a sample of it.

    Documents that are taken down take part: otherwise every takedown would make a new vocabulary, and with it every
    token shard again.

    Memory: as `train.sample_limits` and `train.train` say.
    """
    settings = task.settings

    def batches() -> Iterator[pa.RecordBatch]:
        for uri in task.inputs_of(SCRUBBED):
            yield from trainable(uri, ("doc_id", "source", "text"))

    limits = train.sample_limits(batches(), settings)

    def texts(sources: Collection[str]) -> Iterator[str]:
        own = {source: limits[source] for source in sources if source in limits}
        for batch in batches():
            sampled = pa.array(train.in_sample(batch, own, settings))
            yield from batch.column("text").filter(sampled).to_pylist()

    with publish(task.output(MODEL)) as path:
        try:
            if settings.language:
                train_languages(texts, settings, path)
            else:
                train.train(texts(limits), settings, path)
        except ValueError as error:
            raise UserError(f"[tokenize.train] {error}") from error
    return {}


def split_release(task: Task[shuffle.Shuffle]) -> Mapping[str, int]:
    """Scrubbed text → its documents, dealt to the parts of a shuffle; documents that are taken down are marked."""
    return {"documents": shuffle.split(task.output(DEALT), _marked(task), task.settings)}


def combine_release(task: Task[shuffle.Shuffle]) -> Mapping[str, int]:
    """One part of every shard of a source → its documents in shuffled order."""
    shuffled = shuffle.combine(task.inputs_of(DEALT), task.part, task.settings)
    return {"documents": write_shard(task.output(SHUFFLED), SHUFFLED.schema, shuffled)}


def encode(task: Task[EncodeSettings]) -> Mapping[str, int]:
    """Scrubbed text, shuffled or not → token ids, and the documents that they came from."""
    tokenizer = _load_tokenizer(task)
    batches = read_batches(task.input(SHUFFLED)) if SHUFFLED in task.inputs else _marked(task)
    places = 0

    def origins() -> Iterator[pa.RecordBatch]:
        nonlocal places
        for encoded in tokenize_batches(batches, tokenizer, shard):
            places += pc.sum(encoded.column("token_count")).as_py() or 0
            yield encoded

    with publish(task.output(ENCODED)) as path:
        with NpyWriter(path, tokenizer.dtype) as shard:
            write_shard(task.output(ENCODED_ORIGINS), ENCODED_ORIGINS.schema, origins())
        seal(path, has_footer=False)
        counts = shard.counts
    return {"documents": counts.documents, "tokens": counts.tokens, "token_places": places}


def _load_tokenizer(task: Task[EncodeSettings]) -> Tokenizer:
    """Returns the tokenizer, whose bytes are those that the run began with, or that the train stage wrote.

    Raises:
        WorkFailed: the configured model has changed since.
        DamagedShard: the trained model is not what was written.
    """
    settings = task.settings
    if settings.model is not None:
        try:
            tokenizer = Tokenizer.load(settings.model, settings.eod_token)
        except ValueError as error:
            raise WorkFailed(f"{error}; the model could be loaded when the run began") from error
        if tokenizer.digest != settings.model_digest:
            raise WorkFailed(
                f"{settings.model}: changed since the run began; put the file back, or run again with the new one"
            )
        return tokenizer
    uri = task.input(MODEL)
    folder, _, file = uri.rpartition("/")
    (written,) = read_manifest(manifest_uri(folder, file.removesuffix(".model"))).outputs
    problem = read_again(folder, written)
    if problem is not None:
        raise DamagedShard(uri, problem)
    return Tokenizer.load(uri, settings.eod_token)


def _marked(task: AnyTask) -> Iterator[pa.RecordBatch]:
    """Yields scrubbed text that may train, as `manyo.tokenizer.pack.TEXT_SCHEMA`."""
    taken = taken_down_ids(task)
    for batch in trainable(task.input(SCRUBBED), RELEASE_COLUMNS):
        yield batch.append_column("taken_down", pc.is_in(batch.column("doc_id"), value_set=taken))


def trainable(uri: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Yields columns of the scrubbed documents of a shard that may train."""
    for batch in read_batches(uri, [*columns, "uses"]):
        yield batch.filter(rights.may(batch.column("uses"), "train")).select(list(columns))


def tokenize(task: Task[TokenizeSettings]) -> Mapping[str, int]:
    """Token ids of a source → one token shard of the configured size, and its provenance."""
    encoded = list(zip(task.inputs_of(ENCODED), task.inputs_of(ENCODED_ORIGINS), strict=True))
    with NpyStream.open(encoded[0][0]) as ids:
        dtype = ids.dtype
    with ExitStack() as files:
        if NPY in task.outputs:
            writer: TokenShardWriter = NpyWriter(files.enter_context(publish(task.output(NPY))), dtype)
        else:
            bin_path, idx_path = (files.enter_context(publish(task.output(table))) for table in (BIN, IDX))
            writer = MegatronWriter(bin_path, idx_path, dtype)
        with writer as shard:
            provenance = cut_documents(encoded, task.part, task.settings.shard_tokens, shard)
            write_shard(task.output(PROVENANCE), PROVENANCE.schema, provenance)
    return {"documents": shard.counts.documents, "tokens": shard.counts.tokens}
