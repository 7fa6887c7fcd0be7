"""The stages that ask the files of each page's site, as of a day: captures and pages meet by host.

The files are robots.txt, `tdmrep.json`, `ai.txt` and RSL licences (`manyo.filters.site_files`). Captures come from WARC
files, such as Common Crawl's `robotstxt` subset or the archives of the crawl itself, and from files that are given one
by one. Both sides are dealt to parts by host; a part holds all captures and all pages of its hosts, and deals what it
finds back to the shards of the documents. A licence on another host is not found there, and is named as missing.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa

from manyo.corpus import schema
from manyo.corpus.addresses import host_of, hosts
from manyo.corpus.doc_ids import hash_of
from manyo.corpus.records import BrokenInput, InputFile, InputShard
from manyo.corpus.schema import TEXT
from manyo.corpus.sources import warc
from manyo.corpus.sources.careful_framing import GZIP_MAGIC
from manyo.corpus.sources.http_body import answer_of
from manyo.corpus.sources.source_kinds import Source
from manyo.corpus.tables.shards import filesystem, is_local, read_batches, write_parts, write_shard
from manyo.corpus.web.robots_txt import MAX_BYTES, parse_robots_txt
from manyo.corpus.web.statements import Stated, parse_stated
from manyo.dedup.numbering import deal
from manyo.filters.permissions import Use, Verdict, decide, evidence_of
from manyo.filters.rights import Rights, UsePolicy
from manyo.filters.site_files import Capture, given_addresses, is_site_file, site_files, site_of
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.engine.shapes import combine_parts
from manyo.pipelines.engine.stage import AnyStage, AnyTask, NoSettings, Stage, Task
from manyo.pipelines.engine.stage_table import StageTable
from manyo.pipelines.graph.config import Config
from manyo.pipelines.graph.extract_stages import DOCUMENTS, files_of
from manyo.pipelines.graph.reading import of_shard, parts_of

#: What the header of an answer holds where its media type is XML, and how far a header is looked through.
_XML, _HEAD_BYTES = b"xml", 4096

#: Parts of the exchange: at one crawl, 135 million pages of 3 million hosts, a part holds a million rows.
_PARTS = 128

_CAPTURES = pa.schema(
    [("url", TEXT), ("fetched", pa.date32()), ("status", pa.int32()), ("location", TEXT), ("body", pa.large_binary())]
)
_PAGES = pa.schema(
    [
        ("row", pa.int64()),
        ("uri", TEXT),
        ("fetched_at", pa.timestamp("s", "UTC")),
        ("statements", pa.list_(pa.string())),
    ]
)
_VERDICTS = pa.schema([("row", pa.int64()), ("use", pa.string()), ("verdict", pa.string())])

CAPTURES = StageTable.arrow("robots", _CAPTURES)
PAGES = StageTable.arrow("pages_by_host", _PAGES)
VERDICTS = StageTable.arrow("site_verdicts", _VERDICTS)
PERMISSIONS = StageTable.parquet("permissions", schema.PERMISSIONS.schema)


@dataclass(frozen=True, slots=True)
class RobotsSettings:
    """The files of captures, and the policies that ask."""

    source: Source
    rights: Rights


def robots_stages(config: Config, extract: AnyStage) -> tuple[AnyStage, ...]:
    """Captures of sites' files and documents → `permissions`; empty if the configuration names no captures.

    Returns:
        The stages in order, that of the verdicts last.
    """
    if not config.rights.robots:
        return ()
    source = source_of(config.rights.robots)
    settings = RobotsSettings(source, replace(config.rights, takedown=None, opted_out=()))
    captures = Stage(
        name="robots", version=2, settings=settings.source, needs=(), tables=(CAPTURES,),
        shape=files_of((source,), None, config.run.out), work=read_captures, memory_bytes=2 << 30,
    )  # fmt: skip
    pages = Stage(
        name="pages_by_host", version=2, settings=NoSettings(), needs=(extract,), tables=(PAGES,), work=split_pages
    )
    verdicts = Stage(
        name="permissions", version=2, settings=settings, needs=(captures, pages), tables=(VERDICTS, PERMISSIONS),
        shape=combine_parts, work=combine_hosts,
    )  # fmt: skip
    return captures, pages, verdicts


def source_of(robots: tuple[str, ...]) -> Source:
    """The files of captures as a source, by which they are found and packed into tasks."""
    return Source("robots", "warc", robots, "web", "", warc.Options())


#: A line of robots.txt that bans and grants nothing.
_SITEMAP = re.compile(rb"(?im)^\W{0,3}\s*sitemap\s*:")


def read_captures(task: Task[Source]) -> Mapping[str, int]:
    """WARC files, and files given by themselves → captures of sites' files, dealt to parts by host."""
    if task.input_shard is None:
        raise ValueError(f"{task.shard}: this task has no input files")
    dealt: list[list[dict[str, Any]]] = [[] for _ in range(_PARTS)]
    n_silent = 0
    for capture in captures_in(task.input_shard):
        n_silent += is_silent(capture)
        dealt[hash_of(host_of(capture.url) or "") % _PARTS].append(capture._asdict())
    write_parts(
        task.output(CAPTURES), _CAPTURES, ([pa.RecordBatch.from_pylist(rows, schema=_CAPTURES)] for rows in dealt)
    )
    return {"captures": sum(map(len, dealt)), "silent": n_silent}


