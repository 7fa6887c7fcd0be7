"""Measures the quality and speed of dedup on Japanese text.

    python -m bench.dedup quality DATA    # against the true Jaccard similarity of all pairs
    python -m bench.dedup speed DATA      # signatures next to datasketch, rensa, datatrove and text-dedup
    python -m bench.dedup whole DATA      # the whole of dedup next to the whole of each peer, on the same documents

DATA is a folder with `web/japanese-000.warc.gz`, `web/labels.jsonl` and `aozora/`. Peers that are not installed are
skipped; text-dedup runs in its own interpreter (`--text-dedup PYTHON`). The numbers of
`docs/decisions/0002-minhash-parameters.md` come from here.
"""

from __future__ import annotations

import argparse
import html
import json
import random
import re
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from fastwarc.warc import ArchiveIterator, WarcRecordType
from scipy import sparse  # comes with datasketch
from sudachipy import Dictionary, SplitMode

from bench.entries.dedup_peers import (
    Characters,
    Shape,
    datasketch_sketch,
    datasketch_whole,
    datatrove_whole,
    rensa_sketch,
    rensa_whole,
)
from manyo.corpus.doc_ids import document_id
from manyo.corpus.text import Texts
from manyo.dedup.candidates.components import find_components
from manyo.dedup.candidates.keys import band_keys, deal_keys
from manyo.dedup.candidates.pairs import find_pairs
from manyo.dedup.same_address import SUPERSEDED
from manyo.dedup.settings import Dedup
from manyo.dedup.sketch.exact import Folded, exact_hashes, fold
from manyo.dedup.sketch.minhash import minhashes, signatures
from manyo.dedup.verdict.clusters import CLUSTERS, duplicates, find_clusters, in_order
from manyo.dedup.verdict.compared import deal_compared, link
from manyo.dedup.verdict.order import precedence

_NOT_TEXT = re.compile(r"(?is)<(script|style|head)\b.*?</\1\s*>|<!--.*?-->|<[^>]+>")
#: SudachiPy accepts 49,149 bytes at once.
_PIECE_CHARS = 12_000
_AOZORA_MARKUP = re.compile(r"(?s)《[^》]*》|［＃[^］]*］|｜|-{20,}.*?-{20,}|\n底本：.*")


def main() -> None:
    """Parse the command line and print one of the reports."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reports = parser.add_subparsers(dest="report", required=True)
    for name in ("quality", "speed", "whole"):
        report = reports.add_parser(name)
        report.add_argument("data", type=Path)
        if name != "quality":
            report.add_argument("--text-dedup", metavar="PYTHON", help="an interpreter that has text-dedup")
    arguments = parser.parse_args()
    if arguments.report == "quality":
        report_quality(arguments.data)
    elif arguments.report == "speed":
        report_speed(arguments.data, arguments.text_dedup)
    else:
        report_whole(arguments.data, arguments.text_dedup)


# --- texts -------------------------------------------------------------------------------------


def web_texts(data: Path) -> list[str]:
    """Return the pages of japanese-000 without tags: cruder than the extractor, so with more boilerplate."""
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
    """Return the Aozora files without ruby, notes, header and colophon, by file name."""
    return {
        path.name: _AOZORA_MARKUP.sub("", path.read_bytes().decode("cp932", "replace"))
        for path in sorted((data / "aozora").glob("*.txt"))
    }


def edited_copies(texts: list[str], copies: int) -> list[str]:
    """Return texts and copies of them in which some characters are replaced, up to one in 25.

    The real sets hold too few near duplicates for a percentage; these spread evenly over the similarities from 0.65
    to 1.
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
    """Return the distinct shingles of each document as 64-bit hashes; none for a document shorter than a shingle."""
    sets = []
    for begin, end in zip(folded.offsets, folded.offsets[1:], strict=False):
        points = folded.characters[begin:end].astype(np.uint64)
        n_shingles = max(0, len(points) - shingle_chars + 1)
        hashes = np.zeros(n_shingles, np.uint64)
        for i in range(shingle_chars):
            hashes = hashes * np.uint64(0x2545F4914F6CDD1D) + points[i : i + n_shingles]
            hashes ^= hashes >> np.uint64(29)
        sets.append(np.unique(hashes))
    return sets


def true_pairs(folded: Folded, shingle_chars: int, documents: np.ndarray) -> Pairs:
    """Return all pairs of the given documents that share a shingle."""
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
    """Return the positions of the documents of at least `min_chars`, one of each exact text."""
    _, first = np.unique(exact_hashes(folded), return_index=True)
    first = np.sort(first)
    return first[folded.chars[first] >= min_chars]


# --- quality -----------------------------------------------------------------------------------


