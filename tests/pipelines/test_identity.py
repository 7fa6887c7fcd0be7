"""An id stands for one document, wherever its file lies and however files are dealt to shards.

Ids are made of the source's name and a key: what a record states, or its file's path below the root of the input.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from manyo.corpus.doc_ids import document_id
from manyo.corpus.records import Document, Record
from manyo.corpus.sources.source_kinds import KINDS, Source
from manyo.pipelines.cli import main
from manyo.pipelines.extraction.inputs import find_files, pack_source
from manyo.pipelines.graph.config import load_config
from manyo.pipelines.run import table_folder

#: Twelve folders, in which every file has the same name.
PLACES = [f"{volume}/{part}" for volume in ("vol1", "vol2", "別巻") for part in ("a", "b", "c", "d")]
LAW = (
    "<Law><LawBody><MainProvision><Paragraph><ParagraphSentence><Sentence>{}</Sentence></ParagraphSentence>"
    "</Paragraph></MainProvision></LawBody></Law>"
)
LINE = '<LINE TYPE="本文" X="1" Y="1" WIDTH="300" HEIGHT="20" ORDER="0" STRING="{}" />'
PAGE = f"<OCRDATASET><PAGE>{LINE}</PAGE></OCRDATASET>"


def parquet(text: str) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"text": [text]}), sink)
    data: bytes = sink.getvalue().to_pybytes()
    return data


#: Kind of a source → name of each of its files, and the file with a text.
FILES: dict[str, tuple[str, Callable[[str], bytes]]] = {
    "text": ("01.txt", str.encode),
    "aozora": ("01.txt", lambda text: f"題\n作者\n\n{text}\n\n底本：「本」社\n".encode("cp932")),
    "tei": ("01.xml", lambda text: f"<TEI><text><body><p>{text}</p></body></text></TEI>".encode()),
    "egov": ("law.xml", lambda text: LAW.format(text).encode()),
    "ndl": ("R0000001.xml", lambda text: PAGE.format(text).encode()),
    "honkoku": ("001.txt", str.encode),
    "jsonl": ("part-00000.jsonl", lambda text: json.dumps({"text": text}).encode() + b"\n"),
    "parquet": ("train-00000-of-00001.parquet", parquet),
}
KINDS_OF_FILES = list(FILES)


def deliver(kind: str, folder: Path, places: list[str] = PLACES) -> Path:
    """Write a file of the kind into each place below the folder, each with a text of its own."""
    name, made_of = FILES[kind]
    for place in places:
        (folder / place).mkdir(parents=True)
        (folder / place / name).write_bytes(made_of(f"これは{place}の文である。"))
    return folder


def source(kind: str, *inputs: object, shard_bytes: int = 1 << 20) -> Source:
    options = KINDS[kind].Options(target_shard_bytes=shard_bytes)
    return Source("s", kind, tuple(map(str, inputs)), "prose", "CC0", options)


def ids(of: Source) -> dict[str, bytes]:
    """Text of each document → its id; a text that two documents have is an error."""
    found: dict[str, bytes] = {}
    kind = KINDS[of.kind]
    for shard in pack_source(of):
        for record in kind.records(shard, of.options):
            assert isinstance(record, Record), record
            document = kind.parse(record, of.options)
            assert isinstance(document, Document), document
            assert document.text not in found
            found[document.text] = document_id(of.name, record.key)
    return found


@pytest.mark.parametrize("kind", KINDS_OF_FILES)
@pytest.mark.parametrize("shard_bytes", [1, 1 << 20], ids=["a shard a file", "one shard"])
def test_twelve_files_of_one_name_are_twelve_documents(kind: str, shard_bytes: int, tmp_path: Path) -> None:
    found = ids(source(kind, deliver(kind, tmp_path / "in"), shard_bytes=shard_bytes))
    assert (len(found), len(set(found.values()))) == (12, 12)


@pytest.mark.parametrize("kind", KINDS_OF_FILES)
def test_ids_know_neither_where_the_data_lie_nor_shards_nor_the_form_of_the_input(kind: str, tmp_path: Path) -> None:
    here = deliver(kind, tmp_path / "here")
    there = deliver(kind, tmp_path / "far" / "away" / "there")
    expected = ids(source(kind, here))
    for inputs in ([there], [f"{there}/*/*/*"], [f"{there}/**/{FILES[kind][0]}"], [os.path.relpath(there)]):
        assert ids(source(kind, *inputs, shard_bytes=1)) == expected


def test_ids_do_not_depend_on_the_order_of_inputs_and_a_file_that_two_match_is_one(tmp_path: Path) -> None:
    folder = deliver("text", tmp_path / "in")
    inputs = [f"{folder}/vol1/a/*.txt", f"{folder}/*/*/01.txt", str(folder), os.path.relpath(f"{folder}/vol2/b/01.txt")]
    assert ids(source("text", *inputs)) == ids(source("text", *reversed(inputs))) == ids(source("text", folder))


def test_inputs_whose_files_have_equal_paths_are_told_apart_by_what_differs(tmp_path: Path) -> None:
    folder = deliver("text", tmp_path / "in", ["vol1/a", "vol2/a"])
    for inputs in ([f"{folder}/vol1", f"{folder}/vol2"], [f"{folder}/vol{n}/a/01.txt" for n in (1, 2)]):
        assert len(set(ids(source("text", *inputs)).values())) == 2
    names = [file.name for file in find_files(source("text", f"{folder}/vol1/a/*.txt", f"{folder}/vol2/a/*.txt"))]
    assert names == ["vol1/a/01.txt", "vol2/a/01.txt"]


def test_an_input_that_repeats_no_path_changes_no_id(tmp_path: Path) -> None:
    folder = deliver("text", tmp_path / "in", ["vol1/a", "vol2/b"])
    alone = ids(source("text", f"{folder}/vol1"))
    assert alone.items() <= ids(source("text", f"{folder}/vol1", f"{folder}/vol2")).items()


@pytest.mark.parametrize("kind", ["text", "aozora", "egov", "ndl"])
def test_entries_of_one_name_in_archives_are_documents_of_their_own(kind: str, tmp_path: Path) -> None:
    name, made_of = FILES[kind]
    for archive in ("x", "y"):
        with zipfile.ZipFile(tmp_path / f"{archive}.zip", "w") as packed:
            for place in PLACES:
                packed.writestr(f"{place}/{name}", made_of(f"これは{archive}の{place}の文である。"))
    found = ids(source(kind, tmp_path, shard_bytes=1))
    assert (len(found), len(set(found.values()))) == (24, 24)


def config(folder: Path, inputs: object, kind: str = "text", options: str = "target_shard_bytes = 1") -> list[str]:
    path = folder / "config.toml"
    path.write_text(
        f'[run]\nout = "{folder}/out"\n[[source]]\nname = "s"\nkind = "{kind}"\ninputs = ["{inputs}"]\n'
        f'profile = "prose"\nlicence = "CC0"\n{options}\n'
        f'[filter]\nrules = "{folder}/rules.toml"\n[tokenize.train]\nvocabulary_size = 300\n',
        encoding="utf-8",
    )
    rule = '[[rule]]\nname = "empty"\nprofiles = ["prose"]\nsignal = "char_count"\nminimum = 1\nsource = "none"\n'
    (folder / "rules.toml").write_text(rule + 'rejects = "x"\nkeeps = "文"\n', encoding="utf-8")
    return ["--config", str(path), "--executor", "serial"]


def table(of: list[str], name: str) -> Iterator[dict[str, object]]:
    for path in sorted(Path(table_folder(load_config(of[1]), name)).rglob("*.parquet")):
        yield from pq.read_table(path, partitioning=None).to_pylist()


@pytest.mark.parametrize("shard_bytes", [1, 1 << 20], ids=["two shards", "one shard"])
def test_one_record_id_in_two_files_stops_the_run_and_names_both(
    shard_bytes: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b"):
        path = tmp_path / "in" / name / "x.jsonl"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"id": "7", "text": f"{name}の文である。"}) + "\n", encoding="utf-8")
    options = f'id_field = "id"\ntarget_shard_bytes = {shard_bytes}'
    assert main(["extract", *config(tmp_path, f"{tmp_path}/in", "jsonl", options)]) != 0
    error = capsys.readouterr().err
    assert f"{tmp_path}/in/a/x.jsonl at 0 and {tmp_path}/in/b/x.jsonl at 0 give one doc_id" in error
    assert "Traceback" not in error


def test_a_takedown_of_one_of_twelve_files_of_one_name_takes_out_that_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = deliver("text", tmp_path / "in", PLACES[:-1])
    with zipfile.ZipFile(folder / "books.zip", "w") as packed:
        packed.writestr("a/01.txt", "これは箱の中の一つ目の文である。")
        packed.writestr("b/01.txt", "これは箱の中の二つ目の文である。")
    arguments = config(tmp_path, folder)
    assert main(["run", "--until", "scrub", *arguments]) == 0
    documents = {str(row["text"]): row for row in table(arguments, "documents")}
    assert len(documents) == 13
    of_folder = documents["これはvol2/bの文である。"]
    of_archive = documents["これは箱の中の二つ目の文である。"]
    capsys.readouterr()
    assert main(["trace", str(of_archive["uri"]), *arguments[:2]]) == 0
    shown = capsys.readouterr().out
    assert of_archive["doc_id"].hex() in shown  # type: ignore[attr-defined]
    assert shown.count("doc_id") == 1
    (tmp_path / "list.txt").write_text(f"{of_folder['doc_id'].hex()}\n{of_archive['uri']}\n", "utf-8")  # type: ignore[attr-defined]
    assert main(["takedown", str(tmp_path / "list.txt"), *arguments]) == 0
    left = {str(row["text"]) for row in table(arguments, "release")}
    assert left == documents.keys() - {of_folder["text"], of_archive["text"]}
