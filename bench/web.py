"""Compares web ingest with its peers, in one run: what is kept, what is lost, and how fast.

    python -m bench.web DATA [WARC …] [--nemo PYTHON]

DATA is the folder of real data (`MANYO_DATA` in the tests); the WARCs, names in DATA/web, are the mixed ones by
default. Every pipeline reads the same files in the same process, one after another. After each of them FastWARC's bare
read runs, so that the ratio of the two holds however the speed of the machine varies; of several rounds, the medians
are reported. manyo runs the whole extract stage, the writing of its shards included; the peers write nothing. Seconds
are CPU seconds, including child processes. A peer that is not installed is skipped, with a line that says so; NeMo
Curator runs in the interpreter `--nemo`.

The output of each pipeline goes through manyo's language identification, which is not timed, so that recall and
precision are those of documents that a corpus would keep:

- recall: of pages labelled Japanese that hold 50 kana or more, those kept;
- precision: of labelled pages kept, those labelled Japanese;
- mojibake: kept documents of which 1 % or more are characters that only wrong decoding produces.

F1 is that of the character 4-grams of extracted and expected text, as multisets, after NFKC and without white space,
so that neither line breaks nor full-width letters count; a set's score is the mean over its pages. The blog's texts
were made from Markdown by removing `_`, `*`, `#`, backquotes and everything between `<` and `>`, in code as well,
which no page shows so: "unmarked" is the F1 of both texts without these.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import statistics
import subprocess
import tempfile
import time
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from fastwarc import ArchiveIterator, WarcRecordType
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.encoding import bytes_to_str, detect_encoding

from manyo.corpus.records import InputFile, InputShard
from manyo.corpus.schema import LABEL
from manyo.corpus.sources import warc
from manyo.corpus.sources.source_kinds import Source
from manyo.corpus.tables.shards import read_columns
from manyo.corpus.web.charset import decode
from manyo.corpus.web.main_text import EXTRACTORS, extract
from manyo.filters.language import LanguageSettings, identify
from manyo.pipelines.extraction.loop import Extraction, Progress
from manyo.pipelines.extraction.loop import extract_shard as write_documents

#: Address and text of each document that a pipeline extracts from a WARC.
Pages = Iterator[tuple[str, str]]

_ROUNDS = 5
#: A page with fewer kana is a heading or a menu, and does not count as lost.
_MIN_LABELLED_KANA = 50
_MOJIBAKE = re.compile("[\ufffd縺繧繝\x80-\x9f]|ã[\x80-\xbf‚ƒ„]|Ã[\x80-\xbf]")


def four_grams(text: str) -> Counter[str]:
    """Return the multiset of character 4-grams, after NFKC and without white space."""
    dense = "".join(unicodedata.normalize("NFKC", text).split())
    return Counter(dense[i : i + 4] for i in range(max(1, len(dense) - 3)))


def f1(found: str, expected: str) -> tuple[float, float, float]:
    """Return F1, precision and recall of the 4-grams of `found` against those of `expected`."""
    found_grams, expected_grams = four_grams(found), four_grams(expected)
    common = (found_grams & expected_grams).total()
    if not common:
        return 0.0, 0.0, 0.0
    precision, recall = common / found_grams.total(), common / expected_grams.total()
    return 2 * precision * recall / (precision + recall), precision, recall


def unmarked(text: str) -> str:
    """Return a text without the signs that the blog's texts lack."""
    return re.sub("<[^>]*>", "", re.sub("[_*#`]", "", text))


# --- pipelines -------------------------------------------------------------------------------


def by_manyo(paths: list[Path]) -> tuple[list[tuple[str, str, str]], float]:
    """manyo's extract stage, from archives to shards; reading the shards is not counted."""
    source = Source("bench", "warc", (), "web", "", warc.Options())
    made: list[tuple[str, str, str]] = []
    spent = 0.0
    with tempfile.TemporaryDirectory() as folder:
        documents, refused, queue = (f"{folder}/{table}.parquet" for table in ("documents", "refused", "ocr_queue"))
        for path in paths:
            shard = InputShard("bench", (InputFile(str(path), path.stat().st_size, ""),))
            started = cpu_seconds()
            write_documents(Extraction(source, shard, documents, refused, queue, False, 60.0), Progress([0, 0, 0]))
            spent += cpu_seconds() - started
            rows = read_columns(documents, ["uri", "text"])
            made += ((path.name, uri, text) for uri, text in zip(*(c.to_pylist() for c in rows.columns), strict=True))
    return made, spent


