"""The extract stage's loop over records: each record becomes a document or a refused row.

This module runs in the child of `manyo.pipelines.extraction.isolation`. It has the only place
where every exception of a parser is caught: the record becomes a refused row.
"""

from __future__ import annotations

import gc
import json
import os
import pickle
import select
import signal
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, TypeAlias

from manyo.corpus.doc_ids import document_id
from manyo.corpus.records import (
    BrokenInput,
    Document,
    InputFile,
    InputShard,
    OcrPage,
    Outcome,
    Record,
    Refused,
    Skipped,
    is_sampled,
)
from manyo.corpus.schema import DOCUMENTS, OCR_QUEUE, REFUSED
from manyo.corpus.sources.source_kinds import AnySourceKind, Source, source_kind
from manyo.corpus.sources.unchanged_inputs import look
from manyo.corpus.tables.credentials import Remembered, hide, remember
from manyo.corpus.tables.ownership import Owner, writing_for
from manyo.corpus.tables.shards import BatchWriter, publish, write_batches

#: Reasons for which the stage itself refuses a record; each source has its own (`REASONS`).
REASONS = {
    "parser_failed": "the parser raised an error on this record",
    "quarantined": "the parser crashed, hung or ran out of memory on this record, twice",
    "reader_crashed": "the reader crashed, hung or ran out of memory after the record at this offset, twice; "
    "the rest of the file was not read",
    "duplicate_key": "a record of the same key was read before, from a file that crashed its reader",
}

#: What a reader gives.
_Found: TypeAlias = Record[object] | BrokenInput

_OBJECTS_BETWEEN_COLLECTIONS = 100_000
_RECORDS_BETWEEN_LOOKS = 16
#: A shard has this many times the limit of a record for its slow records. Real archives have one or two of them.
_SLOW_RECORDS = 10


@dataclass(frozen=True, slots=True)
class ReaderStop:
    """A place where the reader of a shard ended its process twice.

    Attributes:
        n_records: records that it had read from the shard until then.
        file: index of the file that it was reading.
        ending: how the process ended.
    """

    n_records: int
    file: int
    ending: str


@dataclass(frozen=True, slots=True)
class Extraction:
    """One shard to extract.

    Attributes:
        source: whose shard it is.
        shard: the files to read.
        documents_uri, refused_uri, ocr_queue_uri: files to write.
        careful: parse every record in a process of its own.
        record_timeout_s: seconds that one record may take.
        stops: places at which a file ends, in order.
        owner: on whose behalf the files are written; None for nobody.
        credentials: what opens the files, which their URIs do not say.
    """

    source: Source
    shard: InputShard
    documents_uri: str
    refused_uri: str
    ocr_queue_uri: str
    careful: bool
    record_timeout_s: float
    stops: tuple[ReaderStop, ...] = ()
    owner: Owner | None = None
    credentials: Remembered = field(default=({}, {}, {}), repr=False)


class ShardTooSlow(Exception):
    """Records at full speed have used up the shard's patience; in careful mode each of them can be stopped."""


class Patience:
    """How long the records of a shard may take: each its limit, until slow ones have used up what the shard has.

    An archive of pages made to be slow then costs `_SLOW_RECORDS` limits and a short while for each page more, where
    it would cost two limits a page.

    Args:
        record_timeout_s: seconds that a record may take.
    """

    def __init__(self, record_timeout_s: float) -> None:
        self.limit_s = record_timeout_s
        self.tries = 2
        self._short_s = min(record_timeout_s, max(1.0, record_timeout_s / 60))
        self._left_s = _SLOW_RECORDS * record_timeout_s

    @property
    def is_spent(self) -> bool:
        """Whether records have a short limit and one try from now on."""
        return self._left_s < 0

    def spend(self, seconds: float) -> None:
        """Count the time that a try took; quick ones cost nothing."""
        if seconds < self._short_s / 2:
            return
        self._left_s -= seconds
        if self.is_spent:
            self.limit_s, self.tries = self._short_s, 1


