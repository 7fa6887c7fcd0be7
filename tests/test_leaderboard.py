"""The benchmark of components: items from seeds, figures that are those of the component benches, rows that say why."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
import tarfile
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bench.__main__ as command_line
import bench.dedup
import bench.layouts
import bench.ocr
import bench.pii
import bench.web
from bench.board.fetching import Archive, NotFetched, fetch
from bench.board.listed import ENTRIES, TASKS
from bench.board.made_pages import KINDS
from bench.board.made_personal_data import FORMS, credit_card, my_number
from bench.board.page import NoResults, tables_of, write_page
from bench.board.running import Entry, Failed, ItemSet, ask, item_set
from bench.board.task import Figure, Item, Task, digest, ratio, share_of
from bench.dedup import deduplicate
from bench.entries import dedup_peers, own
from bench.layouts import parts_of
from bench.made_layouts import LAYOUTS, made
from bench.tasks.ocr_lines import page_of
from bench.tasks.pdf_layouts import FIRST_SEED
from bench.typesetting import Writer
from manyo.corpus.records import Refused
from manyo.corpus.sources import pdf
from manyo.corpus.text import Texts
from manyo.dedup.settings import Dedup
from manyo.dedup.sketch.exact import fold
from tests.conftest import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser

TASK_OF = {task.name: task for task in TASKS}
FEW = 12


def few(task: Task) -> list[Item]:
    return task.draw(7, FEW)


# --- items ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def digests_of_a_stranger() -> dict[str, str]:
    """What another process prints, with another seed of Python's hashes."""
    command = [sys.executable, "-m", "bench", "digests", "--seed", "7", "--n", str(FEW)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "4242"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return {line.split()[0]: line.split()[-1] for line in done.stdout.splitlines()}


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_a_seed_gives_a_stranger_the_same_items(task: Task, digests_of_a_stranger: dict[str, str]) -> None:
    assert digests_of_a_stranger[task.name] == digest(few(task))
    assert digest(task.draw(8, FEW)) != digest(few(task))


def test_a_digest_knows_every_part_of_an_item() -> None:
    item = Item("kind", {"text": "本文"}, [1, 2])
    others = [item._replace(kind="other"), item._replace(given={"text": "本 文"}), item._replace(gold=[2, 1])]
    assert len({digest([one]) for one in (item, *others)}) == 4


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_items_are_what_json_gives_back(task: Task) -> None:
    """Entries get items through a file."""
    for item in few(task):
        assert json.loads(json.dumps([item.given, item.gold])) == [item.given, item.gold]


@pytest.mark.parametrize("kind", KINDS)
def test_a_made_page_holds_every_line_of_its_gold(kind: str) -> None:
    page = KINDS[kind](Writer(random.Random(3)))
    for line in page.lines:
        assert all(part in page.html for part in line.split(" "))


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 1 << 30))
def test_labels_of_personal_data_are_where_the_values_are(seed: int) -> None:
    for item in TASK_OF["pii"].draw(seed, len(FORMS) + 1):
        for span in item.gold:
            value = item.given[span["start"] : span["end"]]
            assert value
            assert value == value.strip()
            assert "\n" not in value
            assert "{" not in value


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 1 << 30))
def test_made_numbers_have_their_check_digits(seed: int) -> None:
    card = [int(char) for char in credit_card(random.Random(seed)) if char.isdigit()]
    doubled = [digit * 2 - 9 * (digit > 4) if at % 2 == 0 else digit for at, digit in enumerate(card)]
    assert len(card) == 16
    assert sum(doubled) % 10 == 0
    *body, check = (int(char) for char in my_number(random.Random(seed)) if char.isdigit())
    weighted = sum(digit * weight for digit, weight in zip(body, (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2), strict=True))
    assert check == (0 if weighted % 11 <= 1 else 11 - weighted % 11)


# --- figures ----------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(values=st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_a_ratio_lies_in_its_interval_of_bootstrap_samples(values: list[float]) -> None:
    figure = ratio("F1", "", values, [1.0] * len(values))
    assert figure.value == pytest.approx(sum(values) / len(values))
    if 0 < sum(values) < len(values):
        assert min(values) - 1e-9 <= figure.low <= figure.high <= max(values) + 1e-9


