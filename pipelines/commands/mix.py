"""`manyo mix`: the token budget of each source of a training run, and the data arguments for Megatron.

A source gets a fixed number of tokens, a fixed number of repeats, or a share of the tokens that those leave of the
target. The tokens of a source are divided among its shards in proportion to their size, so that every document of the
source is seen equally often.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from manyo.corpus.tables.shards import filesystem, is_local, join, publish, read_text
from manyo.pipelines.commands import arguments
from manyo.pipelines.commands.run_setup import read_config
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.engine.manifest import read_manifests
from manyo.pipelines.engine.shapes import digest_of
from manyo.pipelines.engine.stage import AnyStage
from manyo.pipelines.graph.build import build_stages
from manyo.pipelines.graph.config import Config
from manyo.pipelines.graph.token_stages import BIN
from manyo.tokenizer.mixture import Mix, MixSource

#: Name of the file for `--data-args-path`.
_ARGUMENTS = "data_args.txt"

#: Width of a column of the printed table.
_COLUMN_CHARS = 24


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo mix`."""
    arguments.add_run(parser)


def run(options: argparse.Namespace) -> int:
    """Write the arguments, print the mixture and its warnings, and return 0.

    Raises:
        UserError: there is no [mix] table, a table of shards cannot be read, or a source has no tokens.
    """
    config = read_config(options)
    mixed = _mixed(config)
    assert config.mix is not None
    print(source_table(mixed).expandtabs(_COLUMN_CHARS), end="")
    total = sum(source.tokens for source in mixed)
    print(f"{total:,} of {config.mix.target_tokens:,} tokens, {total / config.mix.target_tokens:.2%} of the target")
    for warning in warnings(config.mix, mixed):
        print(f"manyo: warning: {warning}", file=sys.stderr)
    print(f"--data-args-path {write_mix(mixed, config.run.out)}")
    return 0


def mix_arguments(config: Config) -> str:
    """The URI of the data arguments that `manyo mix` wrote for a configuration.

    Raises:
        UserError: there is no [mix] table, or `manyo mix` has not run since it changed.
    """
    mixed = _mixed(config)
    uri = join(config.run.out, _folder_name(mixed), _ARGUMENTS)
    fs, path = filesystem(uri)
    if not fs.exists(path):
        raise UserError(f"{uri}: is not there; run: manyo mix --config {config.path}")
    return uri


def _mixed(config: Config) -> list[MixedSource]:
    if config.mix is None:
        raise UserError(f"{config.path}: there is no [mix] table")
    (tokenize,) = [stage for stage in build_stages(config) if stage.name == "tokenize"]
    return plan_mix(config.mix, counted_shards(config.mix, config.run.out, tokenize))


@dataclass(frozen=True, slots=True)
class CountedShard:
    """A token shard: its prefix as Megatron's data path has it, and its number of tokens."""

    prefix: str
    tokens: int


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
        return self.tokens / self.available_tokens

    def shard_tokens(self) -> list[int]:
        """Tokens seen of each shard: in proportion to its size, rounded so that the sum is exactly `tokens`."""
        seen, ends, before = [], 0, 0
        for shard in self.shards:
            ends += shard.tokens
            upto = self.tokens * ends // self.available_tokens
            seen.append(upto - before)
            before = upto
        return seen


def plan_mix(mix: Mix, available: Mapping[str, Sequence[CountedShard]]) -> list[MixedSource]:
    """Set the token budget of each source.

    Args:
        mix: the mixture.
        available: the shards of each source, by name of the source; shards without tokens are left out.

    Returns:
        The sources in the order of the mixture.

    Raises:
        UserError: a source has no tokens, or sources with a fixed amount leave no tokens for those with a weight.
    """
    shards = {source.name: tuple(one for one in available[source.name] if one.tokens) for source in mix.source}
    totals = {name: sum(shard.tokens for shard in own) for name, own in shards.items()}
    for name, total in totals.items():
        if total == 0:
            raise UserError(f"[mix]: source {name!r} has no tokens")
    fixed: dict[str, int] = {}
    for source in mix.source:
        if source.tokens is not None:
            fixed[source.name] = source.tokens
        elif source.repeats is not None:
            fixed[source.name] = round(source.repeats * totals[source.name])
    left = mix.target_tokens - sum(fixed.values())
    weights = {source.name: source.weight for source in mix.source if source.weight is not None}
    if weights and left <= 0:
        raise UserError(
            f"[mix]: sources with tokens or repeats take {sum(fixed.values()):,} of {mix.target_tokens:,} tokens, "
            f"which leaves none for {', '.join(weights)}"
        )
    budgets = fixed | {name: round(left * weight / sum(weights.values())) for name, weight in weights.items()}
    return [
        MixedSource(source.name, shards[source.name], totals[source.name], budgets[source.name])
        for source in mix.source
    ]


