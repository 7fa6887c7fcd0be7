"""A crawl by its index: selected records give the documents of whole archives, and every row has an outcome."""

from __future__ import annotations

import base64
import gzip
import hashlib
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.records import BrokenInput, Document, InputFile, InputShard, Record, Refused
from manyo.corpus.sources import commoncrawl, fetching, warc
from manyo.corpus.sources.index_rows import Rule, select
from manyo.corpus.sources.ranges import SMALLEST_GAP_BYTES, Places, Rates, best_gap, cost, merged
from manyo.corpus.tables import retries
from manyo.corpus.tables.pace import Pace
from manyo.corpus.tables.retries import Patience, StorageError
from manyo.corpus.tables.shards import filesystem
from manyo.corpus.tables.start_folder import paths_start_at
from tests.corpus.test_warc import ENGLISH, HTML, http
from tests.faulty_server import Faults, proxy, s3_clients, s3_server, web_server

INDEX = "cc-index/table/cc-main/warc/crawl=CC-MAIN-2026-05/subset=warc/part-00000.c000.gz.parquet"
ARCHIVE = "crawl-data/CC-MAIN-2026-05/segments/1.1/warc/CC-MAIN-{:05d}.warc.gz"
SCHEMA = pa.schema(
    [
        ("url", pa.string()),
        ("url_host_name", pa.string()),
        ("url_host_tld", pa.string()),
        ("fetch_status", pa.int16()),
        ("content_digest", pa.string()),
        ("content_mime_type", pa.string()),
        ("content_mime_detected", pa.string()),
        ("content_charset", pa.string()),
        ("content_languages", pa.string()),
        ("content_truncated", pa.string()),
        ("warc_filename", pa.string()),
        ("warc_record_offset", pa.int32()),
        ("warc_record_length", pa.int32()),
    ]
)


def member(kind: str, url: str, block: bytes, number: int) -> bytes:
    head = [
        "WARC/1.0",
        f"WARC-Type: {kind}",
        f"WARC-Record-ID: <urn:uuid:{kind}-{number}>",
        f"WARC-Target-URI: {url}",
        "WARC-Date: 2026-01-20T07:08:09Z",
        "Content-Type: application/http",
        f"Content-Length: {len(block)}",
    ]
    return gzip.compress("\r\n".join(head).encode() + b"\r\n\r\n" + block + b"\r\n\r\n")


def row(host: str, path: str = "/", **values: object) -> dict[str, object]:
    found: dict[str, object] = {
        "url": f"http://{host}{path}",
        "url_host_name": host,
        "url_host_tld": host.rpartition(".")[2],
        "fetch_status": 200,
        "content_mime_type": "text/html",
        "content_mime_detected": "text/html",
        "content_charset": "UTF-8",
        "content_languages": "jpn",
    }
    return found | values


