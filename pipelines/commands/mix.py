"""`manyo mix`: the token budget of each source of a training run, and the data arguments for Megatron.

A source gets a fixed number of tokens, a fixed number of repeats, or a share of the tokens that those leave of the
target. The tokens of a source are divided among its shards in proportion to their size, so that every document of the
source is seen equally often.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from manyo.corpus.tables.shards import filesystem, join, publish
from manyo.pipelines.commands import arguments
from manyo.pipelines.commands.mix_parts import PARTS, CountedShard, counted_shards
from manyo.pipelines.commands.run_setup import read_config
from manyo.pipelines.commands.run_summary import end_with
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.engine.shapes import digest_of
from manyo.pipelines.graph.config import Config
from manyo.tokenizer.megatron_order import split_bounds
from manyo.tokenizer.mixture import Mix

#: Width of a column of the printed table.
_COLUMN_CHARS = 24


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo mix`."""
    arguments.add_run(parser)
    arguments.add_allow_empty(parser)


def run(options: argparse.Namespace) -> int:
    """Write the arguments, print the mixture and its notices, and return 0, or 3 with notices.

    Raises:
        UserError: there is no [mix] table, a table of shards cannot be read, or no source has tokens.
    """
    config = read_config(options)
    mixture = read_mixture(config)
    assert config.mix is not None
    print(source_table(mixture.sources).expandtabs(_COLUMN_CHARS), end="")
    total = sum(source.tokens for source in mixture.sources)
    print(f"{total:,} of {config.mix.target_tokens:,} tokens, {total / config.mix.target_tokens:.2%} of the target")
    for name, shards in mixture.held_out.items():
        tokens = sum(shard.tokens for shard in shards)
        print(f"{tokens:,} tokens of {sum(shard.documents or 0 for shard in shards):,} documents are held out: {name}")
    status = end_with(notices_of(config.mix, mixture.sources), config.notices.allow_empty)
    option = "--per-split-data-args-path" if mixture.held_out else "--data-args-path"
    print(f"{option} {write_mix(mixture, config.run.out)}")
    return status


def mix_arguments(config: Config) -> str:
    """The URI of the data arguments that `manyo mix` wrote for a configuration.

    Raises:
        UserError: there is no [mix] table, or `manyo mix` has not run since it changed.
    """
    mixture = read_mixture(config)
    uri = join(config.run.out, _folder_name(mixture), mixture.file_name)
    fs, path = filesystem(uri)
    if not fs.exists(path):
        raise UserError(f"{uri}: is not there; run: manyo mix --config {config.path}")
    return uri


@dataclass(frozen=True, slots=True)
class MixedSource:
    """A source with its token budget.

    Attributes:
        name: name of the source.
        shards: its token shards.
        available_tokens: tokens in these shards.
        tokens: tokens that the training run sees.
    """

    name: str
    shards: tuple[CountedShard, ...]
    available_tokens: int
    tokens: int

    @property
    def repeats(self) -> float:
        """How often each token is seen, on average."""
        return self.tokens / self.available_tokens if self.available_tokens else 0.0

    def shard_tokens(self) -> list[int]:
        """Tokens seen of each shard: in proportion to its size, rounded so that the sum is exactly `tokens`."""
        seen, ends, before = [], 0, 0
        for shard in self.shards:
            ends += shard.tokens
            upto = self.tokens * ends // self.available_tokens
            seen.append(upto - before)
            before = upto
        return seen


@dataclass(frozen=True, slots=True)
class Mixture:
    """What a training run reads.

    Attributes:
        sources: the sources of training, with their budgets.
        held_out: shards of validation and test, by the name of the part; empty if no share of documents is held out.
    """

    sources: tuple[MixedSource, ...]
    held_out: Mapping[str, tuple[CountedShard, ...]]

    @property
    def file_name(self) -> str:
        """Name of the file that Megatron reads."""
        return "per_split_data_args.json" if self.held_out else "data_args.txt"

    @property
    def arguments(self) -> str:
        """The content of that file."""
        if not self.held_out:
            return data_arguments(self.sources)
        paths = {"train": weighted_prefixes(self.sources), "valid": None, "test": None}
        for part, shards in self.held_out.items():
            # Each document once: the weights are what the shards have.
            paths[part] = [word for shard in shards for word in (str(shard.tokens), shard.prefix)]
        return json.dumps(paths, ensure_ascii=False, indent=1) + "\n"


def read_mixture(config: Config) -> Mixture:
    """The mixture that a configuration describes, over the token shards that there are.

    Raises:
        UserError: there is no [mix] table, or as `counted_shards` and `plan_mix` say.
    """
    if config.mix is None:
        raise UserError(
            f"{config.path}: there is no [mix] table; add one with target_tokens, and a [[mix.source]] for each source"
        )
    shards = counted_shards(config, config.mix)
    sources = plan_mix(config.mix, {name: parts.get("train", []) for name, parts in shards.items()})
    held_out = {}
    for part in PARTS[1:]:
        # Lines that take the same documents name the same shard.
        own = {shard.prefix: shard for parts in shards.values() for shard in parts.get(part, [])}
        if own:
            held_out[part] = tuple(own.values())
    return Mixture(tuple(sources), held_out)


