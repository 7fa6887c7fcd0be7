"""How good and how fast dedup is on Japanese text.

    python -m bench.dedup quality DATA    # against the true Jaccard similarity of all pairs
    python -m bench.dedup speed DATA      # signatures beside datasketch, rensa and datatrove

DATA is a folder with `web/japanese-000.warc.gz`, `web/labels.jsonl` and `aozora/`. Peers that are
not installed are left out. The numbers of `docs/decisions/0002-minhash-parameters.md` come from here.
"""

from __future__ import annotations

import argparse
import html
import json
import random
import re
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from fastwarc.warc import ArchiveIterator, WarcRecordType
from scipy import sparse  # comes with datasketch

from corpus.records import document_id
from corpus.text import Texts
from dedup.clusters import duplicates, find_clusters
from dedup.exact import Folded, exact_hashes, fold
from dedup.minhash import minhashes, signatures
from dedup.pairs import band_keys, combine, split
from dedup.settings import Dedup

_NOT_TEXT = re.compile(r"(?is)<(script|style|head)\b.*?</\1\s*>|<!--.*?-->|<[^>]+>")
_AOZORA_MARKUP = re.compile(r"(?s)《[^》]*》|［＃[^］]*］|｜|-{20,}.*?-{20,}|\n底本：.*")


def main() -> None:
    """Parse the command line and print one of the two reports."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", choices=["quality", "speed"])
    parser.add_argument("data", type=Path)
    arguments = parser.parse_args()
    if arguments.report == "quality":
        report_quality(arguments.data)
    else:
        report_speed(arguments.data)


# --- texts -------------------------------------------------------------------------------------


def web_texts(data: Path) -> list[str]:
    """The pages of japanese-000 without tags: cruder than the extractor, so with more boilerplate."""
    charsets = {}
    with (data / "web/labels.jsonl").open(encoding="utf-8") as labels:
        for line in labels:
            label = json.loads(line)
            charsets[label["warc"], label["url"]] = label["encoding"]
    texts = []
    name = "japanese-000.warc.gz"
    with (data / "web" / name).open("rb") as stream:
        for record in ArchiveIterator(stream, record_types=WarcRecordType.response):
            charset = charsets[name, record.headers["WARC-Target-URI"]]
            page = record.reader.read().decode(charset, "replace")
            texts.append(re.sub(r"\s*\n\s*", "\n", html.unescape(_NOT_TEXT.sub(" ", page))))
    return texts


def aozora_texts(data: Path) -> dict[str, str]:
    """The Aozora files without ruby, notes, header and colophon, by file name."""
    return {
        path.name: _AOZORA_MARKUP.sub("", path.read_bytes().decode("cp932", "replace"))
        for path in sorted((data / "aozora").glob("*.txt"))
    }


def edited_copies(texts: list[str], copies: int) -> list[str]:
    """Texts and copies of them with characters replaced here and there, up to one in 25.

    Real near duplicates are too few for a percentage; these spread evenly over the similarities
    from 0.65 to 1.
    """
    dice = random.Random(2)
    edited = list(texts)
    for text in texts:
        for _ in range(copies):
            characters = list(text)
            for _ in range(int(len(text) * dice.random() / 25)):
                characters[dice.randrange(len(text))] = chr(dice.randrange(0x4E00, 0x9FA0))
            edited.append("".join(characters))
    return edited


# --- truth -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of documents, `left < right`, and their true Jaccard similarity."""

    left: np.ndarray
    right: np.ndarray
    jaccard: np.ndarray


def shingle_hashes(folded: Folded, shingle_chars: int) -> list[np.ndarray]:
    """The distinct shingles of each document as 64-bit hashes, none for one shorter than a shingle."""
    sets = []
    for begin, end in zip(folded.offsets, folded.offsets[1:], strict=False):
        points = folded.codepoints[begin:end].astype(np.uint64)
        n_shingles = max(0, len(points) - shingle_chars + 1)
        hashes = np.zeros(n_shingles, np.uint64)
        for i in range(shingle_chars):
            hashes = hashes * np.uint64(0x2545F4914F6CDD1D) + points[i : i + n_shingles]
            hashes ^= hashes >> np.uint64(29)
        sets.append(np.unique(hashes))
    return sets