def by_resiliparse(path: Path) -> Pages:
    """FastWARC, with resiliparse's detection of encodings and its main content, on every page."""
    with path.open("rb") as stream:
        for record in ArchiveIterator(stream, record_types=WarcRecordType.response):
            if record.http_headers is not None and "html" in (record.http_content_type or ""):
                data = record.reader.read()
                html = bytes_to_str(data, detect_encoding(data))
                yield record.headers["WARC-Target-URI"], extract_plain_text(html, main_content=True)


def by_trafilatura(path: Path) -> Pages:
    """warcio and trafilatura, on every page: the parts of most pipelines."""
    import trafilatura
    from warcio.archiveiterator import ArchiveIterator as Warcio

    with path.open("rb") as stream:
        for record in Warcio(stream):
            content_type = (record.http_headers and record.http_headers.get_header("Content-Type")) or ""
            if record.rec_type == "response" and "html" in content_type:
                text = trafilatura.extract(record.content_stream().read(), include_comments=False)
                if text:
                    yield record.rec_headers.get_header("WARC-Target-URI"), text


def by_datatrove(path: Path) -> Pages:
    """datatrove's own reader and extractor, combined as in its examples."""
    import cchardet  # noqa: F401  (without them, its reader fails at the first record)
    import magic  # noqa: F401
    from datatrove.pipeline.extractors import Trafilatura
    from datatrove.pipeline.readers import WarcReader

    reader = WarcReader(str(path.parent), glob_pattern=path.name)
    for document in Trafilatura(favour_precision=True).run(reader.run(), rank=0, world_size=1):
        yield document.metadata["url"], document.text


#: File name, address and text of each document of some WARCs, and the CPU seconds for them.
Run = Callable[[list[Path]], tuple[list[tuple[str, str, str]], float]]


def here(pipeline: Callable[[Path], Pages]) -> Run:
    """A pipeline that runs in this process."""

    def run(paths: list[Path]) -> tuple[list[tuple[str, str, str]], float]:
        started = cpu_seconds()
        made = [(path.name, uri, text) for path in paths for uri, text in pipeline(path)]
        return made, cpu_seconds() - started

    return run


def nemo(python: str, algorithm: str) -> Run:
    """NeMo Curator in another interpreter, which times itself without its imports."""

    def run(paths: list[Path]) -> tuple[list[tuple[str, str, str]], float]:
        with tempfile.TemporaryDirectory() as folder:
            pages = Path(folder, "pages.json")
            command = [python, str(Path(__file__).with_name("peer_nemo.py")), algorithm, str(pages), *map(str, paths)]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            made = [(name, uri, text) for name, uri, text in json.loads(pages.read_text("utf-8"))]
        return made, float(done.stdout.split()[-1])

    return run


def pipelines(nemo_python: str | None) -> dict[str, tuple[Run, int]]:
    """Return each pipeline with its number of rounds; the slow ones take minutes, and have one."""
    algorithms = ("resiliparse", "justext") if nemo_python else ()
    peers = {f"NeMo, {name}": (nemo(str(nemo_python), name), 1) for name in algorithms}
    return {
        "manyo": (by_manyo, _ROUNDS),
        "resiliparse": (here(by_resiliparse), 1),
        **peers,
        "warcio + trafilatura": (here(by_trafilatura), 1),
        "datatrove": (here(by_datatrove), 1),
    }


# --- measuring -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Labels:
    """What is known about the pages: by WARC and address, whether a page is Japanese, and its number of kana."""

    rows: dict[tuple[str, str], tuple[bool, int]]

    @classmethod
    def read(cls, path: Path) -> Labels:
        """Read the labels; the source's statement about a page's language precedes counted values."""
        with path.open(encoding="utf-8") as lines:
            return cls(
                {
                    (row["warc"], row["url"]): ((row["gold_lang"] or row["lang"]).startswith("ja"), row["kana"])
                    for row in map(json.loads, lines)
                }
            )


def bare_read(path: Path) -> int:
    """Frame and decompress the records of a WARC, and nothing more: the floor."""
    with path.open("rb") as stream:
        return sum(record.reader.consume() >= 0 for record in ArchiveIterator(stream, parse_http=False))


def cpu_seconds() -> float:
    """Return the CPU time of this process and of its ended children."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def is_japanese(texts: list[str]) -> list[bool]:
    """Return the result of manyo's language identification for each text."""
    batch = pa.RecordBatch.from_arrays(
        [
            pa.array([number.to_bytes(16, "big") for number in range(len(texts))], pa.binary(16)),
            pa.array(texts, pa.large_string()),
            pa.array(["web"] * len(texts), pa.string()).dictionary_encode().cast(LABEL),
        ],
        names=["doc_id", "text", "profile"],
    )
    return [lang == "ja" for lang in identify(batch, LanguageSettings()).column("lang").to_pylist()]


