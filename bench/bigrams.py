"""Counts the tables of `corpus/lifts.py`: how much more often than by chance characters are neighbours.

    python -m bench.bigrams DATA > corpus/bigrams.txt
    python -m bench.bigrams DATA --kanji > corpus/kanji.txt

The second table lists the most frequent kanji in order, with old forms counted as new ones. DATA is a folder with
`aozora/` and `classical/genji_tei/`. Every second work is counted (`is_counted`), so that `bench/profiles.py` can
measure on the others. The output contains figures, no text.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import joyokanji
import numpy as np

from manyo.corpus.lifts import (
    BITS_ZERO,
    BLANK,
    KANA,
    KANJI,
    MARKS,
    MAX_BITS,
    OTHER,
    RARE,
    STEPS_PER_BIT,
    class_table,
)
from manyo.corpus.records import Document, InputFile, InputShard, Record
from manyo.corpus.sources.source_kinds import KINDS

_KANJI_ROWS = 150
#: 94.5 % of the kanji in running text, and half of the 2,965 kanji of JIS level 1, from which a misreading may come.
_COMMON_KANJI = 1500
#: Genji is 3 % of the counted text; with this weight it makes up a seventh of the table's counts.
_GENJI_WEIGHT = 4
#: A pair's count and its expected count both grow by this, so that rare pairs have no weight.
_SMOOTHING = 10


def main() -> None:
    """Print the table."""
    if len(sys.argv) not in (2, 3) or sys.argv[2:] not in ([], ["--kanji"]):
        sys.exit(__doc__)
    counted = [(text, weight) for name, text, weight in works(Path(sys.argv[1])) if is_counted(name)]
    if sys.argv[2:]:
        print(common_kanji(text for text, _ in counted))
        return
    frequent = Counter(character for text, _ in counted for character in text if "一" <= character <= "鿿")
    characters = KANA + MARKS + _commonest(frequent, _KANJI_ROWS)
    classes = class_table(characters, "")
    classes[classes == RARE] = KANJI
    pairs = np.zeros((len(characters) + 2,) * 2)
    for text, weight in counted:
        seen = classes[np.frombuffer(text.encode("utf-32-le"), np.uint32)]
        seen = seen[seen != BLANK]
        beside = (seen[:-1] != OTHER) & (seen[1:] != OTHER)
        np.add.at(pairs, (seen[:-1][beside], seen[1:][beside]), weight)
    pairs = pairs[KANJI:, KANJI:]
    expected = np.outer(pairs.sum(axis=1), pairs.sum(axis=0)) / pairs.sum()
    bits = np.clip(np.log2((pairs + _SMOOTHING) / (expected + _SMOOTHING)), -MAX_BITS, MAX_BITS)
    print("# How much more often than chance characters stand side by side: one row for the first, one column for the")
    print("# second, kanji without a row of their own first; H is chance, each letter on from it a quarter of a bit.")
    print("# Written by bench/bigrams.py, which says of what; read by corpus/lifts.py.")
    print(characters)
    for row in np.round(bits * STEPS_PER_BIT).astype(int) + BITS_ZERO:
        print("".join(map(chr, row)))


def common_kanji(texts: Iterable[str]) -> str:
    """Return the most frequent kanji of the texts, in new forms, the most frequent first."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(character for character in joyokanji.convert(text) if "一" <= character <= "鿿")
    return _commonest(counts, _COMMON_KANJI)


def _commonest(counts: Counter[str], number: int) -> str:
    return "".join(kanji for kanji, _ in sorted(counts.items(), key=_by_rank)[:number])


def _by_rank(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def is_counted(work: str) -> bool:
    """Return whether a work is in the half from which the table is made; rules are measured on the other half."""
    return hashlib.blake2b(work.encode(), digest_size=1).digest()[0] % 2 == 0


def works(data: Path) -> Iterator[tuple[str, str, int]]:
    """Yield name, text and weight of every Aozora text and chapter of Genji; editions of a work share its name."""
    groups = json.loads((data / "aozora" / "SAME_WORK_GROUPS.json").read_text(encoding="utf-8"))
    work_of = {name: group[0].split("_")[0] for group in groups for name in group}
    for path, text in documents("aozora", sorted((data / "aozora").glob("*.txt"))):
        yield work_of.get(path.name, path.name.split("_")[0]), text, 1
    for path, text in documents("tei", sorted((data / "classical" / "genji_tei").glob("*.xml"))):
        yield f"chapter {int(path.stem)}", text, _GENJI_WEIGHT


def documents(kind: str, paths: list[Path]) -> Iterator[tuple[Path, str]]:
    """Yield the documents of these files: the file (in a WARC, the address), and the text."""
    source = KINDS[kind]
    options = source.Options()
    shard = InputShard("all", tuple(InputFile(str(path), path.stat().st_size, "") for path in paths))
    for record in source.records(shard, options):
        if isinstance(record, Record) and isinstance(document := source.parse(record, options), Document):
            yield Path(document.uri if kind == "warc" else record.origin_file), document.text


if __name__ == "__main__":
    main()
