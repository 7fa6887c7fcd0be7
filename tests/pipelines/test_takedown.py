"""Takedowns and rights: what may not be released is in no output that leaves manyo, and nothing else changes."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from manyo.corpus.takedown_requests import found_lists
from manyo.corpus.takedowns import read_takedowns
from manyo.pipelines.cli import main
from manyo.pipelines.commands.takedown import other_exits
from manyo.pipelines.engine.errors import EXIT_USER
from manyo.pipelines.graph.build import build_stages
from manyo.pipelines.graph.config import load_config
from manyo.pipelines.run import table_folder
from manyo.tokenizer.encode import Tokenizer
from manyo.tokenizer.reader import TokenShard
from tests.conftest import RULE_THAT_KEEPS_ALL, FinishedRun, data_files


@dataclass(frozen=True)
class Run:
    """A run over the samples with small token shards and an index."""

    config: Path
    out: Path

    def manyo(self, *command: str) -> int:
        executor = ["--executor", "serial"] if command[0] in ("run", "takedown") else []
        return main([*command, "--config", str(self.config), "--out", str(self.out), *executor])

    def folder(self, table: str) -> Path:
        return Path(table_folder(load_config(str(self.config), str(self.out)), table))

    def rows(self, table: str) -> list[dict[str, object]]:
        paths = sorted(self.folder(table).rglob("*.parquet"))
        return pa.concat_tables([pq.read_table(path, partitioning=None) for path in paths]).to_pylist()

    def take_down(self, *entries: object) -> int:
        listed = self.out.parent / "asked.txt"
        listed.write_text("".join(f"{entry}\n" for entry in entries), encoding="utf-8")
        return self.manyo("takedown", str(listed))

    def without(self, **tables: str) -> Run:
        """The same run with more in its configuration."""
        config = self.out.parent / "more.toml"
        text = self.config.read_text("utf-8") + "".join(
            f"\n[{table}]\n{content}\n" for table, content in tables.items()
        )
        config.write_text(text, encoding="utf-8")
        return Run(config, self.out)


def finish(demo_run: FinishedRun, folder: Path, shuffle: str) -> Run:
    tables = f"[export]\nformat = 'parquet'\n[tokenize]\nshard_tokens = 4000\n{shuffle}\n[tokenize.train]"
    text = demo_run.config.read_text("utf-8").replace("[dedup]", "[dedup]\nindex = true")
    config = folder / "config.toml"
    config.write_text(text.replace("[tokenize.train]", tables), encoding="utf-8")
    run = Run(config, Path(shutil.copytree(demo_run.out, folder / "out")))
    assert run.manyo("run") == 0
    for other in other_exits(load_config(str(config), str(run.out))):  # those of the demo
        shutil.rmtree(other)
    return run


@pytest.fixture(scope="module")
def in_order(demo_run: FinishedRun, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return finish(demo_run, tmp_path_factory.mktemp("in_order"), "")


@pytest.fixture(scope="module")
def shuffled(demo_run: FinishedRun, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return finish(demo_run, tmp_path_factory.mktemp("shuffled"), "shuffle = { seed = 1, parts = 2 }")


@pytest.fixture
def run(in_order: Run, tmp_path: Path) -> Run:
    return Run(in_order.config, Path(shutil.copytree(in_order.out, tmp_path / "out")))


@pytest.fixture(params=["in_order", "shuffled"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Run:
    finished: Run = request.getfixturevalue(request.param)
    return Run(finished.config, Path(shutil.copytree(finished.out, tmp_path / "out")))


def target(run: Run) -> dict[str, object]:
    """A released page in the middle of a token shard of several documents, whose host has no other page."""
    provenance = pq.read_table(run.folder("provenance") / "web-00002.parquet").to_pylist()
    everything = "\n".join(str(row["uri"]) for row in run.rows("documents"))
    for row in provenance[1:-1]:
        host = str(row["uri"]).split("/")[2]
        if everything.count(host) == 1:
            return next(one for one in run.rows("documents") if one["doc_id"] == row["doc_id"])
    raise AssertionError("the samples have no such page in this shard")


def changed(run: Run, before: dict[str, bytes]) -> list[str]:
    """Paths below `out` of files that are not as they were, without what only lists, reports or prepares."""
    after = data_files(run.out)
    names = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    exits = re.compile(r"(release|export|tokenize|train|index)-")
    return sorted(re.sub(r"-[0-9a-f]{8}/", "/", name) for name in names if exits.match(name))


def test_a_takedown_of_one_address_changes_exactly_the_shards_that_held_it(
    either: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run = either
    before, document = data_files(run.out), target(run)
    (row,) = [row for row in run.rows("provenance") if row["doc_id"] == document["doc_id"]]
    assert run.take_down(f"{document['uri']} 2026-04-01") == 0
    names = changed(run, before)
    assert [name for name in names if name.startswith("tokenize/")] == [
        "tokenize/provenance/web-00002.parquet",
        "tokenize/tokens/web-00002_text_document.bin",
        "tokenize/tokens/web-00002_text_document.idx",
    ]
    for stage in ("release", "export", "index"):
        assert len([name for name in names if name.startswith(f"{stage}/")]) == 1
    assert not [name for name in names if name.startswith("train/")]
    shown = capsys.readouterr().out
    first, count = int(row["first_token"]), int(row["token_count"])  # type: ignore[call-overload]
    assert re.search(r"release web/\S+: 1 documents removed", shown)
    assert "tokens web-00002: " in shown
    assert f"removed: tokens {first:,} to {first + count - 1:,}" in shown
    assert run.manyo("verify", "--sample", "1000") == 0
    assert run.manyo("trace", str(document["uri"])) == 0
    assert "scrub     taken down by uri, requested on 2026-04-01" in capsys.readouterr().out


def test_a_document_taken_down_is_in_no_output_that_leaves_manyo(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    document = target(run)
    assert run.take_down(document["uri"]) == 0
    assert run.manyo("inspect", "--kept", "-n", "1000") == 0
    assert run.manyo("whatif", "--rule", "too_short", "--minimum", "0,10000", "-n", "1000") == 0
    shown = {"log": capsys.readouterr().out}
    config = load_config(str(run.config), str(run.out))
    stages = {stage.name: Path(stage.folder(str(run.out))) for stage in build_stages(config)}
    for name in ("release", "export", "tokenize", "index", "takedown", "statistics", "token_statistics", "report"):
        for path in (path for path in sorted(stages[name].rglob("*")) if path.is_file()):
            rows = pq.read_table(path, partitioning=None).to_pylist() if path.suffix == ".parquet" else []
            shown[str(path)] = str(rows) if rows else path.read_bytes().decode("utf-8", "ignore")
            if name != "takedown":
                assert all(row.get("doc_id") != document["doc_id"] for row in rows), path
    (model,) = stages["train"].glob("*.model")
    for prefix in sorted(run.folder("tokens").glob("*.bin")):
        shard = TokenShard.open(str(prefix)[: -len(".bin")])
        ids = [shard.document(row) for row in range(len(shard))]
        shown[f"decoded {prefix}"] = "\n".join(
            text for one in ids for text in Tokenizer.load(str(model)).decode_batch(one, [len(one)])
        )
    text = str(document["text"])
    for value in (str(document["uri"]), str(document["uri"]).split("/")[2], text[20:60], text[-60:-20]):
        assert [name for name, content in shown.items() if value in content] == []


def test_a_takedown_and_a_run_with_the_list_from_the_start_give_the_same_bytes(either: Run, tmp_path: Path) -> None:
    run, finished = either, Run(either.config, Path(shutil.copytree(either.out, tmp_path / "before")))
    document = target(run)
    entries = [document["uri"], run.rows("release")[-1]["doc_id"].hex(), "nobody.example 2026-04-01"]  # type: ignore[attr-defined]
    assert run.take_down(*entries) == 3, "nobody.example has no page"
    fresh = Run(finished.config, tmp_path / "fresh" / "out")
    stages = build_stages(load_config(str(finished.config), str(finished.out)))
    for stage in stages[: [stage.name for stage in stages].index("takedown")]:
        shutil.copytree(stage.folder(str(finished.out)), stage.folder(str(fresh.out)))
    shutil.copy(finished.out / "manyo.json", fresh.out)
    listed = tmp_path / "fresh" / "list.txt"
    listed.write_text("# from the start\n" + "\n".join(map(str, reversed(entries))), encoding="utf-8")
    assert fresh.without(rights=f'takedown = "{listed}"').manyo("run") == 0
    # Requests say when they were recorded.
    made = {name: content for name, content in data_files(fresh.out).items() if not name.startswith("takedowns/")}
    assert made == {name: content for name, content in data_files(run.out).items() if name in made}
    assert {name.split("/")[0] for name in made} > {stage.folder_name for stage in stages if stage.name == "tokenize"}


def test_a_second_takedown_and_a_run_after_it_change_nothing(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    document = target(run)
    assert run.take_down(document["uri"]) == 0
    before = {path: path.stat().st_mtime_ns for path in run.out.rglob("*") if path.is_file()}
    capsys.readouterr()
    assert run.take_down("nobody.example", str(document["uri"]).replace("https://", "http://www.") + "#top") == 3
    shown = capsys.readouterr().out
    assert "no shard had to be changed" in shown
    assert "nobody.example: names no page of this run" in shown
    after = {path: path.stat().st_mtime_ns for path in run.out.rglob("*") if path.is_file()}
    folders = {path.relative_to(run.out).parts[0].split("-")[0] for path in after if after[path] != before.get(path)}
    # The list is longer, so whether it means more documents was looked up again; manifests/ says who did so.
    assert folders <= {"takedowns", "takedown", "manifests"}
    assert run.manyo("run") == 0
    assert "nothing to do" in capsys.readouterr().out


def test_taking_down_a_whole_source_leaves_valid_empty_shards(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    ids = [row["doc_id"].hex() for row in run.rows("documents") if row["source"] == "law"]  # type: ignore[attr-defined]
    assert run.take_down(*ids) == 0
    assert "tokens law-00000: 0 tokens left" in capsys.readouterr().out
    assert [row for row in run.rows("provenance") if row["source"] == "law"] == []
    assert run.manyo("verify") == 0


def test_a_released_copy_of_a_document_taken_down_is_reported(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    dropped = next(row for row in run.rows("duplicates") if row["cluster"] and not row["kept"])
    assert run.take_down(dropped["doc_id"].hex()) == 0  # type: ignore[attr-defined]
    shown = capsys.readouterr().out
    assert "no shard had to be changed" in shown or "index" in shown
    assert f"its text is, as document {dropped['cluster'].hex()}" in shown  # type: ignore[attr-defined]


def test_taking_down_a_survivor_releases_none_of_its_copies(run: Run) -> None:
    survivor = next(row for row in run.rows("duplicates") if row["kept"] and int(row["cluster_size"]) > 1)  # type: ignore[call-overload]
    released = {row["doc_id"] for row in run.rows("release")}
    assert run.take_down(survivor["doc_id"].hex()) == 0  # type: ignore[attr-defined]
    assert {row["doc_id"] for row in run.rows("release")} == released - {survivor["doc_id"]}


def test_a_dry_run_shows_what_an_entry_names_and_changes_nothing(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    document = target(run)
    before = data_files(run.out)
    listed = run.out.parent / "asked.txt"
    listed.write_text(f"{document['uri']}\n", encoding="utf-8")
    assert run.manyo("takedown", str(listed), "--dry-run") == 0
    shown = capsys.readouterr().out
    assert f": 1 documents\n    {document['uri']}\n" in shown
    assert data_files(run.out) == before


def test_what_another_configuration_released_is_named(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """A takedown changes the exits of one configuration; the page stayed in the others with status 0."""
    other = run.out / "release-00000000"
    other.mkdir()
    listed = run.out.parent / "asked.txt"
    listed.write_text(f"{target(run)['uri']}\n", encoding="utf-8")
    assert run.manyo("takedown", str(listed)) == 3
    assert f"{other}: is of another configuration and was not changed" in capsys.readouterr().out


def test_an_entry_that_names_nothing_is_listed_with_what_it_may_have_meant(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    document, known = target(run), {row["uri"] for row in run.rows("documents")}
    refused = next(row for row in run.rows("refused") if row["uri"] and row["uri"] not in known)
    address, host = str(document["uri"]), str(document["uri"]).split("/")[2]
    listed = run.out.parent / "asked.txt"
    listed.write_text(f"{address}x\n{host}x\n*.jp.example\n{'0' * 32}\n{refused['uri']}\n", encoding="utf-8")
    assert run.manyo("takedown", str(listed), "--dry-run") == 3
    shown = capsys.readouterr().out
    assert shown.count("names no page of this run") == 4
    assert f"nearest: {address}\n" in shown
    assert f"{host}x: names no page of this run\n    nearest: {host}\n" in shown
    assert re.search(r"no document, but \d refused pages", shown)


def test_a_request_is_kept_with_its_reference_and_shown_with_it(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    document = target(run)
    listed = run.out.parent / "asked.txt"
    listed.write_text(f"{document['uri']} 2026-04-01\n", encoding="utf-8")
    assert run.manyo("takedown", str(listed), "--reference", "letter 17") == 0
    assert run.manyo("trace", str(document["uri"])) == 0
    assert "taken down by uri, requested on 2026-04-01 (letter 17)" in capsys.readouterr().out
    (request,) = (run.out / "takedowns" / "requests").glob("*.txt")
    assert request.read_text("utf-8").startswith("# recorded 2")


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda path: path.write_text("https://a.example/ and more\n"), r"line 1: .* write a URL, host"),
        (lambda path: path.write_bytes(b"\xff\n"), "not UTF-8 at byte 0"),
        (lambda path: path.write_text("# nothing\n"), "has no entry"),
        (lambda path: None, "No such file"),
    ],
)
def test_a_bad_list_is_one_line_and_takes_nothing_down(
    in_order: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], write: Callable[[Path], object], message: str
) -> None:
    write(tmp_path / "list.txt")
    assert in_order.manyo("takedown", str(tmp_path / "list.txt")) == 2
    assert re.search(message, capsys.readouterr().err)
    assert not (in_order.out / "takedowns").exists()


def test_a_withheld_document_is_dropped_for_that_reason_and_its_copy_is_released(
    demo_run: FinishedRun, tmp_path: Path
) -> None:
    """The source `law` is read a second time under a name that comes first and may not be released."""
    text = demo_run.config.read_text("utf-8")
    (law,) = [part for part in text.split("[[source]]") if 'name    = "law"' in part]
    forbidden = law.split("\n[filter]")[0].replace('"law"', '"inhouse"', 1) + 'uses = ["display"]\n\n[[source]]'
    config = tmp_path / "rights.toml"
    config.write_text(text.replace("[[source]]", f"[[source]]{forbidden}", 1), encoding="utf-8")
    run = Run(config, tmp_path / "out")
    assert run.manyo("run", "--until", "scrub") == 0
    sources = {row["doc_id"]: row["source"] for row in run.rows("documents")}
    reasons = {row["doc_id"]: row["reasons"] for row in run.rows("decisions")}
    inhouse = [reasons[doc_id] for doc_id, source in sources.items() if source == "inhouse"]
    assert inhouse
    assert all("release_forbidden" in one for one in inhouse)
    assert not any("release_forbidden" in reasons[doc_id] for doc_id, source in sources.items() if source != "inhouse")
    released = [row["source"] for row in run.rows("release")]
    assert "inhouse" not in released
    assert released.count("law") == sum(
        row["source"] == "law" for row in Run(demo_run.config, demo_run.out).rows("release")
    )


def test_each_exit_holds_what_may_leave_by_it(
    demo_run: FinishedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = demo_run.config.read_text("utf-8")
    for source, uses in (("law", '["train"]'), ("aozora", '["redistribute"]')):
        (table,) = re.findall(rf'name    = "{source}"\n', text)
        text = text.replace(table, f"{table}uses = {uses}\n")
    config = tmp_path / "rights.toml"
    config.write_text(text, encoding="utf-8")
    run, whole = Run(config, tmp_path / "out"), Run(demo_run.config, demo_run.out)
    assert run.manyo("run", "--until", "tokenize") == 0

    def by_source(one: Run, table: str) -> dict[object, int]:
        return dict(Counter(row["source"] for row in one.rows(table)))

    kept = by_source(whole, "release")
    assert kept["law"]
    assert kept["aozora"]
    assert by_source(run, "release") == {source: count for source, count in kept.items() if source != "law"}
    trained = by_source(whole, "provenance")
    assert by_source(run, "provenance") == {source: count for source, count in trained.items() if source != "aozora"}
    assert {tuple(row["uses"]) for row in run.rows("release") if row["source"] == "aozora"} == {("redistribute",)}  # type: ignore[arg-type]
    capsys.readouterr()
    assert run.manyo("inspect", "--kept", "-n", "1000") == 0
    shown = capsys.readouterr().out
    assert shown.count("(the text may not be displayed)") == kept["law"] + kept["aozora"]
    hidden = [row for row in run.rows("documents") if row["source"] in ("law", "aozora")]
    assert not [row["uri"] for row in hidden if str(row["text"])[:30] in shown]


@pytest.fixture
def rows_with_addresses(tmp_path: Path) -> Run:
    """A run over a table of three texts with addresses, with an index of what is released."""
    text = "町の図書館では、毎月一度、近所の人が集まって本の話をします。今月は海の物語を読みました。"
    rows = [{"url": f"https://site{n}.example/", "text": f"{n}番目の日記です。{text}" * 9} for n in range(3)]
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (tmp_path / "rows.jsonl").write_text(lines, encoding="utf-8")
    config = tmp_path / "rows.toml"
    config.write_text(
        f"[run]\nout = 'out'\n[[source]]\nname = 'rows'\nkind = 'jsonl'\ninputs = ['{tmp_path}/rows.jsonl']\n"
        "profile = 'prose'\nlicence = 'test'\nuri_field = 'url'\n[dedup]\nmin_similarity = 1.0\n[filter]\n"
        f"rules = '{tmp_path}/all.toml'\n",
        encoding="utf-8",
    )
    (tmp_path / "all.toml").write_text(RULE_THAT_KEEPS_ALL, encoding="utf-8")
    return Run(config, tmp_path / "out")


def test_a_configuration_without_the_addresses_does_not_release_what_was_taken_down_by_one(
    rows_with_addresses: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run = rows_with_addresses
    assert run.manyo("run", "--until", "scrub") == 0
    assert len(run.rows("release")) == 3
    assert run.take_down("https://site1.example/ 2026-04-01 letter 17") == 0
    named = [row["text"] for row in run.rows("release")]
    assert len(named) == 2
    text = run.config.read_text("utf-8")
    nameless = Run(run.config.with_name("nameless.toml"), run.out)
    nameless.config.write_text(text.replace("uri_field = 'url'\n", ""), encoding="utf-8")
    assert nameless.manyo("run", "--until", "scrub") == 0
    assert [row["text"] for row in nameless.rows("release")] == named
    (row,) = nameless.rows("taken_down")
    assert (row["listed_as"], row["reference"]) == ("found", "letter 17")
    capsys.readouterr()
    assert nameless.manyo("inspect", "--kept", "-n", "9") == 0
    assert "1番目の日記です" not in capsys.readouterr().out
    assert nameless.manyo("trace", row["doc_id"].hex()) == 0  # type: ignore[attr-defined]
    assert "taken down by the address that another configuration knows" in capsys.readouterr().out
    for one in (run, nameless):
        assert one.manyo("run", "--until", "scrub") == 0
        assert "nothing to do" in capsys.readouterr().out


def test_a_request_that_a_person_deletes_is_forgotten_with_what_it_named(rows_with_addresses: Run) -> None:
    run = rows_with_addresses
    assert run.manyo("run", "--until", "scrub") == 0
    assert run.take_down("site1.example") == 0
    shutil.rmtree(run.out / "takedowns" / "requests")
    assert run.manyo("run", "--until", "scrub") == 0
    assert found_lists(str(run.out))
    assert [read_takedowns(one).entries for one in found_lists(str(run.out))] == [{}]
    assert len(run.rows("release")) == 3


def test_what_was_found_and_then_spoilt_by_hand_is_refused_and_written_again(
    rows_with_addresses: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run = rows_with_addresses
    assert run.manyo("run", "--until", "scrub") == 0
    assert run.take_down("site1.example") == 0
    (found,) = map(Path, found_lists(str(run.out)))
    whole = found.read_bytes()
    found.write_bytes(whole + b"no entry\n")
    nameless = Run(run.config.with_name("nameless.toml"), run.out)
    nameless.config.write_text(run.config.read_text("utf-8").replace("uri_field = 'url'\n", ""), encoding="utf-8")
    capsys.readouterr()
    assert nameless.manyo("run", "--until", "scrub") == EXIT_USER
    assert f"{found}: line 3" in capsys.readouterr().err
    assert run.manyo("verify", "--deep") == 1
    assert "takedown requests: 1 faults" in capsys.readouterr().out
    assert run.manyo("run", "--until", "scrub") == 0
    assert found.read_bytes() == whole
    assert nameless.manyo("run", "--until", "scrub") == 0
    assert len(nameless.rows("release")) == 2
