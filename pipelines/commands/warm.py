"""`manyo warm`: compile now what the first run would compile, for this user and this machine.

It runs a corpus of four small files through every stage: a crawl, a text with readings, a PDF and a page of OCR.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pyarrow as pa

from manyo.corpus.compiling import say_compiling
from manyo.corpus.schema import DOCUMENTS
from manyo.dedup.settings import Dedup
from manyo.dedup.sketch.minhash import signatures
from manyo.filters.language import LanguageSettings, identify
from manyo.filters.pii.find import find_by_profile
from manyo.filters.pii.scrub_settings import Scrub
from manyo.filters.signals.measure import measure
from manyo.pipelines.engine.errors import EXIT_DONE
from manyo.pipelines.engine.executors import Serial
from manyo.pipelines.engine.progress import Watcher
from manyo.pipelines.graph.config import load_config
from manyo.pipelines.run import run as run_stages

_LINES = (
    "駅前に新しい図書館ができ、朝から大勢の人が並びました。お電話は 03-1234-5678 まで。",
    "二階の窓からは川が見え、晴れた日には遠くの山まで見渡せます。",
    "子どもの本は一階にあり、毎週土曜日には読み聞かせの会が開かれます。",
    "古い新聞や地図を調べたい人は、受付で申し込むと奥の部屋に案内されます。",
    "借りた本は二週間まで手もとに置け、返すときは駅の箱に入れてもかまいません。",
    "館長の話では、来年の春に庭を広げ、木の下でも本を読めるようにするそうです。",
)
_READINGS = "　｜図書館《としょかん》の窓から、※［＃「さんずい＋甫」、第3水準1-86-66］辺の松が見えました。\n"

_CONFIG = """
[run]
out = "out"
[filter]
rules = "default"
[dedup.boilerplate]
min_documents = 2
[tokenize.train]
vocabulary_size = 372
"""
_SOURCE = """
[[source]]
name    = "{kind}"
kind    = "{kind}"
inputs  = ["{name}"]
profile = "{profile}"
licence = "none"
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`manyo warm` has no options."""


def run(options: argparse.Namespace) -> int:
    """Run a small corpus, so that kernels are compiled and kept; print how long it took and return 0."""
    started = time.perf_counter()
    say_compiling("compiling what is not compiled yet for this machine: a minute or two of two cores")
    with tempfile.TemporaryDirectory(prefix="manyo-warm-") as folder:
        config = _write(Path(folder))
        # Pages need other kernels than texts, and about as many: each half is compiled by a process of its own.
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as other:
            extracted = other.submit(_run, config, "extract")
            _work_on_a_text()
            extracted.result()
        _run(config, "tokenize")
    print(f"compiled in {time.perf_counter() - started:,.0f} s, or loaded what was compiled before")
    return EXIT_DONE


def _run(config: str, until: str) -> None:
    run_stages(load_config(config), Serial(), Watcher(), until)


def _work_on_a_text() -> None:
    row = {"doc_id": bytes(16), "source": "", "profile": "web", "uri": "", "text": "".join(_LINES) * 6, "uses": []}
    documents = pa.RecordBatch.from_pylist([row], schema=DOCUMENTS.schema)
    identify(documents, LanguageSettings())
    measure(documents)
    find_by_profile(documents.column("text"), ["web"], Scrub())
    signatures(documents, Dedup())


def _write(folder: Path) -> str:
    """Write the corpus and its configuration, whose path is returned."""
    page = "<html><head><title>図書館</title></head><body><nav>前へ</nav><h1>図書館</h1>{}</body></html>"
    # Nearly the same text twice, for the kernels that compare.
    crawl = [
        _record(encoding, page.format("".join(f"<p>{line}</p>" for line in lines)).encode(encoding))
        for encoding, lines in (("utf-8", _LINES), ("cp932", _LINES[:-1]))
    ]
    files = {
        ("warc", "web"): ("a.warc", b"".join(crawl)),
        ("aozora", "prose"): ("a.txt", (f"図書館\n作者\n\n{_READINGS}" + "\n".join(_LINES)).encode("cp932")),
        ("pdf", "pdf"): ("a.pdf", _pdf([line[:24] for line in _LINES])),
        ("ocr", "ocr"): ("a.xml", _alto([line[:24] for line in _LINES])),
    }
    sources = []
    for (kind, profile), (name, content) in files.items():
        (folder / name).write_bytes(content)
        sources.append(_SOURCE.format(kind=kind, name=folder / name, profile=profile))
    config = folder / "warm.toml"
    text = _CONFIG.replace('"out"', f'"{folder / "out"}"') + "".join(sources)
    config.write_text(text, encoding="utf-8")
    return str(config)


def _record(encoding: str, page: bytes) -> bytes:
    """A response of a WARC, with a page in an encoding."""
    http = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset={encoding}\r\n\r\n".encode() + page
    head = "\r\n".join(
        (
            "WARC/1.0",
            "WARC-Type: response",
            f"WARC-Record-ID: <urn:x:{encoding}>",
            "WARC-Date: 2026-01-01T00:00:00Z",
            f"WARC-Target-URI: http://a.example/{encoding}",
            "Content-Type: application/http; msgtype=response",
            f"Content-Length: {len(http)}",
        )
    )
    return f"{head}\r\n\r\n".encode() + http + b"\r\n\r\n"


def _alto(lines: list[str]) -> bytes:
    """A page of OCR with lines below each other."""
    of_lines = "".join(
        f'<TextLine HPOS="100" VPOS="{100 + 60 * n}" WIDTH="960" HEIGHT="40"><String CONTENT="{line}" HPOS="100" '
        f'VPOS="{100 + 60 * n}" WIDTH="960" HEIGHT="40" WC="0.9"/></TextLine>'
        for n, line in enumerate(lines)
    )
    return (
        '<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#"><Layout><Page ID="P1" WIDTH="1200" HEIGHT="1600">'
        f'<PrintSpace><TextBlock ID="B1" HPOS="100" VPOS="100" WIDTH="960" HEIGHT="400">{of_lines}</TextBlock>'
        "</PrintSpace></Page></Layout></alto>"
    ).encode()


def _pdf(lines: list[str]) -> bytes:
    """A PDF of one page with lines and a rule, in a font that need not be embedded."""
    drawn = b"".join(
        b"BT /H 12 Tf 72 %d Td <%b> Tj ET\n" % (760 - 20 * n, line.encode("utf-16-be").hex().encode())
        for n, line in enumerate(lines)
    )
    drawn += b"0.5 w 72 600 m 360 600 l S\n72 560 288 20 re S\n"
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /H 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%bendstream" % (len(drawn), drawn),
        b"<< /Type /Font /Subtype /Type0 /BaseFont /HeiseiMin-W3 /Encoding /UniJIS-UTF16-H /DescendantFonts [6 0 R] >>",
        b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /HeiseiMin-W3 /DW 1000 /CIDSystemInfo << /Registry (Adobe) "
        b"/Ordering (Japan1) /Supplement 6 >> >>",
    ]
    out, places = b"%PDF-1.6\n", []
    for number, body in enumerate(bodies, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    return out + head + table + b"trailer << /Size 7 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(out)
