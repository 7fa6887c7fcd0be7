"""What a stage writes: one file per shard for each of its tables.

A table is declared once, as a constant next to the stage that writes it, and
is the key by which tasks and commands ask for its files.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

from manyo.corpus.tables.shards import join


@dataclass(frozen=True, slots=True)
class StageTable:
    """A table of a stage, or its files of another kind.

    Attributes:
        name: name of the table.
        path: path of a shard's file below the stage's folder; `{shard}` stands for the shard's name.
        schema: of its rows; None for other files, and where the settings decide about the columns.
        is_released: whether it is for others: its files have the permissions that the user's umask leaves. All other
            tables may hold personal information, and only the user reads them.
        is_dealt: whether its files are dealt to parts, which are read one by one (`manyo.corpus.tables.pieces`).
    """

    name: str
    path: str
    schema: pa.Schema | None = field(default=None, compare=False, repr=False)
    is_released: bool = field(default=False, compare=False, repr=False)
    is_dealt: bool = field(default=False, compare=False, repr=False)

    @classmethod
    def parquet(cls, name: str, schema: pa.Schema | None = None, is_released: bool = False) -> StageTable:
        """A table in Parquet files, for people and other programs."""
        return cls(name, f"{name}/{{shard}}.parquet", schema, is_released)

    @classmethod
    def arrow(cls, name: str, schema: pa.Schema) -> StageTable:
        """A table in Arrow files that are dealt to parts, for the stage after it (`manyo.corpus.tables.shards`)."""
        return cls(name, f"{name}/{{shard}}.arrow", schema, is_dealt=True)

    @property
    def folder(self) -> str:
        """The folder of its files below the stage's folder; empty if they lie in the stage's folder itself."""
        return self.path.rpartition("/")[0]

    def uri(self, stage_folder: str, shard: str) -> str:
        """Returns the URI of a shard's file."""
        return join(stage_folder, self.path.replace("{shard}", shard))
