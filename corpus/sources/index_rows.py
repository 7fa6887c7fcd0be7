"""Rows of a crawl's index: which pages are worth fetching, as Common Crawl's columnar index describes them.

A row is selected by one expression, whose terms are the fields of `Rule`:

    (any of `languages` in content_languages OR content_charset in `charsets` OR url_host_tld in `tlds`
     OR content_languages is null and `unknown` says so)
    AND fetch_status in `statuses` AND content_mime_detected in `mimes` [AND content_truncated is null]

The index says null where its language detector did not look (text/plain, PDF) or found nothing, which is not "not
Japanese". A whole file without the column (before CC-MAIN-2018-39) is yet another thing: its rows cannot be decided
by language, and those that no other term selects are counted as undecided.
"""

from __future__ import annotations

import codecs
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from manyo.corpus.nearest import not_one_of

_LANGUAGE_CODE = re.compile("[a-z]{3}")
_DOMAIN = re.compile(r"[a-z0-9-]+")
_CHARSETS = ("Shift_JIS", "EUC-JP", "ISO-2022-JP", "windows-31j", "UTF-8")
#: What of the rows is null and may be selected: those of hosts that have a selected page in the same file, or all.
_UNKNOWN = ("none", "hosts", "all")
_USES_OF_TRUNCATED = ("keep", "drop")

#: Columns that a rule looks at; files may lack all but the first.
_STATUS, _MIME, _DECLARED_MIME = "fetch_status", "content_mime_detected", "content_mime_type"
_LANGUAGES, _CHARSET, _TRUNCATED = "content_languages", "content_charset", "content_truncated"
_TLD, _HOST = "url_host_tld", "url_host_name"
_LOOKED_AT = (_STATUS, _MIME, _DECLARED_MIME, _LANGUAGES, _CHARSET, _TRUNCATED, _TLD, _HOST)

#: What fetching needs of a row.
PLACE = pa.schema(
    [
        ("warc_filename", pa.string()),
        ("warc_record_offset", pa.int64()),
        ("warc_record_length", pa.int64()),
        ("url", pa.string()),
        ("content_digest", pa.string()),
        ("index_row", pa.int64()),
    ]
)
#: In the metadata of a selection: the rule that made it (`manyo.corpus.sources.selection`).
RULE_KEY = b"manyo_rule"

_REQUIRED = ("warc_filename", "warc_record_offset", "warc_record_length", "url")


@dataclass(frozen=True, slots=True)
class Rule:
    """Which rows of an index are selected; an empty tuple of languages, charsets or tlds selects none by it.

    Attributes:
        languages: ISO 639-3 codes, any of which the row's list holds, at any place in it.
        charsets: names of encodings as the index writes them.
        tlds: top-level domains.
        unknown: rows without a language that no other term selects: none, those of hosts that have a page selected by
            language or charset in the same file, or all.
        mimes: media types as the crawler detected them.
        statuses: of HTTP.
        truncated: keep or drop pages of which the crawler kept only the start.
    """

    languages: tuple[str, ...] = ("jpn",)
    charsets: tuple[str, ...] = ("Shift_JIS", "EUC-JP", "ISO-2022-JP", "windows-31j")
    tlds: tuple[str, ...] = ("jp",)
    unknown: str = "hosts"
    mimes: tuple[str, ...] = ("text/html", "application/xhtml+xml", "text/plain")
    statuses: tuple[int, ...] = (200,)
    truncated: str = "keep"

    def __post_init__(self) -> None:
        if self.unknown not in _UNKNOWN:
            raise ValueError(f"unknown: {not_one_of(self.unknown, _UNKNOWN)}")
        if self.truncated not in _USES_OF_TRUNCATED:
            raise ValueError(f"truncated: {not_one_of(self.truncated, _USES_OF_TRUNCATED)}")
        for language in self.languages:
            if not _LANGUAGE_CODE.fullmatch(language):
                raise ValueError(f"languages: {language!r} is no code of three letters (ISO 639-3), such as jpn")
        for charset in self.charsets:
            if charset not in _CHARSETS and not _is_codec(charset):
                raise ValueError(f"charsets: {not_one_of(charset, _CHARSETS)}")
        for tld in self.tlds:
            if not _DOMAIN.fullmatch(tld):
                raise ValueError(f"tlds: {tld!r} is no top-level domain: write it as jp, without a dot")
        for mime in self.mimes:
            if "/" not in mime:
                raise ValueError(f"mimes: {mime!r} is no media type, such as text/html")
        for status in self.statuses:
            if not 100 <= status <= 599:
                raise ValueError(f"statuses: {status} is no status of HTTP, such as 200")
        if not (self.languages or self.charsets or self.tlds or self.unknown == "all"):
            raise ValueError("languages, charsets and tlds are all empty: no row can be selected")

    def stated(self) -> str:
        """The rule in one line."""
        return json.dumps(asdict(self), sort_keys=True)