def plan_mix(mix: Mix, available: Mapping[str, Sequence[CountedShard]]) -> list[MixedSource]:
    """Set the token budget of each source.

    Args:
        mix: the mixture.
        available: the shards of each source, by name of the source; shards without tokens are left out.

    Returns:
        The sources in the order of the mixture. One without tokens has a budget of 0, and takes no share.

    Raises:
        UserError: no source has tokens, sources with a fixed amount leave no tokens for those with a weight, or every
            amount rounds to no token.
    """
    shards = {source.name: tuple(one for one in available[source.name] if one.tokens) for source in mix.source}
    totals = {name: sum(shard.tokens for shard in own) for name, own in shards.items()}
    if not any(totals.values()):
        raise UserError(f"[mix]: there is nothing to mix: no tokens in {', '.join(totals)}")
    fixed: dict[str, int] = {}
    for source in mix.source:
        if totals[source.name] == 0:
            fixed[source.name] = 0
        elif source.tokens is not None:
            fixed[source.name] = source.tokens
        elif source.repeats is not None:
            fixed[source.name] = round(source.repeats * totals[source.name])
    left = mix.target_tokens - sum(fixed.values())
    weights = {
        source.name: source.weight for source in mix.source if source.weight is not None and source.name not in fixed
    }
    if weights and left <= 0:
        raise UserError(
            f"[mix]: sources with tokens or repeats take {sum(fixed.values()):,} of {mix.target_tokens:,} tokens, "
            f"which leaves none for {', '.join(weights)}"
        )
    budgets = fixed | {name: round(left * weight / sum(weights.values())) for name, weight in weights.items()}
    if not any(budgets.values()):
        raise UserError(f"[mix]: no source gets a token: the amounts of {', '.join(budgets)} are all rounded to 0")
    return [
        MixedSource(source.name, shards[source.name], totals[source.name], budgets[source.name])
        for source in mix.source
    ]


def weighted_prefixes(mixed: Sequence[MixedSource]) -> list[str]:
    """A weight and a prefix for each token shard that is read, one after another; weights are tokens."""
    return [
        word
        for source in mixed
        for shard, tokens in zip(source.shards, source.shard_tokens(), strict=True)
        if tokens
        for word in (str(tokens), shard.prefix)
    ]


def data_arguments(mixed: Sequence[MixedSource]) -> str:
    """The content of the file for Megatron's `--data-args-path`: a weight and a prefix per line.

    Raises:
        UserError: a prefix has white space, at which Megatron would cut it.
    """
    words = weighted_prefixes(mixed)
    if cut := [prefix for prefix in words[1::2] if prefix.split() != [prefix]]:
        raise UserError(
            f"[mix]: {cut[0]!r}: Megatron cuts this path at its white space; give [run] out a path without "
            "any, or hold out documents by [mix] validation, whose file keeps paths whole"
        )
    return "".join(f"{tokens} {prefix}\n" for tokens, prefix in zip(words[::2], words[1::2], strict=True))


def notices_of(mix: Mix, mixed: Sequence[MixedSource]) -> list[str]:
    """Notices about a mixture that is possible but probably not what was meant."""
    found = [f"{source.name} has no tokens and is left out" for source in mixed if not source.available_tokens]
    found += [
        f"{source.name} is left out: its share is rounded to 0 of its {source.available_tokens:,} tokens"
        for source in mixed
        if source.available_tokens and not source.tokens
    ]
    found += [
        f"{source.name} is repeated {source.repeats:.2f} times, more than max_repeats = {mix.max_repeats:g}: "
        f"{source.available_tokens:,} tokens for a budget of {source.tokens:,}"
        for source in mixed
        if source.repeats > mix.max_repeats
    ]
    total = sum(source.tokens for source in mixed)
    # Weights divide exactly what is left, so that with weights the total differs from the target by rounding only.
    if abs(total - mix.target_tokens) > len(mixed):
        found.append(f"the mixture has {total:,} tokens, {total / mix.target_tokens:.2%} of the target")
    if mix.training is not None and not mix.validation and not mix.test:
        shares = mix.training.shares
        short = [
            shard.prefix
            for source in mixed
            for shard in source.shards
            if shard.documents is not None
            and any(bounds is not None and bounds[0] == bounds[1] for bounds in split_bounds(shares, shard.documents))
        ]
        if short:
            found.append(
                f"--split {mix.training.split} leaves a part of {len(short):,} token shards without a document, at "
                f'which Megatron hangs: {short[0]}; write split = "1,0,0", and [mix] validation for what is held out'
            )
    return found


def source_table(mixed: Sequence[MixedSource]) -> str:
    """The mixture as tab-separated text: a header, then a line for each source."""
    total = sum(source.tokens for source in mixed)
    text = io.StringIO()
    writer = csv.writer(text, dialect="excel-tab", lineterminator="\n")
    writer.writerow(("source", "shards", "available_tokens", "repeats", "tokens", "share"))
    for source in mixed:
        row = (source.name, len(source.shards), source.available_tokens, f"{source.repeats:.4f}", source.tokens)
        writer.writerow((*row, f"{source.tokens / total:.6f}"))
    return text.getvalue()


def write_mix(mixture: Mixture, out: str) -> str:
    """Write the arguments and the table into a folder named by their digest: the same mixture has the same folder.

    Returns:
        URI of the file for `--data-args-path`, or for `--per-split-data-args-path` if documents are held out.
    """
    folder = join(out, _folder_name(mixture))
    for name, content in ((mixture.file_name, mixture.arguments), ("sources.tsv", source_table(mixture.sources))):
        with publish(join(folder, name)) as path:
            path.write_text(content, encoding="utf-8")
    return join(folder, mixture.file_name)


def _folder_name(mixture: Mixture) -> str:
    return f"mix-{digest_of([mixture.arguments, source_table(mixture.sources)])[:8]}"
