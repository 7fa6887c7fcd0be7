"""Measure: a batch of documents to a batch of the table `signals`."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from manyo.corpus.nearest import not_one_of
from manyo.corpus.schema import LABEL, signals_table
from manyo.filters.signals import quality, readability
from manyo.filters.signals.catalogue import SIGNALS
from manyo.filters.signals.signal import ALSO_MEASURE, Passes, Signal
from manyo.filters.signals.signal_settings import DEFAULTS, SignalSettings


def measured_signals(settings: SignalSettings) -> tuple[Signal, ...]:
    """The signals that a run with these settings measures, in the order of their columns.

    Raises:
        ValueError: `also_measure` names something that is not a signal measured on request.
    """
    settings_of = {signal.column.name: signal.setting for signal in SIGNALS}
    for name in settings.also_measure:
        setting = settings_of.get(name)
        if setting is None:
            on_request = (one for one, needed in settings_of.items() if needed)
            raise ValueError(f"also_measure: {not_one_of(name, on_request)}")
        if setting != ALSO_MEASURE:
            table, _, key = setting.rpartition(".")
            where = f"where [filter{table and '.'}{table}] {key} is given" if setting else "in every run"
            raise ValueError(f"also_measure: {name!r} is measured {where}; leave it out here")
    return tuple(signal for signal in SIGNALS if signal.is_measured(settings))


def columns_to_measure(settings: SignalSettings) -> list[str]:
    """The columns of `documents` that `measure` reads; the structure only where a signal looks at it."""
    looks_at_structure = not readability.READ_STRUCTURE.isdisjoint(settings.also_measure)
    return ["doc_id", "text", *(["structure"] if looks_at_structure else [])]


def measured_categories(settings: SignalSettings) -> tuple[str, ...]:
    """The measured signals that name a category, such as `register`: documents are told apart by these."""
    return tuple(signal.column.name for signal in measured_signals(settings) if signal.column.type == LABEL)


def signals_schema(settings: SignalSettings = DEFAULTS) -> pa.Schema:
    """The schema of the `signals` table of a run with these settings."""
    return signals_table((*(signal.column for signal in measured_signals(settings)), quality.PARTS)).schema


def measure(documents: pa.RecordBatch, settings: SignalSettings = DEFAULTS) -> pa.RecordBatch:
    """Measure the signals of a batch.

    Args:
        documents: with the columns `doc_id` and `text`, and `structure` where it is known; others are ignored.
        settings: which signals are measured.

    Returns:
        A batch of `signals_schema(settings)`, row by row.
    """
    structure = documents.column("structure") if "structure" in documents.schema.names else None
    passes = Passes(documents.column("text"), settings, structure)
    values = [_column(passes.of(signal.measure), signal.column.type) for signal in measured_signals(settings)]
    parts = passes.of(quality.scored).parts
    return pa.RecordBatch.from_arrays([documents.column("doc_id"), *values, parts], schema=signals_schema(settings))


def _column(values: np.ndarray | pa.Array, of_type: pa.DataType) -> pa.Array:
    return values if isinstance(values, pa.Array) else pa.array(values, of_type)