def _differences(made_by: bytes, rule: Rule) -> str:
    """The keys in which the rule of a selection differs from the one that is asked for, with both values."""
    before, now = json.loads(made_by), json.loads(rule.stated())
    keys = [key for key in sorted(before.keys() | now.keys()) if before.get(key) != now.get(key)]
    return ", ".join(f"{key} = {json.dumps(before.get(key))}, not {json.dumps(now.get(key))}" for key in keys)


def _is_codec(name: str) -> bool:
    try:
        return bool(codecs.lookup(name))
    except LookupError:
        return False


@dataclass(frozen=True, slots=True)
class Selected:
    """What a rule finds in one file of an index.

    Attributes:
        rows: the selected ones, with the columns of `PLACE`, in the order of archive and offset.
        counts: `rows` of the file; of them `language`, `charset`, `tld`, `host`, `unknown` say by which term a row was
            selected, the first that holds; `status`, `mime`, `truncated`, `language_unknown` and `language_other` why
            one was not; `undecided` are those whose language the file does not state. Rows of a selection, which was
            made before, are `selected`.
        lacks: columns of the rule's terms that the file does not have.
    """

    rows: pa.Table
    counts: Counter[str]
    lacks: tuple[str, ...]


class UnfitIndex(ValueError):
    """A Parquet file that is no index, or a selection by another rule; the message says what is missing or differs."""


def select(stream: BinaryIO, rule: Rule) -> Selected:
    """Read one Parquet file of an index, a row group at a time, and only the columns that the rule needs.

    Raises:
        UnfitIndex: the file lacks a column that every index has, or is a selection by another rule.
        pa.ArrowException, OSError: it is damaged, or cannot be read.
    """
    with pq.ParquetFile(stream) as index:
        names = index.schema_arrow.names
        if made_by := (index.schema_arrow.metadata or {}).get(RULE_KEY):
            if made_by.decode() != rule.stated():
                raise UnfitIndex(f"selected by {_differences(made_by, rule)}: run `manyo select` again")
            rows = index.read().select([name for name in PLACE.names if name != "index_row"])
            rows = rows.append_column("index_row", pa.array(range(len(rows)), pa.int64())).cast(PLACE)
            return Selected(rows, Counter(rows=len(rows), selected=len(rows)), ())
        if missing := [name for name in (*_REQUIRED, _STATUS) if name not in names]:
            raise UnfitIndex(f"not an index of archives: no column {', '.join(missing)}")
        lacks = tuple(name for name in (_LANGUAGES, _CHARSET) if name not in names)
        columns = [name for name in dict.fromkeys((*_LOOKED_AT, *PLACE.names)) if name in names]
        counts: Counter[str] = Counter()
        chosen: list[pa.Table] = []
        waiting: list[pa.Table] = []
        hosts: set[str] = set()
        first = 0
        for group in range(index.num_row_groups):
            rows = index.read_row_group(group, columns=columns)
            rows = rows.append_column("index_row", pa.array(np.arange(first, first + len(rows), dtype=np.int64)))
            first += len(rows)
            by_term, maybe = _decide(rows, rule, lacks, counts)
            if rule.unknown == "hosts":
                hosts.update(pc.unique(_text(rows.filter(by_term), _HOST)).to_pylist())
                waiting.append(_placed(rows.filter(maybe), with_host=True))
            chosen.append(_placed(rows.filter(by_term if rule.unknown != "all" else pc.or_(by_term, maybe))))
    of_hosts = _of_hosts(waiting, hosts - {""})
    counts["host"] += len(of_hosts)
    counts["language_unknown"] -= len(of_hosts)
    rows = pa.concat_tables([PLACE.empty_table(), *chosen, of_hosts])
    rows = rows.sort_by([("warc_filename", "ascending"), ("warc_record_offset", "ascending")])
    return Selected(rows, +counts, lacks)


