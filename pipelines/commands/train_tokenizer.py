"""`manyo train-tokenizer`: train a tokenizer on the text that may train, and compare it with others on a sample."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from manyo.corpus.tables.shards import join
from manyo.pipelines.commands import arguments
from manyo.pipelines.commands.fitted_tables import FittedTable
from manyo.pipelines.commands.run_setup import choose_watcher, open_console, open_executor, read_config
from manyo.pipelines.commands.run_summary import print_notices, print_summary
from manyo.pipelines.commands.tokenizer_export import export_line, export_model, read_bytes
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.engine.shapes import StageOutput
from manyo.pipelines.graph.release_stages import SCRUBBED
from manyo.pipelines.graph.token_stages import MODEL, trainable
from manyo.pipelines.run import run as run_configuration
from manyo.tokenizer.encode import Tokenizer
from manyo.tokenizer.hugging_face import IdsDiffer
from manyo.tokenizer.train import SourceMeasure, TrainTokenizer, in_sample, measure, sample_limits

#: Size of the sample to measure on: enough for four digits of characters per token, and seconds per model.
_MEASURED_BYTES = 20_000_000

#: Size of the sample on which both forms of the model are compared, beside texts that are made to be hard.
_COMPARED_BYTES = 5_000_000

#: Width of the table if standard output is not a terminal: names need not be broken.
_PIPE_COLUMNS = 160


@dataclass(frozen=True, slots=True)
class MeasuredModel:
    """A model, the size of its vocabulary, and its measures on each source."""

    uri: str
    vocabulary_size: int
    sources: tuple[SourceMeasure, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo train-tokenizer`."""
    arguments.add_run(parser)
    arguments.add_execution(parser)
    parser.add_argument(
        "--beside", nargs="+", default=(), metavar="MODEL", help="also measure these SentencePiece models"
    )


def run(options: argparse.Namespace) -> int:
    """Run the stages that lead to the model, print the measures, the summary and the notices; return 0 or 3.

    Raises:
        UserError: the configuration trains no tokenizer, or a model of `--beside` is missing or damaged.
        WorkFailed: a stage could not be finished.
    """
    config = read_config(options)
    settings = config.tokenize.train
    if settings is None:
        raise UserError(f"{config.path}: there is no [tokenize.train] table that says how to train")
    with open_executor(options) as executor:
        result = run_configuration(config, executor, choose_watcher(options), "train-tokenizer")
    outputs = {stage_result.stage.name: stage_result.output for stage_result in result.stages}
    (shard,) = outputs["train"].shards
    models = [outputs["train"].uri(MODEL, shard.name), *options.beside]
    try:
        measures = measure_models(models, outputs["scrub"], settings)
    except ValueError as error:
        raise UserError(str(error)) from error
    open_console(_PIPE_COLUMNS).print(measures_table(measures))
    try:
        print(_export(models[0], outputs["scrub"], settings))
    except IdsDiffer as error:
        print(f"manyo: warning: {models[0]}: not written for Hugging Face: {error}", file=sys.stderr)
    print_summary(config, result)
    return print_notices(config, result)


def measure_models(models: Sequence[str], scrubbed: StageOutput, settings: TrainTokenizer) -> list[MeasuredModel]:
    """Encode and decode the same balanced sample, of the documents that may train, with each model.

    The sample is drawn like the training sample, with another seed.

    Args:
        models: paths of the models.
        scrubbed: the text to sample from; what leaves the command is numbers, so documents that are taken down take
            part, as they do in training.
        settings: settings that the training sample was drawn with.

    Returns:
        The measures, in the order of the models.

    Raises:
        FileNotFoundError: a model is missing.
        ValueError: a file is not a model.
    """
    measured = []
    for model in models:
        tokenizer = Tokenizer.load(model)
        measures = measure(tokenizer, _sampled(scrubbed, settings, _MEASURED_BYTES))
        measured.append(MeasuredModel(model, tokenizer.vocabulary_size, tuple(measures)))
    return measured


def _sampled(scrubbed: StageOutput, settings: TrainTokenizer, max_bytes: int) -> Iterator[pa.RecordBatch]:
    """Yields a balanced sample of the documents that may train."""
    sample = replace(settings, seed=settings.seed ^ 1, max_sample_bytes=max_bytes)

    def batches() -> Iterator[pa.RecordBatch]:
        for shard in scrubbed.shards:
            yield from trainable(scrubbed.uri(SCRUBBED, shard.name), ("doc_id", "source", "text"))

    limits = sample_limits(batches(), sample)
    return (batch.filter(pa.array(in_sample(batch, limits, sample))) for batch in batches())


def _export(model: str, scrubbed: StageOutput, settings: TrainTokenizer) -> str:
    """Write the model's Hugging Face folder next to it, compared on a sample of the text.

    Returns:
        What was written, in a line.

    Raises:
        IdsDiffer: a text has other ids in the other form; the model itself stays.
    """
    batches = _sampled(scrubbed, settings, _COMPARED_BYTES)
    texts = (text for batch in batches for text in batch.column("text").to_pylist())
    folder = join(model.rpartition("/")[0], "hugging_face")
    return export_line(folder, export_model(read_bytes(model), folder, texts))


def measures_table(models: Sequence[MeasuredModel]) -> FittedTable:
    """The measures as a table, a row for each source and model."""
    columns = ("source", "model", "ids", "documents", "characters per token", "restored exactly", "byte tokens")
    table = FittedTable(*columns, texts=(0, 1), title="The models on the same documents")
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
