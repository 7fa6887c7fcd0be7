"""The slow twin of the repeats of long texts: its parts by sorted strings."""

from __future__ import annotations

import re
from itertools import groupby, pairwise

from tests.oracles import find_repeats


def find_long_repeats(text: str, max_chars: int, longest_unit: int) -> dict[str, int | list[int]]:
    """The repeats of a text without long runs that is longer than `max_chars`: sums over its parts."""
    units = ["".join(unit.split()) for unit in re.findall(r"[^。！？!?\n]*(?:[。！？!?\n][。！？!?\s]*)?", text)]
    cut = [unit[i : i + longest_unit] for unit in units for i in range(0, len(unit), longest_unit)]
    sample = "".join(sorted(cut, key=_unit_hash))
    n_parts = -(-len(sample) // max_chars)
    bounds = [number * len(sample) // n_parts for number in range(n_parts + 1)]
    parts = [find_repeats(sample[start:stop], max_chars, 1) for start, stop in pairwise(bounds)]
    sums: dict[str, int | list[int]] = {}
    for name in ("sampled_chars", "duplicate_5gram_chars", "duplicate_10gram_chars", "frequent_5grams"):
        sums[name] = sum(part[name] for part in parts)  # type: ignore[misc]
    sums["longest_duplicate"] = max(
        longest_duplicate(sample[start:stop], max_chars) for start, stop in pairwise(bounds)
    )
    for name in ("top_ngrams", "stepped_chars"):
        sums[name] = [sum(of_length) for of_length in zip(*(part[name] for part in parts), strict=True)]  # type: ignore[arg-type]
    return sums


def longest_duplicate(text: str, max_run_chars: int) -> int:
    """Characters in the longest stretch of 10-grams that occurred before, white space and the rest of runs left out."""
    runs = groupby(character for character in text if not character.isspace())
    sample = "".join(character * min(len(list(run)), max_run_chars) for character, run in runs)
    later = [i for i in range(len(sample) - 9) if sample.find(sample[i : i + 10]) < i]
    covered = sorted({at for start in later for at in range(start, start + 10)})
    return max((len(list(run)) for _, run in groupby(enumerate(covered), lambda item: item[1] - item[0])), default=0)


def _unit_hash(unit: str) -> int:
    value = 0
    for character in unit:
        value = ((value ^ ord(character)) * 0x9E3779B97F4A7C15) % (1 << 64)
    return value ^ value >> 32
