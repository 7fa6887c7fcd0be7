"""CirrusSearch dumps: articles become documents, other pages are skipped."""

from __future__ import annotations

import bz2
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from manyo.corpus.records import BrokenInput, Document, InputFile, Record, Refused, Skipped
from manyo.corpus.sources import wikipedia

OPTIONS = wikipedia.Options()


def page(title: str, text: object = "渡し場は、川を船で渡る所である。", **more: object) -> dict[str, Any]:
    return {"title": title, "namespace": 0, "text": text, "timestamp": "2026-04-01T00:00:00Z", **more}


def dump(path: Path, *pages: dict[str, Any]) -> Path:
    lines = []
    for number, value in enumerate(pages, start=1):
        lines += [json.dumps({"index": {"_type": "_doc", "_id": str(number)}}), json.dumps(value)]
    path.write_bytes(gzip.compress("\n".join([*lines, ""]).encode()))
    return path


def read(path: Path) -> list[tuple[str, object]]:
    (shard,) = wikipedia.plan([InputFile(str(path), path.stat().st_size, "1")], OPTIONS)
    return [
        (item.key, wikipedia.parse(item, OPTIONS)) if isinstance(item, Record) else ("", item.refused)
        for item in wikipedia.records(shard, OPTIONS)
    ]


def test_an_article_is_a_document_under_its_page_id(tmp_path: Path) -> None:
    ((key, document),) = read(dump(tmp_path / "ja.json.gz", page("渡し場", category=["川", "船"])))
    assert key == "1"
    assert isinstance(document, Document)
    assert document.uri == "https://ja.wikipedia.org/wiki/%E6%B8%A1%E3%81%97%E5%A0%B4"
    assert document.text == "渡し場は、川を船で渡る所である。"
    assert document.meta == {"page_id": "1", "timestamp": "2026-04-01T00:00:00Z", "categories": ["川", "船"]}


def test_other_name_spaces_and_lists_of_meanings_are_skipped(tmp_path: Path) -> None:
    found = read(
        dump(
            tmp_path / "ja.json.gz",
            page("ノート:川", namespace=1),
            page("橋 (曖昧さ回避)", template=["Template:Aimai"]),
        )
    )
    assert [outcome for _, outcome in found] == [Skipped("other_namespace"), Skipped("disambiguation")]


@pytest.mark.parametrize(
    ("value", "reason"),
    [(page("空", ""), "no_text"), (page("空", None), "no_text"), ({"text": "題がない"}, "no_title")],
)
def test_a_page_that_is_not_an_article_has_its_reason(tmp_path: Path, value: dict[str, Any], reason: str) -> None:
    ((_, refused),) = read(dump(tmp_path / "ja.json.gz", value))
    assert isinstance(refused, Refused)
    assert refused.reason == reason
    assert reason in wikipedia.REASONS


def test_a_broken_line_does_not_give_its_id_to_the_next_page(tmp_path: Path) -> None:
    path = tmp_path / "ja.json"
    path.write_text(
        json.dumps({"index": {"_id": "7"}}) + "\n{\n" + json.dumps(page("川")) + "\n" + json.dumps(page("川")) + "\n",
        encoding="utf-8",
    )
    (shard,) = wikipedia.plan([InputFile(str(path), 1, "1")], OPTIONS)
    found = list(wikipedia.records(shard, OPTIONS))
    assert [item.refused.reason if isinstance(item, BrokenInput) else item.key for item in found] == [
        "broken_json",
        "川",
        "duplicate_id",
    ]


def test_a_page_in_two_files_has_one_key_in_one_shard_as_in_two(tmp_path: Path) -> None:
    files = []
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text(json.dumps(page("川")) + "\n", encoding="utf-8")
        files.append(InputFile(str(tmp_path / name), 1, "1"))
    for shards in ([files], [[file] for file in files]):
        found = [item for shard in shards for item in wikipedia.records(wikipedia.plan(shard, OPTIONS)[0], OPTIONS)]
        assert [item.key for item in found if isinstance(item, Record)] == ["川", "川"]


def test_limits_must_be_positive() -> None:
    with pytest.raises(ValueError, match="max_line_bytes"):
        wikipedia.Options(max_line_bytes=0)


def test_of_two_dumps_of_an_index_the_later_one_is_read_whatever_shards_they_are_in(tmp_path: Path) -> None:
    files = []
    for number, day in enumerate(("20260816", "20260823")):
        for part in range(2):
            path = tmp_path / f"index_name=jawiki_content/jawiki_content-{day}-{part:05}.json.bz2"
            path.parent.mkdir(exist_ok=True)
            rows = [{"index": {"_id": str(part)}}, page(f"{number} {part}")]
            path.write_bytes(bz2.compress("\n".join(map(json.dumps, rows)).encode()))
            files.append(InputFile(str(path), path.stat().st_size, "1"))
    found = [
        item
        for shard in wikipedia.plan(files, wikipedia.Options(target_shard_bytes=1))
        for item in wikipedia.records(shard, OPTIONS)
    ]
    titles = [str(item.payload["title"]) for item in found if isinstance(item, Record)]
    assert sorted(titles) == ["1 0", "1 1"]
    assert [item.refused.reason for item in found if isinstance(item, BrokenInput)] == ["older_dump"] * 2
