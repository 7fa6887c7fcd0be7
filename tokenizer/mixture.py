"""The settings of `[mix]`: how many tokens of each source a training run sees."""

from __future__ import annotations

from dataclasses import dataclass


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
    """

    name: str
    weight: float | None = None
    repeats: float | None = None
    tokens: int | None = None
    table: str | None = None
    match: str = "*"
    root: str = ""

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


@dataclass(frozen=True, slots=True)
class Mix:
    """The mixture of a training run.

    Attributes:
        source: the sources.
        target_tokens: tokens of the whole training run.
        max_repeats: a source that is repeated more often gives a warning; up to four epochs are nearly as good as new
            data (Muennighoff et al. 2023, Scaling Data-Constrained Language Models).
    """

    source: tuple[MixSource, ...]
    target_tokens: int
    max_repeats: float = 4.0

    def __post_init__(self) -> None:
        """Raise ValueError if there is no source, two have the same name, or a number is out of range."""
        names = [source.name for source in self.source]
        if not names:
            raise ValueError("write at least one [[mix.source]]")
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two [[mix.source]] have the name {name!r}")
        for field in ("target_tokens", "max_repeats"):
            if getattr(self, field) <= 0:
                raise ValueError(f"{field} must be above 0, got {getattr(self, field)}")