def crawl(root: Path, n_pages: int = 12, n_archives: int = 2) -> list[dict[str, object]]:
    """Archives as Common Crawl writes them, each page between its request and its metadata; rows of every page."""
    rows = []
    archives = [bytearray() for _ in range(n_archives)]
    for number in range(n_pages):
        is_japanese = number % 3 != 1
        body = (HTML if is_japanese else ENGLISH) + b" " * number
        one = row("example.com", f"/{number}", content_languages="jpn,eng" if is_japanese else "eng")
        block = http(body, f"Content-Length: {len(body)}")
        archive = archives[number % n_archives]
        archive += member("request", str(one["url"]), b"GET / HTTP/1.1\r\n\r\n", number)
        response = member("response", str(one["url"]), block, number)
        one["warc_filename"] = ARCHIVE.format(number % n_archives)
        one["warc_record_offset"], one["warc_record_length"] = len(archive), len(response)
        one["content_digest"] = base64.b32encode(hashlib.sha1(body).digest()).decode()
        archive += response + member("metadata", str(one["url"]), b"fetchTimeMs: 5\r\n", number)
        rows.append(one)
    for number, archive in enumerate(archives):
        path = root / ARCHIVE.format(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(archive)
    return rows


def write_index(root: Path, rows: list[dict[str, object]], lacks: tuple[str, ...] = ()) -> Path:
    path = root / INDEX
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pylist(rows, SCHEMA).drop_columns(list(lacks))
    pq.write_table(table, path, row_group_size=5, compression="gzip")
    return path


def options(prefix: str, **values: object) -> commoncrawl.Options:
    given_values: dict[str, object] = {"requests_per_second": 1e6, "contact": "test@example.org"}
    return commoncrawl.Options(paths_prefix=prefix, **(given_values | values))  # type: ignore[arg-type]


def by_index(
    index: Path | list[InputFile], settings_: commoncrawl.Options
) -> dict[tuple[str, int], tuple[str, object]]:
    """Key and outcome of every record, by its archive's path below the prefix and its offset."""
    files = index if isinstance(index, list) else [InputFile(str(index), index.stat().st_size, "1")]
    shards = commoncrawl.plan(files, settings_)
    found: dict[tuple[str, int], tuple[str, object]] = {}
    for shard in shards:
        for record in commoncrawl.records(shard, settings_):
            place = (record.origin_file.removeprefix(settings_.paths_prefix), record.origin_offset)
            assert place not in found
            if isinstance(record, BrokenInput):
                found[place] = ("", record.refused)
            else:
                found[place] = (record.key, commoncrawl.parse(record, settings_))
    return found


def whole(root: Path) -> dict[tuple[str, int], tuple[str, object]]:
    """The same for every page of the archives, read from start to end."""
    found = {}
    for path in sorted(root.rglob("*.warc.gz")):
        name = str(path.relative_to(root))
        for record in warc.records(InputShard("x", (InputFile(str(path), 1, "1", name=name),)), warc.Options()):
            assert isinstance(record, Record)
            found[name, record.origin_offset] = (record.key, warc.parse(record, warc.Options()))
    return found


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    patience = Patience(attempts=12, forbidden_attempts=3, wait_s=0.002, throttled_wait_s=0.005, longest_wait_s=0.02)
    monkeypatch.setattr(retries, "PATIENCE", patience)


# --- selection

HOSTS = ("a.jp", "b.com", "c.com")
ROWS = st.lists(
    st.builds(
        row,
        st.sampled_from(HOSTS),
        fetch_status=st.sampled_from((200, 404)),
        content_mime_detected=st.sampled_from(("text/html", "text/plain", "application/pdf", None)),
        content_charset=st.sampled_from(("UTF-8", "EUC-JP", None)),
        content_languages=st.sampled_from(("jpn", "eng,jpn", "eng", "jpnx", None)),
        content_truncated=st.sampled_from((None, "length")),
        warc_filename=st.just("a"),
        warc_record_offset=st.integers(0, 9),
        warc_record_length=st.just(1),
    ),
    max_size=30,
)
RULES = st.builds(
    Rule,
    languages=st.sampled_from((("jpn",), ("jpn", "eng"), ())),
    tlds=st.sampled_from((("jp",), ())),
    unknown=st.sampled_from(("none", "hosts", "all")),
    truncated=st.sampled_from(("keep", "drop")),
)


def naively_selected(rows: list[dict[str, object]], rule: Rule) -> list[int]:
    def is_open(one: dict[str, object]) -> bool:
        is_whole = rule.truncated == "keep" or one["content_truncated"] is None
        return one["fetch_status"] in rule.statuses and one["content_mime_detected"] in rule.mimes and is_whole

    def is_found(one: dict[str, object]) -> bool:
        languages = str(one["content_languages"] or "").split(",")
        by_language = bool(set(languages) & set(rule.languages))
        return by_language or one["content_charset"] in rule.charsets or one["url_host_tld"] in rule.tlds

    hosts = {one["url_host_name"] for one in rows if is_open(one) and is_found(one)}
    unknown = {"none": set(), "hosts": hosts, "all": set(HOSTS)}[rule.unknown]
    return [
        number
        for number, one in enumerate(rows)
        if is_open(one) and (is_found(one) or (one["content_languages"] is None and one["url_host_name"] in unknown))
    ]


@settings(max_examples=60, deadline=None)
@given(ROWS, RULES)
def test_a_rule_selects_what_its_expression_says_and_counts_every_row(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, object]], rule: Rule
) -> None:
    with write_index(tmp_path_factory.mktemp("i"), rows).open("rb") as stream:
        found = select(stream, rule)
    assert sorted(found.rows["index_row"].to_pylist()) == naively_selected(rows, rule)
    counts = found.counts
    assert counts["rows"] == len(rows) == sum(n for name, n in counts.items() if name != "rows")
    assert len(found.rows) == sum(counts[term] for term in ("language", "charset", "tld", "host", "unknown"))
    offsets = found.rows["warc_record_offset"].to_pylist()
    assert offsets == sorted(offsets)