def true_pairs(folded: Folded, shingle_chars: int, documents: np.ndarray) -> Pairs:
    """All pairs of the given documents that have a shingle in common."""
    every = shingle_hashes(folded, shingle_chars)
    sets = [every[document] for document in documents]
    sizes = np.array([len(members) for members in sets])
    _, columns, counts = np.unique(np.concatenate(sets), return_inverse=True, return_counts=True)
    bounds = np.concatenate(([0], np.cumsum(sizes)))
    has = sparse.csr_matrix((np.ones(len(columns), np.float32), columns, bounds))[:, counts > 1]
    found = []
    for begin in range(0, len(sets), 256):
        common = (has[begin : begin + 256] @ has.T).tocoo()
        left, right = common.row + begin, common.col
        upper = left < right
        left, right, common_count = left[upper], right[upper], common.data[upper]
        found.append((left, right, common_count / (sizes[left] + sizes[right] - common_count)))
    left, right, jaccard = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return Pairs(documents[left], documents[right], jaccard)


def distinct_documents(folded: Folded, min_chars: int) -> np.ndarray:
    """Positions of the documents of at least `min_chars`, one of each exact text."""
    _, first = np.unique(exact_hashes(folded), return_index=True)
    first = np.sort(first)
    return first[folded.chars[first] >= min_chars]


# --- quality -----------------------------------------------------------------------------------


def report_quality(data: Path) -> None:
    """Print what shingle lengths tell apart, and what bands, rows and thresholds find."""
    web = web_texts(data)
    aozora = aozora_texts(data)
    groups = json.loads((data / "aozora/SAME_WORK_GROUPS.json").read_text(encoding="utf-8"))
    report_shingle_lengths(fold(Texts.from_strings(web)), list(aozora), list(aozora.values()), groups)
    report_lengths(fold(Texts.from_strings(web)))
    copies = edited_copies([text[:3000] for text in aozora.values() if len(text) > 3000][:400], 6)
    for name, texts in (("japanese-000", web), ("aozora", list(aozora.values())), ("edited copies", copies)):
        report_settings(name, texts)


def report_shingle_lengths(web: Folded, names: list[str], texts: list[str], groups: list[list[str]]) -> None:
    """For each shingle length: similarity of unrelated works, of editions, and of web pages."""
    group_of = {name: i for i, group in enumerate(groups) for name in group}
    labels = np.array([group_of.get(name, -1 - i) for i, name in enumerate(names)])
    aozora = fold(Texts.from_strings(texts))
    print("shingle  unrelated works     editions of a work     web pages, pairs at least")
    print("chars    p99.99     max      0.6    0.8    0.9      0.5    0.7    0.8    0.9")
    for shingle_chars in (3, 4, 5, 6, 8, 10):
        works = true_pairs(aozora, shingle_chars, distinct_documents(aozora, 50))
        same = labels[works.left] == labels[works.right]
        unrelated = works.jaccard[~same]
        pages = true_pairs(web, shingle_chars, distinct_documents(web, 50)).jaccard
        print(
            f"{shingle_chars:5}   {np.quantile(unrelated, 0.9999):7.3f} {unrelated.max():7.3f}  ",
            *(f"{np.sum(works.jaccard[same] >= least):6}" for least in (0.6, 0.8, 0.9)),
            "  ",
            *(f"{np.sum(pages >= least):6}" for least in (0.5, 0.7, 0.8, 0.9)),
        )


