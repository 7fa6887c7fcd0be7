"""How two runs differ: documents gained, lost and changed, moved between reasons, and signals that shifted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.tables.shards import read_columns
from manyo.pipelines.commands.run_states import DUPLICATE, KEPT, RunStates
from manyo.pipelines.graph.filter_stages import LANGUAGES, SIGNALS

#: The outcome of a page in the run that does not have it.
ABSENT = "absent"

#: By what changes are split, and by the categories that both runs measured.
GROUPS = ("source", "host", "profile")


@dataclass(frozen=True, slots=True)
class Group:
    """Documents of one source, host, profile or category that the second run gains, loses or has with another text."""

    name: str
    gained: int
    lost: int
    changed: int


@dataclass(frozen=True, slots=True)
class Move:
    """Pages with one outcome in the first run and another in the second, and the first of them by id."""

    before: str
    after: str
    pages: int
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shift:
    """A signal of the kept documents of both runs.

    Attributes:
        signal: name of the column.
        before, after: medians.
        distance: the largest difference of the two distributions, from 0 to 1 (Kolmogorov and Smirnov's statistic).
    """

    signal: str
    before: float
    after: float
    distance: float


@dataclass(frozen=True, slots=True)
class Totals:
    """Kept documents of one run, their characters and bytes, and tokens by source; None before tokenization."""

    pages: int
    kept: int
    characters: int
    bytes: int
    tokens: Mapping[str, int] | None


@dataclass(frozen=True, slots=True)
class RunChanges:
    """How the second run differs from the first.

    Attributes:
        before, after: totals of the runs.
        gained, lost: documents that only the second, or only the first, keeps to its end (before masking).
        rules_gained, rules_lost: documents of both runs that only the rules of the second, or of the first, keep.
        changed: documents of both runs whose texts differ.
        moved: pages of both runs with different outcomes.
        only_before, only_after: pages that one run does not have at all.
        moves: pages by pair of outcomes, most first.
        groups: by each of `GROUPS` and of the categories, the most changed first.
        shifts: by distance, the largest first.
        lines: what changed, page by page: rows of the first and second run, -1 where it has none.
    """

    before: Totals
    after: Totals
    gained: int
    lost: int
    rules_gained: int
    rules_lost: int
    changed: int
    moved: int
    only_before: int
    only_after: int
    moves: tuple[Move, ...]
    groups: Mapping[str, tuple[Group, ...]]
    shifts: tuple[Shift, ...]
    lines: np.ndarray


def compare_runs(before: RunStates, after: RunStates, by: str, signals: Sequence[str], n_samples: int) -> RunChanges:
    """Compare two runs.

    Args:
        before, after: the runs.
        by: `doc_id` or `uri`: what names a page in both.
        signals: columns that both runs measured.
        n_samples: addresses listed for each move.

    Raises:
        ShardError: a shard cannot be read.
    """
    pairs = _pairs(before.keys(by), after.keys(by))
    outcomes = [_outcomes(run, rows) for run, rows in zip((before, after), pairs.T, strict=True)]
    of_both = (pairs >= 0).all(axis=1)
    kept = [of_run == KEPT for of_run in outcomes]
    passes = [(of_run == KEPT) | (of_run == DUPLICATE) for of_run in outcomes]
    texts = [_column(run, rows, "text") for run, rows in zip((before, after), pairs.T, strict=True)]
    is_document = [np.array([not str(one).startswith("refused: ") for one in of_run], np.bool_) for of_run in outcomes]
    changed = of_both & is_document[0] & is_document[1] & (texts[0] != texts[1])
    gained, lost = ~kept[0] & kept[1], kept[0] & ~kept[1]
    differs = outcomes[0] != outcomes[1]
    split_by = (*GROUPS, *(name for name in before.categories if name in after.categories))
    return RunChanges(
        before=_totals(before),
        after=_totals(after),
        gained=int(gained.sum()),
        lost=int(lost.sum()),
        rules_gained=int((of_both & ~passes[0] & passes[1]).sum()),
        rules_lost=int((of_both & passes[0] & ~passes[1]).sum()),
        changed=int(changed.sum()),
        moved=int((of_both & differs).sum()),
        only_before=int((pairs[:, 1] < 0).sum()),
        only_after=int((pairs[:, 0] < 0).sum()),
        moves=tuple(_moves(before, after, pairs, outcomes, differs, n_samples)),
        groups={group: _groups(before, after, pairs, group, (gained, lost, changed)) for group in split_by},
        shifts=tuple(_shifts(before, after, signals)),
        lines=pairs[differs | changed],
    )


def _pairs(before: pa.Array, after: pa.Array) -> np.ndarray:
    """int64 (n, 2), the rows of each page in both runs, -1 where there is none; in the order of the first run."""
    found = pc.fill_null(pc.index_in(before, value_set=after), -1).to_numpy(zero_copy_only=False).astype(np.int64)
    is_new = np.ones(len(after), np.bool_)
    is_new[found[found >= 0]] = False
    new = np.flatnonzero(is_new)
    rows = np.concatenate([np.arange(len(before)), np.full(len(new), -1)])
    return np.stack([rows, np.concatenate([found, new])], axis=1)


def _column(run: RunStates, rows: np.ndarray, name: str) -> np.ndarray:
    """object (n,), a column of the pages; None where the run has none."""
    column = run.states[name].combine_chunks()
    places = pa.array(np.maximum(rows, 0), pa.int64(), mask=rows < 0)
    values: np.ndarray = column.take(places).to_numpy(zero_copy_only=False)
    return values.astype(object)


def _outcomes(run: RunStates, rows: np.ndarray) -> np.ndarray:
    of_run = _column(run, rows, "outcome")
    of_run[rows < 0] = ABSENT
    return of_run


def _totals(run: RunStates) -> Totals:
    kept = run.states.filter(pc.equal(run.states["outcome"], KEPT))
    characters, n_bytes = (pc.sum(kept[name]).as_py() or 0 for name in ("characters", "bytes"))
    return Totals(run.states.num_rows, kept.num_rows, characters, n_bytes, run.tokens)


def _moves(
    before: RunStates,
    after: RunStates,
    pairs: np.ndarray,
    outcomes: Sequence[np.ndarray],
    differs: np.ndarray,
    count: int,
) -> Iterator[Move]:
    rows = np.flatnonzero(differs)
    names = [f"{outcomes[0][row]}\0{outcomes[1][row]}" for row in rows.tolist()]
    labels, codes, sizes = np.unique(np.array(names, object).astype(str), return_inverse=True, return_counts=True)
    uris = [_column(run, pairs[rows, side], "uri") for side, run in enumerate((before, after))]
    ids = [_column(run, pairs[rows, side], "doc_id") for side, run in enumerate((before, after))]
    for place in sorted(range(len(labels)), key=lambda place: (-sizes[place], labels[place])):
        of_move = np.flatnonzero(codes == place)
        first = sorted(of_move.tolist(), key=lambda at: ids[0][at] or ids[1][at])[:count]
        one, other = str(labels[place]).split("\0")
        yield Move(one, other, int(sizes[place]), tuple(str(uris[0][at] or uris[1][at]) for at in first))


def _groups(
    before: RunStates, after: RunStates, pairs: np.ndarray, group: str, changes: Sequence[np.ndarray]
) -> tuple[Group, ...]:
    names = _column(before, pairs[:, 0], group)
    new = pairs[:, 0] < 0
    names[new] = _column(after, pairs[:, 1], group)[new]
    counts: dict[str, list[int]] = {}
    for side, chosen in enumerate(changes):
        for name in names[chosen].tolist():
            counts.setdefault(name, [0, 0, 0])[side] += 1
    groups = [Group(name, *of_name) for name, of_name in counts.items()]
    return tuple(sorted(groups, key=lambda one: (-(one.gained + one.lost + one.changed), one.name)))


def _shifts(before: RunStates, after: RunStates, signals: Sequence[str]) -> Iterator[Shift]:
    values = [_kept_values(run, signals) for run in (before, after)]
    found = []
    for signal in signals:
        one, other = (np.sort(of_run[signal]) for of_run in values)
        if len(one) and len(other):
            both = np.concatenate([one, other])
            shares = [np.searchsorted(of_run, both, side="right") / len(of_run) for of_run in (one, other)]
            distance = float(np.abs(shares[0] - shares[1]).max())
            found.append(Shift(signal, float(np.median(one)), float(np.median(other)), distance))
    yield from sorted(found, key=lambda shift: (-shift.distance, shift.signal))


def _kept_values(run: RunStates, signals: Sequence[str]) -> dict[str, np.ndarray]:
    """The values of the kept documents, signal by signal."""
    kept = run.states.filter(pc.equal(run.states["outcome"], KEPT))
    shards, rows = (kept[name].to_numpy() for name in ("shard", "row"))
    of_languages = [name for name in signals if name in LANGUAGES.schema.names]  # type: ignore[union-attr]
    of_signals = [name for name in signals if name not in of_languages]
    values: dict[str, list[np.ndarray]] = {name: [np.zeros(0)] for name in signals}
    for number, name in enumerate(run.names):
        chosen = rows[shards == number]
        for table, columns in ((LANGUAGES, of_languages), (SIGNALS, of_signals)):
            if len(chosen) and columns:
                batch = read_columns(run.tables.uri(table, name), columns)
                for column in columns:
                    values[column].append(batch[column].to_numpy(zero_copy_only=False)[chosen])
    return {name: np.concatenate(parts) for name, parts in values.items()}


def changed_pages(before: RunStates, after: RunStates, changes: RunChanges) -> Iterator[dict[str, Any]]:
    """Yield every page whose outcome or text differs, as JSON values."""
    sides = {}
    for side, run in ((0, before), (1, after)):
        rows = changes.lines[:, side]
        sides[side] = {name: _column(run, rows, name) for name in ("doc_id", "uri", "source", "text")}
        sides[side]["outcome"] = _outcomes(run, rows)
    for at in range(len(changes.lines)):
        here = 0 if changes.lines[at, 0] >= 0 else 1
        yield {
            "doc_id": sides[here]["doc_id"][at].hex(),
            "uri": sides[here]["uri"][at],
            "source": sides[here]["source"][at],
            "before": sides[0]["outcome"][at],
            "after": sides[1]["outcome"][at],
            "text_differs": bool((changes.lines[at] >= 0).all() and sides[0]["text"][at] != sides[1]["text"][at]),
        }