def data_arguments(mixed: Sequence[MixedSource]) -> str:
    """The content of the file for Megatron's `--data-args-path`: a weight and a prefix per line; weights are tokens."""
    lines = [
        f"{tokens} {shard.prefix}\n"
        for source in mixed
        for shard, tokens in zip(source.shards, source.shard_tokens(), strict=True)
        if tokens
    ]
    return "".join(lines)


def warnings(mix: Mix, mixed: Sequence[MixedSource]) -> list[str]:
    """Warnings about a mixture that is possible but probably not what was meant."""
    found = [
        f"{source.name} is repeated {source.repeats:.2f} times, more than max_repeats = {mix.max_repeats:g}: "
        f"{source.available_tokens:,} tokens for a budget of {source.tokens:,}"
        for source in mixed
        if source.repeats > mix.max_repeats
    ]
    total = sum(source.tokens for source in mixed)
    # Weights divide exactly what is left, so that with weights the total differs from the target by rounding only.
    if abs(total - mix.target_tokens) > len(mixed):
        found.append(f"the mixture has {total:,} tokens, {total / mix.target_tokens:.2%} of the target")
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


def counted_shards(mix: Mix, out: str, tokenize: AnyStage) -> dict[str, list[CountedShard]]:
    """The token shards of each source of a mixture, by name of the source: those of this run or of a table.

    Raises:
        UserError: a table cannot be read, nothing matches, or this run has no such source or no Megatron shards.
    """
    own: dict[str, list[CountedShard]] = {}
    for source in mix.source:
        if source.table is None and not own:
            own = _own_shards(out, tokenize)
        if source.table is None and source.name not in own:
            raise UserError(
                f"[mix]: this run has no token shards of a source {source.name!r}; it has {', '.join(sorted(own))}"
            )
    return {one.name: own[one.name] if one.table is None else _table_shards(one, one.table) for one in mix.source}


def write_mix(mixed: Sequence[MixedSource], out: str) -> str:
    """Write the arguments and the table into a folder named by their digest: the same mixture has the same folder.

    Returns:
        URI of the file for `--data-args-path`.
    """
    folder = join(out, _folder_name(mixed))
    for name, content in ((_ARGUMENTS, data_arguments(mixed)), ("sources.tsv", source_table(mixed))):
        with publish(join(folder, name)) as path:
            path.write_text(content, encoding="utf-8")
    return join(folder, _ARGUMENTS)


def _folder_name(mixed: Sequence[MixedSource]) -> str:
    return f"mix-{digest_of([data_arguments(mixed), source_table(mixed)])[:8]}"


def _own_shards(out: str, tokenize: AnyStage) -> dict[str, list[CountedShard]]:
    if BIN not in tokenize.tables:
        raise UserError('[mix]: Megatron reads only format = "megatron", and [tokenize] has another')
    folder = tokenize.folder(out)
    fs, _ = filesystem(folder)
    shards: dict[str, list[CountedShard]] = {}
    for name, manifest in sorted(read_manifests(folder).items()):
        uri = BIN.uri(folder, name)
        # Megatron may start in another folder, where a relative path would be wrong.
        prefix = (filesystem(uri)[1] if is_local(fs) else uri).removesuffix(".bin")
        source = name.rsplit("-", 1)[0]
        shards.setdefault(source, []).append(CountedShard(prefix, manifest.counts["tokens"]))
    if not shards:
        raise UserError(f"{folder}: there are no token shards here; run manyo tokenize first")
    return shards


def _table_shards(source: MixSource, table: str) -> list[CountedShard]:
    try:
        lines = read_text(table).splitlines()
    except (OSError, ValueError) as error:
        raise UserError(f"[mix]: source {source.name!r}: table {table} cannot be read: {error}") from error
    shards = []
    for number, line in enumerate(lines[1:], start=2):
        prefix, _, tokens = line.partition("\t")
        if not prefix or not tokens.strip().isdecimal():
            raise UserError(f"{table}: line {number}: expected a prefix, a tab and a number of tokens, got {line!r}")
        if fnmatchcase(prefix, source.match):
            shards.append(CountedShard(join(source.root, prefix) if source.root else prefix, int(tokens)))
    if not shards:
        raise UserError(f"[mix]: source {source.name!r}: no prefix of {table} matches {source.match!r}")
    return shards