def print_pipelines(paths: list[Path], labels: Labels, runs: dict[str, tuple[Run, int]]) -> None:
    """Print the table of pipelines."""
    names = {path.name for path in paths}
    n_pages = sum(warc_name in names for warc_name, _ in labels.rows)
    wanted = {
        key
        for key, (japanese, kana) in labels.rows.items()
        if key[0] in names and japanese and kana >= _MIN_LABELLED_KANA
    }
    size_mb = sum(path.stat().st_size for path in paths) / 1e6
    print(f"{len(paths)} WARCs, {size_mb:.0f} MB, {n_pages} labelled pages, {len(wanted)} of them Japanese")
    heads = ("pages/s", "MB/s", "of bare", "made", "kept", "recall", "precision", "mojibake")
    print(f"{'':22}" + "".join(f"{head:>10}" for head in heads))
    for path in paths:
        bare_read(path)  # the files are in memory from here on
    for name, (run, n_rounds) in runs.items():
        seconds, bare_seconds = [], []
        try:
            for _ in range(n_rounds):
                made, spent = run(paths)
                seconds.append(spent)
                ended = cpu_seconds()
                for path in paths:
                    bare_read(path)
                bare_seconds.append(cpu_seconds() - ended)
        except ImportError as error:
            print(f"{name:22}  skipped: {error}")
            continue
        japanese = is_japanese([text for _, _, text in made])
        kept = [one for one, is_kept in zip(made, japanese, strict=True) if is_kept]
        keys = {(warc_name, uri) for warc_name, uri, _ in kept}
        labelled = [labels.rows[key][0] for key in keys if key in labels.rows]
        mojibake = sum(100 * len(_MOJIBAKE.findall(text)) >= len(text) for _, _, text in kept)
        spent = statistics.median(seconds)
        ratio = statistics.median(bare / own for bare, own in zip(bare_seconds, seconds, strict=True))
        recall = len(keys & wanted) / max(1, len(wanted))
        precision = sum(labelled) / max(1, len(labelled))
        print(
            f"{name:22}{n_pages / spent:10.0f}{size_mb / spent:10.1f}{ratio:10.3f}{len(made):10}{len(kept):10}"
            f"{recall:10.3f}{precision:10.3f}{mojibake:10}"
        )
        if name == next(iter(runs)):
            spent = statistics.median(bare_seconds)
            print(f"{'FastWARC, bare read':22}{n_pages / spent:10.0f}{size_mb / spent:10.1f}{1:10.3f}")


def print_extractors(gold: Path) -> None:
    """Print the table of extractors, on pages with a known main text."""
    rows = [json.loads(line) for line in gold.read_text("utf-8").splitlines()]
    pages = [decode((gold.parent / row["page"]).read_bytes()).text for row in rows]
    heads = ("F1", "prec.", "recall", "unmarked", "pages/s")
    print(f"\n{'extractor':<12} {'set':<8} {'pages':>5}" + "".join(f"{head:>9}" for head in heads))
    for extractor in EXTRACTORS:
        scores = defaultdict(list)
        plain_scores = defaultdict(list)
        seconds: dict[str, float] = defaultdict(float)
        for row, html in zip(rows, pages, strict=True):
            started = cpu_seconds()
            found = extract(html, extractor).text
            seconds[row["set"]] += cpu_seconds() - started
            scores[row["set"]].append(f1(found, row["text"]))
            plain_scores[row["set"]].append(f1(unmarked(found), unmarked(row["text"]))[0])
        for name, values in scores.items():
            f1s, precisions, recalls = (statistics.mean(column) for column in zip(*values, strict=True))
            speed = len(values) / seconds[name]
            print(
                f"{extractor:<12} {name:<8} {len(values):>5}{f1s:9.3f}{precisions:9.3f}{recalls:9.3f}"
                f"{statistics.mean(plain_scores[name]):9.3f}{speed:9.0f}"
            )


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("warcs", nargs="*")
    parser.add_argument("--nemo", metavar="PYTHON", help="an interpreter that has nemo-curator[text_cpu]")
    arguments = parser.parse_args()
    web = arguments.data / "web"
    paths = [web / name for name in arguments.warcs] or sorted(web.glob("mixed-*.warc.gz"))
    missing = [str(path) for path in [*paths, web / "labels.jsonl"] if not path.is_file()]
    if missing or not paths:
        there = ", ".join(sorted(path.name for path in web.glob("*.warc*"))) or "none"
        raise SystemExit(f"no such file: {', '.join(missing) or web / 'mixed-*.warc.gz'}; WARCs in {web}: {there}")
    print_pipelines(paths, Labels.read(web / "labels.jsonl"), pipelines(arguments.nemo))
    print_extractors(arguments.data / "gold" / "extraction" / "gold.jsonl")


if __name__ == "__main__":
    main()
