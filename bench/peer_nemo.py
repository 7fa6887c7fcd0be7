"""Runs NeMo Curator's Common Crawl stage for `bench/web.py`, in any Python that has it; imports nothing of manyo.

    PYTHON bench/peer_nemo.py ALGORITHM PAGES.json WARC …

ALGORITHM is justext or resiliparse. Its iterator and extractor are called as its pipeline calls them, one record after
another. Of its stop lists it gets the Japanese one, so it extracts no page that it takes for another language. Writes
file name, address and text of each document; prints the processor time in seconds, without imports.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from loguru import logger  # type: ignore[import-not-found]
from nemo_curator.stages.text.download.common_crawl.extract import (  # type: ignore[import-not-found]
    CommonCrawlHTMLExtractor,
)
from nemo_curator.stages.text.download.common_crawl.warc_iterator import (  # type: ignore[import-not-found]
    CommonCrawlWarcIterator,
)
from nemo_curator.stages.text.download.html_extractors.utils import (  # type: ignore[import-not-found]
    get_stop_list_dict,
)


def main() -> None:
    """Time and extract."""
    logger.remove()
    algorithm, pages_path, *warcs = sys.argv[1:]
    stop_lists = {language: words for language, words in get_stop_list_dict().items() if language == "JAPANESE"}
    extractor = CommonCrawlHTMLExtractor(algorithm, stop_lists=stop_lists)
    iterator = CommonCrawlWarcIterator()
    start = time.process_time()
    pages = [
        (Path(warc).name, document["url"], document["text"])
        for warc in warcs
        for record in iterator.iterate(warc)
        if (document := extractor.extract(record)) is not None
    ]
    seconds = time.process_time() - start
    Path(pages_path).write_text(json.dumps(pages), "utf-8")
    print(seconds)


if __name__ == "__main__":
    main()