def report_quality(data: Path) -> None:
    """Print how well shingle lengths separate texts, and what bands, rows and thresholds find."""
    web = web_texts(data)
    aozora = aozora_texts(data)
    groups = json.loads((data / "aozora/SAME_WORK_GROUPS.json").read_text(encoding="utf-8"))
    report_shingle_lengths(fold(Texts.from_strings(web)), list(aozora), list(aozora.values()), groups)
    report_words(web, list(aozora), list(aozora.values()), groups)
    report_lengths(fold(Texts.from_strings(web)))
    for name, texts in sets_of_texts(web, list(aozora.values())):
        report_settings(name, texts)


def sets_of_texts(web: list[str], aozora: list[str]) -> list[tuple[str, list[str]]]:
    """Return the three sets on which dedup is measured."""
    copies = edited_copies([text[:3000] for text in aozora if len(text) > 3000][:400], 6)
    return [("japanese-000", web), ("aozora", aozora), ("edited copies", copies)]


def report_shingle_lengths(web: Folded, names: list[str], texts: list[str], groups: list[list[str]]) -> None:
    """Print, for each shingle length, the similarity of unrelated works, of editions, and of web pages."""
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


def report_words(web: list[str], names: list[str], aozora: list[str], groups: list[list[str]]) -> None:
    """Print the same for shingles of words."""
    points = {name: as_words(texts) for name, texts in (("web", web), ("aozora", aozora))}
    group_of = {name: i for i, group in enumerate(groups) for name in group}
    labels = np.array([group_of.get(name, -1 - i) for i, name in enumerate(names)])
    print("\nshingles of words:")
    for width in (1, 2, 3, 5):
        works = true_pairs(points["aozora"], width, distinct_documents(fold(Texts.from_strings(aozora)), 50))
        same = labels[works.left] == labels[works.right]
        unrelated = works.jaccard[~same]
        pages = true_pairs(points["web"], width, distinct_documents(fold(Texts.from_strings(web)), 50)).jaccard
        print(
            f"{width:5}   {np.quantile(unrelated, 0.9999):7.3f} {unrelated.max():7.3f}  ",
            *(f"{np.sum(works.jaccard[same] >= least):6}" for least in (0.6, 0.8, 0.9)),
            "  ",
            *(f"{np.sum(pages >= least):6}" for least in (0.5, 0.7, 0.8, 0.9)),
            flush=True,
        )


def as_words(texts: list[str]) -> Folded:
    """Return texts whose characters are words: the number of each short unit of SudachiPy, without white space."""
    tokenizer = Dictionary().tokenizer(mode=SplitMode.A)
    numbers: dict[str, int] = {}
    points, ends = [], [0]
    for text in texts:
        pieces = (text[start : start + _PIECE_CHARS] for start in range(0, len(text), _PIECE_CHARS))
        words = [
            numbers.setdefault(word.surface(), len(numbers))
            for piece in pieces
            for word in tokenizer.tokenize(piece)
            if word.surface().strip()
        ]
        points.append(np.array(words, np.uint32))
        ends.append(ends[-1] + len(words))
    return Folded(np.concatenate(points), np.array(ends))


def report_lengths(web: Folded) -> None:
    """Print how many near pairs there are by the length of the shorter page."""
    pairs = true_pairs(web, Dedup().shingle_chars, distinct_documents(web, 20))
    shorter = np.minimum(web.chars[pairs.left], web.chars[pairs.right])
    print("\nchars of the shorter   pages   pairs 0.7-0.8   0.8-0.9   0.9-1")
    for least, below in ((20, 50), (50, 100), (100, 200), (200, 300), (300, 1000), (1000, 10**9)):
        near = pairs.jaccard[(shorter >= least) & (shorter < below)]
        pages = np.sum((web.chars >= least) & (web.chars < below))
        counts = np.histogram(near, [0.7, 0.8, 0.9, 1.01])[0]
        print(f"{least:8} to {below:<10} {pages:6} {counts[0]:13} {counts[1]:9} {counts[2]:8}")


def report_settings(name: str, texts: list[str]) -> None:
    """Print the recall of pairs and the precision of removals, for bands x rows and thresholds."""
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


#: A whole dedup: from texts to flags of those kept, and processor seconds.
Timed = Callable[[list[str]], tuple[np.ndarray, float]]


class Removals(NamedTuple):
    """What a dedup did, by the pairs that are truly at least 0.8 similar.

    Peers do not report what a removed document repeats; a removal counts as true if the document is at least 0.8
    similar to any document that is kept. A pair is missed if both are kept.

    Attributes:
        removed: number of documents.
        true: of them, those with a similar kept one.
        missed: bool (n_pairs,).
    """

    removed: int
    true: int
    missed: np.ndarray