def test_files_without_an_error_do_not_prove_that_there_are_none() -> None:
    none_wrong, all_found = ratio("errors", "", [0.0] * 20, [900.0] * 20), ratio("whole", "", [3.0] * 20, [3.0] * 20)
    assert (none_wrong.value, none_wrong.low) == (0, 0)
    assert 0.1 < none_wrong.high < 0.2
    assert (all_found.value, all_found.high) == (1, 1)
    assert 0.8 < all_found.low < 0.9


def test_a_share_of_nothing_says_that_nothing_is_known() -> None:
    assert (share_of("right", "", 0, 0).low, share_of("right", "", 0, 0).high) == (0.0, 1.0)
    assert (ratio("F1", "", [], []).low, ratio("F1", "", [], []).high) == (0.0, 1.0)


#: Answers that are the gold, by task, and the value of the first figure that they must have.
PERFECT: dict[str, Any] = {
    "language": lambda items: ["ja" if item.gold else "en" for item in items],
    "charsets": lambda items: [item.gold["text"] for item in items],
    "extraction": lambda items: [item.gold for item in items],
    "pii": lambda items: [[(span["start"], span["end"]) for span in item.gold] for item in items],
    "pdf": lambda items: ["\n".join(item.gold) for item in items],
}


#: An answer that says nothing, where it is not a text.
EMPTY: dict[str, Any] = {"pii": [], "near-duplicates": True}


@pytest.mark.parametrize("name", PERFECT)
def test_answers_that_are_the_gold_are_perfect_and_empty_ones_are_not(name: str) -> None:
    task, items = TASK_OF[name], few(TASK_OF[name])
    best = float(task.figures[0] not in task.less_is_better)
    assert task.score(items, PERFECT[name](items))[0].value == best
    assert abs(task.score(items, [EMPTY.get(name, "")] * FEW)[0].value - best) > 0.3


def test_removing_every_copy_finds_every_pair_and_removing_all_is_not_sound() -> None:
    task = TASK_OF["near-duplicates"]
    items = task.draw(7, 60)
    first = [item.gold not in {other.gold for other in items[:at]} for at, item in enumerate(items)]
    figures = {figure.name: figure for figure in task.score(items, first) if not figure.kind}
    assert figures["found"].value == 1
    assert figures["found"].n > 10
    figures = {figure.name: figure for figure in task.score(items, [False] * 60) if not figure.kind}
    assert figures["sound"].value == 0


