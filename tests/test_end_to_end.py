"""The main job on the bundled samples: what comes out, and that it comes out the same every time."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from manyo.corpus.tables.ownership import OWNER_FILE
from manyo.filters.pii.find import find
from manyo.filters.pii.kinds import PII_KINDS
from manyo.pipelines.cli import main
from manyo.pipelines.graph.build import in_order, stages_by_command
from manyo.pipelines.graph.config import load_config
from manyo.pipelines.run import table_folder
from manyo.tokenizer.encode import Tokenizer
from manyo.tokenizer.reader import TokenShard
from samples.pack import read_table
from tests.conftest import ROOT, FinishedRun, data_files

#: The web's name of an encoding, where Python's name of it in the table of samples is another.
WEB_NAME = {"cp932": "shift_jis", "cp51932": "euc-jp", "utf-8-sig": "utf-8", "cp1252": "windows-1252"}

#: Addresses and telephone numbers as the sample pages write most of them.
CONTACT = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+|\b0\d{1,3}-\d{2,4}-\d{4}\b")


def read(run: FinishedRun, table: str) -> pa.Table:
    """All shards of a table, in shard order, with the source in each shard's folder."""
    folder = Path(table_folder(load_config(str(run.config), str(run.out)), table))
    return pa.concat_tables([pq.read_table(path, partitioning=None) for path in sorted(folder.rglob("*.parquet"))])


def test_every_sample_page_is_a_document_or_refused(demo_run: FinishedRun) -> None:
    rows = [*read(demo_run, "documents").to_pylist(), *read(demo_run, "refused").to_pylist()]
    assert sum(row["source"] == "web" for row in rows) == len(read_table())


def test_sample_pages_become_what_their_table_expects(demo_run: FinishedRun) -> None:
    documents = {(row["uri"], row["fetched_at"]) for row in read(demo_run, "documents").to_pylist()}
    expected = {(page.url, page.date) for page in read_table() if page.expect == "document"}
    assert {one for one in documents if one[1]} == expected


def test_sample_documents_have_the_encoding_that_their_bytes_have(demo_run: FinishedRun) -> None:
    used = {(row["uri"], row["fetched_at"]): row["charset"] for row in read(demo_run, "documents").to_pylist()}
    real = {(page.url, page.date): WEB_NAME.get(page.encoding, page.encoding) for page in read_table()}
    assert {
        page: (charset, real[page]) for page, charset in used.items() if page in real and charset != real[page]
    } == {}


def test_japanese_is_distinguished_from_similar_languages_on_every_sample_page(demo_run: FinishedRun) -> None:
    ids = {row["doc_id"]: (row["uri"], row["fetched_at"]) for row in read(demo_run, "documents").to_pylist()}
    found = {ids[row["doc_id"]]: row["lang"] for row in read(demo_run, "languages").to_pylist()}
    labelled = {(page.url, page.date): page.language for page in read_table()}
    wrong = {
        page: lang for page, lang in found.items() if page in labelled and (lang == "ja") != (labelled[page] == "ja")
    }
    assert wrong == {}


def test_of_exact_duplicates_one_is_kept(demo_run: FinishedRun) -> None:
    ids = {row["doc_id"]: row["uri"] for row in read(demo_run, "documents").to_pylist()}
    rows = read(demo_run, "duplicates").to_pylist()
    cluster = {ids[row["doc_id"]]: row["cluster"] for row in rows}
    urls = {page.file: page.url for page in read_table()}
    for page in read_table():
        if page.duplicate_kind == "exact" and cluster.get(page.url):
            assert cluster[page.url] == cluster[urls[page.duplicate_of or ""]], page.file


def test_the_release_decodes_from_the_token_shards_exactly(demo_run: FinishedRun) -> None:
    config = load_config(str(demo_run.config), str(demo_run.out))
    (model,) = Path(table_folder(config, "train")).glob("*.model")
    tokenizer = Tokenizer.load(str(model))
    texts = {row["doc_id"]: row["text"] for row in read(demo_run, "release").to_pylist()}
    decoded = {}
    for prefix in sorted(Path(table_folder(config, "tokens")).glob("*.bin")):
        shard = TokenShard.open(str(prefix)[: -len(".bin")])
        sidecar = Path(table_folder(config, "provenance")) / prefix.name.replace("_text_document.bin", ".parquet")
        for row, provenance in enumerate(pq.read_table(sidecar).to_pylist()):
            ids = shard.document(row)
            assert ids[-1] == tokenizer.eod_id
            assert len(ids) == provenance["token_count"]
            (decoded[provenance["doc_id"]],) = tokenizer.decode_batch(ids, [len(ids)])
    assert decoded == texts


