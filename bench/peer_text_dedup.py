"""Runs text-dedup's MinHash for `bench/dedup.py`, in any Python that has it; imports nothing of manyo.

    PYTHON bench/peer_text_dedup.py TEXTS.json KEPT.json PERMUTATIONS BANDS ROWS SHINGLE_CHARS

TEXTS.json is a list of texts whose tokens are separated by blanks. Signatures are made by its `embed_func` as its
command calls it; then its command runs over all texts (`bench/entries/dedup_peers.py`). Writes the numbers of the texts
that it keeps; prints the processor seconds of both, without imports, child processes included.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
from entries.dedup_peers import Shape, text_dedup_whole  # type: ignore[import-not-found]  # next to this file
from text_dedup import minhash  # type: ignore[import-not-found]
from text_dedup.utils import sha1_hash  # type: ignore[import-not-found]


def main() -> None:
    """Time and deduplicate."""
    texts_path, kept_path, permutations, bands, rows, shingle_chars = sys.argv[1:]
    texts = json.loads(Path(texts_path).read_text("utf-8"))
    # As its main function makes them with 64 hash bits, its default.
    prime = np.uint64((1 << 61) - 1)
    drawn = [minhash.RNG.randint(low, prime, size=(int(permutations),), dtype=np.uint64) for low in (1, 0)]
    start = seconds()
    for number, text in enumerate(texts):
        minhash.embed_func(
            text,
            number,
            num_perm=int(permutations),
            ngram_size=int(shingle_chars),
            min_length=int(shingle_chars),
            hashranges=[(band * int(rows), (band + 1) * int(rows)) for band in range(int(bands))],
            permutations=drawn,
            hash_func=lambda token: sha1_hash(token, d=32),
            dtype=np.uint64,
            max_hash=np.uint32((1 << 32) - 1),
            modulo_prime=prime,
        )
    signatures_s = seconds() - start
    whole = text_dedup_whole(Shape(int(bands), int(rows), int(shingle_chars)))
    start = seconds()
    kept = whole(texts)
    whole_s = seconds() - start
    Path(kept_path).write_text(json.dumps([number for number, stays in enumerate(kept) if stays]), "utf-8")
    print(signatures_s, whole_s)


def seconds() -> float:
    """Return the processor time of this process and of its ended children."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


if __name__ == "__main__":
    main()