def test_an_index_without_languages_is_told_from_pages_that_are_not_japanese(tmp_path: Path) -> None:
    rows = crawl(tmp_path)
    rows[0] |= {"url_host_tld": "jp"}
    path = write_index(tmp_path, rows, ("content_languages", "content_charset", "content_truncated"))
    found = by_index(path, options(f"{tmp_path}/", unknown="all"))
    (refused,) = [one for _, one in found.values() if isinstance(one, Refused)]
    assert refused.reason == "language_not_stated"
    assert refused.detail == "11 of 12 rows: no column content_languages, content_charset"
    assert [type(one) for _, one in found.values()].count(Document) == 1


@pytest.mark.parametrize("content", [b"PAR1 but no more of it PAR1", b"\0" * 100])
def test_what_is_no_index_is_one_row_with_a_reason(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "part.parquet"
    path.write_bytes(content)
    ((_, refused),) = by_index(path, options(f"{tmp_path}/")).values()
    assert isinstance(refused, Refused)
    assert refused.reason == "broken_index"


def test_a_table_of_something_else_names_the_columns_that_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "part.parquet"
    pq.write_table(pa.table({"url": ["a"], "text": ["b"]}), path)
    ((_, refused),) = by_index(path, options(f"{tmp_path}/")).values()
    assert isinstance(refused, Refused)
    assert "no column warc_filename" in refused.detail


# --- ranges

PLACES = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 400), st.integers(1, 60)), max_size=12).map(
    lambda found: sorted(set(found))
)


def places_of(found: list[tuple[int, int, int]]) -> Places:
    array = np.array(found, np.int64).reshape(-1, 3)
    return Places(array[:, 0], array[:, 1], array[:, 1] + array[:, 2])


def naively_merged(found: list[tuple[int, int, int]], gap_bytes: int) -> list[list[tuple[int, int, int]]]:
    ranges: list[list[tuple[int, int, int]]] = []
    for one in found:
        reach = max((start + length for archive, start, length in ranges[-1]), default=0) if ranges else 0
        if ranges and ranges[-1][0][0] == one[0] and one[1] - reach <= gap_bytes:
            ranges[-1].append(one)
        else:
            ranges.append([one])
    return ranges


@given(PLACES, st.integers(0, 100))
def test_neighbours_within_the_gap_are_one_request_and_its_cost_is_their_span(
    found: list[tuple[int, int, int]], gap_bytes: int
) -> None:
    ranges = naively_merged(found, gap_bytes)
    places = places_of(found)
    assert [found[first:behind] for first, behind in merged(places, gap_bytes)] == ranges
    stated = cost(places, gap_bytes, Rates(1.0, 1.0))
    spans = [max(start + length for _, start, length in one) - one[0][1] for one in ranges]
    assert (stated.n_requests, stated.n_bytes) == (len(ranges), sum(spans))