class Progress:
    """Counters in memory that the child shares with its parent, which detects a hang when none of them changes.

    Args:
        numbers: at least three: records that the reader has given, the index of the file that it reads, and requests
            to remote storage.
    """

    def __init__(self, numbers: memoryview) -> None:
        self._numbers = numbers
        self._n_records = 0
        self._parent = os.getppid()

    def begin(self) -> None:
        """Start a shard."""
        self._n_records = self._numbers[0] = self._numbers[1] = 0

    def next_record(self) -> None:
        """Count a record; end this process if the parent is gone, which is checked every few records."""
        if self._n_records % _RECORDS_BETWEEN_LOOKS == 0 and os.getppid() != self._parent:
            os._exit(1)
        self._n_records += 1
        self._numbers[0] = self._n_records

    def at_file(self, index: int) -> None:
        """Record which file the reader reads."""
        self._numbers[1] = index

    def request(self) -> None:
        """Count a request to remote storage, because waiting for one is not a hang."""
        self._numbers[2] += 1


class _WatchedFiles(tuple[InputFile, ...]):
    """Files of a shard that record which of them is being read."""

    progress: Progress
    first: int

    def __iter__(self) -> Iterator[InputFile]:
        for index, file in enumerate(super().__iter__(), start=self.first):
            self.progress.at_file(index)
            yield file


def extract_shard(extraction: Extraction, progress: Progress) -> dict[str, int]:
    """Write the documents and refused rows of one shard.

    Returns:
        The counts of the task: `records` = `documents` + `refused` + `quarantined` + `skipped`; `refused.REASON` counts
        by reason.

    Raises:
        InputChanged: an input is not the one that was planned, or changed while it was read; nothing is written.
    """
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    n_records = 0
    remember(extraction.credentials)
    seen = look((*extraction.shard.files, *extraction.shard.sidecars))
    documents = BatchWriter(DOCUMENTS.schema)
    refused = BatchWriter(REFUSED.schema)
    ocr_queue = BatchWriter(OCR_QUEUE.schema)
    with (
        rare_collections(),
        writing_for(extraction.owner),
        publish(extraction.documents_uri) as documents_path,
        publish(extraction.refused_uri) as refused_path,
        publish(extraction.ocr_queue_uri) as ocr_queue_path,
        write_batches(documents_path, DOCUMENTS.schema) as write_documents,
        write_batches(refused_path, REFUSED.schema) as write_refused,
        write_batches(ocr_queue_path, OCR_QUEUE.schema) as write_ocr_queue,
    ):
        for record, outcome in _outcomes(extraction, progress, counts):
            n_records += 1
            if isinstance(outcome, Skipped):
                kinds[outcome.kind] += 1
                continue
            if isinstance(outcome, Refused):
                reasons[outcome.reason] += 1
                if batches := refused.add(_refused_row(extraction.source, record, outcome)):
                    write_refused(batches)
            else:
                counts["documents"] += 1
                counts["chars"] += len(outcome.text)
                row = _document_row(extraction.source, record, outcome)
                if batches := documents.add(row, len(outcome.text) * 3):
                    write_documents(batches)
            for one in outcome.lacks:
                counts[f"lacks.{one}"] += 1
            for page in outcome.ocr_pages:
                counts["ocr_pages"] += 1
                if batches := ocr_queue.add(_ocr_row(extraction.source, record, outcome.uri, page)):
                    write_ocr_queue(batches)
        write_documents(documents.flush())
        write_refused(refused.flush())
        write_ocr_queue(ocr_queue.flush())
        look(seen)
    accounted = counts["documents"] + reasons.total() + kinds.total()
    if accounted != n_records:
        raise RuntimeError(f"{extraction.shard.name}: {n_records} records came in, {accounted} went out")
    counts.update(records=n_records, quarantined=reasons["quarantined"], skipped=kinds.total())
    counts["refused"] = reasons.total() - reasons["quarantined"]
    counts.update({f"refused.{reason}": n for reason, n in reasons.items()})
    counts.update({f"skipped.{kind}": n for kind, n in kinds.items()})
    counts = +counts  # without zeros
    return dict(counts)


