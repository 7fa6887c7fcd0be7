"""The training run that `step` and `seen` ask about: its options, its order, and the documents of token shards."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from manyo.corpus.tables.shards import filesystem, is_local, join, read_columns, read_rows
from manyo.pipelines.commands import arguments
from manyo.pipelines.commands.mix import mix_arguments
from manyo.pipelines.commands.run_setup import read_config
from manyo.pipelines.engine.errors import UserError
from manyo.tokenizer.megatron_order import VERSIONS, Sampling
from manyo.tokenizer.mixture import Training
from manyo.tokenizer.training_order import DataBlend, DocumentIndex, OrderError, ShardSamples, TrainingOrder

_COLUMNS = ("doc_id", "source", "uri", "first_token")


def add_arguments(parser: argparse.ArgumentParser, needs_config: bool) -> None:
    """Add the options that describe a training run; each of them may stand in [mix.training] instead."""
    arguments.add_run(parser, needs_config)
    parser.add_argument(
        "--mix", metavar="FILE", help="what training reads: its --data-args-path or --per-split-data-args-path"
    )
    parser.add_argument("--seq-length", type=arguments.whole(0), metavar="TOKENS", help="tokens of a sample")
    parser.add_argument("--global-batch-size", type=arguments.whole(0), metavar="SAMPLES", help="samples of a step")
    planned = parser.add_mutually_exclusive_group()
    planned.add_argument(
        "--train-iters", type=arguments.whole(0), metavar="STEPS", help="steps for which the run is planned"
    )
    planned.add_argument(
        "--train-samples", type=arguments.whole(0), metavar="SAMPLES", help="samples for which the run is planned"
    )
    parser.add_argument("--seed", type=arguments.whole(0), help="seed of the shuffles (1234)")
    parser.add_argument("--split", metavar="SHARES", help="shares of training, validation and test (969,30,1)")
    parser.add_argument("--machine", choices=("x86-64", "aarch64"), help="where the blend is made (x86-64)")


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """A training run: its settings and the order of its samples."""

    settings: Training
    order: TrainingOrder

    @classmethod
    def read(cls, options: argparse.Namespace) -> TrainingRun:
        """Plan the training run that the options, or [mix.training] of the configuration, describe.

        Raises:
            UserError: something is not said, or cannot be read.
        """
        config = read_config(options) if options.config else None
        mix = config.mix if config else None
        settings = _settings(options, mix.training if mix else None)
        data_uri = options.mix
        if data_uri is None:
            if config is None:
                raise UserError("say what training reads: --mix FILE, or --config FILE with a [mix] table")
            data_uri = mix_arguments(config)
        return cls.plan(settings, data_uri)

    @classmethod
    def plan(cls, settings: Training, data_uri: str) -> TrainingRun:
        """Plan a training run over what a file of data arguments names.

        Raises:
            UserError: the file or an index cannot be read, or a shard has nothing for training.
        """
        try:
            order = TrainingOrder.plan(
                DataBlend.read(data_uri),
                settings.samples,
                Sampling(settings.seq_length, settings.seed),
                settings.shares,
                settings.machine == "aarch64",
            )
        except OrderError as error:
            raise UserError(str(error)) from error
        return cls(settings, order)

    def steps_of(self, places: Sequence[tuple[str, int]]) -> list[list[int]]:
        """The steps that read a token of documents.

        Args:
            places: of each document, the URI of its token shard's sidecar, and the position of its first token.

        Returns:
            For each document, its steps in ascending order.

        Raises:
            UserError: an index cannot be read, or a shard has nothing for training.
        """
        own: list[set[int]] = [set() for _ in places]
        # The run may have a relative name, and what training reads never has.
        sidecars = [_place_of(uri) for uri, _ in places]
        samples: dict[int, list[tuple[int, np.ndarray]]] = {}
        try:
            for number, prefix in enumerate(self.order.data.prefixes):
                source = TokenSource.of(prefix)
                wanted = [at for at, sidecar in enumerate(sidecars) if source and sidecar == source.provenance]
                if not wanted:
                    continue
                index = DocumentIndex.read(prefix)
                order = self.order.prefix_order(number, index.lengths)
                for at in wanted:
                    for row in np.flatnonzero((index.first_tokens == places[at][1]) & (index.lengths > 0)).tolist():
                        samples.setdefault(number, []).append((at, order.samples_of(row)))
        except OrderError as error:
            raise UserError(str(error)) from error
        together = {number: np.concatenate([one for _, one in found]) for number, found in samples.items()}
        for number, (positions, numbers) in self.order.positions_of(together).items():
            steps = positions // self.settings.global_batch_size + 1
            for at, found in samples[number]:
                own[at].update(steps[np.isin(numbers, found)].tolist())
        return [sorted(steps) for steps in own]

    @property
    def description(self) -> str:
        """One line that says which order this is."""
        return (
            f"order of megatron-core {VERSIONS} on {self.settings.machine}, planned for {self.settings.samples:,} "
            f"samples of {self.settings.seq_length:,} tokens, seed {self.settings.seed}; a run planned for another "
            "length has another order"
        )


def _settings(options: argparse.Namespace, configured: Training | None) -> Training:
    given = {field.name: getattr(options, field.name) for field in fields(Training)}
    given = {name: value for name, value in given.items() if value is not None}
    known = asdict(configured) if configured else {}
    if given.keys() & {"train_iters", "train_samples"}:
        known = {name: value for name, value in known.items() if name not in ("train_iters", "train_samples")}
    values: dict[str, Any] = known | given
    missing = [f"--{name.replace('_', '-')}" for name in ("seq_length", "global_batch_size") if name not in values]
    if not values.keys() & {"train_iters", "train_samples"}:
        missing.append("--train-iters or --train-samples")
    if missing:
        raise UserError(f"say how the training run is planned, here or in [mix.training]: {', '.join(missing)}")
    try:
        return Training(**values)
    except ValueError as error:
        raise UserError(str(error)) from error


def _place_of(uri: str) -> str:
    """Where a file is: the same for all names of a local file, and for links to it."""
    fs, path = filesystem(uri)
    return os.path.realpath(path) if is_local(fs) else uri


@dataclass(frozen=True, slots=True)
class TokenSource:
    """A token shard of manyo behind a prefix that training reads.

    Attributes:
        name: of the token shard.
        provenance: URI of its sidecar.
    """

    name: str
    provenance: str

    @classmethod
    def of(cls, prefix: str) -> TokenSource | None:
        """The shard whose `.bin` a prefix names, directly or by a link; None if it has no sidecar."""
        folder, _, file = _place_of(f"{prefix}.bin").rpartition("/")
        name = file.removesuffix(".bin").removesuffix("_text_document")
        provenance = join(folder.rpartition("/")[0], "provenance", f"{name}.parquet")
        sidecars, at = filesystem(provenance)
        return cls(name, provenance) if sidecars.exists(at) else None


def documents_of(found: ShardSamples) -> dict[int, Mapping[str, Any]]:
    """What the sidecar of a token shard says of the documents of samples, by their row in the shard's index.

    A shard that manyo did not write has no sidecar: its documents have their position alone.
    """
    rows = sorted({piece.document for pieces in found.samples.values() for piece in pieces})
    firsts = found.index.first_tokens[rows]
    source = TokenSource.of(found.prefix)
    if source is None:
        name = found.prefix.rpartition("/")[2]
        return {
            row: {"doc_id": None, "source": None, "uri": None, "shard": name, "first_token": int(first)}
            for row, first in zip(rows, firsts, strict=True)
        }
    starts = read_columns(source.provenance, ["first_token"]).column("first_token").to_numpy()
    # A document without tokens begins where the next one does, and no sample holds it.
    said = read_rows(source.provenance, (np.searchsorted(starts, firsts, "right") - 1).tolist(), _COLUMNS)
    return {row: {**one, "shard": source.name} for row, one in zip(rows, said, strict=True)}
