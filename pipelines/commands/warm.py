"""`manyo warm`: compile now what the first run would compile, for this user and this machine."""

from __future__ import annotations

import argparse
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor

import pyarrow as pa

from manyo.corpus.schema import DOCUMENTS
from manyo.corpus.web.charset import decode
from manyo.corpus.web.main_text import extract
from manyo.dedup.settings import Dedup
from manyo.dedup.sketch.minhash import signatures
from manyo.filters.language import LanguageSettings, identify
from manyo.filters.pii.find import find_by_profile
from manyo.filters.pii.scrub_settings import Scrub
from manyo.filters.signals.measure import measure
from manyo.pipelines.engine.errors import EXIT_DONE

_LINE = "駅前に新しい図書館ができ、朝から大勢の人が並びました。お電話は 03-1234-5678 まで。"
_PAGE = f"<html><head><title>図書館</title></head><body><nav>前へ</nav><h1>図書館</h1><p>{_LINE * 9}</p></body></html>"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`manyo warm` has no options."""


def run(options: argparse.Namespace) -> int:
    """Work on a page and a text, so that their kernels are compiled and kept; print how long it took and return 0."""
    started = time.perf_counter()
    # Pages need other kernels than texts, and about as many: each half is compiled by a process of its own.
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as other:
        of_pages = other.submit(_work_on_a_page)
        _work_on_a_text()
        of_pages.result()
    print(f"compiled in {time.perf_counter() - started:,.0f} s, or loaded what was compiled before")
    return EXIT_DONE


def _work_on_a_page() -> None:
    for encoding in ("utf-8", "cp932"):
        decoded = decode(_PAGE.encode(encoding))
        extract(decoded.text, utf_8=decoded.utf_8)


def _work_on_a_text() -> None:
    row = {"doc_id": bytes(16), "source": "", "profile": "web", "uri": "", "text": _LINE * 30, "uses": []}
    documents = pa.RecordBatch.from_pylist([row], schema=DOCUMENTS.schema)
    identify(documents, LanguageSettings())
    measure(documents)
    find_by_profile(documents.column("text"), ["web"], Scrub())
    signatures(documents, Dedup())
