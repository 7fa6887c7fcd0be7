"""Runs HojiChar's MaskPersonalInformation for `bench/scrub.py`, in any Python that has it, without manyo.

    PYTHON bench/peer_hojichar.py TEXTS.json ROUNDS

Prints a JSON object: the least processor time for all texts in seconds, and (row, start, stop) of each mask.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from entries.pii_peers import hojichar  # type: ignore[import-not-found]  # next to this file
from hojichar import Document  # type: ignore[import-not-found]
from hojichar.filters.document_filters import MaskPersonalInformation  # type: ignore[import-not-found]


def main() -> None:
    """Time and locate."""
    texts = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    mask = MaskPersonalInformation()
    times = []
    for _ in range(int(sys.argv[2])):
        start = time.process_time()
        for text in texts:
            mask.apply(Document(text))
        times.append(time.process_time() - start)
    spans = [(row, *span[:2]) for row, found in enumerate(hojichar(texts)) for span in found]
    print(json.dumps({"seconds": min(times), "spans": spans}))


if __name__ == "__main__":
    main()
