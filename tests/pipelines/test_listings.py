"""Every command that lists documents: what it selects, its JSON, and any terminal, pipe and encoding."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult

from manyo.corpus.schema import DOC_ID
from manyo.corpus.tables import shards
from manyo.pipelines import cli
from manyo.pipelines.cli import COMMANDS, main
from manyo.pipelines.commands.fitted_tables import FittedTable
from manyo.pipelines.commands.selected_documents import Selection, pages_named
from manyo.pipelines.engine.errors import EXIT_DONE, EXIT_NOTICES, EXIT_USER
from manyo.pipelines.graph.config import load_config
from tests.conftest import ROOT, FinishedRun

#: Arguments that list documents, after those of the run; FILE stands for a takedown list.
LISTINGS = [
    ["inspect", "--kept"],
    ["inspect", "--reason", "too_short"],
    ["inspect", "--reason", "too_short", "--near", "150"],
    ["inspect", "--duplicates"],
    ["inspect", "--reason", "not_japanese"],
    ["trace", "*.example"],
    ["show", "*.example", "-n", "3"],
    ["whatif", "--rule", "too_short", "--minimum", "100,200"],
    ["takedown", "FILE", "--dry-run"],
]
#: These need a training run, or two runs: `tests/pipelines/test_step.py` and `test_diff.py` try them.
TRIED_ELSEWHERE = {"seen", "step", "diff"}


def of_run(run: FinishedRun, arguments: Sequence[str], tmp_path: Path) -> list[str]:
    (tmp_path / "list.txt").write_text("*.example\n", encoding="utf-8")
    first, *rest = [str(tmp_path / "list.txt") if one == "FILE" else one for one in arguments]
    return [first, "--config", str(run.config), "--out", str(run.out), *rest]


def test_every_command_that_lists_documents_is_tried_here() -> None:
    listing = {"takedown"}
    for name in COMMANDS:
        _, parsers = cli._parser([name])
        options = {option for action in parsers[name]._actions for option in action.option_strings}
        listing |= {name} if {"--json", "--host", "--source", "--profile"} <= options else set()
    assert listing == {arguments[0] for arguments in LISTINGS} | TRIED_ELSEWHERE


@dataclass
class Listed:
    """What a listing printed: on a terminal of ASCII with 80 columns, its tables, and as JSON for one of Latin-1."""

    arguments: list[str]
    text: str
    tables: list[FittedTable]
    rows: list[dict[str, Any]]


@pytest.fixture(scope="module", params=LISTINGS, ids=" ".join)
def listed(request: pytest.FixtureRequest, demo_run: FinishedRun, tmp_path_factory: pytest.TempPathFactory) -> Listed:
    command = of_run(demo_run, request.param, tmp_path_factory.mktemp("list"))
    tables: list[FittedTable] = []
    render = FittedTable.__rich_console__

    def note(table: FittedTable, console: Console, options: ConsoleOptions) -> RenderResult:
        tables.append(table)
        return render(table, console, options)

    with pytest.MonkeyPatch.context() as patch:
        rows = [json.loads(line) for line in printed([*command, "--json"], "latin-1").splitlines()]
        patch.setenv("COLUMNS", "80")
        patch.setattr(FittedTable, "__rich_console__", note)
        patch.setattr(Console, "is_terminal", True)
        return Listed(command, printed(command, "ascii"), tables, rows)


def printed(command: list[str], encoding: str) -> str:
    """What a command prints for a terminal of an encoding."""
    written = io.BytesIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding))
        cli.write_anything()
        assert main(command) == EXIT_DONE
        sys.stdout.flush()
        return written.getvalue().decode(encoding)


def test_json_is_an_object_a_line_with_the_same_pages(listed: Listed) -> None:
    assert listed.rows
    for row in listed.rows:
        name = str(row.get("uri") or row.get("label") or row.get("entry") or row["removed"]["uri"])
        assert name.encode("ascii", "backslashreplace").decode() in listed.text.replace("\n", "")


def test_a_terminal_of_80_columns_cuts_no_number(listed: Listed) -> None:
    for table in listed.tables:
        check_fits(table, 80)


def test_a_selection_lists_what_it_names_of_the_whole(listed: Listed) -> None:
    if listed.arguments[0] in ("takedown", "whatif"):
        pytest.skip("takedown has its list; the documents of whatif are samples, which are others in a selection")
    more = ["--json", "-n", "1000"]
    whole = [json.loads(line) for line in printed([*listed.arguments, *more], "utf-8").splitlines()]
    selection = ["--host", "*.example", *(["--profile", "web"] if "profile" in whole[0] else [])]
    chosen = printed([*listed.arguments, *more, *selection], "utf-8").splitlines()

    def is_chosen(row: dict[str, Any]) -> bool:
        row = row.get("removed", row)
        return ".example/" in row["uri"] and row.get("profile", "web") == "web"

    assert list(map(json.loads, chosen)) == [row for row in whole if is_chosen(row)]


def test_sources_share_what_the_entries_of_a_takedown_list_name(demo_run: FinishedRun, tmp_path: Path) -> None:
    def named(*selection: str) -> Counter[str]:
        command = of_run(demo_run, ["takedown", "FILE", "--dry-run", "--json", *selection], tmp_path)
        rows = map(json.loads, printed(command, "utf-8").splitlines())
        return Counter({f"{row['entry']} {what}": row[what] for row in rows for what in ("documents", "refused")})

    sources = [source.name for source in load_config(str(demo_run.config)).sources]
    shares = [named("--source", source) for source in sources]
    assert sum(shares, Counter()) == +named()
    assert max(map(Counter.total, shares)) < named().total()


def test_a_takedown_never_takes_down_a_selection(
    demo_run: FinishedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*of_run(demo_run, ["takedown", "FILE"], tmp_path), "--host", "*.example"]) == EXIT_USER
    assert "add --dry-run" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["trace", "*.example", "-n", "1000"], ["show", "*.example", "-n", "1000"]])
def test_pages_of_one_shard_are_read_together(
    command: list[str], demo_run: FinishedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`show -n 100` opened every table of a shard a hundred times."""
    opened: Counter[str] = Counter()
    open_shard = shards._open_shard
    monkeypatch.setattr(
        shards, "_open_shard", lambda uri, *columns: (opened.update([uri]), open_shard(uri, *columns))[1]
    )
    lines = printed([*of_run(demo_run, command, tmp_path), "--json"], "utf-8").splitlines()
    folders = {uri.rsplit("/", 1)[0] for uri in opened}
    assert len(lines) > 20
    assert len(folders) > 5
    assert max(opened.values()) <= MOST_READS


