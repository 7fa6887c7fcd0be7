"""A long fuzz run over archives and pages: every record becomes a document, a refused row or a skip, in time.

    python -m tests.corpus.fuzz_web SECONDS SEED

Each round builds a small archive (pages in several encodings, compressed bodies, chunks, lying headers, nested and
broken markup), damages it (flipped, cut, repeated, swapped and random bytes), frames and parses it. The first
exception, unknown reason or slow record ends the run and prints the number of its round, with which it can be repeated.
"""

from __future__ import annotations

import gzip
import random
import sys
import tempfile
import time
import zlib
from pathlib import Path

import brotli

from manyo.corpus.records import BrokenInput, Document, InputFile, InputShard, Refused, Skipped
from manyo.corpus.sources import warc
from manyo.corpus.web.charset import decode
from manyo.corpus.web.main_text import EXTRACTORS, extract
from manyo.corpus.web.sniff import may_be_japanese

PROSE = "朝から雨が降っていたので、傘をさして駅まで歩きました。昼すぎには雨もあがりました。"
CODECS = ("utf-8", "cp932", "euc_jp", "iso2022_jp", "utf-16-le", "utf-16-be", "gb18030", "euc_kr")
BITS = (
    "<p>", "</p>", "<div class='nav'>", "</div>", "<table><tr><td>", "</table>", "<ruby>雨<rt>あめ", "<a href=x>",
    "</a>", "<script>", "</script>", "<!--", "-->", "<select><option>", "<li>", '<b a="', "&#12354;", "&#xD800;",
    "&amp", "<title>", "<pre>\n", "<br>", "<![CDATA[", "\0", "<svg>", "<button>", '<i style="display:none">', "<hr>",
    "<h3>コメント</h3>", "<a>", "&#63647;", PROSE,
)  # fmt: skip
SLOWEST_S = 10.0


def page(rng: random.Random) -> bytes:
    """A response whose headers may be wrong."""
    inside = "".join(rng.choices(BITS, k=rng.randrange(1, 200)))
    if rng.random() < 0.1:
        inside = rng.choice(BITS) * rng.randrange(1, 20_000) + inside
    body = f"<html><body>{PROSE}{inside}</body></html>".encode(rng.choice(CODECS), "replace")
    headers = [f"Content-Type: text/html; charset={rng.choice(CODECS)}"]
    encode = rng.choice((None, None, "gzip", "deflate", "br"))
    if encode:
        headers.append(f"Content-Encoding: {rng.choice((encode, encode, 'gzip', 'br', 'zstd', 'x, y'))}")
        body = {"gzip": gzip.compress, "deflate": zlib.compress, "br": lambda b: brotli.compress(b, quality=1)}[encode](
            body
        )
    if rng.random() < 0.3:
        headers.append("Transfer-Encoding: chunked")
        size = rng.randrange(1, 500)
        if rng.random() < 0.8:
            body = b"".join(
                f"{len(body[i : i + size]):x}\r\n".encode() + body[i : i + size] + b"\r\n"
                for i in range(0, len(body), size)
            )
    return ("HTTP/1.1 200 OK\r\n" + "\r\n".join(headers) + "\r\n\r\n").encode() + damaged(body, rng, 0.3)


def record(rng: random.Random, number: int) -> bytes:
    """A WARC record, sometimes one of ARC, with odd line ends or a wrong length."""
    block = page(rng)
    length = len(block) + (rng.randrange(-50, 50) if rng.random() < 0.05 else 0)
    if rng.random() < 0.1:
        return f"http://example.org/{number} 192.0.2.1 20090102030405 text/html {length}\n".encode() + block + b"\n"
    kind = rng.choice(("response",) * 6 + ("request", "revisit", "resource", "nonsense"))
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Record-ID: <urn:uuid:{number}>\r\n"
        f"WARC-Target-URI: http://example.org/{number}\r\nContent-Type: application/http\r\n"
        f"Content-Length: {length}\r\n\r\n"
    )
    line_end = rng.choice(("\r\n",) * 9 + ("\n", "\r\r\n"))
    return head.replace("\r\n", line_end).encode() + block + b"\r\n\r\n"


def damaged(data: bytes, rng: random.Random, chance: float) -> bytes:
    """The bytes, damaged zero or more times, each time with that probability."""
    while data and rng.random() < chance:
        i, j = sorted((rng.randrange(len(data)), rng.randrange(len(data))))
        match rng.randrange(5):
            case 0:
                data = data[:i] + bytes((data[i] ^ rng.randrange(1, 256),)) + data[i + 1 :]
            case 1:
                data = data[:i]
            case 2:
                data = data[:j] + data[i : i + 5000] + data[j:]
            case 3:
                data = data[:i] + data[j:]
            case _:
                data = data[:i] + rng.randbytes(rng.randrange(1, 100)) + data[i:]
    return data


def fuzz_round(rng: random.Random, folder: Path) -> int:
    """Build, damage and read one archive to its last byte; the number of its records that were parsed."""
    records = [record(rng, number) for number in range(rng.randrange(1, 6))]
    compressed = rng.random() < 0.6
    if compressed:
        between = (b"",) * 9 + (gzip.compress(b""), b"\0" * 99, gzip.compress(b"\r\n"))
        records = [gzip.compress(written) + rng.choice(between) for written in records]
    data = damaged(b"".join(records), rng, 0.5)
    path = folder / "fuzz.warc"
    path.write_bytes(data)
    options = warc.Options(extractor=EXTRACTORS[0], max_record_bytes=4 << 20, refuse_opted_out=("noai",))
    n_outcomes = 0
    reader = warc.records(InputShard("fuzz", (InputFile(str(path), len(data), ""),)), options)
    while True:
        try:
            item = next(reader)
        except StopIteration as end:
            if end.value != len(data):
                raise ValueError(f"{end.value} of {len(data)} bytes were accounted for") from None
            return n_outcomes
        started = time.process_time()
        made = item.refused if isinstance(item, BrokenInput) else warc.parse(item, options)
        if isinstance(made, Document):
            made.text.encode("utf-8")
        elif isinstance(made, Refused) and made.reason not in warc.REASONS:
            raise ValueError(f"unknown reason {made.reason}")
        elif not isinstance(made, Refused | Skipped):
            raise TypeError(f"neither document nor refusal: {made!r}")
        if time.process_time() - started > SLOWEST_S:
            raise TimeoutError(f"a record took {time.process_time() - started:.1f} s")
        n_outcomes += 1


def load_kernels() -> None:
    """Compile the kernels, so that no record has to wait for them."""
    decode(b"\x82\xa0" * 8192)
    extract("<title>x</title><h1>x</h1>")
    may_be_japanese(b"")


def main(seconds: float, seed: int) -> None:
    """Run rounds until the time has passed."""
    load_kernels()
    ends = time.monotonic() + seconds
    n_rounds = n_outcomes = 0
    with tempfile.TemporaryDirectory() as folder:
        while time.monotonic() < ends:
            try:
                n_outcomes += fuzz_round(random.Random(f"{seed}:{n_rounds}"), Path(folder))
            except BaseException:
                print(f"seed {seed}, round {n_rounds}", file=sys.stderr)
                raise
            n_rounds += 1
    print(f"seed {seed}: {n_rounds} rounds, {n_outcomes} outcomes, nothing else")


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]))
