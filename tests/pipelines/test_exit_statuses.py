"""A command ends with 0 if it is done, 1 if the work failed, 2 for a mistake of the user, 3 with notices."""

from __future__ import annotations

import dataclasses
import gzip
import io
import json
import os
import re
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from manyo.corpus.records import Document, InputFile, Record, Refused
from manyo.corpus.schema import DOCUMENTS, REFUSED
from manyo.corpus.sources import jsonl
from manyo.corpus.sources.source_kinds import KINDS, Source
from manyo.corpus.tables.shards import BatchWriter
from manyo.pipelines.cli import main
from manyo.pipelines.engine.errors import EXIT_DONE, EXIT_NOTICES, EXIT_USER, EXIT_WORK
from manyo.pipelines.extraction.loop import _document_row, _refused_row, parse_record
from manyo.pipelines.graph.notices import _OF_MANY_RECORDS, _REST_OF_FILE, BY_IDENTITY, LIMITS
from manyo.pipelines.graph.reasons import refusals
from tests.conftest import RULE_THAT_KEEPS_ALL
from tests.corpus.test_warc import warc_record

GOOD = '{"text": "川沿いを歩くと、桜の花びらが水面を流れていました。"}\n'
NO_TEXT = '{"body": "川沿いを歩くと、桜の花びらが水面を流れていました。"}\n'


