"""Whole runs with more than one round of dedup or an earlier index: reports add up, and a trace follows survivors."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from manyo.pipelines.cli import main
from manyo.pipelines.commands.page_history import page_histories
from manyo.pipelines.graph.config import load_config
from manyo.pipelines.run import table_folder
from tests.conftest import RULE_THAT_KEEPS_ALL
from tests.dedup.pages import edited, page
from tests.tokenizer.conftest import SENTENCES

#: With the pages, text of 516 characters and 12 pieces more: enough for a vocabulary of 520.
VARIED = "\n".join(SENTENCES)


def write_config(folder: Path, sources: dict[str, dict[str, str]], dedup: str) -> Path:
    """A run over texts by source and address, whose rules keep everything."""
    folder.mkdir()
    (folder / "rules.toml").write_text(RULE_THAT_KEEPS_ALL, encoding="utf-8")
    tables = []
    for name, texts in sources.items():
        lines = [json.dumps({"id": uri, "text": text}) + "\n" for uri, text in texts.items()]
        (folder / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")
        tables.append(
            f'[[source]]\nname = "{name}"\nkind = "jsonl"\nprofile = "prose"\nlicence = "CC0"\n'
            f'inputs = ["{folder}/{name}.jsonl"]\nuri_field = "id"\n'
        )
    path = folder / "config.toml"
    path.write_text(
        f'[run]\nout = "{folder}/out"\n{"".join(tables)}[filter]\nrules = "{folder}/rules.toml"\n[dedup]\n{dedup}\n'
        '[tokenize.train]\nvocabulary_size = 520\nword_boundaries = "off"\n',
        encoding="utf-8",
    )
    return path


def report_of(config: Path) -> dict[str, Any]:
    """The report of a run that is made here."""
    assert main(["run", "--config", str(config), "--executor", "serial", "--allow-empty"]) == 0
    path = Path(table_folder(load_config(str(config)), "report")) / "report.json"
    report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return report


def test_dedup_within_sources_first_is_shown_by_report_trace_inspect_and_takedown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    web = {"http://a.jp/": page(1), "http://b.jp/": edited(page(1), 2, 5)[:-3], "http://www.a.jp/#top": page(2)[:300]}
    books = {"urn:book": page(1) + "完。" * 5, "urn:other": VARIED}
    config = write_config(
        tmp_path / "run", {"web": web, "books": books}, 'within_sources = true\nsame_address = "longest"'
    )
    report = report_of(config)
    by_source = {row.pop("source"): row for row in report["clusters"]["by_source"]}
    assert by_source == {
        "web": {"documents": 3, "same_address": 1, "within_source": 1, "over_all": 1, "removed": 3, "share": 1.0},
        "books": {"documents": 2, "same_address": 0, "within_source": 0, "over_all": 0, "removed": 0, "share": 0.0},
    }
    page_of = Path(table_folder(load_config(str(config)), "report")) / "report.html"
    shown = page_of.read_text(encoding="utf-8")
    assert "it may be in an earlier run, or be a duplicate of a document of another source." in shown
    (found,) = page_histories(load_config(str(config)), "http://b.jp/")
    texts = [(step.name, step.text.split(" (")[0]) for step in found.steps[-4:]]
    similarities = [step.text.split()[2] for step in found.steps if step.name == "dedup"]
    assert texts == [
        ("dedup", f"dropped, similarity {similarities[0]} to the survivor within its source"),
        ("repeats", "http://a.jp/"),
        ("dedup", f"dropped, similarity {similarities[1]} to the survivor"),
        ("survivor", "urn:book"),
    ]
    look = ["inspect", "--config", str(config), "--duplicates"]
    for near, uri in (("0.95", "http://b.jp/"), ("1", "http://a.jp/")):
        capsys.readouterr()
        assert main([*look, "--near", near, "-n", "1"]) == 0
        shown = capsys.readouterr().out
        assert shown.startswith("Documents removed as duplicates: 2, of which 1 are shown\n\n1 similarity 0.9")
        assert re.search(rf"^  - web  1,4\d\d characters  {uri}$", shown, re.M)
    assert "│ …ら駆け出した。第13455058590201385605号。完。完。完。完。完。\n" in shown, "from where it differs"
    asked = tmp_path / "asked.txt"
    asked.write_text("http://b.jp/\n", encoding="utf-8")
    capsys.readouterr()
    assert main(["takedown", str(asked), "--config", str(config), "--executor", "serial"]) == 0
    book = found.steps[-1].text.split("(")[1].rstrip(")")
    assert f"its text is, as document {book}" in capsys.readouterr().out
    assert main(look) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("Documents removed as duplicates: 1\n")
    assert "b.jp" not in shown


def test_the_document_with_the_lowest_or_highest_signal_survives(tmp_path: Path) -> None:
    texts = {"http://a.jp/": page(1), "http://b.jp/": edited(page(1), 2, 5)[:-3]}
    for criterion, stays in (("lowest", "http://b.jp/"), ("highest", "http://a.jp/")):
        order = f'survivor_order = ["{criterion}"]\nsurvivor_signal = "char_count"'
        config = write_config(tmp_path / criterion, {"web": texts}, order)
        assert main(["run", "--config", str(config), "--executor", "serial", "--until", "dedup"]) == 0
        (gone,) = texts.keys() - {stays}
        (found,) = page_histories(load_config(str(config)), gone)
        assert found.steps[-1].text.startswith(stays)


def test_two_equal_texts_are_reported_as_the_same_and_shown_from_their_beginning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = write_config(tmp_path / "run", {"web": {"http://a.jp/": page(1), "http://b.jp/": page(1)}}, "")
    assert main(["run", "--config", str(config), "--executor", "serial", "--until", "dedup"]) == 0
    capsys.readouterr()
    assert main(["inspect", "--config", str(config), "--duplicates"]) == 0
    shown = capsys.readouterr().out
    assert "\n1 similarity 1.000 to the survivor, which contains 100.0% of it; both texts are the same\n" in shown
    assert shown.count(f"    │ {page(1)[:20]}") == 2
    histories = [page_histories(load_config(str(config)), uri)[0] for uri in ("http://a.jp/", "http://b.jp/")]
    decisions = {step.text for history in histories for step in history.steps if step.name == "dedup"}
    assert decisions == {"kept, survivor of a cluster of 2", "dropped, similarity 1.000 to the survivor"}


def test_a_document_contained_in_a_longer_one_is_reported_with_its_containment(tmp_path: Path) -> None:
    texts = {"http://long.jp/": page(1, sentences=30), "http://short.jp/": page(1, sentences=20)}
    config = write_config(tmp_path / "run", {"web": texts}, "min_containment = 0.95")
    assert main(["run", "--config", str(config), "--executor", "serial", "--until", "dedup"]) == 0
    (found,) = page_histories(load_config(str(config)), "http://short.jp/")
    assert re.fullmatch(
        r"dropped, similarity 0\.7.. to the survivor, which contains 100\.0% of it", found.steps[-2].text
    )


def test_an_unknown_survivor_signal_is_an_error_that_lists_the_known_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    order = 'survivor_order = ["highest"]\nsurvivor_signal = "beauty"'
    config = write_config(tmp_path / "run", {"web": {"http://a.jp/": page(1)}}, order)
    assert main(["run", "--config", str(config)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "survivor_signal: 'beauty' is not one of" in line


def test_a_run_against_an_index_reports_duplicates_of_the_earlier_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = write_config(tmp_path / "first", {"old": {"http://a.jp/": page(1), "http://c.jp/": VARIED}}, "index = true")
    report_of(first)
    index = table_folder(load_config(str(first)), "index")
    texts = {"http://b.jp/": edited(page(1), 2, 5)[:-3], "http://c.jp/": VARIED + page(2)}
    second = write_config(tmp_path / "second", {"new": texts}, f'against = ["{index}"]')
    clusters = report_of(second)["clusters"]
    assert [row["over_all"] for row in clusters["by_source"]] == [1]
    assert clusters["rows"] == [
        {"from": 1, "to": 1, "kept": 1, "removed": 0},
        {"from": 2, "to": 2, "kept": 0, "removed": 1},
    ]
    (found,) = page_histories(load_config(str(second)), "http://b.jp/")
    assert found.steps[-1].name == "survivor"
    assert found.steps[-1].text.startswith("a document of an earlier run")
    capsys.readouterr()
    assert main(["inspect", "--config", str(second), "--duplicates"]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"^1 similarity 0\.9\d\d to the survivor, which contains 9\d\.\d% of it$", shown, re.M)
    assert "  + in an earlier run, or may not be shown\n" in shown


@pytest.mark.parametrize(("stays", "counts", "kept"), [(True, (3, 0), []), (False, (1, 1), ["http://longer.jp/"])])
def test_a_longer_text_than_the_released_one_goes_unless_both_runs_are_one_big_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], stays: bool, counts: tuple[int, int], kept: list[str]
) -> None:
    """A crawl of pages that grow with every visit released half of what had been released before."""
    first = write_config(tmp_path / "first", {"web": {"http://a.jp/": page(1), "http://c.jp/": VARIED}}, "index = true")
    assert main(["run", "--config", str(first), "--executor", "serial", "--until", "dedup"]) == 0
    index = table_folder(load_config(str(first)), "index")
    texts = {
        "http://longer.jp/": page(1) + "\nそして、次の朝になった。",
        "http://equal.jp/": page(1),
        # Its id is that of the earlier run, whose source has the same name.
        "http://c.jp/": VARIED,
    }
    options = f'against = ["{index}"]\nindex_stays = {str(stays).lower()}'
    second = write_config(tmp_path / "second", {"web" if stays else "new": texts}, options)
    capsys.readouterr()
    assert main(["run", "--config", str(second), "--executor", "serial", "--until", "dedup", "--allow-empty"]) == 0
    said = "earlier runs      {} documents repeat what these released, {} are released again\n".format(*counts)
    assert said in capsys.readouterr().out
    found = {uri: page_histories(load_config(str(second)), uri)[0] for uri in texts}
    assert [uri for uri, one in found.items() if any("kept, survivor" in step.text for step in one.steps)] == kept
    if stays:
        assert found["http://c.jp/"].steps[-1].text == "dropped, an earlier run released a document of this id and text"
    assert main(["inspect", "--config", str(second), "--duplicates"]) == 0