def test_row_aligned_tables_have_the_ids_of_their_documents(demo_run: FinishedRun) -> None:
    ids = read(demo_run, "documents").column("doc_id")
    for table in ("languages", "signals", "decisions", "signatures", "duplicates"):
        assert read(demo_run, table).column("doc_id").equals(ids), table


def test_a_second_run_writes_nothing_and_says_so(demo_run: FinishedRun, capsys: pytest.CaptureFixture[str]) -> None:
    """All but the note of who owns the folder while a command works in it."""

    def written() -> dict[Path, int]:
        owner = demo_run.out / OWNER_FILE
        return {path: path.stat().st_mtime_ns for path in demo_run.out.rglob("*") if path not in (owner, owner.parent)}

    before = written()
    assert main(["run", "--config", str(demo_run.config), "--out", str(demo_run.out), "--executor", "serial"]) == 0
    assert "nothing to do" in capsys.readouterr().out
    assert written() == before


def test_commands_one_by_one_give_the_bytes_of_the_whole_run(demo_run: FinishedRun, tmp_path: Path) -> None:
    for command in ("extract", "langid", "filter", "dedup", "scrub", "tokenize", "report"):
        assert main([command, "--config", str(demo_run.config), "--out", str(tmp_path), "--executor", "serial"]) == 0
    assert data_files(tmp_path) == demo_run.files()


def test_new_thresholds_write_to_new_folders_and_measure_nothing_again(demo_run: FinishedRun, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(demo_run.out, out)
    rules = ROOT / "filters" / "rules" / "default.toml"
    stricter = tmp_path / "rules.toml"
    text = rules.read_text(encoding="utf-8")
    stricter.write_text(text + STRICT_RULE, encoding="utf-8")
    config = tmp_path / "strict.toml"
    config.write_text(
        demo_run.config.read_text(encoding="utf-8").replace('rules = "default"', f'rules = "{stricter}"'),
        encoding="utf-8",
    )
    arguments = ["run", "--config", str(config), "--out", str(out), "--executor", "serial", "--until", "filter"]
    assert main([*arguments, "--allow-empty"]) == 0
    old = {path.name for path in demo_run.out.iterdir()}
    new = {path.name for path in out.iterdir()} - old
    assert [name.rsplit("-", 1)[0] for name in new] == ["decide"]


STRICT_RULE = """
[[rule]]
name = "shorter_than_a_book"
profiles = ["web", "prose", "ocr", "classical", "law"]
signal = "char_count"
minimum = 100000
source = "this test"
rejects = "短い"
keeps = ""
"""


def test_losing_any_table_gives_the_same_bytes(demo_run: FinishedRun, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(demo_run.out, out)
    for folder in sorted(out.iterdir()):
        victims = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.parent != folder]
        if victims:
            victims[len(victims) // 2].unlink()
    assert main(["run", "--config", str(demo_run.config), "--out", str(out), "--executor", "serial"]) == 0
    assert data_files(out) == demo_run.files()


@pytest.mark.parametrize(
    "stage",
    [
        "extract",
        "langid",
        "measure",
        "decide",
        "signatures",
        "keys",
        "pairs",
        "components",
        "compared",
        "clusters",
        "takedown",
        "duplicates",
        "alarms",
        "lines",
        "repeated_lines",
        "boilerplate",
        "scrub",
        "release",
        "train",
        "encode",
        "tokenize",
    ],
)
def test_a_kill_in_any_stage_then_the_same_command_gives_the_same_bytes(
    demo_run: FinishedRun, tmp_path: Path, stage: str
) -> None:
    """The run starts from the stages before `stage`, is killed once that stage's folder appears, and goes on.

    Both end with the command that the stage belongs to: what comes after reads no more than its bytes.
    """
    out = tmp_path / "out"
    config = load_config(str(demo_run.config), str(demo_run.out))
    by_command = stages_by_command(config)
    stages = in_order(by_command)
    names = [one.name for one in stages]
    out.mkdir()
    shutil.copy(demo_run.out / "manyo.json", out)
    for done in stages[: names.index(stage)]:
        shutil.copytree(done.folder(str(demo_run.out)), done.folder(str(out)))
    command = [sys.executable, "-m", "manyo.pipelines", "run", "--config", str(demo_run.config), "--out", str(out)]
    *_, until = [name for name, own in by_command.items() if stage in [one.name for one in own]]
    command += ["--executor", "serial", "--until", until]
    (folder,) = [Path(one.folder(str(out))) for one in stages if one.name == stage]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, start_new_session=True, **quiet) as child:
        while not (folder / "stage.json").exists() and child.poll() is None:
            time.sleep(0.002)
        os.killpg(child.pid, signal.SIGKILL)
    assert child.returncode == -signal.SIGKILL
    assert main(command[3:]) == 0
    found, expected = data_files(out), demo_run.files()
    assert found == {path: expected[path] for path in expected if (out / path.split("/")[0]).exists()}
    assert {one.folder_name for one in by_command[until]} <= {path.split("/")[0] for path in found}


def test_no_planted_personal_information_survives(demo_run: FinishedRun) -> None:
    """Values that the samples plant must not be in the release, the provenance or the report."""
    released = "\n".join(
        f"{row['uri']}\n{row['title']}\n{row['text']}"
        for row in read(demo_run, "release").to_pylist()
        if row["source"] == "web"
    )
    provenance = "\n".join(row["uri"] for row in read(demo_run, "provenance").to_pylist())
    (report,) = demo_run.out.glob("report-*/report.html")
    pages = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "samples/web/pages").glob("*.html")))
    planted = set(CONTACT.findall(pages))
    assert len(planted) > 40
    for shown in (released, provenance, report.read_text(encoding="utf-8")):
        assert planted & set(CONTACT.findall(shown)) == set()