@pytest.mark.parametrize(
    "command",
    [*LISTINGS, ["whatif", "--policy", "RIGHTS"], ["view"], ["inspect", "--reason", "http_status"]],
    ids=" ".join,
)
def test_a_selection_of_no_page_is_a_mistake_that_names_what_the_run_has(
    command: list[str], demo_run: FinishedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A misspelt host passed every bound, over nothing."""
    if command[0] == "takedown":
        pytest.skip("takedown counts what its list names, also none")
    (tmp_path / "rights.toml").write_text('[rights]\nopted_out = ["noai"]\n')
    words = [str(tmp_path / "rights.toml") if one == "RIGHTS" else one for one in command]
    assert main([*of_run(demo_run, words, tmp_path), "--host", "kaze.exmaple"]) == EXIT_USER
    (line,) = capsys.readouterr().err.splitlines()
    assert "kaze.exmaple" in line or "and is selected" in line


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (["--source", "webb"], "--source: "),
        (["--profile", "wev"], "--profile: no profile 'wev'; did you mean 'web'?"),
        (["--host", "a*b.example"], "--host: 'a*b.example': a * stands at the end"),
    ],
)
def test_a_wrong_selection_is_one_line(
    option: list[str], said: str, demo_run: FinishedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*of_run(demo_run, ["inspect", "--kept"], tmp_path), *option]) == EXIT_USER
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


#: Of one shard, for any number of pages: the search, ids and columns of several steps.
MOST_READS = 14

PIPED = """
import json, os, sys
from manyo.pipelines.cli import main, write_anything
statuses = []
for arguments in json.loads(sys.argv[1]):
    read, write = os.pipe()
    os.close(read)  # whoever read the output is gone
    os.dup2(write, 1)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)
    write_anything()
    status = main(arguments)
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # as `run_and_exit`
        pass
    statuses.append(status)
