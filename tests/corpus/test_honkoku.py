"""Transcriptions of みんなで翻刻: the notation becomes text by stated rules, a folder becomes a work."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.records import BrokenInput, Document, InputFile, Record, Refused
from manyo.corpus.sources import honkoku
from manyo.corpus.structure import view_of
from manyo.corpus.text import tidy

SAMPLES = Path(__file__).parents[2] / "samples" / "honkoku"
OPTIONS = honkoku.Options()


def read(folder: Path, options: honkoku.Options = OPTIONS) -> list[Document | Refused]:
    files = [InputFile(str(path), path.stat().st_size, "1") for path in sorted(folder.rglob("*")) if path.is_file()]
    found: list[Document | Refused] = []
    for shard in honkoku.plan(files, options):
        for item in honkoku.records(shard, options):
            outcome = item.refused if isinstance(item, BrokenInput) else honkoku.parse(item, options)
            assert isinstance(outcome, Document | Refused)
            found.append(outcome)
    return found


@pytest.mark.parametrize(
    ("marked", "plain"),
    [
        ("月（つき）を見る", "月を見る"),
        ("いと｜古寺（ふるでら）の", "いと古寺の"),
        ("貴賤 上下（かみしも）の", "貴賤上下の"),
        ("《ルビ：明日｜あす》は", "明日は"),
        ("《割書：右の｜左の》と", "（右の左の）と"),
        ("《箱：《割書：上｜下》也》", "（上下）也"),
        ("《ルビ：月｜つき》《？：花》（はな）", "月花"),
        ("《ルビ：月｜つき》と花（はな）", "月と花"),
        ("読［ム］｛レ｝書｛ヲ｝", "読書"),
        ("石【召ヵ】か【？】", "石か"),
        ("□のうち", "□のうち"),
        ("とろ〳〵と", "とろ〳〵と"),
        ("（よしなし）といふ", "（よしなし）といふ"),
        ("舊國ノ體", "舊國ノ體"),
    ],
)
def test_the_notation_becomes_text(marked: str, plain: str) -> None:
    assert honkoku.read_page(marked)[0] == plain


@pytest.mark.parametrize(
    ("marked", "annotated"),
    [
        ("月（つき）を見る", "月《つき》を見る"),
        ("いと｜古寺（ふるでら）の", "いと古寺《ふるでら》の"),
        ("貴賤 上下（かみしも）の", "貴賤上下《かみしも》の"),
        ("《ルビ：明日｜あす》は", "明日《あす》は"),
        ("《割書：《ルビ：右｜みぎ》の｜左の》と", "（右《みぎ》の左の）と"),
        ("《ルビ：月｜つき》《？：花》（はな）", "月《つき》｜花《はな》"),
        ("《ルビ：月｜つき》（つき）", "月《つき》"),
    ],
)
def test_readings_are_spans(marked: str, annotated: str) -> None:
    assert view_of("ruby", *honkoku.read_page(marked)) == annotated


def test_readings_of_all_pages_stand_in_the_text_of_the_work(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    for number, page in enumerate(("\n月（つき）を見る\n", "いと｜古寺（ふるでら）の\n"), start=1):
        (folder / f"{number:04}.txt").write_text(page, encoding="utf-8")
    (document,) = read(tmp_path)
    assert isinstance(document, Document)
    assert view_of("ruby", document.text, document.structure) == "月《つき》を見る\nいと古寺《ふるでら》の"


@settings(max_examples=80, deadline=None)
@given(st.text("月花（）《》：｜【】［］｛｝？□かな \n割書ルビ", max_size=40))
def test_any_text_becomes_tidy_text_once_and_for_all(marked: str) -> None:
    plain, structure = honkoku.read_page(marked)
    assert plain == tidy(plain)
    assert all(0 <= span.start < span.stop <= len(plain) and span.value for span in structure.spans())
    assert set(plain) <= set(marked) | set("（）")


def test_a_folder_is_a_work_with_the_image_of_each_finished_page() -> None:
    (document,) = read(SAMPLES)
    assert isinstance(document, Document)
    assert [label.split("/")[4] for label, _ in document.pages] == ["001", "002"]
    assert document.text.startswith("月待草紙\n\nむかし川上の里に月をまつ翁ありけり\n")
    second = document.text[document.pages[1][1] :]
    assert second.startswith("ある夜船頭の子これを□んとて\n")
    assert document.meta["page_count"] == 2


def test_pages_that_are_not_finished_can_be_asked_for() -> None:
    (document,) = read(SAMPLES, honkoku.Options(statuses=("completed", "initiated")))
    assert isinstance(document, Document)
    assert len(document.pages) == 3


def test_without_an_info_file_every_page_is_read(tmp_path: Path) -> None:
    (tmp_path / "010.txt").write_text("二", encoding="utf-8")
    (tmp_path / "002.txt").write_text("一", encoding="utf-8")
    (document,) = read(tmp_path)
    assert isinstance(document, Document)
    assert (document.text, document.pages) == ("一\n二", [("002", 0), ("010", 2)])


def test_what_cannot_be_read_has_its_reason(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "001.txt").write_bytes(b"\xff\xff")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "001.txt").write_text("【白紙】", encoding="utf-8")
    (tmp_path / "b" / "001.pdf").write_bytes(b"")
    reasons = [outcome.reason for outcome in read(tmp_path) if isinstance(outcome, Refused)]
    assert sorted(reasons) == ["no_text", "unknown_file", "wrong_encoding"]
    assert set(reasons) <= set(honkoku.REASONS)


def test_the_key_of_a_work_does_not_depend_on_where_it_lies() -> None:
    folder = SAMPLES / "tsukimachi_kusa" / "sample01"
    (shard,) = honkoku.plan([InputFile(str(folder / "001.txt"), 1, "1", name="sample01/001.txt")], OPTIONS)
    (record,) = honkoku.records(shard, OPTIONS)
    assert isinstance(record, Record)
    assert record.key == "sample01"


def test_real_pages_become_text_without_notation(real_data: Path) -> None:
    found = read(real_data / "classical" / "honkoku" / "v2")
    documents = [outcome for outcome in found if isinstance(outcome, Document)]
    assert len(documents) == 3
    assert not any(mark in document.text for document in documents for mark in "《》【】｜［］｛｝")