@contextmanager
def rare_collections() -> Iterator[None]:
    """Search for reference cycles less often: records form none, and Python's searches take a tenth of the time."""
    thresholds = gc.get_threshold()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)


def _outcomes(
    extraction: Extraction, progress: Progress, counts: Counter[str]
) -> Iterator[tuple[Record[object], Outcome]]:
    source = extraction.source
    kind = source_kind(source.kind)
    records = _records(kind, extraction, progress)
    patience = Patience(extraction.record_timeout_s)
    is_sample = extraction.shard.sampled_fraction < 1
    names = {file.uri: file.name for file in extraction.shard.files}
    for record in _timed(records, counts) if is_sample else records:
        framed = record if isinstance(record, Record) else _place_of(record, names)
        if is_sample and not is_sampled(framed.origin_file, framed.origin_offset, extraction.shard.sampled_fraction):
            yield framed, Skipped("unsampled")
        elif isinstance(record, BrokenInput):
            yield framed, record.refused
        elif extraction.careful:
            yield record, _parse_in_a_fork(kind, record, source.options, patience)
        else:
            started = time.monotonic()
            outcome = parse_record(kind, record, source.options)
            patience.spend(time.monotonic() - started)
            if patience.is_spent:
                raise ShardTooSlow(f"{extraction.shard.name}: slow records used up the patience at {record.key}")
            yield record, outcome


def _place_of(broken: BrokenInput, names: Mapping[str, str]) -> Record[object]:
    """Returns a record for the place at which a file is broken.

    Args:
        broken: the place.
        names: of the shard's files, by URI.
    """
    uri = broken.origin_file
    name = names.get(uri) or _below_root(uri, names)
    return Record(uri, broken.origin_offset, f"{name}@{broken.origin_offset}", None)


def _below_root(folder: str, names: Mapping[str, str]) -> str:
    """Returns the path of a folder, or of a file that is missing in it, below the root of the shard's files."""
    roots = {uri.removesuffix(name) for uri, name in names.items() if uri.endswith(name)}
    return folder.removeprefix(max((root for root in roots if folder.startswith(root)), key=len, default=""))


def _timed(records: Iterator[_Found], counts: Counter[str]) -> Iterator[_Found]:
    """Yields the records and counts the time of finding them, which a sample needs in full, unlike that of parsing."""
    while True:
        started, cpu_started = time.perf_counter_ns(), time.process_time_ns()
        record = next(records, None)
        counts["reader_microseconds"] += (time.perf_counter_ns() - started) // 1000
        counts["reader_cpu_microseconds"] += (time.process_time_ns() - cpu_started) // 1000
        if record is None:
            return
        yield record


def _records(kind: AnySourceKind, extraction: Extraction, progress: Progress) -> Iterator[_Found]:
    """Yields what the reader gives; a file that crashes it ends at that place, and the files after it are read."""
    progress.begin()
    n_records = 0
    first_file = 0
    keys: set[str] = set()
    for stop in extraction.stops:
        reader = kind.records(_from_file(extraction.shard, first_file, progress), extraction.source.options)
        file = extraction.shard.files[stop.file]
        offset = 0
        for record in islice(reader, stop.n_records - n_records):
            n_records += 1
            progress.next_record()
            offset = record.origin_offset if record.origin_file == file.uri else offset
            yield _once(record, keys)
        yield BrokenInput(file.uri, offset, Refused("reader_crashed", stop.ending, file.uri))
        first_file = stop.file + 1
    for record in kind.records(_from_file(extraction.shard, first_file, progress), extraction.source.options):
        progress.next_record()
        yield _once(record, keys) if extraction.stops else record


def _from_file(shard: InputShard, first: int, progress: Progress) -> InputShard:
    files = _WatchedFiles(shard.files[first:])
    files.progress, files.first = progress, first
    return replace(shard, files=files)


def _once(record: _Found, keys: set[str]) -> _Found:
    """Returns the record, or a refusal if its key was read before: a reader that starts again cannot know that."""
    if isinstance(record, BrokenInput):
        return record
    if record.key in keys:
        return BrokenInput(record.origin_file, record.origin_offset, Refused("duplicate_key", record.key))
    keys.add(record.key)
    return record


