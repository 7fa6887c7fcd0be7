"""Benchmark items in documents: which, where, and how far from verbatim.

Texts are compared as their letters and digits: compatibility forms decomposed (NFKD), case folded, white space,
punctuation and marks left out. So width, brackets, line breaks and separate dakuten make no difference.

An item *leaks* where a stretch of a document becomes it with few edits (letters inserted, deleted or replaced): at most
`max_edits` of its length. Such a stretch shares character n-grams with the item. One pass over a document looks up
every n-gram in a table of those of all items; where the n-grams of one item cover 40 % of its length, with no wide gap,
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

from manyo.corpus.jit import Bools, Int32s, Int64s, Records, Uint64s
from manyo.corpus.schema import LEAKS
from manyo.corpus.text import Texts
from manyo.filters.benchmarks.items import Benchmark, Item, digest, read_items
from manyo.filters.benchmarks.leak_kernels import (
    LEAK,
    Folds,
    GramTable,
    ItemTexts,
    fill_slots,
    find_items,
    fold_letters,
    hash_grams,
)


@dataclass(frozen=True, slots=True)
class Decontaminate:
    """Which benchmarks are looked for, and what happens where one is found.

    Attributes:
        benchmark: what to look for.
        action: "drop" the document, "mask" the stretch, or only "flag" it in the table `leaks`.
        ngram_chars: letters of an n-gram. With more, an edit in a short item hides it; with fewer, more is compared.
        min_item_chars: an item with fewer letters may be part of any sentence, so it counts only verbatim and where no
            letter is next to it; one with fewer than `ngram_chars` is not looked for.
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
            raise ValueError("give at least one [[decontaminate.benchmark]], and each a different name")


@dataclass(frozen=True, slots=True)
class ItemIndex:
    """The n-grams of items, ready to be looked up.

    Attributes:
        items: those that are looked for; of items with the same letters in one benchmark, the first.
        too_short: how many items have too few letters.
    """

    items: tuple[Item, ...]
    too_short: int
    _texts: ItemTexts
    _table: GramTable
    _must_stand_alone: Bools

    @classmethod
    def of_items(cls, items: Iterable[Item], settings: Decontaminate) -> ItemIndex:
        """Index the items that have enough letters."""
        n = settings.ngram_chars
        kept: list[Item] = []
        texts: list[Int32s] = []
        seen: set[tuple[str, bytes]] = set()
        too_short = 0
        for item in items:
            points = letters(item.text)
            too_short += len(points) < n
            key = (item.benchmark, points.tobytes())
            if len(points) >= n and key not in seen:
                seen.add(key)
                kept.append(item)
                texts.append(points)
        sizes = np.array([len(points) for points in texts], np.int64)
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
        max_edits = np.floor(sizes * settings.max_edits + 1e-9).astype(np.int64)
        max_edits[sizes < settings.min_item_chars] = 0
        return cls(
            items=tuple(kept),
            too_short=too_short,
            _texts=ItemTexts(np.concatenate([np.zeros(0, np.int32), *texts]), offsets, max_edits),
            _table=_gram_table(texts, n),
            _must_stand_alone=sizes < settings.min_item_chars,
        )

    def find(self, texts: pa.Array) -> Records:
        """Every leak in a column of texts.

        Args:
            texts: string or large_string, without nulls.

        Returns:
            Records of `LEAK`, in the order of rows and stops. Stretches of different items may overlap; an item that
            occurs twice is returned twice.
        """
        view = Texts.from_arrow(texts)
        capacity = 256
        while self.items:
            found = np.zeros(capacity, LEAK)
            n_found = find_items(view.data, view.offsets, _folds(), self._table, self._texts, found)
            if n_found <= capacity:
                return self._standing_alone(texts, found[:n_found])
            capacity = n_found
        return np.zeros(0, LEAK)

    def _standing_alone(self, texts: pa.Array, found: Records) -> Records:
        """The leaks without those of short items that have a letter right before or after them."""
        keep = np.ones(len(found), np.bool_)
        for i in np.flatnonzero(self._must_stand_alone[found["item"]]).tolist():
            row, _, start, stop, _ = found[i].tolist()
            text = texts[row].as_py()
            neighbours = text[max(start - 1, 0) : start] + text[stop : stop + 1]
            keep[i] = not any(len(letters(character)) for character in neighbours)
        return found[keep]

    def find_leaks(self, documents: pa.RecordBatch, part: str = "text") -> pa.RecordBatch:
        """The leaks of a batch of documents.

        Args:
            documents: with `doc_id` and the part.
            part: the column that is searched, text or comments.

        Returns:
            A batch of `manyo.corpus.schema.LEAKS`.
        """
        found = self.find(documents.column(part))
        items = [self.items[item] for item in found["item"].tolist()]
        n_letters = np.diff(self._texts.offsets)[found["item"]]
        columns = {
            "doc_id": documents.column("doc_id").take(pa.array(found["row"])),
            "benchmark": [item.benchmark for item in items],
            "item": [item.name for item in items],
            "part": [part] * len(items),
            "start": found["start"],
            "stop": found["stop"],
            "similarity": 1 - found["edits"] / np.maximum(n_letters, 1),
        }
        return pa.RecordBatch.from_pydict(columns, schema=LEAKS.schema)


