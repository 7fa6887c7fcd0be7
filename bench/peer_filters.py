"""Runs the filters of HojiChar and datatrove for `bench/filters.py`, in any Python that has them, without manyo.

    PYTHON bench/peer_filters.py TEXTS.json

HojiChar: the filters whose measures are among manyo's signals and need no word segmentation (language, length, full
stops, repeated characters and strings, short lines, ellipses, marks of message boards, words of the four lists that it
ships). datatrove: Gopher quality and repetition, C4 and FineWeb, for Japanese, each of which segments the text into
words. Every document goes through every filter, whatever the other filters decide. Prints a JSON object: least
processor time of two runs, in seconds.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import hojichar  # type: ignore[import-not-found]
from datatrove.data import Document
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)
from hojichar.filters import document_filters as hoji  # type: ignore[import-not-found]

HOJICHAR = (
    hoji.AcceptJapanese(),
    hoji.DocumentLengthFilter(min_doc_len=100),
    hoji.DiscardRareKuten(),
    hoji.CharRepetitionRatioFilter(),
    hoji.SingleCharacterRepetitionFilter(),
    hoji.DiscardTooShortLines(),
    hoji.DiscardTooManyEndingEllipsis(),
    hoji.DiscardBBSComments(),
    hoji.DiscardAds(),
    hoji.DiscardAdultContentJa(),
    hoji.DiscardDiscriminationContentJa(),
    hoji.DiscardViolenceContentJa(),
)
DATATROVE = (
    GopherQualityFilter(language="jpn_Jpan"),
    GopherRepetitionFilter(language="jpn_Jpan"),
    C4QualityFilter(language="jpn_Jpan", filter_no_terminal_punct=False),
    FineWebQualityFilter(language="jpn_Jpan"),
)


def by_hojichar(texts: list[str]) -> None:
    """Run twelve filters on every text."""
    for text in texts:
        for one in HOJICHAR:
            one.apply(hojichar.Document(text))


def by_datatrove(texts: list[str]) -> None:
    """Run four filters on every text."""
    for number, text in enumerate(texts):
        for one in DATATROVE:
            one.filter(Document(text=text, id=str(number)))


def least_seconds(work: Callable[[list[str]], None], texts: list[str]) -> float:
    """Return the least processor time, with models loaded."""
    work(texts[:1])
    seconds = []
    for _ in range(2):
        start = time.process_time()
        work(texts)
        seconds.append(time.process_time() - start)
    return min(seconds)


def main() -> None:
    """Time both."""
    texts = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    print(json.dumps({"HojiChar": least_seconds(by_hojichar, texts), "datatrove": least_seconds(by_datatrove, texts)}))


if __name__ == "__main__":
    main()