def parse_record(kind: AnySourceKind, record: Record[object], options: object) -> Outcome:
    """Parse a record; any error of the parser refuses the record. This is the isolation boundary."""
    try:
        outcome: Outcome = kind.parse(record, options)
    except Exception as error:  # noqa: BLE001
        return Refused("parser_failed", f"{type(error).__name__}: {error}".replace("\n", " ")[:500])
    return outcome


def _parse_in_a_fork(kind: AnySourceKind, record: Record[object], options: object, patience: Patience) -> Outcome:
    """Parse a record in a forked process; if that crashes or hangs as often as may be, the record is quarantined."""
    ending = ""
    was_spent = patience.is_spent
    for _ in range(patience.tries):
        started = time.monotonic()
        outcome, ending = _fork_once(kind, record, options, patience.limit_s)
        patience.spend(time.monotonic() - started)
        if outcome is not None:
            return outcome
    return Refused("quarantined", f"{ending}, when the patience with its shard was spent" if was_spent else ending)


def _fork_once(
    kind: AnySourceKind, record: Record[object], options: object, timeout_s: float
) -> tuple[Outcome | None, str]:
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(readable)
        with os.fdopen(writable, "wb") as stream:
            pickle.dump(parse_record(kind, record, options), stream)
        os._exit(0)
    os.close(writable)
    chunks: list[bytes] = []
    timed_out = False
    while True:
        ready, _, _ = select.select([readable], [], [], timeout_s)
        if not ready:
            timed_out = True
            os.kill(child, signal.SIGKILL)
            break
        chunk = os.read(readable, 1 << 16)
        if not chunk:
            break
        chunks.append(chunk)
    os.close(readable)
    _, status = os.waitpid(child, 0)
    if timed_out:
        return None, f"the parser was still busy after {timeout_s:g} s"
    if status != 0:
        code = os.waitstatus_to_exitcode(status)
        return None, f"the parser ended with {signal.Signals(-code).name if code < 0 else f'exit status {code}'}"
    outcome: Outcome = pickle.loads(b"".join(chunks))
    return outcome, ""


def _document_row(source: Source, record: Record[object], document: Document) -> dict[str, Any]:
    return {
        "doc_id": document_id(source.name, record.key),
        "source": source.name,
        "licence": source.licence,
        "terms": source.terms if document.terms is None else document.terms,
        "uses": source.uses,
        "profile": source.profile,
        "uri": document.uri,
        "fetched_at": document.fetched_at,
        "origin_file": record.origin_file,
        "origin_offset": record.origin_offset,
        "charset": document.charset,
        "charset_declared": document.charset_declared,
        "charset_decided_by": document.charset_decided_by,
        "undecodable_fraction": document.undecodable_fraction,
        "truncated_by": document.truncated_by,
        "robots": document.robots,
        "statements": document.statements,
        "page_licence": document.page_licence,
        "link_fraction": document.link_fraction,
        "kept_japanese_fraction": document.kept_japanese_fraction,
        "title": document.title,
        "text": document.text,
        "comments": document.comments,
        "pages": [{"label": label, "start": start} for label, start in document.pages],
        "structure": document.structure._asdict(),
        "grade": document.grade,
        "subject": document.subject,
        "family": document.family,
        "meta": json.dumps(document.meta, ensure_ascii=False, sort_keys=True) if document.meta else "{}",
    }


def _ocr_row(source: Source, record: Record[object], uri: str, page: OcrPage) -> dict[str, Any]:
    return {
        "doc_id": document_id(source.name, record.key),
        "source": source.name,
        "key": record.key,
        "uri": uri,
        "origin_file": record.origin_file,
        "origin_offset": record.origin_offset,
        "page": page.number,
        "why": page.why,
    }


def _refused_row(source: Source, record: Record[object], refused: Refused) -> dict[str, Any]:
    return {
        "doc_id": document_id(source.name, record.key),
        "source": source.name,
        "uri": refused.uri,
        "origin_file": record.origin_file,
        "origin_offset": record.origin_offset,
        "reason": refused.reason,
        "detail": hide(refused.detail),
    }