@given(PLACES, st.floats(0.01, 100), st.floats(0.01, 100))
def test_no_gap_is_faster_than_the_best_one(
    found: list[tuple[int, int, int]], bytes_per_second: float, requests_per_second: float
) -> None:
    places, rates = places_of(found), Rates(bytes_per_second, requests_per_second)
    # Below the smallest gap a request is never worth it; places far apart are the interesting ones.
    wide = Places(places.archive, places.start * SMALLEST_GAP_BYTES, places.end + places.start * SMALLEST_GAP_BYTES)
    best = cost(wide, best_gap(wide, rates), rates).seconds
    every = [cost(wide, gap, rates).seconds for gap in range(SMALLEST_GAP_BYTES, 420 * SMALLEST_GAP_BYTES, 499)]
    assert best <= min(every) * (1 + 1e-9)


# --- fetching


@pytest.mark.parametrize("gap_bytes", [0, 1 << 20])
def test_selected_records_give_the_documents_of_the_whole_archives(tmp_path: Path, gap_bytes: int) -> None:
    path = write_index(tmp_path, rows := crawl(tmp_path))
    found = by_index(path, options(f"{tmp_path}/", gap_bytes=gap_bytes))
    everything = whole(tmp_path)
    assert found == {place: everything[place] for place in found}
    selected = [one for one in rows if "jpn" in str(one["content_languages"])]
    assert set(found) == {(one["warc_filename"], one["warc_record_offset"]) for one in selected}
    assert sum(isinstance(one, Document) for _, one in found.values()) == 8


@pytest.mark.parametrize(("gap_bytes", "knows_ranges"), [(0, True), (1 << 20, True), (0, False)])
def test_a_server_that_fails_one_request_in_twenty_changes_nothing(
    tmp_path: Path, impatient: None, gap_bytes: int, knows_ranges: bool
) -> None:
    path = write_index(tmp_path, crawl(tmp_path, n_pages=60))
    faults = Faults(unavailable=0.05, cut=0.05)
    with web_server(tmp_path, knows_ranges) as port, proxy(port, faults) as url:
        found = by_index(path, options(f"{url}/", gap_bytes=gap_bytes, connections=3))
    everything = whole(tmp_path)
    assert found == {place: everything[place] for place in found}
    assert len(found) == 40
    assert gap_bytes or faults.injected.total() > 0
    assert {command for command, _, _ in faults.requests} == {"GET"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"warc_filename": ARCHIVE.format(7)}, "archive_missing"),
        ({"warc_filename": "../../secrets.warc.gz"}, "bad_place"),
        ({"warc_filename": "/etc/passwd"}, "bad_place"),
        ({"warc_filename": "http://elsewhere.example/a.warc.gz"}, "bad_place"),
        ({"warc_filename": None}, "bad_place"),
        ({"warc_record_offset": -1}, "bad_place"),
        ({"warc_record_length": None}, "bad_place"),
        ({"warc_record_offset": 1 << 30}, "range_missing"),
        ({"warc_record_length": 30}, "not_one_record"),
        ({"warc_record_length": 2000}, "not_one_record"),
        ({"url": "http://example.com/another"}, "other_record"),
        ({"content_digest": "A" * 32}, "digest_differs"),
    ],
)
@pytest.mark.parametrize("is_remote", [False, True])
def test_a_row_that_cannot_be_fetched_is_named_and_its_neighbours_are_read(
    tmp_path: Path, impatient: None, change: dict[str, object], reason: str, is_remote: bool
) -> None:
    rows = crawl(tmp_path, n_archives=1)
    rows[3] |= change
    path = write_index(tmp_path, rows)
    with web_server(tmp_path) as port:
        prefix = f"http://127.0.0.1:{port}/" if is_remote else f"{tmp_path}/"
        found = by_index(path, options(prefix, gap_bytes=1 << 20))
    refused = [one for _, one in found.values() if isinstance(one, Refused)]
    assert [(one.reason, one.uri) for one in refused] == [(reason, rows[3]["url"])]
    assert sum(isinstance(one, Document) for _, one in found.values()) == 7


