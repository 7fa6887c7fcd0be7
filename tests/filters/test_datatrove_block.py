"""Our filter in a pipeline that datatrove itself runs, from its reader to its writers."""

import gzip
import json
import pickle
import re
from pathlib import Path

import pytest

from manyo.filters.language import LanguageSettings, identify
from manyo.filters.rules.decide import decide, load_rules
from manyo.filters.signals.measure import measure
from tests.conftest import ROOT
from tests.filters.batches import documents

pytest.importorskip("datatrove", reason="datatrove is an extra: pip install 'manyo[datatrove]'")

from datatrove.data import Document
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.readers import JsonlReader, ParquetReader
from datatrove.pipeline.writers import JsonlWriter, ParquetWriter

from manyo.filters.interop.datatrove_block import JapaneseFilter

RULES = str(ROOT / "filters" / "rules" / "default.toml")
ARTICLE = (
    "朝から降り続いた雨は、昼を過ぎてようやく小降りになった。傘をたたんで川沿いの道を歩くと、増水した流れが岸の草を洗っている。"
    "橋のたもとでは、近所の子どもたちが長靴のまま水たまりに入り、声をあげて遊んでいた。私は欄干にもたれて、しばらくその様子を"
    "眺めていた。去年の今ごろは、この橋もまだ工事の途中だった。町の景色は少しずつ変わるが、雨の匂いは変わらない。"
)
TEXTS = {
    "article": ARTICLE,
    "short": "準備中です。もうしばらくお待ちください。",
    "chinese": "公司成立于一九九八年,总部位于上海,主要从事软件开发和技术服务。欢迎各界朋友前来参观、考察、洽谈业务。"
    * 4,
    "not NFC": "か\u3099っこうで本を読む人が多い。" * 2 + ARTICLE,
}


def expected_reasons(text: str) -> list[str]:
    batch = documents([text])
    rules = [rule for rule in load_rules(RULES) if "web" in rule.profiles]
    languages, signals = identify(batch, LanguageSettings()), measure(batch)
    return decide(languages, signals, batch["profile"], rules).to_pylist()[0]["reasons"]


def read_jsonl(folder: Path) -> dict[str, dict]:
    lines = b"".join(gzip.decompress(path.read_bytes()) for path in folder.glob("*.jsonl.gz")).splitlines()
    return {row["id"]: row for row in map(json.loads, lines)}


def test_in_a_pipeline_it_keeps_drops_and_says_why_as_a_run_of_ours_does(tmp_path: Path):
    (tmp_path / "in").mkdir()
    rows = [
        json.dumps({"id": name, "text": text, "metadata": {"url": "https://a.example/"}})
        for name, text in TEXTS.items()
    ]
    (tmp_path / "in" / "a.jsonl").write_text("\n".join(rows[:2]) + "\n", encoding="utf-8")
    (tmp_path / "in" / "b.jsonl").write_text("\n".join(rows[2:]) + "\n", encoding="utf-8")
    LocalPipelineExecutor(
        pipeline=[
            JsonlReader(str(tmp_path / "in")),
            JapaneseFilter(RULES, exclusion_writer=JsonlWriter(str(tmp_path / "dropped"))),
            JsonlWriter(str(tmp_path / "kept")),
        ],
        tasks=2,
        workers=1,
        logging_dir=str(tmp_path / "logs"),
    ).run()
    kept, dropped = read_jsonl(tmp_path / "kept"), read_jsonl(tmp_path / "dropped")
    assert set(kept) == {"article", "not NFC"}
    assert set(dropped) == {"short", "chinese"}
    for name, row in {**kept, **dropped}.items():
        assert row["text"] == TEXTS[name]
        assert row["metadata"]["url"] == "https://a.example/"
    for name, row in dropped.items():
        reasons = expected_reasons(TEXTS[name])
        assert row["metadata"]["reasons"] == reasons
        assert row["metadata"]["filter_reason"] == reasons[0]
    assert kept["article"]["metadata"]["language"] == "ja"
    assert dropped["chinese"]["metadata"]["language"] == "zh"
    assert kept["article"]["metadata"]["signals"]["char_count"] == len(ARTICLE)
    stats = json.loads((tmp_path / "logs" / "stats.json").read_text(encoding="utf-8"))
    (ours,) = [block["stats"] for block in stats if "万葉" in block["name"]]
    # Chinese has no sentences of Japanese either.
    assert (ours["total"], ours["forwarded"], ours["fails_too_short"], ours["fails_not_japanese"]) == (4, 2, 2, 1)


