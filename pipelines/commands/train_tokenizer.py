"""What a tokenizer makes of a release, beside other tokenizers: the table that `manyo train-tokenizer` ends with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
from rich.table import Table

from manyo.corpus.tables.shards import read_batches
from manyo.pipelines.engine.shapes import StageOutput
from manyo.tokenizer.encode import Tokenizer
from manyo.tokenizer.train import SourceMeasure, TrainTokenizer, in_sample, measure, sample_limits

#: Text to measure on; enough for four digits of characters per token, and seconds per model.
_MEASURED_BYTES = 20_000_000


@dataclass(frozen=True, slots=True)
class MeasuredModel:
    """A model, its number of ids, and how it does on each source."""

    uri: str
    vocabulary_size: int
    sources: tuple[SourceMeasure, ...]


def measure_models(models: Sequence[str], release: StageOutput, settings: TrainTokenizer) -> list[MeasuredModel]:
    """Encode and decode the same balanced sample of a release with each model.

    The sample is another than the one that was trained on, drawn the same way.

    Raises:
        FileNotFoundError: a model is missing.
        ValueError: a file is no model.
    """
    sample = replace(settings, seed=settings.seed ^ 1, max_sample_bytes=_MEASURED_BYTES)

    def batches() -> Iterator[pa.RecordBatch]:
        for shard in release.shards:
            yield from read_batches(release.uri("release", shard.name), ["doc_id", "source", "text"])

    limits = sample_limits(batches(), sample)
    measured = []
    for model in models:
        tokenizer = Tokenizer.load(model)
        sampled = (batch.filter(pa.array(in_sample(batch, limits, sample))) for batch in batches())
        measured.append(MeasuredModel(model, tokenizer.vocabulary_size, tuple(measure(tokenizer, sampled))))
    return measured


def measures_table(models: Sequence[MeasuredModel]) -> Table:
    """The measures for a terminal, a row for each source and model."""
    table = Table(title="What each model makes of the same documents", title_justify="left")
    for column in ("source", "model", "ids", "documents", "characters per token", "came back exactly", "byte tokens"):
        table.add_column(column, justify="left" if column in ("source", "model") else "right", overflow="fold")
    for source in sorted({one.source for model in models for one in model.sources}):
        for model in models:
            for one in model.sources:
                if one.source == source:
                    table.add_row(
                        source,
                        model.uri.rsplit("/", 1)[-1],
                        f"{model.vocabulary_size:,}",
                        f"{one.documents:,}",
                        f"{one.characters_per_token:.3f}",
                        f"{one.round_trip_fraction:.2%}",
                        f"{one.byte_fraction:.3%}",
                    )
    return table