def test_our_row_of_extraction_is_the_figure_of_its_bench(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same pages in the folder that `bench.web` reads: the F1, precision and recall that it prints are ours."""
    task = TASK_OF["extraction"]
    drawn = few(task)
    folder = tmp_path / "gold" / "extraction"
    folder.mkdir(parents=True)
    rows = []
    for number, item in enumerate(drawn):
        (folder / f"{number}.html").write_bytes(item.given.encode())
        rows.append(json.dumps({"page": f"{number}.html", "set": "made", "text": item.gold}, ensure_ascii=False))
    (folder / "gold.jsonl").write_text("\n".join(rows), "utf-8")
    items = task.read(tmp_path) if task.read else []
    assert [item.given for item in items] == [item.given for item in drawn]
    bench.web.print_extractors(folder / "gold.jsonl")
    printed = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("manyo"))
    figures = {figure.name: figure.value for figure in task.score(items, own.extraction([i.given for i in items]))}
    assert printed.split()[3:6] == [f"{figures[name]:.3f}" for name in task.figures]


def ours(task: Task, items: list[Item]) -> dict[tuple[str, str], Figure]:
    """The figures of manyo's row, by name and kind, as `run` asks and scores it."""
    entry = next(entry for entry in ENTRIES if (entry.task, entry.name) == (task.name, "manyo"))
    answers = getattr(own, entry.asks.removeprefix("own."))([item.given for item in items])
    return {(figure.name, figure.kind): figure for figure in task.score(items, answers)}


def test_our_row_of_near_duplicates_is_the_figure_of_its_bench(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The removals, the share of them that is sound and the pairs missed that `bench.dedup` prints are the row's.

    That bench leaves equal texts out, which every system removes.
    """
    task = TASK_OF["near-duplicates"]
    drawn = task.draw(7, 60)
    folded = fold(Texts.from_strings([item.given for item in drawn]))
    items = [drawn[number] for number in bench.dedup.distinct_documents(folded, Dedup().min_chars)]
    texts = [item.given for item in items]
    monkeypatch.setattr(bench.dedup, "web_texts", lambda _: texts)
    monkeypatch.setattr(bench.dedup, "aozora_texts", lambda _: {})
    monkeypatch.setattr(bench.dedup, "sets_of_texts", lambda web, _: [("drawn", web)])
    monkeypatch.setattr(
        bench.dedup, "wholes", lambda usual, _: [("manyo", lambda given: (deduplicate(given, usual)[0], 0.0))]
    )
    bench.dedup.report_whole(Path(), None)
    printed = next(line for line in capsys.readouterr().out.splitlines() if line.strip().startswith("manyo")).split()
    row = ours(task, items)
    sound, found = row["sound", ""], row["found", ""]
    assert printed[2:5] == [str(sound.n), f"{sound.value:.4f}", str(round(found.n * (1 - found.value)))]


def test_our_row_of_personal_information_is_the_figure_of_its_bench(capsys: pytest.CaptureFixture[str]) -> None:
    """The labelled values and the share covered that `bench.pii` prints of all kinds are the row's."""
    task = TASK_OF["pii"]
    items = task.draw(7, 60)
    rows = [
        {
            "id": number,
            "layout": item.kind,
            "text": item.given,
            "spans": [span | {"value": item.given[span["start"] : span["end"]]} for span in item.gold],
        }
        for number, item in enumerate(items)
    ]
    bench.pii.table("drawn", rows, bench.pii.spans_of([item.given for item in items]), by_layout=False)
    printed = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("| all |"))
    covered = ours(task, items)["covered", ""]
    cells = [cell.strip() for cell in printed.split("|")]
    assert (cells[2], cells[4].split()[0]) == (str(covered.n), f"{covered.value:.3f}")


def test_our_row_of_ocr_is_the_figure_of_its_bench() -> None:
    """The rates of `bench.ocr`, whose counts are summed over books, are the row's."""
    task = TASK_OF["ocr"]
    items = task.draw(7, 2)
    total: Counter[str] = Counter()
    for item in items:
        pages = [page_of(page) for page in item.gold]
        total += bench.ocr.score(pages, bench.ocr.read(bench.ocr.items_of(pages, "xml")))
    measured = bench.ocr.measures(total)
    row = ours(task, items)
    assert {name: row[name, ""].value for name in task.figures} == pytest.approx(
        {name: measured[name] for name in task.figures}
    )


def test_our_row_of_pdf_is_the_figure_of_its_bench(monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors, whole blocks and breaks of `bench.layouts` on the files that the task draws are the row's.

    Lines are given backwards, for of texts in order both sides have no error, and agree whatever they count.
    """

    def backwards(data: bytes) -> pdf.PdfText | Refused:
        found = read_pdf(data)
        return found if isinstance(found, Refused) else replace(found, text="\n".join(found.text.split("\n")[::-1]))

    read_pdf = pdf.read_pdf
    monkeypatch.setattr(pdf, "read_pdf", backwards)
    monkeypatch.setattr(bench.layouts, "read_pdf", backwards)
    task = TASK_OF["pdf"]
    items = task.draw(7, 6)
    files = [made(layout, FIRST_SEED + 7_000) for layout in list(LAYOUTS)[:6]]
    assert [parts_of(file) for file in files] == [item.gold for item in items]
    total = bench.layouts.Score(*map(sum, zip(*map(bench.layouts.score, files), strict=True)))
    assert total.breaks
    row = ours(task, items)
    assert [row[name, ""].value for name in task.figures] == pytest.approx(
        [total.errors / total.chars, total.whole / total.blocks, 1 - total.breaks / total.pairs]
    )


#: The least that our entry reaches in the first figure on 60 items (OCR: two books), far from what it does: the entry
#: works and is asked what it can answer.
WORKS = {
    "language": 0.7, "charsets": 0.8, "extraction": 0.8, "near-duplicates": 0.8, "pii": 0.6, "ocr": 0.9, "pdf": 0.1,
}  # fmt: skip


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_our_entry_answers_what_it_is_asked(task: Task) -> None:
    """A bench that runs without an error may still have asked nothing: dedup had been given no parts to deal to."""
    items = task.draw(7, {"ocr": 2, "pdf": 25}.get(task.name, 60))
    first = next(iter(ours(task, items).values()))
    reached = first.value <= WORKS[task.name] if first.name in task.less_is_better else first.value >= WORKS[task.name]
    assert reached, first


def test_peers_of_dedup_get_the_bands_and_rows_of_manyo() -> None:
    usual = Dedup()
    assert dedup_peers.Shape() == (usual.bands, usual.rows, usual.shingle_chars, usual.min_similarity)


# --- entries ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry.task}-{entry.name}")
def test_an_entry_names_a_task_a_function_and_exact_versions(entry: Entry) -> None:
    module, function = entry.asks.split(".")
    source = (ROOT / "bench" / "entries" / f"{module}.py").read_text("utf-8")
    assert entry.task in TASK_OF
    assert f"\ndef {function}(" in source
    assert all("==" in requirement or "<" in requirement for requirement in entry.requirements)
    assert entry.name == "manyo" or "manyo" not in {line.split(".")[0] for line in source.split("import ")}
    assert all(entry.how)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_each_task_has_our_entry_and_at_least_two_others(task: Task) -> None:
    names = [entry.name for entry in ENTRIES if entry.task == task.name]
    assert names[0] == "manyo"
    assert len(set(names)) == len(names) > 2


def test_an_entry_that_fails_is_a_row_with_its_last_line(tmp_path: Path) -> None:
    """Presidio is not installed where the tests run."""
    with pytest.raises(Failed, match="presidio_analyzer"):
        ask(sys.executable, "pii_peers.presidio", ["山田"])


def test_what_an_entry_answers_comes_back_with_its_seconds() -> None:
    given = few(TASK_OF["charsets"])
    answers, seconds = ask(sys.executable, "charset_peers.declared", [item.given for item in given])
    assert len(answers) == len(given)
    assert seconds >= 0


def test_a_text_of_others_may_hold_a_line_separator(tmp_path: Path) -> None:
    """JSON leaves U+2028 as it is, and Python's splitlines divides a line there."""
    (tmp_path / "pii").mkdir()
    row = {"layout": "form", "text": "山田\u2028太郎", "spans": []}
    (tmp_path / "pii" / "own.jsonl").write_text(json.dumps(row, ensure_ascii=False) + "\n", "utf-8")
    given = item_set(TASK_OF["pii"], 1, None, tmp_path)
    assert given is not None
    assert given.items == [Item("form", row["text"], [])]


def test_a_folder_without_data_for_a_task_gives_no_items(tmp_path: Path) -> None:
    assert [item_set(task, 1, None, tmp_path) for task in TASKS] == [None] * len(TASKS)


# --- page -------------------------------------------------------------------------------------------


def result(task: Task, entry: str, right: Sequence[bool], seed: int = 7) -> dict[str, Any]:
    """A result as it is written, of a system that answers some items rightly."""
    items = task.draw(seed, len(right))
    answers = ["ja" if item.gold == hit else "en" for item, hit in zip(items, right, strict=True)]
    figures = [asdict(figure) for figure in task.score(items, answers)]
    facts = {"task": task.name, "entry": entry, "how": ["asked", "尋ねた"], "versions": {entry: "1.0"}}
    machine = {"python": "3.11.7", "machine": "x86_64", "cores": 2}
    return facts | {
        "items": ItemSet(items, "own", seed).facts, "machine": machine, "seconds": 0.5, "figures": figures,
    }  # fmt: skip


def test_the_page_orders_rows_and_keeps_items_of_another_seed_apart(tmp_path: Path) -> None:
    task = TASK_OF["language"]
    good, bad = [True] * FEW, [True] * 4 + [False] * (FEW - 4)
    absent = {**result(task, "absent<b>", good), "why": "no wheel for this Python"}
    del absent["figures"], absent["seconds"]
    results = [result(task, "bad", bad), result(task, "good", good), absent, result(task, "bad", bad, seed=8)]
    tables = tables_of(results, TASKS)
    assert [[row["entry"] for row in table["run"]] for table in sorted(tables, key=lambda t: -len(t["run"]))] == [
        ["good", "bad"],
        ["bad"],
    ]
    (tmp_path / "results").mkdir()
    for number, one in enumerate(results):
        (tmp_path / "results" / f"{number}.json").write_text(json.dumps(one), "utf-8")
    page = write_page(tmp_path).read_text("utf-8")
    assert "no wheel for this Python" in page
    assert "absent&lt;b&gt;" in page
    assert "<script" not in page
    assert "http://" not in page.replace("http-equiv", "")
    assert "https://" not in page
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page


def test_the_page_fits_narrow_windows_and_axe_finds_no_serious_fault(tmp_path: Path, browser: Browser) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    (tmp_path / "results").mkdir()
    made = result(TASK_OF["language"], "a system with a long name", [True] * FEW)
    (tmp_path / "results" / "one.json").write_text(json.dumps(made), "utf-8")
    context = browser.new_context()
    page, errors = context.new_page(), list[str]()
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.goto(write_page(tmp_path).as_uri())
    for width, language in ((400, "ja"), (1280, "en")):
        page.set_viewport_size({"width": width, "height": 900})
        page.click(f"label[for=to-{language}]")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = axe.Axe().run(page).response["violations"]
        assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
    context.close()
    assert not errors


def test_rows_with_an_equal_first_figure_are_ordered_by_the_next_and_errors_count_against() -> None:
    task = TASK_OF["pdf"]
    base = {"task": "pdf", "how": ["", ""], "items": {"source": "own", "digest": "d", "n": 1, "seed": 1}, "machine": {}}
    results = [
        {**base, "entry": entry, "seconds": 1.0, "figures": [
            {"name": name, "kind": "", "value": value, "low": 0, "high": 1, "n": 1}
            for name, value in zip(task.figures, values, strict=True)
        ]}
        for entry, values in (("worse", (0.5, 1.0, 1.0)), ("good", (0.0, 0.9, 1.0)), ("best", (0.0, 1.0, 1.0)))
    ]  # fmt: skip
    (table,) = tables_of(results, TASKS)
    assert [row["entry"] for row in table["run"]] == ["best", "good", "worse"]


def test_a_page_of_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    with pytest.raises(NoResults, match="no result of a task"):
        write_page(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["page"], "no result of a task"),
        (["run", "language", "--entries", "Presidio"], "nothing was asked"),
        (["run", "charsets", "--data", "."], "nothing was asked"),
    ],
)
def test_a_run_that_asked_nobody_ends_with_one_line(
    arguments: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["bench", *arguments, "--out", str(tmp_path / "out")])
    with pytest.raises(SystemExit, match=says):
        command_line.main()


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_the_page_has_words_in_both_languages_for_all_that_a_task_shows(task: Task) -> None:
    words = tomllib.loads((ROOT / "bench" / "board" / "words.toml").read_text("utf-8"))[task.name]
    assert list(words["figures"]) == list(task.figures)
    assert all(len(words[name]) == 2 and all(words[name]) for name in ("title", "says", "cannot_say"))
    scored = {figure.kind for figure in task.score(few(task), [EMPTY.get(task.name, "")] * FEW) if figure.kind}
    assert scored
    assert scored <= set(words["kinds"])