def is_silent(capture: Capture) -> bool:
    """Whether a robots.txt that somebody put in the folder of its host says nothing that is read, and is not empty.

    It is UTF-16, which no crawler reads either, or another thing, such as the page of an error.
    """
    # A file that is given stands for both schemes of its host.
    if capture.fetched != date.min or not capture.url.startswith("https:") or not capture.url.endswith("/robots.txt"):
        return False
    body = capture.body.encode() if isinstance(capture.body, str) else capture.body
    return bool(body.strip()) and parse_robots_txt(body).is_empty and not _SITEMAP.search(body)


def check_captures(files: Iterable[InputFile]) -> None:
    """Look at the beginning of local files of captures.

    Raises:
        ValueError: one is neither an archive nor a file of a site in the folder of its host.
    """
    for file in files:
        fs, path = filesystem(file.uri)
        if given_addresses(file.uri) or not is_local(fs):
            continue
        with open(path, "rb") as stream:
            head = stream.read(_HEAD_BYTES)
        if not head.startswith((GZIP_MAGIC, b"WARC/")):
            raise ValueError(f"{file.uri} is no WARC file, nor a file of a site such as HOST/robots.txt")


def captures_in(shard: InputShard) -> Iterator[Capture]:
    """Yield the captures of sites' files in archives, what they redirect to included; other records are left out.

    Raises:
        UserError: an archive is not whole, or a file that is given by itself does not say of which host it is.
    """
    for file in shard.files:
        try:
            addresses = given_addresses(file.uri)
        except ValueError as error:
            raise UserError(f"[rights] robots: {error}") from error
        if addresses:
            fs, path = filesystem(file.uri)
            body = fs.cat_file(path)[:MAX_BYTES]
            yield from (Capture(address, date.min, 200, body) for address in addresses)
        else:
            yield from _captures_of_archive(replace(shard, files=(file,)))


def _captures_of_archive(shard: InputShard) -> Iterator[Capture]:
    options = warc.Options()
    for record in warc.records(shard, options):
        if isinstance(record, BrokenInput):
            # What stands behind may be a ban: a file that is not whole does not pass for silence.
            place = f"{record.origin_file}: byte {record.origin_offset}: {record.refused.reason}"
            raise UserError(f"{place}; fetch the file again, or take it out of [rights] robots")
        page = record.payload
        if page.record_type != "response" or not host_of(page.uri):
            continue
        # Bodies are decoded only where the header leaves room for a licence in XML.
        if is_site_file(page.uri) or _XML in page.block[:_HEAD_BYTES].lower():
            answer = answer_of(page, options.max_record_bytes)
            if is_site_file(page.uri, answer.body):
                day = warc.date_of(page.date)
                fetched = day.date() if day else date.min
                yield Capture(page.uri, fetched, answer.status, answer.body[:MAX_BYTES], answer.location)


