"""A crawl published without text gives its texts again, and what differs is told from what is equal."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from manyo.pipelines.cli import main
from tests.conftest import FinishedRun
from tests.pipelines.test_publish import of_run, publish, published

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def folder(demo_run: FinishedRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("textless") / "corpus"
    assert publish(demo_run, folder, "--without-text") == 0
    return folder


def test_publishing_without_text_speaks_of_annotations_and_their_number(
    demo_run: FinishedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish(demo_run, tmp_path / "to", "--without-text") == 0
    rows = [
        row for path in (tmp_path / "to").glob("annotations/*/*.parquet") for row in pq.read_table(path).to_pylist()
    ]
    assert f"annotations of {len(rows):,} documents, no text, " in capsys.readouterr().out


@pytest.fixture
def archives(packed_samples: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(packed_samples / "web", tmp_path / "archives"))


def rebuild(folder: Path, to: Path, archives: Path) -> int:
    options = ("--paths-prefix", f"{archives}/", "--executor", "serial")
    return main(["rebuild", str(folder), "--to", str(to), *options])


def outcomes(to: Path) -> dict[str, str]:
    rows = pq.read_table(to / "outcomes.parquet").to_pylist()
    found = {row["id"]: row["outcome"] for row in rows}
    assert len(found) == len(rows), "a document has two outcomes"
    return found


def kept(folder: Path) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in published(folder, "annotations/*/*.parquet") if row["is_kept"]}


def test_every_document_of_a_crawl_is_annotated_with_its_decision_and_its_place(
    demo_run: FinishedRun, folder: Path
) -> None:
    rows = {row["id"]: row for row in published(folder, "annotations/*/*.parquet")}
    documents = {row["doc_id"].hex(): row for row in of_run(demo_run, "documents") if row["source"] == "web"}
    assert rows.keys() == documents.keys()
    reasons = {row["doc_id"].hex(): row["reasons"] for row in of_run(demo_run, "decisions")}
    scrubbed = {row["doc_id"].hex() for row in of_run(demo_run, "scrubbed")}
    for doc_id, row in rows.items():
        document = documents[doc_id]
        assert row["reasons"] == reasons[doc_id]
        assert row["is_kept"] == (doc_id in scrubbed) == (row["released_digest"] is not None)
        assert document["origin_file"].endswith("/" + row["warc_filename"])
        assert row["warc_record_offset"] == document["origin_offset"]
        assert row["warc_record_length"] > 0
        assert len(row["content_digest"]) == 32
        assert row["url"] in (document["uri"], None)


def test_no_line_of_any_document_is_in_the_folder(demo_run: FinishedRun, folder: Path) -> None:
    values = set()
    for path in folder.rglob("*.parquet"):
        table = pq.read_table(path, partitioning=None)
        assert not {"text", "comments", "title"} & {
            name for name in table.column_names if table[name].null_count < len(table)
        }
        for column in table.columns:
            if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
                values |= set(column.to_pylist())
    lines = {line for row in of_run(demo_run, "documents") for line in row["text"].split("\n") if len(line) >= 10}
    assert not {value for value in values if value in lines}
    written = "".join(path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.suffix in (".md", ".csv"))
    assert not [line for line in lines if line in written]


def test_the_rebuilt_texts_are_those_of_the_release(
    demo_run: FinishedRun, folder: Path, archives: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rebuild(folder, tmp_path / "to", archives) == 0
    found = outcomes(tmp_path / "to")
    assert found == dict.fromkeys(kept(folder), "equal")
    assert f"{len(found):,} of {len(found):,} documents have the published text" in capsys.readouterr().out
    released = {row["doc_id"].hex(): row for row in of_run(demo_run, "scrubbed") if row["source"] == "web"}
    for row in published(tmp_path / "to", "data/*/*.parquet"):
        one = released.pop(row["id"])
        assert (row["text"], row["title"], row["comments"]) == (one["text"], one["title"], one["comments"])
        assert (row["url"], row["licence"]) == (one["uri"], one["licence"])
    assert not released
    # Again: what is there is not fetched again, and gives the same.
    shutil.rmtree(archives)
    assert rebuild(folder, tmp_path / "to", archives) == 0
    assert outcomes(tmp_path / "to") == found


def test_pages_that_are_gone_or_are_not_what_they_were_are_named(folder: Path, archives: Path, tmp_path: Path) -> None:
    by_archive = Counter(row["warc_filename"] for row in kept(folder).values())
    (gone, _), (changed, _) = by_archive.most_common(2)
    (archives / gone).unlink()
    data = bytearray((archives / changed).read_bytes())
    one = next(row for row in kept(folder).values() if row["warc_filename"] == changed)
    middle = one["warc_record_offset"] + one["warc_record_length"] // 2
    data[middle : middle + 8] = bytes(8)
    (archives / changed).write_bytes(data)
    assert rebuild(folder, tmp_path / "to", archives) == 3
    found = outcomes(tmp_path / "to")
    assert found.keys() == kept(folder).keys()
    for doc_id, row in kept(folder).items():
        if row["warc_filename"] == gone:
            assert found[doc_id] == "refused: archive_missing"
        elif doc_id == one["id"]:
            assert found[doc_id] in ("refused: digest_differs", "refused: not_one_record", "refused: other_record")
        else:
            assert found[doc_id] == "equal"


def test_a_text_that_is_masked_otherwise_is_not_equal(folder: Path, archives: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(folder, tmp_path / "other"))
    recipe = json.loads((other / "recipe" / "rebuild.json").read_bytes())
    recipe["scrub"]["mask_style"] = "constant"
    (other / "recipe" / "rebuild.json").write_text(json.dumps(recipe), encoding="utf-8")
    assert rebuild(other, tmp_path / "to", archives) == 3
    found = Counter(outcomes(tmp_path / "to").values())
    assert found["other_text"]
    assert found.total() == found["other_text"] + found["equal"] == len(kept(folder))


def test_another_corpus_does_not_go_on_in_the_folder_of_one(
    folder: Path, archives: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = Path(shutil.copytree(folder, tmp_path / "other"))
    with (other / "croissant.json").open("a") as file:
        file.write("\n")
    assert rebuild(folder, tmp_path / "to", archives) == 0
    assert rebuild(other, tmp_path / "to", archives) == 2
    assert "holds the rebuild of another corpus" in capsys.readouterr().err


def test_a_server_without_a_contact_and_a_corpus_of_nothing_are_refused_before_anything_is_written(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = Path(shutil.copytree(folder, tmp_path / "empty"))
    shutil.rmtree(empty / "annotations")
    for corpus, said in ((folder, "--contact MAIL is missing"), (empty, "names no document")):
        assert main(["rebuild", str(corpus), "--to", str(tmp_path / "to")]) == 2
        assert said in capsys.readouterr().err
        assert not (tmp_path / "to").exists()


def test_a_folder_that_was_published_with_its_text_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rebuild", str(tmp_path), "--to", str(tmp_path / "to")]) == 2
    assert "give what manyo publish --without-text wrote" in capsys.readouterr().err


def test_a_run_without_a_crawl_is_refused_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "run.toml"
    config.write_text(
        'run.out = "out"\n[[source]]\nname = "a"\nkind = "jsonl"\ninputs = ["a.jsonl"]\nprofile = "prose"\n'
        'licence = "x"\n',
        encoding="utf-8",
    )
    assert main(["publish", "--config", str(config), "--to", str(tmp_path / "to"), "--without-text"]) == 2
    assert "--without-text: no source is a crawl" in capsys.readouterr().err
    assert not (tmp_path / "to").exists()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # mlcroissant's use of rdflib
def test_mlcroissant_reads_every_column_of_the_annotations(folder: Path) -> None:
    mlc = pytest.importorskip("mlcroissant", reason="mlcroissant is not installed")
    records = list(mlc.Dataset(jsonld=str(folder / "croissant.json")).records("annotations"))
    rows = published(folder, "annotations/*/*.parquet")
    assert [record["annotations/id"].decode() for record in records] == [row["id"] for row in rows]
    for record, row in zip(records, rows, strict=True):
        assert record.keys() == {f"annotations/{name}" for name in row}
        assert record["annotations/warc_record_offset"] == row["warc_record_offset"]
        assert record["annotations/is_kept"] == row["is_kept"]


def test_datasets_loads_the_annotations_by_default(folder: Path, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets", reason="datasets is not installed")
    rows = datasets.load_dataset(str(folder), split="train", streaming=True, cache_dir=str(tmp_path))
    assert [row["id"] for row in rows] == [row["id"] for row in published(folder, "annotations/*/*.parquet")]