def _decide(rows: pa.Table, rule: Rule, lacks: tuple[str, ...], counts: Counter[str]) -> tuple[pa.Array, pa.Array]:
    """Which rows a term selects, and which have no language but may be selected by `unknown`; counts them."""
    counts["rows"] += len(rows)
    open_ = _all(len(rows))
    for name, passes in (
        ("status", pc.is_in(rows[_STATUS].cast(pa.int64()), pa.array(rule.statuses, pa.int64()))),
        ("mime", pc.is_in(_text(rows, _MIME if _MIME in rows.column_names else _DECLARED_MIME), _strings(rule.mimes))),
        ("truncated", pc.equal(_text(rows, _TRUNCATED), "") if rule.truncated == "drop" else _all(len(rows))),
    ):
        counts[name] += _true(pc.and_not(open_, passes))
        open_ = pc.and_(open_, passes)
    languages = _text(rows, _LANGUAGES)
    any_of = "|".join(rule.languages)
    found = _none(len(rows))
    for name, holds in (
        ("language", pc.match_substring_regex(languages, f"(^|,)({any_of})(,|$)") if any_of else found),
        ("charset", pc.is_in(_text(rows, _CHARSET), _strings(rule.charsets))),
        ("tld", pc.is_in(_text(rows, _TLD), _strings(rule.tlds))),
    ):
        new = pc.and_(pc.and_not(open_, found), holds)
        counts[name] += _true(new)
        found = pc.or_(found, new)
    left = pc.and_not(open_, found)
    if _LANGUAGES in lacks:
        counts["undecided"] += _true(left)
        return found, _none(len(rows))
    unknown = pc.and_(left, pc.equal(languages, ""))
    counts["unknown" if rule.unknown == "all" else "language_unknown"] += _true(unknown)
    counts["language_other"] += _true(pc.and_not(left, unknown))
    return found, unknown


def placed_rows(stream: BinaryIO, columns: Sequence[str] | None) -> Iterator[pa.Table]:
    """Yields the rows of one file of an index, a row group at a time.

    Args:
        stream: of the file.
        columns: to read; None for all that a rule looks at, and the places.

    Raises:
        UnfitIndex: the file lacks a column that every index has, or is a selection.
        pa.ArrowException, OSError: it is damaged, or cannot be read.
    """
    with pq.ParquetFile(stream) as index:
        names = index.schema_arrow.names
        missing = [name for name in (*_REQUIRED, _STATUS) if name not in names]
        if missing:
            raise UnfitIndex(f"not an index of archives: no column {', '.join(missing)}")
        wanted = columns or [name for name in dict.fromkeys((*_LOOKED_AT, *_REQUIRED)) if name in names]
        for group in range(index.num_row_groups):
            yield index.read_row_group(group, columns=list(wanted))


def why_not(row: Mapping[str, Any], rule: Rule) -> str:
    """Why a rule does not select a row that it does not select; named as in `Selected.counts`."""
    if row[_STATUS] not in rule.statuses:
        return "status"
    if (row[_MIME] if _MIME in row else row.get(_DECLARED_MIME)) not in rule.mimes:
        return "mime"
    if rule.truncated == "drop" and row.get(_TRUNCATED):
        return "truncated"
    if _LANGUAGES not in row:
        return "undecided"
    return "language_other" if row[_LANGUAGES] else "language_unknown"


def _of_hosts(waiting: list[pa.Table], hosts: set[str]) -> pa.Table:
    """The waiting rows whose host is among some."""
    rows = pa.concat_tables([_WAITING.empty_table(), *waiting])
    return rows.filter(pc.is_in(rows[_HOST], _strings(tuple(sorted(hosts))))).select(PLACE.names)


_WAITING = pa.schema([*PLACE, (_HOST, pa.string())])


def _placed(rows: pa.Table, with_host: bool = False) -> pa.Table:
    """The columns of `PLACE`, as its types; a column that a file lacks is null."""
    schema = _WAITING if with_host else PLACE
    columns = [
        rows[field.name].cast(field.type) if field.name in rows.column_names else pa.nulls(len(rows), field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)


def _text(rows: pa.Table, name: str) -> pa.Array:
    """A column of strings, "" for null; "" throughout if the file lacks it."""
    if name not in rows.column_names:
        return pa.repeat("", len(rows))
    return pc.fill_null(rows[name].cast(pa.string()), "").combine_chunks()


def _strings(values: tuple[str, ...]) -> pa.Array:
    return pa.array(values, pa.string())


def _all(n: int) -> pa.Array:
    return pa.repeat(True, n)


def _none(n: int) -> pa.Array:
    return pa.repeat(False, n)


def _true(mask: pa.Array) -> int:
    return int(pc.sum(mask).as_py() or 0)