def report_lengths(web: Folded) -> None:
    """Where near pairs lie by the length of the shorter page."""
    pairs = true_pairs(web, Dedup().shingle_chars, distinct_documents(web, 20))
    shorter = np.minimum(web.chars[pairs.left], web.chars[pairs.right])
    print("\nchars of the shorter   pages   pairs 0.7-0.8   0.8-0.9   0.9-1")
    for least, below in ((20, 50), (50, 100), (100, 200), (200, 300), (300, 1000), (1000, 10**9)):
        near = pairs.jaccard[(shorter >= least) & (shorter < below)]
        pages = np.sum((web.chars >= least) & (web.chars < below))
        counts = np.histogram(near, [0.7, 0.8, 0.9, 1.01])[0]
        print(f"{least:8} to {below:<10} {pages:6} {counts[0]:13} {counts[1]:9} {counts[2]:8}")


def report_settings(name: str, texts: list[str]) -> None:
    """Recall of pairs and precision of removals, for bands x rows and thresholds."""
    folded = fold(Texts.from_strings(texts))
    usual = Dedup()
    pairs = true_pairs(folded, usual.shingle_chars, distinct_documents(folded, usual.min_chars))
    sets = shingle_hashes(folded, usual.shingle_chars)
    print(f"\n{name}: {len(texts)} documents", end="; pairs at least 0.8: ")
    print(f"{np.sum(pairs.jaccard >= 0.8)}, at least 0.9: {np.sum(pairs.jaccard >= 0.9)}")
    print("bands rows similar | share a key >=0.8   >=0.9 | not both kept >=0.8   >=0.9 | removed  truly >=0.8   worst")
    for bands, rows in ((14, 8), (16, 8), (18, 7), (21, 6), (32, 8)):
        keyed = replace(usual, bands=bands, rows=rows)
        near = Pairs(*(column[pairs.jaccard >= 0.5] for column in (pairs.left, pairs.right, pairs.jaccard)))
        shares = share_a_key(folded, near, keyed)
        for min_similarity in (0.75, 0.8, 0.85):
            settings = replace(keyed, min_similarity=min_similarity)
            kept, survivor, exact = deduplicate(texts, settings)
            found = ~(kept[near.left] & kept[near.right])
            removed = np.flatnonzero(~kept & ~exact)
            truth = np.array([_jaccard(sets[doc], sets[survivor[doc]]) for doc in removed])
            print(
                f"{bands:5} {rows:4} {min_similarity:7} |",
                *(f"{np.mean(shares[near.jaccard >= least]):13.4f}" for least in (0.8, 0.9)),
                "|",
                *(f"{np.mean(found[near.jaccard >= least]):13.4f}" for least in (0.8, 0.9)),
                f"| {len(removed):7} {np.mean(truth >= 0.8):10.4f} {truth.min(initial=1):9.3f}",
            )


def share_a_key(folded: Folded, pairs: Pairs, settings: Dedup) -> np.ndarray:
    """bool (n_pairs,), whether both documents of a pair have a band key in common."""
    keys = np.zeros((len(folded.chars), settings.bands), np.uint64)
    keys[folded.chars >= settings.min_chars] = band_keys(minhashes(folded, settings), settings)
    shared: np.ndarray = (keys[pairs.left] == keys[pairs.right]).any(axis=1)
    return shared


