"""Benchmark items in documents: which, where, and how far from verbatim.

Texts are compared as their letters and digits: compatibility forms decomposed (NFKD), case folded, white space,
punctuation and marks left out. So width, brackets, line breaks and dakuten written apart make no difference.

An item *leaks* where a stretch of a document becomes it with few edits (letters put in, left out or replaced): at most
`max_edits` of its length. Such a stretch shares character n-grams with the item. One pass over a document looks every
n-gram up in a table of those of all items; where the n-grams of one item cover 40 % of its length, with no wide gap,
the edits are counted.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import pyarrow as pa

from manyo.corpus.schema import LEAKS
from manyo.corpus.text import Texts
from manyo.filters.benchmarks.items import Benchmark, Item, read_items
from manyo.filters.benchmarks.leak_kernels import _fill_slots, _find_items, _hash_grams, _letters


@dataclass(frozen=True, slots=True)
class Decontaminate:
    """Which benchmarks are looked for, and what is done where one is found.

    Attributes:
        benchmark: what to look for.
        action: "drop" the document, "mask" the stretch, or "flag" it in the table `leaks` and no more.
        ngram_chars: letters of an n-gram. With more, an edit in a short item hides it; with fewer, more is compared.
        min_item_chars: items with fewer letters, which are part of other people's sentences, count only verbatim and
            where no letter stands right before or after; those with fewer than `ngram_chars` are not looked for.
        max_edits: edits that a leak may need, as a fraction of the item's letters, rounded down.
    """

    benchmark: tuple[Benchmark, ...]
    action: Literal["flag", "drop", "mask"] = "drop"
    ngram_chars: int = 5
    min_item_chars: int = 8
    max_edits: float = 0.12

    def __post_init__(self) -> None:
        """Raise ValueError for a setting out of range."""
        if not 2 <= self.ngram_chars <= self.min_item_chars:
            raise ValueError(f"ngram_chars is {self.ngram_chars}, must be 2 to min_item_chars ({self.min_item_chars})")
        if not 0 <= self.max_edits <= 0.4:
            raise ValueError(f"max_edits is {self.max_edits}, must be 0 to 0.4")
        names = [one.name for one in self.benchmark]
        if not names or len(set(names)) < len(names):
            raise ValueError("give each [[decontaminate.benchmark]] a name of its own, and at least one")


@dataclass(frozen=True, slots=True)
class ItemIndex:
    """The n-grams of items, ready to be looked up.

    Attributes:
        items: those that are looked for; of items with the same letters in one benchmark, the first.
        too_short: how many items have too few letters.
        n: letters of an n-gram.
    """

    items: tuple[Item, ...]
    too_short: int
    n: int
    _points: np.ndarray
    _offsets: np.ndarray
    _allowed: np.ndarray
    _must_stand_alone: np.ndarray
    _slot_keys: np.ndarray
    _slot_rows: np.ndarray
    _shift: int
    _first_postings: np.ndarray
    _postings: np.ndarray

    @classmethod
    def of_items(cls, items: Iterable[Item], settings: Decontaminate) -> ItemIndex:
        """Index items."""
        kept: list[Item] = []
        texts: list[np.ndarray] = []
        seen: set[tuple[str, bytes]] = set()
        too_short = 0
        for item in items:
            points = letters(item.text)
            too_short += len(points) < settings.ngram_chars
            key = (item.benchmark, points.tobytes())
            if len(points) >= settings.ngram_chars and key not in seen:
                seen.add(key)
                kept.append(item)
                texts.append(points)
        sizes = np.array([len(points) for points in texts], np.int64)
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
        keys, owners = _grams(texts, settings.ngram_chars)
        # One posting for each n-gram of an item, however often it has it.
        order = np.lexsort((owners, keys))
        keys, owners = keys[order], owners[order]
        is_new = np.ones(len(keys), np.bool_)
        is_new[1:] = (keys[1:] != keys[:-1]) | (owners[1:] != owners[:-1])
        keys, owners = keys[is_new], owners[is_new]
        distinct, first = np.unique(keys, return_index=True)
        bits = max(4, int(2 * len(distinct)).bit_length())
        slot_keys, slot_rows = np.zeros(1 << bits, np.uint64), np.full(1 << bits, -1, np.int32)
        _fill_slots(distinct, slot_keys, slot_rows, 64 - bits)
        allowed = np.floor(sizes * settings.max_edits + 1e-9).astype(np.int64)
        allowed[sizes < settings.min_item_chars] = 0
        return cls(
            items=tuple(kept),
            too_short=too_short,
            n=settings.ngram_chars,
            _points=np.concatenate([np.zeros(0, np.int32), *texts]),
            _offsets=offsets,
            _allowed=allowed,
            _must_stand_alone=sizes < settings.min_item_chars,
            _slot_keys=slot_keys,
            _slot_rows=slot_rows,
            _shift=64 - bits,
            _first_postings=np.append(first, len(keys)).astype(np.int64),
            _postings=owners.astype(np.int32),
        )

    def find(self, texts: pa.Array) -> np.ndarray:
        """Every leak in a column of texts.

        Args:
            texts: string or large_string, without nulls.

        Returns:
            int64 (n_leaks, 5): row, item, start and stop in code points, edits; in the order of rows and stops.
            Stretches of different items may overlap; an item that stands twice is there twice.
        """
        view = Texts.from_arrow(texts)
        folds, expansions = _folds()
        capacity = 256
        while self.items:
            found = np.zeros((capacity, 5), np.int64)
            n_found = _find_items(
                view.data,
                view.offsets,
                folds,
                expansions,
                self.n,
                self._slot_keys,
                self._slot_rows,
                self._shift,
                self._first_postings,
                self._postings,
                self._points,
                self._offsets,
                self._allowed,
                found,
            )
            if n_found <= capacity:
                return self._standing_alone(texts, found[:n_found])
            capacity = n_found
        return np.zeros((0, 5), np.int64)

    def _standing_alone(self, texts: pa.Array, found: np.ndarray) -> np.ndarray:
        """What was found, without short items that are part of a longer word or sentence."""
        keep = np.ones(len(found), np.bool_)
        for place in np.flatnonzero(self._must_stand_alone[found[:, 1]]).tolist():
            row, _, start, stop, _ = found[place].tolist()
            text = texts[row].as_py()
            beside = text[max(start - 1, 0) : start] + text[stop : stop + 1]
            keep[place] = not any(len(letters(character)) for character in beside)
        return found[keep]

    def find_leaks(self, documents: pa.RecordBatch) -> pa.RecordBatch:
        """The leaks of a batch of documents.

        Args:
            documents: with `doc_id` and `text`.

        Returns:
            A batch of `manyo.corpus.schema.LEAKS`.
        """
        found = self.find(documents.column("text"))
        items = [self.items[item] for item in found[:, 1].tolist()]
        sizes = np.diff(self._offsets)[found[:, 1]]
        columns = {
            "doc_id": documents.column("doc_id").take(pa.array(found[:, 0])),
            "benchmark": [item.benchmark for item in items],
            "item": [item.name for item in items],
            "start": found[:, 2],
            "stop": found[:, 3],
            "similarity": 1 - found[:, 4] / np.maximum(sizes, 1),
        }
        return pa.RecordBatch.from_pydict(columns, schema=LEAKS.schema)


@cache
def benchmark_index(settings: Decontaminate) -> ItemIndex:
    """The index of a configuration's benchmarks, made once in each process.

    Raises:
        OSError: a file cannot be read.
        ValueError: a file is not what its name says, or has no such field.
    """
    return ItemIndex.of_items((item for one in settings.benchmark for item in read_items(one)), settings)


def letters(text: str) -> np.ndarray:
    """int32 (n_letters,), the code points that are compared."""
    data = np.frombuffer(text.encode("utf-8", "replace"), np.uint8)
    points, places = np.zeros(len(data) + 1, np.int32), np.zeros(len(data) + 1, np.int32)
    folds, expansions = _folds()
    return points[: _letters(data, 0, len(data), folds, expansions, points, places)].copy()


def _grams(texts: Sequence[np.ndarray], n: int) -> tuple[np.ndarray, np.ndarray]:
    """uint64 and int64 (n_grams,): hash of every n-gram of every text, and which text it is of."""
    keys, owners = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
    for owner, points in enumerate(texts):
        hashes = np.zeros(len(points) - n + 1, np.uint64)
        _hash_grams(points, len(points), n, hashes)
        keys.append(hashes)
        owners.append(np.full(len(hashes), owner, np.int64))
    return np.concatenate(keys), np.concatenate(owners)


#: Han and Hangul, without the hexagrams among them and the compatibility forms behind them.
_AS_THEY_ARE = ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0xAC00, 0xD7A4), (0x20000, 0x2F800), (0x30000, 0x323B0))


@cache
def _folds() -> tuple[np.ndarray, np.ndarray]:
    """int32 (0x110000,), what a code point becomes, and int32, the longer results.

    0 leaves it out; a positive number is the letter it becomes; a negative one says where in the second array the
    number of its letters stands, before the letters. No code point becomes more letters than it has bytes in UTF-8.
    """
    folds = np.zeros(0x110000, np.int32)
    expansions = [0]
    for point in range(0x110000):
        # Nearly all code points. Han that this Python's Unicode does not know yet stays as well.
        if any(low <= point < high for low, high in _AS_THEY_ARE):
            folds[point] = point
            continue
        if 0xD800 <= point < 0xF900 or point >= 0x323B0:
            continue
        character = chr(point)
        became = [
            ord(one)
            for one in unicodedata.normalize("NFKD", character).casefold()
            if unicodedata.category(one)[0] in "LN"
        ][: len(character.encode("utf-8"))]
        if len(became) == 1:
            folds[point] = became[0]
        elif became:
            folds[point] = -len(expansions)
            expansions += [len(became), *became]
    return folds, np.array(expansions, np.int32)
