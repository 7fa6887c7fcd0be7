"""The main job on real input, where MANYO_DATA names a folder of it."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.labels import read_labels
from manyo.pipelines.cli import main
from manyo.pipelines.graph.config import load_config
from manyo.pipelines.run import table_folder
from manyo.tokenizer.encode import Tokenizer
from manyo.tokenizer.reader import TokenShard
from tests.conftest import ROOT, FinishedRun

CONFIG = """
[run]
out = "unused"

[[source]]
name = "web"
kind = "warc"
inputs = ["{data}/web/mixed-000.warc.gz"]
profile = "web"
licence = "see the page"

[[source]]
name = "ndl"
kind = "ndl"
inputs = ["{data}/ndl/ndlocr_xml/*.xml"]
profile = "ocr"
licence = "CC BY 4.0"

[[source]]
name = "genji"
kind = "tei"
inputs = ["{data}/classical/genji_tei/0*.xml"]
profile = "classical"
licence = "CC0"

[[source]]
name = "aozora"
kind = "aozora"
inputs = ["{data}/aozora/10*.txt"]
profile = "prose"
licence = "public domain"

[filter]
rules = "default"

[tokenize]
model = "{data}/tokenizer/llm-jp-tokenizer-100k.ver3.1.model"
"""


@pytest.fixture(scope="module")
def real_run(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    folder = tmp_path_factory.mktemp("real")
    config = folder / "real.toml"
    config.write_text(CONFIG.replace("{data}", str(real_data)).replace("{root}", str(ROOT)), encoding="utf-8")
    assert main(["run", "--config", str(config), "--out", str(folder / "out"), "--executor", "serial"]) == 0
    return FinishedRun(config, folder / "out")


def read(run: FinishedRun, table: str, source: str = "") -> list[dict[str, object]]:
    folder = Path(table_folder(load_config(str(run.config), str(run.out)), table)) / source
    shards = [pq.read_table(path, partitioning=None) for path in sorted(folder.rglob("*.parquet"))]
    rows: list[dict[str, object]] = pa.concat_tables(shards).to_pylist()
    return rows


def labelled_japanese(real_data: Path, warc: str) -> list[dict[str, object]]:
    lines = (real_data / "web" / "labels.jsonl").read_text(encoding="utf-8").splitlines()
    pages = [json.loads(line) for line in lines]
    japanese = ("ja", "ja-mixed", "ja-short")
    return [page for page in pages if page["warc"] == warc and (page["gold_lang"] or page["lang"]) in japanese]


def test_no_page_with_fifty_kana_is_lost(real_run: FinishedRun, real_data: Path) -> None:
    pages = [page for page in labelled_japanese(real_data, "mixed-000.warc.gz") if page["kana"] >= 50]
    kept = {row["uri"] for row in read(real_run, "documents", "web")}
    assert len(pages) > 30
    assert [page["url"] for page in pages if page["url"] not in kept] == []


def test_every_licensed_work_becomes_a_released_document_or_a_duplicate(real_run: FinishedRun) -> None:
    for source in ("ndl", "genji", "aozora"):
        documents = {row["doc_id"] for row in read(real_run, "documents", source)}
        duplicates = {row["doc_id"] for row in read(real_run, "duplicates", source) if row["kept"] is False}
        released = {row["doc_id"] for row in read(real_run, "release", source)}
        assert documents == released | duplicates, source
        assert len(released) > len(duplicates), source


def test_token_shards_decode_to_the_released_text_exactly(real_run: FinishedRun, real_data: Path) -> None:
    config = load_config(str(real_run.config), str(real_run.out))
    tokenizer = Tokenizer.load(str(real_data / "tokenizer" / "llm-jp-tokenizer-100k.ver3.1.model"))
    texts = {row["doc_id"]: row["text"] for row in read(real_run, "release")}
    checked = 0
    for path in sorted(Path(table_folder(config, "tokens")).glob("*.bin")):
        shard = TokenShard.open(path.with_suffix(""))
        sidecar = Path(table_folder(config, "provenance")) / path.name.replace("_text_document.bin", ".parquet")
        for row, provenance in enumerate(pq.read_table(sidecar).to_pylist()):
            ids = shard.document(row)
            (decoded,) = tokenizer.decode_batch(ids, [len(ids)])
            # SentencePiece stands U+2581 for a space, so a text that holds one is not given back.
            assert decoded == texts[provenance["doc_id"]].replace("▁", " ")
            checked += 1
    assert checked == len(texts)


def test_the_rules_judge_labelled_pages_as_their_readers_did(real_run: FinishedRun) -> None:
    is_good = {page.url: page.is_good for page in read_labels()}
    rows = zip(read(real_run, "documents", "web"), read(real_run, "decisions", "web"), strict=True)
    judged = [is_good[row["uri"]] == (not decision["reasons"]) for row, decision in rows if row["uri"] in is_good]
    assert len(judged) > 10
    assert sum(judged) >= 0.8 * len(judged)
