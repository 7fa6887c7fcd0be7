"""The samples of a training run in order: the data arguments and the indexes of token shards, without a token."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from manyo.corpus.tables.shards import ShardError, filesystem, is_local, read_text
from manyo.tokenizer.megatron_order import (
    MAX_PREFIXES,
    SURPLUS,
    Blend,
    Piece,
    PrefixOrder,
    PrefixPlan,
    Sampling,
    shares_of,
    split_bounds,
)
from manyo.tokenizer.pack import INDEX_HEADER, INDEX_MAGIC, INDEX_VERSION, document_bounds

#: Bytes of an id by the type code of Megatron's index.
_ID_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 8, 7: 4, 8: 2}


class OrderError(Exception):
    """The order of a training run cannot be computed; the only argument says why, for a person to read."""


@dataclass(frozen=True, slots=True)
class DocumentIndex:
    """What Megatron reads of a token shard to order its documents.

    Attributes:
        lengths: int32 (n_documents,), tokens of each document.
        first_tokens: int64 (n_documents,), position in `.bin` of the first token of each.
        type_code: Megatron's number for the type of the ids.
    """

    lengths: np.ndarray
    first_tokens: np.ndarray
    type_code: int

    @classmethod
    def read(cls, prefix: str) -> DocumentIndex:
        """Read `prefix.idx`, of our own or of any other program.

        Raises:
            OrderError: there is no such file, or it is no index.
            ShardError: it is not the index of the `.bin` next to it, nor of documents of the one that a link leads to.
        """
        uri = f"{prefix}.idx"
        try:
            fs, path = filesystem(uri)
            content = fs.cat_file(path)
        except (OSError, ValueError) as error:  # ValueError: a name that no file can have
            raise OrderError(f"{uri}: cannot be read: {error}") from error
        if len(content) < INDEX_HEADER.size:
            raise OrderError(f"{uri}: ends at byte {len(content)}, inside its header")
        magic, version, code, n_documents, n_bounds = INDEX_HEADER.unpack_from(content)
        if magic != INDEX_MAGIC or version != INDEX_VERSION or code not in _ID_BYTES:
            raise OrderError(f"{uri}: byte 0: is no index of token shards that Megatron reads")
        pointers_at = INDEX_HEADER.size + 4 * n_documents
        size, expected = len(content), pointers_at + 8 * n_documents + 8 * n_bounds
        if size != expected:
            at = min(size, expected)
            raise ShardError(f"{uri}: byte {at}: has {size} bytes, its header says {expected}; run manyo verify")
        lengths = np.frombuffer(content, "<i4", n_documents, INDEX_HEADER.size)
        pointers = np.frombuffer(content, "<i8", n_documents, pointers_at)
        index = cls(lengths, pointers // _ID_BYTES[code], code)
        data = path.removesuffix(".idx") + ".bin"
        if fs.exists(data):  # another machine's shards are planned by their indexes alone
            whole = os.path.realpath(data) if is_local(fs) and os.path.islink(data) else ""
            if whole and os.path.exists(f"{whole.removesuffix('.bin')}.idx"):
                _refuse_foreign_rows(uri, index, pointers, cls.read(whole.removesuffix(".bin")))
            else:
                _refuse_other_tokens(uri, index, pointers, int(fs.info(data)["size"]))
        return index

    def write_part(self, path: Path, rows: np.ndarray) -> None:
        """Write an index of some of the documents of the same `.bin`: Megatron reads what the index names.

        Args:
            path: of the new index.
            rows: integers (n,), which documents, in ascending order.
        """
        with open(path, "wb") as index:
            index.write(INDEX_HEADER.pack(INDEX_MAGIC, INDEX_VERSION, self.type_code, len(rows), len(rows) + 1))
            index.write(self.lengths[rows].data)
            index.write((self.first_tokens[rows] * _ID_BYTES[self.type_code]).astype("<i8").data)
            index.write(np.arange(len(rows) + 1, dtype="<i8").data)


def _refuse_other_tokens(uri: str, index: DocumentIndex, pointers: np.ndarray, size: int) -> None:
    """Raise ShardError unless the documents lie end to end, as Megatron writes them, and fill a `.bin` of this size."""
    bounds = document_bounds(index.lengths, _ID_BYTES[index.type_code])
    wanted, expected = bounds[:-1], int(bounds[-1])
    wrong = np.flatnonzero((index.lengths < 0) | (pointers != wanted))
    if len(wrong):
        row = int(wrong[0])
        at = INDEX_HEADER.size + 4 * len(wanted) + 8 * row
        raise ShardError(
            f"{uri}: byte {at}: document {row} is at {pointers[row]}, its lengths say {wanted[row]}; run manyo verify"
        )
    if size != expected:
        data = f"{uri.removesuffix('.idx')}.bin"
        at = min(size, expected)
        raise ShardError(f"{data}: byte {at}: has {size} bytes, its index says {expected}; run manyo verify")


def _refuse_foreign_rows(uri: str, part: DocumentIndex, pointers: np.ndarray, whole: DocumentIndex) -> None:
    """Raise ShardError unless each document of an index is one of the whole shard, whose `.bin` it shares by a link."""
    # A document without tokens begins where the next one does: the last of those that begin at a place has them.
    rows = np.searchsorted(whole.first_tokens, part.first_tokens, "right") - 1
    known = np.append(whole.lengths, -1)[rows] == part.lengths
    is_own = (part.lengths == 0) | (known & (np.append(whole.first_tokens, -1)[rows] == part.first_tokens))
    is_own &= pointers == part.first_tokens * _ID_BYTES[part.type_code]
    if part.type_code != whole.type_code or not is_own.all():
        row = int(np.argmin(is_own))
        raise ShardError(f"{uri}: document {row} is none of the shard that its .bin is a link to; delete it, mix again")


@dataclass(frozen=True, slots=True)
class DataBlend:
    """What one part of a training run (training, validation or test) reads.

    Attributes:
        prefixes: paths of token shards without `.bin` and `.idx`.
        weights: of the prefixes; None if none is given.
        is_whole: whether the part has these prefixes to itself (`--train-data-path`), so that no split applies.
    """

    prefixes: tuple[str, ...]
    weights: tuple[float, ...] | None
    is_whole: bool

    @property
    def is_weighted(self) -> bool:
        """Whether the weights decide: a part that has one prefix to itself is no blend."""
        return self.weights is not None and not (self.is_whole and len(self.prefixes) == 1)

    @classmethod
    def read(cls, uri: str) -> DataBlend:
        """Read what training reads: a file for `--data-args-path`, or one for `--per-split-data-args-path` (JSON).

        Raises:
            OrderError: the file cannot be read or is neither.
        """
        try:
            content = read_text(uri)
        except (OSError, ValueError) as error:
            raise OrderError(f"{uri}: cannot be read: {error}") from error
        words: object = content.split()
        is_whole = content.lstrip().startswith("{")
        if is_whole:
            try:
                words = json.loads(content).get("train")
            except ValueError as error:
                raise OrderError(f"{uri}: is no JSON: {error}") from error
            words = words.split() if isinstance(words, str) else words
        if not isinstance(words, list) or not words:
            raise OrderError(f"{uri}: names no token shards to train on")
        prefixes, weights = _blend_of([str(word) for word in words], uri)
        if len(prefixes) > MAX_PREFIXES:
            raise OrderError(f"{uri}: names {len(prefixes):,} token shards; Megatron takes {MAX_PREFIXES:,} at most")
        return cls(prefixes, weights, is_whole)


def _blend_of(words: Sequence[str], uri: str) -> tuple[tuple[str, ...], tuple[float, ...] | None]:
    """Prefixes and weights of data arguments, by Megatron's rule: alone, all with a weight, or none with one."""
    if len(words) == 1:
        return (words[0],), None
    weights = [_number(word) for word in words[::2]]
    if all(weight is None for weight in weights):
        return tuple(words), None
    numbers = tuple(weight for weight in weights if weight is not None and weight > 0)
    # A sum that is no number is that of a weight that is none, too.
    if len(words) % 2 or len(numbers) < len(weights) or not math.isfinite(sum(numbers)):
        raise OrderError(
            f"{uri}: expected a weight above 0 before every token shard, or before none; their sum is finite"
        )
    return tuple(words[1::2]), numbers