def test_the_metadata_goes_through_datatroves_parquet_and_back(tmp_path: Path):
    block = JapaneseFilter(None)
    writer, given = ParquetWriter(str(tmp_path)), [Document(text=text, id=name) for name, text in TEXTS.items()]
    with writer:
        for document in block.run(iter(given)):
            writer.write(document)
    back = {document.id: document for document in ParquetReader(str(tmp_path)).run()}
    assert back.keys() == TEXTS.keys()
    for document in given:
        measured, written = back[document.id].metadata["signals"], dict(document.metadata["signals"])
        parts = {part["signal"]: part["amount"] for part in measured.pop("quality_parts")}
        assert parts == pytest.approx({part["signal"]: part["amount"] for part in written.pop("quality_parts")})
        assert measured == pytest.approx(written)


def test_it_measures_one_by_one_what_it_measures_together():
    block = JapaneseFilter(RULES)
    alone, together = ([Document(text=text, id=name) for name, text in TEXTS.items()] for _ in range(2))
    assert [block.filter(document) for document in alone] == block.filter_batch(together)
    assert [document.metadata for document in alone] == [document.metadata for document in together]


def test_it_travels_to_other_processes():
    (document,) = pickle.loads(pickle.dumps(JapaneseFilter(RULES))).run(iter([Document(text=ARTICLE, id="article")]))
    assert document.metadata["reasons"] == []


def test_without_rules_nothing_is_dropped():
    given = [Document(text=text, id=name) for name, text in TEXTS.items()]
    assert [document.id for document in JapaneseFilter(None).run(iter(given))] == list(TEXTS)


def rules_on(signal: str, folder: Path) -> str:
    (folder / "rules.toml").write_text(
        f'[[rule]]\nname = "ours"\nprofiles = ["web"]\nsignal = "{signal}"\nmaximum = 0.5\n'
        'source = "ours"\nrejects = "あ"\nkeeps = "い"\n',
        encoding="utf-8",
    )
    return str(folder / "rules.toml")


@pytest.mark.parametrize(
    ("signal", "needs"),
    [
        ("link_fraction", "a source of manyo"),
        ("adult_word_count", r"words\.adult"),
        ("perplexity", r"models\.perplexity"),
    ],
)
def test_what_cannot_be_decided_here_is_refused_at_the_start(signal, needs, tmp_path: Path):
    with pytest.raises(ValueError, match=f"rule 'ours' bounds {signal}, which needs {needs}"):
        JapaneseFilter(rules_on(signal, tmp_path))


def test_an_unknown_profile_is_refused_at_the_start():
    with pytest.raises(ValueError, match="profile 'weblog' is not one of web"):
        JapaneseFilter(RULES, "weblog")


def test_signals_on_request_are_measured_where_a_rule_looks_at_them(tmp_path: Path):
    (document,) = [Document(text=ARTICLE, id="article")]
    JapaneseFilter(rules_on("zlib_ratio", tmp_path)).filter(document)
    assert "zlib_ratio" in document.metadata["signals"]


def test_the_program_in_the_documentation_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    page = (ROOT / "docs" / "interop.md").read_text("utf-8")
    program = re.findall(r"^```python\n(.*?)^```", page, re.M | re.S)[0]
    program = program.replace('"default"', repr(RULES)).replace("tasks=2", "tasks=1, workers=1")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "extracted").mkdir()
    rows = [json.dumps({"id": name, "text": text}) for name, text in TEXTS.items()]
    (tmp_path / "extracted" / "a.jsonl").write_text("\n".join(rows), encoding="utf-8")
    exec(compile(program, "interop.md", "exec"), {})
    assert set(read_jsonl(tmp_path / "kept")) == {"article", "not NFC"}
    assert set(read_jsonl(tmp_path / "dropped")) == {"short", "chinese"}
