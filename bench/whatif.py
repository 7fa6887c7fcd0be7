"""Measures how long another threshold takes: what-if, and deciding again, over a million measured documents.

    python -m bench.whatif [DOCUMENTS]

The documents are made up: values drawn around those of real pages, a thousand different texts of a thousand
characters, 50,000 hosts, ten shards in batches as long as extract writes them. Times are of one process with two
threads for Parquet, in seconds of the wall clock and of the processors; the third line leaves the samples out, the
only output for which text is read.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from manyo.corpus.schema import DOCUMENTS, LABEL, LANGUAGES
from manyo.corpus.tables.shards import write_shard
from manyo.filters.permissions import USES
from manyo.filters.rules.comparison import move_bound
from manyo.filters.rules.decide import Rule, decide, load_rules
from manyo.filters.signals import measure as signals
from manyo.pipelines.commands.measured_documents import MeasuredShard, read_columns_of
from manyo.pipelines.commands.rule_changes import what_if
from manyo.pipelines.commands.whatif import render

_RULES = Path(__file__).parents[1] / "filters" / "rules" / "default.toml"
_SHARDS = 10
_BATCH_ROWS = 4096
_TEXTS = 1000
_HOSTS = 50_000
#: Of the logarithms of made-up values: as far from a rule's bound as this many spreads, 2 in 100 documents fail it.
_SPREAD, _SPREADS_FROM_BOUND = 0.5, 2
#: Share of the documents that are in several languages.
_MIXED = 0.01


def main() -> None:
    """Make the tables, and print a table of times."""
    n_docs = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    rules = load_rules(str(_RULES))
    alternatives = [move_bound(rules, "too_little_kana", "minimum", value) for value in (0.10, 0.15, 0.20)]
    with tempfile.TemporaryDirectory(prefix="manyo-bench-") as folder:
        middles = _middles(rules)
        shards = [_write(Path(folder) / str(number), n_docs // _SHARDS, middles, number) for number in range(_SHARDS)]
        result = what_if(shards, rules, alternatives, 3)
        changed = [change.gained.documents + change.lost.documents for change in result.changes]
        print(f"{result.documents.documents:,} documents, changed by {', '.join(f'{n:,}' for n in changed)}")
        steps: dict[str, Callable[[], object]] = {
            "what-if, three thresholds, samples": lambda: what_if(shards, rules, alternatives, 3),
            "the same, as HTML": lambda: render(what_if(shards, rules, alternatives, 3), "bench.toml"),
            "what-if, three thresholds, no samples": lambda: what_if(shards, rules, alternatives, 0),
            "read the columns and decide": lambda: [_decide(shard, rules) for shard in shards],
        }
        print(f"{'seconds, best of 3':40}{'clock':>8}{'processors':>12}")
        for name, step in steps.items():
            print(f"{name:40}{min(_timed(step, time.perf_counter) for _ in range(3)):8.2f}", end="")
            print(f"{min(_timed(step, time.process_time) for _ in range(3)):12.2f}")


def _timed(step: Callable[[], object], clock: Callable[[], float]) -> float:
    start = clock()
    step()
    return clock() - start


def _decide(shard: MeasuredShard, rules: Sequence[Rule]) -> pa.RecordBatch:
    documents, languages, measured = read_columns_of(shard, rules)
    return decide(languages, measured, documents.column("profile"), rules)


def _middles(rules: Sequence[Rule]) -> dict[str, float]:
    """Return, by signal, the middle of its values: within the bound that a rule of the profile sets."""
    within = np.exp(_SPREAD * _SPREADS_FROM_BOUND)
    of_web = [rule for rule in rules if "web" in rule.profiles]
    middles = {rule.signal: rule.maximum / within for rule in of_web if rule.maximum}
    return middles | {rule.signal: rule.minimum * within for rule in of_web if rule.minimum}


def _write(folder: Path, n_docs: int, middles: Mapping[str, float], seed: int) -> MeasuredShard:
    random = np.random.default_rng(seed)
    letters = [chr(point) for point in (*range(0x3041, 0x3094), *range(0x4E00, 0x5200), 0x3002)]
    texts = pa.array(["".join(random.choice(letters, 1000)) for _ in range(_TEXTS)], pa.large_string())
    shard = MeasuredShard(*(str(folder / f"{table}.parquet") for table in ("documents", "languages", "signals")))
    doc_ids = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(16), n_docs, [None, pa.py_buffer(random.bytes(16 * n_docs))]
    )
    folder.mkdir()
    write_shard(shard.documents, DOCUMENTS.schema, _documents(doc_ids, texts, random))
    write_shard(shard.languages, LANGUAGES.schema, _columns(LANGUAGES.schema, doc_ids, middles, random))
    schema = signals.signals_schema()
    write_shard(shard.signals, schema, _columns(schema, doc_ids, middles, random))
    return shard


def _documents(doc_ids: pa.Array, texts: pa.Array, random: np.random.Generator) -> Iterator[pa.RecordBatch]:
    for start in range(0, len(doc_ids), _BATCH_ROWS):
        some = doc_ids.slice(start, _BATCH_ROWS)
        n = len(some)
        hosts = random.zipf(1.3, n) % _HOSTS
        columns = {field.name: pa.nulls(n, field.type) for field in DOCUMENTS.schema}
        columns |= {
            "doc_id": some,
            "uses": pa.array([list(USES)] * n, DOCUMENTS.schema.field("uses").type),
            "source": pa.array(["crawl"] * n).dictionary_encode().cast(LABEL),
            "profile": pa.array(["web"] * n).dictionary_encode().cast(LABEL),
            "uri": pa.array([f"https://host{host}.example.jp/{i}" for i, host in enumerate(hosts)], pa.large_string()),
            "title": pa.array(["題"] * n, pa.large_string()),
            "text": texts.take(pa.array(random.integers(0, len(texts), n))),
        }
        yield pa.RecordBatch.from_arrays(list(columns.values()), schema=DOCUMENTS.schema)


def _columns(
    schema: pa.Schema, doc_ids: pa.Array, middles: Mapping[str, float], random: np.random.Generator
) -> Iterator[pa.RecordBatch]:
    for start in range(0, len(doc_ids), _BATCH_ROWS):
        some = doc_ids.slice(start, _BATCH_ROWS)
        columns = [_values(field, some, middles.get(field.name), random) for field in schema]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _values(field: pa.Field, doc_ids: pa.Array, middle: float | None, random: np.random.Generator) -> pa.Array:
    """Return values of one column, such that each rule drops a few documents in a hundred."""
    n = len(doc_ids)
    if field.name == "doc_id":
        return doc_ids
    if pa.types.is_integer(field.type) or pa.types.is_floating(field.type):
        values = random.lognormal(np.log(middle), _SPREAD, n) if middle else random.beta(1, 30, n)
        return pa.array(values).cast(field.type, safe=False)
    if pa.types.is_boolean(field.type):
        return pa.array(random.random(n) < _MIXED)
    if field.type == LABEL:
        return pa.array(["ja"] * n).dictionary_encode().cast(field.type)
    return pa.array([[]] * n, field.type)


if __name__ == "__main__":
    main()