def split_pages(task: Task[NoSettings]) -> Mapping[str, int]:
    """Documents with a web address → their addresses, dealt to parts by host."""
    columns = ["uri", "fetched_at", "statements"]
    documents = pa.Table.from_batches(read_batches(task.input(DOCUMENTS), columns)).combine_chunks()
    uris = documents.column("uri").combine_chunks() if len(documents) else pa.array([], TEXT)
    names = hosts(uris).dictionary_encode()
    of_names = np.array([hash_of(name) % _PARTS for name in names.dictionary.to_pylist()], np.int64)
    has_host = np.flatnonzero(names.is_valid().to_numpy(zero_copy_only=False))
    part_of = of_names[names.indices.take(pa.array(has_host)).to_numpy()] if len(has_host) else has_host
    stated = documents.column("statements").cast(pa.list_(pa.string()))
    pages = [pa.array(np.arange(len(documents))), *documents.columns[:-1], stated]
    rows = pa.table(pages, schema=_PAGES).take(pa.array(has_host)).combine_chunks().to_batches()
    whole = rows[0] if rows else pa.RecordBatch.from_pylist([], schema=_PAGES)
    write_parts(task.output(PAGES), _PAGES, ([batch] for batch in deal(whole, part_of, _PARTS)))
    return {"pages": len(has_host)}


def combine_hosts(task: Task[RobotsSettings]) -> Mapping[str, int]:
    """One part of all captures and pages → what the site says about each page, dealt back to its shard."""
    captures: dict[str | None, list[Capture]] = defaultdict(list)
    for batch in parts_of(task, CAPTURES):
        for row in batch.to_pylist():
            captures[host_of(row["url"])].append(Capture(**row))
    policies = list(task.settings.rights.policies())
    counted: Counter[tuple[Any, ...]] = Counter()

    def of_pages(pages: pa.RecordBatch) -> Iterator[dict[str, Any]]:
        for page in pages.to_pylist():
            of_host = captures.get(host_of(page["uri"]))
            if not of_host:
                continue
            stated = [parse_stated(one) for one in page["statements"] or ()]
            for use, policy in policies:
                for verdict in ask_site(page["uri"], page["fetched_at"], stated, use, policy, of_host, counted):
                    yield {"row": page["row"], "use": use, "verdict": verdict}

    dealt = ([pa.RecordBatch.from_pylist(list(of_pages(pages)), schema=_VERDICTS)] for pages in parts_of(task, PAGES))
    write_parts(task.output(VERDICTS), _VERDICTS, dealt)
    names = schema.PERMISSIONS.schema.names
    rows = [dict(zip(names, (*key, pages), strict=True)) for key, pages in sorted(counted.items(), key=str)]
    table = pa.RecordBatch.from_pylist(rows, schema=schema.PERMISSIONS.schema)
    return {"permissions": write_shard(task.output(PERMISSIONS), PERMISSIONS.schema, [table])}


def ask_site(
    uri: str,
    fetched_at: datetime | None,
    stated: Sequence[Stated],
    use: Use,
    policy: UsePolicy,
    captures: Sequence[Capture],
    counted: Counter[tuple[Any, ...]],
) -> Iterator[Verdict]:
    """Yield what the site's files in force say about a page and a use, to each agent that the policy honours.

    The page's own statements take part, because some of them supersede a file (TDMRep); what they say by themselves is
    not counted here.

    Args:
        uri: address of the page.
        fetched_at: when it was fetched.
        stated: what it states.
        use: what for.
        policy: of the use.
        captures: of the files of the host.
        counted: pages by the leading columns of `manyo.corpus.schema.PERMISSIONS`, to which this page is added.
    """
    as_of, parts = policy.day(fetched_at), urlsplit(uri)
    host = f"{parts.scheme}://{parts.netloc}"
    files = site_files(captures, stated, uri, as_of)
    evidence = evidence_of(captures, stated, files)
    for agent in policy.addressed():
        answers = [decide(uri, agent, use, as_of, evidence)]
        if policy.crawl_bans and site_of(captures, uri, as_of).allows(agent, uri) is False:
            answers.append(decide(uri, agent, "crawl", as_of, evidence))
        for answer in answers:
            for source in answer.sources:
                capture = files.of_source(source)
                if capture is not None:
                    since = capture.fetched if capture.fetched > date.min else None
                    name = "rsl" if source.startswith("rsl ") else source
                    counted[host, agent, use, since, name, capture.url, answer.verdict] += 1
            if answer.verdict != "unknown":
                yield answer.verdict
    for address in files.rsl_missing:
        counted[host, "*", use, None, "rsl", address, "unknown"] += 1


def site_verdicts(task: AnyTask) -> dict[int, dict[str, list[Verdict]]]:
    """For rows of the task's documents whose site says something: what it says about each use."""
    found: dict[int, dict[str, list[Verdict]]] = {}
    for batch in of_shard(task, VERDICTS):
        for row in batch.to_pylist():
            found.setdefault(row["row"], {}).setdefault(row["use"], []).append(row["verdict"])
    return found
