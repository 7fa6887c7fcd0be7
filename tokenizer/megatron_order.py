"""The order in which Megatron trains on documents, computed from their lengths alone.

Megatron-core lays the documents of a prefix end to end, every epoch in a random order, cuts the row into samples, and
draws the samples of its prefixes in another random order. The rules here are those of megatron-core 0.11 to 0.19
(`GPTDataset`, `BlendedDataset` and the builder of both; read in these versions, and compared sample by sample with
0.16.1). Versions up to 0.10 make longer blends, which have another order.

The order depends on the number of samples for which a run is planned: all epochs but perhaps the last are shuffled
together. With another `--train-iters`, the same step has other documents.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from manyo.tokenizer.blend_kernels import draw

#: Megatron-core versions whose order this is.
VERSIONS = "0.11 to 0.19"

#: Samples that a prefix of a blend gets in excess of its share (`--mid-level-dataset-surplus`).
SURPLUS = 0.005

#: A last epoch of which less than this is needed is shuffled apart from the others.
_APART_BELOW = 0.80

#: Positions of a blend that are drawn at once: 16 MB.
_DRAWN_AT_ONCE = 1 << 20

#: More samples than any prefix has.
_UNBOUNDED = np.int64(np.iinfo(np.int64).max)

#: Places of documents whose tokens are counted together: an end for each place would take twice the memory.
_BLOCK_PLACES = 4096

#: Most prefixes of a blend, whose numbers Megatron keeps in 16 bits.
MAX_PREFIXES = 32_766


class Piece(NamedTuple):
    """Tokens of one document in a sample.

    Attributes:
        document: its row in the token shard.
        first_token: position of the first of these tokens in the document.
        token_count: number of tokens. The last token of a sample is only the label of the one before it.
        place: place of this copy of the document in the row of all epochs.
    """

    document: int
    first_token: int
    token_count: int
    place: int


@dataclass(frozen=True, slots=True)
class Sampling:
    """What decides how a row of documents is cut into samples and shuffled.

    Attributes:
        sequence_length: tokens of a sample (`--seq-length`).
        seed: of the shuffles (`--seed`).
        extra_tokens: 1, the label of the last token; 0 with `add_extra_token_to_sequence` off.
    """

    sequence_length: int
    seed: int = 1234
    extra_tokens: int = 1

    def __post_init__(self) -> None:
        """Raise ValueError if a number is out of range."""
        if self.sequence_length < 1:
            raise ValueError(f"the sequence length is {self.sequence_length}, must be 1 or more")
        if not 0 <= self.seed < 1 << 32:
            raise ValueError(f"the seed is {self.seed}, must be from 0 to {(1 << 32) - 1}")
        if self.extra_tokens not in (0, 1):
            raise ValueError(f"there are {self.extra_tokens} extra tokens, must be 0 or 1")


def split_bounds(split: Sequence[float], n_documents: int) -> list[tuple[int, int] | None]:
    """The documents of each part of a split: rows from the first bound up to the second.

    Args:
        split: shares of training, validation and test, in any unit (`--split`).
        n_documents: documents of the prefix.

    Returns:
        A pair of rows for each share; None for a share of 0. A pair of equal rows has no document, at which Megatron
        hangs.

    Raises:
        ValueError: a share is negative, or all are 0.
    """
    if min(split) < 0 or sum(split) <= 0:
        raise ValueError(f"the split is {', '.join(map(str, split))}; shares are 0 or more, and not all 0")
    shares = normalized(split)
    edges = [0.0]
    for share in shares:
        edges.append(edges[-1] + share)
    return [
        (_row(low, n_documents), _row(high, n_documents)) if share > 0 else None
        for share, low, high in zip(shares, edges, edges[1:], strict=False)
    ]


def _row(edge: float, n_documents: int) -> int:
    return round(edge * float(n_documents))


@dataclass(frozen=True, slots=True)
class PrefixPlan:
    """How many epochs and samples a prefix has, for a number of samples that is asked of it.

    Attributes:
        rows: documents that take part: from the first row up to the second.
        epochs: times that each document occurs.
        is_last_apart: whether the last epoch is shuffled apart from the others.
        samples: samples of all epochs.
        samples_before: samples of the epochs before the last one, if it is apart; else 0.
    """

    rows: tuple[int, int]
    epochs: int
    is_last_apart: bool
    samples: int
    samples_before: int

    @classmethod
    def of(cls, tokens: int, rows: tuple[int, int], wanted: int | None, sampling: Sampling) -> PrefixPlan:
        """Plan a prefix.

        Args:
            tokens: of the documents in `rows`.
            rows: documents that take part.
            wanted: samples that are asked for; None for one epoch.
            sampling: sequence length, seed and extra tokens.

        Raises:
            ValueError: there are no tokens; Megatron would look for an epoch for ever.
        """
        if tokens == 0:
            raise ValueError("no document of the prefix falls into this part of the split; Megatron hangs on it")
        length, extra = sampling.sequence_length, sampling.extra_tokens
        epochs = 1 if wanted is None else max(1, -(-(wanted * length + extra) // tokens))
        before, is_apart = 0, False
        if epochs > 1 and wanted is not None:
            before = ((epochs - 1) * tokens - extra) // length
            is_apart = wanted - before < int(_APART_BELOW * ((tokens - extra) // length))
        return cls(rows, epochs, is_apart, max(0, epochs * tokens - extra) // length, before if is_apart else 0)

    def order(self, lengths: np.ndarray, sampling: Sampling) -> PrefixOrder:
        """Shuffle documents and samples.

        Args:
            lengths: int32 (n_documents,), tokens of every document of the prefix.
            sampling: as for `of`.

        Memory: 4 bytes for each document and epoch, and 8 for each sample.
        """
        generator = np.random.RandomState(sampling.seed)
        together = self.epochs - self.is_last_apart
        rows = np.arange(*self.rows, dtype=np.int32)
        documents = np.tile(rows, together)
        generator.shuffle(documents)
        if self.is_last_apart:
            generator.shuffle(rows)
            documents = np.concatenate([documents, rows])
        dtype = np.uint32 if self.samples < (1 << 32) - 2 else np.int64
        numbers = np.arange(self.samples_before if self.is_last_apart else self.samples, dtype=dtype)
        generator.shuffle(numbers)
        if self.is_last_apart:
            last = np.arange(self.samples_before, self.samples, dtype=dtype)
            generator.shuffle(last)
            numbers = np.concatenate([numbers, last])
        blocks = [
            int(lengths[documents[place : place + _BLOCK_PLACES]].sum(dtype=np.int64))
            for place in range(0, len(documents), _BLOCK_PLACES)
        ]
        return PrefixOrder(documents, lengths, np.cumsum([0, *blocks], dtype=np.int64), numbers, sampling)


@dataclass(frozen=True, slots=True)
class PrefixOrder:
    """The samples of a prefix in the order of training.

    Attributes:
        documents: int32 (n_places,), row in the token shard of each copy of a document, end to end.
        lengths: int32 (n_documents,), tokens of each document of the shard.
        block_starts: int64 (n_blocks + 1,), where each block of places starts in the row of tokens, and its end.
        cuts: integers (n_samples,), which cut of the row each sample is.
        sampling: sequence length, seed and extra tokens.
    """

    documents: np.ndarray
    lengths: np.ndarray
    block_starts: np.ndarray
    cuts: np.ndarray
    sampling: Sampling

    def pieces(self, number: int) -> list[Piece]:
        """The documents of a sample, with the tokens that it has of each.

        Raises:
            IndexError: the prefix has no such sample.
        """
        if not 0 <= number < len(self.cuts):
            raise IndexError(f"there is no sample {number}; the prefix has {len(self.cuts)}")
        position = int(self.cuts[number]) * self.sampling.sequence_length
        stop = position + self.sampling.sequence_length + self.sampling.extra_tokens
        place, start = self._place_of(position)
        found = []
        while position < stop:
            document = int(self.documents[place])
            end = start + int(self.lengths[document])
            if end > position:
                found.append(Piece(document, position - start, min(end, stop) - position, place))
                position = min(end, stop)
            place, start = place + 1, end
        return found

    def _place_of(self, position: int) -> tuple[int, int]:
        """The place of the document that holds a token of the row, and where that document starts."""
        block = int(np.searchsorted(self.block_starts, position, "right")) - 1
        ends = self._ends(block)
        within = int(np.searchsorted(ends, position, "right"))
        return block * _BLOCK_PLACES + within, int(ends[within - 1] if within else self.block_starts[block])

    def stretches(self) -> Iterator[tuple[int, int, np.ndarray]]:
        """Yield the blocks of places: the first place of each, where it starts, and where its documents end."""
        for block, start in enumerate(self.block_starts[:-1].tolist()):
            yield block * _BLOCK_PLACES, start, self._ends(block)

    def _ends(self, block: int) -> np.ndarray:
        """Where each document of a block ends in the row of tokens."""
        documents = self.documents[block * _BLOCK_PLACES : (block + 1) * _BLOCK_PLACES]
        ends: np.ndarray = self.block_starts[block] + np.cumsum(self.lengths[documents], dtype=np.int64)
        return ends

    def samples_of(self, document: int) -> np.ndarray:
        """Numbers of the samples that hold a token of a document, in ascending order: int64 (n,)."""
        length = self.sampling.sequence_length
        cuts: list[int] = []
        for place in np.flatnonzero(self.documents == document).tolist():
            end = int(self._ends(place // _BLOCK_PLACES)[place % _BLOCK_PLACES])
            start = end - int(self.lengths[document])
            if end > start:
                first = max(0, (start - self.sampling.extra_tokens) // length)
                cuts += range(first, min(len(self.cuts) - 1, (end - 1) // length) + 1)
        return np.flatnonzero(np.isin(self.cuts, np.array(sorted(set(cuts)), self.cuts.dtype)))


@dataclass(frozen=True, slots=True)
class Blend:
    """The prefix of each sample of a part, in the order of training.

    Attributes:
        weights: float64 (n_prefixes,), which add up to about 1.
        size: number of samples.
        sizes: int64 (n_prefixes,), samples of each prefix that may be drawn.
        is_fused: whether the blend is made on a machine whose compiled Megatron fuses multiplication and subtraction.
    """

    weights: np.ndarray
    size: int
    sizes: np.ndarray
    is_fused: bool = False

    @classmethod
    def weighted(cls, weights: Sequence[float], wanted: int, is_fused: bool = False) -> Blend:
        """The blend of prefixes with weights, which is as long as the rounded shares of `wanted` together."""
        targets = shares_of(weights, wanted)
        # Megatron divides by the sum twice, and the second time can move the last bit.
        exact = np.array(normalized(normalized(weights)))
        return cls(exact, sum(targets), np.full(len(targets), _UNBOUNDED), is_fused)

    @classmethod
    def by_size(cls, sizes: Sequence[int], wanted: int | None, is_fused: bool = False) -> Blend:
        """The blend of prefixes without weights, of which each gives the samples of one epoch at most."""
        if wanted is None:
            # Megatron draws these only while they last, which without a bound on the length they all do to the end.
            return cls(np.array(sizes) / float(sum(sizes)), sum(sizes), np.array(sizes, np.int64), is_fused)
        return cls(np.array(normalized(sizes)), min(wanted, sum(sizes)), np.full(len(sizes), _UNBOUNDED), is_fused)

    @classmethod
    def alone(cls, samples: int) -> Blend:
        """One prefix, which is no blend: its samples in its own order."""
        return cls(np.ones(1), samples, np.full(1, _UNBOUNDED))

    def drawn(self, first: int = 0, stop: int | None = None) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """Yield the position of a stretch, the prefix of each of its samples, and their numbers in that prefix.

        Every draw depends on those before it: 0.1 s of a core per million of them with 139 prefixes.
        """
        stop = self.size if stop is None else min(stop, self.size)
        counts = np.zeros(len(self.sizes), np.int64)
        for start in range(0, stop, _DRAWN_AT_ONCE):
            end = min(start + _DRAWN_AT_ONCE, stop)
            prefixes, numbers = np.empty(end - start, np.int64), np.empty(end - start, np.int64)
            draw(self.weights, self.sizes, counts, start, self.is_fused, prefixes, numbers)
            if end > first:
                skipped = max(0, first - start)
                yield start + skipped, prefixes[skipped:], numbers[skipped:]


def shares_of(weights: Sequence[float], wanted: int, surplus: float | None = None) -> list[int]:
    """Samples that are asked of each prefix of a weighted blend; with `surplus`, those that are made of it."""
    targets = [math.ceil(wanted * weight) for weight in normalized(weights)]
    return targets if surplus is None else [math.ceil(target * (1 + surplus)) for target in targets]


def normalized(weights: Sequence[float]) -> list[float]:
    """Weights as parts of their sum, as Megatron divides them."""
    exact = np.array(weights, np.float64)
    return [float(weight) for weight in exact / np.sum(exact)]
