"""Settings of the mixture of a training run: how much of each source it sees."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MixSource:
    """One line of the mixture; exactly one of `weight`, `repeats` and `tokens` says how much of it.

    Attributes:
        name: a source of this run, or any name where `table` is given.
        weight: share of what sources with `repeats` or `tokens` leave of the target, relative to other weights.
        repeats: how often each of its tokens is seen; 0.5 is half of them.
        tokens: how many tokens are seen.
        table: tab-separated file of token shards that were counted elsewhere: a header, then prefix and tokens.
        match: pattern that prefixes of the table must match, with `*` and `?`.
        root: what to put before the prefixes of the table.
    """

    name: str
    weight: float | None = None
    repeats: float | None = None
    tokens: int | None = None
    table: str | None = None
    match: str = "*"
    root: str = ""

    def __post_init__(self) -> None:
        """Raise ValueError for a line that says too little, too much, or nothing sensible."""
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
        source: its lines.
        target_tokens: tokens of the whole training run.
        max_repeats: above this a source is repeated too often and is warned of; up to four epochs are nearly as good
            as new data (Muennighoff et al. 2023, Scaling Data-Constrained Language Models).
    """

    source: tuple[MixSource, ...]
    target_tokens: int
    max_repeats: float = 4.0

    def __post_init__(self) -> None:
        """Raise ValueError for a mixture without lines, with a name twice, or with a bound out of range."""
        names = [source.name for source in self.source]
        if not names:
            raise ValueError("write at least one [[mix.source]]")
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two [[mix.source]] have the name {name!r}")
        for field in ("target_tokens", "max_repeats"):
            if getattr(self, field) <= 0:
                raise ValueError(f"{field} must be above 0, got {getattr(self, field)}")
