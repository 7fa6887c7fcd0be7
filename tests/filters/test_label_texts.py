"""Texts that labels name by a digest are cut from files as `sources.tsv` says."""

import gzip
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
        ("all", "一。\n二。\n", "一。\n二。"),
        ("Markdown", "---\ntitle: 題\n---\n一。\n", "一。"),
        ("markup", "<p>一<b>二</b>。<script>三</script><?php echo 四 ?></p>\n<p>五。</p>", "一二。\n五。"),
        ("markup", "<?php 一 ?>", ""),
    ],
)
def test_a_text_is_cut_from_a_file(cut: str, content: str, text: str) -> None:
    assert text in list(cuts_of(content, cut))


def prepare(folder: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    """A clone with two files of texts, labels of two texts, and the arguments of the command.

    Args:
        path: of the files, as `sources.tsv` has it.
    """
    clone = folder / "clones" / "owner+name"
    clone.mkdir(parents=True)
    Path(clone, "a.txt").write_text("知られた文。\n別の文。\n", encoding="utf-8")
    Path(clone, "b.txt.gz").write_bytes(gzip.compress("圧された文。\n".encode()))
    for words in (["init", "-q"], ["add", "."], ["-c", "user.name=n", "-c", "user.email=e", "commit", "-qm", "m"]):
        subprocess.run(["git", "-C", clone, *words], check=True)
    commit = subprocess.run(["git", "-C", clone, "rev-parse", "HEAD"], check=True, capture_output=True).stdout.decode()
    labels = folder / "labels"
    labels.mkdir()
    lines = (f"{digest_name(text)}\tdrawn" for text in ("知られた文。", "圧された文。", "失われた文。"))
    Path(labels, "crawl.tsv").write_text("\n".join(("id\tdraw", *lines)) + "\n", encoding="utf-8")
    Path(labels, "one_reader.tsv").write_text("id\tdraw\n", encoding="utf-8")
    table = f"repository\tcommit\tpath\tcut\nowner/name\t{commit.strip()}\t{path}\tlines\n"
    Path(labels, "sources.tsv").write_text(table, encoding="utf-8")
    monkeypatch.setattr("bench.label_texts.LABELS", labels)
    arguments = ["label_texts", str(folder / "clones"), str(folder), "--out", str(folder / "texts.jsonl")]
    monkeypatch.setattr("sys.argv", arguments)


def test_texts_of_a_commit_are_written_in_the_order_of_digests_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare(tmp_path, monkeypatch, "*.txt*")
    main()
    found = [json.loads(line)["text"] for line in Path(tmp_path, "texts.jsonl").read_text("utf-8").splitlines()]
    assert found == sorted(["知られた文。", "圧された文。"], key=digest_name)
    assert capsys.readouterr().out.split() == ["drawn", "2", "of", "3"]


def test_a_source_without_files_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(tmp_path, monkeypatch, "c/*.txt")
    with pytest.raises(SystemExit, match="owner/name has no c/"):
        main()


def test_nodes_of_a_page_are_taken_once_and_links_stay_in_their_sentence() -> None:
    nodes = [["案内", "html"], ["この村の宿は", "html"], ["三軒", "html"], ["ある。", "html"]]
    nodes += [["案内", "li"], ["この村の宿は", "p"], ["三軒", "p"], ["ある。", "p"], ["三軒", "a"]]
    page = json.dumps({"tag_records": [{"text": nodes}]})
    assert next(iter(cuts_of(page, "text nodes"))) == "案内\nこの村の宿は三軒ある。"


def test_a_page_is_also_cut_from_its_first_long_line_with_a_mark_to_its_last() -> None:
    first, last = ("雨の降る日に傘を差して歩く" * 4 + "。", "晴れた日に布団を干して眠る" * 4 + "。")
    page = json.dumps({"tag_records": [{"text": [[text, "html"] for text in ("案内", first, "中", last, "戻る。")]}]})
    assert f"{first}\n中\n{last}" in list(cuts_of(page, "text nodes"))


def test_a_page_is_also_cut_at_the_length_up_to_which_pages_were_drawn() -> None:
    line = "雨の降る日に傘を差して歩く。" * 1000
    page = json.dumps({"tag_records": [{"text": [[line, "html"], [line[1:], "html"]]}]})
    assert f"{line}\n{line[1:]}"[:20_000] in list(cuts_of(page, "text nodes"))