def _number(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class ShardSamples:
    """The samples of a stretch of training that come from one token shard.

    Attributes:
        prefix: the token shard.
        index: its index.
        samples: by their places in the whole training run, from 0: the documents of each.
    """

    prefix: str
    index: DocumentIndex
    samples: Mapping[int, Sequence[Piece]]


@dataclass(frozen=True, slots=True)
class TrainingOrder:
    """The samples that a training run reads, in order.

    Attributes:
        data: the token shards and their weights.
        samples: number of samples for which the run is planned.
        sampling: sequence length, seed and extra tokens.
        blend: the prefix of each sample.
        split: shares of training, validation and test.
    """

    data: DataBlend
    samples: int
    sampling: Sampling
    blend: Blend
    split: tuple[float, ...]

    @classmethod
    def plan(
        cls, data: DataBlend, samples: int, sampling: Sampling, split: Sequence[float], is_fused: bool = False
    ) -> TrainingOrder:
        """Plan the order of a training run.

        Args:
            data: the token shards and their weights.
            samples: number of samples of the whole run (`--train-samples`, or `--train-iters` times the global batch).
            sampling: sequence length, seed and extra tokens.
            split: shares of training, validation and test (`--split`); read only where the parts share their shards.
            is_fused: whether the blend is made on aarch64.

        Raises:
            OrderError: an index cannot be read, or a shard has nothing for training.
        """
        if data.weights is not None and data.is_weighted:
            blend = Blend.weighted(data.weights, samples, is_fused)
        else:
            wanted = samples if len(data.prefixes) == 1 else None
            sizes = [
                _plan(prefix, DocumentIndex.read(prefix).lengths, _shares(data, split), wanted, sampling).samples
                for prefix in data.prefixes
            ]
            blend = Blend.alone(sizes[0]) if wanted is not None else Blend.by_size(sizes, samples, is_fused)
        return cls(data, samples, sampling, blend, tuple(split))

    @property
    def length(self) -> int:
        """Samples that the run reads: those for which it is planned, or fewer if there are not so many."""
        return min(self.samples, self.blend.size)

    def prefix_order(self, number: int, lengths: np.ndarray) -> PrefixOrder:
        """The samples of one token shard, by its place in `data.prefixes` and the lengths of its documents.

        Raises:
            OrderError: the shard has nothing for training.
        """
        shares, wanted, prefix = _shares(self.data, self.split), self.wanted_of(number), self.data.prefixes[number]
        plan = _plan(prefix, lengths, shares, wanted, self.sampling)
        try:
            return plan.order(lengths, self.sampling)
        except (MemoryError, ValueError) as error:  # ValueError: more places than an array has
            raise OrderError(
                f"{prefix}: {plan.epochs:,} epochs of {len(lengths):,} documents do not fit in memory; is the run "
                "planned for so many samples?"
            ) from error

    @property
    def is_blend(self) -> bool:
        """Whether samples are drawn from a blend, of which one token shard with a weight is one, too."""
        return self.data.is_weighted or len(self.data.prefixes) > 1

    def wanted_of(self, number: int) -> int | None:
        """Samples that are asked of one token shard; None for those of one epoch."""
        if self.data.weights is not None and self.data.is_weighted:
            return shares_of(self.data.weights, self.samples, SURPLUS)[number]
        return None if self.is_blend else self.samples

    def samples_at(self, first: int, stop: int) -> Iterator[ShardSamples]:
        """Yield the samples from position `first` up to `stop`, by token shard.

        Memory: one token shard's index and order at a time, and the positions asked for.

        Raises:
            OrderError: an index cannot be read, or Megatron would ask a shard for more samples than it has.
        """
        drawn = [
            (start + np.arange(len(prefixes)), prefixes, numbers)
            for start, prefixes, numbers in self.blend.drawn(first, min(stop, self.length))
        ]
        if not drawn:
            return
        positions, prefixes, numbers = (np.concatenate(columns) for columns in zip(*drawn, strict=True))
        for prefix in np.unique(prefixes).tolist():
            name = self.data.prefixes[prefix]
            index = DocumentIndex.read(name)
            order = self.prefix_order(prefix, index.lengths)
            own = np.flatnonzero(prefixes == prefix).tolist()
            try:
                samples = {int(positions[at]): order.pieces(int(numbers[at])) for at in own}
            except IndexError as error:
                raise OrderError(f"{name}: {error}; Megatron refuses such a blend") from error
            yield ShardSamples(name, index, samples)

    def positions_of(self, samples_by_prefix: Mapping[int, np.ndarray]) -> dict[int, tuple[np.ndarray, np.ndarray]]:
        """Where samples of token shards are read in the run.

        Args:
            samples_by_prefix: numbers of samples, int64 (n,), by the place in `data.prefixes`.

        Returns:
            For each place, the positions of those of its samples that the run reads, in ascending order, and the
            number of the sample at each: both int64.
        """
        found: dict[int, list[tuple[np.ndarray, np.ndarray]]] = {prefix: [] for prefix in samples_by_prefix}
        for start, prefixes, numbers in self.blend.drawn(0, self.length):
            for prefix, wanted in samples_by_prefix.items():
                at = np.flatnonzero(prefixes == prefix)
                at = at[np.isin(numbers[at], wanted)]
                found[prefix].append((start + at, numbers[at]))
        return {
            prefix: (np.concatenate([one for one, _ in parts]), np.concatenate([one for _, one in parts]))
            for prefix, parts in found.items()
            if parts
        }


def _shares(data: DataBlend, split: Sequence[float]) -> Sequence[float]:
    """The shares that apply: a part that has its prefixes to itself takes them whole."""
    return (1.0,) if data.is_whole else split


def _plan(
    prefix: str, lengths: np.ndarray, split: Sequence[float], wanted: int | None, sampling: Sampling
) -> PrefixPlan:
    """How many epochs and samples the training part of a token shard has."""
    rows = split_bounds(split, len(lengths))[0]
    if rows is None:
        raise OrderError("the split leaves nothing for training")
    try:
        return PrefixPlan.of(int(lengths[slice(*rows)].sum(dtype=np.int64)), rows, wanted, sampling)
    except ValueError as error:
        raise OrderError(f"{prefix}: {error}") from error
