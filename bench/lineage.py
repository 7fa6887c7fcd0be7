"""Compares the order of samples with megatron-core's own, and measures time and memory at the size of a large run.

    python -m bench.lineage DATA [TOKENS]

DATA has `megatron_order/samples.json`: samples that megatron-core read over small token shards. TOKENS is the size of
the simulated run (10 trillion); its token shards exist only as lengths of documents, one of them at a time, as for
`manyo step`.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from manyo.tokenizer.megatron_order import SURPLUS, Blend, PrefixPlan, Sampling, shares_of
from manyo.tokenizer.pack import MegatronWriter
from manyo.tokenizer.training_order import DataBlend, DocumentIndex, TrainingOrder

#: The simulated run: prefixes of unequal weight, tokens of a sample, mean tokens of a document.
_PREFIXES = 139
_SEQUENCE_LENGTH = 4096
_DOCUMENT_TOKENS = 1000
_EPOCHS = 2.5


def compare(path: Path) -> None:
    """Print how many samples of training are those of megatron-core, over token shards of the same lengths."""
    compared = different = 0
    for case in json.loads(path.read_text("utf-8"))["cases"]:
        with TemporaryDirectory() as folder:
            for number, lengths in enumerate(case["document_lengths"]):
                prefix = f"{folder}/{number}"
                with MegatronWriter(f"{prefix}.bin", f"{prefix}.idx", np.dtype("<u2")) as shard:
                    shard.add(np.zeros(sum(lengths), np.uint16), np.array(lengths, np.int64))
            config = case["config"]
            is_whole = "blend_per_split" in config
            prefixes, weights = config["blend_per_split"][0] if is_whole else config["blend"]
            data = DataBlend(tuple(f"{folder}/{number}" for number in prefixes), weights and tuple(weights), is_whole)
            split = [] if is_whole else [float(share) for share in config["split"].split(",")]
            sampling = Sampling(case["sequence_length"], case["seed"])
            order = TrainingOrder.plan(data, case["sizes"][0], sampling, split)
            orders = [order.prefix_order(n, DocumentIndex.read(own).lengths) for n, own in enumerate(data.prefixes)]
        found = [
            [int(prefix), [list(piece[:3]) for piece in orders[prefix].pieces(int(number))]]
            for _, own, numbers in order.blend.drawn()
            for prefix, number in zip(own, numbers, strict=True)
        ]
        gold = case["samples"]["train"]
        compared += len(gold)
        different += sum(one != other for one, other in zip(found, gold, strict=True))
    print(f"{compared} samples of megatron-core compared, {different} differ")


def simulate(tokens: int) -> None:
    """Print time and memory of the last step of a run: the whole blend is drawn, and one prefix is put in order."""
    sampling = Sampling(_SEQUENCE_LENGTH)
    weights = np.random.RandomState(0).lognormal(size=_PREFIXES).tolist()
    samples = tokens // _SEQUENCE_LENGTH
    started = time.process_time()
    for _ in Blend.weighted(weights, samples).drawn(samples - 1, samples):
        pass
    print(f"{samples:,} samples of {_PREFIXES} prefixes drawn in {time.process_time() - started:.0f} s of a core")
    wanted = shares_of(weights, samples, SURPLUS)
    mean = sum(wanted) // _PREFIXES
    documents = round(mean * _SEQUENCE_LENGTH / _EPOCHS / _DOCUMENT_TOKENS)
    lengths = np.random.RandomState(1).randint(1, 2 * _DOCUMENT_TOKENS, documents, np.int32)
    started = time.process_time()
    plan = PrefixPlan.of(int(lengths.sum(dtype=np.int64)), (0, documents), mean, sampling)
    order = plan.order(lengths, sampling)
    pieces = len(order.pieces(mean // 2))
    print(
        f"a prefix of {documents:,} documents, {plan.epochs} epochs, {plan.samples:,} samples put in order in "
        f"{time.process_time() - started:.1f} s; {pieces} documents in its middle sample"
    )
    print(f"at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10:,} MiB of memory")


def main() -> None:
    """Print both measurements."""
    compare(Path(sys.argv[1]) / "megatron_order" / "samples.json")
    simulate(int(float(sys.argv[2])) if len(sys.argv) > 2 else 10**13)


if __name__ == "__main__":
    main()
