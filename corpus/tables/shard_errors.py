"""The errors of files below an output folder. Imports no library: the command line knows them before Arrow."""

from __future__ import annotations


class ShardError(Exception):
    """A shard that cannot be read or does not fit the shards read with it; the message names file and remedy."""


class DamagedShard(ShardError):
    """A shard that is missing or does not hold what was written: making it again mends it.

    Attributes:
        uri: of the file.
        problem: what is wrong with it.
    """

    def __init__(self, uri: str, problem: str) -> None:
        super().__init__(uri, problem)
        self.uri = uri
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.uri}: cannot be read ({self.problem}); delete it and run again"


class OwnershipLost(Exception):
    """Another process owns the output folder now, so nothing more is written; the message is one line."""