def deduplicate(texts: list[str], settings: Dedup) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Run all stages; returns for each text whether it is kept, its survivor, and whether both are equal."""
    ids = [document_id("bench", str(i)) for i in range(len(texts))]
    batch = pa.RecordBatch.from_arrays(
        [pa.array(ids, pa.binary(16)), pa.array(texts, pa.large_string())], names=["doc_id", "text"]
    )
    in_play = np.ones(len(texts), bool)
    signed = signatures(batch, settings)
    pairs = [combine([keys]) for keys in split(signed, in_play, settings, 4)]
    rows = duplicates(batch.column("doc_id"), in_play, find_clusters(pairs, [signed], settings))
    position = {doc_id: i for i, doc_id in enumerate(ids)}
    survivor = np.array([position[doc_id] for doc_id in rows.column("cluster").to_pylist()])
    hashes = signed.column("exact_hash").to_numpy()
    return rows.column("kept").to_numpy(zero_copy_only=False), survivor, hashes == hashes[survivor]


def _jaccard(one: np.ndarray, other: np.ndarray) -> float:
    common = len(np.intersect1d(one, other, assume_unique=True))
    return common / (len(one) + len(other) - common)


# --- speed -------------------------------------------------------------------------------------


def report_speed(data: Path) -> None:
    """Print megabytes of UTF-8 text per processor second, for signatures of the same number of minima."""
    settings = Dedup()
    web = [text for text in web_texts(data) if len(text) >= settings.min_chars]
    for name, texts in (("japanese-000", web), ("aozora", list(aozora_texts(data).values()))):
        size_mb = sum(len(text.encode()) for text in texts) / 1e6
        batch = pa.RecordBatch.from_arrays(
            [pa.array([bytes(16)] * len(texts), pa.binary(16)), pa.array(texts, pa.large_string())],
            names=["doc_id", "text"],
        )
        column = Texts.from_arrow(batch.column("text"))
        folded = fold(column)
        print(f"\n{name}: {len(texts)} documents, {size_mb:.1f} MB, {settings.permutations} permutations")
        print(f"  manyo signatures   {size_mb / _seconds(lambda batch=batch: signatures(batch, settings)):8.1f} MB/s")
        print(f"    fold             {size_mb / _seconds(lambda column=column: fold(column)):8.1f} MB/s")
        print(f"    exact hashes     {size_mb / _seconds(lambda folded=folded: exact_hashes(folded)):8.1f} MB/s")
        print(f"    minhashes        {size_mb / _seconds(lambda folded=folded: minhashes(folded, settings)):8.1f} MB/s")
        sample = texts[:: max(1, len(texts) // 100)]
        sample_mb = sum(len(text.encode()) for text in sample) / 1e6
        for peer, sign in peers(settings):
            seconds = _seconds(lambda sign=sign, sample=sample: [sign(text) for text in sample], repeats=1)
            print(f"  {peer:18} {sample_mb / seconds:8.2f} MB/s")


def peers(settings: Dedup) -> list[tuple[str, Callable[[str], object]]]:
    """The installed peers, each as a function from a text to its signature over the same shingles."""
    width = settings.shingle_chars

    def shingles(text: str) -> list[str]:
        text = "".join(text.split())
        return [text[i : i + width] for i in range(len(text) - width + 1)]

    found: list[tuple[str, Callable[[str], object]]] = []
    try:
        from datasketch import MinHash
    except ImportError:
        pass
    else:

        def with_datasketch(text: str) -> object:
            sketch = MinHash(num_perm=settings.permutations)
            sketch.update_batch([shingle.encode() for shingle in shingles(text)])
            return sketch

        found.append(("datasketch", with_datasketch))
    try:
        from rensa import RMinHash
    except ImportError:
        pass
    else:

        def with_rensa(text: str) -> object:
            sketch = RMinHash(num_perm=settings.permutations, seed=1)
            sketch.update(shingles(text))
            return sketch.digest()

        found.append(("rensa", with_rensa))
    try:
        from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupSignature
    except ImportError:
        return found
    step = MinhashDedupSignature(
        output_folder=tempfile.gettempdir(),  # nothing is written
        config=MinhashConfig(num_buckets=settings.bands, hashes_per_bucket=settings.rows, n_grams=width),
    )
    step.word_tokenizer = _Characters()
    found.append(("datatrove", lambda text: step.get_signature(step.get_shingles(text))))
    return found


class _Characters:
    """In the place of datatrove's word tokenizer, so that it makes the same shingles."""

    def word_tokenize(self, text: str) -> list[str]:
        """All characters but white space."""
        return list("".join(text.split()))


def _seconds(work: Callable[[], object], repeats: int = 3) -> float:
    """Processor seconds of the shortest of some runs, after one to compile; other work on the machine counts less."""
    work()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


if __name__ == "__main__":
    main()
