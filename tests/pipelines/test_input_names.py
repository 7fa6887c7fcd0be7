"""Whatever a pattern matches is read or named: never passed over in silence."""

from __future__ import annotations

import os
import re
import socket
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest

from manyo.corpus.sources.unchanged_inputs import look
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.extraction.inputs import expand


def listen(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda folder: os.symlink("nowhere", folder / "l.txt"), "'.*/l.txt' is a link to nothing"),
        (lambda folder: os.mkfifo(folder / "f.txt"), "'.*/f.txt' is a FIFO, a socket or a device"),
        (lambda folder: listen(folder / "s.txt"), "'.*/s.txt' is a FIFO, a socket or a device"),
        (lambda folder: open(os.fsencode(folder) + b"/\xff.txt", "w").close(), r"'.*\\udcff.txt' has a name that"),
        (lambda folder: (folder / "a\nb.txt").touch(), r"'.*a\\nb.txt' has a control character in its name"),
    ],
    ids=["dangling link", "FIFO", "socket", "not UTF-8", "newline"],
)
@pytest.mark.parametrize("pattern", ["*.txt", ""], ids=["glob", "folder"])
def test_what_is_no_file_or_has_no_usable_name_is_named_in_one_line(
    make: Callable[[Path], None], problem: str, pattern: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # addresses of sockets are short
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a.txt").write_text("x")
    monkeypatch.chdir(tmp_path / "d")
    make(Path("."))
    found = expand(f"{tmp_path}/d/{pattern}".rstrip("/"), "[[source]] a")
    assert [file.name for file in found.files] == ["a.txt"]
    (line,) = found.skipped
    assert re.search(problem, line)
    assert "\n" not in line
    Path("a.txt").unlink()
    with pytest.raises(UserError, match=f"matches {problem}"):
        expand(f"{tmp_path}/d/{pattern}".rstrip("/"), "[[source]] a")


def test_a_folder_that_cannot_be_listed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may be root, who may list every folder: the refusal is the system's in all but that."""
    for folder in ("a1", "a2", "other"):
        (tmp_path / folder / "below").mkdir(parents=True)
        (tmp_path / folder / "one.txt").write_text("x")
    scandir = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith(("/a2", "/other")):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert expand(f"{tmp_path}/a*/*.txt", "[[source]] a").skipped == (
        f"'{tmp_path}/a2' cannot be listed (Permission denied)",
    )
    assert len(expand(str(tmp_path), "[[source]] a").skipped) == 2


@pytest.mark.parametrize("name", ["a::b.warc.gz", "zip::c.gz", "名 前.gz", "a#b?c.gz", "100%.gz", "-x.gz"])
def test_a_path_is_a_path_whatever_it_contains(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / name).write_bytes(b"12345")
    monkeypatch.chdir(tmp_path)
    for pattern in (f"{tmp_path}/{name}", name, f"./{name}", f"{tmp_path}/*.gz", "*.gz"):
        if "?" in name and not pattern.endswith("*.gz"):
            continue
        (found,) = expand(pattern, "[[source]] a").files
        assert found.size_bytes == 5
        assert (tmp_path / found.uri).read_bytes() == b"12345"


def test_a_link_to_a_file_is_that_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("12345")
    (tmp_path / "b").mkdir()
    os.symlink(tmp_path / "a.txt", tmp_path / "b" / "l.txt")
    assert [file.size_bytes for file in expand(f"{tmp_path}/b/*.txt", "[[source]] a").files] == [5]


def test_a_link_is_read_as_the_file_that_it_leads_to_however_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link next to its target was `written again since the run began`, in every run."""
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a.txt").write_text("12345")
    os.symlink("a.txt", tmp_path / "d" / "link.txt")
    monkeypatch.chdir(tmp_path)
    for pattern in ("d/*.txt", "d", "d/link.txt"):
        files = expand(pattern, "[[source]] a").files
        assert look(files) == list(files)
        assert files[-1].size_bytes == 5


def test_a_link_to_a_folder_is_named_with_its_remedy(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a.txt").write_text("x")
    os.symlink(".", tmp_path / "d" / "loop")
    (line,) = expand(f"{tmp_path}/d", "[[source]] a").skipped
    assert re.fullmatch(r"'.*/d/loop' is a link to a folder, which is not followed; name it as an input", line)


@pytest.mark.parametrize(
    "pattern", ["data", "./data", "data/", "./data/*.txt", "data/../data", ".", "*/*.txt", "./*/a*"]
)
def test_a_relative_input_is_read_however_it_is_spelled(
    pattern: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`./data` was cut to `k/data`, and its files were gone since the run began."""
    (tmp_path / "work" / "data").mkdir(parents=True)
    (tmp_path / "work" / "data" / "a.txt").write_text("12345")
    monkeypatch.chdir(tmp_path / "work")
    files = expand(pattern, "[[source]] a").files
    assert look(files) == list(files)
    assert [Path(file.uri).read_text() for file in files] == ["12345"]
    assert not Path(files[0].uri).is_absolute()


@pytest.mark.parametrize("pattern", ["教科書ガイド.txt", "*ガイド.txt"])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("asked", ["NFC", "NFD"])
def test_a_name_is_found_in_the_form_in_which_it_is_on_disk(
    asked: Literal["NFC", "NFD"], form: Literal["NFC", "NFD"], pattern: str, tmp_path: Path
) -> None:
    (tmp_path / unicodedata.normalize(form, "教科書ガイド.txt")).write_text("x")
    (file,) = expand(f"{tmp_path}/{unicodedata.normalize(asked, pattern)}", "[[source]] a").files
    assert Path(file.uri).read_text() == "x"
