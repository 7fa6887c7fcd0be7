"""`manyo plan-ablation`: arguments for small models on two or more corpora, all alike but for the corpus."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path

from manyo.corpus.tables.shards import publish
from manyo.corpus.tables.start_folder import located, paths_start_at
from manyo.pipelines.ablation.model_plan import (
    SIZES,
    CorpusData,
    Length,
    ModelSize,
    length_of,
    megatron_arguments,
)
from manyo.pipelines.ablation.model_results import FORM
from manyo.pipelines.commands import arguments
from manyo.pipelines.commands.fitted_tables import FittedTable
from manyo.pipelines.commands.mix import Mixture, plan_mix, read_mixture, write_mix
from manyo.pipelines.commands.mix_parts import counted_shards
from manyo.pipelines.commands.run_setup import config_of, open_console
from manyo.pipelines.commands.two_sides import refuse_same
from manyo.pipelines.commands.written_files import JSON_OBJECT, check_place
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.engine.shapes import digest_of
from manyo.pipelines.graph.config import Config
from manyo.pipelines.graph.token_stages import MODEL
from manyo.pipelines.run import stage_of
from manyo.tokenizer.encode import Tokenizer
from manyo.tokenizer.mixture import Mix, MixSource

#: Up to four passes over a corpus are nearly as good as new data (Muennighoff et al. 2023).
_MOST_PASSES = 4.0

#: Seeds of DataDecide.
_SEEDS = 3

#: Name of the plan in its folder.
PLAN = "plan.json"

#: Width of the table if standard output is not a terminal.
_PIPE_COLUMNS = 120


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo plan-ablation`."""
    parser.add_argument("runs", nargs="+", metavar="CONFIG", help="the .toml files of finished runs with token shards")
    parser.add_argument(
        "--to", required=True, metavar="FOLDER", help="write plan.json and an argument file for each model here"
    )
    parser.add_argument("--size", nargs="+", choices=SIZES, default=list(SIZES), help="sizes of models (default: all)")
    parser.add_argument(
        "--seeds",
        type=arguments.whole(2),
        default=_SEEDS,
        metavar="COUNT",
        help=f"runs of each corpus and size (default: {_SEEDS}; intervals need 6)",
    )
    parser.add_argument(
        "--passes",
        type=arguments.number,
        default=1.0,
        metavar="NUMBER",
        help=f"how often the smallest corpus is read at most, up to {_MOST_PASSES:g} (default: 1)",
    )


@dataclass(frozen=True, slots=True)
class _Run:
    """A corpus: its name, tokens and where they come from."""

    name: str
    config: Config
    mixture: Mixture
    tokens: int
    tokenizer: Tokenizer
    fingerprint: str


def run(options: argparse.Namespace) -> int:
    """Write the plan and the argument files, print what they say, and return 0.

    Raises:
        UserError: fewer than two runs are given, one is not finished or has no tokens, they have different tokenizers,
            the smallest has too few tokens, or the folder cannot be written.
    """
    check_place(os.path.join(options.to, PLAN), "--to", JSON_OBJECT)
    if options.passes > _MOST_PASSES:
        raise UserError(f"--passes {options.passes:g}: up to {_MOST_PASSES:g}")
    if len(options.runs) < 2:
        raise UserError("plan-ablation compares corpora: name two or more runs")
    for number, given in enumerate(options.runs):
        refuse_same(options.runs[:number], [given], "two corpora")
    runs = [_read_run(given) for given in options.runs]
    _refuse_unlike(runs)
    sizes = dict.fromkeys(options.size)
    try:
        lengths = {
            name: length_of(SIZES[name], {one.name: one.tokens for one in runs}, options.passes) for name in sizes
        }
    except ValueError as error:
        raise UserError(f"plan-ablation: {error}") from error
    try:
        _write(options.to, runs, lengths, range(1, options.seeds + 1))
    except OSError as error:
        raise UserError(f"--to {options.to}: {error.strerror}") from error
    _print(runs, lengths, options.seeds, options.to)
    return 0


def _read_run(given: str) -> _Run:
    config = config_of(given)
    with paths_start_at(os.path.dirname(config.path)):
        stage = stage_of(config, "tokenize", "plan-ablation")
        try:
            mixture = read_mixture(config) if config.mix else _all_sources(config)
        except UserError as error:
            raise UserError(f"{given}: {error}") from error
        tokens = sum(source.tokens for source in mixture.sources)
        if not tokens:
            raise UserError(f"{given}: has no tokens to train on")
        tokenizer = _tokenizer(config)
    return _Run(Path(given).stem, config, mixture, tokens, tokenizer, stage.fingerprint)


def _all_sources(config: Config) -> Mixture:
    """Every token of a run without [mix], once."""
    mix = Mix(tuple(MixSource(source.name, repeats=1) for source in config.sources), target_tokens=1)
    shards = counted_shards(config, mix)
    return Mixture(tuple(plan_mix(mix, {name: parts.get("train", []) for name, parts in shards.items()})), {})


