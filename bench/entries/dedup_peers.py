"""Peers in near-duplicate removal, each as its users run it; imports nothing of manyo.

All make the same shingles: characters without white space. `bench.dedup` measures the same functions on real data.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

#: From texts to whether each is kept.
Whole = Callable[[list[str]], list[bool]]


class Shape(NamedTuple):
    """Bands and rows of the signatures; the defaults are those of manyo, which a test compares."""

    bands: int = 18
    rows: int = 7
    shingle_chars: int = 5
    min_similarity: float = 0.8

    @property
    def permutations(self) -> int:
        """Minima in a signature."""
        return self.bands * self.rows


def datasketch(given: list[str]) -> list[bool]:
    """datasketch at manyo's bands and rows."""
    return datasketch_whole(Shape())(given)


def rensa(given: list[str]) -> list[bool]:
    """rensa at manyo's bands and rows."""
    return rensa_whole(Shape())(given)


def datatrove(given: list[str]) -> list[bool]:
    """datatrove at its own 14 buckets of 8 hashes."""
    return datatrove_whole(Shape(), 14, 8)(given)


def datatrove_as_manyo(given: list[str]) -> list[bool]:
    """datatrove at manyo's bands and rows."""
    return datatrove_whole(Shape(), Shape().bands, Shape().rows)(given)


def text_dedup(given: list[str]) -> list[bool]:
    """text-dedup's command at manyo's bands and rows; its tokens are characters."""
    return text_dedup_whole(Shape())(given)


# --- datasketch and rensa: one text after another ----------------------------------------------------


def datasketch_whole(shape: Shape) -> Whole:
    """Return datasketch's `MinHashLSH` as its users use it.

    Raises:
        ImportError: datasketch is not installed.
    """
    from datasketch import MinHashLSH

    sketch = datasketch_sketch(shape)

    def work(texts: list[str]) -> list[bool]:
        lsh = MinHashLSH(num_perm=shape.permutations, params=(shape.bands, shape.rows))
        return keep_unlike(texts, sketch, lsh, partial(lsh.insert, check_duplication=False), shape)

    return work


def rensa_whole(shape: Shape) -> Whole:
    """Return rensa's `RMinHashLSH` used in the same way.

    Raises:
        ImportError: rensa is not installed.
    """
    from rensa import RMinHashLSH

    sketch = rensa_sketch(shape)

    def work(texts: list[str]) -> list[bool]:
        lsh = RMinHashLSH(threshold=shape.min_similarity, num_perm=shape.permutations, num_bands=shape.bands)
        return keep_unlike(texts, sketch, lsh, lsh.insert, shape)

    return work


def datasketch_sketch(shape: Shape) -> Callable[[str], Any]:
    """Return a function that makes datasketch's `MinHash` of a text.

    Raises:
        ImportError: datasketch is not installed.
    """
    from datasketch import MinHash

    def sketch(text: str) -> Any:
        made = MinHash(num_perm=shape.permutations)
        made.update_batch([shingle.encode() for shingle in shingles_of(text, shape)])
        return made

    return sketch


def rensa_sketch(shape: Shape) -> Callable[[str], Any]:
    """Return a function that makes rensa's `RMinHash` of a text.

    Raises:
        ImportError: rensa is not installed.
    """
    from rensa import RMinHash

    def sketch(text: str) -> Any:
        made = RMinHash(num_perm=shape.permutations, seed=1)
        made.update(shingles_of(text, shape))
        return made

    return sketch


def keep_unlike(
    texts: list[str], sketch: Callable[[str], Any], lsh: Any, insert: Callable[[int, Any], object], shape: Shape
) -> list[bool]:
    """Return which texts stay, if they come one after another and one stays if no earlier text that stays shares a band
    with it and is similar by estimate.
    """
    sketches: dict[int, Any] = {}
    kept = []
    for number, text in enumerate(texts):
        own = sketch(text)
        kept.append(not any(own.jaccard(sketches[other]) >= shape.min_similarity for other in lsh.query(own)))
        if kept[-1]:
            sketches[number] = own
            insert(number, own)
    return kept


def shingles_of(text: str, shape: Shape) -> list[str]:
    """Return the shingles of a text as strings, without white space."""
    text = "".join(text.split())
    return [text[i : i + shape.shingle_chars] for i in range(len(text) - shape.shingle_chars + 1)]


# --- datatrove and text-dedup: steps over files ------------------------------------------------------


def datatrove_whole(shape: Shape, buckets: int, hashes: int) -> Whole:
    """Return datatrove's four stages, on characters instead of words.

    Raises:
        ImportError: datatrove is not installed.
    """
    from datatrove.data import Document
    from datatrove.pipeline.dedup import minhash as stages

    config = stages.MinhashConfig(num_buckets=buckets, hashes_per_bucket=hashes, n_grams=shape.shingle_chars, seed=1)

    def work(texts: list[str]) -> list[bool]:
        given = [Document(text=text, id=str(number)) for number, text in enumerate(texts)]
        with tempfile.TemporaryDirectory() as folder:
            sign = stages.MinhashDedupSignature(output_folder=f"{folder}/signatures", config=config)
            sign.word_tokenizer = Characters()
            sign.run(iter(given), 0, 1)
            bucket = stages.MinhashDedupBuckets(f"{folder}/signatures", f"{folder}/buckets", config=config)
            for rank in range(buckets):
                bucket.run(None, rank, buckets)
            stages.MinhashDedupCluster(f"{folder}/buckets", f"{folder}/removed", config=config).run(None, 0, 1)
            left = {int(one.id) for one in stages.MinhashDedupFilter(f"{folder}/removed").run(iter(given), 0, 1)}
        return [number in left for number in range(len(texts))]

    return work


class Characters:
    """Replaces datatrove's word tokenizer, so that datatrove makes the same shingles."""

    def word_tokenize(self, text: str) -> list[str]:
        """Return all characters except white space."""
        return list("".join(text.split()))


def text_dedup_whole(shape: Shape) -> Whole:
    """Return text-dedup's command, from one folder of `datasets` to another, with one process.

    Raises:
        ImportError: text-dedup is not installed.
    """
    import datasets
    from text_dedup import minhash

    def work(texts: list[str]) -> list[bool]:
        # Its tokens are divided by blanks: characters, as ours.
        tokens = [" ".join("".join(text.split())) for text in texts]
        with tempfile.TemporaryDirectory() as folder:
            given = datasets.Dataset.from_dict({"text": tokens, "number": list(range(len(texts)))})
            given.save_to_disk(f"{folder}/given")
            options = f"--path {folder}/given --local --output {folder}/kept --column text --num_proc 1"
            options += f" --batch_size 10000 --num_perm {shape.permutations} --b {shape.bands} --r {shape.rows}"
            options += f" --ngram {shape.shingle_chars} --min_length {shape.shingle_chars}"
            with contextlib.redirect_stdout(sys.stderr):
                minhash.main(options.split(), standalone_mode=False)
            left = set(datasets.load_from_disk(f"{folder}/kept")["number"][:])
        return [number in left for number in range(len(texts))]

    return work
