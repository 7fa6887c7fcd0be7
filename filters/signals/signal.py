"""What a signal is: one measured column, where it comes from, and how its values are measured on a batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from manyo.corpus.schema import Column
from manyo.corpus.text import Texts
from manyo.filters.signals.signal_settings import SignalSettings

T = TypeVar("T")

#: The setting of signals that are measured only in runs that name them.
ALSO_MEASURE = "also_measure"


@dataclass(frozen=True)
class Passes:
    """A batch of texts, and what the passes over it returned.

    Attributes:
        column: string or large_string, without nulls.
        settings: of the run.
        structure: `manyo.corpus.structure.STRUCTURE` (n_docs,), spans of the texts; None where they are not read.
    """

    column: pa.Array
    settings: SignalSettings
    structure: pa.Array | None = None
    _results: dict[Callable[[Passes], Any], Any] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def texts(self) -> Texts:
        """The batch as bytes and offsets."""
        return Texts.from_arrow(self.column)

    def of(self, read: Callable[[Passes], T]) -> T:
        """What a pass returns for this batch; it runs when a signal first asks for it."""
        if read not in self._results:
            self._results[read] = read(self)
        result: T = self._results[read]
        return result


@dataclass(frozen=True, slots=True)
class Signal:
    """One measured column.

    Attributes:
        column: its name, type, meaning and unit.
        source: who measured it before, and how ours differs.
        measure: its values for a batch, (n_docs,), of the column's type; never NaN, 0 for an empty document. Those of a
            category are an Arrow array.
        setting: the attribute of `SignalSettings` that asks for it: `also_measure` by name, any other by a value that
            is not empty; "" where it is always measured.
    """

    column: Column
    source: str
    measure: Callable[[Passes], np.ndarray | pa.Array]
    setting: str = ""

    def is_measured(self, settings: SignalSettings) -> bool:
        """Whether a run with these settings measures it."""
        if self.setting == ALSO_MEASURE:
            return self.column.name in settings.also_measure
        return not self.setting or bool(attrgetter(self.setting)(settings))


def fraction(name: str, meaning: str) -> Column:
    """A column of fractions."""
    return Column(name, pa.float32(), meaning, "fraction")


def count(name: str, meaning: str, unit: str) -> Column:
    """A column of counts."""
    return Column(name, pa.int64(), meaning, unit)


def mean(name: str, meaning: str, unit: str) -> Column:
    """A column of means, which are not bounded by 1."""
    return Column(name, pa.float32(), meaning, unit)


def share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """float32, part / whole, and 0 where the whole is 0: a signal is never NaN."""
    fractions: np.ndarray = (part / np.maximum(whole, 1)).astype(np.float32)
    return fractions