def _tokenizer(config: Config) -> Tokenizer:
    model = config.tokenize.model
    if model is None:
        model = MODEL.uri(stage_of(config, "train", "plan-ablation").folder(config.run.out), "tokenizer")
    try:
        return Tokenizer.load(located(model), config.tokenize.eod_token)
    except (OSError, ValueError) as error:
        raise UserError(f"{config.path}: [tokenize]: {error}") from error


def _refuse_unlike(runs: Sequence[_Run]) -> None:
    first = runs[0]
    for number, one in enumerate(runs):
        if one.tokenizer.digest != first.tokenizer.digest or one.tokenizer.eod_id != first.tokenizer.eod_id:
            raise UserError(
                f"{one.config.path}: has another tokenizer than {first.config.path}, so their tokens cannot be "
                "compared; give both runs the same [tokenize] model and eod_token"
            )
        if one.name in (other.name for other in runs[:number]):
            raise UserError(f"{one.config.path}: another run is named {one.name} too; rename one of the files")


def _write(folder: str, runs: Sequence[_Run], lengths: Mapping[str, Length], seeds: Sequence[int]) -> None:
    models = []
    tokenizer = runs[0].tokenizer
    for one in runs:
        option = "--per-split-data-args-path" if one.mixture.held_out else "--data-args-path"
        corpus = CorpusData(one.name, option, os.path.abspath(write_mix(one.mixture, os.path.join(folder, one.name))))
        for (name, length), seed in product(lengths.items(), seeds):
            text = megatron_arguments(SIZES[name], length, corpus, _tokenizer_arguments(tokenizer), seed)
            file = f"{one.name}-{name}-seed{seed}.args"
            with publish(os.path.join(folder, file)) as path:
                path.write_text(text, encoding="utf-8")
            models.append(
                {"corpus": one.name, "size": name, "seed": seed, "arguments": file, "digest": digest_of([text])}
            )
    plan = {
        "corpora": {one.name: _corpus(one, lengths) for one in runs},
        "tokenizer": {"digest": tokenizer.digest, "vocabulary_size": tokenizer.vocabulary_size},
        "sizes": {name: _size(SIZES[name], length) for name, length in lengths.items()},
        "models": models,
        "results": {"format": "JSON Lines: a row for each model, checkpoint, task and metric", "fields": dict(FORM)},
    }
    fingerprint = digest_of([json.dumps(plan)])
    with publish(os.path.join(folder, PLAN)) as path:
        text = json.dumps({"fingerprint": fingerprint, **plan}, ensure_ascii=False, indent=1)
        path.write_text(f"{text}\n", encoding="utf-8")


def _corpus(one: _Run, lengths: Mapping[str, Length]) -> dict[str, object]:
    return {
        "configuration": one.config.path,
        "fingerprint": one.fingerprint,
        "data_digest": digest_of([one.mixture.arguments]),
        "tokens": one.tokens,
        "passes": {name: round(_passes(one, name, length), 4) for name, length in lengths.items()},
    }


def _size(size: ModelSize, length: Length) -> dict[str, object]:
    return {
        **asdict(size),
        "tokens": length.train_iters * size.step_tokens,
        "tokens_in_source": size.tokens,
        "train_iters": length.train_iters,
        "checkpoint_steps": length.checkpoint_steps,
    }


def _passes(one: _Run, name: str, length: Length) -> float:
    return length.train_iters * SIZES[name].step_tokens / one.tokens


def _tokenizer_arguments(tokenizer: Tokenizer) -> list[tuple[str, str]]:
    model = os.path.abspath(tokenizer.uri) if "://" not in tokenizer.uri else tokenizer.uri
    if model.endswith(".json"):
        # Transformers, which Megatron asks, takes the folder of a tokenizer.
        return [("--tokenizer-type", "HuggingFaceTokenizer"), ("--tokenizer-model", os.path.dirname(model))]
    return [("--tokenizer-type", "SentencePieceTokenizer"), ("--tokenizer-model", model)]


def _print(runs: Sequence[_Run], lengths: Mapping[str, Length], n_seeds: int, folder: str) -> None:
    console = open_console(_PIPE_COLUMNS)
    table = FittedTable("size", "corpus", "tokens", "passes", "steps", "checkpoints", "runs", texts=(0, 1))
    for (name, length), one in product(lengths.items(), runs):
        tokens = length.train_iters * SIZES[name].step_tokens
        cells = f"{length.train_iters:,}", f"{len(length.checkpoint_steps)}", f"{n_seeds}"
        table.add_row(name, one.name, f"{tokens:,}", f"{_passes(one, name, length):.4f}", *cells)
    console.print(table)
    console.print(
        f"{len(lengths) * len(runs) * n_seeds} argument files and {os.path.join(folder, PLAN)}, which has the steps at "
        "which to evaluate and the form of the results.\nAdd what depends on your machines: xargs -a FILE torchrun … "
        "pretrain_gpt.py --micro-batch-size … --bf16 --save … Then: manyo choose-tasks results.jsonl",
        markup=False,
        soft_wrap=True,
    )
