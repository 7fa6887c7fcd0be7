"""What a stage is, and what one of its tasks is given to do."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields, is_dataclass
from typing import Any, ClassVar, Generic, Protocol, TypeAlias, TypeVar

from manyo.corpus.records import InputShard
from manyo.corpus.tables.credentials import Remembered
from manyo.corpus.tables.ownership import Owner
from manyo.corpus.tables.pieces import Piece
from manyo.corpus.tables.shards import join
from manyo.pipelines.engine.input_lists import Listed
from manyo.pipelines.engine.shapes import Shape, map_shards
from manyo.pipelines.engine.stage_table import StageTable

#: The name of a stage's folder ends in this many hexadecimal digits of its fingerprint.
_FINGERPRINT_DIGITS = 8


class Settings(Protocol):
    """The settings of a stage: any frozen dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


S_co = TypeVar("S_co", bound=Settings, covariant=True)


@dataclass(frozen=True, slots=True)
class NoSettings:
    """For stages that their code alone decides."""


@dataclass(frozen=True, slots=True)
class Task(Generic[S_co]):
    """One call of a stage's work: what to read and what to write.

    Attributes:
        stage: name of the stage.
        shard: name of the shard that the task makes.
        work: the stage's function.
        settings: the stage's settings.
        inputs: URIs to read of each table, in order.
        outputs: URI to write of each table.
        stage_folder: folder of the stage's tables.
        inputs_digest: digest of what the task reads.
        size_bytes: size of what the task reads.
        part, n_parts: as in `manyo.pipelines.engine.shapes.Unit`.
        input_shard: files of a source, for the stage that reads those instead of shards.
        working_folder: folder that relative paths start from.
        owner: on whose behalf the task writes; None for nobody.
        credentials: what opens the files that the task reads, which their URIs do not say.
        pieces: of each dealt table, where part `part` of every file lies, in the order of `inputs`.
        seals: of each table, the seal of every file, in the order of `inputs`.
        lists: of tables of which it reads many files, where they are named; `run_task` adds them to `inputs`,
            `seals` and `pieces`.
        n_at_once: tasks of the stage that may run at the same time, which share what the stage has a budget of.
    """

    stage: str
    shard: str
    work: Callable[[Task[S_co]], Mapping[str, int]]
    settings: S_co
    inputs: Mapping[StageTable, tuple[str, ...]]
    outputs: Mapping[StageTable, str]
    stage_folder: str
    inputs_digest: str
    size_bytes: int
    part: int
    n_parts: int
    input_shard: InputShard | None
    working_folder: str
    owner: Owner | None = None
    credentials: Remembered = field(default=({}, {}, {}), repr=False)
    pieces: Mapping[StageTable, tuple[Piece, ...]] = field(default_factory=dict)
    seals: Mapping[StageTable, tuple[int, ...]] = field(default_factory=dict)
    lists: Mapping[StageTable, Listed] = field(default_factory=dict)
    n_at_once: int = 1

    def input(self, table: StageTable) -> str:
        """Returns the URI of a table of which the task reads one shard."""
        (uri,) = self.inputs[table]
        return uri

    def inputs_of(self, table: StageTable) -> tuple[str, ...]:
        """Returns the URIs of the shards of a table that the task reads."""
        return self.inputs[table]

    def optional_inputs_of(self, table: StageTable) -> tuple[str, ...]:
        """As `inputs_of`; empty if this run does not make the table."""
        return self.inputs.get(table, ())

    def output(self, table: StageTable) -> str:
        """Returns the URI of a table that the task writes."""
        return self.outputs[table]


@dataclass(frozen=True, slots=True)
class Stage(Generic[S_co]):
    """A named step from tables to tables.

    Attributes:
        name: as it appears in paths, `NAME-<8 hex>`.
        version: increased when the same settings and inputs give other bytes.
        settings: frozen dataclass; together with `version` and `needs` it makes the fingerprint.
        needs: stages whose tables it reads, in the order in which `shape` expects them.
        tables: tables that it writes.
        work: what a task does: reads its inputs, publishes its outputs, returns counts; a top-level function, so that
            Ray can name it. Counts named `peak_memory_bytes` and `cpu_milliseconds` are those of the process that did
            the work, where that was another one.
        shape: which task reads which shards.
        cpus: cores that one task keeps busy.
        memory_bytes: what one task may need at most, for placement on a cluster.
        fingerprint: hexadecimal digest of all that decides about the stage's bytes, except its inputs.
    """

    name: str
    version: int
    settings: S_co
    needs: tuple[AnyStage, ...]
    tables: tuple[StageTable, ...]
    work: Callable[[Task[S_co]], Mapping[str, int]]
    shape: Shape = map_shards
    cpus: int = 1
    memory_bytes: int = 2 << 30
    fingerprint: str = field(init=False)

    def __post_init__(self) -> None:
        description = json.dumps(self.describe(), sort_keys=True, ensure_ascii=False)
        object.__setattr__(self, "fingerprint", hashlib.blake2b(description.encode(), digest_size=16).hexdigest())

    def describe(self) -> dict[str, Any]:
        """Returns what the fingerprint is made of, as JSON values.

        Fields with the metadata `{"decides": False}` say how work is done and not what comes out; they are left out,
        as are those with `{"decides": "if given"}` that are empty.
        """
        return {
            "stage": self.name,
            "version": self.version,
            "settings": _deciding(self.settings),
            "inputs": [stage.fingerprint for stage in self.needs],
        }

    @property
    def folder_name(self) -> str:
        """Name of the stage's folder."""
        return f"{self.name}-{self.fingerprint[:_FINGERPRINT_DIGITS]}"

    def folder(self, out: str) -> str:
        """Returns the URI of the stage's folder below the run's output URI."""
        return join(out, self.folder_name)

    def table_folders(self) -> dict[str, str]:
        """Returns name and path of each table's folder below the output URI; files without a folder of their own have
        the stage's name."""
        return {table.folder or self.name: f"{self.folder_name}/{table.folder}".rstrip("/") for table in self.tables}


def _decides(one: Field[Any], settings: Any) -> bool:
    decides = one.metadata.get("decides", True)
    return bool(getattr(settings, one.name)) if decides == "if given" else bool(decides)


def _deciding(value: Any) -> Any:
    """Returns settings as JSON values, without the fields that decide nothing about bytes."""
    if is_dataclass(value):
        values = {one.name: getattr(value, one.name) for one in fields(value) if _decides(one, value)}
        return {name: _deciding(one) for name, one in values.items()}
    if isinstance(value, list | tuple):
        return [_deciding(one) for one in value]
    return {key: _deciding(one) for key, one in value.items()} if isinstance(value, dict) else value


#: A stage or a task, whatever its settings.
AnyStage: TypeAlias = Stage[Settings]
AnyTask: TypeAlias = Task[Settings]