@cache
def benchmark_index(settings: Decontaminate, digests: tuple[str, ...]) -> ItemIndex:
    """The index of a configuration's benchmarks, made once in each process.

    Args:
        settings: which benchmarks.
        digests: of the bytes of each benchmark's files when the run began (`manyo.filters.benchmarks.items.digest`).

    Raises:
        OSError: a file cannot be read.
        ValueError: a file is not what its name says, or has no such field, or has changed since.
    """
    index = ItemIndex.of_items((item for one in settings.benchmark for item in read_items(one)), settings)
    for benchmark, digest_then in zip(settings.benchmark, digests, strict=True):
        if digest(benchmark) != digest_then:
            raise ValueError(
                f"{', '.join(benchmark.files)}: changed since the run began; put back what was there, or run again"
            )
    return index


def letters(text: str) -> Int32s:
    """int32 (n_letters,), the code points of a text that are compared."""
    data = np.frombuffer(text.encode("utf-8", "replace"), np.uint8)
    points, places = np.zeros(len(data) + 1, np.int32), np.zeros(len(data) + 1, np.int32)
    return points[: fold_letters(data, 0, len(data), _folds(), points, places)].copy()


def _gram_table(texts: Sequence[Int32s], n: int) -> GramTable:
    """The n-grams of the letters of items, and which items have each."""
    keys, owners = _grams(texts, n)
    # One posting for each n-gram of an item, however often the item has it.
    order = np.lexsort((owners, keys))
    keys, owners = keys[order], owners[order]
    is_new = np.ones(len(keys), np.bool_)
    is_new[1:] = (keys[1:] != keys[:-1]) | (owners[1:] != owners[:-1])
    keys, owners = keys[is_new], owners[is_new]
    distinct, first = np.unique(keys, return_index=True)
    # Twice as many slots as n-grams, and more, so that few share a first slot.
    bits = max(4, int(2 * len(distinct)).bit_length())
    slot_keys, slot_rows = np.zeros(1 << bits, np.uint64), np.full(1 << bits, -1, np.int32)
    fill_slots(distinct, slot_keys, slot_rows, 64 - bits)
    first_postings = np.append(first, len(keys)).astype(np.int64)
    return GramTable(n, 64 - bits, slot_keys, slot_rows, first_postings, owners.astype(np.int32))


def _grams(texts: Sequence[Int32s], n: int) -> tuple[Uint64s, Int64s]:
    """uint64 and int64 (n_grams,): hash of every n-gram of every text, and the position of that text."""
    keys, owners = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
    for owner, points in enumerate(texts):
        hashes = np.zeros(len(points) - n + 1, np.uint64)
        hash_grams(points, n, hashes)
        keys.append(hashes)
        owners.append(np.full(len(hashes), owner, np.int64))
    return np.concatenate(keys), np.concatenate(owners)


#: Ranges of Han and Hangul, without the hexagrams between them and the compatibility forms after them.
_AS_THEY_ARE = ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0xAC00, 0xD7A4), (0x20000, 0x2F800), (0x30000, 0x323B0))


@cache
def _folds() -> Folds:
    """What each code point becomes. None becomes more letters than it has bytes in UTF-8."""
    folds = np.zeros(0x110000, np.int32)
    expansions = [0]
    for point in range(0x110000):
        # These are nearly all code points. Han that this Python's Unicode does not know yet stays as well.
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
    return Folds(folds, np.array(expansions, np.int32))
