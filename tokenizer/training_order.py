"""The samples of a training run in order: the data arguments and the indexes of token shards, without a token."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from manyo.corpus.tables.shards import filesystem, read_text
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
from manyo.tokenizer.pack import INDEX_HEADER, INDEX_MAGIC, INDEX_VERSION

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
        """
        uri = f"{prefix}.idx"
        try:
            fs, path = filesystem(uri)
            content = fs.cat_file(path)
        except OSError as error:
            raise OrderError(f"{uri}: cannot be read: {error}") from error
        if len(content) < INDEX_HEADER.size:
            raise OrderError(f"{uri}: ends at byte {len(content)}, inside its header")
        magic, version, code, n_documents, _ = INDEX_HEADER.unpack_from(content)
        if magic != INDEX_MAGIC or version != INDEX_VERSION or code not in _ID_BYTES:
            raise OrderError(f"{uri}: byte 0: is no index of token shards that Megatron reads")
        pointers_at = INDEX_HEADER.size + 4 * n_documents
        if len(content) < pointers_at + 8 * n_documents:
            raise OrderError(f"{uri}: ends at byte {len(content)}; its header promises {n_documents:,} documents")
        lengths = np.frombuffer(content, "<i4", n_documents, INDEX_HEADER.size)
        pointers = np.frombuffer(content, "<i8", n_documents, pointers_at)
        return cls(lengths, pointers // _ID_BYTES[code], code)

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
    if len(words) % 2 or any(weight is None or weight <= 0 for weight in weights):
        raise OrderError(f"{uri}: expected a weight above 0 before every token shard, or before none")
    return tuple(words[1::2]), tuple(weight for weight in weights if weight is not None)


def _number(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample of a batch.

    Attributes:
        position: its place in the whole training run, from 0.
        prefix: the token shard.
        pieces: its documents.
    """

    position: int
    prefix: str
    pieces: tuple[Piece, ...]


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
        order = cls(data, samples, sampling, Blend.alone(0), tuple(split))
        if data.weights is not None and not (data.is_whole and len(data.prefixes) == 1):
            blend = Blend.weighted(data.weights, samples, is_fused)
        elif len(data.prefixes) == 1:
            blend = Blend.alone(order._plan(0, DocumentIndex.read(data.prefixes[0]).lengths, samples).samples)
        else:
            sizes = [
                order._plan(number, DocumentIndex.read(prefix).lengths, None).samples
                for number, prefix in enumerate(data.prefixes)
            ]
            blend = Blend.by_size(sizes, samples, is_fused)
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
        return self._plan(number, lengths, self._wanted(number)).order(lengths, self.sampling)

    def samples_at(self, first: int, stop: int) -> Iterator[Sample]:
        """Yield the samples from position `first` up to `stop`, those of one token shard after another.

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
            order = self.prefix_order(prefix, DocumentIndex.read(name).lengths)
            for at in np.flatnonzero(prefixes == prefix).tolist():
                try:
                    pieces = order.pieces(int(numbers[at]))
                except IndexError as error:
                    raise OrderError(f"{name}: {error}; Megatron refuses such a blend") from error
                yield Sample(int(positions[at]), name, tuple(pieces))

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

    def _wanted(self, number: int) -> int | None:
        """Samples that Megatron asks of a token shard; None for one epoch."""
        if self.data.weights is not None and not (self.data.is_whole and len(self.data.prefixes) == 1):
            return shares_of(self.data.weights, self.samples, SURPLUS)[number]
        return self.samples if len(self.data.prefixes) == 1 else None

    def _plan(self, number: int, lengths: np.ndarray, wanted: int | None) -> PrefixPlan:
        rows: tuple[int, int] | None = (0, len(lengths))
        if not self.data.is_whole:
            rows = split_bounds(self.split, len(lengths))[0]
        if rows is None:
            raise OrderError("the split leaves nothing for training")
        try:
            return PrefixPlan.of(int(lengths[slice(*rows)].sum(dtype=np.int64)), rows, wanted, self.sampling)
        except ValueError as error:
            raise OrderError(f"{self.data.prefixes[number]}: {error}") from error