def test_an_environment_that_cannot_be_made_is_a_row_that_says_why_and_nobody_else_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pip finds no index of packages."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    out = tmp_path / "out"
    monkeypatch.setattr(
        sys, "argv", ["bench", "run", "language", "--n", "14", "--entries", "HojiChar", "--out", str(out)]
    )
    with pytest.raises(SystemExit, match="language: HojiChar: ERROR"):
        command_line.main()
    row = json.loads((out / "results" / "language.own.HojiChar.json").read_text("utf-8"))
    assert "hojichar" in row["why"]
    assert "figures" not in row
    assert "hojichar" in (out / "leaderboard.html").read_text("utf-8")


# --- pages of others --------------------------------------------------------------------------------


def packed(tmp_path: Path) -> Archive:
    """An archive at an address, with its digest."""
    page = tmp_path / "page.html"
    page.write_text("<p>本文</p>", "utf-8")
    path = tmp_path / "server" / "pages-1.tar.gz"
    path.parent.mkdir()
    with tarfile.open(path, "w:gz") as made:
        made.add(page, "pages-1/page.html")
    return Archive(path.name, path.as_uri(), f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}", ".")


def test_an_archive_is_fetched_once_and_unpacked(tmp_path: Path) -> None:
    archive = packed(tmp_path)
    assert "fetched" in fetch(archive, tmp_path / "data")
    assert (tmp_path / "data" / "pages-1" / "page.html").read_text("utf-8") == "<p>本文</p>"
    assert "already there" in fetch(archive._replace(url="file:///nowhere"), tmp_path / "data")


def test_an_archive_with_other_bytes_is_refused_and_not_unpacked(tmp_path: Path) -> None:
    archive = packed(tmp_path)._replace(digest="sha256:" + "0" * 64)
    with pytest.raises(NotFetched, match="it has changed"):
        fetch(archive, tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_an_address_that_does_not_answer_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(NotFetched, match="fetch it by hand"):
        fetch(packed(tmp_path)._replace(url=(tmp_path / "absent").as_uri()), tmp_path / "data")