def near_pairs(texts: list[str]) -> Pairs:
    """Return the pairs of texts that are truly at least 0.8 similar."""
    pairs = true_pairs(fold(Texts.from_strings(texts)), Dedup().shingle_chars, np.arange(len(texts)))
    return Pairs(*(column[pairs.jaccard >= 0.8] for column in (pairs.left, pairs.right, pairs.jaccard)))


def removals(near: Pairs, kept: np.ndarray) -> Removals:
    """Judge which documents were kept, bool (n_documents,)."""
    stands = np.concatenate((near.left[kept[near.right]], near.right[kept[near.left]]))
    removed = np.flatnonzero(~kept)
    return Removals(len(removed), int(np.isin(removed, stands).sum()), kept[near.left] & kept[near.right])


def report_whole(data: Path, text_dedup: str | None) -> None:
    """Print the whole of dedup next to the whole of each peer, on distinct documents that are long enough for manyo."""
    usual = Dedup()
    for name, texts in sets_of_texts(web_texts(data), list(aozora_texts(data).values())):
        documents = distinct_documents(fold(Texts.from_strings(texts)), usual.min_chars)
        given = [texts[document] for document in documents]
        near = near_pairs(given)
        print(f"\n{name}: {len(given)} documents, {len(near.left)} pairs at least 0.8", end="; ")
        print(f"{np.sum(near.jaccard >= 0.9)} at least 0.9")
        print("                           seconds   removed   like a kept one   missed >=0.8   missed >=0.9")
        for peer, run in wholes(usual, text_dedup):
            kept, seconds = run(given)
            found = removals(near, kept)
            print(f"  {peer:23} {seconds:9.2f} {found.removed:9} {found.true / max(1, found.removed):17.4f}", end=" ")
            print(f"{found.missed.sum():14} {(found.missed & (near.jaccard >= 0.9)).sum():14}", flush=True)


def shape_of(settings: Dedup) -> Shape:
    """Return the same bands and rows for peers."""
    return Shape(settings.bands, settings.rows, settings.shingle_chars, settings.min_similarity)


def wholes(settings: Dedup, text_dedup: str | None) -> list[tuple[str, Timed]]:
    """Return manyo and the installed peers, all at the same bands and rows, and datatrove at its own as well."""

    def timed(work: Callable[[list[str]], Any]) -> Timed:
        def run(texts: list[str]) -> tuple[np.ndarray, float]:
            start = time.process_time()
            kept = np.asarray(work(texts), bool)
            return kept, time.process_time() - start

        return run

    deduplicate(["あ" * settings.min_chars] * 2, settings)  # compiles
    found: list[tuple[str, Timed]] = [("manyo", timed(lambda texts: deduplicate(texts, settings)[0]))]
    shape = shape_of(settings)
    for name, made in (
        ("datasketch, LSH", partial(datasketch_whole, shape)),
        ("rensa, LSH", partial(rensa_whole, shape)),
        ("datatrove, 14 x 8", partial(datatrove_whole, shape, 14, 8)),
        (f"datatrove, {shape.bands} x {shape.rows}", partial(datatrove_whole, shape, shape.bands, shape.rows)),
    ):
        with suppress(ImportError):
            found.append((name, timed(made())))
    if text_dedup is not None:

        def with_text_dedup(texts: list[str]) -> tuple[np.ndarray, float]:
            kept, _, seconds = run_text_dedup(text_dedup, texts, settings)
            return kept, seconds

        found.append(("text-dedup", with_text_dedup))
    return found


