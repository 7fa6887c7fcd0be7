"""The settings of `[mix]`: how many tokens of each source a training run sees."""

from __future__ import annotations

import re
from dataclasses import dataclass

from manyo.corpus.settings.meant_texts import FilePath


@dataclass(frozen=True, slots=True)
class MixSource:
    """One source of a mixture; exactly one of `weight`, `repeats` and `tokens` sets its amount.

    Attributes:
        name: a source of this run, or any name if `table` is given.
        weight: share of the tokens that sources with `repeats` or `tokens` leave of the target, relative to the sum of
            all weights.
        repeats: how often each token of the source is seen; 0.5 stands for half of the tokens.
        tokens: number of tokens seen.
        table: tab-separated file of token shards counted elsewhere: a header, then a prefix and its tokens per line.
        match: pattern that prefixes of the table must match, with `*` and `?`.
        root: folder put before the prefixes of the table.
        source: a source of this run, if several lines with names of their own take documents of it.
        signal: column of `signals` that chooses documents of the source.
        minimum: smallest value of the signal that is chosen.
        below: the value from which on documents are no longer chosen.
        named: names that are chosen, where the signal names a category, such as `register`.
    """

    name: str
    weight: float | None = None
    repeats: float | None = None
    tokens: int | None = None
    table: FilePath | None = None
    match: str = "*"
    root: str = ""
    source: str | None = None
    signal: str | None = None
    minimum: float = float("-inf")
    below: float = float("inf")
    named: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raise ValueError if not exactly one amount is given, or a value is out of range."""
        given = {
            name: getattr(self, name) for name in ("weight", "repeats", "tokens") if getattr(self, name) is not None
        }
        if len(given) != 1:
            raise ValueError(f"{self.name}: give exactly one of weight, repeats and tokens")
        ((name, value),) = given.items()
        if not 0 < value < float("inf"):
            raise ValueError(f"{self.name}: {name} is {value}, must be above 0")
        if self.table is None and (self.match != "*" or self.root):
            raise ValueError(f"{self.name}: match and root are for a table")
        if self.table is not None and (self.source or self.signal):
            raise ValueError(f"{self.name}: source and signal are for token shards of this run")
        if self.signal is None and (self.minimum, self.below) != (float("-inf"), float("inf")):
            raise ValueError(f"{self.name}: minimum and below are for a signal")
        if self.named and (self.signal is None or (self.minimum, self.below) != (float("-inf"), float("inf"))):
            raise ValueError(f"{self.name}: named is for a signal that names a category, without minimum and below")
        if self.minimum >= self.below:
            raise ValueError(f"{self.name}: minimum is {self.minimum}, must be smaller than below, {self.below}")

    @property
    def own_source(self) -> str:
        """The source of this run that the line takes."""
        return self.source or self.name


@dataclass(frozen=True, slots=True)
class Training:
    """What decides which documents a step of a training run reads, named as Megatron's options are.

    Attributes:
        seq_length: tokens of a sample.
        global_batch_size: samples of a step.
        train_iters: steps for which the run is planned, which need not be those that it made.
        train_samples: samples for which the run is planned, instead of `train_iters`.
        seed: of the shuffles.
        split: shares of training, validation and test, where the parts share their token shards.
        machine: where the blend is made: "x86-64" or "aarch64", whose arithmetic differs.
    """

    seq_length: int
    global_batch_size: int
    train_iters: int | None = None
    train_samples: int | None = None
    seed: int = 1234
    split: str = "969,30,1"
    machine: str = "x86-64"

    def __post_init__(self) -> None:
        """Raise ValueError if the length is given twice or not at all, or a value is out of range."""
        if (self.train_iters is None) == (self.train_samples is None):
            raise ValueError("give exactly one of train_iters and train_samples")
        for field in ("seq_length", "global_batch_size", "train_iters", "train_samples"):
            if (value := getattr(self, field)) is not None and value < 1:
                raise ValueError(f"{field} must be 1 or more, got {value}")
        if self.samples * (self.seq_length + 1) >= 1 << 63:
            raise ValueError(f"{self.samples:,} samples of {self.seq_length:,} tokens are more than 64 bits count")
        if not 0 <= self.seed < 1 << 32:
            raise ValueError(f"seed must be from 0 to {(1 << 32) - 1}, got {self.seed}")
        if self.machine not in ("x86-64", "aarch64"):
            raise ValueError(f'machine is "x86-64" or "aarch64", got {self.machine!r}')
        if not self.shares or sum(self.shares) <= 0:
            raise ValueError(f"split is three shares such as 969,30,1, got {self.split!r}")

    @property
    def samples(self) -> int:
        """Samples for which the run is planned."""
        if self.train_samples is not None:
            return self.train_samples
        assert self.train_iters is not None
        return self.train_iters * self.global_batch_size

    @property
    def shares(self) -> tuple[float, ...]:
        """The numbers of `split`, found as Megatron finds them; empty if they are no numbers, or more than three."""
        try:
            numbers = [float(number) for number in re.findall(r"[.0-9]+", self.split)]
        except ValueError:
            return ()
        return tuple(numbers + [0.0] * (3 - len(numbers))) if len(numbers) <= 3 else ()


@dataclass(frozen=True, slots=True)
class Mix:
    """The mixture of a training run.

    Attributes:
        source: the sources.
        target_tokens: tokens of the whole training run.
        max_repeats: a source that is repeated more often gives a warning; up to four epochs are nearly as good as new
            data (Muennighoff et al. 2023, Scaling Data-Constrained Language Models).
        training: the training run, for `manyo step` and `manyo seen`.
        validation: share of the documents that are for validation, chosen by their ids.
        test: share of the documents that are for testing.
    """

    source: tuple[MixSource, ...]
    target_tokens: int
    max_repeats: float = 4.0
    training: Training | None = None
    validation: float = 0.0
    test: float = 0.0

    def __post_init__(self) -> None:
        """Raise ValueError if there is no source, two have the same name, or a number is out of range."""
        names = [source.name for source in self.source]
        if not names:
            raise ValueError("write at least one [[mix.source]]")
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two [[mix.source]] have the name {name!r}")
        if min(self.validation, self.test) < 0 or self.validation + self.test >= 1:
            raise ValueError(f"validation and test are shares of the documents, got {self.validation} and {self.test}")
        for field in ("target_tokens", "max_repeats"):
            if getattr(self, field) <= 0:
                raise ValueError(f"{field} must be above 0, got {getattr(self, field)}")
