"""whatif and inspect: they predict what a run with other rules would do, and what they print is safe for a terminal."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from manyo.corpus.schema import DOCUMENTS, LANGUAGES
from manyo.corpus.tables.shards import write_shard
from manyo.filters.language import LanguageSettings, identify
from manyo.filters.rules.comparison import Alternative, move_bound
from manyo.filters.rules.decide import load_rules
from manyo.filters.signals import measure as signals
from manyo.pipelines.cli import main
from manyo.pipelines.commands.inspect import choose
from manyo.pipelines.commands.measured_documents import MeasuredShard, measured_shards
from manyo.pipelines.commands.rule_changes import HOSTS_LISTED, what_if
from manyo.pipelines.commands.shown_documents import ShownDocument, plain, show
from manyo.pipelines.commands.token_rates import USUAL_BYTES_PER_TOKEN, TokenRate, token_rate
from manyo.pipelines.commands.whatif import render
from manyo.pipelines.graph.config import load_config
from manyo.pipelines.run import table_folder
from tests.conftest import ROOT, FinishedRun

RULES = load_rules(str(ROOT / "filters" / "rules" / "default.toml"))
HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e'\"&lt;"


def look(run: FinishedRun, *options: str) -> int:
    command, *rest = options
    return main([command, "--config", str(run.config), "--out", str(run.out), *rest])


def said(document: ShownDocument) -> float:
    """The value that `too_short` bounds."""
    return next(value.value for value in document.values if value.rule == "too_short")


def kept(run: FinishedRun, config: Path) -> int:
    folder = Path(table_folder(load_config(str(config), str(run.out)), "decisions"))
    return sum(
        not reasons
        for path in folder.rglob("*.parquet")
        for reasons in pq.read_table(path, partitioning=None)["reasons"].to_pylist()
    )


@pytest.fixture
def hostile_shard(tmp_path: Path) -> MeasuredShard:
    """Two documents, kept and dropped, whose page tried to do harm."""
    texts = ["これは本の話である。" * 30 + HOSTILE, HOSTILE]
    rows = [
        dict.fromkeys(DOCUMENTS.schema.names)
        | {
            "doc_id": bytes([i]) * 16,
            "source": "cc",
            "uses": ["train", "search", "display", "redistribute"],
            "profile": "web",
            "title": HOSTILE,
            "uri": HOSTILE,
            "text": text,
        }
        for i, text in enumerate(texts)
    ]
    documents = pa.RecordBatch.from_pylist(rows, schema=DOCUMENTS.schema)
    shard = MeasuredShard(*(str(tmp_path / f"{name}.parquet") for name in ("documents", "languages", "signals")))
    write_shard(shard.documents, DOCUMENTS.schema, [documents])
    write_shard(shard.languages, LANGUAGES.schema, [identify(documents, LanguageSettings())])
    write_shard(shard.signals, signals.signals_schema(), [signals.measure(documents)])
    return shard


@pytest.mark.parametrize(
    ("name", "bound", "value"), [("too_short", "minimum", 400), ("too_little_kana", "minimum", 0.3)]
)
def test_what_if_predicts_what_a_run_with_the_moved_bound_keeps(
    demo_run: FinishedRun, tmp_path: Path, name: str, bound: str, value: float
) -> None:
    text = (ROOT / "filters" / "rules" / "default.toml").read_text(encoding="utf-8")
    before, rule = text.split(f'name     = "{name}"')
    moved = tmp_path / "rules.toml"
    moved.write_text(f'{before}name = "{name}"' + re.sub(rf"(?m)^{bound}.*$", f"{bound} = {value}", rule, count=1))
    config = tmp_path / "moved.toml"
    original = demo_run.config.read_text(encoding="utf-8")
    config.write_text(original.replace('rules = "default"', f'rules = "{moved}"'), encoding="utf-8")
    out = shutil.copytree(demo_run.out, tmp_path / "out")
    assert main(["filter", "--config", str(config), "--out", str(out), "--executor", "serial"]) == 0
    shards = measured_shards(load_config(str(demo_run.config), str(demo_run.out)), "whatif")
    result = what_if(shards, RULES, [move_bound(RULES, name, bound, value)], 0)
    assert result.kept.documents == kept(demo_run, demo_run.config)
    assert result.changes[0].kept.documents == kept(FinishedRun(config, out), config)
    other = what_if(shards, RULES, [Alternative("file", load_rules(str(moved)))], 0)
    for part in ("kept", "gained", "lost", "by_source", "by_length", "by_host"):
        assert getattr(other.changes[0], part) == getattr(result.changes[0], part)


def test_parts_of_a_change_add_up_to_the_change(demo_run: FinishedRun) -> None:
    shards = measured_shards(load_config(str(demo_run.config), str(demo_run.out)), "whatif")
    (change,) = what_if(shards, RULES, [move_bound(RULES, "too_short", "minimum", 500)], 2).changes
    assert change.lost.documents > 0
    for groups in (change.by_source, change.by_length):
        for unit in ("documents", "characters"):
            assert sum(getattr(group.gained, unit) for group in groups) == getattr(change.gained, unit)
            assert sum(getattr(group.lost, unit) for group in groups) == getattr(change.lost, unit)
    hosts = [group.gained.documents + group.lost.documents for group in change.by_host]
    assert hosts == sorted(hosts, reverse=True)
    assert sum(hosts) <= change.lost.documents
    assert len(hosts) == min(change.n_hosts, HOSTS_LISTED)


def test_an_unmoved_bound_changes_nothing(demo_run: FinishedRun) -> None:
    shards = measured_shards(load_config(str(demo_run.config), str(demo_run.out)), "whatif")
    result = what_if(shards, RULES, [move_bound(RULES, "too_short", "minimum", 65)], 0)
    (change,) = result.changes
    assert change.kept == result.kept
    assert change.gained.documents == change.lost.documents == 0


def test_a_source_that_only_the_alternative_keeps_is_listed(hostile_shard: MeasuredShard) -> None:
    strict = tuple(replace(rule, minimum=10**6) for rule in RULES if rule.name == "too_short")
    result = what_if([hostile_shard], strict, [move_bound(strict, "too_short", "minimum", 100)], 1)
    assert result.kept.documents == 0
    (change,) = result.changes
    assert [(group.name, group.gained.documents) for group in change.by_source] == [("cc", 1)]
    size_bytes = sum(pq.read_table(hostile_shard.signals, columns=["size_bytes"])["size_bytes"].to_pylist())
    assert result.documents.tokens == round(size_bytes / USUAL_BYTES_PER_TOKEN)


def test_tokens_are_estimated_as_the_token_shards_of_the_run_have_them(demo_run: FinishedRun) -> None:
    config = load_config(str(demo_run.config), str(demo_run.out))
    rate = token_rate(config)
    release = ds.dataset(table_folder(config, "release"), format="parquet").to_table(columns=["text", "uses"])
    assert all("train" in uses for uses in release["uses"].to_pylist())
    size_bytes = sum(len(text.encode()) for text in release["text"].to_pylist())
    places = ds.dataset(table_folder(config, "provenance"), format="parquet").to_table(columns=["token_count"])
    assert rate.source == "shards"
    assert rate.bytes_per_token == pytest.approx(size_bytes / sum(places["token_count"].to_pylist()))


def test_tokens_of_a_run_that_is_not_tokenized_yet_are_estimated_by_its_tokenizer(demo_run: FinishedRun) -> None:
    config = load_config(str(demo_run.config), str(demo_run.out))
    (model,) = demo_run.out.glob("train-*/*.model")
    other = replace(config, tokenize=replace(config.tokenize, train=None, model=str(model)))
    rate = token_rate(other)
    assert rate.source == "model"
    assert rate.bytes_per_token == pytest.approx(token_rate(config).bytes_per_token, rel=0.2)


def test_a_run_without_a_tokenizer_says_that_its_tokens_are_a_usual_figure(
    demo_run: FinishedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    without = tmp_path / "run.toml"
    text = demo_run.config.read_text(encoding="utf-8")
    without.write_text(text.partition("[tokenize]")[0], encoding="utf-8")
    assert token_rate(load_config(str(without), str(demo_run.out))) == TokenRate(USUAL_BYTES_PER_TOKEN, "usual")
    moved = ["whatif", "--rule", "too_short", "--minimum", "70", "-n", "0"]
    for config, said_of_it in (
        (without, "as models of llm-jp give"),
        (demo_run.config, "as in the token shards of this"),
    ):
        assert main([*moved, "--config", str(config), "--out", str(demo_run.out)]) == 0
        assert said_of_it in capsys.readouterr().out


def test_a_rule_of_two_bounds_with_one_off_shows_gained_documents(hostile_shard: MeasuredShard) -> None:
    two_sided = tuple(replace(rule, maximum=10**9) if rule.name == "too_short" else rule for rule in RULES)
    (change,) = what_if([hostile_shard], two_sided, [move_bound(two_sided, "too_short", "minimum", None)], 1).changes
    assert change.moved is not None
    assert (change.side_title("inside"), change.side_title("outside")) == ("Gained, samples", "Lost, samples")


def test_samples_are_the_documents_nearest_to_the_threshold_on_each_side(demo_run: FinishedRun) -> None:
    shards = measured_shards(load_config(str(demo_run.config), str(demo_run.out)), "whatif")
    (change,) = what_if(shards, RULES, [move_bound(RULES, "too_short", "minimum", 300)], 3).changes
    assert all(said(document) >= 300 for document in change.inside)
    assert all(said(document) < 300 for document in change.outside)
    with_all = tuple(move_bound(RULES, "too_short", "minimum", 300).rules)
    documents, _ = choose(shards, with_all, None, 1000)
    of_rule = [said(document) for document in documents if "too_short" in {value.rule for value in document.values}]
    assert [said(document) for document in change.inside] == sorted(of_rule)[:3]
    assert [said(document) for document in change.outside] == sorted(map(said, change.outside), reverse=True)
    assert [value.rule for document in change.outside for value in document.values] == ["too_short"] * len(
        change.outside
    )


def test_inspect_shows_the_documents_nearest_to_a_value_of_a_column(
    demo_run: FinishedRun, capsys: pytest.CaptureFixture[str]
) -> None:
    assert look(demo_run, "inspect", "--reason", "kept_japanese_fraction", "--near", "0.5", "-n", "2") == 0
    assert capsys.readouterr().out.count("kept_japanese_fraction") >= 4


def test_whatif_and_inspect_are_deterministic(demo_run: FinishedRun, capsys: pytest.CaptureFixture[str]) -> None:
    for options in (
        ("whatif", "--rule", "too_short", "--minimum", "100,400,off"),
        ("inspect", "--reason", "too_short", "-n", "3"),
        ("inspect", "--kept", "-n", "2"),
        ("inspect", "--reason", "too_little_kana", "--near", "0.3", "-n", "2"),
    ):
        assert look(demo_run, *options) == 0
        first = capsys.readouterr().out
        assert look(demo_run, *options) == 0
        assert capsys.readouterr().out == first
        assert "too_short" in first or "too_little_kana" in first
        assert "\x1b" not in first


def test_whatif_of_several_values_is_read_on_one_screen(
    demo_run: FinishedRun, capsys: pytest.CaptureFixture[str]
) -> None:
    """Four values were 400 lines, of which the numbers to be compared were the first six."""
    values = ("whatif", "--rule", "too_short", "--minimum", "50,100,200,400")
    assert look(demo_run, *values) == 0
    brief = capsys.readouterr().out
    assert len(brief.splitlines()) < 80
    assert "or with -n COUNT" in brief
    assert look(demo_run, *values, "-n", "1") == 0
    whole = capsys.readouterr().out
    assert brief.splitlines()[:7] == whole.splitlines()[:7]
    assert len(whole.splitlines()) > len(brief.splitlines()) + 40


def test_inspect_shows_documents_that_the_rule_drops(demo_run: FinishedRun) -> None:
    shards = measured_shards(load_config(str(demo_run.config), str(demo_run.out)), "inspect")
    for reason in ("too_short", None):
        documents, total = choose(shards, RULES, reason, 1000)
        assert len(documents) == total > 0
        for document in documents:
            failed = {value.rule for value in document.values if value.fails}
            assert reason in failed if reason else not failed
    fewer, _ = choose(shards, RULES, None, 2)
    assert fewer == documents[:2]


def test_another_preset_is_compared_from_the_command_line(
    demo_run: FinishedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.toml"
    first = (ROOT / "filters" / "rules" / "default.toml").read_text(encoding="utf-8").split("[[rule]]")[2]
    other.write_text("[[rule]]" + first, encoding="utf-8")
    page = tmp_path / "whatif.html"
    assert look(demo_run, "whatif", "--rules", str(other), "--html", str(page)) == 0
    assert "other.toml" in capsys.readouterr().out
    assert "other.toml" in page.read_text(encoding="utf-8")
    shards = measured_shards(load_config(str(demo_run.config), str(demo_run.out)), "whatif")
    same_and_moved = (RULES[0], replace(RULES[1], minimum=7))
    (change,) = what_if(shards, RULES, [Alternative("file", same_and_moved)], 0).changes
    assert [rule.differs for rule in change.rules] == [False, True]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("whatif", "--rule", "short", "--minimum", "1"), "no rule 'short'; the rules are not_japanese, too_short"),
        (("whatif", "--rule", "too_short"), "--rule needs --minimum or --maximum"),
        (("whatif", "--rule", "too_short", "--minimum", "1,b"), "--minimum 1,b: 'b' is not a number"),
        (("whatif", "--rules", "none.toml"), "--rules none.toml: no such file"),
        (("inspect", "--reason", "short"), "--reason: no reason 'short'; did you mean 'too_short'?"),
        (("inspect", "--reason", "short", "--near", "100"), "--near 100: no rule 'short'"),
        (("inspect", "--reason", "too_short", "--near", "b"), "--near b: 'b' is not a number"),
        (("inspect", "--kept", "--near", "100"), "near the bound of which rule?"),
        (("inspect", "--duplicates", "--near", "b"), "--near b: 'b' is not a number"),
        (("inspect", "--duplicates", "--near", "nan"), "--near nan: a similarity is a number from 0 to 1"),
        (("inspect", "--duplicates", "--near", "80"), "--near 80: a similarity is a number from 0 to 1"),
    ],
)
def test_a_mistake_is_one_line(
    demo_run: FinishedRun, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], message: str
) -> None:
    assert look(demo_run, *options) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_an_infinite_bound_that_drops_every_document_is_refused(
    demo_run: FinishedRun, capsys: pytest.CaptureFixture[str]
) -> None:
    assert look(demo_run, "inspect", "--reason", "too_short", "--near", "inf", "-n", "1") == 2
    said = "manyo: --reason too_short --near inf: rule 'too_short': minimum inf drops every document\n"
    assert capsys.readouterr() == ("", said)


def test_an_unmeasured_run_gives_the_command_that_measures_it(
    demo_config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        main(
            [
                "whatif",
                "--config",
                str(demo_config),
                "--out",
                str(tmp_path / "new"),
                "--rule",
                "too_short",
                "--minimum",
                "1",
            ]
        )
        == 2
    )
    complaint = capsys.readouterr().err
    assert "whatif needs extract" in complaint
    assert complaint.endswith(f"run: manyo run --config {demo_config} --out {tmp_path / 'new'}\n")


def test_a_pager_may_close_the_pipe(demo_run: FinishedRun) -> None:
    inspect = f"inspect --config {demo_run.config} --out {demo_run.out} --kept -n 500"
    command = f"{sys.executable} -m manyo.pipelines {inspect} | head -1"
    done = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    assert done.stderr == ""
    assert "kept by every rule" in done.stdout


class _Scripts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))


def test_a_hostile_page_stays_text_in_the_html(hostile_shard: MeasuredShard) -> None:
    result = what_if([hostile_shard], RULES, [move_bound(RULES, "too_short", "minimum", 100)], 2)
    page = render(result, HOSTILE)
    seen = _Scripts()
    seen.feed(page)
    assert "alert(1)" in page
    assert not {tag for tag, _ in seen.tags} & {"script", "img", "link", "iframe"}
    assert not [name for _, attributes in seen.tags for name in attributes if name.startswith("on") or name == "src"]
    assert {attributes["href"][0] for _, attributes in seen.tags if attributes.get("href")} == {"#"}


def test_a_hostile_page_does_not_steer_the_terminal(hostile_shard: MeasuredShard) -> None:
    for document in show([(hostile_shard, 1), (hostile_shard, 0)], RULES):
        for text in (document.title, document.uri, document.excerpt):
            assert "\x1b" not in text
            assert "\u202e" not in text
    assert plain("一\n二\t三") == "一 二 三"


def test_the_values_shown_as_failed_are_the_reasons_of_the_decision(demo_run: FinishedRun) -> None:
    config = load_config(str(demo_run.config), str(demo_run.out))
    decisions = Path(table_folder(config, "decisions"))
    for shard in measured_shards(config, "inspect"):
        name = Path(shard.documents).relative_to(table_folder(config, "documents"))
        reasons = pq.read_table(decisions / name, partitioning=None)["reasons"].to_pylist()
        shown = show([(shard, row) for row in range(len(reasons))], RULES)
        assert [[value.rule for value in document.values if value.fails] for document in shown] == reasons
