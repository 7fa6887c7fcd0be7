"""Writes the words and their places on axes that `filters/signals/word_axes.py` reads.

    pip download --no-deps ja-ginza
    python -m bench.word_axes WHEEL DATA --texts FILE --out filters/signals/word_axes.txt

WHEEL is that of ja-ginza (MIT), which has vectors of chiVe (Works Applications, Apache-2.0); DATA and FILE are those of
`bench.quality_examples`, whose labels are not read. The words are the most frequent ones of its texts, as SudachiPy
divides them, that have a vector, each text counted to the characters that the signals read. The axes are the first
principal components of the mean vectors of these texts. A word's place is its component, in steps of 0.6 of a standard
deviation of all words.
"""

from __future__ import annotations

import argparse
import io
import zipfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgpack
import numpy as np
from sudachipy import Dictionary, SplitMode

from bench.quality_examples import labelled, weak
from manyo.corpus.text import Texts
from manyo.filters.signals.word_axes import HEAD_CHARS, LAST_FIRST, N_AXES, STEPS, WordTable

_N_WORDS = 3_000
_LONGEST_WORD = 6
_STEP = 0.6
_HEAD = (
    f"# The {_N_WORDS:,} most frequent words of crawled texts, and their places on {N_AXES} axes of word vectors.",
    "# Made by bench/word_axes.py from the vectors of chiVe, copyright Works Applications Co., Ltd., Apache-2.0, which",
    "# ja-ginza 5.3.0 ships (copyright Megagon Labs, MIT).",
)

_MASK = (1 << 64) - 1


def murmur_hash(data: bytes) -> int:
    """MurmurHash64A (Appleby, public domain) with the seed 1: the key that spaCy's tables have for a string."""
    multiplier = 0xC6A4A7935BD1E995
    whole = len(data) // 8 * 8
    found = (1 ^ len(data) * multiplier) & _MASK
    for start in range(0, whole, 8):
        part = int.from_bytes(data[start : start + 8], "little") * multiplier & _MASK
        part = (part ^ part >> 47) * multiplier & _MASK
        found = (found ^ part) * multiplier & _MASK
    if whole < len(data):
        found = (found ^ int.from_bytes(data[whole:], "little")) * multiplier & _MASK
    found = (found ^ found >> 47) * multiplier & _MASK
    return found ^ found >> 47


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--texts", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    texts = [one.text for one in labelled(options.data, options.texts)]
    texts += [text for some in weak(options.data).values() for text in some]
    words, vectors = _frequent_words([text[:HEAD_CHARS] for text in sorted(set(texts))], options.wheel)
    codes = _codes(words, vectors, sorted(set(texts)))
    rows = (f"{word}\t{''.join(map(str, row))}" for word, row in zip(words, codes.tolist(), strict=True))
    options.out.write_text("\n".join((*_HEAD, *rows)) + "\n", encoding="utf-8")


def _frequent_words(texts: Sequence[str], wheel: Path) -> tuple[list[str], np.ndarray]:
    """The most frequent words that have a vector, and float64 (n_words, 300), their vectors."""
    with zipfile.ZipFile(wheel) as archive:
        names = {Path(name).name: name for name in archive.namelist() if "/vocab/" in name}
        row_of = msgpack.unpackb(archive.read(names["key2row"]), strict_map_key=False)
        vectors = np.load(io.BytesIO(archive.read(names["vectors"])))
    tokenizer = Dictionary().create(mode=SplitMode.A)
    counts: Counter[str] = Counter()
    rows: dict[str, int] = {}
    for text in texts:
        for token in tokenizer.tokenize(text):
            word = token.surface()
            if word.strip() and len(word) <= _LONGEST_WORD and word[0] <= LAST_FIRST:
                counts[word] += 1
                if word not in rows:
                    found = (row_of.get(murmur_hash(form.encode())) for form in (word, token.normalized_form()))
                    rows[word] = next((row for row in found if row is not None), -1)
    known = [word for word in sorted(counts, key=lambda word: (-counts[word], word)) if rows[word] >= 0][:_N_WORDS]
    return known, vectors[[rows[word] for word in known]].astype(np.float64)


def _codes(words: Sequence[str], vectors: np.ndarray, texts: Sequence[str]) -> np.ndarray:
    """uint16 (n_words, n_axes), the places of words."""
    counts = WordTable.of(words, np.eye(len(words), dtype=np.uint16)).sums(Texts.from_strings(texts))[0]
    means = counts[counts.sum(axis=1) > 0] @ vectors
    means /= counts.sum(axis=1)[counts.sum(axis=1) > 0][:, None]
    _, _, axes = np.linalg.svd(means - means.mean(axis=0), full_matrices=False)
    axes *= np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])[:, None]
    places = vectors @ axes[:N_AXES].T
    steps = np.floor((places - places.mean(axis=0)) / (_STEP * places.std(axis=0))) + STEPS // 2
    codes: np.ndarray = np.clip(steps, 0, STEPS - 1).astype(np.uint16)
    return codes


if __name__ == "__main__":
    main()