def run_text_dedup(python: str, texts: list[str], settings: Dedup) -> tuple[np.ndarray, float, float]:
    """Run text-dedup in another interpreter (`bench/peer_text_dedup.py`).

    Returns:
        Which texts it keeps, and the processor seconds of its signatures and of its whole command, which makes them
        once more.
    """
    with tempfile.TemporaryDirectory() as folder:
        given, kept = Path(folder, "texts.json"), Path(folder, "kept.json")
        # Its tokens are divided by blanks: characters, as ours.
        given.write_text(json.dumps([" ".join("".join(text.split())) for text in texts]), "utf-8")
        numbers = (settings.permutations, settings.bands, settings.rows, settings.shingle_chars)
        command = [python, str(Path(__file__).with_name("peer_text_dedup.py")), str(given), str(kept)]
        done = subprocess.run(
            [*command, *map(str, numbers)], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        signatures_s, whole_s = map(float, done.stdout.split()[-2:])
        is_kept = np.isin(np.arange(len(texts)), json.loads(kept.read_text("utf-8")))
    return is_kept, signatures_s, whole_s


def share_a_key(folded: Folded, pairs: Pairs, settings: Dedup) -> np.ndarray:
    """Return bool (n_pairs,), whether both documents of a pair have a band key in common."""
    keys = np.zeros((len(folded.chars), settings.bands), np.uint64)
    keys[folded.chars >= settings.min_chars] = band_keys(minhashes(folded, settings), settings)
    shared: np.ndarray = (keys[pairs.left] == keys[pairs.right]).any(axis=1)
    return shared


def deduplicate(texts: list[str], settings: Dedup) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Run all stages; return for each text whether it is kept, its survivor, and whether both are equal."""
    settings = replace(settings, parts=settings.parts or 1)  # 0 lets a run choose
    ids = [document_id("bench", str(i)) for i in range(len(texts))]
    columns = {
        "doc_id": pa.array(ids, pa.binary(16)),
        "source": pa.array(["bench"] * len(texts)),
        "fetched_at": pa.nulls(len(texts), pa.timestamp("s", "UTC")),
        "text": pa.array(texts, pa.large_string()),
        "uses": pa.array([["train", "redistribute"]] * len(texts)),
    }
    batch = pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))
    in_play = np.ones(len(texts), bool)
    signed = signatures(batch, settings)
    places = precedence(batch, signed.column("chars").to_numpy(), settings)
    pairs = [find_pairs([keys], 1)[0] for keys in deal_keys(signed, places, in_play, 0, settings, 4)]
    (components,) = find_components(lambda: pairs, 1, settings.parts)
    compared = deal_compared(batch, signed, 0, link(components, pairs), settings)
    clusters = [find_clusters([part], 1, settings)[0] for part in compared]
    none = in_order([], SUPERSEDED)
    rows = duplicates(batch.column("doc_id"), in_play, none, in_order(clusters, CLUSTERS))
    position = {doc_id: i for i, doc_id in enumerate(ids)}
    survivor = np.array([position[doc_id] for doc_id in rows.column("cluster").to_pylist()])
    hashes = signed.column("exact_hash").to_numpy()
    return rows.column("kept").to_numpy(zero_copy_only=False), survivor, hashes == hashes[survivor]


def _jaccard(one: np.ndarray, other: np.ndarray) -> float:
    common = len(np.intersect1d(one, other, assume_unique=True))
    return common / (len(one) + len(other) - common)


# --- speed -------------------------------------------------------------------------------------


def report_speed(data: Path, text_dedup: str | None) -> None:
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
        print(
            f"  manyo signatures      {size_mb / _seconds(lambda batch=batch: signatures(batch, settings)):8.1f} MB/s"
        )
        print(f"    fold                {size_mb / _seconds(lambda column=column: fold(column)):8.1f} MB/s")
        print(f"    exact hashes        {size_mb / _seconds(lambda folded=folded: exact_hashes(folded)):8.1f} MB/s")
        print(
            f"    minhashes           {size_mb / _seconds(lambda folded=folded: minhashes(folded, settings)):8.1f} MB/s"
        )
        sample = texts[:: max(1, len(texts) // 100)]
        sample_mb = sum(len(text.encode()) for text in sample) / 1e6
        for peer, sign in peers(settings):
            seconds = _seconds(lambda sign=sign, sample=sample: [sign(text) for text in sample], repeats=1)
            print(f"  {peer:22}{sample_mb / seconds:8.2f} MB/s")
        if text_dedup is not None:
            print(f"  {'text-dedup':22}{sample_mb / run_text_dedup(text_dedup, sample, settings)[1]:8.2f} MB/s")


def peers(settings: Dedup) -> list[tuple[str, Callable[[str], object]]]:
    """Return the installed peers, each as a function from a text to its signature over the same shingles."""
    found: list[tuple[str, Callable[[str], object]]] = []
    with suppress(ImportError):
        found.append(("datasketch", datasketch_sketch(shape_of(settings))))
    with suppress(ImportError):
        rensa = rensa_sketch(shape_of(settings))
        found.append(("rensa", lambda text: rensa(text).digest()))
    try:
        from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupSignature
    except ImportError:
        return found
    step = MinhashDedupSignature(
        output_folder=tempfile.gettempdir(),  # nothing is written
        config=MinhashConfig(
            num_buckets=settings.bands, hashes_per_bucket=settings.rows, n_grams=settings.shingle_chars
        ),
    )
    step.word_tokenizer = Characters()
    found.append(("datatrove, characters", lambda text: step.get_signature(step.get_shingles(text))))
    by_words = MinhashDedupSignature(
        output_folder=tempfile.gettempdir(),
        config=MinhashConfig(num_buckets=settings.bands, hashes_per_bucket=settings.rows),
        language="jpn_Jpan",
    )
    found.append(("datatrove, words", lambda text: by_words.get_signature(by_words.get_shingles(text))))
    return found


def _seconds(work: Callable[[], object], repeats: int = 3) -> float:
    """Return the least processor seconds of some runs, after one that compiles."""
    work()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


if __name__ == "__main__":
    main()
