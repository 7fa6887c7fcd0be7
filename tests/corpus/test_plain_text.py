"""Plain text files: one document each, in any encoding of Japanese."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from manyo.corpus.records import BrokenInput, Document, InputFile, Refused
from manyo.corpus.sources import plain_text as text

OPTIONS = text.Options()
LINES = (
    "第一章　川のはじまり\n"
    "　川は山の湧き水から始まり、いくつもの沢を集めて里へ下ります。\n"
    "　①水源をさがしてみましょう。\n"
)


def read(*paths: Path) -> list[Document | Refused]:
    files = [InputFile(str(path), path.stat().st_size, "1") for path in paths]
    found: list[Document | Refused] = []
    for shard in text.plan(files, OPTIONS):
        for item in text.records(shard, OPTIONS):
            outcome = item.refused if isinstance(item, BrokenInput) else text.parse(item, OPTIONS)
            assert isinstance(outcome, Document | Refused)
            found.append(outcome)
    return found


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16", "euc_jis_2004", "iso2022_jp_2004"])
def test_a_file_reads_the_same_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "chapter1.txt"
    path.write_bytes(LINES.replace("\n", "\r\n").replace("①", "1、").encode(encoding))
    (document,) = read(path)
    assert isinstance(document, Document)
    assert (document.title, document.text.rstrip("\n")) == ("chapter1", LINES.replace("①", "1、").rstrip("\n"))


def test_what_only_windows_writes_stays(tmp_path: Path) -> None:
    path = tmp_path / "chapter1.txt"
    path.write_bytes(LINES.encode("cp932"))
    (document,) = read(path)
    assert isinstance(document, Document)
    assert "①水源" in document.text


def test_an_archive_gives_a_document_for_each_text_and_a_reason_for_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "delivery.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("book/chapter1.txt", LINES)
        archive.writestr("book/chapter2.txt", " \n")
        archive.writestr("book/noise.txt", bytes(range(128, 256)) * 9)
        archive.writestr("book/cover.png", b"\x89PNG")
        archive.writestr("../chapter3.txt", LINES)
    found = read(path)
    reasons = [outcome.reason if isinstance(outcome, Refused) else outcome.title for outcome in found]
    assert sorted(reasons) == ["chapter1", "no_text", "undecodable", "unknown_file", "unsafe_path"]
    assert set(reasons) - {"chapter1"} <= set(text.REASONS)


@pytest.mark.parametrize(
    ("system", "mode", "is_read"),
    [(3, 0o100644, True), (3, 0, True), (0, 0o120777, True), (3, 0o120777, False), (3, 0o010644, False)],
)
def test_a_link_in_a_zip_is_no_text(tmp_path: Path, system: int, mode: int, is_read: bool) -> None:
    """Its bytes are the name of another file, which was read as the text; only Unix writes modes."""
    path = tmp_path / "delivery.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("book/chapter1.txt")
        info.create_system, info.external_attr = system, mode << 16
        archive.writestr(info, LINES)
    (outcome,) = read(path)
    assert is_read == isinstance(outcome, Document)
    assert is_read or (isinstance(outcome, Refused) and outcome.reason == "unsafe_path")


def test_limits_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="max_file_bytes"):
        text.Options(max_file_bytes=0)
    with pytest.raises(ValueError, match="max_replacement_fraction"):
        text.Options(max_replacement_fraction=2)
