"""Aozora Bunko texts: the work without its frame and notation, and characters outside JIS as they are."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from manyo.corpus.records import BrokenInput, Document, InputFile, Record, Refused
from manyo.corpus.sources import aozora

SAMPLE = Path(__file__).parents[2] / "samples" / "aozora" / "900001_ruby_1.txt"
OPTIONS = aozora.Options()
FRAME = "題\r\n作者\r\n\r\n{}\r\n\r\n底本：「本」社\r\n入力：人\r\n"


def read(path: Path, options: aozora.Options = OPTIONS) -> list[Document | Refused | BrokenInput]:
    (shard,) = aozora.plan([InputFile(str(path), path.stat().st_size, "1")], options)
    found: list[Document | Refused | BrokenInput] = []
    for record in aozora.records(shard, options):
        if isinstance(record, BrokenInput):
            found.append(record)
        else:
            outcome = aozora.parse(record, options)
            assert isinstance(outcome, Document | Refused)
            found.append(outcome)
    return found


def parse(data: bytes) -> Document | Refused:
    outcome = aozora.parse(Record("x/123_ruby_4.txt", 0, "123_ruby_4", data), OPTIONS)
    assert isinstance(outcome, Document | Refused)
    return outcome


# --- frame -----------------------------------------------------------------------------------------


def test_header_legend_and_colophon_are_cut_off() -> None:
    legend = "-" * 55 + "\r\n【テキスト中に現れる記号について】\r\n\r\n《》：ルビ\r\n" + "-" * 55 + "\r\n\r\n"
    document = parse(FRAME.format(legend + "　本文である。\r\n----------------------\r\nまだ本文。").encode("cp932"))
    assert isinstance(document, Document)
    assert document.text == "　本文である。\n----------------------\nまだ本文。"
    assert (document.title, document.meta["author"]) == ("題", "作者")
    assert document.meta["base_edition"] == "「本」社"
    assert document.meta["work_id"] == "123"
    assert document.meta["colophon"].endswith("入力：人")


@pytest.mark.parametrize(
    ("header", "title", "author", "contributors"),
    [
        ("題\n作者", "題", "作者", None),
        ("題\n副題\n作者", "題 副題", "作者", None),
        ("題\nTITLE\n作者　Author\n訳者訳", "題 TITLE", "作者　Author", ["訳者訳"]),
        ("題※［＃「口＋堯」、U+5635］\n作者《さくしゃ》", "題嘵", "作者", None),
        ("題", "題", None, None),
    ],
)
def test_title_and_author_come_from_the_first_lines(
    header: str, title: str, author: str | None, contributors: list[str] | None
) -> None:
    document = parse(f"{header}\n\n　本文。\n".encode())
    assert isinstance(document, Document)
    assert document.title == title
    assert document.meta.get("author") == author
    assert document.meta.get("contributors") == contributors


# --- bytes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "charset"),
    [("cp932", "cp932"), ("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("shift_jis_2004", "cp932")],
)
def test_the_encoding_is_found(encoding: str, charset: str) -> None:
    document = parse(FRAME.format("　本文である。").encode(encoding))
    assert isinstance(document, Document)
    assert (document.text, document.charset) == ("　本文である。", charset)


def test_characters_of_jis_x_0213_are_read_where_cp932_fails() -> None:
    document = parse(FRAME.format("　𠮟られた。").encode("shift_jis_2004"))
    assert isinstance(document, Document)
    assert (document.text, document.charset) == ("　𠮟られた。", "shift_jis_2004")


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"\x81\xff\xfe\xff\xa0", "wrong_encoding"), (FRAME.format("").encode("cp932"), "no_text"), (b"", "no_text")],
)
def test_bytes_that_hold_no_work_are_refused(data: bytes, reason: str) -> None:
    outcome = parse(data)
    assert isinstance(outcome, Refused)
    assert outcome.reason == reason
    assert reason in aozora.REASONS


def test_a_package_gives_its_text_and_accounts_for_its_pictures(tmp_path: Path) -> None:
    path = tmp_path / "900001_ruby_1.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(SAMPLE, "todai.txt")
        archive.writestr("fig1.png", b"png")
        archive.writestr("../x.txt", b"x")
    document, *rest = read(path)
    assert isinstance(document, Document)
    assert document.title.startswith("灯台守の手帖")
    assert [item.refused.reason for item in rest if isinstance(item, BrokenInput)] == ["unknown_file", "unsafe_path"]


def test_two_files_of_one_name_in_two_folders_are_two_works(tmp_path: Path) -> None:
    files = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        path = tmp_path / folder / SAMPLE.name
        path.write_bytes(SAMPLE.read_bytes())
        files.append(InputFile(str(path), 1, "1", name=f"{folder}/{path.name}"))
    (shard,) = aozora.plan(files, OPTIONS)
    found = list(aozora.records(shard, OPTIONS))
    assert [item.key for item in found if isinstance(item, Record)] == [f"{folder}/{SAMPLE.name}" for folder in "ab"]


# --- the bundled and the real ones -----------------------------------------------------------------


def test_the_sample_is_a_work_as_aozora_stores_them() -> None:
    data = SAMPLE.read_bytes()
    assert data.count(b"\r\n") == data.count(b"\n")
    with pytest.raises(UnicodeDecodeError):
        data.decode("utf-8")


def test_the_sample_becomes_the_story() -> None:
    (document,) = read(SAMPLE)
    assert isinstance(document, Document)
    assert (document.title, document.meta["author"]) == ("灯台守の手帖 ――岬の話――", "浜野灯子")
    assert document.text.startswith("一\n\n　岬の灯台に、ひとりの灯台守がゐた。")
    assert document.text.endswith("（十二月　岬にて）")
    assert not set("※［］《》｜／＼") & set(document.text)
    for kept in ("鱩のこと", "愈〻はつきり", "たび〳〵", "こま〴〵", "café de l'aube", "（ここは朱で消してある）"):
        assert kept in document.text
    assert document.meta["unresolved_characters"] == document.text.count("〓") == 1


def test_real_texts_lose_their_frame_and_notation(real_data: Path) -> None:
    paths = sorted((real_data / "aozora").glob("*.txt"))[::20]
    (shard,) = aozora.plan([InputFile(str(path), path.stat().st_size, "1") for path in paths], OPTIONS)
    outcomes = [
        aozora.parse(record, OPTIONS) for record in aozora.records(shard, OPTIONS) if isinstance(record, Record)
    ]
    assert len(outcomes) == len(paths)
    for document in outcomes:
        assert isinstance(document, Document)
        assert document.title
        assert document.meta["author"]
        assert document.meta["colophon"]
        assert len(document.text) > 100
        for mark in ("［＃", "《", "｜", "／＼", "底本：", "青空文庫作成ファイル"):
            assert mark not in document.text, document.title


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_gives_the_same_work(line_end: str) -> None:
    marked = FRAME.replace("\r\n", "\n").format("　一行目《いちぎょうめ》。\n\n　二行目。\n［＃改ページ］\n　三行目。")
    document = parse(marked.replace("\n", line_end).encode("cp932"))
    assert isinstance(document, Document)
    assert document.text == "　一行目。\n\n　二行目。\n\n　三行目。"
    assert (document.title, document.meta["base_edition"]) == ("題", "「本」社")
    assert document.meta["colophon"] == "底本：「本」社\n入力：人"


@pytest.mark.parametrize("number", range(12))
def test_a_line_end_that_lost_its_half_changes_nothing(number: int) -> None:
    legend = "-" * 55 + "\r\n【テキスト中に現れる記号について】\r\n\r\n《》：ルビ\r\n" + "-" * 55 + "\r\n\r\n"
    lines = FRAME.format(legend + "　本文である。").split("\r\n")
    damaged = "\r\n".join(lines[: number + 1]) + "\r" + "\r\n".join(lines[number + 1 :])
    assert parse(damaged.encode("cp932")) == parse("\r\n".join(lines).encode("cp932"))


def test_a_line_of_the_work_that_begins_as_a_colophon_does_is_text() -> None:
    marked = (
        "題\n作者\n\n　本を開いた。\n底本：という言葉を知らなかった。\n　翌朝。\n\n底本：「見本」架空出版\n入力：某\n"
    )
    parts = aozora.split_frame(marked)
    assert parts.body == "　本を開いた。\n底本：という言葉を知らなかった。\n　翌朝。"
    assert parts.colophon == "底本：「見本」架空出版\n入力：某"