class Run:
    """A run over files of JSON Lines in a folder of their own."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys
        (folder / "in").mkdir()
        self.write(GOOD * 3)
        self.configure()

    def write(self, lines: str, name: str = "a.jsonl") -> None:
        (self.folder / "in" / name).write_text(lines, encoding="utf-8")

    def configure(self, more: str = "", kind: str = "jsonl") -> None:
        (self.folder / "run.toml").write_text(
            f"""
            run.out = "{self.folder}/out"
            source = [
              {{ name = "notes", kind = "{kind}", inputs = ["{self.folder}/in/*"], profile = "prose", licence = "x" }}
            ]
            tokenize.train.vocabulary_size = 300
            {more}
            """,
            encoding="utf-8",
        )

    def state(self, key: str) -> None:
        """Add a key to the source."""
        text = (self.folder / "run.toml").read_text(encoding="utf-8")
        changed = text.replace("licence =", f"{key}, licence =") if key else text
        (self.folder / "run.toml").write_text(changed, encoding="utf-8")

    def command(self, *arguments: str) -> tuple[int, str, str]:
        status = main([*arguments, "--config", str(self.folder / "run.toml")])
        said = self._capsys.readouterr()
        return status, said.out, said.err

    def extract(self, *more: str) -> tuple[int, str, str]:
        return self.command("extract", "--executor", "serial", *more)


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(tmp_path, capsys)


def test_a_run_without_a_notice_ends_with_0(run: Run) -> None:
    status, out, _ = run.extract()
    assert status == EXIT_DONE
    assert "Notices" not in out


def test_work_that_fails_ends_with_1(run: Run) -> None:
    run.extract()
    (documents,) = (run.folder / "out").glob("extract-*/documents/**/*.parquet")
    documents.write_bytes(bytes(documents.stat().st_size))
    status, _, err = run.command("langid", "--executor", "serial")
    assert status == EXIT_WORK
    assert str(documents) in err


def test_a_mistake_of_the_user_ends_with_2(run: Run) -> None:
    run.configure("filters.rules = 1")
    assert run.extract()[0] == EXIT_USER


def test_a_mistake_that_a_task_finds_ends_with_2_and_is_not_tried_again(run: Run) -> None:
    """A vocabulary that no text of this size gives was trained twice; the status said that the work had failed."""
    (run.folder / "rules.toml").write_text(RULE_THAT_KEEPS_ALL, encoding="utf-8")
    run.configure("filter.rules = 'rules.toml'")
    text = (run.folder / "run.toml").read_text(encoding="utf-8")
    (run.folder / "run.toml").write_text(text.replace("vocabulary_size = 300", "vocabulary_size = 9000"))
    status, _, err = run.command("run", "--executor", "serial")
    assert status == EXIT_USER
    assert "[tokenize.train] vocabulary_size = 9000 is too large for this text; the largest possible is " in err
    assert "run the same command" in err.splitlines()[-1]
    assert "once more" not in err


@pytest.mark.parametrize("command", [["check"], ["extract", "--executor", "serial"]])
@pytest.mark.parametrize("wrong", [{"body": ["川"]}, {"text": [1]}])
def test_a_table_without_the_columns_of_its_source_is_one_line_and_status_2(
    run: Run, command: list[str], wrong: dict[str, list[object]]
) -> None:
    """`check` ended in a traceback, and `run` tried twice."""
    (run.folder / "in" / "a.jsonl").unlink()
    write_good("parquet", run.folder / "in" / "z.parquet")
    pq.write_table(pa.table(wrong), run.folder / "in" / "wrong.parquet")
    run.configure(kind="parquet")
    status, _, err = run.command(*command)
    assert status == EXIT_USER
    assert re.search(r"^manyo: \[\[source\]\] notes: .*wrong\.parquet: (no )?column text", err, re.M)
    assert "Traceback" not in err
    assert "once more" not in err


def dangle(folder: Path) -> None:
    os.symlink("nowhere", folder / "in" / "b.jsonl")


def add_fifo(folder: Path) -> None:
    os.mkfifo(folder / "in" / "b.jsonl")


@pytest.mark.parametrize(
    ("spoil", "notice"),
    [
        (dangle, "source notes: skipped '{folder}/in/b.jsonl' is a link to nothing"),
        (add_fifo, "source notes: skipped '{folder}/in/b.jsonl' is a FIFO, a socket or a device, not a file"),
    ],
)
def test_a_skipped_input_is_a_notice(run: Run, spoil: Callable[[Path], None], notice: str) -> None:
    spoil(run.folder)
    status, out, _ = run.extract()
    assert status == EXIT_NOTICES
    assert out.splitlines()[out.splitlines().index("Notices") + 1] == "  " + notice.replace("{folder}", str(run.folder))


def test_a_source_without_a_document_is_a_notice_that_names_the_reason_and_its_meaning(run: Run) -> None:
    run.write(NO_TEXT * 2)
    status, out, _ = run.extract()
    assert status == EXIT_NOTICES
    assert (
        "source notes: no document; none of its 2 records became one: no_text 2 (the row's text field is missing, "
        "null, empty, or not a string)"
    ) in out


@pytest.mark.parametrize("setting", ['id_field = "doc"', 'uri_field = "meta.url"', 'title_field = "titel"'])
def test_a_field_that_no_row_has_is_a_notice_of_run_and_check(run: Run, setting: str) -> None:
    """Ids were numbers of rows then, and nobody was told."""
    run.state(setting)
    status, out, _ = run.extract()
    assert status == EXIT_NOTICES
    assert re.search(rf"source notes: none of its [\d,]+ documents has {re.escape(setting)}$", out, re.M)
    status, out, _ = run.command("check")
    assert status == EXIT_NOTICES
    assert re.search(rf"source notes: none of its first \d+ documents has {re.escape(setting)}$", out, re.M)


def test_rows_that_repeat_an_id_or_have_none_are_notices_of_run_and_check(run: Run) -> None:
    """One of four texts was lost, below every share, and nobody was told."""
    rows = [f'{{"id": {i}, "text": "川沿いを歩くと、桜の花びらが流れていました。{n}"}}' for n, i in enumerate(IDS)]
    run.write("\n".join(rows))
    run.state('id_field = "id"')
    for command in ("extract", "check"):
        status, out, _ = run.extract() if command == "extract" else run.command("check")
        assert status == EXIT_NOTICES
        assert re.search("source notes: .*duplicate_id", out)
        assert re.search(r'source notes: 2 of its (first )?8 documents have no id_field = "id"', out)


IDS = ("1", '"1"', "null", '""', *range(2, 7))


def test_rows_without_the_text_field_that_the_configuration_names_are_a_notice_and_empty_ones_are_not(run: Run) -> None:
    empty = '{"body": ""}\n'
    run.write(NO_TEXT * 8 + empty)
    run.state('text_field = "body"')
    assert run.extract()[0] == EXIT_DONE
    run.write(NO_TEXT * 8 + empty + GOOD)
    for status, out, _ in (run.extract(), run.command("check")):
        assert status == EXIT_NOTICES
        assert re.search(r'source notes: 1 of its (first )?records have no text_field = "body"', out)


@pytest.mark.parametrize("field", ["id", "url", "title", "note", "text"])
def test_half_of_a_surrogate_pair_in_one_row_costs_no_other_row(run: Run, field: str) -> None:
    """JSON can state one and no table holds it: the whole shard failed, each time."""
    row = {"id": "1", "url": "https://a.example/", "title": "題", "note": "注", "text": "川沿いを歩きました。"}
    rows = [row, row | {"id": "2", field: row[field] + "\ud83d"}, row | {"id": "3"}]
    run.write("".join(json.dumps(one) + "\n" for one in rows))
    run.state('id_field = "id", uri_field = "url", title_field = "title", meta_fields = ["note"]')
    assert run.extract()[0] == EXIT_DONE
    (table,) = (run.folder / "out").glob("extract-*/documents/**/*.parquet")
    read = pq.read_table(table, partitioning=None).to_pylist()
    assert len({one["doc_id"] for one in read}) == 3
    assert field == "id" or "\ufffd" in read[1][{"url": "uri", "note": "meta"}.get(field, field)]


def test_no_text_of_a_row_of_any_kind_of_source_is_more_than_a_table_holds() -> None:
    odd = "a\ud83db"
    texts = {field.name: odd for field in dataclasses.fields(Document) if field.type in ("str", "str | None")}
    document = Document(**texts, pages=[(odd, 0)], meta={odd: odd}, statements=(odd,), robots=(odd,))
    source = Source("s", "jsonl", ("x",), "web", "licence", jsonl.Options())
    row = _document_row(source, Record("f", 0, odd, None), document)
    writer = BatchWriter(DOCUMENTS.schema)
    assert [writer.add(one) for one in (row, row | {"text": "a"})] == [[], []]
    (batch,) = writer.flush()
    assert batch["text"].to_pylist() == ["a\ufffdb", "a"]


#: Strings with halves of surrogate pairs, of which Hypothesis makes none unless asked, and few then.
ANY_STRING = st.text(st.sampled_from("a題\n\0\ud83d\udc00") | st.characters(), max_size=8)
ANY_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_STRING,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_STRING, inner, max_size=3),
    max_leaves=6,
)
FIELDS = ("id", "text", "url", "title", "note")


@given(
    st.fixed_dictionaries({"text": ANY_STRING}, optional=dict.fromkeys(("id", "url", "title", "note"), ANY_VALUE))
    | st.dictionaries(st.sampled_from(FIELDS) | ANY_STRING, ANY_VALUE, max_size=8)
)
@example({"text": "川", "url": "\ud83d", "note": ["\udc00"]})
def test_any_json_row_is_a_document_or_a_refused_row(tmp_path_factory: pytest.TempPathFactory, row: object) -> None:
    """Half of a surrogate pair in an address or in meta failed the shard."""
    options = jsonl.Options(id_field="id", uri_field="url", title_field="title", meta_fields=("note",))
    source = Source("s", "jsonl", ("x",), "web", "licence", options)
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    path.write_text(json.dumps(row), encoding="utf-8")
    (shard,) = jsonl.plan([InputFile(str(path), path.stat().st_size, "1")], options)
    (record,) = jsonl.records(shard, options)
    assert isinstance(record, Record)
    outcome = parse_record(KINDS["jsonl"], record, options)
    if isinstance(outcome, Document):
        made, schema = _document_row(source, record, outcome), DOCUMENTS.schema
        json.loads(made["meta"])
    else:
        assert isinstance(outcome, Refused)
        assert outcome.reason == "no_text", outcome.detail
        made, schema = _refused_row(source, record, outcome), REFUSED.schema
    writer = BatchWriter(schema)
    writer.add(made)
    assert sum(batch.num_rows for batch in writer.flush()) == 1


@pytest.mark.parametrize(("stated", "status"), [("", EXIT_DONE), ("max_line_bytes = 200", EXIT_NOTICES)])
def test_one_record_above_a_limit_that_the_configuration_states_is_a_notice(run: Run, stated: str, status: int) -> None:
    run.write(GOOD * 3 + GOOD.replace("川沿い", "川沿い" * 50))
    run.state(stated)
    for ended, out, _ in (run.extract(), run.command("check")):
        assert ended == status
        assert ("too_large" in out and "max_line_bytes = 200" in out) == bool(stated)


def test_addresses_without_a_scheme_are_a_notice_since_no_takedown_finds_them(run: Run) -> None:
    uris = ("https://a.example/1", "b.example/2", "12345", "urn:x:1", "notes/a.txt#3", "日本.example")
    run.write("".join(json.dumps({"url": uri, "text": "川沿いを歩きました。"}) + "\n" for uri in uris))
    run.state('uri_field = "url"')
    for status, out, _ in (run.extract(), run.command("check")):
        assert status == EXIT_NOTICES
        assert re.search(r"2 of its (first )?6 documents have no http:// or https:// before the address of uri_", out)


@pytest.mark.parametrize("reason", ["duplicate_file", "unsafe_path"])
def test_one_entry_of_an_archive_that_is_lost_to_its_name_is_a_notice(run: Run, reason: str) -> None:
    (run.folder / "in" / "a.jsonl").unlink()
    with zipfile.ZipFile(run.folder / "in" / "a.zip", "w") as archive:
        for number in range(8):
            archive.writestr(f"{number}.txt", "峠の茶屋で、旅の人が茶を飲んでいた。" * 5)
        with warnings.catch_warnings(action="ignore"):  # of the second entry of a name
            archive.writestr("../up.txt" if reason == "unsafe_path" else "7.txt", "別の話が、ここにはあった。" * 9)
    run.configure(kind="text")
    for status, out, _ in (run.extract(), run.command("check")):
        assert status == EXIT_NOTICES
        assert re.search(rf"source notes: .*{reason}", out)


def test_every_limit_of_every_kind_is_one_that_decides_a_reason() -> None:
    """So that no key that refuses records does so without a notice."""
    limits = {key for keys in LIMITS.values() for key in keys}
    for name, kind in KINDS.items():
        keys = {field.name for field in dataclasses.fields(kind.Options) if field.name.startswith("max_")}
        assert keys - limits <= {"max_failed_fraction"}, name  # that one fails the run
        assert {"too_large", "too_many_pages", "undecodable"} & set(kind.REASONS) or not keys
    assert all(kind in KINDS and reason in KINDS[kind].REASONS for reason, of in BY_IDENTITY.items() for kind in of)


def test_many_reasons_that_are_more_than_the_share_only_together_are_one_notice(run: Run) -> None:
    run.write(GOOD * 2 + NO_TEXT * 2 + "no JSON\n" * 2)
    status, out, _ = run.extract()
    assert status == EXIT_NOTICES
    assert (
        "source notes: 4 of 6 records are refused: broken_json 2 (the line is not a JSON object in UTF-8); no_" in out
    )


def test_a_side_table_that_names_none_of_the_files_is_a_notice(run: Run) -> None:
    (run.folder / "in" / "b.txt").write_text("峠の茶屋で、旅の人が茶を飲んでいた。" * 5, encoding="utf-8")
    (run.folder / "meta.csv").write_text("file,title\nelsewhere.pdf,題\n", encoding="utf-8")
    run.configure(kind="files")
    text = (run.folder / "run.toml").read_text(encoding="utf-8")
    stated = f'metadata = "{run.folder}/meta.csv"'
    (run.folder / "run.toml").write_text(text.replace("licence =", f"{stated}, licence ="), encoding="utf-8")
    status, out, _ = run.extract()
    assert status == EXIT_NOTICES
    assert f"documents has a row of {stated}" in out


def test_a_source_whose_files_are_empty_is_a_notice(run: Run) -> None:
    run.write("")
    status, out, _ = run.extract()
    assert status == EXIT_NOTICES
    assert "source notes: no document; its files hold no record" in out


@pytest.mark.parametrize(("good", "status"), [(1, EXIT_NOTICES), (2, EXIT_DONE), (3, EXIT_DONE)])
def test_more_refusals_for_one_reason_than_the_stated_share_are_a_notice(run: Run, good: int, status: int) -> None:
    run.write(GOOD * good + NO_TEXT * 2)
    ended, out, _ = run.extract()
    assert ended == status
    assert ("2 of 3 records are refused for no_text" in out) == (status == EXIT_NOTICES)


def lines_cut(good: Path) -> bytes:
    return cut(gzip.compress(GOOD.encode() * 300))


def table_cut(good: Path) -> bytes:
    return cut(good.read_bytes())


def archive_cut(good: Path) -> bytes:
    write_good("warc", other := good.with_name("other"))
    data = other.read_bytes()
    other.unlink()
    return cut(data)


def texts_cut(good: Path) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for number in range(20):
            archive.writestr(f"{number}.txt", "峠の茶屋で、旅の人が茶を飲んでいた。" * 5)
    return cut(data.getvalue())


def cut(data: bytes) -> bytes:
    return data[: len(data) * 5 // 8]


def write_good(kind: str, path: Path) -> None:
    """One whole file of a kind whose files hold many records."""
    text = "峠の茶屋で、旅の人が茶を飲んでいた。" * 20
    if kind == "parquet":
        pq.write_table(pa.table({"text": [text] * 50}), path)
    elif kind == "warc":
        block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + f"<p>{text}</p>".encode()
        path.write_bytes(b"".join(gzip.compress(warc_record(block, name=path.name + number)) for number in "123"))
    else:
        path.write_text(GOOD if kind == "jsonl" else text, encoding="utf-8")


@pytest.mark.parametrize(
    ("kind", "ending", "make"),
    [
        ("jsonl", ".jsonl.gz", lines_cut),
        ("parquet", ".parquet", table_cut),
        ("warc", ".warc.gz", archive_cut),
        ("text", ".zip", texts_cut),
        ("jsonl", ".jsonl", lambda good: b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 5\n"),
    ],
)
def test_a_file_that_was_not_read_to_its_end_is_a_notice_beside_good_ones(
    run: Run, kind: str, ending: str, make: Callable[[Path], bytes]
) -> None:
    """Nobody knows how many records it would have had, so that no share says whether they matter."""
    (run.folder / "in" / "a.jsonl").unlink()
    good = run.folder / "in" / f"good{ending if kind != 'text' else '.txt'}".replace(".jsonl.gz", ".jsonl")
    write_good(kind, good)
    (run.folder / "in" / f"lost{ending}").write_bytes(make(good))
    run.configure(kind=kind)
    status, out, _ = run.extract()
    assert status == EXIT_NOTICES
    assert "source notes: of 1 files not all was read: " in out


def test_a_file_below_the_output_is_no_input(run: Run) -> None:
    """The second run would read what the first one exported."""
    text = (run.folder / "run.toml").read_text(encoding="utf-8")
    below = text.replace(f"{run.folder}/out", f"{run.folder}/in/out").replace("/in/*", "/in/**/*.jsonl")
    (run.folder / "run.toml").write_text(below, encoding="utf-8")
    assert run.extract()[0] == EXIT_DONE
    run.write(GOOD, "out/more.jsonl")
    for command in (["check"], ["extract", "--executor", "serial"]):
        status, _, err = run.command(*command)
        assert (status, "was written by this run, below out" in err) == (EXIT_USER, True)


def test_a_crawl_of_a_profile_that_masks_nothing_is_a_notice(run: Run) -> None:
    (run.folder / "in" / "a.jsonl").unlink()
    write_good("warc", run.folder / "in" / "a.warc.gz")
    run.configure(kind="warc")
    text = (run.folder / "run.toml").read_text(encoding="utf-8")
    (run.folder / "run.toml").write_text(text.replace('"prose"', '"law"'), encoding="utf-8")
    status, out, _ = run.command("check")
    assert status == EXIT_NOTICES
    assert "source notes: it is a crawl, and its profile law masks no personal information" in out


def test_every_reason_for_the_rest_of_a_file_is_a_reason_of_some_kind() -> None:
    known = refusals()
    assert all(reason in known for reason in (*_REST_OF_FILE, *_OF_MANY_RECORDS))


def test_the_share_is_a_setting(run: Run) -> None:
    run.write(GOOD * 3 + NO_TEXT)
    assert run.extract()[0] == EXIT_DONE
    run.configure("notices.refused_share = 0.2")
    assert run.extract()[0] == EXIT_NOTICES


def test_a_second_run_with_nothing_to_do_repeats_the_notices(run: Run) -> None:
    run.write(NO_TEXT)
    assert run.extract()[:1] == run.extract()[:1] == (EXIT_NOTICES,)


def test_rules_that_keep_nothing_are_a_notice(run: Run) -> None:
    rules = run.folder / "rules.toml"
    rules.write_text(
        """
        [[rule]]
        name = "too_short"
        profiles = ["prose"]
        signal = "char_count"
        minimum = 1000
        source = "this test"
        rejects = "短い"
        keeps = "長い"
        """,
        encoding="utf-8",
    )
    run.configure(f"filter.rules = '{rules}'")
    status, out, _ = run.command("run", "--until", "filter", "--executor", "serial")
    assert status == EXIT_NOTICES
    assert "source notes: the rules keep none of its 3 documents: too_short 3 (char_count is below 1000)" in out


@pytest.mark.parametrize("where", ["option", "configuration"])
def test_notices_that_are_allowed_are_printed_and_end_with_0(run: Run, where: str) -> None:
    run.write(NO_TEXT)
    run.configure("notices.allow_empty = true" if where == "configuration" else "")
    status, out, _ = run.extract(*(["--allow-empty"] if where == "option" else []))
    assert status == EXIT_DONE
    assert "Notices\n  source notes: no document" in out


def test_inspect_explains_and_shows_refused_pages(run: Run) -> None:
    run.write(GOOD + NO_TEXT)
    run.extract()
    status, out, _ = run.command("inspect", "--reason", "no_text")
    assert status == EXIT_DONE
    assert out.startswith("no_text: the row's text field is missing, null, empty, or not a string\n")
    assert "Pages refused for no_text: 1" in out
    assert f"{run.folder}/in/a.jsonl, byte {len(GOOD.encode())}" in out


def test_inspect_says_of_a_reason_of_other_sources_what_it_means(run: Run) -> None:
    status, _, err = run.command("inspect", "--reason", "no_japanese_bytes")
    assert status == EXIT_USER
    assert "the bytes hold too few kana in any encoding; no source of this configuration" in err


def test_inspect_suggests_the_nearest_reason(run: Run) -> None:
    assert "no reason 'no_txt'; did you mean 'no_text'?" in run.command("inspect", "--reason", "no_txt")[2]


@pytest.mark.parametrize(
    ("uri", "said"),
    [("hf://datasets/a/b/*.jsonl", "hf://"), ("nope://a/b.jsonl", "no library knows nope://"), ("gs://a/b", "gs://")],
)
def test_a_place_that_cannot_be_reached_is_one_line_and_status_2(
    run: Run, uri: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("manyo.corpus.tables.retries.wait", lambda *_: None)
    text = (run.folder / "run.toml").read_text().replace(f"{run.folder}/in/*", uri)
    (run.folder / "run.toml").write_text(text)
    status, _, err = run.extract()
    assert status == EXIT_USER
    assert said in err
    assert err.count("manyo: ") == 1
    assert "Traceback" not in err