def test_a_place_that_two_rows_name_is_read_once(tmp_path: Path) -> None:
    rows = crawl(tmp_path, n_archives=1)
    path = write_index(tmp_path, [*rows, rows[0]])
    records = list(commoncrawl.records(InputShard("x", (InputFile(str(path), 1, "1"),)), options(f"{tmp_path}/")))
    payloads = [record.payload for record in records if isinstance(record, Record)]
    assert Counter(one.reason for one in payloads if isinstance(one, Refused)) == {"repeated_place": 1}
    assert len({record.key for record in records if isinstance(record, Record)}) == 9


def test_reading_ends_with_an_error_if_the_server_gives_nothing(
    tmp_path: Path, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "_FAILURES_AT_LEAST", 2)
    path = write_index(tmp_path, crawl(tmp_path))
    with (
        web_server(tmp_path) as port,
        proxy(port, Faults(forbidden=1.0)) as url,
        pytest.raises(StorageError, match=r"3 of 8 records could not be fetched.*run the same command again"),
    ):
        by_index(path, options(f"{url}/"))


def test_few_records_that_the_server_withholds_are_rows_with_what_it_said(
    tmp_path: Path, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_index(tmp_path, crawl(tmp_path, n_pages=9, n_archives=1))
    faults = Faults(forbidden=1.0)
    with web_server(tmp_path) as port, proxy(port, faults) as url:
        found = by_index(path, options(f"{url}/", gap_bytes=0, connections=1))
    reasons = [one.reason for _, one in found.values() if isinstance(one, Refused)]
    assert reasons == ["not_fetched"] * 6
    # Of one archive three records are asked for, three times each.
    assert len(faults.requests) == 9


# --- manners


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@given(st.lists(st.sampled_from(("good", "refused", "slow")), max_size=200), st.floats(0.5, 1000))
def test_requests_never_exceed_the_budget_in_any_stretch_of_time(answers: list[str], budget: float) -> None:
    clock = Clock()
    pace = Pace(budget, clock.time, clock.sleep)
    times = []
    for answer in answers:
        pace.take()
        times.append(clock.now)
        clock.now += 3 / budget if answer == "slow" else 0
        (pace.refused if answer == "refused" else pace.answered)()
    for first in range(len(times)):
        for last in range(first + 1, len(times)):
            # A window that begins with a request holds one more than its length gives.
            assert last - first <= (times[last] - times[first]) * budget * (1 + 1e-6) + 1


def test_refusals_slow_requests_down_to_a_floor_and_good_answers_bring_the_budget_back() -> None:
    clock = Clock()
    pace = Pace(100.0, clock.time, clock.sleep)
    pace.refused()
    pace.refused()  # of a request that was under way at the same time
    assert pace.rate == 50.0
    for _ in range(20):
        clock.now += 1
        pace.refused()
    assert pace.rate == pytest.approx(100 / 256)
    for _ in range(500):
        pace.answered()
    assert pace.rate == 100.0


def test_requests_follow_the_task_s_share_of_the_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    budgets = []
    monkeypatch.setattr(commoncrawl, "Pace", lambda budget: budgets.append(budget) or Pace(budget))
    path = write_index(tmp_path, crawl(tmp_path))
    shard = InputShard("x", (InputFile(str(path), 1, "1"),), budget_share=1 / 8)
    assert list(commoncrawl.records(shard, options(f"{tmp_path}/", requests_per_second=8e6)))
    assert budgets == [1e6]


def test_a_web_server_is_told_whom_to_ask(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="contact is missing"):
        commoncrawl.Options()
    path = write_index(tmp_path, crawl(tmp_path))
    faults = Faults()
    with web_server(tmp_path) as port, proxy(port, faults) as url:
        by_index(path, options(f"{url}/", gap_bytes=1 << 20))
    assert set(faults.user_agents) == {"manyo (test@example.org)"}


# --- crawls


def test_a_crawl_by_name_is_the_pages_of_its_list(tmp_path: Path) -> None:
    write_index(tmp_path, crawl(tmp_path))
    crawl_options = options(f"{tmp_path}/")
    (address,) = commoncrawl.addresses(["CC-MAIN-2026-05"], crawl_options)
    lines = [INDEX, INDEX.replace("subset=warc", "subset=robotstxt")]
    Path(address).parent.mkdir(parents=True, exist_ok=True)
    Path(address).write_bytes(gzip.compress("\n".join(lines).encode()))
    (shard,) = commoncrawl.plan([InputFile(address, 1, "1")], crawl_options)
    assert [file.uri for file in shard.files] == [str(tmp_path / INDEX)]
    assert commoncrawl.addresses(["a/b.parquet"], crawl_options) == ("a/b.parquet",)
    Path(address).write_bytes(gzip.compress(lines[1].encode()))
    with pytest.raises(ValueError, match="names no index file of pages"):
        commoncrawl.plan([InputFile(address, 1, "1")], crawl_options)


@pytest.fixture(scope="module")
def sample_crawl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if "MANYO_DATA" not in os.environ:
        pytest.skip("MANYO_DATA is not set: no index of real archives")
    data = Path(os.environ["MANYO_DATA"]) / "web"
    root = tmp_path_factory.mktemp("crawl")
    for line in (data / "index/files.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        name, file = line.split("\t")
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).symlink_to(data / file)
    (root / "cc-index").symlink_to(data / "index/cc-index")
    return root


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_real_index_on_an_object_store_that_fails_one_request_in_twenty_gives_the_documents_of_whole_archives(
    sample_crawl: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("s3fs", reason="the extra s3 is not installed")
    pytest.importorskip("moto.server", reason="moto is not installed: no S3 server to test with")
    patience = Patience(attempts=12, wait_s=0.002, throttled_wait_s=0.005, longest_wait_s=0.02, silence_timeout_s=5)
    monkeypatch.setattr(retries, "PATIENCE", patience)
    faults = Faults()
    with s3_server() as port, proxy(port, faults) as url, s3_clients(url, monkeypatch, "crawl"):
        fs, _ = filesystem("s3://crawl/")
        names = [str(path.relative_to(sample_crawl)) for path in sorted(sample_crawl.rglob("*.warc.gz"))]
        parts = sorted((sample_crawl / "cc-index").rglob("crawl=CC-MAIN-2026-05/subset=warc/*.parquet"))
        index = [str(path.relative_to(sample_crawl)) for path in parts]
        for name in (*names, *index):
            fs.put_file(str((sample_crawl / name).resolve()), f"crawl/{name}", lambda: None)
        sent = len(faults.requests)
        faults.unavailable = faults.cut = 0.025
        files = [InputFile(f"s3://crawl/{name}", (sample_crawl / name).stat().st_size, "1") for name in index]
        found = by_index(files, options("s3://crawl/", gap_bytes=64 << 10))
    everything = whole(sample_crawl)
    assert found == {place: everything[place] for place in found}
    assert sum(isinstance(one, Document) for _, one in found.values()) > 3000
    assert faults.injected.total() > (len(faults.requests) - sent) / 40 > 0


def test_a_relative_prefix_starts_at_the_folder_of_the_configuration(tmp_path: Path) -> None:
    """Threads fetch, and the folder belongs to the thread that reads."""
    index = write_index(tmp_path, crawl(tmp_path / "archives"))
    with paths_start_at(str(tmp_path)):
        found = by_index(index, options("archives/"))
    assert found
    assert all(isinstance(outcome, Document) for _, outcome in found.values())
