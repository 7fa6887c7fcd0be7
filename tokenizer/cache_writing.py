"""Writes the caches in which Megatron keeps its order, on a machine without a GPU and before training begins.

Megatron-core 0.11 to 0.19 makes them when training starts, on one process while all others wait. It finds them again by
a name: the MD5 of a description of the data, of the arguments of the run, and of the tokenizer as Megatron knows it. So
what Megatron says of its tokenizer is an input here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from manyo.corpus.tables.publishing import publish
from manyo.tokenizer.megatron_cache import ARRAYS, DESCRIPTION
from manyo.tokenizer.megatron_order import PrefixOrder, normalized
from manyo.tokenizer.training_order import DocumentIndex, TrainingOrder

#: What a cache needs of the tokenizer: whatever Megatron's object says of itself (`unique_identifiers`).
TokenizerDescription = Mapping[str, Any]


def write_caches(order: TrainingOrder, split: str, tokenizer: TokenizerDescription, folder: Path) -> Iterator[Path]:
    """Write the caches of the training part: one for each token shard, and one for their blend if there are several.

    Memory: that of the order of one shard, and 8 bytes for each of its samples.

    Args:
        order: of the run.
        split: as `--split` has it; not used for parts that have their shards to themselves.
        tokenizer: as Megatron describes it.
        folder: for `--data-cache-path`.

    Yields:
        The description of each cache, after its other files.

    Raises:
        OrderError: an index cannot be read, or a shard has nothing for training.
        OSError: a file cannot be written.
    """
    shards = []
    for number, prefix in enumerate(order.data.prefixes):
        index = DocumentIndex.read(prefix)
        of_shard = order.prefix_order(number, index.lengths)
        shards.append(_shard_description(order, number, split, tokenizer))
        arrays = (of_shard.documents, sample_index(of_shard), of_shard.cuts)
        base, text = _named(folder, shards[-1])
        for name, array in zip(ARRAYS, arrays, strict=True):
            with publish(f"{base}-{name}.npy") as path, open(path, "wb") as file:
                np.save(file, array)
        yield _describe(base, text)
    if order.is_blend:
        blend = order.blend
        said = {"class": "BlendedDataset", "datasets": shards, "split": "train"}
        base, text = _named(folder, {**said, "weights": blend.weights.tolist(), "size": blend.size})
        with (
            _array_file(f"{base}-dataset_index.npy", np.dtype(np.int16), blend.size) as prefixes_file,
            _array_file(f"{base}-dataset_sample_index.npy", np.dtype(np.int64), blend.size) as numbers_file,
        ):
            for _, prefixes, numbers in blend.drawn():
                prefixes_file.write(prefixes.astype(np.int16).data)
                numbers_file.write(numbers.data)
        yield _describe(base, text)


def sample_index(order: PrefixOrder) -> np.ndarray:
    """Where each sample of the row of documents begins, and where the last one ends, as Megatron keeps it.

    Returns:
        int32 (n_samples + 1, 2), int64 if a number needs it: the place of a document in the row, and the position of
        the first token in that document.
    """
    n_samples = len(order.cuts)
    largest = max(len(order.documents), int(order.lengths.max(initial=0)))
    index = np.zeros((n_samples + 1, 2), np.int32 if largest <= np.iinfo(np.int32).max else np.int64)
    # Without a token beyond the sample, its end is that of its last token, and not the start of the next document.
    last = 1 - order.sampling.extra_tokens
    row = 1
    for first_place, start, ends in order.stretches():
        stop = min(n_samples, (int(ends[-1]) - 1 + last) // order.sampling.sequence_length if len(ends) else 0)
        positions = np.arange(row, stop + 1, dtype=np.int64) * order.sampling.sequence_length
        places = np.searchsorted(ends, positions - last, "right")
        starts = np.concatenate(([start], ends))
        index[row : stop + 1, 0] = first_place + places
        index[row : stop + 1, 1] = positions - starts[places]
        row = max(row, stop + 1)
    return index


def _shard_description(
    order: TrainingOrder, number: int, split: str, tokenizer: TokenizerDescription
) -> dict[str, Any]:
    data = order.data
    return {
        "class": "GPTDataset",
        "dataset_path": data.prefixes[number],
        "num_samples": order.wanted_of(number),
        "index_split": "train",
        "random_seed": order.sampling.seed,
        "sequence_length": order.sampling.sequence_length,
        "split": None if data.is_whole else split,
        "split_matrix": None if data.is_whole else _split_matrix(order.split),
        "tokenizer": tokenizer,
    }


def _split_matrix(shares: tuple[float, ...]) -> list[tuple[float, float] | None]:
    """The bounds of the parts, cumulated from a whole 0 as Megatron does it; None for a part of nothing."""
    edges = list(accumulate(normalized([*shares, *[0.0] * (3 - len(shares))]), initial=0))
    return [(low, high) if high > low else None for low, high in pairwise(edges)]


def _named(folder: Path, description: Mapping[str, Any]) -> tuple[str, str]:
    """Where a cache lies, without the ends of its files' names, and the text of its description."""
    text = json.dumps(description, indent=4)
    digest = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    return f"{folder}/{digest}-{description['class']}-train", text


def _describe(base: str, text: str) -> Path:
    uri = f"{base}{DESCRIPTION}"
    with publish(uri) as path:
        path.write_text(text, encoding="utf-8")
    return Path(uri)


@contextmanager
def _array_file(uri: str, dtype: np.dtype, length: int) -> Iterator[BinaryIO]:
    """A file of `numpy.save`, whose numbers are still to be written."""
    with publish(uri) as path, open(path, "wb") as file:
        header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": (length,)}
        np.lib.format.write_array_header_1_0(file, header)
        yield file