print(json.dumps(statuses), file=sys.stderr)
sys.stderr.flush()
os._exit(0)
"""


def test_a_reader_that_has_enough_ends_every_listing_in_peace(demo_run: FinishedRun, tmp_path: Path) -> None:
    commands = [of_run(demo_run, arguments, tmp_path) for arguments in LISTINGS]
    program = [sys.executable, "-c", PIPED, json.dumps(commands)]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert json.loads(done.stderr) == [EXIT_DONE] * len(commands)


def check_fits(table: FittedTable, width: int) -> None:
    """Every line has room, every shown number is whole, and every column is shown or named."""
    with io.StringIO() as written:
        console = Console(file=written, width=width, force_terminal=True, color_system=None, legacy_windows=False)
        console.print(table)
        lines = written.getvalue().splitlines()
    n_shown = len(table.columns)
    if lines and any("no room for" in line for line in lines):
        at = next(number for number, line in enumerate(lines) if "no room for" in line)
        left_out = " ".join(line.strip() for line in lines[at:])
        while n_shown > 1 and table.columns[n_shown - 1] in left_out:
            n_shown -= 1
        assert n_shown < len(table.columns)
    assert all(cell_len(line) <= width for line in lines) or n_shown == 1
    for row in table.rows:
        for number, cell in enumerate(row[:n_shown]):
            if number not in table.texts:
                assert any(cell in line for line in lines)


NUMBERS = st.integers(0, 10**15).map(lambda number: f"{number:,}")
WORDS = st.text(alphabet="図書館あいabc[/]_-", min_size=1, max_size=30)


@given(st.data(), st.integers(20, 100))
def test_a_table_fits_and_cuts_no_number(data: st.DataObject, width: int) -> None:
    n_columns = data.draw(st.integers(1, 7))
    texts = data.draw(st.sets(st.integers(0, n_columns - 1), max_size=2))
    headers = [f"h{number} {data.draw(WORDS)[:6]}" for number in range(n_columns)]
    table = FittedTable(*headers, texts=texts, is_plain=data.draw(st.booleans()))
    for _ in range(data.draw(st.integers(0, 3))):
        table.add_row(*(data.draw(WORDS if number in texts else NUMBERS) for number in range(n_columns)))
    check_fits(table, width)


def test_a_pipe_gets_every_column() -> None:
    table = FittedTable(*(f"column {number}" for number in range(30)))
    table.add_row(*("1,234,567" for _ in range(30)))
    with io.StringIO() as written:
        Console(file=written, width=80).print(table, soft_wrap=True)
        assert written.getvalue().count("1,234,567") == 30


@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "b"]), st.sampled_from(["x.example", "y.x.example", "z.test"])), max_size=6
    ),
    st.sets(st.sampled_from(["a", "b"])),
    st.sampled_from([None, "x.example", "*.x.example", "z.test"]),
)
def test_a_selection_is_what_a_naive_one_is(pages: list[tuple[str, str]], sources: set[str], host: str | None) -> None:
    batch = pa.RecordBatch.from_pydict(
        {
            "doc_id": pa.array([bytes([number] * 16) for number in range(len(pages))], DOC_ID),
            "uri": pa.array([f"https://{name}/{number}" for number, (_, name) in enumerate(pages)], pa.large_string()),
            "source": pa.array([source for source, _ in pages], pa.string()),
        }
    )
    selection = Selection(tuple(sources), (), pages_named([host], "") if host else None)

    def is_listed(source: str, name: str) -> bool:
        of_host = host is None or name == host or (host[0] == "*" and f".{name}".endswith(host[1:]))
        return of_host and (not sources or source in sources)

    assert selection.mask(batch).tolist() == [is_listed(*page) for page in pages]


def test_show_prints_the_whole_text_the_signals_and_the_record(
    demo_run: FinishedRun, capsys: pytest.CaptureFixture[str]
) -> None:
    of = ["--config", str(demo_run.config), "--out", str(demo_run.out)]
    assert main(["inspect", "--kept", "-n", "1", "--json", *of]) == EXIT_DONE
    document = json.loads(capsys.readouterr().out)
    assert main(["show", document["doc_id"], "--json", *of]) == EXIT_DONE
    shown = json.loads(capsys.readouterr().out)
    assert len(shown["text"]) == document["char_count"] == shown["signals"]["char_count"]
    assert shown["reasons"] == []
    assert Path(shown["origin_file"]).exists()
    for option in ([], ["--signals"]):
        assert main(["show", document["doc_id"], *option, *of]) == EXIT_DONE
        said = capsys.readouterr().out
        assert f"record  {shown['origin_file']}, byte {shown['origin_offset']:,}" in said
        before, _, after = said.partition(shown["text"].split("\n")[-1])
        assert not re.search("^char_count", before, re.M), "a person wants to read the text"
        assert bool(re.search("^char_count", after, re.M)) == bool(option)
        assert ("--signals prints them" in after) != bool(option)


def test_show_tells_how_many_more_pages_a_host_has(demo_run: FinishedRun, capsys: pytest.CaptureFixture[str]) -> None:
    of = ["--config", str(demo_run.config), "--out", str(demo_run.out)]
    assert main(["trace", "*.example", "--json", "-n", "1000", *of]) == EXIT_DONE
    n_pages = len(capsys.readouterr().out.splitlines())
    assert main(["show", "*.example", *of]) == EXIT_DONE
    assert f"and {n_pages - 1:,} more pages; -n COUNT shows more" in capsys.readouterr().out


def test_a_taken_down_document_is_not_shown(
    demo_run: FinishedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its history is; its text and title are not."""

    out = tmp_path / "out"
    shutil.copytree(demo_run.out, out)
    of = ["--config", str(demo_run.config), "--out", str(out)]
    assert main(["inspect", "--kept", "-n", "1", "--json", *of]) == EXIT_DONE
    doc_id = json.loads(capsys.readouterr().out)["doc_id"]
    (tmp_path / "list.txt").write_text(doc_id)
    assert main(["takedown", str(tmp_path / "list.txt"), "--executor", "serial", *of]) in (EXIT_DONE, EXIT_NOTICES)
    capsys.readouterr()
    assert main(["show", doc_id, "--json", *of]) == EXIT_DONE
    shown = json.loads(capsys.readouterr().out)
    assert (shown["text"], shown["title"]) == (None, "")