def planted_values(run: FinishedRun) -> set[str]:
    """Numbers, addresses and keys in the samples: as the pages' sources write them, and as they are found in the text.

    Names are not among them: one that is masked in a form may stand in someone else's prose.
    """
    pages = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "samples/web/pages").glob("*.html")))
    kinds = [kind.name for kind in PII_KINDS if kind.name not in ("person_name", "birth_date")]
    documents = read(run, "documents")
    documents = documents.filter(pc.is_in(documents["profile"].cast(pa.string()), pa.array(["web", "ocr"])))
    values = set(CONTACT.findall(pages))
    for column in ("text", "title", "uri"):
        texts = documents[column].to_pylist()
        values |= {texts[s["row"]][s["start"] : s["stop"]] for s in find(documents[column], kinds).to_pylist()}
    return {value for value in values if len(value) >= 8}


def test_no_planted_value_is_in_any_output_or_log(
    demo_run: FinishedRun, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The outputs are made again from the tables with raw text, and every file of them is read."""
    out = tmp_path / "out"
    shutil.copytree(demo_run.out, out)
    stages = {stage.name: stage for stage in in_order(stages_by_command(load_config(str(demo_run.config), str(out))))}
    made = list(stages)[list(stages).index("scrub") :]
    for name in made:
        shutil.rmtree(stages[name].folder(str(out)))
    assert main(["run", "--config", str(demo_run.config), "--out", str(out), "--executor", "serial"]) == 0
    again = FinishedRun(demo_run.config, out)
    logs = capfd.readouterr()
    shown = {"log": logs.out + logs.err}
    for name in made:
        for path in sorted(Path(stages[name].folder(str(out))).rglob("*")):
            if path.suffix == ".parquet":
                rows = pq.read_table(path, partitioning=None).to_pylist()
                shown[str(path)] = json.dumps(rows, ensure_ascii=False, default=str)
            elif path.is_file():
                shown[str(path)] = path.read_bytes().decode("utf-8", "ignore")
    (model,) = Path(stages["train"].folder(str(out))).glob("*.model")
    tokenizer = Tokenizer.load(str(model))
    for path in sorted(Path(stages["tokenize"].folder(str(out))).rglob("*.bin")):
        shard = TokenShard.open(str(path)[: -len(".bin")])
        ids = [shard.document(row) for row in range(len(shard))]
        shown[f"decoded {path}"] = "\n".join(tokenizer.decode_batch(np.concatenate(ids), [len(one) for one in ids]))
    planted = planted_values(again)
    assert len(planted) > 60
    survivors = {(value, name) for name, text in shown.items() for value in planted if value in text}
    assert survivors == set()


def test_the_report_accounts_for_every_page(demo_run: FinishedRun) -> None:
    (path,) = demo_run.out.glob("report-*/report.json")
    report = json.loads(path.read_text(encoding="utf-8"))
    pages = read(demo_run, "documents").num_rows + read(demo_run, "refused").num_rows
    assert report["totals"]["pages"] == pages
    assert report["totals"]["tokens"] == sum(row["token_count"] for row in read(demo_run, "provenance").to_pylist())
