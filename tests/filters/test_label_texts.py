"""Texts that labels name by a digest are cut from files as `sources.tsv` says."""

import json
import subprocess
from pathlib import Path

import pytest

from bench.label_texts import cuts_of, main
from bench.quality_examples import LABELS, digest_name, rows_of


def test_every_cut_of_the_table_is_known() -> None:
    for row in rows_of(LABELS / "sources.tsv"):
        list(cuts_of("", row["cut"]))


def test_a_cut_that_is_not_known_is_named() -> None:
    with pytest.raises(SystemExit, match="no such cut: by hand"):
        list(cuts_of("", "by hand"))


@pytest.mark.parametrize(
    ("cut", "content", "text"),
    [
        ("lines", "一行目。\n 二行目。", "二行目。"),
        ("before the last TAB", "一\t二。\tgood", "一\t二。"),
        ("before the last TAB", "一\t二。\tgood", "一 二。"),
        ("strings", '{"a": [{"text": "一。\\n二。"}]}', "一。\n二。"),
        ("strings", '{"text": "一。"}\n{"text": "二。"}\n', "二。"),
        ("quoted in output", json.dumps({"outputs": ["{'text': '一。\\n二。'}"]}), "一。\n二。"),
        ("quoted in output", json.dumps({"outputs": ["['text', ", '"一。二。"]']}), "一。二。"),
    ],
)
def test_a_text_is_cut_from_a_file(cut: str, content: str, text: str) -> None:
    assert text in list(cuts_of(content, cut))


def test_texts_of_a_commit_are_written_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clone = tmp_path / "clones" / "owner+name"
    clone.mkdir(parents=True)
    Path(clone, "a.txt").write_text("知られた文。\n別の文。\n", encoding="utf-8")
    for words in (["init", "-q"], ["add", "a.txt"], ["-c", "user.name=n", "-c", "user.email=e", "commit", "-qm", "m"]):
        subprocess.run(["git", "-C", clone, *words], check=True)
    commit = subprocess.run(["git", "-C", clone, "rev-parse", "HEAD"], check=True, capture_output=True).stdout.decode()
    labels = tmp_path / "labels"
    labels.mkdir()
    lines = (f"{digest_name(text)}\tdrawn" for text in ("知られた文。", "失われた文。"))
    Path(labels, "crawl.tsv").write_text("\n".join(("id\tdraw", *lines)) + "\n", encoding="utf-8")
    Path(labels, "one_reader.tsv").write_text("id\tdraw\n", encoding="utf-8")
    table = f"repository\tcommit\tpath\tcut\nowner/name\t{commit.strip()}\t*.txt\tlines\n"
    Path(labels, "sources.tsv").write_text(table, encoding="utf-8")
    monkeypatch.setattr("bench.label_texts.LABELS", labels)
    out = tmp_path / "texts.jsonl"
    monkeypatch.setattr("sys.argv", ["label_texts", str(tmp_path / "clones"), str(tmp_path), "--out", str(out)])
    main()
    assert [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()] == [{"text": "知られた文。"}]
    assert capsys.readouterr().out.split() == ["drawn", "1", "of", "2"]


def test_nodes_of_a_page_are_taken_once_and_links_stay_in_their_sentence() -> None:
    nodes = [["案内", "html"], ["この村の宿は", "html"], ["三軒", "html"], ["ある。", "html"]]
    nodes += [["案内", "li"], ["この村の宿は", "p"], ["三軒", "p"], ["ある。", "p"], ["三軒", "a"]]
    page = json.dumps({"tag_records": [{"text": nodes}]})
    assert next(iter(cuts_of(page, "text nodes"))) == "案内\nこの村の宿は三軒ある。"
